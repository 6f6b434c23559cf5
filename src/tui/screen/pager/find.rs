//! Words looked for in what is read: where they stand, and the same lines with them marked.

use super::document::{DocLine, Tone};
use crate::text::Clean;
use crate::text::tokens::{self, Wanted};
use std::ops::Range;

/// Words that are looked for, and where they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    words: String,
    folded: Vec<char>,
    /// What a search found, instead of words that were typed.
    wanted: Vec<Wanted>,
    hits: Vec<usize>,
    at: usize,
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

    /// Takes the numbers of all lines with a hit, in order; stays at the hit nearest to `near`.
    pub fn found(&mut self, hits: Vec<usize>, near: usize) {
        let first = hits.partition_point(|line| *line < near);
        self.at = first.min(hits.len().saturating_sub(1));
        self.hits = hits;
    }

    /// The line of the hit that is looked at.
    pub fn line(&self) -> Option<usize> {
        self.hits.get(self.at).copied()
    }

    /// Goes on by so many hits, round and round; the line.
    pub fn step(&mut self, by: isize) -> Option<usize> {
        let count = isize::try_from(self.hits.len()).ok().filter(|n| *n > 0)?;
        let at = isize::try_from(self.at).unwrap_or(0).saturating_add(by);
        self.at = usize::try_from(at.rem_euclid(count)).unwrap_or(0);
        self.line()
    }

    /// Whether a line has them.
    pub fn hits(&self, line: &DocLine) -> bool {
        !self.ranges(&whole(line)).is_empty()
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
        find.found(vec![2, 5, 9], 4);
        assert_eq!((find.line(), find.place()), (Some(5), Some((2, 3))));
        assert_eq!((find.step(2), find.step(-1)), (Some(2), Some(9)));
    }

    proptest! {
        #[test]
        fn marking_changes_no_text(pieces in prop::collection::vec("[a-cäßİ ]{0,6}", 0..5), words in "[a-cäßi]{0,3}") {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let line = line(&pieces);
            let find = Find::new(&words);
            let marked = find.marked(&line);
            let text: String = marked.iter().map(|p| p.0.as_str()).collect();
            prop_assert_eq!(text, whole(&line));
            prop_assert_eq!(marked.iter().any(|p| p.2), find.hits(&line));
        }
    }
}
