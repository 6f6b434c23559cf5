//! The fields: which there are, how one goes from one to the next, and what keys do in those that
//! are not the text.

use super::people::split;
use super::{Composer, Outcome};
use crate::model::Account;
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Instant;

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Which account sends it.
    From,
    /// To.
    To,
    /// Cc.
    Cc,
    /// Bcc.
    Bcc,
    /// Subject.
    Subject,
    /// What is attached.
    Attachments,
    /// The text.
    Body,
}

/// Every field, from the top.
pub(super) const FIELDS: [Field; 7] = [
    Field::From,
    Field::To,
    Field::Cc,
    Field::Bcc,
    Field::Subject,
    Field::Attachments,
    Field::Body,
];

impl Composer {
    /// The field that has the keys.
    pub fn focus(&self) -> Field {
        self.focus
    }

    /// Gives the keys to a field.
    pub(super) fn go(&mut self, field: Field) {
        self.focus = field;
        self.people = None;
        // An answer for the field that was left must not come up here.
        self.serial += 1;
    }

    /// The field after (or before) the one that has the keys, going round.
    pub(super) fn next(&self, forward: bool) -> Field {
        let there = |f: &Field| {
            (*f != Field::Attachments || !self.draft.attachments.is_empty())
                && (*f != Field::From || self.accounts.len() > 1)
        };
        let fields: Vec<Field> = FIELDS.into_iter().filter(there).collect();
        let at = fields.iter().position(|f| *f == self.focus).unwrap_or(0);
        let by = if forward {
            1
        } else {
            fields.len().saturating_sub(1)
        };
        let next = fields.get((at + by) % fields.len().max(1));
        next.copied().unwrap_or(Field::Body)
    }

    /// The line editor that has the keys.
    pub(super) fn line(&mut self) -> Option<&mut LineEdit> {
        match self.focus {
            Field::To => Some(&mut self.to),
            Field::Cc => Some(&mut self.cc),
            Field::Bcc => Some(&mut self.bcc),
            Field::Subject => Some(&mut self.subject),
            Field::From | Field::Attachments | Field::Body => None,
        }
    }

    /// What is typed of the address at the cursor; `None` outside the recipients.
    pub(super) fn prefix(&self) -> Option<String> {
        let line = match self.focus {
            Field::To => &self.to,
            Field::Cc => &self.cc,
            Field::Bcc => &self.bcc,
            _ => return None,
        };
        Some(split(line.before()).1.to_owned())
    }

    pub(super) fn line_edited(&mut self, edit: Edit, now: Instant, out: &mut Vec<Outcome>) {
        self.note(edit, now);
        if edit == Edit::Ignored {
            return;
        }
        self.people = None;
        self.serial += 1;
        match self.prefix() {
            Some(prefix) if edit == Edit::Changed && !prefix.is_empty() => {
                out.push(Outcome::Complete {
                    serial: self.serial,
                    prefix,
                });
            }
            _ => {}
        }
    }

    /// Takes a key that is for the list of people; says whether it was.
    pub(super) fn people_key(&mut self, key: &KeyEvent, now: Instant) -> bool {
        let Some(people) = &mut self.people else {
            return false;
        };
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Down => people.turn(1),
            KeyCode::Up => people.turn(-1),
            KeyCode::Char('n') if ctrl => people.turn(1),
            KeyCode::Char('p') if ctrl => people.turn(-1),
            KeyCode::Esc => self.people = None,
            KeyCode::Enter | KeyCode::Tab if !ctrl => {
                let Some(taken) = people.taken() else {
                    self.people = None;
                    return false;
                };
                self.people = None;
                self.serial += 1;
                if let Some(line) = self.line() {
                    let done = split(line.before()).0;
                    let gap = if done.is_empty() { "" } else { " " };
                    let before = format!("{done}{gap}{taken}, ");
                    line.set_before(&before);
                    self.saves.changed(now);
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn account_key(&mut self, key: &KeyEvent, now: Instant) {
        match key.code {
            KeyCode::Right | KeyCode::Char(' ' | 'l') => self.turn_account(1, now),
            KeyCode::Left | KeyCode::Char('h') => self.turn_account(-1, now),
            KeyCode::Enter | KeyCode::Down => self.go(self.next(true)),
            KeyCode::Up => self.go(self.next(false)),
            _ => {}
        }
    }

    fn turn_account(&mut self, by: isize, now: Instant) {
        let len = isize::try_from(self.accounts.len()).unwrap_or(0);
        let at = self
            .accounts
            .iter()
            .position(|a| a.name == self.draft.account);
        let at = at.and_then(|n| isize::try_from(n).ok()).unwrap_or(0);
        if len < 2 {
            return;
        }
        let next = usize::try_from((at + by).rem_euclid(len)).unwrap_or(0);
        let Some(account) = self.accounts.get(next).cloned() else {
            return;
        };
        self.change_signature(&account);
        self.draft.account = account.name.clone();
        self.draft.from = account.identity().to_string();
        self.saves.changed(now);
    }

    /// Puts the new account's signature in place of the old one's, where that still stands
    /// unchanged at the end.
    fn change_signature(&mut self, to: &Account) {
        let end = |a: &Account| {
            let signature = a.signature.as_ref();
            signature.map_or_else(String::new, |s| format!("\n-- \n{}", s.trim_end()))
        };
        let body = self.body.text();
        let old = self.account().map(end).unwrap_or_default();
        let trimmed = body.trim_end();
        if let Some(kept) = trimmed.strip_suffix(old.trim_end())
            && (!old.is_empty() || self.draft.kind == crate::model::DraftKind::New)
        {
            let tail = body.get(trimmed.len()..).unwrap_or("");
            let new = format!("{kept}{}{tail}", end(to));
            if new != body {
                self.body.set(&new);
            }
        }
    }

    pub(super) fn file_key(&mut self, key: &KeyEvent, now: Instant, out: &mut Vec<Outcome>) {
        let at = self.files.cursor();
        match key.code {
            KeyCode::Down if at + 1 < self.files.len() => self.files.step(1),
            KeyCode::Up if at > 0 => self.files.step(-1),
            KeyCode::Down => self.go(Field::Body),
            KeyCode::Up => self.go(self.next(false)),
            KeyCode::Enter => self.run(crate::tui::command::Command::Attach, now, out),
            KeyCode::Delete | KeyCode::Backspace | KeyCode::Char('d' | 'x') => {
                if at < self.draft.attachments.len() {
                    self.draft.attachments.remove(at);
                    self.saves.changed(now);
                }
                self.files.resize(self.draft.attachments.len());
                if self.draft.attachments.is_empty() {
                    self.go(Field::Body);
                }
            }
            _ => {}
        }
    }

    /// The sender as shown: the address of the account, where nothing else stands there.
    pub(super) fn sender(&self) -> String {
        if self.draft.from.trim().is_empty() {
            self.account()
                .map(Account::identity)
                .unwrap_or_default()
                .to_string()
        } else {
            self.draft.from.clone()
        }
    }
}
