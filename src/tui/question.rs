//! What the screen asks of the reader thread and what comes back. Questions carry a serial where
//! an old answer must not overwrite a newer question's.

use crate::lang::trn;
use crate::mime::render::Rendered;
use crate::model::view::{IndexRow, MailboxRow, Order, Page, PageKey, Scope, Sort};
use crate::model::{
    AccountName, ActionId, Draft, DraftId, LocationId, MailboxId, MessageId, MsgId, Query,
    Reminder, Submission, ThreadId,
};
use crate::store::{Counted, Past, Stub};
use crate::text::Clean;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an index lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// A mailbox or the unified inbox.
    Scope {
        /// Which.
        scope: Scope,
        /// One row a thread instead of one a message.
        threaded: bool,
        /// In which order.
        sort: Sort,
    },
    /// What a search in the cache finds, in this order, at most 500.
    Search(String, Order),
    /// What fits a saved view, or a tab over an inbox.
    Fitting(Fitting),
    /// The conversation of the message with this Message-ID of an account, wherever its messages
    /// lie.
    Conversation(AccountName, MessageId),
}

impl Listing {
    /// The mailbox or inboxes of which it lists all or a part.
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Listing::Scope { scope, .. } => Some(scope),
            Listing::Fitting(list) => list.scope.as_ref(),
            Listing::Search(..) | Listing::Conversation(..) => None,
        }
    }

    /// In which order; searches have their own.
    pub fn sort(&self) -> Sort {
        match self {
            Listing::Scope { sort, .. } => *sort,
            _ => Sort::default(),
        }
    }

    /// Whether a thread is one row.
    pub fn threaded(&self) -> bool {
        match self {
            Listing::Scope { threaded, .. } => *threaded,
            Listing::Fitting(list) => list.threaded,
            Listing::Search(..) | Listing::Conversation(..) => false,
        }
    }
}

/// A list by a query: relative dates in it are about the moment at which it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitting {
    /// What of: an inbox; or all mail.
    pub scope: Option<Scope>,
    /// One row a thread instead of one a message; only of an inbox.
    pub threaded: bool,
    /// What it must be.
    pub query: Arc<Query>,
}

/// What is known of those whom one wrote to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The domains that one wrote to, in lower case.
    pub domains: BTreeSet<String>,
    /// Addresses from which mail came back, in lower case, and when.
    pub bounced: BTreeMap<String, i64>,
    /// The largest message in octets that each account's server takes, where it said so.
    pub largest: BTreeMap<AccountName, u64>,
}

/// Where a draft of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftAt {
    /// Here, and perhaps a copy of it on the server.
    Here(DraftId),
    /// Only on the server: another program left it there.
    There(MsgId, LocationId),
}

/// A line of the list of drafts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRow {
    /// Which draft.
    pub at: DraftAt,
    /// To whom it goes, as typed. Untrusted text, as is the subject.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was saved, or its date; seconds since 1970.
    pub date: i64,
    /// Whether somebody else removed its copy from the server since it was saved.
    pub removed: bool,
}

/// What taking an action back would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The action.
    pub past: Past,
    /// What would be done to which messages, and which stay as they are; one line each.
    pub lines: Vec<Clean>,
}

/// Which rows of a list are to be selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those that fit a query, or those that do not. A conversation fits where one of its messages
    /// does.
    Fitting(Arc<Query>, bool),
    /// Of these, which are all of the list, those that fit or do not.
    Among(Vec<(LocationId, MsgId)>, Arc<Query>, bool),
    /// From one place of the list to another.
    Between(PageKey, PageKey),
    /// The messages of a thread.
    Of(ThreadId),
    /// Those of these that are gone from the list.
    Gone(Vec<Stub>),
}

/// What is done with rows that were picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// They alone are selected.
    Only,
    /// They are selected too.
    Add,
    /// They are not selected any more.
    Remove,
}

