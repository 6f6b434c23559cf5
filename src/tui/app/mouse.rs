//! The mouse: the wheel scrolls what is under it, a click selects, a click on the selection opens;
//! text that is dragged over in the reader is copied.

use crate::tui::app::geometry::{Pane, Places, Titled};
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::screen::pager_view::GUTTER;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Lines that one notch of the wheel scrolls.
const NOTCH: isize = 3;

impl Panes {
    /// Takes a mouse event.
    pub fn mouse(&mut self, mouse: MouseEvent, now: Now, fx: &mut Vec<Effect>) {
        let Some(places) = self.places() else {
            return;
        };
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        if self.pull(&mouse, &places, now, fx) || self.drag_border(mouse.kind, at, &places, fx) {
            return;
        }
        if mouse.kind == MouseEventKind::Down(MouseButton::Left)
            && let Some(tab) = places.index.and_then(|place| self.tab_at(place, at))
        {
            return self.show_tab(tab, now, fx);
        }
        let hit = |place: Option<Titled>| place.filter(|p| p.inner.contains(at));
        let (pane, place) = if let Some(p) = hit(places.sidebar) {
            (Pane::Sidebar, p)
        } else if let Some(p) = hit(places.index) {
            (Pane::Index, p)
        } else if let Some(p) = hit(places.reader) {
            (Pane::Reader, p)
        } else {
            return;
        };
        let line = usize::from(mouse.row.saturating_sub(place.inner.y));
        let column = usize::from(mouse.column.saturating_sub(place.inner.x));
        if let (Pane::Reader, Some(pager)) = (pane, self.pager.as_mut()) {
            let column = column.saturating_sub(usize::from(GUTTER));
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => pager.press(line, column),
                MouseEventKind::Drag(MouseButton::Left) => pager.drag(line, column),
                MouseEventKind::Up(MouseButton::Left) => {
                    pager.click(line);
                    self.copy_selection(now, fx);
                }
                _ => {}
            }
        }
        match mouse.kind {
            MouseEventKind::ScrollDown => self.wheel(pane, NOTCH, now, fx),
            MouseEventKind::ScrollUp => self.wheel(pane, -NOTCH, now, fx),
            MouseEventKind::Down(MouseButton::Left) => {
                self.click(pane, line, usize::from(place.inner.height), now, fx);
            }
            _ => {}
        }
    }

    /// A border between panes follows the mouse that holds it. Says whether one does.
    fn drag_border(
        &mut self,
        kind: MouseEventKind,
        at: Position,
        places: &Places,
        fx: &mut Vec<Effect>,
    ) -> bool {
        match kind {
            MouseEventKind::Down(MouseButton::Left) => self.gripped = places.border(at),
            MouseEventKind::Drag(MouseButton::Left) => {
                if let Some(share) = self.gripped {
                    self.shape.share(share, Some(places.shared(share, at)));
                }
            }
            MouseEventKind::Up(MouseButton::Left) => {
                let gripped = self.gripped.take().is_some();
                if gripped {
                    fx.push(Effect::Shape(self.shape.written()));
                }
                return gripped;
            }
            _ => return false,
        }
        self.gripped.is_some()
    }

    fn wheel(&mut self, pane: Pane, by: isize, now: Now, fx: &mut Vec<Effect>) {
        match (pane, &mut self.view) {
            (Pane::Sidebar, _) => self.sidebar.step(by),
            (Pane::Reader, _) => {
                if let Some(pager) = &mut self.pager {
                    pager.scroll_by(by);
                }
            }
            (Pane::Index, View::Mail) => self.ask(fx, |p| p.index.step(by, now.mono)),
            (Pane::Index, _) => self.step_list(by),
        }
    }

    fn click(&mut self, pane: Pane, line: usize, height: usize, now: Now, fx: &mut Vec<Effect>) {
        let was_focused = self.focus == pane;
        self.focus = pane;
        match (pane, &mut self.view) {
            (Pane::Sidebar, _) => {
                let line = line + self.sidebar.top();
                if self.sidebar.select(line) {
                    self.open_entry(now, fx);
                }
            }
            (Pane::Index, View::Mail) => {
                let line = line / self.tall() + self.index.top();
                if line >= self.index.lines().len() {
                    return;
                }
                if was_focused && line == self.index.cursor() {
                    self.open_selected(now, fx);
                } else {
                    self.ask(fx, |p| p.index.select(line, now.mono));
                }
            }
            (Pane::Index, View::Outbox(outbox)) => outbox.click(line, height),
            (Pane::Index, View::Drafts(drafts)) => drafts.click(line, height),
            (Pane::Index, View::Accounts(_)) | (Pane::Reader, _) => {}
        }
    }

    /// Moves in a list other than the messages.
    pub fn step_list(&mut self, by: isize) {
        match &mut self.view {
            View::Outbox(outbox) => outbox.step(by),
            View::Drafts(drafts) => drafts.step(by),
            View::Accounts(scroll) => scroll.by(by),
            View::Mail => {}
        }
    }
}
