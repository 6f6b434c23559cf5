//! The header block of the reader.
//!
//! Who wrote is shown with the real address, always: a display name is whatever its sender liked
//! to write (RFC 5322 §3.6.2, RFC 7103). Domains beyond ASCII are shown with the form that the
//! network uses beside them.

use super::field;
use super::lookalike;
use super::recipients::ascii_domain;
use super::tree::Tree;
use crate::lang::{mark, tr, trn};
use crate::model::{Address, Envelope};
use crate::text::{Clean, when};
use std::borrow::Cow;

/// Addresses shown of one field; how many more there are is said.
const MAX_SHOWN: usize = 20;
/// Characters of a name, and of an address, that are shown: RFC 5321 §4.5.3.1 lets no address be
/// longer. Of a longer one its end is shown, too: the domain is what matters.
const MAX_NAME: usize = 120;
const MAX_ADDR: usize = 254;
/// Fields shown when all are asked for.
const MAX_ALL: usize = 500;
/// Characters shown of one field when all are asked for.
const MAX_VALUE: usize = 4_000;

/// The block: name and value, most important first. The names are those of the message's fields, for
/// [`crate::lang::of_in`] with the context `head`; the values are in the language of the screen.
pub fn block(tree: &Tree<'_>, e: &Envelope) -> Vec<(Clean, Clean)> {
    let mut out: Vec<(Clean, Clean)> = Vec::new();
    let mut put = |name: &'static str, value: String| {
        if !value.trim().is_empty() {
            out.push((Clean::lit(name), Clean::line(&value)));
        }
    };
    let from = list(&e.from);
    put(
        mark!("head", "From"),
        if from.is_empty() {
            tr!("(nobody)").to_owned()
        } else {
            from
        },
    );
    if let Some(sender) = &e.sender
        && !e.from.iter().any(|f| f.same_mailbox(sender))
    {
        put(mark!("head", "Sender"), one(sender));
    }
    let answers_elsewhere = e
        .reply_to
        .iter()
        .any(|r| !e.from.iter().any(|f| f.same_mailbox(r)));
    if answers_elsewhere {
        put(mark!("head", "Reply-To"), list(&e.reply_to));
    }
    put(mark!("head", "To"), list(&e.to));
    put(mark!("head", "Cc"), list(&e.cc));
    if let Some(bcc) = tree.field("Bcc") {
        put(mark!("head", "Bcc"), list(&field::addresses(bcc.value)));
    }
    match (e.date, tree.field("Date")) {
        (Some(date), _) => put(mark!("head", "Date"), when::long(date)),
        // An impossible date is shown as it stands.
        (None, Some(raw)) => put(
            mark!("head", "Date"),
            tr!("{date} (not a date)", date = field::unfolded(raw.value)),
        ),
        (None, None) => {}
    }
    put(mark!("head", "Subject"), e.subject.clone());
    if let Some(list) = &e.list_id {
        put(mark!("head", "List"), list.clone());
    }
    if let Some(asking) = tree.field("Disposition-Notification-To") {
        let who = list(&field::addresses(asking.value));
        put(
            mark!("head", "Receipt"),
            tr!(
                "{who} asks for a read receipt (:send-receipt sends one)",
                who
            ),
        );
    }
    out
}

/// Every field as it stands, decoded.
pub fn all(tree: &Tree<'_>) -> Vec<(Clean, Clean)> {
    let shown = tree.fields.iter().take(MAX_ALL);
    shown
        .map(|f| {
            let value: String = field::text(f.value).chars().take(MAX_VALUE).collect();
            // What can't be read as text is shown as it stands.
            let value = if value.is_empty() {
                field::unfolded(f.value)
            } else {
                value
            };
            (Clean::line(f.name), Clean::line(&value))
        })
        .collect()
}

fn list(addresses: &[Address]) -> String {
    let mut shown: Vec<String> = addresses.iter().take(MAX_SHOWN).map(one).collect();
    if addresses.len() > MAX_SHOWN {
        let more = addresses.len() - MAX_SHOWN;
        shown.push(trn!(n = more, "and {n} more", "and {n} more"));
    }
    shown.join(", ")
}

