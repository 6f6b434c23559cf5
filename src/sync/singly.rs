//! Bodies at which connections end: those that were asked for together are asked for one by one, on new
//! connections, so that each costs only itself (F-30). One at which that happens again and again is
//! given up for a day, with the reason in its place. A server that gives no body at all is in trouble, and
//! nothing is held against what it was asked for: it is asked for one that it gave before, wherever that
//! lies. Where it never gave one that is believed for some turns, not without end.

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
use crate::sync::mailboxes;
use crate::text::when;

/// Connections that one set of bodies may cost.
const DIALS: u32 = 6;
/// After so many in a row it may be the server: it is asked for a body that it gave before, no larger than
/// this (octets).
const ROW: usize = 3;
const SMALL: u64 = 1 << 20;
/// Bodies that it gave before, of as many mailboxes: where connections end at all of them it is the server,
/// and not one of these that broke since.
const SURE: usize = 2;
/// So many turns in a row in which no body came it is the server where it never gave one.
const TURNS: u32 = 5;
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
/// messages than there is patience for, or it is the server; whatever a new connection says. The session
/// may have ended then.
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
    // Turns without any body are meant, and some came before the connection ended.
    for body in wanted {
        if reader.message(body.message)?.is_some() && is_here(reader, body.message, keep)? {
            local.ended_nothing(&none_at_all(kit))?;
            break;
        }
    }
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
                local.ended_nothing(&none_at_all(kit))?;
            }
            Err(SyncError::Net(again)) if last_words::may_be(&again) => {
                doubt.open.push(body.message);
                if !anew(session, reader, here)? {
                    return Ok(false);
                }
                // None is given up without a look at what else the server gives.
                if doubt.open.len() >= ROW || local.read().would_wait(&key(body.message))? {
                    let last = wanted.last().filter(|last| last.uid != body.uid);
                    let them = is_them(session, kit, reader, here, (last, keep));
                    // What was not found out is held against none, for some turns.
                    if let Err(error) = &them
                        && (!matches!(error, SyncError::Net(_))
                            || local.ended(&none_at_all(kit), when::now())?.times < TURNS)
                    {
                        doubt.open.clear();
                    }
                    if !them? {
                        doubt.open.clear();
                        kit.report.notice(tr!(
                            "the server ends the connection whatever message is asked for; the rest is fetched later"
                        ));
                        return Err(again.into());
                    }
                    doubt.settle(kit)?;
                    if !opened(session, reader, here)? {
                        return Ok(false);
                    }
                }
                patience -= 1;
                if patience == 0 || kit.stopping() {
                    return Err(again.into());
                }
            }
            Err(other) => return Err(other),
        }
    }
    Ok(true)
}

/// Whether it is the messages that end the connections, and not the server: it gives a body that it gave
/// before, or `last`. Where the connection ends at all that it gave before, it is the server. Where there is
/// but one of those, or none, that is believed for some turns; where there is no `last` either, nobody can
/// tell, and it is them. Another mailbox may be open afterwards, and the session may have ended.
fn is_them(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    (last, keep): (Option<&WantedBody>, Keep),
) -> Result<bool, SyncError> {
    let ended = match gives_kept(session, kit, reader, here)? {
        Kept::Given => {
            kit.local()?.ended_nothing(&none_at_all(kit))?;
            return Ok(true);
        }
        Kept::Ended(SURE..) => return Ok(false),
        Kept::Ended(times) => times,
    };
    let mut local = kit.local()?;
    match last {
        None if ended == 0 => return Ok(true),
        None => {}
        Some(_) if !opened(session, reader, here)? => return Ok(true),
        Some(last) => {
            let outcome = bodies::alone(session, kit, (last.message, last.uid), keep);
            session.tally();
            match outcome {
                Ok(()) => {
                    local.ended_nothing(&none_at_all(kit))?;
                    return Ok(true);
                }
                Err(SyncError::Net(_)) => {}
                Err(other) => return Err(other),
            }
        }
    }
    let ends = local.ended(&none_at_all(kit), when::now())?;
    Ok(ends.times >= TURNS)
}

/// What became of bodies that the server gave before.
enum Kept {
    /// It gave one again.
    Given,
    /// It gave none; at so many the connection ended.
    Ended(usize),
}

/// Whether the server gives a body that it gave before, from this mailbox or another: one of each, until
/// connections ended at as many as leave no doubt.
///
/// # Errors
/// Whatever a new connection says: nothing is learned from one that can't be had, and it is not dialled
/// for each mailbox.
fn gives_kept(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
) -> Result<Kept, SyncError> {
    let (mut ended, mut shut) = (0, 0);
    let mut all = mailboxes::known(kit, reader)?;
    all.sort_by_key(|other| other.id != here.id);
    for other in &all {
        let Some(uid) = reader.last_kept(other.id, SMALL)? else {
            continue;
        };
        if kit.stopping() {
            return Err(SyncError::Stopping);
        }
        if session.is_dead() {
            session.dial_again()?;
        }
        match open(session, reader, other) {
            Ok(true) => {}
            // Of one that is refused nothing is learned about bodies.
            Ok(false) => continue,
            Err(SyncError::Net(error)) if !error.ends_session() => continue,
            // Nor of one at which the connection ends, if it is but one.
            Err(SyncError::Net(error)) if last_words::may_be(&error) && shut < SURE => {
                shut += 1;
                continue;
            }
            Err(error) => return Err(error),
        }
        let given = session.fetch_body(uid);
        session.tally();
        match given {
            Ok(Some(_)) => return Ok(Kept::Given),
            Err(error) if error.ends_session() => {
                ended += 1;
                if ended == SURE {
                    break;
                }
            }
            // It may have been expunged meanwhile, or is refused.
            Ok(None) | Err(_) => {}
        }
    }
    Ok(Kept::Ended(ended))
}

/// Opens the mailbox, on a new connection if this one has ended.
fn opened(session: &mut Connection, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    match session.is_dead() {
        true => anew(session, reader, here),
        false => open(session, reader, here),
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

/// The same of turns in which no body came from a server that never gave one.
fn none_at_all(kit: &Kit) -> String {
    format!("bodies/{}", kit.account.name)
}
