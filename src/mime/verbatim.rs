//! Messages that somebody else wrote, made fit to be sent (what `sendmail -t` does).
//!
//! Recipients come from To, Cc and Bcc. Bcc leaves the wire's form. Date, From, Message-ID and
//! MIME-Version are added where they are missing; fields with raw characters beyond ASCII are
//! encoded; a text that can't go as it is (long lines, undeclared characters) becomes
//! quoted-printable. Everything else stays, octet for octet, but for the line ends.

use super::field::{self, Field};
use super::params::Parameterised;
use super::transfer::{Encoding, to_quoted_printable};
use super::wire::{BuildError, Fields, crlf, envelope, longest_line, new_message_id};
use super::wire::{sender, wire, with_bcc};
use crate::lang::tr;
use crate::model::{Account, Address, Outgoing};
use crate::text::when;
use std::sync::Arc;

/// The longest line that SMTP carries, without its end (RFC 5321 §4.5.3.1.6).
const MAX_LINE: usize = 998;

/// The finished message.
///
/// # Errors
/// Nobody to send to; an address that can't be written to; no header; a NUL; lines too long in a
/// message whose parts we must not touch.
pub fn from_rfc5322(raw: &[u8], account: &Account, now: i64) -> Result<Outgoing, BuildError> {
    let raw = crlf(raw);
    let (fields, body) = apart(&raw)?;
    let to = named(&fields, "To")?;
    let cc = named(&fields, "Cc")?;
    let bcc = named(&fields, "Bcc")?;
    let recipients = envelope(to.iter().chain(&cc).chain(&bcc))?;
    let from = match named(&fields, "From")?.into_iter().next() {
        Some(from) => from,
        None => sender("", account)?,
    };
    let given = field::message_id(&fields, "Message-ID");
    let message_id = given.clone().unwrap_or_else(|| new_message_id(&from.addr));

    let lacks = |name: &str| field::find(&fields, name).is_none();
    let mut out = Fields::default();
    if lacks("Date") {
        out.text("Date", &when::rfc5322(now));
    }
    if lacks("From") {
        out.addresses("From", std::slice::from_ref(&from));
    }
    if given.is_none() {
        out.ids("Message-ID", std::slice::from_ref(&message_id));
    }
    if lacks("MIME-Version") {
        out.text("MIME-Version", "1.0");
    }
    let bcc_at = out.bytes.len();
    let body = encoded(&fields, body)?;
    for f in &fields {
        let unusable = f.is("Message-ID") && given.is_none();
        if !(f.is_blind() || body.replaces(f) || unusable) {
            copy(&mut out, f)?;
        }
    }
    let message = Arc::new(body.after(out));
    Ok(Outgoing {
        mail_from: from.addr,
        recipients,
        subject: field::text_of(&fields, "Subject"),
        filed: with_bcc(&message, bcc_at, &bcc),
        wire: message,
        ..Outgoing::new(account.name.clone(), message_id, now)
    })
}

/// The fields and the body of a message that came ready-made, its lines ended by CRLF.
pub(super) fn apart(raw: &[u8]) -> Result<(Vec<Field<'_>>, &[u8]), BuildError> {
    let refuse = |why: &str| Err(BuildError::NotAMessage(why.to_owned()));
    if raw.contains(&0) {
        return refuse(tr!("it has a NUL in it"));
    }
    let (fields, at) = field::split(raw);
    if fields.is_empty() {
        return refuse(tr!(
            "it does not begin with header fields such as \"To: somebody@example.org\""
        ));
    }
    // What comes after them was not read: recipients may be among it.
    if fields.len() >= field::MAX_FIELDS {
        return refuse(tr!("its header has too many fields"));
    }
    Ok((fields, raw.get(at..).unwrap_or_default()))
}

