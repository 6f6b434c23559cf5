//! Lists of what a query finds, page by page, in the order of all lists: tabs over an inbox, and
//! saved searches. And how much of it is unread, counted only so far as anybody wants to know.
//!
//! A list is walked from its newest row on and each row is asked, until a page is full: what fits
//! often is found at once, however much there is. What fits seldom is looked up first, by an index
//! of words, flags or attachments, and then put in order.

use crate::model::Query;
use crate::model::query::{Expr, Is, Term};
use crate::model::view::{IndexRow, Page, PageKey, Scope};
use crate::store::error::Result;
use crate::store::pages::{FIRST, Walk, bounds, keys, mailboxes, stands_here};
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::{Filter, OF_WALK, Plan, bound};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// So many unread places are looked at for a count; of more, it is only a part.
const EXAMINED: i64 = 20_000;

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// What of: some inboxes; or everything, each message once.
    pub scope: Option<&'a Scope>,
    /// One row a thread, which fits if its newest message does. Only within a scope.
    pub threaded: bool,
    /// What it must be.
    pub query: &'a Query,
    /// The moment that relative dates are about, seconds since 1970.
    pub now: i64,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// So many were found.
    pub count: u64,
    /// There may be more, which nobody looked for.
    pub more: bool,
}

impl Reader {
    /// One page of what a query finds, newest first, at most `limit` rows.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn listed(&self, list: &Listed<'_>, page: Page, limit: usize) -> Result<Vec<IndexRow>> {
        let moment = self.moment()?;
        let (from, down) = bounds(page);
        let walk = Walk {
            threaded: list.threaded && list.scope.is_some(),
            unread: false,
            down,
        };
        let way = Way::find(&moment, list)?;
        let mut keys = way.keys(&moment, walk, from, limit)?;
        if !down {
            keys.reverse();
        }
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            rows.extend(match &way {
                Way::Walk(mailboxes, _) if walk.threaded => {
                    rows::threaded(&moment, mailboxes, key.id)?
                }
                _ => rows::flat(&moment, key.id)?,
            });
        }
        Ok(rows)
    }

    /// The first row of such a list after `after` (older than it) that is unread or has an unread
    /// message; from the newest on with `None`.
    ///
    /// # Errors
    /// As [`Reader::listed`].
    pub fn next_unread_listed(
        &self,
        list: &Listed<'_>,
        after: Option<PageKey>,
    ) -> Result<Option<PageKey>> {
        let moment = self.moment()?;
        let threaded = list.threaded && list.scope.is_some();
        let only_unread = unread(list.query);
        let unread = Listed {
            query: if threaded { list.query } else { &only_unread },
            ..*list
        };
        let walk = Walk {
            threaded,
            unread: true,
            down: true,
        };
        let way = Way::find(&moment, &unread)?;
        let found = way.keys(&moment, walk, after.unwrap_or(FIRST), 1)?;
        Ok(found.first().copied())
    }

    /// How many rows of such a list are unread, up to `most`.
    ///
    /// # Errors
    /// As [`Reader::listed`].
    pub fn unread_listed(&self, list: &Listed<'_>, most: u64) -> Result<Counted> {
        let moment = self.moment()?;
        let filter = Filter::make(&moment, list.query, list.now)?;
        let mailboxes = match list.scope {
            Some(scope) => mailboxes(&moment, scope)?,
            None => everywhere(&moment, &filter)?,
        };
        if mailboxes.is_empty() {
            return Ok(Counted::default());
        }
        let threaded = list.threaded && list.scope.is_some();
        let ids: Vec<String> = mailboxes.iter().map(i64::to_string).collect();
        let ids = ids.join(", ");
        let condition = &filter.condition;
        let few = match &filter.few {
            Some(few) => format!("AND l.message IN (SELECT id FROM {few})"),
            None => String::new(),
        };
        let unread = format!(
            "SELECT id, mailbox, thread FROM location INDEXED BY location_unread
             WHERE mailbox IN ({ids}) AND hidden = 0 AND system & 1 = 0 LIMIT ?4"
        );
        let sql = match threaded {
            true => format!(
                "SELECT DISTINCT t.thread, t.mailbox, t.date FROM ({unread}) u
                 CROSS JOIN thread_row t ON t.mailbox = u.mailbox AND t.thread = u.thread
                 CROSS JOIN location l ON l.id = t.location WHERE ({condition}) {few}"
            ),
            false => format!(
                "SELECT l.message, l.mailbox, l.date FROM ({unread}) u
                 CROSS JOIN location l ON l.id = u.id WHERE ({condition}) {few}"
            ),
        };
        let mut values = filter.values.clone();
        if let Some(limit) = values.get_mut(OF_WALK - 1) {
            *limit = Value::Integer(EXAMINED);
        }
        let mut select = moment.prepare_cached(&sql)?;
        let values = bound(&select, &values);
        let mut found = select.query(values)?;
        let mut seen: BTreeSet<i64> = BTreeSet::new();
        while let Some(row) = found.next()? {
            let (id, mailbox, date): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let here = !threaded
                || mailboxes.len() < 2
                || stands_here(&moment, &mailboxes, mailbox, PageKey { date, id })?;
            if here {
                seen.insert(id);
            }
            if seen.len() as u64 > most {
                return Ok(Counted {
                    count: most,
                    more: true,
                });
            }
        }
        let all: i64 = moment.query_row(
            &format!("SELECT coalesce(sum(unread), 0) FROM mailbox WHERE id IN ({ids})"),
            [],
            |row| row.get(0),
        )?;
        Ok(Counted {
            count: seen.len() as u64,
            more: all > EXAMINED,
        })
    }
}

