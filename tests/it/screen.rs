//! The screen over a real server: what is done shows at once and reaches the server, hostile mail
//! stays text, two windows share a home, and a crash loses no draft.

use crate::dovecot::Dovecot;
use crate::program::{Home, eventually};
use crate::proxy::{Deed, Proxy, Way};
use crate::pty::Terminal;
use crate::smtp::Sink;
use std::time::Duration;

type Look = imap::Session<openssl::ssl::SslStream<std::net::TcpStream>>;

fn add(look: &mut Look, subject: &str) {
    let raw = format!(
        "From: Bo <bo@example.test>\r\nTo: ada@example.test\r\nSubject: {subject}\r\nMessage-ID: <{}@example.test>\r\n\r\nText of {subject}.\r\n",
        subject.replace(' ', "-")
    );
    look.append("INBOX", raw.as_bytes()).finish().unwrap();
}

/// Waits until the server answers a search in a mailbox with so many messages.
#[track_caller]
fn server_finds(look: &mut Look, mailbox: &str, query: &str, count: usize) {
    eventually(&format!("{mailbox}: {query}: {count}"), || {
        look.select(mailbox).unwrap();
        look.uid_search(query).unwrap().len() == count
    });
}

fn ready(subjects: &[&str]) -> Option<(Dovecot, Home, Look)> {
    let server = Dovecot::start(None)?;
    let mut look = server.look("ada");
    for subject in subjects {
        add(&mut look, subject);
    }
    let home = Home::new(&server.account("work", "ada"));
    Some((server, home, look))
}

fn open(home: &Home) -> Terminal {
    Terminal::postrider(&[], &home.path, 110, 32)
}

fn quit(mut t: Terminal) {
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}

#[test]
fn what_is_done_on_the_screen_reaches_the_server() {
    let Some((_server, home, mut look)) = ready(&["first letter", "second letter", "third letter"])
    else {
        return;
    };
    let mut t = open(&home);
    t.wait_until("the list", |s| {
        s.contains("first letter") && s.contains("third letter") && s.contains("work connected")
    });
    t.send("ggs");
    t.wait_for("★");
    server_finds(&mut look, "INBOX", "FLAGGED", 1);
    t.send("e");
    t.wait_gone("third letter");
    server_finds(&mut look, "Archive", "SUBJECT third", 1);
    t.send("z");
    t.wait_for("third letter");
    server_finds(&mut look, "INBOX", "SUBJECT third", 1);
    server_finds(&mut look, "Archive", "ALL", 0);
    t.send("/second\r");
    t.wait_for("1 found");
    t.send("\r");
    t.wait_for("Text of second letter.");
    server_finds(&mut look, "INBOX", "SEEN SUBJECT second", 1);
    // To have read it is no step of undo: the star is.
    t.send("z");
    server_finds(&mut look, "INBOX", "FLAGGED", 0);
    server_finds(&mut look, "INBOX", "SEEN SUBJECT second", 1);
    t.send("gi");
    t.wait_for("first letter");
    // Push: nothing is pressed.
    add(&mut look, "fourth letter");
    t.wait_for("fourth letter");
    look.select("INBOX").unwrap();
    look.uid_store("1", "+FLAGS (\\Deleted)").unwrap();
    look.expunge().unwrap();
    t.wait_gone("first letter");
    quit(t);
    assert_eq!(
        home.subjects("INBOX"),
        ["fourth letter", "second letter", "third letter"]
    );
}

