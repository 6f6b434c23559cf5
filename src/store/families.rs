//! What the messages of one family (`subjects.rs`) say of each other: where an answer belongs that names
//! nothing known.
//!
//! It belongs to the last message before it, or else the first after it, that bears the same subject,
//! lies within a month of it and has somebody in common with it besides the user, or the same list. Only
//! answers and forwards are asked; two messages that begin something never meet. A subject that very
//! many bear (reports, alerts) says nothing, which also bounds what a flood of one subject costs.

use crate::model::{Address, MessageId};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::messages::DAY;
use crate::store::threads;
use crate::text::subject;
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet};

/// More messages than this bear a subject that says nothing.
pub(super) const MANY: usize = 500;
/// An answer comes within this time, in seconds.
const NEAR: i64 = 30 * DAY;
/// Of so many addresses of a message it is asked whether another has them.
const PEOPLE: usize = 64;

/// A message of a family.
struct One {
    message: i64,
    date: i64,
    own: Option<i64>,
    answers: bool,
    /// The identifiers that it names besides its own, hashed, the nearest first.
    named: Vec<i64>,
    /// Addresses besides the user's; the user's where there are no others.
    people: BTreeSet<String>,
    list: Option<String>,
}

impl One {
    fn read(row: &Row<'_>, mine: &[String]) -> rusqlite::Result<One> {
        let ids = |at| Ok::<_, rusqlite::Error>(codec::ids_in(row.get_ref(at)?.as_str()?));
        let own = ids(3)?.first().map(MessageId::hash64);
        let (answered, references) = threads::counted(ids(4)?, ids(5)?);
        let named = references.iter().rev().chain(&answered);
        let mut people = BTreeSet::new();
        for at in 6..=10 {
            let addresses = codec::addresses_in(row.get_ref(at)?.as_str()?).into_iter();
            let addresses = addresses.map(|Address { addr, .. }| addr.to_lowercase());
            people.extend(addresses.filter(|a| !a.is_empty()).take(PEOPLE));
        }
        let others: BTreeSet<String> = people
            .iter()
            .filter(|a| !mine.contains(a))
            .take(PEOPLE)
            .cloned()
            .collect();
        let list: Option<String> = row.get(11)?;
        Ok(One {
            message: row.get(0)?,
            date: row.get(1)?,
            own,
            answers: subject::base(row.get_ref(2)?.as_str()?).answers,
            named: named
                .map(MessageId::hash64)
                .filter(|hash| Some(*hash) != own)
                .collect(),
            people: if others.is_empty() { people } else { others },
            list: list.filter(|list| !list.is_empty()),
        })
    }

    /// Whether this answer may belong to that message.
    fn fits(&self, other: &One) -> bool {
        let other_way = self.own.is_some_and(|own| other.named.contains(&own));
        let met = || !self.people.is_disjoint(&other.people);
        let listed = || self.list.is_some() && self.list == other.list;
        other.own.is_some() && other.own != self.own && !other_way && (met() || listed())
    }
}

/// What looking at a family came to.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Messages whose link is another than before.
    pub(super) changed: Vec<i64>,
    /// How many messages were read.
    pub(super) read: usize,
}

/// Looks at a family anew, and writes down which of its answers belong where. `mine`: the user's
/// addresses, in lower case.
pub(super) fn look(conn: &Connection, family: i64, mine: &[String]) -> Result<Looked> {
    let all = family_of(conn, family, mine)?;
    let mut wanted = BTreeMap::new();
    for (at, one) in all.iter().enumerate().filter(|(_, one)| one.answers) {
        if let Some(target) = nearest(&all, at)
            && leads_nowhere(conn, one)?
        {
            wanted.insert(one.message, target);
        }
    }
    let mut select =
        conn.prepare_cached("SELECT message, target FROM subject_link WHERE family = ?1")?;
    let rows = select.query_map([family], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let known: BTreeMap<i64, i64> = rows.collect::<rusqlite::Result<_>>()?;
    let mut looked = Looked {
        read: all.len(),
        ..Looked::default()
    };
    for message in known.keys().filter(|message| !wanted.contains_key(message)) {
        conn.prepare_cached("DELETE FROM subject_link WHERE message = ?1")?
            .execute([message])?;
        looked.changed.push(*message);
    }
    for (message, target) in &wanted {
        if known.get(message) != Some(target) {
            conn.prepare_cached(
                "INSERT OR REPLACE INTO subject_link (message, family, target) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![message, family, target])?;
            looked.changed.push(*message);
        }
    }
    Ok(looked)
}

/// The messages of a family that lie somewhere, in the order of their dates; none if they are too many.
fn family_of(conn: &Connection, family: i64, mine: &[String]) -> Result<Vec<One>> {
    let many: usize = conn
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM subject_row r WHERE family = ?1
                 AND EXISTS (SELECT 1 FROM location l WHERE l.message = r.message) LIMIT ?2)",
        )?
        .query_row(params![family, MANY + 1], |row| row.get(0))?;
    if many > MANY {
        return Ok(Vec::new());
    }
    let mut select = conn.prepare_cached(
        "SELECT m.id, m.date, m.subject, m.message_id, m.in_reply_to, m.refs, m.from_, m.sender,
             m.reply_to, m.to_, m.cc, m.list_id
         FROM subject_row r JOIN message m ON m.id = r.message WHERE r.family = ?1
             AND EXISTS (SELECT 1 FROM location l WHERE l.message = m.id)",
    )?;
    let rows = select.query_map([family], |row| One::read(row, mine))?;
    let mut all: Vec<One> = rows.collect::<rusqlite::Result<_>>()?;
    // Row ids differ with the order of arrival: they decide last.
    all.sort_by(|a, b| {
        (a.date, a.own, &a.named, a.message).cmp(&(b.date, b.own, &b.named, b.message))
    });
    Ok(all)
}

/// What the message at this place belongs to by its subject.
fn nearest(all: &[One], at: usize) -> Option<i64> {
    let (before, rest) = all.split_at_checked(at)?;
    let (one, after) = rest.split_first()?;
    let near = |other: &&One| other.date.abs_diff(one.date) <= NEAR.unsigned_abs();
    let before = before.iter().rev().take_while(near).find(|o| one.fits(o));
    let found = before.or_else(|| after.iter().take_while(near).find(|o| one.fits(o)));
    found.and_then(|other| other.own)
}

/// Whether nothing that a message names lies anywhere.
fn leads_nowhere(conn: &Connection, one: &One) -> Result<bool> {
    let mut here = conn.prepare_cached(
        "SELECT 1 FROM subject_row r WHERE own = ?1 AND message <> ?2
             AND EXISTS (SELECT 1 FROM location l WHERE l.message = r.message) LIMIT 1",
    )?;
    for hash in &one.named {
        if here.exists(params![hash, one.message])? {
            return Ok(false);
        }
    }
    Ok(true)
}
