//! What an older program kept: it is found as it was, and goes over to how it is kept now.

use super::fixture::*;
use super::sought::{NOW, found};
use crate::model::query::Query;
use crate::model::view::AttachmentRow;
use crate::model::*;
use crate::store::*;

#[test]
fn a_cache_of_before_is_read_again() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let row: i64 = f
        .cache
        .read()
        .conn
        .query_row("SELECT max(id) FROM message", [], |r| r.get(0))
        .unwrap();
    assert!(f.body(MsgId(row)));
    f.cache
        .write(|tx, _| Ok(tx.execute("INSERT INTO reread (message) SELECT message FROM kept", [])?))
        .unwrap();
    let wanted = |f: &Fixture| f.reader().reread_wanted(&account(), 9).unwrap();
    assert_eq!(wanted(&f), [(MsgId(row), false)]);
    assert!(
        f.reader()
            .reread_wanted(&AccountName("other".to_owned()), 9)
            .unwrap()
            .is_empty()
    );
    assert!(f.body(MsgId(row)));
    assert!(wanted(&f).is_empty());
}

#[test]
fn documents_that_were_here_before_are_read_and_stay() {
    let mut f = Fixture::new();
    let new = f.ingest("INBOX", &[message(1), message(2), message(3)]).new;
    let ids: Vec<MsgId> = new.iter().map(|(_, id, _)| *id).collect();
    let body = |n: usize, name: &str, media: &str| {
        let attachment = AttachmentRow {
            part: 2,
            name: name.to_owned(),
            media_type: media.to_owned(),
            size: 9,
        };
        let body = NewBody {
            message: ids[n],
            raw: b"Subject: a\r\n\r\nb\r\n".to_vec(),
            text: String::new(),
            snippet: String::new(),
            attachments: vec![attachment],
        };
        PackedBody::new(&body, None)
    };
    let bodies = [
        body(0, "a.PDF", "application/octet-stream"),
        body(1, "b.txt", "text/plain"),
        body(2, "c", "application/pdf").hollow(),
    ];
    f.cache.store_packed(&bodies).unwrap();
    let step = include_str!("../schema_14.sql");
    f.cache.write(|tx, _| Ok(tx.execute_batch(step)?)).unwrap();
    let wanted = f.reader().reread_wanted(&account(), 9).unwrap();
    assert_eq!(wanted, [(ids[0], false)]);
}

#[test]
fn what_was_muted_before_there_was_a_column_for_it_still_is() {
    let mut f = Fixture::new();
    let mut muted = message(1);
    muted.flags.keywords = ["$muted", "work"].map(str::to_owned).into();
    f.ingest("INBOX", &[muted, message(2)]);
    let found = |f: &Fixture| f.reader().marked(&account(), mark::MUTED).unwrap().len();
    assert_eq!(found(&f), 1);
    let before = "DROP INDEX location_marked; ALTER TABLE location DROP COLUMN marked;
        CREATE INDEX location_marked ON location (thread) WHERE instr(lower(keywords), '$muted') > 0";
    let step = include_str!("../schema_16.sql");
    f.cache
        .write(|tx, _| {
            Ok(tx
                .execute_batch(before)
                .and_then(|()| tx.execute_batch(step))?)
        })
        .unwrap();
    assert_eq!(found(&f), 1);
}

#[test]
fn what_was_kept_before_is_found_and_goes_over() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    let reader = f.reader();
    let rows = reader
        .search(&Query::parse("is:unread or is:read").unwrap(), NOW, 9)
        .unwrap()
        .rows;
    let ids: Vec<MsgId> = rows.iter().map(|row| row.message).collect();
    let text = "the kind old regards";
    f.cache
        .write(|tx, _| {
            for id in &ids {
                tx.execute("UPDATE message SET has_body = 1 WHERE id = ?1", [id.0])?;
                tx.execute("UPDATE location SET body = 1 WHERE message = ?1", [id.0])?;
                tx.execute("INSERT INTO body VALUES (?1, ?2)", (id.0, text.as_bytes()))?;
                tx.execute(
                    "INSERT INTO body_word (rowid, body, file) VALUES (?1, ?2, 'minutes pdf')",
                    (id.0, text),
                )?;
                tx.execute("INSERT INTO reread (message) VALUES (?1)", [id.0])?;
            }
            Ok(())
        })
        .unwrap();
    let all = [
        ("kind", true),
        ("kin*", true),
        ("body:kind regards", true),
        ("\"old regards\"", true),
        ("\"kind regards\"", false),
        ("minutes kind", true),
        ("body:minutes", false),
    ];
    let look = |f: &Fixture| {
        for (text, is) in all {
            let wanted = if is { 2 } else { 0 };
            assert_eq!(
                found(f, &Query::parse(text).unwrap()).len(),
                wanted,
                "{text}"
            );
        }
        for id in &ids {
            assert_eq!(f.reader().body(*id).unwrap().unwrap(), text.as_bytes());
        }
    };
    look(&f);
    for (at, id) in ids.iter().enumerate() {
        let body = NewBody {
            message: *id,
            raw: text.as_bytes().to_vec(),
            text: text.to_owned(),
            snippet: String::new(),
            attachments: vec![AttachmentRow {
                part: 1,
                name: "minutes.pdf".to_owned(),
                media_type: "application/pdf".to_owned(),
                size: 1,
            }],
        };
        f.cache.store_bodies(&[body]).unwrap();
        assert_eq!(
            f.reader().reread_wanted(&account(), 9).unwrap().len(),
            1 - at
        );
        look(&f);
        f.check();
    }
    let path = f.dir.path().join("cache.db");
    drop(f.cache);
    let mut cache = Cache::open(&path, 0).unwrap().cache;
    assert!(cache.is_untidy());
    for _ in 0..3 {
        cache.tidy().unwrap();
    }
    assert!(!cache.is_untidy());
    let f = Fixture { dir: f.dir, cache };
    look(&f);
}

#[test]
fn what_is_left_of_before_and_can_not_be_removed_waits_for_the_next_start() {
    let f = Fixture::new();
    let path = f.dir.path().join("cache.db");
    let sql = "INSERT INTO body_word_data (id, block) VALUES (99, x'00');
         CREATE TRIGGER stays BEFORE DELETE ON body_word_data BEGIN SELECT RAISE(FAIL, 'no'); END";
    f.cache.read().conn.execute_batch(sql).unwrap();
    drop(f.cache);
    let mut cache = Cache::open(&path, 0).unwrap().cache;
    assert!(cache.is_untidy());
    assert!(cache.tidy().is_err());
    assert!(!cache.is_untidy(), "it would be tried again and again");
}
