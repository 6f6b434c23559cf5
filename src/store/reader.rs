//! A look at the cache that can't change it: what screens, scripts and workers ask.
//!
//! A `Reader` is a read-only connection (`SQLITE_OPEN_READ_ONLY`, `PRAGMA query_only`). In WAL mode
//! it never waits for the writer and sees every transaction that was committed before it asks.

use crate::model::view::{MessageRow, Place};
use crate::model::{
    AccountName, Envelope, LocationId, MailboxId, MailboxName, MessageId, MsgId, ThreadId, Uid,
    UidValidity,
};
use crate::store::codec;
use crate::store::error::{Error, Result};
use crate::store::kept::{Unpacker, Wanted};
use crate::store::migrate;
use crate::store::open;
use crate::store::refs;
use crate::store::says;
use rusqlite::{
    Connection, InterruptHandle, MAIN_DB, OptionalExtension as _, Transaction, TransactionBehavior,
    params,
};
use std::path::Path;

/// A read-only connection to the cache. Not shared between threads: open one for each.
pub struct Reader {
    pub(super) conn: Connection,
}

/// Where a body can be fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPlace {
    /// The location's row.
    pub location: LocationId,
    /// Whose mailbox.
    pub account: AccountName,
    /// The mailbox's row.
    pub mailbox: MailboxId,
    /// The mailbox's name on the wire.
    pub name: MailboxName,
    /// The generation of `uid`.
    pub uidvalidity: UidValidity,
    /// The message there.
    pub uid: Uid,
}

/// A body that is not here yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedBody {
    /// Whose body.
    pub message: MsgId,
    /// Its UID in the mailbox that was asked about.
    pub uid: Uid,
    /// Octets that it should have.
    pub size: u64,
}

/// A message as far as it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its octets; of attachments that are left out only that they are there.
    pub raw: Vec<u8>,
    /// Whether any are left out.
    pub is_hollow: bool,
}

impl Reader {
    /// Opens an existing cache.
    ///
    /// # Errors
    /// No such file, a newer schema, one not made yet ([`Error::Gone`]), a damaged file.
    pub fn open(path: &Path) -> Result<Reader> {
        let conn = open::reading(path)?;
        says::add(&conn)?;
        match migrate::check(&conn, path, migrate::CACHE)? {
            0 => Err(Error::Gone("cache")),
            _ => Ok(Reader { conn }),
        }
    }

    /// Whether there is a cache of the present schema; one of before is brought up to it by
    /// [`Cache::open`](crate::store::Cache::open).
    pub fn is_current(path: &Path) -> bool {
        let version = || migrate::check(&open::reading(path)?, path, migrate::CACHE);
        version().is_ok_and(|found| found == migrate::CACHE.len() as i64)
    }

    /// For whoever only looks: if `error` says that the cache at `path` is damaged, that is noted,
    /// and the next start makes it anew.
    pub fn note_damage(path: &Path, error: &Error) {
        if matches!(error, Error::Corrupt(_)) {
            open::suspect(path);
        }
    }

