//! Conversations by subject: what joins and what never does, and that neither the order in which mail
//! comes nor what was wanted meanwhile makes a difference.

use super::fixture::*;
use super::regroup::{join, rule, split, threads};
use crate::model::{AccountName, Address, Op, OpId, OpKind, Role, ThreadRule, UidSet};
use crate::store::{NewMessage, Outcome, Priority, Writer};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::mpsc::channel;

const DAY: i64 = 86_400;
const OWN: &str = "Me@example.net";

/// Message `n` of this subject, from a person to the user, on this day.
fn letter(n: u32, subject: &str, from: &str, day: i64) -> NewMessage {
    let mut new = message(n);
    let date = 100 * DAY + day * DAY;
    new.internal_date = date;
    new.envelope.date = Some(date);
    new.envelope.subject = subject.to_owned();
    new.envelope.from = vec![Address::new("", format!("{from}@example.org"))];
    new
}

fn naming(mut new: NewMessage, others: &[u32]) -> NewMessage {
    new.envelope.references = others.iter().map(|o| id(&format!("{o}@x"))).collect();
    new
}

impl Fixture {
    /// With the wish, and all done that follows from it.
    fn by_subject(&mut self, wanted: bool) {
        let own = [OWN.to_owned()];
        let own = wanted.then_some(own.as_slice());
        self.cache.group_by_subject(own).unwrap();
        self.group_all();
    }

    fn group_all(&mut self) {
        for _ in 0..10_000 {
            if !self.cache.is_ungrouped() {
                return;
            }
            self.cache.group_some().unwrap();
        }
        panic!("it has no end");
    }

    fn wishing() -> Fixture {
        let mut f = Fixture::new();
        f.by_subject(true);
        f
    }

