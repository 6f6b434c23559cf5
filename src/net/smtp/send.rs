//! One message: every recipient is asked before DATA, each stage is announced before it is acted
//! on, and what is not known is called unknown.

use super::data;
use super::reply::Reply;
use super::session::SmtpSession;
use crate::net::error::NetError;
use crate::text::size;
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use std::borrow::Cow;
use std::str::FromStr as _;

/// A message and its envelope.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The envelope's sender.
    pub from: &'a str,
    /// Whom to ask.
    pub recipients: &'a [&'a str],
    /// The message, RFC 5322.
    pub bytes: &'a [u8],
}

/// How far a transaction is about to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// MAIL and RCPT come next.
    Envelope,
    /// DATA and the message come next, without the final dot.
    Data,
    /// The final dot comes next: afterwards the message may have been sent.
    Dot,
}

/// What became of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took the message for it.
    Accepted,
    /// Not now: try again with the same bytes.
    TryLater,
    /// Never.
    Refused,
    /// Nothing was sent to it, for no reason of its own.
    NotTried,
    /// The final dot went out and no answer came.
    Unknown,
}

/// One recipient's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The recipient.
    pub address: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The server's reply that decided.
    pub reply: Option<Reply>,
}

/// What became of a message.
#[derive(Debug)]
pub struct SendReport {
    /// Each recipient that was given, in that order.
    pub recipients: Vec<Asked>,
    /// What ended the transaction early, if anything did.
    pub error: Option<NetError>,
    /// Whether the connection can't be used again.
    pub connection_lost: bool,
}

impl SmtpSession {
    /// Hands one message over. `stage` is called before each stage; if it fails, the stage is not
    /// begun, the connection is closed and nothing was sent.
    ///
    /// If any recipient is refused for good nothing is sent at all; if some are put off it is sent
    /// to the others.
    pub fn send<E: std::fmt::Display>(
        &mut self,
        mail: &Mail<'_>,
        stage: &mut dyn FnMut(Stage) -> Result<(), E>,
    ) -> SendReport {
        let asked = mail.recipients.iter().map(|a| Asked {
            address: (*a).to_owned(),
            outcome: Outcome::NotTried,
            reply: None,
        });
        let mut run = Transaction {
            session: self,
            asked: asked.collect(),
            dotted: false,
        };
        let error = run.carry_out(mail, stage).err();
        let (asked, dotted) = (run.asked, run.dotted);
        if error.as_ref().is_some_and(NetError::ends_session) {
            self.abandon();
        }
        let mut report = SendReport {
            recipients: asked,
            error,
            connection_lost: self.is_lost(),
        };
        report.settle(dotted);
        report
    }
}

struct Transaction<'s> {
    session: &'s mut SmtpSession,
    asked: Vec<Asked>,
    dotted: bool,
}

