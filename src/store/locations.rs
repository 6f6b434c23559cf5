//! Rows of `location`, with the counts and the messages that hang on them.

use crate::model::{Flags, System, mark};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::insert::{self, next_id};
use crate::store::messages;
use crate::store::open::now;
use crate::store::tally::{Shown, Tally};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) id: i64,
    pub(super) mailbox: i64,
    pub(super) message: i64,
    pub(super) thread: i64,
    pub(super) date: i64,
    pub(super) uid: Option<i64>,
    pub(super) root: Option<i64>,
    pub(super) op: Option<i64>,
    pub(super) server: Flags,
    pub(super) shown: Flags,
    pub(super) hidden: bool,
    pub(super) gone: bool,
    pub(super) body: i64,
}

const COLUMNS: &str =
    "id, mailbox, message, thread, date, uid, root, op, server_system, server_keywords,
    system, keywords, hidden, gone, body";

fn read(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        id: row.get(0)?,
        mailbox: row.get(1)?,
        message: row.get(2)?,
        thread: row.get(3)?,
        date: row.get(4)?,
        uid: row.get(5)?,
        root: row.get(6)?,
        op: row.get(7)?,
        server: codec::flags_in(row.get(8)?, row.get_ref(9)?.as_str()?),
        shown: codec::flags_in(row.get(10)?, row.get_ref(11)?.as_str()?),
        hidden: row.get(12)?,
        gone: row.get(13)?,
        body: row.get(14)?,
    })
}

impl Place {
    /// How it counts; `None` while it is hidden.
    fn counts(&self) -> Option<Shown> {
        let unread = !self.shown.system.has(System::SEEN);
        (!self.hidden).then_some(Shown {
            mailbox: self.mailbox,
            thread: self.thread,
            location: self.id,
            date: self.date,
            unread,
            flagged: self.shown.system.has(System::FLAGGED),
        })
    }

    /// Counts it where it was not before.
    fn count(&self, tally: &mut Tally) {
        if let Some(shown) = self.counts() {
            tally.appears(shown);
        }
        if let Some(flags) = self.told() {
            tally.told(self.mailbox, flags, 1);
        }
    }

    /// The flags that the server told, if it has the message here.
    fn told(&self) -> Option<System> {
        (self.uid.is_some() && !self.gone).then_some(self.server.system)
    }
}

/// Whether any operation is laid over the cache: without one, much can be skipped.
pub(super) fn any_overlay(conn: &Connection) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM overlay)")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn by_id(conn: &Connection, id: i64) -> Result<Option<Place>> {
    one(conn, "id = ?1 AND ?2 = 0", id, 0)
}

pub(super) fn by_uid(conn: &Connection, mailbox: i64, uid: u32) -> Result<Option<Place>> {
    one(conn, "mailbox = ?1 AND uid = ?2", mailbox, i64::from(uid))
}

/// The pending location that `op` made of `root`.
pub(super) fn child(conn: &Connection, root: i64, op: i64) -> Result<Option<Place>> {
    one(conn, "root = ?1 AND op = ?2", root, op)
}

fn one(conn: &Connection, condition: &str, a: i64, b: i64) -> Result<Option<Place>> {
    let sql = format!("SELECT {COLUMNS} FROM location WHERE {condition}");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([a, b], read)
        .optional()?)
}

/// The pending locations of a root.
pub(super) fn children(conn: &Connection, root: i64) -> Result<Vec<Place>> {
    many(conn, "root = ?1", root)
}

/// Every place of a message.
pub(super) fn of_message(conn: &Connection, message: i64) -> Result<Vec<Place>> {
    many(conn, "message = ?1", message)
}

/// Locations in a mailbox that were moved there and have no UID yet.
pub(super) fn waiting(conn: &Connection, mailbox: i64) -> Result<Vec<Place>> {
    many(
        conn,
        "mailbox = ?1 AND uid IS NULL AND root IS NULL",
        mailbox,
    )
}

