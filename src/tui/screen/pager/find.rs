//! Words looked for in what is read: where they stand, and the same lines with them marked. A source may
//! be of many megabytes, so it is looked through in pieces: from a line on to the end, then from there back
//! to the beginning. Whatever the pieces, what is found is the same.

use super::document::{DocLine, Tone};
use crate::text::Clean;
use crate::text::tokens::{self, Wanted};
use std::ops::Range;

/// What a line costs to look through beside its octets.
const LINE: usize = 16;

/// What is to be gone to once it is known where the first hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// That hit.
    Hit,
    /// That hit, if it is in the current message and the user has not moved.
    Own,
}

/// Words that are looked for, and where they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    words: String,
    folded: Vec<char>,
    /// What a search found, instead of words that were typed.
    wanted: Vec<Wanted>,
    hits: Vec<usize>,
    at: usize,
    /// The lines that were looked through, of so many.
    looked: Range<usize>,
    total: usize,
    /// Hits to go on by once all of them are known.
    owed: isize,
    /// Whether the user moved by hand since they were asked for.
    left: bool,
    /// Where the reader goes once the first hit is known.
    pub(super) goal: Option<Goal>,
    /// Whether it is to be told if they are nowhere.
    pub(super) tells: bool,
}

impl Find {
    /// Looks for these words, whatever their case. No words are found nowhere.
    pub fn new(words: &str) -> Find {
        Find {
            words: words.to_owned(),
            folded: words.chars().flat_map(char::to_lowercase).collect(),
            ..Find::default()
        }
    }

    /// Looks for what a search found, as the search does.
    pub fn wanted(wanted: &[Wanted]) -> Find {
        Find {
            wanted: wanted.to_vec(),
            ..Find::default()
        }
    }

    /// Whether somebody typed it here, instead of in a search.
    pub fn is_typed(&self) -> bool {
        self.wanted.is_empty()
    }

    /// What is looked for.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Lines with a hit, and which of them is looked at, counted from 1; `None`: there is none.
    pub fn place(&self) -> Option<(usize, usize)> {
        (!self.hits.is_empty()).then_some((self.at + 1, self.hits.len()))
    }

    /// Looks anew from this line of so many on; [`Find::look`] does the work.
    pub fn begin(&mut self, near: usize, total: usize) {
        let near = near.min(total);
        (self.looked, self.total) = (near..near, total);
        self.hits.clear();
        self.at = 0;
    }

    /// Whether it looks through so many lines.
    pub fn is_of(&self, total: usize) -> bool {
        self.total == total
    }

    /// Whoever moves by hand is taken nowhere any more.
    pub fn stay(&mut self) {
        (self.goal, self.owed, self.left) = (None, 0, true);
    }

    /// Where to go when the first hit comes only now; `None`: there was one, or the user moved.
    pub fn awaited(&self) -> Option<Goal> {
        let goal = if self.is_typed() {
            Goal::Hit
        } else {
            Goal::Own
        };
        (self.hits.is_empty() && !self.left).then_some(goal)
    }

    /// Whether there are lines that were not looked through.
    pub fn is_looking(&self) -> bool {
        self.looked.len() < self.total
    }

    /// Whether all was looked through and nothing found.
    pub fn is_nowhere(&self) -> bool {
        !self.is_looking() && self.hits.is_empty()
    }

    /// Looks through about so many octets of the lines. It stays at the first hit from where it began,
    /// else at the last one before that. Says whether it has gone on by what was owed.
    pub fn look<'l>(&mut self, octets: usize, line: impl Fn(usize) -> Option<&'l DocLine>) -> bool {
        let mut left = octets;
        let mut hits = |find: &Find, n: usize| {
            let text = line(n).map(whole).unwrap_or_default();
            left = left.saturating_sub(text.len() + LINE);
            (!find.ranges(&text).is_empty(), left > 0)
        };
        let mut goes_on = octets > 0;
        while goes_on && self.looked.end < self.total {
            let n = self.looked.end;
            let (hit, on) = hits(self, n);
            self.hits.extend(hit.then_some(n));
            (self.looked.end, goes_on) = (n + 1, on);
        }
        let mut before = Vec::new();
        while goes_on && self.looked.start > 0 {
            let n = self.looked.start - 1;
            let (hit, on) = hits(self, n);
            before.extend(hit.then_some(n));
            (self.looked.start, goes_on) = (n, on);
        }
        self.at = match self.hits.is_empty() {
            true => before.len().saturating_sub(1),
            false => self.at + before.len(),
        };
        before.reverse();
        self.hits.splice(0..0, before);
        let owed = !self.is_looking() && self.owed != 0;
        if owed {
            let by = std::mem::take(&mut self.owed);
            self.step(by);
        }
        owed
    }

    /// The line of the hit that is looked at.
    pub fn line(&self) -> Option<usize> {
        self.hits.get(self.at).copied()
    }

    /// Goes on by so many hits, round and round; the line. Past those that are known before all was
    /// looked through, it goes on once that is.
    pub fn step(&mut self, by: isize) -> Option<usize> {
        self.left = false;
        if self.is_looking() {
            let to = self.at.checked_add_signed(by);
            match to.filter(|to| *to < self.hits.len() && self.owed == 0) {
                Some(to) => self.at = to,
                None => self.owed = self.owed.saturating_add(by),
            }
            return self.line();
        }
        let count = isize::try_from(self.hits.len()).ok().filter(|n| *n > 0)?;
        let at = isize::try_from(self.at).unwrap_or(0).saturating_add(by);
        self.at = usize::try_from(at.rem_euclid(count)).unwrap_or(0);
        self.line()
    }

    /// A line cut where the words begin and end; `true`: it is a hit.
    pub fn marked(&self, line: &DocLine) -> Vec<(Clean, Tone, bool)> {
        let ranges = self.ranges(&whole(line));
        let mut out = Vec::new();
        let mut from = 0;
        for (text, tone) in line {
            let piece = from..from + text.as_str().len();
            let mut cuts = vec![piece.start];
            cuts.extend(ranges.iter().flat_map(|r| [r.start, r.end]));
            cuts.push(piece.end);
            cuts.retain(|c| (piece.start..=piece.end).contains(c));
            cuts.sort_unstable();
            cuts.dedup();
            for pair in cuts.windows(2) {
                let &[start, end] = pair else { continue };
                if let Some(part) = text.as_str().get(start - from..end - from) {
                    let hit = ranges.iter().any(|r| r.start <= start && end <= r.end);
                    out.push((Clean::line(part), *tone, hit));
                }
            }
            from = piece.end;
        }
        out
    }

    /// Where the words stand in a text, in octets; hits don't overlap.
    fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        if !self.wanted.is_empty() {
            return tokens::places(&self.wanted, text);
        }
        if self.folded.is_empty() {
            return Vec::new();
        }
        let mut chars: Vec<(usize, usize, char)> = Vec::new();
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            chars.extend(c.to_lowercase().map(|c| (at, end, c)));
        }
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(rest) = chars.get(at..).filter(|r| r.len() >= self.folded.len()) {
            let same = rest
                .iter()
                .zip(&self.folded)
                .all(|(have, want)| have.2 == *want);
            match (rest.first(), rest.get(self.folded.len() - 1)) {
                (Some(first), Some(last)) if same => {
                    out.push(first.0..last.1);
                    at += self.folded.len();
                }
                _ => at += 1,
            }
        }
        if !out.is_empty() && !text.is_ascii() {
            tokens::whole_graphemes(text, &mut out);
        }
        out
    }
}

