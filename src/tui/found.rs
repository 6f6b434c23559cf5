//! What a search looks for, to be marked where it stands: in the list's rows, in the message that is
//! opened from it, and around which a row's words are taken from the text.

use crate::model::Query;
use crate::model::query::{Expr, Field, Term};
use crate::text::tokens::{self, Wanted};
use std::ops::Range;

/// Characters before the first hit in an excerpt.
const BEFORE: usize = 24;
/// Characters of an excerpt.
const LONG: usize = 160;
/// Lines with a hit that are compared for the best.
const COMPARED: usize = 200;

/// The words of a search by where they are looked for; none that must not stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    people: Vec<Wanted>,
    subject: Vec<Wanted>,
    text: Vec<Wanted>,
    all: Vec<Wanted>,
}

impl Found {
    /// Of a query as far as it is typed. Nothing of one that can't be read.
    pub fn of(query: &str) -> Found {
        let mut found = Found::default();
        let Ok(query) = Query::typed(query) else {
            return found;
        };
        let mut open = vec![&query.root];
        while let Some(expr) = open.pop() {
            match expr {
                Expr::All(sides) | Expr::Any(sides) => open.extend(sides.iter().rev()),
                Expr::Not(_) => {}
                Expr::Term(Term::Words {
                    field,
                    text,
                    prefix,
                }) => found.add(*field, Wanted::new(text, text.starts_with('*'), *prefix)),
                Expr::Term(_) => {}
            }
        }
        found
    }

    fn add(&mut self, field: Field, wanted: Option<Wanted>) {
        let Some(wanted) = wanted else { return };
        let places = match field {
            Field::Any => vec![&mut self.people, &mut self.subject, &mut self.text],
            Field::From | Field::To | Field::Cc => vec![&mut self.people],
            Field::Subject => vec![&mut self.subject],
            Field::Body => vec![&mut self.text],
            Field::File => Vec::new(),
        };
        for place in places {
            place.push(wanted.clone());
        }
        self.all.push(wanted);
    }

    /// Where they stand in names of people.
    pub fn in_people(&self, text: &str) -> Vec<Range<usize>> {
        tokens::places(&self.people, text)
    }

    /// Where they stand in a subject.
    pub fn in_subject(&self, text: &str) -> Vec<Range<usize>> {
        tokens::places(&self.subject, text)
    }

    /// Where they stand in a text.
    pub fn in_text(&self, text: &str) -> Vec<Range<usize>> {
        tokens::places(&self.text, text)
    }

    /// All of them, for the message that is opened.
    pub fn all(&self) -> &[Wanted] {
        &self.all
    }

    /// Whether there is something that a text is looked through for.
    pub fn wants_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// The words of a message's text around the line that has most of what is wanted; `None` if they
    /// don't stand in it. Untrusted text.
    pub fn excerpt(&self, text: &str) -> Option<String> {
        let mut best: Option<(usize, usize, Range<usize>)> = None;
        let mut start = 0;
        let mut compared = 0;
        for line in text.split_inclusive('\n') {
            let places = self.in_text(line);
            if let Some(first) = places.first() {
                let words = tokens::words(line);
                let fits = |wanted: &&Wanted| !wanted.places(&words).is_empty();
                let kinds = self.text.iter().filter(fits).count();
                if best.as_ref().is_none_or(|(most, ..)| kinds > *most) {
                    best = Some((kinds, start, start + first.start..start + first.end));
                }
                compared += 1;
                if kinds == self.text.len() || compared == COMPARED {
                    break;
                }
            }
            start += line.len();
        }
        let (_, line, place) = best?;
        let before = text.get(line..place.start)?;
        let cut = before.char_indices().rev().nth(BEFORE).map(|(at, _)| at);
        // From the beginning of a word.
        let from = cut.map_or(0, |at| {
            let rest = before.get(at..).unwrap_or_default();
            at + rest.find(char::is_whitespace).unwrap_or(0)
        });
        let mut out = String::new();
        if from > 0 {
            out.push('…');
        }
        let rest = text.get(line + from..)?;
        let rest = rest.split_at(rest.floor_char_boundary(LONG * 8)).0;
        let words: Vec<&str> = rest.split_whitespace().collect();
        out.extend(words.join(" ").chars().take(LONG));
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_most_of_what_was_looked_for() {
        let long = "word ".repeat(40);
        let text = format!("Dear all,\nthe plan is old.\n{long}and the Budget plan\nis here.\n");
        let found = Found::of("budget plan");
        assert_eq!(
            found.excerpt(&text).as_deref(),
            Some("…word word word and the Budget plan is here.")
        );
        assert_eq!(
            Found::of("old")
                .excerpt(&text)
                .map(|e| e.starts_with("the plan is old. word")),
            Some(true)
        );
        for none in ["nothing", "-plan", "from:plan", "is:unread", "(", ""] {
            assert_eq!(Found::of(none).excerpt(&text), None, "{none}");
        }
        assert_eq!(
            Found::of("京都").excerpt("東京都の会議").as_deref(),
            Some("東京都の会議")
        );
    }

    #[test]
    fn words_are_marked_where_they_were_looked_for() {
        let found = Found::of("from:ada subject:lunch -bo old");
        assert_eq!(found.in_people("Ada, Bo, Old"), [0..3, 9..12]);
        assert_eq!(found.in_subject("lunch ada old"), [0..5, 10..13]);
        assert_eq!(found.in_text("lunch ada old").first(), Some(&(10..13)));
        assert_eq!(found.all().len(), 3);
    }
}
