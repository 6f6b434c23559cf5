//! Lists in another order than the newest first. The oldest first is the same walk the other way
//! round. By sender, subject or size there is no index, which would cost every sync: the ids of all
//! rows are put in order once, by SQLite, which needs little memory for it, and kept by whoever
//! reads lists. A page is then cut out of that: as cheap at its end as at its beginning, and at a
//! million rows as at a hundred.
//!
//! The order is made anew when a list is read anew and the store has changed, but not so often that
//! it would take more than a small part of the time. Rows are always read as they are now.

use crate::model::view::{IndexRow, Page, PageKey, Scope, Sort, SortBy};
use crate::store::error::Result;
use crate::store::pages::{FIRST, Walk, bounds, keys, mailboxes};
use crate::store::reader::Reader;
use crate::store::rows;
use rusqlite::Connection;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// What was put in order lasts so many times as long as that took.
const LASTS: u32 = 20;

/// A list in an order, kept from page to page.
#[derive(Debug)]
pub struct Ranks {
    scope: Scope,
    threaded: bool,
    sort: Sort,
    /// Of each row, the first at the top.
    ids: Vec<i64>,
    version: i64,
    made: Instant,
    took: Duration,
}

impl Ranks {
    fn is_of(&self, scope: &Scope, threaded: bool, sort: Sort) -> bool {
        self.scope == *scope && self.threaded == threaded && self.sort == sort
    }

    /// The place of a key: that of its row, or where that stood.
    fn place(&self, key: PageKey) -> usize {
        let found = self.ids.iter().position(|id| *id == key.id);
        found.unwrap_or_else(|| {
            let left = usize::try_from(key.date).unwrap_or(0);
            self.ids.len().saturating_sub(left)
        })
    }

    fn key(&self, place: usize) -> Option<PageKey> {
        let left = self.ids.len().saturating_sub(place);
        Some(PageKey {
            date: i64::try_from(left).ok()?,
            id: *self.ids.get(place)?,
        })
    }

    fn make(
        conn: &Connection,
        (scope, threaded, sort): (&Scope, bool, Sort),
        version: i64,
    ) -> Result<Ranks> {
        let began = Instant::now();
        let places = mailboxes(conn, scope)?;
        let places: Vec<String> = places.iter().map(i64::to_string).collect();
        let places = places.join(", ");
        // The first one from A to Z, or from the largest down; `date` breaks ties.
        let (key, up) = match sort.by {
            SortBy::Date => ("0", true),
            SortBy::From => ("sorts_as_name(m.from_)", true),
            SortBy::Subject => ("sorts_as_subject(m.subject)", true),
            SortBy::Size => ("m.size", false),
        };
        let (order, newest) = match (up != sort.reversed, sort.reversed) {
            (true, reversed) => ("ASC", !reversed),
            (false, reversed) => ("DESC", !reversed),
        };
        let newest = if newest { "DESC" } else { "ASC" };
        let sql = match threaded {
            true => format!(
                "SELECT t.thread FROM thread_row t CROSS JOIN location l ON l.id = t.location
                     CROSS JOIN message m ON m.id = l.message
                 WHERE t.mailbox IN ({places}) ORDER BY {key} {order}, t.date {newest}, t.thread {newest}"
            ),
            false => format!(
                "SELECT l.id FROM location l CROSS JOIN message m ON m.id = l.message
                 WHERE l.mailbox IN ({places}) AND l.hidden = 0
                 ORDER BY {key} {order}, l.date {newest}, l.id {newest}"
            ),
        };
        let mut select = conn.prepare_cached(&sql)?;
        let mut rows = select.query([])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
        }
        if threaded && places.contains(',') {
            // A thread that lies in several inboxes stands once.
            let mut met = HashSet::new();
            ids.retain(|id| met.insert(*id));
        }
        ids.shrink_to_fit();
        Ok(Ranks {
            scope: scope.clone(),
            threaded,
            sort,
            ids,
            version,
            made: Instant::now(),
            took: began.elapsed(),
        })
    }
}

