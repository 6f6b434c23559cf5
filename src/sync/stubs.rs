//! Messages whose headers the server could not give: each is asked for again once a day, in case that
//! what was the matter has passed (F-30). Until then a stub stands in the list for it.
//!
//! One may end the connection whenever it is asked for. It is found out on new connections, noted, and
//! asked for alone from then on, one of its kind a day: it costs nobody else his header, and a turn
//! goes on. That a mailbox was asked about is written down before.

use crate::model::{MessageKey, Uid, UidSet, UidValidity};
use crate::net::NetError;
use crate::net::imap::{FetchBy, Mode};
use crate::signal::Topic;
use crate::store::{Cache, Local, NewMessage, Priority, Reader};
use crate::sync::brought::Brought;
use crate::sync::delivery::Delivery;
use crate::sync::error::SyncError;
use crate::sync::here::Here;
use crate::sync::kit::{Connection, Kit};
use crate::sync::{last_words, mailboxes, poison};
use crate::text::when;
use std::collections::VecDeque;

/// Connections that one mailbox may cost a day.
const DIALS: u32 = 6;

/// Asks for what stubs stand for, where that is due. The connection may be another one afterwards.
///
/// # Errors
/// When the server can't be reached any more or a database fails. That it refuses, or hangs up on what
/// it was asked for, is none.
pub fn ask_again(
    session: &mut Connection,
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
) -> Result<(), SyncError> {
    for here in mailboxes::known(kit, reader)? {
        let Some(uidvalidity) = reader.cursor(here.id)?.uidvalidity else {
            continue;
        };
        let stubs = reader.stubs(here.id)?;
        let due = !stubs.is_empty() && local.once_a_day(&key(&here), when::now())?;
        if !due {
            continue;
        }
        let mut asking = Asking {
            session,
            kit,
            local,
            here: &here,
            uidvalidity,
        };
        match asking.again(&stubs) {
            Err(SyncError::Net(error)) if !error.ends_session() => {
                tracing::info!(mailbox = %here.label, %error, "headers are still not to be had");
            }
            other => other?,
        }
    }
    Ok(())
}

/// Under which name it is noted when this was done.
fn key(here: &Here) -> String {
    format!("stubs/{}", here.id.0)
}

/// One mailbox, while it is asked for what stubs stand for.
struct Asking<'a> {
    session: &'a mut Connection,
    kit: &'a Kit,
    local: &'a mut Local,
    here: &'a Here,
    uidvalidity: UidValidity,
}

impl Asking<'_> {
    fn again(&mut self, stubs: &UidSet) -> Result<(), SyncError> {
        let (others, killer) = self.known(stubs)?;
        let mut open = VecDeque::from([others]);
        open.extend(killer.map(|uid| UidSet::from_iter([uid])));
        let mut dials = DIALS;
        if !self.open()? {
            return Ok(());
        }
        while let Some(set) = open.pop_front() {
            if set.is_empty() {
                continue;
            }
            let (came, outcome) = self.ask(&set)?;
            if let Some(uid) = killer.filter(|uid| came.contains(*uid)) {
                self.local.ended_nothing(&self.name(uid))?;
            }
            let error = match outcome {
                Err(error) if last_words::may_be(&error) => error,
                Err(error) if !error.ends_session() => {
                    let mailbox = &self.here.label;
                    tracing::info!(%mailbox, %error, "headers are still not to be had");
                    continue;
                }
                other => {
                    other?;
                    continue;
                }
            };
            let left = set.minus(&came);
            match (set.len(), left.iter().next()) {
                (1, Some(uid)) => {
                    tracing::info!(mailbox = %self.here.label, %uid, %error, "a header ends the connection");
                    self.local.ended(&self.name(uid), when::now())?;
                }
                _ => open.extend(poison::suspects(&set, &left)),
            }
            if self.kit.stopping() {
                return Err(SyncError::Stopping);
            }
            self.session.dial_again()?;
            dials -= 1;
            if dials == 0 || !self.open()? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Those that never ended a connection, and of those that did the one whose turn it is.
    fn known(&self, stubs: &UidSet) -> Result<(UidSet, Option<Uid>), SyncError> {
        let mut others = UidSet::new();
        let mut killers = Vec::new();
        for uid in stubs.iter() {
            match self.local.read().ended_at(&self.name(uid))? {
                Some(at) => killers.push((at, uid)),
                None => others.insert(uid),
            }
        }
        Ok((others, killers.into_iter().min().map(|(_, uid)| uid)))
    }

    /// Under which name it is noted that a message ended a connection.
    fn name(&self, uid: Uid) -> String {
        let (id, validity) = (self.here.id.0, self.uidvalidity.0);
        format!("stub/{id}/{validity}/{}", uid.get())
    }

    /// Opens the mailbox; whether it is still the same one.
    fn open(&mut self) -> Result<bool, SyncError> {
        let selected = self.session.select(&self.here.name, Mode::ReadOnly)?;
        Ok(selected.uidvalidity == self.uidvalidity)
    }

    /// Asks for some, and takes what comes, whatever ends that.
    fn ask(&mut self, set: &UidSet) -> Result<(UidSet, Result<(), NetError>), SyncError> {
        let (id, validity) = (self.here.id, self.uidvalidity);
        let delivery = Delivery::new(&self.kit.writer);
        let mut brought = Brought::new(self.kit, delivery, id, validity);
        let (mut rows, mut came) = (Vec::new(), UidSet::new());
        let outcome = self.session.fetch_headers(FetchBy::Uids(set), &mut |item| {
            came.insert(item.uid);
            rows.push(brought.read(item));
            Ok(())
        });
        self.session.tally();
        if !rows.is_empty() {
            let gone = came.clone();
            let keys = self.keys(&rows);
            self.kit
                .writer
                .run(Priority::Batch, move |cache: &mut Cache| {
                    cache.take_changes(id, validity, &[], &gone, None)?;
                    cache.ingest(id, validity, &rows, None).map(drop)
                })?;
            brought.finish(None)?;
            self.arrived(&keys)?;
            self.kit.changed(Topic::Mailbox(id));
        }
        Ok((came, outcome.map(drop)))
    }

    fn keys(&self, rows: &[NewMessage]) -> Vec<MessageKey> {
        let key = |row: &NewMessage| MessageKey {
            mailbox: self.here.name.clone(),
            uidvalidity: self.uidvalidity,
            uid: row.uid,
            message_id: row.envelope.message_id.clone(),
            size: row.size,
        };
        rows.iter().map(key).collect()
    }

    /// Rules are asked about them now: they had looked further when it was not known what they are.
    fn arrived(&mut self, keys: &[MessageKey]) -> Result<(), SyncError> {
        let (account, name) = (&self.kit.account.name, &self.here.name);
        let mark = self.local.read().arrival_mark(account, name)?;
        let Some(mark) = mark.filter(|(validity, _)| *validity == self.uidvalidity) else {
            return Ok(());
        };
        let passed = keys.iter().filter(|key| key.uid.get() <= mark.1);
        let passed: Vec<MessageKey> = passed.cloned().collect();
        Ok(self
            .local
            .arrived(account, name, mark, &passed, when::now())?)
    }
}
