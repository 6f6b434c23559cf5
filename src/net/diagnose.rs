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
    // No part of another word: much is migrated, generated or moderated.
    let rate = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word == "rate" || word.starts_with("ratelimit"));
    if code == "4.2.2" || code == "OVERQUOTA" || text.contains("quota") {
        &causes::FULL
    } else if ["4.7.28", "4.5.3", "4.4.5", "LIMIT"].contains(&code)
        || rate
        || ["too many", "limit"]
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
mod tests;
