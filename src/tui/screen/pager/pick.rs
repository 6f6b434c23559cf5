//! What is picked out of what is read: with the mouse, and by words that are looked for.

use super::Pager;
use super::document::Tone;
use super::find::{Find, Goal};
use super::letter::Letter;
use super::selection::Selection;
use crate::text::tokens::Wanted;
use std::ops::Range;

/// So many octets are looked through in a turn of the screen: some milliseconds.
const PIECE: usize = 128 << 10;

/// What a click on a line of the reader is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    Head,
    Quotes,
    Text,
}

impl Pager {
    /// The mouse is pressed at a row and a column of what is seen: a selection begins.
    pub fn press(&mut self, row: usize, column: usize) {
        self.selection = Some(Selection::at(self.scroll + row, column));
    }

    /// The mouse is dragged: the selection goes there.
    pub fn drag(&mut self, row: usize, column: usize) {
        let line = self.scroll + row;
        if let Some(selection) = &mut self.selection {
            selection.drag(line, column);
        }
    }

    /// The columns of a row of what is seen that are selected, if some are.
    pub fn selected(&self, row: usize) -> Option<Range<usize>> {
        self.selection?.columns(self.scroll + row)
    }

    /// What is selected, a line each.
    pub fn selected_text(&self) -> Option<String> {
        let selection = self.selection?;
        let lines = selection.lines().filter_map(|n| Some((n, self.line(n)?)));
        let lines: Vec<String> = lines.map(|(n, line)| selection.cut(n, line)).collect();
        let text = lines.join("\n");
        (!text.trim().is_empty()).then_some(text)
    }

    /// Whether the mouse was dragged over some of it.
    pub fn is_dragged(&self) -> bool {
        self.selection.is_some_and(|s| !s.is_empty())
    }

    /// Takes a click on a row of what is seen; not where the mouse was dragged.
    pub fn click(&mut self, row: usize) {
        let line = self.scroll + row;
        if line >= self.total() || self.is_dragged() {
            return;
        }
        let n = self.letter_at(line);
        let tone = self.line(line).and_then(|l| l.first()).map(|p| p.1);
        let spot = match tone {
            Some(Tone::Fold) => Spot::Quotes,
            _ if self.set.several && line == self.start(n) => Spot::Head,
            _ => Spot::Text,
        };
        self.at = n;
        self.moved = true;
        self.stay();
        match spot {
            Spot::Head => self.toggle(),
            Spot::Quotes => {
                self.toggle_quotes();
            }
            Spot::Text => {}
        }
    }

    /// Looks for words in what is unfolded, from the top of the screen on; `None` ends that.
    pub fn find(&mut self, words: Option<&str>) {
        self.find = words.map(Find::new);
        self.aim(Goal::Hit);
        self.look_up(self.scroll);
    }

    /// Whether the words are still being looked for.
    pub fn is_finding(&self) -> bool {
        self.find.as_ref().is_some_and(Find::is_looking)
    }

    /// Looks on for the words, as far as a turn of the screen allows.
    pub fn find_more(&mut self) {
        let Some(mut find) = self.find.take() else {
            return;
        };
        let went = find.look(PIECE, |n| self.line(n));
        self.find = Some(find);
        self.arrive();
        if went {
            self.go_to_hit();
        }
    }

    /// It is to be told if the words are nowhere.
    pub fn tell_if_nowhere(&mut self) {
        if let Some(find) = &mut self.find {
            find.tells = true;
        }
    }

    /// Whether that is to be told now; once.
    pub fn take_nowhere(&mut self) -> bool {
        let find = self.find.as_mut().filter(|f| f.is_nowhere());
        find.is_some_and(|find| std::mem::take(&mut find.tells))
    }

    /// Marks what a search found, and goes there once it is laid out.
    pub fn seek(&mut self, wanted: &[Wanted]) {
        if !wanted.is_empty() {
            self.find = Some(Find::wanted(wanted));
            self.sought = true;
        }
    }

    /// Goes to the first place with what a search found, once the message that was opened is laid
    /// out. Never to another message: what a key does is done to the one that was opened.
    pub(super) fn go_to_sought(&mut self) {
        let set = &self.set;
        let is_laid = |letter: &Letter| letter.wants(set).is_none();
        if self.moved || !self.sought {
            self.sought = false;
        } else if self.letters.get(self.at).is_some_and(is_laid) {
            self.sought = false;
            self.aim(Goal::Own);
            self.look_up(self.start(self.at));
        }
    }

    /// Goes on by so many places with the words.
    pub fn find_on(&mut self, by: isize) {
        if let Some(find) = &mut self.find {
            find.step(by);
        }
        self.go_to_hit();
    }

    /// What is looked for.
    pub fn finding(&self) -> Option<&Find> {
        self.find.as_ref()
    }

    /// Goes there as soon as it is known where it is.
    pub(super) fn aim(&mut self, goal: Goal) {
        if let Some(find) = &mut self.find {
            find.goal = Some(goal);
        }
    }

    /// Whoever moves by hand is not taken elsewhere any more.
    pub(super) fn stay(&mut self) {
        if let Some(find) = &mut self.find {
            find.stay();
        }
    }

    /// Goes where it was to go, if that is known by now.
    pub(super) fn arrive(&mut self) {
        let (at, moved) = (self.at, self.moved);
        let Some(find) = &mut self.find else {
            return;
        };
        let line = find.line();
        if line.is_none() && find.is_looking() {
            return;
        }
        let goal = find.goal.take();
        let own = line.is_some_and(|line| self.letter_at(line) == at) && !moved;
        match goal {
            Some(Goal::Hit) => self.go_to_hit(),
            Some(Goal::Own) if own => self.go_to_hit(),
            _ => {}
        }
    }

    pub(super) fn go_to_hit(&mut self) {
        let Some(line) = self.find.as_ref().and_then(Find::line) else {
            return;
        };
        self.to_end = false;
        let shown = self.scroll..self.scroll + self.height.saturating_sub(1).max(1);
        if !shown.contains(&line) {
            self.scroll = line.saturating_sub(self.height / 3);
        }
        self.moved = true;
        self.settle();
        self.at = self.letter_at(line);
    }

    /// Finds the words again after lines changed. What takes more than a turn goes on with
    /// [`Pager::find_more`].
    pub(super) fn look_up(&mut self, near: usize) {
        let total = self.total();
        if let Some(find) = &mut self.find {
            find.begin(near, total);
        }
        self.find_more();
    }
}
