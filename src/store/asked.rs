//! What the sync engine asks of the cache beyond what lists show.

use crate::model::{MailboxId, MsgId};
use crate::store::cache::Cache;
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

    /// How many messages of a mailbox are here without what is attached to them; the bounds are those
    /// of [`Reader::bodies_wanted`].
    pub fn hollow_left(&self, mailbox: MailboxId, since: i64, largest: u64) -> Result<u64> {
        let mut select = self.conn.prepare_cached(
            "SELECT count(*) FROM kept k INDEXED BY kept_hollow
                 JOIN location l ON l.message = k.message JOIN message m ON m.id = k.message
             WHERE k.hollow <> 0 AND l.mailbox = ?1 AND l.date >= ?2 AND l.uid IS NOT NULL
                 AND l.gone = 0 AND m.size <= ?3 AND m.body_error IS NULL",
        )?;
        let largest = i64::try_from(largest).unwrap_or(i64::MAX);
        Ok(select.query_row(params![mailbox.0, since, largest], |row| row.get(0))?)
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
                for sql in [
                    "DELETE FROM kept WHERE message = ?1",
                    "DELETE FROM body WHERE message = ?1",
                    "DELETE FROM reread WHERE message = ?1",
                ] {
                    tx.prepare_cached(sql)?.execute([message.0])?;
                }
                tx.prepare_cached("UPDATE message SET has_body = 0 WHERE id = ?1")?
                    .execute([message.0])?;
                tx.prepare_cached("UPDATE location SET body = 0 WHERE message = ?1")?
                    .execute([message.0])?;
            }
            Ok(())
        })
    }

    /// Counts a mailbox anew from what is in it: what is shown, and what the server told. To be
    /// called where the counts that are kept turned out to be wrong.
    pub fn recount(&mut self, mailbox: MailboxId) -> Result<()> {
        self.write(|tx, _| {
            tx.prepare_cached(
                "UPDATE mailbox SET (held, held_seen, held_answered, held_flagged, held_deleted, held_draft) =
                     (SELECT count(*), coalesce(sum(server_system & 1 <> 0), 0),
                          coalesce(sum(server_system & 2 <> 0), 0), coalesce(sum(server_system & 4 <> 0), 0),
                          coalesce(sum(server_system & 8 <> 0), 0), coalesce(sum(server_system & 16 <> 0), 0)
                      FROM location WHERE mailbox = ?1 AND uid IS NOT NULL AND gone = 0),
                     (total, unread) =
                     (SELECT count(*), coalesce(sum(system & 1 = 0), 0)
                      FROM location WHERE mailbox = ?1 AND hidden = 0)
                 WHERE id = ?1",
            )?
            .execute([mailbox.0])?;
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
