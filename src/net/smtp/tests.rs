//! Scripted servers: what a submission server may do to us.

use super::*;
use crate::model::{Account, Secret, Security};
use crate::net::error::{NetError, TlsFault};
pub(super) use crate::net::testing::account;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

/// What a server does when a line beginning so arrives; `None` hangs up.
pub(super) type Script = Vec<(&'static str, Option<&'static [u8]>)>;

/// Serves one connection: each line gets the next answer of the script whose word it begins with.
/// Inside DATA only the final dot is answered. Returns every line that was received.
pub(super) fn serve(
    greeting: &'static [u8],
    mut script: Script,
) -> (Account, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(greeting).unwrap();
        let mut lines = Vec::new();
        let mut in_data = false;
        for line in BufReader::new(socket.try_clone().unwrap()).lines() {
            let Ok(line) = line else { break };
            lines.push(line.clone());
            if in_data && line != "." {
                continue;
            }
            let Some(at) = script.iter().position(|(word, _)| line.starts_with(word)) else {
                if socket.write_all(b"502 what?\r\n").is_err() {
                    break;
                }
                continue;
            };
            match script.remove(at).1 {
                Some(answer) if socket.write_all(answer).is_ok() => {
                    in_data = answer.starts_with(b"354")
                }
                _ => break,
            }
        }
        lines
    });
    (account(port, Security::None), server)
}

/// Patience that no machine needs, however much else it does.
pub(super) fn pace() -> Pace {
    Pace {
        reply: Duration::from_secs(60),
        data: Duration::from_secs(60),
        dot: Duration::from_secs(60),
        write: Duration::from_secs(60),
    }
}

pub(super) fn connect(account: &Account) -> Result<SmtpSession, NetError> {
    connect_at(pace(), account)
}

fn connect_at(pace: Pace, account: &Account) -> Result<SmtpSession, NetError> {
    let secret = Secret::new("CANARY".into());
    SmtpSession::connect(account, &secret, pace, Watch::default())
}

pub(super) const HELLO: &[u8] = b"250-x\r\n250-   \r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n";

pub(super) fn script(more: Script) -> Script {
    let mut all: Script = vec![("EHLO", Some(HELLO)), ("AUTH", Some(b"235 ok\r\n"))];
    all.extend(more);
    all
}

pub(super) fn send(more: Script, recipients: &[&str]) -> (SendReport, Vec<Stage>, Vec<String>) {
    send_at(pace(), more, recipients)
}

fn send_at(pace: Pace, more: Script, recipients: &[&str]) -> (SendReport, Vec<Stage>, Vec<String>) {
    let (account, server) = serve(b"220 hi\r\n", script(more));
    let mut session = connect_at(pace, &account).unwrap();
    let mut stages = Vec::new();
    let mail = Mail {
        from: "me@example.test",
        recipients,
        bytes: b"Subject: x\n\n.hidden\n",
        ..Mail::default()
    };
    let report = session.send(&mail, &mut |stage, _| {
        stages.push(stage);
        Ok::<(), String>(())
    });
    session.quit();
    (report, stages, server.join().unwrap())
}

pub(super) fn outcomes(report: &SendReport) -> Vec<Outcome> {
    report.recipients.iter().map(|r| r.outcome).collect()
}

pub(super) const OK: Option<&[u8]> = Some(b"250 2.1.0 ok\r\n");
pub(super) const GO: Option<&[u8]> = Some(b"354 go\r\n");

#[test]
fn a_message_goes_out_stage_by_stage() {
    let (report, stages, lines) = send(
        vec![
            ("MAIL", OK),
            ("RCPT", OK),
            ("DATA", GO),
            (".", OK),
            ("QUIT", None),
        ],
        &["a@x.test"],
    );
    assert_eq!(outcomes(&report), [Outcome::Accepted]);
    assert!(report.error.is_none());
    assert_eq!(stages, [Stage::Envelope, Stage::Data, Stage::Dot]);
    assert!(lines.contains(&"..hidden".to_owned()), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("MAIL FROM:<me@example.test> SIZE=")),
        "{lines:?}"
    );
}

