//! What a submission server offers, and what is made of it: a message for later is held back there
//! (FUTURERELEASE), 8-bit text is re-encoded where it takes none, its SIZE is remembered.

use crate::dovecot::Dovecot;
use crate::dump::{local, rows, write};
use crate::program::{Home, eventually};
use crate::script::Script;
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
    // It was written here, and says so of the time at which it goes.
    let date = postrider::mime::parse::envelope(came[0].raw.as_bytes()).date;
    let sql = "SELECT sent_at FROM outbox";
    let sent = rows(&write(&local(&rig.home)), sql).join(";");
    assert_eq!(date.map(|at| at.to_string()), Some(sent));
    rig.home.sync();
    assert_eq!(rig.sink.deliveries().len(), 1);
}

#[test]
fn a_password_that_is_refused_is_not_tried_for_each_message_for_later() {
    let Some(rig) = rig("future-release = true") else {
        return;
    };
    rig.sink.hello(HOLDS);
    for _ in 0..3 {
        rig.later();
    }
    rig.aged();
    rig.sink.auth("535 5.7.8 no");
    rig.home.run(&["sync", "--once"]);
    assert_eq!(rig.sink.signed_in(), 1);
    assert_eq!(rig.row(), "queued 1 5;queued 1 5;queued 1 5");
    // They are offered once it is taken.
    rig.sink.auth("235 2.7.0 come in");
    rig.home.sync();
    let came = rig.sink.deliveries();
    assert_eq!(came.len(), 3);
    assert!(came.iter().all(|c| c.mail.contains(" HOLDUNTIL=2")));
}

#[test]
fn what_could_not_be_offered_for_want_of_a_network_is_offered_later() {
    let Some(rig) = rig("future-release = true") else {
        return;
    };
    rig.sink.hello(HOLDS);
    rig.later();
    rig.aged();
    rig.sink.once("EHLO", "");
    rig.home.sync();
    assert_eq!(rig.row(), "queued 1 5");
    rig.home.sync();
    let came = rig.sink.deliveries();
    assert_eq!(came.len(), 1);
    assert!(came[0].mail.contains(" HOLDUNTIL=2"), "{}", came[0].mail);
}

#[test]
fn five_days_are_not_counted_from_an_offer_ahead_of_its_time() {
    let Some(rig) = rig("future-release = true") else {
        return;
    };
    rig.sink.hello(HOLDS);
    let to = ["--to", "bo@example.test", "--to", "cy@example.test"];
    let args = [&["send", "--subject", "Tea", "--at", "in 5h"][..], &to].concat();
    rig.home.json(&args);
    rig.aged();
    rig.sink.refuse("cy@example.test", "450 4.2.0 later");
    rig.home.sync();
    assert_eq!(rig.sink.deliveries().len(), 1);
    assert_eq!(rig.row(), "queued 1 5");
    // Six days later, at its time, the server asks for the usual patience.
    let sql = "UPDATE outbox SET next_try = 1, created = created - 518400,
                   first_try = iif(first_try > 0, first_try - 518400, first_try)";
    write(&local(&rig.home)).execute_batch(sql).unwrap();
    rig.home.sync();
    assert!(rig.row().starts_with("queued "), "{}", rig.row());
}

