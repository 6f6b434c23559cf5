//! Text to a tree. Terms stand side by side and must all hold; `or` between them, `-` or `not` before
//! them, parentheses around them. What is in quotes is never an operator.

use crate::lang::tr;
use crate::model::query::cut::{Kind, Piece, cut};
use crate::model::query::fields::{self, Wrong};
use crate::model::query::mutt::{self, Pattern};
use crate::model::query::tree::{Expr, Field, Query, Term};

/// Parentheses in parentheses, and what is negated twice: nobody types more.
const MAX_DEPTH: usize = 32;
/// Nobody types more terms either, and each costs a look into an index.
const MAX_TERMS: usize = 64;

/// Why a query can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Octet offset in the text where the trouble begins.
    pub at: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}

type Read<T> = Result<T, QueryError>;

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// An unknown field, a value that its field does not take, a field without a value, an operator
    /// without what it stands for, parentheses that don't fit, or more than anybody types.
    pub fn parse(text: &str) -> Read<Query> {
        Reader::read(text, false)
    }

    /// Reads a query that may be in the middle of being typed: a last word of two letters or more
    /// that nothing ends yet may go on, and what an operator or a parenthesis wants may still come.
    ///
    /// # Errors
    /// An unknown field, a value that its field does not take and that was ended, more than anybody
    /// types, or nothing that could be looked for already.
    pub fn typed(text: &str) -> Read<Query> {
        Reader::read(text, true)
    }
}

struct Reader<'a> {
    pieces: Vec<Piece<'a>>,
    /// Octets of the whole text.
    length: usize,
    next: usize,
    typed: bool,
    /// The first error that was none because somebody types.
    forgiven: Option<QueryError>,
    depth: usize,
    terms: usize,
}

impl<'a> Reader<'a> {
    fn read(text: &str, typed: bool) -> Read<Query> {
        let mut reader = Reader {
            pieces: cut(text),
            length: text.len(),
            next: 0,
            typed,
            forgiven: None,
            depth: 0,
            terms: 0,
        };
        let mut sides = Vec::new();
        // More than once only behind parentheses that nothing opened.
        while reader.next < reader.pieces.len() {
            sides.extend(reader.any(Field::Any)?);
            if let Some(close) = reader.peek() {
                reader.unless_typed(close.at, tr!("nothing opened this parenthesis"))?;
                reader.next += 1;
            }
        }
        let root = Expr::all(sides);
        match reader.forgiven.filter(|_| root.is_empty()) {
            // Nothing else was typed that could be looked for meanwhile.
            Some(error) => Err(error),
            None => Ok(Query { root }),
        }
    }

