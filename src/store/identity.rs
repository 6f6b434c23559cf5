//! Messages that the server names for ever (OBJECTID's EMAILID, RFC 8474; Gmail's X-GM-MSGID): one
//! that lies in several mailboxes, or moved where nobody of us saw it, is one message here.
//!
//! A name is believed only as far as the header agrees: a server that gives all its mail one name
//! must not make one message of it.

use crate::model::message_id::hash64;
use crate::store::error::Result;
use crate::store::packed::{Header, Text};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

/// The longest name that is kept; RFC 8474 §4 allows 255 octets.
const LONGEST: usize = 255;

/// A name or hint that can be worked with.
pub(super) fn usable(name: Option<&String>) -> Option<&str> {
    name.map(String::as_str)
        .filter(|name| !name.is_empty() && name.len() <= LONGEST)
}

/// The identifiers of one account's messages: their statements, kept while there are more.
pub(super) struct Names<'c> {
    account: i64,
    name: String,
    find: CachedStatement<'c>,
    note: CachedStatement<'c>,
}

impl<'c> Names<'c> {
    /// Those of the account that a mailbox belongs to.
    pub(super) fn of(conn: &'c Connection, mailbox: i64) -> Result<Names<'c>> {
        let (account, name) = conn
            .prepare_cached(
                "SELECT a.id, a.name FROM mailbox b JOIN account a ON a.id = b.account WHERE b.id = ?1",
            )?
            .query_row([mailbox], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Names {
            account,
            name,
            find: conn
                .prepare_cached("SELECT message FROM identity WHERE account = ?1 AND id = ?2")?,
            note: conn.prepare_cached(
                "INSERT OR IGNORE INTO identity (account, id, message, thread_hint) VALUES (?1, ?2, ?3, ?4)",
            )?,
        })
    }

    /// The message of this name. Whether it is one must be asked of its header: [`is_alike`].
    pub(super) fn find(&mut self, name: &str) -> Result<Option<i64>> {
        let found = self
            .find
            .query_row(params![self.account, name], |row| row.get(0));
        Ok(found.optional()?)
    }

    /// A message has this name from now on, unless another one has it.
    pub(super) fn note(&mut self, name: &str, message: i64, hint: Option<i64>) -> Result<()> {
        self.note
            .execute(params![self.account, name, message, hint])?;
        Ok(())
    }

    /// A conversation's name as one more identifier that its messages share. It is hashed with the
    /// account's name, so that two accounts' conversations don't meet.
    pub(super) fn hint(&self, hint: &str) -> i64 {
        // A space can't be in Message-IDs.
        hash64(&[self.name.as_bytes(), b" ", hint.as_bytes()])
    }
}

/// Whether a message's header is this one.
pub(super) fn is_alike(conn: &Connection, message: i64, header: &Header) -> Result<bool> {
    let mut select =
        conn.prepare_cached("SELECT message_id, subject FROM message WHERE id = ?1")?;
    let alike = select.query_row([message], |row| {
        Ok(row.get_ref(0)?.as_str()? == header.get(Text::MessageId)
            && row.get_ref(1)?.as_str()? == header.get(Text::Subject))
    });
    Ok(alike.optional()?.unwrap_or(false))
}

/// Two messages turned out to be one: `keep` has the names of `lose`.
pub(super) fn hand_over(conn: &Connection, lose: i64, keep: i64) -> Result<()> {
    conn.prepare_cached("UPDATE identity SET message = ?2 WHERE message = ?1")?
        .execute([lose, keep])?;
    Ok(())
}

/// A message is gone for good. Answers the hashes of the conversations that it was named in.
pub(super) fn forget(conn: &Connection, message: i64) -> Result<Vec<i64>> {
    let mut delete =
        conn.prepare_cached("DELETE FROM identity WHERE message = ?1 RETURNING thread_hint")?;
    let hints = delete.query_map([message], |row| row.get::<_, Option<i64>>(0))?;
    let hints: Vec<Option<i64>> = hints.collect::<rusqlite::Result<_>>()?;
    Ok(hints.into_iter().flatten().collect())
}
