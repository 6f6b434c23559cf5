//! One mailbox or one message at which every connection ends costs itself and nothing else (F-30): not
//! the mail behind it, not the bodies, not the comparison of the rest.

use crate::dump::{cache, write};
use crate::hostile::turn;
use crate::program::{Home, eventually};
use crate::script::{Act, CAPS, Script, say, swap};

/// Two mailboxes before the bad one and two behind it, and one that is not looked at last by name.
const ALL: [&str; 5] = ["Alpha", "Bad", "Gamma", "Zeta", "Archive"];

fn five() -> Script {
    Script::start(|mail| {
        for name in ALL {
            let archive = if name == "Archive" { "\\Archive" } else { "" };
            mail.make(name, archive);
            mail.fill(name, &name.to_lowercase(), 2);
        }
        mail.fill("INBOX", "in", 2);
    })
}

#[test]
fn f30_a_mailbox_at_which_connections_end_hides_no_other() {
    for act in [Act::Close, Act::Cut(20)] {
        let server = five();
        let home = Home::new(&server.account("work"));
        server.always("EXAMINE \"Bad\"|EXAMINE Bad", act);
        let ran = home.run(&["sync", "--once", "--json", "--bodies", "all"]);
        let report = ran.json()["accounts"][0].clone();
        assert!(report["error"].is_string(), "{report}");
        for name in ["Alpha", "Gamma", "Zeta", "Archive"] {
            assert_eq!(home.list(name).len(), 2, "{name}: {report}");
            let first = format!("{}1", name.to_lowercase());
            let text = home.run(&["show", "--offline", "--text", &home.id(name, &first)]);
            assert!(text.code(0).text().contains(&first), "{name}");
        }
        server.behave();
        home.sync();
        assert_eq!(home.subjects("Bad"), ["bad1", "bad2"]);
    }
}

#[test]
fn f30_a_mailbox_at_which_connections_end_is_left_alone_while_the_account_is_online() {
    let server = five();
    let home = Home::new(&server.account("work"));
    server.always("EXAMINE \"Bad\"|EXAMINE Bad", Act::Close);
    let mut watch = home.watch();
    server.wait_for("EXAMINE \"Archive\"|EXAMINE Archive", 1);
    eventually("the others", || home.subjects("Archive").len() == 2);
    watch.until("a word about it", |said| {
        let said = said.to_string();
        said.contains("Bad") && said.contains("left alone")
    });
    watch.state("work", "online");
    let asked = server.said("Bad").len();
    server.mail(|m| m.add("Zeta", "zeta3"));
    eventually("news behind it", || {
        // Other processes make it look so.
        std::fs::write(home.path.join("bell"), "!").unwrap();
        home.subjects("Zeta").len() == 3
    });
    let opened = |said: &String| said.contains("EXAMINE");
    let more = server.said("Bad").split_off(asked);
    assert!(!more.iter().any(opened), "{more:?}");
}

#[test]
fn f30_a_mailbox_that_can_not_be_counted_hides_no_other() {
    for caps in [CAPS.to_owned(), CAPS.replace("LIST-STATUS ", "")] {
        let server = five();
        server.mail(|m| m.caps = caps.clone());
        let home = Home::new(&server.account("work"));
        server.always("STATUS", Act::Cut(30));
        server.always("EXAMINE \"Bad\"|EXAMINE Bad", Act::Close);
        home.run(&["sync", "--once", "--json"]);
        for name in ["INBOX", "Alpha", "Gamma", "Zeta", "Archive"] {
            assert_eq!(home.list(name).len(), 2, "{name}: {caps}");
        }
        server.mail(|m| m.add("Zeta", "zeta3"));
        home.run(&["sync", "--once", "--json"]);
        assert_eq!(home.list("Zeta").len(), 3, "{caps}");
    }
}

