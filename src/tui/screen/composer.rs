//! The composer: the fields, the text, what is attached, and when it is all written down.
//!
//! It reads and writes nothing itself. Whatever it wants is an [`Outcome`]; what comes of it is
//! told with [`Composer::saved`] and its like. What was typed is never only in memory for more
//! than [`autosave::EVERY`], and the composer closes only once it is saved.

use crate::model::view::Person;
use crate::model::{Account, Draft, DraftAttachment, DraftId, DraftKind};
use crate::text::Clean;
use crate::tui::command::{Command, Context};
use crate::tui::key::Key;
use crate::tui::keymap::{Keymap, Pending, Step};
use crate::tui::screen::confirm::{self, Answer, Confirm};
use crate::tui::screen::prompt::{self, Kind, Prompt};
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crate::tui::widget::list::List;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use std::cell::Cell;
use std::path::PathBuf;
use std::time::Instant;

pub mod autosave;
pub mod body;
pub mod check;
pub mod people;
mod fields;
mod draw;
pub mod mailto;

use autosave::{Autosave, Then};
use body::Body;
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
    /// Hand the text to the external editor, then call [`Composer::edited`].
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
    /// See whether this path, as typed, can be attached, then call [`Composer::attached`].
    Attach(String),
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
    GoOn,
}

/// What lies over the composer.
#[derive(Debug)]
enum Over {
    Nothing,
    Question(Confirm<Decision>),
    Path(Prompt),
}