#[test]
fn hostile_mail_stays_text() {
    let Some((_server, home, mut look)) = ready(&[]) else {
        return;
    };
    // Each has numbers of its own, which nothing else in a terminal's stream has.
    let payloads = [
        "\x1b[31;7701mPWN1",
        "\x1b]52;c;UFdOMg==\x07PWN2",
        "\u{9b}7703mPWN3",
        "\x1b]0;PWN-title-4\x1b\\PWN4",
        "\x1bP7705qPWN5\x1b\\",
    ];
    let all = payloads.concat();
    let encoded = |text: &str| {
        format!(
            "=?utf-8?B?{}?=",
            openssl::base64::encode_block(text.as_bytes())
        )
    };
    let head = payloads.map(encoded).join("\r\n ");
    let raw = format!(
        "From: {} <bo@example.test>\r\nTo: {} <ada@example.test>\r\nSubject: {head}\r\nMessage-ID: <hostile@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nText {all}\r\n--b\r\nContent-Type: application/x-thing; name*=utf-8''%1B%5B31%3B7701mPWN1.txt\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>{all}<a href=\"https://example.test/{all}\">link</a>\r\n--b--\r\n",
        encoded(payloads[0]),
        encoded(payloads[1]),
    );
    look.append("INBOX", raw.as_bytes()).finish().unwrap();
    look.append(
        "INBOX",
        format!("Subject: raw {all}\r\n\r\n{all}\r\n").as_bytes(),
    )
    .finish()
    .unwrap();
    // The letters of U+001B and U+009B in modified UTF-7.
    let _ = look.create("Box&ABs-[31;7701m&AJs-7703mPWN6");
    let mut t = open(&home);
    t.wait_until("both subjects", |s| {
        s.matches("PWN1").count() >= 2 && s.contains("work connected")
    });
    for _ in 0..2 {
        t.send("\r");
        t.wait_until("the text", |s| s.contains("Text") || s.contains("Subject:"));
        // Every header, the source and back: no escape key here, which a terminal can't tell from
        // the beginning of another key.
        t.send("HH");
        t.send("\x1br");
        t.send("jjh");
        t.send("gi");
        t.wait_for("All inboxes");
        t.send("j");
    }
    t.send("r");
    t.wait_for("From     ");
    t.send("\x1b");
    t.wait_gone("From     ");
    // A lone 0x9B would be no UTF-8, and one that is encoded is found as a character.
    let raw = String::from_utf8(t.raw()).unwrap();
    assert!(!raw.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)));
    for payload in ["\x1b[31;7701m", "\x1b]52;c;UFd", "\x1b]0;PWN", "\x1bP7705"] {
        assert!(!raw.contains(payload), "{payload:?} reached the terminal");
    }
    // A sequence of ours with numbers of theirs would be one cut in two.
    let numbers = raw.split("\x1b[").skip(1).map(|s| {
        let end = s.find(|c: char| !matches!(c, '0'..='9' | ';' | '?' | ':'));
        &s[..end.unwrap_or(s.len())]
    });
    for ours in numbers {
        assert!(!ours.contains("770"), "{ours}");
    }
    // Printed for scripts it is as tame; as JSON it is escaped.
    for args in [
        &["list"][..],
        &["mailboxes"],
        &["list", "--json"],
        &["mailboxes", "--json"],
        &["search", "PWN3"],
    ] {
        let out = home.run(args).code(0).text();
        assert!(
            !out.chars().any(|c| c.is_control() && c != '\n'),
            "{args:?}: {out:?}"
        );
    }
    for row in home.list("INBOX") {
        let id = row["id"].as_str().unwrap().to_owned();
        for form in [
            &["show", &id][..],
            &["show", &id, "--text"],
            &["show", &id, "--headers"],
            &["show", &id, "--json"],
        ] {
            let out = home.run(form).code(0).text();
            assert!(
                !out.chars().any(|c| c.is_control() && c != '\n'),
                "{form:?}: {out:?}"
            );
        }
    }
    quit(t);
}