    /// A handle by which another thread can stop the running query ([`Error::Interrupted`]).
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.conn.get_interrupt_handle()
    }

    /// Several queries that see the same moment.
    pub(super) fn moment(&self) -> Result<Transaction<'_>> {
        // An interrupt may have met the end of the last one.
        if !self.conn.is_autocommit() && self.conn.is_readonly(MAIN_DB)? {
            self.conn.execute_batch("ROLLBACK")?;
        }
        Ok(Transaction::new_unchecked(
            &self.conn,
            TransactionBehavior::Deferred,
        )?)
    }

    /// Everything known of a message but its body; `None` if it is gone.
    pub fn message(&self, id: MsgId) -> Result<Option<MessageRow>> {
        let moment = self.moment()?;
        let row = moment
            .prepare_cached(
                "SELECT message_id, in_reply_to, refs, header_date, from_, sender, reply_to, to_, cc, subject, list_id,
                     maybe_attachments, auth_results, date, size, attachments, has_body, body_error
                 FROM message WHERE id = ?1",
            )?
            .query_row([id.0], |row| {
                let addresses = |at| Ok::<_, rusqlite::Error>(codec::addresses_in(row.get_ref(at)?.as_str()?));
                let ids = |at| Ok::<_, rusqlite::Error>(codec::ids_in(row.get_ref(at)?.as_str()?));
                let envelope = Envelope {
                    message_id: MessageId::new(row.get_ref(0)?.as_str()?),
                    in_reply_to: ids(1)?,
                    references: ids(2)?,
                    date: row.get(3)?,
                    from: addresses(4)?,
                    sender: addresses(5)?.into_iter().next(),
                    reply_to: addresses(6)?,
                    to: addresses(7)?,
                    cc: addresses(8)?,
                    subject: row.get(9)?,
                    list_id: row.get(10)?,
                    maybe_attachments: row.get(11)?,
                    auth_results: row.get(12)?,
                };
                Ok(MessageRow {
                    id,
                    thread: ThreadId(0),
                    envelope,
                    date: row.get(13)?,
                    size: row.get(14)?,
                    places: Vec::new(),
                    attachments: row.get_ref(15)?.as_str_or_null()?.map(codec::attachments_in),
                    has_body: row.get(16)?,
                    body_error: row.get(17)?,
                })
            })
            .optional()?;
        let Some(mut row) = row else { return Ok(None) };
        row.places = places(&moment, id)?;
        match self.thread_of(id)? {
            Some(thread) => row.thread = thread,
            // It lies nowhere any more; only its body is kept for a while.
            None => return Ok(None),
        }
        Ok(Some(row))
    }

    /// The message as the server has it, byte for byte, once all of it was fetched.
    pub fn body(&self, id: MsgId) -> Result<Option<Vec<u8>>> {
        let _moment = self.moment()?;
        match self.is_hollow(id)? {
            true => Ok(None),
            false => self.unpacked(id),
        }
    }

    /// Whether the message is here without what is attached to it.
    pub fn is_hollow(&self, id: MsgId) -> Result<bool> {
        let mut select = self
            .conn
            .prepare_cached("SELECT hollow FROM kept WHERE message = ?1")?;
        let hollow = select.query_row([id.0], |row| row.get(0)).optional()?;
        Ok(hollow.unwrap_or(false))
    }

    /// The message as far as it is here: where it is hollow, with nothing in the place of attachments.
    /// For what is read of it; what goes out is of [`Reader::body`]. Both are of one moment: what takes
    /// an attachment of it must know whether that is there.
    pub fn shown(&self, id: MsgId) -> Result<Option<Shown>> {
        let _moment = self.moment()?;
        let is_hollow = self.is_hollow(id)?;
        Ok(self.unpacked(id)?.map(|raw| Shown { raw, is_hollow }))
    }

    /// The text of a message that is here, as it is searched, with the words of attachments; and its
    /// beginning. Untrusted text.
    pub fn searched(&self, id: MsgId) -> Result<Option<(String, String)>> {
        let _moment = self.moment()?;
        let read = Unpacker::new(&self.conn).read(id.0, Wanted::Text)?;
        let Some((mut text, lengths)) = read else {
            return Ok(None);
        };
        text.truncate(usize::try_from(lengths.text).unwrap_or(usize::MAX));
        let mut select = self
            .conn
            .prepare_cached("SELECT snippet FROM message WHERE id = ?1")?;
        let snippet: Option<Option<String>> =
            select.query_row([id.0], |row| row.get(0)).optional()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Some((text, snippet.flatten().unwrap_or_default())))
    }

    /// Read by several statements: within one moment, or what is packed anew meanwhile is a mixture.
    fn unpacked(&self, id: MsgId) -> Result<Option<Vec<u8>>> {
        let mut unpacker = Unpacker::new(&self.conn);
        if let Some((raw, _)) = unpacker.read(id.0, Wanted::Raw(u64::MAX))? {
            return Ok(Some(raw));
        }
        // As an older program kept it.
        let mut select = self
            .conn
            .prepare_cached("SELECT raw FROM body WHERE message = ?1")?;
        Ok(select.query_row([id.0], |row| row.get(0)).optional()?)
    }

    /// Messages of a mailbox that are here without what is attached to them, the last first; the
    /// bounds are those of [`Reader::bodies_wanted`].
    pub fn hollow_wanted(
        &self,
        mailbox: MailboxId,
        since: i64,
        largest: u64,
        limit: usize,
    ) -> Result<Vec<WantedBody>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.message, l.uid, m.size FROM kept k INDEXED BY kept_hollow
                 JOIN location l ON l.message = k.message JOIN message m ON m.id = k.message
             WHERE k.hollow <> 0 AND l.mailbox = ?1 AND l.date >= ?2 AND l.uid IS NOT NULL
                 AND l.gone = 0 AND m.size <= ?4 AND m.body_error IS NULL
             ORDER BY k.message DESC LIMIT ?3",
        )?;
        let largest = i64::try_from(largest).unwrap_or(i64::MAX);
        let rows = select.query_map(params![mailbox.0, since, limit, largest], wanted_body)?;
        let found: Vec<Option<WantedBody>> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The beginning of a message, so many octets, and how many all of it has; of a message that is
    /// not larger than `small` all. As far as it is here.
    pub fn body_begins(&self, id: MsgId, most: u64, small: u64) -> Result<Option<(Shown, u64)>> {
        let _moment = self.moment()?;
        let mut row = self
            .conn
            .prepare_cached("SELECT raw, hollow FROM kept WHERE message = ?1")?;
        let row = row.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)));
        let (length, is_hollow): (u64, bool) = row.optional()?.unwrap_or_default();
        let shown = |raw| Shown { raw, is_hollow };
        if length > small.max(most) {
            let begins = Unpacker::new(&self.conn).read(id.0, Wanted::Raw(most))?;
            return Ok(begins.map(|(begins, _)| (shown(begins), length)));
        }
        Ok(self.unpacked(id)?.map(|whole| {
            let length = whole.len() as u64;
            (shown(whole), length)
        }))
    }

    /// The thread of a message; `None` if it is gone.
    pub fn thread_of(&self, id: MsgId) -> Result<Option<ThreadId>> {
        let mut select = self
            .conn
            .prepare_cached("SELECT thread FROM location WHERE message = ?1 LIMIT 1")?;
        Ok(select
            .query_row([id.0], |row| row.get(0).map(ThreadId))
            .optional()?)
    }

    /// Where a message lies on servers, places that are shown first. Empty if it is gone, or has
    /// no UID yet.
    pub fn locate(&self, id: MsgId) -> Result<Vec<ServerPlace>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.id, a.name, l.mailbox, b.name, b.uidvalidity, l.uid
             FROM location l JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
             WHERE l.message = ?1 AND l.uid IS NOT NULL AND l.gone = 0 AND b.uidvalidity IS NOT NULL
             ORDER BY l.hidden, l.id",
        )?;
        let rows = select.query_map([id.0], |row| {
            let Some(uid) = codec::uid_in(row.get(5)?) else {
                return Ok(None);
            };
            Ok(Some(ServerPlace {
                location: LocationId(row.get(0)?),
                account: AccountName(row.get(1)?),
                mailbox: MailboxId(row.get(2)?),
                name: MailboxName::new(row.get::<_, Vec<u8>>(3)?),
                uidvalidity: UidValidity(row.get(4)?),
                uid,
            }))
        })?;
        Ok(rows
            .collect::<rusqlite::Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// Messages of an account that carry this Message-ID: more than one, if it was repeated or
    /// forged.
    pub fn find(&self, account: &AccountName, id: &MessageId) -> Result<Vec<MsgId>> {
        let Some(thread) = refs::noted(&self.conn, id.hash64())? else {
            return Ok(Vec::new());
        };
        let mut select = self.conn.prepare_cached(&in_thread_of(
            "m.id",
            "m.message_id = ?2 AND a.name = ?3 ORDER BY m.id",
        ))?;
        let rows = select.query_map(params![thread, id.as_str(), account.as_str()], |row| {
            row.get(0).map(MsgId)
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The date of the oldest message that is needed to have the newest `octets` of a mailbox.
    pub fn date_within(&self, mailbox: MailboxId, octets: u64) -> Result<i64> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.date, m.size FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.hidden = 0 ORDER BY l.date DESC, l.id DESC",
        )?;
        let mut rows = select.query([mailbox.0])?;
        let (mut left, mut date) = (octets, i64::MAX);
        while let Some(row) = rows.next()? {
            let size: u64 = row.get(1)?;
            let Some(rest) = left.checked_sub(size) else {
                return Ok(date);
            };
            (left, date) = (rest, row.get(0)?);
        }
        Ok(i64::MIN)
    }

    /// Bodies that are missing in a mailbox, newest first, of messages not older than `since`
    /// (seconds since 1970) nor larger than `largest` octets, without those that could not be had.
    pub fn bodies_wanted(
        &self,
        mailbox: MailboxId,
        since: i64,
        largest: u64,
        limit: usize,
    ) -> Result<Vec<WantedBody>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.message, l.uid, m.size FROM location l INDEXED BY location_bodyless
                 JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.body = 0 AND l.date >= ?2 AND l.uid IS NOT NULL AND l.gone = 0
                 AND m.size <= ?4
             ORDER BY l.date DESC, l.id DESC LIMIT ?3",
        )?;
        let rows = select.query_map(
            params![
                mailbox.0,
                since,
                limit,
                i64::try_from(largest).unwrap_or(i64::MAX)
            ],
            wanted_body,
        )?;
        Ok(rows
            .collect::<rusqlite::Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect())
    }
}

