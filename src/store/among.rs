//! What rules ask of the cache: which places answer a query, and what came into a mailbox.

use crate::model::{
    Expr, LocationId, MailboxId, MailboxName, MessageId, MessageKey, MsgId, Query, Term, Uid,
    UidValidity,
};
use crate::store::error::Result;
use crate::store::messages;
use crate::store::reader::Reader;
use crate::store::sought::Plan;
use rusqlite::params;

/// Messages that are named in one question: SQLite takes no more than 500 sides of a union.
const NAMED: usize = 200;

/// A place where a message answers a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The message.
    pub message: MsgId,
    /// Where it lies.
    pub location: LocationId,
    /// Its date, seconds since 1970.
    pub date: i64,
}

impl Reader {
    /// The places where messages answer a query at `now` (seconds since 1970); of these messages
    /// alone, if they are named.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn answering(
        &self,
        query: &Query,
        now: i64,
        among: Option<&[MsgId]>,
    ) -> Result<Vec<Answering>> {
        let mut all = Vec::new();
        let Some(among) = among else {
            self.add_answering(query, now, &mut all)?;
            return Ok(all);
        };
        for some in among.chunks(NAMED) {
            let named = some
                .iter()
                .map(|id| Expr::Term(Term::Id(format!("m{}", id.0))));
            let root = Expr::all([Expr::any(named), query.root.clone()]);
            self.add_answering(&Query { root }, now, &mut all)?;
        }
        Ok(all)
    }

    fn add_answering(&self, query: &Query, now: i64, all: &mut Vec<Answering>) -> Result<()> {
        let moment = self.moment()?;
        let plan = Plan::make(&moment, query, now)?;
        let mut select = moment.prepare_cached(&plan.sql)?;
        let mut found = select.query(rusqlite::params_from_iter(&plan.values))?;
        while let Some(row) = found.next()? {
            all.push(Answering {
                message: MsgId(row.get(0)?),
                location: LocationId(row.get(1)?),
                date: row.get(2)?,
            });
        }
        Ok(())
    }

    /// INTERNALDATE of a message, seconds since 1970, if it is known.
    pub fn came_at(&self, message: MsgId) -> Result<Option<i64>> {
        messages::came_at(&self.conn, message.0)
    }

    /// The keys of what lies in a mailbox above a UID, ascending, and neither written nor received before
    /// `since` (seconds since 1970) only.
    pub fn above(
        &self,
        mailbox: MailboxId,
        name: &MailboxName,
        (uidvalidity, uid): (UidValidity, u32),
        since: i64,
    ) -> Result<Vec<MessageKey>> {
        let moment = self.moment()?;
        let mut select = moment.prepare_cached(
            "SELECT l.uid, m.message_id, m.size FROM location l JOIN message m ON m.id = l.message
             WHERE l.mailbox = ?1 AND l.uid > ?2 AND l.gone = 0
                 AND l.date + max(coalesce(m.lag, 0), 0) >= ?3 ORDER BY l.uid",
        )?;
        let mut rows = select.query(params![mailbox.0, uid, since])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(uid) = Uid::new(row.get(0)?) else {
                continue;
            };
            keys.push(MessageKey {
                mailbox: name.clone(),
                uidvalidity,
                uid,
                message_id: MessageId::new(&row.get::<_, String>(1)?),
                size: row.get(2)?,
            });
        }
        Ok(keys)
    }
}
