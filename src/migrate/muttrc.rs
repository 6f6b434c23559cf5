//! The syntax of mutt's and neomutt's files: statements, words, quotes, variables. What stands in
//! backticks is never run; it is told apart, so that a password's program can be taken over.

/// A statement's text, with the line that it begins in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Lines that end with a backslash are joined.
    pub text: String,
    /// From 1.
    pub number: u32,
}

/// The lines, joined where they say so.
pub fn lines(text: &str) -> Vec<Line> {
    let mut all: Vec<Line> = Vec::new();
    let mut open = false;
    for (line, number) in text.lines().zip(1u32..) {
        let ends = line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        let body = match ends {
            true => line.strip_suffix('\\').unwrap_or(line),
            false => line,
        };
        match all.last_mut().filter(|_| open) {
            Some(last) => last.text.push_str(body),
            None => all.push(Line {
                text: body.to_owned(),
                number,
            }),
        }
        open = ends;
    }
    all.retain(|l| !l.text.trim().is_empty() && !l.text.trim_start().starts_with('#'));
    all
}

/// A word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// What it says, without its quotes.
    pub text: String,
    /// What stands in backticks in it, if anything.
    pub command: Option<String>,
    /// Whether it names a variable that nobody knows.
    pub unknown: bool,
}

/// The words of a line, one after the other.
pub struct Words<'l, 'k> {
    rest: &'l str,
    known: &'k dyn Fn(&str) -> Option<Word>,
    later: bool,
}

impl<'l, 'k> Words<'l, 'k> {
    /// The words of this line; `known`: the values of variables.
    pub fn new(line: &'l str, known: &'k dyn Fn(&str) -> Option<Word>) -> Words<'l, 'k> {
        Words {
            rest: line,
            known,
            later: false,
        }
    }

    /// From here on words are read once more when they are obeyed, as a hook's command is: what a
    /// program prints and variables that nobody knows stay in them as they are written.
    pub fn for_later(&mut self) {
        self.later = true;
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Whether the statement is at its end.
    pub fn is_over(&mut self) -> bool {
        self.skip_space();
        matches!(self.peek(), None | Some(';' | '#'))
    }

    /// Goes behind the semicolon that ends a statement; whether another follows.
    pub fn next_statement(&mut self) -> bool {
        self.skip_space();
        while self.peek() == Some(';') {
            self.take();
            self.skip_space();
        }
        !matches!(self.peek(), None | Some('#'))
    }

    /// What is left up to a comment, quotes and all.
    pub fn rest(&mut self) -> &'l str {
        let whole = std::mem::take(&mut self.rest);
        let mut quoted = false;
        let end = whole.find(|c: char| {
            quoted ^= c == '"';
            c == '#' && !quoted
        });
        whole
            .get(..end.unwrap_or(whole.len()))
            .unwrap_or_default()
            .trim()
    }

    /// What was not read yet.
    pub fn left(&self) -> &'l str {
        self.rest
    }

    /// An equal sign, if one stands here.
    pub fn equals(&mut self) -> bool {
        self.skip_space();
        let is = self.peek() == Some('=');
        if is {
            self.take();
        }
        is
    }

    /// The next word; `None` at the end. With `name` it ends before an equal sign too.
    pub fn word(&mut self, name: bool) -> Option<Word> {
        if self.is_over() {
            return None;
        }
        let mut word = Word::default();
        let mut quote: Option<char> = None;
        while let Some(c) = self.peek() {
            match quote {
                None if c.is_whitespace() || c == ';' || c == '#' || (name && c == '=') => break,
                _ => {}
            }
            self.take();
            match (c, quote) {
                (end, Some(open)) if end == open => quote = None,
                (_, Some('\'')) => word.text.push(c),
                ('\'' | '"', None) => quote = Some(c),
                ('\\', _) => self.escape(&mut word),
                ('`', _) => self.command(&mut word),
                ('$', _) => self.variable(&mut word),
                _ => word.text.push(c),
            }
        }
        Some(word)
    }

    fn escape(&mut self, word: &mut Word) {
        match self.take() {
            Some('n') => word.text.push('\n'),
            Some('t') => word.text.push('\t'),
            Some('r') => word.text.push('\r'),
            // Keys are written so; `keys.rs` reads them.
            Some(c @ ('C' | 'c' | 'e')) => {
                word.text.push('\\');
                word.text.push(c);
            }
            Some(c) => word.text.push(c),
            None => word.text.push('\\'),
        }
    }

    fn command(&mut self, word: &mut Word) {
        let mut command = String::new();
        while let Some(c) = self.take() {
            match c {
                '`' => break,
                '\\' if self.peek() == Some('`') => command.extend(self.take()),
                c => command.push(c),
            }
        }
        self.print(command, word);
    }

    /// Puts in what a program prints.
    fn print(&self, command: String, word: &mut Word) {
        if self.later {
            let command = command.replace('`', "\\`");
            word.text.push_str(&format!("`{command}`"));
        } else {
            word.command = Some(command);
        }
    }

    fn variable(&mut self, word: &mut Word) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = match self.rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            Some((name, rest)) => {
                self.rest = rest;
                name
            }
            None => {
                let end = self.rest.find(|c| !plain(c)).unwrap_or(self.rest.len());
                let (name, rest) = self.rest.split_at_checked(end).unwrap_or_default();
                self.rest = rest;
                name
            }
        };
        if name.is_empty() {
            word.text.push('$');
            return;
        }
        match (self.known)(name) {
            Some(value) if !(self.later && value.unknown) => {
                word.text.push_str(&value.text);
                word.unknown |= value.unknown;
                if let Some(command) = value.command {
                    self.print(command, word);
                }
            }
            None | Some(_) if self.later => word.text.push_str(&format!("${{{name}}}")),
            None | Some(_) => word.unknown = true,
        }
    }
}

