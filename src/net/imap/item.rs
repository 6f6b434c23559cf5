//! One message's data as a FETCH response tells it (RFC 9051 §7.5.2), with what extensions add:
//! MODSEQ (RFC 7162), EMAILID and THREADID (RFC 8474), PREVIEW (RFC 8970), Gmail's X-GM items.
//!
//! Nothing here fails: a field that makes no sense is simply not there.

use crate::model::{Flags, ModSeq, Uid};
use crate::net::imap::code::modseq;
use crate::net::imap::gmail;
use crate::net::imap::token::{Cursor, Token, number, objectid};
use std::borrow::Cow;

/// Flags of one message that are kept.
const FLAGS: usize = 256;
/// Octets of all of them.
const FLAG_OCTETS: usize = 16 << 10;
/// Octets of a preview that are kept.
const PREVIEW: usize = 1024;

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
    /// Whether `flags` tell Gmail's labels, too.
    pub labelled: bool,
    /// EMAILID, or `gm:` and X-GM-MSGID.
    pub identity: Option<String>,
    /// THREADID, or `gm:` and X-GM-THRID.
    pub thread: Option<String>,
    /// PREVIEW, at most 1 KiB, not cleaned.
    pub preview: Option<String>,
    /// `BODY[…]`
    pub section: Option<Section<'a>>,
}

/// Reads what stands behind `FETCH`. `utf8`: whether the server sends names in UTF-8.
pub fn item(seq: u32, cursor: Cursor<'_>, utf8: bool) -> Item<'_> {
    let mut labels = None;
    let mut item = walk(seq, cursor, utf8, &mut labels);
    if let (Some(flags), Some(labels)) = (&mut item.flags, labels) {
        flags.keywords.extend(labels);
        item.labelled = true;
    }
    item
}

fn walk<'a>(
    seq: u32,
    mut cursor: Cursor<'a>,
    utf8: bool,
    labels: &mut Option<Vec<String>>,
) -> Item<'a> {
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
            b"EMAILID" => item.identity = cursor.list(1).first().and_then(|id| objectid(id)),
            b"THREADID" => item.thread = cursor.list(1).first().and_then(|id| objectid(id)),
            b"X-GM-MSGID" => {
                let id = cursor.number::<u64>().map(|n| format!("gm:{n}"));
                item.identity = item.identity.or(id);
            }
            b"X-GM-THRID" => {
                let id = cursor.number::<u64>().map(|n| format!("gm:{n}"));
                item.thread = item.thread.or(id);
            }
            b"X-GM-LABELS" => {
                let told = cursor.list(FLAGS);
                let keywords = told.iter().filter_map(|label| gmail::keyword(label, utf8));
                *labels = Some(keywords.collect());
            }
            b"PREVIEW" => item.preview = cursor.token().and_then(preview),
            _ if upper.starts_with(b"BODY[") => item.section = section(name, cursor.token()),
            _ => cursor.skip(),
        }
    }
}

fn flags(cursor: &mut Cursor<'_>) -> Flags {
    let mut flags = Flags::default();
    let mut octets = 0;
    for flag in cursor.list(FLAGS) {
        octets += flag.len();
        if octets > FLAG_OCTETS {
            break;
        }
        flags.insert_wire(&String::from_utf8_lossy(&flag));
    }
    flags
}

fn preview(token: Token<'_>) -> Option<String> {
    let text = match token {
        token if token.is_nil() => return None,
        token => token.bytes()?,
    };
    let cut = text.get(..PREVIEW).unwrap_or(&text);
    let mut out = String::from_utf8_lossy(cut).into_owned();
    if cut.len() < text.len() && out.ends_with(char::REPLACEMENT_CHARACTER) {
        // The cut went through a character.
        out.pop();
    }
    Some(out)
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
        // Some repeat the length, too (WildDuck #32, Twisted #5613), which is asked for and not told.
        origin: origin.and_then(|o| number(o.split(|&b| b == b'.').next()?)),
        bytes,
        full,
    })
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

/// A `date` in UTC as SEARCH takes it (RFC 9051 §9).
pub(super) fn day(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let t = time.to_zoned(jiff::tz::TimeZone::UTC);
    let month = usize::try_from(t.month() - 1).ok();
    let month = month.and_then(|m| MONTHS.get(m)).copied().unwrap_or("Jan");
    format!("{}-{month}-{:04}", t.day(), t.year().max(0))
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
