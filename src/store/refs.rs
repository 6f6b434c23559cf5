//! Which thread each Message-ID was named in, by its hash.
//!
//! A hash lies anywhere, so each new one would read and write a page of a large table
//! (`thread_ref`). Those of a batch are therefore written together as one row of `fresh_ref` and
//! found in memory; and with every batch those that lie in one slice of all hashes go over into the
//! table, the next slice each time. A row is dropped when all slices have gone over since.
//!
//! Most Message-IDs of a first sync were never named before. As long as nobody else has written
//! since the table was empty, a [`Sieve`] knows that they are not in it.
//!
//! What memory says stands in the database: it is read anew after an error, and when another
//! process has written.

use crate::store::error::{Error, Result};
use crate::store::insert;
use crate::store::sieve::Sieve;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;

/// Slices of all hashes. The more, the fewer pages of a large table are written, and the more is kept
/// in memory: half as many batches. (In tests few, so that both tables are met.)
const SLICES: i64 = 1 << SLICE_BITS;
const SLICE_BITS: u32 = if cfg!(test) { 2 } else { 6 };
/// In place of a thread: the hash was forgotten.
const GONE: i64 = 0;
/// Octets of a hash and a thread.
const PAIR: usize = 16;

/// The hashes of Message-IDs and their threads, as they were noted: a thread may have become part of
/// another one since.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// Those that have not gone over into the table.
    fresh: HashMap<i64, i64>,
    /// Those that this transaction changed.
    changed: Vec<i64>,
    /// Holds all that are in the table.
    settled: Option<Sieve>,
    /// The last row that was read or written, and what SQLite said then about others' changes.
    last: i64,
    version: Option<i64>,
    /// Whether this transaction has asked for others' changes.
    asked: bool,
}

impl Refs {
    /// A transaction begins: others may have written.
    pub(super) fn begin(&mut self) {
        self.asked = false;
    }

    /// The thread that this hash was noted with.
    pub(super) fn find(&mut self, conn: &Connection, hash: i64) -> Result<Option<i64>> {
        self.read(conn)?;
        match self.fresh.get(&hash) {
            Some(&GONE) => Ok(None),
            Some(thread) => Ok(Some(*thread)),
            None if self.settled.as_ref().is_some_and(|s| !s.may_hold(hash)) => Ok(None),
            None => settled(conn, hash),
        }
    }

    /// Notes a hash that is not found.
    pub(super) fn note(&mut self, hash: i64, thread: i64) {
        self.fresh.insert(hash, thread);
        self.changed.push(hash);
    }

    /// Forgets a hash.
    pub(super) fn forget(&mut self, conn: &Connection, hash: i64) -> Result<()> {
        self.read(conn)?;
        if let Some(thread) = self.fresh.get_mut(&hash) {
            *thread = GONE;
            self.changed.push(hash);
        }
        conn.prepare_cached("DELETE FROM thread_ref WHERE hash = ?1")?
            .execute([hash])?;
        Ok(())
    }

    /// Writes down what this transaction changed.
    pub(super) fn flush(&mut self, conn: &Connection) -> Result<()> {
        let mut changed = std::mem::take(&mut self.changed);
        if changed.is_empty() {
            return Ok(());
        }
        self.read(conn)?;
        changed.sort_unstable();
        changed.dedup();
        let mut row = Vec::with_capacity(changed.len() * PAIR);
        for hash in changed {
            let thread = self.fresh.get(&hash).copied().unwrap_or(GONE);
            row.extend_from_slice(&hash.to_le_bytes());
            row.extend_from_slice(&thread.to_le_bytes());
        }
        self.last += 1;
        conn.prepare_cached("INSERT INTO fresh_ref (id, refs) VALUES (?1, ?2)")?
            .execute(params![self.last, row])?;
        self.settle(conn)?;
        // Nothing that counts: the rows tell of what went over.
        let is_empty = self.fresh.values().all(|thread| *thread == GONE);
        let through = if is_empty {
            i64::MAX
        } else {
            self.last.saturating_sub(SLICES)
        };
        conn.prepare_cached("DELETE FROM fresh_ref WHERE id <= ?1")?
            .execute([through])?;
        if is_empty {
            self.fresh.clear();
            self.last = 0;
        }
        Ok(())
    }

