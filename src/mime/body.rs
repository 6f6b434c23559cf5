//! Which parts of a message are its text, and which are attachments.
//!
//! One rule for everybody (reader, search index, reply, attachment list): alternatives give one
//! form (RFC 2046 §5.1.4), related parts give their root (RFC 2387), everything else that is text
//! and not meant as an attachment is shown in order. A text with a file name (a patch) is both.

use super::tree::{Part, Tree};
use super::{field, rich, transfer};
use crate::model::view::AttachmentRow;

/// Octets of a plain form that tell whether it stands in for another.
const STAND_IN: usize = 64 << 10;

/// Which of several alternatives is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prefer {
    /// The one that reads best in a terminal: plain text, unless it is a mere stand-in.
    #[default]
    Best,
    /// Plain text, where there is any.
    Plain,
    /// HTML, where there is any.
    Html,
    /// As `Best`, and the text alone: no numbers, pictures or footers.
    Reader,
}

/// A piece of the message's text; the number is the part's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Plain text.
    Plain(u32),
    /// HTML.
    Html(u32),
    /// An invitation (RFC 5545).
    Calendar(u32),
    /// A visiting card (RFC 6350).
    Card(u32),
    /// A report in fields: of a delivery (RFC 3464), of reading (RFC 8098), of abuse (RFC 5965).
    Report(u32),
    /// A message inside.
    Message(u32),
    /// A picture that stands between texts.
    Picture(u32),
    /// Something that is said of a part, because it can't be shown or means more than it shows.
    Note(Note, u32),
}

/// What is said of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is encrypted.
    Encrypted,
    /// What stands above is signed.
    Signed,
    /// It is signed in a form that has the text inside.
    SignedInside,
    /// It is one piece of a message that was sent in several (RFC 2046 §5.2.2).
    Partial,
    /// Its content lies elsewhere (RFC 2046 §5.2.3).
    External,
}

/// The largest attached patch that is shown with the text, in octets.
const MAX_PATCH: usize = 64 << 10;
/// The largest attached calendar or card that is shown, in octets as it came.
const MAX_CARD: usize = 512 << 10;
/// Attached cards that are shown.
const MAX_CARDS: usize = 3;

/// The text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Its pieces in order.
    pub pieces: Vec<Piece>,
    /// Whether another form was left out.
    pub alternatives: bool,
}

/// Chooses what is shown.
pub fn choose(tree: &Tree<'_>, prefer: Prefer) -> Chosen {
    let mut chosen = Chosen::default();
    walk(tree, 0, prefer, true, &mut chosen);
    if chosen.pieces.iter().all(|p| matches!(p, Piece::Picture(_))) {
        // A page that has a file's name is all that is said.
        let mut pages = (0u32..).zip(&tree.parts).filter(|(_, p)| is_page(p));
        let named = pages.next().map(|(id, _)| Piece::Html(id));
        chosen.pieces.splice(0..0, named);
    }
    attached(tree, &mut chosen);
    if chosen.pieces.is_empty() {
        let inside = tree.parts.iter().position(is_message);
        let inside = inside.and_then(|n| u32::try_from(n).ok());
        chosen.pieces.extend(inside.map(Piece::Message));
    }
    if chosen.pieces.is_empty() && tree.part(0).is_some_and(is_picture) {
        chosen.pieces.push(Piece::Picture(0));
    }
    chosen
}

/// Adds what is attached and says more in a few lines than by its name: an invitation, if there is
/// none in the text, and cards.
fn attached(tree: &Tree<'_>, chosen: &mut Chosen) {
    let files = || {
        let small = |p: &&Part<'_>| p.disposition == "attachment" && p.body.len() <= MAX_CARD;
        let all = (0u32..).zip(&tree.parts);
        all.filter(move |(_, p)| small(p))
    };
    let is_calendar = |p: &Piece| matches!(p, Piece::Calendar(_));
    if !chosen.pieces.iter().any(is_calendar) {
        let found = files().find(|(_, p)| is_calendar_part(p));
        let at = found.map(|(id, _)| Piece::Calendar(id));
        chosen.pieces.splice(0..0, at);
    }
    let cards = files().filter(|(_, p)| is_card(p)).take(MAX_CARDS);
    chosen.pieces.extend(cards.map(|(id, _)| Piece::Card(id)));
}

