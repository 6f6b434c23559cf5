//! Muting conversations and putting them off: keywords on their messages, so that every machine of
//! the user agrees, and moves out of the inbox and back. Everything is an ordinary operation.
//!
//! A conversation is muted when its messages carry `$Muted`. One that is put off lies in the mailbox
//! `Snoozed` with the time in a keyword (`model/mark.rs`), and comes back into the inbox, wherever it
//! was put off from. The keyword stays on it: it tells lists where to show it then.

use crate::lang::{self, tr, trn};
use crate::model::{FlagChange, Flags, NewOp, OpKind, Role, mark};
use crate::store::{Marked, Reader, ResolvedTarget, Result};
use crate::sync::planned::{Planned, add, own_mailbox, place};
use crate::text::when;
use std::collections::BTreeSet;

/// The mailbox, at the top level, of what was put off.
pub const SNOOZED: &str = "Snoozed";

/// Mutes the conversations of these messages, or unmutes them where all are muted.
///
/// # Errors
/// When the cache can't be read.
pub fn mute(reader: &Reader, targets: &[ResolvedTarget]) -> Result<Planned> {
    let mut planned = Planned::default();
    let whole = reader.whole_threads(targets)?;
    let unmute = !targets.is_empty() && targets.iter().all(|t| mark::is_muted(&t.flags));
    if unmute {
        let mut changed = 0;
        for target in &whole {
            let spelt = target.flags.keywords.iter();
            let spelt: Vec<&String> = spelt
                .filter(|k| k.eq_ignore_ascii_case(mark::MUTED))
                .collect();
            for keyword in spelt {
                add(&mut planned.ops, target, OpKind::Store(without([keyword])));
                changed += 1;
            }
        }
        planned.label = lang::kept(|| {
            trn!(
                n = changed,
                "No longer muted: {n} message",
                "No longer muted: {n} messages"
            )
        });
        planned.undoable = changed > 0;
        return Ok(planned);
    }
    let alive = whole.iter().filter(|t| !is_thrown_away(t));
    for target in alive {
        mute_one(reader, target, true, &mut planned)?;
    }
    let n = planned.ops_on_messages();
    planned.label = lang::kept(|| trn!(n, "Muted: {n} message", "Muted: {n} messages"));
    planned.undoable = !planned.ops.is_empty();
    Ok(planned)
}

/// What follows for new mail in inboxes of conversations that are muted: it is muted too, and leaves
/// the inbox unless it is for nobody but the user (`own`: addresses in lower case).
///
/// # Errors
/// When the cache can't be read.
pub fn muted_too(reader: &Reader, joined: &[Marked], own: &[String]) -> Result<Vec<NewOp>> {
    let mut planned = Planned::default();
    for new in joined {
        let only_me = !new.named.is_empty() && new.named.iter().all(|to| own.contains(to));
        mute_one(reader, &new.target, !only_me, &mut planned)?;
    }
    Ok(planned.ops)
}

fn mute_one(
    reader: &Reader,
    target: &ResolvedTarget,
    leaves: bool,
    planned: &mut Planned,
) -> Result<()> {
    if !mark::is_muted(&target.flags) {
        let change = with([mark::MUTED.to_owned()]);
        add(&mut planned.ops, target, OpKind::Store(change));
    }
    if leaves && target.role == Some(Role::Inbox) {
        let to = made_once(planned, |ops| {
            place(reader, &target.account, Role::Archive, ops)
        })?;
        add(&mut planned.ops, target, OpKind::Move { to });
        planned.gone.push(target.location);
    }
    Ok(())
}

