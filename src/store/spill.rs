//! The write-ahead log goes over into the database file beside the thread that writes. Otherwise that
//! thread does it itself after so many pages, and during a first sync everything waits for the disk.
//!
//! Nothing depends on it: what was committed is in the log, and whatever is not carried over here the
//! writer carries over when the log grows too long, and at its end.

use crate::store::open;
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Jobs of the writer after which it is worth the while; in a first sync some megabytes.
const EVERY: u32 = 6;
/// How long there is somebody to do it after the last time.
const LINGER: Duration = Duration::from_secs(10);
/// So many times in a row it may be found at work: then the writer waits for it, or the log would never
/// begin anew where the disk is slow.
const BEHIND: u32 = 4;

/// Who does it, as long as there is something to do.
#[derive(Default)]
pub(super) struct Spill {
    since: u32,
    behind: u32,
    helper: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Spill {
    /// The writer did a job on the database of `conn`.
    pub(super) fn grew(&mut self, conn: &Connection) {
        self.since += 1;
        if self.since < EVERY {
            return;
        }
        self.since = 0;
        match self.helper.as_ref().map(|(due, _)| due.try_send(())) {
            Some(Err(why)) if why.is_disconnected() => self.helper = start(conn),
            Some(told) if self.is_behind(told.is_err()) => self.finish(),
            Some(_) => {}
            None => self.helper = start(conn),
        }
    }

    /// Counts how often in a row it was at work still; whether that is too often.
    fn is_behind(&mut self, at_work: bool) -> bool {
        self.behind = if at_work { self.behind + 1 } else { 0 };
        self.behind >= BEHIND
    }

    /// Waits until nobody has the file open for this any more.
    pub(super) fn finish(&mut self) {
        self.behind = 0;
        if let Some((due, thread)) = self.helper.take() {
            drop(due);
            let _ = thread.join();
        }
    }
}

/// Starts somebody who does it at once, and whenever it is due; `None` if it can't be: then the
/// writer does it.
fn start(conn: &Connection) -> Option<(Sender<()>, JoinHandle<()>)> {
    let path = PathBuf::from(conn.path()?);
    let (due, dues) = bounded(1);
    let thread = thread::Builder::new()
        .name("cache-spill".to_owned())
        .spawn(move || {
            if let Err(error) = carry_over(&path, &dues) {
                tracing::debug!(%error, "the log of the cache was not carried over");
            }
        })
        .ok()?;
    Some((due, thread))
}

fn carry_over(path: &std::path::Path, dues: &Receiver<()>) -> crate::store::error::Result<()> {
    let conn = open::carrying(path)?;
    loop {
        // PASSIVE waits for no lock; the writer waits for this only when it falls behind ([`BEHIND`]).
        conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        if dues.recv_timeout(LINGER).is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open::Durability;

    #[test]
    fn one_that_falls_behind_is_waited_for() {
        let mut spill = Spill::default();
        let at_work = [true, true, true, false, true, true, true, true];
        assert_eq!(
            at_work.map(|at_work| spill.is_behind(at_work)),
            [false, false, false, false, false, false, false, true]
        );
        spill.finish();
        assert!(!spill.is_behind(true));
    }

    #[test]
    fn what_was_written_goes_over_while_the_writer_holds_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let conn = open::writing(&path, Durability::Normal).unwrap();
        conn.execute_batch("CREATE TABLE t (x BLOB)").unwrap();
        let mut spill = Spill::default();
        let size = || std::fs::metadata(&path).unwrap().len();
        for batch in 1..=EVERY {
            conn.execute("INSERT INTO t VALUES (randomblob(100000))", [])
                .unwrap();
            assert!(size() < 50_000);
            spill.grew(&conn);
            assert_eq!(spill.helper.is_some(), batch == EVERY);
        }
        spill.finish();
        assert!(size() >= 100_000 * u64::from(EVERY), "{}", size());
        // It goes on afterwards.
        for _ in 0..EVERY {
            conn.execute("INSERT INTO t VALUES (randomblob(100000))", [])
                .unwrap();
            spill.grew(&conn);
        }
        spill.finish();
        assert!(size() >= 200_000 * u64::from(EVERY), "{}", size());
        let rows: i64 = conn
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, i64::from(2 * EVERY));
    }
}
