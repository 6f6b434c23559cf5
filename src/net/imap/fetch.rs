//! Reading messages: header items, flags, bodies, and which UIDs there are.
//!
//! Rows go to a sink as they arrive, in constant memory. A row that makes no sense costs its
//! message and nothing else; a row that was not asked for is not handed out.

use crate::model::{Flags, MessageId, ModSeq, Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{Item, Untagged};
use crate::net::imap::fail;
use crate::net::imap::session::{FlagItem, Session};
use crate::net::imap::wire::Limits;

/// What is fetched for a list, always the same: a new field makes a server read every file again.
pub const HEADER_ITEMS: &str = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE \
     FROM SENDER REPLY-TO TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE \
     AUTHENTICATION-RESULTS)]";

/// A sequence set in a command is at most so long (RFC 2683 §3.2.1.5 asks for lines of 1,000).
const SET: usize = 900;
/// Octets of one header that are kept.
const HEADER: usize = 256 << 10;
/// The first piece of a body that is asked for, and the ones after it.
const FIRST: u64 = 256 << 10;
const PIECE: u64 = 1 << 20;
/// Message numbers in one plain SEARCH, so that its answer stays a short line.
const WINDOW: u32 = 50_000;
/// The largest message that is fetched whole, in octets.
const LARGEST: u64 = 256 << 20;

/// Which messages a header fetch is about.
#[derive(Clone, Copy, Debug)]
pub enum FetchBy<'a> {
    /// These UIDs.
    Uids(&'a UidSet),
    /// Message numbers from and to, both included. Only right after SELECT, before anything else
    /// was asked: numbers move when a message goes.
    Seq(u32, u32),
}

/// What a list shows of a message, before its header is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderItem {
    /// Which message.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// When it arrived, seconds since 1970.
    pub internal_date: Option<i64>,
    /// RFC822.SIZE in octets, 0 if not told; an estimate with some servers.
    pub size: u64,
    /// The header fields that were asked for, at most 256 KiB of them.
    pub header: Vec<u8>,
}

/// How a fetch went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchReport {
    /// Rows that the sink took.
    pub delivered: u64,
    /// Which messages they were of.
    pub uids: UidSet,
    /// Messages that were asked for and whose row could not be used.
    pub bad: Vec<Uid>,
    /// Rows that could not be used and did not even say whose they are.
    pub nameless: u64,
}

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

