//! `postrider demo` as somebody sees it who tries the program for the first time, and its server
//! as one that the engine has to follow whatever it can do.

use crate::both::{ACCOUNT, differences, message, operations};
use crate::client::{Held, Letter};
use crate::program::{Home, eventually};
use crate::pty::{Terminal, home};
use portable_pty::CommandBuilder;
use postrider::demo::dice::Dice;
use postrider::demo::{Demo, Hand, Options};
use postrider::model::{FlagChange, Flags, SecretSource, System};
use postrider::store::{LocalReader, Reader};
use std::collections::{BTreeMap, BTreeSet};

/// The keys that a terminal sends.
const ESC: &str = "\x1b";
const SHIFT_TAB: &str = "\x1b[Z";
const CTRL_S: &str = "\x13";

fn start(cols: u16, rows: u16) -> (tempfile::TempDir, Terminal) {
    let (folder, path) = home();
    let t = Terminal::postrider(&["demo"], &path, cols, rows);
    (folder, t)
}

/// Ends it from the list; the terminal must be as it was.
fn quit(mut t: Terminal) {
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}

#[test]
fn a_visitor_reads_answers_and_sees_the_answer_arrive() {
    let (folder, mut t) = start(100, 30);
    t.wait_for("All inboxes");
    t.wait_until("both accounts online and the newest mail", |s| {
        s.contains("● ada connected")
            && s.contains("● home connected")
            && s.contains("Lena Fischer")
    });
    t.send("/subject:potatoes");
    t.send("\r");
    t.wait_for("Recipe: those potatoes");
    t.send("\r");
    t.wait_for("Two kilos, floury.");
    t.wait_for("From:    Ruth Winter <ruth.winter@winter.example>");

    t.send("r");
    t.wait_for("Subject  Re: Recipe: those potatoes");
    t.send("The knife is packed.");
    t.wait_for("The knife is packed.");
    // From the text over the subject and Bcc to Cc: the visitor's other account.
    t.send(&SHIFT_TAB.repeat(3));
    t.send("ada@example.org");
    t.wait_for("Cc       ada@example.org");
    t.send(CTRL_S);
    t.wait_for("Sending in");
    t.send("gi");
    let list = t.wait_until("the answer among the inboxes", |s| {
        s.contains("All inboxes") && s.contains("Ada Winter      Re: Recipe: those potatoes")
    });
    assert!(!list.contains("Search:"), "{list}");
    // In the account that it was sent to, and to be read there.
    t.send("\x1b1");
    t.wait_for("Ada Winter      Re: Recipe: those potatoes");
    t.send("/subject:potatoes is:unread\r");
    t.wait_for("1 found");
    t.send("\r");
    t.wait_until("the answer's text", |s| {
        s.contains("The knife is packed.") && s.contains("Cc: ada@example.org")
    });
    t.send(ESC);
    t.wait_gone("Cc: ada@example.org");
    t.send("gi");
    t.wait_for("All inboxes  ");
    quit(t);
    // Nothing was left where the user's own things would be.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn it_fits_a_small_terminal_and_follows_it() {
    let (_folder, mut t) = start(40, 12);
    let small = t.wait_for("Swift Pa…");
    assert!(small.lines().count() <= 12);
    t.resize(120, 40);
    t.wait_until("both panes", |s| {
        s.contains("Trash") && s.contains("Swift Parcels") && s.lines().count() > 20
    });
    t.resize(18, 4);
    t.wait_until("a word that it is too small, or something that fits", |s| {
        !s.contains("Swift Parcels  ") && !s.trim().is_empty()
    });
    t.resize(40, 12);
    t.wait_for("Swift Pa…");
    t.send("\r");
    // What marks the reader's edge; there is no room for all the headers.
    t.wait_for("▏");
    t.send(ESC);
    t.wait_gone("▏");
    quit(t);
}

