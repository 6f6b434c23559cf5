//! Unsent messages of accounts that are configured no more: they stay, and say why they wait.

use super::connection::Local;
use crate::lang::mark;
use crate::model::AccountName;
use crate::store::error::Result;
use rusqlite::params;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, Outgoing, SubmissionState};
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
        assert_eq!(local.mark_strays(&both).unwrap(), 0);
        let rows = local.read().outbox().unwrap();
        assert!(rows.iter().all(|r| r.error.is_none()), "it is back");
    }
}
