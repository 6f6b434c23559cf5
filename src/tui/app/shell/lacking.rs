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

/// So many wait at most; what waited longest is not done.
const MOST: usize = 8;

/// One thing that waits.
#[derive(Debug)]
struct Wait {
    lacking: Lacking,
    /// How many keys had been pressed before.
    keys: u64,
    /// How much had been done before that an undo takes back.
    done: u64,
}

/// What waits for attachments.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// What came last stands last.
    all: Vec<Wait>,
    /// How many keys were pressed.
    keys: u64,
    /// How much was done that an undo takes back.
    done: u64,
    /// After how many keys it was said that leaving drops what waits.
    told: Option<u64>,
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

    /// That key was not one of those that say a command which is not whole yet: whoever was warned of
    /// leaving goes on with something else.
    pub fn went_on(&mut self) {
        self.told = self.told.filter(|at| *at == self.keys);
    }

    /// Something was done that an undo takes back.
    pub fn done(&mut self) {
        self.done += 1;
    }

    /// What an undo drops: what waits, if nothing was done since that it takes back first.
    fn undo(&mut self) -> Option<Lacking> {
        let last = self.all.last()?;
        if last.done == self.done {
            return self.all.pop().map(|wait| wait.lacking);
        }
        self.done = self.done.saturating_sub(1);
        None
    }

    fn take(&mut self, message: MsgId) -> Vec<Wait> {
        let all = std::mem::take(&mut self.all);
        let (ready, rest) = all.into_iter().partition(|w| w.lacking.message == message);
        self.all = rest;
        ready
    }
}

impl App {
    /// Something needs attachments that are not here.
    pub(super) fn lacks(&mut self, lacking: Lacking, now: Now, fx: &mut Vec<Effect>) {
        fx.push(Effect::Ask(lacking.wanted(), About::Quiet));
        let key = self.panes.way_to(Command::Undo);
        let text = tr!(
            "The attachment is not here: it is being fetched; {key} drops that.",
            key
        );
        self.panes.tell(Clean::line(&text), now);
        let waiting = &mut self.lacking;
        waiting.told = None;
        waiting.all.retain(|known| known.lacking != lacking);
        let (keys, done) = (waiting.keys, waiting.done);
        waiting.all.push(Wait {
            lacking,
            keys,
            done,
        });
        if waiting.all.len() > MOST {
            let dropped = waiting.all.remove(0);
            let what = dropped.lacking.words();
            let text = tr!("Too much waits for attachments: {what} is not done.", what);
            self.panes.alarm(&text, now);
        }
    }

    /// What was to be attached to what is being written is not here. It does not wait: that may be sent
    /// before it comes.
    pub(super) fn attached_nothing(
        &mut self,
        serial: u64,
        message: MsgId,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        self.desk.answer(serial, |w| w.brought_nothing());
        fx.push(Effect::Ask(Intent::FetchBody(message), About::Quiet));
        let text =
            tr!("Nothing was attached: it is not here and is being fetched. Attach it again then.");
        self.panes.alarm(text, now);
    }

    /// Drops what waits, if an undo means that; whether it did.
    pub(super) fn drop_waiting(&mut self, now: Now) -> bool {
        let Some(dropped) = self.lacking.undo() else {
            return false;
        };
        let text = tr!("Dropped: {what}", what = dropped.words());
        self.panes.tell(Clean::line(&text), now);
        self.never_pictured(&dropped, &Clean::line(&text));
        true
    }

    /// Leaves the screen. That drops what waits for attachments, which is said first; who leaves once
    /// more means it.
    pub(super) fn leave(&mut self, end: End, now: Now, fx: &mut Vec<Effect>) {
        let waiting = &mut self.lacking;
        if let Some(first) = waiting.all.first()
            && waiting.told.replace(waiting.keys).is_none()
        {
            let what = first.lacking.words();
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
        late: bool,
        draft: Result<Box<Draft>, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
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
                    for Wait { lacking, keys, .. } in self.lacking.take(*message) {
                        fx.push(match lacking.then {
                            Then::Part(job) => Effect::Part(job),
                            Then::Draft(from) => Effect::Draft {
                                from,
                                message: lacking.message,
                                late: keys != self.lacking.keys,
                            },
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
                    for wait in given_up {
                        self.never_pictured(&wait.lacking, &Clean::line(&why));
                    }
                }
                _ => {}
            }
        }
    }

    /// A picture that was waited for does not come.
    fn never_pictured(&mut self, lacking: &Lacking, why: &Clean) {
        if let Then::Part(PartJob::Picture { serial, .. }) = lacking.then {
            let result = Err(why.clone());
            let layers = self.layers.iter_mut();
            layers.for_each(|layer| layer.pictured(serial, &result));
        }
    }
}
