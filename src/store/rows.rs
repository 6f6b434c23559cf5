//! Rows of lists, read by their location.

use crate::model::view::{IndexRow, PageKey};
use crate::model::{LocationId, MailboxId, MsgId, System, ThreadId};
use crate::store::codec;
use crate::store::error::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// The row of one location in a flat list; `None` if it is gone.
pub(super) fn flat(conn: &Connection, location: i64) -> Result<Option<IndexRow>> {
    let mut select = conn.prepare_cached(
        "SELECT l.mailbox, l.uid, l.thread, l.date, l.system, l.keywords, m.id, m.attachments, m.subject, m.from_,
             m.to_, m.snippet
         FROM location l JOIN message m ON m.id = l.message WHERE l.id = ?1",
    )?;
    let row = select.query_row([location], |row| {
        let flags = codec::flags_in(row.get(4)?, row.get_ref(5)?.as_str()?);
        let date = row.get(3)?;
        Ok(IndexRow {
            key: PageKey { date, id: location },
            message: MsgId(row.get(6)?),
            location: LocationId(location),
            mailbox: MailboxId(row.get(0)?),
            uid: codec::uid_in(row.get(1)?),
            thread: ThreadId(row.get(2)?),
            count: 1,
            unread: u32::from(!flags.system.has(System::SEEN)),
            date,
            attachments: row.get_ref(7)?.as_str_or_null()?.map(|json| json != "[]"),
            subject: row.get(8)?,
            from: codec::addresses_in(row.get_ref(9)?.as_str()?),
            to: codec::addresses_in(row.get_ref(10)?.as_str()?),
            flags,
            snippet: row.get(11)?,
            depth: 0,
        })
    });
    Ok(row.optional()?)
}

/// What a threaded list adds to the row of a thread's newest message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) date: i64,
    pub(super) count: i64,
    pub(super) unread: i64,
    pub(super) flagged: bool,
    pub(super) location: i64,
}

/// The sums of a thread over some mailboxes; a count of zero if it is in none of them.
pub(super) fn sums(conn: &Connection, mailboxes: &[i64], thread: i64) -> Result<Sums> {
    let mut select = conn.prepare_cached(
        "SELECT date, count, unread, flagged, location FROM thread_row WHERE mailbox = ?1 AND thread = ?2",
    )?;
    let mut sums = Sums::default();
    for mailbox in mailboxes {
        let row = select.query_row([*mailbox, thread], |row| {
            Ok(Sums {
                date: row.get(0)?,
                count: row.get(1)?,
                unread: row.get(2)?,
                flagged: row.get(3)?,
                location: row.get(4)?,
            })
        });
        let Some(row) = row.optional()? else { continue };
        if sums.count == 0 || row.date > sums.date {
            (sums.date, sums.location) = (row.date, row.location);
        }
        sums.count += row.count;
        sums.unread += row.unread;
        sums.flagged |= row.flagged;
    }
    Ok(sums)
}

/// The row of a thread in a threaded list; `None` if it is in none of these mailboxes.
pub(super) fn threaded(
    conn: &Connection,
    mailboxes: &[i64],
    thread: i64,
) -> Result<Option<IndexRow>> {
    let sums = sums(conn, mailboxes, thread)?;
    if sums.count == 0 {
        return Ok(None);
    }
    let Some(mut row) = flat(conn, sums.location)? else {
        return Ok(None);
    };
    row.key = PageKey {
        date: sums.date,
        id: thread,
    };
    row.count = u32::try_from(sums.count).unwrap_or(u32::MAX);
    row.unread = u32::try_from(sums.unread).unwrap_or(u32::MAX);
    if sums.flagged {
        row.flags.system = row.flags.system | System::FLAGGED;
    }
    Ok(Some(row))
}
