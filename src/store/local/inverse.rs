//! How an action is taken back: what still waits is simply removed, and what a server has done, or
//! may have done, gets an inverse operation. And what stands in the way of that, if a later action
//! did something to the same messages.

use super::carried;
use super::ops::present;
use super::row;
use crate::lang::tr;
use crate::model::{
    AccountName, FlagChange, Flags, MailboxName, MessageKey, NewOp, Op, OpKind, OpState,
};
use crate::store::codec::flags_in;
use crate::store::error::Result;
use crate::text::when;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

/// The state of an operation that its server can't do and that holds on this machine alone: nothing is
/// to be put back elsewhere.
const KEPT: i64 = 5;

/// An action of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was done.
    pub label: String,
    /// When, seconds since 1970.
    pub at: i64,
}

/// Why a message can't be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// It is on the server no more, or was removed for good.
    Gone,
    /// A later action did something to it.
    Later(Entry),
    /// It went to another account and came back: there it is another message.
    Carried,
    /// What was done has no opposite: a copy stays, and what was removed for good is gone.
    Lasting,
}

impl Hindrance {
    /// In words that go on after a colon.
    pub fn words(&self, now: i64) -> String {
        match self {
            Hindrance::Gone => tr!("gone from the server").to_owned(),
            Hindrance::Later(Entry { label, at }) => {
                tr!(
                    "in the way is {label} ({at})",
                    label,
                    at = when::clock(*at, now)
                )
            }
            Hindrance::Carried => tr!("it was in another account; move it anew").to_owned(),
            Hindrance::Lasting => {
                tr!("a copy stays, and what is deleted for good is gone").to_owned()
            }
        }
    }
}

/// Whether a message is known to be gone, by the key that it has now.
pub type IsGone<'a> = &'a dyn Fn(&AccountName, &MessageKey) -> bool;

/// What taking an action back comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Operations that had not begun and go.
    pub cancel: Vec<Op>,
    /// Operations that put back what was done.
    pub inverse: Vec<NewOp>,
    /// What is to come from other accounts and has not arrived.
    pub recall: Vec<Op>,
    /// Messages that stay as they are.
    pub hindered: Vec<(AccountName, MessageKey, Hindrance)>,
}

/// The way back from the last round of an action. Without `careful` nothing is looked for that
/// stands in the way: there is no later action.
pub(super) fn way_back(conn: &Connection, action: i64, careful: Option<IsGone<'_>>) -> Result<Way> {
    let mut way = Way::default();
    let ops = ops_of(conn, action)?;
    let carries = ops
        .iter()
        .any(|(op, _)| matches!(op.kind, OpKind::Carry { .. }));
    for (op, state) in ops.into_iter().rev() {
        // Refused, or taken back before.
        if !matches!(state, 0 | 1 | 3 | KEPT) {
            continue;
        }
        if state == KEPT {
            way.cancel.push(op);
            continue;
        }
        if let OpKind::Carry { from, .. } = &op.kind {
            match state {
                3 => way.inverse.extend(carried::inverses(conn, &op, from)?),
                _ => way.recall.push(op),
            }
            continue;
        }
        let waits = op.state == OpState::Pending && state == 0 && op.attempts == 0;
        // What it removes is brought back by the inverse of the carry.
        if carries && matches!(op.kind, OpKind::Vacate | OpKind::Expunge) {
            way.cancel.extend(waits.then_some(op));
            continue;
        }
        let mut free = Vec::new();
        for key in &op.keys {
            let hindrance = match careful {
                Some(is_gone) => hindrance(conn, &op, key, is_gone)?,
                None => None,
            };
            match hindrance {
                Some(why) => way.hindered.push((op.account.clone(), key.clone(), why)),
                None => free.push(key),
            }
        }
        // What is in flight or was put off may be done in part and counts as done: its inverse
        // waits behind it in the queue.
        if waits && is_needed(conn, &op)? {
            continue;
        }
        if waits && free.len() == op.keys.len() {
            way.cancel.push(op);
            continue;
        }
        way.inverse.extend(opposite(&op.kind).map(|kind| NewOp {
            account: op.account.clone(),
            kind,
            keys: Vec::new(),
        }));
        for key in free {
            match inverse(conn, &op, key)? {
                Some((kind, key)) => NewOp::put(&mut way.inverse, &op.account, kind, key),
                None => way
                    .hindered
                    .push((op.account.clone(), key.clone(), Hindrance::Lasting)),
            }
        }
    }
    Ok(way)
}

/// Whether it makes a mailbox that others put messages into.
fn is_needed(conn: &Connection, op: &Op) -> Result<bool> {
    let OpKind::CreateMailbox { name } = &op.kind else {
        return Ok(false);
    };
    let mut query = conn.prepare_cached(
        "SELECT 1 FROM op WHERE account = ?1 AND dest = ?2 AND action <> ?3 AND state IN (0, 1)
             AND kind IN ('move', 'copy', 'carry')",
    )?;
    Ok(query.exists(params![op.account.as_str(), name.as_bytes(), op.action.0])?)
}

