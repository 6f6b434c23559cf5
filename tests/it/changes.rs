//! Changes in both directions: what is done here without the network reaches the server with the
//! next sync, and what another client does there reaches us.

use crate::dovecot::Dovecot;
use crate::program::Home;
use serde_json::{Value, json};

pub type Look = imap::Session<openssl::ssl::SslStream<std::net::TcpStream>>;

/// A server with messages of these subjects in the inbox, a home that is up to date, a look.
pub fn ready(subjects: &[&str]) -> Option<(Dovecot, Home, Look)> {
    let server = Dovecot::start(None)?;
    let mut look = server.look("ada");
    for subject in subjects {
        add(&mut look, "INBOX", subject);
    }
    let home = Home::new(&server.account("work", "ada"));
    home.sync();
    Some((server, home, look))
}

pub fn add(look: &mut Look, mailbox: &str, subject: &str) {
    let raw = format!("Subject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\r\nx\r\n");
    look.append(mailbox, raw.as_bytes()).finish().unwrap();
}

/// The subjects in a mailbox of the server with their flags, sorted.
pub fn server_has(look: &mut Look, mailbox: &str) -> Vec<(String, Vec<String>)> {
    let there = look.select(mailbox).unwrap().exists;
    if there == 0 {
        return Vec::new();
    }
    let all = look
        .fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        .unwrap();
    let mut found: Vec<_> = all
        .iter()
        .map(|f| {
            let head = String::from_utf8_lossy(f.header().unwrap()).into_owned();
            let subject = head.trim().trim_start_matches("Subject: ").to_owned();
            let mut flags: Vec<String> = f.flags().iter().map(|f| f.to_string()).collect();
            flags.retain(|f| f != "\\Recent");
            flags.sort();
            (subject, flags)
        })
        .collect();
    found.sort();
    found
}

pub fn names(found: &[(String, Vec<String>)]) -> Vec<&str> {
    found.iter().map(|(s, _)| s.as_str()).collect()
}

fn flags_of(home: &Home, mailbox: &str, subject: &str) -> Value {
    let rows = home.list(mailbox);
    let row = rows.iter().find(|r| r["subject"] == subject);
    row.unwrap_or_else(|| panic!("{rows:#?}"))["flags"].clone()
}

#[test]
fn what_is_done_offline_is_shown_at_once_and_done_by_the_next_sync() {
    let Some((_server, home, mut look)) = ready(&["a", "b", "c", "d", "e"]) else {
        return;
    };
    let id = |subject: &str| home.id("INBOX", subject);
    let (a, b, c, d) = (id("a"), id("b"), id("c"), id("d"));
    home.run(&["flag", &a, "+seen", "+flagged", "+$Todo"])
        .code(0);
    home.run(&["archive", &b]).code(0);
    home.run(&["move", &c, "Junk"]).code(0);
    let done = home.json(&["delete", &d]);
    assert_eq!(done["undoable"], true, "{done}");
    // Shown before any network.
    assert_eq!(
        flags_of(&home, "INBOX", "a"),
        json!(["\\Seen", "\\Flagged", "$Todo"])
    );
    assert_eq!(home.subjects("INBOX"), ["a", "e"]);
    assert_eq!(home.subjects("Archive"), ["b"]);
    assert_eq!(home.subjects("Junk"), ["c"]);
    assert_eq!(home.subjects("trash"), ["d"]);
    assert_eq!(
        names(&server_has(&mut look, "INBOX")),
        ["a", "b", "c", "d", "e"]
    );

    home.sync();
    let inbox = server_has(&mut look, "INBOX");
    assert_eq!(names(&inbox), ["a", "e"]);
    assert_eq!(inbox[0].1, ["$Todo", "\\Flagged", "\\Seen"]);
    for (mailbox, subject, id) in [("Archive", "b", &b), ("Junk", "c", &c), ("Trash", "d", &d)] {
        assert_eq!(names(&server_has(&mut look, mailbox)), [subject]);
        assert_eq!(home.subjects(mailbox), [subject]);
        // It is the same message here all the way.
        assert_eq!(&home.id(mailbox, subject), id);
    }
    assert_eq!(home.subjects("INBOX"), ["a", "e"]);
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["a", "e"]);

    // Deleting in the trash is for good.
    home.run(&["delete", &d, "-m", "Trash"]).code(0);
    home.sync();
    assert!(server_has(&mut look, "Trash").is_empty());
    assert!(home.subjects("Trash").is_empty());
    home.run(&["flag", &a, "-flagged", "-seen"]).code(0);
    home.sync();
    assert_eq!(server_has(&mut look, "INBOX")[0].1, ["$Todo"]);
}

