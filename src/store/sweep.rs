//! What nobody comes back for: bodies of messages that vanished long ago, mailboxes that are gone, and
//! the mail of accounts that are configured no more. It goes in small jobs, so that others come in
//! between.

use crate::model::AccountName;
use crate::store::accounts::{account_id, accounts, drop_mailbox};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::locations;
use crate::store::messages;
use crate::store::open::now;
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Messages that one job drops: some 50 µs each.
const JOB: usize = 1_000;
/// How long a body is kept of a message that vanished.
const KEPT: i64 = 7 * messages::DAY;

impl Cache {
    /// Lets accounts not in `keep` disappear, at once for everybody who looks; their mail goes with
    /// the next sweeps. Answers the names of those removed.
    pub fn retain_accounts(&mut self, keep: &[AccountName]) -> Result<Vec<AccountName>> {
        self.write(|tx, _| {
            let mut removed = Vec::new();
            for (id, name) in accounts(tx)? {
                if keep.contains(&name) {
                    continue;
                }
                let_go(tx, id)?;
                removed.push(name);
            }
            Ok(removed)
        })
    }

    /// Lets one account disappear in the same way: what has its name from now on is another one.
    ///
    /// # Errors
    /// When the cache can't be written.
    pub fn forget_account(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx, _| match account_id(tx, account)? {
            Some(id) => let_go(tx, id),
            None => Ok(()),
        })
    }

    /// Drops some of what nobody comes back for: bodies kept for messages that vanished more than
    /// seven days ago, and mail of accounts that are gone. Answers how much; zero when nothing is
    /// left to drop.
    pub fn sweep(&mut self) -> Result<usize> {
        self.sweep_before(now() - KEPT)
    }

    pub(super) fn sweep_before(&mut self, time: i64) -> Result<usize> {
        self.write(|tx, tally| {
            let old = orphans(tx, "since < ?1", time)?;
            for message in &old {
                messages::delete(tx, tally, *message)?;
            }
            match old.len() {
                0 => sweep_mailboxes(tx, tally),
                swept => Ok(swept),
            }
        })
    }
}

/// Mailboxes of an account below zero are on their way out: no list finds them.
fn let_go(conn: &Connection, account: i64) -> Result<()> {
    for sql in [
        "UPDATE mailbox SET account = -account, role = '' WHERE account = ?1",
        "DELETE FROM renamed WHERE account = ?1",
        "DELETE FROM account WHERE id = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([account])?;
    }
    Ok(())
}

/// Drops a job's worth of one mailbox that was let go, and the mailbox once it is empty.
fn sweep_mailboxes(conn: &Connection, tally: &mut Tally) -> Result<usize> {
    let mailbox: Option<i64> = conn
        .prepare_cached("SELECT id FROM mailbox WHERE account < 0 LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(mailbox) = mailbox else {
        return Ok(0);
    };
    let some = locations::some(conn, "mailbox = ?1 AND uid IS NOT NULL", mailbox, JOB)?;
    for id in &some {
        if let Some(place) = locations::by_id(conn, *id)? {
            locations::delete_root(conn, tally, &place, false)?;
        }
    }
    if !some.is_empty() {
        return Ok(some.len());
    }
    // Bodies kept for this mailbox can't be found again any more.
    let orphans = orphans(conn, "mailbox = ?1", mailbox)?;
    for message in &orphans {
        messages::delete(conn, tally, *message)?;
    }
    if orphans.is_empty() {
        drop_mailbox(conn, tally, mailbox)?;
    }
    Ok(orphans.len().max(1))
}

/// A job's worth of messages that are kept for their bodies.
fn orphans(conn: &Connection, condition: &str, a: i64) -> Result<Vec<i64>> {
    let sql = format!("SELECT message FROM orphan WHERE {condition} LIMIT ?2");
    let mut select = conn.prepare_cached(&sql)?;
    let rows = select.query_map(params![a, JOB], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
