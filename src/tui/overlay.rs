//! What the user just did, laid over the rows that the cache still tells otherwise.
//!
//! The ledger answers in about a millisecond; the cache takes the effect when its writer comes
//! round. Between the two the screen shows cache plus overlay. An entry goes as soon as a window
//! read afterwards agrees with it, or when it has had its time and the cache still disagrees
//! (the change was refused, or undone elsewhere): the store has the last word.

use crate::model::view::IndexRow;
use crate::model::{Done, FlagChange, LocationId, MailboxId, Target, ThreadId, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// So long an entry may contradict the cache.
pub const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
struct Flagged {
    targets: Targets,
    change: FlagChange,
    since: Instant,
}

/// What an action is done to, for asking it about many rows.
#[derive(Clone, Debug, Default)]
struct Targets {
    places: BTreeSet<LocationId>,
    threads: BTreeSet<(ThreadId, Option<MailboxId>)>,
    mailboxes: BTreeSet<MailboxId>,
}

impl Targets {
    fn of(targets: &[Target]) -> Targets {
        let mut all = Targets::default();
        for target in targets {
            match *target {
                Target::Location(place) => _ = all.places.insert(place),
                Target::Mailbox(mailbox) => _ = all.mailboxes.insert(mailbox),
                Target::Thread { thread, mailbox } => _ = all.threads.insert((thread, mailbox)),
            }
        }
        all
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty() && self.threads.is_empty() && self.mailboxes.is_empty()
    }

    fn remove(&mut self, others: &Targets) {
        let fewer = others.places.len() + others.threads.len();
        if fewer < self.places.len() + self.threads.len() {
            others.places.iter().for_each(|p| _ = self.places.remove(p));
            others
                .threads
                .iter()
                .for_each(|t| _ = self.threads.remove(t));
        } else {
            self.places.retain(|p| !others.places.contains(p));
            self.threads.retain(|t| !others.threads.contains(t));
        }
        self.mailboxes.retain(|m| !others.mailboxes.contains(m));
    }

    fn touch(&self, row: &IndexRow) -> bool {
        self.places.contains(&row.location)
            || self.threads.contains(&(row.thread, None))
            || self.threads.contains(&(row.thread, Some(row.mailbox)))
            || self.mailboxes.contains(&row.mailbox)
    }

    /// Whether it is about the whole thread of a row, and not about one message.
    fn whole(&self, row: &IndexRow) -> bool {
        self.threads.contains(&(row.thread, None))
            || self.threads.contains(&(row.thread, Some(row.mailbox)))
    }
}

/// The overlay.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    gone: BTreeMap<LocationId, Instant>,
    flags: Vec<Flagged>,
    /// What many rows are about to leave by, until the ledger has answered: by its ticket.
    leaving: BTreeMap<u64, Targets>,
}

impl Overlay {
    /// Takes in an action that the ledger has made durable.
    pub fn add(&mut self, verb: &Verb, targets: &[Target], done: &Done, now: Instant) {
        self.gone.extend(done.gone.iter().map(|l| (*l, now)));
        if let Verb::Flag(change) = verb {
            let targets = Targets::of(targets);
            for entry in &mut self.flags {
                entry.targets.remove(&targets);
            }
            self.flags.retain(|f| !f.targets.is_empty());
            self.flags.push(Flagged {
                targets,
                change: change.clone(),
                since: now,
            });
        }
    }

    /// Many rows are about to leave: they are hidden while the ledger writes that down.
    pub fn leave(&mut self, ticket: u64, targets: &[Target]) {
        self.leaving.insert(ticket, Targets::of(targets));
    }

    /// The ledger has answered: what really left is told by [`Overlay::add`].
    pub fn left(&mut self, ticket: u64) {
        self.leaving.remove(&ticket);
    }

    /// Forgets everything: the last action was taken back.
    pub fn clear(&mut self) {
        self.gone.clear();
        self.flags.clear();
    }

    /// Whether this row is shown as gone.
    pub fn hides(&self, row: &IndexRow) -> bool {
        self.gone.contains_key(&row.location) || self.leaving.values().any(|t| t.touch(row))
    }

    /// The row as it is to be shown. `head`: it stands for a whole thread.
    pub fn shown(&self, row: &IndexRow, head: bool) -> IndexRow {
        let before = row;
        let mut row = before.clone();
        for entry in self.flags.iter().filter(|f| f.targets.touch(before)) {
            let whole = entry.targets.whole(before);
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
        let here: BTreeSet<LocationId> = rows.iter().map(|r| r.location).collect();
        self.gone.retain(|location, since| {
            // An answer to an older question says nothing of this action.
            asked < *since || (young(*since) && here.contains(location))
        });
        self.flags.retain(|f| {
            asked < f.since
                || (young(f.since)
                    && rows
                        .iter()
                        .any(|r| f.targets.touch(r) && r.flags.after(&f.change) != r.flags))
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
