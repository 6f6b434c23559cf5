//! What the engine needs from the world that it must not know: secrets, files that are attached,
//! and other processes on the same home. The composition root implements it.

use crate::model::{Account, AccountName, Secret, Service};
use std::path::Path;

/// Why there is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSecret {
    /// The user has to type it.
    Ask,
    /// The user has to sign in anew in a browser: why and how, in plain words, cleaned.
    SignIn(String),
    /// It can't be had just now, and that passes by itself: why, in plain words, cleaned.
    Later(String),
    /// It can't be had: what happened and what to do, in plain words, cleaned.
    Failed(String),
}

/// The engine's door to the outside.
pub trait Host: Send + Sync {
    /// The account's password or token for this server. May take as long as a password command does.
    ///
    /// # Errors
    /// When the user must be asked, or the source fails.
    fn secret(&self, account: &Account, service: Service) -> Result<Secret, NoSecret>;

    /// A server does not take this token: another one is to be given from now on.
    fn spent(&self, _account: &AccountName, _token: &Secret) {}

    /// Whether an account that had to be signed in anew seems to have been: in another process, say.
    fn is_signed_in(&self, _account: &Account) -> bool {
        false
    }

    /// Remembers a password that the user typed, in memory only, for the server that wants one.
    fn remember(&self, account: &AccountName, secret: Secret);

    /// The password was refused by this server, or the user signed in anew ([`Service::Imap`]): what
    /// is remembered of the account must not be given again. What is refused for sending may still
    /// be right for reading.
    fn forget(&self, account: &AccountName, service: Service);

    /// The bytes of a file to attach.
    ///
    /// # Errors
    /// Why it can't be attached, in plain words.
    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String>;

    /// Whether texts of PDF documents can be had here.
    fn reads_papers(&self) -> bool {
        false
    }

    /// The text of a PDF document, for the search; `None` if it can't be had. May take seconds.
    fn paper(&self, _pdf: Vec<u8>) -> Option<String> {
        None
    }

    /// Something in the stores changed that other processes on this home may show.
    fn changed(&self);

    /// Something was queued: if another process on this home runs the engine, it must look.
    fn nudge(&self);
}
