//! Many messages added to a mailbox at once: their APPENDs are sent together where the server takes
//! literals without being asked (RFC 7888), so that a long line to it costs little.

use crate::model::{Flags, MailboxName, Uid, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::change::{date_time, has_8_bit_header};
use crate::net::imap::code::Code;
use crate::net::imap::command::{Command, Part};
use crate::net::imap::decode::{Reply, Verdict};
use crate::net::imap::fail;
use crate::net::imap::session::Session;

/// A message to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Its flags.
    pub flags: Flags,
    /// Its INTERNALDATE, seconds since 1970; `None`: now.
    pub date: Option<i64>,
    /// Its octets.
    pub bytes: Vec<u8>,
}

/// What became of one: where it lies, if the server told; or why it was refused.
pub type Added = Result<Option<(UidValidity, Uid)>, NetError>;

impl Session {
    /// Adds messages to a mailbox, in order. One that is refused keeps no other away.
    ///
    /// # Errors
    /// When the session ends: then some may have been added, which the server alone knows.
    pub fn append_all(
        &mut self,
        to: &MailboxName,
        additions: &[Addition],
    ) -> Result<Vec<Added>, NetError> {
        let together = additions.iter().all(|a| {
            let announced = self.enabled().utf8 && has_8_bit_header(&a.bytes);
            self.caps.nonsync_literal(a.bytes.len())
                && !announced
                && self.fits(a.bytes.len()).is_ok()
        });
        if together && additions.len() > 1 {
            return self.append_together(to, additions);
        }
        let mut all = Vec::with_capacity(additions.len());
        for one in additions {
            match self.append(to, &one.flags, one.date, &one.bytes) {
                Err(error) if error.ends_session() => return Err(error),
                outcome => all.push(outcome),
            }
        }
        Ok(all)
    }

    fn append_together(
        &mut self,
        to: &MailboxName,
        additions: &[Addition],
    ) -> Result<Vec<Added>, NetError> {
        let mut commands = Vec::with_capacity(additions.len());
        for one in additions {
            let date = one.date.map(date_time).unwrap_or_default();
            let command = self.append_command(to, &one.flags, &date)?;
            commands.push(command.literal(&one.bytes));
        }
        // A name that is a literal itself has its turn.
        if commands
            .iter()
            .any(|c| !matches!(c.parts(), [Part::Text(_), Part::Literal(_)]))
        {
            let (first, rest) = additions.split_at(1.min(additions.len()));
            let mut all = self.append_all(to, first)?;
            if !rest.is_empty() {
                all.extend(self.append_all(to, rest)?);
            }
            return Ok(all);
        }
        let replies = self.pipeline(&commands, None, &mut |_, said| Ok(Some(said)))?;
        let names = commands.first().map(Command::strings).unwrap_or_default();
        Ok(replies.iter().map(|reply| added(reply, &names)).collect())
    }
}

fn added(reply: &Reply, names: &[String]) -> Added {
    match (&reply.verdict, &reply.code) {
        (Verdict::Ok, Some(Code::AppendUid(validity, list))) => {
            Ok(list.iter().next().map(|uid| (*validity, uid)))
        }
        (Verdict::Ok, _) => Ok(None),
        _ => Err(fail::refused(reply, names)),
    }
}
