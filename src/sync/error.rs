//! What can end a turn.

use crate::net::error::NetError;
use crate::store::Error as StoreError;

/// Why a turn, or a part of it, could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The network or the server.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system has no more threads or descriptors to give.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// A fault of ours, with the panic's words: what ran was dropped.
    #[error("a fault in postrider: {0}")]
    Panicked(String),
    /// There is no password.
    #[error("no password: {0}")]
    Secret(String),
    /// The user has to type the password.
    #[error("the password is needed")]
    PasswordWanted,
    /// The server (or the configuration) allows no further connection; the worker does it.
    #[error("there is no connection to spare")]
    Crowded,
    /// The user has to sign in anew in a browser.
    #[error("{0}")]
    SignedOut(String),
    /// A token can't be had just now.
    #[error("{0}")]
    NoToken(String),
    /// A mailbox is not where it was: it may have another name now, and a list will tell.
    #[error("a mailbox is not where it was")]
    Unlisted,
    /// Something more urgent came up; the turn begins again.
    #[error("interrupted")]
    Interrupted,
    /// The engine stops.
    #[error("stopping")]
    Stopping,
}

/// Why an intent could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// It can't be done: why, in plain words.
    #[error("{0}")]
    Refused(String),
}
