//! Where everything stands, from the size of the terminal alone: beside each other where there is
//! room, below each other where there is less, one at a time where there is little.

use crate::config::Arrangement;
use crate::tui::arrange::{LIST, SIDEBAR, Shape, Share};
use crate::tui::screen::pager_view::GUTTER;
use ratatui::layout::{Position, Rect};

/// The smallest terminal that can be used.
pub const SMALLEST: (u16, u16) = (40, 12);

/// The fewest columns of a list beside a message, and of the message.
const BESIDE: (u16, u16) = (24, 30);
/// The fewest rows of a list above a message, and of the message, with their titles.
const ABOVE: (u16, u16) = (4, 6);

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
    /// What list and message share.
    main: Rect,
}

impl Places {
    /// For a terminal of this size; `None`: too small. `open`: there is something to read, which
    /// the user wants to stand as `shape` says where there is room.
    pub fn of(size: (u16, u16), focus: Pane, open: bool, shape: &Shape) -> Option<Places> {
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
            main: body,
        };
        let layout = shape.layout();
        let mut main = body;
        // While something is read, its text needs the columns more than the mailboxes do.
        let wanted = !matches!(layout, Arrangement::Two | Arrangement::Single);
        let enough = match open && focus != Pane::Sidebar {
            true => 100,
            false => 80,
        };
        if cols >= enough && (wanted || focus == Pane::Sidebar) {
            let usual = (cols / 6).clamp(20, 30);
            let wide = shape.of(Share::Sidebar).unwrap_or(usual);
            let (left, right) = columns(body, wide.min(most_aside(cols)));
            places.sidebar = Some(titled(left));
            main = right;
        } else if focus == Pane::Sidebar {
            places.sidebar = Some(titled(body));
            return Some(places);
        }
        places.main = main;
        let list = |share, whole: u16| shape.of(share).map(|part| part_of(whole, part));
        if !open {
            places.index = Some(titled(main));
        } else if match layout {
            Arrangement::Auto => cols >= 120,
            Arrangement::Three | Arrangement::Two => cols >= 90,
            Arrangement::Stacked | Arrangement::Single => false,
        } {
            let usual = (main.width * 2 / 5).clamp(44, 90);
            let wide = list(Share::Beside, main.width).unwrap_or(usual);
            let (left, right) = columns(main, between(wide, main.width, BESIDE));
            places.index = Some(titled(left));
            places.reader = Some(titled(right));
        } else if match layout {
            Arrangement::Auto => rows >= 30,
            Arrangement::Three | Arrangement::Two => rows >= 24,
            Arrangement::Stacked => rows >= 20,
            Arrangement::Single => false,
        } {
            let usual = (main.height / 3).max(8);
            let high = list(Share::Above, main.height).unwrap_or(usual);
            let (above, below) = rows_of(main, between(high, main.height, ABOVE));
            places.index = Some(titled(above));
            places.reader = Some(titled(below));
        } else if focus == Pane::Reader {
            places.reader = Some(titled(main));
        } else {
            places.index = Some(titled(main));
        }
        Some(places)
    }

    /// One pane, whatever the room: that which keys go to.
    pub fn one(size: (u16, u16), focus: Pane, open: bool) -> Option<Places> {
        let focus = match focus {
            Pane::Reader if !open => Pane::Index,
            focus => focus,
        };
        // What has room for one only.
        let alone = Shape::new(Arrangement::Single);
        let place = Places::of((size.0.min(SMALLEST.0), size.1), focus, open, &alone);
        let wide = |pane: Titled| Titled {
            title: Rect {
                width: size.0,
                ..pane.title
            },
            inner: Rect {
                width: size.0,
                ..pane.inner
            },
        };
        place.map(|p| Places {
            sidebar: p.sidebar.map(wide),
            index: p.index.map(wide),
            reader: p.reader.map(wide),
            ..p.below(size.0)
        })
    }

    /// The same with the lines below as wide as the terminal.
    pub fn below(mut self, cols: u16) -> Places {
        self.status.width = cols;
        self.hints.width = cols;
        self
    }

    /// The border between panes at a cell: the column between two, or the title below the list.
    pub fn border(&self, at: Position) -> Option<Share> {
        let body = at.y < self.status.y;
        let main = self.index.or(self.reader);
        if let (Some(side), Some(_)) = (self.sidebar, main)
            && body
            && at.x == side.title.right()
        {
            return Some(Share::Sidebar);
        }
        let (index, reader) = self.index.zip(self.reader)?;
        match self.between_them()? {
            Share::Beside => (body && at.x == index.title.right()).then_some(Share::Beside),
            share => reader.title.contains(at).then_some(share),
        }
    }

    /// How list and message share their room, if both are there.
    fn between_them(&self) -> Option<Share> {
        let (index, reader) = self.index.zip(self.reader)?;
        Some(match index.title.y == reader.title.y {
            true => Share::Beside,
            false => Share::Above,
        })
    }

    /// What a border at this cell would make of how the room is shared: columns, or thousandths.
    pub fn shared(&self, share: Share, at: Position) -> u16 {
        let main = self.main;
        match share {
            Share::Sidebar => {
                let most = most_aside(main.right());
                at.x.clamp(SIDEBAR.0.min(most), most)
            }
            Share::Beside => {
                let wide = between(at.x.saturating_sub(main.x), main.width, BESIDE);
                thousandths(wide, main.width)
            }
            Share::Above => {
                let high = between(at.y.saturating_sub(main.y), main.height, ABOVE);
                thousandths(high, main.height)
            }
        }
    }

    /// Which border makes a pane larger or smaller, and how the room is shared when it is moved by
    /// a step: `1` for larger. `None`: the pane is alone.
    pub fn resized(&self, pane: Pane, by: i16) -> Option<(Share, u16)> {
        let side = self
            .sidebar
            .filter(|_| self.index.or(self.reader).is_some());
        let (share, by) = match (pane, self.between_them()) {
            (Pane::Sidebar, _) => (side.map(|_| Share::Sidebar)?, by),
            (Pane::Index, Some(share)) => (share, by),
            (Pane::Reader, Some(share)) => (share, -by),
            (_, None) => (side.map(|_| Share::Sidebar)?, -by),
        };
        let mut at = match share {
            Share::Sidebar => Position::new(side?.title.right(), 0),
            Share::Beside => Position::new(self.index?.title.right(), 0),
            Share::Above => Position::new(0, self.reader?.title.y),
        };
        at.x = at.x.saturating_add_signed(2 * by);
        at.y = at.y.saturating_add_signed(by);
        Some((share, self.shared(share, at)))
    }

    /// Columns that a message is laid out for in a reader opened now.
    pub fn reader_columns(size: (u16, u16), shape: &Shape) -> u16 {
        let reader = Places::of(size, Pane::Reader, true, shape).and_then(|p| p.reader);
        text_columns(reader.map_or(60, |r| r.inner.width))
    }
}

