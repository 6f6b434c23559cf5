//! What a worker does in a turn: replay operations, look for messages in doubt, file sent copies, list
//! the mailboxes if that is due, copy drafts, pull those that changed, what people look at first, and
//! look after what came. If what is sent ended the connection the last time, the pull comes first.

use crate::model::{Link, MsgId, Quota};
use crate::net::NetError;
use crate::signal::Topic;
use crate::store::{Local, Priority};
use crate::sync::bodies::{self, Came};
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Errand, Kit};
use crate::sync::news::Due;
use crate::sync::overlay::{self, Layer};
use crate::sync::worker::{Turn, Worker};
use crate::sync::{
    carry, doubt, filing, harvest, mailboxes, ondemand, pull, push, reminders, reminding, stirring,
    stubs,
};
use crate::text::{Clean, when};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Mailboxes that were listed so lately need not be for a ring without a reason.
const RECENT: Duration = Duration::from_secs(5);

impl Worker {
    /// Everything that a turn does, in order.
    pub(super) fn rounds(
        &mut self,
        session: &mut Connection,
        rings: &mut dyn FnMut() -> bool,
    ) -> Result<Turn, SyncError> {
        self.serve_others(session)?;
        mailboxes::follow_renames(&self.kit, &mut self.local, &self.reader)?;
        stirring::withdraw(&self.kit, &mut self.local)?;
        self.rules.begin(&self.kit, &mut self.local, &self.reader)?;
        // What ended the last connection comes after the mail this time.
        let last = std::mem::take(&mut self.stumbled);
        let mut put_off = None;
        if !last {
            put_off = self.push(session)?;
        }
        if self.due.everything || self.until_sweep().is_zero() {
            self.list(session)?;
        }
        if !last {
            self.copy_drafts(session)?;
        }
        self.kit.report.link(Link::Online);
        let kit = self.kit.clone();
        let mut cut_in = || kit.stopping() || rings();
        let mut turn = self.pull(session, &mut cut_in)?;
        if last {
            put_off = self.push(session)?;
            self.copy_drafts(session)?;
        }
        self.catch_up()?;
        // What came may be filed at once, and where it went is looked at, too.
        let (kit, reader) = (&self.kit, &self.reader);
        let ruled = self.rules.look(session, kit, &mut self.local, reader)?;
        if ruled > 0 {
            put_off = self.push(session)?.or(put_off);
            let again = self.pull(session, &mut cut_in)?;
            turn.headers += again.headers;
        }
        let stirred = stirring::look(&self.kit, &mut self.local, &self.reader)?;
        if reminding::look(&self.kit, &mut self.local, &self.reader)? || stirred.any {
            put_off = put_off.or(self.push(session)?);
            self.pull(session, &mut cut_in)?;
        }
        if put_off.is_none() {
            stirred.tell(&self.kit);
        }
        self.serve_slipped(session)?;
        self.serve_others(session)?;
        let (kit, reader) = (&self.kit, &self.reader);
        self.mirror
            .look_for_missing(session, kit, &mut self.local, reader)?;
        reminders::look(&self.kit, &mut self.local, &self.reader)?;
        if self.kit.crowded.swap(false, Ordering::SeqCst) {
            turn.bodies += harvest::all(session, &self.kit, &self.reader, &mut cut_in)?;
        }
        match put_off {
            Some(error) => Err(error.into()),
            None => Ok(turn),
        }
    }

    /// Sends what waits here: operations, and copies of what was sent. What the server puts off must
    /// not keep its news away: the turn goes on with the answer, and fails at its end, so that the
    /// rest is tried again after a pause.
    fn push(&mut self, session: &mut Connection) -> Result<Option<NetError>, SyncError> {
        self.stumbled = true;
        let mut touched = Due::default();
        let (kit, local) = (&self.kit, &mut self.local);
        let replayed = match send(session, kit, local, &mut touched, false) {
            // It may only have another name: then what is pending follows it.
            Err(SyncError::Unlisted) => {
                self.list(session)?;
                send(session, &self.kit, &mut self.local, &mut touched, true)
            }
            other => other,
        };
        let put_off = match replayed {
            Err(SyncError::Net(error)) if !error.ends_session() => Some(error),
            Ok(0) => {
                self.due.everything |= self.is_idle();
                None
            }
            other => other.map(|_| None)?,
        };
        let (kit, local) = (&self.kit, &mut self.local);
        carry::fetch(session, kit, local)?;
        // In a turn that somebody asked for they were looked for before.
        if let Some(submitter) = &self.submitter {
            let rows = local
                .read()
                .doubtful(&kit.account.name, Some(when::now()))?;
            if !rows.is_empty() {
                doubt::look(session, kit, local, &rows)?;
                if !kit.marks.is_barred(when::now()) {
                    submitter.ring();
                }
            }
        }
        let filed = filing::file_sent(session, kit, local, &self.reader, self.whole)?;
        self.due.add(touched);
        self.due.mailboxes.extend(filed);
        self.stumbled = false;
        Ok(put_off)
    }

