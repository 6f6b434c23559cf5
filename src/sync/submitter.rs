//! The account's submitter: takes due rows of the outbox and hands them to the server.
//!
//! Each stage is written down before it is acted on. Until the final dot a failure is a clean
//! retry with the same bytes; once the dot may have been written and no answer came, the row is in
//! doubt (`doubt.rs`): looked for, and otherwise left to the user. Nothing is ever sent twice without
//! the user's word.

use crate::lang::{self, tr, trn};
use crate::mime::seven_bit::seven_bit;
use crate::model::{Recipient, RecipientState, Service, Submission, SubmissionState, standing};
use crate::net::sender::Sender;
use crate::net::smtp::{Asked, Mail, Outcome, Pace, SendReport, SmtpSession, Stage};
use crate::net::{Kind, NetError, diagnose};
use crate::signal::{Doorbell, Ringer, Topic};
use crate::store::{self, End, Fate, Local};
use crate::sync::error::SyncError;
use crate::sync::kit::{Kit, is_for_the_user};
use crate::sync::{doubt, guard, handing};
use crate::text::{Clean, when};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Waits after a server put a message off, in seconds; the last is repeated (RFC 5321 §4.5.4.1 asks
/// for half an hour after the first few). Greylisting wants some minutes.
const PUT_OFF: [i64; 5] = [300, 900, 1800, 3600, 7200];
/// The longest wait, in seconds, where no server was reached.
const UNREACHED: i64 = 300;
/// No longer than this is waited for a time to come at once: a machine that slept wakes up late.
const NAP: Duration = Duration::from_secs(60);
/// For so long (seconds) a refused password is tried again only if the user does something about it.
const BARRED: i64 = 3600;
/// After so long (seconds) a message that is still put off is left to the user.
const GIVE_UP: i64 = 5 * 24 * 3600;
/// After a failure of our own (a full disk, a panic) the outbox is looked at again after this time.
const PAUSE: Duration = Duration::from_secs(60);
/// A connection is kept this long for the next message of a burst.
const LINGER: Duration = Duration::from_secs(10);

/// Submits until the engine stops. `worker` is rung to file copies, and to look for what is in doubt.
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
    while !kit.stopping() {
        bell.clear();
        if kit.marks.resend.swap(false, Ordering::SeqCst) {
            kit.marks.offer_from(0);
            local.reachable(&kit.account.name, when::now())?;
        }
        let (name, now) = (&kit.account.name, Some(when::now()));
        let unfiled = local.read().unfiled(name, now)?;
        if !unfiled.is_empty() || !local.read().doubtful(name, now)?.is_empty() {
            worker.ring();
        }
        match step(kit, &mut local, &mut session)? {
            Step::Sent => worker.ring(),
            Step::Idle(until) => {
                let due = until.map(nap);
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
            Step::Held(until) => wait_held(bell, until),
        }
    }
    Ok(())
}

/// How long to wait for a time at once.
fn nap(at: i64) -> Duration {
    Duration::from_secs((at - when::now()).max(0).cast_unsigned() + 1).min(NAP)
}

/// Waits for the user, or until something else is due.
fn wait_held(bell: &Doorbell, until: Option<i64>) {
    while !bell.wait(until.map(nap)) && until.is_some_and(|at| at > when::now()) {}
}

/// Submits everything that is due now, once: for `sync --once` and `send --wait`.
///
/// # Errors
/// When a database fails. What becomes of each message stands in its row.
pub fn run_due(kit: &Kit) -> Result<(), SyncError> {
    let mut local = kit.local()?;
    let mut session = None;
    look(kit, &mut local, true);
    local.reachable(&kit.account.name, when::now())?;
    while let Step::Sent = step(kit, &mut local, &mut session)? {}
    if let Some(session) = session {
        session.quit();
    }
    look(kit, &mut local, false);
    Ok(())
}

/// Looks for messages in doubt. What can't be looked for costs no message that is to be sent.
fn look(kit: &Kit, local: &mut Local, all: bool) {
    if let Err(error) = doubt::look_alone(kit, local, all) {
        tracing::error!(%error, "messages in doubt could not be looked for");
    }
}

enum Step {
    /// A row was tried, whatever came of it.
    Sent,
    /// Nothing is due before this time.
    Idle(Option<i64>),
    /// Only the user can mend it; more tries could lock the account. What is due at this time is tried.
    Held(Option<i64>),
}

fn step(kit: &Kit, local: &mut Local, session: &mut Option<Sender>) -> Result<Step, SyncError> {
    let now = when::now();
    let account = &kit.account.name;
    let (row, hold) = match local.read().due(account, now)? {
        Some(row) => (row, None),
        None => match ahead(kit, local, now)? {
            Ok(row) => (row.clone(), Some(row.next_try)),
            Err(until) => return Ok(Step::Idle(until)),
        },
    };
    let claimed = match hold {
        None => local.claim_submission(row.id, now)?,
        Some(_) => local.claim_early(row.id)?,
    };
    if !claimed {
        return Ok(Step::Sent);
    }
    kit.changed(Topic::Outbox);
    let step = attempt(kit, local, session, &row, hold)?;
    kit.changed(Topic::Outbox);
    Ok(step)
}

/// A message for later that the server may hold back until then, or when there is something to do.
fn ahead(kit: &Kit, local: &Local, now: i64) -> Result<Result<Submission, Option<i64>>, SyncError> {
    let (local, account) = (local.read(), &kit.account.name);
    let mut until = local.next_due(account, now)?;
    let from = kit.marks.offered_from();
    if kit.account.future_release && from > now {
        until = until.into_iter().chain([from]).min();
    } else if kit.account.future_release {
        if let Some(row) = local.early(account, now)? {
            return Ok(Ok(row));
        }
        let early = local.next_early(account, now)?;
        until = until.into_iter().chain(early).min();
    }
    Ok(Err(until))
}

/// It waits here for its time, as if it had not been offered.
fn keep(local: &mut Local, row: &Submission) -> Result<Step, SyncError> {
    let end = End {
        state: SubmissionState::Queued,
        error: None,
        next_try: row.next_try,
    };
    local.conclude(row.id, &[], &end, when::now())?;
    Ok(Step::Sent)
}

/// Tries once. With `hold` the server is to hold the message back until that time.
fn attempt(
    kit: &Kit,
    local: &mut Local,
    session: &mut Option<Sender>,
    row: &Submission,
    hold: Option<i64>,
) -> Result<Step, SyncError> {
    // A server may have hung up since the last message of a burst: that is no failed attempt.
    let kept = session
        .take()
        .and_then(|mut kept| kept.is_ready().then_some(kept));
    let live = match kept.map_or_else(|| connect(kit, local), Ok) {
        Ok(live) => live,
        Err(error) if hold.is_some() => return not_offered(kit, local, row, &error),
        Err(error) => return not_reached(kit, local, row, &error),
    };
    let live = session.insert(live);
    if hold.is_some_and(|at| !live.may_hold(when::now(), at)) {
        return keep(local, row);
    }
    let bytes = match local.read().wire(row.id) {
        Err(store::Error::Gone(_)) => return Ok(Step::Sent),
        bytes => bytes?,
    };
    // What can't be converted is refused by whom it is handed to, in plain words.
    let bytes = match live.is_seven_bit() && !bytes.is_ascii() {
        true => seven_bit(&bytes).unwrap_or(bytes),
        false => bytes,
    };
    let open = row.recipients.iter();
    let open =
        open.filter(|r| matches!(r.state, RecipientState::Pending | RecipientState::TryLater));
    // Who was not asked yet must not stand behind those who are put off again and again.
    let (asked, fresh): (Vec<&Recipient>, Vec<&Recipient>) = open.partition(|r| r.reply.is_some());
    let recipients = fresh.iter().chain(&asked).map(|r| r.address.as_str());
    let recipients: Vec<&str> = recipients.collect();
    let mail = Mail {
        from: &row.mail_from,
        recipients: &recipients,
        bytes: &bytes,
        dsn: row.dsn,
        envid: Some(row.message_id.as_str().trim_matches(['<', '>'])),
        hold_until: hold,
    };
    let report = live.send(&mail, &mut |stage, asked| {
        if stage == Stage::Dot {
            let put_off = asked.iter().filter(|a| a.outcome == Outcome::TryLater);
            let put_off: Vec<_> = put_off
                .map(|a| (a.address.clone(), last_word(row, a, true)))
                .collect();
            local.dot(row.id, &put_off)?;
        }
        Ok::<(), SyncError>(())
    });
    if report.connection_lost {
        *session = None;
    }
    let taken = |o| matches!(o, Outcome::Accepted | Outcome::Unknown);
    match hold {
        // Nobody has it: nothing that was said of holding it back says that it can't be sent.
        Some(_) if !report.recipients.iter().any(|r| taken(r.outcome)) => keep(local, row),
        _ => record(kit, local, row, &report, hold).map(|()| Step::Sent),
    }
}

fn connect(kit: &Kit, local: &mut Local) -> Result<Sender, SyncError> {
    if let Some(program) = Sender::program(&kit.account) {
        return Ok(program);
    }
    let session = kit.sign_in(Service::Smtp, |secret| {
        let watch = handing::watch(&kit.report);
        SmtpSession::connect(&kit.account, secret, Pace::default(), watch)
    })?;
    kit.marks.bar(0);
    local.note_largest(&kit.account.name, session.offers().max_size())?;
    Ok(Sender::Server(Box::new(session)))
}

/// Whether only the user can mend what kept us out, who is told if it is about the password. One that
/// was refused is not tried again at each connection of the worker's.
fn is_held(kit: &Kit, error: &SyncError) -> bool {
    match error {
        SyncError::Net(net) => {
            kit.refused_password(net, Service::Smtp);
            if matches!(net, NetError::Auth(_)) {
                kit.marks.bar(when::now() + BARRED);
            }
            is_for_the_user(net)
        }
        SyncError::PasswordWanted => {
            let account = kit.account.name.clone();
            kit.report.post(Topic::PasswordWanted(account));
            true
        }
        SyncError::Secret(_) | SyncError::SignedOut(_) => true,
        _ => false,
    }
}

/// The server that may hold it back was not reached or did not let us in. Where that says nothing of
/// the message it is offered another time.
fn not_offered(
    kit: &Kit,
    local: &mut Local,
    row: &Submission,
    error: &SyncError,
) -> Result<Step, SyncError> {
    let held = is_held(kit, error);
    let offline = matches!(error, SyncError::Net(net) if net.kind() == Kind::Offline);
    if !held && !offline {
        return keep(local, row);
    }
    local.not_offered(row.id)?;
    let next = local.read().next_due(&kit.account.name, when::now())?;
    Ok(match held {
        // Its time is one of the user's, too.
        true => Step::Held(next),
        false => {
            kit.marks.offer_from(when::now() + UNREACHED);
            Step::Idle(next)
        }
    })
}

/// The server was not reached or did not let us in: nothing was sent, the message is not to blame.
fn not_reached(
    kit: &Kit,
    local: &mut Local,
    row: &Submission,
    error: &SyncError,
) -> Result<Step, SyncError> {
    let held = is_held(kit, error);
    let why = match error {
        SyncError::Net(net) => explained(kit, net),
        other => lang::kept(|| Clean::line(&other.to_string()).to_string()),
    };
    if local.read().submission(row.id)?.is_none() {
        return Ok(Step::Sent);
    }
    let now = when::now();
    let put_off = matches!(error, SyncError::Net(net) if !held && net.refusal().is_some());
    if put_off {
        local.answered(row.id, now)?;
    }
    let (state, wait) = match put_off {
        true if is_given_up(row, now) => (SubmissionState::Refused, 0),
        true => (SubmissionState::Queued, put_off_for(row, row.first_try > 0)),
        // What only the user can mend is due again as soon as the user did something about it.
        false if held => (SubmissionState::Queued, 0),
        // Nobody was bothered by a try that reached nobody: it goes out soon after the network is back.
        false => (SubmissionState::Queued, unreached(row)),
    };
    let said = match state {
        SubmissionState::Refused => {
            tr!("a message was put off for five days: the outbox asks what to do").to_owned()
        }
        _ => tr!("not sent yet: {why}", why = lang::told(&why)),
    };
    kit.report.notice(&said);
    let end = End {
        state,
        error: Some(&why),
        next_try: now + wait,
    };
    local.conclude(row.id, &[], &end, now)?;
    if matches!(error, SyncError::Net(net) if is_network(net)) {
        local.unreached(row.id)?;
    }
    let barred = matches!(error, SyncError::Net(NetError::Auth(_)));
    Ok(match held {
        // Some servers take back what they said of a password.
        true => Step::Held(barred.then_some(now + BARRED)),
        false => Step::Sent,
    })
}

/// Whether the network is to blame: another one, or its return, is worth a try at once.
fn is_network(error: &NetError) -> bool {
    error.kind() == Kind::Offline
        || error.is_elsewhere()
        || matches!(error, NetError::TurnedAway(_))
}

/// Whether servers have put it off for so long that the user is asked.
fn is_given_up(row: &Submission, now: i64) -> bool {
    row.first_try > 0 && now - row.first_try > GIVE_UP
}

/// Seconds to wait after a server put it off: longer each time, if it did so `before`.
fn put_off_for(row: &Submission, before: bool) -> i64 {
    let times = match before {
        true => usize::try_from(row.attempts).unwrap_or(usize::MAX),
        false => 0,
    };
    let wait = PUT_OFF.get(times).or(PUT_OFF.last());
    wait.copied().unwrap_or(GIVE_UP)
}

/// Seconds to wait after an attempt that reached nobody.
fn unreached(row: &Submission) -> i64 {
    match row.waits_for_its_time() {
        true => 60,
        false => UNREACHED,
    }
}

/// Writes down what became of each recipient, and what follows for the whole, in one step.
fn record(
    kit: &Kit,
    local: &mut Local,
    row: &Submission,
    report: &SendReport,
    hold: Option<i64>,
) -> Result<(), SyncError> {
    let fates: Vec<Fate> = report
        .recipients
        .iter()
        .map(|r| {
            let said = last_word(row, r, report.goes_on());
            (r.address.clone(), state(r.outcome), said)
        })
        .collect();
    let after = |r: &Recipient| {
        let fate = fates.iter().find(|(who, ..)| *who == r.address);
        match r.state {
            RecipientState::Accepted => RecipientState::Accepted,
            before => fate.map_or(before, |(_, now, _)| *now),
        }
    };
    let stands: Vec<RecipientState> = row.recipients.iter().map(after).collect();
    let any = |wanted: RecipientState| stands.contains(&wanted);
    let why = report.error.as_ref().map(|error| explained(kit, error));
    // What the server said of those that it put off explains the wait.
    let why = why.or_else(|| {
        let mut put_off = fates.iter().filter(|f| f.1 == RecipientState::TryLater);
        let reply = put_off.find_map(|f| f.2.as_deref())?;
        Some(lang::kept(|| standing::explained(lang::told(reply))))
    });
    let now = when::now();
    let cut = report.error.as_ref().map(NetError::kind) == Some(Kind::Offline);
    if !cut || report.recipients.iter().any(|r| r.reply.is_some()) {
        // What it said of holding it back is no part of the five days from its time on.
        local.answered(row.id, if hold.is_some() { -1 } else { now })?;
    }
    let (state, next_try, said) = if any(RecipientState::Unknown) {
        let said = match row.is_partly_sent() {
            true => tr!(
                "a message may or may not have been sent to the rest: the connection ended after its last byte"
            ),
            false => tr!(
                "a message may or may not have been sent: the connection ended after its last byte; looking for it in Sent"
            ),
        };
        (SubmissionState::InDoubt, now, said)
    } else if any(RecipientState::Refused) {
        let said = tr!("a message was refused: the outbox says for whom and why");
        (SubmissionState::Refused, 0, said)
    } else if any(RecipientState::TryLater) || any(RecipientState::Pending) {
        if is_given_up(row, now) {
            let said = tr!("a message was put off for five days: the outbox asks what to do");
            (SubmissionState::Refused, 0, said)
        } else {
            let next = hold.unwrap_or_else(|| now + wait_after(row, report));
            (SubmissionState::Queued, next, "")
        }
    } else if hold.is_some() {
        let said = tr!(
            "a message for later is at the server, which sends it at its time; it can't be taken back any more"
        );
        (SubmissionState::Accepted, 0, said)
    } else {
        (SubmissionState::Accepted, 0, "")
    };
    let end = End {
        state,
        error: why.as_deref(),
        next_try,
    };
    // Taken back while the attempt ran: it stopped before the dot. What is held is sent at its time.
    let Some(marks) = local.conclude(row.id, &fates, &end, hold.unwrap_or(now))? else {
        return Ok(());
    };
    let nobody_spoke = report.recipients.iter().all(|r| r.reply.is_none());
    if nobody_spoke && report.error.as_ref().is_some_and(is_network) {
        local.unreached(row.id)?;
    }
    if !said.is_empty() {
        kit.report.notice(said);
    } else if state == SubmissionState::Accepted {
        kit.report.news(sent_to(row));
    }
    doubt::mark(kit, marks)
}

/// Seconds until the next attempt. Nobody was bothered by one that the network cut: it is made soon.
fn wait_after(row: &Submission, report: &SendReport) -> i64 {
    let cut = report.error.as_ref().map(NetError::kind) == Some(Kind::Offline);
    if cut && report.recipients.iter().all(|r| r.reply.is_none()) {
        return unreached(row);
    }
    // The server asks for another transaction (RFC 5321 §4.5.3.1.10), and not for patience.
    if report.goes_on() {
        return 0;
    }
    let is_put_off = |r: &Recipient| r.state == RecipientState::TryLater && r.reply.is_some();
    put_off_for(row, row.recipients.iter().any(is_put_off))
}

/// `Sent to bo@example.org and 2 others`
fn sent_to(row: &Submission) -> String {
    let first = row.recipients.first().map_or("", |r| r.address.as_str());
    let said = match row.recipients.len().saturating_sub(1) {
        0 => tr!("Sent to {first}", first),
        n => trn!(
            n,
            "Sent to {first} and {n} other",
            "Sent to {first} and {n} others",
            first
        ),
    };
    Clean::line(&said).to_string()
}

/// An error in plain words, to be written down.
fn explained(kit: &Kit, error: &NetError) -> String {
    lang::kept(|| diagnose::explain(error, &kit.account, Service::Smtp).line())
}

fn words(asked: &Asked) -> Option<String> {
    let reply = asked.reply.as_ref()?.to_string();
    Some(lang::kept(|| Clean::line(lang::told(&reply)).to_string()))
}

/// What a server said of a recipient. Of one that only waits for the next transaction, if there is
/// one, it is what was said before.
fn last_word(row: &Submission, asked: &Asked, goes_on: bool) -> Option<String> {
    let left = asked.is_left_over();
    let said = words(asked).filter(|_| !(left && goes_on));
    said.or_else(|| {
        let mut before = row.recipients.iter();
        let before = before.find(|r| left && r.address == asked.address)?;
        before.reply.clone()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_the_user_wakes_for_what_is_due() {
        let bell = Doorbell::new().unwrap();
        wait_held(&bell, Some(when::now()));
        bell.ringer().ring();
        wait_held(&bell, None);
        wait_held(&bell, Some(i64::MAX));
    }
}
