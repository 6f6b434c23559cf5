//! The editor: a text, a cursor, a selection, and what may be done with them.

use super::history::History;
use super::text::{Place, Text};
use super::window::Window;
use std::ops::Range;

/// Where the cursor can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One grapheme back.
    Left,
    /// One grapheme on.
    Right,
    /// One row of the screen up, in the same column.
    Up,
    /// One row of the screen down, in the same column.
    Down,
    /// To the beginning of the word.
    WordLeft,
    /// To the end of the word.
    WordRight,
    /// To the beginning of the next word.
    NextWord,
    /// To the beginning of the line.
    Home,
    /// To the first character of the line that is no space.
    Indent,
    /// To the end of the line.
    End,
    /// To the beginning of the text.
    Top,
    /// To the end of the text.
    Bottom,
    /// One screen up.
    PageUp,
    /// One screen down.
    PageDown,
}

/// A text being edited.
#[derive(Clone, Debug)]
pub struct Editor {
    text: Text,
    history: History,
    cursor: Place,
    /// The other end of the selection.
    anchor: Option<Place>,
    /// The column that motion up and down keeps to.
    goal: Option<usize>,
    /// What was cut or copied last.
    kept: String,
    pub(super) view: Window,
}

impl Editor {
    /// An editor with the cursor at the beginning.
    pub fn new(text: &str) -> Editor {
        Editor {
            text: Text::new(text),
            history: History::default(),
            cursor: Place::default(),
            anchor: None,
            goal: None,
            kept: String::new(),
            view: Window::default(),
        }
    }

    /// The text.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Where the cursor is.
    pub fn cursor(&self) -> Place {
        self.cursor
    }

    /// The ends of the selection, in order; nothing if it is empty.
    pub fn selection(&self) -> Option<(Place, Place)> {
        let anchor = self.anchor.filter(|anchor| *anchor != self.cursor)?;
        Some((anchor.min(self.cursor), anchor.max(self.cursor)))
    }

    /// What is selected.
    pub fn selected(&self) -> Option<String> {
        let (from, to) = self.selection()?;
        Some(self.text.between(from, to))
    }

    /// What was cut or copied last.
    pub fn kept(&self) -> &str {
        &self.kept
    }

    /// Keeps a text as if it had been cut.
    pub fn keep(&mut self, text: String) {
        self.kept = text;
    }

    /// Begins a selection at the cursor, or ends it.
    pub fn select(&mut self, on: bool) {
        self.anchor = match on {
            true => self.anchor.or(Some(self.cursor)),
            false => None,
        };
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.anchor = Some(Place::default());
        self.cursor = self.text.end();
        self.goal = None;
    }

    /// Moves the cursor; with `selecting` the selection grows from where it was.
    pub fn go(&mut self, motion: Motion, selecting: bool) {
        if let (Some((from, to)), false, Motion::Left | Motion::Right) =
            (self.selection(), selecting, motion)
        {
            // Out of the selection, at its end.
            self.jump(if motion == Motion::Left { from } else { to });
            return;
        }
        self.select(selecting);
        let goal = self.goal.take();
        self.history.pause();
        self.cursor = match motion {
            Motion::Up | Motion::Down | Motion::PageUp | Motion::PageDown => {
                let rows = match motion {
                    Motion::Up => -1,
                    Motion::Down => 1,
                    Motion::PageUp => -self.view.page(),
                    _ => self.view.page(),
                };
                let goal = goal.unwrap_or_else(|| self.view.column(&self.text, self.cursor));
                self.goal = Some(goal);
                self.view.step(&self.text, self.cursor, rows, goal)
            }
            other => self.target(other),
        };
    }

    /// Where a motion within the text leads.
    pub fn target(&self, motion: Motion) -> Place {
        self.target_from(self.cursor, motion)
    }

    /// Where a motion within the text leads from a place.
    pub fn target_from(&self, here: Place, motion: Motion) -> Place {
        let text = &self.text;
        match motion {
            Motion::Left => text.back(here).unwrap_or(here),
            Motion::Right => text.forth(here).unwrap_or(here),
            Motion::WordLeft => text.word_back(here),
            Motion::WordRight => text.word_forth(here),
            Motion::NextWord => text.next_word(here),
            Motion::Home => Place { at: 0, ..here },
            Motion::Indent => {
                let line = text.line(here.line);
                let at = line.len() - line.trim_start().len();
                Place { at, ..here }
            }
            Motion::End => text.line_end(here.line),
            Motion::Top => Place::default(),
            Motion::Bottom => text.end(),
            Motion::Up | Motion::Down | Motion::PageUp | Motion::PageDown => here,
        }
    }

