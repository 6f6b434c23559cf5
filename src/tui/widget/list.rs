//! Which lines of a long list are seen: a cursor, and a window that follows it with a few lines
//! to spare. Only what is seen has to be made.

use crate::tui::theme::Theme;
use crate::tui::widget::bar::{Bar, Extent, Pull};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::Cell;
use std::ops::Range;

/// Lines kept in sight above and below the cursor, where the window is tall enough.
const SPARE: usize = 2;

/// The cursor and the window. The window's height is learnt when it is drawn.
#[derive(Clone, Debug, Default)]
pub struct List {
    len: usize,
    cursor: usize,
    top: Cell<usize>,
    height: Cell<usize>,
    bar: Bar,
}

impl List {
    /// A list of so many lines with its first selected.
    pub fn new(len: usize) -> List {
        List {
            len,
            ..List::default()
        }
    }

    /// How many lines there are now. The cursor stays where it can.
    pub fn resize(&mut self, len: usize) {
        self.len = len;
        self.cursor = self.cursor.min(len.saturating_sub(1));
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The selected line.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Selects a line, the last if there are fewer.
    pub fn select(&mut self, line: usize) {
        self.cursor = line.min(self.len.saturating_sub(1));
    }

    /// Moves by lines, stopping at the ends.
    pub fn step(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Moves by lines, going round at the ends (for short lists).
    pub fn turn(&mut self, by: isize) {
        let len = isize::try_from(self.len).unwrap_or(isize::MAX);
        let at = isize::try_from(self.cursor).unwrap_or(0);
        if len > 0 {
            self.select(usize::try_from((at + by).rem_euclid(len)).unwrap_or(0));
        }
    }

    /// Moves by pages.
    pub fn page(&mut self, by: isize) {
        let height = isize::try_from(self.height.get()).unwrap_or(1);
        self.step(by.saturating_mul((height - 1).max(1)));
    }

    /// Takes a key that moves the selection beside a line that is typed into. Says whether it is one.
    pub fn keyed(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Down | KeyCode::Tab => self.turn(1),
            KeyCode::Up | KeyCode::BackTab => self.turn(-1),
            KeyCode::Char('n' | 'j') if ctrl => self.turn(1),
            KeyCode::Char('p' | 'k') if ctrl => self.turn(-1),
            KeyCode::PageDown => self.page(1),
            KeyCode::PageUp => self.page(-1),
            _ => return false,
        }
        true
    }

    /// The lines that are seen in a window of this height.
    pub fn seen(&self, height: usize) -> Range<usize> {
        self.height.set(height);
        let spare = SPARE.min(height.saturating_sub(1) / 2);
        let lowest = (self.cursor + spare + 1).saturating_sub(height);
        let highest = self.cursor.saturating_sub(spare);
        let last = self.len.saturating_sub(height);
        let top = self.top.get().clamp(lowest.min(highest), highest).min(last);
        self.top.set(top);
        top..(top + height).min(self.len)
    }

    /// Draws where one is, once it is known what is seen; `None`: there is no room for it.
    pub fn draw_bar(&self, buf: &mut Buffer, track: Option<Rect>, theme: &Theme) {
        let extent = Extent {
            whole: self.len,
            top: self.top.get(),
            seen: self.height.get(),
        };
        self.bar.draw(buf, track.unwrap_or_default(), extent, theme);
    }

    /// Takes the mouse, if it is on the bar or holds it: the window goes there, and the cursor with it.
    pub fn pull(&mut self, mouse: &MouseEvent) -> bool {
        let top = match self.bar.take(mouse) {
            None => return false,
            Some(Pull::Still) => return true,
            Some(Pull::To(top)) => top,
        };
        let height = self.height.get();
        let last = self.len.saturating_sub(height);
        let top = top.min(last);
        let spare = SPARE.min(height.saturating_sub(1) / 2);
        let least = if top == 0 { 0 } else { top + spare };
        let most = match top == last {
            true => self.len,
            false => (top + height).saturating_sub(spare),
        };
        self.top.set(top);
        self.select(self.cursor.clamp(least, most.saturating_sub(1).max(least)));
        true
    }

    /// The line at this row of the window as last drawn, for a click.
    pub fn hit(&self, row: usize) -> Option<usize> {
        let line = self.top.get() + row;
        (row < self.height.get() && line < self.len).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_window_follows_with_lines_to_spare() {
        let mut list = List::new(100);
        assert_eq!(list.seen(10), 0..10);
        list.step(7);
        assert_eq!(list.seen(10), 0..10);
        list.step(1);
        assert_eq!(list.seen(10), 1..11);
        list.step(-5);
        assert_eq!(list.seen(10), 1..11);
        list.step(-1);
        assert_eq!(list.seen(10), 0..10);
        list.page(1);
        assert_eq!(list.cursor(), 11);
        list.select(500);
        assert_eq!((list.cursor(), list.seen(10)), (99, 90..100));
        list.resize(3);
        assert_eq!((list.cursor(), list.seen(10)), (2, 0..3));
        list.turn(1);
        assert_eq!(list.cursor(), 0);
        assert_eq!((list.hit(2), list.hit(3)), (Some(2), None));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_seen(len in 0usize..50, moves in prop::collection::vec((-20isize..20, 1usize..20), 1..20)) {
            let mut list = List::new(len);
            for (by, height) in moves {
                list.step(by);
                let seen = list.seen(height);
                prop_assert!(len == 0 || seen.contains(&list.cursor()));
                prop_assert!(seen.len() == height.min(len));
            }
        }
    }
}
