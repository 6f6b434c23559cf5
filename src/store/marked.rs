//! What carries a keyword of ours (`model/mark.rs`): what is muted, put off, or to be reminded of;
//! and where the conversations lie that such a mark is about.

use crate::model::{AccountName, Flags, LocationId, MessageId, MsgId, Role, ThreadId, mark};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::reader::Reader;
use crate::store::resolve::{self, ResolvedTarget};
use crate::store::threads;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// Places with one of the three marks, by an index of these alone.
const MARKED: &str = "SELECT l.id FROM location l INDEXED BY location_marked
        JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
    WHERE l.marked <> 0 AND instr(lower(l.keywords), ?2) > 0 AND l.hidden = 0 AND a.name = ?1
    ORDER BY l.id";
/// Threads of an account that have a mark, with keywords of what lies in its inbox of them.
const MET: &str = "SELECT DISTINCT n.thread, n.keywords FROM location l INDEXED BY location_marked
        JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
        CROSS JOIN location n INDEXED BY location_thread ON n.thread = l.thread AND n.hidden = 0
        JOIN mailbox i ON i.id = n.mailbox AND i.role = 'inbox' AND i.account = a.id
    WHERE l.marked <> 0 AND instr(lower(l.keywords), ?2) > 0 AND l.hidden = 0 AND a.name = ?1";
