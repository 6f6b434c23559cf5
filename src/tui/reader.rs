//! The reader thread and the search thread (that of views is `sorter.rs`): read-only connections that answer the screen's
//! questions, the newest first.
//!
//! A question that a newer one has made pointless (another window of the index) is
//! dropped unread. Searching has its own thread and connection, so that a slow search never stands
//! before a list; a newer search interrupts an older one.

use crate::mime::recipients::{format_list, parse_list};
use crate::model::view::{Page, Scope};
use crate::model::{Address, DraftId, Reminder, ReminderState, Role, System};
use crate::store::{Error, Reader};
use crate::text::when;
use crate::tui::event::Event;
use crate::tui::past;
use crate::tui::question::{Answer, DraftAt, DraftRow, Habit, Known, Listing, Question, Tray};
use crate::tui::shelves::{Shelves, unreadable};
use crate::tui::sorter::Sorter;
use crate::tui::twice::once;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use searching::serve_searches;

/// Mailing lists that a search offers at most.
const LISTS: usize = 200;
/// So many drafts of a mailbox are listed.
const DRAFTS: usize = 200;
/// Messages of a conversation that are listed: the newest.
const CONVERSATION: usize = 2_000;

/// The threads, as the loop sees them.
pub struct Readers {
    lists: Sender<Question>,
    searches: Sender<Question>,
    interrupt: Arc<OnceLock<rusqlite::InterruptHandle>>,
    views: Sorter,
}

impl Readers {
    /// Starts both threads; answers go to `events`. They end when this is dropped.
    ///
    /// # Errors
    /// When threads have run out. A database that can't be opened is told as an answer.
    pub fn start(cache: &Path, local: &Path, events: &Sender<Event>) -> io::Result<Readers> {
        let (lists, list_questions) = unbounded();
        let (searches, search_questions) = unbounded();
        let (cache_path, local_path) = (cache.to_path_buf(), local.to_path_buf());
        let out = events.clone();
        std::thread::Builder::new()
            .name("reader".into())
            .spawn(move || serve_lists(&cache_path, &local_path, &list_questions, &out))?;
        let interrupt = Arc::new(OnceLock::new());
        let (handle, path, out) = (Arc::clone(&interrupt), cache.to_path_buf(), events.clone());
        std::thread::Builder::new()
            .name("search".into())
            .spawn(move || {
                let reader = Reader::open(&path);
                if let Ok(reader) = &reader {
                    let _ = handle.set(reader.interrupt_handle());
                }
                serve_searches(&path, &reader, &search_questions, &out);
            })?;
        Ok(Readers {
            lists,
            searches,
            interrupt,
            views: Sorter::start(cache, events)?,
        })
    }

    /// Asks; never waits.
    pub fn ask(&self, question: Question) {
        if Sorter::takes(&question) {
            return self.views.ask(question);
        }
        let search = matches!(
            question,
            Question::Window {
                listing: Listing::Search(..),
                ..
            }
        );
        if let Question::Excerpts { .. } | Question::Pick { .. } = question {
            let _ = self.searches.send(question);
        } else if search {
            // The newer question is in the channel before the older query is stopped.
            let _ = self.searches.send(question);
            if let Some(handle) = self.interrupt.get() {
                handle.interrupt();
            }
        } else {
            let _ = self.lists.send(question);
        }
    }
}

/// The kind of a question: a newer one of the same kind makes the older pointless.
fn kind(question: &Question) -> (u8, i64) {
    match question {
        Question::Sidebar => (0, 0),
        Question::Filed => (20, 0),
        Question::Sorts => (21, 0),
        Question::Window { .. } => (1, 0),
        Question::Thread { thread, .. } => (2, thread.0),
        Question::Conversation { thread, .. } => (10, thread.0),
        Question::Outbox => (4, 0),
        Question::Drafts => (5, 0),
        Question::NextUnread { .. } => (6, 0),
        Question::Draft(id) => (7, id.0),
        Question::Excerpts { .. } => (11, 0),
        Question::Lists => (12, 0),
        Question::Known { serial } => (8, serial.cast_signed()),
        Question::Journal { .. } => (11, 0),
        Question::WouldUndo(_) => (12, 0),
        Question::Counts(_) => (13, 0),
        // The list asks for the next when it has the answer to the one before.
        Question::Pick { .. } => (14, 0),
    }
}

