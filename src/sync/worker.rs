//! The account's worker: one connection that pushes what users did and pulls what happened.
//!
//! A turn is: clear the bell, replay operations, list the mailboxes, pull those that changed (the
//! inbox first), file sent copies, then fetch bodies. The bell may ring at any time; between two
//! commands the turn gives way and begins again, which costs little because a pull that was cut
//! is continued by comparison. A turn that fails drops the connection: the next one dials anew.

use crate::model::{Link, Reach, Role, UidValidity};
use crate::net::NetError;
use crate::net::imap::{Listed, Session};
use crate::signal::{Doorbell, Ringer, Topic};
use crate::store::{Local, Mailbox, MailboxInfo, Priority, Reader};
use crate::sync::backoff::{Backoff, chance};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::plan::Seen;
use crate::sync::pull::Here;
use crate::sync::{bodies, filing, guard, pull, push};
use crate::text::{Clean, when};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Without a ring every mailbox is looked at again after this time.
const SWEEP: Duration = Duration::from_secs(5 * 60);

/// Times that an undisturbed turn is begun again.
const AGAIN: usize = 3;
/// A day.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Mailboxes looked at.
    pub mailboxes: u64,
    /// Headers that are new here.
    pub headers: u64,
    /// Bodies fetched.
    pub bodies: u64,
}

/// The worker of one account.
pub struct Worker {
    kit: Kit,
    reader: Reader,
    local: Local,
    session: Option<Session>,
    policy: Reach,
    /// When the cache was tidied last.
    tidied: Option<Instant>,
}

impl Worker {
    /// A worker without a connection yet.
    ///
    /// # Errors
    /// When a database can't be opened.
    pub fn new(kit: Kit, policy: Reach) -> Result<Worker, SyncError> {
        let (reader, local) = (kit.reader()?, kit.local()?);
        Ok(Worker {
            kit,
            reader,
            local,
            session: None,
            policy,
            tidied: None,
        })
    }

    /// Works for an account until the engine stops, opening the databases as often as it takes.
    /// `watch` as in [`Worker::run`].
    pub fn serve(kit: &Kit, bell: &Doorbell, watch: &Ringer) {
        let mut backoff = Backoff::default();
        while !kit.stopping() {
            match guard::turn(|| Worker::new(kit.clone(), kit.account.sync.bodies)) {
                Ok(worker) => return worker.run(bell, watch),
                Err(error) => {
                    let wait = backoff.fail(chance());
                    kit.offline(&error, when::now() + wait.as_secs().cast_signed());
                    bell.clear();
                    bell.wait(Some(wait));
                }
            }
        }
    }

    /// Works until the engine stops. `watch` is rung when the watcher should dial again.
    pub fn run(mut self, bell: &Doorbell, watch: &Ringer) {
        let mut backoff = Backoff::default();
        while !self.kit.stopping() {
            bell.clear();
            let began = Instant::now();
            match guard::turn(|| self.turn(&mut || bell.wait(Some(Duration::ZERO)))) {
                Ok(_) => {
                    backoff.reset();
                    self.kit.report.link(Link::Online);
                    watch.ring();
                    self.tidy();
                    bell.wait(Some(SWEEP));
                }
                Err(SyncError::Interrupted) => {
                    // Nobody rang: the server contradicts itself, and is asked again more slowly.
                    if !bell.wait(Some(Duration::ZERO)) {
                        bell.wait(Some(backoff.fail(chance())));
                    }
                }
                Err(SyncError::Stopping) => break,
                Err(error) => {
                    self.hang_up();
                    // What could not be had while offline may be had once we are back.
                    self.tidied = None;
                    self.kit.report.progress(None);
                    // A connection that worked for a while and was cut is dialled again at once.
                    if began.elapsed() > Duration::from_secs(60) {
                        backoff.reset();
                    }
                    let mut wait = backoff.fail(chance());
                    if matches!(&error, SyncError::Net(NetError::Tls { .. })) {
                        wait = Backoff::LONGEST;
                    }
                    let retry_at = when::now() + wait.as_secs().cast_signed();
                    tracing::warn!(account = %self.kit.account.name, %error, "the turn failed");
                    let again = self.kit.offline(&error, retry_at);
                    bell.wait(again.then_some(wait));
                }
            }
        }
        if let Some(session) = self.session.take() {
            session.logout();
        }
    }

