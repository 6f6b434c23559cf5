//! One attachment of a message that is here without it. A hollow message has the length and the places
//! that it has on its server, so the octets that are lacking are asked for by where they stand; and
//! what stands there instead says whether those that come are the ones (mime/hollow.rs).

use crate::mime::hollow;
use crate::model::MsgId;
use crate::net::imap::{Mode, Session};
use crate::store::{Priority, ServerPlace};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;

/// Fetches the attachment behind these parts, and keeps it. `false` where that does not lead to it: all
/// of the message has to be fetched then, which tells why not if it can't be.
///
/// # Errors
/// When the session ends or the cache fails.
pub fn fetch(
    session: &mut Session,
    kit: &Kit,
    (message, path): (MsgId, &[u32]),
    place: &ServerPlace,
) -> Result<bool, SyncError> {
    match take(session, kit, (message, path), place) {
        Err(SyncError::Net(error)) if !error.ends_session() => Ok(false),
        other => other,
    }
}

fn take(
    session: &mut Session,
    kit: &Kit,
    (message, path): (MsgId, &[u32]),
    place: &ServerPlace,
) -> Result<bool, SyncError> {
    let reader = kit.reader()?;
    let shown = reader.shown(message)?.filter(|shown| shown.is_hollow);
    let Some(gap) = shown.and_then(|shown| hollow::gap(&shown.raw, path)) else {
        return Ok(false);
    };
    if session.select(&place.name, Mode::ReadOnly)?.uidvalidity != place.uidvalidity {
        return Ok(false);
    }
    let Some(octets) = session.fetch_octets(place.uid, gap.start as u64..gap.end as u64)? else {
        return Ok(false);
    };
    let fill = |raw: &mut [u8]| {
        let filled = hollow::fill(raw, gap, &octets);
        filled.then(|| !hollow::left_out(raw).is_empty())
    };
    let Some(refilled) = reader.refilled(message, fill)? else {
        return Ok(false);
    };
    Ok(kit
        .writer
        .run(Priority::Urgent, move |cache| cache.refill(&refilled))?)
}
