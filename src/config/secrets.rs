//! Passwords: from a command, the desktop's secret store, or memory. Never logged, never in a
//! file of ours, never in another program's arguments.

use crate::model::{Account, Secret, SecretSource};
use crate::text::Clean;
use crossbeam_channel::Receiver;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A password command may take this long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of its output that are read.
const MOST: u64 = 64 << 10;

/// Why there is no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The user must be asked.
    #[error("the password has to be typed")]
    Ask,
    /// The command failed.
    #[error("the password command {0}")]
    Command(String),
    /// The secret store has none or can't be reached.
    #[error("{0}")]
    Store(String),
}

/// The account's password.
///
/// # Errors
/// When the user must be asked, or the source fails.
pub fn fetch(account: &Account) -> Result<Secret, SecretError> {
    match &account.secret {
        SecretSource::Memory(secret) => Ok(secret.0.clone()),
        SecretSource::Prompt => Err(SecretError::Ask),
        SecretSource::Command(argv) => command(argv, PATIENCE),
        SecretSource::Keyring => from_store(&account.user),
    }
}

fn command(argv: &[String], patience: Duration) -> Result<Secret, SecretError> {
    let failed = |why: String| SecretError::Command(why);
    let (program, rest) = argv
        .split_first()
        .ok_or_else(|| failed("is empty".to_owned()))?;
    // A process group of its own: no terminal to ask on, and killed as a whole.
    let mut child = Command::new(program)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| failed(format!("`{}` can't be run: {e}", Clean::line(program))))?;
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let status =
        wait(&mut child, patience).ok_or_else(|| failed("did not finish in 30 s".to_owned()))?;
    // Something that it left running may hold the pipe open; what came so far is enough.
    let out = out.take();
    if !status.success() {
        let err = err.take();
        let text = String::from_utf8_lossy(&err);
        let last = text
            .lines()
            .rfind(|l| !l.trim().is_empty())
            .unwrap_or("it said nothing");
        return Err(failed(format!("failed ({status}): {}", Clean::line(last))));
    }
    let line = out.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line)
        .map_err(|_| failed("printed something that is not UTF-8".to_owned()))?;
    if text.is_empty() {
        return Err(failed("printed nothing".to_owned()));
    }
    Ok(Secret::new(text.to_owned()))
}

/// What a pipe gave so far, read on a thread that may be left behind.
struct Collected {
    bytes: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    ended: Receiver<()>,
}

impl Collected {
    fn take(&self) -> Zeroizing<Vec<u8>> {
        let _ = self.ended.recv_timeout(Duration::from_millis(300));
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn collect(pipe: Option<impl std::io::Read + Send + 'static>) -> Collected {
    let (done, ended) = crossbeam_channel::bounded::<()>(1);
    let bytes: Arc<Mutex<Zeroizing<Vec<u8>>>> = Arc::default();
    if let Some(pipe) = pipe {
        let into = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let mut pipe = pipe.take(MOST);
            let mut chunk = Zeroizing::new([0u8; 1024]);
            while let Ok(n @ 1..) = pipe.read(chunk.as_mut()) {
                let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
                into.extend_from_slice(chunk.get(..n).unwrap_or_default());
            }
            drop(done);
        });
    }
    Collected { bytes, ended }
}

fn wait(child: &mut Child, patience: Duration) -> Option<std::process::ExitStatus> {
    let until = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            _ => {
                if let Some(pid) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                    let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
                }
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(feature = "keyring")]
fn entry(user: &str) -> Result<keyring::v1::Entry, SecretError> {
    keyring::v1::Entry::new("postrider", user).map_err(|e| no_store(&e.to_string()))
}

#[cfg(feature = "keyring")]
fn no_store(why: &str) -> SecretError {
    SecretError::Store(format!(
        "the desktop's secret store can't give the password ({}); set password-command, or password = \"prompt\"",
        Clean::line(why)
    ))
}

#[cfg(feature = "keyring")]
fn from_store(user: &str) -> Result<Secret, SecretError> {
    match entry(user)?.get_password() {
        Ok(password) => Ok(Secret::new(password)),
        Err(error) => Err(no_store(&error.to_string())),
    }
}

/// Puts a password into the desktop's secret store.
///
/// # Errors
/// When there is no such store.
#[cfg(feature = "keyring")]
pub fn keep(user: &str, secret: &Secret) -> Result<(), SecretError> {
    entry(user)?
        .set_password(secret.reveal())
        .map_err(|e| no_store(&e.to_string()))
}

#[cfg(not(feature = "keyring"))]
fn from_store(_: &str) -> Result<Secret, SecretError> {
    Err(SecretError::Store(
        "this postrider was built without the secret store; set password-command, or password = \"prompt\"".to_owned(),
    ))
}

/// Puts a password into the desktop's secret store.
///
/// # Errors
/// Always: this build has none.
#[cfg(not(feature = "keyring"))]
pub fn keep(user: &str, _: &Secret) -> Result<(), SecretError> {
    from_store(user).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Result<String, SecretError> {
        let argv = ["sh", "-c", script].map(str::to_owned);
        command(&argv, Duration::from_millis(1500)).map(|s| s.reveal().to_owned())
    }

    #[test]
    fn the_first_line_is_the_password() {
        assert_eq!(run("printf 'a b\\r\\nsecond'").unwrap(), "a b");
        assert_eq!(run("echo x; sleep 100 &").unwrap(), "x");
    }

    #[test]
    fn failures_are_told_without_the_password() {
        let told = run("echo CANARY; printf 'no \\033[2Jkey\\n' >&2; exit 3")
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("key") && !told.contains("CANARY") && !told.contains('\x1b'),
            "{told}"
        );
        assert!(run("true").is_err());
        assert!(run("sleep 100").unwrap_err().to_string().contains("30 s"));
        assert!(command(&["/nonexistent".to_owned()], PATIENCE).is_err());
        assert!(command(&[], PATIENCE).is_err());
    }
}
