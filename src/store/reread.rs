//! Bodies that are here and have to be read again: because a newer schema knows more of them, or because
//! that takes a while.

use crate::model::{AccountName, MsgId};
use crate::store::bodies::{PackedBody, is_whole};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::reader::Reader;
use rusqlite::params;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A message that was read once more.
#[derive(Clone, Debug)]
pub struct Reread {
    /// Which.
    pub message: MsgId,
    /// Whether what is attached to it could be left out, as [`Reader::reread_wanted`] said.
    pub hollow: bool,
    /// What was read; `None` if it can't be, or need not be.
    pub body: Option<PackedBody>,
}

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

    /// Whether what is attached to a message is left out once it was read again.
    pub fn will_be_hollow(&self, message: MsgId) -> Result<bool> {
        let sql = "SELECT 1 FROM reread WHERE message = ?1 AND hollow <> 0";
        Ok(self.conn.prepare_cached(sql)?.exists([message.0])?)
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

    /// What is attached to these messages is used: it stays when they are read again.
    pub fn stay_whole(&mut self, messages: &[MsgId]) -> Result<()> {
        self.write(|tx, _| {
            let mut stays = tx.prepare_cached("UPDATE reread SET hollow = 0 WHERE message = ?1")?;
            for message in messages {
                stays.execute([message.0])?;
            }
            Ok(())
        })
    }

    /// Keeps what was read once more. What was looked up for it long ago may not be true any more:
    /// a message that is gone, or was fetched or used meanwhile, is left as it is, and is wanted again
    /// if it still is. Answers which were kept.
    pub fn store_reread(&mut self, read: &[Reread]) -> Result<Vec<MsgId>> {
        let kept = RefCell::new(Vec::new());
        let bodies = read.iter().filter_map(|one| one.body.as_ref()).collect();
        let wanted: BTreeMap<MsgId, bool> =
            read.iter().map(|one| (one.message, one.hollow)).collect();
        self.keep(bodies, |tx, body| {
            let id = body.message();
            let stands = tx
                .prepare_cached("SELECT 1 FROM reread WHERE message = ?1 AND hollow = ?2")?
                .exists(params![id.0, wanted.get(&id)])?;
            let may = stands && is_whole(tx, id)?;
            kept.borrow_mut().extend(may.then_some(id));
            Ok(may)
        })?;
        let nothing: Vec<&Reread> = read.iter().filter(|one| one.body.is_none()).collect();
        if !nothing.is_empty() {
            self.write(|tx, _| {
                let mut done =
                    tx.prepare_cached("DELETE FROM reread WHERE message = ?1 AND hollow = ?2")?;
                for one in nothing {
                    done.execute(params![one.message.0, one.hollow])?;
                }
                Ok(())
            })?;
        }
        Ok(kept.into_inner())
    }
}
