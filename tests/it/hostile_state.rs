//! Servers whose state changes under us, or that are wrong about it: UIDVALIDITY, UIDNEXT,
//! HIGHESTMODSEQ, what vanished, what can't be fetched (RFC 9051 §2.3.1, RFC 7162, RFC 4549 §4-6).
//! Nothing that only we have is lost, nothing is done to a message that nobody meant.

use crate::hostile::turn;
use crate::program::Home;
use crate::script::{Act, CAPS, Heard, OPEN, Script, before, bye, edit, say, swap, swapped};
use serde_json::Value;

/// A server with Work and Archive beside the inbox, three letters in each of the first two, and a
/// home that has everything, bodies too.
pub fn ready() -> (Script, Home) {
    ready_with(CAPS)
}

pub fn ready_with(caps: &str) -> (Script, Home) {
    let server = Script::start(|mail| {
        mail.caps = caps.to_owned();
        for (name, attributes) in [("Work", ""), ("Archive", "\\Archive"), ("Trash", "\\Trash")] {
            mail.make(name, attributes);
        }
        mail.fill("INBOX", "in", 3);
        mail.fill("Work", "work", 3);
    });
    let home = Home::new(&server.account("work"));
    all(&home);
    server.forget();
    (server, home)
}

/// One turn that fetches bodies, too.
#[track_caller]
pub fn all(home: &Home) -> Value {
    home.json(&["sync", "--once", "--bodies", "all"])
}

#[track_caller]
pub fn flags(home: &Home, mailbox: &str, subject: &str) -> Vec<String> {
    let rows = home.list(mailbox);
    let row = rows.iter().find(|r| r["subject"] == subject);
    let row = row.unwrap_or_else(|| panic!("{rows:#?}"));
    serde_json::from_value(row["flags"].clone()).unwrap()
}

/// The text of a message, from the cache alone.
#[track_caller]
pub fn text(home: &Home, mailbox: &str, subject: &str) -> String {
    let id = home.id(mailbox, subject);
    home.run(&["show", "--offline", "--text", &id])
        .code(0)
        .text()
}

#[test]
fn f27_a_mailbox_renumbered_offline_keeps_bodies_and_finds_what_was_meant() {
    for caps in [CAPS, "IMAP4rev1", &format!("{CAPS} QRESYNC")] {
        let (server, home) = ready_with(caps);
        home.run(&["flag", &home.id("Work", "work2"), "+flagged"])
            .code(0);
        // The UID that work2 had is work1's now: a stale UID would flag the wrong message.
        server.mail(|m| m.renumber("Work", 8, 2));
        server.mail(|m| m.folder("Work").messages.reverse());
        server.mail(|m| m.renumber("Work", 8, 1));
        server.forget();
        home.sync();
        home.sync();
        assert_eq!(home.subjects("Work"), ["work1", "work2", "work3"], "{caps}");
        for (subject, wanted) in [("work1", 0), ("work2", 1), ("work3", 0)] {
            assert_eq!(
                server.mail(|m| m.flags("Work", subject)).len(),
                wanted,
                "{subject}"
            );
            assert_eq!(flags(&home, "Work", subject).len(), wanted, "{subject}");
            // The bodies are those of before: nothing was fetched again.
            assert!(text(&home, "Work", subject).contains(subject));
        }
        assert!(
            server.said("BODY.PEEK[]").is_empty(),
            "{:?}",
            server.heard()
        );
    }
}

#[test]
fn f27_a_mailbox_renumbered_inside_a_session_is_not_written_to_by_old_uids() {
    let (server, home) = ready();
    home.run(&["flag", &home.id("Work", "work1"), "+flagged"])
        .code(0);
    home.run(&["move", &home.id("Work", "work3"), "Archive"])
        .code(0);
    // It is renumbered between its opening and the command, and an untagged OK says so.
    server.once(
        OPEN,
        say("* 3 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 4] x\n{tag} OK [READ-WRITE] x\n"),
    );
    server.once("UID ", before("* OK [UIDVALIDITY 9] renumbered\n"));
    server.mail(|m| m.renumber("Work", 9, 10));
    let (_, report) = turn(&home);
    server.behave();
    home.sync();
    home.sync();
    assert_eq!(home.subjects("Work"), ["work1", "work2"], "{report}");
    assert_eq!(home.subjects("Archive"), ["work3"]);
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["work3"]);
    assert_eq!(server.mail(|m| m.flags("Work", "work1")), ["\\Flagged"]);
    assert!(server.mail(|m| m.flags("Work", "work2")).is_empty());
}

