//! The ledger: makes what users want durable, then lets everybody know.
//!
//! Intent → rows of `local.db` in one transaction → the answer (the screen may show it now) → the
//! effect laid over the cache by its writer → doorbells. A crash after the first arrow loses
//! nothing: at the next start everything pending is laid over the cache again.

use crate::lang::{self, mark, tr};
use crate::model::{
    Account, AccountName, Done, DraftId, Intent, MailboxId, Manage, MsgId, Op, ReminderState, Role,
    Rule, Service, Target, Verb,
};
use crate::signal::{Board, Topic};
use crate::store::{Cache, Local, Priority, Reader, ResolvedTarget, Writer};
use crate::sync::bells::{Bells, Request};
use crate::sync::error::LedgerError;
use crate::sync::host::Host;
use crate::sync::intend;
use crate::sync::kit::Stores;
use crate::sync::manage;
use crate::sync::ondemand;
use crate::sync::overlay::{self, Layer};
use crate::text::{Clean, when};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is said when recording or building something panicked.
pub(super) const FAULT: &str =
    mark!("a fault in postrider: it was not done; the log has the details");

/// What is said of a message that nobody here can fetch.
const ELSEWHERE: &str = mark!("another window of postrider talks to the server; open it there");

/// What is said when hundreds of messages are waited for.
const BUSY: &str = mark!("many others are being fetched; open it again in a moment");

/// How soon it is looked again, at the end, whether a message is built that was sent just before.
const BUILDING: Duration = Duration::from_millis(20);

/// Senders of whom one action tells where their mail is filed.
const SENDERS: usize = 20;

/// What is said when no more intents can wait.
pub const FULL: &str = mark!("too much is waiting to be recorded; try again in a moment");

/// How the ledger answers: once, when the intent is durable or can't be.
pub type Reply = Box<dyn FnOnce(Result<Done, String>) + Send>;

/// What the ledger is made of.
pub struct Ledger {
    /// The writing connection to `local.db`.
    pub local: Local,
    /// For looking up what targets mean.
    pub reader: Reader,
    /// Who lays effects over the cache.
    pub writer: Writer,
    /// Where the databases are.
    pub stores: Stores,
    /// Every account that works.
    pub accounts: Vec<Account>,
    /// Whom to tell.
    pub board: Arc<Board>,
    /// The world outside.
    pub host: Arc<dyn Host>,
    /// Whom to wake.
    pub bells: Bells,
    /// What is done to mail that answers a query.
    pub rules: Arc<[Rule]>,
    /// Seconds that a message waits in the outbox so that sending can be undone.
    pub undo_window: i64,
    /// A draft that was not typed at for so long is copied to the server.
    pub idle: Duration,
    /// The rows of drafts that were begun here: by the composer, which may not know it yet.
    pub fresh: BTreeMap<u64, DraftId>,
    /// What was done before this (seconds since 1970) is named before it is taken back.
    pub begun: i64,
}

