//! A mailbox as the engine's threads hand it to each other.

use crate::model::{MailboxId, MailboxName, Reach};

/// A mailbox that is worked on.
#[derive(Clone, Debug)]
pub struct Here {
    /// Its row.
    pub id: MailboxId,
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its name for people, cleaned.
    pub label: String,
    /// How far back its headers go.
    pub headers: Reach,
    /// How far back its bodies go.
    pub bodies: Reach,
}
