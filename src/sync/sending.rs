//! The ledger's part about messages of our own: what is being written is kept, what is sent is frozen
//! and queued, and what the user decides about it is done.

use crate::lang::{self, tr};
use crate::mime;
use crate::model::{
    AccountName, Address, Done, Draft, DraftId, Intent, MessageId, MsgId, OutboxId, OutboxVerb,
    Outgoing, Submission, Target,
};
use crate::signal::Topic;
use crate::store::{self, KeptDraft, Parted, ResolvedTarget};
use crate::sync::error::LedgerError;
use crate::sync::ledger::{After, FAULT, FULL, Ledger, Reply};
use crate::sync::{freeze, guard};
use crate::text::when;
use crossbeam_channel::Sender;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Recipients that a reminder names.
const SHOWN: usize = 5;

impl Ledger {
    /// Keeps a draft; one that takes the place of a message on the server, with that said.
    pub(super) fn save(&mut self, draft: &Draft, now: i64) -> Result<KeptDraft, LedgerError> {
        let row = self.fresh.get(&draft.begun).filter(|_| draft.id.is_none());
        if let Some(id) = row.copied() {
            let known = Draft {
                id: Some(id),
                ..draft.clone()
            };
            return Ok(self.local.keep_draft(&known, now)?);
        }
        let replaced = match draft.replaces.filter(|_| draft.id.is_none()) {
            Some(location) => self.reader.resolve(&[Target::Location(location)])?.pop(),
            None => None,
        };
        let kept = match replaced {
            Some(there) => self
                .local
                .save_draft_of(draft, &there.account, &there.key, now)?,
            None => self.local.keep_draft(draft, now)?,
        };
        if draft.begun != 0 && draft.id.is_none() {
            self.fresh.insert(draft.begun, kept.id);
        }
        Ok(kept)
    }

    /// Keeps a draft that is being written, and says so where it has become another one.
    pub(super) fn autosave(
        &mut self,
        draft: Draft,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let kept = self.save(&draft, now)?;
        after.topics.push(Topic::Drafts);
        if self.is_copied(&draft.account) {
            let rested = Instant::now() + self.idle;
            self.bells.resting.insert(draft.account, rested);
        }
        Ok(Done {
            draft: Some(kept.id),
            rev: kept.rev,
            parted: kept.parted.is_some(),
            ..Done::said(kept.parted.map_or("", parted))
        })
    }

    /// The row of a draft; what differs from it is saved.
    pub(super) fn kept(&mut self, draft: &Draft, now: i64) -> Result<DraftId, LedgerError> {
        match draft.id {
            Some(id) if self.local.read().draft(id)?.is_some_and(|d| d.says(draft)) => Ok(id),
            _ => Ok(self.save(draft, now)?.id),
        }
    }

    /// Whose draft it is, if it is one.
    pub(super) fn whose(&self, draft: DraftId) -> Result<Option<AccountName>, LedgerError> {
        Ok(self.local.read().draft(draft)?.map(|d| d.account))
    }

    pub(super) fn discard(
        &mut self,
        id: DraftId,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        self.local.discard_draft(id, now)?;
        after.topics.push(Topic::Drafts);
        Ok(Done {
            undoable: true,
            ..Done::said(tr!("Draft discarded"))
        })
    }

    pub(super) fn queue(
        &mut self,
        mut outgoing: Outgoing,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        // Whatever it is, it can be taken back for a while.
        if !outgoing.scheduled {
            outgoing.not_before = outgoing.not_before.max(now + self.undo_window);
        }
        let id = self.local.submit(&outgoing, now)?;
        let written = mime::parse::envelope(&outgoing.filed);
        let people: Vec<Address> = written.to.into_iter().chain(written.cc).collect();
        // It is queued: whoever hears otherwise would send it again.
        if let Err(error) = self.local.wrote_to(&people, now) {
            tracing::error!(%error, "who was written to could not be noted");
        }
        after.submit = Some(outgoing.account);
        after.topics.extend([Topic::Outbox, Topic::Drafts]);
        let wait = (outgoing.not_before - now).max(0);
        let label = if outgoing.scheduled {
            tr!(
                "Goes out {time}",
                time = when::clock(outgoing.not_before, now)
            )
        } else if wait > 0 {
            tr!("Sending in {wait} s", wait)
        } else {
            tr!("Sending").to_owned()
        };
        Ok(Done {
            outbox: Some(id),
            undoable: wait > 0,
            leaves_in: u32::try_from(wait)
                .ok()
                .filter(|wait| *wait > 0 && !outgoing.scheduled),
            ..Done::said(label)
        })
    }

