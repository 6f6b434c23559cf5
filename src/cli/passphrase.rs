//! What is typed at a terminal and not shown: passwords, and the passphrase of the encrypted file,
//! which is asked for once a command.

use super::exit::{self, Failure};
use super::say::aside;
use crate::config::secrets::{SecretError, Secrets};
use crate::model::{Account, Secret};
use anyhow::Result;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use zeroize::Zeroizing;

/// How often a passphrase may be mistyped.
const TRIES: usize = 3;

/// Asks for the passphrase of the encrypted file, if one of these accounts has its secret there and
/// nobody typed it yet.
///
/// # Errors
/// Without a terminal; when it was mistyped three times.
pub fn unlock(secrets: &Secrets, accounts: &[Account]) -> Result<()> {
    if !secrets.must_unlock(accounts) {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let told = SecretError::Locked.to_string();
        return Err(Failure::new(exit::REFUSED, told).into());
    }
    let mut last = String::new();
    for _ in 0..TRIES {
        let typed = hidden("Passphrase of secrets.age")?;
        match secrets.vault().unlock(&typed) {
            Ok(()) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
        aside!("  {last}");
    }
    Err(Failure::new(exit::REFUSED, last).into())
}

/// Makes the encrypted file, with a passphrase that is typed twice; one that is there is opened.
/// `false`: nothing was typed, so there is none.
///
/// # Errors
/// When it can't be written, or the input ends.
pub fn make(secrets: &Secrets) -> Result<bool> {
    if secrets.vault().is_there() {
        for _ in 0..TRIES {
            let typed = hidden("Passphrase of secrets.age")?;
            match secrets.vault().unlock(&typed) {
                Ok(()) => return Ok(true),
                Err(error) => aside!("  {error}"),
            }
        }
        return Ok(false);
    }
    loop {
        let typed = hidden("A passphrase for an encrypted file (empty: none)")?;
        if typed.reveal().is_empty() {
            return Ok(false);
        }
        if hidden("Once more")?.reveal() == typed.reveal() {
            secrets.vault().create(&typed)?;
            return Ok(true);
        }
        aside!("  these are two different ones");
    }
}

/// Asks for something that is not shown where there is a terminal.
///
/// # Errors
/// When the input ends, or the terminal is gone.
pub fn hidden(what: &str) -> Result<Secret> {
    eprint!("{what}: ");
    io::stderr().flush()?;
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return line();
    }
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    let typed = line();
    tcsetattr(&stdin, OptionalActions::Flush, &before)?;
    aside!();
    typed
}

fn line() -> Result<Secret> {
    let mut line = Zeroizing::new(String::new());
    if io::stdin().lock().read_line(&mut line)? == 0 {
        aside!();
        return Err(Failure::new(exit::DATA, "the input ended before everything was asked").into());
    }
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}
