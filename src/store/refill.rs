//! Octets of attachments that were left out of a message come back into it, one attachment at a time.
//! What is known of the message stays as it is: its text, with those of the documents in it, was read
//! when all of it was here.

use crate::model::MsgId;
use crate::store::cache::Cache;
use crate::store::error::Result;
use crate::store::kept::{Kept, Unpacker, Wanted};
use crate::store::reader::Reader;
use rusqlite::{OptionalExtension as _, params};

/// A message with more of it than is here, ready to be written.
pub struct Refilled {
    message: MsgId,
    /// What it was made of: a message that changed meanwhile stays as it is.
    was: Vec<u8>,
    pressed: Option<i64>,
    kept: Kept,
    hollow: bool,
}

impl Reader {
    /// A hollow message changed by `fill`, which answers whether something is left out of it still, or
    /// nothing if it changed nothing. `None` then, and if the message is not here or here whole.
    pub fn refilled(
        &self,
        message: MsgId,
        fill: impl FnOnce(&mut [u8]) -> Option<bool>,
    ) -> Result<Option<Refilled>> {
        let moment = self.moment()?;
        let row = moment
            .prepare_cached("SELECT octets, pressed FROM kept WHERE message = ?1 AND hollow <> 0")?
            .query_row([message.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((was, pressed)) = row else {
            return Ok(None);
        };
        let Some((mut all, lengths)) = Unpacker::new(&moment).read(message.0, Wanted::All)? else {
            return Ok(None);
        };
        let raw = usize::try_from(lengths.text + lengths.files).unwrap_or(usize::MAX);
        let hollow = all.get_mut(raw..).and_then(fill);
        Ok(hollow.map(|hollow| Refilled {
            message,
            was,
            pressed,
            kept: Kept::of(&[&all], lengths, None),
            hollow,
        }))
    }
}

impl Cache {
    /// Keeps a message that was made whole, or more so; `false` if it changed meanwhile.
    pub fn refill(&mut self, refilled: &Refilled) -> Result<bool> {
        let Refilled {
            message,
            was,
            pressed,
            kept,
            hollow,
        } = refilled;
        self.write(|tx, _| {
            let taken = tx
                .prepare_cached(
                    "DELETE FROM kept WHERE message = ?1 AND octets = ?2 AND pressed IS ?3
                         AND hollow <> 0",
                )?
                .execute(params![message.0, was, pressed])?;
            if taken == 0 {
                return Ok(false);
            }
            tx.prepare_cached(
                "INSERT INTO kept (message, packing, text, files, raw, octets, hollow)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                message.0,
                kept.packing,
                kept.lengths.text,
                kept.lengths.files,
                kept.lengths.raw,
                kept.octets,
                hollow,
            ])?;
            tx.prepare_cached(
                "UPDATE message SET body_error = NULL, body_tries = 0 WHERE id = ?1",
            )?
            .execute([message.0])?;
            Ok(true)
        })
    }
}
