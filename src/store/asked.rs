//! What the sync engine asks of the cache beyond what lists show.

use crate::model::{Flags, MailboxId, MsgId, Uid};
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::reader::Reader;
use rusqlite::params;

impl Reader {
    /// Octets of all messages that are held of a mailbox.
    pub fn octets_held(&self, mailbox: MailboxId) -> Result<u64> {
        let mut select = self.conn.prepare_cached(
            "SELECT coalesce(sum(m.size), 0) FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.uid IS NOT NULL AND l.gone = 0",
        )?;
        Ok(select.query_row([mailbox.0], |row| row.get(0))?)
    }

    /// How many bodies are missing in a mailbox; the bounds are those of
    /// [`Reader::bodies_wanted`].
    pub fn bodies_left(&self, mailbox: MailboxId, since: i64, largest: u64) -> Result<u64> {
        let mut select = self.conn.prepare_cached(
            "SELECT count(*) FROM location l INDEXED BY location_bodyless
                 JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.body = 0 AND l.date >= ?2 AND l.uid IS NOT NULL
                 AND l.gone = 0 AND m.size <= ?3",
        )?;
        let largest = i64::try_from(largest).unwrap_or(i64::MAX);
        Ok(select.query_row(params![mailbox.0, since, largest], |row| row.get(0))?)
    }

    /// Calls `each` with the UIDs from `first` to `last` that are held of a mailbox and the flags
    /// that the server told last, ascending, in constant memory.
    pub fn flags_between(
        &self,
        mailbox: MailboxId,
        first: u32,
        last: u32,
        each: &mut dyn FnMut(Uid, Flags),
    ) -> Result<()> {
        let mut select = self.conn.prepare_cached(
            "SELECT uid, server_system, server_keywords FROM location
             WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 AND gone = 0 ORDER BY uid",
        )?;
        let mut rows = select.query(params![mailbox.0, first, last])?;
        while let Some(row) = rows.next()? {
            if let Some(uid) = codec::uid_in(row.get(0)?) {
                let keywords = row.get_ref(2)?.as_str().unwrap_or_default();
                each(uid, codec::flags_in(row.get(1)?, keywords));
            }
        }
        Ok(())
    }

    /// Messages of a mailbox whose bodies are here.
    pub fn with_bodies(&self, mailbox: MailboxId) -> Result<Vec<MsgId>> {
        let mut select = self.conn.prepare_cached(
            "SELECT DISTINCT message FROM location WHERE mailbox = ?1 AND body = 1",
        )?;
        let rows = select.query_map([mailbox.0], |row| row.get(0).map(MsgId))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether a mailbox holds messages that were moved there and have no UID yet.
    pub fn is_waiting(&self, mailbox: MailboxId) -> Result<bool> {
        let mut select = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM location
                 WHERE mailbox = ?1 AND uid IS NULL AND root IS NULL)",
        )?;
        Ok(select.query_row([mailbox.0], |row| row.get(0))?)
    }
}

impl Cache {
    /// Forgets bodies that turned out to be wrong, so that they are fetched again.
    pub fn drop_bodies(&mut self, messages: &[MsgId]) -> Result<()> {
        self.write(|tx, _| {
            for message in messages {
                tx.prepare_cached("DELETE FROM body WHERE message = ?1")?
                    .execute([message.0])?;
                tx.prepare_cached("UPDATE message SET has_body = 0 WHERE id = ?1")?
                    .execute([message.0])?;
                tx.prepare_cached("UPDATE location SET body = 0 WHERE message = ?1")?
                    .execute([message.0])?;
            }
            Ok(())
        })
    }

    /// Forgets how far a mailbox was synchronised, so that all of it is compared again. What is
    /// held of it stays.
    pub fn forget_cursor(&mut self, mailbox: MailboxId) -> Result<()> {
        self.write(|tx, _| {
            tx.prepare_cached("UPDATE mailbox SET uidnext = 0, highestmodseq = 0 WHERE id = ?1")?
                .execute([mailbox.0])?;
            Ok(())
        })
    }
}
