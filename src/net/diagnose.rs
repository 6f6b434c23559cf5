//! An error in plain words: what happened, why it usually does, what to do. The same text serves
//! the status line, the outbox, `doctor` and setting up an account.

use crate::model::{Account, Auth, Endpoint, Security, standing};
use crate::net::error::{NetError, Refusal, TlsFault};
use crate::text::Clean;

/// Which kind of server an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Reading mail.
    Imap,
    /// Sending mail.
    Smtp,
}

impl Service {
    /// Where the account's server of this kind is.
    pub fn endpoint(self, account: &Account) -> &Endpoint {
        match self {
            Service::Imap => &account.imap,
            Service::Smtp => &account.smtp,
        }
    }
}

/// What to tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What happened, with the server's own words. Clean.
    pub what: String,
    /// Why it usually does; empty if the first says it all.
    pub why: String,
    /// What to do.
    pub todo: String,
}

impl Advice {
    fn new(what: impl Into<String>, why: &str, todo: impl Into<String>) -> Advice {
        Advice {
            what: what.into(),
            why: why.to_owned(),
            todo: todo.into(),
        }
    }

    /// All of it on one line.
    pub fn line(&self) -> String {
        [self.what.as_str(), &self.why, &self.todo]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// Explains an error of one of an account's servers.
pub fn explain(error: &NetError, account: &Account, service: Service) -> Advice {
    let endpoint = service.endpoint(account);
    let place = format!("{} port {}", Clean::line(&endpoint.host), endpoint.port);
    match error {
        NetError::Lookup { why, .. } => Advice::new(
            format!(
                "the name {} can't be found ({})",
                Clean::line(&endpoint.host),
                Clean::line(why)
            ),
            "the network is down, or the name is misspelt",
            "check the network, then `host` in config.toml",
        ),
        NetError::Connect { refused: true, .. } => Advice::new(
            format!("nothing listens at {place}"),
            "the port is wrong, or the server is down",
            format!("check `port`: {}", usual_ports(service)),
        ),
        NetError::Connect { .. } | NetError::Timeout if endpoint.port == 25 => Advice::new(
            format!("{place} does not answer"),
            "port 25 is for servers among themselves, and most networks block it",
            format!("set another `port`: {}", usual_ports(service)),
        ),
        NetError::Connect { why, .. } => Advice::new(
            format!("{place} can't be reached ({})", Clean::line(why)),
            "the network is down, or a firewall swallows the connection",
            "check the network; some networks block mail ports",
        ),
        NetError::Timeout => Advice::new(
            format!("{place} does not answer"),
            hang_reason(endpoint),
            "it is tried again; if it goes on, check `port` and `security`",
        ),
        NetError::Cut(why) => Advice::new(
            format!("the connection to {place} was cut ({})", Clean::line(why)),
            "",
            "it is tried again",
        ),
        NetError::Tls { fault, why } => tls(*fault, why, endpoint),
        NetError::Auth(refusal) => sign_in(refusal, account.auth, endpoint),
        NetError::AuthLater(refusal) => Advice::new(
            format!(
                "{} can't sign anybody in just now ({})",
                Clean::line(&endpoint.host),
                words(refusal)
            ),
            "the server is busy or being mended",
            "it is tried again",
        ),
        NetError::Busy(refusal) => busy(refusal, endpoint),
        NetError::Later(refusal) => later(refusal),
        NetError::Refused(refusal) => refused(refusal),
        NetError::Web => Advice::new(
            format!("a web page answers at {place} in the mail server's place; nothing was sent"),
            "this network wants to be signed in to first, or the port is not for mail",
            format!(
                "open a web page in a browser and sign in to the network, then try again; if it goes on, check `port`: {}",
                usual_ports(service)
            ),
        ),
        NetError::Protocol(why) => Advice::new(
            format!(
                "{place} said something that can't be understood ({})",
                Clean::line(why)
            ),
            "another kind of server listens there, or `security` does not fit the port",
            format!("check `port` and `security`: {}", usual_ports(service)),
        ),
        NetError::Unsendable(why) => Advice::new(Clean::line(why).as_str(), "", ""),
        NetError::Woken => Advice::new("interrupted", "", ""),
    }
}

fn words(refusal: &Refusal) -> String {
    let text = Clean::line(&refusal.text);
    match refusal.reply {
        0 => text.to_string(),
        code => format!("{code} {text}"),
    }
}

fn usual_ports(service: Service) -> &'static str {
    match service {
        Service::Imap => "IMAP is usually 993 with \"tls\", or 143 with \"starttls\"",
        Service::Smtp => "sending is usually 465 with \"tls\", or 587 with \"starttls\"",
    }
}

/// A server that waits for a handshake says nothing to a client that waits for a greeting.
fn hang_reason(endpoint: &Endpoint) -> &'static str {
    match endpoint.security {
        Security::StartTls | Security::None if matches!(endpoint.port, 993 | 465) => {
            "this port speaks TLS from the first byte: `security` should be \"tls\""
        }
        Security::Tls if matches!(endpoint.port, 143 | 587 | 25) => {
            "this port begins in the clear: `security` should be \"starttls\""
        }
        _ => "the server or the network is slow or down",
    }
}

