//! What is said of each failure.

use super::*;
use Security::{StartTls, Tls};

fn account(port: u16, security: Security) -> Account {
    let mut account = crate::net::testing::account(port, security);
    account.imap.host = "mail.example.test".into();
    account.smtp.host.clone_from(&account.imap.host);
    account
}

fn said(reply: u16, code: &str, text: &str) -> Refusal {
    Refusal {
        reply,
        code: (!code.is_empty()).then(|| code.to_owned()),
        text: text.to_owned(),
    }
}

#[test]
fn the_usual_mistakes_have_a_remedy() {
    let lookup = NetError::Lookup {
        host: "mail.example.test".into(),
        why: "Name or service not known".into(),
    };
    let refused = NetError::Connect {
        host: "mail.example.test".into(),
        port: 1,
        refused: true,
        why: "Connection refused".into(),
    };
    let tls = |fault| NetError::tls_said(fault, "so it is");
    let auth = |reply, code, text| NetError::Auth(said(reply, code, text));
    let no = |reply, code, text| NetError::Refused(said(reply, code, text));
    let put_off = |reply, code, text| NetError::Later(said(reply, code, text));
    let app = auth(534, "5.7.9", "5.7.9 Application-specific password required");
    let basic = auth(535, "5.7.139", "5.7.139 basic authentication is disabled");
    let away = NetError::AuthLater(said(454, "4.7.0", "4.7.0 temporary"));
    let busy = NetError::Busy(said(0, "", "Too many simultaneous connections"));
    let cases: &[(NetError, u16, Security, &[&str])] = &[
        (lookup, 993, Tls, &["can't be found", "misspelt", "`host`"]),
        (refused, 1, Tls, &["nothing listens", "`port`", "465"]),
        (NetError::Timeout, 993, StartTls, &["\"tls\""]),
        (NetError::Timeout, 143, Tls, &["starttls"]),
        (NetError::Timeout, 25, StartTls, &["port 25", "587"]),
        (tls(TlsFault::Handshake), 587, Tls, &["\"starttls\""]),
        (tls(TlsFault::Name), 465, Tls, &["not the name", "SAN"]),
        (
            tls(TlsFault::Untrusted),
            465,
            Tls,
            &["`ca-file`", "`pin-sha256`"],
        ),
        (tls(TlsFault::Expired), 465, Tls, &["clock"]),
        (tls(TlsFault::Pin), 465, Tls, &["new key"]),
        (tls(TlsFault::NoStartTls), 587, StartTls, &["465"]),
        (tls(TlsFault::Injected), 587, StartTls, &["in between"]),
        (
            tls(TlsFault::ClearText),
            587,
            Security::None,
            &["this machine only"],
        ),
        (
            auth(0, "AUTHENTICATIONFAILED", "no"),
            993,
            Tls,
            &["wrong", "app password"],
        ),
        (app, 465, Tls, &["make an app password"]),
        (basic, 587, StartTls, &["OAuth"]),
        (away, 587, StartTls, &["tried again"]),
        (
            put_off(451, "4.7.1", "4.7.1 greylisted"),
            465,
            Tls,
            &["greylisting", "tried again"],
        ),
        (busy, 993, Tls, &["no more connections", "close one"]),
        (
            no(552, "5.2.2", "5.2.2 full"),
            465,
            Tls,
            &["mailbox full", "552"],
        ),
        (no(552, "5.3.4", "5.3.4 big"), 465, Tls, &["attach less"]),
        (
            no(550, "5.1.1", "5.1.1 nobody\x1b[2J"),
            465,
            Tls,
            &["no such user", "550", "nobody"],
        ),
    ];
    for (error, port, security, expected) in cases {
        let line = explain(error, &account(*port, *security), Service::Smtp).line();
        for phrase in *expected {
            assert!(line.contains(phrase), "{line:?} lacks {phrase:?}");
        }
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn what_is_said_of_a_message_is_no_failed_sign_in() {
    let line = |reply, code: &str, text: &str| {
        let error = NetError::Refused(said(reply, code, text));
        explain(&error, &account(465, Security::Tls), Service::Smtp).line()
    };
    let gmail = "5.7.0 This message was blocked because its content presents a risk";
    let yahoo = "5.7.9 Message not accepted for policy reasons";
    for (reply, code, text) in [(552, "5.7.0", gmail), (554, "5.7.9", yahoo)] {
        let told = line(reply, code, text);
        assert!(
            told.contains("policy") && !told.contains("password"),
            "{told}"
        );
        let row = standing::explained(&format!("{reply} {text}"));
        assert!(row.starts_with("against the server's policy"), "{row}");
    }
    for reply in [530, 534, 535, 538] {
        let told = line(reply, "5.7.0", "5.7.0 Authentication Required");
        assert!(told.contains("password"), "{told}");
    }
}

#[test]
fn a_word_that_holds_another_is_another() {
    let line = |text: &str| {
        let error = NetError::Later(said(451, "4.3.0", text));
        explain(&error, &account(465, Security::Tls), Service::Smtp).line()
    };
    for text in ["your mailbox is being migrated", "this list is moderated"] {
        assert!(!line(text).contains("so much at once"), "{}", line(text));
    }
    for text in [
        "sending rate exceeded",
        "ratelimited",
        "rate-limit",
        "too many messages",
    ] {
        assert!(line(text).contains("so much at once"), "{}", line(text));
    }
}

#[test]
fn sending_that_is_turned_off_is_no_locked_account() {
    let text = "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled";
    for auth in [Auth::Password, Auth::OAuth, Auth::XOauth2] {
        let mut account = account(587, Security::StartTls);
        account.auth = auth;
        let error = NetError::Auth(said(535, "5.7.139", text));
        let told = explain(&error, &account, Service::Smtp).line();
        assert!(told.contains("authenticated SMTP"), "{told}");
        assert!(!told.contains("locked"), "{told}");
    }
}

#[test]
fn a_refused_token_is_no_wrong_password() {
    let line = |auth, refusal: Refusal| {
        let mut account = account(993, Security::Tls);
        account.auth = auth;
        explain(&NetError::Auth(refusal), &account, Service::Imap).line()
    };
    let refused = || said(0, "AUTHENTICATIONFAILED", "Invalid credentials");
    let token = line(Auth::XOauth2, refused());
    assert!(
        token.contains("token") && !token.contains("app password"),
        "{token}"
    );
    let password = line(Auth::Password, refused());
    assert!(!password.contains("token"), "{password}");
    let NetError::Auth(other) = crate::net::sasl::not_offered(Auth::XOauth2, &["PLAIN"]) else {
        panic!()
    };
    let other = line(Auth::XOauth2, other);
    assert!(
        other.contains("`auth`") && !other.contains("browser"),
        "{other}"
    );
    // What has nothing to do with the token is said as ever.
    let web = line(
        Auth::OAuthBearer,
        said(0, "", "Your account is not enabled for IMAP access"),
    );
    assert!(web.contains("web site"), "{web}");
}

#[test]
fn f53_providers_are_told_by_their_servers() {
    let line = |host: &str, user: &str, refusal: Refusal| {
        let mut account = account(993, Security::Tls);
        account.imap.host = host.into();
        account.user = user.into();
        explain(&NetError::Auth(refusal), &account, Service::Imap).line()
    };
    let no = || said(0, "AUTHENTICATIONFAILED", "Invalid credentials (Failure)");
    for (host, phrase) in [
        ("imap.gmail.com", "myaccount.google.com/apppasswords"),
        ("imap.mail.yahoo.com", "login.yahoo.com"),
        ("imap.mail.me.com", "account.apple.com"),
        ("outlook.office365.com", "through the browser (OAuth)"),
    ] {
        let told = line(host, "me@example.test", no());
        assert!(told.contains(phrase), "{told}");
    }
    let short = line("mail.example.test", "me", no());
    assert!(short.contains("set `user` to the whole address"), "{short}");
    let whole = line("mail.example.test", "me@example.test", no());
    assert!(whole.contains("without what follows the @"), "{whole}");
    let often = line(
        "mail.example.test",
        "me",
        said(0, "", "Too many login failures"),
    );
    assert!(often.contains("wait half an hour"), "{often}");
    let locked = line(
        "mail.example.test",
        "me",
        said(0, "CONTACTADMIN", "Call us"),
    );
    assert!(locked.contains("locked or closed"), "{locked}");
    let later = NetError::AuthLater(said(0, "UNAVAILABLE", "LDAP is away"));
    let later = explain(&later, &account(993, Security::Tls), Service::Imap).line();
    assert!(
        later.contains("tried again") && !later.contains("password"),
        "{later}"
    );
    let expired = line("mail.example.test", "me", said(0, "EXPIRED", "old"));
    assert!(expired.contains("has expired"), "{expired}");
}

#[test]
fn s06_the_failed_check_of_a_certificate_is_named() {
    for (verdict, phrase) in [
        ("self-signed certificate", "vouches for itself"),
        ("unable to verify the first certificate", "whole chain"),
        ("unsuitable certificate purpose", "get one for servers"),
        ("CA md too weak", "renew it"),
        ("certificate revoked", "took it back"),
        ("unable to get local issuer certificate", "`ca-file`"),
        (
            "self-signed certificate in certificate chain",
            "somebody is in between",
        ),
    ] {
        let error = NetError::tls_said(TlsFault::Untrusted, verdict);
        let line = explain(&error, &account(993, Security::Tls), Service::Imap).line();
        assert!(line.contains(phrase), "{line}");
    }
}
