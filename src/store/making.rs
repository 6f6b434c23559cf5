//! Mailboxes that an operation is to make: they stand in lists at once, so that what is moved into one
//! has a place before its server knows of either. No worker looks into one before it is made.

use crate::model::{MailboxName, Op, OpKind, Role, name};
use crate::store::accounts::drop_mailbox;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};

/// A mailbox of this name is to be made by `op`, unless there is one.
pub(super) fn begin(conn: &Connection, account: i64, op: i64, wire: &MailboxName) -> Result<()> {
    let told = conn
        .prepare_cached(
            "SELECT coalesce((SELECT delimiter FROM account WHERE id = ?1 AND prefix IS NOT NULL),
                 (SELECT delimiter FROM mailbox WHERE account = ?1 AND delimiter <> '' LIMIT 1), '')",
        )?
        .query_row([account], |row| row.get::<_, String>(0))?;
    let path = name::path(wire, told.as_bytes().first().copied());
    conn.prepare_cached(
        "INSERT OR IGNORE INTO mailbox (account, name, path, delimiter, role, selectable, making)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
    )?
    .execute(params![
        account,
        wire.as_bytes(),
        path,
        told,
        codec::role_out(free_role(conn, account, &path)?),
        op,
    ])?;
    Ok(())
}

/// What it will be for, where it has a name that we give and nothing else is for that.
fn free_role(conn: &Connection, account: i64, path: &str) -> Result<Option<Role>> {
    let role = match path.strip_prefix("INBOX/").unwrap_or(path) {
        "Archive" => Role::Archive,
        "Junk" => Role::Junk,
        "Trash" => Role::Trash,
        _ => return Ok(None),
    };
    let taken = conn
        .prepare_cached("SELECT 1 FROM mailbox WHERE account = ?1 AND role = ?2")?
        .exists(params![account, codec::role_out(Some(role))])?;
    Ok(Some(role).filter(|_| !taken))
}

/// The server made what `op` asked for.
pub(super) fn made(conn: &Connection, op: i64) -> Result<()> {
    conn.prepare_cached("UPDATE mailbox SET making = NULL WHERE making = ?1")?
        .execute([op])?;
    Ok(())
}

/// What `op` was to make will not be. What was on its way there is shown nowhere until it is taken
/// back, too.
pub(super) fn given_up(conn: &Connection, tally: &mut Tally, op: i64) -> Result<()> {
    let id: Option<i64> = conn
        .prepare_cached("SELECT id FROM mailbox WHERE making = ?1")?
        .query_row([op], |row| row.get(0))
        .optional()?;
    id.map_or(Ok(()), |id| drop_mailbox(conn, tally, id))
}

/// Only these operations are pending. Of what others were to make the next lists tell.
pub(super) fn only(conn: &Connection, ops: &[Op]) -> Result<()> {
    let mut select = conn.prepare("SELECT making FROM mailbox WHERE making IS NOT NULL")?;
    let rows = select.query_map([], |row| row.get(0))?;
    let waiting: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    let makes = |op: &Op| matches!(op.kind, OpKind::CreateMailbox { .. });
    for id in waiting {
        if !ops.iter().any(|op| op.id.0 == id && makes(op)) {
            made(conn, id)?;
        }
    }
    Ok(())
}
