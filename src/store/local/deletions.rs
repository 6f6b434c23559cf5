//! A mailbox that is to be deleted: not before what is still to leave it has left.

use super::connection::{Local, LocalReader};
use super::ops::present;
use super::row;
use crate::model::{AccountName, AsSeen, MailboxName, Op};
use crate::store::error::Result;
use rusqlite::{CachedStatement, Connection, Params, params};

impl Local {
    /// Marks the deletion of a mailbox as in flight, before its command goes out, as
    /// [`Local::claim`] does; or counts one more attempt, if it is. `Some(false)` if somebody took it
    /// back, `None` while operations wait that are to take messages out of that mailbox, to whichever
    /// account.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_deletion(&mut self, op: &Op, name: &MailboxName) -> Result<Option<bool>> {
        // Where something waits that is so in every turn: nobody has to stand aside for it.
        if self.reader.look(|conn| holds(conn, &op.account, name))? {
            return Ok(None);
        }
        self.write(|tx| {
            if holds(tx, &op.account, name)? {
                return Ok(None);
            }
            let sql =
                "UPDATE op SET state = 1, attempts = attempts + 1 WHERE id = ?1 AND state < 2";
            Ok(Some(tx.execute(sql, [op.id.0])? == 1))
        })
    }
}

impl LocalReader {
    /// Whether something was to be taken out of a mailbox before its deletion was asked for, and could
    /// not be: what was to be kept may be in it still. Once a deletion was refused since, it is known.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_kept_in(&self, deletion: &Op, name: &MailboxName) -> Result<bool> {
        let account = &deletion.account;
        let told = [name.as_bytes(), &[0]].concat();
        let values = params![account.as_str(), deletion.id.0, name.as_bytes(), told];
        self.look(|conn| {
            let query = conn.prepare_cached(
                "SELECT mailbox, uidvalidity, uid, message_id, size FROM target
                 WHERE op IN (SELECT o.id FROM op o WHERE o.id < ?2
                     AND o.id > (SELECT coalesce(max(d.id), 0) FROM op d WHERE d.id < ?2 AND d.state = 2
                         AND d.account = ?1 AND d.kind = 'delete'
                         AND (d.dest = ?3 OR substr(d.dest, 1, length(?4)) = ?4))
                     AND ((o.state = 2 AND (o.source = ?1 OR (o.account = ?1 AND o.kind IN ('move', 'copy'))))
                         OR (o.source = ?1 AND o.state = 3
                             AND EXISTS (SELECT 1 FROM carried c WHERE c.op = o.id AND c.stays <> 0))))",
            )?;
            any_in(query, values, (conn, account), name)
        })
    }

    /// How many messages our own moves, and what came from other accounts, have put into a mailbox since
    /// it was seen, as far as the server told.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn moved_there(
        &self,
        account: &AccountName,
        name: &MailboxName,
        seen: &AsSeen,
    ) -> Result<u64> {
        let values = params![
            account.as_str(),
            name.as_bytes(),
            seen.uidvalidity.0,
            seen.uidnext
        ];
        self.look(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT count(*) FROM (
                     SELECT dest_uid FROM moved
                     WHERE account = ?1 AND dest = ?2 AND dest_uidvalidity = ?3 AND dest_uid >= ?4
                     UNION
                     SELECT c.uid FROM carried c JOIN op ON op.id = c.op
                     WHERE op.account = ?1 AND op.kind = 'carry' AND op.dest = ?2
                         AND c.uidvalidity = ?3 AND c.uid >= ?4)",
            )?;
            Ok(query.query_row(values, |r| r.get(0))?)
        })
    }
}

/// Whether operations wait that take messages out of a mailbox, or read them there.
fn holds(conn: &Connection, account: &AccountName, name: &MailboxName) -> Result<bool> {
    let query = conn.prepare_cached(
        "SELECT mailbox, uidvalidity, uid, message_id, size FROM target
         WHERE op IN (SELECT id FROM op WHERE state < 2
             AND (source = ?1 OR (account = ?1 AND kind IN ('move', 'copy', 'expunge', 'vacate'))))",
    )?;
    any_in(query, params![account.as_str()], (conn, account), name)
}

