//! What lists, threads and search need of a message.

use crate::model::Envelope;
use crate::model::view::AttachmentRow;

/// What is kept of a message when its body comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Header fields.
    pub envelope: Envelope,
    /// Attachments and inline parts with a name.
    pub attachments: Vec<AttachmentRow>,
    /// Plain text for the search index, at most 256 KiB.
    pub text: String,
    /// The beginning of the text in one line, without quotations. Untrusted text.
    pub snippet: String,
}

/// Reads header fields.
pub fn envelope(_header: &[u8]) -> Envelope {
    unimplemented!()
}

/// Reads a whole message.
pub fn digest(_raw: &[u8]) -> Digest {
    unimplemented!()
}
