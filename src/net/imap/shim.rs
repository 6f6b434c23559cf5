//! The stream that the `imap` crate sits on, and that makes every server look well-behaved.
//!
//! The crate panics on legal input and takes any line that it can't parse for the end of the
//! connection. So it never sees what a server sends. [`Line`] frames and decodes the bytes;
//! [`Port`], the crate's end, hands on a greeting, continuations and `aN OK|NO|BAD` lines of our
//! own making, while the texts, codes and data are kept for us.
//!
//! The crate reads only while it greets and signs in. Afterwards it writes our commands with its
//! tags ([`imap::Session::run_command`]), and we hear the answers ourselves with [`Line::hear`]:
//! the crate would collect a whole answer before it returns, and its stream can't lend it a sink
//! that lives as long as one command. That is how a fetch of a million rows streams in constant
//! memory. The same way APPEND and IDLE, which the crate gets wrong, are ours; that the port has
//! no `SetReadTimeout` keeps anybody from calling the crate's IDLE.
//!
//! A server that sends nothing, drips, or floods is left: see [`Pace`].

use crate::net::error::NetError;
use crate::net::imap::decode::{Reply, Said, Untagged, Verdict, decode};
use crate::net::imap::fail;
use crate::net::imap::wire::{Framer, Limits};
use crate::net::onlooker::Onlooker;
use crate::net::stream::Stream;
use crate::net::trace::Ring;
use crate::net::web;
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

mod port;

pub use port::Port;

/// How much is read from the network at once.
const CHUNK: usize = 64 << 10;
/// So many octets within [`Pace::stall`] are progress, even if no response was finished.
const TRICKLE: usize = 16 << 10;

/// A server that sends something now and then, if only blanks to say that it is at work, is given so
/// many times [`Pace::stall`] until a response is whole.
const DRIPS: u32 = 5;
/// The same for a silent answer to a command that takes long: a mailbox of a hundred thousand messages
/// that is opened or searched, a thousand that are copied. That the connection itself is dead is found
/// out sooner ([`crate::net::connect`]).
const LONG: u32 = 5;

/// How patient we are.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time without an octet after which a server is left, and a fifth of the time without progress (a
    /// whole response, or 16 KiB of one); five times as long after a command that takes long.
    pub stall: Duration,
    /// Time without an octet after which it is said that we wait (`Line::set_onlooker`).
    pub slow: Duration,
    /// Responses that one command may cause.
    pub responses: u64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            stall: Duration::from_secs(60),
            slow: Duration::from_secs(4),
            responses: 200_000,
        }
    }
}

/// Our end: the stream, the framing, and what was heard.
pub struct Line {
    stream: Stream,
    framer: Framer,
    chunk: Vec<u8>,
    pace: Pace,
    /// The tag of the command under way, as the crate wrote it.
    tag: Vec<u8>,
    /// Whether it may take long. Of the command itself nothing is kept: it may hold a password.
    long: bool,
    /// Lines for the crate that it has not read yet.
    to_crate: VecDeque<u8>,
    /// Whether the next response is the greeting.
    greeting: bool,
    challenges: u32,
    /// Whether what is written is a secret, not to be traced.
    secret: bool,
    /// Whether what the crate writes is answered here with OK; see [`Line::answer_for`].
    pretend: bool,
    /// What the crate was not told.
    heard: Vec<Reply>,
    /// The last words of a server that hangs up.
    bye: Option<Reply>,
    dead: bool,
    /// The error behind an `io::Error` that the crate was given.
    error: Option<NetError>,
    /// Where the last lines are kept, if anybody wants to see them.
    ring: Option<Ring>,
    /// Who is told that the server lets us wait.
    onlooker: Onlooker<bool>,
    /// What the crate wrote and has not flushed.
    out: Vec<u8>,
    /// Whether nothing is flushed, so that several commands go out as one.
    corked: bool,
    /// Whether the server sends names in UTF-8.
    utf8: bool,
}

impl fmt::Debug for Line {
    /// Without anything that went over the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Line");
        out.field("stream", &self.stream).field("dead", &self.dead);
        out.finish_non_exhaustive()
    }
}

