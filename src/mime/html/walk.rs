//! From a page's tree to its blocks: what is hidden is left behind, tables that only lay out are
//! read in order, and every way in which mail programs mark what they quote becomes a depth.

use super::block::{Bit, Block, Body, Page, Place, images, is_blank, trimmed, words};
use super::paragraph::{Paragraph, is_of};
use super::state::{MAX_INDENT, State};
use super::style::{Look, Sheet};
use super::tags::{
    NOT_DRAWN, begins_a_header, is_block, is_drawing, is_silent, numeral, sides, tells,
};
use super::tree::{Attributes, Dom, Id, Kind};
use crate::mime::link::openable;
use crate::mime::styled::Mark;
use std::collections::HashMap;

mod rows;

/// The most links of a page that are told apart.
const MAX_LINKS: usize = 5_000;
/// The most pictures.
const MAX_PICTURES: usize = 300;
/// The most characters of a picture's words.
const MAX_ALT: usize = 300;
/// A drawing without a name is worth a word from so many pixels along each side.
const DRAWING: f32 = 48.0;
/// The most characters of a paragraph that is a heading by its size.
const MAX_BIG: usize = 100;

/// Reads a tree.
pub fn read(dom: &Dom) -> Page {
    let mut walker = Walker {
        dom,
        sheet: Sheet::default(),
        styles: HashMap::new(),
        page: Page::default(),
        paragraph: Paragraph::default(),
        gap: false,
        label: None,
        all_big: false,
        before: Vec::new(),
    };
    walker.sheets();
    let state = State::default();
    walker.children(Id::ROOT, state);
    walker.end(&state);
    walker.page
}

struct Walker<'a> {
    dom: &'a Dom,
    sheet: Sheet,
    /// What elements say of themselves: most of a page's say the same.
    styles: HashMap<&'a str, Look>,
    page: Page,
    paragraph: Paragraph,
    /// Whether an empty line is due.
    gap: bool,
    /// The sign of an item whose first line has not come.
    label: Option<String>,
    /// Whether all of the paragraph is in big letters.
    all_big: bool,
    /// Pictures that stand before the next paragraph.
    before: Vec<Bit>,
}

/// The texts of a block, the last first.
fn texts(block: &mut Block) -> Vec<&mut Vec<Bit>> {
    match &mut block.body {
        Body::Text(bits) | Body::Code(bits) => vec![bits],
        Body::Table(table) => {
            let cells = table
                .rows
                .iter_mut()
                .rev()
                .flat_map(|row| row.cells.iter_mut().rev());
            cells.map(|cell| &mut cell.bits).collect()
        }
        Body::Rule | Body::Divider => Vec::new(),
    }
}

impl<'a> Walker<'a> {
    fn sheets(&mut self) {
        let dom = self.dom;
        let sheets = dom.sheets().iter().flat_map(|id| dom.children(*id));
        let sheets = sheets.filter_map(|id| dom.text(id));
        sheets.for_each(|sheet| self.sheet.add(sheet));
    }

    fn children(&mut self, node: Id, state: State) {
        for child in self.dom.children(node) {
            self.node(child, state);
        }
    }

    fn node(&mut self, node: Id, state: State) {
        match self.dom.kind(node) {
            Kind::Text(words) if !state.tiny => self.text(words, &state),
            Kind::Element(name) => self.element(node, name, state),
            Kind::Text(_) | Kind::Other => {}
        }
    }

    fn text(&mut self, text: &str, state: &State) {
        if self.paragraph.is_empty() {
            self.all_big = true;
        }
        self.all_big &= state.big || text.trim().is_empty();
        self.paragraph
            .add(text, state.mark(), state.link, state.pre);
    }

