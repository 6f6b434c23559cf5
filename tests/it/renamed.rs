//! Mailboxes that another client renames or deletes while something here waits for them.

use crate::changes::{add, names, ready, server_has};
use crate::pty::Terminal;

#[test]
fn a_mailbox_renamed_elsewhere_keeps_its_mail_and_what_waits_for_it() {
    let Some((_server, home, mut look)) = ready(&["one", "two"]) else {
        return;
    };
    look.create("Work").unwrap();
    add(&mut look, "Work", "old");
    add(&mut look, "Work", "older");
    home.sync();
    let old = home.id("Work", "old");
    home.run(&["show", &old]).code(0);
    // One change in it and one move into it wait, while somebody renames it.
    home.run(&["flag", &old, "+flagged"]).code(0);
    let one = home.id("INBOX", "one");
    home.run(&["move", &one, "Work"]).code(0);
    look.rename("Work", "Plans").unwrap();
    home.sync();
    assert_eq!(home.id("Plans", "old"), old, "the same message");
    let plans = server_has(&mut look, "Plans");
    assert_eq!(names(&plans), ["old", "older", "one"]);
    assert!(plans[0].1.contains(&"\\Flagged".to_owned()), "{plans:?}");
    assert_eq!(home.subjects("Plans").len(), 3);
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["two"]);
    home.run(&["list", "-m", "Work"]).code(66);
    // It goes where the name is now, also back.
    home.run(&["undo"]).code(0);
    home.sync();
    assert_eq!(names(&server_has(&mut look, "INBOX")), ["one", "two"]);
}

#[test]
fn a_mailbox_deleted_elsewhere_goes_with_the_second_list_and_says_what_could_not_be_done() {
    let Some((_server, home, mut look)) = ready(&["one"]) else {
        return;
    };
    look.create("Work").unwrap();
    add(&mut look, "Work", "old");
    home.sync();
    let one = home.id("INBOX", "one");
    home.run(&["move", &one, "Work"]).code(0);
    look.delete("Work").unwrap();
    // The move was refused.
    home.run(&["sync", "--once"]).code(77);
    assert_eq!(home.subjects("INBOX"), ["one"], "it came back");
    assert_eq!(home.subjects("Work"), ["old"], "one list does nothing");
    home.sync();
    home.run(&["list", "-m", "Work"]).code(66);
}

#[test]
fn a_mailbox_deleted_or_renamed_elsewhere_leaves_the_open_screen_soon() {
    let Some((_server, home, mut look)) = ready(&["one"]) else {
        return;
    };
    look.create("Work").unwrap();
    look.create("Plans").unwrap();
    let mut t = Terminal::postrider(&[], &home.path, 110, 32);
    t.wait_for("Work");
    t.wait_for("Plans");
    look.delete("Work").unwrap();
    look.rename("Plans", "Later").unwrap();
    t.wait_for("Later");
    t.wait_gone("Work");
    t.wait_gone("Plans");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}
