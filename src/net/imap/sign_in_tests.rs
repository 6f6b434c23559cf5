//! Signing in against servers that lie, stall or are simply odd (D-10 to D-12, S-01 to S-08).

use crate::model::{Account, Auth, Secret, Security};
use crate::net::error::{NetError, TlsFault};
use crate::net::imap::script::{account, connect, pace, patient, serve, session};
use crate::net::imap::{Options, Session};
use crate::net::testing::{self, Identity, Leaf, shake};
use crate::net::trace::Ring;
use std::io::{Read, Write as _};

const PATIENT: u64 = 20_000;

#[test]
fn signs_in_by_initial_response_and_believes_the_new_capabilities() {
    let (session, server) = session("MOVE UIDPLUS", |_| {});
    assert!(session.caps().has("MOVE") && !session.caps().has("SASL-IR"));
    server.join().unwrap();
}

#[test]
fn asks_for_capabilities_when_nobody_tells_them() {
    let (session, server) = connect(Security::None, PATIENT, |s| {
        s.send("* OK hello\n");
        s.expect("a1 CAPABILITY");
        s.send("* capability imap4rev1 auth=plain\na1 ok done\n");
        s.expect("a2 AUTHENTICATE PLAIN");
        s.send("* OK wait a moment\n+ \n");
        s.expect("AG1lAHBhc3M=");
        s.send("a2 OK grüß dich\n");
        s.expect("a3 CAPABILITY");
        s.send("* CAPABILITY IMAP4rev1 IDLE\na3 OK done\n");
    });
    assert!(session.unwrap().caps().has("IDLE"));
    server.join().unwrap();
}

#[test]
fn login_quotes_and_falls_back_to_literals() {
    for (password, literal) in [("p\"a\\ss", false), ("pässwörd", true)] {
        let (port, server) = serve(move |s| {
            s.send("* OK [CAPABILITY IMAP4rev1] hello\n");
            if literal {
                s.expect("l1 LOGIN {2}");
                s.send("+ go\n");
                s.expect("me {10}");
                s.send("* OK still here\n+ go\n");
                s.expect(password);
                s.send("l1 OK [CAPABILITY IMAP4rev1 IDLE] in\n");
                s.expect("a2 NOOP");
                s.send("a2 OK x\n");
            } else {
                s.expect("a1 LOGIN \"me\" \"p\\\"a\\\\ss\"");
                s.send("a1 OK [CAPABILITY IMAP4rev1 IDLE] in\n");
                s.expect("a2 NOOP");
                s.send("a2 OK x\n");
            }
        });
        let secret = Secret::new(password.into());
        let options = Options {
            pace: pace(PATIENT),
            ..Options::default()
        };
        let mut session =
            Session::connect(&account(port, Security::None), &secret, &options).unwrap();
        assert!(session.caps().has("IDLE"));
        session.noop().unwrap();
        server.join().unwrap();
    }
}

#[test]
fn d10_greetings_are_looked_at() {
    let greetings = [
        ("* BYE Too many connections\n", "Too many connections"),
        ("* NO go away\n", "go away"),
        ("* PREAUTH welcome\n", "PREAUTH"),
        ("HTTP/1.1 400 Bad Request\n", "web page"),
        ("<!doctype html><p>Welcome</p>\n", "web page"),
        ("\n", ""),
        ("* 5 EXISTS\n", ""),
        ("", ""),
    ];
    for (greeting, words) in greetings {
        let (got, server) = connect(Security::None, PATIENT, move |s| {
            s.send(greeting);
            if !greeting.is_empty() {
                assert_eq!(s.rest(), "", "after {greeting:?}");
            }
        });
        let error = got.unwrap_err().to_string();
        assert!(error.contains(words), "{greeting:?}: {error}");
        server.join().unwrap();
    }
}

#[test]
fn s08_an_endless_greeting_and_none_at_all() {
    let (got, server) = connect(Security::None, PATIENT, |s| {
        for _ in 0..40 {
            s.raw(&[b'x'; 64 << 10]);
        }
        assert_eq!(s.rest(), "");
    });
    got.unwrap_err();
    server.join().unwrap();
    let (got, server) = connect(Security::None, 50, |s| assert_eq!(s.rest(), ""));
    got.unwrap_err();
    server.join().unwrap();
}

