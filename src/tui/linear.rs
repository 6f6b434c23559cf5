//! The linear mode, for who hears the screen or reads it by touch: one pane, no lines drawn, no
//! signs, and the terminal's own cursor on the line that keys are about.
//!
//! Whatever draws asks its theme for the style of what is selected. In this mode that style bears a
//! mark ([`HERE`]) that no theme can set; a pane or a list without a selection marks its first line
//! ([`BEGIN`]), and what stands in a message bears one as well ([`THEIRS`]). After a frame is drawn [`settle`] looks where the mark stands, takes it away and
//! puts plain characters in the place of signs, so that no screen has to do any of that itself, and
//! none can forget it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

/// Stands on the cells of the line that is chosen, and never reaches the terminal.
pub const HERE: Modifier = Modifier::RAPID_BLINK;
/// Stands on what has lines and none that is chosen, and never reaches the terminal.
pub const BEGIN: Modifier = Modifier::SLOW_BLINK;
/// Stands on what somebody wrote: signs there are his words, and stay. Never reaches the terminal.
pub const THEIRS: Modifier = Modifier::HIDDEN;
/// The styles of what is selected.
pub const SELECTED: [&str; 3] = ["sidebar.selected", "index.selected", "popup.selected"];
/// Rows at the bottom that nothing covers: what was said, and the keys.
pub const KEPT: u16 = 2;

/// Where a covering list stands: everything but the rows that stay.
pub fn body(screen: Rect) -> Rect {
    Rect {
        height: match screen.height {
            small @ 0..=5 => small,
            rows => rows - KEPT,
        },
        ..screen
    }
}

/// Marks an area in whose first words one is as long as no line of it is chosen.
pub fn begin(buf: &mut Buffer, area: Rect) {
    for at in area.intersection(buf.area).positions() {
        if let Some(cell) = buf.cell_mut(at) {
            cell.modifier.insert(BEGIN);
        }
    }
}

/// Takes all marks away: what is drawn next lies over what stands there.
pub fn cover(buf: &mut Buffer) {
    for cell in &mut buf.content {
        cell.modifier.remove(HERE | BEGIN);
    }
}

/// Ends a frame: no mark is left and no sign. Says where the cursor stands: on the chosen line,
/// else in the field (`field`), else on the first line of what is shown.
pub fn settle(buf: &mut Buffer, field: Option<Position>) -> Option<Position> {
    let (here, begin) = (marked(buf, HERE), marked(buf, BEGIN));
    cover(buf);
    for cell in &mut buf.content {
        let theirs = cell.modifier.contains(THEIRS);
        cell.modifier.remove(THEIRS);
        match plain(cell.symbol()) {
            Some(_) if theirs && !is_line(cell.symbol()) => {}
            // A line that somebody drew is none that is quoted.
            Some(_) if theirs => _ = cell.set_symbol(" "),
            Some(plain) => _ = cell.set_symbol(plain),
            None => {}
        }
    }
    here.or(field).or(begin)
}

/// The first cell with the mark on which something is written, else the first with the mark.
fn marked(buf: &Buffer, mark: Modifier) -> Option<Position> {
    let bears = |at: &Position| buf.cell(*at).is_some_and(|c| c.modifier.contains(mark));
    let written = |at: &Position| {
        let symbol = buf.cell(*at).map_or("", |c| c.symbol());
        !plain(symbol).unwrap_or(symbol).trim().is_empty()
    };
    let mut all = buf.area.positions().filter(bears);
    let first = all.next()?;
    let words = std::iter::once(first).chain(all).find(written);
    Some(words.unwrap_or(first))
}

/// What stands in a sign's place, of the same width; `None`: it is no sign.
fn plain(symbol: &str) -> Option<&'static str> {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return None;
    };
    Some(match c {
        // Stands before what is quoted, once for each level.
        '│' => ">",
        // Lines, corners, bars and blocks.
        '\u{2500}'..='\u{259f}' => " ",
        // Braille patterns and pieces of blocks, as pictures are made of.
        '\u{1fb00}'..='\u{1fbff}' => " ",
        '●' | '◌' | '✕' | '✓' | '✗' | '⟳' | '▸' | '▾' | '›' | '‹' | '↩' | '✎' | '⊘' | '★' => {
            " "
        }
        '·' => ",",
        _ => return None,
    })
}

/// Whether a sign is part of a drawing, of which nobody hears anything.
fn is_line(symbol: &str) -> bool {
    let drawn = |c: char| matches!(c, '\u{2500}'..='\u{259f}' | '\u{1fb00}'..='\u{1fbff}');
    symbol.chars().all(drawn)
}

/// A style for what somebody wrote, if the frame is for who hears it.
pub fn theirs(style: Style, linear: bool) -> Style {
    match linear {
        true => style.add_modifier(THEIRS),
        false => style,
    }
}

/// Whether a text has a character that this mode does not show.
#[cfg(test)]
pub fn has_signs(text: &str) -> bool {
    text.chars()
        .any(|c| plain(c.encode_utf8(&mut [0; 4])).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Clean;
    use crate::tui::widget::ink::Ink;

    fn put(buf: &mut Buffer, row: usize, text: &str, style: Style) {
        let area = buf.area;
        let mut ink = Ink::row(buf, area, row).unwrap();
        ink.put(&Clean::line(text), style);
    }

    #[test]
    fn the_cursor_stands_on_the_chosen_line_else_in_the_field_else_at_the_beginning() {
        let area = Rect::new(0, 0, 12, 4);
        let here = Style::default().add_modifier(HERE);
        let field = Some(Position::new(5, 3));
        let mut buf = Buffer::empty(area);
        put(&mut buf, 1, "  a row", Style::default());
        begin(&mut buf, Rect::new(0, 1, 12, 2));
        put(&mut buf, 2, "─ chosen", here);
        let mut other = buf.clone();
        assert_eq!(settle(&mut buf, field), Some(Position::new(2, 2)));
        let marks = |buf: &Buffer| {
            buf.content
                .iter()
                .any(|c| c.modifier.intersects(HERE | BEGIN))
        };
        assert!(!marks(&buf));
        assert_eq!(buf.cell((0, 2)).unwrap().symbol(), " ");
        // What covers it has no line that is chosen.
        cover(&mut other);
        begin(&mut other, Rect::new(0, 1, 12, 2));
        let mut third = other.clone();
        assert_eq!(settle(&mut other, field), field);
        assert_eq!(settle(&mut third, None), Some(Position::new(2, 1)));
        assert_eq!(settle(&mut third, None), None);
    }

    #[test]
    fn signs_that_somebody_wrote_are_words_of_his() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
        put(&mut buf, 0, "│ ★ ●", Style::default());
        put(&mut buf, 1, "│ ★ ● ✓ ─", theirs(Style::default(), true));
        settle(&mut buf, None);
        let row = |y| -> String {
            let cells = (0..12).filter_map(|x| buf.cell((x, y)));
            cells.map(|cell| cell.symbol()).collect()
        };
        assert_eq!((row(0).trim_end(), row(1).trim_end()), (">", "  ★ ● ✓"));
        assert!(buf.content.iter().all(|c| c.modifier.is_empty()));
    }
}
