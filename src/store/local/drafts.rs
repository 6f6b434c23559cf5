//! Drafts: their rows.

use super::connection::{Local, LocalReader};
use crate::lang::{mark, tr};
use crate::model::{
    AccountName, Draft, DraftAttachment, DraftId, DraftKind, LocationId, MessageId, SendOptions,
};
use crate::store::codec::{ids_in, ids_out};
use crate::store::error::{Error, Result};
use crate::store::process::Process;
use rusqlite::{Connection, Row, Transaction, params};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// How long a draft that was thrown away is kept, in seconds: 30 days.
const KEPT: i64 = 30 * 24 * 3600;

const COLUMNS: &str = "id, account, kind, from_line, to_line, cc_line, bcc_line, subject, body, in_reply_to, refs, saved, source, reply_to, markdown, receipt, dsn, remind, send_at, rev";
/// The condition on a draft that it is one: neither on its way nor thrown away.
pub(super) const HERE: &str = "outbox IS NULL AND discarded = 0";

impl Local {
    /// Throws a draft away: it is gone from every list and its copies from the server, and can be
    /// had back by an undo within 30 days.
    ///
    /// # Errors
    /// [`Error::Refused`] while its message is in the outbox.
    pub fn discard_draft(&mut self, id: DraftId, now: i64) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM draft WHERE discarded BETWEEN 1 AND ?1",
                [now - KEPT],
            )?;
            if is_sending(tx, id)? {
                let why = tr!("this message is on its way already");
                return Err(Error::Refused(why.to_owned()));
            }
            if put_away(tx, id, now)? {
                tx.execute(
                    "INSERT INTO action(label, at, undo, draft, process) VALUES (?3, ?1, 1, ?2, ?4)",
                    params![now, id.0, mark!("Draft discarded"), Process::own().number()],
                )?;
            }
            Ok(())
        })
    }
}

/// A draft as lists show it: without its text and its attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    /// Its row.
    pub id: DraftId,
    /// The To line as typed. Untrusted text, as is the subject.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was last saved, seconds since 1970.
    pub saved: i64,
}

impl LocalReader {
    /// The lines of every draft, the last saved first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn draft_lines(&self) -> Result<Vec<DraftLine>> {
        let sql = format!(
            "SELECT id, to_line, subject, saved FROM draft WHERE {HERE} ORDER BY saved DESC, id DESC"
        );
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map([], |row| {
                Ok(DraftLine {
                    id: DraftId(row.get(0)?),
                    to: row.get(1)?,
                    subject: row.get(2)?,
                    saved: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Every draft, the last saved first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        let sql = format!("SELECT {COLUMNS} FROM draft WHERE {HERE} ORDER BY saved DESC, id DESC");
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let mut rows = query.query([])?;
            let mut drafts = Vec::new();
            while let Some(row) = rows.next()? {
                drafts.push(draft(conn, row)?);
            }
            Ok(drafts)
        })
    }

    /// One draft.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn draft(&self, id: DraftId) -> Result<Option<Draft>> {
        self.look(|conn| find(conn, id))
    }
}

/// One draft, unless its message is in the outbox.
pub(super) fn find(conn: &Connection, id: DraftId) -> Result<Option<Draft>> {
    let sql = format!("SELECT {COLUMNS} FROM draft WHERE id = ?1 AND {HERE}");
    one(conn, &sql, id)
}

/// One draft, wherever it is.
pub(super) fn any(conn: &Connection, id: DraftId) -> Result<Option<Draft>> {
    one(
        conn,
        &format!("SELECT {COLUMNS} FROM draft WHERE id = ?1"),
        id,
    )
}

fn one(conn: &Connection, sql: &str, id: DraftId) -> Result<Option<Draft>> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query([id.0])?;
    rows.next()?.map(|row| draft(conn, row)).transpose()
}

/// Whether a draft's message is in the outbox.
fn is_sending(tx: &Transaction<'_>, id: DraftId) -> Result<bool> {
    let sql = "SELECT 1 FROM draft WHERE id = ?1 AND outbox IS NOT NULL";
    Ok(tx.prepare_cached(sql)?.exists([id.0])?)
}

/// Throws a draft away; `false` if there is none of that row, or its message is in the outbox.
pub(super) fn put_away(tx: &Transaction<'_>, id: DraftId, now: i64) -> Result<bool> {
    let there = tx.execute(
        "UPDATE draft SET discarded = ?2, open = 0 WHERE id = ?1 AND outbox IS NULL AND discarded = 0",
        params![id.0, now.max(1)],
    )?;
    Ok(there == 1)
}

/// A draft that was thrown away is one again; `false` if there is none of that row.
pub(super) fn take_up(tx: &Transaction<'_>, id: DraftId) -> Result<bool> {
    let sql = "UPDATE draft SET discarded = 0 WHERE id = ?1 AND discarded <> 0";
    Ok(tx.execute(sql, [id.0])? == 1)
}

/// When a draft counts as saved: as told, but never at the time of a copy that was made of it
/// before, so that the copy can be told from it.
fn moment(tx: &Transaction<'_>, draft: Option<DraftId>, now: i64) -> Result<i64> {
    let Some(draft) = draft else { return Ok(now) };
    let last: Option<i64> = tx.query_row(
        "SELECT max(saved) FROM draft_copy WHERE draft = ?1 AND saved BETWEEN ?2 AND ?2 + 60",
        [draft.0, now],
        |r| r.get(0),
    )?;
    Ok(last.map_or(now, |last| last + 1))
}

