//! How far an answer is to be trusted. Pure.
//!
//! The lists of providers name servers anywhere. Whatever else names a server outside of the
//! address's domain could be somebody who wants the password: a forged answer of the name system,
//! or a file of whoever answers for the domain (RFC 6186 §6). The domain is the address's own and
//! never one above it: what stands at a top level belongs to somebody else.

use super::providers::{Providers, is_below};
use crate::model::Endpoint;
use crate::model::setup::{Proposal, SignIn, Source};

/// Marks what the user must agree to, and adds what is known of servers that are a known
/// provider's.
pub fn judge(mut found: Proposal, domain: &str, known: &Providers) -> Proposal {
    let vouched = matches!(
        found.source,
        Source::Typed | Source::Own | Source::Provider | Source::Ispdb
    );
    found.outside = match vouched {
        true => Vec::new(),
        false => outside(domain, found.imap.iter().chain(&found.smtp)),
    };
    if !matches!(found.source, Source::Own | Source::Provider) {
        found.meant = known.like(domain).map(str::to_owned);
    }
    let first = found.imap.first().map_or("", |end| end.host.as_str());
    if let Some(provider) = known.of_host(first) {
        found.sign_in.clone_from(&provider.sign_in);
        for note in provider.said() {
            if !found.notes.contains(&note) {
                found.notes.push(note);
            }
        }
        found.provider = found.provider.or_else(|| Some(provider.name.clone()));
    }
    if !matches!(found.source, Source::Own | Source::Provider) {
        keep_tokens_home(&mut found, known);
    }
    found
}

/// Takes a provider's word from servers that are not all its own: its token would go to others.
/// Where nothing else is left, the word is the server's name, which leads to no provider's page.
pub(super) fn keep_tokens_home(found: &mut Proposal, known: &Providers) {
    let hosts = || found.imap.iter().chain(&found.smtp).map(|e| &*e.host);
    let home = |way: &SignIn| match way {
        SignIn::OAuth { provider } => known.may_have_tokens(provider, hosts()),
        _ => true,
    };
    if found.sign_in.iter().all(home) {
        return;
    }
    let mut ways: Vec<SignIn> = found.sign_in.iter().filter(|w| home(w)).cloned().collect();
    if ways.is_empty() {
        let provider = hosts().next().unwrap_or_default().to_owned();
        ways.push(SignIn::OAuth { provider });
    }
    found.sign_in = ways;
}

/// The hosts that don't belong to the domain, each once.
fn outside<'e>(domain: &str, ends: impl Iterator<Item = &'e Endpoint>) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for end in ends {
        if !is_below(&end.host, domain) && !hosts.contains(&end.host) {
            hosts.push(end.host.clone());
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::discover::providers::server;

    fn found(source: Source, imap: &str, smtp: &str) -> Proposal {
        Proposal {
            provider: None,
            source,
            imap: vec![server(imap, "imap").unwrap()],
            smtp: vec![server(smtp, "smtp").unwrap()],
            user: "me@example.test".into(),
            sign_in: vec![SignIn::Password],
            outside: Vec::new(),
            meant: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn s10_rfc6186_s6_servers_elsewhere_are_asked_about() {
        let known = Providers::built_in();
        let ask = |source, imap: &str, domain: &str| {
            judge(found(source, imap, "smtp.example.test:465"), domain, &known).outside
        };
        let (own, other) = ("imap.example.test:993", "imap.evil.test:993");
        let none: [&str; 0] = [];
        for source in [Source::Domain, Source::Mx, Source::Srv, Source::Guess] {
            assert_eq!(ask(source, own, "example.test"), none);
            assert_eq!(ask(source, other, "example.test"), ["imap.evil.test"]);
            // Never a label up: the domain above belongs to somebody else.
            let up = ask(source, own, "sub.example.test");
            assert_eq!(up, ["imap.example.test", "smtp.example.test"]);
            assert_eq!(
                ask(source, "example.test.evil.test:993", "example.test").len(),
                1
            );
        }
        for source in [Source::Typed, Source::Own, Source::Provider, Source::Ispdb] {
            assert_eq!(ask(source, other, "example.test"), none);
        }
    }

    #[test]
    fn what_is_known_of_a_provider_is_added_whoever_named_its_server() {
        let known = Providers::built_in();
        let named = found(Source::Srv, "imap.gmail.com:993", "smtp.gmail.com:465");
        let named = judge(named, "firm.test", &known);
        assert!(named.wants_app_password() && !named.notes.is_empty());
        assert_eq!(named.outside, ["imap.gmail.com", "smtp.gmail.com"]);
        assert_eq!(named.provider.as_deref(), Some("Gmail"));
    }

    #[test]
    fn s10_a_provider_s_token_goes_to_its_own_servers_alone() {
        let known = Providers::built_in();
        let oauth = |provider: &str| SignIn::OAuth {
            provider: provider.to_owned(),
        };
        let ways = |imap: &str, smtp: &str, way: &str| {
            let mut named = found(Source::Domain, imap, smtp);
            named.sign_in = vec![oauth(way)];
            judge(named, "firm.test", &known).sign_in
        };
        let (own, gmail) = ("imap.firm.test:993", "imap.gmail.com:993");
        for word in ["google", "microsoft"] {
            let said = ways(own, "smtp.firm.test:465", word);
            assert_eq!(said, [oauth("imap.firm.test")]);
        }
        // One server of the domain's own among them is enough.
        let said = ways(gmail, "smtp.firm.test:465", "google");
        assert!(!said.contains(&oauth("google")), "{said:?}");
        let said = ways(gmail, "smtp.gmail.com:465", "google");
        assert!(said.contains(&oauth("google")), "{said:?}");
        let microsoft = "outlook.office365.com:993";
        let said = ways(microsoft, "smtp.office365.com:587", "microsoft");
        assert_eq!(said, [oauth("microsoft")]);
        let said = ways(microsoft, "smtp.firm.test:587", "microsoft");
        assert!(!said.contains(&oauth("microsoft")), "{said:?}");
    }

    #[test]
    fn a_domain_that_is_nearly_a_known_one_is_asked_about() {
        let known = Providers::built_in();
        let own = found(Source::Domain, "imap.gmial.com:993", "smtp.gmial.com:465");
        let named = judge(own.clone(), "gmial.com", &known);
        assert_eq!(named.meant.as_deref(), Some("gmail.com"));
        assert!(named.must_ask() && named.outside.is_empty());
        assert!(
            !judge(own, "example.test", &known)
                .question()
                .unwrap()
                .contains("nearly")
        );
    }
}
