//! Lists of mailboxes: new, gone, renamed; accounts that come and go.

use super::fixture::*;
use crate::model::view::{Page, Scope};
use crate::model::*;
use crate::store::accounts::DOUBTED;
use crate::store::*;
use proptest::prelude::*;

fn identified(wire: &str, id: &str) -> MailboxInfo {
    MailboxInfo {
        mailbox_id: Some(id.to_owned()),
        ..info(wire, None)
    }
}

fn list(f: &mut Fixture, infos: &[MailboxInfo]) -> MailboxChanges {
    list_at(f, infos, 0, &[])
}

fn list_at(
    f: &mut Fixture,
    infos: &[MailboxInfo],
    now: i64,
    denied: &[MailboxName],
) -> MailboxChanges {
    let account = account();
    f.cache.set_mailboxes(&account, infos, now, denied).unwrap()
}

fn names(f: &Fixture) -> Vec<String> {
    let mut all: Vec<String> = f
        .cache
        .read()
        .mailboxes_of(&account())
        .unwrap()
        .into_iter()
        .map(|m| m.path)
        .collect();
    all.sort();
    all
}

#[test]
fn a_mailbox_is_dropped_when_it_was_not_named_for_minutes() {
    let mut f = Fixture::new();
    f.ingest("Trash", &[message(1)]);
    let new = [
        info("inbox", Some(Role::Inbox)),
        info("New", None),
        info("New", None),
    ];
    let changes = list_at(&mut f, &new, 1000, &[]);
    assert_eq!(changes.new.len(), 1);
    assert_eq!(changes.new[0].1, name("New"));
    let left = [name("Archive"), name("Sent"), name("Trash")];
    assert_eq!((changes.missing, changes.gone), (left.to_vec(), vec![]));
    assert_eq!(f.shown("Trash").len(), 1, "one wrong list does nothing");
    let soon = list_at(&mut f, &new, 1000 + DOUBTED - 1, &[]);
    assert_eq!(soon, MailboxChanges::default(), "nor do many at once");
    // The server has found one of them again.
    let again = [new[0].clone(), info("New", None), info("Trash", None)];
    let changes = list_at(&mut f, &again, 1000 + DOUBTED, &[]);
    assert_eq!(changes.gone, [name("Archive"), name("Sent")]);
    assert_eq!(names(&f), ["New", "Trash", "inbox"].map(str::to_owned));
    f.check();
    assert_eq!(list_at(&mut f, &new, 5000, &[]).missing, [name("Trash")]);
    let nothing = MailboxChanges::default();
    assert_eq!(list_at(&mut f, &[], 9000, &[]), nothing, "not a list");
    assert_eq!(list_at(&mut f, &new, 9000, &[]).gone, [name("Trash")]);
    f.check();
}

#[test]
fn a_large_mailbox_disappears_at_once_and_goes_in_pieces() {
    let mut f = Fixture::new();
    let many: Vec<NewMessage> = (1..=2_100).map(message).collect();
    let new = f.ingest("Trash", &many).new;
    f.body(new[0].1);
    let left = [
        info("INBOX", Some(Role::Inbox)),
        info("Archive", None),
        info("Sent", None),
    ];
    list_at(&mut f, &left, 1, &[]);
    let changes = list_at(&mut f, &left, 1 + DOUBTED, &[]);
    assert_eq!(changes.gone, [name("Trash")]);
    let read = f.cache.read();
    assert_eq!(read.role_mailbox(&account(), Role::Trash).unwrap(), None);
    let found = read
        .search(&Query::parse("subject").unwrap(), 0, 9)
        .unwrap();
    assert_eq!(found.count, 0);
    // One of the same name is another one.
    let again = [left.as_slice(), &[info("Trash", Some(Role::Trash))]].concat();
    assert_eq!(list_at(&mut f, &again, 9_999, &[]).new.len(), 1);
    f.ingest("Trash", &[message(1)]);
    f.check();
    let swept: Vec<usize> = std::iter::from_fn(|| Some(f.cache.sweep().unwrap()))
        .take_while(|n| *n > 0)
        .collect();
    assert_eq!(swept, [1_000, 1_000, 100, 1]);
    assert_eq!(f.shown("Trash").len(), 1);
    f.check();
}

#[test]
fn a_mailbox_that_the_server_denies_is_dropped_at_the_second_list_whatever_the_clock_does() {
    let mut f = Fixture::new();
    let left = [
        info("INBOX", Some(Role::Inbox)),
        info("Archive", None),
        info("Sent", None),
    ];
    let denied = [name("Trash"), name("Sent")];
    let first = list_at(&mut f, &left, 1000, &denied);
    assert_eq!(first.missing, [name("Trash")], "one list does nothing");
    let back = list_at(&mut f, &left, 10, &[]);
    assert_eq!(back.missing, [name("Trash")], "the clock was set back");
    assert_eq!(list_at(&mut f, &left, 11, &denied).gone, [name("Trash")]);
    assert_eq!(names(&f), ["Archive", "INBOX", "Sent"].map(str::to_owned));
    f.check();
}

