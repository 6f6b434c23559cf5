//! Drafts in the server's Drafts mailbox: each that rests is copied there, in place of the copy
//! before.
//!
//! Every step is durable before the next: a copy's row with its Message-ID, then APPEND, then where
//! it lies, then the older copies are stale, then they are removed by UID, then their rows go. A
//! copy that a crash cut is looked for by its Message-ID before it is appended again. Nothing is
//! removed but what we appended, or what the user took up here for writing on; what another client
//! put in place of a copy stays beside ours.
//!
//! Nothing waits for a copy when the program ends: the draft is here, and the next start goes on where
//! this one was cut. No draft is left out as secret, because none is known to be: nothing is encrypted
//! here, and what another program encrypted is safe in a copy. Who will encrypt what he writes by other
//! means switches copies off (`mirror-drafts = false`).

use crate::mime;
use crate::mime::build::{self, Attached};
use crate::model::{
    Draft, DraftAttachment, DraftId, Flags, MailboxName, Role, System, Uid, UidSet, UidValidity,
};
use crate::net::NetError;
use crate::net::imap::{FetchBy, Mode, Selected, Session};
use crate::signal::Topic;
use crate::store::{CopyId, CopyState, DraftCopy, Local, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::{by_id, filing, freeze, last_words, removal};
use crate::text::when;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Attachments are kept with a copy up to so many octets; what is beyond is only named.
const ATTACHED: usize = 10_000_000;
/// What the server refused is tried again after this time.
const AGAIN: Duration = Duration::from_secs(600);

/// What is remembered between turns. Losing it costs questions to the server, nothing else.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Nothing is tried before this.
    refused: Option<Instant>,
    /// Copies that the cache doesn't have although the server was asked and does.
    unseen: BTreeSet<CopyId>,
}

impl Mirror {
    /// Copies what rests and removes what is stale. Answers the mailboxes that were changed.
    ///
    /// # Errors
    /// When the session ends or a database fails. A refusal is noted in the log and tried again
    /// later: the draft is here whatever becomes of its copy.
    pub fn turn(
        &mut self,
        session: &mut Session,
        kit: &Kit,
        local: &mut Local,
        reader: &Reader,
    ) -> Result<Vec<MailboxName>, SyncError> {
        if self.refused.is_some_and(|until| Instant::now() < until) {
            return Ok(Vec::new());
        }
        self.refused = None;
        let mut touched = Vec::new();
        match work(session, kit, local, reader, &mut touched) {
            Err(SyncError::Net(error)) if !error.ends_session() => {
                tracing::info!(account = %kit.account.name, %error, "drafts are not copied for now");
                self.refused = Some(Instant::now() + AGAIN);
            }
            other => other?,
        }
        Ok(touched)
    }

