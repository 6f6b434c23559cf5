//! What follows a muted message and what does not, whoever joins threads.

use super::fixture::*;
use crate::model::*;
use crate::store::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

impl Fixture {
    /// The numbers of what would be muted too.
    fn joined(&self) -> Vec<u32> {
        let found = self.reader().joined(&account(), mark::MUTED).unwrap();
        let number = |m: &Marked| m.target.key.uid.get();
        found.iter().map(number).collect()
    }

    /// These get a keyword.
    fn keyword(&mut self, numbers: &[u32], keyword: &str) {
        let mut flags = Flags::default();
        flags.insert_wire(keyword);
        let told: Vec<_> = numbers.iter().map(|n| (uid(*n), flags.clone())).collect();
        self.flags("INBOX", &told);
    }

    /// Which of these lie in the thread of one.
    fn together(&self, with: u32, of: &[u32]) -> Vec<u32> {
        let reader = self.reader();
        let thread = |n: u32| {
            let found = reader.find(&account(), &id(&format!("{n}@x"))).unwrap();
            reader.thread_of(found[0]).unwrap().unwrap()
        };
        of.iter()
            .copied()
            .filter(|n| thread(*n) == thread(with))
            .collect()
    }
}

#[test]
fn one_mail_that_joins_threads_to_a_muted_one_takes_nothing_with_it() {
    let mut f = Fixture::new();
    f.ingest(
        "INBOX",
        &[message(1), message(2), answer(3, &[2]), message(4)],
    );
    f.keyword(&[1], "$Muted");
    f.ingest("INBOX", &[answer(5, &[1, 3, 4])]);
    assert_eq!(f.together(1, &[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5]);
    assert_eq!(f.joined(), [5], "the stranger's own mail and no other");
    f.keyword(&[5], "$Muted");
    assert_eq!(f.joined(), Vec::<u32>::new());
    // What comes is judged by what it answers itself.
    f.ingest(
        "INBOX",
        &[
            answer(6, &[2, 3]),
            answer(7, &[4]),
            answer(8, &[1]),
            answer(9, &[8]),
        ],
    );
    assert_eq!(f.joined(), [8, 9]);
}

#[test]
fn who_takes_an_others_message_id_does_not_mute_its_answers() {
    let mut f = Fixture::new();
    // The answer of one that never came lies here, as does a message with its answer to come.
    f.ingest("INBOX", &[message(1), answer(2, &[50]), message(3)]);
    f.keyword(&[1], "$Muted");
    let pretends = |n: u32, as_: &str| {
        let mut new = answer(n, &[1]);
        new.envelope.message_id = Some(id(as_));
        new.envelope.date = Some(1);
        new
    };
    f.ingest("INBOX", &[pretends(60, "50@x"), pretends(61, "3@x")]);
    assert_eq!(f.joined(), [60, 61]);
    f.keyword(&[60, 61], "$Muted");
    f.ingest("INBOX", &[answer(70, &[3])]);
    assert_eq!(f.joined(), Vec::<u32>::new());
}

#[test]
fn an_answer_to_what_the_user_sent_follows_and_others_keywords_are_no_marks() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(10), message(20)]);
    f.keyword(&[1], "$MUTED");
    f.keyword(&[10], "$MutedX");
    f.keyword(&[20], "x$muted");
    f.ingest("Sent", &[answer(2, &[1])]);
    f.ingest(
        "INBOX",
        &[answer(3, &[2]), answer(11, &[10]), answer(21, &[20])],
    );
    assert_eq!(f.joined(), [3]);
    let marked = f.reader().marked(&account(), mark::MUTED).unwrap();
    assert_eq!(marked.len(), 1);
}

/// A message that refers to some of few, itself among them or not, with a date of its own making.
fn mail(ids: std::ops::Range<u32>) -> impl Strategy<Value = (u32, Vec<u32>, i64)> {
    (ids, prop::collection::vec(1..30u32, 0..4), 0..40i64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nothing_that_lay_in_the_inbox_leaves_it_whatever_comes(
        here in prop::collection::vec(prop::collection::vec(1..30u32, 0..3), 2..8),
        muted in 0..8usize,
        strangers in prop::collection::vec(mail(1..30), 1..6),
    ) {
        let mut f = Fixture::new();
        let numbers: Vec<u32> = (1..).take(here.len()).collect();
        let first: Vec<_> = numbers.iter().zip(&here).map(|(n, refs)| answer(*n, refs)).collect();
        f.ingest("INBOX", &first);
        let muted = numbers[muted % numbers.len()];
        let whole = f.together(muted, &numbers);
        f.keyword(&whole, "$Muted");
        prop_assert_eq!(f.joined(), Vec::<u32>::new());
        for (at, (named, refs, date)) in (100..).zip(&strangers) {
            let mut new = answer(at, refs);
            new.envelope.message_id = Some(id(&format!("{named}@x")));
            new.envelope.date = Some(*date);
            f.ingest("INBOX", &[new]);
            let mut seen = BTreeSet::new();
            loop {
                let joined = f.joined();
                prop_assert!(joined.iter().all(|n| *n >= 100 && seen.insert(*n)), "{:?}", joined);
                if joined.is_empty() {
                    break;
                }
                f.keyword(&joined, "$Muted");
            }
        }
    }
}
