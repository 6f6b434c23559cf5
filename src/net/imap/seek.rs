//! A query as a server can be asked it: a search program (RFC 9051 §6.4.4), or Gmail's own language
//! (X-GM-RAW of X-GM-EXT-1).
//!
//! A server is asked for its texts; everything else is known here and decided here. So what a server
//! can't be asked (attachments' names, mailboxes, tags) is left out of the question, which then finds
//! more, and whoever asked weighs that. Nothing is left out under a `not`: that would find less.

use crate::model::own;
use crate::model::query::period::in_zone;
use crate::model::query::{Expr, Field, Is, Query, Term};
use crate::net::imap::command::{Command, Unsayable};
use crate::net::imap::item::day;

/// A day in seconds: a server counts days in a zone of its own.
const DAY: i64 = 86_400;

/// A piece of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Of our own making.
    Key(String),
    /// From outside.
    Words(String),
}

/// What a server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pieces: Vec<Piece>,
}

impl Program {
    /// The question to any server; `None` if it asks for no words of a text, so that all that it would
    /// find is known here. `now`: seconds since 1970.
    pub fn of(query: &Query, now: i64) -> Option<Program> {
        let asks = asks_for_text(&query.root);
        let pieces = asks.then(|| said(&query.root, now))??;
        Some(Program { pieces })
    }

    /// The question to Gmail.
    pub fn of_gmail(query: &Query) -> Option<Program> {
        let asks = asks_for_text(&query.root);
        let raw = asks.then(|| raw(&query.root))??;
        let pieces = vec![Piece::Key("X-GM-RAW".to_owned()), Piece::Words(raw)];
        Some(Program { pieces })
    }

    /// Whether it can be said without naming a character set.
    pub fn is_ascii(&self) -> bool {
        self.pieces.iter().all(|piece| match piece {
            Piece::Key(text) | Piece::Words(text) => text.is_ascii(),
        })
    }

    /// Adds it to a command, each piece behind a blank.
    ///
    /// # Errors
    /// When a word holds NUL.
    pub fn write<'a>(&self, mut command: Command<'a>) -> Result<Command<'a>, Unsayable> {
        for piece in &self.pieces {
            command = match piece {
                Piece::Key(text) => command.text(" ").text(text),
                Piece::Words(text) => command.text(" ").astring(text.as_bytes())?,
            };
        }
        Ok(command)
    }
}

/// Whether words are looked for that may stand in a text.
fn asks_for_text(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) | Expr::Any(sides) => sides.iter().any(asks_for_text),
        Expr::Not(_) => false,
        Expr::Term(Term::Words {
            field: Field::Any | Field::Body,
            text,
            ..
        }) => text.contains(char::is_alphanumeric),
        Expr::Term(_) => false,
    }
}

/// `None`: it can't be said, or says nothing.
fn said(expr: &Expr, now: i64) -> Option<Vec<Piece>> {
    match expr {
        Expr::All(sides) => {
            let each = sides.iter().filter_map(|side| said(side, now));
            let pieces: Vec<Piece> = each.flatten().collect();
            (!pieces.is_empty()).then_some(pieces)
        }
        Expr::Any(sides) => {
            let each = sides.iter().map(|side| said(side, now));
            // One side that can't be said makes all of it unsayable.
            let each: Vec<Vec<Piece>> = each.collect::<Option<_>>()?;
            let (last, before) = each.split_last()?;
            let mut pieces = Vec::new();
            for side in before {
                pieces.push(Piece::Key("OR".to_owned()));
                pieces.extend(grouped(side.clone()));
            }
            pieces.extend(grouped(last.clone()));
            Some(pieces)
        }
        Expr::Not(side) => {
            is_exact(side).then_some(())?;
            let side = said(side, now)?;
            let mut pieces = vec![Piece::Key("NOT".to_owned())];
            pieces.extend(grouped(side));
            Some(pieces)
        }
        Expr::Term(term) => self::term(term, now),
    }
}

/// In parentheses.
fn grouped(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.insert(0, Piece::Key("(".to_owned()));
    pieces.push(Piece::Key(")".to_owned()));
    pieces
}

