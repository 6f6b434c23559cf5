//! The ledger about what is sent and what is noted besides, over real databases and no network.

use super::ledger_tests::{Desk, account};
use crate::model::*;

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
