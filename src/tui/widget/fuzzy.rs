//! Finding by a few letters in order, best first (nucleo's scores).

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_segmentation::UnicodeSegmentation;

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number in what was searched.
    pub index: usize,
    /// The graphemes that matched, by number, ascending.
    pub marks: Vec<usize>,
}

/// What matches the pattern, best first, as good ones in their order. An empty pattern matches
/// everything. Words apart by spaces must all match; case counts only where the pattern has a
/// capital letter.
pub fn find<'a>(pattern: &str, texts: impl Iterator<Item = &'a str>) -> Vec<Hit> {
    if pattern.trim().is_empty() {
        let all = texts.enumerate();
        return all
            .map(|(index, _)| Hit {
                index,
                marks: Vec::new(),
            })
            .collect();
    }
    let mut config = Config::DEFAULT;
    config.prefer_prefix = true;
    let mut matcher = Matcher::new(config);
    let pattern = Pattern::parse(pattern, CaseMatching::Smart, Normalization::Smart);
    let mut chars = Vec::new();
    let mut found: Vec<(u32, Hit)> = Vec::new();
    for (index, text) in texts.enumerate() {
        let mut marks = Vec::new();
        // Not Utf32Str::new: of text such as `e` with a combining accent it makes an "ASCII" string
        // of its UTF-8, and its numbers are then octets.
        let text = if text.is_ascii() {
            Utf32Str::Ascii(text.as_bytes())
        } else {
            chars.clear();
            chars.extend(text.graphemes(true).filter_map(|g| g.chars().next()));
            Utf32Str::Unicode(&chars)
        };
        if let Some(score) = pattern.indices(text, &mut matcher, &mut marks) {
            marks.sort_unstable();
            marks.dedup();
            let marks = marks.iter().map(|m| usize::try_from(*m).unwrap_or(0));
            let marks = marks.collect();
            found.push((score, Hit { index, marks }));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.index.cmp(&b.1.index)));
    found.into_iter().map(|(_, hit)| hit).collect()
}

/// As [`find`], but where a text has the letters of each word side by side, those that have them
/// scattered about are left out: nobody who types `snoo` means "Select nothing any more, or only…".
pub fn find_near<'a>(pattern: &str, texts: impl Iterator<Item = &'a str>) -> Vec<Hit> {
    let mut found = find(pattern, texts);
    let words = pattern.split_whitespace().count();
    if found.iter().any(|hit| runs(&hit.marks) <= words) {
        found.retain(|hit| runs(&hit.marks) <= 2 * words);
    }
    found
}

/// Stretches of graphemes beside each other.
fn runs(marks: &[usize]) -> usize {
    let apart = marks.windows(2).filter(|pair| match pair {
        [one, next] => *next > one + 1,
        _ => false,
    });
    apart.count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names<'a>(pattern: &str, texts: &[&'a str]) -> Vec<&'a str> {
        find(pattern, texts.iter().copied())
            .iter()
            .map(|h| texts[h.index])
            .collect()
    }

    #[test]
    fn the_best_comes_first() {
        let texts = [
            "Work/Archive",
            "Archive",
            "Lists/rust-dev",
            "日本語/仕事",
            "Trash",
        ];
        assert_eq!(names("arch", &texts), ["Archive", "Work/Archive"]);
        assert_eq!(names("lrust", &texts), ["Lists/rust-dev"]);
        assert_eq!(names("仕事", &texts), ["日本語/仕事"]);
        assert_eq!(names("arch work", &texts), ["Work/Archive"]);
        assert_eq!(names("", &texts).len(), 5);
        assert_eq!(names("zzz", &texts), [""; 0]);
        let hit = &find("rd", ["e\u{301}r-d"].into_iter())[0];
        assert_eq!(hit.marks, [1, 3]);
    }

    #[test]
    fn what_is_scattered_gives_way_to_what_stands_together() {
        let said = [
            "Put the conversation off: snooze",
            "Select nothing any more, or not",
            "so no",
        ];
        let near = |pattern: &str, texts: &[&str]| -> Vec<usize> {
            let found = find_near(pattern, texts.iter().copied());
            found.iter().map(|hit| hit.index).collect()
        };
        assert_eq!(near("snoo", &said), [0]);
        // Nobody has it side by side: what there is has to do.
        assert_eq!(near("snoo", &said[1..]), [0]);
        assert_eq!(near("pc", &said), [0]);
        assert_eq!(near("", &said).len(), 3);
    }

    proptest! {
        #[test]
        fn any_pattern_is_taken(pattern in ".{0,12}", text in ".{0,30}") {
            find(&pattern, [text.as_str()].into_iter());
        }
    }
}
