//! Keys that wait until the whole list has been asked for what is to be selected.

use super::App;
use crate::tui::app::held::{Fate, Held};
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crossterm::event::{KeyCode, KeyEvent};

impl App {
    /// Whether a key for the panes is not for now. Who waits for too long selects nothing.
    pub(super) fn waits(&mut self, key: &KeyEvent, now: Now) -> bool {
        if key.code == KeyCode::Esc && self.panes.index.is_picking() {
            // Whoever leaves that wants neither the selection nor what he typed after it.
            self.held = Held::default();
            self.rest.clear();
            self.keys.forget();
            self.panes.index.unmark_all();
            return true;
        }
        let fate = self.held.key(key, self.panes.index.is_picking(), now.mono);
        if fate == Fate::Enough {
            self.panes.index.unmark_all();
        }
        fate != Fate::Now
    }

    /// Does what waited for a selection that was being made. If that came to nothing or could not be
    /// made, what waited must not be done to something else.
    pub(super) fn catch_up(&mut self, was_picking: bool, now: Now, fx: &mut Vec<Effect>) {
        let index = &self.panes.index;
        let nothing = index.marked() == 0 || index.has_failed_to_pick();
        if was_picking && !index.is_picking() && nothing {
            self.held = Held::default();
            self.rest.clear();
        }
        self.go_on(now, fx);
        while let Some(key) = self.held.next(self.panes.index.is_picking()) {
            self.key(key, now, fx);
        }
    }
}
