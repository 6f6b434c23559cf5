//! The reader: a message, or a conversation as one scroll.
//!
//! A conversation is the thread's messages by date, each with a line that tells who wrote it.
//! What was read is folded to that line; only what is unfolded and near the part on the screen is
//! ever laid out, so that ten thousand messages open as fast as ten. Each message keeps its place
//! on the screen when others above it grow or go.

use crate::mime::render::{Link, Rendered};
use crate::model::view::{AttachmentRow, IndexRow};
use crate::model::{LocationId, MailboxId, MsgId, ThreadId};
use crate::text::Clean;
use crate::tui::keymap::Keymap;
use crate::tui::overlay::Overlay;
use crate::tui::question::{Job, LaidOut, Mode, Question};
use std::collections::BTreeMap;
use std::sync::Arc;

mod inlays;
mod ways;
mod document;
mod letter;
mod find;
mod selection;
mod pick;
mod pictures;
mod place;

pub use document::{DocLine, Tone};
pub use find::Find;
pub use letter::Letter;
pub use selection::drawn;

use letter::Setting;
use selection::Selection;
use ways::Ways;

/// More of a source is read where so many screens are left of it.
const SOON: usize = 10;
/// In fewer lines than these a message has one line of headers, to leave some for its text.
const BRIEF: usize = 13;

/// The thread that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Whole {
    thread: ThreadId,
    /// The mailbox that is listed, if it is one.
    within: Option<MailboxId>,
    /// The message that was opened, if it was not the whole thread.
    goal: Option<MsgId>,
    /// Whether its messages are here.
    gathered: bool,
}

/// The reader.
#[derive(Clone, Debug)]
pub struct Pager {
    letters: Vec<Letter>,
    /// The letter that keys are about.
    at: usize,
    /// The first line of each letter, and the line after the last.
    starts: Vec<usize>,
    scroll: usize,
    /// Whether the user has moved, so that the first letter need not stay at the top.
    moved: bool,
    /// Whether the user went to the end, of which something is still to come.
    to_end: bool,
    set: Setting,
    /// The keys that the sentences are made with; `None`: the usual ones.
    keymap: Option<Arc<Keymap>>,
    height: usize,
    whole: Option<Whole>,
    asked: Vec<Job>,
    find: Option<Find>,
    /// Whether it goes to what a search found, as soon as that is there.
    sought: bool,
    /// What the mouse was dragged over; lines count from the first of all.
    selection: Option<Selection>,
}

impl Pager {
    /// Opens one message for a pane of so many columns. `now`: seconds since 1970.
    pub fn open(row: &IndexRow, width: u16, now: i64) -> Pager {
        let mut pager = Pager {
            letters: vec![Letter::new(row.clone(), true)],
            at: 0,
            starts: Vec::new(),
            scroll: 0,
            moved: false,
            to_end: false,
            set: Setting {
                width,
                several: false,
                brief: false,
                linear: false,
                now,
                ways: Arc::new(Ways::default()),
            },
            keymap: None,
            height: 1,
            whole: None,
            asked: Vec::new(),
            find: None,
            sought: false,
            selection: None,
        };
        pager.count();
        pager
    }

    /// Opens the conversation that a row belongs to; what to ask for it. `within`: the mailbox that
    /// is listed. `whole`: the row stands for the thread, not for its message.
    pub fn conversation(
        row: &IndexRow,
        whole: bool,
        within: Option<MailboxId>,
        width: u16,
        now: i64,
    ) -> (Pager, Question) {
        let mut pager = Pager::open(row, width, now);
        pager.whole = Some(Whole {
            thread: row.thread,
            within,
            goal: (!whole).then_some(row.message),
            gathered: false,
        });
        let question = Question::Conversation {
            thread: row.thread,
            within,
            goal: (!whole).then_some(row.message),
        };
        (pager, question)
    }

    /// What to ask when mail came or went: the conversation again, if it is one.
    pub fn again(&self) -> Option<Question> {
        let whole = self.whole?;
        Some(Question::Conversation {
            thread: whole.thread,
            within: whole.within,
            goal: whole.goal,
        })
    }

