//! What the user's own mail server says of where a message came from (RFC 8601).
//!
//! Anybody can write an Authentication-Results field. One is believed only if it names the server
//! that received the message for the user (RFC 8601 §5), and only among the topmost fields: what
//! stands below a Received of somebody else's, or below the hop that wrote the first such field,
//! was in the message when it came.

use super::field::{self, Field};
use super::link::same_site;
use crate::model::Account;

/// Fields looked at from the top.
const MOST_FIELDS: usize = 300;
/// Results read of one field.
const MOST_RESULTS: usize = 50;
/// Octets of a field that are read.
const LONGEST: usize = 8_000;

/// Providers whose mail comes in under another name than that of their IMAP server: what the
/// server's name ends with, and what stands in the fields.
const PROVIDERS: [(&str, &[&str]); 11] = [
    ("gmail.com", &["google.com"]),
    ("googlemail.com", &["google.com"]),
    ("fastmail.com", &["messagingengine.com"]),
    ("mail.me.com", &["icloud.com", "apple.com"]),
    ("office365.com", &["outlook.com"]),
    ("hotmail.com", &["outlook.com"]),
    ("zoho.com", &["zohomail.com"]),
    ("zoho.eu", &["zohomail.eu"]),
    ("mail.com", &["gmx.net"]),
    ("web.de", &["gmx.net"]),
    ("aol.com", &["yahoo.com"]),
];
/// Microsoft's servers write the field without their name, against RFC 8601 §2.2.
const NAMELESS: [&str; 3] = ["outlook.com", "office365.com", "hotmail.com"];

/// Who receives an account's mail: whose word on a message is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receiver {
    /// Names that may stand in Authentication-Results, exactly; from the configuration.
    exact: Vec<String>,
    /// Domains of the servers; names in them count where `exact` is empty.
    domains: Vec<String>,
    /// Whether a field without a name counts.
    nameless: bool,
}

impl Receiver {
    /// The server that receives for this account: what the configuration names, else the domain
    /// of its IMAP server, of its address, and what is known of its provider.
    pub fn of(account: &Account) -> Receiver {
        let host = account.imap.host.to_ascii_lowercase();
        let host = host.trim_end_matches('.');
        let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
        let mut domains = Vec::new();
        if !local {
            domains.push(host.to_owned());
            domains.extend(parent(host).map(str::to_owned));
        }
        if let Some((_, domain)) = account.email.rsplit_once('@') {
            domains.push(domain.to_ascii_lowercase());
        }
        for (end, more) in PROVIDERS {
            if within(host, end) {
                domains.extend(more.iter().map(|d| (*d).to_owned()));
            }
        }
        let exact: Vec<String> = account
            .authserv_id
            .iter()
            .map(|id| id.to_ascii_lowercase())
            .collect();
        domains.extend(exact.iter().cloned());
        Receiver {
            nameless: exact.is_empty() && NAMELESS.iter().any(|end| within(host, end)),
            exact,
            domains,
        }
    }

    fn is_named(&self, id: Option<&str>) -> bool {
        match id {
            None => self.nameless,
            Some(id) if self.exact.is_empty() => self.domains.iter().any(|d| within(id, d)),
            Some(id) => self.exact.iter().any(|e| e.eq_ignore_ascii_case(id)),
        }
    }

    /// Whether a Received field was written by a server of ours: one of its domains, or a name
    /// that means something only inside (no dots, a private address).
    fn wrote(&self, received: &str) -> bool {
        let Some(by) = by_host(received) else {
            return false;
        };
        let by = by.trim_matches(['[', ']', '.']).to_ascii_lowercase();
        let inside = match by.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
            // Google's own machines name themselves by such addresses.
            Ok(std::net::IpAddr::V6(ip)) => {
                ip.is_loopback()
                    || ip.is_unique_local()
                    || (ip.segments().starts_with(&[0x2002, 0xa05])
                        && self.domains.iter().any(|d| d == "google.com"))
            }
            Err(_) => !by.contains('.'),
        };
        inside || self.domains.iter().any(|d| within(&by, d))
    }
}

/// The domain that a host is in, unless that may be a whole country's.
fn parent(host: &str) -> Option<&str> {
    let (_, rest) = host.split_once('.')?;
    let labels: Vec<&str> = rest.split('.').collect();
    match labels.as_slice() {
        [] | [_] => None,
        [second, top] if top.len() == 2 && second.len() <= 3 => None,
        _ => Some(rest),
    }
}

