//! Whom an intent wakes: the threads of each account, and the marks that tell them what somebody at
//! the screen is waiting for. A ring carries no work; what is to be done is in a database by then.

use crate::model::{AccountName, MsgId};
use crate::signal::Ringer;
use crate::store::Mailbox;
use crate::sync::marks::Marks;
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What somebody at the screen waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The body of a message.
    Body(MsgId),
    /// The attachment behind these parts, of a message that is here without it.
    Part(MsgId, Vec<u32>),
    /// What the server finds for a search.
    Search(String),
}

/// Whom the ledger wakes of one account.
pub struct AccountBells {
    /// The worker.
    pub worker: Ringer,
    /// The submitter.
    pub submitter: Ringer,
    /// Whoever fetches bodies in the background.
    pub harvest: Ringer,
    /// Whoever fetches bodies that somebody waits for.
    pub fetcher: Sender<Request>,
    /// What they find besides.
    pub marks: Arc<Marks>,
}

impl AccountBells {
    /// Mail that waits because no server was reached is tried at once.
    pub fn resend(&self) {
        self.marks.resend.store(true, Ordering::SeqCst);
        self.submitter.ring();
    }
}

/// Whom the ledger wakes. Empty where no engine runs in this process.
#[derive(Default)]
pub struct Bells {
    /// Each account's.
    pub accounts: BTreeMap<AccountName, AccountBells>,
    /// Who leaves lists.
    pub leaver: Option<Ringer>,
    /// When drafts that were typed at will have rested for long enough to be copied.
    pub resting: BTreeMap<AccountName, Instant>,
}

impl Bells {
    /// How long until a draft has rested; `None` if none is typed at.
    pub fn next_rest(&self) -> Option<Duration> {
        let first = self.resting.values().min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    /// The accounts whose drafts have rested, each told once.
    pub fn rested(&mut self) -> Vec<AccountName> {
        let now = Instant::now();
        let (rested, rest) = std::mem::take(&mut self.resting)
            .into_iter()
            .partition(|(_, at)| *at <= now);
        self.resting = rest;
        rested.into_keys().collect()
    }

    /// Somebody is at the keyboard and wants this account tried again.
    pub fn hurry(&self, account: &AccountName) {
        if let Some(bells) = self.accounts.get(account) {
            bells.marks.present.store(true, Ordering::SeqCst);
            bells.worker.ring();
            bells.resend();
        }
    }

    /// A mailbox is on a screen: it is looked at now, and before others.
    pub fn attend(&self, mailbox: &Mailbox) {
        for (name, bells) in &self.accounts {
            let own = *name == mailbox.account;
            let attended = if own { mailbox.id.0 } else { 0 };
            bells.marks.attended.store(attended, Ordering::SeqCst);
            if own {
                bells.marks.news.of([mailbox.name.clone()]);
                bells.worker.ring();
            }
        }
    }

    /// Everything of an account, or of all, is fetched for a journey; or no longer.
    pub fn journey(&self, account: Option<&AccountName>, begin: bool) {
        for (name, bells) in &self.accounts {
            if account.is_none_or(|wanted| wanted == name) {
                bells.marks.journey.store(begin, Ordering::SeqCst);
                bells.harvest.ring();
            }
        }
    }
}
