//! A message sent on as it is, to somebody else (what others call bounce or resend; RFC 5322
//! §3.6.6): fields that say who passed it on come on top, everything below stays what it was.

use super::field;
use super::verbatim::{apart, copy, encoded};
use super::wire::{BuildError, Fields, crlf, envelope, new_message_id, sender, typed};
use crate::model::{Account, Outgoing};
use crate::text::when;

/// Fields of an earlier journey, which would mislead on this one.
const TRACES: [&str; 3] = ["Return-Path", "Delivered-To", "X-Original-To"];

/// The message to `to` (as typed). No copy is filed: it is not one that we wrote, and lies here
/// already. Its Message-ID in the outbox is that of this passing on.
///
/// # Errors
/// Nobody to send to, addresses that can't be read, or a message that can't go as it is.
pub fn redirect(raw: &[u8], account: &Account, to: &str, now: i64) -> Result<Outgoing, BuildError> {
    let raw = crlf(raw);
    let (fields, body) = apart(&raw)?;
    let from = sender("", account)?;
    let to = typed("To", to)?;
    let recipients = envelope(to.iter())?;
    let message_id = new_message_id(&from.addr);
    let mut out = Fields::default();
    out.text("Resent-Date", &when::rfc5322(now));
    out.addresses("Resent-From", std::slice::from_ref(&from));
    out.addresses("Resent-To", &to);
    out.ids("Resent-Message-ID", std::slice::from_ref(&message_id));
    let body = encoded(&fields, body)?;
    for f in &fields {
        let misleads = f.is_blind() || TRACES.iter().any(|name| f.is(name));
        if !(misleads || body.replaces(f)) {
            copy(&mut out, f)?;
        }
    }
    Ok(Outgoing {
        mail_from: from.addr,
        recipients,
        subject: field::text_of(&fields, "Subject"),
        wire: body.after(out).into(),
        ..Outgoing::new(account.name.clone(), message_id, now)
    })
}

/// Whether a message of the outbox was only passed on: what [`redirect`] makes begins so.
pub fn is_one(raw: &[u8]) -> bool {
    let (fields, _) = field::split(raw);
    fields.first().is_some_and(|f| f.is("Resent-Date"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::{account, names, sound};
    use proptest::prelude::*;

    #[test]
    fn it_stays_what_it_was_below_who_passed_it_on() {
        let raw = b"Return-Path: <b@y>\nFrom: b@y.example\nTo: ada@x.example\nBcc: z@y.example\nX-Postrider-Bcc: z@y.example\nMessage-ID: <1@y>\nSubject: Tea\n\nhi\n";
        let out = redirect(raw, &account(), "c@z.example, d@z.example", 0).unwrap();
        assert!(is_one(&out.wire) && !is_one(raw));
        let want = [
            "Resent-Date",
            "Resent-From",
            "Resent-To",
            "Resent-Message-ID",
            "From",
            "To",
            "Message-ID",
            "Subject",
        ];
        assert_eq!(names(&out.wire), want);
        assert_eq!(out.recipients, ["c@z.example", "d@z.example"]);
        let wire = String::from_utf8(out.wire.to_vec()).unwrap();
        assert!(wire.contains("\r\nFrom: b@y.example\r\n") && wire.ends_with("\r\n\r\nhi\r\n"));
        assert!(!wire.contains("z@y.example") && out.filed.is_empty());
        assert_ne!(out.message_id.as_str(), "1@y");
        assert!(redirect(raw, &account(), " ", 0).is_err());
        assert!(redirect(b"", &account(), "c@z.example", 0).is_err());
    }

    proptest! {
        #[test]
        fn anything_that_goes_is_sound(head in "(From|Subject|X): (\\PC|[\u{1}-\u{1f}]|\n ){0,60}", body in "(\\PC|[\u{1}-\u{1f}]|\r|\n|\\.){0,80}") {
            let raw = format!("{head}\n\n{body}");
            if let Ok(out) = redirect(raw.as_bytes(), &account(), "c@z.example", 0) {
                sound(&out.wire)?;
            }
        }
    }
}
