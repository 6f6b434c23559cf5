//! A sender's domain as receivers see it: SPF, DKIM, DMARC, MX, and what protects mail between
//! servers (MTA-STS, RFC 8461; TLS-RPT, RFC 8460). Hints: mail goes out without any of them, and may
//! end in junk.

use super::said::{careful, list, nobody};
use super::shown::clean;
use super::{dmarc, signed, spf};
use crate::lang::tr;
use crate::model::checkup::{Advice, Step};
use crate::net::dns::{Kind, Said};
use crate::net::domain::Resolver;
use std::cell::Cell;
use std::net::IpAddr;
use std::time::Instant;

/// After so many questions without an answer nobody is asked any more.
const PATIENCE: usize = 2;

/// Tops that nobody in the name system answers for (RFC 2606, RFC 6761, RFC 6762).
const RESERVED: [&str; 8] = [
    "test",
    "example",
    "invalid",
    "localhost",
    "local",
    "onion",
    "internal",
    "home.arpa",
];

/// Whether a domain is one that no receiver looks up.
pub fn is_reserved(domain: &str) -> bool {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let last = |top: &&str| domain == **top || domain.ends_with(&format!(".{top}"));
    let documented = ["example.com", "example.net", "example.org"];
    RESERVED.iter().chain(&documented).any(last)
}

/// The domain and what its mail goes out by.
#[derive(Clone, Debug, Default)]
pub struct Sender<'a> {
    /// The domain of the address.
    pub domain: &'a str,
    /// The submission server.
    pub host: &'a str,
    /// Its addresses.
    pub addresses: &'a [IpAddr],
    /// Names of keys that messages from this address were signed with.
    pub selectors: &'a [String],
}

/// Looks a sender's domain up.
pub fn look(sender: &Sender<'_>, resolver: &Resolver, tell: &mut dyn FnMut(Step)) {
    let Ok(domain) = idna::domain_to_ascii(sender.domain) else {
        return;
    };
    let silent = Cell::new(0);
    let mut ask = |name: &str, kind: Kind| {
        if silent.get() >= PATIENCE {
            return Said::Nothing;
        }
        let said = resolver.say_of(name, kind);
        if said == Said::Nothing {
            silent.set(silent.get() + 1);
        }
        said
    };
    let began = Instant::now();
    let found = mx(&domain, &mut ask);
    tell(found.after(began.elapsed()));
    if silent.get() >= PATIENCE {
        return;
    }
    let began = Instant::now();
    let found = spf::read(&domain, sender.host, sender.addresses, &mut ask);
    tell(judge_spf(&found, sender.host).after(began.elapsed()));
    if silent.get() >= PATIENCE {
        return;
    }
    let began = Instant::now();
    tell(signed::look(&domain, sender.selectors, resolver).after(began.elapsed()));
    let began = Instant::now();
    tell(policy(&domain, &mut ask).after(began.elapsed()));
    let began = Instant::now();
    tell(between_servers(&domain, &mut ask).after(began.elapsed()));
}

fn mx(domain: &str, ask: &mut spf::Ask<'_>) -> Step {
    const NAME: &str = "MX";
    match ask(domain, Kind::Mx) {
        Said::Records(servers) if servers.iter().any(|s| !s.is_empty()) => {
            let shown: Vec<String> = servers.iter().take(3).map(|s| clean(s)).collect();
            let servers_shown = shown.join(tr!(", "));
            let words = match servers.len().saturating_sub(3) {
                0 => tr!(
                    "{domain} takes mail at {servers}",
                    domain,
                    servers = servers_shown
                ),
                more => tr!(
                    "{domain} takes mail at {servers} and {more} more",
                    domain,
                    servers = servers_shown,
                    more
                ),
            };
            Step::fine(NAME, words)
        }
        Said::Records(servers) if !servers.is_empty() => careful(
            NAME,
            tr!("{domain} says that it takes no mail", domain),
            tr!(
                "its only MX record is the root (RFC 7505): answers to you do not arrive, and many receivers refuse mail from such a domain"
            ),
            tr!("let whoever keeps the domain's name system name its mail servers"),
        ),
        Said::Records(_) => match ask(domain, Kind::A) {
            Said::Records(found) if !found.is_empty() => Step::note(
                NAME,
                tr!("{domain} has none: its own address takes its mail", domain),
            ),
            _ => careful(
                NAME,
                tr!("{domain} names no server that takes its mail", domain),
                tr!("answers to you do not arrive"),
                tr!("let whoever keeps the domain's name system name its mail servers"),
            ),
        },
        Said::NoName => Step::wrong(
            NAME,
            Advice::new(
                tr!("there is no domain {domain}", domain),
                tr!("`email` is misspelt, or the domain has run out"),
                tr!("check `email` of the account"),
            ),
        ),
        Said::TooLong | Said::Nothing => nobody(NAME, domain),
    }
}

