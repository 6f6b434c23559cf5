//! Drafts as they are written, perhaps in several windows at once. Who saves says which revision he has
//! seen. Where somebody else wrote on it since, or sent it, what he wrote becomes a draft of its own
//! beside that one: nobody's words are written over, and nothing is sent that nobody saw.

use super::connection::{Local, LocalReader};
use super::drafts::{self, HERE};
use crate::lang::tr;
use crate::model::{Draft, DraftId};
use crate::store::error::{Error, Result};
use crate::store::process::Process;
use rusqlite::{OptionalExtension as _, Transaction, params};

/// In `draft.open`: it was put aside because the program ended.
const ASIDE: i64 = -1;

/// How a draft was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptDraft {
    /// Its row.
    pub id: DraftId,
    /// That row's revision now.
    pub rev: i64,
    /// Why that is another row than the one that it was read from; `None` if it is the same.
    pub parted: Option<Parted>,
}

/// Why a draft was kept beside the row that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parted {
    /// Somebody else wrote on that one.
    Changed,
    /// Somebody else sent that one, or threw it away for good.
    Gone,
}

/// The row of a draft, as far as it decides whether it may be written.
struct Row {
    rev: i64,
    open: i64,
    sending: bool,
}

impl Row {
    /// Whether who read this revision, or this process, was the last to write it. Of two saves of one
    /// process the second does not know the first one's revision yet.
    fn is_as_seen(&self, rev: i64) -> bool {
        self.rev == rev || self.open == Process::own().number()
    }
}

fn row(tx: &Transaction<'_>, id: DraftId) -> Result<Option<Row>> {
    let sql = "SELECT rev, open, outbox IS NOT NULL FROM draft WHERE id = ?1";
    let found = tx.query_row(sql, [id.0], |r| {
        Ok(Row {
            rev: r.get(0)?,
            open: r.get(1)?,
            sending: r.get(2)?,
        })
    });
    Ok(found.optional()?)
}

impl Local {
    /// Keeps a draft that is being written: a new row, or in place of the row that it was read from,
    /// if nobody else has written or sent that one since; else a new one beside it. One that was
    /// discarded is taken up again: nothing typed is lost.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_draft(&mut self, draft: &Draft, now: i64) -> Result<KeptDraft> {
        self.write(|tx| keep(tx, draft, now))
    }

    /// The same; only its row is told.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save_draft(&mut self, draft: &Draft, now: i64) -> Result<DraftId> {
        Ok(self.keep_draft(draft, now)?.id)
    }

    /// Keeps a draft that is about to be sent. Nothing is written where that would be another message
    /// than the user believes.
    ///
    /// # Errors
    /// [`Error::Refused`] if its row was written, sent or thrown away elsewhere since it was read.
    pub fn keep_to_send(&mut self, draft: &Draft, now: i64) -> Result<KeptDraft> {
        self.write(|tx| {
            if let Some(id) = draft.id {
                may_go(tx, id, draft.rev)?;
            }
            keep(tx, draft, now)
        })
    }

    /// A draft that was open in this process, or in none that runs, is open no more.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn close_draft(&mut self, id: DraftId) -> Result<()> {
        self.write(|tx| stands(tx, id, 0))
    }

    /// A draft is put aside because the program ends: the next start goes on with it, unless it is
    /// open in another window.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn put_aside(&mut self, id: DraftId) -> Result<()> {
        self.write(|tx| stands(tx, id, ASIDE))
    }
}

impl LocalReader {
    /// Drafts that stand open in a composer, and in which process, the last saved first; `None` for
    /// those that were [put aside](Local::put_aside).
    ///
    /// # Errors
    /// When they can't be read.
    pub fn open_drafts(&self) -> Result<Vec<(DraftId, Option<Process>)>> {
        let sql = format!(
            "SELECT id, open FROM draft WHERE open <> 0 AND {HERE} ORDER BY saved DESC, id DESC"
        );
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map([], |r| {
                let open: i64 = r.get(1)?;
                let process = Some(open).filter(|open| *open > 0).map(Process::numbered);
                Ok((DraftId(r.get(0)?), process))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Writes down where a draft stands open, unless that is another process that runs.
fn stands(tx: &Transaction<'_>, id: DraftId, open: i64) -> Result<()> {
    let elsewhere = row(tx, id)?.map(|row| Process::numbered(row.open));
    if elsewhere.is_some_and(Process::is_other_running) {
        return Ok(());
    }
    let sql = "UPDATE draft SET open = ?2 WHERE id = ?1";
    tx.execute(sql, params![id.0, open])?;
    Ok(())
}

/// As [`Local::keep_draft`].
pub(super) fn keep(tx: &Transaction<'_>, draft: &Draft, now: i64) -> Result<KeptDraft> {
    let mut parted = None;
    if let Some(id) = draft.id {
        let row = row(tx, id)?;
        let own = row
            .as_ref()
            .is_some_and(|row| !row.sending && row.is_as_seen(draft.rev));
        if let Some(row) = row.filter(|_| !own) {
            // Nobody typed anything that is not there.
            if drafts::any(tx, id)?.is_some_and(|there| there.says(draft)) {
                drafts::take_up(tx, id)?;
                let rev = row.rev;
                return Ok(KeptDraft { id, rev, parted });
            }
            parted = Some(match row.sending {
                true => Parted::Gone,
                false => Parted::Changed,
            });
        } else if !own {
            parted = Some(Parted::Gone);
        }
    }
    let id = drafts::save(tx, draft.id.filter(|_| parted.is_none()), draft, now)?;
    let sql = "UPDATE draft SET open = ?2 WHERE id = ?1 RETURNING rev";
    let values = params![id.0, Process::own().number()];
    let rev = tx.query_row(sql, values, |r| r.get(0))?;
    Ok(KeptDraft { id, rev, parted })
}

/// Whether a draft may go out as it was in this revision.
///
/// # Errors
/// [`Error::Refused`] with why not.
pub(super) fn may_go(tx: &Transaction<'_>, id: DraftId, rev: i64) -> Result<()> {
    let why = match row(tx, id)? {
        Some(row) if row.sending => tr!("this message is on its way already"),
        Some(row) if row.is_as_seen(rev) => return Ok(()),
        Some(_) => tr!(
            "it was changed in another window; what stands here becomes a draft of its own, which can be sent"
        ),
        None => tr!(
            "it was sent or thrown away in another window; what stands here becomes a draft of its own, which can be sent"
        ),
    };
    Err(Error::Refused(why.to_owned()))
}
