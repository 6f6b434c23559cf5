//! Configurations, right and wrong, and exactly what is said of them.

use super::load::{load, parse};
use super::*;
use crate::model::{Auth, MailboxPolicy, Reach, SecretSource, Security, SyncPolicy};
use std::path::Path;

const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

/// An account `a` with one more line, the fourth of the text.
fn with(line: &str) -> String {
    format!(
        "[[account]]\nname = \"a\"\nemail = \"a@b.test\"\n{line}\nimap = {{ host = \"i.b.test\" }}\nsmtp = {{ host = \"s.b.test\" }}\n"
    )
}

/// An account whose last lines these are: a table in it ends its own keys.
fn tail(lines: &str) -> String {
    format!("{}{lines}", with(""))
}

fn server(smtp: &str) -> String {
    format!(
        "[[account]]\nname = \"a\"\nemail = \"a@b.test\"\nimap = {{ host = \"i.b.test\" }}\nsmtp = {{ {smtp} }}\n"
    )
}

fn problem(text: &str) -> Problem {
    let loaded = parse(text, Path::new("/c"));
    assert_eq!(loaded.problems.len(), 1, "{text}\n{:?}", loaded.problems);
    loaded.problems.into_iter().next().unwrap()
}

#[test]
fn the_sample_is_right() {
    let loaded = parse(SAMPLE, Path::new("/c"));
    assert_eq!(loaded.problems, []);
    let [work, home] = loaded.config.accounts.as_slice() else {
        panic!("{:?}", loaded.config.accounts)
    };
    let command = ["pass", "show", "mail/work"].map(str::to_owned).to_vec();
    assert_eq!(work.secret, SecretSource::Command(command));
    assert_eq!((work.imap.port, work.smtp.port), (993, 465));
    assert_eq!(home.smtp.security, Security::StartTls);
    assert_eq!(loaded.config.look, Look::default());
}

/// The sample with every key that is commented out in it.
fn whole_sample() -> String {
    let meant = |line: &str| {
        let key = line.split_once(" = ").map(|(key, _)| key);
        line.starts_with("[[") || key.is_some_and(|k| !k.contains(' '))
    };
    let lines = SAMPLE.lines();
    let lines = lines.map(|l| l.strip_prefix("# ").filter(|l| meant(l)).unwrap_or(l));
    lines.map(|l| format!("{l}\n")).collect()
}

#[test]
fn the_sample_has_every_key_and_knows_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), "").unwrap();
    let sample = whole_sample();
    let loaded = parse(&sample, dir.path());
    assert_eq!(loaded.problems, [], "{sample}");
    assert_eq!(loaded.config.accounts.len(), 3);
    for place in [
        "qqqqqqqq = 1",
        "[ui]\nqqqqqqqq = 1",
        "[contacts]\nqqqqqqqq = 1",
        "[compose]\nqqqqqqqq = 1",
        "[[view]]\nname = \"x\"\nquery = \"x\"\nqqqqqqqq = 1",
        "[[split]]\nname = \"x\"\nquery = \"x\"\nqqqqqqqq = 1",
        "[[notify]]\nhow = \"bell\"\nqqqqqqqq = 1",
        "[[rule]]\nname = \"x\"\nquery = \"x\"\ndo = [\"flag\"]\nqqqqqqqq = 1",
        &with("qqqqqqqq = 1"),
        &tail("[[account.identity]]\nemail = \"x@b.test\"\nqqqqqqqq = 1\n"),
        &tail("[[account.mailbox]]\nname = \"x\"\nqqqqqqqq = 1\n"),
        &server("host = \"s.b.test\", qqqqqqqq = 1"),
    ] {
        let hint = problem(place).hint;
        let known = hint.strip_prefix("known here: ").unwrap();
        for key in known.split(", ") {
            let forms = [format!("{key} = "), format!("[{key}]"), format!(".{key}]]")];
            let there = forms.iter().any(|form| sample.contains(form));
            assert!(there, "{key} is not in the sample");
        }
    }
}

#[test]
fn little_is_needed() {
    let loaded = parse(&with(""), Path::new("/c"));
    let account = &loaded.config.accounts[0];
    assert_eq!(
        (account.user.as_str(), account.imap.port, account.smtp.port),
        ("a@b.test", 993, 465)
    );
    assert_eq!(
        (&account.secret, account.sync.bodies),
        (&SecretSource::Keyring, Reach::Days(30))
    );
    let loaded = parse(&server("host = \"s.b.test\", port = 587"), Path::new("/c"));
    let smtp = &loaded.config.accounts[0].smtp;
    assert_eq!(smtp.security, Security::StartTls);
    let loaded = parse(
        &server("host = \"s.b.test\", security = \"starttls\""),
        Path::new("/c"),
    );
    assert_eq!(loaded.config.accounts[0].smtp.port, 587);
}

