//! The account's worker: one connection that pushes what users did and pulls what happened. When it
//! takes a turn, over which connection, and how long it waits for the next; what it does in one
//! stands in `rounds.rs`.
//!
//! The bell may ring at any time; between two commands the turn gives way and begins again. What was
//! due stays due until it is done, and a pull that was cut is continued by comparison, so giving way
//! costs little. A turn that fails drops the connection: the next one dials anew.

use crate::lang::tr;
use crate::model::{Link, MsgId};
use crate::signal::{Doorbell, Ringer};
use crate::store::{Cache, Local, Priority, Reader, ServerPlace};
use crate::sync::backoff::{Backoff, chance};
use crate::sync::check::Checks;
use crate::sync::connections::Rank;
use crate::sync::drafts::Mirror;
use crate::sync::ends::Ends;
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use crate::sync::news::Due;
use crate::sync::poison::Patience;
use crate::sync::rules::Rules;
use crate::sync::{guard, mailboxes, pull, stirring};
use crate::text::{Clean, when};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Times that an undisturbed turn is begun again.
const AGAIN: usize = 3;
/// A day.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A connection that lived so long and was cut is dialled again at once.
const LIVED: Duration = Duration::from_secs(60);
/// How long a silent connection may take to prove that it lives.
const PROOF: Duration = Duration::from_secs(10);

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

/// Whom the worker rings.
#[derive(Clone, Debug)]
pub struct Others {
    /// When the watcher should dial again.
    pub watcher: Ringer,
    /// When there may be bodies to fetch.
    pub harvest: Ringer,
    /// When the network is back.
    pub submitter: Ringer,
}

/// The worker of one account.
pub struct Worker {
    pub(super) kit: Kit,
    pub(super) reader: Reader,
    pub(super) local: Local,
    session: Option<Connection>,
    /// Whether this connection was asked what is asked once.
    pub(super) greeted: bool,
    /// What is still to be looked at.
    pub(super) due: Due,
    pub(super) checks: Checks,
    pub(super) mirror: Mirror,
    pub(super) rules: Rules,
    /// Whether the day's budget was used up when we looked last.
    spent: bool,
    /// When all mailboxes were listed last.
    pub(super) swept: Option<Instant>,
    /// The same in seconds since 1970; 0: not yet.
    pub(super) listed: i64,
    /// Whether that list missed a mailbox, which a second one is to say again.
    pub(super) doubt: bool,
    /// Whether this is one turn that somebody asked for: nothing waits for its time.
    pub(super) whole: bool,
    /// Whether what is sent to the server ended the connection, or stopped, the last time.
    pub(super) stumbled: bool,
    /// Mailboxes at which connections end.
    pub(super) ends: Ends,
    /// Whether messages may have come that something pending is about.
    pub(super) unlaid: bool,
    /// When the cache was tidied last.
    pub(super) tidied: Option<Instant>,
    /// What somebody waits for and was not where we have it, with where that is: it is asked for again
    /// once the mailboxes were read anew.
    pub(super) slipped: BTreeMap<MsgId, Vec<ServerPlace>>,
    /// Whether a mailbox is kept open between turns.
    stands_by: bool,
    /// Whether it was said that the cache is damaged.
    damage_told: bool,
    /// Whom to tell that the network is back, or what was found of a message in doubt; nobody in a
    /// turn that somebody asked for.
    pub(super) submitter: Option<Ringer>,
    /// The question of another process that this turn answers.
    asked: Option<i64>,
}

impl Worker {
    /// A worker without a connection yet.
    ///
    /// # Errors
    /// When a database can't be opened.
    pub fn new(kit: Kit) -> Result<Worker, SyncError> {
        let (reader, local) = (kit.reader()?, kit.local()?);
        Ok(Worker {
            kit,
            reader,
            local,
            session: None,
            greeted: false,
            due: Due::default(),
            checks: Checks::default(),
            mirror: Mirror::default(),
            rules: Rules::default(),
            spent: false,
            swept: None,
            listed: 0,
            doubt: false,
            whole: false,
            stumbled: false,
            ends: Ends::default(),
            unlaid: false,
            tidied: None,
            slipped: BTreeMap::new(),
            stands_by: true,
            damage_told: false,
            submitter: None,
            asked: None,
        })
    }

