//! Whether a mailbox that is new on the server is one that was known under another name, where the
//! server has no name that lasts for mailboxes (MAILBOXID, RFC 8474).
//!
//! Equal counts are a reason to look and no proof: a server may give every mailbox the same
//! UIDVALIDITY, and then a copy of everything, or just as many other messages, look the same. So it
//! is opened: the same generation, the same UIDs, and the same Message-IDs wherever we look.

use crate::mime;
use crate::model::{MailboxId, MessageId, Uid, UidSet};
use crate::net::imap::Mode;
use crate::store::{Contents, MailboxInfo, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use std::collections::BTreeMap;

/// Mailboxes that are opened for one list.
const MOST: usize = 20;
/// Messages of one mailbox whose Message-IDs are compared, evenly spread from the first to the last.
const SAMPLE: u64 = 200;

/// Marks those in a list that are known under another name ([`MailboxInfo::was`]), as far as they
/// can be opened and compared.
///
/// # Errors
/// When the session ends, or the cache can't be read.
pub fn of_renames(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    list: &mut [MailboxInfo],
) -> Result<(), SyncError> {
    let guesses = reader.perhaps_renamed(&kit.account.name, list)?;
    for (known, at) in guesses.into_iter().take(MOST) {
        let Some(info) = list.get_mut(at) else {
            continue;
        };
        let Some(contents) = info.contents else {
            continue;
        };
        let same = match same(session, reader, known.id, info, contents) {
            // It can't be opened, or not compared: then it is another one.
            Err(SyncError::Net(error)) if !error.ends_session() => false,
            other => other?,
        };
        session.take_unsolicited();
        tracing::info!(mailbox = %info.path, same, "looks like one that was known");
        if same {
            info.was = Some(known.name);
        }
    }
    Ok(())
}

fn same(
    session: &mut Connection,
    reader: &Reader,
    known: MailboxId,
    info: &MailboxInfo,
    contents: Contents,
) -> Result<bool, SyncError> {
    let held = reader.all_uids(known)?;
    let ours = reader.message_ids(known, &spread(&held, SAMPLE))?;
    if ours.is_empty() {
        return Ok(false);
    }
    let open = session.select(&info.name, Mode::ReadOnly)?;
    if open.uidvalidity != contents.uidvalidity || open.exists != contents.messages {
        return Ok(false);
    }
    let there = session.uids()?;
    // Of a mailbox that is here in part, that part must be there.
    let whole = held.len() == u64::from(contents.messages);
    if !held.minus(&there).is_empty() || (whole && there.len() != held.len()) {
        return Ok(false);
    }
    let asked: UidSet = ours.keys().copied().collect();
    let mut theirs: BTreeMap<Uid, MessageId> = BTreeMap::new();
    session.fetch_message_ids(&asked, &mut |uid, header| {
        if let Some(id) = mime::parse::envelope(header).message_id {
            theirs.insert(uid, id);
        }
    })?;
    Ok(theirs == ours)
}

/// So many of these, evenly spread, the first and the last among them.
fn spread(all: &UidSet, most: u64) -> UidSet {
    let len = all.len();
    if len <= most {
        return all.clone();
    }
    let chosen = |n: u64| n + 1 == len || n * most / len != (n.wrapping_sub(1)) * most / len;
    (0u64..)
        .zip(all.iter())
        .filter(|(n, _)| *n == 0 || chosen(*n))
        .map(|(_, uid)| uid)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_goes_from_the_first_to_the_last() {
        for (count, most) in [(1, 200), (200, 200), (201, 200), (5_000, 200), (999, 10)] {
            let all = UidSet::range(3, 2 + count);
            let some = spread(&all, most);
            assert!(some.len() <= most + 1, "{count}: {}", some.len());
            assert!(some.len() >= u64::from(count).min(most));
            let ends = |set: &UidSet| (set.iter().next(), set.iter().last());
            assert_eq!(ends(&some), ends(&all), "{count}");
        }
    }
}
