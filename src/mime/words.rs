//! Encoded-words (RFC 2047) as they are met: rewritten into ones that any reader of the grammar
//! understands, before the grammar sees them.
//!
//! What programs do wrong and is forgiven: a character or a base64 group cut in two between words,
//! charsets that nobody knows or that are not what they say, a language after the charset
//! (RFC 2231 §5), blanks and line ends inside a word, words glued together, words within quotes,
//! and in a subject a last word that was cut off. In addresses less is forgiven: there a trick may
//! hide, and what stands beside an `@` stays as it is, letter by letter.

use super::{charset, transfer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest word that is looked for, in octets. The standard says 75.
const LONGEST: usize = 4_096;

/// Where words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In text that means nothing but itself.
    Text,
    /// Among addresses.
    Addresses,
}

/// A word in its parts.
struct Word<'a> {
    charset: &'a [u8],
    /// `B` or `Q`.
    encoding: u8,
    payload: &'a [u8],
    /// What follows the word.
    after: &'a [u8],
    /// Whether it is well made in itself.
    proper: bool,
}

/// The word at the start of `text`.
fn word(text: &[u8], place: Place) -> Option<Word<'_>> {
    let rest = text.strip_prefix(b"=?")?;
    let mut parts = rest.splitn(3, |b| *b == b'?');
    let (charset, encoding, tail) = (parts.next()?, parts.next()?, parts.next()?);
    let [encoding] = encoding else { return None };
    let encoding = encoding.to_ascii_uppercase();
    let named = |b: &u8| b.is_ascii_graphic() && !b"\"<>,;@".contains(b);
    let good = matches!(encoding, b'B' | b'Q')
        && !charset.is_empty()
        && charset.len() <= 60
        && charset.iter().all(named);
    if !good {
        return None;
    }
    let (payload, after, ended) = match end(tail, encoding) {
        Some(at) => (tail.get(..at)?, tail.get(at + 2..)?, true),
        // Cut off: what is left of it is shown, if there is nothing else it could be.
        None if place == Place::Text => {
            // What goes on for longer than a word may be is none; nobody looks where it ends.
            let near = tail.get(..LONGEST + 2).unwrap_or(tail);
            let blank = near.iter().position(u8::is_ascii_whitespace);
            let at = blank.unwrap_or(near.len());
            let payload = tail.get(..at).unwrap_or_default();
            let payload = payload.strip_suffix(b"?").unwrap_or(payload);
            (payload, tail.get(at..).unwrap_or_default(), false)
        }
        None => return None,
    };
    if !ended && (payload.is_empty() || payload.len() > LONGEST) {
        return None;
    }
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || b"+/=-_".contains(b);
    let blank = payload.iter().any(u8::is_ascii_whitespace);
    let fits = match encoding {
        b'B' => payload
            .iter()
            .all(|b| alphabet(b) || b.is_ascii_whitespace()),
        _ => place == Place::Text || !payload.iter().any(|b| b"\"<>,@".contains(b)),
    };
    (fits || !blank).then_some(Word {
        charset,
        encoding,
        payload,
        after,
        proper: ended && !blank && !payload.contains(&b'?'),
    })
}

/// Where the `?=` of a word stands. One that is followed by two hexadecimal digits may be a
/// question mark that nobody encoded, before an octet that somebody did.
fn end(tail: &[u8], encoding: u8) -> Option<usize> {
    let near = tail.get(..LONGEST).unwrap_or(tail);
    let ends = |at: &usize| near.get(*at..at + 2) == Some(b"?=".as_slice());
    let mut places = memchr::memchr_iter(b'?', near).filter(ends);
    let first = places.next()?;
    let mut at = first;
    let octet = |at: usize| {
        let hex = near.get(at + 2..at + 4);
        encoding == b'Q' && hex.is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit))
    };
    while octet(at) {
        let next = places.next();
        let between = |next: usize| near.get(at..next).unwrap_or_default();
        let same = |n: &usize| {
            let between = between(*n);
            !between.windows(2).any(|w| w == b"=?") && !between.contains(&b' ')
        };
        match next.filter(same) {
            Some(next) => at = next,
            None => return Some(first),
        }
    }
    Some(at)
}

