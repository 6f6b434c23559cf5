//! The engine: starts the threads, hands them their means, stops them.
//!
//! No cycle of waiting exists: the ledger waits for nobody but its databases; workers, watchers
//! and submitters wait for bells and sockets with deadlines; the cache writer waits for its queue.
//! Whoever posts to the writer may wait for room in its queue, and the writer waits for no one.

use crate::lang::{self, tr, trn};
use crate::mime::site;
use crate::model::{Account, AccountName, Intent, MailboxId, Quota, Rule};
use crate::net::http::Client;
use crate::net::roam::{Change, Roam};
use crate::signal::{Board, Doorbell, Ringer, Topic};
use crate::store::{Cache, Local, Priority, Reader, Whose, Writer};
use crate::sync::bells::{AccountBells, Bells};
use crate::sync::connections::Connections;
use crate::sync::error::SyncError;
use crate::sync::host::Host;
use crate::sync::kit::{Kit, Stores};
use crate::sync::leaving::Leaver;
use crate::sync::ledger::{FULL, Ledger, Reply};
use crate::sync::marks::Marks;
use crate::sync::peers::Peers;
use crate::sync::report::Report;
use crate::sync::rhythm::Rhythm;
use crate::sync::worker::{Others, Worker};
use crate::sync::{guard, harvest, ondemand, reread, submitter, watcher};
use crate::text::when;
use crossbeam_channel::RecvTimeoutError::Disconnected;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Intents that may wait for the ledger; the screen never fills this.
const INTENTS: usize = 1024;
/// Bodies that may wait to be fetched.
const REQUESTS: usize = 256;
/// How long `sync --once` reads messages once more.
const READING: Duration = Duration::from_secs(60);
/// How long what was asked for may take to be durable once the program ends. Another process that
/// writes the same file is done within seconds; a disk that needs longer is broken.
const RECORDING: Duration = Duration::from_secs(60);
/// Whoever waits longer than this for it is told.
const MOMENT: Duration = Duration::from_secs(1);
/// Between two looks whether all threads have ended.
const BETWEEN: Duration = Duration::from_millis(2);

/// What an engine is made of.
pub struct Parts {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// Where the databases are.
    pub stores: Stores,
    /// The cache's writer.
    pub writer: Writer,
    /// Whom to tell.
    pub board: Arc<Board>,
    /// The world outside.
    pub host: Arc<dyn Host>,
    /// Who asks web servers.
    pub web: Client,
    /// What is done to mail that answers a query.
    pub rules: Arc<[Rule]>,
    /// Whether conversations are also put together by subject; then the user's addresses.
    pub by_subject: Option<Vec<String>>,
    /// Seconds in which sending can be undone.
    pub undo_window: i64,
    /// How long anything waits.
    pub rhythm: Rhythm,
    /// Whether this process talks to servers (it holds the engine's lock), or only records intents.
    pub online: bool,
}

/// The running engine. Dropping it stops it without waiting for slow servers.
pub struct Engine {
    intents: Option<Sender<(Intent, Reply)>>,
    /// Closed once the ledger has recorded the last intent.
    recorded: Option<Receiver<()>>,
    stop: Arc<AtomicBool>,
    bells: Vec<Ringer>,
    nudged: Vec<Ringer>,
    roamers: Vec<Roamer>,
}

/// What an account is told when the machine is in another network.
struct Roamer {
    marks: Arc<Marks>,
    bells: Vec<Ringer>,
    submitter: Ringer,
}

impl Roamer {
    fn moved(&self) {
        self.marks.network.fetch_add(1, Ordering::SeqCst);
        self.marks.news.everywhere();
        for bell in &self.bells {
            bell.ring();
        }
        // Another network makes no password right.
        if !self.marks.is_barred(when::now()) {
            self.marks.resend.store(true, Ordering::SeqCst);
            self.submitter.ring();
        }
    }
}

/// The means of one account's threads.
pub fn kit(parts: &Parts, account: &Account, stop: &Arc<AtomicBool>) -> Kit {
    Kit {
        account: account.clone(),
        stores: parts.stores.clone(),
        writer: parts.writer.clone(),
        report: Report::new(account.name.clone(), Arc::clone(&parts.board)),
        board: Arc::clone(&parts.board),
        host: Arc::clone(&parts.host),
        web: parts.web.clone(),
        rhythm: parts.rhythm,
        stop: Arc::clone(stop),
        rules: Arc::clone(&parts.rules),
        marks: Arc::default(),
        connections: Arc::new(Connections::new(
            account.sync.connections,
            parts.rhythm.relax,
        )),
        watched: Arc::default(),
        told: Arc::default(),
        crowded: Arc::default(),
        previews: Arc::new(AtomicBool::new(true)),
        errands: bounded(REQUESTS),
        peers: Peers::default(),
        usage: Arc::default(),
    }
}