fn wanted_body(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<WantedBody>> {
    let Some(uid) = codec::uid_in(row.get(1)?) else {
        return Ok(None);
    };
    Ok(Some(WantedBody {
        message: MsgId(row.get(0)?),
        uid,
        size: row.get(2)?,
    }))
}

/// A question about the messages (`m`), with their places (`l`, `b`, `a`), of the thread in which a
/// Message-ID was named; `?1` is that thread, as it was noted ([`refs::noted`]).
pub(super) fn in_thread_of(columns: &str, condition: &str) -> String {
    format!(
        "WITH RECURSIVE thread (id) AS (
             SELECT ?1 UNION SELECT g.into_thread FROM thread_merge g JOIN thread t ON g.thread = t.id)
         SELECT DISTINCT {columns}
         FROM thread t JOIN location l ON l.thread = t.id JOIN message m ON m.id = l.message
             JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
         WHERE {condition}"
    )
}

fn places(conn: &Connection, message: MsgId) -> Result<Vec<Place>> {
    let mut select = conn.prepare_cached(
        "SELECT l.id, l.mailbox, a.name, b.path, l.uid, l.system, l.keywords
         FROM location l JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
         WHERE l.message = ?1 AND l.hidden = 0 ORDER BY l.id",
    )?;
    let rows = select.query_map([message.0], |row| {
        Ok(Place {
            location: LocationId(row.get(0)?),
            mailbox: MailboxId(row.get(1)?),
            account: AccountName(row.get(2)?),
            path: row.get(3)?,
            uid: codec::uid_in(row.get(4)?),
            flags: codec::flags_in(row.get(5)?, row.get_ref(6)?.as_str()?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
