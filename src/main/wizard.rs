//! What the setting up of an account is given: who finds servers, who tries them, who signs in with a
//! browser, and where the password goes.

use postrider::cli;
use postrider::config::secrets::{self, Kind, Secrets};
use postrider::config::{Paths, load};
use postrider::lang::tr;
use postrider::model::setup::{Brought, Found, Keeping};
use postrider::model::{Account, Secret, SecretSource};
use postrider::setup;
use postrider::tui::ports::SetUp;
use postrider::tui::setup::SetupPorts;
use postrider::tui::setup::run::OpenFile;
use postrider::tui::{RunError, Stage};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// All that the screen needs. `further`: there are accounts already.
pub fn ports(paths: &Paths, secrets: &Secrets, further: bool, theme: Option<String>) -> SetupPorts {
    let vault = secrets.vault();
    let known = accounts(&paths.config).into_iter().map(|a| a.full_name);
    let known = known.into_iter().find(|name| !name.is_empty());
    SetupPorts {
        set_up: set_up(paths, secrets),
        keyring: Arc::new(|| secrets::keyring().is_ok()),
        open: open(paths, secrets),
        file: (vault.is_there(), vault.is_there() && !vault.is_locked()),
        further,
        others: match further {
            true => Vec::new(),
            false => cli::migrate::configured()
                .iter()
                .map(|c| c.name())
                .collect(),
        },
        leaves_demo: false,
        full_name: known.or_else(setup::person::full_name).unwrap_or_default(),
        browser_here: cli::sign_in::has_browser(|name| std::env::var(name).ok()),
        theme,
    }
}

/// The accounts that are there; none where the configuration can't be read, which is told elsewhere.
fn accounts(config: &Path) -> Vec<Account> {
    load::load(config).map_or_else(|_| Vec::new(), |loaded| loaded.config.accounts)
}

/// Runs `migrate` for each program that has a configuration, on the terminal as it was: each shows
/// what it would do and asks. It is a process of its own, so that it can be ended as any other.
pub fn take_over(stage: Option<&mut Stage>) -> Result<(), RunError> {
    let Some(stage) = stage else { return Ok(()) };
    stage.away(|| {
        let program = std::env::current_exe();
        let program = program.unwrap_or_else(|_| "/proc/self/exe".into());
        for client in cli::migrate::configured() {
            let mut command = Command::new(&program);
            command.args(super::means::home_passed_on());
            let ended = command.arg("migrate").arg(client.name()).status();
            if let Err(error) = ended {
                tracing::error!(%error, "migrate can't be run");
            }
        }
        // What it said is read before the screen covers it.
        cli::migrate::wait();
    })
}

/// Opens the encrypted file, or makes it.
pub fn open(paths: &Paths, secrets: &Secrets) -> OpenFile {
    let (paths, secrets) = (paths.clone(), secrets.clone());
    Arc::new(move |passphrase| {
        let vault = secrets.vault();
        let done = match vault.is_there() {
            true => vault.unlock(passphrase),
            false => {
                paths.ensure().map_err(|e| e.to_string())?;
                vault.create(passphrase)
            }
        };
        done.map_err(|error| error.to_string())
    })
}

fn set_up(paths: &Paths, secrets: &Secrets) -> SetUp {
    let (config, own) = (paths.config.clone(), paths.config.clone());
    let (paths, secrets) = (paths.clone(), secrets.clone());
    let vault = cli::tokens::vault(&secrets);
    SetUp {
        find: Arc::new(move |address, cancel, tell| match setup::finder(&config) {
            Ok(finder) => finder.find(address, cancel, tell),
            Err(why) => tell(Found::Done(Some(why))),
        }),
        attempt: Arc::new(setup::attempt),
        keep: Arc::new(move |keeping| {
            // Until now nothing of this home had to be there.
            paths.ensure().map_err(|e| e.to_string())?;
            let Keeping {
                account, secret, ..
            } = keeping;
            setup::keep(
                &paths,
                account,
                secret,
                &|account, secret| match account.secret {
                    SecretSource::OAuth(_) => signed_in(&secrets, account, keeping),
                    _ => Ok(store(&secrets, account, secret)),
                },
            )
        }),
        provider: Arc::new(move |word, servers| {
            setup::at_provider(&own, word, servers, &|other| {
                vault.fetch(other, Kind::ClientSecret).ok().flatten()
            })
        }),
        sign_in: Arc::new(|account, secret, by, tell, words| {
            let brought = cli::sign_in::bring(account, secret, by, tell, words)?;
            let refresh = brought
                .refresh
                .ok_or(tr!("the provider gave nothing to keep"))?;
            Ok(Brought {
                access: brought.access,
                refresh,
            })
        }),
    }
}

/// Keeps what keeps one signed in, and the client's secret.
fn signed_in(secrets: &Secrets, account: &Account, keeping: &Keeping) -> setup::Stored {
    // It was made meanwhile, by another process.
    if secrets.vault().is_locked() {
        return Err(tr!("there is a secrets.age now, whose passphrase was not typed: leave with esc and begin once more, it is asked for then").to_owned());
    }
    let vault = cli::tokens::vault(secrets);
    if let Some(secret) = &keeping.client_secret {
        vault.keep(account, Kind::ClientSecret, secret)?;
    }
    vault.keep(account, Kind::RefreshToken, &keeping.secret)?;
    Ok((account.secret.clone(), None))
}

/// Keeps a password where there is a place for it, and says where that is.
fn store(secrets: &Secrets, account: &Account, secret: &Secret) -> (SecretSource, Option<String>) {
    for source in [SecretSource::Keyring, SecretSource::File] {
        let kept = Account {
            secret: source.clone(),
            ..account.clone()
        };
        match secrets.keep(&kept, Kind::Password, secret) {
            Ok(()) => return (source, None),
            Err(error) => tracing::info!(%error, "a password is not kept there"),
        }
    }
    secrets.typed(&account.name, secret);
    let note = tr!("The password will be asked for at each start.");
    (SecretSource::Prompt, Some(note.to_owned()))
}
