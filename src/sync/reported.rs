//! Reports that arrive (bounces, read receipts) are matched to what was sent: to a row of the outbox's
//! history, else to a message in Sent. What matches nothing of ours says nothing.

use crate::mime::report::{self, Report};
use crate::model::{Fact, MsgId, Role};
use crate::signal::Topic;
use crate::store::Reader;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::text::{Clean, when};

/// Reports of messages that were sent longer ago are history: 30 days, in seconds.
pub const OLD: i64 = 30 * 24 * 3600;
/// A larger message is no report that is worth its fetching (octets).
pub const LARGE: u64 = 1 << 20;
/// Facts of one report that are told.
const TOLD: usize = 3;

/// Takes in what a message says of ours, if it is a report. What goes wrong costs the report alone.
pub fn take(kit: &Kit, raw: &[u8]) {
    let Some(report) = report::read(raw) else {
        return;
    };
    if let Err(error) = keep(kit, &report) {
        tracing::error!(%error, "a report could not be kept");
    }
}

fn keep(kit: &Kit, report: &Report) -> Result<(), SyncError> {
    let Some(original) = &report.original else {
        return Ok(());
    };
    let now = when::now();
    let at = report.date.unwrap_or(now).min(now);
    if at < now - OLD {
        return Ok(());
    }
    let mut local = kit.local()?;
    let name = &kit.account.name;
    let reader = kit.reader()?;
    let there = in_sent(kit, &reader, report)?;
    let row = local.read().submitted(name, original)?;
    if row.is_none() && there.is_empty() {
        return Ok(());
    }
    let id = report.message_id.as_ref();
    let fresh = local.reported(name, original, id, &report.facts, at)?;
    if fresh.is_empty() {
        return Ok(());
    }
    tell(kit, &fresh, row.map(|r| r.subject));
    for message in there {
        kit.report.post(Topic::Body(message));
    }
    kit.changed(Topic::Outbox);
    Ok(())
}

fn in_sent(kit: &Kit, reader: &Reader, report: &Report) -> Result<Vec<MsgId>, SyncError> {
    let name = &kit.account.name;
    let Some(original) = &report.original else {
        return Ok(Vec::new());
    };
    let Some(sent) = reader.role_mailbox(name, Role::Sent)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for message in reader.find(name, original)? {
        let places = reader.locate(message)?;
        found.extend(
            places
                .iter()
                .any(|p| p.name == sent.name)
                .then_some(message),
        );
    }
    Ok(found)
}

fn tell(kit: &Kit, facts: &[Fact], subject: Option<String>) {
    let about = match subject.as_deref().map(str::trim) {
        None | Some("") => String::new(),
        Some(subject) => format!("\"{subject}\": "),
    };
    for fact in facts.iter().take(TOLD) {
        let words = Clean::line(&format!("{about}{}", fact.words()));
        kit.report.notice(words.as_str());
    }
    if facts.len() > TOLD {
        let more = format!("{about}and {} more reports", facts.len() - TOLD);
        kit.report.notice(Clean::line(&more).as_str());
    }
}
