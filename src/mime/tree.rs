//! The parts of a message (RFC 2046), cut leniently and within bounds.
//!
//! A multipart whose closing boundary is missing ends where it ends; one without a boundary, or
//! whose boundary never comes, is text. What is deeper than [`MAX_DEPTH`] or later than
//! [`MAX_PARTS`] is left in one piece, and the tree says so. Part numbers count from 0 in the
//! order of the message: they are what `AttachmentRow::part` holds.

use super::charset;
use super::field::{self, Field};
use super::params::Parameterised;
use super::transfer::{self, Encoding};
use std::borrow::Cow;

/// How deep multiparts are opened.
pub const MAX_DEPTH: usize = 24;
/// How many parts are told apart.
pub const MAX_PARTS: usize = 1_000;

/// One part.
#[derive(Clone, Debug, Default)]
pub struct Part<'a> {
    /// Type, subtype and parameters; `text/plain` where nothing usable is said.
    pub media: Parameterised,
    /// Content-Disposition, lower case, empty if there is none.
    pub disposition: String,
    /// The file name that it asks for, decoded; empty if there is none. Untrusted text.
    pub file_name: String,
    /// What others call it by, without brackets; empty if nothing does. Untrusted text.
    pub content_id: String,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The body as it stands.
    pub body: &'a [u8],
    /// Whether this is only the beginning of its body.
    pub begun: bool,
    /// Numbers of the parts inside; empty for everything but an opened multipart.
    pub children: Vec<u32>,
}

impl Part<'_> {
    /// Whether it is `main/sub`.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.media.main == main && self.media.sub == sub
    }

    /// Media type, e.g. `image/png`.
    pub fn media_type(&self) -> String {
        if self.media.sub.is_empty() {
            self.media.main.clone()
        } else {
            format!("{}/{}", self.media.main, self.media.sub)
        }
    }

    /// Whether it is a multipart that was opened.
    pub fn is_open(&self) -> bool {
        !self.children.is_empty()
    }

    /// The decoded body.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        transfer::decode(self.encoding, self.body)
    }

    /// The decoded body as text, lines ended by `\n`.
    pub fn text(&self) -> String {
        self.read(&self.bytes())
    }

    /// The beginning of the text, about so many octets of it, and whether that is all: what lies
    /// behind is not even decoded.
    pub fn text_within(&self, most: usize) -> (String, bool) {
        // Encoded, an octet takes up to three.
        let each = match self.encoding {
            Encoding::Identity => 1,
            Encoding::Base64 | Encoding::Uuencode => 2,
            Encoding::QuotedPrintable => 3,
        };
        let Some(body) = self.body.get(..most.saturating_mul(each)) else {
            return (self.text(), true);
        };
        let bytes = transfer::decode(self.encoding, body);
        let bytes = bytes.get(..most).unwrap_or(&bytes);
        (self.read(whole_characters(bytes)), false)
    }

    fn read(&self, bytes: &[u8]) -> String {
        let bytes = if self.begun {
            whole_characters(bytes)
        } else {
            bytes
        };
        let declared = self.media.param("charset").map(str::to_owned);
        let label = declared.or_else(|| {
            self.is("text", "html")
                .then(|| charset::declared_in_html(bytes))
                .flatten()
        });
        let text = charset::decode(bytes, label.as_deref());
        if text.contains('\r') {
            text.replace("\r\n", "\n").replace('\r', "\n")
        } else {
            text
        }
    }
}

/// Without the character that the end cuts: what is no UTF-8 any more would be taken for something
/// else.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(e) if e.error_len().is_none() => bytes.get(..e.valid_up_to()).unwrap_or(bytes),
        _ => bytes,
    }
}

/// A message as its parts.
#[derive(Clone, Debug, Default)]
pub struct Tree<'a> {
    /// The header's fields.
    pub fields: Vec<Field<'a>>,
    /// The parts; the first is the whole body.
    pub parts: Vec<Part<'a>>,
    /// Whether something was too deep or too much to be opened.
    pub cut: bool,
}

impl<'a> Tree<'a> {
    /// Takes a message apart. Never fails: anything is at least a text.
    pub fn read(raw: &'a [u8]) -> Tree<'a> {
        let (fields, at) = field::split(raw);
        let mut tree = Tree {
            fields,
            ..Tree::default()
        };
        let fields = tree.fields.clone();
        tree.add(
            &fields,
            raw.get(at..).unwrap_or_default(),
            ("text", "plain"),
            0,
        );
        tree
    }

    /// Takes the beginning of a message apart: the part that its end cuts says so, and is cut at
    /// the end of a line, unless it is hardly more than one.
    pub fn beginning(raw: &'a [u8]) -> Tree<'a> {
        let lines = memchr::memrchr(b'\n', raw).map_or(0, |n| n + 1);
        let much = lines > field::split(raw).1 && lines > raw.len() / 2;
        let raw = raw.get(..lines).filter(|_| much).unwrap_or(raw);
        let mut tree = Tree::read(raw);
        let end = raw.as_ptr_range().end;
        let last = tree.parts.last_mut();
        if let Some(part) = last.filter(|p| !p.is_open() && p.body.as_ptr_range().end == end) {
            part.begun = true;
        }
        tree
    }

    /// The part of this number.
    pub fn part(&self, id: u32) -> Option<&Part<'a>> {
        self.parts.get(usize::try_from(id).ok()?)
    }

    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        field::find(&self.fields, name)
    }

