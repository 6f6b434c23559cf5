//! From a draft to bytes that never change again: attachments are read now, so that a file that
//! changes or goes away later can neither alter nor lose the message.

use crate::mime::build::{self, Attached};
use crate::mime::media;
use crate::model::{
    Account, Draft, DraftAttachment, DraftKind, FlagChange, Flags, MessageKey, Outgoing, System,
};
use crate::sync::host::Host;

/// Builds the message of a draft, ready for the outbox.
///
/// # Errors
/// What keeps it from being sent and what to do, in plain words.
pub fn freeze(
    draft: &Draft,
    account: &Account,
    source: Option<MessageKey>,
    host: &dyn Host,
    now: i64,
) -> Result<Outgoing, String> {
    let files = draft
        .attachments
        .iter()
        .map(|a| read(a, host))
        .collect::<Result<Vec<_>, _>>()?;
    let id = build::new_message_id(&account.email);
    let mut outgoing =
        build::outgoing(draft, account, &files, id, now).map_err(|e| e.to_string())?;
    outgoing.source = source.zip(mark(draft.kind));
    Ok(outgoing)
}

/// An attachment with its content.
///
/// # Errors
/// Why it can't be read, in plain words.
pub fn read(attached: &DraftAttachment, host: &dyn Host) -> Result<Attached, String> {
    match attached {
        DraftAttachment::Bytes {
            name,
            media_type,
            bytes,
            inline,
        } => Ok(Attached {
            inline: *inline,
            name: name.clone(),
            media_type: media_type.clone(),
            bytes: bytes.clone(),
        }),
        DraftAttachment::File { path, inline, .. } => {
            let bytes = host.attachment(path)?;
            let name = attached.name();
            let media_type = media::type_of(&name).to_owned();
            Ok(Attached {
                inline: *inline,
                name,
                media_type,
                bytes: bytes.into(),
            })
        }
    }
}

/// What the message that was answered or forwarded is marked with once this one is sent.
fn mark(kind: DraftKind) -> Option<FlagChange> {
    match kind {
        DraftKind::New => None,
        DraftKind::Reply => Some(FlagChange::set(System::ANSWERED)),
        DraftKind::Forward => {
            let keywords = ["$Forwarded".to_owned()].into();
            Some(FlagChange {
                add: Flags {
                    keywords,
                    ..Flags::default()
                },
                remove: Flags::default(),
            })
        }
    }
}
