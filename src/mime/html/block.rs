//! What a page is made of, before it has a width: paragraphs, tables and rules, one after the
//! other, each with its place (how deep it is quoted, how far it is set in).

use crate::mime::styled::Mark;

/// A piece of a paragraph. Links are numbers into [`Page::links`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bit {
    /// Words.
    Text {
        /// The words; not cleaned yet.
        text: String,
        /// What they mean; never a link.
        mark: Mark,
        /// The link that they belong to.
        link: Option<usize>,
    },
    /// A picture, by its words.
    Picture {
        /// Its alternative text, never empty.
        alt: String,
        /// The link that it belongs to.
        link: Option<usize>,
    },
    /// A picture itself stands here, by its number in [`Page::pictures`].
    Image(usize),
    /// A line ends.
    Break,
    /// A link's text ends here.
    End(usize),
}

impl Bit {
    /// The words of a piece.
    pub fn words(&self) -> &str {
        match self {
            Bit::Text { text, .. } => text,
            Bit::Picture { alt, .. } => alt,
            Bit::Break => " ",
            Bit::End(_) | Bit::Image(_) => "",
        }
    }

    /// The picture that it is.
    pub fn image(&self) -> Option<usize> {
        match self {
            Bit::Image(n) => Some(*n),
            _ => None,
        }
    }
}

/// The words of a paragraph, blanks around them taken away.
pub fn words(bits: &[Bit]) -> String {
    let all: String = bits.iter().map(Bit::words).collect();
    all.trim().to_owned()
}

/// Whether a paragraph has no words.
pub fn is_blank(bits: &[Bit]) -> bool {
    let mut chars = bits.iter().flat_map(|b| b.words().chars());
    chars.all(char::is_whitespace)
}

/// The pictures among them.
pub fn images(bits: Vec<Bit>) -> impl Iterator<Item = Bit> {
    bits.into_iter().filter(|b| b.image().is_some())
}

/// A paragraph without line ends and blanks at either end of what is otherwise as it is.
pub fn trimmed(mut bits: Vec<Bit>) -> Vec<Bit> {
    let stays = |b: &Bit| matches!(b, Bit::End(_) | Bit::Image(_));
    let is_empty = |b: &Bit| b.words().trim().is_empty() && !stays(b);
    while bits.last().is_some_and(is_empty) {
        bits.pop();
    }
    let lead = bits.iter().take_while(|b| is_empty(b)).count();
    // The blanks before the first word belong to its line.
    let from = bits
        .iter()
        .take(lead)
        .rposition(|b| matches!(b, Bit::Break));
    bits.drain(..from.map_or(0, |n| n + 1));
    bits
}

/// Where a block stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How deep it is quoted.
    pub quote: usize,
    /// Columns that it is set in.
    pub indent: usize,
    /// The sign of an item, before its first line.
    pub label: String,
    /// Whether an empty line stands before it.
    pub gap: bool,
}

/// What stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A paragraph.
    Text(Vec<Bit>),
    /// Lines as they are.
    Code(Vec<Bit>),
    /// A table that holds data.
    Table(Table),
    /// A line across.
    Rule,
    /// What follows is the message that is answered.
    Divider,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where.
    pub place: Place,
    /// What.
    pub body: Body,
}

impl Block {
    /// Its words, for looking at what it says.
    pub fn words(&self) -> String {
        match &self.body {
            Body::Text(bits) | Body::Code(bits) => words(bits),
            Body::Table(table) => {
                let cells = table.rows.iter().flat_map(|r| &r.cells);
                let all: Vec<String> = cells.map(|c| words(&c.bits)).collect();
                all.join(" ")
            }
            Body::Rule | Body::Divider => String::new(),
        }
    }
}

/// A table of data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// From top to bottom, none of them empty.
    pub rows: Vec<Row>,
    /// How many columns.
    pub columns: usize,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// From left to right.
    pub cells: Vec<Cell>,
    /// Whether it names the columns.
    pub header: bool,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub bits: Vec<Bit>,
    /// Its first column, from 0.
    pub column: usize,
    /// Columns that it takes.
    pub span: usize,
    /// Whether it is set to the right.
    pub right: bool,
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// From top to bottom.
    pub blocks: Vec<Block>,
    /// Where its links lead, as they stand.
    pub links: Vec<String>,
    /// Where its pictures lie, as it says: those that are to be seen.
    pub pictures: Vec<String>,
}
