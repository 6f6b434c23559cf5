//! Whether what is here of a message is all of it, where its server tells a larger size: some servers
//! only estimate sizes, others lose octets on the way. Before it is known a message goes nowhere, as
//! the original would be removed afterwards.

use crate::lang::mark;
use crate::net::NetError;
use crate::net::imap::{Body, Mode};
use crate::store::{Keyed, Priority, ServerPlace};
use crate::sync::bodies::{self, Keep};
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};

/// What is said of a message of which the server gives less than it says that there is, and not always
/// the same.
const NOT_WHOLE: &str = mark!("it could not be fetched whole");

/// What came of asking for a message once more.
pub(super) enum Proof {
    /// All of it is here, and so is its size.
    Whole,
    /// It is asked for again.
    Later,
    /// Again and again it could not be told, and why.
    Never(String),
}

/// Whether less of a message is here than its server says that there is, and nothing shows that it is
/// all of it.
pub(super) fn is_short(known: &Keyed) -> bool {
    known.is_whole && falls_short(known, known.octets)
}

/// The same of so many octets.
pub(super) fn falls_short(known: &Keyed, octets: u64) -> bool {
    octets < known.size && octets != known.proved
}

/// Asks for a short message once more. What gives the same octets twice, and as all there are, only
/// told a wrong size.
///
/// # Errors
/// When the session ends or the cache fails.
pub(super) fn prove(
    session: &mut Connection,
    kit: &Kit,
    known: &Keyed,
) -> Result<Proof, SyncError> {
    let message = known.message;
    let reader = kit.reader()?;
    let places = reader.locate(message)?;
    let mut ours = places.iter().filter(|p| p.account == kit.account.name);
    let (Some(place), Some(here)) = (ours.next(), reader.body(message)?) else {
        return Ok(Proof::Later);
    };
    let outcome = fetch(session, place);
    session.tally();
    let mut ended = None;
    let why = match outcome {
        Ok(Some(body)) if body.complete && body.bytes == here => {
            let octets = here.len() as u64;
            kit.writer.run(Priority::Urgent, move |cache| {
                cache.body_proved(message, octets)
            })?;
            return Ok(Proof::Whole);
        }
        // What is here was cut off, then.
        Ok(Some(body)) if body.complete && body.bytes.len() as u64 >= known.size => {
            let whole = bodies::packed(kit, message, body.bytes, Keep::Whole);
            kit.writer
                .run(Priority::Urgent, move |cache| cache.store_packed(&[whole]))?;
            return Ok(Proof::Whole);
        }
        Ok(_) => NOT_WHOLE.to_owned(),
        Err(error) => {
            let why = error.to_string();
            ended = Some(error).filter(NetError::ends_session);
            why
        }
    };
    let kept = why.clone();
    let given_up = kit.writer.run(Priority::Urgent, move |cache| {
        cache.body_slipped(message, &kept)
    })?;
    match (given_up, ended) {
        (true, _) => Ok(Proof::Never(why)),
        (false, Some(error)) => Err(error.into()),
        (false, None) => Ok(Proof::Later),
    }
}

/// The message as it is given now; `None` if it is not where it was.
fn fetch(session: &mut Connection, place: &ServerPlace) -> Result<Option<Body>, NetError> {
    let selected = session.select(&place.name, Mode::ReadOnly)?;
    match selected.uidvalidity == place.uidvalidity {
        true => session.fetch_body(place.uid),
        false => Ok(None),
    }
}
