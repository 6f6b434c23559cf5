//! What is done once a day and when that was last, and what ended connections and how often: small
//! numbers that must outlive the program, in the table `meta`.

use super::connection::{Local, LocalReader};
use super::meta;
use crate::store::error::Result;
use rusqlite::Connection;

/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;
/// So often something may end the connection before it waits.
const ENDS: i64 = 3;
/// How long it waits then, in seconds: the first time, and at most. It doubles with each.
const FIRST: i64 = 60;
const LONGEST: i64 = 6 * 60 * 60;
/// What ended no connection for so long is forgotten.
const FORGOTTEN: i64 = 30 * DAY;

impl Local {
    /// Whether a day has passed since this was last answered with yes for `what`; then it is noted.
    /// For something that is new here the day begins now.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn once_a_day(&mut self, what: &str, now: i64) -> Result<bool> {
        let key = format!("daily/{what}");
        self.write(|tx| {
            let last = meta::get(tx, &key)?;
            // A clock that was set back must not stop it.
            let due = last.is_some_and(|at| now - at >= DAY || at > now);
            if due || last.is_none() {
                meta::put(tx, &key, now)?;
            }
            Ok(due)
        })
    }

    /// Notes that the connection ended while `what` was sent. Answers whether it waits from now on,
    /// since that is so again and again.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn ended(&mut self, what: &str, now: i64) -> Result<bool> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM meta WHERE key LIKE 'ended/%' AND value < ?1",
                [now - FORGOTTEN],
            )?;
            let ends = count(tx, what)?.saturating_add(1);
            let beyond = u32::try_from(ends - ENDS).ok();
            let wait = beyond.map_or(0, |n| {
                FIRST.saturating_mul(2_i64.saturating_pow(n)).min(LONGEST)
            });
            meta::put(tx, &format!("ends/{what}"), ends)?;
            meta::put(tx, &format!("ended/{what}"), now.saturating_add(wait))?;
            Ok(wait > 0)
        })
    }

    /// Forgets that `what` ever ended a connection: it was sent, or refused.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn ended_nothing(&mut self, what: &str) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM meta WHERE key IN (?1, ?2)",
                [format!("ends/{what}"), format!("ended/{what}")],
            )?;
            Ok(())
        })
    }
}

impl LocalReader {
    /// Whether `what` ended connections so often that it waits until after `now`.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_put_off(&self, what: &str, now: i64) -> Result<bool> {
        self.look(|conn| {
            let until = meta::get(conn, &format!("ended/{what}"))?;
            Ok(count(conn, what)? >= ENDS && until.is_some_and(|until| until > now))
        })
    }
}

/// Only what was counted together with its time counts.
fn count(conn: &Connection, what: &str) -> Result<i64> {
    let ended = meta::get(conn, &format!("ended/{what}"))?;
    let ends = meta::get(conn, &format!("ends/{what}"))?;
    Ok(ended.and(ends).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_day_and_after_three_ends_a_pause() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let days = [0, 1, DAY - 1, DAY, DAY + 1, 2 * DAY];
        let due: Vec<bool> = days
            .iter()
            .map(|now| local.once_a_day("a", *now).unwrap())
            .collect();
        assert_eq!(due, [false, false, false, true, false, true]);
        assert!(!local.once_a_day("b", DAY).unwrap());
        let ends: Vec<bool> = (0..4).map(|n| local.ended("x", n).unwrap()).collect();
        assert_eq!(ends, [false, false, true, true]);
        assert!(local.read().is_put_off("x", 122).unwrap());
        assert!(
            !local.read().is_put_off("x", 123).unwrap()
                && !local.read().is_put_off("y", 0).unwrap()
        );
        local.ended_nothing("x").unwrap();
        assert!(!local.read().is_put_off("x", 0).unwrap() && !local.ended("x", 0).unwrap());
        assert!(!local.ended("y", FORGOTTEN + 1000).unwrap());
        assert!(!local.ended("x", FORGOTTEN + 1000).unwrap());
    }
}
