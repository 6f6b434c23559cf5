//! Header fields (RFC 5322 §2.2): cut out of a message, and read.
//!
//! Cutting is ours, so that no field can hide another and its raw octets stay at hand; the
//! grammar of each value is mail-parser's. Octets beyond ASCII that nobody declared are guessed;
//! encoded-words (RFC 2047) are mended before they are read (`words.rs`).

use super::charset;
use super::simple::{self, Item};
use super::simple_date;
use super::words::{self, Place};
use crate::model::{Address, MessageId};
use mail_parser::{HeaderValue, parsers::MessageStream};
use std::borrow::Cow;

/// The most fields that are kept of one header.
pub(super) const MAX_FIELDS: usize = 2_000;
/// The longest value that is read, in octets; the rest is not looked at.
const MAX_VALUE: usize = 64 << 10;
/// Fields that nobody knows behind a line that is none, before one that mail is known to have.
const MOST_UNKNOWN: usize = 20;
/// The most addresses taken from one field.
pub const MAX_ADDRESSES: usize = 200;

/// One field as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Name without the colon.
    pub name: &'a str,
    /// Everything after the colon, with folds and the last line end.
    pub value: &'a [u8],
    /// The whole field, with name and last line end.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Whether it has this name, without regard to case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether it names those who got a copy that nobody else is told of (RFC 5322 §3.6.3, §3.6.6), as
    /// typed into one of our drafts, too.
    pub fn is_blind(&self) -> bool {
        const BLIND: [&str; 3] = ["Bcc", "Resent-Bcc", "X-Postrider-Bcc"];
        BLIND.iter().any(|name| self.is(name))
    }
}

/// The fields of a header, and where the body begins (after the empty line). A line that is no
/// field is left out, with its folds, where fields that mail is known to have follow it; else the
/// empty line is missing, and the text begins there. What a server said before the message (`+OK`)
/// or a mark of its encoding is nothing of it. A message that begins with an empty line has no
/// header at all.
pub fn split(raw: &[u8]) -> (Vec<Field<'_>>, usize) {
    let mut fields: Vec<Field<'_>> = Vec::with_capacity(16);
    let mut at = 0;
    if raw.starts_with(b"From ") || raw.starts_with(b">From ") {
        at = line_end(raw, 0);
    } else if raw.starts_with(b"\xef\xbb\xbf") {
        at = 3;
    } else if raw.starts_with(b"+OK") && goes_on(raw, line_end(raw, 0)) {
        at = line_end(raw, 0);
    }
    while at < raw.len() {
        let end = line_end(raw, at);
        let line = raw.get(at..end).unwrap_or_default();
        if matches!(line, b"\n" | b"\r\n") {
            return (fields, end);
        }
        let stop = unfolded_end(raw, end);
        let Some((name, after)) = name_of(line) else {
            if fields.is_empty() || !goes_on(raw, stop) {
                return (fields, at);
            }
            at = stop;
            continue;
        };
        if fields.len() < MAX_FIELDS {
            fields.push(Field {
                name,
                value: raw.get(at + after..stop).unwrap_or_default(),
                raw: raw.get(at..stop).unwrap_or_default(),
            });
        }
        at = stop;
    }
    (fields, raw.len())
}

/// The first field of this name.
pub fn find<'f, 'a>(fields: &'f [Field<'a>], name: &str) -> Option<&'f Field<'a>> {
    fields.iter().find(|f| f.is(name))
}

