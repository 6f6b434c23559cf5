//! Keys that were pressed while the whole list was asked for what is to be selected. They wait, so
//! that what follows `* a` is done to all of it and not to what was on the screen.

use crossterm::event::KeyEvent;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// More keys than anybody types meanwhile.
const MOST: usize = 200;

/// The keys that wait.
#[derive(Debug, Default)]
pub struct Held {
    keys: VecDeque<KeyEvent>,
    since: Option<Instant>,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is taken now.
    Now,
    /// It waits.
    Waits,
    /// It waits, and nobody waits for the selection any more.
    Enough,
}

impl Held {
    /// Takes a key, while the selection is being `made`.
    pub fn key(&mut self, key: &KeyEvent, made: bool, now: Instant) -> Fate {
        if !made {
            return Fate::Now;
        }
        let since = *self.since.get_or_insert(now);
        if self.keys.len() < MOST {
            self.keys.push_back(*key);
        }
        match now.duration_since(since) < PATIENCE {
            true => Fate::Waits,
            false => Fate::Enough,
        }
    }

    /// The next key, once the selection is made.
    pub fn next(&mut self, made: bool) -> Option<KeyEvent> {
        if made {
            return None;
        }
        self.since = None;
        self.keys.pop_front()
    }
}
