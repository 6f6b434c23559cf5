//! Bodies out of a mailbox that is copied: many at a time, and those that did not come so one by one.
//! What can't be had costs only itself, and it is told why (F-30).

use crate::model::{Uid, UidSet};
use crate::net::NetError;
use crate::net::imap::is_refusal;
use crate::sync::error::SyncError;
use crate::sync::held::Held;
use crate::sync::intake::LARGEST;
use crate::sync::kit::Connection;
use std::collections::{BTreeSet, VecDeque};

/// What is said of a message beyond [`LARGEST`].
pub const TOO_LONG: &str = "it is longer than 256 MB";
/// What is said of one at which connections end.
const HANGS_UP: &str = "the connection ends whenever it is asked for";

/// What came of a message that was asked for.
pub enum Given {
    /// All of it.
    Whole(Vec<u8>),
    /// Not all of it, and why.
    Not(String),
    /// It is no longer there.
    Gone,
}

/// Fetches these messages together; `each` hears of every one of them once, unless that ends in an
/// error. What came before one has been handed over.
///
/// # Errors
/// When connections end again and again or the server puts everything off; those of `each`.
pub fn give(
    held: &mut Held<'_>,
    piece: &UidSet,
    each: &mut dyn FnMut(Uid, Given) -> Result<(), SyncError>,
) -> Result<(), SyncError> {
    let mut came = Vec::new();
    let outcome = held.session.fetch_bodies(piece, LARGEST, &mut |uid, body| {
        // What is not whole, or doubtful, is asked for alone.
        if body.complete {
            came.push((uid, body.bytes));
        }
        Ok(())
    });
    held.session.tally();
    if let Some((uid, _)) = came.last() {
        held.came();
        held.answers();
        held.gives(*uid);
    }
    let mut left: BTreeSet<Uid> = piece.iter().collect();
    for (uid, bytes) in came {
        left.remove(&uid);
        each(uid, Given::Whole(bytes))?;
    }
    match outcome {
        Err(error) if error.ends_session() => held.again(error)?,
        // One refusal must not cost the others.
        _ => {}
    }
    one_by_one(held, left.into_iter().collect(), each)
}

fn one_by_one(
    held: &mut Held<'_>,
    mut open: VecDeque<Uid>,
    each: &mut dyn FnMut(Uid, Given) -> Result<(), SyncError>,
) -> Result<(), SyncError> {
    let mut suspects = BTreeSet::new();
    while let Some(uid) = open.pop_front() {
        let outcome = alone(held.session, uid);
        held.session.tally();
        match outcome {
            Ok(given) => {
                held.came();
                held.answers();
                if matches!(given, Given::Whole(_)) {
                    held.gives(uid);
                }
                each(uid, given)?;
            }
            Err(error) if !error.ends_session() => {
                held.came();
                if !is_refusal(&error) && !held.puts_off() {
                    return Err(error.into());
                }
                each(uid, Given::Not(error.to_string()))?;
            }
            Err(error) => {
                held.again(error)?;
                // Once may be anything's fault: behind the others it is asked for once more.
                match suspects.insert(uid) {
                    true => open.push_back(uid),
                    false => each(uid, Given::Not(HANGS_UP.to_owned()))?,
                }
            }
        }
    }
    Ok(())
}

fn alone(session: &mut Connection, uid: Uid) -> Result<Given, NetError> {
    let not = |why: &str| Ok(Given::Not(why.to_owned()));
    match session.fetch_body(uid)? {
        Some(body) if body.complete => return Ok(Given::Whole(body.bytes)),
        Some(body) if body.bytes.len() as u64 >= LARGEST => return not(TOO_LONG),
        Some(_) => return not("only a part of it came"),
        None => {}
    }
    match session.present(&UidSet::range(uid.get(), uid.get())) {
        Ok(there) if there.is_empty() => Ok(Given::Gone),
        Err(error) if error.ends_session() => Err(error),
        _ => not("the server does not give it"),
    }
}
