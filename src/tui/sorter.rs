//! The views thread: a read-only connection that lists what fits a saved view or a tab over the
//! inbox, and counts what is unread in them.
//!
//! It has its own thread, so that neither a mailbox nor a search waits for it. A list comes before
//! counts, and a newer list interrupts what is under way; counts that were cut short are made after
//! it, and not more often than they can be looked at.

use crate::store::{Error, Listed, Reader};
use crate::text::when;
use crate::tui::event::Event;
use crate::tui::question::{Answer, Fitting, Listing, Question};
use crate::tui::shelves::{Shelves, unreadable};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use rusqlite::InterruptHandle;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Unread messages that are counted: of more one need not know how many.
const MOST: u64 = 999;
/// Counts follow each other no faster.
const PAUSE: Duration = Duration::from_millis(500);

type Handle = Arc<Mutex<Option<InterruptHandle>>>;

/// The thread, as whoever asks sees it.
pub struct Sorter {
    questions: Sender<Question>,
    handle: Handle,
}

impl Sorter {
    /// Starts it; answers go to `events`. It ends when this is dropped.
    ///
    /// # Errors
    /// When threads have run out.
    pub fn start(cache: &Path, events: &Sender<Event>) -> io::Result<Sorter> {
        let (questions, asked) = unbounded();
        let handle = Handle::default();
        let mut thread = Thread {
            shelves: Shelves::new(cache, cache),
            cache: cache.to_path_buf(),
            handle: Arc::clone(&handle),
            pending: Vec::new(),
            counted: None,
        };
        let events = events.clone();
        std::thread::Builder::new()
            .name("views".into())
            .spawn(move || thread.serve(&asked, &events))?;
        Ok(Sorter { questions, handle })
    }

    /// Whether it answers a question.
    pub fn takes(question: &Question) -> bool {
        matches!(
            question,
            Question::Counts(_)
                | Question::Window {
                    listing: Listing::Fitting(_),
                    ..
                }
                | Question::NextUnread {
                    listing: Listing::Fitting(_),
                    ..
                }
        )
    }

    /// Asks; never waits.
    pub fn ask(&self, question: Question) {
        let urgent = !matches!(question, Question::Counts(_));
        let _ = self.questions.send(question);
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handle.as_ref().filter(|_| urgent) {
            handle.interrupt();
        }
    }
}

struct Thread {
    shelves: Shelves,
    cache: std::path::PathBuf,
    handle: Handle,
    /// The newest of each kind, the most urgent last.
    pending: Vec<Question>,
    counted: Option<Instant>,
}

impl Thread {
    fn serve(&mut self, asked: &Receiver<Question>, events: &Sender<Event>) {
        loop {
            let Some(question) = self.next(asked) else {
                return;
            };
            // A question that brings the store to panic must not take the thread with it.
            let answer = catch_unwind(AssertUnwindSafe(|| self.answer(&question)))
                .unwrap_or_else(|_| Err(Error::Panicked("while reading".to_owned())));
            if matches!(question, Question::Counts(_)) {
                self.counted = Some(Instant::now());
            }
            let answer = match answer {
                Ok(answer) => answer,
                Err(Error::Interrupted) => {
                    // By a newer question, after which this one has its turn unless it is the same.
                    for newer in asked.try_iter() {
                        self.push(newer);
                    }
                    if !self.pending.iter().any(|q| rank(q) == rank(&question)) {
                        self.push(question);
                    }
                    continue;
                }
                Err(error) => self.failed(&question, &error),
            };
            if events.send(Event::Rows(answer)).is_err() {
                return;
            }
        }
    }

    fn next(&mut self, asked: &Receiver<Question>) -> Option<Question> {
        loop {
            for question in asked.try_iter() {
                self.push(question);
            }
            let Some(last) = self.pending.last() else {
                let question = asked.recv().ok()?;
                self.push(question);
                continue;
            };
            let pause = self.counted.map(|at| at + PAUSE);
            let pause = pause.filter(|until| rank(last) == 0 && *until > Instant::now());
            let Some(until) = pause else {
                return self.pending.pop();
            };
            match asked.recv_deadline(until) {
                Ok(question) => self.push(question),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn push(&mut self, question: Question) {
        self.pending.retain(|q| rank(q) != rank(&question));
        self.pending.push(question);
        self.pending.sort_by_key(rank);
    }

    fn reader(&mut self) -> Result<&Reader, Error> {
        let reader = self.shelves.reader()?;
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if handle.is_none() {
            *handle = Some(reader.interrupt_handle());
        }
        drop(handle);
        Ok(reader)
    }

    fn answer(&mut self, question: &Question) -> Result<Answer, Error> {
        let now = when::now();
        let reader = self.reader()?;
        Ok(match question {
            Question::Window {
                serial,
                listing: Listing::Fitting(list),
                page,
                limit,
            } => {
                // One more than asked for tells whether there are more.
                let mut rows = reader.listed(&listed(list, now), *page, limit + 1)?;
                let more = rows.len() > *limit;
                if more && page.is_backward() {
                    rows.remove(0);
                }
                rows.truncate(*limit);
                Answer::Window {
                    serial: *serial,
                    page: *page,
                    rows,
                    more,
                }
            }
            Question::NextUnread {
                serial,
                listing: Listing::Fitting(list),
                after,
            } => Answer::NextUnread {
                serial: *serial,
                key: reader.next_unread_listed(&listed(list, now), *after)?,
            },
            Question::Counts(lists) => {
                let mut counts = Vec::with_capacity(lists.len());
                for list in lists {
                    let counted = reader.unread_listed(&listed(list, now), MOST)?;
                    counts.push((list.clone(), counted));
                }
                Answer::Counts(counts)
            }
            _ => Answer::Failed("that is no question about views".to_owned()),
        })
    }

    fn failed(&self, question: &Question, error: &Error) -> Answer {
        tracing::error!(?question, %error, "a list could not be read");
        let why = unreadable(&self.cache, error);
        match question {
            Question::Window { serial, .. } => Answer::NoList {
                serial: *serial,
                why,
            },
            _ => Answer::Failed(why),
        }
    }
}

/// What is asked of the store.
fn listed(list: &Fitting, now: i64) -> Listed<'_> {
    Listed {
        scope: list.scope.as_ref(),
        threaded: list.threaded,
        query: &list.query,
        now,
    }
}

/// How urgent a question is; a newer one of the same rank makes the older pointless.
fn rank(question: &Question) -> u8 {
    match question {
        Question::Window { .. } => 2,
        Question::NextUnread { .. } => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Query;
    use crate::model::view::Page;

    #[test]
    fn every_question_is_answered_whatever_interrupts_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache.db");
        drop(crate::store::Cache::open(&path, 100).unwrap());
        let (events, answers) = unbounded();
        let sorter = Sorter::start(&path, &events).unwrap();
        let list = Fitting {
            scope: None,
            threaded: false,
            query: Arc::new(Query::parse("is:unread").unwrap()),
        };
        for serial in 0..40 {
            sorter.ask(Question::Counts(vec![list.clone()]));
            sorter.ask(Question::Window {
                serial,
                listing: Listing::Fitting(list.clone()),
                page: Page::Newest,
                limit: 1,
            });
        }
        let (mut counted, mut newest) = (false, false);
        while !(counted && newest) {
            match answers.recv_timeout(Duration::from_secs(20)).unwrap() {
                Event::Rows(Answer::Counts(counts)) => {
                    counted = true;
                    assert_eq!(counts.len(), 1);
                }
                Event::Rows(Answer::Window { serial, .. }) => newest = serial == 39,
                other => panic!("{other:?}"),
            }
        }
    }
}
