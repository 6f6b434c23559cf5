//! What can be shown of an attachment without another program: text, tables, what lies in an
//! archive, a message. What it is decide its octets first, then its type and its name.

use super::attachment::Extracted;
use super::render::{RenderOptions, Rendered, render};
use super::styled::{Line, Mark, Run};
use super::{archive, picture, table};
use crate::lang::{of_in, tr};
use crate::text::{Clean, size, width};

/// Octets of a text that are shown at most.
const MOST: usize = 2 << 20;
/// Octets looked at to tell a text from anything else.
const LOOKED_AT: usize = 4_096;

/// What there is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peek {
    /// Lines; those of a table or a listing may be wider than was asked.
    Lines(Vec<Line>),
    /// A message, laid out.
    Message(Box<Rendered>),
    /// A PDF document, whose text a program has to bring.
    Pdf,
    /// A picture, to be decoded ([`picture::decode`]).
    Picture,
    /// Nothing that can be shown here.
    Nothing,
}

/// What can be shown of an attachment in so many columns. In proportion to its size and not
/// always quick: on a thread that may be given up.
pub fn peek(file: &Extracted, width: usize) -> Peek {
    let bytes = file.bytes.as_slice();
    let ending = file.name.rsplit_once('.').map_or("", |(_, e)| e);
    let ending = ending.to_ascii_lowercase();
    let media = file.media_type.as_str();
    if bytes.is_empty() {
        return Peek::Lines(vec![note(tr!("It is empty."))]);
    }
    if bytes.starts_with(b"%PDF-") {
        return Peek::Pdf;
    }
    if picture::is_picture(bytes) {
        return Peek::Picture;
    }
    if let Some(listing) = archive::list(bytes) {
        return Peek::Lines(listed(&listing));
    }
    if let Some(inside) = archive::inflate(bytes, MOST as u64) {
        let name = file.name.strip_suffix(".gz").unwrap_or(&file.name);
        let (media_type, charset) = (super::media::type_of(name).to_owned(), None);
        // Not again what is packed in what is packed.
        if inside.starts_with(b"\x1f\x8b") {
            return Peek::Nothing;
        }
        let inner = Extracted {
            name: name.to_owned(),
            received: name.to_owned(),
            media_type,
            charset,
            bytes: inside,
        };
        return peek(&inner, width);
    }
    if matches!(media, "message/rfc822" | "message/global") || ending == "eml" {
        return Peek::Message(Box::new(rendered(bytes, width)));
    }
    let is_table = matches!(media, "text/csv" | "text/tab-separated-values");
    if is_table || matches!(ending.as_str(), "csv" | "tsv") {
        return Peek::Lines(table::lines(bytes, file.charset.as_deref()));
    }
    if media.starts_with("text/") || is_text(bytes) {
        return Peek::Lines(text(file, &ending, width));
    }
    Peek::Nothing
}

/// A text is laid out as a message of which it is the only part would be.
fn text(file: &Extracted, ending: &str, width: usize) -> Vec<Line> {
    let bytes = &file.bytes;
    let shown = bytes.get(..bytes.len().min(MOST)).unwrap_or_default();
    let media = match (file.media_type.as_str(), ending) {
        ("text/html", _) | (_, "htm" | "html" | "xhtml") => "text/html",
        (_, "patch" | "diff") | ("text/x-patch" | "text/x-diff", _) => "text/x-patch",
        _ => "text/plain",
    };
    let charset = file.charset.iter().flat_map(|c| c.chars());
    let charset: String = charset
        .filter(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c))
        .take(40)
        .collect();
    let charset = match charset.as_str() {
        "" => String::new(),
        known => format!("; charset={known}"),
    };
    let mut raw = format!("Content-Type: {media}{charset}\nContent-Transfer-Encoding: binary\n\n")
        .into_bytes();
    raw.extend_from_slice(shown);
    let mut lines = rendered(&raw, width).lines;
    if shown.len() < bytes.len() {
        let whole = size::human(bytes.len() as u64);
        lines.push(note(&tr!(
            "Only the beginning is shown; the whole file has {whole}.",
            whole
        )));
    }
    lines
}

fn rendered(raw: &[u8], width: usize) -> Rendered {
    let options = RenderOptions {
        width,
        ..RenderOptions::default()
    };
    render(raw, &options)
}

/// A message's header and text as lines.
pub fn message_lines(rendered: &Rendered) -> Vec<Line> {
    let header = |(name, value): &(Clean, Clean)| {
        let runs = vec![
            Run::new(format!("{}: ", of_in("head", name.as_str())), Mark::Dim),
            Run::new(value.as_str(), Mark::Plain),
        ];
        Line::from_runs(runs, 0)
    };
    let mut lines: Vec<Line> = rendered.headers.iter().map(header).collect();
    lines.extend(rendered.warning.iter().map(|w| note(w.as_str())));
    lines.push(Line::default());
    lines.extend(rendered.lines.iter().cloned());
    lines
}

