//! `outbox`: what waits to be sent, what was refused, and why.

use super::home::Home;
use super::{json, table};
use crate::model::{Submission, SubmissionState};
use crate::text::{Clean, when};
use anyhow::Result;
use serde_json::json;

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
        json::print(json!({ "outbox": rows.iter().map(json::submission).collect::<Vec<_>>() }))?;
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
            reasons(row)
                .into_iter()
                .map(|why| vec![Clean::default(), why]),
        );
    }
    table::print(&lines, 40)?;
    Ok(0)
}

fn reasons(row: &Submission) -> Vec<Clean> {
    let mut out: Vec<Clean> = row.error.iter().map(|e| Clean::line(e)).collect();
    for recipient in &row.recipients {
        if let Some(reply) = recipient
            .reply
            .as_ref()
            .filter(|_| row.state != SubmissionState::Done)
        {
            out.push(Clean::line(&format!(
                "{}: {}: {reply}",
                recipient.address,
                recipient.state.name()
            )));
        }
    }
    out
}