    pub(super) fn decide(
        &mut self,
        id: OutboxId,
        verb: OutboxVerb,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let row = self.local.read().submission(id)?;
        let row = row.ok_or_else(|| refused(tr!("That message is no longer in the outbox")))?;
        after.topics.push(Topic::Outbox);
        let mut done = Done::default();
        done.label = match verb {
            OutboxVerb::Edit => {
                done.draft = Some(self.edit(&row, now)?);
                after.topics.push(Topic::Drafts);
                tr!("Back in the drafts").to_owned()
            }
            OutboxVerb::Cancel => {
                after.apply = self.local.cancel_submission(id, now)?;
                after.file = Some(row.account.clone());
                tr!("Not sent").to_owned()
            }
            OutboxVerb::Retry => {
                self.local.retry(id, now)?;
                tr!("Trying again").to_owned()
            }
            OutboxVerb::SendAgain => {
                self.local.send_again(id, now)?;
                tr!("Sending again").to_owned()
            }
            OutboxVerb::AssumeSent => {
                // Its copy is still to be filed, if it isn't in Sent.
                after.apply = self.local.was_sent(id, false, now)?.1;
                after.file = Some(row.account.clone());
                tr!("Taken as sent").to_owned()
            }
            OutboxVerb::GiveUpRefused => {
                after.apply = self.local.give_up_refused(id, now)?;
                after.file = Some(row.account.clone());
                tr!("Sending to the others only").to_owned()
            }
            OutboxVerb::Hold => {
                self.local.hold(id)?;
                tr!("Held back").to_owned()
            }
            OutboxVerb::SendAt(at) => {
                self.local.send_at(id, at)?;
                tr!("Goes out {time}", time = when::clock(at, now))
            }
        };
        after.submit = Some(row.account);
        Ok(done)
    }

    /// The message as a draft: the one that it was, or one made from its bytes if it was not written
    /// here.
    fn edit(&mut self, row: &Submission, now: i64) -> Result<DraftId, LedgerError> {
        let own = self.local.take_back(row.id);
        match (own, self.account(&row.account)) {
            (Err(store::Error::Refused(_)), Some(account)) => {
                let bytes = self.local.read().filed(row.id)?;
                // What was only sent on, somebody else wrote.
                let ours = !mime::redirect::is_one(&bytes);
                let pages = mime::quote::Pages::LaidOut;
                let draft = mime::reply::edit(&bytes, account, &[], pages, ours);
                Ok(self.local.take_back_as(row.id, &draft, now)?)
            }
            (own, _) => Ok(own?),
        }
    }

    /// Sets a reminder of a message that one of our accounts sent.
    pub(super) fn remind(
        &mut self,
        message: MsgId,
        due: i64,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let row = self.reader.message(message)?;
        let row = row.ok_or_else(|| refused(tr!("That message is gone")))?;
        let id = row.envelope.message_id.as_ref();
        let id =
            id.ok_or_else(|| refused(tr!("That message has no Message-ID to be answered by")))?;
        let account = row.places.first().and_then(|p| self.account(&p.account));
        let account =
            account.ok_or_else(|| refused(tr!("That message is of no account of yours")))?;
        if !row.envelope.from.iter().any(|a| account.sends_as(a)) {
            return Err(refused(tr!(
                "You can be reminded only of what you sent yourself"
            )));
        }
        let to = row.envelope.to.iter().chain(&row.envelope.cc);
        let to: Vec<&str> = to.take(SHOWN).map(|a| a.addr.as_str()).collect();
        let about = (row.envelope.subject.as_str(), to.join(", "));
        let name = account.name.clone();
        self.local.remind(&name, id, (about.0, &about.1), due)?;
        after.topics.push(Topic::Reminders);
        let due = when::clock(due, now);
        Ok(Done::said(tr!(
            "It comes back {due} if nobody answers",
            due
        )))
    }

