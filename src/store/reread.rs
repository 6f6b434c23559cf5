//! Bodies that are here and have to be read again: because a newer schema knows more of them, or because
//! that takes a while.

use crate::model::{AccountName, MsgId};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::reader::Reader;
use rusqlite::params;

impl Reader {
    /// Messages of an account that are to be read again, the last ones first, at most `limit`, and
    /// whether what is attached to them may be left out then.
    pub fn reread_wanted(&self, account: &AccountName, limit: usize) -> Result<Vec<(MsgId, bool)>> {
        let mut select = self.conn.prepare_cached(
            "SELECT r.message, r.hollow FROM reread r WHERE EXISTS (SELECT 1 FROM location l
                 JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
                 WHERE l.message = r.message AND a.name = ?1)
             ORDER BY r.message DESC LIMIT ?2",
        )?;
        let rows = select.query_map(params![account.0, limit], |row| {
            Ok((MsgId(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Cache {
    /// What is attached to messages of an account stays when they are read again.
    pub fn reread_whole(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx, _| {
            tx.execute(
                "UPDATE reread SET hollow = 0 WHERE hollow <> 0 AND message IN
                     (SELECT l.message FROM location l JOIN mailbox b ON b.id = l.mailbox
                          JOIN account a ON a.id = b.account WHERE a.name = ?1)",
                params![account.0],
            )?;
            Ok(())
        })
    }

    /// These can't be read again, or need not be.
    pub fn reread_done(&mut self, messages: &[MsgId]) -> Result<()> {
        self.write(|tx, _| {
            let mut done = tx.prepare_cached("DELETE FROM reread WHERE message = ?1")?;
            for message in messages {
                done.execute([message.0])?;
            }
            Ok(())
        })
    }
}
