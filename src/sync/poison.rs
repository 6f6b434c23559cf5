//! Messages that end the connection, or silence it, whenever they are asked for: they are singled
//! out on new connections, so that each costs only itself. What that may cost a turn is bounded,
//! and the server is given pauses in which to get well.

use crate::model::{UidSet, UidValidity};
use crate::net::NetError;
use crate::net::imap::{FetchBy, Mode};
use crate::store::Reader;
use crate::sync::backoff::{Backoff, chance};
use crate::sync::brought::{Brought, Fetched};
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::last_words::{self, may_be};
use crate::text::when;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Connections that one turn may cost: enough to find one message in a window of thousands.
const DIALS: u32 = 40;
/// After so many in a row that brought nothing the server is asked for a message that it gave before.
const BARREN: u32 = 4;
/// So many of them may be because nothing came; each of these costs a long wait.
const STALLS: u32 = 6;
/// The first connections follow at once.
const AT_ONCE: u32 = 4;
/// The others after a pause, which grows up to this many times the first.
const SLOWEST: u32 = 2;
/// Last words that sound as if it would pass are doubted each time that they were said so often of the
/// same messages.
const SAID: u32 = 4;
/// So many letters of them tell them from others.
const WORDS: usize = 60;
/// How long a pause goes on after the engine was told to stop.
const NAP: Duration = Duration::from_millis(50);

/// What one turn has left for finding such messages.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    dials: u32,
    stalls: u32,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            dials: DIALS,
            stalls: STALLS,
        }
    }
}

impl Patience {
    /// Counts a failure; whether there may be another try.
    fn lose(&mut self, error: &NetError) -> bool {
        self.dials = self.dials.saturating_sub(1);
        if matches!(error, NetError::Timeout) {
            self.stalls = self.stalls.saturating_sub(1);
        }
        self.dials > 0 && self.stalls > 0
    }
}

/// A way to one mailbox, on one connection after the other.
pub struct Way<'a, 'b> {
    /// The connection; another one after a failure.
    pub session: &'a mut Connection,
    /// The account's means.
    pub kit: &'a Kit,
    /// A look at the cache.
    pub reader: &'a Reader,
    /// The mailbox.
    pub here: &'a Here,
    /// Its generation.
    pub uidvalidity: UidValidity,
    /// The way into the cache.
    pub brought: &'a mut Brought<'b>,
    /// What is left for this.
    pub patience: &'a mut Patience,
}

impl Way<'_, '_> {
    /// Fetches a set whose fetching ended the connection with `error`, on new ones and in pieces. A
    /// server that cuts everything is told from a message that does: it gives no other message
    /// either.
    ///
    /// # Errors
    /// `error`, if that is not because of some messages, or there are more of them than a turn has
    /// patience for; those found so far are out of the way then. Whatever a new connection says.
    pub fn around(&mut self, set: &UidSet, error: NetError) -> Result<Fetched, SyncError> {
        let words = last_words::passing(&error).map(str::to_owned);
        let same =
            |again: &NetError| words.is_some() && last_words::passing(again) == words.as_deref();
        let mut fetched = Fetched::default();
        let mut killers = UidSet::new();
        let mut more = self.patience.lose(&error);
        let mut open = VecDeque::from([set.clone()]);
        let mut silent_once = UidSet::new();
        let mut barren = 0;
        self.brought.settle()?;
        self.dial_again()?;
        while more && let Some(set) = open.pop_front() {
            let set = set.minus(&self.reader.all_uids(self.here.id)?);
            if set.is_empty() {
                continue;
            }
            match self
                .brought
                .headers(self.session, FetchBy::Uids(&set), None)
            {
                Ok(some) => {
                    fetched.add(&some);
                    barren = 0;
                }
                Err(SyncError::Net(again)) if may_be(&again) || same(&again) => {
                    more = self.patience.lose(&again);
                    self.brought.settle()?;
                    self.dial_again()?;
                    let left = set.minus(&self.reader.all_uids(self.here.id)?);
                    fetched.count += set.len() - left.len();
                    barren = if left.len() < set.len() {
                        0
                    } else {
                        barren + 1
                    };
                    // It may be the server, and no message of these.
                    if barren >= BARREN {
                        barren = 0;
                        more &= self.reader.last_given(self.here.id)?.is_none()
                            || self.gives_others()?;
                    }
                    // One silence may be anything's fault.
                    let alone = left.len() == 1 && set.len() == 1;
                    let silent = matches!(again, NetError::Timeout);
                    if alone && (!silent || silent_once.and(&left) == left) {
                        killers = killers.plus(&left);
                    } else {
                        if alone {
                            silent_once = silent_once.plus(&left);
                        }
                        open.extend(suspects(&set, &left));
                    }
                }
                Err(SyncError::Net(_)) => return Err(error.into()),
                Err(other) => return Err(other),
            }
            self.brought.settle()?;
        }
        if !killers.is_empty() {
            if fetched.count == 0 && !self.gives_others()? {
                return Err(error.into());
            }
            let there = self.session.present(&killers)?;
            fetched.count += self.brought.stubs(&there);
        }
        match more {
            // There are more of them: after a pause, with those found so far out of the way.
            false => self.brought.settle().and(Err(error.into())),
            true => Ok(fetched),
        }
    }

