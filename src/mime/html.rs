//! HTML for the reader, laid out by html2text.
//!
//! Nothing is ever fetched: pictures are their alternative text, those without one (tracking
//! pixels) are nothing. What the page hides stays hidden. Work is bounded before it is begun
//! (size, depth, and what `page.rs` counts); whatever goes wrong all the same ends in the page's
//! bare text and a note, never in a failure. The caller gives it a thread and a time.

use super::crude;
use super::link::Links;
use super::page::{self, MAX_DEPTH};
use super::plain::tidy;
use super::styled::{Line, Mark, Run, lay_out};
use crate::text::Clean;
use html2text::config;
use html2text::render::{TaggedLine, TextDecorator};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// The largest page that is laid out, in octets, without the pictures that it holds itself.
pub const MAX_PAGE: usize = 2 << 20;
/// The most text that is shown of a page that is not laid out, in octets.
const MAX_CRUDE: usize = 1 << 20;

/// What stands for a heading, a quotation and an item of a list on the way through the layout:
/// control characters, which the layout drops from a page's text. html2text counts its prefixes
/// in octets and takes them for as long as its own (`# `, `> `, `* `), so ours are.
const HEADING: char = '\u{1}';
const QUOTE: char = '\u{2}';
const ITEM: char = '\u{3}';

/// Lays out a page. The note is there if it had to be shown as bare text.
pub fn lines(page: &str, width: usize, links: &mut Links) -> (Vec<Line>, Option<&'static str>) {
    let page = crude::without_hidden(&without_embedded(page));
    let why = if page.len() > MAX_PAGE {
        "This HTML is too large to be laid out; here is its bare text."
    } else if crude::depth(&page) > MAX_DEPTH {
        "This HTML is nested too deeply to be laid out; here is its bare text."
    } else {
        // A panic in a layout must cost the layout, not the program.
        let mut mine = links.clone();
        let laid = catch_unwind(AssertUnwindSafe(|| {
            let lines = lay(&page, width, &mut mine);
            (lines, mine)
        }));
        match laid {
            Ok((Some(lines), mine)) => {
                *links = mine;
                return (lines, None);
            }
            _ => "This HTML could not be laid out; here is its bare text.",
        }
    };
    let text = crude::strip(&page, MAX_CRUDE);
    (
        super::plain::lines(&text, false, false, width, links),
        Some(why),
    )
}

