//! New messages from a server: rows and the moved cursor in one transaction.

use crate::model::{LocationId, MailboxId, MessageId, MsgId, Uid, UidValidity};
use crate::store::by_subject;
use crate::store::cache::Cache;
use crate::store::cursor::{self, CursorMove};
use crate::store::error::Result;
use crate::store::flags::take_flags;
use crate::store::identity;
use crate::store::joins;
use crate::store::locations::{self, Fresh, Place};
use crate::store::messages;
use crate::store::open::now;
use crate::store::packed::{Header, HeaderPacker, NewMessage, Packed, Text};
use crate::store::reader::in_thread_of;
use crate::store::refresh;
use crate::store::refs;
use crate::store::regroup;
use crate::store::subjects;
use crate::store::tally::Tally;
use crate::store::threads;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Of so many new messages at once it is asked whether they were here before and come back.
const COME_BACK: usize = 100;

/// What a batch brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Messages that were not here before, in the order given.
    pub new: Vec<(Uid, MsgId, LocationId)>,
    /// Messages that had been here already; their flags were updated.
    pub known: usize,
}

impl Cache {
    /// Takes a batch of messages and moves the cursor, in one transaction. Taking the same batch
    /// again changes nothing. A message whose identity is known lies in one more place. Without, one
    /// that was moved here by us without COPYUID, or was here before a UIDVALIDITY change, or was moved
    /// away by us and comes back, is found again by its date, Message-ID and size, and what came back by
    /// INTERNALDATE, too.
    ///
    /// # Errors
    /// [`super::Error::Generation`] if the mailbox holds UIDs of another UIDVALIDITY.
    pub fn ingest(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
        messages: &[NewMessage],
        cursor: Option<CursorMove>,
    ) -> Result<Ingested> {
        let mut packer = HeaderPacker::default();
        let packed: Vec<Packed> = messages.iter().map(|m| packer.pack(m.clone())).collect();
        self.ingest_packed(mailbox, uidvalidity, &packed, cursor)
    }

    /// [`Cache::ingest`] of messages that were made ready elsewhere.
    ///
    /// # Errors
    /// The same.
    pub fn ingest_packed(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
        messages: &[Packed],
        cursor: Option<CursorMove>,
    ) -> Result<Ingested> {
        // After an error it is begun anew.
        let mut vocabulary = std::mem::take(&mut self.vocabulary);
        let ingested = self.write(|tx, tally| {
            cursor::believe(tx, mailbox, uidvalidity)?;
            let mut batch = Batch::begin(tx, mailbox.0, messages)?;
            let mut ingested = Ingested::default();
            for message in messages {
                match batch.take(tally, message)? {
                    Some((id, location)) => {
                        ingested
                            .new
                            .push((message.uid, MsgId(id), LocationId(location)))
                    }
                    None => ingested.known += 1,
                }
            }
            cursor.map_or(Ok(()), |to| cursor::set(tx, mailbox, to))?;
            batch.finish(tally)?;
            let heads = messages
                .iter()
                .flat_map(|message| message.header.all_words());
            vocabulary.learn(tx, heads)?;
            Ok(ingested)
        })?;
        self.vocabulary = vocabulary;
        Ok(ingested)
    }
}

/// What is asked once for a whole batch, and the statements that it needs for every message.
struct Batch<'c> {
    conn: &'c Connection,
    mailbox: i64,
    now: i64,
    overlaid: bool,
    waiting: bool,
    orphans: bool,
    /// Whether any were moved away from here by us.
    left: bool,
    /// No UID above this one is held within the batch's range: they need not be looked for.
    fresh_above: Option<u32>,
    names: identity::Names<'c>,
    messages: messages::Maker<'c>,
    /// Made in this batch and not indexed yet.
    made: Vec<(i64, &'c Header)>,
    /// How many were here all the time, and lay nowhere.
    back: usize,
    threads: threads::Assigner<'c>,
    rules: joins::Rules,
    /// Identifiers that were named before it was known that they are below a cut.
    recut: Vec<i64>,
    locations: locations::Adder<'c>,
}

