//! Accounts and their mailboxes, as the server lists them.

use crate::model::{AccountName, MailboxId, MailboxName, UidValidity};
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::{Error, Result};
use crate::store::listing::{self, Contents, Known, MailboxInfo};
use crate::store::locations;
use crate::store::mailboxes::Mailbox;
use crate::store::reader::Reader;
use crate::store::refresh;
use crate::store::renamed;
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that one transaction drops: some 50 µs each.
const PIECE: usize = 1_000;
/// So many seconds must lie between two lists that don't name a mailbox before it is dropped: a
/// server in trouble may tell half of them twice.
pub const DOUBTED: i64 = 5 * 60;

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
    /// Mailboxes that were not named for long enough, gone with all that was in them.
    pub gone: Vec<MailboxName>,
}

impl Cache {
    /// Makes sure that an account has a row.
    pub fn ensure_account(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx, _| account_row(tx, account).map(drop))
    }

    /// Takes the server's whole list of an account's mailboxes, as of `now` (seconds since 1970).
    ///
    /// One that was renamed elsewhere keeps its row, its messages and its cursor. One that the list
    /// doesn't name stays as it is until a later list doesn't either, [`DOUBTED`] seconds after the
    /// first; of those `denied`, which the server said explicitly that it doesn't have, the next
    /// list is enough. A list of nothing says nothing: every account has an INBOX.
    pub fn set_mailboxes(
        &mut self,
        account: &AccountName,
        list: &[MailboxInfo],
        now: i64,
        denied: &[MailboxName],
    ) -> Result<MailboxChanges> {
        let mut names = BTreeSet::new();
        let list: Vec<&MailboxInfo> = list.iter().filter(|l| names.insert(&l.name)).collect();
        self.write(|tx, tally| {
            let account = account_row(tx, account)?;
            let mut changes = MailboxChanges::default();
            if list.is_empty() {
                return Ok(changes);
            }
            rename(tx, tally, account, &list, &mut changes)?;
            let mut left: BTreeMap<MailboxName, Known> = known_mailboxes(tx, account)?
                .into_iter()
                .map(|known| (known.name.clone(), known))
                .collect();
            for info in list {
                match left.remove(&info.name) {
                    Some(known) => update_mailbox(tx, known.id, info)?,
                    None => changes
                        .new
                        .push((add_mailbox(tx, account, info)?, info.name.clone())),
                }
            }
            for (name, known) in left.into_iter().filter(|(_, known)| !known.making) {
                let since = known.missing.filter(|since| *since <= now);
                match since {
                    Some(since) if now - since >= DOUBTED || denied.contains(&name) => {
                        let_go(tx, tally, known.id, None)?;
                        changes.gone.push(name);
                    }
                    Some(_) => {}
                    // For the first time, or the clock was set back since.
                    None => {
                        tx.prepare_cached("UPDATE mailbox SET missing = ?2 WHERE id = ?1")?
                            .execute([known.id, now.max(1)])?;
                        changes.missing.push(name);
                    }
                }
            }
            Ok(changes)
        })
    }

    /// The mailbox has a new UIDVALIDITY: its locations go, bodies are kept for seven days and
    /// found again by Message-ID, size and date when the messages come in anew (RFC 4549 §4.1).
    /// Operations laid over them go too; what is on its way into this mailbox stays.
    ///
    /// One call does a part of it, so that others come in between; answers whether it was the last.
    /// Until then the mailbox is of no generation: whoever finds it so after a crash begins again.
    pub fn reset_mailbox(&mut self, mailbox: MailboxId, uidvalidity: UidValidity) -> Result<bool> {
        self.reset_some(mailbox, uidvalidity, PIECE)
    }

    pub(super) fn reset_some(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
        piece: usize,
    ) -> Result<bool> {
        self.write(|tx, tally| {
            let condition = "mailbox = ?1 AND uid IS NOT NULL";
            // What the server has no more is not counted, so it must not be what is left.
            let mut some = locations::some(tx, &format!("{condition} AND gone = 1"), mailbox.0, usize::MAX)?;
            some.extend(locations::some(tx, condition, mailbox.0, piece)?);
            for id in &some {
                if let Some(place) = locations::by_id(tx, *id)? {
                    locations::delete_root(tx, tally, &place, true)?;
                }
            }
            let done = some.len() < piece;
            let known = tx
                .prepare_cached(
                    "UPDATE mailbox SET uidvalidity = ?2, uidnext = 0, highestmodseq = 0, exists_ = 0 WHERE id = ?1",
                )?
                .execute(params![mailbox.0, done.then_some(uidvalidity.0)])?;
            if known == 0 { Err(Error::Gone("mailbox")) } else { Ok(done) }
        })
    }
}

