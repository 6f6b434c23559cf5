//! What nobody comes back for: bodies of messages that vanished long ago, and the mail of accounts
//! that are configured no more. It goes in small jobs, so that others come in between.

use crate::model::AccountName;
use crate::store::accounts::{accounts, drop_mailbox};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::locations;
use crate::store::messages;
use crate::store::open::now;
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Messages that one job drops: some 50 µs each.
const JOB: i64 = 1_000;
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
                // Mailboxes of an account below zero are on their way out: no list finds them.
                for sql in [
                    "UPDATE mailbox SET account = -account, role = '' WHERE account = ?1",
                    "DELETE FROM renamed WHERE account = ?1",
                    "DELETE FROM account WHERE id = ?1",
                ] {
                    tx.prepare_cached(sql)?.execute([id])?;
                }
                removed.push(name);
            }
            Ok(removed)
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
            let old: Vec<i64> = {
                let mut select =
                    tx.prepare_cached("SELECT message FROM orphan WHERE since < ?1 LIMIT ?2")?;
                let rows = select.query_map([time, JOB], |row| row.get(0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            for message in &old {
                messages::delete(tx, tally, *message)?;
            }
            match old.len() {
                0 => sweep_accounts(tx, tally),
                swept => Ok(swept),
            }
        })
    }
}

/// Drops a job's worth of one mailbox whose account is gone, and the mailbox once it is empty.
fn sweep_accounts(conn: &Connection, tally: &mut Tally) -> Result<usize> {
    let mailbox: Option<i64> = conn
        .prepare_cached("SELECT id FROM mailbox WHERE account < 0 LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(mailbox) = mailbox else {
        return Ok(0);
    };
    let some: Vec<i64> = {
        let mut select = conn.prepare_cached(
            "SELECT id FROM location WHERE mailbox = ?1 AND uid IS NOT NULL LIMIT ?2",
        )?;
        let rows = select.query_map(params![mailbox, JOB], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for id in &some {
        if let Some(place) = locations::by_id(conn, *id)? {
            locations::delete_root(conn, tally, &place, false)?;
        }
    }
    if some.is_empty() {
        drop_mailbox(conn, tally, mailbox)?;
    }
    Ok(some.len().max(1))
}
