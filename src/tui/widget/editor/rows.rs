//! A line as rows of the screen: soft wrap, and how wide what is drawn comes out.

use crate::text::{Clean, width, wrap};
use std::borrow::Cow;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Columns to which a tab goes on.
const TAB: usize = 4;

/// What is drawn for a grapheme at a column, fit for a terminal.
pub fn shown(symbol: &str, column: usize) -> Cow<'_, str> {
    match symbol {
        "\t" => Cow::Owned(" ".repeat(TAB - column % TAB)),
        s if s.len() == 1 && (b' '..0x7f).contains(&s.as_bytes().first().copied().unwrap_or(0)) => {
            Cow::Borrowed(s)
        }
        s => {
            let clean = Clean::line(s);
            match clean.as_str() == s {
                true => Cow::Borrowed(s),
                false => Cow::Owned(clean.as_str().to_owned()),
            }
        }
    }
}

/// Columns that a piece of a line takes, from its beginning.
pub fn columns(piece: &str) -> usize {
    if piece.bytes().all(|b| (b' '..0x7f).contains(&b)) {
        return piece.len();
    }
    let mut column = 0;
    for symbol in piece.graphemes(true) {
        column += width::width(&shown(symbol, column));
    }
    column
}

/// The rows of a line, in octets: each ends where the next begins, so that every place of the line
/// is in one. Spaces at a soft break belong to the row before it and may stick out.
pub fn rows(line: &str, cols: usize) -> Vec<Range<usize>> {
    // One column stays free for the cursor behind a full row.
    let cols = cols.saturating_sub(1).max(1);
    match line.contains('\t') {
        true => tabbed(line, cols),
        false => joined(
            wrap::pieces(line, cols).into_iter().map(|p| p.start),
            line.len(),
        ),
    }
}

/// A line with tabs, broken between graphemes where it is full.
fn tabbed(line: &str, cols: usize) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut column = 0;
    for (at, symbol) in line.grapheme_indices(true) {
        let wide = width::width(&shown(symbol, column));
        if column + wide > cols && column > 0 {
            starts.push(at);
            column = 0;
        }
        column += width::width(&shown(symbol, column));
    }
    joined(starts.into_iter(), line.len())
}

fn joined(starts: impl Iterator<Item = usize>, len: usize) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for start in starts {
        if let Some(last) = out.last_mut() {
            last.end = start;
        }
        out.push(start..len);
    }
    out
}

/// In which row a place of the line is: at a soft break, in the row that it begins.
pub fn row_of(rows: &[Range<usize>], at: usize) -> usize {
    rows.iter().rposition(|r| r.start <= at).unwrap_or(0)
}

/// The place in a row that is nearest to a column, between graphemes and within the row.
pub fn place_at(line: &str, row: &Range<usize>, last: bool, column: usize) -> usize {
    let piece = line.get(row.clone()).unwrap_or("");
    let mut used = 0;
    let mut before = 0;
    for (at, symbol) in piece.grapheme_indices(true) {
        let wide = width::width(&shown(symbol, used));
        if used + wide > column {
            return row.start + at;
        }
        used += wide;
        before = at;
    }
    // Behind the last grapheme of a broken row is the next row.
    match last {
        true => row.end,
        false => row.start + before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_place_is_in_one_row() {
        let line = "The quick brown fox";
        let found = rows(line, 11);
        assert_eq!(found, [0..10, 10..19]);
        assert_eq!(
            (row_of(&found, 9), row_of(&found, 10), row_of(&found, 19)),
            (0, 1, 1)
        );
        assert_eq!(place_at(line, &found[0], false, 99), 9);
        assert_eq!(place_at(line, &found[1], true, 99), 19);
        assert_eq!(place_at(line, &found[1], true, 2), 12);
        assert_eq!(rows("", 5).len(), 1);
        assert_eq!(columns("a\tb"), 5);
    }

    proptest! {
        #[test]
        fn rows_are_the_line(line in "[a-c日é👍\t ]{0,60}", cols in 2usize..20) {
            let found = rows(&line, cols);
            let whole: String = found.iter().filter_map(|r| line.get(r.clone())).collect();
            prop_assert_eq!(&whole, &line);
            for row in &found {
                let piece = line.get(row.clone()).unwrap_or("").trim_end_matches(' ');
                prop_assert!(columns(piece) < cols.max(3) || piece.graphemes(true).count() <= 1, "{:?}", piece);
            }
        }
    }
}
