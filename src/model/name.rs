//! Mailbox names between the wire and the eye: modified UTF-7 (RFC 3501 §5.1.3), UTF-8 (RFC 6855)
//! and whatever else servers send.
//!
//! Decoding is total: what is not valid stays visible as it came. Only the bytes of
//! [`MailboxName`] ever go back to the server, so two names that look alike stay two names.

use crate::model::MailboxName;
use base64::Engine as _;
use base64::alphabet::Alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::sync::LazyLock;

/// Longest name, in bytes, that a path is made of; the rest is cut from what is shown.
const SHOWN: usize = 4096;

/// Base64 with `,` for `/` and without padding (RFC 3501 §5.1.3). `None` never happens: the
/// alphabet is a constant with 64 different letters.
static BASE64: LazyLock<Option<GeneralPurpose>> = LazyLock::new(|| {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let alphabet = Alphabet::new(letters).ok()?;
    Some(GeneralPurpose::new(&alphabet, config))
});

/// Text for a name from the wire. `&…-` runs that decode are decoded; invalid ones stay as they
/// came; bytes that are not UTF-8 are shown as `\xNN`.
pub fn decode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&b| b == b'&') {
        let (plain, tail) = rest.split_at(at);
        push_visible(&mut out, plain);
        let run = tail.get(1..).unwrap_or_default();
        let shifted = run
            .iter()
            .position(|&b| b == b'-')
            .and_then(|end| Some((decode_run(run.get(..end)?)?, run.get(end + 1..)?)));
        match shifted {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('&');
                rest = run;
            }
        }
    }
    push_visible(&mut out, rest);
    out
}

/// Modified UTF-7 for `text`: printable ASCII stays, `&` becomes `&-`, the rest is shifted.
pub fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut run: Vec<u8> = Vec::new();
    let flush = |run: &mut Vec<u8>, out: &mut Vec<u8>| {
        if let (false, Some(base64)) = (run.is_empty(), BASE64.as_ref()) {
            out.push(b'&');
            out.extend_from_slice(base64.encode(&run).as_bytes());
            out.push(b'-');
            run.clear();
        }
    };
    for c in text.chars() {
        if let ' '..='~' = c {
            flush(&mut run, &mut out);
            out.push(c as u8);
            if c == '&' {
                out.push(b'-');
            }
        } else {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                run.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    flush(&mut run, &mut out);
    out
}

/// A name from the wire in modified UTF-7, which is what [`MailboxName`] holds whatever a session
/// speaks. `utf8`: the server sends UTF-8. What is not UTF-8 stays as it came.
pub fn from_wire(bytes: Vec<u8>, utf8: bool) -> Vec<u8> {
    match std::str::from_utf8(&bytes) {
        Ok(text) if utf8 => encode(text),
        _ => bytes,
    }
}

/// The inverse: a name as a server takes it that speaks UTF-8. A name that [`from_wire`] would not
/// have made goes as it is.
pub fn to_utf8(name: &MailboxName) -> Vec<u8> {
    let bytes = name.as_bytes();
    let text = bytes.is_ascii().then(|| decode(bytes));
    match text.filter(|text| encode(text) == bytes) {
        Some(text) => text.into_bytes(),
        None => bytes.to_vec(),
    }
}

/// A mailbox's place in the tree as text: its levels decoded and joined by `/`, whatever the
/// server's delimiter is. A `/` inside a level becomes `∕` (U+2215), so that levels stay levels.
pub fn path(name: &MailboxName, delimiter: Option<u8>) -> String {
    let bytes = name.as_bytes();
    let bytes = bytes.get(..SHOWN).unwrap_or(bytes);
    let Some(delimiter) = delimiter else {
        return decode(bytes).replace('/', "\u{2215}");
    };
    let levels = bytes
        .split(|&b| b == delimiter)
        .map(|level| decode(level).replace('/', "\u{2215}"));
    levels.collect::<Vec<_>>().join("/")
}

fn decode_run(run: &[u8]) -> Option<String> {
    if run.is_empty() {
        return Some("&".to_owned());
    }
    let bytes = BASE64.as_ref()?.decode(run).ok()?;
    if bytes.len() % 2 != 0 {
        return None;
    }
    let units = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()
}

fn push_visible(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_rfc_3501() {
        assert_eq!(
            decode(b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            "~peter/mail/台北/日本語"
        );
        assert_eq!(encode("台北"), b"&U,BTFw-");
        assert_eq!(encode("Tom & Jerry"), b"Tom &- Jerry");
        assert_eq!(decode(b"Tom &- Jerry"), "Tom & Jerry");
        assert_eq!(encode("Entwürfe"), b"Entw&APw-rfe");
        assert_eq!(decode(&encode("📬")), "📬");
    }

    #[test]
    fn invalid_runs_stay_visible() {
        for bad in ["&bad", "&", "a&!!-b", "&AA-", "&2D0-", "&AAA"] {
            assert_eq!(decode(bad.as_bytes()), bad, "{bad}");
        }
        assert_eq!(decode("café".as_bytes()), "café");
        assert_eq!(decode(b"caf\xe9"), "caf\\xE9");
    }

    #[test]
    fn levels_are_split_before_they_are_decoded() {
        let name = MailboxName::new("INBOX.a/b.&BBA-");
        assert_eq!(path(&name, Some(b'.')), "INBOX/a\u{2215}b/А");
        assert_eq!(path(&name, None), "INBOX.a\u{2215}b.А");
    }

    #[test]
    fn names_in_utf8_mean_the_same() {
        for (wire, kept) in [
            ("Entwürfe".as_bytes(), &b"Entw&APw-rfe"[..]),
            (b"a&b", b"a&-b"),
            (b"&AOQ-", b"&-AOQ-"),
            (b"caf\xe9", b"caf\xe9"),
            (b"plain", b"plain"),
        ] {
            let name = MailboxName::new(from_wire(wire.to_vec(), true));
            assert_eq!(name.as_bytes(), kept);
            assert_eq!(to_utf8(&name), wire);
            assert_eq!(from_wire(wire.to_vec(), false), wire);
        }
        // Nobody sends this form; it goes back as it is.
        let odd = MailboxName::new("&AOQ-&APY-");
        assert_eq!(to_utf8(&odd), b"&AOQ-&APY-");
    }

    proptest! {
        #[test]
        fn decoding_takes_encoding_back(text in "\\PC{0,40}|[&\\-,a-z\u{0}-\u{20}é😀]{0,40}") {
            let wire = encode(&text);
            prop_assert!(wire.iter().all(|b| (b' '..=b'~').contains(b)));
            prop_assert_eq!(decode(&wire), text);
        }

        #[test]
        fn every_name_in_utf8_comes_back(wire in prop::collection::vec(any::<u8>(), 0..40)) {
            let name = MailboxName::new(from_wire(wire.clone(), true));
            prop_assume!(name.as_bytes() != b"INBOX");
            prop_assert_eq!(to_utf8(&name), wire);
        }

        #[test]
        fn decoding_is_total(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = path(&MailboxName::new(bytes), Some(b'/'));
        }
    }
}
