//! A message as lines for the reader.

use crate::model::view::AttachmentRow;
use crate::text::Clean;

/// Which of several alternatives is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prefer {
    /// The one that reads best in a terminal.
    #[default]
    Best,
    /// Plain text, where there is any.
    Plain,
    /// HTML, where there is any.
    Html,
}

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns; less than 20 counts as 20.
    pub width: usize,
    /// Which alternative.
    pub prefer: Prefer,
}

impl Default for RenderOptions {
    /// 80 columns, the best alternative.
    fn default() -> RenderOptions {
        RenderOptions {
            width: 80,
            prefer: Prefer::Best,
        }
    }
}

/// What a piece of text means; the screen decides how that looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing special.
    #[default]
    Plain,
    /// Strong.
    Strong,
    /// Emphasised.
    Emphasis,
    /// Strong and emphasised.
    StrongEmphasis,
    /// Code or preformatted text.
    Code,
    /// A link; the number is that of [`Rendered::links`], counted from 1 as shown in brackets.
    Link(u32),
    /// A heading.
    Heading,
    /// Quoted text, depth 1 and up.
    Quote(u8),
    /// The sender's signature.
    Signature,
    /// Struck out.
    Strike,
    /// Ours or of no weight: link numbers, pictures' names, notes.
    Dim,
}

/// A piece of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Its text, one line.
    pub text: Clean,
    /// What it means.
    pub style: Mark,
}

/// A line of the reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its pieces from left to right.
    pub spans: Vec<Span>,
    /// How deep it is quoted, 0 for the sender's own words.
    pub quote: u8,
}

/// A link of the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What the message shows for it.
    pub text: Clean,
    /// Where it leads, for showing.
    pub target: Clean,
    /// What to open: http, https or mailto, in printable ASCII; empty if it may not be opened.
    pub url: String,
}

/// A message for the reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The header block: name and value, most important first.
    pub headers: Vec<(Clean, Clean)>,
    /// Every header field as it stands.
    pub all_headers: Vec<(Clean, Clean)>,
    /// The text.
    pub lines: Vec<Line>,
    /// The links; `[n]` in the text is the n-th.
    pub links: Vec<Link>,
    /// The attachments.
    pub attachments: Vec<AttachmentRow>,
    /// Whether there is another form to switch to (plain text beside HTML).
    pub alternatives: bool,
    /// Something that the reader should know before trusting what is shown.
    pub warning: Option<Clean>,
}

/// Renders a message. Takes long for large HTML: not for the thread that draws.
pub fn render(_raw: &[u8], _options: &RenderOptions) -> Rendered {
    unimplemented!()
}

/// The message's source, line by line.
pub fn raw_source(_raw: &[u8]) -> Vec<Clean> {
    unimplemented!()
}
