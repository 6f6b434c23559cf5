//! The commands of scripts against a real server: what comes in, how it is listed, found and
//! shown, and that its bytes are the server's bytes.

use crate::dovecot::Dovecot;
use crate::program::Home;
use crate::smtp::Sink;
use clap::CommandFactory as _;
use serde_json::Value;

/// A message of its own per line of this table, so that every query has one right answer.
const LETTERS: [(&str, &str); 4] = [
    (
        "From: Ada <ada@example.test>\r\nTo: bo@example.test\r\nSubject: Lunch on Friday\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <lunch@example.test>",
        "Shall we try the noodle place?\r\n",
    ),
    (
        "From: Cy <cy@example.test>\r\nTo: bo@example.test\r\nSubject: Re: Lunch on Friday\r\nDate: Mon, 2 Mar 2026 11:00:00 +0000\r\nMessage-ID: <re@example.test>\r\nIn-Reply-To: <lunch@example.test>\r\nReferences: <lunch@example.test>",
        "Noodles are fine.\r\n",
    ),
    (
        "From: =?UTF-8?B?5bGx55Sw?= <yamada@example.test>\r\nTo: ada@example.test\r\nSubject: =?UTF-8?B?5Lya6K2w44Gu5LqI5a6a?=\r\nDate: Tue, 3 Mar 2026 10:00:00 +0000\r\nMessage-ID: <cjk@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit",
        "東京駅で会いましょう。\r\n",
    ),
    (
        "From: Dee <dee@example.test>\r\nTo: bo@example.test\r\nSubject: Minutes\r\nDate: Wed, 4 Mar 2026 10:00:00 +0000\r\nMessage-ID: <minutes@example.test>",
        "Nothing was decided.\r\n.\r\nFrom the chair\r\n",
    ),
];

fn put(server: &Dovecot, user: &str, mailbox: &str, raw: &[u8]) {
    let mut session = server.look(user);
    session.append(mailbox, raw).finish().unwrap();
    session.logout().unwrap();
}

fn filled(user: &str) -> Option<(Dovecot, Home)> {
    let server = Dovecot::start(None)?;
    for (head, body) in LETTERS {
        put(
            &server,
            user,
            "INBOX",
            format!("{head}\r\n\r\n{body}").as_bytes(),
        );
    }
    let home = Home::new(&server.account("work", user));
    Some((server, home))
}

fn subjects(value: &Value) -> Vec<&str> {
    let rows = value["messages"].as_array().unwrap();
    rows.iter()
        .map(|r| r["subject"].as_str().unwrap())
        .collect()
}

#[test]
fn what_a_sync_brings_is_listed_and_found() {
    let Some((_server, home)) = filled("ada") else {
        return;
    };
    let report = home.json(&["sync", "--once", "--bodies", "none"]);
    let account = &report["accounts"][0];
    assert_eq!(account["name"], "work", "{report}");
    assert_eq!(account["headers"], 4, "{report}");
    assert_eq!(account["bodies"], 0, "{report}");
    assert!(account["mailboxes"].as_u64().unwrap() >= 6, "{report}");
    assert!(account["bytes"].as_u64().unwrap() > 1000, "{report}");
    assert!(account["seconds"].as_f64().is_some(), "{report}");

    let again = home.json(&["sync", "--once", "--bodies", "all"]);
    assert_eq!(again["accounts"][0]["headers"], 0, "{again}");
    assert_eq!(again["accounts"][0]["bodies"], 4, "{again}");

    let boxes = home.json(&["mailboxes"]);
    let boxes = boxes["mailboxes"].as_array().unwrap();
    let inbox = boxes.iter().find(|m| m["role"] == "inbox").unwrap();
    assert_eq!(
        (&inbox["name"], &inbox["total"], &inbox["unread"]),
        (&Value::from("INBOX"), &Value::from(4), &Value::from(4))
    );
    for role in ["archive", "sent", "drafts", "trash", "junk"] {
        assert!(boxes.iter().any(|m| m["role"] == role), "{role}: {boxes:?}");
    }

    let all = home.json(&["list"]);
    assert_eq!(all["count"], 4);
    assert_eq!(
        subjects(&all),
        [
            "Minutes",
            "会議の予定",
            "Re: Lunch on Friday",
            "Lunch on Friday"
        ]
    );
    let row = &all["messages"][1];
    assert_eq!(row["account"], "work");
    assert_eq!(row["mailbox"], "INBOX");
    assert_eq!(row["uid"], 3);
    assert_eq!(row["date"], "2026-03-03T10:00:00+00:00");
    assert_eq!(row["from"][0]["name"], "山田");
    assert_eq!(row["from"][0]["address"], "yamada@example.test");
    assert_eq!(row["flags"], serde_json::json!([]));
    assert!(row["id"].as_str().unwrap().starts_with('m'));
    let threads = home.json(&["list", "--threads"]);
    assert_eq!(threads["count"], 3);
    let talk = &threads["messages"][2];
    assert_eq!(
        (talk["count"].as_u64(), talk["unread"].as_u64()),
        (Some(2), Some(2))
    );
    let few = home.json(&["list", "-m", "INBOX", "--limit", "2"]);
    assert_eq!((few["count"].as_u64(), subjects(&few).len()), (Some(4), 2));

    for (query, found) in [
        ("noodle", &["Lunch on Friday"][..]),
        ("from:cy", &["Re: Lunch on Friday"]),
        ("to:ada", &["会議の予定"]),
        ("subject:minutes", &["Minutes"]),
        ("is:unread -subject:lunch", &["Minutes", "会議の予定"]),
        ("東京", &["会議の予定"]),
        ("会議", &["会議の予定"]),
        ("nowhere-to-be-found", &[]),
    ] {
        let args: Vec<&str> = ["search"].into_iter().chain(query.split(' ')).collect();
        let answer = home.json(&args);
        assert_eq!(subjects(&answer), found, "{query}");
        assert_eq!(answer["count"], found.len(), "{query}");
    }
    let text = home.run(&["list"]).code(0).text();
    assert!(text.contains("Minutes") && text.contains("Dee"), "{text}");
}

