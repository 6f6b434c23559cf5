//! Keys that wait until the whole list has been asked for what is to be selected.

use super::App;
use crate::tui::app::held::Fate;
use crate::tui::event::Now;
use crossterm::event::KeyEvent;

impl App {
    /// Whether a key for the panes is not for now. Who waits for too long selects nothing.
    pub(super) fn waits(&mut self, key: &KeyEvent, now: Now) -> bool {
        let fate = self.held.key(key, self.panes.index.is_picking(), now.mono);
        if fate == Fate::Enough {
            self.panes.index.unmark_all();
        }
        fate != Fate::Now
    }
}
