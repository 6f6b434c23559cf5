//! Waiting for news: IDLE (RFC 2177), our own, since the crate's panics on a tagged OK, hangs when
//! anything comes before the continuation, and can't be woken.

use crate::net::error::NetError;
use crate::net::imap::decode::{Reply, Said};
use crate::net::imap::fail;
use crate::net::imap::session::{Heard, Session, nothing};
use crate::net::imap::shim::Pace;
use crate::net::imap::unasked::Unsolicited;
use crate::net::stream::Ready;
use std::time::{Duration, Instant};

/// How long a server may take to begin and to end IDLE.
const PATIENCE: Duration = Duration::from_secs(20);

/// What ended IDLE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleEnd {
    /// Something is new; see [`Session::take_unsolicited`].
    Changed,
    /// The doorbell rang. It was not cleared.
    Woken,
    /// Nothing happened for the time given.
    Timeout,
}

impl Session {
    /// Whether [`Session::idle`] can be expected to work.
    pub fn can_idle(&self) -> bool {
        self.caps.includes("IDLE") && !self.idle_refused
    }

    /// Waits until something is new in the selected mailbox, the doorbell rings, or `max` has
    /// passed (keep it under 29 minutes, better under 5). Returns at once with
    /// [`IdleEnd::Changed`] while what was said before has not been taken.
    ///
    /// # Errors
    /// See [`Session`]. A refusal means that this server's IDLE is not to be used again: poll.
    pub fn idle(&mut self, max: Duration) -> Result<IdleEnd, NetError> {
        self.idle_telling(max, &mut |_| {})
    }

    /// The same, and what is new is seen by `tell` before the server is asked to end IDLE: whoever
    /// waits for it need not wait for that round trip, too.
    ///
    /// # Errors
    /// See [`Session::idle`].
    pub fn idle_telling(
        &mut self,
        max: Duration,
        tell: &mut dyn FnMut(&mut Unsolicited),
    ) -> Result<IdleEnd, NetError> {
        if !self.notes.unsolicited.is_empty() {
            tell(&mut self.notes.unsolicited);
            return Ok(IdleEnd::Changed);
        }
        let until = Instant::now() + max;
        self.port.line().set_pace(Pace {
            stall: self.pace.stall.min(PATIENCE),
            ..self.pace
        });
        let end = self.idle_until(until, tell);
        self.port.line().set_pace(self.pace);
        end
    }

    fn idle_until(
        &mut self,
        until: Instant,
        tell: &mut dyn FnMut(&mut Unsolicited),
    ) -> Result<IdleEnd, NetError> {
        self.say_idle()?;
        let (end, done) = self.wait_for_news(until)?;
        if end == IdleEnd::Changed {
            tell(&mut self.notes.unsolicited);
        }
        let status = match done {
            Some(status) => status,
            None => {
                self.port.line().send(b"DONE\r\n")?;
                match self.listen(false, &mut nothing)? {
                    Heard::Done(status) => status,
                    Heard::Continue => return Err(fail::protocol("an endless IDLE")),
                }
            }
        };
        self.finish(status, &[])?;
        match end {
            IdleEnd::Timeout if !self.notes.unsolicited.is_empty() => Ok(IdleEnd::Changed),
            end => Ok(end),
        }
    }

    fn say_idle(&mut self) -> Result<(), NetError> {
        self.say("IDLE", true)?;
        match self.listen(true, &mut nothing)? {
            Heard::Continue => Ok(()),
            Heard::Done(status) => {
                self.idle_refused = true;
                self.finish(status, &[])?;
                Err(fail::odd("the server ends IDLE at once"))
            }
        }
    }

    /// Waits; the second value is there if the server ended IDLE by itself.
    fn wait_for_news(&mut self, until: Instant) -> Result<(IdleEnd, Option<Reply>), NetError> {
        let notes = &mut self.notes;
        let mut line = self.port.line();
        let expected = line.tag().to_vec();
        loop {
            loop {
                let heard = line.overhear(&mut |said| match said {
                    Said::Continue(_) => Ok(None),
                    Said::Tagged(tag, status) if tag == expected => Ok(Some(status)),
                    Said::Tagged(..) => Err(fail::protocol("an answer to no question of ours")),
                    Said::Untagged(said) => {
                        notes.note(said);
                        Ok(None)
                    }
                });
                match line.judge(heard)? {
                    Some(Some(status)) => {
                        self.idle_refused = true;
                        return Ok((IdleEnd::Changed, Some(status)));
                    }
                    Some(None) => {}
                    None => break,
                }
            }
            if !notes.unsolicited.is_empty() {
                return Ok((IdleEnd::Changed, None));
            }
            // A wake may come in the middle of a line: what is here of it stays in the framer.
            let ready = line.stream().wait(until);
            match line.judge(ready)? {
                Ready::Data => line.gulp()?,
                Ready::Woken => return Ok((IdleEnd::Woken, None)),
                Ready::Timeout => return Ok((IdleEnd::Timeout, None)),
            }
        }
    }
}
