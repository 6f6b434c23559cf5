//! How work on a thread tells that it runs: for as long as a [`Working`] is there. A fault that ends
//! the thread ends it, too.

use crate::model::setup::Cancel;
use crate::text::{Clean, when};
use crate::tui::event::Event;
use crate::tui::work::{Work, WorkNews};
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How far it is, is told no more often.
const STEP: Duration = Duration::from_millis(150);

/// Where work is told to.
#[derive(Clone, Debug)]
pub struct Teller {
    events: Sender<Event>,
    last: Arc<AtomicU64>,
}

impl Teller {
    /// Tells it here.
    pub fn new(events: Sender<Event>) -> Teller {
        Teller {
            events,
            last: Arc::default(),
        }
    }

    /// Something begins now; it is over when what comes back is dropped. `stop` ends it sooner.
    pub fn begin(&self, what: Clean, stop: Option<Cancel>) -> Working {
        let id = self.last.fetch_add(1, Ordering::SeqCst);
        let work = Work {
            what,
            since: when::now(),
            done: 0,
            total: 0,
            stop: stop.clone(),
        };
        let _ = self.events.send(Event::Work(WorkNews::Begun(id, work)));
        Working {
            id,
            events: self.events.clone(),
            told: None,
            stop,
        }
    }
}

/// Work that runs for as long as this is there.
#[derive(Debug)]
pub struct Working {
    id: u64,
    events: Sender<Event>,
    told: Option<Instant>,
    stop: Option<Cancel>,
}

impl Working {
    /// So much of so much is done.
    pub fn at(&mut self, done: usize, total: usize) {
        let now = Instant::now();
        if self.told.is_some_and(|told| now - told < STEP) {
            return;
        }
        self.told = Some(now);
        let news = WorkNews::At(self.id, done as u64, total as u64);
        let _ = self.events.send(Event::Work(news));
    }

    /// Whether the user wants it to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Cancel::is_cancelled)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.events.send(Event::Work(WorkNews::Ended(self.id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::work::Works;
    use crossbeam_channel::unbounded;

    #[test]
    fn what_runs_is_there_until_it_is_over_however_it_ends() {
        let (events, inbox) = unbounded();
        let teller = Teller::new(events);
        let mut works = Works::default();
        let hear = |works: &mut Works| {
            for event in inbox.try_iter() {
                let Event::Work(news) = event else {
                    panic!("{event:?}");
                };
                works.take(news);
            }
        };
        let cancel = Cancel::default();
        let mut one = teller.begin(Clean::lit("one"), Some(cancel.clone()));
        let two = teller.begin(Clean::lit("two"), None);
        one.at(3, 10);
        hear(&mut works);
        let shown: Vec<_> = works
            .all()
            .map(|(_, w)| (w.what.as_str(), w.done))
            .collect();
        assert_eq!(shown, [("one", 3), ("two", 0)]);
        assert!(!one.is_stopped());
        works
            .all()
            .next()
            .unwrap()
            .1
            .stop
            .as_ref()
            .unwrap()
            .cancel();
        assert!(one.is_stopped() && !two.is_stopped());
        drop(one);
        let _ = std::thread::spawn(move || {
            let _two = two;
            panic!("as a fault would");
        })
        .join();
        hear(&mut works);
        assert_eq!(works.all().count(), 0);
    }
}
