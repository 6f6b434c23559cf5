//! Operations that follow from what lies on a server, and that nobody asked for: what wakes, and new
//! mail of muted conversations. Whoever sees the same on another machine does the same, so one that
//! waited while others may have done it is withdrawn, and derived anew from what is there then.
//!
//! And changes of keywords that a server can't keep: they stay laid over the cache on this machine.

use super::connection::Local;
use super::ops::queue;
use super::row;
use crate::model::{AccountName, NewOp, Op, OpId};
use crate::store::error::Result;
use rusqlite::params;

/// `action.undo` of these.
const DERIVED: i64 = 3;

impl Local {
    /// Makes operations durable that follow from what lies on the server.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn derive(&mut self, ops: &[NewOp], now: i64) -> Result<Vec<Op>> {
        self.write(|tx| {
            let (action, ops) = queue(tx, "", now, ops, false)?;
            tx.execute(
                "UPDATE action SET undo = ?2 WHERE id = ?1",
                params![action.0, DERIVED],
            )?;
            Ok(ops)
        })
    }

    /// Withdraws those of an account that never began, and answers them: they are to be taken off
    /// the cache.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn withdraw(&mut self, account: &AccountName) -> Result<Vec<Op>> {
        let sql = format!(
            "SELECT {} FROM op WHERE account = ?1 AND state = 0 AND attempts = 0
                 AND action IN (SELECT id FROM action WHERE undo = {DERIVED}) ORDER BY id DESC",
            row::OP
        );
        let waiting = self.read().look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            Ok(query.exists([account.as_str()])?)
        })?;
        if !waiting {
            return Ok(Vec::new());
        }
        self.write(|tx| {
            let mut ops = Vec::new();
            {
                let mut query = tx.prepare_cached(&sql)?;
                let mut rows = query.query([account.as_str()])?;
                while let Some(found) = rows.next()? {
                    ops.push(row::op(tx, found)?);
                }
            }
            for op in &ops {
                tx.execute("UPDATE op SET state = 4 WHERE id = ?1", [op.id.0])?;
            }
            Ok(ops)
        })
    }

    /// The server can't keep what the operation sets: it stays laid over the cache of this machine.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_here(&mut self, op: OpId) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE op SET state = 5 WHERE id = ?1 AND state IN (0, 1)",
                [op.0],
            )?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OpKind;
    use crate::model::{FlagChange, MailboxName, MessageKey, System, Uid, UidValidity};
    use crate::store::{Moved, Place, Undo};

    fn account() -> AccountName {
        AccountName("work".to_owned())
    }

    fn key(mailbox: &str, uid: u32) -> MessageKey {
        MessageKey {
            mailbox: MailboxName::new(mailbox.as_bytes().to_vec()),
            uidvalidity: UidValidity(7),
            uid: Uid::new(uid).unwrap(),
            message_id: None,
            size: 10,
        }
    }

    fn op(kind: OpKind, uid: u32) -> NewOp {
        NewOp {
            account: account(),
            kind,
            keys: vec![key("INBOX", uid)],
        }
    }

    #[test]
    fn what_nobody_asked_for_is_withdrawn_unless_it_began_and_is_no_step_of_undo() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let seen = || OpKind::Store(FlagChange::set(System::SEEN));
        local.act("read", 1, &[op(seen(), 1)]).unwrap();
        let derived = local.derive(&[op(seen(), 2), op(seen(), 3)], 2).unwrap();
        assert!(local.claim(derived[0].id).unwrap());
        let withdrawn = local.withdraw(&account()).unwrap();
        assert_eq!(withdrawn.len(), 1);
        assert_eq!(withdrawn[0].id, derived[1].id);
        assert_eq!(local.withdraw(&account()).unwrap(), []);
        assert_eq!(local.read().pending(&account()).unwrap().len(), 2);
        let Undo::Done(undone) = local.undo(3, 0).unwrap() else {
            panic!("nothing undone");
        };
        assert_eq!(undone.label, "read");
    }

    #[test]
    fn what_a_server_cannot_keep_stays_laid_and_follows_its_message() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let mark = OpKind::Store(FlagChange::set(System::FLAGGED));
        let to = MailboxName::new(b"Archive".to_vec());
        let queued = local
            .act(
                "mute",
                1,
                &[op(mark, 1), op(OpKind::Move { to: to.clone() }, 1)],
            )
            .unwrap()
            .1;
        local.claim(queued[0].id).unwrap();
        local.keep_here(queued[0].id).unwrap();
        let shown = local.read().waits(queued[0].id).unwrap();
        assert!(shown, "also if it was not laid before that");
        assert_eq!(local.read().pending(&account()).unwrap().len(), 1);
        let moved = Moved {
            key: key("INBOX", 1),
            to: Place {
                mailbox: to,
                at: Some((UidValidity(9), Uid::new(4).unwrap())),
            },
        };
        local.confirm(queued[1].id, &[moved]).unwrap();
        let laid = local.read().all_pending().unwrap();
        assert_eq!(laid.len(), 1);
        let kept = &laid[0].keys[0];
        assert_eq!(
            (kept.mailbox.as_bytes(), kept.uidvalidity.0, kept.uid.get()),
            (&b"Archive"[..], 9, 4)
        );
        let Undo::Done(undone) = local.undo(3, 0).unwrap() else {
            panic!("nothing undone");
        };
        assert_eq!(undone.cancelled.len(), 1);
        assert_eq!(undone.inverse.len(), 1);
        assert_eq!(local.read().all_pending().unwrap(), undone.inverse);
    }
}
