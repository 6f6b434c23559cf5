//! What we make of each extension that a server may offer, and what happens without it: one table
//! for `doctor`, for `docs/imap.md` and for whoever wonders why a server is slow.

use crate::net::imap::caps::Caps;

/// One extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its names in CAPABILITY, upper case; one is enough.
    pub names: &'static [&'static str],
    /// Where it is specified.
    pub rfc: &'static str,
    /// What it is used for.
    pub used: &'static str,
    /// What is done where it is missing.
    pub without: &'static str,
}

/// Whether a server offers an extension, and whether it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is used.
    Used,
    /// It is not offered.
    Missing,
    /// The configuration says that it is not to be used (`without-extensions`).
    SwitchedOff,
    /// This server is known to do it wrong (`quirks.rs`).
    Distrusted,
}

const fn row(
    names: &'static [&'static str],
    rfc: &'static str,
    used: &'static str,
    without: &'static str,
) -> Extension {
    Extension {
        names,
        rfc,
        used,
        without,
    }
}

/// All that are used.
pub const EXTENSIONS: [Extension; 24] = [
    row(
        &["IMAP4REV2"],
        "9051",
        "enabled where it is offered; brings most of the others",
        "IMAP4rev1, which is enough",
    ),
    row(
        &["QRESYNC"],
        "7162",
        "what changed since the last time comes with SELECT, in one round trip",
        "CONDSTORE",
    ),
    row(
        &["CONDSTORE", "QRESYNC"],
        "7162",
        "only flags that changed are fetched",
        "counts tell whether anything changed; flags of the newest are fetched then, all once an hour",
    ),
    row(
        &["ENABLE", "IMAP4REV2"],
        "5161",
        "switches QRESYNC, UTF8=ACCEPT and IMAP4rev2 on",
        "they are not used",
    ),
    row(
        &["NOTIFY"],
        "5465",
        "news of every mailbox at once, over one connection",
        "IDLE on the inbox, the others every few minutes",
    ),
    row(
        &["IDLE", "IMAP4REV2"],
        "2177",
        "news of the inbox at once",
        "the inbox is asked every minute",
    ),
    row(
        &["COMPRESS=DEFLATE"],
        "4978",
        "a fifth of the octets, unless the server is on this machine",
        "plain",
    ),
    row(
        &["LIST-STATUS", "IMAP4REV2"],
        "5819",
        "which mailboxes changed, all in one round trip",
        "STATUS of each, forty at a time",
    ),
    row(
        &["LIST-EXTENDED", "IMAP4REV2"],
        "5258",
        "mailboxes, their use and their counts in one answer",
        "plain LIST",
    ),
    row(
        &["SPECIAL-USE", "IMAP4REV2"],
        "6154",
        "which mailbox is for drafts, sent mail, trash",
        "their names, in many languages",
    ),
    row(
        &["STATUS=SIZE", "IMAP4REV2"],
        "8438",
        "how much mail there is, for `doctor`",
        "not shown",
    ),
    row(
        &["ESEARCH", "IMAP4REV2"],
        "4731",
        "UIDs and counts in a few octets, for comparing",
        "SEARCH; both in windows where a mailbox is large",
    ),
    row(
        &["UIDPLUS", "IMAP4REV2"],
        "4315",
        "where our own copies went (not fetched again), and expunging exactly what is meant",
        "what is deleted stays marked, never a plain EXPUNGE",
    ),
    row(
        &["MOVE", "IMAP4REV2"],
        "6851",
        "moving in one step",
        "copy, then remove exactly those",
    ),
    row(
        &["UNSELECT", "IMAP4REV2"],
        "3691",
        "leaving a mailbox without side effects",
        "the next SELECT leaves it",
    ),
    row(
        &["OBJECTID"],
        "8474",
        "one message in several mailboxes is one message; renamed mailboxes are known again",
        "a message a mailbox; renames by the same UIDVALIDITY, UIDs and Message-IDs",
    ),
    row(
        &["PREVIEW"],
        "8970",
        "first lines in the list without fetching bodies",
        "first lines once the body is here",
    ),
    row(
        &["NAMESPACE", "IMAP4REV2"],
        "2342",
        "where our mailboxes are made",
        "on top",
    ),
    row(&["QUOTA"], "9208", "how full the account is", "not shown"),
    row(
        &["UTF8=ACCEPT", "IMAP4REV2"],
        "6855",
        "mailbox names and headers in UTF-8",
        "modified UTF-7",
    ),
    row(
        &["LITERAL+", "LITERAL-", "IMAP4REV2"],
        "7888",
        "names, and messages up to 64 KiB (LITERAL-: 4 KiB), sent without waiting",
        "a round trip for each",
    ),
    row(
        &["SASL-IR", "IMAP4REV2"],
        "4959",
        "signing in with one round trip less",
        "a round trip more",
    ),
    row(
        &["ID"],
        "2971",
        "tells the server who we are (some want it) and tells us its version",
        "nothing",
    ),
    row(
        &["X-GM-EXT-1"],
        "Gmail",
        "labels as tags, one message for all its labels, Gmail's threads",
        "mailboxes only",
    ),
];

impl Extension {
    /// Its name for people.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// What becomes of it with a server that offers `caps` to us; `without` are the capabilities
    /// that the configuration has taken away.
    pub fn offer(&self, caps: &Caps, without: &[String]) -> Offer {
        if self.names.iter().any(|name| caps.has(name)) {
            return Offer::Used;
        }
        if without.iter().any(|name| self.name() == name) {
            Offer::SwitchedOff
        } else if caps.doubts(self.name()) {
            Offer::Distrusted
        } else {
            Offer::Missing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_configuration_takes_away_is_told_apart() {
        let mut caps = Caps::parse(b"IMAP4rev1 LITERAL- QRESYNC ESEARCH");
        caps.remove("ESEARCH");
        let offer = |name: &str| {
            let row = EXTENSIONS.iter().find(|e| e.name() == name).unwrap();
            row.offer(&caps, &["MOVE".to_owned()])
        };
        assert_eq!(offer("LITERAL+"), Offer::Used);
        assert_eq!(offer("CONDSTORE"), Offer::Used);
        assert_eq!(offer("MOVE"), Offer::SwitchedOff);
        assert_eq!(offer("NOTIFY"), Offer::Missing);
        assert_eq!(offer("ESEARCH"), Offer::Distrusted);
    }

    #[test]
    fn the_documentation_holds_the_same_table() {
        let docs = include_str!("../../../docs/imap.md");
        for e in EXTENSIONS {
            let line = format!("| {} | {} | {} | {} |", e.name(), e.rfc, e.used, e.without);
            assert!(docs.contains(&line), "docs/imap.md lacks the line\n{line}");
        }
    }
}
