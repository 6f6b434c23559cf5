//! A signed-in submission connection: greeting, EHLO, STARTTLS, AUTH.
//!
//! Credentials go out only over TLS, or to this machine. What was said before the TLS handshake is
//! forgotten, and bytes that arrive between the answer to STARTTLS and the handshake end it.

use super::reply::{self, Reply};
use crate::model::{Account, Secret, Security};
use crate::net::connect::{self, Patience};
use crate::net::error::{NetError, Refusal, TlsFault};
use crate::net::stream::Stream;
use crate::net::trace::Ring;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Ehlo, Quit, Starttls};
use lettre::transport::smtp::extension::ClientId;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long the last words of a server that hung up are waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How patient we are with a submission server (RFC 5321 §4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For the answer to a command.
    pub reply: Duration,
    /// For the answer to the final dot: servers look for viruses then.
    pub dot: Duration,
    /// Without any progress while the message is written.
    pub write: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            reply: Duration::from_secs(60),
            dot: Duration::from_secs(600),
            write: Duration::from_secs(180),
        }
    }
}

/// A connection that messages can be handed to. Dropping it closes it without a word.
#[derive(Debug)]
pub struct SmtpSession {
    stream: Stream,
    unread: Vec<u8>,
    pub(super) pace: Pace,
    extensions: BTreeMap<String, String>,
    ring: Ring,
    /// Whether we sign in: what is said then is not kept, in case the server says it back.
    hushed: bool,
    /// Something went wrong after which nobody knows what the next reply is about.
    lost: bool,
}

impl SmtpSession {
    /// Connects and signs in.
    ///
    /// # Errors
    /// When the server can't be reached, is not what it should be, or refuses us.
    pub fn connect(
        account: &Account,
        secret: &Secret,
        pace: Pace,
    ) -> Result<SmtpSession, NetError> {
        let mut session = SmtpSession::greet(account, pace, Ring::default())?;
        session.sign_in(&account.user, secret)?;
        Ok(session)
    }

    /// Connects as far as before signing in. What is said goes into `ring`, but no secrets.
    ///
    /// # Errors
    /// When the server can't be reached or is not what it should be.
    pub fn greet(account: &Account, pace: Pace, ring: Ring) -> Result<SmtpSession, NetError> {
        let patience = Patience::default();
        let stream = connect::open(account, &account.smtp, None, patience)?;
        let mut session = SmtpSession {
            stream,
            unread: Vec::new(),
            pace,
            extensions: BTreeMap::new(),
            ring,
            hushed: false,
            lost: false,
        };
        let greeting = session.read(pace.reply)?;
        if greeting.code != 220 {
            return Err(greeting.error_at_greeting());
        }
        session.hello()?;
        if account.smtp.security == Security::StartTls {
            session.start_tls(account, patience)?;
            session.hello()?;
        }
        Ok(session)
    }

    /// What the server offers for a keyword of EHLO, e.g. `SIZE`.
    pub fn extension(&self, keyword: &str) -> Option<&str> {
        self.extensions.get(keyword).map(String::as_str)
    }

    /// Every keyword of EHLO with its parameters.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extensions
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The largest message in octets that the server takes (RFC 1870); `None` if it does not say.
    pub fn max_size(&self) -> Option<u64> {
        self.extension("SIZE")
            .and_then(|n| n.trim().parse().ok())
            .filter(|n| *n > 0)
    }

    /// Says good-bye. What was accepted stays accepted whatever the answer (RFC 5321 §4.1.1.10).
    pub fn quit(mut self) {
        self.pace.reply = self.pace.reply.min(Duration::from_secs(3));
        let _ = self.command(&Quit.to_string());
        self.stream.shut();
    }

    /// Sends one command (with its line end) and reads the reply.
    pub(super) fn command(&mut self, line: &str) -> Result<Reply, NetError> {
        tracing::trace!("C: {}", line.trim_end().escape_debug());
        self.ring.ours(line.as_bytes());
        self.say(line)
    }

    /// The same with something that is not to be kept anywhere.
    fn command_in_secret(&mut self, what: &str, line: &str) -> Result<Reply, NetError> {
        tracing::trace!("C: {what} ***");
        self.ring.hidden(what);
        self.say(line)
    }

