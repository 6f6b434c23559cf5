//! The journal against a server: whatever was done, undone it is as before and redone as after, here
//! and there, with the program killed in between; and what is told of it.

use crate::both::{ACCOUNT, differences, message};
use crate::demo::{held, home_at};
use crate::program::{Home, eventually};
use postrider::demo::dice::Dice;
use postrider::demo::{Demo, Hand, Options};
use postrider::model::{MsgId, System};
use postrider::store::Reader;
use std::collections::BTreeMap;

/// Letters on the server.
const LETTERS: u32 = 5;

/// Where each letter lies, and its flags.
type State = BTreeMap<u32, Vec<(String, Vec<String>)>>;

fn state(hand: &Hand) -> State {
    let mut all = State::new();
    for (name, shot) in hand.snapshot() {
        for letter in shot.letters.values() {
            if letter.flags.system.has(System::DELETED) {
                continue;
            }
            let text = String::from_utf8_lossy(&letter.raw);
            let n = text.split("Subject: ").nth(1).unwrap();
            let n = n.lines().next().unwrap().parse().unwrap();
            let place = (name.clone(), letter.flags.to_wire());
            all.entry(n).or_default().push(place);
        }
    }
    all
}

fn start() -> (Demo, Hand, Home) {
    let demo = Demo::start(Options::empty()).unwrap();
    let hand = demo.hand("ada").unwrap();
    hand.create("Lists");
    for n in 1..=LETTERS {
        let raw = format!("Subject: {n}\r\nMessage-ID: <{n}@example.com>\r\n\r\nx\r\n");
        hand.deliver("INBOX", raw.as_bytes()).unwrap();
    }
    let home = home_at(&demo, demo.accounts()[0].imap.port, "");
    settle(&home, &demo);
    (demo, hand, home)
}

/// Syncs until both sides agree.
#[track_caller]
fn settle(home: &Home, demo: &Demo) {
    for _ in 0..4 {
        home.run(&["sync", "--once", "--bodies", "none"]).code(0);
        if differences(&home.path, &held(demo)).is_empty() {
            return;
        }
    }
    panic!("{}", differences(&home.path, &held(demo)).join("\n"));
}

/// Now and then the server hears of it, and now and then the program is killed while it does.
fn perhaps(dice: &mut Dice, home: &Home, demo: &Demo) {
    match dice.below(5) {
        0 => {
            home.run(&["sync", "--once", "--bodies", "none"]).code(0);
        }
        1 => {
            demo.forget_commands();
            let mut child = home
                .command(&["sync", "--once", "--bodies", "none"])
                .spawn()
                .unwrap();
            let most = dice.below(14);
            eventually("some commands, or the end", || {
                demo.commands().values().sum::<u64>() > most || child.try_wait().unwrap().is_some()
            });
            let _ = child.kill();
            child.wait().unwrap();
        }
        _ => {}
    }
}

/// One thing that a user may do; whether something was done.
fn act(dice: &mut Dice, home: &Home) {
    let n = 1 + dice.below(u64::from(LETTERS));
    let id = message(&home.path, &format!("{n}@example.com"));
    let reader = Reader::open(&home.path.join("cache.db")).unwrap();
    let row = reader
        .message(MsgId(id[1..].parse().unwrap()))
        .unwrap()
        .unwrap();
    let place = row.places[0].path.clone();
    match dice.below(6) {
        0 => home.run(&["flag", &id, "+flagged", "+seen"]),
        1 => home.run(&["flag", &id, "-flagged"]),
        2 => home.run(&["flag", &id, "+later"]),
        3 => home.run(&["archive", &id]),
        4 if place != "Trash" => home.run(&["delete", &id]),
        _ => home.run(&["move", &id, "Lists"]),
    };
}

