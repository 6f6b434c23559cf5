//! A slim bar at the edge of what is longer than its room: where one is in it, how much of it is
//! seen, and what the mouse holds on to. A click beside the thumb takes it there, dragging moves it.

use crate::tui::theme::Theme;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use std::cell::Cell;
use std::ops::Range;

/// A bar of fewer rows says nothing.
const SHORTEST: u16 = 3;

/// How much there is, in lines, and which of it is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// All of it.
    pub whole: usize,
    /// The first line that is seen.
    pub top: usize,
    /// How many fit.
    pub seen: usize,
}

impl Extent {
    /// Whether there is more than fits.
    pub fn is_longer(self) -> bool {
        self.whole > self.seen
    }

    /// The last line that can stand at the top.
    fn last(self) -> usize {
        self.whole.saturating_sub(self.seen)
    }

    /// The rows of the thumb in a track of so many; `None`: there is nothing to say. It stands at an
    /// end only where one is at that end.
    fn thumb(self, rows: u16) -> Option<Range<u16>> {
        if rows < SHORTEST || !self.is_longer() {
            return None;
        }
        let long = scaled(rows.into(), self.seen, self.whole);
        let long = u16::try_from(long).unwrap_or(1).clamp(1, rows - 1);
        let way = rows - long;
        let start = match self.top {
            0 => 0,
            top if top >= self.last() => way,
            // Between the ends, where there is room between them.
            top => {
                let at = scaled(way.into(), top, self.last());
                let at = u16::try_from(at).unwrap_or(way);
                at.clamp(1.min(way), way.saturating_sub(1).max(1.min(way)))
            }
        };
        Some(start..start + long)
    }

    /// The line at the top if the thumb began in this row.
    fn top_at(self, start: u16, way: u16) -> usize {
        match start {
            0 => 0,
            start if start >= way => self.last(),
            start => scaled(start.into(), self.last(), way.into()),
        }
    }
}

/// So many of `whole` as `part` is of `of`, to the nearest.
fn scaled(whole: usize, part: usize, of: usize) -> usize {
    let (whole, part, of) = (whole as u128, part as u128, (of as u128).max(1));
    usize::try_from((whole * part + of / 2) / of).unwrap_or(usize::MAX)
}

/// What the mouse asks of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// Nothing: it stands there.
    Still,
    /// This line at the top.
    To(usize),
}

/// The bar. Where it stands is learnt when it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    track: Cell<Rect>,
    extent: Cell<Extent>,
    /// The row of the thumb that the mouse holds.
    held: Cell<Option<u16>>,
}

impl Bar {
    /// Draws it in this column, over what stands there; nothing where all is seen.
    pub fn draw(&self, buf: &mut Buffer, track: Rect, extent: Extent, theme: &Theme) {
        let track = track.intersection(buf.area);
        let thumb = extent.thumb(track.height);
        let thumb = thumb.filter(|_| theme.has_bars() && track.width > 0);
        self.extent.set(extent);
        let Some(thumb) = thumb else {
            return self.hide();
        };
        self.track.set(Rect { width: 1, ..track });
        for row in thumb {
            if let Some(cell) = buf.cell_mut((track.x, track.y + row)) {
                // What is selected may be so by another look than its ground.
                cell.modifier = Modifier::empty();
                cell.set_symbol("▐").set_style(theme.style("scrollbar"));
            }
        }
    }

    /// It is not on the screen.
    pub fn hide(&self) {
        self.track.set(Rect::default());
        self.held.set(None);
    }

    /// Takes the mouse, if the bar is meant: what it asks for.
    pub fn take(&self, mouse: &MouseEvent) -> Option<Pull> {
        let top = self.wanted(mouse)?;
        let extent = self.extent.get();
        if top == extent.top {
            return Some(Pull::Still);
        }
        // More of the mouse may come before it is drawn again.
        self.extent.set(Extent { top, ..extent });
        Some(Pull::To(top))
    }

