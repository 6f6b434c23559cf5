//! The message as DATA carries it (RFC 5321 §4.5.2): every line end CRLF, every leading dot
//! doubled. A bare CR or LF on the wire would let a body pass for commands on some servers.
//!
//! Measured first, in one pass; what then needs no change (what we build never does, but for a dot
//! here and there) goes out as it lies in memory, in large slices. The rest is written piece by
//! piece: a large message is never copied whole.

use crate::lang::{kept, tr};
use crate::net::error::NetError;
use memchr::memmem;
use std::borrow::Cow;

/// Octets that one line may have without its end (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;
/// Octets of a piece that is made, about.
const PIECE: usize = 64 << 10;
/// Octets of a slice that goes as it is: progress is told after each.
const SLICE: usize = 1 << 20;

/// What the first look at a message tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The message's size as SIZE means it: with CRLF line ends, without doubled dots (RFC 1870 §4).
    pub octets: u64,
    /// Whether every line ends with CRLF already.
    pub canonical: bool,
}

/// Looks at a message before it is sent.
///
/// # Errors
/// [`NetError::Unsendable`] for a NUL or a line over 998 octets.
pub fn measure(message: &[u8]) -> Result<Measured, NetError> {
    if memchr::memchr(0, message).is_some() {
        return Err(NetError::Unsendable(kept(|| {
            tr!("the message holds a NUL character, which can't be sent").to_owned()
        })));
    }
    let mut octets = 0;
    for line in (Lines { rest: message }) {
        if line.len() > LONGEST_LINE {
            return Err(NetError::Unsendable(kept(|| {
                tr!(
                    "a line of the message has {octets} octets; at most 998 can be sent",
                    octets = line.len()
                )
            })));
        }
        octets += line.len() as u64 + 2;
    }
    // A line's end was counted as two octets; any other end than CRLF has fewer.
    let canonical = octets == message.len() as u64;
    Ok(Measured { octets, canonical })
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

/// What DATA sends before the final dot, in pieces; the last ends with CRLF. `canonical` is what
/// [`measure`] said.
pub fn stuffed(message: &[u8], canonical: bool) -> Pieces<'_> {
    Pieces {
        lines: Lines { rest: message },
        stuff: true,
        end: b"\r\n",
        canonical,
        begun: false,
    }
}

/// What a program of this machine gets, in pieces: LF at the end of each line, and dots are dots.
pub fn plain(message: &[u8]) -> Pieces<'_> {
    Pieces {
        lines: Lines { rest: message },
        stuff: false,
        end: b"\n",
        canonical: false,
        begun: false,
    }
}

/// The pieces of a message; see [`stuffed`] and [`plain`].
#[derive(Debug)]
pub struct Pieces<'m> {
    lines: Lines<'m>,
    stuff: bool,
    end: &'static [u8],
    /// Only dots are to be doubled.
    canonical: bool,
    /// Whether what is left begins within a line, or with a dot that was doubled.
    begun: bool,
}

impl<'m> Pieces<'m> {
    /// Up to the end of the line before the next dot to be doubled, at most [`SLICE`].
    fn run(&mut self) -> &'m [u8] {
        let most = self.lines.rest.len().min(SLICE);
        let window = self.lines.rest.get(..most).unwrap_or_default();
        let (mut end, mut begun) = match memmem::find(window, b"\n.") {
            Some(at) => (at + 1, false),
            None => (most, true),
        };
        // A slice that ends with a line's end: the next line may begin with a dot.
        if begun && window.ends_with(b"\n") {
            (end, begun) = (most, false);
        }
        let (run, rest) = self.lines.rest.split_at(end);
        (self.lines.rest, self.begun) = (rest, begun);
        run
    }

    fn stuffs(&self) -> bool {
        !self.begun && self.lines.rest.starts_with(b".")
    }

    /// Large runs as they are; small ones, between dots, together.
    fn next_canonical(&mut self) -> Option<Cow<'m, [u8]>> {
        if self.lines.rest.is_empty() {
            return None;
        }
        let mut made = Vec::new();
        loop {
            if self.stuffs() {
                made.push(b'.');
            }
            let (before, was) = (self.lines.rest, self.begun);
            let run = self.run();
            if made.is_empty() && run.len() >= PIECE {
                return Some(Cow::Borrowed(run));
            }
            if run.len() >= PIECE {
                // What was made goes first. A dot that was doubled stays doubled.
                let doubled = !was && before.starts_with(b".");
                (self.lines.rest, self.begun) = (before, was || doubled);
                return Some(Cow::Owned(made));
            }
            made.extend_from_slice(run);
            if made.len() >= PIECE || self.lines.rest.is_empty() {
                return Some(Cow::Owned(made));
            }
        }
    }
}