/// Puts the stores in order after whatever ended the last run: attempts that were cut are judged,
/// and everything pending is laid over the cache again. Only the process that holds the engine's
/// lock may do this.
///
/// # Errors
/// When a database can't be read or written.
pub fn recover(parts: &Parts) -> Result<(), SyncError> {
    let mut local = Local::open(&parts.stores.local)?;
    let reader = Reader::open(&parts.stores.cache)?;
    for account in &parts.accounts {
        local.crashed(&account.name)?;
        let whose = Whose {
            host: account.imap.host.to_lowercase(),
            user: account.user.clone(),
        };
        if local.read().is_another(&account.name, &whose, &is_same)? {
            // What is here is the other one's mail, however alike the numbers are. This comes first: after
            // a crash it is done again.
            let name = account.name.clone();
            let forget = move |cache: &mut Cache| cache.forget_account(&name);
            parts.writer.run(Priority::Urgent, forget)?;
        }
        let waited = local.account_is(&account.name, &whose, &is_same)?;
        if waited > 0 {
            parts.board.notice(trn!(
                n = waited,
                "{account} is another account than it was: {n} change that waited is not made",
                "{account} is another account than it was: {n} changes that waited are not made",
                account = account.name
            ));
        }
        for renames in reader.renames(&account.name)? {
            local.rename_mailboxes(&account.name, &renames)?;
        }
    }
    let names: Vec<AccountName> = parts.accounts.iter().map(|a| a.name.clone()).collect();
    let by_subject = parts.by_subject.clone();
    let (board, host) = (Arc::clone(&parts.board), Arc::clone(&parts.host));
    let regrouped = move |mailboxes: BTreeSet<MailboxId>| {
        let topics = mailboxes.into_iter().map(Topic::Mailbox);
        topics.for_each(|topic| board.post(topic));
        host.changed();
    };
    parts.writer.run(Priority::Urgent, move |cache| {
        for name in &names {
            cache.ensure_account(name)?;
        }
        cache.follow_thread_rules(|| local.read().thread_rules())?;
        cache.on_regrouped(regrouped);
        cache.group_by_subject(by_subject.as_deref())?;
        cache.reapply(|| local.read().all_pending())
    })?;
    Ok(())
}

/// Whether an account is the one that it was, by another name of its server or another spelling of its
/// user.
fn is_same(was: &Whose, now: &Whose) -> bool {
    let local = |user: &str| user.split('@').next().unwrap_or_default().to_lowercase();
    let bare = [was, now].iter().any(|w| !w.user.contains('@'));
    let user =
        was.user.eq_ignore_ascii_case(&now.user) || (bare && local(&was.user) == local(&now.user));
    user && (was.host == now.host || site::same_site(&was.host, &now.host))
}

