//! Selecting rows for the next action, and what that is done to. Rows that are here are selected in
//! the same turn; the rest of the list is asked for, one question after another, and the answer
//! counts for the list as it is then.

use super::marks::{Marks, ident};
use super::{Ident, Index, Kind, Line};
use crate::model::{Query, Target};
use crate::store::Stub;
use crate::tui::question::{How, Listing, Question, Which};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Of more selected rows nobody asks at each change whether they are still there: an action passes
/// over what is not.
const ASKED: usize = 20_000;

impl Index {
    /// Selects the row under the cursor, or does not any more. The cursor stays where it is.
    pub fn mark(&mut self) {
        let Some(line) = self.selected() else {
            return;
        };
        let (ident, key, stub) = (line.ident, line.row.key, stub(line));
        if !self.marks.remove(ident) {
            self.marks.add(stub);
        }
        self.marked_last = Some((ident, key));
    }

    /// Selects everything from the row that was selected last to the one under the cursor.
    pub fn mark_range(&mut self) -> Vec<Question> {
        let Some(line) = self.selected() else {
            return Vec::new();
        };
        let (ident, key) = (line.ident, line.row.key);
        let Some((from, from_key)) = self.marked_last else {
            if !self.marks.has(ident) {
                self.mark();
            }
            return Vec::new();
        };
        self.marked_last = Some((ident, key));
        let from = self.lines.iter().position(|l| l.ident == from);
        match from {
            Some(from) => {
                let (low, high) = (from.min(self.cursor), from.max(self.cursor));
                let between = self.lines.iter().take(high + 1).skip(low);
                // A message of a thread that is selected whole needs no mark of its own.
                let inside = self.lines.get(from).is_some_and(|l| l.kind == Kind::Child);
                let between = between.filter(|l| inside || l.kind != Kind::Child);
                let stubs: Vec<Stub> = between.map(stub).collect();
                stubs.into_iter().for_each(|stub| self.marks.add(stub));
                Vec::new()
            }
            None => self.pick(Which::Between(from_key, key), How::Add),
        }
    }

    /// Selects the conversation under the cursor: its row, or every message of it in the list.
    pub fn mark_thread(&mut self) -> Vec<Question> {
        let Some(line) = self.selected() else {
            return Vec::new();
        };
        let (thread, key) = (line.row.thread, line.row.key);
        self.marked_last = Some((line.ident, key));
        if self.threaded() {
            let head = self.lines.iter().find(|l| l.ident == Ident::Thread(thread));
            let stub = head.map_or(Stub::Thread(thread, None), stub);
            self.marks.add(stub);
            return Vec::new();
        }
        self.add_lines(|line| line.row.thread == thread);
        match self.is_whole() {
            true => Vec::new(),
            false => self.pick(Which::Of(thread), How::Add),
        }
    }

    /// Selects every row of the list.
    pub fn mark_all(&mut self) -> Vec<Question> {
        self.marks = Marks::default();
        self.add_lines(|_| true);
        match self.is_whole() {
            true => Vec::new(),
            false => self.pick(Which::All, How::Only),
        }
    }

    /// Selects the rows of the list that fit a query, or that do not; or takes them out of what is
    /// selected.
    pub fn mark_fitting(&mut self, query: Arc<Query>, fits: bool, how: How) -> Vec<Question> {
        let which = match self.is_whole() && !self.threaded() {
            true => {
                let rows = self.rows.iter();
                let places = rows.map(|row| (row.location, row.message)).collect();
                Which::Among(places, query, fits)
            }
            false => Which::Fitting(query, fits),
        };
        self.pick(which, how)
    }

    /// Takes in what was picked of the whole list. Answers to other lists are dropped.
    /// Beside what is asked next it answers whether it counted, or why nothing could be picked.
    pub fn picked(
        &mut self,
        (serial, ticket): (u64, u64),
        how: How,
        found: Result<Vec<Stub>, String>,
    ) -> (Vec<Question>, Result<bool, String>) {
        if serial != self.serial || ticket != self.pick_ticket {
            return (Vec::new(), Ok(false));
        }
        let pick = self.picks.pop_front();
        self.pick_ticket += 1;
        // Who asked only what is gone loses nothing.
        let asked = pick.is_some_and(|(which, _)| !matches!(which, Which::Gone(_)));
        if found.is_err() && asked {
            // What is selected so far is less than what was asked for, or something else: nothing
            // may be done to that in its place.
            self.picks.clear();
            self.pick_failed = true;
            if how == How::Only {
                self.marks = Marks::default();
            }
        }
        let result = found.map(|found| {
            if how == How::Only {
                self.marks = Marks::default();
            }
            for stub in found {
                match how {
                    How::Only | How::Add => self.marks.add(stub),
                    How::Remove => _ = self.marks.remove(ident(stub)),
                }
            }
            true
        });
        (self.next_pick().into_iter().collect(), result)
    }

