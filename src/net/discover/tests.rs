//! Finding servers, against name and web servers on loopback that say what a test wants.

use super::autoconfig::tests::file;
use super::finder::{Finder, split};
use super::providers::Providers;
use crate::model::Security;
use crate::model::setup::{Cancel, Found, Proposal, Source};
use crate::net::dns::tests::{mx, reply, srv};
use crate::net::http::Client;
use crate::net::testing::{Identity, Leaf, shake};
use crate::net::tls::Trust;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Records by name and kind; a name that is not there is none.
type Zone = Vec<(&'static str, u16, Vec<u8>)>;

/// A name server with this zone; it ends with the test.
fn names(zone: Zone) -> SocketAddr {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut packet = [0; 600];
        while let Ok((length, from)) = udp.recv_from(&mut packet) {
            let asked = &packet[..length];
            let (name, kind) = question(asked);
            let here: Vec<_> = zone.iter().filter(|(n, ..)| *n == name).collect();
            let flags = if here.is_empty() { 0x8183 } else { 0x8180 };
            let records = here.iter().filter(|(_, k, _)| *k == kind);
            let records: Vec<_> = records.map(|(_, k, data)| (*k, data.clone())).collect();
            udp.send_to(&reply(asked, flags, &records), from).unwrap();
        }
    });
    address
}

fn question(asked: &[u8]) -> (String, u16) {
    let (mut name, mut at) = (Vec::new(), 12);
    while asked[at] > 0 {
        let end = at + 1 + usize::from(asked[at]);
        name.push(String::from_utf8(asked[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    let kind = u16::from_be_bytes([asked[at + 1], asked[at + 2]]);
    (name.join("."), kind)
}

/// A web server that answers each path; its address, and who trusts it.
fn web(says: impl Fn(&str) -> String + Send + Sync + 'static) -> (u16, Client) {
    let authority = Identity::authority();
    let shown = authority.sign(&Leaf {
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    });
    let trust = Trust::new(Some(authority.file().path()), None).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let says = Arc::new(says);
    std::thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            let (acceptor, says) = (shown.acceptor(None), Arc::clone(&says));
            std::thread::spawn(move || {
                let Some(mut tls) = shake(&acceptor, socket) else {
                    return;
                };
                let mut heard = Vec::new();
                let mut some = [0; 4096];
                while !heard.ends_with(b"\r\n\r\n") {
                    match tls.read(&mut some) {
                        Ok(n) if n > 0 => heard.extend_from_slice(&some[..n]),
                        _ => return,
                    }
                }
                let heard = String::from_utf8(heard).unwrap();
                assert!(
                    !heard.contains("me@") && !heard.contains("me%40"),
                    "{heard}"
                );
                let path = heard.split(' ').nth(1).unwrap().to_owned();
                let _ = tls.write_all(says(&path).as_bytes());
                let _ = tls.shutdown();
            });
        }
    });
    (port, Client::anywhere(trust))
}

fn page(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn missing() -> String {
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
}

/// One who asks these only, and knocks nowhere.
fn finder(zone: Zone, says: impl Fn(&str) -> String + Send + Sync + 'static) -> Finder {
    let (port, client) = web(says);
    let mut finder = Finder::new(Providers::built_in());
    finder.name_server = Some(names(zone));
    finder.web = client;
    finder.ispdb = format!("https://127.0.0.1:{port}/ispdb/{{domain}}");
    finder.own = vec![format!("https://127.0.0.1:{port}/own/{{domain}}")];
    finder.knock = Arc::new(|_, _, _| false);
    finder.patience = Duration::from_secs(30);
    finder
}

/// Everything that is told.
fn told(finder: &Finder, address: &str) -> (Vec<Proposal>, Option<String>) {
    let (mut found, mut end) = (Vec::new(), None);
    finder.find(address, &Cancel::default(), &mut |event| match event {
        Found::Looking(_) => {}
        Found::Proposal(one) => found.push(*one),
        Found::Meant(_) => {}
        Found::Done(why) => {
            assert!(end.is_none());
            end = Some(why);
        }
    });
    (found, end.expect("it ends"))
}

fn last(finder: &Finder, address: &str) -> Proposal {
    told(finder, address).0.pop().expect("something is found")
}

/// Where nothing but the name exists.
fn bare() -> Zone {
    vec![("example.test", 1, vec![192, 0, 2, 1])]
}

#[test]
fn a_known_domain_is_told_to_nobody() {
    let finder = finder(vec![], |path| panic!("asked for {path}"));
    let (found, end) = told(&finder, " me@GMail.com ");
    assert_eq!(end, None);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].source, found[0].user.as_str()),
        (Source::Provider, "me@GMail.com")
    );
    assert!(!found[0].must_ask());
    let (none, why) = told(&finder, "me@tuta.com");
    assert!(none.is_empty() && why.unwrap().contains("no IMAP"));
}

