//! An account copied to another: each message once, also where mailboxes show mail of others, and what
//! can't be had of a message costs that message alone (F-30).

use crate::demo::home_of;
use crate::program::Home;
use crate::script::{Act, Script, edit, say};
use postrider::demo::{Demo, Hand, Options};
use postrider::model::Flags;
use serde_json::Value;

/// The subjects in a mailbox of the demo's server, sorted.
fn lies(hand: &Hand, mailbox: &str) -> Vec<String> {
    let shot = hand.snapshot();
    let all = shot.get(mailbox).map(|m| m.letters.values());
    let subject = |l: &postrider::demo::Letter| {
        let text = String::from_utf8_lossy(&l.raw).into_owned();
        text.lines().next().unwrap().replace("Subject: ", "")
    };
    let mut all: Vec<String> = all.into_iter().flatten().map(subject).collect();
    all.sort();
    all
}

#[test]
fn what_a_gmail_account_archived_is_copied_to_the_archive_once() {
    let gmail = Demo::start(Options {
        gmail: true,
        ..Options::empty()
    })
    .unwrap();
    let server = Script::start(|mail| mail.make("Kept", "\\Archive"));
    let hand = gmail.hand("ada").unwrap();
    let all = "[Gmail]/All Mail";
    let put = |mailbox: &str, subject: &str| {
        // Most have nothing of their own to be known by.
        let raw = format!("Subject: {subject}\r\nFrom: bo@example.test\r\n\r\n{subject}\r\n");
        hand.put(mailbox, raw.as_bytes(), Flags::default(), 1_700_000_000)
            .unwrap()
    };
    hand.create("Work");
    hand.create("Apart");
    for (mailbox, subject) in [
        (all, "old"),
        ("INBOX", "new"),
        ("Work", "job"),
        ("Apart", "not this"),
        ("[Gmail]/Sent Mail", "mine"),
        ("[Gmail]/Trash", "gone"),
    ] {
        put(mailbox, subject);
    }
    // Two that look alike in every list, of which one is archived.
    for (mailbox, last) in [("INBOX", "a"), (all, "b")] {
        let raw = format!("Subject: same\r\nMessage-ID: <same@x>\r\n\r\n{last}\r\n");
        hand.deliver(mailbox, raw.as_bytes()).unwrap();
    }
    // One under two labels.
    let labels = ["Work".to_owned()];
    hand.at_once(|p| p.relabel("INBOX", 1, &labels, Some(true)));
    assert_eq!(lies(&hand, all).len(), 7, "{:?}", lies(&hand, all));
    let target = server.account("home");
    let home = home_of(&gmail, &format!("exclude = [\"Apart\"]\n{target}"));
    let args = ["copy", "--from", "work", "--to", "home"];
    let sum = |told: &Value, word: &str| -> u64 {
        let all = told["mailboxes"].as_array().unwrap();
        assert!(all.iter().all(|m| m["verified"] == true), "{told}");
        all.iter().map(|m| m[word].as_u64().unwrap()).sum()
    };
    for (added, known) in [(8, 0), (0, 8)] {
        let told = home.json(&args);
        assert_eq!(
            (sum(&told, "added"), sum(&told, "known")),
            (added, known),
            "{told}"
        );
        server.mail(|m| {
            assert_eq!(m.subjects("Kept"), ["old", "same"]);
            assert_eq!(m.subjects("INBOX"), ["new", "same"]);
            assert_eq!(m.subjects("Work"), ["job", "new"]);
            let texts: Vec<_> = m.folder("Kept").messages.iter().map(|m| &m.raw).collect();
            assert!(texts.iter().any(|t| t.ends_with(b"b\r\n")), "{told}");
        });
    }
}

#[test]
fn a_mailbox_that_only_shows_others_gives_nothing() {
    let server = Script::start(|mail| {
        mail.make("Old", "");
        mail.make("All", "\\All");
        mail.add("INBOX", "one");
        mail.add("Old", "two");
        mail.add("All", "one");
        mail.add("All", "two");
    });
    let target = Script::start(|_| {});
    let home = Home::new(&(server.account("work") + &target.account("home")));
    let told = home.json(&["copy", "--from", "work", "--to", "home"]);
    assert_eq!(told["mailboxes"].as_array().unwrap().len(), 2, "{told}");
    target.mail(|m| {
        assert_eq!(m.subjects("INBOX"), ["one"]);
        assert_eq!(m.subjects("Old"), ["two"]);
        assert!(m.find(b"Archive").is_none() && m.find(b"All").is_none());
    });
}

const COPY: [&str; 6] = ["copy", "--from", "work", "--to", "home", "--json"];

/// A server with three messages and one in another mailbox, one that is empty, and a home with both.
fn three() -> (Script, Script, Home) {
    three_of(0)
}

