//! Opening `local.db`, for writing or for looking.

use super::meta;
use crate::model::step;
use crate::store::error::{Error, Result};
use crate::store::migrate;
use crate::store::open::{self, Durability};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;

/// The schema, step by step. A step that was released is never changed.
pub(super) const SCHEMA: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
    include_str!("schema_10.sql"),
    include_str!("schema_11.sql"),
    include_str!("schema_12.sql"),
    include_str!("schema_13.sql"),
];
/// The key in `meta` of the cache's generation.
const EPOCH: &str = "cache-epoch";

/// A writing connection to `local.db`. One a thread.
pub struct Local {
    pub(super) reader: LocalReader,
}

/// A connection to `local.db` that looks and changes nothing. One a thread.
pub struct LocalReader {
    pub(super) conn: Connection,
}

impl Local {
    /// Opens the file, making it (0600) if there is none.
    ///
    /// # Errors
    /// A newer schema, a damaged file (which is left as it is), or no way to make it.
    pub fn open(path: &Path) -> Result<Local> {
        let mut conn = open::writing(path, Durability::Full).map_err(|e| named(path, e))?;
        conn.pragma_update(None, "foreign_keys", true)?;
        migrate::migrate(&mut conn, path, SCHEMA, |_| Ok(())).map_err(|e| named(path, e))?;
        Ok(Local {
            reader: LocalReader { conn },
        })
    }

    /// The same data for looking.
    pub fn read(&self) -> &LocalReader {
        &self.reader
    }

    /// A number that was never given before: the generation of a cache that is made anew.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn next_cache_epoch(&mut self) -> Result<i64> {
        self.write(|tx| {
            let next = meta::get(tx, EPOCH)?.map_or(0, |last| last + 1);
            meta::put(tx, EPOCH, next)?;
            Ok(next)
        })
    }

    /// Runs `work` in one transaction that no other process can cut into.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let path = self.reader.conn.path().unwrap_or("local.db").to_owned();
        let whole = || {
            let tx = self
                .reader
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&tx)?;
            step("local commit", || tx.commit())?;
            Ok(result)
        };
        whole().map_err(|e| named(Path::new(&path), e))
    }
}

impl LocalReader {
    /// The last number that [`Local::next_cache_epoch`] gave; -1 before the first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn cache_epoch(&self) -> Result<i64> {
        self.look(|conn| Ok(meta::get(conn, EPOCH)?.unwrap_or(-1)))
    }

    /// Opens an existing file.
    ///
    /// # Errors
    /// No such file, a newer schema, a damaged file.
    pub fn open(path: &Path) -> Result<LocalReader> {
        let conn = open::reading(path).map_err(|e| named(path, e))?;
        migrate::check(&conn, path, SCHEMA).map_err(|e| named(path, e))?;
        Ok(LocalReader { conn })
    }

    /// Whether there is a file of the present schema; one of before is brought up to it by
    /// [`Local::open`].
    pub fn is_current(path: &Path) -> bool {
        let version = || migrate::check(&open::reading(path)?, path, SCHEMA);
        version().is_ok_and(|found| found == SCHEMA.len() as i64)
    }

    /// Asks something. Damage that is met is told with the file's name, as at the opening.
    pub(super) fn look<T>(&self, ask: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        ask(&self.conn).map_err(|e| named(Path::new(self.conn.path().unwrap_or("local.db")), e))
    }
}

/// A damaged `local.db` can't be rebuilt: the user must know which file it is.
fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Corrupt(why) => Error::Precious(format!(
            "{}: {why}. It holds drafts and unsent mail, so it is left as it is; move it aside to start anew",
            path.display()
        )),
        other => other,
    }
}
