//! The self-check: now and then, when something changed, a few cheap questions whose answers we
//! should know. A server that forgot to tell something, or we who misheard, are found out so.

use crate::lang::tr;
use crate::model::{Flags, MailboxId, Reach, Uid, UidSet, UidValidity};
use crate::net::imap::{Criterion, Selected, Session};
use crate::store::Reader;
use crate::sync::counted::Plain;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::poison::Patience;
use crate::sync::report::Report;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Messages whose flags are compared one by one.
const SAMPLE: usize = 40;
/// A mailbox that is renumbered so often within [`FLAPPING`] is left alone.
const RESETS: usize = 3;
/// The time within which that is too often.
const FLAPPING: Duration = Duration::from_secs(3600);

/// What is remembered of checks while the program runs.
#[derive(Debug, Default)]
pub struct Checks {
    last: BTreeMap<MailboxId, Instant>,
    resets: BTreeMap<MailboxId, Vec<Instant>>,
    /// Where asking for all flags was interrupted: the lowest UID that was asked for.
    flags: BTreeMap<MailboxId, (UidValidity, u32)>,
    /// Of mailboxes without modification sequences: what was told and what was done about it.
    plain: BTreeMap<MailboxId, Plain>,
    /// What this turn has left for messages that end connections.
    pub patience: Patience,
}

impl Checks {
    /// What counts told of a mailbox.
    pub fn plain(&mut self, id: MailboxId) -> &mut Plain {
        self.plain.entry(id).or_default()
    }

    /// Whether a mailbox should be checked after a pull. One that was fetched anew was just seen
    /// whole.
    pub fn is_due(&mut self, id: MailboxId, anew: bool, changed: bool, every: Duration) -> bool {
        if anew {
            self.done(id);
        }
        changed && self.last.get(&id).is_none_or(|t| t.elapsed() >= every)
    }

    /// It was checked.
    pub fn done(&mut self, id: MailboxId) {
        self.last.insert(id, Instant::now());
    }

    /// The lowest UID whose flags were asked for when that was interrupted, if it was.
    pub fn flags_down_to(&self, id: MailboxId, validity: UidValidity) -> Option<u32> {
        let found = self.flags.get(&id).filter(|(v, _)| *v == validity);
        found.map(|(_, uid)| *uid)
    }

    /// Flags were asked for, of messages down to this UID.
    pub fn flags_asked(&mut self, id: MailboxId, validity: UidValidity, down_to: u32) {
        self.flags.insert(id, (validity, down_to));
    }

    /// All flags were asked for.
    pub fn flags_done(&mut self, id: MailboxId) {
        self.flags.remove(&id);
        self.plain(id).flags_done();
    }

    /// Whether the server renumbers a mailbox again and again; then what is here is kept as it is.
    /// A server that says that its UIDs don't last may.
    pub fn is_flapping(&mut self, here: &Here, selected: &Selected, report: &Report) -> bool {
        if selected.uid_not_sticky {
            return false;
        }
        let resets = self.resets.entry(here.id).or_default();
        resets.retain(|t| t.elapsed() < FLAPPING);
        if resets.len() >= RESETS {
            return true;
        }
        resets.push(Instant::now());
        if resets.len() == RESETS {
            report.notice(&tr!(
                "the server renumbers {mailbox} again and again; what is here of it is left as it is for an hour",
                mailbox = here.label
            ));
            return true;
        }
        false
    }
}

/// Whether counts of flags, and the flags of a sample, are the same on both sides.
///
/// # Errors
/// Whatever the session or the cache say.
pub fn agrees(session: &mut Session, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    if here.headers == Reach::All {
        let ours = reader.server_counts(here.id)?;
        let counts = [
            (Criterion::Seen, ours.seen),
            (Criterion::Flagged, ours.flagged),
            (Criterion::Answered, ours.answered),
            (Criterion::Deleted, ours.deleted),
        ];
        for (what, ours) in counts {
            let theirs = match session.count(what) {
                // A server that can't count is not wrong.
                Err(error) if !error.ends_session() => return Ok(true),
                other => other?,
            };
            if theirs != ours {
                tracing::info!(mailbox = %here.label, ?what, ours, theirs, "counts of flags differ");
                return Ok(false);
            }
        }
    }
    sample(session, reader, here)
}

fn sample(session: &mut Session, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    let seed = u64::from(crate::sync::backoff::chance());
    let ours: BTreeMap<Uid, Flags> = reader.sample(here.id, SAMPLE, seed)?.into_iter().collect();
    let asked: UidSet = ours.keys().copied().collect();
    let mut same = true;
    if !asked.is_empty() {
        session.fetch_flags(&asked, None, &mut |item| {
            same &= ours.get(&item.uid).is_none_or(|flags| *flags == item.flags);
            Ok(())
        })?;
    }
    Ok(same)
}
