//! What several of these programs need: the program that is measured, a mailbox to
//! fill, and the time that this thread had.
#![allow(dead_code, reason = "each of them needs a part")]

use postrider::model::{AccountName, MailboxId, MailboxName, Role};
use postrider::store::{Cache, MailboxInfo};
use rustix::time::{ClockId, clock_gettime};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The program that is measured: `POSTRIDER`, else the one that was built with this.
pub fn program() -> PathBuf {
    std::env::var_os("POSTRIDER").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_postrider")),
        PathBuf::from,
    )
}

/// A mailbox that can be opened.
pub fn mailbox(wire: &str, role: Role) -> MailboxInfo {
    MailboxInfo {
        name: MailboxName::new(wire),
        path: wire.to_owned(),
        delimiter: Some('/'),
        role: Some(role),
        selectable: true,
        mailbox_id: None,
        contents: None,
        was: None,
    }
}

/// An account's inbox, made.
pub fn inbox(cache: &mut Cache, account: &AccountName) -> MailboxId {
    cache.ensure_account(account).unwrap();
    let inbox = mailbox("INBOX", Role::Inbox);
    cache.set_mailboxes(account, &[inbox], 0, &[]).unwrap();
    let name = MailboxName::new("INBOX");
    let found = cache.read().mailbox_named(account, &name).unwrap();
    found.unwrap().id
}

/// The time that this thread had on a processor.
pub fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap(),
    )
}

/// Time of this thread on a processor, and on the clock.
#[derive(Default)]
pub struct Spent {
    pub cpu: Duration,
    pub wall: Duration,
}

impl Spent {
    /// Where a piece of work begins.
    pub fn now() -> (Duration, Instant) {
        (cpu(), Instant::now())
    }

    /// Adds what it took since then.
    pub fn add(&mut self, (from, wall): (Duration, Instant)) {
        self.cpu += cpu() - from;
        self.wall += wall.elapsed();
    }

    /// Microseconds on a processor for each of so many.
    pub fn each(&self, count: usize) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count.max(1) as f64
    }
}
