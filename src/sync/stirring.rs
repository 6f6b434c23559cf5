//! What happens to mail by itself: new mail of muted conversations leaves the inbox, and what was put
//! off comes back at its time, or as soon as somebody answers it.
//!
//! Whoever runs first does it, after it has heard what others did: it looks once its mailboxes were
//! pulled. What it decides are ordinary operations, done in the same turn; what a turn that was cut
//! left of them is withdrawn before the next one, and derived anew from what the server says then.
//! So with two machines, or after a crash, everything happens once. Without a connection the same is
//! laid over the cache, so that it is seen in time.

use crate::lang::{tr, trn};
use crate::model::{AccountName, FlagChange, NewOp, OpKind, Role, System, mark};
use crate::store::{Local, Marked, Outcome, Priority, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::overlay::{self, Layer};
use crate::sync::planned::{add, place};
use crate::sync::putoff;
use crate::text::{Clean, when};
use std::collections::BTreeSet;
use std::time::Duration;

/// A time that has passed for so long, in seconds, says nothing to lists any more: servers may keep
/// few keywords.
const STALE: i64 = 30 * 24 * 3600;

/// Takes back what waits of an earlier turn's decisions.
///
/// # Errors
/// When a database fails.
pub fn withdraw(kit: &Kit, local: &mut Local) -> Result<(), SyncError> {
    let waiting = local.withdraw(&kit.account.name)?;
    if waiting.is_empty() {
        return Ok(());
    }
    // What is decided next is read from the cache: it must be done with by then.
    let account = kit.account.name.clone();
    let topics = kit.writer.run(Priority::Urgent, move |cache| {
        let mut touched = BTreeSet::new();
        for op in &waiting {
            cache.settle(op.id, &Outcome::Reverted)?;
            touched.extend(overlay::touched(op));
        }
        overlay::topics(cache.read(), &account, &touched)
    })?;
    topics.into_iter().for_each(|topic| kit.changed(topic));
    Ok(())
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stirred {
    /// Whether there are operations.
    pub any: bool,
    /// The subjects of what comes back, in words; empty if nothing does.
    woken: String,
}

impl Stirred {
    /// The server has done it: what came back is told.
    pub fn tell(&self, kit: &Kit) {
        if !self.woken.is_empty() {
            let words = tr!("back in the inbox: {subject}", subject = self.woken);
            kit.report.notice(Clean::line(&words).as_str());
        }
    }

    /// The server can't be reached: what is due is told.
    pub fn foretell(&self, kit: &Kit) {
        if !self.woken.is_empty() {
            let words = tr!(
                "due, and back in the inbox of this machine: {subject}",
                subject = self.woken
            );
            kit.report.notice(Clean::line(&words).as_str());
        }
    }
}

/// Decides what is to happen now.
///
/// # Errors
/// When a database fails.
pub fn look(kit: &Kit, local: &mut Local, reader: &Reader) -> Result<Stirred, SyncError> {
    let now = when::now();
    let (mut ops, woken) = due(reader, &kit.account.name, now)?;
    let muted = reader.joined(&kit.account.name, mark::MUTED)?;
    ops.extend(putoff::muted_too(reader, &muted, &own(kit))?);
    if ops.is_empty() {
        return Ok(Stirred::default());
    }
    let ops = local.derive(&ops, now)?;
    overlay::lay(&Layer::of(kit), Vec::new(), ops)?;
    let woken = match woken.split_first() {
        Some((first, [])) => first.clone(),
        Some((first, more)) => trn!(
            n = more.len(),
            "{first} and {n} more",
            "{first} and {n} more",
            first
        ),
        None => String::new(),
    };
    Ok(Stirred { any: true, woken })
}

/// How long until the next message comes back; `None` if none is put off.
///
/// # Errors
/// When the cache can't be read.
pub fn next(kit: &Kit, reader: &Reader) -> Result<Option<Duration>, SyncError> {
    let now = when::now();
    let marked = reader.marked(&kit.account.name, mark::SNOOZED)?;
    let times = marked
        .iter()
        .filter_map(|m| until(m).filter(|at| *at > now));
    let left = times.min().and_then(|at| u64::try_from(at - now).ok());
    // A little later than that, so that the clock agrees.
    Ok(left.map(|seconds| Duration::from_secs(seconds + 1)))
}

fn until(marked: &Marked) -> Option<i64> {
    mark::latest(mark::SNOOZED, &marked.target.flags)
}

/// What brings messages back, and the subjects of these.
fn due(
    reader: &Reader,
    account: &AccountName,
    now: i64,
) -> Result<(Vec<NewOp>, Vec<String>), SyncError> {
    let mut ops = Vec::new();
    let mut subjects = BTreeSet::new();
    let marked = reader.marked(account, mark::SNOOZED)?;
    if marked.is_empty() {
        return Ok((ops, Vec::new()));
    }
    let name = reader.own_name(account, putoff::SNOOZED)?;
    let snoozed = reader.mailbox_named(account, &name)?.map(|m| m.id);
    let answered: BTreeSet<_> = reader
        .joined(account, mark::SNOOZED)?
        .into_iter()
        .map(|new| new.thread)
        .collect();
    for one in marked {
        let Some(until) = until(&one) else { continue };
        if Some(one.target.mailbox) != snoozed {
            // It came back, or somebody filed it elsewhere.
            if until < now - STALE {
                let old = mark::spelt(mark::SNOOZED, &one.target.flags);
                add(&mut ops, &one.target, OpKind::Store(putoff::without(&old)));
            }
            continue;
        }
        let early = until > now && answered.contains(&one.thread);
        if until > now && !early {
            continue;
        }
        if one.target.flags.system.has(System::SEEN) {
            let unread = OpKind::Store(FlagChange::clear(System::SEEN));
            add(&mut ops, &one.target, unread);
        }
        if early {
            // The new message shows where the conversation stands.
            let old = mark::spelt(mark::SNOOZED, &one.target.flags);
            add(&mut ops, &one.target, OpKind::Store(putoff::without(&old)));
        }
        let to = place(reader, account, Role::Inbox, &mut ops)?;
        add(&mut ops, &one.target, OpKind::Move { to });
        subjects.insert(match one.subject.trim() {
            "" => tr!("(no subject)").to_owned(),
            subject => subject.to_owned(),
        });
    }
    Ok((ops, subjects.into_iter().collect()))
}

fn own(kit: &Kit) -> Vec<String> {
    let senders = kit.account.senders().into_iter();
    senders.map(|a| a.addr.to_lowercase()).collect()
}
