//! One account: its password, both servers, the clock, and the domains that it sends from.

use super::visit::{Offers, Visit};
use super::{imap, sender, smtp};
use crate::lang::{mark, tr};
use crate::model::checkup::{Progress, Step};
use crate::model::setup::Cancel;
use crate::model::{Account, Secret, SecretSource};
use crate::net::check::clock;
use crate::net::domain::Resolver;
use crate::sync::NoSecret;
use crate::text::when;
use std::path::Path;

/// What is looked at besides the account itself.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Whom to ask for names, and whether the user named it.
    pub resolver: (&'a Resolver, bool),
    /// The cache, for what own mail tells.
    pub cache: &'a Path,
    /// Whether servers are left alone.
    pub offline: bool,
}

/// Looks at all that an account needs; each server's steps end at its first failure.
pub fn account(
    account: &Account,
    secret: Result<Secret, NoSecret>,
    wanted: &Wanted<'_>,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Progress),
) -> Offers {
    let mut visit = Visit::new(tell, cancel);
    let secret = password(account, secret, &mut visit);
    if wanted.offline {
        return Offers::new();
    }
    let reading = imap::imap(account, secret.as_ref(), true, &mut visit);
    let sending = smtp::smtp(account, secret.as_ref(), true, &mut visit);
    if secret.is_some() {
        visit.done(clock::judge(sending.clock, reading.newest, when::now()));
    }
    let addresses = &sending.addresses;
    sender::senders(
        account,
        addresses,
        wanted.resolver,
        wanted.cache,
        &mut visit,
    );
    reading.offers
}

/// Tries what an account needs to work, and nothing that is only worth knowing.
pub fn examine(account: &Account, secret: Result<Secret, NoSecret>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut tell = |progress| {
        if let Progress::Done(step) = progress {
            steps.push(step);
        }
    };
    let cancel = Cancel::default();
    let mut visit = Visit::new(&mut tell, &cancel);
    let secret = password(account, secret, &mut visit);
    imap::imap(account, secret.as_ref(), false, &mut visit);
    smtp::smtp(account, secret.as_ref(), false, &mut visit);
    steps
}

fn password(
    account: &Account,
    secret: Result<Secret, NoSecret>,
    visit: &mut Visit<'_>,
) -> Option<Secret> {
    let (what, todo) = match (secret, &account.secret) {
        (Ok(secret), _) => {
            visit.done(Step::fine(mark!("step", "password"), tr!("found")));
            return Some(secret);
        }
        (Err(NoSecret::Ask), _) => (
            tr!("the password is typed on the screen only; signing in is not tried").to_owned(),
            tr!("to have it tried here, set password-command or password = \"keyring\""),
        ),
        (Err(NoSecret::Failed(why)), SecretSource::Command(_)) => (
            why,
            tr!("run it by hand: it must print the password on its first line, and ask nothing"),
        ),
        // What keeps passwords says itself what to do.
        (Err(NoSecret::Failed(why) | NoSecret::SignIn(why) | NoSecret::Later(why)), _) => (why, ""),
    };
    visit.done(smtp::no_secret(what, todo));
    None
}
