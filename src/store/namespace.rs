//! Where a user's own mailboxes are made (NAMESPACE, RFC 9051 §6.3.10): some servers keep all of
//! them below INBOX.

use crate::model::{AccountName, MailboxName};
use crate::store::accounts::account_row;
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::reader::Reader;
use rusqlite::{OptionalExtension as _, params};

impl Cache {
    /// Keeps what the server says of the account's personal namespace: what names in it begin with
    /// (wire form, delimiter included), and what separates levels.
    pub fn set_namespace(
        &mut self,
        account: &AccountName,
        prefix: &[u8],
        delimiter: Option<char>,
    ) -> Result<()> {
        self.write(|tx, _| {
            let account = account_row(tx, account)?;
            let delimiter = delimiter.map(String::from).unwrap_or_default();
            tx.prepare_cached("UPDATE account SET prefix = ?2, delimiter = ?3 WHERE id = ?1")?
                .execute(params![account, prefix, delimiter])?;
            Ok(())
        })
    }
}

impl Reader {
    /// The account's personal namespace; `None` before the server told.
    pub fn namespace(&self, account: &AccountName) -> Result<Option<(Vec<u8>, Option<char>)>> {
        let mut select = self.conn.prepare_cached(
            "SELECT prefix, delimiter FROM account WHERE name = ?1 AND prefix IS NOT NULL",
        )?;
        let found = select.query_row([account.as_str()], |row| {
            Ok((row.get(0)?, row.get_ref(1)?.as_str()?.chars().next()))
        });
        Ok(found.optional()?)
    }

    /// The name on the wire of a mailbox of the user's own at the top level. `leaf`: ASCII. Of a
    /// server that never told of namespaces, the other mailboxes show where it wants them.
    pub fn own_name(&self, account: &AccountName, leaf: &str) -> Result<MailboxName> {
        let mut name = match self.namespace(account)? {
            Some((prefix, _)) => prefix,
            None => self.usual_prefix(account)?,
        };
        name.extend_from_slice(leaf.as_bytes());
        Ok(MailboxName::new(name))
    }

    /// `INBOX` and the delimiter if every other mailbox lies below INBOX, else nothing.
    fn usual_prefix(&self, account: &AccountName) -> Result<Vec<u8>> {
        let mailboxes = self.mailboxes_of(account)?;
        let (inboxes, others): (Vec<_>, Vec<_>) = mailboxes
            .iter()
            .partition(|m| m.name.as_bytes() == b"INBOX");
        let delimiter = inboxes.first().and_then(|inbox| inbox.delimiter);
        let Some(delimiter) = delimiter.filter(|_| !others.is_empty()) else {
            return Ok(Vec::new());
        };
        let prefix = format!("INBOX{delimiter}").into_bytes();
        let below = others
            .iter()
            .all(|m| m.name.as_bytes().starts_with(&prefix));
        Ok(if below { prefix } else { Vec::new() })
    }
}