    /// Notes which copies somebody else removed, once the Drafts mailbox was looked at.
    ///
    /// # Errors
    /// As [`Mirror::turn`].
    pub fn look_for_missing(
        &mut self,
        session: &mut Session,
        kit: &Kit,
        local: &mut Local,
        reader: &Reader,
    ) -> Result<(), SyncError> {
        let mut suspects: BTreeMap<MailboxName, Vec<DraftCopy>> = BTreeMap::new();
        for copy in local.read().copies(&kit.account.name)? {
            let Some(at) = copy.at.filter(|_| copy.state == CopyState::There) else {
                continue;
            };
            if is_cached(reader, kit, &copy.mailbox, at)? {
                self.unseen.remove(&copy.id);
            } else if !self.unseen.contains(&copy.id) {
                suspects.entry(copy.mailbox.clone()).or_default().push(copy);
            }
        }
        for (mailbox, copies) in suspects {
            match self.ask_for(session, kit, local, &mailbox, &copies) {
                Err(SyncError::Net(error)) if !error.ends_session() => {
                    tracing::info!(%error, "copies of drafts could not be looked for");
                    self.unseen.extend(copies.iter().map(|c| c.id));
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn ask_for(
        &mut self,
        session: &mut Session,
        kit: &Kit,
        local: &mut Local,
        mailbox: &MailboxName,
        copies: &[DraftCopy],
    ) -> Result<(), SyncError> {
        let Some(selected) = open(session, mailbox, Mode::ReadOnly)? else {
            return copies.iter().try_for_each(|c| missing(kit, local, c));
        };
        for copy in copies {
            match place(session, &selected, copy)?.as_slice() {
                [] => missing(kit, local, copy)?,
                [uid] => {
                    let at = (selected.uidvalidity, *uid);
                    if copy.at != Some(at) {
                        local.copy_placed(copy.id, Some(at))?;
                    }
                    self.unseen.insert(copy.id);
                }
                _ => {
                    self.unseen.insert(copy.id);
                }
            }
        }
        Ok(())
    }
}

fn missing(kit: &Kit, local: &mut Local, copy: &DraftCopy) -> Result<(), SyncError> {
    match copy.message_id {
        Some(_) => local.copy_missing(copy.id)?,
        // What another program wrote is not ours to miss.
        None => local.drop_copy(copy.id)?,
    }
    kit.changed(Topic::Drafts);
    Ok(())
}

fn is_cached(
    reader: &Reader,
    kit: &Kit,
    mailbox: &MailboxName,
    (validity, uid): (UidValidity, Uid),
) -> Result<bool, SyncError> {
    let Some(mailbox) = reader.mailbox_named(&kit.account.name, mailbox)? else {
        return Ok(false);
    };
    let same = reader.cursor(mailbox.id)?.uidvalidity == Some(validity);
    Ok(same
        && reader
            .uids_between(mailbox.id, uid.get(), uid.get())?
            .contains(uid))
}

/// One refusal costs only what it is about: the rest is done, and the first is answered at the end.
fn work(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
    touched: &mut Vec<MailboxName>,
) -> Result<(), SyncError> {
    let mut refused = None;
    for copy in local.read().copies(&kit.account.name)? {
        if copy.state == CopyState::Appending {
            let found = bear(resume(session, local, &copy), &mut refused)?;
            touched.extend(found.flatten());
        }
    }
    let idle = kit.rhythm.idle.as_secs().cast_signed();
    let due = match kit.account.mirror_drafts {
        true => local
            .read()
            .uncopied(&kit.account.name, when::now(), idle)?,
        false => Vec::new(),
    };
    for draft in due {
        if kit.stopping() {
            return Err(SyncError::Stopping);
        }
        // One that was written on since is another one.
        let saved = local.read().saved(draft)?.unwrap_or_default();
        let key = format!("copying/{}/{saved}", draft.0);
        if local.read().is_put_off(&key, when::now())? {
            continue;
        }
        let copied = append(session, kit, local, reader, draft);
        match &copied {
            Err(SyncError::Net(error)) if last_words::may_be_of_sent(error) => {
                let waits = local.ended(&key, when::now())?.waits;
                tracing::info!(account = %kit.account.name, %error, waits, "a draft was not copied");
            }
            // The network is gone, or the server: that says nothing of the draft.
            Err(SyncError::Net(error)) if error.ends_session() => {}
            _ => local.ended_nothing(&key)?,
        }
        touched.extend(bear(copied, &mut refused)?.flatten());
    }
    let mut stale: BTreeMap<MailboxName, Vec<DraftCopy>> = BTreeMap::new();
    for copy in local.stale_copies(&kit.account.name)? {
        stale.entry(copy.mailbox.clone()).or_default().push(copy);
    }
    for (mailbox, copies) in stale {
        let removed = remove(session, kit, local, reader, &mailbox, &copies);
        touched.extend(bear(removed, &mut refused)?.map(|()| mailbox));
    }
    refused.map_or(Ok(()), |error| Err(error.into()))
}

/// What came of one step; nothing where the server refused it and others can go on.
fn bear<T>(
    outcome: Result<T, SyncError>,
    refused: &mut Option<NetError>,
) -> Result<Option<T>, SyncError> {
    match outcome {
        Err(SyncError::Net(error)) if !error.ends_session() => {
            refused.get_or_insert(error);
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// What was about to be appended when a crash or a failure came: it may be there.
fn resume(
    session: &mut Session,
    local: &mut Local,
    copy: &DraftCopy,
) -> Result<Option<MailboxName>, SyncError> {
    let Some(selected) = open(session, &copy.mailbox, Mode::ReadOnly)? else {
        return Ok(None);
    };
    let found = place(session, &selected, copy)?;
    let Some(uid) = found.last() else {
        return Ok(None);
    };
    local.copy_placed(copy.id, Some((selected.uidvalidity, *uid)))?;
    Ok(Some(copy.mailbox.clone()))
}

/// Opens a mailbox; `None` if there is none of that name.
fn open(
    session: &mut Session,
    mailbox: &MailboxName,
    mode: Mode,
) -> Result<Option<Selected>, NetError> {
    match session.select(mailbox, mode) {
        Err(error) if error.no_such_mailbox() => Ok(None),
        other => other.map(Some),
    }
}

/// Where a copy lies in the mailbox that is open: by UID where we were told it, else by what nobody
/// else writes, its Message-ID together with its Date. Another client that changes a draft may keep
/// the one but not both.
fn place(
    session: &mut Session,
    selected: &Selected,
    copy: &DraftCopy,
) -> Result<Vec<Uid>, NetError> {
    if let Some((validity, uid)) = copy.at
        && validity == selected.uidvalidity
    {
        let there = session.present(&UidSet::from_iter([uid]))?;
        return Ok(there.iter().collect());
    }
    let Some(id) = &copy.message_id else {
        return Ok(Vec::new());
    };
    let named: UidSet = by_id::lately(session, id)?.into_iter().collect();
    let mut found = Vec::new();
    if !named.is_empty() {
        session.fetch_headers(FetchBy::Uids(&named), &mut |item| {
            let written = mime::parse::envelope(&item.header);
            let ours = written.message_id.as_ref() == Some(id) && written.date == Some(copy.saved);
            found.extend(ours.then_some(item.uid));
            Ok(())
        })?;
    }
    Ok(found)
}

/// Appends a draft; answers the mailbox, if there was anything to append.
fn append(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
    draft: DraftId,
) -> Result<Option<MailboxName>, SyncError> {
    let account = &kit.account;
    let mailbox = filing::mailbox_for(session, kit, reader, Role::Drafts, "Drafts")?;
    let fresh = build::new_message_id(&account.email);
    let Some((copy, draft)) = local.claim_copy(draft, &account.name, &mailbox, &fresh)? else {
        return Ok(None);
    };
    // An attempt that came to nothing left its own.
    let id = copy.message_id.clone().unwrap_or(fresh);
    let (files, left_out) = attached(&draft, kit);
    let bytes = mime::draft_copy::draft_copy(&draft, account, &files, &left_out, id, copy.saved);
    let flags = Flags::of(System(System::DRAFT.0 | System::SEEN.0));
    let told = session.append(&mailbox, &flags, None, &bytes)?;
    let at = match told {
        Some(at) => Some(at),
        None => {
            let selected = session.select(&mailbox, Mode::ReadOnly)?;
            let found = place(session, &selected, &copy)?;
            found.last().map(|uid| (selected.uidvalidity, *uid))
        }
    };
    local.copy_placed(copy.id, at)?;
    if let (Some(at), Some(here)) = (at, reader.mailbox_named(&account.name, &mailbox)?) {
        filing::keep(kit, here.id, at, flags, bytes)?;
    }
    kit.changed(Topic::Drafts);
    Ok(Some(mailbox))
}

/// What of a draft's attachments goes with its copy, and the names of the rest: what can't be read
/// or is too much.
fn attached(draft: &Draft, kit: &Kit) -> (Vec<Attached>, Vec<String>) {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    let mut room = ATTACHED;
    for attachment in &draft.attachments {
        let size = match attachment {
            DraftAttachment::Bytes { bytes, .. } => bytes.len(),
            DraftAttachment::File { .. } => 0,
        };
        let read = match size <= room {
            true => freeze::read(attachment, kit.host.as_ref()).ok(),
            false => None,
        };
        match read.filter(|file| file.bytes.len() <= room) {
            Some(file) => {
                room -= file.bytes.len();
                files.push(file);
            }
            None => left_out.push(attachment.name()),
        }
    }
    (files, left_out)
}

/// Removes stale copies from a mailbox, those of a draft only if the one that took their place is
/// there.
fn remove(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
    mailbox: &MailboxName,
    copies: &[DraftCopy],
) -> Result<(), SyncError> {
    let Some(selected) = open(session, mailbox, Mode::ReadWrite)? else {
        return Ok(copies.iter().try_for_each(|c| local.drop_copy(c.id))?);
    };
    if selected.read_only {
        return Ok(());
    }
    let all = local.read().copies(&kit.account.name)?;
    for copy in copies {
        let heirs = all
            .iter()
            .filter(|c| c.draft == copy.draft && c.state == CopyState::There)
            .filter(|c| c.mailbox == *mailbox && c.message_id.is_some());
        let mut proven = true;
        for heir in heirs {
            proven &= !place(session, &selected, heir)?.is_empty();
        }
        if !proven {
            continue;
        }
        let uids: UidSet = place(session, &selected, copy)?.into_iter().collect();
        if !uids.is_empty() {
            removal::aside(session, kit, reader, &uids)?;
        }
        local.drop_copy(copy.id)?;
    }
    Ok(())
}