fn three_of(beyond: u64) -> (Script, Script, Home) {
    let source = Script::start(|mail| {
        mail.beyond = beyond;
        mail.fill("INBOX", "m", 3);
        mail.make("Work", "");
        mail.add("Work", "job");
    });
    let target = Script::start(|_| {});
    let home = Home::new(&(source.account("work") + &target.account("home")));
    (source, target, home)
}

/// What was told of the inbox.
fn inbox(told: &Value) -> &Value {
    let all = told["mailboxes"].as_array().unwrap();
    all.iter().find(|m| m["mailbox"] == "INBOX").unwrap()
}

fn has(server: &Script) -> (Vec<String>, Vec<String>) {
    server.mail(|m| (m.subjects("INBOX"), m.subjects("Work")))
}

/// Header fetches are answered with OK and without the row of message 2.
fn hide_the_second(server: &Script) {
    server.always("BODY.PEEK[HEADER", edit(|answer| without(answer, 2)));
}

/// An answer without the row of this message.
fn without(answer: &[u8], number: u32) -> Vec<u8> {
    let at = |needle: &[u8], from: usize| {
        let mut all = answer[from..].windows(needle.len());
        all.position(|w| w == needle).map(|at| from + at)
    };
    let Some(begin) = at(format!("* {number} FETCH (").as_bytes(), 0) else {
        return answer.to_vec();
    };
    let end = at(b"\r\n\r\n", begin).and_then(|head| at(b")\r\n", head));
    let end = end.unwrap() + 3;
    [&answer[..begin], &answer[end..]].concat()
}

#[test]
fn f30_a_message_that_is_not_listed_is_copied_all_the_same() {
    let (source, target, home) = three();
    hide_the_second(&source);
    for (added, known) in [(3, 0), (0, 3)] {
        let told = home.run(&COPY).code(0).json();
        let told = inbox(&told);
        assert_eq!(
            (&told["added"], &told["known"], &told["verified"]),
            (&added.into(), &known.into(), &true.into()),
            "{told}"
        );
        assert_eq!(target.mail(|m| m.subjects("INBOX")), ["m1", "m2", "m3"]);
    }
    // One that is not listed where it came to is not copied once more, either.
    source.behave();
    hide_the_second(&target);
    let told = home.run(&COPY).code(0).json();
    assert_eq!(inbox(&told)["known"], 3, "{told}");
    assert_eq!(target.mail(|m| m.subjects("INBOX")), ["m1", "m2", "m3"]);
}

#[test]
fn f30_a_message_that_can_not_be_had_at_all_is_told() {
    let (source, target, home) = three();
    hide_the_second(&source);
    source.always(
        "FETCH 2 (UID RFC822.SIZE BODY",
        say("{tag} NO it is damaged\n"),
    );
    let told = home.run(&COPY).code(1).json();
    let told = inbox(&told);
    assert_eq!(
        (&told["offered"], &told["verified"]),
        (&3.into(), &false.into())
    );
    let refused = told["refused"].as_object().unwrap();
    let (why, count) = refused.iter().next().unwrap();
    assert!(why.contains("it is damaged") && *count == 1, "{told}");
    let (there, work) = has(&target);
    assert_eq!((there.len(), work.len()), (2, 1), "{there:?}");
}

#[test]
fn f30_a_refusal_costs_a_copy_one_message() {
    let (source, target, home) = three();
    let with_two = "FETCH 1:3 (UID RFC822.SIZE BODY|FETCH 2 (UID RFC822.SIZE BODY";
    for words in [
        "it is damaged",
        "[SERVERBUG] it is damaged",
        "[INUSE] it is damaged",
    ] {
        source.behave();
        source.always(with_two, say(&format!("{{tag}} NO {words}\n")));
        let told = home.run(&COPY).code(1).json();
        let refused = inbox(&told)["refused"].to_string();
        assert!(refused.contains("it is damaged"), "{told}");
        assert_eq!(has(&target).0, ["m1", "m3"], "{words}");
        assert_eq!(has(&target).1, ["job"], "{words}");
    }
}

#[test]
fn a_server_that_puts_everything_off_is_not_asked_for_everything() {
    let source = Script::start(|mail| mail.fill("INBOX", "m", 20));
    let target = Script::start(|_| {});
    let home = Home::new(&(source.account("work") + &target.account("home")));
    source.always("RFC822.SIZE BODY.PEEK[]", say("{tag} NO [INUSE] not now\n"));
    let said = home.run(&COPY);
    assert!(said.code != 0 && said.code != 1, "{}", said.err);
    assert!(said.err.contains("not now"), "{}", said.err);
    let asked = source.said("RFC822.SIZE BODY.PEEK[]").len();
    assert!(asked <= 6, "{asked}");
}

#[test]
fn what_is_far_shorter_than_its_server_says_is_copied() {
    let (_source, target, home) = three_of(10_000);
    for (added, known) in [(3, 0), (0, 3)] {
        let told = home.run(&COPY).code(0).json();
        assert_eq!(
            (&inbox(&told)["added"], &inbox(&told)["known"]),
            (&added.into(), &known.into()),
            "{told}"
        );
        assert_eq!(has(&target).0, ["m1", "m2", "m3"]);
    }
}

