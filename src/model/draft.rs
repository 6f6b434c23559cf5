//! A message being written.

use super::{AccountName, DraftId, LocationId, MessageId};
use std::path::PathBuf;
use std::sync::Arc;

/// What a draft began as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DraftKind {
    /// A new message.
    #[default]
    New,
    /// An answer.
    Reply,
    /// A forwarded message.
    Forward,
}

/// Something to attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftAttachment {
    /// A file, read when the message is queued (its bytes are frozen then).
    File {
        /// Where it is.
        path: PathBuf,
        /// The name to give it, if not its own.
        name: Option<String>,
        /// Whether it is shown in the text rather than below it (RFC 2183 §2.1).
        inline: bool,
    },
    /// Bytes that are already ours (a forwarded attachment).
    Bytes {
        /// The name to give it.
        name: String,
        /// Its media type, e.g. `image/png`.
        media_type: String,
        /// Its content.
        bytes: Arc<[u8]>,
        /// Whether it is shown in the text rather than below it (RFC 2183 §2.1).
        inline: bool,
    },
}

impl DraftAttachment {
    /// A file under its own name, below the text.
    pub fn file(path: PathBuf) -> DraftAttachment {
        DraftAttachment::File {
            path,
            name: None,
            inline: false,
        }
    }

    /// The name that it is sent under.
    pub fn name(&self) -> String {
        match self {
            DraftAttachment::File {
                name: Some(name), ..
            }
            | DraftAttachment::Bytes { name, .. } => name.clone(),
            DraftAttachment::File { path, .. } => path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
        }
    }
}

/// How a message is to be sent, chosen per message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Its text is Markdown: it goes as text and as HTML (RFC 2046 §5.1.4).
    pub markdown: bool,
    /// A read receipt is asked for (RFC 8098 §2.1).
    pub receipt: bool,
    /// A report of its delivery is asked for (RFC 3461 §4.1).
    pub dsn: bool,
    /// The user is reminded so many seconds after sending if nobody answered.
    pub remind: Option<u32>,
    /// It is not sent before this time, seconds since 1970.
    pub send_at: Option<i64>,
}

/// A message being written, exactly as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its row, once saved.
    pub id: Option<DraftId>,
    /// Which account sends it.
    pub account: AccountName,
    /// What it began as.
    pub kind: DraftKind,
    /// The From line as typed.
    pub from: String,
    /// The To line as typed.
    pub to: String,
    /// The Cc line as typed.
    pub cc: String,
    /// The Bcc line as typed.
    pub bcc: String,
    /// The Reply-To line as typed.
    pub reply_to: String,
    /// How it is to be sent.
    pub options: SendOptions,
    /// The Subject as typed.
    pub subject: String,
    /// The text, lines ended by `\n`.
    pub body: String,
    /// What is attached.
    pub attachments: Vec<DraftAttachment>,
    /// The message that it answers.
    pub in_reply_to: Option<MessageId>,
    /// The References that it will carry, oldest first.
    pub references: Vec<MessageId>,
    /// Where the answered or forwarded message lies, to be flagged when this one is sent.
    pub source: Option<LocationId>,
    /// The message on the server that it takes the place of once it is saved: a draft that another
    /// program left there. Not kept with the draft.
    pub replaces: Option<LocationId>,
    /// The composer of this process that it was begun in, 0: none. Not kept with the draft: it tells
    /// two saves of one draft apart from two drafts while it has no row.
    pub begun: u64,
    /// When it was last saved, seconds since 1970; 0 before.
    pub saved: i64,
    /// Which of its row's revisions it was read from, or written as; 0 before. Who saves it says by
    /// this what he has seen.
    pub rev: i64,
}

impl Draft {
    /// Whether another one would be kept as this one is: only the time and the revision may differ.
    pub fn says(&self, other: &Draft) -> bool {
        let (saved, rev, replaces) = (self.saved, self.rev, self.replaces);
        let other = Draft {
            begun: self.begun,
            saved,
            rev,
            replaces,
            ..other.clone()
        };
        *self == other
    }

    /// An empty draft for an account.
    pub fn new(account: AccountName) -> Draft {
        Draft {
            id: None,
            account,
            kind: DraftKind::New,
            from: String::new(),
            to: String::new(),
            cc: String::new(),
            bcc: String::new(),
            reply_to: String::new(),
            options: SendOptions::default(),
            subject: String::new(),
            body: String::new(),
            attachments: Vec::new(),
            in_reply_to: None,
            references: Vec::new(),
            source: None,
            replaces: None,
            begun: 0,
            saved: 0,
            rev: 0,
        }
    }
}
