//! The short way of a pull: a mailbox that stayed open since it was pulled last is not opened anew.
//!
//! Its news are asked for in one round trip ([`Session::catch_up`]), written, shown, and proved by
//! counting, as in every pull. Whatever is not as simple as that ends here with the answer that the
//! mailbox must be looked at the long way: then nothing that was written needs to be undone, because
//! it was the server's word, and nothing that was dropped is lost, because the cursor has not moved
//! and the server tells it again. That goes for silence, too: who was sent here because of news and
//! hears of none may be talking to a machine that doesn't know them yet.
//!
//! HIGHESTMODSEQ stays where the last SELECT put it: what was told since is told again by the next
//! one, which does no harm, while a number that is too high would hide a change.
//!
//! [`Session::catch_up`]: crate::net::imap::Session::catch_up

use crate::model::{Flags, Reach, Uid, UidSet, UidValidity};
use crate::net::imap::Fresh;
use crate::signal::Topic;
use crate::store::{CursorMove, NewMessage, Priority, Reader};
use crate::sync::brought::Brought;
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::plan::Known;
use std::collections::BTreeMap;

/// New messages that are asked for at once; where there are more, the long way has its windows.
const MOST: u32 = 200;
/// So much may go or change before the long way is better.
const MANY: u64 = 2_000;
/// Removals beyond this many may have to be confirmed.
const REMOVALS: u64 = 100;
/// Messages that one transaction changes.
const JOB: usize = 200;
/// A server that always has more to tell is asked again the long way.
const AGAIN: usize = 4;

/// What a glance brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Headers that are new here.
    pub headers: u64,
    /// Messages that were dropped.
    pub vanished: u64,
    /// Messages whose flags were told.
    pub flags: u64,
}

/// Looks at a mailbox that stayed open. `None`: it has to be opened anew.
///
/// # Errors
/// When the session ends, or the cache can't be read or written.
pub fn look(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    known: &Known,
) -> Result<Option<Glance>, SyncError> {
    let Some(uidvalidity) = session.stays_in(&here.name) else {
        return Ok(None);
    };
    let simple = known.uidvalidity == Some(uidvalidity) && known.uidnext != 0 && known.held > 0;
    let affordable = !kit.usage.is_spent(&kit.account.sync);
    if !simple || here.headers != Reach::All || !affordable {
        return Ok(None);
    }
    let delivery = Delivery::new(&kit.writer);
    let mut look = Look {
        brought: Brought::new(kit, delivery, here.id, uidvalidity),
        kit,
        here,
        uidvalidity,
        done: Glance::default(),
    };
    let mut uidnext = known.uidnext;
    for _ in 0..AGAIN {
        let Some(next) = look.once(session, reader, uidnext)? else {
            return Ok(None);
        };
        uidnext = next;
        // Nothing was left out, and nothing came or went unseen.
        let exists = session.exists();
        if reader.cursor(here.id)?.held == u64::from(exists) {
            session.stay();
            let to = CursorMove {
                uidnext: Some(uidnext),
                highestmodseq: None,
                exists: Some(exists),
            };
            look.brought.finish(Some(to))?;
            return Ok(Some(look.done));
        }
        session.stay();
    }
    tracing::info!(mailbox = %here.label, "counts differ: opening anew");
    Ok(None)
}

struct Look<'a> {
    kit: &'a Kit,
    here: &'a Here,
    uidvalidity: UidValidity,
    brought: Brought<'a>,
    done: Glance,
}

impl Look<'_> {
    /// Takes what is new once; answers the lowest UID that was not given yet, or nothing if there
    /// was no news, or more than is dealt with here.
    fn once(
        &mut self,
        session: &mut Connection,
        reader: &Reader,
        uidnext: u32,
    ) -> Result<Option<u32>, SyncError> {
        // What we moved or filed here ourselves is here under the UID that the server told.
        let ours = reader.uids_between(self.here.id, uidnext, u32::MAX)?;
        let mut flags: BTreeMap<Uid, Flags> = BTreeMap::new();
        let mut rows = BTreeMap::new();
        let mut next = uidnext;
        let brought = &mut self.brought;
        let caught = session.catch_up(uidnext, MOST, &mut |fresh| {
            match fresh {
                Fresh::Header(item) => {
                    next = next.max(item.uid.get().saturating_add(1));
                    flags.remove(&item.uid);
                    if ours.contains(item.uid) {
                        flags.insert(item.uid, item.flags);
                    } else {
                        rows.insert(item.uid, brought.read(*item));
                    }
                }
                Fresh::Flags(item) => {
                    flags.insert(item.uid, item.flags);
                }
            }
            Ok(())
        });
        session.tally();
        let Some(mut gone) = caught? else {
            return Ok(None);
        };
        // A server may name any number of messages that never were here.
        if gone.len() > REMOVALS {
            gone = gone.and(&reader.all_uids(self.here.id)?);
        }
        let silent = rows.is_empty() && flags.is_empty() && gone.is_empty();
        if silent || gone.len() > REMOVALS || flags.len() as u64 > MANY {
            return Ok(None);
        }
        for (uid, told) in &flags {
            if let Some(row) = rows.get_mut(uid) {
                row.flags = told.clone();
            }
        }
        self.done.headers += rows.len() as u64;
        self.done.flags += flags.len() as u64;
        let rows = rows.into_values().collect::<Vec<_>>();
        let flags: Vec<(Uid, Flags)> = flags.into_iter().collect();
        self.write(rows, &flags, gone)?;
        self.kit.changed(Topic::Mailbox(self.here.id));
        self.kit.changed(Topic::Mailboxes);
        Ok(Some(next))
    }

    /// Before what waits of other work: it is little, and somebody may be looking.
    fn write(
        &mut self,
        rows: Vec<NewMessage>,
        flags: &[(Uid, Flags)],
        gone: UidSet,
    ) -> Result<(), SyncError> {
        let (id, validity) = (self.here.id, self.uidvalidity);
        let writer = &self.kit.writer;
        if !rows.is_empty() {
            writer.run(Priority::Urgent, move |cache| {
                cache.ingest(id, validity, &rows, None).map(drop)
            })?;
        }
        for piece in flags.chunks(JOB) {
            let piece = piece.to_vec();
            writer.run(Priority::Urgent, move |cache| {
                let none = UidSet::new();
                cache
                    .take_changes(id, validity, &piece, &none, None)
                    .map(drop)
            })?;
        }
        if !gone.is_empty() {
            let changed = writer.run(Priority::Urgent, move |cache| {
                cache.take_changes(id, validity, &[], &gone, None)
            })?;
            self.done.vanished += changed.vanished as u64;
        }
        Ok(())
    }
}
