//! `outbox`: what waits to be sent, what was refused, and why; and what is decided about it.

use super::exit::{self, Failure};
use super::home::Home;
use super::say::{aside, say};
use super::written::Decision;
use super::{json, table};
use crate::model::{Intent, OutboxId, OutboxVerb, RecipientState, Submission};
use crate::store::LocalReader;
use crate::text::{Clean, later, when};
use anyhow::Result;
use serde_json::{Value, json};

/// `outbox`
///
/// # Errors
/// When `local.db` can't be read.
pub fn outbox(home: &Home, as_json: bool, all: bool) -> Result<u8> {
    let local = home.local_reader()?;
    let mut rows = local.outbox()?;
    if all {
        rows.extend(local.sent()?);
    }
    if as_json {
        let told: Vec<_> = rows
            .iter()
            .map(|row| entry(&local, row))
            .collect::<Result<_>>()?;
        json::print(json!({ "outbox": told }))?;
        return Ok(0);
    }
    let now = when::now();
    let mut lines = Vec::new();
    for row in &rows {
        let to: Vec<&str> = row.recipients.iter().map(|r| r.address.as_str()).collect();
        lines.push(vec![
            Clean::line(&format!("o{}", row.id.0)),
            Clean::line(row.state.name()),
            Clean::line(&when::short(row.created, now)),
            Clean::line(&to.join(", ")),
            Clean::line(&row.subject),
        ]);
        lines.extend(
            reasons(row, now)
                .into_iter()
                .map(|why| vec![Clean::default(), why]),
        );
        for fact in local.reports(&row.message_id)? {
            lines.push(vec![Clean::default(), Clean::line(&fact.words())]);
        }
    }
    table::print_or(&lines, 40, "The outbox is empty.")?;
    Ok(0)
}

fn entry(local: &LocalReader, row: &Submission) -> Result<Value> {
    Ok(json::submission(row, &local.reports(&row.message_id)?))
}

/// Where it stands, and each recipient of whom there is something to say.
fn reasons(row: &Submission, now: i64) -> Vec<Clean> {
    let stands = row.words(now, &|at| when::clock(at, now));
    let mut out = vec![Clean::line(&stands)];
    let told = |state| match state {
        RecipientState::Pending => false,
        RecipientState::Accepted => row.recipients.iter().any(|r| r.state != state),
        RecipientState::TryLater | RecipientState::Refused | RecipientState::Unknown => true,
    };
    for recipient in row.recipients.iter().filter(|r| told(r.state)) {
        out.push(Clean::line(&format!(
            "{}: {}",
            recipient.address,
            recipient.words()
        )));
    }
    out
}

/// `outbox cancel`, `edit` and so on.
///
/// # Errors
/// No such message, a time that can't be read, or a state that does not allow it.
pub fn decide(home: &Home, as_json: bool, decision: &Decision) -> Result<u8> {
    let (id, verb) = match decision {
        Decision::Cancel { id } => (id, OutboxVerb::Cancel),
        Decision::Edit { id } => (id, OutboxVerb::Edit),
        Decision::Hold { id } => (id, OutboxVerb::Hold),
        Decision::Retry { id } => (id, OutboxVerb::Retry),
        Decision::SendAt { id, when } => (id, OutboxVerb::SendAt(time(&when.join(" "))?)),
        Decision::Again { id } => (id, OutboxVerb::SendAgain),
        Decision::AssumeSent { id } => (id, OutboxVerb::AssumeSent),
        Decision::GiveUp { id } => (id, OutboxVerb::GiveUpRefused),
    };
    let Some(id) = id.strip_prefix('o').unwrap_or(id).parse().ok() else {
        let told = format!(
            "`{}` is no message of the outbox: o1, o2 …",
            id.escape_debug()
        );
        return Err(Failure::new(exit::USAGE, told).into());
    };
    let id = OutboxId(id);
    let done = home.carry_out(Intent::Outbox(id, verb), exit::NO_INPUT)?;
    if as_json {
        let stands = || -> Result<_> {
            let local = home.local_reader()?;
            let row = local.submission(id)?;
            row.map(|row| entry(&local, &row)).transpose()
        };
        // It is done: whoever hears otherwise would do it again.
        let stands = stands();
        exit::note_damage(&home.paths.cache, &stands);
        if let Err(error) = &stands {
            aside!("postrider: {}", exit::words(error));
        }
        let message = stands.ok().flatten();
        let _ = json::print(json!({
            "done": done.label,
            "draft": done.draft.map(|draft| format!("d{}", draft.0)),
            "message": message,
        }));
    } else {
        say!("{}", Clean::line(&done.label));
    }
    Ok(0)
}

/// A time to come, as people write it.
///
/// # Errors
/// When it can't be read or has passed.
pub fn time(text: &str) -> Result<i64> {
    later::parse(text, when::now()).ok_or_else(|| {
        let told = format!(
            "`{}` is no time to come: try `tomorrow 9am`, `in 2h`, `mon 8:30`, `2026-12-24 18:00`",
            text.escape_debug()
        );
        Failure::new(exit::USAGE, told).into()
    })
}