impl<'m> Iterator for Pieces<'m> {
    type Item = Cow<'m, [u8]>;

    fn next(&mut self) -> Option<Cow<'m, [u8]>> {
        if self.canonical {
            return self.next_canonical();
        }
        let mut piece = Vec::with_capacity(PIECE + LONGEST_LINE + 3);
        while piece.len() < PIECE {
            let Some(line) = self.lines.next() else { break };
            if self.stuff && line.starts_with(b".") {
                piece.push(b'.');
            }
            piece.extend_from_slice(line);
            piece.extend_from_slice(self.end);
        }
        (!piece.is_empty()).then_some(Cow::Owned(piece))
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
        let canonical = measure(message).is_ok_and(|m| m.canonical);
        let sent = stuffed(message, canonical).collect::<Vec<_>>().concat();
        // The short way gives what the long one gives.
        assert_eq!(sent, stuffed(message, false).collect::<Vec<_>>().concat());
        sent
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
        for piece in stuffed(&message, false) {
            assert!(piece.len() < PIECE + LONGEST_LINE + 3);
            assert!(piece.ends_with(b"\r\n"));
            octets += piece.len() as u64;
        }
        assert_eq!(octets, measure(&message).unwrap().octets + 100_000);
    }

    #[test]
    fn f50_what_is_canonical_goes_as_it_lies() {
        let line = [&[b'x'; 76][..], b"\r\n"].concat();
        let dots = b"..\r\n.\r\na\r\n.".to_vec();
        let large = line.repeat(3 * SLICE / line.len());
        // Whatever stands before and behind a dot, and at the ends of slices.
        for shift in [0, 1, 2, 3, 77, 78] {
            let begin = [&vec![b'y'; shift][..], b"\r\n"].concat();
            let message = [&begin[..], &large, &dots, &large, &dots, b"\r\n"].concat();
            assert!(measure(&message).unwrap().canonical);
            let lent = |p: &Cow<'_, [u8]>| matches!(p, Cow::Borrowed(_));
            let pieces: Vec<_> = stuffed(&message, true).collect();
            let as_it_lies: usize = pieces.iter().filter(|p| lent(p)).map(|p| p.len()).sum();
            assert!(as_it_lies > 5 * SLICE, "{as_it_lies}");
            assert!(pieces.iter().all(|p| p.len() <= SLICE));
            whole(&message);
        }
        for dotted in [
            ".\r\n".repeat(200_000),
            format!("{}.\r\n", "x\r\n".repeat(SLICE / 3)),
        ] {
            whole(dotted.as_bytes());
        }
        for (odd, canonical) in [
            (&b"a\n"[..], false),
            (b"a", false),
            (b"a\r\n\r", false),
            (b"a\r\n", true),
            (b"", true),
        ] {
            assert_eq!(measure(odd).unwrap().canonical, canonical, "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn unstuffing_gives_the_normal_message(message in "([a.\r\n]|\r\n){0,60}") {
            let sent = whole(message.as_bytes());
            let mut back = Vec::new();
            for line in sent.split_inclusive(|b| *b == b'\n') {
                prop_assert!(line.ends_with(b"\r\n"));
                prop_assert_ne!(line, b".\r\n");
                back.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            prop_assert_eq!(measure(message.as_bytes()).unwrap().octets, back.len() as u64);
            prop_assert_eq!(back, normal(message.as_bytes()));
        }
    }
}
