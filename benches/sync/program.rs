//! The program under measurement as a whole process: a home of its own, what a run cost, and a
//! terminal in which it shows itself.
//!
//! What a process cost is what the kernel says of a child that was waited for. The kernel counts the
//! memory of the process that started it too, so a process that is small starts each: this program
//! once more, with `--meter`.

use crate::pty::Terminal;
use crate::shared::program;
use nix::sys::resource::{UsageWho, getrusage};
use portable_pty::CommandBuilder;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Columns and rows of the terminal: sixty messages fit in it.
pub const COLUMNS: u16 = 150;
/// See [`COLUMNS`].
pub const ROWS: u16 = 70;

/// What a run of a process, with all that it waited for, took.
#[derive(Clone, Copy)]
pub struct Cost {
    /// From before it began until it was gone.
    pub wall: Duration,
    /// On a processor, in the program and in the kernel.
    pub cpu: Duration,
    /// The most memory that was resident, in octets.
    pub rss: u64,
}

/// `--meter FILE PROGRAM ARGUMENT...`: runs it and writes what it cost into the file.
pub fn meter(args: &[OsString]) {
    let [file, program, args @ ..] = args else {
        panic!("--meter FILE PROGRAM ARGUMENT...");
    };
    let from = Instant::now();
    let status = Command::new(program).args(args).status().unwrap();
    let wall = from.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let micros = |t: nix::sys::time::TimeVal| t.tv_sec() * 1_000_000 + t.tv_usec();
    let cpu = micros(used.user_time()) + micros(used.system_time());
    let line = format!("{} {cpu} {}", wall.as_micros(), used.max_rss());
    fs::write(file, line).unwrap();
    std::process::exit(status.code().unwrap_or(255));
}

/// Runs a command to its end, which must be a good one.
pub fn measured(command: &Command) -> (Cost, Vec<u8>) {
    let told = tempfile::NamedTempFile::new().unwrap();
    let mut outer = Command::new(std::env::current_exe().unwrap());
    outer.arg("--meter").arg(told.path());
    outer.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(key, value),
            None => outer.env_remove(key),
        };
    }
    let out = outer.stdin(Stdio::null()).output().unwrap();
    assert!(
        out.status.success(),
        "{command:?}: {}\n{}",
        out.status,
        String::from_utf8_lossy(&out.stderr)
    );
    let line = fs::read_to_string(told.path()).unwrap();
    let mut numbers = line.split(' ').map(|n| n.parse::<u64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let cost = Cost {
        wall: Duration::from_micros(next()),
        cpu: Duration::from_micros(next()),
        rss: next() * 1_024,
    };
    (cost, out.stdout)
}

/// A home for one account.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// With this account in its configuration.
    pub fn new(account: &str) -> Home {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::Builder::new().prefix("prb").tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, account).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Home { folder }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(args)
            .env("POSTRIDER_HOME", self.path())
            .env("TZ", "UTC")
            .env_remove("POSTRIDER_LOG");
        command
    }

    /// `sync --once` with such bodies: what it cost.
    pub fn sync(&self, bodies: &str) -> Cost {
        measured(&self.command(&["sync", "--once", "--bodies", bodies])).0
    }

    /// `sync --once` with every body: what it cost, and how many bodies it fetched.
    pub fn sync_whole(&self) -> (Cost, u64) {
        let args = ["sync", "--once", "--bodies", "all", "--json"];
        let (cost, out) = measured(&self.command(&args));
        let value: Value = serde_json::from_slice(&out).unwrap();
        (cost, value["accounts"][0]["bodies"].as_u64().unwrap())
    }

    fn json(&self, args: &[&str]) -> Value {
        let out = self.command(args).arg("--json").output().unwrap();
        serde_json::from_slice(&out.stdout).unwrap()
    }

    /// Wants so many messages in the INBOX: a run that is fast because it did nothing is no result.
    pub fn must_hold(&self, count: usize) {
        let value = self.json(&["mailboxes"]);
        let boxes = value["mailboxes"].as_array().unwrap();
        let inbox = boxes.iter().find(|b| b["name"] == "INBOX").unwrap();
        let total = inbox["total"].as_u64().unwrap();
        assert_eq!(total, count as u64, "the sync is not complete");
        // What is listed, past any counter.
        let value = self.json(&["list", "-m", "INBOX", "--limit", "1"]);
        assert_eq!(value["count"].as_u64(), Some(count as u64));
    }

    /// How many messages a search finds.
    pub fn found(&self, query: &str) -> u64 {
        let value = self.json(&["search", query, "--limit", "1"]);
        value["count"].as_u64().unwrap()
    }

    /// The program's screen.
    pub fn screen(&self) -> Terminal {
        let mut command = CommandBuilder::new(program());
        command.env("POSTRIDER_HOME", self.path());
        Terminal::start(command, COLUMNS, ROWS)
    }

    /// Octets of the cache on disk.
    pub fn cache_size(&self) -> u64 {
        let entries = fs::read_dir(self.path()).unwrap().flatten();
        let cache = entries.filter(|e| e.file_name().to_string_lossy().starts_with("cache.db"));
        cache
            .filter_map(|e| e.metadata().ok())
            .map(|m| m.len())
            .sum()
    }
}
