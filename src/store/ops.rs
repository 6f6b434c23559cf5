//! Operations laid over what the server said: shown = server ⊕ pending.

use crate::model::{
    MailboxId, MailboxName, MessageKey, Op, OpId, OpKind, OpState, Uid, UidValidity,
};
use crate::store::accounts::account_id;
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::identity;
use crate::store::locations::{self, Place};
use crate::store::making;
use crate::store::messages;
use crate::store::refresh::{Effect, laid_by, lay, refresh};
use crate::store::tally::Tally;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server did it.
    Done {
        /// COPYUID (RFC 4315): (source UID, UIDVALIDITY there, UID there). Empty for operations
        /// that copy nothing, and where the server didn't say.
        copied: Vec<(Uid, UidValidity, Uid)>,
    },
    /// It was refused or taken back.
    Reverted,
}

impl Cache {
    /// Lays an operation over the cache; doing it again changes nothing. Keys that are not known
    /// are passed over, and so is an operation that failed.
    pub fn apply(&mut self, op: &Op) -> Result<()> {
        self.write(|tx, tally| {
            for root in lay_op(tx, op)? {
                refresh(tx, tally, root)?;
            }
            Ok(())
        })
    }

    /// As [`Cache::apply`], of an operation that another process may settle at the same time: `waits` is
    /// asked while nobody else can write the cache, so what is answered already is not laid over it once
    /// more, to stay there.
    ///
    /// # Errors
    /// When the cache can't be written, or nobody knows.
    pub fn apply_waiting(
        &mut self,
        op: &Op,
        waits: impl FnOnce(OpId) -> Result<bool>,
    ) -> Result<()> {
        self.write(|tx, tally| {
            if waits(op.id)? {
                for root in lay_op(tx, op)? {
                    refresh(tx, tally, root)?;
                }
            }
            Ok(())
        })
    }

    /// An operation has ended: its effect becomes the server's state, or goes. What other
    /// operations do to the same messages stays. Unknown operations are passed over.
    pub fn settle(&mut self, op: OpId, outcome: &Outcome) -> Result<()> {
        self.write(|tx, tally| {
            match outcome {
                Outcome::Done { .. } => making::made(tx, op.0)?,
                Outcome::Reverted => making::given_up(tx, tally, op.0)?,
            }
            for (root, effect) in laid_by(tx, op.0)? {
                tx.prepare_cached("DELETE FROM overlay WHERE op = ?1 AND location = ?2")?
                    .execute([op.0, root])?;
                let Some(place) = locations::by_id(tx, root)? else {
                    continue;
                };
                match outcome {
                    Outcome::Reverted => refresh(tx, tally, root)?,
                    Outcome::Done { copied } => done(tx, tally, op.0, &place, &effect, copied)?,
                }
            }
            Ok(())
        })
    }

    /// Takes the effect of an operation off so many of its messages: a part of what
    /// [`Outcome::Reverted`] does to all of them.
    pub fn take_off(&mut self, op: OpId, most: usize) -> Result<()> {
        self.write(|tx, tally| {
            for (root, _) in laid_by(tx, op.0)?.into_iter().take(most) {
                tx.prepare_cached("DELETE FROM overlay WHERE op = ?1 AND location = ?2")?
                    .execute([op.0, root])?;
                if locations::by_id(tx, root)?.is_some() {
                    refresh(tx, tally, root)?;
                }
            }
            Ok(())
        })
    }

