//! Search: a query to SQL and FTS5, newest first.
//!
//! What was typed as text becomes FTS5 expressions of one quoted phrase each, so nothing typed can
//! be taken for its syntax. Headers and texts are two indices of words: each phrase gives the
//! messages that either finds, and SQL puts these sets together. Conditions on a place (`is:`, `in:`,
//! `account:`) must hold together for one place of a message; a message is found once, however many
//! of its places match.

use crate::model::Query;
use crate::model::query::{Clause, Field, Is, Term};
use crate::model::view::IndexRow;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::words;
use rusqlite::Connection;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// More conditions than this are not looked at: nobody types them, and FTS5 bounds the depth of its
/// expressions.
const MAX_CLAUSES: usize = 64;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// All messages that match.
    pub count: u64,
    /// The newest of them, one row each.
    pub rows: Vec<IndexRow>,
}

impl Reader {
    /// The newest `limit` messages that match, and how many there are. What a user typed can't make
    /// it fail.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn search(&self, query: &Query, limit: usize) -> Result<SearchResult> {
        let moment = self.moment()?;
        let plan = Plan::make(&moment, query)?;
        let mut select = moment.prepare_cached(&plan.sql)?;
        let mut found = select.query(rusqlite::params_from_iter(&plan.phrases))?;
        // Rows come grouped by message; the newest are kept in a heap whose top is the oldest.
        let mut newest: BinaryHeap<Reverse<(i64, i64)>> = BinaryHeap::new();
        let (mut count, mut last) = (0, None);
        while let Some(row) = found.next()? {
            let message: i64 = row.get(0)?;
            if last.replace(message) == Some(message) {
                continue;
            }
            count += 1;
            newest.push(Reverse((row.get(2)?, row.get(1)?)));
            if newest.len() > limit {
                newest.pop();
            }
        }
        let mut rows = Vec::with_capacity(newest.len());
        for Reverse((_, location)) in newest.into_sorted_vec() {
            rows.extend(rows::flat(&moment, location)?);
        }
        Ok(SearchResult { count, rows })
    }
}

/// A query as SQL: rows of (message, location, date), grouped by message.
struct Plan {
    sql: String,
    phrases: Vec<String>,
}

impl Plan {
    fn make(conn: &Connection, query: &Query) -> Result<Plan> {
        let mut wanted: Vec<String> = Vec::new();
        let mut unwanted: Vec<String> = Vec::new();
        let mut phrases = Vec::new();
        let mut conditions = String::new();
        for Clause { negated, term } in query.clauses.iter().take(MAX_CLAUSES) {
            let condition = match term {
                Term::Text {
                    field,
                    text,
                    prefix,
                } => {
                    let list = if *negated { &mut unwanted } else { &mut wanted };
                    if let Some(phrase) = words::phrase(*field, text, *prefix) {
                        phrases.push(phrase);
                        list.push(matching(*field, phrases.len()));
                    }
                    continue;
                }
                Term::Is(is) => state(*is).to_owned(),
                Term::HasAttachment => HAS_ATTACHMENT.to_owned(),
                Term::In(name) => one_of(&mailboxes(conn, name)?),
                Term::Account(name) => one_of(&mailboxes_of(conn, name)?),
            };
            conditions.push_str(if *negated { " AND NOT (" } else { " AND (" });
            conditions.push_str(&condition);
            conditions.push(')');
        }
        let leaving = leaving(conn)?;
        if !leaving.is_empty() {
            conditions.push_str(&format!(" AND NOT ({})", one_of(&leaving)));
        }
        let mut sql = match wanted.is_empty() {
            true => EVERYTHING.to_owned(),
            // One set as it comes; of several only what is in all.
            false => MATCHING.replace("{found}", &wanted.join(" INTERSECT SELECT * FROM ")),
        };
        for set in &unwanted {
            sql.push_str(&format!(" AND l.message NOT IN {set}"));
        }
        sql.push_str(&conditions);
        Ok(Plan { sql, phrases })
    }
}

/// The messages, in order, in which the phrase that is bound at `at` is found.
fn matching(field: Field, at: usize) -> String {
    let word = format!("SELECT rowid AS id FROM word WHERE word MATCH ?{at}");
    match field {
        Field::Any | Field::Body => format!(
            "({word} UNION SELECT rowid FROM body_word WHERE body_word MATCH ?{at} ORDER BY 1)"
        ),
        // Only the index of headers has these.
        Field::From | Field::To | Field::Subject => format!("({word} ORDER BY 1)"),
    }
}

/// Every shown place, by an index that holds all that is read and keeps a message's places together.
const EVERYTHING: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_message
    WHERE l.message > 0 AND l.hidden = 0";
/// The same of the messages of a set, in their order.
const MATCHING: &str = "SELECT l.message, l.id, l.date
    FROM (SELECT * FROM {found} ORDER BY 1) f
    CROSS JOIN location l INDEXED BY location_message ON l.message = f.id
    WHERE l.hidden = 0";
/// Certain once the body is here, likely before.
const HAS_ATTACHMENT: &str = "EXISTS (SELECT 1 FROM message m WHERE m.id = l.message
    AND coalesce(m.attachments <> '[]', m.maybe_attachments))";

fn state(is: Is) -> &'static str {
    match is {
        Is::Unread => "l.system & 1 = 0",
        Is::Read => "l.system & 1 <> 0",
        Is::Answered => "l.system & 2 <> 0",
        Is::Flagged => "l.system & 4 <> 0",
        Is::Draft => "l.system & 16 <> 0",
    }
}

fn one_of(mailboxes: &[i64]) -> String {
    let ids: Vec<String> = mailboxes.iter().map(i64::to_string).collect();
    format!("l.mailbox IN ({})", ids.join(", "))
}

/// Mailboxes of this role or name: the whole one, or its last level; without regard to case.
fn mailboxes(conn: &Connection, name: &str) -> Result<Vec<i64>> {
    let name = name.to_lowercase();
    let mut select = conn.prepare_cached("SELECT id, path, role FROM mailbox ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let path = row.get::<_, String>(1)?.to_lowercase();
        let last = path.rsplit('/').next().unwrap_or_default();
        if path == name || last == name || row.get_ref(2)?.as_str().is_ok_and(|role| role == name) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

/// Mailboxes of accounts that are gone, whose mail is on its way out.
fn leaving(conn: &Connection) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached("SELECT id FROM mailbox WHERE account < 0")?;
    let ids = select.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn mailboxes_of(conn: &Connection, account: &str) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached(
        "SELECT b.id FROM mailbox b JOIN account a ON a.id = b.account WHERE a.name = ?1 COLLATE NOCASE",
    )?;
    let ids = select.query_map([account], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
