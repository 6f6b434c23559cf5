//! One story on the demo's server with everything that it can do, with each extension switched
//! off in turn, and as bare IMAP4rev1: the same mail must be on both sides in the end, and nothing
//! that a server lacks may be tried. What the story costs is looked at too: what we moved or filed
//! ourselves is not fetched again, and a quiet sync changes nothing. Then Gmail, where one message
//! lies in many mailboxes.

use crate::both::{ACCOUNT, differences, message, operations};
use crate::demo::{held, home_at};
use crate::program::Home;
use crate::strip::Strip;
use postrider::demo::offer::ALL;
use postrider::demo::{Demo, Hand, Options};
use postrider::model::{AccountName, FlagChange, Flags, MessageId, System};
use postrider::store::Reader;
use std::collections::{BTreeMap, BTreeSet};

/// A server, our program's home, and somebody between them who writes down what we say.
struct Stage {
    what: String,
    demo: Demo,
    hand: Hand,
    strip: Strip,
    home: Home,
}

impl Stage {
    /// `without` is missing from the server, and the man in the middle watches that it is not
    /// tried.
    fn new(options: Options, without: &[&str], prepare: impl FnOnce(&Hand)) -> Stage {
        let demo = Demo::start(options.without(without)).unwrap();
        let hand = demo.hand("ada").unwrap();
        prepare(&hand);
        let strip = Strip::start(demo.accounts()[0].imap.port, without);
        let home = home_at(&demo, strip.port, "");
        Stage {
            what: format!("without {without:?}"),
            demo,
            hand,
            strip,
            home,
        }
    }

    fn id(&self, name: &str) -> String {
        message(&self.home.path, &format!("{name}@x"))
    }

    /// Runs a command that must go well.
    #[track_caller]
    fn run(&self, args: &[&str]) {
        self.home.run(args).code(0);
    }

    /// Syncs until both sides agree, and answers what was said for that.
    #[track_caller]
    fn agree(&self, when: &str) -> Vec<String> {
        self.strip.heard();
        let mut odd = Vec::new();
        // A mailbox that a list misses is let go only when it was missed again.
        for _ in 0..3 {
            self.home.sync();
            odd = differences(&self.home.path, &held(&self.demo));
            if odd.is_empty() {
                return self.strip.heard();
            }
        }
        panic!("{}, {when}:\n{}", self.what, odd.join("\n"));
    }

    /// Where each message is, by its name, unless it is only marked as deleted there.
    fn alive(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (mailbox, shot) in self.hand.snapshot() {
            for letter in shot.letters.values() {
                if !letter.flags.system.has(System::DELETED) {
                    let new = all
                        .entry(mailbox.clone())
                        .or_default()
                        .insert(name_of(&letter.raw));
                    assert!(new, "{}: {mailbox} has one twice", self.what);
                }
            }
        }
        all
    }

    fn uid(&self, mailbox: &str, name: &str) -> u32 {
        let shot = self.hand.snapshot();
        let mut letters = shot[mailbox].letters.iter();
        let found = letters.find(|(_, l)| name_of(&l.raw) == name);
        *found.unwrap_or_else(|| panic!("{name} in {mailbox}")).0
    }
}

fn letter(name: &str) -> Vec<u8> {
    format!(
        "From: Ada <ada@example.org>\r\nSubject: {name}\r\nMessage-ID: <{name}@x>\r\n\r\nText.\r\n"
    )
    .into_bytes()
}

fn name_of(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let id = text.split("Message-ID: <").nth(1).unwrap();
    id.split('@').next().unwrap().to_owned()
}

fn verb(command: &str) -> String {
    let mut words = command.split(' ').map(str::to_uppercase);
    words.find(|w| w != "UID").unwrap_or_default()
}

/// The commands that may change something on the server.
fn changing(heard: &[String]) -> Vec<&String> {
    let verbs = [
        "STORE",
        "COPY",
        "MOVE",
        "EXPUNGE",
        "CLOSE",
        "APPEND",
        "CREATE",
        "DELETE",
        "RENAME",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
    ];
    let all = heard.iter();
    all.filter(|c| verbs.contains(&verb(c).as_str())).collect()
}

/// The commands that fetch what a message consists of: its headers, or all of it.
fn fetching(heard: &[String]) -> Vec<&String> {
    let content = |c: &&String| {
        // Before a message is moved it is made sure that it is the one: that is no content.
        let identity = c.ends_with("(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])");
        verb(c) == "FETCH"
            && !identity
            && ["BODY", "ENVELOPE", "RFC822", "BINARY"]
                .iter()
                .any(|w| c.contains(w))
    };
    heard.iter().filter(content).collect()
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|n| (*n).to_owned()).collect()
}

