//! Drafts to bytes (RFC 5322, RFC 2045), by mail-builder.
//!
//! Every message has a Message-ID of ours, a Date and a MIME-Version. Text goes as UTF-8 with
//! `format=flowed`, attachments as base64. Bcc is in the copy that is filed and nowhere else.
//! Nothing typed can add a field: line ends of every kind become spaces in names and subjects,
//! and an address that holds one is refused. Every line ends with CRLF and none is longer than
//! 998 octets.

use super::attachment::safe_name;
use super::params::Parameterised;
use super::wire::{
    AGENT, Fields, crlf, envelope, is_plain, longest_line, one_line, sender, typed, with_bcc,
};
use super::{flowed, markdown};
use crate::model::{Account, Address, Draft, DraftAttachment, MessageId, Outgoing};
use crate::text::when;
use base64::Engine as _;
use mail_builder::Writer;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use super::verbatim::from_rfc5322;
pub use super::wire::{BuildError, new_message_id};

/// References that are kept beside the first one: enough for every client to find the thread.
const MAX_REFERENCES: usize = 20;
/// Octets that a line of base64 stands for: 76 characters (RFC 2045 §6.8).
const LINE: usize = 57;

/// A file that was read for attaching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name; a path is cut to its last part.
    pub name: String,
    /// Its media type, e.g. `image/png`; anything malformed becomes `application/octet-stream`.
    pub media_type: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
    /// Whether it is shown in the text: an image that Markdown names goes with the HTML form
    /// (RFC 2387), anything else is only marked so (RFC 2183 §2.1).
    pub inline: bool,
}

/// The finished message of a draft. `files` are the draft's attachments in order, already read;
/// `now` is its Date. The ledger fills in `source` and, for the undo window, `not_before`.
///
/// # Errors
/// Nobody to send to, or a From, To, Cc or Bcc that can't be read.
pub fn outgoing(
    draft: &Draft,
    account: &Account,
    files: &[Attached],
    message_id: MessageId,
    now: i64,
) -> Result<Outgoing, BuildError> {
    let from = sender(&draft.from, account)?;
    let to = typed("To", &draft.to)?;
    let cc = typed("Cc", &draft.cc)?;
    let bcc = typed("Bcc", &draft.bcc)?;
    let reply_to = typed("Reply-To", &draft.reply_to)?;
    let recipients = envelope(to.iter().chain(&cc).chain(&bcc))?;
    let subject = one_line(&draft.subject);

    let mut head = Fields::default();
    head.text("Date", &when::rfc5322(now));
    head.addresses("From", std::slice::from_ref(&from));
    head.addresses("Reply-To", &reply_to);
    head.addresses("To", &to);
    head.addresses("Cc", &cc);
    let after_cc = head.bytes.len();
    head.subject("Subject", &subject);
    head.ids("Message-ID", std::slice::from_ref(&message_id));
    head.ids("In-Reply-To", draft.in_reply_to.as_slice());
    head.ids("References", &trimmed(&draft.references));
    if draft.options.receipt {
        let to = Address::new(String::new(), from.addr.clone());
        head.addresses("Disposition-Notification-To", &[to]);
    }
    head.text("User-Agent", AGENT);
    head.text("MIME-Version", "1.0");
    let wire = Arc::new(whole(head, draft, files, &message_id));
    let filed = with_bcc(&wire, after_cc, &bcc);
    Ok(Outgoing {
        mail_from: from.addr,
        recipients,
        subject,
        filed,
        wire,
        draft: draft.id.map(|id| (id, draft.rev)),
        dsn: draft.options.dsn,
        remind: draft.options.remind,
        ..Outgoing::new(account.name.clone(), message_id, now)
    })
}

/// The first reference and the last ones, as RFC 5537 §3.4.4 has it for long threads.
pub(super) fn trimmed(references: &[MessageId]) -> Vec<MessageId> {
    let usable = references.iter().filter(|id| is_plain(id));
    let mut kept: Vec<MessageId> = Vec::new();
    for id in usable {
        // An identifier that comes twice would make a loop.
        kept.retain(|k| k != id);
        kept.push(id.clone());
    }
    let surplus = kept.len().saturating_sub(MAX_REFERENCES + 1);
    kept.drain(1.min(kept.len())..(1 + surplus).min(kept.len()));
    kept
}

