//! Bodies, and what is learnt from them: text for the search, a snippet, attachments; and previews
//! (RFC 8970) of messages whose bodies are not here.

use crate::model::view::AttachmentRow;
use crate::model::{MailboxId, MsgId, Uid};
use crate::store::cache::Cache;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::kept::{Kept, Packer};
use crate::store::reader::Reader;
use crate::store::words;
use rusqlite::{Connection, OptionalExtension as _, params};

/// So many of a mailbox's newest messages without a body are worth a preview.
const PREVIEWED: usize = 600;

/// A body that was fetched, and what was read out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBody {
    /// Whose body.
    pub message: MsgId,
    /// The message as the server has it, byte for byte.
    pub raw: Vec<u8>,
    /// Its text, for the search.
    pub text: String,
    /// The beginning of its text, for lists.
    pub snippet: String,
    /// Its attachments.
    pub attachments: Vec<AttachmentRow>,
}

/// A [`NewBody`], ready to be written.
#[derive(Clone, Debug)]
pub struct PackedBody {
    message: MsgId,
    kept: Kept,
    /// Whether attachments are left out of it.
    hollow: bool,
    /// Whether it is to be read once more, and may be hollow then.
    again: Option<bool>,
    words: String,
    /// Its words as they are written, for the vocabulary.
    spelt: String,
    snippet: String,
    attachments: String,
}

impl PackedBody {
    /// Packs a body and takes its words out. It takes longer than to write it, so it is done where the
    /// message was read.
    pub fn new(body: &NewBody, packer: Option<&Packer>) -> PackedBody {
        let files = codec::file_words(&body.attachments);
        PackedBody {
            message: body.message,
            kept: Kept::new(&body.text, &files, &body.raw, packer),
            hollow: false,
            again: None,
            words: words::indexed(&body.text, &files),
            spelt: words::spelt(&body.text, &files),
            snippet: body.snippet.clone(),
            attachments: codec::attachments_out(&body.attachments),
        }
    }

    /// The same, where octets of attachments were left out of it (`mime::hollow`).
    pub fn hollow(self) -> PackedBody {
        PackedBody {
            hollow: true,
            ..self
        }
    }

    /// The same, which is to be read once more while nobody waits; whether attachments may be left out
    /// then.
    pub fn again(self, hollow: bool) -> PackedBody {
        PackedBody {
            again: Some(hollow),
            ..self
        }
    }

    /// Whose body.
    pub fn message(&self) -> MsgId {
        self.message
    }

    /// Whether attachments are left out of it.
    pub fn is_hollow(&self) -> bool {
        self.hollow
    }

    /// Octets that will be written of it.
    pub fn octets(&self) -> usize {
        self.kept.octets.len() + self.words.len()
    }
}

impl Cache {
    /// As [`Cache::store_packed`], packing them first.
    pub fn store_bodies(&mut self, bodies: &[NewBody]) -> Result<usize> {
        let packed: Vec<PackedBody> = bodies
            .iter()
            .map(|body| PackedBody::new(body, None))
            .collect();
        self.store_packed(&packed)
    }

    /// Keeps bodies in one transaction. Messages that are gone are passed over, and so is what would
    /// take away from one that is here whole: somebody asked for all of it meanwhile, and only reading
    /// it once more ([`Cache::store_reread`]) leaves attachments out again. Answers how many were kept.
    pub fn store_packed(&mut self, bodies: &[PackedBody]) -> Result<usize> {
        let bodies = bodies.iter().collect();
        self.keep(bodies, |tx, body| {
            let less = body.hollow || body.again == Some(true);
            Ok(!less || !is_whole(tx, body.message)?)
        })
    }

