//! News of a mailbox that is kept open (`src/sync/glance.rs`): they are here without the mailbox
//! being opened anew, and whatever happens in between, both sides are the same in the end.

use crate::program::{Home, Watch, eventually};
use crate::script::{Act, CAPS, Script, before, edit};
use serde_json::json;
use std::collections::BTreeSet;

/// How a mailbox is opened by who wants to know its past.
const ANEW: &str = "(QRESYNC (";

/// A program that watches a server with three letters and has them, and keeps the inbox open.
fn watched() -> (Script, Home, Watch) {
    let server = Script::with(&["one", "two", "three"]);
    server.mail(|m| m.caps = format!("{CAPS} QRESYNC"));
    let home = Home::new(&server.account("work"));
    let mut watch = home.watch();
    watch.state("work", "online");
    server.wait_for("IDLE", 1);
    let mut n = 0;
    // What is said at the start is said twice, and opens the mailbox anew.
    eventually("news without the mailbox being opened anew", || {
        n += 1;
        server.forget();
        let subject = format!("early {n}");
        server.mail(|m| m.add("INBOX", &subject));
        eventually("the letter", || home.subjects("INBOX").contains(&subject));
        server.said(ANEW).is_empty()
    });
    (server, home, watch)
}

/// Every message with its flags, as the program has them.
fn ours(home: &Home) -> BTreeSet<(String, Vec<String>)> {
    let flags = |row: &serde_json::Value| {
        let flags = row["flags"].as_array().unwrap().iter();
        let mut flags: Vec<String> = flags.map(|f| f.as_str().unwrap().to_owned()).collect();
        flags.sort();
        flags
    };
    let rows = home.list("INBOX");
    let row = |row: &serde_json::Value| (row["subject"].as_str().unwrap().to_owned(), flags(row));
    rows.iter().map(row).collect()
}

fn theirs(server: &Script) -> BTreeSet<(String, Vec<String>)> {
    server.mail(|m| {
        let subjects = m.subjects("INBOX");
        let each = subjects.into_iter().map(|subject| {
            let mut flags = m.flags("INBOX", &subject);
            flags.sort();
            (subject, flags)
        });
        each.collect()
    })
}

#[track_caller]
fn agree(server: &Script, home: &Home) {
    eventually("agreement", || ours(home) == theirs(server));
}

#[test]
fn what_comes_and_goes_and_changes_is_heard_in_the_open_mailbox() {
    let (server, home, _watch) = watched();
    server.forget();
    server.mail(|m| m.add("INBOX", "new"));
    agree(&server, &home);
    let asked = server.said("UID FETCH").len();
    assert!(asked >= 1, "{:?}", server.heard());
    // One after the other, and all at once.
    server.mail(|m| m.flag("INBOX", 1, "\\Seen", true));
    agree(&server, &home);
    server.mail(|m| m.expunge("INBOX", &[1]));
    agree(&server, &home);
    server.mail(|m| {
        m.add("INBOX", "newer");
        m.expunge("INBOX", &[2]);
        m.flag("INBOX", 3, "\\Flagged", true);
        m.add("INBOX", "newest");
    });
    agree(&server, &home);
}

#[test]
fn what_goes_while_it_is_asked_for_is_not_kept() {
    let (server, home, _watch) = watched();
    // The server says it in the answer, and counts wrong afterwards: it is looked at anew.
    server.once("(UID FLAGS INTERNALDATE", before("* VANISHED 2\n"));
    server.mail(|m| m.add("INBOX", "new"));
    server.wait_for("INTERNALDATE", 1);
    server.mail(|m| m.expunge("INBOX", &[2]));
    agree(&server, &home);
}

#[test]
fn flags_that_another_client_changes_meanwhile_are_the_last_ones_told() {
    let (server, home, _watch) = watched();
    server.always(
        "(UID FLAGS INTERNALDATE",
        edit(|right| {
            // Behind the row of the new message.
            let tagged = right.windows(2).rposition(|w| w == b"\r\n");
            let head = right[..tagged.unwrap()].windows(2);
            let at = head.into_iter().rposition(|w| w == b"\r\n").unwrap() + 2;
            let news = b"* 1 FETCH (UID 1 FLAGS (\\Answered))\r\n";
            [&right[..at], news, &right[at..]].concat()
        }),
    );
    // A mailbox that is opened anew meanwhile asks for flags by itself, and is told the old ones.
    let mut n = 0;
    eventually("the flag that was told", || {
        n += 1;
        let subject = format!("new {n}");
        server.mail(|m| m.add("INBOX", &subject));
        eventually("the letter", || home.subjects("INBOX").contains(&subject));
        let rows = home.list("INBOX");
        let one = rows.iter().find(|row| row["subject"] == "one").unwrap();
        one["flags"] == json!(["\\Answered"])
    });
    server.behave();
    // It is so, and the server tells it once more.
    server.mail(|m| m.flag("INBOX", 1, "\\Answered", true));
    server.mail(|m| m.flag("INBOX", 2, "\\Seen", true));
    agree(&server, &home);
}

#[test]
fn a_connection_that_is_lost_in_the_middle_loses_nothing() {
    for cut in [0, 1, 30, 120, 250] {
        let (server, home, _watch) = watched();
        server.once("(UID FLAGS INTERNALDATE", Act::Cut(cut));
        server.mail(|m| {
            m.add("INBOX", "new");
            m.expunge("INBOX", &[2]);
            m.flag("INBOX", 1, "\\Seen", true);
        });
        agree(&server, &home);
    }
}

#[test]
fn a_refusal_in_the_open_mailbox_opens_it_anew() {
    for needle in ["NOOP", "(UID FLAGS INTERNALDATE"] {
        let (server, home, _watch) = watched();
        server.forget();
        server.once(needle, crate::script::say("{tag} NO not now\n"));
        server.mail(|m| m.add("INBOX", "new"));
        agree(&server, &home);
        assert!(!server.said(ANEW).is_empty());
    }
}

#[test]
fn a_mailbox_that_was_opened_for_a_change_of_ours_is_opened_anew() {
    let (server, home, _watch) = watched();
    for n in 0..3 {
        // The news of another's changes come into a SELECT that hears no past.
        server.mail(|m| m.flag("INBOX", 1, "\\Answered", n % 2 == 0));
        let id = home.id("INBOX", "three");
        let change = if n % 2 == 0 { "+flagged" } else { "-flagged" };
        home.run(&["flag", &id, change]).code(0);
        server.mail(|m| m.add("INBOX", &format!("new {n}")));
        agree(&server, &home);
    }
}
