//! Messages on their way from one account to another: how far each got, so that none is lost and
//! none arrives twice.
//!
//! A carry is an operation of the account that the messages come to, and names them by the keys
//! that they have where they lie. Before a message goes over the wire its row says what the
//! mailbox looked like; once the copy was proved, where it lies. When all are settled, the
//! operation on the other side that removes the originals is let go in the same transaction: so
//! nothing is removed that was not proved, and what failed stays where it is. That it stays, and
//! why, is a row as well: while others of the carry are waited for it is not sent again.

use super::connection::{Local, LocalReader};
use super::ops::{present, queue};
use super::row;
use crate::model::{
    AccountName, MailboxName, MessageKey, NewOp, Op, OpId, OpKind, Uid, UidValidity,
};
use crate::store::error::Result;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};

/// How far one message of a carry got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The generation of the mailbox that it goes to; 0 if nothing of it was ever sent.
    pub uidvalidity: UidValidity,
    /// UIDs from here on may be the copy's.
    pub uidnext: u32,
    /// The copy's UID, once that is proved.
    pub uid: Option<Uid>,
    /// Why it stays where it is, once that is settled.
    pub stays: Option<String>,
    /// How often it was sent, or begun to be.
    pub attempts: u32,
    /// It is not sent again before this time, seconds since 1970.
    pub next: i64,
}

impl Sent {
    /// Whether something of it may lie there.
    pub fn was_begun(&self) -> bool {
        self.uidvalidity.0 != 0
    }
}

/// What follows when a carry has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Landed {
    /// The operation that removes the originals, if it goes on: of those that arrived only.
    pub vacate: Option<Op>,
    /// The operation that removes the originals as it was before, if it is given up or became less.
    pub was: Option<Op>,
    /// Operations that take it back, because somebody wished so meanwhile.
    pub inverse: Vec<Op>,
}

impl Local {
    /// A message of a carry is about to go over the wire: what may be its copy afterwards. `false`
    /// if the operation was taken back meanwhile, and nothing must be sent.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn carrying(
        &mut self,
        op: OpId,
        seq: usize,
        uidvalidity: UidValidity,
        uidnext: u32,
    ) -> Result<bool> {
        self.write(|tx| {
            let n = tx.execute(
                "INSERT INTO carried(op, seq, uidvalidity, uidnext, uid, attempts)
                 SELECT ?1, ?2, ?3, ?4, 0, 1 FROM op WHERE id = ?1 AND state = 1 AND recalled = 0
                 ON CONFLICT(op, seq) DO UPDATE SET uidvalidity = ?3, uidnext = ?4, uid = 0,
                     attempts = attempts + 1",
                params![op.0, seq, uidvalidity.0, uidnext],
            )?;
            Ok(n == 1)
        })
    }

    /// The server did not take a message for now: not again before `next` (seconds since 1970).
    ///
    /// # Errors
    /// When it can't be written.
    pub fn carried_later(
        &mut self,
        op: OpId,
        seq: usize,
        why: &str,
        (tried, next): (u32, i64),
    ) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE carried SET why = ?3, next = ?4, attempts = max(attempts, ?5)
                 WHERE op = ?1 AND seq = ?2",
                params![op.0, seq, why, next, tried],
            )?;
            Ok(())
        })
    }

    /// A message stays where it is, whatever becomes of the others of its carry.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn carried_not(&mut self, op: OpId, seq: usize, why: &str) -> Result<()> {
        self.write(|tx| Ok(stays(tx, op, seq, why)?))
    }

    /// The copy of a message was proved to be there.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn carried(
        &mut self,
        op: OpId,
        seq: usize,
        uidvalidity: UidValidity,
        uid: Uid,
    ) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE carried SET uidvalidity = ?3, uid = ?4, why = '' WHERE op = ?1 AND seq = ?2",
                params![op.0, seq, uidvalidity.0, uid.get()],
            )?;
            Ok(())
        })
    }

    /// Every message of a carry is settled: those of `failed` (by their place in the operation)
    /// stay where they are, and the originals of the others may go.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn landed(
        &mut self,
        op: &Op,
        failed: &BTreeMap<usize, String>,
        now: i64,
    ) -> Result<Landed> {
        self.write(|tx| {
            let mut landed = Landed::default();
            let vacate = after(tx, op.id)?.filter(|(_, state)| *state == 0);
            let arrived = failed.len() < op.keys.len();
            let (state, why) = match arrived {
                true => (3, None),
                false => (2, failed.values().next()),
            };
            tx.execute(
                "UPDATE op SET state = ?2, error = ?3 WHERE id = ?1",
                params![op.id.0, state, why],
            )?;
            for (seq, why) in failed {
                stays(tx, op.id, *seq, why)?;
                for id in [Some(op.id), vacate.as_ref().map(|(v, _)| v.id)]
                    .into_iter()
                    .flatten()
                {
                    if arrived {
                        tx.execute(
                            "DELETE FROM target WHERE op = ?1 AND seq = ?2",
                            params![id.0, seq],
                        )?;
                    }
                }
            }
            if let Some((was, _)) = vacate {
                if !failed.is_empty() {
                    landed.was = Some(was.clone());
                }
                if arrived {
                    tx.execute("UPDATE op SET kind = 'expunge' WHERE id = ?1", [was.id.0])?;
                    landed.vacate = one(tx, was.id)?.map(|(op, _)| op);
                } else {
                    tx.execute("UPDATE op SET state = 4 WHERE id = ?1", [was.id.0])?;
                }
            }
            if arrived && is_recalled(tx, op.id)? {
                let back = copies(tx, op)?;
                let label = "undo";
                landed.inverse = queue(tx, label, now, &expunge(op, back), false)?.1;
            }
            Ok(landed)
        })
    }
}

