//! Threads as the user wants them: two that he made one, one that he cut in two.
//!
//! Both only change which identifiers a message joins (`threads.rs`): joined ones bring each other
//! along, and of a message that is cut off, or answers one that is, by however many steps, nothing
//! counts that is older than the cut. (Programs shorten References, so what is below a cut is noted.) So the partition depends on the messages and the rules alone, not on the order in which
//! any of them came, and a cache that is made anew comes to the same threads.
//!
//! When rules change, the threads that they are about are put together anew.

use crate::model::{MailboxId, MessageId, ThreadId, ThreadRule};
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::insert::next_id;
use crate::store::packed::{Header, Text};
use crate::store::reader::Reader;
use crate::store::resolve::ResolvedTarget;
use crate::store::tally::Tally;
use crate::store::threads;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A rule as the cache keeps it: what kind, and hashes of Message-IDs.
type Row = (i64, i64, i64);

/// The threads of both are one.
const JOIN: i64 = 0;
/// The first begins a thread of its own.
const CUT: i64 = 1;
/// The first is below the second, which is such a one. No rule: it follows from what is here.
const BELOW: i64 = 2;

/// The rules, for whoever looks for a message's thread.
#[derive(Debug, Default)]
pub(super) struct Rules {
    joins: HashMap<i64, Vec<i64>>,
    /// What is cut off or below a cut, and the cut.
    cuts: HashMap<i64, i64>,
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
    fn of_ids(&self, own: &str, answered: &str, references: &str) -> Joins {
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

fn insert(conn: &Connection, (kind, a, b): Row) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO thread_rule (kind, a, b) VALUES (?1, ?2, ?3)")?
        .execute(params![kind, a, b])?;
    Ok(())
}

fn rows(conn: &Connection) -> Result<Vec<Row>> {
    let mut select =
        conn.prepare_cached("SELECT kind, a, b FROM thread_rule ORDER BY kind, a, b")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn row(rule: &ThreadRule) -> Row {
    match rule {
        ThreadRule::Join(a, b) => {
            let (a, b) = (a.hash64(), b.hash64());
            (JOIN, a.min(b), a.max(b))
        }
        ThreadRule::Split(id) => (CUT, id.hash64(), 0),
    }
}

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
                    if let Some(noted) = tally.refs.find(tx, hash)? {
                        touched.insert(threads::canonical(tx, noted)?);
                    }
                }
            }
            regroup(tx, tally, touched)
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

/// A message of a thread, as the grouping needs it.
struct Member {
    message: i64,
    thread: i64,
    /// Its own identifier.
    own: Option<i64>,
    joins: Vec<i64>,
    /// What it would join without rules.
    plain: Vec<i64>,
}

/// Puts the threads together anew in which these identifiers are named.
pub(super) fn regroup_named(conn: &Connection, tally: &mut Tally, named: &[i64]) -> Result<()> {
    let mut touched = BTreeSet::new();
    for hash in named {
        if let Some(noted) = tally.refs.find(conn, *hash)? {
            touched.insert(threads::canonical(conn, noted)?);
        }
    }
    regroup(conn, tally, touched).map(drop)
}

/// Puts these threads together anew, and those that their messages turn out to belong to.
fn regroup(
    conn: &Connection,
    tally: &mut Tally,
    mut touched: BTreeSet<i64>,
) -> Result<Vec<MailboxId>> {
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
    let groups = groups(&members);
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
                let noted = tally.refs.find(conn, *hash)?;
                let now = noted
                    .map(|noted| threads::canonical(conn, noted))
                    .transpose()?;
                if now != Some(*thread) {
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
    // What only those named that are cut off now is nobody's: whoever comes with it begins anew.
    let joined: HashSet<&i64> = members.iter().flat_map(|m| &m.joins).collect();
    let dropped = members.iter().flat_map(|m| &m.plain);
    for hash in dropped.filter(|hash| !joined.contains(hash)) {
        let noted = tally.refs.find(conn, *hash)?;
        let thread = noted
            .map(|noted| threads::canonical(conn, noted))
            .transpose()?;
        if thread.is_some_and(|thread| touched.contains(&thread)) {
            tally.refs.forget(conn, *hash)?;
        }
    }
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

/// The messages of these threads, and of those that they turn out to belong to.
fn gather(
    conn: &Connection,
    tally: &mut Tally,
    rules: &Rules,
    touched: &mut BTreeSet<i64>,
) -> Result<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    let mut ahead: Vec<i64> = touched.iter().copied().collect();
    while let Some(thread) = ahead.pop() {
        for member in of_thread(conn, rules, thread)? {
            for hash in &member.joins {
                let Some(noted) = tally.refs.find(conn, *hash)? else {
                    continue;
                };
                let other = threads::canonical(conn, noted)?;
                if touched.insert(other) {
                    ahead.push(other);
                }
            }
            members.push(member);
        }
    }
    Ok(members)
}

/// Adds to the rules which members are below a cut, by however many steps, and answers what was not
/// known: their identifiers and the cuts.
fn below_cuts(rules: &mut Rules, members: &[Member]) -> Vec<(i64, i64)> {
    let mut namers: HashMap<i64, Vec<i64>> = HashMap::new();
    for member in members {
        for hash in member.plain.iter().filter(|h| Some(**h) != member.own) {
            namers.entry(*hash).or_default().extend(member.own);
        }
    }
    let mut found = Vec::new();
    let mut ahead: Vec<(i64, i64)> = rules.cuts.iter().map(|(a, b)| (*a, *b)).collect();
    while let Some((named, cut)) = ahead.pop() {
        for own in namers.get(&named).into_iter().flatten() {
            if let std::collections::hash_map::Entry::Vacant(free) = rules.cuts.entry(*own) {
                free.insert(cut);
                found.push((*own, cut));
                ahead.push((*own, cut));
            }
        }
    }
    found
}

fn of_thread(conn: &Connection, rules: &Rules, thread: i64) -> Result<Vec<Member>> {
    let mut select = conn.prepare_cached(
        "SELECT m.id, m.message_id, m.in_reply_to, m.refs,
             (SELECT max(thread_hint) FROM identity WHERE message = m.id)
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
        })
    })?;
    Ok(members.collect::<rusqlite::Result<_>>()?)
}

/// The members that identifiers join, by their places; the largest first.
fn groups(members: &[Member]) -> Vec<Vec<usize>> {
    // Each identifier leads to the first member that named it, each member to another of its group.
    let mut leads: Vec<usize> = (0..members.len()).collect();
    fn root(leads: &mut [usize], mut at: usize) -> usize {
        while let Some(next) = leads.get(at).copied().filter(|next| *next != at) {
            let after = leads.get(next).copied().unwrap_or(next);
            if let Some(lead) = leads.get_mut(at) {
                *lead = after;
            }
            at = next;
        }
        at
    }
    let mut first: HashMap<i64, usize> = HashMap::new();
    for (at, member) in members.iter().enumerate() {
        for hash in &member.joins {
            let other = *first.entry(*hash).or_insert(at);
            let (a, b) = (root(&mut leads, at), root(&mut leads, other));
            if let Some(lead) = leads.get_mut(a.max(b)) {
                *lead = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..members.len() {
        groups.entry(root(&mut leads, at)).or_default().push(at);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
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
