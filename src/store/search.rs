//! Search: what a query finds, newest first.
//!
//! Conditions on a place (`is:`, `in:`, `account:`, `tag:`) must hold together for one place of a
//! message; a message is found once, however many of its places match.

use crate::model::Query;
use crate::model::view::IndexRow;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::Plan;
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
        let plan = Plan::make(&moment, query, now)?;
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