/// Whether what is said of it means the same, so that its opposite can be said.
fn is_exact(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) | Expr::Any(sides) => !sides.is_empty() && sides.iter().all(is_exact),
        Expr::Not(side) => is_exact(side),
        Expr::Term(Term::Is(Is::Snoozed)) => false,
        Expr::Term(term) => matches!(
            term,
            Term::Words {
                field: Field::Any
                    | Field::From
                    | Field::To
                    | Field::Cc
                    | Field::Subject
                    | Field::Body,
                ..
            } | Term::Is(_)
                | Term::Larger(_)
                | Term::Smaller(_)
        ),
    }
}

fn term(term: &Term, now: i64) -> Option<Vec<Piece>> {
    let zone = in_zone(now);
    let key = |text: String| Some(vec![Piece::Key(text)]);
    let since = |at: Option<i64>| key(format!("SINCE {}", day(at?.saturating_sub(DAY))));
    let before = |at: Option<i64>| key(format!("BEFORE {}", day(at?.saturating_add(2 * DAY))));
    match term {
        Term::Words { field, text, .. } => {
            let words = words(text)?;
            let one = |name: &str| {
                let name = Piece::Key(name.to_owned());
                vec![name, Piece::Words(words.clone())]
            };
            Some(match field {
                // TEXT would also find it in fields that nobody looks at.
                Field::Any => {
                    let mut pieces = Vec::new();
                    for name in ["BODY", "SUBJECT", "FROM", "TO"] {
                        pieces.push(Piece::Key("OR".to_owned()));
                        pieces.extend(one(name));
                    }
                    pieces.extend(one("CC"));
                    pieces
                }
                Field::Body => one("BODY"),
                Field::From => one("FROM"),
                Field::Cc => one("CC"),
                Field::Subject => one("SUBJECT"),
                Field::To => {
                    let mut pieces = vec![Piece::Key("OR".to_owned())];
                    pieces.extend(one("TO"));
                    pieces.extend(one("CC"));
                    pieces
                }
                Field::File => return None,
            })
        }
        Term::Me(field) => said(&me(*field)?, now),
        Term::Is(is) => key(match is {
            Is::Unread => "UNSEEN".to_owned(),
            Is::Read => "SEEN".to_owned(),
            Is::Flagged => "FLAGGED".to_owned(),
            Is::Answered => "ANSWERED".to_owned(),
            Is::Draft => "DRAFT".to_owned(),
            Is::Muted => "KEYWORD $muted".to_owned(),
            // The keyword names a time, and there are no searches for parts of one.
            Is::Snoozed => return None,
            Is::List => "HEADER LIST-ID \"\"".to_owned(),
        }),
        Term::Larger(octets) => key(format!("LARGER {}", (*octets).min(u64::from(u32::MAX)))),
        Term::Smaller(octets) => key(format!("SMALLER {}", (*octets).min(u64::from(u32::MAX)))),
        Term::Within(first, last) => {
            let from = since(first.range(&zone).map(|range| range.start));
            let to = before(last.range(&zone).map(|range| range.end));
            let both: Vec<Piece> = from.into_iter().chain(to).flatten().collect();
            (!both.is_empty()).then_some(both)
        }
        Term::Before(period) => before(period.range(&zone).map(|range| range.start)),
        Term::After(period) => since(period.range(&zone).map(|range| range.start)),
        Term::Older(age) => before(age.before(&zone)),
        Term::Newer(age) => since(age.before(&zone)),
        Term::Has(_)
        | Term::In(_)
        | Term::Account(_)
        | Term::Tag(_)
        | Term::List(_)
        | Term::Type(_)
        | Term::Thread(_)
        | Term::Id(_) => None,
    }
}

/// The user's addresses as words; `None` if there are none. A server finds more by them: every part
/// of an address counts.
fn me(field: Field) -> Option<Expr> {
    let own = own::addresses();
    let each = own
        .iter()
        .map(|a| Expr::Term(Term::words(field, a.as_str())));
    (!own.is_empty()).then(|| Expr::any(each))
}

/// What a server compares with: it knows no wild cards, and every part of a word counts.
fn words(text: &str) -> Option<String> {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let clean = clean.trim_matches(['*', ' ']);
    clean
        .contains(char::is_alphanumeric)
        .then(|| clean.to_owned())
}