/// The text of the first field of this name; empty if there is none.
pub fn text_of(fields: &[Field<'_>], name: &str) -> String {
    find(fields, name).map_or_else(String::new, |f| text(f.value))
}

/// The identifier in the first field of this name.
pub fn message_id(fields: &[Field<'_>], name: &str) -> Option<MessageId> {
    message_ids(find(fields, name)?.value, 1).pop()
}

/// Where the folds end that follow a line. One that holds nothing but blanks is a fold, too.
fn unfolded_end(raw: &[u8], mut end: usize) -> usize {
    while matches!(raw.get(end), Some(b' ' | b'\t')) {
        end = line_end(raw, end);
    }
    end
}

/// Whether a header goes on at `at`, behind a line that is no field: with one that mail is known to
/// have, at once or behind a few others.
fn goes_on(raw: &[u8], mut at: usize) -> bool {
    for _ in 0..MOST_UNKNOWN {
        let end = line_end(raw, at);
        let Some((name, _)) = name_of(raw.get(at..end).unwrap_or_default()) else {
            return false;
        };
        if is_known(name) {
            return true;
        }
        at = unfolded_end(raw, end);
    }
    false
}

/// Whether mail is known to have fields of this name, or of such names.
fn is_known(name: &str) -> bool {
    const KNOWN: [&str; 17] = [
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "content-type",
        "date",
        "sender",
        "reply-to",
        "message-id",
        "in-reply-to",
        "references",
        "received",
        "return-path",
        "delivered-to",
        "mime-version",
        "dkim-signature",
    ];
    // Others are written like this: `List-Id`, `Content-Type`. Words of a text seldom are.
    let capital = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    let spelt = name.contains('-') && name.split('-').all(capital);
    spelt || KNOWN.contains(&name.to_ascii_lowercase().as_str())
}

/// Where the line that begins at `at` ends, with its line end.
fn line_end(raw: &[u8], at: usize) -> usize {
    raw.get(at..)
        .and_then(|rest| memchr::memchr(b'\n', rest))
        .map_or(raw.len(), |n| at + n + 1)
}

/// The field name that a line begins with, and the offset after its colon.
fn name_of(line: &[u8]) -> Option<(&str, usize)> {
    let colon = memchr::memchr(b':', line.get(..256).unwrap_or(line))?;
    let name = line.get(..colon)?.trim_ascii_end();
    let good = !name.is_empty() && name.iter().all(|b| matches!(b, 33..=126));
    let name = std::str::from_utf8(name).ok().filter(|_| good)?;
    Some((name, colon + 1))
}

/// The value in UTF-8, with proper encoded-words and a line end: as mail-parser wants it.
fn prepare(value: &[u8]) -> Cow<'_, [u8]> {
    prepare_whole(value.get(..MAX_VALUE).unwrap_or(value), Place::Text)
}

fn prepare_whole(value: &[u8], place: Place) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(value);
    if value.contains(&0x1b) || std::str::from_utf8(value).is_err() {
        out = Cow::Owned(charset::guess(value).into_bytes());
    }
    if let Some(proper) = words::proper(&out, place) {
        out = Cow::Owned(proper);
    }
    if !out.ends_with(b"\n") {
        out.to_mut().push(b'\n');
    }
    out
}

/// Unstructured text (RFC 5322 §2.2.1), unfolded and decoded.
pub fn text(value: &[u8]) -> String {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    match plain_line(value) {
        Some(text) => text.to_owned(),
        None => read_text(value),
    }
}

/// What is said by a value of one line in which nothing is encoded, as nearly all subjects are.
fn plain_line(value: &[u8]) -> Option<&str> {
    let line = value.strip_suffix(b"\n").unwrap_or(value);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_quiet = memchr::memchr3(b'\n', b'\r', 0x1b, line).is_none()
        && (memchr::memchr(b'?', line).is_none() || memchr::memmem::find(line, b"=?").is_none());
    let text = std::str::from_utf8(line).ok().filter(|_| is_quiet)?;
    Some(text.trim())
}

fn read_text(value: &[u8]) -> String {
    match MessageStream::new(&prepare(value)).parse_unstructured() {
        HeaderValue::Text(text) => text.trim().to_owned(),
        HeaderValue::TextList(list) => list.join(" "),
        _ => String::new(),
    }
}

