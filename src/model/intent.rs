//! What a user (or a script) wants: a message from the screen to the ledger. Intent is committed
//! to `local.db` before anybody is shown its effect.

use super::{
    AccountName, ActionId, Draft, DraftId, FlagChange, LocationId, MailboxId, MsgId, OutboxId,
    Outgoing, ReminderId, Secret, ThreadId,
};

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One message in one place.
    Location(LocationId),
    /// Every message of a thread in one mailbox.
    Thread {
        /// Which thread.
        thread: ThreadId,
        /// In which mailbox; `None`: in every inbox (the unified view).
        mailbox: Option<MailboxId>,
    },
    /// Every message of a mailbox.
    Mailbox(MailboxId),
}

/// What is done to messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Changes flags.
    Flag(FlagChange),
    /// Marks all as read if any is unread, else as unread.
    ToggleRead,
    /// Stars what has no star, a conversation by its newest message; where all have one, takes all
    /// stars away.
    ToggleStar,
    /// Gives a tag or takes it away, by the name that people know it by, each account's own way.
    Tag {
        /// Its name.
        name: String,
        /// Whether it is given; `None`: taken away where all have it, else given.
        given: Option<bool>,
    },
    /// Moves to the account's Archive mailbox.
    Archive,
    /// Moves to Trash; from Trash, removes for good.
    Trash,
    /// Moves to Junk; from Junk, back to the inbox.
    Junk,
    /// Moves to a mailbox, of whichever account.
    Move(MailboxId),
    /// Copies to a mailbox, of whichever account.
    Copy(MailboxId),
    /// Mutes their conversations: these leave the inbox, and so does new mail of them. Where all are
    /// muted already, unmutes.
    Mute,
    /// Takes their conversations out of the inbox until this time, seconds since 1970; `None`: what
    /// was put off comes back now.
    Snooze(Option<i64>),
    /// Removes for good, wherever it lies.
    Expunge,
}

/// What is done to mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manage {
    /// Makes one.
    Create(AccountName, String),
    /// Gives one another name: its place as text, levels separated by `/`.
    Rename(MailboxId, String),
    /// Deletes one and what is in it: so many messages, as the user was told; `None` if nobody could
    /// say.
    Delete(MailboxId, Option<u64>),
    /// Subscribes to one, or ends that.
    Subscribe(MailboxId, bool),
}

/// What the user decides about a message in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxVerb {
    /// Take it back into a draft; possible until the final dot.
    Edit,
    /// Drop it; possible until the final dot, and when refused or in doubt.
    Cancel,
    /// Try now.
    Retry,
    /// In doubt: send again although it may arrive twice.
    SendAgain,
    /// In doubt: take it as sent.
    AssumeSent,
    /// Refused for some: give those up, take the rest as the whole.
    GiveUpRefused,
    /// Keep it back until told otherwise; possible while it waits.
    Hold,
    /// Send it at this time, seconds since 1970; possible while it waits or is held.
    SendAt(i64),
}

/// A list that is to be left with a POST to a web server (RFC 8058).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    /// The account that its mail comes to.
    pub account: AccountName,
    /// What it is called, cleaned.
    pub list: String,
    /// Where that is said: an https address.
    pub url: String,
}

/// Which rules are asked by hand, and about what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhichRules {
    /// The rule of that name alone.
    pub name: Option<String>,
    /// Only about messages since this time, seconds since 1970.
    pub since: Option<i64>,
}

