//! A message as lines for the reader.
//!
//! Everything that comes out is clean, fits the width, and is bounded, whatever goes in. Large
//! HTML takes its time (about 0.1 s for 700 kB): render on a thread that may be given up, not on
//! the one that draws.

use super::body::{self, Note, Piece};
use super::html::NOT_DRAWN;
use super::html::{self, Extras};
use super::invite::{self, Invitation};
use super::link::{Links, Picture, Remote};
use super::list::{self, List};
use super::plain;
use super::tree::{Part, Tree};
use super::trust::{self, Known, Trust};
use super::{calendar, card, diff, ical, notice};
use super::{charset, head, parse, styled};
use crate::lang::{of, of_in, tr, trc};
use crate::model::view::AttachmentRow;
use crate::text::Clean;

pub use super::body::Prefer;
pub use super::link::Link;
pub use super::styled::{Line, Mark, Run, Span};

/// The narrowest that anything is laid out.
const MIN_WIDTH: usize = 20;
/// The widest.
const MAX_WIDTH: usize = 1_000;
/// The most plain text that is laid out, in octets.
const MAX_PLAIN: usize = 2 << 20;
/// The most of a page that is looked at, in octets: it may hold pictures itself.
const MAX_PAGE: usize = 16 << 20;
/// The most lines of a message's source.
const MAX_SOURCE: usize = 200_000;
/// Messages inside messages that are shown.
const MAX_INSIDE: usize = 3;
/// Messages of one message that are shown, as of a digest.
const MAX_MESSAGES: usize = 100;

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns; less than 20 counts as 20.
    pub width: usize,
    /// Which of several alternatives.
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

/// A picture that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It lies on the web: https.
    Web(String),
    /// It is this part of the message.
    Part(u32),
    /// It is nowhere.
    Nowhere,
}

/// Whether a part is a picture that is no pixels: what it can ask for has no end.
fn is_drawing(part: &Part<'_>) -> bool {
    part.is("image", "svg+xml") || part.is("image", "svg")
}

fn stands(tree: &Tree<'_>, picture: &Picture) -> Standing {
    let id = match picture {
        Picture::Web(url) => return Standing::Web(url.clone()),
        Picture::Here(part) => return Standing::Part(*part),
        Picture::Part(id) => id,
    };
    let at = tree.parts.iter().position(|p| p.content_id == *id);
    let part = at.and_then(|n| u32::try_from(n).ok());
    part.filter(|_| !id.is_empty())
        .map_or(Standing::Nowhere, Standing::Part)
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
    /// The attachments. Their names are as received.
    pub attachments: Vec<AttachmentRow>,
    /// Those of them (by part) that the text means to be seen in their place.
    pub inline: Vec<u32>,
    /// Those of them (by part) that are not here, of a message that is known to be without some: for
    /// whoever knows it to say ([`left_out`](super::hollow::left_out)).
    pub absent: Vec<u32>,
    /// Whether there is another form to switch to (plain text beside HTML).
    pub alternatives: bool,
    /// Who really sent it, as far as the message alone tells; [`crate::mime::trust::of`] knows
    /// more.
    pub trust: Trust,
    /// Something that the reader should know before trusting what is shown.
    pub warning: Option<Clean>,
    /// Its pictures that lie on the web. Nothing of them is here.
    pub remote: Remote,
    /// The pictures that stand in its text; lines name them by their places here.
    pub pictures: Vec<Standing>,
    /// What it says of the list that it came through.
    pub list: Option<List>,
    /// What it invites to, if that can be answered.
    pub invitation: Option<Invitation>,
    /// Whether this is only how it begins, and more of it will come.
    pub more: bool,
}

/// Renders a message. Never fails: at worst it shows the raw text.
pub fn render(raw: &[u8], options: &RenderOptions) -> Rendered {
    of_tree(&Tree::read(raw), options).0
}

/// Renders the beginning of a message, to be shown until all of it is rendered; `None` if it tells
/// too little of what that will show.
pub fn begin(raw: &[u8], options: &RenderOptions) -> Option<Rendered> {
    let tree = Tree::beginning(raw);
    let forms = body::choose(&tree, options.prefer).pieces;
    let is_page = |p: &Piece| matches!(p, Piece::Html(_));
    if options.prefer == Prefer::Html && !forms.iter().any(is_page) {
        return None;
    }
    let (mut rendered, gave_up) = of_tree(&tree, options);
    rendered.more = true;
    (!gave_up && !rendered.lines.is_empty()).then_some(rendered)
}

