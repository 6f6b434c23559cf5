//! The two servers of an account of aerc's, and what it signs in to them with.

use crate::migrate::found::{Findings, Found, Given, Kind, Place};
use crate::migrate::words::{self, Printed, Server, Url};
use crate::model::{Auth, Security};

/// Whether mail is read from a server that is spoken to here.
pub fn source_is_server(source: &str) -> bool {
    source.split("://").next().is_some_and(|s| {
        s == "imap" || s == "imaps" || s.starts_with("imap+") || s.starts_with("imaps+")
    }) && words::url(source).is_some_and(|u| words::is_host(&u.host))
}

/// What is said of a source that is none.
pub fn elsewhere(source: &str) -> (Kind, &'static str) {
    let scheme = source.split("://").next().unwrap_or_default();
    match scheme.split('+').next().unwrap_or_default() {
        "maildir" | "maildirpp" | "mbox" | "notmuch" => (
            Kind::Yours,
            "its mail lies in files: `postrider migrate mbsync` takes the server over that they \
             come from, `postrider import` the files",
        ),
        "jmap" => (
            Kind::Yours,
            "JMAP is not spoken here; most servers that do speak IMAP too: `postrider account add`",
        ),
        _ => (Kind::NotUnderstood, "it names no server"),
    }
}

/// Takes the server for reading.
pub fn source_of(url: &Url, place: &Place, found: &mut Found, out: &mut Findings) {
    let (base, way) = url.scheme.split_once('+').unwrap_or((&url.scheme, ""));
    let security = match (base, way) {
        ("imaps", _) => Security::Tls,
        (_, "insecure") => Security::None,
        _ => Security::StartTls,
    };
    let imap = words::endpoint(Server::Imap, &url.host, url.port, security);
    if imap.security != security {
        let why = "nothing is sent in the clear to another machine: STARTTLS was chosen";
        out.note(place, "source", Kind::Otherwise, why);
    }
    found.imap = Some(imap);
    found.user.clone_from(&url.user);
    if let Some(password) = url.password.clone().filter(|_| found.given.is_nothing()) {
        found.given = Given::Clear(password);
    }
    found.auth = match way {
        "oauthbearer" => Auth::OAuthBearer,
        "xoauth2" => Auth::XOauth2,
        _ => Auth::Password,
    };
}

/// The server for sending. Beside its address: whether STARTTLS is spoken where that does not say, and
/// the program that prints its password.
pub fn outgoing(
    text: &str,
    (starttls, printed): (bool, &str),
    place: &Place,
    found: &mut Found,
    out: &mut Findings,
) {
    let Some(url) = words::url(text).filter(|u| words::is_host(&u.host)) else {
        return by_program(text, place, found, out);
    };
    let (base, way) = url.scheme.split_once('+').unwrap_or((&url.scheme, ""));
    let security = match (base, way) {
        ("smtps", _) => Security::Tls,
        (_, "insecure") => Security::None,
        ("smtp", _) if starttls => Security::StartTls,
        ("smtp", _) => Security::None,
        _ => {
            let why = "mail is sent by SMTP or a program here";
            return out.note(place, "outgoing", Kind::Yours, why);
        }
    };
    let reading = found.imap.as_ref().map_or("", |imap| imap.host.as_str());
    let here = Url {
        host: reading.to_owned(),
        user: found.user.clone(),
        ..Url::default()
    };
    let same_login = url.same_login(&here);
    let own_secret = || match words::printed(printed) {
        Printed::Given(given) => {
            let in_url = url.password.clone().map(Given::Clear).unwrap_or_default();
            let other = |given: &Given| !given.is_nothing() && !given.same(&found.given);
            [given, in_url].iter().any(other)
        }
        Printed::Holds => true,
    };
    if !url.sends_for(reading, found.login()) || (!same_login && own_secret()) {
        return out.note(place, "outgoing", Kind::Yours, words::OTHER_SENDER);
    }
    let smtp = words::endpoint(Server::Smtp, &url.host, url.port, security);
    if smtp.security != security {
        let why = "nothing is sent in the clear to another machine: STARTTLS was chosen";
        out.note(place, "outgoing", Kind::Otherwise, why);
    }
    found.smtp = Some(smtp);
    if let Some(password) = url
        .password
        .filter(|_| same_login && found.given.is_nothing())
    {
        found.given = Given::Clear(password);
    }
}

/// Mail that a program sends.
fn by_program(text: &str, place: &Place, found: &mut Found, out: &mut Findings) {
    if text.trim().is_empty() || text.contains("://") {
        let why = "it names no server for sending";
        return out.note(place, "outgoing", Kind::Yours, why);
    }
    match words::sender(text) {
        Some(sender) => {
            if sender.was_reading {
                out.note(place, "outgoing", Kind::Otherwise, words::RECIPIENTS);
            }
            found.sendmail = Some(sender.argv);
        }
        None => out.note(place, "outgoing", Kind::Yours, words::SENDING_SHELL),
    }
}

/// Takes the program that prints a password.
pub fn credentials(key: &str, text: &str, place: &Place, found: &mut Found, out: &mut Findings) {
    match words::printed(text) {
        Printed::Given(given) if given.is_nothing() => {}
        Printed::Given(given) if key == "source-cred-cmd" => found.given = given,
        // It is what the server for sending knows, which may be another's.
        Printed::Given(_) if found.given.is_nothing() => {
            out.note(place, key, Kind::Yours, words::SENDING_ONLY);
        }
        Printed::Given(given) if given.same(&found.given) => {}
        Printed::Given(_) => {
            let why = "sending has a password of its own there; here one serves for both";
            out.note(place, key, Kind::Yours, why);
        }
        Printed::Holds => {
            let why = "the command seems to hold the password itself; it was not taken";
            out.note(place, key, Kind::Yours, why);
        }
    }
}
