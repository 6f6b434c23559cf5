//! Copies that an operation makes: only what is not there yet, and where each stands then.

use crate::model::{MailboxName, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::{Copied, Session};
use crate::store::{Moved, Place};
use crate::sync::copied;
use crate::sync::follow::Found;

/// Copies what is not in the destination yet.
pub(super) fn copy(
    session: &mut Session,
    cut: bool,
    mailbox: &MailboxName,
    to: &MailboxName,
    found: &Found,
    set: &UidSet,
) -> Result<Vec<Copied>, NetError> {
    let (rest, mut pairs) = match cut {
        true => copied::not_yet(session, mailbox, to, found, set)?,
        false => (set.clone(), Vec::new()),
    };
    if !rest.is_empty() {
        pairs.extend(session.copy_to(&rest, to)?);
    }
    Ok(pairs)
}

pub(super) fn placed(
    found: &Found,
    set: &UidSet,
    to: &MailboxName,
    pairs: &[Copied],
) -> Vec<Moved> {
    let keys = set.iter().filter_map(|uid| Some((uid, found.get(&uid)?)));
    keys.map(|(uid, key)| {
        let pair = pairs.iter().find(|(from, _, _)| *from == uid);
        Moved {
            key: key.clone(),
            to: Place {
                mailbox: to.clone(),
                at: pair.map(|(_, validity, uid)| (*validity, *uid)),
            },
        }
    })
    .collect()
}

pub(super) fn arrived(to: &MailboxName, uidvalidity: UidValidity, found: &Found) -> Vec<Moved> {
    let each = found.iter().map(|(uid, key)| Moved {
        key: key.clone(),
        to: Place {
            mailbox: to.clone(),
            at: Some((uidvalidity, *uid)),
        },
    });
    each.collect()
}
