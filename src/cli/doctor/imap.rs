//! Reading mail: signing in by each way that there is, what the server can do and what is made of it,
//! mailboxes and their use, limits, and the server's clock.

use super::reach;
use super::visit::{Offers, Visit, clean};
use crate::lang::{mark, tr, trc, trn};
use crate::model::checkup::Step;
use crate::model::{Account, Auth, MailboxName, Role, Secret};
use crate::net::causes::Service;
use crate::net::check::ways;
use crate::net::error::NetError;
use crate::net::imap::extensions::EXTENSIONS;
use crate::net::imap::{FetchBy, Listed, Mode, Options, Quota, Session};
use crate::net::trace::Ring;
use crate::text::{gauge, size};
use std::collections::BTreeSet;

/// What was learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Learnt {
    /// What the server offers and what becomes of it.
    pub offers: Offers,
    /// When the newest message of the inbox came in, by the server's clock.
    pub newest: Option<i64>,
}

/// The steps of reading.
pub(super) fn imap(
    account: &Account,
    secret: Option<&Secret>,
    thorough: bool,
    visit: &mut Visit<'_>,
) -> Learnt {
    let mut learnt = Learnt::default();
    let at = (account, Service::Imap);
    let enter = secret.map(|secret| {
        move |ring: &Ring| -> Result<(Session, String), NetError> {
            let session = connect(account, secret, ring)?;
            Ok((session, tr!("as {user}", user = clean(&account.user))))
        }
    });
    let shown = |session: &Session| session.certificate();
    let begun = reach::begin(
        at,
        thorough,
        visit,
        mark!("step", "IMAP sign in"),
        enter,
        shown,
    )
    .1;
    let (Some((mut session, ring)), Some(secret)) = (begun, secret) else {
        return learnt;
    };
    if thorough {
        others(account, secret, &ring, &session, visit);
    }
    if let Some(id) = session.server_id() {
        visit.done(Step::fine(mark!("step", "IMAP server"), clean(id)));
    }
    let caps: Vec<&str> = session.caps().iter().collect();
    visit.done(Step::fine(
        mark!("step", "IMAP capabilities"),
        clean(&caps.join(" ")),
    ));
    let listed = visit.try_it(mark!("step", "IMAP mailboxes"), at, &ring, || {
        let listed = session.list()?;
        let words = counted(&listed);
        Ok((listed, words))
    });
    if let Some(listed) = &listed {
        visit.done(Step::fine(mark!("step", "IMAP special use"), uses(listed)));
        if session.compressed() {
            visit.done(Step::fine(mark!("step", "IMAP compression"), "DEFLATE"));
        }
    }
    if thorough && listed.is_some() {
        let limits = visit.try_it(mark!("step", "IMAP quota"), at, &ring, || {
            let limits = session.quota()?;
            let words = told(&limits);
            Ok((limits, words))
        });
        // Without a limit on record nothing is known, which is no failure.
        drop(limits);
        learnt.newest = newest(&mut session).ok().flatten();
    }
    learnt.offers = EXTENSIONS
        .iter()
        .map(|e| (*e, e.offer(session.caps(), &account.sync.without)))
        .collect();
    session.logout();
    learnt
}

fn connect(account: &Account, secret: &Secret, ring: &Ring) -> Result<Session, NetError> {
    let options = Options {
        ring: Some(ring.clone()),
        ..Options::default()
    };
    Session::connect(account, secret, &options)
}

