//! Text for FTS5 and queries in its language.
//!
//! The tokenizer takes a run of letters for one word; characters that are words by themselves are
//! set apart before it sees them ([`spaced`]), in what is indexed and in what is asked.

use crate::model::query::Field;
use crate::text::tokens::{spaced, stands_alone};

/// A phrase of more characters than this says no more than its beginning.
const MAX_PHRASE: usize = 256;

/// One term as an FTS5 expression, everything quoted; `None` if there is no word in it, so that it
/// says nothing. What a `*` before the first word means is not said in it.
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
    let star = if prefix { " *" } else { "" };
    Some(format!("{}\"{}\"{star}", column(field), words.join(" ")))
}

fn column(field: Field) -> &'static str {
    match field {
        Field::Any => "",
        Field::From => "sender : ",
        Field::To | Field::Cc => "recipients : ",
        Field::Subject => "subject : ",
        Field::Body => "body : ",
        Field::File => "file : ",
    }
}

/// A term whose first word stands behind a `*`: the part of a word, and what follows it.
pub(super) fn part(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('*')?.trim_start_matches('*').trim();
    let end = text.find(|c: char| !c.is_alphanumeric());
    let (part, rest) = text.split_at(end.unwrap_or(text.len()));
    let whole = !part.is_empty() && !part.contains(stands_alone);
    whole.then_some((part, rest))
}

/// One term as an FTS5 expression with each of several words at its beginning.
pub(super) fn phrases(field: Field, firsts: &[String], rest: &str, prefix: bool) -> String {
    let each = firsts
        .iter()
        .filter_map(|first| phrase(Field::Any, &format!("{first}{rest}"), prefix));
    let each: Vec<String> = each.collect();
    format!("{}({})", column(field), each.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(part("*dampf schiff"), Some(("dampf", " schiff")));
        for none in ["dampf", "*", "*-a", "*日本"] {
            assert_eq!(part(none), None, "{none}");
        }
        let firsts = ["a".to_owned(), "b\"".to_owned()];
        assert_eq!(
            phrases(Field::Subject, &firsts, " c", false),
            "subject : (\"a c\" OR \"b c\")"
        );
    }
}