/// The header and behind it all that is written of a draft, each line ended by CRLF.
pub(super) fn whole(head: Fields, draft: &Draft, files: &[Attached], id: &MessageId) -> Vec<u8> {
    let mut skeleton = Skeleton {
        text: head.bytes,
        files,
        gaps: Vec::new(),
    };
    assemble(draft, files, id).write_part(&mut skeleton);
    skeleton.filled()
}

/// A message without what is large in it: a file's content is encoded into its gap at the end, so
/// that no form of it is held but the last one.
struct Skeleton<'a> {
    text: Vec<u8>,
    files: &'a [Attached],
    gaps: Vec<(usize, &'a [u8])>,
}

impl Writer for Skeleton<'_> {
    fn write(&mut self, bytes: &[u8]) {
        // The builder is given a file's very bytes as a body that is encoded already.
        let is_it = |f: &&Attached| std::ptr::eq(&*f.bytes, bytes) && !bytes.is_empty();
        match self.files.iter().find(is_it) {
            Some(file) => self.gaps.push((self.text.len(), &file.bytes)),
            None => self.text.extend_from_slice(bytes),
        }
    }
}

impl Skeleton<'_> {
    fn filled(self) -> Vec<u8> {
        let encoded = |bytes: &[u8]| bytes.len().div_ceil(LINE) * 78;
        let octets: usize = self.gaps.iter().map(|(_, bytes)| encoded(bytes)).sum();
        let mut out = Vec::with_capacity(octets + self.text.len() + self.text.len() / 40 + 2);
        let mut begin = 0;
        for (end, bytes) in self.gaps {
            out.extend_from_slice(&crlf(self.text.get(begin..end).unwrap_or_default()));
            base64_lines(bytes, &mut out);
            begin = end;
        }
        out.extend_from_slice(&crlf(self.text.get(begin..).unwrap_or_default()));
        if !out.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
        out
    }
}

/// The text, in two forms if it is Markdown, alone or in front of its attachments.
/// Images are named after the message's own id.
fn assemble<'a>(draft: &Draft, files: &'a [Attached], id: &MessageId) -> MimePart<'a> {
    let text: String = draft
        .body
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let media = ContentType::new("text/plain")
        .attribute("charset", "utf-8")
        .attribute("format", "flowed");
    // Images that the text names, by number, with their Content-IDs.
    let mut shown: BTreeMap<usize, String> = BTreeMap::new();
    let mut image = |named: &str| {
        let n = image_named(draft, files, named)?;
        let content = format!("{n}.{}", id.as_str());
        shown.insert(n, content.clone());
        Some(content)
    };
    let page = draft
        .options
        .markdown
        .then(|| markdown::page(&text, &mut image));
    let text = MimePart::new(media, flowed::write(&text));
    let text = match page.flatten() {
        Some(page) => {
            let media = ContentType::new("text/html").attribute("charset", "utf-8");
            // The last one is the one to prefer (RFC 2046 §5.1.4).
            let mut html = MimePart::new(media, page);
            let seen = files.iter().enumerate();
            let images: Vec<MimePart<'_>> = seen
                .filter_map(|(n, f)| Some(file(f).cid(shown.get(&n)?.clone())))
                .collect();
            if !images.is_empty() {
                let media = ContentType::new("multipart/related").attribute("type", "text/html");
                let parts = std::iter::once(html).chain(images).collect();
                html = MimePart::new(media, BodyPart::Multipart(parts));
            }
            let forms = vec![text, html];
            MimePart::new("multipart/alternative", BodyPart::Multipart(forms))
        }
        None => text,
    };
    let rest = files.iter().enumerate();
    let rest: Vec<MimePart<'_>> = rest
        .filter(|(n, _)| !shown.contains_key(n))
        .map(|(_, f)| file(f))
        .collect();
    if rest.is_empty() {
        return text;
    }
    let parts = std::iter::once(text).chain(rest).collect();
    MimePart::new("multipart/mixed", BodyPart::Multipart(parts))
}

