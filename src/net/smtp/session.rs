//! A submission connection before it is signed in: greeting, EHLO, STARTTLS, and how commands go
//! out and replies come in.
//!
//! What was said before the TLS handshake is forgotten, and bytes that arrive between the answer to
//! STARTTLS and the handshake end it.

use super::offers::Offers;
use super::reply::{self, Gathering, Reply};
use super::watch::{Going, SLOW, Watch};
use crate::lang::tr;
use crate::model::{Account, Security};
use crate::net::connect::{self, Patience};
use crate::net::error::{NetError, TlsFault};
use crate::net::stream::Stream;
use crate::net::trace::Ring;
use lettre::transport::smtp::commands::{Ehlo, Quit, Rset, Starttls};
use lettre::transport::smtp::extension::ClientId;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How long the last words of a server that hung up are waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the answer to RSET is waited for.
const RESET: Duration = Duration::from_secs(30);

/// How patient we are with a submission server: at least as long as RFC 5321 §4.5.3.2 wants.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For the greeting and the answer to a command, MAIL and RCPT among them.
    pub reply: Duration,
    /// For the word to begin with the message, after DATA.
    pub data: Duration,
    /// Without any progress while the message is written.
    pub write: Duration,
    /// For the answer to the final dot: servers look for viruses then.
    pub dot: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            reply: Duration::from_secs(300),
            data: Duration::from_secs(120),
            write: Duration::from_secs(180),
            dot: Duration::from_secs(600),
        }
    }
}

impl Pace {
    /// For somebody who sits and waits for a diagnosis.
    pub fn brisk() -> Pace {
        Pace {
            reply: Duration::from_secs(60),
            ..Pace::default()
        }
    }
}

/// A connection that messages can be handed to. Dropping it closes it without a word.
#[derive(Debug)]
pub struct SmtpSession {
    stream: Stream,
    unread: Vec<u8>,
    pub(super) pace: Pace,
    offers: Offers,
    ring: Ring,
    pub(super) watch: Watch,
    /// When the answer that is waited for is slow; `None` once that was told.
    slow: Option<Instant>,
    /// Whether we sign in: what is said then is not kept, in case the server says it back.
    hushed: bool,
    /// Transactions that were begun.
    pub(super) mails: usize,
    /// Something went wrong after which nobody knows what the next reply is about.
    lost: bool,
}

impl SmtpSession {
    /// Connects as far as before signing in. What is said goes into `ring`, but no secrets; `watch`
    /// is told where the server is slow.
    ///
    /// # Errors
    /// When the server can't be reached or is not what it should be.
    pub fn greet(
        account: &Account,
        pace: Pace,
        ring: Ring,
        watch: Watch,
    ) -> Result<SmtpSession, NetError> {
        let patience = Patience::default();
        let stream = connect::open(account, &account.smtp, None, patience)?;
        let mut session = SmtpSession {
            stream,
            unread: Vec::new(),
            pace,
            offers: Offers::default(),
            ring,
            watch,
            slow: None,
            hushed: false,
            mails: 0,
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

    /// What the server offers. What it said before TLS is not among it.
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// The certificate that the server showed, in DER.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        self.stream.certificate()
    }

    /// Whether the server takes one more message on this connection (RFC 9422 §4.1).
    pub fn has_room(&self) -> bool {
        self.offers
            .most_mails()
            .is_none_or(|most| self.mails < most)
    }

    /// Forgets a message that was begun (RSET): whether the connection can take the next one.
    pub fn reset(&mut self) -> bool {
        // Nothing depends on it: a server that does not answer soon is left for a new connection.
        let patience = self.pace.reply.min(RESET);
        !self.lost
            && self.ask([Rset.to_string().as_str()]).is_ok()
            && self.read(patience).is_ok_and(|r| r.is_positive())
    }

    /// Says good-bye. What was accepted stays accepted whatever the answer (RFC 5321 §4.1.1.10).
    pub fn quit(mut self) {
        self.pace.reply = self.pace.reply.min(Duration::from_secs(3));
        let _ = self.command(&Quit.to_string());
        self.stream.shut();
    }

    /// Sends one command (with its line end) and reads the reply.
    pub(super) fn command(&mut self, line: &str) -> Result<Reply, NetError> {
        self.ask([line])?;
        self.answer()
    }

    /// Sends commands (with their line ends) whose replies are read one by one afterwards.
    pub(super) fn ask<'l>(
        &mut self,
        lines: impl IntoIterator<Item = &'l str>,
    ) -> Result<(), NetError> {
        let mut all = String::new();
        for line in lines {
            tracing::trace!("C: {}", line.trim_end().escape_debug());
            self.ring.ours(line.as_bytes());
            all.push_str(line);
        }
        self.say(&all)
    }

