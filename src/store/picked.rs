//! Which rows of a list are meant by a selection: all of them, those that fit a query, those of a
//! thread, those between two places. The whole list, however long it is, and never more than its
//! ids: a page of rows is for the eyes.

use crate::model::view::{PageKey, Scope, Sort, SortBy};
use crate::model::{LocationId, MsgId, Query, ThreadId};
use crate::store::error::Result;
use crate::store::listed::{Listed, Way};
use crate::store::pages::{FIRST, Walk, keys, mailboxes};
use crate::store::reader::Reader;
use crate::store::sorted::opposite;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::{BTreeMap, BTreeSet};

/// A row of a list, by what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stub {
    /// A thread; the message alone that it has in the list, where there is but one.
    Thread(ThreadId, Option<LocationId>),
    /// One message in a place.
    Place(LocationId),
}

/// A list of which rows are picked.
#[derive(Clone, Copy, Debug)]
pub struct Picking<'a> {
    /// What of: a mailbox, the inboxes; or all mail.
    pub scope: Option<&'a Scope>,
    /// One row a thread. Only within a scope.
    pub threaded: bool,
    /// In which order; that of a list by a query is the newest first.
    pub sort: Sort,
    /// What it must be to stand in the list, if not everything does.
    pub query: Option<&'a Query>,
    /// The moment that relative dates are about, seconds since 1970.
    pub now: i64,
}

impl Picking<'_> {
    fn threaded(&self) -> bool {
        self.threaded && self.scope.is_some()
    }

    fn listed<'q>(&'q self, query: &'q Query, threaded: bool) -> Listed<'q> {
        Listed {
            scope: self.scope,
            threaded,
            query,
            now: self.now,
        }
    }

    /// The keys of the rows from the newest on.
    fn keys(&self, conn: &Connection, threaded: bool) -> Result<Vec<PageKey>> {
        let walk = Walk {
            threaded,
            unread: false,
            down: true,
        };
        match (self.query, self.scope) {
            (Some(query), _) => {
                Way::find(conn, &self.listed(query, threaded))?.keys(conn, walk, FIRST, usize::MAX)
            }
            (None, Some(scope)) => {
                let places = mailboxes(conn, scope)?;
                keys(conn, &places, walk, None, FIRST, usize::MAX)
            }
            (None, None) => Ok(Vec::new()),
        }
    }

    /// The rows from one key to another, in the order of dates.
    fn between(&self, conn: &Connection, ends: (PageKey, PageKey)) -> Result<Vec<Stub>> {
        let threaded = self.threaded();
        let (low, high) = (ends.0.min(ends.1), ends.0.max(ends.1));
        let keys = self.keys(conn, threaded)?;
        let between = keys.into_iter().filter(|key| low <= *key && *key <= high);
        Ok(between.map(|key| stub(key, threaded)).collect())
    }

    fn all(&self, conn: &Connection) -> Result<Vec<Stub>> {
        let (None, Some(scope)) = (self.query, self.scope) else {
            let threaded = self.threaded();
            let keys = self.keys(conn, threaded)?;
            return Ok(keys.into_iter().map(|key| stub(key, threaded)).collect());
        };
        let places = mailboxes(conn, scope)?;
        if !self.threaded() {
            let mut found = Vec::new();
            for mailbox in places {
                let mut select = conn
                    .prepare_cached("SELECT id FROM location WHERE mailbox = ?1 AND hidden = 0")?;
                let mut rows = select.query([mailbox])?;
                while let Some(row) = rows.next()? {
                    found.push(Stub::Place(LocationId(row.get(0)?)));
                }
            }
            return Ok(found);
        }
        let mut threads: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for mailbox in places {
            let mut select = conn.prepare_cached(
                "SELECT thread, count, location FROM thread_row WHERE mailbox = ?1",
            )?;
            let mut rows = select.query([mailbox])?;
            while let Some(row) = rows.next()? {
                let (count, location): (i64, i64) = (row.get(1)?, row.get(2)?);
                let of = threads.entry(row.get(0)?).or_insert((0, location));
                of.0 += count;
            }
        }
        let stubs = threads.into_iter().map(|(thread, (count, location))| {
            let alone = (count == 1).then_some(LocationId(location));
            Stub::Thread(ThreadId(thread), alone)
        });
        Ok(stubs.collect())
    }

    /// The threads, or else the messages, of which something in the list's mailboxes fits.
    fn fitting(&self, conn: &Connection, query: &Query) -> Result<BTreeSet<i64>> {
        let walk = Walk {
            threaded: false,
            unread: false,
            down: true,
        };
        let way = Way::find(conn, &self.listed(query, false))?;
        let column = if self.threaded() { "thread" } else { "message" };
        let mut select =
            conn.prepare_cached(&format!("SELECT {column} FROM location WHERE id = ?1"))?;
        let mut found = BTreeSet::new();
        for key in way.keys(conn, walk, FIRST, usize::MAX)? {
            found.insert(select.query_row([key.id], |row| row.get(0))?);
        }
        Ok(found)
    }
}

fn stub(key: PageKey, threaded: bool) -> Stub {
    match threaded {
        true => Stub::Thread(ThreadId(key.id), None),
        false => Stub::Place(LocationId(key.id)),
    }
}