#[test]
fn d17_all_recipients_are_asked_and_one_refusal_stops_the_message() {
    let refusal: Option<&[u8]> = Some(b"550 5.1.1 no such user\r\n");
    let (report, stages, lines) = send(
        vec![
            ("MAIL", OK),
            ("RCPT", OK),
            ("RCPT", refusal),
            ("RCPT", Some(b"450 4.2.0 later\r\n")),
            ("RSET", OK),
        ],
        &["a@x.test", "b@x.test", "c@x.test"],
    );
    assert_eq!(
        outcomes(&report),
        [Outcome::NotTried, Outcome::Refused, Outcome::TryLater]
    );
    assert_eq!(
        report.recipients[1]
            .reply
            .as_ref()
            .unwrap()
            .enhanced()
            .as_deref(),
        Some("5.1.1")
    );
    assert_eq!(stages, [Stage::Envelope]);
    assert!(!lines.contains(&"DATA".to_owned()));
}

#[test]
fn one_that_is_put_off_does_not_hold_back_the_others() {
    let (report, _, _) = send(
        vec![
            ("MAIL", OK),
            ("RCPT", OK),
            ("RCPT", Some(b"450 4.2.0 later\r\n")),
            ("DATA", GO),
            (".", OK),
        ],
        &["a@x.test", "b@x.test"],
    );
    assert_eq!(outcomes(&report), [Outcome::Accepted, Outcome::TryLater]);
}

#[test]
fn f43_cut_before_the_dot_is_a_clean_retry() {
    let cuts: [Script; 3] = [
        vec![("MAIL", None)],
        vec![("MAIL", OK), ("RCPT", None)],
        vec![("MAIL", OK), ("RCPT", OK), ("DATA", None)],
    ];
    for cut in cuts {
        let (report, stages, _) = send(cut, &["a@x.test"]);
        assert_eq!(outcomes(&report), [Outcome::TryLater]);
        assert!(report.connection_lost && !stages.contains(&Stage::Dot));
    }
}

#[test]
fn f44_no_clear_answer_to_the_dot_is_unknown() {
    // Where nothing comes, nothing can come too late.
    let hasty = Pace {
        dot: Duration::from_millis(200),
        ..pace()
    };
    let unclear: [(Option<&[u8]>, Pace); 4] = [
        (None, pace()),
        (Some(b"354 what\r\n"), pace()),
        (Some(b"hello\r\n"), pace()),
        (Some(b""), hasty),
    ];
    for (answer, pace) in unclear {
        let script = vec![("MAIL", OK), ("RCPT", OK), ("DATA", GO), (".", answer)];
        let (report, _, _) = send_at(pace, script, &["a@x.test"]);
        assert_eq!(outcomes(&report), [Outcome::Unknown], "{answer:?}");
    }
}

#[test]
fn d16_an_odd_success_is_a_success() {
    for answer in [
        &b"250 caf\xe9\r\n"[..],
        b"250\r\n",
        b"250 ok\n",
        b"250-a\r\n250 b\r\n",
    ] {
        let (report, _, _) = send(
            vec![
                ("MAIL", OK),
                ("RCPT", OK),
                ("DATA", GO),
                (".", Some(answer)),
            ],
            &["a@x.test"],
        );
        assert_eq!(outcomes(&report), [Outcome::Accepted], "{answer:?}");
    }
}

#[test]
fn a_refused_message_is_refused_for_those_it_was_for() {
    let (report, _, _) = send(
        vec![
            ("MAIL", OK),
            ("RCPT", OK),
            ("DATA", GO),
            (".", Some(b"554 5.7.1 spam\r\n")),
        ],
        &["a@x.test"],
    );
    assert_eq!(outcomes(&report), [Outcome::Refused]);
    assert!(!report.connection_lost);
}

