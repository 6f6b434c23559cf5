//! Reports of what became of a message: delivery status notifications (RFC 3464, internationalised by
//! RFC 6533) and read receipts (RFC 8098), both a multipart/report (RFC 6522); and bounces of other
//! kinds (`bounce.rs`).
//!
//! Anybody can write a report; what it says is believed only of messages that we sent, and nothing
//! follows from it but words. Everything read is untrusted text and bounded.

use super::bounce;
use super::field::{self, Field};
use super::render::Rendered;
use super::tree::{Part, Tree};
use crate::lang::mark;
use crate::model::{Fact, MessageId, standing};
use crate::text::Clean;

/// Recipients of one report that are read.
const MOST: usize = 100;
/// Octets of a status part, and of the header of the original, that are looked at.
const LONGEST: usize = 256 << 10;
/// Characters that are kept of an address and of a server's words.
const WORDS: usize = 500;

/// What a report says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Message-ID of the message that is reported of; some bounces don't say it.
    pub original: Option<MessageId>,
    /// Message-ID of the report.
    pub message_id: Option<MessageId>,
    /// When it was written, seconds since 1970, if it says so.
    pub date: Option<i64>,
    /// What became of whom.
    pub facts: Vec<Fact>,
}

/// Shows on a message of ours what was reported of it.
pub fn show(rendered: &mut Rendered, facts: &[Fact]) {
    let name = || Clean::lit(mark!("head", "Report"));
    let lines = facts.iter().map(|f| (name(), Clean::line(&f.words())));
    rendered.headers.extend(lines);
    let failed: Vec<String> = facts
        .iter()
        .filter(|f| f.action == "failed")
        .map(Fact::words)
        .collect();
    if !failed.is_empty() {
        let before = rendered.warning.iter().map(ToString::to_string);
        let all: Vec<String> = before.chain(failed).collect();
        rendered.warning = Some(Clean::line(&all.join("; ")));
    }
}

/// Whether a header announces a report, or may be a bounce's; cheap, for every new message.
pub fn is_announced(header: &[u8]) -> bool {
    let (fields, _) = field::split(header);
    if bounce::is_by_a_daemon(&fields) {
        return true;
    }
    field::find(&fields, "Content-Type").is_some_and(|f| {
        let value = f.value.trim_ascii();
        let main = value.get(..16).unwrap_or(value);
        main.eq_ignore_ascii_case(b"multipart/report")
    })
}

/// Reads a message as a report; `None` if it is none.
pub fn read(raw: &[u8]) -> Option<Report> {
    let tree = Tree::read(raw);
    let whole = tree.part(0)?;
    let mut report = Report {
        message_id: field::message_id(&tree.fields, "Message-ID"),
        date: tree.field("Date").and_then(|date| field::date(date.value)),
        ..Report::default()
    };
    if !whole.is("multipart", "report") {
        let bounce = bounce::read(&tree)?;
        (report.original, report.facts) = (bounce.original, bounce.facts);
        return Some(report);
    }
    let inside: Vec<&Part<'_>> = whole
        .children
        .iter()
        .take(MOST)
        .filter_map(|id| tree.part(*id))
        .collect();
    let is = |p: &&&Part<'_>, subs: &[&str]| subs.iter().any(|sub| p.is("message", sub));
    let one = |subs: &[&str]| inside.iter().find(|p| is(p, subs)).copied();
    if let Some(part) = one(&["delivery-status", "global-delivery-status"]) {
        let bytes = part.bytes();
        let (envelope, facts) = delivery(cut(&bytes));
        report.facts = facts;
        report.original = original(&inside).or(envelope);
    } else if let Some(part) = one(&[
        "disposition-notification",
        "global-disposition-notification",
    ]) {
        let bytes = part.bytes();
        let (fields, _) = field::split(cut(&bytes));
        report.facts.extend(displayed(&fields));
        let named = field::message_id(&fields, "Original-Message-ID");
        report.original = named.or_else(|| original(&inside));
    }
    (!report.facts.is_empty()).then_some(report)
}

