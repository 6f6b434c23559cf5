//! The list of providers: whole, without contradictions, and in the documentation.

use super::*;
use std::collections::BTreeSet;

#[test]
fn the_built_in_list_is_complete_and_consistent() {
    let all = read(BUILT_IN).unwrap();
    assert!(all.len() > 80, "{}", all.len());
    let mut names = BTreeSet::new();
    let (mut domains, mut mx) = (BTreeSet::new(), BTreeSet::new());
    for provider in &all {
        let name = &provider.name;
        assert!(names.insert(name), "{name} stands twice");
        for domain in &provider.domains {
            assert!(domains.insert(domain), "{domain} of {name} stands twice");
        }
        for ending in &provider.mx {
            assert!(mx.insert(ending), "{ending} of {name} stands twice");
        }
        for note in provider.notes.iter().chain(&provider.without) {
            assert!(note.ends_with('.') && note.len() < 200, "{name}: {note}");
        }
        for (ends, ports) in [(&provider.imap, [993, 143]), (&provider.smtp, [465, 587])] {
            // TLS from the first octet before STARTTLS (RFC 8314 §3), except on this machine.
            let here = |end: &Endpoint| end.host == "127.0.0.1";
            for end in ends.iter().filter(|end| !here(end)) {
                assert!(ports.contains(&end.port), "{name}: {end:?}");
                assert_eq!(Some(end.security), usual(end.port), "{name}: {end:?}");
            }
            assert!(
                ends.iter().all(|end| end.security != Security::None),
                "{name}"
            );
            let unique: BTreeSet<_> = ends.iter().map(|e| (&e.host, e.port)).collect();
            assert_eq!(unique.len(), ends.len(), "{name}");
        }
        // Who wants something that the user has to make says where or how.
        let app = provider
            .sign_in
            .iter()
            .any(|w| matches!(w, SignIn::AppPassword { page: None }));
        assert!(
            !app || !provider.notes.is_empty() || name == "Tencent Exmail",
            "{name}"
        );
        for way in &provider.sign_in {
            if let SignIn::OAuth { provider } = way {
                assert!(
                    ["google", "microsoft"].contains(&provider.as_str()),
                    "{name}"
                );
            }
        }
    }
    // What every other client knows, too.
    for domain in [
        "gmail.com",
        "outlook.com",
        "hotmail.com",
        "yahoo.com",
        "icloud.com",
        "fastmail.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "zoho.com",
        "yandex.ru",
        "mail.ru",
        "posteo.de",
        "mailbox.org",
        "proton.me",
        "aol.com",
        "t-online.de",
        "freenet.de",
        "runbox.com",
    ] {
        assert!(domains.contains(&domain.to_owned()), "{domain}");
    }
}

#[test]
fn a_domain_or_its_mail_servers_tell_the_provider() {
    let known = Providers::built_in();
    let of = |domain: &str| known.of_domain(domain).map(|p| p.name.as_str());
    assert_eq!(of("GMail.com"), Some("Gmail"));
    assert_eq!(of("firm.onmicrosoft.com"), Some("Microsoft 365"));
    // Nobody else's customers' names are taken for the provider's own.
    assert_eq!(of("evil.gmail.com"), None);
    assert_eq!(of("notgmail.com"), None);
    let mx = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        known
            .of_mx(&names)
            .map(|(p, at)| (p.name.clone(), at.to_owned()))
    };
    let named = |name: &str, at: &str| Some((name.to_owned(), at.to_owned()));
    assert_eq!(
        mx(&["x.test", "aspmx.l.google.com"]),
        named("Google Workspace", "aspmx.l.google.com")
    );
    let deep = "a.olc.protection.outlook.com";
    assert_eq!(mx(&[deep]), named("Outlook.com", deep));
    let firm = "firm-de.mail.protection.outlook.com";
    assert_eq!(mx(&[firm]), named("Microsoft 365", firm));
    assert_eq!(mx(&["notgoogle.com", "google.com.evil.test"]), None);
    let aol = "mx-aol.mail.gm0.yahoodns.net";
    assert_eq!(mx(&[aol]), named("AOL", aol));
}

#[test]
fn a_proposal_is_made_for_the_address() {
    let known = Providers::built_in();
    let kas = ["w01.kasserver.com".to_owned()];
    let (provider, at) = known.of_mx(&kas).unwrap();
    let found = provider
        .proposal("me@x.test", Source::Mx, Some(at))
        .unwrap();
    assert_eq!(found.imap[0].host, "w01.kasserver.com");
    assert_eq!(found.user, "me@x.test");
    assert_eq!(provider.proposal("me@x.test", Source::Mx, None), None);
    let yahoo = known.of_domain("yahoo.co.jp").unwrap();
    let found = yahoo
        .proposal("taro@yahoo.co.jp", Source::Provider, None)
        .unwrap();
    assert_eq!(found.user, "taro");
    let gmail = known.of_domain("gmail.com").unwrap();
    let found = gmail
        .proposal("a@gmail.com", Source::Provider, None)
        .unwrap();
    assert!(found.wants_app_password() && found.takes_password());
    assert_eq!(
        found.app_password_page(),
        Some("https://myaccount.google.com/apppasswords")
    );
    assert_eq!(known.of_host("127.0.0.1"), None);
    let tuta = known.of_domain("tuta.com").unwrap();
    assert_eq!(tuta.proposal("a@tuta.com", Source::Provider, None), None);
    assert_eq!(
        known.of_host("IMAP.gmail.com").map(|p| p.name.as_str()),
        Some("Gmail")
    );
}

