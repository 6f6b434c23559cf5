//! A message's words as another message repeats them: quoted behind `>`, or passed on as they are.
//!
//! What is repeated is what the reader shows: the chosen alternative, HTML laid out as text, clean.

use super::attachment::file_name;
use super::body::{self, Piece, Prefer};
use super::flowed::{self, Paragraph};
use super::html::Extras;
use super::link::Links;
use super::params::Parameterised;
use super::styled::Mark;
use super::tree::Tree;
use super::{build, html, parse};
use crate::model::{DraftAttachment, Envelope};
use crate::text::{Clean, when, wrap};
use std::ops::Range;
use std::sync::Arc;

/// Columns of quoted text, with its marks.
const COLUMNS: usize = 74;
/// The longest word that is kept in one line, in octets.
const LONGEST_WORD: usize = 2_100;
/// The most lines that are repeated.
pub(super) const MAX_LINES: usize = 3_000;
/// The most plain text of a part that is looked at for them, in octets.
const MAX_PLAIN: usize = 1 << 20;
/// Messages inside messages whose text is taken.
const MAX_INSIDE: usize = 3;

/// How HTML becomes the text that is repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// Laid out, as the reader shows it.
    #[default]
    LaidOut,
    /// Its bare text: what is left when the layout takes too long.
    Bare,
}

/// The most bare text of a page that is repeated, in octets.
const MAX_BARE: usize = 256 << 10;

