//! A domain's SPF record as receivers read it (RFC 7208): how many there are, what it costs, what it
//! says of strangers, and whether it names the server that mail goes out by. Pure: who is asked is
//! given.
//!
//! A submission server often sends from other addresses than its own, so that what is not named is
//! a doubt and never a verdict.

use crate::net::dns::{Kind, Said};
use std::net::IpAddr;

/// Look-ups that a record may cause (RFC 7208 §4.6.4).
const MOST_LOOKUPS: usize = 10;
/// Questions that are asked in all, whatever a record wants.
const MOST_QUESTIONS: usize = 40;
/// Terms of one record that are looked at.
const MOST_TERMS: usize = 100;

/// Whom to ask.
pub(super) type Ask<'a> = dyn FnMut(&str, Kind) -> Said + 'a;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spf {
    /// The records; there should be one.
    pub records: Vec<String>,
    /// Look-ups that it causes, so far as they were followed.
    pub lookups: usize,
    /// Names that it leads to and that say nothing.
    pub void: Vec<String>,
    /// What is to be thought of strangers: `-`, `~`, `?` or `+`; `None` if it does not say.
    pub all: Option<char>,
    /// The term that names the sending server or its provider.
    pub names: Option<String>,
    /// What can't be read in it.
    pub odd: Vec<String>,
    /// No name server answered.
    pub unknown: bool,
}

/// Providers whose outgoing servers stand in records under another name than that of the server
/// that takes the mail: end of the host's name, ends of the names in the record.
const ALSO: [(&str, &[&str]); 12] = [
    ("gmail.com", &["google.com"]),
    ("googlemail.com", &["google.com"]),
    ("office365.com", &["outlook.com"]),
    ("fastmail.com", &["messagingengine.com"]),
    ("mail.me.com", &["icloud.com"]),
    (
        "ionos.com",
        &["perfora.net", "ionos.com", "kundenserver.de"],
    ),
    ("ionos.de", &["kundenserver.de", "ionos.de", "ionos.com"]),
    ("your-server.de", &["your-server.de"]),
    ("amazonaws.com", &["amazonses.com"]),
    ("sendgrid.net", &["sendgrid.net"]),
    ("mailgun.org", &["mailgun.org"]),
    ("protonmail.ch", &["protonmail.ch"]),
];

/// Reads the record of `domain`. `host` is the submission server and `addresses` are its.
pub(super) fn read(domain: &str, host: &str, addresses: &[IpAddr], ask: &mut Ask<'_>) -> Spf {
    let mut walk = Walk {
        spf: Spf::default(),
        host,
        addresses,
        ask,
        questions: 0,
    };
    match walk.records(domain) {
        None => walk.spf.unknown = true,
        Some(records) => {
            walk.spf.records = records;
            if let [record] = walk.spf.records.as_slice() {
                let record = record.clone();
                walk.record(domain, &record, true, 0);
            }
        }
    }
    walk.spf
}

struct Walk<'a, 'b> {
    spf: Spf,
    host: &'a str,
    addresses: &'a [IpAddr],
    ask: &'a mut Ask<'b>,
    questions: usize,
}

impl Walk<'_, '_> {
    fn asked(&mut self, name: &str, kind: Kind) -> Said {
        self.questions += 1;
        match self.questions > MOST_QUESTIONS {
            true => Said::Nothing,
            false => (self.ask)(name, kind),
        }
    }

    /// The SPF records of a name; `None` if nobody can say.
    fn records(&mut self, name: &str) -> Option<Vec<String>> {
        let is_spf = |text: &String| {
            let text = text.to_ascii_lowercase();
            text == "v=spf1" || text.starts_with("v=spf1 ")
        };
        match self.asked(name, Kind::Txt) {
            Said::Records(texts) => Some(texts.into_iter().filter(is_spf).collect()),
            Said::NoName => Some(Vec::new()),
            Said::TooLong | Said::Nothing => None,
        }
    }

    fn record(&mut self, domain: &str, record: &str, top: bool, depth: usize) {
        let mut redirect = None;
        for term in record.split_whitespace().skip(1).take(MOST_TERMS) {
            let lower = term.to_ascii_lowercase();
            if let Some(to) = lower.strip_prefix("redirect=") {
                redirect = Some(to.to_owned());
                continue;
            }
            let (qualifier, mechanism) = match lower.chars().next() {
                Some(q @ ('+' | '-' | '~' | '?')) => (q, lower.get(1..).unwrap_or_default()),
                _ => ('+', lower.as_str()),
            };
            let end = mechanism.find([':', '/', '=']).unwrap_or(mechanism.len());
            let (name, rest) = mechanism.split_at_checked(end).unwrap_or((mechanism, ""));
            let value = rest.strip_prefix(':').unwrap_or_default();
            // Lengths of networks matter only for addresses.
            let target = match value.split('/').next() {
                None | Some("") => domain.to_owned(),
                Some(target) => target.to_owned(),
            };
            match name {
                "all" => {
                    if top {
                        self.spf.all = Some(qualifier);
                    }
                    // What stands behind it counts for nothing.
                    return;
                }
                "ip4" | "ip6" => {
                    if self.addresses.iter().any(|ip| within(*ip, value)) {
                        self.named(term);
                    }
                }
                "a" => self.addresses_of(&target, term),
                "mx" => self.servers_of(&target, term),
                "include" => {
                    if !value.is_empty() {
                        self.lookup(value, term, depth, false);
                    }
                }
                "exists" | "ptr" => self.spf.lookups += 1,
                _ if rest.starts_with('=') => {}
                _ => self.odd(term),
            }
        }
        if let Some(to) = redirect {
            self.lookup(&to, record, depth, top);
        }
    }

