//! `import`: messages out of files into a mailbox on a server, each once. `copy`: the same out of
//! another account. Both are done again after a cut or a crash, and go on where they were.

use super::bars::Bars;
use super::exit::{self, Failure};
use super::home::Home;
use super::json;
use super::passphrase;
use super::reading::{self, Came};
use super::say::{aside, say};
use super::sources::{self, Source};
use super::sync::why;
use super::words::{CopyArgs, Import};
use crate::config::lock::EngineLock;
use crate::model::{Account, AccountName, MailboxName, Progress, Role};
use crate::net::imap::Listed;
use crate::signal::Board;
use crate::sync::intake::{Count, Intake};
use crate::sync::offer::{self, Offer};
use crate::sync::places::Places;
use crate::sync::report::Task;
use crate::sync::{Kit, SyncError, engine};
use crate::text::Clean;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What came of one mailbox.
struct Report {
    account: AccountName,
    mailbox: String,
    count: Count,
}

/// `import`
///
/// # Errors
/// Files that can't be read, an unknown account, a server that can't be reached or hangs up.
pub fn import(home: &Home, as_json: bool, args: &Import) -> Result<u8> {
    let mut groups: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in sources::find(&args.paths)? {
        let path = match source.below.as_str() {
            "" => args.to.clone(),
            below => format!("{}/{below}", args.to),
        };
        groups.entry(path).or_default().push(source);
    }
    // Nobody guesses where somebody's mail goes.
    if args.account.is_none() && home.config.accounts.len() > 1 {
        let names: Vec<&str> = home
            .config
            .accounts
            .iter()
            .map(|a| a.name.as_str())
            .collect();
        let told = format!("which account? say --account, one of: {}", names.join(", "));
        return Err(Failure::new(exit::USAGE, told).into());
    }
    let account = home.account_or_first(args.account.as_deref())?.clone();
    let work = |kit: &[Kit]| -> Result<Vec<Report>> {
        let Some(kit) = kit.first() else {
            return Ok(Vec::new());
        };
        let there = Places::ask(kit)?;
        let mut reports = Vec::new();
        for (path, sources) in &groups {
            let name = named(&there, path)?;
            let mut intake = Intake::open(kit, &name, args.dry_run)?;
            for source in sources {
                reading::read(source, &mut |came, _| {
                    match came {
                        Came::Message(addition) => intake.take(addition)?,
                        Came::Not(why) => intake.pass_over(&why),
                        Came::Deleted => intake.count.deleted += 1,
                    }
                    progress(kit, intake.count.offered, 0);
                    Ok(())
                })?;
            }
            reports.push(Report {
                account: kit.account.name.clone(),
                mailbox: path.clone(),
                count: intake.finish()?,
            });
        }
        Ok(reports)
    };
    run(home, as_json, args.dry_run, vec![account], work)
}

/// `copy`
///
/// # Errors
/// Unknown accounts or mailboxes, a server that can't be reached or hangs up.
pub fn copy(home: &Home, as_json: bool, args: &CopyArgs) -> Result<u8> {
    let (from, from_mailbox) = place(&args.from)?;
    let (to, to_mailbox) = place(&args.to)?;
    let from = home.account_or_first(Some(from))?.clone();
    let to = home.account_or_first(Some(to))?.clone();
    if (from_mailbox, to_mailbox.is_some()) == (None, true) {
        let told = "which mailbox is to be copied there? say --from ACCOUNT MAILBOX";
        return Err(Failure::new(exit::USAGE, told).into());
    }
    let work = |kits: &[Kit]| -> Result<Vec<Report>> {
        let [source, target] = kits else {
            return Ok(Vec::new());
        };
        let (here, there) = (Places::ask(source)?, Places::ask(target)?);
        let plan = match from_mailbox {
            Some(wanted) => {
                let mailbox = meant(&here, &source.account.name, wanted)?;
                let into = to_mailbox.unwrap_or(&mailbox.path).to_owned();
                Plan {
                    pairs: vec![(mailbox, into)],
                    ..Plan::default()
                }
            }
            None => every(&here, source, &there)?,
        };
        let mut pairs = plan.pairs.iter().chain(&plan.rest);
        if source.account.name == target.account.name && pairs.any(|(m, into)| m.path == *into) {
            let told = "that is the same mailbox";
            return Err(Failure::new(exit::USAGE, told).into());
        }
        plan.copy(source, target, &there, args.dry_run)
    };
    run(home, as_json, args.dry_run, vec![from, to], work)
}

