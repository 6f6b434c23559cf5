//! Replays what users did: the rows of `local.db`, in order, as commands on the wire.
//!
//! An operation is claimed (durably *in flight*) before its command is sent and leaves the table
//! only after a tagged answer. One that is found in flight was cut: its outcome is unknown and is
//! probed before anything is repeated (RFC 4549 §5.1). Flags are deltas and repeat harmlessly; what
//! a cut move or copy has done already is found in its destination. A refusal for good is undone
//! on screen with the server's words.

use crate::lang::{self, mark, tr, trn};
use crate::model::{FlagChange, MailboxName, Op, OpKind, OpState, System, UidSet, mark};
use crate::net::error::NetError;
use crate::net::imap::{Copied, Mode, Selected, Session, is_refusal};
use crate::store::{Local, Moved, Outcome, Priority};
use crate::sync::deleting;
use crate::sync::error::SyncError;
use crate::sync::follow::{self, Found};
use crate::sync::kit::Kit;
use crate::sync::last_words;
use crate::sync::news::Due;
use crate::sync::overlay;
use crate::sync::removal;
use crate::text::{Clean, when};

mod copies;
mod refused;

use copies::{arrived, copy, placed};
use refused::{forbidden, refusal, told};

/// So many messages in one command, so that others may cut in on a large move.
const SET_UIDS: u64 = 1_000;
/// An operation that the server put off so often, or hung up on, is given up: nothing waits for ever.
const PATIENCE: u32 = 100;
/// So often a server may stumble at one, which takes the better part of an hour: what stays so long is
/// about this operation, and the others wait behind it.
const STUMBLES: u32 = 12;

/// What the server said of where messages are now.
#[derive(Default)]
struct Did {
    moved: Vec<Moved>,
    /// Of copies: the UID that the user saw, and the copy's generation and UID.
    copied: Vec<Copied>,
}

/// How an operation ended.
enum End {
    /// The server did it.
    Done(Did),
    /// It can't be done: why, in plain words.
    Failed(String),
}

/// Replays every pending operation of the account; the mailboxes that they touched are added to
/// `touched` (all, if there are others now). Returns how many were settled.
///
/// # Errors
/// When the session ends or a database fails; the operation under way stays in flight. A refusal
/// by the server is not an error: the operation is undone on screen and its reason kept.
/// [`SyncError::Unlisted`] if a mailbox is gone, unless the mailboxes were just `listed`.
pub fn replay(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    touched: &mut Due,
    listed: bool,
) -> Result<u64, SyncError> {
    let mut settled = 0;
    loop {
        let before = settled;
        let pending = local.read().pending(&kit.account.name)?;
        kit.report.pending(pending.len() as u64);
        if pending.is_empty() {
            return Ok(settled);
        }
        for (left, op) in (0..pending.len() as u64).rev().zip(&pending) {
            if kit.stopping() {
                return Err(SyncError::Stopping);
            }
            if !one(session, kit, local, op, listed)? {
                continue;
            }
            touched.mailboxes.extend(overlay::touched(op));
            touched.everything |= op.kind.is_about_mailboxes();
            settled += 1;
            kit.report.pending(left);
        }
        // The rest waits for other accounts.
        if settled == before {
            return Ok(settled);
        }
    }
}

/// Carries one out, unless it has to wait for others: `false`.
fn one(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    op: &Op,
    listed: bool,
) -> Result<bool, SyncError> {
    let in_flight = op.state == OpState::InFlight;
    if let OpKind::DeleteMailbox { name, .. } = &op.kind {
        // What is still to leave it would be lost with it.
        match local.claim_deletion(op, name)? {
            Some(true) => {}
            Some(false) => return Ok(true),
            None => return Ok(false),
        }
    } else if in_flight {
        local.claim_again(op.id)?;
    } else if !local.claim(op.id)? {
        // Somebody has taken it back since it was read.
        return Ok(true);
    }
    claimed(session, kit, local, op, (listed, in_flight))?;
    Ok(true)
}

