//! Servers that hang up, put us off, refuse or talk nonsense: what was asked is not lost, the
//! reason is told, other accounts go on, and the next time all is well (RFC 9051 §7.1, RFC 5530).

use crate::program::{Home, Ran, eventually};
use crate::pty::PATIENCE;
use crate::script::{Act, HELLO, OPEN, Script, before, bye, deed, edit, say, swap, swapped};
use crossbeam_channel::unbounded;
use serde_json::Value;

/// Exit codes of a server that can't be reached or does not behave, and of one that puts us off.
const AWAY: [i32; 2] = [69, 75];

/// One turn; the report of the account that stands first, and how the program ended.
#[track_caller]
pub fn turn(home: &Home) -> (Ran, Value) {
    let ran = home.run(&["sync", "--once", "--json"]);
    let report = ran.json()["accounts"][0].clone();
    (ran, report)
}

/// One turn that must fail with one of these codes; the reason that is told.
#[track_caller]
pub fn fails(home: &Home, codes: &[i32]) -> String {
    let (ran, report) = turn(home);
    let why = report["error"].as_str().unwrap_or_default().to_owned();
    assert!(
        codes.contains(&ran.code),
        "{}: {report} {}",
        ran.code,
        ran.err
    );
    assert!(!why.is_empty(), "{report}");
    why
}

/// A server with two letters and a home that has them, then three more letters that it has not.
fn behind() -> (Script, Home) {
    let server = Script::with(&["old one", "old two"]);
    let home = Home::new(&server.account("work"));
    home.sync();
    for n in 1..=3 {
        server.mail(|m| m.add("INBOX", &format!("new {n}")));
    }
    (server, home)
}

/// Everything is there once the server behaves.
#[track_caller]
fn recovers(server: &Script, home: &Home) {
    server.behave();
    home.sync();
    let all = ["new 1", "new 2", "new 3", "old one", "old two"];
    assert_eq!(home.subjects("INBOX"), all);
}

#[test]
fn f20_a_server_may_hang_up_at_any_time() {
    let moments = [
        HELLO,
        "AUTHENTICATE",
        "ENABLE",
        "LIST",
        OPEN,
        "SEARCH|FETCH",
    ];
    for moment in moments {
        let (server, home) = behind();
        server.always(moment, bye("[UNAVAILABLE] going down for a minute"));
        let why = fails(&home, &AWAY);
        assert!(why.contains("going down for a minute"), "{moment}: {why}");
        assert!(home.subjects("INBOX").contains(&"old one".to_owned()));
        recovers(&server, &home);
    }
}

#[test]
fn f20_a_connection_may_end_without_a_word() {
    for act in [Act::Close, Act::Reset, Act::Cut(30)] {
        for moment in [HELLO, "AUTHENTICATE", "LIST", OPEN, "SEARCH|FETCH"] {
            let (server, home) = behind();
            server.always(moment, act.clone());
            fails(&home, &AWAY);
            recovers(&server, &home);
        }
    }
}

#[test]
fn f20_a_watching_program_comes_back_by_itself() {
    let (server, home) = behind();
    let mut watch = home.watch();
    watch.state("work", "online");
    server.wait_for("IDLE", 1);
    server.always(HELLO, bye("restarting"));
    server.hang_up();
    watch.until("why", |said| {
        said["reason"]
            .as_str()
            .is_some_and(|why| why.contains("restarting"))
    });
    server.mail(|m| m.add("INBOX", "newer"));
    server.behave();
    watch.state("work", "online");
    server.wait_for("IDLE", 2);
    assert!(home.subjects("INBOX").contains(&"newer".to_owned()));
}

#[test]
fn f23_too_many_connections_is_no_wrong_password() {
    let refusals = [
        (HELLO, bye("Too many connections")),
        (
            "AUTHENTICATE",
            say("{tag} NO [LIMIT] Too many simultaneous connections\n"),
        ),
        (
            "AUTHENTICATE",
            say(
                "{tag} NO Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)\n",
            ),
        ),
        ("AUTHENTICATE", say("{tag} NO [UNAVAILABLE] later\n")),
    ];
    for (moment, act) in refusals {
        let (server, home) = behind();
        server.always(moment, act);
        let why = fails(&home, &[75]);
        assert!(!why.contains("password"), "{why}");
        recovers(&server, &home);
    }
}

#[test]
fn f23_where_one_connection_is_allowed_one_is_enough() {
    let server = Script::with(&["one"]);
    let home = Home::new(&server.account("work"));
    // Whoever comes second is turned away as long as the first is there.
    server.rule(HELLO, 1, usize::MAX, bye("Too many connections"));
    let mut watch = home.watch();
    watch.state("work", "online");
    eventually("the first letter", || home.subjects("INBOX") == ["one"]);
    server.mail(|m| m.add("INBOX", "two"));
    // A change rings; the one connection carries it, and brings the news along.
    home.run(&["flag", &home.id("INBOX", "one"), "+flagged"])
        .code(0);
    server.wait_for("UID STORE", 1);
    eventually("the second", || home.subjects("INBOX").len() == 2);
    let away = |v: &&Value| v["state"] == "waiting" || v["state"] == "stopped";
    assert_eq!(watch.said().iter().find(away), None);
    assert!(server.dialled() < 12, "{} connections", server.dialled());
}

