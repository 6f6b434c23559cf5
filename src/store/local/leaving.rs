//! Lists that are left with a POST (RFC 8058). The row is the user's word: it is there before the
//! screen says so, and stays until a server took it or it was given up. Saying it twice does no
//! harm, so a try that was cut by a crash is made again.

use super::connection::{Local, LocalReader};
use crate::model::{AccountName, Leave};
use crate::store::error::Result;
use rusqlite::{Row, params};

/// What is settled is forgotten after so many seconds.
const REMEMBERED: i64 = 90 * 24 * 3600;

/// A list that is being left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Its row.
    pub id: i64,
    /// Which list, and where that is said.
    pub leave: Leave,
    /// When the user said so, seconds since 1970.
    pub asked: i64,
    /// How often a server was reached in vain.
    pub tries: u32,
    /// How often none was reached.
    pub unreached: u32,
}

impl Local {
    /// A list is to be left. One that was given up, or left before, is left anew.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn leave(&mut self, leave: &Leave, now: i64) -> Result<()> {
        self.write(|tx| {
            let old = "DELETE FROM leaving WHERE state <> 0 AND asked < ?1";
            tx.execute(old, [now - REMEMBERED])?;
            tx.execute(
                "INSERT INTO leaving(account, list, url, asked, due) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT(account, url) DO UPDATE SET
                   asked = ?4, due = ?4, tries = 0, unreached = 0, state = 0, list = ?2",
                params![leave.account.as_str(), leave.list, leave.url, now],
            )?;
            Ok(())
        })
    }

    /// A try begins (or came to nothing): the next is at `due`. `reached`: a server was.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn leave_later(&mut self, id: i64, due: i64, reached: Option<bool>) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE leaving SET due = ?2, tries = tries + ?3, unreached = unreached + ?4
                 WHERE id = ?1 AND state = 0",
                params![id, due, reached == Some(true), reached == Some(false)],
            )?;
            Ok(())
        })
    }

    /// A list was left, or is given up; whether that was still open.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn settle_leaving(&mut self, id: i64, left: bool) -> Result<bool> {
        self.write(|tx| {
            let state = if left { 1 } else { 2 };
            let sql = "UPDATE leaving SET state = ?2 WHERE id = ?1 AND state = 0";
            Ok(tx.execute(sql, params![id, state])? == 1)
        })
    }

    /// What waits is due now: somebody wants everything tried again.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn leave_now(&mut self, now: i64) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE leaving SET due = ?1 WHERE state = 0 AND due > ?1",
                [now],
            )?;
            Ok(())
        })
    }
}

impl LocalReader {
    /// The list that is to be left first, of one account or of all; and when that is due.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn leaving(&self, account: Option<&AccountName>) -> Result<Option<(Leaving, i64)>> {
        self.look(|conn| {
            let sql = "SELECT id, account, list, url, asked, tries, unreached, due FROM leaving
                       WHERE state = 0 AND (?1 IS NULL OR account = ?1) ORDER BY due, id LIMIT 1";
            let mut query = conn.prepare_cached(sql)?;
            let mut rows = query.query_map([account.map(AccountName::as_str)], row)?;
            Ok(rows.next().transpose()?)
        })
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<(Leaving, i64)> {
    let leaving = Leaving {
        id: row.get(0)?,
        leave: Leave {
            account: AccountName(row.get(1)?),
            list: row.get(2)?,
            url: row.get(3)?,
        },
        asked: row.get(4)?,
        tries: row.get(5)?,
        unreached: row.get(6)?,
    };
    Ok((leaving, row.get(7)?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Home, work};
    use super::*;

    #[test]
    fn a_list_is_left_once_and_can_be_left_anew() {
        let home = Home::new();
        let mut local = home.open();
        let leave = Leave {
            account: work(),
            list: "Tea".to_owned(),
            url: "https://x.example/u".to_owned(),
        };
        assert_eq!(local.read().leaving(None).unwrap(), None);
        local.leave(&leave, 100).unwrap();
        local.leave(&leave, 110).unwrap();
        drop(local);
        let mut local = home.open();
        let (first, due) = local.read().leaving(Some(&work())).unwrap().unwrap();
        assert_eq!((&first.leave, first.asked, due), (&leave, 110, 110));
        local.leave_later(first.id, 400, None).unwrap();
        local.leave_later(first.id, 500, Some(false)).unwrap();
        local.leave_later(first.id, 600, Some(true)).unwrap();
        let (later, due) = local.read().leaving(None).unwrap().unwrap();
        assert_eq!((later.tries, later.unreached, due), (1, 1, 600));
        local.leave_now(200).unwrap();
        assert_eq!(local.read().leaving(None).unwrap().unwrap().1, 200);
        assert!(local.settle_leaving(first.id, true).unwrap());
        assert!(!local.settle_leaving(first.id, false).unwrap());
        assert_eq!(local.read().leaving(None).unwrap(), None);
        local.leave(&leave, 700).unwrap();
        let (again, _) = local.read().leaving(None).unwrap().unwrap();
        assert_eq!((again.tries, again.asked), (0, 700));
        assert_eq!(
            local
                .read()
                .leaving(Some(&AccountName("home".to_owned())))
                .unwrap(),
            None
        );
    }
}