    /// Puts the cursor somewhere; nothing is selected then.
    pub fn jump(&mut self, place: Place) {
        self.anchor = None;
        self.goal = None;
        self.history.pause();
        self.cursor = self.text.clamp(place);
    }

    /// Puts the cursor somewhere, the selection staying where it began.
    pub fn stretch(&mut self, place: Place) {
        self.select(true);
        self.goal = None;
        self.cursor = self.text.clamp(place);
    }

    /// Puts text in the place of the selection, or at the cursor.
    pub fn insert(&mut self, text: &str) -> bool {
        let (from, to) = self.selection().unwrap_or((self.cursor, self.cursor));
        self.replace(from, to, text)
    }

    /// Puts text in the place of what lies between two places, as one step of undo; the cursor goes
    /// behind it.
    pub fn replace(&mut self, from: Place, to: Place, text: &str) -> bool {
        let (from, to) = (self.text.clamp(from.min(to)), self.text.clamp(from.max(to)));
        self.anchor = None;
        self.goal = None;
        if from == to && text.is_empty() {
            return false;
        }
        let before = self.cursor;
        let gone = self.text.remove(from, to);
        self.cursor = self.text.insert(from, text);
        self.history.note(from, gone, text, before);
        true
    }

    /// Takes out the selection, or what lies between the cursor and where a motion leads.
    pub fn erase(&mut self, motion: Motion) -> bool {
        let (from, to) = self
            .selection()
            .unwrap_or((self.cursor, self.target(motion)));
        self.replace(from, to, "")
    }

    /// As [`Editor::erase`], and what is taken out is kept for [`Editor::put`].
    pub fn cut(&mut self, from: Place, to: Place) -> bool {
        self.kept = self.text.between(from, to);
        self.replace(from, to, "")
    }

    /// Keeps the selection for [`Editor::put`].
    pub fn copy(&mut self) {
        if let Some(text) = self.selected() {
            self.kept = text;
        }
    }

    /// Puts in what was kept.
    pub fn put(&mut self) -> bool {
        let kept = std::mem::take(&mut self.kept);
        let changed = self.insert(&kept);
        self.kept = kept;
        changed
    }

    /// Puts another text in the place of the whole, as one step of undo.
    pub fn set(&mut self, text: &str) {
        let end = self.text.end();
        self.replace(Place::default(), end, text);
        self.cursor = Place::default();
    }

    /// Takes the last step back.
    pub fn undo(&mut self) -> bool {
        self.settle(History::undo)
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) -> bool {
        self.settle(History::redo)
    }

    fn settle(&mut self, step: fn(&mut History, &mut Text) -> Option<Place>) -> bool {
        match step(&mut self.history, &mut self.text) {
            Some(place) => {
                self.cursor = self.text.clamp(place);
                self.anchor = None;
                self.goal = None;
                true
            }
            None => false,
        }
    }

    /// The word at the cursor, in octets of its line.
    pub fn word(&self) -> Option<Range<usize>> {
        self.text.word_at(self.cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_replaced_cut_and_put() {
        let mut editor = Editor::new("one two");
        editor.go(Motion::WordRight, true);
        assert_eq!(editor.selected().as_deref(), Some("one"));
        editor.copy();
        editor.insert("1");
        assert_eq!(editor.text().whole(), "1 two");
        editor.go(Motion::Bottom, false);
        editor.put();
        assert_eq!(editor.text().whole(), "1 twoone");
        editor.undo();
        editor.undo();
        assert_eq!(editor.text().whole(), "one two");
        editor.select_all();
        editor.go(Motion::Left, false);
        assert_eq!(
            (editor.cursor(), editor.selection()),
            (Place::default(), None)
        );
        assert!(!editor.erase(Motion::Left));
        assert!(editor.erase(Motion::WordRight));
        assert_eq!(editor.text().whole(), " two");
    }

    #[test]
    fn up_and_down_keep_their_column() {
        let mut editor = Editor::new("long line\nx\n日本語日本");
        editor.view.resize(20, 5);
        editor.go(Motion::End, false);
        editor.go(Motion::Down, false);
        assert_eq!(editor.cursor(), Place { line: 1, at: 1 });
        editor.go(Motion::Down, false);
        assert_eq!(editor.cursor(), Place { line: 2, at: 12 });
        editor.go(Motion::Up, false);
        editor.go(Motion::Up, false);
        assert_eq!(editor.cursor(), Place { line: 0, at: 9 });
    }
}
