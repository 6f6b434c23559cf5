//! Mailboxes that are made, renamed, deleted and emptied from here.

use crate::changes::{names, ready, server_has};
use crate::program::Home;

fn mailboxes(home: &Home) -> Vec<String> {
    let all = home.json(&["mailboxes"]);
    let rows = all["mailboxes"].as_array().unwrap();
    rows.iter()
        .map(|r| r["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_mailbox_of_any_name_is_made_renamed_and_deleted() {
    let Some((_server, home, mut look)) = ready(&["one", "two"]) else {
        return;
    };
    home.run(&["mailbox", "create", "Größe & 仕事/2024"])
        .code(0);
    home.sync();
    assert!(
        mailboxes(&home).contains(&"Größe & 仕事/2024".to_owned()),
        "{:?}",
        mailboxes(&home)
    );
    let id = home.id("INBOX", "one");
    home.run(&["move", &id, "Größe & 仕事/2024"]).code(0);
    home.sync();
    let to = "Ärger 📮";
    home.run(&["mailbox", "rename", "Größe & 仕事/2024", to])
        .code(0);
    let report = home.sync();
    assert_eq!(
        report["accounts"][0]["headers"], 0,
        "nothing is fetched anew"
    );
    assert_eq!(home.subjects(to), ["one"]);
    // Back, as an undo.
    home.run(&["undo"]).code(0);
    home.sync();
    assert_eq!(home.subjects("Größe & 仕事/2024"), ["one"]);
    let said = home.run(&["mailbox", "delete", "Größe & 仕事/2024"]);
    said.code(64);
    home.run(&["mailbox", "delete", "Größe & 仕事/2024", "--yes"])
        .code(0);
    home.sync();
    home.sync();
    assert!(!mailboxes(&home).contains(&"Größe & 仕事/2024".to_owned()));
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["two"]);
    home.run(&["verify"]).code(0);
}

#[test]
fn a_mailbox_is_deleted_only_as_it_was_seen() {
    let Some((_server, home, mut look)) = ready(&["one"]) else {
        return;
    };
    home.run(&["mailbox", "create", "Old"]).code(0);
    home.sync();
    // Another client files mail there, and we don't know that yet.
    crate::changes::add(&mut look, "Old", "late");
    home.run(&["mailbox", "delete", "Old", "--yes"]).code(0);
    home.run(&["sync", "--once"]).code(77);
    assert_eq!(names(&server_has(&mut look, "Old")), ["late"]);
    home.sync();
    assert_eq!(home.subjects("Old"), ["late"]);
}

#[test]
fn what_can_not_be_is_said() {
    let Some((_server, home, _look)) = ready(&["one"]) else {
        return;
    };
    for (args, words) in [
        (&["mailbox", "create", "inbox"][..], "already"),
        (&["mailbox", "create", "Trash"], "there already"),
        (&["mailbox", "create", "a//b"], "without a name"),
        (&["mailbox", "rename", "INBOX", "Other"], "keeps its name"),
        (&["mailbox", "delete", "INBOX", "--yes"], "can't be deleted"),
        (
            &["mailbox", "rename", "Trash", "Trash/below"],
            "below itself",
        ),
    ] {
        let said = home.run(args);
        assert_ne!(said.code, 0, "{args:?}");
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
    // What the server refuses is told, and is tried no more.
    home.run(&["mailbox", "rename", "Trash", "Bin"]).code(0);
    home.run(&["mailbox", "subscribe", "Drafts"]).code(0);
    home.run(&["mailbox", "unsubscribe", "Drafts"]).code(0);
    home.sync();
    home.sync();
}

#[test]
fn the_trash_is_emptied_with_all_that_was_seen_in_it() {
    let Some((_server, home, mut look)) = ready(&["one", "two", "three"]) else {
        return;
    };
    for subject in ["one", "two"] {
        let id = home.id("INBOX", subject);
        home.run(&["delete", &id]).code(0);
    }
    home.sync();
    home.run(&["empty-trash"]).code(64);
    // What comes meanwhile was not asked about.
    crate::changes::add(&mut look, "Trash", "late");
    home.run(&["empty-trash", "--yes"]).code(0);
    assert_eq!(home.subjects("Trash"), Vec::<String>::new());
    home.sync();
    assert_eq!(names(&server_has(&mut look, "Trash")), ["late"]);
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["three"]);
}

#[test]
fn the_archive_is_divided_as_the_account_wants_it() {
    let Some(server) = crate::dovecot::Dovecot::start(None) else {
        return;
    };
    let mut look = server.look("ada");
    let config = |by: &str| server.account("work", "ada") + &format!("archive = \"{by}\"\n");
    let home = Home::new(&config("month"));
    home.sync();
    for (subject, date) in [
        ("old", "5 Mar 2019"),
        ("older", "5 Nov 2019"),
        ("new", "5 Nov 2024"),
    ] {
        let raw = format!(
            "Subject: {subject}\nDate: {date} 10:00:00 +0000\nMessage-ID: <{subject}@example.test>\n\nx\n"
        );
        let file = home.path.join(format!("{subject}.eml"));
        std::fs::write(&file, raw).unwrap();
        home.run(&["import", file.to_str().unwrap(), "--to", "INBOX"])
            .code(0);
    }
    home.sync();
    for subject in ["old", "older"] {
        let id = home.id("INBOX", subject);
        home.run(&["archive", &id]).code(0);
    }
    home.configure(&config("year"));
    let id = home.id("INBOX", "new");
    home.run(&["archive", &id]).code(0);
    home.sync();
    assert_eq!(
        names(&server_has(&mut look, "Archive/2019/2019-03")),
        ["old"]
    );
    assert_eq!(
        names(&server_has(&mut look, "Archive/2019/2019-11")),
        ["older"]
    );
    assert_eq!(names(&server_has(&mut look, "Archive/2024")), ["new"]);
    assert_eq!(home.subjects("Archive/2019/2019-11"), ["older"]);
    home.run(&["undo"]).code(0);
    home.sync();
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["new"]);
}
