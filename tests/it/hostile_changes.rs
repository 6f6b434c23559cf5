//! Servers that take a change badly: refuse it, can't do it in one step, say nonsense about it, or
//! have no room (RFC 9051 §6.4, RFC 6851, RFC 4315, RFC 7162 §3.1.3). A change is done once and
//! as it was meant, or undone on screen in the server's words.

use crate::both::ACCOUNT;
use crate::desk::Desk;
use crate::dump::{local, write};
use crate::hostile::turn;
use crate::hostile_state::{flags, ready, ready_with, text};
use crate::program::Home;
use crate::script::{Act, CAPS, OPEN, Script, before, edit, letter, say, swap};
use crate::smtp::Sink;
use postrider::model::{AccountName, Intent, MailboxName, Target, Verb};
use std::sync::Arc;

#[test]
fn f34_what_was_to_go_into_a_mailbox_that_is_gone_stays_where_it_was() {
    let (server, home) = ready();
    home.run(&["move", &home.id("INBOX", "in1"), "Work"])
        .code(0);
    server.mail(|m| m.folders.retain(|f| f.name != b"Work"));
    let ran = home.run(&["sync", "--once"]);
    home.sync();
    assert!(ran.err.contains("move"), "{}", ran.err);
    assert_eq!(home.subjects("INBOX"), ["in1", "in2", "in3"]);
    assert_eq!(server.mail(|m| m.subjects("INBOX")), ["in1", "in2", "in3"]);
    server.forget();
    home.sync();
    assert!(server.said("MOVE|COPY").is_empty(), "it is tried for ever");
}

#[test]
fn f36_a_refused_change_is_undone_on_screen_in_the_servers_words() {
    let refusals = [
        "{tag} NO [NOPERM] you may only look\n",
        "{tag} NO you may only look\n",
        "{tag} BAD you may only look\n",
    ];
    for words in refusals {
        let (server, home) = ready();
        server.always("UID STORE|MOVE", say(words));
        home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
            .code(0);
        home.run(&["archive", &home.id("INBOX", "in2")]).code(0);
        let ran = home.run(&["sync", "--once"]);
        assert!(ran.err.contains("you may only look"), "{}", ran.err);
        assert!(flags(&home, "INBOX", "in1").is_empty());
        assert_eq!(home.subjects("INBOX"), ["in1", "in2", "in3"]);
        assert!(home.subjects("Archive").is_empty());
        server.forget();
        home.sync();
        assert!(
            server.said("UID STORE|MOVE").is_empty(),
            "it is tried for ever"
        );
    }
}

#[test]
fn f36_what_could_not_be_made_is_not_subscribed_to_and_the_command_fails() {
    let (server, home) = ready();
    server.always("CREATE", say("{tag} NO [CANNOT] no such names\n"));
    home.run(&["mailbox", "create", "Plans"]).code(0);
    let ran = home.run(&["sync", "--once"]).code(77);
    assert!(ran.err.contains("no such names"), "{}", ran.err);
    assert!(
        server.said("SUBSCRIBE").is_empty(),
        "{:?}",
        server.said("SUBSCRIBE")
    );
    assert!(!ran.err.contains("subscription"), "{}", ran.err);
    let journal = home.run(&["journal"]).code(0).text();
    assert!(journal.contains("Making the mailbox Plans"), "{journal}");
    assert!(journal.contains("no such names"), "{journal}");
}

#[test]
fn f36_a_mailbox_that_became_read_only_is_not_written_to_for_ever() {
    let (server, home) = ready();
    server.mail(|m| m.folder("Work").read_only = true);
    server.always(
        "UID STORE",
        say("{tag} NO [READ-ONLY] this mailbox is read-only\n"),
    );
    home.run(&["flag", &home.id("Work", "work1"), "+flagged"])
        .code(0);
    let ran = home.run(&["sync", "--once"]);
    assert!(ran.err.contains("read"), "{}", ran.err);
    home.sync();
    assert!(flags(&home, "Work", "work1").is_empty());
    server.forget();
    home.sync();
    assert!(server.said("UID STORE").is_empty());
}

