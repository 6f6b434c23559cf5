//! What one feels of the real program in a terminal, with a million messages cached:
//! `cargo bench --bench screen`. `MESSAGES` sets how many, `MINUTES` how long the scripted session
//! takes, `IDLE` for how many seconds nothing is done, `POSTRIDER` another build of the program.
//!
//! It tells the time from the start to the first frame with mail in it, the turns of the screen that
//! took more than a frame (the program's own log says so), the calls that wake it while nothing is
//! scheduled (strace, where there is one), and the size of a binary that was named. Wall time counts: run
//! it on a quiet machine. What is wanted stands beside each figure, and the exit code says whether all is met.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for developers that prints its answer and may panic"
)]

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use postrider::demo::{Demo, Options};
use postrider::model::{
    Account, AccountName, Address, Envelope, Flags, MessageId, SecretSource, System, Uid,
    UidValidity,
};
use postrider::store::{Cache, CursorMove, NewMessage};
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

mod shared;

/// Messages of one transaction.
const BATCH: u32 = 1_000;
/// Starts of which the median is told.
const STARTS: usize = 9;
/// How long anything may take to come about.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long after a start whatever follows it is over: bodies that are fetched, the minute for which the
/// connection that fetched them is kept, merges of the index.
const SETTLED: Duration = Duration::from_secs(90);
/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (160, 50);
/// What is wanted.
const FIRST_FRAME: Duration = Duration::from_millis(30);
const BINARY: u64 = 25_000_000;

/// What is typed again and again in the session, and what it does.
const SESSION: &[&str] = &[
    "j",
    "j",
    "j",
    "k",
    "\x04",
    "\x06",
    "\x02",
    "G",
    "gg",
    "x",
    "x",
    "\r",
    " ",
    "n",
    "q",
    "/",
    "lunch",
    "\x1b",
    "\x1b",
    "T",
    "T",
    "\x17",
    "\x17",
    "\x17",
    "\x17",
    "\x17",
    ";",
    ";",
    "?",
    "\x1b",
    "\x0b",
    "theme",
    "\x1b",
    ":",
    "sort from",
    "\x1b",
    "gc",
    "gi",
    "go",
    "gi",
    "s",
    "z",
    ",",
    "\x1b",
];

