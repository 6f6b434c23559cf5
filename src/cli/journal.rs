//! `journal`, `undo`, `redo`: what was done, and taking it back.

use super::change::report;
use super::exit::{self, Failure};
use super::home::Home;
use super::{json, table};
use crate::model::{ActionId, Intent};
use crate::store::{Origin, Past};
use crate::text::{Clean, when};
use anyhow::Result;
use serde_json::{Value, json};

/// `journal`
///
/// # Errors
/// When `local.db` can't be read.
pub fn journal(home: &Home, as_json: bool, limit: usize) -> Result<u8> {
    let rows = home.local_reader()?.journal(limit)?;
    if as_json {
        let each: Vec<Value> = rows.iter().map(told).collect();
        json::print(json!({ "journal": each }))?;
        return Ok(0);
    }
    let now = when::now();
    let line = |past: &Past| {
        vec![
            Clean::line(&format!("a{}", past.id.0)),
            Clean::line(&when::clock(past.at, now)),
            Clean::line(&past.words()),
            Clean::line(&past.label),
            Clean::line(&past.about),
        ]
    };
    let lines = rows.iter().map(line).collect::<Vec<_>>();
    table::print_or(&lines, 40, "Nothing was done within the last 30 days.")?;
    Ok(0)
}

fn told(past: &Past) -> Value {
    let origin = match past.origin {
        Origin::User => "user",
        Origin::Rule => "rule",
        Origin::Program => "program",
    };
    let accounts: Vec<&str> = past.accounts.iter().map(|a| a.as_str()).collect();
    json!({
        "id": format!("a{}", past.id.0),
        "at": when::rfc3339(past.at),
        "done": past.label,
        "about": past.about,
        "by": origin,
        "accounts": accounts,
        "words": past.words(),
        "undone": past.undone.is_some(),
        "undoable": past.undoable,
        "waiting": past.stand.waiting,
        "refused": past.stand.refused,
        "errors": past.stand.reasons,
    })
}

/// `undo`, `undo a12`, `undo --after a12`
///
/// # Errors
/// When there is nothing to undo, it can't be, or a database can't be written.
pub fn undo(home: &Home, as_json: bool, id: Option<&str>, after: Option<&str>) -> Result<u8> {
    let intent = match (id, after) {
        (Some(id), _) => Intent::UndoOne(known(home, id)?),
        (None, Some(id)) => Intent::UndoSince(known(home, id)?),
        (None, None) => Intent::Undo,
    };
    report(home, as_json, intent)
}

/// `redo`, `redo a12`
///
/// # Errors
/// As [`undo`].
pub fn redo(home: &Home, as_json: bool, id: Option<&str>) -> Result<u8> {
    let intent = match id {
        Some(id) => Intent::RedoOne(known(home, id)?),
        None => Intent::Redo,
    };
    report(home, as_json, intent)
}

/// An action that there is.
fn known(home: &Home, id: &str) -> Result<ActionId> {
    let action = action(id)?;
    if home.local_reader()?.has_action(action)? {
        return Ok(action);
    }
    let told = format!("there is no action a{}: `journal` lists them", action.0);
    Err(Failure::new(exit::NO_INPUT, told).into())
}

fn action(id: &str) -> Result<ActionId> {
    let number = id.strip_prefix('a').unwrap_or(id).parse().ok();
    let told = || {
        format!(
            "`{}` is no action: a1, a2 …, as `journal` lists them",
            id.escape_debug()
        )
    };
    Ok(ActionId(
        number.ok_or_else(|| Failure::new(exit::USAGE, told()))?,
    ))
}
