//! How many columns text takes, and how to make it take exactly so many.
//!
//! The measure is ratatui's own (a grapheme is one symbol, graphemes with control characters are
//! not drawn, halfwidth sound marks count), so that a column computed here is the column drawn
//! there. A grapheme is never split.

use super::symbols::{is_plain, symbols};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What stands for the part that was cut off.
const ELLIPSIS: &str = "…";

/// Columns of one grapheme as ratatui draws it.
pub fn of_grapheme(symbol: &str) -> usize {
    if let [only] = symbol.as_bytes() {
        return usize::from(!only.is_ascii_control());
    }
    let mut chars = symbol.chars();
    if let (Some(only), None) = (chars.next(), chars.next())
        && is_plain(only)
    {
        return only.width().unwrap_or(0);
    }
    if symbol.chars().any(char::is_control) {
        return 0;
    }
    // ratatui adds a cell for each of these, whatever unicode-width says of them.
    let marks = symbol
        .chars()
        .filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}'));
    symbol.width() + marks.count()
}

/// Columns that `text` takes on one line; control characters take none.
pub fn width(text: &str) -> usize {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return text.len();
    }
    symbols(text).map(|(_, symbol)| of_grapheme(symbol)).sum()
}

/// The longest beginning of `text` that fits into `cols`, ended by `…` if something was cut off.
pub fn cut(text: &str, cols: usize) -> String {
    if text.len() <= cols && text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    // What `out` was when one column was still free: where the ellipsis goes.
    let mut keep = 0;
    for (_, symbol) in symbols(text) {
        let wide = of_grapheme(symbol);
        if used + wide > cols {
            out.truncate(keep);
            if cols > 0 {
                out.push_str(ELLIPSIS);
            }
            return out;
        }
        used += wide;
        out.push_str(symbol);
        if used < cols {
            keep = out.len();
        }
    }
    out
}

/// `text` in exactly `cols` columns: cut as [`cut`] does, or filled with spaces.
pub fn fit(text: &str, cols: usize) -> String {
    let mut out = cut(text, cols);
    let used = width(&out);
    out.extend(std::iter::repeat_n(' ', cols.saturating_sub(used)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_and_joined_symbols_are_counted_once() {
        assert_eq!(width("abc"), 3);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("👨\u{200d}👩\u{200d}👧"), 2);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("\u{1b}"), 0);
    }

    #[test]
    fn a_wide_symbol_at_the_edge_leaves_a_space() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("abc", 2), "a…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit("ab", 4), "ab  ");
    }

    #[test]
    fn plain_characters_are_measured_as_ratatui_does() {
        for c in ('\0'..=char::MAX).filter(|c| is_plain(*c)) {
            let text = c.to_string();
            assert_eq!(
                of_grapheme(&text),
                ratatui::text::Span::raw(&text).width(),
                "{c:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_measure_is_ratatuis(text in "(\\PC|[ｶ\u{ff9e}👩\u{200d}\u{fe0f}日é]){0,20}") {
            prop_assert_eq!(width(&text), ratatui::text::Span::raw(&text).width());
        }

        #[test]
        fn fit_is_exact(text in "\\PC{0,40}", cols in 0usize..50) {
            prop_assert_eq!(width(&fit(&text, cols)), cols);
        }
    }
}
