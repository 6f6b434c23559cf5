//! Character sets that fit into seven bits and that encoding_rs leaves out, because on the web they
//! hide markup: ISO-2022-KR (RFC 1557), HZ (RFC 1843) and UTF-7 (RFC 2152). Here the text is cleaned
//! only after it was decoded, so that they hide nothing, and only labelled text is read so.

use super::transfer::sextet;
use encoding_rs::{EUC_KR, GBK};

/// ISO-2022-KR: between SO and SI stand letters of KS X 1001, which EUC-KR has with the high bit.
pub fn korean(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = match rest.strip_prefix(b"\x1b$)C") {
            Some(after) => after,
            None => {
                match *first {
                    0x0e => shifted = true,
                    0x0f => shifted = false,
                    // A line always begins unshifted.
                    b'\n' => {
                        shifted = false;
                        out.push(b'\n');
                    }
                    b @ 0x21..=0x7e if shifted => out.push(b | 0x80),
                    b => out.push(b),
                }
                after
            }
        };
    }
    EUC_KR.decode_without_bom_handling(&out).0.into_owned()
}

/// HZ: between `~{` and `~}` stand letters of GB 2312, which GBK has with the high bit.
pub fn hz(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        let next = bytes.peek().copied();
        match (b, next) {
            (b'~', Some(b'{')) if !shifted => shifted = true,
            (b'~', Some(b'}')) if shifted => shifted = false,
            (b'~', Some(b'~')) if !shifted => out.push(b'~'),
            (b'~', Some(b'\n')) if !shifted => {}
            (b'\n', _) => {
                shifted = false;
                out.push(b'\n');
                continue;
            }
            (b @ 0x21..=0x7d, _) if shifted => {
                out.push(b | 0x80);
                continue;
            }
            _ => {
                out.push(b);
                continue;
            }
        }
        bytes.next();
    }
    GBK.decode_without_bom_handling(&out).0.into_owned()
}

/// UTF-7: between `+` and the first character that is no base64 stand UTF-16 units; a `-` there
/// belongs to them and is gone, anything else stays.
pub fn utf7(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let plain = rest.iter().position(|b| *b == b'+').unwrap_or(rest.len());
        let (before, run) = rest.split_at(plain);
        out.push_str(&String::from_utf8_lossy(before));
        let inside = run.get(1..).unwrap_or_default();
        let count = inside.iter().take_while(|b| sextet(**b).is_some()).count();
        let (digits, after) = inside.split_at(count);
        rest = after.strip_prefix(b"-").unwrap_or(after);
        if digits.is_empty() {
            // `+-` is a plus sign, and so is one that begins nothing.
            out.push_str(if run.is_empty() { "" } else { "+" });
            continue;
        }
        let (mut bits, mut have) = (0u32, 0u32);
        let mut units: Vec<u16> = Vec::with_capacity(digits.len() / 2);
        for six in digits.iter().filter_map(|b| sextet(*b)) {
            (bits, have) = (bits << 6 | six, have + 6);
            if have >= 16 {
                have -= 16;
                units.extend(u16::try_from(bits >> have & 0xffff));
                bits &= (1 << have) - 1;
            }
        }
        out.push_str(&String::from_utf16_lossy(&units));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_ends_at_whatever_is_no_base64() {
        for (octets, want) in [
            ("caf+AOk. Oui", "café. Oui"),
            ("caf+AOk", "café"),
            ("caf+AOk-", "café"),
            ("+AOkA6A- +AOk--x", "éè é-x"),
            ("+2D3eAA! +ZeVnLIqe", "😀! 日本語"),
            ("1 + 1 +- 1 +", "1 + 1 + 1 +"),
            ("a+ACs-b", "a+b"),
        ] {
            assert_eq!(utf7(octets.as_bytes()), want, "{octets}");
        }
    }

    #[test]
    fn what_is_cut_off_is_read_as_far_as_it_goes() {
        assert_eq!(hz(b"~{Dc\nab~"), "你\nab~");
        assert_eq!(korean(b"\x1b$)C\x0e>H\nab"), "안\nab");
        // An escape in the shifted text is no escape.
        assert!(!korean(b"\x0e\x1b[2J").contains("안"));
    }

    proptest! {
        #[test]
        fn ascii_stays(text in "[ -}\n]{0,60}") {
            prop_assert_eq!(korean(text.as_bytes()), text.clone());
            prop_assert_eq!(hz(text.as_bytes()), text);
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = (korean(&bytes), hz(&bytes), utf7(&bytes));
        }
    }
}
