//! A page's tree, within bounds: what the layout makes of a page must be known before it is begun,
//! because nothing can end it.
//!
//! A page of a few kilobytes can ask for gigabytes: a cell that reaches over a hundred million
//! rows, two hundred open `<b>` that every paragraph repeats, a style sheet whose `content` each
//! element inherits, rows times columns. So the tree is counted while the parser builds it (the
//! parser's own words are counted, not our guess at them), spans are cut, and the finished tree is
//! measured: its lines, its depth, the columns of its tables.

use html2text::{Element, Handle, RcDom};
use html5ever::interface::{
    Attribute, ElementFlags, ExpandedName, NodeOrText, QualName, QuirksMode, TreeSink,
};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::{ParseOpts, parse_document};
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::rc::Rc;

/// The most nodes and attributes of a tree.
const MAX_NODES: usize = 400_000;
/// The most nodes that are moved out of tables, and elements told of twice: each costs a search.
const MAX_MOVED: usize = 10_000;
/// The farthest that a cell reaches over rows or columns.
const MAX_SPAN: usize = 50;
/// Rows over which all cells of a page may reach together; cells beyond keep to their own row.
const MAX_REACH: usize = 20_000;
/// Rows times columns of all tables together.
const MAX_CELLS: usize = 2_000_000;
/// The most lines that a page may come to, as estimated.
const MAX_LINES: usize = 400_000;
/// The most pieces (lines times nesting), as estimated.
const MAX_PIECES: usize = 8_000_000;
/// Rules of style sheets times elements: each is compared with each.
const MAX_STYLING: usize = 40_000_000;
/// The deepest nesting that is laid out: the work grows with its square.
pub const MAX_DEPTH: usize = 250;

/// Why a page has no tree.
struct TooMuch;

/// The tree of a page; `None` if laying it out would take too much.
///
/// # Panics
/// Unwinds, without a word, out of a parser that builds too much: it has no other end. The caller
/// catches what the layout of a page may throw anyhow.
pub fn read(page: &str, width: usize) -> Option<RcDom> {
    let opts = ParseOpts {
        tree_builder: html5ever::tree_builder::TreeBuilderOpts {
            scripting_enabled: false,
            ..Default::default()
        },
        ..Default::default()
    };
    let sink = Counting::default();
    let (dom, counts) = parse_document(sink, opts).one(StrTendril::from_slice(page));
    measure(&dom, &counts, width).then_some(dom)
}

/// What was counted while the tree was built.
#[derive(Default)]
struct Counts {
    nodes: Cell<usize>,
    moved: Cell<usize>,
    /// Octets of text, and the line feeds in it.
    text: Cell<usize>,
    feeds: Cell<usize>,
    /// Braces that open a rule in a style sheet.
    rules: Cell<usize>,
}

/// The tree that html2text wants, counted.
#[derive(Default)]
struct Counting {
    dom: RcDom,
    counts: Counts,
}

impl Counting {
    fn add(count: &Cell<usize>, n: usize, most: usize) {
        count.set(count.get().saturating_add(n));
        if count.get() > most {
            resume_unwind(Box::new(TooMuch));
        }
    }

    fn node(&self, n: usize) {
        Self::add(&self.counts.nodes, n, MAX_NODES);
    }

    fn moved(&self) {
        Self::add(&self.counts.moved, 1, MAX_MOVED);
    }

    /// Counts what is appended; a style sheet loses what must not be in it.
    fn weighed(&self, parent: Option<&Handle>, child: NodeOrText<Handle>) -> NodeOrText<Handle> {
        let NodeOrText::AppendText(text) = child else {
            return child;
        };
        self.node(1);
        let c = &self.counts;
        if parent.is_some_and(|p| is(p, "style")) {
            c.rules
                .set(c.rules.get() + text.bytes().filter(|b| *b == b'{').count());
            return NodeOrText::AppendText(harmless(&text));
        }
        c.text.set(c.text.get() + text.len());
        c.feeds
            .set(c.feeds.get() + text.bytes().filter(|b| *b == b'\n').count());
        NodeOrText::AppendText(text)
    }
}

/// Styles without `content`, which every element inherits and which is no text of the page, and
/// without escapes, by which it could be spelled.
fn harmless(style: &str) -> StrTendril {
    const WORD: &str = "content";
    let mut out = style.replace('\\', " ");
    let lower = out.to_ascii_lowercase();
    for (at, _) in lower.match_indices(WORD) {
        out.replace_range(at..at + WORD.len(), "nothing");
    }
    StrTendril::from(out)
}

