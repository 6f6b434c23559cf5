//! Where the user files mail, by whom it is from: what a list of mailboxes offers first.

use super::connection::{Local, LocalReader};
use crate::model::{AccountName, MailboxName};
use crate::store::error::Result;
use rusqlite::params;

/// Rows that are kept; the oldest go first.
const KEPT: i64 = 2_000;

/// A mailbox that mail was filed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Who the mail was from, lower case; empty for all mail.
    pub kind: String,
    /// The mailbox's account.
    pub account: AccountName,
    /// Its name on the wire.
    pub mailbox: MailboxName,
    /// How often.
    pub times: u32,
    /// When last, seconds since 1970.
    pub last: i64,
}

impl Local {
    /// Mail from these senders was filed in a mailbox.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn learn_filed(
        &mut self,
        senders: &[String],
        account: &AccountName,
        mailbox: &MailboxName,
        now: i64,
    ) -> Result<()> {
        self.write(|tx| {
            let all = std::iter::once("").chain(senders.iter().map(String::as_str));
            for kind in all {
                tx.prepare_cached(
                    "INSERT INTO filed(kind, account, mailbox, times, last) VALUES (lower(?1), ?2, ?3, 1, ?4)
                     ON CONFLICT DO UPDATE SET times = min(times + 1, 1000000), last = ?4",
                )?
                .execute(params![kind, account.as_str(), mailbox.as_bytes(), now])?;
            }
            tx.prepare_cached(
                "DELETE FROM filed WHERE last < (SELECT last FROM filed ORDER BY last DESC LIMIT 1 OFFSET ?1)",
            )?
            .execute([KEPT])?;
            Ok(())
        })
    }
}

impl LocalReader {
    /// Where mail was filed, newest first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn habits(&self) -> Result<Vec<Filed>> {
        self.look(|conn| {
            let sql = "SELECT kind, account, mailbox, times, last FROM filed ORDER BY last DESC";
            let mut select = conn.prepare_cached(sql)?;
            let rows = select.query_map([], |r| {
                Ok(Filed {
                    kind: r.get(0)?,
                    account: AccountName(r.get(1)?),
                    mailbox: MailboxName::new(r.get::<_, Vec<u8>>(2)?),
                    times: r.get(3)?,
                    last: r.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Home;
    use crate::model::{AccountName, MailboxName};

    #[test]
    fn what_is_filed_is_counted_by_sender_and_for_all() {
        let home = Home::new();
        let mut local = home.open();
        let work = AccountName("work".to_owned());
        let to = |name: &str| MailboxName::new(name.as_bytes().to_vec());
        local
            .learn_filed(&["Ada@x.example".to_owned()], &work, &to("Old"), 5)
            .unwrap();
        local
            .learn_filed(&["bo@x.example".to_owned()], &work, &to("Old"), 6)
            .unwrap();
        let all = local.read().habits().unwrap();
        let told: Vec<(&str, u32)> = all.iter().map(|f| (f.kind.as_str(), f.times)).collect();
        assert!(
            told.contains(&("", 2)) && told.contains(&("ada@x.example", 1)),
            "{told:?}"
        );
        assert_eq!(all.len(), 3);
    }
}