impl Reader {
    /// One page of a list in this order, at most `limit` rows; the first at the top is what a page
    /// calls the newest. The keys of its rows hold in this order only. What it costs to make the
    /// order is kept in `ranks`.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn sorted(
        &self,
        ranks: &mut Option<Ranks>,
        (scope, threaded, sort): (&Scope, bool, Sort),
        page: Page,
        limit: usize,
    ) -> Result<Vec<IndexRow>> {
        if sort.by == SortBy::Date {
            return match sort.reversed {
                false => self.page(scope, threaded, page, limit),
                true => self.oldest_first(scope, threaded, page, limit),
            };
        }
        let moment = self.moment()?;
        let begins = matches!(page, Page::Newest | Page::Oldest | Page::From(_));
        let ranks = in_order(&moment, ranks, (scope, threaded, sort), begins)?;
        let places = mailboxes(&moment, scope)?;
        let last = ranks.ids.len();
        let (mut at, down) = match page {
            Page::Newest => (0, true),
            Page::From(key) => (ranks.place(key), true),
            Page::After(key) => (ranks.place(key) + 1, true),
            Page::Oldest => (last, false),
            Page::Before(key) => (ranks.place(key), false),
        };
        let mut shown =
            moment.prepare_cached("SELECT 1 FROM location WHERE id = ?1 AND hidden = 0")?;
        let mut found = Vec::new();
        while found.len() < limit {
            let place = match down {
                true => at,
                false if at == 0 => break,
                false => at - 1,
            };
            let Some(key) = ranks.key(place) else { break };
            at = if down { at + 1 } else { place };
            let row = match threaded {
                true => rows::threaded(&moment, &places, key.id)?,
                false if shown.exists([key.id])? => rows::flat(&moment, key.id)?,
                false => None,
            };
            found.extend(row.map(|row| IndexRow { key, ..row }));
        }
        if !down {
            found.reverse();
        }
        Ok(found)
    }

    /// The first row below a key (or from the top) that is unread, or has an unread message.
    ///
    /// # Errors
    /// As [`Reader::sorted`].
    pub fn next_unread_sorted(
        &self,
        ranks: &mut Option<Ranks>,
        (scope, threaded, sort): (&Scope, bool, Sort),
        after: Option<PageKey>,
    ) -> Result<Option<PageKey>> {
        let moment = self.moment()?;
        let places = mailboxes(&moment, scope)?;
        if sort.by == SortBy::Date {
            let walk = Walk {
                threaded,
                unread: true,
                down: !sort.reversed,
            };
            let from = after.unwrap_or(FIRST);
            let from = if sort.reversed { opposite(from) } else { from };
            let found = keys(&moment, &places, walk, None, from, 1)?;
            let key = found.first().copied();
            return Ok(key.map(|key| if sort.reversed { opposite(key) } else { key }));
        }
        let ranks = in_order(&moment, ranks, (scope, threaded, sort), false)?;
        let places: Vec<String> = places.iter().map(i64::to_string).collect();
        let places = places.join(", ");
        let sql = match threaded {
            true => {
                format!("SELECT thread FROM thread_row WHERE mailbox IN ({places}) AND unread > 0")
            }
            false => format!(
                "SELECT id FROM location WHERE mailbox IN ({places}) AND hidden = 0 AND system & 1 = 0"
            ),
        };
        let mut select = moment.prepare_cached(&sql)?;
        let unread = select.query_map([], |row| row.get(0))?;
        let unread: HashSet<i64> = unread.collect::<rusqlite::Result<_>>()?;
        let from = after.map_or(0, |key| ranks.place(key) + 1);
        let below = ranks.ids.get(from..).unwrap_or_default().iter();
        let found = below.zip(from..).find(|(id, _)| unread.contains(id));
        Ok(found.and_then(|(_, place)| ranks.key(place)))
    }

    /// The ids of the rows from one place of such a list to another, both included.
    ///
    /// # Errors
    /// As [`Reader::sorted`].
    pub(super) fn ids_between(
        &self,
        of: (&Scope, bool, Sort),
        ends: (PageKey, PageKey),
    ) -> Result<Vec<i64>> {
        let moment = self.moment()?;
        let ranks = Ranks::make(&moment, of, 0)?;
        let (one, other) = (ranks.place(ends.0), ranks.place(ends.1));
        let (low, high) = (one.min(other), one.max(other));
        let between = ranks.ids.get(low..).unwrap_or_default().iter();
        Ok(between.take(high - low + 1).copied().collect())
    }

    fn oldest_first(
        &self,
        scope: &Scope,
        threaded: bool,
        page: Page,
        limit: usize,
    ) -> Result<Vec<IndexRow>> {
        let moment = self.moment()?;
        let places = mailboxes(&moment, scope)?;
        let (from, down) = bounds(page);
        let walk = Walk {
            threaded,
            unread: false,
            down: !down,
        };
        let mut keys = keys(&moment, &places, walk, None, opposite(from), limit)?;
        if !down {
            keys.reverse();
        }
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let row = match threaded {
                true => rows::threaded(&moment, &places, key.id)?,
                false => rows::flat(&moment, key.id)?,
            };
            let key = opposite(key);
            found.extend(row.map(|row| IndexRow { key, ..row }));
        }
        Ok(found)
    }
}

/// The same place where the order is the other way round.
pub(super) fn opposite(key: PageKey) -> PageKey {
    PageKey {
        date: key.date.checked_neg().unwrap_or(i64::MAX),
        id: key.id.checked_neg().unwrap_or(i64::MAX),
    }
}

/// The order that is kept, if it is this one and new enough; else it is made.
fn in_order<'r>(
    conn: &Connection,
    kept: &'r mut Option<Ranks>,
    (scope, threaded, sort): (&Scope, bool, Sort),
    begins: bool,
) -> Result<&'r mut Ranks> {
    let version: i64 = conn.pragma_query_value(None, "data_version", |row| row.get(0))?;
    let usable = kept.take().filter(|ranks| {
        let fresh = ranks.version == version || ranks.made.elapsed() < ranks.took * LASTS;
        ranks.is_of(scope, threaded, sort) && (fresh || !begins)
    });
    let ranks = match usable {
        Some(ranks) => ranks,
        None => Ranks::make(conn, (scope, threaded, sort), version)?,
    };
    Ok(kept.insert(ranks))
}
