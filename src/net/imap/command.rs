//! Commands as they go over the wire: text and literals, everything quoted that must be.
//!
//! Nothing from outside gets into a command but through [`Command::astring`], [`Command::mailbox`]
//! or a number, so a mailbox named `a" NOOP\r\na9 LOGOUT` is a mailbox and not three commands.

use crate::lang::tr;
use crate::model::{Flags, MailboxName, is_keyword, name};
use std::borrow::Cow;

/// Octets of a literal that may be a name.
const LONGEST_NAME: usize = 1024;

/// A piece of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Printable ASCII that goes as it is.
    Text(String),
    /// Octets behind `{n}`.
    Literal(Cow<'a, [u8]>),
}

/// Why something can't be said in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsayable {
    /// No literal may hold NUL (RFC 9051 §9 `literal`).
    Nul,
    /// Keywords are atoms.
    Keyword,
    /// A mailbox must be called something.
    Empty,
}

impl Unsayable {
    /// In words.
    pub fn told(self) -> &'static str {
        match self {
            Unsayable::Nul => tr!("the name holds a NUL character"),
            Unsayable::Keyword => {
                tr!("a tag can hold neither blanks nor brackets nor any of % * \" \\")
            }
            Unsayable::Empty => tr!("the mailbox has no name"),
        }
    }
}

/// A command without its tag, being built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    parts: Vec<Part<'a>>,
}

impl<'a> Command<'a> {
    /// A command that begins with fixed text.
    pub fn new(text: impl Into<String>) -> Command<'a> {
        Command {
            parts: vec![Part::Text(text.into())],
        }
    }

    /// Adds text of our own making.
    pub fn text(mut self, text: &str) -> Command<'a> {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
        self
    }

    /// Adds a string from outside: quoted where a quoted string can hold it, else a literal.
    ///
    /// # Errors
    /// When it holds NUL.
    pub fn astring(mut self, bytes: &[u8]) -> Result<Command<'a>, Unsayable> {
        if bytes.contains(&0) {
            return Err(Unsayable::Nul);
        }
        match quoted(bytes) {
            Some(quoted) => Ok(self.text(&quoted)),
            None => {
                self.parts.push(Part::Literal(Cow::Owned(bytes.to_vec())));
                Ok(self)
            }
        }
    }

    /// Adds a mailbox name, byte for byte.
    ///
    /// # Errors
    /// When no server could take it.
    pub fn mailbox(self, name: &MailboxName) -> Result<Command<'a>, Unsayable> {
        match name.as_bytes() {
            [] => Err(Unsayable::Empty),
            bytes => self.astring(bytes),
        }
    }

    /// Adds a mailbox name in UTF-8, quoted where that holds it (RFC 6855 §3, RFC 9051 §5.1).
    ///
    /// # Errors
    /// When no server could take it.
    pub fn name_in_utf8(self, name: &[u8]) -> Result<Command<'a>, Unsayable> {
        match std::str::from_utf8(name) {
            _ if name.is_empty() => Err(Unsayable::Empty),
            Ok(text) if text.len() <= 900 && !text.contains(char::is_control) => Ok(self.text(
                &format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            )),
            _ => self.astring(name),
        }
    }

    /// Adds flags as a list in parentheses.
    ///
    /// # Errors
    /// When a keyword is no atom.
    pub fn flags(self, flags: &Flags) -> Result<Command<'a>, Unsayable> {
        if !flags.keywords.iter().all(|keyword| is_keyword(keyword)) {
            return Err(Unsayable::Keyword);
        }
        Ok(self.text(&format!("({})", flags.to_wire().join(" "))))
    }

    /// Adds octets as a literal, as they are.
    pub fn literal(mut self, bytes: &'a [u8]) -> Command<'a> {
        self.parts.push(Part::Literal(Cow::Borrowed(bytes)));
        self
    }

    /// What it says in quotation marks, or in short literals, as servers like to repeat it: as it goes
    /// over the wire, and in letters.
    pub fn strings(&self) -> Vec<String> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(bytes) if bytes.len() <= LONGEST_NAME => out.push(bytes.to_vec()),
                Part::Literal(_) => {}
                Part::Text(text) => quotations(text, &mut out),
            }
        }
        let spelled = |bytes: &Vec<u8>| {
            let wire = String::from_utf8_lossy(bytes).into_owned();
            let letters = name::decode(bytes);
            [Some(wire.clone()), Some(letters).filter(|l| *l != wire)]
        };
        let both = out.iter().flat_map(spelled).flatten();
        both.filter(|said| !said.is_empty()).collect()
    }

    /// The pieces, in order.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }
}

