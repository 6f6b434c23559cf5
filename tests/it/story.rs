//! A rig for stories that are told again and again with something going wrong at another place each
//! time: one server, and for every telling a user of its own with a copy of the same mail and a
//! home that is a copy of the same home, behind proxies of its own.
//!
//! Everything is in the clear, so that what passes can be read and cut at a chosen octet. What is
//! left in the end is compared as [`Dump`]s, without row ids and times.

use crate::dovecot::Dovecot;
use crate::program::{Home, Ran};
use crate::proxy::Proxy;
use crate::smtp::Sink;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// A session past the program under test.
pub type Look = imap::Session<TcpStream>;

/// Whether every point is to be tried, or only a spread of them.
pub fn all_points() -> bool {
    std::env::var("FAULTS").is_ok_and(|v| v == "all")
}

/// So many of `all`, evenly spread, or all of them if that was asked for.
pub fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let len = all.len();
    if all_points() || len <= most {
        return all;
    }
    let chosen = |n: usize| (n * most / len) != ((n + 1) * most / len);
    let kept = all.into_iter().enumerate().filter(|(n, _)| chosen(*n));
    kept.map(|(_, one)| one).collect()
}

/// The server side of every telling in a test.
pub struct Stage {
    /// The server.
    pub server: Dovecot,
    /// Where sent mail arrives.
    pub sink: Sink,
    next: AtomicU32,
}

impl Stage {
    /// Starts it; `None` if there is no Dovecot.
    pub fn start() -> Option<Stage> {
        let sink = Sink::start();
        let server = Dovecot::start(Some(&sink))?;
        let next = AtomicU32::new(0);
        Some(Stage { server, sink, next })
    }

    /// A user with an inbox of eight letters, a mailbox `Work` with three and one in the trash, and
    /// a home that knows them all.
    pub fn template(&self) -> Play<'_> {
        let play = self.play();
        let mut look = play.look();
        look.create("Work").unwrap();
        for n in 0..8 {
            letter(&mut look, "INBOX", &format!("in{n}"));
        }
        for n in 0..3 {
            letter(&mut look, "Work", &format!("work{n}"));
        }
        letter(&mut look, "Trash", "old");
        look.logout().unwrap();
        play.sync();
        play
    }

    /// A new user without mail and with an empty home.
    pub fn play(&self) -> Play<'_> {
        let user = format!("play{:05}", self.next.fetch_add(1, Ordering::SeqCst));
        let imap = Proxy::start("127.0.0.1", self.server.imap);
        let smtp = Proxy::start("127.0.0.1", self.server.submission);
        let home = Home::new("");
        let play = Play {
            stage: self,
            user,
            home,
            imap,
            smtp,
        };
        play.home.configure(&play.account("work"));
        play
    }
}

/// Appends a letter of that subject; its Message-ID is made of it.
pub fn letter(look: &mut Look, mailbox: &str, subject: &str) {
    let filler = "Words to make it longer than nothing.\r\n".repeat(8);
    let raw = format!(
        "From: bo@example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\r\n{filler}"
    );
    look.append(mailbox, raw.as_bytes()).finish().unwrap();
}

/// One telling: a user, a home, and what is between them.
pub struct Play<'s> {
    stage: &'s Stage,
    /// The user's name, of the same length in every telling.
    pub user: String,
    /// The program's home.
    pub home: Home,
    /// Between the program and IMAP.
    pub imap: Proxy,
    /// Between the program and submission.
    pub smtp: Proxy,
}

impl<'s> Play<'s> {
    /// The same once more for another user: mail, databases, everything but the proxies' counts.
    pub fn again(&self) -> Play<'s> {
        let next = self.fresh_home();
        for name in ["cache.db", "local.db"] {
            for suffix in ["", "-wal"] {
                let file = format!("{name}{suffix}");
                let from = self.home.path.join(&file);
                if from.exists() {
                    std::fs::copy(&from, next.home.path.join(&file)).unwrap();
                }
            }
        }
        next
    }

    /// The same mail for another user, and an empty home.
    pub fn fresh_home(&self) -> Play<'s> {
        let next = self.stage.play();
        self.stage.server.copy_user(&self.user, &next.user);
        next
    }

    /// The account's table; every telling's account looks alike but for user and ports.
    pub fn account(&self, name: &str) -> String {
        format!(
            "[[account]]\nname = \"{name}\"\nemail = \"ada@example.test\"\nuser = \"{}\"\n\
             password-command = [\"echo\", \"secret\"]\nbodies = \"all\"\n\
             imap = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n\
             smtp = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n",
            self.user, self.imap.port, self.smtp.port
        )
    }

    /// A session of the same user past the program.
    pub fn look(&self) -> Look {
        let socket = TcpStream::connect(("127.0.0.1", self.stage.server.imap)).unwrap();
        let mut client = imap::Client::new(socket);
        client.read_greeting().unwrap();
        let session = client.login(&self.user, "secret");
        session.map_err(|(e, _)| e).unwrap()
    }

    /// Runs `sync --once`.
    pub fn sync(&self) -> Ran {
        self.home.run(&["sync", "--once"])
    }

    /// Lets it run until nothing is left to be done, as time and the user would: what waits for its
    /// next try is due at once.
    #[track_caller]
    pub fn settle(&self) {
        self.imap.disarm();
        self.smtp.disarm();
        let due = "UPDATE outbox SET next_try = 0 WHERE state = 'queued'";
        if local(&self.home).exists() {
            // A file without tables was cut while it was made.
            let _ = write(&local(&self.home)).execute(due, []);
        }
        self.sync().code(0);
    }

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

    /// Fails unless one more sync changes nothing on the server and fetches nothing.
    #[track_caller]
    pub fn is_quiet(&self) {
        self.imap.disarm();
        self.smtp.disarm();
        let report = self.home.json(&["sync", "--once"]);
        let (headers, bodies) = (
            &report["accounts"][0]["headers"],
            &report["accounts"][0]["bodies"],
        );
        assert_eq!((headers, bodies), (&0.into(), &0.into()), "{report}");
        let said = String::from_utf8_lossy(&self.imap.said()).into_owned();
        for word in [
            "STORE", "COPY", "MOVE", "EXPUNGE", "APPEND", "CREATE", "DELETE", "RENAME",
        ] {
            let found = said
                .lines()
                .find(|l| l.split(' ').skip(1).take(2).any(|w| w == word));
            assert_eq!(found, None, "{said}");
        }
        assert!(self.smtp.said().is_empty(), "something was sent once more");
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

    /// What is durable of what a user asked for: the configuration's size, and how many actions
    /// were recorded.
    pub fn recorded(&self) -> (u64, u64) {
        let config = std::fs::metadata(self.home.path.join("config.toml"));
        let path = local(&self.home);
        let actions = path
            .exists()
            .then(|| read(&path).query_row("SELECT count(*) FROM action", [], |r| r.get(0)));
        (config.unwrap().len(), actions.map_or(0, |n| n.unwrap_or(0)))
    }

    /// How often a message of that Message-ID was delivered.
    pub fn delivered(&self, id: &str) -> usize {
        self.stage.sink.count(id)
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
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db
}

/// A database for meddling.
pub fn write(path: &Path) -> Connection {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
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
