//! The outbox: immutable bytes and a state machine, one transaction a step.
//!
//! `queued → sending → dot → accepted → sent`, with `refused` and `in-doubt` where the user
//! decides. A step that the present state does not allow changes nothing and says so: nothing can
//! silently go back from "may have been sent" to "not sent".

use super::connection::Local;
use super::sent::Like;
use super::{drafts, pieces, sent, writing};
use crate::lang::{mark, tr};
use crate::model::{
    AccountName, MDN_SENT, MessageId, Op, OutboxId, Outgoing, RecipientState, SubmissionState,
};
use crate::store::codec::keywords_out;
use crate::store::error::{Error, Result};
use crate::store::open::now as clock;
use crate::store::process::Process;
use rusqlite::{OptionalExtension as _, Transaction, params};

/// The longest wait that the program itself writes down, in seconds: of what was never tried (sending can
/// be undone), and of anything else. What seems to wait longer was written down
/// before the clock was put back, and is due.
const SOON: i64 = 15 * 60;
const FARTHEST: i64 = 3 * 3600;
/// The condition on a waiting message that it is due.
pub(super) fn is_due(now: i64) -> String {
    format!(
        "(next_try <= {now} OR (scheduled = 0 AND next_try > {now} +
           CASE WHEN attempts = 0 THEN {SOON} ELSE {FARTHEST} END))"
    )
}

/// How long what was sent stays in the history: 30 days, in seconds.
const HISTORY: i64 = 30 * 24 * 3600;
/// What is said of a message whose sending a crash cut after its last byte.
const CUT: &str = mark!(
    "the program ended while it waited for the server's answer: it may or may not have been sent"
);

/// What became of a recipient: its address, its state, the server's reply in clean words.
pub type Fate = (String, RecipientState, Option<String>);

/// How an attempt, or a wait, ends.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The new state.
    pub state: SubmissionState,
    /// What went wrong, in plain words.
    pub error: Option<&'a str>,
    /// Not to be tried, or looked for, before this time; seconds since 1970.
    pub next_try: i64,
}