#[test]
fn f28_a_uidnext_that_goes_back_or_is_never_told_hides_nothing() {
    let lies: [(&str, &str); 3] = [
        ("[UIDNEXT 5]", "[UIDNEXT 2]"),
        ("[UIDNEXT 5]", "[X]"),
        ("[UIDNEXT 5]", "[UIDNEXT 0]"),
    ];
    for (from, to) in lies {
        let (server, home) = ready();
        server.mail(|m| m.add("Work", "work4"));
        server.always(OPEN, swap(from, to));
        let told = to.replace(['[', ']'], "");
        server.always(
            "LIST|STATUS",
            swap("UIDNEXT 5", if told == "X" { "X 5" } else { &told }),
        );
        home.sync();
        assert_eq!(home.subjects("Work").len(), 4, "{to}");
        server.mail(|m| m.expunge("Work", &[1]));
        home.sync();
        assert_eq!(home.subjects("Work"), ["work2", "work3", "work4"], "{to}");
        server.behave();
        home.sync();
        assert_eq!(home.subjects("Work"), ["work2", "work3", "work4"], "{to}");
    }
}

#[test]
fn f28_counts_that_lie_lose_nothing() {
    let (server, home) = ready();
    // STATUS counts what is not there; opening it tells the truth.
    server.always(
        "LIST|STATUS",
        edit(|answer| {
            let answer = swapped(answer, b"MESSAGES 3", b"MESSAGES 0");
            swapped(&answer, b"UIDNEXT 4", b"UIDNEXT 4294967295")
        }),
    );
    home.sync();
    home.sync();
    assert_eq!(home.subjects("Work").len(), 3);
    assert_eq!(home.subjects("INBOX").len(), 3);
    assert!(text(&home, "Work", "work1").contains("work1"));
}

#[test]
fn f28_uids_that_do_not_last_are_not_written_by() {
    for (from, to) in [
        ("[UIDVALIDITY 7]", "[UIDVALIDITY 0]"),
        ("* OK [UIDVALIDITY 7] x\n", ""),
    ] {
        let (server, home) = ready();
        server.always("\"Work\"", swap(from, to));
        home.run(&["flag", &home.id("Work", "work1"), "+flagged"])
            .code(0);
        let (ran, report) = turn(&home);
        assert!(server.said("UID STORE").is_empty(), "{:?}", server.heard());
        assert!(report["headers"].is_u64(), "{report}");
        // The rest of the account goes on, and what we have stays readable.
        let told = format!("{report} {}", ran.err);
        assert!(told.contains("UIDVALIDITY"), "{told}");
        assert!(text(&home, "Work", "work2").contains("work2"));
        server.mail(|m| m.add("INBOX", "newer"));
        turn(&home);
        assert!(home.subjects("INBOX").contains(&"newer".to_owned()));
    }
}

#[test]
fn f29_modification_sequences_that_go_back_or_away_hide_no_flag() {
    let ways: [(&str, &str); 4] = [
        ("[HIGHESTMODSEQ ", "[HIGHESTMODSEQ 1] x\r\n* OK [X "),
        ("[HIGHESTMODSEQ ", "[NOMODSEQ] x\r\n* OK [X "),
        ("[HIGHESTMODSEQ ", "[HIGHESTMODSEQ -1] x\r\n* OK [X "),
        ("[HIGHESTMODSEQ ", "[X "),
    ];
    for caps in [CAPS.to_owned(), format!("{CAPS} QRESYNC")] {
        for (from, to) in ways {
            let (server, home) = ready_with(&caps);
            server.mail(|m| {
                m.flag("Work", 2, "\\Seen", true);
                // A backup was restored: everything is older than what we know.
                m.folder("Work")
                    .messages
                    .iter_mut()
                    .for_each(|m| m.modseq = 1);
            });
            server.always(OPEN, swap(from, to));
            server.always(
                "LIST|STATUS",
                edit(|answer| {
                    let text = String::from_utf8(answer.to_vec()).unwrap();
                    let cut = text
                        .split("HIGHESTMODSEQ ")
                        .enumerate()
                        .map(|(n, piece)| match n {
                            0 => piece.to_owned(),
                            _ => format!(
                                "HIGHESTMODSEQ 1{}",
                                piece.trim_start_matches(|c: char| c.is_ascii_digit())
                            ),
                        });
                    cut.collect::<String>().into_bytes()
                }),
            );
            home.sync();
            assert_eq!(flags(&home, "Work", "work2"), ["\\Seen"], "{caps}: {to}");
        }
    }
}

/// Any set of messages that holds the third of five, by number and by UID alike. Flags are asked for
/// by `1:*`, and can be had.
const WITH_THREE: &str = "FETCH 1:5 |FETCH 3 |FETCH 3:|:3 |,3 |,3,|:3,|FETCH 2:5 |FETCH 2:4 |FETCH 1:4 |FETCH 1,3|FETCH 1:2,3";