impl Line {
    /// A line over a fresh connection whose greeting has not been read.
    pub fn new(stream: Stream, pace: Pace) -> Line {
        Line {
            stream,
            framer: Framer::new(),
            chunk: vec![0; CHUNK],
            pace,
            tag: Vec::new(),
            long: false,
            to_crate: VecDeque::new(),
            greeting: true,
            challenges: 0,
            secret: false,
            pretend: false,
            heard: Vec::new(),
            bye: None,
            dead: false,
            error: None,
            ring: None,
            onlooker: Onlooker::default(),
            out: Vec::new(),
            corked: false,
            utf8: false,
        }
    }

    /// Keeps the last lines in `ring` from now on; while [`Line::set_secret`], without what they say.
    pub fn set_ring(&mut self, ring: Option<Ring>) {
        self.ring = ring;
    }

    /// Tells `onlooker` from now on when an answer is long in coming.
    pub fn set_onlooker(&mut self, onlooker: Onlooker<bool>) {
        self.onlooker = onlooker;
    }

    /// The stream, for a TLS upgrade and for waiting.
    pub fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Whether the session is over.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Ends the session: nothing is read or written any more.
    pub fn kill(&mut self) {
        self.dead = true;
    }

    /// Changes how patient we are; the old way is returned.
    pub fn set_pace(&mut self, pace: Pace) -> Pace {
        std::mem::replace(&mut self.pace, pace)
    }

    /// Changes the bounds on responses.
    pub fn set_limits(&mut self, limits: Limits) {
        self.framer.limit(limits);
    }

    /// While `secret`, what is written is traced as `***`.
    pub fn set_secret(&mut self, secret: bool) {
        self.secret = secret;
    }

    /// While `on`, what the crate writes goes nowhere and is answered with OK. For a sign-in that
    /// we did ourselves: only signing in makes a session of the crate's client.
    pub fn answer_for(&mut self, on: bool) {
        self.pretend = on;
    }

    /// From now on the server sends names in UTF-8, or not.
    pub fn set_utf8(&mut self, utf8: bool) {
        self.utf8 = utf8;
    }

    /// While corked, commands are kept together; what was kept goes out when it ends.
    ///
    /// # Errors
    /// See [`Line::send`].
    pub fn cork(&mut self, corked: bool) -> Result<(), NetError> {
        self.corked = corked;
        self.flush()
    }

    /// Everything after the last response that was heard is compressed, and what we send (RFC 4978).
    pub fn compress(&mut self) {
        let rest = self.framer.take_rest();
        self.stream.compress(rest);
    }

