//! Response codes: what a server says in brackets (RFC 9051 §7.1, RFC 5530, 4315, 5465, 7162, 8474).

use crate::model::{ModSeq, Uid, UidSet, UidValidity};
use crate::net::imap::caps::Caps;
use crate::net::imap::token::{number, objectid};

/// Codes beyond this length are kept as [`Code::Other`] cut to it.
const LONGEST: usize = 1024;
/// A list of more ranges is not read at all: a part of it would be another list.
const RANGES: usize = 1_000_000;

/// UIDs in the order a server names them, as inclusive ranges: `1:4294967295` stays one pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidList(Vec<(u32, u32)>);

impl UidList {
    /// Reads `1:3,7`; `None` if anything else stands in it, or more than a million ranges.
    pub fn parse(word: &[u8]) -> Option<UidList> {
        let mut ranges = Vec::new();
        for part in word.split(|&b| b == b',') {
            if ranges.len() == RANGES {
                return None;
            }
            let mut ends = part.splitn(2, |&b| b == b':');
            let a: u32 = number(ends.next()?)?;
            let b: u32 = ends.next().map_or(Some(a), number)?;
            if a == 0 || b == 0 {
                return None;
            }
            ranges.push((a.min(b), a.max(b)));
        }
        Some(UidList(ranges))
    }

    /// The UIDs in the server's order; may be very long, take only what you need.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        let each = |&(lo, hi): &(u32, u32)| lo..=hi;
        self.0.iter().flat_map(each).filter_map(Uid::new)
    }

    /// As a set.
    pub fn to_set(&self) -> UidSet {
        let mut set = UidSet::new();
        // Ascending insertion is what costs a set nothing.
        let mut ranges = self.0.clone();
        ranges.sort_unstable();
        for (lo, hi) in ranges {
            set.insert_range(lo, hi);
        }
        set
    }

    /// How many UIDs.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|&(l, h)| u64::from(h - l) + 1).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A response code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// The text is for the user.
    Alert,
    /// Capabilities in passing.
    Capability(Caps),
    /// Flags that can be changed for good; `\*` means new keywords, too.
    PermanentFlags(Vec<String>),
    /// The UIDVALIDITY of what was selected.
    UidValidity(u32),
    /// The next UID.
    UidNext(u32),
    /// The highest modification sequence; `None` if it is out of range (0, 2^63 and more, -1).
    HighestModSeq(Option<ModSeq>),
    /// The mailbox keeps no modification sequences.
    NoModSeq,
    /// Selected for looking only.
    ReadOnly,
    /// Selected for changing.
    ReadWrite,
    /// Where an appended message went.
    AppendUid(UidValidity, UidList),
    /// Where copied messages went: generation, from, to; the nth of one is the nth of the other.
    CopyUid(UidValidity, UidList, UidList),
    /// Not changed, since somebody else did (RFC 7162 §3.1.3).
    Modified(UidSet),
    /// The mailbox isn't there but can be made.
    TryCreate,
    /// Over quota, or over a bandwidth limit.
    OverQuota,
    /// The mailbox isn't there.
    NonExistent,
    /// It is there already.
    AlreadyExists,
    /// A limit of the server (connections, commands).
    Limit,
    /// Temporarily not available.
    Unavailable,
    /// Somebody else holds it.
    InUse,
    /// UIDs don't last here.
    UidNotSticky,
    /// The mailbox selected before is closed now.
    Closed,
    /// The mailbox's own identifier (RFC 8474).
    MailboxId(String),
    /// These are the events that NOTIFY knows here (RFC 5465 §5.3).
    BadEvent(Vec<String>),
    /// NOTIFY is over: there was too much to tell (RFC 5465 §5.8).
    NotificationOverflow,
    /// Anything else that only people need to know, upper case, without arguments:
    /// `AUTHENTICATIONFAILED`, `EXPIRED`, `NOPERM` and so on.
    Other(String),
}

impl Code {
    /// Its name on the wire, upper case.
    pub fn name(&self) -> &str {
        match self {
            Code::Alert => "ALERT",
            Code::Capability(_) => "CAPABILITY",
            Code::PermanentFlags(_) => "PERMANENTFLAGS",
            Code::UidValidity(_) => "UIDVALIDITY",
            Code::UidNext(_) => "UIDNEXT",
            Code::HighestModSeq(_) => "HIGHESTMODSEQ",
            Code::NoModSeq => "NOMODSEQ",
            Code::ReadOnly => "READ-ONLY",
            Code::ReadWrite => "READ-WRITE",
            Code::AppendUid(..) => "APPENDUID",
            Code::CopyUid(..) => "COPYUID",
            Code::Modified(_) => "MODIFIED",
            Code::TryCreate => "TRYCREATE",
            Code::OverQuota => "OVERQUOTA",
            Code::NonExistent => "NONEXISTENT",
            Code::AlreadyExists => "ALREADYEXISTS",
            Code::Limit => "LIMIT",
            Code::Unavailable => "UNAVAILABLE",
            Code::InUse => "INUSE",
            Code::UidNotSticky => "UIDNOTSTICKY",
            Code::Closed => "CLOSED",
            Code::MailboxId(_) => "MAILBOXID",
            Code::BadEvent(_) => "BADEVENT",
            Code::NotificationOverflow => "NOTIFICATIONOVERFLOW",
            Code::Other(name) => name,
        }
    }

