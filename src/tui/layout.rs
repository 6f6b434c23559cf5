//! The layout thread: bodies to styled lines, off the screen's thread, within a time budget.
//!
//! A message that takes longer than a second to lay out is shown, and quoted, as plain text instead;
//! the slow attempt is left to end by itself on its own thread, and only a few such are let run:
//! beside two of them nothing is laid out as HTML, beside four not even as plain text.
//! What was laid out lately is kept, so that going back and forth costs nothing.

use crate::lang::{self, tr};
use crate::mime::answer::{self, Hints};
use crate::mime::quote::Pages;
use crate::mime::render::{Prefer, RenderOptions, begin, raw_source, render};
use crate::mime::reply::{self, Way};
use crate::mime::trust::{self, Known};
use crate::mime::{hollow, itip, receipt, redirect};
use crate::model::view::MessageRow;
use crate::model::{Account, Address, Draft, FlagChange, Flags, MsgId, Role, System};
use crate::store::met::met;
use crate::store::{Error, Reader, Shown};
use crate::text::{Clean, when};
use crate::tui::effect::{DraftFrom, Outward};
use crate::tui::errand::Errand;
use crate::tui::event::{Built, Event};
use crate::tui::paths;
use crate::tui::question::{Job, LaidOut, Mode, Source};
use crate::tui::runaways::Runaways;
use crate::tui::shelves::Shelves;
use crate::tui::whole::Then;
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
/// On a message whose sender has had a read receipt (RFC 3503 §3).
const MDN_SENT: &str = "$MDNSent";
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
    Draft(DraftFrom, MsgId),
    Build(Outward, MsgId),
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

    /// Prepares a draft from a message.
    pub fn draft(&self, from: DraftFrom, message: MsgId) {
        let _ = self.tasks.send(Task::Draft(from, message));
    }

    /// Finds out how the list of a message is left.
    pub fn leave(&self, message: MsgId) {
        let _ = self.tasks.send(Task::Leave(message));
    }

    /// Builds what is sent of a message as it lies here.
    pub fn build(&self, outward: Outward, message: MsgId) {
        let _ = self.tasks.send(Task::Build(outward, message));
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
                Task::Draft(from, id) => match self.lacking(id, Then::Draft(from)) {
                    Some(lacking) => Event::Lacking(lacking),
                    None => Event::Drafted(id, self.safely(|w| w.draft(from, id).map(Box::new))),
                },
                Task::Build(outward, id) => {
                    if let Some(lacking) = self.lacking(id, Then::Build(outward.clone())) {
                        let _ = self.events.send(Event::Lacking(lacking));
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

    /// A draft that repeats a message, made on a thread of its own: if its HTML takes too long to lay
    /// out, with its bare text.
    fn repeated(
        &self,
        make: impl Fn(Pages) -> Draft + Send + Sync + 'static,
    ) -> Result<Draft, String> {
        let make = Arc::new(make);
        let attempt = |pages: Pages, beside: usize| {
            let make = Arc::clone(&make);
            self.runaways
                .within(beside, self.budget, move || make(pages))
        };
        if let Some(draft) = attempt(Pages::LaidOut, RUNAWAYS) {
            return Ok(draft);
        }
        let bare = attempt(Pages::Bare, MOST_RUNAWAYS).ok_or(tr!(
            "this message takes too long to be quoted; it can be forwarded as an attachment"
        ))?;
        let told = tr!("This message took too long to lay out: its bare text is quoted");
        let _ = self.events.send(Event::Told(Ok(told.to_owned())));
        Ok(bare)
    }

    /// A draft that lies on the server, to be written on: the one here if it is a copy of that,
    /// else one made of it, which takes its place once it is saved.
    fn go_on(&mut self, id: MsgId) -> Result<Draft, String> {
        let there = self.ask(|cache| cache.locate(id))?;
        let own = self.shelves.own().map_err(|e| e.to_string())?;
        for place in &there {
            let at = (place.uidvalidity, place.uid);
            let copied = own.draft_copied_at(&place.account, &place.name, at);
            if let Some(draft) = copied.map_err(|e| e.to_string())? {
                let draft = own.draft(draft).map_err(|e| e.to_string())?;
                return draft.ok_or_else(|| tr!("this message is in the outbox").to_owned());
            }
        }
        let mut is_drafts = |mailbox| {
            let found = self.ask(|cache| cache.mailbox(mailbox));
            matches!(found, Ok(Some(m)) if m.role == Some(Role::Drafts))
        };
        let place = there.iter().find(|p| is_drafts(p.mailbox));
        let replaces = place.or(there.first()).map(|p| p.location);
        let raw = self.whole(id)?;
        let raw = raw.ok_or(tr!(
            "this draft's text is being fetched; try again in a moment"
        ))?;
        let own: Vec<Address> = self.accounts.iter().flat_map(Account::senders).collect();
        let (_, account) = self.message(id)?;
        let account = account.clone();
        let draft = self.repeated(move |pages| reply::edit(&raw, &account, &own, pages))?;
        Ok(Draft { replaces, ..draft })
    }

    fn draft(&mut self, from: DraftFrom, id: MsgId) -> Result<Draft, String> {
        if from == DraftFrom::GoOn {
            return self.go_on(id);
        }
        let raw = match from.needs_attachments() {
            true => self.whole(id)?,
            false => self.body(id)?,
        };
        let own: Vec<Address> = self.accounts.iter().flat_map(Account::senders).collect();
        let (row, account) = self.message(id)?;
        let place = row.places.first().map(|p| p.location);
        let account = account.clone();
        let needed = tr!("this message's text is not here yet; open it first");
        if raw.is_none() && !matches!(from, DraftFrom::Reply | DraftFrom::ReplyAll) {
            return Err(needed.to_owned());
        }
        let mut draft = self.repeated(move |pages| {
            let (raw, e, whole) = (raw.as_deref(), &row.envelope, raw.as_deref().unwrap_or(&[]));
            let to = |way| reply::reply(raw, e, &account, way, &own, pages);
            match from {
                DraftFrom::Reply => to(Way::Sender),
                DraftFrom::ReplyAll => to(Way::All),
                DraftFrom::ReplyList => to(Way::List),
                DraftFrom::Forward => reply::forward(whole, e, &account, pages),
                DraftFrom::ForwardWhole => reply::forward_whole(whole, e, &account),
                DraftFrom::Edit | DraftFrom::GoOn => reply::edit(whole, &account, &own, pages),
            }
        })?;
        if from == DraftFrom::ReplyList && draft.to.is_empty() {
            return Err(tr!("this message came from no list that one can write to").to_owned());
        }
        draft.source = match from {
            DraftFrom::Edit => None,
            _ => place,
        };
        Ok(draft)
    }

    fn build(&mut self, outward: &Outward, id: MsgId) -> Result<Built, String> {
        let raw = match outward {
            Outward::Redirect(_) => self.whole(id)?,
            Outward::Receipt | Outward::Answer(..) => self.body(id)?,
        };
        let raw = raw.ok_or(tr!("this message's text is not here yet; open it first"))?;
        let (row, account) = self.message(id)?;
        let now = when::now();
        match outward {
            Outward::Redirect(to) => Ok(Built {
                outgoing: redirect::redirect(&raw, account, to, now).map_err(|e| e.to_string())?,
                mark: None,
            }),
            Outward::Answer(what, note) => {
                let place = row.places.first().ok_or(tr!("this message is gone"))?;
                let outgoing = itip::answer(&raw, account, *what, note, now);
                let change = FlagChange {
                    add: Flags::of(System::ANSWERED),
                    remove: Flags::default(),
                };
                Ok(Built {
                    outgoing: outgoing.map_err(|e| e.to_string())?,
                    mark: Some((place.location, change)),
                })
            }
            Outward::Receipt => {
                let place = row.places.first().ok_or(tr!("this message is gone"))?;
                if row
                    .places
                    .iter()
                    .any(|p| p.flags.keywords.contains(MDN_SENT))
                {
                    return Err(tr!("the sender already has a receipt").to_owned());
                }
                let hints = Hints::read(&raw);
                let reader = answer::identity(&row.envelope, &hints, account);
                let built = receipt::displayed(&raw, account, &reader, now);
                let outgoing = match receipt::asked(&raw).is_empty() {
                    true => return Err(tr!("the sender did not ask for a receipt").to_owned()),
                    false => built.map_err(|e| e.to_string())?,
                };
                let keywords = [MDN_SENT.to_owned()].into();
                let add = Flags {
                    keywords,
                    ..Flags::default()
                };
                let change = FlagChange {
                    add,
                    remove: Flags::default(),
                };
                Ok(Built {
                    outgoing,
                    mark: Some((place.location, change)),
                })
            }
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
#[cfg(test)]
mod tests;
