//! What servers say of messages that are here: changed flags, and messages that vanished.

use crate::model::{Flags, MailboxId, Uid, UidSet, UidValidity};
use crate::store::cache::Cache;
use crate::store::cursor::{self, CursorMove};
use crate::store::error::Result;
use crate::store::locations::{self, Place};
use crate::store::refresh;
use crate::store::tally::Tally;
use rusqlite::{Connection, params};

/// What news of a mailbox came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Messages whose flags are others now.
    pub flags: usize,
    /// Messages that were here and are gone.
    pub vanished: usize,
}

impl Cache {
    /// Takes what a server says of messages that are here, and moves the cursor, in one
    /// transaction.
    ///
    /// `flags` are the server's; what the user changed and the server has not confirmed stays on
    /// top of them. Unknown UIDs are passed over. Bodies of what `vanished` stay for seven days in
    /// case it comes back. Some 50 µs a message: give long lists in pieces, so that others come in
    /// between, and the cursor with the last.
    ///
    /// # Errors
    /// [`super::Error::Generation`] if the mailbox holds UIDs of another UIDVALIDITY.
    pub fn take_changes(
        &mut self,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
        flags: &[(Uid, Flags)],
        vanished: &UidSet,
        cursor: Option<CursorMove>,
    ) -> Result<Changed> {
        self.write(|tx, tally| {
            cursor::believe(tx, mailbox, uidvalidity)?;
            let overlaid = locations::any_overlay(tx)?;
            let mut changed = Changed::default();
            for (uid, flags) in flags {
                if let Some(place) = locations::by_uid(tx, mailbox.0, uid.get())? {
                    changed.flags += usize::from(take_flags(tx, tally, &place, flags, overlaid)?);
                }
            }
            for &(lo, hi) in vanished.ranges() {
                // A server may name four thousand million UIDs: only those that are here are met.
                for uid in held_between(tx, mailbox.0, lo, hi)? {
                    let Some(place) = locations::by_uid(tx, mailbox.0, uid)? else {
                        continue;
                    };
                    changed.vanished += 1;
                    vanish(tx, tally, &place, overlaid)?;
                }
            }
            cursor.map_or(Ok(()), |to| cursor::set(tx, mailbox, to))?;
            Ok(changed)
        })
    }
}

/// Takes the server's flags of one real location; answers whether they were news.
pub(super) fn take_flags(
    conn: &Connection,
    tally: &mut Tally,
    place: &Place,
    flags: &Flags,
    overlaid: bool,
) -> Result<bool> {
    if place.server == *flags && !place.gone {
        return Ok(false);
    }
    let mut after = Place {
        server: flags.clone(),
        gone: false,
        ..place.clone()
    };
    if !overlaid {
        after.shown = flags.clone();
    }
    locations::update(conn, tally, place, &after)?;
    if overlaid {
        refresh::refresh(conn, tally, place.id)?;
    }
    Ok(true)
}

fn vanish(conn: &Connection, tally: &mut Tally, place: &Place, overlaid: bool) -> Result<()> {
    if !overlaid {
        return locations::delete(conn, tally, place, true);
    }
    // An operation may still count on it: the refresh decides.
    let gone = Place {
        gone: true,
        ..place.clone()
    };
    locations::update(conn, tally, place, &gone)?;
    refresh::refresh(conn, tally, place.id)
}

fn held_between(conn: &Connection, mailbox: i64, lo: u32, hi: u32) -> Result<Vec<u32>> {
    let mut select = conn.prepare_cached(
        "SELECT uid FROM location WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 AND gone = 0",
    )?;
    let rows = select.query_map(params![mailbox, lo, hi], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
