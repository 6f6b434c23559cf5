//! What a page is spared before a parser sees it, and whether the parser may see it at all: pictures
//! that it holds itself, attributes by the thousand, and nesting that costs a square.

use super::scan::{Tag, tag};
use std::borrow::Cow;

/// The longest tag that keeps its attributes, in octets: a parser compares each with all others.
const MAX_TAG: usize = 16 << 10;
/// Elements whose end tag may be left out and that do not nest by themselves.
const IMPLIED: [&str; 11] = [
    "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option",
];

/// The page without the pictures that it holds itself (`data:`), often most of it and never
/// shown, and without attributes by the thousand, which a parser compares with each other. Also the
/// deepest nesting of elements that a parser would make of its first `most` octets, roughly and
/// from above.
pub fn tame(html: &str, most: usize) -> (Cow<'_, str>, usize) {
    let html = without_embedded(html);
    let mut depth = Depth::default();
    let mut out = String::new();
    // What was taken over so far.
    let mut at = 0;
    let mut from = 0;
    while let Some(lt) = html.get(from..).and_then(|rest| rest.find('<')) {
        let begin = from + lt;
        let Some((tag, after)) = html.get(begin..).and_then(tag) else {
            from = begin + 1;
            continue;
        };
        let end = html.len() - after.len();
        if out.len() + (begin - at) < most {
            depth.add(&tag);
        }
        if end - begin > MAX_TAG && !tag.name.is_empty() {
            out.push_str(html.get(at..begin).unwrap_or_default());
            out.push_str(if tag.closing { "</" } else { "<" });
            out.push_str(&tag.name);
            out.push('>');
            at = end;
        }
        from = end;
    }
    if at == 0 {
        return (html, depth.deepest);
    }
    out.push_str(html.get(at..).unwrap_or_default());
    (Cow::Owned(out), depth.deepest)
}

fn without_embedded(html: &str) -> Cow<'_, str> {
    const SIGN: &str = ";base64,";
    if !html.contains(SIGN) {
        return Cow::Borrowed(html);
    }
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(SIGN) {
        let (before, after) = rest.split_at(at + SIGN.len());
        out.push_str(before);
        let digit = |b: u8| b.is_ascii_alphanumeric() || b"+/=-_%\r\n ".contains(&b);
        let len = after.bytes().take_while(|b| digit(*b)).count();
        // Short runs may be text.
        let len = if len > 100 { len } else { 0 };
        rest = after.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The elements that are open, and the most that ever were.
#[derive(Default)]
struct Depth {
    open: Vec<u64>,
    deepest: usize,
}

impl Depth {
    fn add(&mut self, tag: &Tag<'_>) {
        // How far down the element that an end tag names is looked for.
        const REACH: usize = 16;
        let name = &*tag.name;
        // Paragraphs, items and cells close their like by themselves.
        if name.is_empty() || tag.is_void() || IMPLIED.contains(&name) {
            return;
        }
        let id = name
            .bytes()
            .fold(0u64, |h, b| h.wrapping_mul(131).wrapping_add(u64::from(b)));
        // A table brings its body, a row and a cell.
        let levels = if name == "table" { 4 } else { 1 };
        let open = &mut self.open;
        if !tag.closing {
            open.extend(std::iter::repeat_n(id, levels));
            self.deepest = self.deepest.max(open.len());
        } else if let Some(at) = open.iter().rev().take(REACH).position(|o| *o == id) {
            open.truncate((open.len() - at).saturating_sub(levels));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_by_the_thousand_are_left_out() {
        let long = format!("<p {}>x</p>", "a=1 ".repeat(10_000));
        assert_eq!(tame(&long, 100).0, "<p>x</p>");
    }

    #[test]
    fn depth_is_seen() {
        let depth = |html: &str| tame(html, usize::MAX).1;
        assert_eq!(
            tame(&"<div>".repeat(300), 500).1,
            100,
            "as far as it is looked at"
        );
        assert_eq!(depth(&"<div>".repeat(300)), 300);
        assert_eq!(depth(&"<p>x<br>".repeat(300)), 0);
        assert_eq!(depth(&"<div></div>".repeat(300)), 1);
        assert_eq!(depth(&"<div></b>".repeat(300)), 300);
        assert_eq!(depth(&"<table><tr><td>x</table>".repeat(300)), 4);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<|>|/|!|--|\"|'|&|;|#|div|style|é| |=|\\PC){0,80}") {
            tame(&text, 40);
        }
    }
}
