//! Which row stands where.

use super::{Outbox, TALL};
use crate::tui::widget::bar::Extent;

impl Outbox {
    /// Selects the row at a line of the list (a click).
    pub fn click(&mut self, line: usize, height: usize) {
        let mut below = line;
        for n in self.top(height)..self.len() {
            let tall = self.tall(n);
            if below < tall {
                self.cursor = n;
                return;
            }
            below -= tall;
        }
    }

    /// Lines that a row takes.
    pub(super) fn tall(&self, n: usize) -> usize {
        if n == self.cursor {
            self.unfolded.get().max(TALL)
        } else {
            TALL
        }
    }

    /// The rows above the selected one that fit with it into so many lines.
    fn above(&self, height: usize) -> usize {
        height.saturating_sub(self.tall(self.cursor)) / TALL
    }

    /// The row at the top of so many lines.
    pub(super) fn top(&self, height: usize) -> usize {
        self.cursor.saturating_sub(self.above(height))
    }

    /// All rows, and which of them are seen in so many lines: no more than fit with the unfolded one.
    pub fn extent(&self, height: usize) -> Extent {
        Extent {
            whole: self.len(),
            top: self.top(height),
            seen: self.above(height) + 1,
        }
    }

    /// Shows this row at the top of so many lines, and selects the last that is seen then, if that is
    /// unfolded to as many lines as the one that was.
    pub fn to(&mut self, top: usize, height: usize) {
        let last = top + self.above(height);
        self.cursor = last.min(self.len().saturating_sub(1));
    }
}
