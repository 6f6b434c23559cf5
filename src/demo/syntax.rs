//! A command taken apart: atoms, strings and lists, whatever they mean (RFC 3501 §9).
//!
//! imap-codec knows what commands mean but not every extension; this knows none of them, and every
//! one can be read with it. Total and bounded: what is no command gives `None`.

use std::ops::Range;

/// How deep lists may lie in lists.
const MAX_DEPTH: usize = 32;
/// How many pieces a command may have.
const MAX_PIECES: usize = 100_000;

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A bare word, with what is in its brackets.
    Atom,
    /// A quoted string or a literal, and what it says.
    Text(Vec<u8>),
    /// A list in parentheses.
    List(Vec<Piece>),
}

/// One piece of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub what: What,
    /// Where it stands.
    pub at: Range<usize>,
}

impl Piece {
    /// The word in capitals; `None` if it is no atom.
    pub fn word(&self, whole: &[u8]) -> Option<String> {
        match self.what {
            What::Atom => {
                let bytes = whole.get(self.at.clone())?;
                Some(std::str::from_utf8(bytes).ok()?.to_ascii_uppercase())
            }
            _ => None,
        }
    }

    /// What an atom or a string says.
    pub fn text(&self, whole: &[u8]) -> Option<String> {
        match &self.what {
            What::Atom => String::from_utf8(whole.get(self.at.clone())?.to_vec()).ok(),
            What::Text(bytes) => String::from_utf8(bytes.clone()).ok(),
            What::List(_) => None,
        }
    }

    /// The pieces of a list; `None` if it is none.
    pub fn list(&self) -> Option<&[Piece]> {
        match &self.what {
            What::List(all) => Some(all),
            _ => None,
        }
    }
}

struct Reader<'a> {
    whole: &'a [u8],
    at: usize,
    left: usize,
}

/// The pieces of a whole command, line end included.
pub fn pieces(whole: &[u8]) -> Option<Vec<Piece>> {
    let mut reader = Reader {
        whole,
        at: 0,
        left: MAX_PIECES,
    };
    let all = reader.list(0)?;
    let rest = whole.get(reader.at..)?;
    matches!(rest, b"\r\n" | b"\n" | b"").then_some(all)
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.whole.get(self.at).copied()
    }

    /// Pieces up to a `)` or a line end.
    fn list(&mut self, depth: usize) -> Option<Vec<Piece>> {
        let mut all = Vec::new();
        loop {
            match self.peek() {
                None | Some(b')' | b'\r' | b'\n') => return Some(all),
                Some(b' ') => self.at += 1,
                Some(_) => all.push(self.piece(depth)?),
            }
        }
    }

    fn piece(&mut self, depth: usize) -> Option<Piece> {
        self.left = self.left.checked_sub(1)?;
        let start = self.at;
        let what = match self.peek()? {
            b'(' if depth < MAX_DEPTH => {
                self.at += 1;
                let all = self.list(depth + 1)?;
                (self.peek() == Some(b')')).then_some(())?;
                self.at += 1;
                What::List(all)
            }
            b'(' => return None,
            b'"' => What::Text(self.quoted()?),
            b'{' => What::Text(self.literal()?),
            b'~' if self.whole.get(self.at + 1) == Some(&b'{') => {
                self.at += 1;
                What::Text(self.literal()?)
            }
            _ => {
                self.atom()?;
                What::Atom
            }
        };
        Some(Piece {
            what,
            at: start..self.at,
        })
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        self.at += 1;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(text),
                b'\r' | b'\n' => return None,
                b'\\' => {
                    text.push(self.peek()?);
                    self.at += 1;
                }
                _ => text.push(byte),
            }
        }
    }

    fn literal(&mut self) -> Option<Vec<u8>> {
        let rest = self.whole.get(self.at + 1..)?;
        let end = rest.iter().take(20).position(|b| *b == b'}')?;
        let number = rest.get(..end)?;
        let number = number.strip_suffix(b"+").unwrap_or(number);
        let length: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        let rest = rest.get(end + 1..)?;
        let line_end: usize = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => return None,
        };
        let text = rest.get(line_end..line_end.checked_add(length)?)?;
        self.at += 1 + end + 1 + line_end + length;
        Some(text.to_vec())
    }

    /// A word; brackets in it hold anything, `BODY[HEADER.FIELDS (TO)]<0.9>` is one.
    fn atom(&mut self) -> Option<()> {
        let start = self.at;
        let mut inside = false;
        loop {
            match self.peek() {
                Some(b'[') => {
                    inside = true;
                    self.at += 1;
                }
                Some(b']') => {
                    inside = false;
                    self.at += 1;
                }
                Some(b'"') if inside => {
                    self.quoted()?;
                }
                Some(b'{') if inside => {
                    self.literal()?;
                }
                None | Some(b'\r' | b'\n') if inside => return None,
                None | Some(b' ' | b'(' | b')' | b'\r' | b'\n' | b'"') if !inside => break,
                Some(_) => self.at += 1,
                None => return None,
            }
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_falls_into_pieces() {
        let whole = b"t FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (\"A b\" TO)]<0.9> X (LAZY)) {2+}\r\nxy \"q\\\"\"\r\n";
        let all = pieces(whole).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[1].word(whole).unwrap(), "FETCH");
        let items = all[3].list().unwrap();
        assert_eq!(items.len(), 4);
        assert!(items[1].word(whole).unwrap().ends_with("]<0.9>"));
        assert_eq!(all[4].text(whole).unwrap(), "xy");
        assert_eq!(all[5].text(whole).unwrap(), "q\"");
        for bad in [
            &b"t (\r\n"[..],
            b"t )\r\n",
            b"t \"x\r\n",
            b"t {9}\r\nx\r\n",
            b"t BODY[x\r\n",
            b"t ((((((((((((((((((((((((((((((((((((((((((((((((((\r\n",
        ] {
            assert_eq!(pieces(bad), None, "{}", bad.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange(bytes in proptest::collection::vec(prop_oneof![
            Just(b'('), Just(b')'), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'),
            Just(b'\\'), Just(b' '), Just(b'9'), Just(b'+'), Just(b'~'), Just(b'\n'), any::<u8>()
        ], 0..60)) {
            if let Some(all) = pieces(&bytes) {
                for p in all {
                    prop_assert!(p.at.end <= bytes.len() && p.at.start < p.at.end);
                }
            }
        }
    }
}
