//! The words of attached files, for the search: texts of every kind, tables, pages, and office
//! documents that are zip archives of XML (ECMA-376, ISO/IEC 26300).
//!
//! A PDF is not read here: its letters can't be had without its fonts. It is handed to a program that
//! can, where there is one ([`papers`]). What is read of a file is bounded
//! before and after it is unpacked, and a file that is no text costs a look at its beginning.

use super::body::{self, Piece};
use super::media;
use super::tree::{Part, Tree};
use super::{charset, html};
use crate::model::view::AttachmentRow;
use std::io::Read;
use zip::ZipArchive;
use zip::read::Config;

/// Octets of one text that are read, decoded.
const MOST: usize = 128 << 10;
/// Octets, decoded, of a packed document that is looked into.
const MOST_PACKED: usize = 4 << 20;
/// Octets that are unpacked of one.
const MOST_UNPACKED: u64 = 512 << 10;
/// Entries that a packed document may have: more than these has something else in mind.
const MOST_ENTRIES: usize = 2_000;
/// Octets looked at to tell a text from anything else.
const LOOKED_AT: usize = 1_024;
/// Files of one message that are read.
const FILES: usize = 20;
/// PDF documents of one message that are read, and octets of each.
const PAPERS: usize = 5;
const MOST_OF_A_PAPER: u64 = 16 << 20;

/// The texts of files that are not shown with the message, one after the other, at most `room`
/// octets, of no more than `most` files: those that were looked into are taken off. Untrusted text.
pub fn texts(tree: &Tree<'_>, shown: &[Piece], room: usize, most: &mut usize) -> Vec<String> {
    let is_shown = |id: u32| {
        shown.iter().any(|piece| match piece {
            Piece::Plain(n) | Piece::Html(n) | Piece::Calendar(n) | Piece::Card(n) => *n == id,
            Piece::Report(n) | Piece::Message(n) => *n == id,
            Piece::Picture(_) | Piece::Note(..) => false,
        })
    };
    let rows = body::attachments(tree);
    let files = rows.iter().filter(|row| !is_shown(row.part));
    let mut left = room;
    let mut out = Vec::new();
    for row in files.take(FILES.min(*most)) {
        *most -= 1;
        let Some(part) = tree.part(row.part) else {
            continue;
        };
        let text = read(part, &row.name, left.min(MOST));
        left = left.saturating_sub(text.len());
        if !text.is_empty() {
            out.push(text);
        }
    }
    out
}

/// Whether any of these attachments is a PDF document, as far as they are called.
pub fn has_papers(rows: &[AttachmentRow]) -> bool {
    rows.iter().any(is_paper)
}

/// A message's PDF documents, for a program that reads them.
pub fn papers(raw: &[u8]) -> Vec<Vec<u8>> {
    let tree = Tree::read(raw);
    let rows = body::attachments(&tree);
    let parts = rows.iter().filter(|row| is_paper(row)).take(PAPERS);
    let parts = parts.filter_map(|row| tree.part(row.part));
    let bytes = parts.map(|part| part.bytes().into_owned());
    bytes.filter(|bytes| bytes.starts_with(b"%PDF")).collect()
}

fn is_paper(row: &AttachmentRow) -> bool {
    let is = row.media_type == "application/pdf" || media::type_of(&row.name) == "application/pdf";
    is && row.size <= MOST_OF_A_PAPER
}

fn read(part: &Part<'_>, name: &str, most: usize) -> String {
    let declared = part.media_type();
    let kind = match declared.as_str() {
        "" | "application/octet-stream" => media::type_of(name),
        known => known,
    };
    let text = match kind {
        "text/html"
        | "application/xhtml+xml"
        | "image/svg+xml"
        | "application/xml"
        | "text/xml" => html::strip(&part.text_within(most).0, most),
        "application/json"
        | "application/rtf"
        | "application/x-yaml"
        | "application/sql"
        | "application/x-sh"
        | "application/javascript" => body::words_within(part, most).0,
        kind if kind.starts_with("text/") => body::words_within(part, most).0,
        kind if is_office(kind) => office(part, most),
        _ => String::new(),
    };
    // Some call anything a text.
    if !is_text(&text) {
        return String::new();
    }
    let (text, _) = text.split_at(text.floor_char_boundary(most));
    text.to_owned()
}