/// Whether a part is a calendar.
pub fn is_calendar_part(part: &Part<'_>) -> bool {
    part.is("text", "calendar") || part.is("application", "ics")
}

fn is_card(part: &Part<'_>) -> bool {
    part.media.main == "text"
        && matches!(part.media.sub.as_str(), "vcard" | "x-vcard" | "directory")
}

fn is_patch(part: &Part<'_>) -> bool {
    part.media.main == "text" && matches!(part.media.sub.as_str(), "x-patch" | "x-diff" | "diff")
}

/// The text of a part that is shown as plain text, about so many octets of it at most, and whether
/// that is all.
pub fn words_within(part: &Part<'_>, most: usize) -> (String, bool) {
    let (text, whole) = part.text_within(most);
    match part.is("text", "rtf") || part.is("application", "rtf") {
        true => (rich::rtf(&text), whole),
        false => (text, whole),
    }
}

/// The text of a part that is shown as HTML, as HTML.
pub fn page(part: &Part<'_>) -> String {
    page_within(part, usize::MAX).0
}

/// The same, about so many octets of it at most, and whether that is all.
pub fn page_within(part: &Part<'_>, most: usize) -> (String, bool) {
    let (text, whole) = part.text_within(most);
    match part.is("text", "html") {
        true => (text, whole),
        false => (rich::enriched(&text), whole),
    }
}

/// `main`: what is here is what the message says, so a page is shown even if it has a file's name.
fn walk(tree: &Tree<'_>, id: u32, prefer: Prefer, main: bool, chosen: &mut Chosen) {
    let Some(part) = tree.part(id) else { return };
    if !part.is_open() {
        let page = (main && is_page(part)).then_some(Piece::Html(id));
        chosen.pieces.extend(page.or_else(|| piece(part, id)));
        return;
    }
    match part.media.sub.as_str() {
        "alternative" => alternative(tree, part, prefer, chosen),
        "related" => {
            let before = chosen.pieces.len();
            for child in root_first(tree, part) {
                walk(tree, child, prefer, true, chosen);
                if chosen.pieces.len() > before {
                    break;
                }
            }
        }
        "encrypted" => chosen.pieces.push(Piece::Note(Note::Encrypted, id)),
        "signed" => {
            // The signature is the second (RFC 1847 §2.1); who puts it elsewhere, or something
            // behind it, is read all the same: what is behind the note is not signed.
            let signature = |id: &u32| tree.part(*id).is_some_and(is_signature);
            let mut content = part.children.iter().filter(|id| !signature(id));
            if let Some(first) = content.next() {
                walk(tree, *first, prefer, main, chosen);
            }
            chosen.pieces.push(Piece::Note(Note::Signed, id));
            content.for_each(|id| walk(tree, *id, prefer, false, chosen));
        }
        "report" => {
            let before = chosen.pieces.len();
            for child in &part.children {
                walk(tree, *child, prefer, false, chosen);
            }
            // What came back is at hand as an attachment; it is not what is told.
            let returned = chosen.pieces.split_off(before).into_iter();
            let told = returned.filter(|p| !matches!(p, Piece::Message(_)));
            chosen.pieces.extend(told);
        }
        _ => {
            let shown = |p: &Part<'_>| is_picture(p) && p.disposition == "inline";
            for child in &part.children {
                match tree.part(*child).is_some_and(shown) {
                    true => chosen.pieces.push(Piece::Picture(*child)),
                    false => walk(tree, *child, prefer, false, chosen),
                }
            }
        }
    }
}

