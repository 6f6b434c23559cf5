//! `account add` where one signs in at the provider's own page: whose client it is, where what comes of
//! it will lie, and the sign-in itself. What is asked is asked before that, for afterwards what is typed
//! is an address that a browser ended at.

use super::ask::{self, question};
use super::exit::{self, Failure};
use super::passphrase;
use super::say::aside;
use super::sign_in::{self, PLACELESS, bring, listen, show};
use super::tokens;
use crate::config::Paths;
use crate::config::secrets::{Kind, Secrets};
use crate::model::setup::{AtProvider, Attempt};
use crate::model::{Account, Auth, ClientSecret, OAuth, Secret, SecretSource, SignInBy};
use crate::setup::{self, Stored};
use crate::text::Clean;
use anyhow::Result;
use crossbeam_channel::unbounded;

/// What keeps one signed in, and the client's secret where it has one.
pub(super) struct Lasting {
    refresh: Secret,
    client_secret: Option<Secret>,
}

/// Signs in at the page of the provider of this word; what the servers are shown is in the attempt
/// then. `None`: nobody says what the provider calls this program.
///
/// # Errors
/// Without a place for what comes of it; a sign-in that failed.
pub(super) fn sign_in(
    paths: &Paths,
    secrets: &Secrets,
    wanted: &mut Attempt,
    word: &str,
) -> Result<Option<Lasting>> {
    let refused = |why: String| Failure::new(exit::REFUSED, why);
    let vault = tokens::vault(secrets);
    // A file that is there holds the secret of another account's client, too: it is opened first.
    let placed = sign_in::place(secrets)?;
    if !placed && ask::is_somebody_there() {
        return Err(refused(PLACELESS.to_owned()).into());
    }
    let servers = wanted.servers();
    let known = setup::at_provider(&paths.config, word, &servers, &|other| {
        vault.fetch(other, Kind::ClientSecret).ok().flatten()
    });
    let known = known.map_err(|why| Failure::new(exit::CONFIG, why))?;
    let Some((says, client_secret)) = client(known)? else {
        return Ok(None);
    };
    if !placed {
        return Err(refused(PLACELESS.to_owned()).into());
    }
    let account = &mut wanted.account;
    account.secret = SecretSource::OAuth(Box::new(says));
    account.auth = Auth::OAuth;
    let (sender, words) = unbounded();
    listen(&sender);
    let brought = bring(
        account,
        client_secret.as_ref(),
        SignInBy::Best,
        &|step| show(&step),
        &words,
    );
    drop(sender);
    let brought = brought.map_err(refused)?;
    let refresh = brought
        .refresh
        .ok_or_else(|| refused("the provider gave nothing to keep".to_owned()))?;
    wanted.secret = brought.access;
    Ok(Some(Lasting {
        refresh,
        client_secret,
    }))
}

/// Keeps what keeps one signed in to an account that works.
pub(super) fn store(secrets: &Secrets, account: &Account, lasting: &Lasting) -> Stored {
    let vault = tokens::vault(secrets);
    if let Some(secret) = &lasting.client_secret {
        vault.keep(account, Kind::ClientSecret, secret)?;
    }
    vault.keep(account, Kind::RefreshToken, &lasting.refresh)?;
    Ok((account.secret.clone(), None))
}

/// What the account will say of its provider, and the client's secret where it is to be kept; what is
/// not known of the client is asked. `None`: nobody says it.
fn client(known: AtProvider) -> Result<Option<(OAuth, Option<Secret>)>> {
    let AtProvider {
        mut says,
        mut secret,
        whole,
    } = known;
    if !whole {
        if !ask::is_somebody_there() {
            return Ok(None);
        }
        aside!(
            "{} has to know this program: docs/oauth.md says how to register it.",
            Clean::line(&says.provider)
        );
        says.client_id = question("Client id", &says.client_id)?;
        if says.client_id.is_empty() {
            return Ok(None);
        }
        let typed = passphrase::hidden("Its secret (empty: it has none)")?;
        let typed = typed.reveal().trim();
        secret = (!typed.is_empty()).then(|| Secret::new(typed.to_owned()));
    }
    if secret.is_some() {
        says.client_secret = ClientSecret::Kept;
    }
    Ok(Some((says, secret)))
}