/// One statement.
pub struct Statement {
    /// Its first word.
    pub command: String,
    /// The others, each with what it is set to.
    pub pairs: Vec<(Word, Option<Word>)>,
    /// All behind the first, of a command whose words are its own.
    pub raw: String,
}

impl Statement {
    /// A word behind the first, from 0; empty if there is none.
    pub fn word(&self, n: usize) -> &str {
        self.pairs.get(n).map_or("", |(word, _)| word.text.as_str())
    }

    /// The words from there on: a command that stands in no quotes is the rest of the line.
    pub fn rest(&self, from: usize) -> String {
        let words = self.pairs.iter().skip(from).map(|(w, _)| w.text.as_str());
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The first statement of a line and what follows it.
pub fn statement<'l>(
    line: &'l str,
    known: &dyn Fn(&str) -> Option<Word>,
) -> (Option<Statement>, &'l str) {
    let mut words = Words::new(line, known);
    if !words.next_statement() {
        return (None, "");
    }
    let Some(command) = words.word(false).map(|w| w.text).filter(|c| !c.is_empty()) else {
        return (None, "");
    };
    let mut found = Statement {
        command,
        pairs: Vec::new(),
        raw: String::new(),
    };
    match found.command.as_str() {
        "alias" | "group" | "my_hdr" => found.raw = words.rest().to_owned(),
        "set" | "unset" | "reset" | "toggle" => {
            while let Some(name) = words.word(true) {
                let value = match words.equals() {
                    true => Some(words.word(false).unwrap_or_default()),
                    false => None,
                };
                if name.text.is_empty() && value.is_none() {
                    break;
                }
                found.pairs.push((name, value));
            }
        }
        command => {
            if command.ends_with("-hook") || command == "ifdef" {
                words.for_later();
            }
            while let Some(word) = words.word(false) {
                found.pairs.push((word, None));
            }
        }
    }
    (Some(found), words.left())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(line: &str) -> Vec<String> {
        let known = |name: &str| {
            (name == "my_a").then(|| Word {
                text: "A b".to_owned(),
                ..Word::default()
            })
        };
        let mut words = Words::new(line, &known);
        std::iter::from_fn(|| words.word(false))
            .map(|w| w.text)
            .collect()
    }

    #[test]
    fn words_are_cut_as_mutt_does() {
        assert_eq!(
            all("set a 'b c' \"d \\\"e\" f\\ g # no"),
            ["set", "a", "b c", "d \"e", "f g"]
        );
        assert_eq!(
            all("x '$my_a' \"$my_a\" ${my_a}c $none"),
            ["x", "$my_a", "A b", "A bc", ""]
        );
        let none = |_: &str| None;
        let mut words = Words::new("\"`pass \\`x`\" y=z; w", &none);
        let word = words.word(true).unwrap();
        assert_eq!(word.command.as_deref(), Some("pass `x"));
        assert_eq!(words.word(true).unwrap().text, "y");
        assert!(words.equals());
        assert_eq!(words.word(true).unwrap().text, "z");
        assert!(words.is_over() && words.next_statement());
        assert_eq!(words.word(true).unwrap().text, "w");
    }

    #[test]
    fn what_is_read_later_keeps_its_programs_and_variables() {
        let known = |name: &str| match name {
            "my_plain" => Some(Word {
                text: "p".to_owned(),
                ..Word::default()
            }),
            "my_printed" => Some(Word {
                command: Some("pass y".to_owned()),
                ..Word::default()
            }),
            _ => None,
        };
        let line = "\"a=`pass x` b=$none\" c=$my_plain d=$my_printed '`e` $f'";
        let mut words = Words::new(line, &known);
        words.for_later();
        let all: Vec<String> = std::iter::from_fn(|| words.word(false))
            .map(|w| w.text)
            .collect();
        let kept = ["a=`pass x` b=${none}", "c=p", "d=`pass y`", "`e` $f"];
        assert_eq!(all, kept);
    }

    #[test]
    fn lines_are_joined_and_counted() {
        let read = lines("a \\\nb\n# c\n\nd\\\\\n");
        let read: Vec<_> = read.iter().map(|l| (l.text.as_str(), l.number)).collect();
        assert_eq!(read, [("a b", 1), ("d\\\\", 5)]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            for line in lines(&text) {
                all(&line.text);
            }
        }
    }
}