/// The parts of a multipart/related, its root first: the one that it names, else the first (RFC
/// 2387 §3.2). Where the root has nothing to show the next one is shown.
fn root_first(tree: &Tree<'_>, part: &Part<'_>) -> Vec<u32> {
    let mut children = part.children.clone();
    let start = part.media.param("start").unwrap_or_default();
    let start = start.trim().trim_matches(['<', '>']);
    let is_start = |id: &u32| tree.part(*id).is_some_and(|p| p.content_id == start);
    if let Some(at) = children
        .iter()
        .position(is_start)
        .filter(|_| !start.is_empty())
    {
        children.get_mut(..=at).unwrap_or_default().rotate_right(1);
    }
    children
}

/// Whether a part is a page that is not meant as a file, whatever its name.
fn is_page(part: &Part<'_>) -> bool {
    let page = matches!(part.media.sub.as_str(), "html" | "enriched" | "richtext");
    part.media.main == "text" && page && part.disposition != "attachment"
}

fn is_picture(part: &Part<'_>) -> bool {
    part.media.main == "image" && part.disposition != "attachment"
}

fn alternative(tree: &Tree<'_>, part: &Part<'_>, prefer: Prefer, chosen: &mut Chosen) {
    let forms: Vec<Chosen> = part
        .children
        .iter()
        .map(|child| {
            let mut form = Chosen::default();
            walk(tree, *child, prefer, true, &mut form);
            form
        })
        .filter(|form| !form.pieces.is_empty())
        .collect();
    let has = |form: &&Chosen, want: fn(&Piece) -> bool| form.pieces.iter().any(want);
    // The last is the best (RFC 2046 §5.1.4), but what goes with a page is not its plain form, and
    // other kinds of text are for other programs.
    let is_text = |p: &Piece| match p {
        Piece::Plain(id) => tree.part(*id).is_some_and(|p| p.is("text", "plain")),
        _ => false,
    };
    let plain = forms
        .iter()
        .rfind(|f| f.pieces.iter().any(is_text) && !has(f, |p| matches!(p, Piece::Html(_))));
    let plain = plain.or_else(|| {
        let mut forms = forms.iter();
        forms.find(|f| has(f, |p| matches!(p, Piece::Plain(_))))
    });
    let html = forms
        .iter()
        .rfind(|f| has(f, |p| matches!(p, Piece::Html(_))));
    let calendar = forms
        .iter()
        .rfind(|f| has(f, |p| matches!(p, Piece::Calendar(_))));
    chosen.alternatives |=
        plain.is_some() && html.is_some() || forms.iter().any(|f| f.alternatives);
    let best = match prefer {
        Prefer::Html => html.or(plain),
        Prefer::Plain => plain.or(html),
        Prefer::Best | Prefer::Reader => match (plain, html) {
            (Some(p), Some(h)) if is_stand_in(tree, p, h) => Some(h),
            (plain, html) => plain.or(html),
        },
    };
    if let Some(form) = calendar.filter(|c| Some(*c) != best) {
        let cards = form
            .pieces
            .iter()
            .filter(|p| matches!(p, Piece::Calendar(_)));
        chosen.pieces.extend(cards.copied());
    }
    let best = best.or(forms.last().filter(|f| Some(*f) != calendar));
    chosen
        .pieces
        .extend(best.into_iter().flat_map(|f| f.pieces.iter().copied()));
}

