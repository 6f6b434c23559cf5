//! What was reported of messages that we sent (RFC 3464, RFC 8098): kept by their Message-IDs, each
//! fact once, however often and from wherever the report is read.

use super::connection::{Local, LocalReader};
use crate::model::{AccountName, Fact, MessageId, Submission};
use crate::store::error::Result;
use rusqlite::params;

impl Local {
    /// Keeps what a report says of those whom the message went to: the caller leaves out everybody
    /// else. Answers the facts that were not known: one is kept of a recipient and an action, so
    /// that no flood of others can keep out that something came back. If `remember`, addresses that
    /// mail came back from are remembered with the people, until something reaches them again.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn reported(
        &mut self,
        account: &AccountName,
        original: &MessageId,
        report: Option<&MessageId>,
        facts: &[Fact],
        remember: bool,
        at: i64,
    ) -> Result<Vec<Fact>> {
        self.write(|tx| {
            let mut fresh = Vec::new();
            let mut insert = tx.prepare_cached(
                "INSERT OR IGNORE INTO report(account, original, recipient, action, status, diagnostic, at, message_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            let mut person =
                tx.prepare_cached("UPDATE person SET bounced = ?2 WHERE addr = ?1")?;
            for fact in facts {
                let who = fact.recipient.to_lowercase();
                let id = report.map_or("", MessageId::as_str);
                let n = insert.execute(params![
                    account.as_str(),
                    original.as_str(),
                    who,
                    fact.action,
                    fact.status,
                    fact.diagnostic,
                    at,
                    id
                ])?;
                if n == 0 {
                    continue;
                }
                match fact.action.as_str() {
                    _ if !remember => 0,
                    "failed" => person.execute(params![who, at])?,
                    "delivered" | "displayed" => person.execute(params![who, 0])?,
                    _ => 0,
                };
                fresh.push(fact.clone());
            }
            Ok(fresh)
        })
    }
}

impl LocalReader {
    /// What was reported of a message that we sent, the oldest first.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn reports(&self, original: &MessageId) -> Result<Vec<Fact>> {
        self.look(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT recipient, action, status, diagnostic FROM report WHERE original = ?1 ORDER BY id",
            )?;
            let rows = query.query_map([original.as_str()], |r| {
                Ok(Fact {
                    recipient: r.get(0)?,
                    action: r.get(1)?,
                    status: r.get(2)?,
                    diagnostic: r.get(3)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The message of that Message-ID that went, or goes, through the outbox within its history.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn submitted(&self, account: &AccountName, id: &MessageId) -> Result<Option<Submission>> {
        let condition = "account = ?1 AND message_id = ?2 ORDER BY id DESC LIMIT 1";
        let found = self.submissions(condition, [account.as_str(), id.as_str()])?;
        Ok(found.into_iter().next())
    }

    /// The one message of the history that went to this address between these times (seconds since
    /// 1970), both included; `None`, too, if there are several.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn sent_to(
        &self,
        account: &AccountName,
        address: &str,
        (since, until): (i64, i64),
    ) -> Result<Option<Submission>> {
        let condition = "account = ?1 AND sent_at BETWEEN ?3 AND ?4
             AND EXISTS (SELECT 1 FROM recipient WHERE outbox = outbox.id AND address = ?2 COLLATE NOCASE)
             LIMIT 2";
        let mut found =
            self.submissions(condition, params![account.as_str(), address, since, until])?;
        Ok(found.pop().filter(|_| found.is_empty()))
    }
}
