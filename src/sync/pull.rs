//! One mailbox from the server into the cache: runs the steps that [`crate::sync::plan`] chose.
//!
//! Where the server keeps a history (QRESYNC, RFC 7162 §3.2) the SELECT itself tells what changed,
//! and only new messages are asked for. Elsewhere it is asked step by step. Whatever was told is
//! proved by counting; a proof that fails is followed by the comparison of all UIDs. The cursor
//! moves in the transaction of the last batch, so a crash repeats at most what was not written.

use crate::lang::{tr, trn};
use crate::model::{ModSeq, Reach, UidSet};
use crate::net::imap::{FetchBy, Selected};
use crate::signal::Topic;
use crate::store::{Cache, CursorMove, Priority, Reader};
use crate::sync::brought::{Brought, Fetched};
use crate::sync::check::Checks;
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::glance::{self, Glance};
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::last_words;
use crate::sync::plan::{Known, Seen, Step, is_mass_vanishing, plan};
use crate::sync::poison::Way;
use crate::sync::report::{Meter, Task};
use crate::sync::told::{self, Told};
use crate::text::when;

mod flags;

pub use flags::{NEWEST, newest};

/// Known messages that one transaction changes.
const JOB: usize = 1_000;
/// Messages in one FETCH. Others may cut in after two of them, the one that is being answered and the
/// one that is asked for meanwhile.
const WINDOW: u64 = 2_000;
/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;

/// What a pull brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Headers that are new here.
    pub headers: u64,
    /// Messages that were dropped.
    pub vanished: u64,
    /// Messages whose flags were told.
    pub flags: u64,
}

impl From<Glance> for Pulled {
    fn from(glance: Glance) -> Pulled {
        Pulled {
            headers: glance.headers,
            vanished: glance.vanished,
            flags: glance.flags,
        }
    }
}

/// Pulls one mailbox. `cut_in` is asked between windows whether something is more urgent.
///
/// # Errors
/// [`SyncError::Interrupted`] if `cut_in` said so; whatever the session or the cache say.
pub fn mailbox(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    here: &Here,
    checks: &mut Checks,
    cut_in: &mut dyn FnMut() -> bool,
) -> Result<Pulled, SyncError> {
    let mut known = self::known(reader, here)?;
    if session.stays_in(&here.name).is_some() {
        if let Some(glance) = glance::look(session, kit, reader, here, &known)? {
            return Ok(glance.into());
        }
        known = self::known(reader, here)?;
    }
    let _first = known
        .uidvalidity
        .is_none()
        .then(|| Meter::at_once(&kit.report, Task::Headers, &here.label));
    let mut told = Told::default();
    let delivery = Delivery::new(&kit.writer);
    let selected = told::select(session, &delivery, here, &known, &mut told)?;
    let seen = seen(&selected);
    let steps = plan(&known, &seen);
    if steps.contains(&Step::Reset) && checks.is_flapping(here, &selected, &kit.report) {
        return Ok(Pulled::default());
    }
    let mut run = Run {
        plain: known.highestmodseq.0 == 0 && selected.highestmodseq.is_none(),
        first: known.uidvalidity.is_none(),
        brought: Brought::new(kit, delivery.clone(), here.id, selected.uidvalidity),
        delivery,
        session,
        kit,
        reader,
        here,
        held: known.held,
        done: Pulled {
            flags: told.flags,
            ..Pulled::default()
        },
        whole: true,
        followed: true,
        selected,
        told,
        checks,
        later: false,
        cut_in,
    };
    if let Err(error) = run.carry_out(&steps) {
        // What was fetched is kept whatever stopped us.
        run.brought.write()?;
        return Err(error);
    }
    let changed = !steps.is_empty() || run.done != Pulled::default();
    run.finish(changed)?;
    Ok(run.done)
}

/// What the cache remembers of a mailbox.
///
/// # Errors
/// When the cache can't be read.
pub fn known(reader: &Reader, here: &Here) -> Result<Known, SyncError> {
    let cursor = reader.cursor(here.id)?;
    Ok(Known {
        uidvalidity: cursor.uidvalidity,
        uidnext: cursor.uidnext,
        highestmodseq: cursor.highestmodseq,
        exists: cursor.exists,
        held: cursor.held,
        limited: here.headers != Reach::All,
    })
}

