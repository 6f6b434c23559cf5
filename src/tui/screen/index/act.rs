//! What the user does in the index beyond moving and selecting: folding and opening.

use super::{Ident, Index, Kind};
use crate::tui::overlay::Overlay;
use crate::tui::question::Question;
use std::time::Instant;

impl Index {
    /// Unfolds or folds the thread under the selection.
    pub fn fold(&mut self, overlay: &Overlay) -> Vec<Question> {
        let Some(line) = self.selected() else {
            return Vec::new();
        };
        let (thread, kind) = (line.row.thread, line.kind);
        if self.threads.remove(&thread).is_some() {
            self.anchor = Some(Ident::Thread(thread));
            self.rebuild(overlay);
            return Vec::new();
        }
        if kind != Kind::Folded {
            return Vec::new();
        }
        self.threads.insert(thread, Vec::new());
        vec![self.thread_question(thread)]
    }

    /// Folds every thread.
    pub fn fold_all(&mut self, overlay: &Overlay) {
        if let Some(line) = self.selected().filter(|l| l.kind == Kind::Child) {
            self.anchor = Some(Ident::Thread(line.row.thread));
        }
        self.threads.clear();
        self.rebuild(overlay);
    }

    /// The message that stands `by` lines from the opened one, past threads' own lines when they
    /// are unfolded; selects it.
    pub fn neighbour(&mut self, by: isize, now: Instant) -> (Vec<Question>, bool) {
        let before = self.cursor;
        let mut questions = self.step(by, now);
        while self.cursor != before && self.selected().is_some_and(|l| l.kind == Kind::Unfolded) {
            let at = self.cursor;
            questions.extend(self.step(by.signum(), now));
            if self.cursor == at {
                break;
            }
        }
        (questions, self.cursor != before)
    }
}