/// A question to the reader thread. The newest is answered first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The mailboxes with their counts, and how many drafts and outbox rows there are.
    Sidebar,
    /// Where mail was filed.
    Filed,
    /// In which orders mailboxes are listed that have one of their own.
    Sorts,
    /// A window of an index.
    Window {
        /// Which list; an answer for another list is dropped.
        serial: u64,
        /// What is listed.
        listing: Listing,
        /// Which part.
        page: Page,
        /// At most so many rows.
        limit: usize,
    },
    /// The first unread row of an index below a place.
    NextUnread {
        /// As in [`Question::Window`].
        serial: u64,
        /// What is listed.
        listing: Listing,
        /// The last row that was looked at.
        after: Option<PageKey>,
    },
    /// The messages of one thread, oldest first, for unfolding it in place.
    Thread {
        /// As in [`Question::Window`].
        serial: u64,
        /// Which thread.
        thread: ThreadId,
        /// In which mailbox; `None`: in every inbox.
        mailbox: Option<MailboxId>,
    },
    /// The messages of one thread, to be read.
    Conversation {
        /// Which thread.
        thread: ThreadId,
        /// As in [`Question::Thread`].
        within: Option<MailboxId>,
        /// The message that was opened, if it was not the whole thread: it is among them.
        goal: Option<MsgId>,
    },
    /// What stands in the texts of these messages around what a search found there.
    Excerpts {
        /// As in [`Question::Window`].
        serial: u64,
        /// The search.
        query: String,
        /// Messages of its list.
        messages: Vec<MsgId>,
    },
    /// Rows of the whole list, to be selected.
    Pick {
        /// As in [`Question::Window`].
        serial: u64,
        /// Which of the questions about this list.
        ticket: u64,
        /// What is listed.
        listing: Listing,
        /// Which rows.
        which: Which,
        /// What for.
        how: How,
    },
    /// The mailing lists that there is mail of.
    Lists,
    /// How much is unread in these lists.
    Counts(Vec<Fitting>),
    /// The outbox.
    Outbox,
    /// The drafts.
    Drafts,
    /// One draft, to be written on.
    Draft(DraftId),
    /// What was done.
    Journal {
        /// Whether it is to be shown, and not only brought up to date where it is shown.
        open: bool,
    },
    /// What taking an action back would do.
    WouldUndo(ActionId),
    /// Whom one wrote to before: for questions before sending.
    Known {
        /// Of the asking composer; goes back in the answer.
        serial: u64,
    },
}

/// How much stands in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tray {
    /// All messages in it.
    pub all: usize,
    /// Those that were refused or are in doubt, and wait for the user.
    pub stuck: usize,
}

impl Tray {
    /// Of these rows.
    pub fn of(rows: &[Submission]) -> Tray {
        let stuck = rows.iter().filter(|r| r.state.needs_the_user());
        Tray {
            all: rows.len(),
            stuck: stuck.count(),
        }
    }

    /// What is said of it at the start, if anything in it waits for the user.
    pub fn words(self) -> Option<String> {
        match self.stuck {
            0 => None,
            n => Some(trn!(
                n,
                "{n} message was not sent as it should be",
                "{n} messages were not sent as they should be"
            )),
        }
    }
}

/// A mailbox that mail was filed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Who the mail was from, lower case; empty for all mail.
    pub sender: String,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// How often.
    pub times: u32,
    /// When last, seconds since 1970.
    pub last: i64,
}

