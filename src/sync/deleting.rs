//! A mailbox is deleted only as the user saw it: the same one, with no more mail in it than was shown.
//! The server is asked right before, because what was queued may be sent days later, or once more
//! after the answer to it was cut.

use crate::lang::{mark, trn};
use crate::model::{AsSeen, MailboxName, Op, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::{Mode, Session, Status};
use crate::store::Local;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;

/// Why a mailbox is not to be deleted, if it is not what the user saw. `cut`: it may be gone already.
///
/// # Errors
/// When the session ends, the server refuses to say what is in it, or a database can't be read.
pub fn hindrance(
    session: &mut Session,
    kit: &Kit,
    local: &Local,
    op: &Op,
    (name, seen): (&MailboxName, Option<&AsSeen>),
    cut: bool,
) -> Result<Option<String>, SyncError> {
    session.leave()?;
    let status = match session.status(name) {
        Err(error) if cut && error.no_such_mailbox() => return Ok(None),
        // What can't be opened has no mail.
        Err(NetError::Refused(_)) if !can_hold(kit, name)? => return Ok(None),
        Ok(status) if status.messages == Some(0) && !can_hold(kit, name)? => return Ok(None),
        // Some tell nothing here (163.com), or not which mailbox it is, and all of it when it is opened.
        Ok(status) if status.messages.is_none() || status.uidvalidity.is_none() => {
            let open = opened(session, name)?;
            Status {
                uidnext: open.uidnext.or(status.uidnext),
                ..open
            }
        }
        other => other?,
    };
    // How many are in it doesn't tell which: others may have gone in place of those that were to.
    if status.messages != Some(0) && local.read().is_kept_in(op, name)? {
        let why = mark!("what was to leave it before could not, and may be in it still");
        return Ok(Some(why.to_owned()));
    }
    let account = &kit.account.name;
    let own = |from: &AsSeen| local.read().moved_there(account, name, from);
    Ok(match seen {
        Some(seen) => differs(&status, seen, own(seen)?),
        None => unseen(&status),
    })
}

/// What STATUS should have said, from a look into it.
fn opened(session: &mut Session, name: &MailboxName) -> Result<Status, NetError> {
    let open = session.select(name, Mode::ReadOnly)?;
    session.leave()?;
    Ok(Status {
        messages: Some(open.exists),
        uidvalidity: Some(open.uidvalidity.0),
        uidnext: open.uidnext,
        ..Status::default()
    })
}

/// Whether it can hold messages, as far as is known.
fn can_hold(kit: &Kit, name: &MailboxName) -> Result<bool, SyncError> {
    let known = kit.reader()?.mailbox_named(&kit.account.name, name)?;
    Ok(known.is_none_or(|mailbox| mailbox.selectable))
}

/// Of a mailbox that was never looked at.
fn unseen(status: &Status) -> Option<String> {
    match status.messages {
        Some(0) => None,
        told => Some(trn!(
            n = told.unwrap_or(1),
            "{n} message is in it, and it was not looked at yet",
            "{n} messages are in it, and it was not looked at yet"
        )),
    }
}

/// Of one that was. `own`: how many messages of those that came since we have put there ourselves, as
/// far as the server told.
fn differs(status: &Status, seen: &AsSeen, own: u64) -> Option<String> {
    if status.uidvalidity.map(UidValidity) != Some(seen.uidvalidity)
        || status.uidnext.is_none_or(|next| next < seen.uidnext)
    {
        return Some(mark!("it is another mailbox now than the one that was seen").to_owned());
    }
    let messages = u64::from(status.messages.unwrap_or(u32::MAX));
    let came = u64::from(status.uidnext.unwrap_or(u32::MAX) - seen.uidnext);
    if messages == 0 || (messages <= seen.messages && came <= own) {
        return None;
    }
    if messages <= seen.messages {
        return Some(trn!(
            n = came.saturating_sub(own),
            "{n} message came into it since it was seen, whoever put it there",
            "{n} messages came into it since it was seen, whoever put them there"
        ));
    }
    Some(trn!(
        n = messages,
        "{n} message is in it now, more than was seen",
        "{n} messages are in it now, more than was seen"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uidvalidity: u32, uidnext: u32, messages: u32) -> Status {
        Status {
            uidvalidity: Some(uidvalidity),
            uidnext: Some(uidnext),
            messages: Some(messages),
            ..Status::default()
        }
    }

    #[test]
    fn only_what_was_seen_is_deleted() {
        let seen = AsSeen {
            uidvalidity: UidValidity(7),
            uidnext: 10,
            messages: 3,
        };
        for (there, own, goes) in [
            (status(7, 10, 3), 0, true),
            (status(7, 10, 1), 0, true),
            (status(7, 12, 3), 2, true),
            (status(7, 12, 0), 0, true),
            // A move out of it that was refused; mail that came, even in the place of other mail.
            (status(7, 10, 4), 0, false),
            (status(7, 11, 3), 0, false),
            // Another one under its name, even an empty one.
            (status(8, 10, 3), 0, false),
            (status(7, 2, 1), 0, false),
            (status(8, 1, 0), 0, false),
            (Status::default(), 0, false),
        ] {
            assert_eq!(differs(&there, &seen, own).is_none(), goes, "{there:?}");
        }
        let words = |there: Status| differs(&there, &seen, 0).unwrap();
        assert!(words(status(7, 11, 4)).contains("more than was seen"));
        assert!(words(status(7, 11, 3)).contains("1 message came into it"));
        assert_eq!(unseen(&status(7, 1, 0)), None);
        assert!(unseen(&status(7, 2, 1)).is_some());
        assert!(unseen(&Status::default()).is_some());
    }
}
