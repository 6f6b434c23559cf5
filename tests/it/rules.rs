//! Rules against a server: each message once, whatever is killed when; what was there before is left
//! alone; what they would do is told before it is done; mistakes have their place.

use crate::demo::home_at;
use crate::dump::{local, read, rows, write};
use crate::program::{Home, eventually};
use crate::script::{Act, Script, say};
use postrider::demo::dice::Dice;
use postrider::demo::{Demo, Hand, Options};
use postrider::model::{Flags, System};

const RULES: &str = r#"
[[rule]]
name = "lists"
query = "list:rust"
do = ["copy Keep", "move Lists", "mark read", "stop"]

[[rule]]
name = "money"
query = "body:invoice"
do = ["flag", "tag money"]

[[rule]]
name = "never after a stop"
query = "subject:hello"
do = ["trash"]

[[rule]]
name = "by hand"
query = "from:ada"
do = ["archive"]
on-arrival = false
"#;

/// A rule that does one thing, as it stands in the configuration.
fn rule(name: &str, query: &str, deed: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nquery = \"{query}\"\ndo = [\"{deed}\"]\n")
}

fn start(rules: &str) -> (Demo, Hand, Home) {
    let demo = Demo::start(Options::empty()).unwrap();
    let hand = demo.hand("ada").unwrap();
    hand.create("Lists");
    hand.create("Keep");
    let home = home_at(&demo, demo.accounts()[0].imap.port, rules);
    (demo, hand, home)
}

fn put(hand: &Hand, id: &str, more: &str, body: &str) {
    let raw = format!(
        "From: ada@example.com\r\nSubject: hello {id}\r\nMessage-ID: <{id}@example.com>\r\n{more}\r\n{body}\r\n"
    );
    hand.deliver("INBOX", raw.as_bytes()).unwrap();
}

fn sync(home: &Home) {
    home.run(&["sync", "--once", "--bodies", "none"]).code(0);
}

/// Mailbox, name and flags of every message, in order.
fn lies(hand: &Hand) -> Vec<String> {
    let mut all = Vec::new();
    for (name, shot) in hand.snapshot() {
        for letter in shot.letters.values() {
            let text = String::from_utf8_lossy(&letter.raw);
            let id = text.split("Subject: hello ").nth(1).unwrap();
            let id = id.lines().next().unwrap();
            assert!(!letter.flags.system.has(System::DELETED));
            all.push(format!("{name} {id} {}", letter.flags.to_wire().join(" ")));
        }
    }
    all.sort();
    all
}

const LIST: &str = "List-Id: <rust.example.com>\r\n";

#[test]
fn what_comes_is_filed_once_and_what_was_there_is_left_alone() {
    let (demo, hand, home) = start(RULES);
    put(&hand, "before", LIST, "");
    sync(&home);
    sync(&home);
    assert_eq!(lies(&hand), ["INBOX before "]);
    put(&hand, "list", LIST, "an invoice");
    put(&hand, "bill", "", "the invoice");
    sync(&home);
    let filed = [
        "INBOX before ",
        "Keep list \\Seen",
        "Lists list \\Seen",
        "Trash bill \\Flagged money",
    ];
    assert_eq!(lies(&hand), filed);
    // Each rule is one line of the journal; the last one is taken back, and not done again.
    let rows = home.json(&["journal"])["journal"]
        .as_array()
        .unwrap()
        .clone();
    let labels: Vec<_> = rows.iter().map(|r| r["done"].as_str().unwrap()).collect();
    assert_eq!(
        labels,
        [
            "Rule never after a stop: 1 message",
            "Rule money: 1 message",
            "Rule lists: 1 message"
        ]
    );
    assert!(rows.iter().all(|r| r["by"] == "rule"));
    home.run(&["undo"]).code(66);
    home.run(&["undo", rows[0]["id"].as_str().unwrap()]).code(0);
    for _ in 0..3 {
        sync(&home);
    }
    assert!(
        lies(&hand).contains(&"INBOX bill \\Flagged money".to_owned()),
        "{:?}",
        lies(&hand)
    );
    // The same message once more is no other one.
    put(&hand, "bill", "", "the invoice");
    sync(&home);
    assert!(
        lies(&hand).contains(&"INBOX bill ".to_owned()),
        "{:?}",
        lies(&hand)
    );
    drop(demo);
}