impl Reader {
    /// The message that lies in a place; `None` if it is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub fn message_at(&self, place: LocationId) -> Result<Option<MsgId>> {
        let moment = self.moment()?;
        let sql = "SELECT message FROM location WHERE id = ?1 AND gone = 0";
        let mut select = moment.prepare_cached(sql)?;
        let message = select.query_row([place.0], |row| row.get(0)).optional()?;
        Ok(message.map(MsgId))
    }

    /// All rows of a list, in no order.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn picked(&self, list: &Picking<'_>) -> Result<Vec<Stub>> {
        list.all(&*self.moment()?)
    }

    /// The rows of a list that fit a query, or that do not. A thread fits where one of its messages
    /// in the list's mailboxes does.
    ///
    /// # Errors
    /// As [`Reader::picked`].
    pub fn picked_by(&self, list: &Picking<'_>, query: &Query, fits: bool) -> Result<Vec<Stub>> {
        let moment = self.moment()?;
        let fitting = list.fitting(&moment, query)?;
        let mut select = moment.prepare_cached("SELECT message FROM location WHERE id = ?1")?;
        let mut found = list.all(&moment)?;
        let mut failed = None;
        found.retain(|stub| {
            let id = match stub {
                Stub::Thread(thread, _) => Ok(thread.0),
                Stub::Place(place) => select.query_row([place.0], |row| row.get(0)),
            };
            match id {
                Ok(id) => fitting.contains(&id) == fits,
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        });
        failed.map_or(Ok(found), |error| Err(error.into()))
    }

    /// The rows of a list from one place to another, both included, whichever is the newer.
    ///
    /// # Errors
    /// As [`Reader::picked`].
    pub fn picked_between(
        &self,
        list: &Picking<'_>,
        ends: (PageKey, PageKey),
    ) -> Result<Vec<Stub>> {
        let threaded = list.threaded();
        if let (Some(scope), None) = (list.scope, list.query)
            && list.sort != Sort::default()
        {
            if list.sort.by == SortBy::Date {
                // The oldest first: the same walk, with the keys the other way round.
                let ends = (opposite(ends.0), opposite(ends.1));
                return list.between(&*self.moment()?, ends);
            }
            let ids = self.ids_between((scope, threaded, list.sort), ends)?;
            let key = |id| stub(PageKey { date: 0, id }, threaded);
            return Ok(ids.into_iter().map(key).collect());
        }
        list.between(&*self.moment()?, ends)
    }

    /// The messages of a thread in a flat list.
    ///
    /// # Errors
    /// As [`Reader::picked`].
    pub fn picked_of(&self, list: &Picking<'_>, thread: ThreadId) -> Result<Vec<Stub>> {
        let moment = self.moment()?;
        let all: BTreeSet<Stub> = list.all(&moment)?.into_iter().collect();
        let mut select = moment.prepare_cached("SELECT id FROM location WHERE thread = ?1")?;
        let places =
            select.query_map([thread.0], |row| Ok(Stub::Place(LocationId(row.get(0)?))))?;
        let places = places.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(places.into_iter().filter(|p| all.contains(p)).collect())
    }

    /// Of these places (with their messages) those whose message fits a query, or does not.
    ///
    /// # Errors
    /// As [`Reader::picked`].
    pub fn picked_among(
        &self,
        places: &[(LocationId, MsgId)],
        query: &Query,
        fits: bool,
        now: i64,
    ) -> Result<Vec<Stub>> {
        let messages: Vec<MsgId> = places.iter().map(|(_, message)| *message).collect();
        let answering = self.answering(query, now, Some(&messages))?;
        let fitting: BTreeSet<MsgId> = answering.iter().map(|a| a.message).collect();
        let found = places
            .iter()
            .filter(|(_, message)| fitting.contains(message) == fits);
        Ok(found.map(|(place, _)| Stub::Place(*place)).collect())
    }

    /// Those of these rows that are not in the list any more.
    ///
    /// # Errors
    /// As [`Reader::picked`].
    pub fn picked_no_more(&self, list: &Picking<'_>, stubs: &[Stub]) -> Result<Vec<Stub>> {
        let moment = self.moment()?;
        // Of a mailbox that is gone nothing is there any more; a search is everywhere.
        let places: Option<BTreeSet<i64>> = match list.scope {
            Some(scope) => Some(mailboxes(&moment, scope)?.into_iter().collect()),
            None => None,
        };
        let mut of_place =
            moment.prepare_cached("SELECT mailbox FROM location WHERE id = ?1 AND hidden = 0")?;
        let mut of_thread = moment
            .prepare_cached("SELECT mailbox FROM location WHERE thread = ?1 AND hidden = 0")?;
        let mut gone = Vec::new();
        for stub in stubs {
            let mut rows = match stub {
                Stub::Place(place) | Stub::Thread(_, Some(place)) => of_place.query([place.0])?,
                Stub::Thread(thread, None) => of_thread.query([thread.0])?,
            };
            let mut here = false;
            while let Some(row) = rows.next()? {
                let mailbox = row.get(0)?;
                here |= places.as_ref().is_none_or(|p| p.contains(&mailbox));
            }
            if !here {
                gone.push(*stub);
            }
        }
        Ok(gone)
    }
}
