//! What servers found for a search, among messages whose bodies are not here.

use crate::model::query::Term;
use crate::model::view::IndexRow;
use crate::model::{MailboxId, MsgId, Query, UidSet};
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::Plan;
use rusqlite::params;
use std::cmp::Reverse;

impl Cache {
    /// A search is about to be asked of a server: what was found for others is forgotten.
    pub fn begin_server_hits(&mut self, query: &str) -> Result<()> {
        self.write(|tx, _| {
            tx.prepare_cached("DELETE FROM server_hit WHERE query <> ?1")?
                .execute([query])?;
            Ok(())
        })
    }

    /// Keeps what a server found for a search.
    pub fn keep_server_hits(&mut self, query: &str, messages: &[MsgId]) -> Result<()> {
        self.write(|tx, _| {
            let mut keep = tx.prepare_cached(
                "INSERT OR IGNORE INTO server_hit (query, message) VALUES (?1, ?2)",
            )?;
            for message in messages {
                keep.execute(params![query, message.0])?;
            }
            Ok(())
        })
    }
}

impl Reader {
    /// Whether a mailbox has messages whose bodies are not here.
    pub fn has_bodiless(&self, mailbox: MailboxId) -> Result<bool> {
        let mut select = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM location INDEXED BY location_bodyless
                 WHERE mailbox = ?1 AND body = 0)
             OR EXISTS (SELECT 1 FROM location WHERE mailbox = ?1 AND body = 2)",
        )?;
        Ok(select.query_row([mailbox.0], |row| row.get(0))?)
    }

    /// The messages of a mailbox with these UIDs whose bodies are not here: those with the highest
    /// UIDs, at most `limit`.
    pub fn bodiless_among(
        &self,
        mailbox: MailboxId,
        uids: &UidSet,
        limit: usize,
    ) -> Result<Vec<MsgId>> {
        let mut select = self.conn.prepare_cached(
            "SELECT message FROM location INDEXED BY location_uid
             WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 AND body <> 1 AND gone = 0
             ORDER BY uid DESC LIMIT ?4",
        )?;
        let mut found = Vec::new();
        for (first, last) in uids.ranges().iter().rev() {
            let rows = select.query_map(
                params![mailbox.0, first, last, limit - found.len()],
                |row| row.get(0).map(MsgId),
            )?;
            for row in rows {
                found.push(row?);
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// What servers found for this search and is not here whole, newest first, at most `limit`; all
    /// that can be told from here must hold for it too.
    pub fn server_hits(
        &self,
        text: &str,
        query: &Query,
        now: i64,
        limit: usize,
    ) -> Result<Vec<IndexRow>> {
        let moment = self.moment()?;
        let query = Query {
            root: query.root.without(&Term::needs_text),
        };
        let plan = Plan::of_hits(&moment, text, &query, now)?;
        let mut select = moment.prepare_cached(&plan.sql)?;
        let found = select.query_map(rusqlite::params_from_iter(&plan.values), |row| {
            Ok((
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(0)?,
            ))
        })?;
        let mut found: Vec<(i64, i64, i64)> = found.collect::<rusqlite::Result<_>>()?;
        found.sort_by_key(|(_, _, message)| *message);
        found.dedup_by_key(|(_, _, message)| *message);
        found.sort_by_key(|hit| Reverse((hit.0, hit.1)));
        let mut out = Vec::new();
        for (_, location, _) in found.into_iter().take(limit) {
            out.extend(rows::flat(&moment, location)?);
        }
        Ok(out)
    }
}