#[test]
fn a_port_of_providers_begins_in_the_clear() {
    let of = |smtp: &str| {
        parse(&server(smtp), Path::new("/c")).config.accounts[0]
            .smtp
            .clone()
    };
    assert_eq!(
        of("host = \"s.b.test\", port = 2525").security,
        Security::StartTls
    );
    let tls = of("host = \"s.b.test\", port = 2525, security = \"tls\"");
    assert_eq!((tls.port, tls.security), (2525, Security::Tls));
    assert_eq!(
        of("host = \"s.b.test\", port = 465").security,
        Security::Tls
    );
    let clear = problem(&server(
        "host = \"s.b.test\", port = 2525, security = \"none\"",
    ));
    assert!(clear.message.contains("in the clear"), "{clear}");
}

#[test]
fn an_account_signs_in_by_token_if_a_command_prints_it() {
    let token = "password-command = [\"token\"]\nauth = \"oauthbearer\"";
    let loaded = parse(&with(token), Path::new("/c"));
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.config.accounts[0].auth, Auth::OAuthBearer);
    let p = problem(&with("auth = \"xoauth2\""));
    assert!(p.message.contains("needs a password-command"), "{p}");
    assert_eq!((p.line, p.column), (4, 8));
    let p = problem(&with("auth = \"oauth2\""));
    assert!(p.hint.contains("oauth"), "{p}");
}

#[test]
fn a_program_may_send_in_place_of_a_server() {
    let text = with("sendmail = [\"~/bin/msmtp\", \"-a\", \"work\"]");
    let without: String = text
        .lines()
        .filter(|l| !l.starts_with("smtp"))
        .fold(String::new(), |text, line| format!("{text}{line}\n"));
    for text in [&text, &without] {
        let loaded = parse(text, Path::new("/c"));
        assert_eq!(loaded.problems, []);
        let argv = loaded.config.accounts[0].sendmail.clone().unwrap();
        assert!(argv[0].ends_with("/bin/msmtp") && !argv[0].starts_with('~'));
        assert_eq!(argv[1..], ["-a", "work"]);
    }
    let p = problem(&with("sendmail = [\"msmtp\", \"-t\"]"));
    assert!(p.message.contains("must not read the recipients"), "{p}");
    for (value, message) in [
        ("[]", "`sendmail` is empty"),
        ("\"msmtp\"", "`sendmail` is a text here"),
    ] {
        let p = problem(&with(&format!("sendmail = {value}")));
        assert_eq!(p.message, message);
    }
}

#[test]
fn identities_are_addresses_that_mail_is_sent_from() {
    let loaded = parse(
        &tail(
            "[[account.identity]]\nemail = \"s@b.test\"\nfull-name = \"S\"\nreply-to = \"R <r@b.test>\"\n\
             [[account.identity]]\nemail = \"t@b.test\"\nsignature = \"\"\n",
        ),
        Path::new("/c"),
    );
    assert_eq!(loaded.problems, []);
    let account = &loaded.config.accounts[0];
    let [s, t] = account.identities.as_slice() else {
        panic!("{account:?}")
    };
    assert_eq!((s.email.as_str(), s.full_name.as_str()), ("s@b.test", "S"));
    assert_eq!(s.reply_to.as_deref(), Some("R <r@b.test>"));
    assert_eq!(
        (s.signature.as_deref(), t.signature.as_deref()),
        (None, Some(""))
    );
    assert_eq!(account.senders().len(), 3);
    for (lines, message) in [
        ("full-name = \"S\"", "the identity has no `email`"),
        ("email = \"S <s@b.test>\"", "`email` is not a mail address"),
        (
            "email = \"A@b.test\"",
            "this address is the account's own or another identity's",
        ),
        (
            "email = \"s@b.test\"\nreply-to = \"x\"",
            "`reply-to` holds no mail address",
        ),
        ("email = \"s@b.test\"\nname = \"S\"", "unknown key `name`"),
        (
            "email = \"s@b.test\"\nfull-name = \"a\\nb\"",
            "`full-name` holds a line break or another control character",
        ),
    ] {
        let p = problem(&tail(&format!("[[account.identity]]\n{lines}\n")));
        assert_eq!(p.message, message);
        assert!(p.line >= 7, "{p}");
    }
    let p = problem(&with("identity = \"s@b.test\""));
    assert_eq!(
        p.hint,
        "it must be a section for each address: [[account.identity]]"
    );
}

