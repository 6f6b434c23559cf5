//! The editor on the screen.

use super::edit::Editor;
use super::rows::{self, shown};
use super::text::Place;
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// How parts of the text look.
pub struct Look<'a> {
    /// The text.
    pub text: Style,
    /// What is selected.
    pub selection: Style,
    /// Lines that quote.
    pub quote: Style,
    /// Words that are not known.
    pub wrong: Style,
    /// Which words of a line those are, in octets.
    pub misspelt: &'a dyn Fn(&str) -> Vec<Range<usize>>,
}

impl Editor {
    /// Whether the cursor is in the first row of the text.
    pub fn at_top(&self) -> bool {
        let cursor = self.cursor();
        cursor.line == 0 && rows::row_of(&self.view.rows(self.text(), 0), cursor.at) == 0
    }

    /// Moves the window by rows; the cursor stays.
    pub fn scroll(&self, by: isize) {
        self.view.scroll(self.text(), by);
    }

    /// The cursor does something: the window shows it again.
    pub fn view_follows(&self) {
        self.view.follow();
    }

    /// The place at a cell of the area that was drawn last.
    pub fn under(&self, column: usize, row: usize) -> Place {
        self.view.under(self.text(), column, row)
    }

    /// Draws what is seen, and says where the cursor stands if it is.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, look: &Look<'_>) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let text = self.text();
        self.view
            .resize(usize::from(area.width), usize::from(area.height));
        let (mut line, mut row) = self.view.reveal(text, self.cursor());
        self.view.top.set((line, row));
        let mut cursor = None;
        let mut rows = self.view.rows(text, line);
        let height = usize::from(area.height);
        let mut wrong = misspelt(text.line(line), &rows, row, height, look);
        for y in area.top()..area.bottom() {
            let Some(range) = rows.get(row).cloned() else {
                break;
            };
            let seen = Seen {
                line,
                range,
                last: row + 1 >= rows.len(),
                wrong: &wrong,
            };
            let found = self.draw_row(buf, Rect::new(area.x, y, area.width, 1), look, &seen);
            cursor = cursor.or(found);
            row += 1;
            if row >= rows.len() {
                (line, row) = (line + 1, 0);
                if line >= text.count() {
                    break;
                }
                rows = self.view.rows(text, line);
                wrong = misspelt(text.line(line), &rows, 0, height, look);
            }
        }
        cursor
    }

    fn draw_row(
        &self,
        buf: &mut Buffer,
        area: Rect,
        look: &Look<'_>,
        seen: &Seen<'_>,
    ) -> Option<Position> {
        let whole = self.text().line(seen.line);
        let base = match whole.starts_with('>') {
            true => look.text.patch(look.quote),
            false => look.text,
        };
        let here = self.cursor();
        let selection = self.selection();
        let is_selected = |at: usize| {
            let place = Place {
                line: seen.line,
                at,
            };
            selection.is_some_and(|(from, to)| from <= place && place < to)
        };
        let mut cursor = None;
        let mut column = 0usize;
        let x = |column: usize| {
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            area.x.saturating_add(column)
        };
        let stand = |column: usize| {
            let last = area.right().saturating_sub(1);
            Some(Position::new(x(column).min(last), area.y))
        };
        for (at, symbol) in whole
            .get(seen.range.clone())
            .unwrap_or("")
            .grapheme_indices(true)
        {
            let at = seen.range.start + at;
            // What was typed beside it may have made one grapheme of two: it stands before both.
            let within = at..at + symbol.len();
            if here.line == seen.line && within.contains(&here.at) {
                cursor = stand(column);
            }
            let drawn = shown(symbol, column);
            let wide = width::width(&drawn);
            if column + wide > usize::from(area.width) {
                // Spaces that stick out at a soft break.
                continue;
            }
            let mut style = base;
            if seen.wrong.iter().any(|w| w.contains(&at)) {
                style = style.patch(look.wrong);
            }
            if is_selected(at) {
                style = style.patch(look.selection);
            }
            buf.set_stringn(x(column), area.y, drawn.as_ref(), wide, style);
            column += wide;
        }
        let end = seen.range.end;
        if seen.last {
            if here.line == seen.line && here.at == end {
                cursor = stand(column);
            }
            // A selected line end shows as one cell.
            if is_selected(end) && column < usize::from(area.width) {
                buf.set_stringn(x(column), area.y, " ", 1, look.selection);
            }
        }
        cursor
    }
}

/// The words that are not known among those of a line that can be seen: so many rows from one on.
fn misspelt(
    line: &str,
    rows: &[Range<usize>],
    row: usize,
    height: usize,
    look: &Look<'_>,
) -> Vec<Range<usize>> {
    let begin = rows.get(row).map_or(0, |r| r.start);
    let end = rows.get(row + height).map_or(line.len(), |r| r.start);
    let (before, _) = line.split_at_checked(begin).unwrap_or((line, ""));
    let (_, behind) = line.split_at_checked(end).unwrap_or(("", ""));
    // Whole words.
    let begin = before.rfind(char::is_whitespace).unwrap_or(0);
    let end = end + behind.find(char::is_whitespace).unwrap_or(behind.len());
    let mut wrong = (look.misspelt)(line.get(begin..end).unwrap_or(""));
    for word in &mut wrong {
        *word = word.start + begin..word.end + begin;
    }
    wrong
}

/// A row of a line.
struct Seen<'a> {
    line: usize,
    range: Range<usize>,
    /// Whether it is its line's last.
    last: bool,
    wrong: &'a [Range<usize>],
}
