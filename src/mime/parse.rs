//! What lists, threads and search need of a message.
//!
//! [`envelope`] is made for the many: it reads a header of the fields that are fetched for every
//! message in a few microseconds. [`digest`] reads a whole message once, when its body comes.

use super::body::{self, Piece, Prefer};
use super::field::{self, Field};
use super::ical::{self, Component};
use super::tree::Tree;
use super::{flowed, html, within};
use crate::model::view::AttachmentRow;
use crate::model::{Address, Envelope};

/// The most text that is given to the search index, in octets.
const MAX_TEXT: usize = 256 << 10;
/// The longest name of a field that is read here: `authentication-results`.
const LONGEST_NAME: usize = 22;
/// Octets of what a server says of a sender.
const MAX_AUTH_RESULTS: usize = 4_000;
/// Characters of a snippet.
const SNIPPET: usize = 200;
/// Attached files of a message, and of the messages inside, that are read: each may hold much more
/// than it has octets.
const MOST_FILES: usize = 60;
/// Messages inside messages that are looked into.
const MAX_INSIDE: usize = 3;

/// What is kept of a message when its body comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Header fields.
    pub envelope: Envelope,
    /// Attachments, and texts with a file name.
    pub attachments: Vec<AttachmentRow>,
    /// Plain text for the search index, at most 256 KiB: of the message, and of attached files behind
    /// it ([`within`]). Untrusted text.
    pub text: String,
    /// The beginning of the sender's own words in one line. Untrusted text.
    pub snippet: String,
}

/// What is found of a link whose words don't show where it leads (`has:link`).
const LINKED: &str = "https";

/// Reads header fields; what follows an empty line is not looked at. A field that comes more than
/// once counts once (the first), but every From is kept: a reader has to be warned of two.
pub fn envelope(header: &[u8]) -> Envelope {
    of_fields(&field::split(header).0)
}

/// Reads the fields of a header that was taken apart already.
pub fn of_fields(fields: &[Field<'_>]) -> Envelope {
    let mut e = Envelope::default();
    let mut subject: Option<String> = None;
    let once = |list: &mut Vec<Address>, value: &[u8]| {
        if list.is_empty() {
            *list = field::addresses(value);
        }
    };
    for f in fields {
        let mut name = [0; LONGEST_NAME];
        let Some(name) = name.get_mut(..f.name.len()) else {
            continue;
        };
        name.copy_from_slice(f.name.as_bytes());
        name.make_ascii_lowercase();
        match std::str::from_utf8(name).unwrap_or_default() {
            "message-id" if e.message_id.is_none() => {
                e.message_id = field::message_ids(f.value, 1).pop();
            }
            "in-reply-to" if e.in_reply_to.is_empty() => {
                e.in_reply_to = field::message_ids(f.value, 20);
            }
            "references" if e.references.is_empty() => {
                e.references = field::message_ids(f.value, 100);
            }
            "date" if e.date.is_none() => e.date = field::date(f.value),
            "from" => {
                for address in field::addresses(f.value) {
                    if e.from.len() < field::MAX_ADDRESSES && !e.from.contains(&address) {
                        e.from.push(address);
                    }
                }
            }
            "sender" if e.sender.is_none() => {
                e.sender = field::addresses(f.value).into_iter().next();
            }
            "reply-to" => once(&mut e.reply_to, f.value),
            "to" => once(&mut e.to, f.value),
            "cc" => once(&mut e.cc, f.value),
            "subject" if subject.is_none() => subject = Some(field::text(f.value)),
            "list-id" if e.list_id.is_none() => e.list_id = list_id(f.value),
            "content-type" => e.maybe_attachments = may_hold_attachments(f.value),
            "authentication-results" if e.auth_results.is_none() => {
                let mut text = field::unfolded(f.value);
                text.truncate(text.floor_char_boundary(MAX_AUTH_RESULTS));
                e.auth_results = Some(text);
            }
            _ => {}
        }
    }
    e.subject = subject.unwrap_or_default();
    e
}

/// The identifier of RFC 2919: what stands in the last brackets.
fn list_id(value: &[u8]) -> Option<String> {
    let text = field::unfolded(value);
    let id = match text.rsplit_once('<') {
        Some((_, id)) => id.split_once('>').map_or(id, |(id, _)| id),
        None => &text,
    };
    let id: String = id
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(255)
        .collect();
    (!id.is_empty()).then_some(id)
}

fn may_hold_attachments(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value.get(..value.len().min(200)).unwrap_or(value));
    let media = text.trim().to_ascii_lowercase();
    let main = media.split(['/', ';', ' ']).next().unwrap_or_default();
    media.starts_with("multipart/mixed")
        || matches!(main, "image" | "audio" | "video" | "application")
}

