//! Asking the process that talks to servers to look now, and its answer. The question is a number
//! in `local.db`, so that it outlives whoever asks and is answered once, however often it is rung
//! for.

use super::connection::{Local, LocalReader};
use super::meta;
use crate::model::AccountName;
use crate::store::error::Result;
use rusqlite::Connection;

impl Local {
    /// Asks for a whole turn of an account. Answers the question's number.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn ask_turn(&mut self, account: &AccountName) -> Result<i64> {
        self.write(|tx| {
            let number = value(tx, "asked", account)? + 1;
            meta::put(tx, &key("asked", account), number)?;
            Ok(number)
        })
    }

    /// The question of that number, and all before it, is answered: the turn is done, or came to
    /// nothing.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn answer_turn(&mut self, account: &AccountName, number: i64, done: bool) -> Result<()> {
        self.write(|tx| {
            let answer = number.saturating_mul(2) + i64::from(done);
            meta::put(tx, &key("answered", account), answer)
        })
    }
}

impl LocalReader {
    /// The newest question of an account that nobody answered yet.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn asked_turn(&self, account: &AccountName) -> Result<Option<i64>> {
        self.look(|conn| {
            let asked = value(conn, "asked", account)?;
            let answered = value(conn, "answered", account)? / 2;
            Ok(Some(asked).filter(|asked| *asked > answered))
        })
    }

    /// Whether the turn that was asked for under that number is done; `None` before the answer.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn turn_answer(&self, account: &AccountName, number: i64) -> Result<Option<bool>> {
        self.look(|conn| {
            let answer = value(conn, "answered", account)?;
            Ok((answer / 2 >= number).then_some(answer % 2 == 1))
        })
    }
}

fn key(word: &str, account: &AccountName) -> String {
    format!("turn-{word}:{account}")
}

fn value(conn: &Connection, word: &str, account: &AccountName) -> Result<i64> {
    Ok(meta::get(conn, &key(word, account))?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Home, work};

    #[test]
    fn a_question_is_answered_once_and_later_ones_stay_open() {
        let home = Home::new();
        let (mut asker, mut worker) = (home.open(), home.open());
        assert_eq!(worker.read().asked_turn(&work()).unwrap(), None);
        let first = asker.ask_turn(&work()).unwrap();
        assert_eq!(asker.read().turn_answer(&work(), first).unwrap(), None);
        assert_eq!(worker.read().asked_turn(&work()).unwrap(), Some(first));
        let second = asker.ask_turn(&work()).unwrap();
        worker.answer_turn(&work(), first, true).unwrap();
        assert_eq!(
            asker.read().turn_answer(&work(), first).unwrap(),
            Some(true)
        );
        assert_eq!(asker.read().turn_answer(&work(), second).unwrap(), None);
        worker.answer_turn(&work(), second, false).unwrap();
        assert_eq!(
            asker.read().turn_answer(&work(), second).unwrap(),
            Some(false)
        );
        assert_eq!(worker.read().asked_turn(&work()).unwrap(), None);
    }
}
