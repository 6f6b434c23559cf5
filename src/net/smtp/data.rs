//! The message as DATA carries it (RFC 5321 §4.5.2): every line end CRLF, every leading dot
//! doubled. A bare CR or LF on the wire would let a body pass for commands on some servers.
//!
//! Measured first, then written piece by piece: a large message is never copied whole.

use crate::net::error::NetError;

/// Octets that one line may have without its end (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;
/// Octets of one of [`Pieces`], about.
const PIECE: usize = 64 << 10;

/// The message's size in octets as SIZE means it: with CRLF line ends, without doubled dots
/// (RFC 1870 §4).
///
/// # Errors
/// [`NetError::Unsendable`] for a NUL or a line over 998 octets.
pub fn measure(message: &[u8]) -> Result<u64, NetError> {
    let mut octets = 0;
    for line in (Lines { rest: message }) {
        if line.len() > LONGEST_LINE {
            return Err(NetError::Unsendable(format!(
                "a line of the message has {} octets; at most 998 can be sent",
                line.len()
            )));
        }
        if line.contains(&0) {
            return Err(NetError::Unsendable(
                "the message holds a NUL character, which can't be sent".to_owned(),
            ));
        }
        octets += line.len() as u64 + 2;
    }
    Ok(octets)
}

/// The message's header with whatever line ends it has, up to the empty line.
pub(super) fn head(message: &[u8]) -> &[u8] {
    let mut lines = Lines { rest: message };
    let end = loop {
        let before = lines.rest.len();
        match lines.next() {
            None | Some([]) => break message.len() - before,
            Some(_) => {}
        }
    };
    message.get(..end).unwrap_or_default()
}

/// What DATA sends before the final dot, in pieces; the last ends with CRLF.
pub fn stuffed(message: &[u8]) -> Pieces<'_> {
    Pieces {
        lines: Lines { rest: message },
        stuff: true,
        end: b"\r\n",
    }
}

/// What a program of this machine gets, in pieces: LF at the end of each line, and dots are dots.
pub fn plain(message: &[u8]) -> Pieces<'_> {
    Pieces {
        lines: Lines { rest: message },
        stuff: false,
        end: b"\n",
    }
}

/// The pieces of a message; see [`stuffed`] and [`plain`].
#[derive(Debug)]
pub struct Pieces<'m> {
    lines: Lines<'m>,
    stuff: bool,
    end: &'static [u8],
}

impl Iterator for Pieces<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE + LONGEST_LINE + 3);
        while piece.len() < PIECE {
            let Some(line) = self.lines.next() else { break };
            if self.stuff && line.starts_with(b".") {
                piece.push(b'.');
            }
            piece.extend_from_slice(line);
            piece.extend_from_slice(self.end);
        }
        (!piece.is_empty()).then_some(piece)
    }
}

/// Lines without their ends. CRLF ends one, and so does a lone CR or LF.
#[derive(Debug)]
struct Lines<'m> {
    rest: &'m [u8],
}

impl<'m> Iterator for Lines<'m> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\r', b'\n', self.rest);
        let (line, tail) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = tail
            .strip_prefix(b"\r\n")
            .or_else(|| tail.get(1..))
            .unwrap_or_default();
        Some(line)
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    fn whole(message: &[u8]) -> Vec<u8> {
        stuffed(message).collect::<Vec<_>>().concat()
    }

    fn normal(message: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(message)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let mut out = text.replace('\n', "\r\n");
        if !out.is_empty() && !out.ends_with("\r\n") {
            out.push_str("\r\n");
        }
        out.into_bytes()
    }

    #[test]
    fn s29_smuggling_is_not_possible() {
        for body in [
            "a\n.\nMAIL FROM:<x>",
            "a\r.\rb",
            "a\n.\r\nb",
            "\r\n.\rb",
            ".",
        ] {
            let sent = whole(body.as_bytes());
            assert!(!sent.windows(5).any(|w| w == b"\r\n.\r\n"), "{body:?}");
            assert!(!sent.starts_with(b".\r\n"));
        }
        assert!(measure(&[b'a'; 999]).is_err());
        assert!(measure(&[b'a'; 998]).is_ok());
        assert!(measure(b"a\0b").is_err());
    }

    #[test]
    fn f50_a_large_message_goes_in_small_pieces() {
        let message = b".0123456789\n".repeat(100_000);
        let mut octets = 0;
        for piece in stuffed(&message) {
            assert!(piece.len() < PIECE + LONGEST_LINE + 3);
            assert!(piece.ends_with(b"\r\n"));
            octets += piece.len() as u64;
        }
        assert_eq!(octets, measure(&message).unwrap() + 100_000);
    }

    proptest! {
        #[test]
        fn unstuffing_gives_the_normal_message(message in "[a.\r\n]{0,60}") {
            let sent = whole(message.as_bytes());
            let mut back = Vec::new();
            for line in sent.split_inclusive(|b| *b == b'\n') {
                prop_assert!(line.ends_with(b"\r\n"));
                prop_assert_ne!(line, b".\r\n");
                back.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            prop_assert_eq!(measure(message.as_bytes()).unwrap(), back.len() as u64);
            prop_assert_eq!(back, normal(message.as_bytes()));
        }
    }
}