impl LocalReader {
    /// What is to come to an account from others, in the order of the user's actions.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn carries(&self, account: &AccountName) -> Result<Vec<Op>> {
        let rows = "account = ?1 AND state < 2 AND kind = 'carry'";
        self.ops(rows, account.as_str())
    }

    /// What is to go from an account to others, in the order of the user's actions.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn carries_from(&self, account: &AccountName) -> Result<Vec<Op>> {
        let rows = "source = ?1 AND state < 2 AND kind = 'carry'";
        self.ops(rows, account.as_str())
    }

    /// The accounts between which something is on its way.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn under_way(&self) -> Result<BTreeSet<AccountName>> {
        self.look(|conn| {
            let sql =
                "SELECT account FROM op WHERE state < 2 AND (kind = 'carry' OR after IS NOT NULL)
                 UNION SELECT source FROM op WHERE state < 2 AND kind = 'carry'";
            let mut select = conn.prepare_cached(sql)?;
            let rows = select.query_map([], |r| r.get(0).map(AccountName))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How far the messages of a carry got, by their place in it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn sent_of(&self, op: OpId) -> Result<BTreeMap<usize, Sent>> {
        self.look(|conn| sent_of(conn, op))
    }

    /// Whether a carry under way was taken back: no more is sent.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_recalled(&self, op: OpId) -> Result<bool> {
        self.look(|conn| is_recalled(conn, op))
    }
}

/// Takes a carry back that has not ended: at once if nothing went over the wire (`true`), or else
/// when it has ended.
pub(super) fn recall(tx: &Transaction<'_>, op: OpId) -> Result<bool> {
    // What stays where it is has nothing on its way.
    let begun = sent_of(tx, op)?.values().any(|sent| sent.stays.is_none());
    let sql = match begun {
        true => "UPDATE op SET recalled = 1 WHERE id = ?1",
        false => "UPDATE op SET state = 4 WHERE id = ?1",
    };
    tx.execute(sql, [op.0])?;
    Ok(!begun)
}

