//! Content-Transfer-Encoding (RFC 2045 §6) and percent-encoding (RFC 3986 §2.1), read leniently.
//!
//! A damaged part shows what can be read of it: base64 skips what is no base64, quoted-printable
//! keeps a `=` that begins nothing, percent-encoding a `%`. Writing is mail-builder's business; only the quoted-printable
//! of messages that came ready-made is done here.

use std::borrow::Cow;

/// How a part's body is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// 7bit, 8bit, binary, or something nobody knows.
    #[default]
    Identity,
    /// base64
    Base64,
    /// quoted-printable
    QuotedPrintable,
    /// x-uuencode: older than MIME, and never a standard.
    Uuencode,
}

impl Encoding {
    /// From the field's value, e.g. `BASE64 `, whatever is said behind the word.
    pub fn from_value(value: &str) -> Encoding {
        let value = value.trim().trim_start_matches('"').to_ascii_lowercase();
        let ends = |c: char| c.is_whitespace() || matches!(c, ';' | '(' | '"' | ',');
        let word = value.split(ends).next().unwrap_or_default();
        match word {
            "base64" => Encoding::Base64,
            "quoted-printable" => Encoding::QuotedPrintable,
            "quoted" if value.starts_with("quoted printable") => Encoding::QuotedPrintable,
            "x-uuencode" | "uuencode" | "x-uue" => Encoding::Uuencode,
            _ => Encoding::Identity,
        }
    }
}

/// The decoded body.
pub fn decode(encoding: Encoding, body: &[u8]) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Identity => Cow::Borrowed(body),
        Encoding::Base64 => Cow::Owned(base64(body)),
        Encoding::QuotedPrintable => Cow::Owned(quoted_printable(body)),
        Encoding::Uuencode => match uuencoded(body) {
            Some(octets) => Cow::Owned(octets),
            None => Cow::Borrowed(body),
        },
    }
}

/// Octets that [`decode`] gives (nearly, for damaged base64), without decoding base64 or uuencode.
pub fn decoded_len(encoding: Encoding, body: &[u8]) -> usize {
    match encoding {
        Encoding::Identity => body.len(),
        Encoding::Base64 => body.iter().filter(|b| lenient(**b).is_some()).count() * 3 / 4,
        Encoding::QuotedPrintable => quoted_printable(body).len(),
        Encoding::Uuencode => match uu_lines(body) {
            Some(lines) => lines.map(|(n, _)| n).sum::<usize>().min(body.len()),
            None => body.len(),
        },
    }
}

/// The lines between `begin 644 name` and `end` (POSIX, uuencode): how many octets each says with its
/// first letter that it holds, at most 63, and its digits. `None` if it does not begin.
fn uu_lines(body: &[u8]) -> Option<impl Iterator<Item = (usize, &[u8])>> {
    let mut lines = body.split(|b| *b == b'\n');
    lines.find(|line| line.starts_with(b"begin "))?;
    let lines = lines.map(<[u8]>::trim_ascii_end);
    let lines = lines.take_while(|line| line != b"end");
    Some(lines.filter_map(|line| {
        let (count, digits) = line.split_first()?;
        Some((usize::from(uu_digit(*count)), digits))
    }))
}

fn uu_digit(b: u8) -> u8 {
    b.wrapping_sub(b' ') & 0x3f
}

/// What such lines hold. Blanks at a line's end may have been lost on its way; but as who lies of
/// them could make much of nothing, there is never more than the body itself has octets.
fn uuencoded(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    for (count, digits) in uu_lines(body)? {
        let whole = out.len().saturating_add(count).min(body.len());
        for group in digits.chunks(4).take(count.div_ceil(3)) {
            let digit = |n: usize| group.get(n).map_or(0, |b| u32::from(uu_digit(*b)));
            let group = digit(0) << 18 | digit(1) << 12 | digit(2) << 6 | digit(3);
            let [_, a, b, c] = group.to_be_bytes();
            out.extend_from_slice(&[a, b, c]);
        }
        out.resize(whole, 0);
    }
    Some(out)
}

