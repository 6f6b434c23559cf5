//! Messages whose headers the server could not give: each is asked for again once a day, in case that
//! what was the matter has passed (F-30). Until then a stub stands in the list for it.
//!
//! That it was asked for is written down before: a message that ends the connection costs one
//! connection a day.

use crate::model::{UidSet, UidValidity};
use crate::net::imap::{FetchBy, Mode};
use crate::signal::Topic;
use crate::store::{Cache, Local, Priority, Reader};
use crate::sync::brought::Brought;
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::mailboxes;
use crate::text::when;

/// Asks for what stubs stand for, where that is due.
///
/// # Errors
/// When the session ends or a database fails; a refusal is none.
pub fn ask_again(
    session: &mut Connection,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
) -> Result<(), SyncError> {
    for here in mailboxes::known(kit, reader)? {
        let Some(uidvalidity) = reader.cursor(here.id)?.uidvalidity else {
            continue;
        };
        let stubs = reader.stubs(here.id)?;
        let due = !stubs.is_empty() && local.once_a_day(&key(&here), when::now())?;
        if !due {
            continue;
        }
        match again(session, kit, &here, uidvalidity, &stubs) {
            Err(SyncError::Net(error)) if !error.ends_session() => {
                tracing::info!(mailbox = %here.label, %error, "headers are still not to be had");
            }
            other => other?,
        }
    }
    Ok(())
}

/// Under which name it is noted when this was done.
fn key(here: &Here) -> String {
    format!("stubs/{}", here.id.0)
}

fn again(
    session: &mut Connection,
    kit: &Kit,
    here: &Here,
    uidvalidity: UidValidity,
    stubs: &UidSet,
) -> Result<(), SyncError> {
    let selected = session.select(&here.name, Mode::ReadOnly)?;
    if selected.uidvalidity != uidvalidity {
        return Ok(());
    }
    let mut brought = Brought::new(kit, Delivery::new(&kit.writer), here.id, uidvalidity);
    let (mut rows, mut came) = (Vec::new(), UidSet::new());
    let outcome = session.fetch_headers(FetchBy::Uids(stubs), &mut |item| {
        came.insert(item.uid);
        rows.push(brought.read(item));
        Ok(())
    });
    session.tally();
    if !rows.is_empty() {
        let id = here.id;
        kit.writer.run(Priority::Batch, move |cache: &mut Cache| {
            cache.take_changes(id, uidvalidity, &[], &came, None)?;
            cache.ingest(id, uidvalidity, &rows, None).map(drop)
        })?;
        brought.finish(None)?;
        kit.changed(Topic::Mailbox(here.id));
    }
    outcome?;
    Ok(())
}
