//! What the name system says of a domain's servers for mail programs: SRV records (RFC 6186, and
//! RFC 8314 §5.1 for `_submissions`), and the servers that take its mail.

use super::autoconfig::is_host;
use super::providers::Providers;
use crate::model::setup::{Proposal, SignIn, Source};
use crate::model::{Endpoint, Security};
use crate::net::domain::{NoAnswer, Resolver};
use std::thread;
use std::time::Instant;

/// Servers of one kind that are taken.
const SERVERS: usize = 6;

/// What a question to the name system came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Servers.
    Servers(Box<Proposal>),
    /// The domain's mail is with a provider that no mail program can read from: why.
    Without(String),
    /// Nothing that helps.
    Nothing,
    /// There is no such domain.
    NoDomain,
    /// Nobody said anything.
    Silent,
}

/// The servers that a domain names for mail programs.
pub fn services(resolver: &Resolver, email: &str, domain: &str, until: Instant) -> Said {
    const KINDS: [(&str, Security, bool); 4] = [
        ("_imaps._tcp", Security::Tls, true),
        ("_imap._tcp", Security::StartTls, true),
        ("_submissions._tcp", Security::Tls, false),
        ("_submission._tcp", Security::StartTls, false),
    ];
    let mut silent = true;
    let (mut imap, mut smtp) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let asked = KINDS.map(|(name, security, reads)| {
            let ask = move || resolver.services(name, domain, until);
            (
                security,
                reads,
                thread::Builder::new().spawn_scoped(scope, ask),
            )
        });
        for (security, reads, thread) in asked {
            let said = thread.ok().and_then(|t| t.join().ok());
            let services = match said {
                Some(Ok(services)) => services,
                Some(Err(NoAnswer::NoName)) => Vec::new(),
                _ => continue,
            };
            silent = false;
            let list = if reads { &mut imap } else { &mut smtp };
            let usable = services
                .into_iter()
                .filter(|s| is_host(&s.host) && s.port != 0);
            list.extend(usable.map(|service| Endpoint {
                host: service.host,
                port: service.port,
                security,
                pin_sha256: None,
            }));
        }
    });
    imap.truncate(SERVERS);
    smtp.truncate(SERVERS);
    match (imap.is_empty(), silent) {
        (true, true) => Said::Silent,
        (true, false) => Said::Nothing,
        (false, _) => Said::Servers(Box::new(Proposal {
            provider: None,
            source: Source::Srv,
            imap,
            smtp,
            // RFC 6186 §4: the whole address is tried first.
            user: email.to_owned(),
            sign_in: vec![SignIn::Password],
            outside: Vec::new(),
            meant: None,
            notes: Vec::new(),
        })),
    }
}

/// The provider whose servers take a domain's mail.
pub fn exchangers(
    resolver: &Resolver,
    known: &Providers,
    email: &str,
    domain: &str,
    until: Instant,
) -> Said {
    let servers = match resolver.exchangers(domain, until) {
        Ok(servers) => servers,
        Err(NoAnswer::NoName) => return Said::NoDomain,
        Err(NoAnswer::Silent) => return Said::Silent,
    };
    let hosts: Vec<String> = servers.into_iter().filter(|s| is_host(s)).collect();
    let Some((provider, at)) = known.of_mx(&hosts) else {
        return Said::Nothing;
    };
    if let Some(why) = provider.why_not() {
        return Said::Without(why);
    }
    let found = provider.proposal(email, Source::Mx, Some(at));
    found.map_or(Said::Nothing, |found| Said::Servers(Box::new(found)))
}
