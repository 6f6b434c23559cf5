//! Rows to values and back, shared by the tables.

use crate::lang;
use crate::model::{
    AccountName, ActionId, AsSeen, FlagChange, MailboxName, MessageId, MessageKey, Op, OpId,
    OpKind, OpState, Uid, UidValidity,
};
use crate::store::codec::{flags_in, keywords_out};
use crate::store::error::Result;
use rusqlite::{Connection, Row, params};
use std::borrow::Cow;

/// The columns of an op, in the order that [`op`] reads them.
pub(super) const OP: &str = "id, action, account, kind, dest, add_system, add_keywords, remove_system, remove_keywords, state, attempts, error, source";

/// What stands in a column as it was [`kept`](lang::kept), in the language of now.
pub(super) fn told(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    let kept: Option<String> = row.get(column)?;
    Ok(kept.map(|kept| match lang::told(&kept) {
        told if told.len() == kept.len() => kept,
        told => told.to_owned(),
    }))
}

/// An action's label, which may be one text of a catalogue.
pub(super) fn label(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let told = told(row, column)?.unwrap_or_default();
    Ok(lang::of(&told).to_owned())
}

/// `kind` and its columns.
pub(super) struct Kind<'a> {
    pub name: &'static str,
    pub dest: Cow<'a, [u8]>,
    pub source: &'a str,
    pub change: FlagChange,
}

/// An operation's kind as columns.
pub(super) fn kind_out(kind: &OpKind) -> Kind<'_> {
    let (name, dest): (_, Cow<'_, [u8]>) = match kind {
        OpKind::Store(_) => ("store", Cow::default()),
        OpKind::Move { to } => ("move", to.as_bytes().into()),
        OpKind::Copy { to } => ("copy", to.as_bytes().into()),
        OpKind::Expunge => ("expunge", Cow::default()),
        OpKind::Carry { to, .. } => ("carry", to.as_bytes().into()),
        OpKind::Vacate => ("vacate", Cow::default()),
        OpKind::CreateMailbox { name } => ("create", name.as_bytes().into()),
        // No name on the wire has an octet of zero.
        OpKind::RenameMailbox { name, to } => {
            let both = [name.as_bytes(), to.as_bytes()].join(&0);
            ("rename", both.into())
        }
        OpKind::DeleteMailbox { name, seen: None } => ("delete", name.as_bytes().into()),
        OpKind::DeleteMailbox {
            name,
            seen: Some(seen),
        } => {
            let (generation, next) = (seen.uidvalidity.0, seen.uidnext);
            let told = format!("{generation} {next} {}", seen.messages);
            ("delete", [name.as_bytes(), told.as_bytes()].join(&0).into())
        }
        OpKind::SubscribeMailbox { name, on: true } => ("subscribe", name.as_bytes().into()),
        OpKind::SubscribeMailbox { name, on: false } => ("unsubscribe", name.as_bytes().into()),
    };
    let change = if let OpKind::Store(change) = kind {
        change.clone()
    } else {
        FlagChange::default()
    };
    let source = match kind {
        OpKind::Carry { from, .. } => from.as_str(),
        _ => "",
    };
    Kind {
        name,
        dest,
        source,
        change,
    }
}

fn kind_in(name: &str, dest: Vec<u8>, source: String, change: FlagChange) -> OpKind {
    match name {
        "carry" => OpKind::Carry {
            from: AccountName(source),
            to: MailboxName::new(dest),
        },
        "vacate" => OpKind::Vacate,
        "move" => OpKind::Move {
            to: MailboxName::new(dest),
        },
        "copy" => OpKind::Copy {
            to: MailboxName::new(dest),
        },
        "expunge" => OpKind::Expunge,
        "create" => OpKind::CreateMailbox {
            name: MailboxName::new(dest),
        },
        "rename" => {
            let mut names = dest.splitn(2, |b| *b == 0);
            let mut next = || MailboxName::new(names.next().unwrap_or_default().to_vec());
            OpKind::RenameMailbox {
                name: next(),
                to: next(),
            }
        }
        "delete" => {
            let mut parts = dest.splitn(2, |b| *b == 0);
            let name = parts.next().unwrap_or_default().to_vec();
            OpKind::DeleteMailbox {
                name: MailboxName::new(name),
                seen: parts.next().and_then(as_seen),
            }
        }
        "subscribe" | "unsubscribe" => OpKind::SubscribeMailbox {
            name: MailboxName::new(dest),
            on: name == "subscribe",
        },
        _ => OpKind::Store(change),
    }
}

