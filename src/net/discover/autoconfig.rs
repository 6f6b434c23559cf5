//! Files for mail programs, as Mozilla's programs read them ("autoconfig", config version 1.1 and
//! 1.2): what they say of IMAP and submission, and nothing else. Pure.
//!
//! A file comes from anybody who answers for a domain. A document type (and with it every entity of
//! its own) ends the reading, depth, length and number are bounded, a server without TLS is not
//! taken, neither is one by its number or without a domain.

use super::providers::is_below;
use crate::lang::tr;
use crate::model::setup::{Proposal, SignIn, Source};
use crate::model::{Endpoint, Security};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::net::IpAddr;

/// Octets of a file that are read at most.
pub const LONGEST: usize = 256 << 10;
/// Elements within each other.
const DEPTH: usize = 24;
/// Octets of one value.
const VALUE: usize = 512;
/// Servers of one kind that are taken.
const SERVERS: usize = 6;

/// One server as the file describes it.
#[derive(Debug, Default)]
struct Server {
    kind: String,
    host: String,
    port: String,
    socket: String,
    user: String,
    ways: Vec<String>,
}

/// What a file says that counts.
#[derive(Debug, Default)]
struct Told {
    name: String,
    short_name: String,
    incoming: Vec<Server>,
    outgoing: Vec<Server>,
}

/// What a file proposes for an address; `None` where it is no such file, or names no server to read
/// mail that could be used.
pub fn proposal(file: &[u8], email: &str, source: Source) -> Option<Proposal> {
    let text = std::str::from_utf8(file.get(..LONGEST.min(file.len()))?).ok()?;
    let told = read(text.trim_start_matches('\u{feff}'))?;
    let (imap, users) = ends(&told.incoming, "imap", email);
    let (smtp, senders) = ends(&told.outgoing, "smtp", email);
    let user = users.first()?.clone();
    let mut notes = Vec::new();
    if let Some(other) = senders.first().filter(|other| **other != user) {
        notes.push(tr!(
            "To send, this provider names another user name: {other}",
            other
        ));
    }
    let name = [told.name, told.short_name]
        .into_iter()
        .find(|n| !n.is_empty());
    Some(Proposal {
        provider: name,
        source,
        sign_in: ways(&told.incoming, &imap),
        imap,
        smtp,
        user,
        outside: Vec::new(),
        meant: None,
        notes,
    })
}

/// The servers that can be used, and the user name of each.
fn ends(servers: &[Server], kind: &str, email: &str) -> (Vec<Endpoint>, Vec<String>) {
    let mut all: Vec<(Endpoint, String)> = Vec::new();
    for server in servers.iter().filter(|s| s.kind.eq_ignore_ascii_case(kind)) {
        let security = match server.socket.to_ascii_uppercase().as_str() {
            "SSL" | "TLS" => Security::Tls,
            "STARTTLS" => Security::StartTls,
            // "plain", or nothing said: never.
            _ => continue,
        };
        let Ok(host) = idna::domain_to_ascii(&filled(&server.host, email)) else {
            continue;
        };
        let Ok(port) = server.port.parse::<u16>() else {
            continue;
        };
        let user = match server.user.is_empty() {
            true => email.to_owned(),
            false => filled(&server.user, email),
        };
        let usable = server.ways.is_empty() || server.ways.iter().any(|w| is_known(w));
        if is_host(&host) && port != 0 && port != 25 && usable {
            let end = Endpoint {
                host,
                port,
                security,
                pin_sha256: None,
            };
            all.push((end, user));
        }
    }
    // TLS from the first octet before STARTTLS (RFC 8314 §3); otherwise as they stand.
    all.sort_by_key(|(end, _)| end.security != Security::Tls);
    all.dedup();
    all.truncate(SERVERS);
    all.into_iter().unzip()
}

