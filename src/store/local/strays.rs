//! What waits for accounts that are configured no more: it stays, and unsent messages say why they wait.

use super::connection::{Local, LocalReader};
use crate::lang::mark;
use crate::model::AccountName;
use crate::store::error::Result;
use rusqlite::{Connection, params};

/// Shown with such a message.
const WHY: &str = mark!("its account is not in the configuration any more");

impl Local {
    /// Marks what waits to be sent for accounts that are not configured, and takes the mark from
    /// what can go out again. What was under way there when the program ended is judged as for any
    /// other account. Answers how many messages are stranded.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn mark_strays(&mut self, configured: &[AccountName]) -> Result<usize> {
        let rows = self.read().outbox()?;
        let mut stranded = 0;
        let strays: Vec<&AccountName> = rows
            .iter()
            .map(|row| &row.account)
            .filter(|name| !configured.contains(name))
            .collect();
        for name in &strays {
            self.crashed(name)?;
        }
        self.write(|tx| {
            let mut set =
                tx.prepare("UPDATE outbox SET error = ?2 WHERE id = ?1 AND state = 'queued'")?;
            let mut clear = tx.prepare("UPDATE outbox SET error = NULL WHERE id = ?1")?;
            for row in &rows {
                if !configured.contains(&row.account) {
                    stranded += set.execute(params![row.id.0, WHY])?;
                } else if row.error.as_deref() == Some(WHY) {
                    clear.execute([row.id.0])?;
                }
            }
            Ok(stranded)
        })
    }
}

/// What waits for the servers of an account that is not configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranded {
    /// The account's name.
    pub account: AccountName,
    /// Messages to be sent, or to be filed as sent.
    pub unsent: usize,
    /// Changes of mail.
    pub changes: usize,
    /// Reminders.
    pub reminders: usize,
}

impl LocalReader {
    /// What waits for accounts that are not among these: they were renamed in the configuration, or taken
    /// out of it by hand. By name; what the user holds back waits for nobody.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn stranded(&self, configured: &[AccountName]) -> Result<Vec<Stranded>> {
        let names = self.look(|conn| {
            let mut query = conn.prepare(&format!(
                "SELECT account FROM outbox WHERE {UNSENT}
                 UNION SELECT account FROM reminder WHERE state < 2
                 UNION SELECT account FROM op WHERE state < 2
                 UNION SELECT source FROM op WHERE state < 2 AND source <> ''
                 ORDER BY 1",
            ))?;
            let names = query.query_map([], |row| row.get(0).map(AccountName))?;
            Ok(names.collect::<rusqlite::Result<Vec<_>>>()?)
        })?;
        let reminders = self.reminders()?;
        let mut stranded = Vec::new();
        for account in names.into_iter().filter(|name| !configured.contains(name)) {
            let stray = Stranded {
                unsent: self.look(|conn| unsent(conn, &account))?,
                changes: self.look(|conn| changes(conn, &account))?,
                reminders: reminders.iter().filter(|r| r.account == account).count(),
                account,
            };
            if stray.unsent + stray.changes + stray.reminders > 0 {
                stranded.push(stray);
            }
        }
        Ok(stranded)
    }
}

/// What is on its way: what the user holds back waits for nobody.
const UNSENT: &str = "state NOT IN ('sent', 'held')";

/// How many messages of an account are to be sent or filed.
fn unsent(conn: &Connection, account: &AccountName) -> Result<usize> {
    let sql = format!("SELECT count(*) FROM outbox WHERE account = ?1 AND {UNSENT}");
    Ok(conn.query_row(&sql, [account.as_str()], |row| row.get(0))?)
}

