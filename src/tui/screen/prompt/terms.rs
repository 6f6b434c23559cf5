//! What the last word of a search may become: a field, or what its field takes.

use super::Candidate;
use crate::model::query::fields::{FIELDS, values};
use crate::text::Clean;
use crate::text::fold::fold;
use crate::tui::widget::fuzzy;

/// Values offered at once.
const MOST: usize = 50;

/// The names that a search can complete.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Mailboxes, by their paths.
    pub mailboxes: Vec<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Mailing lists, the busiest first.
    pub lists: Vec<String>,
}

/// A way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The line up to the cursor, were it chosen.
    pub line: String,
    /// The term alone.
    pub term: String,
    /// What it means; empty where that is clear.
    pub about: &'static str,
}

/// The last word before the cursor: what stands before it, with a minus, and the word.
fn last(before: &str) -> (&str, &str) {
    let mut start = 0;
    let mut quoted = false;
    for (at, c) in before.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if !quoted && (c.is_whitespace() || c == '(') {
            start = at + c.len_utf8();
        }
    }
    let word = before.get(start..).unwrap_or_default();
    let start = start + usize::from(word.starts_with('-'));
    before.split_at_checked(start).unwrap_or((before, ""))
}

/// What it may become.
pub fn ways(before: &str, known: &Known) -> Vec<Way> {
    let (head, word) = last(before);
    let minus = if head.ends_with('-') { "-" } else { "" };
    let way = |term: String, about: &'static str| Way {
        line: format!("{head}{term}"),
        term: format!("{minus}{term}"),
        about,
    };
    let Some((field, value)) = word.split_once(':') else {
        let fits = |(name, _): &&(&str, &str)| name.starts_with(word) && name.ends_with(':');
        return match word {
            "" => Vec::new(),
            _ => FIELDS
                .iter()
                .filter(fits)
                .map(|(name, about)| way((*name).to_owned(), about))
                .collect(),
        };
    };
    let fixed: Vec<String> = values(field).into_iter().map(str::to_owned).collect();
    let all = match field {
        "in" => &known.mailboxes,
        "account" => &known.accounts,
        "tag" | "label" => &known.tags,
        "list" => &known.lists,
        _ => &fixed,
    };
    let typed = fold(value.trim_matches('"'));
    let begins = |name: &&String| fold(name).starts_with(&typed);
    let inside = |name: &&String| !begins(name) && fold(name).contains(&typed);
    let fitting = all.iter().filter(begins).chain(all.iter().filter(inside));
    fitting
        .filter(|name| **name != value)
        .take(MOST)
        .map(|name| way(format!("{field}:{}", quoted(name)), ""))
        .collect()
}

/// The field that a parenthesis which is open at the end stands behind: `from:(ada or b`.
fn around(before: &str) -> Option<&str> {
    let mut open: Vec<&str> = Vec::new();
    let mut quoted = false;
    let mut start = 0;
    for (at, c) in before.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => {
                let word = before.get(start..at).unwrap_or_default();
                let field = word.trim_start_matches('-').strip_suffix(':');
                // A parenthesis within another is about the same field.
                let outer = open.last().copied().unwrap_or_default();
                open.push(field.unwrap_or(if word.is_empty() { outer } else { "" }));
                start = at + 1;
            }
            ')' if !quoted => {
                open.pop();
                start = at + 1;
            }
            c if c.is_whitespace() && !quoted => start = at + c.len_utf8(),
            _ => {}
        }
    }
    open.pop().filter(|field| !field.is_empty())
}

/// What is typed of a person behind `from:`, `to:` or `cc:`, also in parentheses there, and the line
/// before that.
pub fn person(before: &str) -> Option<(&str, &str)> {
    let (_, word) = last(before);
    let within = around(before).filter(|_| !word.contains(':'));
    let (field, value) = match within {
        Some(field) if matches!(word, "or" | "and" | "not") => (field, ""),
        Some(field) => (field, word),
        None => word.split_once(':')?,
    };
    let typed = value.trim_start_matches('"');
    let is_person = matches!(field, "from" | "to" | "cc") && !typed.is_empty();
    let head = before.strip_suffix(value)?;
    is_person.then_some((head, typed))
}

/// A value as it stands in a query.
pub fn quoted(value: &str) -> String {
    let parts = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
    let value = value.replace('"', "");
    match value.contains(parts) || value.ends_with('*') || value.is_empty() {
        true => format!("\"{value}\""),
        false => value,
    }
}

/// The known tags that what is typed may become, a minus before it or not.
pub(super) fn tags(before: &str, known: &[String]) -> Vec<Candidate> {
    let (minus, typed) = match before.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", before),
    };
    fuzzy::find(typed, known.iter().map(String::as_str))
        .iter()
        .filter_map(|hit| known.get(hit.index))
        .map(|tag| Candidate {
            line: format!("{minus}{tag}"),
            label: Clean::line(&format!("{minus}{tag}")),
            tag: Some(tag.clone()),
            ..Candidate::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_their_values_are_offered() {
        let known = Known {
            mailboxes: vec!["INBOX".to_owned(), "Lists/Rust Dev".to_owned()],
            accounts: vec!["work".to_owned()],
            tags: vec!["to do".to_owned(), "todo".to_owned()],
            lists: vec!["dev.lists.example".to_owned()],
        };
        let lines = |before: &str| -> Vec<String> {
            ways(before, &known).into_iter().map(|w| w.line).collect()
        };
        assert_eq!(lines("a -fr"), ["a -from:"]);
        assert_eq!(
            lines("is:unread tag:to"),
            ["is:unread tag:\"to do\"", "is:unread tag:todo"]
        );
        assert_eq!(lines("(in:inb"), ["(in:INBOX"]);
        assert_eq!(lines("-in:\"rust d"), ["-in:\"Lists/Rust Dev\""]);
        assert_eq!(lines("list:lists"), ["list:dev.lists.example"]);
        assert_eq!(lines("account:"), ["account:work"]);
        assert_eq!(lines("has:im"), ["has:image"]);
        for none in ["", "word ", "in:INBOX", "from:a"] {
            assert!(lines(none).is_empty(), "{none}");
        }
        assert_eq!(ways("-is:unr", &known)[0].term, "-is:unread");
    }

    #[test]
    fn people_are_asked_for_behind_their_fields() {
        assert_eq!(person("x -from:ad"), Some(("x -from:", "ad")));
        assert_eq!(person("cc:\"Ada L"), Some(("cc:", "Ada L")));
        assert_eq!(person("from:(ad"), Some(("from:(", "ad")));
        assert_eq!(
            person("x -from:(\"Ada L\" or (b"),
            Some(("x -from:(\"Ada L\" or (", "b"))
        );
        assert_eq!(person("cc:(a b) to:c"), Some(("cc:(a b) to:", "c")));
        for none in [
            "from:",
            "ada",
            "subject:ada",
            "from:ada ",
            "from:(",
            "from:(ada or",
            "from:(ada) b",
            "(ada",
            "subject:(ada",
        ] {
            assert_eq!(person(none), None, "{none}");
        }
        assert_eq!(quoted("a b"), "\"a b\"");
    }
}
