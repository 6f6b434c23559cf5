//! What is left in the end: both databases and the server, as text without row ids and times, so
//! that two tellings of a story can be compared.

use crate::program::Home;
use crate::pty::PATIENCE;
use crate::story::Play;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

impl Play<'_> {
    /// What there is in the end, here and there. Fails if the cache and the server disagree, or if
    /// anything is still under way.
    #[track_caller]
    pub fn dump(&self) -> Dump {
        let there = self.there();
        let cache = read(&cache(&self.home));
        let local = read(&local(&self.home));
        for db in [&cache, &local] {
            let sound: String = db
                .query_row("PRAGMA integrity_check", [], |r| r.get(0))
                .unwrap();
            assert_eq!(sound, "ok", "{}", self.user);
        }
        let ours = here(&cache, "work");
        assert_eq!(
            ours, there,
            "cache (left) and server (right) of {}",
            self.user
        );
        assert_eq!(rows(&cache, LOOSE), Vec::<String>::new(), "{}", self.user);
        assert_eq!(rows(&cache, COUNTS), rows(&cache, COUNTED), "{}", self.user);
        let name = |text: String| text.replace(&self.user, "USER");
        let mut text = String::new();
        for (mailbox, found) in &there {
            // UIDs may differ: an APPEND that was cut may have taken one.
            let mut found: Vec<&str> = found.iter().map(|f| f.split_once('|').unwrap().1).collect();
            found.sort_unstable();
            let _ = writeln!(text, "{mailbox}: {found:#?}");
        }
        for query in [BODIES, THREADS] {
            let _ = writeln!(text, "{:#?}", rows(&cache, query));
        }
        let _ = writeln!(text, "{:#?}", rows(&local, OPS));
        for query in [ACTIONS, OUTBOX, DRAFTS] {
            let _ = writeln!(text, "{:#?}", rows(&local, query));
        }
        Dump(name(text))
    }

    /// The server's mailboxes: UID, flags, Message-ID and size of each message.
    pub fn there(&self) -> BTreeMap<String, Vec<String>> {
        let mut look = self.look();
        let names: Vec<String> = look
            .list(None, Some("*"))
            .unwrap()
            .iter()
            .map(|n| n.name().to_owned())
            .collect();
        let mut all = BTreeMap::new();
        for name in names {
            let mut found = Vec::new();
            if look.examine(&name).unwrap().exists > 0 {
                let wanted = "(FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])";
                let fetched = look.uid_fetch("1:*", wanted).unwrap();
                let mut list: Vec<_> = fetched.iter().collect();
                list.sort_by_key(|f| f.uid);
                for f in list {
                    let mut flags: Vec<String> =
                        f.flags().iter().map(ToString::to_string).collect();
                    flags.retain(|f| f != "\\Recent");
                    flags.sort();
                    let head = String::from_utf8_lossy(f.header().unwrap()).into_owned();
                    let id = head.split(['<', '>']).nth(1).unwrap_or("").to_owned();
                    let (uid, size) = (f.uid.unwrap(), f.size.unwrap());
                    found.push(format!("{uid}|{}|{id}|{size}", flags.join(" ")));
                }
            }
            all.insert(name, found);
        }
        look.logout().unwrap();
        all
    }
}

/// An account's mailboxes as the cache has them, in the form of [`Play::there`].
pub fn here(cache: &Connection, account: &str) -> BTreeMap<String, Vec<String>> {
    let mut ours: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let of = |sql: &str| rows(cache, &sql.replace("ACCOUNT", account));
    for row in of(MAILBOXES) {
        ours.insert(row, Vec::new());
    }
    for row in of(LOCATIONS) {
        let cells: Vec<&str> = row.split('|').collect();
        let [mailbox, uid, system, keywords, id, size] = cells[..] else {
            panic!("{row}")
        };
        let bits: u8 = system.parse().unwrap();
        let mut flags: Vec<&str> = postrider::model::System::ALL
            .iter()
            .filter(|(flag, _)| bits & flag.0 != 0)
            .map(|(_, name)| *name)
            .chain(keywords.split_whitespace())
            .collect();
        flags.sort_unstable();
        let id = id.trim_matches(['<', '>']);
        let found = format!("{uid}|{}|{id}|{size}", flags.join(" "));
        ours.get_mut(mailbox).unwrap().push(found);
    }
    ours
}

