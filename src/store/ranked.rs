//! Search in the order of how well a message fits and how new it is.
//!
//! Not all that matches is weighed: a word may be in half of a million messages. Weighed are the
//! newest matches, and the newest of those that have the words in their headers, which an old
//! message may be found by. A message counts points:
//!
//! - for each word, by the best place where it stands: 8 in the subject or the sender, 5 in a
//!   recipient, 3 at the beginning of the text, 1 anywhere else; two less where it only begins so; the
//!   mean of these counts;
//! - 6 where all words of several stand in the subject, 3 where they stand near each other in the text;
//! - 2 for a star;
//! - up to 14 for being new: 14 today, one less each time that its age in days doubles.
//!
//! Between equal points the newer one comes first.

use crate::model::query::{Expr, Field, Query, Term};
use crate::model::view::IndexRow;
use crate::model::{Address, System};
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::search::SearchResult;
use crate::store::words;
use crate::text::tokens::{self, Wanted};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The newest matches that are weighed, at least.
const NEWEST: usize = 500;
/// Of those that match by their headers.
const BY_HEADERS: usize = 200;
/// With more matches than this nobody asks where words stand near each other.
const MANY: u64 = 20_000;
/// So many words between two are near.
const NEAR: usize = 12;

impl Reader {
    /// The best `limit` messages that match at `now` (seconds since 1970), and how many match.
    ///
    /// # Errors
    /// As [`Reader::search`].
    pub fn search_ranked(&self, query: &Query, now: i64, limit: usize) -> Result<SearchResult> {
        let mut found = self.search(query, now, limit.max(NEWEST))?;
        let asked = wanted(&query.root);
        if asked.is_empty() {
            found.rows.truncate(limit);
            return Ok(found);
        }
        if found.count > found.rows.len() as u64
            && let Some(headers) = by_headers(&query.root)
        {
            let known: BTreeSet<_> = found.rows.iter().map(|row| row.message).collect();
            let more = self.search(&Query { root: headers }, now, BY_HEADERS)?;
            let more = more.rows.into_iter();
            found
                .rows
                .extend(more.filter(|row| !known.contains(&row.message)));
        }
        let near = match found.count {
            0..MANY => self.near(&query.root)?,
            _ => BTreeSet::new(),
        };
        found.rows.sort_by_cached_key(|row| {
            let points = points(row, &asked, near.contains(&row.message.0), now);
            (Reverse(points), Reverse(row.key))
        });
        found.rows.truncate(limit);
        Ok(found)
    }

    /// The messages in whose texts all words stand near each other.
    fn near(&self, root: &Expr) -> Result<BTreeSet<i64>> {
        let Some(near) = near_phrase(root) else {
            return Ok(BTreeSet::new());
        };
        let mut select = self.conn.prepare_cached(
            "SELECT rowid FROM body_word WHERE body_word MATCH ?1 ORDER BY rowid DESC LIMIT 20000",
        )?;
        let rows = select.query_map([near], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// The terms that must stand there.
fn sides(root: &Expr) -> &[Expr] {
    match root {
        Expr::All(sides) => sides,
        only => std::slice::from_ref(only),
    }
}

/// The words that must stand in the text, near each other in FTS5's language; `None` if there are
/// not several.
fn near_phrase(root: &Expr) -> Option<String> {
    let mut phrases = Vec::new();
    for side in sides(root) {
        if let Expr::Term(Term::Words {
            field: Field::Any | Field::Body,
            text,
            prefix,
        }) = side
            && !text.starts_with('*')
        {
            phrases.extend(words::phrase(Field::Any, text, *prefix));
        }
    }
    let near = || format!("body : NEAR({}, {NEAR})", phrases.join(" "));
    (phrases.len() > 1).then(near)
}

/// The same question with words that stand anywhere looked for in headers; `None` if there are none.
fn by_headers(root: &Expr) -> Option<Expr> {
    let mut changed = false;
    let all = sides(root).iter().map(|side| match side {
        Expr::Term(Term::Words {
            field: Field::Any,
            text,
            prefix,
        }) => {
            changed = true;
            Expr::any([Field::Subject, Field::From].map(|field| {
                Expr::Term(Term::Words {
                    field,
                    text: text.clone(),
                    prefix: *prefix,
                })
            }))
        }
        other => other.clone(),
    });
    let all: Vec<Expr> = all.collect();
    changed.then(|| Expr::all(all))
}

/// A term's words: where they are looked for, whole, and as they may also stand.
struct Asked {
    field: Field,
    whole: Option<Wanted>,
    begun: Option<Wanted>,
}

/// The words that a message is weighed by: all that are not excluded.
fn wanted(root: &Expr) -> Vec<Asked> {
    let mut out = Vec::new();
    let mut open = vec![root];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::All(sides) | Expr::Any(sides) => open.extend(sides),
            Expr::Not(_) => {}
            Expr::Term(Term::Words {
                field,
                text,
                prefix,
            }) => {
                let infix = text.starts_with('*');
                let begun = Wanted::new(text, infix, *prefix);
                if begun.is_some() {
                    out.push(Asked {
                        field: *field,
                        whole: Wanted::new(text, false, false),
                        begun: begun.filter(|_| infix || *prefix),
                    });
                }
            }
            Expr::Term(_) => {}
        }
    }
    out
}

/// A text of a row, cut into words once.
type Cut = Vec<(std::ops::Range<usize>, String)>;

impl Asked {
    /// The points of a place for a term: all of them for the words as they are.
    fn at(&self, text: &Cut, points: i64) -> Option<i64> {
        let stands = |wanted: &Option<Wanted>| {
            wanted
                .as_ref()
                .is_some_and(|wanted| !wanted.places(text).is_empty())
        };
        if stands(&self.whole) {
            return Some(points);
        }
        stands(&self.begun).then_some((points - 2).max(1))
    }