/// The inline image that Markdown means: by `cid:` and its name, by its path, or by its name.
fn image_named(draft: &Draft, files: &[Attached], named: &str) -> Option<usize> {
    let named = named.strip_prefix("cid:").unwrap_or(named);
    let named = named
        .strip_prefix("file://")
        .unwrap_or(named)
        .replace("%20", " ");
    let last = Path::new(&named).file_name()?.to_str()?;
    let image = |(_, f): &(usize, &Attached)| {
        f.inline && f.media_type.to_ascii_lowercase().starts_with("image/")
    };
    let lies = |n: usize| match draft.attachments.get(n) {
        Some(DraftAttachment::File { path, .. }) => path == Path::new(&named),
        _ => false,
    };
    let mut images = files.iter().enumerate().filter(image);
    let there = images.clone().find(|(n, _)| lies(*n));
    let found = there.or_else(|| images.find(|(_, f)| f.name == named || f.name == last));
    found.map(|(n, _)| n)
}

fn file<'a>(file: &'a Attached) -> MimePart<'a> {
    let name = safe_name(&file.name);
    let mut media = media_type(&file.media_type);
    let whole = Parameterised::read(file.media_type.as_bytes()).unwrap_or_default();
    let part = |media: String, encoding: &'static str, bytes: Cow<'a, [u8]>| {
        let mut kind = ContentType::new(media).attribute("name", name.clone());
        for name in KEPT {
            let value = whole.param(name).filter(|v| is_word(v));
            if let Some(value) = value {
                kind = kind.attribute(name, value.to_owned());
            }
        }
        MimePart::new(kind, BodyPart::Binary(bytes))
            .header(
                "Content-Disposition",
                ContentType::new(if file.inline { "inline" } else { "attachment" })
                    .attribute("filename", name.clone()),
            )
            .header("Content-Transfer-Encoding", Raw::new(encoding))
    };
    if media.starts_with("message/") {
        // RFC 2046 §5.2.1 wants these as they are; where that can't be, they go as a mere file.
        let whole = crlf(&file.bytes);
        let plain = whole.is_ascii() && !whole.contains(&0) && longest_line(&whole) <= 998;
        if media == "message/rfc822" && plain {
            return part(media, "7bit", whole.into());
        }
        media = "application/octet-stream".to_owned();
    }
    part(media, "base64", Cow::Borrowed(&*file.bytes))
}

/// Parameters of a media type that go along with a file, because it can't be read without them.
pub(super) const KEPT: [&str; 4] = ["charset", "method", "format", "delsp"];

/// Whether the value of a parameter is a plain word, such as the name of a charset.
pub(super) fn is_word(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    !value.is_empty() && value.len() <= 60 && value.bytes().all(plain)
}

