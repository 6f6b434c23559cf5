//! Servers are asked for what is not here: the texts of messages whose bodies were not fetched.
//!
//! A server names messages that are known here by their headers; they are kept beside the query, and
//! whoever lists the search lists them below what is found here. One mailbox is asked after the other,
//! those that people look at first, and no more once somebody looks for something else.

use crate::model::Query;
use crate::net::imap::{Mode, Program};
use crate::signal::Topic;
use crate::store::Priority;
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::mailboxes;
use crate::text::when;

/// Of one mailbox, the newest that are kept.
const KEPT: usize = 500;

/// Asks an account's server for a search, over `session` or a new one left there. Answers how many
/// messages it named that are not here whole. `superseded`: whether nobody waits for it any more.
///
/// # Errors
/// When there is no connection to be had or the cache fails. A mailbox that refuses costs itself.
pub fn ask(
    kit: &Kit,
    session: &mut Option<Connection>,
    text: &str,
    superseded: &dyn Fn() -> bool,
) -> Result<u64, SyncError> {
    let reader = kit.reader()?;
    let mut wanted: Vec<Here> = Vec::new();
    for here in mailboxes::known(kit, &reader)? {
        if reader.has_bodiless(here.id)? {
            wanted.push(here);
        }
    }
    let Ok(query) = Query::parse(text) else {
        return Ok(0);
    };
    let now = when::now();
    let Some(program) = Program::of(&query, now) else {
        return Ok(0);
    };
    let kept = text.to_owned();
    kit.writer.run(Priority::Urgent, move |cache| {
        cache.begin_server_hits(&kept)
    })?;
    let mut found = 0;
    for here in wanted {
        if superseded() || kit.stopping() {
            break;
        }
        let live = match session {
            Some(session) => session,
            None => session.insert(kit.dial(Rank::OnDemand, None)?),
        };
        let program = match live.caps().gmail() {
            true => Program::of_gmail(&query).unwrap_or_else(|| program.clone()),
            false => program.clone(),
        };
        match one(kit, live, &here, &program, text) {
            Ok(count) => found += count,
            Err(SyncError::Net(error)) if !error.ends_session() => {
                tracing::info!(mailbox = %here.label, %error, "a search was refused");
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(session) = session {
        session.tally();
    }
    Ok(found)
}

fn one(
    kit: &Kit,
    session: &mut Connection,
    here: &Here,
    program: &Program,
    text: &str,
) -> Result<u64, SyncError> {
    let reader = kit.reader()?;
    let selected = session.select(&here.name, Mode::ReadOnly)?;
    if reader.cursor(here.id)?.uidvalidity != Some(selected.uidvalidity) {
        return Ok(0);
    }
    let uids = session.seek(program)?;
    let messages = reader.bodiless_among(here.id, &uids, KEPT)?;
    let count = messages.len() as u64;
    if count > 0 {
        let text = text.to_owned();
        kit.writer.run(Priority::Urgent, move |cache| {
            cache.keep_server_hits(&text, &messages)
        })?;
        kit.changed(Topic::ServerHits);
    }
    Ok(count)
}