    /// Whether the server has said these last words, which sound as if it would pass, again and again
    /// when it was asked for this set, while it gives other messages.
    ///
    /// # Errors
    /// Whatever the cache or a new connection say.
    pub fn says_so_always(&mut self, set: &UidSet, error: &NetError) -> Result<bool, SyncError> {
        let Some(words) = last_words::passing(error) else {
            return Ok(false);
        };
        self.brought.settle()?;
        let left = set.minus(&self.reader.all_uids(self.here.id)?);
        let Some(first) = left.iter().next() else {
            return Ok(false);
        };
        let words: String = words.chars().take(WORDS).collect();
        let (id, validity) = (self.here.id.0, self.uidvalidity.0);
        let what = format!("pull/{id}/{validity}/{}/{words}", first.get());
        // A server that is in trouble indeed is asked no more often than that.
        let ends = self.kit.local()?.ended(&what, when::now())?;
        if ends.times % SAID != 0 {
            return Ok(false);
        }
        self.dial_again()?;
        self.gives_others()
    }

    /// Whether the server still gives the header of a message that it gave before.
    fn gives_others(&mut self) -> Result<bool, SyncError> {
        let Some(last) = self.reader.last_given(self.here.id)? else {
            return Ok(false);
        };
        let one: UidSet = [last].into_iter().collect();
        let report = self
            .session
            .fetch_headers(FetchBy::Uids(&one), &mut |_| Ok(()));
        Ok(report.is_ok_and(|report| report.delivered > 0))
    }

    /// A new connection in the place of one that ended, with the same mailbox open; after a pause if
    /// there were several already.
    ///
    /// # Errors
    /// Whatever the server says; [`SyncError::Interrupted`] if the mailbox has another generation.
    pub fn dial_again(&mut self) -> Result<(), SyncError> {
        let dialled = DIALS.saturating_sub(self.patience.dials);
        if dialled > AT_ONCE {
            let rhythm = &self.kit.rhythm;
            let pause = Backoff::new(rhythm).fail(None, chance());
            let pause = pause.saturating_mul(dialled - AT_ONCE) / 8;
            self.rest(pause.min(rhythm.first * SLOWEST));
        }
        if self.kit.stopping() {
            return Err(SyncError::Stopping);
        }
        self.session.dial_again()?;
        let again = self.session.select(&self.here.name, Mode::ReadOnly)?;
        match again.uidvalidity == self.uidvalidity {
            true => Ok(()),
            false => Err(SyncError::Interrupted),
        }
    }

    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.kit.stopping() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}

/// What to ask for after `left` of `set` did not come. A server that answered some most likely
/// stumbled over the next: it is asked for the others, and for that one alone. Else in halves.
pub fn suspects(set: &UidSet, left: &UidSet) -> Vec<UidSet> {
    match left.len() {
        0 => Vec::new(),
        1 => vec![left.clone()],
        many if many < set.len() => {
            let next: UidSet = left.iter().take(1).collect();
            vec![left.minus(&next), next]
        }
        many => left.split(usize::MAX, many.div_ceil(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(uids: &[u32]) -> UidSet {
        uids.iter()
            .filter_map(|n| crate::model::Uid::new(*n))
            .collect()
    }

    #[test]
    fn the_message_behind_the_last_that_came_is_asked_for_alone() {
        let all = set(&[1, 2, 3, 4, 5]);
        assert_eq!(suspects(&all, &set(&[3, 4, 5])), [set(&[4, 5]), set(&[3])]);
        assert_eq!(suspects(&all, &all), [set(&[1, 2, 3]), set(&[4, 5])]);
        assert_eq!(suspects(&all, &set(&[5])), [set(&[5])]);
        assert!(suspects(&all, &set(&[])).is_empty());
    }

    #[test]
    fn a_turn_has_less_patience_with_silence_than_with_cuts() {
        let mut patience = Patience::default();
        let cut = NetError::Cut(String::new());
        assert_eq!((1..100).find(|_| !patience.lose(&cut)), Some(DIALS));
        let mut patience = Patience::default();
        assert_eq!(
            (1..100).find(|_| !patience.lose(&NetError::Timeout)),
            Some(STALLS)
        );
    }
}
