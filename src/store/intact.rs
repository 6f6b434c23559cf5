//! Whether a database file is whole, as SQLite itself judges it.

use crate::store::error::{Error, Result};
use crate::store::open;
use std::path::Path;
use std::time::{Duration, Instant};

/// Instructions of SQLite between two looks at the time.
const STEP: i32 = 10_000;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intact {
    /// It is whole.
    Whole,
    /// Nothing wrong was found until the time was over.
    SoFar,
    /// What is wrong first, in SQLite's words.
    Damaged(String),
}

/// Looks through a database for at most `patience`; it may be in use meanwhile.
///
/// # Errors
/// When it can't be opened or read at all.
pub fn look(path: &Path, patience: Duration) -> Result<Intact> {
    let mut conn = open::reading(path)?;
    let until = Instant::now() + patience;
    conn.progress_handler(STEP, Some(move || Instant::now() >= until))?;
    let said: Result<String> = conn
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(Error::from);
    match said {
        Ok(said) if said == "ok" => Ok(Intact::Whole),
        Ok(said) => Ok(Intact::Damaged(said)),
        Err(Error::Interrupted) => Ok(Intact::SoFar),
        Err(Error::Corrupt(said)) => Ok(Intact::Damaged(said)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn damage_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO t SELECT hex(randomblob(40)) FROM n;",
        )
        .unwrap();
        drop(conn);
        assert_eq!(look(&path, PATIENCE).unwrap(), Intact::Whole);
        assert_eq!(look(&path, Duration::ZERO).unwrap(), Intact::SoFar);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0x5a);
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(look(&path, PATIENCE), Ok(Intact::Damaged(_))));
        std::fs::write(
            &path,
            "no database at all, only some text that is long enough",
        )
        .unwrap();
        assert!(!matches!(
            look(&path, PATIENCE),
            Ok(Intact::Whole | Intact::SoFar)
        ));
        assert!(look(&dir.path().join("none.db"), PATIENCE).is_err());
    }
}
