//! `remind`: of what was sent and nobody answered.

use super::exit::{self, Failure};
use super::home::{self, Home};
use super::outbox::time;
use super::say::say;
use super::{json, table};
use crate::model::{Intent, Reminder};
use crate::text::{Clean, when};
use anyhow::Result;
use serde_json::json;

/// `remind`: the reminders that wait or are due, those due first.
///
/// # Errors
/// When `local.db` can't be read.
pub fn list(home: &Home, as_json: bool) -> Result<u8> {
    let reminders = home.local_reader()?.reminders()?;
    if as_json {
        let each = reminders.iter().map(told);
        json::print(json!({ "reminders": each.collect::<Vec<_>>() }))?;
        return Ok(0);
    }
    let now = when::now();
    let line = |r: &Reminder| {
        vec![
            Clean::line(&format!("r{}", r.id.0)),
            Clean::line(r.state.name()),
            Clean::line(&when::clock(r.due, now)),
            Clean::line(&r.recipients),
            Clean::line(&r.subject),
        ]
    };
    let lines = reminders.iter().map(line).collect::<Vec<_>>();
    table::print_or(&lines, 40, "Nobody is reminded of anything.")?;
    Ok(0)
}

fn told(reminder: &Reminder) -> serde_json::Value {
    json!({
        "id": format!("r{}", reminder.id.0),
        "account": reminder.account.as_str(),
        "message_id": reminder.message_id.to_string(),
        "subject": reminder.subject,
        "recipients": reminder.recipients,
        "due": when::rfc3339(reminder.due),
        "state": reminder.state.name(),
    })
}

/// `remind ID in 3d`, `remind ID off` (a message's id or a reminder's).
///
/// # Errors
/// No such message or reminder, a time that can't be read, a message that is not ours.
pub fn remind(home: &Home, as_json: bool, id: &str, words: &[String]) -> Result<u8> {
    let words = words.join(" ");
    let intent = match words.as_str() {
        "off" => Intent::Dismiss(find(home, id)?.id),
        words => Intent::Remind(home::message_id(id)?, time(words)?),
    };
    let done = home.carry_out(intent, exit::NO_INPUT)?;
    if as_json {
        // It is done, whoever can be told.
        let _ = json::print(json!({ "done": done.label }));
    } else {
        say!("{}", Clean::line(&done.label));
    }
    Ok(0)
}

/// The reminder of that id, or of the message of that id.
fn find(home: &Home, id: &str) -> Result<Reminder> {
    let number = id.strip_prefix('r').and_then(|n| n.parse::<i64>().ok());
    let message = match number {
        Some(_) => None,
        None => home.reader()?.message(home::message_id(id)?)?,
    };
    let message = message.and_then(|m| m.envelope.message_id);
    let is = |r: &Reminder| Some(r.id.0) == number || message.as_ref() == Some(&r.message_id);
    let found = home.local_reader()?.reminders()?.into_iter().find(is);
    let none = || Failure::new(exit::NO_INPUT, format!("there is no reminder of {id}"));
    Ok(found.ok_or_else(none)?)
}