    fn element(&mut self, node: Id, name: &str, outer: State) {
        if is_silent(name) && name != "svg" {
            return;
        }
        let Some((attributes, look, state)) = self.inside(node, name, outer) else {
            return;
        };
        if look.block == Some(true) || is_block(name) {
            self.end(&outer);
        }
        match name {
            "br" => self.paragraph.line(),
            "hr" => {
                self.push(Body::Rule, &outer);
                self.gap = true;
            }
            "img" => self.picture(attributes, &look, &state),
            "svg" => self.drawing(node, attributes, &look, &state),
            "a" => self.link(node, attributes, state, look.block == Some(true)),
            "table" => self.table(node, attributes, state, &outer),
            "ul" | "ol" | "menu" | "dir" => self.list(node, name, attributes, &look, state),
            "blockquote" => {
                let class = attributes.get("class").unwrap_or_default();
                let quotes = attributes.get("type").is_some() || class.contains("quote");
                let mut inner = state;
                if quotes || look.no_border != Some(true) {
                    inner.quote += 1;
                } else {
                    inner.indent = (inner.indent + 2).min(MAX_INDENT);
                }
                self.block(node, inner, true, true);
            }
            "pre" | "listing" | "xmp" | "plaintext" => {
                let inner = State {
                    pre: true,
                    code: true,
                    ..state
                };
                self.block(node, inner, true, true);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let inner = State {
                    heading: true,
                    ..state
                };
                self.block(node, inner, true, true);
            }
            "p" => {
                // As browsers have it, unless it is said that there is no room.
                let class = attributes.get("class").unwrap_or_default();
                let room = !class.contains("MsoNormal") && !class.contains("MsoListParagraph");
                let above = look.above.unwrap_or(room);
                let below = look.below.unwrap_or(room);
                self.block(node, state, above, below);
            }
            "dd" => {
                let mut inner = state;
                inner.indent = (inner.indent + 2).min(MAX_INDENT);
                self.block(node, inner, false, false);
            }
            "dt" => {
                let inner = State {
                    strong: true,
                    ..state
                };
                self.block(node, inner, false, false);
            }
            _ if look.block.unwrap_or(is_block(name)) => {
                self.division(node, attributes, &look, state);
            }
            _ => self.inline(node, name, state),
        }
    }

    /// How an element looks; `None` if it is not to be seen.
    fn look(&mut self, name: &str, attributes: Attributes<'a>) -> Option<Look> {
        if attributes.is_empty() && self.sheet.is_empty() {
            return Some(Look::default());
        }
        let styles = &mut self.styles;
        let read = |own: &'a str| *styles.entry(own).or_insert_with(|| Look::read(own));
        let look = self.sheet.look(name, |n| attributes.get(n), read);
        (look.hidden != Some(true)).then_some(look)
    }

    /// What an element says of itself, how it looks, and the state inside; `None` if it is not to be
    /// seen.
    fn inside(
        &mut self,
        node: Id,
        name: &str,
        outer: State,
    ) -> Option<(Attributes<'a>, Look, State)> {
        let attributes = self.dom.attributes(node);
        let look = self.look(name, attributes)?;
        Some((attributes, look, outer.with(&look)))
    }

    fn inline(&mut self, node: Id, name: &str, mut state: State) {
        match name {
            "b" | "strong" => state.strong = true,
            "i" | "em" | "cite" | "dfn" | "var" | "address" => state.emphasis = true,
            "s" | "del" | "strike" => state.strike = true,
            "code" | "tt" | "kbd" | "samp" => state.code = true,
            "sup" | "sub" => return self.raised(node, name == "sup", state),
            "q" => {
                self.text("“", &state);
                self.children(node, state);
                return self.text("”", &state);
            }
            // Cells of a table that is none.
            "td" | "th" => self.text(" ", &state),
            _ => {}
        }
        self.children(node, state);
    }

    /// Digits above or below the line have characters of their own.
    fn raised(&mut self, node: Id, up: bool, state: State) {
        const UP: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
        const DOWN: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
        let mut raised = None;
        let mut inside = self.dom.children(node);
        if let (Some(only), None) = (inside.next(), inside.next()) {
            let signs = if up { &UP } else { &DOWN };
            let sign = |c: char| {
                let digit = usize::try_from(c.to_digit(10)?).ok()?;
                signs.get(digit).copied()
            };
            let words = self.dom.text(only).map(str::trim);
            raised = words.and_then(|w| w.chars().map(sign).collect::<Option<String>>());
        }
        match raised.filter(|t| !t.is_empty() && !state.tiny) {
            Some(text) => self.text(&text, &state),
            None => self.children(node, state),
        }
    }

    /// A block with its own lines; `above` and `below` say whether with empty lines around.
    fn block(&mut self, node: Id, state: State, above: bool, below: bool) {
        // An item's first paragraph stands beside its sign.
        self.gap |= above && self.label.is_none();
        self.children(node, state);
        self.end(&state);
        self.gap |= below;
    }