/// Carries out one that was claimed.
fn claimed(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    op: &Op,
    (listed, in_flight): (bool, bool),
) -> Result<(), SyncError> {
    // What the server put off may be done in part as well: a copy that stands is not made again.
    let cut = in_flight || op.attempts > 0;
    let Did { moved, mut copied } = match carry_out(session, kit, local, op, cut) {
        Ok(End::Done(did)) => did,
        Ok(End::Failed(_)) if is_mark(op) => return keep_here(kit, local, op),
        Ok(End::Failed(why)) => return give_up(kit, local, op, &why),
        Err(SyncError::Net(error)) if !error.ends_session() => {
            // It stays in flight: part of it may be done.
            if error.no_such_mailbox() && !listed {
                return Err(SyncError::Unlisted);
            }
            if error.is_transient() {
                // Other reasons to wait are counted with the attempts, and say nothing of this one.
                let may_pass = match is_refusal(&error) {
                    true => local.ended(&stumbling(op), when::now())?.times <= STUMBLES,
                    false => op.attempts < PATIENCE,
                };
                if may_pass {
                    local.release(op.id)?;
                    return Err(error.into());
                }
            }
            if is_mark(op) && !error.no_such_mailbox() {
                return keep_here(kit, local, op);
            }
            return give_up(kit, local, op, &refusal(kit, op, &error));
        }
        Err(SyncError::Net(error)) if op.attempts >= PATIENCE && last_words::may_be(&error) => {
            give_up(kit, local, op, mark!("it hangs up whenever it is asked"))?;
            return Err(error.into());
        }
        Err(other) => return Err(other),
    };
    local.confirm(op.id, &moved)?;
    if cut {
        local.ended_nothing(&stumbling(op))?;
    }
    let places = moved
        .iter()
        .filter_map(|m| m.to.at.map(|(validity, uid)| (m.key.uid, validity, uid)));
    copied.extend(places);
    settle(kit, op, Outcome::Done { copied })
}

/// Under which name it is counted how often the server stumbled at an operation.
fn stumbling(op: &Op) -> String {
    format!("op/{}", op.id.0)
}

/// Whether it changes nothing but keywords of ours, which matter without a server too.
fn is_mark(op: &Op) -> bool {
    let OpKind::Store(FlagChange { add, remove }) = &op.kind else {
        return false;
    };
    let mut words = add.keywords.iter().chain(&remove.keywords);
    add.system | remove.system == System::NONE && words.all(|word| mark::is_ours(word))
}

/// It stays laid over the cache of this machine, and that is said.
fn keep_here(kit: &Kit, local: &mut Local, op: &Op) -> Result<(), SyncError> {
    local.keep_here(op.id)?;
    kit.report.notice(tr!(
        "this server keeps no such marks: what is muted or put off is known on this machine only"
    ));
    Ok(())
}

/// It is undone on screen, and that is said.
fn give_up(kit: &Kit, local: &mut Local, op: &Op, why: &str) -> Result<(), SyncError> {
    let why = lang::kept(|| Clean::line(lang::told(why)).to_string());
    local.fail(op.id, &why)?;
    settle(kit, op, Outcome::Reverted)?;
    // What is not there can't be subscribed to: nobody need hear that, too.
    if let OpKind::CreateMailbox { name } = &op.kind {
        let subscribe = OpKind::SubscribeMailbox {
            name: name.clone(),
            on: true,
        };
        let pending = local.read().pending(&kit.account.name)?;
        let follows = |other: &&Op| other.action == op.action && other.kind == subscribe;
        for other in pending.iter().filter(follows) {
            local.fail(other.id, &why)?;
        }
    }
    kit.report
        .notice(&told(&op.kind, lang::of(lang::told(&why))));
    Ok(())
}

fn settle(kit: &Kit, op: &Op, outcome: Outcome) -> Result<(), SyncError> {
    let (id, account, touched) = (op.id, op.account.clone(), overlay::touched(op));
    let topics = kit.writer.run(Priority::Urgent, move |cache| {
        cache.settle(id, &outcome)?;
        overlay::topics(cache.read(), &account, &touched)
    })?;
    topics.into_iter().for_each(|topic| kit.changed(topic));
    Ok(())
}

fn carry_out(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    op: &Op,
    cut: bool,
) -> Result<End, SyncError> {
    if let OpKind::DeleteMailbox { name, seen } = &op.kind {
        let seen = (name, seen.as_ref());
        if let Some(why) = deleting::hindrance(session, kit, local, op, seen, cut)? {
            return Ok(End::Failed(why));
        }
    }
    if op.kind.is_about_mailboxes() {
        about_mailboxes(session, &op.kind, cut)?;
        return Ok(End::Done(Did::default()));
    }
    let mut did = Did::default();
    let mut lost = 0;
    for (mailbox, keys) in follow::by_mailbox(local, kit, op)? {
        let selected = session.select(&mailbox, Mode::ReadWrite)?;
        if let Some(why) = forbidden(session, &selected, op) {
            return Ok(End::Failed(why));
        }
        // A flag is set as often as one likes; what is moved or removed must be the one message.
        let harmless = matches!(op.kind, OpKind::Store(_));
        let once_more = (cut && !harmless) || op.kind == OpKind::Expunge;
        let here = follow::here(session, &selected, op, keys, once_more)?;
        let place = (&mailbox, &selected);
        act(session, kit, local, (op, cut), place, &here.found, &mut did)?;
        if !here.mistaken.is_empty() {
            follow::disbelieve(kit, &mailbox, selected.uidvalidity, &here.mistaken)?;
        }
        if here.gone.is_empty() {
            continue;
        }
        if cut && op.kind == OpKind::Expunge {
            removal::finish(session, kit, &mailbox, &here.gone)?;
        }
        let (places, gone) = follow::elsewhere(session, kit, op, &mailbox, here.gone)?;
        for (place, (uidvalidity, found)) in places {
            // Already where it was to go: by us, before we were cut, or by somebody else.
            if destination(op) == Some(&place) {
                went(local, op, arrived(&place, uidvalidity, &found), &mut did)?;
                continue;
            }
            let selected = session.select(&place, Mode::ReadWrite)?;
            let place = (&place, &selected);
            act(session, kit, local, (op, cut), place, &found, &mut did)?;
        }
        lost += gone.len();
    }
    // What a cut operation had removed already is not lost.
    if lost > 0 && !(cut && op.kind == OpKind::Expunge) {
        kit.report.notice(&trn!(
            n = lost,
            "{n} message was no longer there: moved or deleted from elsewhere",
            "{n} messages were no longer there: moved or deleted from elsewhere"
        ));
    }
    Ok(End::Done(did))
}