#[test]
fn s43_a_drip_is_no_progress() {
    let (got, server) = connect(Security::None, 150, |s| {
        while s.0.get_ref().peer_addr().is_ok() {
            if std::io::Write::write_all(s.0.get_mut(), b"x").is_err() {
                break;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    });
    got.unwrap_err();
    server.join().unwrap();
}

#[test]
fn d12_challenges_without_end() {
    let (got, server) = connect(Security::None, PATIENT, |s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\n");
        s.expect("a1 AUTHENTICATE PLAIN");
        s.send("+\n");
        s.expect("AG1lAHBhc3M=");
        s.send("+ eyJzdGF0dXMiOiI0MDAifQ==\n");
        s.expect("");
        for _ in 0..50 {
            s.send("+ \n");
        }
        assert!(!s.rest().contains("AG1l"));
    });
    got.unwrap_err();
    server.join().unwrap();
}

#[test]
fn s45_no_debug_output_shows_the_password() {
    let (session, server) = session("", |_| {});
    let shown = format!("{session:?}");
    assert!(!shown.contains("pass\"") && !shown.contains("AG1lAHBhc3M"));
    server.join().unwrap();
}

#[test]
fn s45_the_last_lines_are_kept_without_the_password() {
    let (port, server) = serve(|s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\n");
        s.expect("a1 AUTHENTICATE PLAIN AG1lAHBhc3M=");
        s.send("a1 NO what is AUTHENTICATE PLAIN AG1lAHBhc3M=\n");
    });
    let ring = Ring::default();
    let options = Options {
        ring: Some(ring.clone()),
        ..Options::default()
    };
    let secret = Secret::new("pass".into());
    let error = Session::connect(&account(port, Security::None), &secret, &options).unwrap_err();
    server.join().unwrap();
    let lines = ring.lines();
    assert_eq!(
        lines[0],
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello"
    );
    assert_eq!(lines[1..], ["C: ***", "S: a1 NO"], "{lines:?}");
    let said = format!("{error} {error:?}");
    assert!(said.contains("what is AUTHENTICATE PLAIN ***"), "{said}");
}

#[test]
fn a_refused_password_is_told_in_the_servers_words() {
    let (got, server) = connect(Security::None, PATIENT, |s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\n");
        s.line();
        s.send("a1 NO [AUTHENTICATIONFAILED] Ungültiges Kennwort\n");
    });
    let error = got.unwrap_err();
    assert!(error.to_string().contains("Ungültiges Kennwort"), "{error}");
    server.join().unwrap();
}

/// Signs in by a token with a server that does this.
fn by_token(
    auth: Auth,
    token: &str,
    server: impl FnOnce(&mut crate::net::imap::script::Script) + Send + 'static,
) -> Result<Session, NetError> {
    let (port, server) = serve(server);
    let account = Account {
        auth,
        ..account(port, Security::None)
    };
    let options = Options {
        pace: pace(PATIENT),
        ..Options::default()
    };
    let done = Session::connect(&account, &Secret::new(token.into()), &options);
    server.join().unwrap();
    done
}

#[test]
fn a_token_signs_in() {
    by_token(Auth::XOauth2, "tok", |s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR] hello\n");
        s.expect("a1 AUTHENTICATE XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciB0b2sBAQ==");
        s.send("a1 OK [CAPABILITY IMAP4rev1 IDLE] in\n");
    })
    .unwrap();
    by_token(Auth::OAuthBearer, &"t".repeat(9000), |s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER SASL-IR] hello\n");
        s.expect("a1 AUTHENTICATE OAUTHBEARER");
        s.send("+ \n");
        assert!(s.line().starts_with("bixhPW1lL"));
        s.send("a1 OK [CAPABILITY IMAP4rev1 IDLE] in\n");
    })
    .unwrap();
}

