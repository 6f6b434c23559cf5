//! Messages that are here without their attachments, and those that are packed once more.

use super::fixture::*;
use crate::model::query::Query;
use crate::model::*;
use crate::store::*;

fn body(message: MsgId, text: &str) -> NewBody {
    NewBody {
        message,
        raw: format!("Received: from mx.example.org\r\nSubject: a\r\n\r\nDear all, {text}\r\n")
            .into_bytes(),
        text: format!("Dear all, {text}"),
        snippet: String::new(),
        attachments: Vec::new(),
    }
}

#[test]
fn what_is_still_to_be_asked_for_is_none_that_came() {
    let mut f = Fixture::new();
    let new = f.ingest("INBOX", &[message(1), message(2)]).new;
    let ids: Vec<MsgId> = new.iter().map(|(_, id, _)| *id).collect();
    let inbox = f.mailbox("INBOX");
    let last = |f: &Fixture| f.reader().last_kept(inbox, u64::MAX).unwrap();
    assert_eq!(last(&f), None);
    let whole = PackedBody::new(&body(ids[0], "the text"), None);
    let hollow = PackedBody::new(&body(ids[1], "the other"), None).hollow();
    f.cache.store_packed(&[whole, hollow]).unwrap();
    assert_eq!(last(&f), Uid::new(1));
    let whole = PackedBody::new(&body(ids[1], "the other"), None);
    f.cache.store_packed(&[whole]).unwrap();
    assert_eq!(last(&f), Uid::new(2));
}

#[test]
fn what_is_hollow_is_read_but_is_no_message_to_hand_on() {
    let mut f = Fixture::new();
    let ids: Vec<MsgId> = f
        .ingest("INBOX", &[message(1), message(2)])
        .new
        .iter()
        .map(|(_, id, _)| *id)
        .collect();
    let inbox = f.mailbox("INBOX");
    let hollow = PackedBody::new(&body(ids[0], "the text"), None).hollow();
    let whole = PackedBody::new(&body(ids[1], "the other"), None);
    f.cache.store_packed(&[hollow, whole]).unwrap();
    let wanted = |f: &Fixture| -> Vec<MsgId> {
        let all = f.reader().hollow_wanted(inbox, i64::MIN, u64::MAX, 9);
        all.unwrap().iter().map(|w| w.message).collect()
    };
    let is_whole = |f: &Fixture, n: u32| match f.reader().by_key(&account(), &f.key(n)).unwrap() {
        ByKey::Here(known) => (known.is_whole, known.body_error),
        other => panic!("{other:?}"),
    };
    let reader = f.reader();
    assert_eq!(reader.body(ids[0]).unwrap(), None);
    let shown = |n: usize| reader.shown(ids[n]).unwrap().unwrap();
    assert_eq!((shown(0).is_hollow, shown(1).is_hollow), (true, false));
    assert_eq!(reader.body(ids[1]).unwrap(), Some(shown(1).raw));
    assert!(
        reader.message(ids[0]).unwrap().unwrap().has_body,
        "it can be read"
    );
    assert!(
        reader
            .bodies_wanted(inbox, i64::MIN, u64::MAX, 9)
            .unwrap()
            .is_empty()
    );
    assert_eq!(wanted(&f), [ids[0]]);
    assert_eq!(
        (is_whole(&f, 1), is_whole(&f, 2)),
        ((false, None), (true, None))
    );
    // Why the rest can't be had is known, and what is here stays.
    f.cache.body_failed(ids[0], "gone").unwrap();
    f.cache.body_failed(ids[1], "gone").unwrap();
    assert_eq!(is_whole(&f, 1), (false, Some("gone".to_owned())));
    assert_eq!(is_whole(&f, 2), (true, None));
    assert!(wanted(&f).is_empty() && f.reader().shown(ids[0]).unwrap().is_some());
    f.cache.store_bodies(&[body(ids[0], "the text")]).unwrap();
    assert_eq!(is_whole(&f, 1), (true, None));
    assert!(f.reader().body(ids[0]).unwrap().is_some());
    f.check();
}

