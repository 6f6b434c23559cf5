//! From a draft to bytes that never change again: attachments are read now, so that a file that
//! changes or goes away later can neither alter nor lose the message.

use crate::mime::build::{self, Attached};
use crate::mime::media;
use crate::mime::recipients::parse_list;
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
    let id = build::new_message_id(&named_after(draft, account));
    let mut outgoing =
        build::outgoing(draft, account, &files, id, now).map_err(|e| e.to_string())?;
    outgoing.source = source.zip(mark(draft.kind));
    let in_file = |a: &DraftAttachment| matches!(a, DraftAttachment::File { .. });
    if draft.attachments.iter().any(in_file) {
        outgoing.attached = files.into_iter().map(held).collect();
    }
    Ok(outgoing)
}

/// The address that a message is named after: the one that it is from, so that its name tells of no
/// other of the account's.
fn named_after(draft: &Draft, account: &Account) -> String {
    let from = parse_list(&draft.from)
        .unwrap_or_default()
        .into_iter()
        .next();
    from.unwrap_or_else(|| account.identity()).addr
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
            let media_type = declared(media::type_of(&name), &bytes);
            Ok(Attached {
                inline: *inline,
                name,
                media_type,
                bytes: bytes.into(),
            })
        }
    }
}

/// What was read, as a draft holds it.
fn held(file: Attached) -> DraftAttachment {
    DraftAttachment::Bytes {
        name: file.name,
        media_type: file.media_type,
        bytes: file.bytes,
        inline: file.inline,
    }
}

/// A media type with the character set of its text where that is plain to see: whoever gets it would
/// guess else.
fn declared(media_type: &str, bytes: &[u8]) -> String {
    let is_text = media_type.starts_with("text/") && !bytes.is_ascii();
    match is_text && std::str::from_utf8(bytes).is_ok() {
        true => format!("{media_type}; charset=utf-8"),
        false => media_type.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::account;

    #[test]
    fn a_message_is_named_after_the_address_that_it_is_from() {
        let mut draft = Draft::new(account().name);
        assert_eq!(named_after(&draft, &account()), "ada@x.example");
        draft.from = "Ada <ada@other.example>".to_owned();
        assert_eq!(named_after(&draft, &account()), "ada@other.example");
    }

    #[test]
    fn a_text_says_which_letters_it_has() {
        assert_eq!(
            declared("text/csv", "\u{e9}".as_bytes()),
            "text/csv; charset=utf-8"
        );
        assert_eq!(declared("text/plain", b"e"), "text/plain");
        assert_eq!(declared("text/plain", b"\xe9"), "text/plain");
        assert_eq!(declared("image/png", "\u{e9}".as_bytes()), "image/png");
    }
}