#[test]
fn without_colour_there_is_none() {
    let (_folder, path) = home();
    let mut command = CommandBuilder::new("env");
    command.args(["NO_COLOR=1", env!("CARGO_BIN_EXE_postrider"), "demo"]);
    command.env("POSTRIDER_HOME", &path);
    let mut t = Terminal::start(command, 100, 30);
    t.wait_for("Swift Parcels");
    t.send("jj\r");
    t.wait_for("Subject:");
    let raw = String::from_utf8_lossy(&t.raw()).into_owned();
    for sequence in raw.split("\x1b[").skip(1) {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        if sequence[end..].starts_with('m') {
            let colour = |n: &str| matches!(n.parse::<u32>(), Ok(30..=38 | 40..=48 | 90..=107));
            let any = sequence[..end].split([';', ':']).any(colour);
            assert!(!any, "a colour was asked for: {:?}", &sequence[..=end]);
        }
    }
    t.send(ESC);
    t.wait_gone("Subject:");
    quit(t);
}

#[test]
fn a_tag_is_seen_at_once_and_the_first_key_after_another_size_is_heard() {
    let (_folder, mut t) = start(120, 30);
    t.wait_for("Swift Parcels");
    t.send("tlater\r");
    t.wait_for("#Later");
    t.send("gc");
    t.wait_for("of at most 4 connections");
    t.resize(40, 12);
    t.wait_until("no sidebar", |s| {
        s.contains("Accounts") && !s.contains("Mailboxes")
    });
    t.send("q");
    t.wait_gone("Accounts");
    quit(t);
}

/// What the server holds, as `both` compares it. Labels at Gmail are keywords to us.
pub fn held(demo: &Demo) -> BTreeMap<String, Held> {
    let hand = demo.hand("ada").unwrap();
    let shot = hand.snapshot();
    let gmail = shot.contains_key("[Gmail]/All Mail");
    let tags = |name: &str, uid: u32| {
        let labels = hand.labels(name, uid).unwrap_or_default();
        let own = labels
            .into_iter()
            .filter(|l| gmail && !l.starts_with('\\') && l != name);
        own.map(|l| format!("label:{l}")).collect::<Vec<_>>()
    };
    let boxes = shot.into_iter().map(|(name, m)| {
        let letters = m.letters.into_iter().map(|(uid, l)| {
            let mut flags: BTreeSet<String> = l.flags.to_wire().into_iter().collect();
            flags.extend(tags(&name, uid));
            let id = String::new();
            (uid, Letter { flags, id })
        });
        let held = Held {
            validity: m.validity,
            letters: letters.collect(),
        };
        (name, held)
    });
    boxes.collect()
}

#[track_caller]
fn agrees(home: &Home, demo: &Demo, when: &str) {
    // A mailbox that a list misses is let go only when it was missed again.
    let mut odd = Vec::new();
    for _ in 0..3 {
        home.json(&["sync", "--once", "--bodies", "none"]);
        odd = differences(&home.path, &held(demo));
        if odd.is_empty() {
            return;
        }
    }
    panic!("{when}:\n{}", odd.join("\n"));
}

/// A home that knows the first account of this server.
pub fn home_of(demo: &Demo, more: &str) -> Home {
    home_at(demo, demo.accounts()[0].imap.port, more)
}

/// The same, with another port to go to for IMAP.
pub fn home_at(demo: &Demo, port: u16, more: &str) -> Home {
    let ada = demo.accounts()[0].clone();
    let SecretSource::Memory(secret) = &ada.secret else {
        panic!("{:?}", ada.secret)
    };
    Home::new(&format!(
        "[[account]]\nname = \"{ACCOUNT}\"\nemail = \"{0}\"\nuser = \"{0}\"\n\
         password-command = [\"echo\", \"{1}\"]\n\
         imap = {{ host = \"127.0.0.1\", port = {2}, security = \"none\" }}\n\
         smtp = {{ host = \"127.0.0.1\", port = {3}, security = \"none\" }}\n{more}",
        ada.email,
        secret.0.reveal(),
        port,
        ada.smtp.port
    ))
}

