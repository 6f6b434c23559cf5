//! A command that is being read: what of it is left for imap-codec, and what goes beside that.

use super::ask::Extra;
use super::offer::Offer;
use super::own::Own;
use super::spell;
use super::syntax::{Piece, What};
use std::ops::Range;

/// What of the session a command's meaning depends on.
pub struct State<'a> {
    /// What is offered.
    pub offer: &'a Offer,
    /// Whether strings may be UTF-8.
    pub utf8: bool,
    /// Whether QRESYNC is enabled.
    pub qresync: bool,
    /// What `$` stands for: as UIDs, and as sequence numbers.
    pub saved: (String, String),
}

/// How a command is to be taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// By imap-codec, from these bytes, with what goes beside.
    Core(Vec<u8>, Extra),
    /// As it was read here.
    Own(Own),
    /// Not at all: BAD, with this text.
    Bad(&'static str),
    /// Not at all: NO, with this code and text.
    No(String, &'static str),
}

/// What is said to syntax that is none.
pub(super) const BAD: Read = Read::Bad("that can't be read");
/// What is said to what is not announced.
pub(super) const NOT_OFFERED: Read = Read::Bad("that is not offered");

/// The command, and what was found in it so far.
pub(super) struct Reader<'a> {
    pub(super) whole: &'a [u8],
    pub(super) state: &'a State<'a>,
    pub(super) extra: Extra,
    edits: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(whole: &'a [u8], state: &'a State<'a>) -> Reader<'a> {
        Reader {
            whole,
            state,
            extra: Extra::default(),
            edits: Vec::new(),
        }
    }

    pub(super) fn offers(&self, name: &str) -> Result<(), Read> {
        match self.state.offer.has(name) {
            true => Ok(()),
            false => Err(NOT_OFFERED),
        }
    }

    pub(super) fn word(&self, piece: &Piece) -> String {
        piece.word(self.whole).unwrap_or_default()
    }

    /// A mailbox's name as it is kept; INBOX in its one spelling.
    pub(super) fn name(&self, piece: &Piece) -> Option<String> {
        let text = piece.text(self.whole)?;
        Some(match text {
            t if t.eq_ignore_ascii_case("INBOX") => "INBOX".to_owned(),
            t if self.state.utf8 => spell::encoded(&t),
            t => t,
        })
    }

    pub(super) fn replace(&mut self, at: Range<usize>, with: impl Into<Vec<u8>>) {
        self.edits.push((at, with.into()));
    }

    /// What is left for imap-codec.
    pub(super) fn core(mut self, all: &[Piece]) -> Read {
        if self.state.utf8 {
            self.literals(all);
        }
        self.edits.sort_by_key(|(at, _)| at.start);
        let mut bytes = Vec::with_capacity(self.whole.len());
        let mut from = 0;
        for (at, with) in &self.edits {
            bytes.extend_from_slice(self.whole.get(from..at.start).unwrap_or_default());
            bytes.extend_from_slice(with);
            from = at.end;
        }
        bytes.extend_from_slice(self.whole.get(from..).unwrap_or_default());
        Read::Core(bytes, self.extra)
    }

    /// Quoted strings in UTF-8 become literals, which imap-codec takes (RFC 6855 §3).
    fn literals(&mut self, all: &[Piece]) {
        for piece in all {
            match &piece.what {
                What::List(list) => self.literals(list),
                What::Text(text) if self.whole.get(piece.at.start) == Some(&b'"') => {
                    let inside = |(at, _): &(Range<usize>, _)| {
                        at.start <= piece.at.start && piece.at.end <= at.end
                    };
                    if !text.is_ascii() && !self.edits.iter().any(inside) {
                        let mut literal = format!("{{{}+}}\r\n", text.len()).into_bytes();
                        literal.extend_from_slice(text);
                        self.edits.push((piece.at.clone(), literal));
                    }
                }
                _ => {}
            }
        }
    }
}
