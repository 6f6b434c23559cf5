//! The cache's one writing connection.

use crate::model::step;
use crate::store::error::{Error, Result};
use crate::store::migrate;
use crate::store::open::{self, Durability};
use crate::store::reader::Reader;
use crate::store::tally::Tally;
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::{Path, PathBuf};

/// The writing connection to `cache.db`: one a process, normally behind a [`super::Writer`].
/// Every method that writes is one transaction.
pub struct Cache {
    pub(super) db: Reader,
}

/// A cache that was opened.
pub struct Opened {
    /// The cache.
    pub cache: Cache,
    /// Whether it was made anew: everything must be fetched again.
    pub created: bool,
    /// Where a damaged file was moved to.
    pub moved_aside: Option<PathBuf>,
}

impl Cache {
    /// Opens the cache, making it if there is none. A damaged file is moved aside and made anew.
    ///
    /// `id_seed`: a new file's row ids begin above it. It has to be larger than any id that an
    /// earlier cache handed out, so that an id never comes to mean another message.
    ///
    /// # Errors
    /// A newer schema, or the file can't be made or read.
    pub fn open(path: &Path, id_seed: i64) -> Result<Opened> {
        match Cache::try_open(path, id_seed) {
            Err(Error::Corrupt(_)) => {
                let aside = open::move_aside(path)?;
                let opened = Cache::try_open(path, id_seed)?;
                Ok(Opened {
                    moved_aside: Some(aside),
                    ..opened
                })
            }
            other => other,
        }
    }

    fn try_open(path: &Path, id_seed: i64) -> Result<Opened> {
        let suspect = open::suspect_marker(path);
        if suspect.exists() {
            // It was found in use; no check of SQLite's knows all damage (an index of words, a
            // value inside a row), and the cache can be had again.
            let _ = std::fs::remove_file(&suspect);
            return Err(Error::Corrupt("it was found damaged in use".to_owned()));
        }
        let mut conn = open::writing(path, Durability::Normal)?;
        let created =
            migrate::migrate(&mut conn, path, migrate::CACHE, |tx| seed_ids(tx, id_seed))?;
        // The root pages of the tables that everything begins with.
        for table in ["mailbox", "message", "location", "thread_row"] {
            conn.query_row(
                &format!("SELECT max(rowid) FROM (SELECT 1 AS rowid FROM {table} LIMIT 1)"),
                [],
                |_| Ok(()),
            )?;
        }
        Ok(Opened {
            cache: Cache {
                db: Reader { conn },
            },
            created,
            moved_aside: None,
        })
    }

    /// All the questions of a [`Reader`], for use inside a job.
    pub fn read(&self) -> &Reader {
        &self.db
    }

    /// Notes beside the file that damage was found, so that the next start makes the file anew.
    pub(super) fn mark_suspect(&self) {
        if let Some(path) = self.db.conn.path() {
            open::suspect(Path::new(path));
        }
    }

    /// Ends well: the WAL is written back.
    pub(super) fn close(self) {
        if let Err((_, error)) = self.db.conn.close() {
            tracing::warn!(%error, "the cache could not be closed");
        }
    }

    /// One writing transaction; what it changed in lists is counted before it is committed.
    pub(super) fn write<T>(
        &mut self,
        job: impl FnOnce(&Connection, &mut Tally) -> Result<T>,
    ) -> Result<T> {
        let tx = self
            .db
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut tally = Tally::default();
        let answer = job(&tx, &mut tally)?;
        tally.flush(&tx)?;
        step("cache commit", || tx.commit())?;
        Ok(answer)
    }
}

/// Lets every row id of a new file begin above `seed`.
fn seed_ids(conn: &Connection, seed: i64) -> Result<()> {
    for table in ["account", "mailbox", "message", "location", "renamed"] {
        conn.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
            params![table, seed.max(0)],
        )?;
    }
    Ok(())
}