/// Takes in all that waits, then gives the newest question that no newer one has replaced.
#[derive(Default)]
struct Stack(Vec<Question>);

impl Stack {
    fn next(&mut self, questions: &Receiver<Question>) -> Option<Question> {
        if self.0.is_empty() {
            self.push(questions.recv().ok()?);
        }
        for question in questions.try_iter() {
            self.push(question);
        }
        self.0.pop()
    }

    fn push(&mut self, question: Question) {
        self.0.retain(|q| kind(q) != kind(&question));
        self.0.push(question);
    }
}

impl Shelves {
    /// The drafts here, and those on servers that are no copies of them.
    fn drafts(&mut self) -> Result<Vec<DraftRow>, Error> {
        let reader = self.reader()?;
        let mut there = Vec::new();
        for mailbox in reader.mailboxes()? {
            if mailbox.role != Some(Role::Drafts) {
                continue;
            }
            let scope = Scope::Mailbox(mailbox.id);
            for row in reader.page(&scope, false, Page::Newest, DRAFTS)? {
                let places = reader.locate(row.message)?;
                let place = places.into_iter().find(|p| p.location == row.location);
                let deleted = row.flags.system.has(System::DELETED);
                there.extend(place.filter(|_| !deleted).map(|p| (row, p)));
            }
        }
        let own = self.own()?;
        let removed: BTreeSet<DraftId> = own.removed_elsewhere()?.into_iter().collect();
        let here = own.draft_lines()?.into_iter().map(|draft| DraftRow {
            at: DraftAt::Here(draft.id),
            to: names(&draft.to),
            subject: draft.subject,
            date: draft.saved,
            removed: removed.contains(&draft.id),
        });
        let mut rows: Vec<DraftRow> = here.collect();
        for (row, place) in there {
            let at = (place.uidvalidity, place.uid);
            let copied = own.draft_copied_at(&place.account, &place.name, at)?;
            if copied.is_none() {
                rows.push(DraftRow {
                    at: DraftAt::There(row.message, row.location),
                    to: names(&format_list(&row.to)),
                    subject: row.subject,
                    date: row.date,
                    removed: false,
                });
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.date));
        Ok(rows)
    }

    /// Where mail was filed, as far as the mailboxes are still there.
    fn habits(&mut self) -> Result<Vec<Habit>, Error> {
        let filed = self.own()?.habits()?;
        let reader = self.reader()?;
        let mut habits = Vec::new();
        for one in filed {
            if let Some(mailbox) = reader.mailbox_named(&one.account, &one.mailbox)? {
                habits.push(Habit {
                    sender: one.kind,
                    mailbox: mailbox.id,
                    times: one.times,
                    last: one.last,
                });
            }
        }
        Ok(habits)
    }

    /// The reminders that are due.
    fn reminders(&mut self) -> Result<Vec<Reminder>, Error> {
        let mut all = self.own()?.reminders()?;
        all.retain(|r| r.state == ReminderState::Due);
        Ok(all)
    }