/// Whether a host is this domain or in it.
fn within(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.strip_suffix(domain) {
        Some(rest) => !domain.is_empty() && (rest.is_empty() || rest.ends_with('.')),
        None => false,
    }
}

/// What a check came to (RFC 8601 §2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It does not, but its owner doesn't insist (SPF's `softfail`, `policy`).
    Weak,
    /// Nothing was there to check, or it could not be.
    None,
}

/// One check and whom it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it came to.
    pub verdict: Verdict,
    /// The domain that it vouches for, lower case; empty where none is named. Untrusted text.
    pub domain: String,
}

/// What the user's server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Who says so. Untrusted text.
    pub by: String,
    /// Whether the machine may send for the envelope's sender (RFC 7208).
    pub spf: Option<Check>,
    /// Signatures (RFC 6376), in order.
    pub dkim: Vec<Check>,
    /// Whether the domain in From vouches for it (RFC 7489).
    pub dmarc: Option<Check>,
    /// Whether it was handed in by somebody who signed in there (RFC 4954).
    pub signed_in: bool,
}

impl Checks {
    /// Whether a signature of the owner of this domain holds.
    pub fn signed_by(&self, domain: &str) -> bool {
        let holds = |c: &Check| c.verdict == Verdict::Pass && same_site(&c.domain, domain);
        self.dkim.iter().any(holds)
    }
}

/// What the user's own server says of a message with these fields; `None`: nothing that can be
/// believed.
pub fn believed(fields: &[Field<'_>], receiver: &Receiver) -> Option<Checks> {
    let mut found: Option<Checks> = None;
    for f in fields.iter().take(MOST_FIELDS) {
        if f.is("Received") {
            let received = plain(f.value);
            if found.is_some() || !receiver.wrote(&received) {
                break;
            }
        } else if f.is("Authentication-Results") {
            let told = read(&plain(f.value));
            // `none`: nothing was checked (RFC 8601 §2.2).
            if !told.results.is_empty() && receiver.is_named(told.id.as_deref()) {
                let checks = found.get_or_insert_with(|| Checks {
                    by: told.id.unwrap_or_default(),
                    ..Checks::default()
                });
                for (method, check) in told.results {
                    match method {
                        Method::Spf => checks.spf = checks.spf.take().or(Some(check)),
                        Method::Dmarc => checks.dmarc = checks.dmarc.take().or(Some(check)),
                        Method::Dkim if checks.dkim.len() < MOST_RESULTS => checks.dkim.push(check),
                        Method::Dkim => {}
                        Method::Auth => checks.signed_in |= check.verdict == Verdict::Pass,
                    }
                }
            }
        }
    }
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Spf,
    Dkim,
    Dmarc,
    Auth,
}

/// A field taken apart.
#[derive(Debug, Default)]
struct Told {
    id: Option<String>,
    results: Vec<(Method, Check)>,
}

/// The value unfolded, without comments and quotation marks; `;` and blanks that were quoted are
/// gone, so that nothing quoted can end a result.
fn plain(value: &[u8]) -> String {
    let text = field::unfolded(value.get(..value.len().min(LONGEST)).unwrap_or_default());
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                if depth == 0 && !(c.is_whitespace() || c == ';') {
                    out.push(c);
                }
            }
            '\\' if depth > 0 || quoted => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {
                if !(c.is_whitespace() || c == ';') {
                    out.push(c);
                }
            }
            '(' => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                out.push(' ');
            }
            _ if depth > 0 => {}
            _ => out.push(c),
        }
    }
    out
}

/// Reads the plain value of an Authentication-Results field.
fn read(text: &str) -> Told {
    let mut parts = text.split(';');
    let first = parts.next().unwrap_or_default().trim();
    // `id`, or `id version`; a result in its place is Microsoft's way of giving none.
    let nameless = result(first).is_some();
    let id = (!nameless)
        .then(|| first.split_whitespace().next())
        .flatten()
        .map(str::to_ascii_lowercase);
    let first = nameless.then_some(first);
    let results = first.into_iter().chain(parts).take(MOST_RESULTS);
    Told {
        id,
        results: results.filter_map(result).collect(),
    }
}

