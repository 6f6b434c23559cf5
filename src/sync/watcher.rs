//! The account's watcher: a second connection that sits in IDLE (RFC 2177) on the inbox and rings
//! the worker when anything happens. It reads and writes nothing else.

use crate::model::{MailboxName, Role};
use crate::net::imap::{IdleEnd, Mode, Session};
use crate::signal::{Doorbell, Ringer};
use crate::sync::backoff::{Backoff, chance};
use crate::sync::error::SyncError;
use crate::sync::guard;
use crate::sync::kit::Kit;
use std::time::Duration;

/// IDLE is begun anew this often: a connection that died silently is noticed then.
const RENEW: Duration = Duration::from_secs(4 * 60);
/// The longest pause before the worker is listened to again.
const LONGEST: Duration = Duration::from_secs(60);
/// Without IDLE the inbox is asked this often.
const POLL: Duration = Duration::from_secs(60);

/// Watches until the engine stops. `bell` ends a wait at once.
pub fn run(kit: &Kit, bell: &Doorbell, worker: &Ringer) {
    let mut backoff = Backoff::default();
    // The worker dials first and says whether the account works at all.
    bell.wait(None);
    while !kit.stopping() {
        bell.clear();
        match guard::turn(|| watch(kit, bell, worker, &mut backoff)) {
            Ok(()) | Err(SyncError::Stopping) => {}
            Err(error) => {
                tracing::info!(account = %kit.account.name, %error, "watching ended");
                // The worker finds out for itself whether the account is still reachable, and
                // rings when it is. Until then nothing is dialled here: a password that is wrong
                // now must not be tried again and again.
                bell.clear();
                worker.ring();
                std::thread::sleep(backoff.fail(chance()).min(LONGEST));
                bell.wait(None);
            }
        }
    }
}

fn watch(
    kit: &Kit,
    bell: &Doorbell,
    worker: &Ringer,
    backoff: &mut Backoff,
) -> Result<(), SyncError> {
    let mut session = kit.dial(Some(bell))?;
    let inbox = inbox(kit)?;
    session.select(&inbox, Mode::ReadOnly)?;
    backoff.reset();
    // Whatever came between the worker's look and our SELECT is not lost.
    worker.ring();
    let outcome = wait(kit, bell, worker, &mut session);
    session.logout();
    outcome
}

fn wait(
    kit: &Kit,
    bell: &Doorbell,
    worker: &Ringer,
    session: &mut Session,
) -> Result<(), SyncError> {
    loop {
        let changed = if session.can_idle() {
            match session.idle(RENEW)? {
                IdleEnd::Changed => true,
                IdleEnd::Timeout => false,
                IdleEnd::Woken => {
                    bell.clear();
                    false
                }
            }
        } else {
            bell.wait(Some(POLL));
            bell.clear();
            session.noop()?
        };
        // What was said while the wait was ended by the bell is news too.
        let told = !session.take_unsolicited().is_empty();
        if kit.stopping() {
            return Ok(());
        }
        if changed || told {
            worker.ring();
        }
    }
}

fn inbox(kit: &Kit) -> Result<MailboxName, SyncError> {
    let known = kit.reader()?.role_mailbox(&kit.account.name, Role::Inbox)?;
    Ok(known.map_or_else(|| MailboxName::new(*b"INBOX"), |record| record.name))
}
