//! What the user decides about a message in the outbox. Nothing here sends twice: whoever has the
//! message keeps it and is not asked again, and a message that somebody has is no draft any more.

use super::connection::Local;
use super::{drafts, pieces, sent};
use crate::lang::tr;
use crate::model::{AccountName, Draft, DraftId, Op, OutboxId};
use crate::store::error::{Error, Result};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// When the user may still take a message out. Before the dot is written it is made durable, so an
/// attempt whose row is gone can't write it.
const OPEN: &str = "state IN ('queued', 'held', 'sending', 'refused', 'in-doubt')";
/// The condition on a message that nobody has for certain.
const NOBODY: &str =
    "NOT EXISTS (SELECT 1 FROM recipient WHERE outbox = id AND recipient.state = 'accepted')";

/// A message that is held; what it was to be sent at stays written.
const HELD: &str = "state = 'held', error = NULL";

impl Local {
    /// Turns a message back into its draft: until the final dot, or when it was refused or is in
    /// doubt (some may have it then; the user decides). An attempt under way fails at
    /// [`Local::dot`], so nothing is sent.
    ///
    /// # Errors
    /// [`Error::Refused`] if the final dot may be out, if somebody has it, or it has no draft here:
    /// then [`Local::take_back_as`] can.
    pub fn take_back(&mut self, id: OutboxId) -> Result<DraftId> {
        self.write(|tx| match take_back(tx, id, Allowed::ByUser)? {
            Some(draft) => Ok(draft),
            None => Err(too_late(tx, id)?),
        })
    }

    /// Turns a message that was not written as a draft here into `draft` (made from its bytes).
    ///
    /// # Errors
    /// [`Error::Refused`] if the final dot may be out, or somebody has it.
    pub fn take_back_as(&mut self, id: OutboxId, draft: &Draft, now: i64) -> Result<DraftId> {
        self.write(|tx| {
            if let Some(own) = take_back(tx, id, Allowed::ByUser)? {
                return Ok(own);
            }
            if !may_be_taken_back(tx, id, Allowed::ByUser)? {
                return Err(too_late(tx, id)?);
            }
            let fresh = drafts::save(tx, None, draft, now)?;
            remove(tx, id)?;
            Ok(fresh)
        })
    }

