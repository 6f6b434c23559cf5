//! Bodies: fetched whole and byte for byte, digested for the index, kept in the cache.

use crate::mime;
use crate::model::{MailboxName, MsgId, Reach, Uid, UidValidity};
use crate::net::imap::{Mode, Session};
use crate::signal::Topic;
use crate::store::{Priority, Reader, WantedBody};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::pull::Here;

/// Messages asked for between two looks at the bell.
const AT_ONCE: usize = 20;
/// Larger messages are fetched only when somebody opens them (octets).
const LARGE: u64 = 5 << 20;
/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;

/// Fetches the bodies that the policy wants from one mailbox, newest first. Returns how many.
///
/// # Errors
/// [`SyncError::Interrupted`] if `cut_in` said so; whatever the session or the cache say.
pub fn mailbox(
    session: &mut Session,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    policy: Reach,
    now: i64,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<u64, SyncError> {
    let since = match policy {
        Reach::None => return Ok(0),
        Reach::Days(days) => now - i64::from(days) * DAY,
        Reach::All => i64::MIN,
        Reach::Octets(octets) => reader.date_within(here.id, octets)?,
    };
    let largest = if policy == Reach::All {
        u64::MAX
    } else {
        LARGE
    };
    let mut fetched = 0;
    loop {
        let wanted = reader.bodies_wanted(here.id, since, largest, AT_ONCE)?;
        if wanted.is_empty() {
            return Ok(fetched);
        }
        let selected = session.select(&here.name, Mode::ReadOnly)?;
        if reader.cursor(here.id)?.uidvalidity != Some(selected.uidvalidity) {
            return Err(SyncError::Interrupted);
        }
        for WantedBody { message, uid, .. } in wanted {
            if cut_in() {
                return Err(SyncError::Interrupted);
            }
            body(session, kit, message, uid)?;
            fetched += 1;
        }
    }
}

/// Fetches one body from the mailbox that is selected and keeps it, or keeps the reason why not.
///
/// # Errors
/// When the session ends or the cache fails; a refusal is kept with the message instead.
pub fn body(session: &mut Session, kit: &Kit, message: MsgId, uid: Uid) -> Result<(), SyncError> {
    match session.fetch_body(uid) {
        Ok(Some(body)) => keep(kit, message, body.bytes),
        Ok(None) => lose(kit, message, "the message is no longer on the server"),
        Err(error) if !error.ends_session() => lose(kit, message, &error.to_string()),
        Err(error) => Err(error.into()),
    }
}

/// Fetches one body wherever it lies, selecting its mailbox first.
///
/// # Errors
/// As [`body`].
pub fn anywhere(
    session: &mut Session,
    kit: &Kit,
    message: MsgId,
    place: (&MailboxName, UidValidity, Uid),
) -> Result<(), SyncError> {
    let (mailbox, uidvalidity, uid) = place;
    let selected = match session.select(mailbox, Mode::ReadOnly) {
        Err(error) if !error.ends_session() => return lose(kit, message, &error.to_string()),
        other => other?,
    };
    if selected.uidvalidity != uidvalidity {
        return lose(
            kit,
            message,
            "the server renumbered the mailbox; it is being read anew",
        );
    }
    body(session, kit, message, uid)
}

fn keep(kit: &Kit, message: MsgId, raw: Vec<u8>) -> Result<(), SyncError> {
    let digest = mime::parse::digest(&raw);
    kit.writer.run(Priority::Urgent, move |cache| {
        cache.store_body(
            message,
            &raw,
            &digest.text,
            &digest.snippet,
            &digest.attachments,
        )
    })?;
    kit.changed(Topic::Body(message));
    Ok(())
}

fn lose(kit: &Kit, message: MsgId, why: &str) -> Result<(), SyncError> {
    let why = why.to_owned();
    kit.writer.run(Priority::Urgent, move |cache| {
        cache.body_failed(message, &why)
    })?;
    kit.changed(Topic::Body(message));
    Ok(())
}
