//! Threads put together anew: when the user's rules change (`joins.rs`), and when a subject says more or
//! less than before (`by_subject.rs`).

use crate::model::{MailboxId, MessageId, ThreadId, ThreadRule};
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::grouping::{Member, below_cuts, groups};
use crate::store::insert::next_id;
use crate::store::joins::{BELOW, CUT, JOIN, Row, Rules, insert, row, rows};
use crate::store::reader::Reader;
use crate::store::resolve::ResolvedTarget;
use crate::store::subjects;
use crate::store::tally::Tally;
use crate::store::threads;
use crate::text::subject;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashSet};

impl Cache {
    /// Makes these the user's rules, and puts the threads together anew that others held for. They are
    /// asked for once more while nobody else can write the cache: another window may decide, too.
    /// Answers the mailboxes whose lists may have changed.
    ///
    /// # Errors
    /// When the cache can't be read or written, or the rules can't be had.
    pub fn follow_thread_rules(
        &mut self,
        rules: impl Fn() -> Result<Vec<ThreadRule>>,
    ) -> Result<Vec<MailboxId>> {
        // Mostly they are, and nobody has to stand aside for that.
        let apart = Apart::of(&self.read().conn, &rules()?)?;
        if apart.is_nothing() {
            return Ok(Vec::new());
        }
        self.write(|tx, tally| {
            let apart = Apart::of(tx, &rules()?)?;
            if apart.is_nothing() {
                return Ok(Vec::new());
            }
            let Apart {
                wanted,
                known,
                below,
            } = apart;
            for (kind, a, b) in known.difference(&wanted) {
                tx.prepare_cached("DELETE FROM thread_rule WHERE kind = ?1 AND a = ?2 AND b = ?3")?
                    .execute(params![kind, a, b])?;
                if *kind == CUT {
                    tx.prepare_cached("DELETE FROM thread_rule WHERE kind = 2 AND b = ?1")?
                        .execute([a])?;
                }
            }
            for row in wanted.difference(&known) {
                insert(tx, *row)?;
            }
            let mut touched = BTreeSet::new();
            // What lies below one cut may lie below another.
            let cuts = wanted.iter().filter(|(kind, _, _)| *kind == CUT);
            for (kind, a, b) in wanted.symmetric_difference(&known).chain(cuts) {
                let named = [Some(*a), (*kind == JOIN).then_some(*b)];
                let below = below.iter().filter(|(_, _, cut)| *kind == CUT && cut == a);
                let named = named.into_iter().flatten();
                for hash in named.chain(below.map(|(_, own, _)| *own)) {
                    touched.extend(threads::named(tx, tally, hash)?);
                }
            }
            // One that a join no longer names may be of a message that is not here.
            let joins = known.difference(&wanted);
            let joins = joins.filter(|(kind, _, _)| *kind == JOIN);
            let left: Vec<i64> = joins.flat_map(|(_, a, b)| [*a, *b]).collect();
            regroup(tx, tally, touched, &left)
        })
    }
}

/// The user's rules, and those that the cache has.
struct Apart {
    wanted: BTreeSet<Row>,
    known: BTreeSet<Row>,
    /// What follows from the latter.
    below: BTreeSet<Row>,
}

impl Apart {
    fn of(conn: &Connection, rules: &[ThreadRule]) -> Result<Apart> {
        let (below, known) = rows(conn)?
            .into_iter()
            .partition(|(kind, _, _)| *kind == BELOW);
        Ok(Apart {
            wanted: rules.iter().map(row).collect(),
            known,
            below,
        })
    }

    fn is_nothing(&self) -> bool {
        self.wanted == self.known
    }
}

/// Puts the threads together anew in which these identifiers are named.
pub(super) fn regroup_named(conn: &Connection, tally: &mut Tally, named: &[i64]) -> Result<()> {
    let mut touched = BTreeSet::new();
    for hash in named {
        touched.extend(threads::named(conn, tally, *hash)?);
    }
    regroup(conn, tally, touched, &[]).map(drop)
}

