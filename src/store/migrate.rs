//! Numbered migrations by `PRAGMA user_version`: all that are missing, in one transaction, so that
//! a program killed in between leaves the old schema. A newer schema is refused, never touched.

use crate::model::step;
use crate::store::error::{Error, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// The cache's schema, step by step. A step that was released is never changed.
pub(super) const CACHE: &[&str] = &[
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
    include_str!("schema_14.sql"),
    include_str!("schema_15.sql"),
    include_str!("schema_16.sql"),
    include_str!("schema_17.sql"),
    include_str!("schema_18.sql"),
    include_str!("schema_19.sql"),
];

/// Brings the schema up to the last step, calling `first` in the same transaction if the file was
/// empty. Answers whether it was.
pub(super) fn migrate(
    conn: &mut Connection,
    path: &Path,
    steps: &[&str],
    first: impl FnOnce(&Connection) -> Result<()>,
) -> Result<bool> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = check(&tx, path, steps)?;
    for (number, step) in (1i64..)
        .zip(steps)
        .skip_while(|(number, _)| *number <= found)
    {
        tx.execute_batch(step).map_err(unfit)?;
        tx.pragma_update(None, "user_version", number)?;
    }
    if found == 0 {
        first(&tx)?;
    }
    step("migration", || tx.commit())?;
    Ok(found == 0)
}

/// A file that a step does not fit on is not what its number says: damaged, like any other.
fn unfit(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{ConstraintViolation, TypeMismatch, Unknown};
    match error.sqlite_error_code() {
        Some(Unknown | ConstraintViolation | TypeMismatch) => Error::Corrupt(error.to_string()),
        _ => error.into(),
    }
}

/// The schema's number, if this program knows it.
pub(super) fn check(conn: &Connection, path: &Path, steps: &[&str]) -> Result<i64> {
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    if found == 0 {
        let tables: i64 =
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Err(Error::Corrupt("tables without a schema number".to_owned()));
        }
    }
    Ok(found)
}
