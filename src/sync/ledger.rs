//! The ledger: makes what users want durable, then lets everybody know.
//!
//! Intent → rows of `local.db` in one transaction → the answer (the screen may show it now) → the
//! effect laid over the cache by its writer → doorbells. A crash after the first arrow loses
//! nothing: at the next start everything pending is laid over the cache again.

use crate::mime;
use crate::model::{
    Account, AccountName, Address, Done, Draft, DraftId, Intent, MailboxId, MsgId, Op, OutboxId,
    OutboxVerb, Outgoing, ReminderState, Role, Submission, Target,
};
use crate::signal::{Board, Topic};
use crate::store::{Local, Reader, Undo, Writer};
use crate::sync::bells::Bells;
use crate::sync::error::LedgerError;
use crate::sync::freeze;
use crate::sync::host::Host;
use crate::sync::intend;
use crate::sync::kit::Stores;
use crate::sync::overlay::{self, Layer};
use crate::sync::undoing;
use crate::text::when;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is said when recording or building something panicked.
const FAULT: &str = "a fault in postrider: it was not done; the log has the details";

/// Recipients that a reminder names.
const SHOWN: usize = 5;

/// What is said when no more intents can wait.
pub const FULL: &str = "too much is waiting to be recorded; try again in a moment";

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
    /// Seconds that a message waits in the outbox so that sending can be undone.
    pub undo_window: i64,
    /// A draft that was not typed at for so long is copied to the server.
    pub idle: Duration,
    /// What was done before this (seconds since 1970) is named before it is taken back.
    pub begun: i64,
}

