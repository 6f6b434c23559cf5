//! Octets to text: declared character sets, and a guess where none was declared or it lied.
//!
//! UTF-8 that is valid is believed whatever the label says of ASCII or nothing. Labels go through
//! encoding_rs (the WHATWG's names), then through mail-parser's decoders (UTF-7 and other rare
//! ones, and only when labelled so). What is left is guessed (RFC 7103 §7): ISO-2022-JP by its
//! escapes, Chinese by its pairs, Russian by which half of the table its letters lie in, else
//! windows-1252. Never panics, never gives raw octets.

use encoding_rs::{Encoding, GB18030, ISO_2022_JP, KOI8_R, UTF_8, WINDOWS_1251, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// The text of `bytes`, with the charset that was declared for them.
pub fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.unwrap_or_default().trim().trim_matches(['"', '\'']);
    let ascii = label.is_empty()
        || label.eq_ignore_ascii_case("us-ascii")
        || label.eq_ignore_ascii_case("ascii");
    if ascii {
        return guess(bytes);
    }
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => utf8_or_guess(bytes),
        // A label that is plainly a lie loses to valid UTF-8 with characters beyond ASCII.
        Some(encoding) if encoding == WINDOWS_1252 && is_multibyte_utf8(bytes) => lossy(bytes),
        Some(encoding) => encoding.decode(bytes).0.into_owned(),
        None => match charset_decoder(label.as_bytes()) {
            Some(decoder) if bytes.len() < 8 << 20 => decoder(bytes),
            _ => guess(bytes),
        },
    }
}

/// The text of `bytes` of which nothing is known.
pub fn guess(bytes: &[u8]) -> String {
    if looks_like_iso_2022_jp(bytes) {
        let (text, _, bad) = ISO_2022_JP.decode(bytes);
        if !bad {
            return text.into_owned();
        }
    }
    if std::str::from_utf8(bytes).is_ok() {
        return lossy(bytes);
    }
    eight_bit(bytes).decode(bytes).0.into_owned()
}

/// What an HTML page says of itself in its first kilobyte (`<meta charset=…>`).
pub fn declared_in_html(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(1024))?.to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c))
        .collect();
    (!label.is_empty()).then_some(label)
}

fn lossy(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// Labelled UTF-8: a few damaged octets stay damaged, text that has no good sequence at all is
/// something else.
fn utf8_or_guess(bytes: &[u8]) -> String {
    if std::str::from_utf8(bytes).is_ok() || has_good_sequence(bytes) {
        lossy(bytes)
    } else {
        guess(bytes)
    }
}

fn has_good_sequence(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

fn is_multibyte_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.is_ascii())
}

fn looks_like_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes
        .windows(3)
        .any(|w| matches!(w, [0x1b, b'$', b'B' | b'@'] | [0x1b, b'(', b'J' | b'I']))
}

/// Which of the eight-bit sets in use it most likely is.
fn eight_bit(bytes: &[u8]) -> &'static Encoding {
    let sample = bytes.get(..bytes.len().min(16 << 10)).unwrap_or(bytes);
    let high = sample.iter().filter(|b| **b >= 0x80).count();
    let letters = sample.iter().filter(|b| b.is_ascii_alphabetic()).count();
    // Western text has a few accents among many plain letters.
    if high < 4 || high * 2 < letters {
        return WINDOWS_1252;
    }
    let mut runs = 0usize;
    let mut even_runs = 0usize;
    for run in sample.split(|b| *b < 0x80).filter(|run| !run.is_empty()) {
        runs += 1;
        let pairs = run
            .chunks(2)
            .all(|p| matches!(p, [0xa1..=0xf7, 0xa1..=0xfe]));
        even_runs += usize::from(pairs);
    }
    // The sample's end may cut a pair.
    if runs > 0 && even_runs * 20 >= runs * 19 || (runs == 1 && even_runs == 1) {
        return GB18030;
    }
    let count =
        |range: std::ops::RangeInclusive<u8>| sample.iter().filter(|b| range.contains(b)).count();
    // Most letters are small: those lie in 0xC0..=0xDF in KOI8-R, in 0xE0..=0xFF in windows-1251.
    let (lower_koi, lower_win) = (count(0xc0..=0xdf), count(0xe0..=0xff));
    if (lower_koi + lower_win) * 10 < high * 7 {
        WINDOWS_1252
    } else if lower_koi > lower_win {
        KOI8_R
    } else {
        WINDOWS_1251
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn declared_sets_are_believed() {
        assert_eq!(decode(b"\xc4\xe3\xba\xc3", Some("GB18030")), "你好");
        assert_eq!(decode(b"\xf0\xd2\xc9", Some("koi8-r")), "При");
        assert_eq!(decode(b"\x1b$B$3\x1b(B", Some("iso-2022-jp")), "こ");
        assert_eq!(decode(b"caf+AOk-", Some("utf-7")), "café");
        assert_eq!(decode(b"caf+AOk-", None), "caf+AOk-");
    }

    #[test]
    fn undeclared_sets_are_guessed() {
        assert_eq!(
            decode(b"na\xefve caf\xe9 \x93x\x94", None),
            "naïve café “x”"
        );
        assert_eq!(decode(b"caf\xe9", Some("utf-8")), "café");
        assert_eq!(decode("é".as_bytes(), Some("iso-8859-1")), "é");
        assert_eq!(decode("привет".as_bytes(), Some("x-unknown")), "привет");
        let (koi, ..) = KOI8_R.encode("Добрый день, как дела?");
        assert_eq!(decode(&koi, None), "Добрый день, как дела?");
        let (win, ..) = WINDOWS_1251.encode("Добрый день, как дела?");
        assert_eq!(decode(&win, Some("us-ascii")), "Добрый день, как дела?");
        let (gb, ..) = GB18030.encode("你好,明天的会议改到三点");
        assert_eq!(decode(&gb, None), "你好,明天的会议改到三点");
    }

    #[test]
    fn a_page_may_name_its_own() {
        let page = b"<html><meta http-equiv=x content=\"text/html; charset=KOI8-R\">";
        assert_eq!(declared_in_html(page).as_deref(), Some("koi8-r"));
        assert_eq!(declared_in_html(b"<p>"), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), label in "[a-z0-9-]{0,12}") {
            decode(&bytes, Some(&label));
            decode(&bytes, None);
        }
    }
}