    /// Forgets every operation laid over the cache and lays those that are `pending` over it, in their
    /// order: at the start, when `local.db` alone knows them. It is asked while nobody else can write the
    /// cache: what another window does meanwhile is laid after that, or is among them.
    ///
    /// # Errors
    /// When the cache can't be written, or what is pending is not known.
    pub fn reapply(&mut self, pending: impl FnOnce() -> Result<Vec<Op>>) -> Result<()> {
        self.write(|tx, tally| {
            let ops = &pending()?;
            let mut roots: BTreeSet<i64> = {
                let mut select = tx.prepare("SELECT DISTINCT location FROM overlay")?;
                let rows = select.query_map([], |row| row.get(0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            tx.execute("DELETE FROM overlay", [])?;
            making::only(tx, ops)?;
            for op in ops {
                roots.extend(lay_op(tx, op)?);
            }
            for root in roots {
                refresh(tx, tally, root)?;
            }
            Ok(())
        })
    }

    /// Lays operations that are `pending` over those of their messages that came since they were laid:
    /// which, is asked while nobody else can write the cache. Answers those of which something was laid.
    ///
    /// # Errors
    /// When the cache can't be written, or what is pending is not known.
    pub fn lay_missing(&mut self, pending: impl FnOnce() -> Result<Vec<Op>>) -> Result<Vec<Op>> {
        self.write(|tx, tally| {
            let mut late = Vec::new();
            for op in pending()? {
                let laid: BTreeSet<i64> = laid_by(tx, op.id.0)?.into_iter().map(|l| l.0).collect();
                let roots: BTreeSet<i64> = lay_op(tx, &op)?.into_iter().collect();
                let missing: Vec<i64> = roots.difference(&laid).copied().collect();
                for root in &missing {
                    refresh(tx, tally, *root)?;
                }
                late.extend((!missing.is_empty()).then_some(op));
            }
            Ok(late)
        })
    }

    /// Drops what moved into this mailbox without COPYUID and was not found there. To be called
    /// after a whole pull of the mailbox that began after the move was settled. Answers how many.
    pub fn drop_unmatched(&mut self, mailbox: MailboxId) -> Result<usize> {
        self.write(|tx, tally| {
            let waiting = locations::waiting(tx, mailbox.0)?;
            for place in &waiting {
                locations::delete_root(tx, tally, place, true)?;
            }
            Ok(waiting.len())
        })
    }
}

/// Writes down what an operation does, and answers to which locations.
fn lay_op(conn: &Connection, op: &Op) -> Result<Vec<i64>> {
    if op.state == OpState::Failed {
        return Ok(Vec::new());
    }
    let Some(account) = account_id(conn, &op.account)? else {
        return Ok(Vec::new());
    };
    let effect = match &op.kind {
        OpKind::Store(change) => Effect::Store(change.clone()),
        OpKind::Move { to } => Effect::Move(mailbox_named(conn, account, to)?.map(|(id, _)| id)),
        OpKind::Copy { to } => Effect::Copy(mailbox_named(conn, account, to)?.map(|(id, _)| id)),
        OpKind::Expunge => Effect::Expunge,
        OpKind::Carry { to, .. } => {
            Effect::Copy(mailbox_named(conn, account, to)?.map(|(id, _)| id))
        }
        OpKind::Vacate => Effect::Expunge,
        OpKind::CreateMailbox { name } => {
            making::begin(conn, account, op.id.0, name)?;
            return Ok(Vec::new());
        }
        OpKind::RenameMailbox { .. }
        | OpKind::DeleteMailbox { .. }
        | OpKind::SubscribeMailbox { .. } => return Ok(Vec::new()),
    };
    // The messages may lie in another account.
    let account = match &op.kind {
        OpKind::Carry { from, .. } => account_id(conn, from)?,
        _ => Some(account),
    };
    let Some(account) = account else {
        return Ok(Vec::new());
    };
    let mut roots = Vec::new();
    for key in &op.keys {
        if let Some(root) = find(conn, account, key)? {
            lay(conn, op.id.0, root, &effect)?;
            roots.push(root);
        }
    }
    Ok(roots)
}

fn mailbox_named(
    conn: &Connection,
    account: i64,
    name: &MailboxName,
) -> Result<Option<(i64, Option<u32>)>> {
    Ok(conn
        .prepare_cached("SELECT id, uidvalidity FROM mailbox WHERE account = ?1 AND name = ?2")?
        .query_row(params![account, name.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?)
}

/// The real or waiting location of a key: where it says, or where we moved it from there.
pub(super) fn find(conn: &Connection, account: i64, key: &MessageKey) -> Result<Option<i64>> {
    let Some((mailbox, uidvalidity)) = mailbox_named(conn, account, &key.mailbox)? else {
        return Ok(None);
    };
    if uidvalidity == Some(key.uidvalidity.0)
        && let Some(place) = locations::by_uid(conn, mailbox, key.uid.get())?
    {
        return Ok(Some(place.id));
    }
    let sql = "SELECT location FROM alias WHERE mailbox = ?1 AND uidvalidity = ?3 AND uid = ?2";
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params![mailbox, key.uid.get(), key.uidvalidity.0], |row| {
            row.get(0)
        })
        .optional()?)
}

/// The server did what `op` asks of `root`; its overlay row is gone already.
fn done(
    conn: &Connection,
    tally: &mut Tally,
    op: i64,
    root: &Place,
    effect: &Effect,
    copied: &[(Uid, UidValidity, Uid)],
) -> Result<()> {
    match effect {
        Effect::Store(change) => {
            let after = Place {
                server: root.server.after(change),
                ..root.clone()
            };
            locations::update(conn, tally, root, &after)?;
            refresh(conn, tally, root.id)
        }
        Effect::Expunge => locations::delete_root(conn, tally, root, false),
        // It was there already.
        Effect::Move(Some(to))
            if *to == root.mailbox && locations::child(conn, root.id, op)?.is_none() =>
        {
            refresh(conn, tally, root.id)
        }
        Effect::Copy(_) => {
            if let Some(child) = locations::child(conn, root.id, op)? {
                let child = settle_down(conn, tally, root, child, copied)?;
                refresh(conn, tally, child)?;
            }
            refresh(conn, tally, root.id)
        }
        Effect::Move(_) => {
            let Some(child) = locations::child(conn, root.id, op)? else {
                return locations::delete_root(conn, tally, root, true);
            };
            let child = settle_down(conn, tally, root, child, copied)?;
            hand_over(conn, root.id, child)?;
            remember_keys(conn, root, child)?;
            locations::delete(conn, tally, root, true)?;
            refresh(conn, tally, child)
        }
    }
}

/// Keeps the keys by which operations in `local.db` may still call what moved from `from` to `to`.
fn remember_keys(conn: &Connection, from: &Place, to: i64) -> Result<()> {
    conn.prepare_cached("UPDATE alias SET location = ?2 WHERE location = ?1")?
        .execute([from.id, to])?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO alias (mailbox, uidvalidity, uid, location)
         SELECT id, uidvalidity, ?2, ?3 FROM mailbox
         WHERE id = ?1 AND uidvalidity IS NOT NULL AND ?2 IS NOT NULL",
    )?
    .execute(params![from.mailbox, from.uid, to])?;
    Ok(())
}

/// What was laid over one location, or made of it, is so of another one from now on.
fn hand_over(conn: &Connection, from: i64, to: i64) -> Result<()> {
    conn.prepare_cached("UPDATE OR IGNORE overlay SET location = ?2 WHERE location = ?1")?
        .execute([from, to])?;
    conn.prepare_cached("DELETE FROM overlay WHERE location = ?1")?
        .execute([from])?;
    conn.prepare_cached("UPDATE location SET root = ?2 WHERE root = ?1")?
        .execute([from, to])?;
    Ok(())
}

/// A pending location becomes real where COPYUID names its UID, else one that waits for it.
/// Answers its id.
fn settle_down(
    conn: &Connection,
    tally: &mut Tally,
    root: &Place,
    child: Place,
    copied: &[(Uid, UidValidity, Uid)],
) -> Result<i64> {
    let uidvalidity: Option<u32> = conn
        .prepare_cached("SELECT uidvalidity FROM mailbox WHERE id = ?1")?
        .query_row([child.mailbox], |row| row.get(0))?;
    let told = copied
        .iter()
        .find(|(source, validity, _)| {
            root.uid == Some(i64::from(source.get())) && Some(validity.0) == uidvalidity
        })
        .map(|(_, _, uid)| *uid);
    let mut after = Place {
        root: None,
        op: None,
        server: root.server.clone(),
        ..child.clone()
    };
    let fetched = match told {
        Some(uid) => locations::by_uid(conn, child.mailbox, uid.get())?,
        None => twin(conn, &child)?,
    };
    if let Some(fetched) = fetched {
        (after.message, after.thread, after.date, after.body) =
            one_message(conn, tally, &child, &fetched)?;
        after.uid = fetched.uid;
        after.server = fetched.server.clone();
        hand_over(conn, fetched.id, child.id)?;
        // Read again: joining the messages may have changed it.
        if let Some(fetched) = locations::by_id(conn, fetched.id)? {
            locations::delete(conn, tally, &fetched, true)?;
        }
        let child = locations::by_id(conn, child.id)?.unwrap_or(child);
        locations::update(conn, tally, &child, &after)?;
        return Ok(child.id);
    }
    after.uid = told.map(|uid| i64::from(uid.get()));
    locations::update(conn, tally, &child, &after)?;
    Ok(child.id)
}

/// A message fetched after the move was made that is, or looks like, what was moved.
fn twin(conn: &Connection, child: &Place) -> Result<Option<Place>> {
    let id: Option<i64> = conn
        .prepare_cached(
            "SELECT l.id FROM location l JOIN message m ON m.id = l.message JOIN message c ON c.id = ?4
             WHERE l.mailbox = ?1 AND l.hidden = 0 AND l.date = ?2 AND l.id > ?3 AND l.uid IS NOT NULL
                 AND m.message_id = c.message_id AND m.size = c.size AND m.subject = c.subject
             ORDER BY m.id <> c.id, l.id LIMIT 1",
        )?
        .query_row([child.mailbox, child.date, child.id, child.message], |row| row.get(0))
        .optional()?;
    id.map_or(Ok(None), |id| locations::by_id(conn, id))
}

/// Makes one message of two that COPYUID or a confirmed move proves to be the same: the one whose
/// body is here stays. Answers its row, thread, date and body state.
fn one_message(
    conn: &Connection,
    tally: &mut Tally,
    ours: &Place,
    theirs: &Place,
) -> Result<(i64, i64, i64, i64)> {
    let (keep, lose) = if theirs.body == 1 && ours.body != 1 {
        (theirs, ours)
    } else {
        (ours, theirs)
    };
    if keep.message != lose.message {
        for place in locations::of_message(conn, lose.message)? {
            let after = Place {
                message: keep.message,
                thread: keep.thread,
                date: keep.date,
                body: keep.body,
                ..place.clone()
            };
            locations::update(conn, tally, &place, &after)?;
        }
        identity::hand_over(conn, lose.message, keep.message)?;
        messages::delete(conn, tally, lose.message)?;
    }
    Ok((keep.message, keep.thread, keep.date, keep.body))
}
