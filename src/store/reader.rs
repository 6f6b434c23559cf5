//! A look at the cache that can't change it: what screens, scripts and workers ask.
//!
//! A `Reader` is a read-only connection (`SQLITE_OPEN_READ_ONLY`, `PRAGMA query_only`). In WAL mode
//! it never waits for the writer and sees every transaction that was committed before it asks.

use super::error::Result;
use crate::model::view::MessageRow;
use crate::model::{
    AccountName, LocationId, MailboxId, MailboxName, MsgId, ThreadId, Uid, UidValidity,
};
use rusqlite::{Connection, InterruptHandle};
use std::path::Path;

/// A read-only connection to the cache. Not shared between threads: open one for each.
pub struct Reader {
    pub(super) conn: Connection,
}

/// Where a body can be fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPlace {
    /// The location's row.
    pub location: LocationId,
    /// Whose mailbox.
    pub account: AccountName,
    /// The mailbox's row.
    pub mailbox: MailboxId,
    /// The mailbox's name on the wire.
    pub name: MailboxName,
    /// The generation of `uid`.
    pub uidvalidity: UidValidity,
    /// The message there.
    pub uid: Uid,
}

/// A body that is not here yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedBody {
    /// Whose body.
    pub message: MsgId,
    /// Its UID in the mailbox that was asked about.
    pub uid: Uid,
    /// Octets that it should have.
    pub size: u64,
}

impl Reader {
    /// Opens an existing cache.
    ///
    /// # Errors
    /// No such file, a newer schema, a damaged file.
    pub fn open(path: &Path) -> Result<Reader> {
        let _ = path;
        unimplemented!()
    }

    /// A handle by which another thread can stop the running query ([`super::Error::Interrupted`]).
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.conn.get_interrupt_handle()
    }

    /// Everything known of a message but its body; `None` if it is gone.
    pub fn message(&self, id: MsgId) -> Result<Option<MessageRow>> {
        let _ = id;
        unimplemented!()
    }

    /// The message as the server has it, byte for byte, once it was fetched.
    pub fn body(&self, id: MsgId) -> Result<Option<Vec<u8>>> {
        let _ = id;
        unimplemented!()
    }

    /// The thread of a message; `None` if it is gone.
    pub fn thread_of(&self, id: MsgId) -> Result<Option<ThreadId>> {
        let _ = id;
        unimplemented!()
    }

    /// Where a message lies on servers, best place for fetching first. Empty if it is gone, or has
    /// no UID yet.
    pub fn locate(&self, id: MsgId) -> Result<Vec<ServerPlace>> {
        let _ = id;
        unimplemented!()
    }

    /// Bodies that are missing in a mailbox, newest first, of messages not older than `since`
    /// (seconds since 1970), without those that could not be had.
    pub fn bodies_wanted(
        &self,
        mailbox: MailboxId,
        since: i64,
        limit: usize,
    ) -> Result<Vec<WantedBody>> {
        let _ = (mailbox, since, limit);
        unimplemented!()
    }
}
