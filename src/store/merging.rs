//! When the pieces that the index of headers is made of are merged.
//!
//! Each transaction that indexes adds a piece. To have FTS5 merge them as it goes would cost a first
//! sync of a large mailbox a third of the index's time, on the one thread that writes. So pieces are
//! left beside each other while much comes in, but not too many, because a search looks into each; and
//! they are merged once nobody waits ([`super::Cache::tidy`]), as are those of the index of texts. What
//! comes in small portions is merged on the side, for a process that looks for mail and ends has no
//! idle time.

use crate::store::error::Result;
use rusqlite::Connection;

/// So few messages in one transaction leave time to merge on the side.
pub(super) const FEW: usize = 100;
/// Pages (of 4 KB) that are merged then.
const ASIDE: u32 = 16;
/// Pages that are merged at once while nobody waits: some 20 ms.
pub(super) const AT_ONCE: u32 = 200;
/// With so many pieces some are merged even while more come in, a few more pages than each adds: at 200
/// of them the beginning of a word is looked for fifty times as long as in one.
const MANY: usize = 64;
const BETWEEN: u32 = 128;
/// A level of so many pieces is merged (`usermerge` in schema_6.sql).
pub(super) const LEVEL: usize = 16;

/// What is merged at the end of a transaction that indexed so many messages, the last of so many
/// that did.
pub(super) fn after(conn: &Connection, messages: usize, pieces: usize) -> Result<()> {
    let pages = match (messages, pieces) {
        (0, _) => return Ok(()),
        (..FEW, _) => ASIDE,
        (_, MANY..) => BETWEEN,
        _ => return Ok(()),
    };
    merge(conn, HEADERS, pages).map(drop)
}

/// The index of headers, and that of texts.
pub(super) const HEADERS: &str = "word";
pub(super) const TEXTS: &str = "text_word";

/// How many pieces an index is made of.
pub(super) fn pieces(conn: &Connection, index: &str) -> Result<usize> {
    // From one to the next: each has many rows.
    let count = conn.query_row(
        &format!(
            "WITH RECURSIVE piece (id) AS (SELECT min(segid) FROM {index}_idx UNION ALL
                 SELECT (SELECT min(segid) FROM {index}_idx WHERE segid > id) FROM piece WHERE id IS NOT NULL)
             SELECT count(id) FROM piece"
        ),
        [],
        |row| row.get(0),
    );
    Ok(count?)
}

/// Merges so many pages of an index, if there is a level with enough pieces. Whether there was.
pub(super) fn merge(conn: &Connection, index: &str, pages: u32) -> Result<bool> {
    let before = conn.total_changes();
    conn.prepare_cached(&format!(
        "INSERT INTO {index} ({index}, rank) VALUES ('merge', ?1)"
    ))?
    .execute([pages])?;
    // The command itself counts as one.
    Ok(conn.total_changes() > before + 1)
}
