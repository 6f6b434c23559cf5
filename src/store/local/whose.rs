//! Whose mailboxes an account's name means. What waits for one is not done to another that has its name.

use super::connection::{Local, LocalReader};
use super::withdrawn::OPEN;
use crate::lang::mark;
use crate::model::AccountName;
use crate::store::error::Result;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

/// Said of what waited for an account that is another one now.
const WHY: &str = mark!("its account is another one by now, at another server or of another user");

/// Whose mailboxes an account is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The host that they lie at, in lower case.
    pub host: String,
    /// The user there.
    pub user: String,
}

impl LocalReader {
    /// Whether an account's name meant another's mailboxes when that was written down last, as `same`
    /// tells of two.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_another(
        &self,
        account: &AccountName,
        now: &Whose,
        same: &dyn Fn(&Whose, &Whose) -> bool,
    ) -> Result<bool> {
        let was = self.look(|conn| whose(conn, account))?;
        Ok(was.is_some_and(|was| was != *now && !same(&was, now)))
    }
}

impl Local {
    /// Notes whose mailboxes an account's name means from now on. Where they were somebody else's
    /// before, which `same` denies of the two, what waits for those fails, and what waits to be sent
    /// is held until the user has looked at it. Answers how many operations and messages that were.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn account_is(
        &mut self,
        account: &AccountName,
        now: &Whose,
        same: &dyn Fn(&Whose, &Whose) -> bool,
    ) -> Result<usize> {
        let was = self.reader.look(|conn| whose(conn, account))?;
        if was.as_ref() == Some(now) {
            return Ok(0);
        }
        self.write(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO account_of(account, host, user) VALUES (?1, ?2, ?3)",
                params![account.as_str(), now.host, now.user],
            )?;
            if was.is_none_or(|was| same(&was, now)) {
                return Ok(0);
            }
            forget(tx, account)?;
            for table in ["draft_copy", "arrival", "arrival_mark"] {
                let sql = format!("DELETE FROM {table} WHERE account = ?1");
                tx.execute(&sql, [account.as_str()])?;
            }
            // Drafts as they are stay here until they are changed: nobody asked for them there.
            tx.execute(
                "INSERT INTO draft_copy(draft, account, message_id, mailbox, saved, state)
                 SELECT id, account, 'nowhere.' || hex(randomblob(16)), x'', saved, 3
                   FROM draft WHERE account = ?1",
                [account.as_str()],
            )?;
            // What was sent from the other is not filed in this one.
            let sql = "UPDATE outbox SET state = 'sent', error = ?2
                 WHERE account = ?1 AND state = 'accepted'";
            tx.execute(sql, params![account.as_str(), WHY])?;
            let sql = format!(
                "UPDATE op SET error = ?2, state = CASE state WHEN 5 THEN 4 ELSE 2 END WHERE {OPEN}"
            );
            let failed = tx.execute(&sql, params![account.as_str(), WHY])?;
            let sql = "UPDATE outbox SET error = ?2, state = 'held'
                 WHERE account = ?1 AND state IN ('queued', 'sending')";
            Ok(failed + tx.execute(sql, params![account.as_str(), WHY])?)
        })
    }
}

/// What was done in mailboxes that are not there any more: where messages went, and that it can be
/// taken back.
fn forget(tx: &Transaction<'_>, account: &AccountName) -> Result<()> {
    tx.execute("DELETE FROM moved WHERE account = ?1", [account.as_str()])?;
    tx.execute(
        "UPDATE action SET undo = 0 WHERE undo <> 0
           AND id IN (SELECT action FROM op WHERE account = ?1 OR source = ?1)",
        [account.as_str()],
    )?;
    Ok(())
}

fn whose(conn: &Connection, account: &AccountName) -> Result<Option<Whose>> {
    let sql = "SELECT host, user FROM account_of WHERE account = ?1";
    let found = conn.query_row(sql, [account.as_str()], |r| {
        let (host, user) = (r.get(0)?, r.get(1)?);
        Ok(Whose { host, user })
    });
    Ok(found.optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Draft, MailboxName, MessageId, NewOp, OpKind, Outgoing, SubmissionState};
    use crate::store::Past;

    #[test]
    fn what_waits_for_an_account_is_not_done_to_another_one_of_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let work = AccountName("work".to_owned());
        let whose = |host: &str| Whose {
            host: host.to_owned(),
            user: "ada".to_owned(),
        };
        let delete = || NewOp {
            account: work.clone(),
            kind: OpKind::DeleteMailbox {
                name: MailboxName::new("Old"),
                seen: None,
            },
            keys: Vec::new(),
        };
        let same = |a: &Whose, b: &Whose| a.user == b.user && b.host == "mail.one.example";
        let is = |local: &mut Local, host: &str| {
            let waits = local.account_is(&work, &whose(host), &same).unwrap();
            (waits, local.read().pending(&work).unwrap().len())
        };
        let other = |local: &Local, host: &str| {
            let read = local.read();
            read.is_another(&work, &whose(host), &same).unwrap()
        };
        assert!(!other(&local, "one.example"), "nobody knows");
        assert_eq!(is(&mut local, "one.example"), (0, 0));
        assert!(other(&local, "two.example"));
        assert!(!other(&local, "one.example") && !other(&local, "mail.one.example"));
        let done = local.act("done", 0, &[delete()]).unwrap().1;
        local.confirm(done[0].id, &[]).unwrap();
        local.act("waits", 1, &[delete()]).unwrap();
        let message = Outgoing::new(work.clone(), MessageId::new("1@x").unwrap(), 0);
        let sending = local.submit(&message, 0).unwrap();
        let other = Outgoing::new(work.clone(), MessageId::new("2@x").unwrap(), 0);
        let sent = local.submit(&other, 0).unwrap();
        let accept = |tx: &Transaction<'_>| {
            let sql = "UPDATE outbox SET state = 'accepted' WHERE id = ?1";
            Ok(tx.execute(sql, [sent.0])?)
        };
        assert_eq!(local.write(accept).unwrap(), 1);
        let draft = local.save_draft(&Draft::new(work.clone()), 10).unwrap();
        assert_eq!(local.read().uncopied(&work, 900, 20).unwrap(), [draft]);
        // Another name of the same server.
        assert_eq!(is(&mut local, "mail.one.example"), (0, 1));
        assert_eq!(is(&mut local, "two.example"), (2, 0));
        let failed = local.read().failed().unwrap();
        assert_eq!(failed[0].error.as_deref(), Some(WHY));
        let row = local.read().submission(sending).unwrap().unwrap();
        assert_eq!(row.state, SubmissionState::Held);
        let undoable = |past: &Past| past.undoable && past.sending.is_none();
        assert!(!local.read().journal(9).unwrap().iter().any(undoable));
        // Neither what was sent from the other nor a draft goes to the new one, unless that is changed.
        assert_eq!(local.read().unfiled(&work, None).unwrap(), []);
        let row = local.read().submission(sent).unwrap().unwrap();
        assert_eq!(row.state, SubmissionState::Done);
        assert_eq!(local.read().uncopied(&work, 900, 20).unwrap(), []);
        assert_eq!(local.read().removed_elsewhere().unwrap(), []);
        let written = local.read().draft(draft).unwrap().unwrap();
        local.save_draft(&written, 1_000).unwrap();
        let due = local.read().uncopied(&work, 1_900, 20).unwrap();
        assert_eq!(due, [draft]);
        // What is done now is for the new one.
        local.act("new", 2, &[delete()]).unwrap();
        assert_eq!(is(&mut local, "two.example"), (0, 1));
    }
}
