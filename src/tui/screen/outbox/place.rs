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

    /// The row at the top of so many lines.
    pub(super) fn top(&self, height: usize) -> usize {
        let above = height.saturating_sub(self.tall(self.cursor)) / TALL;
        self.cursor.saturating_sub(above)
    }

    /// All rows, and which of them are seen in so many lines.
    pub fn extent(&self, height: usize) -> Extent {
        Extent {
            whole: self.len(),
            top: self.top(height),
            seen: (height / TALL).max(1),
        }
    }

    /// Shows this row at the top of so many lines, and selects the last that is seen then.
    pub fn to(&mut self, top: usize, height: usize) {
        let seen = (height / TALL).max(1);
        self.cursor = (top + seen - 1).min(self.len().saturating_sub(1));
    }
}