/// Reads a whole message.
pub fn digest(raw: &[u8]) -> Digest {
    let tree = Tree::read(raw);
    let mut text = String::new();
    let mut snippet = String::new();
    let mut files = MOST_FILES;
    gather(&tree, 0, &mut text, &mut snippet, &mut files);
    Digest {
        envelope: of_fields(&tree.fields),
        attachments: body::attachments(&tree),
        text,
        snippet: snippet.trim().to_owned(),
    }
}

/// `files`: how many attached files may still be read.
fn gather(
    tree: &Tree<'_>,
    inside: usize,
    text: &mut String,
    snippet: &mut String,
    files: &mut usize,
) {
    let pieces = body::choose(tree, Prefer::Best).pieces;
    for piece in pieces.iter().copied() {
        let room = MAX_TEXT.saturating_sub(text.len());
        if room == 0 {
            return;
        }
        match piece {
            Piece::Html(id) => {
                let Some(part) = tree.part(id) else { continue };
                let page = body::page(part);
                let plain = html::strip(&page, room);
                begin(snippet, plain.lines());
                add(text, &plain, room);
                if leads_out(&page) {
                    add(text, LINKED, MAX_TEXT.saturating_sub(text.len()));
                }
            }
            Piece::Calendar(id) | Piece::Card(id) => {
                let Some(part) = tree.part(id) else { continue };
                let plain = told(&ical::of_part(part), room);
                if snippet.is_empty() && matches!(piece, Piece::Calendar(_)) {
                    begin(snippet, plain.lines().take(1));
                }
                add(text, &plain, room);
            }
            Piece::Plain(id) | Piece::Report(id) => {
                let Some(part) = tree.part(id) else { continue };
                let (is_flowed, del_sp) = flow(part);
                let (plain, _) = body::words_within(part, room);
                let plain = cut(&plain, room);
                let paragraphs = flowed::read(plain, is_flowed, del_sp);
                if matches!(piece, Piece::Plain(_)) {
                    let own = paragraphs.iter().filter(|p| p.quote == 0 && !p.signature);
                    begin(snippet, own.map(|p| p.text.as_str()));
                }
                for p in &paragraphs {
                    add(text, &p.text, MAX_TEXT.saturating_sub(text.len()));
                }
            }
            Piece::Message(id) if inside < MAX_INSIDE => {
                let Some(part) = tree.part(id) else { continue };
                let bytes = part.bytes();
                gather(&Tree::read(&bytes), inside + 1, text, snippet, files);
            }
            Piece::Message(_) | Piece::Picture(_) | Piece::Note(..) => {}
        }
    }
    let room = MAX_TEXT.saturating_sub(text.len());
    for file in within::texts(tree, &pieces, room, files) {
        add(text, &file, MAX_TEXT.saturating_sub(text.len()));
    }
    attached_messages(tree, inside, &pieces, text, files);
}

/// The words of messages that are attached and not shown: what came back with a report, what was
/// forwarded whole.
fn attached_messages(
    tree: &Tree<'_>,
    inside: usize,
    shown: &[Piece],
    text: &mut String,
    files: &mut usize,
) {
    for (id, part) in (0u32..).zip(&tree.parts) {
        let is_message = part.is("message", "rfc822") || part.is("message", "global");
        if !is_message || inside >= MAX_INSIDE || shown.contains(&Piece::Message(id)) {
            continue;
        }
        let bytes = part.bytes();
        let mut full = "-".repeat(SNIPPET);
        gather(&Tree::read(&bytes), inside + 1, text, &mut full, files);
    }
}

