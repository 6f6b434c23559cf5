//! What takes an account's messages: its submission server, or a program in its place.

use crate::model::Account;
use crate::net::sendmail::Program;
use crate::net::smtp::{Mail, SendReport, SmtpSession, Witness};

/// One of the two, ready for messages.
#[derive(Debug)]
pub enum Sender {
    /// A signed-in connection.
    Server(Box<SmtpSession>),
    /// A program, run once for each message.
    Program(Program),
}

impl Sender {
    /// The account's program, if it has one.
    pub fn program(account: &Account) -> Option<Sender> {
        let argv = account.sendmail.as_deref()?;
        Some(Sender::Program(Program::new(argv)))
    }

    /// Whether it takes one more message; a server may have hung up meanwhile.
    pub fn is_ready(&mut self) -> bool {
        match self {
            Sender::Server(session) => session.has_room() && session.reset(),
            Sender::Program(_) => true,
        }
    }

    /// Whether it takes only messages of seven bits (no 8BITMIME, RFC 6152).
    pub fn is_seven_bit(&self) -> bool {
        match self {
            Sender::Server(session) => !session.offers().has("8BITMIME"),
            Sender::Program(_) => false,
        }
    }

    /// Whether it holds a message back until `at` (both seconds since 1970).
    pub fn may_hold(&self, now: i64, at: i64) -> bool {
        match self {
            Sender::Server(session) => session.offers().may_hold(now, at),
            Sender::Program(_) => false,
        }
    }

    /// Hands one message over; see [`SmtpSession::send`] and [`Program::send`].
    pub fn send<E: std::fmt::Display>(
        &mut self,
        mail: &Mail<'_>,
        stage: &mut Witness<'_, E>,
    ) -> SendReport {
        match self {
            Sender::Server(session) => session.send(mail, stage),
            Sender::Program(program) => program.send(mail, stage),
        }
    }

    /// Says good-bye.
    pub fn quit(self) {
        if let Sender::Server(session) = self {
            session.quit();
        }
    }
}
