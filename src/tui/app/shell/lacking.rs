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
use crate::tui::whole::{Lacking, Since, Then};

/// So many wait at most; what waited longest is not done.
const MOST: usize = 8;

/// So much of what was done is known; who undoes more finds nothing that began to wait before it.
const ACTS: usize = 256;

/// One thing that waits.
#[derive(Debug)]
struct Wait {
    lacking: Lacking,
    since: Since,
}

/// Something that an undo takes back.
#[derive(Debug)]
struct Act {
    /// The how manieth.
    number: u64,
    /// What the ledger did not answer yet.
    asked: Option<About>,
}

/// What waits for attachments.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// What came last stands last.
    all: Vec<Wait>,
    /// How often hands were at it: keys, clicks, pastes.
    hands: u64,
    /// What was done last, whether that is answered or not; what came last stands last.
    acts: Vec<Act>,
    /// The number of the next of them.
    next: u64,
    /// At which of the hands it was said that leaving drops what waits.
    told: Option<u64>,
}

impl Waiting {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A key was pressed, something clicked or pasted.
    pub fn touched(&mut self) {
        self.hands += 1;
    }

    /// That was not one of the keys that say a command which is not whole yet: whoever was warned of
    /// leaving goes on with something else.
    pub fn went_on(&mut self) {
        self.told = self.told.filter(|at| *at == self.hands);
    }

    /// The ledger is asked: what an undo would take back counts from now on, as the next key may be
    /// one.
    pub fn asked(&mut self, intent: &Intent, about: About) {
        match intent {
            Intent::UndoOne(_) => drop(self.acts.pop()),
            Intent::UndoSince(_) => self.acts.clear(),
            _ if may_be_undone(intent, about) => {
                let (number, asked) = (self.next, Some(about));
                self.acts.push(Act { number, asked });
                self.next += 1;
                let long_ago = self.acts.len().saturating_sub(ACTS);
                self.acts.drain(..long_ago);
            }
            _ => {}
        }
    }

    /// The ledger has answered: what can't be undone counts no more.
    pub fn answered(&mut self, about: About, undoable: bool) {
        let found = self.acts.iter().position(|act| act.asked == Some(about));
        if let Some(act) = found.map(|at| self.acts.remove(at)).filter(|_| undoable) {
            let at = self.acts.partition_point(|a| a.number < act.number);
            self.acts.insert(at, Act { asked: None, ..act });
        }
    }

    /// What an undo drops: what waits, if nothing was done since that it takes back first.
    fn undo(&mut self) -> Option<Lacking> {
        let last = self.all.last()?.since.act;
        match self.acts.pop_if(|act| act.number >= last) {
            Some(_) => None,
            None => self.all.pop().map(|wait| wait.lacking),
        }
    }

    fn take(&mut self, message: MsgId) -> Vec<Wait> {
        let all = std::mem::take(&mut self.all);
        let (ready, rest) = all.into_iter().partition(|w| w.lacking.message == message);
        self.all = rest;
        ready
    }

    /// What waited already goes on waiting where it stood.
    fn put_back(&mut self, wait: Wait) {
        if self.all.iter().any(|known| known.lacking == wait.lacking) {
            return;
        }
        let hands = wait.since.hands;
        let at = self.all.partition_point(|w| w.since.hands <= hands);
        self.all.insert(at, wait);
    }
}

/// Whether an undo may take back what is asked for.
fn may_be_undone(intent: &Intent, about: About) -> bool {
    match about {
        About::Quiet | About::Rules | About::Saved(_) | About::PutAside(_) => false,
        _ => !matches!(intent, Intent::Undo),
    }
}

impl App {
    /// Something needs attachments that are not here. What waited already and needs more than what
    /// came goes on waiting, without a word, and is asked for again: what was asked for may have been
    /// given up meanwhile.
    pub(super) fn lacks(
        &mut self,
        lacking: Lacking,
        since: Option<Since>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        if let Some(since) = since {
            fx.push(Effect::Ask(lacking.wanted(), About::Quiet));
            return self.lacking.put_back(Wait { lacking, since });
        }
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
        let since = Since {
            hands: waiting.hands,
            act: waiting.next,
        };
        waiting.all.push(Wait { lacking, since });
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
        (message, part): (MsgId, Vec<u32>),
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        self.desk.answer(serial, |w| w.brought_nothing());
        fx.push(Effect::Ask(Intent::FetchPart(message, part), About::Quiet));
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
            && waiting.told.replace(waiting.hands).is_none()
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
                    for Wait { lacking, since } in self.lacking.take(*message) {
                        fx.push(Effect::Waited {
                            lacking,
                            since,
                            late: since.hands != self.lacking.hands,
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