#[test]
fn a_rule_that_is_new_is_asked_about_what_comes_then() {
    let (demo, hand, home) = start("");
    put(&hand, "one", LIST, "");
    sync(&home);
    put(&hand, "two", LIST, "");
    sync(&home);
    let config = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    home.configure(&format!("{config}{RULES}"));
    sync(&home);
    assert_eq!(lies(&hand), ["INBOX one ", "INBOX two "]);
    put(&hand, "three", LIST, "");
    sync(&home);
    assert_eq!(lies(&hand).len(), 4, "{:?}", lies(&hand));
    // Said otherwise it is another rule, and what came before is not its business.
    put(&hand, "four", "", "");
    home.configure(&config);
    sync(&home);
    home.configure(&format!(
        "{config}{}",
        RULES.replace("subject:hello", "from:ada")
    ));
    sync(&home);
    assert!(
        lies(&hand).contains(&"INBOX four ".to_owned()),
        "{:?}",
        lies(&hand)
    );
    drop(demo);
}

#[test]
fn killed_at_any_moment_each_message_is_filed_once() {
    let rules =
        "[[rule]]\nname = \"a\"\nquery = \"subject:hello\"\ndo = [\"copy Keep\", \"move Lists\"]\n";
    for seed in 0..3 {
        let mut dice = Dice::new(seed);
        let (demo, hand, home) = start(rules);
        put(&hand, "before", "", "");
        sync(&home);
        for n in 0..6 {
            put(&hand, &format!("m{n}"), "", "x");
            demo.forget_commands();
            let mut child = home.command(&["sync", "--once"]).spawn().unwrap();
            let most = dice.below(40);
            eventually("some commands, or the end", || {
                demo.commands().values().sum::<u64>() > most || child.try_wait().unwrap().is_some()
            });
            let _ = child.kill();
            child.wait().unwrap();
        }
        sync(&home);
        sync(&home);
        let lies = lies(&hand);
        assert_eq!(
            lies.first().map(String::as_str),
            Some("INBOX before "),
            "seed {seed}"
        );
        let each = |mailbox: &str| {
            (0..6)
                .map(|n| format!("{mailbox} m{n} "))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            lies[1..],
            [each("Keep"), each("Lists")].concat(),
            "seed {seed}"
        );
    }
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let (demo, hand, home) = start(&RULES.replace("move Lists", "move Nowhere"));
    put(&hand, "one", LIST, "invoice");
    put(&hand, "two", "", "");
    home.run(&["sync", "--once"]).code(0);
    let before = lies(&hand);
    let told = home.json(&["rules", "test"]);
    let rules = told["rules"].as_array().unwrap();
    let first = rules[0]["messages"].as_array().unwrap();
    assert_eq!(first.len(), 1, "{told}");
    assert_eq!(
        first[0]["do"],
        serde_json::json!(["mark read", "copy Keep"])
    );
    let fault = rules[0]["faults"][0].as_str().unwrap();
    assert!(fault.contains("no mailbox `Nowhere`"), "{fault}");
    assert_eq!(
        rules[1]["messages"],
        serde_json::json!([]),
        "stopped before"
    );
    assert_eq!(rules[2]["messages"].as_array().unwrap().len(), 1);
    let text = home
        .run(&["rules", "test", "--name", "by hand", "--since", "30d"])
        .code(0);
    assert!(text.text().contains("archive"), "{}", text.text());
    home.run(&["rules", "test", "--name", "nope"]).code(66);
    sync(&home);
    assert_eq!(lies(&hand), before);
    home.run(&["rules", "run", "--name", "by hand"]).code(0);
    sync(&home);
    assert!(
        lies(&hand).iter().all(|l| l.starts_with("Archive")),
        "{:?}",
        lies(&hand)
    );
    home.run(&["undo"]).code(0);
    sync(&home);
    assert_eq!(lies(&hand), before);
    drop(demo);
}

#[test]
fn mistakes_have_their_place() {
    let (_demo, _hand, home) = start(&rule("x", "is:blue", "archive"));
    let told = home.run(&["rules"]).code(78).err;
    assert!(
        told.contains("line 10, column 13") && told.contains("is:"),
        "{told}"
    );
}

