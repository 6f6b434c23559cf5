//! Read receipts (RFC 8098): whether a message asks for one, and the one that the user lets go.
//!
//! Nothing here is ever sent by itself: the word is the user's (RFC 8098 §2.1).

use super::field;
use super::wire::{AGENT, BuildError, Fields, envelope, finished, new_message_id, one_line};
use super::wire::{sender, wire};
use crate::model::{Account, Address, Outgoing};
use crate::text::when;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

/// More addresses than this want to know: that is no receipt.
const MOST: usize = 5;

/// To whom a receipt is asked to be sent; empty if none is asked for.
pub fn asked(raw: &[u8]) -> Vec<Address> {
    let (fields, _) = field::split(raw);
    let asking = fields
        .iter()
        .filter(|f| f.is("Disposition-Notification-To"));
    let all: Vec<Address> = asking.flat_map(|f| field::all_addresses(f.value)).collect();
    match all.len() {
        0..=MOST => all,
        _ => Vec::new(),
    }
}

/// The receipt that says that a message was displayed, from `reader` (the address of ours that it
/// came to). It has no sender that mail could come back to (RFC 8098 §3).
///
/// # Errors
/// If none is asked for, or not to an address that can be written to.
pub fn displayed(
    raw: &[u8],
    account: &Account,
    reader: &Address,
    now: i64,
) -> Result<Outgoing, BuildError> {
    let to = asked(raw);
    let to: Result<Vec<Address>, BuildError> = to.iter().map(|a| wire("To", 0, a)).collect();
    let to = to?;
    let recipients = envelope(to.iter())?;
    let from = sender(&reader.to_string(), account)?;
    let (fields, _) = field::split(raw);
    let title = one_line(&field::text_of(&fields, "Subject"));
    let subject = format!("Read: {title}");
    let original = field::message_id(&fields, "Message-ID");
    let message_id = new_message_id(&from.addr);
    let mut head = Fields::answer(
        (&from, &to),
        &subject,
        &message_id,
        original.as_slice(),
        now,
    );

    let words = format!(
        "Your message \"{title}\" was displayed on {}.\nThis does not say that it was read or understood.\n",
        when::sent(now)
    );
    let text = ContentType::new("text/plain").attribute("charset", "utf-8");
    let mut facts = Fields::default();
    facts.text("Reporting-UA", AGENT);
    facts.text("Final-Recipient", &typed(&from.addr));
    facts.ids("Original-Message-ID", original.as_slice());
    facts.text("Disposition", "manual-action/MDN-sent-manually; displayed");
    let report =
        ContentType::new("multipart/report").attribute("report-type", "disposition-notification");
    let parts = vec![
        MimePart::new(text, words),
        MimePart::new("message/disposition-notification", facts.bytes)
            .header("Content-Transfer-Encoding", Raw::new("7bit")),
    ];
    MimePart::new(report, BodyPart::Multipart(parts)).write_part(&mut head.bytes);
    Ok(Outgoing {
        recipients,
        subject,
        wire: finished(&head.bytes).into(),
        ..Outgoing::new(account.name.clone(), message_id, now)
    })
}

/// An address with its type, in ASCII: what is beyond that is told by its number (RFC 6533 §3).
fn typed(addr: &str) -> String {
    if addr.is_ascii() {
        return format!("rfc822;{addr}");
    }
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '+' | '=');
    let letters = addr.chars().map(|c| match plain(c) {
        true => c.to_string(),
        false => format!("\\x{{{:X}}}", u32::from(c)),
    });
    format!("utf-8;{}", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::tree::Tree;
    use crate::mime::wire::tests::{account, sound};
    use proptest::prelude::*;

    const MAIL: &[u8] = b"From: b@y.example\nTo: ada@x.example\nMessage-ID: <1@y>\nSubject: =?utf-8?q?T=C3=A9?=\nDisposition-Notification-To: Bob <b@y.example>\n\nhi\n";

    #[test]
    fn a_receipt_says_what_was_displayed_and_no_more() {
        let account = account();
        let out = displayed(MAIL, &account, &account.identity(), 0).unwrap();
        assert_eq!((out.mail_from.as_str(), out.recipients.len()), ("", 1));
        let tree = Tree::read(&out.wire);
        assert!(tree.part(0).is_some_and(|p| p.is("multipart", "report")));
        let facts = (0..4).filter_map(|n| tree.part(n));
        let facts: Vec<_> = facts
            .filter(|p| p.is("message", "disposition-notification"))
            .collect();
        assert_eq!(facts.len(), 1);
        let text = String::from_utf8(out.wire.to_vec()).unwrap();
        assert!(text.contains("Original-Message-ID: <1@y>"), "{text}");
        assert!(text.contains("Disposition: manual-action/MDN-sent-manually; displayed"));
        assert!(text.contains("Final-Recipient: rfc822;ada@x.example"));
    }

    #[test]
    fn an_address_beyond_ascii_stays_the_readers() {
        let reader = Address::new("", "müller+x@x.example");
        let out = displayed(MAIL, &account(), &reader, 0).unwrap();
        let text = String::from_utf8(out.wire.to_vec()).unwrap();
        let told = "\r\nFinal-Recipient: utf-8;m\\x{FC}ller\\x{2B}x@x.example\r\n";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn none_is_made_where_none_is_asked_for() {
        assert!(asked(b"From: b@y.example\n\nhi").is_empty());
        let account = account();
        assert!(displayed(b"From: b@y.example\n\nhi", &account, &account.identity(), 0).is_err());
        let many = (0..9)
            .map(|n| format!("a{n}@y.example"))
            .collect::<Vec<_>>()
            .join(", ");
        assert!(asked(format!("Disposition-Notification-To: {many}\n\n").as_bytes()).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_asks_the_receipt_is_sound(head in "(Subject|Message-ID|Disposition-Notification-To): (\\PC|[\u{0}-\u{1f}]|\n |<b@y>|,){0,60}") {
            let raw = format!("{head}\nDisposition-Notification-To: b@y.example\n\n");
            let account = account();
            if let Ok(out) = displayed(raw.as_bytes(), &account, &account.identity(), 0) {
                sound(&out.wire)?;
            }
        }
    }
}