#[test]
fn a_raw_message_is_the_servers_bytes() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let mut large = b"Subject: large\r\nMessage-ID: <large@example.test>\r\n\r\n".to_vec();
    while large.len() < 1 << 20 {
        large.extend_from_slice(b"a line like any other, (with) \"odd\" {12}\r\n");
    }
    let mut eight = b"Subject: eight ".to_vec();
    eight.extend_from_slice(b"\xe4\xf6\xfc\r\n\r\n");
    eight.extend((0x80..=0xffu8).chain(*b"\r\n) \r\n\r\n"));
    let bare = b"Subject: bare\n\nline feeds\nonly\n".to_vec();
    let end = b"Subject: no end of line\r\n\r\nlast".to_vec();
    let head = b"Subject: no body at all\r\n\r\n".to_vec();
    for raw in [&large, &eight, &bare, &end, &head] {
        put(&server, "ada", "INBOX", raw);
    }
    server.deliver("ada", "Subject: by LMTP\n\n.dot\nend\n");
    let home = Home::new(&server.account("work", "ada"));
    home.json(&["sync", "--once", "--bodies", "none"]);
    let mut session = server.look("ada");
    session.select("INBOX").unwrap();
    let rows = home.list("INBOX");
    assert_eq!(rows.len(), 6);
    for row in &rows {
        let (id, uid) = (row["id"].as_str().unwrap(), row["uid"].as_u64().unwrap());
        let offline = home.run(&["show", id, "--raw", "--offline"]).code(75);
        assert!(offline.err.contains("--offline"), "{}", offline.err);
        let shown = home.run(&["show", id, "--raw"]).code(0).out;
        let fetched = session.uid_fetch(uid.to_string(), "BODY.PEEK[]").unwrap();
        let theirs = fetched.iter().next().unwrap().body().unwrap().to_vec();
        assert!(
            shown == theirs,
            "{} differs: {} octets, {} on the server",
            row["subject"],
            shown.len(),
            theirs.len()
        );
        let kept = home.run(&["show", id, "--raw", "--offline"]).code(0).out;
        assert!(kept == theirs, "{}", row["subject"]);
    }
    // What went in with line ends of the protocol comes out as it went in.
    let id = home.id("INBOX", "large");
    assert!(home.run(&["show", &id, "--raw"]).code(0).out == large);
    assert!(
        !session.uid_search("UNSEEN").unwrap().is_empty(),
        "reading marked everything"
    );
    session.logout().unwrap();
}

