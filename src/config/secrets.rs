//! Passwords: from the desktop's secret store, from a command, or from the user. They are in
//! memory only, wiped when dropped, and in no message, log or argument.

use crate::config::command;
use crate::model::{Account, Secret, SecretSource};
use std::time::Duration;

/// How long a password command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// Under which service the secret store keeps our passwords.
pub const SERVICE: &str = "postrider";
/// What to do without a secret store.
const OTHERWISE: &str = "set password-command or password = \"prompt\" in the configuration";

/// Why there is no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The user must be asked.
    #[error("the password has to be typed")]
    Ask,
    /// The command gave none: which, and why. Cleaned.
    #[error("the password command {0}")]
    Command(String),
    /// The secret store has none or can't be reached: why, and what to do. Cleaned.
    #[error("{0}")]
    Store(String),
}

/// Fetches an account's password. May take as long as a command ([`COMMAND_LIMIT`]) or the user
/// who unlocks the secret store.
///
/// # Errors
/// [`SecretError::Ask`] if the user must type it; otherwise what went wrong, in plain words.
pub fn fetch(account: &Account) -> Result<Secret, SecretError> {
    match &account.secret {
        SecretSource::Memory(secret) => Ok(secret.0.clone()),
        SecretSource::Prompt => Err(SecretError::Ask),
        SecretSource::Command(argv) => command::first_line(argv, COMMAND_LIMIT)
            .map_err(|e| SecretError::Command(e.to_string())),
        SecretSource::Keyring => store::get(&account.user),
        // Tokens are no secret of the user's: whoever has a provider asks it.
        SecretSource::OAuth(_) => Err(SecretError::Ask),
    }
}

/// Keeps a password in the desktop's secret store.
///
/// # Errors
/// Without a store, or when it refuses.
pub fn keep(user: &str, secret: &Secret) -> Result<(), SecretError> {
    store::set(user, secret)
}

#[cfg(feature = "keyring")]
mod store {
    use super::{OTHERWISE, SERVICE, SecretError};
    use crate::model::Secret;
    use crate::text::Clean;
    use crossbeam_channel::bounded;
    use keyring::Error;
    use keyring::v1::Entry;
    use std::time::Duration;

    /// The store may ask the user to unlock it; beyond this it hangs.
    const PATIENCE: Duration = Duration::from_secs(120);

    pub(super) fn get(user: &str) -> Result<Secret, SecretError> {
        with_entry(user, |entry| entry.get_password().map(Secret::new))
    }

    pub(super) fn set(user: &str, secret: &Secret) -> Result<(), SecretError> {
        let secret = secret.clone();
        with_entry(user, move |entry| entry.set_password(secret.reveal()))
    }

    /// On a thread that may be abandoned: a store can hang for ever.
    fn with_entry<T: Send + 'static>(
        user: &str,
        work: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (sender, receiver) = bounded(1);
        let name = user.to_owned();
        // Where there is no thread to be had, nobody answers.
        let _ = std::thread::Builder::new().spawn(move || {
            let _ = sender.send(Entry::new(SERVICE, &name).and_then(work));
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(plain(error, user)),
            Err(_) => Err(unusable(&format!(
                "no answer within {} s",
                PATIENCE.as_secs()
            ))),
        }
    }

    /// The error in our words. Some variants hold the secret's bytes: none is formatted whole.
    fn plain(error: Error, user: &str) -> SecretError {
        let clean = |e: &dyn std::fmt::Display| Clean::line(&e.to_string()).to_string();
        let user = Clean::line(user);
        let why = match error {
            Error::NoEntry => {
                return SecretError::Store(format!(
                    "the desktop's secret store has no password for `{user}` (service `{SERVICE}`); store it there, or {OTHERWISE}"
                ));
            }
            Error::NoDefaultStore => match Entry::store_status() {
                Err(Error::PlatformFailure(e) | Error::NoStorageAccess(e)) => clean(e),
                _ => "there is none in this session".to_owned(),
            },
            Error::PlatformFailure(e) => clean(&e),
            Error::NoStorageAccess(e) => format!("it is locked: {}", clean(&e)),
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                "what it keeps is not a text".to_owned()
            }
            Error::Ambiguous(_) => format!("it keeps more than one password for `{user}`"),
            _ => "it refused".to_owned(),
        };
        unusable(&why)
    }

    fn unusable(why: &str) -> SecretError {
        SecretError::Store(format!(
            "the desktop's secret store can't be used ({why}); {OTHERWISE}"
        ))
    }
}

#[cfg(not(feature = "keyring"))]
mod store {
    use super::{OTHERWISE, SecretError};
    use crate::model::Secret;

    fn none<T>() -> Result<T, SecretError> {
        Err(SecretError::Store(format!(
            "this postrider was built without the desktop's secret store; {OTHERWISE}"
        )))
    }

    pub(super) fn get(_user: &str) -> Result<Secret, SecretError> {
        none()
    }

    pub(super) fn set(_user: &str, _secret: &Secret) -> Result<(), SecretError> {
        none()
    }
}
