//! Whether the copy of a message lies in the selected mailbox: what proves that a message may go where
//! it came from, and that it need not be sent again.

use crate::model::{MessageKey, Uid, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::{FetchBy, Session};
use crate::sync::by_id;
use crate::sync::error::SyncError;
use std::collections::BTreeSet;

/// What the copy of a message is known by.
pub(super) struct Sought<'a> {
    /// The mailbox's UIDs are of this generation.
    pub(super) generation: UidValidity,
    /// UIDs from here on may be the copy's.
    pub(super) first: u32,
    /// Those that are the copies of others of the same carry.
    pub(super) claimed: BTreeSet<Uid>,
    pub(super) key: &'a MessageKey,
    pub(super) bytes: Option<&'a [u8]>,
    /// Whether another of the carry has this Message-ID and size, too.
    pub(super) twins: bool,
}

/// The copy of a message among what came into the selected mailbox from a UID on, if it is there: by
/// Message-ID and size, or by its octets where it has no Message-ID or others are like it.
pub(super) fn landed(session: &mut Session, sought: &Sought<'_>) -> Result<Option<Uid>, SyncError> {
    // What came since is told to a session that asks.
    session.noop()?;
    let (key, bytes) = (sought.key, sought.bytes);
    let size = bytes.map_or(key.size, |b| b.len() as u64);
    let later = |uids: UidSet| {
        let later = uids.iter().filter(|u| u.get() >= sought.first);
        later
            .filter(|u| !sought.claimed.contains(u))
            .collect::<UidSet>()
    };
    let found = match &key.message_id {
        Some(id) => later(
            by_id::from(session, id, sought.first)?
                .into_iter()
                .collect(),
        ),
        None if bytes.is_none() => return Ok(None),
        None => later(session.uids_from(sought.first)?),
    };
    if key.message_id.is_some() {
        let sizes = by_id::sizes(session, &found)?;
        let mut fit = sizes.iter().filter(|(_, there)| **there == size);
        let one = fit.next().map(|(uid, _)| *uid);
        let doubtful = sought.twins || fit.next().is_some();
        if one.is_some() && !doubtful {
            return Ok(one);
        }
    }
    // Some servers only estimate sizes.
    match bytes {
        Some(bytes) => equal(session, &found, bytes),
        None => Ok(None),
    }
}

/// Whether something with the Message-ID came since that is no other's copy.
///
/// What has no Message-ID is known by the date that was sent with it.
pub(super) fn stands(
    session: &mut Session,
    sought: &Sought<'_>,
    date: i64,
) -> Result<bool, NetError> {
    let later = |uid: &Uid| uid.get() >= sought.first && !sought.claimed.contains(uid);
    if let Some(id) = &sought.key.message_id {
        let found = by_id::from(session, id, sought.first)?;
        return Ok(found.iter().any(later));
    }
    let since: UidSet = session
        .uids_from(sought.first)?
        .iter()
        .filter(later)
        .collect();
    let mut like = false;
    if !since.is_empty() {
        session.fetch_headers(FetchBy::Uids(&since), &mut |item| {
            like |= item.internal_date == Some(date);
            Ok(())
        })?;
    }
    Ok(like)
}

/// Messages whose octets are compared in search of a copy.
const COMPARED: usize = 20;

/// The one of these messages of the selected mailbox that has these octets.
pub(super) fn equal(
    session: &mut Session,
    uids: &UidSet,
    bytes: &[u8],
) -> Result<Option<Uid>, SyncError> {
    let mut told: Vec<(Uid, u64)> = by_id::sizes(session, uids)?.into_iter().collect();
    told.sort_by_key(|(_, size)| size.abs_diff(bytes.len() as u64));
    for (uid, _) in told.into_iter().take(COMPARED) {
        let body = session.fetch_body(uid)?;
        if body.is_some_and(|b| b.complete && b.bytes == bytes) {
            return Ok(Some(uid));
        }
    }
    Ok(None)
}
