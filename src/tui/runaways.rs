//! Work on what strangers sent, each on a thread of its own: what is not done in time is left to end
//! by itself, and how many such there are is known, so that they can't become many.

use crossbeam_channel::bounded;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The threads that are at work.
#[derive(Clone, Debug, Default)]
pub struct Runaways(Arc<AtomicUsize>);

impl Runaways {
    /// What the work comes to; `None` if it takes longer than `budget`, panics, or is not begun
    /// because `beside` others are at work.
    pub fn within<T: Send + 'static>(
        &self,
        beside: usize,
        budget: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        if self.0.load(Ordering::SeqCst) >= beside {
            return None;
        }
        let (tx, rx) = bounded(1);
        let count = Arc::clone(&self.0);
        count.fetch_add(1, Ordering::SeqCst);
        let spawned = std::thread::Builder::new()
            .name("aside".into())
            .spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(work));
                count.fetch_sub(1, Ordering::SeqCst);
                let _ = tx.send(result);
            });
        if spawned.is_err() {
            self.0.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        rx.recv_timeout(budget).ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn who_does_not_come_back_is_counted() {
        let runaways = Runaways::default();
        assert_eq!(runaways.within(2, LONG, || 1), Some(1));
        let (go, wait) = bounded::<()>(0);
        for _ in 0..2 {
            let wait = wait.clone();
            let work = move || {
                let _ = wait.recv();
            };
            assert_eq!(runaways.within(2, Duration::ZERO, work), None);
        }
        assert_eq!(runaways.within(2, LONG, || 1), None, "not begun");
        assert_eq!(runaways.within(3, LONG, || 1), Some(1));
        drop(go);
        while runaways.0.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
        assert_eq!(runaways.within(1, LONG, || 1), Some(1));
        assert_eq!(
            runaways.within(1, LONG, || panic!("a bad layout")),
            None::<()>
        );
        assert_eq!(runaways.within(1, LONG, || 1), Some(1), "a panic is an end");
    }
}
