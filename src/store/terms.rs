//! What the terms of a query say by themselves, from which places a search begins, and how conditions
//! are put together in SQL.

use crate::model::query::{Expr, Field, Has, Is, Term};
use crate::store::error::Result;
use crate::store::words;
use rusqlite::Connection;

/// Every shown place, by an index that holds all that is read and keeps a message's places together.
pub(super) const EVERYTHING: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_message
    WHERE l.message > 0 AND l.hidden = 0";
/// No place at all.
pub(super) const NOTHING: &str = "SELECT l.message, l.id, l.date FROM location l WHERE 0";
/// Of the places with a star, and of those with tags or other keywords: indices of these alone, in
/// the same order.
pub(super) const FLAGGED: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_flagged
    WHERE l.hidden = 0 AND l.system & 4 <> 0";
pub(super) const KEYWORDED: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_keyworded
    WHERE l.hidden = 0 AND l.keywords <> ''";
/// Of the unread places, and of those in some mailboxes. They have to be sorted.
pub(super) const UNREAD: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_unread
    WHERE l.hidden = 0 AND l.system & 1 = 0";
pub(super) const SHOWN: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_shown
    WHERE l.hidden = 0";
/// Sorting costs some times what looking at a place does.
pub(super) const SORTING: i64 = 4;
/// The same of the messages of a set, in their order.
pub(super) const MATCHING: &str = "SELECT l.message, l.id, l.date
    FROM (SELECT id FROM {found} ORDER BY 1) f
    CROSS JOIN location l INDEXED BY location_message ON l.message = f.id
    WHERE l.hidden = 0";
/// Certain once the body is here, likely before.
pub(super) const HAS_ATTACHMENT: &str = "EXISTS (SELECT 1 FROM message m WHERE m.id = l.message
    AND coalesce(m.attachments <> '[]', m.maybe_attachments))";
/// Messages with attachments, by an index of these alone.
pub(super) const ATTACHED: &str = "SELECT m.id FROM message m INDEXED BY message_attached
    WHERE m.attachments IS NOT NULL AND m.attachments <> '[]'";

/// Whether it holds for everything, as words without a letter do.
pub(super) fn is_silent(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) => sides.iter().all(is_silent),
        Expr::Any(sides) => sides.iter().all(is_silent),
        Expr::Not(side) => is_silent(side),
        Expr::Term(Term::Words {
            field,
            text,
            prefix,
        }) => words::phrase(*field, text, *prefix).is_none(),
        Expr::Term(_) => false,
    }
}

/// Whether words have to be looked up in an index even to ask a single message.
pub(super) fn looks_up(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) | Expr::Any(sides) => sides.iter().any(looks_up),
        Expr::Not(side) => looks_up(side),
        Expr::Term(Term::Words { text, .. }) if text.starts_with('*') => true,
        Expr::Term(term) => matches!(
            term,
            Term::Words {
                field: Field::Any | Field::Body,
                ..
            } | Term::Has(Has::Link)
        ),
    }
}

/// Whether it says nothing of a place, only which messages are meant.
pub(super) fn is_set(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) | Expr::Any(sides) => sides.iter().all(is_set),
        Expr::Not(_) => false,
        Expr::Term(term) => matches!(
            term,
            Term::Words { .. }
                | Term::Me(_)
                | Term::Has(Has::Link | Has::Image | Has::Invite)
                | Term::Is(Is::List)
                | Term::Type(_)
                | Term::List(_)
                | Term::Thread(_)
                | Term::Id(_)
        ),
    }
}

pub(super) fn all(conditions: Vec<String>) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

pub(super) fn joined(sets: &[String], how: &str) -> Option<String> {
    match sets {
        [] => None,
        [only] => Some(only.clone()),
        sets => {
            let sets: Vec<String> = sets
                .iter()
                .map(|set| format!("SELECT id FROM {set}"))
                .collect();
            Some(format!("({})", sets.join(&format!(" {how} "))))
        }
    }
}

pub(super) fn one_of(mailboxes: &[i64]) -> String {
    if mailboxes.is_empty() {
        // An empty list is a constant, with which an index that is named may count for nothing.
        return "l.mailbox < 0".to_owned();
    }
    let ids: Vec<String> = mailboxes.iter().map(i64::to_string).collect();
    format!("l.mailbox IN ({})", ids.join(", "))
}

/// Mailboxes of this role or name: the whole one, or its last level; only the whole one behind a `/`.
/// Without regard to case.
pub(super) fn mailboxes(conn: &Connection, name: &str) -> Result<Vec<i64>> {
    let whole = name.strip_prefix('/');
    let name = whole.unwrap_or(name).to_lowercase();
    let mut select = conn.prepare_cached("SELECT id, path, role FROM mailbox ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let path = row.get::<_, String>(1)?.to_lowercase();
        let last = path.rsplit('/').next().unwrap_or_default();
        let role = row.get_ref(2)?;
        let loosely = || last == name || role.as_str().is_ok_and(|role| role == name);
        if path == name || (whole.is_none() && loosely()) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

pub(super) fn mailboxes_of(conn: &Connection, account: &str) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached(
        "SELECT b.id FROM mailbox b JOIN account a ON a.id = b.account WHERE a.name = ?1 COLLATE NOCASE",
    )?;
    let ids = select.query_map([account], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
