//! What a transaction changed, settled once at its end: the counts of mailboxes (as shown, and as
//! the server told) and the rows of threads, which are read instead of counting, and words that the
//! search has to forget.

use crate::model::{MailboxId, System};
use crate::store::error::Result;
use crate::store::insert;
use crate::store::refs::Refs;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// How a location is shown: what the counts are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) mailbox: i64,
    pub(super) thread: i64,
    pub(super) location: i64,
    pub(super) date: i64,
    pub(super) unread: bool,
    pub(super) flagged: bool,
}

/// The changes of one transaction. It must be flushed before the commit.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<i64, (i64, i64)>,
    /// Of each mailbox: messages that the server has, and of these those with each flag of
    /// [`System::ALL`].
    told: BTreeMap<i64, [i64; 6]>,
    threads: BTreeMap<(i64, i64), Change>,
    wordless: Vec<i64>,
    /// Messages that the search got to know, and texts.
    pub(super) indexed: usize,
    pub(super) texts: usize,
    /// Whether threads wait for being put together by subject, and mailboxes in which some were.
    pub(super) ungrouped: bool,
    pub(super) regrouped: BTreeSet<MailboxId>,
    /// Threads of which every subject is noted to be looked at.
    pub(super) noted: BTreeSet<i64>,
    /// Identifiers and their threads. They outlive a transaction that went well.
    pub(super) refs: Refs,
}

/// What became of a thread in a mailbox.
#[derive(Debug)]
enum Change {
    /// There is only more of it: this much.
    Grew(Sums),
    /// It has to be counted anew.
    Anew,
}

/// A thread's row, or what is added to it.
#[derive(Debug, Default)]
struct Sums {
    /// Date and location of the newest.
    newest: (i64, i64),
    count: i64,
    unread: i64,
    flagged: bool,
}

impl Sums {
    fn add(&mut self, date: i64, location: i64, unread: bool, flagged: bool) {
        let one = (date, location);
        self.newest = if self.count == 0 {
            one
        } else {
            self.newest.max(one)
        };
        self.count += 1;
        self.unread += i64::from(unread);
        self.flagged |= flagged;
    }
}

impl Tally {
    /// That of a transaction which begins, with what is known of identifiers.
    pub(super) fn begin(mut refs: Refs) -> Tally {
        refs.begin();
        Tally {
            refs,
            ..Tally::default()
        }
    }

    /// A location is shown from now on.
    pub(super) fn appears(&mut self, shown: Shown) {
        self.add(shown, 1);
        let thread = self
            .threads
            .entry((shown.mailbox, shown.thread))
            .or_insert_with(|| Change::Grew(Sums::default()));
        if let Change::Grew(sums) = thread {
            sums.add(shown.date, shown.location, shown.unread, shown.flagged);
        }
    }

    /// A location is shown no more.
    pub(super) fn disappears(&mut self, shown: Shown) {
        self.add(shown, -1);
        self.touch(shown.mailbox, shown.thread);
    }

    /// A thread's row in a mailbox has to be counted anew.
    pub(super) fn touch(&mut self, mailbox: i64, thread: i64) {
        self.threads.insert((mailbox, thread), Change::Anew);
    }

    /// A message is gone: the search index has to forget it, which is cheap only at the end.
    pub(super) fn forget_words(&mut self, message: i64) {
        self.wordless.push(message);
    }

    /// So many more (or fewer) messages of a mailbox with these flags are on the server.
    pub(super) fn told(&mut self, mailbox: i64, flags: System, by: i64) {
        let counts = self.told.entry(mailbox).or_default();
        let each = System::ALL.iter().map(|(flag, _)| flags.has(*flag));
        for (count, counts_here) in counts.iter_mut().zip([true].into_iter().chain(each)) {
            *count += by * i64::from(counts_here);
        }
    }

    fn add(&mut self, shown: Shown, by: i64) {
        let (total, unread) = self.counts.entry(shown.mailbox).or_default();
        *total += by;
        *unread += by * i64::from(shown.unread);
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
        for (mailbox, by) in std::mem::take(&mut self.told) {
            if by != [0; 6] {
                let [held, seen, answered, flagged, deleted, draft] = by;
                conn.prepare_cached(
                    "UPDATE mailbox SET held = held + ?2, held_seen = held_seen + ?3, held_answered = held_answered + ?4,
                         held_flagged = held_flagged + ?5, held_deleted = held_deleted + ?6, held_draft = held_draft + ?7
                     WHERE id = ?1",
                )?
                .execute(params![mailbox, held, seen, answered, flagged, deleted, draft])?;
            }
        }
        let mut grown = Vec::with_capacity(self.threads.len());
        for (place, change) in std::mem::take(&mut self.threads) {
            match change {
                Change::Grew(more) => grown.push((place, more)),
                Change::Anew => recount(conn, place.0, place.1)?,
            }
        }
        grow(conn, &grown)?;
        let wordless = std::mem::take(&mut self.wordless);
        for sql in [
            "DELETE FROM word WHERE rowid = ?1",
            "DELETE FROM text_word WHERE rowid = ?1",
            "DELETE FROM body_word WHERE rowid = ?1",
        ] {
            let mut forget = conn.prepare_cached(sql)?;
            for message in &wordless {
                forget.execute([message])?;
            }
        }
        self.refs.flush(conn)
    }
}

/// Adds what is new to the rows of threads in mailboxes.
fn grow(conn: &Connection, grown: &[((i64, i64), Sums)]) -> Result<()> {
    insert::rows(
        conn,
        "FAIL INTO thread_row (mailbox, thread, date, location, count, unread, flagged)",
        "(?, ?, ?, ?, ?, ?, ?)",
        "ON CONFLICT (mailbox, thread) DO UPDATE SET count = count + excluded.count,
             unread = unread + excluded.unread, flagged = flagged | excluded.flagged,
             location = iif((excluded.date, excluded.location) > (date, location), excluded.location, location),
             date = max(date, excluded.date)",
        grown,
        &mut |values, ((mailbox, thread), more)| {
            values.bind(mailbox)?;
            values.bind(thread)?;
            values.bind(more.newest.0)?;
            values.bind(more.newest.1)?;
            values.bind(more.count)?;
            values.bind(more.unread)?;
            values.bind(more.flagged)
        },
    )
}

/// Counts one thread in one mailbox. The index holds all that is read.
fn recount(conn: &Connection, mailbox: i64, thread: i64) -> Result<()> {
    let mut select = conn.prepare_cached(
        "SELECT date, id, system FROM location WHERE thread = ?1 AND mailbox = ?2 AND hidden = 0",
    )?;
    let mut rows = select.query(params![thread, mailbox])?;
    let mut sums = Sums::default();
    while let Some(row) = rows.next()? {
        let system: i64 = row.get(2)?;
        sums.add(row.get(0)?, row.get(1)?, system & 1 == 0, system & 4 != 0);
    }
    if sums.count == 0 {
        conn.prepare_cached("DELETE FROM thread_row WHERE mailbox = ?1 AND thread = ?2")?
            .execute(params![mailbox, thread])?;
    } else {
        conn.prepare_cached(
            "INSERT INTO thread_row (mailbox, thread, date, location, count, unread, flagged)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (mailbox, thread) DO UPDATE SET date = excluded.date, count = excluded.count,
                 unread = excluded.unread, flagged = excluded.flagged, location = excluded.location",
        )?
        .execute(params![
            mailbox,
            thread,
            sums.newest.0,
            sums.newest.1,
            sums.count,
            sums.unread,
            sums.flagged
        ])?;
    }
    Ok(())
}
