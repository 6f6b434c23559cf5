//! Access tokens of accounts that are signed in to in a browser: in memory only, fetched anew before
//! they run out, and once however many connections want one.
//!
//! The refresh token lies where secrets are kept ([`Vault`]). A provider may give a new one with each
//! access token and take the old one no more (RFC 6749 §6), so the new one is kept before anything is
//! done with what came with it; and two processes of one home never refresh at the same time. A
//! refresh token that was refused is not tried again: the account is signed out until the user acts.
//! A provider that does not answer is asked less and less often.

use crate::config::command;
use crate::config::lock::EngineLock;
pub use crate::config::secrets::Kind;
use crate::config::secrets::{self, COMMAND_LIMIT, SecretError, Secrets};
use crate::model::{Account, AccountName, ClientSecret, OAuth, Secret, SecretSource, step};
use crate::net::http::Client;
use crate::net::oauth::{OAuthError, Provider};
use crate::net::tls::Trust;
use crate::sync::NoSecret;
use crate::text::{Clean, when};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A token is renewed so long before it runs out.
const AHEAD: Duration = Duration::from_secs(5 * 60);
/// The pause after a provider did not answer; it doubles each time, up to the longest.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Where what must outlive the program is kept.
pub trait Vault: Send + Sync {
    /// What is kept; `None` if nothing is.
    ///
    /// # Errors
    /// Why that can't be told; [`SecretError::Passing`] where it can be later.
    fn fetch(&self, account: &Account, kind: Kind) -> Result<Option<Secret>, SecretError>;

    /// Keeps it in the place of what was kept before, so that a crash leaves one or the other.
    ///
    /// # Errors
    /// Why it can't be kept, in plain words.
    fn keep(&self, account: &Account, kind: Kind, secret: &Secret) -> Result<(), String>;

    /// Whether something can be kept now, without a word of the user's.
    fn is_open(&self) -> bool {
        true
    }
}

/// Where passwords are kept, too.
#[derive(Debug)]
struct Kept(Secrets);

impl Vault for Kept {
    fn fetch(&self, account: &Account, kind: Kind) -> Result<Option<Secret>, SecretError> {
        self.0.find(account, kind)
    }

    fn keep(&self, account: &Account, kind: Kind, secret: &Secret) -> Result<(), String> {
        self.0
            .keep(account, kind, secret)
            .map_err(|e| e.to_string())
    }

    fn is_open(&self) -> bool {
        let file = self.0.vault();
        match file.is_there() {
            true => !file.is_locked(),
            false => secrets::keyring().is_ok(),
        }
    }
}

/// A folder of files in plain text, for tests on machines without a secret store.
#[cfg(feature = "faults")]
#[derive(Debug)]
struct Folder(PathBuf);

#[cfg(feature = "faults")]
impl Vault for Folder {
    fn fetch(&self, account: &Account, kind: Kind) -> Result<Option<Secret>, SecretError> {
        match std::fs::read_to_string(self.0.join(format!("{}-{kind:?}", account.name))) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SecretError::Store(error.to_string())),
        }
    }

    fn keep(&self, account: &Account, kind: Kind, secret: &Secret) -> Result<(), String> {
        let path = self.0.join(format!("{}-{kind:?}", account.name));
        crate::config::files::replace(&path, secret.reveal()).map_err(|e| e.to_string())
    }
}

/// Where this process keeps tokens.
pub fn vault(secrets: &Secrets) -> Arc<dyn Vault> {
    #[cfg(feature = "faults")]
    if let Some(folder) = std::env::var_os("POSTRIDER_TOKENS") {
        return Arc::new(Folder(folder.into()));
    }
    Arc::new(Kept(secrets.clone()))
}

/// The tokens of all accounts of a home.
pub struct Tokens {
    vault: Arc<dyn Vault>,
    lock: PathBuf,
    flights: Mutex<BTreeMap<AccountName, Arc<Flight>>>,
}

/// One account's token, and whether somebody is fetching it.
#[derive(Default)]
struct Flight {
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Default)]
struct State {
    under_way: bool,
    held: Option<Held>,
    memory: Memory,
    trouble: Option<Trouble>,
}

/// What is remembered of refresh tokens between two fetches.
#[derive(Clone, Default)]
struct Memory {
    /// The one that was refused, by its hash.
    dead: Option<[u8; 32]>,
    /// One that could not be kept, with the hash of the one that is kept in its place.
    unkept: Option<([u8; 32], Secret)>,
}

struct Held {
    token: Secret,
    lasts: Duration,
    at: Instant,
    /// Seconds since 1970: the other clock stands still while the machine sleeps.
    wall: i64,
}

