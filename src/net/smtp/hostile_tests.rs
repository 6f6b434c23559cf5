//! Servers, and people in between, that mean no good or do nothing well: over TLS, before it, and
//! slowly.

use super::tests::{GO, HELLO, OK, account, connect, outcomes, pace, script, send, serve};
use super::{Mail, Outcome, Pace, SmtpSession, Stage, Watch};
use crate::model::{Account, Secret, Security};
use crate::net::error::{NetError, TlsFault};
use crate::net::testing::{self, Identity, Leaf, shake};
use crate::net::trace::Ring;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const STARTTLS: &[u8] = b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";

/// The line that begins with `word`, and the answer to it; lines before it are an error.
fn answer(peer: &mut (impl Read + Write), word: &str, answer: &[u8]) -> bool {
    let mut line = Vec::new();
    let mut byte = [0];
    while peer.read_exact(&mut byte).is_ok() {
        line.push(byte[0]);
        if byte[0] == b'\n' {
            assert!(
                line.starts_with(word.as_bytes()),
                "{} instead of {word}",
                String::from_utf8_lossy(&line)
            );
            return peer.write_all(answer).is_ok();
        }
    }
    false
}

fn for_loopback() -> (Identity, Leaf) {
    let leaf = Leaf {
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    };
    (Identity::authority(), leaf)
}

/// An account that trusts `ca`; the file is gone once it has been read, so keep it.
fn secured(port: u16, security: Security, ca: &Identity) -> (Account, tempfile::NamedTempFile) {
    let file = ca.file();
    let mut account = account(port, security);
    account.ca_file = Some(file.path().to_owned());
    (account, file)
}

