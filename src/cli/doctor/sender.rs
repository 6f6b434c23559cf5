//! The domains that an account sends from, as receivers see them.

use super::visit::Visit;
use crate::lang::{mark, tr};
use crate::model::checkup::Step;
use crate::model::{Account, Address, Query};
use crate::net::check::sender::{Sender, is_reserved, look};
use crate::net::domain::Resolver;
use crate::store::Reader;
use crate::text::{Clean, when};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

const NAME: &str = mark!("step", "sender's domain");
/// Domains of one account that are looked up.
const MOST: usize = 3;
/// Own messages in the cache that are looked at for the name of a key.
const LOOKED_AT: usize = 20;
/// Octets of a message in which its signatures stand.
const HEAD: usize = 64 << 10;

/// Looks the domains up. `named`: whether the user named the name server that is asked; then names for
/// trials are looked up too.
pub(super) fn senders(
    account: &Account,
    addresses: &[IpAddr],
    (resolver, named): (&Resolver, bool),
    cache: &Path,
    visit: &mut Visit<'_>,
) {
    let mut seen = BTreeSet::new();
    let senders = account.senders();
    for sender in &senders {
        let Some((_, domain)) = sender.addr.rsplit_once('@') else {
            continue;
        };
        if seen.len() >= MOST || visit.is_over() || !seen.insert(domain.to_ascii_lowercase()) {
            continue;
        }
        if is_reserved(domain) && !named {
            let words = tr!(
                "{domain} is a name for trials: no receiver looks it up",
                domain = Clean::line(domain)
            );
            visit.done(Step::note(NAME, words));
            continue;
        }
        if seen.len() > 1 {
            visit.done(Step::note(NAME, Clean::line(domain).to_string()));
        }
        let selectors = selectors(cache, sender);
        let asked = Sender {
            domain,
            host: &account.smtp.host,
            addresses,
            selectors: &selectors,
        };
        visit.begun(NAME);
        look(&asked, resolver, &mut |step| visit.done(step));
    }
}

/// The names of the keys that mail from this address was signed with, by the messages of it that are
/// in the cache.
fn selectors(cache: &Path, sender: &Address) -> Vec<String> {
    let mut found = BTreeSet::new();
    let Some((_, domain)) = sender.addr.rsplit_once('@') else {
        return Vec::new();
    };
    let Ok(reader) = Reader::open(cache) else {
        return Vec::new();
    };
    let Ok(query) = Query::parse(&format!("from:{}", sender.addr)) else {
        return Vec::new();
    };
    let rows = reader.search(&query, when::now(), LOOKED_AT);
    for row in rows.map(|r| r.rows).unwrap_or_default() {
        let body = reader.body_begins(row.message, HEAD as u64, HEAD as u64);
        if let Ok(Some((begins, _))) = body {
            found.extend(signed_with(&begins.raw, domain));
        }
    }
    found.into_iter().collect()
}

/// The selectors of the signatures of `domain` in a message's header (RFC 6376 §3.5).
fn signed_with(message: &[u8], domain: &str) -> Vec<String> {
    let head = message.get(..HEAD.min(message.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let text = text.replace("\r\n", "\n");
    let head = text.split("\n\n").next().unwrap_or_default();
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    let mut found = Vec::new();
    for line in unfolded.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if !name.trim().eq_ignore_ascii_case("DKIM-Signature") {
            continue;
        }
        let tag = |wanted: &str| {
            let tags = value.split(';').filter_map(|tag| tag.split_once('='));
            let mut tags = tags.map(|(name, value)| (name.trim(), value.trim()));
            tags.find(|(name, _)| *name == wanted).map(|(_, v)| v)
        };
        let is_name = |s: &&str| {
            s.len() <= 63
                && s.chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        if tag("d").is_some_and(|d| d.eq_ignore_ascii_case(domain))
            && let Some(selector) = tag("s").filter(is_name)
        {
            found.push(selector.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_own_mail_is_known_by_its_signature() {
        let message = b"Received: x\r\nDKIM-Signature: v=1; a=rsa-sha256; d=own.test;\r\n\ts=fm2; bh=x; b=y\r\n\
            DKIM-Signature: v=1; d=other.test; s=no\r\nDKIM-Signature: d=own.test; s=../x\r\nFrom: me@own.test\r\n\r\n\
            DKIM-Signature: d=own.test; s=body\r\n";
        assert_eq!(signed_with(message, "OWN.test"), ["fm2"]);
        assert!(signed_with(b"", "own.test").is_empty());
    }
}