fn seen(selected: &Selected) -> Seen {
    Seen {
        uidvalidity: selected.uidvalidity,
        uidnext: selected.uidnext,
        exists: selected.exists,
        highestmodseq: selected.highestmodseq,
        told: selected.resynced,
    }
}

struct Run<'a> {
    /// Whether the mailbox keeps no modification sequences, and kept none before.
    plain: bool,
    /// Whether the mailbox was never looked at before.
    first: bool,
    session: &'a mut Connection,
    kit: &'a Kit,
    reader: &'a Reader,
    here: &'a Here,
    selected: Selected,
    told: Told,
    /// Messages that are here now.
    held: u64,
    brought: Brought<'a>,
    delivery: Delivery,
    done: Pulled,
    /// Whether all that is wanted is here: else the cursor must not move.
    whole: bool,
    /// Whether the mailbox is open in the session that told its past.
    followed: bool,
    checks: &'a mut Checks,
    /// Whether flags are left to be asked for, since something else is more urgent.
    later: bool,
    cut_in: &'a mut dyn FnMut() -> bool,
}

impl<'a> Run<'a> {
    fn carry_out(&mut self, steps: &[Step]) -> Result<(), SyncError> {
        let gone = std::mem::take(&mut self.told.vanished);
        if !gone.is_empty() {
            self.vanish(&gone)?;
        }
        for step in steps {
            match step {
                Step::Reset => self.reset()?,
                Step::Newest { from, to } => self.newest(*from, *to)?,
                Step::Flags(since) => self.flags_if_told(*since)?,
                Step::Arrivals(from) => self.arrivals(*from)?,
                Step::Prove => self.prove()?,
                Step::Compare => self.compare()?,
            }
        }
        let anew = steps.iter().any(|s| matches!(s, Step::Newest { .. }));
        if anew && self.whole {
            // They came with the headers.
            self.checks.flags_done(self.here.id);
        }
        let changed = !steps.is_empty() || self.done.flags > 0;
        let every = self.kit.rhythm.check;
        if !self.later && self.checks.is_due(self.here.id, anew, changed, every) {
            self.check()?;
        }
        match self.later {
            true => Err(SyncError::Interrupted),
            false => Ok(()),
        }
    }

    fn reset(&mut self) -> Result<(), SyncError> {
        let (id, validity) = (self.here.id, self.selected.uidvalidity);
        self.kit.reset_mailbox(id, validity)?;
        self.held = 0;
        self.kit.report.notice(&tr!(
            "the server renumbered {mailbox}: it is read anew, and changes that were waiting there are looked for by Message-ID",
            mailbox = self.here.label
        ));
        Ok(())
    }

    fn newest(&mut self, from: u32, to: u32) -> Result<(), SyncError> {
        // The newest may be older than what is wanted: the comparison tells.
        if matches!(self.here.headers, Reach::Days(_)) {
            return Ok(());
        }
        self.headers(FetchBy::Seq(from, to), None)?;
        // The first screen is shown before the rest is even asked for.
        self.settle()?;
        self.kit.changed(Topic::Mailbox(self.here.id));
        Ok(())
    }

    /// Fetches what is new: what the server told, or what has a UID that was not given before.
    fn arrivals(&mut self, from: u32) -> Result<(), SyncError> {
        let there = match self.selected.resynced {
            true => std::mem::take(&mut self.told.arrived),
            false => self.session.uids_from(from)?,
        };
        // What we moved or filed here ourselves is here under the UID that the server told.
        let ours = self.reader.uids_between(self.here.id, from, u32::MAX)?;
        self.fetch(&there.minus(&ours), None).map(drop)
    }