/// Five messages, the third of which is answered so.
#[track_caller]
fn poisoned(act: Act) {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 5));
    let home = Home::new(&server.account("work"));
    server.always(WITH_THREE, act);
    for _ in 0..4 {
        turn(&home);
    }
    let shown = home.subjects("INBOX");
    for subject in ["m1", "m2", "m4", "m5"] {
        assert!(shown.iter().any(|s| s == subject), "{shown:?}");
    }
    assert_eq!(shown.len(), 5, "a stub stands for it: {shown:?}");
    server.mail(|m| m.add("INBOX", "m6"));
    turn(&home);
    assert!(
        home.subjects("INBOX").contains(&"m6".to_owned()),
        "what comes later is not hidden"
    );
}

#[test]
fn f30_a_message_that_is_always_refused_costs_only_itself() {
    poisoned(say("{tag} NO internal error\n"));
    poisoned(say("{tag} BAD cannot parse the message\n"));
}

#[test]
fn f30_a_message_that_kills_the_connection_costs_only_itself() {
    poisoned(bye("message 3 killed me"));
    poisoned(Act::Close);
    poisoned(say("* 3 FETCH (UID 3 BODY[HEADER] {-1}\n"));
}

#[test]
fn f30_a_new_message_that_kills_the_connection_costs_only_itself() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 2));
    let home = Home::new(&server.account("work"));
    home.sync();
    server.mail(|m| m.add("INBOX", "m3"));
    server.always("FETCH 3 ", Act::Close);
    home.sync();
    assert_eq!(home.list("INBOX").len(), 3);
    // A server that cuts every FETCH is ill, and nothing is written off.
    server.mail(|m| m.add("INBOX", "m4"));
    server.always("BODY.PEEK", Act::Close);
    turn(&home);
    assert_eq!(home.list("INBOX").len(), 3);
    server.behave();
    home.sync();
    assert!(home.subjects("INBOX").contains(&"m4".to_owned()));
}

#[test]
fn f30_many_messages_that_kill_the_connection_are_found_out_in_the_end() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 2));
    let home = Home::new(&server.account("work"));
    home.sync();
    server.mail(|m| (3..=11).for_each(|n| m.add("INBOX", &format!("m{n}"))));
    let killers: Vec<String> = (3..=11).map(|n| format!("UID FETCH {n}")).collect();
    server.always(&killers.join("|"), Act::Close);
    for _ in 0..4 {
        turn(&home);
    }
    home.sync();
    assert_eq!(home.list("INBOX").len(), 11);
}

#[test]
fn f30_a_row_that_makes_no_sense_costs_only_its_message() {
    for (from, to) in [
        ("* 3 FETCH (UID 3 ", "* 3 FETCH (UID 3 BODY[] NIL X \"\\"),
        ("* 3 FETCH (UID 3 ", "* 3 FETCH (UID x "),
        ("* 3 FETCH (UID 3 ", "* 3 FETCH UID 3 "),
        ("* 3 FETCH (UID 3 ", "* 3 FETCH (UID 3 ((((((( "),
    ] {
        let server = Script::start(|mail| mail.fill("INBOX", "m", 5));
        let home = Home::new(&server.account("work"));
        server.always("FETCH", swap(from, to));
        turn(&home);
        let (_, report) = turn(&home);
        let shown = home.subjects("INBOX");
        for subject in ["m1", "m2", "m4", "m5"] {
            assert!(
                shown.iter().any(|s| s == subject),
                "{to}: {shown:?} {report}"
            );
        }
        server.behave();
        home.sync();
        assert!(
            home.list("INBOX").len() == 5,
            "{to}: {:?}",
            home.subjects("INBOX")
        );
    }
}

#[test]
fn f33_messages_that_vanish_while_they_are_fetched_confuse_nobody() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 6));
    let home = Home::new(&server.account("work"));
    // Between two rows number 2 goes, and the numbers behind it move down.
    server.always(
        "FETCH",
        edit(|answer| {
            let text = String::from_utf8(answer.to_vec()).unwrap();
            let text = text.replacen("* 3 FETCH", "* 2 EXPUNGE\r\n* 2 FETCH", 1);
            text.replace("* 4 FETCH", "* 3 FETCH")
                .replace("* 5 FETCH", "* 4 FETCH")
                .into_bytes()
        }),
    );
    home.sync();
    server.mail(|m| m.expunge("INBOX", &[2]));
    server.behave();
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["m1", "m3", "m4", "m5", "m6"]);
    for row in home.list("INBOX") {
        assert_eq!(row["subject"], format!("m{}", row["uid"]), "{row}");
    }
}

