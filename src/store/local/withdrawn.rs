//! What waited for the servers of an account that is no more: it must not be done to another one that
//! has its name later.

use super::connection::{Local, LocalReader};
use crate::model::AccountName;
use crate::store::error::Result;

/// Operations that wait for an account's server, bring its mail elsewhere or wait for that, or are
/// kept here because its server can't keep them.
const OPEN: &str = "(state < 2 OR state = 5) AND (account = ?1 OR source = ?1
    OR after IN (SELECT id FROM op WHERE account = ?1 OR source = ?1))";

impl Local {
    /// Takes back all that waits for an account's server, to and from other accounts, too: what was
    /// on its way stays where it is. Where its messages were moved is forgotten. Answers how many
    /// operations were taken back.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn withdraw_all(&mut self, account: &AccountName) -> Result<usize> {
        self.write(|tx| {
            tx.execute("DELETE FROM moved WHERE account = ?1", [account.as_str()])?;
            let sql = format!("UPDATE op SET state = 4 WHERE {OPEN}");
            Ok(tx.execute(&sql, [account.as_str()])?)
        })
    }
}

impl LocalReader {
    /// How many changes of mail wait for an account's server: one that brings mail from one account to
    /// another is one.
    ///
    /// # Errors
    /// When it can't be counted.
    pub fn changes_open(&self, account: &AccountName) -> Result<usize> {
        self.look(|conn| {
            let sql =
                format!("SELECT count(*) FROM op WHERE {OPEN} AND after IS NULL AND state < 2");
            Ok(conn.query_row(&sql, [account.as_str()], |r| r.get(0))?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::carried::there_and_gone;
    use super::*;
    use crate::model::{MailboxName, MessageKey, NewOp, OpKind, Uid, UidValidity};

    #[test]
    fn nothing_waits_for_an_account_that_is_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let account = |name: &str| AccountName(name.to_owned());
        let (work, home, third) = (account("work"), account("home"), account("third"));
        let key = || MessageKey {
            mailbox: MailboxName::new("INBOX"),
            uidvalidity: UidValidity(7),
            uid: Uid::new(1).unwrap(),
            message_id: None,
            size: 1,
        };
        let carry = |from: &AccountName, to: &AccountName| {
            let kind = OpKind::Carry {
                from: from.clone(),
                to: MailboxName::new("Kept"),
            };
            there_and_gone(to, from, kind, vec![key()])
        };
        let expunge = |account: &AccountName| NewOp {
            account: account.clone(),
            kind: OpKind::Expunge,
            keys: vec![key()],
        };
        for ops in [
            carry(&work, &home).to_vec(),
            carry(&home, &work).to_vec(),
            vec![expunge(&work)],
            vec![expunge(&home)],
            carry(&home, &third).to_vec(),
        ] {
            local.act("x", 0, &ops).unwrap();
        }
        assert_eq!(local.read().changes_open(&work).unwrap(), 3);
        assert_eq!(local.withdraw_all(&work).unwrap(), 5);
        assert_eq!(local.read().changes_open(&work).unwrap(), 0);
        let left = local.read().all_pending().unwrap();
        assert_eq!(left.len(), 3, "{left:?}");
        assert_eq!(local.withdraw_all(&work).unwrap(), 0);
    }
}