/// A media type as given, without its parameters, if it is well-formed and a leaf's.
fn media_type(given: &str) -> String {
    let given = given.split(';').next().unwrap_or_default();
    let given = given.trim().to_ascii_lowercase();
    let token = |t: &str| {
        !t.is_empty()
            && t.len() <= 60
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    match given.split_once('/') {
        Some((main, sub)) if token(main) && token(sub) && main != "multipart" => given,
        _ => "application/octet-stream".to_owned(),
    }
}

fn base64_lines(bytes: &[u8], out: &mut Vec<u8>) {
    let engine = base64::engine::general_purpose::STANDARD;
    let mut line = [0u8; 76];
    for chunk in bytes.chunks(LINE) {
        // A line has room for what its octets become.
        let n = engine.encode_slice(chunk, &mut line).unwrap_or_default();
        out.extend_from_slice(line.get(..n).unwrap_or_default());
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::{account, names, sound};
    use crate::mime::{body, parse, tree::Tree};
    use crate::model::{AccountName, Address};
    use proptest::prelude::*;

    fn draft() -> Draft {
        Draft {
            to: "b@x.example".to_owned(),
            ..Draft::new(AccountName("ada".to_owned()))
        }
    }

    fn build(draft: &Draft, files: &[Attached]) -> Result<Outgoing, BuildError> {
        outgoing(
            draft,
            &account(),
            files,
            new_message_id("ada@x.example"),
            1_741_007_100,
        )
    }

    #[test]
    fn a_message_has_all_it_needs() {
        let out = build(&draft(), &[]).unwrap();
        let want = [
            "Date",
            "From",
            "To",
            "Subject",
            "Message-ID",
            "User-Agent",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        assert_eq!(names(&out.wire), want);
        assert_eq!(out.wire, out.filed);
        assert!(out.message_id.as_str().ends_with("@x.example"));
        assert_ne!(new_message_id("a@b.example"), new_message_id("a@b.example"));
        assert!(new_message_id("x").as_str().ends_with("@postrider.invalid"));
    }

    #[test]
    fn s26_bcc_is_filed_and_never_sent() {
        let d = Draft {
            bcc: "Secret <s@x.example>, B@X.example".to_owned(),
            ..draft()
        };
        let out = build(&d, &[]).unwrap();
        assert_eq!(out.recipients, ["b@x.example", "s@x.example"]);
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        assert!(!text(&out.wire).to_lowercase().contains("\nbcc:"));
        assert!(!text(&out.wire).contains("s@x.example"));
        assert!(
            text(&out.filed).contains("\r\nBcc: \"Secret\" <s@x.example>, <B@x.example>\r\n"),
            "{}",
            text(&out.filed)
        );
    }

    #[test]
    fn options_show_in_the_message() {
        let mut d = draft();
        d.reply_to = "Else <e@x.example>".to_owned();
        d.body = "**tea**\n".to_owned();
        d.options.markdown = true;
        d.options.receipt = true;
        let out = build(&d, &[]).unwrap();
        let text = String::from_utf8(out.wire.to_vec()).unwrap();
        assert!(
            text.contains("\r\nReply-To: \"Else\" <e@x.example>\r\n"),
            "{text}"
        );
        assert!(text.contains("\r\nDisposition-Notification-To: <ada@x.example>\r\n"));
        let tree = crate::mime::tree::Tree::read(&out.wire);
        assert!(
            tree.part(0)
                .is_some_and(|p| p.is("multipart", "alternative"))
        );
        assert!(tree.part(1).is_some_and(|p| p.text().contains("**tea**")));
        assert!(
            tree.part(2)
                .is_some_and(|p| p.text().contains("<strong>tea</strong>"))
        );
    }

    #[test]
    fn errors_name_the_field() {
        let none = Draft::new(AccountName("ada".to_owned()));
        assert_eq!(build(&none, &[]).unwrap_err(), BuildError::NoRecipient);
        let bad = Draft {
            cc: "a@x.example, oops".to_owned(),
            ..draft()
        };
        let text = build(&bad, &[]).unwrap_err().to_string();
        assert!(
            text.starts_with("Cc: \"oops\"") && text.ends_with("(at character 14)"),
            "{text}"
        );
        let two = Draft {
            from: "a@x.example, b@x.example".to_owned(),
            ..draft()
        };
        assert!(
            build(&two, &[])
                .unwrap_err()
                .to_string()
                .starts_with("From: exactly one")
        );
    }

    #[test]
    fn s25_nothing_typed_adds_a_field() {
        for evil in [
            "\r\nX-Evil: 1",
            "\nX-Evil: 1",
            "\rX-Evil: 1",
            "\u{85}X-Evil: 1",
            "\u{2028}X-Evil: 1",
            "\0X-Evil: 1",
        ] {
            let d = Draft {
                subject: format!("s{evil}"),
                from: format!("\"Ada{evil}\" <ada@x.example>"),
                in_reply_to: MessageId::new("a@b"),
                body: format!("t{evil}\n.\n\r.\r"),
                ..draft()
            };
            let file = Attached {
                inline: false,
                name: format!("n{evil}.txt"),
                media_type: format!("text/plain{evil}"),
                bytes: Arc::from(&b"x"[..]),
            };
            match build(&d, std::slice::from_ref(&file)) {
                Ok(out) => {
                    assert!(
                        !names(&out.wire).iter().any(|n| n.contains("Evil")),
                        "{evil:?}"
                    );
                    sound(&out.wire).unwrap();
                }
                Err(BuildError::Address { field, .. }) => assert_eq!(field, "From"),
                Err(e) => panic!("{e}"),
            }
            let named = Draft {
                from: String::new(),
                ..d
            };
            let out = build(&named, &[file]).unwrap();
            assert!(!names(&out.wire).iter().any(|n| n.contains("Evil")));
        }
    }

    #[test]
    fn long_threads_keep_their_first_and_last() {
        let d = Draft {
            references: (0..200)
                .filter_map(|n| MessageId::new(&format!("{n}-{}@x.example", "y".repeat(60))))
                .collect(),
            in_reply_to: MessageId::new(&"z".repeat(950)),
            ..draft()
        };
        let out = build(&d, &[]).unwrap();
        sound(&out.wire).unwrap();
        let e = parse::envelope(&out.wire);
        assert_eq!(e.references.len(), MAX_REFERENCES + 1);
        assert!(
            e.references[0].as_str().starts_with("0-")
                && e.references[20].as_str().starts_with("199-")
        );
        assert!(e.in_reply_to.is_empty());
    }

    #[test]
    fn a_message_attached_stays_a_message() {
        let file = |bytes: &[u8]| Attached {
            inline: false,
            name: "a.eml".to_owned(),
            media_type: "message/rfc822".to_owned(),
            bytes: Arc::from(bytes),
        };
        let out = build(
            &draft(),
            &[
                file(b"Subject: x\n\nhi\n"),
                file("Subject: é\n\n".as_bytes()),
            ],
        )
        .unwrap();
        let tree = Tree::read(&out.wire);
        let types: Vec<_> = body::attachments(&tree)
            .iter()
            .map(|a| a.media_type.clone())
            .collect();
        assert_eq!(types, ["message/rfc822", "application/octet-stream"]);
        assert_eq!(&*tree.parts[2].bytes(), b"Subject: x\r\n\r\nhi\r\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn what_is_built_can_be_read(
            subject in "\\PC{0,120}",
            name in "[a-zäé ,.\"\\\\日]{0,30}",
            lines in prop::collection::vec("[ -~äé日]{0,200}", 0..6),
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            file_name in "[a-z日 ]{1,20}\\.bin",
        ) {
            let d = Draft {
                to: Address::new(name.trim(), "b@x.example").to_string(),
                subject: subject.clone(),
                body: lines.join("\n"),
                ..draft()
            };
            let file = Attached { inline: false, name: file_name, media_type: "application/x-thing".to_owned(), bytes: Arc::from(bytes.as_slice()) };
            let out = build(&d, std::slice::from_ref(&file)).unwrap();
            sound(&out.wire)?;
            let tree = Tree::read(&out.wire);
            let e = parse::of_fields(&tree.fields);
            let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(squeeze(&e.subject), squeeze(&one_line(&subject)));
            prop_assert_eq!(squeeze(&e.to[0].name), squeeze(&name));
            prop_assert!(*tree.parts[2].bytes() == bytes);
            prop_assert_eq!(&tree.parts[2].file_name, &safe_name(&file.name));
            let (is_flowed, del_sp) = parse::flow(&tree.parts[1]);
            let back = flowed::read(&tree.parts[1].text(), is_flowed, del_sp);
            let want = flowed::read(&d.body, false, false);
            let flat = |list: &[flowed::Paragraph]| list.iter().map(|p| (p.quote, p.text.trim_end().to_owned())).collect::<Vec<_>>();
            prop_assert_eq!(flat(&back), flat(&want));
        }
    }
}
