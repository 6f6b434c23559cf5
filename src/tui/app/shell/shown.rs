//! What comes over the panes besides what a command asks for: what work on attachments brings
//! (papers, questions, pictures), and what a line begins with.

use super::App;
use crate::tui::app::layers::{Layer, Purpose};
use crate::tui::command::{Call, Command};
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::part::{PartCame, PartOf};
use crate::tui::picture::Placed;

impl App {
    /// The picture that stands on the screen, if nothing covers it.
    pub fn placed(&self) -> Option<Placed> {
        self.layers.last()?.placed(self.panes.size)
    }

    /// Pictures over everything.
    pub(super) fn show_pictures(&mut self, parts: Vec<PartOf>, fx: &mut Vec<Effect>) {
        self.albums += 1;
        let serial = self.albums << 32;
        let (around, size) = (self.surroundings, self.panes.size);
        let layer = Layer::album(parts, serial, around, size, fx);
        self.layers.push(layer);
    }

    /// What a command was given is typed into the line that it opened, where Enter still decides.
    pub(super) fn begin_with(&mut self, call: &Call, now: Now, fx: &mut Vec<Effect>) {
        if let (Command::Counter, Some(text)) = (call.command, &call.argument)
            && let Some(layer @ Layer::Prompt(_, Purpose::Answer(_))) = self.layers.last_mut()
        {
            let turn = layer.paste(text, &mut self.panes, now, fx);
            self.turned(turn, now, fx);
        }
    }

    /// Work on an attachment ended.
    pub(super) fn part_came(&mut self, came: PartCame, now: Now, fx: &mut Vec<Effect>) {
        match came {
            PartCame::IsPicture(part) => self.show_pictures(vec![part], fx),
            PartCame::Picture { serial, result } => {
                let layers = self.layers.iter_mut();
                layers.for_each(|layer| layer.pictured(serial, &result));
            }
            came => self.layers.extend(Layer::came(came, now)),
        }
    }
}