    fn peek(&self) -> Option<Piece<'a>> {
        self.pieces.get(self.next).copied()
    }

    /// An error, except while somebody types.
    fn unless_typed(&mut self, at: usize, message: &str) -> Read<()> {
        let error = error(at, message);
        match self.typed {
            true => {
                self.forgiven.get_or_insert(error);
                Ok(())
            }
            false => Err(error),
        }
    }

    /// Terms up to a closing parenthesis or the end; `None` if there are none.
    fn any(&mut self, field: Field) -> Read<Option<Expr>> {
        let mut sides: Vec<Expr> = self.all(field)?.into_iter().collect();
        while let Some(or) = self
            .peek()
            .filter(|piece| operator(piece) == Some(Operator::Or))
        {
            self.next += 1;
            let before = !sides.is_empty();
            let side = self.all(field)?;
            if !before || side.is_none() {
                let message = tr!("`{operator}` stands between two terms", operator = or.text);
                self.unless_typed(or.at, &message)?;
            }
            sides.extend(side);
        }
        Ok((!sides.is_empty()).then(|| Expr::any(sides)))
    }

    /// Terms that must all hold.
    fn all(&mut self, field: Field) -> Read<Option<Expr>> {
        let mut sides = Vec::new();
        while let Some(piece) = self.peek().filter(|piece| piece.kind != Kind::Close) {
            match operator(&piece) {
                Some(Operator::Or) => break,
                Some(Operator::And) => {
                    self.next += 1;
                    let follows = self.peek().is_some_and(|p| {
                        p.kind != Kind::Close && operator(&p) != Some(Operator::Or)
                    });
                    if sides.is_empty() || !follows {
                        let message = tr!(
                            "`{operator}` stands between two terms",
                            operator = piece.text
                        );
                        self.unless_typed(piece.at, &message)?;
                    }
                }
                Some(Operator::Not) | None => sides.extend(self.one(field)?),
            }
        }
        Ok((!sides.is_empty()).then(|| Expr::all(sides)))
    }

    /// A term, what is in parentheses, or the opposite of either.
    fn one(&mut self, field: Field) -> Read<Option<Expr>> {
        let Some(piece) = self.peek() else {
            return Ok(None);
        };
        self.next += 1;
        if piece.kind == Kind::Open {
            return self.group(field, piece.at);
        }
        let opens = self
            .peek()
            .filter(|p| p.kind == Kind::Open && p.at == piece.end());
        if operator(&piece) == Some(Operator::Not) || (piece.text == "-" && opens.is_some()) {
            self.deeper(piece.at)?;
            let follows = self.peek().is_some_and(|p| {
                p.kind != Kind::Close && matches!(operator(&p), None | Some(Operator::Not))
            });
            let side = if follows { self.one(field)? } else { None };
            self.depth -= 1;
            if !follows {
                let message = tr!("`{operator}` stands before a term", operator = piece.text);
                self.unless_typed(piece.at, &message)?;
            }
            return Ok(side.map(Expr::negate));
        }
        let minus = piece.text.strip_prefix('-').filter(|rest| !rest.is_empty());
        let bang = piece
            .text
            .strip_prefix('!')
            .filter(|rest| rest.starts_with('~'));
        Ok(match minus.or(bang) {
            Some(rest) => self.word(field, piece.at + 1, rest)?.map(Expr::negate),
            None => self.word(field, piece.at, piece.text)?,
        })
    }

    /// What is in parentheses; the opening one was read.
    fn group(&mut self, field: Field, at: usize) -> Read<Option<Expr>> {
        self.deeper(at)?;
        let inside = self.any(field)?;
        self.depth -= 1;
        match self.peek() {
            Some(_) => self.next += 1,
            None => self.unless_typed(at, tr!("this parenthesis is not closed"))?,
        }
        if inside.is_none() {
            self.unless_typed(at, tr!("there is nothing between these parentheses"))?;
        }
        Ok(inside)
    }

    fn deeper(&mut self, at: usize) -> Read<()> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(error(at, tr!("this is nested too deeply"))),
            false => Ok(()),
        }
    }

    fn count(&mut self, at: usize) -> Read<()> {
        self.terms += 1;
        match self.terms > MAX_TERMS {
            true => Err(error(at, &tr!("more than {n} terms", n = MAX_TERMS))),
            false => Ok(()),
        }
    }

    /// A term that begins with this word.
    fn word(&mut self, inside: Field, at: usize, word: &str) -> Read<Option<Expr>> {
        self.count(at)?;
        if let Some(letter) = mutts_letter(word) {
            return self.pattern(at, letter);
        }
        let Some((name, value)) = split_field(word) else {
            return self.words(inside, at, word);
        };
        let name = name.to_ascii_lowercase();
        let behind = at + name.len() + 1;
        let bare = value.replace('"', "");
        if bare.trim().is_empty() {
            return self.behind_a_colon(&name, at, behind, value);
        }
        if let Some(field) = fields::of_words(&name) {
            return self.words(field, behind, value);
        }
        match fields::of_value(&name, &bare) {
            Ok(term) => Ok(Some(term)),
            Err(Wrong::Field) => Err(unknown(at, &name)),
            // What nothing ends yet may become one that fits.
            Err(Wrong::Value(message)) if self.is_open() => {
                self.unless_typed(behind, &message).map(|()| None)
            }
            Err(Wrong::Value(message)) => Err(error(behind, &message)),
        }
    }

    /// Whether the last word was read and nothing stands behind it.
    fn is_open(&self) -> bool {
        let last = self.pieces.last();
        self.next == self.pieces.len() && last.is_some_and(|p| p.end() == self.length)
    }

    /// A field with nothing behind it, except perhaps parentheses: `from:(ada or bo)`.
    fn behind_a_colon(
        &mut self,
        name: &str,
        at: usize,
        behind: usize,
        value: &str,
    ) -> Read<Option<Expr>> {
        let field = fields::of_words(name);
        if field.is_none() && matches!(fields::of_value(name, ""), Err(Wrong::Field)) {
            return Err(unknown(at, name));
        }
        let opens = self
            .peek()
            .filter(|p| p.kind == Kind::Open && p.at == behind && value.is_empty());
        let Some(open) = opens else {
            let message = tr!("`{name}:` needs a value right after the colon", name);
            return self.unless_typed(at, &message).map(|()| None);
        };
        let Some(field) = field else {
            return Err(error(
                open.at,
                &tr!("`{name}:` takes one value and no parentheses", name),
            ));
        };
        self.next += 1;
        self.group(field, open.at)
    }

    /// A pattern of mutt's, with the word that follows where it wants one.
    fn pattern(&mut self, at: usize, letter: char) -> Read<Option<Expr>> {
        let with = match mutt::pattern(letter) {
            None => {
                let known = mutt::KNOWN;
                let message = tr!(
                    "`~{letter}` is not known here; there are {known}",
                    letter,
                    known
                );
                return Err(error(at, &message));
            }
            Some(Pattern::Alone(expr)) => return Ok(Some(expr)),
            Some(Pattern::With(with)) => with,
        };
        let Some(piece) = self.peek().filter(|p| p.kind == Kind::Word) else {
            let message = tr!("`~{letter}` needs a word behind it", letter);
            return self.unless_typed(at, &message).map(|()| None);
        };
        self.next += 1;
        if let Some(read) = with(&piece.text.replace('"', "")) {
            return Ok(Some(read));
        }
        let message = tr!(
            "`~{letter}` does not take {text}",
            letter,
            text = piece.text
        );
        // What nothing ends yet may become one that fits.
        match self.is_open() {
            true => self.unless_typed(at, &message).map(|()| None),
            false => Err(error(at, &message)),
        }
    }

    /// Words to look for. The last ones of what is being typed may go on. Signs alone are none: a rule
    /// that asked for them would be done to everything.
    fn words(&mut self, field: Field, at: usize, text: &str) -> Read<Option<Expr>> {
        if fields::is_me(field, text) {
            return Ok(Some(Expr::Term(Term::Me(field))));
        }
        if !fields::has_word(text) {
            let told = tr!("`{text}` has no letter and no digit to look for", text);
            if text
                .chars()
                .all(|c| c == '"' || c.is_whitespace() || c.is_control())
            {
                // A quotation mark that is left over asks for nothing.
                self.forgiven.get_or_insert(error(at, &told));
                return Ok(None);
            }
            return self.unless_typed(at, &told).map(|()| None);
        }
        let bare = text.trim_end_matches('*').replace('"', "");
        let negated = self.pieces.last().is_some_and(|p| p.text.starts_with('-'));
        let goes_on = self.typed
            && self.is_open()
            && !negated
            // Whoever writes what a word ends with has written its end.
            && !text.starts_with('*')
            && text.ends_with(char::is_alphanumeric)
            && bare.chars().count() > 1;
        Ok(Some(Expr::Term(Term::Words {
            field,
            text: bare,
            prefix: text.ends_with('*') || goes_on,
        })))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Not,
}

