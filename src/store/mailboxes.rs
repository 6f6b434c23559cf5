//! Reading mailboxes: for the sidebar, and as a worker's memory (the cursor).

use super::error::Result;
use super::reader::Reader;
use crate::model::view::MailboxRow;
use crate::model::{
    AccountName, Flags, MailboxId, MailboxName, ModSeq, Role, Uid, UidSet, UidValidity,
};

/// A mailbox with the names that the wire and the user know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its row.
    pub id: MailboxId,
    /// Whose it is.
    pub account: AccountName,
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its whole name decoded, levels joined by `/`. Untrusted text.
    pub path: String,
    /// The server's hierarchy delimiter.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
}

/// How far a mailbox was synchronised (RFC 4549 §4, RFC 7162 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The generation of the UIDs held; `None` before the first sync.
    pub uidvalidity: Option<UidValidity>,
    /// UIDNEXT when the last turn was finished; 0 if none was.
    pub uidnext: u32,
    /// HIGHESTMODSEQ when the last turn was finished; 0 if unknown.
    pub highestmodseq: ModSeq,
    /// Every message from this UID up was fetched; 0 if that is not known, 1 when all were.
    pub backfill: u32,
    /// Messages held with a UID.
    pub held: u64,
}

impl Reader {
    /// Every mailbox of every account with its counts, in the order accounts and mailboxes came.
    pub fn mailboxes(&self) -> Result<Vec<MailboxRow>> {
        unimplemented!()
    }

    /// The mailboxes of one account with their wire names.
    pub fn mailboxes_of(&self, account: &AccountName) -> Result<Vec<Mailbox>> {
        let _ = account;
        unimplemented!()
    }

    /// One mailbox by its row.
    pub fn mailbox(&self, id: MailboxId) -> Result<Option<Mailbox>> {
        let _ = id;
        unimplemented!()
    }

    /// One mailbox by its name on the wire.
    pub fn mailbox_named(
        &self,
        account: &AccountName,
        name: &MailboxName,
    ) -> Result<Option<Mailbox>> {
        let _ = (account, name);
        unimplemented!()
    }

    /// The account's mailbox for a role; the first where several claim it.
    pub fn role_mailbox(&self, account: &AccountName, role: Role) -> Result<Option<Mailbox>> {
        let _ = (account, role);
        unimplemented!()
    }

    /// How far a mailbox was synchronised.
    ///
    /// # Errors
    /// [`super::Error::Gone`] for an unknown mailbox.
    pub fn cursor(&self, mailbox: MailboxId) -> Result<Cursor> {
        let _ = mailbox;
        unimplemented!()
    }

    /// Every UID held of a mailbox.
    pub fn all_uids(&self, mailbox: MailboxId) -> Result<UidSet> {
        let _ = mailbox;
        unimplemented!()
    }

    /// Calls `each` with every UID held of a mailbox and the server's flags, ascending, in constant
    /// memory.
    pub fn uids_with_flags(&self, mailbox: MailboxId, each: impl FnMut(Uid, Flags)) -> Result<()> {
        let _ = (mailbox, each);
        unimplemented!()
    }
}
