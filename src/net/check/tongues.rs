//! What is found is said in the language of the screen: nothing that has a translation stays English.

use super::chain::{self, Sent, Use};
use super::fake::Zone;
use super::ports::{self, Met};
use super::sender::{self, Sender};
use super::shown::{self, DAY, Shown};
use super::{clock, names};
use crate::lang::{Book, Lang, during};
use crate::model::checkup::Step;
use crate::model::{Endpoint, Security};
use crate::net::causes::{self, Service};
use std::net::SocketAddr;
use std::time::Duration;

const NOW: i64 = 1_795_305_723;

/// English of three words and more: whole texts, and what stands between the places of others.
fn english(lang: Lang) -> Vec<String> {
    let book = Book::read(lang.catalogue()).unwrap();
    let mut found = Vec::new();
    for (_, id, said) in book.entries() {
        for piece in id.split(['{', '}']).step_by(2).map(str::trim) {
            let same = said.forms.iter().any(|form| form.contains(piece));
            if piece.split_whitespace().count() > 2 && !same {
                found.push(piece.to_owned());
            }
        }
    }
    found
}

fn found() -> Vec<Step> {
    let mut steps = Vec::new();
    for told in [
        Some((NOW, NOW)),
        Some((NOW, NOW + 900)),
        Some((NOW + 900, NOW)),
        None,
    ] {
        for newest in [None, Some(NOW - 1), Some(NOW + 900)] {
            steps.push(clock::judge(told, newest, NOW));
        }
    }
    let at = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 993);
    let taken = |first| {
        [
            (at("2001:db8::1"), first),
            (at("192.0.2.1"), names::Taken::Yes(Duration::ZERO)),
        ]
    };
    steps.push(names::judge_reach("x", &taken(names::Taken::Silent)));
    steps.push(names::judge_reach("x", &taken(names::Taken::Refused)));
    let end = Endpoint {
        host: "mail.example.test".into(),
        port: 993,
        security: Security::Tls,
        pin_sha256: None,
    };
    let mail = |service, starttls, masked| Met::Mail {
        service,
        starttls,
        masked,
    };
    for met in [
        Met::Refused,
        Met::Silent,
        Met::Mute,
        Met::Tls,
        Met::Web,
        Met::Else("SSH".into()),
        mail(Service::Imap, true, false),
        mail(Service::Imap, false, false),
        mail(Service::Smtp, true, false),
        mail(Service::Smtp, false, true),
    ] {
        for port in [25, 993, 143] {
            let met = [(port, Security::StartTls, met.clone())];
            for works in [false, true] {
                steps.push(ports::judge("x", Service::Imap, &end, &met, works));
            }
        }
    }
    steps.extend(certificates(&end));
    steps.extend(domains());
    steps
}

fn certificates(end: &Endpoint) -> Vec<Step> {
    let mut steps = Vec::new();
    let many: Vec<String> = (0..6).map(|n| format!("n{n}.test")).collect();
    for (from, until) in [(-9, -2), (-9, 1), (-9, 5), (-9, 90), (2, 9)] {
        let shown = Shown {
            names: many.clone(),
            issuer: "Example CA".into(),
            from: NOW + from * DAY,
            until: NOW + until * DAY,
            ..Shown::default()
        };
        let alone = Shown {
            names: Vec::new(),
            alone: true,
            ..shown.clone()
        };
        for pin in [None, Some([0; 32]), Some([7; 32])] {
            let end = Endpoint {
                pin_sha256: pin,
                ..end.clone()
            };
            for (shown, trusted) in [(&shown, true), (&shown, false), (&alone, false)] {
                steps.push(shown::judge("x", shown, &end, trusted, NOW));
            }
        }
        let ring = |subject: &str, issuer: &str| Sent {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            alone: subject == issuer,
            from: NOW + from * DAY,
            until: NOW + until * DAY,
        };
        let whole = [ring("a", "b"), ring("b", "c"), ring("c", "c")];
        for came in [Use::Works, Use::Fails, Use::Untrusted(&causes::UNTRUSTED)] {
            for sent in [&whole[..1], &whole[..2], &whole] {
                steps.push(chain::judge("x", sent, came, NOW));
            }
        }
    }
    steps.push(chain::hidden("x"));
    steps
}

fn domains() -> Vec<Step> {
    let base = || {
        Zone::default()
            .mx("own.test", "mx.own.test")
            .a("mx.own.test", "192.0.2.9")
    };
    let policy = |record: &str| base().txt("_dmarc.own.test", record);
    let zones = [
        Zone::default(),
        Zone::default().mx("own.test", ""),
        Zone::default().txt("own.test", "v=spf1 +all"),
        Zone::default().a("own.test", "192.0.2.9"),
        base().txt("own.test", "v=spf1 mx -all"),
        base().txt("own.test", "v=spf1 a:smtp.own.test ~all"),
        base().txt("own.test", "v=spf1 ipv4:1.2.3.4 -all"),
        base()
            .txt("own.test", "v=spf1 a:x.test a:y.test a:z.test -all")
            .txt("s1._domainkey.own.test", "v=DKIM1; p="),
        base()
            .txt("own.test", "v=spf1 -all")
            .txt("own.test", "v=spf1 ~all"),
        policy("v=DMARC1; p=reject; pct=50; rua=mailto:r@own.test"),
        policy("v=DMARC1; p=none"),
        policy("v=DMARC1; p=x"),
        policy("v=DMARC1; p=quarantine")
            .txt("_mta-sts.own.test", "v=STSv1; id=1")
            .txt("_smtp._tls.own.test", "v=TLSRPTv1"),
    ];
    let mut steps = Vec::new();
    for zone in zones {
        let resolver = zone.serve();
        for selectors in [&[][..], &["s1".to_owned()]] {
            let sender = Sender {
                domain: "own.test",
                host: "smtp.own.test",
                addresses: &[],
                selectors,
            };
            sender::look(&sender, &resolver, &mut |step| steps.push(step));
        }
    }
    steps
}

#[test]
fn what_is_found_is_said_in_the_language_of_the_screen() {
    for lang in [Lang::German, Lang::Japanese] {
        let english = english(lang);
        let mut wrong = Vec::new();
        for step in during(lang, found) {
            let words = match step.found {
                Ok(words) => words,
                Err(advice) => advice.line(),
            };
            let left = english
                .iter()
                .filter(|piece| words.contains(piece.as_str()));
            wrong.extend(left.map(|piece| format!("{piece}: {words}")));
        }
        wrong.sort();
        wrong.dedup();
        assert!(wrong.is_empty(), "{lang:?}:\n{}", wrong.join("\n"));
    }
}
