//! Tags: keywords that people gave a message, by the names that they know them by.
//!
//! A Gmail label rides in the keywords of [`super::Flags`] as `label:` and its name in UTF-8 with
//! every octet outside `A-Z a-z 0-9 . _ / -` percent-encoded: a keyword that any database and any
//! list can hold. Any other keyword is an atom (RFC 9051 §9, `flag-keyword`) and its own name.
//! Keywords that programs leave for each other are no tags.

use crate::lang::tr;
use std::fmt::Write as _;

/// What the keyword of a label begins with.
pub const PREFIX: &str = "label:";
/// A longer keyword is not made.
const LONGEST: usize = 64;

/// Keywords of programs that don't begin with `$`.
const NOISE: [&str; 12] = [
    "forwarded",
    "junk",
    "junkrecorded",
    "mdnsent",
    "nonjunk",
    "notjunk",
    "notphishing",
    "old",
    "receipt-handled",
    "redirected",
    "unread",
    "x-me-annot-2",
];

/// The keyword of a label.
pub fn of_label(name: &str) -> String {
    let mut out = PREFIX.to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._/-".contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A keyword's label as text; `None` if it is no label's keyword, or not one of [`of_label`]'s
/// making.
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

/// The name that people know a keyword by, not cleaned; `None` for those that are no tags.
pub fn name(keyword: &str) -> Option<String> {
    if keyword.starts_with(PREFIX) {
        return label(keyword);
    }
    let plain = keyword.to_ascii_lowercase();
    let noise = plain.starts_with('$') || NOISE.contains(&plain.as_str());
    (!noise).then(|| keyword.to_owned())
}

/// Whether a keyword is the tag of this name, however it is spelt.
pub fn is(keyword: &str, called: &str) -> bool {
    name(keyword).is_some_and(|n| n.to_lowercase() == called.to_lowercase())
}

/// The keyword for a name that somebody typed, for an account with labels or one without.
///
/// # Errors
/// In plain words: why it can't be one.
pub fn keyword(name: &str, labels: bool) -> Result<String, &'static str> {
    let name = name.trim();
    if name.is_empty() {
        return Err(tr!("a tag needs a name"));
    }
    if labels {
        let made = of_label(name);
        let fits = label(&made).is_some() && made.len() <= 4 * LONGEST;
        return fits.then_some(made).ok_or(tr!("that can't be a label"));
    }
    let atom = |b: u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b);
    if !name.bytes().all(atom) || name.len() > LONGEST {
        return Err(tr!(
            "here a tag is one word of ASCII letters, digits and signs"
        ));
    }
    if self::name(name).is_none_or(|n| n != name) {
        return Err(tr!("that word is kept for programs"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn noise_is_no_tag() {
        for (keyword, tag) in [
            ("work", Some("work")),
            ("label:Tax%202024", Some("Tax 2024")),
            ("label:%C3", None),
            ("$Forwarded", None),
            ("$label1", None),
            ("NonJunk", None),
            ("Forwarded", None),
        ] {
            assert_eq!(name(keyword).as_deref(), tag, "{keyword}");
        }
    }

    #[test]
    fn what_is_typed_becomes_a_keyword_or_is_refused() {
        assert_eq!(keyword(" work ", false).unwrap(), "work");
        assert_eq!(keyword("Tax 2024", true).unwrap(), "label:Tax%202024");
        for bad in ["", " ", "Tax 2024", "é", "a)", "$x", "label:x", "NonJunk"] {
            assert!(keyword(bad, false).is_err(), "{bad}");
        }
        assert!(keyword("\\Inbox", true).is_err() && keyword("", true).is_err());
        assert!(keyword(&"x".repeat(1000), true).is_err());
    }

    proptest! {
        #[test]
        fn a_label_comes_back(text in "[^\\\\\0]{1,40}") {
            prop_assert_eq!(label(&of_label(&text)), Some(text));
        }
    }
}
