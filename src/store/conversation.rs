//! One thread as a tree (JWZ), made from the set of its messages when it is asked for: so it does
//! not depend on the order in which they arrived.

use super::error::Result;
use super::reader::Reader;
use crate::model::view::IndexRow;
use crate::model::{MailboxId, ThreadId};

impl Reader {
    /// The messages of a thread across mailboxes in the order of display, one row each with its
    /// depth. A message in several places is shown at the one in `within` if there is one, else at
    /// the most telling one (inbox before archive before trash).
    pub fn thread(&self, thread: ThreadId, within: Option<MailboxId>) -> Result<Vec<IndexRow>> {
        let _ = (thread, within);
        unimplemented!()
    }
}
