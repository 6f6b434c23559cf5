//! Conversations by subject, for those who want them: an answer whose References lead to nothing that is
//! here joins the conversation that bears its subject.
//!
//! All messages get a row (`subjects.rs`), families are looked at (`families.rs`), and threads in which
//! that changed something are put together anew (`regroup.rs`), where what identifiers say comes first
//! (`grouping.rs`). So the threads depend on the messages and the rules alone: what comes in, in whatever
//! order, and what was wanted meanwhile, make no difference. It goes in short pieces: with a few new
//! messages in their own transaction, with many, and for all that was here before, while nobody waits.

use crate::model::MailboxId;
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::families::{MANY, look};
use crate::store::merging::FEW;
use crate::store::regroup::regroup;
use crate::store::subjects::{self, Wish};
use crate::store::tally::Tally;
use crate::store::threads;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeSet;

/// What a piece does at most: messages that get their rows (some 10 µs each), families that are looked
/// at, until so many messages of them were read, identifiers and links that are forgotten, rows that go.
const FILLED: usize = 1_000;
const FAMILIES: usize = 100;
const READ: usize = 2 * MANY;
const FORGOTTEN: usize = 200;
const CLEARED: usize = 2_000;

impl Cache {
    /// Whether conversations are put together by subject, too. `own`: then the user's addresses, which
    /// say nothing of who has to do with whom. What follows is done by [`Cache::group_some`].
    ///
    /// # Errors
    /// When the cache can't be read or written.
    pub fn group_by_subject(&mut self, own: Option<&[String]>) -> Result<()> {
        let known = subjects::wish(&self.read().conn)?;
        let mut wish = known.clone().unwrap_or_default();
        match own {
            Some(own) => {
                wish.wanted = true;
                let own = own.iter().map(|a| a.to_lowercase());
                let own = own.filter(|a| !a.is_empty() && !a.contains(char::is_whitespace));
                wish.own.extend(own);
                wish.own.sort_unstable();
                wish.own.dedup();
                // Who was no stranger may have joined some.
                let others = |known: &subjects::Wish| known.wanted && known.own != wish.own;
                wish.clearing |= known.as_ref().is_some_and(others);
            }
            None if known.is_none() => return Ok(()),
            None => (wish.wanted, wish.clearing) = (false, true),
        }
        if known.as_ref() != Some(&wish) {
            self.write(|tx, _| subjects::set_wish(tx, Some(&wish)))?;
        }
        self.ungrouped = subjects::is_due(&self.read().conn)?;
        Ok(())
    }

    /// Whether conversations wait for being put together by subject.
    pub fn is_ungrouped(&self) -> bool {
        self.ungrouped
    }

    /// Does some of that, in one short transaction. To be called while nobody waits, and again until
    /// [`Cache::is_ungrouped`] says no.
    ///
    /// # Errors
    /// When the cache can't be written; it is tried again when mail comes.
    pub fn group_some(&mut self) -> Result<()> {
        self.ungrouped = false;
        let more = self.write(piece)?;
        self.ungrouped |= more;
        Ok(())
    }

    /// Whom to tell in which mailboxes conversations became others by that. It is called on the thread
    /// that writes: it must only ring.
    pub fn on_regrouped(&mut self, tell: impl Fn(BTreeSet<MailboxId>) + Send + 'static) {
        self.regrouped = Some(Box::new(tell));
    }
}

/// So many messages are new: a few are dealt with at once.
pub(super) fn keep_up(conn: &Connection, tally: &mut Tally, new: usize) -> Result<()> {
    match subjects::wish(conn)? {
        Some(wish) if wish.wanted && !wish.clearing && new <= FEW => {
            tally.ungrouped |= piece(conn, tally)?;
        }
        Some(_) => tally.ungrouped = true,
        None => {}
    }
    Ok(())
}

/// Does what is due, as far as one piece goes. Whether there is more.
fn piece(conn: &Connection, tally: &mut Tally) -> Result<bool> {
    let Some(mut wish) = subjects::wish(conn)? else {
        return Ok(false);
    };
    // What is noted is looked at now.
    tally.noted.clear();
    let (forgotten, mut touched) = forget_some(conn, tally)?;
    let more = match wish.clearing {
        true => {
            touched.extend(clear_some(conn, &mut wish)?);
            subjects::wish(conn)?.is_some()
        }
        false => {
            touched.extend(fill_some(conn, &mut wish)?);
            if !subjects::lags(conn, &wish)? {
                touched.extend(look_at_some(conn, &wish)?);
            }
            subjects::is_due(conn)?
        }
    };
    let mailboxes = regroup(conn, tally, touched, &forgotten)?;
    tally.regrouped.extend(mailboxes);
    Ok(more)
}

