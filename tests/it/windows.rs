//! Several windows of the program on one home: what is typed in two of them, sent from one, damaged
//! under another, and still to be written down when one ends.

use crate::dump::{local, read, rows, write};
use crate::program::{Home, eventually};
use crate::pty::Terminal;
use crate::script::Script;
use postrider::config::lock::EngineLock;
use postrider::model::{AccountName, Draft};
use postrider::store::Local;

const CTRL_S: &str = "\x13";

fn ready() -> (Script, Home) {
    let server = Script::with(&["one"]);
    let home = Home::new(&server.account("work"));
    home.sync();
    (server, home)
}

/// A window with the draft open.
fn window(home: &Home) -> Terminal {
    let mut t = Terminal::postrider(&[], &home.path, 130, 30);
    t.wait_for("one");
    t.send("gd");
    t.wait_for("Plans");
    t.send("\r");
    t.wait_for("Dear Bo.");
    t
}

fn drafts(home: &Home) -> Vec<String> {
    let sql = "SELECT replace(body, char(10), '') FROM draft WHERE outbox IS NULL ORDER BY id";
    rows(&read(&local(home)), sql)
}

fn queued(home: &Home) -> usize {
    rows(&read(&local(home)), "SELECT id FROM outbox").len()
}

#[test]
fn a_draft_that_is_open_in_two_windows_loses_nobodys_words_and_is_sent_once() {
    let (_server, home) = ready();
    let mut own = Local::open(&local(&home)).unwrap();
    let draft = Draft {
        to: "bo@example.test".to_owned(),
        subject: "Plans".to_owned(),
        body: "Dear Bo.\n".to_owned(),
        ..Draft::new(AccountName("work".to_owned()))
    };
    let id = own.save_draft(&draft, 1_790_000_000).unwrap();
    own.close_draft(id).unwrap();
    drop(own);
    let (mut here, mut there) = (window(&home), window(&home));
    here.send("Here. ");
    eventually("what was typed first", || {
        drafts(&home).concat().contains("Here.")
    });
    there.send("There. ");
    there.wait_for("Changed in another window, too");
    let both = drafts(&home);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(
        both[0].contains("Here.") && !both[0].contains("There."),
        "{both:?}"
    );
    assert!(
        both[1].contains("There.") && !both[1].contains("Here."),
        "{both:?}"
    );

    here.send(CTRL_S);
    here.wait_for("Sending");
    eventually("one in the outbox", || queued(&home) == 1);
    // The other is still a draft, and now open in a third window, too.
    let mut third = window(&home);
    third.send(CTRL_S);
    third.wait_for("Sending");
    eventually("two in the outbox", || queued(&home) == 2);
    there.send(CTRL_S);
    there.wait_for("Not sent: this message is on its way already");
    there.send("More. ");
    there.wait_for("Sent or thrown away in another window");
    assert_eq!(queued(&home), 2);
    let left = drafts(&home);
    assert!(
        matches!(&left[..], [more] if more.contains("More.")),
        "{left:?}"
    );
}

#[test]
fn a_damaged_cache_is_taken_away_from_nobody_who_uses_it() {
    let (_server, home) = ready();
    let id = home.id("INBOX", "one");
    let suspect = home.path.join("cache.db.suspect");
    std::fs::write(&suspect, b"").unwrap();
    let aside = || {
        let names = std::fs::read_dir(&home.path).unwrap();
        let names = names.map(|n| n.unwrap().file_name().display().to_string());
        names
            .filter(|n| n.contains(".corrupt-") && !n.ends_with(['l', 'm']))
            .count()
    };
    let engine = EngineLock::try_take(&home.path.join("engine.lock"))
        .unwrap()
        .unwrap();
    home.run(&["flag", &id, "+seen"]).code(0);
    assert!(aside() == 0 && suspect.exists());
    drop(engine);
    home.sync();
    assert!(aside() == 1 && !suspect.exists());
    assert_eq!(home.subjects("INBOX"), ["one"]);
}

#[test]
fn whoever_quits_is_told_that_it_is_still_being_written_down() {
    let (_server, home) = ready();
    let mut t = Terminal::postrider(&[], &home.path, 100, 30);
    t.wait_for("one");
    let file = write(&local(&home));
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    t.send("cbo@example.test\t\t\tPlans\tDear Bo.");
    t.wait_for("Dear Bo.");
    t.send("\x14q");
    t.wait_for("still being written down");
    file.execute_batch("COMMIT").unwrap();
    assert_eq!(t.wait_exit(), 0);
    assert_eq!(drafts(&home), ["Dear Bo."]);
}
