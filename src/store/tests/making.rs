//! Mailboxes that a server has still to make.

use super::fixture::*;
use crate::model::*;
use crate::store::*;

const DONE: Outcome = Outcome::Done { copied: Vec::new() };

fn make(wire: &str) -> OpKind {
    OpKind::CreateMailbox { name: name(wire) }
}

fn to(wire: &str) -> OpKind {
    OpKind::Move { to: name(wire) }
}

/// The mailboxes that somebody sees, with what is in them.
fn seen_with(f: &Fixture) -> Vec<(String, u64)> {
    let rows = f.cache.read().mailboxes().unwrap();
    let rows = rows.into_iter().map(|row| (row.path, row.total));
    rows.skip_while(|(path, _)| path != "Sent")
        .skip(1)
        .collect()
}

fn list(more: &[&str]) -> Vec<MailboxInfo> {
    let mut all = vec![
        info("INBOX", Some(Role::Inbox)),
        info("Archive", Some(Role::Archive)),
        info("Trash", Some(Role::Trash)),
        info("Sent", Some(Role::Sent)),
    ];
    all.extend(more.iter().map(|wire| info(wire, None)));
    all
}

#[test]
fn what_is_moved_into_one_stands_there_before_the_server_made_it() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    let ops = [
        f.op(1, make("Sn&AOQ-p.1"), Vec::new()),
        f.op(2, to("Sn&AOQ-p.1"), vec![f.key(1)]),
        // Asked for before anybody saw that it is asked for.
        f.op(3, make("Sn&AOQ-p.1"), Vec::new()),
        f.op(4, to("Sn&AOQ-p.1"), vec![f.key(2)]),
    ];
    for op in &ops {
        f.cache.apply(op).unwrap();
        f.cache.apply(op).unwrap();
    }
    let there = vec![("Snäp.1".to_owned(), 2)];
    assert_eq!(seen_with(&f), there);
    assert!(f.subjects("INBOX").is_empty());
    let made = |f: &Fixture| {
        let all = f.cache.read().mailboxes_of(&account()).unwrap();
        all.into_iter().all(|mailbox| mailbox.made)
    };
    assert!(!made(&f));
    // Lists can't name it, however often, and a start finds it again.
    for now in [1, 2, 1_000, 5_000] {
        let changes = f.cache.set_mailboxes(&account(), &list(&[]), now, &[]);
        assert_eq!(changes.unwrap(), MailboxChanges::default());
    }
    f.cache.reapply(|| Ok(ops.to_vec())).unwrap();
    assert_eq!(seen_with(&f), there);
    f.check();
    // The server made it, moved the first there, and names it.
    for id in 1..=2 {
        f.cache.settle(OpId(id), &DONE).unwrap();
    }
    assert!(made(&f));
    let named = f
        .cache
        .set_mailboxes(&account(), &list(&["Sn&AOQ-p.1"]), 6_000, &[])
        .unwrap();
    assert_eq!(named, MailboxChanges::default());
    let again = NewMessage {
        uid: uid(7),
        ..message(1)
    };
    f.ingest("Sn&AOQ-p.1", &[again]);
    let shown = f.shown("Sn&AOQ-p.1");
    let uids: Vec<_> = shown.iter().map(|(_, uid, _)| *uid).collect();
    assert_eq!(uids, [None, Some(7)]);
    // What was asked for twice is there, whatever becomes of the second.
    f.cache.settle(OpId(3), &Outcome::Reverted).unwrap();
    f.cache.settle(OpId(4), &Outcome::Reverted).unwrap();
    assert_eq!(f.subjects("INBOX"), ["2"]);
    assert_eq!(f.subjects("Sn&AOQ-p.1"), ["1"]);
    f.check();
}

#[test]
fn what_is_taken_back_leaves_nothing() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let before = f.shown("INBOX");
    f.cache.apply(&f.op(1, make("Later"), Vec::new())).unwrap();
    f.cache
        .apply(&f.op(2, to("Later"), vec![f.key(1)]))
        .unwrap();
    f.cache.settle(OpId(1), &Outcome::Reverted).unwrap();
    assert!(seen_with(&f).is_empty());
    f.cache.settle(OpId(2), &Outcome::Reverted).unwrap();
    assert_eq!(f.shown("INBOX"), before);
    f.check();
}

#[test]
fn one_that_somebody_else_makes_first_is_that_one() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    f.cache.apply(&f.op(1, make("Later"), Vec::new())).unwrap();
    f.cache
        .apply(&f.op(2, to("Later"), vec![f.key(1)]))
        .unwrap();
    let id = f.mailbox("Later");
    let mut all = list(&["Later"]);
    f.cache.set_mailboxes(&account(), &all, 1, &[]).unwrap();
    assert_eq!(f.mailbox("Later"), id);
    f.cache.settle(OpId(1), &Outcome::Reverted).unwrap();
    assert_eq!(f.subjects("Later"), ["1"]);
    all.pop();
    let denied = [name("Later")];
    for now in [2, 3] {
        f.cache
            .set_mailboxes(&account(), &all, now, &denied)
            .unwrap();
    }
    assert!(seen_with(&f).is_empty());
    f.check();
}