impl Engine {
    /// Starts the ledger, and when `online` each account's threads.
    ///
    /// # Errors
    /// When a database can't be opened or a thread not started.
    pub fn start(parts: Parts) -> Result<Engine, SyncError> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut bells = Bells::default();
        let mut engine = Engine {
            intents: None,
            recorded: None,
            stop: Arc::clone(&stop),
            bells: Vec::new(),
            nudged: Vec::new(),
            roamers: Vec::new(),
        };
        if parts.online {
            recover(&parts)?;
            let peers = Peers::default();
            for account in &parts.accounts {
                let kit = Kit {
                    peers: peers.clone(),
                    ..kit(&parts, account, &stop)
                };
                engine.account(&kit, &mut bells)?;
            }
            engine.leaver(&parts, &mut bells)?;
            engine.look_out()?;
        }
        let ledger = Ledger {
            local: Local::open(&parts.stores.local)?,
            reader: Reader::open(&parts.stores.cache)?,
            writer: parts.writer,
            stores: parts.stores,
            accounts: parts.accounts,
            board: parts.board,
            host: parts.host,
            bells,
            rules: parts.rules,
            undo_window: parts.undo_window,
            idle: parts.rhythm.idle,
            fresh: Default::default(),
            begun: when::now(),
        };
        let (sender, receiver) = bounded::<(Intent, Reply)>(INTENTS);
        let myself = Arc::new(sender.clone());
        let (records, recorded) = bounded(0);
        let run = move || ledger.run(&receiver, &myself, &stop, records);
        spawn("ledger", run)?;
        (engine.intents, engine.recorded) = (Some(sender), Some(recorded));
        Ok(engine)
    }

    fn account(&mut self, kit: &Kit, bells: &mut Bells) -> Result<(), SyncError> {
        let name = kit.account.name.clone();
        let (work, watch) = (Doorbell::new()?, Doorbell::new()?);
        let (submit, harvest) = (Doorbell::new()?, Doorbell::new()?);
        let (worker, submitter) = (work.ringer(), submit.ringer());
        let others = Others {
            watcher: watch.ringer(),
            harvest: harvest.ringer(),
            submitter: submitter.clone(),
        };
        self.roamers.push(Roamer {
            marks: Arc::clone(&kit.marks),
            bells: vec![worker.clone(), others.watcher.clone()],
            submitter: submitter.clone(),
        });
        self.bells.extend([
            worker.clone(),
            submitter.clone(),
            others.watcher.clone(),
            others.harvest.clone(),
        ]);
        self.nudged.extend([worker.clone(), submitter.clone()]);
        kit.peers
            .add(name.clone(), worker.clone(), Arc::clone(&kit.marks));
        let (requests, wanted) = bounded(REQUESTS);
        bells.accounts.insert(
            name.clone(),
            AccountBells {
                worker: worker.clone(),
                submitter,
                harvest: others.harvest.clone(),
                fetcher: requests,
                marks: Arc::clone(&kit.marks),
            },
        );
        let means = kit.clone();
        spawn(&format!("work {name}"), move || {
            Worker::serve(&means, &work, &others);
        })?;
        let (means, ring) = (kit.clone(), worker.clone());
        spawn(&format!("watch {name}"), move || {
            watcher::run(&means, &watch, &ring)
        })?;
        let (means, ring) = (kit.clone(), worker.clone());
        spawn(&format!("bodies {name}"), move || {
            harvest::run(&means, &harvest, &ring)
        })?;
        let (means, ring) = (kit.clone(), worker.clone());
        spawn(&format!("submit {name}"), move || {
            submitter::run(&means, &submit, &ring)
        })?;
        let means = kit.clone();
        spawn(&format!("fetch {name}"), move || {
            ondemand::run(&means, &wanted, &worker)
        })?;
        Ok(())
    }

    /// Starts the thread that leaves lists.
    fn leaver(&mut self, parts: &Parts, bells: &mut Bells) -> Result<(), SyncError> {
        let (bell, stop) = (Doorbell::new()?, Arc::clone(&self.stop));
        bells.leaver = Some(bell.ringer());
        self.bells.push(bell.ringer());
        self.nudged.push(bell.ringer());
        let leaver = Leaver {
            stores: parts.stores.clone(),
            board: Arc::clone(&parts.board),
            web: parts.web.clone(),
        };
        spawn("leave", move || leaver.run(&stop, &bell)).map(drop)
    }

    /// Starts the look-out for other networks and clocks that jump.
    fn look_out(&mut self) -> Result<(), SyncError> {
        let bell = Doorbell::new()?;
        self.bells.push(bell.ringer());
        let (stop, roamers) = (Arc::clone(&self.stop), std::mem::take(&mut self.roamers));
        spawn("look-out", move || {
            let mut roam = Roam::new();
            while !stop.load(Ordering::SeqCst) {
                match roam.wait(bell.fd()) {
                    Ok(Change::Elsewhere) => roamers.iter().for_each(Roamer::moved),
                    Ok(Change::Woken) => {}
                    // Without a look-out connections are found dead by their deadlines.
                    Err(error) => {
                        tracing::warn!(%error, "changes of the network are not noticed");
                        return;
                    }
                }
            }
        })
    }

    /// Hands an intent to the ledger; the reply comes on another thread.
    pub fn ask(&self, intent: Intent, reply: Reply) {
        match &self.intents {
            Some(intents) => {
                if let Err(refused) = intents.try_send((intent, reply)) {
                    let (_, reply) = refused.into_inner();
                    reply(Err(lang::of(FULL).to_owned()));
                }
            }
            None => reply(Err(tr!("the program is about to end").to_owned())),
        }
    }

    /// What another process rings to make this one look at its queues.
    pub fn nudged(&self) -> Vec<Ringer> {
        self.nudged.clone()
    }

    /// Tells every thread to stop and waits until all that was asked for is durable, a message that is
    /// being built, too. `false` if that was in vain for a minute; `slow` is called if it takes longer
    /// than a moment. Connections are closed by their threads or by the end of the process: nothing
    /// waits for a server.
    pub fn stop(&mut self, slow: &mut dyn FnMut()) -> bool {
        self.stop.store(true, Ordering::SeqCst);
        for bell in &self.bells {
            bell.ring();
        }
        // It may sleep. Where no intent fits in, there are enough to keep it awake.
        if let Some(intents) = self.intents.take() {
            let _ = intents.try_send((Intent::CheckMail, Box::new(|_| ())));
        }
        let Some(recorded) = self.recorded.take() else {
            return true;
        };
        let wait = |longest| recorded.recv_timeout(longest) == Err(Disconnected);
        wait(MOMENT) || {
            slow();
            wait(RECORDING)
        }
    }
}

