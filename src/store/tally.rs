//! What a transaction changed about what is shown, settled once at its end: the counts of
//! mailboxes and the rows of threads, which lists read instead of counting.

use crate::store::error::Result;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// How a location is shown: what the counts are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) mailbox: i64,
    pub(super) thread: i64,
    pub(super) unread: bool,
}

/// The changes of one transaction. It must be flushed before the commit.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<i64, (i64, i64)>,
    dirty: BTreeSet<(i64, i64)>,
}

impl Tally {
    /// A location is shown from now on.
    pub(super) fn appears(&mut self, shown: Shown) {
        self.add(shown, 1);
    }

    /// A location is shown no more.
    pub(super) fn disappears(&mut self, shown: Shown) {
        self.add(shown, -1);
    }

    /// A thread's row in a mailbox has to be counted anew.
    pub(super) fn touch(&mut self, mailbox: i64, thread: i64) {
        self.dirty.insert((mailbox, thread));
    }

    fn add(&mut self, shown: Shown, by: i64) {
        let (total, unread) = self.counts.entry(shown.mailbox).or_default();
        *total += by;
        *unread += by * i64::from(shown.unread);
        self.touch(shown.mailbox, shown.thread);
    }

    /// Writes it all down.
    pub(super) fn flush(&mut self, conn: &Connection) -> Result<()> {
        for (mailbox, (total, unread)) in std::mem::take(&mut self.counts) {
            if (total, unread) != (0, 0) {
                conn.prepare_cached(
                    "UPDATE mailbox SET total = total + ?2, unread = unread + ?3 WHERE id = ?1",
                )?
                .execute(params![mailbox, total, unread])?;
            }
        }
        for (mailbox, thread) in std::mem::take(&mut self.dirty) {
            recount(conn, mailbox, thread)?;
        }
        Ok(())
    }
}

/// Counts one thread in one mailbox. The index holds all that is read, in the order that makes the
/// last row the newest.
fn recount(conn: &Connection, mailbox: i64, thread: i64) -> Result<()> {
    let mut select = conn.prepare_cached(
        "SELECT date, id, system FROM location
         WHERE thread = ?1 AND mailbox = ?2 AND hidden = 0 ORDER BY date, id",
    )?;
    let mut rows = select.query(params![thread, mailbox])?;
    let (mut date, mut newest, mut count, mut unread, mut flagged) = (0i64, 0i64, 0i64, 0i64, 0i64);
    while let Some(row) = rows.next()? {
        (date, newest) = (row.get(0)?, row.get(1)?);
        let system: i64 = row.get(2)?;
        count += 1;
        unread += i64::from(system & 1 == 0);
        flagged |= i64::from(system & 4 != 0);
    }
    if count == 0 {
        conn.prepare_cached("DELETE FROM thread_row WHERE mailbox = ?1 AND thread = ?2")?
            .execute(params![mailbox, thread])?;
    } else {
        conn.prepare_cached(
            "INSERT INTO thread_row (mailbox, thread, date, count, unread, flagged, location)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (mailbox, thread) DO UPDATE SET date = excluded.date, count = excluded.count,
                 unread = excluded.unread, flagged = excluded.flagged, location = excluded.location",
        )?
        .execute(params![mailbox, thread, date, count, unread, flagged, newest])?;
    }
    Ok(())
}
