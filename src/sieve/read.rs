//! Words to a tree (RFC 5228 §8.2), within bounds: a script comes from anywhere.

use crate::sieve::fault::SieveError;
use crate::sieve::lex::{Lexer, Piece, Word};
use crate::sieve::tree::{Arg, Command, Script, Test};

/// Octets of the longest script that is read.
pub const LONGEST: usize = 1 << 20;
/// Blocks in blocks and tests in tests.
const DEEPEST: usize = 32;
/// Commands and tests in all.
const MOST: usize = 20_000;

type Read<T> = Result<T, SieveError>;

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Where it does not follow the grammar, or is larger than anybody writes.
    pub fn parse(text: &str) -> Read<Script> {
        if text.len() > LONGEST {
            let message = format!("a script of more than {LONGEST} octets is not read");
            return Err(SieveError { line: 1, message });
        }
        let mut reader = Reader {
            lexer: Lexer::new(text),
            ahead: None,
            line: 1,
            depth: 0,
            count: 0,
        };
        let commands = reader.commands()?;
        match reader.take()? {
            None => Ok(Script { commands }),
            Some(_) => Err(reader.error("nothing opened this brace")),
        }
    }
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    ahead: Option<Piece>,
    line: usize,
    depth: usize,
    count: usize,
}

impl Reader<'_> {
    fn error(&self, message: &str) -> SieveError {
        SieveError {
            line: self.line,
            message: message.to_owned(),
        }
    }

    fn peek(&mut self) -> Read<Option<&Word>> {
        if self.ahead.is_none() {
            self.ahead = self.lexer.next()?;
        }
        Ok(self.ahead.as_ref().map(|piece| &piece.word))
    }

    fn take(&mut self) -> Read<Option<Piece>> {
        self.peek()?;
        let piece = self.ahead.take();
        if let Some(piece) = &piece {
            self.line = piece.line;
        }
        Ok(piece)
    }

    fn is_next(&mut self, sign: char) -> Read<bool> {
        Ok(self.peek()? == Some(&Word::Sign(sign)))
    }

    /// Takes the sign if it is next.
    fn sign(&mut self, sign: char) -> Read<bool> {
        let found = self.is_next(sign)?;
        if found {
            self.take()?;
        }
        Ok(found)
    }

    fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(self.error("too much stands in one another")),
            false => Ok(()),
        }
    }

    fn one_more(&mut self) -> Read<()> {
        self.count += 1;
        match self.count > MOST {
            true => Err(self.error("there is more here than anybody writes")),
            false => Ok(()),
        }
    }

    /// Commands up to a closing brace or the end.
    fn commands(&mut self) -> Read<Vec<Command>> {
        let mut commands = Vec::new();
        while self.peek()?.is_some() && !self.is_next('}')? {
            commands.push(self.command()?);
        }
        Ok(commands)
    }

    fn command(&mut self) -> Read<Command> {
        self.one_more()?;
        let piece = self.take()?;
        let Some(Piece {
            word: Word::Name(name),
            line,
            note,
        }) = piece
        else {
            return Err(self.error("here a command has to begin"));
        };
        let (args, tests) = self.arguments()?;
        let mut command = Command {
            line,
            note,
            name,
            args,
            tests,
            block: None,
        };
        if self.sign('{')? {
            self.deeper()?;
            command.block = Some(self.commands()?);
            self.depth -= 1;
            if !self.sign('}')? {
                return Err(self.error("a block has no end"));
            }
        } else if !self.sign(';')? {
            let told = format!("`{}` wants a semicolon or a block behind it", command.name);
            return Err(self.error(&told));
        }
        Ok(command)
    }

    fn arguments(&mut self) -> Read<(Vec<Arg>, Vec<Test>)> {
        let mut args = Vec::new();
        loop {
            let arg = match self.peek()? {
                Some(Word::Tag(name)) => Arg::Tag(name.clone()),
                Some(Word::Number(number)) => Arg::Number(*number),
                Some(Word::Text(text)) => Arg::Text(text.clone()),
                Some(Word::Sign('[')) => {
                    self.take()?;
                    args.push(self.list()?);
                    continue;
                }
                _ => break,
            };
            self.take()?;
            args.push(arg);
        }
        let tests = match self.peek()? {
            Some(Word::Name(_)) => vec![self.test()?],
            Some(Word::Sign('(')) => {
                self.take()?;
                self.tests()?
            }
            _ => Vec::new(),
        };
        Ok((args, tests))
    }

    /// Texts up to the closing bracket.
    fn list(&mut self) -> Read<Arg> {
        let mut texts = Vec::new();
        loop {
            match self.take()? {
                Some(Piece {
                    word: Word::Text(text),
                    ..
                }) => texts.push(text),
                _ => return Err(self.error("a list holds texts")),
            }
            if self.sign(']')? {
                return Ok(Arg::texts(texts));
            }
            if !self.sign(',')? {
                return Err(self.error("a list wants a comma or its end here"));
            }
        }
    }

    /// Tests up to the closing parenthesis.
    fn tests(&mut self) -> Read<Vec<Test>> {
        let mut tests = Vec::new();
        loop {
            tests.push(self.test()?);
            if self.sign(')')? {
                return Ok(tests);
            }
            if !self.sign(',')? {
                return Err(self.error("tests want a comma or their end here"));
            }
        }
    }

    fn test(&mut self) -> Read<Test> {
        self.one_more()?;
        self.deeper()?;
        let Some(Piece {
            word: Word::Name(name),
            line,
            ..
        }) = self.take()?
        else {
            return Err(self.error("here a test has to stand"));
        };
        let (args, tests) = self.arguments()?;
        self.depth -= 1;
        Ok(Test {
            line,
            name,
            args,
            tests,
        })
    }
}