#[test]
fn what_is_here_whole_gives_way_to_nothing_less() {
    let mut f = Fixture::new();
    let [(_, id, _)] = f.ingest("INBOX", &[message(1)]).new[..] else {
        panic!("one message");
    };
    let inbox = f.mailbox("INBOX");
    let body = body(id, "the text");
    let hollow = PackedBody::new(&body, None).hollow();
    let wanted = |f: &Fixture| f.reader().reread_wanted(&account(), 9).unwrap();
    let left = |f: &Fixture| f.reader().hollow_left(inbox, i64::MIN, u64::MAX).unwrap();
    f.cache.store_packed(std::slice::from_ref(&hollow)).unwrap();
    assert_eq!(left(&f), 1);
    // Opened, and then fetched by who looked before that.
    f.cache.store_bodies(std::slice::from_ref(&body)).unwrap();
    assert_eq!(
        f.cache.store_packed(std::slice::from_ref(&hollow)).unwrap(),
        0
    );
    let again = PackedBody::new(&body, None).again(true);
    assert_eq!(f.cache.store_packed(&[again]).unwrap(), 0);
    assert!(f.reader().body(id).unwrap().is_some() && wanted(&f).is_empty());
    assert_eq!(left(&f), 0);
    // Read once more it is left out, unless it was used in between, or is gone.
    f.cache
        .store_packed(&[PackedBody::new(&body, None).again(false)])
        .unwrap();
    let read = |hollow_then: bool| Reread {
        message: id,
        hollow: hollow_then,
        body: Some(hollow.clone()),
    };
    assert_eq!(f.cache.store_reread(&[read(true)]).unwrap(), []);
    assert!(f.reader().body(id).unwrap().is_some());
    assert_eq!(wanted(&f), [(id, false)]);
    assert_eq!(f.cache.store_reread(&[read(false)]).unwrap(), [id]);
    assert!(f.reader().shown(id).unwrap().unwrap().is_hollow);
    assert!(f.cache.store_reread(&[read(false)]).unwrap().is_empty());
    f.check();
}