    fn division(&mut self, node: Id, attributes: Attributes<'_>, look: &Look, state: State) {
        let id = attributes.get("id").unwrap_or_default();
        let class = attributes.get("class").unwrap_or_default();
        let (above, below) = (look.above == Some(true), look.below == Some(true));
        let mut inner = state;
        let quoted = class.contains("yahoo_quoted")
            || class.contains("zmail_extra")
            || id.ends_with("mail-editor-reference-message-container")
            || attributes.get("name") == Some("quote");
        inner.quote += usize::from(quoted);
        let divides = id.ends_with("divRplyFwdMsg")
            || class.contains("OutlookMessageHeader")
            || look.line_above == Some(true) && begins_a_header(self.dom, node);
        if divides && !quoted {
            self.push(Body::Divider, &state);
            self.gap = true;
        }
        self.block(node, inner, above, below);
    }

    fn list(
        &mut self,
        node: Id,
        name: &str,
        attributes: Attributes<'_>,
        look: &Look,
        state: State,
    ) {
        const SIGNS: [&str; 3] = ["•", "◦", "▪"];
        let unsigned = look.unsigned == Some(true);
        let outermost = state.lists == 0;
        self.gap |= outermost;
        let number = |name: &str| {
            attributes
                .get(name)
                .and_then(|v| v.trim().parse::<i64>().ok())
        };
        let dom = self.dom;
        let items = dom.children(node).filter(|id| dom.tag(*id) == "li");
        let count = i64::try_from(items.count()).unwrap_or(0);
        let back = attributes.get("reversed").is_some();
        let mut n = number("start").unwrap_or(if back { count } else { 1 });
        // Room for the longest number, so that all items stand in one column.
        let last = if back { n } else { n.saturating_add(count - 1) };
        let kind = attributes.get("type").unwrap_or("1");
        let room = if name == "ol" {
            numeral(kind, n).len().max(numeral(kind, last).len())
        } else {
            1
        };
        for child in dom.children(node) {
            if self.dom.tag(child) != "li" {
                self.node(
                    child,
                    State {
                        lists: state.lists + 1,
                        ..state
                    },
                );
                continue;
            }
            let Some((own, item_look, mut inner)) = self.inside(child, "li", state) else {
                continue;
            };
            inner.lists += 1;
            self.end(&inner);
            if !unsigned && item_look.unsigned != Some(true) {
                if let Some(own) = own.get("value").and_then(|v| v.trim().parse().ok()) {
                    n = own;
                }
                let label = if name == "ol" {
                    format!("{:>room$}", numeral(kind, n))
                } else {
                    let at = state.lists.min(SIGNS.len() - 1);
                    SIGNS.get(at).copied().unwrap_or("•").to_owned()
                };
                inner.indent = (inner.indent + room + 1).min(MAX_INDENT);
                self.label = Some(label);
                n = if back {
                    n.saturating_sub(1)
                } else {
                    n.saturating_add(1)
                };
            }
            self.gap |= item_look.above == Some(true);
            self.children(child, inner);
            self.end(&inner);
            self.label = None;
            // Paragraphs in items ask for room that lists look better without.
            self.gap = item_look.below == Some(true);
        }
        self.gap |= outermost;
    }

    fn link(&mut self, node: Id, attributes: Attributes<'_>, mut state: State, block: bool) {
        let room = self.page.links.len() < MAX_LINKS && state.link.is_none();
        let href = attributes.get("href").filter(|_| room);
        let before = self.page.blocks.len();
        let id = href.filter(|h| openable(h).is_some()).map(|href| {
            self.page.links.push(href.to_owned());
            self.page.links.len() - 1
        });
        state.link = id.or(state.link);
        self.children(node, state);
        let Some(id) = id else { return };
        if self.paragraph.holds(id) {
            self.paragraph.end_link(id);
        } else {
            let blocks = self.page.blocks.get_mut(before..).unwrap_or_default();
            let mut texts = blocks.iter_mut().rev().flat_map(texts);
            // Whatever stands behind its last word, its text ends there.
            if let Some(bits) = texts.find(|bits| bits.iter().any(|b| is_of(b, id))) {
                bits.push(Bit::End(id));
            }
        }
        if block {
            self.end(&state);
        }
    }