fn tls(fault: TlsFault, why: &str, endpoint: &Endpoint) -> Advice {
    let why = Clean::line(why);
    let host = Clean::line(&endpoint.host);
    let (reason, todo) = match fault {
        TlsFault::Name => (
            "`host` is not the name that the server is known by, or this network answers in its place until one has signed in to it, or somebody is in between",
            "sign in to the network if it asks for it; use the name that the provider gives; if the server is your own, get it a certificate with this name in its SAN",
        ),
        TlsFault::Untrusted => (
            "the server is private, or this network answers in its place until one has signed in to it, or somebody is in between",
            "for a private authority set `ca-file`; for a single key set `pin-sha256` on the endpoint",
        ),
        TlsFault::Expired => (
            "",
            "check this machine's clock; otherwise the server's owner must renew it",
        ),
        TlsFault::Pin => (
            "the server got a new key, or somebody is in between",
            "ask the server's owner; only then change `pin-sha256`",
        ),
        TlsFault::Handshake => (
            match (endpoint.security, endpoint.port) {
                (Security::Tls, 143 | 587 | 25) => hang_reason(endpoint),
                _ => {
                    "the port does not speak TLS from the first byte, or only versions before TLS 1.2"
                }
            },
            "check `port` and `security`",
        ),
        TlsFault::NoStartTls => (
            "the server can't do TLS on this port, or somebody took the offer out",
            "use the port with TLS from the first byte (993 for IMAP, 465 for sending)",
        ),
        TlsFault::Injected => (
            "somebody is in between, or the server is broken",
            "use the port with TLS from the first byte",
        ),
        TlsFault::ClearText => (
            "`security = \"none\"` is for this machine only",
            "use \"tls\" or \"starttls\"",
        ),
        TlsFault::Anchor => ("", "check `ca-file`"),
    };
    Advice::new(
        format!("no secure connection to {host}: {why}"),
        reason,
        todo,
    )
}

/// Why signing in failed. Providers say in words and codes of their own what they want instead.
fn sign_in(refusal: &Refusal, auth: Auth, endpoint: &Endpoint) -> Advice {
    let code = refusal.code.as_deref().unwrap_or("");
    let text = refusal.text.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    let token = auth != Auth::Password;
    let (why, todo) = if token && says(&["not by ", "no way to sign in"]) {
        (
            "the server takes no access tokens of this kind here",
            "check `auth` in config.toml, then `port` and `security`",
        )
    } else if !token
        && (code == "5.7.9" || says(&["app password", "application-specific", "app-specific"]))
    {
        (
            "the provider takes no account password from mail programs",
            "make an app password at the provider and use that",
        )
    } else if !token && (code == "5.7.139" || says(&["basic authentication is disabled", "oauth"]))
    {
        (
            "the provider wants a sign-in through the browser (OAuth), not a password",
            "see whether the provider offers app passwords, or ask who runs it to allow passwords",
        )
    } else if says(&[
        "web browser",
        "webmail",
        "web login",
        "imap access",
        "not enabled",
    ]) {
        (
            "the provider wants something done on its web site first, such as allowing IMAP",
            "sign in there once, look for its settings for mail programs",
        )
    } else if !token && code == "EXPIRED" {
        (
            "the password has expired",
            "set a new one at the provider, then give it here",
        )
    } else if code == "CONTACTADMIN" || says(&["disabled", "suspended", "locked", "blocked"]) {
        (
            "the account is locked or closed",
            "ask who runs the server; trying again may make it worse",
        )
    } else if says(&["by password", "no way to sign in", "logindisabled"]) {
        (
            "the server does not sign in by password here",
            "check `port` and `security`, or ask who runs the server",
        )
    } else if token {
        (
            "the access token has run out, is somebody else's, or was not made for mail",
            "check `user`, and what `password-command` prints: if it is a fresh token, sign in anew with the program that makes it",
        )
    } else {
        (
            "the password is wrong or was changed, or the provider wants an app password",
            "check `user` and the password; with two-step sign-in, make an app password at the provider",
        )
    };
    Advice::new(
        format!(
            "{} did not let us in ({})",
            Clean::line(&endpoint.host),
            words(refusal)
        ),
        why,
        todo,
    )
}

