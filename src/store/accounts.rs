//! Accounts and their mailboxes, as the server lists them.

use crate::model::{AccountName, MailboxId, MailboxName, Role, UidValidity};
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::{Error, Result};
use crate::store::locations;
use crate::store::messages;
use crate::store::refresh;
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet};

/// A mailbox as LIST tells it (RFC 9051 §7.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxInfo {
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its whole name decoded, levels joined by `/`.
    pub path: String,
    /// The server's hierarchy delimiter.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// What names it for ever, whatever it is called (MAILBOXID, RFC 8474), if the server says.
    pub mailbox_id: Option<String>,
    /// What is in it, if the server said so with the list: so one that was renamed is known again.
    pub contents: Option<Contents>,
}

/// What STATUS says of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// UIDVALIDITY.
    pub uidvalidity: UidValidity,
    /// UIDNEXT.
    pub uidnext: u32,
    /// MESSAGES.
    pub messages: u32,
}

/// What a new list of mailboxes changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxChanges {
    /// Mailboxes that were not known.
    pub new: Vec<(MailboxId, MailboxName)>,
    /// Mailboxes that have another name now: (what it was, what it is). Their rows, messages and
    /// cursors are the same; operations that name the old one follow with
    /// [`super::Local::rename_mailboxes`].
    pub renamed: Vec<(MailboxName, MailboxName)>,
    /// Mailboxes that this list doesn't name for the first time. They stay as they are: one wrong
    /// list must not cost anybody his mail.
    pub missing: Vec<MailboxName>,
    /// Mailboxes that two lists didn't name, gone with all that was in them.
    pub gone: Vec<MailboxName>,
}

impl Cache {
    /// Makes sure that an account has a row.
    pub fn ensure_account(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx, _| account_row(tx, account).map(drop))
    }

    /// Removes every account not in `keep`, with its mail. Answers the names of those removed.
    pub fn retain_accounts(&mut self, keep: &[AccountName]) -> Result<Vec<AccountName>> {
        self.write(|tx, tally| {
            let mut removed = Vec::new();
            for (id, name) in accounts(tx)? {
                if keep.contains(&name) {
                    continue;
                }
                for mailbox in known_mailboxes(tx, id)?.into_values() {
                    drop_mailbox(tx, tally, mailbox)?;
                }
                tx.prepare_cached("DELETE FROM account WHERE id = ?1")?
                    .execute([id])?;
                removed.push(name);
            }
            Ok(removed)
        })
    }

    /// Takes the server's whole list of an account's mailboxes. A mailbox is known by its name on
    /// the wire: one that was renamed is gone under the old name and new under the other.
    pub fn set_mailboxes(
        &mut self,
        account: &AccountName,
        list: &[MailboxInfo],
    ) -> Result<MailboxChanges> {
        self.write(|tx, tally| {
            let account = account_row(tx, account)?;
            let mut gone = known_mailboxes(tx, account)?;
            let mut changes = MailboxChanges::default();
            let mut done = BTreeSet::new();
            for info in list {
                if !done.insert(&info.name) {
                    continue;
                }
                match gone.remove(&info.name) {
                    Some(id) => update_mailbox(tx, id, info)?,
                    None => changes
                        .new
                        .push((add_mailbox(tx, account, info)?, info.name.clone())),
                }
            }
            for (name, id) in gone {
                drop_mailbox(tx, tally, id)?;
                changes.gone.push(name);
            }
            Ok(changes)
        })
    }

    /// The mailbox has a new UIDVALIDITY: its locations go, bodies are kept for seven days and
    /// found again by Message-ID, size and date when the messages come in anew (RFC 4549 §4.1).
    /// Operations laid over them go too; what is on its way into this mailbox stays.
    pub fn reset_mailbox(&mut self, mailbox: MailboxId, uidvalidity: UidValidity) -> Result<()> {
        self.write(|tx, tally| {
            for id in locations::in_mailbox(tx, mailbox.0)? {
                if let Some(place) = locations::by_id(tx, id)?
                    && place.uid.is_some()
                {
                    locations::delete_root(tx, tally, &place, true)?;
                }
            }
            let known = tx
                .prepare_cached(
                    "UPDATE mailbox SET uidvalidity = ?2, uidnext = 0, highestmodseq = 0, exists_ = 0 WHERE id = ?1",
                )?
                .execute(params![mailbox.0, uidvalidity.0])?;
            if known == 0 { Err(Error::Gone("mailbox")) } else { Ok(()) }
        })
    }
}

pub(super) fn account_row(conn: &Connection, account: &AccountName) -> Result<i64> {
    let found = conn
        .prepare_cached("SELECT id FROM account WHERE name = ?1")?
        .query_row([account.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO account (name) VALUES (?1)")?
        .execute([account.as_str()])?;
    Ok(conn.last_insert_rowid())
}

fn accounts(conn: &Connection) -> Result<Vec<(i64, AccountName)>> {
    let mut select = conn.prepare_cached("SELECT id, name FROM account ORDER BY id")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, AccountName(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn known_mailboxes(conn: &Connection, account: i64) -> Result<BTreeMap<MailboxName, i64>> {
    let mut select = conn.prepare_cached("SELECT name, id FROM mailbox WHERE account = ?1")?;
    let rows = select.query_map([account], |row| {
        Ok((MailboxName::new(row.get::<_, Vec<u8>>(0)?), row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn add_mailbox(conn: &Connection, account: i64, info: &MailboxInfo) -> Result<MailboxId> {
    conn.prepare_cached(
        "INSERT INTO mailbox (account, name, path, delimiter, role, selectable) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        account,
        info.name.as_bytes(),
        info.path,
        info.delimiter.map(String::from).unwrap_or_default(),
        codec::role_out(info.role),
        info.selectable,
    ])?;
    Ok(MailboxId(conn.last_insert_rowid()))
}

fn update_mailbox(conn: &Connection, id: i64, info: &MailboxInfo) -> Result<()> {
    conn.prepare_cached(
        "UPDATE mailbox SET path = ?2, delimiter = ?3, role = ?4, selectable = ?5 WHERE id = ?1",
    )?
    .execute(params![
        id,
        info.path,
        info.delimiter.map(String::from).unwrap_or_default(),
        codec::role_out(info.role),
        info.selectable,
    ])?;
    Ok(())
}

/// Removes a mailbox with all that is in it. What was on its way into it is hidden where it came
/// from until its operation ends.
fn drop_mailbox(conn: &Connection, tally: &mut Tally, mailbox: i64) -> Result<()> {
    for id in locations::in_mailbox(conn, mailbox)? {
        match locations::by_id(conn, id)? {
            Some(place) if place.root.is_none() => {
                locations::delete_root(conn, tally, &place, false)?
            }
            _ => {}
        }
    }
    let coming: Vec<i64> = {
        let mut select =
            conn.prepare_cached("SELECT DISTINCT location FROM overlay WHERE target = ?1")?;
        let rows = select.query_map([mailbox], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    conn.prepare_cached("UPDATE overlay SET target = NULL WHERE target = ?1")?
        .execute([mailbox])?;
    for root in coming {
        refresh::refresh(conn, tally, root)?;
    }
    // Bodies kept for this mailbox can't be found again any more.
    let orphans: Vec<i64> = {
        let mut select = conn.prepare_cached("SELECT message FROM orphan WHERE mailbox = ?1")?;
        let rows = select.query_map([mailbox], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for message in orphans {
        messages::delete(conn, tally, message)?;
    }
    conn.prepare_cached("DELETE FROM mailbox WHERE id = ?1")?
        .execute([mailbox])?;
    Ok(())
}
