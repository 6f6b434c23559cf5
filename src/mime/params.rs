//! Values with parameters: media types and dispositions (RFC 2045 §5.1, RFC 2183), read leniently.
//!
//! Parameters of RFC 2231 (charset, language, pieces) are put together, in order or not; of a
//! parameter that comes plain and extended, the extended one counts. Names that were written as
//! encoded-words, in raw octets, or without the quotes that their blanks need are read as meant.

use super::{charset, field, transfer};
use std::collections::BTreeMap;

/// The longest value that is read, in octets.
const MAX_VALUE: usize = 64 << 10;
/// The most parameters, and pieces of them, that are read.
const MAX_PARAMS: usize = 200;

/// A media type or disposition with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameterised {
    /// Main type or disposition, lower case.
    pub main: String,
    /// Subtype, lower case, empty if there is none.
    pub sub: String,
    /// Parameters, names in lower case, values decoded.
    pub params: Vec<(String, String)>,
}

/// One parameter as it stands.
struct Raw {
    /// Lower case, without stars.
    name: String,
    /// Which piece it is, if it is one.
    piece: Option<u16>,
    /// Whether it is percent-encoded, the first piece with its charset.
    extended: bool,
    value: Vec<u8>,
}

impl Parameterised {
    /// Reads a Content-Type or Content-Disposition; `None` if there is nothing to read.
    pub fn read(value: &[u8]) -> Option<Parameterised> {
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        let mut pieces = pieces(value).into_iter();
        let first = pieces.next()?;
        let first = String::from_utf8_lossy(&first).into_owned();
        // `text/plain charset=utf-8`: the semicolon was forgotten.
        let first = first.trim();
        let (media, forgotten) = match first.split_once(char::is_whitespace) {
            Some((media, rest)) if !rest.trim_start().starts_with('/') => (media, rest),
            _ => (first, ""),
        };
        let (main, sub) = media.split_once('/').unwrap_or((media, ""));
        let lower = |s: &str| s.trim().to_ascii_lowercase();
        let forgotten = forgotten.split_whitespace().map(|p| p.as_bytes().to_vec());
        let raws = forgotten.chain(pieces).filter_map(|p| raw(&p));
        let found = Parameterised {
            main: lower(main),
            sub: lower(sub),
            params: together(raws.take(MAX_PARAMS).collect()),
        };
        (!found.main.is_empty()).then_some(found)
    }

    /// A parameter's value.
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_str())
    }
}