    /// A drawing that the page holds itself: its title, or that there is one.
    fn drawing(&mut self, node: Id, attributes: Attributes<'_>, look: &Look, state: &State) {
        let mut inside = self.dom.children(node);
        let title = inside.find(|id| self.dom.tag(*id) == "title");
        let title = title.and_then(|id| self.dom.children(id).find_map(|id| self.dom.text(id)));
        let large = sides(attributes, look)
            .iter()
            .all(|s| s.is_some_and(|s| s >= DRAWING));
        self.named(title.unwrap_or_default(), large, state);
    }

    fn picture(&mut self, attributes: Attributes<'_>, look: &Look, state: &State) {
        let sides = sides(attributes, look);
        if sides.iter().any(|side| side.is_some_and(|n| n <= 3.0)) {
            return;
        }
        let drawn = attributes.get("src").is_some_and(is_drawing);
        if let Some(source) = attributes.get("src")
            && !drawn
            && self.page.pictures.len() < MAX_PICTURES
        {
            self.paragraph.image(self.page.pictures.len());
            self.page.pictures.push(source.to_owned());
        }
        let large = sides.iter().all(|s| s.is_some_and(|s| s >= DRAWING));
        let name = attributes.get("alt").unwrap_or_default();
        self.named(name, drawn && large, state);
    }

    /// A picture's name, if it tells anything; else, if it is to be told of, that it is a drawing.
    fn named(&mut self, name: &str, drawn: bool, state: &State) {
        let alt: Vec<&str> = name.split_whitespace().collect();
        let alt: String = alt.join(" ").chars().take(MAX_ALT).collect();
        let is_sign =
            !alt.is_empty() && alt.chars().count() <= 8 && !alt.chars().any(char::is_alphanumeric);
        if is_sign {
            // An emoji, drawn.
            self.text(&alt, state);
        } else if tells(&alt) || drawn {
            let alt = match tells(&alt) {
                true => alt,
                false => NOT_DRAWN.to_owned(),
            };
            if self.paragraph.is_empty() {
                self.all_big = false;
            }
            self.paragraph.picture(alt, state.link);
        }
    }

    fn push(&mut self, mut body: Body, state: &State) {
        if let Body::Text(bits) = &mut body {
            bits.splice(0..0, self.before.drain(..));
        }
        let place = Place {
            quote: state.quote,
            indent: state.indent,
            label: self.label.take().unwrap_or_default(),
            gap: std::mem::take(&mut self.gap),
        };
        self.page.blocks.push(Block { place, body });
    }

    /// Ends the paragraph.
    fn end(&mut self, state: &State) {
        let empty = self.paragraph.is_empty();
        let (bits, blank) = self.paragraph.take();
        if empty || is_blank(&bits) {
            self.gap |= blank;
            self.before.extend(images(bits));
            return;
        }
        if state.code && state.pre {
            return self.push(Body::Code(trimmed(bits)), state);
        }
        if state.pre {
            return self.push(Body::Text(trimmed(bits)), state);
        }
        // Two line ends are an empty line.
        let mut part: Vec<Bit> = Vec::new();
        let mut breaks = 0;
        for bit in bits {
            match bit {
                Bit::Break => breaks += 1,
                Bit::Image(_) => part.push(bit),
                bit => {
                    let empty = part.iter().all(|b| b.image().is_some());
                    if breaks > 1 && !is_blank(&part) {
                        self.text_block(std::mem::take(&mut part), state);
                        self.gap = true;
                    } else if breaks == 1 && !empty {
                        part.push(Bit::Break);
                    }
                    self.gap |= empty && breaks > 1;
                    breaks = 0;
                    part.push(bit);
                }
            }
        }
        if is_blank(&part) {
            self.gap |= breaks > 1;
            self.before.extend(images(part));
        } else {
            self.text_block(part, state);
            self.gap |= breaks > 1;
        }
    }

    fn text_block(&mut self, mut bits: Vec<Bit>, state: &State) {
        if self.all_big && !state.code && words(&bits).chars().count() <= MAX_BIG {
            for bit in &mut bits {
                if let Bit::Text { mark, .. } = bit
                    && matches!(mark, Mark::Plain | Mark::Strong)
                {
                    *mark = Mark::Heading;
                }
            }
        }
        self.push(Body::Text(bits), state);
    }
}
