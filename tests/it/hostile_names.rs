//! Mailboxes with strange names: delimiters and prefixes, encodings that are none, names that would
//! be paths or patterns. They stay apart, are opened by the very octets that the server told, and
//! never become files (RFC 9051 §5.1, §6.3.9; RFC 2683 §3.4).

use crate::program::Home;
use crate::script::{CAPS, Mail, Script, letter};
use serde_json::Value;
use std::path::Path;

#[track_caller]
fn mailboxes(home: &Home) -> Vec<Value> {
    let told = home.json(&["mailboxes"]);
    told["mailboxes"].as_array().unwrap().clone()
}

/// The names as they are shown.
#[track_caller]
fn shown(home: &Home) -> Vec<String> {
    let all = mailboxes(home);
    all.iter()
        .map(|m| m["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A server with such mailboxes beside the inbox, one letter in each that can hold one.
fn server(delimiter: &str, names: &[(&str, &str)]) -> Script {
    Script::start(|mail| {
        mail.delimiter = delimiter.to_owned();
        for (name, attributes) in names {
            mail.make(name, attributes);
        }
        fill(mail);
    })
}

/// A letter for each mailbox, whose subject is its number.
fn fill(mail: &mut Mail) {
    for n in 0..mail.folders.len() {
        let folder = mail.folders[n].clone();
        if !folder.attributes.to_lowercase().contains("noselect") {
            mail.put(&folder.name, letter(&format!("letter {n}")), vec![]);
        }
    }
}

#[test]
fn f64_delimiters_and_prefixes_are_the_servers() {
    for (delimiter, mark) in [
        ("\".\"", "."),
        ("\"/\"", "/"),
        ("\"\\\\\"", "\\"),
        ("\"|\"", "|"),
    ] {
        let at = |path: &str| path.replace('>', mark);
        let (work, plan, sent) = (at("INBOX>Work"), at("INBOX>Work>Plan"), at("INBOX>Sent"));
        let names = [
            (work.as_str(), ""),
            (plan.as_str(), ""),
            (sent.as_str(), "\\Sent"),
            ("#shared", "\\Noselect"),
        ];
        let server = server(delimiter, &names);
        let home = Home::new(&server.account("work"));
        home.sync();
        let all = shown(&home);
        for wanted in ["INBOX", "INBOX/Work", "INBOX/Work/Plan", "INBOX/Sent"] {
            assert!(
                all.iter().any(|name| name == wanted),
                "{delimiter}: {all:?}"
            );
        }
        assert_eq!(home.subjects("sent").len(), 1);
        home.run(&["move", &home.id("INBOX", "letter 0"), "INBOX/Work/Plan"])
            .code(0);
        home.sync();
        assert_eq!(home.list("INBOX/Work/Plan").len(), 2);
        assert_eq!(server.mail(|m| m.folder(&plan).messages.len()), 2);
    }
}

#[test]
fn f64_a_name_may_hold_what_delimits_elsewhere() {
    let server = server(
        "\".\"",
        &[("a/b", ""), ("a.b", ""), ("c\\d", ""), ("inbox.x", "")],
    );
    let home = Home::new(&server.account("work"));
    home.sync();
    let all = shown(&home);
    assert_eq!(all.len(), 5);
    assert_eq!(
        all.iter().filter(|n| *n == "a/b").count(),
        1,
        "levels, and a slash that is none: {all:?}"
    );
    assert!(
        mailboxes(&home)
            .iter()
            .all(|m| m["total"] == 1 || m["messages"] == 1),
        "{:?}",
        mailboxes(&home)
    );
}

#[test]
fn f64_where_there_are_no_levels_all_is_well() {
    let server = server("NIL", &[("a/b.c", ""), ("Trash", "")]);
    let home = Home::new(&server.account("work"));
    home.sync();
    assert_eq!(shown(&home).len(), 3);
    home.run(&["delete", &home.id("INBOX", "letter 0")]).code(0);
    home.sync();
    assert_eq!(server.mail(|m| m.folder("Trash").messages.len()), 2);
}

#[test]
fn f64_the_inbox_is_one_however_it_is_spelled() {
    let server = Script::with(&["one"]);
    server.mail(|m| m.folders[0].name = b"Inbox".to_vec());
    let home = Home::new(&server.account("work"));
    home.sync();
    assert_eq!(home.subjects("inbox"), ["one"]);
    let rows = home.json(&["list"]);
    assert_eq!(
        rows["messages"].as_array().unwrap().len(),
        1,
        "it is the inbox: {rows}"
    );
}

#[test]
fn f65_names_in_no_known_encoding_can_still_be_opened() {
    let names: Vec<Vec<u8>> = [
        &b"&bad"[..],
        b"&",
        b"a&!!-b",
        b"&AA-",
        b"&2D0-",
        b"caf\xe9",
        "caf\u{e9}".as_bytes(),
        b"&AOk-",
        "e\u{301}".as_bytes(),
        b"\xff\xfe",
        b"&Jjo-&Jjo-",
        b"tom &- jerry",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    let server = Script::start(|mail| {
        names.iter().for_each(|name| mail.make(name, ""));
        fill(mail);
    });
    let home = Home::new(&server.account("work"));
    home.sync();
    let all = mailboxes(&home);
    assert_eq!(all.len(), names.len() + 1, "{all:#?}");
    // One letter in each: it was opened by the octets of its name.
    let found = home.json(&["search", "subject:letter", "--limit", "99"]);
    assert_eq!(found["count"], names.len() + 1, "{found}");
    let shown = shown(&home);
    assert!(shown.iter().any(|n| n == "tom & jerry"), "{shown:?}");
    assert!(
        shown.iter().all(|n| !n.contains(char::is_control)),
        "{shown:?}"
    );
}

/// Every path below a folder, but those of the program itself.
fn strange(folder: &Path, all: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            strange(&path, all);
        }
        // SQLite's own files beside a database come and go.
        let name = path.display().to_string();
        if !name.ends_with("-wal") && !name.ends_with("-shm") {
            all.push(name);
        }
    }
}

#[test]
fn s37_thirty_evil_names_stay_names() {
    let deep = vec!["x"; 10_000].join("/");
    let long = "n".repeat(200_000);
    let names: Vec<Vec<u8>> = [
        "..",
        "../..",
        "../../etc/passwd",
        "/etc",
        "/",
        "//",
        ".",
        "~",
        "~root",
        "$HOME",
        "`id`",
        "$(id)",
        "%",
        "*",
        "a*b",
        "%s%n",
        "-rf",
        "--json",
        "a\nb",
        "a\r\nz9 LOGOUT\r\nb",
        "a\tb",
        "\u{1b}[2J",
        "\u{202e}txt.exe",
        "a\u{200b}",
        "a",
        "A",
        "a ",
        " a",
        "\"quoted\"",
        "back\\slash",
        "con",
        "\u{7f}",
        &deep,
        &long,
    ]
    .map(|name| name.as_bytes().to_vec())
    .to_vec();
    let server = Script::start(|mail| {
        // No names in the folded form of the answer to LIST, so that each is counted by itself.
        mail.caps = CAPS.to_owned();
        names.iter().for_each(|name| mail.make(name, ""));
        fill(mail);
    });
    let home = Home::new(&server.account("work"));
    let parent = home.path.parent().unwrap().to_owned();
    home.sync();
    let mut before = Vec::new();
    strange(&parent, &mut before);
    home.sync();
    let all = mailboxes(&home);
    assert_eq!(all.len(), names.len() + 1, "twins are two");
    let mut ids: Vec<String> = all.iter().map(|m| m["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    let found = home.json(&["search", "subject:letter", "--limit", "99"]);
    assert_eq!(found["count"], names.len() + 1, "each was opened");
    // With a line break in it, a name is a literal and never a command.
    let broken = b"a\r\nz9 LOGOUT\r\nb".to_vec();
    let heard = server.heard();
    assert!(heard.iter().any(|h| h.literals.contains(&broken)));
    assert!(
        heard
            .iter()
            .all(|h| !h.text.contains("LOGOUT") || h.text == "LOGOUT")
    );
    let out = home.run(&["mailboxes"]).code(0).text();
    let evil = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!out.contains(evil));
    let mut after = Vec::new();
    strange(&parent, &mut after);
    before.sort();
    after.sort();
    assert_eq!(before, after, "a name became a file");
    // By its name one can still be written to.
    home.run(&["move", &home.id("INBOX", "letter 0"), "back\\slash"])
        .code(0);
    home.sync();
    assert_eq!(server.mail(|m| m.folder("back\\slash").messages.len()), 2);
}

/// Two letters in a mailbox, here and there, on a server whose mailboxes all have one UIDVALIDITY
/// and no names that last; then somebody changes it.
fn after(change: impl FnOnce(&mut Mail)) -> (Home, Script, String) {
    let server = Script::start(|mail| {
        mail.add("INBOX", "here");
        mail.make("Old", "");
        mail.fill("Old", "letter ", 2);
    });
    let home = Home::new(&server.account("work"));
    home.sync();
    let id = home.id("Old", "letter 1");
    home.run(&["show", &id]).code(0);
    server.forget();
    server.mail(change);
    home.sync();
    (home, server, id)
}

#[test]
fn f35_what_holds_just_as_many_others_is_no_mailbox_that_was_renamed() {
    let (home, server, _) = after(|mail| {
        mail.make("New", "");
        mail.fill("New", "other ", 2);
        mail.folders.retain(|f| f.name != b"Old");
    });
    assert_eq!(home.subjects("New"), ["other 1", "other 2"]);
    // It was looked into, and then fetched like any other.
    assert!(!server.said("HEADER.FIELDS (MESSAGE-ID)").is_empty());
    assert_eq!(home.subjects("INBOX"), ["here"]);
}

#[test]
fn f35_a_copy_with_other_uids_is_another_mailbox() {
    let (home, _server, _) = after(|mail| {
        // The first was moved behind the second: as many messages, the same UIDNEXT.
        let mut copy = mail.folder("Old").clone();
        copy.name = b"New".to_vec();
        copy.messages.swap(0, 1);
        (copy.messages[0].uid, copy.messages[1].uid) = (1, 2);
        mail.folders.retain(|f| f.name != b"Old");
        mail.folders.push(copy);
    });
    let shown = home.run(&["show", &home.id("New", "letter 1")]).code(0);
    assert!(
        shown.text().contains("The text of letter 1."),
        "{}",
        shown.text()
    );
    let shown = home.run(&["show", &home.id("New", "letter 2")]).code(0);
    assert!(
        shown.text().contains("The text of letter 2."),
        "{}",
        shown.text()
    );
}

#[test]
fn f35_a_mailbox_renamed_without_a_name_that_lasts_is_known_by_its_messages() {
    let (home, server, id) = after(|mail| mail.folder("Old").name = b"New".to_vec());
    assert_eq!(home.id("New", "letter 1"), id);
    home.run(&["list", "-m", "Old"]).code(66);
    // Its mail is not fetched again.
    assert!(server.said("HEADER.FIELDS (DATE").is_empty());
    assert!(server.said("BODY.PEEK[]").is_empty());
}
