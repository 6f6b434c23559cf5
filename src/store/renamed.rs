//! Mailboxes that were renamed elsewhere, until what only `local.db` has follows.
//!
//! The two databases can't change in one transaction. So the cache writes the names down with the
//! change itself, and forgets them when `local.db` has followed; that one remembers the last batch,
//! so that a crash in between repeats nothing.

use crate::model::{AccountName, MailboxName};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::reader::Reader;
use rusqlite::{Connection, params};

/// What one list of mailboxes renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renames {
    /// Its number: later ones are larger, also those of a cache that is made anew.
    pub batch: i64,
    /// What each was called, and what it is called now. They count as done all at once: two may
    /// have changed places.
    pub names: Vec<(MailboxName, MailboxName)>,
}

/// Writes down what has to follow.
pub(super) fn note(
    conn: &Connection,
    account: i64,
    names: &[(MailboxName, MailboxName)],
) -> Result<()> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO renamed (batch, account, was, name) VALUES (coalesce(?1, 0), ?2, ?3, ?4)",
    )?;
    let mut batch: Option<i64> = None;
    for (was, name) in names {
        insert.execute(params![batch, account, was.as_bytes(), name.as_bytes()])?;
        if batch.is_none() {
            let id = conn.last_insert_rowid();
            conn.prepare_cached("UPDATE renamed SET batch = id WHERE id = ?1")?
                .execute([id])?;
            batch = Some(id);
        }
    }
    Ok(())
}

impl Reader {
    /// What was renamed of an account's mailboxes and not followed yet, in order: for
    /// [`super::Local::rename_mailboxes`], before anything that is pending is replayed.
    pub fn renames(&self, account: &AccountName) -> Result<Vec<Renames>> {
        let mut select = self.conn.prepare_cached(
            "SELECT r.batch, r.was, r.name FROM renamed r JOIN account a ON a.id = r.account
             WHERE a.name = ?1 ORDER BY r.id",
        )?;
        let mut rows = select.query([account.as_str()])?;
        let mut all: Vec<Renames> = Vec::new();
        while let Some(row) = rows.next()? {
            let batch = row.get(0)?;
            let pair = (
                MailboxName::new(row.get::<_, Vec<u8>>(1)?),
                MailboxName::new(row.get::<_, Vec<u8>>(2)?),
            );
            match all.last_mut().filter(|last| last.batch == batch) {
                Some(last) => last.names.push(pair),
                None => all.push(Renames {
                    batch,
                    names: vec![pair],
                }),
            }
        }
        Ok(all)
    }
}

impl Cache {
    /// `local.db` has followed an account's renames up to this batch.
    pub fn forget_renames(&mut self, account: &AccountName, batch: i64) -> Result<()> {
        self.write(|tx, _| {
            tx.prepare_cached(
                "DELETE FROM renamed WHERE batch <= ?2
                     AND account = (SELECT id FROM account WHERE name = ?1)",
            )?
            .execute(params![account.as_str(), batch])?;
            Ok(())
        })
    }
}