#[test]
fn messages_are_packed_once_more_with_what_they_have_in_common() {
    let mut f = Fixture::new();
    let all: Vec<NewMessage> = (1..=260).map(message).collect();
    let ids: Vec<MsgId> = f
        .ingest("INBOX", &all)
        .new
        .iter()
        .map(|(_, id, _)| *id)
        .collect();
    let bodies: Vec<NewBody> = ids
        .iter()
        .map(|id| {
            body(
                *id,
                &format!("number {} and {}, kind regards", id.0, id.0 * id.0),
            )
        })
        .collect();
    f.cache.store_bodies(&bodies[..150]).unwrap();
    assert_eq!(f.reader().make_dictionary().unwrap(), None, "too few");
    f.cache.store_bodies(&bodies).unwrap();
    let size = |f: &Fixture| -> i64 {
        let sql = "SELECT (SELECT sum(length(octets)) FROM kept)
             + coalesce((SELECT sum(length(octets)) FROM pressed), 0)";
        f.reader()
            .conn
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    let pages = |f: &Fixture| -> i64 {
        let sql = "SELECT count(*) FROM dbstat WHERE name = 'kept'";
        f.reader()
            .conn
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    let (before, pages_before) = (size(&f), pages(&f));
    let dictionary = f.reader().make_dictionary().unwrap().unwrap();
    f.cache.keep_dictionary(&dictionary).unwrap();
    f.cache.keep_dictionary(b"another").unwrap();
    assert_eq!(f.reader().make_dictionary().unwrap(), None, "there is one");
    let packer = f.reader().packer().unwrap().unwrap();
    let alone = |f: &Fixture, before| f.reader().packed_alone(&account(), before, 200).unwrap();
    let first = alone(&f, None);
    assert_eq!((first.len(), first[0]), (200, ids[259]));
    assert_eq!(alone(&f, first.last().copied()).len(), 60);
    let reader = f.reader();
    let repacked: Vec<Repacked> = ids
        .iter()
        .filter_map(|id| reader.repacked(*id, &packer).unwrap())
        .collect();
    // One changed meanwhile.
    f.cache
        .store_bodies(&[body(ids[7], "something else")])
        .unwrap();
    f.cache.repack(&repacked).unwrap();
    assert_eq!(alone(&f, None), [ids[7]]);
    assert!(size(&f) * 2 < before, "{} of {before}", size(&f));
    // And the pages that they were on are free again.
    let left = pages(&f);
    assert!(left * 5 < pages_before, "{left} of {pages_before} pages");
    let reader = f.reader();
    for (id, body) in ids.iter().zip(&bodies) {
        let is = reader.body(*id).unwrap().unwrap();
        assert_eq!(is == body.raw, *id != ids[7]);
    }
    let pressed = |f: &Fixture| -> i64 {
        let sql = "SELECT count(*) FROM pressed";
        f.reader()
            .conn
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(pressed(&f), 259);
    // What is packed is fetched anew, or wrong: nothing of it stays.
    f.cache.store_bodies(&bodies[..2]).unwrap();
    f.cache.drop_bodies(&ids[2..4]).unwrap();
    assert_eq!(pressed(&f), 255);
    f.cache.store_bodies(&bodies[2..4]).unwrap();
    // A phrase is looked up in the texts.
    let n = ids[20].0;
    let query = Query::parse(&format!("\"number {n} and {}\"", n * n)).unwrap();
    assert_eq!(reader.search(&query, 0, 9).unwrap().count, 1);
    let none = Query::parse(&format!("\"{n} number\"")).unwrap();
    assert_eq!(reader.search(&none, 0, 9).unwrap().count, 0);
    f.check();
}

#[test]
fn what_is_fetched_into_a_message_gives_way_to_what_changed_meanwhile() {
    let mut f = Fixture::new();
    let all: Vec<NewMessage> = (1..=260).map(message).collect();
    let new = f.ingest("INBOX", &all).new;
    let ids: Vec<MsgId> = new.iter().map(|(_, id, _)| *id).collect();
    let text = |id: MsgId| format!("number {} and {}, kind regards", id.0, id.0 * id.0);
    let hollow = |id: MsgId, text: &str| PackedBody::new(&body(id, text), None).hollow();
    let bodies: Vec<PackedBody> = ids.iter().map(|id| hollow(*id, &text(*id))).collect();
    f.cache.store_packed(&bodies).unwrap();
    let fill = |f: &Fixture, id| f.reader().refilled(id, |_| Some(false)).unwrap();
    let whole = |f: &Fixture, id| f.reader().body(id).unwrap();
    // Another text came in between.
    let late = fill(&f, ids[0]).unwrap();
    f.cache.store_packed(&[hollow(ids[0], "else")]).unwrap();
    assert!(!f.cache.refill(&late).unwrap() && whole(&f, ids[0]).is_none());
    // It was packed once more in between.
    let late = fill(&f, ids[1]).unwrap();
    let dictionary = f.reader().make_dictionary().unwrap().unwrap();
    f.cache.keep_dictionary(&dictionary).unwrap();
    let packer = f.reader().packer().unwrap().unwrap();
    let reader = f.reader();
    let repacked = ids
        .iter()
        .filter_map(|id| reader.repacked(*id, &packer).unwrap());
    let repacked: Vec<Repacked> = repacked.collect();
    f.cache.repack(&repacked).unwrap();
    let pressed = |f: &Fixture| -> i64 {
        let sql = "SELECT count(*) FROM pressed";
        let reader = f.reader();
        reader.conn.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = pressed(&f);
    assert!(before > 250, "{before}");
    assert!(!f.cache.refill(&late).unwrap() && whole(&f, ids[1]).is_none());
    // What is packed so is made whole, and leaves nothing behind; a second time there is nothing to do.
    let now = fill(&f, ids[1]).unwrap();
    assert!(f.cache.refill(&now).unwrap());
    assert_eq!(whole(&f, ids[1]), Some(body(ids[1], &text(ids[1])).raw));
    assert_eq!(pressed(&f), before - 1);
    assert!(!f.cache.refill(&now).unwrap() && fill(&f, ids[1]).is_none());
    f.check();
}
