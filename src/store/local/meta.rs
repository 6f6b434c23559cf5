//! Single numbers by name: the table `meta`. Who keeps one there says below which key.

use crate::store::error::Result;
use rusqlite::{Connection, OptionalExtension as _, params};

/// The number of that name, if there is one.
pub(super) fn get(conn: &Connection, key: &str) -> Result<Option<i64>> {
    let mut query = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(query.query_row([key], |r| r.get(0)).optional()?)
}

/// Keeps a number in place of the one that had its name.
pub(super) fn put(conn: &Connection, key: &str, value: i64) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES (?1, ?2)")?
        .execute(params![key, value])?;
    Ok(())
}