/// Identifiers that messages named which are gone, and the threads in which they were.
fn forget_some(conn: &Connection, tally: &mut Tally) -> Result<(Vec<i64>, BTreeSet<i64>)> {
    let gone = some(conn, "SELECT hash FROM subject_gone LIMIT ?1", FORGOTTEN)?;
    let mut touched = BTreeSet::new();
    let mut done = conn.prepare_cached("DELETE FROM subject_gone WHERE hash = ?1")?;
    for hash in &gone {
        done.execute([hash])?;
        touched.extend(threads::named(conn, tally, *hash)?);
    }
    Ok((gone, touched))
}

/// Gives new messages their rows. Answers those of their threads that a subject holds together: what
/// they name may say otherwise.
fn fill_some(conn: &Connection, wish: &mut Wish) -> Result<BTreeSet<i64>> {
    let new = subjects::fill(conn, wish, FILLED)?;
    if !subjects::any_link(conn)? {
        return Ok(BTreeSet::new());
    }
    let mut touched = BTreeSet::new();
    for message in new {
        touched.extend(thread_of(conn, message)?);
    }
    let mut held = conn.prepare_cached(
        "SELECT 1 FROM location l JOIN subject_link k ON k.message = l.message
         WHERE l.thread = ?1 LIMIT 1",
    )?;
    let mut threads = BTreeSet::new();
    for thread in touched {
        if held.exists([thread])? {
            threads.insert(thread);
        }
    }
    Ok(threads)
}

/// Looks at families that changed. Answers the threads of messages that belong elsewhere by now.
fn look_at_some(conn: &Connection, wish: &Wish) -> Result<BTreeSet<i64>> {
    let due = some(conn, "SELECT family FROM subject_due LIMIT ?1", FAMILIES)?;
    let mut done = conn.prepare_cached("DELETE FROM subject_due WHERE family = ?1")?;
    let (mut touched, mut read) = (BTreeSet::new(), 0);
    for family in due {
        let looked = look(conn, family, &wish.own)?;
        done.execute([family])?;
        for message in looked.changed {
            touched.extend(thread_of(conn, message)?);
        }
        read += looked.read;
        if read >= READ {
            break;
        }
    }
    Ok(touched)
}

/// Lets go what was found, links first. Answers the threads that they held together.
fn clear_some(conn: &Connection, wish: &mut Wish) -> Result<BTreeSet<i64>> {
    let mut touched = BTreeSet::new();
    let linked = some(conn, "SELECT message FROM subject_link LIMIT ?1", FORGOTTEN)?;
    for message in &linked {
        conn.prepare_cached("DELETE FROM subject_link WHERE message = ?1")?
            .execute([message])?;
        touched.extend(thread_of(conn, *message)?);
    }
    if !linked.is_empty() {
        return Ok(touched);
    }
    let cleared = conn
        .prepare_cached(
            "DELETE FROM subject_row WHERE message IN
                 (SELECT message FROM subject_row ORDER BY message LIMIT ?1)",
        )?
        .execute([CLEARED])?;
    let waits = conn
        .prepare_cached("SELECT 1 FROM subject_gone LIMIT 1")?
        .exists([])?;
    if cleared == 0 && !waits {
        conn.prepare_cached("DELETE FROM subject_due")?
            .execute([])?;
        (wish.clearing, wish.through) = (false, 0);
        subjects::set_wish(conn, Some(&*wish).filter(|wish| wish.wanted))?;
    }
    Ok(touched)
}

/// The first rows of a question for one number each.
fn some(conn: &Connection, sql: &str, limit: usize) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map([limit], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The thread of a message that lies somewhere.
fn thread_of(conn: &Connection, message: i64) -> Result<Option<i64>> {
    let mut select =
        conn.prepare_cached("SELECT thread FROM location WHERE message = ?1 LIMIT 1")?;
    Ok(select.query_row([message], |row| row.get(0)).optional()?)
}
