//! Messages in doubt: the connection ended after the final dot, so they may have been sent. They are
//! looked for by Message-ID in Sent and among all mail, five times within ten minutes and now and
//! then afterwards. Found, or reported of by somebody, they were sent; else the user decides. Where
//! somebody had the message before, or another with its Message-ID, what lies there, or is reported
//! of, may be that one: it tells nothing of the rest. Nothing here ever sends.

use crate::lang::tr;
use crate::mime;
use crate::model::standing::LOOKS;
use crate::model::{Envelope, MailboxName, Op, Role, Submission, SubmissionState, UidSet};
use crate::net::imap::{FetchBy, Mode, Session};
use crate::signal::Topic;
use crate::store::{self, Local};
use crate::sync::by_id;
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::filing;
use crate::sync::kit::Kit;
use crate::sync::overlay::{self, Layer};
use crate::text::when;
use std::time::Duration;

/// What a wait is multiplied with after each look: 30 s, then 1½, 3 and 5 minutes make ten.
const WAITS: [u32; LOOKS as usize - 1] = [1, 3, 6, 10];
/// Later it is looked for this often.
const LATER: Duration = Duration::from_secs(3600);

/// Looks for the messages in doubt that are due, or for `all`, over a connection of its own: where no
/// worker does it.
///
/// # Errors
/// Whatever the server says; when a database fails.
pub fn look_alone(kit: &Kit, local: &mut Local, all: bool) -> Result<(), SyncError> {
    let now = (!all).then(when::now);
    let rows = local.read().doubtful(&kit.account.name, now)?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut session = kit.dial(Rank::Worker, None)?;
    look(&mut session, kit, local, &rows)?;
    session.hang_up();
    Ok(())
}

/// Looks for these messages in doubt.
///
/// # Errors
/// When the session ends or a database fails.
pub fn look(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    rows: &[Submission],
) -> Result<(), SyncError> {
    let reader = kit.reader()?;
    let mut places = Vec::new();
    for role in [Role::Sent, Role::All] {
        let there = reader.role_mailbox(&kit.account.name, role)?;
        places.extend(there.map(|mailbox| (role, mailbox.name)));
    }
    for row in rows {
        // The user may have settled it while others were looked for.
        let stands = local.read().submission(row.id)?;
        let Some(row) = stands.filter(|row| row.state == SubmissionState::InDoubt) else {
            continue;
        };
        let found = match is_in(session, local, &places, &row) {
            // Where nobody may look nothing is found.
            Err(SyncError::Net(error)) if !error.ends_session() => {
                tracing::info!(%error, "a message in doubt could not be looked for");
                false
            }
            other => other?,
        };
        judge(kit, local, &row, found)?;
    }
    Ok(())
}

fn is_in(
    session: &mut Session,
    local: &Local,
    places: &[(Role, MailboxName)],
    row: &Submission,
) -> Result<bool, SyncError> {
    if !can_be_told(local, row)? {
        return Ok(false);
    }
    let written = match local.read().wire(row.id) {
        Err(store::Error::Gone(_)) => return Ok(false),
        wire => mime::parse::envelope(&wire?),
    };
    let mut found = false;
    for (role, place) in places {
        found = found
            || match role {
                Role::Sent => filing::find(session, place, row)?,
                _ => find_same(session, place, row, &written)?,
            };
    }
    Ok(found)
}

/// Whether its Message-ID tells of it: what was only passed on has that of the one that lies there
/// anyway, and so has what goes to the rest, and what was sent twice to several.
fn can_be_told(local: &Local, row: &Submission) -> Result<bool, SyncError> {
    Ok(row.filed && !row.is_partly_sent() && !local.read().has_twin(row)?)
}

/// Whether it stands among all mail. Anybody who saw its Message-ID can write one that has the same:
/// who wrote it, and when, must be the same too.
fn find_same(
    session: &mut Session,
    place: &MailboxName,
    row: &Submission,
    written: &Envelope,
) -> Result<bool, SyncError> {
    session.select(place, Mode::ReadOnly)?;
    let asked: UidSet = by_id::lately(session, &row.message_id)?
        .into_iter()
        .collect();
    if asked.is_empty() {
        return Ok(false);
    }
    let mut found = false;
    session.fetch_headers(FetchBy::Uids(&asked), &mut |item| {
        let there = mime::parse::envelope(&item.header);
        found |= there.from == written.from && there.date == written.date;
        Ok(())
    })?;
    Ok(found)
}

/// A report came back of a message that was in doubt: who names its Message-ID has seen it, so it
/// was sent, and its copy is filed. Not so if somebody had it before, who may report of himself, or
/// had another of the same Message-ID.
///
/// # Errors
/// When a database fails.
pub fn proved(kit: &Kit, local: &mut Local, row: &Submission) -> Result<(), SyncError> {
    if row.state != SubmissionState::InDoubt || !can_be_told(local, row)? {
        return Ok(());
    }
    let Some(state) = settle(kit, local, row, false)? else {
        return Ok(());
    };
    kit.report.notice(match state {
        SubmissionState::Queued => {
            tr!("a report of the message in doubt came back: it was sent, and goes to the rest later")
        }
        _ => tr!("a report of the message in doubt came back: it was sent"),
    });
    kit.changed(Topic::Outbox);
    Ok(())
}

/// It was sent; what it is now, or nothing if somebody settled it meanwhile.
fn settle(
    kit: &Kit,
    local: &mut Local,
    row: &Submission,
    filed: bool,
) -> Result<Option<SubmissionState>, SyncError> {
    match local.was_sent(row.id, filed, when::now()) {
        Ok((state, marks)) => mark(kit, marks).map(|()| Some(state)),
        Err(store::Error::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn judge(kit: &Kit, local: &mut Local, row: &Submission, found: bool) -> Result<(), SyncError> {
    if found {
        let Some(state) = settle(kit, local, row, true)? else {
            return Ok(());
        };
        kit.report.notice(match state {
            SubmissionState::Queued => {
                tr!("the message in doubt was found: it was sent, and goes to the rest later")
            }
            _ => tr!("the message in doubt was found in Sent: it was sent"),
        });
    } else {
        let wait = usize::try_from(row.looked).ok().and_then(|n| WAITS.get(n));
        let wait = wait.map_or(LATER, |times| kit.rhythm.look * *times);
        if !local.looked(row.id, when::now() + wait.as_secs().cast_signed())? {
            return Ok(());
        }
        let told = row.is_partly_sent() || !local.read().has_twin(row)?;
        match (row.is_partly_sent(), row.looked + 1) {
            (_, 1) if !told => kit.report.notice(
                tr!("a message in doubt has the Message-ID of another, so Sent can't tell: the outbox asks what to do"),
            ),
            // There is nothing to wait for.
            (true, 1) => kit.report.notice(
                tr!("Sent can't tell whether the rest got a message that is in doubt: the outbox asks what to do"),
            ),
            (false, LOOKS) if told => kit.report.notice(
                tr!("a message in doubt is not in Sent: it may or may not have been sent, the outbox asks what to do"),
            ),
            _ => {}
        }
    }
    kit.changed(Topic::Outbox);
    Ok(())
}

/// Shows the marks of what was answered or forwarded; they are durable already.
///
/// # Errors
/// When the cache writer has ended.
pub fn mark(kit: &Kit, marks: Vec<Op>) -> Result<(), SyncError> {
    if marks.is_empty() {
        return Ok(());
    }
    overlay::lay(&Layer::of(kit), Vec::new(), marks)
}
