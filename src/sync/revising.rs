//! The ledger takes back what was done, and does it once more: the newest, one of the journal, or all
//! since one of it.

use crate::model::{AccountName, ActionId, Done, MessageKey};
use crate::signal::Topic;
use crate::store::{Redo, Redone, Undo, UndoOne, Undone};
use crate::sync::error::LedgerError;
use crate::sync::ledger::{After, Ledger};
use crate::sync::undoing;

impl Ledger {
    pub(super) fn undo(&mut self, now: i64, after: &mut After) -> Result<Done, LedgerError> {
        let asked = self.local.undo(now, self.begun.max(now - undoing::OLD))?;
        let done = undoing::done(&asked, now);
        if let Undo::Done(undone) = asked {
            self.take(undone, after)?;
        }
        done.map_err(LedgerError::Refused)
    }

    pub(super) fn undo_one(
        &mut self,
        action: ActionId,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let reader = &self.reader;
        // What can't be found out is left to the worker, which looks before it does anything.
        let is_gone =
            |account: &AccountName, key: &MessageKey| reader.is_gone(account, key).unwrap_or(false);
        let asked = self.local.undo_one(action, now, &is_gone)?;
        let done = undoing::one(&asked, now);
        if let UndoOne::Done(undone) = asked {
            self.take(undone, after)?;
        }
        done.map_err(LedgerError::Refused)
    }

    pub(super) fn undo_since(
        &mut self,
        action: ActionId,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let all = self.local.undo_since(action, now)?;
        let done = undoing::since(&all, now);
        for undone in all {
            self.take(undone, after)?;
        }
        done.map_err(LedgerError::Refused)
    }

    pub(super) fn redo(&mut self, now: i64, after: &mut After) -> Result<Done, LedgerError> {
        let asked = self.local.redo(now)?;
        self.redone(asked, now, after)
    }

    pub(super) fn redo_one(
        &mut self,
        action: ActionId,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let reader = &self.reader;
        let is_gone =
            |account: &AccountName, key: &MessageKey| reader.is_gone(account, key).unwrap_or(false);
        let asked = self.local.redo_one(action, now, &is_gone)?;
        self.redone(asked, now, after)
    }

    fn redone(&self, asked: Redo, now: i64, after: &mut After) -> Result<Done, LedgerError> {
        let done = undoing::again(&asked, now);
        if let Redo::Done(Redone {
            ops,
            draft,
            threads,
            ..
        }) = asked
        {
            after.apply.extend(ops);
            after.threads |= threads;
            if let Some(draft) = draft {
                after.topics.push(Topic::Drafts);
                after.copy = self.whose(draft)?;
            }
        }
        done.map_err(LedgerError::Refused)
    }

    /// What follows from one that was taken back.
    fn take(&self, undone: Undone, after: &mut After) -> Result<(), LedgerError> {
        after.revert.extend(undone.cancelled);
        after.apply.extend(undone.inverse);
        after.threads |= undone.threads;
        // What is under way is finished and taken back by whoever carries it.
        after.everybody |= undone.recalled;
        if undone.sending || undone.draft.is_some() {
            after.topics.extend([Topic::Drafts, Topic::Outbox]);
            if let Some(id) = undone.draft {
                after.copy = self.whose(id)?;
            }
        }
        Ok(())
    }
}
