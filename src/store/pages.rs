//! Lists of messages and threads by keyset, never by offset: a page costs the same at the top of
//! a list and a million rows further down.
//!
//! First the keys of the page are found by one scan of an index (a merge of several, in the unified
//! inbox), then each row is read by its id. A thread that lies in several inboxes stands once in
//! the unified inbox: at the date of its newest message in any of them.

use crate::model::Role;
use crate::model::view::{IndexRow, Page, PageKey, Scope};
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::{Filter, OF_WALK};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::VecDeque;

/// Before every key, and after every key.
pub(super) const FIRST: PageKey = PageKey {
    date: i64::MAX,
    id: i64::MAX,
};
pub(super) const LAST: PageKey = PageKey {
    date: i64::MIN,
    id: i64::MIN,
};
/// So many keys are read ahead of each mailbox where several are merged.
const AHEAD: usize = 64;

/// Which rows, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    pub(super) threaded: bool,
    pub(super) unread: bool,
    /// Newest first, or oldest first.
    pub(super) down: bool,
}

impl Walk {
    /// Keys of one mailbox beyond a key: `(mailbox, date, id, limit)`.
    pub(super) fn sql(self) -> String {
        let (compare, order) = self.direction();
        let (table, id, condition) = match (self.threaded, self.unread) {
            (true, false) => ("thread_row", "thread", ""),
            (true, true) => ("thread_row", "thread", "AND unread > 0"),
            (false, false) => ("location", "id", "AND hidden = 0"),
            (false, true) => ("location", "id", "AND hidden = 0 AND system & 1 = 0"),
        };
        format!(
            "SELECT date, {id} FROM {table} WHERE mailbox = ?1 {condition} AND (date, {id}) {compare} (?2, ?3)
             ORDER BY date {order}, {id} {order} LIMIT ?4"
        )
    }

    fn direction(self) -> (&'static str, &'static str) {
        if self.down {
            ("<", "DESC")
        } else {
            (">", "ASC")
        }
    }

    /// The same of the rows that a filter lets through. A thread is asked by its newest message.
    pub(super) fn filtered(self, filter: &Filter) -> String {
        let (compare, order) = self.direction();
        let condition = &filter.condition;
        let (key, unread) = match (self.threaded, self.unread) {
            (true, true) => ("t.date, t.thread", "AND t.unread > 0"),
            (true, false) => ("t.date, t.thread", ""),
            (false, true) => ("l.date, l.id", "AND l.system & 1 = 0"),
            (false, false) if filter.unread => ("l.date, l.id", "AND l.system & 1 = 0"),
            (false, false) => ("l.date, l.id", ""),
        };
        let from = match (self.threaded, &filter.few) {
            (true, None) => "thread_row t CROSS JOIN location l ON l.id = t.location
                WHERE t.mailbox = ?1"
                .to_owned(),
            (true, Some(few)) => format!(
                "(SELECT id FROM {few} ORDER BY 1) f CROSS JOIN location l INDEXED BY location_message ON l.message = f.id
                CROSS JOIN thread_row t ON t.mailbox = l.mailbox AND t.thread = l.thread
                WHERE l.mailbox = ?1 AND l.hidden = 0 AND t.location = l.id"
            ),
            (false, None) => {
                let index = if unread.is_empty() { "location_shown" } else { "location_unread" };
                format!("location l INDEXED BY {index} WHERE l.mailbox = ?1 AND l.hidden = 0")
            }
            (false, Some(few)) => format!(
                "(SELECT id FROM {few} ORDER BY 1) f CROSS JOIN location l INDEXED BY location_message ON l.message = f.id
                WHERE l.mailbox = ?1 AND l.hidden = 0"
            ),
        };
        let (date, id) = key.split_once(", ").unwrap_or((key, ""));
        format!(
            "SELECT {key} FROM {from} {unread} AND ({key}) {compare} (?2, ?3) AND ({condition})
             ORDER BY {date} {order}, {id} {order} LIMIT ?4"
        )
    }
}

/// One mailbox's keys, read ahead.
struct Stream {
    mailbox: i64,
    from: PageKey,
    ahead: VecDeque<PageKey>,
    ended: bool,
}