fn listed(listing: &archive::Listing) -> Vec<Line> {
    let sizes: Vec<String> = listing
        .entries
        .iter()
        .map(|e| size::human(e.size))
        .collect();
    let columns = sizes.iter().map(|s| width::width(s)).max().unwrap_or(0);
    let entries = listing.entries.iter().zip(&sizes).map(|(entry, size)| {
        let mut runs = vec![
            Run::new(format!("{size:>columns$}  "), Mark::Dim),
            Run::new(Clean::line(&entry.name).as_str(), Mark::Plain),
        ];
        if entry.locked {
            runs.push(Run::new(tr!("  (locked with a password)"), Mark::Dim));
        }
        Line::from_runs(runs, 0)
    });
    let mut lines: Vec<Line> = entries.collect();
    if lines.is_empty() && listing.note.is_none() {
        lines.push(note(tr!("There is nothing in it.")));
    }
    lines.extend(listing.note.iter().map(|n| note(n)));
    lines
}

fn note(text: &str) -> Line {
    Line::from_runs(vec![Run::new(text, Mark::Dim)], 0)
}

/// Whether it reads like text: no octet that no text has.
fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(LOOKED_AT)).unwrap_or_default();
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let odd = |b: &&u8| matches!(**b, 0..=8 | 14..=26 | 28..=31 | 127);
    !utf16 && head.iter().filter(odd).count() == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(name: &str, media: &str, bytes: &[u8]) -> Extracted {
        Extracted {
            name: name.into(),
            received: name.into(),
            media_type: media.into(),
            charset: None,
            bytes: bytes.into(),
        }
    }

    fn lines(peeked: Peek) -> Vec<String> {
        match peeked {
            Peek::Lines(lines) => lines.iter().map(Line::text).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn octets_say_what_it_is() {
        let octets = "application/octet-stream";
        assert_eq!(
            peek(&file("a.txt", "text/plain", b"%PDF-1.7 x"), 80),
            Peek::Pdf
        );
        assert_eq!(
            peek(&file("a", octets, b"\x89PNG\r\n\x1a\n"), 80),
            Peek::Picture
        );
        assert_eq!(
            peek(&file("a.bin", octets, b"\0\x01\x02"), 80),
            Peek::Nothing
        );
        assert_eq!(
            lines(peek(&file("a.log", octets, b"one\ntwo\n"), 80)),
            ["one", "two"]
        );
        assert_eq!(
            lines(peek(&file("t.csv", octets, b"a,b\n1,2\n"), 80)),
            ["a  b", "1  2"]
        );
        assert_eq!(
            lines(peek(&file("x", "text/plain", b""), 80)),
            ["It is empty."]
        );
        let latin = Extracted {
            charset: Some("iso-8859-1\r\nX: y".into()),
            ..file("a.txt", "text/plain", b"gr\xfc\xdfe")
        };
        assert!(lines(peek(&latin, 80))[0].starts_with("gr"));
        let page = lines(peek(&file("a.html", "text/html", b"<p>Hello<br>you"), 80));
        assert_eq!(page, ["Hello", "you"]);
    }

    #[test]
    fn a_message_inside_is_a_message() {
        let raw = b"From: a@example.org\nSubject: Inner\n\nHello\n";
        let Peek::Message(inner) = peek(&file("x.eml", "message/rfc822", raw), 80) else {
            panic!("no message");
        };
        let text: Vec<_> = message_lines(&inner).iter().map(Line::text).collect();
        assert!(text.iter().any(|l| l.contains("Inner")), "{text:?}");
        assert_eq!(text.last().unwrap(), "Hello");
    }

    #[test]
    fn text_behind_gzip_is_read() {
        use std::io::Write;
        let pack = |bytes: &[u8]| {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), Default::default());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        let once = pack(b"<x>\n</x>\n");
        assert_eq!(
            lines(peek(&file("r.xml.gz", "application/gzip", &once), 80)),
            ["<x>", "</x>"]
        );
        let twice = pack(&once);
        assert_eq!(
            peek(&file("r.gz", "application/gzip", &twice), 80),
            Peek::Nothing
        );
        let zeros = pack(&vec![b'a'; 3 * MOST]);
        assert!(matches!(
            peek(&file("r.gz", "", &zeros), 80),
            Peek::Lines(_)
        ));
    }

    proptest! {
        #[test]
        fn every_line_is_clean(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            ending in "(txt|csv|eml|html|patch|zip|gz|pdf)",
        ) {
            match peek(&file(&format!("a.{ending}"), "application/octet-stream", &bytes), 40) {
                Peek::Lines(lines) => for line in lines {
                    prop_assert!(!line.text().chars().any(crate::text::clean::is_forbidden));
                },
                Peek::Message(inner) => for line in message_lines(&inner) {
                    prop_assert!(!line.text().chars().any(crate::text::clean::is_forbidden));
                },
                _ => {}
            }
        }
    }
}
