//! One frame: the panes, what is written, what covers them, and where the cursor stands.

use super::App;
use crate::tui::app::draw;
use crate::tui::app::keys::Hint;
use crate::tui::command::Command;
use crate::tui::linear;
use crate::tui::screen::paint::ground;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

impl App {
    /// Draws one frame.
    pub fn draw(&self, frame: &mut Frame, wall: i64) {
        let cursor = self.paint(frame.buffer_mut(), wall);
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }

    /// Draws on a buffer; says where the cursor stands, if there is one.
    pub fn paint(&self, buf: &mut Buffer, wall: i64) -> Option<Position> {
        let (hints, begun) = (self.hints(), self.keys.has_begun());
        let theme = self.dress.theme();
        draw::draw(&self.panes, &hints, begun, wall, theme, buf);
        let screen = buf.area;
        let places = self.panes.places()?;
        let mut cursor = self.desk.draw(buf, self.panes.size, wall, theme);
        for layer in &self.layers {
            if theme.is_linear() {
                linear::cover(buf);
            }
            cursor = layer.draw(buf, screen, theme);
        }
        self.draw_choices(buf, theme);
        ground(buf, theme.style("screen.back"));
        if theme.is_linear() {
            // There is always something that is read.
            let said = Position::new(places.status.x, places.status.y);
            cursor = linear::settle(buf, cursor).or(Some(said));
        }
        self.panes.signs.finish(buf);
        cursor
    }

    pub(super) fn hints(&self) -> Vec<Hint> {
        let panes = &self.panes;
        let writing = self.desk.has_keys();
        let fits = |c| match c {
            Command::PutAside => writing || panes.taken > 0,
            c => writing || panes.can(c),
        };
        let hints = self.keys.hints(self.context(), fits);
        if writing || self.keys.has_begun() {
            return hints;
        }
        let tour = self.tour.hints(self.keys.map(), panes.size.0);
        tour.into_iter().chain(hints).collect()
    }
}
