//! Bodies, and what is learnt from them: text for the search, a snippet, attachments.

use super::cache::Cache;
use super::error::Result;
use crate::model::MsgId;
use crate::model::view::AttachmentRow;

impl Cache {
    /// Keeps a body with what was read out of it. Answers whether the message was still there.
    pub fn store_body(
        &mut self,
        message: MsgId,
        raw: &[u8],
        text: &str,
        snippet: &str,
        attachments: &[AttachmentRow],
    ) -> Result<bool> {
        let _ = (message, raw, text, snippet, attachments);
        unimplemented!()
    }

    /// The body can't be had, and why; it is not asked for again until [`Cache::forget_failures`].
    pub fn body_failed(&mut self, message: MsgId, reason: &str) -> Result<()> {
        let _ = (message, reason);
        unimplemented!()
    }

    /// Bodies that could not be had may be tried again.
    pub fn forget_failures(&mut self) -> Result<usize> {
        unimplemented!()
    }

    /// Drops bodies kept for messages that vanished more than seven days ago.
    pub fn sweep(&mut self) -> Result<usize> {
        unimplemented!()
    }
}
