//! The account's watcher: a connection that waits for the server to say what happened, and tells
//! the worker. Where the server can (NOTIFY, RFC 5465) it hears of every mailbox, else of the
//! inbox (IDLE, RFC 2177), else it asks now and then. It writes nothing.

use crate::model::{MailboxName, Role, Uid};
use crate::net::NetError;
use crate::net::imap::{IdleEnd, Mode, Unsolicited};
use crate::signal::{Doorbell, Ringer};
use crate::sync::backoff::{Backoff, chance};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::guard;
use crate::sync::kit::{Connection, Kit};
use crate::sync::pull;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A server that says nothing to IDLE so often in a row, not even that it begins or ends, is asked
/// instead.
const SILENCES: u32 = 2;
/// The longest pause before the worker is listened to again.
const LONGEST: Duration = Duration::from_secs(60);

/// Watches until the engine stops. `bell` ends a wait at once.
pub fn run(kit: &Kit, bell: &Doorbell, worker: &Ringer) {
    let mut backoff = Backoff::new(&kit.rhythm);
    let mut silences = 0;
    // The worker dials first and says whether the account works at all.
    bell.wait(None);
    while !kit.stopping() {
        bell.clear();
        let (began, before) = (Instant::now(), silences);
        let outcome = guard::turn(|| watch(kit, bell, worker, &mut silences));
        // A connection that was made and cut at once is no success: only what lasted is.
        if began.elapsed() > LONGEST {
            backoff.reset();
            // A DONE that nobody answers is a silence at the end.
            if silences == before {
                silences = silences.min(SILENCES - 1);
            }
        }
        kit.told.store(false, Ordering::SeqCst);
        kit.watched.store(false, Ordering::SeqCst);
        match outcome {
            Ok(()) | Err(SyncError::Stopping) => {}
            // The worker asks more often by itself; there may be room for us later.
            Err(SyncError::Crowded) => {
                bell.clear();
                bell.wait(Some(kit.rhythm.relax));
            }
            Err(error) => {
                tracing::info!(account = %kit.account.name, %error, "watching ended");
                // The worker finds out for itself whether the account is still reachable, and
                // rings when it is. Until then nothing is dialled here: a password that is wrong
                // now must not be tried again and again.
                kit.marks.news.everywhere();
                worker.ring();
                pause(kit, bell, backoff.fail(None, chance()).min(LONGEST));
            }
        }
    }
}

/// Waits for so long, and until the worker has rung: its turn may be over in a moment, and a server
/// that cuts every watch would be dialled without end.
fn pause(kit: &Kit, bell: &Doorbell, pause: Duration) {
    let until = Instant::now() + pause;
    let mut rung = false;
    bell.clear();
    while !kit.stopping() {
        let left = until.saturating_duration_since(Instant::now());
        if rung && left.is_zero() {
            return;
        }
        rung |= bell.wait(if left.is_zero() { None } else { Some(left) });
        bell.clear();
    }
}

fn watch(kit: &Kit, bell: &Doorbell, worker: &Ringer, silences: &mut u32) -> Result<(), SyncError> {
    let mut session = kit.dial(Rank::Watcher, Some(bell))?;
    let inbox = inbox(kit)?;
    session.select(&inbox, Mode::ReadOnly)?;
    let all = session.notify()?;
    kit.told.store(all, Ordering::SeqCst);
    kit.watched.store(true, Ordering::SeqCst);
    // Whatever came between the worker's look and ours is not lost.
    match all {
        true => kit.marks.news.everywhere(),
        false => kit.marks.news.of([inbox.clone()]),
    }
    worker.ring();
    let outcome = wait(kit, (bell, worker), &mut session, &inbox, silences);
    session.hang_up();
    outcome
}

