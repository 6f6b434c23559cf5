//! "Open this now": a connection of its own for bodies that somebody is waiting for, dialled when
//! first wanted and given back after a minute, so that opening never queues behind a sync.

use crate::lang::{self, mark, tr};
use crate::model::{Link, MsgId};
use crate::net::diagnose;
use crate::signal::{Ringer, Topic};
use crate::store::{Cache, Priority, Reader};
use crate::sync::attached;
use crate::sync::bells::Request;
use crate::sync::bodies::{self, Came};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::guard;
use crate::sync::kit::{Connection, Errand, Kit};
use crate::sync::seek;
use crate::text::Clean;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::collections::VecDeque;
use std::time::Duration;

/// What is said of a message that has no place on the server just now.
pub const UNDER_WAY: &str = mark!("it is on its way to another mailbox; open it again in a moment");

/// Serves requests until their sender is gone or the engine stops. Where there is no connection to
/// spare the worker is asked.
pub fn run(kit: &Kit, requests: &Receiver<Request>, worker: &Ringer) {
    let mut session: Option<Connection> = None;
    let mut waiting: VecDeque<Request> = VecDeque::new();
    let mut told = false;
    loop {
        let wait = if session.is_some() {
            kit.rhythm.linger
        } else {
            Duration::from_secs(3600)
        };
        let request = match waiting.pop_front() {
            Some(request) => Ok(request),
            None => requests.recv_timeout(wait),
        };
        let request = match request {
            Ok(request) => request,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(session) = session.take() {
                    session.hang_up();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if kit.stopping() {
            break;
        }
        session = session.filter(|s| !s.is_dead() && !s.is_stale());
        let (message, part) = match request {
            Request::Body(message) => (message, None),
            Request::Part(message, path) => (message, Some(path)),
            Request::Search(text) => {
                let outcome = search(kit, &mut session, &text, requests, &mut waiting);
                told = match outcome {
                    Ok(()) => false,
                    Err(why) => {
                        if !told {
                            kit.report
                                .notice(&tr!("only mail that is here was searched: {why}", why));
                        }
                        session = None;
                        true
                    }
                };
                continue;
            }
        };
        // A connection that died while lingering is no reason to fail: try once on a new one.
        let lingering = session.is_some();
        let mut outcome = guard::turn(|| serve_part(kit, &mut session, message, part.as_deref()));
        if lingering && matches!(&outcome, Err(SyncError::Net(error)) if error.ends_session()) {
            session = None;
            outcome = guard::turn(|| serve_part(kit, &mut session, message, part.as_deref()));
        }
        match outcome {
            Ok(Came::Settled) => {}
            // The worker reads the mailboxes anew, and then asks where it is by now.
            Ok(Came::Slipped(_)) => {
                kit.marks.news.everywhere();
                match unreachable(kit).is_none() && later(kit, message, true) {
                    true => worker.ring(),
                    false => under_way(kit, message),
                }
            }
            Err(SyncError::Crowded) => match unreachable(kit) {
                Some(why) => {
                    later(kit, message, false);
                    put_off(kit, message, &why);
                }
                None if later(kit, message, false) => worker.ring(),
                None => fail(kit, message, &SyncError::Crowded),
            },
            Err(error) => {
                session = None;
                later(kit, message, false);
                worker.ring();
                fail(kit, message, &error);
            }
        }
    }
    if let Some(session) = session {
        session.hang_up();
    }
}

/// Asks the server for a search. Whatever else is wanted meanwhile comes first, into `waiting`, and the
/// search goes on behind it, unless it is another search.
///
/// # Errors
/// Why it could not be asked, in clean words.
fn search(
    kit: &Kit,
    session: &mut Option<Connection>,
    text: &str,
    requests: &Receiver<Request>,
    waiting: &mut VecDeque<Request>,
) -> Result<(), String> {
    if let Some(why) = unreachable(kit) {
        return Err(Clean::line(&why).to_string());
    }
    let more = std::cell::RefCell::new(VecDeque::new());
    let superseded = || {
        more.borrow_mut().extend(requests.try_iter());
        !more.borrow().is_empty()
    };
    let lingering = session.is_some();
    let mut outcome = guard::turn(|| seek::ask(kit, session, text, &superseded));
    if lingering && matches!(&outcome, Err(SyncError::Net(error)) if error.ends_session()) {
        *session = None;
        outcome = guard::turn(|| seek::ask(kit, session, text, &superseded));
    }
    let more = more.into_inner();
    let other = |request: &Request| matches!(request, Request::Search(_));
    if !more.is_empty() && !more.iter().any(other) {
        waiting.push_back(Request::Search(text.to_owned()));
    }
    // What was asked for last is wanted first.
    for request in more {
        waiting.push_front(request);
    }
    match outcome {
        Ok(_) | Err(SyncError::Stopping | SyncError::Interrupted) => Ok(()),
        Err(error) => Err(words(kit, &error)),
    }
}

/// Fetches one body now, over `session` or a new one left there.
///
/// # Errors
/// When there is no connection to be had or the cache fails.
pub fn serve(
    kit: &Kit,
    session: &mut Option<Connection>,
    message: MsgId,
) -> Result<Came, SyncError> {
    serve_part(kit, session, message, None)
}

/// The same, where it is enough if the attachment behind these parts is here afterwards.
///
/// # Errors
/// As [`serve`].
pub fn serve_part(
    kit: &Kit,
    session: &mut Option<Connection>,
    message: MsgId,
    path: Option<&[u32]>,
) -> Result<Came, SyncError> {
    let reader = kit.reader()?;
    if is_here(&reader, message)? {
        return stays(kit, &reader, message).map(|()| Came::Settled);
    }
    let session = match session {
        Some(session) => session,
        None => session.insert(kit.dial(Rank::OnDemand, None)?),
    };
    if let Some(path) = path {
        let places = reader.locate(message)?;
        let place = places.iter().find(|p| p.account == kit.account.name);
        let part = place.map(|place| attached::fetch(session, kit, (message, path), place));
        session.tally();
        if part.transpose()? == Some(true) {
            kit.changed(Topic::Body(message));
            return Ok(Came::Settled);
        }
    }
    look(kit, session, message)
}

/// Whether nothing of a message is left to fetch.
///
/// # Errors
/// When the cache can't be read.
pub fn is_here(reader: &Reader, message: MsgId) -> Result<bool, SyncError> {
    Ok(match reader.message(message)? {
        Some(row) => row.has_body && !reader.is_hollow(message)?,
        None => true,
    })
}

/// Somebody uses what is attached to a message that is here: it stays here, and whoever waits is told.
///
/// # Errors
/// When the cache can't be read or written.
pub fn stays(kit: &Kit, reader: &Reader, message: MsgId) -> Result<(), SyncError> {
    if reader.will_be_hollow(message)? {
        let stays = move |cache: &mut Cache| cache.stay_whole(&[message]);
        kit.writer.run(Priority::Urgent, stays)?;
    }
    kit.changed(Topic::Body(message));
    Ok(())
}

/// The same of several, none of which was to stay.
///
/// # Errors
/// When the cache can't be written.
pub fn all_stay(kit: &Kit, messages: Vec<MsgId>) -> Result<(), SyncError> {
    let all = messages.clone();
    let stay = move |cache: &mut Cache| cache.stay_whole(&all);
    kit.writer.run(Priority::Urgent, stay)?;
    for message in messages {
        kit.changed(Topic::Body(message));
    }
    Ok(())
}

/// Fetches one body now, from the first place where it lies indeed. Where it lies in none, that counts
/// as a try, and after some the reason is kept: for who asks again by himself.
///
/// # Errors
/// When the session ends or the cache fails.
pub fn fetch(kit: &Kit, session: &mut Connection, message: MsgId) -> Result<Came, SyncError> {
    match look(kit, session, message)? {
        Came::Slipped(why) => bodies::slipped(kit, message, why),
        Came::Settled => Ok(Came::Settled),
    }
}

/// The same without counting: the cache may only be behind the server.
///
/// # Errors
/// As [`fetch`].
pub fn look(kit: &Kit, session: &mut Connection, message: MsgId) -> Result<Came, SyncError> {
    let places = kit.reader()?.locate(message)?;
    let mut last = None;
    for place in places.iter().filter(|p| p.account == kit.account.name) {
        let at = (&place.name, place.uidvalidity, place.uid);
        let outcome = bodies::anywhere(session, kit, message, at);
        session.tally();
        match outcome? {
            Came::Slipped(why) => last = Some(why),
            Came::Settled => return Ok(Came::Settled),
        }
    }
    match last {
        Some(why) => Ok(Came::Slipped(why)),
        None => {
            under_way(kit, message);
            Ok(Came::Settled)
        }
    }
}

/// Tells whoever waits for a message that it has no place on the server just now.
pub fn under_way(kit: &Kit, message: MsgId) {
    put_off(kit, message, lang::of(UNDER_WAY));
}

/// Tells whoever waits for a message why it could not be fetched. Nothing is kept: only a server's
/// refusal says something of the message, and that is kept where it is met.
pub fn fail(kit: &Kit, message: MsgId, error: &SyncError) {
    put_off(kit, message, &words(kit, error));
}

fn words(kit: &Kit, error: &SyncError) -> String {
    match error {
        SyncError::Net(net) => diagnose::explain(net, &kit.account, diagnose::Service::Imap).line(),
        other => Clean::line(&other.to_string()).to_string(),
    }
}

/// The worker fetches it once it is connected; what has `slipped`, once it has read the mailboxes anew.
/// `false` if too many wait already.
fn later(kit: &Kit, message: MsgId, slipped: bool) -> bool {
    let errand = Errand { message, slipped };
    kit.errands.0.try_send(errand).is_ok()
}

/// Why the worker can't fetch anything either, if it can't.
fn unreachable(kit: &Kit) -> Option<String> {
    match kit.report.status().link {
        Link::Waiting { reason, .. } | Link::Stopped { reason } => Some(reason),
        Link::Idle | Link::Elsewhere | Link::Connecting | Link::Online => None,
    }
}

fn put_off(kit: &Kit, message: MsgId, why: &str) {
    let why = Clean::line(why).to_string();
    kit.report.post(Topic::NoBody(message, why));
}
