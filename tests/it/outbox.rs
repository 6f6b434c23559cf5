//! The outbox decided about from a script, over restarts: whatever is decided, a message is
//! delivered once to each recipient and filed once.

use crate::dovecot::Dovecot;
use crate::dump::{cache, local, rows, write};
use crate::program::Home;
use crate::smtp::Sink;
use serde_json::Value;

pub struct Rig {
    pub sink: Sink,
    pub server: Dovecot,
    pub home: Home,
}

impl Rig {
    pub fn start() -> Option<Rig> {
        let sink = Sink::start();
        let server = Dovecot::start(Some(&sink))?;
        let account = server.account("work", "ada");
        let home = Home::new(&format!("{account}\n[ui]\nundo-send = 0\n"));
        home.sync();
        Some(Rig { sink, server, home })
    }

    /// Queues a message to these people; its row and its Message-ID.
    pub fn queue(&self, to: &str) -> (String, String) {
        let told = self.home.json(&["send", "--to", to, "--subject", "Tea"]);
        let word = |name: &str| told[name].as_str().unwrap().to_owned();
        (word("id"), word("message_id"))
    }

    pub fn sync(&self) {
        self.home.sync();
    }

    /// Lets the next try be due.
    pub fn due(&self) {
        self.sql("UPDATE outbox SET next_try = 0");
    }

    pub fn sql(&self, sql: &str) {
        write(&local(&self.home)).execute_batch(sql).unwrap();
    }

    pub fn decide(&self, words: &[&str]) -> Value {
        self.home.json(&[&["outbox"], words].concat())
    }

    pub fn row(&self) -> Value {
        let told = self.home.json(&["outbox", "--all"]);
        told["outbox"][0].clone()
    }

    pub fn state(&self) -> String {
        self.row()["state"].as_str().unwrap().to_owned()
    }

    /// Who got the message, each time that it came.
    pub fn reached(&self, id: &str) -> Vec<String> {
        let id = id.to_owned();
        let came = self.sink.deliveries();
        let mine = came.into_iter().filter(|d| d.raw.contains(&id));
        let mut to: Vec<String> = mine.flat_map(|d| d.to).collect();
        to.sort();
        to
    }

    pub fn filed(&self) -> u32 {
        let mut look = self.server.look("ada");
        look.select("Sent").unwrap().exists
    }

    /// From now on no body is fetched unasked.
    pub fn without_bodies(&self) {
        let account = self.server.account("work", "ada");
        let config = format!("{account}bodies = \"none\"\n[ui]\nundo-send = 0\n");
        self.home.configure(&config);
    }

    /// Puts a message there, past the program.
    pub fn put(&self, mailbox: &str, raw: &str) {
        let mut look = self.server.look("ada");
        look.append(mailbox, raw.as_bytes()).finish().unwrap();
    }

    pub fn quiet(&self) {
        let (came, filed) = (self.sink.deliveries().len(), self.filed());
        self.due();
        self.sync();
        self.sync();
        assert_eq!((self.sink.deliveries().len(), self.filed()), (came, filed));
    }

    /// What a crash after the final dot leaves behind.
    pub fn cut_after_the_dot(&self) {
        self.sql("UPDATE outbox SET state = 'dot', attempts = 1, first_try = 1");
    }
}

#[test]
fn who_was_refused_is_given_up_and_the_rest_get_it_once() {
    let Some(rig) = Rig::start() else { return };
    let reply = "550 5.1.1 nobody of that name";
    rig.sink.refuse("nobody@example.test", reply);
    let (row, id) = rig.queue("bo@example.test, nobody@example.test, cy@example.test");
    rig.sync();
    assert_eq!(rig.state(), "refused");
    let said = rig.home.run(&["outbox"]).code(0).text();
    assert!(said.contains("refused for 1 of 3, nobody has it"), "{said}");
    assert!(
        said.contains("nobody@example.test: refused: no such user (550 5.1.1"),
        "{said}"
    );
    rig.sync();
    assert_eq!(rig.reached(&id), [""; 0]);
    rig.decide(&["give-up", &row]);
    rig.sync();
    assert_eq!(rig.state(), "sent");
    assert_eq!(rig.reached(&id), ["bo@example.test", "cy@example.test"]);
    assert_eq!(rig.filed(), 1);
    rig.home.run(&["outbox", "give-up", &row]).code(66);
    rig.quiet();
}

