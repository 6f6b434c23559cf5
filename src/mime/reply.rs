//! Drafts that answer, pass on, or go on with a message (RFC 5322 §3.6.3, §3.6.4).

use super::answer::{self, Hints};
use super::attachment::safe_name;
use super::draft_copy;
use super::quote::{self, MAX_LINES, Pages};
use super::recipients::format_list;
use super::tree::Tree;
use super::{field, parse};
use crate::model::{
    Account, Address, Draft, DraftAttachment, DraftKind, Envelope, MessageId, SendOptions,
};
use crate::text::subject::{FORWARD, REPLY};
use crate::text::{Clean, when};

pub use super::answer::Way;

/// A new message: the sender and the signature.
pub fn fresh(account: &Account) -> Draft {
    let from = account.identity();
    Draft {
        body: format!("\n{}", signature(account, &from)),
        ..from_sender(account, &from)
    }
}

/// An answer. `raw` is the message if its body is here (then it is quoted); `own` are the user's
/// addresses in all accounts, which are not written to, unless there is nobody else. `pages` says
/// how HTML is quoted. With
/// [`Way::List`] nobody is written to if the message came from no list.
pub fn reply(
    raw: Option<&[u8]>,
    envelope: &Envelope,
    account: &Account,
    way: Way,
    own: &[Address],
    pages: Pages,
) -> Draft {
    let hints = raw.map(Hints::read).unwrap_or_default();
    let own = &with_senders(own, account);
    let (to, cc) = answer::whom(envelope, &hints, (&account.senders(), own), way);
    let from = answer::identity(envelope, &hints, account);
    let quoted = raw
        .map(|raw| quote::quotation(raw, envelope, pages))
        .unwrap_or_default();
    Draft {
        kind: DraftKind::Reply,
        to: typed(&to),
        cc: typed(&cc),
        subject: prefixed("Re: ", &envelope.subject, &REPLY),
        body: format!("\n\n{quoted}{}", signature(account, &from)),
        in_reply_to: envelope.message_id.clone(),
        references: references(envelope),
        ..from_sender(account, &from)
    }
}

fn with_senders(own: &[Address], account: &Account) -> Vec<Address> {
    let mut all = own.to_vec();
    all.extend(account.senders());
    all
}

/// An empty draft from one of our addresses, with what belongs to it.
fn from_sender(account: &Account, from: &Address) -> Draft {
    let mut identities = account.identities.iter();
    let identity = identities.find(|i| i.email.eq_ignore_ascii_case(&from.addr));
    Draft {
        from: from.to_string(),
        reply_to: identity
            .and_then(|i| i.reply_to.clone())
            .unwrap_or_default(),
        ..Draft::new(account.name.clone())
    }
}

/// A message passed on inline, with its attachments. The signature stands below it: whoever gets it
/// takes all that follows one for part of it, and leaves that out of answers.
pub fn forward(raw: &[u8], envelope: &Envelope, account: &Account, pages: Pages) -> Draft {
    let from = answer::identity(envelope, &Hints::read(raw), account);
    let mut body = "\n\n---------- Forwarded message ----------\n".to_owned();
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            body.push_str(&format!("{name}: {}\n", Clean::line(value)));
        }
    };
    put("From", &format_list(&envelope.from));
    put("Date", &envelope.date.map(when::sent).unwrap_or_default());
    put("Subject", &envelope.subject);
    put("To", &format_list(&envelope.to));
    put("Cc", &format_list(&envelope.cc));
    body.push('\n');
    let tree = Tree::read(raw);
    let text = quote::text(&tree, 0, pages);
    for p in text.iter().take(MAX_LINES) {
        repeat(&mut body, p.quote, p.text.trim_end());
    }
    if text.len() > MAX_LINES {
        body.push_str("[…]\n");
    }
    body.push_str(&signature(account, &from));
    Draft {
        kind: DraftKind::Forward,
        subject: prefixed("Fwd: ", &envelope.subject, &FORWARD),
        body,
        attachments: quote::attachments(&tree),
        ..from_sender(account, &from)
    }
}

