//! Operations on their way to a server: queued, claimed before the wire, confirmed after it.

use super::connection::{Local, LocalReader};
use super::row;
use crate::model::{
    AccountName, ActionId, FlagChange, MailboxName, MessageKey, NewOp, Op, OpId, OpKind, OpState,
    Uid, UidValidity,
};
use crate::store::codec::flags_in;
use crate::store::error::{Error, Result};
use crate::store::open::now as clock;
use crate::store::process::Process;
use crate::store::resolve::ResolvedTarget;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

/// How long the places of moved messages are remembered: 30 days, in seconds.
const REMEMBERED: i64 = 30 * 24 * 3600;
/// Moves of moved messages that are followed.
const HOPS: usize = 32;

/// Where a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which mailbox.
    pub mailbox: MailboxName,
    /// Under which UID; `None` where the server did not say (no COPYUID).
    pub at: Option<(UidValidity, Uid)>,
}

/// A message that an operation moved, by the key that the operation named it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What it was named.
    pub key: MessageKey,
    /// Where it is now.
    pub to: Place,
}

impl Local {
    /// Makes an action and its operations durable, so that it can be undone later.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn act(&mut self, label: &str, now: i64, ops: &[NewOp]) -> Result<(ActionId, Vec<Op>)> {
        self.act_on(label, "", now, ops)
    }

    /// The same, with the subject of the first message that it is done to.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn act_on(
        &mut self,
        label: &str,
        about: &str,
        now: i64,
        ops: &[NewOp],
    ) -> Result<(ActionId, Vec<Op>)> {
        self.write(|tx| {
            let (action, ops) = queue(tx, label, now, ops, true)?;
            let sql = "UPDATE action SET about = ?2 WHERE id = ?1";
            tx.execute(sql, params![action.0, about])?;
            Ok((action, ops))
        })
    }

    /// Makes operations durable that no user asked for (a mark on an answered message).
    ///
    /// # Errors
    /// When they can't be written.
    pub fn queue(&mut self, ops: &[NewOp], now: i64) -> Result<Vec<Op>> {
        if ops.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|tx| Ok(queue(tx, "", now, ops, false)?.1))
    }

    /// Makes durable what the user asked for and can't be taken back: the journal tells it.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn act_for_good(&mut self, label: &str, now: i64, ops: &[NewOp]) -> Result<Vec<Op>> {
        self.write(|tx| Ok(queue(tx, label, now, ops, false)?.1))
    }

    /// Marks a pending operation as in flight, before its command goes out. `false` if it is not
    /// pending any more.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim(&mut self, op: OpId) -> Result<bool> {
        self.write(|tx| {
            let n = tx.execute(
                "UPDATE op SET state = 1, attempts = attempts + 1 WHERE id = ?1 AND state = 0",
                [op.0],
            )?;
            Ok(n == 1)
        })
    }

    /// Counts one more attempt at an operation that was cut.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_again(&mut self, op: OpId) -> Result<()> {
        self.write(|tx| {
            let sql = "UPDATE op SET attempts = attempts + 1 WHERE id = ?1 AND state = 1";
            tx.execute(sql, [op.0])?;
            Ok(())
        })
    }

    /// The server put the operation off, with none or a part of it done: pending again. Its
    /// attempts say that it can no longer be taken for one that never began.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it is in flight.
    pub fn release(&mut self, op: OpId) -> Result<()> {
        self.write(|tx| step(tx, op, "state = 0", "state = 1", ""))
    }

    /// The server did it; `moved` says where its messages went. May be repeated.
    ///
    /// # Errors
    /// [`Error::Refused`] if it was refused or taken back before.
    pub fn confirm(&mut self, op: OpId, moved: &[Moved]) -> Result<()> {
        let now = clock();
        self.write(|tx| {
            let Some(account) = whose(tx, op)? else {
                return Ok(());
            };
            step(tx, op, "state = 3, error = NULL", "state IN (0, 1, 3)", "")?;
            remember(tx, &account, moved, now)?;
            prune(tx, now)
        })
    }

    /// The server did a part of it: where those messages went, should the rest be cut. Says nothing of
    /// an operation that is gone.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn went(&mut self, op: OpId, moved: &[Moved]) -> Result<()> {
        let now = clock();
        self.write(|tx| match whose(tx, op)? {
            Some(account) => remember(tx, &account, moved, now),
            None => Ok(()),
        })
    }

    /// The server refused it for good; kept with its reason for 30 days.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not waiting any more.
    pub fn fail(&mut self, op: OpId, reason: &str) -> Result<()> {
        self.write(|tx| step(tx, op, "state = 2, error = ?2", "state IN (0, 1)", reason))
    }
}

