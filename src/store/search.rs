//! Search: a query to SQL and FTS5, newest first.
//!
//! All that was typed as text becomes one FTS5 expression of quoted phrases, so nothing typed can
//! be taken for its syntax. Conditions on a place (`is:`, `in:`, `account:`) must hold together for
//! one place of a message; a message is found once, however many of its places match.

use crate::model::Query;
use crate::model::query::{Clause, Is, Term};
use crate::model::view::IndexRow;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::words;
use rusqlite::{Connection, ToSql};
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
        let mut found = match &plan.words {
            Some(words) => select.query([words as &dyn ToSql])?,
            None => select.query([])?,
        };
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
    words: Option<String>,
}

impl Plan {
    fn make(conn: &Connection, query: &Query) -> Result<Plan> {
        let mut wanted = Vec::new();
        let mut unwanted = Vec::new();
        let mut conditions = String::new();
        for Clause { negated, term } in query.clauses.iter().take(MAX_CLAUSES) {
            let condition = match term {
                Term::Text {
                    field,
                    text,
                    prefix,
                } => {
                    let list = if *negated { &mut unwanted } else { &mut wanted };
                    list.extend(words::phrase(*field, text, *prefix));
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
        let unwanted = unwanted.join(" OR ");
        let (from, words) = match (wanted.is_empty(), unwanted.is_empty()) {
            (true, true) => (EVERYTHING, None),
            (true, false) => (ALL_BUT, Some(unwanted)),
            (false, true) => (MATCHING, Some(wanted.join(" AND "))),
            (false, false) => (
                MATCHING,
                Some(format!("({}) NOT ({unwanted})", wanted.join(" AND "))),
            ),
        };
        Ok(Plan {
            sql: format!("{from}{conditions}"),
            words,
        })
    }
}

/// Every shown place, by an index that holds all that is read and keeps a message's places together.
const EVERYTHING: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_message
    WHERE l.message > 0 AND l.hidden = 0";
const ALL_BUT: &str = "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_message
    WHERE l.message > 0 AND l.hidden = 0 AND l.message NOT IN (SELECT rowid FROM word WHERE word MATCH ?1)";
/// FTS5 answers in the order of row ids, which are the messages'.
const MATCHING: &str = "SELECT l.message, l.id, l.date
    FROM word CROSS JOIN location l INDEXED BY location_message ON l.message = word.rowid
    WHERE word MATCH ?1 AND l.hidden = 0";
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
