//! A `local.db` of each schema that there ever was: brought up it has all that waited in it.

use super::connection::SCHEMA;
use super::tests::{Home, work};
use crate::model::{FlagChange, OpKind, OutboxId, RecipientState, SubmissionState, System};
use rusqlite::Connection;

/// A change that waits, a message that was refused, one that is sent, and a draft.
fn fill(conn: &Connection, version: usize) {
    let (columns, bytes) = match version {
        ..2 => (", wire, filed", ", x'41', x'4142'"),
        _ => ("", ""),
    };
    conn.execute_batch(&format!(
        "INSERT INTO action (id, label, at, undo) VALUES (1, 'read', 1, 1);
         INSERT INTO op (id, action, account, kind, add_system) VALUES (1, 1, 'work', 'store', 1);
         INSERT INTO target VALUES (1, 0, x'494E424F58', 7, 1, '1@x', 9);
         INSERT INTO moved VALUES ('work', x'494E424F58', 7, 1, x'41', 8, 2, 1);
         INSERT INTO outbox (id, account, message_id, mail_from, subject, state, next_try, created{columns})
             VALUES (1, 'work', 'out@x', 'ada@x', 'stuck', 'refused', 0, 1{bytes}),
                 (2, 'work', 'other@x', 'ada@x', 'out', 'sent', 0, 1{bytes});
         INSERT INTO recipient VALUES (1, 0, 'bo@x', 'refused', '550 no');
         INSERT INTO draft (id, account, kind, from_line, to_line, cc_line, bcc_line, subject, body, in_reply_to, refs, saved)
             VALUES (1, 'work', 0, '', 'bo@x', '', '', 'begun', 'Dear Bo', '', '', 1);
         INSERT INTO draft_attachment (draft, seq, name, bytes) VALUES (1, 0, 'a.txt', x'42');
         INSERT INTO person VALUES ('bo@x', 'bo@x', 'Bo', 'bo bo@x', 1, 0, 1{bounced});",
        bounced = if version < 2 { "" } else { ", 0" },
    ))
    .unwrap();
    let bytes = match version {
        ..2 => "",
        2 => "INSERT INTO outbox_bytes VALUES (1, x'41', x'4142')",
        _ => "INSERT INTO outbox_piece VALUES (1, 0, 0, x'41'), (1, 1, 0, x'4142')",
    };
    conn.execute_batch(bytes).unwrap();
}

#[test]
fn f08_a_database_of_each_schema_has_all_that_waited_once_it_is_brought_up() {
    for version in 1..=SCHEMA.len() {
        let home = Home::new();
        let conn = Connection::open(home.path().join("local.db")).unwrap();
        conn.pragma_update(None, "journal_mode", "wal").unwrap();
        for step in SCHEMA.iter().take(version) {
            conn.execute_batch(step).unwrap();
        }
        conn.pragma_update(None, "user_version", version).unwrap();
        fill(&conn, version);
        drop(conn);
        let mut local = home.open();
        let read = local.read();
        let pending = read.pending(&work()).unwrap();
        assert_eq!(pending.len(), 1, "{version}");
        let seen = OpKind::Store(FlagChange::set(System::SEEN));
        assert_eq!((&pending[0].kind, pending[0].keys.len()), (&seen, 1));
        let place = read.follow(&work(), &pending[0].keys[0]).unwrap();
        assert_eq!(place.unwrap().mailbox.as_bytes(), b"A", "{version}");
        let stuck = read.submission(OutboxId(1)).unwrap().unwrap();
        assert_eq!(stuck.state, SubmissionState::Refused, "{version}");
        assert_eq!(stuck.recipients[0].state, RecipientState::Refused);
        assert_eq!(read.wire(OutboxId(1)).unwrap(), b"A", "{version}");
        assert_eq!(read.filed(OutboxId(1)).unwrap(), b"AB", "{version}");
        assert_eq!(read.sent().unwrap().len(), 1, "{version}");
        let drafts = read.drafts().unwrap();
        assert_eq!((drafts.len(), drafts[0].body.as_str()), (1, "Dear Bo"));
        assert_eq!(drafts[0].attachments.len(), 1, "{version}");
        assert_eq!(read.domains().unwrap().len(), 1, "{version}");
        // And all of it can be gone on with.
        local.retry(OutboxId(1), 9).unwrap();
        let row = local.read().due(&work(), 9).unwrap();
        assert_eq!(row.map(|row| row.id), Some(OutboxId(1)), "{version}");
        local.keep_draft(&drafts[0], 9).unwrap();
        assert!(super::tests::undo(&mut local, 9).is_some(), "{version}");
        assert_eq!(local.read().pending(&work()).unwrap(), []);
    }
}
