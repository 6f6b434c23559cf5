//! One round of a doctor: steps are told as they are done, and it can be called away between them.

use crate::model::Account;
use crate::model::checkup::{Progress, Step};
use crate::model::setup::Cancel;
use crate::net::causes::Service;
use crate::net::diagnose::explain;
use crate::net::error::NetError;
use crate::net::imap::extensions::{Extension, Offer};
use crate::net::trace::Ring;
use crate::text::Clean;
use std::time::Instant;

/// What a server offers and what becomes of it.
pub type Offers = Vec<(Extension, Offer)>;

/// Tells of each step.
pub(super) struct Visit<'a> {
    tell: &'a mut dyn FnMut(Progress),
    cancel: &'a Cancel,
}

impl<'a> Visit<'a> {
    /// A round that tells so, until it is called away.
    pub(super) fn new(tell: &'a mut dyn FnMut(Progress), cancel: &'a Cancel) -> Visit<'a> {
        Visit { tell, cancel }
    }

    /// What follows is about this.
    pub(super) fn part(&mut self, title: String) {
        (self.tell)(Progress::Part(title));
    }

    /// This is looked at now.
    pub(super) fn begun(&mut self, name: &'static str) {
        (self.tell)(Progress::Begun(name));
    }

    /// A step is done.
    pub(super) fn done(&mut self, step: Step) {
        if !self.is_over() {
            (self.tell)(Progress::Done(step));
        }
    }

    /// Whether it was called away.
    pub(super) fn is_over(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Looks at something that takes time; nothing once it was called away.
    pub(super) fn look(&mut self, name: &'static str, look: impl FnOnce() -> Step) {
        self.glance(name, || Some(look()));
    }

    /// Looks at something of which there may be nothing to say.
    pub(super) fn glance(&mut self, name: &'static str, look: impl FnOnce() -> Option<Step>) {
        if self.is_over() {
            return;
        }
        (self.tell)(Progress::Begun(name));
        let began = Instant::now();
        if let Some(step) = look() {
            self.done(step.after(began.elapsed()));
        }
    }

    /// Tries something with a server; `None` ends this server's steps.
    pub(super) fn try_it<T>(
        &mut self,
        name: &'static str,
        (account, service): (&Account, Service),
        ring: &Ring,
        work: impl FnOnce() -> Result<(T, String), NetError>,
    ) -> Option<T> {
        if self.is_over() {
            return None;
        }
        (self.tell)(Progress::Begun(name));
        let began = Instant::now();
        let outcome = work();
        let took = began.elapsed();
        let (value, step) = match outcome {
            Ok((value, found)) => (Some(value), Step::fine(name, found)),
            Err(error) => {
                let mut step = Step::wrong(name, explain(&error, account, service));
                step.said = ring.lines();
                (None, step)
            }
        };
        self.done(step.after(took));
        value
    }
}

/// What a server says, as it may be shown.
pub(super) fn clean(text: &str) -> String {
    Clean::line(text).to_string()
}
