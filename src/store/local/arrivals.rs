//! What came, for rules: each message is written down once, by its Message-ID, and its line says
//! which rules were asked about it. What a rule does and that it was asked are one transaction, so a
//! crash neither repeats nor forgets it.

use super::connection::{Local, LocalReader};
use super::ops::queue;
use super::row;
use crate::model::{AccountName, MailboxName, MessageId, MessageKey, NewOp, Op, UidValidity};
use crate::store::error::Result;
use rusqlite::{OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet};

/// Arrivals are remembered so long, in seconds: 400 days. What comes back later counts as new.
const REMEMBERED: i64 = 400 * 24 * 3600;

/// So long a rule waits for a message's text, in seconds: 30 days.
const WAITS: i64 = 30 * 24 * 3600;

/// A message that came and about which rules are still to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// In the order of coming.
    pub seq: i64,
    /// Which message, where it came.
    pub key: MessageKey,
    /// The rules that were asked already, by name.
    pub asked: BTreeSet<String>,
}

/// Since when a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The last arrival before it was known.
    pub seq: i64,
    /// When it was known, seconds since 1970.
    pub at: i64,
}

/// What a rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// What is said of it.
    pub label: String,
    /// The subject of the first message.
    pub about: String,
    /// What is done.
    pub ops: Vec<NewOp>,
}

/// How far the asking about a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The arrival.
    pub seq: i64,
    /// The rules that were asked, all of them so far.
    pub rules: BTreeSet<String>,
    /// Whether no other is to be asked.
    pub done: bool,
}

impl Local {
    /// Which rules there are: name and what it says. Those that were not known before are asked of
    /// what comes from now on; those that are no more are forgotten. Answers since when each is asked.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn know_rules(
        &mut self,
        account: &AccountName,
        rules: &[(String, String)],
        now: i64,
    ) -> Result<BTreeMap<String, Since>> {
        let known = self.read().rules_known(account)?;
        let said = |name: &String, text: &String| known.get(name).is_some_and(|(t, _)| t == text);
        let same = known.len() == rules.len() && rules.iter().all(|(name, text)| said(name, text));
        if !same {
            self.write(|tx| {
                let sql = "SELECT coalesce(max(seq), 0) FROM arrival";
                let last: i64 = tx.query_row(sql, [], |r| r.get(0))?;
                for name in known.keys() {
                    if !rules.iter().any(|(other, _)| other == name) {
                        let sql = "DELETE FROM rule_since WHERE account = ?1 AND name = ?2";
                        tx.execute(sql, [account.as_str(), name])?;
                    }
                }
                for (name, text) in rules {
                    if !said(name, text) {
                        tx.execute(
                            "INSERT OR REPLACE INTO rule_since(account, name, text, seq, at)
                             VALUES (?1, ?2, ?3, ?4, ?5)",
                            params![account.as_str(), name, text, last, now],
                        )?;
                    }
                }
                Ok(())
            })?;
        }
        let known = self.read().rules_known(account)?;
        let since = known.into_iter().map(|(name, (_, since))| (name, since));
        Ok(since.collect())
    }

    /// Writes down what came into a mailbox, up to a UID. What came before by its Message-ID, or was
    /// put there by our own moves, did not come now.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn arrived(
        &mut self,
        account: &AccountName,
        mailbox: &MailboxName,
        (uidvalidity, uid): (UidValidity, u32),
        keys: &[MessageKey],
        now: i64,
    ) -> Result<()> {
        self.write(|tx| {
            let ours = "SELECT count(*) FROM moved
                 WHERE account = ?1 AND dest = ?2 AND dest_uidvalidity = ?3 AND dest_uid = ?4";
            let mut ours = tx.prepare_cached(ours)?;
            let mut insert = tx.prepare_cached(
                "INSERT OR IGNORE INTO arrival(account, name, mailbox, uidvalidity, uid, message_id, size, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for key in keys {
                let place = (key.mailbox.as_bytes(), key.uidvalidity.0, key.uid.get());
                let values = params![account.as_str(), place.0, place.1, place.2];
                if ours.query_row(values, |r| r.get::<_, i64>(0))? > 0 {
                    continue;
                }
                let message_id = key.message_id.as_ref().map_or("", MessageId::as_str);
                let name = match message_id {
                    "" => format!("{} {} {}", place.0.escape_ascii(), place.1, place.2),
                    id => format!("<{id}>"),
                };
                let account = account.as_str();
                insert.execute(params![
                    account, name, place.0, place.1, place.2, message_id, key.size, now
                ])?;
            }
            tx.execute(
                "INSERT OR REPLACE INTO arrival_mark(account, mailbox, uidvalidity, uid) VALUES (?1, ?2, ?3, ?4)",
                params![account.as_str(), mailbox.as_bytes(), uidvalidity.0, uid],
            )?;
            let sql = "DELETE FROM arrival WHERE at < ?1";
            tx.execute(sql, [now - REMEMBERED])?;
            let sql = "UPDATE arrival SET state = 1 WHERE state = 0 AND at < ?1";
            tx.execute(sql, [now - WAITS])?;
            Ok(())
        })
    }

    /// What rules did, and how far the asking came: together. Answers the operations, queued.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn ruled(&mut self, ruled: &[Ruled], asked: &[Asked], now: i64) -> Result<Vec<Op>> {
        self.write(|tx| {
            let mut all = Vec::new();
            for Ruled { label, about, ops } in ruled {
                let (action, ops) = queue(tx, label, now, ops, true)?;
                let sql = "UPDATE action SET about = ?2, origin = 1 WHERE id = ?1";
                tx.execute(sql, params![action.0, about])?;
                all.extend(ops);
            }
            let sql = "UPDATE arrival SET asked = ?2, state = ?3 WHERE seq = ?1";
            let mut update = tx.prepare_cached(sql)?;
            for Asked { seq, rules, done } in asked {
                let names: Vec<&str> = rules.iter().map(String::as_str).collect();
                update.execute(params![seq, names.join("\n"), done])?;
            }
            Ok(all)
        })
    }
}