    /// One turn from beginning to end, not giving way to anybody: for `sync --once`.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub fn whole_turn(&mut self) -> Result<Turn, SyncError> {
        let mut turn = self.turn(&mut || false);
        // A mailbox that changed its generation under our hands is begun again, not for ever.
        for _ in 0..AGAIN {
            if !matches!(turn, Err(SyncError::Interrupted)) {
                break;
            }
            turn = self.turn(&mut || false);
        }
        self.hang_up();
        turn
    }

    /// Once a day: bodies that nobody came back for go, and those that could not be had may be
    /// tried again.
    fn tidy(&mut self) {
        if self.tidied.is_some_and(|t| t.elapsed() < DAY) {
            return;
        }
        self.tidied = Some(Instant::now());
        // Nobody waits for this; if the cache is closing it is done another day.
        let _ = self.kit.writer.post(Priority::Batch, |cache| {
            cache.sweep()?;
            cache.forget_failures().map(drop)
        });
    }

    fn hang_up(&mut self) {
        if let Some(session) = self.session.take() {
            self.kit
                .received
                .fetch_add(session.received(), Ordering::Relaxed);
            if !session.is_dead() {
                session.logout();
            }
        }
    }

    fn turn(&mut self, rings: &mut dyn FnMut() -> bool) -> Result<Turn, SyncError> {
        let mut session = match self.session.take() {
            Some(session) if !session.is_dead() => session,
            _ => {
                self.kit.report.link(Link::Connecting);
                self.kit.dial(None)?
            }
        };
        let outcome = self.rounds(&mut session, rings);
        for alert in session.take_alerts() {
            self.kit
                .report
                .notice(&format!("the server says: {}", Clean::line(&alert)));
        }
        self.session = Some(session);
        outcome
    }

    fn rounds(
        &mut self,
        session: &mut Session,
        rings: &mut dyn FnMut() -> bool,
    ) -> Result<Turn, SyncError> {
        let mut turn = Turn::default();
        // What the server puts off must not keep its news away: the turn goes on and fails at its
        // end, so that the rest is tried again after a pause.
        let put_off = match push::replay(session, &self.kit, &mut self.local) {
            Err(SyncError::Net(error)) if !error.ends_session() => Some(error),
            other => other.map(|_| None)?,
        };
        filing::file_sent(session, &self.kit, &mut self.local, &self.reader)?;
        let records = self.list(session)?;
        self.kit.report.link(Link::Online);
        let stop = self.kit.stop.clone();
        let mut cut_in = || stop.load(Ordering::SeqCst) || rings();
        let (mut still, mut shut) = (Vec::new(), Vec::new());
        for record in &records {
            turn.mailboxes += 1;
            if record.unchanged {
                still.push(record.here.id);
                continue;
            }
            let pulled = pull::mailbox(session, &self.kit, &self.reader, &record.here, &mut cut_in);
            match pulled {
                Ok(pulled) => turn.headers += pulled.headers,
                // One mailbox that can't be read must not hide the others.
                Err(SyncError::Net(error)) if !error.ends_session() => {
                    let words = Clean::line(&error.to_string());
                    self.kit
                        .report
                        .notice(&format!("{}: {words}", record.here.label));
                    shut.push(record.here.id);
                }
                Err(other) => return Err(other),
            }
        }
        // A move whose message was gone leaves a row in its destination that nothing will match.
        self.kit.writer.run(Priority::Batch, move |cache| {
            still
                .into_iter()
                .try_for_each(|id| cache.drop_unmatched(id).map(drop))
        })?;
        let now = when::now();
        for record in records.iter().filter(|r| !shut.contains(&r.here.id)) {
            let (kit, reader) = (&self.kit, &self.reader);
            turn.bodies += bodies::mailbox(
                session,
                kit,
                reader,
                &record.here,
                self.policy,
                now,
                &mut cut_in,
            )?;
        }
        match put_off {
            Some(error) => Err(error.into()),
            None => Ok(turn),
        }
    }

    /// Lists the server's mailboxes into the cache and returns those that can be selected, the
    /// inbox first.
    fn list(&mut self, session: &mut Session) -> Result<Vec<Round>, SyncError> {
        if session.selected().is_some() {
            // STATUS of the selected mailbox may be as old as this session's last look at it
            // (RFC 3501 §6.3.10): Dovecot answers so.
            session.noop()?;
            session.take_unsolicited();
        }
        let listed = session.list()?;
        let infos: Vec<MailboxInfo> = listed.iter().map(info).collect();
        let account = self.kit.account.name.clone();
        self.kit.writer.run(Priority::Batch, move |cache| {
            cache.set_mailboxes(&account, &infos).map(drop)
        })?;
        let records = self.reader.mailboxes_of(&self.kit.account.name)?;
        self.kit.changed(Topic::Mailboxes);
        let mut rounds: Vec<Round> = Vec::new();
        for record in records.iter().filter(|r| r.selectable) {
            let status = listed
                .iter()
                .find(|l| l.name == record.name)
                .and_then(|l| l.status.as_ref());
            let unchanged = match status {
                Some(status) => self.is_unchanged(record, status)?,
                None => false,
            };
            let here = Here {
                id: record.id,
                name: record.name.clone(),
                label: Clean::line(&record.path).to_string(),
            };
            rounds.push(Round {
                here,
                role: record.role,
                unchanged,
            });
        }
        rounds.sort_by_key(|r| importance(r.role));
        Ok(rounds)
    }

    /// Whether the server's own numbers prove that nothing changed since the last turn.
    fn is_unchanged(
        &self,
        record: &Mailbox,
        status: &crate::net::imap::Status,
    ) -> Result<bool, SyncError> {
        let known = pull::known(&self.reader, record.id)?;
        Ok(seen(status).is_some_and(|seen| crate::sync::plan::plan(&known, &seen).is_empty()))
    }
}

/// One mailbox in a turn.
struct Round {
    here: Here,
    role: Option<Role>,
    unchanged: bool,
}

/// The order in which mailboxes are pulled: what people look at first. Mailboxes that show other
/// mailboxes' messages again come last.
fn importance(role: Option<Role>) -> u8 {
    match role {
        Some(Role::Inbox) => 0,
        Some(Role::Sent) => 1,
        Some(Role::Drafts) => 2,
        None => 3,
        Some(Role::Archive) => 4,
        Some(Role::Trash) => 5,
        Some(Role::Junk) => 6,
        Some(Role::All | Role::Flagged) => 7,
    }
}

/// What STATUS told, if it told enough.
fn seen(status: &crate::net::imap::Status) -> Option<Seen> {
    Some(Seen {
        uidvalidity: UidValidity(status.uidvalidity?),
        uidnext: status.uidnext,
        exists: status.messages?,
        highestmodseq: status.highestmodseq,
    })
}

fn info(listed: &Listed) -> MailboxInfo {
    MailboxInfo {
        name: listed.name.clone(),
        path: listed.path.clone(),
        delimiter: listed.delimiter.map(char::from),
        role: listed.role,
        selectable: listed.selectable,
    }
}
