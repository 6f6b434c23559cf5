//! The outbox: immutable bytes and a state machine, one transaction a step.
//!
//! `queued → sending → dot → accepted → sent`, with `refused` and `in-doubt` where the user
//! decides. A step that the present state does not allow changes nothing and says so: nothing can
//! silently go back from "may have been sent" to "not sent".

use super::connection::Local;
use super::drafts;
use crate::model::{
    AccountName, Draft, DraftId, MessageId, OutboxId, Outgoing, RecipientState, SubmissionState,
};
use crate::store::codec::keywords_out;
use crate::store::error::{Error, Result};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// No next try is farther off than this, in seconds; one that seems to be was written down before
/// the clock was put back, and is due.
const FARTHEST: i64 = 24 * 3600;
/// The condition on a waiting message that it is due.
pub(super) fn is_due(now: i64) -> String {
    format!("(next_try <= {now} OR (scheduled = 0 AND next_try > {now} + {FARTHEST}))")
}

/// How long what was sent stays in the history: 30 days, in seconds.
const HISTORY: i64 = 30 * 24 * 3600;
/// When the user may still take a message out. Before the dot is written it is made durable, so an
/// attempt whose row is gone can't write it.
const OPEN: &str = "state IN ('queued', 'held', 'sending', 'refused', 'in-doubt')";
/// What is said of a message whose sending a crash cut after its last byte.
const CUT: &str =
    "the program ended while it waited for the server's answer: it may or may not have been sent";