/// A message being written.
#[derive(Debug)]
pub struct Composer {
    draft: Draft,
    accounts: Vec<Account>,
    to: LineEdit,
    cc: LineEdit,
    bcc: LineEdit,
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
            drawn: Cell::new(Rect::default()),
        };
        if composer.draft.from.trim().is_empty()
            && let Some(account) = composer.account()
        {
            composer.draft.from = account.identity().to_string();
        }
        composer
    }

    /// The draft as it is now.
    pub fn draft(&self) -> Draft {
        Draft {
            to: self.to.text().to_owned(),
            cc: self.cc.text().to_owned(),
            bcc: self.bcc.text().to_owned(),
            subject: self.subject.text().to_owned(),
            body: self.body.text(),
            ..self.draft.clone()
        }
    }

    /// The draft's row, once it has one.
    pub fn id(&self) -> Option<DraftId> {
        self.draft.id
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

    fn kind(&self) -> &'static str {
        match self.draft.kind {
            DraftKind::New => "New message",
            DraftKind::Reply => "Reply",
            DraftKind::Forward => "Forward",
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
        match &mut self.over {
            Over::Question(question) => {
                let outcome = question.update(key, now);
                self.answered(outcome, now, &mut out);
            }
            Over::Path(prompt) => {
                let outcome = prompt.update(key);
                self.path(outcome, &mut out);
            }
            Over::Nothing => {
                if !self.people_key(key, now) {
                    self.keys(key, keymap, now, &mut out);
                }
            }
        }
        self.save_if_due(now, &mut out);
        out
    }

    fn keys(&mut self, key: &KeyEvent, keymap: &Keymap, now: Instant, out: &mut Vec<Outcome>) {
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
        if !self.sending {
            self.run(command, now, &mut out);
        }
        out
    }

    fn run(&mut self, command: Command, now: Instant, out: &mut Vec<Outcome>) {
        match command {
            Command::NextField => self.go(self.next(true)),
            Command::PreviousField => self.go(self.next(false)),
            Command::Send => self.send(now, out),
            Command::Attach => {
                self.over = Over::Path(Prompt::new(Clean::lit("Attach: "), Kind::Path, "~/"));
                out.push(Outcome::PathComplete("~/".to_owned()));
            }
            Command::Editor => {
                self.save_if(self.saves.unsaved(), out);
                out.push(Outcome::Editor(self.body.text()));
            }
            Command::KeepDraft => self.then(Then::Close, out),
            Command::Leave if self.saves.touched() => {
                let text = Clean::lit("What shall become of this message?");
                let answers = vec![
                    answer('k', "keep as draft", Decision::Keep),
                    answer('d', "discard", Decision::Discard),
                    answer('c', "continue", Decision::GoOn),
                ];
                self.over = Over::Question(Confirm::new(text, answers, now));
            }
            Command::Leave => out.push(Outcome::Close),
            Command::Discard => {
                let text = Clean::lit("Throw this message away?");
                let answers = vec![
                    answer('d', "discard", Decision::Discard),
                    answer('c', "continue", Decision::GoOn),
                ];
                self.over = Over::Question(Confirm::new(text, answers, now));
            }
            // Only where one sees what is taken back.
            Command::UndoTyping | Command::RedoTyping if self.focus != Field::Body => {}
            Command::UndoTyping => {
                let edit = self.body.undo();
                self.note(edit, now);
            }
            Command::RedoTyping => {
                let edit = self.body.redo();
                self.note(edit, now);
            }
            other => out.push(Outcome::Command(other)),
        }
    }

    fn typed(&mut self, key: &KeyEvent, now: Instant, out: &mut Vec<Outcome>) {
        match self.focus {
            Field::From => self.account_key(key, now),
            Field::Attachments => self.file_key(key, now, out),
            Field::Body if key.code == KeyCode::Up && self.body.at_top() => {
                self.go(self.next(false));
            }
            Field::Body => {
                let edit = self.body.key(key);
                self.note(edit, now);
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
        match &mut self.over {
            Over::Question(_) => {}
            Over::Path(prompt) => {
                let outcome = prompt.paste(text);
                self.path(outcome, &mut out);
            }
            Over::Nothing if self.focus == Field::Body => {
                let edit = self.body.paste(text);
                if edit == Edit::Ignored {
                    self.notice = Some(Clean::lit("That is too much for the built-in editor."));
                }
                self.note(edit, now);
            }
            Over::Nothing => {
                let edit = self.line().map_or(Edit::Ignored, |l| l.paste(text));
                self.line_edited(edit, now, &mut out);
            }
        }
        self.save_if_due(now, &mut out);
        out
    }

    fn note(&mut self, edit: Edit, now: Instant) {
        if edit == Edit::Changed {
            self.saves.changed(now);
        }
    }

    /// Whether something is only in memory: to be saved before the program ends.
    pub fn unsaved(&self) -> bool {
        self.saves.unsaved() && !self.sending
    }

    /// When [`Composer::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.saves.deadline().filter(|_| !self.sending)
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) -> Vec<Outcome> {
        let mut out = Vec::new();
        self.save_if_due(now, &mut out);
        out
    }

    fn save_if_due(&mut self, now: Instant, out: &mut Vec<Outcome>) {
        let leaving = out
            .iter()
            .any(|o| matches!(o, Outcome::Close | Outcome::Discard(_)));
        self.save_if(self.saves.is_due(now) && !self.sending && !leaving, out);
    }

    fn save_if(&mut self, wanted: bool, out: &mut Vec<Outcome>) {
        if wanted && !self.saves.running() {
            self.saves.begin();
            out.push(Outcome::Save(Box::new(self.draft())));
        }
    }

    /// Does what ends the composer's work, once no save is running: with two on their way, a new
    /// draft would get two rows.
    fn then(&mut self, then: Then, out: &mut Vec<Outcome>) {
        if self.saves.running() {
            return self.saves.wait(then);
        }
        match then {
            Then::Nothing => {}
            Then::Close => {
                let kept = self.draft.id.is_some() || self.is_blank();
                if self.saves.unsaved() || !kept {
                    self.save_if(true, out);
                    self.saves.wait(Then::Close);
                } else {
                    out.push(Outcome::Close);
                }
            }
            Then::Send => {
                self.sending = true;
                out.push(Outcome::Send(Box::new(self.draft())));
            }
            Then::Discard => out.push(Outcome::Discard(self.draft.id)),
        }
    }

    fn is_blank(&self) -> bool {
        let lines = [&self.to, &self.cc, &self.bcc, &self.subject];
        self.draft.kind == DraftKind::New
            && lines.iter().all(|l| l.text().trim().is_empty())
            && self.draft.attachments.is_empty()
            && !self.saves.touched()
    }

    /// The draft was written down in this row.
    pub fn saved(&mut self, id: Option<DraftId>, at: i64) -> Vec<Outcome> {
        let mut out = Vec::new();
        self.draft.id = id.or(self.draft.id);
        let then = self.saves.done(at);
        self.then(then, &mut out);
        out
    }

    /// The draft could not be written down: the composer stays, says so and tries again.
    pub fn save_failed(&mut self, why: &str, now: Instant) {
        self.saves.failed(now);
        self.notice = Some(Clean::line(&format!("Not saved: {why}")));
    }

    /// The message could not be queued: one can go on with it.
    pub fn send_failed(&mut self, why: &str) {
        self.sending = false;
        self.notice = Some(Clean::line(&format!("Not sent: {why}")));
    }

    /// The external editor ended.
    pub fn edited(&mut self, result: Result<String, String>, now: Instant) {
        match result {
            Err(why) => self.notice = Some(Clean::line(&why)),
            Ok(text) => self.set_body(&text, now),
        }
    }

    /// Puts another text in place of the body.
    pub fn set_body(&mut self, text: &str, now: Instant) {
        let old = self.body.text();
        // Editors end every file with a line end, asked or not.
        let new = match text.strip_suffix('\n') {
            Some(shorter) if !old.ends_with('\n') => shorter,
            _ => text,
        };
        if new != old {
            self.body.set(new);
            self.saves.changed(now);
        }
        self.focus = Field::Body;
    }

    /// People were found for this serial's prefix.
    pub fn people(&mut self, serial: u64, people: Vec<Person>) {
        if serial == self.serial && matches!(self.over, Over::Nothing) {
            let typed = self.prefix().unwrap_or_default();
            self.people = People::new(&typed, people).filter(|_| !typed.is_empty());
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

    /// The file that was to be attached can be, or why not.
    pub fn attached(&mut self, result: Result<PathBuf, String>, now: Instant) {
        match result {
            Err(why) => self.notice = Some(Clean::line(&why)),
            Ok(path) => {
                let file = DraftAttachment::File(path);
                if self.draft.attachments.contains(&file) {
                    self.notice = Some(Clean::lit("It is attached already."));
                    return;
                }
                self.draft.attachments.push(file);
                self.files.resize(self.draft.attachments.len());
                self.saves.changed(now);
            }
        }
    }

    fn send(&mut self, now: Instant, out: &mut Vec<Outcome>) {
        let draft = self.draft();
        if let Err(fault) = check::recipients(&draft) {
            self.notice = Some(Clean::line(&fault.message));
            self.go(match fault.field {
                check::To::To => Field::To,
                check::To::Cc => Field::Cc,
                check::To::Bcc => Field::Bcc,
            });
            return;
        }
        let doubts = check::doubts(&draft);
        if doubts.is_empty() {
            return self.then(Then::Send, out);
        }
        let answers = vec![
            answer('s', "send all the same", Decision::Send),
            answer('c', "continue", Decision::GoOn),
        ];
        let text = Clean::line(&doubts.join(" "));
        self.over = Over::Question(Confirm::new(text, answers, now));
    }

    fn answered(
        &mut self,
        outcome: confirm::Outcome<Decision>,
        now: Instant,
        out: &mut Vec<Outcome>,
    ) {
        let decision = match outcome {
            confirm::Outcome::Stay => return,
            confirm::Outcome::Closed => Decision::GoOn,
            confirm::Outcome::Answered(decision) => decision,
        };
        self.over = Over::Nothing;
        match decision {
            Decision::GoOn => {}
            Decision::Keep => self.then(Then::Close, out),
            Decision::Discard => self.then(Then::Discard, out),
            Decision::Send => {
                self.save_if_due(now, out);
                self.then(Then::Send, out);
            }
        }
    }

    fn path(&mut self, outcome: prompt::Outcome, out: &mut Vec<Outcome>) {
        match outcome {
            prompt::Outcome::Changed => {
                if let Over::Path(prompt) = &self.over {
                    out.push(Outcome::PathComplete(prompt.text().to_owned()));
                }
            }
            prompt::Outcome::Text(path) if path.ends_with('/') => {
                // A folder: show what is in it.
                self.over = Over::Path(Prompt::new(Clean::lit("Attach: "), Kind::Path, &path));
                out.push(Outcome::PathComplete(path));
            }
            prompt::Outcome::Text(path) if !path.trim().is_empty() => {
                self.over = Over::Nothing;
                out.push(Outcome::Attach(path));
            }
            prompt::Outcome::Stay => {}
            _ => self.over = Over::Nothing,
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
