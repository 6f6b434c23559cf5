//! Header fields (RFC 5322 §2.2): cut out of a message, and read.
//!
//! Cutting is ours, so that no field can hide another and its raw octets stay at hand; the
//! grammar of each value is mail-parser's. Octets beyond ASCII that nobody declared are guessed;
//! encoded-words (RFC 2047) are mended before they are read (`words.rs`).

use super::charset;
use super::simple::{self, Item};
use super::words::{self, Place};
use crate::model::{Address, MessageId};
use mail_parser::{HeaderValue, parsers::MessageStream};
use std::borrow::Cow;

/// The most fields that are kept of one header.
pub(super) const MAX_FIELDS: usize = 2_000;
/// The longest value that is read, in octets; the rest is not looked at.
const MAX_VALUE: usize = 64 << 10;
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
}

/// The fields of a header, and where the body begins (after the empty line). A line that is no
/// field is left out where fields that mail is known to have follow it at once; else the empty
/// line is missing, and the text begins there. A message that begins with one has no header at all.
pub fn split(raw: &[u8]) -> (Vec<Field<'_>>, usize) {
    let mut fields: Vec<Field<'_>> = Vec::with_capacity(16);
    let mut at = 0;
    if raw.starts_with(b"From ") || raw.starts_with(b">From ") {
        at = line_end(raw, 0);
    }
    while at < raw.len() {
        let end = line_end(raw, at);
        let line = raw.get(at..end).unwrap_or_default();
        if matches!(line, b"\n" | b"\r\n") {
            return (fields, end);
        }
        let Some((name, after)) = name_of(line) else {
            if fields.is_empty() || !goes_on(raw, end) {
                return (fields, at);
            }
            at = end;
            continue;
        };
        let mut stop = end;
        // A fold that holds nothing but blanks still belongs to the field.
        while matches!(raw.get(stop), Some(b' ' | b'\t')) {
            stop = line_end(raw, stop);
        }
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

/// Whether a header goes on at `at`, behind a line that is no field.
fn goes_on(raw: &[u8], at: usize) -> bool {
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
    let line = raw.get(at..line_end(raw, at)).unwrap_or_default();
    name_of(line).is_some_and(|(name, _)| {
        // Others are written like this: `List-Id`, `Content-Type`. Words of a text seldom are.
        let capital = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
        let spelt = name.contains('-') && name.split('-').all(capital);
        spelt || KNOWN.contains(&name.to_ascii_lowercase().as_str())
    })
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
    let Some(items) = simple::items(value) else {
        return parse_addresses(value, most);
    };
    let mut out = Vec::with_capacity(items.len().min(most));
    for item in items.into_iter().take(most) {
        match item {
            Item::Plain(name, addr) => out.push(Address::new(name, addr)),
            Item::Encoded(name, addr, entry) => match words::only(name.as_bytes()) {
                Some(name) => out.push(Address::new(name.trim(), addr)),
                None => out.extend(parse_addresses(entry, 1)),
            },
        }
    }
    out
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
    let mut ids: Vec<MessageId> = if text.contains('<') {
        text.split('<')
            .skip(1)
            .filter_map(|piece| MessageId::new(piece.split_once('>')?.0))
            .collect()
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

/// The date in seconds since 1970, if it is one that a calendar holds between 1970 and 2199.
pub fn date(value: &[u8]) -> Option<i64> {
    let HeaderValue::DateTime(mut date) = MessageStream::new(&prepare(value)).parse_date() else {
        return None;
    };
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_cut_at_folds_and_the_empty_line() {
        let raw = b"From me\nA: 1\r\n 2\r\nnonsense\r\nX-B : x\r\n\r\nbody: no";
        let (fields, body) = split(raw);
        let names: Vec<_> = fields.iter().map(|f| f.name).collect();
        assert_eq!(names, ["A", "X-B"]);
        assert_eq!(unfolded(fields[0].value), "1 2");
        assert_eq!(&raw[body..], b"body: no");
        assert_eq!(split(b"just text\n\nmore").1, 0);
    }

    #[test]
    fn text_without_an_empty_line_before_it_is_not_lost() {
        for (raw, body) in [
            (
                "Subject: s\nDear all,\nall is well.\n",
                "Dear all,\nall is well.\n",
            ),
            (
                "Subject: s\nDear all,\n\nall is well.\n",
                "Dear all,\n\nall is well.\n",
            ),
            (
                "Subject: s\nDear all,\nNote: it is.\n\nBye\n",
                "Dear all,\nNote: it is.\n\nBye\n",
            ),
            ("Subject: s\nDear all,", "Dear all,"),
            ("Subject: s\nnonsense\nTo: a@x.example\n\ntext", "text"),
        ] {
            let (_, at) = split(raw.as_bytes());
            assert_eq!(&raw[at..], body, "{raw:?}");
        }
    }

    #[test]
    fn words_that_cut_a_character_are_joined() {
        assert_eq!(text(b" =?utf-8?B?w6k=?= =?utf-8?Q?_x?= y\n"), "é x y");
        assert_eq!(text(b" =?utf-8?Q?=C3?= =?utf-8?Q?=A9?="), "é");
        assert_eq!(text(b" =?iso-8859-1?Q?a?= =?utf-8?Q?b?="), "ab");
        assert_eq!(text(b" caf\xe9\r\n noir"), "café noir");
    }

    #[test]
    fn broken_words_are_read_as_meant() {
        for (value, want) in [
            // A group of base64 in two words, a character in three.
            ("=?utf-8?B?SGVsbG8gd?= =?utf-8?B?29ybGQ=?=", "Hello world"),
            (
                "=?utf-8?Q?=E6?=\r\n =?utf-8?Q?=97?=\r\n =?utf-8?Q?=A5?=",
                "日",
            ),
            // Blanks that should have been encoded, also a line end.
            (
                "=?utf-8?Q?Gr=C3=BC=C3=9Fe an\r\n alle?= !",
                "Grüße an alle !",
            ),
            ("=?utf-8?B?SGVs bG8=?=", "Hello"),
            // Names of charsets that are none, or another's.
            ("=?utf8?Q?caf=C3=A9?=", "café"),
            ("=?x-unknown?Q?caf=C3=A9?=", "café"),
            ("=?iso-8859-1?Q?caf=C3=A9?=", "café"),
            ("=?utf-8?Q?caf=E9?=", "café"),
            ("=?windows-1251*ru?Q?=CF=F0=E8?=", "При"),
            ("=?koi8-r?B?8NLJ?= =?koi8-r?Q?=D7=C5=D4?=", "Привет"),
            // Question marks, and words that were cut off.
            ("=?utf-8?Q?what??=", "what?"),
            ("=?utf-8?Q?what?=20now?=", "what? now"),
            ("=?utf-8?Q?Hello_W=C3=B6r", "Hello Wör"),
            ("=?utf-8?B?SGVsbG8=?", "Hello"),
            // And what is none.
            ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
            ("=?utf-8?X?b?=", "=?utf-8?X?b?="),
            ("=?", "=?"),
        ] {
            assert_eq!(text(format!(" {value}\r\n").as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn broken_words_in_names_are_read_as_meant() {
        for (value, want) in [
            ("\"=?utf-8?Q?Ada_W=C3=B6?=\" <a@x.example>", "Ada Wö"),
            (
                "\"=?utf-8?Q?Ada?= =?utf-8?Q?_W?=, (x)\" <a@x.example>",
                "Ada W, (x)",
            ),
            ("=?utf-8?Q?Ada W=C3=B6?= <a@x.example>", "Ada Wö"),
            (
                "=?iso-8859-1?Q?Ad=E4?=\r\n =?iso-8859-1?Q?_W?= <a@x.example>",
                "Adä W",
            ),
            ("=?gb2312?B?xOM=?= =?gb2312?B?usM=?=<a@x.example>", "你好"),
            ("Ad\u{e4} <a@x.example>", "Adä"),
        ] {
            let list = addresses(format!(" {value}\r\n").as_bytes());
            let found: Vec<_> = list
                .iter()
                .map(|a| (a.name.as_str(), a.addr.as_str()))
                .collect();
            assert_eq!(found, [(want, "a@x.example")], "{value}");
        }
        let raw = addresses(b" Ad\xe4 <a@x.example>");
        assert_eq!(raw[0].name, "Adä");
    }

    #[test]
    fn addresses_are_read_and_bounded() {
        let list = addresses(b" \"C, D\" <c@d.example>, e@f.example (Eff), g: h@i.example;\n");
        let shown: Vec<_> = list.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["\"C, D\" <c@d.example>", "Eff <e@f.example>", "h@i.example"]
        );
        let many = "a@b.example, ".repeat(10_000);
        assert!(addresses(many.as_bytes()).len() <= MAX_ADDRESSES);
    }

    proptest! {
        #[test]
        fn the_short_way_reads_a_text_as_the_grammar_does(value in "[ \t]{0,2}([a-zé=?\u{a0}]|\r|\r\n ?|[ \t]){0,12}(\r?\n)?") {
            if plain_line(value.as_bytes()).is_some() {
                prop_assert_eq!(text(value.as_bytes()), read_text(value.as_bytes()));
            }
        }

        #[test]
        fn the_short_way_reads_what_the_grammar_reads(entries in prop::collection::vec("(\"?[a-zA-Z0-9=?_'.@+, -]{0,8}\"? ?|=\\?utf-8\\?([qQ]\\?([a-z_]|=[0-9A-F]{2}|=C3=A9|=){0,5}|[bB]\\?([a-zA-Z0-9]{4}|w6k=|IA==|=){0,3})\\?=( |\r\n )?){0,3}<?[a-z.=+]{0,3}@?[a-z0-9.-]{0,4}>?", 0..4)) {
            for glue in [",", ", ", ",\r\n "] {
                let list = entries.join(glue);
                prop_assert_eq!(addresses(list.as_bytes()), parse_addresses(list.as_bytes(), MAX_ADDRESSES));
            }
        }
    }

    #[test]
    fn s12_an_encoded_local_part_is_not_believed() {
        let list = addresses(
            b" =?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?==?utf-8?Q?=00?=@mailsploit.example\n",
        );
        assert_eq!(list.len(), 1);
        assert!(list[0].addr.ends_with("@mailsploit.example"), "{list:?}");
        assert!(list[0].addr.len() > "@mailsploit.example".len());
        assert!(list[0].addr.starts_with("=?utf-8?b?cG90"), "{list:?}");
    }

    #[test]
    fn s48_only_possible_dates_count() {
        assert_eq!(
            date(b" Mon, 3 Mar 2025 14:05:00 +0100\n"),
            Some(1_741_007_100)
        );
        assert!(date(b" Mon, 3 Mar 2025 13:05:00 +9999\n").is_some());
        assert_eq!(date(b" 3 Mar 25 13:05:00 GMT\n"), Some(1_741_007_100));
        for bad in [
            "30 Feb 2025 10:00:00 +0000",
            "99 Nov 9999 99:99:99 +0000",
            "",
            "yesterday",
            "1 Jan 1900 00:00 +0000",
            "Sat, 1 Jan 0000 00:00:00 +0000",
            "1 Jan 0001 00:00 +0000",
            "1 Jan 000 00:00 +0000",
            "1 Jan 0099 00:00 +0000",
            "1 Jan -1 00:00 +0000",
            "1 Jan -2025 00:00 +0000",
        ] {
            assert_eq!(date(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn identifiers_need_brackets_or_an_at() {
        let ids = message_ids(b" <a@b> junk <c@d>\r\n <e@f>\n", 2);
        assert_eq!(
            ids.iter().map(MessageId::as_str).collect::<Vec<_>>(),
            ["c@d", "e@f"]
        );
        assert_eq!(message_ids(b" a@b\n", 9).len(), 1);
        assert!(message_ids(b" your message of Monday\n", 9).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"=?B<>@,;:\"\\()\r\n ".to_vec())], 0..200)) {
            let (fields, at) = split(&bytes);
            prop_assert!(at <= bytes.len());
            for f in fields {
                text(f.value);
            }
            addresses(&bytes);
            date(&bytes);
            message_ids(&bytes, 10);
        }
    }
}
