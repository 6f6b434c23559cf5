//! What a copy that was cut has brought to its destination already (RFC 4549 §5.1): by Message-ID and
//! size, and a message without a Message-ID by all that a list shows of it and the second in which it
//! arrived, which COPY keeps (RFC 9051 §6.4.7).

use crate::model::{MailboxName, System, Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::{Copied, FetchBy, HeaderItem, Mode, Session};
use crate::sync::by_id::{self, ById};
use crate::sync::follow::Found;
use std::collections::BTreeMap;

/// Messages of the destination among which one without a Message-ID is looked for.
const NEWEST: u32 = 200;

/// What a cut copy did not bring to its destination yet, and what it did. Anybody can send a Message-ID
/// that another message has: alone it must not cost the original.
///
/// # Errors
/// As the session.
pub fn not_yet(
    session: &mut Session,
    mailbox: &MailboxName,
    to: &MailboxName,
    found: &Found,
    set: &UidSet,
) -> Result<(UidSet, Vec<Copied>), NetError> {
    let bare = |uid: &Uid| found.get(uid).is_none_or(|key| key.message_id.is_none());
    let bare: BTreeMap<Uid, Look> = looks(session, &set.iter().filter(bare).collect())?
        .into_iter()
        .map(|(uid, (look, _))| (uid, look))
        .collect();
    let there = session.select(to, Mode::ReadOnly)?.uidvalidity;
    let mut ids = ById::among(by_id::MANY);
    let mut rest = UidSet::new();
    let mut pairs = Vec::new();
    for uid in set.iter() {
        let key = found
            .get(&uid)
            .and_then(|k| Some((k, k.message_id.as_ref()?)));
        let Some((key, id)) = key else { continue };
        let copies = ids.lately(session, id)?;
        match of_size(session, copies, key.size)?.as_slice() {
            [] => rest.insert(uid),
            [only] => pairs.push((uid, there, *only)),
            _ => {}
        }
    }
    let mut lately = match bare.is_empty() {
        true => BTreeMap::new(),
        false => {
            let newest = session.newest(NEWEST)?;
            let mut all = looks(session, &newest)?;
            all.retain(|_, (_, stays)| *stays);
            all
        }
    };
    for uid in set
        .iter()
        .filter(|uid| found.get(uid).is_none_or(|k| k.message_id.is_none()))
    {
        let look = bare.get(&uid);
        let same = lately
            .iter()
            .rev()
            .find(|(_, (other, _))| look == Some(other));
        match same.map(|(copy, _)| *copy) {
            Some(copy) => {
                // One copy proves one message.
                lately.remove(&copy);
                pairs.push((uid, there, copy));
            }
            None => rest.insert(uid),
        }
    }
    session.select(mailbox, Mode::ReadWrite)?;
    Ok((rest, pairs))
}

/// What a message is known by that has no Message-ID.
type Look = (Vec<u8>, u64, i64);

/// How these messages of the mailbox that is open look, as far as they have all that tells them from
/// others, and whether they stay.
fn looks(session: &mut Session, uids: &UidSet) -> Result<BTreeMap<Uid, (Look, bool)>, NetError> {
    let mut looks = BTreeMap::new();
    if !uids.is_empty() {
        session.fetch_headers(FetchBy::Uids(uids), &mut |item| {
            if let Some(date) = item.internal_date {
                let stays = stays(&item);
                looks.insert(item.uid, ((item.header, item.size, date), stays));
            }
            Ok(())
        })?;
    }
    Ok(looks)
}

/// Those of this size that nobody has marked as deleted.
fn of_size(session: &mut Session, uids: Vec<Uid>, size: u64) -> Result<Vec<Uid>, NetError> {
    if uids.is_empty() {
        return Ok(uids);
    }
    let asked: UidSet = uids.into_iter().collect();
    let mut found = Vec::new();
    session.fetch_headers(FetchBy::Uids(&asked), &mut |item| {
        let stays = item.size == size && stays(&item);
        found.extend(stays.then_some(item.uid));
        Ok(())
    })?;
    Ok(found)
}

/// Whether nobody has marked it as deleted: without UIDPLUS what once was moved away stands there still,
/// and whoever tidies the mailbox up takes it away.
fn stays(item: &HeaderItem) -> bool {
    !item.flags.system.has(System::DELETED)
}