    /// Counts: as many messages as the server has must be here. Where older ones are left out, what
    /// is here must be there, and what is there and new enough must be here.
    fn prove(&mut self) -> Result<(), SyncError> {
        let (held, exists) = (self.held, u64::from(self.session.exists()));
        let proved = match self.here.headers {
            Reach::All => held == exists,
            _ => self.part_is_right()?,
        };
        if proved {
            return Ok(());
        }
        tracing::info!(mailbox = %self.here.label, held, exists, "counts differ: comparing");
        self.compare()
    }

    fn part_is_right(&mut self) -> Result<bool, SyncError> {
        self.settle()?;
        let ours = self.reader.all_uids(self.here.id)?;
        let Some((first, _)) = ours.ranges().first().copied() else {
            return Ok(true);
        };
        let theirs = self.session.uids_from(first)?;
        let missing = theirs.minus(&ours);
        if !ours.minus(&theirs).is_empty() {
            return Ok(false);
        }
        Ok(match self.here.headers {
            Reach::Days(_) if !missing.is_empty() => self.wanted(missing)?.is_empty(),
            // What did not fit is left out on purpose.
            _ => true,
        })
    }

    /// Which of these messages are new enough to be wanted here.
    fn wanted(&mut self, uids: UidSet) -> Result<UidSet, SyncError> {
        let Reach::Days(days) = self.here.headers else {
            return Ok(uids);
        };
        let since = when::now() - i64::from(days) * DAY;
        Ok(uids.and(&self.session.uids_since(since)?))
    }

    fn compare(&mut self) -> Result<(), SyncError> {
        self.settle()?;
        let theirs = self.session.uids()?;
        let ours = self.reader.all_uids(self.here.id)?;
        if self.reader.server_counts(self.here.id)?.all != ours.len() {
            let id = self.here.id;
            let count = move |cache: &mut Cache| cache.recount(id);
            self.kit.writer.run(Priority::Batch, count)?;
        }
        self.held = ours.len();
        let vanished = ours.minus(&theirs);
        if !vanished.is_empty() {
            self.vanish(&vanished)?;
        }
        let missing = self.wanted(theirs.minus(&ours))?;
        let silent = self.fetch(&missing, Some(theirs.len()))?;
        self.stubs(&silent)
    }

    /// Fetches messages newest first, of `total` in the mailbox if they may be many. Answers which
    /// were not answered.
    fn fetch(&mut self, missing: &UidSet, total: Option<u64>) -> Result<UidSet, SyncError> {
        let mut silent = UidSet::new();
        let before = total.map_or(0, |total| total.saturating_sub(missing.len()));
        let what = tr!("headers of {mailbox}", mailbox = self.here.label);
        let total = total.unwrap_or(missing.len());
        let mut meter = Meter::new(&self.kit.report, Task::Headers, what, before, total);
        if self.first {
            meter.show();
        }
        let mut room = match self.here.headers {
            Reach::Octets(most) => most.saturating_sub(self.reader.octets_held(self.here.id)?),
            _ => u64::MAX,
        };
        let windows = missing.split(UidSet::LINE, WINDOW).into_iter().rev();
        let mut windows = windows.peekable();
        let (mut done, mut called_away) = (0, false);
        while let Some(window) = windows.next() {
            // One is fetched in any case: a server that always has news must not keep mail away.
            let asked = self.session.has_asked();
            if done > 0 && !asked && (called_away || (self.cut_in)()) {
                return Err(SyncError::Interrupted);
            }
            if room == 0 {
                break;
            }
            if !asked && self.kit.usage.is_spent(&self.kit.account.sync) {
                self.whole = false;
                break;
            }
            // Where each octet counts, or a message may end the connection, nothing is asked ahead.
            let mut next = windows.peek();
            next = next.filter(|_| room == u64::MAX && self.followed && !called_away);
            if next.is_some() {
                called_away = (self.cut_in)();
                let spent = self.kit.usage.is_spent(&self.kit.account.sync);
                next = next.filter(|_| !called_away && !spent);
            }
            let fetched = self.headers(FetchBy::Uids(&window), next)?;
            room = room.saturating_sub(fetched.octets);
            silent = silent.plus(&fetched.silent);
            self.session.tally();
            meter.add(window.len());
            self.kit.report.post(Topic::Mailbox(self.here.id));
            done += 1;
        }
        Ok(silent)
    }