fn whole(line: &DocLine) -> String {
    line.iter().map(|(text, _)| text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::render::Mark;
    use proptest::prelude::*;

    fn line(pieces: &[&str]) -> DocLine {
        let tone = Tone::Text(Mark::Plain, 0);
        pieces.iter().map(|p| (Clean::line(p), tone)).collect()
    }

    #[test]
    fn a_hit_may_run_over_pieces_and_case() {
        let find = Find::new("straße ab");
        let marked = find.marked(&line(&["In der STRA", "ße A", "B, ja"]));
        let hits: Vec<_> = marked
            .iter()
            .filter(|p| p.2)
            .map(|p| p.0.as_str())
            .collect();
        assert_eq!(hits, ["STRA", "ße A", "B"]);
        assert!(Find::new("").marked(&line(&["x"])).iter().all(|p| !p.2));
    }

    #[test]
    fn stepping_goes_round() {
        let mut find = Find::new("x");
        assert_eq!((find.step(1), find.place()), (None, None));
        let lines: Vec<_> = (0..12)
            .map(|n| line(&[["", "x"][usize::from([2, 5, 9].contains(&n))]]))
            .collect();
        find.begin(4, lines.len());
        find.look(usize::MAX, |n| lines.get(n));
        assert_eq!((find.line(), find.place()), (Some(5), Some((2, 3))));
        assert_eq!((find.step(2), find.step(-1)), (Some(2), Some(9)));
    }

    proptest! {
        #[test]
        fn in_pieces_the_same_is_found(
            texts in prop::collection::vec("[ax]{0,3}", 0..40),
            near in 0usize..45, piece in 1usize..200, steps in prop::collection::vec((0usize..9, -3isize..4), 0..4),
        ) {
            let lines: Vec<DocLine> = texts.iter().map(|t| line(&[t])).collect();
            let mut whole = Find::new("x");
            whole.begin(near, lines.len());
            whole.look(usize::MAX, |n| lines.get(n));
            prop_assert!(!whole.is_looking());
            let hits: Vec<usize> = (0..lines.len()).filter(|n| texts[*n].contains('x')).collect();
            let first = hits.iter().copied().find(|n| *n >= near).or(hits.last().copied());
            prop_assert_eq!((whole.line(), &whole.hits), (first, &hits));
            let mut find = Find::new("x");
            find.begin(near, lines.len());
            for (pieces, by) in steps {
                for _ in 0..pieces {
                    find.look(piece, |n| lines.get(n));
                }
                find.step(by);
                whole.step(by);
            }
            let mut turns = 0;
            while find.is_looking() {
                find.look(piece, |n| lines.get(n));
                turns += 1;
                prop_assert!(turns <= lines.len());
            }
            prop_assert_eq!((find.line(), find.place()), (whole.line(), whole.place()));
        }

        #[test]
        fn marking_changes_no_text(pieces in prop::collection::vec("[a-cäßİ ]{0,6}", 0..5), words in "[a-cäßi]{0,3}") {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let line = line(&pieces);
            let find = Find::new(&words);
            let marked = find.marked(&line);
            let text: String = marked.iter().map(|p| p.0.as_str()).collect();
            prop_assert_eq!(text, whole(&line));
            prop_assert_eq!(marked.iter().any(|p| p.2), !find.ranges(&whole(&line)).is_empty());
        }
    }
}