#[test]
fn who_was_put_off_gets_it_later_and_nobody_else_again() {
    let Some(rig) = Rig::start() else { return };
    rig.sink
        .refuse("bo@example.test", "451 4.7.1 come back later");
    let (row, id) = rig.queue("bo@example.test, cy@example.test");
    rig.sync();
    assert_eq!(rig.state(), "queued");
    assert_eq!(rig.reached(&id), ["cy@example.test"]);
    let said = rig.home.run(&["outbox"]).code(0).text();
    assert!(
        said.contains("sent to 1 of 2, the rest is put off: the sender is unknown"),
        "{said}"
    );
    rig.home.run(&["outbox", "edit", &row]).code(66);
    rig.sync();
    assert_eq!(rig.row()["attempts"], 1, "it is not due yet");
    rig.sink.take("bo@example.test");
    rig.due();
    rig.sync();
    assert_eq!(rig.state(), "sent");
    assert_eq!(rig.reached(&id), ["bo@example.test", "cy@example.test"]);
    let came = rig.sink.deliveries();
    let ours = |n: usize| came[n].raw.split_once("\r\nDate: ").unwrap().1.to_owned();
    assert_eq!(ours(0), ours(1), "the same bytes");
    assert_eq!(rig.filed(), 1);
    rig.quiet();
}

#[test]
fn after_five_days_the_user_is_asked() {
    let Some(rig) = Rig::start() else { return };
    rig.sink.refuse("bo@example.test", "450 4.2.0 busy");
    let (row, id) = rig.queue("bo@example.test, cy@example.test");
    rig.sync();
    rig.sql("UPDATE outbox SET first_try = first_try - 5 * 24 * 3600 + 600");
    rig.due();
    rig.sync();
    assert_eq!(rig.state(), "queued", "not yet five days");
    rig.sql("UPDATE outbox SET first_try = first_try - 700");
    rig.due();
    rig.sync();
    assert_eq!(rig.state(), "refused");
    let words = rig.row()["words"].as_str().unwrap().to_owned();
    assert!(
        words.starts_with("put off for five days, 1 of 2 have it"),
        "{words}"
    );
    rig.decide(&["give-up", &row]);
    rig.sync();
    assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
    assert_eq!(rig.reached(&id), ["cy@example.test"]);
    rig.quiet();
}

#[test]
fn what_is_held_or_for_later_waits_over_restarts() {
    let Some(rig) = Rig::start() else { return };
    let (row, id) = rig.queue("bo@example.test");
    rig.decide(&["hold", &row]);
    rig.sync();
    assert_eq!(rig.state(), "held");
    rig.home
        .run(&["outbox", "send-at", &row, "yesterday"])
        .code(64);
    let told = rig.decide(&["send-at", &row, "in", "2h"]);
    assert_eq!(told["message"]["scheduled"], true, "{told}");
    rig.sync();
    assert!(
        rig.row()["words"]
            .as_str()
            .unwrap()
            .starts_with("goes out ")
    );
    assert!(rig.reached(&id).is_empty());
    rig.due();
    rig.sync();
    assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
    assert_eq!(rig.reached(&id), ["bo@example.test"]);
    rig.quiet();
}

#[test]
fn what_a_script_sends_later_is_a_draft_that_nobody_sees_and_no_other() {
    let Some(rig) = Rig::start() else { return };
    let file = rig.home.path.join("kinds.txt");
    std::fs::write(&file, "green").unwrap();
    let to = ["--to", "bo@example.test", "--subject", "Tea", "--attach"];
    let to = [&["send"], &to[..], &[file.to_str().unwrap()]].concat();
    let later = ["--at", "in 2h", "--remind", "3 days"];
    let told = rig.home.json(&[&to[..], &later].concat());
    std::fs::remove_file(&file).unwrap();
    let drafts = |condition: &str| {
        let sql = format!("SELECT count(*) FROM draft WHERE {condition}");
        rows(&write(&local(&rig.home)), &sql)
    };
    assert_eq!(drafts("outbox IS NOT NULL AND open = 0"), ["1"]);
    rig.sync();
    assert!(rig.home.list("Drafts").is_empty());
    rig.decide(&["edit", told["id"].as_str().unwrap()]);
    assert_eq!(drafts("outbox IS NULL AND subject = 'Tea'"), ["1"]);
    let sql = "SELECT name || ': ' || CAST(bytes AS TEXT) FROM draft_attachment WHERE path IS NULL";
    let attached = rows(&write(&local(&rig.home)), sql);
    assert_eq!(attached, ["kinds.txt: green"]);
    rig.sync();
    assert!(rig.reached(told["message_id"].as_str().unwrap()).is_empty());
}