/// How an engine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether all that was asked of it is durable.
    pub recorded: bool,
    /// Whether none of its threads is left. Those that still wait for a server must not meet others in
    /// their place.
    pub alone: bool,
}

impl Engine {
    /// [Stops](Engine::stop), and waits so long at most until no thread of it is left; for one that is
    /// started after it on the same databases.
    pub fn end(mut self, within: Duration, slow: &mut dyn FnMut()) -> Ended {
        let recorded = self.stop(slow);
        let until = Instant::now() + within;
        // Each thread holds it for as long as it runs.
        while Arc::strong_count(&self.stop) > 1 {
            if Instant::now() >= until {
                return Ended {
                    recorded,
                    alone: false,
                };
            }
            std::thread::sleep(BETWEEN);
        }
        Ended {
            recorded,
            alone: true,
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop(&mut || ());
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), SyncError> {
    // Every thread's loop stands outside its turns, and a turn that panics is an error (`guard`).
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)?;
    Ok(())
}

/// How `sync --once` went for one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Once {
    /// Mailboxes looked at.
    pub mailboxes: u64,
    /// Headers that are new here.
    pub headers: u64,
    /// Bodies fetched.
    pub bodies: u64,
    /// Octets received.
    pub bytes: u64,
    /// IMAP connections that were open at once.
    pub connections: u8,
    /// How full the server's storage is, if it tells.
    pub quota: Option<Quota>,
}

/// What a turn brought is read to its end as far as the time goes; the next one goes on.
fn read_again(kit: &Kit) {
    let until = Instant::now() + READING;
    let read = guard::turn(|| reread::all(kit, &mut || Instant::now() >= until));
    match read {
        Ok(()) | Err(SyncError::Interrupted) => {}
        // The mail is here all the same.
        Err(error) => {
            tracing::info!(account = %kit.account.name, %error, "bodies could not be read again");
            kit.note_damage(&error);
        }
    }
}

/// Conversations that wait for being put together by subject are, as far as the time goes.
fn group_by_subject(writer: &Writer) {
    let until = Instant::now() + READING;
    while Instant::now() < until {
        let done = writer.run(Priority::Batch, |cache| {
            if cache.is_ungrouped() {
                cache.group_some()?;
            }
            Ok(cache.is_ungrouped())
        });
        match done {
            Ok(true) => {}
            Ok(false) => return,
            // The mail is here all the same.
            Err(error) => {
                tracing::info!(%error, "conversations could not be put together by subject");
                return;
            }
        }
    }
}

/// Brings one account up to date and sends what is due, then returns.
///
/// # Errors
/// Whatever stopped it.
pub fn once(kit: &Kit) -> Result<Once, SyncError> {
    submitter::run_due(kit)?;
    let leaver = Leaver {
        stores: kit.stores.clone(),
        board: Arc::clone(&kit.board),
        web: kit.web.clone(),
    };
    leaver.run_due(Some(&kit.account.name))?;
    let turn = Worker::new(kit.clone()).and_then(|mut worker| worker.whole_turn());
    let turn = turn.inspect_err(|error| kit.note_damage(error))?;
    read_again(kit);
    group_by_subject(&kit.writer);
    kit.writer.run(Priority::Batch, |_| Ok(()))?;
    Ok(Once {
        mailboxes: turn.mailboxes,
        headers: turn.headers,
        bodies: turn.bodies,
        bytes: kit.usage.run(),
        connections: kit.connections.most(),
        quota: kit.report.status().quota,
    })
}
