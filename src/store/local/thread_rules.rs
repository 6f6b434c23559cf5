//! The user's decisions about threads (`model/thread_rule.rs`): which were made one, and where one
//! was cut. They are steps of undo like any other action.

use super::connection::{Local, LocalReader};
use super::ops::queue;
use crate::model::{MessageId, ThreadRule};
use crate::store::error::Result;
use rusqlite::{Connection, Transaction, params};

impl Local {
    /// Makes the threads of these messages one.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn join_threads(&mut self, ids: &[MessageId], label: &str, now: i64) -> Result<()> {
        self.write(|tx| {
            let action = queue(tx, label, now, &[], true)?.0.0;
            for pair in ids.windows(2) {
                if let [a, b] = pair {
                    insert(tx, 0, (a.as_str(), b.as_str()), action)?;
                }
            }
            Ok(())
        })
    }

    /// Lets a message begin a thread of its own. `below`: its Message-ID and those of what answers it;
    /// what joined these to others ends.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn split_thread(
        &mut self,
        id: &MessageId,
        below: &[MessageId],
        label: &str,
        now: i64,
    ) -> Result<()> {
        self.write(|tx| {
            let action = queue(tx, label, now, &[], true)?.0.0;
            insert(tx, 1, (id.as_str(), ""), action)?;
            for id in below {
                tx.prepare_cached(
                    "UPDATE thread_rule SET ended = ?2 WHERE kind = 0 AND ended <= 0 AND (a = ?1 OR b = ?1)",
                )?
                .execute(params![id.as_str(), action])?;
            }
            Ok(())
        })
    }
}

impl LocalReader {
    /// What holds of the user's decisions about threads.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn thread_rules(&self) -> Result<Vec<ThreadRule>> {
        self.look(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT kind, a, b FROM thread_rule WHERE taken = 0 AND ended <= 0 ORDER BY id",
            )?;
            let rows = query.query_map([], |r| {
                Ok((r.get(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?))
            })?;
            let mut rules = Vec::new();
            for row in rows {
                let (kind, a, b): (i64, _, _) = row?;
                rules.extend(match (kind, MessageId::new(&a), MessageId::new(&b)) {
                    (0, Some(a), Some(b)) => Some(ThreadRule::Join(a, b)),
                    (1, Some(a), _) => Some(ThreadRule::Split(a)),
                    _ => None,
                });
            }
            Ok(rules)
        })
    }
}

fn insert(tx: &Transaction<'_>, kind: i64, (a, b): (&str, &str), action: i64) -> Result<()> {
    tx.prepare_cached("INSERT INTO thread_rule(kind, a, b, action) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![kind, a, b, action])?;
    Ok(())
}

/// Takes back what an action decided. Whether it was about threads.
pub(super) fn take_back(conn: &Connection, action: i64) -> Result<bool> {
    change(conn, action, "taken = 1", "ended = -?1 WHERE ended = ?1")
}

/// Decides once more what was taken back. Whether it was about threads.
pub(super) fn again(conn: &Connection, action: i64) -> Result<bool> {
    change(conn, action, "taken = 0", "ended = ?1 WHERE ended = -?1")
}

fn change(conn: &Connection, action: i64, made: &str, ended: &str) -> Result<bool> {
    let made = format!("UPDATE thread_rule SET {made} WHERE action = ?1");
    let made = conn.prepare_cached(&made)?.execute([action])?;
    let ended = format!("UPDATE thread_rule SET {ended}");
    let ended = conn.prepare_cached(&ended)?.execute([action])?;
    Ok(made + ended > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Undo;

    fn id(text: &str) -> MessageId {
        MessageId::new(text).unwrap()
    }

    #[test]
    fn decisions_outlive_the_program_and_are_taken_back_in_turn() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("local.db");
        let (a, b, c) = (id("<a@x>"), id("<b@x>"), id("<c@x>"));
        let mut local = Local::open(&path).unwrap();
        let all = [a.clone(), b.clone(), c.clone()];
        local.join_threads(&all, "joined", 1).unwrap();
        drop(local);
        let mut local = Local::open(&path).unwrap();
        let joined = vec![
            ThreadRule::Join(a.clone(), b.clone()),
            ThreadRule::Join(b.clone(), c.clone()),
        ];
        assert_eq!(local.read().thread_rules().unwrap(), joined);
        local
            .split_thread(&c, &[c.clone(), id("<d@x>")], "split", 2)
            .unwrap();
        let split = vec![ThreadRule::Join(a, b), ThreadRule::Split(c)];
        assert_eq!(local.read().thread_rules().unwrap(), split);
        for (label, left) in [("split", joined), ("joined", Vec::new())] {
            let Undo::Done(undone) = local.undo(3, 0).unwrap() else {
                panic!("nothing was undone");
            };
            assert_eq!(undone.label, label);
            assert!(undone.threads);
            assert_eq!(local.read().thread_rules().unwrap(), left);
        }
        assert_eq!(local.undo(4, 0).unwrap(), Undo::Nothing);
    }
}
