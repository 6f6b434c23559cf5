//! Copies of drafts in the server's Drafts mailbox.
//!
//! A copy is written down, with a Message-ID of its own, before it is appended: after a crash it is
//! looked for by that. What was not appended by us is named here only if the user took that very
//! message up for writing on. The draft here is what counts; a copy is never the last one of it.

use super::connection::{Local, LocalReader};
use super::drafts::{self, HERE};
use super::writing::{self, KeptDraft};
use crate::model::{
    AccountName, Draft, DraftId, MailboxName, MessageId, MessageKey, Uid, UidValidity,
};
use crate::store::codec::uid_in;
use crate::store::error::Result;
use rusqlite::{OptionalExtension as _, Row, params};

const COLUMNS: &str = "id, draft, message_id, mailbox, uidvalidity, uid, saved, state";
/// Begins what stands for the Message-ID of a message that another program wrote.
const FOREIGN: &str = "foreign:";

/// A copy's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CopyId(pub i64);

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyState {
    /// About to be appended, or appended and not yet known to be there.
    Appending,
    /// There.
    There,
    /// To be removed: its draft is gone, or another copy took its place.
    Stale,
    /// It was there and somebody else removed it.
    Missing,
}

/// A copy of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftCopy {
    /// Its row.
    pub id: CopyId,
    /// Whose copy it is.
    pub draft: DraftId,
    /// The Message-ID that it was given; `None` for a message that another program wrote.
    pub message_id: Option<MessageId>,
    /// The mailbox it is in.
    pub mailbox: MailboxName,
    /// Where it lies, if that is known.
    pub at: Option<(UidValidity, Uid)>,
    /// When the draft was saved that it is a copy of, seconds since 1970: its Date. 0 for a message
    /// that another program wrote.
    pub saved: i64,
    /// How far it is.
    pub state: CopyState,
}

impl Local {
    /// Keeps a draft that takes the place of a message on the server: as [`Local::keep_draft`], and
    /// the message counts as its copy, to be replaced or removed with it.
    ///
    /// # Errors
    /// As [`Local::keep_draft`].
    pub fn save_draft_of(
        &mut self,
        draft: &Draft,
        account: &AccountName,
        key: &MessageKey,
        now: i64,
    ) -> Result<KeptDraft> {
        self.write(|tx| {
            let kept = writing::keep(tx, draft, now)?;
            let (validity, uid) = (key.uidvalidity.0, key.uid.get());
            let name = key.mailbox.as_bytes();
            // Nothing of it is sent anywhere: it only has to be another one for every message.
            let stand_in = format!(
                "{FOREIGN}{account}/{}/{validity}/{uid}",
                name.escape_ascii()
            );
            tx.execute(
                "INSERT OR IGNORE INTO draft_copy(draft, account, message_id, mailbox, uidvalidity, uid, saved, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 1)",
                params![kept.id.0, account.as_str(), stand_in, name, validity, uid],
            )?;
            Ok(kept)
        })
    }

    /// Writes down that a draft is about to be appended: the row of an attempt that came to nothing,
    /// or a new one with this Message-ID. Answers it with the draft as it is now; `None` if there is
    /// nothing to copy any more.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn claim_copy(
        &mut self,
        draft: DraftId,
        account: &AccountName,
        mailbox: &MailboxName,
        fresh: &MessageId,
    ) -> Result<Option<(DraftCopy, Draft)>> {
        self.write(|tx| {
            let draft = drafts::find(tx, draft)?.filter(|d| d.account == *account);
            let Some((id, draft)) = draft.and_then(|d| Some((d.id?, d))) else {
                return Ok(None);
            };
            let begun: Option<i64> = tx
                .query_row(
                    "SELECT id FROM draft_copy WHERE draft = ?1 AND account = ?2 AND state = 0 ORDER BY id DESC LIMIT 1",
                    params![id.0, account.as_str()],
                    |r| r.get(0),
                )
                .optional()?;
            let row = tx.query_row(
                &format!(
                    "INSERT INTO draft_copy(id, draft, account, message_id, mailbox, saved, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
                     ON CONFLICT(id) DO UPDATE SET mailbox = excluded.mailbox, saved = excluded.saved
                     RETURNING {COLUMNS}"
                ),
                params![
                    begun,
                    id.0,
                    account.as_str(),
                    fresh.as_str(),
                    mailbox.as_bytes(),
                    draft.saved
                ],
                copy,
            )?;
            Ok(Some((row, draft)))
        })
    }

    /// A copy is there, at that place if it is known; the older ones of its draft are stale.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn copy_placed(&mut self, id: CopyId, at: Option<(UidValidity, Uid)>) -> Result<()> {
        self.write(|tx| {
            let (validity, uid) = at.map_or((0, 0), |(v, u)| (v.0, u.get()));
            tx.execute(
                "UPDATE draft_copy SET state = 1, uidvalidity = ?2, uid = ?3 WHERE id = ?1 AND state < 2",
                params![id.0, validity, uid],
            )?;
            let older = "draft = (SELECT draft FROM draft_copy WHERE id = ?1) AND id < ?1";
            tx.execute(
                &format!("DELETE FROM draft_copy WHERE state = 3 AND {older}"),
                [id.0],
            )?;
            tx.execute(
                &format!("UPDATE draft_copy SET state = 2 WHERE {older}"),
                [id.0],
            )?;
            Ok(())
        })
    }

    /// A copy is not where it was: somebody else removed it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn copy_missing(&mut self, id: CopyId) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE draft_copy SET state = 3 WHERE id = ?1 AND state = 1",
                [id.0],
            )?;
            Ok(())
        })
    }

    /// A copy is on the server no more, or never was.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn drop_copy(&mut self, id: CopyId) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM draft_copy WHERE id = ?1", [id.0])?;
            Ok(())
        })
    }

    /// Copies of drafts that were sent or discarded, or that another account sends now, become
    /// stale. Answers every stale copy of the account, oldest first.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn stale_copies(&mut self, account: &AccountName) -> Result<Vec<DraftCopy>> {
        const LEFT: &str = "account = ?1 AND state <> 2 AND NOT EXISTS
            (SELECT 1 FROM draft d WHERE d.id = draft_copy.draft AND d.account = draft_copy.account
               AND d.discarded = 0)";
        let left = self.reader.look(|conn| {
            let sql = format!("SELECT 1 FROM draft_copy WHERE {LEFT}");
            Ok(conn.prepare_cached(&sql)?.exists([account.as_str()])?)
        })?;
        if left {
            self.write(|tx| {
                let set = format!("UPDATE draft_copy SET state = 2 WHERE {LEFT}");
                tx.execute(&set, [account.as_str()])?;
                Ok(())
            })?;
        }
        let all = self.reader.copies(account)?.into_iter();
        Ok(all.filter(|c| c.state == CopyState::Stale).collect())
    }
}

