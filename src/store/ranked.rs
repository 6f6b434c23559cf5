//! Search in the order of how well a message fits and how new it is.
//!
//! Not all that matches is weighed: a word may be in half of a million messages. Weighed are the
//! newest matches, and the newest of those that have the words in their headers, which an old
//! message may be found by. A message counts points:
//!
//! - for each word, by the best place where it stands: 8 in the subject or the sender, 5 in a
//!   recipient, 3 at the beginning of the text, 1 anywhere else; two less where it only begins so; the
//!   mean of these counts;
//! - 6 where all words of several stand in the subject, else 3 where they stand near each other in the
//!   text, which is looked up for the best by all the rest;
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
use crate::store::texts::Texts;
use crate::text::tokens::{self, Wanted};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The newest matches that are weighed, at least.
const NEWEST: usize = 500;
/// Of those that match by their headers.
const BY_HEADERS: usize = 200;
/// In the texts of so many of the best it is looked whether the words stand near each other.
const LOOKED_AT: usize = 100;
/// So many words between two are near.
const NEAR: usize = 12;

impl Reader {
    /// The best `limit` messages that match at `now` (seconds since 1970), and how many match.
    ///
    /// # Errors
    /// As [`Reader::search`].
    pub fn search_ranked(&self, query: &Query, now: i64, limit: usize) -> Result<SearchResult> {
        self.ranked(query, now, limit, true)
    }

    /// The same for a screen, which does not ask how many match: see [`Reader::search_first`].
    ///
    /// # Errors
    /// As [`Reader::search`].
    pub fn search_ranked_first(
        &self,
        query: &Query,
        now: i64,
        limit: usize,
    ) -> Result<SearchResult> {
        self.ranked(query, now, limit, false)
    }

    /// The best of the newest `limit`, where these are found at once: see [`Reader::search_soon`].
    ///
    /// # Errors
    /// As [`Reader::search`].
    pub fn search_ranked_soon(
        &self,
        query: &Query,
        now: i64,
        limit: usize,
    ) -> Result<Option<SearchResult>> {
        match self.search_soon(query, now, limit)? {
            Some(found) => {
                let asked = wanted(&query.root);
                self.weighed(query, &asked, now, limit, found).map(Some)
            }
            None => Ok(None),
        }
    }

    fn ranked(&self, query: &Query, now: i64, limit: usize, all: bool) -> Result<SearchResult> {
        let mut found = self.found(query, now, limit.max(NEWEST), all)?;
        let asked = wanted(&query.root);
        if !asked.is_empty()
            && (found.more || found.count > found.rows.len() as u64)
            && let Some(headers) = by_headers(&query.root)
        {
            let known: BTreeSet<_> = found.rows.iter().map(|row| row.message).collect();
            let more = self.found(&Query { root: headers }, now, BY_HEADERS, all)?;
            let more = more.rows.into_iter();
            found
                .rows
                .extend(more.filter(|row| !known.contains(&row.message)));
        }
        self.weighed(query, &asked, now, limit, found)
    }

    /// What was found in the order of its points.
    fn weighed(
        &self,
        query: &Query,
        asked: &[Asked],
        now: i64,
        limit: usize,
        mut found: SearchResult,
    ) -> Result<SearchResult> {
        if asked.is_empty() {
            found.rows.truncate(limit);
            return Ok(found);
        }
        let mut weighed: Vec<(i64, IndexRow)> = found
            .rows
            .into_iter()
            .map(|row| (points(&row, asked, now), row))
            .collect();
        weighed.sort_by_key(|(points, row)| (Reverse(*points), Reverse(row.key)));
        self.add_near(&query.root, asked, weighed.iter_mut().take(LOOKED_AT))?;
        weighed.sort_by_key(|(points, row)| (Reverse(*points), Reverse(row.key)));
        weighed.truncate(limit);
        found.rows = weighed.into_iter().map(|(_, row)| row).collect();
        Ok(found)
    }

    /// Adds the points for words that stand near each other in the text.
    fn add_near<'a>(
        &self,
        root: &Expr,
        asked: &[Asked],
        best: impl Iterator<Item = &'a mut (i64, IndexRow)>,
    ) -> Result<()> {
        let wanted = near_words(root);
        if wanted.len() < 2 {
            return Ok(());
        }
        let mut texts = Texts::new(&self.conn);
        for (points, row) in best {
            let title = tokens::words(&row.subject);
            if asked.iter().all(|term| term.in_subject(&title)) {
                continue;
            }
            let moment = self.moment()?;
            let text = texts.text(row.message.0)?;
            drop(moment);
            if let Some(text) = text
                && are_near(&wanted, &tokens::words(&text))
            {
                *points += 30;
            }
        }
        Ok(())
    }
}

/// The terms that must stand there.
fn sides(root: &Expr) -> &[Expr] {
    match root {
        Expr::All(sides) => sides,
        only => std::slice::from_ref(only),
    }
}

/// The words that must stand in the text or anywhere.
fn near_words(root: &Expr) -> Vec<Wanted> {
    let words = sides(root).iter().filter_map(|side| match side {
        Expr::Term(Term::Words {
            field: Field::Any | Field::Body,
            text,
            prefix,
        }) => Wanted::new(text, text.starts_with('*'), *prefix),
        _ => None,
    });
    words.collect()
}

/// Whether all of them stand within so many words somewhere.
fn are_near(wanted: &[Wanted], text: &Cut) -> bool {
    let places: Vec<Vec<usize>> = wanted.iter().map(|wanted| wanted.starts(text)).collect();
    let Some(first) = places.first() else {
        return false;
    };
    // How far they lie apart is counted from each place of the first.
    first.iter().any(|at| {
        let mut others = places.iter().skip(1);
        others.all(|other| {
            let from = other.partition_point(|place| place + NEAR < *at);
            other.get(from).is_some_and(|place| *place <= at + NEAR)
        })
    })
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

    fn in_subject(&self, subject: &Cut) -> bool {
        self.may_stand_in(Field::Subject) && self.at(subject, 1).is_some()
    }

    fn may_stand_in(&self, field: Field) -> bool {
        self.field == Field::Any || self.field == field
    }
}

fn points(row: &IndexRow, asked: &[Asked], now: i64) -> i64 {
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
    if asked.len() > 1 && in_subject == asked.len() {
        points += 60;
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
    fn words_are_near_within_a_dozen() {
        let near = |query: &str, text: &str| {
            let wanted = near_words(&Query::parse(query).unwrap().root);
            wanted.len() > 1 && are_near(&wanted, &tokens::words(text))
        };
        let far = "x ".repeat(12);
        assert!(near("ada lunc*", &format!("ada {far} ada x lunches {far}")));
        assert!(near("*ada lunch", "lunch, Wada"));
        assert!(!near("ada lunch", &format!("ada {far} lunch")));
        for text in ["ada", "ada or lunch", "from:ada lunch"] {
            assert!(!near(text, "ada lunch"), "{text}");
        }
    }
}