#[test]
fn f36_a_tag_that_the_server_does_not_keep_is_undone_and_said() {
    let (server, home) = ready();
    server.always(OPEN, swap("\\Draft \\*)]", "\\Draft)]"));
    home.run(&["flag", &home.id("INBOX", "in1"), "+$Todo"])
        .code(0);
    home.run(&["flag", &home.id("INBOX", "in2"), "+flagged"])
        .code(0);
    let ran = home.run(&["sync", "--once"]);
    assert!(ran.err.contains("can't keep the tag $Todo"), "{}", ran.err);
    assert!(flags(&home, "INBOX", "in1").is_empty());
    // What it does keep is done all the same.
    assert_eq!(flags(&home, "INBOX", "in2"), ["\\Flagged"]);
    assert_eq!(server.mail(|m| m.flags("INBOX", "in2")), ["\\Flagged"]);
    assert!(server.mail(|m| m.flags("INBOX", "in1")).is_empty());
    server.forget();
    home.sync();
    assert!(server.said("UID STORE").is_empty(), "it is tried for ever");
}

#[test]
fn a_server_that_takes_no_new_keywords_still_takes_those_that_it_lists() {
    let (server, home) = ready();
    server.always(
        OPEN,
        swap("\\Draft \\*)]", "\\Draft $Label1 $LABEL4 NonJunk)]"),
    );
    for word in ["+important", "+todo"] {
        home.run(&["flag", &home.id("INBOX", "in1"), word]).code(0);
    }
    home.run(&["flag", &home.id("INBOX", "in2"), "+wichtig"])
        .code(0);
    home.run(&["flag", &home.id("INBOX", "in3"), "+later"])
        .code(0);
    let ran = home.run(&["sync", "--once"]);
    assert!(ran.err.contains("can't keep the tag Later"), "{}", ran.err);
    assert_eq!(
        server.mail(|m| m.flags("INBOX", "in1")),
        ["$label1", "$label4"]
    );
    assert_eq!(server.mail(|m| m.flags("INBOX", "in2")), ["$label1"]);
    assert!(server.mail(|m| m.flags("INBOX", "in3")).is_empty());
    // Away it goes by any of its names.
    home.run(&["flag", &home.id("INBOX", "in1"), "-Important"])
        .code(0);
    home.sync();
    assert_eq!(server.mail(|m| m.flags("INBOX", "in1")), ["$label4"]);
}

#[test]
fn f36_a_mailbox_that_can_be_opened_no_more_costs_only_itself() {
    let (server, home) = ready();
    home.run(&["move", &home.id("INBOX", "in1"), "Work"])
        .code(0);
    server.mail(|m| m.folder("Work").attributes = "\\Noselect".to_owned());
    server.always("\"Work\"", say("{tag} NO [CANNOT] it holds no mail\n"));
    server.mail(|m| m.add("INBOX", "in4"));
    for _ in 0..3 {
        turn(&home);
    }
    assert_eq!(home.subjects("INBOX"), ["in1", "in2", "in3", "in4"]);
    assert_eq!(server.mail(|m| m.subjects("INBOX")).len(), 4);
    server.forget();
    turn(&home);
    assert!(server.said("MOVE|COPY").is_empty(), "it is tried for ever");
}

#[test]
fn f36_a_change_that_ends_every_connection_keeps_no_mail_away_and_is_given_up() {
    let (server, home) = ready();
    server.always("UID STORE", Act::Close);
    home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
        .code(0);
    server.mail(|m| m.add("INBOX", "in4"));
    turn(&home);
    assert_eq!(home.subjects("INBOX"), ["in1", "in2", "in3", "in4"]);
    assert_eq!(flags(&home, "INBOX", "in1"), ["\\Flagged"]);
    let tried = "UPDATE op SET attempts = 100";
    write(&local(&home)).execute(tried, []).unwrap();
    let ran = home.run(&["sync", "--once"]);
    assert!(ran.err.contains("hangs up"), "{}", ran.err);
    assert!(flags(&home, "INBOX", "in1").is_empty());
    server.forget();
    home.sync();
    assert!(server.said("UID STORE").is_empty(), "it is tried for ever");
}

