//! What the server told, as a worker asks for it: counts, samples, ranges, previews, namespaces;
//! and that an older cache is brought up to it.

use super::fixture::*;
use crate::model::*;
use crate::store::migrate;
use crate::store::*;
use proptest::prelude::*;
use rusqlite::Connection;

fn flagged(n: u32, system: System) -> NewMessage {
    NewMessage {
        flags: Flags::of(system),
        ..message(n)
    }
}

#[test]
fn counts_are_what_the_server_said_not_what_is_shown() {
    let mut f = Fixture::new();
    let inbox = f.mailbox("INBOX");
    f.ingest(
        "INBOX",
        &[
            flagged(1, System::SEEN),
            flagged(2, System::SEEN | System::FLAGGED | System::DELETED),
            flagged(3, System::ANSWERED | System::DRAFT),
        ],
    );
    let star = FlagChange::set(System::FLAGGED);
    let star = f.op(1, OpKind::Store(star), vec![f.key(1)]);
    f.cache.apply(&star).unwrap();
    let archive = OpKind::Move {
        to: name("Archive"),
    };
    let archive = f.op(2, archive, vec![f.key(2)]);
    f.cache.apply(&archive).unwrap();
    let expected = ServerCounts {
        all: 3,
        seen: 2,
        answered: 1,
        flagged: 1,
        deleted: 1,
        draft: 1,
    };
    assert_eq!(f.cache.read().server_counts(inbox).unwrap(), expected);
    // It is gone there, but the move may have done that: only the server's word counts.
    assert_eq!(f.vanish("INBOX", &uids(&[2, 3])), 2);
    let one = ServerCounts {
        all: 1,
        seen: 1,
        ..ServerCounts::default()
    };
    assert_eq!(f.cache.read().server_counts(inbox).unwrap(), one);
    assert_eq!(f.cache.read().cursor(inbox).unwrap().held, 1);
    f.check();
    assert!(f.cache.read().server_counts(MailboxId(1)).is_err());
}

#[test]
fn previews_are_wanted_for_the_newest_without_text() {
    let mut f = Fixture::new();
    let inbox = f.mailbox("INBOX");
    let list: Vec<_> = (1..=5).map(message).collect();
    let new = f.ingest("INBOX", &list).new;
    f.body(new[4].1);
    f.cache
        .set_snippets(&[(new[2].1, "there".to_owned()), (new[1].1, String::new())])
        .unwrap();
    let wanted = |f: &Fixture, n| f.cache.read().previews_wanted(inbox, n).unwrap();
    assert_eq!(wanted(&f, 9), [(new[3].1, uid(4)), (new[0].1, uid(1))]);
    assert_eq!(wanted(&f, 1).len(), 1);
    f.vanish("INBOX", &uids(&[4]));
    assert_eq!(wanted(&f, 9), [(new[0].1, uid(1))]);
}

#[test]
fn own_mailboxes_are_made_where_the_server_wants_them() {
    let mut f = Fixture::new();
    let named = |f: &Fixture| f.cache.read().own_name(&account(), "Archive").unwrap();
    assert_eq!(f.cache.read().namespace(&account()).unwrap(), None);
    assert_eq!(named(&f), name("Archive"));
    f.cache
        .set_namespace(&account(), b"INBOX.", Some('.'))
        .unwrap();
    assert_eq!(
        f.cache.read().namespace(&account()).unwrap(),
        Some((b"INBOX.".to_vec(), Some('.')))
    );
    assert_eq!(named(&f), name("INBOX.Archive"));
    f.cache.set_namespace(&account(), b"", None).unwrap();
    assert_eq!(named(&f), name("Archive"));
}

