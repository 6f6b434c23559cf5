//! `doctor` against private servers with one fault each: it says which step fails, why, and what to
//! do, in the words of docs/troubleshooting.md; and it sends nothing.

use crate::dovecot::Dovecot;
use crate::postfix;
use crate::program::Home;
use crate::script::{Script, say};
use crate::smtp::Sink;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::UdpSocket;

/// A name server on loopback that tells these texts, one server for mail for `example.test`, and
/// that other names do not exist. It ends with the test.
fn name_server(texts: &[(&str, &str)]) -> u16 {
    let texts: BTreeMap<String, String> = texts
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut packet = [0; 600];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let mut answer = packet[..length].to_vec();
            let kind = answer[length - 3];
            let mut name = String::new();
            let mut at = 12;
            while answer[at] > 0 {
                let end = at + 1 + usize::from(answer[at]);
                name.push_str(if name.is_empty() { "" } else { "." });
                name.push_str(&String::from_utf8_lossy(&answer[at + 1..end]));
                at = end;
            }
            let data = match (kind, texts.get(&name)) {
                (15, _) if name == "example.test" => Some(b"\0\x0a\x02mx\xc0\x0c".to_vec()),
                (16, Some(text)) => {
                    let length = u8::try_from(text.len()).unwrap();
                    Some([&[length], text.as_bytes()].concat())
                }
                _ => None,
            };
            let known = name == "example.test" || data.is_some();
            answer[2..4].copy_from_slice(&[0x81, if known { 0x80 } else { 0x83 }]);
            if let Some(data) = data {
                answer[7] = 1;
                answer.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0]);
                answer.push(u8::try_from(data.len()).unwrap());
                answer.extend(data);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    port
}

/// A home whose name server stands on loopback and tells these texts.
fn at_home(config: &str, texts: &[(&str, &str)]) -> Home {
    let port = name_server(texts);
    Home::new(&format!(
        "{config}\n[compose]\nname-server = \"127.0.0.1:{port}\"\n"
    ))
}

/// The step of this name of the first account, or of the machine.
fn step<'v>(report: &'v Value, name: &str) -> &'v Value {
    let account = report["accounts"][0]["steps"].as_array();
    let machine = report["machine"].as_array();
    let mut all = account.into_iter().chain(machine).flatten();
    all.find(|s| s["step"] == name)
        .unwrap_or_else(|| panic!("no step {name} in {report:#}"))
}