/// One `method=result property=value …` (RFC 8601 §2.2); `None` for methods that say nothing here.
fn result(text: &str) -> Option<(Method, Check)> {
    // Blanks may stand around the `=`.
    let mut text = text.to_ascii_lowercase();
    for (from, to) in [(" =", "="), ("= ", "=")] {
        while text.contains(from) {
            text = text.replace(from, to);
        }
    }
    let mut words = text.split_whitespace();
    let (method, verdict) = words.next()?.split_once('=')?;
    let method = match method.split('/').next()? {
        "spf" => Method::Spf,
        "dkim" => Method::Dkim,
        "dmarc" => Method::Dmarc,
        "auth" => Method::Auth,
        _ => return None,
    };
    let verdict = match verdict {
        "pass" => Verdict::Pass,
        "fail" | "hardfail" => Verdict::Fail,
        "softfail" | "policy" => Verdict::Weak,
        // `bestguesspass`, `temperror`, `permerror`, `neutral`, `none`, and what is to come.
        _ => Verdict::None,
    };
    let wanted: &[&str] = match method {
        Method::Spf => &["smtp.mailfrom", "smtp.mail", "envelope-from", "smtp.helo"],
        Method::Dkim => &["header.d", "header.i"],
        Method::Dmarc => &["header.from"],
        Method::Auth => &["smtp.mailfrom"],
    };
    let pairs: Vec<(&str, &str)> = words.filter_map(|w| w.split_once('=')).collect();
    let domain = wanted.iter().find_map(|name| {
        let (_, value) = pairs.iter().find(|(n, _)| n == name)?;
        let domain = value.rsplit('@').next()?.trim_matches(['<', '>', '.']);
        (!domain.is_empty()).then(|| domain.to_owned())
    });
    let domain = domain.unwrap_or_default();
    Some((method, Check { verdict, domain }))
}

