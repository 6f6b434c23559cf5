//! What is typed at a terminal and not shown: passwords, and the passphrase of the encrypted file,
//! which is asked for once a command.

use super::exit::{self, Failure};
use super::say::aside;
use crate::config::secrets::{SecretError, Secrets};
use crate::model::{Account, Secret};
use anyhow::Result;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
use std::io::{self, BufRead as _, IsTerminal as _, Read, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// How often a passphrase may be mistyped.
const TRIES: usize = 3;

/// Whether it was mistyped so often in this command.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Asks for the passphrase of the encrypted file, if one of these accounts has its secret there and
/// nobody typed it yet.
///
/// # Errors
/// Without a terminal; when it was mistyped three times.
pub fn unlock(secrets: &Secrets, accounts: &[Account]) -> Result<()> {
    if !secrets.must_unlock(accounts) {
        return Ok(());
    }
    if !io::stdin().is_terminal() || GIVEN_UP.load(Ordering::SeqCst) {
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
    GIVEN_UP.store(true, Ordering::SeqCst);
    Err(Failure::new(exit::REFUSED, last).into())
}

/// Makes the encrypted file, with a passphrase that is typed twice; one that is there is opened, and
/// nothing is asked where it is open.
/// `false`: nothing was typed, so there is none.
///
/// # Errors
/// When it can't be written, or the input ends.
pub fn make(secrets: &Secrets) -> Result<bool> {
    if secrets.vault().is_there() {
        if !secrets.vault().is_locked() {
            return Ok(true);
        }
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
    let ask = || {
        let mut out = io::stderr();
        write!(out, "{what}: ").and_then(|()| out.flush())
    };
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        ask()?;
        return line();
    }
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    // Keys that end or stop the program come as octets: the terminal must be as it was before that.
    let modes = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    silent.local_modes.remove(modes);
    silent.special_codes[SpecialCodeIndex::VMIN] = 1;
    silent.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    // Whoever answers as soon as he is asked is not shown, and loses nothing.
    let typed = ask().and_then(|()| keys(&mut stdin.lock()));
    tcsetattr(&stdin, OptionalActions::Flush, &before)?;
    aside!();
    match typed? {
        Typed::Line(line) => Ok(line),
        Typed::Over => Err(over()),
        Typed::Stop => {
            // As the terminal would have said it.
            let _ = signal_hook::low_level::raise(signal_hook::consts::SIGINT);
            Err(over())
        }
    }
}

/// How typing ended.
#[derive(Debug)]
enum Typed {
    /// With a line.
    Line(Secret),
    /// The input ended.
    Over,
    /// The program is to end.
    Stop,
}

/// Reads keys up to the end of the line, and corrects as a terminal does: a letter back, or all.
fn keys(input: &mut impl Read) -> io::Result<Typed> {
    const STOP: [u8; 2] = [0x03, 0x1c];
    const END: u8 = 0x04;
    const BACK: [u8; 2] = [0x08, 0x7f];
    const ALL: u8 = 0x15;
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    let mut octet = Zeroizing::new([0u8]);
    loop {
        match input.read(&mut *octet) {
            Ok(0) => return Ok(Typed::Over),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        let [key] = *octet;
        match key {
            b'\r' | b'\n' => {
                let text = String::from_utf8_lossy(&line).into_owned();
                return Ok(Typed::Line(Secret::new(text)));
            }
            END if line.is_empty() => return Ok(Typed::Over),
            END => {}
            key if STOP.contains(&key) => return Ok(Typed::Stop),
            key if BACK.contains(&key) => {
                // A letter of several octets goes as one.
                while line.pop().is_some_and(|b| b & 0xc0 == 0x80) {}
            }
            ALL => line.clear(),
            key if key < 0x20 => {}
            key => line.push(key),
        }
    }
}

fn over() -> anyhow::Error {
    Failure::new(exit::DATA, "the input ended before everything was asked").into()
}

fn line() -> Result<Secret> {
    let mut line = Zeroizing::new(String::new());
    if io::stdin().lock().read_line(&mut line)? == 0 {
        aside!();
        return Err(over());
    }
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_not_asked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let paths = crate::config::Paths::locate(Some(dir.path())).unwrap();
        let secrets = Secrets::at(&paths);
        let passphrase = Secret::new("p".to_owned());
        secrets.vault().create(&passphrase).unwrap();
        assert!(make(&secrets).unwrap());
    }

    #[test]
    fn what_is_typed_unseen_can_be_corrected_and_left() {
        let read = |typed: &str| keys(&mut typed.as_bytes()).unwrap();
        let line = |typed: &str| match read(typed) {
            Typed::Line(line) => line.reveal().to_owned(),
            other => panic!("{typed:?}: {other:?}"),
        };
        assert_eq!(line("geheim\r"), "geheim");
        assert_eq!(line("gehä\x7feim\nrest"), "geheim");
        assert_eq!(line("wrong\x15right\x1b\n"), "right");
        assert!(matches!(read("gehe\x03"), Typed::Stop));
        assert!(matches!(read("\x04"), Typed::Over));
        assert!(matches!(read("cut off"), Typed::Over));
    }
}
