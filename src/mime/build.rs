//! Messages on their way out.

use crate::model::{Account, Draft, MessageId, Outgoing};
use std::sync::Arc;

/// A file that was read for attaching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name; a path is cut to its last part.
    pub name: String,
    /// Its media type, e.g. `image/png`; anything malformed becomes `application/octet-stream`.
    pub media_type: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

/// Why a message can't be built: which field, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Nobody to send to.
    #[error("nobody to send to: fill in To, Cc or Bcc")]
    NoRecipient,
    /// A field that holds addresses can't be read.
    #[error("{field}: {message} (at character {})", .at + 1)]
    Address {
        /// Which field: `From`, `To`, `Cc` or `Bcc`.
        field: &'static str,
        /// Where, in characters from the start.
        at: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// What was given to be sent as it is is not a message.
    #[error("not a message: {0}")]
    NotAMessage(String),
    /// The system gave no random bytes for a Message-ID.
    #[error("no random bytes from the system: {0}")]
    Random(String),
}

/// A Message-ID that nobody else makes, in the domain of `email`.
pub fn new_message_id(_email: &str) -> MessageId {
    unimplemented!()
}

/// The finished message of a draft. `files` are the draft's attachments in order, already read.
///
/// # Errors
/// See [`BuildError`].
pub fn outgoing(
    _draft: &Draft,
    _account: &Account,
    _files: &[Attached],
    _message_id: MessageId,
    _now: i64,
) -> Result<Outgoing, BuildError> {
    unimplemented!()
}

/// A message that somebody else wrote, made fit to be sent.
///
/// # Errors
/// See [`BuildError`].
pub fn from_rfc5322(_raw: &[u8], _account: &Account, _now: i64) -> Result<Outgoing, BuildError> {
    unimplemented!()
}
