//! A draft as a message for the Drafts mailbox (RFC 5322, RFC 9051 §2.3.2 `\Draft`).
//!
//! Unlike what is sent it may lack everything, and what can't be read as addresses is kept as it was
//! typed, in fields of our own. It is plain ASCII in its header and sound on the wire all the same.

use super::build::{Attached, trimmed, whole};
use super::field::{self, Field};
use super::wire::{AGENT, Fields, one_line, sender, typed};
use crate::model::{Account, Address, Draft, MessageId};
use crate::text::when;

/// Begins the names of fields that hold what was typed where addresses belong.
const AS_TYPED: &str = "X-Postrider-";

/// The message of a draft. `files` are those of its attachments that are kept with it, `left_out`
/// the names of the others; `date` is its Date, seconds since 1970.
pub fn draft_copy(
    draft: &Draft,
    account: &Account,
    files: &[Attached],
    left_out: &[String],
    message_id: MessageId,
    date: i64,
) -> Vec<u8> {
    let mut head = Fields::default();
    head.text("Date", &when::rfc5322(date));
    match sender(&draft.from, account) {
        Ok(from) if from.addr.is_ascii() => head.addresses("From", &[from]),
        _ => as_typed(&mut head, "From", &draft.from),
    }
    let lines = [
        ("Reply-To", &draft.reply_to),
        ("To", &draft.to),
        ("Cc", &draft.cc),
        ("Bcc", &draft.bcc),
    ];
    for (name, line) in lines {
        match typed(name, line) {
            Ok(list) if list.iter().all(is_plain) => head.addresses(name, &list),
            _ => as_typed(&mut head, name, line),
        }
    }
    let subject = one_line(&draft.subject);
    if subject.split(' ').all(|word| word.len() <= 400) {
        head.subject("Subject", &subject);
    } else {
        head.encoded("Subject", &subject);
    }
    head.ids("Message-ID", std::slice::from_ref(&message_id));
    head.ids("In-Reply-To", draft.in_reply_to.as_slice());
    head.ids("References", &trimmed(&draft.references));
    for name in left_out {
        head.encoded("X-Postrider-Left-Out", &one_line(name));
    }
    if draft.options.markdown {
        head.text("X-Postrider-Markdown", "yes");
    }
    head.text("User-Agent", AGENT);
    head.text("MIME-Version", "1.0");
    // The text as it is written, whatever it becomes when it is sent.
    let mut plain = draft.clone();
    plain.options.markdown = false;
    whole(head, &plain, files, &message_id)
}