    /// Moves the slice that is due into the table.
    fn settle(&mut self, conn: &Connection) -> Result<()> {
        let due = self.last.rem_euclid(SLICES);
        let mut moved: Vec<(i64, i64)> = Vec::new();
        self.fresh.retain(|hash, thread| {
            let stays = slice(*hash) != due;
            if !stays && *thread != GONE {
                moved.push((*hash, *thread));
            }
            stays
        });
        if let Some(sieve) = &mut self.settled {
            moved.iter().for_each(|(hash, _)| sieve.add(*hash));
        }
        moved.sort_unstable();
        insert::rows(
            conn,
            "IGNORE INTO thread_ref (hash, thread)",
            "(?, ?)",
            "",
            &moved,
            &mut |values, (hash, thread)| {
                values.bind(hash)?;
                values.bind(thread)
            },
        )
    }

    /// Reads what is in no slice that went over, unless that was done and nobody has written since.
    fn read(&mut self, conn: &Connection) -> Result<()> {
        if std::mem::replace(&mut self.asked, true) {
            return Ok(());
        }
        let version = conn
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if self.version.replace(version) != Some(version) {
            let fresh = &mut self.fresh;
            fresh.clear();
            self.last = rows(conn, &mut |hash, thread| {
                fresh.insert(hash, thread);
            })?;
            let is_empty: bool = conn
                .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM thread_ref)")?
                .query_row([], |row| row.get(0))?;
            self.settled = is_empty.then(Sieve::new);
        }
        Ok(())
    }
}

/// The thread that a hash was noted with, for one who only reads.
pub(super) fn noted(conn: &Connection, hash: i64) -> Result<Option<i64>> {
    let mut found = None;
    rows(conn, &mut |other, thread| {
        if other == hash {
            found = Some(thread);
        }
    })?;
    match found {
        Some(GONE) => Ok(None),
        Some(thread) => Ok(Some(thread)),
        None => settled(conn, hash),
    }
}

fn settled(conn: &Connection, hash: i64) -> Result<Option<i64>> {
    let mut find = conn.prepare_cached("SELECT thread FROM thread_ref WHERE hash = ?1")?;
    Ok(find.query_row([hash], |row| row.get(0)).optional()?)
}

/// Which slice a hash lies in: one of hashes that are neighbours in the table.
fn slice(hash: i64) -> i64 {
    (hash.cast_unsigned() >> (u64::BITS - SLICE_BITS)).cast_signed()
}

