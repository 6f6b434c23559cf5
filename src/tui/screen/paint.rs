//! Putting cleaned text on cells. Everything that a screen writes goes through here, takes
//! exactly the columns it was given, and is a `Clean`, a literal, or built from them.

use crate::text::{Clean, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A row of cells that is written from left to right.
pub struct Row<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Row<'a> {
    /// The `line`th row of an area, its background set; `None` if it lies outside.
    pub fn new(buf: &'a mut Buffer, area: Rect, line: usize, style: Style) -> Option<Row<'a>> {
        let line = u16::try_from(line).ok()?;
        let y = area.y.checked_add(line)?;
        if line >= area.height || area.width == 0 {
            return None;
        }
        buf.set_style(Rect::new(area.x, y, area.width, 1), style);
        Some(Row {
            buf,
            x: area.x,
            y,
            end: area.right(),
        })
    }

    /// Columns left.
    pub fn left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Writes as much of the text as there is room for; the cells take the text's columns.
    pub fn text(&mut self, text: &Clean, style: Style) {
        self.raw(text.as_str(), style);
    }

    /// Writes a literal.
    pub fn lit(&mut self, text: &'static str, style: Style) {
        self.raw(text, style);
    }

    /// Writes text in exactly so many columns, cut with an ellipsis or padded.
    pub fn column(&mut self, text: &Clean, cols: usize, style: Style) {
        let cols = cols.min(self.left());
        let fitted = width::fit(text.as_str(), cols);
        let end = self.x.saturating_add(u16::try_from(cols).unwrap_or(0));
        self.raw(&fitted, style);
        // Whatever the terminal makes of it, the next column begins where it should.
        self.x = end.min(self.end);
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, cols: usize) {
        let cols = u16::try_from(cols).unwrap_or(u16::MAX);
        self.x = self.x.saturating_add(cols).min(self.end);
    }

    /// Writes text at the right end of what is left, if it fits with a cell to spare.
    pub fn right(&mut self, text: &Clean, style: Style) {
        let cols = width::width(text.as_str());
        if cols < self.left() {
            self.skip(self.left() - cols);
            self.raw(text.as_str(), style);
        }
    }

    fn raw(&mut self, text: &str, style: Style) {
        let room = self.left();
        if room > 0 {
            let (x, _) = self.buf.set_stringn(self.x, self.y, text, room, style);
            self.x = x;
        }
    }
}

/// Fills an area with spaces of a style.
pub fn fill(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

/// Says something in the middle of an area, wrapped.
pub fn say(buf: &mut Buffer, area: Rect, text: &Clean, style: Style) {
    let cols = usize::from(area.width.saturating_sub(4)).max(1);
    let lines = crate::text::wrap::wrap(text.as_str(), cols);
    let above = usize::from(area.height).saturating_sub(lines.len()) / 3;
    for (n, line) in lines.iter().enumerate() {
        let Some(mut row) = Row::new(buf, area, above + n, Style::default()) else {
            return;
        };
        let pad = row.left().saturating_sub(width::width(line)) / 2;
        row.skip(pad);
        row.text(&Clean::line(line), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_shift_their_neighbours() {
        let area = Rect::new(0, 0, 12, 1);
        for text in [
            "日本語日本語",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦",
            "",
            "abc\tdef\x1b[31m",
        ] {
            let mut buf = Buffer::empty(area);
            let mut row = Row::new(&mut buf, area, 0, Style::default()).unwrap();
            row.column(&Clean::line(text), 5, Style::default());
            row.lit("|x", Style::default());
            assert_eq!(buf.cell((5, 0)).unwrap().symbol(), "|", "{text:?}");
        }
    }

    #[test]
    fn nothing_is_written_outside() {
        let area = Rect::new(2, 1, 4, 1);
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 3));
        assert!(Row::new(&mut buf, area, 1, Style::default()).is_none());
        let mut row = Row::new(&mut buf, area, 0, Style::default()).unwrap();
        row.lit("abcdefgh", Style::default());
        row.right(&Clean::lit("z"), Style::default());
        assert_eq!(buf.cell((6, 1)).unwrap().symbol(), " ");
    }
}
