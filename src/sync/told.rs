//! What a server tells of a mailbox's past when it is opened (QRESYNC, RFC 7162 §3.2), and the way
//! of flags into the cache.

use crate::model::{Flags, MailboxId, Uid, UidSet, UidValidity};
use crate::net::imap::{Change, Mode, Resync, Selected, Session};
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::plan::Known;

/// What the server told with SELECT of what changed since the last turn.
#[derive(Debug, Default)]
pub struct Told {
    /// UIDs that were not given when we looked last.
    pub arrived: UidSet,
    /// Messages that are gone, and maybe some that never were here.
    pub vanished: UidSet,
    /// Messages whose flags were told.
    pub flags: u64,
}

/// Ranges beyond this many are a flood: what they say is found by comparing.
const MOST_RANGES: usize = 100_000;

/// Opens the mailbox and hears what changed, if the server keeps a history. Flags are written as
/// they are told: they are the server's whether or not the rest of the turn succeeds.
///
/// # Errors
/// As the session; when the cache is closing.
pub fn select(
    session: &mut Session,
    delivery: &Delivery,
    here: &Here,
    known: &Known,
    told: &mut Told,
) -> Result<Selected, SyncError> {
    let since = known
        .uidvalidity
        .filter(|_| known.uidnext != 0 && known.held > 0);
    let since = since.filter(|_| known.highestmodseq.0 != 0 && session.enabled().qresync);
    let Some(uidvalidity) = since else {
        return Ok(session.select(&here.name, Mode::ReadOnly)?);
    };
    let resync = Resync {
        uidvalidity,
        modseq: known.highestmodseq,
        known: None,
    };
    let mut flags = FlagWriter::new(delivery, here.id, uidvalidity);
    let mut flood = false;
    let mut selected =
        session.select_since(&here.name, Mode::ReadOnly, &resync, &mut |change| {
            match change {
                Change::Flags(item) => {
                    if item.uid.get() >= known.uidnext {
                        told.arrived.insert(item.uid);
                    }
                    flags.add(item.uid, item.flags);
                }
                Change::Vanished(uids) if told.vanished.ranges().len() < MOST_RANGES => {
                    told.vanished = told.vanished.plus(&uids);
                }
                Change::Vanished(_) => flood = true,
            }
            Ok(())
        })?;
    selected.resynced &= !flood;
    // A server that changed its mind about the generation has told nothing of this one.
    if selected.uidvalidity != uidvalidity {
        *told = Told::default();
    }
    told.flags = flags.finish()?;
    Ok(selected)
}

/// Known messages that one transaction changes.
const JOB: usize = 1_000;

/// Hands flags to the cache in jobs of a bounded size.
pub struct FlagWriter<'a> {
    delivery: &'a Delivery,
    mailbox: MailboxId,
    uidvalidity: UidValidity,
    batch: Vec<(Uid, Flags)>,
    told: u64,
    broken: Option<SyncError>,
}

impl<'a> FlagWriter<'a> {
    /// A writer for one mailbox.
    pub fn new(
        delivery: &'a Delivery,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
    ) -> FlagWriter<'a> {
        FlagWriter {
            delivery,
            mailbox,
            uidvalidity,
            batch: Vec::new(),
            told: 0,
            broken: None,
        }
    }

    /// Takes the flags of one message.
    pub fn add(&mut self, uid: Uid, flags: Flags) {
        self.batch.push((uid, flags));
        self.told += 1;
        if self.batch.len() >= JOB {
            self.write();
        }
    }

    fn write(&mut self) {
        let (id, validity) = (self.mailbox, self.uidvalidity);
        let batch = std::mem::take(&mut self.batch);
        let posted = self.delivery.post(move |cache| {
            cache
                .take_changes(id, validity, &batch, &UidSet::new(), None)
                .map(drop)
        });
        if let Err(error) = posted {
            self.broken.get_or_insert(error.into());
        }
    }

    /// Hands the rest over and answers how many there were.
    ///
    /// # Errors
    /// When the cache is closing, or did not take an earlier job.
    pub fn finish(mut self) -> Result<u64, SyncError> {
        if !self.batch.is_empty() {
            self.write();
        }
        self.broken.map_or(Ok(self.told), Err)
    }
}
