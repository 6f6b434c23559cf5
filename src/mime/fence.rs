//! Blocks of code in plain text: between fences of backquotes or tildes, or indented by four
//! blanks after an empty line (CommonMark §4.4, §4.5, as far as letters have them).

use super::flowed::Paragraph;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most blocks of a text.
const MOST: usize = 100;

/// A block that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its first line, without its indentation; for a fenced one the fence.
    begin: String,
    /// Its text.
    pub text: Arc<str>,
}

/// A line of three or more backquotes or tildes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fence {
    /// Which of the two.
    sign: char,
    /// How many.
    long: usize,
    /// Whether it may begin a block.
    begins: bool,
    /// Whether it may end one: nothing follows.
    ends: bool,
}

impl Fence {
    fn read(line: &str) -> Option<Fence> {
        let line = line.trim();
        let sign = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let rest = line.trim_start_matches(sign);
        let long = line.len() - rest.len();
        (long >= 3).then_some(Fence {
            sign,
            long,
            begins: !rest.contains(sign),
            ends: rest.is_empty(),
        })
    }
}

/// Up to which line none ends a block that a fence of one sign and so many of them begins.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    long: usize,
    until: usize,
}

/// The blocks of a text in order, as they are written.
pub fn blocks(text: &[Paragraph]) -> Vec<Block> {
    let fences: Vec<Option<Fence>> = text.iter().map(|p| Fence::read(&p.text)).collect();
    let mut open = BTreeMap::new();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() && out.len() < MOST {
        let rest = text.get(at..).unwrap_or_default();
        let blank_before = at == 0 || text.get(at - 1).is_some_and(leads_in);
        let (count, lines) = match fenced(text, &fences, at, &mut open) {
            Some(inside) => (inside.len() + 2, inside),
            None if blank_before => {
                let count = indented(rest);
                (count, rest.get(..count).unwrap_or_default())
            }
            None => (0, &[][..]),
        };
        if let Some(first) = rest.first().filter(|_| count > 0) {
            let cut = lines.iter().filter(|p| !is_blank(p)).map(indent).min();
            let bare = |p: &Paragraph| p.text.get(cut.unwrap_or(0)..).unwrap_or("").to_owned();
            let lines: Vec<String> = lines.iter().map(bare).collect();
            out.push(Block {
                begin: first.text.trim_start().to_owned(),
                text: lines.join("\n").into(),
            });
        }
        at += count.max(1);
    }
    out
}

/// Where each block begins in the same text after lines of prose were joined.
pub fn placed(text: &[Paragraph], blocks: Vec<Block>) -> BTreeMap<usize, Arc<str>> {
    let mut out = BTreeMap::new();
    let mut at = 0;
    for block in blocks {
        let rest = text.iter().skip(at);
        let found = rest.take_while(|_| !block.begin.is_empty());
        // A line of code may have taken in others, but it begins as it did.
        let found = found
            .map(|p| p.text.trim_start().starts_with(&block.begin))
            .position(|same| same);
        if let Some(n) = found {
            out.insert(at + n, block.text);
            at += n + 1;
        }
    }
    out
}

/// The lines between a fence that stands at `at` and the one that ends it. `open` remembers for
/// each sign what was looked for in vain, so that no text is looked through for each of its lines.
fn fenced<'a>(
    text: &'a [Paragraph],
    fences: &[Option<Fence>],
    at: usize,
    open: &mut BTreeMap<char, Open>,
) -> Option<&'a [Paragraph]> {
    let fence = fences.get(at).copied().flatten().filter(|f| f.begins)?;
    let quote = text.get(at)?.quote;
    let known = open.entry(fence.sign).or_default();
    if at < known.until && fence.long >= known.long {
        return None;
    }
    let ends = |(n, f): (usize, &Option<Fence>)| {
        let other = text.get(n).is_none_or(|p| p.quote != quote);
        let closes = f.is_some_and(|f| f.ends && f.sign == fence.sign && f.long >= fence.long);
        (other || closes).then_some((n, other))
    };
    let mut behind = fences.iter().enumerate().skip(at + 1);
    let (end, other) = behind.find_map(ends).unwrap_or((text.len(), true));
    if other {
        *known = Open {
            long: fence.long,
            until: end,
        };
        return None;
    }
    text.get(at + 1..end).filter(|lines| !lines.is_empty())
}

