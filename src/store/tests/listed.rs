//! Lists by a query: each page is what a look at every row would leave of the list.

use super::fixture::*;
use super::sought::{NOW, OWN, a_sample, an_expr, keep};
use crate::model::query::Query;
use crate::model::view::{IndexRow, Page, Scope};
use crate::model::*;
use crate::store::pages::Walk;
use crate::store::sought::Filter;
use crate::store::*;
use proptest::prelude::*;

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

fn list<'a>(scope: Option<&'a Scope>, threaded: bool, query: &'a Query) -> Listed<'a> {
    Listed {
        scope,
        threaded,
        query,
        now: NOW,
    }
}

/// All of a list, by pages of two, downwards and upwards.
fn paged(reader: &Reader, list: &Listed<'_>) -> Vec<IndexRow> {
    let mut down: Vec<IndexRow> = Vec::new();
    let mut page = Page::Newest;
    loop {
        let rows = reader.listed(list, page, 2).unwrap();
        let ended = rows.len() < 2;
        down.extend(rows);
        match down.last().filter(|_| !ended) {
            Some(last) => page = Page::After(last.key),
            None => break,
        }
    }
    let mut up: Vec<IndexRow> = Vec::new();
    let mut page = Page::Oldest;
    loop {
        let mut rows = reader.listed(list, page, 2).unwrap();
        let ended = rows.len() < 2;
        rows.append(&mut up);
        up = rows;
        match up.first().filter(|_| !ended) {
            Some(first) => page = Page::Before(first.key),
            None => break,
        }
    }
    assert_eq!(down, up);
    if let Some(second) = down.get(1) {
        let from = reader.listed(list, Page::From(second.key), 1).unwrap();
        assert_eq!(from.as_slice(), std::slice::from_ref(second));
    }
    down
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn pages_are_what_a_search_finds(
        samples in prop::collection::vec(a_sample(), 0..12),
        roots in prop::collection::vec(an_expr(), 16),
    ) {
        let f = keep(&samples);
        let reader = f.reader();
        let inbox = Scope::UnifiedInbox;
        own::during(&OWN, || -> std::result::Result<(), TestCaseError> {
            for root in roots {
                let query = Query { root };
                let mut found = reader.search(&query, NOW, 1_000).unwrap().rows;
                found.sort_by_key(|row| std::cmp::Reverse(row.key));
                let all = list(None, true, &query);
                prop_assert_eq!(&paged(&reader, &all), &found, "{}", query);
                let unread = found.iter().filter(|r| r.unread > 0);
                let counted = reader.unread_listed(&all, 1_000).unwrap();
                prop_assert_eq!(counted.count as usize, unread.clone().count(), "{}", query);
                let next = reader.next_unread_listed(&all, None).unwrap();
                prop_assert_eq!(next, unread.map(|r| r.key).next(), "{}", query);
                let here = f.mailbox("INBOX");
                found.retain(|row| row.mailbox == here);
                for threaded in [false, true] {
                    let tab = list(Some(&inbox), threaded, &query);
                    let rows = paged(&reader, &tab);
                    let messages: Vec<MsgId> = rows.iter().map(|r| r.message).collect();
                    let mut meant: Vec<_> = found.iter().map(|r| r.message).collect();
                    if threaded {
                        // Of the same date, threads stand in their own order.
                        let key = |id: &MsgId| found.iter().find(|r| r.message == *id).map(|r| (r.date, r.thread));
                        meant.sort_by_key(|id| std::cmp::Reverse(key(id)));
                    }
                    prop_assert_eq!(&messages, &meant, "{}", query);
                    let counted = reader.unread_listed(&tab, 1_000).unwrap();
                    let unread = rows.iter().filter(|r| r.unread > 0);
                    prop_assert_eq!(counted.count as usize, unread.clone().count(), "{}", query);
                    let next = reader.next_unread_listed(&tab, None).unwrap();
                    prop_assert_eq!(next, unread.map(|r| r.key).next(), "{}", query);
                }
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_message_in_two_mailboxes_is_listed_once() {
    let mut f = Fixture::new();
    let same = |n| NewMessage {
        identity: Some(format!("e{n}")),
        ..message(n)
    };
    f.ingest("INBOX", &[same(1), same(2), same(3)]);
    f.ingest("Archive", &[same(1), same(3)]);
    let reader = f.reader();
    for text in [
        "is:unread",
        "larger:1",
        "-is:list",
        "subject:subject",
        "sender",
    ] {
        let query = query(text);
        let rows = paged(&reader, &list(None, false, &query));
        let subjects: Vec<&str> = rows.iter().map(|r| r.subject.as_str()).collect();
        assert_eq!(subjects, ["subject 3", "subject 2", "subject 1"], "{text}");
        let counted = reader.unread_listed(&list(None, false, &query), 1_000);
        assert_eq!(counted.unwrap().count, 3, "{text}");
    }
}

#[test]
fn vowels_that_are_marks_tell_words_apart() {
    let mut f = Fixture::new();
    // Both are the letters BA and LA with different vowels; the second is "bill".
    let about = |n, subject: &str| {
        let mut new = message(n);
        new.envelope.subject = subject.to_owned();
        new
    };
    f.ingest(
        "INBOX",
        &[about(1, "बाल"), about(2, "बिल"), about(3, "बिलकुल")],
    );
    // In Thai each letter is a word, and so is a vowel: "to eat" and "each other".
    f.ingest("INBOX", &[about(4, "กิน"), about(5, "กัน")]);
    let reader = f.reader();
    for (text, wanted) in [
        ("subject:बिल", vec!["बिल"]),
        ("बिल", vec!["बिल"]),
        ("subject:กิน", vec!["กิน"]),
        ("กัน", vec!["กัน"]),
        ("subject:बिल*", vec!["बिलकुल", "बिल"]),
        ("-subject:बिल", vec!["กัน", "กิน", "बिलकुल", "बाल"]),
    ] {
        let query = query(text);
        let subjects = |rows: Vec<IndexRow>| -> Vec<String> {
            rows.into_iter().map(|row| row.subject).collect()
        };
        let mut found = reader.search(&query, NOW, 9).unwrap().rows;
        found.sort_by_key(|row| std::cmp::Reverse(row.key));
        assert_eq!(subjects(found), wanted, "{text}");
        assert_eq!(
            subjects(paged(&reader, &list(None, false, &query))),
            wanted,
            "{text}"
        );
        let named = reader.answering(&query, NOW, None).unwrap();
        assert_eq!(named.len(), wanted.len(), "{text}");
    }
}

#[test]
fn a_conversation_is_found_by_the_number_that_it_had() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    let thread = |f: &Fixture, n: i64| -> i64 {
        let sql = "SELECT thread FROM location WHERE uid = ?1";
        f.reader()
            .conn
            .query_row(sql, [n], |row| row.get(0))
            .unwrap()
    };
    let had = [thread(&f, 1), thread(&f, 2)];
    f.ingest("INBOX", &[answer(3, &[1, 2])]);
    for number in had {
        for text in [format!("thread:{number}"), format!("thread:t{number}")] {
            let found = f.reader().search(&query(&text), NOW, 9).unwrap();
            assert_eq!(found.count, 3, "{text}");
        }
    }
}

#[test]
fn a_thread_stands_where_its_newest_message_belongs() {
    let mut f = Fixture::new();
    let mut listed = answer(2, &[1]);
    listed.envelope.list_id = Some("dev.example".to_owned());
    f.ingest("INBOX", &[message(1), listed, message(3)]);
    let reader = f.reader();
    let inbox = Scope::UnifiedInbox;
    let shown = |text: &str| {
        let query = query(text);
        let list = list(Some(&inbox), true, &query);
        let rows = reader.listed(&list, Page::Newest, 10).unwrap();
        let counted = reader.unread_listed(&list, 10).unwrap();
        let rows: Vec<(String, u32)> = rows.into_iter().map(|r| (r.subject, r.count)).collect();
        (rows, counted.count)
    };
    assert_eq!(shown("is:list"), (vec![("subject 2".to_owned(), 2)], 1));
    assert_eq!(shown("-is:list"), (vec![("subject 3".to_owned(), 1)], 1));
}

#[test]
fn counting_ends_where_nobody_wants_to_know_more() {
    let mut f = Fixture::new();
    let all: Vec<NewMessage> = (1..=30).map(message).collect();
    f.ingest("INBOX", &all);
    let reader = f.reader();
    let query = query("larger:1");
    for (scope, most, count, more) in [
        (None, 9, 9, true),
        (None, 30, 30, false),
        (Some(Scope::UnifiedInbox), 9, 9, true),
    ] {
        let counted = reader.unread_listed(&list(scope.as_ref(), true, &query), most);
        assert_eq!(counted.unwrap(), Counted { count, more });
    }
}

#[test]
fn lists_are_walked_in_the_order_of_an_index() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let reader = f.reader();
    for text in [
        "-is:list",
        "from:ada or larger:5M",
        "is:unread",
        "is:unread -subject:x",
        "has:attachment",
    ] {
        let filter = Filter::make(&reader.conn, &query(text), NOW).unwrap();
        for threaded in [false, true] {
            for down in [false, true] {
                let walk = Walk {
                    threaded,
                    unread: false,
                    down,
                };
                let sql = format!("EXPLAIN QUERY PLAN {}", walk.filtered(&filter));
                let mut explain = reader.conn.prepare(&sql).unwrap();
                let steps = explain.query_map(rusqlite::params_from_iter(&filter.values), |row| {
                    row.get::<_, String>(3)
                });
                let steps: Vec<String> = steps.unwrap().map(|step| step.unwrap()).collect();
                let plan = steps.join("; ");
                assert!(
                    !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
                    "{text}\n{plan}"
                );
            }
        }
    }
}
