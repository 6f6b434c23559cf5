//! An editor for one line: by graphemes, with word motion, scrolling sideways.
//!
//! The text is kept as typed; what is drawn is cleaned. A paste can't bring line ends or control
//! characters in.

use crate::text::{Clean, width};
use crate::tui::widget::ink::Ink;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

/// The longest line that is taken, in octets.
const LONGEST: usize = 64 * 1024;

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Nothing: it is for somebody else.
    Ignored,
    /// The cursor moved, or could have.
    Moved,
    /// The text changed.
    Changed,
}

impl Edit {
    /// A change, if it did anything.
    pub fn of(did: bool) -> Edit {
        if did { Edit::Changed } else { Edit::Moved }
    }
}

/// The line and the place of its cursor.
#[derive(Clone, Debug, Default)]
pub struct LineEdit {
    text: String,
    /// Octets before the cursor; always between characters.
    at: usize,
}

impl LineEdit {
    /// A line with the cursor at its end.
    pub fn new(text: &str) -> LineEdit {
        LineEdit {
            text: text.to_owned(),
            at: text.len(),
        }
    }

    /// The text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text itself, without a copy.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        *self = LineEdit::new(text);
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or("")
    }

    /// What stands behind the cursor.
    pub fn after(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Replaces what stands before the cursor.
    pub fn set_before(&mut self, before: &str) {
        let after = self.after().to_owned();
        self.at = before.len();
        self.text = format!("{before}{after}");
    }

    /// Inserts text at the cursor: line ends and tabs become spaces, other control characters are
    /// left out.
    pub fn paste(&mut self, text: &str) -> Edit {
        let text = text.trim_end_matches(['\r', '\n']).replace("\r\n", " ");
        let room = LONGEST.saturating_sub(self.text.len());
        let mut clean = String::new();
        for c in text.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            };
            if clean.len() + c.len_utf8() > room {
                break;
            }
            if !c.is_control() {
                clean.push(c);
            }
        }
        if clean.is_empty() {
            return Edit::Moved;
        }
        let before = format!("{}{clean}", self.before());
        self.set_before(&before);
        Edit::Changed
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Edit {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let word = ctrl || alt;
        let len = self.text.len();
        match key.code {
            KeyCode::Char(c) if !ctrl && !alt => self.paste(c.encode_utf8(&mut [0; 4])),
            KeyCode::Left if word => self.go(self.word_left()),
            KeyCode::Right if word => self.go(self.word_right()),
            KeyCode::Left => self.go(self.left()),
            KeyCode::Right => self.go(self.right()),
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(len),
            KeyCode::Backspace if word => self.cut(self.word_left(), self.at),
            KeyCode::Backspace => self.cut(self.left(), self.at),
            KeyCode::Delete if word => self.cut(self.at, self.word_right()),
            KeyCode::Delete => self.cut(self.at, self.right()),
            KeyCode::Char(c) if ctrl && !alt => match c.to_ascii_lowercase() {
                'a' => self.go(0),
                'e' => self.go(len),
                'b' => self.go(self.left()),
                'f' => self.go(self.right()),
                'h' => self.cut(self.left(), self.at),
                'd' => self.cut(self.at, self.right()),
                'w' => self.cut(self.word_left(), self.at),
                'u' => self.cut(0, self.at),
                'k' => self.cut(self.at, len),
                _ => Edit::Ignored,
            },
            KeyCode::Char(c) if alt && !ctrl => match c {
                'b' => self.go(self.word_left()),
                'f' => self.go(self.word_right()),
                'd' => self.cut(self.at, self.word_right()),
                _ => Edit::Ignored,
            },
            _ => Edit::Ignored,
        }
    }

    fn go(&mut self, at: usize) -> Edit {
        self.at = at;
        Edit::Moved
    }

    fn cut(&mut self, from: usize, to: usize) -> Edit {
        if from >= to || self.text.get(from..to).is_none() {
            return Edit::Moved;
        }
        self.text.replace_range(from..to, "");
        self.at = from;
        Edit::Changed
    }

    fn left(&self) -> usize {
        let last = self.before().graphemes(true).next_back();
        self.at - last.map_or(0, str::len)
    }

    fn right(&self) -> usize {
        let next = self.after().graphemes(true).next();
        self.at + next.map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let mut inside = false;
        for (at, grapheme) in self.before().grapheme_indices(true).rev() {
            let letter = grapheme.chars().any(char::is_alphanumeric);
            if inside && !letter {
                return at + grapheme.len();
            }
            inside |= letter;
        }
        0
    }

    fn word_right(&self) -> usize {
        let mut inside = false;
        for (at, grapheme) in self.after().grapheme_indices(true) {
            let letter = grapheme.chars().any(char::is_alphanumeric);
            if inside && !letter {
                return self.at + at;
            }
            inside |= letter;
        }
        self.text.len()
    }

    /// Goes to what stands at a column of a field of so many, as it is drawn.
    pub fn click(&mut self, column: usize, room: usize, mask: Option<&'static str>) -> Edit {
        let cells = self.cells(mask);
        let column = column + hidden(&cells, room);
        let ends = cells.iter().scan(0, |end, (_, columns, _)| {
            *end += columns;
            Some(*end)
        });
        let before = ends.take_while(|end| *end <= column).count();
        let mut places = self.text.grapheme_indices(true).map(|(at, _)| at);
        self.at = places.nth(before).unwrap_or(self.text.len());
        Edit::Moved
    }

    /// Each letter as it is shown, its columns, and whether the cursor stands behind it.
    fn cells(&self, mask: Option<&'static str>) -> Vec<(Clean, usize, bool)> {
        let cell = |(at, g): (usize, &str)| {
            let shown = mask.map_or_else(|| Clean::line(g), Clean::lit);
            let columns = width::width(shown.as_str());
            (shown, columns, at < self.at)
        };
        self.text.grapheme_indices(true).map(cell).collect()
    }

    /// Draws the line in the first row of an area, scrolled so that the cursor is seen, and says
    /// where the cursor stands. With a `mask`, each grapheme is shown as that character.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        style: Style,
        mask: Option<&'static str>,
    ) -> Option<Position> {
        let mut ink = Ink::row(buf, area, 0)?;
        let room = ink.left();
        let cells = self.cells(mask);
        let mut hidden = hidden(&cells, room);
        let mut column = 0;
        let mut cursor = None;
        for (shown, columns, left_of_cursor) in &cells {
            if !left_of_cursor && cursor.is_none() {
                cursor = Some(ink.x());
            }
            if hidden > 0 {
                // A wide character that is cut leaves a space.
                let rest = columns.saturating_sub(hidden);
                hidden = hidden.saturating_sub(*columns);
                ink.skip(rest);
                column += rest;
                continue;
            }
            if column + columns > room {
                break;
            }
            ink.put(shown, style);
            column += columns;
        }
        let x = cursor
            .unwrap_or(ink.x())
            .min(area.right().saturating_sub(1));
        Some(Position::new(x, area.y))
    }
}