impl Stream {
    fn peek(
        &mut self,
        conn: &Connection,
        walk: Walk,
        filter: Option<&Filter>,
        limit: usize,
    ) -> Result<Option<PageKey>> {
        if self.ahead.is_empty() && !self.ended {
            let sql = filter.map_or_else(|| walk.sql(), |filter| walk.filtered(filter));
            let mut select = conn.prepare_cached(&sql)?;
            let most = i64::try_from(limit).unwrap_or(i64::MAX);
            let own = [self.mailbox, self.from.date, self.from.id, most].map(Value::Integer);
            let rest = filter.map_or(&[][..], |f| f.values.get(OF_WALK..).unwrap_or_default());
            let bound = rusqlite::params_from_iter(own.iter().chain(rest));
            let keys = select.query_map(bound, |row| {
                Ok(PageKey {
                    date: row.get(0)?,
                    id: row.get(1)?,
                })
            })?;
            self.ahead = keys.collect::<rusqlite::Result<_>>()?;
            self.ended = self.ahead.len() < limit;
            if let Some(last) = self.ahead.back() {
                self.from = *last;
            }
        }
        Ok(self.ahead.front().copied())
    }
}

/// The first `limit` keys beyond `from`, in the direction of the walk.
pub(super) fn keys(
    conn: &Connection,
    mailboxes: &[i64],
    walk: Walk,
    filter: Option<&Filter>,
    from: PageKey,
    limit: usize,
) -> Result<Vec<PageKey>> {
    let merged = mailboxes.len() > 1;
    let ahead = if merged && filter.is_none_or(|f| !f.looks_up) {
        AHEAD.min(limit.max(1))
    } else {
        limit.max(1)
    };
    // A merged thread may be unread in one inbox and stand at its date in another: so there the
    // unread ones are picked out of all.
    let pick_unread = merged && walk.threaded && walk.unread;
    let scan = Walk {
        unread: walk.unread && !pick_unread,
        ..walk
    };
    let mut streams: Vec<Stream> = mailboxes
        .iter()
        .map(|&mailbox| Stream {
            mailbox,
            from,
            ahead: VecDeque::new(),
            ended: false,
        })
        .collect();
    let mut found = Vec::new();
    while found.len() < limit {
        let mut best: Option<(usize, PageKey)> = None;
        for (at, stream) in streams.iter_mut().enumerate() {
            if let Some(key) = stream.peek(conn, scan, filter, ahead)?
                && best.is_none_or(|(_, other)| if walk.down { key > other } else { key < other })
            {
                best = Some((at, key));
            }
        }
        let Some((at, key)) = best else { break };
        let mailbox = streams.get_mut(at).map_or(0, |stream| {
            stream.ahead.pop_front();
            stream.mailbox
        });
        let stands_here = !(merged && walk.threaded) || stands_here(conn, mailboxes, mailbox, key)?;
        if stands_here && (!pick_unread || rows::sums(conn, mailboxes, key.id)?.unread > 0) {
            found.push(key);
        }
    }
    Ok(found)
}

/// The key that a page lies beyond, and whether it lies below it.
pub(super) fn bounds(page: Page) -> (PageKey, bool) {
    match page {
        Page::Newest => (FIRST, true),
        Page::Oldest => (LAST, false),
        Page::After(key) => (key, true),
        Page::Before(key) => (key, false),
        Page::From(key) => (
            PageKey {
                id: key.id.saturating_add(1),
                ..key
            },
            true,
        ),
    }
}