    fn copy_drafts(&mut self, session: &mut Connection) -> Result<(), SyncError> {
        self.stumbled = true;
        let (kit, local) = (&self.kit, &mut self.local);
        let copied = self.mirror.turn(session, kit, local, &self.reader)?;
        self.due.mailboxes.extend(copied);
        self.stumbled = false;
        Ok(())
    }

    /// Whether nobody said why we were rung: another process did, and means everything.
    fn is_idle(&self) -> bool {
        let lately = self.swept.is_some_and(|at| at.elapsed() < RECENT);
        self.due.is_empty() && !lately
    }

    /// Bodies that somebody waits for and that have no connection of their own. One that is not where we
    /// have it waits until everything was looked at.
    fn serve_others(&mut self, session: &mut Connection) -> Result<(), SyncError> {
        while let Ok(Errand { message, slipped }) = self.kit.errands.1.try_recv() {
            // Fetched meanwhile for another reason, or gone.
            if ondemand::is_here(&self.reader, message)? {
                ondemand::stays(&self.kit, &self.reader, message)?;
                continue;
            }
            if slipped || self.look_for(session, message)? != Came::Settled {
                let places = self.reader.locate(message)?;
                self.slipped.insert(message, places);
                self.due.everything = true;
            }
        }
        Ok(())
    }

    /// The same of what had slipped before everything was looked at. Only where it still should be in
    /// the same place that counts as a try; else it moves on, and whoever opens it again may have it.
    fn serve_slipped(&mut self, session: &mut Connection) -> Result<(), SyncError> {
        while let Some((message, before)) = self.slipped.pop_first() {
            if ondemand::is_here(&self.reader, message)? {
                ondemand::stays(&self.kit, &self.reader, message)?;
                continue;
            }
            let Came::Slipped(why) = self.look_for(session, message)? else {
                continue;
            };
            let same = self.reader.locate(message)? == before;
            if !same || bodies::slipped(&self.kit, message, why)? != Came::Settled {
                ondemand::under_way(&self.kit, message);
            }
        }
        Ok(())
    }

    /// Looks for a body where the cache has it. Whoever waits for it hears of an end of the connection.
    fn look_for(&self, session: &mut Connection, message: MsgId) -> Result<Came, SyncError> {
        ondemand::look(&self.kit, session, message)
            .inspect_err(|error| ondemand::fail(&self.kit, message, error))
    }

    /// What is asked once of a connection: where mailboxes are made, and how full the server is.
    fn greet(&mut self, session: &mut Connection) -> Result<(), SyncError> {
        let account = self.kit.account.name.clone();
        if let Some(namespace) = tolerate(session.namespace())?.flatten() {
            self.kit.writer.run(Priority::Batch, move |cache| {
                let delimiter = namespace.delimiter.map(char::from);
                cache.set_namespace(&account, &namespace.prefix, delimiter)
            })?;
        }
        let quotas = tolerate(session.quota())?.unwrap_or_default();
        let storage = quotas.iter().find(|q| q.resource == "STORAGE");
        self.kit.report.quota(storage.map(|q| Quota {
            used: q.used,
            limit: q.limit,
        }));
        Ok(())
    }

    fn list(&mut self, session: &mut Connection) -> Result<(), SyncError> {
        self.listed = when::now();
        if !std::mem::replace(&mut self.greeted, true) {
            self.greet(session)?;
        }
        let (kit, reader, checks) = (&self.kit, &self.reader, &mut self.checks);
        let counts = self.ends.counts();
        let listing = mailboxes::list(session, kit, reader, checks, counts);
        let listing = listing.inspect_err(|error| self.ends.note_list(error))?;
        self.ends.listed();
        mailboxes::follow_renames(&self.kit, &mut self.local, &self.reader)?;
        self.due.everything = false;
        self.due.mailboxes.extend(listing.due);
        self.doubt = listing.doubt;
        if listing.dropped {
            self.tidied = None;
        }
        self.swept = Some(Instant::now());
        stubs::ask_again(session, &self.kit, &mut self.local, &self.reader)
    }

