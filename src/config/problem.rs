//! A mistake in `config.toml`: where it is, what it is, what would be right. Never the value of
//! a secret.

use crate::config::options::Part;
use crate::model::AccountName;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right; may be empty.
    pub hint: String,
    /// The account that is left out because of it, if it has a name.
    pub account: Option<AccountName>,
    /// The section that it stands in, where one is known.
    pub part: Option<Part>,
}

impl Problem {
    /// A mistake at an octet of a text.
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Problem {
        let (line, column) = place(text, offset);
        Problem {
            line,
            column,
            message: message.into(),
            hint: String::new(),
            account: None,
            part: None,
        }
    }

    /// A mistake of a file as a whole: it has no line.
    pub fn of_all(message: impl Into<String>) -> Problem {
        Problem {
            line: 0,
            column: 0,
            ..Problem::at("", 0, message)
        }
    }

    /// `file:line:column: message`, as compilers write it; the hint follows a semicolon.
    pub fn written(&self, file: &str) -> String {
        let mut out = file.to_owned();
        if self.line > 0 {
            out.push_str(&format!(":{}:{}", self.line, self.column));
        }
        out.push_str(": ");
        out.push_str(&self.message);
        if !self.hint.is_empty() {
            out.push_str("; ");
            out.push_str(&self.hint);
        }
        out
    }
}

impl fmt::Display for Problem {
    /// `line 3, column 7: message`, and the hint on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            line,
            column,
            message,
            hint,
            ..
        } = self;
        match line {
            0 => write!(f, "{message}")?,
            _ => write!(f, "line {line}, column {column}: {message}")?,
        }
        if hint.is_empty() {
            Ok(())
        } else {
            write!(f, "\n  {hint}")
        }
    }
}

/// Why there is no configuration at all.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file yet, or no account in it.
    #[error(
        "no account is set up yet: there is none in {}\n  try it without one:   postrider demo\n  set one up:           postrider account add",
        path.display()
    )]
    NoAccount {
        /// Which file.
        path: PathBuf,
    },
    /// The file has mistakes.
    #[error("{}:\n{}", path.display(), lines(problems))]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Each of them.
        problems: Vec<Problem>,
    },
    /// The file can't be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

fn lines(problems: &[Problem]) -> String {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    told.join("\n")
}

/// The mistakes found so far in one text.
pub(super) struct Problems<'a> {
    text: &'a str,
    pub found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub fn new(text: &'a str) -> Problems<'a> {
        Problems {
            text,
            found: Vec::new(),
        }
    }

    /// The place of an octet of a text that stands in quotes at `span`; that of the whole text where
    /// it is written in another way than it reads.
    pub fn within(&self, span: &Range<usize>, text: &str, at: usize) -> Range<usize> {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let inner = written.get(1..written.len().saturating_sub(1));
        if inner != Some(text) {
            return span.clone();
        }
        let at = span.start + 1 + at.min(text.len());
        at..span.end
    }

    /// Notes a mistake at an octet range of the text.
    pub fn add(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.found.push(Problem {
            hint: hint.unwrap_or_default(),
            ..Problem::at(self.text, span.start, message)
        });
    }
}

/// Line and column of an octet offset, both from 1; the column counts characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text
        .get(..offset.min(text.len()))
        .unwrap_or_else(|| text.split_at(text.floor_char_boundary(offset)).0);
    let line = before.rsplit('\n').next().unwrap_or("");
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let text = "a = 1\nä = é";
        assert_eq!(place(text, 0), (1, 1));
        assert_eq!(place(text, 6), (2, 1));
        assert_eq!(place(text, text.len() - 2), (2, 5));
        assert_eq!(place(text, text.len() - 1), (2, 5));
        assert_eq!(place(text, 99), (2, 6));
    }
}