    /// Works for an account until the engine stops, opening the databases as often as it takes.
    pub fn serve(kit: &Kit, bell: &Doorbell, others: &Others) {
        let mut backoff = Backoff::new(&kit.rhythm);
        while !kit.stopping() {
            match guard::turn(|| Worker::new(kit.clone())) {
                Ok(worker) => return worker.run(bell, others),
                Err(error) => {
                    let wait = backoff.fail(None, chance());
                    kit.offline(&error, when::now() + wait.as_secs().cast_signed());
                    bell.clear();
                    bell.wait(Some(wait));
                }
            }
        }
    }

    /// Works until the engine stops.
    pub fn run(mut self, bell: &Doorbell, others: &Others) {
        let mut backoff = Backoff::new(&self.kit.rhythm);
        self.submitter = Some(others.submitter.clone());
        while !self.kit.stopping() {
            bell.clear();
            let began = Instant::now();
            let lived = self.session.is_some();
            match guard::turn(|| self.turn(&mut || bell.wait(Some(Duration::ZERO)))) {
                Ok(_) => {
                    self.answer(true);
                    backoff.reset();
                    self.kit.report.link(Link::Online);
                    self.kit.report.looked(self.listed);
                    if !self.kit.watched.load(Ordering::SeqCst) {
                        others.watcher.ring();
                    }
                    others.harvest.ring();
                    self.tidy();
                    if !bell.wait(Some(Duration::ZERO)) {
                        self.try_to_stand_by();
                        bell.wait(Some(self.until_due()));
                    }
                }
                Err(SyncError::Interrupted) => {
                    // Nobody rang: the server contradicts itself, and is asked again more slowly.
                    if !bell.wait(Some(Duration::ZERO)) {
                        bell.wait(Some(backoff.fail(None, chance())));
                    }
                }
                Err(SyncError::Stopping) => break,
                Err(error) => {
                    if lived && began.elapsed() > LIVED {
                        backoff.reset();
                    }
                    self.failed(&error, &mut backoff, bell);
                }
            }
        }
        self.hang_up();
    }

    /// Says why the account is offline and waits for the next try: sooner only if the user or the
    /// network asks for it, because a server that is in trouble is not helped by every keystroke.
    fn failed(&mut self, error: &SyncError, backoff: &mut Backoff, bell: &Doorbell) {
        self.session = None;
        self.due.everything = true;
        self.answer(false);
        self.count_waiting();
        self.kit.note_damage(error);
        match stirring::look(&self.kit, &mut self.local, &self.reader) {
            Ok(stirred) => stirred.foretell(&self.kit),
            Err(error) => self.kit.note_damage(&error),
        }
        // What could not be had while offline may be had once we are back.
        self.tidied = None;
        let hint = match error {
            SyncError::Net(net) => net.wait_hint(),
            _ => None,
        };
        let mut wait = backoff.fail(hint, chance());
        if matches!(error, SyncError::Net(net) if net.is_elsewhere()) {
            wait = self.kit.rhythm.longest;
        }
        let retry_at = when::now() + wait.as_secs().cast_signed();
        tracing::warn!(account = %self.kit.account.name, %error, "the turn failed");
        let again = self.kit.offline(error, retry_at);
        let until = again.then(|| Instant::now() + wait);
        self.kit.marks.present.store(false, Ordering::SeqCst);
        while !self.kit.stopping() {
            let left = until.map(|u| u.saturating_duration_since(Instant::now()));
            if left.is_some_and(|l| l.is_zero()) || !bell.wait(left) {
                return;
            }
            bell.clear();
            let news = self.kit.marks.news.take();
            // A server that said how long to wait is given that time unless it is asked for.
            let present = self.kit.marks.present.swap(false, Ordering::SeqCst);
            let out = matches!(error, SyncError::SignedOut(_));
            let asked = news.everything
                || (present && hint.is_none() && again)
                || (out && self.kit.host.is_signed_in(&self.kit.account));
            self.due.add(news);
            // Whoever only asks is told at once that we wait.
            self.hear();
            self.answer(false);
            self.count_waiting();
            if asked {
                backoff.reset();
                return;
            }
        }
    }

