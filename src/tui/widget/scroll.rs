//! Lines that are gone through without a cursor. How far that goes is known once they are drawn.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::cell::Cell;
use std::ops::Range;

/// Where one is.
#[derive(Clone, Debug, Default)]
pub struct Scroll {
    top: Cell<usize>,
    height: Cell<usize>,
}

impl Scroll {
    /// Goes by lines.
    pub fn by(&self, lines: isize) {
        self.top.set(self.top.get().saturating_add_signed(lines));
    }

    /// Takes one of the keys that every list of lines is gone through with.
    pub fn update(&self, key: &KeyEvent) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let page = isize::try_from(self.height.get()).unwrap_or(1);
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.by(1),
            KeyCode::Up | KeyCode::Char('k') => self.by(-1),
            KeyCode::Char('d') if ctrl => self.by(page / 2),
            KeyCode::Char('u') if ctrl => self.by(-page / 2),
            KeyCode::PageDown | KeyCode::Char(' ' | 'f') => self.by(page),
            KeyCode::PageUp | KeyCode::Char('b') => self.by(-page),
            KeyCode::Home | KeyCode::Char('g') => self.by(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.by(isize::MAX),
            _ => {}
        }
    }

    /// The lines that are seen of so many, in a window of this height. `linear`: until the last line
    /// stands at the top, because that is where one is.
    pub fn seen(&self, lines: usize, height: usize, linear: bool) -> Range<usize> {
        let tail = if linear { 1 } else { height };
        let top = self.top.get().min(lines.saturating_sub(tail));
        self.top.set(top);
        self.height.set(height.max(1));
        top..(top + height).min(lines)
    }
}
