//! The engine's door to the outside, with this program's configuration behind it.

use crate::cli::tokens::{self, Tokens};
use crate::config::secrets::{Kind, SecretError, Secrets};
use crate::config::{Paths, files, lock};
use crate::model::{Account, AccountName, Secret, SecretSource};
use crate::sync::{Host, NoSecret};
use crate::text::Clean;
use std::path::{Path, PathBuf};

/// Secrets, attachments and bells of one home.
pub struct Desk {
    secrets: Secrets,
    tokens: Tokens,
    bell: PathBuf,
    news: PathBuf,
    /// Whether this process talks to servers: then it tells news, else it asks to be served.
    engine: bool,
}

impl Desk {
    /// The door of a home.
    pub fn new(paths: &Paths, secrets: &Secrets, engine: bool) -> Desk {
        Desk {
            tokens: Tokens::new(tokens::vault(secrets), paths.tokens.clone()),
            secrets: secrets.clone(),
            bell: paths.bell.clone(),
            news: paths.news.clone(),
            engine,
        }
    }
}

impl Host for Desk {
    fn secret(&self, account: &Account) -> Result<Secret, NoSecret> {
        // Whatever else is known of it, such an account is signed in to by token only.
        if matches!(account.secret, SecretSource::OAuth(_)) {
            return self.tokens.access(account);
        }
        let fetched = self.secrets.fetch(account, Kind::Password);
        fetched.map_err(|error| match error {
            SecretError::Ask => NoSecret::Ask,
            other => NoSecret::Failed(Clean::line(&other.to_string()).to_string()),
        })
    }

    fn spent(&self, account: &AccountName, token: &Secret) {
        self.tokens.spent(account, token);
    }

    fn is_signed_in(&self, account: &Account) -> bool {
        self.tokens.is_signed_in(account)
    }

    fn remember(&self, account: &AccountName, secret: Secret) {
        self.secrets.typed(account, Some(secret));
    }

    fn forget(&self, account: &AccountName) {
        self.secrets.typed(account, None);
        self.tokens.forget(account);
    }

    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String> {
        files::read_attachment(path)
    }

    fn changed(&self) {
        lock::ring(&self.news);
    }

    fn nudge(&self) {
        if !self.engine {
            lock::ring(&self.bell);
        }
    }
}
