//! What a submission server offers, and what is made of it: a message for later is held back there
//! (FUTURERELEASE), 8-bit text is re-encoded where it takes none, its SIZE is remembered.

use crate::dovecot::Dovecot;
use crate::dump::{local, rows, write};
use crate::program::Home;
use crate::smtp::Sink;

const HOLDS: &str = "250-sink.example\r\n250-8BITMIME\r\n250-SIZE 26214400\r\n250-AUTH PLAIN\r\n250 FUTURERELEASE 864000 2099-01-01T00:00:00Z";

struct Rig {
    sink: Sink,
    _server: Dovecot,
    home: Home,
}

/// An account whose submission server is the sink itself, with these lines more.
fn rig(more: &str) -> Option<Rig> {
    let sink = Sink::start();
    let server = Dovecot::start(None)?;
    let account = server.account("work", "ada");
    let port = sink.port;
    let direct = format!("smtp = {{ host = \"127.0.0.1\", port = {port}, security = \"none\" }}");
    let lines = account.lines().map(|line| match line.starts_with("smtp") {
        true => direct.clone(),
        false => line.to_owned(),
    });
    let table: Vec<String> = lines.collect();
    let home = Home::new(&format!(
        "{}\n{more}\n[ui]\nundo-send = 0\n",
        table.join("\n")
    ));
    home.sync();
    Some(Rig {
        sink,
        _server: server,
        home,
    })
}

impl Rig {
    fn later(&self) {
        let args = [
            "send",
            "--to",
            "bo@example.test",
            "--subject",
            "Tea",
            "--at",
            "in 5h",
        ];
        self.home.json(&args);
    }

    /// Makes it as old as a message must be before it is offered.
    fn aged(&self) {
        let sql = "UPDATE outbox SET created = created - 1000";
        write(&local(&self.home)).execute_batch(sql).unwrap();
    }

    /// The row: its state, whether its time is one of the user's, how many hours off that is.
    fn row(&self) -> String {
        let sql = "SELECT state || ' ' || scheduled || ' ' || ((next_try - strftime('%s') + 1800) / 3600) FROM outbox";
        rows(&write(&local(&self.home)), sql).join(";")
    }
}

#[test]
fn a_message_for_later_is_held_back_by_the_server_where_that_is_wanted() {
    let Some(rig) = rig("future-release = true") else {
        return;
    };
    rig.sink.hello(HOLDS);
    rig.later();
    rig.home.sync();
    assert_eq!(rig.row(), "queued 1 5", "it can be taken back at once");
    rig.aged();
    rig.home.sync();
    let came = rig.sink.deliveries();
    assert_eq!(came.len(), 1);
    assert!(came[0].mail.contains(" HOLDUNTIL=2"), "{}", came[0].mail);
    assert!(rig.row().starts_with("sent "), "{}", rig.row());
    rig.home.sync();
    assert_eq!(rig.sink.deliveries().len(), 1);
}

#[test]
fn a_message_for_later_goes_from_here_unless_all_is_as_it_should_be() {
    let Some(rig) = rig("future-release = true") else {
        return;
    };
    // A server that holds nothing back, or not for so long.
    for hello in [
        HOLDS.replace("FUTURERELEASE", "X"),
        HOLDS.replace("864000", "3600"),
    ] {
        rig.sink.hello(&hello);
        rig.later();
        rig.aged();
        rig.home.sync();
        assert_eq!(rig.row(), "queued 1 5");
        rig.home.run(&["outbox"]).code(0);
        write(&local(&rig.home))
            .execute_batch("DELETE FROM outbox")
            .unwrap();
    }
    // One that takes none after all, hangs up before it has all of it, or a crash then.
    rig.sink.hello(HOLDS);
    for (at, answer) in [
        ("MAIL", "555 5.5.4 no"),
        ("RCPT", "550 5.1.1 no"),
        ("DATA", ""),
        (".", "451 4.3.0 no"),
    ] {
        let before = rig.sink.deliveries().len();
        rig.later();
        rig.aged();
        rig.sink.once(at, answer);
        rig.home.sync();
        assert_eq!(rig.row(), "queued 1 5", "{at}");
        write(&local(&rig.home))
            .execute_batch("UPDATE outbox SET state = 'sending'")
            .unwrap();
        rig.home.sync();
        assert_eq!(rig.row(), "queued 1 5", "{at}");
        assert_eq!(rig.sink.deliveries().len(), before);
        // At its time it goes out from here like any other.
        write(&local(&rig.home))
            .execute_batch("UPDATE outbox SET next_try = 1")
            .unwrap();
        rig.home.sync();
        assert!(rig.row().starts_with("sent "), "{at}: {}", rig.row());
        let came = rig.sink.deliveries();
        assert_eq!(came.len(), before + 1);
        assert!(!came[before].mail.contains("HOLD"), "{}", came[before].mail);
        write(&local(&rig.home))
            .execute_batch("DELETE FROM outbox")
            .unwrap();
    }
}

#[test]
fn a_cut_after_the_dot_of_a_message_for_later_leaves_it_in_doubt() {
    let Some(rig) = rig("future-release = true") else {
        return;
    };
    rig.sink.hello(HOLDS);
    rig.later();
    rig.aged();
    rig.sink.once(".", "");
    rig.home.sync();
    assert!(rig.row().starts_with("in-doubt "), "{}", rig.row());
    rig.home.sync();
    assert_eq!(rig.sink.deliveries().len(), 1, "never twice by itself");
}

#[test]
fn without_the_word_a_message_for_later_stays_here() {
    let Some(rig) = rig("") else { return };
    rig.sink.hello(HOLDS);
    rig.later();
    rig.aged();
    rig.home.sync();
    assert_eq!(rig.row(), "queued 1 5");
    assert_eq!(rig.sink.deliveries().len(), 0);
}

#[test]
fn eight_bit_text_is_reencoded_for_a_server_that_takes_seven_and_its_size_is_remembered() {
    let Some(rig) = rig("") else { return };
    rig.sink
        .hello("250-sink.example\r\n250-SIZE 12345\r\n250 AUTH PLAIN");
    let head = "To: bo@example.test\r\nSubject: x\r\nMIME-Version: 1.0\r\n";
    let plain = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nna\u{ef}ve\r\n";
    let args = ["send", "--wait"];
    rig.home
        .feed(&args, format!("{head}{plain}").as_bytes())
        .code(0);
    let came = rig.sink.deliveries();
    assert!(
        came[0].raw.is_ascii() && came[0].raw.contains("na=C3=AFve"),
        "{}",
        came[0].raw
    );
    let sql = "SELECT value || '' FROM meta WHERE key = 'largest/work'";
    assert_eq!(rows(&write(&local(&rig.home)), sql), ["12345"]);

    let signed =
        format!("{head}Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n{plain}--b--\r\n");
    let ran = rig.home.feed(&args, signed.as_bytes()).code(77).text();
    assert!(ran.contains("8BITMIME") && ran.contains("signed"), "{ran}");
    assert_eq!(rig.sink.deliveries().len(), 1);
}
