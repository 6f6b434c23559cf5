//! Writing an account down that works: first its secret where secrets are kept, then the account in
//! `config.toml`, in one step each. Whatever fails leaves the configuration as it was.

use crate::config::lock::EngineLock;
use crate::config::{ConfigError, Paths, append, files, load, policy};
use crate::lang::tr;
use crate::model::setup::Kept;
use crate::model::{Account, AccountName, Secret, SecretSource};
use crate::net::discover::{Finder, Providers};
use crate::text::Clean;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The file of an organisation's own providers, beside `config.toml`.
pub const OWN: &str = "providers.toml";
/// The longest name that is made up.
const LONGEST: usize = 24;
/// How often whoever adds an account looks whether another is done with that, and how long he waits
/// in between.
const TURNS: u32 = 200;
const TURN: Duration = Duration::from_millis(50);

/// Where a secret went that is to be kept, and what to know of that; an error in plain words.
pub type Stored = Result<(SecretSource, Option<String>), String>;

/// Who finds servers for somebody with this configuration: an organisation's own providers
/// ([`OWN`]) before those that every copy of this program knows.
///
/// # Errors
/// What is wrong with that file, in plain words.
pub fn finder(config: &Path) -> Result<Finder, String> {
    let mut finder = Finder::new(providers(config)?);
    // Whoever set a name server for other questions means these, too.
    if let Ok(loaded) = load::load(config) {
        finder.name_server = loaded.config.checks.name_server;
    }
    Ok(finder)
}

/// The providers that are known: an organisation's own before the built-in ones.
pub(super) fn providers(config: &Path) -> Result<Providers, String> {
    let own = config.with_file_name(OWN);
    match own.exists() {
        false => Ok(Providers::built_in()),
        true => Providers::with(&files::read_text(&own)?).map_err(|why| format!("{OWN}: {why}")),
    }
}

/// Keeps an account that was tried. `store` keeps its secret and says where; it is asked only where
/// the account's secret is to be kept by this program ([`SecretSource::Keyring`], and what keeps one
/// signed in with a browser). Waits while another account is being kept, in this process or another.
/// The folders are there ([`Paths::ensure`]).
///
/// # Errors
/// What is in the way, in plain words (clean); nothing was written to the configuration then.
pub fn keep(
    paths: &Paths,
    account: &Account,
    secret: &Secret,
    store: &dyn Fn(&Account, &Secret) -> Stored,
) -> Result<Kept, String> {
    let clean = |why: &dyn std::fmt::Display| Clean::line(&why.to_string()).to_string();
    let config = &paths.config;
    let _alone = adding(paths).map_err(|e| clean(&e))?;
    let taken = names(config).map_err(|e| clean(&e))?;
    let mut account = account.clone();
    if account.name.0.is_empty() || taken.contains(&account.name) {
        account.name = name_for(&account.email, &taken);
    }
    let mut notes = Vec::new();
    if matches!(
        account.secret,
        SecretSource::Keyring | SecretSource::OAuth(_)
    ) {
        let (source, note) = store(&account, secret).map_err(|e| clean(&e))?;
        account.secret = source;
        notes.extend(note.map(|n| clean(&n)));
    }
    // Nobody was asked for one: the provider's usual bounds hold, as where nothing is written.
    account.sync.budget = policy::usual_budget(&account.imap);
    append::append_account(config, &account).map_err(|e| clean(&e))?;
    Ok(Kept { account, notes })
}

/// Waits for a while until nobody else adds accounts to this configuration, in this process or another,
/// and is held while secrets and accounts are written: a secret lies under the account's name before
/// anything in the configuration bears that. The folders are there ([`Paths::ensure`]).
///
/// # Errors
/// When the lock's file can't be opened, and when another is at it for long: somebody may be asked for
/// a passphrase there.
pub fn adding(paths: &Paths) -> io::Result<EngineLock> {
    let file = paths.lock.with_file_name("adding.lock");
    for _ in 0..TURNS {
        if let Some(lock) = EngineLock::try_take(&file)? {
            return Ok(lock);
        }
        std::thread::sleep(TURN);
    }
    let told = tr!("another postrider is adding an account just now: finish that first");
    Err(io::Error::new(io::ErrorKind::WouldBlock, told))
}

/// The names that accounts have already.
///
/// # Errors
/// When the configuration can't be read as a whole: what is in the way is told before anything is
/// asked.
pub fn names(config: &Path) -> Result<Vec<AccountName>, ConfigError> {
    if !config.exists() {
        return Ok(Vec::new());
    }
    match load::load(config) {
        Ok(loaded) => {
            let whole = loaded.whole(config)?;
            Ok(whole.accounts.into_iter().map(|a| a.name).collect())
        }
        Err(ConfigError::NoAccount { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A name for the account of this address that no other has: its domain without the end, else what
/// stands before the `@` as well, else with a number.
pub fn name_for(email: &str, taken: &[AccountName]) -> AccountName {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let plain = |text: &str| -> String {
        let keep = |c: &char| c.is_alphanumeric() || *c == '-' || *c == '_';
        let kept = text.chars().filter(keep).take(LONGEST);
        kept.collect::<String>().to_lowercase()
    };
    let mut first = plain(domain.split('.').next().unwrap_or_default());
    if first.is_empty() {
        first = "mail".to_owned();
    }
    let free = |name: &str| taken.iter().all(|t| t.as_str() != name);
    let local = plain(local);
    let both = format!("{first}-{local}");
    if free(&first) {
        return AccountName(first);
    }
    if !local.is_empty() && free(&both) {
        return AccountName(both);
    }
    let mut numbered = (2u32..).map(|n| format!("{first}-{n}"));
    AccountName(numbered.find(|name| free(name)).unwrap_or(first))
}