/// What Pigeonhole's compiler says of a script; `None` if it is not here.
fn compiled(script: &str) -> Option<Result<(), String>> {
    let sievec = crate::dovecot::need("sievec")?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.sieve");
    std::fs::write(&file, script).unwrap();
    let told = std::process::Command::new(sievec)
        .args(["-c", "/dev/null"])
        .arg(&file)
        .arg(folder.path().join("rules.svbin"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&told.stderr).into_owned();
    Some(match told.status.success() {
        true => Ok(()),
        false => Err(format!("{words}\n{script}")),
    })
}

#[test]
fn exported_scripts_are_what_pigeonhole_compiles() {
    let queries = [
        "from:ada -subject:\"a \\ b\"",
        "list:rust or is:list or id:a@b.example",
        "-(to:bo cc:cy) larger:5M smaller:1G",
        "invoice body:\"due now\"",
        "is:unread -is:flagged -is:muted tag:work",
        "after:2024-01-02 before:2025 -date:2024-02",
        "in:inbox account:work subject:\u{65e5}\u{672c}",
        "in:Elsewhere from:x",
    ];
    let deeds = [
        "do = [\"copy Keep\", \"move Lists\", \"mark read\", \"stop\"]",
        "do = [\"flag\", \"tag work\", \"untag x\", \"mute\", \"mark unread\", \"unflag\"]",
        "do = [\"archive\"]",
        "do = [\"junk\"]",
        "do = [\"trash\"]",
        "do = [\"move Quo\\\"te\\\\s/\u{e9}\"]",
    ];
    let mut rules = String::new();
    for (n, query) in queries.iter().enumerate() {
        for (m, deeds) in deeds.iter().enumerate() {
            let query = query.replace('\\', "\\\\").replace('"', "\\\"");
            rules += &format!("[[rule]]\nname = \"r{n} {m}\"\nquery = \"{query}\"\n{deeds}\n");
        }
    }
    let (_demo, _hand, home) = start(&rules);
    sync(&home);
    let file = home.path.join("out.sieve");
    home.run(&["rules", "export", "--sieve", file.to_str().unwrap()])
        .code(65);
    let script = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        script.matches("# rule:[").count(),
        queries.len() * deeds.len()
    );
    let Some(told) = compiled(&script) else {
        return;
    };
    assert_eq!(told, Ok(()));
    assert!(
        compiled("fileinto \"x\";\n").unwrap().is_err(),
        "it finds mistakes"
    );
    // What was exported comes back, but for what the remarks say.
    let back = home.run(&["rules", "import", file.to_str().unwrap()]);
    assert!(back.text().contains("name = \"r0 0\""), "{}", back.text());
}

#[test]
fn an_imported_script_is_added_once_and_told_where_it_is_not() {
    let (_demo, _hand, home) = start("");
    let file = home.path.join("in.sieve");
    let script = "require [\"fileinto\"];\n# rule:[Lists]\nif header :contains \"list-id\" \"rust\" { fileinto \"Lists\"; }\n\
        redirect \"a@example.org\";\n";
    std::fs::write(&file, script).unwrap();
    let path = file.to_str().unwrap();
    let printed = home.run(&["rules", "import", path]).code(65);
    assert!(
        printed
            .text()
            .contains("query = \"list:rust\"\ndo = [\"move Lists\"]"),
        "{}",
        printed.text()
    );
    assert!(
        printed.err.contains("line 4: `redirect`"),
        "{}",
        printed.err
    );
    home.run(&["rules", "import", path, "--add"]).code(65);
    let rules = home.json(&["rules"]);
    assert_eq!(rules["rules"][0]["name"], "Lists");
    home.run(&["rules", "import", path, "--add"]).code(74);
    std::fs::write(&file, "if {").unwrap();
    assert!(
        home.run(&["rules", "import", path])
            .code(65)
            .err
            .contains("line 1")
    );
}

#[test]
fn a_date_of_long_ago_keeps_no_mail_from_the_rules_if_it_came_just_now() {
    let (_demo, hand, home) = start(RULES);
    put(&hand, "before", LIST, "");
    sync(&home);
    let old = format!("Date: Mon, 1 Jan 2001 10:00:00 +0000\r\n{LIST}");
    put(&hand, "old", &old, "");
    // What both was written and came long ago was put there by somebody.
    let raw = format!("Subject: hello kept\r\nMessage-ID: <kept@example.com>\r\n{old}\r\nx\r\n");
    hand.put("INBOX", raw.as_bytes(), Flags::default(), 978_343_200)
        .unwrap();
    sync(&home);
    let filed = [
        "INBOX before ",
        "INBOX kept ",
        "Keep old \\Seen",
        "Lists old \\Seen",
    ];
    assert_eq!(lies(&hand), filed);
}

