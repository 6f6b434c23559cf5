//! Messages that are not where we believed them, or are not what we believed: another client moved
//! them meanwhile, or another mailbox has the name and even the generation of the one that we know
//! (RFC 9051 §2.3.1.1, RFC 4549 §5.1). What the user wanted follows the message, or is reported.

use crate::hostile_state::{flags, ready, ready_with};
use crate::program::Home;
use crate::script::{Act, CAPS, Script, edit, letter, say};

/// Another client moves a message.
fn shift(server: &Script, from: &str, subject: &str, to: &str) {
    server.mail(|m| {
        let all = &m.folder(from).messages;
        let uid = all.iter().find(|l| l.subject() == subject).unwrap().uid;
        m.expunge(from, &[uid]);
        m.add(to, subject);
    });
}

#[test]
fn f32_a_flag_follows_its_message_into_any_mailbox() {
    for caps in [CAPS, "IMAP4rev1", &format!("{CAPS} QRESYNC")] {
        let (server, home) = ready_with(caps);
        home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
            .code(0);
        shift(&server, "INBOX", "in1", "Work");
        home.sync();
        home.sync();
        assert_eq!(server.mail(|m| m.flags("Work", "in1")), ["\\Flagged"]);
        assert_eq!(flags(&home, "Work", "in1"), ["\\Flagged"], "{caps}");
    }
}

#[test]
fn f32_a_flag_follows_a_message_whose_new_place_is_known_already() {
    let (server, home) = ready();
    home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
        .code(0);
    shift(&server, "INBOX", "in1", "Work");
    // The server puts it off, and meanwhile everything is pulled.
    server.once("UID SEARCH", say("{tag} NO [INUSE] not now\n"));
    home.run(&["sync", "--once"]);
    home.sync();
    assert_eq!(server.mail(|m| m.flags("Work", "in1")), ["\\Flagged"]);
}

#[test]
fn a_copy_elsewhere_does_not_share_the_fate_of_what_was_removed() {
    let (server, home) = ready();
    server.mail(|m| m.add("Work", "in1"));
    home.sync();
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    server.mail(|m| m.expunge("INBOX", &[1]));
    let told = home.run(&["sync", "--once"]);
    home.sync();
    assert!(told.err.contains("no longer there"), "{}", told.err);
    assert!(home.subjects("Archive").is_empty());
    assert!(
        server
            .mail(|m| m.subjects("Work"))
            .contains(&"in1".to_owned())
    );
}

/// The letters of Work become others, under the same UIDs of the same generation.
fn replace_work(server: &Script) {
    server.mail(|m| {
        for (n, message) in (1..).zip(&mut m.folder("Work").messages) {
            message.raw = letter(&format!("new{n}"));
        }
    });
}

fn nothing_was_done(server: &Script, home: &Home, what: &str) {
    let new = ["new1", "new2", "new3"];
    assert_eq!(server.mail(|m| m.subjects("Work")), new, "{what}");
    assert_eq!(home.subjects("Work"), new, "{what}");
    assert!(server.said("MOVE|COPY|EXPUNGE").is_empty(), "{what}");
}

#[test]
fn what_has_the_uid_of_another_message_is_neither_moved_nor_removed() {
    for caps in [CAPS, "IMAP4rev1 UIDPLUS", &format!("{CAPS} QRESYNC")] {
        for verb in ["archive", "move"] {
            let (server, home) = ready_with(caps);
            let id = home.id("Work", "work2");
            let line: &[&str] = match verb {
                "archive" => &["archive", &id],
                _ => &[verb, &id, "INBOX"],
            };
            home.run(line).code(0);
            replace_work(&server);
            home.run(&["sync", "--once"]);
            home.sync();
            nothing_was_done(&server, &home, verb);
        }
    }
    let (server, home) = ready();
    server.mail(|m| m.fill("Trash", "old", 3));
    home.sync();
    home.run(&["delete", &home.id("Trash", "old2")]).code(0);
    server.mail(|m| m.folder("Trash").messages[1].raw = letter("new2"));
    home.sync();
    home.sync();
    let left = ["new2", "old1", "old3"];
    assert_eq!(server.mail(|m| m.subjects("Trash")), left);
    assert_eq!(home.subjects("Trash"), left);
}

