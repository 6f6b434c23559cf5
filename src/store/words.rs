//! Text for FTS5 and queries in its language.
//!
//! The tokenizer takes a run of letters for one word, but Chinese and Japanese put no spaces
//! between words: so each of their characters is set apart, in what is indexed and in what is
//! asked, and a word of theirs becomes a phrase of characters.

use crate::model::query::Field;
use std::borrow::Cow;

/// A phrase of more characters than this says no more than its beginning.
const MAX_PHRASE: usize = 256;

fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x3005..=0x3007 | 0x3040..=0x30ff | 0x3100..=0x312f | 0x31f0..=0x31ff | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0xff66..=0xff9f | 0x2_0000..=0x3_ffff)
}

/// The text with every Chinese and Japanese character set apart by spaces.
pub(super) fn spaced(text: &str) -> Cow<'_, str> {
    // Nearly no text has any, and only characters from U+3000 up begin with an octet from E3 up.
    let far = text.bytes().fold(false, |far, b| far | (b >= 0xe3));
    if !far || !text.chars().any(stands_alone) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if stands_alone(c) {
            out.push(' ');
            out.push(c);
            out.push(' ');
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// One term as an FTS5 expression, everything quoted; `None` if there is no word in it, so that it
/// says nothing.
pub(super) fn phrase(field: Field, text: &str, prefix: bool) -> Option<String> {
    // Only what would end the quotation is taken out: how a word is cut is the tokenizer's affair.
    let text: String = text
        .chars()
        .map(|c| if c == '"' || c.is_control() { ' ' } else { c })
        .take(MAX_PHRASE)
        .collect();
    if !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let text = spaced(&text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let column = match field {
        Field::Any => "",
        Field::From => "sender : ",
        Field::To | Field::Cc => "recipients : ",
        Field::Subject => "subject : ",
        Field::Body | Field::File => "body : ",
    };
    let star = if prefix { " *" } else { "" };
    Some(format!("{column}\"{}\"{star}", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_without_spaces_are_set_apart() {
        assert_eq!(spaced("plain"), "plain");
        assert_eq!(spaced("a日本b"), "a 日  本 b");
        assert_eq!(spaced("Größe – наш ☎"), "Größe – наш ☎");
        for c in ('\u{80}'..=char::MAX).filter(|c| stands_alone(*c)) {
            assert_eq!(spaced(&c.to_string()), format!(" {c} "));
        }
    }

    #[test]
    fn whatever_is_typed_becomes_a_quoted_phrase() {
        assert_eq!(
            phrase(Field::Any, "a\" OR b*(", true).as_deref(),
            Some("\"a OR b*(\" *")
        );
        assert_eq!(
            phrase(Field::From, "ada@example.org", false).as_deref(),
            Some("sender : \"ada@example.org\"")
        );
        assert_eq!(
            phrase(Field::Any, "日本", false).as_deref(),
            Some("\"日 本\"")
        );
        assert_eq!(phrase(Field::Body, " \"-*", false), None);
    }
}
