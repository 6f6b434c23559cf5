//! Clicks that do what stands there: links of what is read, hints, the undo beside what is said.

use super::App;
use crate::tui::app::draw;
use crate::tui::app::layers::Layer;
use crate::tui::app::popup::Popup;
use crate::tui::app::said::{Hit, Said};
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
            self.pressed = None;
            return false;
        }
        // A link tells first where it leads; what was dragged over is text to copy, and one on which
        // nothing was pressed is none that was clicked.
        let link = || {
            let links = self.hyperlinks();
            links.into_iter().find(|l| l.area.contains(at))
        };
        let pressed = match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                self.pressed = link().map(|link| link.url);
                None
            }
            MouseEventKind::Up(MouseButton::Left) => {
                let link = link().map(|link| link.url);
                self.pressed.take().filter(|was| link.as_ref() == Some(was))
            }
            _ => None,
        };
        let dragged = self.panes.pager.as_ref().is_some_and(Pager::is_dragged);
        if let Some(url) = pressed.filter(|_| !dragged)
            && let Ok(popup) = Popup::link(&self.panes, &url)
        {
            self.panes.mouse(mouse, now, fx);
            self.layers.push(Layer::Popup(popup));
            return true;
        }
        if mouse.kind != MouseEventKind::Down(MouseButton::Left) {
            return false;
        }
        let Some(places) = self.panes.places() else {
            return false;
        };
        let said = Said::of(&self.panes, &places, self.keys.has_begun());
        match said.and_then(|said| said.at(at)) {
            Some(Hit::Undo) => {
                self.pressed = None;
                self.call(&Command::Undo.into(), now, fx);
                return true;
            }
            // What it lies over can't be seen.
            Some(Hit::Text) => {
                self.pressed = None;
                return true;
            }
            None if places.hints.contains(at) => {}
            None => return false,
        }
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
