//! Soft wrapping: lines no wider than a column count, broken where people would break them.
//!
//! Breaks at spaces, and between wide (Chinese, Japanese, Korean) characters, but not before
//! closing punctuation; a word longer than a line is broken between graphemes. Linear in the
//! length of the text.

use super::width;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// `text` in lines of at most `cols` columns (at least one symbol a line, however wide). `\n`
/// always breaks; spaces at a soft break are dropped, those at the start of a line are kept.
/// Empty text is one empty line.
pub fn wrap(text: &str, cols: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.split('\n') {
        for piece in pieces(line, cols) {
            out.push(line.get(piece).unwrap_or_default().to_owned());
        }
    }
    out
}

/// Where the lines of one paragraph (without `\n`) begin and end, in octets; for callers that
/// have styles beside the text. At least one piece.
pub fn pieces(line: &str, cols: usize) -> Vec<Range<usize>> {
    if line.len() <= cols && line.is_ascii() {
        return std::iter::once(0..line.len()).collect();
    }
    let cols = cols.max(1);
    let mut out = Vec::new();
    let mut start = 0;
    let mut used = 0;
    // The latest place to break: (end of the line before it, start of the line after it, columns
    // used up to that start).
    let mut place: Option<(usize, usize, usize)> = None;
    let mut before_wide = false;
    let mut in_space = false;
    let mut space_from = 0;
    let mut any_word = false;
    for (at, symbol) in line.grapheme_indices(true) {
        let w = width::of_grapheme(symbol);
        if symbol == " " {
            if !in_space {
                space_from = at;
            }
            in_space = true;
            used += w;
            before_wide = false;
            continue;
        }
        let wide = w >= 2;
        if in_space && any_word {
            place = Some((space_from, at, used));
        } else if any_word && !in_space && (wide || before_wide) && !sticks_left(symbol) {
            place = Some((at, at, used));
        }
        if used + w > cols && at > start {
            let (end, next, columns) = match place.take() {
                Some(p) => p,
                // Only spaces so far, or one long word: break right here.
                None if in_space && !any_word => (start, at, used),
                None => (at, at, used),
            };
            out.push(start..end);
            start = next;
            used -= columns;
            // What has moved to the new line may still be longer than it (spaces inside can't
            // be: they would have been a place).
            if used + w > cols && at > start {
                out.push(start..at);
                start = at;
                used = 0;
            }
        }
        in_space = false;
        any_word = true;
        used += w;
        before_wide = wide;
    }
    // Spaces at the end that do not fit are dropped, others kept: they are what was written.
    let end = if in_space && used > cols && any_word {
        space_from
    } else {
        line.len()
    };
    out.push(start..end.max(start));
    out
}

/// Closing punctuation that may not begin a line.
fn sticks_left(symbol: &str) -> bool {
    symbol
        .chars()
        .next()
        .is_some_and(|c| "、。，．・：；？！）〕］｝〉》」』】〙〗〟’”»ー々,.;:?!)]}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_move_whole() {
        assert_eq!(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("the  quick", 5), ["the", "quick"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("  indented text", 10), ["  indented", "text"]);
    }

    #[test]
    fn long_words_are_broken() {
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("xy abcdefghij", 4), ["xy", "abcd", "efgh", "ij"]);
    }

    #[test]
    fn wide_text_breaks_anywhere_but_before_a_full_stop() {
        assert_eq!(wrap("日本語の文章。", 6), ["日本語", "の文", "章。"]);
        assert_eq!(wrap("日本語", 3), ["日", "本", "語"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-c日é👍。 ]{0,60}", cols in 2usize..20) {
            let lines = wrap(&text, cols);
            for line in &lines {
                prop_assert!(width::width(line) <= cols, "{:?} in {}", line, cols);
            }
            let squeeze = |s: &str| s.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