    fn answer(&mut self, question: &Question) -> Result<Answer, Error> {
        Ok(match question {
            Question::Sidebar => Answer::Sidebar {
                mailboxes: self.reader()?.mailboxes()?,
                outbox: Tray::of(&self.own()?.outbox()?),
                drafts: self.drafts()?.len(),
                reminders: self.reminders()?,
            },
            Question::Filed => Answer::Filed(self.habits()?),
            Question::Sorts => Answer::Sorts(self.sorts()?),
            Question::Window {
                serial,
                listing:
                    Listing::Scope {
                        scope,
                        threaded,
                        sort,
                    },
                page,
                limit,
            } => {
                // One more than asked for tells whether there are more.
                let mut rows = self.sorted((scope, *threaded, *sort), *page, limit + 1)?;
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
            Question::Window {
                serial,
                listing: Listing::Conversation(account, id),
                page,
                ..
            } => {
                let mut rows = self.reader()?.conversation(account, id)?;
                rows.sort_by_key(|row| std::cmp::Reverse(row.key));
                rows.truncate(CONVERSATION);
                Answer::Window {
                    serial: *serial,
                    page: *page,
                    rows,
                    more: false,
                }
            }
            Question::Window { serial, page, .. } => Answer::Window {
                serial: *serial,
                page: *page,
                rows: Vec::new(),
                more: false,
            },
            Question::NextUnread {
                serial,
                listing:
                    Listing::Scope {
                        scope,
                        threaded,
                        sort,
                    },
                after,
            } => Answer::NextUnread {
                serial: *serial,
                key: self.next_unread((scope, *threaded, *sort), *after)?,
            },
            Question::NextUnread { serial, .. } => Answer::NextUnread {
                serial: *serial,
                key: None,
            },
            Question::Lists => Answer::Lists(self.reader()?.lists(LISTS)?),
            // The search thread's, as is what is picked.
            Question::Pick {
                serial,
                ticket,
                how,
                ..
            } => Answer::Picked {
                serial: *serial,
                ticket: *ticket,
                how: *how,
                found: Ok(Vec::new()),
            },
            Question::Excerpts { serial, .. } => Answer::Excerpts {
                serial: *serial,
                found: Vec::new(),
            },
            // The views thread answers that.
            Question::Counts(_) => Answer::Counts(Vec::new()),
            Question::Thread {
                serial,
                thread,
                mailbox,
            } => Answer::Thread {
                serial: *serial,
                thread: *thread,
                rows: self.reader()?.thread(*thread, *mailbox)?,
            },
            Question::Conversation {
                thread,
                within,
                goal,
            } => {
                let reader = self.reader()?;
                let rows = reader.thread(*thread, *within)?;
                Answer::Conversation {
                    thread: *thread,
                    rows: once(reader, rows, *within, *goal)?,
                }
            }
            Question::Outbox => Answer::Outbox(self.own()?.outbox()?, self.reminders()?),
            Question::Drafts => Answer::Drafts(self.drafts()?),
            Question::Journal { open } => Answer::Journal {
                open: *open,
                rows: self.own()?.journal(past::MOST)?,
            },
            Question::WouldUndo(id) => {
                Answer::WouldUndo(past::preview(self, *id, when::now())?.map(Box::new))
            }
            Question::Draft(id) => Answer::Draft(*id, self.own()?.draft(*id)?.map(Box::new)),
            Question::Known { serial } => {
                let own = self.own()?;
                let known = Known {
                    domains: own.domains()?,
                    bounced: own.bounced()?,
                    largest: own.largest()?,
                };
                Answer::Known {
                    serial: *serial,
                    known: Arc::new(known),
                }
            }
        })
    }
}

fn serve_lists(cache: &Path, local: &Path, questions: &Receiver<Question>, events: &Sender<Event>) {
    let mut shelves = Shelves::new(cache, local);
    let mut stack = Stack::default();
    while let Some(question) = stack.next(questions) {
        // A question that brings the store to panic must not take the lists with it.
        let answer = catch_unwind(AssertUnwindSafe(|| shelves.answer(&question)))
            .unwrap_or_else(|_| Err(Error::Panicked("while reading".to_owned())))
            .unwrap_or_else(|e| failed(cache, &question, &e));
        if events.send(Event::Rows(answer)).is_err() {
            return;
        }
    }
}

fn failed(cache: &Path, question: &Question, error: &Error) -> Answer {
    tracing::error!(?question, %error, "a question could not be answered");
    let why = unreadable(cache, error);
    match question {
        Question::Window { serial, .. } => Answer::NoList {
            serial: *serial,
            why,
        },
        _ => Answer::Failed(why),
    }
}

/// The recipients without what a list has no room for: names alone, where there are names.
fn names(typed: &str) -> String {
    match parse_list(typed) {
        Ok(list) => {
            let names: Vec<&str> = list.iter().map(Address::display).collect();
            names.join(", ")
        }
        // Not finished yet: as it was typed.
        Err(_) => typed.to_owned(),
    }
}

mod searching;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::Order;
    use crate::model::{Envelope, Role};
    use crate::store::NewMessage;
    use crate::store::shelf::{Shelf, V, message};
    use std::time::Duration;