/// What of an account is copied: from each of its mailboxes to which.
#[derive(Default)]
struct Plan<'p> {
    pairs: Vec<(&'p Listed, String)>,
    /// The mailbox that shows every message of the account, and where those go that lie in no other.
    rest: Option<(&'p Listed, String)>,
    /// Mailboxes that are not copied: what lies in them is none of the rest.
    apart: Vec<&'p Listed>,
}

impl Plan<'_> {
    fn copy(&self, source: &Kit, target: &Kit, there: &Places, dry: bool) -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        let pour = |offer: Offer, into: &String| -> Result<Report> {
            let mut intake = Intake::open(target, &named(there, into)?, dry)?;
            offer.pour(&mut intake, &mut |done, total| {
                progress(source, done, total)
            })?;
            Ok(Report {
                account: target.account.name.clone(),
                mailbox: into.clone(),
                count: intake.finish()?,
            })
        };
        // What comes from now on, or is archived, is in one of the others when they are listed, or
        // not of the rest.
        let then = match &self.rest {
            Some((all, _)) => Some(offer::numbers(source, &all.name)?),
            None => None,
        };
        let mut elsewhere = HashSet::new();
        for (mailbox, into) in &self.pairs {
            let offer = Offer::list(source, &mailbox.name)?;
            if then.is_some() {
                elsewhere.extend(offer.marks());
            }
            reports.push(pour(offer, into)?);
        }
        let (Some((all, into)), Some(then)) = (&self.rest, then) else {
            return Ok(reports);
        };
        for mailbox in &self.apart {
            let offer = Offer::list(source, &mailbox.name)?;
            elsewhere.extend(offer.marks());
            offer.hang_up();
        }
        let mut offer = Offer::list(source, &all.name)?;
        offer.only(&then, &elsewhere);
        match offer.is_empty() {
            true => offer.hang_up(),
            false => reports.push(pour(offer, into)?),
        }
        Ok(reports)
    }
}

/// `ACCOUNT` or `ACCOUNT MAILBOX`.
fn place(words: &[String]) -> Result<(&str, Option<&str>)> {
    match words {
        [account] => Ok((account, None)),
        [account, mailbox] => Ok((account, Some(mailbox))),
        _ => Err(Failure::new(exit::USAGE, "say ACCOUNT, or ACCOUNT MAILBOX").into()),
    }
}

/// The name on the wire of a mailbox that is there, or that is to be made.
fn named(there: &Places, path: &str) -> Result<MailboxName> {
    Ok(there
        .name(path)
        .map_err(|why| Failure::new(exit::USAGE, why))?)
}

/// The mailbox that a user means by a name or role.
fn meant<'p>(places: &'p Places, account: &AccountName, wanted: &str) -> Result<&'p Listed> {
    let (code, told) = match places.meant(wanted).as_slice() {
        [one] if one.selectable => return Ok(one),
        [one] => (
            exit::NO_INPUT,
            format!("{} of {account} holds no messages", Clean::line(&one.path)),
        ),
        [] => (
            exit::NO_INPUT,
            format!(
                "there is no mailbox `{}` in {account}",
                wanted.escape_debug()
            ),
        ),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|m| Clean::line(&m.path).to_string())
                .collect();
            let told = format!(
                "`{}` could be {}",
                wanted.escape_debug(),
                names.join(" or ")
            );
            (exit::USAGE, told)
        }
    };
    Err(Failure::new(code, told).into())
}

/// Every mailbox that holds messages of its own and isn't left out in the configuration, and where
/// it goes: to the one that is there for the same, else to one of the same name. What lies nowhere but
/// among all messages is archived mail (Gmail's).
fn every<'p>(here: &'p Places, source: &Kit, there: &Places) -> Result<Plan<'p>> {
    let mut plan = Plan::default();
    let target = |role: Option<Role>| role.and_then(|role| there.of_role(role));
    for mailbox in here.all().iter().filter(|m| m.selectable) {
        let left_out = source.account.sync.leaves_out(&mailbox.path);
        match mailbox.role {
            // It shows other mailboxes' messages once more.
            Some(Role::Flagged) => {}
            Some(Role::All) if left_out => {}
            Some(Role::All) => {
                let into = target(Some(Role::Archive)).map_or("Archive", |m| &m.path);
                plan.rest = Some((mailbox, into.to_owned()));
            }
            _ if left_out => plan.apart.push(mailbox),
            role => {
                let into = target(role).map_or(&mailbox.path, |m| &m.path);
                plan.pairs.push((mailbox, into.clone()));
            }
        }
    }
    if plan.pairs.is_empty() && plan.rest.is_none() {
        let told = format!("{} has no mailbox to copy", source.account.name);
        return Err(Failure::new(exit::NO_INPUT, told).into());
    }
    Ok(plan)
}

