//! Looking at the outbox: rows, bytes, and what is due.

use super::connection::LocalReader;
use super::outbox::is_due;
use super::{pieces, row};
use crate::model::{
    AccountName, MessageId, OutboxId, Recipient, RecipientState, Submission, SubmissionState,
};
use crate::store::error::Result;
use rusqlite::{Connection, Row};

const COLUMNS: &str = "id, account, message_id, mail_from, subject, size, state, attempts, next_try, created, error, scheduled, dsn, remind, looked, sent_at, copy, first_try";

impl LocalReader {
    /// Every message that is not finished, oldest first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn outbox(&self) -> Result<Vec<Submission>> {
        self.submissions("state <> 'sent' ORDER BY id", [])
    }

    /// What was sent within the last 30 days, newest first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn sent(&self) -> Result<Vec<Submission>> {
        self.submissions("state = 'sent' ORDER BY id DESC", [])
    }

    /// One message of the outbox.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn submission(&self, id: OutboxId) -> Result<Option<Submission>> {
        Ok(self.submissions("id = ?1", [id.0])?.pop())
    }

    /// The message of an account that is due, if any.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn due(&self, account: &AccountName, now: i64) -> Result<Option<Submission>> {
        let found = self.submissions(
            &format!(
                "account = ?1 AND state = 'queued' AND {} ORDER BY next_try, id LIMIT 1",
                is_due(now)
            ),
            [account.as_str()],
        )?;
        Ok(found.into_iter().next())
    }

    /// The messages of an account that were sent and whose copy is to be filed, by now or (without a
    /// time) at all.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn unfiled(&self, account: &AccountName, now: Option<i64>) -> Result<Vec<Submission>> {
        let due = now.map_or("1".to_owned(), is_due);
        let condition = format!("account = ?1 AND state = 'accepted' AND {due} ORDER BY id");
        self.submissions(&condition, [account.as_str()])
    }

    /// When something is to be done next for a message of an account, seconds since 1970: sent, or,
    /// if that is not due already, looked for or filed.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn next_due(&self, account: &AccountName, now: i64) -> Result<Option<i64>> {
        let sql = "SELECT min(next_try) FROM outbox WHERE account = ?1
                     AND (state = 'queued' OR (state IN ('in-doubt', 'accepted') AND next_try > ?2))";
        self.look(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            Ok(query.query_row(rusqlite::params![account.as_str(), now], |r| r.get(0))?)
        })
    }

    /// Whether another message of the account that servers have, or may have, bears the same
    /// Message-ID: what lies in Sent, or is reported of, may be that one.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn has_twin(&self, row: &Submission) -> Result<bool> {
        let sql = "SELECT 1 FROM outbox WHERE account = ?1 AND message_id = ?2 AND id <> ?3
                     AND (sent_at > 0 OR state IN ('dot', 'in-doubt', 'accepted', 'sent') OR EXISTS
                       (SELECT 1 FROM recipient WHERE outbox = outbox.id AND recipient.state = 'accepted'))";
        let (account, id) = (row.account.as_str(), row.message_id.as_str());
        let values = rusqlite::params![account, id, row.id.0];
        self.look(|conn| Ok(conn.prepare_cached(sql)?.exists(values)?))
    }

    /// The bytes for the wire.
    ///
    /// # Errors
    /// [`crate::store::Error::Gone`] if there is no such message, or it is sent and filed.
    pub fn wire(&self, id: OutboxId) -> Result<Vec<u8>> {
        self.look(|conn| pieces::take(conn, id, pieces::WIRE))
    }

    /// The bytes for Sent, with Bcc; those for the wire if no copy is filed.
    ///
    /// # Errors
    /// [`crate::store::Error::Gone`] if there is no such message.
    pub fn filed(&self, id: OutboxId) -> Result<Vec<u8>> {
        self.look(|conn| pieces::take(conn, id, pieces::FILED))
    }

    /// The messages in doubt of an account that are to be looked for, by now or (without a time) at
    /// all.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn doubtful(&self, account: &AccountName, now: Option<i64>) -> Result<Vec<Submission>> {
        let due = now.map_or("1".to_owned(), is_due);
        let condition = format!("account = ?1 AND state = 'in-doubt' AND {due} ORDER BY id");
        self.submissions(&condition, [account.as_str()])
    }

    pub(super) fn submissions(
        &self,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<Submission>> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE {condition}");
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let mut rows = query.query(values)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.extend(submission(conn, row)?);
            }
            Ok(found)
        })
    }
}

/// `None` for a row that no program of ours wrote.
fn submission(conn: &Connection, row: &Row<'_>) -> Result<Option<Submission>> {
    let (id, message_id, state): (i64, String, String) = (row.get(0)?, row.get(2)?, row.get(6)?);
    let state = SubmissionState::from_name(&state);
    let (Some(message_id), Some(state)) = (MessageId::new(&message_id), state) else {
        return Ok(None);
    };
    let mut query = conn.prepare_cached(
        "SELECT address, state, reply FROM recipient WHERE outbox = ?1 ORDER BY seq",
    )?;
    let recipients = query
        .query_map([id], |r| {
            let state: String = r.get(1)?;
            Ok(Recipient {
                address: r.get(0)?,
                state: RecipientState::from_name(&state).unwrap_or(RecipientState::Pending),
                reply: row::told(r, 2)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(Submission {
        id: OutboxId(id),
        account: AccountName(row.get(1)?),
        message_id,
        mail_from: row.get(3)?,
        recipients,
        subject: row.get(4)?,
        size: row.get(5)?,
        state,
        attempts: row.get(7)?,
        next_try: row.get(8)?,
        created: row.get(9)?,
        error: row::told(row, 10)?,
        scheduled: row.get(11)?,
        dsn: row.get(12)?,
        remind: Some(row.get(13)?).filter(|after| *after != 0),
        looked: row.get(14)?,
        sent_at: row.get(15)?,
        filed: row.get(16)?,
        first_try: row.get(17)?,
    }))
}
