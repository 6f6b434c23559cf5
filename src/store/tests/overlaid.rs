//! Operations laid over the cache: what is shown meanwhile, and that nothing of them stays behind.

use super::fixture::*;
use crate::model::view::{Page, Scope};
use crate::model::*;
use crate::store::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn star() -> OpKind {
    OpKind::Store(FlagChange::set(System::FLAGGED))
}

fn to(mailbox: &str) -> OpKind {
    OpKind::Move { to: name(mailbox) }
}

fn copied(source: u32, there: u32) -> Outcome {
    Outcome::Done {
        copied: vec![(uid(source), V, uid(there))],
    }
}

const DONE: Outcome = Outcome::Done { copied: Vec::new() };

#[test]
fn a_pull_never_undoes_what_the_user_did() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    let op = f.op(1, star(), vec![f.key(1)]);
    f.cache.apply(&op).unwrap();
    f.cache.apply(&op).unwrap();
    f.flags("INBOX", &[(uid(1), seen())]);
    f.ingest(
        "INBOX",
        &[NewMessage {
            flags: seen(),
            ..message(1)
        }],
    );
    assert_eq!(f.shown("INBOX")[1].2, ["\\Seen", "\\Flagged"]);
    f.cache.settle(OpId(1), &Outcome::Reverted).unwrap();
    assert_eq!(f.shown("INBOX")[1].2, ["\\Seen"]);
    f.check();
}

#[test]
fn f07_what_is_pending_is_asked_while_no_other_process_can_settle_it() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    let path = f.dir.path().join("cache.db");
    let others_wait = || {
        let other = rusqlite::Connection::open(&path).unwrap();
        other.busy_timeout(std::time::Duration::ZERO).unwrap();
        other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err()
    };
    assert!(!others_wait());
    let op = f.op(1, to("Archive"), vec![f.key(1)]);
    let other = f.op(2, to("Trash"), vec![f.key(2)]);
    for waits in [false, true] {
        let ask = |id| Ok(others_wait() && id == op.id && waits);
        f.cache.apply_waiting(&op, ask).unwrap();
        assert_eq!(f.shown("Archive").len(), usize::from(waits));
    }
    let late = f.cache.lay_missing(|| {
        assert!(others_wait());
        Ok(vec![op.clone(), other.clone()])
    });
    assert_eq!(late.unwrap(), [other]);
    let none = f.cache.reapply(|| {
        assert!(others_wait());
        Ok(Vec::new())
    });
    none.unwrap();
    assert_eq!(f.shown("INBOX").len(), 2);
    let asked = std::cell::Cell::new(0);
    let rules = f.cache.follow_thread_rules(|| {
        asked.set(asked.get() + 1);
        assert_eq!(others_wait(), asked.get() > 1, "asked once more");
        Ok(vec![ThreadRule::Join(id("1@x"), id("2@x"))])
    });
    assert_eq!(rules.unwrap().len(), 1);
    f.check();
}

#[test]
fn what_is_about_many_is_taken_off_in_pieces() {
    let mut f = Fixture::new();
    let all: Vec<NewMessage> = (1..=9).map(message).collect();
    f.ingest("INBOX", &all);
    let keys: Vec<MessageKey> = (1..=9).map(|n| f.key(n)).collect();
    for keys in keys.chunks(4) {
        f.cache
            .apply(&f.op(1, to("Archive"), keys.to_vec()))
            .unwrap();
        f.check();
    }
    assert_eq!(f.shown("Archive").len(), 9);
    for left in [5, 1, 0] {
        f.cache.take_off(OpId(1), 4).unwrap();
        assert_eq!(f.shown("Archive").len(), left);
        f.check();
    }
    assert_eq!(f.shown("INBOX").len(), 9);
}

