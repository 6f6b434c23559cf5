//! The fields: which there are, how one goes from one to the next, and what keys do in those that
//! are not the text.

use super::{Composer, Outcome};
use crate::mime::roster::expand;
use crate::tui::offer::split;
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
    /// Reply-To.
    ReplyTo,
    /// Subject.
    Subject,
    /// What is attached.
    Attachments,
    /// The text.
    Body,
}

/// Every field, from the top.
pub(super) const FIELDS: [Field; 8] = [
    Field::From,
    Field::To,
    Field::Cc,
    Field::Bcc,
    Field::ReplyTo,
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
        self.domains.stale = true;
        self.focus = field;
        self.people = None;
        // An answer for the field that was left must not come up here.
        self.serial += 1;
    }

    /// The field after (or before) the one that has the keys, going round.
    pub(super) fn next(&self, forward: bool) -> Field {
        let there = |f: &Field| {
            (*f != Field::Attachments || !self.draft.attachments.is_empty())
                && (*f != Field::ReplyTo || self.shows_reply_to())
                && (*f != Field::From || self.may_turn_sender())
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

    /// Reply-To is there for those who ask for it.
    pub(super) fn shows_reply_to(&self) -> bool {
        self.focus == Field::ReplyTo || !self.reply_to.is_empty()
    }

    /// The line editor that has the keys.
    pub(super) fn line(&mut self) -> Option<&mut LineEdit> {
        match self.focus {
            Field::To => Some(&mut self.to),
            Field::Cc => Some(&mut self.cc),
            Field::Bcc => Some(&mut self.bcc),
            Field::ReplyTo => Some(&mut self.reply_to),
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
            Field::ReplyTo => &self.reply_to,
            _ => return None,
        };
        Some(split(line.before()).1.to_owned())
    }

    /// Puts the members in place of each group that is named in a line of recipients.
    pub(super) fn expand_groups(&mut self, now: Instant) {
        for line in [
            &mut self.to,
            &mut self.cc,
            &mut self.bcc,
            &mut self.reply_to,
        ] {
            if let Some(expanded) = expand(line.text(), &self.groups) {
                line.set(&expanded);
                self.saves.changed(now);
            }
        }
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
            KeyCode::Esc => {
                self.people = None;
                // What is found later must not bring the list back.
                self.serial += 1;
            }
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

    pub(super) fn sender_key(&mut self, key: &KeyEvent, now: Instant) {
        match key.code {
            KeyCode::Right | KeyCode::Char(' ' | 'l') => self.turn_sender(1, now),
            KeyCode::Left | KeyCode::Char('h') => self.turn_sender(-1, now),
            KeyCode::Enter | KeyCode::Down => self.go(self.next(true)),
            KeyCode::Up => self.go(self.next(false)),
            _ => {}
        }
    }
}
