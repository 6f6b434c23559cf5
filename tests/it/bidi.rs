//! Mail whose letters run from right to left, in a terminal: it is drawn as it is read, what stands
//! beside it stays where it is, and a terminal that orders rows itself gets what it needs for that and
//! nothing else.

use crate::program::Home;
use crate::pty::Terminal;
use crate::script::Script;
use crate::smtp::Sink;
use crate::whitelist::{self, Doings};

/// Their subjects in the order in which they are read; the last wants to turn what stands around it.
const SUBJECTS: [&str; 4] = [
    "plain",
    "\u{5d0}\u{5d1}\u{5d2} \u{5d3}\u{5d4}",
    "Re: \u{645}\u{633}\u{639} 12:30",
    "\u{202e}\u{2067}\u{5d5}\u{5d6}\u{202c} 2019-01-01 \u{200f}",
];

/// What is written to a terminal of this kind while they are listed and one is read, and what is seen.
fn shown(ui: &str, var: Option<(&str, &str)>) -> (Doings, String, String) {
    let server = Script::start(|mail| {
        for (n, subject) in SUBJECTS.iter().enumerate() {
            let raw = format!(
                "From: \u{5e9}\u{5dc}\u{5d5}\u{5dd} <a{n}@x.example>\r\nTo: me@example.test\r\nSubject: {subject}\r\n\
                 Date: Mon, 2 Nov 2020 10:00:0{n} +0000\r\nMessage-ID: <bidi-{n}@x.example>\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n{subject} (end)\r\n"
            );
            mail.put(b"INBOX", raw.into_bytes(), Vec::new());
        }
    });
    let sink = Sink::start();
    let account = server.account_with("work", sink.port);
    let home = Home::new(&format!("{ui}{account}"));
    home.sync();
    let mut t = Terminal::kind(var, &[], &home.path, 100, 20);
    let list = t.wait_for("plain");
    t.send("gg\r");
    let read = t.wait_for("(end)");
    t.send("qq");
    t.wait_exit();
    match whitelist::check(&t.raw()) {
        Ok(done) => (done, list, read),
        Err(why) => panic!("{why}"),
    }
}

/// Where the date stands in the rows of the list.
fn dates(list: &str) -> Vec<usize> {
    let rows = list.lines().filter(|line| line.contains("2020"));
    let place = |line: &str| line.split("2020").next().unwrap().chars().count();
    rows.map(place).collect()
}

#[test]
fn s18_what_runs_from_right_to_left_is_read_and_moves_nothing() {
    let (done, list, _) = shown("", None);
    assert_eq!((done.ordered, done.marks), (vec![], 0));
    let at = dates(&list);
    assert!(at.len() >= 4 && at.iter().all(|x| *x == at[0]), "{list}");
    for drawn in [
        "\u{5d4}\u{5d3} \u{5d2}\u{5d1}\u{5d0}",
        "Re: 12:30 \u{639}\u{633}\u{645}",
    ] {
        assert!(list.contains(drawn), "{drawn} in {list}");
    }
    // One that can be told to leave the order to us is, and told again at the end.
    let (done, told, _) = shown("", Some(("VTE_VERSION", "7600")));
    assert_eq!((done.ordered, done.marks), (vec![true, false], 0));
    assert_eq!(dates(&told), at);
    // One that orders rows has marks beside each run, and words as they are read.
    let (done, rows, _) = shown("[ui]\nbidi = \"rows\"\n", None);
    assert!(done.ordered.is_empty() && done.marks > 0);
    assert!(rows.contains(SUBJECTS[1]), "{rows}");
}