    fn say(&mut self, line: &str) -> Result<Reply, NetError> {
        if !self.unread.is_empty() {
            self.lost = true;
            return Err(NetError::Protocol("a reply to no command".to_owned()));
        }
        self.write(line.as_bytes())?;
        self.read(self.pace.reply)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        if self.lost {
            return Err(NetError::Cut("the session has ended".to_owned()));
        }
        let sent = self.stream.send(bytes, self.pace.write);
        self.lost |= sent.is_err();
        sent
    }

    /// Reads one reply, all of it within `patience`.
    pub(super) fn read(&mut self, patience: Duration) -> Result<Reply, NetError> {
        let reply = self.read_on(Instant::now() + patience);
        // After 421 the server closes the connection (RFC 5321 §3.8).
        self.lost |= reply.as_ref().map_or(true, |r| r.code == 421);
        reply
    }

    fn read_on(&mut self, until: Instant) -> Result<Reply, NetError> {
        let mut whole = Reply::default();
        let mut octets = 0;
        loop {
            let bytes = self.line(until)?;
            let kept = match self.hushed {
                true => bytes.get(..3).unwrap_or_default(),
                false => &bytes,
            };
            tracing::trace!("S: {}", kept.escape_ascii());
            self.ring.theirs(kept);
            octets += bytes.len();
            let Some((code, last, text)) = reply::line(&bytes) else {
                return Err(NetError::Protocol(
                    "something that is not an SMTP reply".to_owned(),
                ));
            };
            if !whole.lines.is_empty() && code != whole.code {
                return Err(NetError::Protocol("a reply with two codes".to_owned()));
            }
            whole.code = code;
            whole.lines.push(text);
            if last {
                return Ok(whole);
            }
            if whole.lines.len() >= reply::MOST_LINES || octets > reply::LONGEST_REPLY {
                return Err(NetError::Protocol("a reply without an end".to_owned()));
            }
        }
    }

    /// Whether the connection can't be used any more.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Closes the connection: what the server has of a message is never finished.
    pub(super) fn abandon(&mut self) {
        self.lost = true;
        self.stream.shut();
    }

    /// What a server said before it stopped listening in the middle of a message, if it did.
    pub(super) fn last_words(&mut self) -> Option<Reply> {
        let reply = self.read_on(Instant::now() + self.pace.reply.min(LAST_WORDS));
        reply.ok().filter(|r| r.is_transient() || r.is_permanent())
    }

