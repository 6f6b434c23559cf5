//! Bodies before anybody asks for them: over a connection of its own, so that neither new headers
//! nor an opened message ever waits for them; over the worker's where the server allows no more.

use crate::lang::tr;
use crate::model::{Reach, UidSet};
use crate::signal::{Doorbell, Ringer, Topic};
use crate::store::{Priority, Reader, WantedBody};
use crate::sync::bodies::{self, Keep};
use crate::sync::connections::Rank;
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::guard;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::mailboxes;
use crate::sync::report::{Meter, Task};
use crate::sync::reread;
use crate::sync::singly::{self, Doubt};
use crate::text::when;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Larger messages are fetched only when somebody opens them, or for a journey (octets).
const LARGE: u64 = 5 << 20;
/// Bodies that are looked up at once.
const PAGE: usize = 500;
/// Messages of a mailbox whose previews are fetched where bodies are not.
const PREVIEWS: usize = 600;
/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;

/// Fetches until the engine stops. The worker rings `bell` when there may be something to fetch;
/// it is rung itself where it has to do the work.
pub fn run(kit: &Kit, bell: &Doorbell, worker: &Ringer) {
    let mut connection: Option<Connection> = None;
    while !kit.stopping() {
        bell.clear();
        let mut cut_in = || kit.stopping();
        match guard::turn(|| round(kit, &mut connection, &mut cut_in)) {
            Ok(_) | Err(SyncError::Stopping | SyncError::Interrupted) => {}
            Err(SyncError::Crowded) => {
                connection = None;
                kit.crowded.store(true, Ordering::SeqCst);
                worker.ring();
            }
            Err(error) => {
                // The worker finds out whether the account is reachable, and rings when it is.
                tracing::info!(account = %kit.account.name, %error, "fetching bodies ended");
                connection = None;
            }
        }
        // What is here already waits for what is not, and for whoever rings.
        let mut cut_in = || kit.stopping() || bell.wait(Some(Duration::ZERO));
        match guard::turn(|| reread::all(kit, &mut cut_in)) {
            Ok(()) | Err(SyncError::Stopping | SyncError::Interrupted) => {}
            Err(error) => {
                tracing::info!(account = %kit.account.name, %error, "bodies could not be read again");
            }
        }
        if kit.stopping() {
            break;
        }
        let linger = connection.as_ref().map(|_| kit.rhythm.linger);
        if !bell.wait(linger)
            && let Some(idle) = connection.take()
        {
            idle.hang_up();
            bell.wait(None);
        }
    }
    if let Some(connection) = connection {
        connection.hang_up();
    }
}

