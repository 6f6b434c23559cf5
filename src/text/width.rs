//! How many columns text takes, grapheme by grapheme, and how to make it fit.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes: the sum over its graphemes, each at most two wide.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(of_grapheme).sum()
}

/// Columns of one grapheme.
pub fn of_grapheme(grapheme: &str) -> usize {
    UnicodeWidthStr::width(grapheme).min(2)
}

/// The longest beginning of `text` that takes at most `columns`, with `…` in its last column if
/// anything was cut.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = of_grapheme(grapheme);
        if used + w > room {
            break;
        }
        out.push_str(grapheme);
        used += w;
    }
    out.push('…');
    out
}

/// `text` cut and padded with spaces to exactly `columns`.
pub fn fit(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let used = width(&out);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_count_two() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("👨\u{200d}👩\u{200d}👧"), 2);
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("", 3), "   ");
    }

    proptest! {
        #[test]
        fn fitting_is_exact(text in "\\PC{0,40}", columns in 0usize..30) {
            prop_assert_eq!(width(&fit(&text, columns)), columns);
        }
    }
}
