//! What the setting up of an account is given: who finds servers, who tries them, who signs in with a
//! browser, and where the password goes.

use postrider::cli;
use postrider::config::secrets::{self, Kind, Secrets};
use postrider::config::{Paths, files, load, oauth};
use postrider::lang::tr;
use postrider::model::setup::{Brought, Found, Keeping};
use postrider::model::{Account, OAuth, Secret, SecretSource};
use postrider::setup;
use postrider::tui::ports::SetUp;
use postrider::tui::setup::SetupPorts;
use postrider::tui::setup::deeds::BrowserOf;
use postrider::tui::setup::run::OpenFile;
use std::path::Path;
use std::sync::Arc;

/// All that the screen needs. `further`: there are accounts already.
pub fn ports(paths: &Paths, secrets: &Secrets, further: bool, theme: Option<String>) -> SetupPorts {
    let vault = secrets.vault();
    let config = paths.config.clone();
    let known = accounts(&config).into_iter().map(|a| a.full_name);
    let known = known.into_iter().find(|name| !name.is_empty());
    SetupPorts {
        set_up: set_up(paths, secrets),
        keyring: Arc::new(|| secrets::keyring().is_ok()),
        open: open(paths, secrets),
        file: (vault.is_there(), vault.is_there() && !vault.is_locked()),
        further,
        leaves_demo: false,
        full_name: known.or_else(setup::person::full_name).unwrap_or_default(),
        browser: BrowserOf(Arc::new(move |word| browser(&config, word))),
        theme,
    }
}

/// The accounts that are there; none where the configuration can't be read, which is told elsewhere.
fn accounts(config: &Path) -> Vec<Account> {
    load::load(config).map_or_else(|_| Vec::new(), |loaded| loaded.config.accounts)
}

/// What is known of signing in at a provider: the pages, and the client that was registered for
/// another account there, or by an organisation.
fn browser(config: &Path, word: &str) -> Result<OAuth, String> {
    let own = config.with_file_name(setup::OWN);
    let own = own.exists().then(|| files::read_text(&own)).transpose()?;
    let mut says = oauth::of_provider(word, own.as_deref())?;
    let others = accounts(config).into_iter().filter_map(|a| match a.secret {
        SecretSource::OAuth(other) => Some(other),
        _ => None,
    });
    let mut same = others.filter(|other| other.token_url == says.token_url);
    if says.client_id.is_empty()
        && let Some(other) = same.next()
    {
        says.client_id = other.client_id;
    }
    Ok(says)
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
    let config = paths.config.clone();
    let (paths, secrets) = (paths.clone(), secrets.clone());
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
                &paths.config,
                account,
                secret,
                &|account, secret| match account.secret {
                    SecretSource::OAuth(_) => signed_in(&secrets, account, keeping),
                    _ => Ok(store(&secrets, account, secret)),
                },
            )
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
    secrets.typed(&account.name, Some(secret.clone()));
    let note = tr!("The password will be asked for at each start.");
    (SecretSource::Prompt, Some(note.to_owned()))
}
