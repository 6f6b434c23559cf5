//! Which messages bear which subject: what conversations by subject (`by_subject.rs`) are found with.
//! Nothing is kept as long as nobody wants them.
//!
//! A family is what has one base of a subject within one account. Which of its messages belong together
//! depends on the family alone, and on which Message-IDs are here; so a family is looked at anew
//! whenever it changed, and no other.

use crate::model::MessageId;
use crate::model::message_id::hash64;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::tally::Tally;
use crate::store::threads;
use crate::text::subject;
use rusqlite::{Connection, OptionalExtension as _, params};

/// What is wanted, and how far that is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) wanted: bool,
    /// Whether what was found before goes first.
    pub(super) clearing: bool,
    /// Every message up to this one has a row.
    pub(super) through: i64,
    /// The user's addresses, in lower case.
    pub(super) own: Vec<String>,
}

/// The wish; `None` if nobody ever had it, or all that was found is gone again.
pub(super) fn wish(conn: &Connection) -> Result<Option<Wish>> {
    let mut select =
        conn.prepare_cached("SELECT wanted, clearing, through, own FROM subject_wish")?;
    let wish = select.query_row([], |row| {
        let own = row.get_ref(3)?.as_str()?.split(' ');
        Ok(Wish {
            wanted: row.get(0)?,
            clearing: row.get(1)?,
            through: row.get(2)?,
            own: own.filter(|a| !a.is_empty()).map(str::to_owned).collect(),
        })
    });
    Ok(wish.optional()?)
}

/// Writes the wish down, or that there is none.
pub(super) fn set_wish(conn: &Connection, wish: Option<&Wish>) -> Result<()> {
    let Some(wish) = wish else {
        conn.prepare_cached("DELETE FROM subject_wish")?
            .execute([])?;
        return Ok(());
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO subject_wish (id, wanted, clearing, through, own)
         VALUES (1, ?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        wish.wanted,
        wish.clearing,
        wish.through,
        wish.own.join(" ")
    ])?;
    Ok(())
}

/// Whether messages are without a row that should have one.
pub(super) fn lags(conn: &Connection, wish: &Wish) -> Result<bool> {
    let mut newer = conn.prepare_cached("SELECT 1 FROM message WHERE id > ?1 LIMIT 1")?;
    Ok(newer.exists([wish.through])?)
}

/// Whether anything is to be done for the wish.
pub(super) fn is_due(conn: &Connection) -> Result<bool> {
    let Some(wish) = wish(conn)? else {
        return Ok(false);
    };
    let mut waits = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM subject_due) OR EXISTS (SELECT 1 FROM subject_gone)",
    )?;
    Ok(wish.clearing || lags(conn, &wish)? || waits.query_row([], |row| row.get(0))?)
}

/// Gives the next messages their rows, `limit` at most, and notes which families have to be looked at.
/// Answers these messages.
pub(super) fn fill(conn: &Connection, wish: &mut Wish, limit: usize) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached(
        "SELECT id, message_id, subject FROM message WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut messages = Vec::new();
    let mut rows = select.query(params![wish.through, limit])?;
    while let Some(row) = rows.next()? {
        let text = |at| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
        let message: i64 = row.get(0)?;
        let family = family(conn, message, text(2)?)?;
        note(conn, message, text(1)?, family)?;
        messages.push(message);
    }
    if let Some(last) = messages.last() {
        wish.through = *last;
        set_wish(conn, Some(wish))?;
    }
    Ok(messages)
}

/// The family of a message with this subject, in the account that it lies in, or lay in while its body
/// is kept. `None` if the subject tells nothing.
fn family(conn: &Connection, message: i64, subject: &str) -> Result<Option<i64>> {
    let base = subject::base(subject);
    if !base.tells() {
        return Ok(None);
    }
    let account: Option<i64> = conn
        .prepare_cached(
            "SELECT coalesce(
                 (SELECT abs(b.account) FROM location l JOIN mailbox b ON b.id = l.mailbox
                     WHERE l.message = ?1 ORDER BY l.id LIMIT 1),
                 (SELECT abs(b.account) FROM orphan o JOIN mailbox b ON b.id = o.mailbox
                     WHERE o.message = ?1))",
        )?
        .query_row([message], |row| row.get(0))?;
    let of = |account: i64| hash64(&[&account.to_le_bytes(), base.text.as_bytes()]);
    Ok(account.map(of))
}

/// Gives a message its row. The family that it joins has to be looked at.
fn note(conn: &Connection, message: i64, message_id: &str, family: Option<i64>) -> Result<()> {
    let own = codec::ids_in(message_id);
    let own = own.first().map(MessageId::hash64);
    conn.prepare_cached(
        "INSERT OR REPLACE INTO subject_row (message, own, family) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![message, own, family])?;
    let mut others = conn
        .prepare_cached("SELECT 1 FROM subject_row WHERE family = ?1 AND message <> ?2 LIMIT 1")?;
    if let Some(family) = family
        && others.exists(params![family, message])?
    {
        due(conn, family)?;
    }
    Ok(())
}

/// A family has to be looked at.
pub(super) fn due(conn: &Connection, family: i64) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO subject_due (family) VALUES (?1)")?
        .execute([family])?;
    Ok(())
}

