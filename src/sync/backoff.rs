//! How long to wait before the next try: doubling, bounded, and spread so that a hundred clients
//! of a restarted server don't return in the same second.

use std::time::Duration;

/// The waits after failures of one connection.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The first wait.
    pub const FIRST: Duration = Duration::from_secs(1);
    /// No wait is longer: a quarter of an hour.
    pub const LONGEST: Duration = Duration::from_secs(15 * 60);

    /// Counts a failure and says how long to wait, between half and the whole of 1, 2, 4 … 900
    /// seconds; `chance` (any number) picks the place between.
    pub fn fail(&mut self, chance: u32) -> Duration {
        let whole = Self::FIRST
            .saturating_mul(1 << self.failures.min(10))
            .min(Self::LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        half + half.mul_f64(f64::from(chance % 1000) / 1000.0)
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
        let mut b = Backoff::default();
        let waits: Vec<u128> = (0..40).map(|_| b.fail(999).as_millis()).collect();
        assert!(waits.windows(2).all(|w| w[0] <= w[1]), "{waits:?}");
        assert!(waits[0] >= 500 && waits[0] <= 1000);
        assert!(*waits.last().unwrap() <= Backoff::LONGEST.as_millis());
        b.reset();
        assert!(b.fail(0) <= Backoff::FIRST);
    }
}