/// Every address of every field of this name, in wire form.
fn named(fields: &[Field<'_>], name: &'static str) -> Result<Vec<Address>, BuildError> {
    let found = fields.iter().filter(|f| f.is(name));
    found
        .flat_map(|f| field::all_addresses(f.value))
        .map(|a| wire(name, 0, &a))
        .collect()
}

/// Copies a field; one with octets that need encoding is written anew.
pub(super) fn copy(out: &mut Fields, f: &Field<'_>) -> Result<(), BuildError> {
    let fits = longest_line(f.raw) <= MAX_LINE;
    if f.raw.is_ascii() && fits {
        out.bytes.extend_from_slice(f.raw);
        if !f.raw.ends_with(b"\r\n") {
            out.bytes.extend_from_slice(b"\r\n");
        }
        return Ok(());
    }
    const ADDRESSES: [&str; 5] = ["From", "To", "Cc", "Reply-To", "Sender"];
    if let Some(name) = ADDRESSES.iter().find(|n| f.is(n)) {
        let list: Result<Vec<Address>, BuildError> = field::all_addresses(f.value)
            .iter()
            .map(|a| wire(name, 0, a))
            .collect();
        out.addresses(name, &list?);
    } else if f.is("References") || f.is("In-Reply-To") {
        out.ids(f.name, &field::message_ids(f.value, 21));
    } else if f.name.to_ascii_lowercase().starts_with("content-") {
        return Err(BuildError::NotAMessage(tr!(
            "its {name} field needs encoding",
            name = f.name
        )));
    } else {
        out.subject(f.name, &field::text(f.value));
    }
    Ok(())
}

/// A body as it can go.
pub(super) enum Body<'a> {
    /// Untouched.
    AsItIs(&'a [u8]),
    /// As quoted-printable.
    Encoded {
        /// What it became.
        bytes: Vec<u8>,
        /// Whether its type has to be said, too.
        declare: bool,
    },
}

impl Body<'_> {
    /// Whether a field says of the body what no longer holds.
    pub(super) fn replaces(&self, f: &Field<'_>) -> bool {
        matches!(self, Body::Encoded { .. }) && f.is("Content-Transfer-Encoding")
    }

    /// The whole message: the header, with what has to be said of the body, and the body.
    pub(super) fn after(self, mut head: Fields) -> Vec<u8> {
        if let Body::Encoded { declare, .. } = &self {
            if *declare {
                head.text("Content-Type", "text/plain; charset=utf-8");
            }
            head.text("Content-Transfer-Encoding", "quoted-printable");
        }
        let mut message = head.bytes;
        message.extend_from_slice(b"\r\n");
        match &self {
            Body::AsItIs(bytes) => message.extend_from_slice(bytes),
            Body::Encoded { bytes, .. } => message.extend_from_slice(bytes),
        }
        if !message.ends_with(b"\r\n") {
            message.extend_from_slice(b"\r\n");
        }
        message
    }
}

