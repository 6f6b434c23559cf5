//! The composer: the fields, the text, what is attached, and when it is all written down.
//!
//! It reads and writes nothing itself. Whatever it wants is an [`Outcome`]; what comes of it is
//! told with [`Composer::saved`] and its like. What was typed is never only in memory for more
//! than [`autosave::EVERY`], and the composer closes only once it is saved.

use crate::lang::{tr, trc};
use crate::model::{Account, Draft, DraftId, DraftKind, Group};
use crate::text::Clean;
use crate::tui::command::{Command, Context};
use crate::tui::errand::{Errand, Found, may_be_paths};
use crate::tui::key::Key;
use crate::tui::keymap::{Keymap, Pending, Step};
use crate::tui::offer::Offered;
use crate::tui::question::Known;
use crate::tui::screen::confirm::{Answer, Confirm};
use crate::tui::screen::picker::Picker;
use crate::tui::screen::prompt::Prompt;
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crate::tui::widget::list::List;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

pub mod autosave;
pub mod body;
pub mod people;
mod fields;
mod sender;
mod options;
mod announced;
pub mod check;
mod files;
pub mod block;
mod template;
mod words;
mod saving;
mod domains;
mod act;
mod colon;
mod draw;

use autosave::Autosave;
use body::Body;
pub use body::Habits;
use people::People;

pub use crate::mime::reply::fresh as blank;
pub use fields::Field;

/// What the composer wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Write the draft down, then call [`Composer::saved`] or [`Composer::save_failed`].
    Save(Box<Draft>),
    /// Send it; if that fails, call [`Composer::send_failed`], else drop the composer.
    Send(Box<Draft>),
    /// Hand the whole draft as text to the external editor, then call [`Composer::edited`].
    Editor(String),
    /// Look for people, then call [`Composer::people`] with this serial.
    Complete {
        /// Goes back with the answer.
        serial: u64,
        /// What was typed of a name or address.
        prefix: String,
    },
    /// Look for paths that begin so, then call [`Composer::paths`].
    PathComplete(String),
    /// Look something up, then call [`Composer::brought`].
    Errand(Errand),
    /// Put this on the clipboard.
    Copy(String),
    /// A command that is not the composer's own (palette, help, redraw).
    Command(Command),
    /// Throw the draft away, with its row if it has one, and drop the composer.
    Discard(Option<DraftId>),
    /// Drop the composer; there is nothing left to save.
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Keep,
    Discard,
    Send,
    Attach,
    AttachDropped,
    TextDropped,
    GoOn,
}

/// What lies over the composer.
#[derive(Debug)]
enum Over {
    Nothing,
    Question(Confirm<Decision>),
    Path(Prompt),
    /// Another name for the attachment of that number.
    Name(Prompt, usize),
    Time(Prompt, options::Wanted),
    /// A command after the colon of vi.
    Colon(Prompt),
    Options(List),
    Template(Picker<String>),
    Words(words::Words),
}

/// A message being written.
#[derive(Debug)]
pub struct Composer {
    draft: Draft,
    accounts: Vec<Account>,
    to: LineEdit,
    cc: LineEdit,
    bcc: LineEdit,
    reply_to: LineEdit,
    subject: LineEdit,
    body: Body,
    files: List,
    focus: Field,
    people: Option<People>,
    serial: u64,
    over: Over,
    notice: Option<Clean>,
    saves: Autosave,
    sending: bool,
    pending: Pending,
    /// Which of how many open messages it is, where there are several.
    number: Option<(usize, usize)>,
    /// The sender that an answer began with.
    began_from: Option<String>,
    known: Arc<Known>,
    /// Doubts that were told already.
    asked: BTreeSet<String>,
    /// Variables of templates that nothing was known for.
    unfilled: BTreeSet<String>,
    sizes: BTreeMap<PathBuf, u64>,
    /// A pasted text that is nothing but paths, and its files, while it is asked about.
    dropped: Option<(String, Vec<Found>)>,
    groups: Vec<Group>,
    domains: domains::Domains,
    look_ups: files::LookUps,
    /// The time of day, seconds since 1970.
    clock: i64,
    drawn: Cell<Rect>,
}