#[test]
fn f39_a_copy_that_ends_every_connection_keeps_no_mail_away() {
    let sink = Sink::start();
    let server = Script::start(|mail| mail.make("Sent", "\\Sent"));
    let home = Home::new(&server.account_with("work", sink.port));
    home.sync();
    server.always("APPEND", Act::Close);
    let raw = "From: work@example.test\r\nTo: bo@example.test\r\nSubject: out\r\nMessage-ID: <q@example.test>\r\n\r\nx\r\n";
    home.feed(&["send", "--wait"], raw.as_bytes());
    server.mail(|m| m.add("INBOX", "in1"));
    turn(&home);
    assert_eq!(home.subjects("INBOX"), ["in1"]);
    server.behave();
    home.sync();
    assert_eq!(server.mail(|m| m.subjects("Sent")), ["out"]);
    assert_eq!(sink.count("q@example.test"), 1);
}

#[test]
fn f23_a_message_in_doubt_costs_no_connection_more_than_there_may_be() {
    let server = Script::start(|mail| mail.make("Sent", "\\Sent"));
    let account = server.account("work");
    let home = Home::new(&format!("{account}connections = 2\n"));
    home.sync();
    home.run(&["send", "--to", "bo@example.test", "--subject", "out"])
        .code(0);
    let outbox = || home.json(&["outbox", "--all"])["outbox"][0].clone();
    let id = outbox()["message_id"].as_str().unwrap().to_owned();
    let cut = "UPDATE outbox SET state = 'dot', attempts = 1, first_try = 1";
    write(&local(&home)).execute(cut, []).unwrap();
    let copy = format!("Subject: out\r\nMessage-ID: {id}\r\n\r\nAs the server files it.\r\n");
    server.mail(|m| m.put(b"Sent", copy.into_bytes(), Vec::new()));
    let before = server.dialled();
    let mut watch = home.watch();
    watch.until("that it was sent", |said| {
        said["notice"]
            .as_str()
            .is_some_and(|n| n.contains("found in Sent"))
    });
    assert_eq!(outbox()["state"], "sent");
    assert!(server.dialled() - before <= 2, "one more than there may be");
}

#[test]
fn f37_what_others_changed_meanwhile_is_merged() {
    let (server, home) = ready();
    home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
        .code(0);
    server.mail(|m| {
        m.flag("INBOX", 1, "\\Answered", true);
        m.flag("INBOX", 1, "$Label1", true);
    });
    home.sync();
    let both = ["$Label1", "\\Answered", "\\Flagged"];
    assert_eq!(server.mail(|m| m.flags("INBOX", "in1")), both);
    let mut ours = flags(&home, "INBOX", "in1");
    ours.sort();
    assert_eq!(ours, both);
    // Never the whole set: that would undo what others did.
    assert!(
        server
            .said("UID STORE")
            .iter()
            .all(|s| s.contains("+FLAGS")),
        "{:?}",
        server.said("UID STORE")
    );
}

#[test]
fn f37_a_server_that_says_modified_is_asked_again_and_does_not_lose_the_change() {
    let (server, home) = ready();
    server.once("UID STORE", say("{tag} OK [MODIFIED 1] conflict\n"));
    home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
        .code(0);
    home.sync();
    home.sync();
    // On both sides the same, whichever it is: nothing is shown that the server has not.
    let theirs = server.mail(|m| m.flags("INBOX", "in1"));
    assert_eq!(flags(&home, "INBOX", "in1"), theirs);
}

#[test]
fn f39_a_copy_that_does_not_fit_is_kept_and_the_message_is_not_sent_again() {
    for code in ["OVERQUOTA", "TOOBIG", "LIMIT"] {
        without_room(code);
    }
}

