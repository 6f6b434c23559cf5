//! What was asked of the ledger and not answered yet, by ticket.

use crate::model::{FlagChange, Intent, System, Target, Verb};
use crate::tui::effect::Effect;
use crate::tui::event::About;
use std::collections::BTreeMap;

/// One act under way.
#[derive(Clone, Debug)]
pub struct Act {
    /// What; `None` for an undo.
    pub verb: Option<Verb>,
    /// To what.
    pub targets: Vec<Target>,
}

/// All acts under way.
#[derive(Debug, Default)]
pub struct Acts {
    next: u64,
    open: BTreeMap<u64, Act>,
}

impl Acts {
    /// Asks for an action on mail, by a ticket.
    pub fn act(&mut self, verb: Verb, targets: Vec<Target>) -> (u64, Effect) {
        let intent = Intent::Act {
            verb: verb.clone(),
            targets: targets.clone(),
        };
        let effect = self.ask(intent, Some(verb), targets);
        (self.next, effect)
    }

    /// An act under way.
    pub fn get(&self, ticket: u64) -> Option<&Act> {
        self.open.get(&ticket)
    }

    /// Tells that these were looked at.
    pub fn read(&mut self, targets: Vec<Target>) -> Effect {
        let seen = Verb::Flag(FlagChange::set(System::SEEN));
        self.ask(Intent::Read(targets.clone()), Some(seen), targets)
    }

    /// Asks to take the last action back.
    pub fn undo(&mut self) -> Effect {
        self.revise(Intent::Undo)
    }

    /// Asks to take something back, or to do it once more.
    pub fn revise(&mut self, intent: Intent) -> Effect {
        self.ask(intent, None, Vec::new())
    }

    /// The act that an answer belongs to.
    pub fn close(&mut self, ticket: u64) -> Option<Act> {
        self.open.remove(&ticket)
    }

    fn ask(&mut self, intent: Intent, verb: Option<Verb>, targets: Vec<Target>) -> Effect {
        self.next += 1;
        self.open.insert(self.next, Act { verb, targets });
        Effect::Ask(intent, About::Action(self.next))
    }
}
