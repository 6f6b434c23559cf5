//! Which messages there are, and how many: SEARCH (RFC 9051 §6.4.4), ESEARCH (RFC 4731).
//!
//! A SEARCH answers in one line, so all of a large mailbox is asked in windows of message numbers: a
//! range for each message, where every second one is gone, is as long as a number for each.

use crate::model::{MessageId, Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::command::Command;
use crate::net::imap::decode::Untagged;
use crate::net::imap::fail;
use crate::net::imap::item::day;
use crate::net::imap::seek::Program;
use crate::net::imap::session::Session;

/// Message numbers in one SEARCH, so that its answer stays a line of half a megabyte.
const WINDOW: u32 = 50_000;
/// The same of a query: each may cost the server a look into all that it indexed.
const WIDE: u32 = 500_000;
/// Times that a mailbox is asked for in windows while messages go from it.
const AGAIN: usize = 3;
/// Messages that a search may find beyond those that the server told of: some have just arrived.
const NEWS: u64 = 100_000;

/// What messages are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// All.
    All,
    /// Those that were read.
    Seen,
    /// Those that are flagged.
    Flagged,
    /// Those that were answered.
    Answered,
    /// Those that are drafts.
    Draft,
    /// Those that are marked for removal.
    Deleted,
}

impl Criterion {
    /// As SEARCH spells it.
    fn key(self) -> &'static str {
        match self {
            Criterion::All => "ALL",
            Criterion::Seen => "SEEN",
            Criterion::Flagged => "FLAGGED",
            Criterion::Answered => "ANSWERED",
            Criterion::Draft => "DRAFT",
            Criterion::Deleted => "DELETED",
        }
    }
}

