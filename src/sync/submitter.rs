//! The account's submitter: takes due rows of the outbox and hands them to the server.
//!
//! Each stage is written down before it is acted on. Until the final dot a failure is a clean
//! retry with the same bytes; once the dot may have been written and no answer came, the row is in
//! doubt: it is looked for in Sent by Message-ID and otherwise left to the user. Nothing is ever
//! sent twice without the user's word.

use crate::model::{NewOp, OpKind, RecipientState, Role, Submission, SubmissionState};
use crate::net::sender::Sender;
use crate::net::smtp::{Mail, Outcome, Pace, SendReport, SmtpSession, Stage};
use crate::net::{Kind, diagnose};
use crate::signal::{Doorbell, Ringer, Topic};
use crate::store::{self, Local};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::kit::{Kit, is_for_the_user};
use crate::sync::{filing, guard, overlay};
use crate::text::{Clean, when};
use std::time::Duration;

/// Waits between tries, in seconds; the last is repeated (RFC 5321 §4.5.4.1 asks for half an hour
/// after the first few).
const WAITS: [i64; 6] = [60, 300, 900, 1800, 3600, 7200];
/// The longest wait, in seconds, where no server was reached.
const UNREACHED: i64 = 300;
/// After so long (seconds) a message that is still put off is left to the user.
const GIVE_UP: i64 = 5 * 24 * 3600;
/// After a failure of our own (a full disk, a panic) the outbox is looked at again after this time.
const PAUSE: Duration = Duration::from_secs(60);
/// A connection is kept this long for the next message of a burst.
const LINGER: Duration = Duration::from_secs(10);

/// Submits until the engine stops. `worker` is rung to file copies.
pub fn run(kit: &Kit, bell: &Doorbell, worker: &Ringer) {
    while !kit.stopping() {
        bell.clear();
        let error = match guard::turn(|| submit(kit, bell, worker)) {
            Ok(()) => return,
            Err(error) => error,
        };
        tracing::error!(account = %kit.account.name, %error, "submitting ended");
        bell.wait(Some(PAUSE));
    }
}

/// Submits until the engine stops or something fails that has nothing to do with the server. What
/// the last attempt left half written down is judged first, as after a crash: this thread alone
/// submits for its account.
fn submit(kit: &Kit, bell: &Doorbell, worker: &Ringer) -> Result<(), SyncError> {
    let mut local = kit.local()?;
    local.crashed(&kit.account.name)?;
    let mut session = None;
    look_for_doubtful(kit, &mut local);
    while !kit.stopping() {
        bell.clear();
        match step(kit, &mut local, &mut session)? {
            Step::Sent => worker.ring(),
            Step::Idle(until) => {
                let due = until
                    .map(|at| Duration::from_secs((at - when::now()).max(0).cast_unsigned() + 1));
                let linger = due.map_or(LINGER, |d| d.min(LINGER));
                if session.is_some()
                    && !bell.wait(Some(linger))
                    && let Some(idle) = session.take()
                {
                    idle.quit();
                }
                if session.is_none() {
                    bell.wait(due);
                }
            }
            Step::Held => {
                bell.wait(None);
            }
        }
    }
    Ok(())
}

/// Submits everything that is due now, once: for `sync --once` and `send --wait`.
///
/// # Errors
/// When a database fails. What becomes of each message stands in its row.
pub fn run_due(kit: &Kit) -> Result<(), SyncError> {
    let mut local = kit.local()?;
    let mut session = None;
    look_for_doubtful(kit, &mut local);
    while let Step::Sent = step(kit, &mut local, &mut session)? {}
    if let Some(session) = session {
        session.quit();
    }
    Ok(())
}

enum Step {
    /// A row was tried, whatever came of it.
    Sent,
    /// Nothing is due before this time.
    Idle(Option<i64>),
    /// Only the user can mend it; more tries could lock the account.
    Held,
}

fn step(kit: &Kit, local: &mut Local, session: &mut Option<Sender>) -> Result<Step, SyncError> {
    let now = when::now();
    let account = &kit.account.name;
    let Some(row) = local.read().due(account, now)? else {
        return Ok(Step::Idle(local.read().next_due(account)?));
    };
    if !local.claim_submission(row.id, now)? {
        return Ok(Step::Sent);
    }
    kit.changed(Topic::Outbox);
    let step = attempt(kit, local, session, &row)?;
    kit.changed(Topic::Outbox);
    Ok(step)
}

