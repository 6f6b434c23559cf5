//! What is said, and how a command ends, when something is wrong: passwords, ports, names,
//! certificates, the configuration.

use crate::dovecot::Dovecot;
use crate::program::{Home, Ran};
use crate::proxy::Proxy;
use crate::smtp::Sink;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Runs `sync --once --json` on a changed account table; the reason that stands in the report.
#[track_caller]
fn reason(server: &Dovecot, from: &str, to: &str, code: i32) -> String {
    let table = server.account("work", "ada");
    assert!(table.contains(from), "{table}");
    let home = Home::new(&table.replacen(from, to, 1));
    let ran = home.run(&["sync", "--once", "--json"]).code(code);
    let report = ran.json();
    let why = report["accounts"][0]["error"].as_str();
    why.unwrap_or_else(|| panic!("{report}")).to_owned()
}

#[test]
fn a_server_that_cannot_be_used_is_told_apart() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let words = |text: &str, any: &[&str]| {
        let text = text.to_lowercase();
        assert!(any.iter().any(|w| text.contains(w)), "{text}");
    };
    let why = reason(&server, "\"secret\"", "\"wrong\"", 77);
    words(&why, &["password"]);
    let why = reason(&server, "\"echo\", \"secret\"", "\"false\"", 77);
    words(&why, &["password", "command"]);
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let imap = format!("port = {}", server.imaps);
    let why = reason(&server, &imap, &format!("port = {closed}"), 69);
    words(&why, &["port", "refused"]);
    // A port that speaks no TLS.
    let why = reason(&server, &imap, &format!("port = {}", server.imap), 77);
    words(&why, &["tls"]);
    // The certificate is for localhost and 127.0.0.1.
    let elsewhere = Proxy::start("127.0.0.2", server.imaps);
    let there = format!("host = \"localhost\", {imap}");
    let other = format!("host = \"127.0.0.2\", port = {}", elsewhere.port);
    let why = reason(&server, &there, &other, 77);
    words(&why, &["name", "certificate"]);
    let why = reason(&server, "\"localhost\"", "\"nowhere.invalid\"", 69);
    words(&why, &["nowhere.invalid"]);
    let table = server.account("work", "ada");
    let without = table.lines().filter(|l| !l.starts_with("ca-file"));
    let home = Home::new(&without.collect::<Vec<_>>().join("\n"));
    let why = home.run(&["sync", "--once"]).code(77).err;
    words(&why, &["certificate", "trust"]);
}

#[test]
fn one_account_that_fails_does_not_stop_the_other() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    server.deliver("bo", "Subject: fine\n\nx\n");
    let wrong = server
        .account("work", "ada")
        .replace("\"secret\"", "\"wrong\"");
    let home = Home::new(&(wrong + &server.account("home", "bo")));
    let report = home.run(&["sync", "--once", "--json"]).code(77).json();
    assert!(report["accounts"][0]["error"].is_string(), "{report}");
    assert_eq!(report["accounts"][1]["headers"], 1, "{report}");
}

#[test]
fn starttls_is_taken_or_nothing() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    server.deliver("ada", "Subject: upgraded\n\nx\n");
    let tls = format!("port = {}, security = \"tls\"", server.imaps);
    let start = format!("port = {}, security = \"starttls\"", server.imap);
    let home = Home::new(&server.account("work", "ada").replacen(&tls, &start, 1));
    assert_eq!(home.sync()["accounts"][0]["headers"], 1);
}

