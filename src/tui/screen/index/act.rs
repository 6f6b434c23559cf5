//! What the user does in the index beyond moving: folding, opening, marking, and what an action
//! is done to.

use super::{Ident, Index, Kind, Line};
use crate::model::{System, Target};
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

    /// Marks or unmarks the selection, which stays where it is.
    pub fn mark(&mut self) {
        let Some(line) = self.selected() else {
            return;
        };
        let (ident, target) = (line.ident, self.target(line));
        if self.marks.remove(&ident).is_none() {
            self.marks.insert(ident, target);
        }
    }

    /// Takes all marks away; says whether there were any.
    pub fn unmark_all(&mut self) -> bool {
        !std::mem::take(&mut self.marks).is_empty()
    }

    /// What an action is done to: the marked ones, else the selected one.
    pub fn targets(&self) -> Vec<Target> {
        if self.marks.is_empty() {
            self.selected()
                .map(|l| self.target(l))
                .into_iter()
                .collect()
        } else {
            self.marks.values().copied().collect()
        }
    }

    /// The lines that an action is done to.
    pub fn acted(&self) -> impl Iterator<Item = &Line> {
        let any = !self.marks.is_empty();
        self.lines.iter().enumerate().filter_map(move |(n, line)| {
            let hit = if any {
                self.marks.contains_key(&line.ident)
            } else {
                n == self.cursor
            };
            hit.then_some(line)
        })
    }

    /// The target that a line stands for: a thread's line for the whole thread.
    pub fn target(&self, line: &Line) -> Target {
        match line.kind {
            Kind::Folded | Kind::Unfolded => Target::Thread {
                thread: line.row.thread,
                mailbox: self.mailbox(),
            },
            Kind::Single | Kind::Child => Target::Location(line.row.location),
        }
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

    /// Whether a thread row's messages are unread, for toggling.
    pub fn any_unread(&self) -> bool {
        self.acted().any(|l| l.row.unread > 0)
    }

    /// Whether every acted line is flagged.
    pub fn all_flagged(&self) -> bool {
        self.acted()
            .all(|l| l.row.flags.system.has(System::FLAGGED))
    }
}