/// Puts the conversations of these messages off until a time, or gives what was put off another
/// time; `None`: brings back what was put off.
///
/// # Errors
/// When the cache can't be read.
pub fn snooze(reader: &Reader, targets: &[ResolvedTarget], until: Option<i64>) -> Result<Planned> {
    let Some(until) = until else {
        return back_by_hand(reader, targets);
    };
    let mut planned = Planned::default();
    let Some(keyword) = mark::timed(mark::SNOOZED, until) else {
        planned.label = tr!("That time is too far away").to_owned();
        return Ok(planned);
    };
    let pointed: BTreeSet<_> = targets.iter().map(|t| t.location).collect();
    let mut count = 0;
    for target in reader.whole_threads(targets)? {
        let snoozed = reader.own_name(&target.account, SNOOZED)?;
        let here = reader.mailbox(target.mailbox)?;
        let is_there = here.is_some_and(|m| m.name == snoozed);
        // All Mail and the like are views: what is put off is taken out of the inbox.
        let stays = matches!(
            target.role,
            Some(Role::Sent | Role::Drafts | Role::Trash | Role::Junk | Role::All | Role::Flagged)
        );
        let meant = is_there || target.role == Some(Role::Inbox);
        if stays || !(meant || pointed.contains(&target.location)) {
            continue;
        }
        let change = FlagChange {
            add: with([keyword.clone()]).add,
            remove: without(
                mark::spelt(mark::SNOOZED, &target.flags)
                    .iter()
                    .filter(|k| **k != keyword),
            )
            .remove,
        };
        add(&mut planned.ops, &target, OpKind::Store(change));
        count += 1;
        if !is_there {
            let to = made_once(&mut planned, |ops| {
                own_mailbox(reader, &target.account, SNOOZED, ops)
            })?;
            add(&mut planned.ops, &target, OpKind::Move { to });
            planned.gone.push(target.location);
        }
    }
    planned.label = lang::kept(|| match count {
        0 => tr!("Nothing here can be put off").to_owned(),
        n => trn!(
            n,
            "Put off {n} message: back {at}",
            "Put off {n} messages: back {at}",
            at = when::clock(until, when::now())
        ),
    });
    planned.undoable = count > 0;
    Ok(planned)
}

/// Brings these back before their time.
fn back_by_hand(reader: &Reader, targets: &[ResolvedTarget]) -> Result<Planned> {
    let mut planned = Planned::default();
    let mut count = 0;
    for target in reader.whole_threads(targets)? {
        let here = reader.mailbox(target.mailbox)?;
        let snoozed = reader.own_name(&target.account, SNOOZED)?;
        if here.is_none_or(|m| m.name != snoozed) {
            continue;
        }
        let times = mark::spelt(mark::SNOOZED, &target.flags);
        if !times.is_empty() {
            add(&mut planned.ops, &target, OpKind::Store(without(&times)));
        }
        let to = made_once(&mut planned, |ops| {
            place(reader, &target.account, Role::Inbox, ops)
        })?;
        add(&mut planned.ops, &target, OpKind::Move { to });
        planned.gone.push(target.location);
        count += 1;
    }
    planned.label = lang::kept(|| match count {
        0 => tr!("That was not put off").to_owned(),
        n => trn!(
            n,
            "Back in the inbox: {n} message",
            "Back in the inbox: {n} messages"
        ),
    });
    planned.undoable = count > 0;
    Ok(planned)
}

/// A mailbox is made by one operation, before what is moved there, however many are.
fn made_once<T>(
    planned: &mut Planned,
    find: impl FnOnce(&mut Vec<NewOp>) -> Result<T>,
) -> Result<T> {
    let mut making = Vec::new();
    let found = find(&mut making)?;
    for op in making {
        let known = |other: &NewOp| other.account == op.account && other.kind == op.kind;
        if !planned.ops.iter().any(known) {
            planned.ops.push(op);
        }
    }
    Ok(found)
}

fn is_thrown_away(target: &ResolvedTarget) -> bool {
    matches!(target.role, Some(Role::Trash | Role::Junk | Role::Drafts))
}

/// The change that sets keywords.
pub fn with(keywords: impl IntoIterator<Item = String>) -> FlagChange {
    FlagChange {
        add: Flags {
            keywords: keywords.into_iter().collect(),
            ..Flags::default()
        },
        remove: Flags::default(),
    }
}

/// The change that takes keywords away.
pub fn without<'k>(keywords: impl IntoIterator<Item = &'k String>) -> FlagChange {
    with(keywords.into_iter().cloned()).inverse()
}