fn octets(encoding: u8, payload: &[u8]) -> Vec<u8> {
    if encoding == b'B' {
        return transfer::base64(payload);
    }
    // A fold inside a word was a blank; only its line end goes.
    let kept = payload.iter().filter(|b| !matches!(b, b'\r' | b'\n'));
    let spaced: Vec<u8> = kept.map(|b| if *b == b'_' { b' ' } else { *b }).collect();
    transfer::quoted_printable(&spaced)
}

/// The charset without the language that may follow it.
fn label(charset: &[u8]) -> &str {
    let bare = charset.split(|b| *b == b'*').next().unwrap_or_default();
    std::str::from_utf8(bare).unwrap_or_default()
}

/// The text of exactly one well-made word in UTF-8.
pub fn only(text: &[u8]) -> Option<String> {
    let word = word(text, Place::Addresses)
        .filter(|w| w.proper && w.after.is_empty() && w.charset.eq_ignore_ascii_case(b"utf-8"))?;
    let bytes = if word.encoding == b'B' {
        STANDARD.decode(word.payload).ok()?
    } else {
        let is_hex = |at: usize| word.payload.get(at).is_some_and(u8::is_ascii_hexdigit);
        let mut escapes = memchr::memchr_iter(b'=', word.payload);
        let good = escapes.all(|at| is_hex(at + 1) && is_hex(at + 2));
        Some(octets(b'Q', word.payload)).filter(|_| good)?
    };
    String::from_utf8(bytes).ok()
}

/// The value with its words so that the grammar reads them; `None` if it does already.
pub fn proper(value: &[u8], place: Place) -> Option<Vec<u8>> {
    // Looking for the byte first is several times as fast.
    if !value.contains(&b'?') || !value.windows(2).any(|w| w == b"=?") {
        return None;
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    let mut before = b' ';
    while let Some(byte) = rest.first().copied() {
        if place == Place::Addresses
            && byte == b'"'
            && let Some((content, after)) = quoted(rest)
            && let Some(inner) = in_quotes(content, after)
        {
            out.extend_from_slice(&inner);
            (rest, before) = (after, b'"');
            continue;
        }
        let may_begin =
            place == Place::Text || before.is_ascii_whitespace() || b"(,:;\"".contains(&before);
        if may_begin && let Some((written, after)) = run(rest, place) {
            let taken = rest.len() - after.len();
            match written {
                Some(written) => out.extend_from_slice(&written),
                None => out.extend_from_slice(rest.get(..taken).unwrap_or_default()),
            }
            (rest, before) = (after, b'=');
            continue;
        }
        out.push(byte);
        before = byte;
        rest = rest.get(1..).unwrap_or_default();
    }
    (out != value).then_some(out)
}

/// The words of one charset at the start of `rest` as a single one, `None` if it may stay as it
/// is; and what follows them.
#[allow(clippy::type_complexity)] // two answers, each used once
fn run(rest: &[u8], place: Place) -> Option<(Option<Vec<u8>>, &[u8])> {
    let first = word(rest, place)?;
    if place == Place::Addresses && !stands_alone(first.after) {
        return None;
    }
    // Pieces of one encoding are put together before they are decoded: a group of base64 may go
    // on in the next word.
    let mut groups: Vec<(u8, Vec<u8>)> = vec![(first.encoding, first.payload.to_vec())];
    let (mut words, mut after) = (1, first.after);
    let mut proper = first.proper;
    while let Some(next) = follower(after, place)
        && next.charset.eq_ignore_ascii_case(first.charset)
    {
        let whole = |payload: &[u8]| payload.len().is_multiple_of(4) || payload.ends_with(b"=");
        match groups.last_mut() {
            Some((b'B', payload)) if next.encoding == b'B' && !whole(payload) => {
                payload.extend_from_slice(next.payload);
            }
            _ => groups.push((next.encoding, next.payload.to_vec())),
        }
        (words, after, proper) = (words + 1, next.after, proper && next.proper);
    }
    let bytes: Vec<u8> = groups
        .iter()
        .flat_map(|(encoding, payload)| octets(*encoding, payload))
        .collect();
    let utf8 = first.charset.eq_ignore_ascii_case(b"utf-8") && std::str::from_utf8(&bytes).is_ok();
    if words == 1 && proper && utf8 {
        return Some((None, after));
    }
    let text = charset::decode(&bytes, Some(label(first.charset)));
    let mut out = b"=?utf-8?B?".to_vec();
    out.extend_from_slice(STANDARD.encode(&text).as_bytes());
    out.extend_from_slice(b"?=");
    // Text that follows at once would take the word's end away.
    if after.first().is_some_and(|b| !b.is_ascii_whitespace()) && place == Place::Text {
        let glued = word(after, place).is_some();
        if !glued {
            // The grammar wants a blank there and shows it; the text is put into the word instead.
            let end = after.iter().position(u8::is_ascii_whitespace);
            let (more, left) = after.split_at_checked(end.unwrap_or(after.len()))?;
            if !more.windows(2).any(|w| w == b"=?") {
                let joined = format!("{text}{}", String::from_utf8_lossy(more));
                let mut out = b"=?utf-8?B?".to_vec();
                out.extend_from_slice(STANDARD.encode(joined).as_bytes());
                out.extend_from_slice(b"?=");
                return Some((Some(out), left));
            }
        }
    }
    Some((Some(out), after))
}

/// Whether a word among addresses ends where it may.
fn stands_alone(after: &[u8]) -> bool {
    match after.first() {
        None => true,
        Some(b) => b.is_ascii_whitespace() || b"\"<,;)".contains(b) || after.starts_with(b"=?"),
    }
}

/// The word that goes on with the one before it.
fn follower(after: &[u8], place: Place) -> Option<Word<'_>> {
    let blank = after.first().is_some_and(u8::is_ascii_whitespace);
    if !blank && place == Place::Addresses {
        return None;
    }
    word(after.trim_ascii_start(), place)
}

