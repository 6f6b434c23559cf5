//! The text of the message in an editor of many lines, by the keys of most programs or by vi's.

use crate::lang::tr;
use crate::model::Group;
use crate::text::Clean;
use crate::tui::linear;
use crate::tui::spell::Spelling;
use crate::tui::theme::Theme;
use crate::tui::widget::editor::vi::{Mode, Vi, Wish};
use crate::tui::widget::editor::{Editor, Look, Motion};
use crate::tui::widget::ink::Ink;
use crate::tui::widget::line_edit::Edit;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The longest text that is edited here, in octets.
pub const LARGEST: usize = 16 << 20;
/// The narrowest that it is drawn.
const NARROWEST: u16 = 3;

/// How somebody likes to edit.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// By the keys of vi.
    pub vi: bool,
    /// With misspelt words marked.
    pub spelling: Spelling,
    /// With these names for several people.
    pub groups: Vec<Group>,
    /// With the recipients' domains looked up before a message goes.
    pub check_domains: bool,
}

/// The text and its editor.
#[derive(Clone, Debug)]
pub struct Body {
    editor: Editor,
    vi: Option<Vi>,
    spelling: Spelling,
    /// What the last key asked for.
    wish: Option<Wish>,
    /// The text itself, where it is too large for the editor.
    aside: Option<String>,
}

impl Body {
    /// An editor with the cursor at the beginning.
    pub fn new(text: &str) -> Body {
        let fits = text.len() <= LARGEST;
        Body {
            editor: Editor::new(if fits { text } else { "" }),
            vi: None,
            spelling: Spelling::default(),
            wish: None,
            aside: (!fits).then(|| text.to_owned()),
        }
    }

    /// Edits as its user is used to; with vi, letters are text at first.
    pub fn take_habits(&mut self, habits: &Habits) {
        self.vi = habits.vi.then(Vi::default);
        self.spelling = habits.spelling.clone();
    }

    /// What the keys of vi mean now; `None` without them.
    pub fn mode(&self) -> Option<Mode> {
        self.vi.as_ref().map(Vi::mode)
    }

    /// Whether a key is for the text before it is for anybody else.
    pub fn wants(&self, key: &KeyEvent) -> bool {
        let redo = key.code == KeyCode::Char('r') && key.modifiers == KeyModifiers::CONTROL;
        self.vi.as_ref().is_some_and(|vi| match key.code {
            KeyCode::Esc => vi.is_busy(),
            _ => redo && vi.mode() != Mode::Insert,
        })
    }

    /// The text, exactly as it came and was typed.
    pub fn text(&self) -> String {
        match &self.aside {
            Some(text) => text.clone(),
            None => self.editor.text().whole(),
        }
    }

    /// Whether it is too large to be edited here.
    pub fn is_large(&self) -> bool {
        self.aside.is_some()
    }

    /// Puts another text in its place (the external editor's); can be taken back.
    pub fn set(&mut self, text: &str) {
        if self.is_large() || text.len() > LARGEST {
            let fresh = Body::new(text);
            (self.editor, self.aside) = (fresh.editor, fresh.aside);
            return;
        }
        self.editor.set(text);
    }

    /// Whether the cursor is in the first row of the text.
    pub fn at_top(&self) -> bool {
        self.editor.at_top()
    }

    /// Takes the last typing back.
    pub fn undo(&mut self) -> Edit {
        self.editor.view_follows();
        Edit::of(!self.is_large() && self.editor.undo())
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) -> Edit {
        self.editor.view_follows();
        Edit::of(!self.is_large() && self.editor.redo())
    }

