//! The engine's door to the outside, with this program's configuration behind it.

use crate::config::{Paths, files, lock, secrets};
use crate::model::{Account, AccountName, Secret};
use crate::sync::{Host, NoSecret};
use crate::text::Clean;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Secrets, attachments and bells of one home.
pub struct Desk {
    typed: Mutex<BTreeMap<AccountName, Secret>>,
    bell: PathBuf,
    news: PathBuf,
    /// Whether this process talks to servers: then it tells news, else it asks to be served.
    engine: bool,
}

impl Desk {
    /// The door of a home.
    pub fn new(paths: &Paths, engine: bool) -> Desk {
        Desk {
            typed: Mutex::default(),
            bell: paths.bell.clone(),
            news: paths.news.clone(),
            engine,
        }
    }
}

impl Host for Desk {
    fn secret(&self, account: &Account) -> Result<Secret, NoSecret> {
        let typed = self
            .typed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&account.name)
            .cloned();
        if let Some(secret) = typed {
            return Ok(secret);
        }
        secrets::fetch(account).map_err(|error| match error {
            secrets::SecretError::Ask => NoSecret::Ask,
            other => NoSecret::Failed(Clean::line(&other.to_string()).to_string()),
        })
    }

    fn remember(&self, account: &AccountName, secret: Secret) {
        self.typed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(account.clone(), secret);
    }

    fn forget(&self, account: &AccountName) {
        self.typed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(account);
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
