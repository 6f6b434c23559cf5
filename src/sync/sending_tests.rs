//! The ledger about what is sent and what is noted besides, over real databases and no network.

use super::desk::{Desk, account};
use crate::model::*;
use crate::text::when;
use std::sync::Arc;

#[test]
fn what_is_done_is_answered_so_whatever_is_noted_besides() {
    let mut desk = Desk::new();
    let (_, location) = desk.receive("INBOX");
    let other = rusqlite::Connection::open(&desk.ledger.stores.local).unwrap();
    other
        .execute_batch("DROP TABLE person; DROP TABLE filed")
        .unwrap();
    let trash = desk
        .ledger
        .reader
        .role_mailbox(&account().name, Role::Trash)
        .unwrap()
        .unwrap();
    let moved = desk.ledger.carry_out(Intent::Act {
        verb: Verb::Move(trash.id),
        targets: vec![Target::Location(location)],
    });
    assert!(moved.is_ok(), "{moved:?}");
    let mut draft = Draft::new(account().name);
    draft.to = "ada@example.test".to_owned();
    draft.body = "Hello.".to_owned();
    let sent = desk.ledger.carry_out(Intent::Submit(Box::new(draft)));
    assert!(sent.is_ok(), "{sent:?}");
    assert_eq!(desk.ledger.local.read().outbox().unwrap().len(), 1);
}

#[test]
fn what_is_answered_is_found_where_it_was_moved() {
    let mut desk = Desk::new();
    let ([_, place, _], _) = desk.receive_three();
    let mut draft = Draft {
        kind: DraftKind::Reply,
        to: "ada@example.test".to_owned(),
        body: "Yes.".to_owned(),
        in_reply_to: MessageId::new("2@x.example"),
        // The place that it had when the answer was begun.
        source: Some(LocationId(place.0 + 1_000)),
        ..Draft::new(account().name)
    };
    for id in ["2@x.example", "none@x.example"] {
        draft.in_reply_to = MessageId::new(id);
        let submit = Intent::Submit(Box::new(draft.clone()));
        desk.ledger.carry_out(submit).unwrap();
    }
    let other = rusqlite::Connection::open(&desk.ledger.stores.local).unwrap();
    let sql = "SELECT count(*), max(source_uid) FROM outbox WHERE source_mailbox = ?1";
    let marked: (u32, u32) = other
        .query_row(sql, [&b"INBOX"[..]], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap();
    assert_eq!(marked, (1, 2));
}

#[test]
fn what_goes_later_is_taken_back_with_files_that_are_gone() {
    let mut desk = Desk::new();
    let file = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
    std::fs::write(file.path(), "green").unwrap();
    let mut draft = Draft {
        to: "ada@example.test".to_owned(),
        attachments: vec![DraftAttachment::file(file.path().to_owned())],
        ..Draft::new(account().name)
    };
    draft.options.send_at = Some(when::now() + 24 * 3600);
    let kept = desk.ledger.local.keep_draft(&draft, 0).unwrap();
    (draft.id, draft.rev) = (Some(kept.id), kept.rev);
    let queued = desk.ledger.carry_out(Intent::Submit(Box::new(draft)));
    let id = queued.unwrap().outbox.unwrap();
    let name = file
        .path()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    drop(file);
    let edit = Intent::Outbox(id, OutboxVerb::Edit);
    assert_eq!(desk.ledger.carry_out(edit).unwrap().draft, Some(kept.id));
    let back = desk.ledger.local.read().draft(kept.id).unwrap().unwrap();
    let want = DraftAttachment::Bytes {
        name,
        media_type: "text/plain".to_owned(),
        bytes: Arc::from(*b"green"),
        inline: false,
    };
    assert_eq!(back.attachments, [want]);
}