impl LocalReader {
    /// What waits for an account's server, in the order of the user's actions, without what comes
    /// from other accounts ([`LocalReader::carries`]) and what waits for that.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn pending(&self, account: &AccountName) -> Result<Vec<Op>> {
        self.ops(
            "account = ?1 AND state < 2 AND kind NOT IN ('carry', 'vacate')",
            account.as_str(),
        )
    }

    /// How much waits for an account's server.
    ///
    /// # Errors
    /// When it can't be counted.
    pub fn count_pending(&self, account: &AccountName) -> Result<u64> {
        self.look(|conn| {
            let sql = "SELECT count(*) FROM op WHERE account = ?1 AND state < 2";
            let mut query = conn.prepare_cached(sql)?;
            Ok(query.query_row([account.as_str()], |r| r.get(0))?)
        })
    }

    /// What waits for any server, or is kept here because its server can't keep it, in the order of
    /// the user's actions.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn all_pending(&self) -> Result<Vec<Op>> {
        self.ops("?1 = ?1 AND (state < 2 OR state = 5)", "")
    }

    /// What servers refused within the last 30 days, oldest first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn failed(&self) -> Result<Vec<Op>> {
        self.ops("?1 = ?1 AND state = 2", "")
    }

    /// Whether lists are to show what an operation does: it still waits for its server's answer, or is
    /// kept here because its server can't keep it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn waits(&self, op: OpId) -> Result<bool> {
        self.look(|conn| {
            let sql = "SELECT count(*) FROM op WHERE id = ?1 AND (state < 2 OR state = 5)";
            let mut query = conn.prepare_cached(sql)?;
            Ok(query.query_row([op.0], |r| r.get::<_, i64>(0))? == 1)
        })
    }

    /// Adds to the flags of a place what waits to be done to them: the cache takes that a moment after
    /// it is durable here, and what is done twice changes nothing.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn lay_over(&self, target: &mut ResolvedTarget) -> Result<()> {
        let key = &target.key;
        let values = params![
            key.mailbox.as_bytes(),
            key.uidvalidity.0,
            key.uid.get(),
            target.account.as_str()
        ];
        let changes: Vec<FlagChange> = self.look(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT op.add_system, op.add_keywords, op.remove_system, op.remove_keywords
                 FROM target JOIN op ON op.id = target.op
                 WHERE target.mailbox = ?1 AND target.uidvalidity = ?2 AND target.uid = ?3
                     AND op.account = ?4 AND op.kind = 'store' AND (op.state < 2 OR op.state = 5)
                 ORDER BY op.id",
            )?;
            let rows = query.query_map(values, |row| {
                Ok(FlagChange {
                    add: flags_in(row.get(0)?, row.get_ref(1)?.as_str()?),
                    remove: flags_in(row.get(2)?, row.get_ref(3)?.as_str()?),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        for change in &changes {
            target.flags = target.flags.after(change);
        }
        Ok(())
    }

    pub(super) fn ops(&self, condition: &str, account: &str) -> Result<Vec<Op>> {
        let sql = format!("SELECT {} FROM op WHERE {condition} ORDER BY id", row::OP);
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let mut rows = query.query([account])?;
            let mut ops = Vec::new();
            while let Some(row) = rows.next()? {
                ops.push(row::op(conn, row)?);
            }
            Ok(ops)
        })
    }

    /// Where our own moves put a message; `None` if we did not move it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn follow(&self, account: &AccountName, key: &MessageKey) -> Result<Option<Place>> {
        self.look(|conn| follow(conn, account, key))
    }
}