    /// What the user does meanwhile is seen to wait.
    fn count_waiting(&self) {
        if let Ok(pending) = self.local.read().count_pending(&self.kit.account.name) {
            self.kit.report.pending(pending);
        }
    }

    /// Another process may have asked for a whole turn.
    fn hear(&mut self) {
        // What can't be read is asked again by whoever wants it.
        self.asked = self
            .local
            .read()
            .asked_turn(&self.kit.account.name)
            .ok()
            .flatten();
        self.due.everything |= self.asked.is_some();
    }

    fn answer(&mut self, done: bool) {
        if let Some(number) = self.asked.take() {
            let told = self.local.answer_turn(&self.kit.account.name, number, done);
            if let Err(error) = told {
                tracing::warn!(%error, "another process waits in vain");
            }
        }
    }

    pub(super) fn until_sweep(&self) -> Duration {
        let rhythm = &self.kit.rhythm;
        let every = match self.kit.told.load(Ordering::SeqCst) {
            _ if self.doubt => rhythm.doubt,
            true => rhythm.slow_sweep,
            false => rhythm.sweep,
        };
        self.swept
            .map_or(every, |at| every.saturating_sub(at.elapsed()))
    }

    /// How long it may wait for a ring: until it looks everywhere, or what was put off comes back.
    fn until_due(&mut self) -> Duration {
        // Somebody waits for what is to be looked for once more.
        if !self.slipped.is_empty() {
            return Duration::ZERO;
        }
        let next = stirring::next(&self.kit, &self.reader).unwrap_or_else(|error| {
            self.kit.note_damage(&error);
            None
        });
        next.map_or_else(|| self.until_sweep(), |at| at.min(self.until_sweep()))
    }

