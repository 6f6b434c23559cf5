//! Character sets that fit into seven bits and that encoding_rs leaves out, because on the web they
//! hide markup: ISO-2022-KR (RFC 1557), HZ (RFC 1843), and what mail-parser's UTF-7 (RFC 2152)
//! reads otherwise. Here the text is cleaned only after it was decoded, so that they hide nothing,
//! and only labelled text is read so.

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

/// UTF-7 in which `+-`, which means a plus sign, is spelt as any other letter.
pub fn plus(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut inside = false;
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        if !inside && b == b'+' && bytes.peek() == Some(&b'-') {
            out.extend_from_slice(b"+ACs");
            continue;
        }
        let letter = b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        inside = if inside { letter } else { b == b'+' };
        out.push(b);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plus_signs_are_spelt_out_where_they_stand_alone() {
        assert_eq!(plus(b"a+-b"), b"a+ACs-b");
        assert_eq!(plus(b"+AB+-x"), b"+AB+-x");
        assert_eq!(plus(b"+"), b"+");
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
            let _ = (korean(&bytes), hz(&bytes), plus(&bytes));
        }
    }
}
