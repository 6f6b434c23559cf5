//! What a server offers beyond the bare protocol, and what becomes of a message that needs it.

use super::tests::{GO, OK, Script, account, connect, outcomes, pace, serve};
use super::{Mail, Outcome, Pace, SendReport, SmtpSession, Stage, Watch};
use crate::model::{Secret, Security};
use crate::net::error::NetError;
use crate::net::testing;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

type Lines = BufReader<TcpStream>;

fn line(peer: &mut Lines) -> String {
    let mut line = String::new();
    peer.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn say(peer: &mut Lines, reply: &str) {
    peer.get_mut().write_all(reply.as_bytes()).unwrap();
}

/// Up to where messages begin; the server offers this besides AUTH.
fn greeted(peer: &mut Lines, offers: &str) {
    say(peer, "220 hi\r\n");
    assert!(line(peer).starts_with("EHLO "));
    say(peer, &format!("250-x\r\n{offers}250 AUTH PLAIN\r\n"));
    assert!(line(peer).starts_with("AUTH PLAIN "));
    say(peer, "235 ok\r\n");
}

/// A session with a server that does what it is told once it was greeted.
fn with_server(
    offers: &'static str,
    script: impl FnOnce(&mut Lines) + Send + 'static,
) -> (SmtpSession, std::thread::JoinHandle<()>) {
    let (port, server) = testing::serve(move |socket| {
        let mut peer = BufReader::new(socket);
        greeted(&mut peer, offers);
        script(&mut peer);
    });
    (connect(&account(port, Security::None)).unwrap(), server)
}

#[test]
fn no_more_are_asked_than_a_transaction_takes() {
    let offers = "250-LIMITS RCPTMAX=2 MAILMAX=1\r\n250-PIPELINING\r\n";
    let (mut session, server) = with_server(offers, |peer| {
        assert!(line(peer).starts_with("MAIL FROM:"));
        assert!(line(peer).contains("<a@x.test>"));
        assert!(line(peer).contains("<b@x.test>"));
        say(peer, "250 ok\r\n250 ok\r\n250 ok\r\n");
        assert_eq!(line(peer), "DATA");
        say(peer, "354 go\r\n");
        while line(peer) != "." {}
        say(peer, "250 taken\r\n");
    });
    assert!(session.has_room());
    let (report, _) = hand_over(&mut session, &mail(&["a@x.test", "b@x.test", "c@x.test"]));
    let all = [Outcome::Accepted, Outcome::Accepted, Outcome::TryLater];
    assert_eq!(outcomes(&report), all);
    assert!(report.goes_on() && report.recipients[2].reply.is_none());
    assert!(!session.has_room(), "one more would be refused");
    drop(session);
    server.join().unwrap();
}

fn hand_over(session: &mut SmtpSession, mail: &Mail<'_>) -> (SendReport, Vec<Stage>) {
    let mut stages = Vec::new();
    let report = session.send(mail, &mut |stage, _| {
        stages.push(stage);
        Ok::<(), String>(())
    });
    (report, stages)
}

fn mail<'a>(recipients: &'a [&'a str]) -> Mail<'a> {
    Mail {
        from: "me@example.test",
        recipients,
        bytes: b"Subject: x\r\n\r\nx\r\n",
        ..Mail::default()
    }
}

fn take_message(peer: &mut Lines) {
    assert_eq!(line(peer), "DATA");
    say(peer, "354 go\r\n");
    while line(peer) != "." {}
}

#[test]
fn the_sender_and_all_recipients_are_asked_at_once_and_judged_before_data() {
    let (mut session, server) = with_server("250-PIPELINING\r\n", |peer| {
        // Nothing is answered before everything was asked.
        assert_eq!(line(peer), "MAIL FROM:<me@example.test>");
        for to in ["a", "b", "c"] {
            assert_eq!(line(peer), format!("RCPT TO:<{to}@x.test>"));
        }
        say(peer, "250 ok\r\n250-one\r\n250 two\r\n450 4.2.0 la");
        say(peer, "ter\r\n250 ok\r\n");
        take_message(peer);
        say(peer, "250 2.0.0 taken\r\n");
    });
    let (report, stages) = hand_over(&mut session, &mail(&["a@x.test", "b@x.test", "c@x.test"]));
    assert_eq!(
        outcomes(&report),
        [Outcome::Accepted, Outcome::TryLater, Outcome::Accepted]
    );
    assert_eq!(stages, [Stage::Envelope, Stage::Data, Stage::Dot]);
    server.join().unwrap();
}

#[test]
fn hundreds_of_recipients_are_asked_in_pieces_that_no_server_chokes_on() {
    let names: Vec<String> = (0..700).map(|n| format!("someone-{n}@x.test")).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let (mut session, server) = with_server("250-PIPELINING\r\n", |peer| {
        let filler = "250-a line that is as long as a server may make it\r\n".repeat(60);
        line(peer);
        say(peer, "250 ok\r\n");
        for n in 0..700 {
            assert_eq!(line(peer), format!("RCPT TO:<someone-{n}@x.test>"));
            say(peer, &format!("{filler}250 ok\r\n"));
        }
        take_message(peer);
        say(peer, "250 taken\r\n");
    });
    let (report, _) = hand_over(&mut session, &mail(&all));
    assert!(outcomes(&report).iter().all(|o| *o == Outcome::Accepted));
    server.join().unwrap();
}

#[test]
fn a_refused_sender_refuses_all_and_leaves_the_connection_usable() {
    let (mut session, server) = with_server("250-PIPELINING\r\n", |peer| {
        line(peer);
        line(peer);
        say(peer, "550 5.7.1 not you\r\n503 5.5.1 MAIL first\r\n");
        assert_eq!(line(peer), "RSET");
        say(peer, "250 ok\r\n");
        line(peer);
        line(peer);
        say(peer, "250 ok\r\n250 ok\r\n");
        take_message(peer);
        say(peer, "250 taken\r\n");
    });
    let (report, _) = hand_over(&mut session, &mail(&["a@x.test"]));
    assert_eq!(outcomes(&report), [Outcome::Refused]);
    let reply = report.recipients[0].reply.clone().unwrap();
    assert_eq!(reply.enhanced().as_deref(), Some("5.7.1"), "{reply}");
    assert!(!report.connection_lost);
    let (report, _) = hand_over(&mut session, &mail(&["a@x.test"]));
    assert_eq!(outcomes(&report), [Outcome::Accepted]);
    server.join().unwrap();
}

#[test]
fn replies_that_do_not_match_the_questions_send_nothing() {
    // Too few and the end, too many, one that takes the connection away.
    for replies in [
        "250 ok\r\n250 ok\r\n",
        "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n",
        "250 ok\r\n250 ok\r\n421 4.3.2 bye\r\n",
        "421 bye\r\n",
    ] {
        let (mut session, server) = with_server("250-PIPELINING\r\n", move |peer| {
            for _ in 0..3 {
                line(peer);
            }
            say(peer, replies);
        });
        let (report, stages) = hand_over(&mut session, &mail(&["a@x.test", "b@x.test"]));
        assert!(
            outcomes(&report).iter().all(|o| *o == Outcome::TryLater),
            "{replies:?}: {report:?}"
        );
        assert!(report.connection_lost && !stages.contains(&Stage::Dot));
        server.join().unwrap();
    }
}

#[test]
fn f41_f42_an_answer_to_any_command_decides_for_the_message() {
    let at = ["MAIL", "RCPT", "DATA", "."];
    for n in 0..at.len() {
        for (answer, outcome) in [
            (&b"451 4.7.1 greylisted\r\n"[..], Outcome::TryLater),
            (b"452 4.3.1 no room\r\n", Outcome::TryLater),
            (b"550 5.7.1 no\r\n", Outcome::Refused),
            (b"552 5.3.4 too large\r\n", Outcome::Refused),
            (b"554 no\r\n", Outcome::Refused),
        ] {
            let replies = [OK, OK, GO, OK];
            let mut script: Script = at[..n].iter().copied().zip(replies).collect();
            script.extend([(at[n], Some(answer)), ("RSET", OK)]);
            let (report, _, lines) = super::tests::send(script, &["a@x.test"]);
            assert_eq!(outcomes(&report), [outcome], "{} {answer:?}", at[n]);
            let reply = report.recipients[0].reply.as_ref().unwrap();
            assert_eq!(reply.code.to_string().as_bytes(), &answer[..3]);
            assert!(!report.connection_lost, "{lines:?}");
        }
        let replies = [OK, OK, GO, OK];
        let mut script: Script = at[..n].iter().copied().zip(replies).collect();
        script.push((at[n], Some(b"421 4.3.2 bye\r\n")));
        let (report, ..) = super::tests::send(script, &["a@x.test"]);
        assert_eq!(outcomes(&report), [Outcome::TryLater], "421 to {}", at[n]);
        assert!(report.connection_lost);
    }
}

#[test]
fn f45_the_answer_to_the_dot_is_waited_for_as_long_as_that_takes() {
    let usual = Pace::default();
    assert!(usual.dot >= Duration::from_secs(600) && usual.dot > usual.reply);
    let (port, server) = testing::serve(|socket| {
        let mut peer = BufReader::new(socket);
        greeted(&mut peer, "");
        for _ in ["MAIL", "RCPT"] {
            line(&mut peer);
            say(&mut peer, "250 ok\r\n");
        }
        take_message(&mut peer);
        // Left by the clock of the dot, long before that of any other answer.
        assert_eq!(line(&mut peer), "");
    });
    let pace = Pace {
        dot: Duration::from_millis(100),
        ..pace()
    };
    let account = account(port, Security::None);
    let mut session =
        SmtpSession::connect(&account, &Secret::new("x".into()), pace, Watch::default()).unwrap();
    let (report, _) = hand_over(&mut session, &mail(&["a@x.test"]));
    assert_eq!(outcomes(&report), [Outcome::Unknown]);
    drop(session);
    server.join().unwrap();
}

#[test]
fn f47_what_was_taken_stays_taken_whatever_becomes_of_the_good_bye() {
    for quit in [None, Some(&b"500 what?\r\n"[..]), Some(b"\xff\xff")] {
        let (report, ..) = super::tests::send(
            vec![
                ("MAIL", OK),
                ("RCPT", OK),
                ("DATA", GO),
                (".", OK),
                ("QUIT", quit),
            ],
            &["a@x.test"],
        );
        assert_eq!(outcomes(&report), [Outcome::Accepted]);
    }
}

#[test]
fn a_connection_takes_several_messages() {
    let one = || {
        [
            ("MAIL", OK),
            ("RCPT", OK),
            ("DATA", GO),
            (".", OK),
            ("RSET", OK),
        ]
    };
    let mut script = super::tests::script(Vec::new());
    script.extend(one().into_iter().chain(one()));
    let (account, server) = serve(b"220 hi\r\n", script);
    let mut session = connect(&account).unwrap();
    for _ in 0..2 {
        let (report, _) = hand_over(&mut session, &mail(&["a@x.test"]));
        assert_eq!(outcomes(&report), [Outcome::Accepted]);
        assert!(session.reset());
    }
    // Now it hangs up: the next message wants another connection.
    drop(session);
    let lines = server.join().unwrap();
    assert_eq!(lines.iter().filter(|l| l.starts_with("AUTH")).count(), 1);

    let (mut session, server) = with_server("", |_| {});
    server.join().unwrap();
    assert!(!session.reset());
}

/// The MAIL and RCPT commands of a message to a server that offers this.
fn envelope(offers: &'static str, mail: &Mail<'_>) -> (SendReport, Vec<String>) {
    let (sender, lines) = std::sync::mpsc::channel();
    let (mut session, server) = with_server(offers, move |peer| {
        loop {
            let said = line(peer);
            match said.as_str() {
                "" | "QUIT" => break,
                "DATA" => {
                    say(peer, "354 go\r\n");
                    while line(peer) != "." {}
                    say(peer, "250 ok\r\n");
                }
                _ => {
                    sender.send(said).unwrap();
                    say(peer, "250 ok\r\n");
                }
            }
        }
    });
    let (report, _) = hand_over(&mut session, mail);
    session.quit();
    server.join().unwrap();
    (report, lines.iter().collect())
}

#[test]
fn reports_are_asked_for_where_there_are_any_and_somebody_wants_them() {
    let wanted = Mail {
        dsn: true,
        envid: Some("a+b=c@example.test"),
        ..mail(&["x=y@x.test"])
    };
    let (_, lines) = envelope("250-DSN\r\n", &wanted);
    assert_eq!(
        lines,
        [
            "MAIL FROM:<me@example.test> RET=HDRS ENVID=a+2Bb+3Dc@example.test",
            "RCPT TO:<x=y@x.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;x+3Dy@x.test",
        ]
    );
    let plain = ["MAIL FROM:<me@example.test>", "RCPT TO:<x=y@x.test>"];
    assert_eq!(envelope("", &wanted).1, plain);
    let unwanted = Mail {
        dsn: false,
        ..wanted
    };
    assert_eq!(envelope("250-DSN\r\n", &unwanted).1, plain);
    // A name that is none is left out, and smuggles nothing.
    let odd = Mail {
        envid: Some("a b\r\nRSET"),
        ..wanted
    };
    let (_, lines) = envelope("250-DSN\r\n", &odd);
    assert_eq!(lines[0], "MAIL FROM:<me@example.test> RET=HDRS");
}

#[test]
fn a_message_is_held_back_only_by_a_server_that_can() {
    let later = Mail {
        hold_until: Some(1_795_262_400),
        ..mail(&["a@x.test"])
    };
    let (report, lines) = envelope("250-FUTURERELEASE 86400 2027-01-01T00:00:00Z\r\n", &later);
    assert_eq!(outcomes(&report), [Outcome::Accepted]);
    assert_eq!(
        lines[0],
        "MAIL FROM:<me@example.test> HOLDUNTIL=2026-11-21T12:00:00Z"
    );
    let (report, lines) = envelope("", &later);
    assert!(lines.is_empty(), "{lines:?}");
    assert!(
        matches!(&report.error, Some(NetError::Unsendable(why)) if why.contains("FUTURERELEASE")),
        "{report:?}"
    );
}

#[test]
fn f49_a_message_says_what_it_needs_and_goes_nowhere_without() {
    let eight = Mail {
        bytes: "Subject: x\r\n\r\ncaf\u{e9}\r\n".as_bytes(),
        ..mail(&["a@x.test"])
    };
    let (_, lines) = envelope("250-8BITMIME\r\n250-SIZE 1000\r\n", &eight);
    assert_eq!(
        lines[0],
        "MAIL FROM:<me@example.test> SIZE=21 BODY=8BITMIME"
    );
    let header = Mail {
        bytes: "Subject: caf\u{e9}\r\n\r\nx\r\n".as_bytes(),
        ..mail(&["a@x.test"])
    };
    let (_, lines) = envelope("250-8BITMIME\r\n250-SMTPUTF8\r\n", &header);
    assert_eq!(
        lines[0],
        "MAIL FROM:<me@example.test> BODY=8BITMIME SMTPUTF8"
    );
    let odd = mail(&["a@x.test", "j\u{f6}rg@x.test"]);
    let (_, lines) = envelope("250-8BITMIME\r\n250-SMTPUTF8\r\n", &odd);
    assert_eq!(lines[0], "MAIL FROM:<me@example.test> SMTPUTF8");
    assert_eq!(lines[2], "RCPT TO:<j\u{f6}rg@x.test>");

    let refusals = [
        (eight, "", "8BITMIME"),
        (odd, "250-8BITMIME\r\n", "j\u{f6}rg@x.test is not ASCII"),
        (
            mail(&["a@x.test"]),
            "250-SIZE 5\r\n",
            "the server takes 5 B, this message has 17 B",
        ),
    ];
    for (mail, offers, why) in refusals {
        let (report, lines) = envelope(offers, &mail);
        assert!(lines.is_empty(), "{lines:?}");
        let said = report.recipients[0].reply.as_ref().unwrap().to_string();
        assert!(said.contains(why), "{said}");
    }
}
