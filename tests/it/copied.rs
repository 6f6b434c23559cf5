//! Accounts whose mailboxes show mail of others, copied to another account: each message once.

use crate::demo::home_of;
use crate::program::Home;
use crate::script::Script;
use postrider::demo::{Demo, Hand, Options};
use postrider::model::Flags;
use serde_json::Value;

/// The subjects in a mailbox of the demo's server, sorted.
fn lies(hand: &Hand, mailbox: &str) -> Vec<String> {
    let shot = hand.snapshot();
    let all = shot.get(mailbox).map(|m| m.letters.values());
    let subject = |l: &postrider::demo::Letter| {
        let text = String::from_utf8_lossy(&l.raw).into_owned();
        text.lines().next().unwrap().replace("Subject: ", "")
    };
    let mut all: Vec<String> = all.into_iter().flatten().map(subject).collect();
    all.sort();
    all
}

#[test]
fn what_a_gmail_account_archived_is_copied_to_the_archive_once() {
    let gmail = Demo::start(Options {
        gmail: true,
        ..Options::empty()
    })
    .unwrap();
    let server = Script::start(|mail| mail.make("Kept", "\\Archive"));
    let hand = gmail.hand("ada").unwrap();
    let all = "[Gmail]/All Mail";
    let put = |mailbox: &str, subject: &str| {
        // Most have nothing of their own to be known by.
        let raw = format!("Subject: {subject}\r\nFrom: bo@example.test\r\n\r\n{subject}\r\n");
        hand.put(mailbox, raw.as_bytes(), Flags::default(), 1_700_000_000)
            .unwrap()
    };
    hand.create("Work");
    hand.create("Apart");
    for (mailbox, subject) in [
        (all, "old"),
        ("INBOX", "new"),
        ("Work", "job"),
        ("Apart", "not this"),
        ("[Gmail]/Sent Mail", "mine"),
        ("[Gmail]/Trash", "gone"),
    ] {
        put(mailbox, subject);
    }
    // Two that look alike in every list, of which one is archived.
    for (mailbox, last) in [("INBOX", "a"), (all, "b")] {
        let raw = format!("Subject: same\r\nMessage-ID: <same@x>\r\n\r\n{last}\r\n");
        hand.deliver(mailbox, raw.as_bytes()).unwrap();
    }
    // One under two labels.
    let labels = ["Work".to_owned()];
    hand.at_once(|p| p.relabel("INBOX", 1, &labels, Some(true)));
    assert_eq!(lies(&hand, all).len(), 7, "{:?}", lies(&hand, all));
    let target = server.account("home");
    let home = home_of(&gmail, &format!("exclude = [\"Apart\"]\n{target}"));
    let args = ["copy", "--from", "work", "--to", "home"];
    let sum = |told: &Value, word: &str| -> u64 {
        let all = told["mailboxes"].as_array().unwrap();
        assert!(all.iter().all(|m| m["verified"] == true), "{told}");
        all.iter().map(|m| m[word].as_u64().unwrap()).sum()
    };
    for (added, known) in [(8, 0), (0, 8)] {
        let told = home.json(&args);
        assert_eq!(
            (sum(&told, "added"), sum(&told, "known")),
            (added, known),
            "{told}"
        );
        server.mail(|m| {
            assert_eq!(m.subjects("Kept"), ["old", "same"]);
            assert_eq!(m.subjects("INBOX"), ["new", "same"]);
            assert_eq!(m.subjects("Work"), ["job", "new"]);
            let texts: Vec<_> = m.folder("Kept").messages.iter().map(|m| &m.raw).collect();
            assert!(texts.iter().any(|t| t.ends_with(b"b\r\n")), "{told}");
        });
    }
}

#[test]
fn a_mailbox_that_only_shows_others_gives_nothing() {
    let server = Script::start(|mail| {
        mail.make("Old", "");
        mail.make("All", "\\All");
        mail.add("INBOX", "one");
        mail.add("Old", "two");
        mail.add("All", "one");
        mail.add("All", "two");
    });
    let target = Script::start(|_| {});
    let home = Home::new(&(server.account("work") + &target.account("home")));
    let told = home.json(&["copy", "--from", "work", "--to", "home"]);
    assert_eq!(told["mailboxes"].as_array().unwrap().len(), 2, "{told}");
    target.mail(|m| {
        assert_eq!(m.subjects("INBOX"), ["one"]);
        assert_eq!(m.subjects("Old"), ["two"]);
        assert!(m.find(b"Archive").is_none() && m.find(b"All").is_none());
    });
}