fn is_known(way: &str) -> bool {
    let known = [
        "password-cleartext",
        "plain",
        "password-encrypted",
        "secure",
        "oauth2",
    ];
    known.iter().any(|k| way.eq_ignore_ascii_case(k))
}

/// A name with a domain, no number.
pub(super) fn is_host(host: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let labels = || host.split('.');
    host.len() <= 253
        && host.bytes().all(plain)
        && labels().count() > 1
        && labels().all(|l| !l.is_empty() && l.len() < 64)
        && host.parse::<IpAddr>().is_err()
        && labels()
            .next_back()
            .is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// The ways to sign in that the first usable server names.
fn ways(servers: &[Server], imap: &[Endpoint]) -> Vec<SignIn> {
    let host = imap.first().map_or("", |end| end.host.as_str());
    let named =
        |s: &&Server| s.kind.eq_ignore_ascii_case("imap") && s.ways.iter().any(|w| is_known(w));
    let ways = servers.iter().find(named).map_or(&[][..], |s| &s.ways);
    let browser = |way: &String| way.eq_ignore_ascii_case("oauth2");
    let mut all = Vec::new();
    if ways.is_empty() || !ways.iter().filter(|w| is_known(w)).all(browser) {
        all.push(SignIn::Password);
    }
    let known = [
        ("google.com", "google"),
        ("gmail.com", "google"),
        ("office365.com", "microsoft"),
        ("outlook.com", "microsoft"),
    ];
    let provider = known
        .iter()
        .find(|(end, _)| is_below(host, end))
        .map(|(_, name)| *name);
    if ways.iter().any(browser) {
        match provider {
            Some(name) => all.push(SignIn::OAuth {
                provider: name.to_owned(),
            }),
            // One whom we don't know can't be asked; a password may do.
            None if !all.is_empty() => {}
            // Never what the file calls its issuer: a word of ours there would lead our token to
            // the file's own servers.
            None => all.push(SignIn::OAuth {
                provider: host.to_owned(),
            }),
        }
    }
    all
}

/// The text with what stands for parts of the address.
fn filled(text: &str, email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    text.replace("%EMAILADDRESS%", email)
        .replace("%EMAILLOCALPART%", local)
        .replace("%EMAILDOMAIN%", domain)
}

/// Reads a file as far as it concerns us; `None` for what is no such file.
fn read(text: &str) -> Option<Told> {
    let mut reader = Reader::from_str(text);
    let mut told = Told::default();
    let mut path: Vec<String> = Vec::new();
    let mut value = String::new();
    let mut ours = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if path.len() >= DEPTH {
                    return None;
                }
                let name = start.local_name().as_ref().to_owned();
                ours |= name == "clientConfig" && path.is_empty();
                open(&mut told, &path, &name, &start);
                path.push(name);
                value.clear();
            }
            Event::End(_) => {
                close(&mut told, &path, value.trim());
                path.pop();
                value.clear();
            }
            Event::Text(text) => add(&mut value, &text.into_inner()),
            Event::CData(text) => add(&mut value, &text.into_inner()),
            // What every file may write so; anything else would have to be declared.
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(c) => add(&mut value, c.encode_utf8(&mut [0; 4])),
                None => add(&mut value, predefined(&name)?),
            },
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    (ours && path.is_empty()).then_some(told)
}

/// The five that need no declaration (XML 1.0 §4.6).
fn predefined(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

fn add(value: &mut String, text: &str) {
    let room = VALUE.saturating_sub(value.len());
    value.extend(text.chars().filter(|c| !c.is_control()).take(room));
}

const PROVIDER: [&str; 2] = ["clientConfig", "emailProvider"];

fn open(told: &mut Told, path: &[String], name: &str, start: &BytesStart<'_>) {
    if path != PROVIDER {
        return;
    }
    let list = match name {
        "incomingServer" => &mut told.incoming,
        "outgoingServer" => &mut told.outgoing,
        _ => return,
    };
    let kind = start.try_get_attribute("type").ok().flatten();
    list.push(Server {
        kind: kind.map(|a| a.value.into_owned()).unwrap_or_default(),
        ..Server::default()
    });
}

fn close(told: &mut Told, path: &[String], value: &str) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some(rest) = path.strip_prefix(&PROVIDER) else {
        return;
    };
    match rest {
        ["displayName"] => told.name = value.to_owned(),
        ["displayShortName"] => told.short_name = value.to_owned(),
        ["incomingServer", field] => put(told.incoming.last_mut(), field, value),
        ["outgoingServer", field] => put(told.outgoing.last_mut(), field, value),
        _ => {}
    }
}