#[test]
fn a_stage_that_can_not_be_written_down_does_not_happen() {
    let (account, server) = serve(
        b"220 hi\r\n",
        script(vec![("MAIL", OK), ("RCPT", OK), ("DATA", GO), (".", OK)]),
    );
    let mut session = connect(&account).unwrap();
    let mail = Mail {
        from: "me@example.test",
        recipients: &["a@x.test"],
        bytes: b"x\r\n",
        ..Mail::default()
    };
    let report = session.send(&mail, &mut |stage, _| {
        if stage == Stage::Dot {
            Err("disk full")
        } else {
            Ok(())
        }
    });
    drop(session);
    assert_eq!(outcomes(&report), [Outcome::TryLater]);
    assert!(!server.join().unwrap().contains(&".".to_owned()));
}

#[test]
fn mail_that_nobody_answers_has_no_sender() {
    let answers: Script = vec![
        ("MAIL FROM:<>", Some(b"250 ok\r\n")),
        ("RCPT", Some(b"250 ok\r\n")),
        ("DATA", Some(b"354 go\r\n")),
        (".", Some(b"250 ok\r\n")),
    ];
    let (account, server) = serve(b"220 hi\r\n", script(answers));
    let mut session = connect(&account).unwrap();
    let mail = Mail {
        recipients: &["a@x.test"],
        bytes: b"Subject: x\n\nread\n",
        ..Mail::default()
    };
    let report = session.send(&mail, &mut |_, _| Ok::<(), String>(()));
    assert_eq!(outcomes(&report), [Outcome::Accepted], "{report:?}");
    drop(session);
    let lines = server.join().unwrap();
    assert!(lines.iter().any(|l| l.starts_with("MAIL FROM:<>")));
}

#[test]
fn too_large_and_impossible_messages_are_refused_here() {
    let (account, server) = serve(b"220 hi\r\n", script(vec![]));
    let mut session = connect(&account).unwrap();
    let big = vec![b'x'; 900]
        .repeat(2)
        .chunks(70)
        .collect::<Vec<_>>()
        .join(&b'\n');
    for (bytes, to) in [
        (&big[..], "a@x.test"),
        (b"a\0b", "a@x.test"),
        (b"caf\xc3\xa9", "a@x.test"),
        (b"x", "j\u{f6}rg@x.test"),
    ] {
        let report = session.send(
            &Mail {
                from: "me@example.test",
                recipients: &[to],
                bytes,
                ..Mail::default()
            },
            &mut |_, _| Ok::<(), String>(()),
        );
        assert_eq!(outcomes(&report), [Outcome::Refused], "{report:?}");
        let said = report.recipients[0].reply.as_ref().unwrap().to_string();
        let kept = crate::lang::during(crate::lang::Lang::German, || {
            session.send(
                &Mail {
                    from: "me@example.test",
                    recipients: &[to],
                    bytes,
                    ..Mail::default()
                },
                &mut |_, _| Ok::<(), String>(()),
            )
        });
        let kept = kept.recipients[0].reply.as_ref().unwrap().to_string();
        assert!(kept.starts_with(&said) && kept.len() > said.len(), "{kept}");
        assert!(
            !said.starts_with(|c: char| c.is_ascii_digit()),
            "no server said it: {said}"
        );
    }
    drop(session);
    assert!(!server.join().unwrap().iter().any(|l| l.starts_with("MAIL")));
}