/// Puts these threads together anew, and those that their messages turn out to belong to. Of these
/// identifiers those are forgotten that nobody in them names any more. Answers the mailboxes whose lists
/// may have changed.
pub(super) fn regroup(
    conn: &Connection,
    tally: &mut Tally,
    mut touched: BTreeSet<i64>,
    forgotten: &[i64],
) -> Result<Vec<MailboxId>> {
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let mut rules = Rules::load(conn)?;
    let members = loop {
        let members = gather(conn, tally, &rules, &mut touched)?;
        // What is below a cut is known once all that it answers is.
        let below = below_cuts(&mut rules, &members);
        if below.is_empty() {
            break members;
        }
        for (own, cut) in below {
            insert(conn, (BELOW, own, cut))?;
        }
    };
    let groups = groups(&members, &rules);
    let names = named(conn, &members, &groups)?;
    let mut mailboxes = BTreeSet::new();
    let mut homes: BTreeMap<i64, (usize, i64)> = BTreeMap::new();
    for (group, thread) in groups.iter().zip(&names) {
        let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
        for member in group.iter().filter_map(|at| members.get(*at)) {
            *sizes.entry(member.thread).or_default() += 1;
            if member.thread != *thread {
                relocate(conn, tally, member, *thread, &mut mailboxes)?;
            }
            for hash in &member.joins {
                if threads::named(conn, tally, *hash)? != Some(*thread) {
                    tally.refs.forget(conn, *hash)?;
                    tally.refs.note(*hash, *thread);
                }
            }
        }
        for (old, size) in sizes {
            let home = homes.entry(old).or_insert((size, *thread));
            *home = (size, *thread).max(*home);
        }
    }
    forget_unnamed(conn, tally, &members, forgotten, &touched)?;
    // A thread that is empty now lives on in the one that most of it went to.
    for (old, (_, thread)) in homes {
        if !names.contains(&old) {
            conn.prepare_cached(
                "INSERT OR REPLACE INTO thread_merge (thread, into_thread) VALUES (?1, ?2)",
            )?
            .execute([old, thread])?;
        }
    }
    Ok(mailboxes.into_iter().map(MailboxId).collect())
}

/// What only those named that are cut off now is nobody's, of these identifiers, too: whoever comes with
/// it begins anew.
fn forget_unnamed(
    conn: &Connection,
    tally: &mut Tally,
    members: &[Member],
    forgotten: &[i64],
    touched: &BTreeSet<i64>,
) -> Result<()> {
    let joined: HashSet<&i64> = members.iter().flat_map(|m| &m.joins).collect();
    let dropped = members.iter().flat_map(|m| &m.plain).chain(forgotten);
    for hash in dropped.filter(|hash| !joined.contains(hash)) {
        let thread = threads::named(conn, tally, *hash)?;
        if thread.is_some_and(|thread| touched.contains(&thread)) {
            tally.refs.forget(conn, *hash)?;
        }
    }
    Ok(())
}

/// The messages of these threads, and of those that they turn out to belong to.
fn gather(
    conn: &Connection,
    tally: &mut Tally,
    rules: &Rules,
    touched: &mut BTreeSet<i64>,
) -> Result<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    let linked = subjects::any_link(conn)?;
    let mut ahead: Vec<i64> = touched.iter().copied().collect();
    while let Some(thread) = ahead.pop() {
        for member in of_thread(conn, rules, thread)? {
            for other in linked_to(conn, member.own.filter(|_| linked))? {
                if touched.insert(other) {
                    ahead.push(other);
                }
            }
            for hash in member.joins.iter().chain(&member.link) {
                let other = threads::named(conn, tally, *hash)?;
                ahead.extend(other.filter(|other| touched.insert(*other)));
            }
            members.push(member);
        }
    }
    Ok(members)
}