#[test]
fn a_provider_is_known_by_its_servers_names() {
    let known = Providers::built_in();
    let name = |host: &str| known.near_host(host).map(|p| p.name.as_str());
    assert_eq!(name("imap.gmail.com"), Some("Gmail"));
    assert_eq!(name("SMTP.Office365.com."), Some("Microsoft 365"));
    assert_eq!(name("imap-mail.outlook.com"), Some("Outlook.com"));
    for other in [
        "notgmail.com",
        "gmail.com.evil.test",
        "127.0.0.1",
        "mail.example.test",
    ] {
        assert_eq!(name(other), None);
    }
}

#[test]
fn the_documentation_holds_every_provider_that_refuses_passwords() {
    let docs = include_str!("../../../../docs/troubleshooting.md");
    let known = Providers::built_in();
    let mut lacking = String::new();
    for provider in known.all.iter().filter(|p| p.refuses_passwords()) {
        let how = match provider.wants_browser() {
            true => "a sign-in through the browser (OAuth) only",
            false => provider.app_password_page().unwrap_or("its web site"),
        };
        let row = format!("| {} | {how} |", provider.name);
        if !docs.contains(&row) {
            lacking.push_str(&format!("{row}\n"));
        }
    }
    assert!(
        lacking.is_empty(),
        "docs/troubleshooting.md lacks\n{lacking}"
    );
}

#[test]
fn slips_of_the_hand_are_seen() {
    let known = Providers::built_in();
    for (typed, meant) in [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("outlok.com", "outlook.com"),
        ("hotmaill.com", "hotmail.com"),
    ] {
        assert_eq!(known.like(typed), Some(meant));
    }
    assert_eq!(known.like("gmail.com"), None);
    assert_eq!(known.like("example.test"), None);
}

#[test]
fn an_organisations_own_list_goes_first_and_mistakes_are_told() {
    let text = "[[provider]]\nname = \"Firm\"\ndomains = [\"gmail.com\"]\nmx = [\"l.google.com\"]\nimap = [\"none:127.0.0.1:1143\"]\nsmtp = [\"mail.firm.test:465\"]\nsign-in = [\"password\"]\n";
    let known = Providers::with(text).unwrap();
    let firm = known.of_domain("gmail.com").unwrap();
    assert_eq!(firm.name, "Firm");
    // What is told names the list that it stands in.
    let found = firm
        .proposal("a@gmail.com", Source::Provider, None)
        .unwrap();
    assert_eq!(found.source, Source::Own);
    assert!(found.source.words().contains("your own providers.toml"));
    assert_eq!(known.of_domain("gmx.de").unwrap().name, "GMX");
    for (from, to, told) in [
        ("none:127.0.0.1", "none:192.0.2.1", "in the clear"),
        (":465", ":4650", "tls: or starttls:"),
        (":465", "", "HOST:PORT"),
        ("\"password\"", "\"magic\"", "oauth:PROVIDER"),
        ("name = \"Firm\"", "nam = \"Firm\"", "there is no `nam`"),
        (
            "domains = [\"gmail.com\"]",
            "domains = [\".com\"]",
            "no domain",
        ),
        ("imap = [\"none:127.0.0.1:1143\"]\n", "", "needs `imap`"),
        ("[[provider]]", "[[providers]]", "no [[provider]]"),
        ("sign-in = [\"password\"]", "sign-in = 7", "list of texts"),
        ("sign-in", "page = \"http://x.test\"\nsign-in", "https://"),
        ("mail.firm.test", "mail firm", "no host"),
        ("name", "= name", "expected"),
    ] {
        let wrong = text.replace(from, to);
        let said = Providers::with(&wrong).unwrap_err();
        assert!(said.contains(told), "{wrong}\n{said}");
    }
}

#[test]
fn below_is_by_labels() {
    assert!(is_below("Mail.Example.test.", "example.TEST"));
    assert!(is_below("example.test", "example.test"));
    assert!(!is_below("badexample.test", "example.test"));
    assert!(!is_below("test", "example.test"));
    assert!(!is_below("example.test", ""));
    assert!(!is_below("é.test", "xé.test"));
}
