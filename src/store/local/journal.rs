//! The undo journal: the user's actions, newest last, and how the newest is taken back.
//!
//! What still waits is simply removed. What a server has done, or may have done, gets an inverse
//! operation that is queued like any other, so undo works offline and across restarts.

use super::carried;
use super::connection::Local;
use super::decisions::{self, Allowed};
use super::drafts;
use super::meta;
use super::ops::{present, queue};
use super::row;
use crate::model::{
    AccountName, DraftId, FlagChange, MailboxName, MessageKey, NewOp, Op, OpKind, OpState, OutboxId,
};
use crate::store::error::Result;
use rusqlite::{OptionalExtension as _, Transaction, params};
use std::collections::BTreeSet;

/// What an undo did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// The action's label.
    pub label: String,
    /// Operations that had not begun: gone.
    pub cancelled: Vec<Op>,
    /// Operations that put back what was done: queued.
    pub inverse: Vec<Op>,
    /// Whether some of it is under way between two accounts: it is taken back when it has arrived.
    pub recalled: bool,
    /// The draft that a message became again, or that was thrown away.
    pub draft: Option<DraftId>,
    /// Whether it was sending.
    pub sending: bool,
}

/// What asking for an undo came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// There is nothing left to take back.
    Nothing,
    /// The newest action is of another time: it was only named, and goes when asked once more.
    Named(Entry),
    /// The newest action was sending, and it is too late for that.
    Late {
        /// When the server took it, seconds since 1970; `None` while that is not certain.
        sent: Option<i64>,
        /// What goes when asked once more.
        next: Option<Entry>,
    },
    /// It was taken back.
    Done(Undone),
}

/// An action of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was done.
    pub label: String,
    /// When, seconds since 1970.
    pub at: i64,
}

impl Local {
    /// Takes back the newest action that was not taken back yet. One from before `fresh` (seconds
    /// since 1970) is only named the first time, and so is whatever lies behind a message that is
    /// being sent or was: nobody takes back by surprise what he no longer has in mind.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn undo(&mut self, now: i64, fresh: i64) -> Result<Undo> {
        self.write(|tx| {
            let named = meta::get(tx, NAMED)?;
            let fresh = fresh.max(meta::get(tx, IDLE)?.map_or(i64::MIN, |at| at + 1));
            while let Some(newest) = newest(tx)? {
                let (action, entry) = (newest.id, newest.entry);
                if let Some(row) = newest.sending
                    && !decisions::is_open(tx, row)?
                {
                    drop_action(tx, action)?;
                    let Some(sent) = sent_at(tx, row)? else {
                        continue;
                    };
                    let next = next(tx)?;
                    meta::put(tx, NAMED, next.as_ref().map_or(0, |n| n.id))?;
                    return Ok(Undo::Late {
                        sent,
                        next: next.map(|n| n.entry),
                    });
                }
                if entry.at < fresh && named != Some(action) {
                    meta::put(tx, NAMED, action)?;
                    return Ok(Undo::Named(entry));
                }
                drop_action(tx, action)?;
                let undone = match (newest.sending, newest.draft) {
                    (Some(row), _) => Undone {
                        label: entry.label,
                        draft: decisions::take_back(tx, row, Allowed::Waiting)?,
                        sending: true,
                        ..Undone::default()
                    },
                    (None, Some(draft)) if drafts::take_up(tx, draft)? => Undone {
                        label: entry.label,
                        draft: Some(draft),
                        ..Undone::default()
                    },
                    (None, Some(_)) => continue,
                    (None, None) => take_back(tx, action, entry.label, now)?,
                };
                let nothing =
                    undone.cancelled.is_empty() && undone.inverse.is_empty() && !undone.recalled;
                if undone.draft.is_none() && !undone.sending && nothing {
                    continue;
                }
                return Ok(Undo::Done(undone));
            }
            Ok(Undo::Nothing)
        })
    }

    /// The user did something that changed nothing: an undo after it means that, and names what it
    /// would take back instead.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn nothing_done(&mut self, now: i64) -> Result<()> {
        self.write(|tx| meta::put(tx, IDLE, now))
    }
}

/// The key in `meta` of the action that was named last and goes when asked once more.
const NAMED: &str = "undo-named";
/// The key in `meta` of when something was done last that changed nothing.
const IDLE: &str = "undo-idle";

/// The newest action, and what it was about if it was not about mail that is here.
struct Newest {
    id: i64,
    entry: Entry,
    sending: Option<OutboxId>,
    draft: Option<DraftId>,
}

fn newest(tx: &Transaction<'_>) -> Result<Option<Newest>> {
    let sql =
        "SELECT id, label, at, outbox, draft FROM action WHERE undo = 1 ORDER BY id DESC LIMIT 1";
    let found = tx.query_row(sql, [], |r| {
        Ok(Newest {
            id: r.get(0)?,
            entry: Entry {
                label: r.get(1)?,
                at: r.get(2)?,
            },
            sending: r.get::<_, Option<i64>>(3)?.map(OutboxId),
            draft: r.get::<_, Option<i64>>(4)?.map(DraftId),
        })
    });
    Ok(found.optional()?)
}

/// What can be taken back next; messages for which it is too late are passed over.
fn next(tx: &Transaction<'_>) -> Result<Option<Newest>> {
    while let Some(found) = newest(tx)? {
        match found.sending {
            Some(row) if !decisions::is_open(tx, row)? => drop_action(tx, found.id)?,
            _ => return Ok(Some(found)),
        }
    }
    Ok(None)
}

