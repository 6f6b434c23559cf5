//! Attachments that are not here are fetched when something needs them, and that is done once they came.
//!
//! That may be minutes later. Whoever typed something else meanwhile keeps his keys, and nothing that
//! waits is dropped without a word.

use super::App;
use crate::lang::tr;
use crate::model::{Draft, Intent, MsgId};
use crate::signal::{Posted, Topic};
use crate::text::Clean;
use crate::tui::command::{Command, Context};
use crate::tui::effect::{Effect, End};
use crate::tui::event::{About, Now};
use crate::tui::part::PartJob;
use crate::tui::whole::{Lacking, Then};
use std::collections::BTreeSet;

/// So many wait at most; what waited longest is not done.
const MOST: usize = 8;

/// What waits for attachments.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Each with how many keys had been pressed before.
    all: Vec<(Lacking, u64)>,
    /// How many keys were pressed.
    keys: u64,
    /// The messages whose drafts come so late that somebody is at something else.
    late: BTreeSet<MsgId>,
    /// Whether it was said that leaving drops what waits.
    told: bool,
}

impl Waiting {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A key was pressed.
    pub fn key(&mut self) {
        self.keys += 1;
    }

    fn take(&mut self, message: MsgId) -> Vec<(Lacking, u64)> {
        let all = std::mem::take(&mut self.all);
        let (ready, rest) = all.into_iter().partition(|(l, _)| l.message == message);
        self.all = rest;
        ready
    }
}

impl App {
    /// Something needs attachments that are not here.
    pub(super) fn lacks(&mut self, lacking: Lacking, now: Now, fx: &mut Vec<Effect>) {
        let fetch = Intent::FetchBody(lacking.message);
        fx.push(Effect::Ask(fetch, About::Quiet));
        let text = tr!("The attachment is not here: it is being fetched.");
        self.panes.tell(Clean::lit(text), now);
        let waiting = &mut self.lacking;
        waiting.told = false;
        waiting.all.retain(|(known, _)| *known != lacking);
        waiting.all.push((lacking, waiting.keys));
        if waiting.all.len() > MOST {
            let (dropped, _) = waiting.all.remove(0);
            let what = dropped.words();
            let text = tr!("Too much waits for attachments: {what} is not done.", what);
            self.panes.alarm(&text, now);
        }
    }

    /// What was to be attached to what is being written is not here. It does not wait: that may be sent
    /// before it comes.
    pub(super) fn attached_nothing(&mut self, message: MsgId, now: Now, fx: &mut Vec<Effect>) {
        fx.push(Effect::Ask(Intent::FetchBody(message), About::Quiet));
        let text =
            tr!("Nothing was attached: it is not here and is being fetched. Attach it again then.");
        self.panes.alarm(text, now);
    }

    /// Leaves the screen. That drops what waits for attachments, which is said first; who leaves once
    /// more means it.
    pub(super) fn leave(&mut self, end: End, now: Now, fx: &mut Vec<Effect>) {
        let waiting = &mut self.lacking;
        if let Some((first, _)) = waiting.all.first()
            && !std::mem::replace(&mut waiting.told, true)
        {
            let what = first.words();
            let text = match waiting.all.len() - 1 {
                0 => tr!(
                    "Still waiting for attachments: {what}. Once more drops it.",
                    what
                ),
                n => tr!(
                    "Still waiting for attachments: {what} (and {n} more). Once more drops it.",
                    what,
                    n
                ),
            };
            return self.panes.alarm(&text, now);
        }
        self.desk.last_words(fx);
        fx.push(Effect::End(end));
    }

    /// A draft was made from a message.
    pub(super) fn drafted(
        &mut self,
        message: MsgId,
        draft: Result<Box<Draft>, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let late = self.lacking.late.remove(&message);
        let draft = match draft {
            Ok(draft) => *draft,
            Err(why) => return self.panes.alarm(&why, now),
        };
        if !late {
            return self.write(draft, fx);
        }
        let writing = self.desk.has_keys();
        self.desk.keep(draft, &self.panes.accounts, fx);
        let name = self.desk.last_name();
        let way = match writing {
            true => self.keys.map().way_to(Context::Composer, Command::Writings),
            false => self.panes.way_to(Command::Writing),
        };
        let text = tr!("{name}: it is here now; {key} opens it", name, key = way);
        self.panes.tell(Clean::line(&text), now);
    }

    /// Does what waited for what came, and says what can't come.
    pub(super) fn attachments_came(&mut self, posted: &Posted, now: Now, fx: &mut Vec<Effect>) {
        for topic in &posted.topics {
            match topic {
                Topic::Body(message) => {
                    for (lacking, keys) in self.lacking.take(*message) {
                        fx.push(match lacking.then {
                            Then::Part(job) => Effect::Part(job),
                            Then::Draft(from) => {
                                if keys != self.lacking.keys {
                                    self.lacking.late.insert(lacking.message);
                                }
                                Effect::Draft(from, lacking.message)
                            }
                            Then::Build(outward) => Effect::Build(outward, lacking.message),
                        });
                    }
                }
                Topic::NoBody(message, why) => {
                    let given_up = self.lacking.take(*message);
                    if given_up.is_empty() {
                        continue;
                    }
                    let why = tr!("What is attached is not here: {why}", why);
                    self.panes.alarm(&why, now);
                    for (lacking, _) in given_up {
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
}