#[test]
fn without_a_namespace_the_other_mailboxes_show_where_new_ones_go() {
    let mut f = Fixture::new();
    let mut named = |names: &[&str]| {
        let dotted = |wire: &&str| MailboxInfo {
            delimiter: Some('.'),
            ..info(wire, None)
        };
        let infos: Vec<MailboxInfo> = names.iter().map(dotted).collect();
        // What is missing is gone when it is missing for long.
        for now in [1, 10_000] {
            let list = f.cache.set_mailboxes(&account(), &infos, now, &[]);
            list.unwrap();
        }
        f.cache.read().own_name(&account(), "Archive").unwrap()
    };
    assert_eq!(named(&["INBOX"]), name("Archive"));
    assert_eq!(named(&["INBOX", "INBOX.Sent"]), name("INBOX.Archive"));
    assert_eq!(named(&["INBOX", "INBOX.Sent", "INBOXES"]), name("Archive"));
}

/// A cache of the first schema with some mail in it.
fn first_schema(path: &std::path::Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(migrate::CACHE[0]).unwrap();
    conn.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO account VALUES (101, 'work');
         INSERT INTO mailbox (id, account, name, path, delimiter, role, selectable, uidvalidity, uidnext, backfill, total, unread)
             VALUES (102, 101, x'494E424F58', 'INBOX', '/', 'inbox', 1, 7, 4, 1, 2, 1);
         INSERT INTO message (id, date, size, maybe_attachments, subject, from_, to_, message_id, in_reply_to, refs,
                 sender, reply_to, cc)
             VALUES (103, 5, 9, 0, 'one', '', '', '1@x', '', '', '', '', ''),
                 (104, 6, 9, 0, 'two', '', '', '2@x', '', '', '', '', '');
         INSERT INTO location (id, mailbox, message, thread, date, uid, server_system, server_keywords, system, keywords)
             VALUES (105, 102, 103, 103, 5, 1, 1, '', 1, ''), (106, 102, 104, 104, 6, 3, 4, '', 4, '');
         INSERT INTO thread_row VALUES (102, 103, 5, 1, 0, 0, 105), (102, 104, 6, 1, 1, 1, 106);",
    )
    .unwrap();
}

#[test]
fn a_cache_of_the_first_schema_is_brought_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    first_schema(&path);
    let opened = Cache::open(&path, 0).unwrap();
    assert!(!opened.created && opened.moved_aside.is_none());
    let mut f = Fixture {
        dir,
        cache: opened.cache,
    };
    f.check();
    assert_eq!(f.shown("INBOX").len(), 2);
    let counts = f.cache.read().server_counts(f.mailbox("INBOX")).unwrap();
    assert_eq!((counts.all, counts.seen, counts.flagged), (2, 1, 1));
    f.ingest("INBOX", &[message(9)]);
    f.check();
}

#[test]
fn a_cache_that_cannot_be_brought_up_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    first_schema(&path);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("DROP TABLE mailbox").unwrap();
    drop(conn);
    let opened = Cache::open(&path, 0).unwrap();
    assert!(opened.created && opened.moved_aside.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A sample is of messages that are here, each once, with their flags, spread and repeatable.
    #[test]
    fn a_sample_is_of_what_is_here(
        here in prop::collection::btree_set(1u32..5_000, 0..60), n in 0usize..20, seed in any::<u64>(),
        lo in 0u32..5_000, hi in 0u32..5_000,
    ) {
        let mut f = Fixture::new();
        let flags = |n: u32| Flags::of(System((n % 32) as u8));
        let list: Vec<_> = here.iter().map(|n| NewMessage { flags: flags(*n), ..message(*n) }).collect();
        f.ingest("INBOX", &list);
        let inbox = f.mailbox("INBOX");
        let read = f.cache.read();
        let sample = read.sample(inbox, n, seed).unwrap();
        prop_assert_eq!(&sample, &read.sample(inbox, n, seed).unwrap());
        prop_assert!(sample.len() <= n && (n == 0 || sample.is_empty() == here.is_empty()));
        prop_assert!(here.len() > n || sample.len() == here.len());
        prop_assert!(sample.windows(2).all(|w| w[0].0 < w[1].0));
        for (uid, told) in sample {
            prop_assert!(here.contains(&uid.get()) && told == flags(uid.get()));
        }
        let between: UidSet = here.iter().filter(|n| (lo..=hi).contains(n)).map(|n| uid(*n)).collect();
        prop_assert_eq!(read.uids_between(inbox, lo, hi).unwrap(), between);
        f.check();
    }
}
