//! What happened on a server and is still to be looked at: said by whoever hears of it, taken by
//! the worker. Said twice is said once; a ring of the worker's bell goes with it.

use crate::model::MailboxName;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Names beyond this many are as good as everything.
const MOST: usize = 1_000;

/// What is to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// All mailboxes, and which there are.
    pub everything: bool,
    /// These.
    pub mailboxes: BTreeSet<MailboxName>,
    /// Of these the flags of any message may have changed, however old.
    pub flags: BTreeSet<MailboxName>,
}

impl Due {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        !self.everything && self.mailboxes.is_empty()
    }

    /// Adds what else is due.
    pub fn add(&mut self, more: Due) {
        self.everything |= more.everything;
        self.mailboxes.extend(more.mailboxes);
        self.flags.extend(more.flags);
        self.flags.retain(|name| self.mailboxes.contains(name));
        if self.mailboxes.len() > MOST {
            // They are among everything: what is told beyond is not hoarded.
            self.everything = true;
            self.mailboxes.clear();
            self.flags.clear();
        }
    }
}

/// Where it is said.
#[derive(Debug, Default)]
pub struct News(Mutex<Due>);

impl News {
    /// Something happened in these mailboxes.
    pub fn of(&self, mailboxes: impl IntoIterator<Item = MailboxName>) {
        self.add(Due {
            mailboxes: mailboxes.into_iter().collect(),
            ..Due::default()
        });
    }

    /// Flags changed in this mailbox, maybe of old messages.
    pub fn of_flags(&self, mailbox: MailboxName) {
        self.add(Due {
            mailboxes: BTreeSet::from([mailbox.clone()]),
            flags: BTreeSet::from([mailbox]),
            ..Due::default()
        });
    }

    /// Something may have happened anywhere.
    pub fn everywhere(&self) {
        self.add(Due {
            everything: true,
            ..Due::default()
        });
    }

    /// Takes what was said.
    pub fn take(&self) -> Due {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, more: Due) {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        due.add(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_taken_once_and_floods_become_everything() {
        let news = News::default();
        news.of([MailboxName::new("a"), MailboxName::new("a")]);
        let due = news.take();
        assert!(due.mailboxes.len() == 1 && !due.everything);
        assert!(news.take().is_empty());
        news.of((0..2000).map(|n| MailboxName::new(n.to_string())));
        let due = news.take();
        assert!(due.everything && due.mailboxes.len() <= MOST);
    }
}
