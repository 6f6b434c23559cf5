//! The window of rows as pages come to it. It grows at one end and is cut at the other, but never by what
//! stands on the screen: a page may come when one has long gone back to the other end.

use super::{Index, KEPT, Line};
use crate::model::view::{IndexRow, Page};
use std::collections::BTreeSet;

impl Index {
    /// These rows stand in place of those that were here.
    pub(super) fn replace(&mut self, page: Page, rows: Vec<IndexRow>, more: bool) {
        // The window read again stands where it stood.
        let again = self.rows.first().map(|row| Page::From(row.key)) == Some(page);
        self.above = self.above.filter(|_| again);
        self.rows = rows;
        match page {
            Page::Newest => {
                (self.at_newest, self.at_oldest) = (true, !more);
                self.above = Some(0);
            }
            Page::Oldest => (self.at_newest, self.at_oldest) = (!more, true),
            _ => self.at_oldest = !more,
        }
    }

    /// These rows come after those that are here.
    pub(super) fn append(&mut self, rows: Vec<IndexRow>, more: bool) {
        let first = self.lines.get(self.top).and_then(|line| self.row_of(line));
        let rows = self.unknown(rows);
        self.rows.extend(rows);
        self.at_oldest = !more;
        let extra = self.rows.len().saturating_sub(KEPT);
        // Where less than a screen is left of many rows, those below are to come up.
        let few = self.lines.len() < self.height;
        let above = first.filter(|_| !few).map_or(extra, |n| n.min(extra));
        self.rows.drain(..above);
        self.above = self.above.map(|n| n + above);
        self.at_newest &= above == 0;
        self.at_oldest &= self.rows.len() <= KEPT;
        self.rows.truncate(KEPT);
    }

    /// These rows come before those that are here.
    pub(super) fn prepend(&mut self, rows: Vec<IndexRow>, more: bool) {
        let last = (self.top + self.height).min(self.lines.len());
        let last = self.lines.get(last.saturating_sub(1));
        let last = last.and_then(|line| self.row_of(line));
        let mut all = self.unknown(rows);
        let came = all.len();
        self.above = self.above.map(|n| n.saturating_sub(came));
        all.append(&mut self.rows);
        self.rows = all;
        self.at_newest = !more;
        let extra = self.rows.len().saturating_sub(KEPT);
        let seen = last.map_or(0, |n| came + n + 1);
        let below = extra.min(self.rows.len().saturating_sub(seen));
        self.rows.truncate(self.rows.len() - below);
        self.at_oldest &= below == 0;
        let above = extra - below;
        self.rows.drain(..above);
        self.above = self.above.map(|n| n + above);
        self.at_newest &= above == 0;
    }

    /// Rows without those that are here. What moved meanwhile may come a second time, under another
    /// key.
    fn unknown(&self, mut rows: Vec<IndexRow>) -> Vec<IndexRow> {
        let known: BTreeSet<_> = self.rows.iter().map(|r| r.key.id).collect();
        rows.retain(|r| !known.contains(&r.key.id));
        rows
    }

    /// The row that a line is of: its own, or that of its thread.
    fn row_of(&self, line: &Line) -> Option<usize> {
        let threaded = self.threaded();
        self.rows.iter().position(|row| match threaded {
            true => row.thread == line.row.thread,
            false => row.location == line.row.location,
        })
    }
}
