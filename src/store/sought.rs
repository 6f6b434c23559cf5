//! A query as SQL.
//!
//! What was typed as words becomes FTS5 expressions of one quoted phrase each, so nothing typed can
//! be taken for its syntax. Headers and texts are two indices of words: each phrase gives the
//! messages that either finds, and SQL puts these sets together. Where a query names such sets, they
//! say which messages are looked at, and the other conditions are asked of these alone. Where it
//! names none, a flag, a tag or a mailbox may say which places are looked at; only a query without
//! any of these looks at all.
//!
//! A list that is walked in its order asks the same of one place after another: a [`Filter`].

use crate::model::query::{Expr, Is, Query, Term};
use crate::store::conditions::Maker;
use crate::store::error::Result;
use crate::store::terms::{
    EVERYTHING, FLAGGED, KEYWORDED, MATCHING, NOTHING, SHOWN, SORTING, UNREAD, all, looks_up,
    mailboxes, mailboxes_of, one_of,
};
use crate::store::together;
use rusqlite::types::Value;
use rusqlite::{Connection, Params, Statement};

/// Rows of (message, location, date), grouped by message.
pub(super) struct Plan {
    pub sql: String,
    /// What is bound, from ?1 on.
    pub values: Vec<Value>,
}

impl Plan {
    pub(super) fn make(conn: &Connection, query: &Query, now: i64) -> Result<Plan> {
        let mut maker = Maker::new(conn, now);
        let (mut sql, sorted) = match maker.messages(&query.root)? {
            Some(found) => (MATCHING.replace("{found}", &found), true),
            None => maker.places(&query.root)?,
        };
        for condition in [maker.beyond(&query.root)?, maker.staying()?]
            .into_iter()
            .flatten()
        {
            sql.push_str(&format!(" AND ({condition})"));
        }
        if !sorted {
            sql.push_str(" ORDER BY l.message, l.mailbox");
        }
        let values = maker.values;
        Ok(Plan { sql, values })
    }
}

/// A query as a condition on one place `l`, for a list that is walked in its own order.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// The condition.
    pub condition: String,
    /// The messages (a column `id`) outside of which nothing fits, if they are few.
    pub few: Option<String>,
    /// Whether words are looked up in an index for it, which takes its time whatever is walked.
    pub looks_up: bool,
    /// The mailboxes outside of which nothing fits, if the query names any.
    pub mailboxes: Option<Vec<i64>>,
    /// Whether nothing fits that is not unread.
    pub unread: bool,
    /// What is bound, from ?1 on: those of the walk itself, left empty, then those of the filter.
    pub values: Vec<Value>,
}

/// Values that a walk binds itself: ?1 to ?4.
pub(super) const OF_WALK: usize = 4;
/// Messages that are few.
const FEW: usize = if cfg!(test) { 2 } else { 5_000 };

impl Filter {
    pub(super) fn make(conn: &Connection, query: &Query, now: i64) -> Result<Filter> {
        let mut maker = Maker::new(conn, now);
        maker.values = vec![Value::Null; OF_WALK];
        let mut few = maker.messages(&query.root)?;
        if let Some(set) = &few
            && !maker.are_few(set)?
        {
            few = None;
            maker.values.truncate(OF_WALK);
        }
        let only = maker.only(&query.root)?;
        maker.one_by_one = true;
        let condition = match few {
            Some(_) => maker.beyond(&query.root)?,
            None => maker.condition(&query.root)?,
        };
        // A star or a tag names no set of its own; the index of them bounds what is looked at.
        if few.is_none()
            && let Some(set) = only.rare()
            && maker.are_few(&set)?
        {
            few = Some(set);
        }
        let conditions = [condition, maker.staying()?].into_iter().flatten();
        Ok(Filter {
            condition: all(conditions.collect()).unwrap_or_else(|| "1".to_owned()),
            few,
            looks_up: looks_up(&query.root),
            mailboxes: only.mailboxes,
            unread: only.unread,
            values: maker.values,
        })
    }
}

/// As many of the values as a statement wants: those of a walk need not all stand in it.
pub(super) fn bound(statement: &Statement<'_>, values: &[Value]) -> impl Params + use<> {
    let values = values.iter().take(statement.parameter_count());
    rusqlite::params_from_iter(values.cloned().collect::<Vec<Value>>())
}

/// What must hold of a place, as far as an index can tell.
#[derive(Default)]
struct Only {
    mailboxes: Option<Vec<i64>>,
    unread: bool,
    flagged: bool,
    keyworded: bool,
}

