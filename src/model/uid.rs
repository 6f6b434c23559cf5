//! Unique identifiers of IMAP messages and sets of them (RFC 9051 §2.3.1.1, §9 `sequence-set`).

use std::fmt::{self, Write as _};
use std::num::NonZeroU32;

/// A message's unique identifier within one mailbox and UIDVALIDITY; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(NonZeroU32);

impl Uid {
    /// The UID `n`, or `None` for zero, which no message has.
    pub fn new(n: u32) -> Option<Uid> {
        NonZeroU32::new(n).map(Uid)
    }

    /// The number as it goes over the wire.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The generation of a mailbox's UIDs: when it changes, every UID known before is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UidValidity(pub u32);

/// A modification sequence (RFC 7162): 63 bits, zero where the server keeps none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModSeq(pub u64);

/// A set of UIDs kept as ascending, disjoint, non-adjacent inclusive ranges, so that a hostile
/// `1:4294967295` costs eight bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidSet(Vec<(u32, u32)>);

impl UidSet {
    /// The empty set.
    pub fn new() -> UidSet {
        UidSet(Vec::new())
    }

    /// All UIDs from `first` to `last`, both included, in either order; zero is left out.
    pub fn range(first: u32, last: u32) -> UidSet {
        let (lo, hi) = if first <= last {
            (first, last)
        } else {
            (last, first)
        };
        let mut set = UidSet::new();
        set.insert_range(lo, hi);
        set
    }

    /// Adds one UID.
    pub fn insert(&mut self, uid: Uid) {
        self.insert_range(uid.get(), uid.get());
    }

    /// Adds `lo..=hi`; zero is left out, an inverted range adds nothing.
    pub fn insert_range(&mut self, lo: u32, hi: u32) {
        let lo = lo.max(1);
        if lo > hi {
            return;
        }
        // The first range that could touch or follow lo..=hi.
        let from = self.0.partition_point(|&(_, h)| h.saturating_add(1) < lo);
        let to = self.0.partition_point(|&(l, _)| l <= hi.saturating_add(1));
        let (mut new_lo, mut new_hi) = (lo, hi);
        if let Some(&(l, _)) = self.0.get(from).filter(|_| from < to) {
            new_lo = new_lo.min(l);
        }
        if let Some(&(_, h)) = to
            .checked_sub(1)
            .and_then(|i| self.0.get(i))
            .filter(|_| from < to)
        {
            new_hi = new_hi.max(h);
        }
        self.0.splice(from..to.max(from), [(new_lo, new_hi)]);
    }

    /// Whether the set holds `uid`.
    pub fn contains(&self, uid: Uid) -> bool {
        let n = uid.get();
        let at = self.0.partition_point(|&(_, h)| h < n);
        self.0.get(at).is_some_and(|&(l, _)| l <= n)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many UIDs the set holds.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|&(l, h)| u64::from(h - l) + 1).sum()
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Every UID, ascending. May be very long: ask [`UidSet::len`] first where a server gave the set.
    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.0
            .iter()
            .flat_map(|&(l, h)| (l..=h).filter_map(Uid::new))
    }

    /// What is in this set and not in `other`.
    pub fn minus(&self, other: &UidSet) -> UidSet {
        let mut rest = Vec::new();
        let mut holes = other.0.iter().copied().peekable();
        for &(lo, hi) in &self.0 {
            let mut lo = lo;
            loop {
                while holes.next_if(|&(_, h)| h < lo).is_some() {}
                match holes.peek() {
                    Some(&(l, h)) if l <= hi => {
                        if l > lo {
                            rest.push((lo, l - 1));
                        }
                        if h >= hi {
                            break;
                        }
                        lo = h + 1;
                    }
                    _ => {
                        rest.push((lo, hi));
                        break;
                    }
                }
            }
        }
        UidSet(rest)
    }

    /// What is in both sets.
    pub fn and(&self, other: &UidSet) -> UidSet {
        self.minus(&self.minus(other))
    }

    /// What is in either set.
    pub fn plus(&self, other: &UidSet) -> UidSet {
        let mut ranges: Vec<(u32, u32)> = self.0.iter().chain(&other.0).copied().collect();
        ranges.sort_unstable();
        let mut sum: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (lo, hi) in ranges {
            match sum.last_mut() {
                Some((_, last)) if lo <= last.saturating_add(1) => *last = hi.max(*last),
                _ => sum.push((lo, hi)),
            }
        }
        UidSet(sum)
    }

