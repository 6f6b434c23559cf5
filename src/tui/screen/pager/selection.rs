//! What the mouse was dragged over: from one cell of the lines to another.

use super::document::DocLine;
use crate::text::width;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// A line and a column.
type Cell = (usize, usize);

/// A stretch of lines, whichever end was pressed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    pressed: Cell,
    to: Cell,
}

impl Selection {
    /// Begins where the button was pressed.
    pub fn at(line: usize, column: usize) -> Selection {
        let cell = (line, column);
        Selection {
            pressed: cell,
            to: cell,
        }
    }

    /// Goes to where the mouse is.
    pub fn drag(&mut self, line: usize, column: usize) {
        self.to = (line, column);
    }

    /// Whether it holds nothing: a click.
    pub fn is_empty(&self) -> bool {
        self.pressed == self.to
    }

    /// Its lines.
    pub fn lines(&self) -> Range<usize> {
        let (from, to) = (self.pressed.min(self.to), self.pressed.max(self.to));
        if self.is_empty() {
            0..0
        } else {
            from.0..to.0 + 1
        }
    }

    /// The columns of a line that are in it, if some are.
    pub fn columns(&self, line: usize) -> Option<Range<usize>> {
        let (from, to) = (self.pressed.min(self.to), self.pressed.max(self.to));
        if !self.lines().contains(&line) {
            return None;
        }
        let begin = if line == from.0 { from.1 } else { 0 };
        let end = if line == to.0 { to.1 + 1 } else { usize::MAX };
        Some(begin..end)
    }

    /// What is in it of a line, without the blanks at its end.
    pub fn cut(&self, number: usize, line: &DocLine) -> String {
        let columns = self.columns(number).unwrap_or(0..0);
        let whole: String = line.iter().map(|(text, _)| text.as_str()).collect();
        let mut column = 0;
        let mut kept = String::new();
        for symbol in whole.graphemes(true) {
            if columns.contains(&column) {
                kept.push_str(symbol);
            }
            column += width::width(symbol);
        }
        kept.trim_end().to_owned()
    }
}
