//! The envelope of a message as commands: MAIL FROM and RCPT TO with the parameters that the
//! server offers (RFC 5321 §4.1.1.2 and .3), or why they can't be written.
//!
//! SIZE and BODY (RFC 1870, 6152), SMTPUTF8 (RFC 6531), reports of delivery (RFC 3461), and the time
//! until which the server holds the message back (RFC 4865). Whatever of them a message needs and
//! the server does not offer is told before anything is said.

use super::data;
use super::offers::{Offers, too_large};
use crate::lang::{kept, tr};
use crate::net::error::NetError;
use lettre::Address;
use lettre::transport::smtp::commands::{Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter, RcptParameter};
use std::borrow::Cow;

/// Octets that ENVID may have (RFC 3461 §4.4).
const LONGEST_ENVID: usize = 100;

/// A message and its envelope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mail<'a> {
    /// The envelope's sender; empty for mail that nobody answers (RFC 5321 §4.5.5), a receipt.
    pub from: &'a str,
    /// Whom to ask.
    pub recipients: &'a [&'a str],
    /// The message, RFC 5322.
    pub bytes: &'a [u8],
    /// Whether reports of delivery, failure and delay are asked for, where the server has them.
    pub dsn: bool,
    /// What those reports call this message: a Message-ID, without its angle brackets.
    pub envid: Option<&'a str>,
    /// Until when the server is to hold it back, seconds since 1970. Refused where
    /// [`Offers::may_hold`] says no.
    pub hold_until: Option<i64>,
}

/// The MAIL command of a message of so many octets, with its line end.
///
/// # Errors
/// [`NetError::Unsendable`] if the server can't take this message.
pub(super) fn mail_from(mail: &Mail<'_>, octets: u64, offers: &Offers) -> Result<String, NetError> {
    let from = match mail.from {
        "" => None,
        from => Some(address(from)?),
    };
    if let Some(max) = offers.max_size()
        && let Some(why) = too_large(octets, max)
    {
        return Err(NetError::Unsendable(why));
    }
    let mut parameters = Vec::new();
    if offers.has("SIZE") {
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        parameters.push(MailParameter::Size(octets));
    }
    if !mail.bytes.is_ascii() {
        if !offers.has("8BITMIME") {
            return Err(unsendable(|| {
                tr!("the message holds 8-bit text where it can't be re-encoded (a signed part, a header), and the server takes only 7-bit (no 8BITMIME): write it as quoted-printable or base64").to_owned()
            }));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    if needs_utf8(mail, offers)? {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if mail.dsn && offers.reports() {
        parameters.push(other("RET", "HDRS"));
        // As xtext these two are three octets long.
        let octets = |n: &str| n.len() + 2 * n.matches(['+', '=']).count();
        let name = mail
            .envid
            .filter(|n| is_printable(n) && octets(n) <= LONGEST_ENVID);
        parameters.extend(name.map(|n| other("ENVID", n)));
    }
    if let Some(at) = mail.hold_until {
        let time = jiff::Timestamp::from_second(at).ok();
        let Some(time) = time.filter(|_| offers.has("FUTURERELEASE")) else {
            return Err(unsendable(|| {
                tr!("the server holds no message back until later (no FUTURERELEASE)").to_owned()
            }));
        };
        parameters.push(other("HOLDUNTIL", &time.to_string()));
    }
    Ok(MailFrom::new(from, parameters).to_string())
}

/// The RCPT command for one recipient, with its line end.
///
/// # Errors
/// [`NetError::Unsendable`] if it is no address.
pub(super) fn rcpt_to(
    recipient: &str,
    mail: &Mail<'_>,
    offers: &Offers,
) -> Result<String, NetError> {
    let to = address(recipient)?;
    let mut parameters = Vec::new();
    if mail.dsn && offers.reports() {
        let wanted = |keyword: &str, value: &str| RcptParameter::Other {
            keyword: keyword.to_owned(),
            value: Some(value.to_owned()),
        };
        parameters.push(wanted("NOTIFY", "SUCCESS,FAILURE,DELAY"));
        let original = wire(recipient);
        if is_printable(&original) {
            parameters.push(wanted("ORCPT", &format!("rfc822;{original}")));
        }
    }
    Ok(Rcpt::new(to, parameters).to_string())
}

/// Whether SMTPUTF8 is to be asked for: an address is not ASCII before its `@`, or the message's
/// own header is UTF-8 (RFC 6532) and the server takes that.
fn needs_utf8(mail: &Mail<'_>, offers: &Offers) -> Result<bool, NetError> {
    let offered = offers.has("SMTPUTF8");
    let mut all = mail.recipients.iter().chain([&mail.from]);
    let odd = all.find(|a| !wire(a).is_ascii());
    if let Some(odd) = odd.filter(|_| !offered) {
        return Err(unsendable(|| {
            tr!(
                "{odd} is not ASCII before its @, and the server takes no such address (no SMTPUTF8)",
                odd
            )
        }));
    }
    let head = data::head(mail.bytes);
    let header = !head.is_ascii() && std::str::from_utf8(head).is_ok();
    Ok(odd.is_some() || (header && offered))
}

fn other(keyword: &str, value: &str) -> MailParameter {
    MailParameter::Other {
        keyword: keyword.to_owned(),
        value: Some(value.to_owned()),
    }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| (b'!'..=b'~').contains(&b))
}

/// An address as the envelope spells it: the domain in ASCII (RFC 5890), so that a name in another
/// script needs nothing of the server.
fn wire(address: &str) -> Cow<'_, str> {
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => idna::domain_to_ascii(domain)
            .map_or(Cow::Borrowed(address), |d| {
                Cow::Owned(format!("{local}@{d}"))
            }),
        _ => Cow::Borrowed(address),
    }
}

