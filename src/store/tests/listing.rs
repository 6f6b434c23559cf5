//! What a screen asks: pages, threads, searches. Each by an index.

use super::fixture::*;
use crate::model::view::{IndexRow, Page, PageKey, Scope, Sort, SortBy};
use crate::model::*;
use crate::store::pages::{Walk, count_sql};
use crate::store::shelf::Shelf;
use crate::store::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Two accounts with an inbox each.
fn two_inboxes() -> (Fixture, [MailboxId; 2]) {
    let mut f = Fixture::new();
    let other = AccountName("home".to_owned());
    f.cache.ensure_account(&other).unwrap();
    let home = f
        .cache
        .set_mailboxes(&other, &[info("INBOX", Some(Role::Inbox))], 0, &[])
        .unwrap()
        .new[0]
        .0;
    let work = f.mailbox("INBOX");
    (f, [work, home])
}

fn walk_down(reader: &Reader, scope: &Scope, threaded: bool, limit: usize) -> Vec<IndexRow> {
    let mut rows = reader.page(scope, threaded, Page::Newest, limit).unwrap();
    while let Some(last) = rows.last() {
        let next = reader
            .page(scope, threaded, Page::After(last.key), limit)
            .unwrap();
        if next.is_empty() {
            break;
        }
        rows.extend(next);
    }
    rows
}

fn walk_up(reader: &Reader, scope: &Scope, threaded: bool, limit: usize) -> Vec<IndexRow> {
    let mut rows = reader.page(scope, threaded, Page::Oldest, limit).unwrap();
    while let Some(first) = rows.first() {
        let mut before = reader
            .page(scope, threaded, Page::Before(first.key), limit)
            .unwrap();
        if before.is_empty() {
            break;
        }
        before.extend(rows);
        rows = before;
    }
    rows
}

fn sorted_down(reader: &Reader, of: (&Scope, bool, Sort), limit: usize) -> Vec<IndexRow> {
    let mut ranks = None;
    let mut ask = |page| reader.sorted(&mut ranks, of, page, limit).unwrap();
    let mut rows = ask(Page::Newest);
    while let Some(last) = rows.last() {
        let next = ask(Page::After(last.key));
        if next.is_empty() {
            break;
        }
        rows.extend(next);
    }
    let mut up = ask(Page::Oldest);
    while let Some(first) = up.first() {
        let mut before = ask(Page::Before(first.key));
        if before.is_empty() {
            break;
        }
        before.extend(up);
        up = before;
    }
    assert_eq!(up, rows);
    assert!(rows.windows(2).all(|w| w[0].key > w[1].key));
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(ask(Page::From(row.key))[0].location, rows[at].location);
    }
    let unread = |rows: &[IndexRow]| rows.iter().find(|r| r.unread > 0).map(|r| r.key);
    let next = reader.next_unread_sorted(&mut ranks, of, None).unwrap();
    assert_eq!(next, unread(&rows));
    if let Some(at) = rows.iter().position(|r| r.unread > 0) {
        let below = reader.next_unread_sorted(&mut ranks, of, Some(rows[at].key));
        assert_eq!(below.unwrap(), unread(&rows[at + 1..]));
    }
    rows
}