    /// Takes the messages of the conversation. Those that are here already stay as they are shown.
    pub fn gather(&mut self, thread: ThreadId, mut rows: Vec<IndexRow>, overlay: &Overlay) {
        let Some(whole) = self.whole.as_mut().filter(|w| w.thread == thread) else {
            return;
        };
        rows.retain(|row| !overlay.hides(row));
        if rows.is_empty() {
            return;
        }
        let first = !std::mem::replace(&mut whole.gathered, true);
        let goal = whole.goal;
        rows.sort_by_key(|row| (row.date, row.message));
        let stood = self.standing();
        let held = self.place();
        let at = self.index_of(held.map(|h| h.0));
        let held_row = at
            .and_then(|n| self.letters.get(n))
            .map(|l| l.row().clone());
        let current = self.message().map(|message| (message, 0));
        let current_row = self.current().map(|l| l.row().clone());
        let seen = self.in_sight();
        let newest = rows.last().map(|r| r.message);
        let unread = rows.iter().find(|r| r.unread > 0);
        let wanted = goal.or(unread.map(|r| r.message)).or(newest);
        self.take_up(rows, first.then_some([wanted, newest]), overlay);
        let held = self.still(held, held_row.as_ref());
        // What keys are about is not what stands at the top, where several are on the screen.
        let current = self.still(current, current_row.as_ref());
        let keep = if first { wanted } else { current.map(|c| c.0) };
        let keep = self.index_of(keep);
        let keep = keep.or_else(|| self.index_of(held.map(|h| h.0)));
        self.at = keep.unwrap_or(self.letters.len() - 1);
        self.count();
        match held.filter(|_| self.moved && !first) {
            Some(held) => self.hold(held),
            None => self.scroll = self.start(self.at),
        }
        self.settle();
        if seen && !first {
            self.show_current();
        }
        self.look_if_moved(&stood);
    }

    /// The messages of the conversation in the place of those that were here. At the first time it is
    /// said which to open besides the unread.
    fn take_up(
        &mut self,
        rows: Vec<IndexRow>,
        first: Option<[Option<MsgId>; 2]>,
        overlay: &Overlay,
    ) {
        let here = std::mem::take(&mut self.letters).into_iter();
        let mut known: BTreeMap<MsgId, Letter> = here.map(|l| (l.row().message, l)).collect();
        self.set.several = rows.len() > 1;
        for row in rows {
            let message = row.message;
            let named = first.is_some_and(|these| these.contains(&Some(message)));
            let opens = row.unread > 0 || named || !self.set.several;
            let mut letter = match known.remove(&message) {
                Some(mut letter) => {
                    letter.store(row);
                    if first.is_some() {
                        letter.open(opens, &self.set);
                    }
                    letter
                }
                None => Letter::new(row, opens),
            };
            letter.show(overlay.shown(letter.stored(), false), &self.set);
            letter.build(&self.set);
            self.letters.push(letter);
        }
    }

    /// What was done since the store was read is laid over the rows; messages that went are left
    /// out. `false`: nothing is left to be read.
    pub fn overlay(&mut self, overlay: &Overlay) -> bool {
        let (held, seen) = (self.place(), self.in_sight());
        let stood = self.standing();
        let before = self.letters.iter().take(self.at);
        // The same message, or what comes after it if it went.
        self.at = before.filter(|l| !overlay.hides(l.stored())).count();
        self.letters.retain(|l| !overlay.hides(l.stored()));
        for letter in &mut self.letters {
            letter.show(overlay.shown(letter.stored(), false), &self.set);
        }
        self.at = self.at.min(self.letters.len().saturating_sub(1));
        self.count();
        if let Some(held) = held {
            self.hold(held);
        }
        self.settle();
        self.look_if_moved(&stood);
        self.go_to_sought();
        if seen {
            self.show_current();
        }
        !self.letters.is_empty()
    }

    /// The letter that keys are about.
    pub fn current(&self) -> Option<&Letter> {
        self.letters.get(self.at)
    }

    /// The message that keys are about.
    pub fn message(&self) -> Option<MsgId> {
        self.current().map(|l| l.row().message)
    }

    /// Where that lies.
    pub fn location(&self) -> Option<LocationId> {
        self.current().map(|l| l.row().location)
    }

    /// Its subject.
    pub fn subject(&self) -> Clean {
        let subject = self.current().map(|l| l.row().subject.as_str());
        Clean::line(subject.unwrap_or_default())
    }

    /// How it is shown.
    pub fn mode(&self) -> Mode {
        self.current().map_or(Mode::Best, Letter::mode)
    }

    /// Its attachments, once its body is here.
    pub fn attachments(&self) -> &[AttachmentRow] {
        self.rendered().map_or(&[], |r| &r.attachments)
    }

