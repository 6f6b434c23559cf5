//! One home opened for a command: its configuration, its databases, the means to change them.

use super::exit::{self, Failure};
use super::host::Desk;
use super::passphrase;
use super::say::aside;
use crate::config::lock::EngineLock;
use crate::config::secrets::Secrets;
use crate::config::{Config, ConfigError, Loaded, Paths, Problem, load, tags};
use crate::model::{Account, AccountName, Done, DraftId, Intent, MsgId, naming, own};
use crate::net::connect;
use crate::net::http::Client;
use crate::signal::Board;
use crate::store::{self, Cache, Local, LocalReader, Priority, Reader, Writer};
use crate::sync::bells::Bells;
use crate::sync::engine::Parts;
use crate::sync::error::LedgerError;
use crate::sync::ledger::Ledger;
use crate::sync::rhythm::Rhythm;
use crate::sync::{Host, Stores};
use crate::text::{Clean, when};
use anyhow::{Context as _, Result};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// What was done longer ago than this, in seconds, `undo` names before it takes it back.
const JUST_NOW: i64 = 60;
/// What is said of a damaged cache that another process works with.
const IN_USE: &str =
    "the cache is damaged and in use: it is made anew at the next start of what uses it";

/// A home.
pub struct Home {
    /// Where its files are.
    pub paths: Paths,
    /// What is configured and right.
    pub config: Config,
    /// What is wrong with the rest, which is left out.
    pub problems: Vec<Problem>,
    /// Where passwords are.
    pub secrets: Secrets,
}

impl Home {
    /// Opens a home for a script. What is wrong with the configuration is told and left out; the
    /// rest works.
    ///
    /// # Errors
    /// No configuration, or one of which no account is left.
    pub fn open(home: Option<&Path>) -> Result<Home> {
        let paths = Paths::locate(home)?;
        for said in paths.ensure()? {
            tracing::warn!("{said}");
        }
        let secrets = Secrets::at(&paths);
        let loaded = load::load(&paths.config)?;
        naming::choose(tags::names(&loaded.config.tags));
        own::choose(&loaded.config.accounts);
        if loaded.config.accounts.is_empty() {
            let config = loaded.whole(&paths.config)?;
            return Ok(Home {
                paths,
                config,
                problems: Vec::new(),
                secrets,
            });
        }
        let Loaded { config, problems } = loaded;
        let file = paths.config.display().to_string();
        for problem in &problems {
            aside!("postrider: {}", Clean::line(&problem.written(&file)));
        }
        Ok(Home {
            paths,
            config,
            problems,
            secrets,
        })
    }

    /// Ends a command that needs what is left out because of these problems.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] if any of the problems is meant.
    pub fn needs(&self, meant: impl Fn(&Problem) -> bool) -> Result<()> {
        let problems: Vec<Problem> = self.problems.iter().filter(|p| meant(p)).cloned().collect();
        if problems.is_empty() {
            return Ok(());
        }
        let path = self.paths.config.clone();
        Err(ConfigError::Wrong { path, problems }.into())
    }

