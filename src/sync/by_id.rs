//! Messages by their Message-ID in the mailbox that is open, also where the server refuses to look
//! (Yahoo answers no search by header fields): then the newest are read and compared here.

use crate::mime;
use crate::model::{MessageId, Uid, UidSet};
use crate::net::NetError;
use crate::net::imap::{FetchBy, Session, is_refusal};
use std::collections::BTreeMap;

/// Messages whose Message-IDs are read in place of one question.
const FEW: u32 = 500;
/// The same in place of many.
pub const MANY: u32 = 2_000;

/// One mailbox, while it is open: what was read of it is not read again.
#[derive(Debug)]
pub struct ById {
    most: u32,
    read: Option<BTreeMap<MessageId, Vec<Uid>>>,
}

impl Default for ById {
    fn default() -> ById {
        ById::among(FEW)
    }
}

impl ById {
    /// The mailbox that is open; where it must be read, so many of its newest messages.
    pub fn among(most: u32) -> ById {
        ById { most, read: None }
    }

    /// The messages with this Message-ID, ascending; of what came lately, if the server refuses to
    /// look.
    ///
    /// # Errors
    /// As the session; a refusal only if the newest can't be read either.
    pub fn lately(&mut self, session: &mut Session, id: &MessageId) -> Result<Vec<Uid>, NetError> {
        if self.read.is_none() {
            if let Ok(found) = ask(session, id)? {
                return Ok(found);
            }
            let newest = session.newest(self.most)?;
            self.read = Some(read(session, &newest)?);
        }
        let known = self.read.as_ref().and_then(|read| read.get(id));
        Ok(known.cloned().unwrap_or_default())
    }
}

/// The messages with this Message-ID, ascending, of what came lately if the server refuses to look.
///
/// # Errors
/// As [`ById::lately`].
pub fn lately(session: &mut Session, id: &MessageId) -> Result<Vec<Uid>, NetError> {
    ById::default().lately(session, id)
}

/// All messages with this Message-ID, ascending.
///
/// # Errors
/// As the session; its refusal, for good, where more messages would have to be read: whoever asks must
/// not wait for it.
pub fn all(session: &mut Session, id: &MessageId) -> Result<Vec<Uid>, NetError> {
    let refusal = match ask(session, id)? {
        Ok(found) => return Ok(found),
        Err(refusal) => refusal,
    };
    if session.exists() > FEW {
        return Err(match refusal {
            NetError::Later(why) => NetError::Refused(why),
            other => other,
        });
    }
    let newest = session.newest(FEW)?;
    Ok(read(session, &newest)?.remove(id).unwrap_or_default())
}

/// The messages with this Message-ID and a UID not below `first`, ascending.
///
/// # Errors
/// As [`all`].
pub fn from(session: &mut Session, id: &MessageId, first: u32) -> Result<Vec<Uid>, NetError> {
    let mut found = match ask(session, id)? {
        Ok(found) => found,
        Err(refusal) => {
            let later = session.uids_from(first)?;
            if later.len() > u64::from(MANY) {
                return Err(refusal);
            }
            read(session, &later)?.remove(id).unwrap_or_default()
        }
    };
    found.retain(|uid| uid.get() >= first);
    Ok(found)
}

/// The newest messages, so many of them, by their Message-IDs; none if the server refuses to tell.
///
/// # Errors
/// As the session.
pub fn newest(session: &mut Session, most: u32) -> Result<BTreeMap<MessageId, Vec<Uid>>, NetError> {
    let told = session.newest(most).and_then(|uids| read(session, &uids));
    match told {
        Err(error) if is_refusal(&error) => Ok(BTreeMap::new()),
        other => other,
    }
}

/// How large the server says that these messages are.
///
/// # Errors
/// As the session.
pub fn sizes(session: &mut Session, uids: &UidSet) -> Result<BTreeMap<Uid, u64>, NetError> {
    let mut sizes = BTreeMap::new();
    if !uids.is_empty() {
        session.fetch_headers(FetchBy::Uids(uids), &mut |item| {
            sizes.insert(item.uid, item.size);
            Ok(())
        })?;
    }
    Ok(sizes)
}

/// What the server finds, or its refusal. One that says to come back later is asked once more.
fn ask(session: &mut Session, id: &MessageId) -> Result<Result<Vec<Uid>, NetError>, NetError> {
    let stumbled = |error: &NetError| {
        let refusal = error.refusal();
        matches!(error, NetError::Later(_))
            && refusal.is_some_and(|r| r.code.as_deref() == Some("SERVERBUG"))
    };
    match session.search_message_id(id) {
        Err(error) if is_refusal(&error) => Ok(Err(error)),
        Err(error) if stumbled(&error) => match session.search_message_id(id) {
            Err(error) if is_refusal(&error) || stumbled(&error) => Ok(Err(error)),
            other => other.map(Ok),
        },
        other => other.map(Ok),
    }
}

/// The Message-IDs of these messages.
fn read(session: &mut Session, uids: &UidSet) -> Result<BTreeMap<MessageId, Vec<Uid>>, NetError> {
    let mut found: BTreeMap<MessageId, Vec<Uid>> = BTreeMap::new();
    if uids.is_empty() {
        return Ok(found);
    }
    session.fetch_message_ids(uids, &mut |uid, header| {
        if let Some(id) = mime::parse::envelope(header).message_id {
            found.entry(id).or_default().push(uid);
        }
    })?;
    for uids in found.values_mut() {
        uids.sort_unstable();
        uids.dedup();
    }
    Ok(found)
}
