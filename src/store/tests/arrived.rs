//! What is new since one last looked.

use super::fixture::*;
use crate::model::query::Query;
use crate::model::view::{Page, Scope};
use crate::model::*;
use crate::store::*;

impl Fixture {
    /// Messages come and the turn is finished.
    fn synced(&mut self, wire: &str, messages: &[NewMessage]) {
        let mailbox = self.mailbox(wire);
        let next = messages.iter().map(|m| m.uid.get() + 1).max();
        let to = CursorMove {
            uidnext: next,
            ..CursorMove::default()
        };
        self.cache.ingest(mailbox, V, messages, Some(to)).unwrap();
    }

    fn new_ones(&self, marks: &mut Marks) -> Vec<i64> {
        let arrived = self.reader().arrived(marks).unwrap();
        arrived.iter().map(|a| a.message.0).collect()
    }
}

#[test]
fn a_first_sync_brings_nothing_and_what_follows_is_new_once() {
    let mut f = Fixture::new();
    let mut marks = Marks::default();
    assert!(f.new_ones(&mut marks).is_empty());
    // A batch of a first sync, then its end.
    f.ingest("INBOX", &[message(1), message(2)]);
    assert!(f.new_ones(&mut marks).is_empty());
    f.synced("INBOX", &[message(3)]);
    assert!(f.new_ones(&mut marks).is_empty());
    // A batch of a later turn is new when the turn is finished.
    f.ingest("INBOX", &[message(4)]);
    assert!(f.new_ones(&mut marks).is_empty());
    f.synced("INBOX", &[message(5)]);
    assert_eq!(f.new_ones(&mut marks), [105, 104]);
    assert!(f.new_ones(&mut marks).is_empty());
}

#[test]
fn what_was_here_already_is_not_new_elsewhere() {
    let mut f = Fixture::new();
    let same = |n, uid| NewMessage {
        identity: Some(format!("e{n}")),
        uid,
        ..message(n)
    };
    f.synced("INBOX", &[same(1, uid(1))]);
    f.synced("Archive", &[same(9, uid(9))]);
    let mut marks = Marks::default();
    assert!(f.new_ones(&mut marks).is_empty());
    f.synced("Archive", &[same(1, uid(10))]);
    assert!(f.new_ones(&mut marks).is_empty());
}

#[test]
fn nobody_silences_a_conversation_by_joining_it_to_a_muted_one() {
    let mut f = Fixture::new();
    let mut muted = message(1);
    muted.flags.keywords.insert("$Muted".to_owned());
    let stranger = answer(3, &[1, 2]);
    f.ingest("INBOX", &[muted, message(2), stranger, answer(4, &[2])]);
    let reader = f.reader();
    let scope = Scope::Mailbox(f.mailbox("INBOX"));
    let rows = reader.page(&scope, false, Page::Newest, 9).unwrap();
    let places: Vec<LocationId> = rows.iter().map(|r| r.location).collect();
    let told = reader.worth_telling(&places, None, 0).unwrap();
    let told: Vec<&str> = rows
        .iter()
        .filter(|r| told.contains(&r.location))
        .map(|r| r.subject.as_str())
        .collect();
    assert_eq!(told, ["subject 4", "subject 2"]);
}

#[test]
fn what_is_read_muted_or_not_asked_for_is_not_told() {
    let mut f = Fixture::new();
    let read = NewMessage {
        flags: seen(),
        ..message(2)
    };
    let mut muted = message(3);
    muted.flags.keywords.insert("$Muted".to_owned());
    f.ingest(
        "INBOX",
        &[message(1), read, muted, answer(4, &[3]), message(5)],
    );
    let reader = f.reader();
    let scope = Scope::Mailbox(f.mailbox("INBOX"));
    let mut rows = reader.page(&scope, false, Page::Newest, 9).unwrap();
    rows.reverse();
    let places: Vec<LocationId> = rows.iter().map(|r| r.location).collect();
    let told = |query: Option<&str>| {
        let query = query.map(|q| Query::parse(q).unwrap());
        let told = reader.worth_telling(&places, query.as_ref(), 0).unwrap();
        let number = |place: &LocationId| places.iter().position(|p| p == place).unwrap() + 1;
        told.iter().map(number).collect::<Vec<usize>>()
    };
    assert_eq!(told(None), [1, 5]);
    assert_eq!(told(Some("from:s5@example.org")), [5]);
    assert_eq!(told(Some("subject -from:s5@example.org")), [1]);
    assert_eq!(told(Some("is:read")), Vec::<usize>::new());
    assert_eq!(reader.worth_telling(&[], None, 0).unwrap().len(), 0);
}
