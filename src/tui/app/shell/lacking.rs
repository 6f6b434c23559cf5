//! Attachments that are not here are fetched when something needs them, and that is done once they came.

use super::App;
use crate::model::{Intent, MsgId};
use crate::signal::{Posted, Topic};
use crate::text::Clean;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::part::PartJob;
use crate::tui::whole::{Lacking, Then};

/// So many wait at most; what waited longest is not done.
const MOST: usize = 8;

impl App {
    /// Something needs attachments that are not here.
    pub(super) fn lacks(&mut self, lacking: Lacking, now: Now, fx: &mut Vec<Effect>) {
        fx.push(Effect::Ask(
            Intent::FetchBody(lacking.message),
            About::Quiet,
        ));
        let text = "The attachment is not here: it is being fetched.";
        self.panes.tell(Clean::lit(text), now);
        self.lacking.retain(|known| *known != lacking);
        self.lacking.push(lacking);
        if self.lacking.len() > MOST {
            self.lacking.remove(0);
        }
    }

    /// Does what waited for what came, and says what can't come.
    pub(super) fn attachments_came(&mut self, posted: &Posted, now: Now, fx: &mut Vec<Effect>) {
        for topic in &posted.topics {
            match topic {
                Topic::Body(message) => {
                    let ready = self.take_lacking(*message);
                    fx.extend(ready.into_iter().map(|lacking| match lacking.then {
                        Then::Part(job) => Effect::Part(job),
                        Then::Draft(from) => Effect::Draft(from, lacking.message),
                        Then::Build(outward) => Effect::Build(outward, lacking.message),
                    }));
                }
                Topic::NoBody(message, why) => {
                    let given_up = self.take_lacking(*message);
                    if given_up.is_empty() {
                        continue;
                    }
                    let why = format!("What is attached is not here: {why}");
                    self.panes.alarm(&why, now);
                    for lacking in given_up {
                        if let Then::Part(PartJob::Picture { serial, .. }) = lacking.then {
                            let result = Err(Clean::line(&why));
                            let layers = self.layers.iter_mut();
                            layers.for_each(|layer| layer.pictured(serial, &result));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn take_lacking(&mut self, message: MsgId) -> Vec<Lacking> {
        let all = std::mem::take(&mut self.lacking);
        let (ready, rest) = all.into_iter().partition(|l| l.message == message);
        self.lacking = rest;
        ready
    }
}