/// How a list is found.
pub(super) enum Way {
    /// Row by row, in these mailboxes.
    Walk(Vec<i64>, Filter),
    /// All of them, to be put in order.
    Whole(Plan),
    /// Row by row in these mailboxes, where a message may lie several times and is listed once.
    Once(Vec<i64>, Filter),
}

impl Way {
    pub(super) fn find(conn: &Connection, list: &Listed<'_>) -> Result<Way> {
        let filter = Filter::make(conn, list.query, list.now)?;
        if let Some(scope) = list.scope {
            return Ok(Way::Walk(mailboxes(conn, scope)?, filter));
        }
        // Words are looked up once for all mailboxes, and what is starred or tagged is little.
        let by_index = filter.few.is_some() || filter.looks_up || is_rare(&list.query.root);
        if by_index {
            return Ok(Way::Whole(Plan::make(conn, list.query, list.now)?));
        }
        Ok(Way::Once(everywhere(conn, &filter)?, filter))
    }

    /// The first keys beyond one, in the direction of the walk.
    pub(super) fn keys(
        &self,
        conn: &Connection,
        walk: Walk,
        from: PageKey,
        limit: usize,
    ) -> Result<Vec<PageKey>> {
        match self {
            Way::Walk(mailboxes, filter) => keys(conn, mailboxes, walk, Some(filter), from, limit),
            Way::Whole(plan) => plan.keys(conn, walk.down, from, limit),
            Way::Once(mailboxes, filter) => once(conn, mailboxes, filter, walk, from, limit),
        }
    }
}

impl Plan {
    /// The first keys beyond a key, of each message's first place. They are looked for among all.
    fn keys(
        &self,
        conn: &Connection,
        down: bool,
        from: PageKey,
        limit: usize,
    ) -> Result<Vec<PageKey>> {
        let mut select = conn.prepare_cached(&self.sql)?;
        let mut found = select.query(rusqlite::params_from_iter(&self.values))?;
        // The top is the farthest of those that are kept: the oldest on the way down.
        let mut near: BinaryHeap<(Reverse<PageKey>, PageKey)> = BinaryHeap::new();
        let far = |key: PageKey| match down {
            true => (Reverse(key), FIRST),
            false => (Reverse(FIRST), key),
        };
        let mut last = None;
        while let Some(row) = found.next()? {
            let message: i64 = row.get(0)?;
            if last.replace(message) == Some(message) {
                continue;
            }
            let key = PageKey {
                date: row.get(2)?,
                id: row.get(1)?,
            };
            if if down { key < from } else { key > from } {
                near.push(far(key));
                if near.len() > limit {
                    near.pop();
                }
            }
        }
        let keys = near.into_sorted_vec().into_iter();
        Ok(keys
            .map(|(Reverse(one), other)| if down { one } else { other })
            .collect())
    }
}

/// The first keys beyond a key in several mailboxes, of a message's last place alone.
fn once(
    conn: &Connection,
    mailboxes: &[i64],
    filter: &Filter,
    walk: Walk,
    mut from: PageKey,
    limit: usize,
) -> Result<Vec<PageKey>> {
    if mailboxes.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = mailboxes.iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT 1 FROM location o CROSS JOIN location l INDEXED BY location_message ON l.message = o.message
         WHERE o.id = ?1 AND l.id > ?1 AND l.hidden = 0 AND l.mailbox IN ({}) AND ({}) LIMIT 1",
        ids.join(", "),
        filter.condition
    );
    let mut again = conn.prepare_cached(&sql)?;
    let mut values = filter.values.clone();
    let mut found = Vec::new();
    while found.len() < limit {
        let wanted = limit - found.len();
        let next = keys(conn, mailboxes, walk, Some(filter), from, wanted)?;
        for key in &next {
            if let Some(id) = values.first_mut() {
                *id = Value::Integer(key.id);
            }
            let own = bound(&again, &values);
            if !again.exists(own)? {
                found.push(*key);
            }
        }
        match next.last() {
            Some(key) if next.len() == wanted => from = *key,
            _ => break,
        }
    }
    Ok(found)
}

/// Every mailbox that a filter may find something in.
fn everywhere(conn: &Connection, filter: &Filter) -> Result<Vec<i64>> {
    let mut select =
        conn.prepare_cached("SELECT id FROM mailbox WHERE account >= 0 AND total > 0 ORDER BY id")?;
    let ids = select.query_map([], |row| row.get(0))?;
    let mut ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
    if let Some(only) = &filter.mailboxes {
        ids.retain(|id| only.contains(id));
    }
    Ok(ids)
}

/// The same, and unread.
fn unread(query: &Query) -> Query {
    Query {
        root: Expr::all([query.root.clone(), Expr::Term(Term::Is(Is::Unread))]),
    }
}

/// Whether it asks for a star or a tag, of which there are indices.
fn is_rare(root: &Expr) -> bool {
    let sides = match root {
        Expr::All(sides) => sides.as_slice(),
        one => std::slice::from_ref(one),
    };
    sides.iter().any(|side| {
        matches!(
            side,
            Expr::Term(Term::Is(Is::Flagged | Is::Muted) | Term::Tag(_))
        )
    })
}