    /// Takes what the server said while the crate read.
    pub fn take_heard(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.heard)
    }

    /// Adds what the server said while we read in the crate's place.
    pub fn remember(&mut self, status: Reply) {
        self.heard.push(status);
    }

    /// Takes the error behind an `io::Error` that the crate was given.
    pub fn take_error(&mut self) -> Option<NetError> {
        self.error.take()
    }

    /// Whether bytes are here that nobody has asked for.
    pub fn has_unread(&self) -> bool {
        !self.framer.is_empty()
    }

    /// The tag of the command under way.
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// Ends the session unless `outcome` is fine or a plain refusal, and passes it on.
    pub fn judge<T>(&mut self, outcome: Result<T, NetError>) -> Result<T, NetError> {
        if let Err(error) = &outcome
            && error.ends_session()
        {
            self.kill();
        }
        outcome
    }

    /// Sends bytes that the crate has no words for: literals, `DONE`.
    ///
    /// # Errors
    /// When the connection is gone or does not take them in time.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        if self.corked {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        if let Some(ring) = &self.ring {
            match self.secret {
                true => ring.hidden(""),
                false => ring.ours(bytes),
            }
        }
        self.send_now(bytes)
    }

    fn flush(&mut self) -> Result<(), NetError> {
        if self.corked || self.out.is_empty() {
            return Ok(());
        }
        let out = Zeroizing::new(std::mem::take(&mut self.out));
        match &self.ring {
            Some(ring) if self.secret => ring.hidden(""),
            Some(ring) => out
                .split_inclusive(|&b| b == b'\n')
                .for_each(|line| ring.ours(line)),
            None => {}
        }
        self.send_now(&out)
    }

    fn send_now(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        if self.dead {
            return Err(fail::over());
        }
        let sent = self.stream.send(bytes, self.pace.stall);
        self.judge(sent)
    }

    /// Reads what is on the wire into the framer; waits until `until`.
    ///
    /// # Errors
    /// At the end of the stream, with the server's last words if it had any.
    fn fill(&mut self, until: Instant) -> Result<usize, NetError> {
        let first = self.stream.received() == 0;
        let n = match (self.stream.receive(&mut self.chunk, until), &self.bye) {
            (Err(NetError::Cut(_)), Some(bye)) => return Err(fail::closed(bye)),
            (outcome, _) => outcome?,
        };
        let said = self.chunk.get(..n).unwrap_or(&self.chunk);
        if first && web::is_page(said) {
            return Err(NetError::Web);
        }
        self.framer.push(said);
        Ok(n)
    }

    /// The same, and says so if it takes long.
    fn fill_watched(&mut self, until: Instant) -> Result<usize, NetError> {
        let soon = Instant::now() + self.pace.slow;
        match self.fill(until.min(soon)) {
            Err(NetError::Timeout) if soon < until => {
                self.onlooker.tell(true);
                let outcome = self.fill(until);
                self.onlooker.tell(false);
                outcome
            }
            outcome => outcome,
        }
    }

    /// The next response that is here already, judged by `on`, without touching the network.
    ///
    /// # Errors
    /// When the bytes pass a bound, and whatever `on` says.
    pub fn overhear<R>(
        &mut self,
        on: &mut dyn FnMut(Said<'_>) -> Result<R, NetError>,
    ) -> Result<Option<R>, NetError> {
        let response = match self.framer.next_response() {
            Ok(Some(response)) => response,
            Ok(None) => return Ok(None),
            Err(refused) => return Err(fail::protocol(refused.to_string())),
        };
        if let Some(ring) = &self.ring {
            // A server may say a password back; while one is sent only the verdict is kept.
            let words = if self.secret { 2 } else { usize::MAX };
            let ends = response
                .bytes
                .iter()
                .enumerate()
                .filter(|(_, b)| **b == b' ');
            let end = ends.map(|(at, _)| at).nth(words - 1);
            ring.theirs(
                response
                    .bytes
                    .get(..end.unwrap_or(response.bytes.len()))
                    .unwrap_or_default(),
            );
        }
        let said = decode(response, self.utf8);
        if let Said::Untagged(Untagged::Reply(status)) = &said
            && status.verdict == Verdict::Bye
        {
            self.bye = Some(status.clone());
        }
        on(said).map(Some)
    }

    /// Hears responses as they arrive until `on` has what it waited for. Any error ends the session.
    ///
    /// # Errors
    /// When the server hangs up, stalls, floods or passes a bound, and whatever `on` says.
    pub fn hear<R>(
        &mut self,
        on: &mut dyn FnMut(Said<'_>) -> Result<Option<R>, NetError>,
    ) -> Result<R, NetError> {
        if self.dead {
            return Err(fail::over());
        }
        let outcome = self.hear_on(on);
        if outcome.is_err() {
            self.kill();
        }
        outcome
    }

    fn hear_on<R>(
        &mut self,
        on: &mut dyn FnMut(Said<'_>) -> Result<Option<R>, NetError>,
    ) -> Result<R, NetError> {
        let stall = match self.long {
            true => self.pace.stall.saturating_mul(LONG),
            false => self.pace.stall,
        };
        let mut since = Instant::now();
        let mut last = since;
        let mut gained = 0;
        let mut responses = 0u64;
        loop {
            match self.overhear(on)? {
                Some(Some(done)) => return Ok(done),
                Some(None) => {
                    responses += 1;
                    if responses > self.pace.responses {
                        return Err(fail::protocol(format!(
                            "more than {} responses to one command",
                            self.pace.responses
                        )));
                    }
                    (gained, last) = (TRICKLE, Instant::now());
                    continue;
                }
                None => {}
            }
            if gained >= TRICKLE {
                (since, gained) = (last, 0);
            }
            let until = (since + stall.saturating_mul(DRIPS)).min(last + stall);
            gained += self.fill_watched(until)?;
            last = Instant::now();
        }
    }

    /// Takes in what has arrived by now, without waiting.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn gulp(&mut self) -> Result<(), NetError> {
        if self.dead {
            return Err(fail::over());
        }
        let taken = match self.fill(Instant::now()) {
            // Part of a TLS record.
            Err(NetError::Timeout) => Ok(0),
            taken => taken,
        };
        self.judge(taken).map(|_| ())
    }
}