fn is_text(text: &str) -> bool {
    let (head, _) = text.split_at(text.floor_char_boundary(LOOKED_AT));
    let odd = |c: &char| c.is_control() && !c.is_whitespace() || *c == char::REPLACEMENT_CHARACTER;
    head.chars().filter(odd).count() * 20 <= head.chars().count()
}

fn is_office(kind: &str) -> bool {
    kind.starts_with("application/vnd.openxmlformats-officedocument.")
        || kind.starts_with("application/vnd.oasis.opendocument.")
        || kind == "application/epub+zip"
}

/// The words of a packed document.
fn office(part: &Part<'_>, most: usize) -> String {
    if part.body.len() > MOST_PACKED * 4 / 3 {
        return String::new();
    }
    let bytes = part.bytes();
    let config = Config::default();
    let Ok(mut archive) = ZipArchive::with_config(config, std::io::Cursor::new(bytes.as_ref()))
    else {
        return String::new();
    };
    // Entries over each other would have the same octets unpacked again and again; without that, all
    // that is read is no longer than the file.
    if archive.len() > MOST_ENTRIES || archive.has_overlapping_files().unwrap_or(true) {
        return String::new();
    }
    let mut out = String::new();
    let mut left = MOST_UNPACKED;
    let mut packed = bytes.len() as u64;
    for n in 0..archive.len() {
        if left == 0 || out.len() >= most {
            break;
        }
        let Ok(file) = archive.by_index(n) else {
            continue;
        };
        if !file.name().is_ok_and(|name| holds_words(&name)) {
            continue;
        }
        let Some(rest) = packed.checked_sub(file.compressed_size()) else {
            break;
        };
        packed = rest;
        let mut xml = Vec::new();
        // What is damaged ends there.
        let _ = file.take(left).read_to_end(&mut xml);
        left = left.saturating_sub(xml.len() as u64);
        let xml = charset::decode(&xml, Some("utf-8"));
        let text = html::strip(&parted(&xml), most.saturating_sub(out.len()));
        out.push_str(&text);
        out.push('\n');
    }
    out
}

/// The files of a document that its text stands in.
fn holds_words(name: &str) -> bool {
    let is_xml = [".xml", ".xhtml", ".html"]
        .iter()
        .any(|end| name.ends_with(end));
    let place = [
        "word/document",
        "word/footnotes",
        "word/header",
        "ppt/slides/slide",
        "ppt/notesSlides/",
        "xl/sharedStrings",
        "content.xml",
        "OEBPS/",
        "EPUB/",
    ];
    is_xml && place.iter().any(|place| name.starts_with(place))
}

