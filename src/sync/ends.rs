//! Mailboxes at which connections end, whenever they are opened or asked for something: each comes after
//! all others from then on, and one at which that happens again and again is left alone for a while. One
//! of which some more came before the end is none: the line was cut, or the mailbox is large.

use crate::lang::tr;
use crate::model::MailboxName;
use crate::net::NetError;
use crate::store::Local;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::Kit;
use crate::sync::last_words;
use crate::text::when;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So often one is tried in a turn that somebody asked for, the second time after all others.
const TRIES: u32 = 2;
/// After this time mailboxes are counted again.
const LATER: Duration = Duration::from_secs(3600);

/// What is remembered of them while the program runs.
#[derive(Debug, Default)]
pub struct Ends {
    /// How often in a row.
    times: BTreeMap<MailboxName, u32>,
    /// Whether those of the last run are among them.
    recalled: bool,
    /// How often in a row it ended while all were listed and counted, and when that was too often.
    lists: u32,
    counting: Option<Instant>,
    /// Whether another turn may get further, since one comes later in it.
    again: bool,
    /// Whether one was left out since then.
    left_out: bool,
}

impl Ends {
    /// Puts them behind the others, those of the last run, too.
    ///
    /// # Errors
    /// When `local.db` can't be read.
    pub fn put_last(&mut self, local: &Local, all: &mut [Here]) -> Result<(), SyncError> {
        if !std::mem::replace(&mut self.recalled, true) {
            for here in all.iter() {
                if local.read().ended_at(&key(here))?.is_some() {
                    self.times.insert(here.name.clone(), 1);
                }
            }
        }
        all.sort_by_key(|here| self.times.contains_key(&here.name));
        Ok(())
    }

    /// Whether one is to be left alone this time. In a turn that somebody asked for (`whole`) it is
    /// tried, and in any other while it is on a screen (`attended`), but not without end.
    ///
    /// # Errors
    /// When `local.db` can't be read.
    pub fn waits(
        &mut self,
        local: &Local,
        here: &Here,
        (whole, attended): (bool, bool),
    ) -> Result<bool, SyncError> {
        let times = self.times.get(&here.name);
        let tried = times.is_some_and(|times| *times >= TRIES);
        let waits = match (whole, attended) {
            (true, _) => tried,
            (false, true) if !tried => false,
            (false, _) => local.read().is_put_off(&key(here), when::now())?,
        };
        self.left_out |= waits;
        Ok(waits)
    }

    /// A connection ended at a mailbox of which nothing came; `more` are still to be looked at.
    ///
    /// # Errors
    /// When `local.db` can't be written.
    pub fn note(
        &mut self,
        kit: &Kit,
        local: &mut Local,
        (here, more): (&Here, bool),
        error: &NetError,
    ) -> Result<(), SyncError> {
        if !last_words::may_be(error) {
            return Ok(());
        }
        let times = self.times.entry(here.name.clone()).or_default();
        *times += 1;
        // It is left out, or others come first; a silence is not waited for twice at once.
        self.again = *times >= TRIES || (more && !matches!(error, NetError::Timeout));
        let ends = local.ended(&key(here), when::now())?;
        if ends.waits {
            kit.report.notice(&tr!(
                "the connection ends whenever {mailbox} is looked at; it is left alone for a while",
                mailbox = here.label
            ));
        }
        Ok(())
    }

    /// One was looked at and nothing ended.
    ///
    /// # Errors
    /// When `local.db` can't be read or written.
    pub fn are_over(&mut self, local: &mut Local, here: &Here) -> Result<(), SyncError> {
        self.times.remove(&here.name);
        Ok(local.ended_nothing(&key(here))?)
    }

    /// Whether mailboxes are to be counted when they are listed: one of them may be what the connection
    /// ended at. Without counts each of them is looked into.
    pub fn counts(&self) -> bool {
        self.counting.is_none_or(|at| at.elapsed() > LATER)
    }

    /// All mailboxes could not be listed. Once is the line; the next time it may be one of them.
    pub fn note_list(&mut self, error: &SyncError) {
        if let SyncError::Net(error) = error
            && last_words::may_be(error)
            && self.counts()
        {
            self.lists += 1;
            self.again = true;
            if self.lists >= TRIES {
                self.counting = Some(Instant::now());
            }
        }
    }

    /// All mailboxes were listed.
    pub fn listed(&mut self) {
        self.lists = 0;
    }

    /// Whether another turn may get further than the last one.
    pub fn may_pass(&mut self) -> bool {
        self.left_out = false;
        std::mem::take(&mut self.again)
    }

    /// Whether a mailbox was left out of the last turn.
    pub fn left_out(&self) -> bool {
        self.left_out
    }
}

/// Under which name it is counted how often connections ended at a mailbox.
fn key(here: &Here) -> String {
    format!("mailbox/{}", here.id.0)
}
