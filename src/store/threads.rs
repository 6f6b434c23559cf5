//! Which thread a message belongs to (JWZ's sets, without its trees): two messages are in one
//! thread when a chain of Message-ID, References and In-Reply-To joins them.
//!
//! That is a union of sets, so the partition does not depend on the order of arrival; cycles,
//! self-references and repeated identifiers are just unions that change nothing. Identifiers of
//! messages that never came ("ghosts") count like any other. When two threads meet, the one with
//! fewer messages is renamed, which keeps the whole work within O(n log n); the identifiers are not
//! renamed but found through `thread_merge`. The tree is made when a thread is shown.

use crate::model::Envelope;
use crate::store::error::Result;
use crate::store::tally::Tally;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

/// A message can join so many identifiers and no more: the newest ones say whom it answers.
const MAX_REFERENCES: usize = 100;
const MAX_IN_REPLY_TO: usize = 8;
/// Merges form chains no longer than the logarithm of the number of threads; this is a stop for a
/// damaged table.
const MAX_CHAIN: usize = 1_000;

/// Every identifier that a message joins, hashed, each once, in the order of the table.
fn hashes(envelope: &Envelope, into: &mut Vec<i64>) {
    let newest = envelope.references.iter().rev().take(MAX_REFERENCES);
    let answered = envelope.in_reply_to.iter().take(MAX_IN_REPLY_TO);
    let ids = envelope.message_id.iter().chain(newest).chain(answered);
    into.clear();
    into.extend(ids.map(|id| id.hash64()));
    into.sort_unstable();
    into.dedup();
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

/// Finds the threads of new messages: its statements, kept while there are more.
pub(super) struct Assigner<'c> {
    conn: &'c Connection,
    find: CachedStatement<'c>,
    insert: CachedStatement<'c>,
    hashes: Vec<i64>,
}

impl<'c> Assigner<'c> {
    pub(super) fn begin(conn: &'c Connection) -> Result<Assigner<'c>> {
        Ok(Assigner {
            conn,
            find: conn.prepare_cached("SELECT thread FROM thread_ref WHERE hash = ?1")?,
            insert: conn.prepare_cached("INSERT INTO thread_ref (hash, thread) VALUES (?1, ?2)")?,
            hashes: Vec::new(),
        })
    }

    /// The thread of a new message, whose row id founds one if need be. Threads that it joins
    /// become one.
    pub(super) fn assign(
        &mut self,
        tally: &mut Tally,
        message: i64,
        envelope: &Envelope,
    ) -> Result<i64> {
        hashes(envelope, &mut self.hashes);
        let mut known = BTreeSet::new();
        let mut unknown = Vec::new();
        for hash in &self.hashes {
            match self.find.query_row([hash], |row| row.get(0)).optional()? {
                Some(thread) => {
                    known.insert(thread);
                }
                None => unknown.push(*hash),
            }
        }
        let mut threads = BTreeSet::new();
        for thread in known {
            threads.insert(canonical(self.conn, thread)?);
        }
        let mut threads = threads.into_iter();
        let mut winner = threads.next().unwrap_or(message);
        for other in threads {
            winner = merge(self.conn, tally, winner, other)?;
        }
        for hash in unknown {
            self.insert.execute([hash, winner])?;
        }
        Ok(winner)
    }
}

/// Makes one thread of two and answers which.
fn merge(conn: &Connection, tally: &mut Tally, a: i64, b: i64) -> Result<i64> {
    let (keep, lose) = if is_smaller(conn, a, b)? {
        (b, a)
    } else {
        (a, b)
    };
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
pub(super) fn forget(conn: &Connection, hashes: impl Iterator<Item = i64>) -> Result<()> {
    let mut find = conn.prepare_cached("SELECT thread FROM thread_ref WHERE hash = ?1")?;
    let mut lives =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM location WHERE thread = ?1)")?;
    let mut delete = conn.prepare_cached("DELETE FROM thread_ref WHERE hash = ?1")?;
    for hash in hashes {
        let named: Option<i64> = find.query_row([hash], |row| row.get(0)).optional()?;
        if let Some(named) = named
            && !lives.query_row([canonical(conn, named)?], |row| row.get::<_, bool>(0))?
        {
            delete.execute([hash])?;
        }
    }
    Ok(())
}