/// Whether a page has a link into the web.
fn leads_out(page: &str) -> bool {
    let leads = |(at, name): (usize, &str)| {
        let value = page.get(at + name.len()..).unwrap_or_default();
        let value = value.trim_start_matches(['"', '\'', ' ']);
        let scheme = value.get(..4);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
    };
    ["href=", "HREF="]
        .iter()
        .any(|name| page.match_indices(name).any(leads))
}

/// The words of a calendar or a card, a line each; what is first is what it is about.
fn told(file: &Component, room: usize) -> String {
    const WORDS: [&str; 8] = [
        "SUMMARY",
        "FN",
        "LOCATION",
        "DESCRIPTION",
        "ORG",
        "TITLE",
        "EMAIL",
        "NOTE",
    ];
    const PEOPLE: [&str; 2] = ["ORGANIZER", "ATTENDEE"];
    let mut out = String::new();
    let mut open = vec![file];
    while let Some(c) = open.pop() {
        let named = WORDS.iter().flat_map(|name| c.all(name));
        for text in named.map(ical::Property::text) {
            let left = room.saturating_sub(out.len());
            add(&mut out, &text.replace('\n', " "), left);
        }
        for p in PEOPLE.iter().flat_map(|name| c.all(name)) {
            let name = p.param("CN").unwrap_or_default();
            let person = format!("{name} {}", p.value);
            let left = room.saturating_sub(out.len());
            add(&mut out, person.trim(), left);
        }
        open.extend(c.inside.iter().rev().filter(|c| c.name != "VALARM"));
    }
    out
}

/// Whether a text part is `format=flowed`, and whether with DelSp (RFC 3676 §4).
pub fn flow(part: &super::tree::Part<'_>) -> (bool, bool) {
    let is = |name: &str, value: &str| {
        part.media
            .param(name)
            .is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
    };
    (is("format", "flowed"), is("delsp", "yes"))
}

fn cut(text: &str, most: usize) -> &str {
    text.split_at(text.floor_char_boundary(most)).0
}

fn add(text: &mut String, more: &str, room: usize) {
    let more = cut(more, room.saturating_sub(1));
    if !more.is_empty() {
        text.push_str(more);
        text.push('\n');
    }
}

/// What the line above a quotation says in some languages.
const WROTE: [&str; 16] = [
    "wrote",
    "schrieb",
    "écrit",
    "escribió",
    "ha scritto",
    "escreveu",
    "schreef",
    "skrev",
    "napisał",
    "kirjoitti",
    "написал",
    "пишет",
    "写道",
    "寫道",
    "のメール",
    "작성",
];

/// Adds lines to the snippet until it is long enough; the line above a quotation is left out.
fn begin<'a>(snippet: &mut String, lines: impl Iterator<Item = &'a str>) {
    let mut count = snippet.chars().count();
    for line in lines {
        if count >= SNIPPET {
            return;
        }
        let line = line.trim();
        if line.ends_with([':', '：']) && WROTE.iter().any(|w| line.contains(w)) {
            continue;
        }
        for word in line.split_whitespace() {
            // Rules, and the edges of tables.
            if word.chars().all(|c| "-_=*~#|│┃─".contains(c)) {
                continue;
            }
            let word: String = word.chars().take(SNIPPET).collect();
            count += word.chars().count() + 1;
            if count > SNIPPET {
                return;
            }
            snippet.push_str(&word);
            snippet.push(' ');
        }
    }
}