fn without_room(code: &str) {
    let sink = Sink::start();
    let server = Script::start(|mail| mail.make("Sent", "\\Sent"));
    let home = Home::new(&server.account_with("work", sink.port));
    home.sync();
    let words = format!("{{tag}} NO [{code}] the mailbox is full\n");
    server.always("APPEND", say(&words));
    let raw = "From: work@example.test\r\nTo: bo@example.test\r\nSubject: out\r\nMessage-ID: <q@example.test>\r\n\r\nx\r\n";
    let ran = home.feed(&["send", "--wait"], raw.as_bytes());
    let again = home.run(&["sync", "--once"]).code(0);
    let told = format!("{} {} {}", ran.err, ran.text(), again.err);
    assert!(told.contains("the mailbox is full"), "{told}");
    assert_eq!(sink.count("q@example.test"), 1);
    server.behave();
    home.sync();
    home.sync();
    assert_eq!(sink.count("q@example.test"), 1);
    assert_eq!(server.mail(|m| m.subjects("Sent")), ["out"]);
    assert_eq!(home.subjects("Sent"), ["out"]);
}

#[test]
fn f60_without_uidplus_nothing_is_expunged_that_was_not_meant() {
    let (server, home) = ready_with("IMAP4rev1 IDLE");
    // Another client has marked this one, and nobody asked us to remove it.
    server.mail(|m| m.flag("INBOX", 3, "\\Deleted", true));
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    home.sync();
    home.sync();
    assert!(
        server.said("EXPUNGE|CLOSE").is_empty(),
        "{:?}",
        server.heard()
    );
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["in1"]);
    assert_eq!(home.subjects("Archive"), ["in1"]);
    assert_eq!(server.mail(|m| m.flags("INBOX", "in1")), ["\\Deleted"]);
    assert_eq!(server.mail(|m| m.subjects("INBOX")).len(), 3);
}

#[test]
fn f61_without_move_a_message_is_copied_before_it_is_removed() {
    let (server, home) = ready_with("IMAP4rev1 IDLE UIDPLUS");
    server.mail(|m| m.flag("INBOX", 3, "\\Deleted", true));
    // The copy fails first: the original must stay untouched.
    server.once("UID COPY", say("{tag} NO [OVERQUOTA] full\n"));
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    turn(&home);
    assert!(
        server.said("UID STORE|EXPUNGE").is_empty(),
        "{:?}",
        server.heard()
    );
    assert_eq!(home.subjects("INBOX").len(), 3);
    server.forget();
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    home.sync();
    let steps = server.said("UID COPY|UID STORE|EXPUNGE");
    assert!(steps.len() == 3 && steps[2] == "UID EXPUNGE 1", "{steps:?}");
    assert_eq!(server.mail(|m| m.subjects("INBOX")), ["in2", "in3"]);
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["in1"]);
    assert_eq!(home.subjects("Archive"), ["in1"]);
}

#[test]
fn f61_a_move_whose_copyuid_is_nonsense_finds_its_message_all_the_same() {
    for code in [
        "",
        "[COPYUID 7 1 4294967295] ",
        "[COPYUID 7 1:4294967295 1:4294967295] ",
        "[COPYUID 7 9:1 x] ",
        "[COPYUID 0 1 1] ",
    ] {
        let (server, home) = ready();
        server.always("UID MOVE", swap("[COPYUID 7 1 1] ", code));
        let id = home.id("INBOX", "in1");
        home.run(&["archive", &id]).code(0);
        home.sync();
        home.sync();
        assert_eq!(home.subjects("Archive"), ["in1"], "{code}");
        assert_eq!(home.subjects("INBOX"), ["in2", "in3"], "{code}");
        assert!(text(&home, "Archive", "in1").contains("in1"));
        home.run(&["flag", &home.id("Archive", "in1"), "+flagged"])
            .code(0);
        home.sync();
        home.sync();
        assert_eq!(
            server.mail(|m| m.flags("Archive", "in1")),
            ["\\Flagged"],
            "{code}"
        );
    }
}

#[test]
fn f67_a_copyuid_alone_on_its_line_is_passed_over() {
    let (server, home) = ready();
    server.always("UID MOVE", before("[COPYUID 7 1 1]\n* [COPYUID 7 1 1]\n"));
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    home.sync();
    assert_eq!(home.subjects("Archive"), ["in1"]);
}

