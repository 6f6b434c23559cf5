//! Soft wrapping of one paragraph.

use super::width::{of_grapheme, width};
use unicode_segmentation::UnicodeSegmentation;

/// Breaks `text` (without line ends) into lines of at most `columns` (at least 2): after spaces
/// where it can, between wide characters, and inside words that are longer than a line. The
/// beginning's spaces are kept, those at a break are dropped. Empty text gives one empty line.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    if width(text) <= columns {
        return vec![text.trim_end().to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_word_bounds() {
        let w = width(word);
        if used + w <= columns {
            line.push_str(word);
            used += w;
            continue;
        }
        if word.trim().is_empty() {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
            continue;
        }
        if w <= columns && is_breakable(&line, word) {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            line.push_str(word);
            used = w;
            continue;
        }
        for grapheme in word.graphemes(true) {
            let g = of_grapheme(grapheme);
            if used + g > columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
            }
            line.push_str(grapheme);
            used += g;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Whether a line may end before `word`: never just before closing punctuation, unless the line
/// is nothing else.
fn is_breakable(line: &str, word: &str) -> bool {
    let closing = |c: char| {
        matches!(
            c,
            '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '。' | '、' | '」'
        )
    };
    !line.is_empty() && !word.chars().next().is_some_and(closing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn breaks_at_spaces_and_inside_long_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語です", 4), ["日本", "語で", "す"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(
            wrap("  indented text here", 12),
            ["  indented", "text here"]
        );
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(text in "[a-z日本 .]{0,80}", columns in 2usize..20) {
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|l| width(l) <= columns), "{lines:?}");
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