    /// The reply to the next of the commands that were sent.
    pub(super) fn answer(&mut self) -> Result<Reply, NetError> {
        self.read(self.pace.reply)
    }

    /// One command that is not to be kept anywhere, and its reply.
    pub(super) fn command_in_secret(&mut self, what: &str, line: &str) -> Result<Reply, NetError> {
        tracing::trace!("C: {what} ***");
        self.ring.hidden(what);
        self.say(line)?;
        self.answer()
    }

    /// While `work` runs only the codes of replies are kept: servers say lines back that they don't
    /// understand.
    pub(super) fn hushed<T>(&mut self, work: impl FnOnce(&mut SmtpSession) -> T) -> T {
        self.hushed = true;
        let done = work(self);
        self.hushed = false;
        done
    }

    /// Whether a secret may be said: over TLS, or to this machine.
    pub(super) fn is_private(&self) -> bool {
        self.stream.is_secure() || self.stream.is_loopback()
    }

    fn say(&mut self, lines: &str) -> Result<(), NetError> {
        if !self.unread.is_empty() {
            // A server that goes away may say so unasked (RFC 5321 §3.8).
            let going = self.last_words().filter(|reply| reply.code == 421);
            self.lost = true;
            let odd = || NetError::Protocol("a reply to no command".to_owned());
            return Err(going.map_or_else(odd, |reply| reply.error()));
        }
        self.write(lines.as_bytes())
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
        let now = Instant::now();
        self.slow = Some(now + SLOW);
        let reply = self.read_on(now + patience);
        if self.slow.take().is_none() {
            self.watch.tell(Going::Over);
        }
        // After 421 the server closes the connection (RFC 5321 §3.8).
        self.lost |= reply.as_ref().map_or(true, |r| r.code == 421);
        reply
    }

    fn read_on(&mut self, until: Instant) -> Result<Reply, NetError> {
        let mut gathering = Gathering::default();
        loop {
            let bytes = self.line(until)?;
            let kept = match self.hushed {
                true => bytes.get(..3).unwrap_or_default(),
                false => &bytes,
            };
            tracing::trace!("S: {}", kept.escape_ascii());
            self.ring.theirs(kept);
            if let Some(whole) = gathering.take(&bytes)? {
                return Ok(whole);
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
            let n = self.some(&mut chunk, until)?;
            self.unread
                .extend_from_slice(chunk.get(..n).unwrap_or_default());
        }
    }

    /// Some octets; that they are long in coming is told once.
    fn some(&mut self, chunk: &mut [u8], until: Instant) -> Result<usize, NetError> {
        if let Some(slow) = self.slow.filter(|slow| *slow < until) {
            match self.stream.receive(chunk, slow) {
                Err(NetError::Timeout) => {
                    self.slow = None;
                    self.watch.tell(Going::Waiting);
                }
                done => return done,
            }
        }
        self.stream.receive(chunk, until)
    }

    fn hello(&mut self) -> Result<(), NetError> {
        // The address literal of this machine tells nothing about its user.
        let me = ClientId::Ipv4(Ipv4Addr::LOCALHOST);
        let reply = self.command(&Ehlo::new(me).to_string())?;
        if !reply.is_positive() {
            return Err(reply.error());
        }
        self.offers = Offers::read(reply.lines.get(1..).unwrap_or_default());
        Ok(())
    }

    fn start_tls(&mut self, account: &Account, patience: Patience) -> Result<(), NetError> {
        if !self.offers.has("STARTTLS") {
            return Err(NetError::tls(TlsFault::NoStartTls, || {
                tr!("the server offers no STARTTLS; nothing was sent in the clear").to_owned()
            }));
        }
        let reply = self.command(&Starttls.to_string())?;
        // Busy, or its TLS is out of order just now (RFC 3207 §4): nobody stands in between for that.
        if reply.is_transient() {
            return Err(reply.error());
        }
        if reply.code != 220 {
            return Err(NetError::tls(TlsFault::NoStartTls, || {
                tr!("the server refused STARTTLS ({said})", said = reply)
            }));
        }
        if !self.unread.is_empty() || self.stream.has_arrived()? {
            return Err(NetError::tls(TlsFault::Injected, || {
                tr!("something spoke in the clear between STARTTLS and the handshake").to_owned()
            }));
        }
        self.offers = Offers::default();
        let trust = connect::trust(account, &account.smtp)?;
        self.stream
            .secure(&account.smtp.host, &trust, patience.handshake)
    }
}

impl Reply {
    /// A server may greet with 554 and serve nobody from here (RFC 5321 §3.1).
    fn error_at_greeting(&self) -> NetError {
        match self.is_permanent() {
            true => NetError::TurnedAway(self.refusal()),
            false => self.error(),
        }
    }
}
