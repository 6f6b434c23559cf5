//! The copy in Sent: filed once, after the message was accepted, and only where the provider
//! does not file it itself: such a one is given time, then looked after.
//!
//! Before anything is appended the copy is looked for by Message-ID, so a filing that was cut
//! after the server took it is not repeated (RFC 4549 §4.2.2.1).

use crate::lang::{self, mark, tr};
use crate::mime;
use crate::model::{
    Account, Flags, MailboxId, MailboxName, OutboxId, Role, Submission, SubmissionState, System,
    Uid, UidValidity,
};
use crate::net::imap::{Mode, Session};
use crate::signal::Topic;
use crate::store::{self, Local, NewBody, NewMessage, Priority, Reader};
use crate::sync::by_id;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::last_words;
use crate::text::{Clean, when};

/// Hosts whose submission servers file a copy in Sent themselves. Wrongly named here a host costs a
/// short wait, wrongly left out a second copy.
const FILED_BY_PROVIDER: [&str; 10] = [
    "smtp.gmail.com",
    "smtp.googlemail.com",
    "smtp.office365.com",
    "smtp-mail.outlook.com",
    "outlook.office365.com",
    "smtp-legacy.office365.com",
    "smtp.mail.me.com",
    "smtp.zoho.com",
    "smtp.zoho.eu",
    "smtppro.zoho.com",
];
/// A filing that failed is tried again after these times, in seconds; the last is repeated.
const AGAIN: [i64; 4] = [60, 300, 1800, 3600];

/// What is said of a copy at which connections end.
const HANGS_UP: &str = mark!("the server hangs up whenever it is sent");

/// Who files sent mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filing {
    /// We do.
    Ours,
    /// The provider; we do if it has not after a while.
    Provider,
    /// Nobody: the user does not want a copy of ours.
    Nobody,
}

/// Who files sent mail of this account: as configured, else by its provider's name.
pub fn who_files(account: &Account) -> Filing {
    who(account.save_sent, &account.smtp.host)
}

fn who(save_sent: Option<bool>, host: &str) -> Filing {
    let host = host.to_ascii_lowercase();
    match save_sent {
        Some(true) => Filing::Ours,
        Some(false) => Filing::Nobody,
        None if FILED_BY_PROVIDER.contains(&host.as_str()) => Filing::Provider,
        None => Filing::Ours,
    }
}

/// Files the copy of every message that was accepted and whose copy is due, or `all`. Answers the
/// mailboxes that got one.
///
/// # Errors
/// When the session ends or a database fails. A refusal is said and tried again later: the message
/// itself is sent whatever becomes of its copy.
pub fn file_sent(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
    all: bool,
) -> Result<Vec<MailboxName>, SyncError> {
    let mut filed = Vec::new();
    let due = (!all).then(when::now);
    for row in local.read().unfiled(&kit.account.name, due)? {
        // Who asks for everything asks for this, too.
        if !all && local.read().is_put_off(&key(&row), when::now())? {
            continue;
        }
        filed.extend(file(session, kit, local, reader, &row)?);
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
    if row.filed && who_files(&kit.account) != Filing::Nobody {
        let sent = mailbox_for(session, kit, reader, Role::Sent, "Sent")?;
        let until = row.sent_at + kit.rhythm.filing.as_secs().cast_signed();
        let wait = who_files(&kit.account) == Filing::Provider && when::now() < until;
        let filed = match find(session, &sent, row) {
            Ok(true) => Ok(true),
            Ok(false) if wait => Ok(false),
            Ok(false) => append(session, kit, local, reader, &sent, row.id).map(|()| true),
            Err(error) => Err(error),
        };
        if let Err(SyncError::Net(error)) = &filed
            && last_words::may_be_of_sent(error)
            && local.ended(&key(row), when::now())?.waits
        {
            put_off(kit, local, row, &Clean::lit(HANGS_UP))?;
        }
        match filed {
            Err(SyncError::Net(error)) if !error.ends_session() => {
                put_off(kit, local, row, &Clean::line(&error.to_string()))?;
                return Ok(None);
            }
            Ok(false) => {
                local.finish(row.id, SubmissionState::Accepted, None, until)?;
                return Ok(None);
            }
            other => other.map(drop)?,
        }
        filed_in = Some(sent);
    }
    local.ended_nothing(&key(row))?;
    local.finish(row.id, SubmissionState::Done, None, 0)?;
    kit.changed(Topic::Outbox);
    Ok(filed_in)
}

/// Under which name it is counted how often connections ended at a copy.
fn key(row: &Submission) -> String {
    format!("filing/{}", row.id.0)
}

/// Sent, but not filed: that is said once and only the filing is tried again.
fn put_off(kit: &Kit, local: &mut Local, row: &Submission, words: &Clean) -> Result<(), SyncError> {
    let kept = lang::kept(|| {
        let words = lang::of(words.as_str());
        tr!("its copy could not be filed: {words}", words)
    });
    let why = lang::told(&kept);
    let tried = usize::try_from((when::now() - row.sent_at) / 600).unwrap_or(0);
    let wait = AGAIN.get(tried).or(AGAIN.last()).copied().unwrap_or(0);
    let next = when::now() + wait;
    if row.error.as_deref() != Some(why) {
        kit.report.notice(&tr!("sent, but {why}", why));
    }
    local.finish(row.id, SubmissionState::Accepted, Some(&kept), next)?;
    kit.changed(Topic::Outbox);
    Ok(())
}

/// The account's mailbox for a role; made, with the name `leaf`, if it has none.
///
/// # Errors
/// When the cache can't be read, or the server makes none.
pub fn mailbox_for(
    session: &mut Session,
    kit: &Kit,
    reader: &Reader,
    role: Role,
    leaf: &str,
) -> Result<MailboxName, SyncError> {
    if let Some(record) = reader.role_mailbox(&kit.account.name, role)? {
        return Ok(record.name);
    }
    let name = reader.own_name(&kit.account.name, leaf)?;
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
    Ok(!by_id::lately(session, &row.message_id)?.is_empty())
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

/// What we appended ourselves is here already: with APPENDUID it need not be fetched.
///
/// # Errors
/// When the cache can't be written.
pub fn keep(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_files_is_a_table_that_the_user_overrules() {
        for (host, save, who) in [
            ("smtp.gmail.com", None, Filing::Provider),
            ("SMTP.Office365.com", None, Filing::Provider),
            ("smtp.mail.me.com", None, Filing::Provider),
            ("smtp.example.org", None, Filing::Ours),
            ("smtp.gmail.com", Some(true), Filing::Ours),
            ("smtp.gmail.com", Some(false), Filing::Nobody),
            ("smtp.example.org", Some(false), Filing::Nobody),
        ] {
            assert_eq!(super::who(save, host), who, "{host} {save:?}");
        }
    }
}