    /// What came may be what something pending is about.
    fn catch_up(&mut self) -> Result<(), SyncError> {
        if !self.unlaid {
            return Ok(());
        }
        let kit = &self.kit;
        overlay::catch_up(&Layer::of(kit), &kit.account.name)?;
        self.unlaid = false;
        Ok(())
    }

    /// Pulls what is due. What was done is due no more, even if the rest is interrupted.
    fn pull(
        &mut self,
        session: &mut Connection,
        cut_in: &mut dyn FnMut() -> bool,
    ) -> Result<Turn, SyncError> {
        let mut turn = Turn::default();
        let mut looked = false;
        let mut all = mailboxes::known(&self.kit, &self.reader)?;
        self.ends.put_last(&self.local, &mut all)?;
        for here in all {
            turn.mailboxes += 1;
            if !self.due.mailboxes.contains(&here.name) {
                self.settle(&here)?;
                continue;
            }
            let attended = self.kit.attended() == Some(here.id);
            let asked = (self.whole, attended);
            if self.ends.waits(&self.local, &here, asked)? {
                continue;
            }
            // One is looked at in any case: every turn gets further, however often we are rung.
            if std::mem::replace(&mut looked, true) && cut_in() {
                return Err(SyncError::Interrupted);
            }
            if self.due.flags.remove(&here.name) {
                self.checks.plain(here.id).want_flags();
            }
            let before = self.reader.cursor(here.id)?.held;
            let (kit, reader) = (&self.kit, &self.reader);
            let pulled = pull::mailbox(session, kit, reader, &here, &mut self.checks, cut_in);
            // One that is cut may have brought some, too.
            self.unlaid |= pulled.as_ref().map_or(true, |pulled| pulled.headers > 0);
            match pulled {
                Ok(pulled) => {
                    turn.headers += pulled.headers;
                    self.kit.report.arrived(pulled.headers);
                    self.ends.are_over(&mut self.local, &here)?;
                }
                // One mailbox that can't be read must not hide the others.
                Err(SyncError::Net(error)) if !error.ends_session() => {
                    let words = Clean::line(&error.to_string());
                    self.kit.report.notice(&format!("{}: {words}", here.label));
                }
                Err(SyncError::Net(error)) => {
                    self.note_end(&here, before, &error)?;
                    return Err(error.into());
                }
                Err(other) => return Err(other),
            }
            self.due.mailboxes.remove(&here.name);
        }
        // Names of mailboxes that are not there, or not any more.
        self.due.mailboxes.clear();
        Ok(turn)
    }

    /// The connection ended at a mailbox that held so many messages `before`.
    fn note_end(&mut self, here: &Here, before: u64, error: &NetError) -> Result<(), SyncError> {
        // What came of it is in the cache only once this is done.
        self.kit.writer.run(Priority::Batch, |_| Ok(()))?;
        if self.reader.cursor(here.id)?.held != before {
            return Ok(());
        }
        let more = self.due.mailboxes.iter().any(|name| *name != here.name);
        let local = &mut self.local;
        self.ends.note(&self.kit, local, (here, more), error)
    }

    /// A move whose message was gone leaves a row in its destination that nothing will match.
    fn settle(&self, here: &Here) -> Result<(), SyncError> {
        if !self.reader.is_waiting(here.id)? {
            return Ok(());
        }
        let id = here.id;
        self.kit
            .writer
            .run(Priority::Batch, move |cache| cache.drop_unmatched(id))?;
        self.kit.changed(Topic::Mailbox(id));
        Ok(())
    }
}

/// Sends operations, and what comes from other accounts.
fn send(
    session: &mut Connection,
    kit: &Kit,
    local: &mut Local,
    touched: &mut Due,
    listed: bool,
) -> Result<u64, SyncError> {
    let replayed = push::replay(session, kit, local, touched, listed)?;
    Ok(replayed + carry::bring(session, kit, local, touched, listed)?)
}

/// A question that a server may refuse without harm.
fn tolerate<T>(answer: Result<T, NetError>) -> Result<Option<T>, SyncError> {
    match answer {
        Err(error) if !error.ends_session() => Ok(None),
        other => Ok(other.map(Some)?),
    }
}