/// Adds the quoted strings in a text of our own making.
fn quotations(text: &str, out: &mut Vec<Vec<u8>>) {
    let mut inside: Option<Vec<u8>> = None;
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match (b, &mut inside) {
            (b'"', None) => inside = Some(Vec::new()),
            (b'"', Some(_)) => out.extend(inside.take()),
            (b'\\', Some(said)) => said.extend(bytes.next()),
            (b, Some(said)) => said.push(b),
            (_, None) => {}
        }
    }
}

/// `bytes` as a quoted string, if they are printable ASCII and not too long for a line.
fn quoted(bytes: &[u8]) -> Option<String> {
    if bytes.len() > 900 || !bytes.iter().all(|b| (b' '..=b'~').contains(b)) {
        return None;
    }
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for &b in bytes {
        if b == b'"' || b == b'\\' {
            out.push('\\');
        }
        out.push(b as char);
    }
    out.push('"');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &[u8]) -> Vec<Part<'static>> {
        let command = Command::new("SELECT ").mailbox(&MailboxName::new(name));
        command.unwrap().text(" X").parts().to_vec()
    }

    #[test]
    fn d05_a_name_never_becomes_a_command() {
        let text = |s: &str| vec![Part::Text(s.to_owned())];
        assert_eq!(parts(b"a\"b\\c&-"), text("SELECT \"a\\\"b\\\\c&-\" X"));
        let evil = b"a\" NOOP\r\na9 LOGOUT\r\n\"b";
        for literal in [&evil[..], "📬".as_bytes(), b"caf\xe9"] {
            assert_eq!(
                parts(literal),
                [
                    Part::Text("SELECT ".into()),
                    Part::Literal(Cow::Borrowed(literal)),
                    Part::Text(" X".into())
                ]
            );
        }
        let nul = Command::new("").mailbox(&MailboxName::new("a\0b"));
        assert_eq!(nul.unwrap_err(), Unsayable::Nul);
    }

    #[test]
    fn what_servers_like_to_repeat_is_told() {
        let of = |name: &[u8]| {
            let command = Command::new("UID COPY 1:7 ").mailbox(&MailboxName::new(name));
            command.unwrap().text(" (\\Seen)").strings()
        };
        assert_eq!(of(b"a\"b\\c"), ["a\"b\\c"]);
        assert_eq!(of(b"&AMQ-"), ["&AMQ-", "Ä"]);
        assert_eq!(of("Ä".as_bytes()), ["Ä"]);
        assert_eq!(of(b"x y"), ["x y"]);
        let large = Command::new("APPEND \"INBOX\" ").literal(&[b'x'; 2000]);
        assert_eq!(large.strings(), ["INBOX"]);
    }

    #[test]
    fn keywords_must_be_atoms() {
        let mut flags = Flags::of(crate::model::System::SEEN);
        flags.keywords.insert("$Work".into());
        let command = Command::new("").flags(&flags).unwrap();
        assert_eq!(command.parts(), [Part::Text("(\\Seen $Work)".into())]);
        flags.keywords.insert("a) (b".into());
        assert_eq!(
            Command::new("").flags(&flags).unwrap_err(),
            Unsayable::Keyword
        );
    }
}
