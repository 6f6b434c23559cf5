//! "Remind me if nobody answers": a message that we sent and that comes back.

use super::{AccountName, MessageId, ReminderId};
use crate::lang::tr;

/// Where a reminder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReminderState {
    /// Its time has not come.
    Waiting,
    /// Nobody answered in time: it is shown until somebody answers or the user dismisses it.
    Due,
    /// Somebody answered.
    Answered,
    /// The user does not want it any more.
    Dismissed,
}

impl ReminderState {
    /// Every state with its name in JSON, in the order of their numbers in the database.
    pub const ALL: [(ReminderState, &'static str); 4] = [
        (ReminderState::Waiting, "waiting"),
        (ReminderState::Due, "due"),
        (ReminderState::Answered, "answered"),
        (ReminderState::Dismissed, "dismissed"),
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        let found = ReminderState::ALL.iter().find(|(s, _)| *s == self);
        found.map_or("", |(_, name)| name)
    }
}

/// A reminder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Its row.
    pub id: ReminderId,
    /// Which account sent the message.
    pub account: AccountName,
    /// The message's Message-ID.
    pub message_id: MessageId,
    /// Its subject, untrusted text.
    pub subject: String,
    /// To whom it went, for showing. Untrusted text.
    pub recipients: String,
    /// When the user is reminded, seconds since 1970.
    pub due: i64,
    /// Where it stands.
    pub state: ReminderState,
}

impl Reminder {
    /// What is said once it is due. Holds untrusted text.
    pub fn words(&self) -> String {
        let subject = match self.subject.trim() {
            "" => tr!("(no subject)"),
            subject => subject,
        };
        let people = &self.recipients;
        tr!("nobody answered \"{subject}\" to {people}", subject, people)
    }
}