impl Ledger {
    /// Serves intents until the sender is gone. `myself` carries messages back that were built on
    /// a thread of their own.
    pub fn run(mut self, intents: &Receiver<(Intent, Reply)>, myself: &Sender<(Intent, Reply)>) {
        loop {
            let next = match self.bells.next_rest() {
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
                intent => {
                    let (done, after) = self.commit(intent);
                    reply(done);
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
            bells.news.of(mailbox.ok().flatten().map(|m| m.name));
            bells.worker.ring();
        }
        self.host.nudge();
    }

    /// Carries one intent out and spreads the word before it returns: for scripts.
    ///
    /// # Errors
    /// Why it can't be done, in plain words.
    pub fn carry_out(&mut self, intent: Intent) -> Result<Done, String> {
        let intent = match intent {
            Intent::Submit(draft) => Intent::Queue(Box::new(self.freeze(&draft)?)),
            other => other,
        };
        let (done, after) = self.commit(intent);
        self.spread(after);
        done
    }

    fn commit(&mut self, intent: Intent) -> (Result<Done, String>, After) {
        let mut after = After::default();
        // A transaction that panics is rolled back; whoever asked is told, and the next is served.
        let recorded = catch_unwind(AssertUnwindSafe(|| self.record(intent, &mut after)))
            .unwrap_or_else(|_| Err(LedgerError::Refused(FAULT.to_owned())));
        let done = recorded.map_err(|error| {
            tracing::error!(%error, "an intent could not be recorded");
            error.to_string()
        });
        (done, after)
    }

    fn record(&mut self, intent: Intent, after: &mut After) -> Result<Done, LedgerError> {
        let now = when::now();
        match intent {
            Intent::Act { verb, targets } => {
                let resolved = self.reader.resolve(&targets)?;
                let planned = intend::ops(&self.reader, &verb, &resolved)?;
                if planned.ops.is_empty() {
                    self.local.nothing_done(now)?;
                    return Ok(Done {
                        label: planned.label,
                        ..Done::default()
                    });
                }
                let (_, ops) = self.local.act(&planned.label, now, &planned.ops)?;
                after.apply = ops;
                Ok(Done {
                    label: planned.label,
                    gone: planned.gone,
                    undoable: planned.undoable,
                    ..Done::default()
                })
            }
            Intent::Undo => self.undo(now, after),
            Intent::SaveDraft(draft) => {
                let id = self.save(&draft, now)?;
                after.topics.push(Topic::Drafts);
                if self.is_copied(&draft.account) {
                    let rested = Instant::now() + self.idle;
                    self.bells.resting.insert(draft.account, rested);
                }
                Ok(Done {
                    draft: Some(id),
                    ..Done::default()
                })
            }
            Intent::CloseDraft(id) => {
                self.local.close_draft(id)?;
                after.copy = self.local.read().draft(id)?.map(|d| d.account);
                Ok(Done::default())
            }
            Intent::PutAside(draft) => {
                let id = self.kept(&draft, now)?;
                self.local.put_aside(id)?;
                Ok(Done::default())
            }
            Intent::DiscardDraft(id) => {
                after.copy = self.local.read().draft(id)?.map(|d| d.account);
                self.discard(id, now, after)
            }
            Intent::Discard(draft) => {
                let id = self.save(&draft, now)?;
                after.copy = Some(draft.account);
                self.discard(id, now, after)
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
                Ok(Done {
                    label: format!("It comes back {}", when::clock(due, now)),
                    ..Done::default()
                })
            }
            Intent::Dismiss(reminder) => {
                self.local
                    .settle_reminder(reminder, ReminderState::Dismissed)?;
                after.topics.push(Topic::Reminders);
                Ok(Done {
                    label: "Reminder dismissed".to_owned(),
                    ..Done::default()
                })
            }
            Intent::FetchBody(message) => {
                self.fetch(message)?;
                Ok(Done::default())
            }
            Intent::CheckMail => {
                after.everybody = true;
                Ok(Done {
                    label: "Checking for new mail".to_owned(),
                    ..Done::default()
                })
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
            Intent::Password(account, secret) => {
                self.host.remember(&account, secret);
                after.everybody = true;
                Ok(Done::default())
            }
        }
    }

    /// Keeps a draft; one that takes the place of a message on the server, with that said.
    fn save(&mut self, draft: &Draft, now: i64) -> Result<DraftId, LedgerError> {
        let replaced = match draft.replaces.filter(|_| draft.id.is_none()) {
            Some(location) => self.reader.resolve(&[Target::Location(location)])?.pop(),
            None => None,
        };
        Ok(match replaced {
            Some(there) => self
                .local
                .save_draft_of(draft, &there.account, &there.key, now)?,
            None => self.local.save_draft(draft, now)?,
        })
    }

    /// The row of a draft; what differs from it is saved.
    fn kept(&mut self, draft: &Draft, now: i64) -> Result<DraftId, LedgerError> {
        match draft.id {
            Some(id) if self.local.read().draft(id)?.is_some_and(|d| d.says(draft)) => Ok(id),
            _ => self.save(draft, now),
        }
    }

    fn is_copied(&self, account: &AccountName) -> bool {
        let account = self.accounts.iter().find(|a| a.name == *account);
        account.is_some_and(|a| a.mirror_drafts)
    }

    /// A mailbox is on a screen: it is looked at now, and before others.
    fn attend(&self, id: MailboxId) -> Result<(), LedgerError> {
        let Some(mailbox) = self.reader.mailbox(id)? else {
            return Ok(());
        };
        self.bells.attend(&mailbox);
        Ok(())
    }

    /// Begins or ends fetching everything for a journey.
    fn journey(&self, account: Option<&AccountName>, begin: bool, after: &mut After) -> Done {
        self.bells.journey(account, begin);
        after.everybody = begin;
        let label = match (begin, self.bells.accounts.is_empty()) {
            (true, true) => "Another window of postrider is online: ask there",
            (true, false) => "Fetching everything for offline reading",
            (false, _) => "No longer fetching everything",
        };
        Done {
            label: label.to_owned(),
            ..Done::default()
        }
    }

    fn discard(&mut self, id: DraftId, now: i64, after: &mut After) -> Result<Done, LedgerError> {
        self.local.discard_draft(id, now)?;
        after.topics.push(Topic::Drafts);
        Ok(undoing::discarded())
    }

    fn undo(&mut self, now: i64, after: &mut After) -> Result<Done, LedgerError> {
        let asked = self.local.undo(now, self.begun.max(now - undoing::OLD))?;
        let done = undoing::done(&asked, now);
        if let Undo::Done(undone) = asked {
            after.revert = undone.cancelled;
            after.apply = undone.inverse;
            if undone.sending || undone.draft.is_some() {
                after.topics.extend([Topic::Drafts, Topic::Outbox]);
                if let Some(id) = undone.draft {
                    after.copy = self.local.read().draft(id)?.map(|d| d.account);
                }
            }
        }
        done.map_err(LedgerError::Refused)
    }

    fn queue(
        &mut self,
        outgoing: Outgoing,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let id = self.local.submit(&outgoing, now)?;
        let written = mime::parse::envelope(&outgoing.filed);
        let people: Vec<Address> = written.to.into_iter().chain(written.cc).collect();
        self.local.wrote_to(&people, now)?;
        after.submit = Some(outgoing.account);
        after.topics.extend([Topic::Outbox, Topic::Drafts]);
        let wait = (outgoing.not_before - now).max(0);
        let label = if outgoing.scheduled {
            format!("Goes out {}", when::clock(outgoing.not_before, now))
        } else if wait > 0 {
            format!("Sending in {wait} s")
        } else {
            "Sending".to_owned()
        };
        Ok(Done {
            label,
            outbox: Some(id),
            undoable: wait > 0,
            leaves_in: u32::try_from(wait)
                .ok()
                .filter(|wait| *wait > 0 && !outgoing.scheduled),
            ..Done::default()
        })
    }

    fn decide(
        &mut self,
        id: OutboxId,
        verb: OutboxVerb,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let Some(row) = self.local.read().submission(id)? else {
            return Err(LedgerError::Refused(
                "That message is no longer in the outbox".to_owned(),
            ));
        };
        after.topics.push(Topic::Outbox);
        let mut done = Done::default();
        done.label = match verb {
            OutboxVerb::Edit => {
                done.draft = Some(self.edit(&row, now)?);
                after.topics.push(Topic::Drafts);
                "Back in the drafts".to_owned()
            }
            OutboxVerb::Cancel => {
                after.apply = self.local.cancel_submission(id, now)?;
                after.file = Some(row.account.clone());
                "Not sent".to_owned()
            }
            OutboxVerb::Retry => {
                self.local.retry(id, now)?;
                "Trying again".to_owned()
            }
            OutboxVerb::SendAgain => {
                self.local.send_again(id, now)?;
                "Sending again".to_owned()
            }
            OutboxVerb::AssumeSent => {
                // Its copy is still to be filed, if it isn't in Sent.
                after.apply = self.local.was_sent(id, false, now)?.1;
                after.file = Some(row.account.clone());
                "Taken as sent".to_owned()
            }
            OutboxVerb::GiveUpRefused => {
                after.apply = self.local.give_up_refused(id, now)?;
                after.file = Some(row.account.clone());
                "Sending to the others only".to_owned()
            }
            OutboxVerb::Hold => {
                self.local.hold(id)?;
                "Held back".to_owned()
            }
            OutboxVerb::SendAt(at) => {
                self.local.send_at(id, at)?;
                format!("Goes out {}", when::clock(at, now))
            }
        };
        after.submit = Some(row.account);
        Ok(done)
    }

    /// Sets a reminder of a message that one of our accounts sent.
    fn remind(
        &mut self,
        message: MsgId,
        due: i64,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let refused = |why: &str| LedgerError::Refused(why.to_owned());
        let row = self.reader.message(message)?;
        let row = row.ok_or_else(|| refused("That message is gone"))?;
        let id = row.envelope.message_id.as_ref();
        let id = id.ok_or_else(|| refused("That message has no Message-ID to be answered by"))?;
        let place = row.places.first();
        let account = place.and_then(|p| self.accounts.iter().find(|a| a.name == p.account));
        let account = account.ok_or_else(|| refused("That message is of no account of yours"))?;
        let own = account.senders();
        let ours = |a: &Address| own.iter().any(|own| own.same_mailbox(a));
        if !row.envelope.from.iter().any(ours) {
            return Err(refused(
                "Only of what you sent yourself you can be reminded",
            ));
        }
        let to = row.envelope.to.iter().chain(&row.envelope.cc);
        let to: Vec<&str> = to.take(SHOWN).map(|a| a.addr.as_str()).collect();
        let about = (row.envelope.subject.as_str(), to.join(", "));
        self.local
            .remind(&account.name, id, (about.0, &about.1), due)?;
        after.topics.push(Topic::Reminders);
        Ok(Done {
            label: format!("It comes back {} if nobody answers", when::clock(due, now)),
            ..Done::default()
        })
    }

    /// The message as a draft: the one that it was, or one made from its bytes if it was not written
    /// here.
    fn edit(&mut self, row: &Submission, now: i64) -> Result<DraftId, LedgerError> {
        let account = self.accounts.iter().find(|a| a.name == row.account);
        let own = self.local.take_back(row.id);
        match (own, account) {
            (Err(crate::store::Error::Refused(_)), Some(account)) => {
                let bytes = self.local.read().filed(row.id)?;
                let draft = mime::reply::edit(&bytes, account, &[], mime::quote::Pages::LaidOut);
                Ok(self.local.take_back_as(row.id, &draft, now)?)
            }
            (own, _) => Ok(own?),
        }
    }

    fn fetch(&mut self, message: MsgId) -> Result<(), LedgerError> {
        for place in self.reader.locate(message)? {
            if let Some(bells) = self.bells.accounts.get(&place.account) {
                // A full queue means that hundreds wait already; the reader asks again.
                let _ = bells.fetcher.try_send(message);
                return Ok(());
            }
        }
        Ok(())
    }

    fn freeze(&mut self, draft: &Draft) -> Result<Outgoing, String> {
        let now = when::now();
        let job = self.freezing(draft, now)?;
        job()
    }

    /// Builds a large message on a thread of its own, so that other intents need not wait. What was
    /// written is a draft until its message is in the outbox: the program may end in between.
    pub(super) fn freeze_aside(
        &mut self,
        mut draft: Draft,
        reply: Reply,
        myself: &Sender<(Intent, Reply)>,
    ) {
        let myself = myself.clone();
        match self.local.save_draft(&draft, when::now()) {
            Ok(id) => draft.id = Some(id),
            Err(error) => return reply(Err(error.to_string())),
        }
        self.board.post(Topic::Drafts);
        match self.freezing(&draft, when::now()) {
            Err(why) => reply(Err(why)),
            Ok(job) => {
                let build = move || {
                    let built = catch_unwind(AssertUnwindSafe(job));
                    match built.unwrap_or_else(|_| Err(FAULT.to_owned())) {
                        Ok(outgoing) => {
                            let queue = (Intent::Queue(Box::new(outgoing)), reply);
                            if let Err(full) = myself.try_send(queue) {
                                let (_, reply) = full.into_inner();
                                reply(Err(FULL.to_owned()));
                            }
                        }
                        Err(why) => reply(Err(why)),
                    }
                };
                // The work is handed over only once there is a thread: without one it is done here,
                // so that whoever asked is answered in any case.
                let (hand, work) = bounded::<Box<dyn FnOnce() + Send>>(1);
                let spawned = std::thread::Builder::new()
                    .name("freeze".to_owned())
                    .spawn(move || work.recv().map(|build| build()));
                match spawned {
                    Ok(_) => drop(hand.send(Box::new(build))),
                    Err(error) => {
                        tracing::error!(%error, "no thread to build a message");
                        build();
                    }
                }
            }
        }
    }

    fn freezing(
        &self,
        draft: &Draft,
        now: i64,
    ) -> Result<impl FnOnce() -> Result<Outgoing, String> + use<>, String> {
        let account = self
            .accounts
            .iter()
            .find(|a| a.name == draft.account)
            .cloned();
        let account = account.ok_or_else(|| format!("there is no account `{}`", draft.account))?;
        let source = draft.source.and_then(|location| {
            let found = self.reader.resolve(&[Target::Location(location)]).ok()?;
            found
                .into_iter()
                .next()
                .filter(|r| r.account == account.name)
                .map(|r| r.key)
        });
        let (host, draft, window) = (Arc::clone(&self.host), draft.clone(), self.undo_window);
        Ok(move || {
            let mut outgoing = freeze::freeze(&draft, &account, source, host.as_ref(), now)?;
            outgoing.not_before = now + window;
            if let Some(at) = draft.options.send_at.filter(|at| *at > now + window) {
                (outgoing.not_before, outgoing.scheduled) = (at, true);
            }
            Ok(outgoing)
        })
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
        if let Some(account) = after.copy.filter(|name| self.is_copied(name)) {
            self.copy_drafts(&account);
        }
        for topic in after.topics {
            self.board.post(topic);
        }
        for (name, bells) in &self.bells.accounts {
            if after.everybody {
                bells.news.everywhere();
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
struct After {
    apply: Vec<Op>,
    revert: Vec<Op>,
    submit: Option<AccountName>,
    file: Option<AccountName>,
    copy: Option<AccountName>,
    topics: Vec<Topic>,
    everybody: bool,
}
