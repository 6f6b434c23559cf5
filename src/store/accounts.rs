//! Accounts and their mailboxes, as the server lists them.

use super::cache::Cache;
use super::error::Result;
use crate::model::{AccountName, MailboxId, MailboxName, Role, UidValidity};

/// A mailbox as LIST tells it (RFC 9051 §7.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxInfo {
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its whole name decoded, levels joined by `/`.
    pub path: String,
    /// The server's hierarchy delimiter.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
}

/// What a new list of mailboxes changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxChanges {
    /// Mailboxes that were not known.
    pub new: Vec<(MailboxId, MailboxName)>,
    /// Mailboxes that are gone, and all that was in them.
    pub gone: Vec<MailboxName>,
}

impl Cache {
    /// Makes sure that an account has a row.
    pub fn ensure_account(&mut self, account: &AccountName) -> Result<()> {
        let _ = account;
        unimplemented!()
    }

    /// Removes every account not in `keep`, with its mail.
    pub fn retain_accounts(&mut self, keep: &[AccountName]) -> Result<()> {
        let _ = keep;
        unimplemented!()
    }

    /// Takes the server's whole list of an account's mailboxes.
    pub fn set_mailboxes(
        &mut self,
        account: &AccountName,
        list: &[MailboxInfo],
    ) -> Result<MailboxChanges> {
        let _ = (account, list);
        unimplemented!()
    }

    /// The mailbox has a new UIDVALIDITY: its locations go, bodies are kept for seven days and
    /// found again by Message-ID, size and date when the messages come in anew (RFC 4549 §4.1).
    pub fn reset_mailbox(&mut self, mailbox: MailboxId, uidvalidity: UidValidity) -> Result<()> {
        let _ = (mailbox, uidvalidity);
        unimplemented!()
    }
}
