//! What is selected for the next action. By what a line stands for, never by where it stands, and
//! whether it is on a page that is here or not: scrolling and new mail change nothing of it.

use super::line::Ident;
use crate::model::{LocationId, MailboxId, Target, ThreadId};
use crate::store::Stub;
use std::collections::{BTreeMap, BTreeSet};

/// The selected rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Threads; of one that had a single message when it was selected, that message alone.
    threads: BTreeMap<ThreadId, Option<LocationId>>,
    places: BTreeSet<LocationId>,
}

impl Marks {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.threads.len() + self.places.len()
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.places.is_empty()
    }

    /// Whether this is selected.
    pub fn has(&self, ident: Ident) -> bool {
        match ident {
            Ident::Thread(thread) => self.threads.contains_key(&thread),
            Ident::Location(place) => self.places.contains(&place),
        }
    }

    /// Selects one row.
    pub fn add(&mut self, stub: Stub) {
        match stub {
            Stub::Thread(thread, alone) => _ = self.threads.insert(thread, alone),
            Stub::Place(place) => _ = self.places.insert(place),
        }
    }

    /// Does not select a row any more. Says whether it was.
    pub fn remove(&mut self, ident: Ident) -> bool {
        match ident {
            Ident::Thread(thread) => self.threads.remove(&thread).is_some(),
            Ident::Location(place) => self.places.remove(&place),
        }
    }

    /// The selected rows.
    pub fn stubs(&self) -> impl Iterator<Item = Stub> {
        let threads = self
            .threads
            .iter()
            .map(|(t, alone)| Stub::Thread(*t, *alone));
        threads.chain(self.places.iter().map(|p| Stub::Place(*p)))
    }

    /// What an action is done to; threads in this mailbox, or with `None` in every inbox.
    pub fn targets(&self, mailbox: Option<MailboxId>) -> Vec<Target> {
        let target = |stub| match stub {
            Stub::Place(place) | Stub::Thread(_, Some(place)) => Target::Location(place),
            Stub::Thread(thread, None) => Target::Thread { thread, mailbox },
        };
        self.stubs().map(target).collect()
    }
}

/// What a row is known by.
pub fn ident(stub: Stub) -> Ident {
    match stub {
        Stub::Thread(thread, _) => Ident::Thread(thread),
        Stub::Place(place) => Ident::Location(place),
    }
}