    /// Reads what stands between the brackets.
    pub fn parse(inside: &[u8]) -> Code {
        let mut words = inside
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let name = words.next().unwrap_or_default();
        let shown = name.get(..LONGEST).unwrap_or(name);
        let name = String::from_utf8_lossy(shown).to_ascii_uppercase();
        let rest = inside.get(shown.len()..).unwrap_or_default();
        let read = match name.as_str() {
            "ALERT" => Some(Code::Alert),
            "CAPABILITY" => Some(Code::Capability(Caps::parse(rest))),
            "PERMANENTFLAGS" => Some(Code::PermanentFlags(flags(rest))),
            "UIDVALIDITY" => words.next().and_then(number).map(Code::UidValidity),
            "UIDNEXT" => words.next().and_then(number).map(Code::UidNext),
            "HIGHESTMODSEQ" => Some(Code::HighestModSeq(words.next().and_then(modseq))),
            "NOMODSEQ" => Some(Code::NoModSeq),
            "READ-ONLY" => Some(Code::ReadOnly),
            "READ-WRITE" => Some(Code::ReadWrite),
            "APPENDUID" => (|| {
                let validity = UidValidity(number(words.next()?)?);
                Some(Code::AppendUid(validity, UidList::parse(words.next()?)?))
            })(),
            "COPYUID" => (|| {
                let validity = UidValidity(number(words.next()?)?);
                let from = UidList::parse(words.next()?)?;
                let to = UidList::parse(words.next()?)?;
                Some(Code::CopyUid(validity, from, to))
            })(),
            "MODIFIED" => words
                .next()
                .and_then(UidList::parse)
                .map(|list| Code::Modified(list.to_set())),
            "TRYCREATE" => Some(Code::TryCreate),
            "OVERQUOTA" => Some(Code::OverQuota),
            "NONEXISTENT" => Some(Code::NonExistent),
            "ALREADYEXISTS" => Some(Code::AlreadyExists),
            "LIMIT" => Some(Code::Limit),
            "UNAVAILABLE" => Some(Code::Unavailable),
            "INUSE" => Some(Code::InUse),
            "UIDNOTSTICKY" => Some(Code::UidNotSticky),
            "CLOSED" => Some(Code::Closed),
            "MAILBOXID" => {
                let id = rest.trim_ascii().strip_prefix(b"(");
                let id = id.and_then(|id| id.strip_suffix(b")"));
                id.and_then(|id| objectid(id.trim_ascii()))
                    .map(Code::MailboxId)
            }
            "BADEVENT" => Some(Code::BadEvent(flags(rest))),
            "NOTIFICATIONOVERFLOW" => Some(Code::NotificationOverflow),
            _ => None,
        };
        read.unwrap_or(Code::Other(name))
    }
}

/// A modification sequence in 1..2^63 (RFC 7162 §3.1.1).
pub fn modseq(word: &[u8]) -> Option<ModSeq> {
    let n: u64 = number(word)?;
    (1..1 << 63).contains(&n).then_some(ModSeq(n))
}

fn flags(bytes: &[u8]) -> Vec<String> {
    bytes
        .split(|b| b" ()".contains(b))
        .filter(|flag| !flag.is_empty())
        .take(1024)
        .map(|flag| String::from_utf8_lossy(flag).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_with_and_without_arguments() {
        assert_eq!(Code::parse(b"alert"), Code::Alert);
        assert_eq!(Code::parse(b"UIDNEXT 4294967295"), Code::UidNext(u32::MAX));
        assert_eq!(
            Code::parse(b"UIDNEXT 4294967296"),
            Code::Other("UIDNEXT".into())
        );
        assert_eq!(Code::parse(b"HIGHESTMODSEQ -1"), Code::HighestModSeq(None));
        assert_eq!(
            Code::parse(b"HIGHESTMODSEQ 9223372036854775808"),
            Code::HighestModSeq(None)
        );
        assert_eq!(
            Code::parse(b"PERMANENTFLAGS (\\Seen \\*)"),
            Code::PermanentFlags(vec!["\\Seen".into(), "\\*".into()])
        );
        assert_eq!(Code::parse(b"X-SECRET 1"), Code::Other("X-SECRET".into()));
    }

    #[test]
    fn s43_copyuid_of_the_whole_range_stays_small() {
        let Code::CopyUid(validity, from, to) = Code::parse(b"COPYUID 7 1:4294967295 4294967295:1")
        else {
            panic!()
        };
        assert_eq!(validity, UidValidity(7));
        assert_eq!((from.len(), to.0.len()), (u64::from(u32::MAX), 1));
        let pairs = from.iter().zip(to.iter()).take(3).count();
        assert_eq!(pairs, 3);
        assert_eq!(Code::parse(b"COPYUID 1 0 5"), Code::Other("COPYUID".into()));
    }
}