/// Fetches whatever the policies want, in the order of what people look at. Answers how many.
///
/// # Errors
/// As [`mailbox`]; what can't be dialled.
fn round(
    kit: &Kit,
    connection: &mut Option<Connection>,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<u64, SyncError> {
    let reader = kit.reader()?;
    stay_whole(kit)?;
    each(kit, &reader, |here, doubt| {
        if !is_wanted(kit, &reader, here)? {
            return Ok(0);
        }
        let live = match connection.take() {
            Some(live) if !live.is_dead() && !live.is_stale() => live,
            _ => kit.dial(Rank::Harvest, None)?,
        };
        mailbox(connection.insert(live), kit, &reader, here, doubt, cut_in)
    })
}

/// The same over the worker's connection, where the server allows no more.
///
/// # Errors
/// [`SyncError::Interrupted`] if `cut_in` said so; whatever the session or the cache say, but for a
/// refusal.
pub fn all(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<u64, SyncError> {
    each(kit, reader, |here, doubt| {
        mailbox(session, kit, reader, here, doubt, cut_in)
    })
}

/// Fetches from one mailbox after the other. Answers how many bodies.
fn each(
    kit: &Kit,
    reader: &Reader,
    mut fetch: impl FnMut(&Here, &mut Doubt) -> Result<u64, SyncError>,
) -> Result<u64, SyncError> {
    let mut doubt = Doubt::default();
    let mailboxes = mailboxes::known(kit, reader)?;
    let fetched: Result<u64, SyncError> =
        mailboxes.iter().map(|here| fetch(here, &mut doubt)).sum();
    doubt.settle(kit)?;
    let fetched = fetched?;
    end_journey(kit)?;
    Ok(fetched)
}

/// What a journey or the account wants whole does not lose its attachments when it is read again.
fn stay_whole(kit: &Kit) -> Result<(), SyncError> {
    if keeping(kit) == Keep::Whole {
        let name = kit.account.name.clone();
        kit.writer
            .run(Priority::Batch, move |cache| cache.reread_whole(&name))?;
    }
    Ok(())
}

/// A journey's fetching ends when nothing is left to fetch, and what was promised to be here stays.
///
/// # Errors
/// When the cache can't be written.
fn end_journey(kit: &Kit) -> Result<(), SyncError> {
    stay_whole(kit)?;
    let spent = kit.usage.is_spent(&kit.account.sync);
    if kit.marks.journey.swap(false, Ordering::SeqCst) {
        kit.report.journey(false);
        kit.report.notice(match spent {
            true => tr!("the day's budget is used up; the rest is fetched tomorrow"),
            false => tr!("everything that was chosen is here for reading offline"),
        });
    }
    Ok(())
}

/// What of a mailbox is wanted: not older than, not larger than.
fn bounds(kit: &Kit, reader: &Reader, here: &Here) -> Result<Option<(i64, u64)>, SyncError> {
    let journey = kit.marks.journey.load(Ordering::SeqCst);
    kit.report.journey(journey);
    let reach = if journey { Reach::All } else { here.bodies };
    let since = match reach {
        Reach::None => return Ok(None),
        Reach::Days(days) => when::now() - i64::from(days) * DAY,
        Reach::Octets(octets) => reader.date_within(here.id, octets)?,
        Reach::All => i64::MIN,
    };
    let largest = if reach == Reach::All { u64::MAX } else { LARGE };
    Ok(Some((since, largest)))
}

/// What is kept of messages that nobody asked for, and whether what is lacking of those that are here is
/// fetched: on a journey, and where the account says so.
fn keeping(kit: &Kit) -> Keep {
    match kit.account.sync.attachments || kit.marks.journey.load(Ordering::SeqCst) {
        true => Keep::Whole,
        false => Keep::Texts,
    }
}

/// What is wanted of a mailbox next.
fn next(
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    (since, largest): (i64, u64),
    limit: usize,
) -> Result<Vec<WantedBody>, SyncError> {
    let wanted = reader.bodies_wanted(here.id, since, largest, limit)?;
    match wanted.is_empty() && keeping(kit) == Keep::Whole {
        true => Ok(reader.hollow_wanted(here.id, since, largest, limit)?),
        false => Ok(wanted),
    }
}

/// Tells how far it is: first with the bodies, then with what is attached to those that are here.
fn meter<'a>(
    kit: &'a Kit,
    reader: &Reader,
    here: &Here,
    (since, largest): (i64, u64),
) -> Result<Meter<'a>, SyncError> {
    let mailbox = &here.label;
    let bodies = reader.bodies_left(here.id, since, largest)?;
    let (what, total) = match bodies == 0 && keeping(kit) == Keep::Whole {
        true => (
            tr!("attachments of {mailbox}", mailbox),
            reader.hollow_left(here.id, since, largest)?,
        ),
        false => (tr!("bodies of {mailbox}", mailbox), bodies),
    };
    Ok(Meter::new(&kit.report, Task::Bodies, what, 0, total))
}

fn is_wanted(kit: &Kit, reader: &Reader, here: &Here) -> Result<bool, SyncError> {
    if kit.usage.is_spent(&kit.account.sync) {
        return Ok(false);
    }
    Ok(match bounds(kit, reader, here)? {
        Some(bounds) => !next(kit, reader, here, bounds, 1)?.is_empty(),
        None => {
            kit.previews.load(Ordering::SeqCst) && !reader.previews_wanted(here.id, 1)?.is_empty()
        }
    })
}

