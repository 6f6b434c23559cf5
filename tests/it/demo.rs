//! `postrider demo` as somebody sees it who tries the program for the first time.

use crate::pty::{Terminal, home};
use portable_pty::CommandBuilder;

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
        s.contains("The knife is packed.") && s.contains("Cc:      ada@example.org")
    });
    t.send(ESC);
    t.wait_gone("Cc:      ada@example.org");
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
    t.wait_for("Subject:");
    t.send(ESC);
    t.wait_gone("Subject:");
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
    t.wait_for("#later");
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
