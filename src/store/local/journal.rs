//! The undo journal: the user's actions, newest last; how they are taken back, the newest or any, and
//! done once more.
//!
//! What still waits is simply removed. What a server has done, or may have done, gets an inverse
//! operation that is queued like any other, so undo works offline and across restarts. Doing an
//! action once more gives it new operations, a round: so it may go back and forth without end.

use super::carried;
use super::connection::Local;
use super::decisions::{self, Allowed};
use super::drafts;
use super::inverse::{Entry, Hindrance, IsGone, hindrance, ops_of, way_back};
use super::ops::{insert, present, queue};
use super::thread_rules;
use super::{meta, row};
use crate::model::{AccountName, ActionId, DraftId, MessageKey, NewOp, Op, OpKind, OutboxId};
use crate::store::error::Result;
use crate::store::process::Process;
use rusqlite::{OptionalExtension as _, Transaction};

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
    /// When the message that is held instead was to be sent, if the user had said so.
    pub was_for: Option<i64>,
    /// Messages that stay as they are, and why.
    pub hindered: Vec<(AccountName, MessageKey, Hindrance)>,
    /// Whether it was about which messages are one thread.
    pub threads: bool,
}

impl Undone {
    fn is_nothing(&self) -> bool {
        self.cancelled.is_empty()
            && self.inverse.is_empty()
            && self.draft.is_none()
            && !self.sending
            && !self.recalled
            && !self.threads
    }
}

/// What asking for an undo came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// There is nothing left to take back.
    Nothing,
    /// The newest action is of another time, or was done in another window: it was only named, and
    /// goes when asked once more.
    Named {
        /// What it was.
        entry: Entry,
        /// Whether another window did it that is still open.
        elsewhere: bool,
    },
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

/// What taking back one action of all came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoOne {
    /// There is no such action, or it was taken back before.
    Nothing,
    /// It can't be: sent, or all of its messages are hindered. The first reason.
    Cannot(String, Option<Hindrance>),
    /// It was taken back, but for what was hindered.
    Done(Undone),
}

/// What was done once more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redone {
    /// The action's label.
    pub label: String,
    /// The operations that do it: queued.
    pub ops: Vec<Op>,
    /// The draft that was thrown away again.
    pub draft: Option<DraftId>,
    /// Whether it was about which messages are one thread.
    pub threads: bool,
    /// Messages that stay as they are, and why.
    pub hindered: Vec<(AccountName, MessageKey, Hindrance)>,
}

/// What asking for a redo came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redo {
    /// Nothing was taken back, or something else was done since.
    Nothing,
    /// It can't be done again; the action's label, and why if that is known.
    Cannot(String, Option<Hindrance>),
    /// It was done once more.
    Done(Redone),
}

