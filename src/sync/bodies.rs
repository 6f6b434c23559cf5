//! Bodies: fetched whole and byte for byte, digested for the index, kept in the cache. One that
//! somebody waits for comes alone; in the background they come many at a time.

use crate::lang::{self, mark};
use crate::mime;
use crate::mime::hollow::hollow;
use crate::mime::within;
use crate::model::{MailboxName, MsgId, Uid, UidSet, UidValidity};
use crate::net::imap::{LARGEST, Mode, Session};
use crate::signal::Topic;
use crate::store::{NewBody, PackedBody, Priority, WantedBody};
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use crate::sync::reported;
use crate::text::Clean;
use crossbeam_channel::{Receiver, bounded};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A larger message is fetched alone and in pieces (octets).
const ALONE: u64 = 1 << 20;
/// Octets, and messages, that are asked for in one command.
const AT_ONCE: u64 = 8 << 20;
const MANY: usize = 200;
/// Messages that may wait to be read.
const WAITING: usize = 8;
/// Octets of a text, with those of PDF documents.
const MOST_TEXT: usize = 1 << 20;
/// Octets in one transaction.
pub const JOB: usize = 1 << 20;

/// What is kept of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of it: somebody wants it.
    Whole,
    /// All but the octets of attachments, which are read for the search.
    Texts,
}

/// What came of asking for a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It is here, or the reason why it can't be had is kept.
    Settled,
    /// It is not where it was looked for, which is why: it may be elsewhere by now.
    Slipped(&'static str),
}

/// Fetches one body from the mailbox that is selected and keeps it, or keeps the reason why not.
///
/// # Errors
/// When the session ends or the cache fails; a refusal is kept with the message instead.
pub fn one(
    session: &mut Session,
    kit: &Kit,
    message: MsgId,
    uid: Uid,
    keep: Keep,
) -> Result<Came, SyncError> {
    match session.fetch_body(uid) {
        // A piece of a message is no message: nobody could tell later that the rest is missing.
        Ok(Some(body)) if !body.complete => match body.bytes.len() as u64 >= LARGEST {
            true => lose(
                kit,
                message,
                mark!("it is larger than the 256 MB that are fetched of a message"),
            )?,
            false => {
                return Ok(Came::Slipped(mark!(
                    "only a part of it came; it may have been moved meanwhile"
                )));
            }
        },
        Ok(Some(body)) => {
            reported::take(kit, &body.bytes);
            let digested = packed(kit, message, body.bytes, keep);
            kit.writer
                .run(Priority::Urgent, move |cache| {
                    cache.store_packed(&[digested])
                })
                .map(drop)?;
            kit.changed(Topic::Body(message));
        }
        Ok(None) => {
            return Ok(Came::Slipped(mark!(
                "the message is no longer on the server"
            )));
        }
        Err(error) if !error.ends_session() => lose(kit, message, &error.to_string())?,
        Err(error) => return Err(error.into()),
    }
    Ok(Came::Settled)
}

/// Fetches one body wherever it lies, selecting its mailbox first.
///
/// # Errors
/// As [`one`].
pub fn anywhere(
    session: &mut Session,
    kit: &Kit,
    message: MsgId,
    place: (&MailboxName, UidValidity, Uid),
) -> Result<Came, SyncError> {
    let (mailbox, uidvalidity, uid) = place;
    let selected = match session.select(mailbox, Mode::ReadOnly) {
        Err(error) if error.no_such_mailbox() => {
            return Ok(Came::Slipped(mark!(
                "the message is no longer on the server"
            )));
        }
        Err(error) if !error.ends_session() => {
            lose(kit, message, &error.to_string())?;
            return Ok(Came::Settled);
        }
        other => other?,
    };
    if selected.uidvalidity != uidvalidity {
        return Ok(Came::Slipped(mark!(
            "the server renumbered the mailbox; it is being read anew"
        )));
    }
    one(session, kit, message, uid, Keep::Whole)
}