/// When a message was sent, if that is certain; `None` if it is in the outbox no more.
fn sent_at(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<Option<i64>>> {
    let sql = "SELECT sent_at FROM outbox WHERE id = ?1";
    let at: Option<i64> = tx.query_row(sql, [id.0], |r| r.get(0)).optional()?;
    Ok(at.map(|at| Some(at).filter(|at| *at > 0)))
}

fn drop_action(tx: &Transaction<'_>, action: i64) -> Result<()> {
    tx.execute("UPDATE action SET undo = 2 WHERE id = ?1", [action])?;
    Ok(())
}

fn take_back(tx: &Transaction<'_>, action: i64, label: String, now: i64) -> Result<Undone> {
    let mut cancelled = Vec::new();
    let mut inverse = Vec::new();
    let mut recalled = false;
    for (op, state) in ops_of(tx, action)? {
        if let (OpKind::Carry { from, .. }, 0 | 1 | 3) = (&op.kind, state) {
            if state == 3 {
                inverse.extend(carried::inverses(tx, &op, from)?);
            } else if carried::recall(tx, op.id)? {
                cancelled.push(op);
            } else {
                recalled = true;
            }
            continue;
        }
        match (op.state, state) {
            (OpState::Pending, 0) if op.attempts == 0 => {
                tx.execute("UPDATE op SET state = 4 WHERE id = ?1", [op.id.0])?;
                cancelled.push(op);
            }
            // What is in flight (1) or was put off (0) may be done in part and counts as done: its
            // inverse waits behind it in the queue.
            (_, 0 | 1 | 3) => inverse.extend(inverses(tx, &op)?),
            _ => {}
        }
    }
    let (_, inverse) = queue(tx, &format!("undo: {label}"), now, &inverse, false)?;
    Ok(Undone {
        label,
        cancelled,
        inverse,
        recalled,
        ..Undone::default()
    })
}

fn ops_of(tx: &Transaction<'_>, action: i64) -> Result<Vec<(Op, i64)>> {
    let sql = format!(
        "SELECT {} FROM op WHERE action = ?1 ORDER BY id DESC",
        row::OP
    );
    let mut query = tx.prepare_cached(&sql)?;
    let mut rows = query.query([action])?;
    let mut ops = Vec::new();
    while let Some(found) = rows.next()? {
        ops.push((row::op(tx, found)?, found.get(9)?));
    }
    Ok(ops)
}

/// The operations that put one back, on its messages where they are now.
fn inverses(tx: &Transaction<'_>, op: &Op) -> Result<Vec<NewOp>> {
    let mut out: Vec<NewOp> = Vec::new();
    for key in &op.keys {
        let kind = match &op.kind {
            OpKind::Store(change) => OpKind::Store(FlagChange::inverse(change)),
            OpKind::Move { .. } => OpKind::Move {
                to: came_from(tx, op, key)?,
            },
            OpKind::Copy { .. }
            | OpKind::Expunge
            | OpKind::Carry { .. }
            | OpKind::Vacate
            | OpKind::CreateMailbox { .. } => continue,
        };
        let key = present(tx, &op.account, key)?;
        NewOp::put(&mut out, &op.account, kind, key);
    }
    Ok(out)
}

/// The mailbox that a move took a message out of: that of its key, unless an earlier move, not yet
/// known to the cache when the user acted, had taken it elsewhere. That move may know the message
/// by any name it ever had.
fn came_from(tx: &Transaction<'_>, op: &Op, key: &MessageKey) -> Result<MailboxName> {
    let mut query = tx.prepare_cached(
        "SELECT op.id, dest FROM target JOIN op ON op.id = target.op
         WHERE mailbox = ?1 AND uidvalidity = ?2 AND uid = ?3 AND account = ?4
           AND op.id < ?5 AND kind = 'move' AND state IN (0, 1, 3)
         ORDER BY op.id DESC LIMIT 1",
    )?;
    let mut latest: Option<(i64, Vec<u8>)> = None;
    for (mailbox, validity, uid) in names(tx, &op.account, key)? {
        let values = params![mailbox, validity, uid, op.account.as_str(), op.id.0];
        let found = query
            .query_row(values, |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        latest = latest.max(found);
    }
    Ok(latest.map_or_else(|| key.mailbox.clone(), |(_, dest)| MailboxName::new(dest)))
}

/// What a message was called wherever our moves put it: mailbox, UIDVALIDITY, UID.
type Name = (Vec<u8>, u32, u32);

/// Every name of a message: that of the key, that of its present place, and those that led there.
fn names(tx: &Transaction<'_>, account: &AccountName, key: &MessageKey) -> Result<BTreeSet<Name>> {
    let name = |k: &MessageKey| (k.mailbox.as_bytes().to_vec(), k.uidvalidity.0, k.uid.get());
    let mut ahead = vec![name(key), name(&present(tx, account, key)?)];
    let mut query = tx.prepare_cached(
        "SELECT mailbox, uidvalidity, uid FROM moved
         WHERE account = ?1 AND dest = ?2 AND dest_uidvalidity = ?3 AND dest_uid = ?4",
    )?;
    let mut all = BTreeSet::new();
    while let Some(next) = ahead.pop() {
        let values = params![account.as_str(), next.0, next.1, next.2];
        let led: Vec<Name> = query
            .query_map(values, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        if all.insert(next) {
            ahead.extend(led);
        }
    }
    Ok(all)
}