/// Makes, renames, deletes a mailbox, or changes whether it is subscribed to. What a cut operation
/// has done already is found done.
fn about_mailboxes(session: &mut Session, kind: &OpKind, cut: bool) -> Result<(), NetError> {
    // One that is open can't be renamed or deleted everywhere.
    if !matches!(kind, OpKind::SubscribeMailbox { .. }) {
        session.leave()?;
    }
    match kind {
        OpKind::CreateMailbox { name } => session.create(name),
        OpKind::RenameMailbox { name, to } => match session.rename(name, to) {
            Err(error) if cut && !error.ends_session() => match session.status(to) {
                Ok(_) if session.status(name).is_err_and(|e| e.no_such_mailbox()) => Ok(()),
                _ => Err(error),
            },
            other => other,
        },
        OpKind::DeleteMailbox { name, .. } => {
            match session.delete(name) {
                Err(error) if cut && error.no_such_mailbox() => {}
                other => other?,
            }
            // A name without a mailbox would be left among the subscribed ones.
            match session.subscribe(name, false) {
                Err(error) if error.ends_session() => Err(error),
                _ => Ok(()),
            }
        }
        OpKind::SubscribeMailbox { name, on } => match session.subscribe(name, *on) {
            // Some know no subscription that never was.
            Err(error) if !on && error.no_such_mailbox() => Ok(()),
            other => other,
        },
        _ => Ok(()),
    }
}

fn destination(op: &Op) -> Option<&MailboxName> {
    match &op.kind {
        OpKind::Move { to } | OpKind::Copy { to } => Some(to),
        _ => None,
    }
}

/// Does what the operation says to the messages of the mailbox that is selected. Where those of a piece
/// went is written down before the next piece goes: should the rest be cut, they are known there.
fn act(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    (op, cut): (&Op, bool),
    (mailbox, selected): (&MailboxName, &Selected),
    found: &Found,
    did: &mut Did,
) -> Result<(), SyncError> {
    let set: UidSet = found.keys().copied().collect();
    for piece in set.split(UidSet::LINE, SET_UIDS) {
        match &op.kind {
            OpKind::Store(change) => session.store(&piece, change)?,
            OpKind::Expunge => removal::for_good(session, kit, mailbox, found, &piece)?,
            OpKind::Move { to } if to == mailbox => {
                did.moved.extend(arrived(to, selected.uidvalidity, found));
                return Ok(());
            }
            OpKind::Move { to } if session.has_move() => {
                let pairs = session.move_to(&piece, to)?;
                went(local, op, placed(found, &piece, to, &pairs), did)?;
            }
            OpKind::Move { to } => {
                // The copy must stand before the original goes (RFC 4549 §4.2.4).
                let pairs = copy(session, cut, mailbox, to, found, &piece)?;
                session.expunge(&piece)?;
                went(local, op, placed(found, &piece, to, &pairs), did)?;
            }
            OpKind::Copy { to } => {
                let pairs = copy(session, cut, mailbox, to, found, &piece)?;
                let named = pairs.iter();
                did.copied.extend(
                    named.filter_map(|(from, v, to)| Some((found.get(from)?.uid, *v, *to))),
                );
            }
            // What goes to another account has its own way (`carry.rs`).
            _ => {}
        }
    }
    Ok(())
}

/// Messages went somewhere, whatever becomes of the rest.
fn went(local: &mut Local, op: &Op, moved: Vec<Moved>, did: &mut Did) -> Result<(), SyncError> {
    // Of all at once the confirmation says it.
    if moved.len() < op.keys.len() {
        local.went(op.id, &moved)?;
    }
    did.moved.extend(moved);
    Ok(())
}
