//! What follows from a message being sent, in the transaction that says so: its draft goes, what it
//! answers is marked, and the user's reminder is set. A crash can't come between.

use super::ops;
use super::row;
use crate::model::{
    AccountName, FlagChange, Flags, MessageId, MessageKey, NewOp, Op, OpKind, OutboxId, Outgoing,
};
use crate::store::codec::{flags_in, keywords_out};
use crate::store::error::Result;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

/// What a message answers or forwards, and what that one is marked with.
pub(super) type Source = (AccountName, MessageKey, FlagChange);

/// The message that this one answers or forwards, unless it was marked before.
pub(super) fn source(conn: &Connection, id: OutboxId) -> Result<Option<Source>> {
    let found = conn
        .prepare_cached(
            "SELECT source_mailbox, source_uidvalidity, source_uid, source_message_id, source_size,
               mark_system, mark_keywords, account FROM outbox WHERE id = ?1 AND source_mailbox IS NOT NULL",
        )?
        .query_row([id.0], |r| {
            let words: String = r.get(6)?;
            let add: Flags = flags_in(r.get(5)?, &words);
            let key = row::key(r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?);
            Ok((AccountName(r.get(7)?), key, add))
        })
        .optional()?;
    Ok(found.and_then(|(account, key, add)| {
        let remove = Flags::default();
        Some((account, key?, FlagChange { add, remove }))
    }))
}

/// Another message in the outbox that marks the same one in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Like {
    /// It is being sent, or waits for that.
    UnderWay,
    /// It was refused, is in doubt or is held: the user is to decide.
    Stands,
}

/// Whether there is such a one, and whether it goes by itself.
pub(super) fn like(conn: &Connection, out: &Outgoing, key: &MessageKey) -> Result<Option<Like>> {
    let mark = out.source.as_ref().map(|(_, mark)| &mark.add.keywords);
    let message_id = key.message_id.as_ref().map_or("", MessageId::as_str);
    let sql = "SELECT max(state IN ('queued', 'sending', 'dot')) FROM outbox
         WHERE account = ?1 AND mark_keywords = ?2 AND source_mailbox IS NOT NULL
         AND (source_message_id = nullif(?3, '')
           OR (source_mailbox = ?4 AND source_uidvalidity = ?5 AND source_uid = ?6))";
    let values = params![
        out.account.as_str(),
        mark.map(keywords_out),
        message_id,
        key.mailbox.as_bytes(),
        key.uidvalidity.0,
        key.uid.get()
    ];
    let goes: Option<bool> = conn.prepare_cached(sql)?.query_row(values, |r| r.get(0))?;
    Ok(goes.map(|goes| if goes { Like::UnderWay } else { Like::Stands }))
}

/// A server took the message, for all that it will be sent to. Answers the operations that mark
/// what it answers, once.
pub(super) fn follow(tx: &Transaction<'_>, id: OutboxId, now: i64) -> Result<Vec<Op>> {
    tx.execute("DELETE FROM draft WHERE outbox = ?1", [id.0])?;
    tx.execute(
        "UPDATE outbox SET sent_at = ?2 WHERE id = ?1 AND sent_at = 0",
        params![id.0, now],
    )?;
    remind(tx, id, now)?;
    let Some((account, key, change)) = source(tx, id)? else {
        return Ok(Vec::new());
    };
    let mark = NewOp {
        account,
        kind: OpKind::Store(change),
        keys: vec![key],
    };
    tx.execute(
        "UPDATE outbox SET source_mailbox = NULL WHERE id = ?1",
        [id.0],
    )?;
    Ok(ops::queue(tx, "", now, &[mark], false)?.1)
}

/// Sets the reminder that was asked for with the message. One that the user set since stays.
fn remind(tx: &Transaction<'_>, id: OutboxId, now: i64) -> Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO reminder(account, message_id, subject, recipients, due)
         SELECT account, message_id, subject,
           (SELECT group_concat(address, ', ') FROM recipient WHERE outbox = outbox.id), ?2 + remind
         FROM outbox WHERE id = ?1 AND remind > 0",
        params![id.0, now],
    )?;
    tx.execute("UPDATE outbox SET remind = 0 WHERE id = ?1", [id.0])?;
    Ok(())
}
