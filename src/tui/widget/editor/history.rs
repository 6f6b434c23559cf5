//! What was changed, to be taken back and done again. Typing without a pause in place is one step.

use super::text::{Place, Text};

/// Steps that can be taken back.
const STEPS: usize = 2_000;
/// Octets that all steps may hold together; the oldest go first.
const OCTETS: usize = 16 << 20;

/// One change: at a place, this went and that came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    at: Place,
    gone: String,
    came: String,
    /// Where the cursor stood before.
    before: Place,
    /// Whether typing may go on in it.
    open: bool,
}

/// The changes, and how many of them are done now.
#[derive(Clone, Debug, Default)]
pub struct History {
    changes: Vec<Change>,
    done: usize,
    octets: usize,
}

impl History {
    /// Notes that `gone` at `at` was replaced by `came`; the cursor had stood at `before`.
    pub fn note(&mut self, at: Place, gone: String, came: &str, before: Place) {
        self.changes.truncate(self.done);
        self.octets += gone.len() + came.len();
        let typed = gone.is_empty() && !came.contains('\n');
        match self.changes.last_mut().filter(|c| c.open && typed) {
            // A word that follows a space begins a step.
            Some(last)
                if last.at.line == at.line
                    && last.at.at + last.came.len() == at.at
                    && (came.starts_with(' ') || !last.came.ends_with(' ')) =>
            {
                last.came.push_str(came);
            }
            _ => self.changes.push(Change {
                at,
                gone,
                came: came.to_owned(),
                before,
                open: typed,
            }),
        }
        while self.changes.len() > STEPS || (self.octets > OCTETS && self.changes.len() > 1) {
            let old = self.changes.remove(0);
            self.octets = self.octets.saturating_sub(old.gone.len() + old.came.len());
        }
        self.done = self.changes.len();
    }

    /// What comes next is a step of its own.
    pub fn pause(&mut self) {
        if let Some(last) = self.changes.last_mut() {
            last.open = false;
        }
    }

    /// Takes the last step back; answers where the cursor goes.
    pub fn undo(&mut self, text: &mut Text) -> Option<Place> {
        self.pause();
        let change = self.changes.get(self.done.checked_sub(1)?)?;
        let end = behind(change.at, &change.came);
        text.remove(change.at, end);
        text.insert(change.at, &change.gone);
        self.done -= 1;
        Some(change.before)
    }

    /// Does again what was taken back; answers where the cursor goes.
    pub fn redo(&mut self, text: &mut Text) -> Option<Place> {
        let change = self.changes.get(self.done)?;
        text.remove(change.at, behind(change.at, &change.gone));
        self.done += 1;
        Some(text.insert(change.at, &change.came))
    }
}

/// The place behind a text that was put in at a place.
fn behind(at: Place, text: &str) -> Place {
    match text.rsplit_once('\n') {
        None => Place {
            at: at.at + text.len(),
            ..at
        },
        Some((lines, last)) => Place {
            line: at.line + 1 + lines.matches('\n').count(),
            at: last.len(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_is_taken_back_by_words() {
        let mut text = Text::new("");
        let mut history = History::default();
        let mut at = Place::default();
        for c in ["o", "n", "e", " ", "t", "w", "o"] {
            let next = text.insert(at, c);
            history.note(at, String::new(), c, at);
            at = next;
        }
        assert_eq!(history.undo(&mut text), Some(Place { line: 0, at: 4 }));
        assert_eq!(text.whole(), "one ");
        history.undo(&mut text);
        assert_eq!((text.whole().as_str(), history.undo(&mut text)), ("", None));
        history.redo(&mut text);
        assert_eq!(history.redo(&mut text), Some(Place { line: 0, at: 7 }));
        assert_eq!(
            (text.whole().as_str(), history.redo(&mut text)),
            ("one two", None)
        );
    }
}
