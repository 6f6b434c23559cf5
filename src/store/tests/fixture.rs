//! A cache in a temporary folder, with few words to fill it.

use crate::model::view::{Page, Scope};
use crate::model::*;
use crate::store::shelf::Shelf;
pub(crate) use crate::store::shelf::{V, account};
use crate::store::*;
use tempfile::TempDir;

/// A cache with one account and its INBOX, Archive, Trash and Sent.
pub struct Fixture {
    pub dir: TempDir,
    pub cache: Cache,
}

pub fn uid(n: u32) -> Uid {
    Uid::new(n).unwrap()
}

pub fn uids(list: &[u32]) -> UidSet {
    list.iter().map(|n| uid(*n)).collect()
}

pub fn name(name: &str) -> MailboxName {
    MailboxName::new(name)
}

pub fn info(wire: &str, role: Option<Role>) -> MailboxInfo {
    MailboxInfo::plain(wire, role)
}

pub fn id(text: &str) -> MessageId {
    MessageId::new(text).unwrap()
}

/// Message `n`, with Message-ID `n@x` and date `n`, unread.
pub fn message(n: u32) -> NewMessage {
    NewMessage {
        uid: uid(n),
        flags: Flags::default(),
        internal_date: i64::from(n),
        size: 1_000 + u64::from(n),
        envelope: Envelope {
            message_id: Some(id(&format!("{n}@x"))),
            date: Some(i64::from(n)),
            from: vec![Address::new(
                format!("Sender {n}"),
                format!("s{n}@example.org"),
            )],
            to: vec![Address::new("", "me@example.net")],
            subject: format!("subject {n}"),
            ..Envelope::default()
        },
        identity: None,
        thread_hint: None,
    }
}

/// Message `n` that answers `others`.
pub fn answer(n: u32, others: &[u32]) -> NewMessage {
    let mut new = message(n);
    new.envelope.references = others.iter().map(|o| id(&format!("{o}@x"))).collect();
    new
}

pub fn seen() -> Flags {
    Flags::of(System::SEEN)
}

impl Fixture {
    pub fn new() -> Fixture {
        let shelf = Shelf::new(&[
            ("INBOX", Some(Role::Inbox)),
            ("Archive", Some(Role::Archive)),
            ("Trash", Some(Role::Trash)),
            ("Sent", Some(Role::Sent)),
        ]);
        let Shelf { dir, cache } = shelf;
        Fixture { dir, cache }
    }

