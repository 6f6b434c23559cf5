//! Who a message's sender is to the user.

use super::fixture::*;
use crate::model::*;
use crate::store::met::met;
use crate::store::*;

#[test]
fn a_sender_is_known_by_other_mail_and_by_what_was_written() {
    let mut f = Fixture::new();
    let from = |n: u32, addr: &str| {
        let mut new = message(n);
        new.envelope.from = vec![Address::new("Ada L", addr)];
        new
    };
    f.ingest(
        "INBOX",
        &[
            from(1, "ada@new.example"),
            from(2, "ada@old.example"),
            from(3, "ADA@old.example"),
            // The same words, another address.
            from(4, "x.ada@new.example"),
        ],
    );
    let path = f.dir.path().join("local.db");
    let mut local = Local::open(&path).unwrap();
    let (cache, people) = (f.reader(), LocalReader::open(&path).unwrap());
    let about = |n: i64| {
        let word = format!("subject {n}");
        let found = cache.search(&Query::parse(&word).unwrap(), 0, 9).unwrap();
        let row = cache.message(found.rows[0].message).unwrap().unwrap();
        met(&cache, &people, &row).unwrap()
    };
    assert_eq!((about(1).others, about(2).others), (0, 1));
    assert!(!about(1).written && about(1).namesakes.is_empty());
    local
        .wrote_to(&[Address::new("ada l", "Ada@Old.example")], 9)
        .unwrap();
    assert_eq!(about(1).namesakes, ["Ada@Old.example"]);
    assert!(about(3).written && !about(1).written);
    assert!(about(1).domains.contains("old.example"));
}
