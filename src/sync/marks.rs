//! What the screen, the look-out and others leave for an account's threads to find: a ring of a bell
//! goes with each. None of it is work, and losing it costs a wait.

use crate::sync::news::News;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};

/// The marks of one account.
#[derive(Debug, Default)]
pub struct Marks {
    /// What happened on the server and is to be looked at.
    pub news: News,
    /// Counts the networks that we were in: a connection of an earlier one is not relied on.
    pub network: AtomicU64,
    /// Whether everything is to be fetched for a journey.
    pub journey: AtomicBool,
    /// The mailbox (its row) that is on a screen; 0 if none of this account's is.
    pub attended: AtomicI64,
    /// Whether somebody is at the keyboard while the account waits after a failure.
    pub present: AtomicBool,
    /// Whether mail that waits because no server was reached is to be tried at once.
    pub resend: AtomicBool,
}