impl Ledger {
    /// Serves intents until the engine stops and all that came is recorded. `myself` carries
    /// messages back that were built on a thread of their own; `_records` is dropped before anything
    /// else, so that nobody who waits for that waits for the cache.
    pub fn run(
        mut self,
        intents: &Receiver<(Intent, Reply)>,
        myself: &Arc<Sender<(Intent, Reply)>>,
        stop: &AtomicBool,
        _records: Sender<()>,
    ) {
        loop {
            let stops = stop.load(Ordering::SeqCst);
            // Whoever still builds a message holds `myself` until it is among the intents.
            if stops && Arc::strong_count(myself) == 1 && intents.is_empty() {
                return;
            }
            let rest = self.bells.next_rest();
            let next = match rest.or(stops.then_some(BUILDING)) {
                Some(left) if stops => intents.recv_timeout(left.min(BUILDING)),
                Some(left) => intents.recv_timeout(left),
                None => intents.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let (intent, reply) = match next {
                Ok(next) => next,
                Err(RecvTimeoutError::Timeout) => {
                    for account in self.bells.rested() {
                        self.copy_drafts(&account);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            match intent {
                Intent::Submit(draft) => self.freeze_aside(*draft, reply, myself),
                Intent::TestRules(which) => self.test_rules_aside(which, reply),
                intent => {
                    let (done, after) = self.commit(intent);
                    reply(done.map_err(|error| error.to_string()));
                    self.spread(after);
                }
            }
        }
    }

    /// Drafts of an account rest, or are gone: their copies on the server are to follow.
    fn copy_drafts(&self, account: &AccountName) {
        if let Some(bells) = self.bells.accounts.get(account) {
            // Named, so that the ring is not taken for one that means everything.
            let mailbox = self.reader.role_mailbox(account, Role::Drafts);
            bells.marks.news.of(mailbox.ok().flatten().map(|m| m.name));
            bells.worker.ring();
        }
        self.host.nudge();
    }

    /// Carries one intent out and spreads the word before it returns: for scripts.
    ///
    /// # Errors
    /// Why it can't be done, in plain words; a database that fails.
    pub fn carry_out(&mut self, intent: Intent) -> Result<Done, LedgerError> {
        let (done, after) = self.commit(intent);
        self.spread(after);
        done
    }

    fn commit(&mut self, intent: Intent) -> (Result<Done, LedgerError>, After) {
        let mut after = After::default();
        // A transaction that panics is rolled back; whoever asked is told, and the next is served.
        let recorded = catch_unwind(AssertUnwindSafe(|| self.record(intent, &mut after)))
            .unwrap_or_else(|_| Err(LedgerError::Refused(lang::of(FAULT).to_owned())));
        let done = recorded
            .inspect_err(|error| tracing::error!(%error, "an intent could not be recorded"));
        (done, after)
    }

    fn record(&mut self, intent: Intent, after: &mut After) -> Result<Done, LedgerError> {
        let now = when::now();
        match intent {
            Intent::Act { verb, targets } => self.act(verb, &targets, now, after),
            Intent::Manage(wish) => self.manage(&wish, now, after),
            Intent::Read(targets) => {
                let ops = intend::seen(&self.reader.resolve(&targets)?);
                after.apply = self.local.queue(&ops, now)?;
                Ok(Done::default())
            }
            Intent::Merge(targets) => self.merge_threads(&targets, now, after),
            Intent::Split(message) => self.split_thread(message, now, after),
            Intent::Undo => self.undo(now, after),
            Intent::UndoOne(action) => self.undo_one(action, now, after),
            Intent::UndoSince(action) => self.undo_since(action, now, after),
            Intent::Redo => self.redo(now, after),
            Intent::RedoOne(action) => self.redo_one(action, now, after),
            Intent::TestRules(which) => self.test_rules(&which, now),
            Intent::ApplyRules(which) => self.apply_rules(&which, now, after),
            Intent::SaveDraft(draft) => self.autosave(*draft, now, after),
            Intent::CloseDraft(id) => {
                self.local.close_draft(id)?;
                after.copy = self.whose(id)?;
                Ok(Done::default())
            }
            Intent::PutAside(draft) => {
                let id = self.kept(&draft, now)?;
                self.local.put_aside(id)?;
                Ok(Done::default())
            }
            Intent::LeaveOpen(id) => {
                self.local.put_aside(id)?;
                Ok(Done::default())
            }
            Intent::DiscardDraft(id) => {
                after.copy = self.whose(id)?;
                self.discard(id, now, after)
            }
            Intent::Discard(draft) => {
                let kept = self.save(&draft, now)?;
                after.copy = Some(draft.account);
                let done = self.discard(kept.id, now, after)?;
                Ok(match kept.parted {
                    Some(_) => Done {
                        label: tr!("Draft discarded; what another window wrote stays").to_owned(),
                        ..done
                    },
                    None => done,
                })
            }
            Intent::Queue(outgoing) => self.queue(*outgoing, now, after),
            Intent::Submit(draft) => {
                let outgoing = self.freeze(&draft).map_err(LedgerError::Refused)?;
                self.queue(outgoing, now, after)
            }
            Intent::Outbox(id, verb) => self.decide(id, verb, now, after),
            Intent::Remind(message, due) => self.remind(message, due, now, after),
            Intent::RemindAgain(reminder, due) => {
                self.local.remind_again(reminder, due)?;
                after.topics.push(Topic::Reminders);
                let due = when::clock(due, now);
                Ok(Done::said(tr!("It comes back {due}", due)))
            }
            Intent::Dismiss(reminder) => {
                self.local
                    .settle_reminder(reminder, ReminderState::Dismissed)?;
                after.topics.push(Topic::Reminders);
                Ok(Done::said(tr!("Reminder dismissed")))
            }
            Intent::Leave(leave) => {
                self.local.leave(&leave, now)?;
                after.leave = true;
                Ok(Done::said(tr!("Leaving {list}", list = leave.list)))
            }
            Intent::PicturesOf(sender, always) => {
                self.local.load_pictures_of(&sender, always, now)?;
                let label = match always {
                    true => tr!("Pictures of {sender} are loaded from now on", sender),
                    false => tr!("Pictures of {sender} are asked about again", sender),
                };
                Ok(Done::said(Clean::line(&label).to_string()))
            }
            Intent::SortBy(mailbox, sort) => {
                let known = mailbox.map(|id| self.reader.mailbox(id)).transpose()?;
                let place = match known {
                    Some(Some(mailbox)) => Some((mailbox.account, mailbox.name)),
                    Some(None) => return Ok(Done::default()),
                    None => None,
                };
                self.local.set_sort(&place, sort.as_deref())?;
                Ok(Done::default())
            }
            Intent::FetchBody(message) => {
                self.fetch(message, Request::Body(message))?;
                Ok(Done::default())
            }
            Intent::FetchPart(message, path) => {
                self.fetch(message, Request::Part(message, path))?;
                Ok(Done::default())
            }
            Intent::AskServers(text) => {
                for bells in self.bells.accounts.values() {
                    // With so much to do already, what is here has to be enough.
                    let _ = bells.fetcher.try_send(Request::Search(text.clone()));
                }
                Ok(Done::default())
            }
            Intent::CheckMail => {
                after.everybody = true;
                self.local.leave_now(now)?;
                Ok(Done::said(tr!("Checking for new mail")))
            }
            Intent::TryAgain(account) => {
                self.bells.hurry(&account);
                Ok(Done::default())
            }
            Intent::Attend(mailbox) => {
                self.attend(mailbox)?;
                Ok(Done::default())
            }
            Intent::Offline(account) => Ok(self.journey(account.as_ref(), true, after)),
            Intent::StopOffline => Ok(self.journey(None, false, after)),
            Intent::SignedIn(account) => {
                self.host.forget(&account, Service::Imap);
                self.bells.hurry(&account);
                after.everybody = true;
                Ok(Done::said(tr!("Signed in to {account}", account)))
            }
            Intent::Password(account, secret) => {
                self.host.remember(&account, secret);
                after.everybody = true;
                Ok(Done::default())
            }
        }
    }

    /// Does something to messages.
    fn act(
        &mut self,
        verb: Verb,
        targets: &[Target],
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let local = self.local.read();
        let (verb, resolved) =
            intend::settled(&self.reader, verb, targets, &|t| local.lay_over(t))?;
        let planned = intend::ops(&self.reader, &self.accounts, &verb, &resolved)?;
        if resolved.is_empty() && !targets.is_empty() {
            self.local.nothing_done(now)?;
            return Ok(Done::said(tr!("Nothing was changed: it is no longer here")));
        }
        if planned.ops.is_empty() {
            self.local.nothing_done(now)?;
        } else {
            let first = resolved.first().map(|target| target.location);
            let about = first.map(|at| self.reader.subject(at)).transpose()?;
            let about = about.flatten().unwrap_or_default();
            let done = self.local.act_on(&planned.label, &about, now, &planned.ops);
            after.apply = done?.1;
            if let Verb::Move(to) | Verb::Copy(to) = verb {
                // It is done: whoever hears otherwise would do it again.
                if let Err(error) = self.learn(to, &resolved, now) {
                    tracing::error!(%error, "where mail is filed could not be noted");
                }
            }
        }
        Ok(Done {
            gone: planned.gone,
            undoable: planned.undoable,
            ..Done::said(lang::told(&planned.label))
        })
    }

    /// Makes, renames or deletes a mailbox.
    fn manage(&mut self, wish: &Manage, now: i64, after: &mut After) -> Result<Done, LedgerError> {
        let planned = manage::ops(&self.reader, wish)?.map_err(LedgerError::Refused)?;
        after.apply = match planned.undoable {
            true => self.local.act(&planned.label, now, &planned.ops)?.1,
            false => self.local.act_for_good(&planned.label, now, &planned.ops)?,
        };
        Ok(Done {
            undoable: planned.undoable,
            ..Done::said(lang::told(&planned.label))
        })
    }

    /// Mail was filed in a mailbox: it is offered before others the next time.
    fn learn(
        &mut self,
        to: MailboxId,
        filed: &[ResolvedTarget],
        now: i64,
    ) -> Result<(), LedgerError> {
        let Some(mailbox) = self.reader.mailbox(to)? else {
            return Ok(());
        };
        let mut senders: Vec<String> = filed.iter().map(|t| t.sender.clone()).collect();
        senders.sort_unstable();
        senders.dedup();
        senders.retain(|s| !s.is_empty());
        senders.truncate(SENDERS);
        Ok(self
            .local
            .learn_filed(&senders, &mailbox.account, &mailbox.name, now)?)
    }

    pub(super) fn account(&self, name: &AccountName) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == *name)
    }

    pub(super) fn is_copied(&self, account: &AccountName) -> bool {
        self.account(account).is_some_and(|a| a.mirror_drafts)
    }

    /// A mailbox is on a screen: it is looked at now, and before others.
    fn attend(&self, id: MailboxId) -> Result<(), LedgerError> {
        if let Some(mailbox) = self.reader.mailbox(id)? {
            self.bells.attend(&mailbox);
        }
        Ok(())
    }

    /// Begins or ends fetching everything for a journey.
    fn journey(&self, account: Option<&AccountName>, begin: bool, after: &mut After) -> Done {
        self.bells.journey(account, begin);
        after.everybody = begin;
        let label = match (begin, self.bells.accounts.is_empty()) {
            (true, true) => tr!("Another window of postrider is online: ask there"),
            (true, false) => tr!("Fetching everything for offline reading"),
            (false, _) => tr!("No longer fetching everything"),
        };
        Done::said(label)
    }

    /// Has a message's body fetched, or something of it. Where nobody can, whoever waits for it is told.
    fn fetch(&self, message: MsgId, request: Request) -> Result<(), LedgerError> {
        if self
            .reader
            .message(message)?
            .is_some_and(|row| row.has_body)
            && !self.reader.is_hollow(message)?
        {
            return self.stays(message);
        }
        let places = self.reader.locate(message)?;
        let mut here = places
            .iter()
            .filter_map(|place| self.bells.accounts.get(&place.account));
        let why = match here.next() {
            Some(bells) => match bells.fetcher.try_send(request) {
                Ok(()) => return Ok(()),
                Err(_) => lang::of(BUSY),
            },
            None if places.is_empty() => lang::of(ondemand::UNDER_WAY),
            None => lang::of(ELSEWHERE),
        };
        self.board.post(Topic::NoBody(message, why.to_owned()));
        Ok(())
    }

    /// Somebody uses what is attached to a message that is here: it stays here.
    fn stays(&self, message: MsgId) -> Result<(), LedgerError> {
        if self.reader.will_be_hollow(message)? {
            let stays = move |cache: &mut Cache| cache.stay_whole(&[message]);
            self.writer.post(Priority::Urgent, stays)?;
        }
        self.board.post(Topic::Body(message));
        Ok(())
    }

    fn layer(&self) -> Layer<'_> {
        Layer {
            writer: &self.writer,
            stores: &self.stores,
            board: &self.board,
            host: &self.host,
        }
    }

    fn spread(&self, after: After) {
        let accounts: Vec<AccountName> = after
            .apply
            .iter()
            .chain(&after.revert)
            .map(|op| op.account.clone())
            .collect();
        if !accounts.is_empty()
            && let Err(error) = overlay::lay(&self.layer(), after.revert, after.apply)
        {
            tracing::error!(%error, "the cache did not take an effect");
        }
        if after.threads
            && let Err(error) = self.regroup()
        {
            tracing::error!(%error, "the threads stay as they are until the next start");
        }
        if let Some(account) = after.copy.filter(|name| self.is_copied(name)) {
            self.copy_drafts(&account);
        }
        for topic in after.topics {
            self.board.post(topic);
        }
        if let Some(leaver) = &self.bells.leaver
            && (after.leave || after.everybody)
        {
            leaver.ring();
        }
        for (name, bells) in &self.bells.accounts {
            if after.everybody {
                bells.marks.news.everywhere();
            }
            if after.everybody || accounts.contains(name) || after.file.as_ref() == Some(name) {
                bells.worker.ring();
            }
            if after.everybody {
                bells.resend();
            } else if after.submit.as_ref() == Some(name) {
                bells.submitter.ring();
            }
        }
        self.host.nudge();
        self.host.changed();
    }
}

/// What follows once an intent is durable.
#[derive(Default)]
pub(super) struct After {
    pub(super) apply: Vec<Op>,
    pub(super) revert: Vec<Op>,
    pub(super) submit: Option<AccountName>,
    pub(super) file: Option<AccountName>,
    pub(super) copy: Option<AccountName>,
    leave: bool,
    pub(super) threads: bool,
    pub(super) topics: Vec<Topic>,
    pub(super) everybody: bool,
}