fn wait(
    kit: &Kit,
    (bell, worker): (&Doorbell, &Ringer),
    session: &mut Connection,
    inbox: &MailboxName,
    silences: &mut u32,
) -> Result<(), SyncError> {
    let mut exists = session.exists();
    let mut tell = |said: &mut Unsolicited| {
        let said = std::mem::take(said);
        exists = said.exists.unwrap_or(exists);
        let own = said.exists.is_some()
            || said.expunged > 0
            || !said.vanished.is_empty()
            || said.unnamed.is_some()
            || !said.flags.is_empty();
        if said.more || said.mailboxes {
            kit.marks.news.everywhere();
        }
        if own {
            kit.marks.news.of([inbox.clone()]);
        }
        if is_deep(&said, exists, || lowest_of_newest(kit, inbox)) {
            kit.marks.news.of_flags(inbox.clone());
        }
        kit.marks.news.of(said.statuses.into_keys());
        worker.ring();
    };
    loop {
        if session.can_idle() && *silences < SILENCES {
            match session.idle_telling(kit.rhythm.renew, &mut tell) {
                Ok(IdleEnd::Changed | IdleEnd::Timeout) => *silences = 0,
                Ok(IdleEnd::Woken) => bell.clear(),
                // Announced, not done: from now on it is asked.
                Err(error) if !error.ends_session() && !session.can_idle() => {}
                Err(error) => {
                    *silences += u32::from(matches!(error, NetError::Timeout));
                    return Err(error.into());
                }
            }
        } else {
            bell.wait(Some(kit.rhythm.poll));
            bell.clear();
            session.noop()?;
        }
        session.tally();
        if kit.stopping() || session.is_stale() {
            return Ok(());
        }
        // What was said while the wait came to its end is news too.
        let mut said = session.take_unsolicited();
        if !said.is_empty() {
            tell(&mut said);
        }
    }
}

/// Whether flags changed of messages that may be older than those whose flags are always asked for;
/// `lowest` is the first of those here, if it can be told.
fn is_deep(said: &Unsolicited, exists: u32, lowest: impl FnOnce() -> Option<Uid>) -> bool {
    let newest = exists.saturating_sub(pull::NEWEST);
    if said.unnamed.is_some_and(|lowest| lowest <= newest) {
        return true;
    }
    let first = said.flags.iter().map(|item| item.uid).min();
    first.is_some_and(|first| lowest().is_none_or(|lowest| first < lowest))
}

/// The first of the messages here whose flags are always asked for.
fn lowest_of_newest(kit: &Kit, inbox: &MailboxName) -> Option<Uid> {
    let reader = kit.reader().ok()?;
    let record = reader.mailbox_named(&kit.account.name, inbox).ok()??;
    let held = reader.all_uids(record.id).ok()?;
    let newest = pull::newest(&held);
    newest.first().and_then(|lowest| lowest.iter().next())
}

fn inbox(kit: &Kit) -> Result<MailboxName, SyncError> {
    let known = kit.reader()?.role_mailbox(&kit.account.name, Role::Inbox)?;
    Ok(known.map_or_else(|| MailboxName::new(*b"INBOX"), |record| record.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flags;
    use crate::net::imap::FlagItem;

    #[test]
    fn only_flags_of_old_messages_are_deep() {
        let uid = |n| Uid::new(n).unwrap();
        let said = |n| Unsolicited {
            flags: vec![FlagItem {
                uid: uid(n),
                flags: Flags::default(),
                modseq: None,
            }],
            ..Unsolicited::default()
        };
        for (n, lowest, deep) in [
            (50, Some(50), false),
            (49, Some(50), true),
            (60, None, true),
        ] {
            assert_eq!(is_deep(&said(n), 10_000, || lowest.map(uid)), deep, "{n}");
        }
        assert!(!is_deep(&Unsolicited::default(), 10_000, || None));
        let unnamed = |n| Unsolicited {
            unnamed: Some(n),
            ..Unsolicited::default()
        };
        assert!(is_deep(&unnamed(6_000), 10_000, || Some(uid(1))));
        assert!(!is_deep(&unnamed(6_001), 10_000, || Some(uid(1))));
    }
}
