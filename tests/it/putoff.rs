//! What is muted and what is put off, with two machines that agree by nothing but the server.

use crate::client::Client;
use crate::dovecot::Dovecot;
use crate::elsewhere::faketime;
use crate::program::{Home, Ran};

fn letter(id: &str, to: &str, subject: &str, answers: &str) -> String {
    let references = match answers {
        "" => String::new(),
        id => format!("References: <{id}@x>\r\nIn-Reply-To: <{id}@x>\r\n"),
    };
    format!(
        "From: bo@example.test\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{id}@x>\r\n\
         {references}Date: Fri, 20 Nov 2026 08:00:00 +0000\r\n\r\nHello.\r\n"
    )
}

/// `sync --once` so much later than now.
fn later(home: &Home, library: &str, by: &str) -> Ran {
    let output = home
        .command(&["sync", "--once"])
        .env("LD_PRELOAD", library)
        .env("FAKETIME", by)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn flags(client: &mut Client, mailbox: &str, id: &str) -> Vec<String> {
    let held = client.held(mailbox);
    let uid = held.uid(&format!("{id}@x"));
    held.letters[&uid].flags.iter().cloned().collect()
}

#[test]
fn what_is_put_off_comes_back_once_whichever_machine_is_first() {
    let Some(library) = faketime() else { return };
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let config = server.account("work", "ada");
    let (here, there) = (Home::new(&config), Home::new(&config));
    let mut client = Client::tls(server.imaps, "ada");
    let mut put = |id: &str, subject: &str, answers: &str| {
        let raw = letter(id, "ada@example.test", subject, answers);
        client.append("INBOX", "\\Seen", &raw);
    };
    put("tea", "Tea", "");
    put("tea2", "Re: Tea", "tea");
    put("cake", "Cake", "");
    here.sync();
    there.sync();
    let id = here.id("INBOX", "Tea");
    here.json(&["snooze", &id, "in", "2h"]);
    assert_eq!(here.subjects("INBOX"), ["Cake"], "it is gone at once");
    here.json(&["undo"]);
    assert_eq!(here.subjects("INBOX").len(), 3, "it is back at once");
    here.json(&["snooze", &id, "in", "2h"]);
    here.sync();
    let found = here.json(&["search", "is:snoozed"]);
    assert_eq!(found["messages"].as_array().unwrap().len(), 2);
    assert_eq!(client.held("INBOX").ids(), ["cake@x"]);
    assert_eq!(client.held("Snoozed").ids(), ["tea2@x", "tea@x"]);
    let told = flags(&mut client, "Snoozed", "tea");
    assert!(told[0].starts_with("$Snoozed-20"), "{told:?}");

    there.sync();
    assert_eq!(there.subjects("Snoozed"), ["Re: Tea", "Tea"]);
    later(&there, &library, "+1h").code(0);
    assert_eq!(client.held("INBOX").ids(), ["cake@x"], "not yet");
    later(&there, &library, "+3h").code(0);
    assert_eq!(client.held("INBOX").ids(), ["cake@x", "tea2@x", "tea@x"]);
    assert!(client.held("Snoozed").letters.is_empty());
    let told = flags(&mut client, "INBOX", "tea");
    assert!(!told.contains(&"\\Seen".to_owned()), "{told:?}");

    // Somebody reads it and puts it away before the other machine wakes.
    let id = there.id("INBOX", "Tea");
    there.json(&["flag", &id, "+seen"]);
    there.json(&["archive", &id]);
    there.sync();
    later(&here, &library, "+4h").code(0);
    assert_eq!(client.held("INBOX").ids(), ["cake@x", "tea2@x"]);
    assert!(flags(&mut client, "Archive", "tea").contains(&"\\Seen".to_owned()));
}

#[test]
fn what_is_put_off_offline_stands_among_the_snoozed_at_once() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let config = server.account("work", "ada");
    let here = Home::new(&config);
    let mut client = Client::tls(server.imaps, "ada");
    for (id, subject) in [("tea", "Tea"), ("cake", "Cake"), ("jam", "Jam")] {
        client.append("INBOX", "", &letter(id, "ada@example.test", subject, ""));
    }
    here.sync();
    let ids = ["Tea", "Cake", "Jam"].map(|subject| here.id("INBOX", subject));
    let boxes = || {
        let told = here.json(&["mailboxes"]);
        let rows = told["mailboxes"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["name"] == "Snoozed").count()
    };
    // Nothing is asked of the server from here on: each command is a start of its own.
    here.json(&["snooze", &ids[0], "in", "2h"]);
    assert_eq!(
        (here.subjects("INBOX"), boxes()),
        (vec!["Cake".to_owned(), "Jam".to_owned()], 1)
    );
    assert_eq!(here.subjects("Snoozed"), ["Tea"]);
    here.json(&["undo"]);
    assert_eq!(
        (here.subjects("INBOX").len(), boxes()),
        (3, 0),
        "all as before"
    );
    for id in &ids[..2] {
        here.json(&["snooze", id, "in", "2h"]);
    }
    assert_eq!((here.subjects("Snoozed").len(), boxes()), (2, 1));
    let tea = here.id("Snoozed", "Tea");
    here.json(&["snooze", &tea, "now"]);
    assert_eq!(here.subjects("Snoozed"), ["Cake"]);
    assert_eq!(here.subjects("INBOX").len(), 2);
    here.sync();
    assert_eq!(client.held("INBOX").ids(), ["jam@x", "tea@x"]);
    assert_eq!(client.held("Snoozed").ids(), ["cake@x"]);
    assert!(flags(&mut client, "INBOX", "tea").is_empty());
    here.sync();
    assert_eq!(
        (here.subjects("Snoozed"), boxes()),
        (vec!["Cake".to_owned()], 1)
    );
    assert_eq!(here.subjects("INBOX").len(), 2);
}