impl Reader {
    /// Mailboxes of a list that may be known under another name, as far as counts can tell, with
    /// their places in the list. Who can open them finds out, and says so in
    /// [`MailboxInfo::was`]; until then they are new ones.
    pub fn perhaps_renamed(
        &self,
        account: &AccountName,
        list: &[MailboxInfo],
    ) -> Result<Vec<(Mailbox, usize)>> {
        let Some(account) = account_id(&self.conn, account)? else {
            return Ok(Vec::new());
        };
        let known = known_mailboxes(&self.conn, account)?;
        let list: Vec<&MailboxInfo> = list.iter().collect();
        let mut found = Vec::new();
        for (row, at) in listing::guesses(&known, &list) {
            if let Some(known) = known.get(row)
                && let Some(mailbox) = self.mailbox(MailboxId(known.id))?
            {
                found.push((mailbox, at));
            }
        }
        Ok(found)
    }
}

/// An account's row, if it has one.
pub(super) fn account_id(conn: &Connection, account: &AccountName) -> Result<Option<i64>> {
    let mut select = conn.prepare_cached("SELECT id FROM account WHERE name = ?1")?;
    Ok(select
        .query_row([account.as_str()], |row| row.get(0))
        .optional()?)
}

pub(super) fn account_row(conn: &Connection, account: &AccountName) -> Result<i64> {
    if let Some(id) = account_id(conn, account)? {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO account (name) VALUES (?1)")?
        .execute([account.as_str()])?;
    Ok(conn.last_insert_rowid())
}

pub(super) fn accounts(conn: &Connection) -> Result<Vec<(i64, AccountName)>> {
    let mut select = conn.prepare_cached("SELECT id, name FROM account ORDER BY id")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, AccountName(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn known_mailboxes(conn: &Connection, account: i64) -> Result<Vec<Known>> {
    let mut select = conn.prepare_cached(
        "SELECT id, name, mailbox_id, missing, uidvalidity, uidnext, exists_, making IS NOT NULL
         FROM mailbox WHERE account = ?1 ORDER BY name",
    )?;
    let rows = select.query_map([account], |row| {
        let contents = match row.get::<_, Option<u32>>(4)? {
            Some(uidvalidity) => Some(Contents {
                uidvalidity: UidValidity(uidvalidity),
                uidnext: row.get(5)?,
                messages: row.get(6)?,
            }),
            None => None,
        };
        Ok(Known {
            id: row.get(0)?,
            name: MailboxName::new(row.get::<_, Vec<u8>>(1)?),
            mailbox_id: row.get(2)?,
            contents,
            missing: Some(row.get(3)?).filter(|since| *since != 0),
            making: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives mailboxes that were renamed elsewhere their new names, and writes down that what names
/// them by the old ones has to follow.
fn rename(
    conn: &Connection,
    tally: &mut Tally,
    account: i64,
    list: &[&MailboxInfo],
    changes: &mut MailboxChanges,
) -> Result<()> {
    let known = known_mailboxes(conn, account)?;
    let pairs: Vec<(&Known, &MailboxInfo)> = listing::renames(&known, list)
        .into_iter()
        .filter_map(|(row, at)| Some((known.get(row)?, *list.get(at)?)))
        .collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let renamed: BTreeSet<i64> = pairs.iter().map(|(known, _)| known.id).collect();
    let names: BTreeSet<&MailboxName> = pairs.iter().map(|(_, info)| &info.name).collect();
    // What had a name that is another mailbox's now is gone for certain.
    for other in known.iter().filter(|k| !renamed.contains(&k.id)) {
        if names.contains(&other.name) {
            // What is on its way to one that was to be made goes to the one that is there now.
            let heir = pairs.iter().find(|(_, info)| info.name == other.name);
            let heir = heir.filter(|_| other.making).map(|(known, _)| known.id);
            let_go(conn, tally, other.id, heir)?;
            changes.gone.push(other.name.clone());
        }
    }
    let mut set = conn.prepare_cached("UPDATE mailbox SET name = ?2 WHERE id = ?1")?;
    for (known, _) in &pairs {
        // Two may have changed places: all of them give up their names first.
        set.execute(params![known.id, aside(known.id)])?;
    }
    for (known, info) in pairs {
        set.execute(params![known.id, info.name.as_bytes()])?;
        changes
            .renamed
            .push((known.name.clone(), info.name.clone()));
    }
    renamed::note(conn, account, &changes.renamed)
}

fn add_mailbox(conn: &Connection, account: i64, info: &MailboxInfo) -> Result<MailboxId> {
    conn.prepare_cached("INSERT INTO mailbox (account, name, path, delimiter, role, selectable) VALUES (?1, ?2, '', '', '', 0)")?
        .execute(params![account, info.name.as_bytes()])?;
    let id = conn.last_insert_rowid();
    update_mailbox(conn, id, info)?;
    Ok(MailboxId(id))
}

fn update_mailbox(conn: &Connection, id: i64, info: &MailboxInfo) -> Result<()> {
    conn.prepare_cached(
        "UPDATE mailbox SET path = ?2, delimiter = ?3, role = ?4, selectable = ?5,
             mailbox_id = coalesce(?6, mailbox_id), missing = 0, making = NULL WHERE id = ?1",
    )?
    .execute(params![
        id,
        info.path,
        info.delimiter.map(String::from).unwrap_or_default(),
        codec::role_out(info.role),
        info.selectable,
        info.mailbox_id,
    ])?;
    Ok(())
}

/// Lets a mailbox disappear at once for everybody who looks; what is in it goes with the next
/// sweeps. What was on its way into it is shown in its heir, or hidden where it came from until its
/// operation ends.
fn let_go(conn: &Connection, tally: &mut Tally, mailbox: i64, heir: Option<i64>) -> Result<()> {
    let coming: Vec<i64> = {
        let mut select =
            conn.prepare_cached("SELECT DISTINCT location FROM overlay WHERE target = ?1")?;
        let rows = select.query_map([mailbox], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    conn.prepare_cached("UPDATE overlay SET target = ?2 WHERE target = ?1")?
        .execute(params![mailbox, heir])?;
    for root in coming {
        refresh::refresh(conn, tally, root)?;
    }
    // Mailboxes of an account below zero are on their way out: no list finds them. Another one may
    // have the name.
    conn.prepare_cached(
        "UPDATE mailbox SET account = -abs(account), role = '', name = ?2 WHERE id = ?1",
    )?
    .execute(params![mailbox, aside(mailbox)])?;
    Ok(())
}

/// A name that no mailbox has on the wire.
fn aside(mailbox: i64) -> Vec<u8> {
    [b"\0".as_slice(), &mailbox.to_be_bytes()].concat()
}

/// Removes a mailbox with what is left in it.
pub(super) fn drop_mailbox(conn: &Connection, tally: &mut Tally, mailbox: i64) -> Result<()> {
    for id in locations::in_mailbox(conn, mailbox)? {
        match locations::by_id(conn, id)? {
            Some(place) if place.root.is_none() => {
                locations::delete_root(conn, tally, &place, false)?
            }
            _ => {}
        }
    }
    let_go(conn, tally, mailbox, None)?;
    conn.prepare_cached("DELETE FROM mailbox WHERE id = ?1")?
        .execute([mailbox])?;
    Ok(())
}
