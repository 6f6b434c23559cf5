//! New headers on their way into the cache: parsed as they arrive and handed over in batches while
//! the next ones are on the wire. The last batch is held back, so that the cursor can move in its
//! transaction.

use crate::lang::{self, mark};
use crate::mime::{self, report};
use crate::model::{Address, Envelope, Flags, MailboxId, Role, Uid, UidSet, UidValidity};
use crate::net::imap::{FetchBy, HeaderItem, Session};
use crate::store::{Cache, CursorMove, HeaderPacker, NewMessage, Packed, Priority};
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::kit::{Errand, Kit};
use crate::sync::reported;
use crate::text::when;

/// Messages in one transaction: small, so that a user's action never waits long for its turn; but what
/// many of them share (words, pages) is written once for all of them.
const BATCH: usize = 2_000;
/// Senders of new messages that are remembered for completing addresses, in one pull.
const MOST_PEOPLE: usize = 2_000;
/// Messages without a body among which new reports are looked for.
const BODILESS: usize = 2_000;
/// Shown for a message whose headers the server can't give.
const UNREADABLE: &str = mark!("(the server could not give this message's headers)");

/// What one fetch came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Messages.
    pub count: u64,
    /// Their octets together.
    pub octets: u64,
    /// Messages that were asked for and not answered.
    pub silent: UidSet,
    /// Messages that are still to be asked for: enough had been tried for now.
    pub left: UidSet,
}

impl Fetched {
    /// Adds what came of another fetch.
    pub fn add(&mut self, more: &Fetched) {
        self.count += more.count;
        self.octets += more.octets;
        self.silent = self.silent.plus(&more.silent);
        self.left = self.left.plus(&more.left);
    }
}

/// The way into the cache for one mailbox's new messages.
pub struct Brought<'a> {
    kit: &'a Kit,
    delivery: Delivery,
    mailbox: MailboxId,
    uidvalidity: UidValidity,
    people: Vec<(Address, i64)>,
    /// Which new messages are reports of what we sent, by their looks.
    reports: UidSet,
    /// The last messages, held back.
    tail: Vec<Packed>,
}