impl Session {
    /// All UIDs of the selected mailbox.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn uids(&mut self) -> Result<UidSet, NetError> {
        self.in_windows(WINDOW, |session, window| match window {
            Some((lo, hi)) => session.search_all(&format!("{lo}:{hi}")),
            None => session.search_all("ALL"),
        })
    }

    /// Asks about so many message numbers at a time where the mailbox has more, and puts together what
    /// was found; `None` stands for the whole mailbox.
    fn in_windows(
        &mut self,
        size: u32,
        mut ask: impl FnMut(&mut Session, Option<(u32, u32)>) -> Result<UidSet, NetError>,
    ) -> Result<UidSet, NetError> {
        // Message numbers hold only as long as no message goes.
        for _ in 0..AGAIN {
            if self.notes.exists <= size {
                return ask(self, None);
            }
            let before = self.notes.gone;
            let mut all = UidSet::new();
            let mut lo = 1;
            while lo <= self.notes.exists {
                let hi = lo.saturating_add(size - 1).min(self.notes.exists);
                let found = ask(self, Some((lo, hi)))?;
                for &(a, b) in found.ranges() {
                    all.insert_range(a, b);
                }
                lo = hi + 1;
            }
            if before == self.notes.gone {
                return Ok(all);
            }
        }
        // One long line, then; one that is too long is an error and no shorter list.
        ask(self, None)
    }

    /// The UIDs of the selected mailbox from `first` up.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn uids_from(&mut self, first: u32) -> Result<UidSet, NetError> {
        // `n:*` names the last message even if its UID is lower (RFC 9051 §9 `seq-range`).
        let wanted = UidSet::range(first.max(1), u32::MAX);
        let what = format!("UID {first}:*");
        for _ in 0..AGAIN {
            if self.notes.exists <= WINDOW {
                break;
            }
            // Message numbers ascend with UIDs: below a window without any there are none.
            let before = self.notes.gone;
            let mut all = UidSet::new();
            let mut lo = self.notes.exists.saturating_sub(WINDOW - 1).max(1);
            // What came just now is asked for, too.
            let mut hi = "*".to_owned();
            loop {
                let found = self.search_all(&format!("{lo}:{hi} {what}"))?.and(&wanted);
                all = all.plus(&found);
                if lo == 1 || found.is_empty() {
                    break;
                }
                hi = (lo - 1).to_string();
                lo = lo.saturating_sub(WINDOW).max(1);
            }
            if before == self.notes.gone {
                return Ok(all);
            }
        }
        Ok(self.search_all(&what)?.and(&wanted))
    }

    /// The UIDs of the newest messages of the selected mailbox, at most so many.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn newest(&mut self, most: u32) -> Result<UidSet, NetError> {
        let last = self.notes.exists;
        if last == 0 {
            return Ok(UidSet::new());
        }
        let first = last.saturating_sub(most.saturating_sub(1)).max(1);
        self.search_all(&format!("{first}:{last}"))
    }

    /// The UIDs of the selected mailbox whose INTERNALDATE is not before the day of `seconds`
    /// (since 1970, UTC).
    ///
    /// # Errors
    /// See [`Session`].
    pub fn uids_since(&mut self, seconds: i64) -> Result<UidSet, NetError> {
        let since = format!("SINCE {}", day(seconds));
        self.in_windows(WINDOW, |session, window| match window {
            Some((lo, hi)) => session.search_all(&format!("{lo}:{hi} {since}")),
            None => session.search_all(&since),
        })
    }

    /// Which of these UIDs are in the selected mailbox.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn present(&mut self, uids: &UidSet) -> Result<UidSet, NetError> {
        let mut all = UidSet::new();
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let found = self.search_all(&format!("UID {}", piece.to_wire()))?;
            all = all.plus(&found.and(&piece));
        }
        Ok(all)
    }

    fn search_all(&mut self, what: &str) -> Result<UidSet, NetError> {
        if self.esearch() {
            match self.search(Command::new(format!("UID SEARCH RETURN (ALL) {what}"))) {
                Err(error) if fail::is_refusal(&error) => self.esearch_refused = true,
                outcome => return outcome,
            }
        }
        self.search(Command::new(format!("UID SEARCH {what}")))
    }

    /// The messages of the selected mailbox with this Message-ID, ascending.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn search_message_id(&mut self, id: &MessageId) -> Result<Vec<Uid>, NetError> {
        let text = id.to_string();
        // A server that speaks UTF-8 takes no other word for it (RFC 6855 §3).
        let charset = if text.is_ascii() || self.utf8() {
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

    /// The messages of the selected mailbox that the server finds for a query.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn seek(&mut self, program: &Program) -> Result<UidSet, NetError> {
        // A server that speaks UTF-8 takes no other word for it (RFC 6855 §3).
        let charset = match program.is_ascii() || self.utf8() {
            true => "",
            false => " CHARSET UTF-8",
        };
        self.in_windows(WIDE, |session, window| {
            let window = window.map_or_else(String::new, |(lo, hi)| format!(" {lo}:{hi}"));
            let ask = |head: &str| {
                let command = Command::new(format!("{head}{charset}{window}"));
                program.write(command).map_err(fail::unsayable)
            };
            if session.esearch() {
                match session.search(ask("UID SEARCH RETURN (ALL)")?) {
                    // What is refused may be what is asked, not how.
                    Err(error) if fail::is_refusal(&error) => {}
                    outcome => return outcome,
                }
            }
            session.search(ask("UID SEARCH")?)
        })
    }

    /// How many messages of the selected mailbox are `what`.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn count(&mut self, what: Criterion) -> Result<u64, NetError> {
        let key = what.key();
        if self.esearch() {
            let mut count = None;
            let command = Command::new(format!("UID SEARCH RETURN (COUNT) {key}"));
            let outcome = self.run(&command, &mut |said| match said {
                Untagged::Esearch(found) => {
                    count = found.count;
                    Ok(None)
                }
                other => Ok(Some(other)),
            });
            match (outcome, count) {
                (Ok(_), Some(count)) => return Ok(count),
                (Ok(_), None) => {}
                (Err(error), _) if fail::is_refusal(&error) => self.esearch_refused = true,
                (Err(error), _) => return Err(error),
            }
        }
        let mut count = 0;
        let mut lo = 1;
        while lo <= self.notes.exists {
            let hi = lo.saturating_add(WINDOW - 1).min(self.notes.exists);
            let found = self.search(Command::new(format!("UID SEARCH {lo}:{hi} {key}")))?;
            count += found.len();
            lo = hi.saturating_add(1);
        }
        Ok(count)
    }

    /// Whether ESEARCH can be expected to work; the plain form is always there.
    fn esearch(&self) -> bool {
        !self.esearch_refused && self.caps.includes("ESEARCH")
    }

    pub(super) fn search(&mut self, command: Command<'_>) -> Result<UidSet, NetError> {
        let mut hits: Vec<u32> = Vec::new();
        let mut set = UidSet::new();
        // `1:4294967295` is short to say, and would be asked for message by message.
        let most = u64::from(self.notes.exists) + NEWS;
        self.run(&command, &mut |said| {
            match said {
                Untagged::Search(more) => hits.extend(more),
                Untagged::Esearch(found) => {
                    if found.torn {
                        return Err(fail::protocol("a list of messages that can't be read"));
                    }
                    set = found.all.map(|list| list.to_set()).unwrap_or_default();
                }
                other => return Ok(Some(other)),
            }
            if hits.len() as u64 > most || set.len() > most {
                return Err(fail::protocol("more messages found than there are"));
            }
            Ok(None)
        })?;
        if !hits.is_empty() {
            set = hits.into_iter().filter_map(Uid::new).collect();
        }
        Ok(set)
    }
}