fn cut(bytes: &[u8]) -> &[u8] {
    bytes.get(..LONGEST).unwrap_or(bytes)
}

/// The Message-ID of the message, or of its header, that came back with the report.
fn original(inside: &[&Part<'_>]) -> Option<MessageId> {
    let came_back = inside.iter().find(|p| {
        p.is("message", "rfc822")
            || p.is("text", "rfc822-headers")
            || p.is("message", "global")
            || p.is("message", "global-headers")
    })?;
    let bytes = came_back.bytes();
    field::message_id(&field::split(cut(&bytes)).0, "Message-ID")
}

/// The groups of fields of a delivery status (RFC 3464 §2.1): one about the message, the others
/// about a recipient each. Answers the message's envelope identifier, which is our Message-ID, too.
fn delivery(bytes: &[u8]) -> (Option<MessageId>, Vec<Fact>) {
    let mut rest = bytes.trim_ascii();
    let (mut envelope, mut facts) = (None, Vec::new());
    while !rest.is_empty() && facts.len() < MOST {
        let (fields, at) = field::split(rest);
        let envid = value(&fields, "Original-Envelope-Id");
        envelope = envelope.or_else(|| MessageId::new(&envid).filter(|_| envid.contains('@')));
        facts.extend(fact(&fields));
        rest = match rest.get(at..) {
            Some(more) if at > 0 => more.trim_ascii_start(),
            _ => &[],
        };
    }
    (envelope, facts)
}

fn fact(fields: &[Field<'_>]) -> Option<Fact> {
    let action = value(fields, "Action").to_ascii_lowercase();
    let known = ["failed", "delayed", "delivered", "relayed", "expanded"];
    let action = known.into_iter().find(|known| *known == action)?;
    let status = value(fields, "Status");
    let status = status.split_whitespace().next().unwrap_or_default();
    Some(Fact {
        recipient: recipient(fields)?,
        action: action.to_owned(),
        status: match standing::is_status(status) {
            true => status.to_owned(),
            false => String::new(),
        },
        diagnostic: typed(&value(fields, "Diagnostic-Code")),
    })
}

/// A receipt counts if it says that the message was displayed (RFC 8098 §3.2.6).
fn displayed(fields: &[Field<'_>]) -> Option<Fact> {
    let disposition = value(fields, "Disposition").to_ascii_lowercase();
    let (_, kind) = disposition.split_once(';')?;
    let kind = kind.split(['/', ',']).next().unwrap_or_default();
    (kind.trim() == "displayed").then_some(())?;
    Some(Fact {
        recipient: recipient(fields)?,
        action: "displayed".to_owned(),
        status: String::new(),
        diagnostic: String::new(),
    })
}

/// Whom we wrote to, where that is said; else where the message went in the end.
fn recipient(fields: &[Field<'_>]) -> Option<String> {
    let written = |name: &str| {
        let address = typed(&value(fields, name));
        let address = address.trim_matches(['<', '>']).to_owned();
        (address.contains('@') && !address.contains(char::is_whitespace)).then_some(address)
    };
    written("Original-Recipient").or_else(|| written("Final-Recipient"))
}

/// What stands behind `type;`.
fn typed(value: &str) -> String {
    let text = value.split_once(';').map_or(value, |(_, text)| text);
    text.trim().to_owned()
}

fn value(fields: &[Field<'_>], name: &str) -> String {
    let found = field::find(fields, name);
    let text = found.map(|f| field::unfolded(f.value)).unwrap_or_default();
    text.trim().chars().take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNCE: &str = "From: MAILER-DAEMON@mx.example\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\nMessage-ID: <r@mx.example>\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
        --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; mx.example\r\nOriginal-Envelope-Id: other@x.example\r\n\r\n\
        Original-Recipient: rfc822;bo@example.test\r\nFinal-Recipient: rfc822; robert@inner.example\r\n\
        Action: failed\r\nStatus: 5.1.1 (no)\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n <bo@example.test> unknown\r\n\r\n\
        Final-Recipient: rfc822; cy@example.test\r\nAction: Delayed\r\nStatus: 4.4.1\r\n\r\n\
        Final-Recipient: rfc822; nobody\r\nAction: failed\r\n\
        --b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Tea\r\nMessage-ID: <own@example.test>\r\n\r\n--b--\r\n";

    #[test]
    fn a_bounce_says_of_which_message_and_of_whom() {
        let report = read(BOUNCE.as_bytes()).unwrap();
        assert_eq!(report.original, MessageId::new("<own@example.test>"));
        assert_eq!(report.message_id, MessageId::new("<r@mx.example>"));
        assert_eq!(report.date, Some(1_795_248_000));
        let fact = |who: &str, action: &str, status: &str, words: &str| Fact {
            recipient: who.to_owned(),
            action: action.to_owned(),
            status: status.to_owned(),
            diagnostic: words.to_owned(),
        };
        assert_eq!(
            report.facts,
            [
                fact(
                    "bo@example.test",
                    "failed",
                    "5.1.1",
                    "550 5.1.1 <bo@example.test> unknown"
                ),
                fact("cy@example.test", "delayed", "4.4.1", ""),
            ]
        );
        let without = BOUNCE.replace("text/rfc822-headers", "text/plain");
        let report = read(without.as_bytes()).unwrap();
        assert_eq!(report.original, MessageId::new("<other@x.example>"));
        let whole = BOUNCE.replace("text/rfc822-headers", "message/rfc822");
        let report = read(whole.as_bytes()).unwrap();
        assert_eq!(report.original, MessageId::new("<own@example.test>"));
    }

    #[test]
    fn our_own_receipt_is_read_as_one() {
        let receipt = |disposition: &str| {
            format!(
                "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n\
                 --b\r\n\r\nx\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n\
                 Final-Recipient: rfc822;bo@example.test\r\nOriginal-Message-ID: <own@example.test>\r\n\
                 Disposition: {disposition}\r\n--b--\r\n"
            )
        };
        let report =
            read(receipt("manual-action/MDN-sent-manually; displayed").as_bytes()).unwrap();
        assert_eq!(report.original, MessageId::new("<own@example.test>"));
        assert_eq!(report.facts[0].action, "displayed");
        let deleted = receipt("manual-action/MDN-sent-manually; deleted");
        assert_eq!(read(deleted.as_bytes()), None);
    }

    #[test]
    fn the_header_alone_tells_that_there_may_be_one() {
        assert!(is_announced(BOUNCE.as_bytes()));
        assert!(is_announced(
            b"Content-Type:\r\n Multipart/Report;\r\n x=y\r\n\r\n"
        ));
        assert!(is_announced(b"From: <MAILER-DAEMON@mx.example>\r\n\r\n"));
        for none in [
            "",
            "Content-Type: multipart/mixed\r\n",
            "Subject: multipart/report\r\n",
        ] {
            assert!(!is_announced(none.as_bytes()), "{none}");
        }
        assert_eq!(read(b"Content-Type: multipart/report\r\n\r\nnothing"), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_within_bounds(
            status in "((Final-Recipient|Action|Status|Original-Recipient|X): (\\PC|@|;|failed|\r\n ){0,40}(\r\n){1,2}){0,30}",
            id in "\\PC{0,60}",
        ) {
            let raw = format!(
                "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
                 {status}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {id}\r\n--b--\r\n"
            );
            if let Some(report) = read(raw.as_bytes()) {
                prop_assert!(report.facts.len() <= MOST);
                for fact in &report.facts {
                    prop_assert!(fact.recipient.contains('@') && fact.recipient.chars().count() <= WORDS);
                }
            }
        }

        #[test]
        fn any_octets_are_survived(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&raw);
            let mut report = b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n".to_vec();
            report.extend(raw);
            let _ = read(&report);
        }
    }
}
