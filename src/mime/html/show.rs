//! A page's blocks as lines of a width, its links numbered.

use super::block::{Bit, Block, Body, Page, Place};
use super::grid;
use super::litter;
use super::tags::NOT_DRAWN;
use crate::lang::{of, tr};
use crate::mime::link::Links;
use crate::mime::plain::tidy;
use crate::mime::styled::{Line, Mark, Run, bars, behind, wrap_runs};
use crate::text::{Clean, width};

/// What is shown beside the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extras {
    /// The numbers of links.
    pub numbers: bool,
    /// The words of pictures.
    pub pictures: bool,
    /// The offer of circulars to be seen as a web page.
    pub offers: bool,
    /// What stands at the end of circulars: how to unsubscribe, who sent it, and why.
    pub footers: bool,
}

impl Extras {
    /// All there is.
    pub const ALL: Extras = Extras {
        numbers: true,
        pictures: true,
        offers: true,
        footers: true,
    };
    /// What the reader shows unless everything is wanted.
    pub const USUAL: Extras = Extras {
        offers: false,
        ..Extras::ALL
    };
    /// The text alone.
    pub const NONE: Extras = Extras {
        numbers: false,
        pictures: false,
        offers: false,
        footers: false,
    };
    /// What an answer repeats.
    pub const QUOTED: Extras = Extras {
        numbers: false,
        pictures: false,
        offers: false,
        footers: true,
    };
}

/// Lays a page out.
pub fn show(mut page: Page, columns: usize, extras: Extras, links: &mut Links) -> Vec<Line> {
    litter::clear(&mut page, extras.pictures, extras.offers, extras.footers);
    let sources = page.pictures.iter();
    let pictures = sources.map(|source| links.picture(source)).collect();
    let mut writer = Writer {
        addresses: &page.links,
        numbers: vec![None; page.links.len()],
        texts: vec![String::new(); page.links.len()],
        apart: false,
        last: None,
        extras,
        pictures,
        images: Vec::new(),
        due: Vec::new(),
        links,
    };
    let mut out = Vec::new();
    for block in &page.blocks {
        if block.place.gap && !out.is_empty() {
            let gap = gap(&block.place, out.last(), columns);
            writer.push(gap, &mut out);
        }
        writer.block(block, columns, &mut out);
    }
    // What stands behind the last word, or in a table, or where nothing is said.
    if extras.pictures {
        (0..writer.pictures.len()).for_each(|n| writer.image(n));
        if !writer.due.is_empty() {
            writer.push(Line::default(), &mut out);
        }
    }
    // Links without words come last, so that those with words are numbered in order.
    for n in 0..page.links.len() {
        writer.number(n);
    }
    tidy(&mut out);
    out
}

/// The empty line before a block: behind bars, if what is above and below is quoted.
fn gap(place: &Place, above: Option<&Line>, columns: usize) -> Line {
    let above = above.map_or(0, |l| usize::from(l.quote));
    let depth = place.quote.min(above);
    let (bar, _) = bars(depth, columns);
    Line::from_runs(
        bar.into_iter().collect(),
        u8::try_from(depth).unwrap_or(u8::MAX),
    )
}

/// Code as it is written, for copying.
fn written(bits: &[Bit]) -> String {
    let word = |bit: &Bit| match bit {
        Bit::Text { text, .. } => text.clone(),
        Bit::Break => "\n".to_owned(),
        Bit::Picture { .. } | Bit::Image(_) | Bit::End(_) => String::new(),
    };
    bits.iter().map(word).collect()
}

struct Writer<'a> {
    addresses: &'a [String],
    /// The number of each link, once it has come.
    numbers: Vec<Option<Option<u32>>>,
    /// The text of each link, as far as it has come.
    texts: Vec<String>,
    /// Whether what comes next stands on another line or in another cell than what came.
    apart: bool,
    /// The number that was shown last.
    last: Option<u32>,
    extras: Extras,
    /// The number of each picture that has not come yet.
    pictures: Vec<Option<u32>>,
    /// The pictures of a paragraph: in which of its lines, and whether behind words of it.
    images: Vec<(usize, bool, usize)>,
    /// The pictures that stand above the next line.
    due: Vec<u32>,
    links: &'a mut Links,
}