/// The value with its folds taken out and nothing decoded.
pub fn unfolded(value: &[u8]) -> String {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    let text = match std::str::from_utf8(value) {
        Ok(text) if value.is_ascii() && !value.contains(&0x1b) => Cow::Borrowed(text),
        _ => Cow::Owned(charset::guess(value)),
    };
    let lines = text.split('\n').map(|l| l.trim_matches(['\r', ' ', '\t']));
    let mut out = String::with_capacity(text.len());
    for line in lines.filter(|l| !l.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// Addresses (RFC 5322 §3.4) for showing, at most [`MAX_ADDRESSES`]; groups give their members.
/// Control characters are taken out of addresses (not of names), so that what is shown and what is
/// written to are the same.
pub fn addresses(value: &[u8]) -> Vec<Address> {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    read_addresses(value, MAX_ADDRESSES)
}

/// As [`addresses`], but every one: for messages of our own, where none may be lost.
pub fn all_addresses(value: &[u8]) -> Vec<Address> {
    read_addresses(value, usize::MAX)
}

fn read_addresses(value: &[u8], most: usize) -> Vec<Address> {
    let mut out = Vec::new();
    let mut told = 0;
    let read = simple::items(value, &mut |item| {
        told += 1;
        match item {
            _ if told > most => {}
            Item::Plain(name, addr) => out.push(Address::new(name, addr)),
            Item::Encoded(name, addr, entry) => match words::only(name.as_bytes()) {
                Some(name) => out.push(Address::new(name.trim(), addr)),
                None => out.extend(parse_addresses(entry, 1)),
            },
        }
    });
    match read {
        Some(()) => out,
        None => parse_addresses(value, most),
    }
}

/// As [`read_addresses`], with the whole grammar.
fn parse_addresses(value: &[u8], most: usize) -> Vec<Address> {
    let value = prepare_whole(value, Place::Addresses);
    let mut out = Vec::new();
    let HeaderValue::Address(list) = MessageStream::new(&value).parse_address() else {
        return out;
    };
    for one in list.iter().take(most) {
        let name = one.name.as_deref().unwrap_or_default().trim().to_owned();
        let mut addr = printable(one.address.as_deref().unwrap_or_default());
        if addr.starts_with('@') {
            // The local part was an encoded-word, which it must not be (RFC 2047 §5): the
            // address is what stands there, letter by letter.
            addr = token_ending_in(&value, &addr).unwrap_or(addr);
        }
        if !name.is_empty() || !addr.is_empty() {
            let name = if name == addr { String::new() } else { name };
            out.push(Address { name, addr });
        }
    }
    out
}

/// Without control characters, trimmed. Letters that were joined by one stay joined.
fn printable(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control()).collect();
    kept.trim().to_owned()
}

fn token_ending_in(value: &[u8], end: &str) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let tokens = text.split(|c: char| c.is_whitespace() || "<>,;\"".contains(c));
    tokens
        .filter(|t| t.len() > end.len())
        .find(|t| t.ends_with(end))
        .map(printable)
}

/// Message-IDs in order (RFC 5322 §3.6.4), at most the last `most`. Without any brackets, words
/// with an `@` count.
pub fn message_ids(value: &[u8], most: usize) -> Vec<MessageId> {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    let text = String::from_utf8_lossy(value);
    let mut opens = memchr::memchr_iter(b'<', text.as_bytes()).peekable();
    let mut ids: Vec<MessageId> = if opens.peek().is_some() {
        let mut ids = Vec::new();
        while let Some(open) = opens.next() {
            let next = opens.peek().copied().unwrap_or(text.len());
            let piece = text.get(open + 1..next).unwrap_or_default();
            let id = memchr::memchr(b'>', piece.as_bytes()).and_then(|end| piece.get(..end));
            ids.extend(id.and_then(MessageId::new));
        }
        ids
    } else {
        text.split_whitespace()
            .filter(|word| word.contains('@'))
            .filter_map(MessageId::new)
            .collect()
    };
    let surplus = ids.len().saturating_sub(most);
    ids.drain(..surplus);
    ids
}

/// The date in seconds since 1970, if it is one that a calendar holds between 1970 and 2199. One
/// that names no zone is taken for one of UTC (RFC 5322 §4.3 has `-0000` for the same).
pub fn date(value: &[u8]) -> Option<i64> {
    simple_date::date(value).or_else(|| read_date(value))
}