fn main() -> ExitCode {
    let number =
        |name: &str, usual: u64| std::env::var(name).map_or(usual, |n| n.parse::<u64>().unwrap());
    let count = u32::try_from(number("MESSAGES", 1_000_000)).unwrap();
    let minutes = number("MINUTES", 10);
    let idle = number("IDLE", 60);
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o700)).unwrap();
    fill(&home.join("cache.db"), count);
    settle(home);
    let mut met = true;
    let mut tell = |what: &str, found: String, wanted: &str, good: bool| {
        met &= good;
        let sign = if good { "ok" } else { "NOT MET" };
        println!("{what:<48} {found:>16}   wanted {wanted:<12} {sign}");
    };

    let mut starts: Vec<Duration> = (0..STARTS).map(|_| first_frame(home)).collect();
    starts.sort();
    let median = starts[STARTS / 2];
    tell(
        &format!("start to first frame, {count} messages"),
        format!("{median:.1?}"),
        "< 30 ms",
        median < FIRST_FRAME,
    );

    let log = home.join("postrider.log");
    let before = slow_turns(&log).len();
    let (keys, typed) = session(home, Duration::from_secs(60 * minutes));
    let slow = slow_turns(&log).split_off(before);
    tell(
        &format!("frames over 16 ms, {minutes} min, {keys} keys"),
        format!("{} at {typed} steps", slow.len()),
        "none",
        slow.is_empty(),
    );
    for line in slow.iter().take(10) {
        println!("    {line}");
    }

    match wake_ups(dir.path(), Duration::from_secs(idle)) {
        Ok(calls) => {
            tell(
                &format!("wake-ups in {idle} s of doing nothing"),
                calls.len().to_string(),
                "none",
                calls.is_empty(),
            );
            for call in calls.iter().take(20) {
                println!("    {call}");
            }
        }
        Err(why) => tell(
            &format!("wake-ups in {idle} s of doing nothing: {why}"),
            "not measured".to_owned(),
            "none",
            false,
        ),
    }

    // What this was built with is larger than what is shipped.
    if std::env::var_os("POSTRIDER").is_some() {
        let binary = std::fs::metadata(shared::program()).unwrap().len();
        tell(
            "size of the binary",
            format!("{:.2} MB", binary as f64 / 1e6),
            "< 25 MB",
            binary < BINARY,
        );
    }
    match met {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// A program in a terminal of its own.
struct Terminal {
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    seen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    began: Instant,
}

impl Terminal {
    fn start(home: &Path, args: &[&str]) -> Terminal {
        let size = PtySize {
            rows: SIZE.1,
            cols: SIZE.0,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(shared::program());
        command.args(args);
        command.env("POSTRIDER_HOME", home);
        command.env("TERM", "xterm-256color");
        command.env_remove("LC_ALL");
        command.env_remove("LC_MESSAGES");
        command.env("LANG", "C.UTF-8");
        command.env("POSTRIDER_LOG", "warn");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let some = |n| NonZero::new(n).unwrap();
        let parser = vt100::Parser::new(some(SIZE.1), some(SIZE.0), 0);
        let seen = Arc::new((Mutex::new(parser), Condvar::new()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 64 * 1024];
            while let Ok(n) = reader.read(&mut buffer)
                && n > 0
            {
                shared.0.lock().unwrap().process(&buffer[..n]);
                shared.1.notify_all();
            }
        });
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        Terminal {
            _master: pair.master,
            writer,
            child,
            seen,
            began,
        }
    }

    fn wait_for(&self, wanted: &str) -> Duration {
        let (lock, bell) = &*self.seen;
        let shows = |p: &mut vt100::Parser| !p.screen().contents().contains(wanted);
        let guard = lock.lock().unwrap();
        let (guard, over) = bell.wait_timeout_while(guard, PATIENCE, shows).unwrap();
        assert!(
            !over.timed_out(),
            "{wanted}:\n{}",
            guard.screen().contents()
        );
        self.began.elapsed()
    }

    fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Ends it as a shell does that goes away.
    fn end(mut self) {
        let pid = self.child.process_id().unwrap().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        self.child.wait().unwrap();
    }
}

/// From the start to the first subject on the screen.
fn first_frame(home: &Path) -> Duration {
    let terminal = Terminal::start(home, &[]);
    let took = terminal.wait_for("lunch");
    terminal.end();
    took
}

/// Types for so long; how many keys and how many events there were.
fn session(home: &Path, time: Duration) -> (usize, usize) {
    let mut terminal = Terminal::start(home, &[]);
    terminal.wait_for("lunch");
    let (mut keys, mut rounds) = (0, 0);
    while terminal.began.elapsed() < time {
        for typed in SESSION {
            terminal.send(typed);
            keys += typed.chars().count();
            // As fast as somebody who knows what comes.
            std::thread::sleep(Duration::from_millis(60));
        }
        rounds += 1;
    }
    terminal.end();
    (keys, rounds * SESSION.len())
}

/// What the program's log says of turns that took too long.
fn slow_turns(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let slow = text
        .lines()
        .filter(|l| l.contains("a slow turn of the screen"));
    slow.map(str::to_owned).collect()
}

/// The calls that came back in any thread while nothing was done: of a program that is connected and
/// waits for mail, which does not come. The server is the demo's, in this process, where its own threads
/// are not counted.
fn wake_ups(folder: &Path, time: Duration) -> Result<Vec<String>, String> {
    let server = Demo::start(Options::still()).map_err(|e| format!("the demo: {e}"))?;
    let accounts = server.accounts();
    let account = accounts.first().ok_or("the demo has no account")?;
    let home = &folder.join("quiet");
    connected_to(home, account);
    let terminal = Terminal::start(home, &[]);
    terminal.wait_for("connected");
    std::thread::sleep(SETTLED);
    let pid = terminal.child.process_id().unwrap().to_string();
    let out = home.join("strace.txt");
    let trace = Command::new("strace")
        .args(["-f", "-tt", "-p", &pid, "-o"])
        .arg(&out)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut trace = trace.map_err(|e| format!("strace: {e}"))?;
    std::thread::sleep(time);
    // Who may not attach ends at once, and has seen nothing.
    let over = trace.try_wait().map_err(|e| format!("strace: {e}"))?;
    let tracer = trace.id().to_string();
    let _ = Command::new("kill").args(["-INT", &tracer]).status();
    let said = trace.wait_with_output();
    terminal.end();
    let said = said.map_err(|e| format!("strace: {e}"))?.stderr;
    let said = String::from_utf8_lossy(&said);
    if over.is_some() || !said.contains("attached") {
        let first = said.lines().next().unwrap_or("it ended");
        return Err(format!("strace: {first}"));
    }
    let text = std::fs::read_to_string(&out).unwrap_or_default();
    // What each thread waits in is told when strace comes, and once more when it goes.
    let waits = |l: &&str| {
        l.contains("<unfinished ...>")
            || l.contains("<detached ...>")
            || l.contains("restart_syscall")
    };
    let calls = text.lines().filter(|l| !waits(l)).map(str::to_owned);
    Ok(calls.collect())
}

/// A home with this account of the demo's.
fn connected_to(home: &Path, account: &Account) {
    let SecretSource::Memory(password) = &account.secret else {
        panic!("the demo's password is known");
    };
    let config = format!(
        "[[account]]\nname = \"quiet\"\nemail = \"{}\"\nuser = \"{}\"\npassword-command = [\"echo\", \"{}\"]\n\
         imap = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n\
         smtp = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n",
        account.email,
        account.user,
        password.0.reveal(),
        account.imap.port,
        account.smtp.port
    );
    std::fs::create_dir(home).unwrap();
    std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o700)).unwrap();
    written(home, &config);
}