    /// Whether the last selection that was asked for could not be made.
    pub fn has_failed_to_pick(&self) -> bool {
        self.pick_failed
    }

    /// Whether rows are still being picked.
    pub fn is_picking(&self) -> bool {
        let waits = |(which, _): &(Which, How)| !matches!(which, Which::Gone(_));
        self.picks.iter().any(waits)
    }

    /// What is to be asked about the selection when the list has changed: which of it is gone.
    pub(super) fn still_marked(&mut self) -> Option<Question> {
        if self.marks.is_empty() || self.marks.len() > ASKED || !self.picks.is_empty() {
            return None;
        }
        if self.is_whole() {
            return None;
        }
        let gone = Which::Gone(self.marks.stubs().collect());
        self.pick(gone, How::Remove).pop()
    }

    /// Of a list that is here whole, what is selected and not in it any more is not selected.
    pub(super) fn unmark_gone(&mut self) {
        if self.is_whole() && !self.marks.is_empty() {
            let here: BTreeSet<Ident> = self.lines.iter().map(|l| l.ident).collect();
            let all = self.marks.stubs().map(ident);
            // Of a folded thread nobody knows here which messages it has.
            let told = all.filter(|ident| !self.threaded() || matches!(ident, Ident::Thread(_)));
            let gone: Vec<Ident> = told.filter(|ident| !here.contains(ident)).collect();
            for ident in gone {
                self.marks.remove(ident);
            }
        }
    }

    /// Selects nothing any more; says whether anything was.
    pub fn unmark_all(&mut self) -> bool {
        self.marked_last = None;
        let picking = self.is_picking();
        // An answer that is still to come is not for this selection.
        self.picks.clear();
        self.pick_ticket += 1;
        !std::mem::take(&mut self.marks).is_empty() || picking
    }

    /// What an action is done to: what is selected, else the row under the cursor.
    pub fn targets(&self) -> Vec<Target> {
        if self.marks.is_empty() {
            let line = self.selected().map(|l| self.target(l));
            line.into_iter().collect()
        } else {
            self.marks.targets(self.mailbox())
        }
    }

    /// The lines that an action is done to, as far as they are here.
    pub fn acted(&self) -> impl Iterator<Item = &Line> {
        let any = !self.marks.is_empty();
        self.lines.iter().enumerate().filter_map(move |(n, line)| {
            let hit = if any {
                self.marks.has(line.ident)
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

    /// Whether all rows of the list are here.
    fn is_whole(&self) -> bool {
        let short = matches!(
            self.listing,
            Listing::Search(..) | Listing::Conversation(..)
        );
        short || (self.loaded && self.at_newest && self.at_oldest)
    }

    fn add_lines(&mut self, wanted: impl Fn(&Line) -> bool) {
        let threaded = self.threaded();
        let lines = self.lines.iter();
        let lines = lines.filter(|l| wanted(l) && (!threaded || l.kind != Kind::Child));
        let stubs: Vec<Stub> = lines.map(stub).collect();
        stubs.into_iter().for_each(|stub| self.marks.add(stub));
    }

    fn pick(&mut self, which: Which, how: How) -> Vec<Question> {
        self.pick_failed = false;
        self.picks.push_back((which, how));
        match self.picks.len() {
            1 => self.next_pick().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn next_pick(&self) -> Option<Question> {
        let (which, how) = self.picks.front()?;
        Some(Question::Pick {
            serial: self.serial,
            ticket: self.pick_ticket,
            listing: self.listing.clone(),
            which: which.clone(),
            how: *how,
        })
    }
}

/// The row that a line stands for.
fn stub(line: &Line) -> Stub {
    match (line.ident, line.kind) {
        (Ident::Thread(thread), Kind::Single) => Stub::Thread(thread, Some(line.row.location)),
        (Ident::Thread(thread), _) => Stub::Thread(thread, None),
        (Ident::Location(place), _) => Stub::Place(place),
    }
}