#[test]
fn what_a_script_could_not_queue_is_a_draft_that_stands_open() {
    let Some(rig) = Rig::start() else { return };
    rig.sql("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END");
    let to = ["send", "--to", "bo@example.test", "--subject", "Tea"];
    let asked = rig.home.run(&[&to[..], &["--at", "in 2h"]].concat());
    asked.code(74);
    let sql = "SELECT count(*) FROM draft WHERE open > 0 AND outbox IS NULL AND subject = 'Tea'";
    assert_eq!(rows(&write(&local(&rig.home)), sql), ["1"]);
}

#[test]
fn what_is_taken_back_or_dropped_is_not_sent() {
    let Some(rig) = Rig::start() else { return };
    let (row, id) = rig.queue("bo@example.test");
    let told = rig.decide(&["edit", &row]);
    assert!(told["draft"].as_str().unwrap().starts_with('d'), "{told}");
    let (dropped, other) = rig.queue("cy@example.test");
    rig.decide(&["cancel", &dropped]);
    rig.home.run(&["outbox", "cancel", &dropped]).code(66);
    rig.home.run(&["outbox", "cancel", "x"]).code(64);
    rig.sync();
    assert!(rig.reached(&id).is_empty() && rig.reached(&other).is_empty());
    assert_eq!(rig.filed(), 0);
    let drafts = "SELECT subject FROM draft WHERE outbox IS NULL";
    assert_eq!(rows(&write(&local(&rig.home)), drafts), ["Tea"]);
}

#[test]
fn a_message_in_doubt_that_is_in_sent_was_sent() {
    let Some(rig) = Rig::start() else { return };
    let (_, id) = rig.queue("bo@example.test");
    rig.cut_after_the_dot();
    let copy =
        format!("From: ada@example.test\r\nMessage-ID: {id}\r\n\r\nAs the server files it.\r\n");
    rig.put("Sent", &copy);
    rig.sync();
    assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
    assert!(rig.reached(&id).is_empty(), "never sent again");
    rig.quiet();
}

#[test]
fn a_message_in_doubt_that_is_nowhere_is_left_to_the_user() {
    let Some(rig) = Rig::start() else { return };
    let (row, id) = rig.queue("bo@example.test");
    rig.cut_after_the_dot();
    for looked in 1..=5 {
        rig.sync();
        assert_eq!(rig.state(), "in-doubt");
        let sql = "SELECT looked FROM outbox";
        assert_eq!(rows(&write(&local(&rig.home)), sql), [looked.to_string()]);
    }
    let words = rig.row()["words"].as_str().unwrap().to_owned();
    assert!(
        words.ends_with("looked for 5 times, nothing in Sent proves that it was sent"),
        "{words}"
    );
    rig.home.run(&["outbox", "retry", &row]).code(66);
    assert!(rig.reached(&id).is_empty());
    rig.decide(&["assume-sent", &row]);
    rig.sync();
    assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
    assert!(rig.reached(&id).is_empty());
    rig.quiet();

    let (row, id) = rig.queue("cy@example.test");
    rig.sql("UPDATE outbox SET state = 'dot' WHERE state = 'queued'");
    rig.sync();
    rig.decide(&["again", &row]);
    rig.sync();
    assert_eq!(rig.reached(&id), ["cy@example.test"]);
    assert_eq!(rig.filed(), 2);
    rig.quiet();
}

#[test]
fn f52_a_copy_that_can_not_be_filed_is_filed_later_and_nothing_is_sent_again() {
    let Some(rig) = Rig::start() else { return };
    let (_, id) = rig.queue("bo@example.test");
    rig.sql("UPDATE outbox SET state = 'accepted', sent_at = 1, error = 'its copy could not be filed: full', next_try = 0");
    rig.sql("UPDATE recipient SET state = 'accepted'");
    let words = rig.row()["words"].as_str().unwrap().to_owned();
    assert!(
        words.starts_with("sent, but its copy could not be filed: full"),
        "{words}"
    );
    rig.sync();
    assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
    assert!(rig.reached(&id).is_empty());
}

