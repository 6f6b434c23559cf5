//! The cache-writer thread: the only place where `cache.db` is written.

use super::cache::Cache;
use super::error::Result;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A user's action: before every batch that waits.
    Urgent,
    /// A worker's batch; the queue is short, so a fast server waits for a slow disk.
    Batch,
}

/// A handle of the cache-writer thread. When the last one is dropped the thread finishes what is
/// queued and ends.
#[derive(Clone)]
pub struct Writer {}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn spawn(cache: Cache) -> Result<Writer> {
        let _ = cache;
        unimplemented!()
    }

    /// Runs a job and waits for its answer. Never call it from inside a job.
    ///
    /// # Errors
    /// What the job says; [`super::Error::Panicked`] or [`super::Error::Stopped`].
    pub fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        job: impl FnOnce(&mut Cache) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _ = (priority, job);
        unimplemented!()
    }

    /// Queues a job without waiting for its answer (but for room in the queue). An error in it is
    /// logged.
    ///
    /// # Errors
    /// [`super::Error::Stopped`].
    pub fn post(
        &self,
        priority: Priority,
        job: impl FnOnce(&mut Cache) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let _ = (priority, job);
        unimplemented!()
    }

    /// Whether a job found the file damaged: it is proved and rebuilt at the next start.
    pub fn found_damage(&self) -> bool {
        unimplemented!()
    }
}
