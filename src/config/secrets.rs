//! Secrets: from the desktop's secret store, from an encrypted file, from a command, or from the
//! user. They are in memory only, wiped when dropped, and in no message, log or argument.
//!
//! One [`Secrets`] a process and home: whoever needs one is handed it, so that a passphrase is asked
//! for once.

use crate::config::Paths;
use crate::config::command;
use crate::config::vault::{Vault, VaultError};
use crate::model::{Account, AccountName, Secret, SecretSource, Service};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a password command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// Under which service the secret store keeps our passwords.
pub const SERVICE: &str = "postrider";
/// What to do without a secret store.
const OTHERWISE: &str =
    "set password-command, password = \"file\" or \"prompt\" in the configuration";

/// What is kept for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The password that it signs in with.
    Password,
    /// What new access tokens are had for (OAuth 2.0).
    RefreshToken,
    /// The secret of the client that the user registered with a provider (OAuth 2.0).
    ClientSecret,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Password => "password",
            Kind::RefreshToken => "refresh-token",
            Kind::ClientSecret => "client-secret",
        }
    }

    /// Its name in the encrypted file, within the account.
    fn in_file(self, account: &Account) -> String {
        match self.provider(account) {
            Some(host) => format!("{}@{host}", self.name()),
            None => self.name().to_owned(),
        }
    }

    /// Under which name the desktop's secret store keeps it. It is the account's own: another with
    /// the same user may have another server or provider.
    fn entry(self, account: &Account) -> String {
        let Account { user, name, .. } = account;
        let what = self.name().replace('-', " ");
        match self.provider(account) {
            Some(host) => format!("{user} ({what}, {name}, {host})"),
            None => format!("{user} ({what}, {name})"),
        }
    }

    /// All names under which it may be kept there: once they held no host, and for which provider
    /// such a one is can't be told, so that it is given to none.
    fn entries(self, account: &Account) -> Vec<String> {
        let Account { user, name, .. } = account;
        let mut all = vec![self.entry(account)];
        if self.provider(account).is_some() {
            all.push(format!(
                "{user} ({}, {name})",
                self.name().replace('-', " ")
            ));
        }
        all
    }

    /// The host that gives tokens, for what is said to nobody else: an account that is given another
    /// provider has nothing for it yet.
    fn provider(self, account: &Account) -> Option<String> {
        let SecretSource::OAuth(says) = &account.secret else {
            return None;
        };
        let host = says.token_url.split('/').nth(2).unwrap_or_default();
        (self != Kind::Password && !host.is_empty()).then(|| host.to_ascii_lowercase())
    }
}

/// The password of an account, under its own name; else under that of its user alone, as it was kept
/// once and as one keeps it by hand: that is taken over, and stays for another account of this user
/// that has not taken it over yet.
fn taken_over(
    account: &Account,
    find: impl Fn(&str) -> Result<Option<Secret>, SecretError>,
    set: impl Fn(&str, &Secret) -> Result<(), SecretError>,
) -> Result<Option<Secret>, SecretError> {
    let own = Kind::Password.entry(account);
    if let Some(found) = find(&own)? {
        return Ok(Some(found));
    }
    let Some(old) = find(&account.user)? else {
        return Ok(None);
    };
    if let Err(error) = set(&own, &old) {
        tracing::warn!(%error, "a password can't be kept under its account's name");
    }
    Ok(Some(old))
}

/// Why there is no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The user must be asked for it.
    #[error("the password has to be typed")]
    Ask,
    /// The user must be asked for the passphrase of the encrypted file.
    #[error(
        "the passphrase of secrets.age has to be typed: `:reload` asks for it, or a command at a terminal"
    )]
    Locked,
    /// The command gave none: which, and why. Cleaned.
    #[error("the password command {0}")]
    Command(String),
    /// What keeps secrets has none or can't be reached: why, and what to do. Cleaned.
    #[error("{0}")]
    Store(String),
    /// The secret store can't be asked just now: it is locked, silent or begins anew. Why. Cleaned.
    #[error("{0}")]
    Passing(String),
}

/// Where the secrets of a home are. Clones share what was opened.
#[derive(Clone, Debug)]
pub struct Secrets {
    vault: Arc<Vault>,
    /// What the user typed, until it is refused or the program ends.
    typed: Arc<Mutex<BTreeMap<(AccountName, Service), Secret>>>,
    /// What the secret store gave or took, for when it can't be asked; until it is refused.
    given: Arc<Mutex<BTreeMap<(AccountName, String), Secret>>>,
    /// Whose these are: by which user they sign in, to which hosts.
    whose: Arc<Mutex<BTreeMap<AccountName, [String; 3]>>>,
}

