//! How many connections an account has: no more than configured, fewer where the server says so.
//!
//! Servers count connections (15 at Gmail, 10 an address at Dovecot) and other clients need some,
//! too. Each of our threads has a rank; the lower one's work is done by the worker where the
//! server allows it no connection of its own (RFC 4549 §5.3).

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// Whose connection it is; also how many connections there must be for it to have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The worker.
    Worker = 1,
    /// The watcher.
    Watcher = 2,
    /// What somebody waits for.
    OnDemand = 3,
    /// Bodies in the background.
    Harvest = 4,
}

/// The connections of one account.
#[derive(Debug)]
pub struct Connections {
    configured: u8,
    /// What the server allowed, and when it said so.
    limit: Mutex<Option<(u8, Instant)>>,
    /// The server refused our password: one rank finds out when that is over.
    barred: AtomicBool,
    open: AtomicU8,
    /// So many were open at once.
    most: AtomicU8,
    relax: Duration,
}

impl Connections {
    /// At most `configured` connections; a limit of the server's is tried again after `relax`.
    pub fn new(configured: u8, relax: Duration) -> Connections {
        Connections {
            configured,
            limit: Mutex::new(None),
            barred: AtomicBool::new(false),
            open: AtomicU8::new(0),
            most: AtomicU8::new(0),
            relax,
        }
    }

    /// Whether this rank may have a connection of its own now.
    pub fn allow(&self, rank: Rank) -> bool {
        if rank != Rank::Worker && self.barred.load(Ordering::SeqCst) {
            return false;
        }
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        if limit.is_some_and(|(_, since)| since.elapsed() > self.relax) {
            *limit = None;
        }
        let most = limit.map_or(self.configured, |(most, _)| most.min(self.configured));
        rank as u8 <= most.max(1)
    }

    /// The server refused this rank a connection because there are too many. Whether that is news.
    pub fn refused(&self, rank: Rank) -> bool {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        let most = (rank as u8).saturating_sub(1).max(1);
        let lower = limit.is_none_or(|(now, _)| most < now);
        if lower {
            *limit = Some((most, Instant::now()));
        }
        lower
    }

    /// The password was refused. Servers lock accounts that try it often, so only the worker, which
    /// waits for the user, tries again.
    pub fn bar(&self) {
        self.barred.store(true, Ordering::SeqCst);
    }

    /// The worker was let in.
    pub fn unbar(&self) {
        self.barred.store(false, Ordering::SeqCst);
    }

    /// How many are open.
    pub fn open(&self) -> u8 {
        self.open.load(Ordering::Relaxed)
    }

    /// How many were open at once so far.
    pub fn most(&self) -> u8 {
        self.most.load(Ordering::Relaxed)
    }

    /// One was opened.
    pub fn opened(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.most.fetch_max(open, Ordering::Relaxed);
    }

    /// One ended.
    pub fn ended(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_lowers_the_limit_for_a_while_and_the_worker_always_tries() {
        let c = Connections::new(4, Duration::from_secs(3600));
        assert!(c.allow(Rank::Harvest));
        assert!(c.refused(Rank::OnDemand) && !c.refused(Rank::Harvest));
        assert!(c.allow(Rank::Watcher) && !c.allow(Rank::OnDemand));
        assert!(c.refused(Rank::Watcher));
        assert!(c.allow(Rank::Worker) && !c.allow(Rank::Watcher));
        assert!(!c.refused(Rank::Worker) && c.allow(Rank::Worker));
        let shut = Connections::new(4, Duration::from_secs(3600));
        shut.bar();
        assert!(shut.allow(Rank::Worker) && !shut.allow(Rank::OnDemand));
        shut.unbar();
        assert!(shut.allow(Rank::Harvest));
        let soon = Connections::new(4, Duration::ZERO);
        soon.refused(Rank::Watcher);
        assert!(soon.allow(Rank::Harvest));
        assert!(!Connections::new(2, Duration::ZERO).allow(Rank::OnDemand));
    }
}