#[test]
fn f30_a_body_at_which_connections_end_costs_only_itself() {
    let server = Script::start(|mail| {
        mail.make("Archive", "\\Archive");
        mail.fill("INBOX", "m", 5);
        mail.fill("Archive", "old", 2);
    });
    let home = Home::new(&server.account("work"));
    let bodies = "(UID RFC822.SIZE BODY";
    let with_three = format!("FETCH 1:5 {bodies}|FETCH 3 {bodies}");
    server.always(&with_three, Act::Close);
    let all = ["sync", "--once", "--bodies", "all"];
    let text = |mailbox: &str, subject: &str| {
        home.run(&["show", "--offline", "--text", &home.id(mailbox, subject)])
    };
    home.run(&all).code(0);
    for (mailbox, subject) in [("INBOX", "m2"), ("INBOX", "m4"), ("Archive", "old1")] {
        let shown = text(mailbox, subject).code(0).text();
        assert!(shown.contains(subject), "{subject}: {shown}");
    }
    for _ in 0..3 {
        home.run(&all).code(0);
    }
    // By now the reason stands in its place, and nobody asks.
    server.forget();
    home.run(&all).code(0);
    assert!(server.said(&with_three).is_empty(), "{:?}", server.heard());
    let why = "SELECT body_error FROM message WHERE body_error IS NOT NULL";
    let why: String = write(&cache(&home))
        .query_row(why, [], |row| row.get(0))
        .unwrap();
    assert!(why.contains("the connection ends whenever"), "{why}");
}

#[test]
fn f30_of_a_server_that_gives_no_body_at_all_none_is_written_off() {
    const BODIES: &str = "(UID RFC822.SIZE BODY";
    let lost = |home: &Home| -> i64 {
        let sql = "SELECT count(*) FROM message WHERE body_error IS NOT NULL";
        let count = write(&cache(home)).query_row(sql, [], |row| row.get(0));
        count.unwrap()
    };
    let all = ["sync", "--once", "--bodies", "all"];
    let shown = |home: &Home, subject: &str| {
        let text = home.run(&["show", "--offline", "--text", &home.id("INBOX", subject)]);
        assert!(text.code(0).text().contains(subject), "{subject}");
    };
    // It never gave one, or one of before shows that it gives none.
    for before in [0, 1] {
        let server = Script::start(|mail| mail.fill("INBOX", "old", before));
        let home = Home::new(&server.account("work"));
        home.run(&all).code(0);
        server.mail(|m| m.fill("INBOX", "m", 8));
        server.always(BODIES, Act::Close);
        for _ in 0..4 {
            let ran = home.run(&all);
            let said = format!("{}{}", ran.text(), ran.err);
            assert!(said.contains("whatever message is asked for"), "{said}");
        }
        assert_eq!(lost(&home), 0);
        server.behave();
        home.run(&all).code(0);
        shown(&home, "m1");
        // Where it gives others it is these.
        server.mail(|m| m.fill("INBOX", "n", 3));
        let bad: Vec<String> = (9..=11)
            .map(|n| format!("FETCH {} {BODIES}", n + before))
            .chain([format!("FETCH {}:{} {BODIES}", 9 + before, 11 + before)])
            .collect();
        server.always(&bad.join("|"), Act::Close);
        for _ in 0..4 {
            home.run(&all);
        }
        assert_eq!(lost(&home), 3);
    }
}

const BODIES: &str = "(UID RFC822.SIZE BODY";
const ALL_BODIES: [&str; 4] = ["sync", "--once", "--bodies", "all"];

/// Asking for any of these bodies in a mailbox, alone or together.
fn asked_for(uids: &[&str]) -> String {
    let asked: Vec<String> = uids.iter().map(|u| format!("FETCH {u} {BODIES}")).collect();
    asked.join("|")
}

/// Messages for whose bodies a reason stands in their place.
fn given_up(home: &Home) -> i64 {
    let sql = "SELECT count(*) FROM message WHERE body_error IS NOT NULL";
    let count = write(&cache(home)).query_row(sql, [], |row| row.get(0));
    count.unwrap()
}

fn is_read(home: &Home, mailbox: &str, subject: &str) -> bool {
    let text = home.run(&["show", "--offline", "--text", &home.id(mailbox, subject)]);
    text.code == 0 && text.text().contains(subject)
}

