//! Whose turn it is to talk to servers: of all processes on a home one does, and another takes it over
//! when that one ends. And how an engine begins, whichever it is.

use postrider::cli::home;
use postrider::cli::seat::Seat;
use postrider::config::lock::{self, EngineLock, Listener};
use postrider::config::secrets::Secrets;
use postrider::config::{Loaded, Paths};
use postrider::lang::tr;
use postrider::notify;
use postrider::signal::{Board, Ringer, Topic};
use postrider::sync::Engine;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whose turn it is to talk to servers.
#[derive(Default)]
pub struct Turn {
    /// Whether this process holds the engine's lock; then it does until it ends.
    held: bool,
    /// Whether a thread waits for it.
    waited_for: bool,
    /// What is done when it has come.
    come: Option<Box<dyn FnOnce() + Send>>,
}

fn turn_of(turn: &Mutex<Turn>) -> MutexGuard<'_, Turn> {
    // Nothing in it spans two writes.
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the turn if nobody has it; whether this process has it now.
///
/// # Errors
/// The lock can't be asked for.
pub fn take(turn: &Mutex<Turn>, lock: &Path) -> anyhow::Result<bool> {
    let mut turn = turn_of(turn);
    if !turn.held
        && !turn.waited_for
        && let Some(lock) = EngineLock::try_take(lock)?
    {
        lock.keep();
        turn.held = true;
    }
    Ok(turn.held)
}

/// What was to be begun when the turn comes is not any more.
pub fn let_go(turn: &Mutex<Turn>) {
    turn_of(turn).come = None;
}

/// Starts an engine on a home, one that talks to servers or one that only records, and listens for
/// the other processes there.
pub fn beginning(
    paths: &Paths,
    loaded: &Loaded,
    board: &Arc<Board>,
    ears: &Arc<Mutex<Vec<Listener>>>,
    secrets: &Secrets,
) -> impl Fn(bool) -> anyhow::Result<Engine> + Send + 'static {
    let (paths, board, ears) = (paths.clone(), Arc::clone(board), Arc::clone(ears));
    let secrets = secrets.clone();
    let accounts = loaded.config.accounts.clone();
    let undo_send = loaded.config.look.undo_send;
    let rules = loaded.config.rules.clone();
    let by_subject = home::by_subject(&loaded.config);
    let told = loaded.config.notify.clone();
    // An account that can't be read is not one that is gone.
    let all = loaded.problems.is_empty();
    // Once there is a screen it reads the cache that was there: another in its place waits for the
    // next start.
    let began = AtomicBool::new(false);
    move |online| {
        let first = !began.swap(true, Ordering::SeqCst);
        let alone = online && first;
        let cloned = Arc::clone(&board);
        if online {
            home::warm_up(&accounts);
        }
        let mut parts = home::parts(
            (&paths, &secrets),
            accounts.clone(),
            cloned,
            (online, alone),
            undo_send,
        )?;
        parts.rules = rules.clone().into();
        parts.by_subject = by_subject.clone();
        if online && all {
            home::part_with_others(&parts, &accounts)?;
        }
        let cache = parts.stores.cache.clone();
        if online {
            // Before anything is fetched, so that what is fetched is new.
            notify::start(&cache, &told, &board)?;
        }
        let engine = Engine::start(parts)?;
        let board = Arc::clone(&board);
        let ear = if online {
            let nudged = engine.nudged();
            lock::listen(&paths.bell, move || {
                nudged.iter().for_each(Ringer::ring);
                everything_changed(&board, &cache);
            })?
        } else {
            lock::listen(&paths.news, move || everything_changed(&board, &cache))?
        };
        ears.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(ear);
        Ok(engine)
    }
}

/// Waits, on a thread of its own, until no other process talks to servers; from then on this one
/// does, with the engine that is wanted then.
pub fn wait(
    turn: &Arc<Mutex<Turn>>,
    paths: &Paths,
    seat: Arc<Seat>,
    board: Arc<Board>,
    begin: impl Fn(bool) -> anyhow::Result<Engine> + Send + 'static,
) -> anyhow::Result<()> {
    let failed = Arc::clone(&board);
    let come = move || match begin(true) {
        Ok(engine) => seat.replace(engine),
        Err(error) => no_server(&board, &error),
    };
    let mut waiting = turn_of(turn);
    if waiting.held {
        // It came while the other engine was begun.
        drop(waiting);
        come();
        return Ok(());
    }
    waiting.come = Some(Box::new(come));
    if waiting.waited_for {
        return Ok(());
    }
    let (path, turn) = (paths.lock.clone(), Arc::clone(turn));
    std::thread::Builder::new()
        .name("turn".to_owned())
        .spawn(move || match EngineLock::take(&path) {
            Ok(lock) => {
                // Another that waits must not begin beside threads that this one has started.
                lock.keep();
                let mut turn = turn_of(&turn);
                turn.held = true;
                if let Some(come) = turn.come.take() {
                    come();
                }
            }
            Err(error) => no_server(&failed, &error.into()),
        })?;
    waiting.waited_for = true;
    Ok(())
}

fn no_server(board: &Board, error: &anyhow::Error) {
    let told = tr!(
        "No server is talked to: {error}",
        error = format!("{error:#}")
    );
    board.notice(postrider::text::Clean::line(&told).to_string());
    tracing::error!(%error, "no server is talked to");
}

/// Another process changed the stores: whatever is shown may be old.
fn everything_changed(board: &Board, cache: &Path) {
    for topic in [Topic::Mailboxes, Topic::Outbox, Topic::Drafts] {
        board.post(topic);
    }
    let mailboxes = postrider::store::Reader::open(cache).and_then(|reader| reader.mailboxes());
    for mailbox in mailboxes.unwrap_or_default() {
        board.post(Topic::Mailbox(mailbox.id));
    }
}
