//! How it looks, in the real program: layouts that are kept, borders that the mouse moves, ASCII for
//! terminals that take nothing else, the window's title, and the list of what runs.

use crate::demo::home_of;
use crate::program::{Home, eventually};
use crate::pty::Terminal;
use postrider::demo::{Demo, Options};

fn open(home: &Home) -> Terminal {
    let t = Terminal::postrider(&[], &home.path, 140, 40);
    t.wait_until("the list", |s| {
        s.contains("connected") && s.contains("unread")
    });
    t
}

fn quit(mut t: Terminal) {
    t.signal(rustix::process::Signal::TERM);
    t.wait_exit();
    assert!(t.is_restored());
}

/// The column of the rule between mailboxes and list.
fn rule(screen: &str) -> Option<usize> {
    let line = screen.lines().nth(5)?;
    line.chars().position(|c| c == '│')
}

#[test]
fn a_layout_and_a_border_are_kept_from_one_start_to_the_next() {
    let demo = Demo::start(Options::empty()).unwrap();
    let home = home_of(&demo, "");
    let mut t = open(&home);
    let before = rule(&t.screen()).expect("mailboxes beside the list");
    // The mouse takes the border ten columns to the right (SGR: columns and rows from 1).
    let (from, to) = (before + 1, before + 11);
    t.send(&format!("\x1b[<0;{from};8M\x1b[<32;{to};8M\x1b[<0;{to};8m"));
    t.wait_until("the border moved", |s| rule(s) == Some(before + 10));
    t.send(":layout stacked\r");
    t.wait_for("the list above the message");
    quit(t);
    let kept = || std::fs::read_to_string(home.path.join("layout.txt")).unwrap_or_default();
    eventually("it is written down", || {
        kept().contains("layout stacked auto")
    });
    let mut t = open(&home);
    assert_eq!(rule(&t.screen()), Some(before + 10));
    // What has no room for it comes back where there is room.
    t.resize(60, 14);
    t.wait_until("one at a time", |s| rule(s).is_none());
    t.resize(140, 40);
    t.wait_until("all again", |s| rule(s) == Some(before + 10));
    t.send(":layout reset\r");
    t.wait_until("as usual", |s| rule(s) == Some(before));
    quit(t);
}

#[test]
fn nothing_but_ascii_is_written_where_nothing_else_is_taken() {
    let demo = Demo::start(Options::empty()).unwrap();
    let home = home_of(&demo, "[ui]\nicons = \"ascii\"\nwindow-title = false\n");
    let mut t = open(&home);
    t.send("gj");
    t.wait_for("What runs now");
    t.send("\x03,");
    t.wait_for("window-title");
    t.send("\x03?");
    t.wait_for("Keys (");
    t.send("q");
    t.wait_gone("Keys (");
    let raw = t.raw();
    let beyond = raw.iter().position(|b| !b.is_ascii());
    assert_eq!(beyond, None, "{:?}", String::from_utf8_lossy(&raw));
    quit(t);
}

#[test]
fn the_window_is_called_by_its_mailbox_and_gets_its_title_back() {
    let demo = Demo::start(Options::empty()).unwrap();
    let home = home_of(
        &demo,
        "[list]\ndensity = \"comfortable\"\ncolumns = [\"flags\", \"date\", \"subject\"]\n",
    );
    let mut t = open(&home);
    t.wait_written(0, b"\x1b[22;2t\x1b]2;postrider: All inboxes");
    let from = t.raw().len();
    t.send("gd");
    t.wait_written(from, b"\x1b]2;postrider: Drafts\x1b\\");
    t.send("gi");
    let from = t.raw().len();
    t.send(":quit\r");
    assert_eq!(t.wait_exit(), 0);
    let raw = t.raw();
    let back = raw[from..].windows(7).any(|w| w == b"\x1b[23;2t");
    assert!(back && t.is_restored());
}