#[test]
fn an_answer_wakes_and_a_time_can_be_changed_and_taken_back() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let config = server.account("work", "ada");
    let (here, there) = (Home::new(&config), Home::new(&config));
    let mut client = Client::tls(server.imaps, "ada");
    let first = letter("tea", "ada@example.test", "Tea", "");
    client.append("INBOX", "", &first);
    here.sync();
    let id = here.id("INBOX", "Tea");
    here.json(&["snooze", &id, "tomorrow", "8:00"]);
    here.json(&["snooze", &id, "in", "3d"]);
    here.sync();
    let told = flags(&mut client, "Snoozed", "tea");
    assert_eq!(told.len(), 1, "one time and no other: {told:?}");
    there.sync();
    let again = there.id("Snoozed", "Tea");
    there.json(&["snooze", &again, "now"]);
    there.sync();
    assert_eq!(client.held("INBOX").ids(), ["tea@x"]);
    assert!(flags(&mut client, "INBOX", "tea").is_empty());

    here.sync();
    here.json(&["snooze", &id, "in", "3d"]);
    here.sync();
    assert!(client.held("INBOX").letters.is_empty());
    let answer = letter("yes", "ada@example.test", "Re: Tea", "tea");
    client.append("INBOX", "", &answer);
    there.sync();
    assert_eq!(client.held("INBOX").ids(), ["tea@x", "yes@x"]);
    assert!(flags(&mut client, "INBOX", "tea").is_empty());
}

#[test]
fn new_mail_of_a_muted_conversation_leaves_the_inbox_unless_it_is_for_nobody_else() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let config = server.account("work", "ada");
    let (here, there) = (Home::new(&config), Home::new(&config));
    let mut client = Client::tls(server.imaps, "ada");
    let all = "ada@example.test, cy@example.test";
    client.append("INBOX", "", &letter("noise", all, "Noise", ""));
    here.sync();
    let id = here.id("INBOX", "Noise");
    here.json(&["mute", &id]);
    assert!(here.subjects("INBOX").is_empty());
    here.sync();
    assert_eq!(flags(&mut client, "Archive", "noise"), ["$Muted"]);

    client.append("INBOX", "", &letter("more", all, "Re: Noise", "noise"));
    let mine = letter("mine", "Ada@example.test", "Re: Noise", "noise");
    client.append("INBOX", "", &mine);
    // Both see it; it happens once. A first look does not know what came last and leaves it alone.
    there.sync();
    here.sync();
    there.sync();
    assert_eq!(client.held("Archive").ids(), ["more@x", "noise@x"]);
    assert_eq!(flags(&mut client, "Archive", "more"), ["$Muted"]);
    assert_eq!(client.held("INBOX").ids(), ["mine@x"]);
    assert_eq!(flags(&mut client, "INBOX", "mine"), ["$Muted"]);
    let found = there.json(&["search", "is:muted"]);
    assert_eq!(found["messages"].as_array().unwrap().len(), 3);

    there.json(&["mute", &there.id("Archive", "Noise")]);
    there.sync();
    assert!(flags(&mut client, "Archive", "noise").is_empty());
    assert!(flags(&mut client, "INBOX", "mine").is_empty());
    client.append("INBOX", "", &letter("last", all, "Re: Noise", "more"));
    here.sync();
    assert_eq!(client.held("INBOX").ids(), ["last@x", "mine@x"]);
}
