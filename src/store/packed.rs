//! A new message, as it was told and as the cache's columns hold it. The second is made where the
//! header was parsed, so that the one thread that writes has nothing left to do but to write.

use crate::model::{Address, Envelope, Flags, Uid};
use crate::store::codec;
use crate::store::threads;
use crate::store::words::spaced;
use std::borrow::Cow;

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
    /// What names the message for ever within the account, wherever it lies (OBJECTID's EMAILID,
    /// RFC 8474, or Gmail's X-GM-MSGID), if the server has such names.
    pub identity: Option<String>,
    /// What the messages of its conversation share (THREADID, X-GM-THRID), if the server says.
    pub thread_hint: Option<String>,
}

/// A [`NewMessage`], ready to be written.
#[derive(Clone, Debug)]
pub struct Packed {
    pub(super) uid: Uid,
    pub(super) flags: Flags,
    pub(super) internal_date: i64,
    pub(super) size: u64,
    pub(super) identity: Option<String>,
    pub(super) thread_hint: Option<String>,
    pub(super) header: Header,
}

/// The columns of a header.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) date: Option<i64>,
    pub(super) maybe_attachments: bool,
    pub(super) subject: String,
    pub(super) from: String,
    pub(super) sender: String,
    pub(super) reply_to: String,
    pub(super) to: String,
    pub(super) cc: String,
    pub(super) message_id: String,
    pub(super) in_reply_to: String,
    pub(super) refs: String,
    pub(super) list_id: Option<String>,
    pub(super) auth_results: Option<String>,
    /// The identifiers that it joins, hashed.
    pub(super) hashes: Vec<i64>,
    /// Words for the search; of the subject only where they differ from it.
    subject_words: Option<String>,
    pub(super) senders: String,
    pub(super) recipients: String,
}

impl Header {
    fn of(envelope: Envelope) -> Header {
        let from = envelope.from.iter().chain(&envelope.sender);
        let to = envelope.to.iter().chain(&envelope.cc);
        let (senders, recipients) = (people(from), people(to));
        let subject_words = match spaced(&envelope.subject) {
            Cow::Owned(words) => Some(words),
            Cow::Borrowed(_) => None,
        };
        Header {
            date: envelope.date,
            maybe_attachments: envelope.maybe_attachments,
            from: codec::addresses_out(&envelope.from),
            sender: codec::addresses_out(envelope.sender.as_slice()),
            reply_to: codec::addresses_out(&envelope.reply_to),
            to: codec::addresses_out(&envelope.to),
            cc: codec::addresses_out(&envelope.cc),
            in_reply_to: codec::ids_out(&envelope.in_reply_to),
            refs: codec::ids_out(&envelope.references),
            hashes: threads::hashes(&envelope),
            subject_words,
            senders,
            recipients,
            message_id: envelope
                .message_id
                .map_or_else(String::new, |id| id.as_str().to_owned()),
            subject: envelope.subject,
            list_id: envelope.list_id,
            auth_results: envelope.auth_results,
        }
    }

    /// What the search finds the subject by.
    pub(super) fn subject_words(&self) -> &str {
        self.subject_words.as_deref().unwrap_or(&self.subject)
    }
}

impl From<NewMessage> for Packed {
    fn from(new: NewMessage) -> Packed {
        Packed {
            uid: new.uid,
            flags: new.flags,
            internal_date: new.internal_date,
            size: new.size,
            identity: new.identity,
            thread_hint: new.thread_hint,
            header: Header::of(new.envelope),
        }
    }
}

fn people<'a>(people: impl Iterator<Item = &'a Address>) -> String {
    let text = codec::people_text(people);
    match spaced(&text) {
        Cow::Owned(words) => words,
        Cow::Borrowed(_) => text,
    }
}