fn tell(without: &[&str]) {
    let s = Stage::new(Options::empty(), without, |hand| {
        for name in ["Plans", "Old"] {
            assert!(hand.create(name));
        }
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
            hand.deliver("INBOX", &letter(name)).unwrap();
        }
        let mut flags = Flags::of(System::SEEN);
        flags.insert_wire("$Work");
        hand.put("Plans", &letter("p"), flags, 1_700_000_000)
            .unwrap();
    });
    let what = s.what.clone();
    let lacks = |name: &str| without.contains(&name);
    let mut heard = s.agree("at first");
    assert!(!fetching(&heard).is_empty(), "{what}: {heard:#?}");

    // Both sides do something before they meet.
    s.run(&["flag", &s.id("a"), "+seen", "+flagged", "+$Todo"]);
    s.run(&["flag", &s.id("p"), "-seen", "-$Work"]);
    s.run(&["archive", &s.id("c")]);
    s.run(&["move", &s.id("d"), "Plans"]);
    s.run(&["delete", &s.id("e")]);
    s.run(&["archive", &s.id("b")]);
    s.run(&["undo"]);
    s.hand.deliver("INBOX", &letter("k")).unwrap();
    let change = |name: &str, flag| {
        let uid = s.uid("INBOX", name);
        s.hand.set_flags("INBOX", uid, &FlagChange::set(flag));
    };
    change("a", System::ANSWERED);
    change("b", System::FLAGGED);
    assert_eq!(s.hand.expunge("INBOX", &[s.uid("INBOX", "f")]), 1);
    s.hand
        .shift("INBOX", &[s.uid("INBOX", "g")], "Old")
        .unwrap();
    heard.extend(s.agree("after changes on both sides"));
    let there = s.alive();
    assert_eq!(there["INBOX"], set(&["a", "b", "h", "i", "k"]), "{what}");
    assert_eq!(there["Archive"], set(&["c"]), "{what}");
    assert_eq!(there["Plans"], set(&["d", "p"]), "{what}");
    assert_eq!(there["Trash"], set(&["e"]), "{what}");
    assert_eq!(there["Old"], set(&["g"]), "{what}");
    let flags = |mailbox: &str, name: &str| {
        let letters = &s.hand.snapshot()[mailbox].letters;
        letters[&s.uid(mailbox, name)].flags.to_wire().join(" ")
    };
    assert_eq!(
        flags("INBOX", "a"),
        "\\Seen \\Answered \\Flagged $Todo",
        "{what}"
    );
    assert_eq!(flags("INBOX", "b"), "\\Flagged", "{what}");
    assert_eq!(flags("Plans", "p"), "", "{what}");

    // What is only moved by us is known where it went, if the server says where that is.
    s.run(&["archive", &s.id("h")]);
    s.run(&["move", &s.id("i"), "Old"]);
    let moved = s.agree("after moves of ours");
    if !lacks("UIDPLUS") {
        assert_eq!(fetching(&moved), Vec::<&String>::new(), "{what}");
    }
    heard.extend(moved);

    // What is in the trash goes for good; another client renames and removes mailboxes.
    s.run(&["delete", &s.id("e"), "-m", "Trash"]);
    assert!(s.hand.rename("Plans", "Projects") && s.hand.create("Plans"));
    s.hand.deliver("Projects", &letter("r")).unwrap();
    s.hand.shift("Old", &[s.uid("Old", "g")], "INBOX").unwrap();
    heard.extend(s.agree("after a rename"));
    s.hand.shift("Old", &[s.uid("Old", "i")], "INBOX").unwrap();
    assert!(s.hand.delete("Old") && s.hand.bump_uidvalidity("Archive"));
    heard.extend(s.agree("after another generation"));
    let there = s.alive();
    assert_eq!(there["INBOX"], set(&["a", "b", "g", "i", "k"]), "{what}");
    assert_eq!(there["Archive"], set(&["c", "h"]), "{what}");
    assert_eq!(there["Projects"], set(&["d", "p", "r"]), "{what}");
    assert_eq!(there.len(), 3, "{what}: {there:?}");

    assert!(changing(&heard).len() > 3, "{what}: {heard:#?}");
    for command in &heard {
        let plain = ["EXPUNGE", "CLOSE"].contains(&command.to_uppercase().as_str());
        assert!(!plain, "{what}: {heard:#?}");
    }
    let before = s.hand.snapshot();
    let quiet = s.agree("after nothing");
    assert_eq!(changing(&quiet), Vec::<&String>::new(), "{what}");
    assert_eq!(fetching(&quiet), Vec::<&String>::new(), "{what}");
    assert!(s.hand.snapshot() == before, "{what}");
    assert_eq!(s.strip.refused(), Vec::<String>::new(), "{what}");
    assert_eq!(operations(&s.home.path).1, Vec::<String>::new(), "{what}");
}

#[test]
fn with_everything() {
    tell(&[]);
}

