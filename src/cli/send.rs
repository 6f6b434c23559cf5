//! `send`: a message from standard input or from options, through the same outbox as everything.

use super::compose::{self, MOST};
use super::exit::{self, Failure};
use super::home::{Home, warm_up};
use super::say::{aside, say};
use super::written::{Send, Written};
use super::{json, outbox};
use crate::config::lock::{self, EngineLock};
use crate::mime::build;
use crate::model::{
    Account, Address, Draft, Intent, OutboxId, Outgoing, RecipientState, Submission,
    SubmissionState,
};
use crate::signal::Board;
use crate::store::Local;
use crate::sync::connections::Rank;
use crate::sync::{engine, filing, freeze, guard, submitter};
use crate::text::{Clean, later, when};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How long `--wait` waits for another process to send: the dot alone may take ten minutes.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// `send`
///
/// # Errors
/// A message that can't be sent as it is; a database that can't be written.
pub fn send(home: &Home, as_json: bool, args: &Send) -> Result<u8> {
    home.accounts(None)?;
    let at = args.at.as_deref().map(outbox::time).transpose()?;
    let written = &args.written;
    let named = [&written.to, &written.cc, &written.bcc];
    let (mut outgoing, draft) = if named.iter().all(|field| field.is_empty()) {
        goes_as_it_is(written)?;
        (from_stdin(home, written.account.as_deref())?, None)
    } else {
        let (outgoing, draft) = from_options(home, written)?;
        (outgoing, Some(draft))
    };
    let now = when::now();
    outgoing.not_before = if args.wait {
        now
    } else {
        now + home.config.look.undo_send
    };
    if let Some(at) = at {
        (outgoing.not_before, outgoing.scheduled) = (at, true);
    }
    if let Some(after) = &args.remind {
        let after = later::duration(after).ok_or_else(|| {
            let told = format!(
                "`{}` is no length of time: try `3 days`",
                after.escape_debug()
            );
            Failure::new(exit::USAGE, told)
        })?;
        outgoing.remind = Some(after);
    }
    let account = home.account(outgoing.account.as_str())?.clone();
    if let Some(draft) = draft.filter(|_| outgoing.scheduled) {
        keep(home, draft, &mut outgoing)?;
    }
    let draft = outgoing.draft.map(|(id, _)| id);
    let done = home.carry_out(Intent::Queue(Box::new(outgoing)), exit::DATA)?;
    let id = done.outbox.context("the outbox gave no id")?;
    // From here on it is queued: whoever hears of a failure would send it again.
    if let Some(id) = draft {
        // Nobody writes on it any more; until now it stood open, for whoever starts the screen next.
        told(home, home.carry_out(Intent::CloseDraft(id), exit::DATA));
    }
    if args.wait {
        told(home, see_through(home, &account, id));
    }
    let row = match told(home, row(home, id)) {
        Some(Some(row)) => row,
        // Cancelled meanwhile, or nobody knows.
        unknown => {
            let id = format!("o{}", id.0);
            match as_json {
                true => drop(json::print(json!({ "id": id }))),
                false => say!("{id}"),
            }
            let cancelled = unknown.is_some();
            if cancelled {
                aside!("postrider: it was taken out of the outbox meanwhile");
            }
            return Ok(match args.wait {
                true if cancelled => exit::NO_INPUT,
                true => exit::TEMPORARY,
                false => 0,
            });
        }
    };
    if !as_json && !args.wait && row.state == SubmissionState::Queued {
        // Whoever sends from a script need not know that something has to be running.
        let runs = matches!(EngineLock::try_take(&home.paths.lock), Ok(None));
        aside!("{}", leaves(&row, runs, now));
    }
    report(as_json, &row);
    Ok(if args.wait { code(&row) } else { 0 })
}

/// What came of what follows once a message is queued: a failure is told, and no more.
fn told<T>(home: &Home, outcome: Result<T>) -> Option<T> {
    exit::note_damage(&home.paths.cache, &outcome);
    outcome
        .inspect_err(|error| aside!("postrider: {}", exit::words(error)))
        .ok()
}

fn row(home: &Home, id: OutboxId) -> Result<Option<Submission>> {
    Ok(home.local_reader()?.submission(id)?)
}

/// When a queued message goes.
fn leaves(row: &Submission, runs: bool, now: i64) -> String {
    let later = row.next_try > now;
    let at = when::clock(row.next_try, now);
    match (runs, row.scheduled) {
        (true, false) if !later => "the postrider that is running sends it".to_owned(),
        (true, _) => format!("the postrider that is running sends it at {at}"),
        (false, false) => {
            "it leaves with the next `postrider sync`, or when postrider is started".to_owned()
        }
        (false, true) => format!(
            "it leaves at {at} if postrider runs then, else with the first `postrider sync` after"
        ),
    }
}

/// A message on standard input is finished: what would have to be put into it is refused.
fn goes_as_it_is(written: &Written) -> Result<()> {
    if written.subject.is_none() && written.body_file.is_none() && written.attach.is_empty() {
        return Ok(());
    }
    let told = "--subject, --body-file and --attach want --to, --cc or --bcc: a message on standard \
        input goes as it is";
    Err(Failure::new(exit::USAGE, told).into())
}