/// How many lines from here on are indented code.
fn indented(text: &[Paragraph]) -> usize {
    let Some(first) = text.first().filter(|p| !is_blank(p)) else {
        return 0;
    };
    let mut count = 0;
    for (n, p) in text.iter().enumerate() {
        let code = is_blank(p) || p.text.starts_with("    ") || p.text.starts_with('\t');
        if !code || p.quote != first.quote || p.signature {
            break;
        }
        if !is_blank(p) {
            count = n + 1;
        }
    }
    count
}

/// Whether indented code may follow a line.
fn leads_in(p: &Paragraph) -> bool {
    is_blank(p) || p.text.trim_end().ends_with(':')
}

fn is_blank(p: &Paragraph) -> bool {
    p.text.trim().is_empty()
}

/// Octets of blanks that a line begins with.
fn indent(p: &Paragraph) -> usize {
    p.text.len() - p.text.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{flowed, reflow};
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<String> {
        let read = flowed::read(text, false, false);
        blocks(&read).iter().map(|b| b.text.to_string()).collect()
    }

    #[test]
    fn fences_and_indentation_make_blocks() {
        let text = "Do this:\n```sh\ncargo build\n\n  run it\n```\nthen\n\n    let a = 1;\n      b();\n\n    c();\n\nend";
        assert_eq!(
            found(text),
            ["cargo build\n\n  run it", "let a = 1;\n  b();\n\nc();"]
        );
        assert_eq!(found("> ```\n> quoted\n> ```"), ["quoted"]);
        for none in [
            "```\nno end",
            "> ```\nquoted\n> ```",
            "para\n    goes on",
            "``` one ``` line",
            "```\n```",
            "-- \n\n    a signature",
            "",
        ] {
            assert_eq!(found(none), Vec::<String>::new(), "{none:?}");
        }
    }

    #[test]
    fn a_block_keeps_its_lines_where_prose_is_joined() {
        let long = "words that fill a line so that it was broken by the program that sent it off";
        let text = format!("```\n{long}\nand more\n```\n{long}\nand more");
        let read = flowed::read(&text, false, false);
        let blocks = blocks(&read);
        let joined = reflow::rejoin(read, 40);
        assert!(joined.len() < 6);
        let placed = placed(&joined, blocks);
        assert_eq!(placed.keys().copied().collect::<Vec<_>>(), [0]);
        assert_eq!(&*placed[&0], format!("{long}\nand more"));
    }

    #[test]
    fn no_text_is_looked_through_for_each_of_its_lines() {
        let long = |n: usize| format!("{}a\n", "`".repeat(n));
        for bad in [
            "\n".repeat(200_000),
            "```a\n".repeat(60_000),
            "> ```a\n> ~~~ b\n".repeat(40_000) + "end\n```",
            (3..1_500).rev().map(long).collect(),
        ] {
            assert_eq!(found(&bad), Vec::<String>::new());
        }
        // What no fence ends before does not hide one that a longer text ends.
        assert_eq!(found("````a\n```b\ncode\n```"), ["code"]);
        assert_eq!(found("> ```\nx\n```\ncode\n```"), ["code"]);
    }

    proptest! {
        #[test]
        fn every_block_has_its_place(text in "(```|~~~|    |\t|> |\n|a|: ){0,40}") {
            let read = flowed::read(&text, false, false);
            let blocks = blocks(&read);
            let count = blocks.len();
            prop_assert_eq!(placed(&read, blocks).len(), count);
        }
    }
}