    /// One turn from beginning to end, bodies among it, not giving way to anybody: for
    /// `sync --once`.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub fn whole_turn(&mut self) -> Result<Turn, SyncError> {
        self.due.everything = true;
        self.whole = true;
        let mut turn = Err(SyncError::Interrupted);
        let mut stumbled = false;
        let mut why = None;
        for _ in 0..=AGAIN {
            // A mailbox that changed its generation under our hands is begun again, not for ever. If
            // it was what we sent that ended the connection, there is still the mail; if it was one
            // mailbox, there are the others.
            match turn {
                Err(SyncError::Interrupted) => {}
                Err(error) if self.ends.may_pass() => why = Some(error),
                Err(_) if self.stumbled && !std::mem::replace(&mut stumbled, true) => {}
                _ => break,
            }
            self.kit.crowded.store(true, Ordering::SeqCst);
            turn = self.turn(&mut || false);
        }
        if let Some(why) = why.filter(|_| turn.is_ok() && self.ends.left_out()) {
            turn = Err(why);
        }
        self.answer(turn.is_ok());
        self.hang_up();
        self.sweep();
        turn
    }

    /// Once a day: bodies that nobody came back for go, and those that could not be had may be
    /// tried again.
    fn tidy(&mut self) {
        if self.tidied.is_some_and(|t| t.elapsed() < DAY) {
            return;
        }
        self.tidied = Some(Instant::now());
        self.sweep();
        // Looked for here: the writer has others to serve, and mostly there are none.
        let failed = self.reader.bodies_failed().unwrap_or_default();
        if !failed.is_empty() {
            let again = move |cache: &mut Cache| cache.forget_failures(&failed);
            // Nobody waits for this; if the cache is closing it is done another day.
            let _ = self.kit.writer.post(Priority::Batch, again);
        }
    }

    /// Lets go what nobody comes back for, in small jobs.
    fn sweep(&self) {
        let writer = &self.kit.writer;
        while !self.kit.stopping()
            && writer
                .run(Priority::Batch, |cache| cache.sweep())
                .is_ok_and(|swept| swept > 0)
        {}
    }

    /// A luxury: where it fails once it is left, and the next turn finds out what is the matter.
    fn try_to_stand_by(&mut self) {
        if !self.stands_by {
            return;
        }
        if let Err(error) = guard::turn(|| self.stand_by()) {
            tracing::info!(account = %self.kit.account.name, %error, "no mailbox is kept open");
            self.kit.note_damage(&error);
            self.stands_by = false;
            self.session.take_if(|session| session.is_dead());
        }
    }

    /// Leaves the mailbox open that is looked at most, so that its news come by themselves.
    fn stand_by(&mut self) -> Result<(), SyncError> {
        let Some(session) = self.session.as_mut() else {
            return Ok(());
        };
        if !session.enabled().qresync {
            return Ok(());
        }
        let attended = self.kit.attended();
        let mut wanted = mailboxes::known(&self.kit, &self.reader)?;
        wanted.truncate(1 + usize::from(attended.is_some()));
        let open = wanted.iter().any(|h| session.stays_in(&h.name).is_some());
        let Some(here) = wanted.first().filter(|_| !open) else {
            return Ok(());
        };
        let (kit, reader, checks) = (&self.kit, &self.reader, &mut self.checks);
        match pull::mailbox(session, kit, reader, here, checks, &mut || kit.stopping()) {
            Err(SyncError::Net(error)) if !error.ends_session() => Ok(()),
            other => other.map(drop),
        }
    }

    fn hang_up(&mut self) {
        if let Some(session) = self.session.take() {
            session.hang_up();
        }
        self.save_usage();
    }

    fn save_usage(&mut self) {
        let usage = &self.kit.usage;
        if let Err(error) = usage.save(&mut self.local, &self.kit.account.name) {
            tracing::warn!(%error, "the day's traffic could not be written down");
        }
        let policy = &self.kit.account.sync;
        self.kit.report.traffic(usage.today(), policy.budget);
        let spent = usage.is_spent(policy);
        if spent && !std::mem::replace(&mut self.spent, spent) {
            self.kit.report.notice(
                tr!("what may be fetched in a day is used up: the rest comes tomorrow, what you open at once"),
            );
        }
        self.spent = spent;
    }

    /// How long a silent connection is relied on: less where nobody but somebody at the keyboard can
    /// have sent us, and nothing that the server said.
    fn trusted_for(&self) -> Duration {
        let rhythm = &self.kit.rhythm;
        match self.due.everything || self.due.mailboxes.is_empty() {
            true => rhythm.prove,
            false => rhythm.stale,
        }
    }

    /// A connection that can be relied on: the one that is here, if it lives, or a new one.
    fn connected(&mut self) -> Result<Connection, SyncError> {
        if let Some(mut session) = self.session.take()
            && !session.is_dead()
            && !session.is_stale()
            && (session.quiet_for() < self.trusted_for() || session.lives(PROOF))
        {
            return Ok(session);
        }
        self.kit.report.link(Link::Connecting);
        self.due.everything = true;
        self.greeted = false;
        let session = self.kit.dial(Rank::Worker, None)?;
        // Where this server can be reached, the one that takes mail may be too.
        let barred = self.kit.marks.is_barred(when::now());
        if let Some(submitter) = self.submitter.as_ref().filter(|_| !barred) {
            self.kit.marks.resend.store(true, Ordering::SeqCst);
            submitter.ring();
        }
        Ok(session)
    }

    fn turn(&mut self, rings: &mut dyn FnMut() -> bool) -> Result<Turn, SyncError> {
        self.due.add(self.kit.marks.news.take());
        self.hear();
        self.checks.patience = Patience::default();
        let mut session = self.connected()?;
        let outcome = self.rounds(&mut session, rings);
        session.tally();
        if self.kit.writer.found_damage() && !std::mem::replace(&mut self.damage_told, true) {
            self.kit.report.notice(
                tr!("the mail kept on this machine was found damaged; it is fetched anew after the next start"),
            );
        }
        for alert in session.take_alerts() {
            self.kit.report.notice(&tr!(
                "the server says: {alert}",
                alert = Clean::line(&alert)
            ));
        }
        self.session = Some(session);
        self.save_usage();
        outcome
    }
}
