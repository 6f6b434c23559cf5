//! Operations laid over what the server said: shown = server ⊕ pending.

use super::cache::Cache;
use super::error::Result;
use crate::model::{MailboxId, Op, OpId, Uid, UidValidity};

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server did it.
    Done {
        /// COPYUID (RFC 4315): (source UID, UIDVALIDITY there, UID there). Empty for operations
        /// that copy nothing, and where the server didn't say.
        copied: Vec<(Uid, UidValidity, Uid)>,
    },
    /// It was refused or taken back.
    Reverted,
}

impl Cache {
    /// Lays an operation over the cache; doing it again changes nothing. Keys that are not known
    /// are passed over.
    pub fn apply(&mut self, op: &Op) -> Result<()> {
        let _ = op;
        unimplemented!()
    }

    /// An operation has ended: its effect becomes the server's state, or goes. Unknown operations
    /// are passed over.
    pub fn settle(&mut self, op: OpId, outcome: &Outcome) -> Result<()> {
        let _ = (op, outcome);
        unimplemented!()
    }

    /// Forgets every operation laid over the cache and lays these over it, in their order: at the
    /// start, when `local.db` alone knows what is pending.
    pub fn reapply(&mut self, ops: &[Op]) -> Result<()> {
        let _ = ops;
        unimplemented!()
    }

    /// Drops what moved into this mailbox without COPYUID and was not found there. To be called
    /// after a whole pull of the mailbox that began after the move was settled.
    pub fn drop_unmatched(&mut self, mailbox: MailboxId) -> Result<usize> {
        let _ = mailbox;
        unimplemented!()
    }
}