    /// Keeps those of these bodies that `may` be kept, as one transaction finds them.
    pub(super) fn keep(
        &mut self,
        mut bodies: Vec<&PackedBody>,
        may: impl Fn(&Connection, &PackedBody) -> Result<bool>,
    ) -> Result<usize> {
        // After an error it is begun anew.
        let mut vocabulary = std::mem::take(&mut self.vocabulary);
        let kept = self.write(|tx, tally| {
            // FTS5 wants rising ids: at one that falls it writes out what it gathered.
            bodies.sort_by_key(|body| body.message.0);
            let mut kept = Vec::with_capacity(bodies.len());
            for body in bodies {
                if may(tx, body)? && put(tx, body)? {
                    kept.push(body);
                }
            }
            // Last, because FTS5 writes out what it gathered at every other statement.
            let mut index = tx.prepare_cached(
                "INSERT OR REPLACE INTO text_word (rowid, words) VALUES (?1, ?2)",
            )?;
            for body in &kept {
                index.execute(params![body.message.0, body.words])?;
            }
            vocabulary.learn(tx, kept.iter().map(|body| body.spelt.as_str()))?;
            tally.texts += kept.len();
            Ok(kept.len())
        })?;
        self.vocabulary = vocabulary;
        Ok(kept)
    }

    /// Keeps previews of messages whose bodies are not here; what a body told stays.
    pub fn set_snippets(&mut self, snippets: &[(MsgId, String)]) -> Result<()> {
        self.write(|tx, _| {
            for (message, snippet) in snippets {
                tx.prepare_cached(
                    "UPDATE message SET snippet = ?2 WHERE id = ?1 AND has_body = 0",
                )?
                .execute(params![message.0, snippet])?;
            }
            Ok(())
        })
    }

    /// The body, or attachments that are left out of it, can't be had, and why; it is not asked for
    /// again until [`Cache::forget_failures`].
    pub fn body_failed(&mut self, message: MsgId, reason: &str) -> Result<()> {
        self.write(|tx, _| {
            let told = tx
                .prepare_cached(
                    "UPDATE message SET body_error = ?2, body_tries = body_tries + 1
                     WHERE id = ?1 AND (has_body = 0 OR EXISTS
                         (SELECT 1 FROM kept WHERE message = ?1 AND hollow <> 0))",
                )?
                .execute(params![message.0, reason])?;
            if told > 0 {
                tx.prepare_cached("UPDATE location SET body = 2 WHERE message = ?1 AND body = 0")?
                    .execute([message.0])?;
            }
            Ok(())
        })
    }

    /// The body, or attachments that are left out of it, were not where they were looked for: they
    /// are looked for again, where the message is by then. The reason is kept as in
    /// [`Cache::body_failed`] when that has happened [`TRIES`] times; answers whether it was.
    pub fn body_slipped(&mut self, message: MsgId, reason: &str) -> Result<bool> {
        let tried = self.write(|tx, _| {
            tx.prepare_cached("UPDATE message SET body_tries = body_tries + 1 WHERE id = ?1")?
                .execute([message.0])?;
            tries(tx, message)
        })?;
        if tried < TRIES {
            return Ok(false);
        }
        self.body_failed(message, reason)?;
        Ok(true)
    }

    /// So many octets are all of a message: its server tells a wrong size. What it tells is kept, as it
    /// is by that the message is known.
    pub fn body_proved(&mut self, message: MsgId, octets: u64) -> Result<()> {
        self.write(|tx, _| {
            let sql = "UPDATE message SET proved = ?2, body_tries = 0 WHERE id = ?1";
            tx.prepare_cached(sql)?
                .execute(params![message.0, octets])?;
            Ok(())
        })
    }

    /// Bodies of these messages that could not be had may be tried again.
    pub fn forget_failures(&mut self, messages: &[MsgId]) -> Result<()> {
        self.write(|tx, _| {
            for message in messages {
                tx.prepare_cached(
                    "UPDATE message SET body_error = NULL, body_tries = 0 WHERE id = ?1",
                )?
                .execute([message.0])?;
                tx.prepare_cached("UPDATE location SET body = 0 WHERE message = ?1 AND body = 2")?
                    .execute([message.0])?;
            }
            Ok(())
        })
    }
}

/// A body that was so often not where it was looked for is not looked for any more.
pub const TRIES: u32 = 3;

fn tries(conn: &Connection, message: MsgId) -> Result<u32> {
    let mut select = conn.prepare_cached("SELECT body_tries FROM message WHERE id = ?1")?;
    let tries = select.query_row([message.0], |row| row.get(0));
    Ok(tries.optional()?.unwrap_or_default())
}

