//! The configuration loaded anew while the screen is shown: the engine ends and another begins in
//! the same process, the terminal is never given back in between, and nothing that was being written
//! is lost.

use crate::dovecot::Dovecot;
use crate::program::{Home, eventually};
use crate::pty::Terminal;

/// How often the terminal was taken or given back.
fn taken(t: &Terminal) -> usize {
    let raw = t.raw();
    let switch = |w: &[u8]| w == b"\x1b[?1049h" || w == b"\x1b[?1049l";
    raw.windows(8).filter(|w| switch(w)).count()
}

#[test]
fn another_account_is_there_without_leaving() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let mut look = server.look("ada");
    let raw = b"From: Bo <bo@example.test>\r\nSubject: first letter\r\n\r\nHello.\r\n";
    look.append("INBOX", raw).finish().unwrap();
    let home = Home::new(&server.account("work", "ada"));
    let mut t = Terminal::postrider(&[], &home.path, 110, 32);
    t.wait_until("the list", |s| {
        s.contains("first letter") && s.contains("work connected")
    });
    t.send("c");
    t.wait_for("To");
    t.send("written@example.test");
    t.wait_for("written@example.test");
    home.configure(&format!(
        "{}\n{}",
        server.account("work", "ada"),
        server.account("other", "ben")
    ));
    // The message stays open beside the list, whose command it is.
    t.send("\x14:reload\r");
    t.wait_until("both accounts", |s| s.contains("other"));
    assert_eq!(taken(&t), 1);
    t.send("gd");
    t.wait_for("written@example.test");
    t.send("gi");
    // New mail comes to the engine that began.
    let raw = b"From: Bo <bo@example.test>\r\nSubject: second letter\r\n\r\nHello.\r\n";
    look.append("INBOX", raw).finish().unwrap();
    t.wait_for("second letter");
    // One worker an account, not two.
    let threads = |name: &str| {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", t.pid())).unwrap();
        let names =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|n| n.trim() == name).count()
    };
    eventually("one engine", || {
        threads("work work") == 1 && threads("ledger") == 1
    });
    // A file that can't be read changes nothing, and that is said.
    home.configure("[[account]\n");
    t.send(":reload\r");
    t.wait_for("config.toml");
    t.wait_for("second letter");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
    assert_eq!(taken(&t), 2);
}
