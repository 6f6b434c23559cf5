//! A rig for stories that are told again and again with something going wrong at another place each
//! time: one server, and for every telling a user of its own with a copy of the same mail and a
//! home that is a copy of the same home, behind proxies of its own.
//!
//! Everything is in the clear, so that what passes can be read and cut at a chosen octet. What is
//! left in the end is compared as [`Dump`]s, without row ids and times.

use crate::dovecot::Dovecot;
use crate::dump::{Dump, cache, local, read, rows, write};
use crate::program::{Home, Ran};
use crate::proxy::Proxy;
use crate::smtp::Sink;
use postrider::model::{
    AccountName, MailboxName, MessageId, MessageKey, NewOp, OpKind, Uid, UidValidity,
};
use postrider::store::Local;
use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A session past the program under test.
pub type Look = imap::Session<TcpStream>;

/// How many times as many points are to be tried as in an ordinary run: `FAULTS`, a number or `all`.
fn times() -> usize {
    match std::env::var("FAULTS").as_deref() {
        Ok("all") => usize::MAX,
        Ok(number) => number.parse().unwrap(),
        Err(_) => 1,
    }
}

/// So many of `all`, evenly spread; more, or all of them, if that was asked for.
pub fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let (len, most) = (all.len(), most.saturating_mul(times()));
    if len <= most {
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
    /// The port that messages are handed to.
    door: u16,
    next: AtomicU32,
}

impl Stage {
    /// Starts it; `None` if there is no Dovecot.
    pub fn start() -> Option<Stage> {
        let sink = Sink::start();
        let server = Dovecot::start(Some(&sink))?;
        let next = AtomicU32::new(0);
        let door = server.submission;
        Some(Stage {
            server,
            sink,
            door,
            next,
        })
    }

    /// The same, but messages go to the sink itself, with nothing in between.
    pub fn before_the_sink() -> Option<Stage> {
        let stage = Stage::start()?;
        let door = stage.sink.port;
        Some(Stage { door, ..stage })
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
        let smtp = Proxy::start("127.0.0.1", self.door);
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
        // All that waits is this user's now.
        if local(&next.home).exists() {
            let db = write(&local(&next.home));
            let sql = "UPDATE account_of SET user = ?1 WHERE account = 'work'";
            db.execute(sql, [&next.user]).unwrap();
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

/// What the program is run to do: its arguments and its input.
pub struct Act {
    /// The command line.
    pub args: Vec<String>,
    /// Standard input.
    pub input: String,
}

/// An act without input.
pub fn act(args: &[&str]) -> Act {
    Act {
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        input: String::new(),
    }
}

/// A scenario: what happens first, undisturbed, and what the program does then.
pub struct Scenario {
    /// For a test that fails.
    pub name: &'static str,
    /// Whether the home is empty when it begins.
    pub fresh: bool,
    /// What is done undisturbed.
    pub before: fn(&Play<'_>),
    /// What the program is run to do.
    pub acts: fn(&Play<'_>) -> Vec<Act>,
    /// Whether this end is as good as the undisturbed one; asked only if it is another.
    pub also: fn(&Play<'_>) -> bool,
    /// What must be so in any case.
    pub always: fn(&Play<'_>),
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            name: "",
            fresh: false,
            before: |_| {},
            acts: |_| vec![act(&["sync", "--once"])],
            also: |_| false,
            always: |_| {},
        }
    }
}

/// Runs an act with one more word in its environment.
pub fn run(home: &Home, act: &Act, env: (&str, &str)) -> std::process::Output {
    let args: Vec<&str> = act.args.iter().map(String::as_str).collect();
    let mut command: Command = home.command(&args);
    command.stdin(Stdio::piped()).env(env.0, env.1);
    let mut child = command.spawn().unwrap();
    // One that is killed before it has read everything is what we want.
    let _ = child.stdin.take().unwrap().write_all(act.input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A telling up to where the acts begin.
pub fn begin<'s>(scenario: &Scenario, template: &Play<'s>) -> Play<'s> {
    let play = if scenario.fresh {
        template.fresh_home()
    } else {
        template.again()
    };
    (scenario.before)(&play);
    play
}

impl Scenario {
    /// Lets a telling run to its end and fails unless that is as good as the undisturbed one.
    #[track_caller]
    pub fn judge(&self, play: &Play<'_>, golden: &Dump, what: &str) {
        play.settle();
        let dump = play.dump();
        if dump != *golden && !(self.also)(play) {
            panic!("{}, {what}:{}", self.name, golden.against(&dump));
        }
        (self.always)(play);
        play.is_quiet();
    }
}

/// Something done past the program, in a session that is signed out afterwards.
pub fn past(play: &Play<'_>, work: impl FnOnce(&mut Look)) {
    let mut look = play.look();
    work(&mut look);
    look.logout().unwrap();
}

/// Queues a copy, as the screen does; no command can.
pub fn copy(play: &Play<'_>, subject: &str, to: &str) {
    let id = format!("{subject}@example.test");
    let sql = format!(
        "SELECT b.uidvalidity, l.uid, m.size FROM location l JOIN mailbox b ON b.id = l.mailbox
         JOIN message m ON m.id = l.message WHERE m.message_id LIKE '%{id}%' AND b.path = 'INBOX'"
    );
    let found = rows(&read(&cache(&play.home)), &sql);
    let numbers: Vec<u32> = found[0].split('|').map(|n| n.parse().unwrap()).collect();
    let op = NewOp {
        account: AccountName("work".to_owned()),
        kind: OpKind::Copy {
            to: MailboxName::new(to.as_bytes().to_vec()),
        },
        keys: vec![MessageKey {
            mailbox: MailboxName::new(*b"INBOX"),
            uidvalidity: UidValidity(numbers[0]),
            uid: Uid::new(numbers[1]).unwrap(),
            message_id: MessageId::new(&id),
            size: u64::from(numbers[2]),
        }],
    };
    let mut local = Local::open(&local(&play.home)).unwrap();
    local.act("Copied", 0, &[op]).unwrap();
}

/// The letter that a telling sends; its Message-ID is made of the user's name.
pub fn message(play: &Play<'_>) -> String {
    let filler = "A line of a letter that is long enough to be cut in two.\r\n".repeat(40);
    let id = &play.user;
    format!(
        "From: ada@example.test\r\nTo: bo@example.test\r\nSubject: {id}\r\nMessage-ID: <{id}@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\n\r\n{filler}"
    )
}

/// A letter sent and filed: exactly once, or at most once and the user is asked.
pub fn sending() -> Scenario {
    Scenario {
        name: "send and file",
        acts: |play| {
            vec![Act {
                input: message(play),
                ..act(&["send", "--wait"])
            }]
        },
        also: |play| {
            // The crash came when the dot may have been out: the user is asked.
            let outbox = rows(&read(&local(&play.home)), "SELECT state FROM outbox");
            outbox == ["in-doubt"] && play.there()["Sent"].is_empty()
        },
        always: |play| {
            let outbox = rows(&read(&local(&play.home)), "SELECT state FROM outbox");
            let times = play.delivered(&format!("{}@example.test", play.user));
            match outbox[..] {
                [ref one] if one == "sent" => assert_eq!(times, 1),
                _ => assert!(times <= 1, "{outbox:?}"),
            }
        },
        ..Scenario::default()
    }
}