    /// Inserts text as text: no key in it is obeyed, control characters are left out. `Ignored`
    /// if it is too much.
    pub fn paste(&mut self, text: &str) -> Edit {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        if self.is_large() || self.editor.text().octets() + text.len() > LARGEST {
            return Edit::Ignored;
        }
        self.editor.view_follows();
        Edit::of(self.editor.insert(&text))
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent) -> Edit {
        if self.is_large() {
            return Edit::Ignored;
        }
        self.editor.view_follows();
        if let Some(vi) = &mut self.vi
            && let Some(edit) = vi.key(&mut self.editor, key)
        {
            self.wish = vi.take_wish();
            return edit;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        if let Some(motion) = motion(key) {
            self.editor.go(motion, shift);
            return Edit::Moved;
        }
        let editor = &mut self.editor;
        match key.code {
            KeyCode::Char(c) if !ctrl && !alt => match c.is_control() {
                true => Edit::Ignored,
                false => self.paste(c.encode_utf8(&mut [0; 4])),
            },
            KeyCode::Enter => self.paste("\n"),
            // Some terminals send Ctrl-J for a modified Enter.
            KeyCode::Char('j') if ctrl => self.paste("\n"),
            KeyCode::Char('u') if ctrl => Edit::of(editor.erase(Motion::Home)),
            KeyCode::Char('w') if ctrl => Edit::of(editor.erase(Motion::WordLeft)),
            KeyCode::Char('d') if alt => Edit::of(editor.erase(Motion::WordRight)),
            KeyCode::Char('a') if alt => {
                editor.select_all();
                Edit::Moved
            }
            KeyCode::Char('c') if alt => {
                editor.copy();
                self.wish = editor.selection().map(|_| Wish::Yanked);
                Edit::Moved
            }
            KeyCode::Char('x') if ctrl => match editor.selection() {
                Some((from, to)) => {
                    self.wish = Some(Wish::Yanked);
                    Edit::of(editor.cut(from, to))
                }
                None => Edit::Ignored,
            },
            KeyCode::Char('v') if ctrl => Edit::of(editor.put()),
            KeyCode::Backspace if ctrl || alt => Edit::of(editor.erase(Motion::WordLeft)),
            KeyCode::Delete if ctrl || alt => Edit::of(editor.erase(Motion::WordRight)),
            // What Ctrl-Backspace comes as in many terminals.
            KeyCode::Char('h') if ctrl => Edit::of(editor.erase(Motion::WordLeft)),
            KeyCode::Backspace => Edit::of(editor.erase(Motion::Left)),
            KeyCode::Delete => Edit::of(editor.erase(Motion::Right)),
            _ => Edit::Ignored,
        }
    }

    /// What the last key asked for beyond the text, once.
    pub fn take_wish(&mut self) -> Option<Wish> {
        self.wish.take()
    }

    /// What was cut or copied last.
    pub fn kept(&self) -> &str {
        self.editor.kept()
    }

    /// What says which words are right.
    pub fn spelling(&self) -> &Spelling {
        &self.spelling
    }

    /// The word at the cursor.
    pub fn word(&self) -> Option<String> {
        let line = self.editor.text().line(self.editor.cursor().line);
        line.get(self.editor.word()?).map(str::to_owned)
    }

    /// Puts another word in the place of the one at the cursor.
    pub fn replace_word(&mut self, word: &str) -> Edit {
        let Some(range) = self.editor.word() else {
            return Edit::Ignored;
        };
        let at = |at: usize| crate::tui::widget::editor::text::Place {
            line: self.editor.cursor().line,
            at,
        };
        let (from, to) = (at(range.start), at(range.end));
        Edit::of(self.editor.replace(from, to, word))
    }

    /// Scrolls by rows.
    pub fn scroll(&mut self, by: i16) {
        self.editor.scroll(isize::from(by));
    }

    /// Puts the cursor where was clicked, in columns and rows from the area's corner.
    pub fn click(&mut self, column: u16, row: u16) {
        let place = self.editor.under(usize::from(column), usize::from(row));
        self.editor.jump(place);
    }

    /// Stretches the selection to where was dragged.
    pub fn drag(&mut self, column: u16, row: u16) {
        let place = self.editor.under(usize::from(column), usize::from(row));
        self.editor.stretch(place);
    }

    /// Draws it, and says where the cursor stands if it has the keys and is seen.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        theme: &Theme,
        focused: bool,
    ) -> Option<Position> {
        let area = area.intersection(buf.area);
        if let Some(text) = &self.aside {
            draw_aside(buf, area, text.len(), theme);
            return None;
        }
        if area.width < NARROWEST || area.height == 0 {
            return None;
        }
        let base = theme.style("compose.text");
        buf.set_style(area, base);
        let look = Look {
            text: linear::theirs(base, theme.is_linear()),
            selection: theme.style("input.selection"),
            quote: theme.style("compose.quote"),
            wrong: theme.style("compose.misspelt"),
            misspelt: &|line| match line.starts_with('>') {
                true => Vec::new(),
                false => self.spelling.wrong(line),
            },
        };
        self.editor.draw(buf, area, &look).filter(|_| focused)
    }
}

