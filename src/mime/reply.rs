//! Drafts that answer, pass on, or go on with a message (RFC 5322 §3.6.3, §3.6.4).
//!
//! What is quoted is what the reader shows: the chosen alternative, HTML laid out as text, clean.

use super::attachment::{safe_name, unnamed};
use super::body::{self, Piece, Prefer};
use super::flowed::{self, Paragraph};
use super::link::Links;
use super::recipients::format_list;
use super::styled::Mark;
use super::tree::Tree;
use super::{field, html, parse};
use crate::model::{Account, Address, Draft, DraftAttachment, DraftKind, Envelope, MessageId};
use crate::text::{Clean, when, wrap};
use std::sync::Arc;

/// Columns of quoted text, with its marks.
const COLUMNS: usize = 74;
/// The most lines that are quoted.
const MAX_LINES: usize = 3_000;
/// Messages inside messages whose text is taken.
const MAX_INSIDE: usize = 3;

/// A new message: the sender and the signature.
pub fn fresh(account: &Account) -> Draft {
    Draft {
        from: account.identity().to_string(),
        body: format!("\n{}", signature(account)),
        ..Draft::new(account.name.clone())
    }
}

/// An answer, to the sender or to all. `raw` is the message if its body is here (then it is
/// quoted); `own` are the user's addresses, which are not written to, unless there is nobody else.
pub fn reply(
    raw: Option<&[u8]>,
    envelope: &Envelope,
    account: &Account,
    all: bool,
    own: &[String],
) -> Draft {
    let is_own = |a: &Address| {
        let same = |o: &String| o.eq_ignore_ascii_case(&a.addr);
        own.iter().any(same) || account.email.eq_ignore_ascii_case(&a.addr)
    };
    let sent_by_us = !envelope.from.is_empty() && envelope.from.iter().all(is_own);
    // Answering what one wrote oneself goes on talking to those it went to.
    let first = match (sent_by_us, envelope.reply_to.is_empty()) {
        (true, true) if !envelope.to.is_empty() => &envelope.to,
        (_, true) => &envelope.from,
        (_, false) => &envelope.reply_to,
    };
    let mut to = Vec::new();
    let mut cc = Vec::new();
    add(&mut to, &[], first.iter().filter(|a| !is_own(a)));
    if all {
        let others = envelope.to.iter().chain(&envelope.cc);
        add(&mut cc, &to, others.filter(|a| !is_own(a)));
    }
    if to.is_empty() {
        // Only ourselves: to whom else? With others in Cc, they come first.
        to = std::mem::take(&mut cc);
    }
    if to.is_empty() {
        add(&mut to, &[], first.iter());
    }
    let quoted = raw.map(|raw| quotation(raw, envelope)).unwrap_or_default();
    Draft {
        kind: DraftKind::Reply,
        from: identity(envelope, account, own).to_string(),
        to: typed(&to),
        cc: typed(&cc),
        subject: prefixed("Re: ", &envelope.subject, &REPLY),
        body: format!("\n\n{quoted}{}", signature(account)),
        in_reply_to: envelope.message_id.clone(),
        references: references(envelope),
        ..Draft::new(account.name.clone())
    }
}

/// A message passed on inline, with its attachments.
pub fn forward(raw: &[u8], envelope: &Envelope, account: &Account) -> Draft {
    let mut body = format!(
        "\n\n{}---------- Forwarded message ----------\n",
        signature(account)
    );
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            body.push_str(&format!("{name}: {}\n", Clean::line(value)));
        }
    };
    put("From", &format_list(&envelope.from));
    put("Date", &envelope.date.map(when::long).unwrap_or_default());
    put("Subject", &envelope.subject);
    put("To", &format_list(&envelope.to));
    put("Cc", &format_list(&envelope.cc));
    body.push('\n');
    let tree = Tree::read(raw);
    for p in text(&tree, 0).iter().take(MAX_LINES) {
        body.push_str(&">".repeat(p.quote));
        if p.quote > 0 {
            body.push(' ');
        }
        body.push_str(p.text.trim_end());
        body.push('\n');
    }
    Draft {
        kind: DraftKind::Forward,
        from: identity(envelope, account, &[]).to_string(),
        subject: prefixed("Fwd: ", &envelope.subject, &FORWARD),
        body,
        attachments: attachments(&tree),
        ..Draft::new(account.name.clone())
    }
}

