//! An error in plain words: what happened, why it usually does, what to do. The same text serves
//! the status line, the outbox, `doctor` and setting up an account. The causes are a table of their
//! own ([`causes`]), which the documentation holds too.

use crate::lang::{self, tr};
use crate::model::{Account, Auth, Endpoint, Security, standing};
use crate::net::causes::{self, Cause};
use crate::net::discover::{Provider, Providers};
use crate::net::error::{NetError, Refusal, TlsFault};
use crate::text::Clean;

pub use crate::model::{Service, checkup::Advice};

/// Explains an error of one of an account's servers.
pub fn explain(error: &NetError, account: &Account, service: Service) -> Advice {
    told(error, account, service, |cause| cause.todo(service))
}

/// The same while the account is set up, where nothing is tried again by itself.
pub fn explain_here(error: &NetError, account: &Account, service: Service) -> Advice {
    told(error, account, service, |cause| cause.here(service))
}

fn told(
    error: &NetError,
    account: &Account,
    service: Service,
    todo: impl Fn(&Cause) -> String,
) -> Advice {
    let endpoint = service.endpoint(account);
    let host = Clean::line(&endpoint.host);
    let place = tr!("{host} port {port}", host, port = endpoint.port);
    let advise = |what: String, cause: &Cause| Advice::new(what, cause.why(), todo(cause));
    match error {
        NetError::Lookup { why, .. } => advise(
            tr!(
                "the name {host} can't be found ({why})",
                host,
                why = Clean::line(why)
            ),
            &causes::NO_NAME,
        ),
        NetError::Connect { refused: true, .. } => {
            advise(tr!("nothing listens at {place}", place), &causes::REFUSED)
        }
        NetError::Connect { .. } | NetError::Timeout if endpoint.port == 25 => {
            advise(tr!("{place} does not answer", place), &causes::PORT_25)
        }
        NetError::Connect { why, .. } => advise(
            tr!(
                "{place} can't be reached ({why})",
                place,
                why = Clean::line(why)
            ),
            &causes::UNREACHABLE,
        ),
        NetError::Timeout => advise(tr!("{place} does not answer", place), hang(endpoint)),
        NetError::Cut(why) => advise(
            tr!(
                "the connection to {place} was cut ({why})",
                place,
                why = Clean::line(why)
            ),
            &causes::CUT,
        ),
        NetError::Tls { fault, why } => advise(
            tr!(
                "no secure connection to {host}: {why}",
                host,
                why = Clean::line(lang::told(why))
            ),
            tls(*fault, why, endpoint),
        ),
        NetError::Auth(refusal) => sign_in(refusal, account, endpoint, service),
        NetError::AuthLater(refusal) => advise(
            tr!(
                "{host} can't sign anybody in just now ({said})",
                host,
                said = words(refusal)
            ),
            &causes::SIGN_IN_LATER,
        ),
        NetError::Busy(refusal) => {
            let said = words(refusal);
            match error.is_connection_limit() {
                true => advise(
                    tr!("{host} allows no more connections ({said})", host, said),
                    &causes::CONNECTIONS,
                ),
                false => advise(tr!("{host} is busy ({said})", host, said), &causes::BUSY),
            }
        }
        NetError::TurnedAway(refusal) => advise(
            tr!("{host} turns us away ({said})", host, said = words(refusal)),
            &causes::TURNED_AWAY,
        ),
        NetError::Later(refusal) => advise(
            tr!("the server puts it off ({said})", said = words(refusal)),
            later(refusal),
        ),
        NetError::Refused(refusal) => refused(refusal),
        NetError::Web => advise(
            tr!(
                "a web page answers at {place} in the mail server's place; nothing was sent",
                place
            ),
            &causes::PORTAL,
        ),
        NetError::Protocol(why) => advise(
            tr!(
                "{place} said something that can't be understood ({why})",
                place,
                why = Clean::line(why)
            ),
            &causes::NOT_MAIL,
        ),
        NetError::Unsendable(why) => Advice::new(Clean::line(lang::told(why)).as_str(), "", ""),
        NetError::Woken => Advice::new(tr!("interrupted"), "", ""),
    }
}

fn words(refusal: &Refusal) -> String {
    let text = Clean::line(&refusal.text);
    match refusal.reply {
        0 => text.to_string(),
        code => format!("{code} {text}"),
    }
}

/// A server that waits for a handshake says nothing to a client that waits for a greeting.
fn hang(endpoint: &Endpoint) -> &'static Cause {
    match endpoint.security {
        Security::StartTls | Security::None if matches!(endpoint.port, 993 | 465) => {
            &causes::TLS_FIRST
        }
        Security::Tls if matches!(endpoint.port, 143 | 587 | 25) => &causes::CLEAR_FIRST,
        _ => &causes::SILENT,
    }
}

