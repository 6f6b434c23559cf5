//! The generic grammar of responses (RFC 9051 §9): words, strings, lists. Tolerant and total.
//!
//! A [`Cursor`] walks over one framed response. It never fails and never recurses: what it does
//! not understand it passes over, counting parentheses, so no nesting can hurt it.

use crate::net::imap::wire::{Literal, Response};
use std::borrow::Cow;

/// One step of the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// An atom, number, flag, or a name with its section such as `BODY[HEADER.FIELDS (DATE)]<0>`.
    Word(&'a [u8]),
    /// A quoted string or literal.
    Text {
        /// Its octets, unescaped.
        bytes: Cow<'a, [u8]>,
        /// How many the server sent; more than `bytes` if the literal was over the limit.
        full: u64,
    },
    /// `(`
    Open,
    /// `)`
    Close,
}

impl<'a> Token<'a> {
    /// The octets of a word or text: what the grammar calls `astring`.
    pub fn bytes(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Token::Word(bytes) => Some(Cow::Borrowed(bytes)),
            Token::Text { bytes, .. } => Some(bytes),
            Token::Open | Token::Close => None,
        }
    }

    /// Whether this is the word `NIL`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(b"NIL"))
    }
}

/// A place in a response.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    literals: &'a [Literal],
    pos: usize,
}

