//! The configuration as it is written: a TOML document with the place of every key and value.

use super::problem::{Problem, nearest};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the document that remembers where it is and which of its keys were asked for.
pub struct Table<'t> {
    text: &'t str,
    table: &'t DeTable<'t>,
    span: Range<usize>,
    asked: Vec<&'static str>,
}

/// A value with its place.
pub type Value<'t> = &'t Spanned<DeValue<'t>>;

impl<'t> Table<'t> {
    /// A table of `text`.
    pub fn new(text: &'t str, table: &'t DeTable<'t>, span: Range<usize>) -> Table<'t> {
        Table {
            text,
            table,
            span,
            asked: Vec::new(),
        }
    }

    /// A value that may be left out.
    pub fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        self.table
            .iter()
            .find(|(k, _)| k.get_ref().as_ref() == key)
            .map(|(_, v)| v)
    }

    /// A problem with the table itself.
    pub fn problem(&self, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem::at(self.text, self.span.start, message, hint)
    }

    /// A problem with one of its values.
    pub fn wrong(
        &self,
        value: Value<'t>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        Problem::at(self.text, value.span().start, message, hint)
    }

    /// A text that may be left out.
    ///
    /// # Errors
    /// If it is something else.
    pub fn text(&mut self, key: &'static str) -> Result<Option<String>, Problem> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.get_ref() {
                DeValue::String(text) => Ok(Some(text.to_string())),
                _ => Err(self.wrong(
                    value,
                    format!("`{key}` must be a text"),
                    "put it in double quotes",
                )),
            },
        }
    }

    /// A text that must be there and not be empty.
    ///
    /// # Errors
    /// If it is not.
    pub fn needed(&mut self, key: &'static str, hint: &str) -> Result<String, Problem> {
        match self.text(key)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.problem(format!("`{key}` is missing"), hint)),
        }
    }

    /// A yes or no that may be left out.
    ///
    /// # Errors
    /// If it is something else.
    pub fn flag(&mut self, key: &'static str) -> Result<Option<bool>, Problem> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.get_ref() {
                DeValue::Boolean(flag) => Ok(Some(*flag)),
                _ => Err(self.wrong(value, format!("`{key}` must be true or false"), "")),
            },
        }
    }

    /// A whole number within bounds that may be left out.
    ///
    /// # Errors
    /// If it is something else or out of bounds.
    pub fn number(
        &mut self,
        key: &'static str,
        within: Range<i64>,
    ) -> Result<Option<i64>, Problem> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = match value.get_ref() {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        match number.filter(|n| within.contains(n)) {
            Some(n) => Ok(Some(n)),
            None => {
                let hint = format!("a whole number from {} to {}", within.start, within.end - 1);
                Err(self.wrong(
                    value,
                    format!("`{key}` is not a number that can be used"),
                    hint,
                ))
            }
        }
    }

    /// Texts that may be left out.
    ///
    /// # Errors
    /// If it is something else.
    pub fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>, Problem> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let texts = match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(text.to_string()),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        match texts.filter(|t| !t.is_empty()) {
            Some(texts) => Ok(Some(texts)),
            None => Err(self.wrong(
                value,
                format!("`{key}` must be a list of texts"),
                "for example [\"pass\", \"show\", \"mail\"]",
            )),
        }
    }

    /// A table that may be left out.
    ///
    /// # Errors
    /// If it is something else.
    pub fn table(&mut self, key: &'static str) -> Result<Option<Table<'t>>, Problem> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(Some(Table::new(self.text, table, value.span()))),
            _ => Err(self.wrong(
                value,
                format!("`{key}` must be a table"),
                "for example { host = \"mail.example.test\" }",
            )),
        }
    }

    /// Every key that nobody asked for.
    pub fn unknown(&self) -> Vec<Problem> {
        let stray = self
            .table
            .keys()
            .filter(|k| !self.asked.contains(&k.get_ref().as_ref()));
        stray
            .map(|key| {
                let name = key.get_ref();
                let hint = match nearest(name, &self.asked) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => format!("known here: {}", self.asked.join(", ")),
                };
                Problem::at(
                    self.text,
                    key.span().start,
                    format!("unknown key `{name}`"),
                    hint,
                )
            })
            .collect()
    }
}