fn judge_spf(found: &spf::Spf, host: &str) -> Step {
    const NAME: &str = "SPF";
    let host = clean(host);
    let record = match found.records.as_slice() {
        [] if found.unknown => return nobody(NAME, tr!("the domain")),
        [] => {
            return careful(
                NAME,
                tr!("the domain has no SPF record").to_owned(),
                tr!("receivers can't tell which servers may send for it, and trust its mail less"),
                tr!(
                    "ask your provider for its SPF record, and have it put into the domain's name system"
                ),
            );
        }
        [record] => clean(record),
        several => {
            return careful(
                NAME,
                tr!("the domain has {n} SPF records", n = several.len()),
                tr!("receivers take more than one for none (RFC 7208 §3.2)"),
                tr!("join them to one: all terms between one v=spf1 and one end"),
            );
        }
    };
    if found.all == Some('+') {
        return careful(
            NAME,
            tr!("{record}: anybody may send for this domain", record),
            tr!(
                "+all lets every server of the world pass, so receivers take it for a sign of junk"
            ),
            tr!("end it with ~all or -all"),
        );
    }
    if let Some(odd) = found.odd.first() {
        return careful(
            NAME,
            tr!(
                "{record}: `{term}` is no term of SPF",
                record,
                term = clean(odd)
            ),
            tr!("receivers take a record with a mistake for none"),
            tr!("correct it"),
        );
    }
    if spf::is_too_dear(found) {
        let what = match found.lookups > 10 {
            true => tr!("{record}: causes {n} look-ups", record, n = found.lookups),
            false => tr!(
                "{record}: leads to names that say nothing: {names}",
                record,
                names = list(&found.void)
            ),
        };
        return careful(
            NAME,
            what,
            tr!("receivers stop after ten look-ups or two empty ones and take the record for none"),
            tr!("take out what is not needed any more"),
        );
    }
    let end = match found.all {
        Some('-') => tr!("everybody else is to be refused"),
        Some('~') => tr!("everybody else is to be distrusted"),
        _ => tr!("of everybody else it says nothing"),
    };
    match &found.names {
        Some(term) => Step::fine(
            NAME,
            tr!(
                "{record}: `{term}` names {host}, by which you send; {end}",
                record,
                term = clean(term),
                host,
                end
            ),
        ),
        None if found.unknown => nobody(NAME, tr!("all that the record leads to")),
        None if found.all.is_none() || found.all == Some('?') => {
            let words = tr!(
                "{record}: {host} is not named in it; {end}",
                record,
                host,
                end
            );
            Step::note(NAME, words)
        }
        None => careful(
            NAME,
            tr!(
                "{record}: names neither {host}, by which you send, nor its provider; {end}",
                record,
                host,
                end
            ),
            tr!(
                "receivers may take what you send for forged, unless your provider sends by a server that is named"
            ),
            tr!(
                "ask the provider of `smtp` for its SPF record and have it added, or send by the server that the domain's own provider gives"
            ),
        ),
    }
}

fn policy(domain: &str, ask: &mut spf::Ask<'_>) -> Step {
    const NAME: &str = "DMARC";
    // A domain without one has that of a domain above it (RFC 7489 §6.6.3).
    let mut place = domain;
    let records = loop {
        match ask(&format!("_dmarc.{place}"), Kind::Txt) {
            Said::Records(texts) => {
                let records: Vec<_> = texts.iter().filter_map(|t| dmarc::read(t)).collect();
                if !records.is_empty() {
                    break records;
                }
            }
            Said::NoName => {}
            Said::TooLong | Said::Nothing => return nobody(NAME, domain),
        }
        match place.split_once('.') {
            Some((_, above)) if above.contains('.') => place = above,
            _ => break Vec::new(),
        }
    };
    match records.as_slice() {
        [] => careful(
            NAME,
            tr!("{domain} has no DMARC record", domain),
            tr!(
                "receivers are told nothing of mail that somebody forges in its name, and large ones want it"
            ),
            &tr!(
                "have whoever keeps the domain's name system put one in, such as \"v=DMARC1; p=none\" at _dmarc.{domain}",
                domain
            ),
        ),
        [Ok(found)] => {
            let kind = match place == domain {
                true => found.policy,
                false => found.below,
            };
            let (policy, what) = (kind.name(), kind.words());
            let reports = match found.reports {
                true => tr!("reports go to the domain"),
                false => tr!("nobody is sent reports"),
            };
            let words = match found.percent {
                100 => tr!(
                    "p={policy} at {place}: {what}; {reports}",
                    policy,
                    place,
                    what,
                    reports
                ),
                percent => tr!(
                    "p={policy} at {place}: {what} (of {percent} % of it); {reports}",
                    policy,
                    place,
                    what,
                    percent,
                    reports
                ),
            };
            Step::fine(NAME, words)
        }
        [Err(())] => careful(
            NAME,
            tr!("the DMARC record at {place} names no policy", place),
            tr!("receivers take a record with a mistake for none"),
            tr!("it needs p=none, p=quarantine or p=reject"),
        ),
        _ => careful(
            NAME,
            tr!("{place} has {n} DMARC records", place, n = records.len()),
            tr!("receivers take more than one for none"),
            tr!("leave one"),
        ),
    }
}

