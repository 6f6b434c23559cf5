//! What a list needs to know of a message: the fields fetched for every message, parsed.

use super::{Address, MessageId};

/// The header fields of a message that are kept for lists, threads and search. Text is decoded
/// (RFC 2047) but untrusted: it has to be cleaned before it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Message-ID.
    pub message_id: Option<MessageId>,
    /// In-Reply-To, in order.
    pub in_reply_to: Vec<MessageId>,
    /// References, oldest first, at most the newest 100.
    pub references: Vec<MessageId>,
    /// Date in seconds since 1970, if the header holds a possible one.
    pub date: Option<i64>,
    /// From; more than one is legal, none is malformed.
    pub from: Vec<Address>,
    /// Sender, where it is given.
    pub sender: Option<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Subject, unfolded.
    pub subject: String,
    /// List-Id without its brackets (RFC 2919).
    pub list_id: Option<String>,
    /// Whether Content-Type says that there probably are attachments (multipart/mixed); certain
    /// only when the body is here.
    pub maybe_attachments: bool,
    /// The topmost Authentication-Results (RFC 8601), raw.
    pub auth_results: Option<String>,
}
