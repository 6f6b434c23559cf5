//! Threads that the user joined or cut: the same whenever the rules came, and taken back as if they
//! had never been.

use super::fixture::{Fixture, answer, id, message};
use crate::model::{MailboxId, ThreadId, ThreadRule};
use crate::store::NewMessage;
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) fn join(a: u32, b: u32) -> ThreadRule {
    ThreadRule::Join(id(&format!("{a}@x")), id(&format!("{b}@x")))
}

pub(super) fn split(a: u32) -> ThreadRule {
    ThreadRule::Split(id(&format!("{a}@x")))
}

/// The sets of UIDs that are threads.
pub(super) fn threads(f: &Fixture) -> Vec<Vec<u32>> {
    f.check();
    let conn = &f.cache.read().conn;
    let mut select = conn
        .prepare("SELECT thread, uid FROM location ORDER BY uid")
        .unwrap();
    let rows = select
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap();
    let mut sets: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for row in rows {
        let (thread, uid) = row.unwrap();
        sets.entry(thread).or_default().push(uid);
    }
    let mut sets: Vec<Vec<u32>> = sets.into_values().collect();
    sets.sort();
    sets
}

fn two_chains() -> Vec<NewMessage> {
    vec![
        message(1),
        answer(2, &[1]),
        answer(3, &[1, 2]),
        answer(4, &[1, 2, 3]),
        message(11),
        answer(12, &[11]),
    ]
}

pub(super) fn rule(f: &mut Fixture, rules: &[ThreadRule]) -> Vec<MailboxId> {
    let rules = || Ok(rules.to_vec());
    f.cache.follow_thread_rules(rules).unwrap()
}

#[test]
fn threads_are_joined_and_cut_and_it_is_taken_back() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &two_chains());
    let plain = vec![vec![1, 2, 3, 4], vec![11, 12]];
    assert_eq!(threads(&f), plain);
    let touched = rule(&mut f, &[join(1, 11)]);
    assert_eq!(touched, [f.mailbox("INBOX")]);
    assert_eq!(threads(&f), [[1, 2, 3, 4, 11, 12]]);
    assert!(rule(&mut f, &[join(11, 1)]).is_empty());
    rule(&mut f, &[]);
    assert_eq!(threads(&f), plain);

    rule(&mut f, &[split(3)]);
    let cut = [vec![1, 2], vec![3, 4], vec![11, 12]];
    assert_eq!(threads(&f), cut);
    // What comes later falls where it belongs.
    f.ingest("INBOX", &[answer(5, &[1, 2, 3]), answer(6, &[1, 2])]);
    assert_eq!(threads(&f), [vec![1, 2, 6], vec![3, 4, 5], vec![11, 12]]);
    rule(&mut f, &[]);
    assert_eq!(threads(&f), [vec![1, 2, 3, 4, 5, 6], vec![11, 12]]);
}

#[test]
fn a_join_that_was_taken_back_ties_nobody_who_comes_later() {
    let mut f = Fixture::new();
    rule(&mut f, &[join(1, 2)]);
    f.ingest("INBOX", &[message(2)]);
    rule(&mut f, &[]);
    f.ingest("INBOX", &[message(1)]);
    assert_eq!(threads(&f), [[1], [2]]);
}

#[test]
fn an_old_number_of_a_thread_leads_to_most_of_it() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &two_chains());
    let old = f.cache.read().thread_of(f.ingest_id(11)).unwrap().unwrap();
    rule(&mut f, &[join(1, 11)]);
    assert_eq!(f.cache.read().thread(old, None).unwrap().len(), 6);
    rule(&mut f, &[]);
    let now = f.cache.read().thread_of(f.ingest_id(11)).unwrap().unwrap();
    assert_eq!(f.cache.read().thread(now, None).unwrap().len(), 2);
    assert!(now.0 > 0 && now != ThreadId(0));
}

#[test]
fn a_message_that_never_came_does_not_tie_what_was_cut() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[answer(3, &[1]), answer(4, &[1, 3])]);
    rule(&mut f, &[split(3)]);
    assert_eq!(threads(&f), [[3, 4]]);
    f.ingest("INBOX", &[message(1), answer(2, &[1])]);
    assert_eq!(threads(&f), [[1, 2], [3, 4]]);
}

#[test]
fn a_thread_of_ten_thousand_is_cut_and_joined_again() {
    let mut f = Fixture::new();
    let mut all = vec![message(1)];
    all.extend((2..=10_000).map(|n| answer(n, &[1, n - 1])));
    f.ingest("INBOX", &all);
    assert_eq!(threads(&f).len(), 1);
    rule(&mut f, &[split(9_000)]);
    let cut = threads(&f);
    // Most of them do not name what was cut off, only what they answer.
    assert_eq!(cut.len(), 2);
    assert_eq!(cut[1], (9_000..=10_000).collect::<Vec<u32>>());
    rule(&mut f, &[]);
    assert_eq!(threads(&f).len(), 1);
    let thread = f.cache.read().thread_of(f.ingest_id(1)).unwrap().unwrap();
    let shown = f.cache.read().thread(thread, None).unwrap().len();
    assert_eq!(shown, crate::store::conversation::MAX_MESSAGES);
}

impl Fixture {
    /// The row of the message with this UID.
    pub(super) fn ingest_id(&self, n: u32) -> crate::model::MsgId {
        let found = self
            .cache
            .read()
            .find(&super::fixture::account(), &id(&format!("{n}@x")));
        found.unwrap()[0]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rules_and_messages_may_come_in_any_order(
        named in prop::collection::vec(prop::collection::vec(1u32..10, 0..4), 8),
        rules in prop::collection::vec((any::<bool>(), 1u32..10, 1u32..10), 0..4),
        others in prop::collection::vec((any::<bool>(), 1u32..10, 1u32..10), 0..3),
        order in Just((0usize..8).collect::<Vec<usize>>()).prop_shuffle(),
        at in 0usize..8,
    ) {
        let all: Vec<NewMessage> = (1..).zip(&named).map(|(n, refs)| answer(n, refs)).collect();
        let one = |(joins, a, b): &(bool, u32, u32)| if *joins { join(*a, *b) } else { split(*a) };
        let rules: Vec<ThreadRule> = rules.iter().map(one).collect();
        let others: Vec<ThreadRule> = others.iter().map(one).collect();
        let mut first = Fixture::new();
        rule(&mut first, &rules);
        first.ingest("INBOX", &all);
        let mut second = Fixture::new();
        for (n, message) in order.iter().enumerate() {
            if n == at {
                rule(&mut second, &others);
            }
            second.ingest("INBOX", std::slice::from_ref(&all[*message]));
        }
        rule(&mut second, &rules);
        prop_assert_eq!(threads(&first), threads(&second));
    }
}
