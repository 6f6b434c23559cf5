//! What can go wrong between us and a server. [`NetError::kind`] alone decides whether something
//! is tried again, how it is told, and with which exit code it ends.
//!
//! A server's words are kept as they came, for programs to look at; printing an error cleans them,
//! so that no server writes to the terminal or the log through one of our sentences.

use crate::lang::{kept, told};
use crate::text::Clean;
use std::io;
use std::time::Duration;

/// The longest pause that a server's words are believed about.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The network or the server is away: try again by itself.
    Offline,
    /// The server puts us off: try again by itself, later.
    Busy,
    /// Only the user can mend it (password, certificate, settings): don't try again by itself.
    User,
    /// The server refused this one command; the connection is fine.
    Refused,
    /// The server does not speak the protocol; the connection is over, try again later.
    Protocol,
    /// We were called away on purpose.
    Woken,
}

/// What is wrong with TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is for another name.
    Name,
    /// Nobody we trust signed the certificate.
    Untrusted,
    /// The certificate is not valid now.
    Expired,
    /// The key is not the pinned one.
    Pin,
    /// The handshake failed: another protocol, or none that is still secure.
    Handshake,
    /// The server offers no STARTTLS, or refuses it.
    NoStartTls,
    /// Bytes came in the clear where only the handshake may come.
    Injected,
    /// Nothing is sent in the clear to a host that is not this one.
    ClearText,
    /// A trust anchor in the configuration can't be read.
    Anchor,
}

/// An SMTP reply that says no (RFC 5321 §4.2), or an IMAP NO or BAD (RFC 9051 §7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// SMTP's reply code; 0 for IMAP.
    pub reply: u16,
    /// The enhanced status code (RFC 3463), e.g. `5.1.1`, or IMAP's response code, upper case,
    /// e.g. `TRYCREATE`.
    pub code: Option<String>,
    /// The server's words. Untrusted text.
    pub text: String,
}

/// An error of the network, of TLS, or of a server.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The name could not be looked up.
    #[error("the host name {} can't be found: {}", Clean::line(.host), Clean::line(.why))]
    Lookup {
        /// The name.
        host: String,
        /// The resolver's words.
        why: String,
    },
    /// No address of the host answered.
    #[error("{} port {port} can't be reached: {}", Clean::line(.host), Clean::line(.why))]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Whether somebody said that nothing listens there.
        refused: bool,
        /// The system's words.
        why: String,
    },
    /// Nothing happened for too long.
    #[error("the server did not answer in time")]
    Timeout,
    /// The connection ended.
    #[error("the connection was cut: {}", Clean::line(.0))]
    Cut(String),
    /// TLS could not be had.
    #[error("no secure connection: {}", Clean::line(told(.why)))]
    Tls {
        /// What is wrong.
        fault: TlsFault,
        /// In words, as they are [`kept`].
        why: String,
    },
    /// The server does not take the name and password.
    #[error("signing in was refused: {}", Clean::line(&.0.text))]
    Auth(Refusal),
    /// The server can't sign us in just now.
    #[error("signing in is not possible now: {}", Clean::line(&.0.text))]
    AuthLater(Refusal),
    /// The server refused a command for good.
    #[error("the server refused: {}", Clean::line(&.0.text))]
    Refused(Refusal),
    /// The server puts us off, or says good-bye.
    #[error("the server is busy: {}", Clean::line(&.0.text))]
    Busy(Refusal),
    /// The server greets us with a refusal: it serves nobody from this network, or not at this port.
    #[error("the server turns us away: {}", Clean::line(&.0.text))]
    TurnedAway(Refusal),
    /// The server puts one command off; the connection is fine.
    #[error("the server says to try later: {}", Clean::line(&.0.text))]
    Later(Refusal),
    /// A web server answered: the network wants to be signed in to first, or the port is wrong.
    #[error("a web page answered in the mail server's place")]
    Web,
    /// What came is not the protocol, or is beyond bounds.
    #[error("the server sent something that can't be understood: {}", Clean::line(.0))]
    Protocol(String),
    /// What we were to send can't be sent: why, as it is [`kept`].
    #[error("{}", Clean::line(told(.0)))]
    Unsendable(String),
    /// A bell rang while we waited.
    #[error("called away")]
    Woken,
}