fn attempt(
    kit: &Kit,
    local: &mut Local,
    session: &mut Option<Sender>,
    row: &Submission,
) -> Result<Step, SyncError> {
    // A server may have hung up since the last message of a burst: that is no failed attempt.
    let kept = session
        .take()
        .and_then(|mut kept| kept.is_ready().then_some(kept));
    let live = match kept.map_or_else(|| connect(kit), Ok) {
        Ok(live) => live,
        Err(error) => return not_reached(kit, local, row, &error),
    };
    let live = session.insert(live);
    let bytes = match local.read().wire(row.id) {
        Err(store::Error::Gone(_)) => return Ok(Step::Sent),
        bytes => bytes?,
    };
    let recipients: Vec<&str> = row
        .recipients
        .iter()
        .filter(|r| matches!(r.state, RecipientState::Pending | RecipientState::TryLater))
        .map(|r| r.address.as_str())
        .collect();
    let mail = Mail {
        from: &row.mail_from,
        recipients: &recipients,
        bytes: &bytes,
        dsn: row.dsn,
        envid: Some(row.message_id.as_str().trim_matches(['<', '>'])),
        hold_until: None,
    };
    let mut dotted = false;
    let report = live.send(&mail, &mut |stage| {
        if stage == Stage::Dot {
            local.dot(row.id)?;
            dotted = true;
        }
        Ok::<(), SyncError>(())
    });
    if report.connection_lost {
        *session = None;
    }
    record(kit, local, row, &report, dotted)?;
    Ok(Step::Sent)
}

fn connect(kit: &Kit) -> Result<Sender, SyncError> {
    if let Some(program) = Sender::program(&kit.account) {
        return Ok(program);
    }
    let session =
        kit.sign_in(|secret| SmtpSession::connect(&kit.account, secret, Pace::default()))?;
    Ok(Sender::Server(Box::new(session)))
}

/// The server was not reached or did not let us in: nothing was sent, the message is not to blame.
fn not_reached(
    kit: &Kit,
    local: &mut Local,
    row: &Submission,
    error: &SyncError,
) -> Result<Step, SyncError> {
    let held = match error {
        SyncError::PasswordWanted | SyncError::Secret(_) => true,
        SyncError::Net(net) => is_for_the_user(net),
        _ => false,
    };
    if let SyncError::Net(net) = error {
        kit.refused_password(net);
    }
    let why = match error {
        SyncError::Net(net) => {
            diagnose::explain(net, &kit.account.smtp, diagnose::Service::Smtp).line()
        }
        other => Clean::line(&other.to_string()).to_string(),
    };
    if matches!(error, SyncError::PasswordWanted) {
        kit.report
            .post(Topic::PasswordWanted(kit.account.name.clone()));
    }
    if local.read().submission(row.id)?.is_none() {
        return Ok(Step::Sent);
    }
    kit.report.notice(&format!("not sent yet: {why}"));
    // What only the user can mend is due again as soon as the user did something about it.
    let mut wait = if held { 0 } else { wait_after(row.attempts) };
    // Nobody was bothered by a try that reached nobody: it goes out soon after the network is back.
    if matches!(error, SyncError::Net(net) if net.kind() == Kind::Offline) {
        wait = wait.min(UNREACHED);
    }
    local.finish(
        row.id,
        SubmissionState::Queued,
        Some(&why),
        when::now() + wait,
    )?;
    Ok(if held { Step::Held } else { Step::Sent })
}

fn wait_after(attempts: u32) -> i64 {
    let at = usize::try_from(attempts)
        .unwrap_or(usize::MAX)
        .min(WAITS.len() - 1);
    WAITS.get(at).copied().unwrap_or(GIVE_UP)
}