    /// Which line is to be at the top.
    fn wanted(&self, mouse: &MouseEvent) -> Option<usize> {
        let (track, extent) = (self.track.get(), self.extent.get());
        let thumb = extent.thumb(track.height)?;
        let row = mouse.row.saturating_sub(track.y);
        let long = thumb.end - thumb.start;
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let at = Position::new(mouse.column, mouse.row);
                if !track.contains(at) {
                    self.held.set(None);
                    return None;
                }
                // Beside the thumb: its middle comes there.
                self.held.set(Some(match thumb.contains(&row) {
                    true => row - thumb.start,
                    false => long / 2,
                }));
            }
            MouseEventKind::Drag(MouseButton::Left) => {}
            MouseEventKind::Up(MouseButton::Left) => {
                let held = self.held.take()?;
                return Some(self.top(row.saturating_sub(held), &thumb));
            }
            _ => return None,
        }
        let held = self.held.get()?;
        Some(self.top(row.saturating_sub(held), &thumb))
    }

    /// The line at the top if the thumb began in this row. Where it stands already nothing moves.
    fn top(&self, start: u16, thumb: &Range<u16>) -> usize {
        let extent = self.extent.get();
        let way = self
            .track
            .get()
            .height
            .saturating_sub(thumb.end - thumb.start);
        match start.min(way) == thumb.start {
            true => extent.top,
            false => extent.top_at(start, way),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;
    use proptest::prelude::*;

    fn mouse(kind: MouseEventKind, column: u16, row: u16) -> MouseEvent {
        MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }
    }

    const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
    const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
    const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

    fn drawn(bar: &Bar, extent: Extent) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 3, 10));
        bar.draw(&mut buf, Rect::new(2, 0, 1, 10), extent, &Theme::default());
        (0..10).map(|y| buf[(2, y)].symbol()).collect()
    }

    #[test]
    fn the_thumb_stands_where_one_is() {
        let bar = Bar::default();
        let at = |top| Extent {
            whole: 100,
            top,
            seen: 20,
        };
        assert_eq!(drawn(&bar, at(0)), "▐▐        ");
        assert_eq!(drawn(&bar, at(1)), " ▐▐       ");
        assert_eq!(drawn(&bar, at(40)), "    ▐▐    ");
        assert_eq!(drawn(&bar, at(79)), "       ▐▐ ");
        assert_eq!(drawn(&bar, at(80)), "        ▐▐");
        let all = Extent {
            whole: 20,
            top: 0,
            seen: 20,
        };
        assert_eq!(drawn(&bar, all).trim(), "");
        assert_eq!(bar.take(&mouse(DOWN, 2, 5)), None);
    }

    #[test]
    fn a_click_jumps_and_what_is_dragged_follows() {
        let bar = Bar::default();
        let extent = Extent {
            whole: 100,
            top: 0,
            seen: 20,
        };
        drawn(&bar, extent);
        assert_eq!(bar.take(&mouse(DRAG, 2, 5)), None, "nothing is held");
        assert_eq!(bar.take(&mouse(DOWN, 1, 5)), None, "beside it");
        assert_eq!(
            bar.take(&mouse(DOWN, 2, 1)),
            Some(Pull::Still),
            "on the thumb"
        );
        assert_eq!(bar.take(&mouse(DRAG, 0, 5)), Some(Pull::To(40)));
        assert_eq!(bar.take(&mouse(DRAG, 0, 99)), Some(Pull::To(80)));
        assert_eq!(
            bar.take(&mouse(DRAG, 0, 98)),
            Some(Pull::Still),
            "it is there"
        );
        assert_eq!(bar.take(&mouse(UP, 0, 0)), Some(Pull::To(0)));
        assert_eq!(bar.take(&mouse(DRAG, 2, 5)), None, "let go");
        let beside = bar.take(&mouse(DOWN, 2, 9));
        assert_eq!(beside, Some(Pull::To(80)), "beside the thumb");
        // Whoever only presses it moves nothing.
        let odd = Extent { top: 43, ..extent };
        drawn(&bar, odd);
        assert_eq!(bar.take(&mouse(DOWN, 2, 5)), Some(Pull::Still));
        assert_eq!(bar.take(&mouse(UP, 2, 5)), Some(Pull::Still));
    }

    proptest! {
        #[test]
        fn the_thumb_is_in_its_track_and_comes_where_it_is_put(
            whole in 0usize..5000, seen in 1usize..200, top in 0usize..5000, rows in 0u16..200, start in 0u16..200,
        ) {
            let extent = Extent { whole, top: top.min(whole.saturating_sub(seen)), seen };
            let thumb = extent.thumb(rows);
            prop_assert_eq!(thumb.is_some(), rows >= SHORTEST && whole > seen);
            if let Some(thumb) = thumb {
                prop_assert!(thumb.start < thumb.end && thumb.end <= rows);
                let way = rows - (thumb.end - thumb.start);
                let start = start.min(way);
                let to = extent.top_at(start, way);
                prop_assert!(to <= extent.last());
                let there = Extent { top: to, ..extent }.thumb(rows).unwrap();
                // Where there are fewer lines than rows not each row is reached.
                if extent.last() >= usize::from(way) {
                    prop_assert!(there.start.abs_diff(start) <= 1, "{:?} {}", there, start);
                }
            }
        }
    }
}
