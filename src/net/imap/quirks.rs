//! Servers that do something in their own way, each with the version that it was seen in.
//!
//! Only what can't be handled for everybody stands here: tolerance belongs in the decoder, and a
//! row needs a report that it can be traced to.

use crate::net::imap::caps::{Caps, STATUS_MAILBOXID};

/// One server's way.
#[derive(Clone, Copy, Debug)]
pub struct Quirk {
    /// Which server and version.
    pub server: &'static str,
    /// What it does.
    pub what: &'static str,
    /// What gives it away, upper case.
    sign: Sign,
}

#[derive(Clone, Copy, Debug)]
enum Sign {
    /// A greeting or an ID (RFC 2971) with this in it; these capabilities are not to be believed
    /// then.
    Greeting(&'static str, &'static [&'static str]),
    /// A refusal with this in it says "later", though nothing else in it does.
    Refusal(&'static str),
}

/// All known ones.
pub const QUIRKS: [Quirk; 10] = [
    Quirk {
        server: "Microsoft Exchange 2013 (no version is told, so all later ones, too)",
        what: "UID MOVE is unreliable (the manual of mbsync); UID COPY and UID EXPUNGE are not",
        sign: Sign::Greeting("MICROSOFT EXCHANGE IMAP4 SERVICE", &["MOVE"]),
    },
    Quirk {
        server: "Microsoft 365 (tcpproxy/15.21, 2026)",
        what: "announces IMAP4rev2 and refuses what belongs to it, ESEARCH for one (MailKit #2016)",
        sign: Sign::Greeting("MICROSOFT EXCHANGE IMAP4 SERVICE", &["IMAP4REV2"]),
    },
    Quirk {
        server: "Apple iCloud (iscream, 2021 to today)",
        what: "tells of vanished messages in a broken way and never says ENABLED (MailKit #1871, \
               Mailspring-Sync #91); without QRESYNC it is right",
        sign: Sign::Greeting("ISCREAM", &["QRESYNC"]),
    },
    Quirk {
        server: "Cyrus IMAP 3.6.1 (Debian 12; measured there, no report is known)",
        what: "STATUS (MAILBOXID) gives octets of freed memory, line ends among them",
        sign: Sign::Greeting("CYRUS IMAP 3.6.", &[STATUS_MAILBOXID]),
    },
    Quirk {
        server: "Microsoft 365 (2014 to today)",
        what: "signs in, then answers BAD while the mailbox's server can't be reached",
        sign: Sign::Refusal("USER IS AUTHENTICATED BUT NOT CONNECTED"),
    },
    Quirk {
        server: "Microsoft 365 (2018 to today)",
        what: "slows down clients that ask much",
        sign: Sign::Refusal("REQUEST IS THROTTLED"),
    },
    Quirk {
        server: "Microsoft Exchange Online (2018 to today)",
        what: "refuses for a while",
        sign: Sign::Refusal("SERVER UNAVAILABLE"),
    },
    Quirk {
        server: "Yahoo (2015 to today)",
        what: "refuses a FETCH now and answers it later",
        sign: Sign::Refusal("UID FETCH SERVER ERROR"),
    },
    Quirk {
        server: "Yahoo, AOL (2015 to today)",
        what: "refuses a SEARCH now and answers it later, by header fields never",
        sign: Sign::Refusal("UID SEARCH SERVER ERROR"),
    },
    Quirk {
        server: "Gmail (2010 to today)",
        what: "refuses for hours with an alert and no code",
        sign: Sign::Refusal("EXCEEDED COMMAND OR BANDWIDTH LIMITS"),
    },
];

/// Takes out of `caps` what the server behind `words`, its greeting or its ID, does wrong.
///
/// That some refuse to open any mailbox ("Unsafe Login": NetEase's 163.com and 126.com, 2021 to
/// today, OfflineIMAP #696) until they had an ID needs no row: ID is sent wherever it is offered. That
/// Yahoo and AOL tell HIGHESTMODSEQ, offer no CONDSTORE but XYMHIGHESTMODSEQ, and refuse what asks for
/// MODSEQ needs none either: what is not offered is not asked for.
pub fn apply(words: &str, caps: &mut Caps) {
    let greeting = words.to_ascii_uppercase();
    for quirk in QUIRKS {
        if let Sign::Greeting(sign, distrust) = quirk.sign
            && greeting.contains(sign)
        {
            for name in distrust {
                caps.remove(name);
            }
        }
    }
}

/// Whether a refusal in these words passes by itself, for servers that give no code.
pub fn passes(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let says = |q: &Quirk| matches!(q.sign, Sign::Refusal(sign) if text.contains(sign));
    QUIRKS.iter().any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_server_loses_a_capability() {
        let all = || Caps::parse(b"IMAP4rev1 MOVE UIDPLUS");
        let mut caps = all();
        apply("Dovecot ready.", &mut caps);
        assert_eq!(caps, all());
        apply(
            "The Microsoft Exchange IMAP4 service is ready. [x]",
            &mut caps,
        );
        assert!(!caps.has("MOVE") && caps.has("UIDPLUS"));
        let mut caps = Caps::parse(b"IMAP4rev1 CONDSTORE QRESYNC ENABLE");
        apply(
            "(2109B29-d3afe4d5aba6) pv33p00im-iscream021.me.com",
            &mut caps,
        );
        assert!(!caps.qresync() && caps.condstore());
        let mut caps = Caps::parse(b"IMAP4rev1 OBJECTID");
        assert!(caps.mailbox_ids());
        apply(
            "localhost Cyrus IMAP 3.6.1-Debian-3.6.1-4 server ready",
            &mut caps,
        );
        assert!(caps.has("OBJECTID") && !caps.mailbox_ids());
    }

    #[test]
    fn f25_authenticated_but_not_connected_passes() {
        assert!(passes("User is authenticated but not connected."));
        assert!(!passes("Unknown command"));
    }
}
