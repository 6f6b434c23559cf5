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
    walk(tree, 0, prefer, &mut chosen);
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

fn walk(tree: &Tree<'_>, id: u32, prefer: Prefer, chosen: &mut Chosen) {
    let Some(part) = tree.part(id) else { return };
    if !part.is_open() {
        chosen.pieces.extend(piece(part, id));
        return;
    }
    match part.media.sub.as_str() {
        "alternative" => alternative(tree, part, prefer, chosen),
        "related" => {
            // The root is the first part, or else the first that has something to show.
            let before = chosen.pieces.len();
            for child in &part.children {
                walk(tree, *child, prefer, chosen);
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
                walk(tree, *first, prefer, chosen);
            }
            chosen.pieces.push(Piece::Note(Note::Signed, id));
            content.for_each(|id| walk(tree, *id, prefer, chosen));
        }
        "report" => {
            let before = chosen.pieces.len();
            for child in &part.children {
                walk(tree, *child, prefer, chosen);
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
                    false => walk(tree, *child, prefer, chosen),
                }
            }
        }
    }
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
            walk(tree, *child, prefer, &mut form);
            form
        })
        .filter(|form| !form.pieces.is_empty())
        .collect();
    let has = |form: &&Chosen, want: fn(&Piece) -> bool| form.pieces.iter().any(want);
    let plain = forms
        .iter()
        .find(|f| has(f, |p| matches!(p, Piece::Plain(_))));
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
    for (n, part) in tree.parts.iter().enumerate() {
        let id = u32::try_from(n).unwrap_or(u32::MAX);
        if is_signature(part) && beside.contains(&id) {
            continue;
        }
        let shown = piece(part, id);
        let named = !part.file_name.is_empty();
        let is_row = match shown {
            Some(Piece::Calendar(_) | Piece::Card(_) | Piece::Message(_) | Piece::Note(..)) => true,
            Some(_) => named || part.disposition == "attachment",
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

/// The parts that the text means to be seen in its place: they say so, or they stand beside it in
/// a multipart/related (RFC 2183 §2.1, RFC 2387).
pub fn inline(tree: &Tree<'_>) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::new();
    for (n, part) in tree.parts.iter().enumerate() {
        if part.disposition == "inline" {
            out.extend(u32::try_from(n));
        }
        if part.is("multipart", "related") {
            let beside = part.children.iter().skip(1).copied();
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
mod tests {
    use super::*;

    fn message(html: &str, plain: &str) -> String {
        format!(
            "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n\
             --a\n\n{plain}\n--a\nContent-Type: text/html\n\n{html}\n--a--\n\
             --m\nContent-Type: image/png; name=x.png\n\nxx\n--m\nContent-Disposition: attachment\n\nlog\n--m--\n"
        )
    }

    #[test]
    fn one_form_is_shown_and_the_rest_is_attached() {
        let raw = message("<p>Hi there, all of you", "Hi there, all of you");
        let tree = Tree::read(raw.as_bytes());
        let best = choose(&tree, Prefer::Best);
        assert_eq!(best.pieces, [Piece::Plain(2)]);
        assert!(best.alternatives);
        assert_eq!(choose(&tree, Prefer::Html).pieces, [Piece::Html(3)]);
        let rows = attachments(&tree);
        let names: Vec<_> = rows
            .iter()
            .map(|a| (a.part, a.name.as_str(), a.size))
            .collect();
        assert_eq!(names, [(4, "x.png", 2), (5, "", 3)]);
    }

    #[test]
    fn what_belongs_into_the_text_is_known() {
        let raw = "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/related; boundary=r\n\n\
             --r\nContent-Type: text/html\n\n<img src=cid:a>\n--r\nContent-Type: image/png\nContent-ID: <a>\n\nx\n\
             --r\nContent-Type: image/png\nContent-Disposition: attachment\n\nx\n--r--\n\
             --m\nContent-Type: image/gif\nContent-Disposition: inline\n\nx\n--m\nContent-Type: image/gif\n\nx\n--m--\n";
        assert_eq!(inline(&Tree::read(raw.as_bytes())), [3, 5]);
    }

    #[test]
    fn a_signature_is_no_file_and_hides_nothing() {
        let sign = "--s\nContent-Type: application/pgp-signature; name=signature.asc\n\nxx\n";
        let text = |t: &str| format!("--s\n\n{t}\n");
        let (one, two) = (text("Signed."), text("A list's footer."));
        for (parts, pieces) in [
            (format!("{one}{sign}"), vec![1]),
            (format!("{sign}{one}"), vec![2]),
            (format!("{one}{sign}{two}"), vec![1, 3]),
        ] {
            let raw = format!("Content-Type: multipart/signed; boundary=s\n\n{parts}--s--\n");
            let tree = Tree::read(raw.as_bytes());
            let mut want: Vec<Piece> = pieces.into_iter().map(Piece::Plain).collect();
            want.insert(1, Piece::Note(Note::Signed, 0));
            assert_eq!(choose(&tree, Prefer::Best).pieces, want, "{parts}");
            assert_eq!(attachments(&tree), []);
        }
        let alone = "Content-Type: application/pgp-signature; name=a.asc\n\nx\n";
        assert_eq!(attachments(&Tree::read(alone.as_bytes())).len(), 1);
    }

    #[test]
    fn a_stand_in_gives_way() {
        let raw = message(
            &"<p>long</p>".repeat(500),
            "Please view this email as HTML.",
        );
        assert_eq!(
            choose(&Tree::read(raw.as_bytes()), Prefer::Best).pieces,
            [Piece::Html(3)]
        );
        for page in [
            "\n\n",
            "<!-- en_us --><span></span><html><body><p>x</body></html>",
        ] {
            let raw = message("<p>x", page);
            let tree = Tree::read(raw.as_bytes());
            assert_eq!(choose(&tree, Prefer::Best).pieces, [Piece::Html(3)]);
        }
    }

    #[test]
    fn what_was_encrypted_is_known_where_a_server_took_it_apart() {
        let raw = "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\n\n\
             --m\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
             --m\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n--m--\n";
        let tree = Tree::read(raw.as_bytes());
        let pieces = choose(&tree, Prefer::Best).pieces;
        assert_eq!(pieces, [Piece::Plain(1), Piece::Note(Note::Encrypted, 2)]);
        assert_eq!(attachments(&tree).len(), 2);
    }

    #[test]
    fn a_message_alone_is_shown() {
        let raw = "Content-Type: message/rfc822\n\nSubject: inner\n\ntext\n";
        let tree = Tree::read(raw.as_bytes());
        assert_eq!(choose(&tree, Prefer::Best).pieces, [Piece::Message(0)]);
        assert_eq!(attachments(&tree)[0].name, "inner.eml");
    }
}