/// What a digit of base64 is worth (RFC 4648 §4).
pub(super) fn sextet(b: u8) -> Option<u32> {
    let n = match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(n))
}

/// The same in the alphabets of mail and of addresses (RFC 4648 §5), which some take for mail.
fn lenient(b: u8) -> Option<u32> {
    match b {
        b'-' => Some(62),
        b'_' => Some(63),
        b => sextet(b),
    }
}

/// Base64 with everything foreign skipped; padding ends a group wherever it stands, so that
/// encodings put one behind the other are read on.
pub fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let mut group = 0u32;
    let mut have = 0u8;
    let flush = |group: u32, have: u8, out: &mut Vec<u8>| {
        // Two or three digits hold one or two octets; a single one holds none.
        let [_, a, b, _] = (group << (6 * u32::from(4 - have.min(4)))).to_be_bytes();
        if have >= 2 {
            out.push(a);
        }
        if have >= 3 {
            out.push(b);
        }
    };
    for byte in body {
        if let Some(n) = lenient(*byte) {
            group = group << 6 | n;
            have += 1;
            if have == 4 {
                let [_, a, b, c] = group.to_be_bytes();
                out.extend_from_slice(&[a, b, c]);
                (group, have) = (0, 0);
            }
        } else if *byte == b'=' && have > 0 {
            flush(group, have, &mut out);
            (group, have) = (0, 0);
        }
    }
    flush(group, have, &mut out);
    out
}

fn hex(b: u8) -> Option<u8> {
    char::from(b)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

/// Quoted-printable; a `=` before neither two hex digits nor a line end stays as it is, and
/// padding at a line's end is dropped (RFC 2045 §6.7 rule 3).
pub fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'=' => {
                if let [a, b, more @ ..] = tail
                    && let (Some(high), Some(low)) = (hex(*a), hex(*b))
                {
                    out.push(high << 4 | low);
                    rest = more;
                } else if let Some(more) = after_soft_break(tail) {
                    rest = more;
                } else {
                    out.push(b'=');
                }
            }
            b' ' | b'\t' => {
                let run = tail
                    .iter()
                    .take_while(|b| matches!(b, b' ' | b'\t'))
                    .count();
                let more = tail.get(run..).unwrap_or_default();
                if !matches!(more, [b'\n', ..] | [b'\r', b'\n', ..]) {
                    out.push(*byte);
                    out.extend_from_slice(tail.get(..run).unwrap_or_default());
                }
                rest = more;
            }
            _ => out.push(*byte),
        }
    }
    out
}

/// Percent-encoding undone; a `%` before anything but two hex digits stays as it is.
pub fn percent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if let (b'%', [a, b, more @ ..]) = (byte, tail)
            && let (Some(high), Some(low)) = (hex(*a), hex(*b))
        {
            out.push(high << 4 | low);
            rest = more;
        } else {
            out.push(*byte);
        }
    }
    out
}

/// What follows a soft line break whose `=` is already read.
fn after_soft_break(tail: &[u8]) -> Option<&[u8]> {
    let blanks = tail
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    match tail.get(blanks..)? {
        [b'\r', b'\n', more @ ..] | [b'\n', more @ ..] => Some(more),
        [] => Some(&[]),
        _ => None,
    }
}

