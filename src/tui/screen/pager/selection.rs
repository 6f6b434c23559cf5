//! What the mouse was dragged over: from one cell of the lines to another.

use super::document::DocLine;
use crate::text::bidi::{self, Place};
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
        let mut column = 0;
        let mut kept = String::new();
        for pieces in line.chunk_by(|a, b| a.1.goes_on(b.1)) {
            let whole: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
            let symbols: Vec<&str> = whole.graphemes(true).collect();
            let mut chosen = vec![false; symbols.len()];
            for n in drawn(&symbols).iter().map(|place| place.symbol) {
                if let (Some(symbol), Some(chosen)) = (symbols.get(n), chosen.get_mut(n)) {
                    *chosen = columns.contains(&column);
                    column += width::width(symbol);
                }
            }
            // Where it is seen decides what is taken; it is written as it is read.
            let taken = symbols.iter().zip(chosen).filter(|(_, chosen)| *chosen);
            kept.extend(taken.map(|(symbol, _)| *symbol));
        }
        kept.trim_end().to_owned()
    }
}

/// The symbols of a text, as they are drawn from the left. What is blank at its end stays there.
pub fn drawn(symbols: &[&str]) -> Vec<Place> {
    let blank = symbols.iter().rev().take_while(|s| s.trim().is_empty());
    let until = symbols.len() - blank.count();
    let text = symbols.get(..until).unwrap_or_default();
    let as_read = |symbol| Place {
        symbol,
        mirrored: false,
    };
    let mut all = bidi::order(text).unwrap_or_else(|| (0..until).map(as_read).collect());
    all.extend((until..symbols.len()).map(as_read));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::render::Mark;
    use crate::text::Clean;
    use crate::tui::screen::pager::Tone;

    #[test]
    fn what_is_seen_is_taken_as_it_is_read() {
        let text = |text: &str, mark| (Clean::line(text), Tone::Text(mark, 0));
        let line = vec![
            text("│ ", Mark::Quote(1)),
            text("אבג ", Mark::Plain),
            text("דהו", Mark::Strong),
        ];
        // Drawn as "│ והד גבא": of the first word two letters, and one of the second.
        let mut selection = Selection::at(0, 4);
        selection.drag(0, 7);
        assert_eq!(selection.cut(0, &line), "בג ד");
    }
}
