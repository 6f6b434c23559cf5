//! NOTIFY (RFC 5465): one connection that hears of every mailbox of the user's.
//!
//! What is heard stands in [`Unsolicited::statuses`] and [`Unsolicited::mailboxes`]; waiting is
//! still [`Session::idle`]. The server tells the state of all mailboxes at once when it begins, so
//! that nothing falls between a list and the first event.
//!
//! [`Unsolicited::statuses`]: crate::net::imap::Unsolicited::statuses
//! [`Unsolicited::mailboxes`]: crate::net::imap::Unsolicited::mailboxes

use crate::net::error::NetError;
use crate::net::imap::code::Code;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{Reply, Verdict};
use crate::net::imap::session::Session;

/// What we would like to hear of, in the order of a command. The first two belong together, and
/// the third needs them (RFC 5465 §5).
const MESSAGES: [&str; 3] = ["MessageNew", "MessageExpunge", "FlagChange"];
const NAMES: &str = "MailboxName";

impl Session {
    /// Asks to hear of the selected mailbox and of all others of the user's. Whether that is in
    /// force now: not where it is not offered or refused.
    ///
    /// # Errors
    /// See [`Session`]. A refusal is none.
    pub fn notify(&mut self) -> Result<bool, NetError> {
        if !self.caps.has("NOTIFY") {
            return Ok(false);
        }
        let mut wanted: Vec<&str> = MESSAGES.into_iter().chain([NAMES]).collect();
        loop {
            self.notes.notifying = true;
            let reply = self.set(&wanted)?;
            if reply.verdict == Verdict::Ok {
                return Ok(self.notes.notifying);
            }
            self.notes.notifying = false;
            let fewer = fewer(&wanted, reply.code.as_ref());
            if fewer.len() >= wanted.len() || fewer.len() < 2 {
                return Ok(false);
            }
            wanted = fewer;
        }
    }

    /// Whether [`Session::notify`] is in force. A server ends it by itself when there is too much to
    /// tell; [`crate::net::imap::Unsolicited::more`] says so then.
    pub fn notifying(&self) -> bool {
        self.notes.notifying
    }

    fn set(&mut self, events: &[&str]) -> Result<Reply, NetError> {
        let messages: Vec<&str> = events.iter().copied().filter(|e| *e != NAMES).collect();
        let text = format!(
            "NOTIFY SET STATUS (selected-delayed ({})) (personal ({}))",
            messages.join(" "),
            events.join(" ")
        );
        let replies = self.pipeline(&[Command::new(text)], None, &mut |_, said| Ok(Some(said)))?;
        let first = replies.into_iter().next();
        first.ok_or_else(crate::net::imap::fail::over)
    }
}

/// What is asked for after a refusal: what the server says that it knows, else one thing less.
fn fewer<'a>(wanted: &[&'a str], code: Option<&Code>) -> Vec<&'a str> {
    let mut fewer = wanted.to_vec();
    if let Some(Code::BadEvent(known)) = code {
        fewer.retain(|event| known.iter().any(|k| k.eq_ignore_ascii_case(event)));
        // Half of a pair is refused.
        let pair = MESSAGES.iter().take(2).all(|event| fewer.contains(event));
        return if pair { fewer } else { Vec::new() };
    }
    fewer.pop();
    fewer
}
