//! Answers, forwards and messages edited anew: whom they go to and what stands in them.

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
        ("Ref: 12/77 offer", "Re: Ref: 12/77 offer"),
        ("Re: Ref: 12/77", "Re: Ref: 12/77"),
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
    let back = edit(&sent, &account(), &[], Pages::LaidOut, true);
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
    let d = edit(raw, &account(), &[], Pages::LaidOut, false);
    assert_eq!(d.from, account().identity().to_string());
    assert_eq!(
        (d.to.as_str(), d.reply_to.as_str(), d.kind),
        ("c@y.example", "", DraftKind::New)
    );
    assert!(d.references.is_empty() && d.in_reply_to.is_none());
}

#[test]
fn where_a_message_lies_tells_who_wrote_it_and_not_what_it_says() {
    let hidden = "a\u{202e}b\u{e0041}";
    let of = |from: &str, as_written| {
        let raw = format!(
            "{from}Content-Type: text/plain; charset=utf-8\n\
             To: {hidden} <c@y.example>\nSubject: {hidden}\n\n{hidden}\n"
        );
        edit(raw.as_bytes(), &account(), &[], Pages::LaidOut, as_written)
    };
    let ours = format!("From: {}\n", account().identity());
    for from in ["", &ours, "From: b@y.example\n"] {
        let (strange, own) = (of(from, false), of(from, true));
        for text in [&strange.to, &strange.subject, &strange.body] {
            assert!(!text.contains(['\u{202e}', '\u{e0041}']), "{text:?}");
        }
        for text in [&own.to, &own.subject, &own.body] {
            assert!(text.contains(hidden), "{from:?}: {text:?}");
        }
    }
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
    let again = edit(&out.filed, &account(), &[], Pages::LaidOut, true);
    assert_eq!(again.body, first.body);
    assert_eq!(
        (again.from, again.to, again.bcc, again.subject),
        (first.from, first.to, first.bcc, first.subject)
    );
    assert!(
        !edit(&out.wire, &account(), &[], Pages::LaidOut, true)
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
    let again = edit(raw.as_bytes(), &account(), &[], Pages::LaidOut, true);
    assert_eq!(again.body.len(), 20_000 * line.len());
}

proptest! {
    #[test]
    fn drafts_of_anything_are_clean(head in "(From|To|Subject|Reply-To|References): (\\PC|[\u{0}-\u{1f}]|\n |<|>|@|,|\u{202e}){0,60}", body in "(\\PC|[\u{0}-\u{1f}]|\n|> |\u{202e}){0,60}", html: bool) {
        let media = if html { "text/html" } else { "text/plain" };
        let own = format!("{head}\nContent-Type: {media}; charset=utf-8\n\n{body}");
        // What we wrote stays as it is, but for what is no letter.
        let again = edit(own.as_bytes(), &account(), &[], Pages::LaidOut, true);
        prop_assert!(!again.body.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{:?}", again.body);
        for text in [&again.from, &again.to, &again.cc, &again.subject] {
            prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
        }
        let raw = format!("From: eve@y.example\n{own}");
        let e = parse::envelope(raw.as_bytes());
        for d in [reply(Some(raw.as_bytes()), &e, &account(), Way::All, &[], Pages::LaidOut), forward(raw.as_bytes(), &e, &account(), Pages::LaidOut), edit(raw.as_bytes(), &account(), &[], Pages::LaidOut, false)] {
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