fn tls(fault: TlsFault, why: &str, endpoint: &Endpoint) -> &'static Cause {
    match fault {
        TlsFault::Name => &causes::NAME,
        TlsFault::Untrusted => untrusted(why),
        TlsFault::Expired => &causes::EXPIRED,
        TlsFault::Pin => &causes::PIN,
        TlsFault::Handshake => match hang(endpoint) {
            hang if *hang == causes::CLEAR_FIRST => hang,
            _ => &causes::HANDSHAKE,
        },
        TlsFault::NoStartTls => &causes::NO_STARTTLS,
        TlsFault::Injected => &causes::INJECTED,
        TlsFault::ClearText => &causes::CLEAR_TEXT,
        TlsFault::Anchor => &causes::ANCHOR,
    }
}

/// Which check of a certificate failed, by OpenSSL's verdict.
pub(super) fn untrusted(verdict: &str) -> &'static Cause {
    let verdict = verdict.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| verdict.contains(phrase));
    if says(&["purpose"]) {
        &causes::PURPOSE
    } else if says(&["too weak", "too small"]) {
        &causes::WEAK
    } else if says(&["revoked"]) {
        &causes::REVOKED
    } else if says(&["in certificate chain"]) {
        &causes::UNTRUSTED
    } else if says(&["self-signed", "self signed"]) {
        &causes::SELF_SIGNED
    } else if says(&["first certificate"]) {
        &causes::HALF_CHAIN
    } else {
        &causes::UNTRUSTED
    }
}

/// Whether signing in was refused because sending through this server is turned off for the mailbox or
/// its organisation, whatever the password (Exchange Online, `535 5.7.139`).
pub fn is_sending_off(refusal: &Refusal) -> bool {
    let text = refusal.text.to_ascii_lowercase();
    text.contains("smtpclientauthentication is disabled")
}

/// Why signing in failed. Providers say in words and codes of their own what they want instead.
fn sign_in(refusal: &Refusal, account: &Account, endpoint: &Endpoint, service: Service) -> Advice {
    let code = refusal.code.as_deref().unwrap_or("");
    let text = refusal.text.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    let token = account.auth != Auth::Password;
    let known = Providers::built_in();
    let provider = known
        .near_host(&endpoint.host)
        .filter(|p| p.refuses_passwords());
    let cause = if is_sending_off(refusal) {
        &causes::SENDING_OFF
    } else if token && says(&["not by ", "no way to sign in"]) {
        &causes::NO_TOKENS
    } else if !token
        && (code == "5.7.9" || says(&["app password", "application-specific", "app-specific"]))
    {
        &causes::APP_PASSWORD
    } else if !token && (code == "5.7.139" || says(&["basic authentication is disabled", "oauth"]))
    {
        &causes::OAUTH
    } else if says(&[
        "web browser",
        "webmail",
        "web login",
        "imap access",
        "not enabled",
    ]) {
        &causes::WEB_FIRST
    } else if !token && code == "EXPIRED" {
        &causes::PASSWORD_EXPIRED
    } else if says(&["too many", "rate limit", "try again later"]) {
        &causes::TOO_OFTEN
    } else if code == "CONTACTADMIN" || says(&["disabled", "suspended", "locked", "blocked"]) {
        &causes::LOCKED
    } else if says(&["by password", "no way to sign in", "logindisabled"]) {
        &causes::NO_PASSWORDS
    } else if account.auth == Auth::OAuth {
        &causes::BROWSER
    } else if token {
        &causes::TOKEN
    } else if provider.is_some_and(Provider::wants_browser) {
        &causes::OAUTH
    } else if provider.is_some() {
        &causes::APP_PASSWORD
    } else {
        &causes::PASSWORD
    };
    let mut todo = cause.todo(service);
    if *cause == causes::APP_PASSWORD
        && let Some(provider) = provider
    {
        let name = &provider.name;
        todo = match provider.app_password_page() {
            Some(page) => tr!("{todo}: {name} makes them at {page}", todo, name, page),
            None => tr!("{todo}: {name} makes them at its web site", todo, name),
        };
    }
    if *cause == causes::PASSWORD {
        let form = match account.user.contains('@') {
            true => &causes::USER_WHOLE,
            false => &causes::USER_SHORT,
        };
        todo = format!("{todo}; {}: {}", form.why(), form.todo(service));
    }
    Advice::new(
        tr!(
            "{host} did not let us in ({said})",
            host = Clean::line(&endpoint.host),
            said = words(refusal)
        ),
        cause.why(),
        todo,
    )
}

fn later(refusal: &Refusal) -> &'static Cause {
    let code = refusal.code.as_deref().unwrap_or("");
    let text = refusal.text.to_ascii_lowercase();
    if code == "4.2.2" || code == "OVERQUOTA" || text.contains("quota") {
        &causes::FULL
    } else if ["4.7.28", "4.5.3", "4.4.5", "LIMIT"].contains(&code)
        || ["rate", "too many", "limit"]
            .iter()
            .any(|phrase| text.contains(phrase))
    {
        &causes::RATE
    } else if text.contains("grey") || text.contains("gray") || matches!(refusal.reply, 450 | 451) {
        &causes::GREY
    } else {
        &causes::LATER
    }
}

