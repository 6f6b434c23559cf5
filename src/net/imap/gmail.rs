//! Gmail's labels (X-GM-EXT-1) as keywords: `label:` and the label's name, so that the rest of the
//! program needs no second kind of flag.
//!
//! The name is UTF-8 with every octet outside `A-Z a-z 0-9 . _ / -` percent-encoded: a keyword that
//! any database and any list can hold, and never an atom that could be taken for one of a server's.
//! Labels that begin with `\` are Gmail's mailboxes again and are left out.

use crate::net::imap::name;
use std::fmt::Write as _;

/// What the keyword of a label begins with.
pub const PREFIX: &str = "label:";
/// A longer label is not kept.
const LONGEST: usize = 1024;

/// The keyword for a label from the wire; `utf8`: whether the server sends UTF-8 there.
pub fn keyword(label: &[u8], utf8: bool) -> Option<String> {
    if label.is_empty() || label.starts_with(b"\\") || label.len() > LONGEST {
        return None;
    }
    let text = match std::str::from_utf8(label) {
        Ok(text) if utf8 => text.to_owned(),
        _ => name::decode(label),
    };
    let mut out = PREFIX.to_owned();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"._/-".contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Some(out)
}

/// A keyword's label as text; `None` if it is no label's keyword, or not one of [`keyword`]'s making.
pub fn label(keyword: &str) -> Option<String> {
    let mut rest = keyword.strip_prefix(PREFIX)?.bytes();
    let mut out = Vec::new();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            byte => out.push(byte),
        }
    }
    let text = String::from_utf8(out).ok()?;
    let fits = !text.is_empty() && !text.starts_with('\\') && !text.contains('\0');
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_keywords_and_system_labels_are_not() {
        let is = |label: &[u8], utf8| keyword(label, utf8).unwrap();
        assert_eq!(is(b"Work/Tax 2024", false), "label:Work/Tax%202024");
        assert_eq!(is(b"Entw&APw-rfe", false), "label:Entw%C3%BCrfe");
        assert_eq!(is("Entwürfe".as_bytes(), true), "label:Entw%C3%BCrfe");
        assert_eq!(is(b"a&-b", false), "label:a%26b");
        assert_eq!(is(b"a&-b", true), "label:a%26-b");
        assert_eq!(keyword(b"\\Inbox", false), None);
        assert_eq!(keyword(b"", false), None);
        assert_eq!(label("label:Entw%C3%BCrfe").unwrap(), "Entwürfe");
        for bad in [
            "$Work",
            "label:",
            "label:%C3",
            "label:%0",
            "label:%+1",
            "label:%5CSent",
        ] {
            assert_eq!(label(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_label_comes_back(text in "[^\\\\\0]{1,40}") {
            prop_assert_eq!(label(&keyword(text.as_bytes(), true).unwrap()), Some(text.clone()));
            let wire = name::encode(&text);
            prop_assert_eq!(label(&keyword(&wire, false).unwrap()), Some(text));
        }
    }
}