/// As [`date`], with the whole grammar.
fn read_date(value: &[u8]) -> Option<i64> {
    let whole = prepare(value);
    let text = String::from_utf8_lossy(&whole);
    let named = with_offset(&text);
    let read = |text: &str| match MessageStream::new(text.as_bytes()).parse_date() {
        HeaderValue::DateTime(date) => Some(date),
        _ => None,
    };
    let clock = text.contains(':');
    let bare = || read(&format!("{} +0000\n", text.trim_end())).filter(|_| clock);
    let mut date = read(named.as_deref().unwrap_or(&text)).or_else(bare)?;
    if date.tz_hour > 14 || date.tz_minute > 59 {
        // No such zone: the clock time alone is believed.
        (date.tz_hour, date.tz_minute) = (0, 0);
    }
    // A leap second is the second before it.
    date.second = date.second.min(if date.second == 60 { 59 } else { 255 });
    // RFC 5322 §4.3: two digits are short for a year, and three are; what is written in full is
    // what it says.
    match year(value)? {
        (..=2, _) if date.year < 70 => date.year += 2000,
        (..=2, _) if date.year < 200 => date.year += 1900,
        (..=2, _) => {}
        (3, written) => date.year = 1900 + written,
        (_, written) if written == date.year => {}
        _ => return None,
    }
    let days = match date.month {
        2 if date.year.is_multiple_of(4)
            && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400)) =>
        {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let good = date.is_valid() && (1970..2200).contains(&date.year) && date.day <= days;
    let time = if good { date.to_timestamp() } else { -1 };
    (time >= 0).then_some(time)
}

/// The date with `GMT+1` as the offset that is meant, `+0100`; `None` if it has no such thing.
fn with_offset(text: &str) -> Option<String> {
    // Hardly any has.
    let signed = |w: &[u8]| matches!(w, [a, b'+' | b'-'] if a.is_ascii_alphabetic());
    if !text.as_bytes().windows(2).any(signed) {
        return None;
    }
    let (clock, comment) = text.split_at(text.find('(').unwrap_or(text.len()));
    let mut out: Vec<String> = Vec::new();
    let mut found = false;
    for word in clock.split_whitespace() {
        let upper = word.to_ascii_uppercase();
        let names = ["GMT", "UTC", "UT"];
        let bare = names.iter().find_map(|name| upper.strip_prefix(name));
        let offset = match bare {
            Some("") | None => None,
            Some(offset) => clean_offset(offset),
        };
        found |= offset.is_some();
        out.push(offset.unwrap_or_else(|| word.to_owned()));
    }
    found.then(|| format!("{} {comment}", out.join(" ")))
}

/// `+1`, `+01` and `+01:00` as `+0100`.
fn clean_offset(text: &str) -> Option<String> {
    let (sign, digits) = text
        .split_at_checked(1)
        .filter(|(s, _)| matches!(*s, "+" | "-"))?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(both) => both,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "00"),
    };
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() <= 2);
    Some(format!(
        "{sign}{:02}{:02}",
        number(hours)?,
        number(minutes)?
    ))
}

/// With how many digits the year of a date is written, and what they say; `None` if that is less
/// than nothing.
fn year(value: &[u8]) -> Option<(usize, u16)> {
    const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec";
    let value = value.get(..200).unwrap_or(value);
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let is_month = |word: &&str| word.get(..3).is_some_and(|w| MONTHS.contains(w));
    let mut words = text.split(|c: char| !c.is_ascii_alphabetic());
    let Some(month) = words.find(is_month) else {
        return Some((0, 0));
    };
    let (_, after) = text.split_once(month)?;
    let year = after.trim_start_matches(|c: char| !c.is_ascii_digit());
    let between = after.strip_suffix(year).unwrap_or_default();
    let below = between.len() > 1 && between.ends_with('-');
    let digits = year.bytes().take_while(u8::is_ascii_digit).count();
    let number = year.get(..digits).and_then(|y| y.parse().ok());
    (!below).then_some((digits, number.unwrap_or(0)))
}

#[cfg(test)]
mod tests;
