//! What a turn has to do for one mailbox, decided without touching anything: what we remember
//! against what the server said (RFC 9051 §2.3.1, RFC 4549 §6, RFC 7162 §3).
//!
//! The steps are chosen by the cheapest proof. Equal UIDNEXT, counts and HIGHESTMODSEQ prove that
//! nothing happened. Else QRESYNC has told what changed, CONDSTORE can be asked, and what neither
//! can say is compared UID by UID. Every plan ends in a proof, and a proof that fails falls back
//! to the comparison, which also mends an interrupted run.

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
    /// EXISTS when the last turn was finished.
    pub exists: u32,
    /// Messages that we hold with a UID.
    pub held: u64,
    /// Whether older messages are left out on purpose, so that `held` is less than EXISTS.
    pub limited: bool,
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
    /// Whether the server told all changes since [`Known::highestmodseq`] with SELECT (QRESYNC).
    pub told: bool,
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
    /// Fetch the flags of what we held before this turn, changed since a modification sequence if
    /// one is known.
    Flags(Option<ModSeq>),
    /// Fetch what has this UID or a higher one and is not here.
    Arrivals(u32),
    /// As many messages as the server has must be here; else compare.
    Prove,
    /// Compare all UIDs: drop what vanished, fetch what is missing, newest first.
    Compare,
}

/// So many messages make the first screen of any terminal.
const FIRST_SCREEN: u32 = 100;

/// The steps for one mailbox, in order; empty if nothing can have changed.
pub fn plan(known: &Known, seen: &Seen) -> Vec<Step> {
    let void = match known.uidvalidity {
        Some(generation) => generation != seen.uidvalidity,
        None => known.held > 0,
    };
    if void {
        return [vec![Step::Reset], anew(seen)].concat();
    }
    if known.held == 0 {
        // Nothing to keep current; messages that are left out on purpose are looked for all the same.
        let idle = seen.exists == 0 || (known.limited && is_same(known, seen));
        return if idle { Vec::new() } else { anew(seen) };
    }
    let mut steps: Vec<Step> = flags(known, seen).into_iter().collect();
    let complete = known.limited || known.held == u64::from(seen.exists);
    if is_same(known, seen) && complete {
        return steps;
    }
    match seen.uidnext.filter(|&next| next >= known.uidnext) {
        Some(next) if known.uidnext != 0 => {
            if next > known.uidnext {
                steps.push(Step::Arrivals(known.uidnext));
            }
            // Of a limited mailbox only the server's word tells which messages are gone.
            steps.push(match known.limited && !seen.told {
                true => Step::Compare,
                false => Step::Prove,
            });
        }
        _ => steps.push(Step::Compare),
    }
    steps
}

/// Whether neither messages came nor went since the last turn.
fn is_same(known: &Known, seen: &Seen) -> bool {
    known.uidnext != 0 && seen.uidnext == Some(known.uidnext) && seen.exists == known.exists
}

fn flags(known: &Known, seen: &Seen) -> Option<Step> {
    if seen.told || seen.exists == 0 {
        return None;
    }
    let then = known.highestmodseq;
    match seen.highestmodseq {
        Some(now) if then.0 != 0 && now == then => None,
        // A server whose HIGHESTMODSEQ went back can't be believed about what changed since.
        Some(now) if then.0 != 0 && now > then => Some(Step::Flags(Some(then))),
        _ => Some(Step::Flags(None)),
    }
}

/// The steps for a mailbox of which nothing is here.
fn anew(seen: &Seen) -> Vec<Step> {
    if seen.exists == 0 {
        return Vec::new();
    }
    let newest = Step::Newest {
        from: seen.exists.saturating_sub(FIRST_SCREEN - 1).max(1),
        to: seen.exists,
    };
    vec![newest, Step::Compare]
}

