//! Replays what users did: the rows of `local.db`, in order, as commands on the wire.
//!
//! An operation is claimed (durably *in flight*) before its command is sent and leaves the table
//! only after a tagged answer. One that is found in flight was cut: its outcome is unknown and is
//! probed before anything is repeated (RFC 4549 §5.1). Flags are deltas and repeat harmlessly; a
//! MOVE that was done finds nothing to move again; a copy is looked for in its destination first. Messages are named by UID under the
//! UIDVALIDITY that the user saw, or found again by Message-ID when that is void.

use crate::model::{MailboxName, MessageKey, Op, OpKind, OpState, Uid, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::{Mode, Session};
use crate::signal::Topic;
use crate::store::{Local, Moved, Outcome, Place, Priority};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::ledger;
use std::collections::BTreeMap;

/// So many octets of a set in one command.
const SET_OCTETS: usize = 900;
/// So many messages in one command, so that others may cut in on a large move.
const SET_UIDS: u64 = 1_000;

/// Replays every pending operation of the account. Returns how many were settled.
///
/// # Errors
/// When the session ends or a database fails; the operation under way stays in flight. A refusal
/// by the server is not an error: the operation is undone on screen and its reason kept.
pub fn replay(session: &mut Session, kit: &Kit, local: &mut Local) -> Result<u64, SyncError> {
    let mut settled = 0;
    loop {
        let pending = local.read().pending(&kit.account.name)?;
        kit.report.pending(pending.len() as u64);
        if pending.is_empty() {
            return Ok(settled);
        }
        for op in pending {
            if kit.stopping() {
                return Err(SyncError::Stopping);
            }
            one(session, kit, local, &op)?;
            settled += 1;
        }
    }
}

fn one(session: &mut Session, kit: &Kit, local: &mut Local, op: &Op) -> Result<(), SyncError> {
    let cut = op.state == OpState::InFlight;
    // Somebody may have taken it back since it was read.
    if !cut && !local.claim(op.id)? {
        return Ok(());
    }
    match carry_out(session, kit, local, op, cut) {
        Ok(moved) => {
            local.confirm(op.id, &moved)?;
            let copied = moved
                .iter()
                .filter_map(|m| m.to.at.map(|(validity, uid)| (m.key.uid, validity, uid)))
                .collect();
            settle(kit, op, Outcome::Done { copied })
        }
        Err(SyncError::Net(error)) if !error.ends_session() => {
            if error.is_transient() {
                local.release(op.id)?;
                return Err(error.into());
            }
            let why = error.to_string();
            local.fail(op.id, &why)?;
            settle(kit, op, Outcome::Reverted)?;
            kit.report
                .notice(&format!("the server refused to {}: {why}", verb(&op.kind)));
            Ok(())
        }
        Err(other) => Err(other),
    }
}

fn settle(kit: &Kit, op: &Op, outcome: Outcome) -> Result<(), SyncError> {
    let op_id = op.id;
    kit.writer
        .run(Priority::Urgent, move |cache| cache.settle(op_id, &outcome))?;
    let reader = kit.reader()?;
    for name in ledger::touched(op) {
        if let Some(mailbox) = reader.mailbox_named(&op.account, &name)? {
            kit.changed(Topic::Mailbox(mailbox.id));
        }
    }
    kit.changed(Topic::Mailboxes);
    Ok(())
}

fn verb(kind: &OpKind) -> &'static str {
    match kind {
        OpKind::Store(_) => "change flags",
        OpKind::Move { .. } => "move",
        OpKind::Copy { .. } => "copy",
        OpKind::Expunge => "delete",
        OpKind::CreateMailbox { .. } => "create the mailbox",
    }
}

fn carry_out(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    op: &Op,
    cut: bool,
) -> Result<Vec<Moved>, SyncError> {
    if let OpKind::CreateMailbox { name } = &op.kind {
        return match session.create(name) {
            Err(error) if error.already_exists() => Ok(Vec::new()),
            other => Ok(other.map(|()| Vec::new())?),
        };
    }
    let mut moved = Vec::new();
    for (mailbox, keys) in by_mailbox(local, kit, op)? {
        let Some(found) = find(session, &mailbox, keys)? else {
            continue;
        };
        let set: UidSet = found.keys().copied().collect();
        for piece in set.split(SET_OCTETS, SET_UIDS) {
            moved.extend(command(session, op, cut, &mailbox, &found, &piece)?);
        }
    }
    Ok(moved)
}

