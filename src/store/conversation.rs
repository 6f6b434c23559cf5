//! One thread as a tree (JWZ), made from the set of its messages when it is asked for: so it does
//! not depend on the order in which they arrived.
//!
//! A message's parent is the nearest of its References (else of its In-Reply-To) that is here.
//! Cycles, which only forged headers make, are cut at their oldest message. Nothing recurses: a
//! chain of fifty thousand answers costs no stack.

use crate::model::view::{IndexRow, PageKey};
use crate::model::{AccountName, MailboxId, MessageId, Role, ThreadId};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::rows;
use crate::store::threads;
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};

/// A thread shows so many of its newest messages; more nobody reads as a tree.
pub const MAX_MESSAGES: usize = 5_000;
/// Answers nested deeper than this are shown at this depth.
pub const MAX_DEPTH: u16 = 200;

/// A message as the tree needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    date: i64,
    /// Its Message-ID, hashed; `None` if it has none.
    id: Option<i64>,
    /// Whom it may answer, nearest first.
    answers: Vec<i64>,
    message: i64,
}

impl Reader {
    /// The messages of a thread across mailboxes in the order of display, one row each with its
    /// depth; of more than [`MAX_MESSAGES`] the newest. A message in several places is shown at the
    /// one in `within` if there is one, else at the most telling one (inbox before archive before
    /// trash). The thread may be one that has become part of another.
    pub fn thread(&self, thread: ThreadId, within: Option<MailboxId>) -> Result<Vec<IndexRow>> {
        let moment = self.moment()?;
        let thread = threads::canonical(&moment, thread.0)?;
        let places = places(&moment, thread, within)?;
        let mut nodes = Vec::with_capacity(places.len());
        for &message in places.keys() {
            nodes.push(node(&moment, message)?);
        }
        let mut rows = Vec::with_capacity(nodes.len());
        for (message, depth) in arrange(&nodes) {
            let Some(location) = places.get(&message) else {
                continue;
            };
            if let Some(row) = rows::flat(&moment, *location)? {
                rows.push(IndexRow {
                    key: PageKey {
                        date: row.date,
                        id: *location,
                    },
                    depth,
                    ..row
                });
            }
        }
        Ok(rows)
    }

    /// The messages of the conversation that this Message-ID of an account belongs to, in the order
    /// of its tree, each once, wherever they lie; empty if no such message is here.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn conversation(&self, account: &AccountName, id: &MessageId) -> Result<Vec<IndexRow>> {
        let Some(message) = self.find(account, id)?.first().copied() else {
            return Ok(Vec::new());
        };
        match self.thread_of(message)? {
            Some(thread) => self.thread(thread, None),
            None => Ok(Vec::new()),
        }
    }
}

/// The messages of a thread, each with the location to show it at.
fn places(conn: &Connection, thread: i64, within: Option<MailboxId>) -> Result<BTreeMap<i64, i64>> {
    let mut best: BTreeMap<i64, (usize, i64, i64)> = BTreeMap::new();
    let mut select = conn.prepare_cached(
        "SELECT l.message, l.id, l.mailbox, b.role, l.date FROM location l JOIN mailbox b ON b.id = l.mailbox
         WHERE l.thread = ?1 AND l.hidden = 0 AND b.account > 0",
    )?;
    let mut rows = select.query([thread])?;
    while let Some(row) = rows.next()? {
        let (message, location, mailbox, date): (i64, i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(4)?);
        let rank = match within {
            Some(within) if within.0 == mailbox => 0,
            _ => telling(Role::from_name(
                row.get_ref(3)?.as_str().unwrap_or_default(),
            )),
        };
        let candidate = (rank, location, date);
        best.entry(message)
            .and_modify(|now| *now = candidate.min(*now))
            .or_insert(candidate);
    }
    if best.len() > MAX_MESSAGES {
        let mut dates: Vec<(i64, i64)> = best
            .iter()
            .map(|(message, (_, _, date))| (*date, *message))
            .collect();
        dates.sort_unstable();
        let oldest = dates.len() - MAX_MESSAGES;
        for (_, message) in dates.into_iter().take(oldest) {
            best.remove(&message);
        }
    }
    Ok(best
        .into_iter()
        .map(|(message, (_, location, _))| (message, location))
        .collect())
}

/// How much a place says about a message: less is more.
fn telling(role: Option<Role>) -> usize {
    match role {
        Some(Role::Inbox) => 1,
        None => 2,
        Some(Role::Sent) => 3,
        Some(Role::Drafts) => 4,
        Some(Role::Archive) => 5,
        Some(Role::All) => 6,
        Some(Role::Flagged) => 7,
        Some(Role::Junk) => 8,
        Some(Role::Trash) => 9,
    }
}

fn node(conn: &Connection, message: i64) -> Result<Node> {
    let mut select = conn
        .prepare_cached("SELECT date, message_id, in_reply_to, refs FROM message WHERE id = ?1")?;
    Ok(select.query_row([message], |row| {
        let ids = |at| Ok::<_, rusqlite::Error>(codec::ids_in(row.get_ref(at)?.as_str()?));
        let (own, answered, references) = (ids(1)?, ids(2)?, ids(3)?);
        Ok(Node {
            date: row.get(0)?,
            id: own.first().map(|id| id.hash64()),
            answers: references
                .iter()
                .rev()
                .chain(&answered)
                .map(|id| id.hash64())
                .collect(),
            message,
        })
    })?)
}

