//! The text as lines, places in it, and what lies around a place: graphemes, words, line ends.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// A place between two graphemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 0.
    pub line: usize,
    /// Octets of the line before it.
    pub at: usize,
}

/// Lines without their ends; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    lines: Vec<String>,
    octets: usize,
}

impl Text {
    /// A text; `\n` ends a line, everything else is kept as it is.
    pub fn new(text: &str) -> Text {
        Text {
            lines: text.split('\n').map(str::to_owned).collect(),
            octets: text.len(),
        }
    }

    /// The whole, exactly as it came and was typed.
    pub fn whole(&self) -> String {
        self.lines.join("\n")
    }

    /// Its length in octets.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// One line; empty beyond the end.
    pub fn line(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", String::as_str)
    }

    /// The place after the last character.
    pub fn end(&self) -> Place {
        let line = self.lines.len().saturating_sub(1);
        self.line_end(line)
    }

    /// The place at the end of a line.
    pub fn line_end(&self, line: usize) -> Place {
        Place {
            line,
            at: self.line(line).len(),
        }
    }

    /// The nearest place that exists.
    pub fn clamp(&self, place: Place) -> Place {
        let line = place.line.min(self.lines.len().saturating_sub(1));
        let mut at = place.at.min(self.line(line).len());
        while !self.line(line).is_char_boundary(at) {
            at -= 1;
        }
        Place { line, at }
    }

    /// What lies before and behind a place in its line.
    pub fn around(&self, place: Place) -> (&str, &str) {
        let line = self.line(place.line);
        line.split_at_checked(place.at).unwrap_or((line, ""))
    }

    /// What lies between two places.
    pub fn between(&self, from: Place, to: Place) -> String {
        let (from, to) = (from.min(to), from.max(to));
        if from.line == to.line {
            return self
                .line(from.line)
                .get(from.at..to.at)
                .unwrap_or("")
                .to_owned();
        }
        let mut out = self.around(from).1.to_owned();
        for line in from.line + 1..to.line {
            out.push('\n');
            out.push_str(self.line(line));
        }
        out.push('\n');
        out.push_str(self.around(to).0);
        out
    }

    /// Puts text in; answers the place behind it.
    pub fn insert(&mut self, place: Place, text: &str) -> Place {
        let place = self.clamp(place);
        let Some(line) = self.lines.get_mut(place.line) else {
            return place;
        };
        self.octets += text.len();
        let Some((first, rest)) = text.split_once('\n') else {
            line.insert_str(place.at, text);
            return Place {
                at: place.at + text.len(),
                ..place
            };
        };
        let tail = line.split_off(place.at);
        line.push_str(first);
        let mut fresh: Vec<String> = rest.split('\n').map(str::to_owned).collect();
        let end = Place {
            line: place.line + fresh.len(),
            at: fresh.last().map_or(0, String::len),
        };
        if let Some(last) = fresh.last_mut() {
            last.push_str(&tail);
        }
        let at = place.line + 1;
        self.lines.splice(at..at, fresh);
        end
    }

    /// Takes out what lies between two places, and answers it.
    pub fn remove(&mut self, from: Place, to: Place) -> String {
        let (from, to) = (self.clamp(from.min(to)), self.clamp(from.max(to)));
        let gone = self.between(from, to);
        self.octets = self.octets.saturating_sub(gone.len());
        let tail = self.around(to).1.to_owned();
        if let Some(line) = self.lines.get_mut(from.line) {
            line.truncate(from.at);
            line.push_str(&tail);
        }
        self.lines.drain(from.line + 1..=to.line.max(from.line));
        gone
    }

    /// One grapheme back; a line's end counts as one.
    pub fn back(&self, place: Place) -> Option<Place> {
        let line = self.line(place.line);
        let mut cursor = GraphemeCursor::new(place.at.min(line.len()), line.len(), true);
        match cursor.prev_boundary(line, 0) {
            Ok(Some(at)) => Some(Place { at, ..place }),
            _ => Some(self.line_end(place.line.checked_sub(1)?)),
        }
    }

    /// One grapheme on; a line's end counts as one.
    pub fn forth(&self, place: Place) -> Option<Place> {
        let line = self.line(place.line);
        let mut cursor = GraphemeCursor::new(place.at.min(line.len()), line.len(), true);
        match cursor.next_boundary(line, 0) {
            Ok(Some(at)) => Some(Place { at, ..place }),
            _ => (place.line + 1 < self.lines.len()).then_some(Place {
                line: place.line + 1,
                at: 0,
            }),
        }
    }

