//! What is made of a message, and what of that needs all of it: a message whose attachments nobody
//! opened is here without them, and what needs these waits until they were fetched.

use crate::lang::trc;
use crate::mime::itip::Answer;
use crate::model::{Intent, MsgId};
use crate::tui::part::PartJob;

/// What a draft is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftFrom {
    /// An answer to the sender.
    Reply,
    /// An answer to everybody.
    ReplyAll,
    /// An answer to the mailing list alone.
    ReplyList,
    /// A forwarded copy.
    Forward,
    /// The message whole, as an attachment.
    ForwardWhole,
    /// The message itself, as a new draft.
    Edit,
    /// The message itself, a draft that lies on the server: to be written on.
    GoOn,
}

impl DraftFrom {
    /// Whether attachments go along.
    pub fn needs_attachments(self) -> bool {
        match self {
            DraftFrom::Forward | DraftFrom::ForwardWhole | DraftFrom::Edit | DraftFrom::GoOn => {
                true
            }
            DraftFrom::Reply | DraftFrom::ReplyAll | DraftFrom::ReplyList => false,
        }
    }
}

/// What is sent of a message as it lies here, without a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outward {
    /// The message itself, to these people (as typed).
    Redirect(String),
    /// The read receipt that its sender asked for.
    Receipt,
    /// An answer to its invitation, with a note to the organizer (may be empty).
    Answer(Answer, String),
}

/// What could not be done because attachments of a message are not here, and is to be done once they
/// are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The message.
    pub message: MsgId,
    /// What is to be done.
    pub then: Then,
}

/// What waits for the attachments of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Work on one of them.
    Part(PartJob),
    /// A draft.
    Draft(DraftFrom),
    /// Something that is sent.
    Build(Outward),
}

/// When something began to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// How often hands had been at it: keys, clicks, pastes.
    pub hands: u64,
    /// The number of the next thing that an undo takes back.
    pub act: u64,
}

impl Lacking {
    /// What has to be fetched for it: one attachment, where no more is needed.
    pub fn wanted(&self) -> Intent {
        let path = match &self.then {
            Then::Part(job) => job.only().map(|part| part.path.clone()),
            Then::Draft(_) | Then::Build(_) => None,
        };
        match path {
            Some(path) => Intent::FetchPart(self.message, path),
            None => Intent::FetchBody(self.message),
        }
    }

    /// What is to be done, in words.
    pub fn words(&self) -> &'static str {
        match &self.then {
            Then::Part(PartJob::Save { .. }) => trc!("waiting", "an attachment to be saved"),
            Then::Part(_) => trc!("waiting", "an attachment"),
            Then::Draft(DraftFrom::Forward | DraftFrom::ForwardWhole) => {
                trc!("waiting", "a message to be forwarded")
            }
            Then::Draft(_) => trc!("waiting", "a draft"),
            Then::Build(Outward::Redirect(_)) => trc!("waiting", "a message to be redirected"),
            Then::Build(Outward::Receipt) => trc!("waiting", "a read receipt"),
            Then::Build(Outward::Answer(..)) => trc!("waiting", "the answer to an invitation"),
        }
    }
}
