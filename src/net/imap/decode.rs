//! Responses as values: what a framed response says (RFC 9051 §7), as far as we ask for it.
//!
//! Nothing here fails: what is not understood is [`Untagged::Other`], and a field of a FETCH item
//! that makes no sense is simply not there.

use crate::model::{Flags, MailboxName, ModSeq, Uid, UidSet};
use crate::net::imap::caps::Caps;
use crate::net::imap::code::{Code, UidList, modseq};
use crate::net::imap::token::{Cursor, Token, number};
use crate::net::imap::wire::Response;
use std::borrow::Cow;

/// Human-readable text is cut to so many octets.
const TEXT: usize = 1000;
/// Flags of one message that are kept.
const FLAGS: usize = 256;

/// How a command or a state was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done, or so be it.
    Ok,
    /// Refused.
    No,
    /// Not understood.
    Bad,
    /// The server hangs up.
    Bye,
    /// A greeting without a need to log in.
    Preauth,
}

/// A status response: its verdict, code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The verdict.
    pub verdict: Verdict,
    /// What stood in brackets.
    pub code: Option<Code>,
    /// The server's words, not cleaned.
    pub text: String,
}

/// One response.
#[derive(Clone, Debug)]
pub enum Said<'a> {
    /// `+`, with the rest of its line.
    Continue(&'a [u8]),
    /// The end of a command.
    Tagged(&'a [u8], Reply),
    /// Everything else.
    Untagged(Untagged<'a>),
}

/// A response that belongs to no command by name.
#[derive(Clone, Debug)]
pub enum Untagged<'a> {
    /// OK, NO, BAD, BYE, PREAUTH.
    Reply(Reply),
    /// CAPABILITY.
    Capability(Caps),
    /// So many messages are in the mailbox.
    Exists(u32),
    /// One message number is gone.
    Expunge(u32),
    /// UIDs are gone (RFC 7162); `earlier`: before now.
    Vanished {
        /// Whether they were gone before we asked.
        earlier: bool,
        /// Which.
        uids: UidSet,
    },
    /// Data of one message.
    Fetch(Item<'a>),
    /// One mailbox.
    List(ListItem),
    /// Status of one mailbox.
    Status(MailboxName, Status),
    /// Hits of a search, in the server's order.
    Search(Vec<u32>),
    /// Hits of an extended search; `None` if there is none.
    Esearch(Option<UidList>),
    /// FLAGS of the mailbox that is being selected.
    Flags(Vec<String>),
    /// Known to be of no use, or not known.
    Other,
}

/// One line of LIST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// The name as it came.
    pub name: MailboxName,
    /// What separates levels, if there are levels.
    pub delimiter: Option<u8>,
    /// Attributes, lower case.
    pub attributes: Vec<String>,
}

/// What STATUS says (RFC 9051 §6.3.11). Nonsense is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// MESSAGES
    pub messages: Option<u32>,
    /// UNSEEN
    pub unseen: Option<u32>,
    /// UIDNEXT
    pub uidnext: Option<u32>,
    /// UIDVALIDITY
    pub uidvalidity: Option<u32>,
    /// HIGHESTMODSEQ
    pub highestmodseq: Option<ModSeq>,
}

/// A part of a message as it came.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// Whether it is the whole of `BODY[]`, and not header fields.
    pub whole: bool,
    /// Where it begins, if a range was asked for and the server honoured it.
    pub origin: Option<u64>,
    /// Its octets, `None` for NIL.
    pub bytes: Option<Cow<'a, [u8]>>,
    /// How many the server sent.
    pub full: u64,
}

/// A FETCH response: each field if it was there and made sense.
#[derive(Clone, Debug, Default)]
pub struct Item<'a> {
    /// Message sequence number; 0 if it was none.
    pub seq: u32,
    /// UID
    pub uid: Option<Uid>,
    /// FLAGS
    pub flags: Option<Flags>,
    /// INTERNALDATE, seconds since 1970.
    pub date: Option<i64>,
    /// RFC822.SIZE
    pub size: Option<u64>,
    /// MODSEQ
    pub modseq: Option<ModSeq>,
    /// `BODY[…]`
    pub section: Option<Section<'a>>,
}