#[test]
fn a_move_shows_at_once_and_keeps_the_place_it_took() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), message(2)]);
    f.cache
        .apply(&f.op(1, to("Archive"), vec![f.key(1)]))
        .unwrap();
    assert_eq!(f.subjects("INBOX"), ["2"]);
    assert_eq!(f.shown("Archive"), [("subject 1".to_owned(), None, vec![])]);
    let pending = f
        .cache
        .read()
        .page(
            &Scope::Mailbox(f.mailbox("Archive")),
            false,
            Page::Newest,
            5,
        )
        .unwrap();
    // A star on what is on its way carries the key of the place it came from.
    let target = Target::Location(pending[0].location);
    let resolved = f.cache.read().resolve(&[target, target]).unwrap();
    assert_eq!(resolved.len(), 1);
    assert_eq!(
        (&resolved[0].key, resolved[0].role),
        (&f.key(1), Some(Role::Archive))
    );
    f.cache.apply(&f.op(2, star(), vec![f.key(1)])).unwrap();
    assert_eq!(f.shown("Archive")[0].2, ["\\Flagged"]);
    f.check();
    // The generation of Archive is known only when it was synchronised.
    f.ingest("Archive", &[message(50)]);
    f.cache.settle(OpId(1), &copied(1, 77)).unwrap();
    assert_eq!(
        f.shown("Archive")[1],
        (
            "subject 1".to_owned(),
            Some(77),
            vec!["\\Flagged".to_owned()]
        )
    );
    let real = f
        .cache
        .read()
        .page(
            &Scope::Mailbox(f.mailbox("Archive")),
            false,
            Page::Oldest,
            1,
        )
        .unwrap();
    assert_eq!(real[0].location, pending[0].location);
    // The star's key may still be the old one, as after a restart.
    let star = f.op(2, star(), vec![f.key(1)]);
    f.cache.reapply(|| Ok(vec![star])).unwrap();
    assert_eq!(f.shown("Archive")[1].2, ["\\Flagged"]);
    f.cache.settle(OpId(2), &DONE).unwrap();
    assert_eq!(f.shown("Archive")[1].2, ["\\Flagged"]);
    f.check();
}

#[test]
fn reverting_the_first_of_two_moves_leaves_the_second() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    f.cache
        .apply(&f.op(1, to("Archive"), vec![f.key(1)]))
        .unwrap();
    f.cache
        .apply(&f.op(2, to("Trash"), vec![f.key(1)]))
        .unwrap();
    assert!(f.subjects("Archive").is_empty() && f.subjects("INBOX").is_empty());
    f.cache.settle(OpId(1), &Outcome::Reverted).unwrap();
    assert_eq!(f.subjects("Trash"), ["1"]);
    f.cache.settle(OpId(2), &Outcome::Reverted).unwrap();
    assert_eq!(
        f.shown("INBOX"),
        [("subject 1".to_owned(), Some(1), vec![])]
    );
    assert!(f.subjects("Trash").is_empty());
    f.check();
}

#[test]
fn a_move_without_copyuid_is_found_again_by_the_next_pull() {
    let mut f = Fixture::new();
    let old = f.ingest("INBOX", &[message(1)]).new[0].1;
    f.cache
        .apply(&f.op(1, to("Archive"), vec![f.key(1)]))
        .unwrap();
    f.cache.settle(OpId(1), &DONE).unwrap();
    assert_eq!(f.shown("Archive"), [("subject 1".to_owned(), None, vec![])]);
    f.check();
    // Still a target, under its old key.
    let archive = f.mailbox("Archive");
    let row = &f
        .cache
        .read()
        .page(&Scope::Mailbox(archive), false, Page::Newest, 5)
        .unwrap()[0];
    assert_eq!(
        f.cache
            .read()
            .resolve(&[Target::Location(row.location)])
            .unwrap()[0]
            .key,
        f.key(1)
    );
    f.ingest(
        "Archive",
        &[NewMessage {
            uid: uid(9),
            ..message(1)
        }],
    );
    assert_eq!(
        f.shown("Archive"),
        [("subject 1".to_owned(), Some(9), vec![])]
    );
    assert_eq!(f.cache.read().locate(old).unwrap()[0].uid, uid(9));
    assert_eq!(f.cache.drop_unmatched(archive).unwrap(), 0);
    f.check();
}

#[test]
fn what_a_pull_does_not_bring_is_dropped() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    f.cache
        .apply(&f.op(1, to("Archive"), vec![f.key(1)]))
        .unwrap();
    f.cache.settle(OpId(1), &DONE).unwrap();
    assert_eq!(f.cache.drop_unmatched(f.mailbox("Archive")).unwrap(), 1);
    assert!(f.shown("Archive").is_empty());
    f.check();
}