impl Local {
    /// Takes back the newest action that was not taken back yet. One from before `fresh` (seconds
    /// since 1970) is only named the first time, and so is what another process did that still runs,
    /// and whatever lies behind a message that is being sent or was: nobody takes back by surprise
    /// what he does not have in mind.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn undo(&mut self, now: i64, fresh: i64) -> Result<Undo> {
        self.write(|tx| {
            // What was named long ago nobody has in mind any more, either.
            let lately = meta::get(tx, NAMED_AT)?.is_some_and(|at| now.abs_diff(at) <= LATELY);
            let named = meta::get(tx, NAMED)?.filter(|_| lately);
            let fresh = fresh.max(meta::get(tx, IDLE)?.map_or(i64::MIN, |at| at + 1));
            while let Some(newest) = newest(tx)? {
                let (action, entry) = (newest.id, newest.entry.clone());
                if let Some(row) = newest.sending
                    && !decisions::is_open(tx, row)?
                {
                    drop_action(tx, action)?;
                    let Some(sent) = sent_at(tx, row)? else {
                        continue;
                    };
                    let next = next(tx)?;
                    name(tx, next.as_ref().map_or(0, |n| n.id), now)?;
                    return Ok(Undo::Late {
                        sent,
                        next: next.map(|n| n.entry),
                    });
                }
                let elsewhere = newest.by.is_other_running();
                if (entry.at < fresh || elsewhere) && named != Some(action) {
                    name(tx, action, now)?;
                    return Ok(Undo::Named { entry, elsewhere });
                }
                let undone = take_back(tx, &newest, now, None)?;
                if undone.is_nothing() {
                    continue;
                }
                return Ok(Undo::Done(undone));
            }
            Ok(Undo::Nothing)
        })
    }

    /// Takes back one action, whatever was done since; messages to which something was done since
    /// stay as they are, and so do those that are gone.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn undo_one(&mut self, id: ActionId, now: i64, is_gone: IsGone<'_>) -> Result<UndoOne> {
        self.write(|tx| {
            let Some(found) = one(tx, id.0, 1)? else {
                return Ok(UndoOne::Nothing);
            };
            if let Some(row) = found.sending
                && !decisions::is_open(tx, row)?
            {
                return Ok(UndoOne::Cannot(found.entry.label, None));
            }
            let undone = take_back(tx, &found, now, Some(is_gone))?;
            if undone.is_nothing() {
                // Nothing was taken back: it stays as it was.
                tx.execute("UPDATE action SET undo = 1 WHERE id = ?1", [id.0])?;
                let why = undone.hindered.into_iter().next().map(|(_, _, why)| why);
                return Ok(UndoOne::Cannot(found.entry.label, why));
            }
            Ok(UndoOne::Done(undone))
        })
    }

    /// Takes back everything that was done after an action, the newest first. What is out or has no
    /// opposite stays.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn undo_since(&mut self, id: ActionId, now: i64) -> Result<Vec<Undone>> {
        self.write(|tx| {
            let mut select =
                tx.prepare("SELECT id FROM action WHERE id > ?1 AND undo = 1 ORDER BY id DESC")?;
            let ids = select.query_map([id.0], |r| r.get(0))?;
            let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
            let mut all = Vec::new();
            for id in ids {
                let Some(found) = one(tx, id, 1)? else {
                    continue;
                };
                if let Some(row) = found.sending
                    && !decisions::is_open(tx, row)?
                {
                    continue;
                }
                let undone = take_back(tx, &found, now, None)?;
                if !undone.is_nothing() {
                    all.push(undone);
                }
            }
            Ok(all)
        })
    }

    /// Does once more what was taken back last, unless the user did something else since.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn redo(&mut self, now: i64) -> Result<Redo> {
        self.write(|tx| {
            let sql = "SELECT a.id, u.id FROM action u JOIN action a ON a.id = u.undoes
                 WHERE a.undo = 2 AND a.outbox IS NULL AND u.id = (SELECT max(id) FROM action WHERE undoes = a.id)
                 ORDER BY u.id DESC LIMIT 1";
            let last = tx.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?)));
            let Some((action, undone)): Option<(i64, i64)> = last.optional()? else {
                return Ok(Redo::Nothing);
            };
            let sql = "SELECT count(*) FROM action WHERE id > ?1 AND undo = 1 AND origin = 0";
            let since: i64 = tx.query_row(sql, [undone], |r| r.get(0))?;
            if since > 0 {
                return Ok(Redo::Nothing);
            }
            let redone = do_again(tx, action, now, &|_, _| false)?;
            if let Redo::Cannot(..) = redone {
                // It must not stand before the others for ever.
                tx.execute("UPDATE action SET undo = 3 WHERE id = ?1", [action])?;
            }
            Ok(redone)
        })
    }

    /// Does an action once more that was taken back, whatever was done since.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn redo_one(&mut self, id: ActionId, now: i64, is_gone: IsGone<'_>) -> Result<Redo> {
        self.write(|tx| do_again(tx, id.0, now, is_gone))
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
/// The key of when that was, seconds since 1970.
const NAMED_AT: &str = "undo-named-at";
/// An action that was named is taken back without another word for so long, in seconds.
const LATELY: u64 = 10 * 60;
/// The key in `meta` of when something was done last that changed nothing.
const IDLE: &str = "undo-idle";

/// An action is named: asked for once more, it is taken back.
fn name(tx: &Transaction<'_>, action: i64, now: i64) -> Result<()> {
    meta::put(tx, NAMED, action)?;
    meta::put(tx, NAMED_AT, now)
}

/// The newest action, and what it was about if it was not about mail that is here.
struct Newest {
    id: i64,
    entry: Entry,
    sending: Option<OutboxId>,
    draft: Option<DraftId>,
    by: Process,
}

fn newest(tx: &Transaction<'_>) -> Result<Option<Newest>> {
    asked(tx, "undo = 1 AND origin = 0 ORDER BY id DESC LIMIT 1", [])
}

/// An action that is in this state.
fn one(tx: &Transaction<'_>, id: i64, undo: i64) -> Result<Option<Newest>> {
    asked(tx, "id = ?1 AND undo = ?2", [id, undo])
}

