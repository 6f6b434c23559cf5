//! Where an operation's messages are now: under the UID that the user saw, where our own moves put
//! them, or wherever another client has moved them meanwhile (RFC 4549 §4.2.3, §5.1).

use crate::lang::tr;
use crate::mime;
use crate::model::{
    MailboxName, MessageId, MessageKey, Op, OpKind, Role, Uid, UidSet, UidValidity,
};
use crate::net::NetError;
use crate::net::imap::{Mode, Selected, Session, Status, is_refusal};
use crate::store::{Local, Place, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::{by_id, counted, mailboxes, pull};
use crate::text::Clean;
use std::collections::{BTreeMap, BTreeSet};

/// Messages of one operation that are looked for elsewhere; each costs a search in some mailboxes.
const FOLLOWED: usize = 50;
/// Messages that may have come to a destination besides, while many were moved there.
const BESIDE: usize = 1_000;
/// Messages whose Message-IDs are read again before flags are changed.
const READ_AGAIN: usize = 500;
/// Mailboxes in which they are looked for.
const SEARCHED: usize = 30;

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

/// Which of an operation's messages are in a mailbox.
#[derive(Debug, Default)]
pub struct Here {
    /// Those that are.
    pub found: Found,
    /// Those that are not.
    pub gone: Vec<MessageKey>,
    /// Those whose UIDs belong to other messages now, although the generation is the same
    /// (RFC 9051 §2.3.1.1 forbids it; a mailbox that was deleted and made again may do it).
    pub mistaken: Vec<MessageKey>,
}

/// Which of the messages are in the mailbox that is selected, and which are not. A UID of another
/// generation means nothing: its message is looked for by Message-ID, and taken only if it is
/// found exactly once. So is one whose UID is gone, in case that it was moved away and back; but not
/// `once_more` or to be removed for good: then another copy would share the fate of the first.
///
/// Before anything is done to messages their Message-IDs are read again, in the place of the question
/// which of them are there. Of a great many whose flags change only the newest are read: a mailbox
/// that was made again has others everywhere, and a server that was restored gives the highest UIDs
/// once more.
///
/// # Errors
/// As the session.
pub fn here(
    session: &mut Session,
    selected: &Selected,
    op: &Op,
    keys: Vec<Believed>,
    once_more: bool,
) -> Result<Here, SyncError> {
    let mut here = Here::default();
    let mut lost = Vec::new();
    let mut named = Found::new();
    for (key, at) in keys {
        match at.filter(|(validity, _)| *validity == selected.uidvalidity) {
            Some((_, uid)) => {
                named.insert(uid, key);
            }
            None => lost.push(key),
        }
    }
    // A flag on the wrong message can be taken off again.
    let harmless = matches!(op.kind, OpKind::Store(_));
    let (present, others) = present(session, &named, harmless)?;
    for (uid, key) in named {
        let other = others.contains(uid);
        if other {
            here.mistaken.push(key.clone());
        }
        if present.contains(uid) && !other {
            here.found.insert(uid, key);
        } else if once_more {
            here.gone.push(key);
        } else {
            lost.push(key);
        }
    }
    for key in lost {
        match only(session, key.message_id.as_ref())? {
            Some(uid) => {
                here.found.insert(uid, key);
            }
            None => here.gone.push(key),
        }
    }
    Ok(here)
}

/// Which of these UIDs are there, and which of the newest are other messages'. A message of which
/// either side knows no Message-ID is believed to be the one; so are those of a server that won't say,
/// but of one that only stumbles just now it is believed only for what is `harmless`.
fn present(
    session: &mut Session,
    named: &Found,
    harmless: bool,
) -> Result<(UidSet, UidSet), SyncError> {
    let most = if harmless { READ_AGAIN } else { usize::MAX };
    let (mut there, mut others) = (UidSet::new(), UidSet::new());
    let newest = named.iter().rev().filter(|(_, k)| k.message_id.is_some());
    let newest: Vec<Uid> = newest.map(|(uid, _)| *uid).collect();
    let mut asked: UidSet = named.keys().copied().collect();
    let (first, rest) = newest.split_at(most.min(newest.len()));
    for read in [first, rest] {
        // The others are read only if the newest were not the ones.
        if read.is_empty() || (std::ptr::eq(read, rest) && others.is_empty()) {
            continue;
        }
        let read: UidSet = read.iter().copied().collect();
        let outcome = session.fetch_message_ids(&read, &mut |uid, header| {
            there.insert(uid);
            let theirs = mime::parse::envelope(header).message_id;
            let ours = named.get(&uid).and_then(|key| key.message_id.as_ref());
            if theirs.is_some() && theirs.as_ref() != ours {
                others.insert(uid);
            }
        });
        match outcome {
            // It can't say: then it is only asked which are there.
            Err(NetError::Refused(_)) => {}
            Err(error) if harmless && is_refusal(&error) => {}
            other => {
                other?;
                asked = asked.minus(&read);
            }
        }
    }
    if !asked.is_empty() {
        there = there.plus(&session.present(&asked)?);
    }
    Ok((there, others))
}

/// Forgets what the cache believes of a mailbox that turned out to be another one under the same
/// name and generation: the next pull reads it anew. Whether the cache did believe it.
///
/// # Errors
/// When a database fails.
pub fn disbelieve(
    kit: &Kit,
    mailbox: &MailboxName,
    uidvalidity: UidValidity,
    mistaken: &[MessageKey],
) -> Result<bool, SyncError> {
    let reader = kit.reader()?;
    let account = &kit.account.name;
    let mut believed = false;
    for key in mistaken.iter().filter(|key| key.mailbox == *mailbox) {
        let Some(id) = &key.message_id else { continue };
        for message in reader.find(account, id)? {
            believed |= reader.locate(message)?.iter().any(|place| {
                place.name == *mailbox && place.uidvalidity == uidvalidity && place.uid == key.uid
            });
        }
    }
    let record = reader.mailbox_named(account, mailbox)?;
    let Some(record) = record.filter(|_| believed) else {
        return Ok(false);
    };
    kit.reset_mailbox(record.id, uidvalidity)?;
    kit.report.notice(&tr!(
        "{mailbox} is another mailbox on the server than it was: it is read anew, and nothing was done to what is there now",
        mailbox = Clean::line(&record.path)
    ));
    Ok(true)
}

/// The one message with this Message-ID in the mailbox that is selected.
fn only(session: &mut Session, id: Option<&MessageId>) -> Result<Option<Uid>, SyncError> {
    let Some(id) = id else { return Ok(None) };
    let found = by_id::all(session, id)?;
    Ok(match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

/// Looks for messages that are no longer where they were: in the operation's destination, where the
/// cache knows them, and wherever mail came since we last looked. What is removed for good is never
/// followed: another copy is not what the user saw, and many are looked for in the destination alone.
/// Answers the places, and which messages were not found.
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
    if op.kind == OpKind::Expunge {
        return Ok((places, gone));
    }
    if gone.len() > FOLLOWED {
        return together(session, op, from, gone);
    }
    let reader = kit.reader()?;
    let mut rest = Vec::new();
    for key in gone {
        let known = cached(kit, &reader, &key)?;
        rest.push((key, known));
    }
    for here in likely(session, kit, &reader, op, from, &rest)? {
        if rest.is_empty() {
            break;
        }
        let selected = match session.select(&here.name, Mode::ReadWrite) {
            Err(error) if !error.ends_session() => continue,
            other => other?,
        };
        let mut found = Found::new();
        let mut still = Vec::new();
        for (key, known) in rest {
            // What lies in the destination already needs no move, whichever it is.
            let ours = |uid: &Uid| {
                destination(op) == Some(&here.name) || !known.is_twin(from, &here, *uid)
            };
            match only(session, key.message_id.as_ref())?.filter(ours) {
                Some(uid) => {
                    found.insert(uid, key);
                }
                None => still.push((key, known)),
            }
        }
        rest = still;
        if !found.is_empty() {
            places.insert(here.name, (selected.uidvalidity, found));
        }
    }
    let lost = rest.into_iter().map(|(key, _)| key).collect();
    Ok((places, lost))
}

/// Of many messages only the operation's own destination is asked, once for all of them: what a move
/// that was cut has brought there is among its newest.
fn together(
    session: &mut Session,
    op: &Op,
    from: &MailboxName,
    gone: Vec<MessageKey>,
) -> Result<(Places, Vec<MessageKey>), SyncError> {
    let mut places = Places::new();
    let Some(to) = destination(op).filter(|to| *to != from) else {
        return Ok((places, gone));
    };
    let selected = match session.select(to, Mode::ReadOnly) {
        Err(error) if !error.ends_session() => return Ok((places, gone)),
        other => other?,
    };
    let most = u32::try_from(gone.len() + BESIDE).unwrap_or(u32::MAX);
    let there = by_id::newest(session, most)?;
    let mut found = Found::new();
    let mut lost = Vec::new();
    for key in gone {
        let named = key.message_id.as_ref().and_then(|id| there.get(id));
        match named.map(Vec::as_slice) {
            Some([only]) => {
                found.insert(*only, key);
            }
            _ => lost.push(key),
        }
    }
    if !found.is_empty() {
        places.insert(to.clone(), (selected.uidvalidity, found));
    }
    Ok((places, lost))
}

/// Where the cache holds what has a message's Message-ID.
struct Cached(BTreeMap<MailboxName, BTreeSet<Uid>>);

impl Cached {
    /// Whether a message in another mailbox was there while ours still was in its own: a copy, which
    /// must not share its fate. Where everything lies once more (Gmail), that is the message.
    fn is_twin(&self, from: &MailboxName, here: &Candidate, uid: Uid) -> bool {
        let both = self.0.contains_key(from)
            && self
                .0
                .get(&here.name)
                .is_some_and(|uids| uids.contains(&uid));
        both && !here.has_all
    }
}

fn cached(kit: &Kit, reader: &Reader, key: &MessageKey) -> Result<Cached, SyncError> {
    let mut places: BTreeMap<MailboxName, BTreeSet<Uid>> = BTreeMap::new();
    if let Some(id) = &key.message_id {
        for message in reader.find(&kit.account.name, id)? {
            for place in reader.locate(message)? {
                places.entry(place.name).or_default().insert(place.uid);
            }
        }
    }
    Ok(Cached(places))
}

/// A mailbox that a message may have been moved to.
struct Candidate {
    name: MailboxName,
    /// Whether all messages lie in it, whatever other mailboxes they lie in.
    has_all: bool,
}

fn destination(op: &Op) -> Option<&MailboxName> {
    match &op.kind {
        OpKind::Move { to } | OpKind::Copy { to } => Some(to),
        _ => None,
    }
}

/// Where messages may have gone, the operation's own destination first. A mailbox that is as we
/// saw it last can hold only what the cache holds of it, unless older messages are left out there.
fn likely(
    session: &mut Session,
    kit: &Kit,
    reader: &Reader,
    op: &Op,
    from: &MailboxName,
    sought: &[(MessageKey, Cached)],
) -> Result<Vec<Candidate>, SyncError> {
    let mut all = mailboxes::known(kit, reader)?;
    all.retain(|here| here.name != *from);
    let names: Vec<MailboxName> = all.iter().map(|here| here.name.clone()).collect();
    let told: BTreeMap<MailboxName, Option<Status>> =
        session.statuses(&names)?.into_iter().collect();
    let everything = reader.role_mailbox(&kit.account.name, Role::All)?;
    let mut ranked = Vec::new();
    for here in all {
        let known = pull::known(reader, &here)?;
        let status = told.get(&here.name).and_then(Option::as_ref);
        let rank = if destination(op) == Some(&here.name) {
            0
        } else if sought.iter().any(|(_, c)| c.0.contains_key(&here.name)) {
            1
        } else if status.is_none_or(|status| !counted::is_unchanged(&known, status)) {
            2
        } else if known.limited {
            3
        } else {
            continue;
        };
        let has_all = everything.as_ref().is_some_and(|all| all.id == here.id);
        let name = here.name;
        ranked.push((rank, Candidate { name, has_all }));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    Ok(ranked
        .into_iter()
        .map(|(_, place)| place)
        .take(SEARCHED)
        .collect())
}