    #[test]
    fn a_search_is_answered_whatever_interrupts_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache.db");
        drop(crate::store::Cache::open(&path, 100).unwrap());
        let (events, answers) = unbounded();
        let readers = Readers::start(&path, dir.path(), &events).unwrap();
        for asked in 0..20 {
            std::thread::scope(|scope| {
                let handle = readers.interrupt.wait();
                scope.spawn(|| (0..20_000).for_each(|_| handle.interrupt()));
                readers.ask(Question::Window {
                    serial: asked,
                    listing: Listing::Search("words is:unread".to_owned(), Order::Best),
                    page: Page::Newest,
                    limit: 1,
                });
            });
            let next = || answers.recv_timeout(Duration::from_secs(20)).unwrap();
            let served = next();
            assert!(matches!(served, Event::Rows(Answer::Served { .. })));
            let answer = next();
            assert!(
                matches!(answer, Event::Rows(Answer::Window { serial, .. }) if serial == asked),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn the_best_of_the_newest_comes_before_all_that_is_found() {
        let mut shelf = Shelf::new(&[("INBOX", Some(Role::Inbox))]);
        let inbox = shelf.mailbox("INBOX");
        let lunch = |n: u32| {
            let envelope = Envelope {
                date: Some(i64::from(n)),
                subject: format!("lunch {n}"),
                ..Envelope::default()
            };
            message(n, envelope)
        };
        let all: Vec<NewMessage> = (1..=3_000).map(lunch).collect();
        shelf.cache.ingest(inbox, V, &all, None).unwrap();
        let (path, folder) = (shelf.path(), shelf.dir);
        drop(shelf.cache);

        let (events, answers) = unbounded();
        let readers = Readers::start(&path, folder.path(), &events).unwrap();
        readers.ask(Question::Window {
            serial: 3,
            listing: Listing::Search("lunch*".to_owned(), Order::Newest),
            page: Page::Newest,
            limit: 1,
        });
        let next = || answers.recv_timeout(Duration::from_secs(20)).unwrap();
        let Event::Rows(Answer::Soon { serial: 3, rows }) = next() else {
            panic!("nothing came soon")
        };
        assert_eq!(rows.len(), 60);
        assert!(matches!(next(), Event::Rows(Answer::Served { .. })));
        let Event::Rows(Answer::Window { rows: all, .. }) = next() else {
            panic!("nothing was found")
        };
        assert_eq!(all.len(), 500);
        assert_eq!(all.get(..60).unwrap(), rows);
    }

    #[test]
    fn drafts_are_listed_by_names_alone() {
        let typed = "Pia Moreau <pia@example.org>, bo@example.org";
        assert_eq!(names(typed), "Pia Moreau, bo@example.org");
        assert_eq!(names("Pia <pia@"), "Pia <pia@");
    }

    #[test]
    fn the_newest_question_comes_first_and_replaces_its_kind() {
        let (tx, rx) = unbounded();
        let window = |serial| Question::Window {
            serial,
            listing: Listing::Search(String::new(), Order::Best),
            page: Page::Newest,
            limit: 1,
        };
        for q in [window(1), Question::Sidebar, window(2), Question::Outbox] {
            tx.send(q).unwrap();
        }
        drop(tx);
        let mut stack = Stack::default();
        let order: Vec<_> = std::iter::from_fn(|| stack.next(&rx)).collect();
        assert_eq!(order, [Question::Outbox, window(2), Question::Sidebar]);
    }
}
