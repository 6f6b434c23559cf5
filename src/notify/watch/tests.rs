//! Rules, and the mail that comes.

use super::*;
use crate::config::Quiet;
use crate::model::{AccountName, Address, Envelope, Flags, MailboxName, MessageKey, System, Uid};
use crate::store::shelf::{Shelf, V, account, message};
use crate::store::{CursorMove, NewBody, NewMessage};

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

    /// The text of what came last in this mailbox.
    fn text(&mut self, wire: &str, text: &str) {
        let key = MessageKey {
            mailbox: MailboxName::new(wire),
            uidvalidity: V,
            uid: Uid::new(self.next - 1).unwrap(),
            message_id: None,
            size: 0,
        };
        let place = self.shelf.cache.read().place_of(&account(), &key);
        let body = NewBody {
            message: place.unwrap().unwrap().0,
            raw: text.as_bytes().to_vec(),
            text: text.to_owned(),
            snippet: text.to_owned(),
            attachments: Vec::new(),
        };
        assert_eq!(self.shelf.cache.store_bodies(&[body]).unwrap(), 1);
    }

    fn told(&self, watch: &mut Watch) -> Vec<(How, String, String)> {
        self.told_at(watch, 0)
    }

    fn told_at(&self, watch: &mut Watch, now: i64) -> Vec<(How, String, String)> {
        let reader = Reader::open(&self.shelf.path()).unwrap();
        let told = watch.look(&reader, now).unwrap().into_iter();
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

#[test]
fn a_rule_about_texts_is_asked_again_once_the_text_is_here() {
    let mut bench = Bench::new();
    let rules = [
        rule(Some("lunch"), How::Bell),
        rule(Some("body:urgent"), How::Bell),
        rule(Some("subject:report body:urgent"), How::Desktop),
    ];
    let mut watch = Watch::new(&rules);
    assert_eq!(bench.told(&mut watch), []);
    let whats = |told: Vec<(How, String, String)>| -> Vec<(How, String)> {
        told.into_iter().map(|(how, _, what)| (how, what)).collect()
    };
    let one = |how: How, what: &str| (how, what.to_owned());
    bench.comes("INBOX", &["report"], false);
    assert_eq!(bench.told(&mut watch), []);
    assert_eq!(bench.told_at(&mut watch, 300), []);
    bench.text("INBOX", "this is urgent");
    let both = [one(How::Bell, "report"), one(How::Desktop, "report")];
    assert_eq!(whats(bench.told_at(&mut watch, 301)), both);
    assert_eq!(bench.told_at(&mut watch, 302), []);
    // What was told already is not told once more by another rule of its kind.
    bench.comes("INBOX", &["lunch"], false);
    assert_eq!(whats(bench.told(&mut watch)), [one(How::Bell, "lunch")]);
    bench.text("INBOX", "urgent");
    assert_eq!(bench.told(&mut watch), []);
    // A text that says something else ends it, and so does one that comes late.
    bench.comes("INBOX", &["talk"], false);
    assert_eq!(bench.told(&mut watch), []);
    bench.text("INBOX", "no hurry");
    assert_eq!(bench.told(&mut watch), []);
    assert!(watch.rules.iter().all(|rule| rule.waiting.is_empty()));
    bench.comes("INBOX", &["late"], false);
    assert_eq!(bench.told(&mut watch), []);
    assert_eq!(bench.told_at(&mut watch, PATIENCE), []);
    bench.text("INBOX", "urgent");
    assert_eq!(bench.told_at(&mut watch, PATIENCE + 1), []);
    // Who reads it meanwhile needs no word of it.
    bench.comes("INBOX", &["seen"], true);
    assert_eq!(bench.told(&mut watch), []);
    bench.text("INBOX", "urgent");
    assert_eq!(bench.told(&mut watch), []);
}