impl<'c> Batch<'c> {
    fn begin(conn: &'c Connection, mailbox: i64, new: &'c [Packed]) -> Result<Batch<'c>> {
        let orphans = conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM orphan WHERE mailbox = ?1)")?
            .query_row([mailbox], |row| row.get(0))?;
        let waiting = !locations::waiting(conn, mailbox)?.is_empty();
        let left = new.len() <= COME_BACK
            && conn
                .prepare_cached("SELECT 1 FROM alias WHERE mailbox = ?1 LIMIT 1")?
                .exists([mailbox])?;
        let uids = || new.iter().map(|message| message.uid.get());
        let held: bool = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM location WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3)",
            )?
            .query_row(params![mailbox, uids().min(), uids().max()], |row| {
                row.get(0)
            })?;
        Ok(Batch {
            conn,
            mailbox,
            now: now(),
            overlaid: locations::any_overlay(conn)?,
            waiting,
            orphans,
            left,
            fresh_above: (!held).then_some(0),
            names: identity::Names::of(conn, mailbox)?,
            messages: messages::Maker::begin(conn)?,
            made: Vec::with_capacity(new.len()),
            back: 0,
            threads: threads::Assigner::new(conn),
            rules: joins::Rules::load(conn)?,
            recut: Vec::new(),
            locations: locations::Adder::new(conn, mailbox),
        })
    }

    /// The place of this UID, if it is here already.
    fn held(&mut self, uid: u32) -> Result<Option<Place>> {
        match self.fresh_above {
            Some(above) if uid > above => {
                self.fresh_above = Some(uid);
                return Ok(None);
            }
            _ if self.locations.has(uid) => self.write()?,
            _ => {}
        }
        locations::by_uid(self.conn, self.mailbox, uid)
    }

    /// The message that the server names so, if its header agrees.
    fn named(&mut self, name: &str, header: &Header) -> Result<Option<i64>> {
        let Some(message) = self.names.find(name)? else {
            return Ok(None);
        };
        // It may be one of this batch.
        self.write()?;
        Ok(identity::is_alike(self.conn, message, header)?.then_some(message))
    }

    /// Puts all rows made so far into their tables, for whoever reads or changes them there.
    fn write(&mut self) -> Result<()> {
        self.messages.write()?;
        self.locations.write()?;
        self.threads.forget();
        Ok(())
    }

    /// Takes one message; answers its row and location if it is new here.
    fn take(&mut self, tally: &mut Tally, new: &'c Packed) -> Result<Option<(i64, i64)>> {
        if let Some(place) = self.held(new.uid.get())? {
            // What is laid over it may make locations of its own.
            self.write()?;
            take_flags(self.conn, tally, &place, &new.flags, self.overlaid)?;
            return Ok(None);
        }
        let identity = identity::usable(new.identity.as_ref());
        let named = match identity {
            Some(name) => self.named(name, &new.header)?,
            None => None,
        };
        let date = messages::sort_date(new.header.date, new.internal_date, self.now);
        if self.waiting {
            self.write()?;
            if self.arrived(tally, new, date, named)? {
                return Ok(None);
            }
        }
        let hint = identity::usable(new.thread_hint.as_ref()).map(|hint| self.names.hint(hint));
        let back = match (named, identity) {
            // Where the server names messages, another name is another message.
            (None, None) => self.back(new, date)?,
            (named, _) => named,
        };
        let known = match back {
            Some(message) => self.lies(message)?,
            None => None,
        };
        let (message, thread, date, body) = match known {
            Some(known) => known,
            None => {
                let (message, body) = self.unplaced(new, date, named)?;
                let date = match named {
                    Some(message) => date_of(self.conn, message)?,
                    None => date,
                };
                let threads = &mut self.threads;
                let ruled = self.rules.of(&new.header);
                if let Some(joins) = &ruled {
                    self.recut.extend(self.rules.note(self.conn, tally, joins)?);
                }
                let locations = &mut self.locations;
                let mut places = || locations.write();
                let (hashes, hint) = match &ruled {
                    Some(joins) => (&joins.hashes, hint.filter(|_| joins.hinted)),
                    None => (&new.header.hashes, hint),
                };
                let thread = threads.assign(tally, message, hashes, hint, &mut places)?;
                (message, thread, date, body)
            }
        };
        if let (Some(name), None) = (identity, named) {
            self.names.note(name, message, hint)?;
        }
        let fresh = Fresh {
            message,
            thread,
            date: locations::stands_at(&new.flags, date),
            uid: new.uid.get(),
            flags: &new.flags,
            body,
        };
        Ok(Some((message, self.locations.add(tally, fresh)?)))
    }

    /// The message that we moved away from here and that somebody else put back: it may be gone from
    /// where it was only a moment later. All but one of what they have in common a sender writes; when the
    /// server got it nobody does, and moving it leaves that as it is (RFC 9051 §6.4.7).
    fn back(&self, new: &Packed, date: i64) -> Result<Option<i64>> {
        let id = MessageId::new(new.header.get(Text::MessageId));
        let Some(id) = id.filter(|_| self.left) else {
            return Ok(None);
        };
        let Some(thread) = refs::noted(self.conn, id.hash64())? else {
            return Ok(None);
        };
        let mut select = self.conn.prepare_cached(&in_thread_of(
            "m.id",
            "m.message_id = ?2 AND m.date = ?3 AND l.mailbox <> ?4 AND l.root IS NULL
             AND EXISTS (SELECT 1 FROM alias x WHERE x.location = l.id AND x.mailbox = ?4)",
        ))?;
        let values = params![thread, id.as_str(), date, self.mailbox];
        let found = select.query_map(values, |row| row.get(0))?;
        let found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
        match found[..] {
            [only]
                if is_same(self.conn, only, new)?
                    && came_together(self.conn, only, new)? == Some(true) =>
            {
                Ok(Some(only))
            }
            _ => Ok(None),
        }
    }

    /// Thread, date and body state of a message that lies somewhere already.
    fn lies(&self, message: i64) -> Result<Option<(i64, i64, i64, i64)>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.message, l.thread, m.date, l.body FROM location l JOIN message m ON m.id = l.message
             WHERE l.message = ?1 LIMIT 1",
        )?;
        let found = select.query_row([message], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        Ok(found.optional()?)
    }

    /// The row and body state of a message that lies nowhere: one whose body was kept, or a new one.
    fn unplaced(&mut self, new: &'c Packed, date: i64, named: Option<i64>) -> Result<(i64, i64)> {
        let kept = match named {
            Some(message) => Some(message),
            None if self.orphans => self.orphan(new, date)?,
            None => None,
        };
        if let Some(message) = kept {
            self.conn
                .prepare_cached("DELETE FROM orphan WHERE message = ?1")?
                .execute([message])?;
            subjects::is_back(self.conn, message)?;
            self.back += 1;
            return Ok((message, 1));
        }
        let id = self.messages.make(new, date);
        self.made.push((id, &new.header));
        Ok((id, 0))
    }

    /// What is done once for all messages of the batch.
    fn finish(mut self, tally: &mut Tally) -> Result<()> {
        self.write()?;
        match self.made.len() + self.back {
            0 => {}
            new => by_subject::keep_up(self.conn, tally, new)?,
        }
        tally.indexed += self.made.len();
        for (id, header) in self.made {
            self.messages.index(id, header)?;
        }
        match self.recut.is_empty() {
            true => Ok(()),
            false => regroup::regroup_named(self.conn, tally, &self.recut),
        }
    }

    /// Whether this is a message that we moved here and that waits for its UID.
    fn arrived(
        &mut self,
        tally: &mut Tally,
        new: &Packed,
        date: i64,
        named: Option<i64>,
    ) -> Result<bool> {
        let conn = self.conn;
        for place in locations::waiting(conn, self.mailbox)? {
            let is_it = named == Some(place.message)
                || (date_of(conn, place.message)? == date && is_same(conn, place.message, new)?);
            if is_it {
                let after = Place {
                    uid: Some(i64::from(new.uid.get())),
                    server: new.flags.clone(),
                    ..place.clone()
                };
                locations::update(conn, tally, &place, &after)?;
                refresh::refresh(conn, tally, place.id)?;
                self.waiting = !locations::waiting(conn, self.mailbox)?.is_empty();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A message that lay in this mailbox before, whose body was kept.
    fn orphan(&mut self, new: &Packed, date: i64) -> Result<Option<i64>> {
        let conn = self.conn;
        let candidates: Vec<i64> = {
            let mut select = conn.prepare_cached(
                "SELECT message FROM orphan WHERE mailbox = ?1 AND date = ?2 ORDER BY message",
            )?;
            let rows = select.query_map([self.mailbox, date], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for message in candidates {
            if is_same(conn, message, new)? && came_together(conn, message, new)? != Some(false) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }
}

/// Whether the server got a message that is here when it got the new one; `None` where that is not known.
fn came_together(conn: &Connection, message: i64, new: &Packed) -> Result<Option<bool>> {
    let here = messages::came_at(conn, message)?.filter(|_| new.internal_date != 0);
    Ok(here.map(|at| at == new.internal_date))
}

fn date_of(conn: &Connection, message: i64) -> Result<i64> {
    Ok(messages::date(conn, message)?.unwrap_or(0))
}

/// Whether a message that is here looks like the new one: Message-ID and size, beside the date that
/// the caller compared. Good enough to find one again that was here, never to merge two.
fn is_same(conn: &Connection, message: i64, new: &Packed) -> Result<bool> {
    let (id, size, subject): (String, i64, String) = conn
        .prepare_cached("SELECT message_id, size, subject FROM message WHERE id = ?1")?
        .query_row([message], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(id == new.header.get(Text::MessageId)
        && u64::try_from(size) == Ok(new.size)
        && subject == new.header.get(Text::Subject))
}