#[test]
fn undo_works_before_and_after_the_server_knew() {
    let Some((_server, home, mut look)) = ready(&["a", "b"]) else {
        return;
    };
    let (a, b) = (home.id("INBOX", "a"), home.id("INBOX", "b"));
    home.run(&["archive", &a]).code(0);
    home.run(&["undo"]).code(0);
    assert_eq!(home.subjects("INBOX"), ["a", "b"]);
    home.sync();
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["a", "b"]);

    home.run(&["archive", &b]).code(0);
    home.sync();
    assert_eq!(names(&server_has(&mut look, "Archive")), ["b"]);
    home.run(&["undo"]).code(0);
    assert_eq!(home.subjects("INBOX"), ["a", "b"]);
    home.sync();
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["a", "b"]);
    assert!(server_has(&mut look, "Archive").is_empty());
    assert_eq!(home.subjects("INBOX"), ["a", "b"]);
    assert!(home.subjects("Archive").is_empty());

    home.run(&["flag", &a, "+flagged"]).code(0);
    home.sync();
    home.run(&["undo"]).code(0);
    home.sync();
    assert!(server_has(&mut look, "INBOX")[0].1.is_empty());
}

#[test]
fn what_another_client_does_arrives() {
    let Some((_server, home, mut look)) = ready(&["a", "b", "c", "d"]) else {
        return;
    };
    look.select("INBOX").unwrap();
    look.uid_store("1", "+FLAGS (\\Seen \\Flagged)").unwrap();
    look.uid_store("2", "+FLAGS (\\Deleted)").unwrap();
    look.expunge().unwrap();
    look.uid_mv("3", "Archive").unwrap();
    add(&mut look, "INBOX", "new");
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["a", "d", "new"]);
    assert_eq!(home.subjects("Archive"), ["c"]);
    assert_eq!(
        flags_of(&home, "INBOX", "a"),
        json!(["\\Seen", "\\Flagged"])
    );
    look.select("INBOX").unwrap();
    look.uid_store("1", "-FLAGS (\\Flagged)").unwrap();
    home.sync();
    assert_eq!(flags_of(&home, "INBOX", "a"), json!(["\\Seen"]));
    look.create(
        "Projekte & Pläne"
            .replace('ä', "&AOQ-")
            .replace(" & ", " &- "),
    )
    .unwrap();
    home.sync();
    let boxes = home.json(&["mailboxes"]);
    let known = boxes["mailboxes"].as_array().unwrap();
    assert!(
        known.iter().any(|m| m["name"] == "Projekte & Pläne"),
        "{boxes}"
    );
    home.run(&["move", &home.id("INBOX", "d"), "projekte & pläne"])
        .code(0);
    home.sync();
    assert_eq!(home.subjects("Projekte & Pläne"), ["d"]);
    look.delete("Projekte &- Pl&AOQ-ne").unwrap();
    home.sync();
    assert_eq!(
        home.subjects("Projekte & Pläne"),
        ["d"],
        "one list says little"
    );
    home.sync();
    home.run(&["list", "-m", "Projekte & Pläne"]).code(66);
}

