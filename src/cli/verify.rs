//! `verify`: cache and server compared in full, and put right if asked to.

use super::args::Verify;
use super::exit;
use super::home::Home;
use super::json;
use super::sync::{draw, wait_for_turn};
use crate::signal::Board;
use crate::sync::verify::{self, Finding};
use crate::sync::{SyncError, engine};
use crate::text::Clean;
use anyhow::Result;
use serde_json::json;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// `verify`. The exit code says whether differences remain.
///
/// # Errors
/// A database or the configuration can't be used, or a server can't be reached.
pub fn verify(home: &Home, as_json: bool, args: &Verify) -> Result<u8> {
    let accounts = home.accounts(args.account.as_deref())?;
    let _lock = wait_for_turn(home)?;
    let mut clean = true;
    let mut reports = Vec::new();
    for account in &accounts {
        let board = Arc::new(Board::new());
        let parts = home.parts(accounts.clone(), Arc::clone(&board), true)?;
        engine::recover(&parts)?;
        let kit = engine::kit(&parts, account, &Arc::new(AtomicBool::new(false)));
        let (path, repair) = (args.mailbox.clone(), args.repair);
        let run = std::thread::spawn(move || verify::account(&kit, path.as_deref(), repair));
        let bar = !as_json && io::stderr().is_terminal();
        while bar && !run.is_finished() {
            std::thread::sleep(Duration::from_millis(100));
            let posted = board.take();
            draw(posted.statuses.values().filter_map(|s| s.progress.as_ref()));
        }
        if bar {
            eprint!("\r\x1b[K");
        }
        let findings = run.join().unwrap_or(Err(SyncError::Interrupted))?;
        clean &= findings.iter().all(|f| f.is_clean() || f.repaired);
        if !as_json {
            findings
                .iter()
                .for_each(|f| print(account.name.as_str(), f));
        }
        reports.push(json!({
            "name": account.name.as_str(),
            "mailboxes": findings.iter().map(value).collect::<Vec<_>>(),
        }));
    }
    if as_json {
        json::print(json!({ "clean": clean, "accounts": reports }))?;
    }
    Ok(if clean { 0 } else { exit::DIFFERENT })
}

fn value(finding: &Finding) -> serde_json::Value {
    json!({
        "mailbox": finding.mailbox, "missing": finding.missing, "extra": finding.extra,
        "flags": finding.flags, "damaged": finding.damaged, "repaired": finding.repaired,
    })
}

fn print(account: &str, finding: &Finding) {
    let place = format!("{account}: {}", finding.mailbox);
    let place = Clean::line(&place);
    if finding.is_clean() {
        println!("{place}: the same on both sides");
        return;
    }
    let parts = [
        (finding.missing, "not here"),
        (finding.extra, "not on the server"),
        (finding.flags, "with other flags"),
        (finding.damaged, "with a damaged body"),
    ];
    let differ = parts.iter().filter(|(count, _)| *count > 0);
    let differ: Vec<String> = differ.map(|(n, what)| format!("{n} {what}")).collect();
    let end = if finding.repaired { "; put right" } else { "" };
    println!("{place}: {}{end}", differ.join(", "));
}
