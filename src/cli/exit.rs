//! How a command ends: exit codes after sysexits, and one line that says why.

use crate::config::ConfigError;
use crate::net::{Kind, NetError};
use crate::store::{self, Reader};
use crate::sync::SyncError;
use crate::text::Clean;
use crate::text::system::numberless;
use std::fmt;
use std::path::Path;

/// Cache and server differ.
pub const DIFFERENT: u8 = 1;
/// A wrong command line.
pub const USAGE: u8 = 64;
/// Input that can't be used.
pub const DATA: u8 = 65;
/// Something that was named does not exist.
pub const NO_INPUT: u8 = 66;
/// A server can't be reached or does not behave.
pub const UNAVAILABLE: u8 = 69;
/// A fault of ours.
pub const SOFTWARE: u8 = 70;
/// A file or database can't be read or written.
pub const IO: u8 = 74;
/// It may work later.
pub const TEMPORARY: u8 = 75;
/// The server refused, or signing in failed.
pub const REFUSED: u8 = 77;
/// The configuration is missing or wrong.
pub const CONFIG: u8 = 78;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure with its code.
    pub fn new(code: u8, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What went wrong: the error, and of its causes those that it doesn't tell itself.
pub fn words(error: &anyhow::Error) -> Clean {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.is_empty() {
            words = cause;
        } else if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    Clean::block(&numberless(&words))
}

/// The exit code of any error that a command ends with.
pub fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.code;
        }
        if cause.is::<ConfigError>() {
            return CONFIG;
        }
        if let Some(net) = cause.downcast_ref::<NetError>() {
            return of_net(net);
        }
        match cause.downcast_ref::<SyncError>() {
            Some(SyncError::Net(net)) => return of_net(net),
            Some(SyncError::Secret(_) | SyncError::SignedOut(_) | SyncError::PasswordWanted) => {
                return REFUSED;
            }
            Some(SyncError::Store(_) | SyncError::System(_)) => return IO,
            Some(SyncError::Panicked(_)) => return SOFTWARE,
            Some(_) => return TEMPORARY,
            None => {}
        }
        if cause.is::<store::Error>() || cause.is::<std::io::Error>() {
            return IO;
        }
    }
    SOFTWARE
}

fn of_net(error: &NetError) -> u8 {
    match error.kind() {
        Kind::Offline | Kind::Protocol => UNAVAILABLE,
        Kind::Busy | Kind::Woken => TEMPORARY,
        Kind::User | Kind::Refused => REFUSED,
    }
}

/// Notes it if the cache at this path was found damaged: who reads can't mend, but the next start
/// makes it anew.
pub fn note_damage<T>(cache: &Path, outcome: &anyhow::Result<T>) {
    let Err(error) = outcome else { return };
    for error in error.chain().filter_map(of_the_store) {
        Reader::note_damage(cache, error);
    }
}

/// The store's own error, if that is what failed.
fn of_the_store<'e>(cause: &'e (dyn std::error::Error + 'static)) -> Option<&'e store::Error> {
    match cause.downcast_ref::<SyncError>() {
        Some(SyncError::Store(error)) => Some(error),
        _ => cause.downcast_ref::<store::Error>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_twice() {
        let source = std::io::Error::other("it is a folder");
        let path = "/c/config.toml".into();
        let error = anyhow::Error::new(ConfigError::Unreadable { path, source });
        assert_eq!(words(&error).as_str(), "/c/config.toml: it is a folder");
        let error = error.context("no start");
        assert_eq!(
            words(&error).as_str(),
            "no start: /c/config.toml: it is a folder"
        );
        assert_eq!(code(&error), CONFIG);
    }

    #[test]
    fn a_fault_of_ours_is_not_tried_again() {
        let panicked = SyncError::Panicked("on purpose".to_owned());
        assert_eq!(code(&panicked.into()), SOFTWARE);
        assert_eq!(code(&SyncError::Interrupted.into()), TEMPORARY);
    }
}
