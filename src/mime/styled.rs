//! Text with meanings: what a rendered message is made of.
//!
//! The words here are about what text *is* (a link, a quotation), never how it looks: that is the
//! screen's business.

use crate::text::{Clean, width, wrap};
use std::borrow::Cow;
use std::sync::Arc;

/// Characters shown of the value in a row.
const MAX_VALUE: usize = 300;
/// Columns of the names of rows.
const NAMES: usize = 10;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing special.
    #[default]
    Plain,
    /// Strong.
    Strong,
    /// Emphasised.
    Emphasis,
    /// Strong and emphasised.
    StrongEmphasis,
    /// Code or preformatted text.
    Code,
    /// A link; the number is its place in the list of links, counted from 1 as shown in brackets.
    Link(u32),
    /// A heading.
    Heading,
    /// The bars beside quoted text, depth 1 and up.
    Quote(u8),
    /// The sender's signature.
    Signature,
    /// Struck out.
    Strike,
    /// A line that a patch adds.
    Added,
    /// A line that a patch takes away.
    Removed,
    /// Where in a file a patch changes something.
    Hunk,
    /// Ours or of no weight: notes, pictures' names, where a deceiving link really leads.
    Dim,
}

impl Mark {
    /// Whether a piece of this meaning and the next are read as one text: the bars of a quotation
    /// stand before it, whatever its direction.
    pub fn goes_on(self, next: Mark) -> bool {
        matches!(self, Mark::Quote(_)) == matches!(next, Mark::Quote(_))
    }
}

/// A piece of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Its text, one line.
    pub text: Clean,
    /// What it means.
    pub style: Mark,
}

/// A line of the reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its pieces from left to right; the bars of a quotation are the first.
    pub spans: Vec<Span>,
    /// How deep it is quoted, 0 for the sender's own words.
    pub quote: u8,
    /// Where a block of code or a patch begins: its text as it was written, not cleaned and not
    /// wrapped, for copying.
    pub block: Option<Arc<str>>,
    /// The pictures that stand above it: numbers into what the message tells of its pictures.
    pub pictures: Vec<u32>,
}

impl Line {
    /// A line of pieces, cleaned; neighbours of one meaning become one.
    pub fn from_runs(mut runs: Vec<Run>, quote: u8) -> Line {
        runs.retain(|r| !r.text.is_empty());
        runs.dedup_by(|next, run| {
            let same = next.mark == run.mark;
            if same {
                run.text.push_str(&next.text);
            }
            same
        });
        let span = |run: Run| Span {
            text: Clean::from_line(run.text),
            style: run.mark,
        };
        Line {
            spans: runs.into_iter().map(span).collect(),
            quote,
            block: None,
            pictures: Vec::new(),
        }
    }

    /// The text without meanings.
    pub fn text(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }
}

/// A piece of text before it is laid out and cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The text, without line ends.
    pub text: String,
    /// What it means.
    pub mark: Mark,
}

impl Run {
    /// A piece of text.
    pub fn new(text: impl Into<String>, mark: Mark) -> Run {
        Run {
            text: text.into(),
            mark,
        }
    }
}

/// Wraps pieces as if they were one text of at most `cols` columns a line.
pub fn wrap_runs(runs: Vec<Run>, cols: usize) -> Vec<Vec<Run>> {
    // Nothing takes more columns than octets.
    if runs.iter().map(|r| r.text.len()).sum::<usize>() <= cols {
        return vec![runs];
    }
    let whole: Cow<'_, str> = match runs.as_slice() {
        [only] => Cow::Borrowed(&only.text),
        _ => runs.iter().map(|r| r.text.as_str()).collect(),
    };
    let mut lines = Vec::new();
    // The runs that the coming lines may hold, and where they begin: a line may end inside of one.
    let mut rest = runs.as_slice();
    let mut begin = 0;
    for piece in wrap::pieces(&whole, cols) {
        let mut line = Vec::new();
        let mut at = begin;
        for run in rest {
            let (from, to) = (piece.start.max(at), piece.end.min(at + run.text.len()));
            if from < to
                && let Some(text) = run.text.get(from - at..to - at)
            {
                line.push(Run::new(text, run.mark));
            }
            at += run.text.len();
            if at > piece.end {
                break;
            }
            if let Some((_, more)) = rest.split_first() {
                (rest, begin) = (more, at);
            }
        }
        lines.push(line);
    }
    lines
}

