//! `verify`: cache and server compared in full, and put right if asked to.

use super::args::Verify;
use super::asking::turn_now;
use super::bars::Bars;
use super::exit::{self, Failure};
use super::home::{Home, warm_up};
use super::say::aside;
use super::sync::why;
use super::{json, table};
use crate::signal::Board;
use crate::sync::verify::{self, Finding};
use crate::sync::{SyncError, engine, guard};
use crate::text::{Clean, gauge};
use anyhow::Result;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// `verify`. The exit code says whether differences remain.
///
/// # Errors
/// A database or the configuration can't be used, or there is no such mailbox. What went wrong
/// with a server stands in the report.
pub fn verify(home: &Home, as_json: bool, args: &Verify) -> Result<u8> {
    let accounts = home.accounts(args.account.as_deref())?;
    let _lock = turn_now(home, "verify")?;
    warm_up(&accounts);
    let board = Arc::new(Board::new());
    let parts = home.parts(accounts, Arc::clone(&board), true)?;
    engine::recover(&parts)?;
    let stop = Arc::new(AtomicBool::new(false));
    let (working, done) = crossbeam_channel::bounded::<()>(0);
    let runs: Vec<_> = parts
        .accounts
        .iter()
        .map(|account| {
            let kit = engine::kit(&parts, account, &stop);
            let (path, repair, working) = (args.mailbox.clone(), args.repair, working.clone());
            let run = move || {
                let findings = guard::turn(|| verify::account(&kit, path.as_deref(), repair));
                drop(working);
                findings
            };
            Ok((account, std::thread::Builder::new().spawn(run)?))
        })
        .collect::<std::io::Result<_>>()?;
    drop(working);
    let notices = Bars::new(!as_json).follow(&board, &done);
    let (mut reports, mut rows) = (Vec::new(), Vec::new());
    let (mut clean, mut failed) = (true, 0);
    for (account, run) in runs {
        let name = account.name.as_str();
        let outcome = run.join();
        let outcome = outcome.unwrap_or_else(|_| Err(SyncError::Panicked(String::new())));
        let findings = match outcome {
            Ok(findings) => findings,
            // A database of ours is everybody's trouble, and may have to be made anew.
            Err(error @ SyncError::Store(_)) => return Err(error.into()),
            Err(error) => {
                let why = why(&error, Some(account));
                if !as_json {
                    aside!("{}: {}", Clean::line(name), Clean::line(&why));
                }
                reports.push(json!({ "name": name, "mailboxes": [], "error": why }));
                failed = failed.max(exit::code(&error.into()));
                continue;
            }
        };
        clean &= findings.iter().all(|f| f.is_clean() || f.repaired);
        rows.extend(findings.iter().map(|f| row(name, f)));
        reports.push(json!({
            "name": name, "mailboxes": findings.iter().map(value).collect::<Vec<_>>(),
        }));
    }
    for notice in notices {
        aside!("{}", Clean::line(&notice));
    }
    if let (Some(path), true, 0) = (&args.mailbox, rows.is_empty(), failed) {
        let told = format!("there is no mailbox `{}`", path.escape_debug());
        return Err(Failure::new(exit::NO_INPUT, told).into());
    }
    if as_json {
        let clean = clean && failed == 0;
        json::print(json!({ "clean": clean, "accounts": reports }))?;
    } else {
        table::print(&rows, 40)?;
    }
    Ok(match (failed, clean) {
        (0, true) => 0,
        (0, false) => exit::DIFFERENT,
        (code, _) => code,
    })
}

fn value(finding: &Finding) -> Value {
    json!({
        "mailbox": finding.mailbox, "missing": finding.missing, "extra": finding.extra,
        "flags": finding.flags, "damaged": finding.damaged, "repaired": finding.repaired, "refused": finding.refused,
    })
}

fn row(account: &str, finding: &Finding) -> Vec<Clean> {
    let parts = [
        (finding.missing, "not here"),
        (finding.extra, "not on the server"),
        (finding.flags, "with other flags"),
        (finding.damaged, "with a damaged body"),
    ];
    let differ = parts.iter().filter(|(count, _)| *count > 0);
    let differ: Vec<String> = differ
        .map(|(n, what)| format!("{} {what}", gauge::grouped(*n)))
        .collect();
    let (sign, words) = match (finding.is_clean(), finding.repaired) {
        _ if finding.refused.is_some() => ("✗", finding.refused.clone().unwrap_or_default()),
        (true, _) => ("✓", "the same on both sides".to_owned()),
        (false, true) => ("✓", format!("{}; put right", differ.join(", "))),
        (false, false) => ("✗", differ.join(", ")),
    };
    vec![
        Clean::lit(sign),
        Clean::line(account),
        Clean::line(&finding.mailbox),
        Clean::line(&words),
    ]
}
