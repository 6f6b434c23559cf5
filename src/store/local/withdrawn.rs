//! What waited for the servers of an account that is no more: it must not be done to another one that
//! has its name later.
//!
//! An account is in the configuration, a file, and what waits for it is here. That it goes is noted
//! here first; then it is taken out of the file; then what waits is taken back. What a crash leaves
//! of that is ended by the next who talks to servers ([`Local::end_removals`]).

use super::connection::{Local, LocalReader};
use super::meta;
use crate::model::AccountName;
use crate::store::error::Result;
use rusqlite::Transaction;

/// Before the name of an account that is about to go, in `meta`.
const GOING: &str = "removing:";

/// Operations that wait for an account's server, bring its mail elsewhere or wait for that, or are
/// kept here because its server can't keep them.
pub(super) const OPEN: &str = "(state < 2 OR state = 5) AND (account = ?1 OR source = ?1
    OR after IN (SELECT id FROM op WHERE account = ?1 OR source = ?1))";

impl Local {
    /// Notes that an account is about to be taken out of the configuration.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn begin_removal(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx| meta::put(tx, &format!("{GOING}{account}"), 1))
    }

    /// It is still there: all stays as it was.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn drop_removal(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx| forget(tx, account))
    }

    /// It is out of the configuration. Takes back all that waits for its server, to and from other
    /// accounts, too: what was on its way stays where it is. Where its messages were moved is
    /// forgotten, and its messages that wait to be sent wait for the user. Answers how many operations
    /// were taken back.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn end_removal(&mut self, account: &AccountName) -> Result<usize> {
        // What a crash cut waits again, or is in doubt: only now is known what waits.
        self.crashed(account)?;
        self.write(|tx| {
            hold(tx, account)?;
            tx.execute("DELETE FROM moved WHERE account = ?1", [account.as_str()])?;
            let sql = format!("UPDATE op SET state = 4 WHERE {OPEN}");
            let withdrawn = tx.execute(&sql, [account.as_str()])?;
            forget(tx, account)?;
            Ok(withdrawn)
        })
    }

    /// Ends removals that a crash cut, given the accounts that are configured. One that is among them
    /// was not taken out, or another has its name since: what it has to send waits for the user then,
    /// and its changes go on, which are made to no other server's mail.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn end_removals(&mut self, configured: &[AccountName]) -> Result<()> {
        for account in self.read().removals()? {
            if !configured.contains(&account) {
                self.end_removal(&account)?;
                continue;
            }
            self.crashed(&account)?;
            self.write(|tx| {
                hold(tx, &account)?;
                forget(tx, &account)
            })?;
        }
        Ok(())
    }
}

/// What waits to be sent waits for the user.
fn hold(tx: &Transaction<'_>, account: &AccountName) -> Result<usize> {
    Ok(tx.execute(
        "UPDATE outbox SET state = 'held', error = NULL, scheduled = 0
         WHERE account = ?1 AND state = 'queued'",
        [account.as_str()],
    )?)
}

fn forget(tx: &Transaction<'_>, account: &AccountName) -> Result<()> {
    let key = format!("{GOING}{account}");
    tx.execute("DELETE FROM meta WHERE key = ?1", [key])?;
    Ok(())
}

impl LocalReader {
    /// Accounts that are about to go, or were when a crash came.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn removals(&self) -> Result<Vec<AccountName>> {
        self.look(|conn| {
            let mut query = conn.prepare("SELECT key FROM meta WHERE key GLOB ?1 || '*'")?;
            let keys = query.query_map([GOING], |r| r.get::<_, String>(0))?;
            let name =
                |key: String| AccountName(key.strip_prefix(GOING).unwrap_or(&key).to_owned());
            keys.map(|key| Ok(name(key?))).collect()
        })
    }

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
        assert_eq!(local.end_removal(&work).unwrap(), 5);
        assert_eq!(local.read().changes_open(&work).unwrap(), 0);
        let left = local.read().all_pending().unwrap();
        assert_eq!(left.len(), 3, "{left:?}");
        assert_eq!(local.end_removal(&work).unwrap(), 0);
    }

    #[test]
    fn a_removal_that_was_cut_is_ended_or_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("local.db");
        let mut local = Local::open(&path).unwrap();
        let (work, home) = (AccountName("work".into()), AccountName("home".into()));
        let carry = || {
            let kind = OpKind::Carry {
                from: work.clone(),
                to: MailboxName::new("Kept"),
            };
            let key = MessageKey {
                mailbox: MailboxName::new("INBOX"),
                uidvalidity: UidValidity(7),
                uid: Uid::new(1).unwrap(),
                message_id: None,
                size: 1,
            };
            there_and_gone(&home, &work, kind, vec![key])
        };
        local.act("x", 0, &carry()).unwrap();
        let open = |local: &Local| local.read().changes_open(&work).unwrap();
        // Nobody began one.
        local.end_removals(&[]).unwrap();
        assert_eq!(open(&local), 1);
        local.begin_removal(&work).unwrap();
        local.drop_removal(&work).unwrap();
        local.end_removals(&[]).unwrap();
        assert_eq!(open(&local), 1);
        local.begin_removal(&work).unwrap();
        // It never came to the file.
        local.end_removals(&[home.clone(), work.clone()]).unwrap();
        assert_eq!(open(&local), 1);
        assert_eq!(local.read().removals().unwrap(), []);
        local.begin_removal(&work).unwrap();
        drop(local);
        let mut local = Local::open(&path).unwrap();
        assert_eq!(
            local.read().removals().unwrap(),
            std::slice::from_ref(&work)
        );
        local.end_removals(std::slice::from_ref(&home)).unwrap();
        assert_eq!(open(&local), 0);
        assert_eq!(local.read().removals().unwrap(), []);
    }
}
