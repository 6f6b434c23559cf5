//! A mailbox that is held open while much of it is asked for: on another connection where one ended,
//! so that a message at which connections end (F-30) costs only itself.

use crate::model::{MailboxName, UidValidity};
use crate::net::NetError;
use crate::net::imap::Mode;
use crate::sync::error::SyncError;
use crate::sync::kit::Connection;
use crate::sync::last_words;

/// So many connections may end one after the other without anything having come.
const BARREN: u32 = 6;

/// A mailbox, open for reading.
pub struct Held<'a> {
    /// The connection; another one after [`Held::again`].
    pub session: &'a mut Connection,
    mailbox: &'a MailboxName,
    validity: UidValidity,
    barren: u32,
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
        }
    }

    /// Something was answered: the server is well.
    pub fn came(&mut self) {
        self.barren = 0;
    }

    /// The connection ended with `error`: opens the mailbox on a new one.
    ///
    /// # Errors
    /// `error`, if it is none of the kind that a message may be the reason of, or too many connections
    /// ended so; whatever the new one says; [`SyncError::Interrupted`] if the mailbox has another
    /// generation.
    pub fn again(&mut self, error: NetError) -> Result<(), SyncError> {
        self.barren += 1;
        if !last_words::may_be(&error) || self.barren > BARREN {
            return Err(error.into());
        }
        self.session.dial_again()?;
        let selected = self.session.select(self.mailbox, Mode::ReadOnly)?;
        match selected.uidvalidity == self.validity {
            true => Ok(()),
            false => Err(SyncError::Interrupted),
        }
    }
}