/// Columns of a line that are not seen in a field of so many, so that its cursor is.
fn hidden(cells: &[(Clean, usize, bool)], room: usize) -> usize {
    let before: usize = cells.iter().filter(|c| c.2).map(|c| c.1).sum();
    let total: usize = cells.iter().map(|c| c.1).sum();
    // A little of what follows stays in sight, and the cursor needs a cell of its own.
    let ahead = (total + 1).saturating_sub(before).min(1 + room / 4);
    (before + ahead).saturating_sub(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;
    use proptest::prelude::*;

    /// The key of this name as an event.
    fn key(name: &str) -> KeyEvent {
        Key::parse(name).unwrap().event()
    }

    fn typed(text: &str, keys: &str) -> String {
        let mut edit = LineEdit::new(text);
        for name in keys.split_whitespace() {
            edit.update(&key(name));
        }
        format!("{}|{}", edit.before(), edit.after())
    }

    #[test]
    fn moves_and_cuts_by_graphemes_and_words() {
        assert_eq!(typed("a日e\u{301}", "left"), "a日|e\u{301}");
        assert_eq!(typed("a👨\u{200d}👩\u{200d}👧", "backspace"), "a|");
        assert_eq!(typed("one, two three", "ctrl-w"), "one, two |");
        assert_eq!(typed("one, two three", "alt-b alt-b ctrl-w"), "|two three");
        assert_eq!(typed("one two", "home alt-f alt-d"), "one|");
        assert_eq!(typed("one two", "ctrl-left ctrl-u"), "|two");
        assert_eq!(typed("one two", "home delete end x ctrl-a y"), "y|ne twox");
        assert_eq!(typed("", "backspace delete left right ctrl-w alt-d"), "|");
    }

    #[test]
    fn a_paste_stays_one_line() {
        let mut edit = LineEdit::new("to: ");
        edit.paste("a@b\r\nc@d\x1b[2J\te\n");
        assert_eq!(edit.text(), "to: a@b c@d[2J e");
        edit.paste(&"x".repeat(LONGEST * 2));
        assert_eq!(edit.text().len(), LONGEST);
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        let mut edit = LineEdit::new("abcdefghijklmnop日本語");
        let see = |edit: &LineEdit| {
            shown(10, 1, |buf, area| {
                edit.draw(buf, area, Style::default(), None)
            })
        };
        assert_eq!(see(&edit), "nop日本語▏\n");
        edit.update(&key("home"));
        assert_eq!(see(&edit), "▏abcdefghij\n");
        for _ in 0..9 {
            edit.update(&key("right"));
        }
        assert_eq!(see(&edit), "cdefghi▏jkl\n");
        let masked = shown(10, 1, |buf, area| {
            LineEdit::new("秘密x").draw(buf, area, Style::default(), Some("•"))
        });
        assert_eq!(masked, "•••▏\n");
        let hostile = shown(12, 1, |buf, area| {
            LineEdit::new("a\x1b[2J\u{202e}b").draw(buf, area, Style::default(), None)
        });
        assert_eq!(hostile, "a␛[2Jb▏\n");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_cursor_is_inside(
            text in "(.|[日e\u{301}👩\u{200d}]){0,30}",
            keys in prop::collection::vec(prop::sample::select(vec!["left", "right", "ctrl-w", "alt-f", "alt-b", "backspace", "delete", "x", "日", "home", "ctrl-k", "alt-d"]), 0..30),
            columns in 0u16..20,
        ) {
            let mut edit = LineEdit::new(&text);
            for name in keys {
                edit.update(&key(name));
                prop_assert_eq!(format!("{}{}", edit.before(), edit.after()), edit.text());
                let mut buf = Buffer::empty(Rect::new(0, 0, columns, 1));
                let area = buf.area;
                if let Some(cursor) = edit.draw(&mut buf, area, Style::default(), None) {
                    prop_assert!(cursor.x < columns);
                }
            }
        }
    }
}
