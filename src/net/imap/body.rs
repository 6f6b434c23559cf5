//! Whole messages: one at a time in pieces, so that a hurry never waits for 25 MB, or many at once,
//! each handed on as it arrives.
//!
//! Octets are never changed. What a bound cut off never counts as whole.

use crate::model::{Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::command::Command;
use crate::net::imap::decode::Untagged;
use crate::net::imap::fail;
use crate::net::imap::session::Session;
use crate::net::imap::wire::Limits;
use std::ops::Range;

/// The first piece of a body that is asked for, and the ones after it.
const FIRST: u64 = 256 << 10;
const PIECE: u64 = 1 << 20;
/// The largest message that is fetched whole, in octets.
pub const LARGEST: u64 = 256 << 20;
/// Octets of a message beyond those that are kept which are waited for.
const BEYOND: u64 = 64 << 20;

/// A whole message, or as much of it as was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Its octets, exactly as the server sent them.
    pub bytes: Vec<u8>,
    /// RFC822.SIZE as the server tells it; it may differ from what came.
    pub size: Option<u64>,
    /// Whether this is all of it. What is cut off at a limit never counts as whole.
    pub complete: bool,
}

impl Body {
    /// Whether nothing at all came of a message that has a size. Of a size that is only wrong nothing
    /// can be told.
    fn is_torn(&self) -> bool {
        self.bytes.is_empty() && self.size.is_some_and(|size| size > 0)
    }

    /// Whether less than half of its size came: servers estimate sizes, but hardly so badly.
    fn is_scant(&self) -> bool {
        let here = self.bytes.len() as u64;
        self.size.is_some_and(|size| here < size / 2)
    }
}

impl Session {
    /// Fetches a message byte for byte, in pieces, up to 256 MiB; `None` if there is no such message
    /// (any more).
    ///
    /// # Errors
    /// See [`Session`].
    pub fn fetch_body(&mut self, uid: Uid) -> Result<Option<Body>, NetError> {
        let Some(first) = self.fetch_body_up_to(uid, LARGEST)? else {
            return Ok(None);
        };
        let doubtful = first.is_torn() || (first.complete && first.is_scant());
        if !doubtful {
            return Ok(Some(first));
        }
        // It may have it, or all of it, in a moment. One that says the same again counts wrong.
        let mut again = self.fetch_body_up_to(uid, LARGEST)?;
        if let Some(again) = &mut again {
            again.complete &= !again.is_scant() || again.bytes == first.bytes;
        }
        Ok(again)
    }