struct Trouble {
    until: Instant,
    why: String,
    times: u32,
}

impl Held {
    fn is_good(&self) -> bool {
        let slept = u64::try_from(when::now() - self.wall).unwrap_or(0);
        let age = self.at.elapsed().max(Duration::from_secs(slept));
        age + AHEAD.min(self.lasts / 2) < self.lasts
    }
}

/// Why a fetch brought nothing.
enum Failure {
    /// The user has to sign in, and the refresh token that is good no more.
    Out(String, Option<[u8; 32]>),
    Later(String, Option<Duration>),
    Failed(String),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.reveal().as_bytes()).into()
}

/// Lets the next one in, whatever happened.
struct Landing<'a>(&'a Flight);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        locked(&self.0.state).under_way = false;
        self.0.landed.notify_all();
    }
}

impl Tokens {
    /// The tokens of a home whose folder holds this lock's file.
    pub fn new(vault: Arc<dyn Vault>, lock: PathBuf) -> Tokens {
        Tokens {
            vault,
            lock,
            flights: Mutex::default(),
        }
    }

    fn flight(&self, account: &AccountName) -> Arc<Flight> {
        Arc::clone(locked(&self.flights).entry(account.clone()).or_default())
    }

    /// A token that is good for a while. Whoever asks while it is being fetched waits for that.
    ///
    /// # Errors
    /// Signed out, the provider away, or a mistake that the user has to put right.
    pub fn access(&self, account: &Account) -> Result<Secret, NoSecret> {
        let flight = self.flight(&account.name);
        let mut state = locked(&flight.state);
        while state.under_way {
            state = flight
                .landed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(held) = state.held.as_ref().filter(|h| h.is_good()) {
            return Ok(held.token.clone());
        }
        state.held = None;
        if let Some(trouble) = state.trouble.as_ref().filter(|t| t.until > Instant::now()) {
            return Err(NoSecret::Later(trouble.why.clone()));
        }
        state.under_way = true;
        let mut memory = state.memory.clone();
        drop(state);
        let landing = Landing(&flight);
        let brought = self.renew(account, &mut memory);
        let mut state = locked(&flight.state);
        state.memory = memory;
        let answer = match brought {
            Ok(held) => {
                state.trouble = None;
                let token = held.token.clone();
                state.held = Some(held);
                Ok(token)
            }
            Err(Failure::Out(why, dead)) => {
                state.trouble = None;
                state.memory.dead = dead.or(state.memory.dead);
                Err(NoSecret::SignIn(why))
            }
            Err(Failure::Later(why, asked)) => {
                let times = state.trouble.as_ref().map_or(0, |t| t.times);
                let pause = PAUSE.saturating_mul(1 << times.min(8)).min(LONGEST_PAUSE);
                state.trouble = Some(Trouble {
                    until: Instant::now() + asked.unwrap_or_default().max(pause),
                    why: why.clone(),
                    times: times + 1,
                });
                Err(NoSecret::Later(why))
            }
            Err(Failure::Failed(why)) => Err(NoSecret::Failed(why)),
        };
        drop(state);
        drop(landing);
        answer
    }

    /// A server did not take this token.
    pub fn spent(&self, account: &AccountName, token: &Secret) {
        let flight = self.flight(account);
        let mut state = locked(&flight.state);
        if state
            .held
            .as_ref()
            .is_some_and(|h| h.token.reveal() == token.reveal())
        {
            state.held = None;
        }
    }

    /// Nothing of what is remembered counts any more but which sign-in was refused.
    pub fn forget(&self, account: &AccountName) {
        let flight = self.flight(account);
        let mut state = locked(&flight.state);
        state.held = None;
        state.trouble = None;
    }

    /// Whether another refresh token is kept than the one that was refused.
    pub fn is_signed_in(&self, account: &Account) -> bool {
        let flight = self.flight(&account.name);
        let dead = locked(&flight.state).memory.dead;
        match self.vault.fetch(account, Kind::RefreshToken) {
            Ok(Some(kept)) => dead != Some(hash(&kept)),
            _ => false,
        }
    }

    /// Asks the provider. No lock is held meanwhile but the one between processes.
    fn renew(&self, account: &Account, memory: &mut Memory) -> Result<Held, Failure> {
        let SecretSource::OAuth(says) = &account.secret else {
            let why = "the account is not signed in to in a browser".to_owned();
            return Err(Failure::Failed(why));
        };
        let _alone = EngineLock::take(&self.lock)
            .map_err(|e| Failure::Later(Clean::line(&e.to_string()).to_string(), None))?;
        let fetched = self.vault.fetch(account, Kind::RefreshToken);
        let kept = fetched.map_err(|error| unkept(&error))?;
        let Some(kept) = kept else {
            let why = "you are not signed in yet";
            return Err(Failure::Out(advice(account, why), None));
        };
        let old = hash(&kept);
        // What was kept meanwhile, by whomever, is newer still.
        memory.unkept.take_if(|(before, _)| *before != old);
        let newer = memory.unkept.as_ref().map(|(_, newer)| newer.clone());
        let refresh = newer.unwrap_or(kept);
        if memory.dead == Some(hash(&refresh)) {
            let why = "the sign-in has run out or was taken back";
            return Err(Failure::Out(advice(account, why), None));
        }
        let secret = client_secret(&*self.vault, account, says).map_err(|error| unkept(&error))?;
        let web = web(account).map_err(|why| Failure::Failed(Clean::line(&why).to_string()))?;
        let provider = Provider {
            web: &web,
            says,
            secret: secret.as_ref(),
        };
        let (at, wall) = (Instant::now(), when::now());
        let tokens = match step("refresh", || provider.refresh(&refresh)) {
            Ok(tokens) => tokens,
            // What could not be kept is no less the newest, and stays in memory.
            Err(error) => return Err(failure(account, says, &error, &refresh)),
        };
        memory.unkept = None;
        let newest = tokens.refresh.unwrap_or(refresh);
        if hash(&newest) != old {
            let keep = || self.vault.keep(account, Kind::RefreshToken, &newest);
            if let Err(why) = step("keep a token", keep) {
                let why = Clean::line(&why);
                tracing::warn!(account = %account.name, %why, "a new refresh token can't be kept; tried again later");
                memory.unkept = Some((old, newest));
            }
        }
        tracing::info!(account = %account.name, lasts = tokens.lasts.as_secs(), "a fresh access token");
        Ok(Held {
            token: tokens.access,
            lasts: tokens.lasts,
            at,
            wall,
        })
    }
}

/// What it means for the account that a secret can't be had: a store that is locked or begins anew
/// is asked again, as it is for a password.
fn unkept(error: &SecretError) -> Failure {
    let why = Clean::line(&error.to_string()).to_string();
    match error {
        SecretError::Passing(_) => Failure::Later(why, None),
        _ => Failure::Failed(why),
    }
}

/// What a refusal means for the account.
fn failure(account: &Account, says: &OAuth, error: &OAuthError, refresh: &Secret) -> Failure {
    let said = Clean::line(&format!("{}: {error}", says.provider)).to_string();
    tracing::warn!(account = %account.name, %error, "no fresh access token");
    if error.is_signed_out() {
        return Failure::Out(advice(account, &said), Some(hash(refresh)));
    }
    match error.passes() {
        true => Failure::Later(said, error.wait()),
        false => Failure::Failed(said),
    }
}

/// Why the account is signed out, and what to do about it.
fn advice(account: &Account, why: &str) -> String {
    let name = &account.name;
    let text = format!(
        "signed out: {why}. Sign in with :sign-in, or `postrider account sign-in {name}`; what is in the outbox stays there"
    );
    Clean::line(&text).to_string()
}

/// Who asks the provider: its addresses are the user's own, and so is whom the account trusts.
///
/// # Errors
/// When the account's `ca-file` can't be read.
pub fn web(account: &Account) -> Result<Client, String> {
    let trust = Trust::new(account.ca_file.as_deref().map(Path::new), None);
    trust.map(Client::anywhere).map_err(|e| e.to_string())
}

/// The secret of the registered client that a command prints.
///
/// # Errors
/// Why it printed none, in plain words.
pub fn printed(argv: &[String]) -> Result<Secret, String> {
    command::first_line(argv, COMMAND_LIMIT)
        .map_err(|e| format!("the command for the client secret {e}"))
}

/// The secret of the registered client, if it has one.
///
/// # Errors
/// When it can't be had.
pub fn client_secret(
    vault: &dyn Vault,
    account: &Account,
    says: &OAuth,
) -> Result<Option<Secret>, SecretError> {
    match &says.client_secret {
        ClientSecret::None => Ok(None),
        ClientSecret::Command(argv) => printed(argv).map(Some).map_err(SecretError::Store),
        ClientSecret::Kept => match vault.fetch(account, Kind::ClientSecret)? {
            Some(secret) => Ok(Some(secret)),
            None => Err(SecretError::Store(format!(
                "the client secret is not kept yet: run `postrider account sign-in {}` in a terminal, which asks for it",
                account.name
            ))),
        },
    }
}