/// Who got a blind copy of a message of ours.
pub fn blind(raw: &[u8]) -> Vec<Address> {
    let (fields, _) = field::split(raw);
    let found = fields.iter().filter(|f| f.is("Bcc"));
    found.flat_map(|f| field::all_addresses(f.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "Date: Mon, 3 Mar 2025 14:05:00 +0100\r\nFrom: \"Ada W.\" <ada@x.example>\r\nTo: b@y.example,\r\n c@z.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= an alle\r\nMessage-ID: <1@x.example>\r\nReferences: <0@x.example>\r\nList-Id: The list <l.x.example>\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n";

    #[test]
    fn a_snippet_has_no_edges_of_tables() {
        let cells = "Statement | | | | Beginning | 12.50 |\n|---|---|\n";
        let raw = format!("Subject: x\n\n{cells}");
        assert_eq!(digest(raw.as_bytes()).snippet, "Statement Beginning 12.50");
    }

    #[test]
    fn a_link_is_found_whatever_its_words() {
        let page = |link: &str| format!("Content-Type: text/html\n\n<p>Look {link} here.</p>");
        for link in [
            "<a href=\"https://x.example\">",
            "<A HREF='Http://x.example'>",
            "<a href=http:x>",
        ] {
            let text = digest(page(link).as_bytes()).text;
            assert!(text.contains("https"), "{link}: {text}");
        }
        for none in ["", "<a href=\"#top\">", "<a href=mailto:a@x.example>"] {
            assert!(
                !digest(page(none).as_bytes()).text.contains("http"),
                "{none}"
            );
        }
    }

    #[test]
    fn an_envelope_is_read() {
        let e = envelope(HEADER.as_bytes());
        assert_eq!(e.subject, "Grüße an alle");
        assert_eq!(e.from, [Address::new("Ada W.", "ada@x.example")]);
        assert_eq!(e.to.len(), 2);
        assert_eq!(e.date, Some(1_741_007_100));
        assert_eq!(e.message_id.unwrap().as_str(), "1@x.example");
        assert_eq!(e.list_id.as_deref(), Some("l.x.example"));
        assert!(e.maybe_attachments);
        assert_eq!(envelope(b""), Envelope::default());
    }

    #[test]
    fn every_from_is_kept_and_the_first_of_others_counts() {
        let e = envelope(b"From: a@x.example\nFrom: b@y.example\nSubject: 1\nSubject: 2\n\n");
        assert_eq!(e.from.len(), 2);
        assert_eq!(e.subject, "1");
    }

    #[test]
    fn messages_inside_have_no_files_without_end() {
        let inner = |n: usize| {
            format!(
                "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nhello{n}\n--c\nContent-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\nfile{n}\n--c--\n"
            )
        };
        let all: String = (0..MOST_FILES + 5).map(inner).collect();
        let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{all}--b--\n");
        let text = digest(raw.as_bytes()).text;
        assert_eq!(text.matches("file").count(), MOST_FILES);
        assert_eq!(text.matches("hello").count(), MOST_FILES + 5);
    }

    #[test]
    fn a_digest_has_text_and_a_snippet_of_own_words() {
        let d = digest(b"Subject: s\n\nOn Monday Bob wrote:\n> quoted\n\nMy   answer.\n-- \nsig\n");
        assert_eq!(d.snippet, "My answer.");
        let german = digest("Subject: s\nContent-Type: text/plain; charset=utf-8\n\nAm 3.3. schrieb Bob:\n> quoted\n\nMeine Antwort.\n".as_bytes());
        assert_eq!(german.snippet, "Meine Antwort.");
        assert!(d.text.contains("quoted") && d.text.contains("sig"));
        let d = digest(b"Content-Type: text/html\n\n<div style='display:none'>pre</div><p>Hello");
        assert_eq!((d.snippet.as_str(), d.text.trim()), ("Hello", "Hello"));
    }

    #[test]
    fn text_is_bounded() {
        let raw = format!("Subject: x\n\n{}", "wörd ".repeat(200_000));
        let d = digest(raw.as_bytes());
        assert!(d.text.len() <= MAX_TEXT && d.snippet.chars().count() <= SNIPPET);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), head in "(From|To|Date|Subject|Content-Type): (\\PC|\r\n |<|>){0,40}\n") {
            let mut raw = head.into_bytes();
            raw.extend_from_slice(&bytes);
            envelope(&raw);
            digest(&raw);
            digest(&bytes);
        }
    }
}