/// The host behind `by` in the plain value of a Received field (RFC 5321 §4.4).
fn by_host(received: &str) -> Option<&str> {
    let clauses = received.rsplit_once(';').map_or(received, |(c, _)| c);
    let mut words = clauses.split_whitespace();
    words.by_ref().find(|w| w.eq_ignore_ascii_case("by"))?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::account;
    use proptest::prelude::*;

    fn receiver(host: &str, email: &str, ids: &[&str]) -> Receiver {
        let mut account = account();
        account.imap.host = host.to_owned();
        account.email = email.to_owned();
        account.authserv_id = ids.iter().map(|i| (*i).to_owned()).collect();
        Receiver::of(&account)
    }

    fn told(header: &str, receiver: &Receiver) -> String {
        let header = format!("{}\n\n", header.replace('|', "\n"));
        let (fields, _) = field::split(header.as_bytes());
        let Some(checks) = believed(&fields, receiver) else {
            return "nothing".to_owned();
        };
        let one = |name: &str, c: &Check| format!("{name} {:?} {}", c.verdict, c.domain);
        let spf = checks.spf.iter().map(|c| one("spf", c));
        let dkim = checks.dkim.iter().map(|c| one("dkim", c));
        let dmarc = checks.dmarc.iter().map(|c| one("dmarc", c));
        spf.chain(dkim).chain(dmarc).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn s23_only_the_own_servers_word_counts() {
        let own = receiver("imap.post.example", "bea@post.example", &[]);
        for (header, want) in [
            (
                "Authentication-Results: mx.post.example; spf=pass smtp.mailfrom=a@b.example",
                "spf Pass b.example",
            ),
            (
                "Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=b.example",
                "nothing",
            ),
            (
                "Authentication-Results: notpost.example; dmarc=pass",
                "nothing",
            ),
            ("Authentication-Results: post.example; none", "nothing"),
            // A name that is a comment or quoted is none.
            (
                "Authentication-Results: (post.example) evil.example; dmarc=pass",
                "nothing",
            ),
            (
                "Authentication-Results: \"post.example\" 1; dmarc=fail (p=reject; dmarc=pass) header.from=b.example",
                "dmarc Fail b.example",
            ),
            // The hop that was ours, then what the sender wrote.
            (
                "Received: from evil by mx.post.example with ESMTP; today|Authentication-Results: post.example; dmarc=fail header.from=b.example|Received: from x by mx.post.example; then|Authentication-Results: post.example; dmarc=pass header.from=b.example; dkim=pass header.d=b.example",
                "dmarc Fail b.example",
            ),
            (
                "Received: from evil by mx.post.example; today|Received: from me by mx.evil.example; then|Authentication-Results: post.example; dmarc=pass",
                "nothing",
            ),
            // A Received that hides its host in a comment is not ours.
            (
                "Received: from x (by mx.post.example) by mx.evil.example; then|Authentication-Results: post.example; dmarc=pass",
                "nothing",
            ),
            (
                "Received: by store1 with LMTP id 1; now|Received: by 10.1.2.3; now|Authentication-Results: mx1.post.example; dkim=pass (good) header.i=@b.example header.s=s; dkim = fail header.d=c.example|Authentication-Results: mx1.post.example; spf=softfail smtp.mailfrom=b.example",
                "spf Weak b.example, dkim Pass b.example, dkim Fail c.example",
            ),
        ] {
            assert_eq!(told(header, &own), want, "{header}");
        }
    }

    #[test]
    fn s23_what_is_configured_counts_alone() {
        let own = receiver("127.0.0.1", "bea@post.example", &["MX.relay.example"]);
        let with = |id: &str| told(&format!("Authentication-Results: {id}; dmarc=pass"), &own);
        assert_eq!(with("mx.relay.example"), "dmarc Pass ");
        assert_eq!(with("x.mx.relay.example"), "nothing");
        assert_eq!(with("post.example"), "nothing");
        let bridge = receiver("127.0.0.1", "bea@post.example", &[]);
        assert_eq!(
            told("Authentication-Results: 127.0.0.1; dmarc=pass", &bridge),
            "nothing"
        );
    }

    #[test]
    fn providers_are_known_by_their_other_names() {
        let gmail = receiver("imap.gmail.com", "b@gmail.com", &[]);
        let text = "Delivered-To: b@gmail.com|Received: by 2002:a05:7000:1::2 with SMTP id 1; now|X-Received: by 2002:a17:906::1|Return-Path: <x@b.example>|Received: from b.example by mx.google.com with ESMTPS id 2|Authentication-Results: mx.google.com;\n       dkim=pass header.i=@b.example header.s=s header.b=abc;\n       spf=pass (google.com: domain of x@b.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=x@b.example;\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=b.example|Received: from x by mx.google.com|Authentication-Results: mx.google.com; dkim=pass header.d=bank.example";
        assert_eq!(
            told(text, &gmail),
            "spf Pass b.example, dkim Pass b.example, dmarc Pass b.example"
        );
        let microsoft = receiver("outlook.office365.com", "b@corp.example", &[]);
        let text = "Received: from x by AM1.eurprd1.prod.outlook.com (::1) with Microsoft SMTP; now|Authentication-Results: spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=b.example; dkim=none (message not signed) header.d=none;dmarc=fail action=none header.from=b.example;compauth=fail reason=001";
        assert_eq!(
            told(text, &microsoft),
            "spf Fail b.example, dkim None none, dmarc Fail b.example"
        );
        let other = receiver("imap.post.example", "b@post.example", &[]);
        assert_eq!(
            told(
                "Authentication-Results: spf=pass smtp.mailfrom=b.example",
                &other
            ),
            "nothing"
        );
    }

    #[test]
    fn a_country_is_nobodys_domain() {
        let own = receiver("post.co.uk", "b@post.co.uk", &[]);
        assert_eq!(
            told("Authentication-Results: evil.co.uk; dmarc=pass", &own),
            "nothing"
        );
        assert_eq!(
            told("Authentication-Results: mx.post.co.uk; dmarc=pass", &own),
            "dmarc Pass "
        );
        let short = receiver("post.example", "b@post.example", &[]);
        assert_eq!(
            told("Authentication-Results: evil.example; dmarc=pass", &short),
            "nothing"
        );
    }

    proptest! {
        #[test]
        fn any_field_is_read(text in "(\\PC|[\u{0}-\u{1f}]|;|=|\\(|\\)|\"|\\\\|dkim=pass|header.d=| by |@){0,40}") {
            let own = receiver("imap.post.example", "bea@post.example", &[]);
            told(&format!("Authentication-Results: post.example; {text}"), &own);
            told(&format!("Received: {text}"), &own);
        }
    }
}
