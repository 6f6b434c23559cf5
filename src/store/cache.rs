//! The cache's one writing connection.

use crate::model::{MailboxId, step};
use crate::store::error::{Error, Result};
use crate::store::merging;
use crate::store::migrate;
use crate::store::open::{self, Durability};
use crate::store::reader::Reader;
use crate::store::refs::Refs;
use crate::store::says;
use crate::store::subjects;
use crate::store::tally::Tally;
use crate::store::texts;
use crate::store::vocabulary::Vocabulary;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The writing connection to `cache.db`: one a process, normally behind a [`super::Writer`].
/// Every method that writes is one transaction.
pub struct Cache {
    pub(super) db: Reader,
    refs: Refs,
    pub(super) vocabulary: Vocabulary,
    /// Pieces of the index of headers and of that of texts, as far as they are not merged.
    pieces: [usize; 2],
    /// Whether something of an older schema has to be removed.
    leavings: bool,
    /// Whether threads wait for being put together by subject.
    pub(super) ungrouped: bool,
    /// Who is told that they were, and in which mailboxes.
    pub(super) regrouped: Option<Regrouped>,
}

/// Is told in which mailboxes threads became others that nobody asked for just then. It runs on the
/// thread that writes: it must only ring.
pub type Regrouped = Box<dyn Fn(BTreeSet<MailboxId>) + Send>;

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
    /// Opens the cache, making it if there is none. A damaged file is moved aside and made anew: only
    /// for the process that holds the engine's lock, since others would go on with the old file.
    ///
    /// `id_seed`: a new file's row ids begin above it. It has to be larger than any id that an
    /// earlier cache handed out, so that an id never comes to mean another message.
    ///
    /// # Errors
    /// A newer schema, or the file can't be made or read.
    pub fn open(path: &Path, id_seed: i64) -> Result<Opened> {
        let opened = match Cache::is_suspect(path) {
            true => Err(Error::Corrupt("it was found damaged in use".to_owned())),
            false => Cache::open_as_it_is(path, id_seed),
        };
        match opened {
            Err(Error::Corrupt(_)) => {
                // Whatever ends the program now, the next start goes on with it.
                open::suspect(path);
                let aside = open::move_aside(path)?;
                let opened = Cache::open_as_it_is(path, id_seed)?;
                let _ = std::fs::remove_file(open::suspect_marker(path));
                Ok(Opened {
                    moved_aside: Some(aside),
                    ..opened
                })
            }
            other => other,
        }
    }

    /// Whether damage was found in it while it was in use. No check of SQLite's knows all damage (an
    /// index of words, a value inside a row), and the cache can be had again.
    pub fn is_suspect(path: &Path) -> bool {
        open::suspect_marker(path).exists()
    }

    /// As [`Cache::open`], but what is damaged stays where it is.
    ///
    /// # Errors
    /// As [`Cache::open`]; [`Error::Corrupt`].
    pub fn open_as_it_is(path: &Path, id_seed: i64) -> Result<Opened> {
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
        says::add(&conn)?;
        let pieces = [
            merging::pieces(&conn, merging::HEADERS)?,
            merging::pieces(&conn, merging::TEXTS)?,
        ];
        let leavings = texts::has_leavings(&conn)?;
        let ungrouped = subjects::is_due(&conn)?;
        Ok(Opened {
            cache: Cache {
                db: Reader { conn },
                refs: Refs::default(),
                vocabulary: Vocabulary::default(),
                pieces,
                leavings,
                ungrouped,
                regrouped: None,
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

    /// Whether there may be pieces of an index to be merged, or something of no use to be removed.
    pub fn is_untidy(&self) -> bool {
        self.leavings || self.pieces.iter().any(|pieces| *pieces >= merging::LEVEL)
    }

    /// Does some of it, in one short transaction. To be called while nobody waits,
    /// and again until [`Cache::is_untidy`] says no.
    ///
    /// # Errors
    /// When the cache can't be written.
    pub fn tidy(&mut self) -> Result<()> {
        // What fails waits for the next start: nobody misses it.
        if std::mem::take(&mut self.leavings) {
            self.leavings = self.write(|tx, _| texts::clear_leavings(tx))?;
            return Ok(());
        }
        let found = self.write(|tx, _| {
            Ok(merging::merge(tx, merging::HEADERS, merging::AT_ONCE)?
                || merging::merge(tx, merging::TEXTS, merging::AT_ONCE)?)
        });
        if !matches!(found, Ok(true)) {
            self.pieces = [0; 2];
        }
        found.map(drop)
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
        // After an error they are gone, and read anew.
        let mut tally = Tally::begin(std::mem::take(&mut self.refs));
        let answer = job(&tx, &mut tally)?;
        tally.flush(&tx)?;
        let [headers, texts] = self.pieces;
        let headers = headers + usize::from(tally.indexed > 0);
        let texts = texts + usize::from(tally.texts > 0);
        merging::after(&tx, tally.indexed, headers)?;
        step("cache commit", || tx.commit())?;
        (self.refs, self.pieces) = (tally.refs, [headers, texts]);
        self.ungrouped |= tally.ungrouped;
        if let Some(tell) = self
            .regrouped
            .as_ref()
            .filter(|_| !tally.regrouped.is_empty())
        {
            tell(tally.regrouped);
        }
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