#[test]
fn what_has_the_uid_of_another_message_gets_no_flag_and_the_question_costs_nothing() {
    for caps in [CAPS, "IMAP4rev1 UIDPLUS", &format!("{CAPS} QRESYNC")] {
        let (server, home) = ready_with(caps);
        home.run(&["flag", &home.id("Work", "work2"), "+flagged"])
            .code(0);
        replace_work(&server);
        home.run(&["sync", "--once"]);
        home.sync();
        nothing_was_done(&server, &home, "flag");
        assert!(server.said("UID STORE").is_empty(), "{caps}");
        // Where nothing is wrong it is asked in the place of which messages are there.
        server.forget();
        home.run(&["flag", &home.id("Work", "new2"), "+flagged"])
            .code(0);
        home.sync();
        assert_eq!(server.mail(|m| m.flags("Work", "new2")), ["\\Flagged"]);
        let said = server.said("SELECT|UID ");
        let store = said.iter().position(|s| s.starts_with("UID STORE"));
        let before = &said[..store.unwrap()];
        assert_eq!(before.len(), 2, "{said:?}");
        assert!(before[1].contains("MESSAGE-ID"), "{said:?}");
    }
}

#[test]
fn f32_a_move_follows_its_message_out_of_a_mailbox_that_was_made_anew() {
    let (server, home) = ready();
    home.run(&["archive", &home.id("Work", "work2")]).code(0);
    replace_work(&server);
    server.mail(|m| m.add("INBOX", "work2"));
    home.sync();
    home.sync();
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["work2"]);
    assert_eq!(home.subjects("Archive"), ["work2"]);
    assert_eq!(home.subjects("Work"), ["new1", "new2", "new3"]);
}

/// The answer to LIST without the lines about Work.
fn without_work(answer: &[u8]) -> Vec<u8> {
    let lines = answer.split_inclusive(|b| *b == b'\n');
    let others = lines.filter(|line| {
        let text = String::from_utf8_lossy(line);
        !(text.starts_with("* ") && text.contains("Work"))
    });
    others.flatten().copied().collect()
}

#[test]
fn a_server_in_trouble_that_lists_half_of_its_mailboxes_twice_costs_nothing() {
    for caps in [CAPS, "IMAP4rev1"] {
        let (server, home) = ready_with(caps);
        server.always("LIST", edit(without_work));
        server.always(
            "STATUS \"Work\"|STATUS Work",
            say("{tag} NO [UNAVAILABLE] later\n"),
        );
        for _ in 0..3 {
            home.sync();
        }
        assert_eq!(home.subjects("Work"), ["work1", "work2", "work3"], "{caps}");
        server.behave();
        home.sync();
        assert_eq!(home.subjects("Work"), ["work1", "work2", "work3"], "{caps}");
        // What the server says explicitly is believed.
        server.mail(|m| m.folders.retain(|f| f.name != b"Work"));
        home.sync();
        home.sync();
        home.run(&["list", "-m", "Work"]).code(66);
    }
}

#[test]
fn a_server_that_stumbles_over_the_question_is_asked_again_before_anything_is_moved() {
    let (server, home) = ready();
    home.run(&["archive", &home.id("Work", "work2")]).code(0);
    replace_work(&server);
    let stumbles = say("{tag} NO [SERVERBUG] not today\n");
    server.rule("MESSAGE-ID", 0, 3, stumbles);
    for _ in 0..5 {
        home.run(&["sync", "--once"]);
    }
    nothing_was_done(&server, &home, "move");
}

/// A letter that nothing names: an alarm of a machine, say.
fn nameless(subject: &str) -> Vec<u8> {
    format!("From: cron@example.test\r\nSubject: {subject}\r\n\r\nIt ran.\r\n").into_bytes()
}

#[test]
fn f19_what_has_no_message_id_is_not_copied_twice() {
    // The copy was made and the answer cut; it was not made at all; it was made and the original marked.
    let moments = [
        ("UID COPY", Act::Cut(0)),
        ("UID COPY", Act::Close),
        ("UID EXPUNGE", Act::Close),
    ];
    for (skip, (at, act)) in (0..2).flat_map(|n| moments.iter().map(move |moment| (n, moment))) {
        let server = Script::start(|mail| {
            mail.caps = "IMAP4rev1 IDLE UIDPLUS".to_owned();
            mail.make("Archive", "\\Archive");
            // Two are the same in everything.
            for subject in ["same", "same", "one"] {
                mail.put(b"INBOX", nameless(subject), Vec::new());
            }
            mail.put(b"Archive", nameless("other"), Vec::new());
        });
        let home = Home::new(&server.account("work"));
        home.sync();
        for row in home.list("INBOX") {
            home.run(&["archive", row["id"].as_str().unwrap()]).code(0);
        }
        server.rule(at, skip, 1, act.clone());
        home.run(&["sync", "--once"]);
        home.sync();
        home.sync();
        let mut there = server.mail(|m| m.subjects("Archive"));
        there.sort();
        assert_eq!(there, ["one", "other", "same", "same"], "{at} {skip}");
        assert!(server.mail(|m| m.subjects("INBOX")).is_empty(), "{at}");
    }
}
