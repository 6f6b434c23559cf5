//! What every case needs: the server and whose mail is on it, how often to repeat, and the table.

use crate::corpus::{Corpus, Size};
use crate::dovecot::Dovecot;
use crate::floor::drain_headers;
use crate::maildir;
use crate::program::Home;
use crate::table::Table;
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

/// The user whose INBOX has [`Lab::count`] messages.
pub const MANY: &str = "many";
/// The user who has no mail.
pub const NOBODY: &str = "nobody";

/// Where it is measured.
pub struct Lab {
    /// The server.
    pub server: Dovecot,
    /// Messages in the mailbox of most cases.
    pub count: usize,
    /// Messages that are fetched whole.
    pub letters: usize,
    /// Messages of the case that only `--huge` runs.
    pub huge: usize,
    /// How often each is measured.
    pub runs: usize,
    /// What was found.
    pub table: Table,
    written: BTreeSet<String>,
    /// Homes that are elsewhere; they go with this.
    far: Vec<TempDir>,
}

/// A file system in memory, if there is one.
const MEMORY: &str = "/dev/shm";
/// Mailboxes with more messages than this lie there if there is room.
const IN_MEMORY: usize = 200_000;
/// What a million messages and what the server keeps of them may take, in octets.
const ROOM: u64 = 7_000_000_000;

fn roomy() -> bool {
    let free = rustix::fs::statvfs(MEMORY).map_or(0, |s| s.f_bavail * s.f_frsize);
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|l| l.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|l| l.trim().split(' ').next()?.parse::<u64>().ok());
    free.min(kib.unwrap_or(0) * 1_024) > ROOM
}

impl Lab {
    /// With a server that has no mail yet.
    pub fn new(server: Dovecot, count: usize, letters: usize, huge: usize, runs: usize) -> Lab {
        Lab {
            server,
            count,
            letters,
            huge,
            runs,
            table: Table::default(),
            written: BTreeSet::new(),
            far: Vec::new(),
        }
    }

    /// The folder in which every user of the server has a home.
    pub fn homes(&self) -> PathBuf {
        self.server.ca_file().with_file_name("home")
    }

    /// Whether a user is new here, and is to be given mail.
    pub fn is_new(&mut self, user: &str) -> bool {
        self.written.insert(user.to_owned())
    }

    /// A user with so many messages, which the server has read once: what it took then is what a
    /// server takes that has to open every file.
    pub fn mail(&mut self, user: &str, count: usize, size: Size) {
        if !self.is_new(user) {
            return;
        }
        let from = Instant::now();
        // A million small files are many on a disk, and few in memory.
        if count > IN_MEMORY && roomy() {
            let folder = tempfile::tempdir_in(MEMORY).unwrap();
            symlink(folder.path(), self.homes().join(user)).unwrap();
            self.far.push(folder);
        }
        maildir::write(&self.homes(), user, &Corpus::new(count, size));
        println!(
            "{user}: {count} messages written in {:.1} s",
            from.elapsed().as_secs_f64()
        );
        let cold = drain_headers(self.server.imaps, user);
        let warm = drain_headers(self.server.imaps, user);
        println!(
            "{user}: the server reads its files for the first time: {:.2} s; drained again: {:.2} s, {:.1} MB",
            cold.wall.as_secs_f64(),
            warm.wall.as_secs_f64(),
            warm.octets as f64 / 1e6
        );
    }

    /// A new home for a user, over TLS, without bodies unless a command asks for them.
    pub fn home(&self, user: &str) -> Home {
        let account = self.server.account("bench", user);
        Home::new(&format!("{account}bodies = \"none\"\n"))
    }
}
