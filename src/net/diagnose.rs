//! An error in plain words: what happened, why it usually does, what to do. The same text serves
//! the status line, the outbox, `doctor` and setting up an account.

use crate::model::{Endpoint, Security};
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

/// Explains an error of a server.
pub fn explain(error: &NetError, endpoint: &Endpoint, service: Service) -> Advice {
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
        NetError::Auth(refusal) => Advice::new(
            format!(
                "{} refused the name or password ({})",
                Clean::line(&endpoint.host),
                words(refusal)
            ),
            "the password is wrong or was changed, or the provider wants an app password",
            "check `user` and the password; with two-step sign-in, make an app password at the provider",
        ),
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
        NetError::Later(refusal) => Advice::new(
            format!("the server puts it off ({})", words(refusal)),
            "many servers put unknown senders off once (greylisting)",
            "it is tried again",
        ),
        NetError::Refused(refusal) => refused(refusal),
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
        Security::Tls if matches!(endpoint.port, 143 | 587) => {
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
            "`host` is not the name that the server is known by, or somebody is in between",
            "use the name that the provider gives; if the server is your own, get it a certificate with this name in its SAN",
        ),
        TlsFault::Untrusted => (
            "the server is private, or somebody is in between",
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
            "the port does not speak TLS from the first byte, or only versions before TLS 1.2",
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
    let (why, todo) = match refusal.code.as_deref() {
        Some("5.1.1" | "5.1.0" | "5.1.10") => ("there is no such mailbox", "check the address"),
        Some("5.1.2") => (
            "the domain of the address takes no mail",
            "check the address",
        ),
        Some("5.1.3") => ("the address is malformed", "check the address"),
        Some("5.1.8" | "5.7.60") => (
            "the sender's address is not accepted",
            "check `email` of the account",
        ),
        Some("5.2.1") => ("the mailbox is closed", "ask its owner in another way"),
        Some("5.2.2" | "4.2.2") => (
            "the mailbox is full",
            "try later, or ask its owner in another way",
        ),
        Some("5.2.3" | "5.3.4") => ("the message is too large", "attach less"),
        Some("5.7.0" | "5.7.8" | "5.7.9") => (
            "signing in is needed or failed",
            "check `user` and the password",
        ),
        Some(code) if code.starts_with("5.7.") => {
            ("the server's policy forbids it", "its words say more")
        }
        Some("OVERQUOTA") => ("the account is full", "delete something, then try again"),
        Some("TRYCREATE" | "NONEXISTENT") => (
            "there is no such mailbox",
            "it may have been renamed elsewhere",
        ),
        Some("NOPERM" | "CANNOT" | "READ-ONLY") => ("the account may not do that there", ""),
        _ => ("", ""),
    };
    Advice::new(format!("the server refused ({said})"), why, todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(port: u16, security: Security) -> Endpoint {
        Endpoint {
            host: "mail.example.test".into(),
            port,
            security,
            pin_sha256: None,
        }
    }

    #[test]
    fn the_usual_mistakes_have_a_remedy() {
        let starttls = endpoint(993, Security::StartTls);
        assert!(
            explain(&NetError::Timeout, &starttls, Service::Imap)
                .why
                .contains("\"tls\"")
        );
        let tls = endpoint(143, Security::Tls);
        assert!(
            explain(&NetError::Timeout, &tls, Service::Imap)
                .why
                .contains("starttls")
        );
        let refusal = Refusal {
            reply: 550,
            code: Some("5.1.1".into()),
            text: "5.1.1 nobody\x1b[2J".into(),
        };
        let line = explain(&NetError::Refused(refusal), &tls, Service::Smtp).line();
        assert!(
            line.contains("no such mailbox") && line.contains("550") && !line.contains('\x1b'),
            "{line}"
        );
    }
}