fn between_servers(domain: &str, ask: &mut spf::Ask<'_>) -> Step {
    let mut has = |name: String, begins: &str| match ask(&name, Kind::Txt) {
        Said::Records(texts) => texts.iter().any(|t| t.starts_with(begins)),
        _ => false,
    };
    let sts = has(format!("_mta-sts.{domain}"), "v=STSv1");
    let reports = has(format!("_smtp._tls.{domain}"), "v=TLSRPTv1");
    let words = match (sts, reports) {
        (true, true) => {
            tr!("servers must bring mail over TLS (MTA-STS), and report where they can't")
        }
        (true, false) => tr!("servers must bring mail over TLS (MTA-STS)"),
        (false, true) => tr!("servers report where TLS fails (TLS-RPT), and need not use it"),
        (false, false) => tr!("servers need not bring mail over TLS (no MTA-STS); usual"),
    };
    Step::note("MTA-STS, TLS-RPT", words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;
    use crate::net::check::fake::Zone;

    fn told(zone: Zone, selectors: &[&str]) -> Vec<Step> {
        let selectors: Vec<String> = selectors.iter().map(|s| (*s).to_owned()).collect();
        let addresses = ["192.0.2.7".parse().unwrap()];
        let sender = Sender {
            domain: "own.test",
            host: "smtp.provider.test",
            addresses: &addresses,
            selectors: &selectors,
        };
        let mut steps = Vec::new();
        look(&sender, &zone.serve(), &mut |step| steps.push(step));
        steps
    }

    fn step<'s>(steps: &'s [Step], name: &str) -> (Level, String) {
        let step: &'s Step = steps.iter().find(|s| s.name == name).unwrap();
        let words = match &step.found {
            Ok(found) => found.clone(),
            Err(advice) => advice.line(),
        };
        (step.level, words)
    }

    fn key(bits: u32) -> String {
        use base64::Engine as _;
        let key = openssl::rsa::Rsa::generate(bits).unwrap();
        let der = key.public_key_to_der().unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(der);
        format!("v=DKIM1; k=rsa; p={data}")
    }

    #[test]
    fn a_domain_that_is_well_kept_is_fine() {
        let zone = Zone::default()
            .mx("own.test", "mx.provider.test")
            .txt("own.test", "v=spf1 include:_spf.provider.test -all")
            .txt("_spf.provider.test", "v=spf1 ip4:192.0.2.0/24 -all")
            .txt("x1._domainkey.own.test", &key(2048))
            .txt(
                "_dmarc.own.test",
                "v=DMARC1; p=reject; rua=mailto:r@own.test",
            )
            .txt("_mta-sts.own.test", "v=STSv1; id=1");
        let steps = told(zone, &["x1"]);
        for (name, words) in [
            ("MX", "mx.provider.test"),
            (
                "SPF",
                "names smtp.provider.test, by which you send; everybody else is to be refused",
            ),
            ("DKIM", "x1 (RSA, 2048 bits)"),
            (
                "DMARC",
                "p=reject at own.test: mail that fails both SPF and DKIM is refused; reports go",
            ),
        ] {
            let (level, said) = step(&steps, name);
            assert_eq!(level, Level::Fine, "{name} {said}");
            assert!(said.contains(words), "{name}: {said}");
        }
        assert!(
            step(&steps, "MTA-STS, TLS-RPT")
                .1
                .contains("over TLS (MTA-STS)")
        );
    }

    #[test]
    fn what_is_wrong_with_a_domain_is_said_with_its_remedy() {
        let base = || {
            Zone::default()
                .mx("own.test", "mx.own.test")
                .a("mx.own.test", "192.0.2.9")
        };
        let many: String = (0..11).map(|n| format!("a:n{n}.test ")).collect();
        let mut dear = base().txt("own.test", &format!("v=spf1 {many}-all"));
        for n in 0..11 {
            dear = dear.a(&format!("n{n}.test"), "198.51.100.1");
        }
        let cases = [
            (Zone::default(), "MX", "there is no domain own.test"),
            (Zone::default().mx("own.test", ""), "MX", "takes no mail"),
            (
                Zone::default().txt("own.test", "x"),
                "MX",
                "names no server",
            ),
            (base(), "SPF", "no SPF record"),
            (
                base()
                    .txt("own.test", "v=spf1 -all")
                    .txt("own.test", "v=spf1 ~all"),
                "SPF",
                "2 SPF records",
            ),
            (
                base().txt("own.test", "v=spf1 mx +all"),
                "SPF",
                "anybody may send",
            ),
            (
                base().txt("own.test", "v=spf1 mx -all"),
                "SPF",
                "names neither smtp.provider.test",
            ),
            (
                base().txt("own.test", "v=spf1 ipv4:1.2.3.4 -all"),
                "SPF",
                "no term of SPF",
            ),
            (dear, "SPF", "ten look-ups"),
            (base(), "DMARC", "\"v=DMARC1; p=none\" at _dmarc.own.test"),
            (
                base().txt("_dmarc.own.test", "v=DMARC1; p=x"),
                "DMARC",
                "names no policy",
            ),
            (
                base().txt("s1._domainkey.own.test", "v=DKIM1; p="),
                "DKIM",
                "taken back",
            ),
            (
                base().txt("s1._domainkey.own.test", &key(512)),
                "DKIM",
                "no key that counts: s1 (RSA, 512 bits)",
            ),
            (base(), "DKIM", "no key under any of the usual names"),
        ];
        for (zone, name, words) in cases {
            let (level, said) = step(&told(zone, &[]), name);
            assert!(said.contains(words), "{name}: {said} lacks {words}");
            assert!(level > Level::Fine, "{name}: {said}");
        }
        let unsigned = step(&told(base(), &["gone"]), "DKIM");
        assert!(
            unsigned
                .1
                .contains("no key for gone, with which your mail was signed"),
            "{unsigned:?}"
        );
    }

    #[test]
    fn what_a_record_leads_to_in_silence_is_not_held_against_the_domain() {
        let record = "v=spf1 a:a.test a:b.test a:c.test -all";
        let found = spf::read("own.test", "smtp.test", &[], &mut |_, kind| match kind {
            Kind::Txt => Said::Records(vec![record.to_owned()]),
            _ => Said::Nothing,
        });
        let judged = judge_spf(&found, "smtp.test");
        assert_eq!(judged, nobody("SPF", tr!("all that the record leads to")));
    }

    #[test]
    fn the_policy_of_the_domain_above_counts_for_what_is_below() {
        let zone = Zone::default().txt("_dmarc.own.test", "v=DMARC1; p=reject; sp=quarantine");
        let mut ask = |name: &str, kind: Kind| zone.said(name, kind);
        let found = policy("mail.own.test", &mut ask).found.unwrap();
        assert_eq!(
            found,
            "p=quarantine at own.test: mail that fails both SPF and DKIM goes into junk; nobody is sent reports"
        );
        let zone = Zone::default().txt("_dmarc.own.test", "v=DMARC1; p=reject; pct=20");
        let mut ask = |name: &str, kind: Kind| zone.said(name, kind);
        let found = policy("own.test", &mut ask).found.unwrap();
        assert_eq!(
            found,
            "p=reject at own.test: mail that fails both SPF and DKIM is refused (of 20 % of it); nobody is sent reports"
        );
    }

    #[test]
    fn without_a_name_server_it_ends_soon() {
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let resolver = Resolver::at(silent.local_addr().unwrap());
        let mut steps = Vec::new();
        let sender = Sender {
            domain: "own.test",
            host: "smtp.own.test",
            ..Sender::default()
        };
        look(&sender, &resolver, &mut |step| steps.push(step));
        assert!(steps.len() <= 2, "{steps:?}");
        assert!(step(&steps, "MX").1.contains("no name server could say"));
    }

    #[test]
    fn reserved_names_are_nobodys() {
        for domain in [
            "a.test",
            "example.com",
            "mail.example.org",
            "LOCALHOST",
            "x.invalid.",
        ] {
            assert!(is_reserved(domain), "{domain}");
        }
        for domain in ["gmail.com", "test.de", "myexample.com"] {
            assert!(!is_reserved(domain), "{domain}");
        }
    }
}
