//! What a server last told of a mailbox: the memory against which a worker compares, and by which
//! it checks itself. What is pending does not show here.

use crate::model::{Flags, MailboxId, MessageId, Uid, UidSet};
use crate::store::codec;
use crate::store::error::{Error, Result};
use crate::store::reader::Reader;
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::BTreeMap;

/// How many messages a mailbox has on the server, and how many with each system flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerCounts {
    /// All that are held here.
    pub all: u64,
    /// `\Seen`
    pub seen: u64,
    /// `\Answered`
    pub answered: u64,
    /// `\Flagged`
    pub flagged: u64,
    /// `\Deleted`
    pub deleted: u64,
    /// `\Draft`
    pub draft: u64,
}

impl Reader {
    /// The counts of a mailbox. They are kept, not counted: one row is read.
    ///
    /// # Errors
    /// [`Error::Gone`] for an unknown mailbox.
    pub fn server_counts(&self, mailbox: MailboxId) -> Result<ServerCounts> {
        let mut select = self.conn.prepare_cached(
            "SELECT held, held_seen, held_answered, held_flagged, held_deleted, held_draft
             FROM mailbox WHERE id = ?1",
        )?;
        let counts = select.query_row([mailbox.0], |row| {
            Ok(ServerCounts {
                all: row.get(0)?,
                seen: row.get(1)?,
                answered: row.get(2)?,
                flagged: row.get(3)?,
                deleted: row.get(4)?,
                draft: row.get(5)?,
            })
        });
        counts.optional()?.ok_or(Error::Gone("mailbox"))
    }

    /// Every UID held of a mailbox.
    pub fn all_uids(&self, mailbox: MailboxId) -> Result<UidSet> {
        self.uids_between(mailbox, 1, u32::MAX)
    }

    /// The UIDs held of a mailbox from `first` to `last`.
    pub fn uids_between(&self, mailbox: MailboxId, first: u32, last: u32) -> Result<UidSet> {
        let mut select = self.conn.prepare_cached(
            "SELECT uid FROM location WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 AND gone = 0
             ORDER BY uid",
        )?;
        let mut rows = select.query(params![mailbox.0, first, last])?;
        let mut uids = UidSet::new();
        while let Some(row) = rows.next()? {
            codec::uid_in(row.get(0)?)
                .into_iter()
                .for_each(|uid| uids.insert(uid));
        }
        Ok(uids)
    }

    /// The Message-IDs of those of these messages that are held and have one.
    pub fn message_ids(
        &self,
        mailbox: MailboxId,
        uids: &UidSet,
    ) -> Result<BTreeMap<Uid, MessageId>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.uid, m.message_id FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.uid BETWEEN ?2 AND ?3 AND l.gone = 0 AND m.message_id != ''",
        )?;
        let mut found = BTreeMap::new();
        for &(first, last) in uids.ranges() {
            let mut rows = select.query(params![mailbox.0, first, last])?;
            while let Some(row) = rows.next()? {
                let id = MessageId::new(&row.get::<_, String>(1)?);
                found.extend(codec::uid_in(row.get(0)?).zip(id));
            }
        }
        Ok(found)
    }

    /// Messages of a mailbox of which the server gave nothing but their numbers.
    pub fn stubs(&self, mailbox: MailboxId) -> Result<UidSet> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.uid FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.date = 0 AND l.hidden = 0 AND l.uid IS NOT NULL
                 AND l.gone = 0 AND m.size = 0",
        )?;
        let uids = select.query_map([mailbox.0], |row| row.get(0))?;
        let mut stubs = UidSet::new();
        for uid in uids {
            codec::uid_in(uid?)
                .into_iter()
                .for_each(|uid| stubs.insert(uid));
        }
        Ok(stubs)
    }

    /// The last message of a mailbox of which the server gave more than its number.
    pub fn last_given(&self, mailbox: MailboxId) -> Result<Option<Uid>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.uid FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.uid IS NOT NULL AND l.gone = 0 AND m.size > 0
             ORDER BY l.uid DESC LIMIT 1",
        )?;
        let uid = select.query_row([mailbox.0], |row| row.get(0)).optional()?;
        Ok(uid.and_then(codec::uid_in))
    }

    /// The newest message of a mailbox whose body came, that lacks nothing of it (what does may be asked
    /// for), and that is no larger than so many octets.
    pub fn last_kept(&self, mailbox: MailboxId, largest: u64) -> Result<Option<Uid>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.uid FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.uid IS NOT NULL AND l.gone = 0 AND m.has_body = 1
                 AND m.size BETWEEN 1 AND ?2 AND NOT EXISTS
                     (SELECT 1 FROM kept k WHERE k.message = m.id AND k.hollow <> 0)
             ORDER BY l.uid DESC LIMIT 1",
        )?;
        let largest = i64::try_from(largest).unwrap_or(i64::MAX);
        let uid = select.query_row([mailbox.0, largest], |row| row.get(0));
        Ok(uid.optional()?.and_then(codec::uid_in))
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
            flagged(row)?
                .into_iter()
                .for_each(|(uid, flags)| each(uid, flags));
        }
        Ok(())
    }

    /// Up to `n` messages of a mailbox with the flags that the server told last, ascending: one
    /// from each `n`th part of the range of UIDs, chosen by `seed`; all, if there are no more.
    pub fn sample(&self, mailbox: MailboxId, n: usize, seed: u64) -> Result<Vec<(Uid, Flags)>> {
        let mut found = BTreeMap::new();
        if n == 0 {
            return Ok(Vec::new());
        }
        let parts = u64::try_from(n).unwrap_or(u64::MAX);
        if self.server_counts(mailbox)?.all <= parts {
            self.flags_between(mailbox, 1, u32::MAX, &mut |uid, flags| {
                found.insert(uid, flags);
            })?;
            return Ok(found.into_iter().take(n).collect());
        }
        let mut ends = self.conn.prepare_cached(
            "SELECT (SELECT min(uid) FROM location WHERE mailbox = ?1 AND uid IS NOT NULL),
                 (SELECT max(uid) FROM location WHERE mailbox = ?1 AND uid IS NOT NULL)",
        )?;
        let (first, last): (Option<u64>, Option<u64>) =
            ends.query_row([mailbox.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Vec::new());
        };
        let width = (last - first + 1).div_ceil(parts).max(1);
        let mut select = self.conn.prepare_cached(
            "SELECT uid, server_system, server_keywords FROM location
             WHERE mailbox = ?1 AND uid >= ?2 AND gone = 0 ORDER BY uid LIMIT 1",
        )?;
        let mut dice = seed;
        for part in 0..parts {
            // SplitMix64: as even as a sample needs, and the same for the same seed.
            dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let from = first + part * width + (mixed ^ (mixed >> 31)) % width;
            let row = select.query_row(params![mailbox.0, from.min(last)], flagged);
            found.extend(row.optional()?.flatten());
        }
        Ok(found.into_iter().collect())
    }
}

fn flagged(row: &Row<'_>) -> rusqlite::Result<Option<(Uid, Flags)>> {
    let Some(uid) = codec::uid_in(row.get(0)?) else {
        return Ok(None);
    };
    let keywords = row.get_ref(2)?.as_str().unwrap_or_default();
    Ok(Some((uid, codec::flags_in(row.get(1)?, keywords))))
}
