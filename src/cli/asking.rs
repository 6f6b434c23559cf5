//! Whose turn it is to talk to servers: ours, if nobody else does; else the one that does is asked
//! to look, and its answer is waited for.

use super::exit::{self, Failure};
use super::home::Home;
use super::say::aside;
use crate::config::lock::{self, EngineLock};
use crate::model::{Account, AccountName};
use crate::store::Local;
use anyhow::{Context as _, Result};
use std::time::{Duration, Instant};

/// So long another process is waited for by what ends by itself.
const TURN: Duration = Duration::from_secs(60);
/// How often it is looked whether there is an answer.
const LOOK: Duration = Duration::from_millis(100);
/// Whoever only finishes something is waited for without a word.
const MOMENT: Duration = Duration::from_secs(1);

/// Who looks.
pub(super) enum Turn {
    /// This process: it has the lock.
    Ours(EngineLock),
    /// The other one did, for all that it was asked for; `false` for accounts that it can't reach.
    Theirs(Vec<(AccountName, bool)>),
}

/// Takes the lock, or asks the process that has it to look at these accounts and waits for the
/// answer. That process may end meanwhile: then it is our turn.
///
/// # Errors
/// No answer within a minute, or the lock or a database can't be used.
pub(super) fn take_or_ask(home: &Home, accounts: &[Account]) -> Result<Turn> {
    if let Some(lock) = EngineLock::try_take(&home.paths.lock)? {
        return Ok(Turn::Ours(lock));
    }
    let mut local = Local::open(&home.paths.local)?;
    let mut open = Vec::new();
    for account in accounts {
        open.push((&account.name, local.ask_turn(&account.name)?));
    }
    lock::ring(&home.paths.bell);
    aside!("another postrider talks to the servers; it is asked to look");
    let mut answers = Vec::new();
    let until = Instant::now() + TURN;
    while Instant::now() < until {
        std::thread::sleep(LOOK);
        let mut rest = Vec::new();
        for (name, number) in open {
            match local.read().turn_answer(name, number)? {
                Some(done) => answers.push((name.clone(), done)),
                None => rest.push((name, number)),
            }
        }
        open = rest;
        if open.is_empty() {
            return Ok(Turn::Theirs(answers));
        }
        if let Some(lock) = EngineLock::try_take(&home.paths.lock)? {
            return Ok(Turn::Ours(lock));
        }
    }
    let why = "another postrider talks to the servers, and did not answer within a minute";
    Err(Failure::new(exit::TEMPORARY, why).into())
}

/// Waits until no other process of this home talks to servers, for ever or as long as somebody who
/// has nothing else to do.
///
/// # Errors
/// When the lock can't be had at all.
pub(super) fn wait_for_turn(home: &Home, for_ever: bool) -> Result<EngineLock> {
    if let Some(lock) = EngineLock::try_take(&home.paths.lock)? {
        return Ok(lock);
    }
    lock::ring(&home.paths.bell);
    aside!(
        "another postrider talks to the servers; it is told to look, and this one waits for its turn"
    );
    if for_ever {
        return EngineLock::take(&home.paths.lock).context("the engine's lock");
    }
    wait(home, TURN)?.ok_or_else(|| {
        let why = "another postrider still talks to the servers; it was told to look";
        Failure::new(exit::TEMPORARY, why).into()
    })
}

/// The lock, for what only the process that has it can do: where another one has it that is said at
/// once.
///
/// # Errors
/// Another process has the lock, or it can't be had at all.
pub(super) fn turn_now(home: &Home, what: &str) -> Result<EngineLock> {
    wait(home, MOMENT)?.ok_or_else(|| {
        let why = format!("postrider is running and talks to the servers: quit it, then {what}");
        Failure::new(exit::TEMPORARY, why).into()
    })
}

fn wait(home: &Home, patience: Duration) -> Result<Option<EngineLock>> {
    let until = Instant::now() + patience;
    loop {
        if let Some(lock) = EngineLock::try_take(&home.paths.lock).context("the engine's lock")? {
            return Ok(Some(lock));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}
