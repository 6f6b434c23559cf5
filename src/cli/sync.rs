//! `sync`: brings the cache up to date, once or as long as one likes.

use super::args::Sync;
use super::asking::{Turn, take_or_ask, wait_for_turn};
use super::bars::Bars;
use super::exit::{self, Failure};
use super::home::{Home, warm_up};
use super::json;
use super::say::{aside, say};
use crate::config::load::reach;
use crate::config::lock;
use crate::lang::tr;
use crate::model::{Account, AccountName, AccountStatus, Link, Quota, Reach};
use crate::net::diagnose::{Service, explain};
use crate::signal::{Announcement, Board};
use crate::store::Local;
use crate::sync::engine::{self, Engine, Once};
use crate::sync::{Parts, SyncError, guard};
use crate::text::{Clean, osc, when};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// `sync`
///
/// # Errors
/// A database or the configuration can't be used. What went wrong with a server stands in the
/// report.
pub fn sync(home: &Home, as_json: bool, args: &Sync) -> Result<u8> {
    let mut accounts = home.accounts(args.account.as_deref())?;
    if let Some(word) = &args.bodies {
        let policy = reach(word).ok_or_else(|| {
            let ways = "--bodies takes none, all, days such as 30d, or a size such as \"500 MB\"";
            Failure::new(exit::USAGE, ways)
        })?;
        bodies_everywhere(&mut accounts, policy);
    }
    if args.offline {
        bodies_everywhere(&mut accounts, Reach::All);
        for account in &mut accounts {
            account.sync.attachments = true;
        }
    }
    let began = Instant::now();
    // What this command wants of bodies, only this process can do.
    let own = args.watch || args.offline || args.bodies.is_some();
    let _lock = match own {
        true => wait_for_turn(home, args.watch)?,
        false => match take_or_ask(home, &accounts)? {
            Turn::Ours(lock) => lock,
            Turn::Theirs(answers) => return asked(as_json, &answers, began),
        },
    };
    warm_up(&accounts);
    let board = Arc::new(Board::new());
    // While this one is open, none of those that come and go has to write its log back to the file.
    let _local = Local::open(&home.paths.local)?;
    let parts = home.parts(accounts, Arc::clone(&board), true)?;
    if args.watch {
        watch(home, as_json, parts, &board)
    } else {
        once(as_json, parts, &board)
    }
}

/// Turns of an account in one `sync --once`: the second and third only for what goes from one account
/// to another (fetched there, copied here, removed there).
const ROUNDS: usize = 3;

/// What the command line says holds for every mailbox, whatever the configuration says of some.
fn bodies_everywhere(accounts: &mut [Account], reach: Reach) {
    for sync in accounts.iter_mut().map(|a| &mut a.sync) {
        sync.bodies = reach;
        sync.mailboxes.iter_mut().for_each(|m| m.bodies = None);
    }
}