/// Paragraphs, cells and lines of these formats as such of HTML.
fn parted(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((before, after)) = rest.split_once("</") {
        out.push_str(before);
        let ends = [
            "w:p>",
            "a:p>",
            "si>",
            "text:p>",
            "text:h>",
            "w:tc>",
            "table:table-cell>",
        ];
        out.push_str(match ends.iter().any(|end| after.starts_with(end)) {
            true => "<br></",
            false => "</",
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::body::{Prefer, choose};
    use proptest::prelude::*;
    use std::io::Write;
    use zip::CompressionMethod;

    fn of(head: &str, content: &str) -> Vec<String> {
        let raw = format!(
            "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nshown\n--m\n{head}\n\n{content}\n--m--\n"
        );
        let tree = Tree::read(raw.as_bytes());
        let pieces = choose(&tree, Prefer::Best).pieces;
        texts(&tree, &pieces, 1 << 20, &mut 100)
    }

    fn zipped(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn encoded(bytes: &[u8]) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    /// As office programs write it.
    fn packed(files: &[(&str, &[u8])]) -> String {
        encoded(&zipped(CompressionMethod::Deflated, files))
    }

    #[test]
    fn texts_tables_and_pages_are_read() {
        let file = |kind: &str| {
            format!("Content-Type: {kind}\nContent-Disposition: attachment; filename=\"a.csv\"")
        };
        for (kind, content, word) in [
            ("text/plain", "a planted word", "planted"),
            ("text/csv", "name;planted;3", "planted"),
            ("application/octet-stream", "name,planted", "planted"),
            (
                "text/html",
                "<p>plan<b>ted</b></p><script>x</script>",
                "planted",
            ),
            ("application/json", "{\"a\": \"planted\"}", "planted"),
        ] {
            let found = of(&file(kind), content);
            assert!(found.concat().contains(word), "{kind}: {found:?}");
        }
        for (kind, content) in [
            ("image/png", "planted"),
            ("application/pdf", "planted"),
            ("text/plain", "\u{1}\u{2}\u{3}planted\u{0}"),
        ] {
            assert!(of(&file(kind), content).is_empty(), "{kind}");
        }
        assert!(of("Content-Type: text/plain", "shown anyway").is_empty());
    }

    #[test]
    fn documents_are_looked_into() {
        let kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        let head = format!(
            "Content-Type: {kind}\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment"
        );
        let xml = "<w:document><w:p><w:r><w:t>plan</w:t></w:r><w:r><w:t>ted</w:t></w:r></w:p><w:p>next</w:p></w:document>";
        let document = packed(&[("word/document.xml", xml.as_bytes()), ("x.xml", b"other")]);
        assert_eq!(of(&head, &document), ["planted\nnext\n"]);
        let stored = zipped(
            CompressionMethod::Stored,
            &[("word/document.xml", xml.as_bytes())],
        );
        assert_eq!(of(&head, &encoded(&stored)), ["planted\nnext\n"]);
        // A bomb: what is unpacked is bounded.
        let bomb = packed(&[("word/document.xml", &vec![b'a'; 30 << 20])]);
        assert!(of(&head, &bomb).concat().len() as u64 <= MOST_UNPACKED);
        assert!(of(&head, "UEsDBBQAAAAIAAAAIQ==").is_empty());
    }

    #[test]
    fn entries_over_each_other_are_not_unpacked() {
        let names = ["word/document1.xml", "word/document2.xml"];
        let good = zipped(
            CompressionMethod::Deflated,
            &names.map(|n| (n, &b"planted"[..])),
        );
        let head = "Content-Type: application/vnd.oasis.opendocument.text\nContent-Transfer-Encoding: base64";
        assert!(
            of(head, &encoded(&good))
                .concat()
                .contains("planted\nplanted")
        );
        // The second of the central directory points at the first one's octets.
        let second = memchr::memmem::rfind(&good, b"PK\x01\x02").unwrap();
        let mut over = good.clone();
        over[second + 42..second + 46].fill(0);
        assert_ne!(over, good);
        assert!(of(head, &encoded(&over)).is_empty());
        // An entry that says to be longer than the file.
        let mut long = good;
        long[second + 20..second + 24].copy_from_slice(&9_000_000u32.to_le_bytes());
        assert!(
            !of(head, &encoded(&long))
                .concat()
                .contains("planted\nplanted")
        );
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(cut in any::<prop::sample::Index>(), byte in any::<u8>(), room in 0usize..200) {
            let kind = "application/vnd.oasis.opendocument.text";
            let head = format!("Content-Type: {kind}\nContent-Transfer-Encoding: base64");
            let mut document = packed(&[("content.xml", b"<text:p>one</text:p>")]).into_bytes();
            let at = cut.index(document.len());
            document[at] = byte;
            let mut raw = format!("{head}\n\n").into_bytes();
            raw.extend(document);
            let tree = Tree::read(&raw);
            let found = texts(&tree, &[], room, &mut 100);
            prop_assert!(found.concat().len() <= room);
        }
    }
}