#[test]
fn f31_both_sides_change_the_same_message() {
    let Some((_server, home, mut look)) = ready(&["a", "b"]) else {
        return;
    };
    let (a, b) = (home.id("INBOX", "a"), home.id("INBOX", "b"));
    home.run(&["flag", &a, "+flagged"]).code(0);
    home.run(&["archive", &b]).code(0);
    look.select("INBOX").unwrap();
    look.uid_store("1", "+FLAGS (\\Seen)").unwrap();
    look.uid_store("2", "+FLAGS (\\Deleted)").unwrap();
    look.expunge().unwrap();
    home.sync();
    assert_eq!(
        server_has(&mut look, "INBOX"),
        [(
            "a".to_owned(),
            vec!["\\Flagged".to_owned(), "\\Seen".to_owned()]
        )]
    );
    assert_eq!(
        flags_of(&home, "INBOX", "a"),
        json!(["\\Seen", "\\Flagged"])
    );
    assert_eq!(home.subjects("INBOX"), ["a"]);
    assert!(home.subjects("Archive").is_empty());
}

#[test]
fn a_renumbered_mailbox_is_read_anew_and_waiting_changes_find_their_message() {
    let Some((_server, home, mut look)) = ready(&["a"]) else {
        return;
    };
    look.create("Work").unwrap();
    for subject in ["one", "two", "three"] {
        add(&mut look, "Work", subject);
    }
    home.sync();
    assert_eq!(home.subjects("Work"), ["one", "three", "two"]);
    let two = home.id("Work", "two");
    home.run(&["flag", &two, "+flagged"]).code(0);
    let before = look.select("Work").unwrap().uid_validity;
    look.select("INBOX").unwrap();
    look.delete("Work").unwrap();
    look.create("Work").unwrap();
    for subject in ["three", "two", "four"] {
        add(&mut look, "Work", subject);
    }
    assert_ne!(look.select("Work").unwrap().uid_validity, before);
    home.sync();
    home.sync();
    assert_eq!(home.subjects("Work"), ["four", "three", "two"]);
    let there = server_has(&mut look, "Work");
    let flagged: Vec<&str> = there
        .iter()
        .filter(|(_, f)| f.contains(&"\\Flagged".to_owned()))
        .map(|(s, _)| s.as_str())
        .collect();
    assert_eq!(flagged, ["two"]);
    assert_eq!(flags_of(&home, "Work", "two"), json!(["\\Flagged"]));
}

#[test]
fn a_server_that_refuses_is_believed_and_told() {
    let Some((_server, home, mut look)) = ready(&["a", "b"]) else {
        return;
    };
    look.create("Gone").unwrap();
    home.sync();
    home.run(&["move", &home.id("INBOX", "a"), "Gone"]).code(0);
    assert_eq!(home.subjects("Gone"), ["a"]);
    look.delete("Gone").unwrap();
    home.run(&["sync", "--once"]).code(77);
    home.sync();
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["a", "b"]);
    assert_eq!(home.subjects("INBOX"), ["a", "b"]);
}

#[test]
fn nobody_is_learnt_from_junk() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let mut look = server.look("ada");
    for (mailbox, who) in [("INBOX", "bo"), ("Junk", "eve"), ("Trash", "mal")] {
        let raw = format!("From: {who}@example.test\r\nSubject: x\r\n\r\nx\r\n");
        look.append(mailbox, raw.as_bytes()).finish().unwrap();
    }
    let home = Home::new(&server.account("work", "ada"));
    home.sync();
    for mailbox in ["INBOX", "Junk", "Trash"] {
        assert_eq!(home.list(mailbox).len(), 1, "{mailbox}");
    }
    let local = rusqlite::Connection::open(home.path.join("local.db")).unwrap();
    let sql = "SELECT group_concat(addr) FROM person";
    let known: String = local.query_row(sql, [], |r| r.get(0)).unwrap();
    assert_eq!(known, "bo@example.test");
}
