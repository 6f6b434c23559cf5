//! One mailbox from the server into the cache: runs the steps that [`crate::sync::plan`] chose.
//!
//! Headers stream: each response is parsed here and handed in small batches to the cache writer
//! while the next ones are on the wire. A window is one FETCH; between windows the caller may cut
//! in, and the next turn's comparison goes on where this one stopped. The cursor moves in the
//! transaction of the last batch, so a crash repeats at most what was not yet written.

use crate::mime;
use crate::model::{
    Address, Envelope, Flags, MailboxId, MailboxName, ModSeq, Progress, Uid, UidSet, UidValidity,
};
use crate::net::imap::{FetchBy, HeaderItem, Mode, Selected, Session};
use crate::signal::Topic;
use crate::store::{CursorMove, NewMessage, Priority, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::plan::{Known, Seen, Step, is_mass_vanishing, plan};

/// Messages in one transaction: small, so that a user's action never waits long for its turn.
const BATCH: usize = 500;
/// Senders of new messages that are remembered for completing addresses, in one pull.
const MOST_PEOPLE: usize = 2_000;
/// Known messages that one transaction changes.
const JOB: u64 = 1_000;
/// Messages in one FETCH.
const WINDOW: u64 = 2_000;
/// Octets of a command line's set (RFC 2683 §3.2.1.5).
const SET_OCTETS: usize = 900;

/// Shown for a message whose headers the server can't give.
const UNREADABLE: &str = "(the server could not give this message's headers)";

/// What a pull brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Headers that are new here.
    pub headers: u64,
    /// Messages that were dropped.
    pub vanished: u64,
}

/// The mailbox that is pulled.
#[derive(Clone, Debug)]
pub struct Here {
    /// Its row.
    pub id: MailboxId,
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its name for people, cleaned.
    pub label: String,
}

/// Pulls one mailbox. `cut_in` is asked between windows whether something is more urgent.
///
/// # Errors
/// [`SyncError::Interrupted`] if `cut_in` said so; whatever the session or the cache say.
pub fn mailbox(
    session: &mut Session,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<Pulled, SyncError> {
    let selected = session.select(&here.name, Mode::ReadOnly)?;
    let known = known(reader, here.id)?;
    let mut run = Run {
        session,
        kit,
        reader,
        here,
        selected,
        done: Pulled::default(),
        seen_people: Vec::new(),
        tail: Vec::new(),
        cut_in,
    };
    let steps = plan(&known, &run.seen());
    if let Err(error) = run.carry_out(&steps, known.count) {
        // What was fetched is kept whatever stopped us.
        run.write_tail()?;
        return Err(error);
    }
    run.finish()?;
    if !steps.is_empty() {
        kit.changed(Topic::Mailbox(here.id));
        kit.changed(Topic::Mailboxes);
    }
    Ok(run.done)
}

/// What the cache remembers of a mailbox.
///
/// # Errors
/// When the cache can't be read.
pub fn known(reader: &Reader, mailbox: MailboxId) -> Result<Known, SyncError> {
    let cursor = reader.cursor(mailbox)?;
    Ok(Known {
        uidvalidity: cursor.uidvalidity,
        uidnext: cursor.uidnext,
        highestmodseq: cursor.highestmodseq,
        count: cursor.held,
    })
}

struct Run<'a> {
    session: &'a mut Session,
    kit: &'a Kit,
    reader: &'a Reader,
    here: &'a Here,
    selected: Selected,
    done: Pulled,
    seen_people: Vec<(Address, i64)>,
    /// The last messages fetched, held back so that the cursor moves in their transaction.
    tail: Vec<NewMessage>,
    cut_in: &'a mut dyn FnMut() -> bool,
}

