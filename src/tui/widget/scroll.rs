//! Lines that are gone through without a cursor. How far that goes is known once they are drawn.

use crate::tui::theme::Theme;
use crate::tui::widget::bar::{Bar, Extent, Pull};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::Cell;
use std::ops::Range;

/// Where one is.
#[derive(Clone, Debug, Default)]
pub struct Scroll {
    top: Cell<usize>,
    height: Cell<usize>,
    lines: Cell<usize>,
    bar: Bar,
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
        self.lines.set(lines);
        top..(top + height).min(lines)
    }

    /// Where one is, as it was drawn last.
    pub fn extent(&self) -> Extent {
        Extent {
            whole: self.lines.get(),
            top: self.top.get(),
            seen: self.height.get(),
        }
    }

    /// Goes to this line.
    pub fn to(&self, line: usize) {
        self.top.set(line);
    }

    /// Draws where one is, once it is known what is seen; `None`: there is no room for it.
    pub fn draw_bar(&self, buf: &mut Buffer, track: Option<Rect>, theme: &Theme) {
        let track = track.unwrap_or_default();
        self.bar.draw(buf, track, self.extent(), theme);
    }

    /// Takes the mouse, if it is on the bar or holds it.
    pub fn pull(&self, mouse: &MouseEvent) -> bool {
        match self.bar.take(mouse) {
            None => return false,
            Some(Pull::Still) => {}
            Some(Pull::To(top)) => self.top.set(top),
        }
        true
    }
}
