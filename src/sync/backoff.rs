//! How long to wait before the next try: doubling, bounded, and spread so that a hundred clients
//! of a restarted server don't return in the same second.

use crate::sync::rhythm::Rhythm;
use std::time::Duration;

/// The waits after failures of one connection.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// No failures so far.
    pub fn new(rhythm: &Rhythm) -> Backoff {
        Backoff {
            failures: 0,
            first: rhythm.first,
            longest: rhythm.longest,
        }
    }

    /// Counts a failure and says how long to wait: between half and the whole of the first wait,
    /// of twice that, and so on up to the longest. A server that says how long (`hint`) is given
    /// at least that, within the longest. `chance` (any number) picks the place between.
    pub fn fail(&mut self, hint: Option<Duration>, chance: u32) -> Duration {
        let whole = self
            .first
            .saturating_mul(1 << self.failures.min(10))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        let wait = half + half.mul_f64(f64::from(chance % 1000) / 1000.0);
        wait.max(hint.unwrap_or_default().min(self.longest))
    }

    /// Forgets the failures: something worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A number that differs from call to call and thread to thread, for [`Backoff::fail`].
pub fn chance() -> u32 {
    let mut bytes = [0u8; 4];
    // Without randomness the wait is merely not spread.
    let _ = getrandom::fill(&mut bytes);
    u32::from_ne_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stay_bounded() {
        let rhythm = Rhythm::default();
        let mut b = Backoff::new(&rhythm);
        let waits: Vec<Duration> = (0..40).map(|_| b.fail(None, 999)).collect();
        assert!(waits.windows(2).all(|w| w[0] <= w[1]), "{waits:?}");
        assert!(waits[0] >= rhythm.first / 2 && waits[0] <= rhythm.first);
        assert!(*waits.last().unwrap() <= rhythm.longest);
        b.reset();
        assert!(b.fail(None, 0) <= rhythm.first);
    }

    #[test]
    fn a_server_that_says_how_long_is_given_it_within_reason() {
        let rhythm = Rhythm::default();
        let mut b = Backoff::new(&rhythm);
        let minute = Duration::from_secs(60);
        assert_eq!(b.fail(Some(minute), 0), minute);
        assert_eq!(b.fail(Some(minute * 6000), 0), rhythm.longest);
    }
}
