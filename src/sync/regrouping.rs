//! The ledger makes conversations one, and parts them, as the user decides.

use crate::lang::{self, mark, tr, trn};
use crate::model::{Done, MessageId, MsgId, Target};
use crate::signal::Topic;
use crate::store::{LocalReader, Priority};
use crate::sync::error::LedgerError;
use crate::sync::ledger::{After, Ledger};
use std::sync::Arc;

impl Ledger {
    /// Makes conversations one.
    pub(super) fn merge_threads(
        &mut self,
        targets: &[Target],
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let refused = |why: &str| LedgerError::Refused(why.to_owned());
        let resolved = self.reader.resolve(targets)?;
        let threads = self.reader.threads_of(&resolved)?;
        if threads.len() < 2 {
            return Err(refused(tr!(
                "Select two conversations or more to make them one"
            )));
        }
        let ids: Option<Vec<MessageId>> = threads.values().cloned().collect();
        let ids = ids.ok_or_else(|| refused(tr!("One of them has no Message-ID to know it by")))?;
        let label = lang::kept(|| {
            trn!(
                n = ids.len(),
                "Made one of {n} conversations",
                "Made one of {n} conversations"
            )
        });
        self.local.join_threads(&ids, &label, now)?;
        after.threads = true;
        Ok(Done {
            undoable: true,
            ..Done::said(lang::told(&label))
        })
    }

    /// Lets a message begin a conversation of its own.
    pub(super) fn split_thread(
        &mut self,
        message: MsgId,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let refused = |why: &str| LedgerError::Refused(why.to_owned());
        let row = self.reader.message(message)?;
        let id = row.and_then(|row| row.envelope.message_id);
        let id = id.ok_or_else(|| refused(tr!("That message has no Message-ID to know it by")))?;
        let below = match self.reader.thread_of(message)? {
            Some(thread) => self.reader.below(thread, &id)?,
            None => Vec::new(),
        };
        let label = mark!("A conversation of its own from here on");
        self.local.split_thread(&id, &below, label, now)?;
        after.threads = true;
        Ok(Done {
            undoable: true,
            ..Done::said(lang::of(label))
        })
    }

    /// Brings the cache's threads to what the user decided.
    pub(super) fn regroup(&self) -> Result<(), LedgerError> {
        let local = self.stores.local.clone();
        let (board, host) = (Arc::clone(&self.board), Arc::clone(&self.host));
        self.writer.post(Priority::Urgent, move |cache| {
            let local = LocalReader::open(&local)?;
            let touched = cache.follow_thread_rules(|| local.thread_rules())?;
            board.post(Topic::Mailboxes);
            for mailbox in touched {
                board.post(Topic::Mailbox(mailbox));
            }
            host.nudge();
            host.changed();
            Ok(())
        })?;
        Ok(())
    }
}
