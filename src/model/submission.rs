//! A message on its way out: immutable bytes, an envelope, and a state for each recipient.

use super::{AccountName, DraftAttachment, DraftId, MessageId, OutboxId};
use std::sync::Arc;

/// A finished message, frozen, before it has a row in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Which account sends it.
    pub account: AccountName,
    /// Its Message-ID, the same in every attempt.
    pub message_id: MessageId,
    /// The envelope's sender, an addr-spec.
    pub mail_from: String,
    /// The envelope's recipients, addr-specs, each once.
    pub recipients: Vec<String>,
    /// Subject for the outbox view, untrusted text.
    pub subject: String,
    /// The bytes for the wire: CRLF line ends, no Bcc.
    pub wire: Arc<Vec<u8>>,
    /// The bytes for Sent: as `wire`, with Bcc. None: no copy is filed.
    pub filed: Arc<Vec<u8>>,
    /// The draft that goes when this row comes, in the same transaction, and the revision of it that
    /// this is.
    pub draft: Option<(DraftId, i64)>,
    /// What is attached, as it was read, if some of it lay in files: its draft holds that from now on
    /// if it is `scheduled`, for files may change or go until then. Empty: the draft stays as it is.
    pub attached: Vec<DraftAttachment>,
    /// Not to be sent before this time, seconds since 1970 (undo window, or a time of the user's).
    pub not_before: i64,
    /// Whether that time is one that the user chose.
    pub scheduled: bool,
    /// Whether reports of delivery are asked for (RFC 3461).
    pub dsn: bool,
    /// The user is reminded so many seconds after sending if nobody answered.
    pub remind: Option<u32>,
    /// The message it answers or forwards, to be flagged once sent: (key's account is `account`).
    pub source: Option<(super::MessageKey, super::FlagChange)>,
}

impl Outgoing {
    /// One with nothing in it: from nobody to nobody, no copy filed, no draft behind it, nothing
    /// asked for.
    pub fn new(account: AccountName, message_id: MessageId, not_before: i64) -> Outgoing {
        Outgoing {
            account,
            message_id,
            mail_from: String::new(),
            recipients: Vec::new(),
            subject: String::new(),
            wire: Arc::default(),
            filed: Arc::default(),
            draft: None,
            attached: Vec::new(),
            not_before,
            scheduled: false,
            dsn: false,
            remind: None,
            source: None,
        }
    }
}

/// Where one recipient stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientState {
    /// Not asked yet, or to be asked again.
    Pending,
    /// The server took the message for this one: final.
    Accepted,
    /// Put off (4xx): tried again later with the same bytes.
    TryLater,
    /// Refused for good (5xx): final until the user decides.
    Refused,
    /// The final dot was sent and no answer came: must never be repeated by itself.
    Unknown,
}

impl RecipientState {
    /// Every state with its name in JSON and databases.
    pub const ALL: [(RecipientState, &'static str); 5] = [
        (RecipientState::Pending, "pending"),
        (RecipientState::Accepted, "accepted"),
        (RecipientState::TryLater, "deferred"),
        (RecipientState::Refused, "refused"),
        (RecipientState::Unknown, "unknown"),
    ];

    /// The name in JSON and databases.
    pub fn name(self) -> &'static str {
        let found = RecipientState::ALL.iter().find(|(s, _)| *s == self);
        found.map_or("", |(_, name)| name)
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<RecipientState> {
        let found = RecipientState::ALL.iter().find(|(_, n)| *n == name);
        found.map(|(state, _)| *state)
    }
}

/// One recipient of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The addr-spec.
    pub address: String,
    /// Where it stands.
    pub state: RecipientState,
    /// The server's last reply for it, e.g. `550 5.1.1 no such user`. Untrusted text.
    pub reply: Option<String>,
}

/// How far an attempt had got when it was last written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubmissionState {
    /// Waiting for its time, the network or the next try.
    Queued,
    /// Kept back by the user until told otherwise.
    Held,
    /// An attempt is running, the final dot not written: after a crash, try again.
    Sending,
    /// The final dot may have been written: after a crash this is [`SubmissionState::InDoubt`].
    Dot,
    /// Sent or not, nobody knows: looked for in Sent by Message-ID, else the user decides.
    InDoubt,
    /// At least one recipient was refused and nothing more will happen unless the user decides.
    Refused,
    /// Sent to everybody it will be sent to; the copy is not filed yet.
    Accepted,
    /// Sent and filed (or filed by the provider): done.
    Done,
}

impl SubmissionState {
    /// Every state with its name in JSON and databases.
    pub const ALL: [(SubmissionState, &'static str); 8] = [
        (SubmissionState::Queued, "queued"),
        (SubmissionState::Held, "held"),
        (SubmissionState::Sending, "sending"),
        (SubmissionState::Dot, "dot"),
        (SubmissionState::InDoubt, "in-doubt"),
        (SubmissionState::Refused, "refused"),
        (SubmissionState::Accepted, "accepted"),
        (SubmissionState::Done, "sent"),
    ];

    /// The name in JSON and databases.
    pub fn name(self) -> &'static str {
        let found = SubmissionState::ALL.iter().find(|(s, _)| *s == self);
        found.map_or("", |(_, name)| name)
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<SubmissionState> {
        let found = SubmissionState::ALL.iter().find(|(_, n)| *n == name);
        found.map(|(state, _)| *state)
    }

    /// Whether nothing more happens to the message until the user decides.
    pub fn needs_the_user(self) -> bool {
        matches!(self, SubmissionState::InDoubt | SubmissionState::Refused)
    }
}

/// What was reported of a message that we sent, about one recipient (RFC 3464, RFC 8098).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// The recipient that we wrote to, as far as the report says. Untrusted text.
    pub recipient: String,
    /// `failed`, `delayed`, `delivered`, `relayed`, `expanded`, or `displayed` (a read receipt).
    pub action: String,
    /// The enhanced status code, or nothing.
    pub status: String,
    /// The server's words, or nothing. Untrusted text.
    pub diagnostic: String,
}

/// A row of the outbox, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its row.
    pub id: OutboxId,
    /// Which account sends it.
    pub account: AccountName,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// The envelope's sender.
    pub mail_from: String,
    /// Its recipients.
    pub recipients: Vec<Recipient>,
    /// Subject, untrusted text.
    pub subject: String,
    /// Octets of the wire form.
    pub size: u64,
    /// Where it stands.
    pub state: SubmissionState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before this time, seconds since 1970.
    pub next_try: i64,
    /// When it was queued, seconds since 1970.
    pub created: i64,
    /// Since when servers put it off: the first answer of one that did not take it, seconds since 1970;
    /// 0 before, and less than 0 if what they said counts no more.
    pub first_try: i64,
    /// Whether `next_try` is a time that the user chose.
    pub scheduled: bool,
    /// Whether reports of delivery are asked for.
    pub dsn: bool,
    /// The user is reminded so many seconds after sending if nobody answered.
    pub remind: Option<u32>,
    /// How often it was looked for while in doubt.
    pub looked: u32,
    /// When the server accepted it, seconds since 1970; 0 before.
    pub sent_at: i64,
    /// Whether a copy of it belongs into Sent.
    pub filed: bool,
    /// What went wrong last, in plain words with the server's. May hold untrusted text.
    pub error: Option<String>,
}