/// What another process did for us.
fn asked(as_json: bool, answers: &[(AccountName, bool)], began: Instant) -> Result<u8> {
    let seconds = (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    let offline = "the postrider that is running can't reach the server";
    let mut reports = Vec::new();
    for (name, done) in answers {
        let mut report = json!({ "name": name.as_str(), "elsewhere": true, "seconds": seconds });
        if let Some(fields) = report.as_object_mut().filter(|_| !done) {
            fields.insert("error".to_owned(), json!(offline));
        }
        if !as_json {
            let name = Clean::line(name.as_str());
            match done {
                true => say!("{name}: looked at by the postrider that is running, in {seconds} s"),
                false => aside!("{name}: {offline}"),
            }
        }
        reports.push(report);
    }
    if as_json {
        json::print(json!({ "accounts": reports }))?;
    }
    let all = answers.iter().all(|(_, done)| *done);
    Ok(if all { 0 } else { exit::TEMPORARY })
}

fn once(as_json: bool, parts: Parts, board: &Board) -> Result<u8> {
    engine::recover(&parts)?;
    let local = Local::open(&parts.stores.local)?;
    let refused = local.read().refusals()?;
    let mut reports: Vec<(AccountName, Value, u8)> = Vec::new();
    let mut notices = Vec::new();
    let mut accounts = parts.accounts.clone();
    // What goes from one account to another needs both, in turns.
    for round in 0..ROUNDS {
        if round > 0 {
            let waiting = Local::open(&parts.stores.local)?.read().under_way()?;
            let failed =
                |name: &AccountName| reports.iter().any(|(n, _, code)| n == name && *code != 0);
            accounts.retain(|a| waiting.contains(&a.name) && !failed(&a.name));
            if accounts.is_empty() {
                break;
            }
        }
        turn(
            as_json,
            &parts,
            &accounts,
            board,
            &mut reports,
            &mut notices,
        )?;
    }
    for notice in notices {
        aside!("{}", Clean::line(&notice));
    }
    let mut worst = reports.iter().map(|(_, _, code)| *code).max().unwrap_or(0);
    // The notices say what; whoever runs this in a script has only the code.
    if worst == 0 && local.read().refusals()? > refused {
        worst = exit::REFUSED;
    }
    let reports: Vec<Value> = reports.into_iter().map(|(_, report, _)| report).collect();
    if as_json {
        json::print(json!({ "accounts": reports }))?;
    }
    Ok(worst)
}

/// One turn of these accounts, each on a thread of its own. What it came to is told, and added to
/// what earlier ones came to.
fn turn(
    as_json: bool,
    parts: &Parts,
    accounts: &[Account],
    board: &Board,
    reports: &mut Vec<(AccountName, Value, u8)>,
    notices: &mut Vec<String>,
) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let (working, done) = crossbeam_channel::bounded::<()>(0);
    let runs: Vec<_> = accounts
        .iter()
        .map(|account| {
            let kit = engine::kit(parts, account, &stop);
            let (name, working) = (account.name.clone(), working.clone());
            let run = move || {
                let outcome = timed(&kit);
                drop(working);
                outcome
            };
            Ok((name, std::thread::Builder::new().spawn(run)?))
        })
        .collect::<std::io::Result<_>>()?;
    drop(working);
    notices.extend(Bars::new(!as_json).follow(board, &done));
    for (name, run) in runs {
        let (outcome, seconds) = run
            .join()
            .unwrap_or_else(|_| (Err(SyncError::Panicked(String::new())), 0.0));
        let account = parts.accounts.iter().find(|a| a.name == name);
        let (report, code) = account_report(account, outcome, seconds);
        match reports.iter_mut().find(|(n, _, _)| *n == name) {
            Some((_, before, worst)) => {
                add(before, &report);
                *worst = code.max(*worst);
            }
            None => {
                if !as_json {
                    tell(&report);
                }
                reports.push((name, report, code));
            }
        }
    }
    Ok(())
}

/// What a further turn did is added to the report of the first.
fn add(before: &mut Value, more: &Value) {
    for field in ["headers", "bodies", "bytes"] {
        let sum = before[field].as_u64().unwrap_or(0) + more[field].as_u64().unwrap_or(0);
        before[field] = json!(sum);
    }
    if let Some(error) = more.get("error") {
        before["error"] = error.clone();
    }
}

fn timed(kit: &crate::sync::Kit) -> (Result<Once, SyncError>, f64) {
    let began = Instant::now();
    (
        guard::turn(|| engine::once(kit)),
        began.elapsed().as_secs_f64(),
    )
}

fn account_report(
    account: Option<&Account>,
    outcome: Result<Once, SyncError>,
    seconds: f64,
) -> (Value, u8) {
    let name = account.map_or("", |a| a.name.as_str());
    let seconds = (seconds * 1000.0).round() / 1000.0;
    match outcome {
        Ok(done) => {
            let report = json!({
                "name": name, "mailboxes": done.mailboxes, "headers": done.headers,
                "bodies": done.bodies, "bytes": done.bytes, "seconds": seconds,
                "connections": done.connections, "quota": done.quota.map(quota),
            });
            (report, 0)
        }
        Err(error) => {
            let why = why(&error, account);
            let report = json!({
                "name": name, "mailboxes": 0, "headers": 0, "bodies": 0, "bytes": 0,
                "seconds": seconds, "error": why,
            });
            (report, exit::code(&error.into()))
        }
    }
}

/// What went wrong with an account's server, for people.
pub(super) fn why(error: &SyncError, account: Option<&Account>) -> String {
    match (error, account) {
        (SyncError::Net(net), Some(account)) => explain(net, account, Service::Imap).line(),
        _ => Clean::line(&error.to_string()).to_string(),
    }
}

fn tell(report: &Value) {
    let name = report["name"].as_str().unwrap_or_default();
    match report["error"].as_str() {
        Some(why) => aside!("{}: {}", Clean::line(name), Clean::line(why)),
        None => say!(
            "{}: {} mailboxes, {} new headers, {} bodies, {} in {} s",
            Clean::line(name),
            report["mailboxes"],
            report["headers"],
            report["bodies"],
            crate::text::size::human(report["bytes"].as_u64().unwrap_or(0)),
            report["seconds"],
        ),
    }
}