impl Only {
    /// The messages with a star or a tag, if nothing else fits.
    fn rare(&self) -> Option<String> {
        let places = match (self.flagged, self.keyworded) {
            (true, _) => FLAGGED,
            (false, true) => KEYWORDED,
            (false, false) => return None,
        };
        Some(format!("(SELECT DISTINCT message AS id FROM ({places}))"))
    }
}

impl Plan {
    /// The places of these messages, which are in order.
    pub(super) fn of(conn: &Connection, messages: &[i64], now: i64) -> Result<Plan> {
        let mut maker = Maker::new(conn, now);
        let messages = maker.bind(together::as_json(messages));
        let found = format!("(SELECT value AS id FROM json_each({messages}))");
        let mut sql = MATCHING.replace("{found}", &found);
        if let Some(condition) = maker.staying()? {
            sql.push_str(&format!(" AND ({condition})"));
        }
        let values = maker.values;
        Ok(Plan { sql, values })
    }

    /// The places of what servers found for a search that was typed so, as far as the query holds for
    /// them.
    pub(super) fn of_hits(conn: &Connection, text: &str, query: &Query, now: i64) -> Result<Plan> {
        let mut maker = Maker::new(conn, now);
        let text = maker.bind(text.to_owned());
        let found = format!("(SELECT message AS id FROM server_hit WHERE query = {text})");
        let mut sql = MATCHING.replace("{found}", &found);
        sql.push_str(" AND l.body <> 1");
        for condition in [maker.condition(&query.root)?, maker.staying()?]
            .into_iter()
            .flatten()
        {
            sql.push_str(&format!(" AND ({condition})"));
        }
        let values = maker.values;
        Ok(Plan { sql, values })
    }
}

impl Maker<'_> {
    /// Whether a set has few messages.
    fn are_few(&self, set: &str) -> Result<bool> {
        let most = FEW + 1;
        let count = format!("SELECT count(*) FROM (SELECT id FROM {set} LIMIT {most})");
        let mut select = self.conn.prepare(&count)?;
        let values = bound(&select, &self.values);
        Ok(select.query_row(values, |row| row.get::<_, usize>(0))? <= FEW)
    }

    /// What all that fits has in common.
    fn only(&self, root: &Expr) -> Result<Only> {
        let sides = match root {
            Expr::All(sides) => sides.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut only = Only::default();
        for side in sides {
            let Expr::Term(term) = side else { continue };
            let ids = match term {
                Term::In(name) => mailboxes(self.conn, name)?,
                Term::Account(name) => mailboxes_of(self.conn, name)?,
                _ => {
                    only.unread |= *term == Term::Is(Is::Unread);
                    only.flagged |= *term == Term::Is(Is::Flagged);
                    only.keyworded |= matches!(term, Term::Tag(_) | Term::Is(Is::Muted));
                    continue;
                }
            };
            match &mut only.mailboxes {
                Some(known) => known.retain(|id| ids.contains(id)),
                None => only.mailboxes = Some(ids),
            }
        }
        Ok(only)
    }

    /// Which places are looked at where no set of messages is named, and whether they come in the
    /// order of their messages.
    fn places(&self, root: &Expr) -> Result<(String, bool)> {
        let only = self.only(root)?;
        if only.mailboxes.as_ref().is_some_and(Vec::is_empty) {
            return Ok((NOTHING.to_owned(), true));
        }
        if only.flagged {
            return Ok((FLAGGED.to_owned(), true));
        }
        if only.keyworded {
            return Ok((KEYWORDED.to_owned(), true));
        }
        let mut select = self
            .conn
            .prepare_cached("SELECT id, total, unread FROM mailbox")?;
        let mut rows = select.query([])?;
        let (mut all, mut wanted) = (0, 0);
        while let Some(row) = rows.next()? {
            let (id, total, unread): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            all += total;
            let inside = only.mailboxes.as_ref().is_none_or(|m| m.contains(&id));
            wanted += match (inside, only.unread) {
                (false, _) => 0,
                (true, false) => total,
                (true, true) => unread,
            };
        }
        let inside = only.mailboxes.as_deref().map(one_of);
        let sql = match (only.unread, inside) {
            _ if wanted.saturating_mul(SORTING) > all => return Ok((EVERYTHING.to_owned(), true)),
            (true, Some(inside)) => format!("{UNREAD} AND {inside}"),
            (true, None) => UNREAD.to_owned(),
            (false, Some(inside)) => format!("{SHOWN} AND {inside}"),
            (false, None) => return Ok((EVERYTHING.to_owned(), true)),
        };
        Ok((sql, false))
    }
}
