//! Which mailboxes there are: from LIST into the cache, and in which order they are looked at.

use crate::model::{MailboxName, Reach, Role, UidValidity};
use crate::net::imap::{Listed, Status};
use crate::signal::Topic;
use crate::store::{Contents, Local, Mailbox, MailboxInfo, Priority, Reader};
use crate::sync::check::Checks;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::{counted, proof, pull};
use crate::text::{Clean, when};
use std::collections::{BTreeMap, BTreeSet};

/// Mailboxes that a list doesn't name and that are asked after one by one.
const ASKED: usize = 20;

/// What a list says.
#[derive(Debug, Default)]
pub struct Listing {
    /// What may have changed.
    pub due: BTreeSet<MailboxName>,
    /// Whether a mailbox that was here isn't named: only a second list takes it away.
    pub doubt: bool,
    /// Whether a mailbox was dropped: what was in it is still to be swept out.
    pub dropped: bool,
}

/// Lists the server's mailboxes into the cache and answers which may have changed: all, if the server
/// is not to be asked for `counts`.
///
/// # Errors
/// Whatever the session or the cache say.
pub fn list(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    checks: &mut Checks,
    counts: bool,
) -> Result<Listing, SyncError> {
    if session.selected().is_some() {
        session.leave()?;
        session.take_unsolicited();
    }
    let policy = &kit.account.sync;
    let mut listed = match counts {
        true => session.list()?,
        false => session.list_names()?,
    };
    let known = reader.mailboxes_of(&kit.account.name)?;
    let denied = denied(session, kit, &known, &listed)?;
    listed.retain(|l| !policy.leaves_out(&l.path));
    // What is in a mailbox tells which one was renamed; a first list is shown before that is asked.
    let count = |session: &mut Connection| match counts {
        true => statuses(session, &listed),
        false => Ok(BTreeMap::new()),
    };
    let told = match known.is_empty() {
        false => Some(count(session)?),
        true => None,
    };
    let status_of = |l: &Listed| told.as_ref().and_then(|told| told.get(&l.name)?.as_ref());
    let mut infos: Vec<MailboxInfo> = listed.iter().map(|l| info(l, status_of(l))).collect();
    proof::of_renames(session, kit, reader, &mut infos)?;
    let account = kit.account.name.clone();
    let changes = kit.writer.run(Priority::Batch, move |cache| {
        cache.set_mailboxes(&account, &infos, when::now(), &denied)
    })?;
    session.tally();
    kit.changed(Topic::Mailboxes);
    let mut status = match told {
        Some(told) => told,
        None => count(session)?,
    };
    let mut due = BTreeSet::new();
    for record in reader.mailboxes_of(&kit.account.name)? {
        let here = here(kit, &record);
        let there = listed.iter().any(|l| l.name == record.name);
        let same = match status.remove(&record.name).flatten() {
            Some(status) => is_same(kit, reader, checks, &here, &status)?,
            None => false,
        };
        if record.selectable && there && !same {
            due.insert(record.name);
        }
    }
    Ok(Listing {
        due,
        doubt: !changes.missing.is_empty(),
        dropped: !changes.gone.is_empty(),
    })
}

/// Whether a mailbox is as it was when it was looked at last, by what the server counts in it.
fn is_same(
    kit: &Kit,
    reader: &Reader,
    checks: &mut Checks,
    here: &Here,
    status: &Status,
) -> Result<bool, SyncError> {
    let known = pull::known(reader, here)?;
    let counts = reader.server_counts(here.id)?;
    let unread = counts.all.checked_sub(counts.seen);
    let unread = unread.filter(|_| here.headers == Reach::All);
    let plain = checks.plain(here.id);
    let quiet = plain.is_quiet(status, unread, kit.rhythm.check);
    let attended = kit.attended() == Some(here.id);
    Ok(counted::is_unchanged(&known, status)
        || (quiet && !attended && counted::is_counted(&known, status)))
}