/// The threads of messages that belong to this one by their subject.
fn linked_to(conn: &Connection, own: Option<i64>) -> Result<Vec<i64>> {
    let Some(own) = own else {
        return Ok(Vec::new());
    };
    let mut select = conn.prepare_cached(
        "SELECT DISTINCT l.thread FROM subject_link k JOIN location l ON l.message = k.message
         WHERE k.target = ?1",
    )?;
    let rows = select.query_map([own], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn of_thread(conn: &Connection, rules: &Rules, thread: i64) -> Result<Vec<Member>> {
    let mut select = conn.prepare_cached(
        "SELECT m.id, m.message_id, m.in_reply_to, m.refs,
             (SELECT max(thread_hint) FROM identity WHERE message = m.id),
             (SELECT target FROM subject_link WHERE message = m.id), m.date, m.subject
         FROM message m WHERE m.id IN (SELECT message FROM location WHERE thread = ?1)",
    )?;
    let none = Rules::default();
    let members = select.query_map([thread], |row| {
        let of = |rules: &Rules| {
            Ok::<_, rusqlite::Error>(rules.of_ids(
                row.get_ref(1)?.as_str()?,
                row.get_ref(2)?.as_str()?,
                row.get_ref(3)?.as_str()?,
            ))
        };
        let (joins, plain) = (of(rules)?, of(&none)?.hashes);
        let hint: Option<i64> = row.get(4)?;
        let hint = hint.filter(|_| joins.hinted);
        Ok(Member {
            message: row.get(0)?,
            thread,
            own: codec::ids_in(row.get_ref(1)?.as_str()?)
                .first()
                .map(MessageId::hash64),
            joins: joins.hashes.into_iter().chain(hint).collect(),
            plain,
            link: row.get(5)?,
            date: row.get(6)?,
            answers: subject::base(row.get_ref(7)?.as_str()?).answers,
        })
    })?;
    Ok(members.collect::<rusqlite::Result<_>>()?)
}

/// A thread's number for each group: that which most of its members have, unless another group has
/// it, else a new one. A number that was a thread's once is never another's.
fn named(conn: &Connection, members: &[Member], groups: &[Vec<usize>]) -> Result<Vec<i64>> {
    let mut taken = BTreeSet::new();
    let mut names = Vec::with_capacity(groups.len());
    for group in groups {
        let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
        for member in group.iter().filter_map(|at| members.get(*at)) {
            *sizes.entry(member.thread).or_default() += 1;
        }
        let free = sizes
            .into_iter()
            .filter(|(thread, _)| !taken.contains(thread));
        let name = match free.max_by_key(|(thread, size)| (*size, std::cmp::Reverse(*thread))) {
            Some((thread, _)) => thread,
            None => fresh(conn)?,
        };
        taken.insert(name);
        names.push(name);
    }
    Ok(names)
}

/// A number that no message has or will have.
fn fresh(conn: &Connection) -> Result<i64> {
    let id = next_id(conn, "message")?;
    let known = conn
        .prepare_cached("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'message'")?
        .execute([id])?;
    if known == 0 {
        conn.prepare_cached("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?1)")?
            .execute([id])?;
    }
    Ok(id)
}

fn relocate(
    conn: &Connection,
    tally: &mut Tally,
    member: &Member,
    thread: i64,
    mailboxes: &mut BTreeSet<i64>,
) -> Result<()> {
    let mut places =
        conn.prepare_cached("SELECT DISTINCT mailbox FROM location WHERE message = ?1")?;
    let mut rows = places.query([member.message])?;
    while let Some(row) = rows.next()? {
        let mailbox: i64 = row.get(0)?;
        tally.touch(mailbox, member.thread);
        tally.touch(mailbox, thread);
        mailboxes.insert(mailbox);
    }
    conn.prepare_cached("UPDATE location SET thread = ?2 WHERE message = ?1")?
        .execute([member.message, thread])?;
    Ok(())
}

impl Reader {
    /// The threads that these messages lie in, each with the Message-ID of its oldest one that has
    /// one (`None` if none has).
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn threads_of(
        &self,
        targets: &[ResolvedTarget],
    ) -> Result<BTreeMap<ThreadId, Option<MessageId>>> {
        let moment = self.moment()?;
        let mut thread = moment.prepare_cached("SELECT thread FROM location WHERE id = ?1")?;
        let mut oldest = moment.prepare_cached(
            "SELECT m.message_id FROM location l JOIN message m ON m.id = l.message
             WHERE l.thread = ?1 AND m.message_id <> '' ORDER BY m.date, m.id LIMIT 1",
        )?;
        let mut threads = BTreeMap::new();
        for target in targets {
            let id: i64 = thread.query_row([target.location.0], |row| row.get(0))?;
            if threads.contains_key(&ThreadId(id)) {
                continue;
            }
            let mut rows = oldest.query([id])?;
            let named = match rows.next()? {
                Some(row) => MessageId::new(row.get_ref(0)?.as_str().unwrap_or_default()),
                None => None,
            };
            threads.insert(ThreadId(id), named);
        }
        Ok(threads)
    }

    /// The Message-IDs of a message and of those in its thread that refer to it.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn below(&self, thread: ThreadId, id: &MessageId) -> Result<Vec<MessageId>> {
        let moment = self.moment()?;
        let thread = threads::canonical(&moment, thread.0)?;
        let mut select = moment.prepare_cached(
            "SELECT DISTINCT m.message_id, m.in_reply_to, m.refs FROM location l JOIN message m ON m.id = l.message
             WHERE l.thread = ?1",
        )?;
        let mut rows = select.query([thread])?;
        let mut found = vec![id.clone()];
        while let Some(row) = rows.next()? {
            let ids = |at| Ok::<_, rusqlite::Error>(codec::ids_in(row.get_ref(at)?.as_str()?));
            let (own, answered, references) = (ids(0)?, ids(1)?, ids(2)?);
            if answered.iter().chain(&references).any(|named| named == id) {
                found.extend(own);
            }
        }
        Ok(found)
    }
}
