//! A mailbox that is held open while much of it is asked for: on another connection where one ended,
//! so that a message at which connections end (F-30) costs only itself.

use crate::model::{MailboxName, Uid, UidValidity};
use crate::net::NetError;
use crate::net::imap::Mode;
use crate::sync::error::SyncError;
use crate::sync::kit::Connection;
use crate::sync::last_words;

/// So many connections may end one after the other without anything having come.
const BARREN: u32 = 6;
/// So many octets of a message that was given before tell whether the server still gives any.
const PROBE: u64 = 1024;
/// So many messages in a row may be put off until another day; a server that puts off more of them is
/// in trouble.
const PUT_OFF: u32 = 4;

/// A mailbox, open for reading.
pub struct Held<'a> {
    /// The connection; another one after [`Held::again`].
    pub session: &'a mut Connection,
    mailbox: &'a MailboxName,
    validity: UidValidity,
    barren: u32,
    put_off: u32,
    given: Option<Uid>,
}

impl<'a> Held<'a> {
    /// The mailbox that is selected, with its generation.
    pub fn new(
        session: &'a mut Connection,
        mailbox: &'a MailboxName,
        validity: UidValidity,
    ) -> Held<'a> {
        Held {
            session,
            mailbox,
            validity,
            barren: 0,
            put_off: 0,
            given: None,
        }
    }

    /// The server gives the body of this message, now or another day, as far as is known.
    pub fn gives(&mut self, uid: Uid) {
        self.given = Some(uid);
    }

    /// A message was put off; whether there may be another one.
    pub fn puts_off(&mut self) -> bool {
        self.put_off += 1;
        self.put_off <= PUT_OFF
    }

    /// A message was not put off.
    pub fn answers(&mut self) {
        self.put_off = 0;
    }

    /// Something was answered: the server is well.
    pub fn came(&mut self) {
        self.barren = 0;
    }

    /// The connection ended with `error`: opens the mailbox on a new one. When too many ended so, a
    /// message that is given ([`Held::gives`]) tells whether it is the server or what it is asked for.
    ///
    /// # Errors
    /// `error`, if it is none of the kind that a message may be the reason of, or the server gives
    /// nothing any more; whatever the new one says; [`SyncError::Interrupted`] if the mailbox has
    /// another generation.
    pub fn again(&mut self, error: NetError) -> Result<(), SyncError> {
        self.barren += 1;
        if !last_words::may_be(&error) {
            return Err(error.into());
        }
        if self.barren <= BARREN {
            return self.open();
        }
        let Some(uid) = self.given else {
            return Err(error.into());
        };
        self.open()?;
        // A header would prove nothing: it is bodies that do not come.
        let probe = self.session.fetch_body_up_to(uid, PROBE);
        self.session.tally();
        match probe {
            Ok(Some(_)) => {
                self.barren = 0;
                Ok(())
            }
            _ => Err(error.into()),
        }
    }

    fn open(&mut self) -> Result<(), SyncError> {
        self.session.dial_again()?;
        let selected = self.session.select(self.mailbox, Mode::ReadOnly)?;
        match selected.uidvalidity == self.validity {
            true => Ok(()),
            false => Err(SyncError::Interrupted),
        }
    }
}