#[test]
fn an_unknown_key_is_placed_and_a_near_one_suggested() {
    let p = problem(&with("passwrd-command = [\"x\"]"));
    assert_eq!((p.line, p.column), (4, 1));
    assert_eq!(p.hint, "did you mean `password-command`?");
    assert_eq!(p.account.unwrap().as_str(), "a");
    assert_eq!(problem("[uy]\n").hint, "did you mean `ui`?");
    assert_eq!(
        problem(&with("full_name = \"x\"")).hint,
        "did you mean `full-name`?"
    );
    assert_eq!(
        problem("[ui]\ncolour = 1").hint,
        "known here: theme, threads, threads-by-subject, layout, undo-send, mouse, editor-keys, spell, images, hyperlinks, bidi, language, linear, icons, scrollbar, window-title"
    );
    let p = problem(&server("host = \"s.b.test\", prot = 465"));
    assert_eq!((p.line, p.column), (5, 29));
}

#[test]
fn a_password_in_the_file_is_refused_and_never_repeated() {
    for line in [
        "password = \"CANARY-7f3\"",
        "password = 'CANARY-7f3",
        "password = CANARY-7f3",
        "password = [\"CANARY-7f3\"]",
        "password = { a = \"CANARY-7f3\" }",
        "password = 7.3",
        "password = \"\"\"CANARY-7f3\"\"\"",
        "password-command = \"CANARY-7f3\"",
        "password-command = [\"CANARY-7f3\", 1]",
        "password-command = []",
        "secret = \"CANARY-7f3\"",
        "CANARY-7f3",
        "= \"CANARY-7f3\"",
        "bodies = \"CANARY-7f3\"",
        "password = \"prompt\"\npassword-command = [\"CANARY-7f3\"]",
    ] {
        let loaded = parse(&with(line), Path::new("/c"));
        assert!(loaded.config.accounts.is_empty(), "{line}");
        for p in &loaded.problems {
            assert!(p.line == 4 || p.line == 5, "{line}: {p}");
            assert!(!format!("{p} {p:?}").contains("7f3"), "{line}: {p}");
        }
        assert!(!loaded.problems.is_empty(), "{line}");
    }
}

#[test]
fn dangerous_and_impossible_servers_are_refused_with_a_reason() {
    for (s, word, hint) in [
        ("host = \"s.b.test\", port = 25", "port 25", "465"),
        (
            "host = \"s.b.test\", security = \"none\"",
            "in the clear",
            "this machine",
        ),
        (
            "host = \"127.0.0.1.evil.test\", security = \"none\"",
            "in the clear",
            "this machine",
        ),
        ("host = \"s.b.test\", security = \"tsl\"", "tsl", "\"tls\""),
        ("host = \"s.b.test\", security = true", "security", "text"),
        ("host = \"s.b.test\", port = 70000", "port", "65535"),
        ("host = \"s.b.test\", port = \"465\"", "port", "number"),
        (
            "host = \"s.b.test\", pin-sha256 = \"abc\"",
            "SHA-256",
            "base64",
        ),
        ("hots = \"s.b.test\", host = \"s\"", "hots", "`host`"),
        ("port = 465", "`host`", ""),
        ("host = \"\"", "empty", "name"),
        ("host = \"smtps://s.b.test\"", "name", "//"),
        ("host = \"s.b.test:465\"", "colon", "port"),
        ("host = \"a@s.b.test\"", "name", "@"),
        ("host = \"s.b.test\\u0000\"", "control", ""),
    ] {
        let p = problem(&server(s));
        assert!(
            p.message.contains(word) && p.hint.contains(hint),
            "{s}: {p}"
        );
        assert_eq!(p.line, 5, "{s}: {p}");
    }
    for host in ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "LocalHost"] {
        let text = server(&format!(
            "host = \"{host}\", port = 2525, security = \"none\""
        ));
        assert_eq!(parse(&text, Path::new("/")).problems, [], "{host}");
    }
}

#[test]
fn a_pin_is_read_in_every_usual_form() {
    let hex = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    let colons: Vec<&str> = (0..32).map(|n| &hex[2 * n..2 * n + 2]).collect();
    let base64 = "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=";
    let curl = format!("sha256//{base64}");
    for pin in [hex, &colons.join(":"), base64, &curl] {
        let text = server(&format!("host = \"s.b.test\", pin-sha256 = \"{pin}\""));
        let loaded = parse(&text, Path::new("/"));
        assert_eq!(loaded.problems, [], "{pin}");
        let found = loaded.config.accounts[0].smtp.pin_sha256.unwrap();
        assert_eq!(found[..3], [0, 0x11, 0x22], "{pin}");
    }
}