/// Columns of text in a reader of so many columns: lines of more than 110 are hard to read.
pub fn text_columns(cols: u16) -> u16 {
    cols.saturating_sub(GUTTER + 1).clamp(20, 110)
}

/// Columns that the mailboxes may have at most in a terminal of so many.
fn most_aside(cols: u16) -> u16 {
    SIDEBAR.1.min(cols / 2)
}

/// So many thousandths of it.
fn part_of(whole: u16, part: u16) -> u16 {
    let part = u32::from(whole) * u32::from(part.clamp(LIST.0, LIST.1));
    u16::try_from((part + 500) / 1000).unwrap_or(whole)
}

/// How many thousandths of it these are.
fn thousandths(part: u16, whole: u16) -> u16 {
    let whole = u32::from(whole.max(1));
    let part = (u32::from(part) * 1000 + whole / 2) / whole;
    u16::try_from(part).unwrap_or(LIST.1)
}

/// The size within what it and the rest need at least.
fn between(wanted: u16, whole: u16, (least, rest): (u16, u16)) -> u16 {
    wanted.min(whole.saturating_sub(rest)).max(least)
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
            |cols, rows| Places::of((cols, rows), Pane::Reader, true, &Shape::default()).unwrap();
        let wide = at(160, 40);
        assert_eq!(wide.index.unwrap().title.y, wide.reader.unwrap().title.y);
        let tall = at(80, 40);
        assert_eq!(tall.index.unwrap().title.x, tall.reader.unwrap().title.x);
        assert!(at(80, 24).index.is_none());
        assert!(at(40, 12).sidebar.is_none());
        assert_eq!(
            Places::of((39, 50), Pane::Index, false, &Shape::default()),
            None
        );
        assert_eq!(
            Places::of((50, 11), Pane::Index, false, &Shape::default()),
            None
        );
    }

    #[test]
    fn a_layout_falls_back_where_there_is_no_room_and_comes_back() {
        let at = |name, cols, rows| {
            let shape = Shape::new(Arrangement::named(name).unwrap());
            let p = Places::of((cols, rows), Pane::Reader, true, &shape).unwrap();
            let both = p.index.zip(p.reader);
            let how = both.map(|(i, r)| match i.title.y == r.title.y {
                true => "beside",
                false => "above",
            });
            (p.sidebar.is_some(), how.unwrap_or("alone"))
        };
        assert_eq!(at("three", 140, 40), (true, "beside"));
        assert_eq!(at("three", 95, 40), (false, "beside"));
        assert_eq!(at("three", 80, 40), (false, "above"));
        assert_eq!(at("three", 40, 12), (false, "alone"));
        assert_eq!(at("two", 200, 40), (false, "beside"));
        assert_eq!(at("stacked", 200, 40), (true, "above"));
        assert_eq!(at("stacked", 80, 16), (false, "alone"));
        assert_eq!(at("single", 200, 50), (false, "alone"));
        let shape = Shape::new(Arrangement::Two);
        let mailboxes = Places::of((120, 40), Pane::Sidebar, true, &shape).unwrap();
        assert!(mailboxes.sidebar.is_some() && mailboxes.index.is_some());
    }

    #[test]
    fn a_border_goes_where_it_is_moved_and_stays_within_bounds() {
        let mut shape = Shape::new(Arrangement::Three);
        let places = |shape: &Shape| Places::of((140, 40), Pane::Reader, true, shape).unwrap();
        for (share, to) in [
            (Share::Sidebar, Position::new(33, 5)),
            (Share::Beside, Position::new(80, 9)),
            (Share::Sidebar, Position::new(139, 5)),
            (Share::Beside, Position::new(0, 9)),
        ] {
            let shared = places(&shape).shared(share, to);
            shape.share(share, Some(shared));
            let now = places(&shape);
            let x = match share {
                Share::Sidebar => now.sidebar.unwrap().title.right(),
                _ => now.index.unwrap().title.right(),
            };
            let near = x.abs_diff(to.x) <= 1;
            assert!(near || to.x == 139 || to.x == 0, "{share:?} {x} {to:?}");
            assert_eq!(now.border(Position::new(x, 7)), Some(share));
        }
        let mut shape = Shape::new(Arrangement::Stacked);
        let before = places(&shape).reader.unwrap().inner.height;
        for _ in 0..3 {
            let (share, to) = places(&shape).resized(Pane::Reader, 1).unwrap();
            assert_eq!(share, Share::Above);
            shape.share(share, Some(to));
        }
        assert_eq!(places(&shape).reader.unwrap().inner.height, before + 3);
        let alone = Places::of((60, 14), Pane::Index, false, &shape).unwrap();
        assert_eq!(alone.resized(Pane::Index, 1), None);
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_nothing_leaves_the_screen(
            cols in 40u16..400, rows in 12u16..120, open: bool, focus in 0..3u8, layout in 0..5usize,
            shares in proptest::array::uniform3(proptest::option::of(0u16..1100)),
        ) {
            let mut shape = Shape::new(Arrangement::ALL[layout].1);
            shape.share(Share::Sidebar, shares[0]);
            shape.share(Share::Beside, shares[1]);
            shape.share(Share::Above, shares[2]);
            let focus = [Pane::Sidebar, Pane::Index, Pane::Reader][usize::from(focus)];
            let places = Places::of((cols, rows), focus, open, &shape).unwrap();
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
