//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
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
}

impl Problem {
    /// A problem at an octet offset of `text`.
    pub fn at(
        text: &str,
        offset: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Problem {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )?;
        if self.hint.is_empty() {
            Ok(())
        } else {
            write!(f, "\n  {}", self.hint)
        }
    }
}

/// Why there is no configuration at all.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file yet.
    #[error(
        "no account is set up yet ({} does not exist)\n  try it without one:   postrider demo\n  set one up:           postrider account add",
        path.display()
    )]
    Missing {
        /// Where it would be.
        path: PathBuf,
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

/// The known word that `word` was probably meant to be.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| (distance(word, k), *k))
        .filter(|(d, k)| *d <= 1 + k.chars().count() / 4)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// How many letters have to be put in, left out, changed or swapped.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (cell, cb) in row.iter().skip(1).zip(&b) {
            let best = (diagonal + usize::from(ca != *cb))
                .min(cell + 1)
                .min(left + 1);
            diagonal = *cell;
            left = best;
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let known = ["email", "full-name", "password-command", "imap"];
        assert_eq!(nearest("emial", &known), Some("email"));
        assert_eq!(nearest("fullname", &known), Some("full-name"));
        assert_eq!(nearest("xyzzy", &known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn places_count_characters() {
        let p = Problem::at("a\nüb = 1", 5, "m", "");
        assert_eq!((p.line, p.column), (2, 3));
    }
}
