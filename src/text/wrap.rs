//! Soft wrapping: lines no wider than a column count, broken where people would break them.
//!
//! Breaks at spaces, and between wide (Chinese, Japanese, Korean) characters, but not before
//! closing punctuation; a word longer than a line is broken between graphemes. Linear in the
//! length of the text.

use super::symbols::{Symbols, symbols};
use super::width;
use std::ops::Range;

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
    Pieces::new(line, 0, cols).collect()
}

/// The lines of one paragraph, one after the other; see [`pieces`].
///
/// Where a line begins is all that decides about those after it: begun at any piece's start, it
/// goes on with the same pieces. Who edits can so wrap anew from a little before the change.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    line: &'a str,
    symbols: Symbols<'a>,
    /// What the symbols' places are counted from.
    from: usize,
    cols: usize,
    start: usize,
    used: usize,
    /// The latest place to break: (end of the line before it, start of the line after it, columns
    /// used up to that start).
    place: Option<(usize, usize, usize)>,
    before_wide: bool,
    in_space: bool,
    space_from: usize,
    any_word: bool,
    /// A piece that was found together with the one before it.
    next: Option<Range<usize>>,
    over: bool,
}

impl<'a> Pieces<'a> {
    /// The pieces from one on that begins at `from` (0, or another piece's start).
    pub fn new(line: &'a str, from: usize, cols: usize) -> Pieces<'a> {
        let rest = line.get(from..).unwrap_or_default();
        Pieces {
            line,
            symbols: symbols(rest),
            from,
            cols: cols.max(1),
            start: from,
            used: 0,
            place: None,
            before_wide: false,
            in_space: false,
            space_from: from,
            any_word: false,
            next: None,
            over: false,
        }
    }

    /// Takes a symbol in; a piece, if one ends before it.
    fn take(&mut self, at: usize, symbol: &str) -> Option<Range<usize>> {
        let w = width::of_grapheme(symbol);
        if symbol == " " {
            if !self.in_space {
                self.space_from = at;
            }
            self.in_space = true;
            self.used += w;
            self.before_wide = false;
            return None;
        }
        let wide = w >= 2;
        if self.in_space && self.any_word {
            self.place = Some((self.space_from, at, self.used));
        } else if self.any_word
            && !self.in_space
            && (wide || self.before_wide)
            && !sticks_left(symbol)
        {
            self.place = Some((at, at, self.used));
        }
        let mut piece = None;
        if self.used + w > self.cols && at > self.start {
            let (end, next, columns) = match self.place.take() {
                Some(p) => p,
                // Only spaces so far, or one long word: break right here.
                None if self.in_space && !self.any_word => (self.start, at, self.used),
                None => (at, at, self.used),
            };
            piece = Some(self.start..end);
            self.start = next;
            self.used -= columns;
            // What has moved to the new line may still be longer than it (spaces inside can't
            // be: they would have been a place).
            if self.used + w > self.cols && at > self.start {
                self.next = Some(self.start..at);
                self.start = at;
                self.used = 0;
            }
        }
        self.in_space = false;
        self.any_word = true;
        self.used += w;
        self.before_wide = wide;
        piece
    }
}

impl Iterator for Pieces<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if let Some(piece) = self.next.take() {
            return Some(piece);
        }
        if self.over {
            return None;
        }
        while let Some((at, symbol)) = self.symbols.next() {
            if let Some(piece) = self.take(self.from + at, symbol) {
                return Some(piece);
            }
        }
        self.over = true;
        // Spaces at the end that do not fit are dropped, others kept: they are what was written.
        let end = if self.in_space && self.used > self.cols && self.any_word {
            self.space_from
        } else {
            self.line.len()
        };
        Some(self.start..end.max(self.start))
    }
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

        #[test]
        fn begun_at_a_piece_it_goes_on_the_same(text in "[a-c日é👍。🇩\u{301}\u{200d} ]{0,60}", cols in 1usize..20) {
            let whole = pieces(&text, cols);
            for (n, piece) in whole.iter().enumerate() {
                let rest: Vec<_> = Pieces::new(&text, piece.start, cols).collect();
                prop_assert_eq!(&rest[..], &whole[n..]);
            }
        }
    }
}
