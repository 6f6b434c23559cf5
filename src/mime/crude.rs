//! HTML to text in one pass without a tree: for the search index, for previews, and for pages
//! that are too large or too deep to be laid out.
//!
//! What a page hides (styles, scripts, comments, `display:none`, zero-sized fonts, the `hidden`
//! attribute) is left out, so that a preview never shows what the message does not. Linear in
//! time; never panics.

use std::borrow::Cow;

/// Elements whose content is never text.
const SILENT: [&str; 8] = [
    "style", "script", "head", "title", "noscript", "template", "svg", "object",
];
/// The longest tag that keeps its attributes, in octets: a parser compares each with all others.
const MAX_TAG: usize = 16 << 10;
/// Elements without size that are looked through for what has size.
const MAX_GROWN: usize = 200;
/// Elements that have no end tag.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// Elements whose end tag may be left out and that do not nest by themselves.
const IMPLIED: [&str; 11] = [
    "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option",
];
/// Elements that stand on lines of their own.
const BLOCK: [&str; 25] = [
    "p",
    "div",
    "br",
    "tr",
    "li",
    "ul",
    "ol",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "dt",
    "dd",
    "center",
    "body",
];

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
        let name = tag.name.as_str();
        if BLOCK.contains(&name) {
            out.line();
        } else if name == "td" || name == "th" {
            out.space();
        }
        let silent = SILENT.contains(&name) || hidden.hides(&tag);
        rest = match silent.then(|| hidden.end(&tag, after)).flatten() {
            Some(end) if silent && grows(&tag, after, end) => {
                hidden.grown += 1;
                after
            }
            Some(end) => end,
            None => after,
        };
    }
    let mut text = out.text;
    text.truncate(text.floor_char_boundary(most));
    text.trim().to_owned()
}

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

/// What a page hides.
struct Hidden {
    /// Classes that its style sheet hides everywhere (not only on small screens).
    classes: Vec<String>,
    /// Elements whose end was looked for in vain: looked for once, or it would cost a square.
    endless: Vec<String>,
    /// Elements without size that were found to hold some with it: each was looked through.
    grown: usize,
}

impl Hidden {
    fn of(html: &str) -> Hidden {
        Hidden {
            classes: hidden_classes(html),
            endless: Vec::new(),
            grown: 0,
        }
    }

    fn hides(&self, tag: &Tag<'_>) -> bool {
        if self.grown > MAX_GROWN && flat(tag.rest).contains("font-size:") {
            return false;
        }
        let can = !tag.closing && !tag.empty && !VOID.contains(&tag.name.as_str());
        can && (is_hidden(tag.rest) || self.by_class(tag.rest))
    }

    fn by_class(&self, attributes: &str) -> bool {
        if self.classes.is_empty() {
            return false;
        }
        ["class=", "id="].iter().any(|name| {
            let Some((_, value)) = attributes.split_once(name) else {
                return false;
            };
            let value = value.trim_start_matches(['"', '\'']);
            let value = value.split(['"', '\'', '>']).next().unwrap_or_default();
            value
                .split_ascii_whitespace()
                .any(|c| self.classes.iter().any(|h| h == c))
        })
    }

    /// What follows the element that `open` begins; `None` if it never ends.
    fn end<'a>(&mut self, open: &Tag<'_>, after: &'a str) -> Option<&'a str> {
        let void = open.closing || open.empty || VOID.contains(&open.name.as_str());
        if void || self.endless.contains(&open.name) {
            return None;
        }
        let raw = matches!(open.name.as_str(), "style" | "script");
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
        self.endless.push(open.name.clone());
        raw.then_some("")
    }
}

/// Classes of rules like `.preheader { display: none }` outside of `@media`.
fn hidden_classes(html: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<style") {
        let sheet = after.split_once('>').map_or("", |(_, s)| s);
        let (sheet, next) = sheet.split_once("</style").unwrap_or((sheet, ""));
        rest = next;
        let mut depth = 0usize;
        let mut selector = String::new();
        let mut body = String::new();
        for c in sheet.chars().take(256 << 10) {
            match c {
                '{' => depth += 1,
                '}' => {
                    if depth == 1 && !selector.contains('@') && is_hidden(&format!("style={body}"))
                    {
                        let simple = selector
                            .split(',')
                            .filter_map(|s| s.trim().split(['.', '#']).nth(1));
                        let names = simple.filter(|s| !s.contains(char::is_whitespace));
                        out.extend(names.map(str::to_owned).take(100));
                    }
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        selector.clear();
                        body.clear();
                    }
                }
                c if depth == 0 => selector.push(c),
                c if depth == 1 => body.push(c),
                _ => {}
            }
        }
    }
    out
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
        if name.is_empty() || VOID.contains(&name) || IMPLIED.contains(&name) {
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

struct Tag<'a> {
    /// Lower case; empty for comments and declarations.
    name: String,
    closing: bool,
    empty: bool,
    /// The attributes.
    rest: &'a str,
}

