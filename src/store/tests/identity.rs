//! Servers that name messages for ever: one message, however many places it lies in.

use super::fixture::*;
use crate::model::view::{Page, Scope};
use crate::model::*;
use crate::store::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Message `n` under another UID, with a name that lasts.
fn named(n: u32, at: u32) -> NewMessage {
    NewMessage {
        uid: uid(at),
        identity: Some(format!("M{n}")),
        ..message(n)
    }
}

fn hinted(n: u32, hint: &str) -> NewMessage {
    NewMessage {
        thread_hint: Some(hint.to_owned()),
        ..named(n, n)
    }
}

fn rows(f: &Fixture, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let conn = &f.cache.read().conn;
    conn.query_row(&sql, [], |r| r.get(0)).unwrap()
}

#[test]
fn a_message_under_three_labels_is_one_message() {
    let mut f = Fixture::new();
    let first = f.ingest("INBOX", &[named(1, 1), named(2, 2)]).new;
    let again = f.ingest("Archive", &[named(1, 10), named(2, 11)]).new;
    let more = f.ingest("Sent", &[named(1, 20)]).new;
    let id = first[0].1;
    assert_eq!([again[0].1, more[0].1], [id, id]);
    assert_eq!(again[1].1, first[1].1);
    let read = f.cache.read();
    assert_eq!(read.message(id).unwrap().unwrap().places.len(), 3);
    let thread = read.thread_of(id).unwrap().unwrap();
    assert_eq!(read.thread(thread, None).unwrap().len(), 1, "shown once");
    let found = read
        .search(&Query::parse("subject:1").unwrap(), 0, 9)
        .unwrap();
    assert_eq!((found.count, found.rows.len()), (1, 1));
    for (wire, count) in [("INBOX", 2), ("Archive", 2), ("Sent", 1)] {
        assert_eq!(f.subjects(wire).len(), count, "{wire}");
        let scope = Scope::Mailbox(f.mailbox(wire));
        let list = read.page(&scope, true, Page::Newest, 9).unwrap();
        assert!(list.iter().all(|row| row.count == 1), "{wire}");
    }
    assert_eq!(read.total(&Scope::UnifiedInbox, true).unwrap(), 2);
    // One body is enough for all of them.
    f.body(id);
    let wanted = |wire| {
        let read = f.cache.read();
        read.bodies_wanted(f.mailbox(wire), 0, u64::MAX, 9)
            .unwrap()
            .len()
    };
    assert_eq!(
        [wanted("INBOX"), wanted("Archive"), wanted("Sent")],
        [1, 1, 0]
    );
    let later = f.ingest("Trash", &[named(1, 5)]).new;
    assert_eq!(later[0].1, id);
    let wanted = f.cache.read();
    let wanted = wanted.bodies_wanted(f.mailbox("Trash"), 0, u64::MAX, 9);
    assert!(wanted.unwrap().is_empty(), "it is here already");
    f.check();
}

#[test]
fn two_copies_in_one_mailbox_are_two_places_of_one_message() {
    let mut f = Fixture::new();
    let new = f.ingest("INBOX", &[named(1, 1), named(1, 2)]).new;
    assert_eq!(new[0].1, new[1].1);
    assert_ne!(new[0].2, new[1].2);
    assert_eq!(f.shown("INBOX").len(), 2);
    f.check();
    f.vanish("INBOX", &uids(&[1]));
    assert_eq!(f.shown("INBOX").len(), 1);
    f.check();
}

#[test]
fn a_name_is_believed_only_as_far_as_the_header_agrees() {
    let mut f = Fixture::new();
    let liar = |n| NewMessage {
        identity: Some("same".to_owned()),
        ..message(n)
    };
    let new = f.ingest("INBOX", &[liar(1), liar(2)]).new;
    assert_ne!(new[0].1, new[1].1);
    let odd = |n: u32, identity: &str| NewMessage {
        identity: Some(identity.to_owned()),
        uid: uid(n),
        ..message(3)
    };
    for unusable in ["", &"x".repeat(256)] {
        let new = f
            .ingest("Archive", &[odd(1, unusable), odd(2, unusable)])
            .new;
        assert_ne!(new[0].1, new[1].1, "{unusable}");
        f.vanish("Archive", &uids(&[1, 2]));
    }
    f.check();
}

#[test]
fn accounts_never_meet() {
    let mut f = Fixture::new();
    let other = AccountName("home".to_owned());
    let list = [info("INBOX", Some(Role::Inbox))];
    let home = f.cache.set_mailboxes(&other, &list, 0, &[]).unwrap().new[0].0;
    let here = f.ingest("INBOX", &[hinted(1, "T")]).new[0].1;
    let batch = [hinted(1, "T"), hinted(2, "T")];
    let there = f.cache.ingest(home, V, &batch, None).unwrap().new;
    assert_ne!(there[0].1, here);
    let reader = f.reader();
    let thread = |id| reader.thread_of(id).unwrap();
    assert_eq!(thread(there[0].1), thread(there[1].1));
    // The Message-ID joins the copies, as ever; the hint does not.
    let mut g = Fixture::new();
    let home = g.cache.set_mailboxes(&other, &list, 0, &[]).unwrap().new[0].0;
    let here = g.ingest("INBOX", &[hinted(1, "T")]).new[0].1;
    let there = g.cache.ingest(home, V, &[hinted(2, "T")], None).unwrap();
    let thread = |id| g.cache.read().thread_of(id).unwrap();
    assert_ne!(thread(here), thread(there.new[0].1));
    f.check();
}