impl Composer {
    /// Opens a draft. The cursor stands where one goes on: in To if nobody is written to yet,
    /// else in the text.
    pub fn open(draft: Draft, accounts: &[Account]) -> Composer {
        let mut composer = Composer {
            to: LineEdit::new(&draft.to),
            cc: LineEdit::new(&draft.cc),
            bcc: LineEdit::new(&draft.bcc),
            reply_to: LineEdit::new(&draft.reply_to),
            subject: LineEdit::new(&draft.subject),
            body: Body::new(&draft.body),
            files: List::new(draft.attachments.len()),
            focus: if draft.to.trim().is_empty() {
                Field::To
            } else if draft.subject.trim().is_empty() {
                Field::Subject
            } else {
                Field::Body
            },
            draft,
            accounts: accounts.to_vec(),
            people: None,
            serial: 0,
            over: Over::Nothing,
            notice: None,
            saves: Autosave::default(),
            sending: false,
            pending: Pending::default(),
            number: None,
            began_from: None,
            known: Arc::default(),
            asked: BTreeSet::new(),
            unfilled: BTreeSet::new(),
            sizes: BTreeMap::new(),
            dropped: None,
            groups: Vec::new(),
            domains: domains::Domains::default(),
            look_ups: files::LookUps::default(),
            clock: 0,
            drawn: Cell::new(Rect::default()),
        };
        if composer.draft.from.trim().is_empty()
            && let Some(account) = composer.account()
        {
            composer.draft.from = account.identity().to_string();
        }
        // An answer that was gone on with later may have been given another sender on purpose.
        if composer.draft.kind == DraftKind::Reply && composer.draft.id.is_none() {
            composer.began_from = Some(composer.draft.from.clone());
        }
        composer
    }

    /// The draft as it is now.
    pub fn draft(&self) -> Draft {
        Draft {
            to: self.to.text().to_owned(),
            cc: self.cc.text().to_owned(),
            bcc: self.bcc.text().to_owned(),
            reply_to: self.reply_to.text().to_owned(),
            subject: self.subject.text().to_owned(),
            body: self.body.text(),
            ..self.draft.clone()
        }
    }

    /// The draft's row, once it has one.
    pub fn id(&self) -> Option<DraftId> {
        self.draft.id
    }

    /// Whether something was written that lies among the drafts.
    pub fn is_kept(&self) -> bool {
        self.draft.id.is_some() && self.saves.touched()
    }

    /// What it is called among others: by its subject, else by what it is.
    pub fn name(&self) -> Clean {
        match self.subject.text().trim() {
            "" => Clean::lit(self.kind()),
            subject => Clean::line(subject),
        }
    }

    /// To whom it goes, as typed.
    pub fn to_whom(&self) -> Clean {
        Clean::line(self.to.text())
    }

    /// Which of how many open messages it is.
    pub fn set_number(&mut self, number: Option<(usize, usize)>) {
        self.number = number;
    }

    /// Counts its questions from here on.
    pub fn count_from(&mut self, serial: u64) {
        self.serial = serial;
    }

    /// Whether a command is being typed, after the colon of vi.
    pub fn has_colon(&self) -> bool {
        matches!(self.over, Over::Colon(_))
    }

    /// Whether it is being sent: it changes no more.
    pub fn is_sending(&self) -> bool {
        self.sending
    }

    /// Whether sending waits for attachments, for domains.
    fn waits(&self) -> (bool, bool) {
        (self.look_ups.waiting, self.domains.is_waiting())
    }

    /// Sending waits no longer for attachments, for domains.
    fn stop_waiting(&mut self, (files, domains): (bool, bool)) {
        self.look_ups.waiting &= !files;
        if domains {
            self.domains.stop_waiting();
        }
    }

