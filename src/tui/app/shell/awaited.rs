//! Drafts that were asked for: to be written on, or because they were open when the program ended.

use super::App;
use crate::lang::{tr, trn};
use crate::model::{Draft, DraftId};
use crate::text::Clean;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::question::Question;
use std::collections::BTreeMap;

/// Why a draft was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is to be written on.
    Wanted,
    /// It stood open when the program died.
    LeftOpen,
    /// It was being written when the program was ended.
    PutAside,
}

/// The drafts that have not come yet, and what is to be said of those that came.
#[derive(Debug, Default)]
pub struct Awaited {
    why: BTreeMap<DraftId, Why>,
    /// The names of those that a crash left open.
    recovered: Vec<String>,
    /// How many of those that were being written are again.
    gone_on: usize,
}

impl Awaited {
    /// Asks for drafts.
    pub fn ask(
        &mut self,
        drafts: impl IntoIterator<Item = DraftId>,
        why: Why,
        fx: &mut Vec<Effect>,
    ) {
        for id in drafts {
            self.why.insert(id, why);
            fx.push(Effect::Query(Question::Draft(id)));
        }
    }
}

impl App {
    /// A draft is here, or gone.
    pub(super) fn draft_came(
        &mut self,
        id: DraftId,
        draft: Option<Draft>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let why = self.awaited.why.remove(&id);
        let (draft, why) = match (draft, why) {
            (None, _) => return self.panes.alarm(tr!("this draft is gone"), now),
            (Some(_), None) => return,
            (Some(draft), Some(Why::Wanted)) => return self.write(draft, fx),
            (Some(draft), Some(why)) => (draft, why),
        };
        self.desk.keep(draft, &self.panes.accounts, fx);
        let key = self.panes.way_to(Command::Writing);
        let text = if why == Why::LeftOpen {
            let writing = self.desk.holding(id);
            let name = writing.map(|w| w.composer.name().to_string());
            self.awaited.recovered.extend(name);
            let names = self.awaited.recovered.join(", ");
            tr!("Recovered: {names}; {key} goes on with it", names, key)
        } else {
            self.awaited.gone_on += 1;
            trn!(
                n = self.awaited.gone_on,
                "{n} message was being written; {key} goes on",
                "{n} messages were being written; {key} goes on",
                key
            )
        };
        self.panes.tell(Clean::line(&text), now);
    }
}