    /// The account of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn account(&self, name: &str) -> Result<&Account> {
        self.account_or_first(Some(name))
    }

    /// The account of that name; the first if none is named.
    ///
    /// # Errors
    /// When there is none, or it is left out for a mistake.
    pub fn account_or_first(&self, name: Option<&str>) -> Result<&Account> {
        let named = |p: &Problem| match (&p.account, name) {
            (Some(account), Some(name)) => account.as_str() == name,
            _ => false,
        };
        self.needs(named)?;
        account(&self.config, name)
    }

    /// The accounts, or only the one that was named.
    ///
    /// # Errors
    /// When there is none of that name, or none at all.
    pub fn accounts(&self, only: Option<&str>) -> Result<Vec<Account>> {
        let accounts = match only {
            Some(name) => vec![self.account(name)?.clone()],
            None => self.config.accounts.clone(),
        };
        if accounts.is_empty() {
            let path = self.paths.config.clone();
            return Err(ConfigError::NoAccount { path }.into());
        }
        Ok(accounts)
    }

    /// The cache, for looking; made empty if there is none yet, and brought up to this program if
    /// an older one made it.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn reader(&self) -> Result<Reader> {
        if !Reader::is_current(&self.paths.cache) {
            self.cache()?;
        }
        Reader::open(&self.paths.cache).context("the cache can't be opened")
    }

    /// `local.db`, for looking; made empty if there is none yet, and brought up to this program if
    /// an older one made it.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn local_reader(&self) -> Result<LocalReader> {
        if !LocalReader::is_current(&self.paths.local) {
            Local::open(&self.paths.local)?;
        }
        Ok(LocalReader::open(&self.paths.local)?)
    }

    /// The cache's writing connection; whoever has it behind a [`Writer`] is alone in this process.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn cache(&self) -> Result<Cache> {
        cache(&self.paths, false)
    }

    /// What an engine is made of. `online`: this process holds the engine's lock.
    ///
    /// # Errors
    /// When a database can't be opened.
    pub fn parts(&self, accounts: Vec<Account>, board: Arc<Board>, online: bool) -> Result<Parts> {
        let undo_send = self.config.look.undo_send;
        let own = (&self.paths, &self.secrets);
        if online {
            passphrase::unlock(&self.secrets, &accounts)?;
        }
        let mut parts = parts(own, accounts, board, (online, online), undo_send)?;
        parts.rules = self.config.rules.clone().into();
        parts.by_subject = by_subject(&self.config);
        // An account that is left out for a mistake is not one that is gone.
        if online && self.problems.is_empty() {
            part_with_others(&parts, &self.config.accounts)?;
        }
        Ok(parts)
    }

    /// Records what the user wants, as durably as the screen does. `code`: how the command ends if
    /// that is refused.
    ///
    /// # Errors
    /// Why it is refused, in plain words, or when a database can't be opened or written.
    pub fn carry_out(&self, intent: Intent, code: u8) -> Result<Done> {
        let done = self.ledger()?.carry_out(intent);
        done.map_err(|error| refused(error, code))
    }

    /// A ledger for one command. What it sends waits no longer than the message itself says.
    fn ledger(&self) -> Result<Ledger> {
        let parts = self.parts(self.config.accounts.clone(), Arc::new(Board::new()), false)?;
        Ok(Ledger {
            local: Local::open(&self.paths.local)?,
            reader: Reader::open(&self.paths.cache)?,
            writer: parts.writer,
            stores: parts.stores,
            accounts: parts.accounts,
            board: parts.board,
            host: parts.host,
            bells: Bells::default(),
            rules: parts.rules,
            undo_window: 0,
            idle: rhythm().idle,
            fresh: Default::default(),
            begun: when::now() - JUST_NOW,
        })
    }
}

/// Whether conversations are also put together by subject; then the user's addresses ([`own::choose`]
/// comes before).
pub fn by_subject(config: &Config) -> Option<Vec<String>> {
    config.look.by_subject.then(|| own::addresses().to_vec())
}

/// The account of that name; the first if none is named.
///
/// # Errors
/// When there is none.
pub fn account<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c Account> {
    let mut found = config.accounts.iter();
    let found = found.find(|a| name.is_none_or(|n| a.name.as_str() == n));
    Ok(found.ok_or_else(|| {
        let known: Vec<&str> = config.accounts.iter().map(|a| a.name.as_str()).collect();
        let told = format!(
            "there is no account `{}`; there are: {}",
            name.unwrap_or_default(),
            known.join(", ")
        );
        Failure::new(exit::NO_INPUT, told)
    })?)
}

/// Makes ready what connecting will need, beside whatever else is done meanwhile: it takes as long as
/// making new databases. To be called as early as it is known that one will connect.
pub fn warm_up(accounts: &[Account]) {
    let accounts = accounts.to_vec();
    // It is waited for where it is needed, and nothing is lost without it.
    let _ = thread::Builder::new().spawn(move || accounts.iter().for_each(connect::prepare));
}

/// What an engine on these paths is made of: whether it talks to servers (`online`; where it will
/// connect, [`warm_up`] comes before), and whether this process holds the lock for that and has nothing
/// open yet (`alone`): then a damaged cache is made anew.
///
/// # Errors
/// When a database can't be opened.
pub fn parts(
    (paths, secrets): (&Paths, &Secrets),
    accounts: Vec<Account>,
    board: Arc<Board>,
    (online, alone): (bool, bool),
    undo_window: i64,
) -> Result<Parts> {
    let host: Arc<dyn Host> = Arc::new(Desk::new(paths, secrets, online));
    let writer = Writer::spawn(cache(paths, alone)?)?;
    let stores = Stores {
        cache: paths.cache.clone(),
        local: paths.local.clone(),
    };
    Ok(Parts {
        accounts,
        stores,
        writer,
        board,
        host,
        web: Client::default(),
        rules: Arc::default(),
        by_subject: None,
        undo_window,
        rhythm: rhythm(),
        online,
    })
}

