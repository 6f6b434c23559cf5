//! The layout thread: bodies to styled lines, off the screen's thread, within a time budget.
//!
//! A message that takes longer than a second to lay out is shown, and quoted, as plain text instead;
//! the slow attempt is left to end by itself on its own thread, and only a few such are let run:
//! beside two of them nothing is laid out as HTML, beside four not even as plain text.
//! What was laid out lately is kept, so that going back and forth costs nothing.

use crate::lang::{self, tr};
use crate::mime::hollow;
use crate::mime::render::{Prefer, RenderOptions, begin, raw_source, render};
use crate::mime::trust::{self, Known};
use crate::model::view::MessageRow;
use crate::model::{Account, MsgId};
use crate::store::met::met;
use crate::store::{Error, Reader, Shown};
use crate::text::Clean;
use crate::tui::effect::{DraftFrom, Outward};
use crate::tui::errand::Errand;
use crate::tui::event::Event;
use crate::tui::paths;
use crate::tui::question::{Job, LaidOut, Mode, Source};
use crate::tui::runaways::Runaways;
use crate::tui::shelves::Shelves;
use crate::tui::whole::{Since, Then};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a message may take before it is shown as plain text.
const BUDGET: Duration = Duration::from_secs(1);
/// Beside so many runaway layouts no HTML is laid out.
const RUNAWAYS: usize = 2;
/// Beside so many not even plain text is.
const MOST_RUNAWAYS: usize = 4;
/// So many results are kept.
const KEPT: usize = 24;
/// Of messages with more octets than these the beginning is shown before all of it is read.
const LARGE: u64 = 512 << 10;
/// So many octets are the beginning.
const BEGINNING: u64 = 128 << 10;

/// What the thread is asked.
#[derive(Debug)]
enum Task {
    Lay(Vec<Job>),
    Draft(DraftFrom, MsgId, bool, Option<Since>),
    Build(Outward, MsgId, Option<Since>),
    Leave(MsgId),
    Paths(String),
    Errand(u64, Errand),
}

/// The thread, as the loop sees it.
pub struct Layout {
    tasks: Sender<Task>,
}

impl Layout {
    /// Starts the thread; it ends when this is dropped. It reads `cache.db` and `local.db`.
    ///
    /// # Errors
    /// When threads have run out.
    pub fn start(
        (cache, local): (&Path, &Path),
        accounts: Vec<Account>,
        templates: PathBuf,
        events: Sender<Event>,
    ) -> io::Result<Layout> {
        Layout::start_within(BUDGET, (cache, local), accounts, templates, events)
    }

    fn start_within(
        budget: Duration,
        (cache, local): (&Path, &Path),
        accounts: Vec<Account>,
        templates: PathBuf,
        events: Sender<Event>,
    ) -> io::Result<Layout> {
        let (tasks, inbox) = unbounded();
        let mut worker = Worker {
            shelves: Shelves::new(cache, local),
            accounts,
            templates,
            kept: VecDeque::new(),
            begun: None,
            budget,
            runaways: Runaways::default(),
            events,
        };
        std::thread::Builder::new()
            .name("layout".into())
            .spawn(move || worker.serve(&inbox))?;
        Ok(Layout { tasks })
    }

    /// Lays these messages out, the first first; what was asked for before and not begun is not.
    pub fn lay(&self, jobs: Vec<Job>) {
        let _ = self.tasks.send(Task::Lay(jobs));
    }

    /// Prepares a draft from a message; `late` is told with it.
    pub fn draft(&self, from: DraftFrom, message: MsgId, late: bool, since: Option<Since>) {
        let _ = self.tasks.send(Task::Draft(from, message, late, since));
    }

    /// Finds out how the list of a message is left.
    pub fn leave(&self, message: MsgId) {
        let _ = self.tasks.send(Task::Leave(message));
    }