#[test]
fn the_most_trusted_answer_is_the_last_one() {
    let zone = vec![
        ("example.test", 15, mx("mx1.mail.gandi.net")),
        (
            "_imaps._tcp.example.test",
            33,
            srv(0, 1, 993, "imap.example.test"),
        ),
    ];
    let finder = finder(zone, |path| match path {
        "/ispdb/example.test" => page(&file("imap.provider.test", "smtp.provider.test")),
        "/own/example.test" => page(&file("imap.evil.test", "smtp.evil.test")),
        _ => missing(),
    });
    let (found, end) = told(&finder, "me@example.test");
    assert_eq!(end, None);
    assert!(found.is_sorted_by(|a, b| a.source > b.source), "{found:#?}");
    let best = found.last().unwrap();
    assert_eq!(
        (best.source, best.imap[0].host.as_str()),
        (Source::Ispdb, "imap.provider.test")
    );
    assert!(!best.must_ask());
}

#[test]
fn s10_a_domains_own_file_that_names_others_is_asked_about() {
    let own = |imap: &'static str| {
        finder(bare(), move |path| match path {
            "/own/example.test" => page(&file(imap, "smtp.example.test")),
            _ => missing(),
        })
    };
    let inside = last(&own("imap.example.test"), "me@example.test");
    assert_eq!(inside.source, Source::Domain);
    assert!(!inside.must_ask());
    let outside = last(&own("imap.evil.test"), "me@example.test");
    assert_eq!(outside.outside, ["imap.evil.test"]);
    assert!(outside.question().unwrap().contains("imap.evil.test"));
}

#[test]
fn s10_a_redirection_into_the_clear_is_refused_and_bombs_are_no_answer() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><clientConfig/>";
    for says in [
        "HTTP/1.1 302 Found\r\nLocation: http://example.test/config.xml\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".to_owned(),
        page(bomb),
        page("<html>Sign in to this network</html>"),
    ] {
        let finder = finder(bare(), move |_| says.clone());
        let (found, why) = told(&finder, "me@example.test");
        assert!(found.is_empty(), "{found:?}");
        assert!(why.unwrap().contains("name them yourself"));
    }
}

#[test]
fn s10_without_tls_that_holds_no_web_server_is_believed() {
    let good = |_: &str| page(&file("imap.example.test", "smtp.example.test"));
    let mut finder = finder(bare(), good);
    // Another authority's certificate: somebody is in between.
    finder.web = Client::anywhere(Trust::default());
    assert!(told(&finder, "me@example.test").0.is_empty());
    finder.own = finder
        .own
        .iter()
        .map(|at| at.replace("https", "http"))
        .collect();
    finder.ispdb = finder.ispdb.replace("https", "http");
    assert!(told(&finder, "me@example.test").0.is_empty());
}

#[test]
fn rfc6186_and_rfc8314_records_name_servers() {
    let zone = |host: &'static str| {
        vec![
            ("example.test", 15, mx("mx.example.test")),
            ("_imaps._tcp.example.test", 33, srv(0, 1, 993, host)),
            ("_imap._tcp.example.test", 33, srv(0, 1, 143, host)),
            ("_submission._tcp.example.test", 33, srv(0, 1, 587, host)),
            ("_submissions._tcp.example.test", 33, srv(0, 1, 0, "")),
        ]
    };
    let own = last(
        &finder(zone("mail.example.test"), |_| missing()),
        "me@example.test",
    );
    assert_eq!(own.source, Source::Srv);
    let ports: Vec<_> = own.imap.iter().map(|e| (e.port, e.security)).collect();
    assert_eq!(ports, [(993, Security::Tls), (143, Security::StartTls)]);
    assert_eq!((own.smtp.len(), own.smtp[0].port), (1, 587));
    assert!(!own.must_ask());
    // §6: nobody signed it, and it leads elsewhere.
    let other = last(
        &finder(zone("mail.evil.test"), |_| missing()),
        "me@example.test",
    );
    assert_eq!(other.outside, ["mail.evil.test"]);
    // The root says that there is none, and a number is no name.
    for none in ["", "localhost"] {
        assert!(
            told(&finder(zone(none), |_| missing()), "me@example.test")
                .0
                .is_empty()
        );
    }
}

