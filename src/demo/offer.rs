//! What a server says it can do, and the shape of its names.
//!
//! Every capability can be left out, so that a client meets any server between bare IMAP4rev1 and
//! everything that is modern. What is left out is not announced and not honoured.

use std::collections::BTreeSet;

/// Every capability that can be offered after the login, in the order of announcement. IMAP4rev1
/// itself is always there. The first of them are parts of IMAP4rev2.
pub const ALL: [&str; 26] = [
    "SASL-IR",
    "LITERAL+",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "UIDPLUS",
    "MOVE",
    "BINARY",
    "UNSELECT",
    "CHILDREN",
    "SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "STATUS=SIZE",
    "ESEARCH",
    "SEARCHRES",
    "ID",
    "CONDSTORE",
    "QRESYNC",
    "NOTIFY",
    "COMPRESS=DEFLATE",
    "OBJECTID",
    "PREVIEW",
    "QUOTA",
    "UTF8=ACCEPT",
    "IMAP4rev2",
];

/// What is of no use, or not allowed, without something else (RFC 7162 §3.2.3, RFC 6855 §3,
/// RFC 5819 §2, RFC 5182 §1).
const NEEDS: [(&str, &[&str]); 5] = [
    ("QRESYNC", &["ENABLE", "CONDSTORE"]),
    ("UTF8=ACCEPT", &["ENABLE"]),
    ("LIST-STATUS", &["LIST-EXTENDED"]),
    ("SEARCHRES", &["ESEARCH"]),
    ("QUOTA=RES-STORAGE", &["QUOTA"]),
];

/// So many of [`ALL`], from the first, belong to IMAP4rev2: it is not there without each of them
/// (RFC 9051 appendix E).
const REV2: usize = 16;

/// What Gmail lacks of it.
const NOT_GMAIL: [&str; 9] = [
    "BINARY",
    "LITERAL+",
    "STATUS=SIZE",
    "SEARCHRES",
    "QRESYNC",
    "NOTIFY",
    "OBJECTID",
    "PREVIEW",
    "IMAP4rev2",
];

/// What may be said before the login.
const EARLY: [&str; 5] = ["SASL-IR", "LITERAL+", "LITERAL-", "ID", "ENABLE"];

/// How mailboxes are named and what lies in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Between the levels of a name.
    pub delimiter: char,
    /// What every name but INBOX begins with, its delimiter included; empty for nothing.
    pub prefix: String,
    /// Whether mailboxes are labels, as at Gmail.
    pub gmail: bool,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            delimiter: '/',
            prefix: String::new(),
            gmail: false,
        }
    }
}

/// The capabilities of one server.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    has: BTreeSet<String>,
}

impl Offer {
    /// Everything but what is named, and but what makes no sense without it. At Gmail what Gmail
    /// lacks is missing too, and `X-GM-EXT-1` is there.
    pub fn new(without: &BTreeSet<String>, gmail: bool) -> Offer {
        let wanted = |name: &str| !without.iter().any(|w| w.eq_ignore_ascii_case(name));
        let mut has: BTreeSet<String> = ALL
            .iter()
            .chain(&["QUOTA=RES-STORAGE"])
            .filter(|n| wanted(n) && !(gmail && NOT_GMAIL.contains(n)))
            .map(|n| (*n).to_owned())
            .collect();
        if gmail {
            let own = ["X-GM-EXT-1", "LITERAL-"];
            has.extend(own.iter().filter(|n| wanted(n)).map(|n| (*n).to_owned()));
        }
        for (name, needs) in NEEDS {
            if needs.iter().any(|n| !has.contains(*n)) {
                has.remove(name);
            }
        }
        if !ALL.iter().take(REV2).all(|n| has.contains(*n)) {
            has.remove("IMAP4rev2");
        }
        Offer { has }
    }

    /// Whether this is offered; `name` as it is announced.
    pub fn has(&self, name: &str) -> bool {
        self.has.contains(name)
    }

    /// What CAPABILITY says.
    pub fn line(&self, signed_in: bool) -> String {
        let mut line = "IMAP4rev1".to_owned();
        let mut say = |name: &str| {
            line.push(' ');
            line.push_str(name);
        };
        let more = ["LITERAL-", "QUOTA=RES-STORAGE", "X-GM-EXT-1"];
        for name in ALL.iter().chain(&more) {
            if self.has(name) && (signed_in || EARLY.contains(name)) {
                say(name);
            }
        }
        if !signed_in {
            say("AUTH=PLAIN");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(names: &[&str]) -> Offer {
        Offer::new(&names.iter().map(|n| (*n).to_owned()).collect(), false)
    }

    #[test]
    fn what_needs_something_else_goes_with_it() {
        let all = without(&[]);
        assert!(ALL.iter().all(|n| all.has(n)));
        assert!(!without(&["enable"]).has("QRESYNC"));
        assert!(!without(&["CONDSTORE"]).has("QRESYNC") && !without(&["MOVE"]).has("IMAP4rev2"));
        assert!(!without(&["SEARCHRES"]).has("IMAP4rev2") && without(&["ID"]).has("IMAP4rev2"));
        assert_eq!(without(&ALL).line(true), "IMAP4rev1");
        assert_eq!(without(&ALL).line(false), "IMAP4rev1 AUTH=PLAIN");
    }

    #[test]
    fn gmail_is_gmail() {
        let g = Offer::new(&BTreeSet::new(), true);
        assert!(g.has("X-GM-EXT-1") && g.has("CONDSTORE") && g.has("LITERAL-"));
        assert!(!g.has("QRESYNC") && !g.has("LITERAL+") && !all_has("X-GM-EXT-1"));
    }

    fn all_has(name: &str) -> bool {
        without(&[]).has(name)
    }
}
