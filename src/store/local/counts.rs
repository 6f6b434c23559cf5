//! What is done once a day and when that was last, and what ended connections and how often: small
//! numbers that must outlive the program, in the table `meta`.

use super::connection::{Local, LocalReader};
use super::meta;
use crate::store::error::Result;
use crate::text::when;
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

/// What is known of something that ended connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// How often, in a row.
    pub times: u32,
    /// Whether it waits from now on, since that is so again and again.
    pub waits: bool,
}

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

    /// Notes that the connection ended while `what` was sent, or that the server stumbled over it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn ended(&mut self, what: &str, now: i64) -> Result<Ends> {
        self.write(|tx| {
            // What is further ahead than anything waits was written while the clock was wrong.
            tx.execute(
                "DELETE FROM meta WHERE key LIKE 'ended/%' AND (value < ?1 OR value > ?2)",
                [now - FORGOTTEN, now.saturating_add(LONGEST)],
            )?;
            tx.execute(
                "DELETE FROM meta WHERE key LIKE 'ends/%'
                     AND 'ended/' || substr(key, 6) NOT IN (SELECT key FROM meta WHERE key LIKE 'ended/%')",
                [],
            )?;
            let ends = count(tx, what)?.saturating_add(1);
            let beyond = u32::try_from(ends - ENDS).ok();
            let wait = beyond.map_or(0, |n| {
                FIRST.saturating_mul(2_i64.saturating_pow(n)).min(LONGEST)
            });
            meta::put(tx, &format!("ends/{what}"), ends)?;
            meta::put(tx, &format!("ended/{what}"), now.saturating_add(wait))?;
            Ok(Ends {
                times: u32::try_from(ends).unwrap_or(u32::MAX),
                waits: wait > 0,
            })
        })
    }

    /// Forgets that `what` ever ended a connection: it was sent, or refused. Nothing is written if it
    /// never did.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub fn ended_nothing(&mut self, what: &str) -> Result<()> {
        if self.read().ended_at(what)?.is_none() {
            return Ok(());
        }
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
            let waits = until.is_some_and(|until| when::still_waits(until, now, LONGEST));
            Ok(waits && count(conn, what)? >= ENDS)
        })
    }

    /// Whether `what` waits if it ends one more connection.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn would_wait(&self, what: &str) -> Result<bool> {
        self.look(|conn| Ok(count(conn, what)?.saturating_add(1) >= ENDS))
    }

    /// When `what` ended a connection last, or until when it waits since; `None` if it did not.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn ended_at(&self, what: &str) -> Result<Option<i64>> {
        self.look(|conn| meta::get(conn, &format!("ended/{what}")))
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
        let ends: Vec<[bool; 2]> = (0..4)
            .map(|n| {
                let would = local.read().would_wait("x").unwrap();
                [would, local.ended("x", n).unwrap().waits]
            })
            .collect();
        assert_eq!(ends, [[false; 2], [false; 2], [true; 2], [true; 2]]);
        assert!(local.read().is_put_off("x", 122).unwrap());
        assert!(
            !local.read().is_put_off("x", 123).unwrap()
                && !local.read().is_put_off("y", 0).unwrap()
        );
        local.ended_nothing("x").unwrap();
        assert!(!local.read().is_put_off("x", 0).unwrap() && !local.ended("x", 0).unwrap().waits);
        assert!(!local.ended("y", FORGOTTEN + 1000).unwrap().waits);
        let again = local.ended("x", FORGOTTEN + 1000).unwrap();
        assert_eq!((again.times, again.waits), (1, false));
    }

    #[test]
    fn a_clock_that_was_ahead_puts_nothing_off_and_what_is_long_past_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let ahead = 3_000 * DAY;
        for _ in 0..4 {
            local.ended("x", ahead).unwrap();
        }
        assert!(local.read().is_put_off("x", ahead).unwrap());
        assert!(!local.read().is_put_off("x", 10).unwrap());
        assert_eq!(local.ended("x", 10).unwrap().times, 1);
        local.ended("y", 10 + 2 * FORGOTTEN).unwrap();
        let left = local.read().look(|conn| {
            let sql = "SELECT count(*) FROM meta WHERE key IN ('ends/x', 'ended/x')";
            Ok(conn.query_row(sql, [], |r| r.get::<_, i64>(0))?)
        });
        assert_eq!(left.unwrap(), 0);
    }
}