/// How many changes wait for an account's server. One that waits for another of them is a part of it.
fn changes(conn: &Connection, account: &AccountName) -> Result<usize> {
    const OURS: &str = "state < 2 AND (account = ?1 OR source = ?1)";
    let sql = format!(
        "SELECT count(*) FROM op WHERE {OURS}
           AND (after IS NULL OR after NOT IN (SELECT id FROM op WHERE {OURS}))"
    );
    Ok(conn.query_row(&sql, [account.as_str()], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::super::carried::there_and_gone;
    use super::*;
    use crate::model::{
        MailboxName, MessageId, MessageKey, OpKind, Outgoing, SubmissionState, Uid, UidValidity,
    };
    use std::sync::Arc;

    #[test]
    fn an_unsent_message_of_a_removed_account_stays_and_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let name = |name: &str| AccountName(name.to_owned());
        let mut put = |account: &str| {
            let bytes = Arc::new(b"x".to_vec());
            let outgoing = Outgoing {
                account: name(account),
                message_id: MessageId::new("1@x").unwrap(),
                mail_from: "me@example.org".to_owned(),
                recipients: vec!["you@example.org".to_owned()],
                subject: String::new(),
                wire: Arc::clone(&bytes),
                filed: bytes,
                draft: None,
                attached: Vec::new(),
                not_before: 0,
                scheduled: false,
                dsn: false,
                remind: None,
                source: None,
            };
            local.submit(&outgoing, 0).unwrap()
        };
        let ids = [put("home"), put("work"), put("home")];
        assert!(local.claim_submission(ids[2], 0).unwrap());
        let both = [name("home"), name("work")];
        assert_eq!(local.mark_strays(&both).unwrap(), 0);
        assert_eq!(local.mark_strays(&both[1..]).unwrap(), 2);
        let rows = local.read().outbox().unwrap();
        let why: Vec<bool> = rows
            .iter()
            .map(|r| r.error.as_deref() == Some(WHY))
            .collect();
        assert_eq!(why, [true, false, true]);
        assert!(rows.iter().all(|r| r.state == SubmissionState::Queued));
        let strays = local.read().stranded(&both[1..]).unwrap();
        let of = |s: &Stranded| (s.account.to_string(), s.unsent, s.changes, s.reminders);
        let strays: Vec<_> = strays.iter().map(of).collect();
        assert_eq!(strays, [("home".to_owned(), 2, 0, 0)]);
        assert_eq!(local.read().stranded(&both).unwrap(), []);
        assert_eq!(local.mark_strays(&both).unwrap(), 0);
        let rows = local.read().outbox().unwrap();
        assert!(rows.iter().all(|r| r.error.is_none()), "it is back");
    }

    #[test]
    fn what_is_left_to_be_removed_of_what_was_carried_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let name = |name: &str| AccountName(name.to_owned());
        let (work, home) = (name("work"), name("home"));
        let key = MessageKey {
            mailbox: MailboxName::new("INBOX"),
            uidvalidity: UidValidity(7),
            uid: Uid::new(1).unwrap(),
            message_id: None,
            size: 1,
        };
        let kind = OpKind::Carry {
            from: home.clone(),
            to: MailboxName::new("Kept"),
        };
        let ops = there_and_gone(&work, &home, kind, vec![key]);
        local.act("x", 0, &ops).unwrap();
        let told = |local: &Local| {
            let strays = local.read().stranded(std::slice::from_ref(&work)).unwrap();
            let of = |s: &Stranded| (s.account.to_string(), s.unsent, s.changes, s.reminders);
            strays.iter().map(of).collect::<Vec<_>>()
        };
        let one = [("home".to_owned(), 0, 1, 0)];
        assert_eq!(told(&local), one, "two steps of one change");
        let of = |local: &mut Local, state: u32, account: &AccountName| {
            let sql = "UPDATE op SET state = ?1 WHERE account = ?2";
            let values = params![state, account.as_str()];
            local.write(|tx| Ok(tx.execute(sql, values)?)).unwrap();
        };
        of(&mut local, 2, &work);
        assert_eq!(told(&local), one, "its copy is there");
        of(&mut local, 2, &home);
        assert_eq!(told(&local), []);
    }
}