/// A letter of another subject with the Message-ID of `subject`.
fn twin(subject: &str, other: &str) -> Vec<u8> {
    let text = String::from_utf8(letter(subject)).unwrap();
    text.replace(&format!("Subject: {subject}"), &format!("Subject: {other}"))
        .into_bytes()
}

#[test]
fn what_is_done_again_after_a_cut_leaves_another_copy_alone() {
    // The server does it, and nobody hears of it.
    for (needle, caps) in [
        ("UID EXPUNGE", CAPS),
        ("UID MOVE", CAPS),
        ("UID EXPUNGE", "IMAP4rev1 IDLE UIDPLUS"),
    ] {
        let (server, home) = ready_with(caps);
        let from = if needle == "UID MOVE" {
            "INBOX"
        } else {
            "Trash"
        };
        server.mail(|m| {
            m.add(from, "one");
            m.put(from.as_bytes(), twin("one", "two"), Vec::new());
        });
        home.sync();
        server.once(needle, Act::Cut(0));
        let verb = if needle == "UID MOVE" {
            "archive"
        } else {
            "delete"
        };
        home.run(&[verb, &home.id(from, "one")]).code(0);
        turn(&home);
        home.sync();
        let left = server.mail(|m| m.subjects(from));
        assert!(!left.contains(&"one".to_owned()), "{needle}: {left:?}");
        assert!(left.contains(&"two".to_owned()), "{needle}: {left:?}");
    }
}

#[test]
fn what_is_removed_for_good_is_never_another_copy() {
    let (server, home) = ready();
    server.mail(|m| {
        m.add("Trash", "one");
        m.put(b"Trash", twin("one", "two"), Vec::new());
    });
    home.sync();
    home.run(&["delete", &home.id("Trash", "one")]).code(0);
    server.mail(|m| m.expunge("Trash", &[1]));
    home.sync();
    assert_eq!(server.mail(|m| m.subjects("Trash")), ["two"]);
}

#[test]
fn a_copy_that_stands_is_not_made_again_when_what_follows_is_put_off() {
    let (server, home) = ready_with("IMAP4rev1 IDLE UIDPLUS");
    server.once("UID STORE", say("{tag} NO [INUSE] later\n"));
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    turn(&home);
    home.sync();
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["in1"]);
    assert_eq!(server.mail(|m| m.subjects("INBOX")), ["in2", "in3"]);
}

#[test]
fn a_message_id_that_somebody_else_used_does_not_cost_the_original() {
    let (server, home) = ready_with("IMAP4rev1 IDLE UIDPLUS");
    let mut forged = twin("in1", "forged");
    forged.extend_from_slice(b"And more than the other says.\r\n");
    server.mail(|m| m.put(b"Archive", forged, Vec::new()));
    home.sync();
    server.once("UID COPY", Act::Close);
    home.run(&["archive", &home.id("INBOX", "in1")]).code(0);
    turn(&home);
    home.sync();
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["forged", "in1"]);
    assert_eq!(server.mail(|m| m.subjects("INBOX")), ["in2", "in3"]);
}

/// Archives everything, is cut where the rule says, goes on, and takes it back.
fn moved_in_pieces(caps: &str, count: usize, cut: impl FnOnce(&Script)) {
    let server = Script::start(|mail| {
        mail.caps = caps.to_owned();
        mail.make("Archive", "\\Archive");
        mail.fill("INBOX", "m", count);
    });
    let lie = |name: &str| server.mail(|m| m.folder(name).messages.len());
    let desk = Desk::new(server.port, "ada");
    desk.sync().unwrap();
    let account = AccountName(ACCOUNT.to_owned());
    let inbox = MailboxName::new("INBOX");
    let inbox = desk.reader().mailbox_named(&account, &inbox).unwrap();
    let targets = vec![Target::Mailbox(inbox.unwrap().id)];
    let verb = Verb::Archive;
    assert!(desk.act(Intent::Act { verb, targets }));
    cut(&server);
    let dialled = server.dialled();
    // It may go on within the same turn.
    let _ = desk.sync();
    assert!(server.dialled() > dialled + 1, "{caps}: it was not cut");
    server.behave();
    desk.sync().unwrap();
    assert_eq!((lie("INBOX"), lie("Archive")), (0, count), "{caps}");
    assert!(desk.act(Intent::Undo));
    desk.sync().unwrap();
    assert_eq!((lie("INBOX"), lie("Archive")), (count, 0), "{caps}");
}