/// The content of the quoted string that `text` begins with, and what follows it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let mut escaped = false;
    let end = inner.iter().take(LONGEST).position(|b| {
        let ends = *b == b'"' && !escaped;
        escaped = *b == b'\\' && !escaped;
        ends
    })?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

/// A name in quotes that has words in it, as one word without quotes. Only before the bracket of
/// an address: a local part may be quoted, too.
fn in_quotes(content: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let is_name = after.trim_ascii_start().starts_with(b"<");
    if !is_name || !content.windows(2).any(|w| w == b"=?") {
        return None;
    }
    let mut text = String::new();
    let mut rest = content;
    let mut found = false;
    let mut plain = Vec::new();
    while let Some(byte) = rest.first() {
        if let Some((written, after)) = run(rest, Place::Text) {
            let taken = rest.get(..rest.len() - after.len()).unwrap_or_default();
            let whole = written.unwrap_or_else(|| taken.to_vec());
            if let Some(decoded) = only(&whole) {
                if !(found && plain.iter().all(u8::is_ascii_whitespace)) {
                    text.push_str(&String::from_utf8_lossy(&plain));
                }
                plain.clear();
                text.push_str(&decoded);
                (rest, found) = (after, true);
                continue;
            }
        }
        plain.push(*byte);
        rest = rest.get(1..).unwrap_or_default();
    }
    text.push_str(&String::from_utf8_lossy(&plain));
    let text = text.replace("\\\"", "\"");
    let mut out = b"=?utf-8?B?".to_vec();
    out.extend_from_slice(STANDARD.encode(text).as_bytes());
    out.extend_from_slice(b"?=");
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_end_is_looked_for_again_and_again() {
        let many = "=?x?Q?a".repeat(3_000) + &"x".repeat(2 * LONGEST);
        assert_eq!(proper(many.as_bytes(), Place::Text), None);
        let cut = format!("=?utf-8?Q?Hello_{}", "x".repeat(LONGEST - 6));
        assert!(proper(cut.as_bytes(), Place::Text).is_some());
        assert_eq!(proper(format!("{cut}yy").as_bytes(), Place::Text), None);
    }
}