    fn may_stand_in(&self, field: Field) -> bool {
        self.field == Field::Any || self.field == field
    }
}

fn points(row: &IndexRow, asked: &[Asked], near: bool, now: i64) -> i64 {
    let people = |list: &[Address]| -> Cut {
        let mut all = String::new();
        for person in list {
            all.push_str(&person.name);
            all.push_str(" , ");
            all.push_str(&person.addr);
            all.push_str(" , ");
        }
        tokens::words(&all)
    };
    let subject = tokens::words(&row.subject);
    let (from, to) = (people(&row.from), people(&row.to));
    let snippet = tokens::words(row.snippet.as_deref().unwrap_or_default());
    let (mut sum, mut in_subject) = (0, 0);
    for term in asked {
        let at = |field: Field, text: &Cut, points: i64| match term.may_stand_in(field) {
            true => term.at(text, points),
            false => None,
        };
        let title = at(Field::Subject, &subject, 8);
        in_subject += usize::from(title.is_some());
        let places = [
            title,
            at(Field::From, &from, 8),
            at(Field::To, &to, 5),
            at(Field::Body, &snippet, 3),
            Some(1),
        ];
        sum += places.into_iter().flatten().max().unwrap_or(1);
    }
    // In tenths, so that the mean is not rounded away.
    let mut points = sum * 10 / i64::try_from(asked.len().max(1)).unwrap_or(1);
    if asked.len() > 1 {
        points += match (in_subject == asked.len(), near) {
            (true, _) => 60,
            (false, true) => 30,
            _ => 0,
        };
    }
    if row.flags.system.has(System::FLAGGED) {
        points += 20;
    }
    let days = (now.saturating_sub(row.date) / 86_400).max(0);
    points + newness(days)
}

/// Tenths of points for an age in days: 140 today, ten less each time that it doubles, and evenly in
/// between.
fn newness(days: i64) -> i64 {
    let age = days.min(1_000_000) + 1;
    let doubled = i64::from(age.ilog2());
    let part = (age - (1 << doubled)) * 10 / (1 << doubled);
    (140 - doubled * 10 - part).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_counts_more() {
        assert_eq!(newness(0), 140);
        assert_eq!(newness(1), 130);
        assert_eq!(newness(7), 110);
        assert!(newness(30) > newness(31) || newness(30) == newness(31));
        assert_eq!(newness(i64::MAX - 1), 0);
        let ages: Vec<i64> = (0..5_000).map(newness).collect();
        assert!(ages.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn near_words_are_asked_of_the_texts() {
        let near = |text: &str| near_phrase(&Query::parse(text).unwrap().root);
        assert_eq!(
            near("ada lunc*").as_deref(),
            Some("body : NEAR(\"ada\" \"lunc\" *, 12)")
        );
        for text in ["ada", "ada or lunch", "from:ada lunch", "*ada lunch"] {
            assert_eq!(near(text), None, "{text}");
        }
    }
}