impl Run<'_> {
    fn carry_out(&mut self, steps: &[Step], held: u64) -> Result<(), SyncError> {
        for step in steps {
            match step {
                Step::Reset => self.reset()?,
                Step::Newest { from, to } => self.newest(*from, *to)?,
                Step::Flags(since) => self.flags(*since)?,
                Step::Compare => self.compare(held)?,
            }
        }
        Ok(())
    }

    fn seen(&self) -> Seen {
        Seen {
            uidvalidity: self.selected.uidvalidity,
            uidnext: self.selected.uidnext,
            exists: self.selected.exists,
            highestmodseq: self.selected.highestmodseq,
        }
    }

    fn validity(&self) -> UidValidity {
        self.selected.uidvalidity
    }

    fn reset(&mut self) -> Result<(), SyncError> {
        let (id, validity) = (self.here.id, self.validity());
        self.kit.writer.run(Priority::Batch, move |cache| {
            cache.reset_mailbox(id, validity)
        })?;
        self.kit.report.notice(&format!(
            "the server renumbered {}: it is read anew, and changes that were waiting there are looked for by Message-ID",
            self.here.label
        ));
        Ok(())
    }

    fn newest(&mut self, from: u32, to: u32) -> Result<(), SyncError> {
        let set = FetchBy::Seq(from, to);
        self.headers(set)?;
        self.write_tail()?;
        // The first screen is shown before the rest is even asked for.
        self.kit.writer.run(Priority::Batch, |_| Ok(()))?;
        self.kit.changed(Topic::Mailbox(self.here.id));
        Ok(())
    }

    fn compare(&mut self, held: u64) -> Result<(), SyncError> {
        let theirs = self.session.uids()?;
        let ours = self.reader.all_uids(self.here.id)?;
        let vanished = ours.minus(&theirs);
        if !vanished.is_empty() {
            self.vanish(held, &vanished)?;
        }
        let missing = theirs.minus(&ours);
        let total = theirs.len();
        let mut left = missing.len();
        for window in missing.split(SET_OCTETS, WINDOW).into_iter().rev() {
            if (self.cut_in)() {
                return Err(SyncError::Interrupted);
            }
            left = left.saturating_sub(window.len());
            self.headers(FetchBy::Uids(&window))?;
            self.kit.report.progress((left > 0).then(|| Progress {
                what: format!("headers of {}", self.here.label),
                done: total.saturating_sub(left),
                total,
                ..Progress::default()
            }));
            self.kit.report.post(Topic::Mailbox(self.here.id));
        }
        Ok(())
    }

    fn vanish(&mut self, held: u64, vanished: &UidSet) -> Result<(), SyncError> {
        let mut gone = vanished.clone();
        if is_mass_vanishing(held, gone.len()) {
            // A fresh connection must say the same before it is believed.
            let mut second = self.kit.dial(None)?;
            let again = second.select(&self.here.name, Mode::ReadOnly)?;
            if again.uidvalidity != self.validity() {
                return Err(SyncError::Interrupted);
            }
            gone = gone.minus(&second.uids()?);
            second.logout();
            self.kit.report.notice(&format!(
                "{} messages are gone from {} on the server",
                gone.len(),
                self.here.label
            ));
        }
        let id = self.here.id;
        self.done.vanished += gone.len();
        for piece in gone.split(usize::MAX, JOB) {
            let writer = &self.kit.writer;
            writer.run(Priority::Batch, move |cache| cache.vanished(id, &piece))?;
        }
        Ok(())
    }

    fn headers(&mut self, by: FetchBy<'_>) -> Result<(), SyncError> {
        self.write_tail()?;
        let mut batch = Vec::with_capacity(BATCH);
        let mut brought = 0u64;
        let (kit, id, validity) = (self.kit, self.here.id, self.validity());
        let mut broken: Option<SyncError> = None;
        let people = &mut self.seen_people;
        let report = self.session.fetch_headers(by, &mut |item| {
            let new = message(item);
            if people.len() < MOST_PEOPLE {
                let when = new.envelope.date.unwrap_or(new.internal_date);
                people.extend(new.envelope.from.iter().map(|who| (who.clone(), when)));
            }
            batch.push(new);
            brought += 1;
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                if let Err(error) = kit.writer.post(Priority::Batch, move |cache| {
                    cache.ingest(id, validity, &full, None).map(drop)
                }) {
                    broken = Some(error.into());
                }
            }
            Ok(())
        });
        self.tail = batch;
        if let Some(error) = broken {
            return Err(error);
        }
        match report {
            Ok(report) => self.tail.extend(report.bad.into_iter().map(stub)),
            Err(error) => return Err(error.into()),
        }
        self.done.headers += brought;
        Ok(())
    }

    /// Writes the messages that were held back for the cursor: more follow them.
    fn write_tail(&mut self) -> Result<(), SyncError> {
        let tail = std::mem::take(&mut self.tail);
        if !tail.is_empty() {
            let (id, validity) = (self.here.id, self.validity());
            self.kit.writer.post(Priority::Batch, move |cache| {
                cache.ingest(id, validity, &tail, None).map(drop)
            })?;
        }
        Ok(())
    }

    fn flags(&mut self, since: Option<ModSeq>) -> Result<(), SyncError> {
        let held = self.reader.all_uids(self.here.id)?;
        // With CHANGEDSINCE the answer is short whatever the set; without it, go in windows.
        let pieces = if since.is_some() {
            vec![held.hull()]
        } else {
            held.split(SET_OCTETS, 20_000)
        };
        for piece in pieces.into_iter().rev() {
            if (self.cut_in)() {
                return Err(SyncError::Interrupted);
            }
            let mut changed = Vec::new();
            self.session.fetch_flags(&piece, since, &mut |item| {
                changed.push((item.uid, item.flags));
                Ok(())
            })?;
            let id = self.here.id;
            for piece in changed.chunks(JOB as usize) {
                let piece = piece.to_vec();
                let writer = &self.kit.writer;
                writer.run(Priority::Batch, move |cache| {
                    cache.set_flags(id, &piece, None)
                })?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SyncError> {
        if !self.seen_people.is_empty() {
            self.kit.local()?.saw(&self.seen_people)?;
        }
        let to = CursorMove {
            uidnext: self.selected.uidnext,
            highestmodseq: self.selected.highestmodseq,
            backfill: Some(1),
        };
        let (id, validity) = (self.here.id, self.validity());
        self.kit.report.progress(None);
        let tail = std::mem::take(&mut self.tail);
        self.kit.writer.run(Priority::Batch, move |cache| {
            cache.ingest(id, validity, &tail, Some(to))?;
            cache.drop_unmatched(id).map(drop)
        })?;
        Ok(())
    }
}

/// A message whose headers can't be had is kept as a visible stub, so that it blocks nothing.
fn stub(uid: Uid) -> NewMessage {
    NewMessage {
        uid,
        flags: Flags::default(),
        internal_date: 0,
        size: 0,
        envelope: Envelope {
            subject: UNREADABLE.to_owned(),
            ..Envelope::default()
        },
    }
}

fn message(item: HeaderItem) -> NewMessage {
    NewMessage {
        uid: item.uid,
        flags: item.flags,
        internal_date: item.internal_date.unwrap_or(0),
        size: item.size,
        envelope: mime::parse::envelope(&item.header),
    }
}