impl LocalReader {
    fn rules_known(&self, account: &AccountName) -> Result<BTreeMap<String, (String, Since)>> {
        self.look(|conn| {
            let sql = "SELECT name, text, seq, at FROM rule_since WHERE account = ?1";
            let mut select = conn.prepare_cached(sql)?;
            let rows = select.query_map([account.as_str()], |r| {
                let since = Since {
                    seq: r.get(2)?,
                    at: r.get(3)?,
                };
                Ok((r.get(0)?, (r.get(1)?, since)))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether there were rules for an account when it was looked last.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn has_rules(&self, account: &AccountName) -> Result<bool> {
        Ok(!self.rules_known(account)?.is_empty())
    }

    /// How far a mailbox was looked through for what came.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn arrival_mark(
        &self,
        account: &AccountName,
        mailbox: &MailboxName,
    ) -> Result<Option<(UidValidity, u32)>> {
        self.look(|conn| {
            let sql =
                "SELECT uidvalidity, uid FROM arrival_mark WHERE account = ?1 AND mailbox = ?2";
            let mut select = conn.prepare_cached(sql)?;
            let mark = select.query_row(params![account.as_str(), mailbox.as_bytes()], |r| {
                Ok((UidValidity(r.get(0)?), r.get(1)?))
            });
            Ok(mark.optional()?)
        })
    }

    /// What came to an account after another arrival (0 for all) and was not asked about by every
    /// rule, in the order of coming. Fewer than `limit`: there are no more.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn arrivals(
        &self,
        account: &AccountName,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Arrival>> {
        self.look(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT seq, mailbox, uidvalidity, uid, message_id, size, asked FROM arrival
                 WHERE account = ?1 AND state = 0 AND seq > ?2 ORDER BY seq",
            )?;
            let mut rows = select.query(params![account.as_str(), after])?;
            let mut all = Vec::new();
            while all.len() < limit
                && let Some(r) = rows.next()?
            {
                let key = row::key(r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?);
                let asked: String = r.get(6)?;
                let (seq, asked) = (r.get(0)?, asked.lines().map(str::to_owned).collect());
                all.extend(key.map(|key| Arrival { seq, key, asked }));
            }
            Ok(all)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Home, key, op, to, work};
    use super::*;
    use crate::store::open::now;

    fn came(local: &mut Local, uids: &[u32]) {
        let keys: Vec<MessageKey> = uids
            .iter()
            .map(|uid| MessageKey {
                message_id: MessageId::new(&format!("{uid}@x")),
                ..key("INBOX", *uid)
            })
            .collect();
        let last = uids.iter().copied().max().unwrap_or(0);
        let inbox = MailboxName::new("INBOX");
        let at = (UidValidity(1), last);
        local.arrived(&work(), &inbox, at, &keys, now()).unwrap();
    }

    #[test]
    fn each_message_comes_once_and_is_asked_about_once() {
        let home = Home::new();
        let mut local = home.open();
        let rule = |text: &str| [("r".to_owned(), text.to_owned())];
        came(&mut local, &[1, 2]);
        let since = local.know_rules(&work(), &rule("a"), 5).unwrap();
        let waiting = |local: &Local| local.read().arrivals(&work(), 0, 10).unwrap();
        assert_eq!(
            waiting(&local).iter().map(|a| a.seq).max(),
            Some(since["r"].seq)
        );
        // It comes again under another UID: it is no other message.
        let again = MessageKey {
            message_id: MessageId::new("1@x"),
            ..key("INBOX", 9)
        };
        let inbox = MailboxName::new("INBOX");
        let at = (UidValidity(1), 9);
        local.arrived(&work(), &inbox, at, &[again], 6).unwrap();
        assert_eq!(waiting(&local).len(), 2);
        assert_eq!(
            local.read().arrival_mark(&work(), &inbox).unwrap(),
            Some(at)
        );
        let first = waiting(&local)[0].clone();
        let asked = Asked {
            seq: first.seq,
            rules: ["r".to_owned()].into(),
            done: false,
        };
        let ruled = Ruled {
            label: "Rule r: 1 message".into(),
            about: "s".into(),
            ops: vec![op(to("Archive"), vec![first.key.clone()])],
        };
        assert_eq!(
            local
                .ruled(&[ruled], std::slice::from_ref(&asked), now())
                .unwrap()
                .len(),
            1
        );
        let mut local = home.open();
        assert_eq!(waiting(&local)[0].asked, asked.rules);
        let next = local.read().arrivals(&work(), first.seq, 10).unwrap();
        assert_eq!(next, waiting(&local)[1..]);
        assert_eq!(local.read().arrivals(&work(), 0, 1).unwrap().len(), 1);
        let asked = Asked {
            done: true,
            ..asked
        };
        local.ruled(&[], &[asked], now()).unwrap();
        assert_eq!(waiting(&local).len(), 1);
        // What a rule did is in the journal, and the key for the last action leaves it alone.
        assert!(local.read().journal(9).unwrap()[0].undoable);
        assert_eq!(
            local.undo(now(), i64::MIN).unwrap(),
            crate::store::Undo::Nothing
        );
        // The same rule is asked since the same time, another one from now on.
        assert_eq!(local.know_rules(&work(), &rule("a"), 7).unwrap(), since);
        let other = local.know_rules(&work(), &rule("b"), 8).unwrap();
        assert_eq!(other["r"].at, 8);
        assert!(local.know_rules(&work(), &[], 9).unwrap().is_empty());
    }

    #[test]
    fn what_our_own_moves_bring_did_not_come() {
        use crate::store::{Moved, Place};
        let mut local = Home::new().open();
        let old = MessageKey {
            message_id: MessageId::new("5@x"),
            ..key("Archive", 5)
        };
        let (_, ops) = local
            .act("undo", now(), &[op(to("INBOX"), vec![old.clone()])])
            .unwrap();
        local.claim(ops[0].id).unwrap();
        let to = Place {
            mailbox: MailboxName::new("INBOX"),
            at: Some((UidValidity(1), crate::model::Uid::new(7).unwrap())),
        };
        local.confirm(ops[0].id, &[Moved { key: old, to }]).unwrap();
        came(&mut local, &[7, 8]);
        let waiting = local.read().arrivals(&work(), 0, 10).unwrap();
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0].key.uid.get(), 8);
    }
}