#[test]
fn a_destination_fetched_before_the_answer_is_the_same_message() {
    for (ours_has_body, outcome) in [
        (true, copied(1, 9)),
        (false, copied(1, 9)),
        (true, DONE),
        (false, DONE),
    ] {
        let mut f = Fixture::new();
        let ours = f.ingest("INBOX", &[message(1)]).new[0].1;
        f.cache
            .apply(&f.op(1, to("Archive"), vec![f.key(1)]))
            .unwrap();
        let there = NewMessage {
            uid: uid(9),
            flags: seen(),
            ..message(1)
        };
        let theirs = f.ingest("Archive", &[there]).new[0].1;
        let (with, without) = if ours_has_body {
            (ours, theirs)
        } else {
            (theirs, ours)
        };
        f.body(with);
        f.vanish("INBOX", &uids(&[1]));
        f.cache.settle(OpId(1), &outcome).unwrap();
        assert_eq!(
            f.shown("Archive"),
            [("subject 1".to_owned(), Some(9), vec!["\\Seen".to_owned()])]
        );
        assert_eq!(f.cache.read().message(without).unwrap(), None);
        assert!(f.cache.read().message(with).unwrap().unwrap().has_body);
        f.check();
    }
}

#[test]
fn expunging_takes_the_body_too() {
    let mut f = Fixture::new();
    let row = f.ingest("INBOX", &[message(1)]).new[0].1;
    f.body(row);
    f.cache
        .apply(&f.op(1, OpKind::Expunge, vec![f.key(1)]))
        .unwrap();
    assert!(f.shown("INBOX").is_empty());
    f.cache.settle(OpId(1), &DONE).unwrap();
    assert_eq!(f.cache.read().body(row).unwrap(), None);
    f.check();
}

#[test]
fn keys_that_mean_nothing_here_are_passed_over() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let stale = MessageKey {
        uidvalidity: UidValidity(1),
        ..f.key(1)
    };
    let elsewhere = MessageKey {
        mailbox: name("Nowhere"),
        ..f.key(1)
    };
    f.cache
        .apply(&f.op(1, OpKind::Expunge, vec![stale, elsewhere, f.key(9)]))
        .unwrap();
    f.cache
        .apply(&Op {
            account: AccountName("other".into()),
            ..f.op(2, OpKind::Expunge, vec![f.key(1)])
        })
        .unwrap();
    f.cache
        .apply(&Op {
            state: OpState::Failed,
            ..f.op(3, OpKind::Expunge, vec![f.key(1)])
        })
        .unwrap();
    f.cache.settle(OpId(77), &DONE).unwrap();
    assert_eq!(f.subjects("INBOX"), ["1"]);
    // To a mailbox that the cache does not know yet: gone from here all the same.
    f.cache
        .apply(&f.op(4, to("Nowhere"), vec![f.key(1)]))
        .unwrap();
    assert!(f.subjects("INBOX").is_empty());
    f.check();
}

/// A server with one message: where it lies, its flags, and copies made of it.
#[derive(Clone, Default)]
struct Server {
    next: u32,
    mail: BTreeMap<(String, u32), System>,
    at: Option<(String, u32)>,
}

impl Server {
    fn place(&mut self, mailbox: &str, flags: System) -> u32 {
        self.next += 1;
        self.mail.insert((mailbox.to_owned(), self.next), flags);
        self.next
    }

    /// Executes an operation; answers its COPYUID.
    fn execute(&mut self, kind: &OpKind) -> Vec<(Uid, UidValidity, Uid)> {
        let Some(at) = self.at.clone() else {
            return Vec::new();
        };
        let flags = self.mail[&at];
        let there = |to: &MailboxName| String::from_utf8(to.as_bytes().to_vec()).unwrap();
        match kind {
            OpKind::Store(change) => {
                self.mail.insert(at, Flags::of(flags).after(change).system);
                Vec::new()
            }
            OpKind::Expunge => {
                self.mail.remove(&at);
                self.at = None;
                Vec::new()
            }
            OpKind::Copy { to } => {
                let new = self.place(&there(to), flags);
                vec![(uid(at.1), V, uid(new))]
            }
            OpKind::Move { to } if there(to) == at.0 => Vec::new(),
            OpKind::Move { to } => {
                let new = self.place(&there(to), flags);
                self.mail.remove(&at);
                self.at = Some((there(to), new));
                vec![(uid(at.1), V, uid(new))]
            }
            _ => Vec::new(),
        }
    }
}

const BOXES: [&str; 4] = ["INBOX", "Archive", "Trash", "Sent"];

/// A whole pull of every mailbox.
fn pull(f: &mut Fixture, server: &Server, names: bool) {
    for wire in BOXES {
        let there: Vec<NewMessage> = server
            .mail
            .iter()
            .filter(|((mailbox, _), _)| mailbox == wire)
            .map(|((_, n), flags)| NewMessage {
                uid: uid(*n),
                flags: Flags::of(*flags),
                identity: names.then(|| "M1".to_owned()),
                ..message(1)
            })
            .collect();
        let mailbox = f.mailbox(wire);
        let here = f.cache.read().all_uids(mailbox).unwrap();
        let gone = here.minus(&there.iter().map(|m| m.uid).collect());
        f.ingest(wire, &there);
        f.vanish(wire, &gone);
    }
}