/// Takes out what `data:` addresses hold: pictures, often most of a page, never shown.
fn without_embedded(page: &str) -> String {
    let mut out = String::with_capacity(page.len().min(MAX_PAGE));
    let mut rest = page;
    while let Some(at) = rest.find(";base64,") {
        let (before, after) = rest.split_at(at + ";base64,".len());
        out.push_str(before);
        let digit = |b: u8| b.is_ascii_alphanumeric() || b"+/=-_%\r\n ".contains(&b);
        let len = after.bytes().take_while(|b| digit(*b)).count();
        // Short runs may be text.
        let len = if len > 100 { len } else { 0 };
        rest = after.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    // The layout drops control characters; they are to be seen.
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if out.contains(is_control) {
        let shown = |c: char| {
            if is_control(c) {
                Clean::line(c.encode_utf8(&mut [0; 4])).to_string()
            } else {
                c.to_string()
            }
        };
        out = out.chars().map(shown).collect();
    }
    out
}

fn lay(page: &str, width: usize, links: &mut Links) -> Option<Vec<Line>> {
    let shared = Rc::new(RefCell::new(Shared {
        links: std::mem::take(links),
        open: Vec::new(),
    }));
    let decorator = Decorator {
        shared: Rc::clone(&shared),
    };
    let dom = page::read(page, width)?;
    let config = config::with_decorator(decorator)
        .use_doc_css()
        .link_footnotes(false)
        .unicode_strikeout(false)
        .no_table_borders()
        .allow_width_overflow();
    let tree = config.dom_to_render_tree(&dom).ok()?;
    drop(dom);
    let laid = config.render_to_lines(tree, width).ok()?;
    *links = std::mem::take(&mut shared.borrow_mut().links);
    let mut out = Vec::new();
    let mut open = Open::default();
    for line in &laid {
        out.extend(convert(line, width, links, &mut open));
    }
    tidy(&mut out);
    Some(out)
}

/// A link whose text is still coming.
#[derive(Default)]
struct Open {
    number: u32,
    text: String,
}

/// One line of the layout as lines of ours: usually one, more if it came out too wide.
fn convert(
    line: &TaggedLine<Vec<Meaning>>,
    width: usize,
    links: &mut Links,
    open: &mut Open,
) -> Vec<Line> {
    let mut runs: Vec<Run> = Vec::new();
    let mut quote = 0usize;
    let mut heading = false;
    let mut begun = false;
    for piece in line.tagged_strings() {
        let mark = mark(&piece.tag);
        let mut text = String::with_capacity(piece.s.len());
        for c in piece.s.chars() {
            match c {
                QUOTE if !begun => quote += 1,
                QUOTE => text.push('│'),
                ITEM => {
                    begun = true;
                    text.push('•');
                }
                HEADING => heading = true,
                // The space after a sign at the line's beginning belongs to the sign.
                ' ' if !begun && (quote > 0 || heading) && text.is_empty() && runs.is_empty() => {}
                c => {
                    begun = true;
                    text.push(c);
                }
            }
        }
        let shown = match mark {
            Mark::Plain if heading => Mark::Heading,
            mark => mark,
        };
        runs.push(Run::new(text.clone(), shown));
        if let Mark::Link(n) = mark {
            if open.number != n {
                *open = Open {
                    number: n,
                    text: String::new(),
                };
            }
            open.text.push_str(&text);
            open.text.push(' ');
            if let Some(whole) = open.text.trim_end().strip_suffix(&format!("[{n}]")) {
                if let Some(real) = links.shown(n, whole) {
                    runs.push(Run::new(format!(" (leads to {real})"), Mark::Dim));
                }
                open.text.clear();
            }
        }
    }
    while let Some(last) = runs.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        runs.pop();
    }
    lay_out(&clean(runs), quote, width)
}

/// Cleans before measuring, so that what is counted is what is drawn.
fn clean(runs: Vec<Run>) -> Vec<Run> {
    let clean = |r: Run| Run::new(Clean::line(&r.text).as_str(), r.mark);
    runs.into_iter().map(clean).collect()
}

/// What the layout says of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Meaning {
    #[default]
    None,
    Link(u32),
    Strong,
    Emphasis,
    Strike,
    Code,
    Picture,
}

fn mark(meanings: &[Meaning]) -> Mark {
    let has = |m: Meaning| meanings.contains(&m);
    let link = meanings.iter().rev().find_map(|m| match m {
        Meaning::Link(n) => Some(Mark::Link(*n)),
        _ => None,
    });
    if let Some(link) = link {
        return link;
    }
    match (has(Meaning::Strong), has(Meaning::Emphasis)) {
        _ if has(Meaning::Picture) => Mark::Dim,
        _ if has(Meaning::Code) => Mark::Code,
        _ if has(Meaning::Strike) => Mark::Strike,
        (true, true) => Mark::StrongEmphasis,
        (true, false) => Mark::Strong,
        (false, true) => Mark::Emphasis,
        (false, false) => Mark::Plain,
    }
}

/// What the decorator and its copies for inner blocks share.
struct Shared {
    links: Links,
    open: Vec<Option<u32>>,
}

#[derive(Clone)]
struct Decorator {
    shared: Rc<RefCell<Shared>>,
}

impl TextDecorator for Decorator {
    type Annotation = Meaning;

    fn decorate_link_start(&mut self, url: &str) -> (String, Meaning) {
        let mut shared = self.shared.borrow_mut();
        let number = shared.links.number(url);
        shared.open.push(number);
        (String::new(), number.map_or(Meaning::None, Meaning::Link))
    }

    fn decorate_link_end(&mut self) -> String {
        let number = self.shared.borrow_mut().open.pop().flatten();
        number.map(|n| format!("[{n}]")).unwrap_or_default()
    }