#[test]
fn every_mistake_of_an_account_is_told_at_once() {
    let text = "[[account]]\nemail = \"nobody\"\nfull-name = \"a\\nBcc: x\"\nuser = \"\"\nca-file = \"none.pem\"\nbodies = \"some\"\nsave-sent = \"yes\"\n";
    let loaded = parse(text, Path::new("/c"));
    let told: Vec<(usize, String)> = loaded
        .problems
        .iter()
        .map(|p| (p.line, p.message.clone()))
        .collect();
    let expected = [
        (1, "the account has no `name`"),
        (1, "`imap` is missing"),
        (1, "`smtp` is missing"),
        (2, "`email` is not a mail address"),
        (
            3,
            "`full-name` holds a line break or another control character",
        ),
        (4, "`user` is empty"),
        (5, "there is no file /c/none.pem"),
        (6, "`bodies` can't be read"),
        (7, "`save-sent` is a text here"),
    ];
    assert_eq!(told, expected.map(|(n, m)| (n, m.to_owned())));
}

#[test]
fn a_policy_is_read_whole() {
    let text = with(
        "headers = \"365d\"\nbodies = \"500 MB\"\nattachments = \"all\"\nexclude = [\"Spam\", \"Lists/*\"]\n\
         connections = 2\ndaily-budget = \"2 GB\"\ncompress = false\n\
         without-extensions = [\"move\", \"AUTH=CRAM-MD5\"]",
    ) + "[[account.mailbox]]\nname = \"Lists/rust\"\nheaders = \"all\"\nbodies = \"none\"\n\
         [[account.mailbox]]\nname = \"Old\"\nexclude = true\n";
    let loaded = parse(&text, Path::new("/c"));
    assert_eq!(loaded.problems, []);
    let one = |pattern: &str, left_out, headers, bodies| MailboxPolicy {
        pattern: pattern.to_owned(),
        left_out,
        headers,
        bodies,
    };
    let expected = SyncPolicy {
        headers: Reach::Days(365),
        bodies: Reach::Octets(500 << 20),
        attachments: true,
        papers: true,
        mailboxes: vec![
            one("Lists/rust", false, Some(Reach::All), Some(Reach::None)),
            one("Old", true, None, None),
            one("Spam", true, None, None),
            one("Lists/*", true, None, None),
        ],
        connections: 2,
        budget: Some(2 << 30),
        compress: Some(false),
        without: vec!["MOVE".to_owned(), "AUTH=CRAM-MD5".to_owned()],
    };
    let policy = &loaded.config.accounts[0].sync;
    assert_eq!(*policy, expected);
    assert!(!policy.leaves_out("Lists/rust") && policy.leaves_out("Lists/c"));
    assert!(policy.leaves_out("old"));
    assert_eq!(policy.bodies_of("Inbox/x"), Reach::Octets(500 << 20));
    assert_eq!(policy.bodies_of("Lists/rust"), Reach::None);
}

#[test]
fn mistakes_in_a_policy_are_placed_and_the_right_thing_suggested() {
    for (line, message, hint) in [
        (
            "headers = \"none\"",
            "`headers` can't be \"none\"",
            "exclude",
        ),
        ("headers = \"al\"", "can't be read", "did you mean \"all\"?"),
        ("bodies = \"30 days\"", "can't be read", "\"30d\""),
        ("bodies = 30", "a number here", "a text in quotes"),
        ("body = \"all\"", "unknown key `body`", "`bodies`"),
        ("exclude = \"Spam\"", "a text here", "Lists/*"),
        (
            "exclude = [\"inbox\"]",
            "the inbox can't be left out",
            "bodies",
        ),
        ("exclude = [\"\"]", "needs a name", "*"),
        ("connections = 1", "out of range", "from 2 to 15"),
        ("connections = 16", "out of range", "from 2 to 15"),
        ("daily-budget = \"much\"", "can't be read", "\"unlimited\""),
        ("daily-budget = \"0 GB\"", "can't be read", "\"2 GB\""),
        ("daily_budget = \"2 GB\"", "unknown key", "`daily-budget`"),
        ("compress = \"yes\"", "a text here", "true or false"),
        (
            "without-extensions = [\"CONDSTOR\"]",
            "not used",
            "\"CONDSTORE\"?",
        ),
        (
            "without-extensions = [\"XYZZY-17\"]",
            "not used",
            "docs/imap.md",
        ),
        (
            "without = [\"MOVE\"]",
            "unknown key",
            "`without-extensions`",
        ),
        ("mailbox = 1", "a number here", "[[account.mailbox]]"),
        (
            "mailbox = [{ headers = \"all\" }]",
            "has no `name`",
            "name = ",
        ),
        (
            "mailbox = [{ name = \"x\", heders = \"all\" }]",
            "unknown key",
            "`headers`",
        ),
        (
            "mailbox = [{ name = \"INBOX\", exclude = true }]",
            "the inbox",
            "bodies",
        ),
    ] {
        let p = problem(&with(line));
        assert!(
            p.message.contains(message) && p.hint.contains(hint),
            "{line}: {p}"
        );
        assert_eq!(p.line, 4, "{line}: {p}");
    }
}

