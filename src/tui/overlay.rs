//! What the user just did, laid over the rows that the cache still tells otherwise.
//!
//! The ledger answers in about a millisecond; the cache takes the effect when its writer comes
//! round. Between the two the screen shows cache plus overlay. An entry goes as soon as a window
//! read afterwards agrees with it, or when it has had its time and the cache still disagrees
//! (the change was refused, or undone elsewhere): the store has the last word.

use crate::model::view::IndexRow;
use crate::model::{Done, FlagChange, LocationId, Target, Verb};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long an entry may contradict the cache.
pub const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
struct Flagged {
    target: Target,
    change: FlagChange,
    since: Instant,
}

/// The overlay.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    gone: BTreeMap<LocationId, Instant>,
    flags: Vec<Flagged>,
}

impl Overlay {
    /// Takes in an action that the ledger has made durable.
    pub fn add(&mut self, verb: &Verb, targets: &[Target], done: &Done, now: Instant) {
        self.gone.extend(done.gone.iter().map(|l| (*l, now)));
        if let Verb::Flag(change) = verb {
            for target in targets {
                self.flags.retain(|f| f.target != *target);
                self.flags.push(Flagged {
                    target: *target,
                    change: change.clone(),
                    since: now,
                });
            }
        }
    }

    /// Forgets everything: the last action was taken back.
    pub fn clear(&mut self) {
        self.gone.clear();
        self.flags.clear();
    }

    /// Whether this row is shown as gone.
    pub fn hides(&self, row: &IndexRow) -> bool {
        self.gone.contains_key(&row.location)
    }

    /// The row as it is to be shown. `head`: it stands for a whole thread.
    pub fn shown(&self, row: &IndexRow, head: bool) -> IndexRow {
        let before = row;
        let mut row = before.clone();
        for entry in self.flags.iter().filter(|f| touches(&f.target, before)) {
            let whole = matches!(entry.target, Target::Thread { .. });
            let was_seen = row.flags.system.has(crate::model::System::SEEN);
            row.flags = row.flags.after(&entry.change);
            let seen = row.flags.system.has(crate::model::System::SEEN);
            if whole || !head {
                if entry.change.add.system.has(crate::model::System::SEEN) {
                    row.unread = 0;
                } else if entry.change.remove.system.has(crate::model::System::SEEN) {
                    row.unread = if head { row.count } else { 1 };
                }
            } else if was_seen != seen {
                row.unread = if seen {
                    row.unread.saturating_sub(1)
                } else {
                    (row.unread + 1).min(row.count)
                };
            }
        }
        row
    }

    /// Compares with a window that was asked for at `asked`: entries that it confirms, and those
    /// that have had their time, go.
    pub fn settle(&mut self, rows: &[IndexRow], asked: Instant) {
        let young = |since: Instant| asked < since + PATIENCE;
        self.gone.retain(|location, since| {
            // An answer to an older question says nothing of this action.
            asked < *since || (young(*since) && rows.iter().any(|r| r.location == *location))
        });
        self.flags.retain(|f| {
            asked < f.since
                || (young(f.since)
                    && rows
                        .iter()
                        .any(|r| touches(&f.target, r) && r.flags.after(&f.change) != r.flags))
        });
    }

    /// Drops what has had its time: the store has the last word.
    pub fn expire(&mut self, now: Instant) {
        self.gone.retain(|_, since| now < *since + PATIENCE);
        self.flags.retain(|f| now < f.since + PATIENCE);
    }

    /// When the cache has to be asked again although nobody said that it changed.
    pub fn deadline(&self) -> Option<Instant> {
        let gone = self.gone.values().copied();
        let flags = self.flags.iter().map(|f| f.since);
        gone.chain(flags).min().map(|since| since + PATIENCE)
    }
}

fn touches(target: &Target, row: &IndexRow) -> bool {
    match target {
        Target::Location(l) => row.location == *l,
        Target::Mailbox(m) => row.mailbox == *m,
        Target::Thread { thread, mailbox } => {
            row.thread == *thread && mailbox.is_none_or(|m| row.mailbox == m)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Flags, System};
    use crate::tui::question::tests::row;

    fn done(gone: &[i64]) -> Done {
        Done {
            gone: gone.iter().map(|n| LocationId(*n)).collect(),
            ..Done::default()
        }
    }

    #[test]
    fn what_left_is_hidden_until_a_later_window_agrees() {
        let t0 = Instant::now();
        let mut overlay = Overlay::default();
        overlay.add(&Verb::Archive, &[], &done(&[1]), t0);
        let rows = [row(1, 100), row(2, 90)];
        assert!(overlay.hides(&rows[0]) && !overlay.hides(&rows[1]));
        overlay.settle(&rows[1..], t0 - Duration::from_millis(1));
        assert!(overlay.hides(&rows[0]), "an older question proves nothing");
        overlay.settle(&rows, t0 + Duration::from_millis(5));
        assert!(overlay.hides(&rows[0]), "the cache has its time");
        overlay.settle(&rows, t0 + PATIENCE);
        assert!(!overlay.hides(&rows[0]), "the store has the last word");
        overlay.add(&Verb::Archive, &[], &done(&[1]), t0);
        overlay.settle(&rows[1..], t0);
        assert_eq!(overlay.deadline(), None);
    }

    #[test]
    fn flags_are_shown_at_once_and_settle() {
        let t0 = Instant::now();
        let mut overlay = Overlay::default();
        let star = Verb::Flag(FlagChange::set(System::FLAGGED));
        let mut it = row(1, 100);
        overlay.add(&star, &[Target::Location(LocationId(1))], &done(&[]), t0);
        assert!(overlay.shown(&it, false).flags.system.has(System::FLAGGED));
        overlay.settle(std::slice::from_ref(&it), t0);
        assert!(overlay.deadline().is_some());
        it.flags = Flags::of(System::FLAGGED);
        overlay.settle(std::slice::from_ref(&it), t0);
        assert_eq!(overlay.deadline(), None);
    }

    #[test]
    fn reading_one_message_of_a_thread_counts_down() {
        let mut overlay = Overlay::default();
        let seen = Verb::Flag(FlagChange::set(System::SEEN));
        let mut head = row(1, 100);
        (head.count, head.unread) = (5, 3);
        let one = Target::Location(LocationId(1));
        overlay.add(&seen, &[one], &done(&[]), Instant::now());
        assert_eq!(overlay.shown(&head, true).unread, 2);
        let all = Target::Thread {
            thread: head.thread,
            mailbox: None,
        };
        overlay.add(&seen, &[all], &done(&[]), Instant::now());
        assert_eq!(overlay.shown(&head, true).unread, 0);
    }
}