/// Mailboxes that are here, that the list doesn't name, and that the server says it doesn't have
/// when it is asked for each; and those that the user leaves out now.
fn denied(
    session: &mut Connection,
    kit: &Kit,
    known: &[Mailbox],
    listed: &[Listed],
) -> Result<Vec<MailboxName>, SyncError> {
    let mut denied = Vec::new();
    let mut asked = 0;
    for mailbox in known.iter().filter(|mailbox| mailbox.made) {
        if kit.account.sync.leaves_out(&mailbox.path) {
            denied.push(mailbox.name.clone());
        } else if asked < ASKED && listed.iter().all(|l| l.name != mailbox.name) {
            asked += 1;
            match session.status(&mailbox.name) {
                Err(error) if error.no_such_mailbox() => denied.push(mailbox.name.clone()),
                Err(error) if error.ends_session() => return Err(error.into()),
                _ => {}
            }
        }
    }
    Ok(denied)
}

/// Lets what is pending follow mailboxes that were renamed elsewhere: after every list, and before
/// anything is replayed.
///
/// # Errors
/// When a database can't be read or written.
pub fn follow_renames(kit: &Kit, local: &mut Local, reader: &Reader) -> Result<(), SyncError> {
    for renames in reader.renames(&kit.account.name)? {
        local.rename_mailboxes(&kit.account.name, &renames)?;
        let account = kit.account.name.clone();
        kit.writer.run(Priority::Batch, move |cache| {
            cache.forget_renames(&account, renames.batch)
        })?;
    }
    Ok(())
}

/// What LIST told in passing, or STATUS where it told nothing.
fn statuses(
    session: &mut Connection,
    listed: &[Listed],
) -> Result<BTreeMap<MailboxName, Option<Status>>, SyncError> {
    let mut told: BTreeMap<MailboxName, Option<Status>> = listed
        .iter()
        .filter_map(|l| Some((l.name.clone(), Some(l.status.clone()?))))
        .collect();
    let open = session.selected().cloned();
    let silent: Vec<MailboxName> = listed
        .iter()
        .filter(|l| l.selectable && !told.contains_key(&l.name) && Some(&l.name) != open.as_ref())
        .map(|l| l.name.clone())
        .collect();
    if !silent.is_empty() {
        told.extend(session.statuses(&silent)?);
    }
    Ok(told)
}

/// The account's mailboxes that can be opened on the server, as they are known: what people look at first comes
/// first, what is on a screen before all.
///
/// # Errors
/// When the cache can't be read.
pub fn known(kit: &Kit, reader: &Reader) -> Result<Vec<Here>, SyncError> {
    let mut records = reader.mailboxes_of(&kit.account.name)?;
    records.retain(|r| r.selectable && r.made);
    let attended = kit.attended();
    records.sort_by_key(|r| (Some(r.id) != attended, importance(r.role)));
    Ok(records.iter().map(|record| here(kit, record)).collect())
}

fn here(kit: &Kit, record: &Mailbox) -> Here {
    let policy = &kit.account.sync;
    Here {
        id: record.id,
        name: record.name.clone(),
        label: Clean::line(&record.path).to_string(),
        headers: policy.headers_of(&record.path),
        bodies: policy.bodies_of(&record.path),
    }
}

/// Mailboxes that show other mailboxes' messages again come last.
fn importance(role: Option<Role>) -> u8 {
    match role {
        Some(Role::Inbox) => 0,
        Some(Role::Sent) => 1,
        Some(Role::Drafts) => 2,
        None => 3,
        Some(Role::Archive) => 4,
        Some(Role::Trash) => 5,
        Some(Role::Junk) => 6,
        Some(Role::All | Role::Flagged) => 7,
    }
}

fn info(listed: &Listed, status: Option<&Status>) -> MailboxInfo {
    let status = status.or(listed.status.as_ref());
    let contents = |status: &Status| {
        Some(Contents {
            uidvalidity: UidValidity(status.uidvalidity?),
            uidnext: status.uidnext?,
            messages: status.messages?,
        })
    };
    let id = status.and_then(|status| status.mailbox_id.clone());
    MailboxInfo {
        name: listed.name.clone(),
        path: listed.path.clone(),
        delimiter: listed.delimiter.map(char::from),
        role: listed.role,
        selectable: listed.selectable,
        mailbox_id: listed.mailbox_id.clone().or(id),
        contents: status.and_then(contents),
        was: None,
    }
}
