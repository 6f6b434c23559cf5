//! Messages in which several words are found, each of them in the header or in the text.
//!
//! SQL would make a set of each word's messages, and a common word has hundreds of thousands. Here each
//! index puts words together itself, and where some stand in the header and others in the text both
//! lists are walked through side by side, in the order of the messages: where one has nothing the
//! other is passed over, which an index of words is good at.

use crate::model::query::{Expr, Field, Term};
use crate::store::error::Result;
use crate::store::texts::{self, Doubt, Said, Texts};
use crate::store::words;
use crate::text::tokens;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

const HEADER: &str =
    "SELECT rowid FROM word WHERE word MATCH ?1 AND rowid >= ?2 ORDER BY rowid LIMIT ?3";
const TEXT: &str =
    "SELECT rowid FROM text_word WHERE text_word MATCH ?1 AND rowid >= ?2 ORDER BY rowid LIMIT ?3";
/// The same where there is an index of before (texts.rs); what it is asked for is ?4.
const TEXT_OR_OLD: &str = "SELECT rowid FROM (
         SELECT rowid FROM text_word WHERE text_word MATCH ?1 AND rowid >= ?2
         UNION ALL SELECT rowid FROM body_word WHERE body_word MATCH ?4 AND rowid >= ?2)
     ORDER BY rowid LIMIT ?3";

/// So many messages of a list are read at once, at first, and where it is walked through: to look for
/// a place in it anew takes as long as to read these.
const FIRST: usize = 256;
const MOST: usize = 8_192;
/// A list that was asked so often before it had to be read on is walked through.
const OFTEN: usize = 3;

/// A word or a phrase.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    said: Said,
    /// Whether it is the beginning of words: their lists are put together anew for each look.
    prefix: bool,
}

/// What must hold together: words that may stand in the header or in the text, if there are several
/// of these, and everything else.
pub(super) fn parted(sides: &[Expr]) -> (Vec<Asked>, Vec<&Expr>) {
    let words: Vec<Asked> = sides.iter().filter_map(anywhere).collect();
    match words.len() {
        0 | 1 => (Vec::new(), sides.iter().collect()),
        _ => {
            let others = sides.iter().filter(|side| anywhere(side).is_none());
            (words, others.collect())
        }
    }
}

/// Of what must hold together the whole words that may stand in the header or in the text, and the rest.
pub(super) fn whole(root: &Expr) -> (Vec<Asked>, Vec<&Expr>) {
    let sides = match root {
        Expr::All(sides) => sides.as_slice(),
        one => std::slice::from_ref(one),
    };
    let word = |side: &Expr| anywhere(side).filter(|asked| !asked.prefix);
    let others = sides.iter().filter(|side| word(side).is_none());
    (sides.iter().filter_map(word).collect(), others.collect())
}

fn anywhere(expr: &Expr) -> Option<Asked> {
    match expr {
        Expr::Term(Term::Words {
            field: field @ (Field::Any | Field::Body),
            text,
            prefix,
            // What the index of headers finds of marks is looked at, which is not done here.
        }) if words::part(text).is_none() && !tokens::has_marks(text) => Some(Asked {
            said: Said::new(*field, text, *prefix, None)?,
            prefix: *prefix,
        }),
        _ => None,
    }
}

/// The messages that a query means, in order, if it asks for nothing but words in headers and texts.
pub(super) fn only_words(conn: &Connection, root: &Expr) -> Result<Option<Vec<i64>>> {
    let sides = match root {
        Expr::All(sides) => sides.as_slice(),
        one => std::slice::from_ref(one),
    };
    let asked: Vec<Asked> = sides.iter().filter_map(anywhere).collect();
    match !asked.is_empty() && asked.len() == sides.len() {
        true => all(conn, &asked).map(Some),
        false => Ok(None),
    }
}

/// [`all`] as a list in JSON.
pub(super) fn all_as_json(conn: &Connection, asked: &[Asked]) -> Result<String> {
    Ok(as_json(&all(conn, asked)?))
}

/// Messages as a list in JSON.
pub(super) fn as_json(messages: &[i64]) -> String {
    let messages: Vec<String> = messages.iter().map(i64::to_string).collect();
    format!("[{}]", messages.join(","))
}

/// With more words than this the rest are looked for among what these find.
const WORDS: usize = 4;

