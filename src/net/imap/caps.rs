//! What a server says that it can do (RFC 9051 §7.2.2). Names are compared without regard to case.

use std::collections::BTreeSet;

/// Names beyond this many are ignored: no honest server has them.
const MOST: usize = 512;
/// A longer name is ignored.
const LONGEST: usize = 128;

/// A larger literal is not sent before the server has said that it takes it (octets).
const AT_ONCE: usize = 64 << 10;

/// The capabilities of one connection as they were told last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    told: BTreeSet<String>,
    /// Names that are not to be used. They may be of our own making, for a part of a capability.
    doubted: BTreeSet<String>,
}

/// The part of OBJECTID that tells a mailbox's identifier by STATUS, as a name to doubt.
pub const STATUS_MAILBOXID: &str = "STATUS=MAILBOXID";

impl Caps {
    /// Reads a capability list: words with white space between them.
    pub fn parse(bytes: &[u8]) -> Caps {
        let words = bytes
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty() && word.len() <= LONGEST)
            .map(|word| String::from_utf8_lossy(word).to_ascii_uppercase());
        Caps {
            told: words.take(MOST).collect(),
            doubted: BTreeSet::new(),
        }
    }

    /// Adds what was told besides.
    pub fn add(&mut self, more: Caps) {
        let room = MOST.saturating_sub(self.told.len());
        self.told.extend(more.told.into_iter().take(room));
    }

    /// Whether `name` (upper case, e.g. `MOVE` or `AUTH=PLAIN`) was told.
    pub fn has(&self, name: &str) -> bool {
        self.told.contains(name)
    }

    /// Whether `name` was told, or IMAP4rev2 whose part it is (RFC 9051 appendix E).
    pub fn includes(&self, name: &str) -> bool {
        self.has(name) || self.has("IMAP4REV2")
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// All names, upper case, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.told.iter().map(String::as_str)
    }

    /// Forgets one, because this server is known to do it wrong or it is not to be used.
    pub fn remove(&mut self, name: &str) {
        self.told.remove(name);
        if self.doubted.len() < MOST {
            self.doubted.insert(name.to_owned());
        }
    }

    /// Whether `name` is not to be used, whatever the server tells of it.
    pub fn doubts(&self, name: &str) -> bool {
        self.doubted.contains(name)
    }

    /// Forgets those that are not to be used, in any case.
    pub fn drop_all(&mut self, names: &[String]) {
        for name in names {
            self.remove(&name.to_ascii_uppercase());
        }
    }

    /// UIDPLUS (RFC 4315), which IMAP4rev2 includes.
    pub fn uidplus(&self) -> bool {
        self.includes("UIDPLUS") && !self.doubts("UIDPLUS")
    }

    /// CONDSTORE (RFC 7162), which QRESYNC implies.
    pub fn condstore(&self) -> bool {
        self.has("CONDSTORE") || self.has("QRESYNC")
    }

    /// QRESYNC that can be had: it must be enabled (RFC 7162 §3.2.3).
    pub fn qresync(&self) -> bool {
        self.has("QRESYNC") && self.enable()
    }

    /// ENABLE (RFC 5161), which IMAP4rev2 includes.
    pub fn enable(&self) -> bool {
        self.includes("ENABLE")
    }

    /// Object identifiers of Gmail's kind.
    pub fn gmail(&self) -> bool {
        self.has("X-GM-EXT-1")
    }

    /// Whether STATUS tells identifiers of mailboxes (RFC 8474).
    pub fn mailbox_ids(&self) -> bool {
        self.has("OBJECTID") && !self.doubted.contains(STATUS_MAILBOXID)
    }

    /// Whether a literal of `n` octets may be sent without waiting (RFC 7888). A server that is asked
    /// can refuse a large one; else it has to take it, or hang up (§4).
    pub fn nonsync_literal(&self, n: usize) -> bool {
        let most = match (self.has("LITERAL+"), self.includes("LITERAL-")) {
            (true, _) => AT_ONCE,
            (false, true) => 4096,
            (false, false) => return false,
        };
        n <= most
    }

    /// The largest message that APPEND takes, in octets, if one size holds for all mailboxes (RFC 7889
    /// §2).
    pub fn append_limit(&self) -> Option<u64> {
        let told = self.told.iter();
        let mut limits = told.filter_map(|name| name.strip_prefix("APPENDLIMIT="));
        limits.next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_floods_are_cut() {
        let caps = Caps::parse(b" imap4rev1 Auth=Plain  LITERAL-\r\n");
        assert!(caps.has("IMAP4REV1") && caps.has("AUTH=PLAIN"));
        assert!(caps.nonsync_literal(4096) && !caps.nonsync_literal(4097));
        assert!(!caps.nonsync_literal(0x10000) && caps.append_limit().is_none());
        let caps = Caps::parse(b"LITERAL+ APPENDLIMIT=35651584 APPENDLIMIT");
        assert!(caps.nonsync_literal(0x10000) && !caps.nonsync_literal(0x10001));
        assert_eq!(caps.append_limit(), Some(35_651_584));
        let flood: String = (0..10_000).map(|n| format!("X{n} ")).collect();
        assert_eq!(Caps::parse(flood.as_bytes()).iter().count(), MOST);
    }
}