#[test]
fn a_renamed_mailbox_keeps_all_that_is_in_it() {
    let contents = Contents {
        uidvalidity: V,
        uidnext: 3,
        messages: 2,
    };
    for by_id in [true, false] {
        let mut f = Fixture::new();
        let before = [
            info("INBOX", Some(Role::Inbox)),
            match by_id {
                true => identified("Old", "x"),
                false => info("Old", None),
            },
            info("Old/below", None),
        ];
        list(&mut f, &before);
        let old = f.mailbox("Old");
        let cursor = CursorMove {
            uidnext: Some(3),
            highestmodseq: Some(ModSeq(9)),
            exists: Some(2),
        };
        let new = f
            .cache
            .ingest(old, V, &[message(1), message(2)], Some(cursor))
            .unwrap()
            .new;
        f.body(new[0].1);
        let before = f.cache.read().cursor(old).unwrap();
        // Something is on its way into it, and something in it is changed.
        f.ingest("INBOX", &[message(5)]);
        let to = OpKind::Move { to: name("Old") };
        let op = f.op(1, to, vec![f.key(5)]);
        f.cache.apply(&op).unwrap();
        let after = [
            info("INBOX", Some(Role::Inbox)),
            MailboxInfo {
                contents: (!by_id).then_some(contents),
                mailbox_id: by_id.then(|| "x".to_owned()),
                ..info("New", Some(Role::Archive))
            },
            info("New/below", None),
        ];
        let mut after = after;
        let guesses = f.cache.read().perhaps_renamed(&account(), &after).unwrap();
        assert_eq!(guesses.len(), usize::from(!by_id), "a guess, not a proof");
        for (known, at) in guesses {
            assert_eq!((known.id, at), (old, 1));
            after[at].was = Some(known.name);
        }
        let changes = list(&mut f, &after);
        let pairs = [
            (name("Old"), name("New")),
            (name("Old/below"), name("New/below")),
        ];
        assert_eq!(changes.renamed, pairs);
        assert!(changes.new.is_empty() && !changes.gone.contains(&name("Old")));
        assert_eq!(f.mailbox("New"), old, "by id: {by_id}");
        assert_eq!(f.cache.read().cursor(old).unwrap(), before);
        assert_eq!(f.subjects("New"), ["5", "2", "1"]);
        assert!(f.cache.read().body(new[0].1).unwrap().is_some());
        assert!(
            f.cache
                .read()
                .mailbox_named(&account(), &name("Old"))
                .unwrap()
                .is_none()
        );
        let told = f.cache.read().renames(&account()).unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].names, pairs);
        f.check();
        f.cache.forget_renames(&account(), told[0].batch).unwrap();
        assert!(f.cache.read().renames(&account()).unwrap().is_empty());
        assert!(list(&mut f, &after).renamed.is_empty());
    }
}

#[test]
fn what_only_counts_as_much_as_one_that_disappears_is_another_mailbox() {
    let mut f = Fixture::new();
    let inbox = info("INBOX", Some(Role::Inbox));
    list(&mut f, &[inbox.clone(), info("Old", None)]);
    let old = f.mailbox("Old");
    let cursor = CursorMove {
        uidnext: Some(2),
        highestmodseq: None,
        exists: Some(1),
    };
    f.cache.ingest(old, V, &[message(1)], Some(cursor)).unwrap();
    let new = MailboxInfo {
        contents: Some(Contents {
            uidvalidity: V,
            uidnext: 2,
            messages: 1,
        }),
        ..info("New", None)
    };
    let changes = list(&mut f, &[inbox, new]);
    assert!(changes.renamed.is_empty());
    assert_eq!(changes.new.len(), 1);
    assert!(changes.missing.contains(&name("Old")));
    assert!(f.mailbox("New") != old && f.shown("New").is_empty());
    f.check();
}

