//! Removing messages for good, wherever they lie: what the user wants gone, and what is only in the way.
//!
//! Gmail only takes a label away where a message is expunged, unless it lies among the trash or the
//! junk (F-68): elsewhere it goes to the trash first, and from there by the UID that it got there.

use crate::lang::{kept, tr};
use crate::model::{FlagChange, MailboxName, MessageKey, Role, System, Uid, UidSet, UidValidity};
use crate::net::NetError;
use crate::net::imap::{Copied, Mode, Session};
use crate::store::Reader;
use crate::sync::by_id;
use crate::sync::error::SyncError;
use crate::sync::follow::Found;
use crate::sync::kit::Kit;

/// Removes messages of the mailbox that is selected for good, these and no others.
///
/// # Errors
/// As the session; a refusal, too, where Gmail doesn't show its trash, or what came into it can't be
/// told from other mail there.
pub fn for_good(
    session: &mut Session,
    kit: &Kit,
    mailbox: &MailboxName,
    found: &Found,
    uids: &UidSet,
) -> Result<(), SyncError> {
    let reader = kit.reader()?;
    if !goes_by_the_trash(session, kit, &reader, mailbox)? {
        session.expunge(uids)?;
        return Ok(());
    }
    let trash = trash(session, kit, &reader)?;
    let moved = session.move_to(uids, &trash)?;
    let there = session.select(&trash, Mode::ReadWrite)?.uidvalidity;
    let told = |uid: Uid| place(&moved, uid).filter(|(validity, _)| *validity == there);
    let mut ours: UidSet = uids.iter().filter_map(|uid| Some(told(uid)?.1)).collect();
    let mut lost = false;
    // It need not say what became of them. What is not there either was removed by somebody else.
    for (uid, key) in found.iter().filter(|(uid, _)| uids.contains(**uid)) {
        if told(*uid).is_none() {
            match like(session, key)?.as_slice() {
                [only] => ours.insert(*only),
                [] if key.message_id.is_some() => {}
                _ => lost = true,
            }
        }
    }
    if !ours.is_empty() {
        session.expunge(&ours)?;
    }
    session.select(mailbox, Mode::ReadWrite)?;
    match lost {
        true => Err(NetError::Unsendable(kept(|| {
            tr!("it is in the trash, and Gmail doesn't tell which one it is there").to_owned()
        }))
        .into()),
        false => Ok(()),
    }
}

/// The rest of a removal that was cut: what is no longer where it was may lie in the trash, and is
/// removed there if it is found exactly once. Another mailbox may be selected then.
///
/// # Errors
/// As [`for_good`].
pub fn finish(
    session: &mut Session,
    kit: &Kit,
    mailbox: &MailboxName,
    gone: &[MessageKey],
) -> Result<(), SyncError> {
    let reader = kit.reader()?;
    if !goes_by_the_trash(session, kit, &reader, mailbox)? {
        return Ok(());
    }
    session.select(&trash(session, kit, &reader)?, Mode::ReadWrite)?;
    let mut ours = UidSet::new();
    for key in gone {
        if let [only] = like(session, key)?.as_slice() {
            ours.insert(*only);
        }
    }
    if !ours.is_empty() {
        session.expunge(&ours)?;
    }
    Ok(())
}

/// Removes messages of the mailbox that is selected which something of ours took the place of, these
/// and no others. Where that can't be said (no UIDPLUS), or means something else (Gmail), they go to the
/// trash, seen, and stay there; where that can't be done they are left marked as deleted.
///
/// # Errors
/// As the session.
pub fn aside(
    session: &mut Session,
    kit: &Kit,
    reader: &Reader,
    uids: &UidSet,
) -> Result<(), SyncError> {
    let to_trash = session.has_move() && (session.caps().gmail() || !session.caps().uidplus());
    if to_trash && let Some(trash) = reader.role_mailbox(&kit.account.name, Role::Trash)? {
        session.store(uids, &FlagChange::set(System::SEEN))?;
        session.move_to(uids, &trash.name)?;
        return Ok(());
    }
    session.expunge(uids)?;
    Ok(())
}

/// Whether what is expunged in that mailbox is not gone.
fn goes_by_the_trash(
    session: &Session,
    kit: &Kit,
    reader: &Reader,
    mailbox: &MailboxName,
) -> Result<bool, SyncError> {
    let record = reader.mailbox_named(&kit.account.name, mailbox)?;
    let is_final = record.is_some_and(|m| matches!(m.role, Some(Role::Trash | Role::Junk)));
    Ok(session.caps().gmail() && !is_final)
}

fn trash(session: &Session, kit: &Kit, reader: &Reader) -> Result<MailboxName, SyncError> {
    let trash = reader.role_mailbox(&kit.account.name, Role::Trash)?;
    let trash = trash.filter(|_| session.has_move()).ok_or_else(|| {
        NetError::Unsendable(kept(|| {
            tr!("Gmail removes mail for good only from its trash, which it doesn't show here")
                .to_owned()
        }))
    })?;
    Ok(trash.name)
}

/// Where a message went, if that was told.
fn place(moved: &[Copied], uid: Uid) -> Option<(UidValidity, Uid)> {
    let told = moved.iter().find(|(from, _, _)| *from == uid)?;
    Some((told.1, told.2))
}

/// The messages of the mailbox that is selected with this Message-ID and size.
fn like(session: &mut Session, key: &MessageKey) -> Result<Vec<Uid>, SyncError> {
    let Some(id) = &key.message_id else {
        return Ok(Vec::new());
    };
    let named: UidSet = by_id::lately(session, id)?.into_iter().collect();
    let sizes = by_id::sizes(session, &named)?.into_iter();
    let like = sizes.filter(|(_, size)| *size == key.size);
    Ok(like.map(|(uid, _)| uid).collect())
}