/// A body was in none of the places where it was looked for. The reason is kept only if that happens
/// again and again: else it is asked for where it is by then.
///
/// # Errors
/// When the cache fails.
pub fn slipped(kit: &Kit, message: MsgId, why: &'static str) -> Result<Came, SyncError> {
    let given_up = kit.writer.run(Priority::Urgent, move |cache| {
        cache.body_slipped(message, why)
    })?;
    if given_up {
        tell_lost(kit, message, why)?;
        return Ok(Came::Settled);
    }
    Ok(Came::Slipped(why))
}

/// Fetches bodies from the mailbox that is selected: small ones many at a time. They are here once
/// `delivery` has settled.
///
/// # Errors
/// As [`one`].
pub fn many(
    session: &mut Connection,
    kit: &Kit,
    delivery: &Delivery,
    wanted: &[WantedBody],
    keep: Keep,
) -> Result<(), SyncError> {
    let (large, small): (Vec<&WantedBody>, Vec<&WantedBody>) =
        wanted.iter().partition(|w| w.size > ALONE);
    if !small.is_empty() {
        together(session, kit, delivery, &small, keep)?;
    }
    for wanted in large {
        alone(session, kit, (wanted.message, wanted.uid), keep)?;
    }
    session.tally();
    Ok(())
}

/// How many of the first wanted bodies make one command.
pub fn portion(wanted: &[WantedBody]) -> usize {
    let mut octets = 0u64;
    let fits = wanted.iter().take(MANY).take_while(|w| {
        let before = octets;
        octets = octets.saturating_add(w.size);
        before == 0 || octets <= AT_ONCE
    });
    fits.count().max(1)
}

fn together(
    session: &mut Session,
    kit: &Kit,
    delivery: &Delivery,
    wanted: &[&WantedBody],
    keep: Keep,
) -> Result<(), SyncError> {
    let mut missing: BTreeMap<Uid, MsgId> = wanted.iter().map(|w| (w.uid, w.message)).collect();
    let uids: UidSet = missing.keys().copied().collect();
    let mut cut = Vec::new();
    // Reading a message takes longer than fetching it: a thread of its own does that meanwhile.
    let (outcome, kept) = std::thread::scope(|scope| {
        let (hand, work) = bounded(WAITING);
        let reading = std::thread::Builder::new()
            .name("reading".to_owned())
            .spawn_scoped(scope, move || read_all(kit, delivery, &work, keep));
        let reading = match reading {
            Ok(reading) => reading,
            Err(error) => return (Ok(()), Err(error.into())),
        };
        let outcome = session.fetch_bodies(&uids, ALONE * 2, &mut |uid, body| {
            if let Some(message) = missing.remove(&uid) {
                match body.complete {
                    // It ends early only when the cache is closing; what it says counts.
                    true => drop(hand.send((message, body.bytes))),
                    false => cut.push((message, uid)),
                }
            }
            Ok(())
        });
        drop(hand);
        let fault = |_| Err(SyncError::Panicked("reading a message".to_owned()));
        (outcome, reading.join().unwrap_or_else(fault))
    });
    kept?;
    match outcome {
        // One refusal must not cost the others: each is asked for alone, and told alone.
        Err(error) if !error.ends_session() => {}
        other => other?,
    }
    cut.extend(missing.into_iter().map(|(uid, message)| (message, uid)));
    for asked in cut {
        alone(session, kit, asked, keep)?;
    }
    Ok(())
}

/// Fetches one body as [`one`] does, and keeps the reason if it is not where it should be again and again.
///
/// # Errors
/// As [`one`].
pub fn alone(
    session: &mut Session,
    kit: &Kit,
    (message, uid): (MsgId, Uid),
    keep: Keep,
) -> Result<(), SyncError> {
    if let Came::Slipped(why) = one(session, kit, message, uid, keep)? {
        slipped(kit, message, why)?;
    }
    Ok(())
}

/// Reads messages as they come and hands them to the cache. One that can't be read costs itself.
fn read_all(
    kit: &Kit,
    delivery: &Delivery,
    work: &Receiver<(MsgId, Vec<u8>)>,
    keep: Keep,
) -> Result<(), SyncError> {
    let mut batch = Batch::new(kit, delivery);
    for (message, raw) in work {
        let read = || {
            reported::take(kit, &raw);
            packed(kit, message, raw, keep)
        };
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(body) => batch.add(body),
            Err(_) => lose(
                kit,
                message,
                mark!("a fault in postrider: it can't be read"),
            )?,
        }
    }
    batch.finish()
}