/// Text with CRLF line ends as quoted-printable, lines of at most 76 octets.
pub fn to_quoted_printable(text: &[u8]) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| HEX.get(usize::from(n & 15)).copied().unwrap_or(b'0');
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    let mut column = 0;
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == b'\r' && tail.first() == Some(&b'\n') {
            out.extend_from_slice(b"\r\n");
            rest = tail.get(1..).unwrap_or_default();
            column = 0;
            continue;
        }
        let ends_line = tail.is_empty() || tail.starts_with(b"\r\n");
        let literal = matches!(byte, b'!'..=b'<' | b'>'..=b'~')
            || (matches!(byte, b' ' | b'\t') && !ends_line);
        let need = if literal { 1 } else { 3 };
        if column + need > 75 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if literal {
            out.push(*byte);
        } else {
            out.extend_from_slice(&[b'=', digit(byte >> 4), digit(*byte)]);
        }
        column += need;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_bad_octet_costs_nothing_else() {
        assert_eq!(base64(b"aGVs!bG8="), b"hello");
        assert_eq!(base64(b"aGVsbG8=\r\naGVsbG8="), b"hellohello");
        assert_eq!(base64(b"aGVsbG8"), b"hello");
        assert_eq!(base64(b"="), b"");
    }

    #[test]
    fn encodings_are_known_in_many_spellings() {
        for (value, want) in [
            (" BASE64 ", Encoding::Base64),
            ("base64;", Encoding::Base64),
            ("\"base64\" (why)", Encoding::Base64),
            ("quoted-printable (rfc)", Encoding::QuotedPrintable),
            ("Quoted Printable", Encoding::QuotedPrintable),
            ("X-UUENCODE", Encoding::Uuencode),
            ("8bit", Encoding::Identity),
            ("base64url", Encoding::Identity),
        ] {
            assert_eq!(Encoding::from_value(value), want, "{value}");
        }
    }

    #[test]
    fn what_was_uuencoded_is_read() {
        let body = b"begin 644 a.txt\r\n%:&5L;&\\\r\n#(\"$A\r\n`\r\nend\r\nmore\n";
        assert_eq!(&*decode(Encoding::Uuencode, body), b"hello !!");
        assert_eq!(decoded_len(Encoding::Uuencode, body), 8);
        assert_eq!(&*decode(Encoding::Uuencode, b"plain\n"), b"plain\n");
        // Two lines whose blanks were lost on the way.
        let zeros = b"begin 644 a\n#\n#\n`\nend\n";
        assert_eq!(&*decode(Encoding::Uuencode, zeros), &[0; 6]);
    }

    #[test]
    fn s40_lines_that_lie_of_their_length_make_nothing_much() {
        let bomb = [&b"begin 644 a\n"[..], &b"_\n".repeat(10_000)].concat();
        let octets = decode(Encoding::Uuencode, &bomb);
        assert_eq!(octets.len(), bomb.len());
        assert_eq!(decoded_len(Encoding::Uuencode, &bomb), bomb.len());
    }

    #[test]
    fn a_stray_equals_sign_stays() {
        assert_eq!(quoted_printable(b"a==3Db =XY"), b"a==b =XY");
        assert_eq!(quoted_printable(b"soft= \r\nbreak=\nend="), b"softbreakend");
        assert_eq!(quoted_printable(b"x  \r\ny =c3=A9"), "x\r\ny é".as_bytes());
    }

    #[test]
    fn only_two_hex_digits_stand_for_an_octet() {
        assert_eq!(percent(b"a%20b%C3%a9%"), "a b\u{e9}%".as_bytes());
        assert_eq!(percent(b"100%+f %zz%4"), b"100%+f %zz%4");
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(text in "(\\PC|\r\n|\t| ){0,200}") {
            let written = to_quoted_printable(text.as_bytes());
            prop_assert!(written.split(|b| *b == b'\n').all(|l| l.len() <= 77));
            prop_assert_eq!(quoted_printable(&written), text.as_bytes());
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            base64(&bytes);
            let body = [b"begin \n", &*bytes].concat();
            let octets = decode(Encoding::Uuencode, &body);
            prop_assert!(octets.len() <= body.len());
            prop_assert_eq!(octets.len(), decoded_len(Encoding::Uuencode, &body));
            quoted_printable(&bytes);
            percent(&bytes);
        }
    }
}
