//! Address books of Thunderbird, which are SQLite files of its own: read once, read-only, within
//! bounds, as files that anybody may have made.

use crate::store::error::Result;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Rows that are read.
const ROWS: usize = 200_000;
/// Octets of all of them.
const OCTETS: usize = 64 << 20;
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an address book holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Each card's properties, by its id. Untrusted text.
    pub cards: BTreeMap<String, BTreeMap<String, String>>,
    /// Each list's name, and the ids of its cards. Untrusted text.
    pub lists: Vec<(String, Vec<String>)>,
}

/// Reads an address book. The file is taken as it lies there, without its journal.
///
/// # Errors
/// When it can't be read, or is none.
pub fn book(path: &Path) -> Result<Book> {
    within(path, PATIENCE, OCTETS)
}

fn within(path: &Path, patience: Duration, octets: usize) -> Result<Book> {
    let escaped: String = path
        .to_string_lossy()
        .chars()
        .fold(String::new(), |mut out, c| {
            match c {
                '%' => out.push_str("%25"),
                '?' => out.push_str("%3f"),
                '#' => out.push_str("%23"),
                c => out.push(c),
            }
            out
        });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut conn = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, 1 << 20)?;
    let end = Instant::now() + patience;
    conn.progress_handler(10_000, Some(move || Instant::now() > end))?;
    let mut out = Book::default();
    let mut ask = conn.prepare("SELECT card, name, value FROM properties")?;
    let mut rows = ask.query([])?;
    let (mut left, mut room) = (ROWS, octets);
    while let Some(row) = rows.next()?.filter(|_| left > 0) {
        left -= 1;
        let (Ok(card), Ok(name)) = (row.get::<_, String>(0), row.get::<_, String>(1)) else {
            continue;
        };
        // Numbers and pictures are none of ours.
        if let Ok(value) = row.get::<_, String>(2) {
            let Some(rest) = room.checked_sub(card.len() + name.len() + value.len()) else {
                break;
            };
            room = rest;
            out.cards.entry(card).or_default().insert(name, value);
        }
    }
    let mut ask = conn.prepare(
        "SELECT lists.name, list_cards.card FROM list_cards JOIN lists ON lists.uid = list_cards.list",
    )?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()?.filter(|_| left > 0) {
        left -= 1;
        let (Ok(list), Ok(card)) = (row.get::<_, String>(0), row.get::<_, String>(1)) else {
            continue;
        };
        let Some(rest) = room.checked_sub(list.len() + card.len()) else {
            break;
        };
        room = rest;
        match out.lists.iter_mut().find(|(name, _)| *name == list) {
            Some((_, cards)) => cards.push(card),
            None => out.lists.push((list, vec![card])),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_and_lists_are_read_and_the_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a?b%.sqlite");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE TABLE properties (card TEXT, name TEXT, value TEXT);
             CREATE TABLE lists (uid TEXT PRIMARY KEY, localId INTEGER, name TEXT, nickName TEXT, description TEXT);
             CREATE TABLE list_cards (list TEXT, card TEXT, PRIMARY KEY(list, card));
             INSERT INTO properties VALUES ('1', 'PrimaryEmail', 'a@x.test'), ('1', 'PhotoData', x'00'),
                 ('1', 'DisplayName', 'Ada');
             INSERT INTO lists VALUES ('l', 1, 'Team', '', '');
             INSERT INTO list_cards VALUES ('l', '1');",
        )
        .unwrap();
        drop(conn);
        let before = std::fs::read(&path).unwrap();
        let read = book(&path).unwrap();
        assert_eq!(read.cards["1"]["PrimaryEmail"], "a@x.test");
        assert_eq!(read.cards["1"].len(), 2);
        assert_eq!(read.lists, [("Team".to_owned(), vec!["1".to_owned()])]);
        let some = within(&path, PATIENCE, 24).unwrap();
        assert_eq!(
            (some.cards.len(), some.lists.len()),
            (1, 0),
            "no more than that"
        );
        assert_eq!(some.cards["1"].len(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        std::fs::write(&path, "no database").unwrap();
        assert!(book(&path).is_err());
    }

    #[test]
    fn a_view_without_end_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("evil.sqlite");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE VIEW properties AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                 SELECT '1' AS card, 'x' AS name, 'y' AS value FROM n WHERE i < 0;",
        )
        .unwrap();
        drop(conn);
        assert!(within(&path, Duration::ZERO, OCTETS).is_err());
    }
}
