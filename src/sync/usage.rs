//! What an account received, in this run and today, and whether its budget is spent.

use crate::model::{AccountName, SyncPolicy};
use crate::store::{Local, Result};
use crate::text::when;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;

/// The traffic of one account.
#[derive(Debug, Default)]
pub struct Usage {
    /// Octets of this run.
    run: AtomicU64,
    /// Octets that are not written down yet.
    fresh: AtomicU64,
    /// The day, and octets of it that are written down.
    today: Mutex<(i64, u64)>,
}

impl Usage {
    /// So many octets came.
    pub fn add(&self, octets: u64) {
        self.run.fetch_add(octets, Ordering::Relaxed);
        self.fresh.fetch_add(octets, Ordering::Relaxed);
    }

    /// Octets of this run.
    pub fn run(&self) -> u64 {
        self.run.load(Ordering::Relaxed)
    }

    /// Octets of today (UTC, as providers count).
    pub fn today(&self) -> u64 {
        let (day, written) = *self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let written = if day == when::now() / DAY { written } else { 0 };
        written + self.fresh.load(Ordering::Relaxed)
    }

    /// Writes down what came since the last time.
    ///
    /// # Errors
    /// When it can't be written; it is kept for the next time.
    pub fn save(&self, local: &mut Local, account: &AccountName) -> Result<()> {
        let day = when::now() / DAY;
        let fresh = self.fresh.swap(0, Ordering::Relaxed);
        match local.add_received(account, day, fresh) {
            Ok(sum) => {
                *self.today.lock().unwrap_or_else(PoisonError::into_inner) = (day, sum);
                Ok(())
            }
            Err(error) => {
                self.fresh.fetch_add(fresh, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// Whether nothing more is to be fetched today that nobody asked for.
    pub fn is_spent(&self, policy: &SyncPolicy) -> bool {
        policy.budget.is_some_and(|most| self.today() >= most)
    }
}