#[test]
fn s08_a_bad_greeting_gets_no_credentials() {
    for greeting in [
        &b"554 go away\r\n"[..],
        b"hello\r\n",
        b"* BYE\r\n",
        b"421 busy\r\n",
        b"HTTP/1.1 302 Found\r\n\r\n",
        b"<html>Welcome</html>\r\n",
    ] {
        let (account, server) = serve(greeting, script(vec![]));
        let error = connect(&account).unwrap_err();
        let page = greeting.starts_with(b"HTTP") || greeting.starts_with(b"<");
        assert_eq!(matches!(error, NetError::Web), page, "{error:?}");
        let away = greeting.starts_with(b"554");
        assert_eq!(matches!(error, NetError::TurnedAway(_)), away, "{error:?}");
        assert_eq!(server.join().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn an_endless_line_and_an_endless_reply_end() {
    let long: &'static [u8] = vec![b'2'; 1 << 20].leak();
    let many: &'static [u8] = b"250-x\r\n".repeat(1000).leak();
    let (account, _server) = serve(long, vec![]);
    assert!(matches!(connect(&account), Err(NetError::Protocol(_))));
    let (account, _server) = serve(b"220 hi\r\n", vec![("EHLO", Some(many))]);
    assert!(matches!(connect(&account), Err(NetError::Protocol(_))));
}

#[test]
fn s01_without_starttls_nothing_is_sent() {
    for hello in [
        &b"250 AUTH PLAIN\r\n"[..],
        b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
    ] {
        let (mut account, server) = serve(
            b"220 hi\r\n",
            vec![("EHLO", Some(hello)), ("STARTTLS", Some(b"554 no\r\n"))],
        );
        account.smtp.security = Security::StartTls;
        assert!(matches!(
            connect(&account),
            Err(NetError::Tls {
                fault: TlsFault::NoStartTls,
                ..
            })
        ));
        assert!(!server.join().unwrap().iter().any(|l| l.starts_with("AUTH")));
    }
}

#[test]
fn a_server_whose_tls_is_out_of_order_just_now_is_no_attack() {
    for (answer, busy) in [
        (&b"454 4.3.0 no TLS now\r\n"[..], false),
        (b"421 going\r\n", true),
    ] {
        let hello = b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
        let script = vec![("EHLO", Some(&hello[..])), ("STARTTLS", Some(answer))];
        let (mut account, server) = serve(b"220 hi\r\n", script);
        account.smtp.security = Security::StartTls;
        let error = connect(&account).unwrap_err();
        match busy {
            true => assert!(matches!(error, NetError::Busy(_)), "{error:?}"),
            false => assert!(matches!(error, NetError::Later(_)), "{error:?}"),
        }
        assert!(!server.join().unwrap().iter().any(|l| l.starts_with("AUTH")));
    }
}

#[test]
fn s03_bytes_before_the_handshake_end_it() {
    let hello = b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
    let injected =
        b"220 go\r\n250 x\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued as FAKE\r\n";
    let (mut account, server) = serve(
        b"220 hi\r\n",
        vec![("EHLO", Some(hello)), ("STARTTLS", Some(injected))],
    );
    account.smtp.security = Security::StartTls;
    assert!(matches!(
        connect(&account),
        Err(NetError::Tls {
            fault: TlsFault::Injected,
            ..
        })
    ));
    assert!(!server.join().unwrap().iter().any(|l| l.starts_with("AUTH")));
}

#[test]
fn a_wrong_password_is_told_from_a_server_that_can_not_just_now() {
    let (account, _s) = serve(
        b"220 hi\r\n",
        vec![("EHLO", Some(HELLO)), ("AUTH", Some(b"535 5.7.8 no\r\n"))],
    );
    assert!(matches!(connect(&account), Err(NetError::Auth(_))));
    let (account, _s) = serve(
        b"220 hi\r\n",
        vec![
            ("EHLO", Some(HELLO)),
            ("AUTH", Some(b"454 4.7.0 later\r\n")),
        ],
    );
    assert!(matches!(connect(&account), Err(NetError::AuthLater(_))));
}

#[test]
fn a_server_that_says_nothing_is_left() {
    let (account, _server) = serve(b"", vec![]);
    let short = Pace {
        reply: Duration::from_millis(100),
        ..pace()
    };
    let outcome = SmtpSession::connect(&account, &Secret::new("x".into()), short, Watch::default());
    assert!(matches!(outcome, Err(NetError::Timeout)));
}