/// Writes down what became of each recipient, and what follows for the whole.
fn record(
    kit: &Kit,
    local: &mut Local,
    row: &Submission,
    report: &SendReport,
    dotted: bool,
) -> Result<(), SyncError> {
    let states: Vec<(String, RecipientState, Option<String>)> = report
        .recipients
        .iter()
        .map(|r| {
            (
                r.address.clone(),
                state(r.outcome),
                r.reply
                    .as_ref()
                    .map(|reply| Clean::line(&reply.to_string()).to_string()),
            )
        })
        .collect();
    local.recipients(row.id, &states)?;
    // Taken back while the attempt ran: it stopped before the dot.
    let Some(now_stands) = local.read().submission(row.id)?.map(|s| s.recipients) else {
        return Ok(());
    };
    let any = |wanted: RecipientState| now_stands.iter().any(|r| r.state == wanted);
    let why = report
        .error
        .as_ref()
        .map(|e| diagnose::explain(e, &kit.account.smtp, diagnose::Service::Smtp).line());
    let tell = |text: &str| kit.report.notice(text);
    let (state, next) = if any(RecipientState::Unknown) {
        tell(
            "a message may or may not have been sent: the connection ended after its last byte; looking for it in Sent",
        );
        (SubmissionState::InDoubt, 0)
    } else if any(RecipientState::Refused) {
        tell("a message was refused: the outbox says for whom and why");
        (SubmissionState::Refused, 0)
    } else if any(RecipientState::TryLater) || any(RecipientState::Pending) {
        if when::now() - row.created > GIVE_UP {
            tell("a message was put off for five days: the outbox asks what to do");
            (SubmissionState::Refused, 0)
        } else {
            (
                SubmissionState::Queued,
                when::now() + wait_after(row.attempts),
            )
        }
    } else {
        (SubmissionState::Accepted, 0)
    };
    debug_assert!(dotted || state != SubmissionState::Accepted);
    local.finish(row.id, state, why.as_deref(), next)?;
    match state {
        SubmissionState::Accepted => mark_source(kit, local, row),
        SubmissionState::InDoubt => reconcile(kit, local, row),
        _ => Ok(()),
    }
}

fn state(outcome: Outcome) -> RecipientState {
    match outcome {
        Outcome::Accepted => RecipientState::Accepted,
        Outcome::TryLater => RecipientState::TryLater,
        Outcome::Refused => RecipientState::Refused,
        Outcome::NotTried => RecipientState::Pending,
        Outcome::Unknown => RecipientState::Unknown,
    }
}

/// The answered or forwarded message gets its flag, as an operation like any other.
fn mark_source(kit: &Kit, local: &mut Local, row: &Submission) -> Result<(), SyncError> {
    let Some((key, change)) = local.read().source(row.id)? else {
        return Ok(());
    };
    let op = NewOp {
        account: row.account.clone(),
        kind: OpKind::Store(change),
        keys: vec![key],
        locations: Vec::new(),
    };
    let ops = local.queue(&[op], when::now())?;
    let means = overlay::Layer {
        writer: &kit.writer,
        stores: &kit.stores,
        board: &kit.board,
        host: &kit.host,
    };
    overlay::lay(&means, Vec::new(), ops)?;
    Ok(())
}

/// Looks for every message that an earlier run left in doubt.
fn look_for_doubtful(kit: &Kit, local: &mut Local) {
    let rows = local.read().outbox().unwrap_or_default();
    for row in rows
        .iter()
        .filter(|r| r.account == kit.account.name && r.state == SubmissionState::InDoubt)
    {
        if let Err(error) = reconcile(kit, local, row) {
            tracing::error!(%error, "a message in doubt could not be looked for");
        }
    }
}

/// Looks for a message in doubt in Sent: found, it was sent. Not found proves nothing: the row
/// stays in doubt for the user.
///
/// # Errors
/// When a database fails.
pub fn reconcile(kit: &Kit, local: &mut Local, row: &Submission) -> Result<(), SyncError> {
    let found = (|| -> Result<bool, SyncError> {
        let Some(sent) = kit.reader()?.role_mailbox(&kit.account.name, Role::Sent)? else {
            return Ok(false);
        };
        let mut session = kit.dial(Rank::Worker, None)?;
        let found = filing::find(&mut session, &sent.name, row);
        session.hang_up();
        found
    })();
    match found {
        Ok(true) => {
            local.finish(row.id, SubmissionState::Done, None, 0)?;
            kit.report
                .notice("the message in doubt was found in Sent: it was sent");
            mark_source(kit, local, row)?;
        }
        Ok(false) => {}
        Err(error) => tracing::info!(%error, "a message in doubt could not be looked for"),
    }
    kit.changed(Topic::Outbox);
    Ok(())
}