/// Where our own moves put a message.
pub(super) fn follow(
    conn: &Connection,
    account: &AccountName,
    key: &MessageKey,
) -> Result<Option<Place>> {
    let mut query = conn.prepare_cached(
        "SELECT dest, dest_uidvalidity, dest_uid FROM moved
         WHERE account = ?1 AND mailbox = ?2 AND uidvalidity = ?3 AND uid = ?4",
    )?;
    let mut found: Option<Place> = None;
    let mut at = (key.mailbox.clone(), key.uidvalidity, key.uid);
    for _ in 0..HOPS {
        let values = params![account.as_str(), at.0.as_bytes(), at.1.0, at.2.get()];
        let hop: Option<(Vec<u8>, u32, u32)> = query
            .query_row(values, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .optional()?;
        let Some((dest, validity, uid)) = hop else {
            break;
        };
        let mailbox = MailboxName::new(dest);
        let place = Uid::new(uid).map(|uid| (UidValidity(validity), uid));
        found = Some(Place {
            mailbox: mailbox.clone(),
            at: place,
        });
        let Some((validity, uid)) = place else { break };
        at = (mailbox, validity, uid);
    }
    Ok(found)
}

/// The key of a message at the place where our moves put it, if the server said which.
pub(super) fn present(
    conn: &Connection,
    account: &AccountName,
    key: &MessageKey,
) -> Result<MessageKey> {
    let place = follow(conn, account, key)?.and_then(|p| Some((p.mailbox, p.at?)));
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

/// The account that an operation waits for.
fn whose(tx: &Transaction<'_>, op: OpId) -> Result<Option<AccountName>> {
    let sql = "SELECT account FROM op WHERE id = ?1";
    let found = tx.query_row(sql, [op.0], |r| r.get(0).map(AccountName));
    Ok(found.optional()?)
}

/// Writes down where messages went: from the name that an operation gave them, and from where they
/// were just now, for others may know them by either.
fn remember(tx: &Transaction<'_>, account: &AccountName, moved: &[Moved], now: i64) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO moved(account, mailbox, uidvalidity, uid, dest, dest_uidvalidity, dest_uid, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for Moved { key, to } in moved {
        let (validity, uid) = to.at.map_or((0, 0), |(v, u)| (v.0, u.get()));
        let was = follow(tx, account, key)?.and_then(|p| Some((p.mailbox, p.at?)));
        let named = (key.mailbox.clone(), (key.uidvalidity, key.uid));
        for (mailbox, (generation, at)) in was.into_iter().chain([named]) {
            let here = (mailbox.as_bytes(), generation.0, at.get());
            if (to.mailbox.as_bytes(), validity, uid) != here {
                insert.execute(params![
                    account.as_str(),
                    mailbox.as_bytes(),
                    generation.0,
                    at.get(),
                    to.mailbox.as_bytes(),
                    validity,
                    uid,
                    now
                ])?;
            }
        }
        follow_kept(tx, account, key, to)?;
    }
    Ok(())
}

/// What is kept here of a message that moved is of it where it is now.
fn follow_kept(
    tx: &Transaction<'_>,
    account: &AccountName,
    key: &MessageKey,
    to: &Place,
) -> Result<()> {
    let Some((validity, uid)) = to.at else {
        return Ok(());
    };
    tx.prepare_cached(
        "UPDATE target SET mailbox = ?5, uidvalidity = ?6, uid = ?7
         WHERE mailbox = ?2 AND uidvalidity = ?3 AND uid = ?4
           AND op IN (SELECT id FROM op WHERE state = 5 AND account = ?1)",
    )?
    .execute(params![
        account.as_str(),
        key.mailbox.as_bytes(),
        key.uidvalidity.0,
        key.uid.get(),
        to.mailbox.as_bytes(),
        validity.0,
        uid.get(),
    ])?;
    Ok(())
}

/// Moves an operation from one state to another. `?2` in `set` is `text`.
fn step(tx: &Transaction<'_>, op: OpId, set: &str, from: &str, text: &str) -> Result<()> {
    let sql = format!("UPDATE op SET {set} WHERE id = ?1 AND {from} AND ?2 IS NOT NULL");
    if tx.prepare_cached(&sql)?.execute(params![op.0, text])? == 1 {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "operation {} is not in the state for that",
        op.0
    )))
}

pub(super) fn queue(
    tx: &Transaction<'_>,
    label: &str,
    now: i64,
    ops: &[NewOp],
    undoable: bool,
) -> Result<(ActionId, Vec<Op>)> {
    tx.execute(
        "INSERT INTO action(label, at, undo, process) VALUES (?1, ?2, ?3, ?4)",
        params![label, now, undoable, Process::own().number()],
    )?;
    let action = ActionId(tx.last_insert_rowid());
    Ok((action, insert(tx, action, ops)?))
}

/// Operations of an action, behind all that wait.
pub(super) fn insert(tx: &Transaction<'_>, action: ActionId, ops: &[NewOp]) -> Result<Vec<Op>> {
    let mut out: Vec<Op> = Vec::with_capacity(ops.len());
    for new in ops {
        let id = row::insert_op(tx, action, &new.account, &new.kind, &new.keys)?;
        if let (OpKind::Vacate, Some(carry)) = (&new.kind, out.last()) {
            let Op { id: carry, .. } = carry;
            tx.prepare_cached("UPDATE op SET after = ?2 WHERE id = ?1")?
                .execute([id.0, carry.0])?;
        }
        out.push(Op {
            id,
            action,
            account: new.account.clone(),
            kind: new.kind.clone(),
            keys: new.keys.clone(),
            state: OpState::Pending,
            attempts: 0,
            error: None,
        });
    }
    Ok(out)
}

/// Forgets what is long past. What is pending stays.
fn prune(tx: &Transaction<'_>, now: i64) -> Result<()> {
    let before = now - REMEMBERED;
    // Somebody who was offline for long still needs to know where his messages went.
    tx.execute(
        "DELETE FROM moved WHERE at < ?1
           AND NOT EXISTS (SELECT 1 FROM op WHERE op.account = moved.account AND state < 2)",
        [before],
    )?;
    tx.execute(
        "DELETE FROM action WHERE at < ?1 AND NOT EXISTS (SELECT 1 FROM op WHERE op.action = action.id AND (state < 2 OR state = 5))",
        [before],
    )?;
    Ok(())
}
