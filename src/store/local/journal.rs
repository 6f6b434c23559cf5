//! The undo journal: the user's actions, newest last, and how the newest is taken back.
//!
//! What still waits is simply removed. What a server has done, or may have done, gets an inverse
//! operation that is queued like any other, so undo works offline and across restarts.

use super::connection::{Local, LocalReader};
use super::decisions::{self, Allowed};
use super::ops::{follow, queue};
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
    /// The draft that a message became again.
    pub draft: Option<DraftId>,
}

/// An action for showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was done.
    pub label: String,
    /// When, seconds since 1970.
    pub at: i64,
    /// Whether it was taken back.
    pub undone: bool,
}

impl LocalReader {
    /// The newest actions, newest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn journal(&self, limit: usize) -> Result<Vec<Entry>> {
        self.look(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT label, at, undo = 2 FROM action WHERE undo > 0 ORDER BY id DESC LIMIT ?1",
            )?;
            let rows = query.query_map([limit], |r| {
                Ok(Entry {
                    label: r.get(0)?,
                    at: r.get(1)?,
                    undone: r.get(2)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl Local {
    /// Takes back the newest action that was not taken back yet; `None` if there is none. A message
    /// that is being sent, or was, can't be taken back: its action is passed over.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn undo(&mut self, now: i64) -> Result<Option<Undone>> {
        self.write(|tx| {
            loop {
                let newest: Option<(i64, String, Option<i64>)> = tx
                    .query_row("SELECT id, label, outbox FROM action WHERE undo = 1 ORDER BY id DESC LIMIT 1", [], |r| {
                        Ok((r.get(0)?, r.get(1)?, r.get(2)?))
                    })
                    .optional()?;
                let Some((action, label, sending)) = newest else { return Ok(None) };
                tx.execute("UPDATE action SET undo = 2 WHERE id = ?1", [action])?;
                if let Some(row) = sending {
                    match decisions::take_back(tx, OutboxId(row), Allowed::Waiting)? {
                        Some(draft) => return Ok(Some(Undone { label, draft: Some(draft), ..Undone::default() })),
                        None => continue,
                    }
                }
                let undone = take_back(tx, action, label, now)?;
                if undone.cancelled.is_empty() && undone.inverse.is_empty() {
                    continue;
                }
                return Ok(Some(undone));
            }
        })
    }
}

fn take_back(tx: &Transaction<'_>, action: i64, label: String, now: i64) -> Result<Undone> {
    let mut cancelled = Vec::new();
    let mut inverse = Vec::new();
    for (op, state) in ops_of(tx, action)? {
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
        draft: None,
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
            OpKind::Copy { .. } | OpKind::Expunge | OpKind::CreateMailbox { .. } => continue,
        };
        let key = present(tx, &op.account, key)?;
        match out
            .iter_mut()
            .find(|n| n.kind == kind && same_place(n, &key))
        {
            Some(same) => same.keys.push(key),
            None => {
                let account = op.account.clone();
                out.push(NewOp {
                    account,
                    kind,
                    keys: vec![key],
                    locations: Vec::new(),
                });
            }
        }
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

fn same_place(op: &NewOp, key: &MessageKey) -> bool {
    op.keys
        .first()
        .is_some_and(|k| k.mailbox == key.mailbox && k.uidvalidity == key.uidvalidity)
}

/// The key of a message at the place where our moves put it, if the server said which.
fn present(tx: &Transaction<'_>, account: &AccountName, key: &MessageKey) -> Result<MessageKey> {
    let place = follow(tx, account, key)?.and_then(|p| Some((p.mailbox, p.at?)));
    Ok(place.map_or_else(
        || key.clone(),
        |(mailbox, (uidvalidity, uid))| MessageKey {
            mailbox,
            uidvalidity,
            uid,
            ..key.clone()
        },
    ))
}