    fn kind(&self) -> &'static str {
        match self.draft.kind {
            DraftKind::New => tr!("New message"),
            DraftKind::Reply => trc!("message", "Reply"),
            DraftKind::Forward => trc!("message", "Forward"),
        }
    }

    fn account(&self) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == self.draft.account)
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent, keymap: &Keymap, now: Instant) -> Vec<Outcome> {
        let mut out = Vec::new();
        // What is being sent must not change under the hands that send it.
        if self.sending {
            return out;
        }
        self.notice = None;
        let waited = self.waits();
        if !self.over_key(key, now, &mut out) && !self.people_key(key, now) {
            self.keys(key, keymap, now, &mut out);
        }
        // Any other key than the one that sends goes on with the message.
        self.stop_waiting(waited);
        self.look_up_early(&mut out);
        self.save_if_due(now, &mut out);
        out
    }

    /// Edits as its user is used to.
    pub fn take_habits(&mut self, habits: &Habits) {
        self.body.take_habits(habits);
        self.groups.clone_from(&habits.groups);
        self.domains.wanted = habits.check_domains;
        self.domains.stale = true;
    }

    fn keys(&mut self, key: &KeyEvent, keymap: &Keymap, now: Instant, out: &mut Vec<Outcome>) {
        if self.focus == Field::Body && self.body.wants(key) {
            return self.typed(key, now, out);
        }
        // A key is given again at most once: what was begun is forgotten then.
        for _ in 0..2 {
            match keymap.step(Context::Composer, &mut self.pending, Key::of(key)) {
                Step::Call(call) => return self.run(call.command, now, out),
                Step::Again(call) => self.run(call.command, now, out),
                Step::Pending(_) => return,
                Step::None => return self.typed(key, now, out),
            }
        }
    }

    /// Runs a command chosen elsewhere (in the palette).
    pub fn command(&mut self, command: Command, now: Instant) -> Vec<Outcome> {
        let mut out = Vec::new();
        if self.sending {
            return out;
        }
        self.notice = None;
        let waited = self.waits();
        self.run(command, now, &mut out);
        self.stop_waiting(waited);
        out
    }

    fn typed(&mut self, key: &KeyEvent, now: Instant, out: &mut Vec<Outcome>) {
        match self.focus {
            Field::From => self.sender_key(key, now),
            Field::Attachments => self.file_key(key, now, out),
            Field::Body if key.code == KeyCode::Up && self.body.at_top() => {
                self.go(self.next(false));
            }
            Field::Body => {
                let edit = self.body.key(key);
                self.note(edit, now);
                if let Some(wish) = self.body.take_wish() {
                    self.grant(wish, out);
                }
            }
            _ => match key.code {
                KeyCode::Enter | KeyCode::Down => self.go(self.next(true)),
                KeyCode::Up => self.go(self.next(false)),
                _ => {
                    let edit = self.line().map_or(Edit::Ignored, |l| l.update(key));
                    self.line_edited(edit, now, out);
                }
            },
        }
    }

    /// Takes pasted text as text: no key in it is obeyed.
    pub fn paste(&mut self, text: &str, now: Instant) -> Vec<Outcome> {
        let mut out = Vec::new();
        if self.sending {
            return out;
        }
        self.notice = None;
        self.stop_waiting((true, true));
        match &mut self.over {
            Over::Question(_) | Over::Options(_) | Over::Words(_) => {}
            Over::Template(picker) => picker.paste(text),
            Over::Path(prompt) => {
                let outcome = prompt.paste(text);
                self.path(outcome, &mut out);
            }
            Over::Name(prompt, _) => {
                let outcome = prompt.paste(text);
                self.named(&outcome, now);
            }
            Over::Time(prompt, _) => {
                let outcome = prompt.paste(text);
                self.time_typed(&outcome, now);
            }
            Over::Colon(prompt) => {
                let outcome = prompt.paste(text);
                self.colon(&outcome, now, &mut out);
            }
            Over::Nothing if may_be_paths(text) => {
                self.look_for(Errand::Dropped(text.to_owned()), &mut out);
            }
            Over::Nothing => self.put_text(text, now, &mut out),
        }
        self.save_if_due(now, &mut out);
        out
    }

    /// Puts pasted text where the cursor stands.
    fn put_text(&mut self, text: &str, now: Instant, out: &mut Vec<Outcome>) {
        if self.focus == Field::Body {
            let edit = self.body.paste(text);
            if edit == Edit::Ignored {
                self.notice = Some(Clean::lit(tr!("That is too much for the built-in editor.")));
            }
            self.note(edit, now);
        } else {
            let edit = self.line().map_or(Edit::Ignored, |l| l.paste(text));
            self.line_edited(edit, now, out);
        }
    }

    /// Whom one wrote to before, and whose mail came back.
    pub fn set_known(&mut self, known: Arc<Known>) {
        self.known = known;
    }

    fn note(&mut self, edit: Edit, now: Instant) {
        if edit == Edit::Changed {
            self.saves.changed(now);
        }
    }

    /// People were found for this serial's prefix; a later answer to the same takes the place of
    /// an earlier one, and what was selected stays so.
    pub fn people(&mut self, serial: u64, people: Vec<Offered>) {
        if serial == self.serial && matches!(self.over, Over::Nothing) {
            let typed = self.prefix().unwrap_or_default();
            let before = self.people.take();
            let new = People::new(&typed, people).filter(|_| !typed.is_empty());
            self.people = new.map(|new| new.after(before.as_ref()));
        }
    }

    /// Paths were found that begin with what was typed then.
    pub fn paths(&mut self, typed: &str, paths: Vec<String>) {
        if let Over::Path(prompt) = &mut self.over
            && prompt.text() == typed
        {
            prompt.offer(paths);
        }
    }
}

fn answer(key: char, label: &'static str, value: Decision) -> Answer<Decision> {
    Answer {
        key,
        label: Clean::lit(label),
        value,
    }
}

#[cfg(test)]
mod tests;