    /// Follows an include or, with `whole`, a redirect.
    fn lookup(&mut self, name: &str, term: &str, depth: usize, whole: bool) {
        self.spf.lookups += 1;
        if self.is_kin(name) {
            self.named(term);
        }
        if name.contains('%') || depth >= MOST_LOOKUPS || self.spf.lookups > 2 * MOST_LOOKUPS {
            return;
        }
        match self.records(name) {
            Some(records) => match records.as_slice() {
                [record] => {
                    let record = record.clone();
                    self.record(name, &record, whole, depth + 1);
                }
                _ => self.void(name),
            },
            None => self.spf.unknown = true,
        }
    }

    fn addresses_of(&mut self, name: &str, term: &str) {
        self.spf.lookups += 1;
        if same(name, self.host) {
            self.named(term);
        }
        let (found, silent) = self.asked_addresses(name);
        match (found.is_empty(), silent) {
            // That is the name server's doing, and tells nothing of the domain.
            (true, true) => self.spf.unknown = true,
            (true, false) => self.void(name),
            _ => {}
        }
        if found.iter().any(|ip| self.addresses.contains(ip)) {
            self.named(term);
        }
    }

    fn servers_of(&mut self, name: &str, term: &str) {
        self.spf.lookups += 1;
        match self.asked(name, Kind::Mx) {
            Said::Records(servers) if !servers.is_empty() => {
                let mut mine = false;
                for server in servers.iter().take(MOST_LOOKUPS) {
                    mine = mine || same(server, self.host);
                    if !mine {
                        let (found, silent) = self.asked_addresses(server);
                        mine = found.iter().any(|ip| self.addresses.contains(ip));
                        self.spf.unknown |= found.is_empty() && silent;
                    }
                }
                if mine {
                    self.named(term);
                }
            }
            Said::Records(_) | Said::NoName => self.void(name),
            Said::TooLong | Said::Nothing => self.spf.unknown = true,
        }
    }

    /// The addresses of a name, and whether a question for them was not answered.
    fn asked_addresses(&mut self, name: &str) -> (Vec<IpAddr>, bool) {
        let (mut found, mut silent) = (Vec::new(), false);
        for kind in [Kind::A, Kind::Aaaa] {
            match self.asked(name, kind) {
                Said::Records(list) => {
                    found.extend(list.iter().filter_map(|ip| ip.parse::<IpAddr>().ok()));
                }
                Said::NoName => {}
                Said::TooLong | Said::Nothing => silent = true,
            }
        }
        (found, silent)
    }

    /// Whether a name in the record belongs to whom the submission server belongs to.
    fn is_kin(&self, name: &str) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        let under = |name: &str, top: &str| name == top || name.ends_with(&format!(".{top}"));
        let also = ALSO
            .iter()
            .any(|(end, names)| under(&host, end) && names.iter().any(|n| under(name, n)));
        let family = family(&host);
        also || (family.contains('.') && under(name, family))
    }

    fn named(&mut self, term: &str) {
        self.spf.names.get_or_insert_with(|| term.to_owned());
    }

    fn void(&mut self, name: &str) {
        if self.spf.void.len() < MOST_LOOKUPS {
            self.spf.void.push(name.to_owned());
        }
    }

    fn odd(&mut self, term: &str) {
        if self.spf.odd.len() < MOST_LOOKUPS {
            self.spf.odd.push(term.to_owned());
        }
    }
}

/// The last two labels of a name: near enough to whom it belongs, for a hint.
fn family(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.');
    match dots.nth(1) {
        Some((at, _)) => name.get(at + 1..).unwrap_or(name),
        None => name,
    }
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('.')
        .eq_ignore_ascii_case(other.trim_end_matches('.'))
}

/// Whether an address lies in a network such as `192.0.2.0/24`.
fn within(ip: IpAddr, network: &str) -> bool {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().ok()),
        None => (network, Some(128)),
    };
    let Some(length) = length else { return false };
    match (ip, base.parse::<IpAddr>()) {
        (IpAddr::V4(ip), Ok(IpAddr::V4(base))) => {
            let keep = 32 - length.min(32);
            u32::from(ip).checked_shr(keep) == u32::from(base).checked_shr(keep)
        }
        (IpAddr::V6(ip), Ok(IpAddr::V6(base))) => {
            let keep = 128 - length.min(128);
            u128::from(ip).checked_shr(keep) == u128::from(base).checked_shr(keep)
        }
        _ => false,
    }
}