    /// The beginning of the word before a place; over line ends.
    pub fn word_back(&self, place: Place) -> Place {
        let mut place = place;
        loop {
            let (before, _) = self.around(place);
            let words = before.split_word_bound_indices().rev();
            let word = words
                .clone()
                .find(|(_, w)| w.chars().any(|c| !c.is_whitespace()));
            match (word, place.line.checked_sub(1)) {
                (Some((at, _)), _) => return Place { at, ..place },
                (None, Some(line)) => place = self.line_end(line),
                (None, None) => return Place::default(),
            }
        }
    }

    /// The end of the word behind a place; over line ends.
    pub fn word_forth(&self, place: Place) -> Place {
        let mut place = place;
        loop {
            let (before, behind) = self.around(place);
            let word = behind
                .split_word_bound_indices()
                .find(|(_, w)| w.chars().any(|c| !c.is_whitespace()));
            match word {
                Some((at, word)) => {
                    let at = before.len() + at + word.len();
                    return Place { at, ..place };
                }
                None if place.line + 1 < self.lines.len() => {
                    place = Place {
                        line: place.line + 1,
                        at: 0,
                    };
                }
                None => return self.end(),
            }
        }
    }

    /// The beginning of the next word; over line ends, where an empty line counts as a word.
    pub fn next_word(&self, place: Place) -> Place {
        let (before, behind) = self.around(place);
        let mut words = behind.split_word_bound_indices();
        words.next();
        if let Some((at, _)) = words.find(|(_, w)| w.chars().any(|c| !c.is_whitespace())) {
            let at = before.len() + at;
            return Place { at, ..place };
        }
        let mut line = place.line + 1;
        while line < self.lines.len() {
            let text = self.line(line);
            let indent = text.len() - text.trim_start().len();
            if text.is_empty() || indent < text.len() {
                return Place { line, at: indent };
            }
            line += 1;
        }
        self.end()
    }

    /// The word that holds a place, or ends there, in octets of its line.
    pub fn word_at(&self, place: Place) -> Option<std::ops::Range<usize>> {
        let (before, behind) = self.around(place);
        // No word reaches over a space.
        let space = |c: char| c.is_whitespace();
        let begin = before.rfind(space).unwrap_or(0);
        let end = place.at + behind.find(space).unwrap_or(behind.len());
        let words = self
            .line(place.line)
            .get(begin..end)?
            .unicode_word_indices();
        words
            .map(|(at, word)| begin + at..begin + at + word.len())
            .find(|range| range.start <= place.at && place.at <= range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(line: usize, at: usize) -> Place {
        Place { line, at }
    }

    #[test]
    fn words_and_graphemes_are_found() {
        let text = Text::new("one two\n\n  drei,vier 👩\u{200d}👧e\u{301}");
        assert_eq!(text.word_forth(at(0, 0)), at(0, 3));
        assert_eq!(text.word_forth(at(0, 3)), at(0, 7));
        assert_eq!(text.word_forth(at(0, 7)), at(2, 6));
        assert_eq!(text.next_word(at(0, 0)), at(0, 4));
        assert_eq!(text.next_word(at(0, 4)), at(1, 0));
        assert_eq!(text.next_word(at(1, 0)), at(2, 2));
        assert_eq!(text.word_back(at(2, 2)), at(0, 4));
        assert_eq!(text.word_back(at(0, 6)), at(0, 4));
        let end = text.end();
        let accent = text.back(end).unwrap();
        assert_eq!(end.at - accent.at, 3);
        assert_eq!(
            accent.at - text.back(accent).unwrap().at,
            "👩\u{200d}👧".len()
        );
        assert_eq!(text.back(at(0, 0)), None);
        assert_eq!(text.back(at(1, 0)), Some(at(0, 7)));
        assert_eq!(text.forth(end), None);
        assert_eq!(text.word_at(at(0, 5)), Some(4..7));
    }

    proptest! {
        #[test]
        fn what_is_put_in_and_taken_out_again_was_never_there(
            text in "(.|\n|日|e\u{301}){0,40}", put in "(.|\n|日){0,20}", line in 0usize..8, octet in 0usize..40,
        ) {
            let mut edited = Text::new(&text);
            prop_assert_eq!(edited.whole(), text.clone());
            let place = edited.clamp(Place { line, at: octet });
            let end = edited.insert(place, &put);
            prop_assert_eq!(edited.octets(), edited.whole().len());
            prop_assert_eq!(edited.between(place, end), put.clone());
            for step in [edited.back(end), edited.forth(end), Some(edited.word_back(end)), Some(edited.word_forth(end)), Some(edited.next_word(end))].into_iter().flatten() {
                prop_assert_eq!(edited.clamp(step), step);
            }
            prop_assert_eq!(edited.remove(place, end), put);
            prop_assert_eq!(edited.octets(), text.len());
            prop_assert_eq!(edited.whole(), text);
        }
    }
}
