//! What the panes draw with beyond the ink: a row with its background, words in the middle.

use crate::text::{Clean, width, wrap};
use crate::tui::widget::ink::Ink;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// The `line`th row of an area, its background set; `None` if it lies outside.
pub fn begin(buf: &mut Buffer, area: Rect, line: usize, style: Style) -> Option<Ink<'_>> {
    let mut ink = Ink::row(buf, area, line)?;
    ink.tint(style);
    Some(ink)
}

/// Says something in the middle of an area, wrapped.
pub fn say(buf: &mut Buffer, area: Rect, text: &Clean, style: Style) {
    let cols = usize::from(area.width.saturating_sub(4)).max(1);
    let lines = wrap::wrap(text.as_str(), cols);
    let above = usize::from(area.height).saturating_sub(lines.len()) / 3;
    for (n, line) in lines.iter().enumerate() {
        let Some(mut ink) = Ink::row(buf, area, above + n) else {
            return;
        };
        let pad = ink.left().saturating_sub(width::width(line)) / 2;
        ink.skip(pad).put(&Clean::line(line), style);
    }
}

/// Gives what has no colours of its own those of the theme's ground. A theme without one leaves
/// the terminal's.
pub fn ground(buf: &mut Buffer, style: Style) {
    let colour = |c: Option<Color>| c.filter(|c| *c != Color::Reset);
    let (fg, Some(bg)) = (colour(style.fg), colour(style.bg)) else {
        return;
    };
    for cell in &mut buf.content {
        if cell.bg == Color::Reset {
            cell.bg = bg;
        }
        if cell.fg == Color::Reset {
            cell.fg = fg.unwrap_or(Color::Reset);
        }
    }
}
