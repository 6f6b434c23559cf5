//! What a message joins, as the user's rules have it: two threads that he made one, one that he cut in
//! two.
//!
//! Rules only change which identifiers a message joins (`threads.rs`): joined ones bring each other
//! along, and of a message that is cut off, or answers one that is, by however many steps, nothing
//! counts that is older than the cut. (Programs shorten References, so what is below a cut is noted.)
//! So the partition depends on the messages and the rules alone, not on the order in which any of them
//! came, and a cache that is made anew comes to the same threads.

use crate::model::{MessageId, ThreadRule};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::packed::{Header, Text};
use crate::store::tally::Tally;
use crate::store::threads;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// A rule as the cache keeps it: what kind, and hashes of Message-IDs.
pub(super) type Row = (i64, i64, i64);

/// The threads of both are one.
pub(super) const JOIN: i64 = 0;
/// The first begins a thread of its own.
pub(super) const CUT: i64 = 1;
/// The first is below the second, which is such a one. No rule: it follows from what is here.
pub(super) const BELOW: i64 = 2;

/// The rules, for whoever looks for a message's thread.
#[derive(Debug, Default)]
pub(super) struct Rules {
    joins: HashMap<i64, Vec<i64>>,
    /// What is cut off or below a cut, and the cut.
    pub(super) cuts: HashMap<i64, i64>,
}

/// What a message joins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Joins {
    /// The identifiers, hashed, in the order of the table.
    pub(super) hashes: Vec<i64>,
    /// Whether what the server says of its conversation counts.
    pub(super) hinted: bool,
    /// The cut that it is below, and its own identifier, if that was not known.
    below: Option<(i64, i64)>,
}

impl Rules {
    pub(super) fn load(conn: &Connection) -> Result<Rules> {
        let mut rules = Rules::default();
        for (kind, a, b) in rows(conn)? {
            match kind {
                JOIN => {
                    rules.joins.entry(a).or_default().push(b);
                    rules.joins.entry(b).or_default().push(a);
                }
                CUT => _ = rules.cuts.insert(a, a),
                // A cut below another is one still; those come first.
                _ => _ = rules.cuts.entry(a).or_insert(b),
            }
        }
        Ok(rules)
    }

    /// What a new message joins; `None`: what its header says, unchanged.
    pub(super) fn of(&self, header: &Header) -> Option<Joins> {
        let touched = |hash: &i64| self.joins.contains_key(hash) || self.cuts.contains_key(hash);
        if !header.hashes.iter().any(touched) {
            return None;
        }
        Some(self.of_ids(
            header.get(Text::MessageId),
            header.get(Text::InReplyTo),
            header.get(Text::Refs),
        ))
    }

    /// Notes that a new message is below a cut. Whether its thread has to be put together anew: others
    /// named it before that was known.
    pub(super) fn note(
        &mut self,
        conn: &Connection,
        tally: &mut Tally,
        joins: &Joins,
    ) -> Result<Option<i64>> {
        let Some((cut, own)) = joins.below else {
            return Ok(None);
        };
        self.cuts.insert(own, cut);
        insert(conn, (BELOW, own, cut))?;
        Ok(tally.refs.find(conn, own)?.map(|_| own))
    }

    /// What a message joins by its identifiers, as the columns hold them.
    pub(super) fn of_ids(&self, own: &str, answered: &str, references: &str) -> Joins {
        let hash = |ids: &str| -> Vec<i64> {
            let ids = codec::ids_in(ids);
            ids.iter().map(MessageId::hash64).collect()
        };
        let own = hash(own);
        let (answered, references) = threads::counted(hash(answered), hash(references));
        // Nobody answers himself.
        let others = |ids: Vec<i64>| -> Vec<i64> {
            ids.into_iter().filter(|id| !own.contains(id)).collect()
        };
        let (answered, references) = (others(answered), others(references));
        let mut hashes = own.clone();
        let mut hinted = true;
        let is_cut = |hash: &i64| self.cuts.contains_key(hash);
        let above = references.iter().rev().chain(&answered).find(|h| is_cut(h));
        let known = own.iter().any(is_cut);
        let below = above
            .filter(|_| !known)
            .and_then(|above| Some((*self.cuts.get(above)?, *own.first()?)));
        if own.iter().any(|own| self.cuts.get(own) == Some(own)) {
            hinted = false;
        } else if let Some(cut) = references.iter().rposition(is_cut) {
            hinted = false;
            let (older, rest) = references.split_at(cut);
            hashes.extend(rest);
            hashes.extend(answered.iter().filter(|hash| !older.contains(hash)));
        } else if answered.iter().any(is_cut) {
            hinted = false;
            hashes.extend(answered.iter().filter(|hash| is_cut(hash)));
        } else {
            hashes.extend(references);
            hashes.extend(answered);
        }
        let joined: Vec<i64> = hashes
            .iter()
            .filter_map(|hash| self.joins.get(hash))
            .flatten()
            .copied()
            .collect();
        hashes.extend(joined);
        hashes.sort_unstable();
        hashes.dedup();
        Joins {
            hashes,
            hinted,
            below,
        }
    }
}

pub(super) fn insert(conn: &Connection, (kind, a, b): Row) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO thread_rule (kind, a, b) VALUES (?1, ?2, ?3)")?
        .execute(params![kind, a, b])?;
    Ok(())
}

pub(super) fn rows(conn: &Connection) -> Result<Vec<Row>> {
    let mut select =
        conn.prepare_cached("SELECT kind, a, b FROM thread_rule ORDER BY kind, a, b")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn row(rule: &ThreadRule) -> Row {
    match rule {
        ThreadRule::Join(a, b) => {
            let (a, b) = (a.hash64(), b.hash64());
            (JOIN, a.min(b), a.max(b))
        }
        ThreadRule::Split(id) => (CUT, id.hash64(), 0),
    }
}
