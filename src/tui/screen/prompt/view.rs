//! The line on the screen: where it and what it could become stand, and what a click there means.

use super::{Kind, LISTED, Outcome, PATHS, Prompt};
use crate::text::{Clean, width, wrap};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use crate::tui::widget::popup;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Where everything stands.
struct Shape {
    /// The row at the bottom.
    row: Rect,
    /// What stands before the field.
    label: Clean,
    /// Where one types.
    field: Rect,
    /// What is said above it, line by line.
    said: Vec<String>,
    /// Where that stands, and below it what the line could become; may be empty.
    above: Rect,
    /// Columns for the names of that.
    names: usize,
}

impl Prompt {
    /// Draws it in the last row of the screen, what it could become above it, and says where the
    /// cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        let shape = self.shape(screen, theme.is_linear())?;
        let base = theme.style("popup.text");
        fill(buf, shape.row, base);
        Ink::row(buf, shape.row, 0)?.put(&shape.label, base.patch(theme.style("popup.key")));
        let typed = base.patch(theme.style("input.text"));
        let cursor = self.input.draw(buf, shape.field, typed, self.mask());
        self.draw_above(buf, &shape, theme);
        cursor
    }

    /// Takes a click: the cursor goes there, or what is clicked stands in the line.
    pub fn click(&mut self, screen: Rect, at: Position) -> Outcome {
        let Some(shape) = self.shape(screen, false) else {
            return Outcome::Stay;
        };
        if shape.field.contains(at) {
            let column = usize::from(at.x - shape.field.x);
            let edit = self
                .input
                .click(column, usize::from(shape.field.width), self.mask());
            return self.edited(edit);
        }
        if !shape.above.contains(at) {
            return Outcome::Stay;
        }
        let row = usize::from(at.y - shape.above.y);
        let line = row.checked_sub(shape.said.len());
        match line.and_then(|row| self.list.hit(row)) {
            Some(line) => {
                self.list.select(line);
                self.take()
            }
            None => Outcome::Stay,
        }
    }

    /// What is shown instead of what is typed.
    fn mask(&self) -> Option<&'static str> {
        matches!(self.kind, Kind::Password).then_some("•")
    }

    fn shape(&self, screen: Rect, linear: bool) -> Option<Shape> {
        let row = screen.rows().next_back()?;
        let label = fitting(self.label.as_str(), usize::from(row.width) / 2);
        let columns = u16::try_from(width::width(label.as_str())).unwrap_or(u16::MAX);
        let x = row.x.saturating_add(columns);
        let field = Rect::new(x, row.y, row.right().saturating_sub(x), 1);
        // The status line stays whole.
        let most = usize::from(screen.height.saturating_sub(2));
        let said = self.error.as_ref().or(self.remark.as_ref());
        let room = usize::from(screen.width).saturating_sub(2).max(1);
        let said = said.map_or_else(Vec::new, |text| wrap::wrap(text.as_str(), room));
        let listed = match self.kind {
            Kind::Path => PATHS,
            _ => LISTED,
        };
        let rows = (self.found.len().min(listed) + said.len()).min(most);
        let names = self.found.iter().map(|c| width::width(c.label.as_str()));
        let widest = match self.kind {
            // Nothing stands behind a name.
            Kind::Path => usize::from(screen.width).saturating_sub(2),
            _ => usize::from(screen.width) / 2,
        };
        let names = names.max().unwrap_or(0).min(widest);
        let whole = !said.is_empty() || linear;
        let columns = if whole { 400 } else { names + 50 };
        let columns = u16::try_from(columns).unwrap_or(u16::MAX).max(20);
        let y = screen.bottom().saturating_sub(2);
        let over = Rect {
            height: screen.height.saturating_sub(1),
            ..screen
        };
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        Some(Shape {
            row,
            label,
            field,
            said,
            above: popup::beside(over, x.saturating_sub(1), y, columns, rows),
            names,
        })
    }

    fn draw_above(&self, buf: &mut Buffer, shape: &Shape, theme: &Theme) {
        let area = shape.above;
        if area.height == 0 {
            return;
        }
        let base = theme.style("popup.text");
        fill(buf, area, base);
        let bad = self.error.is_some();
        let look = theme.style(if bad { "notice.error" } else { "notice.info" });
        let look = base.patch(look);
        for (n, line) in shape.said.iter().enumerate() {
            if let Some(mut ink) = Ink::row(buf, area, n) {
                ink.skip(1).put(&Clean::line(line), look);
            }
        }
        let said = shape.said.len();
        let height = usize::from(area.height).saturating_sub(said);
        for (n, line) in self.list.seen(height).enumerate() {
            let (Some(found), Some(mut ink)) =
                (self.found.get(line), Ink::row(buf, area, n + said))
            else {
                continue;
            };
            let mut look = base;
            if self.taken && line == self.list.cursor() {
                look = base.patch(theme.style("popup.selected"));
                ink.tint(look);
            }
            let dye = found.tag.as_ref().map(|name| theme.tag_called(name));
            let named = dye.map_or(look, |dye| look.patch(dye));
            ink.skip(1).column(&found.label, shape.names, named);
            ink.skip(2)
                .put(&found.about, look.patch(theme.style("popup.dim")));
        }
    }
}

/// A label in so many columns: what is told in parentheses goes before anything is cut off.
fn fitting(label: &str, room: usize) -> Clean {
    let told = label
        .split_once(" (")
        .and_then(|(head, rest)| Some((head, rest.split_once(')')?.1)));
    match told {
        Some((head, tail)) if width::width(label) > room => {
            Clean::line(&width::cut(&format!("{head}{tail}"), room))
        }
        _ => Clean::line(&width::cut(label, room)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::command::Context;
    use crate::tui::screen::prompt::{Known, Words};

    #[test]
    fn what_stands_in_parentheses_goes_before_a_label_is_cut() {
        let label = "Put off until (`now` brings back): ";
        assert_eq!(fitting(label, 40).as_str(), label);
        assert_eq!(fitting(label, 20).as_str(), "Put off until: ");
        assert_eq!(fitting("Move to the mailbox: ", 9).as_str(), "Move to …");
    }

    #[test]
    fn a_click_places_the_cursor_and_takes_what_is_listed() {
        let screen = Rect::new(0, 0, 60, 20);
        let theme = Theme::default();
        let draw = |prompt: &Prompt| {
            let mut buf = Buffer::empty(screen);
            let cursor = prompt.draw(&mut buf, screen, &theme).unwrap();
            (buf, cursor.x)
        };
        let mut prompt = Prompt::search("日本 lunch", Known::default());
        draw(&prompt);
        for (x, before, stands) in [
            (1, "", 1),
            (4, "日", 3),
            (8, "日本 lu", 8),
            (40, "日本 lunch", 11),
        ] {
            prompt.click(screen, Position::new(x, 19));
            assert_eq!((prompt.input.before(), draw(&prompt).1), (before, stands));
        }
        let mut prompt = Prompt::command(Context::Index, Words::default(), "reply");
        let (buf, _) = draw(&prompt);
        let row = (0..19).find(|y| {
            let cells = (0..60).filter_map(|x| buf.cell((x, *y)));
            let line: String = cells.map(|cell| cell.symbol()).collect();
            line.contains("reply-list")
        });
        prompt.click(screen, Position::new(3, row.unwrap()));
        assert_eq!(prompt.text().trim_end(), "reply-list");
    }
}