impl Secrets {
    /// Of this home. Nothing is read yet.
    pub fn at(paths: &Paths) -> Secrets {
        let vault = Vault::at(&paths.secrets);
        Secrets {
            vault: Arc::new(vault),
            typed: Arc::default(),
            given: Arc::default(),
            whose: Arc::default(),
        }
    }

    /// These are the accounts from now on. What is remembered of one that is gone, or has another user
    /// or other hosts than when it was told of last, is forgotten: it is not for them.
    pub fn serve(&self, accounts: &[Account]) {
        let own = |a: &Account| [&a.user, &a.imap.host, &a.smtp.host].map(String::clone);
        let new: BTreeMap<_, _> = accounts.iter().map(|a| (a.name.clone(), own(a))).collect();
        let before = std::mem::replace(&mut *locked(&self.whose), new.clone());
        let stays = |name: &AccountName| before.get(name).is_none_or(|b| new.get(name) == Some(b));
        locked(&self.typed).retain(|(name, _), _| stays(name));
        locked(&self.given).retain(|(name, _), _| stays(name));
    }

    /// Remembers a password that the user typed, in memory only: for whichever of the account's
    /// servers lacks one, else for both.
    pub fn typed(&self, account: &AccountName, secret: &Secret) {
        let mut typed = locked(&self.typed);
        let both = [Service::Imap, Service::Smtp].map(|s| (account.clone(), s));
        let all = both.iter().all(|entry| typed.contains_key(entry));
        for entry in both {
            if all || !typed.contains_key(&entry) {
                typed.insert(entry, secret.clone());
            }
        }
    }

    /// What was given for this server is not given again. The one for reading speaks for both, whose
    /// password is one as a rule; that the other refuses it says nothing of reading.
    pub fn refused(&self, account: &AccountName, service: Service) {
        locked(&self.typed).remove(&(account.clone(), Service::Smtp));
        if service == Service::Imap {
            locked(&self.typed).remove(&(account.clone(), Service::Imap));
            locked(&self.given).retain(|(name, _), _| name != account);
        }
    }

    fn was_typed(&self, account: &AccountName, service: Service) -> Option<Secret> {
        locked(&self.typed)
            .get(&(account.clone(), service))
            .cloned()
    }

    /// What the secret store said; where it can't be asked just now, what it gave before.
    fn or_given(
        &self,
        account: &Account,
        kind: Kind,
        said: Result<Option<Secret>, SecretError>,
    ) -> Result<Option<Secret>, SecretError> {
        let mut given = locked(&self.given);
        let entry = (account.name.clone(), kind.entry(account));
        match &said {
            Ok(Some(secret)) => drop(given.insert(entry, secret.clone())),
            Err(SecretError::Passing(_)) => {
                if let Some(before) = given.get(&entry) {
                    return Ok(Some(before.clone()));
                }
            }
            Ok(None) | Err(_) => drop(given.remove(&entry)),
        }
        said
    }

    /// The encrypted file.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Whether one of these accounts has a secret in the encrypted file, and its passphrase was not
    /// typed yet.
    pub fn must_unlock(&self, accounts: &[Account]) -> bool {
        self.vault.is_locked()
            && accounts.iter().any(|account| {
                matches!(account.secret, SecretSource::File | SecretSource::OAuth(_))
            })
    }

    /// The password for one of an account's servers. May take as long as a command
    /// ([`COMMAND_LIMIT`]) or the user who unlocks the secret store.
    ///
    /// # Errors
    /// [`SecretError::Ask`] and [`SecretError::Locked`] if the user must type something; otherwise
    /// what went wrong, in plain words.
    pub fn password(&self, account: &Account, service: Service) -> Result<Secret, SecretError> {
        if let Some(secret) = self.was_typed(&account.name, service) {
            return Ok(secret);
        }
        let kind = Kind::Password;
        match &account.secret {
            SecretSource::Memory(secret) => Ok(secret.0.clone()),
            SecretSource::Command(argv) => command::first_line(argv, COMMAND_LIMIT)
                .map_err(|e| SecretError::Command(e.to_string())),
            // Tokens are no secret of the user's: whoever has a provider asks it.
            SecretSource::OAuth(_) | SecretSource::Prompt => Err(SecretError::Ask),
            SecretSource::File => {
                let found = self.vault.get(account.name.as_str(), kind.name());
                found.map_err(of_file)?.ok_or_else(|| {
                    let (name, kind) = (&account.name, kind.name());
                    let told = format!("secrets.age has no {kind} for the account `{name}`");
                    SecretError::Store(crate::text::Clean::line(&told).to_string())
                })
            }
            SecretSource::Keyring => {
                let found = taken_over(account, store::find, store::set);
                let found = self.or_given(account, kind, found)?;
                found.map_or_else(|| store::get(&account.user), Ok)
            }
        }
    }

