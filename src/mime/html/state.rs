//! What holds for the text inside an element: what the elements around it and their styles say.

use super::style::Look;
use crate::mime::styled::Mark;

/// Letters of this size in pixels are a heading's, in a short paragraph.
const BIG: f32 = 22.0;
/// How far things may be set in, in columns.
pub const MAX_INDENT: usize = 40;

/// What holds for the text inside an element.
#[derive(Clone, Copy, Default)]
pub struct State {
    /// Bold.
    pub strong: bool,
    /// Italic.
    pub emphasis: bool,
    /// Struck out.
    pub strike: bool,
    /// Code.
    pub code: bool,
    /// Blanks and line ends stay.
    pub pre: bool,
    /// A heading.
    pub heading: bool,
    /// Letters of no size.
    pub tiny: bool,
    /// Letters as of a heading.
    pub big: bool,
    /// Set to the right.
    pub right: bool,
    /// The link that it belongs to.
    pub link: Option<usize>,
    /// How deep it is quoted.
    pub quote: usize,
    /// Columns that it is set in.
    pub indent: usize,
    /// Lists around it.
    pub lists: usize,
    /// Tables around it.
    pub tables: usize,
}

impl State {
    /// What its words mean.
    pub fn mark(&self) -> Mark {
        match (self.strong, self.emphasis) {
            _ if self.code => Mark::Code,
            _ if self.strike => Mark::Strike,
            _ if self.heading => Mark::Heading,
            (true, true) => Mark::StrongEmphasis,
            (true, false) => Mark::Strong,
            (false, true) => Mark::Emphasis,
            (false, false) => Mark::Plain,
        }
    }

    /// The same with an element's look.
    #[must_use]
    pub fn with(mut self, look: &Look) -> State {
        self.strong = look.strong.unwrap_or(self.strong);
        self.emphasis = look.emphasis.unwrap_or(self.emphasis);
        self.strike |= look.strike == Some(true);
        self.pre = look.pre.unwrap_or(self.pre);
        self.right = look.right.unwrap_or(self.right);
        // Any number of times nothing is nothing.
        if let Some(size) = look.size.filter(|s| !(s.relative && self.tiny)) {
            self.tiny = size.pixels < 1.0;
            self.big = size.pixels >= BIG;
        }
        self
    }
}
