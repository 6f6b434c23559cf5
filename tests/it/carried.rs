//! Messages that go from one account to another: copied, proved, then removed; never lost and never
//! twice, whatever ends in between.

use crate::changes::{Look, add, names, server_has};
use crate::dovecot::Dovecot;
use crate::kill::is_built_for_it;
use crate::program::Home;
use crate::script::{Act, Mail, Script};
use crate::story::spread;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// Two accounts on one server, a home that knows both, and a look at each.
fn two(config: &str) -> Option<(Dovecot, Home, Look, Look)> {
    let server = Dovecot::start(None)?;
    let (mut ada, mut bea) = (server.look("ada"), server.look("bea"));
    for subject in ["one", "two", "three"] {
        add(&mut ada, "INBOX", subject);
    }
    bea.create("Kept").unwrap();
    ada.select("INBOX").unwrap();
    ada.uid_store("2", "+FLAGS (\\Seen \\Flagged $Todo)")
        .unwrap();
    let home = Home::new(&both(&server, config, "ada", "bea"));
    home.sync();
    Some((server, home, ada, bea))
}

fn both(server: &Dovecot, config: &str, ada: &str, bea: &str) -> String {
    let first = server.account("work", ada);
    let second = server.account("home", bea);
    format!("{first}{config}{second}{config}")
}

/// The id of a message in the first account's inbox.
fn id(home: &Home, subject: &str) -> String {
    let inbox = home.json(&["list", "-m", "INBOX", "--account", "work"]);
    let rows = inbox["messages"].as_array().unwrap();
    let row = rows.iter().find(|r| r["subject"] == subject).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

/// A server with this mail, one that does not say where a copy came to, and a home with both.
pub fn unproved(set: impl FnOnce(&mut Mail)) -> (Script, Script, Home) {
    let here = Script::start(set);
    let there = Script::start(|mail| {
        mail.caps = mail.caps.replace(" UIDPLUS", "");
        mail.make("Kept", "");
    });
    let home = home_of(&here, &there);
    home.sync();
    (here, there, home)
}

fn home_of(here: &Script, there: &Script) -> Home {
    Home::new(&format!(
        "{}{}",
        here.account("work"),
        there.account("home")
    ))
}

/// Moves a message of the first account's inbox to the other one.
pub fn carry(home: &Home, subject: &str) {
    let id = id(home, subject);
    let args = ["move", &id, "Kept", "--account", "home"];
    home.run(&args).code(0);
}

#[test]
fn a_message_goes_to_another_account_with_its_flags_and_date() {
    let Some((_server, home, mut ada, mut bea)) = two("") else {
        return;
    };
    ada.select("INBOX").unwrap();
    let date = ada.uid_fetch("2", "INTERNALDATE").unwrap();
    let date = date.iter().next().unwrap().internal_date();
    carry(&home, "two");
    // At once, and without the network.
    assert_eq!(home.subjects("Kept"), ["two"]);
    let inbox = home.json(&["list", "-m", "INBOX", "--account", "work"]);
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 2);
    assert_eq!(names(&server_has(&mut bea, "Kept")), Vec::<&str>::new());
    home.sync();
    assert_eq!(names(&server_has(&mut ada, "INBOX")), ["one", "three"]);
    let there = server_has(&mut bea, "Kept");
    let flags: Vec<String> = ["$Todo", "\\Flagged", "\\Seen"].map(str::to_owned).to_vec();
    assert_eq!(there, [("two".to_owned(), flags)]);
    let got = bea.fetch("1", "INTERNALDATE").unwrap();
    assert_eq!(got.iter().next().unwrap().internal_date(), date);
    assert_eq!(home.subjects("Kept"), ["two"]);
    // And back.
    home.run(&["undo"]).code(0);
    home.sync();
    assert_eq!(
        names(&server_has(&mut ada, "INBOX")),
        ["one", "three", "two"]
    );
    assert_eq!(names(&server_has(&mut bea, "Kept")), Vec::<&str>::new());
    assert_eq!(home.subjects("Kept"), Vec::<String>::new());
    home.run(&["verify"]).code(0);
}