#[test]
fn f55_a_refused_token_is_told_after_its_reasons_were_answered() {
    for (auth, name, answer) in [
        (Auth::XOauth2, "XOAUTH2", ""),
        (Auth::OAuthBearer, "OAUTHBEARER", "AQ=="),
    ] {
        let error = by_token(auth, "CANARY-tok", move |s| {
            s.send(&format!(
                "* OK [CAPABILITY IMAP4rev1 AUTH={name} SASL-IR] hello\n"
            ));
            assert!(s.line().starts_with("a1 AUTHENTICATE "));
            s.send("+ eyJzdGF0dXMiOiI0MDAifQ==\n");
            s.expect(answer);
            s.send("a1 NO [AUTHENTICATIONFAILED] no CANARY-tok\n");
        })
        .unwrap_err();
        assert!(matches!(error, NetError::Auth(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
}

#[test]
fn a_mechanism_that_is_not_offered_is_not_tried() {
    let error = by_token(Auth::XOauth2, "tok", |s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\n");
        assert_eq!(s.rest(), "");
    })
    .unwrap_err();
    assert!(
        error.to_string().contains("by PLAIN only, not by XOAUTH2"),
        "{error}"
    );
}

#[test]
fn logindisabled_is_obeyed() {
    let (got, server) = connect(Security::None, PATIENT, |s| {
        s.send("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello\n");
        assert_eq!(s.rest(), "");
    });
    got.unwrap_err();
    server.join().unwrap();
}

#[test]
fn s01_no_starttls_no_sign_in() {
    for answer in ["s1 BAD what\n", "s1 NO [UNAVAILABLE] later\n", "* BYE\n"] {
        let (got, server) = connect(Security::StartTls, PATIENT, move |s| {
            s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\n");
            s.expect("s1 STARTTLS");
            s.send(answer);
            if answer.starts_with("s1") {
                assert_eq!(s.rest(), "");
            }
        });
        let error = got.unwrap_err();
        let named = matches!(
            error,
            NetError::Tls {
                fault: TlsFault::NoStartTls,
                ..
            }
        );
        assert_eq!(named, answer.contains("BAD"), "{error:?}");
        server.join().unwrap();
    }
}

#[test]
fn s02_preauth_does_not_avoid_starttls() {
    let (got, server) = connect(Security::StartTls, PATIENT, |s| {
        s.send("* PREAUTH [CAPABILITY IMAP4rev1] welcome\n");
        assert_eq!(s.rest(), "");
    });
    assert!(got.unwrap_err().to_string().contains("PREAUTH"));
    server.join().unwrap();
}

#[test]
fn s03_bytes_before_the_handshake_are_refused() {
    let (got, server) = connect(Security::StartTls, PATIENT, |s| {
        s.send("* OK hello\n");
        s.expect("s1 STARTTLS");
        s.send("s1 OK go\na1 OK [CAPABILITY IMAP4rev1] in\n");
        assert_eq!(s.rest(), "");
    });
    let error = got.unwrap_err();
    assert!(
        matches!(
            error,
            NetError::Tls {
                fault: TlsFault::Injected,
                ..
            }
        ),
        "{error:?}"
    );
    server.join().unwrap();
}

#[test]
fn s03_bytes_while_the_handshake_runs_are_refused() {
    let (got, server) = connect(Security::StartTls, PATIENT, |s| {
        s.send("* OK hello\n");
        s.expect("s1 STARTTLS");
        s.send("s1 OK go\n");
        // The handshake has begun: what comes now was written by somebody in between.
        s.take(1);
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] in\na1 OK in\n");
        assert!(!s.rest().contains("AUTHENTICATE"));
    });
    let error = got.unwrap_err();
    assert!(matches!(error, NetError::Tls { .. }), "{error:?}");
    server.join().unwrap();
}

/// A line of the client's, read octet by octet so that nothing behind it is taken.
fn line_of(peer: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut octet = [0];
    while !line.ends_with(b"\r\n") && peer.read_exact(&mut octet).is_ok() {
        line.extend(octet);
    }
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

#[test]
fn s04_what_was_said_before_tls_is_forgotten_and_asked_for_again() {
    let ca = Identity::authority();
    let leaf = Leaf {
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    };
    let acceptor = ca.sign(&leaf).acceptor(None);
    let (port, server) = testing::serve(move |mut socket| {
        // In the clear anybody may speak.
        let before = [
            "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR X-BEFORE] hello",
            "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 MOVE X-BEFORE",
            "* LIST () \"/\" \"Click me!\"",
            "* 3 EXISTS",
            "* FLAGS (\\Seen X)",
            "* 1 FETCH (UID 7 FLAGS (\\Seen))",
            "* SEARCH 7",
            "* STATUS \"INBOX\" (MESSAGES 9)",
            "* OK [ALERT] call this number",
            "s1 OK [CAPABILITY IMAP4rev1 MOVE X-BEFORE] go",
        ];
        socket.write_all(before[0].as_bytes()).unwrap();
        socket.write_all(b"\r\n").unwrap();
        assert_eq!(line_of(&mut socket), "s1 STARTTLS");
        let rest = before[1..].join("\r\n") + "\r\n";
        socket.write_all(rest.as_bytes()).unwrap();
        let mut tls = shake(&acceptor, socket).unwrap();
        let mut said = Vec::new();
        loop {
            let line = line_of(&mut tls);
            let Some((tag, command)) = line.split_once(' ') else {
                return said;
            };
            let untagged = match command.split(' ').next() {
                Some("CAPABILITY") if said.is_empty() => {
                    "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n"
                }
                Some("CAPABILITY") => "* CAPABILITY IMAP4rev1 UIDPLUS\r\n",
                Some("LIST") => "* LIST () \"/\" INBOX\r\n",
                _ => "",
            };
            let answer = format!("{untagged}{tag} OK done\r\n");
            said.push(command.to_owned());
            if tls.write_all(answer.as_bytes()).is_err() {
                return said;
            }
        }
    });
    let mut account = account(port, Security::StartTls);
    let file = ca.file();
    account.ca_file = Some(file.path().to_owned());
    let secret = Secret::new("pass".into());
    let options = Options {
        pace: pace(PATIENT),
        ..Options::default()
    };
    let mut session = Session::connect(&account, &secret, &options).unwrap();
    let caps = session.caps();
    assert!(caps.has("UIDPLUS") && !caps.has("X-BEFORE") && !caps.has("MOVE"));
    assert_eq!(session.exists(), 0);
    assert_eq!(session.take_alerts(), Vec::<String>::new());
    assert!(session.take_unsolicited().is_empty());
    let list = session.list().unwrap();
    let paths: Vec<&str> = list.iter().map(|l| l.path.as_str()).collect();
    assert_eq!(paths, ["INBOX"]);
    drop(session);
    let said = server.join().unwrap();
    assert_eq!(said[0], "CAPABILITY", "{said:?}");
    assert!(said[1].starts_with("AUTHENTICATE PLAIN "), "{said:?}");
    assert_eq!(said[2], "CAPABILITY", "{said:?}");
}

#[test]
fn s05_alerts_are_kept_for_the_user_but_not_in_numbers() {
    let (mut session, server) = session("", |s| {
        s.expect("a2 NOOP");
        for n in 0..100 {
            s.send(&format!("* OK [ALERT] number {n}\n"));
        }
        s.send("* NO [REFERRAL imap://evil.example/] elsewhere\na2 OK done\n");
    });
    assert!(!session.noop().unwrap());
    assert_eq!(session.take_alerts().len(), 8);
    server.join().unwrap();
}

#[test]
fn f26_an_answer_to_another_question_ends_the_session() {
    let (mut session, server) = patient(PATIENT, "", |s| {
        s.expect("a2 NOOP");
        s.send("a3 OK done\n");
        assert_eq!(s.rest(), "");
    });
    session.noop().unwrap_err();
    assert!(session.is_dead());
    session.noop().unwrap_err();
    drop(session);
    server.join().unwrap();
}

#[test]
fn f11_a_silent_server_is_left() {
    let (mut session, server) = patient(60, "", |s| {
        s.expect("a2 NOOP");
        assert_eq!(s.rest(), "");
    });
    session.noop().unwrap_err();
    assert!(session.is_dead());
    drop(session);
    server.join().unwrap();
}
