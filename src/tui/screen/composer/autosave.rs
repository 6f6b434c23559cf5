//! When the draft is written down: a second after the first change that isn't, one save at a
//! time, so that a draft never gets two rows; and what is to happen once it is.

use std::time::{Duration, Instant};

/// The longest that typing is only in memory.
pub const EVERY: Duration = Duration::from_secs(1);
/// After a failure it is tried again so much later.
const AGAIN: Duration = Duration::from_secs(5);

/// What waits for a running save.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    #[default]
    Nothing,
    /// The composer closes.
    Close,
    /// The draft is sent.
    Send,
    /// The draft is thrown away.
    Discard,
}

/// What is saved and what isn't.
#[derive(Clone, Debug, Default)]
pub struct Autosave {
    due: Option<Instant>,
    running: bool,
    touched: bool,
    then: Then,
    last: Option<i64>,
}

impl Autosave {
    /// Something changed.
    pub fn changed(&mut self, now: Instant) {
        self.touched = true;
        self.due.get_or_insert(now + EVERY);
    }

    /// What is only in memory is saved now, or as soon as the running save is done.
    pub fn hurry(&mut self, now: Instant) {
        self.due = self.due.map(|due| due.min(now));
    }

    /// Whether anything ever changed here.
    pub fn touched(&self) -> bool {
        self.touched
    }

    /// Whether something is only in memory.
    pub fn unsaved(&self) -> bool {
        self.due.is_some()
    }

    /// Whether a save is on its way.
    pub fn running(&self) -> bool {
        self.running
    }

    /// When the draft was last written down, seconds since 1970.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// When to save.
    pub fn deadline(&self) -> Option<Instant> {
        self.due.filter(|_| !self.running)
    }

    /// Whether to save now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|due| due <= now)
    }

    /// A save begins with the draft as it is now.
    pub fn begin(&mut self) {
        self.due = None;
        self.running = true;
    }

    /// What has to wait until the running save is done.
    pub fn wait(&mut self, then: Then) {
        self.then = then;
    }

    /// The save is done; says what waited for it.
    pub fn done(&mut self, at: i64) -> Then {
        self.running = false;
        self.last = Some(at);
        std::mem::take(&mut self.then)
    }

    /// The save failed: what waited for it does not happen, and it is tried again.
    pub fn failed(&mut self, now: Instant) -> Then {
        self.running = false;
        self.due = Some(now + AGAIN);
        std::mem::take(&mut self.then)
    }
}
