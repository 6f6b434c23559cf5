//! Which thread a message belongs to (JWZ's sets, without its trees): two messages are in one
//! thread when a chain of Message-ID, References and In-Reply-To (or a server that knows) joins them.
//!
//! That is a union of sets, so the partition does not depend on the order of arrival; cycles,
//! self-references and repeated identifiers are just unions that change nothing. Identifiers of
//! messages that never came ("ghosts") count like any other. When two threads meet, the one with
//! fewer messages is renamed, which keeps the whole work within O(n log n); the identifiers are not
//! renamed but found through `thread_merge`. The tree is made when a thread is shown.

use crate::model::Envelope;
use crate::store::error::Result;
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A message can join so many identifiers and no more: the newest ones say whom it answers.
const MAX_REFERENCES: usize = 100;
const MAX_IN_REPLY_TO: usize = 8;
/// Merges form chains no longer than the logarithm of the number of threads; this is a stop for a
/// damaged table.
const MAX_CHAIN: usize = 1_000;

/// Every identifier that a message joins, hashed, each once, in the order of the table.
pub(super) fn hashes(envelope: &Envelope) -> Vec<i64> {
    let newest = envelope.references.iter().rev().take(MAX_REFERENCES);
    let answered = envelope.in_reply_to.iter().take(MAX_IN_REPLY_TO);
    let ids = envelope.message_id.iter().chain(newest).chain(answered);
    let mut hashes: Vec<i64> = ids.map(|id| id.hash64()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// What counts of what a message answers and refers to (oldest first), whatever its kind.
pub(super) fn counted<T>(mut answered: Vec<T>, mut references: Vec<T>) -> (Vec<T>, Vec<T>) {
    answered.truncate(MAX_IN_REPLY_TO);
    references.drain(..references.len().saturating_sub(MAX_REFERENCES));
    (answered, references)
}

/// The thread that `thread` has become part of, or itself.
pub(super) fn canonical(conn: &Connection, thread: i64) -> Result<i64> {
    let mut statement =
        conn.prepare_cached("SELECT into_thread FROM thread_merge WHERE thread = ?1")?;
    let mut now = thread;
    for _ in 0..MAX_CHAIN {
        match statement.query_row([now], |row| row.get(0)).optional()? {
            Some(next) => now = next,
            None => break,
        }
    }
    Ok(now)
}

/// The thread that an identifier belongs to now, if any message named it.
pub(super) fn named(conn: &Connection, tally: &mut Tally, hash: i64) -> Result<Option<i64>> {
    let noted = tally.refs.find(conn, hash)?;
    noted.map(|noted| canonical(conn, noted)).transpose()
}

/// Finds the threads of a batch of new messages. What it learns is remembered until
/// [`Assigner::forget`]: most identifiers of a batch are named by several of its messages.
pub(super) struct Assigner<'c> {
    conn: &'c Connection,
    /// Threads of identifiers, as noted.
    known: HashMap<i64, i64>,
    /// What threads have become part of.
    roots: HashMap<i64, i64>,
}

impl<'c> Assigner<'c> {
    pub(super) fn new(conn: &'c Connection) -> Assigner<'c> {
        Assigner {
            conn,
            known: HashMap::new(),
            roots: HashMap::new(),
        }
    }

    /// The thread of a new message, whose row id founds one if need be. Threads that it joins
    /// become one, after `places` has written all locations there are. `hashes`: see [`hashes`];
    /// `hint`: what the server says that its conversation shares, hashed.
    pub(super) fn assign(
        &mut self,
        tally: &mut Tally,
        message: i64,
        hashes: &[i64],
        hint: Option<i64>,
        places: &mut dyn FnMut() -> Result<()>,
    ) -> Result<i64> {
        let mut threads = BTreeSet::new();
        let mut unknown = Vec::new();
        let hint = hint.filter(|hint| !hashes.contains(hint));
        for hash in hashes.iter().copied().chain(hint) {
            match self.thread_of(tally, hash)? {
                Some(thread) => {
                    threads.insert(thread);
                }
                None => unknown.push(hash),
            }
        }
        let mut threads = threads.into_iter();
        let mut winner = threads.next().unwrap_or(message);
        for other in threads {
            places()?;
            winner = merge(self.conn, tally, winner, other)?;
            self.roots.clear();
        }
        for hash in unknown {
            self.known.insert(hash, winner);
            tally.refs.note(hash, winner);
        }
        Ok(winner)
    }

    /// The thread that an identifier belongs to now.
    fn thread_of(&mut self, tally: &mut Tally, hash: i64) -> Result<Option<i64>> {
        let noted = match self.known.get(&hash) {
            Some(noted) => *noted,
            None => match tally.refs.find(self.conn, hash)? {
                Some(noted) => {
                    self.known.insert(hash, noted);
                    noted
                }
                None => return Ok(None),
            },
        };
        if let Some(root) = self.roots.get(&noted) {
            return Ok(Some(*root));
        }
        let root = canonical(self.conn, noted)?;
        self.roots.insert(noted, root);
        Ok(Some(root))
    }

    /// Forgets what was learnt: others may change the tables now.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.roots.clear();
    }
}

/// Makes one thread of two and answers which.
fn merge(conn: &Connection, tally: &mut Tally, a: i64, b: i64) -> Result<i64> {
    let (keep, lose) = if is_smaller(conn, a, b)? {
        (b, a)
    } else {
        (a, b)
    };
    tally.noted.remove(&keep);
    {
        let mut places =
            conn.prepare_cached("SELECT DISTINCT mailbox FROM location WHERE thread = ?1")?;
        let mut rows = places.query([lose])?;
        while let Some(row) = rows.next()? {
            let mailbox: i64 = row.get(0)?;
            tally.touch(mailbox, lose);
            tally.touch(mailbox, keep);
        }
    }
    conn.prepare_cached("UPDATE location SET thread = ?2 WHERE thread = ?1")?
        .execute([lose, keep])?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO thread_merge (thread, into_thread) VALUES (?1, ?2)",
    )?
    .execute([lose, keep])?;
    Ok(keep)
}

/// Whether `a` has fewer locations than `b`, counting no further than needed.
fn is_smaller(conn: &Connection, a: i64, b: i64) -> Result<bool> {
    let mut count = conn.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM location WHERE thread = ?1 LIMIT ?2)",
    )?;
    for limit in [16i64, 1_000, i64::MAX] {
        let of_a: i64 = count.query_row(params![a, limit], |row| row.get(0))?;
        let of_b: i64 = count.query_row(params![b, limit], |row| row.get(0))?;
        if of_a < limit || of_b < limit {
            return Ok(of_a < of_b);
        }
    }
    Ok(false)
}

/// A message that named these identifiers is gone for good: those of them whose thread is empty now
/// are forgotten.
pub(super) fn forget(conn: &Connection, tally: &mut Tally, hashes: &[i64]) -> Result<()> {
    let mut lives =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM location WHERE thread = ?1)")?;
    let mut empty = BTreeMap::new();
    for hash in hashes.iter().copied() {
        let Some(named) = tally.refs.find(conn, hash)? else {
            continue;
        };
        let is_empty = match empty.get(&named) {
            Some(known) => *known,
            None => {
                let lives: bool = lives.query_row([canonical(conn, named)?], |row| row.get(0))?;
                empty.insert(named, !lives);
                !lives
            }
        };
        if is_empty {
            tally.refs.forget(conn, hash)?;
        }
    }
    Ok(())
}
