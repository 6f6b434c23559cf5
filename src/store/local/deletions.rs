//! A mailbox that is to be deleted: not before what is still to leave it has left.

use super::connection::{Local, LocalReader};
use super::ops::present;
use super::row;
use crate::model::{AccountName, AsSeen, MailboxName, Op};
use crate::store::error::Result;
use rusqlite::{Connection, params};

impl Local {
    /// Marks the deletion of a mailbox as in flight, before its command goes out, as
    /// [`Local::claim`] does; or counts one more attempt, if it is. `Some(false)` if somebody took it
    /// back, `None` while operations wait that are to take messages out of that mailbox, to whichever
    /// account.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_deletion(&mut self, op: &Op, name: &MailboxName) -> Result<Option<bool>> {
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
    /// How many messages our own moves have put into a mailbox since it was seen.
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
                "SELECT count(DISTINCT dest_uid) FROM moved
                 WHERE account = ?1 AND dest = ?2 AND dest_uidvalidity = ?3 AND dest_uid >= ?4",
            )?;
            Ok(query.query_row(values, |r| r.get(0))?)
        })
    }
}

/// Whether operations wait that take messages out of a mailbox, or read them there.
fn holds(conn: &Connection, account: &AccountName, name: &MailboxName) -> Result<bool> {
    let mut query = conn.prepare_cached(
        "SELECT mailbox, uidvalidity, uid, message_id, size FROM target
         WHERE op IN (SELECT id FROM op WHERE state < 2
             AND (source = ?1 OR (account = ?1 AND kind IN ('move', 'copy', 'expunge', 'vacate'))))",
    )?;
    let mut rows = query.query([account.as_str()])?;
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
        local.fail(out.id, "no").unwrap();
        assert_eq!(claims(&mut local), Some(true));
        assert_eq!(claims(&mut local), Some(true), "in flight");
        local.confirm(delete.id, &[]).unwrap();
        assert_eq!(claims(&mut local), Some(false));
    }
}
