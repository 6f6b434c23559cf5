//! Search: what a query finds, newest first.
//!
//! Conditions on a place (`is:`, `in:`, `account:`, `tag:`) must hold together for one place of a
//! message; a message is found once, however many of its places match.
//!
//! Where only words are asked for and many messages have them, their places are not looked up one by
//! one: all places are walked, the newest first, until enough of them are of such a message. Where
//! nobody asks how many there are, and so many have the words that an index would take longer to put
//! them together, each message on the way is looked at instead (looks.rs).

use crate::model::view::IndexRow;
use crate::model::{Expr, Query};
use crate::store::error::Result;
use crate::store::looks::Looks;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::Plan;
use crate::store::together;
use rusqlite::{Connection, OptionalExtension as _};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// All messages that match, unless there are more.
    pub count: u64,
    /// Whether there are more than were counted.
    pub more: bool,
    /// The newest of them, one row each.
    pub rows: Vec<IndexRow>,
}

impl Reader {
    /// The mailing lists (List-Id) that there is mail of, the busiest first, at most `limit`.
    pub fn lists(&self, limit: usize) -> Result<Vec<String>> {
        let mut select = self.conn.prepare_cached(
            "SELECT list_id FROM message WHERE list_id IS NOT NULL
             GROUP BY list_id ORDER BY count(*) DESC, list_id LIMIT ?1",
        )?;
        let rows = select.query_map([limit], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The newest `limit` messages that match at `now` (seconds since 1970), and how many there are.
    /// What a user typed can't make it fail.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn search(&self, query: &Query, now: i64, limit: usize) -> Result<SearchResult> {
        self.found(query, now, limit, true)
    }

    /// The same for a screen, which does not ask how many there are: where a look at the newest finds
    /// enough, no others are counted.
    ///
    /// # Errors
    /// As [`Reader::search`].
    pub fn search_first(&self, query: &Query, now: i64, limit: usize) -> Result<SearchResult> {
        self.found(query, now, limit, false)
    }

    /// The newest `limit` where a look at the newest finds so many at once, and there is nothing more
    /// than these unless it says so; `None` elsewhere. For a screen, before it asks for all that it shows.
    ///
    /// # Errors
    /// As [`Reader::search`].
    pub fn search_soon(
        &self,
        query: &Query,
        now: i64,
        limit: usize,
    ) -> Result<Option<SearchResult>> {
        let moment = self.moment()?;
        by_looks(&moment, query, now, limit, true)
    }

    pub(super) fn found(
        &self,
        query: &Query,
        now: i64,
        limit: usize,
        all: bool,
    ) -> Result<SearchResult> {
        let moment = self.moment()?;
        if !all && let Some(found) = by_looks(&moment, query, now, limit, false)? {
            return Ok(found);
        }
        let plan = match together::only_words(&moment, &query.root)? {
            None => Plan::make(&moment, query, now)?,
            Some(found) => match Walk::worthwhile(&moment, found.len(), limit)? {
                Some(walk) => return walk.newest(&moment, &found, limit),
                None => Plan::of(&moment, &found, now)?,
            },
        };
        let mut select = moment.prepare_cached(&plan.sql)?;
        let mut found = select.query(rusqlite::params_from_iter(&plan.values))?;
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
        Ok(SearchResult {
            count,
            more: false,
            rows,
        })
    }
}

/// The newest that fit by looks at messages: at all, or at those that have the whole words of a
/// question of which the rest are beginnings. `None` where an index is the shorter way, or, if it has to
/// be `soon`, any other way.
fn by_looks(
    conn: &Connection,
    query: &Query,
    now: i64,
    limit: usize,
    soon: bool,
) -> Result<Option<SearchResult>> {
    let Some(mut looks) = Looks::new(conn, &query.root)? else {
        return Ok(None);
    };
    let Some(walk) = Walk::everywhere(conn)? else {
        return Ok(None);
    };
    let (whole, begun) = together::whole(&query.root);
    let has_both = !whole.is_empty() && !begun.is_empty();
    if has_both || soon {
        looks = looks.cheap();
    }
    let found = walk.look(conn, &mut looks, None, limit)?;
    if found.is_some() || soon || !has_both || !looks.begun_is_dear(walk.all) {
        return Ok(found);
    }
    let rest = Expr::All(begun.into_iter().cloned().collect());
    let Some(mut looks) = Looks::new(conn, &rest)? else {
        return Ok(None);
    };
    let among = together::all(conn, &whole)?;
    if Walk::worthwhile(conn, among.len(), limit)?.is_some() {
        return walk.look(conn, &mut looks, Some(&among), limit);
    }
    let places = places(conn, &Plan::of(conn, &among, now)?)?;
    together::at_one_go(conn, || {
        let mut rows = Vec::new();
        for (_, location, message) in places {
            let more = limit - rows.len();
            if more == 0 {
                break;
            }
            if !looks.go_on(more, walk.all) {
                return Ok(None);
            }
            if looks.fits(message)? {
                rows.extend(rows::flat(conn, location)?);
            }
        }
        Ok(Some(SearchResult {
            count: rows.len() as u64,
            more: rows.len() >= limit,
            rows,
        }))
    })
}

/// The place that each message of a plan is shown by, newest first: its date, the place, the message.
fn places(conn: &Connection, plan: &Plan) -> Result<Vec<(i64, i64, i64)>> {
    let mut select = conn.prepare_cached(&plan.sql)?;
    let mut found = select.query(rusqlite::params_from_iter(&plan.values))?;
    let mut all: Vec<(i64, i64, i64)> = Vec::new();
    while let Some(row) = found.next()? {
        let message: i64 = row.get(0)?;
        if all.last().is_none_or(|(_, _, last)| *last != message) {
            all.push((row.get(2)?, row.get(1)?, message));
        }
    }
    all.sort_unstable_by(|a, b| b.cmp(a));
    Ok(all)
}

/// Messages that are few enough to look their places up.
const FEW: usize = if cfg!(test) { 1 } else { 2_000 };
/// With more mailboxes than this their places are not walked side by side.
const MAILBOXES: usize = 100;

/// All that is shown, mailbox by mailbox.
struct Walk {
    mailboxes: Vec<i64>,
    /// Places in them.
    all: usize,
}

/// The places of a mailbox, newest first.
const PLACES: &str = "SELECT date, id, message FROM location INDEXED BY location_shown
     WHERE mailbox = ?1 AND hidden = 0 ORDER BY date DESC, id DESC";
/// The place that a message is shown by: the same that a look at each message gives.
const PLACE: &str = "SELECT id FROM location INDEXED BY location_message
     WHERE message = ?1 AND hidden = 0 ORDER BY date, mailbox LIMIT 1";
/// Messages that lie nowhere where they are shown.
const UNSEEN: &str = "SELECT message FROM location l INDEXED BY location_hidden WHERE hidden <> 0
     AND NOT EXISTS (SELECT 1 FROM location s WHERE s.message = l.message AND s.hidden = 0)
     UNION SELECT message FROM orphan";

impl Walk {
    /// `None` if places can't be walked side by side.
    fn everywhere(conn: &Connection) -> Result<Option<Walk>> {
        let mut select =
            conn.prepare_cached("SELECT id, total, account < 0 FROM mailbox ORDER BY id")?;
        let mut rows = select.query([])?;
        let (mut mailboxes, mut all) = (Vec::new(), 0usize);
        while let Some(row) = rows.next()? {
            // Mail of an account that is gone is left out place by place.
            if row.get(2)? {
                return Ok(None);
            }
            let total: i64 = row.get(1)?;
            all = all.saturating_add(usize::try_from(total).unwrap_or(0));
            mailboxes.push(row.get(0)?);
        }
        let few = mailboxes.len() <= MAILBOXES;
        Ok(few.then_some(Walk { mailboxes, all }))
    }