/// Also says whether a page could not be laid out.
fn of_tree(tree: &Tree<'_>, options: &RenderOptions) -> (Rendered, bool) {
    let envelope = parse::of_fields(&tree.fields);
    let mut page = Page {
        width: options.width.clamp(MIN_WIDTH, MAX_WIDTH),
        prefer: options.prefer,
        lines: Vec::new(),
        links: Links::default(),
        messages: 0,
        gave_up: false,
        notes: Vec::new(),
    };
    let alternatives = page.add(tree, 0);
    if tree.cut {
        page.notes
            .push(tr!("This message has more parts than can be shown; its source has all.").into());
    }
    if let Some((named, real)) = page.links.deceit() {
        page.notes.push(tr!(
            "A link that says {named} leads to {real}.",
            named,
            real
        ));
    }
    plain::tidy(&mut page.lines);
    let rendered = Rendered {
        trust: trust::judge(&tree.fields, &envelope, &Known::default()),
        headers: head::block(tree, &envelope),
        all_headers: head::all(tree),
        lines: page.lines,
        remote: page.links.remote().clone(),
        pictures: page
            .links
            .pictures()
            .iter()
            .map(|p| stands(tree, p))
            .collect(),
        links: page.links.into_list(),
        attachments: body::attachments(tree),
        inline: body::inline(tree),
        absent: Vec::new(),
        alternatives,
        warning: (!page.notes.is_empty()).then(|| Clean::line(&page.notes.join(" "))),
        list: list::of(&tree.fields),
        invitation: invite::find(tree),
        more: false,
    };
    (rendered, page.gave_up)
}

/// A message's text being put together.
struct Page {
    width: usize,
    prefer: Prefer,
    lines: Vec<Line>,
    links: Links,
    notes: Vec<String>,
    /// Messages inside that are shown so far.
    messages: usize,
    /// Whether a page could not be laid out.
    gave_up: bool,
}

impl Page {
    /// Adds a message's text; gives whether there is another form of it.
    fn add(&mut self, tree: &Tree<'_>, inside: usize) -> bool {
        let chosen = body::choose(tree, self.prefer);
        let mut alternatives = chosen.alternatives;
        for (n, piece) in chosen.pieces.iter().enumerate() {
            let ended = self.lines.last().is_none_or(|l| l.spans.is_empty());
            if n > 0 && !ended {
                self.lines.push(Line::default());
            }
            alternatives |= self.piece(tree, &chosen.pieces, *piece, inside);
        }
        alternatives
    }

    /// Adds one of the pieces that were chosen.
    fn piece(&mut self, tree: &Tree<'_>, all: &[Piece], piece: Piece, inside: usize) -> bool {
        match piece {
            Piece::Plain(id) => self.with(tree, id, Page::plain),
            Piece::Html(id) => self.with(tree, id, |page, part| page.html(tree, all, part)),
            Piece::Calendar(id) => {
                let written = |p: &Piece| matches!(p, Piece::Plain(_) | Piece::Html(_));
                let alone = !all.iter().any(written);
                self.with(tree, id, |page, part| {
                    let file = ical::of_part(part);
                    let lines = calendar::lines(&file, alone, page.width, &mut page.links);
                    page.lines.extend(lines);
                });
            }
            Piece::Card(id) => self.with(tree, id, |page, part| {
                let file = ical::of_part(part);
                let lines = card::lines(&file, page.width, &mut page.links);
                page.lines.extend(lines);
            }),
            Piece::Report(id) => self.with(tree, id, |page, part| {
                let lines = notice::lines(&part.media.sub, &part.text(), page.width);
                page.lines.extend(lines);
            }),
            Piece::Message(_) if self.messages >= MAX_MESSAGES => {}
            Piece::Message(id) if inside < MAX_INSIDE => {
                let Some(part) = tree.part(id) else {
                    return false;
                };
                self.messages += 1;
                let bytes = part.bytes();
                let inner = match part.begun {
                    true => Tree::beginning(&bytes),
                    false => Tree::read(&bytes),
                };
                self.title(&inner);
                let alternatives = self.add(&inner, inside + 1);
                if self.messages == MAX_MESSAGES {
                    self.note(tr!(
                        "There are more messages inside this one than are shown here."
                    ));
                }
                return alternatives;
            }
            Piece::Message(_) => self.note(tr!(
                "A message inside this one is nested too deeply to be shown."
            )),
            Piece::Picture(_) if self.prefer == Prefer::Reader => {}
            Piece::Picture(id) => self.with(tree, id, |page, part| page.picture(id, part)),
            Piece::Note(note, id) => self.with(tree, id, |page, part| page.remark(note, part)),
        }
        false
    }

