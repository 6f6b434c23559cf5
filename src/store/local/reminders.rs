//! Reminders of messages that nobody answered. One that waits becomes due or answered, one that is
//! due answered or dismissed; who sent a message anew may be reminded of it anew.

use super::connection::{Local, LocalReader};
use crate::model::{AccountName, MessageId, Reminder, ReminderId, ReminderState, mark};
use crate::store::error::Result;
use rusqlite::{Row, params};

const COLUMNS: &str = "id, account, message_id, subject, recipients, due, state";

impl Local {
    /// Sets the reminder of a message that was sent, in place of the one that it had.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn remind(
        &mut self,
        account: &AccountName,
        id: &MessageId,
        (subject, recipients): (&str, &str),
        due: i64,
    ) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO reminder(account, message_id, subject, recipients, due) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(account, message_id) DO UPDATE SET due = excluded.due, state = 0",
                params![account.as_str(), id.as_str(), subject, recipients, due],
            )?;
            Ok(())
        })
    }

    /// Lets a reminder come back at another time; whether it waited or was due.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn remind_again(&mut self, id: ReminderId, due: i64) -> Result<bool> {
        self.write(|tx| {
            let sql = "UPDATE reminder SET state = 0, due = ?2 WHERE id = ?1 AND state < 2";
            Ok(tx.execute(sql, params![id.0, due])? == 1)
        })
    }

    /// Notes the time of a message's reminder as it stands on the server; 0: it does not.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn reminder_told(
        &mut self,
        account: &AccountName,
        id: &MessageId,
        time: i64,
    ) -> Result<()> {
        self.write(|tx| {
            let sql = "UPDATE reminder SET carried = ?3 WHERE account = ?1 AND message_id = ?2";
            tx.execute(sql, params![account.as_str(), id.as_str(), time])?;
            Ok(())
        })
    }

    /// Takes a reminder that waits or is due into a state; whether it was one.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn settle_reminder(&mut self, id: ReminderId, state: ReminderState) -> Result<bool> {
        self.write(|tx| {
            let sql = "UPDATE reminder SET state = ?2 WHERE id = ?1 AND state < 2 AND state <> ?2";
            Ok(tx.execute(sql, params![id.0, number(state)])? == 1)
        })
    }
}

impl LocalReader {
    /// Reminders that wait or are due, those due first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn reminders(&self) -> Result<Vec<Reminder>> {
        self.look(|conn| {
            let sql = format!(
                "SELECT {COLUMNS} FROM reminder WHERE state < 2 ORDER BY state DESC, due, id"
            );
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map([], reminder)?;
            let rows: Vec<Option<Reminder>> = rows.collect::<rusqlite::Result<_>>()?;
            Ok(rows.into_iter().flatten().collect())
        })
    }

    /// Every reminder of an account that there is or ever was, with the time of each as it stood on
    /// the server last, seconds since 1970; 0: it did not.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn reminders_told(&self, account: &AccountName) -> Result<Vec<(Reminder, i64)>> {
        self.look(|conn| {
            let sql = format!("SELECT {COLUMNS}, carried FROM reminder WHERE account = ?1");
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map([account.as_str()], |row| {
                Ok((reminder(row)?, row.get::<_, i64>(7)?))
            })?;
            let mut all = Vec::new();
            for row in rows {
                let (reminder, carried) = row?;
                all.extend(reminder.map(|reminder| (reminder, carried)));
            }
            Ok(all)
        })
    }

    /// Whether the time of a message's reminder is kept on this machine, because its server keeps no
    /// keywords.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn keeps_reminder(&self, account: &AccountName, id: &MessageId) -> Result<bool> {
        let sql = "SELECT 1 FROM op JOIN target ON target.op = op.id
             WHERE op.account = ?1 AND op.state = 5 AND op.kind = 'store' AND target.message_id = ?2
                 AND instr(lower(op.add_keywords), ?3) > 0";
        let begins = mark::REMIND.to_ascii_lowercase();
        self.look(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            Ok(query.exists(params![account.as_str(), id.as_str(), begins])?)
        })
    }

    /// Whether a message is a report about one of ours: no answer, though it refers to it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_report(&self, message: &MessageId) -> Result<bool> {
        self.look(|conn| {
            let mut query =
                conn.prepare_cached("SELECT count(*) FROM report WHERE message_id = ?1")?;
            Ok(query.query_row([message.as_str()], |r| r.get::<_, i64>(0))? > 0)
        })
    }
}

fn number(state: ReminderState) -> i64 {
    match state {
        ReminderState::Waiting => 0,
        ReminderState::Due => 1,
        ReminderState::Answered => 2,
        ReminderState::Dismissed => 3,
    }
}

/// `None` for a row that no program of ours wrote.
fn reminder(row: &Row<'_>) -> rusqlite::Result<Option<Reminder>> {
    let (message_id, state): (String, i64) = (row.get(2)?, row.get(6)?);
    let mut states = ReminderState::ALL.into_iter().map(|(state, _)| state);
    let state = states.find(|s| number(*s) == state);
    let (Some(message_id), Some(state)) = (MessageId::new(&message_id), state) else {
        return Ok(None);
    };
    Ok(Some(Reminder {
        id: ReminderId(row.get(0)?),
        account: AccountName(row.get(1)?),
        message_id,
        subject: row.get(3)?,
        recipients: row.get(4)?,
        due: row.get(5)?,
        state,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReminderState::{Answered, Dismissed, Due};

    #[test]
    fn a_reminder_goes_its_way_once_and_can_be_set_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("local.db");
        let mut local = Local::open(&path).unwrap();
        let account = AccountName("work".to_owned());
        let id = MessageId::new("<1@x>").unwrap();
        let set =
            |local: &mut Local, due| local.remind(&account, &id, ("Tea", "bo@x"), due).unwrap();
        set(&mut local, 100);
        set(&mut local, 200);
        drop(local);
        let mut local = Local::open(&path).unwrap();
        let [one] = &local.read().reminders().unwrap()[..] else {
            panic!("not one");
        };
        assert_eq!((one.due, one.state), (200, ReminderState::Waiting));
        assert_eq!(one.words(), "nobody answered \"Tea\" to bo@x");
        let row = one.id;
        assert!(local.settle_reminder(row, Due).unwrap());
        assert!(!local.settle_reminder(row, Due).unwrap(), "told once");
        assert!(local.remind_again(row, 250).unwrap());
        assert!(local.settle_reminder(row, Due).unwrap(), "it is told anew");
        assert!(local.settle_reminder(row, Answered).unwrap());
        assert!(!local.remind_again(row, 300).unwrap());
        assert!(!local.settle_reminder(row, Dismissed).unwrap());
        assert_eq!(local.read().reminders().unwrap(), []);
        set(&mut local, 300);
        assert_eq!(local.read().reminders().unwrap().len(), 1);
    }
}
