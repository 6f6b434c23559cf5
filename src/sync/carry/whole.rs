//! Whether what is here of a message is all of it, where its server tells a larger size: some servers
//! only estimate sizes, others lose octets on the way. Before it is known a message goes nowhere, as
//! the original would be removed afterwards.

use crate::lang::mark;
use crate::model::MsgId;
use crate::net::NetError;
use crate::net::imap::{Body, Mode, is_refusal};
use crate::store::{Keyed, Local, Priority, ServerPlace};
use crate::sync::bodies::{self, Keep};
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use crate::sync::last_words;
use crate::text::when;

/// What is said of a message of which the server gives less than it says that there is, and not always
/// the same.
const NOT_WHOLE: &str = mark!("it could not be fetched whole");

/// So many connections may end while it is asked for.
const HANGS: u32 = 30;

/// What came of asking for a message once more.
pub(super) enum Proof {
    /// All of it is here, and so is its size.
    Whole,
    /// It was not asked for: it waits, or is not where it was.
    Unasked,
    /// It is not known yet: it is asked for again.
    Short,
    /// The server put it off.
    PutOff,
    /// Again and again it could not be told, and why.
    Never(String),
    /// The session ended while it was asked for, so; and whether that was so often that it is asked for
    /// no more.
    Ended(NetError, bool),
}

/// Whether less of a message is here than its server says that there is, and nothing shows that it is
/// all of it.
pub(super) fn is_short(known: &Keyed) -> bool {
    known.is_whole && falls_short(known, known.octets)
}

/// The same of so many octets. None at all are never all of it: a server that is unwell gives such.
pub(super) fn falls_short(known: &Keyed, octets: u64) -> bool {
    octets < known.size && (octets == 0 || octets != known.proved)
}

/// Asks for a short message once more. What gives the same octets twice, and as all there are, only
/// told a wrong size.
///
/// # Errors
/// When the session ends, and not because of the message; when a database fails.
pub(super) fn prove(
    session: &mut Connection,
    kit: &Kit,
    local: &mut Local,
    known: &Keyed,
) -> Result<Proof, SyncError> {
    let message = known.message;
    if local.read().is_put_off(&put_off(message), when::now())? {
        return Ok(Proof::Unasked);
    }
    let reader = kit.reader()?;
    let places = reader.locate(message)?;
    let mut ours = places.iter().filter(|p| p.account == kit.account.name);
    let (Some(place), Some(here)) = (ours.next(), reader.body(message)?) else {
        return Ok(Proof::Unasked);
    };
    let outcome = fetch(session, place);
    session.tally();
    let why = match outcome {
        Ok(Some(body)) if body.complete && !here.is_empty() && body.bytes == here => {
            forget(local, message)?;
            let octets = here.len() as u64;
            kit.writer.run(Priority::Urgent, move |cache| {
                cache.body_proved(message, octets)
            })?;
            return Ok(Proof::Whole);
        }
        // What is here was cut off, then.
        Ok(Some(body)) if body.complete && body.bytes.len() as u64 >= known.size => {
            forget(local, message)?;
            let whole = bodies::packed(kit, message, body.bytes, Keep::Whole);
            kit.writer
                .run(Priority::Urgent, move |cache| cache.store_packed(&[whole]))?;
            return Ok(Proof::Whole);
        }
        Ok(_) => NOT_WHOLE.to_owned(),
        Err(error) if error.ends_session() => return ended(local, message, error),
        Err(error) if is_refusal(&error) => error.to_string(),
        Err(error) => return another_day(local, message, &error),
    };
    let kept = why.clone();
    let given_up = kit.writer.run(Priority::Urgent, move |cache| {
        let given_up = cache.body_slipped(message, &kept)?;
        if given_up {
            // Whoever wants it carried once more has it asked for as often again.
            cache.forget_failures(&[message])?;
        }
        Ok(given_up)
    })?;
    Ok(match given_up {
        true => Proof::Never(why),
        false => Proof::Short,
    })
}

/// The connection ended while it was asked for: anything may be the reason, until it happens as often as
/// networks do not fail.
fn ended(local: &mut Local, message: MsgId, error: NetError) -> Result<Proof, SyncError> {
    if !last_words::may_be(&error) {
        return Err(error.into());
    }
    let what = ends(message);
    let over = local.ended(&what, when::now())?.times >= HANGS;
    if over {
        local.ended_nothing(&what)?;
    }
    Ok(Proof::Ended(error, over))
}

/// Whether a connection ended while this message was asked for, and it did not come since.
pub(super) fn ended_before(local: &Local, message: MsgId) -> Result<bool, SyncError> {
    Ok(local.read().ended_at(&ends(message))?.is_some())
}

/// The server puts it off: it is asked again after longer and longer pauses, not for ever.
fn another_day(local: &mut Local, message: MsgId, error: &NetError) -> Result<Proof, SyncError> {
    let (what, now) = (put_off(message), when::now());
    if local.ended(&what, now)?.times < HANGS {
        return Ok(Proof::PutOff);
    }
    local.ended_nothing(&what)?;
    Ok(Proof::Never(error.to_string()))
}

/// What went wrong with it before counts no more.
fn forget(local: &mut Local, message: MsgId) -> Result<(), SyncError> {
    for what in [ends(message), put_off(message)] {
        local.ended_nothing(&what)?;
    }
    Ok(())
}

/// Under which name it is counted how often connections ended at it.
fn ends(message: MsgId) -> String {
    format!("prove/{}", message.0)
}

/// The same of how often it was put off.
fn put_off(message: MsgId) -> String {
    format!("later/{}", message.0)
}

/// The message as it is given now; `None` if it is not where it was.
fn fetch(session: &mut Connection, place: &ServerPlace) -> Result<Option<Body>, NetError> {
    let selected = session.select(&place.name, Mode::ReadOnly)?;
    match selected.uidvalidity == place.uidvalidity {
        true => session.fetch_body(place.uid),
        false => Ok(None),
    }
}