/// What the reader thread found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Sidebar`].
    Sidebar {
        /// Every mailbox.
        mailboxes: Vec<MailboxRow>,
        /// How much stands in the outbox.
        outbox: Tray,
        /// How many drafts there are.
        drafts: usize,
        /// What nobody answered in time.
        reminders: Vec<Reminder>,
    },
    /// To [`Question::Filed`].
    Filed(Vec<Habit>),
    /// To [`Question::Sorts`].
    Sorts(Vec<(Scope, Sort)>),
    /// To [`Question::Window`].
    Window {
        /// Of the question.
        serial: u64,
        /// Of the question.
        page: Page,
        /// Newest first.
        rows: Vec<IndexRow>,
        /// Whether as many rows came as were asked for, so that there may be more.
        more: bool,
    },
    /// To [`Question::NextUnread`]: where it stands, if there is one.
    NextUnread {
        /// Of the question.
        serial: u64,
        /// The row's place in the order.
        key: Option<PageKey>,
    },
    /// A list could not be read: why, in plain words.
    NoList {
        /// Of the question.
        serial: u64,
        /// What is wrong with the search, or with the store.
        why: String,
    },
    /// To [`Question::Thread`].
    Thread {
        /// Of the question.
        serial: u64,
        /// Of the question.
        thread: ThreadId,
        /// In the order of the tree.
        rows: Vec<IndexRow>,
    },
    /// Before an answer to [`Question::Window`] about a search that takes longer: the best of the newest.
    Soon {
        /// Of the question.
        serial: u64,
        /// In the order of the list.
        rows: Vec<IndexRow>,
    },
    /// Before an answer to [`Question::Window`] about a search: what of it servers found, which is not
    /// here whole and stands behind what was found here.
    Served {
        /// Of the question.
        serial: u64,
        /// Which.
        messages: Vec<MsgId>,
    },
    /// To [`Question::Pick`].
    Picked {
        /// Of the question.
        serial: u64,
        /// Of the question.
        ticket: u64,
        /// Of the question.
        how: How,
        /// The rows, or why they can't be told.
        found: Result<Vec<Stub>, String>,
    },
    /// To [`Question::Lists`]: the busiest first. Untrusted text.
    Lists(Vec<String>),
    /// To [`Question::Excerpts`]: of those that have one. Untrusted text.
    Excerpts {
        /// Of the question.
        serial: u64,
        /// A message and what stands in it.
        found: Vec<(MsgId, String)>,
    },
    /// To [`Question::Conversation`].
    Conversation {
        /// Of the question.
        thread: ThreadId,
        /// In the order of the tree.
        rows: Vec<IndexRow>,
    },
    /// To [`Question::Counts`].
    Counts(Vec<(Fitting, Counted)>),
    /// To [`Question::Outbox`].
    Outbox(Vec<Submission>, Vec<Reminder>),
    /// To [`Question::Drafts`].
    Drafts(Vec<DraftRow>),
    /// To [`Question::Draft`]; `None` if it is gone.
    Draft(DraftId, Option<Box<Draft>>),
    /// To [`Question::Journal`], newest first.
    Journal {
        /// Of the question.
        open: bool,
        /// What was done.
        rows: Vec<Past>,
    },
    /// To [`Question::WouldUndo`]; `None` if the action is forgotten.
    WouldUndo(Option<Box<Preview>>),
    /// To [`Question::Known`].
    Known {
        /// Of the question.
        serial: u64,
        /// What is known.
        known: Arc<Known>,
    },
    /// A question could not be answered: what went wrong, in plain words.
    Failed(String),
}

/// How a message is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The part that suits best.
    #[default]
    Best,
    /// The plain text, where there is one.
    Plain,
    /// The HTML, where there is one.
    Html,
    /// The text alone: no pictures, numbers or footers.
    Reader,
    /// The source, byte for byte as far as it can be shown.
    Raw,
}

/// A message to be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub message: MsgId,
    /// For so many columns.
    pub width: u16,
    /// How.
    pub mode: Mode,
    /// Of the source, so many octets; of no account for anything else.
    pub reach: u64,
}

/// The source of a message, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its lines.
    pub lines: Vec<Clean>,
    /// Whether more follows.
    pub more: bool,
}

/// What the layout thread made of a job.
#[derive(Clone, Debug)]
pub enum LaidOut {
    /// Text with styles.
    Message(Arc<Rendered>),
    /// The source.
    Source(Arc<Source>),
    /// The body is not here yet.
    Missing,
    /// It can't be shown: why, in plain words.
    Failed(String),
}

impl LaidOut {
    /// Whether it is shown the same the next time: it did not fail.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, LaidOut::Failed(_))
    }

    /// Whether it is only how the message begins: all of it comes later.
    pub fn is_beginning(&self) -> bool {
        matches!(self, LaidOut::Message(rendered) if rendered.more)
    }
}

#[cfg(test)]
pub mod tests {
    //! Rows made by hand, for the tests of the screens.

    use super::*;
    use crate::model::{Address, Flags, LocationId, Uid};

    /// An unread message `n` in mailbox 1 with its own thread.
    pub fn row(n: i64, date: i64) -> IndexRow {
        IndexRow {
            key: PageKey { date, id: n },
            message: MsgId(n),
            location: LocationId(n),
            mailbox: MailboxId(1),
            uid: u32::try_from(n).ok().and_then(Uid::new),
            thread: ThreadId(n),
            count: 1,
            unread: 1,
            date,
            from: vec![Address::new(format!("Sender {n}"), "s@example.org")],
            to: vec![Address::new("", "me@example.org")],
            subject: format!("Subject {n}"),
            flags: Flags::default(),
            attachments: None,
            snippet: None,
            depth: 0,
        }
    }
}