#[test]
fn the_servers_that_take_a_domains_mail_tell_its_provider() {
    let zone = vec![("example.test", 15, mx("aspmx.l.google.com"))];
    let found = last(&finder(zone, |_| missing()), "me@example.test");
    assert_eq!(
        (found.source, found.provider.as_deref()),
        (Source::Mx, Some("Google Workspace"))
    );
    assert!(found.wants_app_password());
    assert_eq!(found.outside, ["imap.gmail.com", "smtp.gmail.com"]);
    let zone = vec![("example.test", 15, mx("mail.tutanota.de"))];
    let (none, why) = told(&finder(zone, |_| missing()), "me@example.test");
    assert!(none.is_empty() && why.unwrap().starts_with("Tuta"));
}

#[test]
fn s10_where_a_provider_takes_no_mail_programs_nobody_who_counts_less_is_believed() {
    let zone = || {
        vec![
            ("example.test", 15, mx("mail.tutanota.de")),
            (
                "_imaps._tcp.example.test",
                33,
                srv(0, 1, 993, "imap.example.test"),
            ),
            (
                "_submissions._tcp.example.test",
                33,
                srv(0, 1, 465, "smtp.example.test"),
            ),
        ]
    };
    // Where the domain's web site is, something answers at every port.
    let mut web = finder(zone(), |_| missing());
    web.knock = Arc::new(|_, _, _| true);
    let (none, why) = told(&web, "me@example.test");
    assert!(none.is_empty(), "{none:#?}");
    assert!(why.unwrap().starts_with("Tuta"));
    // Who keeps the domain knows better.
    let mut own = finder(zone(), |path| match path {
        "/own/example.test" => page(&file("imap.example.test", "smtp.example.test")),
        _ => missing(),
    });
    own.knock = web.knock.clone();
    let (found, why) = told(&own, "me@example.test");
    let sources: Vec<Source> = found.iter().map(|f| f.source).collect();
    assert_eq!((sources, why), (vec![Source::Domain], None));
}

#[test]
fn usual_names_are_the_last_resort_and_complete_what_is_missing() {
    let mut guesser = finder(bare(), |_| missing());
    guesser.knock = Arc::new(|end, _, _| {
        let here = [
            ("mail.example.test", 993),
            ("example.test", 587),
            ("mail.example.test", 587),
        ];
        here.contains(&(end.host.as_str(), end.port))
    });
    let (found, end) = told(&guesser, "me@example.test");
    assert_eq!((found.len(), end), (1, None));
    assert_eq!(found[0].source, Source::Guess);
    assert_eq!(found[0].imap[0].host, "mail.example.test");
    assert_eq!(found[0].smtp.len(), 2);
    assert!(!found[0].must_ask());
    // Records that name only where to read.
    let zone = vec![
        ("example.test", 1, vec![192, 0, 2, 1]),
        (
            "_imaps._tcp.example.test",
            33,
            srv(0, 1, 993, "imap.evil.test"),
        ),
    ];
    let mut half = finder(zone, |_| missing());
    half.knock = guesser.knock.clone();
    let (all, _) = told(&half, "me@example.test");
    // Whoever goes on with the first that is told can send, too.
    let whole = all.first().unwrap();
    assert_eq!((whole.source, whole.smtp[0].port), (Source::Srv, 587));
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!(whole.outside, ["imap.evil.test"]);
}

#[test]
fn s10_servers_of_two_owners_get_no_token_of_one() {
    let zone = vec![
        ("example.test", 1, vec![192, 0, 2, 1]),
        (
            "_imaps._tcp.example.test",
            33,
            srv(0, 1, 993, "imap.gmail.com"),
        ),
    ];
    let mut half = finder(zone, |_| missing());
    half.knock = Arc::new(|end, _, _| ["mail.example.test"].contains(&end.host.as_str()));
    let whole = last(&half, "me@example.test");
    assert_eq!(whole.imap[0].host, "imap.gmail.com");
    assert_eq!(whole.smtp[0].host, "mail.example.test");
    assert_eq!(whole.browser(), None, "{whole:#?}");
    assert!(whole.takes_password());
}

#[test]
fn a_door_where_nobody_answers_takes_no_others_along() {
    let mut guesser = finder(bare(), |_| missing());
    guesser.patience = super::finder::PATIENCE;
    // A firewall that drops what it does not know.
    guesser.knock = Arc::new(|end, _, until| {
        if end.host == "example.test" {
            let _ = crossbeam_channel::never::<()>().recv_deadline(until);
        }
        end.host == "mail.example.test"
    });
    let found = last(&guesser, "me@example.test");
    assert_eq!(found.imap[0].host, "mail.example.test");
    assert_eq!(found.smtp[0].host, "mail.example.test");
}