fn refused(refusal: &Refusal) -> Advice {
    let said = words(refusal);
    let policy = refusal
        .code
        .as_deref()
        .is_some_and(|c| c.starts_with("5.7."));
    let reply = if policy { refusal.reply } else { 0 };
    let meant = standing::meaning(refusal.code.as_deref(), reply).unwrap_or("");
    let (why, todo) = match refusal.code.as_deref() {
        Some("5.1.0" | "5.1.1" | "5.1.2" | "5.1.3" | "5.1.10") => (meant, tr!("check the address")),
        Some("5.1.8" | "5.7.60") => (causes::SENDER.why(), lang::of(causes::SENDER.todo)),
        Some("5.2.1") => (meant, tr!("ask its owner in another way")),
        Some("5.2.2" | "4.2.2") => (meant, tr!("try later, or ask its owner in another way")),
        Some("5.2.3" | "5.3.4") => (meant, tr!("attach less")),
        Some("5.7.26" | "5.7.23") => (meant, lang::of(causes::WRONG_SERVER.todo)),
        Some("5.4.5" | "5.7.28") => (meant, tr!("send the rest tomorrow")),
        Some("5.7.0" | "5.7.8" | "5.7.9") if matches!(refusal.reply, 530 | 534 | 535 | 538) => (
            tr!("signing in is needed or failed"),
            tr!("check `user` and the password"),
        ),
        Some(code) if code.starts_with("5.7.") => (meant, tr!("its words say more")),
        Some("OVERQUOTA") => (
            causes::ACCOUNT_FULL.why(),
            lang::of(causes::ACCOUNT_FULL.todo),
        ),
        Some("TRYCREATE" | "NONEXISTENT") => (
            tr!("there is no such mailbox"),
            tr!("it may have been renamed elsewhere"),
        ),
        Some("NOPERM" | "CANNOT" | "READ-ONLY") => (tr!("the account may not do that there"), ""),
        _ => (meant, ""),
    };
    Advice::new(tr!("the server refused ({said})", said), why, todo)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let app = said(534, "5.7.9", "5.7.9 Application-specific password required");
        let cases: &[(NetError, u16, Security, &[&str])] = &[
            (
                lookup,
                993,
                Security::Tls,
                &["can't be found", "misspelt", "`host`"],
            ),
            (
                refused,
                1,
                Security::Tls,
                &["nothing listens", "`port`", "465"],
            ),
            (NetError::Timeout, 993, Security::StartTls, &["\"tls\""]),
            (NetError::Timeout, 143, Security::Tls, &["starttls"]),
            (
                NetError::Timeout,
                25,
                Security::StartTls,
                &["port 25", "587"],
            ),
            (
                tls(TlsFault::Handshake),
                587,
                Security::Tls,
                &["\"starttls\""],
            ),
            (
                tls(TlsFault::Name),
                465,
                Security::Tls,
                &["not the name", "SAN"],
            ),
            (
                tls(TlsFault::Untrusted),
                465,
                Security::Tls,
                &["`ca-file`", "`pin-sha256`"],
            ),
            (tls(TlsFault::Expired), 465, Security::Tls, &["clock"]),
            (tls(TlsFault::Pin), 465, Security::Tls, &["new key"]),
            (tls(TlsFault::NoStartTls), 587, Security::StartTls, &["465"]),
            (
                tls(TlsFault::Injected),
                587,
                Security::StartTls,
                &["in between"],
            ),
            (
                tls(TlsFault::ClearText),
                587,
                Security::None,
                &["this machine only"],
            ),
            (
                NetError::Auth(said(0, "AUTHENTICATIONFAILED", "no")),
                993,
                Security::Tls,
                &["wrong", "app password"],
            ),
            (
                NetError::Auth(app),
                465,
                Security::Tls,
                &["make an app password"],
            ),
            (
                NetError::Auth(said(
                    535,
                    "5.7.139",
                    "5.7.139 basic authentication is disabled",
                )),
                587,
                Security::StartTls,
                &["OAuth"],
            ),
            (
                NetError::AuthLater(said(454, "4.7.0", "4.7.0 temporary")),
                587,
                Security::StartTls,
                &["tried again"],
            ),
            (
                NetError::Later(said(451, "4.7.1", "4.7.1 greylisted")),
                465,
                Security::Tls,
                &["greylisting", "tried again"],
            ),
            (
                NetError::Busy(said(0, "", "Too many simultaneous connections")),
                993,
                Security::Tls,
                &["no more connections", "close one"],
            ),
            (
                NetError::Refused(said(552, "5.2.2", "5.2.2 full")),
                465,
                Security::Tls,
                &["mailbox full", "552"],
            ),
            (
                NetError::Refused(said(552, "5.3.4", "5.3.4 big")),
                465,
                Security::Tls,
                &["attach less"],
            ),
            (
                NetError::Refused(said(550, "5.1.1", "5.1.1 nobody\x1b[2J")),
                465,
                Security::Tls,
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
}