    /// Drops a message that was not sent, or may have been and the user says so. One that some have
    /// goes to nobody else and counts as sent; answers operations that mark what it answers then.
    ///
    /// # Errors
    /// [`Error::Refused`] once the final dot may be out, and after it was sent.
    pub fn cancel_submission(&mut self, id: OutboxId, now: i64) -> Result<Vec<Op>> {
        self.write(|tx| {
            let dropped = tx.execute(
                &format!("DELETE FROM outbox WHERE id = ?1 AND {OPEN} AND {NOBODY}"),
                [id.0],
            )?;
            if dropped == 1 {
                return Ok(Vec::new());
            }
            let n = tx.execute(
                &format!("UPDATE outbox SET state = 'accepted', error = NULL, next_try = 0 WHERE id = ?1 AND {OPEN}"),
                [id.0],
            )?;
            if n == 0 {
                let why = tr!("too late: the message is being sent").to_owned();
                return Err(Error::Refused(why));
            }
            tx.execute(
                "DELETE FROM recipient WHERE outbox = ?1 AND state <> 'accepted'",
                [id.0],
            )?;
            sent::follow(tx, id, now)
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

    /// A network is there again: what waits only because no server was reached is due now. What a
    /// server put off, or the user for later, keeps its time.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn reachable(&mut self, account: &AccountName, now: i64) -> Result<()> {
        const UNREACHED: &str = "account = ?1 AND state = 'queued' AND attempts > 0
            AND scheduled = 0 AND next_try > ?2 AND unreached = 1";
        let values = params![account.as_str(), now];
        let any = self.reader.look(|conn| {
            let sql = format!("SELECT 1 FROM outbox WHERE {UNREACHED}");
            Ok(conn.prepare_cached(&sql)?.exists(values)?)
        })?;
        if any {
            self.write(|tx| {
                let set = format!("UPDATE outbox SET next_try = ?2 WHERE {UNREACHED}");
                tx.execute(&set, values)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Keeps a waiting message back until the user says otherwise. When it was to go stays known.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it waits.
    pub fn hold(&mut self, id: OutboxId) -> Result<()> {
        self.put(id, HELD, tr!("only a message that waits can be held"))
    }

    /// Sends a message that waits or is held at a time of the user's, seconds since 1970. The days for
    /// which servers may put it off begin with the first answer after it.
    ///
    /// # Errors
    /// [`Error::Refused`] if it neither waits nor is held.
    pub fn send_at(&mut self, id: OutboxId, at: i64) -> Result<()> {
        self.put(
            id,
            &format!(
                "state = 'queued', error = NULL, scheduled = 1, next_try = {at},
                 first_try = CASE first_try WHEN 0 THEN 0 ELSE -1 END"
            ),
            tr!("only a message that waits can be sent later"),
        )
    }

    /// The user's word: send a message in doubt again although it may arrive twice.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it is in doubt.
    pub fn send_again(&mut self, id: OutboxId, now: i64) -> Result<()> {
        self.again(id, now, "state = 'in-doubt'", "'unknown', 'deferred'")
    }

    /// Gives up those who were refused, or put off for too long if nobody was refused; the rest is
    /// the whole from now on. Answers operations that mark what it answers, if all the rest have it.
    ///
    /// # Errors
    /// [`Error::Refused`] unless the message was refused, or if nobody would be left.
    pub fn give_up_refused(&mut self, id: OutboxId, now: i64) -> Result<Vec<Op>> {
        self.write(|tx| {
            let refused: Option<bool> = tx
                .query_row("SELECT state = 'refused' FROM outbox WHERE id = ?1", [id.0], |r| r.get(0))
                .optional()?;
            if refused != Some(true) {
                return Err(Error::Refused(tr!("nobody was refused").to_owned()));
            }
            let mut given_up = 0;
            // Whom an attempt did not come to ask was put off with it.
            for states in ["'refused'", "'deferred', 'pending'"] {
                if given_up == 0 {
                    let sql =
                        format!("DELETE FROM recipient WHERE outbox = ?1 AND state IN ({states})");
                    given_up = tx.execute(&sql, [id.0])?;
                }
            }
            let count = |condition: &str| -> Result<i64> {
                let sql = format!("SELECT count(*) FROM recipient WHERE outbox = ?1 {condition}");
                Ok(tx.query_row(&sql, [id.0], |r| r.get(0))?)
            };
            if count("")? == 0 {
                let why = tr!("nobody would be left; discard it, or edit it").to_owned();
                return Err(Error::Refused(why));
            }
            let everybody = count("AND state <> 'accepted'")? == 0;
            let state = if everybody { "accepted" } else { "queued" };
            tx.execute(
                "UPDATE outbox SET state = ?2, error = NULL, next_try = ?3, first_try = 0 WHERE id = ?1",
                params![id.0, state, now],
            )?;
            match everybody {
                true => sent::follow(tx, id, now),
                false => Ok(Vec::new()),
            }
        })
    }

    /// Makes a message due now. One that was for later is dated now: it bears the time at which it
    /// was written, or that for which a server was offered it.
    fn again(&mut self, id: OutboxId, now: i64, from: &str, reset: &str) -> Result<()> {
        self.write(|tx| {
            if was_for_later(tx, id)? {
                pieces::redate(tx, id.0, now)?;
            }
            let n = tx.execute(
                &format!(
                    "UPDATE outbox SET state = 'queued', error = NULL, scheduled = 0, first_try = 0, next_try = ?2
                     WHERE id = ?1 AND {from}"
                ),
                params![id.0, now],
            )?;
            if n == 0 {
                return Err(Error::Refused(tr!("that is not possible in its present state").to_owned()));
            }
            tx.execute(
                &format!("UPDATE recipient SET state = 'pending', reply = NULL WHERE outbox = ?1 AND state IN ({reset})"),
                [id.0],
            )?;
            Ok(())
        })
    }

    /// Changes a message that waits or is held.
    fn put(&mut self, id: OutboxId, set: &str, why: &str) -> Result<()> {
        self.write(|tx| {
            let sql =
                format!("UPDATE outbox SET {set} WHERE id = ?1 AND state IN ('queued', 'held')");
            match tx.execute(&sql, [id.0])? {
                0 => Err(Error::Refused(why.to_owned())),
                _ => Ok(()),
            }
        })
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

/// Whether an undo may take a message out of the outbox.
pub(super) fn is_open(tx: &Transaction<'_>, id: OutboxId) -> Result<bool> {
    may_be_taken_back(tx, id, Allowed::Waiting)
}

/// The draft of a message that is taken out of the outbox; `None` if it may not be, or has none. What
/// has none (a script sent it) is nowhere else: an undo holds it where it is.
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
        if allowed == Allowed::Waiting && is_open(tx, id)? {
            let held = format!(
                "UPDATE outbox SET {HELD} WHERE id = ?1 AND state IN ('queued', 'sending', 'refused')"
            );
            tx.execute(&held, [id.0])?;
        }
        return Ok(None);
    };
    if !may_be_taken_back(tx, id, allowed)? {
        return Ok(None);
    }
    tx.execute("UPDATE draft SET outbox = NULL WHERE id = ?1", [draft])?;
    remove(tx, id)?;
    Ok(Some(DraftId(draft)))
}

/// Whether a message that was written here was for a time of the user's, and nobody has it: no server
/// has seen it yet, or one may have taken it ahead of that time.
fn was_for_later(tx: &Transaction<'_>, id: OutboxId) -> Result<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?1 AND scheduled = 1
           AND (first_try = 0 OR state = 'in-doubt') AND {NOBODY}
           AND EXISTS (SELECT 1 FROM draft WHERE draft.outbox = outbox.id))"
    );
    Ok(tx.query_row(&sql, [id.0], |r| r.get(0))?)
}

/// When a message that is held was to be sent, if the user had said so.
pub(super) fn kept_time(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<i64>> {
    let sql = "SELECT next_try FROM outbox WHERE id = ?1 AND state = 'held' AND scheduled = 1";
    Ok(tx.query_row(sql, [id.0], |r| r.get(0)).optional()?)
}

fn may_be_taken_back(tx: &Transaction<'_>, id: OutboxId, allowed: Allowed) -> Result<bool> {
    let condition = match allowed {
        Allowed::ByUser => format!("{OPEN} AND {NOBODY}"),
        Allowed::Waiting => {
            "state IN ('queued', 'held', 'sending', 'refused') AND NOT EXISTS
               (SELECT 1 FROM recipient WHERE outbox = id AND recipient.state IN ('accepted', 'unknown'))".to_owned()
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

/// Why a message can't be taken back, or not by the draft that it has not.
fn too_late(tx: &Transaction<'_>, id: OutboxId) -> Result<Error> {
    let sql = format!("SELECT count(*) FROM outbox WHERE id = ?1 AND {OPEN} AND NOT {NOBODY}");
    let reached = tx.query_row(&sql, [id.0], |r| r.get::<_, i64>(0))? == 1;
    let why = match reached {
        true => tr!("some have it already: write to the others anew, or try again"),
        false => tr!("too late: the message is being sent, or was"),
    };
    Ok(Error::Refused(why.to_owned()))
}