fn as_seen(told: &[u8]) -> Option<AsSeen> {
    let mut numbers = std::str::from_utf8(told).ok()?.split(' ');
    Some(AsSeen {
        uidvalidity: UidValidity(numbers.next()?.parse().ok()?),
        uidnext: numbers.next()?.parse().ok()?,
        messages: numbers.next()?.parse().ok()?,
    })
}

/// An operation with its targets.
pub(super) fn op(conn: &Connection, row: &Row<'_>) -> Result<Op> {
    let id: i64 = row.get(0)?;
    let (add_words, remove_words): (String, String) = (row.get(6)?, row.get(8)?);
    let change = FlagChange {
        add: flags_in(row.get(5)?, &add_words),
        remove: flags_in(row.get(7)?, &remove_words),
    };
    let name: String = row.get(3)?;
    Ok(Op {
        id: OpId(id),
        action: ActionId(row.get(1)?),
        account: AccountName(row.get(2)?),
        kind: kind_in(&name, row.get(4)?, row.get(12)?, change),
        keys: targets(conn, id)?,
        state: match row.get::<_, i64>(9)? {
            // 5: kept here, laid over the cache like one that waits.
            0 | 5 => OpState::Pending,
            1 => OpState::InFlight,
            _ => OpState::Failed,
        },
        attempts: row.get(10)?,
        error: told(row, 11)?,
    })
}

fn targets(conn: &Connection, op: i64) -> Result<Vec<MessageKey>> {
    let mut query = conn.prepare_cached(
        "SELECT mailbox, uidvalidity, uid, message_id, size FROM target WHERE op = ?1 ORDER BY seq",
    )?;
    let rows = query.query_map([op], |r| {
        Ok(key(r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
    })?;
    let mut keys = Vec::new();
    for row in rows {
        keys.extend(row?);
    }
    Ok(keys)
}

/// A natural key from its columns; `None` for a UID that can't be one.
pub(super) fn key(
    mailbox: Vec<u8>,
    uidvalidity: u32,
    uid: u32,
    message_id: String,
    size: u64,
) -> Option<MessageKey> {
    Some(MessageKey {
        mailbox: MailboxName::new(mailbox),
        uidvalidity: UidValidity(uidvalidity),
        uid: Uid::new(uid)?,
        message_id: MessageId::new(&message_id),
        size,
    })
}

/// Writes an operation and its targets; answers its row.
pub(super) fn insert_op(
    conn: &Connection,
    action: ActionId,
    account: &AccountName,
    kind: &OpKind,
    keys: &[MessageKey],
) -> Result<OpId> {
    let columns = kind_out(kind);
    conn.prepare_cached(
        "INSERT INTO op(action, account, kind, dest, add_system, add_keywords, remove_system, remove_keywords, source)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        action.0,
        account.as_str(),
        columns.name,
        columns.dest,
        columns.change.add.system.0,
        keywords_out(&columns.change.add.keywords),
        columns.change.remove.system.0,
        keywords_out(&columns.change.remove.keywords),
        columns.source,
    ])?;
    let id = conn.last_insert_rowid();
    let mut insert = conn.prepare_cached(
        "INSERT INTO target(op, seq, mailbox, uidvalidity, uid, message_id, size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (seq, key) in (0i64..).zip(keys) {
        let message_id = key.message_id.as_ref().map_or("", MessageId::as_str);
        let mailbox = key.mailbox.as_bytes();
        insert.execute(params![
            id,
            seq,
            mailbox,
            key.uidvalidity.0,
            key.uid.get(),
            message_id,
            key.size
        ])?;
    }
    Ok(OpId(id))
}