#[test]
fn f30_a_message_at_which_connections_end_costs_a_copy_only_itself() {
    let body = "FETCH 1:3 (UID RFC822.SIZE BODY|FETCH 2 (UID RFC822.SIZE BODY";
    // Its header, too.
    let all = "FETCH 1:3 (UID|FETCH 1:2 (UID|FETCH 2:3 (UID|FETCH 2 (UID";
    for (needle, act) in [(body, Act::Close), (all, Act::Close), (all, Act::Reset)] {
        let (source, target, home) = three();
        source.always(needle, act);
        let told = home.run(&COPY).code(1).json();
        let why = "the connection ends whenever it is asked for";
        assert_eq!(inbox(&told)["refused"][why], 1, "{told}");
        assert_eq!(has(&target).0, ["m1", "m3"], "{needle}");
        assert_eq!(has(&target).1, ["job"], "{needle}");
        let dialled = source.dialled();
        assert!(dialled <= 12, "{dialled}");
    }
}

#[test]
fn a_server_at_which_every_connection_ends_is_not_dialled_for_ever() {
    let (source, target, home) = three();
    source.always("RFC822.SIZE BODY.PEEK[]", Act::Close);
    home.run(&COPY).code(69);
    assert!(source.dialled() <= 12, "{}", source.dialled());
    assert_eq!(target.mail(|m| m.subjects("INBOX")), Vec::<String>::new());
}

#[test]
fn f30_a_copy_can_be_run_again_over_messages_at_which_connections_end() {
    let source = Script::start(|mail| mail.fill("INBOX", "m", 5));
    let target = Script::start(|_| {});
    let home = Home::new(&(source.account("work") + &target.account("home")));
    let needles =
        ["1:5", "2:4", "2", "3", "4"].map(|set| format!("FETCH {set} (UID RFC822.SIZE BODY"));
    source.always(&needles.join("|"), Act::Close);
    for known in [0, 2] {
        let told = home.run(&COPY).code(1).json();
        let why = "the connection ends whenever it is asked for";
        assert_eq!(inbox(&told)["refused"][why], 3, "{told}");
        assert_eq!(inbox(&told)["known"], known, "{told}");
        let there = target.mail(|m| m.subjects("INBOX"));
        assert_eq!(there.len(), 2, "{there:?}");
    }
}

#[test]
fn a_server_that_puts_off_each_of_many_pieces_is_not_asked_for_everything() {
    let source = Script::start(|mail| {
        mail.fill("INBOX", "m", 20);
        // Each is a piece of its own.
        mail.beyond = 100 << 20;
    });
    let target = Script::start(|_| {});
    let home = Home::new(&(source.account("work") + &target.account("home")));
    source.always("RFC822.SIZE BODY.PEEK[]", say("{tag} NO [INUSE] not now\n"));
    let said = home.run(&COPY);
    assert!(said.code != 0 && said.code != 1, "{}", said.err);
    let asked = source.said("RFC822.SIZE BODY.PEEK[]").len();
    assert!(asked <= 12, "{asked}");
}

#[test]
fn f30_what_stands_twice_and_is_listed_once_is_not_doubled() {
    let (source, target, home) = three();
    source.mail(|mail| {
        let all = &mut mail.folder("INBOX").messages;
        all[1].raw = all[0].raw.clone();
    });
    hide_the_second(&source);
    home.run(&COPY);
    let before = has(&target).0;
    home.run(&COPY);
    assert_eq!(has(&target).0, before);
}

#[test]
fn f30_what_connections_end_at_and_is_the_oldest_of_all_costs_only_itself() {
    // As many as the connections that one copy may cost, and some more; those that are not listed are
    // each asked for first.
    for (bad, listed) in [(3, false), (8, true)] {
        let source = Script::start(|mail| mail.fill("INBOX", "m", 12));
        let target = Script::start(|_| {});
        let home = Home::new(&(source.account("work") + &target.account("home")));
        if !listed {
            let hidden = move |answer: &[u8]| {
                let rows = 1..=bad;
                rows.fold(answer.to_vec(), |answer, n| without(&answer, n))
            };
            source.always("BODY.PEEK[HEADER", edit(hidden));
        }
        let alone = (1..=bad).map(|n| format!("FETCH {n} (UID RFC822.SIZE BODY"));
        let needles: Vec<String> = alone
            .chain(["FETCH 1:12 (UID RFC822.SIZE BODY".to_owned()])
            .collect();
        source.always(&needles.join("|"), Act::Close);
        let told = home.run(&COPY).code(1).json();
        let why = "the connection ends whenever it is asked for";
        assert_eq!(inbox(&told)["refused"][why], bad, "{told}");
        assert_eq!(inbox(&told)["added"], 12 - bad, "{told}");
        assert_eq!(
            target.mail(|m| m.subjects("INBOX")).len(),
            12 - bad as usize
        );
    }
}
