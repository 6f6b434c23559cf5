//! Where a conversation stands on the screen. Its lines are counted over all letters, and what is at the
//! top stays there whatever grows or goes above it.

use super::{DocLine, Find, Letter, Pager};
use crate::model::MsgId;
use crate::model::view::IndexRow;
use crate::tui::widget::bar::Extent;

impl Pager {
    /// Scrolls by lines; says whether anything moved.
    pub fn scroll_by(&mut self, by: isize) -> bool {
        let before = self.scroll;
        self.scroll = before.saturating_add_signed(by);
        self.moved = true;
        self.to_end = false;
        self.stay();
        self.settle();
        self.follow();
        self.scroll != before
    }

    /// To the first line or the last.
    pub fn scroll_to(&mut self, end: bool) {
        self.scroll = if end { usize::MAX } else { 0 };
        self.moved = true;
        self.stay();
        self.settle();
        self.at = if end {
            self.letters.len().saturating_sub(1)
        } else {
            0
        };
        self.to_end = end && self.current().is_some_and(Letter::has_more);
    }

    /// The lines on the screen, each with whether it is of the current message.
    pub fn visible(&self) -> impl Iterator<Item = (&DocLine, bool)> {
        let end = (self.scroll + self.height).min(self.total());
        (self.scroll..end).filter_map(|line| {
            let n = self.letter_at(line);
            let line = self.line(line)?;
            Some((line, n == self.at))
        })
    }

    /// How far it is scrolled, in percent; `None` if everything fits.
    pub fn percent(&self) -> Option<usize> {
        let most = self.total().saturating_sub(self.tail());
        (most > 0).then(|| self.scroll * 100 / most)
    }

    /// All lines, and which of them are seen.
    pub fn extent(&self) -> Extent {
        Extent {
            whole: self.total(),
            top: self.scroll,
            seen: self.height,
        }
    }

    /// The message at the top of the screen, and which line of it stands there. Until the user
    /// moves it is the one that was gone to.
    pub(super) fn place(&self) -> Option<(MsgId, usize)> {
        let n = if self.moved {
            self.letter_at(self.scroll)
        } else {
            self.at
        };
        let letter = self.letters.get(n)?;
        let line = self.scroll.saturating_sub(self.start(n));
        Some((letter.row().message, if self.moved { line } else { 0 }))
    }

    pub(super) fn recount(&mut self, held: Option<(MsgId, usize)>) {
        self.count();
        if let Some(held) = held {
            self.hold(held);
        }
        self.settle();
        self.look_again();
        self.go_to_sought();
    }

    /// Which messages there are, and on which lines they stand.
    pub(super) fn standing(&self) -> (Vec<MsgId>, Vec<usize>) {
        let messages = self.letters.iter().map(|l| l.row().message);
        (messages.collect(), self.starts.clone())
    }

    /// Finds the words again where other messages stand, or elsewhere, than before. News that move
    /// nothing must not begin a long search anew: while they come, it would never end.
    pub(super) fn look_if_moved(&mut self, before: &(Vec<MsgId>, Vec<usize>)) {
        let total = self.total();
        let begun = self.find.as_ref().is_none_or(|find| find.is_of(total));
        if !begun || *before != self.standing() {
            self.look_again();
        }
    }

    /// Finds the words again, and stays about where it was among them.
    pub(super) fn look_again(&mut self) {
        let near = self.find.as_ref().and_then(Find::line);
        self.look_up(near.unwrap_or(self.scroll));
    }

    pub(super) fn hold(&mut self, (message, line): (MsgId, usize)) {
        if let Some(n) = self.index_of(Some(message)) {
            let lines = self.start(n + 1).saturating_sub(self.start(n));
            self.scroll = self.start(n) + line.min(lines.saturating_sub(1));
        }
    }

    /// What is at the top, or where it went because it stands there twice no more, the letter that
    /// is like it.
    pub(super) fn still(
        &self,
        held: Option<(MsgId, usize)>,
        row: Option<&IndexRow>,
    ) -> Option<(MsgId, usize)> {
        let ((message, line), row) = (held?, row?);
        if self.index_of(Some(message)).is_some() {
            return held;
        }
        let mut rows = self.letters.iter().map(Letter::row);
        let twin = rows.find(|other| other.seems(row));
        Some((twin.map_or(message, |twin| twin.message), line))
    }

    pub(super) fn index_of(&self, message: Option<MsgId>) -> Option<usize> {
        let mut letters = self.letters.iter();
        letters.position(|l| Some(l.row().message) == message)
    }

    pub(super) fn count(&mut self) {
        let mut line = 0;
        self.selection = None;
        self.starts = vec![0];
        for letter in &self.letters {
            line += letter.lines().len();
            self.starts.push(line);
        }
    }

    pub(super) fn start(&self, n: usize) -> usize {
        self.starts.get(n).copied().unwrap_or_else(|| self.total())
    }

    pub(super) fn total(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    pub(super) fn letter_at(&self, line: usize) -> usize {
        let after = self.starts.partition_point(|start| *start <= line);
        after
            .saturating_sub(1)
            .min(self.letters.len().saturating_sub(1))
    }

    pub(super) fn line(&self, line: usize) -> Option<&DocLine> {
        let n = self.letter_at(line);
        let lines = self.letters.get(n)?.lines();
        lines.get(line.saturating_sub(self.start(n)))
    }

    pub(super) fn settle(&mut self) {
        let most = self.total().saturating_sub(self.tail());
        self.scroll = self.scroll.min(most);
    }

    /// How many lines are left on the screen at the end.
    pub(super) fn tail(&self) -> usize {
        if self.set.linear { 1 } else { self.height }
    }

    /// Whether a line of the message that keys are about is on the screen.
    pub(super) fn in_sight(&self) -> bool {
        let shown = self.scroll..self.scroll + self.height;
        self.start(self.at) < shown.end && self.start(self.at + 1) > shown.start
    }

    /// Brings the message that keys are about back where something else took it off the screen:
    /// a key must not be about another one because mail came.
    pub(super) fn show_current(&mut self) {
        if !self.in_sight() {
            let first = self.start(self.at);
            let lowest = (first + 1).saturating_sub(self.height);
            self.scroll = self.scroll.clamp(lowest, first);
            self.settle();
        }
    }

    /// Keys are about what can be seen.
    pub(super) fn follow(&mut self) {
        let last = (self.scroll + self.height).min(self.total());
        let top = self.letter_at(self.scroll);
        let bottom = self.letter_at(last.saturating_sub(1));
        self.at = self.at.clamp(top, bottom.max(top));
    }
}