/// In Gmail's language.
fn raw(expr: &Expr) -> Option<String> {
    match expr {
        Expr::All(sides) => {
            let each: Vec<String> = sides.iter().filter_map(raw).collect();
            (!each.is_empty()).then(|| each.join(" "))
        }
        Expr::Any(sides) => {
            let each: Vec<String> = sides.iter().map(raw).collect::<Option<_>>()?;
            Some(format!("({})", each.join(" OR ")))
        }
        Expr::Not(side) => {
            is_exact(side).then_some(())?;
            Some(format!("-({})", raw(side)?))
        }
        Expr::Term(Term::Words { field, text, .. }) => {
            // Nothing from outside but words in quotes, in which Gmail knows no operator.
            let words = words(text)?.replace('"', " ");
            let name = match field {
                Field::Any | Field::Body => "",
                Field::From => "from:",
                Field::To => "to:",
                Field::Cc => "cc:",
                Field::Subject => "subject:",
                Field::File => "filename:",
            };
            Some(format!("{name}\"{words}\""))
        }
        Expr::Term(Term::Me(field)) => raw(&me(*field)?),
        Expr::Term(Term::Is(is)) => match is {
            Is::Unread => Some("is:unread".to_owned()),
            Is::Read => Some("is:read".to_owned()),
            Is::Flagged => Some("is:starred".to_owned()),
            Is::Answered | Is::Draft | Is::Muted | Is::Snoozed | Is::List => None,
        },
        Expr::Term(Term::Larger(octets)) => Some(format!("larger:{octets}")),
        Expr::Term(Term::Smaller(octets)) => Some(format!("smaller:{octets}")),
        Expr::Term(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::imap::command::Part;
    use proptest::prelude::*;

    /// 2026-11-21, 12:00 UTC.
    const NOW: i64 = 1_795_262_400;

    fn wire(program: Option<Program>) -> String {
        let Some(program) = program else {
            return "-".to_owned();
        };
        let command = program.write(Command::new("S")).unwrap();
        let parts = command.parts().iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Literal(bytes) => {
                format!("{{{}}}{}", bytes.len(), String::from_utf8_lossy(bytes))
            }
        });
        parts
            .collect::<String>()
            .replace("( ", "(")
            .replace(" )", ")")
    }

    /// `@a@`: the word anywhere.
    fn anywhere(program: &str) -> String {
        let mut parts = program.split('@');
        let mut out = parts.next().unwrap().to_owned();
        while let (Some(word), Some(rest)) = (parts.next(), parts.next()) {
            let word = match word.is_ascii() {
                true => format!("\"{word}\""),
                false => format!("{{{}}}{word}", word.len()),
            };
            out.push_str(&format!(
                "OR BODY {word} OR SUBJECT {word} OR FROM {word} OR TO {word} CC {word}{rest}"
            ));
        }
        out
    }

    #[test]
    fn a_query_is_a_program() {
        for (query, program) in [
            ("lunch", r#"S @lunch@"#),
            ("\"lunch on\" from:ada", r#"S @lunch on@ FROM "ada""#),
            ("body:a to:b", r#"S BODY "a" OR TO "b" CC "b""#),
            ("lunch*", r#"S @lunch@"#),
            ("*lunch*", r#"S @lunch@"#),
            ("a or b or c", r#"S OR (@a@) OR (@b@) (@c@)"#),
            ("a -subject:b", r#"S @a@ NOT (SUBJECT "b")"#),
            ("a -(b is:unread)", r#"S @a@ NOT (@b@ UNSEEN)"#),
            ("a larger:1k is:flagged", r#"S @a@ LARGER 1024 FLAGGED"#),
            ("a is:list", r#"S @a@ HEADER LIST-ID """#),
            ("größe", "S @größe@"),
            (
                "a date:2025-03-01",
                r#"S @a@ SINCE 28-Feb-2025 BEFORE 4-Mar-2025"#,
            ),
            // Decided here: what can't be said finds more.
            ("a file:b in:c account:d tag:e", r#"S @a@"#),
            ("a -file:b -after:2025", r#"S @a@"#),
            ("a or file:b", "-"),
            // Nothing that is not known here.
            ("from:ada", "-"),
            ("is:unread", "-"),
            ("-lunch", "-"),
        ] {
            let read = Query::parse(query).unwrap();
            let program = anywhere(program);
            let said = wire(Program::of(&read, NOW));
            let said = said
                .replace(" 1-Mar", " 01-Mar")
                .replace(" 4-Mar", " 04-Mar");
            let meant = program
                .replace(" 1-Mar", " 01-Mar")
                .replace(" 4-Mar", " 04-Mar");
            // The zone of the machine may move a day.
            if query.contains("date:") {
                assert!(said.contains(" CC \"a\" SINCE ") && said.contains(" BEFORE "));
            } else {
                assert_eq!(said, meant, "{query}");
            }
        }
    }

    #[test]
    fn the_user_is_asked_for_by_address() {
        let wire = |own: &[&str], query: &str| {
            let read = Query::parse(query).unwrap();
            own::during(own, || {
                let gmail = wire(Program::of_gmail(&read));
                (wire(Program::of(&read, NOW)), gmail)
            })
        };
        let (any, gmail) = wire(&["a@x.example", "b@x.example"], "body:lunch from:me");
        assert_eq!(
            any,
            r#"S BODY "lunch" OR (FROM "a@x.example") (FROM "b@x.example")"#
        );
        assert_eq!(
            gmail,
            r#"S X-GM-RAW "\"lunch\" (from:\"a@x.example\" OR from:\"b@x.example\")""#
        );
        // What servers find too much of is not asked the other way round.
        let (any, _) = wire(&["a@x.example"], "body:lunch -from:me");
        assert_eq!(any, r#"S BODY "lunch""#);
        assert_eq!(wire(&[], "body:lunch from:me").0, r#"S BODY "lunch""#);
    }

    #[test]
    fn gmail_is_asked_in_its_own_words() {
        for (query, raw) in [
            ("lunch from:ada", r#"S X-GM-RAW "\"lunch\" from:\"ada\"""#),
            (
                "a (b or is:unread) -c",
                r#"S X-GM-RAW "\"a\" (\"b\" OR is:unread) -(\"c\")""#,
            ),
            (
                "a file:b larger:5M",
                r#"S X-GM-RAW "\"a\" filename:\"b\" larger:5242880""#,
            ),
            ("a has:link in:x", r#"S X-GM-RAW "\"a\"""#),
            ("from:ada", "-"),
        ] {
            let read = Query::parse(query).unwrap();
            assert_eq!(wire(Program::of_gmail(&read)), raw, "{query}");
        }
    }

    #[test]
    fn s46_what_is_typed_never_becomes_a_command() {
        for hostile in [
            "\"a\\\"b\"",
            "a\u{0}b",
            "\"x\r\nA1 LOGOUT\r\n\"",
            "\") UNDELETED\"",
            "{5}",
            "\\",
        ] {
            let query = Query {
                root: Expr::Term(Term::words(Field::Any, hostile)),
            };
            for program in [Program::of(&query, NOW), Program::of_gmail(&query)] {
                let Some(program) = program else { continue };
                let command = program.write(Command::new("S")).unwrap();
                for part in command.parts() {
                    let Part::Text(text) = part else { continue };
                    assert!(!text.contains(['\r', '\n', '\0']), "{text}");
                    // Every quotation mark is escaped, but for one at each end.
                    let bare = text.replace("\\\\", "").replace("\\\"", "");
                    assert_eq!(bare.matches('"').count() % 2, 0, "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn s46_any_words_are_one_string(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}") {
            let query = Query { root: Expr::Term(Term::words(Field::Body, text)) };
            for program in [Program::of(&query, NOW), Program::of_gmail(&query)] {
                let Some(program) = program else { continue };
                let strings = program.pieces.iter().filter(|p| matches!(p, Piece::Words(_)));
                prop_assert_eq!(strings.count(), 1);
                prop_assert_eq!(program.pieces.len(), 2);
                prop_assert!(program.write(Command::new("S")).is_ok());
            }
        }
    }
}