#[test]
fn f30_a_mailbox_none_of_whose_bodies_comes_costs_no_other_one_its_own() {
    let server = Script::start(|mail| {
        mail.make("Alpha", "");
        mail.fill("INBOX", "in", 2);
        mail.fill("Alpha", "alpha", 1);
    });
    let home = Home::new(&server.account("work"));
    home.run(&ALL_BODIES).code(0);
    // What else it gives is looked for in other mailboxes; in the first one the newest is gone.
    server.always(&asked_for(&["2"]), say("{tag} OK done\n"));
    server.mail(|mail| {
        mail.make("Bad", "");
        mail.fill("Bad", "bad", 4);
        mail.renumber("Bad", 8, 101);
        mail.make("Zeta", "");
        mail.fill("Zeta", "zeta", 3);
    });
    let bad = asked_for(&["101:104", "101", "102", "103", "104"]);
    server.always(&bad, Act::Close);
    let ran = home.run(&ALL_BODIES);
    assert!(is_read(&home, "Zeta", "zeta1"), "{}{}", ran.text(), ran.err);
    assert_eq!(given_up(&home), 0);
    for _ in 0..2 {
        home.run(&ALL_BODIES).code(0);
    }
    assert_eq!(given_up(&home), 4);
    server.forget();
    home.run(&ALL_BODIES).code(0);
    assert!(server.said(&bad).is_empty(), "{:?}", server.heard());
}

#[test]
fn f30_where_no_body_ever_came_it_is_not_the_server_without_end() {
    let server = Script::start(|mail| {
        mail.fill("INBOX", "m", 5);
        mail.make("Zeta", "");
        mail.fill("Zeta", "zeta", 2);
    });
    let home = Home::new(&server.account("work"));
    // The newest three and the one that is asked for last.
    let bad = asked_for(&["1:5", "1,3:5", "5", "4", "3", "1"]);
    server.always(&bad, Act::Close);
    let turns = (1..=12).find(|_| {
        home.run(&ALL_BODIES);
        is_read(&home, "INBOX", "m2") && is_read(&home, "Zeta", "zeta1")
    });
    assert!(turns.is_some(), "{:?}", server.heard());
    assert_eq!(given_up(&home), 0);
    for _ in 0..3 {
        home.run(&ALL_BODIES);
    }
    assert_eq!(given_up(&home), 4);
}

#[test]
fn f30_one_or_two_bodies_are_given_up_only_where_others_come() {
    for few in [1, 2] {
        let server = Script::start(|mail| mail.fill("INBOX", "old", 1));
        let home = Home::new(&server.account("work"));
        home.run(&ALL_BODIES).code(0);
        server.mail(|m| m.fill("INBOX", "m", few));
        server.always(BODIES, Act::Close);
        for _ in 0..5 {
            home.run(&ALL_BODIES);
        }
        assert_eq!(given_up(&home), 0);
        server.behave();
        home.run(&ALL_BODIES).code(0);
        assert!(is_read(&home, "INBOX", "m1"));
        let (first, last) = (2 + few, 1 + 2 * few);
        server.mail(|m| m.fill("INBOX", "n", few));
        let (both, first, last) = (
            format!("{first}:{last}"),
            first.to_string(),
            last.to_string(),
        );
        server.always(&asked_for(&[&both, &first, &last]), Act::Close);
        for _ in 0..3 {
            home.run(&ALL_BODIES);
        }
        assert_eq!(given_up(&home), i64::try_from(few).unwrap());
    }
}

#[test]
fn a_mailbox_that_can_t_be_opened_is_told_by_verify_and_hides_no_other() {
    let server = five();
    let home = Home::new(&server.account("work"));
    home.sync();
    server.always(
        "EXAMINE \"Bad\"|EXAMINE Bad|SELECT Bad|SELECT \"Bad\"",
        say("{tag} NO [NOPERM] not for you\n"),
    );
    server.mail(|m| m.add("Zeta", "zeta3"));
    for (repair, code) in [(false, 1), (true, 1)] {
        let mut args = vec!["verify", "--json"];
        args.extend(repair.then_some("--repair"));
        let found = home.run(&args).code(code).json();
        let all = found["accounts"][0]["mailboxes"]
            .as_array()
            .unwrap()
            .clone();
        let of = |name: &str| all.iter().find(|m| m["mailbox"] == name).unwrap().clone();
        assert_eq!(all.len(), ALL.len() + 1, "{found}");
        let why = of("Bad")["refused"].to_string();
        assert!(why.contains("not for you"), "{found}");
        assert_eq!(
            (
                of("Zeta")["missing"].as_u64(),
                of("Zeta")["repaired"].as_bool()
            ),
            (Some(1), Some(repair))
        );
        assert_eq!(of("Archive")["missing"].as_u64(), Some(0));
        assert_eq!(found["clean"], false);
    }
    let shown = home.run(&["verify"]).code(1).text();
    assert!(shown.contains("not for you"), "{shown}");
}

