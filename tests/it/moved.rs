//! An account that goes, comes back or stands on another host while something waits for it (F-72),
//! and a server that makes its messages anew whenever they are asked for (F-69).

use crate::program::{Home, eventually};
use crate::script::{OPEN, Script, edit, say, swap};
use crate::smtp::Sink;

const LETTER: &[u8] = b"From: work@example.test\r\nTo: bo@example.test\r\nSubject: Tea\r\nMessage-ID: <tea@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\n\r\nText.\r\n";

/// Two accounts with their servers, a change and a message that wait for the first.
fn waiting() -> (Script, Script, Sink, Home) {
    let work = Script::with(&["one", "two"]);
    let other = Script::with(&["elsewhere"]);
    let sink = Sink::start();
    let home = Home::new(&both(&work, &other, &sink));
    home.sync();
    let (_, id) = rows(&home)
        .into_iter()
        .find(|(subject, _)| subject == "two")
        .unwrap();
    home.run(&["flag", &id, "+flagged"]).code(0);
    home.feed(&["send", "--account", "work"], LETTER).code(0);
    (work, other, sink, home)
}

/// Subjects and ids of the first account's inbox.
fn rows(home: &Home) -> Vec<(String, String)> {
    let args = ["list", "-m", "INBOX", "--account", "work"];
    let told = home.json(&args);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let rows = told["messages"].as_array().unwrap().iter();
    rows.map(|r| (text(&r["subject"]), text(&r["id"])))
        .collect()
}

fn both(work: &Script, other: &Script, sink: &Sink) -> String {
    let mine = work.account_with("work", sink.port);
    format!("{mine}{}[ui]\nundo-send = 0\n", other.account("other"))
}

#[test]
fn f72_what_waits_for_a_removed_account_stays_and_goes_out_when_it_is_back() {
    let (work, other, sink, home) = waiting();
    home.configure(&other.account("other"));
    home.run(&["sync", "--once"]).code(0);
    let told = home.run(&["outbox"]).code(0).text();
    assert!(
        told.contains("Tea") && told.contains("its account is not in the configuration any more"),
        "{told}"
    );
    assert!(
        sink.deliveries().is_empty(),
        "nothing goes by another account"
    );
    assert!(work.mail(|m| m.flags("INBOX", "two")).is_empty());
    home.configure(&both(&work, &other, &sink));
    home.run(&["sync", "--once"]);
    eventually("the message", || sink.count("<tea@example.test>") == 1);
    eventually("the change", || {
        home.run(&["sync", "--once"]);
        work.mail(|m| m.flags("INBOX", "two")) == ["\\Flagged"]
    });
    assert_eq!(sink.count("<tea@example.test>"), 1);
}

#[test]
fn f72_another_host_by_the_same_name_is_not_changed_by_what_was_meant_for_the_first() {
    let (work, other, sink, home) = waiting();
    // The same UIDs and UIDVALIDITY, and other messages.
    let elsewhere = Script::with(&["three", "four"]);
    home.configure(&both(&elsewhere, &other, &sink));
    for _ in 0..3 {
        home.run(&["sync", "--once"]);
    }
    for subject in ["three", "four"] {
        assert!(
            elsewhere.mail(|m| m.flags("INBOX", subject)).is_empty(),
            "{subject} was never meant"
        );
    }
    let mut shown: Vec<String> = rows(&home).into_iter().map(|r| r.0).collect();
    shown.sort();
    assert_eq!(shown, ["four", "three"]);
    assert!(work.mail(|m| m.flags("INBOX", "two")).is_empty());
    assert_eq!(
        sink.count("<tea@example.test>"),
        1,
        "the message goes as ever"
    );
}

#[test]
fn f72_another_user_by_the_same_name_sees_no_mail_of_the_first() {
    let first = Script::with(&["one", "two"]);
    let home = Home::new(&first.account("work"));
    home.sync();
    // The same UIDs and UIDVALIDITY, as many servers give them to everybody.
    let second = Script::with(&["three", "four"]);
    let account = second.account("work");
    home.configure(&account.replace("user = \"ada\"", "user = \"bo\""));
    home.sync();
    let mut shown: Vec<String> = rows(&home).into_iter().map(|r| r.0).collect();
    shown.sort();
    assert_eq!(shown, ["four", "three"]);
    let found = home.json(&["search", "subject:one"]);
    assert_eq!(found["count"], 0, "{found}");
}

#[test]
fn f69_a_message_made_anew_each_time_is_fetched_once_and_read() {
    let server = Script::with(&["one", "two"]);
    let made = std::sync::atomic::AtomicUsize::new(0);
    server.always(
        "BODY.PEEK[]",
        edit(move |answer| {
            let n = made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            anew(answer, n)
        }),
    );
    // Exchange: codes that are none, and neither keywords nor \Answered kept.
    server.always(OPEN, swap("\\Draft \\*)]", "\\Draft)]"));
    server.once("NOOP", say("{tag} OK [Error=\"none\"] done\n"));
    let home = Home::new(&server.account("work"));
    home.sync();
    home.sync();
    let id = home.id("INBOX", "two");
    let shown = home.run(&["show", &id]).code(0).text();
    assert!(shown.contains("made anew"), "{shown}");
    server.forget();
    home.sync();
    home.run(&["show", &id]).code(0);
    assert_eq!(server.said("BODY.PEEK[]"), Vec::<String>::new());
    let verified = home.run(&["verify"]).code(0).text();
    assert!(!verified.contains("repaired"), "{verified}");
}

/// The same answer with a longer text in each literal, as long as the `n`th time demands.
fn anew(answer: &[u8], n: usize) -> Vec<u8> {
    let more = format!("made anew {}\r\n", "x".repeat(n % 7));
    let mut out = Vec::new();
    let mut rest = answer;
    while let Some(at) = rest.windows(3).position(|w| w == b"}\r\n") {
        let open = rest[..at].iter().rposition(|b| *b == b'{').unwrap();
        let size = std::str::from_utf8(&rest[open + 1..at]).unwrap();
        let size: usize = size.parse().unwrap();
        out.extend_from_slice(&rest[..open]);
        out.extend_from_slice(format!("{{{}}}\r\n", size + more.len()).as_bytes());
        let body = at + 3;
        out.extend_from_slice(&rest[body..body + size]);
        out.extend_from_slice(more.as_bytes());
        rest = &rest[body + size..];
    }
    out.extend_from_slice(rest);
    out
}