/// Fetches the bodies that the policy wants from one mailbox, newest first; where it wants none,
/// previews of the newest (RFC 8970). Answers how many bodies.
///
/// # Errors
/// [`SyncError::Interrupted`] if `cut_in` said so; whatever the session or the cache say, but for a
/// refusal: one mailbox that can't be read must not hide the others.
fn mailbox(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    doubt: &mut Doubt,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<u64, SyncError> {
    match fetch(session, kit, reader, here, doubt, cut_in) {
        Err(SyncError::Net(error)) if !error.ends_session() => {
            tracing::info!(mailbox = %here.label, %error, "bodies were refused");
            Ok(0)
        }
        outcome => outcome,
    }
}

fn fetch(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    doubt: &mut Doubt,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<u64, SyncError> {
    let Some((since, largest)) = bounds(kit, reader, here)? else {
        return previews(session, kit, reader, here).map(|()| 0);
    };
    let mut meter = meter(kit, reader, here, (since, largest))?;
    let delivery = Delivery::new(&kit.writer);
    let mut fetched = 0;
    let mut tried = BTreeSet::new();
    loop {
        if meter.is_done() {
            meter = self::meter(kit, reader, here, (since, largest))?;
        }
        let mut wanted = next(kit, reader, here, (since, largest), PAGE)?;
        // What was fetched and is wanted still can't be had whole.
        wanted.retain(|body| tried.insert(body.message));
        if wanted.is_empty() {
            return Ok(fetched);
        }
        if !singly::open(session, reader, here)? {
            return Ok(fetched);
        }
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            if cut_in() {
                return Err(SyncError::Interrupted);
            }
            if kit.usage.is_spent(&kit.account.sync) {
                return Ok(fetched);
            }
            let (now, later) = rest.split_at(bodies::portion(rest).min(rest.len()));
            let keep = keeping(kit);
            match bodies::many(session, kit, &delivery, now, keep) {
                Err(SyncError::Net(error)) if error.ends_session() => {
                    delivery.settle()?;
                    let wanted = (now, keep);
                    if !singly::fetch(session, kit, reader, here, wanted, doubt, error)? {
                        return Ok(fetched);
                    }
                }
                other => {
                    other?;
                    doubt.settle(kit)?;
                }
            }
            rest = later;
            fetched += now.len() as u64;
            meter.add(now.len() as u64);
            // A journey that was called off, or began, changes what is wanted.
            if bounds(kit, reader, here)?.map(|b| b.1) != Some(largest) {
                return Ok(fetched);
            }
        }
        // What was fetched must be in the cache before it is asked what is missing.
        delivery.settle()?;
        kit.changed(Topic::Mailbox(here.id));
    }
}

fn previews(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
) -> Result<(), SyncError> {
    if !session.caps().has("PREVIEW") {
        kit.previews.store(false, Ordering::SeqCst);
        return Ok(());
    }
    let wanted = reader.previews_wanted(here.id, PREVIEWS)?;
    if wanted.is_empty() {
        return Ok(());
    }
    if !singly::open(session, reader, here)? {
        return Ok(());
    }
    let uids: UidSet = wanted.iter().map(|(_, uid)| *uid).collect();
    let mut found = Vec::new();
    session.fetch_previews(&uids, &mut |uid, text| {
        let message = wanted.iter().find(|(_, u)| *u == uid);
        found.extend(message.map(|(message, _)| (*message, text)));
        Ok(())
    })?;
    session.tally();
    // A message without a preview is given an empty one: it is not asked for again.
    for (message, _) in &wanted {
        if !found.iter().any(|(m, _)| m == message) {
            found.push((*message, String::new()));
        }
    }
    kit.writer
        .run(Priority::Batch, move |cache| cache.set_snippets(&found))?;
    kit.changed(Topic::Mailbox(here.id));
    Ok(())
}