#[test]
fn gmail_has_a_budget_unless_told_otherwise() {
    let at = |host: &str, line: &str| {
        let text = with(line).replace("i.b.test", host);
        parse(&text, Path::new("/c")).config.accounts[0].sync.budget
    };
    assert_eq!(at("imap.gmail.com", ""), Some(11 * (1 << 30) / 5));
    assert_eq!(at("IMAP.GoogleMail.com", ""), Some(11 * (1 << 30) / 5));
    assert_eq!(at("imap.example.test", ""), None);
    assert_eq!(
        at("imap.gmail.com", "daily-budget = \"1 GB\""),
        Some(1 << 30)
    );
    assert_eq!(at("imap.gmail.com", "daily-budget = \"unlimited\""), None);
}

#[test]
fn one_broken_account_leaves_the_other() {
    let two = format!(
        "{}{}",
        with(""),
        with("bodies = \"some\"").replace("\"a\"", "\"b\"")
    );
    let loaded = parse(&two, Path::new("/c"));
    assert_eq!(
        (loaded.config.accounts.len(), loaded.problems.len()),
        (1, 1)
    );
    let twins = problem(&format!("{}{}", with(""), with("")));
    assert!(twins.message.contains("another account \"a\""));
    assert_eq!(twins.line, 8);
    // The second of two is refused even if the first is broken: mail is kept by the name.
    let broken = format!("{}{}", with("bodies = \"some\""), with(""));
    assert!(parse(&broken, Path::new("/c")).config.accounts.is_empty());
}

#[test]
fn a_mistake_in_the_look_leaves_the_rest() {
    let text = format!(
        "[ui]\ntheme = \"dark\"\nthreads = 1\nlayout = \"tree\"\nundo-send = 601\nmouse = false\n{}",
        with("")
    );
    let loaded = parse(&text, Path::new("/c"));
    assert_eq!(loaded.config.accounts.len(), 1);
    let look = &loaded.config.look;
    assert_eq!((look.theme.as_deref(), look.mouse), (Some("dark"), false));
    assert_eq!((look.threads, look.undo_send), (true, 10));
    let lines: Vec<usize> = loaded.problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [3, 4, 5]);
    assert_eq!(loaded.problems[1].hint, "did you mean \"three\"?");
}

#[test]
fn what_is_no_toml_is_placed_and_nothing_is_guessed() {
    let loaded = parse(
        &format!("{}\n[[account]\nname = 'b'\n", with("")),
        Path::new("/c"),
    );
    assert_eq!(loaded.problems[0].line, 8);
    assert!(loaded.config.accounts.is_empty());
    for odd in [
        "account = 1",
        "account = [1]",
        "[account]",
        "ui = 3",
        "\u{0}",
        "a.b.c = 1",
        "[[ui]]",
    ] {
        assert!(!parse(odd, Path::new("/c")).problems.is_empty(), "{odd:?}");
    }
    assert_eq!(parse("", Path::new("/c")), Loaded::default());
    assert_eq!(
        parse("\u{feff}# only a mark\r\n", Path::new("/c")),
        Loaded::default()
    );
}

#[test]
fn no_file_is_a_beginning_and_an_unreadable_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let missing = load(&path).unwrap_err();
    let text = missing.to_string();
    assert!(matches!(missing, ConfigError::NoAccount { .. }));
    for way in ["postrider demo", "account add", "config.toml"] {
        assert!(text.contains(way), "{text}");
    }
    std::fs::create_dir(&path).unwrap();
    let error = load(&path).unwrap_err().to_string();
    assert!(error.contains("config.toml"), "{error}");
}
