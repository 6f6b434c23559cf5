//! How far a mailbox was synchronised, written down: which generation its UIDs are of, and the
//! values that the next turn compares with (RFC 4549 §4, RFC 7162 §3.1).

use crate::model::{MailboxId, ModSeq, UidValidity};
use crate::store::error::{Error, Result};
use rusqlite::{Connection, OptionalExtension as _, params};

/// How far the cursor moves with a batch; `None` leaves a value as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorMove {
    /// UIDNEXT.
    pub uidnext: Option<u32>,
    /// HIGHESTMODSEQ.
    pub highestmodseq: Option<ModSeq>,
    /// EXISTS of the whole mailbox, whether or not a policy leaves part of it out.
    pub exists: Option<u32>,
}

/// Checks the mailbox's UIDVALIDITY, or takes the first one.
///
/// # Errors
/// [`Error::Generation`] if its UIDs are of another one.
pub(super) fn believe(
    conn: &Connection,
    mailbox: MailboxId,
    uidvalidity: UidValidity,
) -> Result<()> {
    let known: Option<(Option<u32>, i64)> = conn
        .prepare_cached("SELECT uidvalidity, held FROM mailbox WHERE id = ?1")?
        .query_row([mailbox.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match known {
        None => Err(Error::Gone("mailbox")),
        // What is held of no generation is being dropped.
        Some((None, held)) if held > 0 => Err(Error::Generation),
        Some((None, _)) => {
            conn.prepare_cached("UPDATE mailbox SET uidvalidity = ?2 WHERE id = ?1")?
                .execute(params![mailbox.0, uidvalidity.0])?;
            Ok(())
        }
        Some((Some(known), _)) if known == uidvalidity.0 => Ok(()),
        Some(_) => Err(Error::Generation),
    }
}

/// Moves the cursor.
pub(super) fn set(conn: &Connection, mailbox: MailboxId, to: CursorMove) -> Result<()> {
    conn.prepare_cached(
        "UPDATE mailbox SET uidnext = coalesce(?2, uidnext), highestmodseq = coalesce(?3, highestmodseq),
             exists_ = coalesce(?4, exists_) WHERE id = ?1",
    )?
    .execute(params![
        mailbox.0,
        to.uidnext,
        to.highestmodseq.map(|m| i64::try_from(m.0).unwrap_or(i64::MAX)),
        to.exists,
    ])?;
    Ok(())
}
