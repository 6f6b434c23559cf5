//! What goes out of a message at hand: drafts that answer it, itself to somebody else, a receipt.

use crate::model::{Intent, MsgId, Target, Verb};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::{DraftFrom, Effect, Outward};
use crate::tui::event::{About, Built, Now};

impl Panes {
    /// The message that is read or selected.
    pub fn at_hand(&self) -> Option<MsgId> {
        let reading = self.pager.as_ref().filter(|_| self.focus == Pane::Reader);
        let message = reading
            .map(|p| p.message)
            .or_else(|| self.index.selected().map(|l| l.row.message));
        message.filter(|_| matches!(self.view, View::Mail))
    }

    /// Asks for a draft made from the message at hand.
    pub fn draft(&mut self, from: DraftFrom, now: Now, fx: &mut Vec<Effect>) {
        match self.at_hand() {
            Some(message) => fx.push(Effect::Draft(from, message)),
            None => self.tell(Clean::lit("There is no message to answer."), now),
        }
    }

    /// Sends something of the message that is read or selected, without a draft.
    pub fn outward(&mut self, outward: Outward, now: Now, fx: &mut Vec<Effect>) {
        match self.at_hand() {
            Some(message) => fx.push(Effect::Build(outward, message)),
            None => self.tell(Clean::lit("There is no message to send on."), now),
        }
    }
}

/// Queues what was built, and marks the message that it was made from.
pub fn queue(built: Built, fx: &mut Vec<Effect>) {
    fx.push(Effect::Ask(
        Intent::Queue(Box::new(built.outgoing)),
        About::Done,
    ));
    if let Some((location, change)) = built.mark {
        let act = Intent::Act {
            verb: Verb::Flag(change),
            targets: vec![Target::Location(location)],
        };
        fx.push(Effect::Ask(act, About::Quiet));
    }
}
