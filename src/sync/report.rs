//! What an account is doing, told to the board by whichever of its threads knows.

use crate::model::{AccountName, AccountStatus, Link, Progress};
use crate::signal::{Board, Topic};
use std::sync::{Arc, Mutex, PoisonError};

/// One account's voice on the board, shared by its threads.
#[derive(Clone)]
pub struct Report {
    account: AccountName,
    board: Arc<Board>,
    status: Arc<Mutex<AccountStatus>>,
}

impl Report {
    /// A voice for `account`, silent so far.
    pub fn new(account: AccountName, board: Arc<Board>) -> Report {
        Report {
            account,
            board,
            status: Arc::default(),
        }
    }

    /// The connection changed.
    pub fn link(&self, link: Link) {
        self.change(|s| s.link = link);
    }

    /// A long task moved on, or ended (`None`).
    pub fn progress(&self, progress: Option<Progress>) {
        self.change(|s| s.progress = progress);
    }

    /// So many operations wait for the server.
    pub fn pending(&self, pending: u64) {
        self.change(|s| s.pending = pending);
    }

    /// Something in the store changed.
    pub fn post(&self, topic: Topic) {
        self.board.post(topic);
    }

    /// Something to say once; `text` must be clean.
    pub fn notice(&self, text: &str) {
        self.board.notice(format!("{}: {text}", self.account));
    }

    fn change(&self, change: impl FnOnce(&mut AccountStatus)) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let before = status.clone();
        change(&mut status);
        if *status != before {
            self.board.status(&self.account, status.clone());
        }
    }
}