/// Every location in a mailbox.
pub(super) fn in_mailbox(conn: &Connection, mailbox: i64) -> Result<Vec<i64>> {
    // Real ones by their index, the few others by theirs or through their roots.
    let mut select = conn.prepare_cached(
        "SELECT id FROM location WHERE mailbox = ?1 AND uid IS NOT NULL
         UNION ALL SELECT id FROM location WHERE mailbox = ?1 AND uid IS NULL AND root IS NULL
         UNION ALL SELECT id FROM location WHERE root IS NOT NULL AND mailbox = ?1",
    )?;
    let ids = select.query_map([mailbox], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Some of the locations that fit, `?1` in the condition being `a`.
pub(super) fn some(conn: &Connection, condition: &str, a: i64, most: usize) -> Result<Vec<i64>> {
    let sql = format!("SELECT id FROM location WHERE {condition} LIMIT ?2");
    let mut select = conn.prepare_cached(&sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let ids = select.query_map([a, most], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn many(conn: &Connection, condition: &str, a: i64) -> Result<Vec<Place>> {
    let sql = format!("SELECT {COLUMNS} FROM location WHERE {condition} ORDER BY id");
    let mut select = conn.prepare_cached(&sql)?;
    let places = select.query_map([a], read)?;
    Ok(places.collect::<rusqlite::Result<_>>()?)
}

/// Where a message stands among others in lists: at its date, or where it came back from being put
/// off, at that time.
pub(super) fn stands_at(flags: &Flags, date: i64) -> i64 {
    match mark::latest(mark::SNOOZED, flags) {
        Some(back) if back <= now() => date.max(back),
        _ => date,
    }
}

/// Whether these flags have a keyword of ours (`model/mark.rs`), for the index of those places.
fn is_marked(flags: &Flags) -> bool {
    flags.keywords.iter().any(|keyword| mark::is_ours(keyword))
}

/// The date of a place as it is shown: that of its message unless it was put off.
fn restood(conn: &Connection, before: &Place, after: &Place) -> Result<i64> {
    let put_off = |place: &Place| mark::latest(mark::SNOOZED, &place.shown).is_some();
    if !put_off(before) && !put_off(after) {
        return Ok(after.date);
    }
    let date = messages::date(conn, after.message)?;
    Ok(stands_at(&after.shown, date.unwrap_or(after.date)))
}

/// Adds a location and gives it its `id`.
pub(super) fn add(conn: &Connection, tally: &mut Tally, place: &mut Place) -> Result<()> {
    place.date = restood(conn, place, place)?;
    conn.prepare_cached(
        "INSERT INTO location (mailbox, message, thread, date, uid, root, op, server_system, server_keywords,
             system, keywords, marked, hidden, gone, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        place.mailbox,
        place.message,
        place.thread,
        place.date,
        place.uid,
        place.root,
        place.op,
        place.server.system.0,
        codec::keywords_out(&place.server.keywords),
        place.shown.system.0,
        codec::keywords_out(&place.shown.keywords),
        is_marked(&place.shown),
        place.hidden,
        place.gone,
        place.body,
    ])?;
    place.id = conn.last_insert_rowid();
    place.count(tally);
    Ok(())
}

/// A location that the server told just now, shown as it told it.
#[derive(Debug)]
pub(super) struct Fresh<'c> {
    pub(super) message: i64,
    pub(super) thread: i64,
    pub(super) date: i64,
    pub(super) uid: u32,
    pub(super) flags: &'c Flags,
    pub(super) body: i64,
}

/// Adds a batch's locations to a mailbox. They are in the table after [`Adder::write`].
pub(super) struct Adder<'c> {
    conn: &'c Connection,
    mailbox: i64,
    next: i64,
    waiting: Vec<(i64, Fresh<'c>)>,
}

impl<'c> Adder<'c> {
    pub(super) fn new(conn: &'c Connection, mailbox: i64) -> Adder<'c> {
        Adder {
            conn,
            mailbox,
            next: 0,
            waiting: Vec::new(),
        }
    }

    /// Adds a location. Answers its id.
    /// Nobody else may add one before it is in the table.
    pub(super) fn add(&mut self, tally: &mut Tally, fresh: Fresh<'c>) -> Result<i64> {
        if self.waiting.is_empty() {
            self.next = next_id(self.conn, "location")?;
        }
        let id = self.next;
        self.next += 1;
        let system = fresh.flags.system;
        tally.appears(Shown {
            mailbox: self.mailbox,
            thread: fresh.thread,
            location: id,
            date: fresh.date,
            unread: !system.has(System::SEEN),
            flagged: system.has(System::FLAGGED),
        });
        tally.told(self.mailbox, system, 1);
        self.waiting.push((id, fresh));
        Ok(id)
    }

    /// Whether a UID is among those that are not in the table yet.
    pub(super) fn has(&self, uid: u32) -> bool {
        self.waiting.iter().any(|(_, fresh)| fresh.uid == uid)
    }

    /// Writes what is not in the table yet.
    pub(super) fn write(&mut self) -> Result<()> {
        let mailbox = self.mailbox;
        insert::rows(
            self.conn,
            "FAIL INTO location (mailbox, message, thread, date, uid, server_system, server_keywords, system, keywords, marked, body)",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "",
            &self.waiting,
            &mut |values, (_, fresh)| {
                let keywords = codec::keywords_out(&fresh.flags.keywords);
                let system = fresh.flags.system.0;
                values.bind(mailbox)?;
                values.bind(fresh.message)?;
                values.bind(fresh.thread)?;
                values.bind(fresh.date)?;
                values.bind(fresh.uid)?;
                values.bind(system)?;
                values.bind(&keywords)?;
                values.bind(system)?;
                values.bind(&keywords)?;
                values.bind(is_marked(fresh.flags))?;
                values.bind(fresh.body)
            },
        )?;
        insert::check_last(self.conn, self.waiting.last().map(|(id, _)| *id))?;
        self.waiting.clear();
        Ok(())
    }
}

/// Writes what differs between a row as it was read and as it should be.
pub(super) fn update(
    conn: &Connection,
    tally: &mut Tally,
    before: &Place,
    after: &Place,
) -> Result<()> {
    let date = restood(conn, before, after)?;
    let moved;
    let after = match date == after.date {
        true => after,
        false => {
            moved = Place {
                date,
                ..after.clone()
            };
            &moved
        }
    };
    if before.server != after.server || before.shown != after.shown {
        conn.prepare_cached(
            "UPDATE location SET server_system = ?2, server_keywords = ?3, system = ?4, keywords = ?5, marked = ?6 WHERE id = ?1",
        )?
        .execute(params![
            before.id,
            after.server.system.0,
            codec::keywords_out(&after.server.keywords),
            after.shown.system.0,
            codec::keywords_out(&after.shown.keywords),
            is_marked(&after.shown),
        ])?;
    }
    let where_it_is = |p: &Place| (p.uid, p.root, p.op, p.hidden, p.gone);
    if where_it_is(before) != where_it_is(after) {
        conn.prepare_cached("UPDATE location SET uid = ?2, root = ?3, op = ?4, hidden = ?5, gone = ?6 WHERE id = ?1")?
            .execute(params![before.id, after.uid, after.root, after.op, after.hidden, after.gone])?;
    }
    let what_it_is = |p: &Place| (p.message, p.thread, p.date, p.body);
    if what_it_is(before) != what_it_is(after) {
        conn.prepare_cached(
            "UPDATE location SET message = ?2, thread = ?3, date = ?4, body = ?5 WHERE id = ?1",
        )?
        .execute(params![
            before.id,
            after.message,
            after.thread,
            after.date,
            after.body
        ])?;
    }
    if before.told() != after.told() {
        for (told, by) in [(before.told(), -1), (after.told(), 1)] {
            told.into_iter()
                .for_each(|flags| tally.told(before.mailbox, flags, by));
        }
    }
    let changed = before.counts() != after.counts()
        || before.date != after.date
        || before.shown.system != after.shown.system;
    if changed {
        before
            .counts()
            .into_iter()
            .for_each(|shown| tally.disappears(shown));
        after
            .counts()
            .into_iter()
            .for_each(|shown| tally.appears(shown));
    }
    Ok(())
}

/// Removes a location alone, then its message if it was the last; see [`messages::release`].
pub(super) fn delete(
    conn: &Connection,
    tally: &mut Tally,
    place: &Place,
    keep: bool,
) -> Result<()> {
    conn.prepare_cached("DELETE FROM location WHERE id = ?1")?
        .execute([place.id])?;
    conn.prepare_cached("DELETE FROM alias WHERE location = ?1")?
        .execute([place.id])?;
    if let Some(shown) = place.counts() {
        tally.disappears(shown);
    }
    if let Some(flags) = place.told() {
        tally.told(place.mailbox, flags, -1);
    }
    messages::release(conn, tally, place.message, place.mailbox, keep)
}

/// Removes a real or waiting location with everything that operations made of it.
pub(super) fn delete_root(
    conn: &Connection,
    tally: &mut Tally,
    root: &Place,
    keep: bool,
) -> Result<()> {
    for child in children(conn, root.id)? {
        delete(conn, tally, &child, keep)?;
    }
    conn.prepare_cached("DELETE FROM overlay WHERE location = ?1")?
        .execute([root.id])?;
    delete(conn, tally, root, keep)
}