    /// The same, but at most `most` octets of it.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn fetch_body_up_to(&mut self, uid: Uid, most: u64) -> Result<Option<Body>, NetError> {
        let mut body = Body {
            bytes: Vec::new(),
            size: None,
            complete: false,
        };
        // Whether as much is here as the server said that there is.
        let mut ended = false;
        loop {
            let offset = body.bytes.len() as u64;
            let piece = if offset == 0 { FIRST } else { PIECE };
            let piece = piece.min(most.saturating_sub(offset));
            if piece == 0 {
                body.complete = ended && !body.is_torn();
                return Ok(Some(body));
            }
            let Some(got) = self.fetch_piece(uid, offset, piece, most, &mut body)? else {
                body.complete = ended && !body.is_torn();
                return Ok((offset > 0).then_some(body));
            };
            let here = body.bytes.len() as u64;
            ended = got == Piece::Short
                || (got == Piece::Full && body.size.is_some_and(|size| here >= size));
            let whole = body.size.is_none_or(|size| here >= size);
            // Fewer octets than asked for are the end, unless the server counts wrong: then an
            // empty piece is.
            if got == Piece::All || (got == Piece::Short && whole) || here == offset {
                body.complete = got != Piece::Cut && !body.is_torn();
                return Ok(Some(body));
            }
            if got == Piece::Cut {
                return Ok(Some(body));
            }
        }
    }

    /// Fetches some octets of a message, in pieces; `None` if they can't be had so: there is no such
    /// message (any more), it is shorter, or more came than is kept.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn fetch_octets(&mut self, uid: Uid, at: Range<u64>) -> Result<Option<Vec<u8>>, NetError> {
        let mut body = Body {
            bytes: Vec::new(),
            size: None,
            complete: false,
        };
        loop {
            let from = at.start.saturating_add(body.bytes.len() as u64);
            let piece = PIECE.min(at.end.saturating_sub(from));
            if piece == 0 {
                return Ok(Some(body.bytes));
            }
            match self.fetch_piece(uid, from, piece, LARGEST, &mut body)? {
                Some(Piece::Full) => {}
                // The range was ignored.
                Some(Piece::All) => {
                    let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
                    let part = body.bytes.get(index(at.start)..index(at.end));
                    return Ok(part.map(<[u8]>::to_vec));
                }
                Some(Piece::Short | Piece::Cut) | None => return Ok(None),
            }
        }
    }

    fn fetch_piece(
        &mut self,
        uid: Uid,
        offset: u64,
        piece: u64,
        most: u64,
        body: &mut Body,
    ) -> Result<Option<Piece>, NetError> {
        let text = format!("UID FETCH {uid} (UID RFC822.SIZE BODY.PEEK[]<{offset}.{piece}>)");
        // A server that ignores the range sends everything.
        let limits = whole(most);
        let mut outcome = None;
        self.run_within(limits, 100_000, &Command::new(text), &mut |said| {
            let item = match said {
                // Of one message nothing else can be meant where its UID is left out.
                Untagged::Fetch(item)
                    if item.uid.is_none_or(|u| u == uid) && item.section.is_some() =>
                {
                    item
                }
                other => return Ok(Some(other)),
            };
            body.size = item.size.or(body.size);
            let Some(section) = item.section.filter(|s| s.whole && outcome.is_none()) else {
                return Ok(None);
            };
            let Some(bytes) = section.bytes else {
                return Ok(None);
            };
            let cut = section.full > bytes.len() as u64;
            let here = bytes.len() as u64;
            // Some honour a range and don't say so: it is as long as was asked for and the message is
            // longer, or it is not its beginning once more.
            let ranged = match body.bytes.is_empty() {
                true => offset == 0 && here == piece && item.size.is_some_and(|size| size > here),
                false => here <= piece && (here == 0 || !body.bytes.starts_with(&bytes)),
            };
            match section.origin.or(ranged.then_some(offset)) {
                Some(origin) if origin != offset => {
                    return Err(fail::protocol("a piece of a message from the wrong place"));
                }
                Some(_) => {
                    body.bytes.extend_from_slice(&bytes);
                    outcome = Some(match here.cmp(&piece) {
                        _ if cut => Piece::Cut,
                        std::cmp::Ordering::Less => Piece::Short,
                        _ => Piece::Full,
                    });
                }
                // No range in the answer: it is the whole message from its beginning.
                None => {
                    body.bytes = bytes.into_owned();
                    outcome = Some(if cut { Piece::Cut } else { Piece::All });
                }
            }
            Ok(None)
        })?;
        Ok(outcome)
    }

    /// Fetches many messages, one after the other, each handed to `sink` as it arrives. Of a message
    /// beyond `largest` octets only so many are kept, and it is not complete: the rest is received
    /// all the same, so leave out what is known to be large. Messages that are gone, and those that
    /// the server can't give, are simply not handed on.
    ///
    /// # Errors
    /// See [`Session`]; what came before a refusal has been handed on. An error of the sink's ends
    /// the session.
    pub fn fetch_bodies(
        &mut self,
        uids: &UidSet,
        largest: u64,
        sink: &mut dyn FnMut(Uid, Body) -> Result<(), NetError>,
    ) -> Result<(), NetError> {
        let limits = whole(largest);
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let text = format!(
                "UID FETCH {} (UID RFC822.SIZE BODY.PEEK[])",
                piece.to_wire()
            );
            let mut done = UidSet::new();
            let budget = self.budget();
            self.run_within(limits, budget, &Command::new(text), &mut |said| {
                let item = match said {
                    Untagged::Fetch(item) if item.section.is_some() => item,
                    other => return Ok(Some(other)),
                };
                let (Some(uid), Some(section)) = (item.uid, item.section) else {
                    return Ok(None);
                };
                // Not asked for, or a second time, or a piece of it.
                let ours = piece.contains(uid) && !done.contains(uid);
                let wanted = ours && section.whole && section.origin.is_none();
                let Some(bytes) = section.bytes.filter(|_| wanted) else {
                    return Ok(None);
                };
                done.insert(uid);
                let mut body = Body {
                    complete: section.full <= bytes.len() as u64,
                    bytes: bytes.into_owned(),
                    size: item.size,
                };
                // What is doubtful is asked for alone, and then once more.
                body.complete &= !body.is_torn() && !body.is_scant();
                sink(uid, body)?;
                Ok(None)
            })?;
        }
        Ok(())
    }
}

/// Bounds on an answer with one whole message in it.
fn whole(most: u64) -> Limits {
    let keep = usize::try_from(most).unwrap_or(usize::MAX);
    Limits {
        keep: keep.min(256 << 20),
        literal: most.saturating_add(BEYOND),
        ..Limits::default()
    }
}

/// What a piece of a body turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// As long as asked for.
    Full,
    /// Shorter.
    Short,
    /// The whole message at once.
    All,
    /// More came than is kept.
    Cut,
}