/// Syncs from a server of this kind, changes everything that another client may, and syncs again.
#[track_caller]
fn follows(what: &str, options: Options) {
    let demo = Demo::start(options).unwrap();
    let home = home_of(&demo, "");
    agrees(&home, &demo, &format!("{what}: at first"));
    let hand = demo.hand("ada").unwrap();
    let names: Vec<String> = hand.snapshot().into_keys().collect();
    let find = |part: &str| names.iter().find(|n| n.contains(part)).unwrap().clone();
    let (list, trash) = (find("Tessera"), find("Trash"));
    let new = b"Subject: new\r\nMessage-ID: <new@example.com>\r\n\r\nnew\r\n";
    hand.deliver("INBOX", new).unwrap();
    hand.deliver(&list, new).unwrap();
    let uids: Vec<u32> = hand.snapshot()[&list].letters.keys().copied().collect();
    hand.set_flags(&list, uids[0], &FlagChange::set(System::FLAGGED));
    hand.set_flags(&list, uids[1], &FlagChange::clear(System::SEEN));
    hand.expunge(&list, &uids[2..4]);
    hand.shift(&list, &uids[5..7], &trash).unwrap();
    agrees(&home, &demo, &format!("{what}: after changes"));
    hand.expunge(
        &trash,
        &hand.snapshot()[&trash]
            .letters
            .keys()
            .copied()
            .collect::<Vec<_>>(),
    );
    hand.forget_expunges(&trash);
    assert!(hand.rename(&list, &format!("{list}-old")) && hand.create(&list));
    hand.deliver(&list, new).unwrap();
    assert!(hand.bump_uidvalidity("INBOX"));
    agrees(
        &home,
        &demo,
        &format!("{what}: after names and generations"),
    );
}

#[test]
fn the_engine_follows_servers_of_every_kind() {
    follows("all of it", Options::still());
    follows("nothing", Options::still().bare());
    for off in [
        "QRESYNC",
        "CONDSTORE",
        "LIST-STATUS",
        "ESEARCH",
        "OBJECTID",
        "UIDPLUS",
    ] {
        follows(off, Options::still().without(&[off]));
    }
    let gmail = Options {
        gmail: true,
        ..Options::still()
    };
    follows("Gmail", gmail);
    let dotted = Options {
        delimiter: '.',
        prefix: "INBOX.".to_owned(),
        ..Options::still()
    };
    follows("dots", dotted);
}

/// Changes mail with our program, and wants the server to have it so; where the letters then are.
#[track_caller]
fn changes(what: &str, options: Options) -> (Demo, BTreeMap<u32, BTreeSet<String>>) {
    let demo = Demo::start(options).unwrap();
    let hand = demo.hand("ada").unwrap();
    for n in 1..=4 {
        let raw = format!("Subject: {n}\r\nMessage-ID: <{n}@example.com>\r\n\r\nx\r\n");
        hand.deliver("INBOX", raw.as_bytes()).unwrap();
    }
    let home = home_of(&demo, "");
    agrees(&home, &demo, &format!("{what}: at first"));
    demo.forget_commands();
    let id = |n: u32| message(&home.path, &format!("{n}@example.com"));
    home.run(&["flag", &id(1), "+seen", "+flagged"]).code(0);
    home.run(&["archive", &id(2), "-m", "INBOX"]).code(0);
    home.run(&["delete", &id(3), "-m", "INBOX"]).code(0);
    home.run(&["archive", &id(4), "-m", "INBOX"]).code(0);
    home.run(&["undo"]).code(0);
    agrees(&home, &demo, &format!("{what}: after our changes"));
    let mut where_is: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (name, shot) in hand.snapshot() {
        // Where a single message can't be removed it is only marked.
        let marked = |l: &&postrider::demo::Letter| l.flags.system.has(System::DELETED);
        for letter in shot.letters.values().filter(|l| !marked(l)) {
            let text = String::from_utf8_lossy(&letter.raw);
            let n = text.split("Subject: ").nth(1).unwrap();
            let n = n.lines().next().unwrap().parse().unwrap();
            where_is.entry(n).or_default().insert(name.clone());
        }
    }
    assert!(operations(&home.path).1.is_empty(), "{what}");
    let seen = &hand.snapshot()["INBOX"].letters[&1].flags.system;
    assert!(seen.has(System::SEEN | System::FLAGGED), "{what}: {seen:?}");
    (demo, where_is)
}