    pub(super) fn freeze(&self, draft: &Draft) -> Result<Outgoing, String> {
        let job = self.freezing(draft, when::now())?;
        job()
    }

    /// Builds a large message on a thread of its own, so that other intents need not wait. What was
    /// written is a draft until its message is in the outbox: the program may end in between.
    pub(super) fn freeze_aside(
        &mut self,
        mut draft: Draft,
        reply: Reply,
        myself: &Arc<Sender<(Intent, Reply)>>,
    ) {
        match self.local.keep_to_send(&draft, when::now()) {
            Ok(kept) => (draft.id, draft.rev) = (Some(kept.id), kept.rev),
            Err(error) => return reply(Err(error.to_string())),
        }
        self.board.post(Topic::Drafts);
        let job = match self.freezing(&draft, when::now()) {
            Ok(job) => job,
            Err(why) => return reply(Err(why)),
        };
        let myself = Arc::clone(myself);
        guard::aside("freeze", move || {
            let built = catch_unwind(AssertUnwindSafe(job));
            let outgoing = match built.unwrap_or_else(|_| Err(lang::of(FAULT).to_owned())) {
                Ok(outgoing) => outgoing,
                Err(why) => return reply(Err(why)),
            };
            let queue = (Intent::Queue(Box::new(outgoing)), reply);
            if let Err(full) = myself.try_send(queue) {
                let (_, reply) = full.into_inner();
                reply(Err(lang::of(FULL).to_owned()));
            }
        });
    }

    fn freezing(
        &self,
        draft: &Draft,
        now: i64,
    ) -> Result<impl FnOnce() -> Result<Outgoing, String> + use<>, String> {
        let account = self.account(&draft.account).cloned();
        let account =
            account.ok_or_else(|| tr!("there is no account `{name}`", name = draft.account))?;
        let source = draft.source.and_then(|location| {
            let found = self.reader.resolve(&[Target::Location(location)]);
            // It goes out all the same; only what it answers is not marked.
            let found = found.and_then(|mut found| match found.pop() {
                // It was moved meanwhile: what is answered is known by its name.
                None => self.named(&account.name, draft.in_reply_to.as_ref()),
                found => Ok(found),
            });
            let found = found.inspect_err(|error| tracing::error!(%error, "what is answered"));
            let own = found.ok()?.filter(|r| r.account == account.name);
            own.map(|r| r.key)
        });
        let (host, draft, window) = (Arc::clone(&self.host), draft.clone(), self.undo_window);
        Ok(move || {
            let mut outgoing = freeze::freeze(&draft, &account, source, host.as_ref(), now)?;
            if let Some(at) = draft.options.send_at.filter(|at| *at > now + window) {
                (outgoing.not_before, outgoing.scheduled) = (at, true);
            }
            Ok(outgoing)
        })
    }

    /// Where a message of an account lies, by the name that replies to it give.
    fn named(
        &self,
        account: &AccountName,
        id: Option<&MessageId>,
    ) -> store::Result<Option<ResolvedTarget>> {
        let Some(id) = id else { return Ok(None) };
        for message in self.reader.find(account, id)? {
            for place in self.reader.locate(message)? {
                let found = self.reader.resolve(&[Target::Location(place.location)])?;
                if let Some(found) = found.into_iter().find(|r| r.account == *account) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }
}

/// What is said where a draft has become one of its own.
pub(super) fn parted(why: Parted) -> &'static str {
    match why {
        Parted::Changed => {
            tr!("Changed in another window, too: what you write here is a draft of its own now")
        }
        Parted::Gone => tr!(
            "Sent or thrown away in another window: what you write here is a draft of its own now"
        ),
    }
}

fn refused(why: &str) -> LedgerError {
    LedgerError::Refused(why.to_owned())
}