/// A wish. Each is durable in `local.db` when the ledger answers.
#[derive(Clone, Debug)]
pub enum Intent {
    /// Change mail.
    Act {
        /// What to do.
        verb: Verb,
        /// To what.
        targets: Vec<Target>,
    },
    /// Make, rename or delete a mailbox.
    Manage(Manage),
    /// Mark as read what was looked at. Nobody asked for that, so it is no step of undo.
    Read(Vec<Target>),
    /// Make the conversations of these one, for good.
    Merge(Vec<Target>),
    /// Let this message and what answers it be a conversation of its own, for good.
    Split(MsgId),
    /// Take the last action back.
    Undo,
    /// Take one action of the journal back, whatever was done since.
    UndoOne(ActionId),
    /// Take back everything that was done after an action of the journal.
    UndoSince(ActionId),
    /// Do once more what was taken back last.
    Redo,
    /// Do an action of the journal once more that was taken back.
    RedoOne(ActionId),
    /// Say what rules would change.
    TestRules(WhichRules),
    /// Have rules asked about what is here.
    ApplyRules(WhichRules),
    /// Keep a draft (insert or replace).
    SaveDraft(Box<Draft>),
    /// A draft is no longer being written: it stays, and isn't missed after a crash.
    CloseDraft(DraftId),
    /// The program ends while this is being written: keep it, to be gone on with at the next start.
    PutAside(Box<Draft>),
    /// The same of a draft of which every word is saved.
    LeaveOpen(DraftId),
    /// Throw a draft away; an undo brings it back.
    DiscardDraft(DraftId),
    /// Throw away what is being written, as it is now; an undo brings it back.
    Discard(Box<Draft>),
    /// Freeze a draft into the outbox.
    Submit(Box<Draft>),
    /// Queue a message that is already built.
    Queue(Box<Outgoing>),
    /// Decide about a message in the outbox.
    Outbox(OutboxId, OutboxVerb),
    /// Remind of a message that we sent if nobody has answered it by this time, seconds since 1970.
    Remind(MsgId, i64),
    /// Remind again at this time, seconds since 1970, if nobody has answered by then.
    RemindAgain(ReminderId, i64),
    /// A reminder is not wanted any more.
    Dismiss(ReminderId),
    /// Leave a list by telling a web server so.
    Leave(Box<Leave>),
    /// List a mailbox (`None`: all inboxes together) in the order of this name from now on; `None`: in
    /// the usual one.
    SortBy(Option<MailboxId>, Option<String>),
    /// Load pictures of this sender (an addr-spec) without a question from now on, or no longer.
    PicturesOf(String, bool),
    /// Fetch this body now. Not durable, not an operation.
    FetchBody(MsgId),
    /// Fetch the attachment behind these parts now, of a message that is here without it; all of the
    /// message where that can't be done alone. Not durable, not an operation.
    FetchPart(MsgId, Vec<u32>),
    /// Ask the servers for this search, among messages whose bodies are not here. Not durable.
    AskServers(String),
    /// Look for new mail now, everywhere; accounts that had stopped try again.
    CheckMail,
    /// Somebody is here: this account, which waits after a failure, tries again now, unless its server
    /// said how long to wait. Not durable.
    TryAgain(AccountName),
    /// This mailbox is on the screen now: it is looked at at once, and before others. Not durable.
    Attend(MailboxId),
    /// Fetch everything that the policies allow, bodies too, for a journey: one account or all of
    /// them. Not durable; told on the board as progress.
    Offline(Option<AccountName>),
    /// End what [`Intent::Offline`] began.
    StopOffline,
    /// The password that the board's `PasswordWanted` asked for. Kept in memory only.
    Password(AccountName, Secret),
    /// The user signed in to this account anew in a browser; what was given is kept already.
    SignedIn(AccountName),
}

/// What the ledger says once an intent is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// What happened, for a toast, e.g. `Archived 3 messages`.
    pub label: String,
    /// The locations that left their mailbox (shown gone until the cache says so itself).
    pub gone: Vec<LocationId>,
    /// The draft's row, after a save or an edit.
    pub draft: Option<DraftId>,
    /// Of that row, the revision that was written; 0 where none was.
    pub rev: i64,
    /// Whether the row is another one than that which the draft was read from: somebody else wrote on
    /// that one, or sent it. `label` says so.
    pub parted: bool,
    /// The outbox row, after a submission.
    pub outbox: Option<OutboxId>,
    /// Whether it can be undone by [`Intent::Undo`].
    pub undoable: bool,
    /// What is told in lines, if there is more to tell than `label`: what rules would do.
    pub lines: Vec<String>,
    /// Seconds until a message goes out that can be taken back until then.
    pub leaves_in: Option<u32>,
}

impl Done {
    /// Done, with nothing to tell but these words.
    pub fn said(label: impl Into<String>) -> Done {
        Done {
            label: label.into(),
            ..Done::default()
        }
    }
}
