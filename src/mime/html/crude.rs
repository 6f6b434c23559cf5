//! HTML to text in one pass without a tree: for the search index, for previews, and for pages
//! that are too large or too deep to be laid out.
//!
//! What a page hides is left out by the same rules as in its layout (`style`), so that a preview
//! never shows what the message does not. Linear in time; never panics.

use super::paragraph::{is_blank, is_filler};
use super::scan::{Tag, tag};
use super::style::{Look, Sheet};
use super::tags::{is_block, is_silent};

/// Letters smaller than this, in pixels, are not seen.
const TINY: f32 = 1.0;
/// How often a page is looked through at most for ends of elements that never come, and for what
/// can be seen in elements that seem to hide it.
const MAX_LOOKS: usize = 16;

/// The visible text of a page, at most `most` octets, blocks on lines of their own.
pub fn strip(html: &str, most: usize) -> String {
    let mut out = Writer::default();
    let mut hidden = Hidden::of(html);
    let mut rest = html;
    while !rest.is_empty() && out.text.len() < most {
        let Some(lt) = rest.find('<') else {
            out.text(rest);
            break;
        };
        let (text, from) = rest.split_at(lt);
        out.text(text);
        let Some((tag, after)) = tag(from) else {
            // A `<` that begins no tag is text.
            out.text("<");
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        match &*tag.name {
            "td" | "th" => out.space(),
            name if name == "br" || is_block(name) => out.line(),
            _ => {}
        }
        rest = hidden.next(&tag, after);
    }
    let mut text = out.text;
    text.truncate(text.floor_char_boundary(most));
    text.trim().to_owned()
}

/// What a page hides.
#[derive(Default)]
struct Hidden {
    sheet: Sheet,
    /// Elements whose end was looked for in vain.
    endless: Vec<String>,
    /// Octets that may still be looked through for nothing: more would cost a square.
    left: usize,
}

impl Hidden {
    fn of(html: &str) -> Hidden {
        let mut hidden = Hidden {
            left: html.len().saturating_mul(MAX_LOOKS),
            ..Hidden::default()
        };
        let mut rest = html;
        while let Some((_, after)) = rest.split_once("<style") {
            let sheet = after.split_once('>').map_or("", |(_, sheet)| sheet);
            let (sheet, next) = sheet.split_once("</style").unwrap_or((sheet, ""));
            hidden.sheet.add(sheet);
            rest = next;
        }
        hidden
    }

    /// What is read after a tag that `after` follows: behind its element, if that is not seen.
    fn next<'a>(&mut self, tag: &Tag<'_>, after: &'a str) -> &'a str {
        if !tag.opens() {
            return after;
        }
        let look = self.look(tag);
        let gone = is_silent(&tag.name) || look.hidden == Some(true);
        if !gone && !is_tiny(&look) {
            return after;
        }
        let Some(end) = self.end(tag, after) else {
            return after;
        };
        let inside = after.get(..after.len() - end.len()).unwrap_or_default();
        // So layouts take away the blanks between their columns.
        if !gone && self.grows(inside) {
            self.left = self.left.saturating_sub(inside.len());
            return after;
        }
        end
    }

    fn look(&self, tag: &Tag<'_>) -> Look {
        self.sheet
            .look(&tag.name, |name| tag.attribute(name), Look::read)
    }

    /// Whether there are letters of some size in a part of the page.
    fn grows(&self, mut inside: &str) -> bool {
        while let Some(lt) = inside.find('<') {
            let from = inside.get(lt..).unwrap_or_default();
            let Some((tag, after)) = tag(from) else {
                inside = from.get(1..).unwrap_or_default();
                continue;
            };
            let look = self.look(&tag);
            if look.size.is_some_and(|s| !s.relative && s.pixels >= TINY) {
                return true;
            }
            inside = after;
        }
        false
    }

    /// What follows the element that `open` begins; `None` if it never ends.
    fn end<'a>(&mut self, open: &Tag<'_>, after: &'a str) -> Option<&'a str> {
        let raw = matches!(&*open.name, "style" | "script");
        if !raw && (self.left == 0 || self.endless.iter().any(|n| **n == *open.name)) {
            return None;
        }
        let mut inside = 0usize;
        let mut rest = after;
        while let Some(lt) = rest.find('<') {
            let from = rest.get(lt..).unwrap_or_default();
            // Inside a style sheet or script only its own end counts.
            let found = if raw && !from.starts_with("</") {
                None
            } else {
                tag(from)
            };
            let Some((tag, next)) = found else {
                rest = from.get(1..).unwrap_or_default();
                continue;
            };
            rest = next;
            if tag.name != open.name {
                continue;
            }
            match (tag.closing, inside) {
                (true, 0) => return Some(rest),
                (true, _) => inside -= 1,
                (false, _) => inside += 1,
            }
        }
        self.left = self.left.saturating_sub(after.len());
        self.endless.push(open.name.clone().into_owned());
        raw.then_some("")
    }
}

fn is_tiny(look: &Look) -> bool {
    look.size.is_some_and(|size| size.pixels < TINY)
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn text(&mut self, raw: &str) {
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            if c == '&'
                && let Some((decoded, after)) = entity(rest)
            {
                self.put(decoded);
                rest = after;
                continue;
            }
            self.put(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }

    fn put(&mut self, c: char) {
        if is_filler(c) || c == '\u{200c}' && self.text.ends_with([' ', '\n']) {
            return;
        }
        if c.is_whitespace() || is_blank(c) {
            self.space();
        } else {
            self.text.push(c);
        }
    }

    fn space(&mut self) {
        while self.text.ends_with('\u{200c}') {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    fn line(&mut self) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

/// The character reference at the start of `text` (its `&` included), and what follows.
fn entity(text: &str) -> Option<(char, &str)> {
    const NAMED: [(&str, char); 30] = [
        ("zwnj", '\u{200c}'),
        ("shy", '\u{ad}'),
        ("middot", '·'),
        ("laquo", '«'),
        ("raquo", '»'),
        ("szlig", 'ß'),
        ("pound", '£'),
        ("times", '×'),
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("copy", '©'),
        ("reg", '®'),
        ("trade", '™'),
        ("hellip", '…'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("bull", '•'),
        ("euro", '€'),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("eacute", 'é'),
    ];
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(12).position(|b| b == b';')?;
    let name = body.get(..end)?;
    let after = body.get(end + 1..)?;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((char::from_u32(code)?, after));
    }
    let (_, c) = NAMED.iter().find(|(n, _)| *n == name)?;
    Some((*c, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn visible_text_is_kept() {
        let page = "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body>\
            <!-- no --><p>One &amp; <b>two</b></p><div>3&#8364; &lt; 4<br>x</div><table><tr><td>a<td>b</table>";
        assert_eq!(strip(page, 999), "One & two\n3€ < 4\nx\na b");
        assert_eq!(strip("1 < 2 & 3", 999), "1 < 2 & 3");
    }

    #[test]
    fn hidden_text_is_not() {
        let page = "<div style='display : none'>secret<div>more</div></div>seen\
            <span style=\"font-size:0px\">z</span><p hidden>h</p><span style='font-size:10px'>ok</span>";
        assert_eq!(strip(page, 999), "seen\nok");
        let columns =
            "<td style='font-size:0px;padding:0'><div style='font-size:13px'>seen</div></td>";
        assert_eq!(strip(columns, 999), "seen");
        for again in ["font:bold 13px Arial", "font-size:medium", "font-size:3vw"] {
            let page = format!("<td style='font-size:0'><p style='{again}'>seen</p></td>");
            assert_eq!(strip(&page, 999), "seen", "{again}");
        }
        for nothing in ["font-size:2em", "font-size:150%", "font-size:inherit"] {
            let page = format!("<td style='font:0/0 a'><p style='{nothing}'>no</p></td>");
            assert_eq!(strip(&page, 999), "", "{nothing}");
        }
        let filled = "<div>Hello&zwnj;&nbsp;&#847;&#65279; &zwnj;&nbsp;</div>";
        assert_eq!(strip(filled, 999), "Hello");
        let page = "<style>p{} .pre, td.x { display: none; } @media print { .no { display:none } }</style><p class='a pre'>secret</p><p class=no>ok";
        assert_eq!(strip(page, 999), "ok");
        assert_eq!(
            strip("<div style='display:none'>never ended", 999),
            "never ended"
        );
        let many = "<div hidden>".repeat(100_000);
        assert_eq!(strip(&many, 999), "");
    }

    #[test]
    fn the_bound_holds() {
        assert!(strip(&"é".repeat(1000), 101).len() <= 101);
    }

    #[test]
    fn only_what_an_element_says_of_itself_hides_it() {
        let page = "<p title='display:none'>seen</p><p class=x style=display:none>no</p>\
            <style>#id, .y { visibility: hidden } /* .z{display:none} */</style>\
            <p id=id>no</p><p class='a y'>no</p><p class=z>too</p>";
        assert_eq!(strip(page, 999), "seen\ntoo");
    }

    #[test]
    fn a_page_is_not_looked_through_again_and_again() {
        let names: String = (0..50_000).map(|n| format!("<a{n} hidden>")).collect();
        assert_eq!(strip(&format!("{names}seen"), 999), "seen");
        let tiny = "<b style=font-size:0>".repeat(50_000);
        let page = format!("{tiny}<i style=font-size:9px>seen{}", "</b>".repeat(50_000));
        assert_eq!(strip(&page, 999), "seen");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<|>|/|!|--|\"|'|&|;|#|div|style|é| |=|\\PC){0,80}") {
            strip(&text, 50);
        }
    }
}
