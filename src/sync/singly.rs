//! Bodies at which connections end: those that were asked for together are asked for one by one, on new
//! connections, so that each costs only itself (F-30). One at which that happens again and again is
//! given up for a day, with the reason in its place.

use crate::lang::mark;
use crate::model::MsgId;
use crate::net::NetError;
use crate::net::imap::Mode;
use crate::store::{Local, Reader, WantedBody};
use crate::sync::bodies::{self, Keep};
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::last_words;
use crate::text::when;

/// Connections that one set of bodies may cost.
const DIALS: u32 = 6;
/// What is said of a body at which connections end.
const HANGS_UP: &str = mark!("the connection ends whenever it is asked for");

/// Opens the mailbox; whether its UIDs are those that we know. Others are the worker's to read.
///
/// # Errors
/// As the session; when the cache can't be read.
pub fn open(session: &mut Connection, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    let uidvalidity = match session.is_open(&here.name) {
        Some(open) => open,
        None => session.select(&here.name, Mode::ReadOnly)?.uidvalidity,
    };
    Ok(reader.cursor(here.id)?.uidvalidity == Some(uidvalidity))
}

/// Fetches what is not here of bodies that were asked for when the connection ended with `error`. The
/// mailbox is open again afterwards; `false` if it is another one by now.
///
/// # Errors
/// `error`, if it is none of the kind that a message may be the reason of, or there are more such
/// messages than there is patience for; whatever a new connection says.
pub fn fetch(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    (wanted, keep): (&[WantedBody], Keep),
    error: NetError,
) -> Result<bool, SyncError> {
    if !last_words::may_be(&error) {
        return Err(error.into());
    }
    let mut local = kit.local()?;
    let mut patience = DIALS;
    if !anew(session, reader, here)? {
        return Ok(false);
    }
    for body in wanted {
        if is_here(reader, body.message, keep)? {
            continue;
        }
        let outcome = bodies::alone(session, kit, (body.message, body.uid), keep);
        session.tally();
        match outcome {
            Ok(()) => forget(&mut local, body.message)?,
            Err(SyncError::Net(again)) if last_words::may_be(&again) => {
                if local.ended(&key(body.message), when::now())?.waits {
                    bodies::lose(kit, body.message, HANGS_UP)?;
                }
                patience -= 1;
                if patience == 0 || kit.stopping() {
                    return Err(again.into());
                }
                if !anew(session, reader, here)? {
                    return Ok(false);
                }
            }
            Err(other) => return Err(other),
        }
    }
    Ok(true)
}

/// Opens the mailbox on a new connection.
fn anew(session: &mut Connection, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    session.dial_again()?;
    open(session, reader, here)
}

/// Whether nothing is lacking of what is to be kept of a message.
fn is_here(reader: &Reader, message: MsgId, keep: Keep) -> Result<bool, SyncError> {
    let Some(row) = reader.message(message)? else {
        return Ok(true);
    };
    Ok(row.has_body && (keep == Keep::Texts || !reader.is_hollow(message)?))
}

fn forget(local: &mut Local, message: MsgId) -> Result<(), SyncError> {
    if local.read().ended_at(&key(message))?.is_some() {
        local.ended_nothing(&key(message))?;
    }
    Ok(())
}

/// Under which name it is counted how often connections ended at a body.
fn key(message: MsgId) -> String {
    format!("body/{}", message.0)
}
