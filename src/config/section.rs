//! A table of `config.toml` being read: each value by key and type, and every key that nobody
//! knows refused. Mistakes are noted, never thrown, so that all of them are told at once.

use crate::config::problem::Problems;
use crate::config::suggest::nearest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Found<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A table with its place in the text.
pub(super) struct Section<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where the table begins, for what is missing.
    pub span: Range<usize>,
}

impl<'a, 'i> Section<'a, 'i> {
    /// Reads `table`, whose keys can only be `known`.
    pub fn new(
        table: &'a DeTable<'i>,
        span: Range<usize>,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Section<'a, 'i> {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let hint = match nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                let shown = name.escape_debug();
                problems.add(&key.span(), format!("unknown key `{shown}`"), Some(hint));
            }
        }
        Section { table, span }
    }

    /// Reads `table`, in which any key may stand.
    pub fn of_any(table: &'a DeTable<'i>, span: Range<usize>) -> Section<'a, 'i> {
        Section { table, span }
    }

    /// The value of a key, whatever it is.
    pub fn raw(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.get(key)
    }

    /// A text of one line without control characters.
    pub fn line(&self, key: &str, problems: &mut Problems<'_>) -> Option<Found<String>> {
        let text = self.text(key, problems)?;
        if text.value.chars().any(char::is_control) {
            let message = format!("`{key}` holds a line break or another control character");
            problems.add(&text.span, message, None);
            return None;
        }
        Some(text)
    }

    /// A text, empty or not.
    pub fn text(&self, key: &str, problems: &mut Problems<'_>) -> Option<Found<String>> {
        let found = self.raw(key)?;
        match found.get_ref() {
            DeValue::String(text) => Some(Found {
                value: text.clone().into_owned(),
                span: found.span(),
            }),
            other => {
                wrong(key, other, "a text in quotes", found.span(), problems);
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str, problems: &mut Problems<'_>) -> Option<bool> {
        let found = self.raw(key)?;
        match found.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                wrong(key, other, "true or false", found.span(), problems);
                None
            }
        }
    }

    /// A whole number of that range.
    pub fn number(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<u32>,
        problems: &mut Problems<'_>,
    ) -> Option<Found<u32>> {
        let found = self.raw(key)?;
        let number = match found.get_ref() {
            DeValue::Integer(n) => u32::from_str_radix(n.as_str(), n.radix()).ok(),
            other => {
                wrong(key, other, "a number", found.span(), problems);
                return None;
            }
        };
        match number.filter(|n| range.contains(n)) {
            Some(value) => Some(Found {
                value,
                span: found.span(),
            }),
            None => {
                let message = format!("`{key}` is out of range");
                let hint = format!("from {} to {}", range.start(), range.end());
                problems.add(&found.span(), message, Some(hint));
                None
            }
        }
    }

    /// A list of texts like `example`; the place is the list's.
    pub fn list(
        &self,
        key: &str,
        example: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Found<Vec<String>>> {
        let found = self.raw(key)?;
        let wanted = format!("a list of texts: {example}");
        let wanted = wanted.as_str();
        let DeValue::Array(items) = found.get_ref() else {
            wrong(key, found.get_ref(), wanted, found.span(), problems);
            return None;
        };
        let mut value = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => value.push(text.clone().into_owned()),
                other => {
                    wrong(key, other, wanted, item.span(), problems);
                    return None;
                }
            }
        }
        Some(Found {
            value,
            span: found.span(),
        })
    }

    /// One of a few words.
    pub fn word<T: Copy>(
        &self,
        key: &str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<Found<T>> {
        let text = self.line(key, problems)?;
        let value = words.iter().find(|(w, _)| *w == text.value);
        match value {
            Some((_, value)) => Some(Found {
                value: *value,
                span: text.span,
            }),
            None => {
                let known: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
                let hint = match nearest(&text.value, &known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("one of: {}", known.join(", ")),
                };
                let shown = text.value.escape_debug();
                let message = format!("`{key}` can't be \"{shown}\"");
                problems.add(&text.span, message, Some(hint));
                None
            }
        }
    }
}

/// Notes that a value has the wrong type. The value itself is not repeated: it may be a secret.
pub(super) fn wrong(
    key: &str,
    found: &DeValue<'_>,
    wanted: &str,
    span: Range<usize>,
    problems: &mut Problems<'_>,
) {
    let kind = match found {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = format!("`{key}` is {kind} here");
    problems.add(&span, message, Some(format!("it must be {wanted}")));
}
