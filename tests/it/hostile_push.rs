//! Push that does not work as it should: IDLE that is refused, ends at once, says nothing, or says
//! it in the wrong moment (RFC 2177). Mail is not missed, and nobody is called again and again.

use crate::hostile::fails;
use crate::program::{Home, eventually};
use crate::script::{Act, CAPS, DONE, HELLO, Script, before, deed, say};
use std::time::Duration;

/// A server with one letter and a program that watches it and has that letter.
fn watched(caps: &str, set: impl FnOnce(&Script)) -> (Script, Home, crate::program::Watch) {
    let server = Script::with(&["one"]);
    server.mail(|m| m.caps = caps.to_owned());
    set(&server);
    let home = Home::new(&server.account("work"));
    let mut watch = home.watch();
    watch.state("work", "online");
    eventually("the first letter", || home.subjects("INBOX") == ["one"]);
    (server, home, watch)
}

/// A change of our own rings the worker, whatever push does.
#[track_caller]
fn ring(home: &Home) {
    home.run(&["flag", &home.id("INBOX", "one"), "+flagged"])
        .code(0);
}

#[test]
fn f12_push_that_works_needs_no_ring() {
    let (server, home, _watch) = watched(CAPS, |_| {});
    server.wait_for("IDLE", 1);
    server.mail(|m| m.add("INBOX", "two"));
    eventually("the news", || home.subjects("INBOX").len() == 2);
    server.mail(|m| m.expunge("INBOX", &[1]));
    eventually("what went", || home.subjects("INBOX") == ["two"]);
    server.mail(|m| m.flag("INBOX", 2, "\\Seen", true));
    eventually("the flag", || {
        home.list("INBOX")[0]["flags"] == serde_json::json!(["\\Seen"])
    });
}

#[test]
fn f12_an_idle_that_never_says_anything_hides_nothing_from_a_turn() {
    let (server, home, _watch) = watched(CAPS, |server| {
        server.always(
            "IDLE",
            deed(|wire, _| {
                wire.say("+ idling\n");
            }),
        );
    });
    server.wait_for("IDLE", 1);
    server.mail(|m| m.add("INBOX", "two"));
    ring(&home);
    eventually("the news", || home.subjects("INBOX").len() == 2);
}

#[test]
fn f13_news_in_the_moment_before_idle_are_not_missed() {
    // Told before the permission to idle, and never again.
    let (server, home, _watch) = watched(CAPS, |server| {
        server.rule("IDLE", 1, 1, before("* 2 EXISTS\n"));
    });
    server.wait_for("IDLE", 1);
    server.mail(|m| m.add("INBOX", "two"));
    ring(&home);
    eventually("the news", || home.subjects("INBOX").len() == 2);
}

#[test]
fn f13_news_with_the_end_of_idle_are_not_missed() {
    let (server, home, _watch) = watched(CAPS, |server| {
        server.always(DONE, before("* 2 EXISTS\n"));
    });
    server.wait_for("IDLE", 1);
    server.mail(|m| m.add("INBOX", "two"));
    eventually("the news", || home.subjects("INBOX").len() == 2);
    // It is said at every end, true or not: that is no reason to turn without end.
    std::thread::sleep(Duration::from_millis(500));
    server.forget();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(
        server.said("LIST").len() < 20,
        "{} turns",
        server.said("LIST").len()
    );
}

#[test]
fn f14_where_idle_does_not_work_nobody_dials_without_end() {
    let ways = [
        say("{tag} BAD Unknown command\n"),
        say("{tag} NO not now\n"),
        say("{tag} OK done already\n"),
        say("+ idling\n{tag} OK done already\n"),
        say("* BYE idle kills me\n{tag} NO bye\n"),
        Act::Close,
    ];
    // Side by side, since each takes a while.
    std::thread::scope(|all| {
        for act in ways {
            all.spawn(|| without_idle(act));
        }
    });
}

#[track_caller]
fn without_idle(act: Act) {
    let (server, home, watch) = watched(CAPS, |server| server.always("IDLE", act));
    server.wait_for("IDLE", 1);
    server.forget();
    let before = server.dialled();
    // Not a wait for something: within this time there must be no storm.
    std::thread::sleep(Duration::from_millis(1500));
    let (dialled, idles) = (server.dialled() - before, server.said("IDLE").len());
    assert!(
        dialled <= 4 && idles <= 4,
        "{dialled} connections, {idles} times IDLE"
    );
    server.mail(|m| m.add("INBOX", "two"));
    ring(&home);
    eventually("the news", || home.subjects("INBOX").len() == 2);
    let stopped = watch.said().iter().any(|said| said["state"] == "stopped");
    assert!(!stopped, "{:#?}", watch.said());
}

#[test]
fn f14_a_server_that_says_nothing_to_idle_is_asked_instead() {
    let (server, home, _watch) = watched(CAPS, |server| server.always("IDLE", Act::Mute));
    server.wait_for("IDLE", 2);
    server.wait_for("NOOP", 2);
    let dialled = server.dialled();
    server.mail(|m| m.add("INBOX", "two"));
    eventually("the news", || home.subjects("INBOX").len() == 2);
    assert_eq!(server.said("IDLE").len(), 2);
    // The new message's body may come over a connection of its own.
    assert!(server.dialled() <= dialled + 1, "{}", server.dialled());
}

