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

/// The blocks of a text in order, as they are written.
pub fn blocks(text: &[Paragraph]) -> Vec<Block> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() && out.len() < MOST {
        let rest = text.get(at..).unwrap_or_default();
        let blank_before = at == 0 || text.get(at - 1).is_some_and(leads_in);
        let (count, lines) = match fenced(rest) {
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

/// The lines between a fence that the text begins with and the one that ends it.
fn fenced(text: &[Paragraph]) -> Option<&[Paragraph]> {
    let first = text.first()?;
    let begin = first.text.trim();
    let mark = ["```", "~~~"].into_iter().find(|m| begin.starts_with(m))?;
    let sign = mark.get(..1)?;
    let long = begin.len() - begin.trim_start_matches(sign).len();
    if begin.get(long..)?.contains(sign) {
        return None;
    }
    let ends = |p: &Paragraph| {
        let line = p.text.trim();
        p.quote != first.quote || (line.len() >= long && line.trim_start_matches(sign).is_empty())
    };
    let count = text.iter().skip(1).position(ends)?;
    let same = text.get(count + 1)?.quote == first.quote;
    text.get(1..=count)
        .filter(|lines| same && !lines.is_empty())
}

/// How many lines from here on are indented code.
fn indented(text: &[Paragraph]) -> usize {
    let Some(first) = text.first() else { return 0 };
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
    if is_blank(first) { 0 } else { count }
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