#[test]
fn mailboxes_that_changed_places_are_told_apart() {
    let mut f = Fixture::new();
    let inbox = info("INBOX", Some(Role::Inbox));
    list(
        &mut f,
        &[inbox.clone(), identified("A", "1"), identified("B", "2")],
    );
    let (a, b) = (f.mailbox("A"), f.mailbox("B"));
    let changes = list(
        &mut f,
        &[inbox.clone(), identified("A", "2"), identified("B", "1")],
    );
    assert_eq!(changes.renamed.len(), 2);
    assert_eq!((f.mailbox("A"), f.mailbox("B")), (b, a));
    // One takes the name of another, which is gone for certain.
    let changes = list(&mut f, &[inbox, identified("A", "1")]);
    assert_eq!(changes.renamed, [(name("B"), name("A"))]);
    assert_eq!(changes.gone, [name("A")]);
    assert_eq!(f.mailbox("A"), a);
    let batches: Vec<i64> = f
        .cache
        .read()
        .renames(&account())
        .unwrap()
        .iter()
        .map(|r| r.batch)
        .collect();
    assert!(batches.len() == 2 && batches[0] < batches[1] && batches[0] > 100);
    f.check();
}

#[test]
fn an_account_that_is_configured_no_more_disappears_at_once_and_its_mail_in_pieces() {
    let mut f = Fixture::new();
    let other = AccountName("home".to_owned());
    let inbox = [info("INBOX", Some(Role::Inbox))];
    let home = f.cache.set_mailboxes(&other, &inbox, 0, &[]).unwrap().new[0].0;
    f.cache.ingest(home, V, &[message(3)], None).unwrap();
    let many: Vec<NewMessage> = (1..=1_200).map(message).collect();
    let new = f.ingest("INBOX", &many).new;
    f.body(new[0].1);
    f.ingest("Archive", &[answer(1_300, &[3])]);
    let to = OpKind::Move { to: name("Trash") };
    let op = f.op(1, to, vec![f.key(5)]);
    f.cache.apply(&op).unwrap();
    assert_eq!(
        f.cache
            .retain_accounts(std::slice::from_ref(&other))
            .unwrap(),
        [account()]
    );
    let read = f.cache.read();
    let shown: Vec<AccountName> = read
        .mailboxes()
        .unwrap()
        .into_iter()
        .map(|m| m.account)
        .collect();
    assert_eq!(shown, std::slice::from_ref(&other));
    let query = |text| {
        read.search(&Query::parse(text).unwrap(), 0, 9)
            .unwrap()
            .count
    };
    assert_eq!(
        (query(""), query("subject"), query("in:archive")),
        (1, 1, 0)
    );
    assert_eq!(read.total(&Scope::UnifiedInbox, true).unwrap(), 1);
    let row = &read
        .page(&Scope::Mailbox(home), true, Page::Newest, 9)
        .unwrap()[0];
    assert_eq!(read.thread(row.thread, None).unwrap().len(), 1);
    // The same name again is another account, and what is on its way out does not disturb it.
    list(&mut f, &inbox);
    f.ingest("INBOX", &[message(1)]);
    let mut jobs = 0;
    while f.cache.sweep().unwrap() > 0 {
        jobs += 1;
        f.check();
    }
    assert!((2..20).contains(&jobs), "{jobs}");
    let conn = &f.cache.read().conn;
    let left: i64 = conn
        .query_row("SELECT count(*) FROM message", [], |r| r.get(0))
        .unwrap();
    assert_eq!(left, 2);
    assert_eq!(f.subjects("INBOX"), ["1"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever a server renames, with names that last every row stays with its mail.
    #[test]
    fn rows_follow_their_mailboxes(turns in prop::collection::vec(prop::collection::btree_map(0usize..6, 0usize..8, 0..6), 1..8)) {
        let mut f = Fixture::new();
        let inbox = info("INBOX", Some(Role::Inbox));
        let mut rows = std::collections::BTreeMap::new();
        for turn in turns {
            // Of two mailboxes of one name only the first is there.
            let mut infos = vec![inbox.clone()];
            for (id, called) in turn {
                let wire = format!("N{called}");
                if !infos.iter().any(|i| i.path == wire) {
                    infos.push(identified(&wire, &id.to_string()));
                }
            }
            let before = rows.clone();
            list(&mut f, &infos);
            f.check();
            rows.clear();
            for info in infos.iter().filter_map(|i| Some((i.mailbox_id.clone()?, i.path.clone()))) {
                let row = f.mailbox(&info.1);
                prop_assert!(before.get(&info.0).is_none_or(|was| *was == row), "{:?}", info);
                if !before.contains_key(&info.0) {
                    let n = info.0.parse::<u32>().unwrap() + 1;
                    f.ingest(&info.1, &[NewMessage { uid: uid(n), ..message(n) }]);
                }
                rows.insert(info.0, row);
            }
            for (id, row) in &rows {
                let mailbox = f.cache.read().mailbox(*row).unwrap().unwrap();
                let subject = (id.parse::<u32>().unwrap() + 1).to_string();
                prop_assert!(f.subjects(&mailbox.path).contains(&subject));
            }
        }
    }
}