#[test]
fn a_hint_joins_what_the_headers_do_not_and_is_forgotten_with_the_last() {
    let mut f = Fixture::new();
    let list = [hinted(1, "T"), hinted(2, "T"), hinted(3, "U")];
    f.ingest("INBOX", &list);
    let scope = Scope::Mailbox(f.mailbox("INBOX"));
    let rows_shown = f.cache.read().page(&scope, true, Page::Newest, 9).unwrap();
    let counts: Vec<u32> = rows_shown.iter().map(|row| row.count).collect();
    assert_eq!(counts, [1, 2]);
    f.check();
    f.vanish("INBOX", &uids(&[1]));
    let late = f.ingest("INBOX", &[hinted(4, "T")]).new;
    let thread = f.cache.read().thread_of(late[0].1).unwrap();
    assert_eq!(thread.unwrap(), rows_shown[1].thread, "still the same");
    f.vanish("INBOX", &UidSet::range(1, 9));
    assert_eq!((rows(&f, "identity"), rows(&f, "message")), (0, 0));
    let anew = f.ingest("INBOX", &[hinted(5, "T")]).new[0].1;
    let thread = f.cache.read().thread_of(anew).unwrap();
    assert_eq!(thread, Some(ThreadId(anew.0)), "nothing of it was left");
}

#[test]
fn a_message_moved_elsewhere_keeps_its_body() {
    let mut f = Fixture::new();
    let id = f.ingest("INBOX", &[named(1, 1)]).new[0].1;
    f.body(id);
    f.vanish("INBOX", &uids(&[1]));
    assert_eq!(f.cache.read().message(id).unwrap(), None);
    assert_eq!(f.ingest("Archive", &[named(1, 7)]).new[0].1, id);
    assert!(f.cache.read().message(id).unwrap().unwrap().has_body);
    f.check();
    // And the other way round: it appears before it is gone.
    f.ingest("Trash", &[named(1, 8)]);
    f.vanish("Archive", &uids(&[7]));
    assert!(f.cache.read().message(id).unwrap().unwrap().has_body);
    f.check();
    f.vanish("Trash", &uids(&[8]));
    f.cache.sweep_before(i64::MAX).unwrap();
    assert_eq!(rows(&f, "identity"), 0);
    f.check();
}

#[test]
fn a_move_that_the_pull_saw_first_is_shown_once() {
    for told in [false, true] {
        let mut f = Fixture::new();
        f.ingest("Archive", &[named(9, 9)]);
        let id = f.ingest("INBOX", &[named(1, 1)]).new[0].1;
        let to = OpKind::Move {
            to: name("Archive"),
        };
        let op = f.op(1, to, vec![f.key(1)]);
        f.cache.apply(&op).unwrap();
        assert_eq!(f.ingest("Archive", &[named(1, 10)]).new[0].1, id);
        f.vanish("INBOX", &uids(&[1]));
        let copied = match told {
            true => vec![(uid(1), V, uid(10))],
            false => Vec::new(),
        };
        f.cache.settle(OpId(1), &Outcome::Done { copied }).unwrap();
        assert_eq!(f.subjects("Archive"), ["9", "1"], "told: {told}");
        assert!(f.subjects("INBOX").is_empty());
        f.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// However copies come and go, there is one message for each name that lies anywhere, in
    /// exactly its places, and nothing is left when the last has gone.
    #[test]
    fn one_message_a_name(
        steps in prop::collection::vec((0usize..4, 1u32..5, any::<bool>(), any::<bool>()), 1..30),
    ) {
        const BOXES: [&str; 4] = ["INBOX", "Archive", "Trash", "Sent"];
        let mut f = Fixture::new();
        let mut there: BTreeMap<(usize, u32), u32> = BTreeMap::new();
        let mut ids: BTreeMap<u32, MsgId> = BTreeMap::new();
        for (at, (mailbox, n, comes, body)) in (1u32..).zip(steps) {
            if comes {
                let (_, id, _) = f.ingest(BOXES[mailbox], &[named(n, at)]).new[0];
                let lies = there.values().any(|other| *other == n);
                prop_assert!(!lies || ids.get(&n) == Some(&id));
                ids.insert(n, id);
                there.insert((mailbox, at), n);
                if body {
                    f.body(id);
                }
            } else if let Some(&(_, gone)) = there.keys().find(|(m, _)| *m == mailbox) {
                f.vanish(BOXES[mailbox], &uids(&[gone]));
                there.remove(&(mailbox, gone));
            }
            f.check();
            for n in 1..5 {
                let Some(id) = ids.get(&n) else { continue };
                let places = f.cache.read().message(*id).unwrap().map_or(0, |m| m.places.len());
                prop_assert_eq!(places, there.values().filter(|other| **other == n).count());
            }
            let names: BTreeSet<u32> = there.values().copied().collect();
            let all = f.cache.read().search(&Query::parse("").unwrap(), 0, 9).unwrap().count;
            prop_assert_eq!(all, names.len() as u64);
        }
        for wire in BOXES {
            f.vanish(wire, &UidSet::range(1, 99));
        }
        f.cache.sweep_before(i64::MAX).unwrap();
        for table in ["identity", "message", "thread_ref", "fresh_ref"] {
            prop_assert_eq!(rows(&f, table), 0);
        }
    }
}
