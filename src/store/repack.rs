//! Messages are packed once more, with a dictionary.
//!
//! What is alike in most messages (the names of header fields, how a program writes a page) is most of
//! what a short one takes, and by itself it has nothing to be packed with. So once there are enough of
//! them a dictionary is made of a sample of them (Zstandard's), and all that are here are packed once
//! more with it, more thoroughly, while nobody waits. They go into a table of their own, one behind the
//! other, so that no page is left half empty. The dictionary is made once, and is part of the cache.

use crate::model::{AccountName, MsgId};
use crate::store::cache::Cache;
use crate::store::error::{Error, Result};
use crate::store::kept::{self, Kept, Lengths, Packer, Unpacker, Wanted};
use crate::store::reader::Reader;
use rusqlite::{OptionalExtension as _, params};

/// A dictionary is made of so many messages, of so many octets of the beginning of each.
const SAMPLES: usize = if cfg!(test) { 100 } else { 1_000 };
const BEGINNING: usize = 12 << 10;
/// There have to be so many times as many.
const TIMES: usize = 2;
/// Octets of a dictionary.
const LENGTH: usize = 110 << 10;

/// A message packed once more, ready to be written.
pub struct Repacked {
    message: MsgId,
    /// What it was made of: a message that changed meanwhile stays as it is.
    was: Vec<u8>,
    kept: Kept,
}

/// What is packed without a dictionary, and would be smaller with it.
const ALONE: &str = "FROM kept INDEXED BY kept_alone WHERE packing = 1 AND length(octets) < 131072";

impl Reader {
    /// What messages are to be packed with; `None` as long as there is no dictionary.
    pub fn packer(&self) -> Result<Option<Packer>> {
        let id: Option<i64> = self
            .conn
            .prepare_cached("SELECT max(id) FROM dictionary")?
            .query_row([], |row| row.get(0))?;
        let Some(id) = id else { return Ok(None) };
        let octets = kept::dictionary(&self.conn, id)?;
        Ok(octets.and_then(|octets| Packer::new(id, &octets)))
    }

    /// A new dictionary, which takes about a second; `None` if there is one, or too little to make it of.
    pub fn make_dictionary(&self) -> Result<Option<Vec<u8>>> {
        if self.packer()?.is_some() {
            return Ok(None);
        }
        let mut select = self.conn.prepare(&format!("SELECT message {ALONE}"))?;
        let all: Vec<i64> = select
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if all.len() < SAMPLES * TIMES {
            return Ok(None);
        }
        let mut unpacker = Unpacker::new(&self.conn);
        let mut samples = Vec::with_capacity(SAMPLES * 2);
        for message in all.iter().step_by(all.len() / SAMPLES).take(SAMPLES) {
            // The beginning of the text, and of the message behind it.
            for wanted in [Wanted::Text, Wanted::Raw(BEGINNING as u64)] {
                // Others tell of one that is damaged.
                let sample = match unpacker.read(*message, wanted) {
                    Err(Error::Corrupt(_)) => None,
                    other => other?,
                };
                samples.extend(sample.map(|(mut sample, _)| {
                    sample.truncate(BEGINNING);
                    sample
                }));
            }
        }
        // Messages that have nothing in common make none.
        Ok(zstd::dict::from_samples(&samples, LENGTH).ok())
    }

    /// Messages of an account that are packed without a dictionary and would be smaller with it, before
    /// this one, the last ones first, at most `limit`.
    pub fn packed_alone(
        &self,
        account: &AccountName,
        before: Option<MsgId>,
        limit: usize,
    ) -> Result<Vec<MsgId>> {
        let mut select = self.conn.prepare_cached(&format!(
            "SELECT message {ALONE} AND message < ?1 AND EXISTS (SELECT 1 FROM location l
                 JOIN mailbox b ON b.id = l.mailbox JOIN account a ON a.id = b.account
                 WHERE l.message = kept.message AND a.name = ?3)
             ORDER BY message DESC LIMIT ?2"
        ))?;
        let before = before.map_or(i64::MAX, |id| id.0);
        let rows = select.query_map(params![before, limit, account.as_str()], |row| {
            row.get(0).map(MsgId)
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A message packed once more; `None` if it is gone, or damaged, which others tell.
    pub fn repacked(&self, message: MsgId, packer: &Packer) -> Result<Option<Repacked>> {
        let was = self
            .conn
            .prepare_cached("SELECT octets FROM kept WHERE message = ?1 AND packing = 1")?
            .query_row([message.0], |row| row.get(0))
            .optional()?;
        let Some(was) = was else { return Ok(None) };
        let all = match Unpacker::new(&self.conn).read(message.0, Wanted::All) {
            Err(Error::Corrupt(_)) => None,
            other => other?,
        };
        Ok(all.map(|(octets, lengths)| Repacked {
            message,
            was,
            kept: Kept::of(&[&octets], lengths, Some(packer)),
        }))
    }
}

impl Cache {
    /// Keeps a dictionary, if there is none yet.
    pub fn keep_dictionary(&mut self, octets: &[u8]) -> Result<()> {
        self.write(|tx, _| {
            tx.execute(
                "INSERT INTO dictionary (id, octets)
                 SELECT 2, ?1 WHERE NOT EXISTS (SELECT 1 FROM dictionary)",
                [octets],
            )?;
            Ok(())
        })
    }

    /// Keeps messages that were packed once more, unless they changed meanwhile.
    pub fn repack(&mut self, repacked: &[Repacked]) -> Result<()> {
        self.write(|tx, _| {
            for Repacked { message, was, kept } in repacked {
                let Lengths { text, files, raw } = kept.lengths;
                let taken: Option<i64> = tx
                    .prepare_cached(
                        "DELETE FROM kept WHERE message = ?1 AND octets = ?2 AND text = ?3
                             AND files = ?4 AND raw = ?5 RETURNING hollow",
                    )?
                    .query_row(params![message.0, was, text, files, raw], |row| row.get(0))
                    .optional()?;
                let Some(hollow) = taken else { continue };
                tx.prepare_cached("INSERT INTO pressed (octets) VALUES (?1)")?
                    .execute([&kept.octets])?;
                // A row that only becomes smaller leaves its page as empty as that made it; where one
                // goes, pages that are nearly empty are put together.
                tx.prepare_cached(
                    "INSERT INTO kept (message, packing, text, files, raw, octets, hollow, pressed)
                     VALUES (?1, ?2, ?3, ?4, ?5, x'', ?6, ?7)",
                )?
                .execute(params![
                    message.0,
                    kept.packing,
                    text,
                    files,
                    raw,
                    hollow,
                    tx.last_insert_rowid()
                ])?;
            }
            Ok(())
        })
    }
}