impl Writer<'_> {
    fn block(&mut self, block: &Block, columns: usize, out: &mut Vec<Line>) {
        let place = &block.place;
        let (bar, used) = bars(place.quote, columns);
        let room = columns.saturating_sub(used);
        let indent = place.indent.min(room / 3);
        let room = room.saturating_sub(indent).max(2);
        self.images.clear();
        // Which of its lines a wrapped one belongs to.
        let mut of: Vec<usize> = Vec::new();
        let lines: Vec<Vec<Run>> = match &block.body {
            Body::Text(bits) | Body::Code(bits) => {
                let lines = self.lines(bits, matches!(block.body, Body::Code(_)));
                let wrapped = lines.into_iter().enumerate().flat_map(|(n, line)| {
                    let lines = wrap_runs(line, room);
                    of.extend(std::iter::repeat_n(n, lines.len()));
                    lines
                });
                wrapped.collect()
            }
            Body::Table(table) => {
                let ready = grid::ready(table, |cell| self.lines(&cell.bits, false));
                grid::draw(&ready, table.columns, room)
            }
            Body::Rule => vec![vec![Run::new("─".repeat(room.min(40)), Mark::Dim)]],
            Body::Divider => Vec::new(),
        };
        let depth = u8::try_from(place.quote).unwrap_or(u8::MAX);
        let first = out.len();
        for (n, line) in lines.into_iter().enumerate() {
            let mut line = line;
            if !line.is_empty() && (indent > 0 || !place.label.is_empty()) {
                let lead = match n {
                    0 => label(&place.label, indent),
                    _ => " ".repeat(indent),
                };
                line.insert(0, Run::new(lead, Mark::Plain));
            }
            let runs = behind(bar.clone(), line);
            self.above(of.get(n).copied().unwrap_or(0));
            self.push(Line::from_runs(runs, depth), out);
        }
        for (_, _, n) in std::mem::take(&mut self.images) {
            self.image(n);
        }
        if let (Body::Code(bits), Some(line)) = (&block.body, out.get_mut(first)) {
            line.block = Some(written(bits).into());
        }
    }

    /// Adds a line, with the pictures that stand above it.
    fn push(&mut self, mut line: Line, out: &mut Vec<Line>) {
        line.pictures = std::mem::take(&mut self.due);
        out.push(line);
    }

    /// A picture stands above the next line; each comes once.
    fn image(&mut self, n: usize) {
        let number = self.pictures.get_mut(n).and_then(Option::take);
        self.due.extend(number);
    }

    /// The pictures that stand above this line of a paragraph: before its first word, or behind
    /// those of one above it.
    fn above(&mut self, line: usize) {
        let stands = |(at, behind, _): &(usize, bool, usize)| at + usize::from(*behind) <= line;
        let (now, later) = std::mem::take(&mut self.images)
            .into_iter()
            .partition(stands);
        self.images = later;
        let now: Vec<(usize, bool, usize)> = now;
        now.into_iter().for_each(|(_, _, n)| self.image(n));
    }

    /// A paragraph's lines as pieces, before they are wrapped.
    fn lines(&mut self, bits: &[Bit], code: bool) -> Vec<Vec<Run>> {
        let mut out: Vec<Vec<Run>> = Vec::new();
        let mut line: Vec<Run> = Vec::new();
        self.apart = true;
        for bit in bits {
            match bit {
                Bit::Text { text, mark, link } => {
                    // Cleaned before it is measured: what is counted is what is drawn.
                    let clean = match code {
                        true => Clean::block(text).as_str().replace('\n', " "),
                        false => Clean::line(text).into_string(),
                    };
                    line.push(Run::new(clean, self.mark(*mark, *link, text)));
                }
                Bit::Picture { alt, link } => {
                    // A text of ours, unless an answer repeats it.
                    let alt = match alt == NOT_DRAWN && self.extras != Extras::QUOTED {
                        true => of(NOT_DRAWN),
                        false => alt,
                    };
                    let mark = self.mark(Mark::Dim, *link, alt);
                    let text = Clean::line(alt);
                    match mark {
                        Mark::Dim => line.push(Run::new(format!("[{text}]"), mark)),
                        mark => line.push(Run::new(text.as_str(), mark)),
                    }
                }
                Bit::Image(n) => {
                    let behind = line.iter().any(|r| !r.text.trim().is_empty());
                    self.images.push((out.len(), behind, *n));
                }
                Bit::Break => {
                    self.apart = true;
                    out.push(std::mem::take(&mut line));
                }
                Bit::End(id) => {
                    let (number, real) = self.ended(*id);
                    if let Some(n) = number {
                        line.push(Run::new(format!("[{n}]"), Mark::Link(n)));
                    }
                    if let Some(real) = real {
                        let leads = match self.extras == Extras::QUOTED {
                            true => format!(" (leads to {real})"),
                            false => tr!(" (leads to {real})", real),
                        };
                        line.push(Run::new(leads, Mark::Dim));
                    }
                }
            }
        }
        out.push(line);
        for line in &mut out {
            trim_end(line);
        }
        out
    }

    /// The number of a link; it gets one when it comes for the first time.
    fn number(&mut self, id: usize) -> Option<u32> {
        let address = self.addresses.get(id)?;
        let known = self.numbers.get_mut(id)?;
        *known.get_or_insert_with(|| self.links.number(address))
    }

    /// What a piece means, its link considered, whose text grows by it.
    fn mark(&mut self, mark: Mark, link: Option<usize>, text: &str) -> Mark {
        let Some(n) = link.and_then(|id| self.number(id)) else {
            return mark;
        };
        if let Some(all) = link.and_then(|id| self.texts.get_mut(id)) {
            if std::mem::take(&mut self.apart) && !all.is_empty() {
                all.push(' ');
            }
            all.push_str(text);
        }
        Mark::Link(n)
    }

    /// A link's text is complete: its number, if it is to be shown, and where it really leads, if
    /// its text says otherwise.
    fn ended(&mut self, id: usize) -> (Option<u32>, Option<String>) {
        let Some(n) = self.number(id) else {
            return (None, None);
        };
        let text = self
            .texts
            .get_mut(id)
            .map(std::mem::take)
            .unwrap_or_default();
        let real = self.links.shown(n, &text);
        let address = self.addresses.get(id).map_or("", |a| a.as_str());
        // An address says itself where it leads, and a link that is repeated at once needs no
        // second number.
        let bare = real.is_none() && is_same(&text, address);
        let again = self.last.replace(n) == Some(n);
        ((self.extras.numbers && !bare && !again).then_some(n), real)
    }
}

/// Whether a link's text is its address.
fn is_same(text: &str, address: &str) -> bool {
    let bare = |s: &str| {
        let s = s.trim().trim_end_matches('/').to_lowercase();
        let s = s.strip_prefix("mailto:").map(str::to_owned).unwrap_or(s);
        let s = s
            .strip_prefix("https://")
            .or_else(|| s.strip_prefix("http://"))
            .unwrap_or(&s);
        s.strip_prefix("www.").unwrap_or(s).to_owned()
    };
    bare(text) == bare(address)
}

/// An item's sign in the columns that it is set in.
fn label(label: &str, indent: usize) -> String {
    let label = Clean::line(label);
    let wide = width::width(label.as_str());
    if wide + 1 > indent {
        return width::fit(label.as_str(), indent);
    }
    format!("{}{label} ", " ".repeat(indent - wide - 1))
}

fn trim_end(runs: &mut Vec<Run>) {
    while let Some(last) = runs.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        runs.pop();
    }
}