#[test]
fn f23_where_one_connection_is_allowed_the_next_begins_when_the_last_is_closed() {
    let server = Script::with(&["one"]);
    let home = Home::new(&server.account("work"));
    let (left, is_left) = unbounded();
    // What makes no sense ends the session, and only the client ends the connection.
    let nonsense = deed(move |wire, _| {
        wire.say("* 1 FETCH (UID 1 BODY[HEADER] {-1}\n");
        let _ = left.send(wire.is_left_within(PATIENCE));
        wire.close();
    });
    server.once("BODY.PEEK", nonsense);
    let second = deed(move |wire, _| {
        match is_left.recv_timeout(PATIENCE) {
            Ok(true) => wire.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\n"),
            _ => wire.say("* BYE Too many connections\n"),
        };
    });
    server.rule(HELLO, 1, 1, second);
    let (ran, report) = turn(&home);
    assert_eq!(ran.code, 0, "{report} {}", ran.err);
    assert_eq!(home.subjects("INBOX"), ["one"]);
    assert_eq!(
        (server.dialled(), &report["connections"]),
        (2, &Value::from(1))
    );
}

#[test]
fn f24_a_server_that_throttles_is_left_alone_for_a_while() {
    for words in [
        "{tag} NO [OVERQUOTA] Account exceeded command or bandwidth limits\n",
        "{tag} BAD Request is throttled. Suggested Backoff Time: 12345 milliseconds\n",
        "{tag} NO Server Unavailable. 15\n",
        "{tag} NO [TEMPFAIL] try later\n",
        "{tag} NO UID FETCH Server error - Please try again later\n",
    ] {
        for moment in ["FETCH", "LIST", OPEN] {
            if moment != "FETCH" && !words.contains("throttled") {
                continue;
            }
            let (server, home) = behind();
            let healthy = Script::with(&["fine"]);
            home.configure(&(server.account("work") + &healthy.account("home")));
            server.always(moment, say(words));
            let ran = home.run(&["sync", "--once", "--json"]);
            let report = ran.json();
            assert_eq!(report["accounts"][1]["headers"], 1, "{report}");
            // It is told, be it as the end of the turn or about the one mailbox.
            let told = format!("{report} {}", ran.err);
            let said = words.trim_end().split_once(' ').unwrap().1;
            let said = said.split([']', ' ']).next_back().unwrap();
            assert!(told.contains(said), "{moment} {words}: {told}");
            // Nothing is written off.
            server.behave();
            home.sync();
            let rows = home.json(&["list", "--account", "work"]);
            assert_eq!(rows["messages"].as_array().unwrap().len(), 5, "{rows}");
        }
    }
}

#[test]
fn f25_authenticated_but_not_connected_passes() {
    let (server, home) = behind();
    for moment in ["ENABLE", "LIST", "STATUS", OPEN, "NOOP"] {
        server.always(
            moment,
            say("{tag} BAD User is authenticated but not connected.\n"),
        );
    }
    let why = fails(&home, &[75]);
    assert!(why.contains("authenticated but not connected"), "{why}");
    assert!(server.dialled() < 6, "{} connections", server.dialled());
    recovers(&server, &home);
}

#[test]
fn f26_an_answer_to_no_question_ends_the_connection() {
    for nonsense in [
        "{tag}9 OK done\n",
        "zzz NO what\n",
        "{tag} WHAT\nx1 OK done\n",
    ] {
        for moment in ["LIST", OPEN, "SEARCH|FETCH"] {
            let (server, home) = behind();
            server.always(moment, say(nonsense));
            fails(&home, &AWAY);
            recovers(&server, &home);
        }
    }
}

#[test]
fn f26_lines_that_mean_nothing_are_passed_over() {
    let (server, home) = behind();
    let nonsense = "\n* \n*\n* 12\n* OK\n* NO [\n* BAD\n* FNORD (a b\n* 1 FNORD\n* 4294967296 EXISTS\n* LIST\n* 7 FETCH\n* FETCH ()\n* STATUS\n* SEARCH x y -1\n* ESEARCH (\n* CAPABILITY\n* VANISHED\n* ENABLED QRESYNC\n* FLAGS\n\u{fffd}\n";
    for moment in ["LIST", OPEN, "FETCH", "SEARCH"] {
        server.always(moment, before(nonsense));
    }
    home.sync();
    recovers(&server, &home);
}

