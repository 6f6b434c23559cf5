//! The copy in Sent: filed once, after the message was accepted, and only where the provider
//! does not file it itself.
//!
//! Before anything is appended the copy is looked for by Message-ID, so a filing that was cut
//! after the server took it is not repeated (RFC 4549 §4.2.2.1).

use crate::mime;
use crate::model::{
    Account, Flags, MailboxId, MailboxName, OutboxId, Role, Submission, SubmissionState, System,
    Uid, UidValidity,
};
use crate::net::imap::{Mode, Session};
use crate::signal::Topic;
use crate::store::{self, Local, NewBody, NewMessage, Priority, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::text::{Clean, when};

/// Hosts whose submission servers file a copy in Sent themselves.
const FILED_BY_PROVIDER: [&str; 6] = [
    "smtp.gmail.com",
    "smtp.googlemail.com",
    "smtp.office365.com",
    "smtp-mail.outlook.com",
    "outlook.office365.com",
    "smtp-legacy.office365.com",
];

/// Whether we file sent mail for this account: as configured, else unless its provider does.
pub fn is_ours_to_file(account: &Account) -> bool {
    let host = account.smtp.host.to_ascii_lowercase();
    account
        .save_sent
        .unwrap_or_else(|| !FILED_BY_PROVIDER.contains(&host.as_str()))
}

/// Files the copy of every message that was accepted and not filed yet. Answers the mailboxes
/// that got one.
///
/// # Errors
/// When the session ends or a database fails. A refusal is said and tried again next turn: the
/// message itself is sent whatever becomes of its copy.
pub fn file_sent(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
) -> Result<Vec<MailboxName>, SyncError> {
    let mut filed = Vec::new();
    for row in local.read().outbox()? {
        if row.account == kit.account.name && row.state == SubmissionState::Accepted {
            filed.extend(file(session, kit, local, reader, &row)?);
        }
    }
    Ok(filed)
}

fn file(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
    row: &Submission,
) -> Result<Option<MailboxName>, SyncError> {
    let mut filed_in = None;
    // What was only passed on has no copy to be filed.
    if row.filed && is_ours_to_file(&kit.account) {
        let sent = sent_mailbox(session, kit, reader)?;
        let filed = match find(session, &sent, row) {
            Ok(true) => Ok(()),
            Ok(false) => append(session, kit, local, reader, &sent, row.id),
            Err(error) => Err(error),
        };
        match filed {
            Err(SyncError::Net(error)) if !error.ends_session() => {
                let words = Clean::line(&error.to_string());
                kit.report
                    .notice(&format!("sent, but the copy could not be filed: {words}"));
                return Ok(None);
            }
            other => other?,
        }
        filed_in = Some(sent);
    }
    local.finish(row.id, SubmissionState::Done, None, 0)?;
    kit.changed(Topic::Outbox);
    Ok(filed_in)
}

/// The mailbox for sent mail; made if the account has none.
fn sent_mailbox(
    session: &mut Session,
    kit: &Kit,
    reader: &Reader,
) -> Result<MailboxName, SyncError> {
    if let Some(record) = reader.role_mailbox(&kit.account.name, Role::Sent)? {
        return Ok(record.name);
    }
    let name = reader.own_name(&kit.account.name, "Sent")?;
    match session.create(&name) {
        Err(error) if !error.already_exists() => Err(error.into()),
        _ => Ok(name),
    }
}

/// Whether the message stands in a mailbox already.
///
/// # Errors
/// As the session.
pub fn find(
    session: &mut Session,
    mailbox: &MailboxName,
    row: &Submission,
) -> Result<bool, SyncError> {
    session.select(mailbox, Mode::ReadOnly)?;
    Ok(!session.search_message_id(&row.message_id)?.is_empty())
}

fn append(
    session: &mut Session,
    kit: &Kit,
    local: &Local,
    reader: &Reader,
    sent: &MailboxName,
    id: OutboxId,
) -> Result<(), SyncError> {
    let bytes = local.read().filed(id)?;
    let flags = Flags::of(System::SEEN);
    let at = session.append(sent, &flags, None, &bytes)?;
    if let (Some(at), Some(mailbox)) = (at, reader.mailbox_named(&kit.account.name, sent)?) {
        keep(kit, mailbox.id, at, flags, bytes)?;
    }
    Ok(())
}

/// What we filed ourselves is here already: with APPENDUID it need not be fetched.
fn keep(
    kit: &Kit,
    mailbox: MailboxId,
    (validity, uid): (UidValidity, Uid),
    flags: Flags,
    bytes: Vec<u8>,
) -> Result<(), SyncError> {
    let digest = mime::parse::digest(&bytes);
    let new = NewMessage {
        uid,
        flags,
        internal_date: when::now(),
        size: bytes.len() as u64,
        envelope: digest.envelope,
        identity: None,
        thread_hint: None,
    };
    let taken = kit.writer.run(Priority::Batch, move |cache| {
        let taken = cache.ingest(mailbox, validity, &[new], None)?;
        let bodies: Vec<NewBody> = taken
            .new
            .first()
            .map(|(_, message, _)| NewBody {
                message: *message,
                raw: bytes,
                text: digest.text,
                snippet: digest.snippet,
                attachments: digest.attachments,
            })
            .into_iter()
            .collect();
        cache.store_bodies(&bodies).map(drop)
    });
    match taken {
        // Another generation: the next pull reads the mailbox anew.
        Err(store::Error::Generation) => Ok(()),
        other => Ok(other?),
    }
}
