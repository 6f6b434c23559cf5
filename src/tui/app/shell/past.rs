//! The journal over the panes: it comes, is brought up to date, and asks before it takes back. And a
//! check-up that runs over them.

use super::App;
use crate::lang::tr;
use crate::model::checkup::Progress;
use crate::model::setup::Cancel;
use crate::model::{Done, Intent, WhichRules};
use crate::store::Past;
use crate::text::Clean;
use crate::tui::app::layers::Layer;
use crate::tui::app::state::Panes;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::question::{Preview, Question};
use crate::tui::screen::confirm::{Answer, Confirm};
use crate::tui::screen::doctor::Doctor;
use crate::tui::screen::journal::{self, Journal};

/// Lines of what rules would change that are shown before it is asked.
const SHOWN: usize = 16;

impl App {
    /// A step of a check-up is done; the first one opens it.
    pub(super) fn examined(&mut self, cancel: Cancel, progress: Option<Progress>) {
        if cancel.is_cancelled() {
            return;
        }
        let shown = self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Doctor(doctor) => Some(doctor),
            _ => None,
        });
        match shown {
            Some(doctor) => doctor.take(progress),
            None => {
                self.keys.forget();
                let mut doctor = Doctor::new(cancel);
                doctor.take(progress);
                self.layers.push(Layer::Doctor(doctor));
            }
        }
    }

    /// What was done is here.
    pub(super) fn journal_came(&mut self, open: bool, rows: &[Past], now: Now) {
        let shown = self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Journal(journal) => Some(journal),
            _ => None,
        });
        match shown {
            Some(journal) => journal.set(rows, now.wall),
            None if !open => {}
            None if rows.is_empty() => {
                let text = tr!("Nothing was done yet that could be taken back.");
                self.panes.tell(Clean::lit(text), now);
            }
            None => {
                self.keys.forget();
                let journal = Journal::new(rows, now.wall);
                self.layers.push(Layer::Journal(journal));
            }
        }
    }

    /// What taking an action back would do: asks whether it is to be.
    pub(super) fn would_undo(&mut self, preview: Option<Preview>, now: Now) {
        if !matches!(self.layers.last(), Some(Layer::Journal(_))) {
            return;
        }
        let Some(preview) = preview else {
            let text = tr!("That was too long ago: it is forgotten.");
            return self.panes.tell(Clean::lit(text), now);
        };
        let question = journal::question(&preview, now.wall, now.mono);
        let question = question.map(|wish| vec![Panes::wish(wish)]);
        self.layers.push(Layer::Question(question));
    }

    /// What rules would change: asks whether they are to.
    pub(super) fn rules_told(&mut self, result: Result<Done, String>, now: Now) {
        let done = match result {
            Ok(done) if done.lines.is_empty() => {
                return self.panes.tell(Clean::line(&done.label), now);
            }
            Ok(done) => done,
            Err(why) => return self.panes.alarm(&why, now),
        };
        let mut lines = vec![done.label];
        lines.extend(done.lines.iter().take(SHOWN).cloned());
        if done.lines.len() > SHOWN {
            lines.push(tr!("… `postrider rules test` lists all of it.").to_owned());
        }
        let apply = Effect::Ask(Intent::ApplyRules(WhichRules::default()), About::Revised);
        let answers = vec![
            Answer {
                key: 'a',
                label: Clean::lit(tr!("apply them")),
                value: vec![apply],
            },
            Answer {
                key: 'n',
                label: Clean::lit(tr!("change nothing")),
                value: Vec::new(),
            },
        ];
        self.keys.forget();
        let question = Confirm::new(Clean::block(&lines.join("\n")), answers, now.mono);
        self.layers.push(Layer::Question(question));
    }

    /// Where the journal is shown it is read again.
    pub(super) fn refresh_journal(&self, fx: &mut Vec<Effect>) {
        let shown = |layer: &Layer| matches!(layer, Layer::Journal(_));
        if self.layers.iter().any(shown) {
            fx.push(Effect::Query(Question::Journal { open: false }));
        }
    }
}