fn operator(piece: &Piece<'_>) -> Option<Operator> {
    match piece.kind {
        Kind::Word => operator_word(piece.text),
        Kind::Open | Kind::Close => None,
    }
}

fn operator_word(word: &str) -> Option<Operator> {
    let operators = [
        ("and", Operator::And),
        ("&", Operator::And),
        ("or", Operator::Or),
        ("|", Operator::Or),
        ("not", Operator::Not),
        ("!", Operator::Not),
    ];
    let found = operators
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, operator)| *operator)
}

/// The letter of `~f`.
fn mutts_letter(word: &str) -> Option<char> {
    let mut rest = word.strip_prefix('~')?.chars();
    let letter = rest.next().filter(char::is_ascii_alphabetic)?;
    rest.next().is_none().then_some(letter)
}

/// Only letters before the colon: `12:30` and `http://x` are words to look for.
fn split_field(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once(':')?;
    let lower = name.to_ascii_lowercase();
    let gmails = ["older_than", "newer_than", "rfc822msgid"].contains(&lower.as_str());
    let letters = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
    let other = ["http", "https", "mailto", "re", "fwd", "fw", "aw", "wg"];
    ((letters || gmails) && !other.contains(&lower.as_str())).then_some((name, value))
}

/// Whether a text without quotes reads as words to look for anywhere.
pub(super) fn is_bare(text: &str) -> bool {
    let parts = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
    !text.is_empty()
        && !text.contains(parts)
        && !text.ends_with('*')
        && !text.starts_with(['-', '~'])
        && !text.starts_with("!~")
        && operator_word(text).is_none()
        && split_field(text).is_none()
}

fn error(at: usize, message: &str) -> QueryError {
    let message = message.to_owned();
    QueryError { at, message }
}

fn unknown(at: usize, name: &str) -> QueryError {
    error(
        at,
        &tr!(
            "there is no field `{name}:`; put the word in quotes to look for it as it stands",
            name
        ),
    )
}