/// A message and where it is believed to be: under which generation and UID, if known.
type Believed = (MessageKey, Option<(UidValidity, Uid)>);

/// Sorts an operation's messages by the mailbox that they are in now, following earlier moves.
fn by_mailbox(
    local: &Local,
    kit: &Kit,
    op: &Op,
) -> Result<BTreeMap<MailboxName, Vec<Believed>>, SyncError> {
    let mut groups: BTreeMap<MailboxName, Vec<Believed>> = BTreeMap::new();
    for key in &op.keys {
        let place = local.read().follow(&kit.account.name, key)?;
        let place = place.unwrap_or_else(|| Place {
            mailbox: key.mailbox.clone(),
            at: Some((key.uidvalidity, key.uid)),
        });
        groups
            .entry(place.mailbox)
            .or_default()
            .push((key.clone(), place.at));
    }
    Ok(groups)
}

/// Selects the mailbox and gives each message its present UID. A message under another generation
/// is looked for by Message-ID and taken only if it is found exactly once; one that is gone is left
/// out: there is nothing left to do to it. `None` if the mailbox itself is gone.
fn find(
    session: &mut Session,
    mailbox: &MailboxName,
    keys: Vec<Believed>,
) -> Result<Option<BTreeMap<Uid, MessageKey>>, SyncError> {
    let selected = match session.select(mailbox, Mode::ReadWrite) {
        Err(error) if error.no_such_mailbox() => return Ok(None),
        other => other?,
    };
    let mut found = BTreeMap::new();
    for (key, at) in keys {
        if let Some((_, uid)) = at.filter(|(validity, _)| *validity == selected.uidvalidity) {
            found.insert(uid, key);
        } else if let Some(id) = &key.message_id
            && let [only] = session.search_message_id(id)?.as_slice()
        {
            found.insert(*only, key);
        }
    }
    Ok((!found.is_empty()).then_some(found))
}

fn command(
    session: &mut Session,
    op: &Op,
    cut: bool,
    mailbox: &MailboxName,
    found: &BTreeMap<Uid, MessageKey>,
    set: &UidSet,
) -> Result<Vec<Moved>, SyncError> {
    match &op.kind {
        OpKind::Store(change) => {
            session.store(set, change)?;
            Ok(Vec::new())
        }
        OpKind::Expunge => {
            session.expunge(set)?;
            Ok(Vec::new())
        }
        OpKind::Move { to } if to == mailbox => Ok(Vec::new()),
        OpKind::Move { to } => {
            // What a cut move has already moved is no longer here; the server ignores its UIDs.
            let pairs = session.move_to(set, to)?.copied;
            Ok(placed(found, set, to, &pairs))
        }
        OpKind::Copy { to } => {
            let rest = if cut {
                not_yet_copied(session, mailbox, to, found, set)?
            } else {
                set.clone()
            };
            if rest.is_empty() {
                return Ok(Vec::new());
            }
            session.copy_to(&rest, to)?;
            Ok(Vec::new())
        }
        OpKind::CreateMailbox { .. } => Ok(Vec::new()),
    }
}

fn placed(
    found: &BTreeMap<Uid, MessageKey>,
    set: &UidSet,
    to: &MailboxName,
    pairs: &[(Uid, UidValidity, Uid)],
) -> Vec<Moved> {
    let at = |uid: &Uid| {
        pairs
            .iter()
            .find(|(from, _, _)| from == uid)
            .map(|(_, validity, uid)| (*validity, *uid))
    };
    set.iter()
        .filter_map(|uid| {
            let key = found.get(&uid)?.clone();
            Some(Moved {
                key,
                to: Place {
                    mailbox: to.clone(),
                    at: at(&uid),
                },
            })
        })
        .collect()
}

/// Which messages a cut copy did not bring to its destination yet, by Message-ID.
fn not_yet_copied(
    session: &mut Session,
    mailbox: &MailboxName,
    to: &MailboxName,
    found: &BTreeMap<Uid, MessageKey>,
    set: &UidSet,
) -> Result<UidSet, NetError> {
    session.select(to, Mode::ReadOnly)?;
    let mut rest = UidSet::new();
    for uid in set.iter() {
        let there = match found.get(&uid).and_then(|key| key.message_id.as_ref()) {
            Some(id) => !session.search_message_id(id)?.is_empty(),
            None => false,
        };
        if !there {
            rest.insert(uid);
        }
    }
    session.select(mailbox, Mode::ReadWrite)?;
    Ok(rest)
}