impl LocalReader {
    /// Every copy of an account, oldest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn copies(&self, account: &AccountName) -> Result<Vec<DraftCopy>> {
        let sql = format!("SELECT {COLUMNS} FROM draft_copy WHERE account = ?1 ORDER BY id");
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map([account.as_str()], copy)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Drafts of an account that differ from their copies and that nobody has touched for `idle`
    /// seconds, or that are open nowhere. One whose copy somebody else removed is one of them only
    /// once it was written on.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn uncopied(&self, account: &AccountName, now: i64, idle: i64) -> Result<Vec<DraftId>> {
        let sql = format!(
            "SELECT id FROM draft d WHERE account = ?1 AND {HERE}
              AND (open <= 0 OR saved <= ?2 - ?3 OR saved > ?2 + ?3)
              AND NOT EXISTS (SELECT 1 FROM draft_copy c WHERE c.draft = d.id AND c.account = d.account
                              AND c.saved = d.saved AND c.state IN (1, 3))
            ORDER BY id"
        );
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map(params![account.as_str(), now, idle], |r| {
                r.get(0).map(DraftId)
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// When a draft was saved last, seconds since 1970; `None` if it is gone.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn saved(&self, draft: DraftId) -> Result<Option<i64>> {
        self.look(|conn| {
            let mut query = conn.prepare_cached("SELECT saved FROM draft WHERE id = ?1")?;
            Ok(query.query_row([draft.0], |r| r.get(0)).optional()?)
        })
    }

    /// The draft whose copy lies at that place; it may be on its way.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn draft_copied_at(
        &self,
        account: &AccountName,
        mailbox: &MailboxName,
        at: (UidValidity, Uid),
    ) -> Result<Option<DraftId>> {
        let sql = "SELECT c.draft FROM draft_copy c JOIN draft d ON d.id = c.draft
             WHERE c.account = ?1 AND c.mailbox = ?2 AND c.uidvalidity = ?3 AND c.uid = ?4 AND c.state IN (1, 2)
               AND d.discarded = 0";
        self.look(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            let (validity, uid) = (at.0.0, at.1.get());
            let found = query.query_row(
                params![account.as_str(), mailbox.as_bytes(), validity, uid],
                |r| r.get(0).map(DraftId),
            );
            Ok(found.optional()?)
        })
    }

    /// Drafts whose last copy somebody else removed from the server and that were not written on
    /// since.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn removed_elsewhere(&self) -> Result<Vec<DraftId>> {
        let sql = format!(
            "SELECT d.id FROM draft d JOIN draft_copy c ON c.draft = d.id AND c.saved = d.saved
             WHERE c.state = 3 AND c.mailbox <> x'' AND {HERE} ORDER BY d.id"
        );
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map([], |r| r.get(0).map(DraftId))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn copy(row: &Row<'_>) -> rusqlite::Result<DraftCopy> {
    let id: String = row.get(2)?;
    let uid = uid_in(row.get(5)?);
    let validity = UidValidity(row.get(4)?);
    Ok(DraftCopy {
        id: CopyId(row.get(0)?),
        draft: DraftId(row.get(1)?),
        message_id: MessageId::new(&id).filter(|_| !id.starts_with(FOREIGN)),
        mailbox: MailboxName::new(row.get::<_, Vec<u8>>(3)?),
        at: uid.map(|uid| (validity, uid)),
        saved: row.get(6)?,
        state: match row.get::<_, i64>(7)? {
            0 => CopyState::Appending,
            1 => CopyState::There,
            3 => CopyState::Missing,
            _ => CopyState::Stale,
        },
    })
}