#[test]
fn a_refused_password_is_not_tried_again_because_the_mail_server_is_back() {
    let sink = Sink::start();
    sink.auth("535 5.7.8 no");
    let server = Script::with(&["one"]);
    let home = Home::new(&format!(
        "{}\n[ui]\nundo-send = 0\n",
        server.account_with("work", sink.port)
    ));
    home.json(&["send", "--to", "bo@example.test", "--subject", "Tea"]);
    let mut watch = home.watch();
    watch.state("work", "online");
    eventually("a refused password", || sink.signed_in() > 0);
    for lost in 1..=4 {
        let before = server.dialled();
        server.hang_up();
        eventually("another connection", || server.dialled() > before);
        watch.state("work", "online");
        server.mail(|m| m.add("INBOX", &format!("after {lost}")));
        let subject = format!("after {lost}");
        eventually("the letter", || home.subjects("INBOX").contains(&subject));
    }
    // Once at the start, and once more if the first connection came in the middle of that.
    assert!(sink.signed_in() <= 2, "{}", sink.signed_in());
    // Who does something about it has it tried.
    sink.auth("235 2.7.0 come in");
    home.run(&["sync", "--once"]);
    eventually("the message", || sink.deliveries().len() == 1);
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

/// Whom the message went to, transaction by transaction.
fn rounds(rig: &Rig) -> Vec<Vec<String>> {
    let came = rig.sink.deliveries();
    assert!(came.iter().all(|one| one.raw == came[0].raw), "{came:?}");
    came.into_iter().map(|one| one.to).collect()
}

#[test]
fn a_message_to_many_goes_out_at_once_in_as_many_transactions_as_it_takes() {
    let Some(rig) = rig("") else { return };
    let five = ["a", "b", "c", "d", "e"].map(|who| format!("{who}@example.test"));
    let all = five.join(", ");
    let in_twos: Vec<Vec<String>> = five.chunks(2).map(<[String]>::to_vec).collect();
    let send = || rig.home.json(&["send", "--to", &all, "--subject", "Tea"]);
    rig.sink.most(2);
    send();
    rig.home.sync();
    assert_eq!(rounds(&rig), in_twos);
    assert!(rig.row().starts_with("sent "), "{}", rig.row());
    // One that is put off for a reason of its own waits, and the others don't.
    rig.sink.refuse(&five[2], "450 4.2.0 greylisted");
    write(&local(&rig.home))
        .execute_batch("DELETE FROM outbox")
        .unwrap();
    send();
    rig.home.sync();
    let second = &rig.sink.deliveries()[3..];
    let reached: usize = second.iter().map(|one| one.to.len()).sum();
    assert_eq!(reached, 4);
    let waits =
        "SELECT group_concat(address || ' ' || reply) FROM recipient WHERE state = 'deferred'";
    assert_eq!(
        rows(&write(&local(&rig.home)), waits),
        ["c@example.test 450 4.2.0 greylisted"]
    );
}

#[test]
fn a_server_that_says_how_many_it_takes_is_asked_for_no_more() {
    let Some(rig) = rig("") else { return };
    let limits = "250-sink.example\r\n250-LIMITS RCPTMAX=2 MAILMAX=1\r\n250 AUTH PLAIN";
    rig.sink.hello(limits);
    let all = "a@example.test, b@example.test, c@example.test";
    rig.home.json(&["send", "--to", all, "--subject", "Tea"]);
    rig.home.sync();
    let in_twos = [
        vec!["a@example.test".to_owned(), "b@example.test".to_owned()],
        vec!["c@example.test".to_owned()],
    ];
    assert_eq!(rounds(&rig), in_twos);
    assert!(rig.row().starts_with("sent "), "{}", rig.row());
}

#[test]
fn who_was_not_asked_yet_does_not_wait_behind_those_who_are_put_off() {
    let Some(rig) = rig("") else { return };
    rig.sink
        .hello("250-sink.example\r\n250-LIMITS RCPTMAX=1\r\n250 AUTH PLAIN");
    rig.sink.refuse("a@example.test", "450 4.2.0 greylisted");
    let all = "a@example.test, b@example.test, c@example.test";
    rig.home.json(&["send", "--to", all, "--subject", "Tea"]);
    rig.home.sync();
    assert_eq!(rig.sink.deliveries().len(), 0);
    write(&local(&rig.home))
        .execute_batch("UPDATE outbox SET next_try = 0")
        .unwrap();
    rig.home.sync();
    assert_eq!(rounds(&rig), [["b@example.test"], ["c@example.test"]]);
}

#[test]
fn a_server_that_serves_nobody_is_asked_less_and_less_and_not_for_ever() {
    let Some(rig) = rig("") else { return };
    rig.sink.greet("554 5.7.1 not from that network");
    let send = ["send", "--to", "bo@example.test", "--subject", "Tea"];
    rig.home.json(&send);
    let minutes = "SELECT state || ' ' || ((next_try - strftime('%s') + 50) / 60) FROM outbox";
    let sql = |sql: &str| write(&local(&rig.home)).execute_batch(sql).unwrap();
    for wanted in ["queued 5", "queued 15", "queued 30"] {
        rig.home.run(&["sync", "--once"]);
        assert_eq!(rows(&write(&local(&rig.home)), minutes), [wanted]);
        sql("UPDATE outbox SET next_try = 0");
    }
    let told = rig.home.run(&["outbox"]).code(0).text();
    assert!(told.contains("turns us away (554"), "{told}");
    sql("UPDATE outbox SET first_try = first_try - 5 * 24 * 3600 - 60");
    rig.home.run(&["sync", "--once"]);
    let told = rig.home.run(&["outbox"]).code(0).text();
    assert!(told.contains("put off for five days"), "{told}");
    assert!(rig.row().starts_with("refused "), "{}", rig.row());
}