impl TreeSink for Counting {
    type Handle = Handle;
    type Output = (RcDom, Counts);
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> (RcDom, Counts) {
        (self.dom, self.counts)
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        self.dom.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        self.dom.elem_name(target)
    }

    fn create_element(
        &self,
        name: QualName,
        mut attrs: Vec<Attribute>,
        flags: ElementFlags,
    ) -> Handle {
        self.node(1 + attrs.len());
        for attr in &mut attrs {
            match &*attr.name.local {
                "colspan" | "rowspan" => {
                    let n: usize = attr.value.parse().unwrap_or(1);
                    attr.value = StrTendril::from(n.min(MAX_SPAN).to_string());
                }
                "style" => attr.value = harmless(&attr.value),
                _ => {}
            }
        }
        self.dom.create_element(name, attrs, flags)
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        self.node(1);
        self.dom.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Handle {
        self.node(1);
        self.dom.create_pi(target, data)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.dom.append(parent, self.weighed(Some(parent), child));
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        before: &Handle,
        child: NodeOrText<Handle>,
    ) {
        self.moved();
        let child = self.weighed(None, child);
        self.dom.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.dom.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        self.dom.get_template_contents(target)
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        Rc::ptr_eq(x, y)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.dom.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        self.moved();
        self.dom
            .append_before_sibling(sibling, self.weighed(None, child));
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        self.moved();
        self.node(attrs.len());
        self.dom.add_attrs_if_missing(target, attrs);
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.dom.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.dom.reparent_children(node, new_parent);
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Handle) -> bool {
        self.dom.is_mathml_annotation_xml_integration_point(target)
    }
}

fn is(node: &Handle, name: &str) -> bool {
    matches!(&node.data, Element { name: n, .. } if &*n.local == name)
}

fn named(node: &Handle) -> &str {
    match &node.data {
        Element { name, .. } => &name.local,
        _ => "",
    }
}

/// Whether a tree is small enough to be laid out. Spans that reach too far are taken out of it.
fn measure(dom: &RcDom, counts: &Counts, width: usize) -> bool {
    let mut reach = 0usize;
    let mut cells = 0usize;
    let (mut elements, mut deepest, mut prefixed) = (0usize, 0usize, 0usize);
    let mut todo: Vec<(Handle, usize, usize)> = vec![(Rc::clone(&dom.document), 0, 0)];
    while let Some((node, depth, prefixes)) = todo.pop() {
        elements += 1;
        deepest = deepest.max(depth);
        prefixed = prefixed.max(prefixes);
        let inside = match named(&node) {
            "blockquote" | "li" | "dd" => prefixes + 1,
            _ => prefixes,
        };
        if is(&node, "table") {
            cells = cells.saturating_add(table(&node, &mut reach));
        }
        let children = node.children.borrow();
        todo.extend(children.iter().map(|c| (Rc::clone(c), depth + 1, inside)));
        if deepest > MAX_DEPTH || cells > MAX_CELLS {
            return false;
        }
    }
    // Prefixes leave less room; in a table there is less anyhow.
    let room = width.saturating_sub(3 * prefixed).clamp(3, 20);
    let lines = counts.text.get() / room + counts.feeds.get() + elements;
    lines <= MAX_LINES
        && lines.saturating_mul(deepest) <= MAX_PIECES
        && counts.rules.get().saturating_mul(elements) <= MAX_STYLING
}

/// Rows times columns of a table, as the layout takes them. Once cells reach over too many rows,
/// they keep to their own.
fn table(table: &Handle, reach: &mut usize) -> usize {
    let mut rows: Vec<Handle> = Vec::new();
    for child in table.children.borrow().iter() {
        match named(child) {
            "tr" => rows.push(Rc::clone(child)),
            "tbody" | "thead" | "tfoot" => {
                let all = child.children.borrow();
                rows.extend(all.iter().filter(|c| is(c, "tr")).cloned());
            }
            _ => {}
        }
    }
    // How many columns are still taken by cells of rows above, by the row in which they end.
    let mut ending = [0usize; MAX_SPAN + 1];
    let mut columns = 0usize;
    for (n, row) in rows.iter().enumerate() {
        let mut here: usize = ending.iter().sum();
        for cell in row.children.borrow().iter() {
            let Element { attrs, .. } = &cell.data else {
                continue;
            };
            let span = |name: &str| {
                let attrs = attrs.borrow();
                let found = attrs.iter().find(|a| &*a.name.local == name);
                found.and_then(|a| a.value.parse().ok()).unwrap_or(1usize)
            };
            let wide = span("colspan").max(1);
            let high = span("rowspan").max(1);
            here += wide;
            if high == 1 {
                continue;
            }
            *reach += high - 1;
            if *reach > MAX_REACH {
                attrs.borrow_mut().retain(|a| &*a.name.local != "rowspan");
            } else if let Some(end) = ending.get_mut((n + high) % (MAX_SPAN + 1)) {
                *end += wide;
            }
        }
        columns = columns.max(here);
        if let Some(ended) = ending.get_mut((n + 1) % (MAX_SPAN + 1)) {
            *ended = 0;
        }
    }
    (rows.len() + MAX_SPAN).saturating_mul(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn refused(page: &str) -> bool {
        !matches!(
            catch_unwind(AssertUnwindSafe(|| read(page, 80).is_some())),
            Ok(true)
        )
    }

    #[test]
    fn pages_that_ask_for_too_much_are_refused() {
        let bold: String = (0..200).map(|n| format!("<b a={n}>")).collect();
        let bombs = [
            // Rows times columns: 30,000 by 30,000.
            format!(
                "<table><tr>{}{}",
                "<td>".repeat(30_000),
                "<tr><td>".repeat(30_000)
            ),
            // Every paragraph opens two hundred elements anew.
            format!("{bold}{}", "<p>x</p>".repeat(100_000)),
            // The same, with end tags that only we would see.
            format!(
                "{bold}<textarea>{}</textarea>{}",
                "</b>".repeat(200),
                "<p>x</p>".repeat(100_000)
            ),
            format!("{}{}", "<blockquote>".repeat(200), "x<br>".repeat(100_000)),
            format!("<pre>{}", "\n".repeat(1_000_000)),
            format!(
                "<style>{}</style>{}",
                "a{b:c}".repeat(100_000),
                "<i>x</i>".repeat(50_000)
            ),
            format!("<table>{}", "<p>x</p>".repeat(50_000)),
            "<html a=b>".repeat(100_000),
        ];
        for bomb in bombs {
            let start = bomb.get(..60.min(bomb.len())).unwrap_or_default();
            assert!(refused(&bomb), "{start}");
        }
    }

    #[test]
    fn what_people_send_is_not_refused() {
        let row = "<tr><td style='x:y' colspan=2>cell</td><td rowspan=3>other</td></tr>";
        let nested = format!(
            "{}{}",
            "<table><tr><td>".repeat(15),
            "<p><b>text</b> and more</p>".repeat(2_000)
        );
        for page in [
            format!("<table>{}</table>", row.repeat(2_000)),
            nested,
            format!("<pre>{}", "a line of a log\n".repeat(100_000)),
            "<p>A paragraph of some words, as they are.</p>".repeat(20_000),
        ] {
            assert!(!refused(&page), "{}", page.get(..60).unwrap_or_default());
        }
    }

    /// How far the cells of a tree reach over other rows, together.
    fn reach(node: &Handle) -> usize {
        let mut all = 0;
        if let Element { attrs, .. } = &node.data {
            for attr in attrs.borrow().iter() {
                if &*attr.name.local == "rowspan" {
                    all += attr.value.parse::<usize>().unwrap();
                }
            }
        }
        all + node.children.borrow().iter().map(reach).sum::<usize>()
    }

    #[test]
    fn cells_do_not_reach_over_rows_that_are_not_there() {
        for (span, kept) in [("", true), (" colspan=100000000", false)] {
            let row = format!("<tr><td rowspan=100000000{span}>x</td></tr>");
            let page = format!("<table>{}", row.repeat(8_000));
            let dom = read(&page, 80);
            assert_eq!(dom.is_some(), kept);
            if let Some(dom) = dom {
                let all = reach(&dom.document);
                assert!((1..=2 * MAX_REACH).contains(&all), "{all}");
            }
            let mut links = crate::mime::link::Links::default();
            let (lines, note) = crate::mime::html::lines(&page, 80, &mut links);
            assert!(lines.len() <= 20_000, "{}", lines.len());
            assert_eq!(note.is_none(), kept);
        }
    }

    #[test]
    fn styles_lose_what_every_element_would_inherit() {
        let style = harmless("p::before { CONTENT: 'x'; justify-content: a } \\63 ontent");
        assert!(!style.to_ascii_lowercase().contains("content"), "{style}");
        assert!(!style.contains('\\'));
    }
}