/// Messages in the order of display with their depths: answers follow what they answer, the older
/// first.
fn arrange(nodes: &[Node]) -> Vec<(i64, u16)> {
    // From here on a message is its rank by date, so that every choice below is the same whatever
    // the order was. Row ids differ with the order of arrival: they decide last.
    let mut order: Vec<&Node> = nodes.iter().collect();
    order.sort_by_key(|n| (n.date, n.id, n.message));
    let mut by_id: HashMap<i64, usize> = HashMap::new();
    for (at, node) in order.iter().enumerate() {
        if let Some(id) = node.id {
            by_id.entry(id).or_insert(at);
        }
    }
    let mut parents: Vec<Option<usize>> = order
        .iter()
        .enumerate()
        .map(|(at, node)| {
            node.answers
                .iter()
                .filter(|id| Some(**id) != node.id)
                .find_map(|id| by_id.get(id))
                .copied()
                .filter(|p| *p != at)
        })
        .collect();
    cut_cycles(&mut parents);
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
    let mut stack = Vec::new();
    for (at, parent) in parents.iter().enumerate().rev() {
        match parent.and_then(|p| children.get_mut(p)) {
            Some(siblings) => siblings.push(at),
            None => stack.push((at, 0u16)),
        }
    }
    let mut out = Vec::with_capacity(order.len());
    while let Some((at, depth)) = stack.pop() {
        if let (Some(node), Some(answers)) = (order.get(at), children.get(at)) {
            out.push((node.message, depth));
            let deeper = (depth + 1).min(MAX_DEPTH);
            stack.extend(answers.iter().map(|answer| (*answer, deeper)));
        }
    }
    out
}

/// Makes the first message of every cycle a root. Each message is walked over once.
fn cut_cycles(parents: &mut [Option<usize>]) {
    // 0: not seen; otherwise the walk that saw it.
    let mut seen = vec![0usize; parents.len()];
    for start in 0..parents.len() {
        let walk = start + 1;
        let mut at = start;
        while let Some(mark) = seen.get_mut(at).filter(|mark| **mark == 0) {
            *mark = walk;
            match parents.get(at).copied().flatten() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        let met_itself =
            seen.get(at) == Some(&walk) && parents.get(at).copied().flatten().is_some();
        if met_itself {
            let mut first = at;
            let mut next = at;
            while let Some(parent) = parents.get(next).copied().flatten().filter(|p| *p != at) {
                first = first.min(parent);
                next = parent;
            }
            if let Some(cut) = parents.get_mut(first) {
                *cut = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nodes(list: &[(i64, Option<i64>, &[i64])]) -> Vec<Node> {
        (1..)
            .zip(list)
            .map(|(message, (date, id, answers))| Node {
                date: *date,
                id: *id,
                answers: answers.to_vec(),
                message,
            })
            .collect()
    }

    #[test]
    fn answers_follow_what_they_answer() {
        let set = nodes(&[
            (1, Some(10), &[]),
            (2, Some(20), &[10]),
            (3, Some(30), &[10]),
            (4, Some(40), &[20, 10]),
        ]);
        assert_eq!(arrange(&set), [(1, 0), (2, 1), (4, 2), (3, 1)]);
    }

    #[test]
    fn a_missing_parent_leaves_the_grandparent() {
        let set = nodes(&[
            (1, Some(10), &[]),
            (4, Some(40), &[99, 10]),
            (5, None, &[98]),
        ]);
        assert_eq!(arrange(&set), [(1, 0), (2, 1), (3, 0)]);
    }

    #[test]
    fn forged_cycles_and_repeated_ids_show_every_message_once() {
        let set = nodes(&[
            (1, Some(10), &[30]),
            (2, Some(20), &[10]),
            (3, Some(30), &[20]),
            (4, Some(10), &[10]),
        ]);
        assert_eq!(arrange(&set), [(1, 0), (2, 1), (3, 2), (4, 0)]);
    }

    #[test]
    fn fifty_thousand_deep() {
        let set: Vec<Node> = (1..50_000)
            .map(|n| Node {
                date: n,
                id: Some(n),
                answers: vec![n - 1],
                message: n,
            })
            .collect();
        let rows = arrange(&set);
        assert_eq!(rows.len(), set.len());
        assert_eq!(rows.last(), Some(&(49_999, MAX_DEPTH)));
    }

    proptest! {
        #[test]
        fn any_tangle_is_shown_whole_and_in_one_way(
            list in prop::collection::vec((0i64..6, prop::option::of(0i64..12), prop::collection::vec(0i64..12, 0..4)), 0..20),
            turn in 0usize..20,
        ) {
            let set: Vec<Node> = (1..).zip(list)
                .map(|(message, (date, id, answers))| Node { date, id, answers, message })
                .collect();
            let rows = arrange(&set);
            let mut messages: Vec<i64> = rows.iter().map(|r| r.0).collect();
            messages.sort_unstable();
            prop_assert_eq!(messages, (1..).take(set.len()).collect::<Vec<i64>>());
            let mut turned = set.clone();
            turned.rotate_left(turn.min(set.len()));
            prop_assert_eq!(arrange(&turned), rows);
        }
    }
}
