//! Search: what a query finds, newest first.
//!
//! Conditions on a place (`is:`, `in:`, `account:`, `tag:`) must hold together for one place of a
//! message; a message is found once, however many of its places match.
//!
//! Where only words are asked for and many messages have them, their places are not looked up one by
//! one: all places are walked, the newest first, until enough of them are of such a message.

use crate::model::Query;
use crate::model::view::IndexRow;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::Plan;
use crate::store::together;
use rusqlite::{Connection, OptionalExtension as _};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// All messages that match.
    pub count: u64,
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
        let moment = self.moment()?;
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
        Ok(SearchResult { count, rows })
    }
}

/// Messages that are few enough to look their places up.
const FEW: usize = if cfg!(test) { 1 } else { 2_000 };
/// With more mailboxes than this their places are not walked side by side.
const MAILBOXES: usize = 100;

/// All that is shown, mailbox by mailbox.
struct Walk {
    mailboxes: Vec<i64>,
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
    /// `None` if it is cheaper to look up each of the messages that were found.
    fn worthwhile(conn: &Connection, found: usize, limit: usize) -> Result<Option<Walk>> {
        if found <= FEW {
            return Ok(None);
        }
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
        let steps = all.saturating_mul(limit) / found;
        let fits = mailboxes.len() <= MAILBOXES && (steps <= found || cfg!(test));
        Ok(fits.then_some(Walk { mailboxes }))
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
        let wanted = limit.min(count);
        let mut rows = Vec::with_capacity(wanted);
        while rows.len() < wanted
            && let Some((_, location, message, at)) = next.pop()
        {
            if let Some(walk) = walks.get_mut(at)
                && let Some(row) = walk.next()?
            {
                next.push((row.get(0)?, row.get(1)?, row.get(2)?, at));
            }
            if !is_found(message) {
                continue;
            }
            let place: Option<i64> = conn
                .prepare_cached(PLACE)?
                .query_row([message], |row| row.get(0))
                .optional()?;
            if place == Some(location) {
                rows.extend(rows::flat(conn, location)?);
            }
        }
        Ok(SearchResult {
            count: count as u64,
            rows,
        })
    }
}