/// A message taken up again as a draft: its own words, recipients (Bcc too) and attachments. It
/// gets a new Message-ID when it is sent.
pub fn edit(raw: &[u8], account: &Account) -> Draft {
    let tree = Tree::read(raw);
    let e = parse::of_fields(&tree.fields);
    let list = |name: &str| {
        let found = tree.fields.iter().filter(|f| f.is(name));
        typed(
            &found
                .flat_map(|f| field::all_addresses(f.value))
                .collect::<Vec<_>>(),
        )
    };
    let mut body = String::new();
    for p in text(&tree, 0) {
        body.push_str(&">".repeat(p.quote));
        if p.quote > 0 {
            body.push(' ');
        }
        body.push_str(if p.text == "-- " {
            &p.text
        } else {
            p.text.trim_end()
        });
        body.push('\n');
    }
    let in_reply_to = e.in_reply_to.first().cloned();
    Draft {
        kind: if in_reply_to.is_some() {
            DraftKind::Reply
        } else {
            DraftKind::New
        },
        from: match e.from.first() {
            Some(from) => typed(std::slice::from_ref(from)),
            None => account.identity().to_string(),
        },
        to: list("To"),
        cc: list("Cc"),
        bcc: list("Bcc"),
        subject: Clean::line(&e.subject).to_string(),
        body,
        attachments: attachments(&tree),
        in_reply_to,
        references: e.references,
        ..Draft::new(account.name.clone())
    }
}

/// Prefixes of answers that clients write, without their colon.
const REPLY: [&str; 14] = [
    "re", "aw", "antw", "antwort", "sv", "vs", "odp", "ynt", "r", "rif", "ref", "res", "回复",
    "答复",
];
/// Prefixes of forwarded messages.
const FORWARD: [&str; 11] = [
    "fwd", "fw", "wg", "tr", "rv", "enc", "i", "vb", "doorst", "vl", "转发",
];

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

/// The address of ours that the message came to or from, else the account's.
fn identity(e: &Envelope, account: &Account, own: &[String]) -> Address {
    let found = e.to.iter().chain(&e.cc).chain(&e.from).find(|a| {
        own.iter().any(|o| o.eq_ignore_ascii_case(&a.addr))
            && !account.email.eq_ignore_ascii_case(&a.addr)
    });
    let to_account =
        e.to.iter()
            .chain(&e.cc)
            .any(|a| account.email.eq_ignore_ascii_case(&a.addr));
    match found {
        // The spelling is ours: a sender may have put any name beside it.
        Some(a) if !to_account => Address::new(account.full_name.clone(), a.addr.to_lowercase()),
        _ => account.identity(),
    }
}

/// Adds addresses that are in neither list yet.
fn add<'a>(list: &mut Vec<Address>, other: &[Address], more: impl Iterator<Item = &'a Address>) {
    for a in more {
        if !a.addr.is_empty() && !list.iter().chain(other).any(|b| b.same_mailbox(a)) {
            list.push(a.clone());
        }
    }
}

/// As it stands in a field of the composer: names clean, addresses as they are.
fn typed(list: &[Address]) -> String {
    let clean: Vec<Address> = list
        .iter()
        .map(|a| Address::new(Clean::line(&a.name).to_string(), a.addr.clone()))
        .collect();
    format_list(&clean)
}

fn signature(account: &Account) -> String {
    match account.signature.as_deref().map(str::trim_end) {
        Some(text) if !text.is_empty() => format!("\n-- \n{text}\n"),
        _ => String::new(),
    }
}

