//! Copies that an operation makes: only what is not there yet, and where each stands then.

use crate::model::{MailboxName, System, Uid, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::{Copied, FetchBy, Mode, Session};
use crate::store::{Moved, Place};
use crate::sync::by_id::{self, ById};
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
        true => not_yet_copied(session, mailbox, to, found, set)?,
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

/// What a cut copy did not bring to its destination yet, by Message-ID and size, and what it did.
/// Anybody can send a Message-ID that another message has: alone it must not cost the original.
fn not_yet_copied(
    session: &mut Session,
    mailbox: &MailboxName,
    to: &MailboxName,
    found: &Found,
    set: &UidSet,
) -> Result<(UidSet, Vec<Copied>), NetError> {
    let there = session.select(to, Mode::ReadOnly)?.uidvalidity;
    let mut ids = ById::among(by_id::MANY);
    let mut rest = UidSet::new();
    let mut pairs = Vec::new();
    for uid in set.iter() {
        let key = found
            .get(&uid)
            .and_then(|k| Some((k, k.message_id.as_ref()?)));
        let copies = match key {
            Some((key, id)) => {
                let copies = ids.lately(session, id)?;
                of_size(session, copies, key.size)?
            }
            None => Vec::new(),
        };
        match copies.as_slice() {
            [] => rest.insert(uid),
            [only] => pairs.push((uid, there, *only)),
            _ => {}
        }
    }
    session.select(mailbox, Mode::ReadWrite)?;
    Ok((rest, pairs))
}

/// Those of this size that nobody has marked as deleted: without UIDPLUS what once was moved away
/// stands there still, and whoever tidies the mailbox up takes it away.
fn of_size(session: &mut Session, uids: Vec<Uid>, size: u64) -> Result<Vec<Uid>, NetError> {
    if uids.is_empty() {
        return Ok(uids);
    }
    let asked: UidSet = uids.into_iter().collect();
    let mut found = Vec::new();
    session.fetch_headers(FetchBy::Uids(&asked), &mut |item| {
        let stays = item.size == size && !item.flags.system.has(System::DELETED);
        found.extend(stays.then_some(item.uid));
        Ok(())
    })?;
    Ok(found)
}