#[test]
fn a_move_of_many_that_is_cut_is_taken_back_whole() {
    // Before the second piece, and while the first is answered.
    moved_in_pieces(CAPS, 1_100, |server| {
        server.rule("UID MOVE", 1, 1, Act::Close)
    });
    moved_in_pieces(CAPS, 80, |server| server.once("UID MOVE", Act::Cut(0)));
}

#[test]
fn what_comes_into_a_mailbox_after_it_was_emptied_is_seen_before_it_is_deleted() {
    // Some tell of the open mailbox what they told when it was looked at last.
    for without in ["NOTHING", "UNSELECT"] {
        let (server, home) = ready_with(&CAPS.replace(without, ""));
        let server = Arc::new(server);
        server.mail(|m| m.looks_back = true);
        for n in 1..=3 {
            let id = home.id("Work", &format!("work{n}"));
            home.run(&["move", &id, "INBOX"]).code(0);
        }
        home.run(&["mailbox", "delete", "Work", "--yes"]).code(0);
        let other = Arc::downgrade(&server);
        let comes = move |answer: &[u8]| {
            let server = other.upgrade().unwrap();
            server.mail(|m| m.add("Work", "late"));
            answer.to_vec()
        };
        server.rule("UID MOVE", 2, 1, edit(comes));
        home.run(&["sync", "--once"]).code(77);
        assert_eq!(server.mail(|m| m.subjects("Work")), ["late"], "{without}");
        assert!(server.said("DELETE \"Work\"").is_empty(), "{without}");
        home.sync();
        assert_eq!(home.subjects("Work"), ["late"]);
    }
}

#[test]
fn a_stumble_after_many_cuts_is_no_reason_to_give_up() {
    let (server, home) = ready();
    home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
        .code(0);
    let tried = "UPDATE op SET attempts = 50";
    write(&local(&home)).execute(tried, []).unwrap();
    server.rule("UID STORE", 0, 4, say("{tag} NO [SERVERBUG] not today\n"));
    for _ in 0..5 {
        home.run(&["sync", "--once"]);
    }
    assert_eq!(server.mail(|m| m.flags("INBOX", "in1")), ["\\Flagged"]);
    // But it is one that nothing else need wait for without end.
    server.always("UID STORE", say("{tag} NO [SERVERBUG] not today\n"));
    home.run(&["flag", &home.id("INBOX", "in2"), "+flagged"])
        .code(0);
    for _ in 0..14 {
        home.run(&["sync", "--once"]);
    }
    assert!(flags(&home, "INBOX", "in2").is_empty());
}

#[test]
fn a_mailbox_is_not_deleted_after_what_was_to_leave_it_could_not() {
    let (server, home) = ready();
    server.once("UID MOVE", say("{tag} NO [NOPERM] it stays\n"));
    home.run(&["move", &home.id("Work", "work1"), "INBOX"])
        .code(0);
    home.run(&["mailbox", "delete", "Work", "--yes"]).code(0);
    // Others go meanwhile: there are no more than were seen.
    server.mail(|m| m.expunge("Work", &[2]));
    let ran = home.run(&["sync", "--once"]).code(77);
    assert!(ran.err.contains("what was to leave it"), "{}", ran.err);
    assert_eq!(server.mail(|m| m.subjects("Work")), ["work1", "work3"]);
    home.sync();
    // Whoever was told may say so again.
    home.run(&["mailbox", "delete", "Work", "--yes"]).code(0);
    home.sync();
    assert_eq!(server.said("DELETE \"Work\"").len(), 1);
}
