//! What changed, for whoever shows it: a keyed set that any thread writes on and the screen takes
//! whole. It can't overflow (a topic stands on it once) and can't block.

use crate::model::{AccountName, AccountStatus, MailboxId, MsgId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that a screen may have to read again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The list of mailboxes or their counts.
    Mailboxes,
    /// The messages of a mailbox.
    Mailbox(MailboxId),
    /// A message's body arrived, or can't be had.
    Body(MsgId),
    /// What a server found for a search.
    ServerHits,
    /// A body that somebody waits for is not to be had just now, and why, in clean words.
    NoBody(MsgId, String),
    /// The outbox.
    Outbox,
    /// The drafts.
    Drafts,
    /// The reminders.
    Reminders,
    /// A file of the configuration.
    Configuration,
    /// An account can't sign in until the user types its password.
    PasswordWanted(AccountName),
}

/// All that was written since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// What to read again.
    pub topics: BTreeSet<Topic>,
    /// The newest status of each account that changed.
    pub statuses: BTreeMap<AccountName, AccountStatus>,
    /// Things to say once, newest last, cleaned; at most [`Board::NOTICES`].
    pub notices: Vec<String>,
    /// New mail to be told of by the terminal, newest last; at most [`Board::NOTICES`].
    pub announced: Vec<Announcement>,
}

/// New mail that the terminal tells its user of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Who wrote, or how many messages came; cleaned, as is the text.
    pub title: String,
    /// What about.
    pub body: String,
    /// Whether nothing but the bell is wanted.
    pub bell: bool,
}

impl Posted {
    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
            && self.statuses.is_empty()
            && self.notices.is_empty()
            && self.announced.is_empty()
    }
}

type Hook = Box<dyn Fn() + Send>;

#[derive(Default)]
struct Inner {
    posted: Posted,
    hook: Option<Hook>,
    mail: Option<Hook>,
}

/// The board. Share it in an `Arc`.
#[derive(Default)]
pub struct Board(Mutex<Inner>);

impl Board {
    /// So many notices are kept until somebody looks; older ones fall off.
    pub const NOTICES: usize = 8;

    /// An empty board.
    pub fn new() -> Board {
        Board::default()
    }

    /// Calls `hook` whenever something is written on an empty board. The hook runs on the writing
    /// thread with the board locked: it must only ring.
    pub fn on_post(&self, hook: impl Fn() + Send + 'static) {
        self.lock().hook = Some(Box::new(hook));
    }

    /// Calls `hook` whenever the messages of a mailbox changed or a text came, whoever takes what is
    /// written. It runs as that of [`Board::on_post`] does.
    pub fn on_mail(&self, hook: impl Fn() + Send + 'static) {
        self.lock().mail = Some(Box::new(hook));
    }

    /// Writes a topic.
    pub fn post(&self, topic: Topic) {
        if matches!(topic, Topic::Mailbox(_) | Topic::Body(_))
            && let Some(mail) = &self.lock().mail
        {
            mail();
        }
        self.write(|posted| {
            posted.topics.insert(topic);
        });
    }

    /// Writes an account's status; only the newest is kept.
    pub fn status(&self, account: &AccountName, status: AccountStatus) {
        self.write(|posted| {
            posted.statuses.insert(account.clone(), status);
        });
    }

    /// Writes something to say once.
    pub fn notice(&self, text: String) {
        self.write(|posted| {
            if posted.notices.len() >= Self::NOTICES {
                posted.notices.remove(0);
            }
            posted.notices.push(text);
        });
    }

    /// Writes new mail that the terminal is to tell of.
    pub fn announce(&self, announcement: Announcement) {
        self.write(|posted| {
            if posted.announced.len() >= Self::NOTICES {
                posted.announced.remove(0);
            }
            posted.announced.push(announcement);
        });
    }

    /// Takes everything, leaving the board empty.
    pub fn take(&self) -> Posted {
        std::mem::take(&mut self.lock().posted)
    }

    fn write(&self, change: impl FnOnce(&mut Posted)) {
        let mut inner = self.lock();
        let first = inner.posted.is_empty();
        change(&mut inner.posted);
        if let Some(hook) = inner.hook.as_ref().filter(|_| first) {
            hook();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A poisoned board still holds whole topics: nothing on it spans two writes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn it_rings_once_until_taken_and_keeps_one_of_each() {
        let rings = Arc::new(AtomicUsize::new(0));
        let board = Board::new();
        let count = Arc::clone(&rings);
        board.on_post(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        for _ in 0..1000 {
            board.post(Topic::Outbox);
            board.post(Topic::Mailbox(MailboxId(7)));
        }
        assert_eq!(rings.load(Ordering::SeqCst), 1);
        assert_eq!(board.take().topics.len(), 2);
        assert!(board.take().is_empty());
        board.notice("x".into());
        assert_eq!(rings.load(Ordering::SeqCst), 2);
    }
}