#[test]
fn rules_are_asked_about_a_message_whose_header_came_late() {
    let server = Script::with(&["one"]);
    let rule = rule("two", "subject:two", "flag");
    let home = Home::new(&format!("{}{rule}", server.account("work")));
    home.sync();
    let date = jiff::fmt::rfc2822::to_string(&jiff::Zoned::now()).unwrap();
    let raw = format!("Date: {date}\r\nSubject: two\r\nMessage-ID: <two@x>\r\n\r\nx\r\n");
    server.mail(|m| m.put(b"INBOX", raw.into_bytes(), Vec::new()));
    server.always("FETCH 2 ", Act::Close);
    home.sync();
    assert_eq!(home.list("INBOX").len(), 2);
    assert_ne!(home.subjects("INBOX"), ["one", "two"]);
    server.behave();
    home.sync();
    let later = "UPDATE meta SET value = value - 90000 WHERE key LIKE 'daily/stubs/%'";
    write(&local(&home)).execute(later, []).unwrap();
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["one", "two"]);
    assert_eq!(server.mail(|m| m.flags("INBOX", "two")), ["\\Flagged"]);
}

/// A letter of today comes; the server says that it is so much larger than it is.
fn comes(server: &Script, from: &str, subject: &str, beyond: u64) {
    let date = jiff::fmt::rfc2822::to_string(&jiff::Zoned::now()).unwrap();
    let id = subject.replace(' ', "-");
    let raw = format!(
        "Date: {date}\r\nFrom: {from}@example.test\r\nSubject: {subject}\r\n\
         Message-ID: <{id}@x>\r\n\r\nx\r\n"
    );
    server.mail(|mail| {
        mail.beyond = beyond;
        mail.put(b"INBOX", raw.into_bytes(), Vec::new());
    });
}

/// More than is fetched for a rule.
const LARGE: u64 = 6 << 20;

/// The subjects of what rules are still to be asked about.
fn waiting(home: &Home) -> Vec<String> {
    let sql = "SELECT message_id FROM arrival WHERE state = 0 ORDER BY seq";
    rows(&read(&local(home)), sql)
}

#[test]
fn a_rule_about_texts_keeps_no_other_from_what_is_none_of_its_business() {
    let server = Script::with(&["before"]);
    server.mail(|mail| mail.make("Boss", ""));
    let rules = [
        rule("bills", "subject:invoice has:attachment larger:10k", "flag"),
        rule("not these", "from:ada -(subject:hello body:x)", "flag"),
        rule("boss", "from:boss", "move Boss"),
    ]
    .concat();
    let home = Home::new(&format!("{}{rules}", server.account("work")));
    sync(&home);
    comes(&server, "boss", "photos", LARGE);
    comes(&server, "boss", "invoice", LARGE);
    comes(&server, "boss", "small", 0);
    comes(&server, "ada", "large", LARGE);
    sync(&home);
    assert_eq!(server.mail(|m| m.subjects("Boss")), ["photos", "small"]);
    assert_eq!(server.said("BODY.PEEK[]"), Vec::<String>::new());
    // About these only the text can tell, also where a rule says what it is not about.
    assert_eq!(waiting(&home), ["invoice@x", "large@x"]);
}

#[test]
fn a_text_that_the_server_refuses_is_asked_for_once_and_keeps_no_rule_waiting() {
    let server = Script::with(&["before"]);
    let rules = [
        rule("text", "body:x", "tag text"),
        rule("head", "subject:hello", "flag"),
    ]
    .concat();
    let home = Home::new(&format!("{}{rules}", server.account("work")));
    sync(&home);
    server.always("BODY.PEEK[]", say("{tag} NO [SERVERBUG] it is broken\n"));
    comes(&server, "bo", "hello", 0);
    let told = home.run(&["sync", "--once", "--bodies", "none"]).code(0);
    let said = format!("{}{}", told.text(), told.err);
    assert!(said.contains("rule \"text\" was not asked"), "{said}");
    sync(&home);
    assert_eq!(server.said("BODY.PEEK[]").len(), 1);
    assert_eq!(server.mail(|m| m.flags("INBOX", "hello")), ["\\Flagged"]);
    assert_eq!(waiting(&home), Vec::<String>::new());
}