fn put(server: Option<&mut Server>, field: &str, value: &str) {
    let Some(server) = server else { return };
    let value = value.to_owned();
    match field {
        "hostname" => server.host = value,
        "port" => server.port = value,
        "socketType" => server.socket = value,
        "username" => server.user = value,
        "authentication" if server.ways.len() < SERVERS => server.ways.push(value),
        _ => {}
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file as providers write it.
    pub(in crate::net::discover) fn file(imap: &str, smtp: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- kept by hand -->
<clientConfig version="1.1">
  <emailProvider id="example.test">
    <domain>example.test</domain>
    <displayName>Example &amp; Sons &#x2014; Mail</displayName>
    <displayShortName>Example</displayShortName>
    <incomingServer type="pop3"><hostname>pop.example.test</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
    <incomingServer type="imap">
      <hostname>{imap}</hostname><port>143</port><socketType>STARTTLS</socketType>
      <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication>
    </incomingServer>
    <incomingServer type="imap">
      <hostname> {imap} </hostname><port>993</port><socketType>SSL</socketType>
      <username>%EMAILLOCALPART%</username><authentication>OAuth2</authentication><authentication>password-cleartext</authentication>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname><![CDATA[{smtp}]]></hostname><port>587</port><socketType>STARTTLS</socketType>
      <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication>
      <addThisServer>true</addThisServer>
    </outgoingServer>
    <documentation url="http://example.test/"><descr lang="en">How to</descr></documentation>
  </emailProvider>
  <webMail><loginPage url="https://example.test/"/></webMail>
</clientConfig>"#
        )
    }

    fn of(text: &str) -> Option<Proposal> {
        proposal(text.as_bytes(), "me@example.test", Source::Domain)
    }

    #[test]
    fn a_file_becomes_servers_and_a_user_name() {
        let found = of(&file("imap.%EMAILDOMAIN%", "SMTP.example.test")).unwrap();
        assert_eq!(found.provider.as_deref(), Some("Example & Sons — Mail"));
        let ends: Vec<(&str, u16, Security)> = found
            .imap
            .iter()
            .map(|e| (e.host.as_str(), e.port, e.security))
            .collect();
        assert_eq!(
            ends,
            [
                ("imap.example.test", 993, Security::Tls),
                ("imap.example.test", 143, Security::StartTls)
            ]
        );
        assert_eq!(
            (found.smtp[0].host.as_str(), found.smtp[0].port),
            ("smtp.example.test", 587)
        );
        assert_eq!(found.user, "me");
        assert!(
            found.notes[0].ends_with("me@example.test"),
            "{:?}",
            found.notes
        );
        assert_eq!(found.sign_in, [SignIn::Password]);
    }

    #[test]
    fn a_domain_beyond_ascii_has_servers_below_it() {
        for host in ["imap.%EMAILDOMAIN%", "imap.m\u{fc}ller.test"] {
            let text =
                file(host, "smtp.xn--mller-kva.test").replace("%EMAILLOCALPART%", "%EMAILADDRESS%");
            let email = "j\u{f6}rg@M\u{fc}ller.test";
            let found = proposal(text.as_bytes(), email, Source::Domain).unwrap();
            assert_eq!(found.imap[0].host, "imap.xn--mller-kva.test", "{host}");
            assert_eq!(found.user, email);
        }
    }

    #[test]
    fn only_the_browser_is_told_as_such() {
        let text = file("imap.example.test", "smtp.example.test").replace(
            "<authentication>password-cleartext</authentication>",
            "<authentication>OAuth2</authentication>",
        );
        let own = SignIn::OAuth {
            provider: "imap.example.test".into(),
        };
        assert_eq!(of(&text).unwrap().sign_in, std::slice::from_ref(&own));
        // Whom it names as its issuer is nobody's word: ours would lead a token to its servers.
        for issuer in ["login.example.test", "google", "microsoft"] {
            let issuer = text.replace(
                "<webMail>",
                &format!("<oAuth2><issuer>{issuer}</issuer></oAuth2><webMail>"),
            );
            assert_eq!(of(&issuer).unwrap().sign_in, std::slice::from_ref(&own));
        }
        let google = text.replace("imap.example.test", "imap.gmail.com");
        let known = SignIn::OAuth {
            provider: "google".into(),
        };
        assert_eq!(of(&google).unwrap().sign_in, [known]);
    }

    #[test]
    fn s10_what_is_insecure_is_not_taken() {
        let good = file("imap.example.test", "smtp.example.test");
        let plain = good
            .replace(">SSL<", ">plain<")
            .replace(">STARTTLS<", ">STARTTLS optional<");
        assert_eq!(of(&plain), None);
        for host in [
            "192.0.2.1",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a b.test",
            "..",
            "-",
            "x.1",
            "imap.test\u{202e}",
        ] {
            assert_eq!(of(&good.replace("imap.example.test", host)), None, "{host}");
        }
        let smtp = of(&good.replace(">587<", ">25<")).unwrap();
        assert!(smtp.smtp.is_empty());
        assert_eq!(
            of(&good
                .replace(">password-cleartext<", ">GSSAPI<")
                .replace(">OAuth2<", ">NTLM<")),
            None
        );
    }

    #[test]
    fn s10_bombs_and_rubbish_are_no_files() {
        let good = file("imap.example.test", "smtp.example.test");
        let bomb = good.replace(
            "<!-- kept by hand -->",
            "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>",
        );
        assert_eq!(of(&bomb), None);
        assert_eq!(of(&good.replace("&amp;", "&lol;")), None);
        assert_eq!(of(&"<a>".repeat(100_000)), None);
        assert_eq!(of(&good.replace("clientConfig", "html")), None);
        assert_eq!(of(&good.replace("</clientConfig>", "")), None);
        assert_eq!(of(""), None);
        assert_eq!(
            of("<html><body>Sign in to this network</body></html>"),
            None
        );
        // One that is too large is cut, and so no file any more.
        let large = good.replace("How to", &"x".repeat(LONGEST));
        assert_eq!(of(&large), None);
        let long = good.replace("Example &amp; Sons", &"x".repeat(10_000));
        assert!(of(&long).unwrap().provider.unwrap().len() <= VALUE + 8);
        let many = good.replace("<webMail>", "").replace("</emailProvider>", &format!("{}</emailProvider>",
            "<incomingServer type=\"imap\"><hostname>a.example.test</hostname><port>993</port><socketType>SSL</socketType></incomingServer>".repeat(100)));
        let many = many.replace("<loginPage url=\"https://example.test/\"/></webMail>", "");
        assert!(of(&many).unwrap().imap.len() <= SERVERS);
    }

    proptest! {
        #[test]
        fn nothing_panics(at in 0usize..1800, text in "[<>&;!/a-z\\[\\]\"= ]{0,40}") {
            let good = file("imap.example.test", "smtp.example.test");
            let at = good.char_indices().map(|(at, _)| at).nth(at).unwrap_or(0);
            let (before, after) = good.split_at(at);
            of(&format!("{before}{text}{after}"));
            of(&text);
        }
    }
}