    fn headers(&mut self, by: FetchBy<'_>, next: Option<&UidSet>) -> Result<Fetched, SyncError> {
        let outcome = self.brought.headers(self.session, by, next);
        let fetched = match (outcome, by) {
            (Err(SyncError::Net(error)), FetchBy::Uids(set)) => {
                match last_words::may_be(&error) || self.way().says_so_always(set, &error)? {
                    true => self.way().around(set, error)?,
                    false => return Err(error.into()),
                }
            }
            // The comparison that follows asks by UID.
            (Err(SyncError::Net(error)), FetchBy::Seq(..)) if last_words::may_be(&error) => {
                self.way().dial_again()?;
                Fetched::default()
            }
            (outcome, _) => outcome?,
        };
        self.done.headers += fetched.count;
        self.held += fetched.count;
        // What is still to be asked for is missing: the next turn finds it so and goes on with it.
        self.whole &= fetched.left.is_empty();
        Ok(fetched)
    }

    /// The way to this mailbox on other connections.
    fn way(&mut self) -> Way<'_, 'a> {
        self.followed = false;
        Way {
            session: self.session,
            kit: self.kit,
            reader: self.reader,
            here: self.here,
            uidvalidity: self.selected.uidvalidity,
            brought: &mut self.brought,
            patience: &mut self.checks.patience,
        }
    }

    /// What was asked for, is still there, and yet was never answered is kept as a visible stub.
    fn stubs(&mut self, silent: &UidSet) -> Result<(), SyncError> {
        if silent.is_empty() {
            return Ok(());
        }
        let there = self.session.present(silent)?;
        let count = self.brought.stubs(&there);
        self.held += count;
        self.done.headers += count;
        Ok(())
    }

    fn vanish(&mut self, vanished: &UidSet) -> Result<(), SyncError> {
        let mut gone = vanished.clone();
        // A server may name any number of messages that never were here.
        if gone.len() > 100 {
            gone = gone.and(&self.reader.all_uids(self.here.id)?);
        }
        if is_mass_vanishing(self.held, gone.len()) {
            gone = self.confirm(&gone)?;
        }
        let (id, validity) = (self.here.id, self.selected.uidvalidity);
        for piece in gone.split(usize::MAX, JOB as u64) {
            let changed = self.kit.writer.run(Priority::Batch, move |cache| {
                cache.take_changes(id, validity, &[], &piece, None)
            })?;
            let count = changed.vanished as u64;
            self.done.vanished += count;
            self.held = self.held.saturating_sub(count);
        }
        Ok(())
    }

    /// A fresh connection must say the same before it is believed that so much is gone.
    fn confirm(&mut self, gone: &UidSet) -> Result<UidSet, SyncError> {
        // It takes the place of ours: a server may allow no second one.
        self.session.tally();
        self.session.logout();
        self.way().dial_again()?;
        let confirmed = gone.minus(&self.session.uids()?);
        if !confirmed.is_empty() {
            self.kit.report.notice(&trn!(
                n = confirmed.len(),
                "{n} messages are gone from {mailbox} on the server",
                "{n} messages are gone from {mailbox} on the server",
                mailbox = self.here.label
            ));
        }
        Ok(confirmed)
    }

    /// Waits until all that was handed to the cache is in it.
    fn settle(&mut self) -> Result<(), SyncError> {
        self.brought.settle()
    }

    fn finish(&mut self, changed: bool) -> Result<(), SyncError> {
        self.session.tally();
        let to = CursorMove {
            uidnext: self.selected.uidnext,
            highestmodseq: Some(self.selected.highestmodseq.unwrap_or(ModSeq(0))),
            exists: Some(self.selected.exists),
        };
        self.brought.finish(self.whole.then_some(to))?;
        if self.whole {
            self.checks.plain(self.here.id).taken();
        }
        if self.whole && self.followed {
            self.session.stay();
        }
        if changed {
            self.kit.changed(Topic::Mailbox(self.here.id));
            self.kit.changed(Topic::Mailboxes);
        }
        Ok(())
    }
}