/// Where a key leads, without vi.
fn motion(key: &KeyEvent) -> Option<Motion> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Left if ctrl || alt => Motion::WordLeft,
        KeyCode::Right if ctrl || alt => Motion::WordRight,
        KeyCode::Left => Motion::Left,
        KeyCode::Right => Motion::Right,
        KeyCode::Up => Motion::Up,
        KeyCode::Down => Motion::Down,
        KeyCode::PageUp => Motion::PageUp,
        KeyCode::PageDown => Motion::PageDown,
        KeyCode::Home if ctrl => Motion::Top,
        KeyCode::End if ctrl => Motion::Bottom,
        KeyCode::Home => Motion::Home,
        KeyCode::End => Motion::End,
        KeyCode::Char('a') if ctrl => Motion::Home,
        KeyCode::Char('b') if alt => Motion::WordLeft,
        KeyCode::Char('f') if alt => Motion::WordRight,
        KeyCode::Char('<') if alt => Motion::Top,
        KeyCode::Char('>') if alt => Motion::Bottom,
        _ => return None,
    })
}

fn draw_aside(buf: &mut Buffer, area: Rect, octets: usize, theme: &Theme) {
    let mib = octets >> 20;
    let words = tr!("This text of {mib} MiB is too long to be edited here.", mib);
    let dim = theme.style("text.dim");
    for (n, words) in [
        words.as_str(),
        tr!("It is kept as it is; the external editor can take it."),
    ]
    .iter()
    .enumerate()
    {
        if let Some(mut ink) = Ink::row(buf, area, n) {
            ink.put(&Clean::line(words), dim);
        }
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
        let large = "x\n".repeat(LARGEST / 2 + 5);
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
        press(&mut body, "ctrl-end");
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
        assert_eq!(body.text(), "one\ntwo[2J\nthree");
        body.set("");
        assert_eq!(body.text(), "");
    }

    #[test]
    fn what_is_selected_is_cut_and_put_elsewhere() {
        let mut body = Body::new("one two");
        press(&mut body, "ctrl-shift-right ctrl-x end ctrl-v");
        assert_eq!(body.text(), " twoone");
        press(&mut body, "alt-a alt-c x");
        assert_eq!(body.text(), "x");
    }

    #[test]
    fn the_keys_of_vi_are_there_if_wanted() {
        let mut body = Body::new("one two");
        body.take_habits(&Habits {
            vi: true,
            ..Habits::default()
        });
        let esc = Key::parse("esc").unwrap().event();
        assert!(body.wants(&esc), "it ends the typing");
        press(&mut body, "x esc");
        assert!(!body.wants(&esc), "it leaves the composer");
        press(&mut body, "w d w u ctrl-r");
        assert_eq!(body.text(), "xone ");
    }

    #[test]
    fn long_lines_wrap_and_hostile_text_is_harmless() {
        let mut body = Body::new("The quick brown fox\n> \x1b[2Jquoted\u{202e}\n日本語日本語日本");
        assert_eq!(
            drawn(&body, 13, 7),
            "▏The quick\nbrown fox\n> ␛[2Jquoted\n日本語日本語\n日本\n\n\n"
        );
        press(&mut body, "ctrl-end");
        press(&mut body, "left");
        assert!(drawn(&body, 13, 7).contains("\n日▏本\n"));
        body.click(0, 0);
        press(&mut body, "x");
        assert!(body.text().starts_with("xThe"), "{}", body.text());
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