#[test]
fn f38_an_empty_answer_once_is_not_believed() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 150));
    let home = Home::new(&server.account("work"));
    all(&home);
    // A restarting server: no messages, once.
    server.once(
        OPEN,
        edit(|answer| {
            let answer = swapped(answer, b"* 150 EXISTS", b"* 0 EXISTS");
            swapped(&answer, b"UIDNEXT 151", b"UIDNEXT 1")
        }),
    );
    server.once(
        "SEARCH",
        say("* ESEARCH (TAG \"{tag}\") UID\n{tag} OK none\n"),
    );
    server.mail(|m| m.flag("INBOX", 1, "\\Seen", true));
    turn(&home);
    assert_eq!(home.list("INBOX").len(), 150);
    home.sync();
    assert_eq!(home.list("INBOX").len(), 150);
    assert!(text(&home, "INBOX", "m77").contains("m77"));
}

#[test]
fn f38_a_list_that_is_empty_once_loses_no_body() {
    let (server, home) = ready();
    home.run(&["flag", &home.id("Work", "work1"), "+flagged"])
        .code(0);
    server.once("LIST", say("{tag} OK nothing\n"));
    turn(&home);
    server.behave();
    server.forget();
    all(&home);
    all(&home);
    assert_eq!(home.subjects("Work").len(), 3);
    assert_eq!(home.subjects("INBOX").len(), 3);
    assert_eq!(server.mail(|m| m.flags("Work", "work1")), ["\\Flagged"]);
    assert!(text(&home, "Work", "work2").contains("work2"));
}

#[test]
fn s44_a_server_that_says_that_all_is_gone_takes_no_body_away() {
    for caps in [CAPS.to_owned(), format!("{CAPS} QRESYNC")] {
        let server = Script::start(|mail| {
            mail.caps = caps.clone();
            mail.fill("INBOX", "m", 120);
        });
        let home = Home::new(&server.account("work"));
        all(&home);
        let draft =
            "From: work@example.test\r\nTo: bo@example.test\r\nSubject: mine\r\n\r\nmine\r\n";
        home.feed(&["send"], draft.as_bytes());
        let uids: Vec<u32> = (1..=120).collect();
        let kept = server.mail(|m| {
            let kept = m.folder("INBOX").messages.clone();
            m.expunge("INBOX", &uids);
            kept
        });
        server.forget();
        let ran = home.run(&["sync", "--once"]);
        assert!(ran.err.contains("120"), "it is said aloud: {}", ran.err);
        // The server may allow no second connection beside the first.
        let heard = server.heard();
        let left = heard.iter().position(|h| h.text == "LOGOUT").unwrap();
        let one = |h: &Heard| h.line == heard[0].line;
        assert!(heard[..left].iter().all(one), "{heard:#?}");
        assert_eq!(
            home.json(&["outbox"])["outbox"].as_array().unwrap().len(),
            1
        );
        // They were never gone: all comes back with its text, without being fetched again.
        server.mail(|m| {
            m.modseq += 1;
            let modseq = m.modseq;
            let inbox = m.folder("INBOX");
            (inbox.messages, inbox.gone) = (kept, Vec::new());
            inbox.messages.iter_mut().for_each(|m| m.modseq = modseq);
        });
        server.forget();
        home.sync();
        assert_eq!(home.list("INBOX").len(), 120);
        assert!(text(&home, "INBOX", "m60").contains("m60"));
        assert!(server.said("BODY.PEEK[]").is_empty(), "{caps}");
    }
}

#[test]
fn s44_a_uidvalidity_that_changes_at_every_look_does_no_harm() {
    let (server, home) = ready();
    home.run(&["flag", &home.id("Work", "work2"), "+flagged"])
        .code(0);
    for validity in 100..106 {
        server.mail(|m| m.renumber("Work", validity, 1));
        turn(&home);
    }
    server.behave();
    home.sync();
    home.sync();
    assert_eq!(home.subjects("Work"), ["work1", "work2", "work3"]);
    for subject in ["work1", "work2", "work3"] {
        assert!(text(&home, "Work", subject).contains(subject));
    }
    assert!(server.mail(|m| m.flags("Work", "work1")).is_empty());
    assert!(server.mail(|m| m.flags("Work", "work3")).is_empty());
    assert_eq!(server.mail(|m| m.folder("Work").messages.len()), 3);
}

#[test]
fn f30_bodies_of_a_mailbox_that_is_refused_hide_no_others() {
    let server = Script::start(|mail| {
        mail.make("Archive", "\\Archive");
        mail.make("Work", "");
        mail.fill("Work", "work", 2);
        mail.fill("Archive", "old", 2);
    });
    let home = Home::new(&server.account("work"));
    home.json(&["sync", "--once", "--bodies", "none"]);
    // It can't be opened any more, or has other UIDs whenever bodies are to be fetched.
    server.always(
        "EXAMINE Work|EXAMINE \"Work",
        say("{tag} NO [NOPERM] not for you\n"),
    );
    home.run(&["sync", "--once", "--bodies", "all"]);
    assert!(text(&home, "Archive", "old1").contains("old1"));
}