/// Whether any of the messages that a query names is in that mailbox.
fn any_in(
    mut query: CachedStatement<'_>,
    values: impl Params,
    (conn, account): (&Connection, &AccountName),
    name: &MailboxName,
) -> Result<bool> {
    let mut rows = query.query(values)?;
    while let Some(r) = rows.next()? {
        let key = row::key(r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?);
        let Some(key) = key else { continue };
        // It may lie where another of our moves put it.
        if key.mailbox == *name || present(conn, account, &key)?.mailbox == *name {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::super::carried::there_and_gone;
    use super::*;
    use crate::model::{MessageKey, NewOp, OpKind, Uid, UidValidity};
    use crate::store::{Moved, Place};

    fn name(name: &str) -> MailboxName {
        MailboxName::new(name)
    }

    fn key(mailbox: &str, uid: u32) -> MessageKey {
        MessageKey {
            mailbox: name(mailbox),
            uidvalidity: UidValidity(7),
            uid: Uid::new(uid).unwrap(),
            message_id: None,
            size: 1,
        }
    }

    #[test]
    fn a_deletion_waits_for_what_is_still_to_leave() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let account = |name: &str| AccountName(name.to_owned());
        let (work, home) = (account("work"), account("home"));
        let to = |mailbox| OpKind::Move { to: name(mailbox) };
        let op = |kind, keys| NewOp {
            account: work.clone(),
            kind,
            keys,
        };
        let into = op(to("X"), vec![key("INBOX", 1)]);
        let into = local.act("Moved", 0, &[into]).unwrap().1.remove(0);
        let carry = OpKind::Carry {
            from: work.clone(),
            to: name("Kept"),
        };
        let pair = there_and_gone(&home, &work, carry, vec![key("X", 3)]);
        let carry = local.act("Moved", 0, &pair).unwrap().1.remove(0);
        // By the name that it had before it came to X.
        let out = op(to("Y"), vec![key("INBOX", 1)]);
        let out = local.act("Moved", 0, &[out]).unwrap().1.remove(0);
        let delete = OpKind::DeleteMailbox {
            name: name("X"),
            seen: Some(AsSeen {
                uidvalidity: UidValidity(7),
                uidnext: 9,
                messages: 0,
            }),
        };
        let queued = local.act_for_good("Deleting", 0, &[op(delete, Vec::new())]);
        let delete = queued.unwrap().remove(0);
        let pending = local.read().pending(&work).unwrap();
        assert_eq!(pending.last(), Some(&delete), "with what was seen");
        let claims = |local: &mut Local| local.claim_deletion(&delete, &name("X")).unwrap();
        assert_eq!(claims(&mut local), None);
        let moved = Moved {
            key: key("INBOX", 1),
            to: Place {
                mailbox: name("X"),
                at: Some((UidValidity(7), Uid::new(9).unwrap())),
            },
        };
        local.confirm(into.id, &[moved]).unwrap();
        let seen = AsSeen {
            uidvalidity: UidValidity(7),
            uidnext: 9,
            messages: 0,
        };
        let came = local.read().moved_there(&work, &name("X"), &seen).unwrap();
        assert_eq!(came, 1);
        let landed = local.landed(&carry, &Default::default(), 0).unwrap();
        assert_eq!(claims(&mut local), None, "the original is still there");
        local.confirm(landed.vacate.unwrap().id, &[]).unwrap();
        assert_eq!(claims(&mut local), None, "what came to it is to leave it");
        let kept = |local: &Local, op: &Op| local.read().is_kept_in(op, &name("X")).unwrap();
        assert!(!kept(&local, &delete));
        local.fail(out.id, "no").unwrap();
        assert!(kept(&local, &delete), "what was to leave it is there");
        assert!(!local.read().is_kept_in(&delete, &name("Z")).unwrap());
        assert_eq!(claims(&mut local), Some(true));
        assert_eq!(claims(&mut local), Some(true), "in flight");
        local.fail(delete.id, "it is in it still").unwrap();
        assert_eq!(claims(&mut local), Some(false));
        let again = OpKind::DeleteMailbox {
            name: name("X"),
            seen: None,
        };
        let again = local.act_for_good("Deleting", 0, &[op(again, Vec::new())]);
        let again = again.unwrap().remove(0);
        assert!(!kept(&local, &again), "whoever was told knows");
    }
}