#[test]
fn a_message_is_shown_in_every_form() {
    let Some((_server, home)) = filled("ada") else {
        return;
    };
    home.json(&["sync", "--once", "--bodies", "all"]);
    let id = home.id("INBOX", "会議の予定");
    let whole = home.run(&["show", &id]).code(0).text();
    assert!(
        whole.contains("会議の予定") && whole.contains("東京駅で会いましょう。"),
        "{whole}"
    );
    let text = home.run(&["show", &id, "--text"]).code(0).text();
    assert_eq!(text.trim_end(), "東京駅で会いましょう。");
    let headers = home.run(&["show", &id, "--headers"]).code(0).text();
    assert!(
        headers.contains("<cjk@example.test>") && !headers.contains("東京駅"),
        "{headers}"
    );
    let json = home.json(&["show", &id]);
    assert_eq!(json["message"]["subject"], "会議の予定");
    assert_eq!(json["message"]["message_id"], "<cjk@example.test>");
    assert_eq!(
        json["message"]["text"].as_str().unwrap().trim_end(),
        "東京駅で会いましょう。"
    );
    // Several in one process: what can be shown is, and the exit code tells of the rest.
    let several = home
        .run(&["show", "--text", &id, "m999999999", &id])
        .code(66);
    let (out, told) = (several.text(), &several.err);
    assert_eq!(
        out.matches(&format!("==> {id} <==\n東京駅")).count(),
        2,
        "{out}"
    );
    assert!(told.contains("m999999999"), "{told}");
    let lines = home
        .run(&["--json", "show", "--text", &id, &id])
        .code(0)
        .text();
    let objects: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[1]["message"]["subject"], "会議の予定");
    let newest = home
        .run(&["show", "--text", "-m", "INBOX", "--newest", "2"])
        .code(0)
        .text();
    assert_eq!(newest.matches("==> m").count(), 2, "{newest}");
    assert_eq!(home.run(&["show", "--raw", &id, &id]).code(64).out, b"");
    assert_eq!(home.run(&["show", &id, "--newest", "2"]).code(64).out, b"");
    assert_eq!(home.run(&["show"]).code(64).out, b"");
    assert_eq!(home.run(&["show", "m999999999"]).code(66).out, b"");
    assert_eq!(home.run(&["show", "7"]).code(64).out, b"");
    assert_eq!(home.run(&["list", "-m", "nowhere"]).code(66).out, b"");
}