const MAILBOXES: &str = "SELECT path FROM mailbox WHERE selectable
    AND account = (SELECT id FROM account WHERE name = 'ACCOUNT') ORDER BY path";
const LOCATIONS: &str = "SELECT b.path, l.uid, l.system, l.keywords, m.message_id, m.size
    FROM location l JOIN mailbox b ON b.id = l.mailbox JOIN message m ON m.id = l.message
    WHERE b.account = (SELECT id FROM account WHERE name = 'ACCOUNT') AND l.hidden = 0
    ORDER BY b.path, l.uid";
/// What stands for something that is not settled yet.
const LOOSE: &str = "SELECT 'location', id FROM location
      WHERE uid IS NULL OR hidden OR gone OR system <> server_system OR keywords <> server_keywords
    UNION ALL SELECT 'overlay', op FROM overlay";
/// What lists say, and what they must say.
const COUNTS: &str = "SELECT path, total, unread FROM mailbox ORDER BY path";
const COUNTED: &str = "SELECT path, count(l.id), coalesce(sum(l.system & 1 = 0), 0)
    FROM mailbox b LEFT JOIN location l ON l.mailbox = b.id AND NOT l.hidden GROUP BY b.id ORDER BY path";
const BODIES: &str = "SELECT m.message_id, l.body, length(o.raw) > 0 FROM location l
    JOIN message m ON m.id = l.message LEFT JOIN body o ON o.message = m.id
    ORDER BY m.message_id, l.body";
const THREADS: &str = "SELECT b.path, t.count, t.unread, t.flagged, m.message_id FROM thread_row t
    JOIN mailbox b ON b.id = t.mailbox JOIN location l ON l.id = t.location
    JOIN message m ON m.id = l.message ORDER BY b.path, m.message_id";
const OPS: &str =
    "SELECT kind, dest, add_system, add_keywords, remove_system, remove_keywords, state,
    coalesce(error, '') FROM op ORDER BY id";
const ACTIONS: &str = "SELECT label, undo FROM action ORDER BY id";
const OUTBOX: &str =
    "SELECT o.message_id, o.state, coalesce(o.error, ''), r.address, r.state FROM outbox o
    JOIN recipient r ON r.outbox = o.id ORDER BY o.id, r.seq";
const DRAFTS: &str = "SELECT to_line, subject, body FROM draft ORDER BY id";

/// What is left in the end, without ids and times.
#[derive(Debug, PartialEq, Eq)]
pub struct Dump(String);

impl Dump {
    /// What only one of the two has, for a test that fails.
    pub fn against(&self, other: &Dump) -> String {
        let only = |this: &Dump, that: &Dump, mark: &str| -> String {
            let lines = this.0.lines().filter(|l| !that.0.lines().any(|o| o == *l));
            lines.map(|l| format!("\n{mark} {l}")).collect()
        };
        only(self, other, "wanted") + &only(other, self, "found ")
    }
}

/// `cache.db` of a home.
pub fn cache(home: &Home) -> std::path::PathBuf {
    home.path.join("cache.db")
}

/// `local.db` of a home.
pub fn local(home: &Home) -> std::path::PathBuf {
    home.path.join("local.db")
}

/// A database for looking.
pub fn read(path: &Path) -> Connection {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let db = db.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    db.busy_timeout(PATIENCE).unwrap();
    db
}

/// A database for meddling.
pub fn write(path: &Path) -> Connection {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    db.busy_timeout(PATIENCE).unwrap();
    db
}

/// The rows of a query, their columns joined by bars.
pub fn rows(db: &Connection, sql: &str) -> Vec<String> {
    let mut query = db.prepare(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
    let columns = query.column_count();
    let found = query.query_map([], |row| {
        let cells: Vec<String> = (0..columns)
            .map(|n| match row.get_ref(n) {
                Ok(ValueRef::Integer(i)) => i.to_string(),
                Ok(ValueRef::Text(t) | ValueRef::Blob(t)) => {
                    String::from_utf8_lossy(t).into_owned()
                }
                _ => "-".to_owned(),
            })
            .collect();
        Ok(cells.join("|"))
    });
    found.unwrap().map(Result::unwrap).collect()
}