    /// `None` if it is cheaper to look up each of the messages that were found.
    fn worthwhile(conn: &Connection, found: usize, limit: usize) -> Result<Option<Walk>> {
        if found <= FEW {
            return Ok(None);
        }
        let fits = |walk: &Walk| walk.all.saturating_mul(limit) / found <= found || cfg!(test);
        Ok(Walk::everywhere(conn)?.filter(fits))
    }

    /// The newest of these messages, which are in order.
    fn newest(&self, conn: &Connection, found: &[i64], limit: usize) -> Result<SearchResult> {
        let is_found = |message: i64| found.binary_search(&message).is_ok();
        let mut unseen = 0;
        let mut select = conn.prepare_cached(UNSEEN)?;
        let mut hidden = select.query([])?;
        while let Some(row) = hidden.next()? {
            unseen += usize::from(is_found(row.get(0)?));
        }
        let count = found.len().saturating_sub(unseen);
        let rows = self.rows(conn, limit.min(count), &mut |message, _| {
            Ok(Some(is_found(message)))
        })?;
        Ok(SearchResult {
            count: count as u64,
            more: false,
            rows: rows.unwrap_or_default(),
        })
    }

    /// The newest that fit by a look at each, at all or among some that are in order; `None` if an
    /// index is the shorter way.
    fn look(
        &self,
        conn: &Connection,
        looks: &mut Looks<'_>,
        among: Option<&[i64]>,
        limit: usize,
    ) -> Result<Option<SearchResult>> {
        // A message may lie in several mailboxes.
        let mut known: BTreeMap<i64, bool> = BTreeMap::new();
        let found = self.rows(conn, limit, &mut |message, more| {
            if among.is_some_and(|among| among.binary_search(&message).is_err()) {
                return Ok(Some(false));
            }
            if let Some(fits) = known.get(&message) {
                return Ok(Some(*fits));
            }
            if !looks.go_on(more, self.all) {
                return Ok(None);
            }
            let fits = looks.fits(message)?;
            known.insert(message, fits);
            Ok(Some(fits))
        })?;
        Ok(found.map(|rows| SearchResult {
            count: rows.len() as u64,
            more: rows.len() >= limit,
            rows,
        }))
    }