    pub fn mailbox(&self, wire: &str) -> MailboxId {
        self.cache
            .read()
            .mailbox_named(&account(), &name(wire))
            .unwrap()
            .unwrap()
            .id
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.dir.path().join("cache.db")).unwrap()
    }

    pub fn ingest(&mut self, wire: &str, messages: &[NewMessage]) -> Ingested {
        let mailbox = self.mailbox(wire);
        self.cache.ingest(mailbox, V, messages, None).unwrap()
    }

    /// The server tells flags; answers how many changed.
    pub fn flags(&mut self, wire: &str, flags: &[(Uid, Flags)]) -> usize {
        let mailbox = self.mailbox(wire);
        let changed = self
            .cache
            .take_changes(mailbox, V, flags, &UidSet::new(), None);
        changed.unwrap().flags
    }

    /// The server tells that messages are gone; answers how many were here.
    pub fn vanish(&mut self, wire: &str, gone: &UidSet) -> usize {
        let mailbox = self.mailbox(wire);
        let changed = self.cache.take_changes(mailbox, V, &[], gone, None);
        changed.unwrap().vanished
    }

    /// A body that says little; answers whether the message was there.
    pub fn body(&mut self, message: MsgId) -> bool {
        let body = NewBody {
            message,
            raw: b"raw".to_vec(),
            text: "text".to_owned(),
            snippet: "snip".to_owned(),
            attachments: Vec::new(),
        };
        self.cache.store_bodies(&[body]).unwrap() == 1
    }

    /// What a flat list of the mailbox shows: (subject, UID, flags), newest first.
    pub fn shown(&self, wire: &str) -> Vec<(String, Option<u32>, Vec<String>)> {
        let scope = Scope::Mailbox(self.mailbox(wire));
        let rows = self
            .cache
            .read()
            .page(&scope, false, Page::Newest, 1_000)
            .unwrap();
        rows.into_iter()
            .map(|r| (r.subject, r.uid.map(Uid::get), r.flags.to_wire()))
            .collect()
    }

    /// Only the subjects, without `subject `.
    pub fn subjects(&self, wire: &str) -> Vec<String> {
        self.shown(wire)
            .into_iter()
            .map(|(s, _, _)| s.trim_start_matches("subject ").to_owned())
            .collect()
    }

    /// The natural key of INBOX's message `n` as ingested by [`message`].
    pub fn key(&self, n: u32) -> MessageKey {
        MessageKey {
            mailbox: name("INBOX"),
            uidvalidity: V,
            uid: uid(n),
            message_id: Some(id(&format!("{n}@x"))),
            size: 1_000 + u64::from(n),
        }
    }

    pub fn op(&self, id: i64, kind: OpKind, keys: Vec<MessageKey>) -> Op {
        Op {
            id: OpId(id),
            action: ActionId(id),
            account: account(),
            kind,
            keys,
            state: OpState::Pending,
            attempts: 0,
            error: None,
        }
    }

    /// Every count that lists read is what counting says, and no row hangs in the air.
    pub fn check(&self) {
        let conn = &self.cache.read().conn;
        let none = |what: &str, sql: &str| {
            let mut select = conn.prepare(sql).unwrap();
            let rows: Vec<(i64, i64)> = select
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
                .unwrap()
                .map(|r| r.unwrap())
                .collect();
            assert!(rows.is_empty(), "{what}: {rows:?}");
        };
        none(
            "mailbox counts",
            "SELECT b.id, b.total FROM mailbox b WHERE (b.total, b.unread) IS NOT
                 (SELECT count(*), coalesce(sum(system & 1 = 0), 0) FROM location l WHERE l.mailbox = b.id AND hidden = 0)",
        );
        none(
            "what the server told",
            "SELECT b.id, b.held FROM mailbox b
                 WHERE (held, held_seen, held_answered, held_flagged, held_deleted, held_draft) IS NOT
                 (SELECT count(*), coalesce(sum(server_system & 1 <> 0), 0), coalesce(sum(server_system & 2 <> 0), 0),
                      coalesce(sum(server_system & 4 <> 0), 0), coalesce(sum(server_system & 8 <> 0), 0),
                      coalesce(sum(server_system & 16 <> 0), 0)
                  FROM location l WHERE l.mailbox = b.id AND uid IS NOT NULL AND gone = 0)",
        );
        none(
            "identities without message",
            "SELECT message, account FROM identity WHERE message NOT IN (SELECT id FROM message)",
        );
        let counted =
            "SELECT mailbox, thread, max(date), count(*), sum(system & 1 = 0), max(system & 4 <> 0)
             FROM location WHERE hidden = 0 GROUP BY mailbox, thread";
        let rows = "SELECT mailbox, thread, date, count, unread, flagged FROM thread_row";
        none(
            "thread rows missing",
            &format!("SELECT mailbox, thread FROM ({counted} EXCEPT {rows})"),
        );
        none(
            "thread rows too many",
            &format!("SELECT mailbox, thread FROM ({rows} EXCEPT {counted})"),
        );
        none(
            "newest location of a thread",
            "SELECT t.mailbox, t.thread FROM thread_row t WHERE NOT EXISTS (SELECT 1 FROM location l
                 WHERE l.id = t.location AND l.mailbox = t.mailbox AND l.thread = t.thread AND l.date = t.date AND l.hidden = 0)",
        );
        none(
            "locations without message",
            "SELECT id, message FROM location WHERE message NOT IN (SELECT id FROM message)",
        );
        none(
            "messages without location",
            "SELECT id, 0 FROM message WHERE id NOT IN (SELECT message FROM location)
                 AND id NOT IN (SELECT message FROM orphan)",
        );
        none(
            "a location's copy of its message's date and body",
            "SELECT l.id, m.id FROM location l JOIN message m ON m.id = l.message
                 WHERE (l.date <> m.date AND instr(l.keywords, '$Snoozed-') = 0) OR (l.body = 1) <> m.has_body",
        );
        none(
            "bodies without message",
            "SELECT message, 0 FROM (SELECT message FROM body UNION ALL SELECT message FROM kept)
                 WHERE message NOT IN (SELECT id FROM message WHERE has_body)",
        );
        none(
            "packed messages of nobody",
            "SELECT id, 0 FROM pressed WHERE id NOT IN
                 (SELECT pressed FROM kept WHERE pressed IS NOT NULL)",
        );
        none(
            "overlays without location",
            "SELECT op, location FROM overlay WHERE location NOT IN (SELECT id FROM location)",
        );
        none(
            "pending places without root",
            "SELECT id, root FROM location WHERE root NOT IN (SELECT id FROM location)",
        );
        none(
            "threads merged but in use",
            "SELECT id, thread FROM location WHERE thread IN (SELECT thread FROM thread_merge)",
        );
        none(
            "indexed but gone",
            "SELECT rowid, 0 FROM word WHERE rowid NOT IN (SELECT id FROM message)
                 UNION ALL SELECT rowid, 1 FROM (SELECT rowid FROM body_word UNION ALL SELECT rowid FROM text_word)
                 WHERE rowid NOT IN (SELECT id FROM message WHERE has_body)",
        );
    }
}
