//! The journal to be read: what was done within the last 30 days, where it stands, and what taking
//! it back would do.

use super::connection::LocalReader;
use super::inverse::{Hindrance, IsGone, way_back};
use super::row;
use crate::lang::{self, tr};
use crate::model::{AccountName, ActionId, MessageKey, NewOp, OpKind};
use crate::store::error::Result;
use rusqlite::{Connection, params};

/// Reasons of a server that are kept of one action.
const REASONS: usize = 5;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user.
    User,
    /// A rule, when mail came.
    Rule,
    /// The program, for something that the user did (a mark on what was answered).
    Program,
}

/// How many operations stand where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// Not confirmed by a server yet.
    pub waiting: usize,
    /// Done.
    pub done: usize,
    /// Refused for good.
    pub refused: usize,
    /// Taken back before they began.
    pub cancelled: usize,
    /// What servers said of those refused, each once.
    pub reasons: Vec<String>,
}

/// A past action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its row.
    pub id: ActionId,
    /// What was done, as it was told.
    pub label: String,
    /// The subject of the first message that it was done to; untrusted, may be empty.
    pub about: String,
    /// When, seconds since 1970.
    pub at: i64,
    /// Who did it.
    pub origin: Origin,
    /// The accounts that it was about.
    pub accounts: Vec<AccountName>,
    /// Where its operations stand.
    pub stand: Stand,
    /// If it was taken back: where that stands.
    pub undone: Option<Stand>,
    /// Whether it can be taken back as far as this journal knows.
    pub undoable: bool,
    /// Of sending: the outbox's word for where it stands; `None` if that row is gone.
    pub sending: Option<Option<String>>,
}

/// What taking an action back would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Would {
    /// What would be done, each with its messages where they are now.
    pub steps: Vec<NewOp>,
    /// Messages that would stay as they are, and why.
    pub hindered: Vec<(AccountName, MessageKey, Hindrance)>,
}

impl LocalReader {
    /// Past actions, newest first: what users and rules did, and whatever a server refused.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn journal(&self, limit: usize) -> Result<Vec<Past>> {
        self.look(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT a.id, a.label, a.about, a.at, a.origin, a.undo, a.outbox, o.state,
                     (SELECT max(u.id) FROM action u WHERE u.undoes = a.id)
                 FROM action a LEFT JOIN outbox o ON o.id = a.outbox
                 WHERE a.undoes IS NULL AND (a.label <> '' OR EXISTS
                     (SELECT 1 FROM op WHERE op.action = a.id AND op.state = 2))
                 ORDER BY a.id DESC LIMIT ?1",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = select.query([limit])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                let (label, undo): (String, i64) = (row::label(row, 1)?, row.get(5)?);
                let undo_row: Option<i64> = row.get(8)?;
                let origin = match row.get(4)? {
                    0 if label.is_empty() => Origin::Program,
                    0 => Origin::User,
                    _ => Origin::Rule,
                };
                let undone = match undo_row.filter(|_| undo >= 2) {
                    Some(row) => Some(stand(conn, row)?),
                    None => None,
                };
                let outbox: Option<i64> = row.get(6)?;
                all.push(Past {
                    id: ActionId(id),
                    label,
                    about: row.get(2)?,
                    at: row.get(3)?,
                    origin,
                    accounts: accounts(conn, id)?,
                    stand: stand(conn, id)?,
                    undone,
                    undoable: undo == 1,
                    sending: outbox.map(|_| row.get(7)).transpose()?,
                });
            }
            Ok(all)
        })
    }

    /// How many changes servers refused for good, of those that are remembered. Who counts before and
    /// after knows whether there was another.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn refusals(&self) -> Result<u64> {
        self.look(|conn| {
            let sql = "SELECT (SELECT count(*) FROM op WHERE state = 2)
                 + (SELECT count(*) FROM carried c JOIN op ON op.id = c.op
                    WHERE c.stays = 1 AND op.state = 3 AND op.recalled = 0)";
            let mut select = conn.prepare_cached(sql)?;
            Ok(select.query_row([], |row| row.get(0))?)
        })
    }

    /// Whether the journal has an action of that number.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn has_action(&self, id: ActionId) -> Result<bool> {
        self.look(|conn| {
            let mut select = conn.prepare_cached("SELECT 1 FROM action WHERE id = ?1")?;
            Ok(select.exists([id.0])?)
        })
    }

    /// What taking an action back would do, without doing it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn would_undo(&self, id: ActionId, is_gone: IsGone<'_>) -> Result<Would> {
        self.look(|conn| {
            let way = way_back(conn, id.0, Some(is_gone))?;
            let mut steps = Vec::new();
            for op in way.cancel {
                steps.push(NewOp {
                    kind: opposite(&op.kind, op.keys.first()),
                    account: op.account,
                    keys: op.keys,
                });
            }
            steps.retain(|step| !step.keys.is_empty());
            steps.extend(way.inverse);
            steps.extend(way.recall.into_iter().map(|op| NewOp {
                account: op.account,
                kind: op.kind,
                keys: op.keys,
            }));
            Ok(Would {
                steps,
                hindered: way.hindered,
            })
        })
    }
}