    /// The newest messages that fit, which is asked with how many more are wanted; `None` once that
    /// is not answered.
    fn rows(
        &self,
        conn: &Connection,
        wanted: usize,
        fits: &mut dyn FnMut(i64, usize) -> Result<Option<bool>>,
    ) -> Result<Option<Vec<IndexRow>>> {
        let mut places = Vec::with_capacity(self.mailboxes.len());
        for mailbox in &self.mailboxes {
            places.push((conn.prepare(PLACES)?, *mailbox));
        }
        let mut walks = Vec::with_capacity(places.len());
        for (select, mailbox) in &mut places {
            walks.push(select.query([*mailbox])?);
        }
        let mut next: BinaryHeap<(i64, i64, i64, usize)> = BinaryHeap::new();
        for (at, walk) in walks.iter_mut().enumerate() {
            if let Some(row) = walk.next()? {
                next.push((row.get(0)?, row.get(1)?, row.get(2)?, at));
            }
        }
        let mut rows = Vec::new();
        while rows.len() < wanted
            && let Some((_, location, message, at)) = next.pop()
        {
            if let Some(walk) = walks.get_mut(at)
                && let Some(row) = walk.next()?
            {
                next.push((row.get(0)?, row.get(1)?, row.get(2)?, at));
            }
            match fits(message, wanted - rows.len())? {
                Some(true) => {}
                Some(false) => continue,
                None => return Ok(None),
            }
            let place: Option<i64> = conn
                .prepare_cached(PLACE)?
                .query_row([message], |row| row.get(0))
                .optional()?;
            if place == Some(location) {
                rows.extend(rows::flat(conn, location)?);
            }
        }
        Ok(Some(rows))
    }
}
