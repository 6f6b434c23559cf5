//! A set of hashes that knows for certain what is not in it (a Bloom filter), in a mebibyte. With a
//! million hashes one answer in twenty is a needless "perhaps"; more make it slower, never wrong.

/// Its size in bits, as a power of two.
const BITS: u32 = 23;

/// The set. Nothing can be taken out again.
#[derive(Debug)]
pub(super) struct Sieve {
    words: Vec<u64>,
}

impl Sieve {
    /// An empty one.
    pub(super) fn new() -> Sieve {
        Sieve {
            words: vec![0; 1 << (BITS - u64::BITS.ilog2())],
        }
    }

    /// Puts a hash in; its bits must be as good as random.
    pub(super) fn add(&mut self, hash: i64) {
        for (word, bit) in places(hash) {
            if let Some(word) = self.words.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// Whether a hash may have been put in; if not, it was not.
    pub(super) fn may_hold(&self, hash: i64) -> bool {
        let is_set = |(word, bit): (usize, u64)| self.words.get(word).is_none_or(|w| w & bit != 0);
        places(hash).into_iter().all(is_set)
    }
}

/// The words and bits that stand for a hash.
fn places(hash: i64) -> [(usize, u64); 3] {
    let hash = hash.cast_unsigned();
    [hash, hash >> 20, hash >> (u64::BITS - BITS)].map(|h| {
        let bit = h & ((1 << BITS) - 1);
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_little_else() {
        let mut sieve = Sieve::new();
        let hash = |n: i64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
        let inside = (0..200_000).map(hash).chain([0, -1, i64::MIN, i64::MAX]);
        inside.clone().for_each(|hash| sieve.add(hash));
        assert!(inside.clone().all(|hash| sieve.may_hold(hash)));
        let others = (200_000..300_000).map(hash);
        let wrong = others.filter(|hash| sieve.may_hold(*hash)).count();
        assert!(wrong < 2_000, "{wrong}");
    }
}