impl NetError {
    /// What to do about it.
    pub fn kind(&self) -> Kind {
        match self {
            NetError::Lookup { .. }
            | NetError::Connect { .. }
            | NetError::Timeout
            | NetError::Cut(_) => Kind::Offline,
            NetError::Tls { .. } | NetError::Auth(_) => Kind::User,
            NetError::AuthLater(_)
            | NetError::Busy(_)
            | NetError::TurnedAway(_)
            | NetError::Later(_) => Kind::Busy,
            NetError::Refused(_) | NetError::Unsendable(_) => Kind::Refused,
            NetError::Protocol(_) | NetError::Web => Kind::Protocol,
            NetError::Woken => Kind::Woken,
        }
    }

    /// Whether the connection is over. Only a refusal of one command leaves it usable.
    pub fn ends_session(&self) -> bool {
        !matches!(
            self,
            NetError::Refused(_) | NetError::Later(_) | NetError::Unsendable(_)
        )
    }

    /// Whether it may pass by itself.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), Kind::Offline | Kind::Busy | Kind::Protocol)
    }

    /// Whether somebody else answered where the server should be. That takes as long as it takes,
    /// and is not asked after often: another network or a key shortens the wait.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self, NetError::Tls { .. } | NetError::Web)
    }

    /// The server's refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            NetError::Auth(r)
            | NetError::AuthLater(r)
            | NetError::Refused(r)
            | NetError::Busy(r)
            | NetError::TurnedAway(r)
            | NetError::Later(r) => Some(r),
            _ => None,
        }
    }

    /// The same error, should the server have repeated a secret in its refusal: `***` in its place.
    #[must_use]
    pub fn without(mut self, secrets: &[&str]) -> NetError {
        if let NetError::Auth(r)
        | NetError::AuthLater(r)
        | NetError::Refused(r)
        | NetError::Busy(r)
        | NetError::TurnedAway(r)
        | NetError::Later(r) = &mut self
        {
            for secret in secrets.iter().filter(|s| !s.is_empty()) {
                r.text = r.text.replace(secret, "***");
            }
        }
        self
    }

    /// How long the server asks us to wait, if its words say so; 15 minutes at most.
    pub fn wait_hint(&self) -> Option<Duration> {
        match self {
            NetError::AuthLater(r) | NetError::Busy(r) | NetError::Later(r) => asked_wait(&r.text),
            _ => None,
        }
    }

    /// Whether the server has too many connections of ours, or of everybody's: one less may do.
    pub fn is_connection_limit(&self) -> bool {
        matches!(
            self,
            NetError::Auth(_) | NetError::AuthLater(_) | NetError::Busy(_) | NetError::Later(_)
        ) && (self.has_code(&["LIMIT"])
            || self
                .refusal()
                .is_some_and(|r| too_many_connections(&r.text)))
    }

    /// Whether IMAP said that the mailbox does not exist.
    pub fn no_such_mailbox(&self) -> bool {
        self.has_code(&["NONEXISTENT", "TRYCREATE"])
            || matches!(self, NetError::Refused(r) if {
                let text = r.text.to_ascii_lowercase();
                NO_SUCH.iter().any(|phrase| text.contains(phrase))
            })
    }

    /// Whether IMAP said that the mailbox is there already.
    pub fn already_exists(&self) -> bool {
        self.has_code(&["ALREADYEXISTS"])
            || matches!(self, NetError::Refused(r) if r.text.to_ascii_lowercase().contains("exists"))
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.refusal()
            .and_then(|r| r.code.as_deref())
            .is_some_and(|code| codes.contains(&code))
    }

    /// A TLS error, in words of our own.
    pub fn tls(fault: TlsFault, say: impl Fn() -> String) -> NetError {
        let why = kept(say);
        NetError::Tls { fault, why }
    }

    /// The same in words of a library or of the system.
    pub fn tls_said(fault: TlsFault, why: &str) -> NetError {
        NetError::tls(fault, || why.to_owned())
    }

    /// The error of a system call on a connection.
    pub fn io(error: &io::Error) -> NetError {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => NetError::Timeout,
            io::ErrorKind::UnexpectedEof => NetError::Cut("the server hung up".to_owned()),
            _ => NetError::Cut(error.to_string()),
        }
    }
}

/// What servers without a code for it say of a mailbox that is not there: hMailServer says "could not
/// be found", QQ "not exist", GreenMail and Yandex "no such folder".
const NO_SUCH: [&str; 8] = [
    "doesn't exist",
    "not exist",
    "no such mailbox",
    "no such folder",
    "not found",
    "not be found",
    "unknown mailbox",
    "unknown folder",
];

