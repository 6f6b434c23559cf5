//! New messages from a server: rows and the moved cursor in one transaction.

use super::cache::Cache;
use super::error::Result;
use crate::model::{Envelope, Flags, LocationId, MailboxId, ModSeq, MsgId, Uid, UidValidity};

/// A message as a header fetch tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its UID.
    pub uid: Uid,
    /// The server's flags.
    pub flags: Flags,
    /// INTERNALDATE, seconds since 1970.
    pub internal_date: i64,
    /// RFC822.SIZE in octets.
    pub size: u64,
    /// Its header fields.
    pub envelope: Envelope,
}

/// How far the cursor moves with a batch; `None` leaves a value as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorMove {
    /// UIDNEXT.
    pub uidnext: Option<u32>,
    /// HIGHESTMODSEQ.
    pub highestmodseq: Option<ModSeq>,
    /// Every message from this UID up is here.
    pub backfill: Option<u32>,
}

/// What a batch brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Messages that were not here before, in the order given.
    pub new: Vec<(Uid, MsgId, LocationId)>,
    /// Messages that had been here already; their flags were updated.
    pub known: usize,
}

impl Cache {
    /// Takes a batch of messages and moves the cursor, in one transaction. Taking the same batch
    /// again changes nothing.
    ///
    /// # Errors
    /// [`super::Error::Generation`] if the mailbox holds UIDs of another UIDVALIDITY.
    pub fn ingest(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
        messages: &[NewMessage],
        cursor: Option<CursorMove>,
    ) -> Result<Ingested> {
        let _ = (mailbox, uidvalidity, messages, cursor);
        unimplemented!()
    }

    /// Moves the cursor alone, e.g. at the end of a turn.
    pub fn move_cursor(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
        cursor: CursorMove,
    ) -> Result<()> {
        let _ = (mailbox, uidvalidity, cursor);
        unimplemented!()
    }
}