/// `On Mon, 3 Mar 2025 at 14:05, Ada wrote:` and the text behind `>`, without its signature.
pub fn quotation(raw: &[u8], e: &Envelope, pages: Pages) -> String {
    let who = e.from.first().map(|a| Clean::line(a.display()).to_string());
    let who = who
        .filter(|w| !w.is_empty())
        .unwrap_or_else(|| "somebody".to_owned());
    let mut out = match e.date {
        Some(date) => format!("On {}, {who} wrote:\n", when::attribution(date)),
        None => format!("{who} wrote:\n"),
    };
    let mut own = text(&Tree::read(raw), 0, pages);
    own.retain(|p| !p.signature);
    while own.last().is_some_and(|p| p.text.trim().is_empty()) {
        own.pop();
    }
    let mut lines = 0;
    for p in own {
        let marks = ">".repeat(p.quote + 1);
        let columns = COLUMNS.saturating_sub(marks.len() + 1).max(20);
        for line in unbroken(p.text.trim_end(), columns) {
            lines += 1;
            if lines > MAX_LINES {
                out.push_str("> […]\n");
                return out;
            }
            out.push_str(format!("{marks} {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

/// A paragraph in lines of so many columns. A word of ASCII that is longer stays whole: as an address
/// it would lead nowhere in two lines.
fn unbroken(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    let ascii = |c: char| c.is_ascii_graphic();
    let is_cut = |at: usize| {
        let (before, behind) = text.split_at_checked(at).unwrap_or_default();
        before.ends_with(ascii) && behind.starts_with(ascii)
    };
    let mut out: Vec<Range<usize>> = Vec::new();
    for piece in wrap::pieces(text, columns) {
        match out.last_mut() {
            Some(last)
                if last.end == piece.start
                    && is_cut(piece.start)
                    && piece.end - last.start <= LONGEST_WORD =>
            {
                last.end = piece.end;
            }
            _ => out.push(piece),
        }
    }
    let line = |piece| text.get(piece).unwrap_or_default();
    out.into_iter().map(line)
}

/// The text of a message as paragraphs, clean.
pub(super) fn text(tree: &Tree<'_>, inside: usize, pages: Pages) -> Vec<Paragraph> {
    let pieces = body::choose(tree, Prefer::Best).pieces;
    let mut out = paragraphs(tree, pieces, inside, pages, MAX_PLAIN);
    clean(&mut out);
    out
}

/// Makes paragraphs such that they can be shown as they are.
pub(super) fn clean(paragraphs: &mut [Paragraph]) {
    for p in paragraphs {
        p.text = Clean::block(&p.text).as_str().replace('\n', " ");
    }
}

/// Leaves every letter as it was written, and of control characters only tabs. It is not clean.
pub(super) fn lettered(paragraphs: &mut [Paragraph]) {
    let kept = |c| match c {
        '\t' => Some(c),
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' => Some(' '),
        _ => Some(c).filter(|c: &char| !c.is_control()),
    };
    for p in paragraphs {
        p.text = p.text.chars().filter_map(kept).collect();
    }
}

/// The text of a message as it was written: neither [`clean`] nor [`lettered`] yet. A file that is
/// attached and shown as text (a patch, one that stands in the text) is not part of it, unless it comes
/// first.
pub(super) fn written(tree: &Tree<'_>, pages: Pages) -> Vec<Paragraph> {
    let rows = body::attachments(tree);
    let mut pieces = body::choose(tree, Prefer::Best).pieces;
    let mut first = true;
    pieces.retain(|piece| {
        let file = match piece {
            Piece::Plain(id) | Piece::Html(id) => rows.iter().any(|row| row.part == *id),
            _ => false,
        };
        std::mem::take(&mut first) || !file
    });
    // All of it: what is taken up again takes the place of what it was.
    paragraphs(tree, pieces, 0, pages, usize::MAX)
}

/// Not cleaned yet. `most`: octets of a plain text that are taken.
fn paragraphs(
    tree: &Tree<'_>,
    pieces: Vec<Piece>,
    inside: usize,
    pages: Pages,
    most: usize,
) -> Vec<Paragraph> {
    let mut out: Vec<Paragraph> = Vec::new();
    // A message beside a text is passed on as an attachment, not twice.
    let alone = pieces.len() == 1;
    for piece in pieces {
        match piece {
            Piece::Plain(id) => {
                let Some(part) = tree.part(id) else { continue };
                let (is_flowed, del_sp) = parse::flow(part);
                out.extend(flowed::read(
                    &body::words_within(part, most).0,
                    is_flowed,
                    del_sp,
                ));
            }
            Piece::Html(id) => {
                let Some(part) = tree.part(id) else { continue };
                let text = body::page(part);
                out.extend(match pages {
                    Pages::LaidOut => page(&text),
                    Pages::Bare => flowed::read(&html::strip(&text, MAX_BARE), false, false),
                });
            }
            Piece::Message(id) if alone && inside < MAX_INSIDE => {
                let Some(part) = tree.part(id) else { continue };
                let bytes = part.bytes();
                out.extend(text(&Tree::read(&bytes), inside + 1, pages));
            }
            Piece::Calendar(_)
            | Piece::Card(_)
            | Piece::Report(_)
            | Piece::Message(_)
            | Piece::Picture(_)
            | Piece::Note(..) => {}
        }
    }
    out
}

/// HTML as paragraphs, without the numbers of its links and the names of its pictures.
fn page(html: &str) -> Vec<Paragraph> {
    let (lines, _) = html::lines(html, COLUMNS - 2, Extras::QUOTED, &mut Links::default());
    let mut out = Vec::new();
    for line in lines {
        let spans = line.spans.iter();
        let words = spans.filter(|s| !matches!(s.style, Mark::Quote(_)));
        out.push(Paragraph {
            quote: usize::from(line.quote),
            text: words.map(|s| s.text.as_str()).collect(),
            signature: false,
        });
    }
    out
}

/// A media type with what is needed to read a file of it.
fn whole_type(media_type: &str, media: &Parameterised) -> String {
    let mut out = media_type.to_owned();
    for name in build::KEPT {
        let value = media.param(name).filter(|v| build::is_word(v));
        if let Some(value) = value {
            out.push_str(&format!("; {name}={value}"));
        }
    }
    out
}

/// What is attached to a message, to be attached again, in the text if it stood there.
pub(super) fn attachments(tree: &Tree<'_>) -> Vec<DraftAttachment> {
    let rows = body::attachments(tree);
    let taken = rows.iter().filter_map(|row| {
        let part = tree.part(row.part)?;
        Some(DraftAttachment::Bytes {
            inline: part.disposition == "inline",
            name: file_name(&row.name, &row.media_type),
            media_type: whole_type(&row.media_type, &part.media),
            bytes: Arc::from(part.bytes().into_owned()),
        })
    });
    taken.collect()
}
