//! Tags: keywords that people gave a message, by the names that they know them by.
//!
//! A Gmail label rides in the keywords of [`super::Flags`] as `label:` and its name in UTF-8 with
//! every octet outside `A-Z a-z 0-9 . _ / -` percent-encoded: a keyword that any database and any
//! list can hold. Any other keyword is an atom (RFC 9051 §9, `flag-keyword`) and its own name, but for
//! Thunderbird's five and for what the user called otherwise ([`naming`]). Keywords that programs leave
//! for each other are no tags.

use crate::lang::tr;
use crate::model::{is_keyword, naming};
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

/// What a keyword is called before anybody calls it otherwise: `$label1` itself for one of the five.
fn own(keyword: &str) -> Option<String> {
    if keyword.starts_with(PREFIX) {
        return label(keyword);
    }
    if let Some(known) = naming::five(keyword) {
        return Some(known.to_owned());
    }
    let plain = keyword.to_ascii_lowercase();
    let noise = plain.starts_with('$') || NOISE.contains(&plain.as_str());
    // What programs leave for each other is a tag where the user named it.
    (!noise || naming::of_id(&plain).is_some()).then(|| keyword.to_owned())
}

/// Whether a keyword is kept for programs, so that nobody can call it anything: what RFC 9051 §2.3.2
/// and IANA's registry list, ours, and those of programs.
pub fn is_kept(keyword: &str) -> bool {
    const REGISTERED: [&str; 12] = [
        "$autojunk",
        "$canunsubscribe",
        "$forwarded",
        "$hasattachment",
        "$hasnoattachment",
        "$junk",
        "$mdnsent",
        "$muted",
        "$notjunk",
        "$phishing",
        "$submitpending",
        "$submitted",
    ];
    let plain = keyword.to_ascii_lowercase();
    REGISTERED.contains(&plain.as_str())
        || NOISE.contains(&plain.as_str())
        || plain.starts_with("$snoozed-")
        || plain.starts_with("$remind-")
}

/// By what a keyword's tag is known, however it is written and called (see [`naming::id`]); `None`
/// for those that are no tags.
pub fn id(keyword: &str) -> Option<String> {
    own(keyword).map(|own| naming::id(&own))
}

/// The name that people know a keyword by, not cleaned; `None` for those that are no tags. One of
/// the five is called as the screen's language calls it.
pub fn name(keyword: &str) -> Option<String> {
    let own = own(keyword)?;
    Some(match naming::of_id(&naming::id(&own)) {
        Some(given) => given,
        None => naming::of_five(&own).map_or(own, str::to_owned),
    })
}

/// The tags of these keywords by id and name, each once: the five in their order, then the others in
/// that of the keywords.
pub fn of_all<'k>(keywords: impl IntoIterator<Item = &'k String>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for keyword in keywords {
        if let Some((id, name)) = id(keyword).zip(name(keyword))
            && all.iter().all(|(other, _)| *other != id)
        {
            all.push((id, name));
        }
    }
    all.sort_by_key(|(id, _)| match naming::five(id) {
        Some(known) => (0, known),
        None => (1, ""),
    });
    all
}

/// By what the tag of a name that somebody typed, or that is shown, is known.
pub fn id_called(name: &str) -> String {
    let name = name.trim();
    match naming::key_of(name) {
        Some(key) => naming::id(&key),
        None => naming::five_called(name).map_or_else(|| naming::id(name), str::to_owned),
    }
}

/// A tag that is looked for by a name.
#[derive(Clone, Debug)]
pub struct Sought {
    id: String,
    called: String,
}

impl Sought {
    /// The tag of this name, however it is spelt.
    pub fn new(called: &str) -> Sought {
        Sought {
            id: id_called(called),
            called: called.trim().to_lowercase(),
        }
    }

    /// Whether a keyword is this tag.
    pub fn is(&self, keyword: &str) -> bool {
        own(keyword)
            .is_some_and(|own| own.to_lowercase() == self.called || naming::id(&own) == self.id)
    }
}

/// Whether a keyword is the tag of this name, however it is spelt.
pub fn is(keyword: &str, called: &str) -> bool {
    Sought::new(called).is(keyword)
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
    let key = naming::key_of(name);
    let name = key.as_deref().unwrap_or(name);
    if let Some(known) = naming::five(name) {
        return Ok(known.to_owned());
    }
    // A keyword that the user named is one also where there are labels.
    let word = name.starts_with('$') && own(name).is_some();
    if labels && !word {
        let made = of_label(name);
        let fits = label(&made).is_some() && made.len() <= 4 * LONGEST;
        return fits.then_some(made).ok_or(tr!("that can't be a label"));
    }
    if let Some(known) = naming::five_called(name) {
        return Ok(known.to_owned());
    }
    if !is_keyword(name) || name.len() > LONGEST {
        return Err(tr!(
            "here a tag is one word of ASCII letters, digits and signs"
        ));
    }
    if own(name).is_none_or(|n| n != name) {
        return Err(tr!("that word is kept for programs"));
    }
    Ok(name.to_owned())
}