    /// What is kept for an account that is signed in to in a browser; `None` if nothing is.
    ///
    /// # Errors
    /// [`SecretError::Locked`], or what went wrong, in plain words.
    pub fn find(&self, account: &Account, kind: Kind) -> Result<Option<Secret>, SecretError> {
        let in_store = || self.or_given(account, kind, store::find(&kind.entry(account)));
        if !self.in_file(account) {
            return in_store();
        }
        let name = kind.in_file(account);
        let found = self.vault.get(account.name.as_str(), &name);
        match found.map_err(of_file)? {
            // The file may have been made after the sign-in, for another account.
            None => match in_store() {
                Err(SecretError::Passing(why)) => Err(SecretError::Passing(why)),
                other => Ok(other.unwrap_or(None)),
            },
            found => Ok(found),
        }
    }

    /// Keeps an account's secret where its configuration says: in the desktop's secret store, or in
    /// the encrypted file. What comes of a sign-in with a browser is kept in the file if there is
    /// one, and found in the store as long as it is not. It is durable when this returns, and until
    /// then what was kept before is.
    ///
    /// # Errors
    /// Without a place to keep it, or when that refuses.
    pub fn keep(&self, account: &Account, kind: Kind, secret: &Secret) -> Result<(), SecretError> {
        if self.in_file(account) {
            let (name, kind) = (account.name.as_str(), kind.in_file(account));
            return self.vault.set(name, &kind, secret).map_err(of_file);
        }
        let kept = store::set(&kind.entry(account), secret);
        if kept.is_ok() {
            let entry = (account.name.clone(), kind.entry(account));
            locked(&self.given).insert(entry, secret.clone());
        }
        kept
    }

    /// Forgets an account's secret, if it is kept; `shared`: what stands under the name of its user
    /// alone is another account's, too, and stays. In the encrypted file what it has for providers
    /// that it had before goes, too; the desktop's secret store does not tell which those are.
    ///
    /// # Errors
    /// When what keeps it refuses.
    pub fn forget(&self, account: &Account, kind: Kind, shared: bool) -> Result<(), SecretError> {
        locked(&self.given).remove(&(account.name.clone(), kind.entry(account)));
        let entries = kind.entries(account);
        let forgotten = || entries.iter().try_for_each(|entry| store::remove(entry));
        if self.in_file(account) {
            if matches!(account.secret, SecretSource::OAuth(_)) {
                // One that was kept before there was the file, if there is such a store at all.
                let _ = forgotten();
            }
            let is_it = |other: &str| other.split('@').next() == Some(kind.name());
            match self.vault.forget(account.name.as_str(), is_it) {
                Err(VaultError::Absent) => {}
                done => done.map_err(of_file)?,
            }
        }
        match account.secret {
            SecretSource::OAuth(_) if self.in_file(account) => Ok(()),
            // What stays under the user's name would come back with the next account of this user.
            SecretSource::Keyring if kind == Kind::Password && !shared => {
                forgotten()?;
                store::remove(&account.user)
            }
            SecretSource::Keyring | SecretSource::OAuth(_) => forgotten(),
            _ => Ok(()),
        }
    }