/// Bodies on their way into the cache.
struct Batch<'a> {
    kit: &'a Kit,
    delivery: Delivery,
    bodies: Vec<PackedBody>,
    octets: usize,
    broken: Option<SyncError>,
}

impl<'a> Batch<'a> {
    fn new(kit: &'a Kit, delivery: &Delivery) -> Batch<'a> {
        Batch {
            kit,
            delivery: delivery.clone(),
            bodies: Vec::new(),
            octets: 0,
            broken: None,
        }
    }

    fn add(&mut self, body: PackedBody) {
        self.octets += body.octets();
        self.bodies.push(body);
        if self.octets >= JOB {
            self.write();
        }
    }

    fn write(&mut self) {
        self.octets = 0;
        let bodies = std::mem::take(&mut self.bodies);
        let (report, host) = (self.kit.report.clone(), self.kit.host.clone());
        let posted = self.delivery.post(move |cache| {
            cache.store_packed(&bodies)?;
            for body in &bodies {
                report.post(Topic::Body(body.message()));
            }
            host.changed();
            Ok(())
        });
        if let Err(error) = posted {
            self.broken.get_or_insert(error.into());
        }
    }

    fn finish(mut self) -> Result<(), SyncError> {
        if !self.bodies.is_empty() {
            self.write();
        }
        self.broken.map_or(Ok(()), Err)
    }
}

/// What is kept of a message with this source.
pub fn digest(message: MsgId, raw: Vec<u8>) -> NewBody {
    let digest = mime::parse::digest(&raw);
    NewBody {
        message,
        raw,
        text: digest.text,
        snippet: digest.snippet,
        attachments: digest.attachments,
    }
}

/// The same, ready to be written. What takes a while to be read is read once more later.
pub fn packed(kit: &Kit, message: MsgId, raw: Vec<u8>, keep: Keep) -> PackedBody {
    let body = digest(message, raw);
    let reads = kit.account.sync.papers && kit.host.reads_papers();
    match reads && within::has_papers(&body.attachments) {
        true => PackedBody::new(&body, None).again(keep == Keep::Texts),
        false => without(body, keep),
    }
}

/// The same of one that is read once more, with what took too long the first time; whether anything
/// did.
pub fn read_on(kit: &Kit, message: MsgId, raw: Vec<u8>, keep: Keep) -> (PackedBody, bool) {
    let mut body = digest(message, raw);
    let slow = kit.account.sync.papers && within::has_papers(&body.attachments);
    if slow {
        for paper in within::papers(&body.raw) {
            let text = kit.host.paper(paper).unwrap_or_default();
            let room = MOST_TEXT.saturating_sub(body.text.len());
            let (text, _) = text.split_at(text.floor_char_boundary(room));
            if !text.is_empty() {
                body.text.push('\n');
                body.text.push_str(text);
            }
        }
    }
    (without(body, keep), slow)
}

fn without(mut body: NewBody, keep: Keep) -> PackedBody {
    match keep == Keep::Texts && hollow(&mut body.raw) > 0 {
        true => PackedBody::new(&body, None).hollow(),
        false => PackedBody::new(&body, None),
    }
}

/// Keeps the reason why a body can't be had, and says it to whoever waits.
///
/// # Errors
/// When the cache fails.
pub fn lose(kit: &Kit, message: MsgId, why: &str) -> Result<(), SyncError> {
    let kept = why.to_owned();
    kit.writer.run(Priority::Urgent, move |cache| {
        cache.body_failed(message, &kept)
    })?;
    tell_lost(kit, message, why)
}

fn tell_lost(kit: &Kit, message: MsgId, why: &str) -> Result<(), SyncError> {
    // What is here of it is still to be read: whoever waits for the rest is told.
    if kit.reader()?.is_hollow(message)? {
        let why = Clean::line(lang::of(why)).to_string();
        kit.report.post(Topic::NoBody(message, why));
        return Ok(());
    }
    kit.changed(Topic::Body(message));
    Ok(())
}
