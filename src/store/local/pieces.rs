//! The bytes of a message on its way out, in pieces of a megabyte: SQLite holds a value as a whole
//! several times over while it writes or reads it, and a message with attachments is large.

use crate::model::OutboxId;
use crate::store::error::{Error, Result};
use crate::text::when;
use rusqlite::{Connection, Transaction, params};

/// The form for the wire.
pub(super) const WIRE: i64 = 0;
/// The form for Sent, where it differs.
pub(super) const FILED: i64 = 1;
/// Octets of a piece.
const PIECE: usize = 1 << 20;

/// Writes a form down.
pub(super) fn put(tx: &Transaction<'_>, id: i64, form: i64, bytes: &[u8]) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO outbox_piece(outbox, form, seq, bytes) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (seq, piece) in (0i64..).zip(bytes.chunks(PIECE)) {
        insert.execute(params![id, form, seq, piece])?;
    }
    Ok(())
}

/// A form as a whole; the one for the wire where there is no other.
pub(super) fn take(conn: &Connection, id: OutboxId, form: i64) -> Result<Vec<u8>> {
    let mut sizes = conn.prepare_cached(
        "SELECT form, sum(length(bytes)) FROM outbox_piece WHERE outbox = ?1 AND form <= ?2
         GROUP BY form ORDER BY form DESC LIMIT 1",
    )?;
    let mut found = sizes.query(params![id.0, form])?;
    let Some(row) = found.next()? else {
        return Err(Error::Gone("message in the outbox"));
    };
    let (form, size): (i64, usize) = (row.get(0)?, row.get(1)?);
    let mut whole = Vec::new();
    whole
        .try_reserve_exact(size)
        .map_err(|e| Error::Refused(format!("no memory for a message of {size} octets: {e}")))?;
    let mut query = conn.prepare_cached(
        "SELECT bytes FROM outbox_piece WHERE outbox = ?1 AND form = ?2 ORDER BY seq",
    )?;
    let mut rows = query.query([id.0, form])?;
    while let Some(row) = rows.next()? {
        let piece = row.get_ref(0)?.as_blob();
        whole.extend_from_slice(piece.map_err(|e| Error::Corrupt(e.to_string()))?);
    }
    Ok(whole)
}

/// What the Date of a message that was written here begins with: it is its first field.
const DATE: &[u8] = b"Date: ";

/// Says in a message that was written here that it was written then (seconds since 1970). A date has
/// always the same length.
pub(super) fn redate(tx: &Transaction<'_>, id: i64, at: i64) -> Result<()> {
    let mut first =
        tx.prepare_cached("SELECT form, bytes FROM outbox_piece WHERE outbox = ?1 AND seq = 0")?;
    let forms: Vec<(i64, Vec<u8>)> = first
        .query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let date = format!("{}\r\n", when::rfc5322(at));
    for (form, mut bytes) in forms {
        let place = bytes.get_mut(DATE.len()..DATE.len() + date.len());
        let Some(place) = place.filter(|old| old.ends_with(b"\r\n")) else {
            continue;
        };
        place.copy_from_slice(date.as_bytes());
        if bytes.starts_with(DATE) {
            let sql =
                "UPDATE outbox_piece SET bytes = ?3 WHERE outbox = ?1 AND form = ?2 AND seq = 0";
            tx.execute(sql, params![id, form, bytes])?;
        }
    }
    Ok(())
}

/// Forgets every form: the history needs no bytes.
pub(super) fn drop_all(tx: &Transaction<'_>, id: OutboxId) -> Result<()> {
    tx.execute("DELETE FROM outbox_piece WHERE outbox = ?1", [id.0])?;
    Ok(())
}
