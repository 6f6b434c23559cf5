//! Octets to words (RFC 5228 §8.1). Comments go, but for the last line of `#` before a word.

use crate::sieve::fault::SieveError;

/// A word of the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A name, in lower case.
    Name(String),
    /// `:name`, in lower case.
    Tag(String),
    /// A number with its quantifier counted in.
    Number(u64),
    /// A text.
    Text(String),
    /// One of `;{}()[],`.
    Sign(char),
}

/// A word with its line, and the comment before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub word: Word,
    pub line: usize,
    pub note: Option<String>,
}

/// Longer notes are cut.
const NOTE: usize = 500;

pub(super) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    note: Option<String>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Lexer<'a> {
        Lexer {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
            note: None,
        }
    }

    fn error(&self, message: &str) -> SieveError {
        SieveError {
            line: self.line,
            message: message.to_owned(),
        }
    }

    /// Goes on by so many octets, which end at a character.
    fn skip(&mut self, octets: usize) -> &'a str {
        let at = self.rest.floor_char_boundary(octets);
        let (gone, rest) = self.rest.split_at(at);
        self.line += gone.matches('\n').count();
        self.rest = rest;
        gone
    }

    /// Up to and with the end of the line; without it.
    fn line_rest(&mut self) -> &'a str {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let line = self.skip(end);
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn space(&mut self) -> Result<(), SieveError> {
        loop {
            let white =
                self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            self.skip(white);
            if self.rest.starts_with('#') {
                let line = self.line_rest();
                let text = line.trim_start_matches('#').trim();
                let cut = text.floor_char_boundary(NOTE);
                let text = text.get(..cut).unwrap_or_default();
                let text = text.replace(['\r', '\0'], " ");
                self.note = Some(text.trim().to_owned()).filter(|note| !note.is_empty());
            } else if self.rest.starts_with("/*") {
                let Some(end) = self.rest.find("*/") else {
                    return Err(self.error("this comment has no end"));
                };
                self.skip(end + 2);
            } else {
                return Ok(());
            }
        }
    }

    /// The next word; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Piece>, SieveError> {
        self.space()?;
        let line = self.line;
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        let word = match first {
            ';' | '{' | '}' | '(' | ')' | '[' | ']' | ',' => {
                self.skip(1);
                Word::Sign(first)
            }
            '"' => Word::Text(self.quoted()?),
            ':' => {
                self.skip(1);
                match self.name() {
                    "" => return Err(self.error("a colon wants a name behind it")),
                    name => Word::Tag(name.to_ascii_lowercase()),
                }
            }
            c if c.is_ascii_digit() => Word::Number(self.number()?),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.name().to_ascii_lowercase();
                match (name.as_str(), self.rest.starts_with(':')) {
                    ("text", true) => Word::Text(self.lines()?),
                    _ => Word::Name(name),
                }
            }
            c => {
                let told = format!("`{}` stands where nothing such may", c.escape_debug());
                return Err(self.error(&told));
            }
        };
        let note = self.note.take();
        Ok(Some(Piece { word, line, note }))
    }

    fn name(&mut self) -> &'a str {
        let is = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = self.rest.find(|c| !is(c)).unwrap_or(self.rest.len());
        self.skip(length)
    }

    fn number(&mut self) -> Result<u64, SieveError> {
        let length = self.rest.find(|c: char| !c.is_ascii_digit());
        let digits = self.skip(length.unwrap_or(self.rest.len()));
        let times = match self.rest.chars().next().map(|c| c.to_ascii_uppercase()) {
            Some('K') => 1 << 10,
            Some('M') => 1 << 20,
            Some('G') => 1 << 30,
            _ => 1u64,
        };
        if times > 1 {
            self.skip(1);
        }
        let number = digits
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(times));
        number.ok_or_else(|| self.error("this number is too large"))
    }

    /// `"…"`: a backslash takes the next character as it is.
    fn quoted(&mut self) -> Result<String, SieveError> {
        let begin = self.error("this text has no end");
        self.skip(1);
        let mut text = String::new();
        loop {
            let Some(end) = self.rest.find(['"', '\\']) else {
                return Err(begin);
            };
            text.push_str(self.skip(end));
            let backslash = self.rest.starts_with('\\');
            self.skip(1);
            if !backslash {
                return self.tidy(text);
            }
            let Some(c) = self.rest.chars().next() else {
                return Err(begin);
            };
            text.push_str(self.skip(c.len_utf8()));
        }
    }

    /// `text:` and its lines up to a single dot; two dots at the beginning of a line are one.
    fn lines(&mut self) -> Result<String, SieveError> {
        let begin = self.error("this text has no end: a line with a single dot");
        self.skip(1);
        let rest = self.line_rest().trim_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(self.error("a line has to end behind `text:`"));
        }
        let mut text = String::new();
        loop {
            if self.rest.is_empty() {
                return Err(begin);
            }
            match self.line_rest() {
                "." => return self.tidy(text),
                line => {
                    text.push_str(
                        line.strip_prefix('.')
                            .filter(|l| l.starts_with('.'))
                            .unwrap_or(line),
                    );
                    text.push('\n');
                }
            }
        }
    }

    fn tidy(&self, text: String) -> Result<String, SieveError> {
        if text.contains('\0') {
            return Err(self.error("a text can't hold a NUL"));
        }
        Ok(match text.contains('\r') {
            true => text.replace("\r\n", "\n").replace('\r', "\n"),
            false => text,
        })
    }
}
