//! Where everything stands, from the size of the terminal alone: beside each other where there is
//! room, below each other where there is less, one at a time where there is little.

use crate::config::ReaderPlace;
use crate::tui::screen::pager_view::GUTTER;
use ratatui::layout::Rect;

/// The smallest terminal that can be used.
pub const SMALLEST: (u16, u16) = (40, 12);

/// What keys go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The mailboxes.
    Sidebar,
    /// The list.
    Index,
    /// The reader.
    Reader,
}

/// A pane's title line and what is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Titled {
    /// One line.
    pub title: Rect,
    /// The rest.
    pub inner: Rect,
}

/// Where everything stands; `None`: not on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The sidebar.
    pub sidebar: Option<Titled>,
    /// The index, or the list shown instead.
    pub index: Option<Titled>,
    /// The reader.
    pub reader: Option<Titled>,
    /// The status line.
    pub status: Rect,
    /// The key hints.
    pub hints: Rect,
}

impl Places {
    /// For a terminal of this size; `None`: too small. `open`: there is something to read, which
    /// the user wants to stand at `reader` where there is room.
    pub fn of(size: (u16, u16), focus: Pane, open: bool, reader: ReaderPlace) -> Option<Places> {
        let (cols, rows) = size;
        if cols < SMALLEST.0 || rows < SMALLEST.1 {
            return None;
        }
        let body = Rect::new(0, 0, cols, rows - 2);
        let mut places = Places {
            sidebar: None,
            index: None,
            reader: None,
            status: Rect::new(0, rows - 2, cols, 1),
            hints: Rect::new(0, rows - 1, cols, 1),
        };
        let mut main = body;
        // While something is read, its text needs the columns more than the mailboxes do.
        let roomy = cols
            >= if open && focus != Pane::Sidebar {
                100
            } else {
                80
            };
        if roomy {
            let wide = (cols / 6).clamp(20, 30);
            let (left, right) = columns(body, wide);
            places.sidebar = Some(titled(left));
            main = right;
        } else if focus == Pane::Sidebar {
            places.sidebar = Some(titled(body));
            return Some(places);
        }
        if !open {
            places.index = Some(titled(main));
        } else if match reader {
            ReaderPlace::Auto => cols >= 120,
            ReaderPlace::Right => cols >= 90,
            ReaderPlace::Below | ReaderPlace::Full => false,
        } {
            let (left, right) = columns(main, (main.width * 2 / 5).clamp(44, 90));
            places.index = Some(titled(left));
            places.reader = Some(titled(right));
        } else if match reader {
            ReaderPlace::Auto => rows >= 30,
            ReaderPlace::Below => rows >= 20,
            ReaderPlace::Right | ReaderPlace::Full => false,
        } {
            let (above, below) = rows_of(main, (main.height / 3).max(8));
            places.index = Some(titled(above));
            places.reader = Some(titled(below));
        } else if focus == Pane::Reader {
            places.reader = Some(titled(main));
        } else {
            places.index = Some(titled(main));
        }
        Some(places)
    }

    /// The same with the lines below as wide as the terminal.
    pub fn below(mut self, cols: u16) -> Places {
        self.status.width = cols;
        self.hints.width = cols;
        self
    }

    /// Columns that a message is laid out for in a reader opened now.
    pub fn reader_columns(size: (u16, u16), reader: ReaderPlace) -> u16 {
        let reader = Places::of(size, Pane::Reader, true, reader).and_then(|p| p.reader);
        text_columns(reader.map_or(60, |r| r.inner.width))
    }
}

/// Columns of text in a reader of so many columns: lines of more than 110 are hard to read.
pub fn text_columns(cols: u16) -> u16 {
    cols.saturating_sub(GUTTER + 1).clamp(20, 110)
}

/// Splits off so many columns on the left, with one column between.
fn columns(area: Rect, left: u16) -> (Rect, Rect) {
    let left = left.min(area.width.saturating_sub(1));
    let right = Rect {
        x: area.x + left + 1,
        width: area.width - left - 1,
        ..area
    };
    (
        Rect {
            width: left,
            ..area
        },
        right,
    )
}

/// Splits off so many rows above.
fn rows_of(area: Rect, above: u16) -> (Rect, Rect) {
    let above = above.min(area.height);
    let below = Rect {
        y: area.y + above,
        height: area.height - above,
        ..area
    };
    (
        Rect {
            height: above,
            ..area
        },
        below,
    )
}

fn titled(area: Rect) -> Titled {
    let (title, inner) = rows_of(area, 1);
    Titled { title, inner }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_reader_stands_where_there_is_room() {
        let at =
            |cols, rows| Places::of((cols, rows), Pane::Reader, true, ReaderPlace::Auto).unwrap();
        let wide = at(160, 40);
        assert_eq!(wide.index.unwrap().title.y, wide.reader.unwrap().title.y);
        let tall = at(80, 40);
        assert_eq!(tall.index.unwrap().title.x, tall.reader.unwrap().title.x);
        assert!(at(80, 24).index.is_none());
        assert!(at(40, 12).sidebar.is_none());
        assert_eq!(
            Places::of((39, 50), Pane::Index, false, ReaderPlace::Auto),
            None
        );
        assert_eq!(
            Places::of((50, 11), Pane::Index, false, ReaderPlace::Auto),
            None
        );
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_nothing_leaves_the_screen(
            cols in 40u16..400, rows in 12u16..120, open: bool, focus in 0..3u8,
        ) {
            let focus = [Pane::Sidebar, Pane::Index, Pane::Reader][usize::from(focus)];
            let places = Places::of((cols, rows), focus, open, ReaderPlace::Auto).unwrap();
            let screen = Rect::new(0, 0, cols, rows);
            let mut all = vec![places.status, places.hints];
            for pane in [places.sidebar, places.index, places.reader].into_iter().flatten() {
                all.extend([pane.title, pane.inner]);
            }
            for (n, a) in all.iter().enumerate() {
                prop_assert!(screen.intersection(*a) == *a && a.width > 0 && a.height > 0);
                for b in &all[n + 1..] {
                    prop_assert!(a.intersection(*b).is_empty(), "{a} {b}");
                }
            }
        }
    }
}