#[test]
fn one_that_another_was_renamed_to_is_that_one() {
    let mut f = Fixture::new();
    let known = |wire: &str| MailboxInfo {
        mailbox_id: Some("m1".to_owned()),
        ..info(wire, None)
    };
    let with = |wire: &str| {
        let mut all = list(&[]);
        all.push(known(wire));
        all
    };
    f.cache
        .set_mailboxes(&account(), &with("Old"), 1, &[])
        .unwrap();
    f.ingest("INBOX", &[message(1)]);
    f.cache.apply(&f.op(1, make("Later"), Vec::new())).unwrap();
    f.cache
        .apply(&f.op(2, to("Later"), vec![f.key(1)]))
        .unwrap();
    f.cache
        .set_mailboxes(&account(), &with("Later"), 2, &[])
        .unwrap();
    assert_eq!(seen_with(&f), [("Later".to_owned(), 1)]);
    assert_eq!(f.subjects("Later"), ["1"]);
    f.check();
}

#[test]
fn what_was_moved_away_by_us_and_is_put_back_by_another_is_the_same_message() {
    let mut f = Fixture::new();
    let message_of = |f: &Fixture, wire: &str| -> Vec<MsgId> {
        let scope = crate::model::view::Scope::Mailbox(f.mailbox(wire));
        let rows = f.cache.read();
        let rows = rows.page(&scope, false, crate::model::view::Page::Newest, 9);
        rows.unwrap().into_iter().map(|row| row.message).collect()
    };
    f.ingest("INBOX", &[message(1), message(2)]);
    let before = message_of(&f, "INBOX");
    f.cache
        .apply(&f.op(1, to("Archive"), vec![f.key(1)]))
        .unwrap();
    f.cache.settle(OpId(1), &DONE).unwrap();
    f.ingest("Archive", &[message(1)]);
    assert_eq!(message_of(&f, "Archive"), before[1..]);
    // It comes into the inbox before it is known that it left the archive.
    let back = |n: u32| NewMessage {
        uid: uid(n + 10),
        ..message(n)
    };
    f.ingest("INBOX", &[back(1)]);
    f.vanish("Archive", &uids(&[1]));
    assert_eq!(message_of(&f, "INBOX"), before);
    // What only looks so, and was never moved, is another one.
    f.ingest("Archive", &[back(2)]);
    assert_ne!(message_of(&f, "Archive"), before[..1]);
    // Nor is what another sent to look so: it came when it came.
    let other = NewMessage {
        internal_date: 4,
        ..back(1)
    };
    f.cache
        .apply(&f.op(2, to("Trash"), vec![f.key(2)]))
        .unwrap();
    f.cache.settle(OpId(2), &DONE).unwrap();
    f.ingest("Trash", &[message(2)]);
    f.ingest(
        "INBOX",
        &[NewMessage {
            uid: uid(20),
            ..other
        }],
    );
    assert_eq!(message_of(&f, "INBOX").len(), 2);
    f.check();
}

#[test]
fn what_only_looks_like_a_message_that_was_here_is_not_given_its_text() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    let ids = |f: &Fixture, wire: &str| -> Vec<MsgId> {
        let scope = crate::model::view::Scope::Mailbox(f.mailbox(wire));
        let rows = f.cache.read();
        let rows = rows.page(&scope, false, crate::model::view::Page::Newest, 9);
        rows.unwrap().into_iter().map(|row| row.message).collect()
    };
    let bodies: Vec<NewBody> = ids(&f, "INBOX")
        .into_iter()
        .map(|message| NewBody {
            message,
            raw: b"Subject: a\r\n\r\nText.\r\n".to_vec(),
            text: "Text.".to_owned(),
            snippet: String::new(),
            attachments: Vec::new(),
        })
        .collect();
    f.cache.store_bodies(&bodies).unwrap();
    let inbox = f.mailbox("INBOX");
    let wanted = |f: &Fixture| {
        let all = f.reader().bodies_wanted(inbox, i64::MIN, u64::MAX, 9);
        all.unwrap().iter().map(|w| w.uid.get()).collect::<Vec<_>>()
    };
    f.vanish("INBOX", &uids(&[1, 2]));
    let came = |n: u32, at: i64| NewMessage {
        uid: uid(n + 10),
        internal_date: at,
        ..message(n)
    };
    f.ingest("INBOX", &[came(1, 1), came(2, 5)]);
    assert_eq!(wanted(&f), [12], "the first was here before");
    f.check();
}

#[test]
fn what_is_known_of_a_message_tells_when_it_came_beside_what_its_sender_wrote() {
    let mut f = Fixture::new();
    let late = NewMessage {
        internal_date: 90,
        ..message(2)
    };
    let untold = NewMessage {
        internal_date: 0,
        ..message(3)
    };
    f.ingest("INBOX", &[message(1), late, untold]);
    for (n, came) in [(1, Some(1)), (2, Some(90)), (3, None)] {
        let ByKey::Here(known) = f.reader().by_key(&account(), &f.key(n)).unwrap() else {
            panic!("{n} is not here")
        };
        assert_eq!((known.date, known.came), (i64::from(n), came));
    }
}