#[test]
fn what_is_changed_here_is_changed_on_servers_of_every_kind() {
    let names = |all: &[&str]| all.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    let kinds = [
        ("all of it", Options::empty()),
        ("nothing", Options::empty().bare()),
        ("no MOVE", Options::empty().without(&["MOVE"])),
        ("no UIDPLUS", Options::empty().without(&["UIDPLUS"])),
    ];
    for (what, options) in kinds {
        let (demo, there) = changes(what, options);
        assert_eq!(there[&1], names(&["INBOX"]), "{what}");
        assert_eq!(there[&2], names(&["Archive"]), "{what}");
        assert_eq!(there[&3], names(&["Trash"]), "{what}");
        assert_eq!(there[&4], names(&["INBOX"]), "{what}");
        if what == "all of it" || what == "no MOVE" {
            assert!(
                !demo.commands().contains_key("EXPUNGE"),
                "{:?}",
                demo.commands()
            );
        }
    }
    let gmail = Options {
        gmail: true,
        ..Options::empty()
    };
    let (_, there) = changes("Gmail", gmail);
    let all = "[Gmail]/All Mail";
    assert_eq!(there[&1], names(&["INBOX", all, "[Gmail]/Starred"]));
    assert_eq!(there[&2], names(&[all]));
    assert_eq!(there[&3], names(&["[Gmail]/Trash"]));
    assert_eq!(there[&4], names(&["INBOX", all]));
}

/// Keeps up while another client changes mail behind the back of a program that watches.
#[track_caller]
fn hears(what: &str, options: Options, more: &str, used: &str) {
    let demo = Demo::start(options).unwrap();
    let hand = demo.hand("ada").unwrap();
    let raw = |n: u32| format!("Subject: {n}\r\nMessage-ID: <{n}@example.com>\r\n\r\nx\r\n");
    hand.create("Lists");
    for n in 1..=4 {
        hand.deliver("INBOX", raw(n).as_bytes()).unwrap();
        hand.deliver("Lists", raw(n + 10).as_bytes()).unwrap();
    }
    let home = home_of(&demo, more);
    let _watch = home.watch();
    let agrees = |when: &str| {
        let so = || cache_is_there(&home) && differences(&home.path, &held(&demo)).is_empty();
        eventually(&format!("{what}: {when}"), so);
    };
    agrees("at first");
    hand.deliver("INBOX", raw(5).as_bytes()).unwrap();
    agrees("a new message");
    hand.set_flags("INBOX", 2, &FlagChange::set(System::SEEN));
    agrees("a flag");
    hand.expunge("INBOX", &[1, 3]);
    agrees("what was expunged");
    if demo.commands().contains_key("NOTIFY") {
        hand.deliver("Lists", raw(20).as_bytes()).unwrap();
        agrees("a new message elsewhere");
        hand.shift("Lists", &[1], "Trash").unwrap();
        agrees("a message that went from one to another");
    }
    demo.cut();
    hand.bump_uidvalidity("INBOX");
    hand.deliver("INBOX", raw(6).as_bytes()).unwrap();
    agrees("after the line was cut");
    let commands = demo.commands();
    assert!(
        used.split(' ').all(|u| commands.contains_key(u)),
        "{what}: {commands:?}"
    );
}

/// Whether both databases are made: a file is there before its tables are.
fn cache_is_there(home: &Home) -> bool {
    Reader::open(&home.path.join("cache.db")).is_ok()
        && LocalReader::open(&home.path.join("local.db")).is_ok()
}

