//! Bodies, and what is learnt from them: text for the search, a snippet, attachments.

use crate::model::MsgId;
use crate::model::view::AttachmentRow;
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::messages;
use rusqlite::params;

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
        self.write(|tx, _| {
            let known = tx
                .prepare_cached(
                    "UPDATE message SET has_body = 1, body_error = NULL, snippet = ?2, attachments = ?3 WHERE id = ?1",
                )?
                .execute(params![message.0, snippet, codec::attachments_out(attachments)])?;
            if known == 0 {
                return Ok(false);
            }
            tx.prepare_cached("INSERT OR REPLACE INTO body (message, raw) VALUES (?1, ?2)")?
                .execute(params![message.0, raw])?;
            tx.prepare_cached("UPDATE location SET body = 1 WHERE message = ?1")?.execute([message.0])?;
            messages::index_text(tx, message.0, text)?;
            Ok(true)
        })
    }

    /// The body can't be had, and why; it is not asked for again until [`Cache::forget_failures`].
    pub fn body_failed(&mut self, message: MsgId, reason: &str) -> Result<()> {
        self.write(|tx, _| {
            let told = tx
                .prepare_cached(
                    "UPDATE message SET body_error = ?2 WHERE id = ?1 AND has_body = 0",
                )?
                .execute(params![message.0, reason])?;
            if told > 0 {
                tx.prepare_cached("UPDATE location SET body = 2 WHERE message = ?1")?
                    .execute([message.0])?;
            }
            Ok(())
        })
    }

    /// Bodies that could not be had may be tried again. Answers in how many places.
    pub fn forget_failures(&mut self) -> Result<usize> {
        self.write(|tx, _| {
            Ok(tx
                .prepare_cached("UPDATE location SET body = 0 WHERE body = 2")?
                .execute([])?)
        })
    }
}
