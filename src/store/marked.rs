//! What carries a keyword of ours (`model/mark.rs`): what is muted, put off, or to be reminded of;
//! and where the conversations lie that such a mark is about.

use crate::model::{AccountName, MsgId, ThreadId};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::resolve::{self, ResolvedTarget};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// Places with one of the three marks, by an index of these alone.
const MARKED: &str = "SELECT l.id FROM location l INDEXED BY location_marked
        JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
    WHERE instr(lower(l.keywords), ?2) > 0 AND l.hidden = 0 AND a.name = ?1
        AND (instr(lower(l.keywords), '$muted') > 0 OR instr(lower(l.keywords), '$snoozed-') > 0
            OR instr(lower(l.keywords), '$remind-') > 0)
    ORDER BY l.id";
/// Places in inboxes of an account that lie in the threads of others with a mark, and came later
/// than the first of these.
const JOINED: &str = "SELECT DISTINCT n.id FROM location l INDEXED BY location_marked
        JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
        CROSS JOIN location n INDEXED BY location_thread ON n.thread = l.thread AND n.hidden = 0
        JOIN mailbox i ON i.id = n.mailbox AND i.role = 'inbox' AND i.account = a.id
    WHERE instr(lower(l.keywords), ?2) > 0 AND l.hidden = 0 AND a.name = ?1
        AND instr(lower(n.keywords), ?2) = 0 AND n.date >= l.date
        AND (instr(lower(l.keywords), '$muted') > 0 OR instr(lower(l.keywords), '$snoozed-') > 0
            OR instr(lower(l.keywords), '$remind-') > 0)
    ORDER BY n.id";

/// A place of a message, with what is wanted of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The place.
    pub target: ResolvedTarget,
    /// The message.
    pub message: MsgId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Whom it names in To and Cc, as addr-specs in lower case.
    pub named: Vec<String>,
    /// Its subject. Untrusted text.
    pub subject: String,
}

impl Reader {
    /// The shown places of an account that carry a mark: [`crate::model::mark::MUTED`], or a beginning.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn marked(&self, account: &AccountName, mark: &str) -> Result<Vec<Marked>> {
        self.places(MARKED, account, mark)
    }

    /// What lies in the account's inbox without a mark that others of its conversation carry, and is
    /// not older than the first of these.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn joined(&self, account: &AccountName, mark: &str) -> Result<Vec<Marked>> {
        self.places(JOINED, account, mark)
    }

    fn places(&self, sql: &str, account: &AccountName, mark: &str) -> Result<Vec<Marked>> {
        let moment = self.moment()?;
        let mut select = moment.prepare_cached(sql)?;
        let mark = mark.to_ascii_lowercase();
        let ids = select.query_map(params![account.as_str(), mark], |row| row.get(0))?;
        let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(one(&moment, id)?);
        }
        Ok(found)
    }

    /// Every shown place of the conversations that these lie in, within their accounts.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn whole_threads(&self, targets: &[ResolvedTarget]) -> Result<Vec<ResolvedTarget>> {
        let moment = self.moment()?;
        let mut all = BTreeSet::new();
        let mut select = moment.prepare_cached(
            "SELECT n.id FROM location l JOIN mailbox b ON b.id = l.mailbox
                 JOIN location n ON n.thread = l.thread AND n.hidden = 0
                 JOIN mailbox o ON o.id = n.mailbox AND o.account = b.account
             WHERE l.id = ?1",
        )?;
        for target in targets {
            if all.contains(&target.location.0) {
                continue;
            }
            let ids = select.query_map([target.location.0], |row| row.get::<_, i64>(0))?;
            for id in ids {
                all.insert(id?);
            }
        }
        let mut found = Vec::with_capacity(all.len());
        for id in all {
            found.extend(resolve::one(&moment, id)?);
        }
        Ok(found)
    }
}

fn one(conn: &Connection, location: i64) -> Result<Option<Marked>> {
    let Some(target) = resolve::one(conn, location)? else {
        return Ok(None);
    };
    let mut select = conn.prepare_cached(
        "SELECT m.id, l.thread, m.to_, m.cc, m.subject FROM location l JOIN message m ON m.id = l.message
         WHERE l.id = ?1",
    )?;
    let found = select.query_row([location], |row| {
        let to = codec::addresses_in(row.get_ref(2)?.as_str()?);
        let cc = codec::addresses_in(row.get_ref(3)?.as_str()?);
        let named = to.into_iter().chain(cc);
        Ok(Marked {
            target,
            message: MsgId(row.get(0)?),
            thread: ThreadId(row.get(1)?),
            named: named.map(|a| a.addr.to_lowercase()).collect(),
            subject: row.get(4)?,
        })
    })?;
    Ok(Some(found))
}