#[test]
fn a_program_that_watches_hears_of_everything() {
    hears("all of it", Options::empty(), "", "NOTIFY");
    let squeezed = "compress = true\n";
    hears("compressed", Options::empty(), squeezed, "COMPRESS");
    let no_notify = Options::empty().without(&["NOTIFY"]);
    hears("no NOTIFY", no_notify, "", "IDLE");
    let old = Options::empty().without(&["NOTIFY", "QRESYNC", "CONDSTORE"]);
    hears("no CONDSTORE", old, "", "IDLE");
}

/// Does something that another client might, at random.
fn something(hand: &Hand, dice: &mut Dice, step: u64) {
    let shot = hand.snapshot();
    let names: Vec<&String> = shot.keys().collect();
    let name = *dice.pick(&names).unwrap();
    let other = *dice.pick(&names).unwrap();
    let uids: Vec<u32> = shot[name].letters.keys().copied().collect();
    let some: Vec<u32> = uids.iter().copied().filter(|_| dice.chance(30)).collect();
    let system = System(u8::try_from(dice.below(32)).unwrap());
    match dice.below(12) {
        0..=3 => {
            let id = format!("Message-ID: <{step}@example.com>\r\n\r\nx\r\n");
            hand.put(name, id.as_bytes(), Flags::of(system), 1_700_000_000);
        }
        4..=5 => {
            for uid in some {
                hand.set_flags(name, uid, &FlagChange::set(system));
            }
        }
        6 => drop(hand.expunge(name, &some)),
        7 if name != other => drop(hand.shift(name, &some, other)),
        8 => drop(hand.copy(name, &some, other)),
        9 if !name.contains(['[', 'A', 'I', 'D', 'S', 'J', 'T']) => {
            hand.rename(name, &format!("r{step}"));
        }
        10 => drop(hand.create(&format!("n{step}"))),
        11 if dice.chance(40) => drop(hand.bump_uidvalidity(name)),
        11 => drop(hand.forget_expunges(name)),
        _ => {}
    }
}

/// `SEEDS=60` in the environment tells sixty stories instead of one.
#[test]
fn whatever_another_client_does_both_sides_agree_in_the_end() {
    let gmail = Options {
        gmail: true,
        ..Options::empty()
    };
    let no_qresync = Options::empty().without(&["QRESYNC"]);
    let kinds = [Options::empty(), no_qresync, Options::empty().bare(), gmail];
    let seeds: Vec<u64> =
        std::env::var("SEEDS").map_or(vec![1], |s| (0..s.parse().unwrap()).collect());
    for seed in seeds {
        for (kind, options) in kinds.iter().enumerate() {
            let demo = Demo::start(options.clone()).unwrap();
            let hand = demo.hand("ada").unwrap();
            let home = home_of(&demo, "");
            let mut dice = Dice::new(seed * 10 + kind as u64);
            for step in 0..80 {
                something(&hand, &mut dice, step);
                if step % 8 == 7 {
                    agrees(
                        &home,
                        &demo,
                        &format!("kind {kind}, seed {seed}, step {step}"),
                    );
                }
            }
        }
    }
}

#[test]
fn the_terminals_own_background_chooses_between_light_and_dark() {
    // The lines that stand between the panes, as the two themes have them.
    const DARK: &[u8] = b"38;5;238";
    const LIGHT: &[u8] = b"38;5;251";
    const ASKED: &[u8] = b"\x1b]11;?\x1b\\";
    let (_folder, path) = home();
    let mut t = Terminal::postrider(&["demo"], &path, 100, 30);
    t.wait_written(0, ASKED);
    t.wait_for("All inboxes");
    t.wait_written(0, DARK);
    assert!(!t.raw().windows(LIGHT.len()).any(|w| w == LIGHT));
    // Somebody types meanwhile; every key arrives, and none of the answer does.
    let from = t.raw().len();
    t.send("g\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\s");
    t.wait_written(from, LIGHT);
    t.wait_for("is:flagged");
    // Whoever comes back may have changed it.
    let from = t.raw().len();
    t.send("\x1b[I");
    t.wait_written(from, ASKED);
    t.send("\x1b]11;rgb:0000/0000/0000\x07gi");
    t.wait_written(from, DARK);
    t.wait_for("All inboxes  ");
    quit(t);
}
