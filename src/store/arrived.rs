//! What mail is new since one last looked, for those who tell of it: not what a first sync brings,
//! nor what was here before and only lies elsewhere now.

use crate::model::query::{Expr, Query};
use crate::model::view::IndexRow;
use crate::model::{AccountName, LocationId, MailboxId, MsgId, UidValidity};
use crate::store::error::Result;
use crate::store::marked;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::sought::{Filter, bound};
use rusqlite::OptionalExtension as _;
use std::collections::{BTreeMap, BTreeSet};

/// Messages that are taken in by one look at a mailbox; of more, the newest.
const MOST: usize = 1_000;

/// How far one looked at a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    uidvalidity: UidValidity,
    /// From this UID on, messages are new.
    uidnext: u32,
    /// Rows up to this one were here already.
    message: i64,
}

/// How far one looked.
#[derive(Clone, Debug, Default)]
pub struct Marks(BTreeMap<MailboxId, Mark>);

/// A message that is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The message.
    pub message: MsgId,
    /// Where it came.
    pub location: LocationId,
    /// The mailbox.
    pub mailbox: MailboxId,
}

impl Reader {
    /// What came since the marks were made, which are moved. A mailbox that was not synced before
    /// brings nothing: all of it is as old as the user's look at it.
    ///
    /// # Errors
    /// The database fails.
    pub fn arrived(&self, marks: &mut Marks) -> Result<Vec<Arrived>> {
        let moment = self.moment()?;
        let newest: i64 =
            moment.query_row("SELECT coalesce(max(id), 0) FROM message", [], |row| {
                row.get(0)
            })?;
        let mut select = moment.prepare_cached(
            "SELECT id, uidvalidity, uidnext FROM mailbox
             WHERE account >= 0 AND uidvalidity IS NOT NULL AND uidnext > 0",
        )?;
        let found = select.query_map([], |row| {
            let mark = Mark {
                uidvalidity: UidValidity(row.get(1)?),
                uidnext: row.get(2)?,
                message: newest,
            };
            Ok((MailboxId(row.get(0)?), mark))
        })?;
        let now: BTreeMap<MailboxId, Mark> = found.collect::<rusqlite::Result<_>>()?;
        let mut arrived = Vec::new();
        let mut new = moment.prepare_cached(
            "SELECT message, id FROM location
             WHERE mailbox = ?1 AND uid >= ?2 AND uid < ?3 AND uid IS NOT NULL AND message > ?4
             ORDER BY uid DESC LIMIT ?5",
        )?;
        for (mailbox, mark) in &now {
            let Some(before) = marks.0.get(mailbox) else {
                continue;
            };
            if before.uidvalidity != mark.uidvalidity || before.uidnext >= mark.uidnext {
                continue;
            }
            let bounds = (
                mailbox.0,
                before.uidnext,
                mark.uidnext,
                before.message,
                MOST,
            );
            let rows = new.query_map(bounds, |row| {
                Ok(Arrived {
                    message: MsgId(row.get(0)?),
                    location: LocationId(row.get(1)?),
                    mailbox: *mailbox,
                })
            })?;
            arrived.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        drop(new);
        // Where nothing is new the mark stays: a pull may be under way whose rows are here already.
        for (mailbox, mark) in &now {
            let old = marks.0.get(mailbox);
            let same =
                |old: &Mark| old.uidvalidity == mark.uidvalidity && old.uidnext >= mark.uidnext;
            if !old.is_some_and(same) {
                marks.0.insert(*mailbox, *mark);
            }
        }
        marks.0.retain(|mailbox, _| now.contains_key(mailbox));
        Ok(arrived)
    }

    /// Those of these places that a query finds, that are unread and not hidden, and not muted, nor
    /// answers to what is; with `None` for a query, whatever they are. That threads have become one
    /// is not enough to be silent: anybody's mail can join any two.
    ///
    /// # Errors
    /// The database fails.
    pub fn worth_telling(
        &self,
        places: &[LocationId],
        query: Option<&Query>,
        now: i64,
    ) -> Result<BTreeSet<LocationId>> {
        if places.is_empty() {
            return Ok(BTreeSet::new());
        }
        let moment = self.moment()?;
        let everything = Query {
            root: Expr::All(Vec::new()),
        };
        let filter = Filter::make(&moment, query.unwrap_or(&everything), now)?;
        let ids: Vec<String> = places.iter().map(|place| place.0.to_string()).collect();
        let few = match &filter.few {
            Some(few) => format!("AND l.message IN (SELECT id FROM {few})"),
            None => String::new(),
        };
        let sql = format!(
            "SELECT l.id FROM location l WHERE l.id IN ({}) AND l.hidden = 0 AND l.system & 1 = 0 AND ({}) {few}
             AND NOT (l.keywords <> '' AND flagged_with(l.keywords, '$muted'))",
            ids.join(", "),
            filter.condition
        );
        let mut select = moment.prepare(&sql)?;
        let values = bound(&select, &filter.values);
        let found = select.query_map(values, |row| row.get(0).map(LocationId))?;
        let mut found: BTreeSet<LocationId> = found.collect::<rusqlite::Result<_>>()?;
        let mut threads = moment.prepare_cached(
            "SELECT DISTINCT l.thread, a.name FROM location l JOIN mailbox b ON b.id = l.mailbox
                 JOIN account a ON a.id = b.account
             WHERE l.id = ?1 AND EXISTS (SELECT 1 FROM location o WHERE o.thread = l.thread AND o.hidden = 0
                 AND o.keywords <> '' AND flagged_with(o.keywords, '$muted'))",
        )?;
        let mut quiet = BTreeSet::new();
        let mut looked = BTreeSet::new();
        for place in &found {
            let told = threads.query_row([place.0], |row| {
                Ok((row.get::<_, i64>(0)?, AccountName(row.get(1)?)))
            });
            if let Some((thread, account)) = told.optional()?
                && looked.insert((thread, account.clone()))
            {
                quiet.extend(marked::quiet(&moment, &account, thread)?);
            }
        }
        found.retain(|place| !quiet.contains(place));
        Ok(found)
    }

    /// The row of a place in a flat list; `None` if it is gone.
    ///
    /// # Errors
    /// The database fails.
    pub fn row_at(&self, place: LocationId) -> Result<Option<IndexRow>> {
        rows::flat(&self.conn, place.0)
    }
}