/// A message passed on whole, as an attachment (RFC 2046 §5.2.1): header, signatures and all, but not
/// who got a blind copy of one of ours.
pub fn forward_whole(raw: &[u8], envelope: &Envelope, account: &Account) -> Draft {
    let from = answer::identity(envelope, &Hints::read(raw), account);
    let subject = Clean::line(&envelope.subject);
    let title = match subject.as_str().trim() {
        "" => "message",
        title => title,
    };
    Draft {
        kind: DraftKind::Forward,
        subject: prefixed("Fwd: ", &envelope.subject, &FORWARD),
        body: format!("\n{}", signature(account, &from)),
        attachments: vec![DraftAttachment::Bytes {
            inline: false,
            name: safe_name(&format!("{title}.eml")),
            media_type: "message/rfc822".to_owned(),
            bytes: without_blind(raw).into(),
        }],
        ..from_sender(account, &from)
    }
}

/// The octets of a message without the fields of its header that name who was to be named nowhere.
fn without_blind(raw: &[u8]) -> Vec<u8> {
    let (fields, _) = field::split(raw);
    let blind = ["Bcc", "Resent-Bcc", "X-Postrider-Bcc"];
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    for f in fields.iter().filter(|f| blind.iter().any(|b| f.is(b))) {
        // A field is a piece of the message.
        let begin = (f.raw.as_ptr() as usize).wrapping_sub(rest.as_ptr() as usize);
        let (before, from) = rest.split_at_checked(begin).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        rest = from.get(f.raw.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// A message taken up again as a draft: its own words, recipients (Bcc too) and attachments. It
/// gets a new Message-ID when it is sent, and one that somebody else wrote a sender of ours.
pub fn edit(raw: &[u8], account: &Account, own: &[Address], pages: Pages) -> Draft {
    let tree = Tree::read(raw);
    let e = parse::of_fields(&tree.fields);
    let list = |name: &str| {
        if let Some(line) = draft_copy::line(&tree.fields, name) {
            return Clean::line(&line).to_string();
        }
        let found = tree.fields.iter().filter(|f| f.is(name));
        typed(
            &found
                .flat_map(|f| field::all_addresses(f.value))
                .collect::<Vec<_>>(),
        )
    };
    let mut body = String::new();
    for p in quote::written(&tree, pages) {
        let is_dashes = p.text == "-- ";
        let text = if is_dashes {
            p.text.as_str()
        } else {
            p.text.trim_end()
        };
        repeat(&mut body, p.quote, text);
    }
    let own = with_senders(own, account);
    let is_ours = |a: &Address| own.iter().any(|o| o.same_mailbox(a));
    // A draft that names nobody is one of ours.
    let ours = e.from.is_empty() || e.from.iter().any(is_ours);
    let in_reply_to = e.in_reply_to.first().filter(|_| ours).cloned();
    Draft {
        kind: if in_reply_to.is_some() {
            DraftKind::Reply
        } else {
            DraftKind::New
        },
        from: match e.from.iter().find(|from| is_ours(from)) {
            Some(from) => typed(std::slice::from_ref(from)),
            None => Some(list("From"))
                .filter(|line| ours && !line.is_empty())
                .unwrap_or_else(|| account.identity().to_string()),
        },
        reply_to: if ours {
            list("Reply-To")
        } else {
            String::new()
        },
        to: list("To"),
        cc: list("Cc"),
        bcc: list("Bcc"),
        subject: Clean::line(&e.subject).to_string(),
        body,
        attachments: quote::attachments(&tree),
        in_reply_to,
        references: if ours { e.references } else { Vec::new() },
        options: SendOptions {
            markdown: draft_copy::is_markdown(&tree.fields),
            ..SendOptions::default()
        },
        ..Draft::new(account.name.clone())
    }
}

/// Adds a line behind the marks of its quotation.
fn repeat(body: &mut String, quote: usize, text: &str) {
    body.push_str(&">".repeat(quote));
    if quote > 0 {
        body.push(' ');
    }
    body.push_str(text);
    body.push('\n');
}

/// The subject with exactly one prefix in front, however many of its kind it had.
fn prefixed(prefix: &str, subject: &str, kind: &[&str]) -> String {
    let clean = Clean::line(subject);
    let mut rest = clean.as_str().trim();
    while let Some((word, after)) = rest.split_once([':', '：']) {
        // `Re[2]`, `Re (3)`, `Re²` count answers.
        let bare = word.trim().to_lowercase();
        let bare = bare.trim_end_matches(|c: char| c.is_numeric() || "[]() ^*".contains(c));
        if !kind.contains(&bare) {
            break;
        }
        rest = after.trim_start();
    }
    format!("{prefix}{rest}").trim_end().to_owned()
}

/// RFC 5322 §3.6.4: the parent's References (or its one In-Reply-To) and the parent.
fn references(e: &Envelope) -> Vec<MessageId> {
    let mut list = match (e.references.as_slice(), e.in_reply_to.as_slice()) {
        ([], [one]) => vec![one.clone()],
        (list, _) => list.to_vec(),
    };
    list.retain(|id| Some(id) != e.message_id.as_ref());
    list.extend(e.message_id.clone());
    list
}

/// As it stands in a field of the composer: names clean, addresses as they are.
fn typed(list: &[Address]) -> String {
    let clean: Vec<Address> = list
        .iter()
        .map(|a| Address::new(Clean::line(&a.name).to_string(), a.addr.clone()))
        .collect();
    format_list(&clean)
}

/// What stands below a new message from this address of the account's: `-- ` and the signature,
/// or nothing.
pub fn signature(account: &Account, from: &Address) -> String {
    let identities = account.identities.iter();
    let own = identities
        .filter(|i| i.email.eq_ignore_ascii_case(&from.addr))
        .find_map(|i| i.signature.as_deref());
    match own.or(account.signature.as_deref()).map(str::trim_end) {
        Some(text) if !text.is_empty() => format!("\n-- \n{text}\n"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::build::{self, Attached};
    use crate::mime::recipients;
    use crate::mime::wire::tests::account;
    use proptest::prelude::*;

    fn envelope(text: &str) -> Envelope {
        parse::envelope(text.as_bytes())
    }

    fn own(addr: &str) -> Vec<Address> {
        vec![Address::new(String::new(), addr.to_owned())]
    }

    const MAIL: &[u8] = b"From: Bob <b@y.example>\nTo: ada@x.example, c@z.example\nCc: d@z.example, B@y.example\nSubject: AW: Re[2]: Tea\nMessage-ID: <2@y>\nReferences: <0@y> <1@y>\n\nHello Ada,\n\n> older\n\nBye\n-- \nBob\n";

    #[test]
    fn an_answer_goes_to_the_sender_and_is_threaded() {
        let e = parse::envelope(MAIL);
        let d = reply(Some(MAIL), &e, &account(), Way::Sender, &[], Pages::LaidOut);
        assert_eq!((d.to.as_str(), d.cc.as_str()), ("Bob <b@y.example>", ""));
        assert_eq!(d.subject, "Re: Tea");
        assert_eq!(d.in_reply_to.unwrap().as_str(), "2@y");
        assert_eq!(
            d.references
                .iter()
                .map(MessageId::as_str)
                .collect::<Vec<_>>(),
            ["0@y", "1@y", "2@y"]
        );
        assert_eq!(
            d.body,
            "\n\nBob wrote:\n> Hello Ada,\n>\n>> older\n>\n> Bye\n\n-- \nAda\n+1 555\n"
        );
        let d = reply(
            None,
            &e,
            &account(),
            Way::All,
            &own("D@z.example"),
            Pages::LaidOut,
        );
        assert_eq!(
            (d.to.as_str(), d.cc.as_str()),
            ("Bob <b@y.example>", "c@z.example")
        );
        assert!(!d.body.contains('>'));
    }

    #[test]
    fn nobody_answers_himself() {
        let mine = envelope("From: ada@x.example\nTo: c@z.example\nCc: d@z.example\n\n");
        let d = reply(None, &mine, &account(), Way::All, &[], Pages::LaidOut);
        assert_eq!(
            (d.to.as_str(), d.cc.as_str()),
            ("c@z.example", "d@z.example")
        );
        let note = envelope("From: ada@x.example\nTo: ada@x.example\n\n");
        assert_eq!(
            reply(None, &note, &account(), Way::All, &[], Pages::LaidOut).to,
            "ada@x.example"
        );
        let list = envelope("From: b@y.example\nReply-To: list@y.example\nTo: list@y.example\n\n");
        assert_eq!(
            reply(None, &list, &account(), Way::Sender, &[], Pages::LaidOut).to,
            "list@y.example"
        );
        let alias = envelope("From: b@y.example\nTo: a2@x.example\n\n");
        let mut two = account();
        two.identities.push(crate::model::Identity {
            email: "a2@x.example".to_owned(),
            ..Default::default()
        });
        let d = reply(None, &alias, &two, Way::All, &[], Pages::LaidOut);
        assert_eq!(
            (d.from.as_str(), d.cc.as_str()),
            ("\"Ada W.\" <a2@x.example>", "")
        );
    }

    #[test]
    fn prefixes_come_once() {
        for (subject, want) in [
            ("Tea", "Re: Tea"),
            ("RE: re:SV : Tea", "Re: Tea"),
            ("Re (3): Tea", "Re: Tea"),
            ("Fwd: Re: Tea", "Re: Fwd: Re: Tea"),
            ("Note: Tea", "Re: Note: Tea"),
            ("", "Re:"),
            ("a\nBcc: x", "Re: a Bcc: x"),
        ] {
            assert_eq!(prefixed("Re: ", subject, &REPLY), want);
        }
        assert_eq!(prefixed("Fwd: ", "WG: FW: Tea", &FORWARD), "Fwd: Tea");
    }

    #[test]
    fn a_forwarded_message_brings_its_attachments() {
        let raw = b"From: b@y.example\nSubject: Plan\nDate: Mon, 3 Mar 2025 14:05:00 +0100\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee file\n--b\nContent-Type: application/pdf; name=\"../p.pdf\"\nContent-Transfer-Encoding: base64\n\naGk=\n--b--\n";
        let d = forward(raw, &parse::envelope(raw), &account(), Pages::LaidOut);
        assert_eq!(
            (d.subject.as_str(), d.kind),
            ("Fwd: Plan", DraftKind::Forward)
        );
        assert!(d.body.contains("From: b@y.example\nDate: "));
        // What follows a signature is taken for part of it.
        assert!(d.body.ends_with("\n\nsee file\n\n-- \nAda\n+1 555\n"));
        let long = format!("Subject: x\n\n{}", "line\n".repeat(MAX_LINES + 1));
        let e = Envelope::default();
        let cut = forward(long.as_bytes(), &e, &account(), Pages::LaidOut);
        assert!(
            cut.body.contains("line\n[…]\n\n-- \n"),
            "what is left out is told"
        );
        let want = DraftAttachment::Bytes {
            inline: false,
            name: "p.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: b"hi"[..].into(),
        };
        assert_eq!(d.attachments, [want]);
    }

    #[test]
    fn a_forwarded_file_can_be_read_as_before() {
        let raw = b"From: b@y.example\nSubject: Plan\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee file\n--b\nContent-Type: text/plain; charset=koi8-r; x=y; name=a.txt\nContent-Disposition: attachment\n\n\xf0\xd2\xc9\n--b\nContent-Type: text/calendar; method=REQUEST; charset=\"a b\"\nContent-Disposition: attachment; filename=i.ics\n\nBEGIN:VCALENDAR\n--b--\n";
        let d = forward(raw, &parse::envelope(raw), &account(), Pages::LaidOut);
        let files = d.attachments.iter().filter_map(|a| match a {
            DraftAttachment::Bytes {
                name,
                media_type,
                bytes,
                inline,
            } => Some(Attached {
                inline: *inline,
                name: name.clone(),
                media_type: media_type.clone(),
                bytes: bytes.clone(),
            }),
            DraftAttachment::File { .. } => None,
        });
        let files: Vec<Attached> = files.collect();
        let kinds: Vec<&str> = files.iter().map(|f| f.media_type.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "text/plain; charset=koi8-r",
                "text/calendar; method=REQUEST"
            ]
        );
        let id = build::new_message_id("ada@x.example");
        let sent = draft_copy::draft_copy(&d, &account(), &files, &[], id, 1_741_007_100);
        let tree = Tree::read(&sent);
        let text = tree.parts.iter().find(|p| p.file_name == "a.txt").unwrap();
        assert_eq!(
            (text.media_type().as_str(), text.text().trim()),
            ("text/plain", "При")
        );
        let meeting = tree.parts.iter().find(|p| p.file_name == "i.ics").unwrap();
        assert_eq!(meeting.media.param("method"), Some("REQUEST"));
        let back = edit(&sent, &account(), &[], Pages::LaidOut);
        assert_eq!(
            back.attachments, d.attachments,
            "as a draft that is taken up again"
        );
    }

    #[test]
    fn who_got_a_blind_copy_is_not_passed_on() {
        let raw = b"From: ada@x.example\r\nBcc: s@y.example,\r\n t@y.example\r\nSubject: x\r\nbcc : u@y.example\r\n\r\nBcc: is a field\r\n";
        let d = forward_whole(raw, &parse::envelope(raw), &account());
        let [DraftAttachment::Bytes { bytes, .. }] = d.attachments.as_slice() else {
            panic!("{:?}", d.attachments);
        };
        let left = "From: ada@x.example\r\nSubject: x\r\n\r\nBcc: is a field\r\n";
        assert_eq!(String::from_utf8_lossy(bytes), left);
    }

    #[test]
    fn a_message_passed_on_whole_is_the_same_octets() {
        let raw = b"From: b@y.example\nSubject: ../Plan\n\nsee\n";
        let d = forward_whole(raw, &parse::envelope(raw), &account());
        let [
            DraftAttachment::Bytes {
                inline: false,
                name,
                media_type,
                bytes,
            },
        ] = d.attachments.as_slice()
        else {
            panic!("{:?}", d.attachments);
        };
        assert_eq!(
            (media_type.as_str(), bytes.as_ref()),
            ("message/rfc822", &raw[..])
        );
        assert!(name.ends_with("Plan.eml") && !name.contains('/'), "{name}");
    }

    #[test]
    fn what_somebody_else_wrote_is_taken_up_as_ours() {
        let raw = b"From: b@y.example\nTo: c@y.example\nReply-To: z@y.example\nIn-Reply-To: <1@y>\nReferences: <1@y>\n\nsee\n";
        let d = edit(raw, &account(), &[], Pages::LaidOut);
        assert_eq!(d.from, account().identity().to_string());
        assert_eq!(
            (d.to.as_str(), d.reply_to.as_str(), d.kind),
            ("c@y.example", "", DraftKind::New)
        );
        assert!(d.references.is_empty() && d.in_reply_to.is_none());
    }

    #[test]
    fn a_page_is_quoted_as_text() {
        let raw = b"From: b@y.example\nContent-Type: text/html\n\n<p>See <a href='https://x.example/'>this</a></p><blockquote>old</blockquote>";
        let d = reply(
            Some(raw),
            &parse::envelope(raw),
            &account(),
            Way::Sender,
            &[],
            Pages::LaidOut,
        );
        assert!(d.body.contains("> See this\n>\n>> old\n"), "{}", d.body);
    }

    #[test]
    fn what_was_built_can_be_taken_up_again() {
        let first = Draft {
            to: "Bob <b@y.example>".to_owned(),
            bcc: "s@y.example".to_owned(),
            subject: "Tea".to_owned(),
            body: format!(
                "{}\n\n> quoted\n-- \nAda\n",
                "many words ".repeat(30).trim()
            ),
            ..fresh(&account())
        };
        let out = build::outgoing(
            &first,
            &account(),
            &[],
            build::new_message_id("a@x.example"),
            0,
        )
        .unwrap();
        let again = edit(&out.filed, &account(), &[], Pages::LaidOut);
        assert_eq!(again.body, first.body);
        assert_eq!(
            (again.from, again.to, again.bcc, again.subject),
            (first.from, first.to, first.bcc, first.subject)
        );
        assert!(
            !edit(&out.wire, &account(), &[], Pages::LaidOut)
                .bcc
                .contains("s@y")
        );
    }

    #[test]
    fn a_long_address_is_quoted_in_one_line() {
        let url = format!("https://x.example/{}", "a1b2/".repeat(40));
        let raw = format!(
            "From: b@y.example\n\nSee <{url}> and then {}\n",
            "word ".repeat(20)
        );
        let e = parse::envelope(raw.as_bytes());
        let d = reply(
            Some(raw.as_bytes()),
            &e,
            &account(),
            Way::Sender,
            &[],
            Pages::LaidOut,
        );
        assert!(
            d.body.contains(&format!("> See\n> <{url}> and")),
            "{}",
            d.body
        );
        // Where words have no blanks between them there is no such word.
        let raw = format!(
            "From: b@y.example\nContent-Type: text/plain; charset=utf-8\n\n{}\n",
            "\u{e01}".repeat(200)
        );
        let d = reply(
            Some(raw.as_bytes()),
            &e,
            &account(),
            Way::Sender,
            &[],
            Pages::LaidOut,
        );
        assert!(
            d.body.lines().all(|l| l.chars().count() <= 74),
            "{}",
            d.body
        );
    }

    #[test]
    fn a_long_text_is_taken_up_whole() {
        let line = format!("{}\n", "x".repeat(70));
        let raw = format!("Subject: x\n\n{}", line.repeat(20_000));
        let again = edit(raw.as_bytes(), &account(), &[], Pages::LaidOut);
        assert_eq!(again.body.len(), 20_000 * line.len());
    }

    proptest! {
        #[test]
        fn drafts_of_anything_are_clean(head in "(From|To|Subject|Reply-To|References): (\\PC|[\u{0}-\u{1f}]|\n |<|>|@|,|\u{202e}){0,60}", body in "(\\PC|[\u{0}-\u{1f}]|\n|> |\u{202e}){0,60}", html: bool) {
            let media = if html { "text/html" } else { "text/plain" };
            let raw = format!("{head}\nContent-Type: {media}; charset=utf-8\n\n{body}");
            let e = parse::envelope(raw.as_bytes());
            for d in [reply(Some(raw.as_bytes()), &e, &account(), Way::All, &[], Pages::LaidOut), forward(raw.as_bytes(), &e, &account(), Pages::LaidOut), edit(raw.as_bytes(), &account(), &[], Pages::LaidOut)] {
                for text in [&d.from, &d.to, &d.cc, &d.subject] {
                    prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
                }
                let bad = |c: char| c != '\n' && crate::text::clean::is_forbidden(c);
                prop_assert!(!d.body.chars().any(bad), "{:?}", d.body);
                // What can be read as a list can be built.
                if recipients::parse_list(&d.to).is_ok_and(|l| !l.is_empty()) {
                    let built = build::outgoing(&d, &account(), &[], build::new_message_id("a@x.example"), 0);
                    if let Ok(out) = built {
                        crate::mime::wire::tests::sound(&out.wire)?;
                    }
                }
            }
        }
    }
}