#[test]
fn an_account_without_uidvalidity_is_read_and_changed() {
    for lost in ["* OK [UIDVALIDITY 7] x\n", "UIDVALIDITY 7"] {
        let server = Script::start(|mail| {
            mail.caps = CAPS.replace("LIST-STATUS ", "");
            mail.make("Work", "");
            mail.fill("INBOX", "in", 3);
        });
        let with = if lost.starts_with('*') {
            ""
        } else {
            "UIDVALIDITY 0"
        };
        server.always("EXAMINE|SELECT", swap(lost, with));
        server.always("STATUS", swap("UIDVALIDITY 7 ", ""));
        let home = Home::new(&server.account("work"));
        home.sync();
        assert_eq!(home.subjects("INBOX"), ["in1", "in2", "in3"]);
        home.run(&["flag", &home.id("INBOX", "in1"), "+flagged"])
            .code(0);
        home.run(&["move", &home.id("INBOX", "in2"), "Work"])
            .code(0);
        server.mail(|m| m.add("INBOX", "in4"));
        let (ran, report) = turn(&home);
        assert_eq!(ran.code, 0, "{report} {}", ran.err);
        home.sync();
        assert_eq!(home.subjects("INBOX"), ["in1", "in3", "in4"]);
        assert_eq!(home.subjects("Work"), ["in2"]);
        assert_eq!(server.mail(|m| m.flags("INBOX", "in1")), ["\\Flagged"]);
        assert_eq!(server.mail(|m| m.subjects("Work")), ["in2"]);
    }
}

#[test]
fn f30_a_body_that_came_once_and_broke_since_stops_nothing_for_ever() {
    let server = Script::start(|mail| mail.fill("INBOX", "old", 1));
    let home = Home::new(&server.account("work"));
    home.run(&ALL_BODIES).code(0);
    server.mail(|mail| {
        mail.fill("INBOX", "m", 3);
        mail.make("Zeta", "");
        mail.fill("Zeta", "zeta", 2);
        mail.renumber("Zeta", 9, 201);
    });
    let bad = asked_for(&["2:4", "1", "2", "3", "4"]);
    server.always(&bad, Act::Close);
    let turns = (1..=12).find(|_| {
        home.run(&ALL_BODIES);
        is_read(&home, "Zeta", "zeta1")
    });
    assert!(
        turns.is_some_and(|turns| turns > 1),
        "{turns:?} {:?}",
        server.heard()
    );
    for _ in 0..3 {
        home.run(&ALL_BODIES);
    }
    assert_eq!(given_up(&home), 3);
    assert!(is_read(&home, "INBOX", "old1"));
}

#[test]
fn f30_a_turn_in_which_a_body_came_is_none_in_which_none_came() {
    let barren = |home: &Home| {
        let sql = "SELECT value FROM meta WHERE key = 'ends/bodies/work'";
        crate::dump::rows(&write(&crate::dump::local(home)), sql)
    };
    // It gives one that it gave before.
    let server = Script::start(|mail| mail.fill("INBOX", "old", 1));
    let home = Home::new(&server.account("work"));
    home.run(&ALL_BODIES).code(0);
    server.mail(|m| m.fill("INBOX", "m", 3));
    server.always(BODIES, Act::Close);
    home.run(&ALL_BODIES);
    assert_ne!(barren(&home), [""; 0]);
    server.behave();
    server.always(&asked_for(&["2:4", "2", "3", "4"]), Act::Close);
    home.run(&ALL_BODIES);
    assert_eq!(barren(&home), [""; 0]);
    // One came before the connection ended.
    let server = Script::start(|mail| mail.fill("INBOX", "m", 6));
    let home = Home::new(&server.account("work"));
    server.always(BODIES, Act::Close);
    for _ in 0..3 {
        home.run(&ALL_BODIES);
    }
    let before = barren(&home);
    server.behave();
    server.once(&asked_for(&["1:6"]), Act::Cut(1_000));
    server.always(BODIES, Act::Close);
    home.run(&ALL_BODIES);
    let count = |all: &[String]| -> u32 { all.first().map_or(0, |n| n.parse().unwrap()) };
    let (before, after) = (count(&before), count(&barren(&home)));
    assert!(before >= 2 && after < before, "{before} {after}");
}