impl<'a> Brought<'a> {
    /// Nothing yet. What `delivery` carries besides must be in the cache before the cursor moves.
    pub fn new(
        kit: &'a Kit,
        delivery: Delivery,
        mailbox: MailboxId,
        uidvalidity: UidValidity,
    ) -> Brought<'a> {
        Brought {
            kit,
            delivery,
            mailbox,
            uidvalidity,
            people: Vec::new(),
            reports: UidSet::new(),
            tail: Vec::new(),
        }
    }

    /// Fetches the headers of messages that are not here; of a set that fits a line, `next` is asked
    /// for before they are here.
    ///
    /// # Errors
    /// Whatever the session or the cache say. What came before is kept.
    pub fn headers(
        &mut self,
        session: &mut Session,
        by: FetchBy<'_>,
        next: Option<&UidSet>,
    ) -> Result<Fetched, SyncError> {
        self.write()?;
        let mut fetched = Fetched::default();
        let mut batch = Vec::with_capacity(BATCH);
        let mut packer = HeaderPacker::default();
        let mut broken = None;
        let mut sink = |item: HeaderItem| {
            let new = self.read(item);
            fetched.count += 1;
            fetched.octets += new.size;
            batch.push(packer.pack(new));
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                broken = self.post(full).err().or(broken.take());
            }
            Ok(())
        };
        let report = match by {
            FetchBy::Uids(set) if next.is_some() || session.has_asked() => {
                session.fetch_window(set, next, &mut sink)
            }
            by => session.fetch_headers(by, &mut sink),
        };
        self.tail = batch;
        if let Some(error) = broken {
            return Err(error);
        }
        let report = report?;
        let bad: UidSet = report.bad.into_iter().collect();
        if let FetchBy::Uids(asked) = by {
            fetched.left = report.left.and(asked);
            fetched.silent = asked.minus(&report.uids).minus(&bad).minus(&report.left);
        }
        fetched.count += self.stubs(&bad);
        Ok(fetched)
    }

    /// Reads one message that the caller writes.
    pub fn read(&mut self, item: HeaderItem) -> NewMessage {
        let lately = when::now() - reported::OLD;
        if item.internal_date.is_none_or(|at| at >= lately) && report::is_announced(&item.header) {
            self.reports.insert(item.uid);
        }
        let new = message(item);
        self.meet(&new);
        new
    }

    /// Keeps messages whose headers can't be had as visible stubs, so that they block nothing. They are
    /// asked for again ([`crate::sync::stubs`]). Answers how many.
    pub fn stubs(&mut self, uids: &UidSet) -> u64 {
        let mut packer = HeaderPacker::default();
        let stubs = uids.iter().map(|uid| packer.pack(stub(uid)));
        self.tail.extend(stubs);
        uids.len()
    }

    /// Writes the messages that were held back: more follow them.
    ///
    /// # Errors
    /// When the cache is closing.
    pub fn write(&mut self) -> Result<(), SyncError> {
        let tail = std::mem::take(&mut self.tail);
        match tail.is_empty() {
            true => Ok(()),
            false => self.post(tail),
        }
    }

    /// Writes what was held back and waits until all of it is in the cache.
    ///
    /// # Errors
    /// What became of a batch that is not.
    pub fn settle(&mut self) -> Result<(), SyncError> {
        self.write()?;
        Ok(self.delivery.settle()?)
    }

    /// Writes the last messages and moves the cursor with them; without `to` it stays.
    ///
    /// # Errors
    /// When the cache can't be written.
    pub fn finish(&mut self, to: Option<CursorMove>) -> Result<(), SyncError> {
        if !self.people.is_empty() && self.introduces()? {
            self.kit.local()?.saw(&self.people)?;
        }
        // The cursor must not move past a batch that is not here.
        self.delivery.settle()?;
        let tail = std::mem::take(&mut self.tail);
        let (id, validity) = (self.mailbox, self.uidvalidity);
        self.kit.writer.run(Priority::Batch, move |cache| {
            cache.ingest_packed(id, validity, &tail, to)?;
            cache.drop_unmatched(id).map(drop)
        })?;
        self.want_reports()
    }

    /// Whether one gets to know people here: from whom junk claims to be, one doesn't.
    fn introduces(&self) -> Result<bool, SyncError> {
        let mailbox = self.kit.reader()?.mailbox(self.mailbox)?;
        let role = mailbox.and_then(|m| m.role);
        Ok(!matches!(role, Some(Role::Junk | Role::Trash)))
    }

    /// The bodies of reports are fetched whatever the policy says: somebody waits for them.
    fn want_reports(&mut self) -> Result<(), SyncError> {
        let spotted = std::mem::take(&mut self.reports);
        if spotted.is_empty() {
            return Ok(());
        }
        let (since, largest) = (when::now() - reported::OLD, reported::LARGE);
        let reader = self.kit.reader()?;
        for wanted in reader.bodies_wanted(self.mailbox, since, largest, BODILESS)? {
            if spotted.contains(wanted.uid) {
                // A full queue means that hundreds wait already.
                let errand = Errand {
                    message: wanted.message,
                    slipped: false,
                };
                let _ = self.kit.errands.0.try_send(errand);
            }
        }
        Ok(())
    }

    fn post(&self, batch: Vec<Packed>) -> Result<(), SyncError> {
        let (id, validity) = (self.mailbox, self.uidvalidity);
        let ingest =
            move |cache: &mut Cache| cache.ingest_packed(id, validity, &batch, None).map(drop);
        Ok(self.delivery.post(ingest)?)
    }

    fn meet(&mut self, new: &NewMessage) {
        if self.people.len() < MOST_PEOPLE {
            let when = new.envelope.date.unwrap_or(new.internal_date);
            let from = new.envelope.from.iter().map(|who| (who.clone(), when));
            self.people.extend(from);
        }
    }
}

fn stub(uid: Uid) -> NewMessage {
    NewMessage {
        uid,
        flags: Flags::default(),
        internal_date: 0,
        size: 0,
        envelope: Envelope {
            subject: lang::of(UNREADABLE).to_owned(),
            ..Envelope::default()
        },
        identity: None,
        thread_hint: None,
    }
}

fn message(item: HeaderItem) -> NewMessage {
    NewMessage {
        uid: item.uid,
        flags: item.flags,
        internal_date: item.internal_date.unwrap_or(0),
        size: item.size,
        envelope: mime::parse::envelope(&item.header),
        identity: item.identity,
        thread_hint: item.thread_hint,
    }
}