impl Transaction<'_> {
    fn carry_out<E: std::fmt::Display>(
        &mut self,
        mail: &Mail<'_>,
        stage: &mut dyn FnMut(Stage) -> Result<(), E>,
    ) -> Result<(), NetError> {
        let octets = data::measure(mail.bytes)?;
        let from = self.mail_from(mail, octets)?;
        announce(stage, Stage::Envelope)?;
        let reply = self.session.command(&from.to_string())?;
        if !reply.is_positive() {
            self.all(&reply);
            self.reset();
            return Err(reply.error());
        }
        self.ask()?;
        let any = |o: Outcome| self.asked.iter().any(|a| a.outcome == o);
        if any(Outcome::Refused) || !any(Outcome::Accepted) {
            for one in self
                .asked
                .iter_mut()
                .filter(|a| a.outcome == Outcome::Accepted)
            {
                one.outcome = Outcome::NotTried;
                one.reply = None;
            }
            self.reset();
            return Ok(());
        }
        announce(stage, Stage::Data)?;
        let go = self.session.command(&Data.to_string())?;
        if go.code != 354 {
            self.open(&go);
            self.reset();
            return Err(go.error());
        }
        for piece in data::stuffed(mail.bytes) {
            if let Err(error) = self.session.write(&piece) {
                let Some(reply) = self.session.last_words() else {
                    return Err(error);
                };
                self.open(&reply);
                return Err(reply.error());
            }
        }
        announce(stage, Stage::Dot)?;
        self.dotted = true;
        self.session.write(b".\r\n")?;
        let end = self.session.read(self.session.pace.dot)?;
        match end.code / 100 {
            2 => {
                for one in self
                    .asked
                    .iter_mut()
                    .filter(|a| a.outcome == Outcome::Accepted)
                {
                    one.reply = Some(end.clone());
                }
                Ok(())
            }
            4 | 5 => {
                self.dotted = false;
                self.open(&end);
                Err(end.error())
            }
            _ => Err(NetError::Protocol(format!(
                "an answer to the message that means nothing: {end}"
            ))),
        }
    }

    fn mail_from(&self, mail: &Mail<'_>, octets: u64) -> Result<MailFrom, NetError> {
        let from = address(mail.from)?;
        let session = &self.session;
        if let Some(max) = session.max_size()
            && octets > max
        {
            let (have, may) = (size::human(octets), size::human(max));
            return Err(NetError::Unsendable(format!(
                "the message has {have}, and the server takes {may}: attach less"
            )));
        }
        let mut parameters = Vec::new();
        if session.extension("SIZE").is_some() {
            let octets = usize::try_from(octets).unwrap_or(usize::MAX);
            parameters.push(MailParameter::Size(octets));
        }
        if !mail.bytes.is_ascii() {
            if session.extension("8BITMIME").is_none() {
                return Err(NetError::Unsendable(
                    "the message holds 8-bit text and the server takes only 7-bit".to_owned(),
                ));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mut all = mail.recipients.iter().chain([&mail.from]);
        if let Some(odd) = all.find(|a| !wire(a).is_ascii()) {
            if session.extension("SMTPUTF8").is_none() {
                return Err(NetError::Unsendable(format!(
                    "{odd} is not ASCII before its @, and the server takes no such address (no SMTPUTF8)"
                )));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        Ok(MailFrom::new(Some(from), parameters))
    }

    fn ask(&mut self) -> Result<(), NetError> {
        for at in 0..self.asked.len() {
            let Some(one) = self.asked.get_mut(at) else {
                break;
            };
            let command = match address(&one.address) {
                Ok(to) => Rcpt::new(to, Vec::new()).to_string(),
                Err(error) => {
                    one.outcome = Outcome::Refused;
                    one.reply = Some(Reply {
                        code: 553,
                        lines: vec![error.to_string()],
                    });
                    continue;
                }
            };
            let reply = self.session.command(&command)?;
            let lost = reply.code == 421;
            one.outcome = match reply.for_recipient() {
                Ok(()) => Outcome::Accepted,
                Err(true) => Outcome::Refused,
                Err(false) => Outcome::TryLater,
            };
            one.reply = Some(reply.clone());
            if lost {
                return Err(reply.error());
            }
        }
        Ok(())
    }

    /// The whole transaction was answered so: it holds for everybody.
    fn all(&mut self, reply: &Reply) {
        let outcome = if reply.is_permanent() {
            Outcome::Refused
        } else {
            Outcome::TryLater
        };
        for one in &mut self.asked {
            one.outcome = outcome;
            one.reply = Some(reply.clone());
        }
    }

    /// The message was answered so: it holds for those that were to get it.
    fn open(&mut self, reply: &Reply) {
        let outcome = if reply.is_permanent() {
            Outcome::Refused
        } else {
            Outcome::TryLater
        };
        for one in self
            .asked
            .iter_mut()
            .filter(|a| a.outcome == Outcome::Accepted)
        {
            one.outcome = outcome;
            one.reply = Some(reply.clone());
        }
    }

    fn reset(&mut self) {
        if !self.session.is_lost()
            && !self
                .session
                .command(&Rset.to_string())
                .is_ok_and(|r| r.is_positive())
        {
            // What would the next message be mixed with?
            self.session.abandon();
        }
    }
}

impl SendReport {
    /// Gives every recipient an outcome that is true whatever ended the transaction.
    fn settle(&mut self, dotted: bool) {
        let unsendable = matches!(self.error, Some(NetError::Unsendable(_)));
        if self.error.is_none() {
            return;
        }
        let reason = self
            .error
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        for one in &mut self.recipients {
            one.outcome = match one.outcome {
                Outcome::Accepted if dotted => Outcome::Unknown,
                Outcome::NotTried if unsendable => {
                    one.reply = Some(Reply {
                        code: 554,
                        lines: vec![reason.clone()],
                    });
                    Outcome::Refused
                }
                Outcome::Accepted | Outcome::NotTried => {
                    one.reply = None;
                    Outcome::TryLater
                }
                decided => decided,
            };
        }
    }
}

/// An address as the envelope spells it: the domain in ASCII (RFC 5890), so that a name in another
/// script needs nothing of the server.
fn wire(address: &str) -> Cow<'_, str> {
    match address.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => idna::domain_to_ascii(domain)
            .map_or(Cow::Borrowed(address), |d| {
                Cow::Owned(format!("{local}@{d}"))
            }),
        _ => Cow::Borrowed(address),
    }
}

fn address(text: &str) -> Result<Address, NetError> {
    Address::from_str(&wire(text))
        .map_err(|e| NetError::Unsendable(format!("{text} is not an address: {e}")))
}

fn announce<E: std::fmt::Display>(
    stage: &mut dyn FnMut(Stage) -> Result<(), E>,
    next: Stage,
) -> Result<(), NetError> {
    // The caller could not write down what is about to happen, so it must not happen.
    stage(next).map_err(|e| NetError::Cut(format!("stopped before sending: {e}")))
}