impl Session {
    /// Fetches what a list needs, each message handed to `sink` as it arrives. An error of the
    /// sink's stops the fetch and ends the session: the rest of the answer is on its way.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn fetch_headers(
        &mut self,
        by: FetchBy<'_>,
        sink: &mut dyn FnMut(HeaderItem) -> Result<(), NetError>,
    ) -> Result<FetchReport, NetError> {
        let mut report = FetchReport::default();
        let asked = match by {
            FetchBy::Uids(set) => Some(set),
            FetchBy::Seq(..) => None,
        };
        let commands: Vec<String> = match by {
            FetchBy::Uids(set) => set
                .split(SET, u64::MAX)
                .iter()
                .map(|piece| format!("UID FETCH {} ({HEADER_ITEMS})", piece.to_wire()))
                .collect(),
            FetchBy::Seq(lo, hi) => vec![format!("FETCH {lo}:{hi} ({HEADER_ITEMS})")],
        };
        let limits = Limits {
            keep: HEADER,
            ..Limits::default()
        };
        for command in commands {
            let budget = self.budget();
            self.run_within(limits, budget, &Command::new(command), &mut |said| {
                let item = match said {
                    Untagged::Fetch(item) if item.section.is_some() || item.size.is_some() => item,
                    other => return Ok(Some(other)),
                };
                header_item(item, asked, &mut report, sink)?;
                Ok(None)
            })?;
        }
        Ok(report)
    }

    /// Fetches flags; with `changed_since`, only of messages changed after it (RFC 7162), which
    /// must not be asked of a server without CONDSTORE.
    ///
    /// # Errors
    /// See [`Session::fetch_headers`].
    pub fn fetch_flags(
        &mut self,
        uids: &UidSet,
        changed_since: Option<ModSeq>,
        sink: &mut dyn FnMut(FlagItem) -> Result<(), NetError>,
    ) -> Result<FetchReport, NetError> {
        let mut report = FetchReport::default();
        let since = changed_since
            .filter(|_| self.caps.condstore())
            .map(|ModSeq(n)| format!(" (CHANGEDSINCE {n})"))
            .unwrap_or_default();
        for piece in uids.split(SET, u64::MAX) {
            let text = format!("UID FETCH {} (UID FLAGS){since}", piece.to_wire());
            let budget = self.budget();
            self.run_within(
                Limits::default(),
                budget,
                &Command::new(text),
                &mut |said| {
                    let item = match said {
                        Untagged::Fetch(item) => item,
                        other => return Ok(Some(other)),
                    };
                    let Some(uid) = item.uid else {
                        // Somebody changed it just now; by its number we can't tell which it is.
                        report.nameless += 1;
                        return Ok(Some(Untagged::Fetch(item)));
                    };
                    let Item { flags, modseq, .. } = item;
                    let Some(flags) = flags else {
                        report.bad.extend(uids.contains(uid).then_some(uid));
                        return Ok(None);
                    };
                    if uids.contains(uid) {
                        // The last word counts, so a second row for a message is delivered, too.
                        report.delivered += 1;
                        report.uids.insert(uid);
                        sink(FlagItem { uid, flags, modseq })?;
                    }
                    Ok(None)
                },
            )?;
        }
        Ok(report)
    }

    /// Fetches a message byte for byte, in pieces, up to 256 MiB; `None` if there is no such message
    /// (any more).
    ///
    /// # Errors
    /// See [`Session`].
    pub fn fetch_body(&mut self, uid: Uid) -> Result<Option<Body>, NetError> {
        self.fetch_body_up_to(uid, LARGEST)
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
        loop {
            let offset = body.bytes.len() as u64;
            let piece = if offset == 0 { FIRST } else { PIECE };
            let piece = piece.min(most.saturating_sub(offset));
            if piece == 0 {
                return Ok(Some(body));
            }
            let Some(got) = self.fetch_piece(uid, offset, piece, most, &mut body)? else {
                return Ok((offset > 0).then_some(body));
            };
            let here = body.bytes.len() as u64;
            let whole = body.size.is_none_or(|size| here >= size);
            // Fewer octets than asked for are the end, unless the server counts wrong: then an
            // empty piece is.
            if got == Piece::All || (got == Piece::Short && whole) || here == offset {
                body.complete = got != Piece::Cut;
                return Ok(Some(body));
            }
            if got == Piece::Cut {
                return Ok(Some(body));
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
        let keep = usize::try_from(most).unwrap_or(usize::MAX);
        let limits = Limits {
            keep: keep.min(256 << 20),
            literal: most.saturating_add(64 << 20),
            ..Limits::default()
        };
        let mut outcome = None;
        self.run_within(limits, 100_000, &Command::new(text), &mut |said| {
            let item = match said {
                Untagged::Fetch(item) if item.uid == Some(uid) && item.section.is_some() => item,
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
            match section.origin {
                Some(origin) if origin != offset => {
                    return Err(fail::protocol("a piece of a message from the wrong place"));
                }
                Some(_) => {
                    body.bytes.extend_from_slice(&bytes);
                    outcome = Some(match (bytes.len() as u64).cmp(&piece) {
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

    /// All UIDs of the selected mailbox.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn uids(&mut self) -> Result<UidSet, NetError> {
        if self.caps.has("ESEARCH") || self.caps.has("IMAP4REV2") {
            let found = self.search(Command::new("UID SEARCH RETURN (ALL) ALL"))?;
            return Ok(found);
        }
        if self.notes.exists <= WINDOW {
            return self.search(Command::new("UID SEARCH ALL"));
        }
        // In windows of message numbers, which hold only as long as no message goes.
        for _ in 0..3 {
            let before = self.notes.unsolicited.clone();
            let mut all = UidSet::new();
            let mut lo = 1;
            while lo <= self.notes.exists {
                let hi = lo.saturating_add(WINDOW - 1).min(self.notes.exists);
                let found = self.search(Command::new(format!("UID SEARCH {lo}:{hi}")))?;
                for &(a, b) in found.ranges() {
                    all.insert_range(a, b);
                }
                lo = hi + 1;
            }
            let now = &self.notes.unsolicited;
            if now.expunged == before.expunged && now.vanished == before.vanished {
                return Ok(all);
            }
        }
        self.search(Command::new("UID SEARCH ALL"))
    }

    /// The messages of the selected mailbox with this Message-ID, ascending.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn search_message_id(&mut self, id: &MessageId) -> Result<Vec<Uid>, NetError> {
        let text = id.to_string();
        let charset = if text.is_ascii() {
            ""
        } else {
            "CHARSET UTF-8 "
        };
        let command = Command::new(format!("UID SEARCH {charset}HEADER MESSAGE-ID "))
            .astring(text.as_bytes())
            .map_err(fail::unsayable)?;
        // Honest answers are one or a few; a hostile one must not become a long list.
        Ok(self.search(command)?.iter().take(1000).collect())
    }

    fn search(&mut self, command: Command<'_>) -> Result<UidSet, NetError> {
        let mut hits: Vec<u32> = Vec::new();
        let mut set = UidSet::new();
        self.run(&command, &mut |said| {
            match said {
                Untagged::Search(more) => hits.extend(more),
                Untagged::Esearch(Some(list)) => set = list.to_set(),
                Untagged::Esearch(None) => {}
                other => return Ok(Some(other)),
            }
            Ok(None)
        })?;
        if !hits.is_empty() {
            set = hits.into_iter().filter_map(Uid::new).collect();
        }
        Ok(set)
    }

    /// How many responses a fetch may cause.
    fn budget(&self) -> u64 {
        u64::from(self.notes.exists) * 4 + 200_000
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

fn header_item(
    item: Item<'_>,
    asked: Option<&UidSet>,
    report: &mut FetchReport,
    sink: &mut dyn FnMut(HeaderItem) -> Result<(), NetError>,
) -> Result<(), NetError> {
    let Some(uid) = item.uid else {
        report.nameless += 1;
        return Ok(());
    };
    if asked.is_some_and(|set| !set.contains(uid)) || report.uids.contains(uid) {
        return Ok(());
    }
    let Some(header) = item.section.and_then(|s| s.bytes) else {
        report.bad.push(uid);
        return Ok(());
    };
    report.delivered += 1;
    report.uids.insert(uid);
    sink(HeaderItem {
        uid,
        flags: item.flags.unwrap_or_default(),
        internal_date: item.date,
        size: item.size.unwrap_or(0),
        header: header.into_owned(),
    })
}
