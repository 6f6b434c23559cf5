//! Text for FTS5 and queries in its language.
//!
//! The tokenizer takes a run of letters for one word; characters that are words by themselves are
//! set apart before it sees them ([`spaced`]), in what is indexed and in what is asked.

use crate::model::query::Field;
use crate::text::tokens::{self, spaced, stands_alone};
use std::collections::HashSet;

/// A phrase of more characters than this says no more than its beginning.
const MAX_PHRASE: usize = 256;

/// Stands before words of attachments' names in the index of texts: private, so a letter of no
/// language, and of one word with what follows.
const OF_A_FILE: char = '\u{e000}';

/// What the index of texts is given of a message: each word once.
pub(super) fn indexed(text: &str, files: &str) -> String {
    let names = tokens::distinct(files);
    let mut words = tokens::distinct(text);
    let mut out = String::with_capacity(words.len() * 8 + names.len() * 20);
    for name in &names {
        out.push(OF_A_FILE);
        out.push_str(name);
        out.push(' ');
    }
    words.extend(names);
    for word in &words {
        out.push_str(word);
        out.push(' ');
    }
    out
}

/// The words of a message as they are written, each once.
pub(super) fn spelt(text: &str, files: &str) -> String {
    let all = [text, files];
    let words = all
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let words: HashSet<&str> = words.collect();
    let mut out = String::with_capacity(words.len() * 8);
    for word in words {
        out.push_str(word);
        out.push(' ');
    }
    out
}

/// A term for the index of texts, which knows which words a text has and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loose {
    /// The messages that may be meant; what is quoted are single words.
    pub any: String,
    /// The same among words of attachments' names.
    pub files: String,
    /// Whether it says all that the term does.
    pub exact: bool,
}

/// A term for that index. With `firsts` any of these words stands in place of the first one, which is
/// a part of a word. `None` if there is no word in it.
pub(super) fn loose(text: &str, prefix: bool, firsts: Option<&[String]>) -> Option<Loose> {
    let text = bounded(text);
    let words: Vec<String> = tokens::words(&text)
        .into_iter()
        .map(|(_, word)| word)
        .collect();
    let (first, rest) = words.split_first()?;
    let expression = |before: &str| {
        let one = |word: &str, last: bool| {
            let star = if last && prefix { " *" } else { "" };
            format!("\"{before}{}\"{star}", tokens::folded(word))
        };
        let mut all = vec![match firsts {
            None => one(first, rest.is_empty()),
            Some(firsts) => {
                let each = firsts.iter().map(|first| one(first, rest.is_empty()));
                format!("({})", each.collect::<Vec<String>>().join(" OR "))
            }
        }];
        let last = rest.len();
        all.extend((1..).zip(rest).map(|(at, word)| one(word, at == last)));
        all.join(" AND ")
    };
    Some(Loose {
        any: expression(""),
        files: expression(OF_A_FILE.encode_utf8(&mut [0; 4])),
        exact: rest.is_empty(),
    })
}

/// So much of a term as counts.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(MAX_PHRASE).collect()
}

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
