//! A line as rows of the screen: soft wrap, and how wide what is drawn comes out.

use crate::text::symbols::symbols;
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
    joined(starts(line, 0, cols), line.len())
}

/// The rows of a line that was edited, from those that it had before: they are looked for from a
/// little before the change on, until they begin where they did.
pub fn rows_again(
    line: &str,
    cols: usize,
    before: &str,
    rows_before: &[Range<usize>],
) -> Vec<Range<usize>> {
    if line.contains('\t') != before.contains('\t') {
        return rows(line, cols);
    }
    let same = same_start(line, before);
    let rest = |s: &'_ str| s.len() - same;
    let tail = same_end(line, before).min(rest(line)).min(rest(before));
    // A row's begin follows from the text up to and with the first grapheme two rows on, and that
    // one may have grown.
    let keep = row_of(rows_before, same).saturating_sub(3);
    let from = rows_before.get(keep).map_or(0, |r| r.start);
    let mut out: Vec<Range<usize>> = rows_before.iter().take(keep).cloned().collect();
    let changed = line.len() - tail;
    let mut old = keep;
    for start in starts(line, from, cols) {
        if let Some(last) = out.last_mut() {
            last.end = start;
        }
        if start >= changed {
            // Where it was before: what follows is the same text.
            let was = start + before.len() - line.len();
            while rows_before.get(old).is_some_and(|r| r.start < was) {
                old += 1;
            }
            let rest = rows_before.get(old..).unwrap_or_default();
            if rest.first().is_some_and(|r| r.start == was) {
                let now = |at: usize| at + line.len() - before.len();
                out.extend(rest.iter().map(|r| now(r.start)..now(r.end)));
                return out;
            }
        }
        out.push(start..line.len());
    }
    out
}

/// Octets that are compared at once.
const BLOCK: usize = 1_024;

/// Octets at the beginning of both that are the same, in whole characters.
fn same_start(a: &str, b: &str) -> usize {
    let blocks = a.as_bytes().chunks(BLOCK).zip(b.as_bytes().chunks(BLOCK));
    let mut at = blocks
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len())
        .sum();
    let tails = a.bytes().skip(at).zip(b.bytes().skip(at));
    at += tails.take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(at) || !b.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Octets at the end of both that are the same, in whole characters.
fn same_end(a: &str, b: &str) -> usize {
    let blocks = a.as_bytes().rchunks(BLOCK).zip(b.as_bytes().rchunks(BLOCK));
    let mut same = blocks
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len())
        .sum();
    let tails = a.bytes().rev().skip(same).zip(b.bytes().rev().skip(same));
    same += tails.take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(a.len() - same) || !b.is_char_boundary(b.len() - same) {
        same -= 1;
    }
    same
}

/// Where rows begin, from one that begins at `from` on.
fn starts(line: &str, from: usize, cols: usize) -> Box<dyn Iterator<Item = usize> + '_> {
    // One column stays free for the cursor behind a full row.
    let cols = cols.saturating_sub(1).max(1);
    match line.contains('\t') {
        true => Box::new(tabbed(line, from, cols)),
        false => Box::new(wrap::Pieces::new(line, from, cols).map(|p| p.start)),
    }
}

/// A line with tabs, broken between graphemes where it is full.
fn tabbed(line: &str, from: usize, cols: usize) -> impl Iterator<Item = usize> + '_ {
    let mut column = 0;
    let symbols = symbols(line.get(from..).unwrap_or(""));
    let breaks = symbols.filter_map(move |(at, symbol)| {
        let full = column + width::width(&shown(symbol, column)) > cols && column > 0;
        if full {
            column = 0;
        }
        column += width::width(&shown(symbol, column));
        full.then_some(from + at)
    });
    std::iter::once(from).chain(breaks)
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

    #[test]
    fn a_place_long_before_the_change_keeps_its_row() {
        let before = "word ".repeat(2_000);
        let mut line = before.clone();
        line.insert(5_000, 'x');
        let rows_before = rows(&before, 21);
        assert_eq!(
            rows_again(&line, 21, &before, &rows_before),
            rows(&line, 21)
        );
    }

    proptest! {
        #[test]
        fn wrapping_again_is_wrapping_the_whole(
            line in "[a-c日é👍。🇩🇪\u{301}\u{200d}\t ]{0,120}|[a-c日é👍。🇩🇪\u{301}\u{200d} ]{0,160}",
            edits in proptest::collection::vec(("[a-c日é👍。🇩\u{301}\u{200d} ]{0,9}|[a\t ]{0,3}", 0usize..200, 0usize..12), 1..8),
            cols in 1usize..14,
        ) {
            let mut before = line;
            let mut found = rows(&before, cols);
            for (put, at, gone) in edits {
                let place = |at: usize| (0..=at.min(before.len())).rev().find(|at| before.is_char_boundary(*at)).unwrap();
                let (from, to) = (place(at), place(at + gone));
                let mut line = before.clone();
                line.replace_range(from..to, &put);
                found = rows_again(&line, cols, &before, &found);
                prop_assert_eq!(&found, &rows(&line, cols), "{:?} of {:?}", line, before);
                before = line;
            }
        }

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
