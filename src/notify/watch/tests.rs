//! Rules, and the mail that comes.

use super::*;
use crate::config::Quiet;
use crate::model::{AccountName, Address, Envelope, Flags, System};
use crate::store::shelf::{Shelf, V, message};
use crate::store::{CursorMove, NewMessage};

/// A cache with an inbox, a list and junk, each synced once.
pub struct Bench {
    pub shelf: Shelf,
    next: u32,
}

impl Bench {
    pub fn new() -> Bench {
        let shelf = Shelf::new(&[
            ("INBOX", Some(Role::Inbox)),
            ("Lists", None),
            ("Junk", Some(Role::Junk)),
        ]);
        let mut bench = Bench { shelf, next: 1 };
        for wire in ["INBOX", "Lists", "Junk"] {
            bench.comes(wire, &["first"], false);
        }
        bench
    }

    /// Messages with these subjects come into a mailbox.
    pub fn comes(&mut self, wire: &str, subjects: &[&str], read: bool) {
        let mailbox = self.shelf.mailbox(wire);
        let mut messages = Vec::new();
        for subject in subjects {
            let envelope = Envelope {
                from: vec![Address::new("Ada\u{1b}[31m", "ada@example.org")],
                subject: (*subject).to_owned(),
                ..Envelope::default()
            };
            messages.push(NewMessage {
                flags: Flags::of(if read { System::SEEN } else { System(0) }),
                ..message(self.next, envelope)
            });
            self.next += 1;
        }
        let to = CursorMove {
            uidnext: Some(self.next),
            ..CursorMove::default()
        };
        let cache = &mut self.shelf.cache;
        cache.ingest(mailbox, V, &messages, Some(to)).unwrap();
    }

    fn told(&self, watch: &mut Watch) -> Vec<(How, String, String)> {
        let reader = Reader::open(&self.shelf.path()).unwrap();
        let told = watch.look(&reader, 0).unwrap().into_iter();
        told.map(|t| (t.how, t.title.to_string(), t.body.to_string()))
            .collect()
    }
}

fn rule(query: Option<&str>, how: How) -> Notify {
    Notify {
        query: query.map(str::to_owned),
        account: None,
        quiet: None,
        how,
    }
}

#[test]
fn fifty_messages_are_told_in_one_word_and_nothing_twice() {
    let mut bench = Bench::new();
    let mut watch = Watch::new(&[rule(None, How::Bell), rule(Some("lunch"), How::Bell)]);
    assert_eq!(bench.told(&mut watch), []);
    bench.comes("INBOX", &["lunch"], false);
    let told = bench.told(&mut watch);
    assert_eq!(
        told.len(),
        1,
        "two rules of one kind tell it once: {told:?}"
    );
    assert_eq!(told[0].2, "lunch");
    assert!(!told[0].1.contains('\u{1b}'));
    let many: Vec<String> = (0..50).map(|n| format!("subject {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    bench.comes("INBOX", &many, false);
    let told = bench.told(&mut watch);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, "50 new messages");
    assert!(told[0].2.ends_with(" · 47 more"), "{told:?}");
    assert_eq!(bench.told(&mut watch), []);
}

#[test]
fn only_what_a_rule_asks_for_is_told() {
    let mut bench = Bench::new();
    let rules = [rule(None, How::Bell), rule(Some("patch"), How::Desktop)];
    let mut watch = Watch::new(&rules);
    assert_eq!(bench.told(&mut watch), []);
    bench.comes("INBOX", &["read elsewhere"], true);
    bench.comes("Junk", &["a patch to get rich"], false);
    bench.comes("Lists", &["talk"], false);
    assert_eq!(bench.told(&mut watch), []);
    bench.comes("Lists", &["a patch"], false);
    let told = bench.told(&mut watch);
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].0, told[0].2.as_str()), (&How::Desktop, "a patch"));
}

#[test]
fn other_accounts_and_quiet_hours_are_silent() {
    let mut bench = Bench::new();
    let quiet = Quiet { from: 0, to: 1440 };
    let rules = [
        Notify {
            account: Some(AccountName("home".to_owned())),
            ..rule(None, How::Bell)
        },
        Notify {
            quiet: Some(quiet),
            ..rule(None, How::Desktop)
        },
    ];
    let mut watch = Watch::new(&rules);
    assert_eq!(bench.told(&mut watch), []);
    bench.comes("INBOX", &["lunch"], false);
    assert_eq!(bench.told(&mut watch), []);
}