/// Whether so much vanished at once that a fresh connection must confirm it: a restarting server
/// may show an empty mailbox for a moment.
pub fn is_mass_vanishing(held: u64, vanished: u64) -> bool {
    vanished > 100 && vanished * 2 > held
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Arrivals, Compare, Flags, Newest, Prove, Reset};
    use proptest::prelude::*;

    fn known(v: u32, uidnext: u32, modseq: u64, held: u32) -> Known {
        Known {
            uidvalidity: (v != 0).then_some(UidValidity(v)),
            uidnext,
            highestmodseq: ModSeq(modseq),
            exists: if uidnext == 0 { 0 } else { held },
            held: u64::from(held),
            limited: false,
        }
    }

    fn limited(known: Known, exists: u32) -> Known {
        Known {
            limited: true,
            exists,
            ..known
        }
    }

    fn seen(v: u32, uidnext: u32, exists: u32, modseq: u64) -> Seen {
        Seen {
            uidvalidity: UidValidity(v),
            uidnext: (uidnext != 0).then_some(uidnext),
            exists,
            highestmodseq: (modseq != 0).then_some(ModSeq(modseq)),
            told: false,
        }
    }

    fn told(v: u32, uidnext: u32, exists: u32, modseq: u64) -> Seen {
        Seen {
            told: true,
            ..seen(v, uidnext, exists, modseq)
        }
    }

    fn newest(from: u32, to: u32) -> Step {
        Newest { from, to }
    }

    #[test]
    fn a_mailbox_that_is_not_here_yet() {
        let none = known(0, 0, 0, 0);
        for (name, seen, expected) in [
            ("small", seen(7, 51, 50, 9), vec![newest(1, 50), Compare]),
            (
                "large",
                seen(7, 0, 5000, 0),
                vec![newest(4901, 5000), Compare],
            ),
            ("empty", seen(7, 1, 0, 1), vec![]),
        ] {
            assert_eq!(plan(&none, &seen), expected, "{name}");
        }
        let here = known(7, 51, 9, 50);
        let reset = plan(&here, &seen(8, 51, 50, 9));
        assert_eq!(reset, [Reset, newest(1, 50), Compare], "new generation");
        assert_eq!(plan(&here, &seen(8, 1, 0, 1)), [Reset], "and empty");
        let part = known(7, 0, 0, 20);
        let mended = plan(&part, &seen(7, 51, 50, 9));
        assert_eq!(mended, [Flags(None), Compare], "interrupted");
    }

    #[test]
    fn a_mailbox_that_is_here() {
        let here = known(7, 51, 9, 50);
        let plain = known(7, 51, 0, 50);
        let since = Flags(Some(ModSeq(9)));
        let cases: &[(&str, Known, Seen, &[Step])] = &[
            ("nothing new", here, seen(7, 51, 50, 9), &[]),
            (
                "nothing new, plain",
                plain,
                seen(7, 51, 50, 0),
                &[Flags(None)],
            ),
            (
                "new mail",
                here,
                seen(7, 52, 51, 12),
                &[since, Arrivals(51), Prove],
            ),
            (
                "new mail, told",
                here,
                told(7, 52, 51, 12),
                &[Arrivals(51), Prove],
            ),
            (
                "new mail, plain",
                plain,
                seen(7, 52, 51, 0),
                &[Flags(None), Arrivals(51), Prove],
            ),
            ("one gone", here, seen(7, 51, 49, 10), &[since, Prove]),
            ("one gone, told", here, told(7, 51, 49, 10), &[Prove]),
            ("a flag", here, seen(7, 51, 50, 10), &[since]),
            ("a flag, told", here, told(7, 51, 50, 10), &[]),
            ("all gone", here, seen(7, 51, 0, 10), &[Prove]),
            ("modseq went back", here, seen(7, 51, 50, 5), &[Flags(None)]),
            (
                "no modseq any more",
                here,
                seen(7, 51, 50, 0),
                &[Flags(None)],
            ),
            ("uidnext went back", here, seen(7, 40, 50, 9), &[Compare]),
            ("uidnext never said", here, seen(7, 0, 50, 9), &[Compare]),
            (
                "one went unseen",
                known(7, 51, 9, 49),
                seen(7, 51, 50, 9),
                &[Prove],
            ),
        ];
        for (name, known, seen, expected) in cases {
            assert_eq!(plan(known, seen), *expected, "{name}");
        }
    }

    #[test]
    fn a_mailbox_of_which_only_the_newest_are_wanted() {
        let here = limited(known(7, 51, 9, 20), 50);
        let since = Flags(Some(ModSeq(9)));
        let cases: &[(&str, Known, Seen, &[Step])] = &[
            ("nothing new", here, seen(7, 51, 50, 9), &[]),
            (
                "new mail",
                here,
                seen(7, 52, 51, 10),
                &[since, Arrivals(51), Compare],
            ),
            (
                "new mail, told",
                here,
                told(7, 52, 51, 10),
                &[Arrivals(51), Prove],
            ),
            (
                "none wanted",
                limited(known(7, 51, 9, 0), 50),
                seen(7, 51, 50, 9),
                &[],
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

    proptest! {
        /// Whatever differs is either told, asked for, proved, or compared.
        #[test]
        fn no_change_goes_unnoticed(
            k in (0u32..3, 0u32..6, 0u64..4, 0u32..6), s in (1u32..3, 0u32..6, 0u32..6, 0u64..4),
            told in any::<bool>(),
        ) {
            let known = known(k.0, k.1, k.2, k.3);
            let told = told && k.0 == s.0 && k.2 != 0;
            let seen = Seen { told, ..seen(s.0, s.1, s.2, s.3) };
            let steps = plan(&known, &seen);
            let same = known.uidvalidity == Some(seen.uidvalidity)
                && known.held == u64::from(seen.exists)
                && known.uidnext != 0 && seen.uidnext == Some(known.uidnext);
            let looks = steps.iter().any(|s| matches!(s, Prove | Compare));
            let fresh = known.held == 0 || steps.contains(&Reset);
            prop_assert!(same || looks || (fresh && seen.exists == 0), "{known:?} {seen:?} {steps:?}");
            let modseq_same = seen.highestmodseq == Some(known.highestmodseq);
            let flags = steps.iter().any(|s| matches!(s, Flags(_) | Newest { .. } | Reset));
            prop_assert!(told || modseq_same || flags || seen.exists == 0, "{known:?} {seen:?} {steps:?}");
        }
    }
}
