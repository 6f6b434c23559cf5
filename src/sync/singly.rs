//! Bodies at which connections end: those that were asked for together are asked for one by one, on new
//! connections, so that each costs only itself (F-30). One at which that happens again and again is
//! given up for a day, with the reason in its place. A server that gives no body at all is in trouble, and
//! nothing is held against what it was asked for.

use crate::lang::{mark, tr};
use crate::model::MsgId;
use crate::net::NetError;
use crate::net::imap::Mode;
use crate::store::{Reader, WantedBody};
use crate::sync::bodies::{self, Keep};
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::last_words;
use crate::text::when;

/// Connections that one set of bodies may cost.
const DIALS: u32 = 6;
/// After so many in a row it may be the server: it is asked for a body that it gave before, no larger than
/// this (octets).
const ROW: usize = 3;
const SMALL: u64 = 1 << 20;
/// What is said of a body at which connections end.
const HANGS_UP: &str = mark!("the connection ends whenever it is asked for");

/// Bodies at which connections ended, one behind the other, in a turn: while none comes it may be the
/// server.
#[derive(Debug, Default)]
pub struct Doubt {
    open: Vec<MsgId>,
}

impl Doubt {
    /// Another body came, or the turn is over: it is them, and that is counted.
    ///
    /// # Errors
    /// When a database fails.
    pub fn settle(&mut self, kit: &Kit) -> Result<(), SyncError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut local = kit.local()?;
        for message in std::mem::take(&mut self.open) {
            if local.ended(&key(message), when::now())?.waits {
                bodies::lose(kit, message, HANGS_UP)?;
            }
        }
        Ok(())
    }
}

/// Opens the mailbox; whether its UIDs are those that we know. Others are the worker's to read.
///
/// # Errors
/// As the session; when the cache can't be read.
pub fn open(session: &mut Connection, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    let selected = session.select(&here.name, Mode::ReadOnly)?;
    Ok(reader.cursor(here.id)?.uidvalidity == Some(selected.uidvalidity))
}

/// Fetches what is not here of bodies that were asked for when the connection ended with `error`. The
/// mailbox is open again afterwards; `false` if it is another one by now.
///
/// # Errors
/// `error`, if it is none of the kind that a message may be the reason of, or there are more such
/// messages than there is patience for, or it is the server; whatever a new connection says.
pub fn fetch(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    (wanted, keep): (&[WantedBody], Keep),
    doubt: &mut Doubt,
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
            Ok(()) => {
                doubt.settle(kit)?;
                local.ended_nothing(&key(body.message))?;
            }
            Err(SyncError::Net(again)) if last_words::may_be(&again) => {
                doubt.open.push(body.message);
                patience -= 1;
                if patience == 0 || kit.stopping() {
                    return Err(again.into());
                }
                if !anew(session, reader, here)? {
                    return Ok(false);
                }
                if doubt.open.len() < ROW {
                    continue;
                }
                let last = wanted.last().filter(|last| last.uid != body.uid);
                if !gives_another(session, kit, reader, here, (last, keep))? {
                    doubt.open.clear();
                    kit.report.notice(tr!(
                        "the server ends the connection whatever message is asked for; the rest is fetched later"
                    ));
                    return Err(again.into());
                }
                doubt.settle(kit)?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(true)
}

/// Whether the server gives a body that it gave before; in a mailbox of which none came yet, `last`. Where
/// there is no such either, nobody can tell, and it is not the server.
fn gives_another(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    (last, keep): (Option<&WantedBody>, Keep),
) -> Result<bool, SyncError> {
    if let Some(uid) = reader.last_kept(here.id, SMALL)? {
        let given = session.fetch_body(uid);
        session.tally();
        return Ok(given.is_ok_and(|body| body.is_some()));
    }
    let Some(last) = last else {
        return Ok(true);
    };
    match bodies::alone(session, kit, (last.message, last.uid), keep) {
        Ok(()) => Ok(true),
        Err(SyncError::Net(_)) => Ok(false),
        Err(other) => Err(other),
    }
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

/// Under which name it is counted how often connections ended at a body.
fn key(message: MsgId) -> String {
    format!("body/{}", message.0)
}