/// What was typed into the line of that name, if it stands there as typed.
pub(super) fn line(fields: &[Field<'_>], name: &str) -> Option<String> {
    let name = format!("{AS_TYPED}{name}");
    let found = field::find(fields, &name)?;
    Some(one_line(&field::text(found.value)))
}

/// Whether its text is Markdown.
pub(super) fn is_markdown(fields: &[Field<'_>]) -> bool {
    fields.iter().any(|f| f.is("X-Postrider-Markdown"))
}

fn is_plain(address: &Address) -> bool {
    address.addr.is_ascii() && address.name.len() <= 400
}

fn as_typed(head: &mut Fields, name: &str, line: &str) {
    let line = one_line(line);
    if !line.is_empty() {
        head.encoded(&format!("{AS_TYPED}{name}"), &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::build::new_message_id;
    use crate::mime::quote::Pages;
    use crate::mime::reply;
    use crate::mime::wire::tests::{account, names, sound};
    use crate::model::{AccountName, DraftAttachment, DraftKind};
    use proptest::prelude::*;

    fn copy(draft: &Draft, files: &[Attached], left_out: &[String]) -> Vec<u8> {
        let id = new_message_id("ada@x.example");
        draft_copy(draft, &account(), files, left_out, id, 1_741_007_100)
    }

    fn draft() -> Draft {
        Draft {
            body: "One.\n".to_owned(),
            ..Draft::new(AccountName("ada".to_owned()))
        }
    }

    /// The fields that a copy keeps.
    fn kept(d: &Draft) -> [String; 7] {
        [
            &d.from,
            &d.reply_to,
            &d.to,
            &d.cc,
            &d.bcc,
            &d.subject,
            &d.body,
        ]
        .map(Clone::clone)
    }

    #[test]
    fn it_comes_back_as_it_was_typed() {
        let d = Draft {
            from: "Ada <ada@x.example>".to_owned(),
            to: "bo@x.example, half an addr".to_owned(),
            cc: "Cy <cy@x.example>".to_owned(),
            bcc: "\"Hidden, H\" <h@x.example>".to_owned(),
            reply_to: "<".to_owned(),
            subject: "Grüße".to_owned(),
            in_reply_to: MessageId::new("a@b"),
            references: vec![MessageId::new("a@b").unwrap()],
            kind: DraftKind::Reply,
            ..draft()
        };
        let mut d = d;
        d.options.markdown = true;
        let bytes = copy(&d, &[], &[]);
        sound(&bytes).unwrap();
        let back = reply::edit(&bytes, &account(), &[], Pages::LaidOut, true);
        assert_eq!(kept(&back), kept(&d));
        assert_eq!((back.kind, &back.references), (d.kind, &d.references));
        assert!(back.options.markdown);
        assert!(!names(&bytes).contains(&"To".to_owned()));
    }

    #[test]
    fn no_letter_is_lost_on_the_way_back() {
        let d = Draft {
            from: "\"Ada \u{200f}W\" <ada@x.example>".to_owned(),
            to: "می\u{200c}خواهم <bo@x.example>".to_owned(),
            cc: "می\u{200c}خواهم <bo@".to_owned(),
            subject: "می\u{200c}خواهم".to_owned(),
            body: "می\u{200c}خواهم\n\tx\n葛\u{e0100}\n".to_owned(),
            ..draft()
        };
        let bytes = copy(&d, &[], &[]);
        sound(&bytes).unwrap();
        let again =
            |raw: &[u8], as_written| reply::edit(raw, &account(), &[], Pages::LaidOut, as_written);
        let back = again(&bytes, true);
        let lines = [&back.to, &back.cc, &back.subject, &back.body];
        assert_eq!(lines, [&d.to, &d.cc, &d.subject, &d.body]);
        assert!(back.from.contains('\u{200f}'), "{}", back.from);
        // What steers a terminal goes, and what somebody else hid in a message.
        let text = String::from_utf8(bytes).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let head = head
            .replace("base64", "8bit")
            .replace("quoted-printable", "8bit");
        let odd = format!("{head}\r\n\r\na\u{1b}[2Jb\u{202e}c\r\n");
        assert_eq!(again(odd.as_bytes(), true).body, "a[2Jb\u{202e}c\n");
        let strange = again(odd.as_bytes(), false);
        assert_eq!(
            (strange.body.as_str(), strange.subject.as_str()),
            ("a␛[2Jbc\n", "میخواهم")
        );
    }

    #[test]
    fn files_are_kept_or_named() {
        let file = Attached {
            inline: false,
            name: "a.bin".to_owned(),
            media_type: "application/x-thing".to_owned(),
            bytes: b"abc".as_slice().into(),
        };
        let bytes = copy(&draft(), &[file], &["großer film.mkv".to_owned()]);
        sound(&bytes).unwrap();
        let (fields, _) = field::split(&bytes);
        let left = fields.iter().find(|f| f.is("X-Postrider-Left-Out"));
        assert_eq!(field::text(left.unwrap().value), "großer film.mkv");
        let back = reply::edit(&bytes, &account(), &[], Pages::LaidOut, true);
        let want = DraftAttachment::Bytes {
            inline: false,
            name: "a.bin".to_owned(),
            media_type: "application/x-thing".to_owned(),
            bytes: b"abc".as_slice().into(),
        };
        assert_eq!(back.attachments, [want]);
    }

    #[test]
    fn what_stands_in_the_text_comes_back_so() {
        let file = |name: &str, media_type: &str, inline| Attached {
            inline,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: b"--- a\n+++ b\n".as_slice().into(),
        };
        let files = [
            file("a.png", "image/png", true),
            file("b.txt", "text/plain", true),
            file("c.patch", "text/x-patch", false),
        ];
        let bytes = copy(&draft(), &files, &[]);
        let back = reply::edit(&bytes, &account(), &[], Pages::LaidOut, true);
        let inline = back.attachments.iter().map(|a| match a {
            DraftAttachment::File { inline, .. } | DraftAttachment::Bytes { inline, .. } => *inline,
        });
        assert_eq!(inline.collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(back.body, "One.\n", "no file becomes text");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn whatever_is_typed_makes_a_sound_message_that_holds_it(
            lines in prop::collection::vec("(\\PC|[ -~\r\n\u{85}\u{2028}\0]){0,80}", 6),
            long in "(x{1000,1200}|[a-zé]{0,900})",
        ) {
            let d = Draft {
                from: lines[0].clone(),
                to: format!("{} {long}", lines[1]),
                cc: lines[2].clone(),
                bcc: lines[3].clone(),
                reply_to: lines[4].clone(),
                subject: format!("{} {long}", lines[5]),
                ..draft()
            };
            let bytes = copy(&d, &[], &[]);
            sound(&bytes)?;
            let (fields, _) = field::split(&bytes);
            prop_assert!(fields.iter().all(|f| f.raw.is_ascii()));
            let known = ["Date", "From", "Reply-To", "To", "Cc", "Bcc", "Subject", "Message-ID", "User-Agent",
                "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
            for name in names(&bytes) {
                let name = name.strip_prefix(AS_TYPED).unwrap_or(&name);
                prop_assert!(known.contains(&name), "{name}");
            }
            let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
            if typed("To", &d.to).is_err() {
                let back = line(&fields, "To").unwrap_or_default();
                prop_assert_eq!(squeeze(&back), squeeze(&one_line(&d.to)));
            }
        }
    }
}
