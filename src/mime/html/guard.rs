//! What a page is spared before a parser sees it, and whether the parser may see it at all: pictures
//! that it holds itself, attributes by the thousand, and nesting that costs a square.

use super::scan::tag;
use std::borrow::Cow;

/// The longest tag that keeps its attributes, in octets: a parser compares each with all others.
const MAX_TAG: usize = 16 << 10;
/// Elements whose end tag may be left out and that do not nest by themselves.
const IMPLIED: [&str; 11] = [
    "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option",
];

/// The page without the pictures that it holds itself (`data:`), often most of it and never
/// shown, and without attributes by the thousand, which a parser compares with each other.
pub fn tame(html: &str) -> Cow<'_, str> {
    let html = without_embedded(html);
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
        return html;
    }
    out.push_str(html.get(at..).unwrap_or_default());
    Cow::Owned(out)
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

/// The deepest nesting of elements that a parser would make of `html`, roughly and from above.
pub fn depth(html: &str) -> usize {
    // How far down the element that an end tag names is looked for.
    const REACH: usize = 16;
    let mut open: Vec<u64> = Vec::new();
    let mut deepest = 0usize;
    let mut rest = html;
    while let Some(lt) = rest.find('<') {
        let from = rest.get(lt..).unwrap_or_default();
        let Some((tag, after)) = tag(from) else {
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        rest = after;
        let name = tag.name.as_str();
        // Paragraphs, items and cells close their like by themselves.
        if name.is_empty() || tag.is_void() || IMPLIED.contains(&name) {
            continue;
        }
        let id = name
            .bytes()
            .fold(0u64, |h, b| h.wrapping_mul(131).wrapping_add(u64::from(b)));
        if !tag.closing {
            // A table brings its body, a row and a cell.
            let levels = if name == "table" { 4 } else { 1 };
            open.extend(std::iter::repeat_n(id, levels));
            deepest = deepest.max(open.len());
        } else if let Some(at) = open.iter().rev().take(REACH).position(|o| *o == id) {
            let levels = if name == "table" { 4 } else { 1 };
            open.truncate((open.len() - at).saturating_sub(levels));
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_by_the_thousand_are_left_out() {
        let long = format!("<p {}>x</p>", "a=1 ".repeat(10_000));
        assert_eq!(tame(&long), "<p>x</p>");
    }

    #[test]
    fn depth_is_seen() {
        assert_eq!(depth(&"<div>".repeat(300)), 300);
        assert_eq!(depth(&"<p>x<br>".repeat(300)), 0);
        assert_eq!(depth(&"<div></div>".repeat(300)), 1);
        assert_eq!(depth(&"<div></b>".repeat(300)), 300);
        assert_eq!(depth(&"<table><tr><td>x</table>".repeat(300)), 4);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<|>|/|!|--|\"|'|&|;|#|div|style|é| |=|\\PC){0,80}") {
            depth(&text);
            tame(&text);
        }
    }
}