/// What not doing an operation means for its messages.
fn opposite(kind: &OpKind, first: Option<&MessageKey>) -> OpKind {
    match (kind, first) {
        (OpKind::Store(change), _) => OpKind::Store(change.inverse()),
        (OpKind::Move { .. } | OpKind::Expunge | OpKind::Vacate, Some(key)) => OpKind::Move {
            to: key.mailbox.clone(),
        },
        (kind, _) => kind.clone(),
    }
}

/// Where the operations of an action's last round stand.
fn stand(conn: &Connection, action: i64) -> Result<Stand> {
    let mut stand = Stand::default();
    let mut count = conn.prepare_cached(
        "SELECT state, count(*) FROM op
         WHERE action = ?1 AND round = (SELECT round FROM action WHERE action.id = ?1) GROUP BY state",
    )?;
    let mut rows = count.query([action])?;
    while let Some(row) = rows.next()? {
        let n = row.get(1)?;
        match row.get(0)? {
            0 | 1 => stand.waiting += n,
            2 => stand.refused = n,
            3 => stand.done = n,
            _ => stand.cancelled = n,
        }
    }
    let mut why = conn.prepare_cached(
        "SELECT DISTINCT error FROM op WHERE action = ?1 AND state = 2 AND error IS NOT NULL LIMIT ?2",
    )?;
    let limit = i64::try_from(REASONS).unwrap_or(i64::MAX);
    let reasons = why.query_map(params![action, limit], |r| {
        Ok(row::told(r, 0)?.unwrap_or_default())
    })?;
    stand.reasons = reasons.collect::<rusqlite::Result<_>>()?;
    // Of what went to another account some may have stayed.
    let mut stays = conn.prepare_cached(
        "SELECT DISTINCT c.why FROM carried c JOIN op ON op.id = c.op
         WHERE op.action = ?1 AND op.state = 3 AND op.recalled = 0 AND c.stays = 1 LIMIT ?2",
    )?;
    let stays = stays.query_map(params![action, limit], |r| r.get::<_, String>(0))?;
    for why in stays {
        stand.refused = stand.refused.max(1);
        stand.reasons.push(why?);
    }
    Ok(stand)
}

fn accounts(conn: &Connection, action: i64) -> Result<Vec<AccountName>> {
    let mut select =
        conn.prepare_cached("SELECT DISTINCT account FROM op WHERE action = ?1 ORDER BY 1")?;
    let names = select.query_map([action], |r| r.get(0).map(AccountName))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

impl Past {
    /// Where it stands, in words.
    pub fn words(&self) -> String {
        if let Some(undone) = &self.undone {
            return match undone {
                stand if stand.refused > 0 => stand.refusal(true),
                stand if stand.waiting > 0 => tr!("undone; that waits for the server").to_owned(),
                _ => tr!("undone").to_owned(),
            };
        }
        match &self.sending {
            Some(Some(state)) if state == "sent" => return tr!("sent").to_owned(),
            Some(Some(state)) => return outbox(state),
            Some(None) => return tr!("sent").to_owned(),
            None => {}
        }
        match &self.stand {
            stand if stand.refused > 0 => stand.refusal(false),
            stand if stand.waiting > 0 => tr!("waits for the server").to_owned(),
            stand if stand.all() > 0 => tr!("done on the server").to_owned(),
            _ if self.undoable => tr!("done").to_owned(),
            _ => tr!("stays").to_owned(),
        }
    }
}

/// How a message in the outbox stands, by the state's name.
fn outbox(state: &str) -> String {
    let known = match state {
        "queued" => tr!("in the outbox: queued"),
        "held" => tr!("in the outbox: held"),
        "sending" => tr!("in the outbox: sending"),
        "dot" => tr!("in the outbox: dot"),
        "in-doubt" => tr!("in the outbox: in-doubt"),
        "refused" => tr!("in the outbox: refused"),
        "accepted" => tr!("in the outbox: accepted"),
        other => return tr!("in the outbox: {state}", state = other),
    };
    known.to_owned()
}

impl Stand {
    fn refusal(&self, undone: bool) -> String {
        let reasons: Vec<&str> = self.reasons.iter().map(|why| lang::of(why)).collect();
        let reasons = reasons.join("; ");
        match (reasons.is_empty(), undone) {
            (true, false) => tr!("refused").to_owned(),
            (true, true) => tr!("undone, but refused").to_owned(),
            (false, false) => tr!("refused: {reasons}", reasons),
            (false, true) => tr!("undone, but refused: {reasons}", reasons),
        }
    }

    /// Operations in all.
    pub fn all(&self) -> usize {
        self.waiting + self.done + self.refused + self.cancelled
    }
}
