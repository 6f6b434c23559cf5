//! What a turn has to do for one mailbox, decided without touching anything: what we remember
//! against what SELECT said (RFC 9051 §2.3.1, RFC 4549 §6, RFC 7162 §3.1).
//!
//! The steps are chosen by the cheapest proof. Equal UIDNEXT, equal counts and a finished backfill
//! prove that nothing came and nothing went; an equal HIGHESTMODSEQ proves that no flag changed.
//! Whatever can't be proved is compared UID by UID, which also mends an interrupted run.

use crate::model::{ModSeq, UidValidity};

/// What the cache remembers of a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The generation of the UIDs we hold; `None` before the first sync.
    pub uidvalidity: Option<UidValidity>,
    /// UIDNEXT when the last turn was finished; 0 if none was.
    pub uidnext: u32,
    /// HIGHESTMODSEQ when the last turn was finished; 0 if unknown.
    pub highestmodseq: ModSeq,
    /// Messages that we hold with a UID.
    pub count: u64,
}

/// What the server says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// UIDVALIDITY.
    pub uidvalidity: UidValidity,
    /// UIDNEXT; some servers never say.
    pub uidnext: Option<u32>,
    /// EXISTS.
    pub exists: u32,
    /// HIGHESTMODSEQ; `None` without CONDSTORE or for a mailbox that keeps none.
    pub highestmodseq: Option<ModSeq>,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The UIDs are void: forget them, keep bodies to be matched again.
    Reset,
    /// Fetch the newest messages by sequence number, so that the first screen does not wait for
    /// the comparison.
    Newest {
        /// First sequence number.
        from: u32,
        /// Last sequence number.
        to: u32,
    },
    /// Compare all UIDs: drop what vanished, fetch what is missing, newest first.
    Compare,
    /// Fetch the flags of what we held before this turn, changed since a modification sequence if
    /// one is known.
    Flags(Option<ModSeq>),
}

/// So many messages make the first screen of any terminal.
const FIRST_SCREEN: u32 = 100;

/// The steps for one mailbox, in order; empty if nothing can have changed.
pub fn plan(known: &Known, seen: &Seen) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut held = known.count;
    let mut uidnext = known.uidnext;
    let mut modseq = known.highestmodseq;
    if known.uidvalidity.is_some_and(|v| v != seen.uidvalidity) {
        steps.push(Step::Reset);
        (held, uidnext, modseq) = (0, 0, ModSeq(0));
    }
    if held == 0 && seen.exists > 0 {
        steps.push(Step::Newest {
            from: seen.exists.saturating_sub(FIRST_SCREEN - 1).max(1),
            to: seen.exists,
        });
    }
    let proved = uidnext != 0 && seen.uidnext == Some(uidnext) && held == u64::from(seen.exists);
    let empty = seen.exists == 0 && held == 0;
    if !proved && !empty {
        steps.push(Step::Compare);
    }
    if held > 0 && seen.exists > 0 {
        match seen.highestmodseq {
            Some(now) if modseq.0 != 0 && now == modseq => {}
            // A server whose HIGHESTMODSEQ went back can't be believed about what changed since.
            Some(now) if modseq.0 != 0 && now > modseq => steps.push(Step::Flags(Some(modseq))),
            _ => steps.push(Step::Flags(None)),
        }
    }
    steps
}

/// Whether so much vanished at once that a fresh connection must confirm it: a restarting server
/// may show an empty mailbox for a moment.
pub fn is_mass_vanishing(held: u64, vanished: u64) -> bool {
    vanished > 100 && vanished * 2 > held
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Compare, Flags, Newest, Reset};

    fn known(v: u32, uidnext: u32, modseq: u64, count: u64) -> Known {
        Known {
            uidvalidity: (v != 0).then_some(UidValidity(v)),
            uidnext,
            highestmodseq: ModSeq(modseq),
            count,
        }
    }

    fn seen(v: u32, uidnext: u32, exists: u32, modseq: u64) -> Seen {
        Seen {
            uidvalidity: UidValidity(v),
            uidnext: (uidnext != 0).then_some(uidnext),
            exists,
            highestmodseq: (modseq != 0).then_some(ModSeq(modseq)),
        }
    }

    #[test]
    fn the_table() {
        let cases: &[(&str, Known, Seen, &[Step])] = &[
            (
                "first sync",
                known(0, 0, 0, 0),
                seen(7, 51, 50, 9),
                &[Newest { from: 1, to: 50 }, Compare],
            ),
            (
                "first sync, large",
                known(0, 0, 0, 0),
                seen(7, 0, 5000, 0),
                &[
                    Newest {
                        from: 4901,
                        to: 5000,
                    },
                    Compare,
                ],
            ),
            ("empty", known(0, 0, 0, 0), seen(7, 1, 0, 1), &[]),
            ("nothing new", known(7, 51, 9, 50), seen(7, 51, 50, 9), &[]),
            (
                "nothing new, no CONDSTORE",
                known(7, 51, 0, 50),
                seen(7, 51, 50, 0),
                &[Flags(None)],
            ),
            (
                "new mail",
                known(7, 51, 9, 50),
                seen(7, 52, 51, 12),
                &[Compare, Flags(Some(ModSeq(9)))],
            ),
            (
                "one gone",
                known(7, 51, 9, 50),
                seen(7, 51, 49, 10),
                &[Compare, Flags(Some(ModSeq(9)))],
            ),
            (
                "a flag",
                known(7, 51, 9, 50),
                seen(7, 51, 50, 10),
                &[Flags(Some(ModSeq(9)))],
            ),
            (
                "interrupted",
                known(7, 0, 0, 20),
                seen(7, 51, 50, 9),
                &[Compare, Flags(None)],
            ),
            (
                "all gone",
                known(7, 51, 9, 50),
                seen(7, 51, 0, 10),
                &[Compare],
            ),
            (
                "modseq went back",
                known(7, 51, 9, 50),
                seen(7, 51, 50, 5),
                &[Flags(None)],
            ),
            (
                "uidnext never said",
                known(7, 0, 9, 50),
                seen(7, 0, 50, 9),
                &[Compare],
            ),
            (
                "new generation",
                known(7, 51, 9, 50),
                seen(8, 51, 50, 9),
                &[Reset, Newest { from: 1, to: 50 }, Compare],
            ),
            (
                "new generation, empty",
                known(7, 51, 9, 50),
                seen(8, 1, 0, 1),
                &[Reset],
            ),
        ];
        for (name, known, seen, expected) in cases {
            assert_eq!(plan(known, seen), *expected, "{name}");
        }
    }

    #[test]
    fn mass_vanishing_is_half_of_a_hundred() {
        assert!(is_mass_vanishing(150, 101));
        assert!(!is_mass_vanishing(1000, 400));
        assert!(!is_mass_vanishing(80, 80));
    }
}