impl Local {
    /// Freezes a message into the outbox; its draft is hidden in the same transaction. Sending
    /// becomes an action that can be undone while the message waits.
    ///
    /// # Errors
    /// [`Error::Refused`] if the draft was submitted before, for it would go out twice, or if it was
    /// written on since.
    pub fn submit(&mut self, out: &Outgoing, now: i64) -> Result<OutboxId> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO outbox(account, message_id, mail_from, subject, size, copy, state, next_try, created,
                   scheduled, dsn, remind)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?10, ?11)",
                params![
                    out.account.as_str(),
                    out.message_id.as_str(),
                    out.mail_from,
                    out.subject,
                    out.wire.len(),
                    !out.filed.is_empty(),
                    out.not_before,
                    now,
                    out.scheduled,
                    out.dsn,
                    out.remind.unwrap_or(0)
                ],
            )?;
            let id = tx.last_insert_rowid();
            pieces::put(tx, id, pieces::WIRE, &out.wire)?;
            if !out.filed.is_empty() && out.filed != out.wire {
                pieces::put(tx, id, pieces::FILED, &out.filed)?;
            }
            let mut insert = tx.prepare_cached(
                "INSERT INTO recipient(outbox, seq, address, state) VALUES (?1, ?2, ?3, 'pending')",
            )?;
            for (seq, address) in (0i64..).zip(&out.recipients) {
                insert.execute(params![id, seq, address])?;
            }
            if let Some((key, mark)) = &out.source {
                let message_id = key.message_id.as_ref().map_or("", MessageId::as_str);
                if mark.add.keywords.contains(MDN_SENT)
                    && let Some(like) = sent::like(tx, out, key)?
                {
                    let why = match like {
                        Like::UnderWay => tr!("a receipt for this message is on its way already"),
                        Like::Stands => tr!("a receipt for this message stands in the outbox and was not sent: decide about it there"),
                    };
                    return Err(Error::Refused(why.to_owned()));
                }
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
            if let Some((draft, rev)) = out.draft {
                drafts::take_up(tx, draft)?;
                writing::may_go(tx, draft, rev)?;
                if out.scheduled && !out.attached.is_empty() {
                    drafts::hold(tx, draft, &out.attached)?;
                }
                tx.execute("UPDATE draft SET outbox = ?2 WHERE id = ?1", params![draft.0, id])?;
            }
            // Who reads the journal tells one from another by that.
            let about = match (out.subject.trim(), out.recipients.first()) {
                ("", Some(to)) => to,
                (subject, _) => subject,
            };
            tx.execute(
                "INSERT INTO action(label, at, undo, outbox, about, process) VALUES (?3, ?1, 1, ?2, ?4, ?5)",
                params![now, id, mark!("Sending a message"), about, Process::own().number()],
            )?;
            let old = "DELETE FROM outbox WHERE state = 'sent' AND max(created, sent_at) < ?1";
            tx.execute(old, [now - HISTORY])?;
            Ok(OutboxId(id))
        })
    }

    /// Begins an attempt, counted before anything is dialled. `false` if the message is not due
    /// any more (taken back, or begun by another process). One that waited for a time of the user's
    /// is dated now: who gets it looks for it among the newest.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_submission(&mut self, id: OutboxId, now: i64) -> Result<bool> {
        self.write(|tx| {
            let waited = is_for_later(tx, id)?;
            let claimed = stepped(
                tx,
                id,
                "state = 'sending', attempts = attempts + 1, scheduled = 0, unreached = 0",
                &format!("state = 'queued' AND {}", is_due(now)),
            )?;
            if claimed && waited.is_some() {
                pieces::redate(tx, id.0, now)?;
            }
            Ok(claimed)
        })
    }

    /// The final dot is about to be written: from here on a failure means doubt, for everybody who
    /// is still to get it but those that are `put_off` (with the server's words).
    ///
    /// # Errors
    /// [`Error::Refused`] unless an attempt is running.
    pub fn dot(&mut self, id: OutboxId, put_off: &[(String, Option<String>)]) -> Result<()> {
        self.write(|tx| {
            let n = tx.execute(
                "UPDATE outbox SET state = 'dot' WHERE id = ?1 AND state = 'sending'",
                [id.0],
            )?;
            if n == 0 {
                return Err(Error::Refused(tr!("no attempt is running").to_owned()));
            }
            tx.execute(
                "UPDATE recipient SET state = 'pending' WHERE outbox = ?1 AND state = 'deferred'",
                [id.0],
            )?;
            let fates: Vec<Fate> = put_off
                .iter()
                .map(|(who, why)| (who.clone(), RecipientState::TryLater, why.clone()))
                .collect();
            write_fates(tx, id, &fates)
        })
    }

    /// Ends an attempt: what became of recipients, and what follows for the whole, in one step. One
    /// that was accepted stays accepted. Answers operations that mark what it answers; `None` if the
    /// message was taken back meanwhile, and nothing is written.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn conclude(
        &mut self,
        id: OutboxId,
        fates: &[Fate],
        end: &End<'_>,
        now: i64,
    ) -> Result<Option<Vec<Op>>> {
        self.write(|tx| {
            if !go_over(tx, id, end)? {
                return Ok(None);
            }
            write_fates(tx, id, fates)?;
            match end.state {
                SubmissionState::Accepted => sent::follow(tx, id, now).map(Some),
                _ => Ok(Some(Vec::new())),
            }
        })
    }

    /// A server answered the attempt that runs, and did not take the message: from the first such
    /// answer on it is put off. Time in which no server was reached counts for nothing.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn answered(&mut self, id: OutboxId, now: i64) -> Result<()> {
        self.step(id, &format!("first_try = {now}"), "first_try <= 0")
            .map(drop)
    }

    /// The attempt that ended reached no server: the message is due once one can be reached.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn unreached(&mut self, id: OutboxId) -> Result<()> {
        self.step(id, "unreached = 1", "state = 'queued'").map(drop)
    }

    /// Ends a wait in a new state. Once sent or in doubt a message never goes back to the queue by
    /// this. Answers operations that mark what it answers.
    ///
    /// # Errors
    /// [`Error::Refused`] if the present state does not allow it.
    pub fn finish(
        &mut self,
        id: OutboxId,
        state: SubmissionState,
        error: Option<&str>,
        next_try: i64,
    ) -> Result<Vec<Op>> {
        let end = End {
            state,
            error,
            next_try,
        };
        self.write(|tx| {
            if !go_over(tx, id, &end)? {
                let why = tr!("the message can't become {state} now", state = state.name());
                return Err(Error::Refused(why));
            }
            if state == SubmissionState::Done {
                // The history needs no bytes.
                pieces::drop_all(tx, id)?;
            }
            match state {
                SubmissionState::Done | SubmissionState::Accepted => sent::follow(tx, id, clock()),
                _ => Ok(Vec::new()),
            }
        })
    }

    /// A message in doubt was looked for in vain; it is looked for again at that time. `false` if
    /// it was settled meanwhile.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn looked(&mut self, id: OutboxId, next: i64) -> Result<bool> {
        self.step(
            id,
            &format!("looked = looked + 1, next_try = {next}"),
            "state = 'in-doubt'",
        )
    }

    /// A message in doubt was sent: it was found where sent mail lies (`filed`), or the user says
    /// so. Those that were put off still get it. Answers its state now, and operations that mark
    /// what it answers.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it is in doubt.
    pub fn was_sent(
        &mut self,
        id: OutboxId,
        filed: bool,
        now: i64,
    ) -> Result<(SubmissionState, Vec<Op>)> {
        self.write(|tx| {
            tx.execute(
                "UPDATE recipient SET state = 'accepted' WHERE outbox = ?1 AND state = 'unknown'",
                [id.0],
            )?;
            let open: i64 = tx.query_row(
                "SELECT count(*) FROM recipient WHERE outbox = ?1 AND state <> 'accepted'",
                [id.0],
                |r| r.get(0),
            )?;
            let state = match (open, filed) {
                (0, true) => SubmissionState::Done,
                (0, false) => SubmissionState::Accepted,
                _ => SubmissionState::Queued,
            };
            let n = tx.execute(
                "UPDATE outbox SET state = ?2, error = NULL, next_try = ?3 WHERE id = ?1 AND state = 'in-doubt'",
                params![id.0, state.name(), now],
            )?;
            if n == 0 {
                return Err(Error::Refused(tr!("the message is not in doubt").to_owned()));
            }
            if state == SubmissionState::Done {
                pieces::drop_all(tx, id)?;
            }
            let marks = match open {
                0 => sent::follow(tx, id, now)?,
                _ => Vec::new(),
            };
            Ok((state, marks))
        })
    }

    /// Judges attempts that a crash cut: before the dot they are queued again, after it they are in
    /// doubt. Only for the process that holds the engine's lock.
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
                "UPDATE recipient SET state = 'unknown' WHERE state = 'pending'
                   AND outbox IN (SELECT id FROM outbox WHERE account = ?1 AND state = 'dot')",
                [account.as_str()],
            )?;
            tx.execute(
                "UPDATE outbox SET state = 'in-doubt', error = ?2, looked = 0, next_try = 0
                 WHERE account = ?1 AND state = 'dot'",
                params![account.as_str(), CUT],
            )?;
            Ok(())
        })
    }

    pub(super) fn step(&mut self, id: OutboxId, set: &str, from: &str) -> Result<bool> {
        self.write(|tx| stepped(tx, id, set, from))
    }
}