#[test]
fn what_waits_for_its_text_takes_nobodys_place() {
    let server = Script::with(&["before"]);
    let rules = [
        rule("text", "subject:large body:x", "tag text"),
        rule("head", "subject:hello", "flag"),
    ]
    .concat();
    let home = Home::new(&format!("{}{rules}", server.account("work")));
    sync(&home);
    for n in 0..500 {
        comes(&server, "bo", &format!("large {n}"), LARGE);
    }
    comes(&server, "bo", "hello", 0);
    sync(&home);
    assert_eq!(server.mail(|m| m.flags("INBOX", "hello")), ["\\Flagged"]);
    assert_eq!(waiting(&home).len(), 500);
}

#[test]
fn a_later_rule_takes_back_what_an_earlier_one_set() {
    let deeds = |name: &str, deeds: &str| {
        format!("[[rule]]\nname = \"{name}\"\nquery = \"subject:hello\"\ndo = [{deeds}]\n")
    };
    let rules = [
        deeds("set", "\"mark read\", \"flag\", \"tag work\""),
        deeds("clear", "\"mark unread\", \"unflag\", \"untag work\""),
        deeds("both", "\"flag\", \"unflag\", \"tag x\", \"untag x\""),
    ];
    let (_demo, hand, home) = start(&rules.concat());
    put(&hand, "before", "", "");
    sync(&home);
    put(&hand, "one", "", "");
    sync(&home);
    assert_eq!(lies(&hand), ["INBOX before ", "INBOX one "]);
    // The same by hand, before and when it is done.
    let told = home.json(&["rules", "test"]);
    let does = |n: usize| told["rules"][n]["messages"][0]["do"].clone();
    assert_eq!(
        does(0),
        serde_json::json!(["mark read", "flag", "tag work"])
    );
    let cleared = serde_json::json!(["mark unread", "unflag", "untag work"]);
    assert_eq!(does(1), cleared);
    assert_eq!(told["rules"][2]["messages"], serde_json::json!([]));
    home.run(&["rules", "run"]).code(0);
    sync(&home);
    assert_eq!(lies(&hand), ["INBOX before ", "INBOX one "]);
    let rows = home.json(&["journal"]);
    let rows = rows["journal"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "what changes nothing is no action: {rows:?}");
}

#[test]
fn a_mailbox_may_be_named_as_the_server_writes_it() {
    let server = Script::with(&["before"]);
    server.mail(|mail| {
        mail.delimiter = "\".\"".to_owned();
        mail.make("INBOX.Lists.Rust", "");
    });
    let rules = rule("lists", "subject:hello", "move inbox.lists.rust");
    let home = Home::new(&format!("{}{rules}", server.account("work")));
    sync(&home);
    comes(&server, "bo", "hello", 0);
    sync(&home);
    assert_eq!(server.mail(|m| m.subjects("INBOX.Lists.Rust")), ["hello"]);
    let script = home.run(&["rules", "export", "--sieve"]).code(0);
    let script = script.text();
    assert!(script.contains("fileinto \"INBOX.Lists.Rust\""), "{script}");
}

#[test]
fn what_an_earlier_rule_moved_waits_for_no_text() {
    let server = Script::with(&["before"]);
    server.mail(|mail| mail.make("Boss", ""));
    let rules = [
        rule("move", "subject:hello", "move Boss"),
        rule("text", "body:x", "tag text"),
        rule("head", "subject:hello", "flag"),
    ]
    .concat();
    let home = Home::new(&format!("{}{rules}", server.account("work")));
    sync(&home);
    comes(&server, "bo", "hello", LARGE);
    let told = home.run(&["sync", "--once", "--bodies", "none"]).code(0);
    let said = format!("{}{}", told.text(), told.err);
    assert!(said.contains("rule \"text\" was not asked"), "{said}");
    sync(&home);
    assert_eq!(server.mail(|m| m.flags("Boss", "hello")), ["\\Flagged"]);
    assert_eq!(waiting(&home), Vec::<String>::new());
}

#[test]
fn a_script_for_a_file_or_a_pipe_is_printed_as_it_is() {
    let name = "a\u{200c}b\u{ad}c";
    let (_demo, _hand, home) = start(&rule("join", "subject:hello", &format!("move {name}")));
    sync(&home);
    let script = home.run(&["rules", "export", "--sieve"]).code(0);
    let script = script.text();
    assert!(script.contains(name), "{script:?}");
    let file = home.path.join("in.sieve");
    std::fs::write(&file, &script).unwrap();
    let rules = home
        .run(&["rules", "import", file.to_str().unwrap()])
        .code(0);
    assert!(rules.text().contains(name), "{:?}", rules.text());
}