    fn decorate_em_start(&self) -> (String, Meaning) {
        (String::new(), Meaning::Emphasis)
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, Meaning) {
        (String::new(), Meaning::Strong)
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, Meaning) {
        (String::new(), Meaning::Strike)
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, Meaning) {
        (String::new(), Meaning::Code)
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) -> Meaning {
        Meaning::Code
    }

    fn decorate_preformat_cont(&self) -> Meaning {
        Meaning::Code
    }

    fn decorate_image(&mut self, _src: &str, title: &str) -> (String, Meaning) {
        (format!("[{}]", title.trim()), Meaning::Picture)
    }

    fn header_prefix(&self, level: usize) -> String {
        format!("{HEADING}{:level$}", "")
    }

    fn quote_prefix(&self) -> String {
        format!("{QUOTE} ")
    }

    fn unordered_item_prefix(&self) -> String {
        format!("{ITEM} ")
    }

    fn ordered_item_prefix(&self, i: i64) -> String {
        format!("{i}. ")
    }

    fn make_subblock_decorator(&self) -> Decorator {
        self.clone()
    }

    fn decorate_superscript_start(&self) -> (String, Meaning) {
        ("^".to_owned(), Meaning::None)
    }

    fn decorate_superscript_end(&self) -> String {
        String::new()
    }

    fn finalise(&mut self, _urls: Vec<String>) -> Vec<TaggedLine<Meaning>> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(page: &str, width: usize) -> (Vec<String>, Links) {
        let mut links = Links::default();
        let (lines, _) = lines(page, width, &mut links);
        (lines.iter().map(Line::text).collect(), links)
    }

    #[test]
    fn meanings_are_kept() {
        let page = "<h1>Title</h1><p>a <b>b</b> <i>c</i> <code>d</code> <s>e</s> <a href='https://x.example/'>link</a></p><blockquote>q<blockquote>r</blockquote></blockquote><ul><li>one<li>two</ul><img src=x alt=Logo><img src=pixel>";
        let mut links = Links::default();
        let (lines, note) = lines(page, 60, &mut links);
        assert_eq!(note, None);
        let text: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(
            text,
            [
                "Title",
                "",
                "a b c d e link[1]",
                "",
                "│ q",
                "│ ",
                "│ │ r",
                "• one",
                "• two",
                "",
                "[Logo]"
            ]
        );
        assert_eq!(lines[0].spans[0].style, Mark::Heading);
        let styles: Vec<_> = lines[2].spans.iter().map(|s| s.style).collect();
        for want in [
            Mark::Strong,
            Mark::Emphasis,
            Mark::Code,
            Mark::Strike,
            Mark::Link(1),
        ] {
            assert!(styles.contains(&want), "{want:?} in {styles:?}");
        }
        assert_eq!(lines[6].quote, 2);
    }

    #[test]
    fn hidden_text_and_bad_links() {
        let page = "<style>.x{display:none}</style><div class=x>pre</div><a href='javascript:alert(1)'>go</a> <a href='http://evil.test/'>http://good.test</a>";
        let (text, links) = shown(page, 80);
        assert_eq!(text, ["go http://good.test[1] (leads to evil.test)"]);
        assert!(links.deceit().is_some());
    }

    #[test]
    fn bombs_end_in_bare_text() {
        for page in [
            "<div>".repeat(100_000),
            "<blockquote>".repeat(300) + "x",
            "x ".repeat(MAX_PAGE),
        ] {
            let mut links = Links::default();
            let (_, note) = lines(&page, 80, &mut links);
            assert!(note.is_some());
        }
        let (text, _) = shown(&("<blockquote>".repeat(200) + "deep"), 40);
        assert!(text.concat().contains("dee"), "{text:?}");
    }

    #[test]
    fn escapes_in_links_go_nowhere() {
        let (text, links) = shown(
            "<a href='http://x.example/\u{1b}]0;t\u{7}\u{202e}'>a\u{1b}[2Jb</a>",
            80,
        );
        assert_eq!(text, ["a␛[2Jb[1]"]);
        assert_eq!(
            links.into_list()[0].url,
            "http://x.example/%E2%90%9B]0;t%E2%90%87%E2%80%AE"
        );
    }
}
