//! Servers that send without end, announce what can't be, or number things as nobody may: memory
//! stays bounded, the connection is dropped with a reason or the nonsense passed over, and the
//! other account of the same configuration is brought up to date all the same.

use crate::program::Home;
use crate::pty::PATIENCE;
use crate::script::{Act, HELLO, OPEN, Script, before, deed, letter, say, swap};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whatever a server does, the program never holds so much more than it needs for itself, in octets.
const BOUND: u64 = 32 << 20;

/// What it needs for itself, in octets: two accounts whose servers do nothing wrong. Most of it is the
/// program, which is far larger here than as it is shipped.
fn own() -> u64 {
    let home = Home::new("");
    let servers = [Script::with(&["fine"]), Script::with(&["fine"])];
    home.configure(&(servers[0].account("work") + &servers[1].account("home")));
    home.measured(&["sync", "--once", "--json"]).1
}

/// One turn of an account on `server` beside a healthy one, within bounds; the first's report, with
/// what was said on standard error as `err`.
#[track_caller]
fn within_bounds(server: &Script, home: &Home, args: &[&str]) -> Value {
    let healthy = Script::with(&["fine"]);
    home.configure(&(server.account("work") + &healthy.account("home")));
    let args: Vec<&str> = ["sync", "--once", "--json"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    let (ran, peak) = home.measured(&args);
    let report = ran.json();
    assert_eq!(report["accounts"][1]["headers"], 1, "{report}");
    let own = own();
    assert!(
        peak < own + BOUND,
        "{} MiB beside {}: {report}",
        peak >> 20,
        own >> 20
    );
    let mut first = report["accounts"][0].clone();
    first["err"] = ran.err.into();
    home.configure(&server.account("work"));
    first
}

/// The rows of the inbox. Its name alone would be ambiguous: the healthy account's is cached, too.
#[track_caller]
fn inbox(home: &Home) -> Vec<Value> {
    let told = home.json(&["list", "--account", "work"]);
    told["messages"].as_array().unwrap().clone()
}

/// The same for a server that the client must leave by itself; the reason that it gives.
#[track_caller]
fn left(
    set: impl Fn(&Script, Act),
    flood: impl Fn(&mut crate::script::Wire) + Send + 'static,
) -> String {
    let server = Script::with(&["one", "two", "three"]);
    let home = Home::new("");
    let seen = Arc::new(AtomicBool::new(false));
    let ours = Arc::clone(&seen);
    set(
        &server,
        deed(move |wire, _| {
            flood(wire);
            ours.fetch_or(wire.is_left_within(PATIENCE), Ordering::SeqCst);
            wire.close();
        }),
    );
    let report = within_bounds(&server, &home, &[]);
    let why = format!(
        "{} {}",
        report["error"].as_str().unwrap_or(""),
        report["err"]
    );
    assert!(seen.load(Ordering::SeqCst), "the client stayed: {why}");
    // Once the server is well again, all is.
    server.behave();
    home.sync();
    assert_eq!(inbox(&home).len(), 3);
    why
}

#[test]
fn s43_literals_of_absurd_length_end_the_connection() {
    for length in ["4294967295", "-1", "99999999999999999999", "1073741824"] {
        let line = format!("* 1 FETCH (UID 1 BODY[HEADER] {{{length}}}\n");
        let why = left(
            |s, act| s.always("FETCH", act),
            move |wire| {
                wire.say(&line);
            },
        );
        assert!(why.contains("octets") || why.contains("literal"), "{why}");
    }
}

#[test]
fn s43_a_line_without_an_end_ends_the_connection() {
    for (moment, start) in [
        (HELLO, "* OK "),
        ("LIST", "* LIST () \"/\" \""),
        ("FETCH", "* 1 FETCH (UID 1 FLAGS ("),
    ] {
        let why = left(
            move |s, act| s.always(moment, act),
            move |wire| {
                wire.say(start);
                wire.flood(b"x", 256 << 20);
            },
        );
        assert!(why.contains("longer than"), "{moment}: {why}");
    }
}

#[test]
fn s43_endless_responses_end_the_connection() {
    for (moment, line) in [
        ("LIST", "* OK still here\r\n"),
        ("SEARCH", "* 5 EXISTS\r\n"),
        ("FETCH", "* 1 FETCH (UID 77 FLAGS ())\r\n"),
    ] {
        left(
            move |s, act| s.always(moment, act),
            move |wire| {
                wire.flood(line.as_bytes(), 20_000_000);
            },
        );
    }
}

#[test]
fn s43_lists_of_hits_are_bounded() {
    let server = Script::start(|mail| {
        mail.caps = "IMAP4rev1".to_owned();
        mail.fill("INBOX", "m", 3);
    });
    let home = Home::new("");
    server.always(
        "SEARCH",
        deed(|wire, tag| {
            let line = [
                b"* SEARCH".to_vec(),
                b" 7".repeat(400_000),
                b"\r\n".to_vec(),
            ]
            .concat();
            wire.flood(&line, 200);
            wire.say(&format!("{tag} OK done\n"));
        }),
    );
    within_bounds(&server, &home, &[]);
}

#[test]
fn s43_a_set_of_all_numbers_is_not_counted_out() {
    for all in ["1:4294967295", "4294967295:1", "1:3,5:4294967294"] {
        let server = Script::with(&["one", "two", "three"]);
        let home = Home::new("");
        server.rule(
            "SEARCH",
            0,
            2,
            say(&format!(
                "* ESEARCH (TAG \"{{tag}}\") UID ALL {all}\n{{tag}} OK done\n"
            )),
        );
        within_bounds(&server, &home, &[]);
        assert!(
            server.said("FETCH").len() < 200,
            "{} commands",
            server.said("FETCH").len()
        );
        server.behave();
        home.sync();
        assert_eq!(inbox(&home).len(), 3);
    }
}

#[test]
fn s43_counts_that_cannot_be_are_not_believed() {
    for (from, to) in [
        ("* 3 EXISTS", "* 4000000000 EXISTS"),
        ("* 3 EXISTS", "* 4294967296 EXISTS"),
        ("* 3 EXISTS", "* -1 EXISTS"),
        ("[UIDNEXT 4]", "[UIDNEXT 4294967295]"),
        (
            "[HIGHESTMODSEQ ",
            "[HIGHESTMODSEQ 9223372036854775808] x\n* OK [X ",
        ),
        (
            "[HIGHESTMODSEQ ",
            "[HIGHESTMODSEQ 9223372036854775807] x\n* OK [X ",
        ),
    ] {
        let server = Script::with(&["one", "two", "three"]);
        let home = Home::new("");
        server.always(OPEN, swap(from, to));
        within_bounds(&server, &home, &[]);
        server.behave();
        home.sync();
        home.sync();
        assert_eq!(inbox(&home).len(), 3, "{to}");
        server.mail(|m| m.flag("INBOX", 2, "\\Seen", true));
        home.sync();
        assert_eq!(
            inbox(&home)[1]["flags"],
            serde_json::json!(["\\Seen"]),
            "{to}"
        );
    }
}

#[test]
fn s43_uids_in_no_order_or_not_asked_for_are_sorted_out() {
    let row = |uid: &str, n: u32| {
        let subject = if n > 3 {
            "intruder".to_owned()
        } else {
            format!("m{n}")
        };
        let raw = String::from_utf8(letter(&subject)).unwrap();
        let head = raw.split_inclusive("\r\n\r\n").next().unwrap();
        format!(
            "* {n} FETCH (UID {uid} FLAGS () INTERNALDATE \" 2-Nov-2026 10:00:00 +0000\" RFC822.SIZE 99 BODY[HEADER] {{{}}}\r\n{head})\r\n",
            head.len()
        )
    };
    let server = Script::start(|mail| mail.fill("INBOX", "m", 3));
    let home = Home::new("");
    let rows = [
        row("3", 3),
        row("3", 3),
        row("0", 4),
        row("77", 5),
        row("2", 2),
        row("-5", 4),
        row("4294967296", 4),
        row("1", 1),
        row("2", 9),
    ]
    .concat();
    server.always("FETCH", Act::Before(rows));
    within_bounds(&server, &home, &[]);
    server.behave();
    home.sync();
    let mut subjects: Vec<Value> = inbox(&home).iter().map(|r| r["subject"].clone()).collect();
    subjects.sort_by_key(Value::to_string);
    assert_eq!(subjects, ["m1", "m2", "m3"]);
}

#[test]
fn s43_a_million_mailboxes_are_not_believed() {
    let server = Script::with(&["one"]);
    let home = Home::new("");
    server.always(
        "LIST",
        deed(|wire, tag| {
            let mut text = String::new();
            for n in 0..1_000_000 {
                text.push_str(&format!("* LIST () \"/\" \"box {n}\"\n"));
                if n % 10_000 == 0 && !wire.say(&std::mem::take(&mut text)) {
                    return;
                }
            }
            wire.say(&format!("{text}{tag} OK done\n"));
        }),
    );
    let report = within_bounds(&server, &home, &[]);
    assert!(
        report["error"].as_str().unwrap().contains("mailboxes"),
        "{report}"
    );
}

/// Sends a line of 900 KB in the answer to a command, again and again, each time about another
/// message or mailbox, lest one take the other's place.
#[track_caller]
fn hoard(line: String) {
    let server = Script::with(&["one"]);
    let home = Home::new("");
    server.once(
        "SEARCH|LIST",
        deed(move |wire, tag| {
            let named = |n: usize| {
                let line = line.replacen("UID 1 ", &format!("UID {n} "), 1);
                line.replacen("\"kk", &format!("\"{n}"), 1)
            };
            let _ = (1..=45).all(|n| wire.raw(named(n).as_bytes()));
            wire.say(&format!("{tag} OK done\n"));
        }),
    );
    within_bounds(&server, &home, &[]);
}

#[test]
fn s43_long_names_are_not_hoarded() {
    let long = "k".repeat(900_000);
    hoard(format!("* 1 FETCH (UID 1 FLAGS (${long}))\r\n"));
    hoard(format!("* STATUS \"{long}\" (MESSAGES 1)\r\n"));
    hoard(format!("* LIST () \"/\" \"{long}\"\r\n"));
}

#[test]
fn s43_long_words_are_not_hoarded() {
    let long = "k".repeat(900_000);
    hoard(format!("* OK [ALERT] {long}\r\n"));
    hoard(format!("* NO [X-{long}] x\r\n"));
    hoard(format!("* CAPABILITY {long} {long}\r\n"));
}

#[test]
fn s43_what_vanished_is_not_hoarded() {
    hoard(format!("* VANISHED {}1\r\n", "1:3,5,".repeat(20_000)));
    let name = "k".repeat(900_000);
    hoard(format!("* ID (\"name\" \"{name}\")\r\n"));
}

#[test]
fn f66_a_size_that_is_wrong_changes_no_octet() {
    for claimed in [0, 1, 10_000_000, u64::from(u32::MAX), 5_000_000_000] {
        let server = Script::start(|mail| {
            mail.put(
                b"INBOX",
                [letter("odd"), b"tail\n".repeat(1000)].concat(),
                vec![],
            );
            mail.add("INBOX", "even");
            mail.folder("INBOX").messages[0].claimed = Some(claimed);
        });
        let home = Home::new("");
        within_bounds(&server, &home, &["--bodies", "all"]);
        let rows = inbox(&home);
        let odd = rows.iter().find(|r| r["subject"] == "odd").unwrap();
        let id = odd["id"].as_str().unwrap().to_owned();
        let raw = home.run(&["show", "--raw", &id]).code(0).out;
        assert_eq!(
            raw,
            server.mail(|m| m.folder("INBOX").messages[0].raw.clone()),
            "{claimed}"
        );
    }
}

#[test]
fn f67_items_that_are_malformed_cost_nothing_else() {
    let server = Script::start(|mail| mail.fill("INBOX", "m", 3));
    let home = Home::new("");
    server.always("FETCH", before(
        "* 1 FETCH (UID 1 ENVELOPE (NIL NIL (()) () ((NIL NIL)) BODYSTRUCTURE ((() \"mixed\") X-Y {3}\nabc) Z)\n\
         * 2 FETCH (UID 2 MODSEQ (-1) FLAGS (\\Seen (nested) \"quoted\") RFC822.SIZE -4)\n\
         * 3 FETCH (UID 3 BODYSTRUCTURE (\"text\" \"plain\" (\"a\" \"b\") NIL NIL \"7bit\" 3 4 NIL NIL NIL) INTERNALDATE \"never\")\n\
         * 3 FETCH (UID 3 \"unclosed)\n",
    ));
    server.always(OPEN, before("* OK [PERMANENTFLAGS (\\* (x] x\n* OK [UIDNEXT] x\n* FLAGS NIL\n* OK [HIGHESTMODSEQ] x\n"));
    within_bounds(&server, &home, &[]);
    assert_eq!(inbox(&home).len(), 3);
}