/// What takes a carry back that has ended: its copies are removed, and come back first if the
/// originals were removed, or may have been.
pub(super) fn inverses(conn: &Connection, op: &Op, from: &AccountName) -> Result<Vec<NewOp>> {
    // What was only copied stays: a copy is not taken back.
    let Some((vacate, state)) = after(conn, op.id)? else {
        return Ok(Vec::new());
    };
    let back = copies(conn, op)?;
    let removed = matches!(state, 1 | 3) || (state == 0 && vacate.attempts > 0);
    if !removed {
        return Ok(expunge(op, back));
    }
    let mut groups: BTreeMap<_, Vec<MessageKey>> = BTreeMap::new();
    for (home, key) in back {
        groups
            .entry((home, key.mailbox.clone()))
            .or_default()
            .push(key);
    }
    let mut ops = Vec::new();
    for ((home, _), keys) in groups {
        let kind = OpKind::Carry {
            from: op.account.clone(),
            to: home,
        };
        ops.extend(there_and_gone(from, &op.account, kind, keys));
    }
    Ok(ops)
}

/// A carry to `to`, and the removal of the originals from `from` after it.
pub(super) fn there_and_gone(
    to: &AccountName,
    from: &AccountName,
    kind: OpKind,
    keys: Vec<MessageKey>,
) -> [NewOp; 2] {
    [
        NewOp {
            account: to.clone(),
            kind,
            keys: keys.clone(),
        },
        NewOp {
            account: from.clone(),
            kind: OpKind::Vacate,
            keys,
        },
    ]
}

fn expunge(op: &Op, copies: Vec<(MailboxName, MessageKey)>) -> Vec<NewOp> {
    let mut ops = Vec::new();
    for (_, key) in copies {
        NewOp::put(&mut ops, &op.account, OpKind::Expunge, key);
    }
    ops
}

/// The copies that a carry made, where they are now, and the mailboxes that their originals lay in.
fn copies(conn: &Connection, op: &Op) -> Result<Vec<(MailboxName, MessageKey)>> {
    let OpKind::Carry { to, .. } = &op.kind else {
        return Ok(Vec::new());
    };
    // By number, because those that failed were taken out.
    let mut select = conn.prepare_cached(
        "SELECT c.uidvalidity, c.uid, t.message_id, t.size, t.mailbox
         FROM carried c JOIN target t ON t.op = c.op AND t.seq = c.seq
         WHERE c.op = ?1 AND c.uid > 0 ORDER BY c.seq",
    )?;
    let rows = select.query_map([op.id.0], |r| {
        let home = MailboxName::new(r.get::<_, Vec<u8>>(4)?);
        let name = to.as_bytes().to_vec();
        let key = row::key(name, r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
        Ok(key.map(|key| (home, key)))
    })?;
    let mut copies = Vec::new();
    for row in rows {
        if let Some((home, key)) = row? {
            copies.push((home, present(conn, &op.account, &key)?));
        }
    }
    Ok(copies)
}

/// The operation that waits for one, and its state.
fn after(conn: &Connection, op: OpId) -> Result<Option<(Op, i64)>> {
    let id: Option<i64> = conn
        .prepare_cached("SELECT id FROM op WHERE after = ?1")?
        .query_row([op.0], |r| r.get(0))
        .optional()?;
    id.map_or(Ok(None), |id| one(conn, OpId(id)))
}

fn one(conn: &Connection, id: OpId) -> Result<Option<(Op, i64)>> {
    let sql = format!("SELECT {} FROM op WHERE id = ?1", row::OP);
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query([id.0])?;
    match rows.next()? {
        Some(found) => Ok(Some((row::op(conn, found)?, found.get(9)?))),
        None => Ok(None),
    }
}

/// Notes that a message stays where it is. What was proved to be there is there.
fn stays(tx: &Transaction<'_>, op: OpId, seq: usize, why: &str) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO carried(op, seq, uidvalidity, uidnext, uid, stays, why) VALUES (?1, ?2, 0, 0, 0, 1, ?3)
         ON CONFLICT(op, seq) DO UPDATE SET stays = 1, why = ?3 WHERE uid = 0",
        params![op.0, seq, why],
    )?;
    Ok(())
}