#[test]
fn f21_what_is_wrong_is_said() {
    let (none, why) = told(&finder(vec![], |_| missing()), "me@gmial.com");
    assert!(none.is_empty());
    let why = why.unwrap();
    assert!(
        why.contains("there is no domain gmial.com; did you mean gmail.com?"),
        "{why}"
    );
    // Nobody answers at all.
    let mut offline = finder(vec![], |_| missing());
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    offline.name_server = Some(silent.local_addr().unwrap());
    offline.own = vec!["https://127.0.0.1:1/{domain}".to_owned()];
    offline.ispdb = "https://127.0.0.1:1/{domain}".to_owned();
    offline.patience = Duration::from_millis(300);
    let why = told(&offline, "me@example.test").1.unwrap();
    assert!(why.contains("offline"), "{why}");
}

#[test]
fn what_nobody_wants_to_know_any_more_ends() {
    let finder = finder(bare(), |_| missing());
    let cancel = Cancel::default();
    let mut events = Vec::new();
    cancel.cancel();
    finder.find("me@example.test", &cancel, &mut |event| events.push(event));
    assert!(
        matches!(events.as_slice(), [Found::Looking(_)]),
        "{events:?}"
    );
}

#[test]
fn only_addresses_are_looked_up() {
    for wrong in [
        "",
        "me",
        "me@",
        "@x.test",
        "me@test",
        "me@192.0.2.1",
        "a b@x.test",
        "a@b@x.test",
        "<a@x.test>",
        "a,b@x.test",
        "a;b@x.test",
        "a(b)@x.test",
        "\"a\"@x.test",
        "me@[::1]",
        "me@x..test",
    ] {
        assert!(split(wrong).is_err(), "{wrong}");
    }
    let (email, domain) = split(" jörg@Müller.test ").unwrap();
    assert_eq!(
        (email.as_str(), domain.as_str()),
        ("jörg@Müller.test", "xn--mller-kva.test")
    );
}

/// A real server behind TLS, as far as its greeting.
#[test]
fn s06_a_guess_counts_only_with_a_certificate_for_its_name() {
    use crate::net::diagnose::Service;
    use crate::net::testing::serve;
    use std::time::Instant;
    let authority = Identity::authority();
    let good = authority.sign(&Leaf {
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    });
    let wrong = authority.sign(&Leaf::default());
    let knock = |shown: &Identity, greeting: &'static str, service| {
        let acceptor = shown.acceptor(None);
        let (port, thread) = serve(move |socket| {
            if let Some(mut tls) = shake(&acceptor, socket) {
                let _ = tls.write_all(greeting.as_bytes());
            }
        });
        let trust = Trust::new(Some(authority.file().path()), None).unwrap();
        let end = super::providers::server(&format!("tls:127.0.0.1:{port}"), "x").unwrap();
        let opened =
            super::guess::knock(trust)(&end, service, Instant::now() + Duration::from_secs(20));
        thread.join().unwrap();
        opened
    };
    assert!(knock(&good, "* OK ready\r\n", Service::Imap));
    assert!(knock(&good, "220-a\r\n220 b\r\n", Service::Smtp));
    assert!(!knock(&good, "* BYE\r\n", Service::Imap));
    assert!(!knock(&good, "220 x\r\n", Service::Imap));
    assert!(!knock(&wrong, "* OK ready\r\n", Service::Imap));
    assert!(!knock(
        &Identity::alone(&Leaf::default()),
        "* OK ready\r\n",
        Service::Imap
    ));
}

#[test]
fn starttls_is_knocked_at_as_it_is_spoken() {
    use crate::net::diagnose::Service;
    use crate::net::testing::serve;
    use std::time::Instant;
    let authority = Identity::authority();
    let shown = authority.sign(&Leaf {
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    });
    for (service, says, secure) in [
        (Service::Imap, &["* OK hi\r\n", "s1 OK go\r\n"][..], true),
        (
            Service::Smtp,
            &["220 hi\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"],
            true,
        ),
        (Service::Imap, &["* OK hi\r\n", "s1 NO never\r\n"], false),
        // What comes in the clear after the word to begin was put there by somebody.
        (
            Service::Imap,
            &["* OK hi\r\n", "s1 OK go\r\n* CAPABILITY EVIL\r\n"],
            false,
        ),
    ] {
        let acceptor = shown.acceptor(None);
        let (port, thread) = serve(move |mut socket| {
            let mut some = [0; 200];
            for (at, line) in says.iter().enumerate() {
                if at > 0 {
                    let _ = socket.read(&mut some);
                }
                let _ = socket.write_all(line.as_bytes());
            }
            let _ = shake(&acceptor, socket);
        });
        let trust = Trust::new(Some(authority.file().path()), None).unwrap();
        let end = super::providers::server(&format!("starttls:127.0.0.1:{port}"), "x").unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        assert_eq!(
            super::guess::knock(trust)(&end, service, until),
            secure,
            "{says:?}"
        );
        thread.join().unwrap();
    }
}
