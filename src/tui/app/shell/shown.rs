//! What work on attachments brings to the screen: papers, questions, pictures.

use super::App;
use crate::tui::app::layers::Layer;
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