    /// One line without its end, which may be a bare LF.
    fn line(&mut self, until: Instant) -> Result<Vec<u8>, NetError> {
        let mut looked = 0;
        loop {
            if let Some(at) = self.unread.iter().skip(looked).position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.unread.drain(..=looked + at).collect();
                while matches!(line.last(), Some(b'\n' | b'\r')) {
                    line.pop();
                }
                return Ok(line);
            }
            looked = self.unread.len();
            if looked > reply::LONGEST_LINE {
                return Err(NetError::Protocol("a line without an end".to_owned()));
            }
            let mut chunk = [0u8; 4096];
            let n = self.stream.receive(&mut chunk, until)?;
            self.unread
                .extend_from_slice(chunk.get(..n).unwrap_or_default());
        }
    }

    fn hello(&mut self) -> Result<(), NetError> {
        // The address literal of this machine tells nothing about its user.
        let me = ClientId::Ipv4(Ipv4Addr::LOCALHOST);
        let reply = self.command(&Ehlo::new(me).to_string())?;
        if !reply.is_positive() {
            return Err(reply.error());
        }
        self.extensions = reply
            .lines
            .iter()
            .skip(1)
            .map(|line| {
                let (keyword, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
                (
                    keyword.to_ascii_uppercase(),
                    rest.trim().to_ascii_uppercase(),
                )
            })
            .filter(|(keyword, _)| !keyword.is_empty())
            .collect();
        Ok(())
    }

    fn start_tls(&mut self, account: &Account, patience: Patience) -> Result<(), NetError> {
        if self.extension("STARTTLS").is_none() {
            return Err(NetError::tls(
                TlsFault::NoStartTls,
                "the server offers no STARTTLS; nothing was sent in the clear",
            ));
        }
        let reply = self.command(&Starttls.to_string())?;
        if reply.code != 220 {
            return Err(NetError::tls(
                TlsFault::NoStartTls,
                format!("the server refused STARTTLS: {reply}"),
            ));
        }
        if !self.unread.is_empty() || self.stream.has_arrived()? {
            return Err(NetError::tls(
                TlsFault::Injected,
                "something spoke in the clear between STARTTLS and the handshake",
            ));
        }
        self.extensions.clear();
        let trust = connect::trust(account, &account.smtp)?;
        self.stream
            .secure(&account.smtp.host, &trust, patience.handshake)
    }

    /// Signs in (RFC 4954), by PLAIN or LOGIN.
    ///
    /// # Errors
    /// [`NetError::Auth`] for a wrong name or password, [`NetError::AuthLater`] where it may pass.
    pub fn sign_in(&mut self, user: &str, secret: &Secret) -> Result<(), NetError> {
        self.hushed = true;
        let outcome = self.authenticate(user, secret.reveal());
        self.hushed = false;
        // Some servers say a line back that they don't understand.
        let plain = encode(&format!("\0{user}\0{}", secret.reveal()));
        outcome.map_err(|e| e.without(&[&plain, &encode(secret.reveal()), secret.reveal()]))
    }

    fn authenticate(&mut self, user: &str, password: &str) -> Result<(), NetError> {
        if !self.stream.is_secure() && !self.stream.is_loopback() {
            return Err(NetError::tls(
                TlsFault::ClearText,
                "no password is sent without TLS",
            ));
        }
        if user.contains('\0') || password.contains('\0') {
            return Err(NetError::Unsendable(
                "the user name or password holds a NUL character".to_owned(),
            ));
        }
        let offered = self.extension("AUTH").map(str::to_owned);
        let has = |name: &str| {
            let mut offers = offered.as_deref().unwrap_or("").split_whitespace();
            offers.any(|m| m == name)
        };
        let credentials = Credentials::new(user.to_owned(), password.to_owned());
        let mut reply = None;
        if has("PLAIN") {
            reply = Some(self.auth_plain(&credentials)?);
        }
        // 504: the server does not know what it offered.
        if has("LOGIN") && reply.as_ref().is_none_or(|r| r.code == 504) {
            reply = Some(self.auth_login(&credentials)?);
        }
        let Some(reply) = reply else {
            let text = match offered {
                Some(offered) => format!("the server signs in by {offered} only, not by password"),
                None => "the server offers no way to sign in".to_owned(),
            };
            return Err(NetError::Auth(Refusal {
                text,
                ..Refusal::default()
            }));
        };
        match reply.code {
            code if code / 100 == 2 => Ok(()),
            421 => Err(NetError::Busy(reply.refusal())),
            code if code / 100 == 4 => Err(NetError::AuthLater(reply.refusal())),
            code if code / 100 == 5 => Err(NetError::Auth(reply.refusal())),
            _ => Err(NetError::Protocol(
                "the server asks for credentials without end".to_owned(),
            )),
        }
    }

    fn auth_plain(&mut self, credentials: &Credentials) -> Result<Reply, NetError> {
        let token = answer(Mechanism::Plain, credentials, None)?;
        let line = Zeroizing::new(format!("AUTH PLAIN {}\r\n", *token));
        let first = self.command_in_secret("AUTH PLAIN", &line)?;
        // Some servers ask although the answer came with the command.
        if first.code == 334 {
            self.command_in_secret("", &Zeroizing::new(format!("{}\r\n", *token)))
        } else {
            Ok(first)
        }
    }

    fn auth_login(&mut self, credentials: &Credentials) -> Result<Reply, NetError> {
        let mut reply = self.command("AUTH LOGIN\r\n")?;
        for challenge in ["User Name", "Password"] {
            if reply.code != 334 {
                break;
            }
            let token = answer(Mechanism::Login, credentials, Some(challenge))?;
            reply = self.command_in_secret("", &Zeroizing::new(format!("{}\r\n", *token)))?;
        }
        Ok(reply)
    }
}

fn answer(
    mechanism: Mechanism,
    credentials: &Credentials,
    challenge: Option<&str>,
) -> Result<Zeroizing<String>, NetError> {
    let text = mechanism
        .response(credentials, challenge)
        .map_err(|e| NetError::Unsendable(e.to_string()))?;
    Ok(encode(&Zeroizing::new(text)))
}

fn encode(text: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(text))
}

impl Reply {
    fn error_at_greeting(&self) -> NetError {
        if self.is_permanent() {
            NetError::Busy(self.refusal())
        } else {
            self.error()
        }
    }
}
