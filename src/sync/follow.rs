//! Where an operation's messages are now: under the UID that the user saw, where our own moves put
//! them, or wherever another client has moved them meanwhile (RFC 4549 §4.2.3, §5.1).

use crate::model::{
    MailboxName, MessageId, MessageKey, Op, OpKind, Role, Uid, UidSet, UidValidity,
};
use crate::net::imap::{Mode, Selected, Session};
use crate::store::{Local, Place};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use std::collections::BTreeMap;

/// Messages of one operation that are looked for elsewhere; each costs a search in some mailboxes.
const FOLLOWED: usize = 50;

/// A message and where it is believed to be: under which generation and UID, if known.
pub type Believed = (MessageKey, Option<(UidValidity, Uid)>);

/// Messages of one mailbox by the UIDs that they have there.
pub type Found = BTreeMap<Uid, MessageKey>;

/// Messages by the mailbox that they are in now, and its generation.
pub type Places = BTreeMap<MailboxName, (UidValidity, Found)>;

/// Sorts an operation's messages by the mailbox that they are in now, following earlier moves.
///
/// # Errors
/// When `local.db` can't be read.
pub fn by_mailbox(
    local: &Local,
    kit: &Kit,
    op: &Op,
) -> Result<BTreeMap<MailboxName, Vec<Believed>>, SyncError> {
    let mut groups: BTreeMap<MailboxName, Vec<Believed>> = BTreeMap::new();
    for key in &op.keys {
        let place = local.read().follow(&kit.account.name, key)?;
        let place = place.unwrap_or_else(|| Place {
            mailbox: key.mailbox.clone(),
            at: Some((key.uidvalidity, key.uid)),
        });
        groups
            .entry(place.mailbox)
            .or_default()
            .push((key.clone(), place.at));
    }
    Ok(groups)
}

/// Which of the messages are in the mailbox that is selected, and which are not. A UID of another
/// generation means nothing: its message is looked for by Message-ID, and taken only if it is
/// found exactly once. So is one whose UID is gone, in case that it was moved away and back; but not
/// `once_more` or to be removed for good: then another copy would share the fate of the first.
///
/// # Errors
/// As the session.
pub fn here(
    session: &mut Session,
    selected: &Selected,
    keys: Vec<Believed>,
    once_more: bool,
) -> Result<(Found, Vec<MessageKey>), SyncError> {
    let mut found = Found::new();
    let (mut lost, mut gone) = (Vec::new(), Vec::new());
    let mut named = Found::new();
    for (key, at) in keys {
        match at.filter(|(validity, _)| *validity == selected.uidvalidity) {
            Some((_, uid)) => {
                named.insert(uid, key);
            }
            None => lost.push(key),
        }
    }
    if !named.is_empty() {
        let asked: UidSet = named.keys().copied().collect();
        let present = session.present(&asked)?;
        for (uid, key) in named {
            match present.contains(uid) {
                true => {
                    found.insert(uid, key);
                }
                false if once_more => gone.push(key),
                false => lost.push(key),
            }
        }
    }
    for key in lost {
        match only(session, key.message_id.as_ref())? {
            Some(uid) => {
                found.insert(uid, key);
            }
            None => gone.push(key),
        }
    }
    Ok((found, gone))
}

/// The one message with this Message-ID in the mailbox that is selected.
fn only(session: &mut Session, id: Option<&MessageId>) -> Result<Option<Uid>, SyncError> {
    let Some(id) = id else { return Ok(None) };
    let found = session.search_message_id(id)?;
    Ok(match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

/// Looks for messages that are no longer where they were, in the mailboxes that people and other
/// clients move mail to. What is removed for good is never followed: another copy is not what the
/// user saw. Answers the places, and which messages were not found.
///
/// # Errors
/// As the session; a mailbox that can't be opened is passed over.
pub fn elsewhere(
    session: &mut Session,
    kit: &Kit,
    op: &Op,
    from: &MailboxName,
    gone: Vec<MessageKey>,
) -> Result<(Places, Vec<MessageKey>), SyncError> {
    let mut places = Places::new();
    let mut rest = gone;
    if op.kind == OpKind::Expunge || rest.len() > FOLLOWED {
        return Ok((places, rest));
    }
    for mailbox in likely(kit, op, from)? {
        if rest.is_empty() {
            break;
        }
        let selected = match session.select(&mailbox, Mode::ReadWrite) {
            Err(error) if !error.ends_session() => continue,
            other => other?,
        };
        let mut found = Found::new();
        let mut still = Vec::new();
        for key in rest {
            match only(session, key.message_id.as_ref())? {
                Some(uid) => {
                    found.insert(uid, key);
                }
                None => still.push(key),
            }
        }
        rest = still;
        if !found.is_empty() {
            places.insert(mailbox, (selected.uidvalidity, found));
        }
    }
    Ok((places, rest))
}

/// Where messages are likely to have gone, the operation's own destination first.
fn likely(kit: &Kit, op: &Op, from: &MailboxName) -> Result<Vec<MailboxName>, SyncError> {
    let reader = kit.reader()?;
    let mut names = Vec::new();
    if let OpKind::Move { to } | OpKind::Copy { to } = &op.kind {
        names.push(to.clone());
    }
    for role in [
        Role::Inbox,
        Role::Archive,
        Role::Trash,
        Role::Junk,
        Role::All,
    ] {
        let mailbox = reader.role_mailbox(&kit.account.name, role)?;
        names.extend(mailbox.map(|m| m.name));
    }
    let mut seen = std::collections::BTreeSet::from([from.clone()]);
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}
