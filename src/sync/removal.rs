//! Removing messages for good, wherever they lie.

use crate::lang::{kept, tr};
use crate::model::{MailboxName, Role, UidSet};
use crate::net::NetError;
use crate::net::imap::{Mode, Session};
use crate::store::Reader;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;

/// Removes messages of the mailbox that is selected for good, these and no others.
///
/// Gmail only takes a label away where a message is expunged, unless it lies among the trash or the
/// junk (F-68): elsewhere it goes to the trash first, and from there by the UID that it got.
///
/// # Errors
/// As the session; a refusal, too, where Gmail doesn't show its trash.
pub fn for_good(
    session: &mut Session,
    kit: &Kit,
    mailbox: &MailboxName,
    uids: &UidSet,
) -> Result<(), SyncError> {
    let reader = kit.reader()?;
    if !session.caps().gmail() || is_final(kit, &reader, mailbox)? {
        session.expunge(uids)?;
        return Ok(());
    }
    let trash = reader.role_mailbox(&kit.account.name, Role::Trash)?;
    let trash = trash.filter(|_| session.has_move()).ok_or_else(|| {
        NetError::Unsendable(kept(|| {
            tr!("Gmail removes mail for good only from its trash, which it doesn't show here")
                .to_owned()
        }))
    })?;
    let moved = session.move_to(uids, &trash.name)?;
    if !moved.is_empty() {
        let there = session.select(&trash.name, Mode::ReadWrite)?.uidvalidity;
        let ours = moved.iter().filter(|(_, validity, _)| *validity == there);
        let ours: UidSet = ours.map(|(_, _, uid)| *uid).collect();
        if !ours.is_empty() {
            session.expunge(&ours)?;
        }
        session.select(mailbox, Mode::ReadWrite)?;
    }
    Ok(())
}

/// Whether what is expunged there is gone.
fn is_final(kit: &Kit, reader: &Reader, mailbox: &MailboxName) -> Result<bool, SyncError> {
    let record = reader.mailbox_named(&kit.account.name, mailbox)?;
    Ok(record.is_some_and(|m| matches!(m.role, Some(Role::Trash | Role::Junk))))
}