/// The value cut at its semicolons; comments and line ends are left out, quotes stay.
fn pieces(value: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![Vec::new()];
    let (mut quoted, mut escaped, mut comment) = (false, false, 0usize);
    // A quote that nobody ends is a letter.
    let mut quotes = value.iter().filter(|b| **b == b'"').count();
    for b in value.iter().copied().filter(|b| !b"\r\n\0".contains(b)) {
        let was_escaped = escaped;
        escaped = b == b'\\' && !was_escaped && quoted;
        if b == b'"' {
            quotes -= 1;
        }
        match b {
            b'"' if !was_escaped && comment == 0 && (quoted || quotes > 0) => quoted = !quoted,
            b'(' if !quoted && begins_comment(out.last()) => {
                comment += 1;
                continue;
            }
            b')' if comment > 0 => {
                comment -= 1;
                continue;
            }
            b';' if !quoted && comment == 0 => {
                out.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if comment == 0
            && let Some(last) = out.last_mut()
        {
            last.push(b);
        }
    }
    out
}

/// A bracket in a name without quotes is part of it: `filename=a(1).pdf`.
fn begins_comment(piece: Option<&Vec<u8>>) -> bool {
    piece.is_none_or(|p| !p.contains(&b'=') || p.trim_ascii_end().ends_with(b"="))
        || piece.is_some_and(|p| p.ends_with(b" ") && p.trim_ascii_end().ends_with(b"\""))
}

/// A parameter.
fn raw(piece: &[u8]) -> Option<Raw> {
    let at = memchr::memchr(b'=', piece)?;
    let (name, value) = (
        piece.get(..at)?.trim_ascii(),
        piece.get(at + 1..)?.trim_ascii(),
    );
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let (bare, extended) = match name.strip_suffix('*') {
        Some(bare) => (bare, true),
        None => (name.as_str(), false),
    };
    let (bare, number) = match bare.split_once('*') {
        Some((bare, number)) => (bare, Some(number.parse::<u16>().ok()?)),
        None => (bare, None),
    };
    (!bare.is_empty()).then(|| Raw {
        name: bare.trim().to_owned(),
        piece: number,
        extended,
        value: unquoted(value),
    })
}

/// A value without its quotes. A backslash before anything but a quote or a backslash is meant as
/// one: programs put paths there.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied().peekable();
    while let Some(b) = rest.next() {
        match b {
            b'"' => break,
            b'\\' => match rest.next_if(|next| matches!(next, b'"' | b'\\')) {
                Some(next) => out.push(next),
                None => out.push(b),
            },
            b => out.push(b),
        }
    }
    out
}

/// Puts pieces together and decodes; each name comes once, the extended one first.
fn together(raws: Vec<Raw>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut pieces: BTreeMap<String, Vec<Raw>> = BTreeMap::new();
    let mut plain: Vec<Raw> = Vec::new();
    for raw in raws {
        match (raw.piece, raw.extended) {
            (None, false) => plain.push(raw),
            _ => pieces.entry(raw.name.clone()).or_default().push(raw),
        }
    }
    for (name, mut list) in pieces {
        // The whole one, if there is one, else the pieces in their order.
        if let Some(at) = list.iter().position(|r| r.piece.is_none()) {
            list = vec![list.swap_remove(at)];
        }
        list.sort_by_key(|r| r.piece);
        list.dedup_by_key(|r| r.piece);
        out.push((name, extended(&list)));
    }
    for raw in plain {
        if !out.iter().any(|(name, _)| *name == raw.name) {
            let text = field::text(&raw.value);
            out.push((raw.name, text));
        }
    }
    out
}

/// The text of the pieces of one parameter (RFC 2231 §3, §4).
fn extended(list: &[Raw]) -> String {
    let mut label: Option<String> = None;
    let mut bytes = Vec::new();
    let mut any = false;
    for (n, raw) in list.iter().enumerate() {
        let mut value = raw.value.as_slice();
        if n == 0 && raw.extended {
            let mut parts = value.splitn(3, |b| *b == b'\'');
            if let (Some(charset), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next())
            {
                label = std::str::from_utf8(charset).ok().map(str::to_owned);
                // Some quote what follows.
                let bare = rest.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\""));
                value = bare.unwrap_or(rest);
            }
        }
        match raw.extended {
            true => bytes.extend(transfer::percent(value)),
            false => bytes.extend_from_slice(value),
        }
        any |= raw.extended;
    }
    match (any, label.filter(|l| !l.is_empty())) {
        (true, Some(label)) => charset::decode(&bytes, Some(&label)),
        // Nor are they at home here, and yet.
        (true, None) if bytes.starts_with(b"=?") => field::text(&bytes),
        (true, None) => charset::guess(&bytes),
        // Pieces of a plain value: some put encoded-words into them.
        (false, _) => field::text(&bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(value: &[u8]) -> String {
        let found = Parameterised::read(value).unwrap();
        found.param("filename").unwrap_or("-").to_owned()
    }

    #[test]
    fn media_types_are_read() {
        let read = |value: &str| Parameterised::read(value.as_bytes()).unwrap();
        let found = read(" Text/HTML; charset=\"utf-8\" (a page);\r\n\tformat=flowed;; x\r\n");
        assert_eq!((found.main.as_str(), found.sub.as_str()), ("text", "html"));
        assert_eq!(found.param("charset"), Some("utf-8"));
        assert_eq!(found.param("format"), Some("flowed"));
        assert_eq!(
            read("text/plain charset=utf-8").param("charset"),
            Some("utf-8")
        );
        assert_eq!(
            read("multipart/mixed; boundary=\"a b;c\"").param("boundary"),
            Some("a b;c")
        );
        assert_eq!(
            read("multipart/mixed; boundary=a=b").param("boundary"),
            Some("a=b")
        );
        assert_eq!(read("text").sub, "");
        assert_eq!(Parameterised::read(b" \r\n"), None);
    }

    #[test]
    fn names_of_files_in_all_their_forms() {
        for (value, want) in [
            (&b"attachment; filename=a.pdf"[..], "a.pdf"),
            (b"attachment; filename=my file (1).pdf", "my file (1).pdf"),
            (b"attachment; filename=\"a\\\"b.pdf\"", "a\"b.pdf"),
            (b"attachment; filename=\"C:\\dir\\b.pdf\"", "C:\\dir\\b.pdf"),
            (b"attachment; filename=\"open.pdf", "open.pdf"),
            (
                b"attachment; filename*=UTF-8''%E2%82%AC%20rates.txt",
                "\u{20ac} rates.txt",
            ),
            (b"attachment; filename*=iso-8859-1'en'%A3.txt", "\u{a3}.txt"),
            (b"attachment; filename*=\"UTF-8''a%20b.txt\"", "a b.txt"),
            (b"attachment; filename*=a%C3%A9.txt", "a\u{e9}.txt"),
            (b"attachment; filename*=UTF-8''\"a%20b.txt\"", "a b.txt"),
            (
                b"attachment; filename*=\"=?utf-8?Q?=C3=A9.txt?=\"",
                "\u{e9}.txt",
            ),
            (
                b"attachment; filename*1*=%A9%20b; filename*0*=utf-8''a%C3; filename*2=.txt",
                "a\u{e9} b.txt",
            ),
            (
                b"attachment; filename*0=\"long \"; filename*1=name.txt",
                "long name.txt",
            ),
            (
                b"attachment; filename=plain.txt; filename*=utf-8''other.txt",
                "other.txt",
            ),
            (
                b"attachment; filename=\"=?utf-8?Q?b=C3=A4r.txt?=\"",
                "b\u{e4}r.txt",
            ),
            (
                b"attachment; filename=\"=?utf-8?B?YmE=?=\r\n =?utf-8?B?ci50eHQ=?=\"",
                "bar.txt",
            ),
            (b"attachment; filename=\"b\xe4r.txt\"", "b\u{e4}r.txt"),
            (
                "attachment; filename=\"bär.txt\"".as_bytes(),
                "b\u{e4}r.txt",
            ),
            (b"attachment; filename*9999999=x", "-"),
        ] {
            assert_eq!(name(value), want, "{}", String::from_utf8_lossy(value));
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(value in "(text/|;|=|\"|\\\\|\\(|\\)|\\*|'|%|%C3|0|1|name|=\\?utf-8\\?Q\\?|\\?=| |\r\n |\\PC){0,60}") {
            if let Some(found) = Parameterised::read(value.as_bytes()) {
                prop_assert!(found.params.len() <= MAX_PARAMS);
            }
        }
    }
}
