//! Reading mailboxes: for the sidebar, and as a worker's memory (the cursor).

use crate::model::view::MailboxRow;
use crate::model::{AccountName, AsSeen, MailboxId, MailboxName, ModSeq, Role, UidValidity};
use crate::store::error::{Error, Result};
use crate::store::reader::Reader;
use rusqlite::{OptionalExtension as _, Params, Row, params};

/// A mailbox with the names that the wire and the user know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its row.
    pub id: MailboxId,
    /// Whose it is.
    pub account: AccountName,
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its whole name decoded, levels joined by `/`. Untrusted text.
    pub path: String,
    /// The server's hierarchy delimiter.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Whether its server has it, as far as that is known here; else an operation is to make it.
    pub made: bool,
}

impl Mailbox {
    /// Its path as its server writes it, with its own delimiter: as scripts of a server's filter
    /// name it. `None` where the server has no levels. Untrusted text.
    pub fn server_path(&self) -> Option<String> {
        let delimiter = self.delimiter?;
        Some(self.path.replace('/', &delimiter.to_string()))
    }
}

/// How far a mailbox was synchronised (RFC 4549 §4, RFC 7162 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The generation of the UIDs held; `None` before the first sync.
    pub uidvalidity: Option<UidValidity>,
    /// UIDNEXT when the last turn was finished; 0 if none was.
    pub uidnext: u32,
    /// HIGHESTMODSEQ when the last turn was finished; 0 if unknown.
    pub highestmodseq: ModSeq,
    /// EXISTS when the last turn was finished. Where a policy leaves older messages out, nothing
    /// else says so here: less is held, and what is missing is for the policy to judge.
    pub exists: u32,
    /// Messages held with a UID.
    pub held: u64,
}

impl Reader {
    /// Every mailbox of every account with its counts, in the order accounts and mailboxes came.
    pub fn mailboxes(&self) -> Result<Vec<MailboxRow>> {
        let mut select = self.conn.prepare_cached(
            "SELECT b.id, a.name, b.path, b.role, b.selectable, b.total, b.unread,
                 b.total + max(b.exists_ - b.held, 0), b.uidvalidity IS NOT NULL AND b.uidnext > 0
             FROM mailbox b JOIN account a ON a.id = b.account ORDER BY a.id, b.id",
        )?;
        let rows = select.query_map([], |row| {
            Ok(MailboxRow {
                id: MailboxId(row.get(0)?),
                account: AccountName(row.get(1)?),
                path: row.get(2)?,
                role: Role::from_name(row.get_ref(3)?.as_str()?),
                selectable: row.get(4)?,
                total: row.get(5)?,
                unread: row.get(6)?,
                there: match row.get(8)? {
                    true => Some(row.get(7)?),
                    false => None,
                },
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The mailboxes of one account with their wire names.
    pub fn mailboxes_of(&self, account: &AccountName) -> Result<Vec<Mailbox>> {
        self.select("a.name = ?1", [account.as_str()])
    }

    /// The mailboxes of one account that were opened, and the generations of their UIDs.
    pub fn generations(&self, account: &AccountName) -> Result<Vec<(MailboxName, UidValidity)>> {
        let mut known = self.conn.prepare_cached(
            "SELECT b.name, b.uidvalidity FROM mailbox b JOIN account a ON a.id = b.account
             WHERE a.name = ?1 AND b.uidvalidity IS NOT NULL",
        )?;
        let rows = known.query_map([account.as_str()], |row| {
            let name: Vec<u8> = row.get(0)?;
            Ok((MailboxName::new(name), UidValidity(row.get(1)?)))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One mailbox by its row.
    pub fn mailbox(&self, id: MailboxId) -> Result<Option<Mailbox>> {
        Ok(self.select("b.id = ?1", [id.0])?.pop())
    }

    /// One mailbox by its name on the wire.
    pub fn mailbox_named(
        &self,
        account: &AccountName,
        name: &MailboxName,
    ) -> Result<Option<Mailbox>> {
        Ok(self
            .select(
                "a.name = ?1 AND b.name = ?2",
                params![account.as_str(), name.as_bytes()],
            )?
            .pop())
    }

    /// The account's mailbox for a role; the first where several claim it.
    pub fn role_mailbox(&self, account: &AccountName, role: Role) -> Result<Option<Mailbox>> {
        let found = self.select(
            "a.name = ?1 AND b.role = ?2",
            [account.as_str(), role.name()],
        )?;
        Ok(found.into_iter().next())
    }

    /// A mailbox as whoever deletes it sees it; `None` before its first pull has ended.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn as_seen(&self, mailbox: MailboxId) -> Result<Option<AsSeen>> {
        let mut select = self.conn.prepare_cached(
            "SELECT uidvalidity, uidnext, total + max(exists_ - held, 0) FROM mailbox
             WHERE id = ?1 AND uidvalidity IS NOT NULL AND uidnext > 0",
        )?;
        let seen = select.query_row([mailbox.0], |row| {
            Ok(AsSeen {
                uidvalidity: UidValidity(row.get(0)?),
                uidnext: row.get(1)?,
                messages: row.get(2)?,
            })
        });
        Ok(seen.optional()?)
    }

    fn select(&self, condition: &str, params: impl Params) -> Result<Vec<Mailbox>> {
        let mut select = self.conn.prepare_cached(&format!(
            "SELECT b.id, a.name, b.name, b.path, b.delimiter, b.role, b.selectable, b.making IS NULL
             FROM mailbox b JOIN account a ON a.id = b.account WHERE {condition} ORDER BY b.id"
        ))?;
        let rows = select.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How far a mailbox was synchronised.
    ///
    /// # Errors
    /// [`Error::Gone`] for an unknown mailbox.
    pub fn cursor(&self, mailbox: MailboxId) -> Result<Cursor> {
        let mut select = self.conn.prepare_cached(
            "SELECT uidvalidity, uidnext, highestmodseq, exists_, held FROM mailbox WHERE id = ?1",
        )?;
        let cursor = select.query_row([mailbox.0], |row| {
            Ok(Cursor {
                uidvalidity: row.get::<_, Option<u32>>(0)?.map(UidValidity),
                uidnext: row.get(1)?,
                highestmodseq: ModSeq(row.get(2)?),
                exists: row.get(3)?,
                held: row.get(4)?,
            })
        });
        cursor.optional()?.ok_or(Error::Gone("mailbox"))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Mailbox> {
    Ok(Mailbox {
        id: MailboxId(row.get(0)?),
        account: AccountName(row.get(1)?),
        name: MailboxName::new(row.get::<_, Vec<u8>>(2)?),
        path: row.get(3)?,
        delimiter: row.get_ref(4)?.as_str()?.chars().next(),
        role: Role::from_name(row.get_ref(5)?.as_str()?),
        selectable: row.get(6)?,
        made: row.get(7)?,
    })
}
