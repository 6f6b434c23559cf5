//! Messages without regard to where they lie: their row, their words in the search index, and
//! their end.

use crate::store::codec;
use crate::store::error::Result;
use crate::store::identity;
use crate::store::insert::{self, next_id};
use crate::store::open::now;
use crate::store::packed::{Header, Packed, Text};
use crate::store::subjects;
use crate::store::tally::Tally;
use crate::store::threads;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

/// A day, in seconds.
pub(super) const DAY: i64 = 86_400;

/// The date that a message is sorted by: its own if that is possible, else the server's. A
/// message from tomorrow or from before 1970 would sit at an end of the list for ever.
pub(super) fn sort_date(header: Option<i64>, internal: i64, now: i64) -> i64 {
    let possible = 0..=now.saturating_add(DAY);
    match header {
        Some(date) if possible.contains(&date) => date,
        _ => internal.clamp(0, now.saturating_add(DAY)),
    }
}

/// The date that a message is sorted by, as it was made.
pub(super) fn date(conn: &Connection, message: i64) -> Result<Option<i64>> {
    let mut select = conn.prepare_cached("SELECT date FROM message WHERE id = ?1")?;
    Ok(select.query_row([message], |row| row.get(0)).optional()?)
}

/// INTERNALDATE of a message, where it is known: when the server got it, which no sender can write.
pub(super) fn came_at(conn: &Connection, message: i64) -> Result<Option<i64>> {
    let mut select = conn.prepare_cached("SELECT date + lag FROM message WHERE id = ?1")?;
    Ok(select
        .query_row([message], |row| row.get(0))
        .optional()?
        .flatten())
}

/// Makes a batch's messages. They are in the table after [`Maker::write`].
pub(super) struct Maker<'c> {
    conn: &'c Connection,
    next: i64,
    waiting: Vec<New<'c>>,
    index: CachedStatement<'c>,
}

struct New<'c> {
    id: i64,
    date: i64,
    lag: Option<i64>,
    size: u64,
    header: &'c Header,
}

impl<'c> Maker<'c> {
    pub(super) fn begin(conn: &'c Connection) -> Result<Maker<'c>> {
        let index = conn.prepare_cached(
            "INSERT INTO word (rowid, subject, sender, recipients, body) VALUES (?1, ?2, ?3, ?4, '')",
        )?;
        Ok(Maker {
            conn,
            next: next_id(conn, "message")?,
            waiting: Vec::new(),
            index,
        })
    }

    /// Makes a message that is sorted by `date`. Answers its id.
    pub(super) fn make(&mut self, new: &'c Packed, date: i64) -> i64 {
        let id = self.next;
        self.next += 1;
        let told = new.internal_date != 0;
        self.waiting.push(New {
            id,
            date,
            lag: told.then(|| new.internal_date.saturating_sub(date)),
            size: new.size,
            header: &new.header,
        });
        id
    }

    /// Writes what is not in the table yet.
    pub(super) fn write(&mut self) -> Result<()> {
        insert::rows(
            self.conn,
            "FAIL INTO message (date, size, maybe_attachments, subject, from_, to_, header_date, message_id,
                 in_reply_to, refs, sender, reply_to, cc, list_id, auth_results, lag)",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "",
            &self.waiting,
            &mut |values, new| {
                let header = new.header;
                values.bind(new.date)?;
                values.bind(i64::try_from(new.size).unwrap_or(i64::MAX))?;
                values.bind(header.maybe_attachments)?;
                values.bind(header.get(Text::Subject))?;
                values.bind(header.get(Text::From))?;
                values.bind(header.get(Text::To))?;
                values.bind(header.date)?;
                values.bind(header.get(Text::MessageId))?;
                values.bind(header.get(Text::InReplyTo))?;
                values.bind(header.get(Text::Refs))?;
                values.bind(header.get(Text::Sender))?;
                values.bind(header.get(Text::ReplyTo))?;
                values.bind(header.get(Text::Cc))?;
                values.bind(header.list_id())?;
                values.bind(header.auth_results())?;
                values.bind(new.lag)
            },
        )?;
        insert::check_last(self.conn, self.waiting.last().map(|new| new.id))?;
        self.waiting.clear();
        Ok(())
    }

    /// Indexes a message's header. The last thing in a transaction: FTS5 writes out what it gathered
    /// as soon as another statement needs a savepoint.
    pub(super) fn index(&mut self, id: i64, header: &Header) -> Result<()> {
        self.index.execute(params![
            id,
            header.subject_words(),
            header.get(Text::Senders),
            header.get(Text::Recipients),
        ])?;
        Ok(())
    }
}

/// A message's last location in `mailbox` is gone. With `keep`, a message whose body is here stays
/// as an orphan of that mailbox for a while, to be found again; else nothing of it stays.
pub(super) fn release(
    conn: &Connection,
    tally: &mut Tally,
    message: i64,
    mailbox: i64,
    keep: bool,
) -> Result<()> {
    let lies: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM location WHERE message = ?1)")?
        .query_row([message], |row| row.get(0))?;
    if lies {
        return subjects::lies_on(conn, tally, message);
    }
    if keep {
        let kept = conn
            .prepare_cached(
                "INSERT OR REPLACE INTO orphan (message, mailbox, date, since)
                 SELECT id, ?2, date, ?3 FROM message WHERE id = ?1 AND has_body = 1",
            )?
            .execute(params![message, mailbox, now()])?;
        if kept > 0 {
            return subjects::is_away(conn, tally, message);
        }
    }
    delete(conn, tally, message)
}

/// Removes all that is kept of a message.
pub(super) fn delete(conn: &Connection, tally: &mut Tally, message: i64) -> Result<()> {
    let ids: Option<(String, String, String)> = conn
        .prepare_cached("SELECT message_id, in_reply_to, refs FROM message WHERE id = ?1")?
        .query_row([message], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    if let Some((own, answered, refs)) = ids {
        let named = [own, answered, refs];
        let ids = named.iter().flat_map(|text| codec::ids_in(text));
        let hints = identity::forget(conn, message)?;
        let named: Vec<i64> = ids.map(|id| id.hash64()).chain(hints).collect();
        subjects::forget(conn, tally, message, &named)?;
        threads::forget(conn, tally, &named)?;
    }
    for sql in [
        "DELETE FROM message WHERE id = ?1",
        "DELETE FROM kept WHERE message = ?1",
        "DELETE FROM body WHERE message = ?1",
        "DELETE FROM orphan WHERE message = ?1",
        "DELETE FROM reread WHERE message = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([message])?;
    }
    tally.forget_words(message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_dates_fall_back_to_the_servers() {
        let now = 1_000_000;
        assert_eq!(sort_date(Some(5), 7, now), 5);
        assert_eq!(sort_date(None, 7, now), 7);
        assert_eq!(sort_date(Some(-1), 7, now), 7);
        assert_eq!(sort_date(Some(now + DAY + 1), 7, now), 7);
        assert_eq!(sort_date(Some(now + DAY), 7, now), now + DAY);
        assert_eq!(sort_date(None, i64::MAX, now), now + DAY);
    }
}