    fn add(
        &mut self,
        fields: &[Field<'a>],
        body: &'a [u8],
        default: (&str, &str),
        depth: usize,
    ) -> u32 {
        let id = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let mut part = describe(fields, body, default);
        let boundary = (part.media.main == "multipart")
            .then(|| part.media.param("boundary").map(str::to_owned))
            .flatten()
            .filter(|b| !b.is_empty());
        let pieces = match boundary {
            Some(_) if depth >= MAX_DEPTH => {
                self.cut = true;
                None
            }
            Some(b) => Some(cut(body, b.as_bytes(), MAX_PARTS)).filter(|p| !p.is_empty()),
            None => None,
        };
        let Some(pieces) = pieces else {
            if part.media.main == "multipart" && depth < MAX_DEPTH {
                // Nothing to open: all there is is text.
                part.media = Parameterised {
                    main: "text".to_owned(),
                    sub: "plain".to_owned(),
                    params: Vec::new(),
                };
            }
            self.parts.push(part);
            return id;
        };
        let inner = if part.media.sub == "digest" {
            ("message", "rfc822")
        } else {
            ("text", "plain")
        };
        self.parts.push(part);
        let mut children = Vec::new();
        for piece in pieces {
            if self.parts.len() >= MAX_PARTS {
                self.cut = true;
                break;
            }
            let (fields, at) = field::split(piece);
            children.push(self.add(
                &fields,
                piece.get(at..).unwrap_or_default(),
                inner,
                depth + 1,
            ));
        }
        if let Some(part) = self.parts.get_mut(id as usize) {
            part.children = children;
        }
        id
    }
}

/// What a part's header says of it.
fn describe<'a>(fields: &[Field<'a>], body: &'a [u8], default: (&str, &str)) -> Part<'a> {
    let find = |name: &str| field::find(fields, name);
    let declared = find("Content-Type").and_then(|f| Parameterised::read(f.value));
    let media = match declared {
        Some(m) if !m.main.is_empty() && (!m.sub.is_empty() || m.main == "multipart") => m,
        other => Parameterised {
            main: default.0.to_owned(),
            sub: default.1.to_owned(),
            params: other.map(|m| m.params).unwrap_or_default(),
        },
    };
    let disposition = find("Content-Disposition")
        .and_then(|f| Parameterised::read(f.value))
        .unwrap_or_default();
    let file_name = disposition
        .param("filename")
        .or_else(|| media.param("name"))
        .unwrap_or_default()
        .to_owned();
    Part {
        encoding: find("Content-Transfer-Encoding")
            .map(|f| Encoding::from_value(&field::unfolded(f.value)))
            .unwrap_or_default(),
        media,
        disposition: disposition.main,
        file_name,
        content_id: find("Content-ID")
            .map(|f| field::unfolded(f.value))
            .map(|id| id.trim().trim_matches(['<', '>']).to_owned())
            .unwrap_or_default(),
        body,
        begun: false,
        children: Vec::new(),
    }
}

/// The pieces between the boundaries, at most `most`. The line end before a boundary belongs to
/// the boundary (RFC 2046 §5.1.1). Empty if the boundary never comes.
fn cut<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut begin: Option<usize> = None;
    let mut at = 0;
    while at < body.len() {
        let rest = body.get(at..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
        let line = rest.get(..len).unwrap_or_default();
        if let Some(closing) = delimiter(line, boundary) {
            if let Some(from) = begin.take() {
                pieces.push(without_line_end(body.get(from..at).unwrap_or_default()));
            }
            if closing || pieces.len() > most {
                return pieces;
            }
            begin = Some(at + len);
        }
        at += len;
    }
    // No closing boundary: the last piece goes to the end.
    if let Some(from) = begin {
        pieces.push(body.get(from..).unwrap_or_default());
    }
    pieces
}

/// Whether a line is `--boundary` (`false`) or `--boundary--` (`true`).
pub(super) fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &str = "Content-Type: multipart/mixed; boundary=\"x y\"\n\npreamble\n--x y\n\none\n\n--x y  \nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n4oKs\n--x y--\nepilogue\n";

    #[test]
    fn parts_are_cut_at_their_boundary() {
        let tree = Tree::read(TWO.as_bytes());
        assert_eq!(tree.parts.len(), 3);
        assert_eq!(tree.parts[0].children, [1, 2]);
        assert_eq!(tree.parts[1].text(), "one\n");
        assert_eq!(tree.parts[2].text(), "€");
        let crlf = TWO.replace('\n', "\r\n");
        assert_eq!(Tree::read(crlf.as_bytes()).parts[1].text(), "one\n");
    }

    #[test]
    fn a_missing_end_is_forgiven() {
        let open = TWO.split("--x y--").next().unwrap();
        assert_eq!(Tree::read(open.as_bytes()).parts[2].text(), "€");
        let never = "Content-Type: multipart/mixed; boundary=z\n\nonly text\n";
        let tree = Tree::read(never.as_bytes());
        assert_eq!(tree.parts.len(), 1);
        assert_eq!(tree.parts[0].text(), "only text\n");
    }

    #[test]
    fn bombs_are_bounded() {
        let mut deep = String::new();
        for n in 0..20_000 {
            deep += &format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        }
        let tree = Tree::read(deep.as_bytes());
        assert!(tree.cut && tree.parts.len() <= MAX_DEPTH + 1);
        let wide = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\n\nx\n".repeat(200_000)
        );
        let tree = Tree::read(wide.as_bytes());
        assert!(tree.cut && tree.parts.len() <= MAX_PARTS);
    }

    proptest! {
        #[test]
        fn children_come_after_their_parent(body in "((--b|--b--|Content-Type: multipart/mixed; boundary=b|x|)\n){0,30}") {
            let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{body}");
            let tree = Tree::read(raw.as_bytes());
            for (n, part) in tree.parts.iter().enumerate() {
                prop_assert!(part.children.iter().all(|c| *c as usize > n && (*c as usize) < tree.parts.len()));
            }
        }
    }
}