#[test]
fn what_was_written_long_before_it_came_keeps_the_day_that_it_came_on() {
    let Some((_server, home, mut ada, mut bea)) = two("") else {
        return;
    };
    let raw = "Date: Mon, 1 Jan 2001 10:00:00 +0000\r\nFrom: cy@example.test\r\nSubject: old\r\n\
               Message-ID: <old@example.test>\r\n\r\nx\r\n";
    ada.append("INBOX", raw.as_bytes()).finish().unwrap();
    let came = |look: &mut Look, mailbox: &str, uid: &str| {
        look.select(mailbox).unwrap();
        let told = look.uid_fetch(uid, "INTERNALDATE").unwrap();
        told.iter().next().unwrap().internal_date().unwrap()
    };
    let there = came(&mut ada, "INBOX", "4");
    home.sync();
    carry(&home, "old");
    home.sync();
    assert_eq!(came(&mut bea, "Kept", "1"), there);
}

#[test]
fn what_was_not_begun_is_taken_back_at_once() {
    let Some((_server, home, mut ada, mut bea)) = two("") else {
        return;
    };
    carry(&home, "one");
    home.run(&["undo"]).code(0);
    assert_eq!(home.subjects("Kept"), Vec::<String>::new());
    home.sync();
    assert_eq!(
        names(&server_has(&mut ada, "INBOX")),
        ["one", "three", "two"]
    );
    assert_eq!(names(&server_has(&mut bea, "Kept")), Vec::<&str>::new());
}

#[test]
fn what_is_not_here_is_fetched_first() {
    let none = "bodies = \"none\"\n";
    let Some((_server, home, mut ada, mut bea)) = two(none) else {
        return;
    };
    carry(&home, "three");
    home.sync();
    assert_eq!(names(&server_has(&mut ada, "INBOX")), ["one", "two"]);
    assert_eq!(names(&server_has(&mut bea, "Kept")), ["three"]);
}

