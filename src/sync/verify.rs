//! The whole truth, when somebody asks for it: every UID and every flag on both sides, and whether
//! the bodies that are here are what they were.

use crate::lang::tr;
use crate::mime;
use crate::model::{Flags, MsgId, Reach, Uid, UidSet};
use crate::net::imap::Mode;
use crate::store::{Error, Priority, Reader};
use crate::sync::check::Checks;
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::news::Due;
use crate::sync::pull;
use crate::sync::report::{Meter, Task};
use crate::sync::{mailboxes, push};
use crate::text::Clean;
use std::collections::BTreeMap;

/// Messages whose flags are compared at once.
const WINDOW: u64 = 10_000;

/// What was found in one mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The mailbox's path for people, cleaned.
    pub mailbox: String,
    /// Messages of the server's that were not here.
    pub missing: u64,
    /// Messages here that the server has not.
    pub extra: u64,
    /// Messages whose flags differed.
    pub flags: u64,
    /// Bodies here that are not those of their messages.
    pub damaged: u64,
    /// Whether all of that was put right.
    pub repaired: bool,
    /// Why it could not be compared, in the server's words, not cleaned.
    pub refused: Option<String>,
}

impl Finding {
    /// Whether both sides were the same.
    pub fn is_clean(&self) -> bool {
        self.refused.is_none() && self.missing + self.extra + self.flags + self.damaged == 0
    }
}

/// Compares an account's mailboxes (or the one at `path`) with the server's in full, and with
/// `repair` puts right what differs. What users did and the server has not got yet is sent first.
///
/// # Errors
/// Whatever stopped it.
pub fn account(kit: &Kit, path: Option<&str>, repair: bool) -> Result<Vec<Finding>, SyncError> {
    let reader = kit.reader()?;
    let mut session = kit.dial(Rank::Worker, None)?;
    let (mut local, mut due) = (kit.local()?, Due::default());
    match push::replay(&mut session, kit, &mut local, &mut due, true) {
        // What is put off waits, and says nothing of what can be compared.
        Err(SyncError::Net(error)) if !error.ends_session() => {
            kit.report.notice(Clean::line(&error.to_string()).as_str());
        }
        other => other.map(drop)?,
    }
    mailboxes::list(&mut session, kit, &reader, &mut Checks::default(), true)?;
    let mut findings = Vec::new();
    let wanted = |here: &Here| path.is_none_or(|p| p.eq_ignore_ascii_case(&here.label));
    for here in mailboxes::known(kit, &reader)?.into_iter().filter(wanted) {
        let mut finding = Finding {
            mailbox: here.label.clone(),
            ..Finding::default()
        };
        match one(&mut session, kit, &reader, &here, repair, &mut finding) {
            // One mailbox that can't be opened must not hide the others.
            Err(SyncError::Net(error)) if !error.ends_session() => {
                finding.refused = Some(error.to_string());
            }
            other => other?,
        }
        findings.push(finding);
    }
    session.hang_up();
    Ok(findings)
}

/// Compares one mailbox, and puts it right if that is wanted.
fn one(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    repair: bool,
    finding: &mut Finding,
) -> Result<(), SyncError> {
    compare(session, kit, reader, here, finding)?;
    if repair && !finding.is_clean() {
        mend(session, kit, reader, here)?;
        let mut left = Finding::default();
        compare(session, kit, reader, here, &mut left)?;
        finding.repaired = left.is_clean();
    }
    Ok(())
}

fn compare(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    finding: &mut Finding,
) -> Result<(), SyncError> {
    let selected = session.select(&here.name, Mode::ReadOnly)?;
    let theirs = session.uids()?;
    let ours = match reader.cursor(here.id)?.uidvalidity {
        Some(validity) if validity == selected.uidvalidity => reader.all_uids(here.id)?,
        _ => UidSet::new(),
    };
    finding.extra = ours.minus(&theirs).len();
    // Older messages may be left out on purpose.
    if here.headers == Reach::All {
        finding.missing = theirs.minus(&ours).len();
    }
    let both = ours.and(&theirs);
    let what = tr!("messages of {mailbox} compared", mailbox = here.label);
    let mut meter = Meter::new(&kit.report, Task::Headers, what, 0, both.len());
    for window in both.split(UidSet::LINE, WINDOW) {
        finding.flags += differing(session, reader, here, &window)?;
        session.tally();
        meter.add(window.len());
    }
    finding.damaged = damaged(reader, here)?.len() as u64;
    Ok(())
}

fn differing(
    session: &mut Connection,
    reader: &Reader,
    here: &Here,
    window: &UidSet,
) -> Result<u64, SyncError> {
    let (Some(first), Some(last)) = (window.iter().next(), window.ranges().last()) else {
        return Ok(0);
    };
    let mut ours: BTreeMap<Uid, Flags> = BTreeMap::new();
    reader.flags_between(here.id, first.get(), last.1, &mut |uid, flags| {
        ours.insert(uid, flags);
    })?;
    let mut differ = 0;
    session.fetch_flags(window, None, &mut |item| {
        differ += u64::from(ours.get(&item.uid).is_some_and(|f| *f != item.flags));
        Ok(())
    })?;
    Ok(differ)
}

/// Bodies that name another Message-ID than their message does, or can't be read back.
fn damaged(reader: &Reader, here: &Here) -> Result<Vec<MsgId>, SyncError> {
    let mut damaged = Vec::new();
    for message in reader.with_bodies(here.id)? {
        let Some(row) = reader.message(message)? else {
            continue;
        };
        let shown = match reader.shown(message) {
            Err(Error::Corrupt(_)) => None,
            other => other?,
        };
        let same = shown.is_some_and(|shown| {
            mime::parse::envelope(&shown.raw).message_id == row.envelope.message_id
        });
        if !same {
            damaged.push(message);
        }
    }
    Ok(damaged)
}

fn mend(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
) -> Result<(), SyncError> {
    let id = here.id;
    let bad = damaged(reader, here)?;
    kit.writer.run(Priority::Batch, move |cache| {
        cache.drop_bodies(&bad)?;
        // Without a cursor the pull compares all UIDs and fetches all flags.
        cache.forget_cursor(id)?;
        cache.recount(id)
    })?;
    let mut checks = Checks::default();
    pull::mailbox(session, kit, reader, here, &mut checks, &mut || false)?;
    Ok(())
}
