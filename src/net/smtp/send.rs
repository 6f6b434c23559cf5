//! One message: every recipient is asked before DATA, each stage is announced before it is acted
//! on, and what is not known is called unknown.

use super::data;
use super::envelope::{Mail, mail_from, rcpt_to};
use super::reply::Reply;
use super::session::SmtpSession;
use super::watch::Going;
use crate::net::error::NetError;
use lettre::transport::smtp::commands::Data;

/// Octets of commands that may be on their way before their answers are read, where the server
/// takes several at once (RFC 2920): fewer than any socket holds, so that neither side ever waits
/// for the other to read.
const WINDOW: usize = 4 << 10;

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

/// Who writes each stage down before it begins, with what became of each recipient so far. If it
/// fails, the stage is not begun.
pub type Witness<'a, E> = dyn FnMut(Stage, &[Asked]) -> Result<(), E> + 'a;

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

impl Asked {
    /// Whether the message did not go to this one only because one transaction has no more room.
    pub fn is_left_over(&self) -> bool {
        self.outcome == Outcome::TryLater && self.reply.as_ref().is_none_or(Reply::is_crowded)
    }
}

impl SendReport {
    /// Whether the rest may go at once, in a transaction of its own: the server took the message for
    /// some, and for others it had no room in the same transaction.
    pub fn goes_on(&self) -> bool {
        let has = self
            .recipients
            .iter()
            .any(|r| r.outcome == Outcome::Accepted);
        self.error.is_none() && has && self.recipients.iter().any(Asked::is_left_over)
    }
}

impl SmtpSession {
    /// Hands one message over. `stage` is called before each stage; if it fails, the stage is not
    /// begun, the connection is closed and nothing was sent. It is told where each recipient stands.
    ///
    /// If any recipient is refused for good nothing is sent at all; if some are put off it is sent
    /// to the others. No more are asked than the server takes at once; the rest is to come again.
    pub fn send<E: std::fmt::Display>(
        &mut self,
        mail: &Mail<'_>,
        stage: &mut Witness<'_, E>,
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
        stage: &mut Witness<'_, E>,
    ) -> Result<(), NetError> {
        let measured = data::measure(mail.bytes)?;
        let from = mail_from(mail, measured.octets, self.session.offers())?;
        announce(stage, Stage::Envelope, &self.asked)?;
        self.ask(mail, from)?;
        let any = |o: Outcome| self.asked.iter().any(|a| a.outcome == o);
        if any(Outcome::Refused) || !any(Outcome::Accepted) {
            let refused = any(Outcome::Refused);
            let not_tried =
                |a: &&mut Asked| a.outcome == Outcome::Accepted || (refused && a.is_left_over());
            for one in self.asked.iter_mut().filter(not_tried) {
                one.outcome = Outcome::NotTried;
                one.reply = None;
            }
            self.reset();
            return Ok(());
        }
        announce(stage, Stage::Data, &self.asked)?;
        self.session.ask([Data.to_string().as_str()])?;
        let go = self.session.read(self.session.pace.data)?;
        if go.code != 354 {
            self.open(&go);
            self.reset();
            return Err(go.error());
        }
        let mut gone = 0;
        for piece in data::stuffed(mail.bytes, measured.canonical) {
            if let Err(error) = self.session.write(&piece) {
                self.session.watch.tell(Going::Over);
                let Some(reply) = self.session.last_words() else {
                    return Err(error);
                };
                self.open(&reply);
                return Err(reply.error());
            }
            gone += piece.len() as u64;
            let going = Going::Sent(gone.min(measured.octets), measured.octets);
            self.session.watch.tell(going);
        }
        self.session.watch.tell(Going::Over);
        announce(stage, Stage::Dot, &self.asked)?;
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

    /// Asks for the sender and for every recipient, several at once where the server takes that.
    fn ask(&mut self, mail: &Mail<'_>, from: String) -> Result<(), NetError> {
        self.session.mails += 1;
        let most = self.session.offers().most_recipients();
        let mut questions = vec![(None, from)];
        for (at, one) in self.asked.iter_mut().enumerate() {
            if most.is_some_and(|most| questions.len() > most) {
                one.outcome = Outcome::TryLater;
                continue;
            }
            match rcpt_to(&one.address, mail, self.session.offers()) {
                Ok(command) => questions.push((Some(at), command)),
                Err(error) => {
                    let why = match error {
                        NetError::Unsendable(why) => why,
                        other => other.to_string(),
                    };
                    one.outcome = Outcome::Refused;
                    // These are our words and no server's.
                    one.reply = Some(Reply {
                        code: 0,
                        lines: vec![why],
                    });
                }
            }
        }
        let window = match self.session.offers().has("PIPELINING") {
            true => WINDOW,
            false => 0,
        };
        let mut rest = questions.as_slice();
        while let Some((first, _)) = rest.split_first() {
            let mut octets = first.1.len();
            let more = rest.iter().skip(1).take_while(|(_, command)| {
                octets += command.len();
                octets <= window
            });
            let (now, later) = rest.split_at(1 + more.count());
            let commands = now.iter().map(|(_, command)| command.as_str());
            self.session.ask(commands)?;
            let mut no_sender = None;
            for (at, _) in now {
                let reply = self.session.answer()?;
                match at {
                    None if reply.code == 421 => {
                        self.all(&reply);
                        return Err(reply.error());
                    }
                    None => no_sender = (!reply.is_positive()).then_some(reply),
                    // Without a sender the answers about recipients mean nothing.
                    Some(_) if no_sender.is_some() => {}
                    Some(at) => self.judge(*at, reply)?,
                }
            }
            if let Some(reply) = no_sender {
                self.all(&reply);
                self.reset();
                return Err(reply.error());
            }
            rest = later;
        }
        Ok(())
    }

    fn judge(&mut self, at: usize, reply: Reply) -> Result<(), NetError> {
        let Some(one) = self.asked.get_mut(at) else {
            return Ok(());
        };
        one.outcome = match reply.for_recipient() {
            Ok(()) => Outcome::Accepted,
            Err(true) => Outcome::Refused,
            Err(false) => Outcome::TryLater,
        };
        let error = (reply.code == 421).then(|| reply.error());
        one.reply = Some(reply);
        error.map_or(Ok(()), Err)
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
        if !self.session.is_lost() && !self.session.reset() {
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
        let reason = match &self.error {
            Some(NetError::Unsendable(why)) => why.clone(),
            _ => String::new(),
        };
        for one in &mut self.recipients {
            one.outcome = match one.outcome {
                Outcome::Accepted if dotted => Outcome::Unknown,
                Outcome::NotTried if unsendable => {
                    one.reply = Some(Reply {
                        code: 0,
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

fn announce<E: std::fmt::Display>(
    stage: &mut Witness<'_, E>,
    next: Stage,
    asked: &[Asked],
) -> Result<(), NetError> {
    // The caller could not write down what is about to happen, so it must not happen.
    stage(next, asked).map_err(|e| NetError::Cut(format!("stopped before sending: {e}")))
}
