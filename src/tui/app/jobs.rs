//! The job list over the panes: what of everything that runs stands in it, and what its keys do.

use crate::model::Intent;
use crate::tui::app::layers::{Ask, Layer, Turn};
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::screen::jobs::{self, Deed, Job, Jobs, Outcome};
use crate::tui::screen::picker::Item;
use crate::tui::screen::sidebar::Entry;

impl Panes {
    /// What runs now.
    pub(super) fn jobs(&self, now: Now) -> Vec<Item<Job>> {
        let own = self.works.all();
        let own = own.map(|(number, work)| jobs::of_work(number, work, now.wall));
        let mut items: Vec<_> = own.collect();
        for account in &self.accounts {
            let status = self.status.of(&account.name);
            items.extend(jobs::of_account(&account.name, &status, now.wall));
        }
        let trays = self.sidebar.entries().iter().filter_map(|e| match e {
            Entry::Outbox(tray) => jobs::of_outbox(*tray),
            _ => None,
        });
        items.extend(trays);
        items
    }
}

impl Layer {
    /// What runs now.
    pub(super) fn jobs(panes: &Panes, now: Now) -> Layer {
        let look = panes.way_to(Command::CheckMail);
        Layer::Jobs(Jobs::new(panes.jobs(now), &look))
    }

    /// The job list, if it is that.
    pub(super) fn as_jobs(&mut self) -> Option<&mut Jobs> {
        match self {
            Layer::Jobs(jobs) => Some(jobs),
            _ => None,
        }
    }

    /// What is wanted with a job.
    pub(super) fn jobbed(outcome: Outcome, fx: &mut Vec<Effect>) -> Turn {
        match outcome {
            Outcome::Stay => Turn::stay(),
            Outcome::Closed => Turn::closed(),
            Outcome::Do(Deed::Nothing) => Turn::stay(),
            Outcome::Do(Deed::Stop(cancel)) => {
                cancel.cancel();
                Turn::stay()
            }
            Outcome::Do(Deed::EndJourney) => {
                fx.push(Effect::Ask(Intent::StopOffline, About::Done));
                Turn::stay()
            }
            Outcome::Do(Deed::Show(command)) => Turn::asking(Ask::Call(command.into())),
        }
    }
}