/// Whether a thread's one row in a merged list is this one: the newest, in the first mailbox that
/// has it so.
pub(super) fn stands_here(
    conn: &Connection,
    mailboxes: &[i64],
    mailbox: i64,
    key: PageKey,
) -> Result<bool> {
    let mut select =
        conn.prepare_cached("SELECT date FROM thread_row WHERE mailbox = ?1 AND thread = ?2")?;
    for &other in mailboxes {
        let date: Option<i64> = select
            .query_row([other, key.id], |row| row.get(0))
            .optional()?;
        if date.is_some_and(|date| date > key.date || (date == key.date && other < mailbox)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The mailboxes of a scope.
pub(super) fn mailboxes(conn: &Connection, scope: &Scope) -> Result<Vec<i64>> {
    match scope {
        Scope::Mailbox(id) => Ok(vec![id.0]),
        Scope::UnifiedInbox => inboxes(conn),
    }
}

/// Every mailbox that is an inbox.
pub(super) fn inboxes(conn: &Connection) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached("SELECT id FROM mailbox WHERE role = ?1 ORDER BY id")?;
    let ids = select.query_map([Role::Inbox.name()], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn row(
    conn: &Connection,
    mailboxes: &[i64],
    threaded: bool,
    key: PageKey,
) -> Result<Option<IndexRow>> {
    if threaded {
        rows::threaded(conn, mailboxes, key.id)
    } else {
        rows::flat(conn, key.id)
    }
}

/// Counts one mailbox's rows above a key; of threads, only those that none of the mailboxes
/// `earlier` has above it too.
pub(super) fn count_sql(threaded: bool, earlier: &[i64]) -> String {
    if !threaded {
        return "SELECT count(*) FROM location WHERE mailbox = ?1 AND hidden = 0 AND (date, id) > (?2, ?3)".to_owned();
    }
    let mut sql =
        "SELECT count(*) FROM thread_row t WHERE mailbox = ?1 AND (date, thread) > (?2, ?3)"
            .to_owned();
    for mailbox in earlier {
        sql.push_str(&format!(
            " AND NOT EXISTS (SELECT 1 FROM thread_row o WHERE o.mailbox = {mailbox} AND o.thread = t.thread
                  AND (o.date, o.thread) > (?2, ?3))"
        ));
    }
    sql
}

impl Reader {
    /// One page of a list, newest first, at most `limit` rows. Threaded lists have one row a
    /// thread, at the date of its newest message in the scope.
    pub fn page(
        &self,
        scope: &Scope,
        threaded: bool,
        page: Page,
        limit: usize,
    ) -> Result<Vec<IndexRow>> {
        let moment = self.moment()?;
        let mailboxes = mailboxes(&moment, scope)?;
        let (from, down) = bounds(page);
        let mut keys = keys(
            &moment,
            &mailboxes,
            Walk {
                threaded,
                unread: false,
                down,
            },
            None,
            from,
            limit,
        )?;
        if !down {
            keys.reverse();
        }
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            rows.extend(row(&moment, &mailboxes, threaded, key)?);
        }
        Ok(rows)
    }

    /// How many rows the list has. Counted over an index: some milliseconds for a million.
    pub fn total(&self, scope: &Scope, threaded: bool) -> Result<u64> {
        self.position(scope, threaded, LAST)
    }

    /// How many rows stand before (are newer than) this key.
    pub fn position(&self, scope: &Scope, threaded: bool, key: PageKey) -> Result<u64> {
        let moment = self.moment()?;
        let mailboxes = mailboxes(&moment, scope)?;
        let mut count = 0;
        for (at, &mailbox) in mailboxes.iter().enumerate() {
            let sql = count_sql(threaded, mailboxes.get(..at).unwrap_or_default());
            count += moment
                .prepare_cached(&sql)?
                .query_row(params![mailbox, key.date, key.id], |row| {
                    row.get::<_, u64>(0)
                })?;
        }
        Ok(count)
    }

    /// The first row after `after` (older than it) that is unread or has an unread message; from
    /// the newest on with `None`.
    pub fn next_unread(
        &self,
        scope: &Scope,
        threaded: bool,
        after: Option<PageKey>,
    ) -> Result<Option<IndexRow>> {
        let moment = self.moment()?;
        let mailboxes = mailboxes(&moment, scope)?;
        let mut unread = 0;
        for mailbox in &mailboxes {
            let mut select = moment.prepare_cached("SELECT unread FROM mailbox WHERE id = ?1")?;
            unread += select
                .query_row([mailbox], |row| row.get::<_, i64>(0))
                .optional()?
                .unwrap_or(0);
        }
        if unread <= 0 {
            return Ok(None);
        }
        let walk = Walk {
            threaded,
            unread: true,
            down: true,
        };
        let found = keys(&moment, &mailboxes, walk, None, after.unwrap_or(FIRST), 1)?;
        found
            .first()
            .map_or(Ok(None), |key| row(&moment, &mailboxes, threaded, *key))
    }
}