#[test]
fn a_configuration_that_is_wrong_says_where_and_what_would_be_right() {
    let good = "[[account]]\nname = \"work\"\nemail = \"you@example.test\"\nimap = { host = \"localhost\", port = 993, security = \"tls\" }\nsmtp = { host = \"localhost\", port = 465, security = \"tls\" }\n";
    let cases = [
        (good.replace("email =", "emial ="), ["3", "emial", "email"]),
        (
            good.replace("\"work\"", "\"work"),
            ["2", "config.toml", "quotes"],
        ),
        (good.replace("port = 465", "port = 25"), ["5", "25", "465"]),
        (
            good.replace(
                "host = \"localhost\", port = 993, security = \"tls\"",
                "host = \"imap.example.test\", port = 143, security = \"none\"",
            ),
            ["4", "none", "tls"],
        ),
    ];
    for (config, wanted) in cases {
        let home = Home::new(&config);
        let ran: Ran = home.run(&["list", "--json"]).code(78);
        assert!(ran.out.is_empty(), "{}", ran.text());
        for word in wanted {
            assert!(ran.err.contains(word), "{word} in {}", ran.err);
        }
        assert!(ran.err.contains("column"), "{}", ran.err);
    }
    let none = Home::new("");
    std::fs::remove_file(none.path.join("config.toml")).unwrap();
    let ran = none.run(&["list"]).code(78);
    assert!(ran.err.contains("account add"), "{}", ran.err);
    Home::new("").run(&["nonsense"]).code(64);
}

#[test]
fn the_doctor_names_the_step_that_fails() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let sink = Sink::start();
    let config = server.account_by("work", "ada", sink.port);
    let home = Home::new(&config);
    let text = home.run(&["doctor"]).text();
    assert!(!text.contains('✗') && text.contains('✓'), "{text}");
    home.json(&["doctor"]);
    home.configure(&config.replace("\"secret\"", "\"wrong\""));
    let ran = home.run(&["doctor"]);
    assert_ne!(ran.code, 0);
    assert!(ran.text().contains('✗'), "{} {}", ran.text(), ran.err);
}

/// Every file below a folder.
fn files(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.push(path.clone());
        if path.is_dir() {
            files(&path, all);
        }
    }
}

#[test]
fn s38_nothing_is_open_to_others_and_the_password_is_nowhere() {
    const CANARY: &str = "canary-7f3a9b";
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    server.deliver("ada", "Subject: one\n\nx\n");
    // The server refuses the canary once, then a password that it takes is used.
    let table = server.account("work", "ada");
    let home =
        Home::new(&table.replace("\"echo\", \"secret\"", "\"sh\", \"-c\", \"cat secret.txt\""));
    let spoken =
        |word: &str| table.replace("\"echo\", \"secret\"", &format!("\"cat\", \"{word}\""));
    let secret = home.path.parent().unwrap().join("secret.txt");
    std::fs::write(&secret, CANARY).unwrap();
    home.configure(&spoken(&secret.display().to_string()));
    let mut outputs = String::new();
    for args in [
        &["sync", "--once"][..],
        &["sync", "--once", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["accounts", "--json"],
        &[
            "send",
            "--wait",
            "--to",
            "bo@example.test",
            "--subject",
            "x",
        ],
        &["outbox", "--json"],
    ] {
        let mut command = std::process::Command::new("sh");
        command.args([
            "-c",
            "umask 000; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_postrider"),
        ]);
        let done = command
            .args(args)
            .env("POSTRIDER_HOME", &home.path)
            .env("POSTRIDER_LOG", "trace")
            .output()
            .unwrap();
        outputs.push_str(&String::from_utf8_lossy(&done.stdout));
        outputs.push_str(&String::from_utf8_lossy(&done.stderr));
    }
    assert!(outputs.contains("password"), "{outputs}");
    assert!(!outputs.contains(CANARY), "{outputs}");
    let mut all = vec![home.path.clone()];
    files(&home.path, &mut all);
    assert!(all.len() > 4, "{all:?}");
    // SASL PLAIN carries it in base64.
    let encoded = "Y2FuYXJ5LTdmM2E5Yg";
    for path in all {
        let meta = std::fs::symlink_metadata(&path).unwrap();
        let mode = meta.permissions().mode() & 0o777;
        let most = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode & !most, 0, "{}: {mode:o}", path.display());
        if meta.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for needle in [CANARY, encoded] {
                let found = bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
                assert!(!found, "{needle} in {}", path.display());
            }
        }
    }
}