#[test]
fn a_list_is_sorted_and_every_page_of_it_holds_together() {
    let (mut f, inboxes) = two_inboxes();
    let people = ["zoe", "Émile", "ada", "Bo", "\u{201c}cy\u{201d}"];
    let subjects = ["Re: b", "a", "FWD: re: c", "", "B"];
    for n in 1..=20_u32 {
        let at = n as usize;
        let mut new = message(n);
        new.envelope.date = Some(i64::from(n) * 10);
        new.internal_date = i64::from(n) * 10;
        new.size = u64::from(n * 7 % 11);
        new.envelope.from = vec![Address::new(people[at % 5], "x@x.example")];
        new.envelope.subject = subjects[at / 2 % 4].into();
        new.flags = if n % 3 == 0 { Flags::default() } else { seen() };
        f.cache.ingest(inboxes[at % 2], V, &[new], None).unwrap();
    }
    let read = f.cache.read();
    for scope in [Scope::UnifiedInbox, Scope::Mailbox(inboxes[0])] {
        for threaded in [false, true] {
            let all = read.total(&scope, threaded).unwrap() as usize;
            for (name, by) in Sort::NAMES {
                let sort = |reversed| Sort { by, reversed };
                let rows = sorted_down(read, (&scope, threaded, sort(false)), 3);
                assert_eq!(rows.len(), all, "{name}");
                let mut back = sorted_down(read, (&scope, threaded, sort(true)), 4);
                back.reverse();
                let places =
                    |rows: &[IndexRow]| rows.iter().map(|r| r.location).collect::<Vec<_>>();
                assert_eq!(places(&back), places(&rows), "{name}");
                for reversed in [false, true] {
                    let rows = sorted_down(read, (&scope, threaded, sort(reversed)), 5);
                    let list = Picking {
                        scope: Some(&scope),
                        threaded,
                        sort: sort(reversed),
                        query: None,
                        now: 0,
                    };
                    let between = read.picked_between(&list, (rows[5].key, rows[2].key));
                    let stub = |r: &IndexRow| match threaded {
                        true => Stub::Thread(r.thread, None),
                        false => Stub::Place(r.location),
                    };
                    let found: BTreeSet<Stub> = between.unwrap().into_iter().collect();
                    let wanted: BTreeSet<Stub> = rows[2..=5].iter().map(stub).collect();
                    assert_eq!(found, wanted, "{name} {reversed}");
                }
                let names: Vec<&str> = rows.iter().map(|r| r.from[0].display()).collect();
                match by {
                    SortBy::Date => assert!(rows.windows(2).all(|w| w[0].date >= w[1].date)),
                    SortBy::From if !threaded => {
                        assert_eq!((names[0], names[all - 1]), ("ada", "zoe"), "{names:?}")
                    }
                    SortBy::Subject if !threaded => {
                        assert_eq!(rows[0].subject, "a");
                        assert_eq!(rows[all - 1].subject, "", "what has none comes last");
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn what_comes_and_goes_is_seen_in_a_sorted_list() {
    let mut f = Fixture::new();
    let big = |n: u32, size| NewMessage { size, ..message(n) };
    f.ingest("INBOX", &[big(1, 10), big(2, 30)]);
    let scope = Scope::Mailbox(f.mailbox("INBOX"));
    let sort = Sort {
        by: SortBy::Size,
        reversed: false,
    };
    let reader = f.reader();
    let mut ranks = None;
    let mut list = || -> Vec<String> {
        let of = (&scope, false, sort);
        let rows = reader.sorted(&mut ranks, of, Page::Newest, 9).unwrap();
        rows.into_iter().map(|r| r.subject).collect()
    };
    assert_eq!(list(), ["subject 2", "subject 1"]);
    let to = OpKind::Move {
        to: name("Archive"),
    };
    let op = f.op(1, to, vec![f.key(2)]);
    f.cache.apply(&op).unwrap();
    assert_eq!(list(), ["subject 1"], "whatever was kept");
    f.ingest("INBOX", &[big(3, 20)]);
    let mut there = list();
    // What was put in order lasts a moment.
    let began = std::time::Instant::now();
    while there.len() < 2 && began.elapsed() < std::time::Duration::from_secs(60) {
        there = list();
    }
    assert_eq!(there, ["subject 3", "subject 1"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Paging meets every row once, down and up, in one order, and the counts agree with it.
    #[test]
    fn paging_meets_every_row_once(
        mail in prop::collection::vec((0usize..2, 0i64..6, prop::option::of(1u32..12), any::<bool>()), 0..24),
        limit in 1usize..6,
    ) {
        let (mut f, inboxes) = two_inboxes();
        for (n, (mailbox, date, answers, read)) in (1..).zip(&mail) {
            let mut new = answer(n, &answers.iter().copied().collect::<Vec<_>>());
            new.envelope.date = Some(*date);
            new.flags = if *read { seen() } else { Flags::default() };
            f.cache.ingest(inboxes[*mailbox], V, &[new], None).unwrap();
        }
        f.check();
        let read = f.cache.read();
        for scope in [Scope::UnifiedInbox, Scope::Mailbox(inboxes[0]), Scope::Mailbox(inboxes[1])] {
            for threaded in [false, true] {
                let rows = walk_down(read, &scope, threaded, limit);
                let list = Picking { scope: Some(&scope), threaded, sort: Sort::default(), query: None, now: 0 };
                let stub = |r: &IndexRow| match threaded {
                    false => Stub::Place(r.location),
                    true => Stub::Thread(r.thread, (r.count == 1).then_some(r.location)),
                };
                let set = |stubs: Vec<Stub>| stubs.into_iter().map(|s| match s {
                    Stub::Thread(t, _) => Stub::Thread(t, None),
                    place => place,
                }).collect::<BTreeSet<_>>();
                let all: Vec<Stub> = rows.iter().map(stub).collect();
                prop_assert_eq!(read.picked(&list).unwrap().into_iter().collect::<BTreeSet<_>>(), all.iter().copied().collect());
                let unread = Query::typed("is:unread").unwrap();
                for fits in [true, false] {
                    let wanted = rows.iter().filter(|r| (r.unread > 0) == fits).map(stub).collect();
                    prop_assert_eq!(set(read.picked_by(&list, &unread, fits).unwrap()), set(wanted));
                }
                if let [first, .., last] = rows.as_slice() {
                    let between = read.picked_between(&list, (last.key, first.key)).unwrap();
                    prop_assert_eq!(set(between), set(all.clone()));
                }
                prop_assert_eq!(read.picked_no_more(&list, &all).unwrap(), vec![]);
                let keys: Vec<PageKey> = rows.iter().map(|r| r.key).collect();
                prop_assert!(keys.windows(2).all(|w| w[0] > w[1]), "{keys:?}");
                prop_assert_eq!(&walk_up(read, &scope, threaded, limit), &rows);
                prop_assert_eq!(read.total(&scope, threaded).unwrap(), rows.len() as u64);
                let messages: u32 = rows.iter().map(|r| r.count).sum();
                let held = mail.iter().filter(|(m, ..)| scope == Scope::UnifiedInbox || scope == Scope::Mailbox(inboxes[*m]));
                prop_assert_eq!(messages as usize, held.clone().count());
                let unread: u32 = rows.iter().map(|r| r.unread).sum();
                prop_assert_eq!(unread as usize, held.filter(|(.., read)| !read).count());
                for (at, row) in rows.iter().enumerate() {
                    prop_assert_eq!(read.position(&scope, threaded, row.key).unwrap(), at as u64);
                    prop_assert_eq!(&read.page(&scope, threaded, Page::From(row.key), 1).unwrap()[0], row);
                    let next = rows.iter().skip(at + 1).find(|r| r.unread > 0).cloned();
                    prop_assert_eq!(read.next_unread(&scope, threaded, Some(row.key)).unwrap(), next);
                }
            }
        }
    }

    /// Which messages make a thread, and how it is drawn, does not depend on who came first.
    #[test]
    fn s47_threads_do_not_depend_on_the_order_of_arrival(
        mail in prop::collection::vec((prop::collection::vec(1u32..14, 0..4), 0u32..14), 1..13),
        order in Just((0usize..13).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let batch: Vec<NewMessage> = (1..).zip(&mail)
            .map(|(n, (references, id_of))| {
                let mut new = answer(n, references);
                // Sometimes an identifier is repeated, or there is none.
                new.envelope.message_id = match id_of {
                    0 => None,
                    1..4 => Some(id(&format!("{id_of}@x"))),
                    _ => new.envelope.message_id,
                };
                new
            })
            .collect();
        let threads = |order: &[usize]| {
            let mut f = Fixture::new();
            for at in order.iter().filter(|at| **at < batch.len()) {
                f.ingest("INBOX", &batch[*at..=*at]);
            }
            f.check();
            let rows = f.cache.read().page(&Scope::Mailbox(f.mailbox("INBOX")), true, Page::Newest, 50).unwrap();
            let trees: BTreeSet<Vec<(String, u16)>> = rows.iter()
                .map(|r| f.cache.read().thread(r.thread, None).unwrap().into_iter().map(|r| (r.subject, r.depth)).collect())
                .collect();
            assert_eq!(trees.iter().map(Vec::len).sum::<usize>(), batch.len());
            trees
        };
        prop_assert_eq!(threads(&order), threads(&(0..13).collect::<Vec<_>>()));
    }
}

#[test]
fn a_thread_is_shown_across_mailboxes_where_it_tells_most() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), answer(3, &[1, 2])]);
    f.ingest("Sent", &[answer(2, &[1])]);
    f.ingest("Trash", &[answer(4, &[1])]);
    let inbox = f.mailbox("INBOX");
    let row = &f
        .cache
        .read()
        .page(&Scope::Mailbox(inbox), true, Page::Newest, 5)
        .unwrap()[0];
    assert_eq!(
        (row.count, row.unread),
        (2, 2),
        "only what lies in this mailbox"
    );
    let tree = f.cache.read().thread(row.thread, Some(inbox)).unwrap();
    let drawn: Vec<(&str, u16)> = tree.iter().map(|r| (r.subject.as_str(), r.depth)).collect();
    assert_eq!(
        drawn,
        [
            ("subject 1", 0),
            ("subject 2", 1),
            ("subject 3", 2),
            ("subject 4", 1)
        ]
    );
    assert_eq!(
        f.cache
            .read()
            .resolve(&[Target::Thread {
                thread: row.thread,
                mailbox: None
            }])
            .unwrap()
            .len(),
        2
    );
    // A thread that became part of another one can still be asked for.
    f.ingest("INBOX", &[message(10), message(11)]);
    let threads: Vec<ThreadId> = f
        .cache
        .read()
        .page(&Scope::Mailbox(inbox), true, Page::Newest, 2)
        .unwrap()
        .iter()
        .map(|r| r.thread)
        .collect();
    f.ingest("INBOX", &[answer(12, &[10, 11])]);
    for thread in threads {
        assert_eq!(f.cache.read().thread(thread, None).unwrap().len(), 3);
    }
    f.check();
}

#[test]
fn s47_a_hostile_message_joins_no_more_than_a_hundred_references() {
    let mut f = Fixture::new();
    let mut new = message(1);
    new.envelope.references = (0..5_000).map(|n| id(&format!("r{n}@x"))).collect();
    f.ingest("INBOX", &[new]);
    let count: i64 = f
        .cache
        .read()
        .conn
        .query_row("SELECT sum(length(refs)) / 16 FROM fresh_ref", [], |r| {
            r.get(0)
        })
        .unwrap();
    assert_eq!(count, 101);
}

#[test]
fn f71_pages_are_read_from_an_index_in_its_order() {
    let f = Fixture::new();
    let conn = &f.cache.read().conn;
    let mut asked = vec![count_sql(false, &[]), count_sql(true, &[1, 2])];
    for threaded in [false, true] {
        for unread in [false, true] {
            for down in [false, true] {
                asked.push(
                    Walk {
                        threaded,
                        unread,
                        down,
                    }
                    .sql(),
                );
            }
        }
    }
    for sql in asked {
        let mut select = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let unbound = (1..=select.parameter_count()).map(|_| 1);
        let plan: Vec<String> = select
            .query_map(rusqlite::params_from_iter(unbound), |row| row.get(3))
            .unwrap()
            .map(|row| row.unwrap())
            .collect();
        let plan = plan.join("; ");
        let good = plan.contains("USING COVERING INDEX")
            && !plan.contains("SCAN")
            && !plan.contains("TEMP B-TREE");
        assert!(good, "{sql}\n{plan}");
    }
}

fn found(f: &Fixture, query: &str) -> Vec<String> {
    let result = f
        .cache
        .read()
        .search(&Query::parse(query).unwrap(), 0, 10)
        .unwrap();
    assert_eq!(result.count, result.rows.len() as u64);
    result
        .rows
        .iter()
        .map(|r| r.subject.trim_start_matches("subject ").to_owned())
        .collect()
}

#[test]
fn a_whole_name_is_no_other_mailboxes_last_level() {
    let Shelf { dir, cache } = Shelf::new(&[
        ("Archive", None),
        ("Work/Archive", None),
        ("Old", Some(Role::Archive)),
    ]);
    let mut f = Fixture { dir, cache };
    f.ingest("Archive", &[message(1)]);
    f.ingest("Work/Archive", &[message(2)]);
    f.ingest("Old", &[message(3)]);
    assert_eq!(found(&f, "in:archive"), ["3", "2", "1"]);
    assert_eq!(found(&f, "in:/archive"), ["1"]);
    assert_eq!(found(&f, "in:/work/archive"), ["2"]);
}

#[test]
fn searching() {
    let mut f = Fixture::new();
    let mut cc = message(2);
    cc.envelope.cc = vec![Address::new("Zoë Ångström", "zoe@example.com")];
    cc.flags = seen();
    let mut attached = message(3);
    attached.envelope.maybe_attachments = true;
    f.ingest("INBOX", &[message(1), cc, attached]);
    f.ingest("Archive", &[message(4)]);
    assert_eq!(found(&f, ""), ["4", "3", "2", "1"]);
    assert_eq!(found(&f, "subject"), ["4", "3", "2", "1"]);
    assert_eq!(found(&f, "to:angstrom"), ["2"]);
    assert_eq!(found(&f, "zoe ångström is:read"), ["2"]);
    assert_eq!(found(&f, "subject -is:read -in:archive"), ["3", "1"]);
    assert_eq!(found(&f, "in:INBOX -zoë"), ["3", "1"]);
    assert_eq!(found(&f, "-from:s1@example.org -\"subject 3\""), ["4", "2"]);
    assert_eq!(found(&f, "has:attachment"), ["3"]);
    assert_eq!(found(&f, "subj*"), ["4", "3", "2", "1"]);
    assert_eq!(found(&f, "subj"), Vec::<String>::new());
    assert_eq!(found(&f, "account:WORK in:archive"), ["4"]);
    assert_eq!(found(&f, "account:nobody"), Vec::<String>::new());
    // Limited, the newest come first and the count is of all.
    let two = f
        .cache
        .read()
        .search(&Query::parse("subject").unwrap(), 0, 2)
        .unwrap();
    assert_eq!(
        (two.count, two.rows.len(), two.rows[0].subject.as_str()),
        (4, 2, "subject 4")
    );
    // A hidden place is not found.
    f.cache
        .apply(&f.op(1, OpKind::Expunge, vec![f.key(1)]))
        .unwrap();
    assert_eq!(found(&f, "subject:1"), Vec::<String>::new());
}

#[test]
fn s46_nothing_typed_makes_a_search_fail() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let long = "x".repeat(1_000_000);
    let many = "a -b ".repeat(5_000);
    for odd in [
        "\"",
        "*",
        "NEAR(",
        "a OR",
        "(",
        "{",
        "^x",
        "+",
        "a\0b",
        "-",
        "--",
        "'",
        "sender:x",
        ")",
        "\u{301}",
        "\u{1f600}",
        "ೱ -ೱ",
        "\u{e0001} subject",
        "*",
        "*x",
        "*\"",
        "*%_*",
        "* * -*",
        "file:*",
        "cc:\"*(\"",
        "a NEAR b",
        "NEAR(a b, 3)",
        "subject:^x rowid:1",
        "\"a\" AND \"b\" NOT c",
        "*日本 -*x*",
        &long,
        &many,
    ] {
        let Ok(query) = Query::parse(odd) else {
            continue;
        };
        let reader = f.cache.read();
        let found = reader
            .search(&query, 0, 5)
            .and_then(|_| reader.search_ranked(&query, 0, 5))
            .and_then(|_| reader.server_hits(odd, &query, 0, 5).map(drop));
        found.unwrap_or_else(|e| panic!("{:.40}: {e}", odd));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn nothing_at_all(texts in prop::collection::vec("\\PC{0,40}", 50)) {
        let f = Fixture::new();
        let parts = texts.iter().map(|text| format!("*{text}"));
        for text in texts.iter().cloned().chain(parts) {
            let Ok(query) = Query::parse(&text) else {
                continue;
            };
            f.cache.read().search_ranked(&query, 0, 5).unwrap();
            f.cache.read().server_hits(&text, &query, 0, 5).unwrap();
        }
    }
}
