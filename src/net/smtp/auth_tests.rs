//! Signing in by access token, and what a refusal means (F-53 to F-55, S-45).

use super::tests::{pace, serve};
use super::{SmtpSession, Watch};
use crate::model::{Account, Auth, Secret};
use crate::net::error::NetError;
use crate::net::trace::Ring;

/// The reasons that a server gives in its challenge: `{"status":"400"}`.
const REASONS: &[u8] = b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n";

fn sign_in(
    auth: Auth,
    token: &str,
    script: super::tests::Script,
) -> (Result<(), NetError>, Vec<String>, String) {
    let (plain, server) = serve(b"220 hi\r\n", script);
    let account = Account { auth, ..plain };
    let ring = Ring::default();
    let mut session = SmtpSession::greet(&account, pace(), ring.clone(), Watch::default()).unwrap();
    let done = session.sign_in(&account, &Secret::new(token.into()));
    let shown = format!("{done:?} {session:?} {:?}", ring.lines());
    drop(session);
    (done, server.join().unwrap(), shown)
}

fn offers(auth: &'static [u8]) -> (&'static str, Option<&'static [u8]>) {
    ("EHLO", Some(auth))
}

#[test]
fn a_token_goes_out_with_the_command() {
    let hello = offers(b"250-x\r\n250 AUTH PLAIN XOAUTH2 OAUTHBEARER\r\n");
    let (done, lines, shown) = sign_in(
        Auth::XOauth2,
        "CANARY-tok",
        vec![hello, ("AUTH", Some(b"235 ok\r\n"))],
    );
    done.unwrap();
    // user=me^Aauth=Bearer CANARY-tok^A^A
    let word = "dXNlcj1tZQFhdXRoPUJlYXJlciBDQU5BUlktdG9rAQE=";
    assert_eq!(lines[1], format!("AUTH XOAUTH2 {word}"));
    assert!(
        !shown.contains(word) && !shown.contains("CANARY"),
        "{shown}"
    );

    let hello = offers(b"250-x\r\n250 AUTH OAUTHBEARER\r\n");
    let (done, lines, _) = sign_in(
        Auth::OAuthBearer,
        "tok",
        vec![hello, ("AUTH", Some(b"235 ok\r\n"))],
    );
    done.unwrap();
    assert!(
        lines[1].starts_with("AUTH OAUTHBEARER bixhPW1lL"),
        "{lines:?}"
    );
}

#[test]
fn a_long_token_goes_out_once_it_is_asked_for() {
    let token = "t".repeat(2000);
    let hello = offers(b"250-x\r\n250 AUTH XOAUTH2\r\n");
    let (done, lines, _) = sign_in(
        Auth::XOauth2,
        &token,
        vec![
            hello,
            ("AUTH", Some(b"334 \r\n")),
            ("dXNlcj1tZQ", Some(b"235 ok\r\n")),
        ],
    );
    done.unwrap();
    assert_eq!(lines[1], "AUTH XOAUTH2");
    assert!(lines[2].len() > 2000);
}

#[test]
fn f55_the_reasons_of_a_refusal_are_answered_and_the_refusal_is_told() {
    for (auth, name, answer) in [
        (Auth::XOauth2, "AUTH XOAUTH2", ""),
        (Auth::OAuthBearer, "AUTH OAUTHBEARER", "AQ=="),
    ] {
        let hello = offers(b"250-x\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n");
        let (done, lines, shown) = sign_in(
            auth,
            "CANARY-tok",
            vec![
                hello,
                (name, Some(REASONS)),
                (answer, Some(b"535 5.7.8 refused: CANARY-tok\r\n")),
            ],
        );
        let error = done.unwrap_err();
        assert!(matches!(error, NetError::Auth(_)), "{error:?}");
        assert_eq!(lines[2], answer);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

#[test]
fn f54_a_server_that_can_not_just_now_is_told_from_a_wrong_token() {
    let hello = || offers(b"250-x\r\n250 AUTH XOAUTH2\r\n");
    let later = Some(&b"454 4.7.0 the token can't be checked now\r\n"[..]);
    let (done, ..) = sign_in(Auth::XOauth2, "tok", vec![hello(), ("AUTH", later)]);
    assert!(matches!(done, Err(NetError::AuthLater(_))), "{done:?}");
    let bye = Some(&b"421 4.3.2 bye\r\n"[..]);
    let (done, ..) = sign_in(Auth::XOauth2, "tok", vec![hello(), ("AUTH", bye)]);
    assert!(matches!(done, Err(NetError::Busy(_))), "{done:?}");
}

#[test]
fn questions_without_end_and_a_mechanism_that_is_not_there() {
    let mut endless = vec![
        offers(b"250-x\r\n250 AUTH XOAUTH2\r\n"),
        ("AUTH", Some(REASONS)),
    ];
    endless.extend([("", Some(REASONS)); 20]);
    let (done, lines, _) = sign_in(Auth::XOauth2, "tok", endless);
    assert!(matches!(done, Err(NetError::Protocol(_))), "{done:?}");
    assert!(lines.len() < 8, "{lines:?}");

    let (done, lines, _) = sign_in(
        Auth::OAuthBearer,
        "tok",
        vec![offers(b"250-x\r\n250 AUTH PLAIN LOGIN\r\n")],
    );
    let said = done.unwrap_err().to_string();
    assert!(
        said.contains("by PLAIN, LOGIN only, not by OAUTHBEARER"),
        "{said}"
    );
    assert!(!lines.iter().any(|l| l.starts_with("AUTH")));
}

#[test]
fn a_password_goes_by_login_where_there_is_nothing_else() {
    let script = vec![
        offers(b"250-x\r\n250 AUTH LOGIN\r\n"),
        ("AUTH LOGIN", Some(&b"334 VXNlcm5hbWU6\r\n"[..])),
        ("bWU=", Some(b"334 UGFzc3dvcmQ6\r\n")),
        ("cHc=", Some(b"235 ok\r\n")),
    ];
    let (done, ..) = sign_in(Auth::Password, "pw", script);
    done.unwrap();
    // An account that wants a password is not signed in by a token's mechanism.
    let only = vec![offers(b"250-x\r\n250 AUTH XOAUTH2\r\n")];
    let (done, lines, _) = sign_in(Auth::Password, "pw", only);
    let said = done.unwrap_err().to_string();
    assert!(said.contains("not by password"), "{said}");
    assert_eq!(lines.len(), 1);
}
