//! Answers: of the reader thread to questions, and of the ledger to what was to be done.

use super::App;
use super::awaited::Why;
use crate::model::Done;
use crate::text::Clean;
use crate::tui::app::compose;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::question::Answer;

impl App {
    /// Takes an answer of the reader thread.
    pub(super) fn answered(&mut self, answer: Answer, now: Now, fx: &mut Vec<Effect>) {
        match answer {
            Answer::Draft(id, draft) => self.draft_came(id, draft.map(|d| *d), now, fx),
            Answer::Known { serial, known } => {
                self.desk.answer(serial, |w| {
                    w.composer.set_known(known);
                    compose::Turn::default()
                });
            }
            Answer::Journal { open, rows } => self.journal_came(open, &rows, now),
            Answer::WouldUndo(preview) => self.would_undo(preview.map(|p| *p), now),
            answer => self.panes.answered(answer, now, fx),
        }
    }

    /// Takes an answer of the ledger.
    pub(super) fn replied(
        &mut self,
        about: About,
        result: Result<Done, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let undoable = result.as_ref().is_ok_and(|done| done.undoable);
        self.lacking.answered(about, undoable);
        let (failed, draft) = match &result {
            Ok(done) => (None, done.draft),
            Err(why) => (Some(why.clone()), None),
        };
        match about {
            About::Action(ticket) => {
                self.panes.acted(ticket, result, now, fx);
                // A message that was taken back from the outbox is gone on with.
                self.awaited.ask(draft, Why::Wanted, fx);
            }
            About::Revised => {
                self.panes.revised(result, now, fx);
                self.refresh_journal(fx);
                self.awaited.ask(draft, Why::Wanted, fx);
            }
            About::Rules => self.rules_told(result, now),
            About::Saved(serial) => {
                let parted = result.as_ref().ok().filter(|done| done.parted);
                let parted = parted.map(|done| Clean::line(&done.label));
                if self.desk.knows(serial) {
                    let turn = self.desk.answer(serial, |w| w.saved(result, now, fx));
                    self.wrote(&turn, now, fx);
                    parted
                        .into_iter()
                        .for_each(|said| self.panes.tell(said, now));
                } else if let Some(why) = failed {
                    self.panes.alarm(&why, now);
                }
            }
            About::Submitted(serial) => {
                let outcome = failed.as_deref().map_or(Ok(()), Err);
                self.desk.answer(serial, |w| w.submitted(outcome, now, fx));
                self.panes.told(result, now);
            }
            About::Quiet | About::PutAside(_) => {
                if let Some(why) = failed {
                    self.panes.alarm(&why, now);
                }
            }
            About::Done | About::Discarded(_) => self.panes.told(result, now),
            About::Outbox(_) => {
                self.panes.status.stop_counting();
                self.panes.told(result, now);
                self.awaited.ask(draft, Why::Wanted, fx);
            }
        }
    }
}
