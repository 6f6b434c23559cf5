//! A submission server that is cut at every octet of the dialogue, in both directions, and one that
//! misbehaves at every step: the program runs again until it is quiet, and then there is exactly one
//! copy at the recipient's and one in Sent, or a row that says that it is unknown and waits for the
//! user. `FAULTS=all` tries every octet, otherwise a spread of them.

use crate::cut::{Line, cut};
use crate::dump::{local, read, rows};
use crate::proxy::Way;
use crate::story::{Act, Play, Scenario, Stage, act, begin, run, sending};

/// A short letter: every octet of its dialogue is to be tried.
fn letter(play: &Play<'_>) -> Act {
    let id = &play.user;
    Act {
        input: format!(
            "From: ada@example.test\r\nTo: bo@example.test, cy@example.test\r\nSubject: {id}\r\nMessage-ID: <{id}@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\n\r\nA line.\r\n.\r\nAnother.\r\n"
        ),
        ..act(&["send", "--wait"])
    }
}

#[test]
fn f43_f44_a_dialogue_that_is_cut_anywhere_delivers_once_or_says_that_nobody_knows() {
    let Some(stage) = Stage::before_the_sink() else {
        return;
    };
    let template = stage.template();
    let scenario = Scenario {
        name: "dialogue",
        acts: |play| vec![letter(play)],
        ..sending()
    };
    cut(&template, &scenario, 10, |r| {
        vec![
            (Line::Smtp, Way::Up, 0..r.smtp.0.len()),
            (Line::Smtp, Way::Down, 0..r.smtp.1.len()),
        ]
    });
}

/// What is left of a telling: the row's state, copies at each recipient's, copies in Sent.
fn left(stage: &Stage, play: &Play<'_>) -> (String, [usize; 2], usize) {
    let states = rows(&read(&local(&play.home)), "SELECT state FROM outbox");
    let id = format!("<{}@example.test>", play.user);
    let all = stage.sink.deliveries();
    let copies = ["bo@example.test", "cy@example.test"].map(|name| {
        let his =
            |d: &&crate::smtp::Delivery| d.raw.contains(&id) && d.to.iter().any(|t| t == name);
        all.iter().filter(his).count()
    });
    (states.join(" "), copies, play.there()["Sent"].len())
}

#[test]
fn a_server_that_misbehaves_at_any_step_delivers_once_or_says_that_nobody_knows() {
    let Some(stage) = Stage::before_the_sink() else {
        return;
    };
    let template = stage.template();
    let scenario = Scenario {
        name: "step",
        ..Scenario::default()
    };
    let answers = ["", "421 4.3.2 good-bye", "451 4.3.0 not now", "what?"];
    for verb in ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        for answer in answers {
            let play = begin(&scenario, &template);
            stage.sink.once(verb, answer);
            let ran = run(&play.home, &letter(&play), ("LANG", "C"));
            let what = format!("{answer:?} to {verb}: {ran:?}");
            // Whatever it was, it is not called sent before it was.
            let before = left(&stage, &play);
            assert!(
                before.0 != "sent" || before.1 == [1, 1],
                "{before:?} after {what}"
            );
            play.settle();
            let once = ("sent".to_owned(), [1, 1], 1);
            // The sink has the message when it is asked to say nothing, or nonsense, to the dot.
            let unknown = ("in-doubt".to_owned(), [1, 1], 0);
            let wanted = match (verb, answer) {
                (".", "" | "what?") => unknown,
                _ => once,
            };
            assert_eq!(left(&stage, &play), wanted, "{what}");
            play.is_quiet();
            assert_eq!(left(&stage, &play), wanted, "{what}");
        }
    }
}

#[test]
fn an_answer_for_good_keeps_the_message_here() {
    let Some(stage) = Stage::before_the_sink() else {
        return;
    };
    let template = stage.template();
    for verb in ["MAIL", "RCPT", "DATA", "."] {
        let play = begin(&Scenario::default(), &template);
        stage.sink.once(verb, "554 5.7.1 not from you");
        let ran = run(&play.home, &letter(&play), ("LANG", "C"));
        assert_eq!(ran.status.code(), Some(77), "{ran:?}");
        play.settle();
        assert_eq!(
            left(&stage, &play),
            ("refused".to_owned(), [0, 0], 0),
            "at {verb}"
        );
        let told = play.home.run(&["outbox"]).code(0).text();
        assert!(told.contains("not from you"), "{told}");
    }
}

#[test]
fn what_was_sent_before_under_the_same_message_id_proves_nothing() {
    let Some(stage) = Stage::before_the_sink() else {
        return;
    };
    let play = begin(&Scenario::default(), &stage.template());
    let id = play.user.clone();
    let patch = |to: &str| Act {
        input: format!(
            "From: ada@example.test\r\nTo: {to}@example.test\r\nSubject: {id}\r\nMessage-ID: <{id}@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\n\r\nA line.\r\n"
        ),
        ..act(&["send", "--wait"])
    };
    run(&play.home, &patch("bo"), ("LANG", "C"));
    play.settle();
    stage.sink.once(".", "");
    run(&play.home, &patch("cy"), ("LANG", "C"));
    play.settle();
    // The copy that lies in Sent is the first one's: the user is asked about the second.
    let states = rows(
        &read(&local(&play.home)),
        "SELECT state FROM outbox ORDER BY id",
    );
    assert_eq!(states, ["sent", "in-doubt"]);
}

#[test]
fn who_was_asked_nothing_before_a_line_was_cut_is_sent_to_as_soon_as_it_is_back() {
    let Some(stage) = Stage::before_the_sink() else {
        return;
    };
    let play = begin(&Scenario::default(), &stage.template());
    stage.sink.once("MAIL", "");
    run(&play.home, &letter(&play), ("LANG", "C"));
    let waits = rows(
        &read(&local(&play.home)),
        "SELECT state || unreached FROM outbox",
    );
    assert_eq!(waits, ["queued1"]);
}