/// All that a step says.
fn words(step: &Value) -> String {
    ["found", "what", "why", "todo"]
        .iter()
        .filter_map(|key| step[key].as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

#[track_caller]
fn says(report: &Value, name: &str, level: &str, wanted: &[&str]) {
    let step = step(report, name);
    assert_eq!(step["level"], level, "{step:#}");
    for phrase in wanted {
        let words = words(step);
        assert!(words.contains(phrase), "{name}: {words} lacks {phrase}");
    }
}

#[test]
fn real_servers_are_looked_at_from_end_to_end_and_nothing_is_sent() {
    let Some((sink, dovecot, _postfix, home)) = postfix::ready("tls") else {
        return;
    };
    dovecot.deliver("ada", "From: ada@example.test\nSubject: one\n\nx\n");
    let config = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    let port = name_server(&[
        ("example.test", "v=spf1 ip4:127.0.0.1 -all"),
        ("_dmarc.example.test", "v=DMARC1; p=reject"),
    ]);
    home.configure(&format!(
        "{config}\n[compose]\nname-server = \"127.0.0.1:{port}\"\n"
    ));
    let report = home.json(&["doctor"]);
    assert_eq!(report["healthy"], true, "{report:#}");
    says(&report, "configuration", "fine", &["1 account"]);
    says(&report, "files", "fine", &["nobody else"]);
    says(&report, "cache.db", "fine", &["whole"]);
    says(&report, "local.db", "fine", &["whole"]);
    says(&report, "name servers", "fine", &["127.0.0.1 answers"]);
    let cert = words(step(&report, "IMAP certificate"));
    assert!(
        cert.contains("localhost") && cert.contains("TLS 1.3"),
        "{cert}"
    );
    says(&report, "IMAP special use", "fine", &["drafts:", "trash:"]);
    says(&report, "IMAP ways to sign in", "note", &["PLAIN is used"]);
    says(
        &report,
        "submission takes",
        "note",
        &["messages up to", "8-bit"],
    );
    let rehearsal = ["from ada@example.test to ada@example.test would be taken"];
    says(&report, "submission rehearsal", "fine", &rehearsal);
    assert!(step(&report, "clock")["ok"] == true);
    says(&report, "MX", "fine", &["mx.example.test"]);
    says(&report, "SPF", "fine", &["names localhost", "refused"]);
    says(&report, "DMARC", "fine", &["p=reject"]);
    says(
        &report,
        "DKIM",
        "note",
        &["no key under any of the usual names"],
    );
    assert_eq!(sink.deliveries().len(), 0);
    let text = home.run(&["doctor"]).code(0).text();
    let widest = text.lines().map(|l| l.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn s06_the_certificate_that_is_not_for_the_host_is_shown() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let proxy = crate::proxy::Proxy::start("127.0.0.2", server.imaps);
    let table = server.account("work", "ada");
    let there = format!("host = \"localhost\", port = {}", server.imaps);
    let other = format!("host = \"127.0.0.2\", port = {}", proxy.port);
    let home = at_home(&table.replacen(&there, &other, 1), &[]);
    let ran = home.run(&["doctor", "--json"]).code(69);
    let report = ran.json();
    let remedy = ["not for 127.0.0.2", "use the name that the provider gives"];
    says(&report, "IMAP port and TLS", "wrong", &remedy);
    let seen = ["for localhost", "the SHA-256 of its key is"];
    says(&report, "IMAP certificate", "note", &seen);
}

#[test]
fn s06_a_chain_that_leads_to_nobody_known_names_what_is_missing() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let table = server.account("work", "ada");
    let table: String = table
        .lines()
        .filter(|line| !line.starts_with("ca-file"))
        .map(|line| format!("{line}\n"))
        .collect();
    let tls = format!("port = {}, security = \"tls\"", server.imaps);
    let starttls = format!("port = {}, security = \"starttls\"", server.imap);
    for table in [table.clone(), table.replacen(&tls, &starttls, 1)] {
        let home = at_home(&table, &[]);
        let ran = home.run(&["doctor", "--json"]).code(69);
        let report = ran.json();
        let remedy = [
            "1. localhost, by ",
            "is missing",
            "ask the server's owner to send the whole chain",
        ];
        says(&report, "IMAP chain", "wrong", &remedy);
    }
}

#[test]
fn f53_f54_a_refusal_to_sign_in_says_what_to_do() {
    let cases = [
        ("[AUTHENTICATIONFAILED] no", "check `user` and the password"),
        (
            "[AUTHENTICATIONFAILED] no",
            "set `user` to the whole address",
        ),
        ("[EXPIRED] too old", "set a new one at the provider"),
        ("[CONTACTADMIN] call us", "trying again may make it worse"),
        ("[UNAVAILABLE] later", "it is tried again"),
        (
            "Application-specific password required",
            "make an app password",
        ),
        ("Too many login failures", "wait half an hour"),
        ("Web login required", "sign in there once"),
    ];
    for (refusal, remedy) in cases {
        let server = Script::with(&[]);
        server.always("AUTHENTICATE", say(&format!("{{tag}} NO {refusal}\n")));
        server.always("LOGIN", say(&format!("{{tag}} NO {refusal}\n")));
        let home = at_home(&server.account("work"), &[]);
        let ran = home.run(&["doctor", "--json"]).code(69);
        let report = ran.json();
        says(&report, "IMAP sign in", "wrong", &[remedy]);
        assert!(!ran.text().contains("secret"), "{}", ran.text());
        // Nobody is locked out by a diagnosis: one try.
        let tries = server.said("AUTHENTICATE").len() + server.said("LOGIN ").len();
        assert_eq!(tries, 1, "{refusal}");
    }
}

#[test]
fn greylisting_a_refused_sender_and_a_refused_token_are_told_apart() {
    let sink = Sink::start();
    let server = Script::with(&[]);
    let home = at_home(&server.account_with("work", sink.port), &[]);
    sink.refuse("work@example.test", "451 4.7.1 greylisted, come back");
    let report = home.json(&["doctor"]);
    let grey = ["greylisting", "it is tried again"];
    says(&report, "submission rehearsal", "careful", &grey);
    sink.refuse("work@example.test", "553 5.1.8 not your address");
    let ran = home.run(&["doctor", "--json"]).code(69);
    let report = ran.json();
    let sender = ["check `email` of the account"];
    says(&report, "submission rehearsal", "wrong", &sender);
    sink.take("work@example.test");
    sink.once(
        "AUTH",
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
    );
    let ran = home.run(&["doctor", "--json"]).code(69);
    let report = ran.json();
    let oauth = ["`auth = \"oauth\"`"];
    says(&report, "submission sign in", "wrong", &oauth);
    assert_eq!(sink.deliveries().len(), 0);
}

#[test]
fn without_the_network_and_with_mistakes_it_still_looks() {
    let good = "[[account]]\nname = \"work\"\nemail = \"work@example.test\"\n\
        password-command = [\"echo\", \"canary\"]\n\
        imap = { host = \"nowhere.invalid\", port = 993, security = \"tls\" }\n\
        smtp = { host = \"nowhere.invalid\", port = 465, security = \"tls\" }\n";
    let home = Home::new(good);
    let report = home.json(&["doctor", "--offline"]);
    assert_eq!(report["healthy"], true, "{report:#}");
    says(&report, "password", "fine", &["found"]);
    for name in [
        "terminal",
        "locale",
        "spelling",
        "helper programs",
        "free room",
    ] {
        step(&report, name);
    }
    assert!(!report.to_string().contains("nowhere.invalid"));
    home.configure(&format!("{good}colour = 7\n"));
    let ran = home.run(&["doctor", "--offline", "--json"]).code(78);
    let report = ran.json();
    says(
        &report,
        "configuration",
        "wrong",
        &["line 7", "unknown key `colour`"],
    );
    let home = at_home(good, &[]);
    home.run(&["doctor", "nobody"]).code(66);
    let ran = home.run(&["doctor", "--json"]).code(69);
    let report = ran.json();
    let name = ["nowhere.invalid can't be found", "`host` in config.toml"];
    says(&report, "IMAP name", "wrong", &name);
    assert!(!ran.text().contains("canary"), "{}", ran.text());
}

#[test]
fn what_waits_for_an_account_that_was_renamed_by_hand_is_told() {
    const GONE: &str = "accounts that are gone";
    let server = Script::with(&["one"]);
    let home = Home::new(&server.account("work"));
    home.sync();
    home.run(&["flag", &home.id("INBOX", "one"), "+flagged"])
        .code(0);
    home.configure(&server.account("office"));
    home.sync();
    let report = home.json(&["doctor", "--offline"]);
    let wanted = [
        "work is not configured",
        "1 change",
        "the name `work` again",
    ];
    says(&report, GONE, "careful", &wanted);
    assert_eq!(report["healthy"], true, "{report:#}");
    home.configure(&server.account("work"));
    home.sync();
    assert_eq!(server.mail(|m| m.flags("INBOX", "one")), ["\\Flagged"]);
    let report = home.json(&["doctor", "--offline"]);
    assert!(!report.to_string().contains(GONE), "{report:#}");
}

#[test]
fn what_scripts_read_is_the_same_in_every_language() {
    let config = "[[account]]\nname = \"work\"\nemail = \"work@example.test\"\n\
        password-command = [\"echo\", \"canary\"]\n\
        imap = { host = \"nowhere.invalid\", port = 993, security = \"tls\" }\n\
        smtp = { host = \"nowhere.invalid\", port = 465, security = \"tls\" }\n";
    let home = at_home(config, &[]);
    let settings = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    let said = |args: &[&str], locale: &str, language: &str| {
        home.configure(&format!("{settings}\n[ui]\nlanguage = \"{language}\"\n"));
        let mut command = home.command(args);
        command.env("LC_ALL", locale).env("LANG", locale);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let steps = |locale, language| {
        let mut report: Value =
            serde_json::from_str(&said(&["doctor", "--json"], locale, language)).unwrap();
        // What differs by itself: the locale and its spelling, what is free, and how long something took.
        let machine = report["machine"].as_array_mut().unwrap();
        let by_itself = ["locale", "spelling", "free room", "name servers"];
        machine.retain(|s| !by_itself.contains(&s["step"].as_str().unwrap()));
        let account = report["accounts"][0]["steps"].as_array_mut().unwrap();
        account.iter_mut().for_each(|s| s["ms"] = Value::Null);
        let machine = report["machine"].as_array_mut().unwrap();
        machine.iter_mut().for_each(|s| s["ms"] = Value::Null);
        report
    };
    let english = steps("en_US.UTF-8", "en");
    says(&english, "files", "fine", &["nobody else may read them"]);
    for (locale, language) in [("de_DE.UTF-8", "de"), ("ja_JP.UTF-8", "ja")] {
        assert_eq!(steps(locale, language), english, "{language}");
        let text = said(&["doctor", "--offline"], locale, language);
        assert!(text.contains("nobody else may read them"), "{text}");
    }
}