#[test]
fn f62_as_bare_imap4rev1() {
    tell(&ALL);
}

#[test]
fn f62_without_one_of_the_first() {
    ALL[..9].iter().for_each(|off| tell(&[off]));
}

#[test]
fn f62_without_one_of_the_second() {
    ALL[9..18].iter().for_each(|off| tell(&[off]));
}

#[test]
fn f62_without_one_of_the_last() {
    ALL[18..].iter().for_each(|off| tell(&[off]));
}

#[test]
fn f60_without_a_way_to_remove_one_message() {
    tell(&["UIDPLUS", "MOVE"]);
}

/// The one message of that name in the cache: in which mailboxes it lies, and its keywords.
#[track_caller]
fn one(s: &Stage, name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let reader = Reader::open(&s.home.path.join("cache.db")).unwrap();
    let id = MessageId::new(&format!("{name}@x")).unwrap();
    let account = AccountName(ACCOUNT.to_owned());
    let found = reader.find(&account, &id).unwrap();
    assert_eq!(found.len(), 1, "{name} is one message");
    let places = reader.locate(found[0]).unwrap();
    let boxes = places
        .iter()
        .map(|p| String::from_utf8_lossy(p.name.as_bytes()).into_owned());
    let row = reader.message(found[0]).unwrap().unwrap();
    let keywords = row.places.iter().flat_map(|p| p.flags.to_wire());
    (
        boxes.collect(),
        keywords.filter(|k| !k.starts_with('\\')).collect(),
    )
}

#[test]
fn f68_at_gmail_a_message_with_three_labels_is_one_and_a_tag_is_a_label() {
    let gmail = Options {
        gmail: true,
        ..Options::empty()
    };
    let s = Stage::new(gmail, &[], |hand| {
        let uid = hand.deliver("INBOX", &letter("a")).unwrap();
        hand.deliver("INBOX", &letter("b")).unwrap();
        let labels = ["Work".to_owned(), "Home".to_owned()];
        assert_eq!(
            hand.at_once(|p| p.relabel("INBOX", uid, &labels, Some(true))),
            Some(true)
        );
    });
    let all = "[Gmail]/All Mail";
    let heard = s.agree("at first");
    let (places, tags) = one(&s, "a");
    assert_eq!(places, set(&["INBOX", "Home", "Work", all]));
    assert_eq!(tags, set(&["label:Home", "label:Work"]));
    assert_eq!(one(&s, "b").0, set(&["INBOX", all]));
    let whole = heard.iter().filter(|c| c.contains("BODY.PEEK[]"));
    assert_eq!(whole.count(), 1, "a body is fetched once: {heard:#?}");

    let labels = |name: &str| {
        let uid = s.uid(all, name);
        s.hand
            .labels(all, uid)
            .unwrap()
            .into_iter()
            .collect::<BTreeSet<_>>()
    };
    s.run(&["flag", &s.id("a"), "+label:Later", "-label:Home"]);
    let heard = s.agree("after a tag of ours");
    assert_eq!(labels("a"), set(&["\\Inbox", "Later", "Work"]));
    assert!(
        !heard.iter().any(|c| c.contains("BODY.PEEK[]")),
        "{heard:#?}"
    );
    let (places, tags) = one(&s, "a");
    assert_eq!(places, set(&["INBOX", "Later", "Work", all]));
    assert_eq!(tags, set(&["label:Later", "label:Work"]));

    // The same from the other side, and a quiet sync after that.
    let label = ["Home".to_owned()];
    let uid = s.uid("INBOX", "b");
    s.hand
        .at_once(|p| p.relabel("INBOX", uid, &label, Some(true)));
    let heard = s.agree("after a label of theirs");
    assert_eq!(
        one(&s, "b"),
        (set(&["INBOX", "Home", all]), set(&["label:Home"]))
    );
    assert!(
        !heard.iter().any(|c| c.contains("BODY.PEEK[]")),
        "{heard:#?}"
    );
    let quiet = s.agree("after nothing");
    assert_eq!(changing(&quiet), Vec::<&String>::new());

    // To the trash it goes from everywhere, and a label's name may be any text.
    s.run(&["flag", &s.id("b"), "+label:Pl%C3%A4ne"]);
    s.run(&["delete", &s.id("a"), "-m", "INBOX"]);
    s.home.sync();
    assert_eq!(labels("b"), set(&["\\Inbox", "Home", "Pl&AOQ-ne"]));
    let there: Vec<String> = s
        .alive()
        .into_iter()
        .filter(|(_, n)| n.contains("a"))
        .map(|(m, _)| m)
        .collect();
    assert_eq!(there, ["[Gmail]/Trash"]);
    assert_eq!(s.strip.refused(), Vec::<String>::new());
    assert_eq!(operations(&s.home.path).1, Vec::<String>::new());
}