    /// The set as one `sequence-set`, e.g. `1:5,9`. Empty for the empty set, which no command takes.
    pub fn to_wire(&self) -> String {
        let mut out = String::new();
        for (i, &(l, h)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let _ = if l == h {
                write!(out, "{comma}{l}")
            } else {
                write!(out, "{comma}{l}:{h}")
            };
        }
        out
    }

    /// A set in a command is at most so long, in octets: servers limit command lines (RFC 2683
    /// §3.2.1.5 asks for 1,000).
    pub const LINE: usize = 900;

    /// Splits the set so that each piece is at most `max_octets` on the wire and holds at most
    /// `max_uids` UIDs.
    pub fn split(&self, max_octets: usize, max_uids: u64) -> Vec<UidSet> {
        let mut pieces = Vec::new();
        let mut now = UidSet::new();
        let (mut octets, mut uids) = (0usize, 0u64);
        for &(lo, hi) in &self.0 {
            let mut lo = lo;
            loop {
                let room = max_uids.max(1) - uids;
                if octets + 22 > max_octets.max(22) || room == 0 {
                    pieces.push(std::mem::take(&mut now));
                    (octets, uids) = (0, 0);
                    continue;
                }
                let span = u64::from(hi - lo) + 1;
                let take = span.min(room);
                let end = lo + (take - 1) as u32;
                now.0.push((lo, end));
                octets += 22;
                uids += take;
                if end == hi {
                    break;
                }
                lo = end + 1;
            }
        }
        if !now.is_empty() {
            pieces.push(now);
        }
        pieces
    }
}

impl FromIterator<Uid> for UidSet {
    fn from_iter<I: IntoIterator<Item = Uid>>(uids: I) -> UidSet {
        let mut sorted: Vec<u32> = uids.into_iter().map(Uid::get).collect();
        sorted.sort_unstable();
        let mut set: Vec<(u32, u32)> = Vec::new();
        for n in sorted {
            match set.last_mut() {
                Some((_, h)) if n <= h.saturating_add(1) => *h = (*h).max(n),
                _ => set.push((n, n)),
            }
        }
        UidSet(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(uids: &[u32]) -> UidSet {
        uids.iter().filter_map(|&n| Uid::new(n)).collect()
    }

    #[test]
    fn ranges_merge_when_they_touch() {
        let mut s = set(&[1, 2, 9]);
        s.insert_range(3, 8);
        assert_eq!(s.to_wire(), "1:9");
    }

    #[test]
    fn the_whole_range_is_one_pair() {
        let s = UidSet::range(u32::MAX, 0);
        assert_eq!(s.to_wire(), "1:4294967295");
        assert_eq!(s.len(), u64::from(u32::MAX));
    }

    #[test]
    fn splitting_bounds_octets_and_uids() {
        let s = set(&(1..500).map(|n| n * 3).collect::<Vec<_>>());
        let pieces = s.split(900, 200);
        assert!(
            pieces
                .iter()
                .all(|p| p.to_wire().len() <= 900 && p.len() <= 200)
        );
        assert_eq!(pieces.iter().map(UidSet::len).sum::<u64>(), 499);
        assert_eq!(UidSet::range(1, 1000).split(900, 300).len(), 4);
    }

    proptest! {
        #[test]
        fn minus_is_difference(a in prop::collection::btree_set(1u32..60, 0..40), b in prop::collection::btree_set(1u32..60, 0..40)) {
            let list = |s: &std::collections::BTreeSet<u32>| s.iter().copied().collect::<Vec<_>>();
            let rest = set(&list(&a)).minus(&set(&list(&b)));
            prop_assert_eq!(rest, set(&a.difference(&b).copied().collect::<Vec<_>>()));
            let both = set(&list(&a)).and(&set(&list(&b)));
            prop_assert_eq!(both, set(&a.intersection(&b).copied().collect::<Vec<_>>()));
            let either = set(&list(&a)).plus(&set(&list(&b)));
            prop_assert_eq!(either, set(&a.union(&b).copied().collect::<Vec<_>>()));
        }

        #[test]
        fn inserting_one_by_one_equals_collecting(mut uids in prop::collection::vec(1u32..60, 0..40)) {
            let collected = set(&uids);
            let mut inserted = UidSet::new();
            for &n in &uids {
                inserted.insert(Uid::new(n).unwrap());
            }
            prop_assert_eq!(&collected, &inserted);
            uids.sort_unstable();
            uids.dedup();
            prop_assert_eq!(collected.iter().map(Uid::get).collect::<Vec<_>>(), uids);
        }
    }
}
