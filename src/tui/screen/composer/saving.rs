//! When the draft is saved and what waits for that: closing, sending, throwing away.

use super::autosave::Then;
use super::{Composer, Outcome};
use crate::lang::tr;
use crate::model::{DraftId, DraftKind};
use crate::text::Clean;
use std::time::Instant;

impl Composer {
    /// Whether something is only in memory: to be saved before the program ends.
    pub fn unsaved(&self) -> bool {
        self.saves.unsaved() && !self.sending
    }

    /// Whether anything here may not be in its row yet.
    pub fn is_ahead(&self) -> bool {
        self.unsaved() || self.saves.running()
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

    pub(super) fn save_if_due(&mut self, now: Instant, out: &mut Vec<Outcome>) {
        let leaving = out
            .iter()
            .any(|o| matches!(o, Outcome::Close | Outcome::Discard(_)));
        self.save_if(self.saves.is_due(now) && !self.sending && !leaving, out);
    }

    pub(super) fn save_if(&mut self, wanted: bool, out: &mut Vec<Outcome>) {
        if wanted && !self.saves.running() {
            self.saves.begin();
            out.push(Outcome::Save(Box::new(self.draft())));
        }
    }

    /// Does what ends the composer's work, once no save is running: with two on their way, a new
    /// draft would get two rows.
    pub(super) fn then(&mut self, then: Then, out: &mut Vec<Outcome>) {
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
                // What is taken back later is the row: it must be there, and hold every word.
                if self.draft.id.is_none() || self.saves.unsaved() {
                    self.save_if(true, out);
                    self.saves.wait(Then::Send);
                } else {
                    out.push(Outcome::Send(Box::new(self.draft())));
                }
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

    /// The draft was written down as this revision of its row; `parted` if that is another row, because
    /// somebody else wrote on the one before or sent it. Then nobody sends this one unasked.
    pub fn read_as(&mut self, rev: i64, parted: bool) {
        self.draft.rev = rev;
        if parted && self.sending {
            self.sending = false;
            self.saves.wait(Then::Nothing);
        }
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
        self.sending = false;
        self.notice = Some(Clean::line(&tr!("Not saved: {why}", why)));
    }

    /// The message could not be queued: one can go on with it. What stands here is written down once
    /// more, as a draft of its own if it was not queued because of another window.
    pub fn send_failed(&mut self, why: &str, now: Instant) {
        self.sending = false;
        self.saves.changed(now);
        self.notice = Some(Clean::line(&tr!("Not sent: {why}", why)));
    }
}