impl Reader {
    /// How often the body of a message could not be had, since it was here or its failure was
    /// forgotten: whoever has it fetched once more sees by this that a failure is a new one.
    pub fn body_tries(&self, message: MsgId) -> Result<u32> {
        tries(&self.conn, message)
    }
}

/// Whether all of a message is here.
pub(super) fn is_whole(conn: &Connection, message: MsgId) -> Result<bool> {
    let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM kept WHERE message = ?1 AND hollow = 0)
                   OR EXISTS (SELECT 1 FROM body WHERE message = ?1)";
    Ok(conn.prepare_cached(sql)?.exists([message.0])?)
}

/// Writes a body, but for its words; `false` if there is no such message any more.
fn put(tx: &Connection, body: &PackedBody) -> Result<bool> {
    let id = body.message.0;
    let known = tx
        .prepare_cached(
            "UPDATE message SET has_body = 1, body_error = NULL, body_tries = 0, snippet = ?2, attachments = ?3 WHERE id = ?1",
        )?
        .execute(params![id, body.snippet, body.attachments])?;
    if known == 0 {
        return Ok(false);
    }
    let Kept {
        octets,
        packing,
        lengths,
    } = &body.kept;
    // What is replaced is not seen by the trigger that clears up behind it.
    tx.prepare_cached("DELETE FROM kept WHERE message = ?1")?
        .execute([id])?;
    tx.prepare_cached(
        "INSERT INTO kept (message, packing, text, files, raw, octets, hollow)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        id,
        packing,
        lengths.text,
        lengths.files,
        lengths.raw,
        octets,
        body.hollow
    ])?;
    tx.prepare_cached("UPDATE location SET body = 1 WHERE message = ?1")?
        .execute([id])?;
    tx.prepare_cached("DELETE FROM reread WHERE message = ?1")?
        .execute([id])?;
    if let Some(hollow) = body.again {
        tx.prepare_cached("INSERT INTO reread (message, hollow) VALUES (?1, ?2)")?
            .execute(params![id, hollow])?;
    }
    // Where an older program kept it.
    if tx
        .prepare_cached("DELETE FROM body WHERE message = ?1")?
        .execute([id])?
        > 0
    {
        tx.prepare_cached("DELETE FROM body_word WHERE rowid = ?1")?
            .execute([id])?;
    }
    Ok(true)
}

impl Reader {
    /// Messages whose bodies, or what is attached to them, could not be had. Every place is looked at.
    pub fn bodies_failed(&self) -> Result<Vec<MsgId>> {
        let mut select = self.conn.prepare_cached(
            "SELECT message FROM location WHERE body = 2
                 UNION SELECT k.message FROM kept k INDEXED BY kept_hollow
                     JOIN message m ON m.id = k.message
                     WHERE k.hollow <> 0 AND m.body_error IS NOT NULL",
        )?;
        let rows = select.query_map([], |row| row.get(0).map(MsgId))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The newest messages of a mailbox that have neither a body nor a preview, newest first, at
    /// most `limit`. Only the newest 600 are looked at: nobody scrolls further by eye.
    pub fn previews_wanted(&self, mailbox: MailboxId, limit: usize) -> Result<Vec<(MsgId, Uid)>> {
        let mut select = self.conn.prepare_cached(
            "SELECT l.message, l.uid FROM
                 (SELECT message, uid, date, id FROM location INDEXED BY location_bodyless
                  WHERE mailbox = ?1 AND body = 0 AND uid IS NOT NULL AND gone = 0
                  ORDER BY date DESC, id DESC LIMIT ?3) l
                 JOIN message m ON m.id = l.message
             WHERE m.snippet IS NULL ORDER BY l.date DESC, l.id DESC LIMIT ?2",
        )?;
        let rows = select.query_map(params![mailbox.0, limit, PREVIEWED], |row| {
            Ok((row.get(0).map(MsgId)?, codec::uid_in(row.get(1)?)))
        })?;
        let found: Vec<(MsgId, Option<Uid>)> = rows.collect::<rusqlite::Result<_>>()?;
        let with_uid = |(message, uid): (MsgId, Option<Uid>)| Some((message, uid?));
        Ok(found.into_iter().filter_map(with_uid).collect())
    }
}
