//! A cache of each schema that there ever was, as its program left it: brought up it shows the same.

use super::fixture::*;
use super::sought::found;
use crate::model::query::Query;
use crate::model::*;
use crate::store::migrate::CACHE;
use crate::store::*;
use rusqlite::Connection;

const TEXT: &str = "some kind words";

/// Two letters in an inbox, the first of them whole, the second starred here.
fn fill(conn: &Connection, version: usize) {
    let (exists, lag) = match version {
        ..3 => ("backfill", ""),
        3..17 => ("exists_", ""),
        _ => ("exists_", ", lag"),
    };
    let lag_is = if lag.is_empty() { "" } else { ", 4" };
    conn.execute_batch(&format!(
        "INSERT INTO account (id, name) VALUES (101, 'work');
         INSERT INTO mailbox (id, account, name, path, delimiter, role, selectable, uidvalidity, uidnext, {exists}, total, unread)
             VALUES (102, 101, x'494E424F58', 'INBOX', '/', 'inbox', 1, 7, 3, 2, 2, 2);
         INSERT INTO message (id, date, size, has_body, maybe_attachments, attachments, snippet, subject, from_, to_,
                 message_id, in_reply_to, refs, sender, reply_to, cc{lag})
             VALUES (103, 5, 40, 1, 0, '[]', 'some', 'one', '', '', '1@x', '', '', '', '', ''{lag_is}),
                 (104, 6, 50, 0, 0, NULL, NULL, 'two', '', '', '2@x', '', '', '', '', ''{lag_is});
         INSERT INTO location (id, mailbox, message, thread, date, uid, server_system, server_keywords, system, keywords, body)
             VALUES (105, 102, 103, 103, 5, 1, 0, '$Muted', 0, '$Muted', 1), (106, 102, 104, 104, 6, 2, 0, '', 4, '', 0);
         INSERT INTO overlay VALUES (1, 106, 1, NULL, 4, '', 0, '');
         INSERT INTO thread_row VALUES (102, 103, 5, 1, 1, 0, 105), (102, 104, 6, 1, 1, 1, 106);"
    ))
    .unwrap();
    let run = |sql: &str| conn.execute_batch(&sql.replace("TEXT", TEXT)).unwrap();
    if version >= 3 {
        run("UPDATE mailbox SET held = 2");
    }
    if version >= 16 {
        run("UPDATE location SET marked = 1 WHERE id = 105");
    }
    match version {
        ..5 => run(
            "INSERT INTO word (rowid, subject, body) VALUES (103, 'one', 'TEXT'), (104, 'two', '')",
        ),
        _ => run("INSERT INTO word (rowid, subject) VALUES (103, 'one'), (104, 'two')"),
    }
    match version {
        ..5 => run("INSERT INTO body VALUES (103, CAST('TEXT' AS BLOB))"),
        5..12 => run("INSERT INTO body VALUES (103, CAST('TEXT' AS BLOB));
             INSERT INTO body_word (rowid, body) VALUES (103, 'TEXT')"),
        _ => run(
            "INSERT INTO kept (message, packing, text, files, raw, octets)
                 VALUES (103, 0, length('TEXT'), 0, length('TEXT'), CAST('TEXTTEXT' AS BLOB));
             INSERT INTO text_word (rowid, words) VALUES (103, 'TEXT')",
        ),
    }
}

#[test]
fn f08_a_cache_of_each_schema_shows_the_same_once_it_is_brought_up() {
    for version in 1..=CACHE.len() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache.db");
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "journal_mode", "wal").unwrap();
        for step in CACHE.iter().take(version) {
            conn.execute_batch(step).unwrap();
        }
        conn.pragma_update(None, "user_version", version).unwrap();
        fill(&conn, version);
        drop(conn);
        let opened = Cache::open(&path, 0).unwrap();
        assert!(!opened.created && opened.moved_aside.is_none(), "{version}");
        let mut f = Fixture {
            dir,
            cache: opened.cache,
        };
        f.check();
        let shown = f.shown("INBOX");
        let flags = |n: usize| (shown[n].0.as_str(), shown[n].1, shown[n].2.concat());
        assert_eq!(flags(0), ("two", Some(2), "\\Flagged".to_owned()));
        assert_eq!(flags(1), ("one", Some(1), "$Muted".to_owned()), "{version}");
        let body = f.reader().body(MsgId(103)).unwrap();
        assert_eq!(body.as_deref(), Some(TEXT.as_bytes()), "{version}");
        let again = f.reader().reread_wanted(&account(), 9).unwrap();
        assert_eq!(!again.is_empty(), version < 12, "{version}: {again:?}");
        // Of a schema whose words were cut otherwise a text is found once it is read again.
        let is_found = |f: &Fixture| found(f, &Query::parse("kind").unwrap()).len() == 1;
        assert_eq!(is_found(&f), !(5..8).contains(&version), "{version}");
        assert_eq!(f.reader().marked(&account(), mark::MUTED).unwrap().len(), 1);
        f.cache.settle(OpId(1), &Outcome::Reverted).unwrap();
        f.ingest("INBOX", &[answer(3, &[2])]);
        f.body(MsgId(103));
        f.check();
        assert_eq!(f.subjects("INBOX"), ["two", "one", "3"], "{version}");
        assert!(f.reader().reread_wanted(&account(), 9).unwrap().is_empty());
    }
}