/// The messages in which all of these are found, in order.
pub(super) fn all(conn: &Connection, asked: &[Asked]) -> Result<Vec<i64>> {
    at_one_go(conn, || {
        let mut groups = asked.chunks(WORDS);
        let mut found = match groups.next() {
            Some(first) => some(conn, first)?,
            None => Vec::new(),
        };
        for group in groups {
            let more = some(conn, group)?;
            found.retain(|id| more.binary_search(id).is_ok());
        }
        for asked in asked {
            verify(conn, &asked.said, &mut found)?;
        }
        Ok(found)
    })
}

/// Runs several statements that an interrupt ends wherever it falls: while one is under way SQLite
/// remembers between the others that it was interrupted.
pub(super) fn at_one_go<T>(conn: &Connection, job: impl FnOnce() -> Result<T>) -> Result<T> {
    let mut under_way = conn.prepare_cached("SELECT 1 UNION ALL SELECT 2")?;
    let mut under_way = under_way.query([])?;
    under_way.next()?;
    job()
}

/// Leaves those in which it is said indeed, where an index of words alone can't tell.
fn verify(conn: &Connection, said: &Said, found: &mut Vec<i64>) -> Result<()> {
    let doubt = said.doubt();
    if doubt == Doubt::None {
        return Ok(());
    }
    let has = |sql: &str, what: &str, message: i64| -> Result<bool> {
        let found = conn
            .prepare_cached(sql)?
            .query_row(params![what, message], |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    };
    let named = match doubt {
        // Few have all of the words in what their attachments are called.
        Doubt::Names => Some(named(conn, said)?),
        _ => None,
    };
    let has_old = texts::has_old(conn)?;
    let mut texts = Texts::new(conn);
    let mut stay = Vec::with_capacity(found.len());
    for message in found.iter().copied() {
        let is_sure = named
            .as_ref()
            .is_some_and(|named| !named.contains(&message));
        let says = is_sure
            || texts.say(message, said)?
            || has(IN_HEADER, &said.phrase, message)?
            || (has_old && has(IN_OLD, &said.phrase, message)?);
        if says {
            stay.push(message);
        }
    }
    *found = stay;
    Ok(())
}

const IN_HEADER: &str = "SELECT 1 FROM word WHERE word MATCH ?1 AND rowid = ?2";
const IN_OLD: &str = "SELECT 1 FROM body_word WHERE body_word MATCH ?1 AND rowid = ?2";

/// The messages that have the words in their text or in what their attachments are called, and in the
/// latter all of them.
fn named(conn: &Connection, said: &Said) -> Result<BTreeSet<i64>> {
    let mut select = conn.prepare_cached("SELECT rowid FROM text_word WHERE text_word MATCH ?1")?;
    let both = format!("({}) AND ({})", said.loose.any, said.loose.files);
    let rows = select.query_map([both], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same of few: for each way to part them, those that are found by their headers in some and by
/// their texts in the others. An index puts several words of its own together faster than we do.
fn some(conn: &Connection, asked: &[Asked]) -> Result<Vec<i64>> {
    let text_sql = match texts::has_old(conn)? {
        true => TEXT_OR_OLD,
        false => TEXT,
    };
    let mut found = Vec::new();
    for way in 0..1usize << asked.len() {
        let which = |wanted: usize| {
            let places = asked.iter().enumerate();
            let those = places.filter(move |(at, _)| (way >> at) & 1 == wanted);
            those.map(|(_, asked)| asked)
        };
        let mut header = List::new(conn, HEADER, which(1));
        let mut text = List::new(conn, text_sql, which(0));
        let mut at = i64::MIN;
        while let Some(first) = header.from(at)?
            && let Some(second) = text.from(first)?
        {
            at = second;
            if first == second {
                found.push(at);
                at = at.saturating_add(1);
            }
        }
    }
    // Each way gave its own in order, which this makes use of.
    found.sort();
    found.dedup();
    Ok(found)
}

/// One index's messages for some words; all messages for none.
struct List<'c> {
    conn: &'c Connection,
    sql: &'static str,
    /// What the index is asked, and that of before.
    phrase: String,
    old: Option<String>,
    prefix: bool,
    /// Those that were read, which of them is next, and how many are read at once.
    read: Vec<i64>,
    next: usize,
    size: usize,
    /// How often it was asked since.
    times: usize,
    ended: bool,
}

impl<'c> List<'c> {
    fn new<'a>(
        conn: &'c Connection,
        sql: &'static str,
        asked: impl Iterator<Item = &'a Asked> + Clone,
    ) -> List<'c> {
        let each: Vec<String> = asked
            .clone()
            .map(|a| format!("({})", a.said.phrase))
            .collect();
        let loose: Vec<String> = asked
            .clone()
            .map(|a| format!("({})", a.said.loose.any))
            .collect();
        let phrases = each.join(" AND ");
        let (phrase, old) = match sql {
            HEADER => (phrases, None),
            TEXT => (loose.join(" AND "), None),
            _ => (loose.join(" AND "), Some(phrases)),
        };
        List {
            conn,
            sql,
            phrase,
            old,
            prefix: asked.into_iter().any(|asked| asked.prefix),
            read: Vec::new(),
            next: 0,
            size: FIRST,
            times: 0,
            ended: false,
        }
    }

    /// The first from `least` on, which never falls.
    fn from(&mut self, least: i64) -> Result<Option<i64>> {
        if self.phrase.is_empty() {
            return Ok(Some(least));
        }
        self.times += 1;
        loop {
            let rest = self.read.get(self.next..).unwrap_or_default();
            self.next += rest.partition_point(|id| *id < least);
            match self.read.get(self.next) {
                Some(id) => return Ok(Some(*id)),
                None if self.ended => return Ok(None),
                None => self.read_on(least)?,
            }
        }
    }

    fn read_on(&mut self, least: i64) -> Result<()> {
        if !self.read.is_empty() {
            self.size = match self.times {
                OFTEN.. => self.size * 4,
                _ => self.size / 4,
            };
        }
        self.size = match self.prefix {
            true => usize::MAX >> 1,
            false => self.size.clamp(FIRST, MOST),
        };
        self.times = 1;
        let mut select = self.conn.prepare_cached(self.sql)?;
        let id = |row: &rusqlite::Row<'_>| row.get(0);
        let rows = match &self.old {
            Some(old) => select.query_map(params![self.phrase, least, self.size, old], id)?,
            None => select.query_map(params![self.phrase, least, self.size], id)?,
        };
        self.read = rows.collect::<rusqlite::Result<_>>()?;
        self.next = 0;
        self.ended = self.read.len() < self.size;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(messages: &[(bool, Vec<usize>)]) -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE VIRTUAL TABLE word USING fts5 (t, content = '');
             CREATE VIRTUAL TABLE body_word USING fts5 (t, content = '');
             CREATE VIRTUAL TABLE text_word USING fts5 (t, content = '', detail = none)",
        )
        .unwrap();
        for (at, (header, words)) in messages.iter().enumerate() {
            let table = if *header { "word" } else { "text_word" };
            let text: String = words.iter().map(|n| format!("w{n} ")).collect();
            let sql = format!("INSERT INTO {table} (rowid, t) VALUES (?1, ?2)");
            conn.execute(&sql, params![(at / 2) as i64, text]).unwrap();
        }
        conn
    }

    fn ask(words: &[usize], prefix: bool) -> Vec<Asked> {
        let asked = words.iter().map(|n| Asked {
            said: Said::new(Field::Any, &format!("w{n}"), prefix, None).unwrap(),
            prefix,
        });
        asked.collect()
    }

    proptest! {
        #[test]
        fn they_are_those_that_have_every_word(
            messages in prop::collection::vec(prop::collection::vec(0..6usize, 0..4), 0..400),
            words in prop::collection::vec(0..6usize, 1..7),
            prefix in any::<bool>(),
        ) {
            // The header and the text of each in turn.
            let messages: Vec<(bool, Vec<usize>)> =
                messages.into_iter().enumerate().map(|(at, words)| (at % 2 == 0, words)).collect();
            let has = |id: usize, n: &usize| {
                messages.chunks(2).nth(id).unwrap().iter().any(|(_, words)| words.contains(n))
            };
            let all_of_them = 0..messages.len().div_ceil(2);
            let wanted: Vec<i64> = all_of_them
                .filter(|id| words.iter().all(|n| has(*id, n)))
                .map(|id| id as i64)
                .collect();
            prop_assert_eq!(all(&index(&messages), &ask(&words, prefix)).unwrap(), wanted);
        }
    }

    #[test]
    fn a_long_list_is_passed_over_and_walked_through() {
        let rare = |at: usize| [7, 9_000, 9_001, 20_000].contains(&at);
        let messages: Vec<(bool, Vec<usize>)> = (0..40_000)
            .map(|at| (at % 2 == 0, if rare(at / 2) { vec![0, 1] } else { vec![1] }))
            .collect();
        let conn = index(&messages);
        assert_eq!(all(&conn, &ask(&[0, 1], false)).unwrap(), [7, 9_000, 9_001]);
        assert_eq!(all(&conn, &ask(&[1, 1], false)).unwrap().len(), 20_000);
    }
}