/// Tells the pairs that have not gone over, the last word on a hash last. Answers the last row.
fn rows(conn: &Connection, tell: &mut dyn FnMut(i64, i64)) -> Result<i64> {
    let last: i64 = conn
        .prepare_cached("SELECT coalesce(max(id), 0) FROM fresh_ref")?
        .query_row([], |row| row.get(0))?;
    let mut select = conn.prepare_cached("SELECT id, refs FROM fresh_ref ORDER BY id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let refs = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let (pairs, rest) = refs.as_chunks::<PAIR>();
        if !rest.is_empty() {
            return Err(Error::Corrupt("a row of fresh_ref is cut".to_owned()));
        }
        for pair in pairs {
            let pair = u128::from_le_bytes(*pair);
            let (hash, thread) = (pair as i64, (pair >> 64) as i64);
            // When its slice went over the last time.
            let moved = last - (last - slice(hash)).rem_euclid(SLICES);
            if moved < id {
                tell(hash, thread);
            }
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::TransactionBehavior;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn open(path: &Path) -> Connection {
        let conn = Connection::open(path).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = off;
             CREATE TABLE IF NOT EXISTS thread_ref (hash INTEGER PRIMARY KEY, thread INTEGER NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS fresh_ref (id INTEGER PRIMARY KEY, refs BLOB NOT NULL) STRICT;",
        )
        .unwrap();
        conn
    }

    /// What one transaction does: hashes (of few, spread over all slices) that are noted with a
    /// thread, or forgotten with thread 0; by which of two processes; and whether it is taken back.
    #[derive(Clone, Debug)]
    struct Deed {
        who: usize,
        pairs: Vec<(i64, i64)>,
        well: bool,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let hash = (0..24i64).prop_map(|n| n.wrapping_mul(0x1753_a7b1_9c2d_4e6f));
        let pairs = prop::collection::vec((hash, 0..4i64), 0..6);
        let well = prop::bool::weighted(0.8);
        (0..2usize, pairs, well).prop_map(|(who, pairs, well)| Deed { who, pairs, well })
    }

    fn count(conn: &Connection, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    proptest! {
        #[test]
        fn every_hash_is_found_as_it_was_noted_last(deeds in prop::collection::vec(deed(), 1..40)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("refs.db");
            let mut conns = [open(&path), open(&path)];
            let mut refs = [Refs::default(), Refs::default()];
            let mut there: BTreeMap<i64, i64> = BTreeMap::new();
            for Deed { who, pairs, well } in &deeds {
                let conn = &mut conns[*who];
                let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
                let mut memory = std::mem::take(&mut refs[*who]);
                memory.begin();
                let mut after = there.clone();
                for (hash, thread) in pairs {
                    prop_assert_eq!(memory.find(&tx, *hash).unwrap(), after.get(hash).copied());
                    match (*thread, after.contains_key(hash)) {
                        (0, _) => {
                            memory.forget(&tx, *hash).unwrap();
                            after.remove(hash);
                        }
                        (_, true) => {}
                        (thread, false) => {
                            memory.note(*hash, thread);
                            after.insert(*hash, thread);
                        }
                    }
                }
                memory.flush(&tx).unwrap();
                if *well {
                    tx.commit().unwrap();
                    refs[*who] = memory;
                    there = after;
                } else {
                    tx.rollback().unwrap();
                }
                for n in 0..24i64 {
                    let hash = n.wrapping_mul(0x1753_a7b1_9c2d_4e6f);
                    prop_assert_eq!(noted(&conns[*who], hash).unwrap(), there.get(&hash).copied());
                }
                prop_assert!(count(&conns[0], "fresh_ref") <= SLICES);
                if there.is_empty() {
                    prop_assert_eq!(count(&conns[0], "thread_ref"), 0);
                }
            }
        }
    }

    #[test]
    fn what_is_noted_goes_over_slice_by_slice_and_the_rows_go() {
        let dir = tempfile::tempdir().unwrap();
        let conn = open(&dir.path().join("refs.db"));
        let mut refs = Refs::default();
        let far = i64::MAX / 8;
        for batch in 1..=SLICES {
            refs.begin();
            let hash = |n: i64| n.wrapping_mul(far).wrapping_add(batch);
            for n in 0..16 {
                assert_eq!(refs.find(&conn, hash(n)).unwrap(), None);
                refs.note(hash(n), batch);
            }
            refs.flush(&conn).unwrap();
            assert_eq!(count(&conn, "fresh_ref"), batch);
            assert!(count(&conn, "thread_ref") < 16 * batch);
        }
        let mut batches = 0;
        while count(&conn, "fresh_ref") > 0 {
            refs.begin();
            refs.forget(&conn, -77).unwrap();
            refs.note(-77, 7);
            refs.forget(&conn, -77).unwrap();
            refs.flush(&conn).unwrap();
            batches += 1;
            assert!(batches <= SLICES);
        }
        assert_eq!(count(&conn, "thread_ref"), 16 * SLICES);
    }

    #[test]
    fn a_damaged_row_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let conn = open(&dir.path().join("refs.db"));
        conn.execute("INSERT INTO fresh_ref VALUES (1, x'00')", [])
            .unwrap();
        let found = Refs::default().find(&conn, 1);
        assert!(matches!(found, Err(Error::Corrupt(_))));
    }
}
