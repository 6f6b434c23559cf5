//! Sending mail: the greeting, signing in, what the server takes, and whether it would take a letter
//! from the account's address to itself. It is asked, and nothing is sent.

use super::reach;
use super::visit::{Visit, clean};
use crate::lang::{mark, tr};
use crate::model::checkup::{Advice, Step};
use crate::model::{Account, Auth, Secret};
use crate::net::causes::Service;
use crate::net::check::{clock, ways};
use crate::net::diagnose::explain;
use crate::net::error::NetError;
use crate::net::sendmail;
use crate::net::smtp::{Offers, Pace, SmtpSession, Watch};
use crate::net::trace::Ring;
use crate::text::{size, when};
use std::net::{IpAddr, SocketAddr};

/// What was learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Learnt {
    /// The submission server's addresses.
    pub addresses: Vec<IpAddr>,
    /// The server's time and ours at that moment, if its greeting tells it.
    pub clock: Option<(i64, i64)>,
}

/// The steps of sending.
pub(super) fn smtp(
    account: &Account,
    secret: Option<&Secret>,
    thorough: bool,
    visit: &mut Visit<'_>,
) -> Learnt {
    let mut learnt = Learnt::default();
    let at = (account, Service::Smtp);
    if let Some(argv) = &account.sendmail {
        let name = argv.first().map_or("", String::as_str);
        visit.try_it(
            mark!("step", "sending program"),
            at,
            &Ring::default(),
            || {
                let found = sendmail::find(name);
                let found = found.map_err(|why| {
                    NetError::Unsendable(tr!("`{name}` can't be run: {why}", name, why))
                })?;
                Ok(((), found.display().to_string()))
            },
        );
        return learnt;
    }
    let enter = |ring: &Ring| -> Result<(SmtpSession, String), NetError> {
        let session = SmtpSession::greet(account, Pace::brisk(), ring.clone(), Watch::default())?;
        let offers: Vec<String> = session
            .offers()
            .iter()
            .map(|(k, v)| format!("{k} {v}").trim().to_owned())
            .collect();
        Ok((session, clean(&offers.join(", "))))
    };
    let shown = |session: &SmtpSession| session.certificate();
    let name = mark!("step", "submission greeting");
    let (reached, begun) = reach::begin(at, thorough, visit, name, Some(enter), shown);
    learnt.addresses = reached.addresses.iter().map(SocketAddr::ip).collect();
    let Some((mut session, ring)) = begun else {
        return learnt;
    };
    let told = ring.lines().iter().find_map(|l| clock::in_greeting(l));
    learnt.clock = told.map(|theirs| (theirs, when::now()));
    if thorough {
        visit.done(Step::note(
            mark!("step", "submission takes"),
            takes(session.offers(), account.auth),
        ));
    }
    let Some(secret) = secret else {
        session.quit();
        return learnt;
    };
    let signed_in = visit.try_it(mark!("step", "submission sign in"), at, &ring, || {
        session.sign_in(account, secret)?;
        Ok(((), tr!("as {user}", user = clean(&account.user))))
    });
    if signed_in.is_none() {
        return learnt;
    }
    if thorough {
        rehearse(&mut session, account, &ring, visit);
    }
    session.quit();
    learnt
}

/// Whether a letter to oneself would be taken.
fn rehearse(session: &mut SmtpSession, account: &Account, ring: &Ring, visit: &mut Visit<'_>) {
    const NAME: &str = mark!("step", "submission rehearsal");
    visit.look(NAME, || {
        match session.rehearse(&account.email, &account.email) {
            Ok(_) => Step::fine(
                NAME,
                tr!(
                    "mail from {email} to {email} would be taken; nothing was sent",
                    email = clean(&account.email)
                ),
            ),
            Err(error) => {
                let advice = explain(&error, account, Service::Smtp);
                let later = matches!(error, NetError::Later(_) | NetError::Busy(_));
                let mut step = match later {
                    true => Step::careful(NAME, advice),
                    false => Step::wrong(NAME, advice),
                };
                step.said = ring.lines();
                step
            }
        }
    });
}

/// What the server takes, in words.
fn takes(offers: &Offers, auth: Auth) -> String {
    let mut words = vec![match offers.max_size() {
        Some(max) => tr!("messages up to {size}", size = size::human(max)),
        None => tr!("messages of a size that it does not tell").to_owned(),
    }];
    words.push(match offers.has("8BITMIME") {
        true => tr!("8-bit text as it is").to_owned(),
        false => tr!("7-bit text only, into which all is turned (no 8BITMIME)").to_owned(),
    });
    words.push(match offers.has("SMTPUTF8") {
        true => tr!("addresses in any script").to_owned(),
        false => tr!("ASCII addresses only (no SMTPUTF8)").to_owned(),
    });
    let named = offers.get("AUTH").unwrap_or_default();
    if !named.is_empty() {
        let used = ways::used(auth, |name| offers.lists("AUTH", name));
        words.push(tr!(
            "signs in by {ways}; {used} is used",
            ways = clean(named),
            used
        ));
    }
    words.join(tr!(", "))
}

/// A step that says why nothing was tried.
pub(super) fn no_secret(what: String, todo: &str) -> Step {
    Step::wrong(mark!("step", "password"), Advice::new(what, "", todo))
}