    fn in_file(&self, account: &Account) -> bool {
        match account.secret {
            SecretSource::File => true,
            SecretSource::OAuth(_) => self.vault.is_there(),
            _ => false,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is written and read back to see whether the secret store keeps anything. No secret.
const PROBE: (&str, &str) = ("postrider (does it keep anything?)", "yes");

/// Whether the desktop's secret store can be used: something is kept there, read back and removed
/// again, because one without a collection to put things in answers every question. May take as long
/// as the user who unlocks it.
///
/// # Errors
/// Why it can't be.
pub fn keyring() -> Result<(), SecretError> {
    let (entry, text) = PROBE;
    store::set(entry, &Secret::new(text.to_owned()))?;
    let back = store::find(entry);
    if let Err(error) = store::remove(entry) {
        tracing::warn!(%error, "the secret store keeps what was only to try it");
    }
    match back? {
        Some(back) if back.reveal() == text => Ok(()),
        _ => Err(SecretError::Store(format!(
            "the desktop's secret store does not keep what it is given; {OTHERWISE}"
        ))),
    }
}

fn of_file(error: VaultError) -> SecretError {
    match error {
        VaultError::Locked => SecretError::Locked,
        other => SecretError::Store(crate::text::Clean::line(&other.to_string()).to_string()),
    }
}

#[cfg(all(feature = "keyring", not(test)))]
mod store {
    use super::{OTHERWISE, SERVICE, SecretError};
    use crate::config::lasting::Lasting;
    use crate::model::Secret;
    use crate::text::Clean;
    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    use crossbeam_channel::bounded;
    use keyring_core::{CredentialStore, Entry, Error};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;
    #[cfg(not(target_os = "macos"))]
    use zbus_secret_service_keyring_store::Store;

    /// The store may ask the user to unlock it; beyond this it hangs.
    const PATIENCE: Duration = Duration::from_secs(120);

    /// The connection to the store. It goes when the store's service begins anew.
    static DESKTOP: Lasting<CredentialStore> = Lasting::new();
    /// Whether there was a store in this session: then it is away for a while.
    static WAS_THERE: AtomicBool = AtomicBool::new(false);

    pub(super) fn get(user: &str) -> Result<Secret, SecretError> {
        with_entry(user, |entry| entry.get_password().map(Secret::new))
    }

    pub(super) fn find(user: &str) -> Result<Option<Secret>, SecretError> {
        with_entry(user, |entry| match entry.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    pub(super) fn remove(user: &str) -> Result<(), SecretError> {
        with_entry(user, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            done => done,
        })
    }

    pub(super) fn set(user: &str, secret: &Secret) -> Result<(), SecretError> {
        let secret = secret.clone();
        with_entry(user, move |entry| entry.set_password(secret.reveal()))
    }

    /// A connection to the store, or why there is none in this session.
    fn connect() -> Result<Arc<CredentialStore>, Trouble> {
        let store: Arc<CredentialStore> = Store::new().map_err(Trouble::NoStore)?;
        WAS_THERE.store(true, Ordering::Relaxed);
        Ok(store)
    }

    /// Why the store gave nothing.
    enum Trouble {
        NoStore(Error),
        Entry(Error),
    }

    /// On a thread that may be abandoned: a store can hang for ever.
    fn with_entry<T: Send + 'static>(
        user: &str,
        work: impl Fn(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (sender, receiver) = bounded(1);
        let name = user.to_owned();
        // Where there is no thread to be had, nobody answers.
        let _ = std::thread::Builder::new().spawn(move || {
            let went = |t: &Trouble| matches!(t, Trouble::Entry(Error::PlatformFailure(_)));
            let done = DESKTOP.with(connect, went, |store| {
                let entry = store.build(SERVICE, &name, None);
                entry.and_then(|e| work(&e)).map_err(Trouble::Entry)
            });
            let _ = sender.send(done);
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Trouble::NoStore(error))) if WAS_THERE.load(Ordering::Relaxed) => {
                Err(passing(&absent(&error)))
            }
            Ok(Err(Trouble::NoStore(error))) => Err(unusable(&absent(&error))),
            Ok(Err(Trouble::Entry(error))) => Err(plain(error, user)),
            Err(_) => Err(passing(&format!(
                "no answer within {} s",
                PATIENCE.as_secs()
            ))),
        }
    }

    /// Why there is no store in this session.
    fn absent(error: &Error) -> String {
        match error {
            Error::PlatformFailure(e) | Error::NoStorageAccess(e) => {
                Clean::line(&e.to_string()).to_string()
            }
            _ => "there is none in this session".to_owned(),
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
            // Its service went or begins anew, or a question of its own was left.
            Error::PlatformFailure(e) => return passing(&clean(&e)),
            Error::NoStorageAccess(e) => return passing(&format!("it is locked: {}", clean(&e))),
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                "what it keeps is not a text".to_owned()
            }
            Error::Ambiguous(_) => format!("it keeps more than one password for `{user}`"),
            _ => "it refused".to_owned(),
        };
        unusable(&why)
    }

    fn passing(why: &str) -> SecretError {
        SecretError::Passing(format!(
            "the desktop's secret store can't be used just now ({why}); it is asked again"
        ))
    }

    fn unusable(why: &str) -> SecretError {
        SecretError::Store(format!(
            "the desktop's secret store can't be used ({why}); {OTHERWISE}"
        ))
    }
}

#[cfg(all(not(feature = "keyring"), not(test)))]
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

    pub(super) fn find(_user: &str) -> Result<Option<Secret>, SecretError> {
        none()
    }

    pub(super) fn remove(_user: &str) -> Result<(), SecretError> {
        none()
    }

    pub(super) fn set(_user: &str, _secret: &Secret) -> Result<(), SecretError> {
        none()
    }
}

#[cfg(test)]
use tests::store;

#[cfg(test)]
mod tests;