impl Local {
    /// Freezes a message into the outbox; its draft is hidden in the same transaction. Sending
    /// becomes an action that can be undone while the message waits.
    ///
    /// # Errors
    /// [`Error::Refused`] if the draft was submitted before: it would go out twice.
    pub fn submit(&mut self, out: &Outgoing, now: i64) -> Result<OutboxId> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO outbox(account, message_id, mail_from, subject, wire, filed, state, next_try, created,
                   scheduled, dsn, remind)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?10, ?11)",
                params![
                    out.account.as_str(),
                    out.message_id.as_str(),
                    out.mail_from,
                    out.subject,
                    out.wire.as_ref(),
                    out.filed.as_ref(),
                    out.not_before,
                    now,
                    out.scheduled,
                    out.dsn,
                    out.remind.unwrap_or(0)
                ],
            )?;
            let id = tx.last_insert_rowid();
            let mut insert = tx.prepare_cached(
                "INSERT INTO recipient(outbox, seq, address, state) VALUES (?1, ?2, ?3, 'pending')",
            )?;
            for (seq, address) in (0i64..).zip(&out.recipients) {
                insert.execute(params![id, seq, address])?;
            }
            if let Some((key, mark)) = &out.source {
                let message_id = key.message_id.as_ref().map_or("", MessageId::as_str);
                tx.execute(
                    "UPDATE outbox SET source_mailbox = ?2, source_uidvalidity = ?3, source_uid = ?4,
                       source_message_id = ?5, source_size = ?6, mark_system = ?7, mark_keywords = ?8 WHERE id = ?1",
                    params![
                        id,
                        key.mailbox.as_bytes(),
                        key.uidvalidity.0,
                        key.uid.get(),
                        message_id,
                        key.size,
                        mark.add.system.0,
                        keywords_out(&mark.add.keywords)
                    ],
                )?;
            }
            if let Some(draft) = out.draft {
                let taken = drafts::is_sending(tx, draft)?;
                if taken {
                    return Err(Error::Refused("this message is on its way already".to_owned()));
                }
                tx.execute("UPDATE draft SET outbox = ?2 WHERE id = ?1", params![draft.0, id])?;
            }
            tx.execute("INSERT INTO action(label, at, undo, outbox) VALUES ('sending', ?1, ?2, ?3)", params![now, out.draft.is_some(), id])?;
            let old = now - HISTORY;
            tx.execute("DELETE FROM outbox WHERE state = 'sent' AND created < ?1", [old])?;
            Ok(OutboxId(id))
        })
    }

    /// Begins an attempt, counted before anything is dialled. `false` if the message is not due
    /// any more (taken back, or begun by another process).
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_submission(&mut self, id: OutboxId, now: i64) -> Result<bool> {
        self.step(
            id,
            "state = 'sending', attempts = attempts + 1, scheduled = 0",
            &format!("state = 'queued' AND {}", is_due(now)),
        )
    }

    /// The final dot is about to be written: from here on a failure means doubt.
    ///
    /// # Errors
    /// [`Error::Refused`] unless an attempt is running.
    pub fn dot(&mut self, id: OutboxId) -> Result<()> {
        self.must(
            id,
            "state = 'dot'",
            "state = 'sending'",
            "no attempt is running",
        )
    }

    /// Writes down what became of recipients. One that was accepted stays accepted.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn recipients(
        &mut self,
        id: OutboxId,
        states: &[(String, RecipientState, Option<String>)],
    ) -> Result<()> {
        self.write(|tx| {
            let mut update = tx.prepare_cached(
                "UPDATE recipient SET state = ?3, reply = ?4 WHERE outbox = ?1 AND address = ?2 AND state <> 'accepted'",
            )?;
            for (address, state, reply) in states {
                update.execute(params![id.0, address, state.name(), reply])?;
            }
            Ok(())
        })
    }

    /// Ends an attempt, or a wait, in a new state. Once sent or in doubt a message never goes back
    /// to the queue by this.
    ///
    /// # Errors
    /// [`Error::Refused`] if the present state does not allow it.
    pub fn finish(
        &mut self,
        id: OutboxId,
        state: SubmissionState,
        error: Option<&str>,
        next_try: i64,
    ) -> Result<()> {
        let from = match state {
            SubmissionState::Queued => "'queued', 'sending', 'dot'",
            SubmissionState::Refused => "'queued', 'sending', 'dot', 'refused'",
            SubmissionState::InDoubt => "'dot', 'in-doubt'",
            SubmissionState::Accepted => "'dot', 'in-doubt', 'accepted'",
            SubmissionState::Done => "'accepted', 'in-doubt', 'sent'",
            SubmissionState::Held | SubmissionState::Sending | SubmissionState::Dot => "''",
        };
        self.write(|tx| {
            let n = tx.execute(
                &format!("UPDATE outbox SET state = ?2, error = ?3, next_try = ?4 WHERE id = ?1 AND state IN ({from})"),
                params![id.0, state.name(), error, next_try],
            )?;
            if n == 0 {
                return Err(Error::Refused(format!("the message can't become {} now", state.name())));
            }
            if state == SubmissionState::Done || state == SubmissionState::Accepted {
                tx.execute("DELETE FROM draft WHERE outbox = ?1", [id.0])?;
                tx.execute("UPDATE action SET undo = 0 WHERE outbox = ?1 AND undo = 1", [id.0])?;
            }
            Ok(())
        })
    }

    /// Judges attempts that a crash cut: before the dot they are queued again, after it they are in
    /// doubt unless everybody's acceptance was written down. Only for the process that holds the engine's lock.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn crashed(&mut self, account: &AccountName) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE outbox SET state = 'queued' WHERE account = ?1 AND state = 'sending'",
                [account.as_str()],
            )?;
            tx.execute(
                "UPDATE outbox SET state = 'accepted' WHERE account = ?1 AND state = 'dot'
                   AND NOT EXISTS (SELECT 1 FROM recipient WHERE outbox = id AND recipient.state <> 'accepted')",
                [account.as_str()],
            )?;
            tx.execute(
                "UPDATE recipient SET state = 'unknown' WHERE state IN ('pending', 'deferred')
                   AND outbox IN (SELECT id FROM outbox WHERE account = ?1 AND state = 'dot')",
                [account.as_str()],
            )?;
            tx.execute(
                "UPDATE outbox SET state = 'in-doubt', error = ?2 WHERE account = ?1 AND state = 'dot'",
                params![account.as_str(), CUT],
            )?;
            Ok(())
        })
    }

    /// Turns a message back into its draft: until the final dot, or when it was refused or is in
    /// doubt (some may have it then; the user decides). An attempt under way fails at
    /// [`Local::dot`], so nothing is sent.
    ///
    /// # Errors
    /// [`Error::Refused`] if the final dot may be out, or it has no draft here: then
    /// [`Local::take_back_as`] can.
    pub fn take_back(&mut self, id: OutboxId) -> Result<DraftId> {
        self.write(|tx| take_back(tx, id, Allowed::ByUser)?.ok_or_else(too_late))
    }

    /// Turns a message that was not written as a draft here into `draft` (made from its bytes).
    ///
    /// # Errors
    /// [`Error::Refused`] if the final dot may be out.
    pub fn take_back_as(&mut self, id: OutboxId, draft: &Draft, now: i64) -> Result<DraftId> {
        self.write(|tx| {
            if let Some(own) = take_back(tx, id, Allowed::ByUser)? {
                return Ok(own);
            }
            if !may_be_taken_back(tx, id, Allowed::ByUser)? {
                return Err(too_late());
            }
            let fresh = drafts::save(
                tx,
                &Draft {
                    id: None,
                    ..draft.clone()
                },
                now,
            )?;
            remove(tx, id)?;
            Ok(fresh)
        })
    }

    /// Drops a message that was not sent, or may have been and the user says so.
    ///
    /// # Errors
    /// [`Error::Refused`] once the final dot may be out, and after it was sent.
    pub fn cancel_submission(&mut self, id: OutboxId) -> Result<()> {
        self.write(|tx| {
            let n = tx.execute(
                &format!("DELETE FROM outbox WHERE id = ?1 AND {OPEN}"),
                [id.0],
            )?;
            if n == 0 {
                Err(Error::Refused(
                    "too late: the message is being sent".to_owned(),
                ))
            } else {
                Ok(())
            }
        })
    }

    /// Makes a waiting message due now, and a refused one try all it has not reached again.
    ///
    /// # Errors
    /// [`Error::Refused`] if it neither waits nor was refused.
    pub fn retry(&mut self, id: OutboxId, now: i64) -> Result<()> {
        self.again(
            id,
            now,
            "state IN ('queued', 'held', 'refused')",
            "'refused', 'deferred'",
        )
    }

    /// Keeps a waiting message back until the user says otherwise.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it waits.
    pub fn hold(&mut self, id: OutboxId) -> Result<()> {
        self.must(
            id,
            "state = 'held', error = NULL",
            "state IN ('queued', 'held')",
            "only a message that waits can be held",
        )
    }

    /// Sends a message that waits or is held at a time of the user's, seconds since 1970.
    ///
    /// # Errors
    /// [`Error::Refused`] if it neither waits nor is held.
    pub fn send_at(&mut self, id: OutboxId, at: i64) -> Result<()> {
        self.must(
            id,
            &format!("state = 'queued', error = NULL, scheduled = 1, next_try = {at}"),
            "state IN ('queued', 'held')",
            "only a message that waits can be sent later",
        )
    }

    /// The user's word: send a message in doubt again although it may arrive twice.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it is in doubt.
    pub fn send_again(&mut self, id: OutboxId, now: i64) -> Result<()> {
        self.again(id, now, "state = 'in-doubt'", "'unknown', 'deferred'")
    }

    /// Gives refused recipients up; the rest is the whole from now on.
    ///
    /// # Errors
    /// [`Error::Refused`] unless the message was refused; [`Error::Gone`] if nobody is left.
    pub fn give_up_refused(&mut self, id: OutboxId, now: i64) -> Result<()> {
        self.write(|tx| {
            let refused: bool = tx.query_row(
                "SELECT state = 'refused' FROM outbox WHERE id = ?1",
                [id.0],
                |r| r.get(0),
            )?;
            if !refused {
                return Err(Error::Refused("nobody was refused".to_owned()));
            }
            tx.execute(
                "DELETE FROM recipient WHERE outbox = ?1 AND state = 'refused'",
                [id.0],
            )?;
            let open: i64 = tx.query_row(
                "SELECT count(*) FROM recipient WHERE outbox = ?1 AND state <> 'accepted'",
                [id.0],
                |r| r.get(0),
            )?;
            let left: i64 = tx.query_row(
                "SELECT count(*) FROM recipient WHERE outbox = ?1",
                [id.0],
                |r| r.get(0),
            )?;
            if left == 0 {
                return Err(Error::Gone("recipient"));
            }
            let state = if open == 0 { "accepted" } else { "queued" };
            tx.execute(
                "UPDATE outbox SET state = ?2, error = NULL, next_try = ?3 WHERE id = ?1",
                params![id.0, state, now],
            )?;
            Ok(())
        })
    }

    fn again(&mut self, id: OutboxId, now: i64, from: &str, reset: &str) -> Result<()> {
        self.write(|tx| {
            let n = tx.execute(
                &format!("UPDATE outbox SET state = 'queued', error = NULL, scheduled = 0, next_try = ?2 WHERE id = ?1 AND {from}"),
                params![id.0, now],
            )?;
            if n == 0 {
                return Err(Error::Refused("that is not possible in its present state".to_owned()));
            }
            tx.execute(
                &format!("UPDATE recipient SET state = 'pending', reply = NULL WHERE outbox = ?1 AND state IN ({reset})"),
                [id.0],
            )?;
            Ok(())
        })
    }

    fn step(&mut self, id: OutboxId, set: &str, from: &str) -> Result<bool> {
        self.write(|tx| {
            Ok(tx.execute(
                &format!("UPDATE outbox SET {set} WHERE id = ?1 AND {from}"),
                [id.0],
            )? == 1)
        })
    }

    fn must(&mut self, id: OutboxId, set: &str, from: &str, why: &str) -> Result<()> {
        if self.step(id, set, from)? {
            Ok(())
        } else {
            Err(Error::Refused(why.to_owned()))
        }
    }
}