    /// A picture that stands between texts, and its name.
    fn picture(&mut self, id: u32, part: &Part<'_>) {
        let name = match part.file_name.as_str() {
            "" => tr!("picture"),
            name => name,
        };
        let says = match is_drawing(part) {
            true => format!("[{name}: {}]", of(NOT_DRAWN)),
            false => format!("[{name}]"),
        };
        let Some(number) = self.links.here(id, &part.content_id) else {
            return;
        };
        let mut lines = styled::say(&says, Mark::Dim, self.width);
        if let Some(line) = lines.first_mut() {
            line.pictures = vec![number];
        }
        self.lines.extend(lines);
    }

    /// Where a text has a drawing of the message in it, says that it is there.
    fn drawings(&mut self, tree: &Tree<'_>, begin: usize) {
        let is_drawn = |p: &Picture| match stands(tree, p) {
            Standing::Part(id) => tree.part(id).is_some_and(is_drawing),
            _ => false,
        };
        let all = (0u32..).zip(self.links.pictures());
        let drawn: Vec<u32> = all.filter(|(_, p)| is_drawn(p)).map(|(n, _)| n).collect();
        if drawn.is_empty() {
            return;
        }
        let said = styled::say(&format!("[{}]", of(NOT_DRAWN)), Mark::Dim, self.width);
        let lines: Vec<Line> = self.lines.drain(begin..).collect();
        for mut line in lines {
            let before = line.pictures.len();
            line.pictures.retain(|n| !drawn.contains(n));
            let told = said.iter().cycle();
            let told = told.take((before - line.pictures.len()) * said.len());
            self.lines.extend(told.cloned());
            self.lines.push(line);
        }
    }

    /// What is said of a part.
    fn remark(&mut self, note: Note, part: &Part<'_>) {
        let param = |name: &str| part.media.param(name).unwrap_or_default().trim();
        let protocol = param("protocol").to_ascii_lowercase();
        let pgp = protocol.contains("pgp") || part.media.sub.contains("pgp");
        match note {
            Note::Encrypted => self.note(match pgp {
                true => tr!("This part is encrypted with OpenPGP and can't be read here."),
                false => tr!("This part is encrypted with S/MIME and can't be read here."),
            }),
            Note::Signed => self.note(match pgp {
                true => tr!("This is signed with OpenPGP; the signature is not checked here."),
                false => tr!("This is signed with S/MIME; the signature is not checked here."),
            }),
            Note::SignedInside => self.note(tr!(
                "This is signed with S/MIME in a form that can't be opened here; it can be saved."
            )),
            Note::Partial => {
                let number = param("number");
                self.note(&match param("total") {
                    "" => tr!(
                        "This is piece {number} of a message that was sent in pieces; they are not put together here.",
                        number
                    ),
                    total => tr!(
                        "This is piece {number} of {total} of a message that was sent in pieces; they are not put together here.",
                        number,
                        total
                    ),
                });
                self.lines.push(Line::default());
                self.plain(part);
            }
            Note::External => self.external(part),
        }
    }

    /// Where content lies that was not sent along; nothing is fetched.
    fn external(&mut self, part: &Part<'_>) {
        self.note(tr!(
            "The content of this part was not sent along; it lies elsewhere."
        ));
        let param = |name: &str| part.media.param(name).unwrap_or_default().trim();
        for (name, label) in [
            ("access-type", trc!("row", "How")),
            ("site", trc!("row", "Where")),
            ("server", trc!("row", "Where")),
            ("directory", trc!("row", "Folder")),
            ("name", trc!("row", "Name")),
            ("size", trc!("row", "Octets")),
            ("expiration", trc!("row", "Until")),
        ] {
            self.lines
                .extend(styled::row(label, param(name), self.width));
        }
        let url: String = param("url").split_whitespace().collect();
        let linked = self.links.row(trc!("row", "URL"), &url, self.width);
        let lines = linked.unwrap_or_else(|| styled::row(trc!("row", "URL"), &url, self.width));
        self.lines.extend(lines);
    }

