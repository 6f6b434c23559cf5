//! A submission that stops before anything is submitted: MAIL and RCPT as they would be said, then
//! RSET (RFC 5321 §4.1.1.5). For finding out whether the server would take a message.

use super::envelope::{Mail, mail_from, rcpt_to};
use super::reply::Reply;
use super::session::SmtpSession;
use crate::net::error::NetError;

impl SmtpSession {
    /// Asks whether mail from `from` to `to` would be taken, and forgets it again. Nothing is sent.
    /// What the server said to the recipient.
    ///
    /// # Errors
    /// Its refusal of either, or what ended the connection.
    pub fn rehearse(&mut self, from: &str, to: &str) -> Result<Reply, NetError> {
        let mail = Mail {
            from,
            recipients: &[to],
            ..Mail::default()
        };
        let first = mail_from(&mail, 0, self.offers())?;
        let second = rcpt_to(to, &mail, self.offers())?;
        let mut reply = self.command(&first)?;
        if reply.is_positive() {
            reply = self.command(&second)?;
        }
        // Whatever was said: nothing of it is to stand when the connection ends.
        self.reset();
        match reply.is_positive() {
            true => Ok(reply),
            false => Err(reply.error()),
        }
    }
}
