//! A mailbox has another name on the server: what names messages by it follows.

use super::connection::Local;
use super::meta;
use crate::model::AccountName;
use crate::store::error::Result;
use crate::store::renamed::Renames;
use rusqlite::params;

/// Every column that holds a mailbox's name, and how its rows are told by account.
const COLUMNS: [(&str, &str, &str); 10] = [
    (
        "op",
        "dest",
        "account = ?1 AND kind IN ('move', 'copy', 'carry')",
    ),
    (
        "target",
        "mailbox",
        "op IN (SELECT id FROM op WHERE (account = ?1 AND source = '') OR source = ?1)",
    ),
    ("moved", "mailbox", "account = ?1"),
    ("moved", "dest", "account = ?1"),
    ("outbox", "source_mailbox", "account = ?1"),
    ("draft_copy", "mailbox", "account = ?1"),
    ("arrival", "mailbox", "account = ?1"),
    ("arrival_mark", "mailbox", "account = ?1"),
    ("filed", "mailbox", "account = ?1"),
    ("sorting", "mailbox", "account = ?1"),
];

impl Local {
    /// Operations, where our moves went, and what waiting messages answer: all of it follows, in
    /// one transaction. A batch that was followed before changes nothing; answers whether it was
    /// not.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn rename_mailboxes(&mut self, account: &AccountName, renames: &Renames) -> Result<bool> {
        let key = format!("renamed/{account}");
        self.write(|tx| {
            if meta::get(tx, &key)?.is_some_and(|last| last >= renames.batch) {
                return Ok(false);
            }
            for (table, column, rows) in COLUMNS {
                // Two may have changed places: the new names are marked until all are set. No name
                // on the wire has an octet of zero.
                let mut set = tx.prepare(&format!(
                    "UPDATE OR REPLACE {table} SET {column} = ?3 WHERE {column} = ?2 AND {rows}"
                ))?;
                for (was, name) in &renames.names {
                    let marked = [b"\0", name.as_bytes()].concat();
                    set.execute(params![account.as_str(), was.as_bytes(), marked])?;
                }
                tx.execute(
                    &format!(
                        "UPDATE OR REPLACE {table} SET {column} = substr({column}, 2)
                         WHERE substr({column}, 1, 1) = x'00' AND {rows}"
                    ),
                    [account.as_str()],
                )?;
            }
            meta::put(tx, &key, renames.batch)?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::undo;
    use super::*;
    use crate::model::{
        FlagChange, MailboxName, MessageKey, NewOp, OpKind, System, Uid, UidValidity,
    };
    use crate::store::local::{Moved, Place};

    fn name(name: &str) -> MailboxName {
        MailboxName::new(name)
    }

    fn key(mailbox: &str, uid: u32) -> MessageKey {
        MessageKey {
            mailbox: name(mailbox),
            uidvalidity: UidValidity(7),
            uid: Uid::new(uid).unwrap(),
            message_id: None,
            size: 1,
        }
    }

    fn op(account: &str, kind: OpKind, key: MessageKey) -> NewOp {
        NewOp {
            account: AccountName(account.to_owned()),
            kind,
            keys: vec![key],
        }
    }

    #[test]
    fn operations_follow_once_even_where_two_change_places() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let work = AccountName("work".to_owned());
        let star = OpKind::Store(FlagChange::set(System::FLAGGED));
        let to = |mailbox| OpKind::Move { to: name(mailbox) };
        let create = OpKind::CreateMailbox { name: name("B") };
        let ops = [
            op("work", star.clone(), key("A", 1)),
            op("work", to("B"), key("A", 2)),
            op("work", create.clone(), key("C", 3)),
            op("home", star, key("A", 1)),
        ];
        let (_, ops) = local.act("all", 0, &ops).unwrap();
        let place = |mailbox, uid| Place {
            mailbox: name(mailbox),
            at: Some((UidValidity(7), Uid::new(uid).unwrap())),
        };
        let moved = Moved {
            key: key("A", 2),
            to: place("B", 20),
        };
        assert!(local.claim(ops[1].id).unwrap());
        local.confirm(ops[1].id, &[moved]).unwrap();
        let renames = Renames {
            batch: 5,
            names: vec![(name("A"), name("B")), (name("B"), name("A"))],
        };
        assert!(local.rename_mailboxes(&work, &renames).unwrap());
        assert!(!local.rename_mailboxes(&work, &renames).unwrap(), "again");
        let pending = local.read().all_pending().unwrap();
        let named: Vec<&MailboxName> = pending.iter().map(|op| &op.keys[0].mailbox).collect();
        assert_eq!(named, [&name("B"), &name("C"), &name("A")]);
        assert_eq!(pending[1].kind, create, "it is not there yet");
        let followed = |k| local.read().follow(&work, &key(k, 2)).unwrap();
        assert_eq!(followed("B"), Some(place("A", 20)));
        assert_eq!(followed("A"), None);
        // What is undone goes back to where the mailbox is now.
        let undone = undo(&mut local, 0).unwrap();
        assert!(undone.inverse.iter().any(|op| op.kind == to("B")));
        let chain = |batch, was, now| Renames {
            batch,
            names: vec![(name(was), name(now))],
        };
        for (batch, was, now) in [(6, "B", "D"), (8, "D", "E")] {
            assert!(
                local
                    .rename_mailboxes(&work, &chain(batch, was, now))
                    .unwrap()
            );
        }
        assert!(!local.rename_mailboxes(&work, &chain(7, "E", "F")).unwrap());
        let key = local.read().pending(&work).unwrap()[0].keys.clone();
        assert!(key.is_empty() || key[0].mailbox != name("B"));
    }
}