    fn with(&mut self, tree: &Tree<'_>, id: u32, show: impl Fn(&mut Page, &Part<'_>)) {
        if let Some(part) = tree.part(id) {
            show(self, part);
        }
    }

    fn note(&mut self, text: &str) {
        self.lines.extend(styled::say(text, Mark::Dim, self.width));
    }

    fn plain(&mut self, part: &Part<'_>) {
        let begin = self.lines.len();
        self.words(part);
        if self.prefer == Prefer::Reader {
            self.lines.iter_mut().skip(begin).for_each(without_numbers);
        }
    }

    fn words(&mut self, part: &Part<'_>) {
        let (text, whole) = body::words_within(part, MAX_PLAIN);
        let flow = parse::flow(part);
        let patch = diff::find(&text).filter(|_| !flow.0);
        let (from, to) = patch.unwrap_or((text.len(), text.len()));
        let piece = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let before = piece(0, from);
        self.running(before, flow);
        if patch.is_some() {
            if !before.trim().is_empty() {
                self.lines.push(Line::default());
            }
            let patch = piece(from, to);
            let first = self.lines.len();
            self.lines.extend(diff::lines(patch, self.width));
            if let Some(line) = self.lines.get_mut(first) {
                line.block = Some(patch.into());
            }
            self.running(piece(to, text.len()), flow);
        }
        if !whole {
            self.note(goes_on());
        }
    }

    fn running(&mut self, text: &str, (flowed, del_sp): (bool, bool)) {
        let lines = plain::lines(text, flowed, del_sp, self.width, &mut self.links);
        self.lines.extend(lines);
    }

    fn html(&mut self, tree: &Tree<'_>, all: &[Piece], part: &Part<'_>) {
        let extras = match self.prefer {
            Prefer::Reader => Extras::NONE,
            // Who asks for the page is shown all of it.
            Prefer::Html => Extras::ALL,
            Prefer::Best | Prefer::Plain => Extras::USUAL,
        };
        let (text, whole) = body::page_within(part, MAX_PAGE);
        let why = match html::lay_out(&text, self.width, extras, &mut self.links) {
            Ok((lines, all)) => {
                let begin = self.lines.len();
                self.lines.extend(lines);
                self.drawings(tree, begin);
                if !whole || !all {
                    self.note(goes_on());
                }
                return;
            }
            Err(why) => why,
        };
        self.gave_up = true;
        // Its plain form says the same, unless that is shown anyway or there is none.
        let forms = body::choose(tree, Prefer::Plain).pieces.into_iter();
        let parts: Vec<&Part<'_>> = forms
            .filter(|p| !all.contains(p))
            .filter_map(|p| match p {
                Piece::Plain(id) => tree.part(id),
                _ => None,
            })
            .collect();
        if parts.is_empty() {
            self.notes.push(tr!("{why} Here is its bare text.", why));
            self.lines
                .extend(html::bare(&text, self.width, &mut self.links));
            return;
        }
        self.notes.push(tr!("{why} Here is its plain form.", why));
        for part in parts {
            self.plain(part);
        }
    }

    /// The short header of a message that is shown inside another.
    fn title(&mut self, inner: &Tree<'_>) {
        let e = parse::of_fields(&inner.fields);
        for (name, value) in head::block(inner, &e) {
            let text = format!("{}: {value}", of_in("head", name.as_str()));
            let runs = vec![Run::new(text, Mark::Dim)];
            self.lines.extend(styled::lay_out(runs, 0, self.width));
        }
        self.lines.push(Line::default());
    }
}

/// What is said where a text is cut.
fn goes_on() -> &'static str {
    tr!("The text goes on, but is too long to be shown; its source has all.")
}

/// Takes the numbers of its links out of a line.
fn without_numbers(line: &mut Line) {
    for span in &mut line.spans {
        if let Mark::Link(n) = span.style
            && let Some(bare) = span.text.as_str().strip_suffix(&format!("[{n}]"))
        {
            span.text = Clean::line(bare);
        }
    }
}

/// The message's source, line by line; octets that are no text are guessed at.
pub fn raw_source(raw: &[u8]) -> Vec<Clean> {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    let mut out: Vec<Clean> = raw
        .split(|b| *b == b'\n')
        .take(MAX_SOURCE)
        .map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match std::str::from_utf8(line) {
                Ok(text) => Clean::line(text),
                Err(_) => Clean::line(&charset::guess(line)),
            }
        })
        .collect();
    if out.len() == MAX_SOURCE {
        out.push(Clean::lit(tr!("… too long to be shown")));
    }
    out
}

#[cfg(test)]
mod tests;