/// The operations of the last round of an action with their states, in order.
pub(super) fn ops_of(conn: &Connection, action: i64) -> Result<Vec<(Op, i64)>> {
    let sql = format!(
        "SELECT {} FROM op WHERE action = ?1
           AND round = (SELECT round FROM action WHERE action.id = ?1) ORDER BY id",
        row::OP
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query([action])?;
    let mut ops = Vec::new();
    while let Some(found) = rows.next()? {
        ops.push((row::op(conn, found)?, found.get(9)?));
    }
    Ok(ops)
}

/// The operation that takes back what was done to a mailbox, where there is one.
fn opposite(kind: &OpKind) -> Option<OpKind> {
    match kind {
        OpKind::RenameMailbox { name, to } => Some(OpKind::RenameMailbox {
            name: to.clone(),
            to: name.clone(),
        }),
        OpKind::SubscribeMailbox { name, on } => Some(OpKind::SubscribeMailbox {
            name: name.clone(),
            on: !on,
        }),
        _ => None,
    }
}

/// The operation that puts a message back, and the key that it has now.
fn inverse(conn: &Connection, op: &Op, key: &MessageKey) -> Result<Option<(OpKind, MessageKey)>> {
    let kind = match &op.kind {
        OpKind::Store(change) => OpKind::Store(FlagChange::inverse(change)),
        OpKind::Move { .. } => OpKind::Move {
            to: came_from(conn, op, key)?,
        },
        OpKind::Copy { .. }
        | OpKind::Expunge
        | OpKind::Carry { .. }
        | OpKind::Vacate
        | OpKind::CreateMailbox { .. }
        | OpKind::RenameMailbox { .. }
        | OpKind::DeleteMailbox { .. }
        | OpKind::SubscribeMailbox { .. } => return Ok(None),
    };
    Ok(Some((kind, present(conn, &op.account, key)?)))
}

/// What stands in the way of putting a message back, or of doing the same to it once more: what a
/// later action did to it that was not taken back.
pub(super) fn hindrance(
    conn: &Connection,
    op: &Op,
    key: &MessageKey,
    is_gone: IsGone<'_>,
) -> Result<Option<Hindrance>> {
    let mut query = conn.prepare_cached(
        "SELECT op.id, op.kind, op.add_system, op.add_keywords, op.remove_system,
                op.remove_keywords, action.label, action.at
         FROM target JOIN op ON op.id = target.op JOIN action ON action.id = op.action
         WHERE target.mailbox = ?1 AND target.uidvalidity = ?2 AND target.uid = ?3
           AND op.account = ?4 AND op.action > ?5 AND op.state IN (0, 1, 3)
           AND op.round = action.round AND action.undoes IS NULL
           AND (action.undo = 1 OR op.kind = 'expunge' OR (action.undo = 0 AND op.kind = 'move'))
         ORDER BY op.id",
    )?;
    let mut first: Option<(i64, Hindrance)> = None;
    for (mailbox, validity, uid) in names(conn, &op.account, key)? {
        let account = op.account.as_str();
        let mut rows = query.query(params![mailbox, validity, uid, account, op.action.0])?;
        while let Some(row) = rows.next()? {
            let kind: String = row.get(1)?;
            let (add, remove): (String, String) = (row.get(3)?, row.get(5)?);
            let touched = [flags_in(row.get(2)?, &add), flags_in(row.get(4)?, &remove)];
            if kind == "expunge" {
                return Ok(Some(Hindrance::Gone));
            }
            let meets = match &op.kind {
                OpKind::Move { .. } => kind == "move" || kind == "vacate",
                OpKind::Store(change) => {
                    kind == "vacate" || (kind == "store" && meet(change, &touched))
                }
                _ => false,
            };
            let id = row.get(0)?;
            if meets && first.as_ref().is_none_or(|(other, _)| id < *other) {
                let (label, at) = (row::label(row, 6)?, row.get(7)?);
                first = Some((id, Hindrance::Later(Entry { label, at })));
                break;
            }
        }
    }
    if let Some((_, why)) = first {
        return Ok(Some(why));
    }
    let gone = is_gone(&op.account, &present(conn, &op.account, key)?);
    Ok(gone.then_some(Hindrance::Gone))
}

/// Whether a change is about any of these flags. Keywords have no case.
fn meet(change: &FlagChange, touched: &[Flags]) -> bool {
    let ours = [&change.add, &change.remove];
    let has = |flags: &Flags, keyword: &str| {
        let mut all = flags.keywords.iter();
        all.any(|k| k.eq_ignore_ascii_case(keyword))
    };
    touched.iter().any(|theirs| {
        ours.iter().any(|ours| {
            ours.system.0 & theirs.system.0 != 0 || ours.keywords.iter().any(|k| has(theirs, k))
        })
    })
}

/// The mailbox that a move took a message out of: that of its key, unless an earlier move, not yet
/// known to the cache when the user acted, had taken it elsewhere. That move may know the message
/// by any name it ever had.
fn came_from(conn: &Connection, op: &Op, key: &MessageKey) -> Result<MailboxName> {
    let mut query = conn.prepare_cached(
        "SELECT op.id, dest FROM target JOIN op ON op.id = target.op
         WHERE mailbox = ?1 AND uidvalidity = ?2 AND uid = ?3 AND account = ?4
           AND op.id < ?5 AND kind = 'move' AND state IN (0, 1, 3)
         ORDER BY op.id DESC LIMIT 1",
    )?;
    let mut latest: Option<(i64, Vec<u8>)> = None;
    for (mailbox, validity, uid) in names(conn, &op.account, key)? {
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
fn names(conn: &Connection, account: &AccountName, key: &MessageKey) -> Result<BTreeSet<Name>> {
    let name = |k: &MessageKey| (k.mailbox.as_bytes().to_vec(), k.uidvalidity.0, k.uid.get());
    let mut ahead = vec![name(key), name(&present(conn, account, key)?)];
    let mut query = conn.prepare_cached(
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