/// Name and address; the address alone where there is no name.
fn one(a: &Address) -> String {
    let a = &Address {
        name: shorter(&a.name, MAX_NAME),
        addr: shorter(&a.addr, MAX_ADDR),
    };
    match (a.name.is_empty(), a.addr.is_empty()) {
        (true, _) => addr(&a.addr),
        (false, true) => tr!("{name} (no address)", name = a.name),
        // A name that looks like addresses, or like the end of one, must not be read as such.
        (false, false) if a.name.contains(|c| "()<>[]:;@\\,\"".contains(c)) => {
            let name = a.name.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{name}\" <{}>", addr(&a.addr))
        }
        (false, false) => format!("{} <{}>", a.name, addr(&a.addr)),
    }
}

/// At most so many characters of a text: its beginning and its end.
fn shorter(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let kept = most - most / 4;
    let begin: String = text.chars().take(most / 4).collect();
    let end: String = text.chars().skip(count - kept).collect();
    format!("{begin}…{end}")
}

/// An address; beside a domain beyond ASCII, its form on the network, and in its place if it is
/// written strangely.
fn addr(addr: &str) -> String {
    if let Cow::Owned(plain) = lookalike::shown_addr(addr) {
        return plain;
    }
    match addr.rsplit_once('@') {
        Some((_, domain)) if !domain.is_ascii() => match ascii_domain(domain) {
            Some(ascii) => format!("{addr} [{ascii}]"),
            None => addr.to_owned(),
        },
        _ => addr.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::parse;

    fn shown(header: &str) -> Vec<String> {
        let raw = format!("{header}\n\n");
        let tree = Tree::read(raw.as_bytes());
        let e = parse::of_fields(&tree.fields);
        let lines = block(&tree, &e);
        lines.iter().map(|(n, v)| format!("{n}: {v}")).collect()
    }

    #[test]
    fn s13_the_real_address_is_always_there() {
        let lines = shown(
            "From: \"boss@corp.example\" <evil@x.example>\nReply-To: c@d.example\nSubject: s",
        );
        assert_eq!(
            lines,
            [
                "From: \"boss@corp.example\" <evil@x.example>",
                "Reply-To: c@d.example",
                "Subject: s"
            ]
        );
        let lines = shown("From: a@x.example\nFrom: b@y.example");
        assert_eq!(lines, ["From: a@x.example, b@y.example"]);
    }

    #[test]
    fn a_long_address_leaves_room_and_shows_its_domain() {
        let long = format!(
            "From: {} <{}@evil.example>",
            "N".repeat(5_000),
            "l".repeat(60_000)
        );
        let line = shown(&long).remove(0);
        assert!(
            line.chars().count() < 400 && line.ends_with("l@evil.example>"),
            "{line}"
        );
    }

    #[test]
    fn s13_a_name_is_no_second_address() {
        let lines = shown(
            "From: a@x.example\nReply-To: \"Joe <joe@good.example>,\" <evil@y.example>\nTo: \"\\\"J\\\", b@x.example\" <c@x.example>\nCc: Ada W. <d@x.example>",
        );
        assert_eq!(
            lines,
            [
                "From: a@x.example",
                "Reply-To: \"Joe <joe@good.example>,\" <evil@y.example>",
                "To: \"\\\"J\\\", b@x.example\" <c@x.example>",
                "Cc: Ada W. <d@x.example>"
            ]
        );
    }

    #[test]
    fn strange_domains_and_dates_are_spelt_out() {
        let lines =
            shown("From: u@аpple.example\nTo: u@bücher.example\nDate: 99 Nov 9999 99:99:99");
        assert_eq!(
            lines,
            [
                "From: u@xn--pple-43d.example",
                "To: u@bücher.example [xn--bcher-kva.example]",
                "Date: 99 Nov 9999 99:99:99 (not a date)"
            ]
        );
        assert_eq!(shown("X: y"), ["From: (nobody)"]);
    }
}
