//! The text of the message in an editor of many lines: soft wrap, undo, motion by graphemes.
//!
//! The editor counts display lines in 16 bits and lays the whole text out after each key, so a
//! text beyond [`LARGEST`] is kept aside unchanged, for the external editor only.

use crate::text::Clean;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, scrub};
use crate::tui::widget::line_edit::Edit;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use unicode_segmentation::UnicodeSegmentation;

/// The longest text that is edited here, in octets.
pub const LARGEST: usize = 400_000;
/// The most lines that are edited here.
const MOST_LINES: usize = 20_000;
/// The narrowest that it is drawn: narrower, a long text could have more display lines than 16
/// bits count.
const NARROWEST: u16 = 10;
/// How the editor marks its cursor and selection. We look for the marks in the drawn cells, which
/// alone know how wide each character came out, and put the theme's style in their place.
const CURSOR: Modifier = Modifier::HIDDEN;
const SELECTED: Modifier = Modifier::RAPID_BLINK;
/// Steps that can be taken back.
const STEPS: usize = 2_000;

/// The text and its editor.
#[derive(Debug)]
pub struct Body {
    area: TextArea<'static>,
    /// The text itself, where it is too large for the editor.
    aside: Option<String>,
}

fn editable(text: &str) -> bool {
    text.len() <= LARGEST && text.bytes().filter(|b| *b == b'\n').count() < MOST_LINES
}

