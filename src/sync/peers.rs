//! The other accounts' workers: what comes from one account to another is told to whoever goes on
//! with it. As with every ring, the work itself is in a database by then.

use crate::model::{AccountName, MailboxName};
use crate::signal::Ringer;
use crate::sync::marks::Marks;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A worker's bell, and what is left for it.
type Peer = (Ringer, Arc<Marks>);

/// The workers that run in this process, by account.
#[derive(Clone, Default)]
pub struct Peers(Arc<Mutex<BTreeMap<AccountName, Peer>>>);

impl Peers {
    /// One more works.
    pub fn add(&self, account: AccountName, worker: Ringer, marks: Arc<Marks>) {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peers.insert(account, (worker, marks));
    }

    /// There is something for an account to go on with, which concerns these mailboxes.
    pub fn ring(&self, account: &AccountName, mailboxes: impl IntoIterator<Item = MailboxName>) {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((worker, marks)) = peers.get(account) {
            marks.news.of(mailboxes);
            worker.ring();
        }
    }
}
