//! What counts alone tell of a mailbox (RFC 9051 §6.3.11): whether it is as it was, and where a server
//! keeps no modification sequences (RFC 7162) whether its flags may have changed. Those of all messages
//! are megabytes where there are a hundred thousand, so they are asked for only now and then, or when
//! something says that old ones changed.

use crate::model::UidValidity;
use crate::net::imap::Status;
use crate::sync::plan::{Known, Seen, Step, plan};
use std::time::{Duration, Instant};

/// What is remembered of one mailbox while the program runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain {
    /// What STATUS said when it was listed last.
    told: Option<Counts>,
    /// The same before the last pull that left nothing out.
    taken: Option<Counts>,
    /// When all flags were asked for last.
    whole: Option<Instant>,
    /// Whether they are to be asked for whatever the time.
    wanted: bool,
}

/// What STATUS says that changes when messages come, go, or are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    uidvalidity: u32,
    uidnext: u32,
    messages: u32,
    unseen: u32,
}

impl Counts {
    /// Of a status that has all of them.
    fn of(status: &Status) -> Option<Counts> {
        Some(Counts {
            uidvalidity: status.uidvalidity?,
            uidnext: status.uidnext?,
            messages: status.messages?,
            unseen: status.unseen?,
        })
    }
}

impl Plain {
    /// Takes what STATUS told. Whether it is what it was before the last whole pull, and all flags
    /// were asked for less than `every` ago. If the same messages are there and not as many are unread
    /// as before, nor as many as are unread `here` (who reads here changes that number), all flags are
    /// due.
    pub fn is_quiet(&mut self, status: &Status, here: Option<u64>, every: Duration) -> bool {
        self.told = Counts::of(status);
        let (Some(taken), Some(now)) = (self.taken, self.told) else {
            return false;
        };
        let same = Counts {
            unseen: taken.unseen,
            ..now
        };
        let read = now.unseen == taken.unseen || here == Some(u64::from(now.unseen));
        self.wanted |= taken == same && !read;
        taken == same && read && !self.are_flags_due(every)
    }

    /// A pull left nothing out: what was told before it has been taken in.
    pub fn taken(&mut self) {
        self.taken = self.told;
    }

    /// All flags are to be asked for the next time.
    pub fn want_flags(&mut self) {
        self.wanted = true;
    }

    /// All flags were asked for.
    pub fn flags_done(&mut self) {
        (self.whole, self.wanted) = (Some(Instant::now()), false);
    }

    /// Whether all flags should be asked for.
    pub fn are_flags_due(&self, every: Duration) -> bool {
        self.wanted || self.whole.is_none_or(|at| at.elapsed() >= every)
    }
}

/// Whether a mailbox is as it was, by what LIST or STATUS told of it.
pub fn is_unchanged(known: &Known, status: &Status) -> bool {
    shown(status).is_some_and(|seen| plan(known, &seen).is_empty())
}

/// Whether by what LIST or STATUS told of it the same messages are in a mailbox as before, and nothing
/// but counts tells whether their flags changed, since it keeps no modification sequences.
pub fn is_counted(known: &Known, status: &Status) -> bool {
    let plain = known.highestmodseq.0 == 0 && status.highestmodseq.is_none();
    plain && shown(status).is_some_and(|seen| plan(known, &seen) == [Step::Flags(None)])
}

fn shown(status: &Status) -> Option<Seen> {
    Some(Seen {
        uidvalidity: UidValidity(status.uidvalidity?),
        uidnext: status.uidnext,
        exists: status.messages?,
        highestmodseq: status.highestmodseq,
        told: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn status(uidnext: u32, messages: u32, unseen: u32) -> Status {
        Status {
            uidvalidity: Some(7),
            uidnext: Some(uidnext),
            messages: Some(messages),
            unseen: Some(unseen),
            ..Status::default()
        }
    }

    #[test]
    fn equal_counts_are_quiet_for_an_hour_and_another_count_of_unread_asks_for_all_flags() {
        let mut plain = Plain::default();
        let quiet = |plain: &mut Plain, told| plain.is_quiet(&told, Some(5), HOUR);
        assert!(!quiet(&mut plain, status(9, 8, 2)) && plain.are_flags_due(HOUR));
        plain.flags_done();
        plain.taken();
        assert!(quiet(&mut plain, status(9, 8, 2)));
        assert!(!plain.is_quiet(&status(9, 8, 2), None, Duration::ZERO));
        // What was read here is known here.
        assert!(quiet(&mut plain, status(9, 8, 5)));
        // New mail says nothing of what is old.
        assert!(!quiet(&mut plain, status(10, 9, 3)) && !plain.are_flags_due(HOUR));
        plain.taken();
        assert!(!quiet(&mut plain, status(10, 9, 2)) && plain.are_flags_due(HOUR));
        plain.flags_done();
        plain.taken();
        assert!(quiet(&mut plain, status(10, 9, 2)));
        // Who does not tell is not believed to be quiet.
        let silent = Status {
            unseen: None,
            ..status(10, 9, 2)
        };
        assert!(!quiet(&mut plain, silent));
    }

    #[test]
    fn only_where_no_sequence_is_kept_do_counts_speak_for_flags() {
        let known = |modseq| Known {
            uidvalidity: Some(UidValidity(7)),
            uidnext: 9,
            highestmodseq: crate::model::ModSeq(modseq),
            exists: 8,
            held: 8,
            limited: false,
        };
        assert!(is_counted(&known(0), &status(9, 8, 2)));
        assert!(!is_counted(&known(4), &status(9, 8, 2)));
        assert!(!is_counted(&known(0), &status(10, 9, 2)));
        assert!(!is_unchanged(&known(0), &status(9, 8, 2)));
    }
}