/// Writes a draft into a new row, or in place of what stands in that one; one more revision of it.
pub(super) fn save(
    tx: &Transaction<'_>,
    into: Option<DraftId>,
    draft: &Draft,
    now: i64,
) -> Result<DraftId> {
    let kind = match draft.kind {
        DraftKind::New => 0,
        DraftKind::Reply => 1,
        DraftKind::Forward => 2,
    };
    let reply_to = draft.in_reply_to.as_ref().map_or("", MessageId::as_str);
    let now = moment(tx, into, now)?;
    // In place, so that attachments need not be written again with every autosave.
    let id: i64 = tx.query_row(
        "INSERT INTO draft(id, account, kind, from_line, to_line, cc_line, bcc_line, subject, body,
           in_reply_to, refs, saved, source, reply_to, markdown, receipt, dsn, remind, send_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT(id) DO UPDATE SET account = excluded.account, kind = excluded.kind,
           from_line = excluded.from_line, to_line = excluded.to_line, cc_line = excluded.cc_line,
           bcc_line = excluded.bcc_line, subject = excluded.subject, body = excluded.body,
           in_reply_to = excluded.in_reply_to, refs = excluded.refs, saved = excluded.saved,
           source = excluded.source, reply_to = excluded.reply_to, markdown = excluded.markdown,
           receipt = excluded.receipt, dsn = excluded.dsn, remind = excluded.remind,
           send_at = excluded.send_at, discarded = 0, rev = rev + 1
         RETURNING id",
        params![
            into.map(|id| id.0),
            draft.account.as_str(),
            kind,
            draft.from,
            draft.to,
            draft.cc,
            draft.bcc,
            draft.subject,
            draft.body,
            reply_to,
            ids_out(&draft.references),
            now,
            draft.source.map(|s| s.0),
            draft.reply_to,
            draft.options.markdown,
            draft.options.receipt,
            draft.options.dsn,
            draft.options.remind.unwrap_or(0),
            draft.options.send_at.unwrap_or(0)
        ],
        |r| r.get(0),
    )?;
    if attachments(tx, id)? != draft.attachments {
        attach(tx, id, &draft.attachments)?;
    }
    Ok(DraftId(id))
}

/// A draft holds these from now on: whoever read it before has not seen that.
pub(super) fn hold(
    tx: &Transaction<'_>,
    draft: DraftId,
    attachments: &[DraftAttachment],
) -> Result<()> {
    attach(tx, draft.0, attachments)?;
    tx.execute("UPDATE draft SET rev = rev + 1 WHERE id = ?1", [draft.0])?;
    Ok(())
}

/// Writes a draft's attachments in place of those it has.
fn attach(tx: &Transaction<'_>, draft: i64, attachments: &[DraftAttachment]) -> Result<()> {
    tx.execute("DELETE FROM draft_attachment WHERE draft = ?1", [draft])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO draft_attachment(draft, seq, path, name, media_type, bytes, inline) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let none = None::<Vec<u8>>;
    for (seq, attachment) in (0i64..).zip(attachments) {
        match attachment {
            DraftAttachment::File { path, name, inline } => insert.execute(params![
                draft,
                seq,
                path.as_os_str().as_bytes(),
                name.as_deref().unwrap_or(""),
                "",
                none,
                inline
            ])?,
            DraftAttachment::Bytes {
                name,
                media_type,
                bytes,
                inline,
            } => insert.execute(params![
                draft,
                seq,
                none,
                name,
                media_type,
                bytes.as_ref(),
                inline
            ])?,
        };
    }
    Ok(())
}

fn draft(conn: &Connection, row: &Row<'_>) -> Result<Draft> {
    let id: i64 = row.get(0)?;
    let (reply_to, refs): (String, String) = (row.get(9)?, row.get(10)?);
    Ok(Draft {
        id: Some(DraftId(id)),
        account: AccountName(row.get(1)?),
        kind: match row.get::<_, i64>(2)? {
            1 => DraftKind::Reply,
            2 => DraftKind::Forward,
            _ => DraftKind::New,
        },
        from: row.get(3)?,
        to: row.get(4)?,
        cc: row.get(5)?,
        bcc: row.get(6)?,
        subject: row.get(7)?,
        body: row.get(8)?,
        attachments: attachments(conn, id)?,
        in_reply_to: MessageId::new(&reply_to),
        references: ids_in(&refs),
        source: row.get::<_, Option<i64>>(12)?.map(LocationId),
        replaces: None,
        begun: 0,
        saved: row.get(11)?,
        rev: row.get(19)?,
        reply_to: row.get(13)?,
        options: SendOptions {
            markdown: row.get(14)?,
            receipt: row.get(15)?,
            dsn: row.get(16)?,
            remind: Some(row.get(17)?).filter(|after| *after != 0),
            send_at: Some(row.get(18)?).filter(|at| *at != 0),
        },
    })
}

fn attachments(conn: &Connection, draft: i64) -> Result<Vec<DraftAttachment>> {
    let mut query = conn.prepare_cached(
        "SELECT path, name, media_type, bytes, inline FROM draft_attachment WHERE draft = ?1 ORDER BY seq",
    )?;
    let rows = query.query_map([draft], |r| {
        let path: Option<Vec<u8>> = r.get(0)?;
        Ok(match path {
            Some(path) => DraftAttachment::File {
                path: PathBuf::from(OsString::from_vec(path)),
                name: Some(r.get(1)?).filter(|n: &String| !n.is_empty()),
                inline: r.get(4)?,
            },
            None => DraftAttachment::Bytes {
                name: r.get(1)?,
                media_type: r.get(2)?,
                bytes: r.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default().into(),
                inline: r.get(4)?,
            },
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