/// Whether it costs more than receivers pay.
pub(super) fn is_too_dear(spf: &Spf) -> bool {
    spf.lookups > MOST_LOOKUPS || spf.void.len() > 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::fake::Zone;
    use proptest::prelude::*;

    const HOST: &str = "smtp.example.test";

    fn read_of(zone: &Zone) -> Spf {
        let ip = ["192.0.2.7".parse().unwrap()];
        read("own.test", HOST, &ip, &mut |name, kind| {
            zone.said(name, kind)
        })
    }

    #[test]
    fn the_sending_server_is_named_by_address_name_or_family() {
        for record in [
            "v=spf1 ip4:192.0.2.0/24 -all",
            "V=SPF1 a:smtp.example.test ~all",
            "v=spf1 mx -all",
            "v=spf1 include:_spf.example.test -all",
            "v=spf1 include:other.test -all",
            "v=spf1 redirect=other.test",
        ] {
            let zone = Zone::default()
                .txt("own.test", record)
                .txt("other.test", "v=spf1 ip4:192.0.2.7 ?all")
                .txt("_spf.example.test", "v=spf1 ip4:203.0.113.1 -all")
                .mx("own.test", "mx.own.test")
                .a("mx.own.test", "192.0.2.7")
                .a("smtp.example.test", "198.51.100.1");
            let spf = read_of(&zone);
            assert!(spf.names.is_some(), "{record}: {spf:?}");
            assert!(
                !is_too_dear(&spf) && spf.odd.is_empty(),
                "{record}: {spf:?}"
            );
        }
        let zone = Zone::default().txt(
            "own.test",
            "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all",
        );
        let spf = read_of(&zone);
        assert_eq!((spf.names, spf.all, spf.lookups), (None, Some('-'), 0));
    }

    #[test]
    fn the_end_of_what_is_included_is_not_its_own() {
        let zone = Zone::default()
            .txt("own.test", "v=spf1 include:a.test ~all")
            .txt("a.test", "v=spf1 +all");
        assert_eq!(read_of(&zone).all, Some('~'));
        let zone = Zone::default()
            .txt("own.test", "v=spf1 redirect=a.test")
            .txt("a.test", "v=spf1 -all");
        assert_eq!(read_of(&zone).all, Some('-'));
    }

    #[test]
    fn what_is_wrong_is_counted() {
        let zone = Zone::default()
            .txt("own.test", "v=spf1 -all")
            .txt("own.test", "v=spf1 ~all")
            .txt("own.test", "something else");
        assert_eq!(read_of(&zone).records.len(), 2);
        // Eleven look-ups, and one that leads to itself.
        let many: String = (0..11).map(|n| format!("include:n{n}.test ")).collect();
        let mut zone = Zone::default().txt("own.test", &format!("v=spf1 {many}-all"));
        for n in 0..11 {
            zone = zone.txt(&format!("n{n}.test"), "v=spf1 -all");
        }
        assert!(is_too_dear(&read_of(&zone)));
        let zone = Zone::default().txt("own.test", "v=spf1 include:own.test -all");
        assert!(is_too_dear(&read_of(&zone)));
        let zone = Zone::default().txt(
            "own.test",
            "v=spf1 a:x.test a:y.test include:z.test ipv4:1.2.3.4 all",
        );
        let spf = read_of(&zone);
        assert_eq!((spf.void.len(), spf.all), (3, Some('+')));
        assert_eq!(spf.odd, ["ipv4:1.2.3.4"]);
        let silent = read("own.test", HOST, &[], &mut |_, _| Said::Nothing);
        assert!(silent.unknown);
    }

    #[test]
    fn a_silent_name_server_is_no_fault_of_the_domain() {
        for record in [
            "v=spf1 a:a.test a:b.test a:c.test -all",
            "v=spf1 mx:a.test -all",
        ] {
            let spf = read("own.test", HOST, &[], &mut |_, kind| match kind {
                Kind::Txt => Said::Records(vec![record.to_owned()]),
                Kind::Mx => Said::Records(vec!["mx.a.test".to_owned()]),
                _ => Said::Nothing,
            });
            assert!(spf.unknown && spf.void.is_empty(), "{spf:?}");
            assert!(!is_too_dear(&spf), "{spf:?}");
        }
        // One family that is answered is enough.
        let spf = read("own.test", HOST, &[], &mut |_, kind| match kind {
            Kind::Txt => Said::Records(vec!["v=spf1 a:a.test -all".to_owned()]),
            Kind::A => Said::Records(vec!["192.0.2.9".to_owned()]),
            _ => Said::Nothing,
        });
        assert!(!spf.unknown && spf.void.is_empty(), "{spf:?}");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_it_ends(record in "[ -~é]{0,80}", network in "[0-9a-f.:/]{0,30}") {
            let zone = Zone::default().txt("own.test", &format!("v=spf1 {record}"));
            read_of(&zone);
            within("192.0.2.1".parse().unwrap(), &network);
            within("2001:db8::1".parse().unwrap(), &network);
        }
    }
}
