//! Reports that arrive (bounces, read receipts) are matched to what was sent: to a row of the outbox's
//! history, else to a message in Sent. What matches nothing of ours, or speaks of somebody whom it did
//! not go to, says nothing. What matches adds a note, for anybody can have written it; only a message
//! in doubt is known to be sent by it, because who names its Message-ID has seen it.

use crate::lang::{tr, trn};
use crate::mime;
use crate::mime::report::{self, Report};
use crate::model::{Fact, MessageId, MsgId, Role, Submission};
use crate::signal::Topic;
use crate::store::{Local, Reader};
use crate::sync::doubt;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::text::{Clean, when};
use std::collections::BTreeSet;

/// Reports of messages that were sent longer ago are history: 30 days, in seconds.
pub const OLD: i64 = 30 * 24 * 3600;
/// A larger message is no report that is worth its fetching (octets).
pub const LARGE: u64 = 1 << 20;
/// A bounce that names only a recipient is of a message of the last five days, in seconds: longer
/// nobody tries to deliver (RFC 5321 §4.5.4.1).
const LATELY: i64 = 5 * 24 * 3600;
/// So much (seconds) another machine's clock may be behind ours.
const SKEW: i64 = 600;
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
    let now = when::now();
    let at = report.date.unwrap_or(now).min(now);
    if at < now - OLD {
        return Ok(());
    }
    let mut local = kit.local()?;
    let name = &kit.account.name;
    let row = match &report.original {
        Some(original) => local.read().submitted(name, original)?,
        None => guessed(&local, kit, report, at)?,
    };
    let Some(original) = report
        .original
        .as_ref()
        .or(row.as_ref().map(|r| &r.message_id))
    else {
        return Ok(());
    };
    let reader = kit.reader()?;
    let there = in_sent(kit, &reader, original)?;
    if row.is_none() && there.is_empty() {
        return Ok(());
    }
    let to = went_to(&reader, row.as_ref(), &there)?;
    let facts = report.facts.iter();
    let facts = facts.filter(|f| to.contains(&f.recipient.to_lowercase()));
    let facts: Vec<Fact> = facts.cloned().collect();
    let id = report.message_id.as_ref();
    // People are remembered as unreachable only where the message itself is named.
    let named = report.original.is_some();
    let fresh = local.reported(name, original, id, &facts, named, at)?;
    if let Some(row) = row.as_ref().filter(|_| report.original.is_some()) {
        doubt::proved(kit, &mut local, row)?;
    }
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

/// What came back, where a bounce doesn't say it: the only message that went lately to somebody
/// whom it names.
fn guessed(
    local: &Local,
    kit: &Kit,
    report: &Report,
    at: i64,
) -> Result<Option<Submission>, SyncError> {
    for fact in report.facts.iter().take(TOLD) {
        let lately = (at - LATELY, at + SKEW);
        let name = &kit.account.name;
        let row = local.read().sent_to(name, &fact.recipient, lately)?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

/// Whom a message of ours went to, as far as we know, in lower case.
fn went_to(
    reader: &Reader,
    row: Option<&Submission>,
    there: &[MsgId],
) -> Result<BTreeSet<String>, SyncError> {
    let row = row.into_iter().flat_map(|row| &row.recipients);
    let mut to: BTreeSet<String> = row.map(|r| r.address.to_lowercase()).collect();
    for message in there {
        let Some(sent) = reader.message(*message)? else {
            continue;
        };
        let hidden = match reader.shown(*message)? {
            Some(shown) => mime::parse::blind(&shown.raw),
            None => Vec::new(),
        };
        let written = sent.envelope.to.iter().chain(&sent.envelope.cc);
        let written = written.chain(&hidden);
        to.extend(written.map(|who| who.addr.to_lowercase()));
    }
    Ok(to)
}

fn in_sent(kit: &Kit, reader: &Reader, original: &MessageId) -> Result<Vec<MsgId>, SyncError> {
    let name = &kit.account.name;
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
    let subject = subject.as_deref().map_or("", str::trim);
    let notice = |words: String| {
        let words = match subject {
            "" => words,
            subject => tr!("\"{subject}\": {words}", subject, words),
        };
        kit.report.notice(Clean::line(&words).as_str());
    };
    for fact in facts.iter().take(TOLD) {
        notice(fact.words());
    }
    if facts.len() > TOLD {
        notice(trn!(
            n = facts.len() - TOLD,
            "and {n} more report",
            "and {n} more reports"
        ));
    }
}
