//! A provider that files sent mail itself: it is given time, its copy is found by Message-ID, and only
//! where none ever comes one is appended, once.

use crate::dump::{local, write};
use crate::program::{Home, eventually};
use crate::script::{Act, Script, bye, say};
use postrider::model::{OutboxId, RecipientState, SubmissionState};
use postrider::store::{End, Local};
use std::time::SystemTime;

/// Hosts that file what they submit. Nothing is sent there: what is tested comes after that.
const HOSTS: [&str; 2] = ["smtp.gmail.com", "smtp.office365.com"];
const LETTER: &[u8] = b"From: work@example.test\r\nTo: bo@example.test\r\nSubject: Tea\r\nMessage-ID: <tea@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\n\r\nText.\r\n";

fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    since.as_secs().try_into().unwrap()
}

/// A home with a message that this host took a moment ago.
fn sent(host: &str) -> (Script, Home) {
    let server = Script::start(|mail| {
        mail.make("Sent", "\\Sent");
        mail.make("Drafts", "\\Drafts");
    });
    let table = server.account_with("work", 465);
    let smtp = "smtp = { host = \"127.0.0.1\", port = 465, security = \"none\" }";
    assert!(table.contains(smtp), "{table}");
    let there = format!("smtp = {{ host = \"{host}\", port = 465, security = \"tls\" }}");
    let home = Home::new(&format!(
        "{}[ui]\nundo-send = 0\n",
        table.replace(smtp, &there)
    ));
    home.sync();
    let queued = home.feed(&["send", "--json"], LETTER).code(0).json();
    let id = queued["id"].as_str().unwrap();
    let id = OutboxId(
        id.trim_start_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .unwrap(),
    );
    let mut own = Local::open(&local(&home)).unwrap();
    assert!(own.claim_submission(id, now()).unwrap());
    own.dot(id, &[]).unwrap();
    let fates = [("bo@example.test".to_owned(), RecipientState::Accepted, None)];
    let end = End {
        state: SubmissionState::Accepted,
        error: None,
        next_try: 0,
    };
    own.conclude(id, &fates, &end, now()).unwrap();
    server.forget();
    (server, home)
}

fn state(home: &Home) -> String {
    let told = home.json(&["outbox", "--all"]);
    told["outbox"][0]["state"].as_str().unwrap().to_owned()
}

fn in_sent(server: &Script) -> usize {
    server.mail(|mail| mail.folder("Sent").messages.len())
}

/// As if the message had been sent an hour ago.
fn an_hour_passes(home: &Home) {
    let sql = "UPDATE outbox SET sent_at = sent_at - 3600, next_try = 0";
    write(&local(home)).execute_batch(sql).unwrap();
}

#[test]
fn f51_what_the_provider_files_is_waited_for_and_not_filed_again() {
    for host in HOSTS {
        let (server, home) = sent(host);
        // Not there yet: it is looked for, and nothing is appended however often that is.
        for _ in 0..2 {
            home.sync();
            assert_eq!((state(&home).as_str(), in_sent(&server)), ("accepted", 0));
        }
        assert!(!server.said("HEADER MESSAGE-ID").is_empty());
        assert!(server.said("APPEND").is_empty(), "{:?}", server.heard());
        server.mail(|mail| mail.put(b"Sent", LETTER.to_vec(), vec!["\\Seen".to_owned()]));
        home.sync();
        an_hour_passes(&home);
        home.sync();
        assert_eq!((state(&home).as_str(), in_sent(&server)), ("sent", 1));
        assert!(server.said("APPEND").is_empty(), "{:?}", server.heard());
        assert_eq!(home.subjects("Sent"), ["Tea"]);
    }
}

#[test]
fn f51_what_the_provider_never_files_is_filed_once() {
    for host in HOSTS {
        let (server, home) = sent(host);
        home.sync();
        assert_eq!((state(&home).as_str(), in_sent(&server)), ("accepted", 0));
        an_hour_passes(&home);
        // It is taken and the answer gets lost: then it is found, and not appended again.
        server.once("APPEND", Act::Cut(0));
        home.run(&["sync", "--once"]);
        for _ in 0..3 {
            home.sync();
            assert_eq!((state(&home).as_str(), in_sent(&server)), ("sent", 1));
        }
        assert_eq!(server.said("APPEND").len(), 1, "{:?}", server.heard());
        assert_eq!(home.subjects("Sent"), ["Tea"]);
    }
}

#[test]
fn where_the_server_refuses_to_look_the_newest_messages_are_read() {
    let (server, home) = sent(HOSTS[0]);
    an_hour_passes(&home);
    // Yahoo says so to every search by header fields.
    let refusal = "{tag} NO [SERVERBUG] UID SEARCH Server error - Please try again later\n";
    server.always("HEADER MESSAGE-ID", say(refusal));
    // It is taken and the answer gets lost: then it is found, and not appended again.
    server.once("APPEND", Act::Cut(0));
    home.run(&["sync", "--once"]);
    for _ in 0..2 {
        home.sync();
        assert_eq!((state(&home).as_str(), in_sent(&server)), ("sent", 1));
    }
    assert_eq!(server.said("APPEND").len(), 1, "{:?}", server.heard());
}

#[test]
fn a_copy_at_which_connections_end_is_not_sent_without_end() {
    let (server, mut home) = sent(HOSTS[0]);
    an_hour_passes(&home);
    server.always("APPEND", bye("[TOOBIG] that is too much"));
    home.hurry = 1000;
    let watch = home.watch();
    server.wait_for("APPEND", 3);
    // It waits then, and mail comes all the same, turn after turn.
    for n in 1..=3 {
        server.mail(|mail| mail.add("INBOX", &format!("new {n}")));
        eventually("new mail", || home.subjects("INBOX").len() == n);
    }
    assert_eq!(
        server.said("APPEND").len(),
        3,
        "{:?}",
        server.said("APPEND")
    );
    drop(watch);
    assert_eq!(state(&home), "accepted");
    // Somebody asks for everything, and the server takes it.
    server.behave();
    home.sync();
    assert_eq!((state(&home).as_str(), in_sent(&server)), ("sent", 1));
}
