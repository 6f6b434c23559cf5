//! In which order each mailbox is listed, where the user chose one.

use super::connection::{Local, LocalReader};
use crate::model::{AccountName, MailboxName};
use crate::store::error::Result;
use rusqlite::params;

/// A mailbox; `None` for all inboxes together.
pub type Sorted = Option<(AccountName, MailboxName)>;

impl Local {
    /// A mailbox is listed in this order from now on; `None`: as any other.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn set_sort(&mut self, place: &Sorted, sort: Option<&str>) -> Result<()> {
        let (account, mailbox) = match place {
            Some((account, name)) => (account.as_str(), name.as_bytes()),
            None => ("", &b""[..]),
        };
        self.write(|tx| {
            match sort {
                Some(sort) => tx.execute(
                    "INSERT OR REPLACE INTO sorting(account, mailbox, sort) VALUES (?1, ?2, ?3)",
                    params![account, mailbox, sort],
                )?,
                None => tx.execute(
                    "DELETE FROM sorting WHERE account = ?1 AND mailbox = ?2",
                    params![account, mailbox],
                )?,
            };
            Ok(())
        })
    }
}

impl LocalReader {
    /// Every mailbox that has an order of its own, and which.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn sorts(&self) -> Result<Vec<(Sorted, String)>> {
        self.look(|conn| {
            let mut select = conn.prepare_cached("SELECT account, mailbox, sort FROM sorting")?;
            let rows = select.query_map([], |row| {
                let account: String = row.get(0)?;
                let name: Vec<u8> = row.get(1)?;
                let place = match account.is_empty() {
                    true => None,
                    false => Some((AccountName(account), MailboxName::new(name))),
                };
                Ok((place, row.get(2)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_kept_until_it_is_the_usual_one_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let lists = Some((AccountName("work".to_owned()), MailboxName::new("Lists")));
        local.set_sort(&None, Some("-date")).unwrap();
        local.set_sort(&lists, Some("from")).unwrap();
        local.set_sort(&lists, Some("size")).unwrap();
        let all = local.read().sorts().unwrap();
        assert_eq!(
            all,
            [(None, "-date".to_owned()), (lists, "size".to_owned())]
        );
        local.set_sort(&None, None).unwrap();
        assert_eq!(local.read().sorts().unwrap().len(), 1);
    }
}