/// The bars in front of quoted text, and the columns they take. Very deep quotations share bars,
/// so that there is room for text in `width`.
pub fn bars(quote: usize, width: usize) -> (Option<Run>, usize) {
    let shown = quote.min(width.saturating_sub(16) / 2).min(12);
    if shown == 0 {
        return (None, 0);
    }
    let depth = u8::try_from(quote).unwrap_or(u8::MAX);
    (
        Some(Run::new("│ ".repeat(shown), Mark::Quote(depth))),
        shown * 2,
    )
}

/// A line's pieces behind the bars of its quotation.
pub fn behind(bar: Option<Run>, line: Vec<Run>) -> Vec<Run> {
    match bar {
        None => line,
        Some(_) => bar.into_iter().chain(line).collect(),
    }
}

/// Lays pieces out as lines of `width` columns behind the bars of their quotation.
pub fn lay_out(runs: Vec<Run>, quote: usize, width: usize) -> Vec<Line> {
    let (bar, used) = bars(quote, width);
    let depth = u8::try_from(quote).unwrap_or(u8::MAX);
    wrap_runs(runs, width.saturating_sub(used).max(2))
        .into_iter()
        .map(|line| Line::from_runs(behind(bar.clone(), line), depth))
        .collect()
}

/// Text of one meaning, laid out.
pub fn say(text: &str, mark: Mark, width: usize) -> Vec<Line> {
    lay_out(vec![Run::new(Clean::line(text).as_str(), mark)], 0, width)
}

/// A name and what stands for it, in a column each; nothing if there is no value.
pub fn row(name: &str, value: &str, width: usize) -> Vec<Line> {
    let value: String = value.chars().take(MAX_VALUE).collect();
    let value = Clean::line(&value);
    match value.as_str().trim() {
        "" => Vec::new(),
        value => named(name, &[Run::new(value, Mark::Plain)], width),
    }
}

/// A name, and pieces in the column beside it.
pub fn named(name: &str, runs: &[Run], width: usize) -> Vec<Line> {
    let lines = wrap_runs(runs.to_vec(), width.saturating_sub(NAMES).max(2)).into_iter();
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    let line = |(runs, name): (Vec<Run>, &str)| {
        let name = Run::new(width::fit(name, NAMES), Mark::Dim);
        Line::from_runs([vec![name], runs].concat(), 0)
    };
    lines.zip(names).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;
    use proptest::prelude::*;

    #[test]
    fn meanings_survive_wrapping() {
        let runs = [
            Run::new("see ", Mark::Plain),
            Run::new("the page now", Mark::Link(1)),
        ];
        let lines = lay_out(runs.to_vec(), 1, 12);
        let shown: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(shown, ["see the page", "now"]);
        assert_eq!(lines[0].spans[1].style, Mark::Link(1));
        assert_eq!(
            lay_out(runs.to_vec(), 2, 30)[0].text(),
            "│ │ see the page now"
        );
    }

    #[test]
    fn names_stand_in_columns_of_their_own() {
        let beside = |name: &str| row(name, "x", 20)[0].text();
        assert_eq!(beside("When"), "When      x");
        assert_eq!(beside("日時"), "日時      x");
    }

    #[test]
    fn nothing_is_wider_than_its_octets() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            assert!(width::width(&text) <= text.len(), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn every_run_comes_where_it_belongs(texts in prop::collection::vec("[a-zé ]{0,12}", 0..9), cols in 2usize..20) {
            let mark = |n: usize| Mark::Link(u32::try_from(n).unwrap());
            let runs: Vec<Run> = (0..).zip(&texts).map(|(n, t)| Run::new(t.as_str(), mark(n))).collect();
            let lines = wrap_runs(runs, cols);
            for (n, text) in (0..).zip(&texts) {
                let mine = lines.iter().flatten().filter(|r| r.mark == mark(n));
                let found: String = mine.map(|r| r.text.as_str()).collect();
                let bare = |t: &str| t.replace(' ', "");
                prop_assert_eq!(bare(&found), bare(text));
            }
        }

        #[test]
        fn lines_keep_to_their_width(texts in prop::collection::vec("[a-z日é ]{0,30}", 0..5), quote in 0usize..30, cols in 20usize..60) {
            let runs: Vec<Run> = texts.iter().map(|t| Run::new(t.as_str(), Mark::Plain)).collect();
            for line in lay_out(runs, quote, cols) {
                prop_assert!(width::width(&line.text()) <= cols);
            }
        }
    }
}