    /// The laid out message, once it is here.
    pub fn rendered(&self) -> Option<&Rendered> {
        self.current().and_then(Letter::rendered)
    }

    /// The thread and the mailbox within which it was listed, if a whole conversation was opened
    /// and not one message of it.
    pub fn thread(&self) -> Option<(ThreadId, Option<MailboxId>)> {
        let whole = self
            .whole
            .filter(|w| self.set.several && w.goal.is_none())?;
        Some((whole.thread, whole.within))
    }

    /// Which message of how many keys are about, counted from 1, if there are several.
    pub fn number(&self) -> Option<(usize, usize)> {
        self.set.several.then(|| (self.at + 1, self.letters.len()))
    }

    /// What has to be laid out now, if that has not been asked for: everything at once, what is
    /// asked for replaces what was. `ahead`: what may be wanted next.
    pub fn ask(&mut self, ahead: Option<Job>) -> Option<Vec<Job>> {
        let near = self.scroll.saturating_sub(self.height)..self.scroll + 2 * self.height;
        // What a search looks for may stand in what is not here yet, as does the end.
        let on = self.to_end || self.find.as_ref().is_some_and(Find::is_nowhere);
        let soon = self.scroll + SOON * self.height;
        if self
            .starts
            .get(self.at + 1)
            .is_some_and(|end| on || *end < soon)
            && let Some(letter) = self.letters.get_mut(self.at)
        {
            letter.read_on(&self.set);
        }
        let mut wanted: Vec<Job> = self
            .letters
            .iter()
            .enumerate()
            .filter(|(n, _)| self.start(*n) < near.end && self.start(n + 1) >= near.start)
            .filter_map(|(_, l)| l.wants(&self.set))
            .collect();
        if let Some(own) = self.current().and_then(|l| l.wants(&self.set))
            && let Some(at) = wanted.iter().position(|j| *j == own)
        {
            wanted.swap(0, at);
        }
        wanted.extend(ahead);
        let new = wanted.iter().any(|job| !self.asked.contains(job));
        if !new {
            return None;
        }
        self.asked.clone_from(&wanted);
        Some(wanted)
    }

    /// Takes the layout thread's answer. Returns the message if its body has to be fetched.
    pub fn laid(&mut self, job: Job, result: LaidOut) -> Option<MsgId> {
        let mut held = self.place();
        let set = &self.set;
        let letter = self.letters.iter_mut().find(|l| l.job(set) == job)?;
        let awaited = self.find.as_ref().and_then(Find::awaited);
        let before = letter.has_more().then(|| letter.text_begins());
        let fetch = letter.laid(job, result, set);
        // Where only the beginning was shown, the text that was looked at stays.
        if let (Some(before), Some((message, line))) = (before, &mut held)
            && *message == job.message
            && *line >= before
        {
            *line = *line - before + letter.text_begins();
        }
        self.recount(held);
        if std::mem::take(&mut self.to_end) {
            self.scroll_to(true);
        } else if let (Some(_), Some(goal)) = (before, awaited) {
            self.aim(goal);
            self.arrive();
        }
        fetch.then_some(job.message)
    }

    /// A message's body came: it is to be laid out anew.
    pub fn came(&mut self, message: MsgId) {
        self.asked.retain(|job| job.message != message);
        let mut letters = self.letters.iter_mut();
        if let Some(letter) = letters.find(|l| l.row().message == message) {
            letter.came();
        }
    }

    /// A message's body is not to be had just now: why.
    pub fn trouble(&mut self, message: MsgId, why: &str) {
        let held = self.place();
        let set = &self.set;
        let mut letters = self.letters.iter_mut();
        if let Some(letter) = letters.find(|l| l.row().message == message) {
            letter.trouble(why, set);
            self.recount(held);
        }
    }

    /// The messages on the screen that nobody had read before.
    pub fn look(&mut self) -> Vec<LocationId> {
        if self.whole.is_some_and(|w| !w.gathered) {
            return Vec::new();
        }
        let shown = self.scroll..self.scroll + self.height;
        let starts = &self.starts;
        let start = |n: usize| starts.get(n).copied().unwrap_or(0);
        let letters = self.letters.iter_mut().enumerate();
        letters
            .filter(|(n, l)| l.is_open() && start(*n) < shown.end && start(n + 1) > shown.start)
            .filter_map(|(_, l)| l.look_at().then_some(l.row().location))
            .collect()
    }