#[test]
fn f63_capabilities_are_asked_for_after_the_sign_in() {
    let server = Script::start(|mail| {
        mail.make("Archive", "\\Archive");
        mail.fill("INBOX", "m", 3);
        mail.tells_caps = false;
        // Before: more than is true. After: no MOVE, no IDLE, no ESEARCH.
        mail.greeting = format!("AUTH=PLAIN SASL-IR {}", mail.caps);
        mail.caps = "IMAP4rev1 UIDPLUS".to_owned();
    });
    let home = Home::new(&server.account("work"));
    home.sync();
    home.run(&["archive", &home.id("INBOX", "m2")]).code(0);
    home.sync();
    assert!(!server.said("CAPABILITY").is_empty());
    assert!(
        server.said("UID MOVE|RETURN|CONDSTORE").is_empty(),
        "{:?}",
        server.heard()
    );
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["m2"]);
    assert_eq!(server.mail(|m| m.subjects("INBOX")), ["m1", "m3"]);
}

#[test]
fn f63_keywords_may_be_in_lower_case() {
    let words = [
        "LIST (",
        "STATUS ",
        "MESSAGES",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "HIGHESTMODSEQ",
        "EXISTS",
        "FETCH (",
        "UID ",
        "FLAGS (",
        "INTERNALDATE",
        "RFC822.SIZE",
        "MODSEQ (",
        "BODY[",
        "HEADER.FIELDS",
        "SEARCH ",
        " ALL ",
        " OK ",
        "CAPABILITY",
        "READ-ONLY",
        "READ-WRITE",
        "COPYUID",
        "EXPUNGE",
    ];
    let (server, home) = behind();
    server.mail(|m| m.make("Archive", "\\archive"));
    server.always(
        "",
        edit(move |answer| {
            words.iter().fold(answer.to_vec(), |bytes, word| {
                swapped(&bytes, word.as_bytes(), word.to_lowercase().as_bytes())
            })
        }),
    );
    home.sync();
    home.run(&["archive", &home.id("INBOX", "new 2")]).code(0);
    home.sync();
    assert_eq!(home.subjects("Archive"), ["new 2"]);
    assert_eq!(server.mail(|m| m.subjects("Archive")), ["new 2"]);
    home.run(&["show", &home.id("INBOX", "new 1")]).code(0);
}

#[test]
fn f70_where_logging_in_is_disabled_no_password_is_sent() {
    let server = Script::start(|mail| mail.greeting = "IMAP4rev1 LOGINDISABLED".to_owned());
    let home = Home::new(&server.account("work"));
    let why = fails(&home, &[77]);
    assert!(why.to_uppercase().contains("LOGINDISABLED"), "{why}");
    assert!(
        server.said("LOGIN |AUTHENTICATE").is_empty(),
        "{:?}",
        server.heard()
    );
    // The same, told only when asked.
    server.always(HELLO, say("* OK hello\n"));
    server.always(
        "CAPABILITY",
        say("* CAPABILITY IMAP4rev1 LOGINDISABLED\n{tag} OK done\n"),
    );
    fails(&home, &[77]);
    assert!(
        server.said("LOGIN |AUTHENTICATE").is_empty(),
        "{:?}",
        server.heard()
    );
}

#[test]
fn s02_nobody_is_signed_in_unasked() {
    let server = Script::with(&["x"]);
    server.always(
        HELLO,
        say("* PREAUTH [CAPABILITY IMAP4rev1] welcome back\n"),
    );
    let home = Home::new(&server.account("work"));
    fails(&home, &[77, 69]);
    assert!(server.heard().is_empty(), "{:?}", server.heard());
}

#[test]
fn s11_compression_that_nobody_asked_for_is_not_begun() {
    let (server, home) = behind();
    // A raw deflate block follows an OK that nothing asked for.
    server.always("LIST", before("* OK [COMPRESSIONACTIVE] DEFLATE active\n"));
    home.sync();
    recovers(&server, &home);
    let (server, home) = behind();
    server.always(
        "LIST",
        deed(|wire, _| {
            wire.say("c1 OK DEFLATE active\n");
            wire.raw(b"\x72\x62\x60\x60\x60\xe0\xe5\x02\x00\x00\x00\xff\xff");
        }),
    );
    fails(&home, &AWAY);
    recovers(&server, &home);
}

#[test]
fn s05_alerts_are_shown_in_one_clean_line() {
    let (server, home) = behind();
    server.always(
        "LIST",
        before("* OK [ALERT] pay \u{1b}[2J\u{9b}31m\u{202e}now\u{7}\n"),
    );
    let ran = home.run(&["sync", "--once"]).code(0);
    assert!(ran.err.contains("the server says: pay"), "{}", ran.err);
    let evil = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.err.contains(evil), "{:?}", ran.err);
    server.behave();
    server.always(
        OPEN,
        swap("READ-ONLY] open", "READ-ONLY] \u{1b}]0;title\u{7}"),
    );
    assert!(!home.run(&["sync", "--once"]).code(0).err.contains('\u{1b}'));
}
