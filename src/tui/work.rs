//! Work that the screen has begun on threads of its own: each tells that it runs, how far it is, and
//! that it is over, whatever ends it (`working.rs`). The job list shows them.

use crate::model::setup::Cancel;
use crate::text::Clean;
use std::collections::BTreeMap;

/// A piece of work that runs.
#[derive(Clone, Debug)]
pub struct Work {
    /// What is done.
    pub what: Clean,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// So much is done.
    pub done: u64,
    /// Of so much; 0 if unknown.
    pub total: u64,
    /// How it is stopped, if that is safe.
    pub stop: Option<Cancel>,
}

/// What work tells of itself.
#[derive(Clone, Debug)]
pub enum WorkNews {
    /// It runs.
    Begun(u64, Work),
    /// So much of so much is done.
    At(u64, u64, u64),
    /// It is over.
    Ended(u64),
}

/// Everything that runs, by number.
#[derive(Debug, Default)]
pub struct Works(BTreeMap<u64, Work>);

impl Works {
    /// Takes in what was told.
    pub fn take(&mut self, news: WorkNews) {
        match news {
            WorkNews::Begun(id, work) => {
                self.0.insert(id, work);
            }
            WorkNews::At(id, done, total) => {
                if let Some(work) = self.0.get_mut(&id) {
                    (work.done, work.total) = (done, total);
                }
            }
            WorkNews::Ended(id) => {
                self.0.remove(&id);
            }
        }
    }

    /// What runs, each with its number, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = (u64, &Work)> {
        self.0.iter().map(|(number, work)| (*number, work))
    }
}
