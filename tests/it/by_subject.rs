//! Conversations by subject, in the real program: off unless wanted, for what was there before and for
//! what comes, and taken back.

use crate::demo::home_at;
use crate::program::Home;
use postrider::demo::{Demo, Hand, Options};
use std::fs;

fn put(hand: &Hand, id: &str, subject: &str) {
    let raw = format!(
        "From: ann@example.org\r\nTo: ada@example.com\r\nSubject: {subject}\r\nDate: Mon, 5 Jan 2026 10:0{id}:00 +0000\r\nMessage-ID: <{id}@example.org>\r\n\r\nx\r\n"
    );
    hand.deliver("INBOX", raw.as_bytes()).unwrap();
}

/// How many messages each conversation of the inbox has, after a sync.
fn talks(home: &Home) -> Vec<u64> {
    home.sync();
    let list = home.json(&["list", "--threads", "-m", "INBOX"]);
    let rows = list["messages"].as_array().unwrap();
    let mut counts: Vec<u64> = rows.iter().map(|r| r["count"].as_u64().unwrap()).collect();
    counts.sort_unstable();
    counts
}

#[test]
fn an_answer_without_references_joins_its_subject_where_that_is_wanted() {
    let demo = Demo::start(Options::empty()).unwrap();
    let hand = demo.hand("ada").unwrap();
    let home = home_at(&demo, demo.accounts()[0].imap.port, "");
    let plain = fs::read_to_string(home.path.join("config.toml")).unwrap();
    put(&hand, "1", "Lunch on Friday");
    put(&hand, "2", "Re: Lunch on Friday");
    assert_eq!(talks(&home), [1, 1]);
    home.configure(&format!("{plain}\n[ui]\nthreads-by-subject = true\n"));
    assert_eq!(talks(&home), [2]);
    put(&hand, "3", "AW: Lunch on Friday");
    put(&hand, "4", "Lunch on Friday");
    assert_eq!(talks(&home), [1, 3]);
    home.configure(&plain);
    assert_eq!(talks(&home), [1, 1, 1, 1]);
}
