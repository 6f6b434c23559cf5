//! Batches on their way into the cache: nobody waits for each, and the first that fails is known
//! before more is fetched for the same fate.

use crate::store::{Cache, Error, Priority, Result, Writer};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A way into the cache for the batches of one task.
#[derive(Clone)]
pub struct Delivery {
    writer: Writer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Batches that were handed over and have not come to an end, well or not.
    under_way: u64,
    failed: Option<Error>,
}

impl Delivery {
    /// A way through this writer.
    pub fn new(writer: &Writer) -> Delivery {
        Delivery {
            writer: writer.clone(),
            state: Arc::default(),
        }
    }

    /// Hands a batch over without waiting for it (but for room in the queue).
    ///
    /// # Errors
    /// What became of an earlier batch, once.
    pub fn post(&self, job: impl FnOnce(&mut Cache) -> Result<()> + Send + 'static) -> Result<()> {
        let failed = self.lock().failed.take();
        failed.map_or(Ok(()), Err)?;
        self.lock().under_way += 1;
        let state = Arc::clone(&self.state);
        self.writer.post(Priority::Batch, move |cache| {
            let outcome = job(cache);
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.under_way -= 1;
            match outcome {
                // The writer has to know of damage, too.
                Err(Error::Corrupt(why)) => {
                    state.failed.get_or_insert(Error::Corrupt(why.clone()));
                    Err(Error::Corrupt(why))
                }
                Err(error) => {
                    state.failed.get_or_insert(error);
                    Ok(())
                }
                Ok(()) => Ok(()),
            }
        })
    }

    /// Waits until all that was handed over is in the cache.
    ///
    /// # Errors
    /// What became of a batch that is not.
    pub fn settle(&self) -> Result<()> {
        self.writer.run(Priority::Batch, |_| Ok(()))?;
        let mut state = self.lock();
        let failed = state.failed.take();
        failed.map_or(Ok(()), Err)?;
        match std::mem::take(&mut state.under_way) {
            0 => Ok(()),
            _ => Err(Error::Panicked("a batch for the cache".to_owned())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_failed_stops_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), 0).unwrap().cache;
        let writer = Writer::spawn(cache).unwrap();
        let delivery = Delivery::new(&writer);
        delivery.post(|_| Ok(())).unwrap();
        delivery.settle().unwrap();
        delivery.post(|_| Err(Error::Gone("mailbox"))).unwrap();
        assert!(matches!(delivery.settle(), Err(Error::Gone(_))));
        delivery.post(|_| Err(Error::Gone("mailbox"))).unwrap();
        writer.run(Priority::Batch, |_| Ok(())).unwrap();
        assert!(delivery.post(|_| Ok(())).is_err());
        delivery.post(|_| Ok(())).unwrap();
        delivery.settle().unwrap();
        delivery.post(|_| panic!("on purpose")).unwrap();
        assert!(matches!(delivery.settle(), Err(Error::Panicked(_))));
        delivery.settle().unwrap();
    }
}
