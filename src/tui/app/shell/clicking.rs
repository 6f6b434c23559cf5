//! Clicks that do what stands there: links of what is read, hints, the undo beside what is said.

use super::App;
use crate::tui::app::draw;
use crate::tui::app::layers::Layer;
use crate::tui::app::popup::Popup;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::key::Key;
use crate::tui::screen::pager::Pager;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

impl App {
    /// Does what a click stands for that is none on a row of a list. Says whether it did.
    pub(super) fn clicked(&mut self, mouse: MouseEvent, now: Now, fx: &mut Vec<Effect>) -> bool {
        let at = Position::new(mouse.column, mouse.row);
        let covered = !self.layers.is_empty() || self.desk.has_keys();
        if covered {
            return false;
        }
        // A link tells first where it leads; what was dragged over is text to copy.
        let dragged = self.panes.pager.as_ref().is_some_and(Pager::is_dragged);
        if mouse.kind == MouseEventKind::Up(MouseButton::Left)
            && !dragged
            && let Some(link) = self.hyperlinks().iter().find(|l| l.area.contains(at))
            && let Ok(popup) = Popup::link(&self.panes, &link.url)
        {
            self.panes.mouse(mouse, now, fx);
            self.layers.push(Layer::Popup(popup));
            return true;
        }
        if mouse.kind != MouseEventKind::Down(MouseButton::Left) {
            return false;
        }
        if self.panes.undo_at(at) {
            self.call(&Command::Undo.into(), now, fx);
            return true;
        }
        let Some(places) = self.panes.places().filter(|p| p.hints.contains(at)) else {
            return false;
        };
        let (cols, column) = (usize::from(places.hints.width), usize::from(at.x));
        let hints = self.hints();
        let found = draw::hint_at(&hints, cols, column).and_then(|n| hints.get(n));
        // What stands there is the key's name, and so it is pressed.
        let keys = found.and_then(|(key, _)| Key::sequence(key.as_str()).ok());
        if !self.keys.has_begun() {
            let keys = keys.into_iter().flatten();
            keys.for_each(|key| self.key(key.event(), now, fx));
        }
        true
    }
}