#[test]
fn f14_without_idle_the_account_is_online_all_the_same() {
    let (server, home, _watch) = watched("IMAP4rev1 UIDPLUS", |_| {});
    server.mail(|m| m.add("INBOX", "two"));
    ring(&home);
    eventually("the news", || home.subjects("INBOX").len() == 2);
    assert!(server.said("IDLE").is_empty());
}

#[test]
fn f11_a_server_that_stops_in_the_middle_freezes_nobody_else() {
    // The one account hangs in its first turn; the other is brought up to date beside it.
    let server = Script::with(&["one"]);
    server.always("FETCH", Act::Mute);
    let healthy = Script::with(&["fine"]);
    let home = Home::new(&(server.account("work") + &healthy.account("home")));
    let mut watch = home.watch();
    watch.state("home", "online");
    healthy.wait_for("IDLE", 1);
    healthy.mail(|m| m.add("INBOX", "finer"));
    let rows = || {
        home.json(&["list", "--account", "home"])["messages"]
            .as_array()
            .unwrap()
            .len()
    };
    eventually("the other account's news", || rows() == 2);
    assert!(
        server.heard().iter().all(|h| h.line <= 2),
        "{:?}",
        server.heard()
    );
}

#[test]
fn f11_a_server_that_says_nothing_more_is_left() {
    let drip = || {
        deed(|wire, _| {
            // Octets all the time, and never a whole line.
            while wire.raw(b"x") {
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    let ways = [
        (HELLO, Act::Mute),
        (HELLO, drip()),
        ("AUTHENTICATE", Act::Mute),
        ("LIST", drip()),
        ("FETCH", Act::Mute),
    ];
    // Side by side, since each takes the two seconds that a server is given here.
    std::thread::scope(|all| {
        for (moment, act) in ways {
            all.spawn(move || {
                let server = Script::with(&["one"]);
                let mut home = Home::new(&server.account("work"));
                home.hurry = 1000;
                server.always(moment, act);
                let why = fails(&home, &[69]);
                assert!(why.contains("does not answer"), "{moment}: {why}");
                server.behave();
                // One that does its best is given its time.
                home.hurry = 1;
                home.sync();
                assert_eq!(home.subjects("INBOX"), ["one"]);
            });
        }
    });
}

#[test]
fn f11_a_server_that_lets_us_wait_is_said_to_long_before_it_is_left() {
    let server = Script::with(&["one"]);
    let mut home = Home::new(&server.account("work"));
    // Half a second is long then, and six seconds too long.
    home.hurry = 10;
    let mut watch = home.watch();
    watch.state("work", "online");
    eventually("the first letter", || home.subjects("INBOX") == ["one"]);
    // It hangs while it is told of a change; nothing else is wrong with it.
    // (CONDSTORE is enabled on each connection, however late it comes.)
    server.once("+FLAGS", Act::Mute);
    ring(&home);
    let said = watch.until("that it waits", |said| said["slow"] == true);
    assert_eq!(said["state"], "online", "{said}");
    let said = watch.until("that it does no more", |said| {
        said["slow"] == false && said["state"] != "online"
    });
    assert_eq!(said["state"], "waiting", "{said}");
    // It is carried out over another connection.
    eventually("the flag", || {
        server.mail(|m| {
            m.folder("INBOX").messages[0]
                .flags
                .contains(&"\\Flagged".to_owned())
        })
    });
}

#[test]
fn f11_a_dead_connection_is_found_out_before_somebody_waits_for_it() {
    let server = Script::with(&["one"]);
    let home = Home::new(&server.account("work"));
    let _watch = {
        let mut watch = home.watch();
        watch.state("work", "online");
        watch
    };
    eventually("the first letter", || home.subjects("INBOX") == ["one"]);
    server.wait_for("IDLE", 1);
    // What was silent for ten seconds has to answer first, in ten seconds and not in sixty.
    std::thread::sleep(Duration::from_secs(11));
    server.forget();
    ring(&home);
    server.wait_for("+FLAGS", 1);
    let worker: Vec<String> = server.said("NOOP|+FLAGS");
    assert!(worker[0].contains("NOOP"), "{worker:?}");
}

#[test]
fn f12_a_watch_that_died_silently_is_begun_anew() {
    let server = Script::with(&["one"]);
    let mut home = Home::new(&server.account("work"));
    // IDLE is begun anew four times in a second; nothing else comes round within the test.
    home.hurry = 500;
    server.once("IDLE", Act::Mute);
    let mut watch = home.watch();
    watch.state("work", "online");
    server.wait_for("IDLE", 3);
    server.mail(|m| m.add("INBOX", "two"));
    eventually("the news", || home.subjects("INBOX").len() == 2);
}

#[test]
fn f24_who_is_told_how_long_to_wait_waits_so_long() {
    let server = Script::with(&["one"]);
    server.once(
        "LIST",
        say("{tag} BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds\n"),
    );
    let mut home = Home::new(&server.account("work"));
    // By itself it would come back within 50 milliseconds.
    home.hurry = 20;
    let mut watch = home.watch();
    let told = watch.state("work", "waiting");
    let why = told["reason"].as_str().unwrap();
    assert!(why.contains("throttled"), "{told}");
    let before = (server.dialled(), server.heard().len());
    std::thread::sleep(Duration::from_millis(700));
    let after = (server.dialled(), server.heard().len());
    assert!(
        after.0 == before.0 && after.1 <= before.1 + 1,
        "{:?}",
        server.heard()
    );
}
