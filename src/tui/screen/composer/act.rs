//! What commands and answers do in the composer.

use super::autosave::Then;
use super::fields::Field;
use super::options::Wanted;
use super::{Composer, Decision, Outcome, Over, answer, block, check};
use crate::lang::tr;
use crate::mime::recipients::parse_list;
use crate::model::Account;
use crate::text::Clean;
use crate::tui::command::Command;
use crate::tui::errand::Errand;
use crate::tui::screen::confirm::{self, Confirm};
use crate::tui::screen::picker;
use crossterm::event::KeyEvent;
use std::time::Instant;

impl Composer {
    pub(super) fn run(&mut self, command: Command, now: Instant, out: &mut Vec<Outcome>) {
        match command {
            Command::NextField => self.go(self.next(true)),
            Command::PreviousField => self.go(self.next(false)),
            Command::Send => self.send(now, out),
            Command::Attach => self.ask_path("~/", out),
            Command::Options => self.show_options(),
            Command::SendLater => self.ask_time(Wanted::Later),
            Command::Spelling => self.suggest(out),
            Command::Template => out.push(Outcome::Errand(Errand::Templates)),
            Command::Editor => {
                self.save_if(self.saves.unsaved(), out);
                out.push(Outcome::Editor(block::write(&self.draft())));
            }
            Command::KeepDraft => self.then(Then::Close, out),
            Command::Leave if self.saves.touched() => {
                let text = Clean::lit(tr!("Close this message?"));
                let answers = vec![
                    answer('k', tr!("keep as draft"), Decision::Keep),
                    answer('d', tr!("discard"), Decision::Discard),
                    answer('c', tr!("continue"), Decision::GoOn),
                ];
                self.over = Over::Question(Confirm::new(text, answers, now));
            }
            Command::Leave => out.push(Outcome::Close),
            Command::Discard => {
                let text = Clean::lit(tr!("Throw this message away?"));
                let answers = vec![
                    answer('d', tr!("discard"), Decision::Discard),
                    answer('c', tr!("continue"), Decision::GoOn),
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

    /// Takes a key for what lies over the composer; `false` if nothing does.
    pub(super) fn over_key(
        &mut self,
        key: &KeyEvent,
        now: Instant,
        out: &mut Vec<Outcome>,
    ) -> bool {
        match &mut self.over {
            Over::Nothing => return false,
            Over::Question(question) => {
                let outcome = question.update(key, now);
                self.answered(outcome, now, out);
            }
            Over::Path(prompt) => {
                let outcome = prompt.update(key);
                self.path(outcome, out);
            }
            Over::Name(prompt, _) => {
                let outcome = prompt.update(key);
                self.named(&outcome, now);
            }
            Over::Time(prompt, _) => {
                let outcome = prompt.update(key);
                self.time_typed(&outcome, now);
            }
            Over::Colon(prompt) => {
                let outcome = prompt.update(key);
                self.colon(&outcome, now, out);
            }
            Over::Options(_) => self.options_key(key, now),
            Over::Words(_) => self.words_key(key, now, out),
            Over::Template(picker) => match picker.update(key) {
                picker::Outcome::Stay => {}
                picker::Outcome::Closed => self.over = Over::Nothing,
                picker::Outcome::Picked(text) => {
                    self.over = Over::Nothing;
                    self.put_template(&text, now, out);
                }
            },
        }
        true
    }

    /// Sends, unless something forbids it or is worth asking about: each thing once.
    pub(super) fn send(&mut self, now: Instant, out: &mut Vec<Outcome>) {
        self.expand_groups(now);
        let draft = self.draft();
        if let Err(fault) = check::recipients(&draft) {
            self.notice = Some(Clean::line(&fault.message));
            self.go(match fault.field {
                check::To::To => Field::To,
                check::To::Cc => Field::Cc,
                check::To::Bcc => Field::Bcc,
                check::To::ReplyTo => Field::ReplyTo,
            });
            return;
        }
        if self.waits_for_files() || self.waits_for_domains(out) {
            return;
        }
        let facts = check::Facts {
            domains: &self.domains.told,
            known: &self.known,
            began_from: self.began_from.as_deref(),
            size: self.total_size(),
            unfilled: &self.unfilled,
            accounts: &self.accounts,
        };
        let doubts = check::doubts(&draft, &facts);
        let new: Vec<String> = doubts
            .into_iter()
            .filter(|d| !self.asked.contains(d))
            .collect();
        if new.is_empty() {
            return self.then(Then::Send, out);
        }
        let mut answers = vec![
            answer('s', tr!("send all the same"), Decision::Send),
            answer('c', tr!("continue"), Decision::GoOn),
        ];
        if check::lacks_attachment(&draft).is_some_and(|doubt| new.contains(&doubt)) {
            answers.insert(1, answer('a', tr!("attach"), Decision::Attach));
        }
        let text = Clean::line(&new.join(" "));
        self.asked.extend(new);
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
            Decision::GoOn => self.dropped = None,
            Decision::Attach => self.ask_path("~/", out),
            Decision::Keep => self.then(Then::Close, out),
            Decision::Discard => self.then(Then::Discard, out),
            Decision::AttachDropped => self.take_dropped(true, now, out),
            Decision::TextDropped => self.take_dropped(false, now, out),
            Decision::Send => {
                self.save_if_due(now, out);
                self.then(Then::Send, out);
            }
        }
    }

    /// The external editor ended. What it left is saved at once: its file is gone.
    pub fn edited(&mut self, result: Result<String, String>, now: Instant) -> Vec<Outcome> {
        let mut out = Vec::new();
        let text = match result {
            Err(why) => {
                self.notice = Some(Clean::line(&why));
                return out;
            }
            Ok(text) => text,
        };
        let before = self.draft();
        let back = block::read(&text, &before);
        self.take_fields(&back.draft, now);
        self.set_body(&back.draft.body, now);
        for path in back.attach {
            self.look_for(Errand::Attach(path), &mut out);
        }
        if !back.said.is_empty() {
            self.notice = Some(Clean::line(&back.said.join(" ")));
        }
        self.saves.hurry(now);
        self.save_if_due(now, &mut out);
        out
    }

    /// Takes the fields of an edited draft.
    fn take_fields(&mut self, draft: &crate::model::Draft, now: Instant) {
        let lines = [
            (&mut self.to, &draft.to),
            (&mut self.cc, &draft.cc),
            (&mut self.bcc, &draft.bcc),
            (&mut self.reply_to, &draft.reply_to),
            (&mut self.subject, &draft.subject),
        ];
        for (line, text) in lines {
            // Fields are written without the blanks around them: those alone are no change.
            if line.text().trim() != text.trim() {
                line.set(text);
                self.saves.changed(now);
            }
        }
        if self.draft.attachments != draft.attachments {
            self.draft.attachments.clone_from(&draft.attachments);
            self.files.resize(self.draft.attachments.len());
            self.saves.changed(now);
        }
        if draft.from.trim() != self.draft.from.trim() {
            self.draft.from.clone_from(&draft.from);
            // An address of another account sends from that account; two may have the same one.
            let address = parse_list(&draft.from)
                .ok()
                .and_then(|l| l.into_iter().next());
            let of = |a: &&Account| address.as_ref().is_some_and(|f| a.sends_as(f));
            let stays = self.account().is_some_and(|account| of(&account));
            if !stays && let Some(account) = self.accounts.iter().find(of) {
                self.draft.account = account.name.clone();
            }
            self.saves.changed(now);
        }
    }

    /// Puts another text in place of the body.
    fn set_body(&mut self, text: &str, now: Instant) {
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
}