impl<'a> Cursor<'a> {
    /// The start of a response.
    pub fn new(response: Response<'a>) -> Cursor<'a> {
        Cursor {
            bytes: response.bytes,
            literals: response.literals,
            pos: 0,
        }
    }

    /// What has not been walked over, as it came.
    pub fn rest(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        rest.strip_prefix(b" ").unwrap_or(rest)
    }

    /// The next token, or `None` at the end.
    pub fn token(&mut self) -> Option<Token<'a>> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.pos += 1;
        }
        match self.peek()? {
            b'(' => {
                self.pos += 1;
                Some(Token::Open)
            }
            b')' => {
                self.pos += 1;
                Some(Token::Close)
            }
            b'"' => Some(self.quoted()),
            b'{' | b'~' => Some(self.literal().unwrap_or_else(|| self.word())),
            _ => Some(self.word()),
        }
    }

    /// The next value if it is a word: an atom's bytes. Another value is passed over.
    pub fn atom(&mut self) -> Option<&'a [u8]> {
        match self.token()? {
            Token::Word(word) => Some(word),
            Token::Open => {
                self.close();
                None
            }
            _ => None,
        }
    }

    /// The next token if it is a number that fits.
    pub fn number<N: std::str::FromStr>(&mut self) -> Option<N> {
        number(self.atom()?)
    }

    /// Passes over one value: a word, a text, or a whole list.
    pub fn skip(&mut self) {
        if self.token() == Some(Token::Open) {
            self.close();
        }
    }

    /// Walks to the end of the list that we are in.
    pub fn close(&mut self) {
        let mut depth = 1usize;
        while depth > 0 {
            match self.token() {
                Some(Token::Open) => depth += 1,
                Some(Token::Close) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// The values of a list that stand in it directly; a lone value counts as a list of one, NIL
    /// as an empty one. `most` of them at most.
    pub fn list(&mut self, most: usize) -> Vec<Cow<'a, [u8]>> {
        let mut items = Vec::new();
        match self.token() {
            Some(Token::Open) => {}
            Some(token) if token.is_nil() => return items,
            Some(token) => {
                items.extend(token.bytes());
                return items;
            }
            None => return items,
        }
        loop {
            match self.token() {
                Some(Token::Close) | None => return items,
                Some(Token::Open) => self.close(),
                Some(token) if items.len() < most => items.extend(token.bytes()),
                Some(_) => {}
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// The literal whose header begins here.
    fn literal(&mut self) -> Option<Token<'a>> {
        while self.literals.first().is_some_and(|l| l.at <= self.pos) {
            self.literals = self.literals.get(1..)?;
        }
        let literal = *self.literals.first()?;
        let header = self.bytes.get(self.pos..literal.at)?;
        let digits = header.strip_prefix(b"~").unwrap_or(header);
        let digits = digits.strip_prefix(b"{")?.strip_suffix(b"\n")?;
        let digits = digits.strip_suffix(b"\r").unwrap_or(digits);
        let digits = digits.strip_suffix(b"}")?;
        let digits = digits.strip_suffix(b"+").unwrap_or(digits);
        digits.iter().all(u8::is_ascii_digit).then_some(())?;
        let end = literal.at + literal.kept;
        let bytes = self.bytes.get(literal.at..end)?;
        self.pos = end;
        Some(Token::Text {
            bytes: Cow::Borrowed(bytes),
            full: literal.full,
        })
    }

    fn quoted(&mut self) -> Token<'a> {
        let inside = self.bytes.get(self.pos + 1..).unwrap_or_default();
        let mut escaped = false;
        let mut escapes = false;
        let mut end = inside.len();
        for (at, &b) in inside.iter().enumerate() {
            match b {
                _ if escaped => escaped = false,
                b'\\' => (escaped, escapes) = (true, true),
                b'"' | b'\r' | b'\n' => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        let raw = inside.get(..end).unwrap_or_default();
        self.pos = (self.pos + end + 2).min(self.bytes.len());
        let bytes = if escapes {
            Cow::Owned(unescape(raw))
        } else {
            Cow::Borrowed(raw)
        };
        let full = bytes.len() as u64;
        Token::Text { bytes, full }
    }

    fn word(&mut self) -> Token<'a> {
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        let mut at = 0;
        while let Some(&b) = rest.get(at) {
            let ends = match b {
                b' ' | b'(' | b')' | b'"' | b'\t' | b'\r' | b'\n' => true,
                b'{' => at > 0 && rest.get(at + 1).is_some_and(u8::is_ascii_digit),
                _ => false,
            };
            if ends {
                break;
            }
            // A section belongs to its name, blanks, parentheses and all; a keyword may hold a bracket.
            let section = if b == b'[' && rest.get(..at).is_some_and(has_section) {
                rest.get(at..)
                    .and_then(|r| r.iter().position(|&b| b == b']'))
            } else {
                None
            };
            at += section.unwrap_or(0) + 1;
        }
        // Something always moves, or a lone brace would stop the walk.
        let at = at.max(1).min(rest.len());
        self.pos += at;
        Token::Word(rest.get(..at).unwrap_or_default())
    }
}

/// Whether this is an item of FETCH that is followed by a section (RFC 9051 §9 `msg-att-static`).
fn has_section(name: &[u8]) -> bool {
    let names = ["BODY", "BODY.PEEK", "BINARY", "BINARY.PEEK", "BINARY.SIZE"];
    names
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// A decimal number that fits.
pub fn number<N: std::str::FromStr>(word: &[u8]) -> Option<N> {
    let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let text = digits.then(|| std::str::from_utf8(word).ok())??;
    text.parse().ok()
}

/// An object identifier (RFC 8474 §7).
pub fn objectid(word: &[u8]) -> Option<String> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-".contains(b);
    let fits = (1..=255).contains(&word.len()) && word.iter().all(plain);
    fits.then(|| String::from_utf8_lossy(word).into_owned())
}

fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut escaped = false;
    for &b in raw {
        if b == b'\\' && !escaped {
            escaped = true;
        } else {
            out.push(b);
            escaped = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::imap::wire::Framer;
    use proptest::prelude::*;

    fn tokens(wire: &[u8]) -> Vec<String> {
        let mut framer = Framer::new();
        framer.push(wire);
        framer.push(b"\r\n");
        let response = framer.next_response().unwrap().unwrap();
        let mut cursor = Cursor::new(response);
        let mut out = Vec::new();
        while let Some(token) = cursor.token() {
            out.push(match token {
                Token::Word(w) => String::from_utf8_lossy(w).into_owned(),
                Token::Text { bytes, .. } => format!("'{}'", String::from_utf8_lossy(&bytes)),
                Token::Open => "(".into(),
                Token::Close => ")".into(),
            });
        }
        out
    }

    #[test]
    fn words_strings_lists_and_sections() {
        assert_eq!(
            tokens(
                b"* 1 FETCH (BODY[HEADER.FIELDS (DATE \"X\")]<0> {3}\r\na\"b X \"q\\\"\\\\\" NIL)"
            ),
            [
                "*",
                "1",
                "FETCH",
                "(",
                "BODY[HEADER.FIELDS (DATE \"X\")]<0>",
                "'a\"b'",
                "X",
                "'q\"\\'",
                "NIL",
                ")"
            ]
        );
        assert_eq!(
            tokens(b"* X BODY[]{2}\r\nab{1} y"),
            ["*", "X", "BODY[]", "'ab'", "{1}", "y"]
        );
        assert_eq!(tokens("* LIST () \".\" \"café\"".as_bytes())[5], "'café'");
        assert_eq!(tokens(b"* X \"open"), ["*", "X", "'open'"]);
        assert_eq!(tokens(b"* X [open ("), ["*", "X", "[open", "("]);
        assert_eq!(
            tokens(b"* 1 FETCH (FLAGS (\\Seen [urgent x[y) UID 4 binary[1] NIL)"),
            [
                "*",
                "1",
                "FETCH",
                "(",
                "FLAGS",
                "(",
                "\\Seen",
                "[urgent",
                "x[y",
                ")",
                "UID",
                "4",
                "binary[1]",
                "NIL",
                ")"
            ]
        );
    }

    #[test]
    fn a_million_parentheses_cost_no_stack() {
        let mut wire = b"* 1 FETCH ".to_vec();
        wire.extend(vec![b'('; 1_000_000]);
        let response = Response {
            bytes: &wire,
            literals: &[],
        };
        let mut cursor = Cursor::new(response);
        for _ in 0..4 {
            cursor.skip();
        }
        assert_eq!(cursor.token(), None);
    }

    proptest! {
        #[test]
        fn walking_always_ends(wire in prop::collection::vec(
            prop_oneof![
                Just(b" ".to_vec()), Just(b"(".to_vec()), Just(b")".to_vec()), Just(b"\"".to_vec()),
                Just(b"\\".to_vec()), Just(b"{3}\r\n".to_vec()), Just(b"~{2}\r\n".to_vec()),
                Just(b"[".to_vec()), Just(b"]".to_vec()), Just(b"{".to_vec()),
                prop::collection::vec(any::<u8>(), 1..4),
            ], 0..40)) {
            let mut framer = Framer::new();
            framer.push(b"* ");
            framer.push(&wire.concat());
            framer.push(b"\r\n\r\n\r\n\r\n");
            while let Ok(Some(response)) = framer.next_response() {
                let mut cursor = Cursor::new(response);
                let mut steps = 0;
                while cursor.token().is_some() {
                    steps += 1;
                    prop_assert!(steps <= response.bytes.len());
                }
            }
        }
    }
}
