//! Messages for a time of the user's that a server may hold back until then (FUTURERELEASE, RFC
//! 4865). One is offered to it once, and keeps its time: whatever comes of that, it goes out from
//! here at its time unless the server took it.

use super::connection::{Local, LocalReader};
use super::{outbox, pieces};
use crate::model::{AccountName, OutboxId, Submission};
use crate::store::error::Result;

/// Seconds for which a message stays here first, so that it can be taken back at once.
const STAYS: i64 = 120;
/// Those that were not offered yet.
const NEW: &str = "state = 'queued' AND scheduled = 1 AND attempts = 0";

impl LocalReader {
    /// A message of an account that can be offered ahead of its time.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn early(&self, account: &AccountName, now: i64) -> Result<Option<Submission>> {
        let (queued, from) = (now - STAYS, now + STAYS);
        let condition = format!(
            "account = ?1 AND {NEW} AND created <= {queued} AND next_try > {from} ORDER BY id LIMIT 1"
        );
        let found = self.submissions(&condition, [account.as_str()])?;
        Ok(found.into_iter().next())
    }

    /// When there will be one, seconds since 1970.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn next_early(&self, account: &AccountName, now: i64) -> Result<Option<i64>> {
        let sql = format!(
            "SELECT min(created) + {STAYS} FROM outbox WHERE account = ?1 AND {NEW} AND next_try > ?2"
        );
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let values = rusqlite::params![account.as_str(), now + STAYS];
            Ok(query.query_row(values, |r| r.get(0))?)
        })
    }
}

impl Local {
    /// It could not be offered: that is done another time.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn not_offered(&mut self, id: OutboxId) -> Result<()> {
        self.write(|tx| {
            let set = "state = 'queued', attempts = attempts - 1";
            outbox::stepped(tx, id, set, "state = 'sending'").map(drop)
        })
    }

    /// Begins to offer one. `false` if it is not to be offered any more.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_early(&mut self, id: OutboxId) -> Result<bool> {
        self.write(|tx| {
            let at = outbox::is_for_later(tx, id)?;
            let claimed =
                outbox::stepped(tx, id, "state = 'sending', attempts = attempts + 1", NEW)?;
            // It is dated as it will be sent.
            match at.filter(|_| claimed) {
                Some(at) => pieces::redate(tx, id.0, at).map(|()| true),
                None => Ok(claimed),
            }
        })
    }
}