/// The places of a thread in an account, in the order in which their messages were first seen here.
const MEMBERS: &str =
    "SELECT l.id, l.message, b.role, l.uid, l.system, l.keywords, m.date, m.message_id,
        m.in_reply_to, m.refs
    FROM location l JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
        JOIN message m ON m.id = l.message
    WHERE l.thread = ?2 AND l.hidden = 0 AND a.name = ?1 ORDER BY l.message, l.id";

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
        let moment = self.moment()?;
        let mut select = moment.prepare_cached(MARKED)?;
        let asked = params![account.as_str(), mark.to_ascii_lowercase()];
        let ids = select.query_map(asked, |row| row.get(0))?;
        let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
        let mut found = places(&moment, &ids)?;
        // Others' keywords may begin like ours, or end.
        found.retain(|one| mark::carries(mark, &one.target.flags));
        Ok(found)
    }

    /// What lies in the account's inbox without a mark, came after a message with it, and answers or
    /// refers to that one itself (RFC 5322 §3.6.4), or to one that does. That threads have become one
    /// is not enough: anybody's mail can join any two. In doubt a message is not among these.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn joined(&self, account: &AccountName, mark: &str) -> Result<Vec<Marked>> {
        let moment = self.moment()?;
        let mut threads = BTreeSet::new();
        {
            let mut select = moment.prepare_cached(MET)?;
            let mut rows = select.query(params![account.as_str(), mark.to_ascii_lowercase()])?;
            while let Some(row) = rows.next()? {
                let flags =
                    codec::flags_in(0, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
                if !mark::carries(mark, &flags) {
                    threads.insert(row.get::<_, i64>(0)?);
                }
            }
        }
        let mut ids = Vec::new();
        for thread in threads {
            ids.extend(follow(members(&moment, account, thread)?, mark));
        }
        ids.sort_unstable();
        places(&moment, &ids)
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

/// A place of a member of a thread.
struct Member {
    location: i64,
    /// Rows count up as messages come.
    message: i64,
    role: Option<Role>,
    uid: Option<i64>,
    flags: Flags,
    date: i64,
    id: Option<MessageId>,
    /// What it answers and refers to.
    names: Vec<MessageId>,
}

/// The places of a thread in an account, whatever mailbox they lie in, that follow what is muted.
pub(super) fn quiet(
    conn: &Connection,
    account: &AccountName,
    thread: i64,
) -> Result<BTreeSet<LocationId>> {
    let mut members = members(conn, account, thread)?;
    for member in &mut members {
        // A server may have filed it elsewhere before it was seen here.
        if !matches!(
            member.role,
            Some(Role::Sent | Role::Drafts | Role::Trash | Role::Junk)
        ) {
            member.role = Some(Role::Inbox);
            member.uid = None;
        }
    }
    let found = follow(members, mark::MUTED);
    Ok(found.into_iter().map(LocationId).collect())
}

fn members(conn: &Connection, account: &AccountName, thread: i64) -> Result<Vec<Member>> {
    let mut select = conn.prepare_cached(MEMBERS)?;
    let rows = select.query_map(params![account.as_str(), thread], |row| {
        let (answered, references) = threads::counted(
            codec::ids_in(row.get_ref(8)?.as_str()?),
            codec::ids_in(row.get_ref(9)?.as_str()?),
        );
        Ok(Member {
            location: row.get(0)?,
            message: row.get(1)?,
            role: Role::from_name(row.get_ref(2)?.as_str()?),
            uid: row.get(3)?,
            flags: codec::flags_in(row.get(4)?, row.get_ref(5)?.as_str()?),
            date: row.get(6)?,
            id: MessageId::new(row.get_ref(7)?.as_str()?),
            names: answered.into_iter().chain(references).collect(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a Message-ID stands for, of what was seen before.
#[derive(Default)]
struct Known {
    /// Another message has the same one, and no part in this.
    is_others: bool,
    /// Dates of those with a part in this, and their UIDs in the inbox.
    taking_part: Vec<(i64, Option<i64>)>,
}

/// The places in the inbox that follow what has the mark. What is muted too leaves the inbox, so each
/// message is looked at after those that were seen before it, and none follows from what came later.
/// Other marks only bring something back: there the marked ones are first, for what another machine
/// moved may be seen here after its answer.
fn follow(mut members: Vec<Member>, mark: &str) -> Vec<i64> {
    if mark != mark::MUTED {
        let marked = members.iter().filter(|m| mark::carries(mark, &m.flags));
        let marked: BTreeSet<i64> = marked.map(|m| m.message).collect();
        members.sort_by_key(|m| (!marked.contains(&m.message), m.message));
    }
    let mut known: BTreeMap<&MessageId, Known> = BTreeMap::new();
    let mut found = Vec::new();
    for places in members.chunk_by(|a, b| a.message == b.message) {
        let Some(first) = places.first() else {
            continue;
        };
        let is_marked = places.iter().any(|p| mark::carries(mark, &p.flags));
        let inbox = places.iter().filter(|p| p.role == Some(Role::Inbox));
        let uid = inbox.clone().filter_map(|p| p.uid).min();
        let follows = !is_marked
            && first.id.iter().chain(&first.names).any(|name| {
                known.get(name).is_some_and(|named| {
                    let before = |(date, at): &(i64, Option<i64>)| {
                        *date <= first.date && at.is_none_or(|at| uid.is_none_or(|uid| at < uid))
                    };
                    !named.is_others && named.taking_part.iter().any(before)
                })
            });
        // What the user wrote leads on to its answers.
        let leads = places
            .iter()
            .any(|p| matches!(p.role, Some(Role::Inbox | Role::Sent)));
        let thrown_away =
            |p: &Member| matches!(p.role, Some(Role::Trash | Role::Junk | Role::Drafts));
        if let Some(id) = &first.id {
            if is_marked || (follows && leads) {
                let latest = places.iter().filter(|p| p.role == Some(Role::Inbox));
                let latest = latest.filter_map(|p| p.uid).max();
                known
                    .entry(id)
                    .or_default()
                    .taking_part
                    .push((first.date, latest));
            } else if !places.iter().all(thrown_away) {
                known.entry(id).or_default().is_others = true;
            }
        }
        if follows {
            found.extend(inbox.map(|p| p.location));
        }
    }
    found
}

fn places(conn: &Connection, ids: &[i64]) -> Result<Vec<Marked>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(one(conn, *id)?);
    }
    Ok(found)
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