fn kinds() -> impl Strategy<Value = OpKind> {
    prop_oneof![
        Just(star()),
        Just(OpKind::Store(FlagChange::clear(System::FLAGGED))),
        Just(OpKind::Store(FlagChange::set(System::SEEN))),
        prop::sample::select(&BOXES[..]).prop_map(to),
        prop::sample::select(&BOXES[..]).prop_map(|m| OpKind::Copy { to: name(m) }),
        Just(OpKind::Expunge),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is done, refused and pulled meanwhile, in the end the cache shows what the server has.
    #[test]
    fn in_the_end_the_cache_shows_the_server(
        steps in prop::collection::vec((kinds(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()), 0..7),
        names in any::<bool>(),
    ) {
        let mut f = Fixture::new();
        let mut server = Server::default();
        for wire in BOXES {
            server.place(wire, System::NONE);
        }
        // Every mailbox is synchronised, then emptied but for the one message.
        pull(&mut f, &server, names);
        server.mail.retain(|(mailbox, _), _| mailbox == "INBOX");
        server.at = server.mail.keys().next().cloned();
        pull(&mut f, &server, names);
        let key = f.key(1);
        let ops: Vec<Op> = (1..).zip(&steps).map(|(n, (kind, ..))| f.op(n, kind.clone(), vec![key.clone()])).collect();
        let mut undisturbed = server.clone();
        for op in &ops {
            f.cache.apply(op).unwrap();
            f.check();
        }
        // Some are refused before any is done.
        for (op, (_, done, early, ..)) in ops.iter().zip(&steps) {
            if !done && *early {
                f.cache.settle(op.id, &Outcome::Reverted).unwrap();
                f.check();
            }
        }
        for (at, (op, (kind, done, _, told, pulls, restarts))) in ops.iter().zip(&steps).enumerate() {
            let outcome = if *done {
                undisturbed.execute(kind);
                let copied = server.execute(kind);
                Outcome::Done { copied: if *told { copied } else { Vec::new() } }
            } else {
                Outcome::Reverted
            };
            if *pulls {
                pull(&mut f, &server, names);
                f.check();
            }
            f.cache.settle(op.id, &outcome).unwrap();
            f.check();
            if *restarts {
                let left: Vec<Op> = ops.iter().zip(&steps).skip(at + 1)
                    .filter(|(_, (_, done, early, ..))| *done || !early).map(|(op, _)| op.clone()).collect();
                f.cache.reapply(|| Ok(left)).unwrap();
                f.check();
            }
        }
        let shows = |f: &Fixture| -> BTreeMap<(String, u32), System> {
            BOXES.iter().flat_map(|wire| {
                let scope = Scope::Mailbox(f.mailbox(wire));
                let rows = f.cache.read().page(&scope, false, Page::Newest, 100).unwrap();
                rows.into_iter().map(|r| (((*wire).to_owned(), r.uid.map_or(0, Uid::get)), r.flags.system)).collect::<Vec<_>>()
            }).collect()
        };
        if steps.iter().all(|(_, _, _, told, ..)| *told) {
            prop_assert_eq!(shows(&f), server.mail.clone(), "before the last pull");
        }
        pull(&mut f, &server, names);
        f.check();
        prop_assert_eq!(shows(&f), undisturbed.mail);
    }

    /// What is laid over the cache and taken back in any order leaves no trace.
    #[test]
    fn taking_everything_back_leaves_no_trace(
        kinds in prop::collection::vec((kinds(), 1u32..4), 0..8),
        order in Just((1i64..9).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut f = Fixture::new();
        f.ingest("INBOX", &[message(1), answer(2, &[1]), NewMessage { flags: seen(), ..message(3) }]);
        let all = |f: &Fixture| BOXES.map(|wire| f.shown(wire));
        let before = all(&f);
        for (n, (kind, key)) in (1..).zip(&kinds) {
            let op = f.op(n, kind.clone(), vec![f.key(*key), f.key(*key % 3 + 1)]);
            f.cache.apply(&op).unwrap();
        }
        f.check();
        for op in order {
            f.cache.settle(OpId(op), &Outcome::Reverted).unwrap();
            f.check();
        }
        prop_assert_eq!(all(&f), before);
    }
}
