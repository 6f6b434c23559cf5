//! From what a user points at to the natural keys that an operation keeps.

use super::error::Result;
use super::reader::Reader;
use crate::model::{AccountName, Flags, LocationId, MailboxId, MessageKey, Role, Target};

/// One location that a target stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The location.
    pub location: LocationId,
    /// The mailbox that it is shown in.
    pub mailbox: MailboxId,
    /// Whose mailbox.
    pub account: AccountName,
    /// What that mailbox is for.
    pub role: Option<Role>,
    /// The key that an operation keeps; for a location that is on its way, that of the place it
    /// came from.
    pub key: MessageKey,
    /// Flags as shown.
    pub flags: Flags,
}

impl Reader {
    /// The locations that targets stand for, each once. What is gone or hidden is left out.
    pub fn resolve(&self, targets: &[Target]) -> Result<Vec<ResolvedTarget>> {
        let _ = targets;
        unimplemented!()
    }
}