pub(super) fn stepped(tx: &Transaction<'_>, id: OutboxId, set: &str, from: &str) -> Result<bool> {
    let sql = format!("UPDATE outbox SET {set} WHERE id = ?1 AND {from}");
    Ok(tx.execute(&sql, [id.0])? == 1)
}

/// When a message that was written here is to go out, if that is a time that the user chose and no
/// server has seen it yet.
pub(super) fn is_for_later(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<i64>> {
    let sql = "SELECT next_try FROM outbox WHERE id = ?1 AND state = 'queued' AND scheduled = 1 AND first_try = 0
        AND EXISTS (SELECT 1 FROM draft WHERE draft.outbox = outbox.id)";
    Ok(tx.query_row(sql, [id.0], |r| r.get(0)).optional()?)
}

/// Writes down what became of recipients. One that was accepted stays accepted.
fn write_fates(tx: &Transaction<'_>, id: OutboxId, fates: &[Fate]) -> Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE recipient SET state = ?3, reply = ?4 WHERE outbox = ?1 AND address = ?2 AND state <> 'accepted'",
    )?;
    for (address, state, reply) in fates {
        update.execute(params![id.0, address, state.name(), reply])?;
    }
    Ok(())
}

/// Takes a message into a new state; whether its present one allows that.
fn go_over(tx: &Transaction<'_>, id: OutboxId, end: &End<'_>) -> Result<bool> {
    let from = match end.state {
        SubmissionState::Queued => "'queued', 'sending', 'dot'",
        SubmissionState::Refused => "'queued', 'sending', 'dot', 'refused'",
        SubmissionState::InDoubt => "'dot', 'in-doubt'",
        SubmissionState::Accepted => "'dot', 'in-doubt', 'accepted'",
        SubmissionState::Done => "'accepted', 'in-doubt', 'sent'",
        SubmissionState::Held | SubmissionState::Sending | SubmissionState::Dot => "''",
    };
    let looked = match end.state {
        SubmissionState::InDoubt => ", looked = 0",
        _ => "",
    };
    let sql = format!(
        "UPDATE outbox SET state = ?2, error = ?3, next_try = ?4{looked} WHERE id = ?1 AND state IN ({from})"
    );
    Ok(tx.execute(
        &sql,
        params![id.0, end.state.name(), end.error, end.next_try],
    )? == 1)
}