fn watch(home: &Home, as_json: bool, parts: Parts, board: &Arc<Board>) -> Result<u8> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let (ring, heard) = crossbeam_channel::bounded(1);
    board.on_post(move || {
        let _ = ring.try_send(());
    });
    crate::notify::start(&home.paths.cache, &home.config.notify, board)?;
    let mut engine = Engine::start(parts)?;
    let nudged = engine.nudged();
    let _ear = lock::listen(&home.paths.bell, move || {
        nudged.iter().for_each(crate::signal::Ringer::ring)
    })?;
    let mut said = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        // The signal's flag is looked at now and then; nothing else needs this time.
        let _ = heard.recv_timeout(Duration::from_millis(500));
        let posted = board.take();
        for (account, status) in posted.statuses {
            let line = line(as_json, account.as_str(), &status);
            // People need not be told again of what only scripts can see.
            if said.get(&account) != Some(&line) {
                tell_line(as_json, &line)?;
                said.insert(account, line);
            }
        }
        posted.announced.iter().for_each(announce);
        for notice in posted.notices {
            if as_json {
                json::print(json!({ "notice": notice }))?;
            } else {
                say!("{}", Clean::line(&notice));
            }
        }
    }
    let recorded = engine.stop(&mut || {
        aside!(
            "postrider: {}",
            tr!("what you did last is still being written down")
        );
    });
    match recorded {
        true => Ok(0),
        false => {
            let lost = tr!("the disk did not answer for a minute: what you did last may be lost");
            Err(Failure::new(exit::IO, lost).into())
        }
    }
}

/// Lets the terminal tell of new mail, if there is one.
fn announce(said: &Announcement) {
    let mut err = std::io::stderr();
    let way = match said.bell {
        true => osc::Way::Bell,
        false => osc::Way::found(|name| std::env::var(name).ok()),
    };
    if err.is_terminal() {
        let (title, body) = (Clean::line(&said.title), Clean::line(&said.body));
        let _ = err.write_all(way.sequence(&title, &body).as_bytes());
    }
}

fn quota(quota: Quota) -> Value {
    json!({ "used": quota.used, "limit": quota.limit })
}

/// What is said of an account: an object for scripts, a line for people.
fn line(as_json: bool, account: &str, status: &AccountStatus) -> Value {
    let (state, reason) = match &status.link {
        Link::Idle => ("idle", None),
        Link::Elsewhere => ("elsewhere", None),
        Link::Connecting => ("connecting", None),
        Link::Online => ("online", None),
        Link::Waiting { reason, .. } => ("waiting", Some(reason)),
        Link::Stopped { reason } => ("stopped", Some(reason)),
    };
    let progress = status.progress.as_ref();
    if as_json {
        return json!({
            "account": account, "state": state, "slow": status.slow, "reason": reason, "pending": status.pending,
            "progress": progress.map(|p| json!({
                "what": p.what, "done": p.done, "total": p.total, "rate": p.rate, "left": p.left,
            })),
            "since": (status.since > 0).then(|| when::rfc3339(status.since)),
            "connections": status.connections, "received": status.received,
            "budget": status.budget, "quota": status.quota.map(quota),
        });
    }
    let more = match (reason, progress) {
        (Some(reason), _) => format!(": {reason}"),
        (None, Some(p)) => format!(": {} {} of {}", p.what, p.done, p.total),
        (None, None) => String::new(),
    };
    let (account, more) = (Clean::line(account), Clean::line(&more));
    Value::String(format!("{account}: {state}{more}"))
}

fn tell_line(as_json: bool, line: &Value) -> Result<()> {
    match line.as_str() {
        Some(text) if !as_json => say!("{text}"),
        _ => json::print(line.clone())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::home;
    use crate::config::Paths;
    use crate::config::secrets::Secrets;
    use crate::model::{Secret, Service};
    use crate::sync::{Host, NoSecret};
    use std::path::Path;

    /// A door behind which there is a fault.
    struct Faulty;

    impl Host for Faulty {
        fn secret(&self, _: &Account, _: Service) -> Result<Secret, NoSecret> {
            panic!("on purpose")
        }
        fn remember(&self, _: &AccountName, _: Secret) {}
        fn forget(&self, _: &AccountName, _: Service) {}
        fn attachment(&self, _: &Path) -> Result<Vec<u8>, String> {
            Err(String::new())
        }
        fn changed(&self) {}
        fn nudge(&self) {}
    }

    #[test]
    fn a_panic_is_told_as_a_fault_and_not_as_something_to_try_again() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::locate(Some(dir.path())).unwrap();
        let account = crate::mime::wire::tests::account();
        let (secrets, accounts) = (Secrets::at(&paths), vec![account.clone()]);
        let own = (&paths, &secrets);
        let mut parts = home::parts(own, accounts, Arc::default(), (true, true), 0).unwrap();
        parts.host = Arc::new(Faulty);
        let (outcome, seconds) = timed(&engine::kit(&parts, &account, &Arc::default()));
        let (report, code) = account_report(Some(&account), outcome, seconds);
        assert_eq!(code, exit::SOFTWARE);
        let told = report["error"].as_str().unwrap();
        assert!(told.contains("on purpose"), "{told}");
    }
}