/// Who takes a message back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Undo: only what still waits and reached nobody.
    Waiting,
    /// The user, who sees the message's state.
    ByUser,
}

/// The draft of a message that is taken out of the outbox; `None` if it may not be, or has none.
pub(super) fn take_back(
    tx: &Transaction<'_>,
    id: OutboxId,
    allowed: Allowed,
) -> Result<Option<DraftId>> {
    let draft: Option<i64> = tx
        .query_row("SELECT id FROM draft WHERE outbox = ?1", [id.0], |r| {
            r.get(0)
        })
        .optional()?;
    let Some(draft) = draft else {
        return Ok(None);
    };
    if !may_be_taken_back(tx, id, allowed)? {
        return Ok(None);
    }
    tx.execute("UPDATE draft SET outbox = NULL WHERE id = ?1", [draft])?;
    remove(tx, id)?;
    Ok(Some(DraftId(draft)))
}

fn may_be_taken_back(tx: &Transaction<'_>, id: OutboxId, allowed: Allowed) -> Result<bool> {
    let condition = match allowed {
        Allowed::ByUser => OPEN,
        Allowed::Waiting => {
            "state IN ('queued', 'held', 'sending', 'refused') AND NOT EXISTS
               (SELECT 1 FROM recipient WHERE outbox = id AND recipient.state IN ('accepted', 'unknown'))"
        }
    };
    let sql = format!("SELECT count(*) FROM outbox WHERE id = ?1 AND {condition}");
    Ok(tx.query_row(&sql, [id.0], |r| r.get::<_, i64>(0))? == 1)
}

fn remove(tx: &Transaction<'_>, id: OutboxId) -> Result<()> {
    tx.execute("UPDATE action SET undo = 2 WHERE outbox = ?1", [id.0])?;
    tx.execute("DELETE FROM outbox WHERE id = ?1", [id.0])?;
    Ok(())
}

fn too_late() -> Error {
    Error::Refused("too late: the message is being sent, or was".to_owned())
}