impl Body {
    /// An editor with the cursor at the beginning.
    pub fn new(text: &str) -> Body {
        let fits = editable(text);
        let lines = text.split('\n').filter(|_| fits).map(str::to_owned);
        let mut area = TextArea::new(lines.collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_max_histories(STEPS);
        area.set_cursor_line_style(Style::default());
        area.set_cursor_style(Style::default().add_modifier(CURSOR));
        area.set_selection_style(Style::default().add_modifier(SELECTED));
        Body {
            area,
            aside: (!fits).then(|| text.to_owned()),
        }
    }

    /// The text, exactly as it came and was typed.
    pub fn text(&self) -> String {
        match &self.aside {
            Some(text) => text.clone(),
            None => self.area.lines().join("\n"),
        }
    }

    /// Whether it is too large to be edited here.
    pub fn is_large(&self) -> bool {
        self.aside.is_some()
    }

    /// Puts another text in its place (the external editor's); can be taken back.
    pub fn set(&mut self, text: &str) {
        if self.is_large() || !editable(text) {
            *self = Body::new(text);
            return;
        }
        self.area.select_all();
        if text.is_empty() {
            self.area.delete_char();
        } else {
            self.area.insert_str(text);
        }
        self.area.move_cursor(CursorMove::Top);
    }

    /// Puts the cursor at the end of the text.
    pub fn go_to_end(&mut self) {
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// Whether the cursor is in the first line that is seen when scrolled up.
    pub fn at_top(&self) -> bool {
        self.area.screen_cursor().row == 0
    }

    /// Takes the last typing back.
    pub fn undo(&mut self) -> Edit {
        self.changed(|area| area.undo())
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) -> Edit {
        self.changed(|area| area.redo())
    }

    /// Whether the editor can take so much more.
    fn takes(&self, more: &str) -> bool {
        let lines = self.area.lines();
        let octets: usize = lines.iter().map(|l| l.len() + 1).sum();
        let added = more.bytes().filter(|b| *b == b'\n').count();
        octets + more.len() <= LARGEST && lines.len() + added <= MOST_LINES
    }

    fn changed(&mut self, change: impl FnOnce(&mut TextArea<'static>) -> bool) -> Edit {
        if !self.is_large() && change(&mut self.area) {
            Edit::Changed
        } else {
            Edit::Moved
        }
    }

    /// Inserts text as text: no key in it is obeyed, control characters are left out. `Ignored`
    /// if it is too much.
    pub fn paste(&mut self, text: &str) -> Edit {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        if self.is_large() || !self.takes(&text) {
            return Edit::Ignored;
        }
        self.changed(|area| area.insert_str(text))
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent) -> Edit {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let plain = !ctrl && !key.modifiers.contains(KeyModifiers::ALT);
        let selecting = self.area.selection_range().is_some();
        let word = ctrl && !key.modifiers.contains(KeyModifiers::SHIFT);
        match key.code {
            KeyCode::Char(c) if plain => {
                if c.is_control() {
                    return Edit::Ignored;
                }
                self.paste(c.encode_utf8(&mut [0; 4]))
            }
            KeyCode::Enter => self.paste("\n"),
            // Some terminals send Ctrl-J for a modified Enter.
            KeyCode::Char('j') if ctrl => self.paste("\n"),
            KeyCode::Char('u') if ctrl => self.changed(TextArea::delete_line_by_head),
            KeyCode::Backspace if word => self.changed(TextArea::delete_word),
            KeyCode::Delete if word => self.changed(TextArea::delete_next_word),
            KeyCode::Left if plain && key.modifiers.is_empty() => self.walk(CursorMove::Back),
            KeyCode::Right if plain && key.modifiers.is_empty() => self.walk(CursorMove::Forward),
            KeyCode::Backspace if plain && !selecting => self.erase(CursorMove::Back),
            KeyCode::Delete if plain && !selecting => self.erase(CursorMove::Forward),
            // The editor's own habits that would surprise: its redo, its clipboard, its copy.
            KeyCode::Char('r' | 'c' | 'x' | 'y' | 'v' | 'm') if ctrl => Edit::Ignored,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc => Edit::Ignored,
            _ if self.is_large() => Edit::Ignored,
            _ => self.changed(|area| area.input(*key)),
        }
    }

    /// Characters of the grapheme before or behind the cursor; 1 at a line's end.
    fn stride(&self, way: CursorMove) -> usize {
        let (row, column) = (self.area.cursor().0, self.area.cursor().1);
        let line = self.area.lines().get(row).map_or("", String::as_str);
        let at = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(i, _)| i);
        let (before, behind) = line.split_at_checked(at).unwrap_or((line, ""));
        let grapheme = match way {
            CursorMove::Back => before.graphemes(true).next_back(),
            _ => behind.graphemes(true).next(),
        };
        grapheme.map_or(1, |g| g.chars().count())
    }

    fn walk(&mut self, way: CursorMove) -> Edit {
        self.area.cancel_selection();
        for _ in 0..self.stride(way) {
            self.area.move_cursor(way);
        }
        Edit::Moved
    }

    fn erase(&mut self, way: CursorMove) -> Edit {
        let stride = self.stride(way);
        self.changed(|area| match (way, stride) {
            (CursorMove::Back, 1) => area.delete_char(),
            (CursorMove::Back, _) => {
                for _ in 0..stride {
                    area.move_cursor(CursorMove::Back);
                }
                area.delete_str(stride)
            }
            (_, 1) => area.delete_next_char(),
            _ => area.delete_str(stride),
        })
    }

    /// Scrolls by lines.
    pub fn scroll(&mut self, by: i16) {
        self.area.scroll((by, 0));
    }

    /// Puts the cursor where was clicked, in columns and rows from the area's corner.
    pub fn click(&mut self, column: u16, row: u16) {
        let (top, left) = self.area.scroll_offset();
        let row = usize::from(row) + usize::from(top);
        let place = self
            .area
            .screen_to_data(row, usize::from(column) + usize::from(left));
        let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.area.cancel_selection();
        let jump = CursorMove::Jump(narrow(place.0), narrow(place.1));
        self.area.move_cursor(jump);
    }

    /// Draws it, and says where the cursor stands if it has the keys.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        theme: &Theme,
        focused: bool,
    ) -> Option<Position> {
        let base = theme.style("compose.text");
        let area = area.intersection(buf.area);
        if let Some(text) = &self.aside {
            let kib = text.len() / 1024;
            let words = format!("This text of {kib} KiB is too long to be edited here.");
            let dim = theme.style("text.dim");
            for (n, words) in [
                words.as_str(),
                "It is kept as it is; the external editor can take it.",
            ]
            .iter()
            .enumerate()
            {
                if let Some(mut ink) = Ink::row(buf, area, n) {
                    ink.put(&Clean::line(words), dim);
                }
            }
            return None;
        }
        if area.width < NARROWEST || area.height == 0 {
            return None;
        }
        buf.set_style(area, base);
        (&self.area).render(area, buf);
        scrub(buf, area);
        let (top, _) = self.area.scroll_offset();
        let quote = theme.style("compose.quote");
        let selection = theme.style("input.selection");
        let mut cursor = None;
        for y in area.top()..area.bottom() {
            let row = usize::from(y - area.y) + usize::from(top);
            let place = self.area.screen_to_data(row, 0);
            let line = self.area.lines().get(place.0);
            if line.is_some_and(|l| l.starts_with('>')) {
                buf.set_style(Rect::new(area.x, y, area.width, 1), quote);
            }
            for x in area.left()..area.right() {
                let Some(cell) = buf.cell_mut((x, y)) else {
                    continue;
                };
                if cell.modifier.contains(CURSOR) {
                    cell.modifier.remove(CURSOR);
                    cursor = cursor.or(Some(Position::new(x, y)));
                }
                if cell.modifier.contains(SELECTED) {
                    cell.modifier.remove(SELECTED);
                    cell.set_style(selection);
                }
            }
        }
        let at = self.area.screen_cursor();
        cursor
            .or_else(|| {
                let row = u16::try_from(at.row.checked_sub(usize::from(top))?).ok()?;
                let y = area.y.checked_add(row).filter(|y| *y < area.bottom())?;
                Some(Position::new(area.right().saturating_sub(1), y))
            })
            .filter(|_| focused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;
    use proptest::prelude::*;

    fn press(body: &mut Body, keys: &str) {
        for name in keys.split_whitespace() {
            body.key(&Key::parse(name).unwrap().event());
        }
    }

    fn drawn(body: &Body, columns: u16, rows: u16) -> String {
        shown(columns, rows, |buf, area| {
            body.draw(buf, area, &Theme::default(), true)
        })
    }

    #[test]
    fn text_comes_back_as_it_went_in() {
        for text in [
            "",
            "a\n",
            "\n\n",
            "a\r\nb\tc",
            "日本語 👩\u{200d}👧\n> q",
            "\x1b[2J\u{202e}x",
        ] {
            assert_eq!(Body::new(text).text(), text);
        }
        let large = "x\n".repeat(MOST_LINES + 5);
        let mut body = Body::new(&large);
        assert!(body.is_large());
        press(&mut body, "a enter backspace ctrl-u ctrl-w");
        assert_eq!(body.paste("b"), Edit::Ignored);
        assert_eq!(body.text(), large);
        body.set("short");
        assert_eq!((body.text().as_str(), body.is_large()), ("short", false));
        assert_eq!(body.paste(&"y".repeat(LARGEST)), Edit::Ignored);
        assert_eq!(body.text(), "short");
    }

    #[test]
    fn graphemes_are_one_step() {
        let mut body = Body::new("a👩\u{200d}👧e\u{301}");
        body.go_to_end();
        press(&mut body, "left backspace");
        assert_eq!(body.text(), "ae\u{301}");
        press(&mut body, "delete");
        assert_eq!(body.text(), "a");
        assert_eq!(body.undo(), Edit::Changed);
        assert_eq!(body.undo(), Edit::Changed);
        assert_eq!(body.text(), "a👩\u{200d}👧e\u{301}");
        assert_eq!(body.redo(), Edit::Changed);
        assert_eq!(body.text(), "ae\u{301}");
    }

    #[test]
    fn a_paste_is_text_and_another_text_can_be_taken_back() {
        let mut body = Body::new("");
        body.paste("one\r\ntwo\x1b[2J\rthree");
        assert_eq!(body.text(), "one\ntwo[2J\nthree");
        body.set("from the editor\n");
        assert_eq!(body.text(), "from the editor\n");
        body.undo();
        body.undo();
        assert_eq!(body.text(), "one\ntwo[2J\nthree");
        body.set("");
        assert_eq!(body.text(), "");
    }

    #[test]
    fn long_lines_wrap_and_hostile_text_is_harmless() {
        let mut body = Body::new("The quick brown fox\n> \x1b[2Jquoted\u{202e}\n日本語日本語日本");
        assert_eq!(
            drawn(&body, 12, 7),
            "▏The quick\nbrown fox\n> [2Jquoted\n日本語日本語\n日本\n\n\n"
        );
        body.go_to_end();
        press(&mut body, "left");
        assert!(drawn(&body, 12, 7).contains("\n日▏本\n"));
        let mut area = Buffer::empty(Rect::new(0, 0, 12, 3));
        body.draw(&mut area, Rect::new(0, 0, 12, 3), &Theme::default(), true);
        body.click(0, 0);
        press(&mut body, "x");
        assert!(
            body.text().contains("> \x1b[2Jquoted\u{202e}\nx日本") || body.text().contains("x> ")
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(
            text in "(.|[日\n\te\u{301}👩\u{200d}]){0,40}",
            keys in prop::collection::vec(prop::sample::select(vec!["left", "right", "up", "down", "ctrl-w", "alt-f", "alt-b", "backspace", "delete", "x", "日", "enter", "home", "end", "ctrl-u", "alt-d", "pageup", "pagedown", "shift-left", "shift-up", "ctrl-left"]), 0..30),
            columns in 0u16..30, rows in 0u16..8,
        ) {
            let mut body = Body::new(&text);
            for name in keys {
                press(&mut body, name);
                let cursor = &mut None;
                shown(columns, rows, |buf, area| { *cursor = body.draw(buf, area, &Theme::default(), true); None });
                prop_assert!(cursor.is_none_or(|c| c.x < columns && c.y < rows));
                if columns >= NARROWEST && rows > 0 {
                    prop_assert!(cursor.is_some());
                }
            }
        }
    }
}
