//! The window onto the text: what is seen of it, and how places and cells go together.

use super::rows;
use super::text::{Place, Text};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

/// A longer line's rows are kept between frames.
const LONG: usize = 4_096;

/// Of how many long lines: those that can be seen together.
const KEPT: usize = 4;

/// The rows of one long line, and of which text they are.
#[derive(Clone, Debug)]
struct Kept {
    line: usize,
    text: String,
    cols: usize,
    rows: Rc<Vec<Range<usize>>>,
}

/// The window's size and place.
#[derive(Clone, Debug)]
pub struct Window {
    cols: Cell<usize>,
    height: Cell<usize>,
    /// The first row that is seen: the line, and the row within it.
    pub(super) top: Cell<(usize, usize)>,
    /// Whether the window was moved by hand and need not show the cursor.
    free: Cell<bool>,
    /// The one used last comes first.
    kept: RefCell<Vec<Kept>>,
}

impl Default for Window {
    fn default() -> Window {
        Window {
            cols: Cell::new(80),
            height: Cell::new(24),
            top: Cell::new((0, 0)),
            free: Cell::new(false),
            kept: RefCell::default(),
        }
    }
}

impl Window {
    /// Gives the window a size.
    pub fn resize(&self, cols: usize, height: usize) {
        self.cols.set(cols.max(1));
        self.height.set(height.max(1));
    }

    /// Rows that a page goes on.
    pub fn page(&self) -> isize {
        isize::try_from(self.height.get().saturating_sub(1).max(1)).unwrap_or(1)
    }

    pub(super) fn rows(&self, text: &Text, number: usize) -> Rc<Vec<Range<usize>>> {
        let (cols, line) = (self.cols.get(), text.line(number));
        if line.len() < LONG {
            return Rc::new(rows::rows(line, cols));
        }
        let mut kept = self.kept.borrow_mut();
        let at = kept.iter().position(|k| k.line == number);
        let old = at.map(|at| kept.remove(at)).filter(|k| k.cols == cols);
        let rows = match &old {
            Some(old) if old.text == line => Rc::clone(&old.rows),
            Some(old) => Rc::new(rows::rows_again(line, cols, &old.text, &old.rows)),
            None => Rc::new(rows::rows(line, cols)),
        };
        let text = match old {
            Some(old) if old.text == line => old.text,
            _ => line.to_owned(),
        };
        kept.truncate(KEPT - 1);
        let fresh = Kept {
            line: number,
            text,
            cols,
            rows: Rc::clone(&rows),
        };
        kept.insert(0, fresh);
        rows
    }

    /// The column of the screen where a place is drawn.
    pub fn column(&self, text: &Text, place: Place) -> usize {
        let rows = self.rows(text, place.line);
        let row = rows.get(rows::row_of(&rows, place.at)).cloned();
        let start = row.map_or(0, |r| r.start);
        rows::columns(text.line(place.line).get(start..place.at).unwrap_or(""))
    }

    /// The place so many rows below (or above), nearest to a column.
    pub fn step(&self, text: &Text, from: Place, by: isize, column: usize) -> Place {
        let rows = self.rows(text, from.line);
        let row = rows::row_of(&rows, from.at);
        let (line, row) = self.walk(text, (from.line, row), by);
        self.place(text, line, row, column)
    }

    fn place(&self, text: &Text, line: usize, row: usize, column: usize) -> Place {
        let rows = self.rows(text, line);
        let last = row + 1 >= rows.len();
        let at = rows
            .get(row)
            .map_or(0, |r| rows::place_at(text.line(line), r, last, column));
        Place { line, at }
    }

    /// So many rows on from a row, as far as there are any.
    fn walk(&self, text: &Text, from: (usize, usize), by: isize) -> (usize, usize) {
        let (mut line, mut row) = from;
        let mut left = by.unsigned_abs();
        while left > 0 {
            if by < 0 {
                if row >= left {
                    return (line, row - left);
                }
                let Some(before) = line.checked_sub(1) else {
                    return (0, 0);
                };
                left -= row + 1;
                line = before;
                row = self.rows(text, line).len().saturating_sub(1);
            } else {
                let rest = self.rows(text, line).len().saturating_sub(row + 1);
                if rest >= left {
                    return (line, row + left);
                }
                if line + 1 >= text.count() {
                    return (line, row + rest);
                }
                left -= rest + 1;
                line += 1;
                row = 0;
            }
        }
        (line, row)
    }

    /// Moves the window by rows; the cursor stays.
    pub fn scroll(&self, text: &Text, by: isize) {
        self.top.set(self.walk(text, self.sound(text), by));
        self.free.set(true);
    }

    /// The cursor did something: it is to be seen.
    pub fn follow(&self) {
        self.free.set(false);
    }

    /// The first row that is seen, if it still exists.
    fn sound(&self, text: &Text) -> (usize, usize) {
        let (line, row) = self.top.get();
        if line >= text.count() {
            return (text.count().saturating_sub(1), 0);
        }
        let rows = self.rows(text, line).len();
        (line, row.min(rows.saturating_sub(1)))
    }

    /// Moves the window as little as shows the cursor.
    pub(super) fn reveal(&self, text: &Text, cursor: Place) -> (usize, usize) {
        let top = self.sound(text);
        if self.free.get() {
            return top;
        }
        let rows = self.rows(text, cursor.line);
        let here = (cursor.line, rows::row_of(&rows, cursor.at));
        if here < top {
            return here;
        }
        let above = isize::try_from(self.height.get().saturating_sub(1)).unwrap_or(0);
        top.max(self.walk(text, here, -above))
    }

    /// The place that is drawn at a cell of the window.
    pub fn under(&self, text: &Text, column: usize, row: usize) -> Place {
        let down = isize::try_from(row).unwrap_or(0);
        let (line, row) = self.walk(text, self.sound(text), down);
        self.place(text, line, row, column)
    }
}