/// The body as it can go.
pub(super) fn encoded<'a>(fields: &[Field<'_>], body: &'a [u8]) -> Result<Body<'a>, BuildError> {
    let find = |name: &str| field::find(fields, name);
    let media = find("Content-Type").and_then(|f| Parameterised::read(f.value));
    let encoding = find("Content-Transfer-Encoding").map(|f| field::unfolded(f.value));
    let long = longest_line(body) > MAX_LINE;
    let undeclared = !body.is_ascii() && (media.is_none() || encoding.is_none());
    let is_text = media.as_ref().is_none_or(|m| m.main == "text");
    let is_plain = encoding
        .as_deref()
        .is_none_or(|e| Encoding::from_value(e) == Encoding::Identity);
    match (long || undeclared, is_text && is_plain) {
        (false, _) => Ok(Body::AsItIs(body)),
        (true, true) => {
            let declare = media.is_none();
            // Without a declared set, what is not UTF-8 is guessed and becomes it.
            let bytes = if declare && std::str::from_utf8(body).is_err() {
                to_quoted_printable(super::charset::guess(body).as_bytes())
            } else {
                to_quoted_printable(body)
            };
            Ok(Body::Encoded { bytes, declare })
        }
        (true, false) if long => Err(BuildError::NotAMessage(
            tr!("a line of its body is longer than 998 octets: encode that part as base64")
                .to_owned(),
        )),
        (true, false) => Ok(Body::AsItIs(body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::{account, names, sound};
    use proptest::prelude::*;

    fn send(raw: &str) -> Outgoing {
        from_rfc5322(raw.as_bytes(), &account(), 1_741_007_100).unwrap()
    }

    #[test]
    fn what_is_missing_is_added_and_bcc_leaves() {
        let out = send(
            "To: b@x.example\nBcc: c@x.example,\n d@x.example\nX-Mine: kept  as is\nSubject: s\n\nhi\n",
        );
        let wire = String::from_utf8(out.wire.to_vec()).unwrap();
        assert_eq!(
            names(&out.wire),
            [
                "Date",
                "From",
                "Message-ID",
                "MIME-Version",
                "To",
                "X-Mine",
                "Subject"
            ]
        );
        assert!(wire.contains("X-Mine: kept  as is\r\n") && wire.ends_with("\r\n\r\nhi\r\n"));
        // The random part of our Message-ID may end in any letter.
        let rest = wire.replace(out.message_id.as_str(), "");
        assert!(!rest.contains("c@x") && !rest.contains("d@x"));
        assert_eq!(
            out.recipients,
            ["b@x.example", "c@x.example", "d@x.example"]
        );
        let filed = String::from_utf8(out.filed.to_vec()).unwrap();
        assert!(
            filed.contains("Bcc: <c@x.example>, <d@x.example>\r\n"),
            "{filed}"
        );
        assert_eq!(out.mail_from, "ada@x.example");
    }

    #[test]
    fn raw_text_is_encoded() {
        let out = send("To: Bäcker <b@bücher.example>\nSubject: Grüße\n\nnaïve\n");
        assert!(out.wire.is_ascii());
        let e = crate::mime::parse::envelope(&out.wire);
        assert_eq!(
            (e.subject.as_str(), e.to[0].name.as_str()),
            ("Grüße", "Bäcker")
        );
        assert_eq!(out.recipients, ["b@xn--bcher-kva.example"]);
        assert_eq!(crate::mime::parse::digest(&out.wire).text.trim(), "naïve");
        let long = format!("To: b@x.example\n\n{}\n", "x".repeat(5_000));
        let out = send(&long);
        assert!(longest_line(&out.wire) <= MAX_LINE);
        assert!(crate::mime::parse::digest(&out.wire).text.trim().len() == 5_000);
    }

    #[test]
    fn what_cannot_go_is_refused() {
        let refuse = |raw: &str| {
            from_rfc5322(raw.as_bytes(), &account(), 0)
                .unwrap_err()
                .to_string()
        };
        assert!(refuse("just text\n").contains("header fields"));
        assert!(refuse("Subject: x\n\nhi").contains("nobody"));
        assert!(refuse("To: b\n\nhi").starts_with("To: an address is missing"));
        assert!(refuse("To: b@x.example\n\n\0").contains("NUL"));
        let parts = format!(
            "To: b@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{}\n--b--\n",
            "x".repeat(2_000)
        );
        assert!(refuse(&parts).contains("998"));
        let many = format!(
            "To: b@x.example\n{}Bcc: c@x.example\n\nhi",
            "X-A: b\n".repeat(2_100)
        );
        assert!(refuse(&many).contains("too many fields"));
    }

    proptest! {
        #[test]
        fn the_wire_is_always_sound(head in "(To|Bcc|Subject|X): (\\PC|\r|\n |,|@|<|>){0,40}", body in "(\\PC|\r|\n|\\.|\r\n){0,80}") {
            let raw = format!("To: b@x.example\r\n{head}\n\n{body}");
            if let Ok(out) = from_rfc5322(raw.as_bytes(), &account(), 0) {
                sound(&out.wire)?;
                sound(&out.filed)?;
                prop_assert!(!names(&out.wire).iter().any(|n| n.eq_ignore_ascii_case("bcc")));
            }
        }
    }
}