fn asked(
    tx: &Transaction<'_>,
    condition: &str,
    values: impl rusqlite::Params,
) -> Result<Option<Newest>> {
    let sql = format!("SELECT id, label, at, outbox, draft, process FROM action WHERE {condition}");
    let found = tx.query_row(&sql, values, |r| {
        Ok(Newest {
            id: r.get(0)?,
            entry: Entry {
                label: row::label(r, 1)?,
                at: r.get(2)?,
            },
            sending: r.get::<_, Option<i64>>(3)?.map(OutboxId),
            draft: r.get::<_, Option<i64>>(4)?.map(DraftId),
            by: Process::numbered(r.get(5)?),
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

/// Takes an action back; `careful` where others may have been done since. Written down as an action
/// of its own, which can't be taken back: its opposite is doing the first one again.
fn take_back(
    tx: &Transaction<'_>,
    found: &Newest,
    now: i64,
    careful: Option<IsGone<'_>>,
) -> Result<Undone> {
    let mut undone = Undone {
        label: found.entry.label.clone(),
        ..Undone::default()
    };
    let mut inverse = Vec::new();
    match (found.sending, found.draft) {
        (Some(row), _) => {
            undone.draft = decisions::take_back(tx, row, Allowed::Waiting)?;
            undone.was_for = decisions::kept_time(tx, row)?;
            undone.sending = true;
        }
        (None, Some(draft)) => undone.draft = drafts::take_up(tx, draft)?.then_some(draft),
        (None, None) => {
            let way = way_back(tx, found.id, careful)?;
            for op in &way.cancel {
                tx.execute("UPDATE op SET state = 4 WHERE id = ?1", [op.id.0])?;
            }
            undone.cancelled = way.cancel;
            undone.hindered = way.hindered;
            for op in way.recall {
                match carried::recall(tx, op.id)? {
                    true => undone.cancelled.push(op),
                    false => undone.recalled = true,
                }
            }
            inverse = way.inverse;
        }
    }
    undone.threads = thread_rules::take_back(tx, found.id)?;
    drop_action(tx, found.id)?;
    if undone.is_nothing() && inverse.is_empty() {
        return Ok(undone);
    }
    let (action, ops) = queue(tx, &format!("undo: {}", undone.label), now, &inverse, false)?;
    let sql = "UPDATE action SET undoes = ?2 WHERE id = ?1";
    tx.execute(sql, [action.0, found.id])?;
    undone.inverse = ops;
    Ok(undone)
}

/// Does an action once more that was taken back: a new round of its operations, on its messages
/// where they are now.
fn do_again(tx: &Transaction<'_>, id: i64, now: i64, is_gone: IsGone<'_>) -> Result<Redo> {
    let Some(found) = one(tx, id, 2)? else {
        return Ok(Redo::Nothing);
    };
    let mut redone = Redone {
        label: found.entry.label.clone(),
        ..Redone::default()
    };
    if let Some(draft) = found.draft
        && drafts::put_away(tx, draft, now)?
    {
        redone.draft = Some(draft);
    }
    let mut again = Vec::new();
    let ops = ops_of(tx, id)?;
    let carries = |op: &Op| matches!(op.kind, OpKind::Carry { .. } | OpKind::Vacate);
    if ops.iter().any(|(op, _)| carries(op)) {
        // What went to another account and came back is another message there.
        if ops.iter().any(|(_, state)| *state != 4) {
            return Ok(Redo::Cannot(redone.label, Some(Hindrance::Carried)));
        }
        let same = |op: Op| NewOp {
            account: op.account,
            kind: op.kind,
            keys: op.keys,
        };
        again.extend(ops.into_iter().map(|(op, _)| same(op)));
        return queue_again(tx, id, redone, &again);
    }
    for (op, state) in ops {
        // What was refused is refused again; what has no opposite was not taken back.
        let lasting = matches!(op.kind, OpKind::Copy { .. } | OpKind::Expunge);
        if state == 2 || (lasting && state != 4) {
            continue;
        }
        let mut keys = Vec::new();
        for key in &op.keys {
            match hindrance(tx, &op, key, is_gone)? {
                Some(why) => redone.hindered.push((op.account.clone(), key.clone(), why)),
                None => keys.push(present(tx, &op.account, key)?),
            }
        }
        if keys.is_empty() && !op.keys.is_empty() {
            continue;
        }
        again.extend(by_mailbox(&op, keys));
    }
    redone.threads = thread_rules::again(tx, id)?;
    if again.is_empty() && redone.draft.is_none() && !redone.threads {
        let why = redone.hindered.into_iter().next().map(|(_, _, why)| why);
        return Ok(Redo::Cannot(redone.label, why));
    }
    queue_again(tx, id, redone, &again)
}

/// A new round of an action's operations.
fn queue_again(tx: &Transaction<'_>, id: i64, mut redone: Redone, again: &[NewOp]) -> Result<Redo> {
    tx.execute(
        "UPDATE action SET undo = 1, round = round + 1 WHERE id = ?1",
        [id],
    )?;
    redone.ops = insert(tx, ActionId(id), again)?;
    if let Some(first) = redone.ops.first() {
        let sql = "UPDATE op SET round = (SELECT round FROM action WHERE id = ?1)
             WHERE action = ?1 AND id >= ?2";
        tx.execute(sql, [id, first.id.0])?;
    }
    Ok(Redo::Done(redone))
}

/// The same operation for messages that may lie in several mailboxes now.
fn by_mailbox(op: &Op, keys: Vec<MessageKey>) -> Vec<NewOp> {
    if keys.is_empty() {
        let (account, kind) = (op.account.clone(), op.kind.clone());
        return vec![NewOp {
            account,
            kind,
            keys,
        }];
    }
    let mut ops = Vec::new();
    for key in keys {
        NewOp::put(&mut ops, &op.account, op.kind.clone(), key);
    }
    ops
}
