//! Names and strings as the wire has them: modified UTF-7 (RFC 3501 §5.1.3), quoted strings and
//! literals (§4.3), sets of numbers.
//!
//! Mailboxes are kept under their names in modified UTF-7; a session that speaks UTF-8 (RFC 6855)
//! gets and gives them decoded.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// Text for a name in modified UTF-7; a run that can't be read stays as it is.
pub fn decoded(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((plain, shifted)) = rest.split_once('&') {
        out.push_str(plain);
        let read = shifted.split_once('-').and_then(|(run, after)| {
            if run.is_empty() {
                return Some(("&".to_owned(), after));
            }
            let bytes = BASE64.decode(run).ok()?;
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .map(|c| c.iter().fold(0, |n, b| n << 8 | u16::from(*b)))
                .collect();
            Some((String::from_utf16(&units).ok()?, after))
        });
        match read {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('&');
                rest = shifted;
            }
        }
    }
    out + rest
}

/// The name in modified UTF-7 for text.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    let mut run: Vec<u8> = Vec::new();
    let flush = |run: &mut Vec<u8>, out: &mut String| {
        if !run.is_empty() {
            out.push('&');
            out.push_str(&BASE64.encode(&*run));
            out.push('-');
            run.clear();
        }
    };
    for c in text.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut run, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                run.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    flush(&mut run, &mut out);
    out
}

/// A mailbox name as a response has it: an atom, or a quoted string, in UTF-8 if the session
/// speaks it.
pub fn mailbox(name: &str, utf8: bool) -> String {
    let text = if utf8 { decoded(name) } else { name.to_owned() };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./&+,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) && !text.eq_ignore_ascii_case("NIL") {
        return text;
    }
    quoted(&text)
}

/// A quoted string; what can't be in one is left out.
pub fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A string: quoted if it is plain, else a literal.
pub fn string(text: &str) -> Vec<u8> {
    let plain = |b: u8| (0x20..0x7f).contains(&b);
    if text.bytes().all(plain) {
        return quoted(text).into_bytes();
    }
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    format!("{{{}}}\r\n{text}", text.len()).into_bytes()
}

/// Numbers as a set, in their order; neighbours that ascend become ranges. Empty for none.
pub fn set(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for n in numbers {
        match ranges.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(*n) => *end = *n,
            _ => ranges.push((*n, *n)),
        }
    }
    let spelt = ranges.iter().map(|(a, b)| match a == b {
        true => a.to_string(),
        false => format!("{a}:{b}"),
    });
    spelt.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_spelt() {
        assert_eq!(encoded("Entwürfe & Co"), "Entw&APw-rfe &- Co");
        assert_eq!(decoded("&U,BTFw-/x"), "台北/x");
        assert_eq!(decoded("a&b&&-"), "a&b&&-".replace("&&-", "&&"));
        assert_eq!(mailbox("INBOX", false), "INBOX");
        assert_eq!(mailbox("[Gmail]/All Mail", false), "\"[Gmail]/All Mail\"");
        assert_eq!(mailbox("Entw&APw-rfe", true), "\"Entwürfe\"");
        assert_eq!(mailbox("a\"b", false), "\"a\\\"b\"");
        assert_eq!(mailbox("", false), "\"\"");
        assert_eq!(string("ü"), b"{2}\r\n\xc3\xbc");
    }

    #[test]
    fn neighbours_become_ranges() {
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[]), "");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC{0,20}") {
            prop_assert_eq!(decoded(&encoded(&text)), text);
        }
    }
}