#[test]
fn a_copy_of_what_somebody_had_before_settles_no_doubt_of_the_others() {
    let Some(rig) = Rig::start() else { return };
    let (row, id) = rig.queue("bo@example.test, cy@example.test");
    // The provider filed what went to the first; then the rest was cut after the dot.
    rig.cut_after_the_dot();
    rig.sql("UPDATE recipient SET state = 'accepted' WHERE address = 'bo@example.test'");
    let copy =
        format!("From: ada@example.test\r\nMessage-ID: {id}\r\n\r\nAs the server files it.\r\n");
    rig.put("Sent", &copy);
    for _ in 0..5 {
        rig.sync();
        assert_eq!(rig.state(), "in-doubt");
        let words = rig.row()["words"].as_str().unwrap().to_owned();
        assert!(
            words.ends_with("1 of 2 had it before, so Sent can't tell"),
            "{words}"
        );
    }
    rig.decide(&["again", &row]);
    rig.sync();
    assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
    assert_eq!(rig.reached(&id), ["cy@example.test"]);
    rig.quiet();
}

#[test]
fn a_doubt_that_is_settled_during_a_look_keeps_nobody_from_the_rest() {
    let Some(rig) = Rig::start() else { return };
    for who in ["bo@example.test", "cy@example.test", "di@example.test"] {
        rig.queue(who);
    }
    // All are looked for where somebody asks, and none once more in the same run.
    rig.sql(
        "UPDATE recipient SET state = 'unknown';
         UPDATE outbox SET state = 'in-doubt', attempts = 1,
             next_try = CAST(strftime('%s', 'now') AS INTEGER) + 3000;
         CREATE TRIGGER settled AFTER UPDATE OF looked ON outbox
             BEGIN DELETE FROM outbox WHERE id = OLD.id + 1 AND looked = 0 AND OLD.id = 1; END",
    );
    rig.sync();
    let sql = "SELECT id || ' ' || looked FROM outbox ORDER BY id";
    assert_eq!(rows(&write(&local(&rig.home)), sql), ["1 1", "3 1"]);
}

#[test]
fn what_was_only_passed_on_is_not_taken_for_the_one_that_it_is_a_copy_of() {
    let Some(rig) = Rig::start() else { return };
    let (_, id) = rig.queue("bo@example.test");
    rig.cut_after_the_dot();
    // A redirected message keeps its Message-ID and has no copy to file.
    rig.sql("UPDATE outbox SET copy = 0");
    let copy = format!("From: ada@example.test\r\nMessage-ID: {id}\r\n\r\nThe one passed on.\r\n");
    rig.put("Sent", &copy);
    rig.sync();
    assert_eq!(rig.state(), "in-doubt");
}

#[test]
fn a_message_in_doubt_is_found_among_all_mail_unless_it_only_has_the_same_name() {
    let Some(rig) = Rig::start() else { return };
    rig.server.look("ada").create("Everything").unwrap();
    rig.sync();
    let (_, id) = rig.queue("bo@example.test");
    let wire = rows(
        &write(&local(&rig.home)),
        "SELECT CAST(bytes AS TEXT) FROM outbox_piece",
    );
    let forged = wire[0].replace(
        "Date: ",
        "Date: Mon, 01 Jan 2001 00:00:00 +0000\r\nX-Date: ",
    );
    rig.cut_after_the_dot();
    // As a server that has every message in one mailbox: what is sent is looked for before it is listed.
    let all = || {
        let sql = "UPDATE mailbox SET role = 'all' WHERE path = 'Everything'";
        write(&cache(&rig.home)).execute_batch(sql).unwrap();
    };
    rig.put("Everything", &forged);
    all();
    rig.sync();
    assert_eq!(rig.state(), "in-doubt", "anybody can have written that one");
    rig.put("Everything", &wire[0]);
    all();
    rig.sync();
    assert_eq!(rig.state(), "sent");
    assert!(rig.reached(&id).is_empty(), "never sent again");
    rig.quiet();
}

#[test]
fn what_is_for_later_goes_out_by_itself_while_somebody_watches() {
    let Some(rig) = Rig::start() else { return };
    let (row, id) = rig.queue("bo@example.test");
    rig.decide(&["send-at", &row, "in", "2h"]);
    rig.sql("UPDATE outbox SET next_try = CAST(strftime('%s', 'now') AS INTEGER) + 2");
    let watch = rig.home.watch();
    rig.sink.wait_for(1);
    drop(watch);
    assert_eq!(rig.reached(&id), ["bo@example.test"]);
    rig.sync();
    assert_eq!(rig.reached(&id).len(), 1);
}
