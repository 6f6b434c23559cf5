//! What the user's own mail server says of where a message came from (RFC 8601).
//!
//! Anybody can write an Authentication-Results field. One is believed only if it names the server
//! that received the message for the user (RFC 8601 §5), and only among the topmost fields: what
//! stands below a Received of somebody else's, or below the hop that wrote the first such field,
//! was in the message when it came. Beside the first one only those count that stand by it under
//! the same name: a server takes its own name out of what comes in, but hardly its neighbours'.

use super::field::{self, Field};
use super::site::{is_public, same_site};
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

/// Domains of providers who write a field into every message, under names that are in no Received
/// of theirs: the first one is always their own.
const ALWAYS: [&str; 5] = [
    "messagingengine.com",
    "icloud.com",
    "apple.com",
    "yahoo.com",
    "mail.ru",
];
/// Names under which one server writes the fields of one message.
const TOGETHER: [&[&str]; 1] = [&[
    "bimi.icloud.com",
    "arc.icloud.com",
    "dmarc.icloud.com",
    "dkim-verifier.icloud.com",
    "spf.icloud.com",
]];
/// What else a receiving server writes beside its results.
const BESIDE: [&str; 5] = [
    "Received-SPF",
    "DKIM-Filter",
    "DMARC-Filter",
    "Return-Path",
    "Delivered-To",
];

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

    /// Whether a name that may be ours is one that the receiving server takes out of what comes in
    /// (RFC 8601 §5), so that nobody else can use it: one that is configured or known exactly, or
    /// that of a machine that took the message in (`hops`).
    ///
    /// The limit: of a server that writes no such fields at all, and so takes none out, these names
    /// can be guessed, that of the mail domain above all. What says that it does is
    /// `authserv-id`; then no other name counts.
    fn is_sure(&self, id: Option<&str>, hops: &[String]) -> bool {
        let Some(id) = id else {
            return self.nameless;
        };
        !self.exact.is_empty()
            || hops.iter().any(|hop| hop == id)
            || self.domains.iter().any(|d| d == id)
            || ALWAYS.iter().any(|d| within(id, d))
    }

    /// Whether a Received field was written by a server of ours: one of its domains, or a name
    /// that means something only inside (no dots, a private address).
    fn wrote(&self, received: &str) -> bool {
        let Some(by) = by_host(received) else {
            return false;
        };
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

/// The domain that a host is in, unless that is everybody's.
fn parent(host: &str) -> Option<&str> {
    let (_, rest) = host.split_once('.')?;
    (!is_public(rest)).then_some(rest)
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
    /// Whether nobody but the user's own server can well have written it.
    pub sure: bool,
}

impl Checks {
    fn add(&mut self, results: Vec<(Method, Check)>) {
        for (method, check) in results {
            match method {
                Method::Spf => self.spf = self.spf.take().or(Some(check)),
                Method::Dmarc => self.dmarc = self.dmarc.take().or(Some(check)),
                Method::Dkim if self.dkim.len() < MOST_RESULTS => self.dkim.push(check),
                Method::Dkim => {}
                Method::Auth => self.signed_in |= check.verdict == Verdict::Pass,
            }
        }
    }

    /// Whether a signature of the owner of this domain holds.
    pub fn signed_by(&self, domain: &str) -> bool {
        let holds = |c: &Check| c.verdict == Verdict::Pass && same_site(&c.domain, domain);
        self.dkim.iter().any(holds)
    }
}

/// What the user's own server says of a message with these fields; `None`: nothing that can be
/// believed.
pub fn believed(fields: &[Field<'_>], receiver: &Receiver) -> Option<Checks> {
    // The names of our machines that took it in, as far as the fields tell above this one.
    let mut hops: Vec<String> = Vec::new();
    // Who wrote the first field that may be ours; all others are his, or nobody's.
    let mut first: Option<Option<String>> = None;
    let mut checks = Checks::default();
    for f in fields.iter().take(MOST_FIELDS) {
        if f.is("Received") {
            let received = plain(f.value);
            let ours = receiver.wrote(&received);
            // A server may write its results above its Received, but below another's they may be
            // the sender's, and so may that Received.
            if ours && (first.is_none() || hops.is_empty()) {
                hops.extend(hop(&received));
            }
            if first.is_some() || !ours {
                break;
            }
        } else if f.is("Authentication-Results") {
            let told = read(&plain(f.value));
            let counts = match &first {
                None => receiver.is_named(told.id.as_deref()),
                Some(id) => is_together(id.as_deref(), told.id.as_deref()),
            };
            if !counts {
                if first.is_some() {
                    break;
                }
                continue;
            }
            first.get_or_insert(told.id);
            checks.add(told.results);
        } else if first.is_some() && !is_beside(f.name) {
            break;
        }
    }
    let id = first?;
    // `none`: nothing was checked (RFC 8601 §2.2).
    let told = checks != Checks::default();
    checks.sure = receiver.is_sure(id.as_deref(), &hops);
    checks.by = id.unwrap_or_default();
    told.then_some(checks)
}

/// Whether a server that wrote a field under the name `first` writes others under `next`.
fn is_together(first: Option<&str>, next: Option<&str>) -> bool {
    let (Some(first), Some(next)) = (first, next) else {
        return false;
    };
    let both = |names: &&[&str]| names.contains(&first) && names.contains(&next);
    first == next || TOGETHER.iter().any(both)
}

/// Whether a field may stand between those of one server.
fn is_beside(name: &str) -> bool {
    let begins = |start: &str| {
        let head = name.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    begins("X-") || begins("ARC-") || BESIDE.iter().any(|n| name.eq_ignore_ascii_case(n))
}

/// The names that a Received field of ours gives the machine that wrote it; where a message is
/// only handed over inside (LMTP, RFC 2033), also the one that handed it over.
fn hop(received: &str) -> Vec<String> {
    let clauses = received.rsplit_once(';').map_or(received, |(c, _)| c);
    let words: Vec<String> = clauses
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let behind = |what: &str| {
        let pair = words
            .windows(2)
            .find(|w| w.first().is_some_and(|w| w == what))?;
        pair.last().cloned()
    };
    let inside = behind("with").is_some_and(|with| with.starts_with("lmtp"));
    let from = behind("from").filter(|_| inside);
    // A name that means something only inside is nobody's in a field.
    let names = from.into_iter().chain(by_host(received));
    names
        .filter(|name| name.contains(|c: char| c.is_ascii_alphabetic()) && name.contains('.'))
        .collect()
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
    // Blanks may stand around the `=`, any number of them.
    let text = text.to_ascii_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace(" =", "=").replace("= ", "=");
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

/// The host behind `by` in the plain value of a Received field (RFC 5321 §4.4), lower case.
fn by_host(received: &str) -> Option<String> {
    let clauses = received.rsplit_once(';').map_or(received, |(c, _)| c);
    let mut words = clauses.split_whitespace();
    words.by_ref().find(|w| w.eq_ignore_ascii_case("by"))?;
    let host = words.next()?.trim_matches(['[', ']', '.']);
    Some(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