/// The name of a flag for a rule, from its keyword: that of one of the five in English, which every
/// language understands.
pub fn in_english(keyword: &str) -> &str {
    naming::in_english(keyword).unwrap_or(keyword)
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
            ("$label1", Some("Important")),
            ("$Label4", Some("To Do")),
            ("$label6", None),
            ("$Junk", None),
            ("$MDNSent", None),
            ("$Phishing", None),
            ("$SubmitPending", None),
            ("NonJunk", None),
            ("Forwarded", None),
        ] {
            assert_eq!(name(keyword).as_deref(), tag, "{keyword}");
        }
    }

    #[test]
    fn what_is_typed_becomes_a_keyword_or_is_refused() {
        assert_eq!(keyword(" rust ", false).unwrap(), "rust");
        assert_eq!(keyword("Tax 2024", true).unwrap(), "label:Tax%202024");
        for bad in ["", " ", "Tax 2024", "é", "a)", "$x", "label:x", "NonJunk"] {
            assert!(keyword(bad, false).is_err(), "{bad}");
        }
        assert!(keyword("\\Inbox", true).is_err() && keyword("", true).is_err());
        assert!(keyword(&"x".repeat(1000), true).is_err());
    }

    #[test]
    fn the_five_are_written_as_other_programs_do() {
        for (typed, plain) in [("wichtig", "$label1"), ("To Do", "$label4")] {
            assert_eq!(keyword(typed, false).unwrap(), plain, "{typed}");
            assert!(is(plain, typed) && is(&plain.to_uppercase(), typed));
        }
        // Gmail's labels stay labels; the keyword itself is a keyword there, too.
        assert_eq!(keyword("Work", true).unwrap(), "label:Work");
        assert_eq!(keyword("$label2", true).unwrap(), "$label2");
        // One tag, however it came to be written.
        for written in ["work", "WORK", "label:Work", "$Label2"] {
            assert!(is(written, "work") && is(written, "$label2"), "{written}");
            assert_eq!(id(written).as_deref(), Some("$label2"), "{written}");
        }
        assert!(is("label:Arbeit", "arbeit") && is("$label2", "dienstlich"));
        assert!(!is("label:Arbeit", "work") && !is("$label3", "work"));
        let keywords = ["$Label1", "$label1", "important", "rust"].map(str::to_owned);
        let names: Vec<_> = of_all(&keywords)
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, ["Important", "rust"]);
        let german = crate::lang::during(crate::lang::Lang::German, || name("$label3"));
        assert_eq!(german.as_deref(), Some("Persönlich"));
    }

    #[test]
    fn what_the_user_calls_otherwise_is_shown_found_and_set_by_that() {
        let named = |key: &str, name: &str| naming::Named {
            key: key.to_owned(),
            name: name.to_owned(),
        };
        let names = vec![
            named("$label1", "Now"),
            named("urgent", "Fire!"),
            named("Tax 2024", "Taxes"),
            named("$label6", "Sixth"),
        ];
        naming::during(names, || {
            assert_eq!(name("$LABEL1").as_deref(), Some("Now"));
            assert_eq!(name("URGENT").as_deref(), Some("Fire!"));
            assert_eq!(name("label:Tax%202024").as_deref(), Some("Taxes"));
            assert_eq!(name("$label6").as_deref(), Some("Sixth"));
            assert_eq!(name("$label7"), None);
            for (typed, labels, made) in [
                ("now", false, "$label1"),
                ("important", false, "$label1"),
                ("fire!", false, "urgent"),
                ("Taxes", true, "label:Tax%202024"),
                ("sixth", false, "$label6"),
            ] {
                assert_eq!(keyword(typed, labels).unwrap(), made, "{typed}");
                assert!(is(made, typed), "{typed}");
            }
            assert!(is("$label1", "important") && is("label:Tax%202024", "tax 2024"));
        });
        assert_eq!(name("$label6"), None);
    }

    proptest! {
        #[test]
        fn a_label_comes_back(text in "[^\\\\\0]{1,40}") {
            prop_assert_eq!(label(&of_label(&text)), Some(text));
        }
    }
}