    /// Whether one is at the line at the top, and everything is said in words.
    pub fn set_linear(&mut self, linear: bool) {
        if linear != self.set.linear {
            self.set.linear = linear;
            // The width that it is laid out for is none: the next one lays it out anew.
            self.set.width = 0;
        }
    }

    /// Other keys, which sentences name.
    pub fn set_ways(&mut self, keymap: &Arc<Keymap>) {
        if self.keymap.as_ref().is_none_or(|k| !Arc::ptr_eq(k, keymap)) {
            self.keymap = Some(Arc::clone(keymap));
            self.set.ways = Arc::new(Ways::of(keymap));
            for letter in &mut self.letters {
                letter.build(&self.set);
            }
            self.count();
        }
    }

    /// Another width or height. What is shown stays until it is laid out for that.
    pub fn resize(&mut self, width: u16, height: usize) {
        let held = self.place();
        self.height = height.max(1);
        let brief = self.height < BRIEF;
        if (width, brief) != (self.set.width, self.set.brief) {
            (self.set.width, self.set.brief) = (width, brief);
            for letter in &mut self.letters {
                letter.build(&self.set);
            }
            self.recount(held);
        }
        self.settle();
    }

    /// Shows the message in another way, or back in the best one.
    pub fn toggle_mode(&mut self, mode: Mode) {
        if let Some(letter) = self.letters.get_mut(self.at) {
            letter.toggle_mode(mode);
        }
        self.scroll = self.start(self.at);
        self.settle();
    }

    /// Shows all header fields of the message, or the usual ones.
    pub fn toggle_headers(&mut self) {
        self.change(|letter, set| letter.toggle_headers(set));
        self.scroll = self.start(self.at);
        self.settle();
    }

    /// Tells all that is known of who sent the message, or only what is wrong.
    pub fn toggle_trust(&mut self) {
        self.change(|letter, set| letter.toggle_trust(set));
        self.scroll = self.start(self.at);
        self.settle();
    }

    /// Folds the long quotations of the message, or unfolds them. Says whether there are any.
    pub fn toggle_quotes(&mut self) -> bool {
        let mut any = false;
        self.change(|letter, set| any = letter.toggle_quotes(set));
        any
    }

    /// Folds or unfolds the message, if there are several.
    pub fn toggle(&mut self) {
        if self.set.several {
            self.change(|letter, set| letter.open(!letter.is_open(), set));
        }
    }

    /// Unfolds every message; or folds all but the current one, if all are unfolded.
    pub fn toggle_all(&mut self) {
        if !self.set.several {
            return;
        }
        let all = self.letters.iter().all(Letter::is_open);
        let (at, set) = (self.at, &self.set);
        for (n, letter) in self.letters.iter_mut().enumerate() {
            letter.open(!all || n == at, set);
        }
        self.count();
        self.scroll = self.start(at);
        self.settle();
    }

    /// Goes on by so many messages of the conversation, and unfolds the one it comes to. Says
    /// whether there is one.
    pub fn step(&mut self, by: isize) -> bool {
        let to = self.at.checked_add_signed(by);
        let Some(to) = to.filter(|n| *n < self.letters.len()) else {
            return false;
        };
        self.at = to;
        (self.moved, self.to_end) = (true, false);
        self.stay();
        self.change(|letter, set| letter.open(true, set));
        self.scroll = self.start(to);
        self.settle();
        true
    }

    /// Whether the current message is folded.
    pub fn is_folded(&self) -> bool {
        self.current().is_some_and(|l| !l.is_open())
    }

    /// Lines of the pane.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The link with this number of the message that a row of what is seen belongs to.
    pub fn link(&self, row: usize, number: u32) -> Option<&Link> {
        let letter = self.letters.get(self.letter_at(self.scroll + row))?;
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        letter.rendered()?.links.get(at)
    }

    /// The text of the message, once it is here.
    pub fn text(&self) -> Option<String> {
        self.current().and_then(Letter::text)
    }

    /// Changes the current letter; what is at the top of the screen stays there.
    fn change(&mut self, change: impl FnOnce(&mut Letter, &Setting)) {
        let (held, set) = (self.place(), &self.set);
        if let Some(letter) = self.letters.get_mut(self.at) {
            change(letter, set);
        }
        self.recount(held);
    }
}

#[cfg(test)]
mod tests;