    fn rows_of(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let conn = &self.cache.read().conn;
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// The same messages in a cache of their own, all at once.
    fn anew(all: &[NewMessage], rules: &[ThreadRule], wanted: bool) -> Fixture {
        let mut f = Fixture::new();
        rule(&mut f, rules);
        f.ingest("INBOX", all);
        f.by_subject(wanted);
        f
    }
}

/// The threads of these messages where they are wanted by subject.
fn together(all: &[NewMessage]) -> Vec<Vec<u32>> {
    threads(&Fixture::anew(all, &[], true))
}

const TABLES: [&str; 5] = [
    "subject_wish",
    "subject_row",
    "subject_due",
    "subject_gone",
    "subject_link",
];

#[test]
fn an_answer_that_names_nothing_joins_its_subject_while_that_is_wanted() {
    let mut f = Fixture::new();
    let all = [
        letter(1, "Lunch on Friday", "ann", 0),
        letter(2, "AW: [team] Lunch on  friday", "ann", 3),
    ];
    f.ingest("INBOX", &all);
    assert_eq!(threads(&f), [[1], [2]]);
    for table in TABLES {
        assert_eq!(f.rows_of(table), 0, "{table}");
    }
    let first = f.cache.read().thread_of(f.ingest_id(1)).unwrap();
    f.by_subject(true);
    assert_eq!(threads(&f), [[1, 2]]);
    assert_eq!(f.cache.read().thread_of(f.ingest_id(2)).unwrap(), first);
    f.ingest("INBOX", &[letter(3, "Fwd: Lunch on Friday", "ann", 4)]);
    assert_eq!(threads(&f), [[1, 2, 3]]);
    f.by_subject(false);
    assert_eq!(threads(&f), [[1], [2], [3]]);
    for table in TABLES {
        assert_eq!(f.rows_of(table), 0, "{table}");
    }
    assert!(!f.cache.is_ungrouped());
}

#[test]
fn what_does_not_surely_belong_together_stays_apart() {
    let root = || letter(1, "Lunch on Friday", "ann", 0);
    let apart = |other: NewMessage| assert_eq!(together(&[root(), other]), [[1], [2]]);
    // Two that begin something; a month later; a month before; people who have nothing in common but
    // the user.
    apart(letter(2, "Lunch on Friday", "ann", 1));
    apart(letter(2, "Re: Lunch on Friday", "ann", 31));
    apart(letter(2, "Re: Lunch on Friday", "ann", -31));
    apart(letter(2, "Re: Lunch on Friday", "bob", 1));
    apart(letter(2, "Re: Lunch on Sunday", "ann", 1));
    for subject in ["Hi", "hello", "", "12 34 56"] {
        let answer = letter(2, &format!("Re: {subject}"), "ann", 1);
        let all = [letter(1, subject, "ann", 0), answer];
        assert_eq!(together(&all), [[1], [2]], "{subject}");
    }
    // One list is enough, and notes of the user's to himself.
    let listed = |mut new: NewMessage| {
        new.envelope.list_id = Some("<lunch.example.org>".to_owned());
        new
    };
    let all = [
        listed(root()),
        listed(letter(2, "Re: Lunch on Friday", "bob", 1)),
    ];
    assert_eq!(together(&all), [[1, 2]]);
    let mine = |mut new: NewMessage| {
        new.envelope.from = vec![Address::new("", OWN)];
        new
    };
    let all = [mine(root()), mine(letter(2, "Re: Lunch on Friday", "", 1))];
    assert_eq!(together(&all), [[1, 2]]);
}

#[test]
fn an_answer_joins_the_last_before_it_and_brings_no_two_beginnings_together() {
    let all = [
        letter(1, "Weekly report", "ann", 0),
        letter(2, "Weekly report", "ann", 7),
        letter(3, "Re: Weekly report", "ann", 8),
        letter(4, "Re: Weekly report", "ann", 2),
        // It hangs together with 3 by a message that is not here, and is nearest to 1.
        naming(letter(5, "Re: Weekly report", "ann", 1), &[99]),
        naming(letter(6, "Re: Weekly report", "ann", 9), &[99]),
    ];
    assert_eq!(together(&all), [vec![1, 4, 5, 6], vec![2, 3]]);
}

#[test]
fn references_that_come_later_take_an_answer_where_it_belongs() {
    let mut f = Fixture::wishing();
    let answer = naming(letter(2, "Re: Plan for June", "ann", 2), &[7]);
    f.ingest("INBOX", &[letter(1, "Plan for June", "ann", 0), answer]);
    assert_eq!(threads(&f), [[1, 2]]);
    f.ingest("INBOX", &[letter(7, "Plan for June", "ann", 1)]);
    assert_eq!(threads(&f), [vec![1], vec![2, 7]]);
    // A bridge of References, too.
    f.ingest("INBOX", &[naming(letter(8, "Other", "bob", 90), &[1, 7])]);
    assert_eq!(threads(&f), [[1, 2, 7, 8]]);
}

#[test]
fn what_the_user_joined_or_cut_stays_so() {
    let mut f = Fixture::wishing();
    let all = [
        letter(1, "Plan for June", "ann", 0),
        naming(letter(2, "Re: Plan for June", "ann", 2), &[1]),
        letter(3, "Re: Plan for June", "ann", 3),
        letter(4, "Something else", "bob", 3),
    ];
    f.ingest("INBOX", &all);
    assert_eq!(threads(&f), [vec![1, 2, 3], vec![4]]);
    rule(&mut f, &[split(3), join(1, 4)]);
    assert_eq!(threads(&f), [vec![1, 2, 4], vec![3]]);
    // Nothing is added by its subject to what was cut off.
    rule(&mut f, &[split(2), join(1, 4)]);
    assert_eq!(threads(&f), [vec![1, 4], vec![2], vec![3]]);
    f.by_subject(false);
    assert_eq!(threads(&f), [vec![1, 4], vec![2], vec![3]]);
    f.by_subject(true);
    rule(&mut f, &[]);
    assert_eq!(threads(&f), [vec![1, 2, 3], vec![4]]);
}

#[test]
fn what_is_gone_holds_nothing_together() {
    let mut f = Fixture::wishing();
    let answer = naming(letter(2, "Re: Plan for June", "ann", 2), &[7]);
    f.ingest(
        "INBOX",
        &[letter(1, "Plan for June", "ann", 0), answer.clone()],
    );
    let gone: UidSet = uids(&[2]);
    f.vanish("INBOX", &gone);
    assert!(f.cache.is_ungrouped());
    f.group_all();
    f.by_subject(false);
    f.ingest("INBOX", &[answer]);
    assert_eq!(threads(&f), [[1], [2]]);
    f.by_subject(true);
    assert_eq!(threads(&f), [[1, 2]]);
    f.vanish("INBOX", &uids(&[1]));
    f.group_all();
    f.ingest("INBOX", &[letter(1, "Another subject", "ann", 0)]);
    assert_eq!(threads(&f), [[1], [2]]);
}

#[test]
fn an_answer_to_what_is_gone_joins_its_subject_whatever_that_one_was_about() {
    for kept in [false, true] {
        let mut f = Fixture::wishing();
        let other = letter(3, "Another subject", "ann", 1);
        let answer = naming(letter(2, "Re: Plan for June", "ann", 2), &[3]);
        let first = letter(1, "Plan for June", "ann", 0);
        f.ingest("INBOX", &[first, answer, other.clone()]);
        f.group_all();
        assert_eq!(threads(&f), [vec![1], vec![2, 3]]);
        if kept {
            assert!(f.body(f.ingest_id(3)));
        }
        f.vanish("INBOX", &uids(&[3]));
        assert!(f.cache.is_ungrouped());
        f.group_all();
        assert_eq!(threads(&f), [[1, 2]], "{kept}");
        f.ingest("INBOX", &[other]);
        f.group_all();
        assert_eq!(threads(&f), [vec![1], vec![2, 3]], "{kept}");
    }
}

#[test]
fn an_answer_that_comes_back_lies_where_it_belongs_by_then() {
    let mut f = Fixture::wishing();
    let answer = naming(letter(2, "Re: Plan for June", "ann", 2), &[7]);
    f.ingest(
        "INBOX",
        &[letter(1, "Plan for June", "ann", 0), answer.clone()],
    );
    assert!(f.body(f.ingest_id(2)));
    f.vanish("INBOX", &uids(&[2]));
    assert_eq!(threads(&f), [[1]]);
    f.ingest("INBOX", &[letter(3, "Plan for June", "ann", 1)]);
    f.ingest("INBOX", &[answer]);
    assert_eq!(threads(&f), [vec![1], vec![2, 3]]);
}

#[test]
fn what_is_kept_for_its_return_holds_nothing_together_meanwhile() {
    let mut f = Fixture::wishing();
    let answer = |n, day| letter(n, "Re: Plan for June", "ann", day);
    let first = letter(1, "Plan for June", "ann", 0);
    f.ingest("INBOX", &[first, answer(2, 1), answer(3, 2)]);
    assert!(f.body(f.ingest_id(2)));
    f.vanish("INBOX", &uids(&[2]));
    assert!(f.cache.is_ungrouped());
    f.ingest("INBOX", &[answer(4, 3)]);
    f.group_all();
    assert_eq!(threads(&f), [[1, 3, 4]]);
    f.ingest("INBOX", &[answer(2, 1)]);
    f.group_all();
    assert_eq!(threads(&f), [[1, 2, 3, 4]]);
}

#[test]
fn what_was_away_when_it_was_wanted_joins_once_it_is_back() {
    let mut f = Fixture::new();
    let answer = letter(2, "Re: Plan for June", "ann", 1);
    let first = letter(1, "Plan for June", "ann", 0);
    f.ingest("INBOX", &[first, answer.clone()]);
    assert!(f.body(f.ingest_id(2)));
    f.vanish("INBOX", &uids(&[2]));
    f.by_subject(true);
    f.ingest("INBOX", &[answer]);
    f.group_all();
    assert_eq!(threads(&f), [[1, 2]]);
}

#[test]
fn an_answer_without_an_identifier_joins_again_when_it_is_back() {
    let mut f = Fixture::wishing();
    let mut answer = letter(2, "Re: Plan for June", "ann", 1);
    answer.envelope.message_id = None;
    let first = letter(1, "Plan for June", "ann", 0);
    let ingested = f.ingest("INBOX", &[first, answer.clone()]);
    assert_eq!(threads(&f), [[1, 2]]);
    assert!(f.body(ingested.new[1].1));
    f.vanish("INBOX", &uids(&[2]));
    assert_eq!(f.ingest("INBOX", &[answer]).new[0].1, ingested.new[1].1);
    f.group_all();
    assert_eq!(threads(&f), [[1, 2]]);
}

#[test]
fn what_went_to_another_account_belongs_to_its_subject_there() {
    for id in [Some(id("2@x")), None] {
        let mut f = Fixture::wishing();
        let other = AccountName("home".to_owned());
        f.cache.ensure_account(&other).unwrap();
        let mailboxes = [info("INBOX", Some(Role::Inbox))];
        f.cache.set_mailboxes(&other, &mailboxes, 0, &[]).unwrap();
        let there = f.cache.read().mailbox_named(&other, &name("INBOX"));
        let there = there.unwrap().unwrap().id;
        let mut answer = letter(2, "Re: Plan for June", "ann", 1);
        answer.envelope.message_id = id;
        f.ingest("INBOX", &[letter(1, "Plan for June", "ann", 0), answer]);
        let first = letter(11, "Plan for June", "ann", 0);
        f.cache.ingest(there, V, &[first], None).unwrap();
        assert_eq!(threads(&f), [vec![1, 2], vec![11]]);

        let from = account();
        let to = name("INBOX");
        let carry = f.op(1, OpKind::Carry { from, to }, vec![f.key(2)]);
        let account = other;
        f.cache.apply(&Op { account, ..carry }).unwrap();
        let copied = vec![(uid(2), V, uid(12))];
        f.cache.settle(OpId(1), &Outcome::Done { copied }).unwrap();
        f.cache
            .apply(&f.op(2, OpKind::Expunge, vec![f.key(2)]))
            .unwrap();
        let copied = Vec::new();
        f.cache.settle(OpId(2), &Outcome::Done { copied }).unwrap();
        assert!(f.cache.is_ungrouped());
        f.group_all();
        assert_eq!(threads(&f), [vec![1], vec![11, 12]]);
    }
}

#[test]
fn a_flood_of_one_subject_says_nothing_and_costs_little() {
    let mut f = Fixture::wishing();
    let flood: Vec<NewMessage> = (1..=10_000)
        .map(|n| letter(n, "Re: Lunch on Friday", "ann", i64::from(n % 20)))
        .collect();
    // A few at a time, which are dealt with at once; then in large pieces.
    let (few, many) = flood.split_at(600);
    f.ingest("INBOX", &few[..400]);
    f.group_all();
    assert_eq!(threads(&f).len(), 1);
    for few in few[400..].chunks(50) {
        f.ingest("INBOX", few);
        assert!(!f.cache.is_ungrouped());
    }
    assert_eq!(threads(&f).len(), 600);
    assert_eq!(f.rows_of("subject_link"), 0);
    f.ingest("INBOX", many);
    f.group_all();
    assert_eq!(threads(&f).len(), 10_000);
    // What is said of other subjects holds all the same.
    let all = [
        letter(20_001, "Plan for June", "ann", 0),
        letter(20_002, "Re: Plan for June", "ann", 1),
    ];
    f.ingest("INBOX", &all);
    assert_eq!(threads(&f).last(), Some(&vec![20_001, 20_002]));
}

#[test]
fn whoever_shows_lists_is_told() {
    let mut f = Fixture::new();
    let (tell, told) = channel();
    f.cache
        .on_regrouped(move |mailboxes| tell.send(mailboxes).unwrap());
    let answers: Vec<NewMessage> = (2..150)
        .map(|n| letter(n, "Re: Lunch on Friday", "ann", 1))
        .collect();
    f.ingest("Archive", &[letter(1, "Lunch on Friday", "ann", 0)]);
    f.ingest("INBOX", &answers);
    assert!(told.try_recv().is_err());
    f.by_subject(true);
    let mailboxes: BTreeSet<_> = told.try_iter().flatten().collect();
    assert!(mailboxes.contains(&f.mailbox("INBOX")));
    assert_eq!(threads(&f).len(), 1);
}

#[test]
fn a_panic_while_nobody_waits_does_not_end_the_thread_that_writes() {
    let mut f = Fixture::new();
    let letters = [
        letter(1, "Lunch on Friday", "ann", 0),
        letter(2, "Re: Lunch on Friday", "ann", 1),
    ];
    f.ingest("INBOX", &letters);
    let (tell, told) = channel();
    f.cache.on_regrouped(move |_| {
        tell.send(()).unwrap();
        panic!("on purpose");
    });
    let own = [OWN.to_owned()];
    f.cache.group_by_subject(Some(own.as_slice())).unwrap();
    let writer = Writer::spawn(f.cache).unwrap();
    told.recv().unwrap();
    let listed = writer.run(Priority::Urgent, |cache| {
        let sql = "SELECT count(DISTINCT thread) FROM location";
        let conn = &cache.read().conn;
        Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(listed.unwrap(), 1, "and what was done is kept");
    assert!(!writer.found_damage());
}

/// Messages with few subjects, people, days and identifiers.
fn letters() -> impl Strategy<Value = Vec<NewMessage>> {
    let subject = prop::sample::select(vec![
        "Plan for June",
        "Re: Plan for June",
        "AW: Plan for June",
        "Second thing",
        "Re: Second thing",
        "Re: Hi",
    ]);
    let from = prop::sample::select(vec!["ann", "bob"]);
    let day = prop::sample::select(vec![0i64, 1, 2, 20, 45, 60]);
    let named = prop::collection::vec(1u32..13, 0..3);
    let one = (
        subject,
        from,
        day,
        prop_oneof![2 => Just(Vec::new()), 1 => named],
    );
    prop::collection::vec(one, 9).prop_map(|all| {
        (1u32..)
            .zip(all)
            .map(|(n, (subject, from, day, named))| naming(letter(n, subject, from, day), &named))
            .collect()
    })
}

fn rules() -> impl Strategy<Value = Vec<ThreadRule>> {
    let rule = (any::<bool>(), 1u32..10, 1u32..10);
    let rule = rule.prop_map(|(joins, a, b)| if joins { join(a, b) } else { split(a) });
    prop::collection::vec(rule, 0..3)
}

/// What happens between two messages.
#[derive(Clone, Debug)]
enum Turn {
    Wanted(bool),
    Rules(Vec<ThreadRule>),
    Piece,
    /// It goes and comes again; whether its body is kept meanwhile.
    Again(usize, bool),
    Nothing,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        1 => any::<bool>().prop_map(Turn::Wanted),
        1 => rules().prop_map(Turn::Rules),
        1 => Just(Turn::Piece),
        1 => (0usize..9, any::<bool>()).prop_map(|(which, kept)| Turn::Again(which, kept)),
        3 => Just(Turn::Nothing),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn neither_the_order_nor_what_was_wanted_meanwhile_makes_a_difference(
        all in letters(),
        rules in rules(),
        order in Just((0usize..9).collect::<Vec<usize>>()).prop_shuffle(),
        turns in prop::collection::vec(turn(), 9),
        wanted in prop::bool::weighted(0.8),
        begins in any::<bool>(),
    ) {
        let once = Fixture::anew(&all, &rules, wanted);
        let mut bit = Fixture::new();
        let own = [OWN.to_owned()];
        bit.cache.group_by_subject(begins.then_some(own.as_slice())).unwrap();
        let mut here: Vec<usize> = Vec::new();
        for (at, turn) in order.iter().zip(turns) {
            match turn {
                Turn::Wanted(wanted) => bit.cache.group_by_subject(wanted.then_some(own.as_slice())).unwrap(),
                Turn::Rules(rules) => drop(rule(&mut bit, &rules)),
                Turn::Piece => bit.cache.group_some().unwrap(),
                Turn::Again(which, kept) if here.contains(&which) && all[which].envelope.references.is_empty() => {
                    // Only the last of its family to name anything: what named it stays where it is.
                    let number = u32::try_from(which + 1).unwrap();
                    let named = |n: &NewMessage| n.envelope.references.contains(&id(&format!("{number}@x")));
                    if !all.iter().any(named) {
                        if kept {
                            let message = bit.ingest_id(number);
                            prop_assert!(bit.body(message));
                        }
                        bit.vanish("INBOX", &uids(&[number]));
                        bit.ingest("INBOX", std::slice::from_ref(&all[which]));
                    }
                }
                _ => {}
            }
            bit.ingest("INBOX", std::slice::from_ref(&all[*at]));
            here.push(*at);
        }
        rule(&mut bit, &rules);
        bit.by_subject(wanted);
        prop_assert_eq!(threads(&once), threads(&bit));

        // Nothing that identifiers or the user put together is taken apart, what he cut off is left
        // alone, and no two beginnings meet.
        let plain = threads(&Fixture::anew(&all, &rules, false));
        let now = threads(&once);
        for set in &plain {
            prop_assert!(now.iter().any(|n| set.iter().all(|m| n.contains(m))), "{set:?} {now:?}");
            let cut = |n: &u32| rules.contains(&split(*n));
            if set.iter().any(cut) {
                prop_assert!(now.contains(set), "{set:?} was cut off: {now:?}");
            }
        }
        let begins = |set: &Vec<u32>| set.iter().any(|n| {
            let new = &all[*n as usize - 1];
            let answers = crate::text::subject::base(&new.envelope.subject).answers;
            let mut named = new.envelope.references.iter();
            !answers && named.all(|named| !set.iter().any(|m| m != n && *named == id(&format!("{m}@x"))))
        });
        for set in &now {
            let beginnings = plain.iter().filter(|p| set.contains(&p[0]) && begins(p));
            prop_assert!(beginnings.count() <= 1, "{set:?} {plain:?}");
        }
        if wanted {
            once.check();
        } else {
            prop_assert_eq!(&now, &plain);
            prop_assert_eq!(bit.rows_of("subject_row"), 0);
        }
    }
}
