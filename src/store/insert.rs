//! Many rows by one statement: what a statement costs besides its rows (to begin and to end it, and
//! SQLite's counting of ids) is a third of the cost of a row.

use crate::store::error::{Error, Result};
use rusqlite::{CachedStatement, Connection, ToSql};

/// Rows of one statement: as many of the first as there are rows for, then of the next.
const SIZES: [usize; 3] = [16, 4, 1];

/// The values of a statement, bound one after the other.
pub(super) struct Values<'s, 'c> {
    statement: &'s mut CachedStatement<'c>,
    bound: usize,
}

impl Values<'_, '_> {
    /// Binds the next one.
    pub(super) fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }
}

/// Inserts a row for each item. `into`: what a clash means (`FAIL`, `IGNORE`), table and columns;
/// `values`: what stands for a row, with a `?` for each value that `bind` binds; `end`: what follows all
/// rows (an `ON CONFLICT`).
///
/// Only within a transaction that is given up after an error: with `OR FAIL` SQLite keeps nothing
/// to take back the first rows of a statement whose last one fails.
pub(super) fn rows<T>(
    conn: &Connection,
    into: &str,
    values: &str,
    end: &str,
    items: &[T],
    bind: &mut dyn FnMut(&mut Values<'_, '_>, &T) -> rusqlite::Result<()>,
) -> Result<()> {
    let mut rest = items;
    for size in SIZES.into_iter().filter(|size| *size <= items.len()) {
        if rest.len() < size {
            continue;
        }
        let all = vec![values; size].join(", ");
        let sql = format!("INSERT OR {into} VALUES {all} {end}");
        let mut statement = conn.prepare_cached(&sql)?;
        while let Some((now, later)) = rest.split_at_checked(size) {
            let mut values = Values {
                statement: &mut statement,
                bound: 0,
            };
            for item in now {
                bind(&mut values, item)?;
            }
            statement.raw_execute()?;
            rest = later;
        }
    }
    Ok(())
}

/// The id that the next row of a table with AUTOINCREMENT is given: those of one statement follow
/// each other. A statement that names ids itself keeps a copy of each page that it changes.
pub(super) fn next_id(conn: &Connection, table: &str) -> Result<i64> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0),
             coalesce((SELECT max(id) FROM {table}), 0)) + 1"
    ))?;
    Ok(select.query_row([table], |row| row.get(0))?)
}

/// Whether the last row was given the id that it was meant to have.
///
/// # Errors
/// [`Error::Corrupt`] if not: SQLite counts as it is documented to unless the file is damaged.
pub(super) fn check_last(conn: &Connection, meant: Option<i64>) -> Result<()> {
    match meant {
        Some(id) if id != conn.last_insert_rowid() => Err(Error::Corrupt(
            "a row has another id than the next".to_owned(),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_comes_once_and_ids_go_on() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b)")
            .unwrap();
        let mut next = next_id(&conn, "t").unwrap();
        assert_eq!(next, 1);
        for count in [0, 1, 3, 4, 15, 16, 17, 45] {
            let items: Vec<i64> = (next..next + count).collect();
            rows(
                &conn,
                "FAIL INTO t (a, b)",
                "(?, 7)",
                "",
                &items,
                &mut |v, id| v.bind(id),
            )
            .unwrap();
            check_last(&conn, items.last().copied()).unwrap();
            next += count;
            assert_eq!(next_id(&conn, "t").unwrap(), next);
        }
        let sums = conn.query_row(
            "SELECT count(*), max(id), sum(id = a), sum(b) FROM t",
            [],
            |r| {
                Ok((
                    r.get::<_, i64>(0)?,
                    r.get::<_, i64>(1)?,
                    r.get::<_, i64>(2)?,
                    r.get::<_, i64>(3)?,
                ))
            },
        );
        assert_eq!(sums.unwrap(), (101, 101, 101, 707));
        // What was deleted is not given again.
        conn.execute("DELETE FROM t", []).unwrap();
        assert_eq!(next_id(&conn, "t").unwrap(), 102);
        assert!(check_last(&conn, Some(102)).is_err());
        assert!(
            rows(
                &conn,
                "FAIL INTO t (id)",
                "(?)",
                "",
                &[5, 5],
                &mut |v, id| v.bind(id)
            )
            .is_err()
        );
    }
}