fn from_stdin(home: &Home, account: Option<&str>) -> Result<Outgoing> {
    let mut raw = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST + 1)
        .read_to_end(&mut raw)?;
    if raw.len() as u64 > MOST {
        return Err(Failure::new(exit::DATA, "the message is larger than 150 MB").into());
    }
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::new(
            exit::DATA,
            "standard input is empty: give a message there, or --to, --cc or --bcc",
        )
        .into());
    }
    let account = match account {
        Some(name) => home.account(name)?,
        None => whose(
            &home.config.accounts,
            &crate::mime::parse::envelope(&raw).from,
        )?,
    };
    build::from_rfc5322(&raw, account, when::now())
        .map_err(|e| Failure::new(exit::DATA, e.to_string()).into())
}

/// The account that mail of this sender goes through: the one that has the address, the first for
/// a message that names nobody.
fn whose<'a>(accounts: &'a [Account], from: &[Address]) -> Result<&'a Account> {
    let Some(first) = from.first() else {
        return accounts.first().context("no account");
    };
    let mut found = from.iter();
    let found = found.find_map(|f| accounts.iter().find(|a| a.sends_as(f)));
    found.ok_or_else(|| {
        let told = format!(
            "no account sends as {}; --account says which one is to",
            Clean::line(&first.addr)
        );
        Failure::new(exit::DATA, told).into()
    })
}

/// Keeps what goes later as a draft, too, which is hidden while it is in the outbox: a message that was
/// written here is dated when it goes, and is taken back as it was.
fn keep(home: &Home, mut draft: Draft, outgoing: &mut Outgoing) -> Result<()> {
    let options = &mut draft.options;
    (options.send_at, options.remind) = (Some(outgoing.not_before), outgoing.remind);
    let kept = home.carry_out(Intent::SaveDraft(Box::new(draft)), exit::DATA)?;
    outgoing.draft = kept.draft.map(|id| (id, kept.rev));
    Ok(())
}

fn from_options(home: &Home, written: &Written) -> Result<(Outgoing, Draft)> {
    let account = home.account_or_first(written.account.as_deref())?;
    let mut draft = Draft::new(account.name.clone());
    draft.from = account.identity().to_string();
    compose::put(&mut draft, written, &home.config.groups)?;
    let parts = home.parts(vec![account.clone()], Arc::new(Board::new()), false)?;
    let outgoing = freeze::freeze(&draft, account, None, parts.host.as_ref(), when::now())
        .map_err(|why| Failure::new(exit::DATA, why))?;
    Ok((outgoing, draft))
}

/// Sends it here if no other process talks to servers, else waits until that one did.
fn see_through(home: &Home, account: &Account, id: OutboxId) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(_lock) = EngineLock::try_take(&home.paths.lock)? {
            return send_here(home, account);
        }
        lock::ring(&home.paths.bell);
        let row = home.local_reader()?.submission(id)?;
        let settled = row.is_none_or(|r| {
            !matches!(
                r.state,
                SubmissionState::Queued | SubmissionState::Sending | SubmissionState::Dot
            ) || (r.state == SubmissionState::Queued && r.attempts > 0)
        });
        if settled || Instant::now() > until {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn send_here(home: &Home, account: &Account) -> Result<()> {
    warm_up(std::slice::from_ref(account));
    let parts = home.parts(vec![account.clone()], Arc::new(Board::new()), true)?;
    engine::recover(&parts)?;
    let kit = engine::kit(&parts, account, &Arc::new(AtomicBool::new(false)));
    guard::turn(|| submitter::run_due(&kit))?;
    let mut local = Local::open(&home.paths.local)?;
    let waiting = local.read().outbox()?;
    if waiting
        .iter()
        .any(|r| r.account == account.name && r.state == SubmissionState::Accepted)
    {
        // The message is sent whatever becomes of its copy; a later sync files it otherwise.
        let filed = guard::turn(|| {
            let mut session = kit.dial(Rank::Worker, None)?;
            let filed = filing::file_sent(&mut session, &kit, &mut local, &kit.reader()?, true);
            session.hang_up();
            filed
        });
        if let Err(error) = filed {
            aside!(
                "postrider: sent, but the copy is not filed yet: {}",
                Clean::line(&error.to_string())
            );
        }
    }
    Ok(())
}

/// Says where a message stands. Where nobody listens the exit code says it.
fn report(as_json: bool, row: &Submission) {
    if as_json {
        let _ = json::print(json::submission(row, &[]));
    } else {
        say!(
            "o{} {} {}",
            row.id.0,
            row.state.name(),
            Clean::line(&row.message_id.to_string())
        );
        for one in &row.recipients {
            let reply = one
                .reply
                .as_deref()
                .map_or(String::new(), |r| format!(": {r}"));
            say!(
                "  {} {}{}",
                one.state.name(),
                Clean::line(&one.address),
                Clean::line(&reply)
            );
        }
        if let Some(error) = &row.error {
            say!("  {}", Clean::line(error));
        }
    }
}

/// The exit code of a message that was waited for.
fn code(row: &Submission) -> u8 {
    let all_accepted = row
        .recipients
        .iter()
        .all(|r| r.state == RecipientState::Accepted);
    match row.state {
        SubmissionState::Accepted | SubmissionState::Done if all_accepted => 0,
        SubmissionState::Refused => exit::REFUSED,
        _ => exit::TEMPORARY,
    }
}