fn sent_of(conn: &Connection, op: OpId) -> Result<BTreeMap<usize, Sent>> {
    let mut select = conn.prepare_cached(
        "SELECT seq, uidvalidity, uidnext, uid, stays, why, attempts, next FROM carried
         WHERE op = ?1 ORDER BY seq",
    )?;
    let rows = select.query_map([op.0], |r| {
        let stays: bool = r.get(4)?;
        let why: String = r.get(5)?;
        let sent = Sent {
            uidvalidity: UidValidity(r.get(1)?),
            uidnext: r.get(2)?,
            uid: Uid::new(r.get(3)?),
            stays: stays.then_some(why),
            attempts: r.get(6)?,
            next: r.get(7)?,
        };
        Ok((r.get(0)?, sent))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn is_recalled(conn: &Connection, op: OpId) -> Result<bool> {
    let sql = "SELECT recalled FROM op WHERE id = ?1";
    let told: Option<bool> = conn
        .prepare_cached(sql)?
        .query_row([op.0], |r| r.get(0))
        .optional()?;
    Ok(told.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, NewOp};

    const V: UidValidity = UidValidity(7);

    fn key(n: u32) -> MessageKey {
        MessageKey {
            mailbox: MailboxName::new("INBOX"),
            uidvalidity: UidValidity(1),
            uid: Uid::new(n).unwrap(),
            message_id: MessageId::new(&format!("{n}@x.example")),
            size: 100,
        }
    }

    fn pair() -> [NewOp; 2] {
        let account = |name: &str| AccountName(name.to_owned());
        let kind = OpKind::Carry {
            from: account("work"),
            to: MailboxName::new("Kept"),
        };
        let keys = (1..=3).map(key).collect();
        there_and_gone(&account("home"), &account("work"), kind, keys)
    }

    #[test]
    fn what_became_of_each_message_is_there_after_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("local.db");
        let mut local = Local::open(&path).unwrap();
        let op = local.act("Moved", 0, &pair()).unwrap().1.remove(0);
        assert!(local.claim(op.id).unwrap());
        assert!(local.carrying(op.id, 0, V, 10).unwrap());
        local.carried_later(op.id, 0, "in use", (1, 90)).unwrap();
        local.carried_not(op.id, 1, "too large").unwrap();
        drop(local);
        let mut local = Local::open(&path).unwrap();
        let sent = local.read().sent_of(op.id).unwrap();
        assert_eq!((sent[&0].attempts, sent[&0].next), (1, 90));
        assert!(sent[&0].was_begun() && sent[&0].stays.is_none());
        assert!(!sent[&1].was_begun());
        assert_eq!(sent[&1].stays.as_deref(), Some("too large"));
        assert!(local.carrying(op.id, 0, V, 12).unwrap());
        let uid = Uid::new(12).unwrap();
        local.carried(op.id, 0, V, uid).unwrap();
        assert!(local.carrying(op.id, 2, V, 13).unwrap());
        local.carried(op.id, 2, V, Uid::new(13).unwrap()).unwrap();
        // What was proved is not taken back by whoever comes later.
        local.carried_not(op.id, 0, "differs").unwrap();
        let sent = local.read().sent_of(op.id).unwrap();
        assert_eq!((sent[&0].uid, sent[&0].attempts), (Some(uid), 2));
        assert_eq!(sent[&0].stays, None);
        assert_eq!(local.read().refusals().unwrap(), 0);
        let failed = [(1, "too large".to_owned())].into();
        let landed = local.landed(&op, &failed, 100).unwrap();
        let vacate = landed.vacate.unwrap();
        let gone: Vec<u32> = vacate.keys.iter().map(|k| k.uid.get()).collect();
        assert_eq!((vacate.kind, gone), (OpKind::Expunge, vec![1, 3]));
        assert_eq!(local.read().refusals().unwrap(), 1, "it is remembered");
    }

    #[test]
    fn of_what_only_stays_nothing_is_on_its_way() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let op = local.act("Moved", 0, &pair()).unwrap().1.remove(0);
        local.claim(op.id).unwrap();
        local.carried_not(op.id, 0, "too large").unwrap();
        let begun = |local: &mut Local| local.write(|tx| Ok(!recall(tx, op.id)?)).unwrap();
        assert!(!begun(&mut local), "taken back at once");
        assert!(!local.carrying(op.id, 1, V, 9).unwrap(), "and not begun");
    }
}