#[test]
fn undone_it_is_as_before_and_redone_as_after() {
    for seed in 0..2 {
        let mut dice = Dice::new(seed);
        let (demo, hand, home) = start();
        let before = state(&hand);
        for _ in 0..10 {
            act(&mut dice, &home);
            perhaps(&mut dice, &home, &demo);
        }
        settle(&home, &demo);
        let after = state(&hand);
        for (command, goal) in [("undo", &before), ("redo", &after), ("undo", &before)] {
            while home.run(&[command]).code == 0 {
                perhaps(&mut dice, &home, &demo);
            }
            settle(&home, &demo);
            assert_eq!(&state(&hand), goal, "seed {seed}: {command}");
        }
        let journal = home.json(&["journal"]);
        for row in journal["journal"].as_array().unwrap() {
            assert_eq!(
                (&row["refused"], &row["waiting"]),
                (&0.into(), &0.into()),
                "{row}"
            );
        }
    }
}

#[test]
fn one_action_is_taken_back_and_what_is_in_the_way_is_told() {
    let (demo, hand, home) = start();
    let id = |n: u32| message(&home.path, &format!("{n}@example.com"));
    home.run(&["archive", &id(1)]).code(0);
    home.run(&["flag", &id(2), "+flagged"]).code(0);
    home.run(&["move", &id(1), "Lists"]).code(0);
    settle(&home, &demo);
    let rows = home.json(&["journal"])["journal"]
        .as_array()
        .unwrap()
        .clone();
    let words: Vec<_> = rows.iter().map(|r| r["words"].as_str().unwrap()).collect();
    assert_eq!(words, ["done on the server"; 3]);
    assert_eq!(
        (&rows[2]["done"], &rows[2]["about"]),
        (&"Archived 1 message".into(), &"1".into())
    );
    let name = |n: usize| rows[n]["id"].as_str().unwrap();
    let refused = home.run(&["undo", name(2)]).code(66);
    assert!(
        refused.err.contains("in the way is Moved 1 message"),
        "{}",
        refused.err
    );
    home.run(&["undo", name(1)]).code(0);
    home.run(&["undo", "--after", name(2)]).code(0);
    settle(&home, &demo);
    let places = state(&hand);
    assert!(places[&1][0].0.starts_with("Archive"), "{places:?}");
    assert_eq!(places[&2], [("INBOX".to_owned(), Vec::new())]);
    // What another client removed can't be had back, and that is said before anything is sent.
    let archive = places[&1][0].0.clone();
    let uids: Vec<u32> = hand.snapshot()[&archive].letters.keys().copied().collect();
    hand.expunge(&archive, &uids);
    settle(&home, &demo);
    let gone = home.run(&["undo", name(2)]).code(66);
    assert!(gone.err.contains("gone from the server"), "{}", gone.err);
    assert!(
        home.run(&["undo", "a99999"])
            .code(66)
            .err
            .contains("there is no action")
    );
    assert_eq!(home.json(&["accounts"])["accounts"][0]["name"], ACCOUNT);
}

#[test]
fn on_the_screen_an_action_is_found_looked_at_and_taken_back() {
    let (_folder, path) = crate::pty::home();
    let mut t = crate::pty::Terminal::postrider(&["demo"], &path, 100, 30);
    t.wait_until("mail", |s| {
        s.contains("Pia Moreau") && s.contains("connected")
    });
    t.send("s");
    t.wait_for("tarred 1 message");
    t.send("e");
    t.wait_for("Archived 1 message");
    t.send("gu");
    t.wait_for("Journal:");
    t.send("tarred");
    t.wait_gone("Archived 1 message:");
    t.send("\r");
    t.wait_for("Taking it back");
    // A letter in the first moment is no answer.
    eventually("what was done is taken back", || {
        if t.screen().contains("Taking it back") {
            t.send("u");
        }
        t.screen().contains("Undone: ")
    });
    t.send("\x1b");
    t.wait_gone("Journal:");
    t.send("z");
    t.wait_for("Undone: Archived 1 message");
    t.send("Z");
    t.wait_for("Done again: Archived 1 message");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}