/// The tag or comment at the start of `text`, and what follows it.
fn tag(text: &str) -> Option<(Tag<'_>, &str)> {
    let nothing = |after| {
        let tag = Tag {
            name: String::new(),
            closing: false,
            empty: true,
            rest: "",
        };
        Some((tag, after))
    };
    if let Some(comment) = text.strip_prefix("<!--") {
        // Without an end, everything that follows is comment.
        return nothing(
            comment
                .find("-->")
                .and_then(|n| comment.get(n + 3..))
                .unwrap_or_default(),
        );
    }
    if text.starts_with("<!") || text.starts_with("<?") {
        return nothing(text.split_once('>').map_or("", |(_, after)| after));
    }
    let inside = text.strip_prefix('<')?;
    let (closing, inside) = match inside.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, inside),
    };
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let name_end = inside
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .unwrap_or(inside.len());
    let (name, rest) = inside.split_at(name_end);
    let end = tag_end(rest);
    let attributes = rest.get(..end).unwrap_or_default();
    let tag = Tag {
        name: name
            .chars()
            .take(40)
            .collect::<String>()
            .to_ascii_lowercase(),
        closing,
        empty: attributes.ends_with('/'),
        rest: attributes,
    };
    Some((tag, rest.get(end + 1..).unwrap_or_default()))
}

/// Where the `>` of a tag is: not inside quotes, unless the quotes never end.
fn tag_end(rest: &str) -> usize {
    let mut quote: Option<u8> = None;
    for (n, b) in rest.bytes().enumerate().take(64 << 10) {
        match (quote, b) {
            (Some(q), _) if q == b => quote = None,
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'>') => return n,
            _ => {}
        }
    }
    rest.find('>').unwrap_or(rest.len())
}

/// Whether an element is hidden only by letters of no size, and what is inside has letters of
/// another: so layouts take away the blanks between their columns.
fn grows(tag: &Tag<'_>, after: &str, end: &str) -> bool {
    let own = flat(tag.rest);
    if !zero(&own, "font-size:") || is_hidden(&own.replace("font-size:", "")) {
        return false;
    }
    let inside = after.get(..after.len().saturating_sub(end.len()));
    let inside = inside.unwrap_or_default().to_ascii_lowercase();
    inside.match_indices("font-size:").any(|(n, what)| {
        let value = inside.get(n + what.len()..).unwrap_or_default();
        value
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit() && c != '0')
    })
}

fn flat(attributes: &str) -> String {
    let most = attributes.chars().take(2_000);
    let flat: String = most.filter(|c| !c.is_whitespace()).collect();
    flat.to_ascii_lowercase()
}

/// Whether a property is zero somewhere.
fn zero(flat: &str, what: &str) -> bool {
    flat.match_indices(what).any(|(n, _)| {
        let value = flat.get(n + what.len()..).unwrap_or_default();
        let number: String = value
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        number.parse::<f32>().is_ok_and(|n| n == 0.0)
    })
}

fn is_hidden(attributes: &str) -> bool {
    if attributes.trim().is_empty() {
        return false;
    }
    let flat = flat(attributes);
    let hidden_attribute = attributes
        .split_ascii_whitespace()
        .any(|word| word.trim_end_matches('/').eq_ignore_ascii_case("hidden"));
    hidden_attribute
        || flat.contains("display:none")
        || flat.contains("visibility:hidden")
        || flat.contains("mso-hide:all")
        || zero(&flat, "font-size:")
        || zero(&flat, "max-height:")
        || zero(&flat, "opacity:")
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
        // What fills previews and is not seen.
        let filler = matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
        ) || c == '\u{200c}' && self.text.ends_with([' ', '\n']);
        if filler {
            return;
        }
        if c.is_whitespace() || matches!(c, '\u{a0}' | '\u{2800}' | '\u{3164}') {
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
        let filled = "<div>Hello&zwnj;&nbsp;&#847;&#65279; &zwnj;&nbsp;</div>";
        assert_eq!(strip(filled, 999), "Hello");
        let page = "<style>p{} .pre, td.x { display: none; } @media print { .no { display:none } }</style><p class='a pre'>secret</p><p class=no>ok";
        assert_eq!(strip(page, 999), "ok");
        assert_eq!(
            strip("<div style='display:none'>never ended", 999),
            "never ended"
        );
        let long = format!("<p {}>x</p>", "a=1 ".repeat(10_000));
        assert_eq!(tame(&long), "<p>x</p>");
        let many = "<div hidden>".repeat(100_000);
        assert_eq!(strip(&many, 999), "");
    }

    #[test]
    fn the_bound_holds_and_depth_is_seen() {
        assert!(strip(&"é".repeat(1000), 101).len() <= 101);
        assert_eq!(depth(&"<div>".repeat(300)), 300);
        assert_eq!(depth(&"<p>x<br>".repeat(300)), 0);
        assert_eq!(depth(&"<div></div>".repeat(300)), 1);
        assert_eq!(depth(&"<div></b>".repeat(300)), 300);
        assert_eq!(depth(&"<table><tr><td>x</table>".repeat(300)), 4);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<|>|/|!|--|\"|'|&|;|#|div|style|é| |=|\\PC){0,80}") {
            strip(&text, 50);
            depth(&text);
        }
    }
}