/// The ways to sign in that the server named before, which of them was taken, and whether the
/// other one that takes a password works too. Tried only with what was just found right, so that
/// nobody is locked out.
fn others(
    account: &Account,
    secret: &Secret,
    ring: &Ring,
    session: &Session,
    visit: &mut Visit<'_>,
) {
    const NAME: &str = mark!("step", "IMAP ways to sign in");
    let mut offered: BTreeSet<String> = BTreeSet::new();
    let lines = ring.lines();
    let words = lines
        .iter()
        .filter(|l| l.starts_with("S: "))
        .flat_map(|l| l.split([' ', ']', '[']))
        .chain(session.caps().iter());
    for word in words {
        let word = word.to_ascii_uppercase();
        if let Some(name) = word.strip_prefix("AUTH=") {
            offered.insert(name.to_owned());
        }
    }
    let used = ways::used(account.auth, |name| offered.contains(name));
    let all: Vec<String> = offered.into_iter().collect();
    let mut words = match all.is_empty() {
        true => tr!("{used} is used", used),
        false => tr!(
            "offered: {all}; {used} is used",
            all = clean(&all.join(", ")),
            used
        ),
    };
    if account.auth == Auth::Password && used == "PLAIN" {
        visit.look(NAME, || {
            let mut other = account.clone();
            other.sync.without.push("AUTH=PLAIN".to_owned());
            let tried = connect(&other, secret, &Ring::default());
            words = match &tried {
                Ok(_) => tr!("{words}; the LOGIN command works too", words),
                Err(_) => tr!(
                    "{words}; the LOGIN command is refused, which does not matter",
                    words
                ),
            };
            if let Ok(mut session) = tried {
                session.logout();
            }
            Step::note(NAME, words)
        });
    } else {
        visit.done(Step::note(NAME, words));
    }
}

fn counted(listed: &[Listed]) -> String {
    let told = listed.iter().filter_map(|l| l.status.as_ref());
    let (messages, octets) = told.fold((0u64, 0u64), |(messages, octets), status| {
        let here = u64::from(status.messages.unwrap_or(0));
        (messages + here, octets + status.size.unwrap_or(0))
    });
    let mut words = vec![trn!(n = listed.len(), "{n} mailbox", "{n} mailboxes")];
    if messages > 0 {
        words.push(trn!(n = messages, "{n} message", "{n} messages"));
    }
    if octets > 0 {
        words.push(size::human(octets));
    }
    words.join(tr!(", "))
}

/// Which mailbox serves for what, and for what there is none.
fn uses(listed: &[Listed]) -> String {
    let roles = [
        (trc!("use", "drafts"), Role::Drafts),
        (trc!("use", "sent"), Role::Sent),
        (trc!("use", "archive"), Role::Archive),
        (trc!("use", "junk"), Role::Junk),
        (trc!("use", "trash"), Role::Trash),
    ];
    let found = |role: Role| listed.iter().find(|l| l.role == Some(role));
    let words = roles.map(|(name, role)| match found(role) {
        Some(mailbox) => format!("{name}: {}", clean(&mailbox.path)),
        None => format!("{name}: {}", trc!("use", "none")),
    });
    words.join(tr!(", "))
}

fn told(limits: &[Quota]) -> String {
    let words: Vec<String> = limits
        .iter()
        .filter(|q| q.limit > 0)
        .map(|q| {
            let share = gauge::percent(q.used, q.limit).unwrap_or(0);
            match q.resource.as_str() {
                "STORAGE" => tr!(
                    "{used} of {limit} ({share} %)",
                    used = size::human(q.used),
                    limit = size::human(q.limit),
                    share
                ),
                other => tr!(
                    "{used} of {limit} {what} ({share} %)",
                    used = q.used,
                    limit = q.limit,
                    what = clean(other),
                    share
                ),
            }
        })
        .collect();
    match words.is_empty() {
        true => tr!("the server tells no limit").to_owned(),
        false => words.join(tr!(", ")),
    }
}

/// When the newest message of the inbox came in.
fn newest(session: &mut Session) -> Result<Option<i64>, NetError> {
    let inbox = MailboxName::new("INBOX");
    let count = session.select(&inbox, Mode::ReadOnly)?.exists;
    let mut came = None;
    if count > 0 {
        session.fetch_headers(FetchBy::Seq(count, count), &mut |item| {
            came = item.internal_date.or(came);
            Ok(())
        })?;
    }
    Ok(came)
}