#[test]
fn a_second_window_on_the_same_home_works_too() {
    let Some((_server, home, mut look)) = ready(&["one", "two", "three"]) else {
        return;
    };
    let mut first = open(&home);
    first.wait_until("the list", |s| {
        s.contains("three") && s.contains("work connected")
    });
    let mut second = open(&home);
    second.wait_until("the list, too", |s| {
        s.contains("three") && s.contains("one") && s.contains("another window")
    });
    second.send("gge");
    second.wait_gone("three");
    // The first window hears of it and carries it out.
    first.wait_gone("three");
    server_finds(&mut look, "Archive", "ALL", 1);
    first.send("ggs");
    first.wait_for("★");
    second.wait_for("★");
    add(&mut look, "four");
    first.wait_for("four");
    second.wait_for("four");
    // A script beside them is served as well.
    home.run(&["flag", &home.id("INBOX", "one"), "+flagged"])
        .code(0);
    server_finds(&mut look, "INBOX", "FLAGGED", 2);
    // Its place is taken: what the second window wants is still done, and it hears of news.
    quit(first);
    second.wait_for("work connected");
    second.send("gge");
    server_finds(&mut look, "Archive", "ALL", 2);
    add(&mut look, "five");
    second.wait_for("five");
    quit(second);
}

/// Whether the screen says that a draft is saved.
pub fn is_saved(screen: &str) -> bool {
    screen.contains(" saved ") && !screen.contains("ot saved")
}

/// Begins a letter to Bo and waits until it is saved.
pub fn begin_letter(t: &mut Terminal, subject: &str, text: &str) {
    t.send("c");
    t.wait_for("Subject");
    t.send("bo@example.test\t");
    t.wait_for("bo@example.test");
    t.send(&format!("\t\t{subject}\t{text}"));
    t.wait_for(text);
    t.wait_until("a word that it is saved", is_saved);
}

#[test]
fn f59_a_crash_while_writing_loses_nothing() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    let home = Home::new(&server.account("work", "ada"));
    let mut t = open(&home);
    t.wait_for("work connected");
    let text = "Dear Bo, this was hard to write.";
    begin_letter(&mut t, "A letter that survives", text);
    t.kill();
    let mut t = open(&home);
    t.wait_for("Recovered: A letter that survives");
    t.wait_for("work connected");
    t.send("w");
    t.wait_for("Dear Bo, this was hard to write.");
    t.send("\x13");
    t.wait_for("Sending in");
    let got = sink.wait_for(1);
    assert_eq!(got[0].to, ["bo@example.test"]);
    assert!(
        got[0].raw.contains("this was hard to write."),
        "{}",
        got[0].raw
    );
    let mut look = server.look("ada");
    server_finds(&mut look, "Sent", "SUBJECT survives", 1);
    t.send("gi");
    t.wait_for("Nothing in any inbox");
    quit(t);
    assert_eq!(sink.deliveries().len(), 1);
}

/// Begins a letter on a screen of which nothing was saved on demand.
fn write_a_line(t: &mut Terminal, line: &str) {
    t.wait_for("Nothing in any inbox");
    t.send("c");
    t.wait_for("Subject");
    t.send("bo@example.test\t");
    t.wait_for("bo@example.test");
    t.send("\t\t");
    t.send(&format!("{line}\tDear Bo, {line}."));
    t.wait_for(&format!("Dear Bo, {line}."));
}

/// The draft is there at the next start.
#[track_caller]
fn finds_the_draft(home: &Home, line: &str) {
    let mut t = open(home);
    t.wait_for("Nothing in any inbox");
    t.send("gd");
    t.wait_until("the drafts", |s| {
        s.contains("bo@example.test") && s.contains(line)
    });
    t.send("\r");
    t.wait_for(&format!("Dear Bo, {line}."));
    t.kill();
}

#[test]
fn f10_a_signal_to_end_costs_no_word_and_leaves_the_terminal_well() {
    use rustix::process::Signal;
    let Some((_server, home, _look)) = ready(&[]) else {
        return;
    };
    for (signal, line) in [(Signal::HUP, "hung up"), (Signal::TERM, "told to end")] {
        let mut t = open(&home);
        write_a_line(&mut t, line);
        t.signal(signal);
        t.wait_exit();
        assert!(t.is_restored(), "{line}");
        finds_the_draft(&home, line);
    }
}