#[test]
fn two_accounts_stay_apart() {
    let Some((server, home)) = filled("ada") else {
        return;
    };
    put(&server, "bo", "INBOX", b"Subject: for bo\r\n\r\nx\r\n");
    let both = server.account("work", "ada") + &server.account("home", "bo");
    home.configure(&both);
    let report = home.sync();
    let names: Vec<&str> = report["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["work", "home"]);
    assert_eq!(home.json(&["list"])["count"], 5);
    assert_eq!(
        subjects(&home.json(&["list", "--account", "home"])),
        ["for bo"]
    );
    home.run(&["list", "-m", "INBOX"]).code(64);
    let accounts = home.json(&["accounts"]);
    assert_eq!(accounts["accounts"][1]["email"], "bo@example.test");
    let only = home.json(&["sync", "--once", "--account", "home"]);
    assert_eq!(only["accounts"].as_array().unwrap().len(), 1);
    home.run(&["sync", "--once", "--account", "other"]).code(66);
}

#[test]
fn verify_finds_what_differs_and_puts_it_right() {
    let Some((server, home)) = filled("ada") else {
        return;
    };
    let report = home.json(&["sync", "--once", "--bodies", "all"]);
    assert!(
        report["accounts"][0]["connections"].as_u64() >= Some(1),
        "{report}"
    );
    let same = home.json(&["verify"]);
    assert_eq!(same["clean"], true, "{same}");
    let boxes = same["accounts"][0]["mailboxes"].as_array().unwrap();
    assert!(boxes.len() >= 6, "{same}");

    let mut session = server.look("ada");
    session.select("INBOX").unwrap();
    session.uid_store("1", "+FLAGS.SILENT (\\Deleted)").unwrap();
    session.uid_store("2", "+FLAGS.SILENT (\\Flagged)").unwrap();
    session.uid_expunge("1").unwrap();
    session.logout().unwrap();
    put(&server, "ada", "INBOX", b"Subject: late\r\n\r\nx\r\n");
    let differs = home
        .run(&["verify", "--mailbox", "inbox", "--json"])
        .code(1);
    let differs = differs.json();
    let inbox = &differs["accounts"][0]["mailboxes"][0];
    let found = ["missing", "extra", "flags", "damaged"].map(|k| inbox[k].as_u64().unwrap());
    assert_eq!(found, [1, 1, 1, 0], "{differs}");
    assert_eq!(inbox["repaired"], false, "{differs}");

    let text = home.run(&["verify", "--repair"]).code(0).text();
    assert!(text.contains("put right"), "{text}");
    assert!(!text.contains('█') && !text.contains('\x1b'), "{text}");
    assert_eq!(home.json(&["verify"])["clean"], true);
    assert_eq!(home.json(&["list"])["count"], 4);
    home.run(&["verify", "--mailbox", "nowhere"]).code(66);
}

#[test]
fn what_is_left_out_and_switched_off_is_so() {
    let Some((server, home)) = filled("ada") else {
        return;
    };
    let mut session = server.look("ada");
    session.create("Lists").unwrap();
    session.create("Lists/rust").unwrap();
    session.logout().unwrap();
    let policy = "exclude = [\"Lists/*\"]\nwithout-extensions = [\"condstore\", \"QRESYNC\"]\n\
                  [[account.mailbox]]\nname = \"INBOX\"\nbodies = \"none\"\n";
    let sink = Sink::start();
    home.configure(&(server.account_by("work", "ada", sink.port) + policy));
    let report = home.json(&["sync", "--once"]);
    assert_eq!(report["accounts"][0]["bodies"], 0, "{report}");
    let boxes = home.json(&["mailboxes"]).to_string();
    assert!(
        boxes.contains("\"Lists\"") && !boxes.contains("Lists/rust"),
        "{boxes}"
    );
    // A journey takes everything that is not left out.
    let report = home.json(&["sync", "--offline"]);
    assert_eq!(report["accounts"][0]["bodies"], 4, "{report}");
    let told = home.json(&["doctor"]);
    let state = |name: &str| {
        let all = told["accounts"][0]["extensions"].as_array().unwrap();
        let one = all.iter().find(|e| e["name"] == name).unwrap();
        one["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("QRESYNC"), "switched off");
    assert_eq!(
        (state("UIDPLUS"), state("X-GM-EXT-1")),
        ("used".into(), "missing".into())
    );
    let text = home.run(&["doctor"]).text();
    assert!(
        text.contains("x CONDSTORE") && text.contains("switched off"),
        "{text}"
    );
}

#[test]
fn f10_whoever_stops_reading_is_no_failure() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    server.deliver("ada", "Subject: one\n\nx\n");
    let home = Home::new(&server.account("work", "ada"));
    home.sync();
    let id = home.id("INBOX", "one");
    server.deliver("ada", "Subject: two\n\nx\n");
    for args in [
        &["sync", "--once", "--json"][..],
        &["list"],
        &["list", "--json"],
        &["show", "--raw", &id],
        &["mailboxes"],
        &["search", "one"],
        &["doctor"],
    ] {
        let mut child = home.command(args).spawn().unwrap();
        // What it writes from here on finds nobody.
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{args:?}: {said}");
    }
    assert_eq!(home.subjects("INBOX"), ["one", "two"]);
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    // Neither wants a home, and none is made.
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_postrider"));
        let output = command
            .arg("--home")
            .arg(&home)
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut program = postrider::cli::args::Args::command();
    program.build();
    let pages = folder.path().join("man/man1");
    run(&["man", pages.to_str().unwrap()]);
    let scripts = ["bash", "zsh", "fish"].map(|shell| run(&["completions", shell]));
    assert!(run(&["man"]).starts_with(".ie"));
    for command in program.get_subcommands() {
        let name = command.get_name();
        for script in &scripts {
            assert!(script.contains(name), "no word of {name}");
        }
        let page = pages.join(format!("postrider-{name}.1"));
        let page = std::fs::read_to_string(&page).unwrap();
        assert!(page.contains(".TH"), "{name}: {page}");
    }
    assert!(pages.join("postrider-outbox-hold.1").exists());
    assert!(!home.exists());
    let syntax = folder.path().join("completions");
    std::fs::write(&syntax, &scripts[0]).unwrap();
    let read = std::process::Command::new("bash")
        .arg("-n")
        .arg(&syntax)
        .status();
    assert!(read.unwrap().success());
}
