//! What servers say of messages that are here: changed flags, and messages that vanished.

use super::cache::Cache;
use super::error::Result;
use crate::model::{Flags, MailboxId, ModSeq, Uid, UidSet};

impl Cache {
    /// Takes the server's flags; what the user changed and the server has not confirmed stays on
    /// top of them. Unknown UIDs are passed over. Answers how many rows are shown differently.
    pub fn set_flags(
        &mut self,
        mailbox: MailboxId,
        flags: &[(Uid, Flags)],
        modseq: Option<ModSeq>,
    ) -> Result<usize> {
        let _ = (mailbox, flags, modseq);
        unimplemented!()
    }

    /// Messages are gone from a mailbox. Bodies stay for seven days in case they come back.
    /// Answers how many there were.
    pub fn vanished(&mut self, mailbox: MailboxId, uids: &UidSet) -> Result<usize> {
        let _ = (mailbox, uids);
        unimplemented!()
    }
}