#[test]
fn f10_a_terminal_that_goes_away_costs_no_word() {
    let Some((_server, home, _look)) = ready(&[]) else {
        return;
    };
    // The session's leader is a shell; when it dies the terminal is nobody's any more.
    let pid = home.path.join("../pid");
    let mut shell = portable_pty::CommandBuilder::new("sh");
    let inner = format!(
        "sh -c 'echo $$ >{}; exec {}'; :",
        pid.display(),
        env!("CARGO_BIN_EXE_postrider")
    );
    shell.args(["-c", &inner]);
    shell.env("POSTRIDER_HOME", &home.path);
    let mut t = Terminal::start(shell, 110, 32);
    write_a_line(&mut t, "gone dark");
    t.kill();
    let pid = std::fs::read_to_string(&pid).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    eventually("its end without a terminal", || {
        // A zombie has ended.
        std::fs::read_to_string(&stat).map_or(true, |s| s.contains(") Z "))
    });
    drop(t);
    finds_the_draft(&home, "gone dark");
}

#[test]
fn f10_a_storm_of_sizes_is_weathered() {
    let Some((_server, home, _look)) = ready(&["one", "two"]) else {
        return;
    };
    let t = open(&home);
    t.wait_for("two");
    for n in 0..120_u16 {
        t.resize(1 + (n * 37) % 190, 1 + (n * 13) % 70);
    }
    for (cols, rows) in [(1, 1), (2, 1), (1, 50), (500, 2)] {
        t.resize(cols, rows);
        std::thread::park_timeout(Duration::from_millis(20));
    }
    t.resize(110, 32);
    t.wait_until("the list", |s| s.contains("one") && s.contains("two"));
    quit(t);
}

#[test]
fn a_server_that_hangs_freezes_nothing() {
    let Some((server, home, mut look)) = ready(&["one", "two"]) else {
        return;
    };
    home.sync();
    let proxy = Proxy::start("127.0.0.1", server.imaps);
    let port = |port: u16| format!("port = {port},");
    let table = server.account("work", "ada");
    home.configure(&table.replacen(&port(server.imaps), &port(proxy.port), 1));
    // In the greeting or the handshake, signing in, and in the middle of the work.
    for at in [1, 2_000, 3_500] {
        proxy.arm(Way::Down, at, Deed::Hold);
        let mut t = open(&home);
        t.wait_for("two");
        assert!(proxy.wait_sprung(|| false));
        t.send("ggs");
        t.wait_for("★");
        t.send("e");
        t.wait_gone("two");
        t.send("z");
        t.wait_for("two");
        t.send("z");
        t.wait_gone("★");
        t.send("gg\r");
        t.wait_for("Subject: two");
        t.send("h");
        t.wait_gone("Subject: two");
        quit(t);
        proxy.disarm();
    }
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["one", "two"]);
    server_finds(&mut look, "INBOX", "ALL", 2);
    server_finds(&mut look, "INBOX", "FLAGGED", 0);
}

#[test]
fn who_looks_for_mail_is_told_and_lists_are_narrowed_to_ones_own() {
    let Some((_server, home, mut look)) = ready(&["first letter"]) else {
        return;
    };
    let own =
        "From: ada@example.test\r\nTo: bo@example.test\r\nSubject: to myself\r\n\r\nNote.\r\n";
    look.append("INBOX", own.as_bytes()).finish().unwrap();
    let mut t = open(&home);
    t.wait_until("the list", |s| {
        s.contains("first letter") && s.contains("to myself") && s.contains("work connected")
    });
    t.send("\x12");
    // What was still on its way when the list was there counts as what came.
    t.wait_for("Looked at");
    t.send("\\from:me");
    t.wait_until("what one wrote", |s| {
        s.contains("only from:me") && s.contains("to myself") && !s.contains("first letter")
    });
    t.send("\r\x1b");
    t.wait_for("first letter");
    t.send("/to:me\r");
    t.wait_until("what one was sent", |s| {
        s.contains("1 found") && s.contains("first letter")
    });
    t.send("\x1b");
    t.wait_for("to myself");
    // Another program's word for it.
    t.send(":limit subject:first\r");
    t.wait_gone("to myself");
    t.send("\x1b");
    t.wait_for("to myself");
    quit(t);
}