fn progress(kit: &Kit, done: u64, total: u64) {
    let progress = Progress {
        doing: "copying".to_owned(),
        what: "messages".to_owned(),
        done,
        total,
        rate: 0,
        left: None,
    };
    kit.report.progress(Task::Sending, Some(progress));
}

/// Does the work while bars are drawn, and tells what came of it.
fn run(
    home: &Home,
    as_json: bool,
    dry: bool,
    accounts: Vec<Account>,
    work: impl FnOnce(&[Kit]) -> Result<Vec<Report>>,
) -> Result<u8> {
    // Of two at once each would add what the other just added.
    let _alone = match dry {
        true => None,
        false => Some(alone(home)?),
    };
    let board = Arc::new(Board::new());
    passphrase::unlock(&home.secrets, &accounts)?;
    let parts = home.parts(accounts.clone(), Arc::clone(&board), false)?;
    let stop = Arc::new(AtomicBool::new(false));
    let kits: Vec<Kit> = accounts
        .iter()
        .map(|a| engine::kit(&parts, a, &stop))
        .collect();
    let (working, done) = crossbeam_channel::bounded::<()>(0);
    let (outcome, notices) = std::thread::scope(|scope| {
        let bars = scope.spawn(|| Bars::new(!as_json).follow(&board, &done));
        let outcome = work(&kits);
        drop(working);
        (outcome, bars.join().unwrap_or_default())
    });
    for notice in notices {
        aside!("{}", Clean::line(&notice));
    }
    let reports = outcome.map_err(|error| match error.downcast::<SyncError>() {
        Ok(error) => {
            let told = format!(
                "{}; run it again: it goes on where it was",
                why(&error, accounts.last())
            );
            Failure::new(exit::code(&error.into()), told).into()
        }
        Err(other) => other,
    })?;
    tell(as_json, dry, &reports)
}

/// Held by the one process of this home that brings mail in.
fn alone(home: &Home) -> Result<EngineLock> {
    let lock = home.paths.lock.with_file_name("intake.lock");
    let lock = EngineLock::try_take(&lock).with_context(|| lock.display().to_string())?;
    lock.ok_or_else(|| {
        let told = "another import or copy is under way here: run this one when it has ended";
        Failure::new(exit::TEMPORARY, told).into()
    })
}

fn tell(as_json: bool, dry: bool, reports: &[Report]) -> Result<u8> {
    let whole = reports.iter().all(|r| r.count.is_whole());
    if as_json {
        let list: Vec<_> = reports
            .iter()
            .map(|r| {
                json!({
                    "account": r.account.as_str(), "mailbox": r.mailbox,
                    "offered": r.count.offered, "added": r.count.added, "known": r.count.known,
                    "twice": r.count.twice, "deleted": r.count.deleted,
                    "refused": r.count.refused,
                    "found": r.count.found, "verified": r.count.is_whole(),
                })
            })
            .collect();
        json::print(json!({ "mailboxes": list, "dry_run": dry }))?;
    }
    for r in reports.iter().filter(|_| !as_json) {
        let c = &r.count;
        let (would, verified) = match (dry, c.is_whole()) {
            (true, _) => ("would be ", String::new()),
            (false, true) => ("", "; verified: all are there".to_owned()),
            (false, false) => ("", format!("; {} of them are there", c.found)),
        };
        let twice = match c.twice {
            0 => String::new(),
            n => format!(", {n} came twice"),
        };
        say!(
            "{} of {}: {} messages, {} {would}added, {} there already{twice}{verified}",
            Clean::line(&r.mailbox),
            r.account,
            c.offered,
            c.added,
            c.known,
        );
        if c.deleted > 0 {
            aside!(
                "{} passed over: deleted there, and not removed yet",
                c.deleted
            );
        }
        for (why, n) in &c.refused {
            aside!("{n} not taken: {}", Clean::line(why));
        }
    }
    Ok(if whole { 0 } else { exit::DIFFERENT })
}
