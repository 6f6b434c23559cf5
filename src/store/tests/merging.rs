//! The pieces of the index of headers: left while much comes in, merged when nobody waits.

use super::fixture::*;
use crate::model::Query;
use crate::store::Cache;
use crate::store::merging::{self, FEW, HEADERS, LEVEL};

/// Pieces of the index.
fn pieces(cache: &Cache) -> usize {
    let conn = &cache.read().conn;
    let counted = merging::pieces(conn, HEADERS).unwrap();
    let sql = "SELECT count(DISTINCT segid) FROM word_idx";
    let all: usize = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(counted, all);
    counted
}

#[test]
fn many_messages_leave_pieces_that_are_merged_when_nobody_waits() {
    let mut f = Fixture::new();
    let mut next = 1..;
    for batches in 1..=LEVEL + 4 {
        let batch: Vec<_> = next.by_ref().take(FEW).map(message).collect();
        f.ingest("INBOX", &batch);
        assert_eq!(pieces(&f.cache), batches);
        assert_eq!(f.cache.is_untidy(), batches >= LEVEL);
    }
    let found = |f: &Fixture| {
        let query = Query::parse("subject:77").unwrap();
        f.cache.read().search(&query, 0, 9).unwrap()
    };
    let before = found(&f);
    assert_eq!(before.count, 1);
    let mut steps = 0;
    while f.cache.is_untidy() {
        f.cache.tidy().unwrap();
        steps += 1;
        assert!(steps < 99);
    }
    assert!(pieces(&f.cache) < LEVEL);
    assert_eq!(found(&f), before);
}

#[test]
fn few_messages_are_merged_on_the_side() {
    let mut f = Fixture::new();
    for n in 1..=3 * LEVEL as u32 {
        f.ingest("INBOX", &[message(n)]);
        assert!(pieces(&f.cache) <= LEVEL);
    }
    let all = Query::parse("subject").unwrap();
    assert_eq!(
        f.cache.read().search(&all, 0, 1).unwrap().count,
        3 * LEVEL as u64
    );
}
