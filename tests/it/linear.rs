//! The linear mode in a real terminal: after each key the terminal's own cursor stands on the line
//! that is chosen, and nothing but words is drawn.

use crate::pty::{Terminal, home};
use postrider::tui::screen::confirm::MOMENT;

/// Signs and lines that somebody would hear.
const SIGNS: &str = "●◌✕⟳★✓↩✎▸▾▏▌│─╭╮╰╯█░›…▶";

fn start() -> (tempfile::TempDir, Terminal) {
    let (folder, path) = home();
    let t = Terminal::postrider(&["--linear", "demo"], &path, 100, 30);
    (folder, t)
}

/// Waits until the cursor is seen and stands on a line that fits.
fn on(t: &Terminal, wanted: &str, what: impl Fn(&str) -> bool) -> String {
    t.wait_at_cursor(wanted, what)
}

/// How a line begins: texts that come meanwhile stand at its end.
fn who(line: &str) -> String {
    line.chars().take(24).collect()
}

fn only_words(t: &Terminal) {
    let screen = t.screen();
    let seen = |c: &char| SIGNS.contains(*c) && *c != '…';
    let found: Vec<char> = screen.chars().filter(seen).collect();
    assert!(found.is_empty(), "{found:?}\n{screen}");
}

#[test]
fn the_cursor_stands_on_what_is_chosen_after_each_key() {
    let (_folder, mut t) = start();
    t.wait_until("the newest mail", |s| {
        s.contains("Lena Fischer, ") && s.contains("ada connected")
    });
    let first = on(&t, "the first message", |line| line.contains("unread, "));
    only_words(&t);
    t.send("j");
    let second = on(&t, "the second message", |line| {
        who(line) != who(&first) && line.contains(", ")
    });
    t.send("k");
    on(&t, "the first again", |line| who(line) == who(&first));
    t.send("j");
    on(&t, "the second again", |line| who(line) == who(&second));

    // The status line says what changed.
    t.send("s");
    t.wait_until("the star is said", |s| {
        s.contains("Starred") || s.contains("Star taken")
    });
    on(&t, "still on the line", |line| {
        line.contains("starred") != second.contains("starred")
    });

    // The sidebar.
    t.send("\x1b[Z");
    t.wait_for("Mailboxes");
    on(&t, "the shown mailbox", |line| {
        line.starts_with("All inboxes")
    });
    t.send("j");
    on(&t, "the next one", |line| line.starts_with("Drafts"));
    only_words(&t);
    t.send("gi");
    on(&t, "the list", |line| line.contains(", "));

    // A message: each line is gone to.
    t.send("/subject:potatoes\r");
    on(&t, "what was found", |line| {
        line.contains("Recipe: those potatoes")
    });
    t.send("\r");
    on(&t, "its first line", |line| {
        line.trim_start().starts_with("From:")
    });
    t.send("j");
    on(&t, "its second line", |line| {
        line.trim_start().starts_with("To:")
    });
    t.send("G");
    on(&t, "its last line", |line| !line.contains("To:"));
    only_words(&t);
    t.send("q");
    on(&t, "the list again", |line| {
        line.contains("Recipe: those potatoes")
    });

    // The palette: the cursor is on what would be done, while one types.
    t.send("\x0b");
    t.wait_for("Commands");
    t.send("archive");
    on(&t, "the best match", |line| {
        line.contains("Move to Archive")
    });
    t.send("\x1b[B");
    on(&t, "the next match", |line| {
        !line.contains("Move to Archive")
    });
    only_words(&t);
    t.send("\x1b");
    on(&t, "the list under it", |line| {
        line.contains("Recipe: those potatoes")
    });

    // The composer: in the field, then in the text; and the question when it is left.
    t.send("c");
    on(&t, "the field", |line| {
        line.starts_with(" To") || line.starts_with("To")
    });
    t.send("ruth@winter.example\r\r\rSoup\rHello");
    on(&t, "the text", |line| line.contains("Hello"));
    only_words(&t);
    t.send("\x1b");
    on(&t, "the question", |line| {
        line.contains("Close this message?")
    });
    // A question takes no letter in its first moment: it may have been typed for what stood before.
    std::thread::sleep(MOMENT * 2);
    t.send("d");
    on(&t, "the list at the end", |line| {
        line.contains("Recipe: those potatoes")
    });

    // Off and on again.
    t.send(":linear\r");
    t.wait_for("● ada connected");
    // It is as it was left when another screen stood there meanwhile.
    t.send(":account add\r");
    t.wait_for("Set up an account");
    t.send("\x1b");
    t.wait_for("● ada connected");
    t.send(":linear\r");
    on(&t, "a sentence again", |line| line.contains("unread, "));
    t.send("qq");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}