/// Whether these words are about too many connections, for servers that give no code.
pub fn too_many_connections(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let about = ["connection", "session", "simultaneous", "concurrent"];
    text.contains("mail_max_userip_connections")
        || text.contains("maximum number of connections")
        || text.contains("connection limit")
        || (text.contains("too many") && about.iter().any(|word| text.contains(word)))
}

/// The time in "Suggested Backoff Time: 12345 milliseconds" or "try again in 30 seconds".
fn asked_wait(text: &str) -> Option<Duration> {
    let text = text.to_ascii_lowercase();
    let words = [
        "backoff time",
        "again in",
        "again after",
        "retry after",
        "retry in",
        "wait",
    ];
    let found = words.iter().filter_map(|word| {
        let at = text.find(word)?;
        let rest = text.get(at + word.len()..)?;
        let rest = rest.trim_start_matches([':', '=', ' ']);
        let rest = rest.strip_prefix("for ").unwrap_or(rest);
        let rest = rest.strip_prefix("at least ").unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest.get(..end)?.parse().ok()?;
        let unit = rest.get(end..)?.trim_start();
        let is = |names: &[&str]| names.iter().any(|name| unit.starts_with(name));
        if is(&["millis", "msec", "ms"]) {
            Some(Duration::from_millis(number))
        } else if is(&["min"]) {
            Some(Duration::from_secs(number.saturating_mul(60)))
        } else if is(&["sec", "s "]) || unit.trim_end_matches('.') == "s" {
            Some(Duration::from_secs(number))
        } else if is(&["hour"]) {
            Some(LONGEST_WAIT)
        } else {
            None
        }
    });
    found.max().map(|wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(text: &str) -> NetError {
        NetError::Later(Refusal {
            text: text.to_owned(),
            ..Refusal::default()
        })
    }

    #[test]
    fn f24_a_server_says_how_long() {
        for (text, wait) in [
            (
                "Request is throttled. Suggested Backoff Time: 12345 milliseconds",
                Some(12_345),
            ),
            ("Too busy, try again in 30 seconds.", Some(30_000)),
            ("Please try again after 2 minutes", Some(120_000)),
            ("retry in 99999999999999999999 seconds", None),
            ("wait for 99999 minutes", Some(900_000)),
            ("retry after 5s", Some(5_000)),
            ("try again in 1 hour", Some(900_000)),
            ("try again later", None),
            ("wait", None),
            ("", None),
        ] {
            let hint = later(text).wait_hint();
            assert_eq!(hint, wait.map(Duration::from_millis), "{text}");
        }
        let other = NetError::Cut("try again in 30 seconds".into());
        assert_eq!(other.wait_hint(), None);
    }

    #[test]
    fn f23_too_many_connections_are_told_from_other_limits() {
        for text in [
            "Too many simultaneous connections. (Failure)",
            "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
            "Too many connections, please try again later.",
            "User has too many concurrent sessions",
        ] {
            assert!(later(text).is_connection_limit(), "{text}");
        }
        for text in [
            "Too many login failures",
            "over quota",
            "connection dropped",
        ] {
            assert!(!later(text).is_connection_limit(), "{text}");
        }
        let coded = NetError::Busy(Refusal {
            code: Some("LIMIT".into()),
            ..Refusal::default()
        });
        assert!(coded.is_connection_limit());
    }

    #[test]
    fn s15_no_error_says_a_servers_words_uncleaned() {
        let evil = "\x1b[2J\u{9b}31m\x07\u{202e}\r\n";
        let refusal = || Refusal {
            text: evil.to_owned(),
            ..Refusal::default()
        };
        let all = [
            NetError::Lookup {
                host: evil.to_owned(),
                why: evil.to_owned(),
            },
            NetError::Connect {
                host: evil.to_owned(),
                port: 1,
                refused: false,
                why: evil.to_owned(),
            },
            NetError::Cut(evil.to_owned()),
            NetError::tls_said(TlsFault::Handshake, evil),
            NetError::Auth(refusal()),
            NetError::AuthLater(refusal()),
            NetError::Refused(refusal()),
            NetError::Busy(refusal()),
            NetError::TurnedAway(refusal()),
            NetError::Later(refusal()),
            NetError::Protocol(evil.to_owned()),
            NetError::Unsendable(evil.to_owned()),
        ];
        for error in all {
            let said = error.to_string();
            let bad = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!said.contains(bad), "{said:?}");
        }
    }
}
