//! What servers say of messages that are here: changed flags, and messages that vanished.

use crate::model::{Flags, MailboxId, ModSeq, Uid, UidSet};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::locations::{self, Place};
use crate::store::messages;
use crate::store::refresh;
use crate::store::tally::Tally;
use rusqlite::{Connection, params};

impl Cache {
    /// Takes the server's flags; what the user changed and the server has not confirmed stays on
    /// top of them. Unknown UIDs are passed over. Answers how many rows changed.
    pub fn set_flags(
        &mut self,
        mailbox: MailboxId,
        flags: &[(Uid, Flags)],
        modseq: Option<ModSeq>,
    ) -> Result<usize> {
        self.write(|tx, tally| {
            let overlaid = locations::any_overlay(tx)?;
            let mut changed = 0;
            for (uid, flags) in flags {
                if let Some(place) = locations::by_uid(tx, mailbox.0, uid.get())? {
                    changed += usize::from(take_flags(tx, tally, &place, flags, overlaid)?);
                }
            }
            if let Some(modseq) = modseq {
                tx.prepare_cached("UPDATE mailbox SET highestmodseq = ?2 WHERE id = ?1")?
                    .execute(params![
                        mailbox.0,
                        i64::try_from(modseq.0).unwrap_or(i64::MAX)
                    ])?;
            }
            Ok(changed)
        })
    }

    /// Messages are gone from a mailbox. Bodies stay for seven days in case they come back. It is
    /// one transaction (some 50 µs a message): give a long set in pieces, so that others come in
    /// between.
    /// Answers how many there were.
    pub fn vanished(&mut self, mailbox: MailboxId, uids: &UidSet) -> Result<usize> {
        self.write(|tx, tally| {
            let overlaid = locations::any_overlay(tx)?;
            let mut count = 0;
            for &(lo, hi) in uids.ranges() {
                // A server may name four thousand million UIDs: only those that are here are met.
                for uid in held_between(tx, mailbox.0, lo, hi)? {
                    let Some(place) = locations::by_uid(tx, mailbox.0, uid)? else {
                        continue;
                    };
                    count += 1;
                    if overlaid {
                        // An operation may still count on it: the refresh decides.
                        locations::update(
                            tx,
                            tally,
                            &place,
                            &Place {
                                gone: true,
                                ..place.clone()
                            },
                        )?;
                        refresh::refresh(tx, tally, place.id)?;
                    } else {
                        locations::delete(tx, tally, &place, true)?;
                    }
                }
            }
            Ok(count)
        })
    }

    /// Drops bodies kept for messages that vanished more than seven days ago. Answers how many.
    pub fn sweep(&mut self) -> Result<usize> {
        self.sweep_before(super::open::now() - 7 * messages::DAY)
    }

    pub(super) fn sweep_before(&mut self, time: i64) -> Result<usize> {
        self.write(|tx, tally| {
            let old: Vec<i64> = {
                let mut select =
                    tx.prepare_cached("SELECT message FROM orphan WHERE since < ?1 LIMIT 1000")?;
                let rows = select.query_map([time], |row| row.get(0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            for message in &old {
                messages::delete(tx, tally, *message)?;
            }
            Ok(old.len())
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

fn held_between(conn: &Connection, mailbox: i64, lo: u32, hi: u32) -> Result<Vec<u32>> {
    let mut select = conn.prepare_cached(
        "SELECT uid FROM location WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 AND gone = 0",
    )?;
    let rows = select.query_map(params![mailbox, lo, hi], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
