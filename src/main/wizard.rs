//! What the setting up of an account is given: who finds servers, who tries them, and where the
//! password goes.

use postrider::config::Paths;
use postrider::config::secrets::{self, Kind, Secrets};
use postrider::model::setup::Found;
use postrider::model::{Account, Secret, SecretSource};
use postrider::setup;
use postrider::tui::ports::SetUp;
use postrider::tui::setup::SetupPorts;
use postrider::tui::setup::run::OpenFile;
use std::sync::Arc;

/// All that the screen needs. `further`: there are accounts already.
pub fn ports(paths: &Paths, secrets: &Secrets, further: bool, theme: Option<String>) -> SetupPorts {
    let vault = secrets.vault();
    SetupPorts {
        set_up: set_up(paths, secrets),
        keyring: Arc::new(|| secrets::keyring().is_ok()),
        open: open(secrets),
        file: (vault.is_there(), vault.is_there() && !vault.is_locked()),
        further,
        theme,
    }
}

/// Opens the encrypted file, or makes it.
pub fn open(secrets: &Secrets) -> OpenFile {
    let secrets = secrets.clone();
    Arc::new(move |passphrase| {
        let vault = secrets.vault();
        let done = match vault.is_there() {
            true => vault.unlock(passphrase),
            false => vault.create(passphrase),
        };
        done.map_err(|error| error.to_string())
    })
}

fn set_up(paths: &Paths, secrets: &Secrets) -> SetUp {
    let config = paths.config.clone();
    let (own, secrets) = (config.clone(), secrets.clone());
    SetUp {
        find: Arc::new(move |address, cancel, tell| match setup::finder(&config) {
            Ok(finder) => finder.find(address, cancel, tell),
            Err(why) => tell(Found::Done(Some(why))),
        }),
        attempt: Arc::new(setup::attempt),
        keep: Arc::new(move |account, secret| {
            setup::keep(&own, account, secret, &|account, secret| {
                Ok(store(&secrets, account, secret))
            })
        }),
    }
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
    let note = "The password will be asked for at each start.";
    (SecretSource::Prompt, Some(note.to_owned()))
}