    /// Builds what is sent of a message as it lies here.
    pub fn build(&self, outward: Outward, message: MsgId, since: Option<Since>) {
        let _ = self.tasks.send(Task::Build(outward, message, since));
    }

    /// Finds paths that begin so.
    pub fn paths(&self, typed: String) {
        let _ = self.tasks.send(Task::Paths(typed));
    }

    /// Looks something up for the composer with this serial.
    pub fn errand(&self, serial: u64, errand: Errand) {
        let _ = self.tasks.send(Task::Errand(serial, errand));
    }
}

/// What was laid out, of a message as it was here.
struct Laid {
    job: Job,
    is_hollow: bool,
    result: LaidOut,
}

struct Worker {
    shelves: Shelves,
    accounts: Vec<Account>,
    templates: PathBuf,
    kept: VecDeque<Laid>,
    /// Whose beginning was shown last.
    begun: Option<Job>,
    /// How long one layout may take.
    budget: Duration,
    runaways: Runaways,
    events: Sender<Event>,
}

impl Worker {
    fn serve(&mut self, inbox: &Receiver<Task>) {
        let mut waiting: VecDeque<Task> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match inbox.recv() {
                    Ok(task) => waiting.push_back(task),
                    Err(_) => return,
                }
            }
            waiting.extend(inbox.try_iter());
            let newest = waiting.iter().rposition(|t| matches!(t, Task::Lay(_)));
            let Some(task) = waiting.pop_front() else {
                continue;
            };
            let event = match task {
                // Only what was asked for last is on the screen.
                Task::Lay(_) if newest.is_some_and(|n| n > 0) => continue,
                Task::Lay(mut jobs) => {
                    if jobs.is_empty() {
                        continue;
                    }
                    let job = jobs.remove(0);
                    let laid = self.safely(|w| {
                        let laid = w.lay(job);
                        Ok(w.with_reports(job.message, laid))
                    });
                    let laid = laid.unwrap_or_else(LaidOut::Failed);
                    if laid.is_beginning() {
                        jobs.insert(0, job);
                    }
                    // Something newer may have come while this one was laid out.
                    waiting.push_back(Task::Lay(jobs));
                    Event::Laid(job, laid)
                }
                Task::Draft(from, id, late, since) => match self.lacking(id, Then::Draft(from)) {
                    Some(lacking) => Event::Lacking(lacking, since),
                    None => {
                        let draft = self.safely(|w| w.draft(from, id).map(Box::new));
                        Event::Drafted { late, draft }
                    }
                },
                Task::Build(outward, id, since) => {
                    if let Some(lacking) = self.lacking(id, Then::Build(outward.clone())) {
                        let _ = self.events.send(Event::Lacking(lacking, since));
                        continue;
                    }
                    Event::Built(self.safely(|w| w.build(&outward, id).map(Box::new)))
                }
                Task::Leave(id) => Event::Parting(self.safely(|w| w.parting(id).map(Box::new))),
                Task::Paths(typed) => {
                    let found = paths::complete(&typed, paths::home().as_deref());
                    Event::Paths(typed, found)
                }
                Task::Errand(serial, errand) => self.errand(serial, errand),
            };
            if self.events.send(event).is_err() {
                return;
            }
        }
    }

    /// A message that brings the parser to panic must not take this thread with it.
    fn safely<T>(
        &mut self,
        work: impl FnOnce(&mut Worker) -> Result<T, String>,
    ) -> Result<T, String> {
        catch_unwind(AssertUnwindSafe(|| work(self)))
            .unwrap_or_else(|_| Err(tr!("this message can't be read; the log says why").to_owned()))
    }

    /// What the cache says, or in words why it can't be read.
    fn ask<T>(&mut self, question: impl FnOnce(&Reader) -> Result<T, Error>) -> Result<T, String> {
        let answer = self.shelves.reader().and_then(question);
        answer.map_err(|e| self.shelves.unreadable(&e))
    }

    fn body(&mut self, message: MsgId) -> Result<Option<Vec<u8>>, String> {
        Ok(self
            .ask(|cache| cache.shown(message))?
            .map(|shown| shown.raw))
    }

    /// Lays out a message; of a large one first how it begins.
    fn lay(&mut self, job: Job) -> LaidOut {
        if job.mode == Mode::Raw {
            return self.source(job);
        }
        if let Some(at) = self.kept.iter().position(|laid| laid.job == job)
            && let Some(laid) = self.kept.remove(at)
            // What is attached to it may have come meanwhile, or have gone.
            && self.ask(|cache| cache.is_hollow(job.message)) == Ok(laid.is_hollow)
        {
            let result = laid.result.clone();
            self.kept.push_back(laid);
            return result;
        }
        let goes_on = self.begun.take() == Some(job);
        let read = match goes_on {
            true => {
                let shown = self.ask(|cache| cache.shown(job.message));
                shown.map(|shown| shown.map(|shown| (shown, 0)))
            }
            false => self.ask(|cache| cache.body_begins(job.message, BEGINNING, LARGE)),
        };
        let (Shown { raw, is_hollow }, octets) = match read {
            Ok(Some(read)) => read,
            Ok(None) => return self.missing(job.message),
            Err(why) => return LaidOut::Failed(why),
        };
        let is_cut = (raw.len() as u64) < octets;
        let known = Arc::new(self.known(job.message));
        let raw = Arc::new(raw);
        if is_cut {
            self.begun = Some(job);
            return match self.beginning(raw, job, &known, is_hollow) {
                Some(beginning) => beginning,
                None => self.lay(job),
            };
        }
        let result = self.budgeted(raw, job, &known, is_hollow);
        if result.is_lasting() {
            if self.kept.len() >= KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(Laid {
                job,
                is_hollow,
                result: result.clone(),
            });
        }
        result
    }

    /// As much of a message's source as is wanted, in whole lines; nothing of it is kept here.
    fn source(&mut self, job: Job) -> LaidOut {
        let (mut raw, octets) = match self.ask(|c| c.body_begins(job.message, job.reach, 0)) {
            Ok(Some((shown, octets))) => (shown.raw, octets),
            Ok(None) => return self.missing(job.message),
            Err(why) => return LaidOut::Failed(why),
        };
        let more = (raw.len() as u64) < octets;
        let end = raw.iter().rposition(|b| *b == b'\n');
        if let Some(end) = end.filter(|_| more) {
            raw.truncate(end + 1);
        }
        // It takes no layout: it is what is left to look at beside any number of runaways.
        let read = move || raw_source(&raw);
        match self.runaways.within(usize::MAX, self.budget, read) {
            Some(lines) => LaidOut::Source(Arc::new(Source { lines, more })),
            None => {
                LaidOut::Failed(tr!("This message's source takes too long to be read.").to_owned())
            }
        }
    }

    /// How a message begins, if that is worth to be shown, with the attachments that all of it has.
    fn beginning(
        &mut self,
        raw: Arc<Vec<u8>>,
        job: Job,
        known: &Arc<Known>,
        is_hollow: bool,
    ) -> Option<LaidOut> {
        let known = Arc::clone(known);
        let work = move || {
            let mut rendered = begin(&raw, &options(job)?)?;
            rendered.trust = trust::of(&raw, &known);
            if is_hollow {
                rendered.absent = hollow::left_out(&raw);
            }
            Some(rendered)
        };
        let begun = self.runaways.within(RUNAWAYS, self.budget, work).flatten();
        let mut rendered = begun?;
        let row = self.ask(|cache| cache.message(job.message)).ok().flatten();
        if let Some(attachments) = row.and_then(|row| row.attachments) {
            rendered.attachments = attachments;
        }
        Some(LaidOut::Message(Arc::new(rendered)))
    }

    /// What speaks for a message's sender beside the message; what can't be read doesn't.
    fn known(&mut self, id: MsgId) -> Known {
        let own = self.accounts.iter().flat_map(Account::senders).collect();
        let Ok((row, account)) = self.message(id).map(|(row, a)| (row, a.clone())) else {
            return Known::default();
        };
        let both = self.shelves.both();
        let met = both.and_then(|(cache, local)| met(cache, local, &row));
        Known::new(&account, own, met.ok())
    }

    /// No body: fetched, or known not to be had.
    fn missing(&mut self, message: MsgId) -> LaidOut {
        match self.ask(|cache| cache.message(message)) {
            Ok(Some(row)) => match row.body_error {
                Some(why) => LaidOut::Failed(tr!(
                    "This message can't be fetched: {why}",
                    why = lang::of(&why)
                )),
                None => LaidOut::Missing,
            },
            Ok(None) => LaidOut::Failed(tr!("This message is gone.").to_owned()),
            Err(why) => LaidOut::Failed(why),
        }
    }

    /// Lays out on a thread of its own, so that a slow or panicking one costs only itself.
    fn budgeted(
        &self,
        raw: Arc<Vec<u8>>,
        job: Job,
        known: &Arc<Known>,
        is_hollow: bool,
    ) -> LaidOut {
        let attempt = |job: Job, beside: usize| {
            let (raw, known) = (Arc::clone(&raw), Arc::clone(known));
            let lay = move || lay_out(&raw, job, &known, is_hollow);
            self.runaways.within(beside, self.budget, lay)
        };
        let most = match job.mode {
            Mode::Plain => MOST_RUNAWAYS,
            _ => RUNAWAYS,
        };
        if let Some(result) = attempt(job, most) {
            return result;
        }
        let plain = Job {
            mode: Mode::Plain,
            ..job
        };
        let again = matches!(job.mode, Mode::Best | Mode::Html | Mode::Reader);
        match again.then(|| attempt(plain, MOST_RUNAWAYS)).flatten() {
            Some(LaidOut::Message(mut rendered)) => {
                Arc::make_mut(&mut rendered).warning = Some(Clean::lit(tr!(
                    "This message took too long to lay out and is shown as plain text."
                )));
                LaidOut::Message(rendered)
            }
            Some(other) => other,
            None => LaidOut::Failed(
                tr!("This message can't be laid out; :raw shows its source.").to_owned(),
            ),
        }
    }

    /// A message and the account that it came to.
    fn message(&mut self, id: MsgId) -> Result<(MessageRow, &Account), String> {
        let found = self.ask(|cache| cache.message(id))?;
        let row = found.ok_or(tr!("this message is gone"))?;
        let account = row
            .places
            .first()
            .and_then(|p| self.accounts.iter().find(|a| a.name == p.account))
            .or_else(|| self.accounts.first())
            .ok_or(tr!("there is no account to write with"))?;
        Ok((row, account))
    }
}

/// How a message is rendered; `None`: its source is shown.
fn options(job: Job) -> Option<RenderOptions> {
    let prefer = match job.mode {
        Mode::Raw => return None,
        Mode::Best => Prefer::Best,
        Mode::Plain => Prefer::Plain,
        Mode::Html => Prefer::Html,
        Mode::Reader => Prefer::Reader,
    };
    Some(RenderOptions {
        width: usize::from(job.width.max(20)),
        prefer,
    })
}

fn lay_out(raw: &[u8], job: Job, known: &Known, is_hollow: bool) -> LaidOut {
    let Some(options) = options(job) else {
        let lines = raw_source(raw);
        return LaidOut::Source(Arc::new(Source { lines, more: false }));
    };
    let mut rendered = render(raw, &options);
    rendered.trust = trust::of(raw, known);
    if is_hollow {
        rendered.absent = hollow::left_out(raw);
    }
    LaidOut::Message(Arc::new(rendered))
}

mod aside;
mod made;
#[cfg(test)]
mod tests;
