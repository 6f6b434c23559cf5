//! Trees as text: what is printed reads as the same tree.

use crate::model::query::fields::{ME, SIZES, STATES, THINGS, is_me};
use crate::model::query::read::is_bare;
use crate::model::query::tree::{Expr, Field, Query, Term};
use std::fmt::{self, Display, Formatter};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Term(term) => term.fmt(f),
            Expr::All(sides) => joined(f, sides, " "),
            Expr::Any(sides) => joined(f, sides, " or "),
            Expr::Not(side) => {
                f.write_str("-")?;
                match &**side {
                    Expr::Term(term) => term.fmt(f),
                    side => write!(f, "({side})"),
                }
            }
        }
    }
}

/// Only an `or` inside an `and` needs parentheses, because trees are kept flat.
fn joined(f: &mut Formatter<'_>, sides: &[Expr], between: &str) -> fmt::Result {
    for (n, side) in sides.iter().enumerate() {
        if n > 0 {
            f.write_str(between)?;
        }
        match side {
            Expr::Any(_) => write!(f, "({side})")?,
            side => side.fmt(f)?,
        }
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Term::Words {
                field,
                text,
                prefix,
            } => {
                f.write_str(before(*field))?;
                let bare = match field {
                    Field::Any => is_bare(text),
                    // Without quotes it would be the user.
                    field if is_me(*field, text) => *prefix,
                    _ => is_value(text),
                };
                quoted(f, text, bare)?;
                f.write_str(if *prefix { "*" } else { "" })
            }
            Term::Me(field) => write!(f, "{}{ME}", before(*field)),
            Term::Is(is) => named(f, "is:", &STATES, is),
            Term::Has(has) => named(f, "has:", &THINGS, has),
            Term::In(name) => value(f, "in:", name),
            Term::Account(name) => value(f, "account:", name),
            Term::Tag(name) => value(f, "tag:", name),
            Term::List(name) => value(f, "list:", name),
            Term::Type(name) => value(f, "type:", name),
            Term::Larger(octets) => size(f, "larger:", *octets),
            Term::Smaller(octets) => size(f, "smaller:", *octets),
            Term::Within(first, last) if first == last => write!(f, "date:{first}"),
            Term::Within(first, last) => write!(f, "date:{first}..{last}"),
            Term::Before(period) => write!(f, "before:{period}"),
            Term::After(period) => write!(f, "after:{period}"),
            Term::Older(age) => write!(f, "older:{age}"),
            Term::Newer(age) => write!(f, "newer:{age}"),
            Term::Thread(thread) => write!(f, "thread:{thread}"),
            Term::Id(id) => value(f, "id:", id),
        }
    }
}

fn before(field: Field) -> &'static str {
    match field {
        Field::Any => "",
        Field::From => "from:",
        Field::To => "to:",
        Field::Cc => "cc:",
        Field::Subject => "subject:",
        Field::Body => "body:",
        Field::File => "file:",
    }
}

fn named<T: PartialEq>(
    f: &mut Formatter<'_>,
    field: &str,
    words: &[(&str, T)],
    meaning: &T,
) -> fmt::Result {
    let word = words.iter().find(|(_, other)| other == meaning);
    write!(f, "{field}{}", word.map_or("", |(word, _)| *word))
}

fn value(f: &mut Formatter<'_>, field: &str, text: &str) -> fmt::Result {
    f.write_str(field)?;
    quoted(f, text, is_value(text))
}

/// Whether a value can stand behind its field as it is.
fn is_value(text: &str) -> bool {
    let parts = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
    !text.is_empty() && !text.contains(parts) && !text.ends_with('*')
}

fn quoted(f: &mut Formatter<'_>, text: &str, bare: bool) -> fmt::Result {
    match bare {
        true => f.write_str(text),
        false => write!(f, "\"{text}\""),
    }
}

fn size(f: &mut Formatter<'_>, field: &str, octets: u64) -> fmt::Result {
    let whole = |(_, times): &&(&str, u64)| octets > 0 && octets.is_multiple_of(*times);
    match SIZES.iter().find(whole) {
        Some((letter, times)) => write!(f, "{field}{}{letter}", octets / times),
        None => write!(f, "{field}{octets}"),
    }
}