fn later(refusal: &Refusal) -> Advice {
    let code = refusal.code.as_deref().unwrap_or("");
    let text = refusal.text.to_ascii_lowercase();
    let why = if code == "4.2.2" || code == "OVERQUOTA" || text.contains("quota") {
        "the mailbox is full"
    } else if ["4.7.28", "4.5.3", "4.4.5", "LIMIT"].contains(&code)
        || ["rate", "too many", "limit"]
            .iter()
            .any(|phrase| text.contains(phrase))
    {
        "so much at once, or in a day, is not allowed"
    } else if text.contains("grey") || text.contains("gray") || matches!(refusal.reply, 450 | 451) {
        "many servers put unknown senders off once (greylisting)"
    } else {
        ""
    };
    Advice::new(
        format!("the server puts it off ({})", words(refusal)),
        why,
        "it is tried again",
    )
}

fn busy(refusal: &Refusal, endpoint: &Endpoint) -> Advice {
    let host = Clean::line(&endpoint.host);
    let text = refusal.text.to_ascii_lowercase();
    if text.contains("connection") && (text.contains("many") || text.contains("limit")) {
        Advice::new(
            format!("{host} allows no more connections ({})", words(refusal)),
            "other mail programs hold the rest",
            "close one of them; it is tried again",
        )
    } else {
        Advice::new(
            format!("{host} is busy ({})", words(refusal)),
            "",
            "it is tried again",
        )
    }
}

fn refused(refusal: &Refusal) -> Advice {
    let said = words(refusal);
    let meant = standing::meaning(refusal.code.as_deref(), 0).unwrap_or("");
    let (why, todo) = match refusal.code.as_deref() {
        Some("5.1.0" | "5.1.1" | "5.1.2" | "5.1.3" | "5.1.10") => (meant, "check the address"),
        Some("5.1.8" | "5.7.60") => (
            "the sender's address is not accepted",
            "check `email` of the account",
        ),
        Some("5.2.1") => (meant, "ask its owner in another way"),
        Some("5.2.2" | "4.2.2") => (meant, "try later, or ask its owner in another way"),
        Some("5.2.3" | "5.3.4") => (meant, "attach less"),
        Some("5.7.26" | "5.7.23") => (
            meant,
            "check that `smtp` is the server that the address's provider gives",
        ),
        Some("5.4.5" | "5.7.28") => (meant, "send the rest tomorrow"),
        Some("5.7.0" | "5.7.8" | "5.7.9") => (
            "signing in is needed or failed",
            "check `user` and the password",
        ),
        Some(code) if code.starts_with("5.7.") => (meant, "its words say more"),
        Some("OVERQUOTA") => ("the account is full", "delete something, then try again"),
        Some("TRYCREATE" | "NONEXISTENT") => (
            "there is no such mailbox",
            "it may have been renamed elsewhere",
        ),
        Some("NOPERM" | "CANNOT" | "READ-ONLY") => ("the account may not do that there", ""),
        _ => (meant, ""),
    };
    Advice::new(format!("the server refused ({said})"), why, todo)
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
        let tls = |fault| NetError::tls(fault, "so it is");
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
}