/// Whether any message has a link.
pub(super) fn any_link(conn: &Connection) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM subject_link LIMIT 1")?
        .exists([])?)
}

/// A message does not lie anywhere any more, or does again: its family has to be looked at. Whether that
/// waited for nobody yet.
fn moved(conn: &Connection, message: i64) -> Result<bool> {
    let due = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO subject_due (family)
             SELECT family FROM subject_row WHERE message = ?1 AND family IS NOT NULL",
        )?
        .execute([message])?;
    Ok(due > 0)
}

/// A message lies nowhere, but is kept for a while: until it is back it says nothing.
pub(super) fn is_away(conn: &Connection, tally: &mut Tally, message: i64) -> Result<()> {
    tally.ungrouped |= moved(conn, message)?;
    is_missed(conn, tally, message)
}

/// What named a message that is no more leads nowhere by now, whatever its own subject: of all in the
/// thread the subjects have to be looked at, once in a transaction. To be called as long as it is known
/// which thread an identifier belongs to.
fn is_missed(conn: &Connection, tally: &mut Tally, message: i64) -> Result<()> {
    let own: Option<Option<i64>> = conn
        .prepare_cached("SELECT own FROM subject_row WHERE message = ?1")?
        .query_row([message], |row| row.get(0))
        .optional()?;
    let Some(own) = own.flatten() else {
        return Ok(());
    };
    let Some(thread) = threads::named(conn, tally, own)? else {
        return Ok(());
    };
    if tally.noted.insert(thread) {
        let due = conn
            .prepare_cached(
                "INSERT OR IGNORE INTO subject_due (family)
                 SELECT r.family FROM location l JOIN subject_row r ON r.message = l.message
                     WHERE l.thread = ?1 AND r.family IS NOT NULL",
            )?
            .execute([thread])?;
        tally.ungrouped |= due > 0;
    }
    Ok(())
}

/// A message lies in fewer places than before: those that are left may be of another account, where it
/// shares its subject with others.
pub(super) fn lies_on(conn: &Connection, tally: &mut Tally, message: i64) -> Result<()> {
    let mut select = conn.prepare_cached(
        "SELECT m.message_id, m.subject, r.family
         FROM subject_row r JOIN message m ON m.id = r.message WHERE r.message = ?1",
    )?;
    let mut rows = select.query([message])?;
    let Some(row) = rows.next()? else {
        return Ok(());
    };
    let text = |at| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    let was: Option<i64> = row.get(2)?;
    let now = family(conn, message, text(1)?)?;
    if now != was {
        // Its link goes when the old one is looked at.
        moved(conn, message)?;
        note(conn, message, text(0)?, now)?;
        tally.ungrouped = true;
    }
    Ok(())
}

/// A message that lay nowhere lies somewhere again: its thread has to be put together anew. Whoever
/// calls goes on with `keep_up` of `by_subject.rs`.
pub(super) fn is_back(conn: &Connection, message: i64) -> Result<()> {
    moved(conn, message)?;
    if any_link(conn)? {
        // Without an identifier nothing else leads to its thread: the link is found anew, and that does.
        conn.prepare_cached(
            "DELETE FROM subject_link WHERE message = ?1
                 AND EXISTS (SELECT 1 FROM subject_row WHERE message = ?1 AND own IS NULL)",
        )?
        .execute([message])?;
        conn.prepare_cached(
            "INSERT OR IGNORE INTO subject_gone (hash)
             SELECT own FROM subject_row WHERE message = ?1 AND own IS NOT NULL",
        )?
        .execute([message])?;
    }
    Ok(())
}

/// A message that named these identifiers is gone for good; to be called before they are forgotten.
pub(super) fn forget(
    conn: &Connection,
    tally: &mut Tally,
    message: i64,
    named: &[i64],
) -> Result<()> {
    is_missed(conn, tally, message)?;
    let row: Option<Option<i64>> = conn
        .prepare_cached("DELETE FROM subject_row WHERE message = ?1 RETURNING family")?
        .query_row([message], |row| row.get(0))
        .optional()?;
    if let Some(family) = row.flatten() {
        due(conn, family)?;
        tally.ungrouped = true;
    }
    if !any_link(conn)? {
        return Ok(());
    }
    conn.prepare_cached("DELETE FROM subject_link WHERE message = ?1")?
        .execute([message])?;
    // Its thread may have held together by it, and what only it named leads to nobody.
    let mut gone = conn.prepare_cached("INSERT OR IGNORE INTO subject_gone (hash) VALUES (?1)")?;
    for hash in named {
        gone.execute([hash])?;
    }
    tally.ungrouped = true;
    Ok(())
}
