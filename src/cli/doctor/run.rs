//! `doctor` on the command line, and the same for one account on the screen.

use super::account::{self, Wanted};
use super::machine;
use super::tell::{self, Teller};
use super::visit::{Offers, Visit};
use crate::cli::exit::{self, Failure};
use crate::cli::host::Desk;
use crate::cli::say::say;
use crate::cli::{json, passphrase};
use crate::config::secrets::Secrets;
use crate::config::{Config, ConfigError, Look, Paths, load};
use crate::lang::tr;
use crate::model::checkup::{Progress, Step};
use crate::model::setup::Cancel;
use crate::model::{Account, AccountName, Service};
use crate::net::domain::Resolver;
use crate::sync::Host as _;
use crate::text::Clean;
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;

/// What only the screen's floor can tell: terminal, dictionaries, helper programs.
pub type Around<'a> = &'a dyn Fn(&Look) -> Vec<Step>;

/// Collects what is told, and says it at once where people read it.
struct Report {
    as_json: bool,
    columns: usize,
    teller: Teller,
    steps: Vec<Value>,
    wrong: bool,
}

impl Report {
    fn new(as_json: bool) -> Report {
        Report {
            as_json,
            columns: tell::columns(),
            teller: Teller::new(!as_json),
            steps: Vec::new(),
            wrong: false,
        }
    }

    fn take(&mut self, progress: Progress) {
        self.teller.follow(&progress);
        match progress {
            Progress::Part(title) if !self.as_json => say!("{title}"),
            Progress::Part(_) | Progress::Begun(_) => {}
            Progress::Done(step) => {
                self.wrong |= step.is_wrong();
                if self.as_json {
                    self.steps.push(tell::value(&step));
                    return;
                }
                for line in tell::lines(&step, self.columns) {
                    say!("{line}");
                }
            }
        }
    }
}

/// `doctor`: this machine, then each account or the one that was named.
///
/// # Errors
/// When there is no configuration or no such account, or the output can't be written.
pub fn doctor(
    place: Option<&Path>,
    as_json: bool,
    only: Option<&str>,
    offline: bool,
    around: Around<'_>,
) -> Result<u8> {
    let paths = Paths::locate(place)?;
    let tightened = paths.ensure()?;
    let loaded = load::load(&paths.config)?;
    let config = loaded.config;
    if config.accounts.is_empty() && loaded.problems.is_empty() {
        return Err(ConfigError::NoAccount { path: paths.config }.into());
    }
    let accounts = chosen(&config, only, !loaded.problems.is_empty())?;
    let named = config.checks.name_server;
    let resolver = named.map_or_else(Resolver::of_system, Resolver::at);
    let cancel = Cancel::default();
    let mut report = Report::new(as_json);
    let mut machine_tells = |progress| report.take(progress);
    let mut visit = Visit::new(&mut machine_tells, &cancel);
    visit.part("this machine".to_owned());
    machine::machine(&paths, &config, &loaded.problems, &tightened, &mut visit);
    for step in around(&config.look) {
        visit.done(step);
    }
    if !offline {
        machine::network(&resolver, &mut visit);
    }
    let machine = std::mem::take(&mut report.steps);
    let wanted = Wanted {
        resolver: (&resolver, named.is_some()),
        cache: &paths.cache,
        offline,
    };
    let secrets = Secrets::at(&paths);
    // Without it the accounts that need it say so.
    let _ = passphrase::unlock(&secrets, &config.accounts);
    let desk = Desk::new(&paths, &secrets, false);
    let mut told = Vec::new();
    let mut shown: Vec<(String, Offers, AccountName)> = Vec::new();
    for one in &accounts {
        report.take(Progress::Part(title(one)));
        let secret = desk.secret(one, Service::Imap);
        let offers = account::account(one, secret, &wanted, &cancel, &mut |p| report.take(p));
        let name = one.name.as_str();
        let steps = std::mem::take(&mut report.steps);
        let extensions: Vec<Value> = offers.iter().map(tell::offered).collect();
        told.push(json!({ "name": name, "steps": steps, "extensions": extensions }));
        if !as_json {
            say_offers(one, offers, &mut shown, report.columns);
        }
    }
    let healthy = !report.wrong;
    if as_json {
        json::print(json!({ "healthy": healthy, "machine": machine, "accounts": told }))?;
    }
    Ok(match healthy {
        true => 0,
        false if !loaded.problems.is_empty() => exit::CONFIG,
        false => exit::UNAVAILABLE,
    })
}

/// The accounts to look at; with a configuration that has mistakes, those of it that work.
fn chosen(config: &Config, only: Option<&str>, faulty: bool) -> Result<Vec<Account>> {
    let Some(name) = only else {
        return Ok(config.accounts.clone());
    };
    let found = config.accounts.iter().find(|a| a.name.as_str() == name);
    match found {
        Some(account) => Ok(vec![account.clone()]),
        None if faulty => Ok(Vec::new()),
        None => {
            let known: Vec<&str> = config.accounts.iter().map(|a| a.name.as_str()).collect();
            let told = format!(
                "there is no account `{name}`; there are: {}",
                known.join(", ")
            );
            Err(Failure::new(exit::NO_INPUT, told).into())
        }
    }
}

fn title(account: &Account) -> String {
    let name = Clean::line(account.name.as_str());
    format!("{name} ({})", Clean::line(&account.email))
}

/// The table of what a server offers, once for each server that offers the same.
fn say_offers(
    account: &Account,
    offers: Offers,
    shown: &mut Vec<(String, Offers, AccountName)>,
    columns: usize,
) {
    if offers.is_empty() {
        return;
    }
    let host = &account.imap.host;
    let same = shown
        .iter()
        .find(|(at, there, _)| at == host && *there == offers);
    if let Some((.., first)) = same {
        let words = format!(
            "the IMAP server offers the same as for {}, above",
            Clean::line(first.as_str())
        );
        for line in tell::hung("  ", &words, columns) {
            say!("{line}");
        }
        return;
    }
    for line in tell::table(&offers, columns) {
        say!("{line}");
    }
    shown.push((host.clone(), offers, account.name.clone()));
}

/// The steps of one account and of this machine's name servers, for a screen. `around` comes first.
pub fn for_screen(
    (paths, secrets): (&Paths, &Secrets),
    config: &Config,
    one: &Account,
    around: Vec<Step>,
    cancel: &Cancel,
    tell: &mut dyn FnMut(Progress),
) {
    let named = config.checks.name_server;
    let resolver = named.map_or_else(Resolver::of_system, Resolver::at);
    tell(Progress::Part(title(one)));
    let wanted = Wanted {
        resolver: (&resolver, named.is_some()),
        cache: &paths.cache,
        offline: false,
    };
    let secret = Desk::new(paths, secrets, false).secret(one, Service::Imap);
    account::account(one, secret, &wanted, cancel, tell);
    let mut visit = Visit::new(tell, cancel);
    visit.part(tr!("this machine").to_owned());
    machine::network(&resolver, &mut visit);
    machine::machine(paths, config, &[], &[], &mut visit);
    for step in around {
        visit.done(step);
    }
}