/// Octets of an address beyond which its command is no line any more (RFC 5321 §4.5.3.1 wants less
/// and lets servers take more).
const LONGEST_ADDRESS: usize = 900;

/// The address as a command says it. Only what would break the command is refused: how long a local
/// part may be and where it may have dots is the receiving server's business (RFC 5321 §2.3.11). A
/// local part that is no atoms is quoted (§4.1.2), as they write it who have addresses like `a..b@`.
fn address(text: &str) -> Result<Address, NetError> {
    let odd = |why: fn() -> &'static str| {
        Err(unsendable(|| {
            tr!("{text} is not an address: {e}", text, e = why())
        }))
    };
    let whole = wire(text);
    let Some((local, domain)) = whole.rsplit_once('@') else {
        return odd(|| tr!("it has no @"));
    };
    let breaks = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
    if local.is_empty() || domain.is_empty() {
        return odd(|| tr!("something is missing beside its @"));
    }
    if whole.len() > LONGEST_ADDRESS {
        return odd(|| tr!("it is too long"));
    }
    if domain.contains(|c: char| breaks(c) || matches!(c, '"' | '@')) || local.contains(breaks) {
        return odd(|| tr!("it holds what no address holds"));
    }
    Ok(Address::new_dangerous(&*spelled(local), domain))
}

fn unsendable(say: impl Fn() -> String) -> NetError {
    NetError::Unsendable(kept(say))
}

/// A local part as it is, or quoted where it is neither atoms nor quoted.
fn spelled(local: &str) -> Cow<'_, str> {
    let atext =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let atoms = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(atext));
    if atoms || is_quoted(local) {
        return Cow::Borrowed(local);
    }
    let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
    Cow::Owned(format!("\"{escaped}\""))
}

fn is_quoted(local: &str) -> bool {
    let inner = local.strip_prefix('"').and_then(|l| l.strip_suffix('"'));
    let Some(inner) = inner else { return false };
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '"' if !escaped => return false,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    !escaped
}

#[cfg(test)]
mod unit {
    use super::*;

    fn rcpt(to: &str) -> Result<String, NetError> {
        rcpt_to(to, &Mail::default(), &Offers::default())
    }

    #[test]
    fn addresses_that_only_their_server_can_judge_are_asked_about() {
        let long = format!("incoming+{}@gitlab.example.test", "x".repeat(120));
        let plain = |to: &str| format!("RCPT TO:<{to}>\r\n");
        assert_eq!(rcpt(&long).unwrap(), plain(&long));
        for (to, said) in [
            ("a..b@docomo.test", "\"a..b\"@docomo.test"),
            ("a.@docomo.test", "\"a.\"@docomo.test"),
            (".a@docomo.test", "\".a\"@docomo.test"),
            ("a\"b@x.test", "\"a\\\"b\"@x.test"),
            ("a@b@x.test", "\"a@b\"@x.test"),
            ("\"a..b\"@x.test", "\"a..b\"@x.test"),
            ("o'neil+x=y@x.test", "o'neil+x=y@x.test"),
            ("me@[192.0.2.1]", "me@[192.0.2.1]"),
            ("me@b\u{fc}cher.test", "me@xn--bcher-kva.test"),
        ] {
            assert_eq!(rcpt(to).unwrap(), plain(said), "{to}");
        }
    }

    #[test]
    fn s12_an_address_can_not_break_the_command() {
        let long = format!("{}@x.test", "x".repeat(1000));
        for odd in [
            "",
            "me",
            "@x.test",
            "me@",
            "a b@x.test",
            "a>b@x.test",
            "<a@x.test",
            "a\r\nDATA@x.test",
            "a\0@x.test",
            "me@x.test> SIZE=1",
            "me@x\r\n.test",
            "\"a\r\nb\"@x.test",
            &long,
        ] {
            assert!(matches!(rcpt(odd), Err(NetError::Unsendable(_))), "{odd:?}");
        }
    }
}