/// Whether the plain form only says that there is an HTML one, or nothing at all.
fn is_stand_in(tree: &Tree<'_>, plain: &Chosen, html: &Chosen) -> bool {
    let text: String = plain.pieces.iter().map(|p| plain_text(tree, *p)).collect();
    let words = text.split_whitespace().count();
    if words == 0 {
        return true;
    }
    let html_len: usize = html
        .pieces
        .iter()
        .filter_map(|p| match p {
            Piece::Html(id) => tree.part(*id),
            _ => None,
        })
        .map(|p| p.body.len())
        .sum();
    let lower = text.to_lowercase();
    let excuse = words < 60
        && ["html", "view this email", "view in browser", "web version"]
            .iter()
            .any(|w| lower.contains(w));
    // A page put into the plain part as it is.
    let begins = lower.trim_start();
    let markup = begins.starts_with("<!doctype")
        || begins.starts_with("<html")
        || begins.starts_with('<') && begins.contains("<body") && begins.contains("</html");
    markup || (excuse && html_len > 1_000) || (words < 4 && html_len > 4_000)
}

fn plain_text(tree: &Tree<'_>, piece: Piece) -> String {
    match piece {
        Piece::Plain(id) => tree
            .part(id)
            .map(|part| words_within(part, STAND_IN).0)
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// What a leaf shows by itself.
fn piece(part: &Part<'_>, id: u32) -> Option<Piece> {
    // Always an attachment by name, and always what the message is.
    if part.is("application", "pkcs7-mime") || part.is("application", "x-pkcs7-mime") {
        let kind = part.media.param("smime-type").unwrap_or_default();
        let note = match kind.to_ascii_lowercase().as_str() {
            "signed-data" => Note::SignedInside,
            // Nothing but certificates.
            "certs-only" => return None,
            _ => Note::Encrypted,
        };
        return Some(Piece::Note(note, id));
    }
    // Where a server took the message apart and put it together otherwise.
    if part.is("application", "pgp-encrypted") {
        return Some(Piece::Note(Note::Encrypted, id));
    }
    if part.disposition == "attachment" {
        let shown = is_patch(part) && part.body.len() <= MAX_PATCH;
        return shown.then_some(Piece::Plain(id));
    }
    let unnamed = part.file_name.is_empty();
    match (part.media.main.as_str(), part.media.sub.as_str()) {
        ("text", "html" | "enriched" | "richtext") => unnamed.then_some(Piece::Html(id)),
        _ if is_calendar_part(part) => Some(Piece::Calendar(id)),
        _ if is_card(part) => Some(Piece::Card(id)),
        _ if is_message(part) => Some(Piece::Message(id)),
        ("message", sub) => match sub {
            "delivery-status"
            | "global-delivery-status"
            | "disposition-notification"
            | "global-disposition-notification"
            | "feedback-report" => Some(Piece::Report(id)),
            "partial" => Some(Piece::Note(Note::Partial, id)),
            "external-body" => Some(Piece::Note(Note::External, id)),
            _ => None,
        },
        ("text", "plain" | "markdown") => Some(Piece::Plain(id)),
        _ if is_patch(part) => Some(Piece::Plain(id)),
        ("text", "rfc822-headers") => None,
        ("text", _) => unnamed.then_some(Piece::Plain(id)),
        _ => None,
    }
}

pub(super) fn is_message(part: &Part<'_>) -> bool {
    part.is("message", "rfc822") || part.is("message", "global")
}

/// Whether a part is a signature over the one beside it (RFC 3156 §5, RFC 8551 §3.5.3).
fn is_signature(part: &Part<'_>) -> bool {
    let kinds = ["pgp-signature", "pkcs7-signature", "x-pkcs7-signature"];
    part.media.main == "application" && kinds.contains(&part.media.sub.as_str())
}

/// Everything that can be saved: what is not the text, and texts that carry a file name. A
/// signature over another part is nobody's file.
pub fn attachments(tree: &Tree<'_>) -> Vec<AttachmentRow> {
    let mut rows = Vec::new();
    let signed = tree.parts.iter().filter(|p| p.is("multipart", "signed"));
    let beside: Vec<u32> = signed.flat_map(|p| p.children.iter().copied()).collect();
    let unseen = unseen(tree);
    for (n, part) in tree.parts.iter().enumerate() {
        let id = u32::try_from(n).unwrap_or(u32::MAX);
        if is_signature(part) && beside.contains(&id) {
            continue;
        }
        let shown = piece(part, id);
        let named = !part.file_name.is_empty();
        let is_row = match shown {
            Some(Piece::Calendar(_) | Piece::Card(_) | Piece::Message(_) | Piece::Note(..)) => true,
            Some(_) => named || part.disposition == "attachment" || unseen.contains(&id),
            None => true,
        };
        if part.is_open() || !is_row {
            continue;
        }
        let name = match (named, is_message(part)) {
            (true, _) => part.file_name.clone(),
            (false, true) => format!("{}.eml", inner_subject(part)),
            (false, _) if is_calendar_part(part) => "invite.ics".to_owned(),
            (false, _) if is_card(part) => "card.vcf".to_owned(),
            _ => String::new(),
        };
        rows.push(AttachmentRow {
            part: id,
            name,
            media_type: part.media_type(),
            size: transfer::decoded_len(part.encoding, part.body) as u64,
        });
    }
    rows
}

/// Whether a part is a text that somebody wrote as such, and no file.
pub(super) fn is_text(part: &Part<'_>) -> bool {
    let is_file = part.disposition == "attachment" || !part.file_name.is_empty();
    !is_file && (part.is("text", "plain") || part.is("text", "html"))
}

/// The texts without a name that are in no form of the message: what somebody wrote must be found
/// somewhere. Forms of other kinds (for a watch, for a program) say what is said anyway.
fn unseen(tree: &Tree<'_>) -> Vec<u32> {
    let all = || (0u32..).zip(&tree.parts);
    let of = |sub: &str| -> Vec<u32> {
        let all = all().filter(|(_, p)| p.is("multipart", sub));
        all.flat_map(|(_, p)| p.children.iter().copied()).collect()
    };
    let (forms, related) = (of("alternative"), of("related"));
    let text = |id: u32, p: &Part<'_>| match p.media.sub.as_str() {
        _ if p.is_open() || p.media.main != "text" => false,
        "plain" | "html" => true,
        _ => !forms.contains(&id),
    };
    // Elsewhere every text is shown.
    let hides = |id: &u32| forms.contains(id) || related.contains(id);
    let mut out: Vec<u32> = all()
        .filter(|(id, p)| text(*id, p))
        .map(|(id, _)| id)
        .collect();
    if !out.iter().any(hides) {
        return Vec::new();
    }
    for prefer in [Prefer::Plain, Prefer::Html, Prefer::Best] {
        if out.is_empty() {
            break;
        }
        for piece in choose(tree, prefer).pieces {
            if let Piece::Plain(shown) | Piece::Html(shown) = piece {
                out.retain(|id| *id != shown);
            }
        }
    }
    out
}

/// The parts that the text means to be seen in its place: they say so, or they stand beside it in
/// a multipart/related (RFC 2183 §2.1, RFC 2387).
pub fn inline(tree: &Tree<'_>) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::new();
    for (n, part) in tree.parts.iter().enumerate() {
        if part.disposition == "inline" {
            out.extend(u32::try_from(n));
        }
        if part.is("multipart", "related") {
            let beside = root_first(tree, part).into_iter().skip(1);
            let attached = |id: &u32| {
                tree.part(*id)
                    .is_some_and(|p| p.disposition == "attachment")
            };
            out.extend(beside.filter(|id| !attached(id)));
        }
    }
    out
}

fn inner_subject(part: &Part<'_>) -> String {
    let bytes = part.bytes();
    let (fields, _) = field::split(&bytes);
    let short: String = field::text_of(&fields, "Subject")
        .chars()
        .take(60)
        .collect();
    if short.trim().is_empty() {
        "message".to_owned()
    } else {
        short
    }
}

#[cfg(test)]
mod tests;
