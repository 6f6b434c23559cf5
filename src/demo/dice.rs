//! Chance that comes out the same every time: a splitmix64 of a seed.
//!
//! The demo's letters get their ages, senders and figures from it, so that two runs look alike and
//! a test can rely on what it saw.

/// A source of numbers that look random and are not.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of that seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 if `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll().checked_rem(limit).unwrap_or(0)
    }

    /// A number from `low` to `high`, both possible.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        let step = self.below(span.saturating_add(1));
        low.saturating_add(i64::try_from(step).unwrap_or(0))
    }

    /// One of these; `None` only if there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.below(from.len() as u64)).ok()?;
        from.get(at)
    }

    /// True about `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same() {
        let (mut a, mut b, mut c) = (Dice::new(1), Dice::new(1), Dice::new(2));
        let first: Vec<u64> = (0..9).map(|_| a.roll()).collect();
        assert_eq!(first, (0..9).map(|_| b.roll()).collect::<Vec<_>>());
        assert_ne!(first, (0..9).map(|_| c.roll()).collect::<Vec<_>>());
        assert!((0..200).all(|_| (3..=5).contains(&a.between(3, 5))));
        assert_eq!(a.pick::<u8>(&[]), None);
    }
}