/// `On Mon, 3 Mar 2025 at 14:05, Ada wrote:` and the text behind `>`, without its signature.
fn quotation(raw: &[u8], e: &Envelope) -> String {
    let who = e.from.first().map(|a| Clean::line(a.display()).to_string());
    let who = who
        .filter(|w| !w.is_empty())
        .unwrap_or_else(|| "somebody".to_owned());
    let mut out = match e.date {
        Some(date) => format!("On {}, {who} wrote:\n", when::attribution(date)),
        None => format!("{who} wrote:\n"),
    };
    let mut own = text(&Tree::read(raw), 0);
    own.retain(|p| !p.signature);
    while own.last().is_some_and(|p| p.text.trim().is_empty()) {
        own.pop();
    }
    let mut lines = 0;
    for p in own {
        let marks = ">".repeat(p.quote + 1);
        for line in wrap::wrap(
            p.text.trim_end(),
            COLUMNS.saturating_sub(marks.len() + 1).max(20),
        ) {
            lines += 1;
            if lines > MAX_LINES {
                out.push_str("> […]\n");
                return out;
            }
            out.push_str(format!("{marks} {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

/// The text of a message as paragraphs, clean.
fn text(tree: &Tree<'_>, inside: usize) -> Vec<Paragraph> {
    let mut out: Vec<Paragraph> = Vec::new();
    for piece in body::choose(tree, Prefer::Best).pieces {
        match piece {
            Piece::Plain(id) => {
                let Some(part) = tree.part(id) else { continue };
                let (is_flowed, del_sp) = parse::flow(part);
                out.extend(flowed::read(&part.text(), is_flowed, del_sp));
            }
            Piece::Html(id) => {
                let Some(part) = tree.part(id) else { continue };
                out.extend(page(&part.text()));
            }
            Piece::Message(id) if inside < MAX_INSIDE => {
                let Some(part) = tree.part(id) else { continue };
                let bytes = part.bytes();
                out.extend(text(&Tree::read(&bytes), inside + 1));
            }
            Piece::Calendar(_) | Piece::Report(_) | Piece::Message(_) | Piece::Encrypted => {}
        }
    }
    for p in &mut out {
        p.text = Clean::block(&p.text).as_str().replace('\n', " ");
    }
    out
}

/// HTML as paragraphs, without the numbers of its links.
fn page(html: &str) -> Vec<Paragraph> {
    let (lines, _) = html::lines(html, COLUMNS - 2, &mut Links::default());
    let mut out = Vec::new();
    for line in lines {
        let mut text = String::new();
        for span in &line.spans {
            match span.style {
                Mark::Quote(_) => {}
                Mark::Link(n) => {
                    let shown = span.text.as_str();
                    text.push_str(shown.strip_suffix(&format!("[{n}]")).unwrap_or(shown));
                }
                _ => text.push_str(span.text.as_str()),
            }
        }
        out.push(Paragraph {
            quote: usize::from(line.quote),
            text,
            signature: false,
        });
    }
    out
}

fn attachments(tree: &Tree<'_>) -> Vec<DraftAttachment> {
    let rows = body::attachments(tree);
    let taken = rows.iter().filter_map(|row| {
        let part = tree.part(row.part)?;
        Some(DraftAttachment::Bytes {
            name: if row.name.trim().is_empty() {
                unnamed(&row.media_type)
            } else {
                safe_name(&row.name)
            },
            media_type: row.media_type.clone(),
            bytes: Arc::from(part.bytes().into_owned()),
        })
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::account;
    use crate::mime::{build, recipients};
    use proptest::prelude::*;

    fn envelope(text: &str) -> Envelope {
        parse::envelope(text.as_bytes())
    }

    const MAIL: &[u8] = b"From: Bob <b@y.example>\nTo: ada@x.example, c@z.example\nCc: d@z.example, B@y.example\nSubject: AW: Re[2]: Tea\nMessage-ID: <2@y>\nReferences: <0@y> <1@y>\n\nHello Ada,\n\n> older\n\nBye\n-- \nBob\n";

    #[test]
    fn an_answer_goes_to_the_sender_and_is_threaded() {
        let e = parse::envelope(MAIL);
        let d = reply(Some(MAIL), &e, &account(), false, &[]);
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
        let d = reply(None, &e, &account(), true, &["D@z.example".to_owned()]);
        assert_eq!(
            (d.to.as_str(), d.cc.as_str()),
            ("Bob <b@y.example>", "c@z.example")
        );
        assert!(!d.body.contains('>'));
    }

    #[test]
    fn nobody_answers_himself() {
        let mine = envelope("From: ada@x.example\nTo: c@z.example\nCc: d@z.example\n\n");
        let d = reply(None, &mine, &account(), true, &[]);
        assert_eq!(
            (d.to.as_str(), d.cc.as_str()),
            ("c@z.example", "d@z.example")
        );
        let note = envelope("From: ada@x.example\nTo: ada@x.example\n\n");
        assert_eq!(
            reply(None, &note, &account(), true, &[]).to,
            "ada@x.example"
        );
        let list = envelope("From: b@y.example\nReply-To: list@y.example\nTo: list@y.example\n\n");
        assert_eq!(
            reply(None, &list, &account(), false, &[]).to,
            "list@y.example"
        );
        let alias = envelope("From: b@y.example\nTo: a2@x.example\n\n");
        let d = reply(None, &alias, &account(), true, &["a2@x.example".to_owned()]);
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
        let d = forward(raw, &parse::envelope(raw), &account());
        assert_eq!(
            (d.subject.as_str(), d.kind),
            ("Fwd: Plan", DraftKind::Forward)
        );
        assert!(d.body.contains("From: b@y.example\nDate: ") && d.body.ends_with("\n\nsee file\n"));
        let want = DraftAttachment::Bytes {
            name: "p.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: Arc::from(&b"hi"[..]),
        };
        assert_eq!(d.attachments, [want]);
    }

    #[test]
    fn a_page_is_quoted_as_text() {
        let raw = b"From: b@y.example\nContent-Type: text/html\n\n<p>See <a href='https://x.example/'>this</a></p><blockquote>old</blockquote>";
        let d = reply(Some(raw), &parse::envelope(raw), &account(), false, &[]);
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
        let again = edit(&out.filed, &account());
        assert_eq!(again.body, first.body);
        assert_eq!(
            (again.from, again.to, again.bcc, again.subject),
            (first.from, first.to, first.bcc, first.subject)
        );
        assert!(!edit(&out.wire, &account()).bcc.contains("s@y"));
    }

    proptest! {
        #[test]
        fn drafts_of_anything_are_clean(head in "(From|To|Subject|Reply-To|References): (\\PC|[\u{0}-\u{1f}]|\n |<|>|@|,|\u{202e}){0,60}", body in "(\\PC|[\u{0}-\u{1f}]|\n|> |\u{202e}){0,60}", html: bool) {
            let media = if html { "text/html" } else { "text/plain" };
            let raw = format!("{head}\nContent-Type: {media}; charset=utf-8\n\n{body}");
            let e = parse::envelope(raw.as_bytes());
            for d in [reply(Some(raw.as_bytes()), &e, &account(), true, &[]), forward(raw.as_bytes(), &e, &account()), edit(raw.as_bytes(), &account())] {
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