/// Reads one framed response.
pub fn decode(response: Response<'_>) -> Said<'_> {
    let mut cursor = Cursor::new(response);
    match response.bytes.first() {
        Some(b'*') => {
            cursor.skip();
            Said::Untagged(untagged(cursor))
        }
        Some(b'+') => Said::Continue(
            response
                .bytes
                .get(1..)
                .map(<[u8]>::trim_ascii)
                .unwrap_or_default(),
        ),
        _ => {
            let tag = cursor.atom().unwrap_or_default();
            let verdict = cursor.atom().and_then(verdict);
            match verdict {
                Some(verdict) => Said::Tagged(tag, status(verdict, cursor.rest())),
                None => Said::Untagged(Untagged::Other),
            }
        }
    }
}

fn untagged(mut cursor: Cursor<'_>) -> Untagged<'_> {
    let Some(word) = cursor.atom() else {
        return Untagged::Other;
    };
    if let Some(verdict) = verdict(word) {
        return Untagged::Reply(status(verdict, cursor.rest()));
    }
    if word.first().is_some_and(u8::is_ascii_digit) {
        let (seq, what) = (number::<u32>(word), cursor.atom().unwrap_or_default());
        return match (seq, what.to_ascii_uppercase().as_slice()) {
            (Some(n), b"EXISTS") => Untagged::Exists(n),
            (Some(n), b"EXPUNGE") if n > 0 => Untagged::Expunge(n),
            (_, b"FETCH") => Untagged::Fetch(item(seq.unwrap_or(0), cursor)),
            _ => Untagged::Other,
        };
    }
    match word.to_ascii_uppercase().as_slice() {
        b"CAPABILITY" => Untagged::Capability(Caps::parse(cursor.rest())),
        b"LIST" | b"XLIST" => list(cursor).map_or(Untagged::Other, Untagged::List),
        b"STATUS" => counts(cursor).unwrap_or(Untagged::Other),
        b"SEARCH" => {
            let mut hits = Vec::new();
            while let Some(token) = cursor.token() {
                match token {
                    Token::Word(word) => hits.extend(number::<u32>(word).filter(|&n| n > 0)),
                    // `(MODSEQ 9)` at the end (RFC 7162 §3.1.5).
                    Token::Open => cursor.close(),
                    _ => {}
                }
            }
            Untagged::Search(hits)
        }
        b"ESEARCH" => esearch(cursor),
        b"VANISHED" => vanished(cursor).unwrap_or(Untagged::Other),
        b"FLAGS" => {
            let flags = cursor.list(FLAGS);
            let text = |f: &Cow<'_, [u8]>| String::from_utf8_lossy(f).into_owned();
            Untagged::Flags(flags.iter().map(text).collect())
        }
        _ => Untagged::Other,
    }
}

fn verdict(word: &[u8]) -> Option<Verdict> {
    let known = [
        ("OK", Verdict::Ok),
        ("NO", Verdict::No),
        ("BAD", Verdict::Bad),
        ("BYE", Verdict::Bye),
        ("PREAUTH", Verdict::Preauth),
    ];
    let same = |name: &str| name.as_bytes().eq_ignore_ascii_case(word);
    known.into_iter().find(|(n, _)| same(n)).map(|(_, v)| v)
}

fn status(verdict: Verdict, rest: &[u8]) -> Reply {
    let coded = rest.strip_prefix(b"[").and_then(|rest| {
        let end = rest.iter().position(|&b| b == b']')?;
        Some((rest.get(..end)?, rest.get(end + 1..)?))
    });
    let (code, text) = match coded {
        Some((inside, text)) => (Some(Code::parse(inside)), text),
        None => (None, rest),
    };
    let text = text.trim_ascii();
    let text = text.get(..TEXT).unwrap_or(text);
    Reply {
        verdict,
        code,
        text: String::from_utf8_lossy(text).into_owned(),
    }
}

fn item(seq: u32, mut cursor: Cursor<'_>) -> Item<'_> {
    let mut item = Item {
        seq,
        ..Item::default()
    };
    if cursor.token() != Some(Token::Open) {
        return item;
    }
    loop {
        let name = match cursor.token() {
            Some(Token::Word(name)) => name,
            Some(Token::Close) | None => return item,
            // A value without a name: pass over it.
            Some(Token::Open) => {
                cursor.close();
                continue;
            }
            Some(Token::Text { .. }) => continue,
        };
        let upper = name
            .get(..name.len().min(16))
            .unwrap_or_default()
            .to_ascii_uppercase();
        match upper.as_slice() {
            b"UID" => item.uid = cursor.number().and_then(Uid::new),
            b"FLAGS" => item.flags = Some(flags(&mut cursor)),
            b"INTERNALDATE" => {
                let text = cursor.token().and_then(Token::bytes);
                item.date = text.and_then(|text| internal_date(&text));
            }
            b"RFC822.SIZE" => item.size = cursor.number(),
            b"MODSEQ" => item.modseq = cursor.list(1).first().and_then(|word| modseq(word)),
            _ if upper.starts_with(b"BODY[") => item.section = section(name, cursor.token()),
            _ => cursor.skip(),
        }
    }
}

fn flags(cursor: &mut Cursor<'_>) -> Flags {
    let mut flags = Flags::default();
    for flag in cursor.list(FLAGS) {
        flags.insert_wire(&String::from_utf8_lossy(&flag));
    }
    flags
}

fn section<'a>(name: &[u8], value: Option<Token<'a>>) -> Option<Section<'a>> {
    let inside = name.get(5..)?;
    let end = inside.iter().rposition(|&b| b == b']')?;
    let origin = inside.get(end + 1..).unwrap_or_default();
    let origin = origin.strip_prefix(b"<").and_then(|o| o.strip_suffix(b">"));
    let (bytes, full) = match value? {
        Token::Text { bytes, full } => (Some(bytes), full),
        token if token.is_nil() => (None, 0),
        _ => return None,
    };
    Some(Section {
        whole: end == 0,
        origin: origin.and_then(number),
        bytes,
        full,
    })
}

fn list(mut cursor: Cursor<'_>) -> Option<ListItem> {
    let lower = |a: &Cow<'_, [u8]>| String::from_utf8_lossy(a).to_ascii_lowercase();
    let attributes = cursor.list(64).iter().map(lower).collect();
    let delimiter = cursor.token()?;
    let delimiter = match delimiter {
        token if token.is_nil() => None,
        // More than one character is no delimiter that we could split by.
        token => <[u8; 1]>::try_from(token.bytes()?.as_ref())
            .ok()
            .map(|[b]| b),
    };
    let name = cursor.token()?.bytes()?;
    Some(ListItem {
        name: MailboxName::new(name.into_owned()),
        delimiter,
        attributes,
    })
}

fn counts(mut cursor: Cursor<'_>) -> Option<Untagged<'_>> {
    let name = MailboxName::new(cursor.token()?.bytes()?.into_owned());
    let mut counts = Status::default();
    if cursor.token() != Some(Token::Open) {
        return None;
    }
    while let Some(Token::Word(name)) = cursor.token() {
        match name.to_ascii_uppercase().as_slice() {
            b"MESSAGES" => counts.messages = cursor.number(),
            b"UNSEEN" => counts.unseen = cursor.number(),
            b"UIDNEXT" => counts.uidnext = cursor.number().filter(|&n| n > 0),
            b"UIDVALIDITY" => counts.uidvalidity = cursor.number().filter(|&n| n > 0),
            b"HIGHESTMODSEQ" => counts.highestmodseq = cursor.atom().and_then(modseq),
            _ => cursor.skip(),
        }
    }
    Some(Untagged::Status(name, counts))
}

fn esearch(mut cursor: Cursor<'_>) -> Untagged<'_> {
    while let Some(token) = cursor.token() {
        match token {
            // The correlator.
            Token::Open => cursor.close(),
            Token::Word(word) if word.eq_ignore_ascii_case(b"ALL") => {
                return Untagged::Esearch(cursor.atom().and_then(UidList::parse));
            }
            _ => {}
        }
    }
    Untagged::Esearch(None)
}

fn vanished(mut cursor: Cursor<'_>) -> Option<Untagged<'_>> {
    let mut earlier = false;
    let word = match cursor.token()? {
        Token::Open => {
            cursor.close();
            earlier = true;
            cursor.atom()?
        }
        Token::Word(word) => word,
        _ => return None,
    };
    let uids = UidList::parse(word)?.to_set();
    Some(Untagged::Vanished { earlier, uids })
}

/// Seconds since 1970 for ` 7-Feb-1994 21:52:25 -0800` (RFC 9051 §9 `date-time`).
pub fn internal_date(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let mut fields = text.split([' ', '-', ':']).filter(|f| !f.is_empty());
    let day: i64 = fields.next()?.parse().ok()?;
    let month = fields.next()?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))? as i64 + 1;
    let mut next = || fields.next()?.parse::<i64>().ok();
    let (year, hour, minute, second) = (next()?, next()?, next()?, next()?);
    let zone = text.rsplit(' ').next()?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone: i64 = zone.trim_start_matches(['+', '-']).parse().ok()?;
    let plausible = (1..=31).contains(&day)
        && (1..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && zone <= 2400;
    plausible.then(|| {
        let offset = sign * ((zone / 100) * 3600 + (zone % 100) * 60);
        days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    })
}

/// Month names as the wire spells them.
pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Days from 1970-01-01 to a day of the Gregorian calendar, by counting in 400-year eras.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