/// Accounts that are configured no more: their mail goes from the cache, and their unsent messages
/// say why they wait; a removal that was cut is ended. Only for the process that holds the engine's
/// lock, and only where all of the configuration was understood: an account with a typing error is not
/// one that was removed.
///
/// # Errors
/// When a database can't be written.
pub fn part_with_others(parts: &Parts, configured: &[Account]) -> Result<()> {
    let names: Vec<AccountName> = configured.iter().map(|a| a.name.clone()).collect();
    let mut local = Local::open(&parts.stores.local)?;
    local.end_removals(&names)?;
    if names.is_empty() {
        return Ok(());
    }
    local.mark_strays(&names)?;
    let gone = parts
        .writer
        .run(Priority::Urgent, move |cache| cache.retain_accounts(&names))?;
    for name in gone {
        tracing::info!(account = %name, "not configured any more: its mail goes from the cache");
    }
    Ok(())
}

/// The usual waits, or a fraction of them: `POSTRIDER_HURRY=20` makes an engine's minutes three
/// seconds, so that its long waits can be tried out.
fn rhythm() -> Rhythm {
    let times = std::env::var("POSTRIDER_HURRY").ok();
    let times = times.and_then(|n| n.parse().ok());
    times.map_or_else(Rhythm::default, Rhythm::hurried)
}

/// Opens the cache. What is damaged is made anew where that takes it away from nobody: where this
/// process is the one that may (`alone`), or nobody holds the engine's lock.
fn cache(paths: &Paths, alone: bool) -> Result<Cache> {
    let mut local = Local::open(&paths.local)?;
    // Row ids begin above those of every earlier cache, so that an id never means two messages.
    let there = paths.cache.exists();
    let epoch = if there {
        local.read().cache_epoch()? + 1
    } else {
        local.next_cache_epoch()?
    };
    let seed = epoch << 32;
    let as_it_is = || Cache::open_as_it_is(&paths.cache, seed);
    let mended = || Cache::open(&paths.cache, seed);
    let lock = || EngineLock::try_take(&paths.lock);
    let opened = match alone {
        true => mended()?,
        false if Cache::is_suspect(&paths.cache) => match lock()? {
            Some(_alone) => mended()?,
            None => as_it_is().context(IN_USE)?,
        },
        false => match as_it_is() {
            Err(store::Error::Corrupt(why)) => match lock()? {
                Some(_alone) => mended()?,
                None => return Err(store::Error::Corrupt(why)).context(IN_USE),
            },
            other => other?,
        },
    };
    if there && opened.created {
        local.next_cache_epoch()?;
    }
    if let Some(aside) = opened.moved_aside {
        tracing::warn!(aside = %aside.display(), "the cache was damaged; it is made anew");
    }
    Ok(opened.cache)
}

/// How a command ends that could not do what is wanted: with `code` where that is refused.
pub fn refused(error: LedgerError, code: u8) -> anyhow::Error {
    match error {
        // The present state does not allow it: no fault of the database's.
        LedgerError::Store(why @ (store::Error::Refused(_) | store::Error::Gone(_))) => {
            Failure::new(code, why.to_string()).into()
        }
        LedgerError::Store(error) => error.into(),
        LedgerError::Refused(why) => Failure::new(code, why).into(),
    }
}

/// The drafts that stood open in a process that is gone without closing them.
///
/// # Errors
/// When they can't be read.
pub fn left_open(local: &Path) -> Result<(Vec<DraftId>, Vec<DraftId>)> {
    let open = LocalReader::open(local)?.open_drafts()?;
    let (mut crashed, mut aside) = (Vec::new(), Vec::new());
    for (id, process) in open {
        match process {
            None => aside.push(id),
            Some(process) if !process.is_other_running() => crashed.push(id),
            Some(_) => {}
        }
    }
    Ok((crashed, aside))
}

/// A message's row from what a user typed.
///
/// # Errors
/// When it is not such an id.
pub fn message_id(text: &str) -> Result<MsgId> {
    number(text, 'm').map(MsgId)
}

fn number(text: &str, letter: char) -> Result<i64> {
    text.strip_prefix(letter)
        .and_then(|n| n.parse().ok())
        .filter(|n| *n > 0)
        .ok_or_else(|| {
            Failure::new(
                exit::USAGE,
                format!(
                    "`{}` is not an id; ids look like {letter}123",
                    text.escape_debug()
                ),
            )
            .into()
        })
}