#[test]
fn a_refusal_keeps_the_original() {
    let Some((_server, home, mut ada, mut bea)) = two("") else {
        return;
    };
    carry(&home, "one");
    bea.delete("Kept").unwrap();
    let said = home.run(&["sync", "--once"]).code(77);
    assert!(said.err.contains("stays in work"), "{}", said.err);
    assert_eq!(
        names(&server_has(&mut ada, "INBOX")),
        ["one", "three", "two"]
    );
    home.sync();
    let inbox = home.json(&["list", "-m", "INBOX", "--account", "work"]);
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn a_message_that_is_there_already_is_no_proof() {
    let Some((_server, home, mut ada, mut bea)) = two("") else {
        return;
    };
    // The same letter came to both.
    add(&mut bea, "Kept", "one");
    home.sync();
    carry(&home, "one");
    home.sync();
    assert_eq!(names(&server_has(&mut ada, "INBOX")), ["three", "two"]);
    assert_eq!(names(&server_has(&mut bea, "Kept")), ["one", "one"]);
}

#[test]
fn what_was_altered_on_the_way_is_not_sent_again() {
    let (here, there, home) = unproved(|mail| mail.add("INBOX", "one"));
    carry(&home, "one");
    // It arrives, and what proves that does not.
    there.always("HEADER", Act::Close);
    home.run(&["sync", "--once"]);
    assert_eq!(there.mail(|m| m.subjects("Kept")), ["one"]);
    there.mail(|m| m.folder("Kept").messages[0].raw.extend(b"Scanned.\r\n"));
    there.behave();
    let said = home.run(&["sync", "--once"]);
    assert!(said.err.contains("differs"), "{}", said.err);
    home.sync();
    assert_eq!(there.mail(|m| m.subjects("Kept")), ["one"]);
    assert_eq!(here.mail(|m| m.subjects("INBOX")), ["one"]);
}

#[test]
fn a_copy_that_is_altered_and_has_no_name_is_made_once() {
    let (here, there, home) = unproved(|mail| {
        let raw = b"Subject: one\r\nFrom: Bo <bo@example.test>\r\n\r\nThe text.\r\n";
        mail.put(b"INBOX", raw.to_vec(), Vec::new());
    });
    carry(&home, "one");
    // It arrives, and is altered before anybody can see whether it did.
    there.always("UID SEARCH|UID FETCH", Act::Close);
    home.run(&["sync", "--once"]);
    assert_eq!(there.mail(|m| m.subjects("Kept")), ["one"]);
    there.mail(|m| m.folder("Kept").messages[0].raw.extend(b"Scanned.\r\n"));
    there.behave();
    let said = home.run(&["sync", "--once"]).code(77);
    assert!(said.err.contains("differs"), "{}", said.err);
    home.sync();
    assert_eq!(there.mail(|m| m.subjects("Kept")), ["one"]);
    assert_eq!(here.mail(|m| m.subjects("INBOX")), ["one"]);
}

#[test]
fn what_is_put_off_again_and_again_stays_in_the_end() {
    let here = Script::with(&["one"]);
    let there = Script::start(|mail| mail.make("Kept", ""));
    let mut home = home_of(&here, &there);
    home.hurry = 10_000;
    home.sync();
    carry(&home, "one");
    there.always("APPEND", crate::script::say("{tag} NO [INUSE] not now\n"));
    let mut said = String::new();
    for _ in 0..30 {
        said = home.run(&["sync", "--once"]).err;
        if said.contains("stays in work") {
            break;
        }
    }
    assert!(said.contains("not now"), "{said}");
    let asked = there.said("APPEND").len();
    assert!((10..=25).contains(&asked), "{asked}");
    there.behave();
    home.sync();
    assert_eq!(there.said("APPEND").len(), asked, "it is tried for ever");
    assert_eq!(here.mail(|m| m.subjects("INBOX")), ["one"]);
    assert_eq!(home.subjects("Kept"), Vec::<String>::new());
}

#[test]
fn what_a_server_only_estimates_goes_over_once_it_is_known_to_be_whole() {
    let (here, there, home) = unproved(|mail| {
        mail.beyond = 100;
        mail.add("INBOX", "one");
    });
    carry(&home, "one");
    home.sync();
    assert_eq!(there.mail(|m| m.subjects("Kept")), ["one"]);
    assert_eq!(here.mail(|m| m.subjects("INBOX")), Vec::<String>::new());
    assert_eq!(home.subjects("Kept"), ["one"]);
}

#[test]
fn what_a_server_estimates_is_known_by_that_for_ever() {
    let (_here, there, home) = unproved(|mail| {
        mail.beyond = 100;
        mail.add("INBOX", "one");
    });
    let size = |home: &Home| -> (i64, i64) {
        let db = rusqlite::Connection::open(home.path.join("cache.db")).unwrap();
        let sql = "SELECT size, proved FROM message WHERE subject = 'one'";
        db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
    };
    let (told, _) = size(&home);
    carry(&home, "one");
    there.always("APPEND", crate::script::say("{tag} NO [INUSE] not now\n"));
    home.run(&["sync", "--once"]);
    assert_eq!(size(&home), (told, told - 100));
}

#[test]
fn what_a_bad_day_cuts_or_puts_off_goes_over_another_day() {
    let bad = [Act::Close, crate::script::say("{tag} NO [INUSE] not now\n")];
    for act in bad {
        let (here, there, home) = unproved(|mail| {
            mail.beyond = 100;
            mail.add("INBOX", "one");
        });
        carry(&home, "one");
        here.always("BODY.PEEK[]", act);
        for _ in 0..5 {
            home.run(&["sync", "--once"]);
        }
        here.behave();
        crate::carried_short::another_day(&home);
        home.sync();
        assert_eq!(there.mail(|m| m.subjects("Kept")), ["one"]);
        assert_eq!(here.mail(|m| m.subjects("INBOX")), Vec::<String>::new());
    }
}

#[test]
fn what_was_cut_off_goes_over_once_all_of_it_came() {
    let here = Script::with(&["one"]);
    let there = Script::start(|mail| mail.make("Kept", ""));
    // Only most of it is here.
    let raw = crate::script::letter("one");
    let most = raw[..raw.len() - 20].to_vec();
    here.mail(|m| {
        let one = &mut m.folder("INBOX").messages[0];
        (one.raw, one.claimed) = (most, Some(raw.len() as u64));
    });
    let home = home_of(&here, &there);
    home.sync();
    here.mail(|m| m.folder("INBOX").messages[0].raw = raw.clone());
    carry(&home, "one");
    home.sync();
    there.mail(|m| assert_eq!(m.folder("Kept").messages[0].raw, raw));
    assert_eq!(here.mail(|m| m.subjects("INBOX")), Vec::<String>::new());
}

#[test]
fn what_is_short_and_another_each_time_stays() {
    let (here, there, home) = unproved(|mail| {
        mail.beyond = 100;
        mail.add("INBOX", "one");
    });
    carry(&home, "one");
    let times = AtomicU32::new(0);
    let another = move |answer: &[u8]| {
        let n = times.fetch_add(1, Ordering::SeqCst) % 10;
        let text = format!("The tex{n}");
        crate::script::swapped(answer, b"The text", text.as_bytes())
    };
    here.always("BODY.PEEK[]", crate::script::edit(another));
    let mut said = String::new();
    for _ in 0..6 {
        said = home.run(&["sync", "--once"]).err;
        if said.contains("stays in work") {
            break;
        }
    }
    assert!(said.contains("could not be fetched whole"), "{said}");
    here.forget();
    home.sync();
    assert_eq!(here.said("BODY.PEEK[]"), Vec::<String>::new());
    assert_eq!(there.mail(|m| m.subjects("Kept")), Vec::<String>::new());
    assert_eq!(here.mail(|m| m.subjects("INBOX")), ["one"]);
    assert_eq!(home.subjects("Kept"), Vec::<String>::new());
}

/// Ended before and after each step of the sync that brings it over, and of the command before it.
#[test]
fn a_carry_that_is_killed_anywhere_happens_once() {
    if !is_built_for_it() {
        return;
    }
    let Some((server, home, ada, bea)) = two("") else {
        return;
    };
    drop((ada, bea));
    let id = id(&home, "two");
    let acts: [&[&str]; 2] = [
        &["move", &id, "Kept", "--account", "home"],
        &["sync", "--once"],
    ];
    let telling = AtomicU32::new(0);
    let begin = || {
        let n = telling.fetch_add(1, Ordering::SeqCst);
        let (a, b) = (format!("ada{n:04}"), format!("bea{n:04}"));
        server.copy_user("ada", &a);
        server.copy_user("bea", &b);
        let next = Home::new(&both(&server, "", &a, &b));
        for file in ["cache.db", "cache.db-wal", "local.db", "local.db-wal"] {
            if home.path.join(file).exists() {
                std::fs::copy(home.path.join(file), next.path.join(file)).unwrap();
            }
        }
        // All that waits is these users' now.
        let db = rusqlite::Connection::open(next.path.join("local.db")).unwrap();
        db.execute("DELETE FROM account_of", []).unwrap();
        drop(db);
        (next, a, b)
    };
    let mut points = Vec::new();
    let (next, _, _) = begin();
    for (n, act) in acts.iter().enumerate() {
        let list = next.path.join("../steps");
        let _ = std::fs::remove_file(&list);
        let done = next.command(act).env("POSTRIDER_STEPS", &list).output();
        assert!(done.unwrap().status.success());
        let steps = std::fs::read_to_string(&list).unwrap().lines().count();
        for step in 1..=steps {
            points.extend([(n, step.to_string()), (n, format!("{step}:after"))]);
        }
    }
    assert!(points.len() > 60, "{points:?}");
    let mut hit = 0;
    for (n, point) in spread(points, 40) {
        let (next, a, b) = begin();
        if n == 1 {
            next.run(acts[0]).code(0);
        }
        let done = next.command(acts[n]).env("POSTRIDER_STEP", &point).output();
        hit += usize::from(done.unwrap().status.signal() == Some(6));
        let recorded = rusqlite::Connection::open(next.path.join("local.db"))
            .unwrap()
            .query_row("SELECT count(*) FROM op", [], |r| r.get::<_, i64>(0));
        if n == 0 && recorded.unwrap() == 0 {
            next.run(acts[0]).code(0);
        }
        // The server may need a moment to see that the connection is gone.
        next.sync();
        next.sync();
        let (mut ada, mut bea) = (server.look(&a), server.look(&b));
        let what = format!("ended at {n}/{point}");
        assert_eq!(
            names(&server_has(&mut ada, "INBOX")),
            ["one", "three"],
            "{what}"
        );
        assert_eq!(names(&server_has(&mut bea, "Kept")), ["two"], "{what}");
        assert_eq!(next.subjects("Kept"), ["two"], "{what}");
    }
    assert!(hit >= 30, "{hit}");
}