fn mail<'a>(recipients: &'a [&'a str]) -> Mail<'a> {
    Mail {
        from: "me@example.test",
        recipients,
        bytes: b"Subject: x\r\n\r\nx\r\n",
        ..Mail::default()
    }
}

/// A whole session and a message, as an honest server has it.
fn honest(peer: &mut (impl Read + Write)) {
    for (word, said) in [
        ("EHLO", HELLO),
        ("AUTH PLAIN ", b"235 ok\r\n"),
        ("MAIL FROM:<me@example.test>", b"250 ok\r\n"),
        ("RCPT TO:<a@x.test>", b"250 ok\r\n"),
        ("DATA", b"354 go\r\n"),
        ("Subject: x", b""),
        ("\r\n", b""),
        ("x", b""),
        (".\r\n", b"250 queued\r\n"),
    ] {
        assert!(answer(peer, word, said), "gone before {word}");
    }
}

#[test]
fn a_message_goes_out_over_tls_from_the_first_byte_and_after_starttls() {
    let (ca, leaf) = for_loopback();
    for security in [Security::Tls, Security::StartTls] {
        let acceptor = ca.sign(&leaf).acceptor(None);
        let (port, server) = testing::serve(move |mut socket| {
            if security == Security::StartTls {
                socket.write_all(b"220 hi\r\n").unwrap();
                answer(&mut socket, "EHLO", STARTTLS);
                answer(&mut socket, "STARTTLS", b"220 go\r\n");
            }
            let mut tls = shake(&acceptor, socket).unwrap();
            if security == Security::Tls {
                tls.write_all(b"220 hi\r\n").unwrap();
            }
            honest(&mut tls);
        });
        let (account, _file) = secured(port, security, &ca);
        let mut session = connect(&account).unwrap();
        let report = session.send(&mail(&["a@x.test"]), &mut |_, _| Ok::<(), String>(()));
        assert_eq!(outcomes(&report), [Outcome::Accepted], "{report:?}");
        session.quit();
        server.join().unwrap();
    }
}

#[test]
fn s06_a_wrong_certificate_gets_no_credentials() {
    let (ca, leaf) = for_loopback();
    for security in [Security::Tls, Security::StartTls] {
        // Another authority than the trusted one.
        let acceptor = Identity::authority().sign(&leaf).acceptor(None);
        let (port, server) = testing::serve(move |mut socket| {
            if security == Security::StartTls {
                socket.write_all(b"220 hi\r\n").unwrap();
                answer(&mut socket, "EHLO", STARTTLS);
                answer(&mut socket, "STARTTLS", b"220 go\r\n");
            }
            let mut got = Vec::new();
            if let Some(mut tls) = shake(&acceptor, socket) {
                let _ = tls.write_all(b"220 hi\r\n");
                let _ = tls.read_to_end(&mut got);
            }
            got
        });
        let (account, _file) = secured(port, security, &ca);
        let error = connect(&account).unwrap_err();
        assert!(
            matches!(
                error,
                NetError::Tls {
                    fault: TlsFault::Untrusted,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(server.join().unwrap(), b"");
    }
}

#[test]
fn s04_what_was_offered_before_tls_is_forgotten_and_asked_for_again() {
    let (ca, leaf) = for_loopback();
    let acceptor = ca.sign(&leaf).acceptor(None);
    let (port, server) = testing::serve(move |mut socket| {
        socket.write_all(b"220 hi\r\n").unwrap();
        // Somebody in between: signs in another way, takes nothing of that size, and more.
        let before = b"250-x\r\n250-STARTTLS\r\n250-SIZE 2\r\n250-SMTPUTF8\r\n250-X-BEFORE\r\n250 AUTH LOGIN\r\n";
        answer(&mut socket, "EHLO", before);
        answer(&mut socket, "STARTTLS", b"220 go\r\n");
        let mut tls = shake(&acceptor, socket).unwrap();
        // It is asked again, and signed in to by what is said now.
        honest(&mut tls);
    });
    let (account, _file) = secured(port, Security::StartTls, &ca);
    let mut session = connect(&account).unwrap();
    for keyword in ["X-BEFORE", "SMTPUTF8", "STARTTLS"] {
        assert!(!session.offers().has(keyword), "{keyword}");
    }
    assert_eq!(session.offers().max_size(), Some(1000));
    let report = session.send(&mail(&["a@x.test"]), &mut |_, _| Ok::<(), String>(()));
    assert_eq!(outcomes(&report), [Outcome::Accepted], "{report:?}");
    session.quit();
    server.join().unwrap();
}

#[test]
fn s03_bytes_that_come_while_the_handshake_runs_end_it() {
    let (ca, _) = for_loopback();
    let (port, server) = testing::serve(|mut socket| {
        socket.write_all(b"220 hi\r\n").unwrap();
        answer(&mut socket, "EHLO", STARTTLS);
        answer(&mut socket, "STARTTLS", b"220 go\r\n");
        // The handshake has begun: what comes now was written by somebody in between.
        let mut first = [0; 1];
        socket.read_exact(&mut first).unwrap();
        let forged =
            b"250 x\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued as FAKE\r\n";
        let _ = socket.write_all(forged);
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest);
        rest
    });
    let (account, _file) = secured(port, Security::StartTls, &ca);
    let error = connect(&account).unwrap_err();
    assert!(matches!(error, NetError::Tls { .. }), "{error:?}");
    let got = server.join().unwrap();
    assert!(!got.windows(4).any(|w| w == b"AUTH"));
}

#[test]
fn s03_an_answer_before_the_question_ends_it() {
    let (account, server) = serve(
        b"220 hi\r\n",
        vec![(
            "EHLO",
            Some(b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n220 go\r\n235 ok\r\n"),
        )],
    );
    let account = Account {
        smtp: crate::model::Endpoint {
            security: Security::StartTls,
            ..account.smtp.clone()
        },
        ..account
    };
    assert!(connect(&account).is_err());
    assert!(!server.join().unwrap().iter().any(|l| l.starts_with("AUTH")));
}

#[test]
fn d26_a_hello_of_spaces_and_a_server_without_sign_in() {
    let (account, _server) = serve(
        b"220 hi\r\n",
        vec![("EHLO", Some(b"250-   \r\n250-\r\n250\r\n"))],
    );
    assert!(matches!(connect(&account), Err(NetError::Auth(_))));
}

#[test]
fn s45_a_password_is_nowhere_even_if_the_server_says_it_back() {
    // "\0me\0CANARY" and "CANARY" as AUTH sends them.
    let (plain, word) = ("AG1lAENBTkFSWQ==", "Q0FOQVJZ");
    let (account, server) = serve(
        b"220 hi\r\n",
        vec![
            ("EHLO", Some(HELLO)),
            (
                "AUTH PLAIN",
                Some(b"535 can't read AG1lAENBTkFSWQ== or Q0FOQVJZ or CANARY\r\n"),
            ),
        ],
    );
    let ring = Ring::default();
    let mut session = SmtpSession::greet(&account, pace(), ring.clone(), Watch::default()).unwrap();
    let error = session
        .sign_in(&account, &Secret::new("CANARY".into()))
        .unwrap_err();
    let said = format!("{error} {error:?} {session:?} {:?}", ring.lines());
    assert!(said.contains("AUTH PLAIN ***") && said.contains("can't read *** or ***"));
    for canary in ["CANARY", plain, word] {
        assert!(!said.contains(canary), "{said}");
    }
    drop(session);
    assert!(server.join().unwrap().iter().any(|l| l.ends_with(plain)));
}

#[test]
fn a_drip_and_a_line_of_ten_megabytes_end() {
    let (port, server) = testing::serve(|mut socket| {
        // One octet at a time, as fast as it goes: never a whole line.
        while socket.write_all(b"2").is_ok() {}
    });
    let error = connect(&account(port, Security::None)).unwrap_err();
    assert!(matches!(error, NetError::Protocol(_)), "{error:?}");
    server.join().unwrap();

    let (port, server) = testing::serve(|mut socket| {
        let _ = socket.write_all(&vec![b'2'; 10 << 20]);
    });
    let error = connect(&account(port, Security::None)).unwrap_err();
    assert!(matches!(error, NetError::Protocol(_)), "{error:?}");
    server.join().unwrap();

    // Progress is no excuse: a reply has one deadline as a whole, long before it has too many lines.
    let (port, server) = testing::serve(|mut socket| {
        while socket.write_all(b"220-x\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let short = Pace {
        reply: Duration::from_millis(100),
        ..pace()
    };
    let error = SmtpSession::greet(
        &account(port, Security::None),
        short,
        Ring::default(),
        Watch::default(),
    );
    assert!(matches!(error, Err(NetError::Timeout)), "{error:?}");
    server.join().unwrap();
}

/// A server that takes the message up to some point, and what `end` does then.
fn until_data(
    bytes: &[u8],
    end: impl FnOnce(TcpStream) + Send + 'static,
) -> (super::SendReport, Vec<Stage>) {
    let (port, server) = testing::serve(|mut socket| {
        socket.write_all(b"220 hi\r\n").unwrap();
        answer(&mut socket, "EHLO", b"250-x\r\n250 AUTH PLAIN\r\n");
        answer(&mut socket, "AUTH", b"235 ok\r\n");
        answer(&mut socket, "MAIL", b"250 ok\r\n");
        answer(&mut socket, "RCPT", b"250 ok\r\n");
        answer(&mut socket, "DATA", b"354 go\r\n");
        end(socket);
    });
    let mut session = connect(&account(port, Security::None)).unwrap();
    let mut stages = Vec::new();
    let mail = Mail {
        bytes,
        ..mail(&["a@x.test"])
    };
    let report = session.send(&mail, &mut |stage, _| {
        stages.push(stage);
        Ok::<(), String>(())
    });
    server.join().unwrap();
    (report, stages)
}

#[test]
fn f43_cut_in_the_middle_of_a_large_message() {
    let large = b"0123456789\r\n".repeat(2_000_000);
    let (report, stages) = until_data(&large, |socket| {
        let mut some = [0; 100_000];
        BufReader::new(socket).read_exact(&mut some).unwrap();
    });
    assert_eq!(outcomes(&report), [Outcome::TryLater]);
    assert!(report.connection_lost);
    assert_eq!(stages, [Stage::Envelope, Stage::Data]);
}

#[test]
fn f43_a_server_that_does_not_read_is_left() {
    let large = b"0123456789\r\n".repeat(2_000_000);
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (report, stages) = {
        let (port, server) = testing::serve(move |mut socket| {
            socket.write_all(b"220 hi\r\n").unwrap();
            answer(&mut socket, "EHLO", HELLO_ANY_SIZE);
            answer(&mut socket, "AUTH", b"235 ok\r\n");
            answer(&mut socket, "MAIL", b"250 ok\r\n");
            answer(&mut socket, "RCPT", b"250 ok\r\n");
            answer(&mut socket, "DATA", b"354 go\r\n");
            let _ = wait.recv();
        });
        let short = Pace {
            write: Duration::from_millis(100),
            ..pace()
        };
        let account = account(port, Security::None);
        let mut session =
            SmtpSession::connect(&account, &Secret::new("x".into()), short, Watch::default())
                .unwrap();
        let mut stages = Vec::new();
        let mail = Mail {
            bytes: &large,
            ..mail(&["a@x.test"])
        };
        let report = session.send(&mail, &mut |stage, _| {
            stages.push(stage);
            Ok::<(), String>(())
        });
        drop(go);
        server.join().unwrap();
        (report, stages)
    };
    assert_eq!(outcomes(&report), [Outcome::TryLater]);
    assert!(
        matches!(report.error, Some(NetError::Timeout)),
        "{report:?}"
    );
    assert!(report.connection_lost && !stages.contains(&Stage::Dot));
}

const HELLO_ANY_SIZE: &[u8] = b"250-x\r\n250 AUTH PLAIN\r\n";

#[test]
fn f44_a_server_that_hangs_up_after_the_dot_leaves_doubt() {
    let (report, stages) = until_data(b"x\r\n", |socket| {
        let lines = BufReader::new(socket).lines();
        let _ = lines
            .take_while(|l| l.as_ref().is_ok_and(|l| l != "."))
            .count();
    });
    assert_eq!(outcomes(&report), [Outcome::Unknown]);
    assert!(report.connection_lost);
    assert_eq!(stages, [Stage::Envelope, Stage::Data, Stage::Dot]);
}

#[test]
fn too_many_recipients_in_old_words_means_later() {
    let (report, ..) = send(
        vec![
            ("MAIL", OK),
            ("RCPT", OK),
            ("RCPT", Some(b"552 5.5.3 too many recipients\r\n")),
            ("DATA", GO),
            (".", OK),
        ],
        &["a@x.test", "b@x.test"],
    );
    assert_eq!(outcomes(&report), [Outcome::Accepted, Outcome::TryLater]);
    assert!(!report.connection_lost);
}

#[test]
fn who_found_no_room_in_a_transaction_goes_with_the_next() {
    let crowded: Option<&[u8]> = Some(b"452 4.5.3 too many recipients\r\n");
    let later: Option<&[u8]> = Some(b"450 4.2.0 greylisted\r\n");
    let refused: Option<&[u8]> = Some(b"550 5.1.1 no\r\n");
    for (second, third, end, goes_on) in [
        (crowded, crowded, OK, true),
        (later, crowded, OK, true),
        (later, later, OK, false),
        // Nobody has it: there is no progress to go on from.
        (crowded, crowded, Some(&b"450 4.2.0 later\r\n"[..]), false),
        (refused, crowded, OK, false),
    ] {
        let (report, ..) = send(
            vec![
                ("MAIL", OK),
                ("RCPT", OK),
                ("RCPT", second),
                ("RCPT", third),
                ("RSET", OK),
                ("DATA", GO),
                (".", end),
            ],
            &["a@x.test", "b@x.test", "c@x.test"],
        );
        assert_eq!(report.goes_on(), goes_on, "{report:?}");
    }
}

#[test]
fn a_connection_that_can_not_be_reset_is_not_used_again() {
    let (report, _, lines) = send(
        vec![
            ("MAIL", OK),
            ("RCPT", Some(b"550 5.1.1 no\r\n")),
            ("RSET", Some(b"421 bye\r\n")),
        ],
        &["a@x.test"],
    );
    assert_eq!(outcomes(&report), [Outcome::Refused]);
    assert!(report.connection_lost);
    assert!(!lines.contains(&"QUIT".to_owned()), "{lines:?}");
}

#[test]
fn f49_a_domain_in_another_script_needs_nothing_of_the_server() {
    let (report, _, lines) = send(
        vec![("MAIL", OK), ("RCPT", OK), ("DATA", GO), (".", OK)],
        &["anna@b\u{fc}cher.test"],
    );
    assert_eq!(outcomes(&report), [Outcome::Accepted]);
    assert_eq!(report.recipients[0].address, "anna@b\u{fc}cher.test");
    assert!(
        lines.contains(&"RCPT TO:<anna@xn--bcher-kva.test>".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn no_address_smuggles_a_command() {
    for evil in [
        "a@x.test>\r\nRCPT TO:<b@x.test",
        "a\r\n@x.test",
        "\"a\r\nDATA\"@x.test",
        "a@x.test\0",
        "<a@x.test>",
        "a@[127.0.0.1]\r\nQUIT",
        "",
    ] {
        let (account, server) = serve(b"220 hi\r\n", script(vec![("MAIL", OK), ("RSET", OK)]));
        let mut session = connect(&account).unwrap();
        let report = session.send(&mail(&[evil]), &mut |_, _| Ok::<(), String>(()));
        assert_eq!(outcomes(&report), [Outcome::Refused], "{evil:?}");
        session.quit();
        let lines = server.join().unwrap();
        assert!(
            !lines.iter().any(|l| l.starts_with("RCPT") || l == "DATA"),
            "{lines:?}"
        );
    }
}
