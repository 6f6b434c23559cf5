//! The cache-writer thread: the only place where `cache.db` is written.
//!
//! Two bounded queues lead to it: a user's actions are taken before every batch that waits. A
//! worker that brings more than the disk takes waits in [`Writer::post`], and so does its server.
//! The thread waits for nobody but the disk, so nobody can wait in a circle with it.

use crate::store::cache::Cache;
use crate::store::error::{Error, Result};
use crate::store::spill::Spill;
use crossbeam_channel::{Receiver, Sender, bounded, select_biased};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Jobs that may wait for each kind.
const URGENT_QUEUE: usize = 256;
const BATCH_QUEUE: usize = 1;
/// After so long without a job nobody is taken to wait, and between two pieces of housekeeping others
/// have so long to come in.
const IDLE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A user's action: before every batch that waits.
    Urgent,
    /// A worker's batch; the queue is short, so a fast server waits for a slow disk.
    Batch,
}

type Job = Box<dyn FnOnce(&mut Cache) + Send>;

/// A handle of the cache-writer thread. When the last one is dropped the thread finishes what is
/// queued and ends; the drop waits for that.
#[derive(Clone)]
pub struct Writer {
    queues: Arc<Queues>,
}

struct Queues {
    urgent: Option<Sender<Job>>,
    batch: Option<Sender<Job>>,
    damage: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`Error::Stopped`] if the system has no thread to give.
    pub fn spawn(cache: Cache) -> Result<Writer> {
        let (urgent, urgent_jobs) = bounded(URGENT_QUEUE);
        let (batch, batch_jobs) = bounded(BATCH_QUEUE);
        let damage = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&damage);
        let thread = thread::Builder::new()
            .name("cache-writer".to_owned())
            .spawn(move || work(cache, &urgent_jobs, &batch_jobs, &shared))
            .map_err(|_| Error::Stopped)?;
        let queues = Queues {
            urgent: Some(urgent),
            batch: Some(batch),
            damage,
            thread: Some(thread),
        };
        Ok(Writer {
            queues: Arc::new(queues),
        })
    }

    /// Runs a job and waits for its answer. Never call it from inside a job.
    ///
    /// # Errors
    /// What the job says; [`Error::Panicked`] or [`Error::Stopped`].
    pub fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        job: impl FnOnce(&mut Cache) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = bounded(1);
        let damage = Arc::clone(&self.queues.damage);
        self.queue(
            priority,
            Box::new(move |cache| {
                // Who asked may have gone away meanwhile.
                let _ = answer.send(guarded(cache, &damage, job));
            }),
        )?;
        answered.recv().unwrap_or(Err(Error::Stopped))
    }

    /// Queues a job without waiting for its answer (but for room in the queue). An error in it is
    /// logged.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn post(
        &self,
        priority: Priority,
        job: impl FnOnce(&mut Cache) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let damage = Arc::clone(&self.queues.damage);
        self.queue(
            priority,
            Box::new(move |cache| {
                if let Err(error) = guarded(cache, &damage, job) {
                    tracing::error!(%error, "a job of the cache failed");
                }
            }),
        )
    }

    /// Whether a job found the file damaged: it is proved and rebuilt at the next start.
    pub fn found_damage(&self) -> bool {
        self.queues.damage.load(Ordering::Relaxed)
    }

    fn queue(&self, priority: Priority, job: Job) -> Result<()> {
        let queue = match priority {
            Priority::Urgent => &self.queues.urgent,
            Priority::Batch => &self.queues.batch,
        };
        queue
            .as_ref()
            .and_then(|queue| queue.send(job).ok())
            .ok_or(Error::Stopped)
    }
}

impl Drop for Queues {
    fn drop(&mut self) {
        (self.urgent, self.batch) = (None, None);
        if let Some(thread) = self.thread.take()
            // A job may have held the last handle: a thread can't wait for its own end.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// A job's answer, or what became of it. A panic rolls its transaction back as it unwinds.
fn guarded<T>(
    cache: &mut Cache,
    damage: &AtomicBool,
    job: impl FnOnce(&mut Cache) -> Result<T>,
) -> Result<T> {
    let answer = catch_unwind(AssertUnwindSafe(|| job(cache))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::Panicked(said.unwrap_or_default()))
    });
    if matches!(answer, Err(Error::Corrupt(_))) && !damage.swap(true, Ordering::Relaxed) {
        cache.mark_suspect();
    }
    answer
}

fn work(mut cache: Cache, urgent: &Receiver<Job>, batch: &Receiver<Job>, damage: &AtomicBool) {
    let mut pause = IDLE;
    let mut spill = Spill::default();
    loop {
        let nobody = match cache.is_ungrouped() || cache.is_untidy() {
            true => crossbeam_channel::after(pause),
            false => crossbeam_channel::never(),
        };
        let job = select_biased! {
            recv(urgent) -> job => job.or_else(|_| batch.recv()),
            recv(batch) -> job => job.or_else(|_| urgent.recv()),
            recv(nobody) -> _ => {
                // What is shown comes before what is only made faster.
                let done = guarded(&mut cache, damage, |cache| match cache.is_ungrouped() {
                    true => cache.group_some(),
                    false => cache.tidy(),
                });
                pause = match done {
                    Ok(()) => PAUSE,
                    Err(error) => {
                        tracing::warn!(%error, "the cache could not be put in order");
                        IDLE
                    }
                };
                continue;
            }
        };
        pause = IDLE;
        match job {
            Ok(job) => {
                job(&mut cache);
                spill.grew(&cache.db.conn);
            }
            // Both queues are closed and empty.
            Err(_) => break,
        }
    }
    spill.finish();
    cache.close();
}