/// A home with an account whose server can't be reached, as on a journey.
fn settle(home: &Path) {
    let config = "[[account]]\nname = \"work\"\nemail = \"me@y.example\"\npassword-command = [\"false\"]\n\
        imap = { host = \"127.0.0.1\", port = 9, security = \"none\" }\n\
        smtp = { host = \"127.0.0.1\", port = 9, security = \"none\" }\n";
    written(home, config);
}

fn written(home: &Path, config: &str) {
    let path = home.join("config.toml");
    std::fs::write(&path, config).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn fill(path: &Path, count: u32) {
    let mut cache = Cache::open(path, 1).unwrap().cache;
    let account = AccountName("work".to_owned());
    let id = shared::inbox(&mut cache, &account);
    let mut from = 1;
    while from <= count {
        let to = (from + BATCH).min(count + 1);
        let batch: Vec<NewMessage> = (from..to).map(|n| message(n, count)).collect();
        cache
            .ingest(id, UidValidity(7), &batch, Some(CursorMove::default()))
            .unwrap();
        from = to;
    }
}

/// One in twenty is unread, one in three is an answer to the one before it.
fn message(n: u32, count: u32) -> NewMessage {
    let mut flags = System(0);
    if !n.is_multiple_of(20) {
        flags = flags | System::SEEN;
    }
    let id = |n: u32| MessageId::new(&format!("{n}@x.example"));
    let from = if n.is_multiple_of(7) { "grace" } else { "ada" };
    let answers = n.is_multiple_of(3).then(|| id(n - 1)).flatten();
    NewMessage {
        uid: Uid::new(n).unwrap(),
        flags: Flags::of(flags),
        internal_date: 1_795_262_400 - i64::from(count - n) * 60,
        size: 4_000,
        envelope: Envelope {
            message_id: id(n),
            references: answers.into_iter().collect(),
            from: vec![Address::new(from, format!("{from}@x.example"))],
            to: vec![Address::new("", "me@y.example")],
            subject: format!("lunch {n}"),
            ..Envelope::default()
        },
        identity: None,
        thread_hint: None,
    }
}
