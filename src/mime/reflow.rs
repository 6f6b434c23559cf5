//! Paragraphs that their writer's program broke into lines, put together again where the screen
//! is narrower than those lines: else every second line would hold one word.
//!
//! RFC 3676 has a way to say that a line goes on, and hardly anybody uses it. So a break is
//! taken for a forced one if the next word would not have fitted on the line, by the width to
//! which this text was broken; everything that may be a list, a table, code or verse stays as it
//! is.

use super::flowed::Paragraph;
use crate::text::width::width;

/// Text is not broken to less than this, in columns.
const LEAST: usize = 56;
/// Lines longer than this are no broken ones.
const MOST: usize = 82;

/// Joins lines that were broken to fit a screen wider than `cols`.
pub fn rejoin(lines: Vec<Paragraph>, cols: usize) -> Vec<Paragraph> {
    let widths = lines.iter().map(|l| width(&l.text));
    let Some(full) = widths.filter(|w| (LEAST..=MOST).contains(w)).max() else {
        return lines;
    };
    if cols >= full {
        return lines;
    }
    let mut out: Vec<Paragraph> = Vec::with_capacity(lines.len());
    // What the last line was like before others were joined to it.
    let mut before = Look::default();
    for line in lines {
        let look = Look::of(&line, full);
        match out.last_mut() {
            Some(last) if before.goes_on(&look, full) => {
                last.text.truncate(last.text.trim_end().len());
                last.text.push(' ');
                last.text.push_str(&line.text);
            }
            _ => out.push(line),
        }
        before = look;
    }
    out
}

/// What matters of a line.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    /// Columns of all of it and of its first word.
    cols: (usize, usize),
    quote: usize,
    /// Whether it is a piece of running text, and one that may go on from the line before.
    prose: (bool, bool),
}

impl Look {
    fn of(line: &Paragraph, full: usize) -> Look {
        let first = line.text.split(' ').next().unwrap_or_default();
        let cols = width(&line.text);
        let prose = !line.signature && cols <= full && is_prose(&line.text);
        Look {
            cols: (cols, width(first)),
            quote: line.quote,
            prose: (prose, prose && !begins_item(&line.text)),
        }
    }

    /// Whether this line was broken only because the next one's first word did not fit.
    fn goes_on(&self, next: &Look, full: usize) -> bool {
        let forced = self.cols.0 + 1 + next.cols.1 > full;
        self.quote == next.quote && self.prose.0 && next.prose.1 && next.cols.1 > 0 && forced
    }
}

/// Words with single blanks between them, and nothing that only code has.
fn is_prose(text: &str) -> bool {
    let text = text.trim_end();
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || "\"'(“‘„«[*_-–—•".contains(c));
    let spaced = text.replace(".  ", ". ").contains("  ");
    let code = text.ends_with(['{', '}', ';', '|', '\\']) || text.contains('\t');
    begins && !spaced && !code && !is_rule(text)
}

/// A line of signs, such as a rule or a table's border.
fn is_rule(text: &str) -> bool {
    text.chars().count() > 3 && !text.contains(char::is_alphanumeric)
}

/// Whether a list's item begins here: `- `, `* `, `1. `, `a) `, `[1]`.
fn begins_item(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    let numbered = word.len() <= 4 && word.ends_with(['.', ')', ':']);
    let number = word.trim_end_matches(['.', ')', ':']);
    let short = number.len() == 1 || number.chars().all(|c| c.is_ascii_digit());
    matches!(word, "-" | "*" | "•" | "–" | "—" | "+")
        || (numbered && short)
        || (word.starts_with('[') && word.ends_with(']'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::flowed;
    use proptest::prelude::*;

    fn joined(text: &str, cols: usize) -> Vec<String> {
        let lines = rejoin(flowed::read(text, false, false), cols);
        lines.into_iter().map(|l| l.text).collect()
    }

    const LETTER: &str = "\
Proofs of sheet 3 are at the printer's. They have a new machine and are
rather proud of it. Could you look at them before Friday?

I asked:
- for the colours, which were wrong the last time that we printed this
- for the paper

Best,
Pia";

    #[test]
    fn forced_breaks_go_and_others_stay() {
        let lines = joined(LETTER, 50);
        assert_eq!(
            lines,
            [
                "Proofs of sheet 3 are at the printer's. They have a new machine and are rather proud of it. Could you look at them before Friday?",
                "",
                "I asked:",
                "- for the colours, which were wrong the last time that we printed this",
                "- for the paper",
                "",
                "Best,",
                "Pia",
            ]
        );
    }

    #[test]
    fn where_there_is_room_nothing_changes() {
        assert_eq!(joined(LETTER, 72).len(), LETTER.lines().count());
    }

    #[test]
    fn code_tables_quotations_and_patches_stay() {
        let text = "\
for (int i = 0; i < number_of_things_to_be_looked_at_here; i += 1) {
    do_something_with(things[i], and_with_something_else_entirely);
}
Name                Amount of things that were ordered      Price
Carrots             12 kilograms of them, washed            3.20 EUR
> a quoted line which is about as long as lines are in most mail here
answered by somebody who writes lines as long as most people do it now
+added a line which is as long as those that are in patches of people
-removed a line which is as long as those that are in patches of them";
        assert_eq!(joined(text, 40).len(), text.lines().count());
    }

    proptest! {
        #[test]
        fn no_word_is_lost(lines in prop::collection::vec("[a-z -]{0,90}", 0..12), cols in 20usize..90) {
            let text = lines.join("\n");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let read: Vec<String> = flowed::read(&text, false, false).into_iter().map(|l| l.text).collect();
            prop_assert_eq!(words(&joined(&text, cols).join("\n")), words(&read.join("\n")));
        }
    }
}
