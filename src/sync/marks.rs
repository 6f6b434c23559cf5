//! What the screen, the look-out and others leave for an account's threads to find: a ring of a bell
//! goes with each. None of it is work, and losing it costs a wait.

use crate::sync::news::News;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

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
    /// Until when (seconds since 1970) the server that takes mail is not tried for our own reasons.
    barred: AtomicI64,
    /// From when on messages for later are offered again to the server that takes mail.
    offer: AtomicI64,
}

impl Marks {
    /// The server that takes mail refused the password: until then only the user has it tried again.
    pub fn bar(&self, until: i64) {
        self.barred.store(until, Ordering::SeqCst);
    }

    /// It was not reached: messages for later are offered again from then on.
    pub fn offer_from(&self, at: i64) {
        self.offer.store(at, Ordering::SeqCst);
    }

    /// From when on they are offered.
    pub fn offered_from(&self) -> i64 {
        self.offer.load(Ordering::SeqCst)
    }

    /// Whether it is not to be tried now unless the user wants that.
    pub fn is_barred(&self, now: i64) -> bool {
        self.barred.load(Ordering::SeqCst) > now
    }
}
