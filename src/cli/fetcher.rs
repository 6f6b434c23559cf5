//! Messages for what writes them somewhere: from here, or from their servers where they are not here
//! or not whole.

use crate::model::{AccountName, MsgId, Progress, UidSet, UidValidity};
use crate::net::imap::Mode;
use crate::store::{Mailbox, Reader};
use crate::sync::bodies::Came;
use crate::sync::connections::Rank;
use crate::sync::report::Task;
use crate::sync::{Connection, Kit, SyncError, ondemand};
use crate::text::Clean;
use anyhow::Result;
use std::collections::BTreeMap;

/// Who has messages here, fetching those that aren't.
pub struct Fetcher<'a> {
    /// Where what is here is read.
    pub reader: &'a Reader,
    kits: BTreeMap<AccountName, Kit>,
    sessions: BTreeMap<AccountName, Option<Connection>>,
    /// Why an account's server can't be asked: once is enough.
    away: BTreeMap<AccountName, String>,
    /// What is to stay here and was not told to yet.
    used: BTreeMap<AccountName, Vec<MsgId>>,
}

/// What a server has in a mailbox.
pub enum There {
    /// These messages, by their numbers in a generation.
    Numbered(UidValidity, UidSet),
    /// So many: their numbers hold for a moment only.
    Counted(u32),
}

/// So many of an account are told to stay at once.
const AT_ONCE: usize = 100;

impl<'a> Fetcher<'a> {
    /// For accounts with these means; nothing is dialled before something is to be fetched.
    pub fn new(reader: &'a Reader, kits: BTreeMap<AccountName, Kit>) -> Fetcher<'a> {
        Fetcher {
            reader,
            kits,
            sessions: BTreeMap::new(),
            away: BTreeMap::new(),
            used: BTreeMap::new(),
        }
    }

    /// A message's octets, or why they can't be had.
    ///
    /// # Errors
    /// When a database fails.
    pub fn get(&mut self, message: MsgId) -> Result<std::result::Result<Vec<u8>, String>> {
        if let Some(bytes) = self.reader.body(message)? {
            self.keep(message)?;
            return Ok(Ok(bytes));
        }
        let place = self.reader.locate(message)?.into_iter().next();
        let Some(account) = place.map(|p| p.account) else {
            return Ok(Err("it is on its way to another mailbox".to_owned()));
        };
        let Some(kit) = self.kits.get(&account) else {
            return Ok(Err("its account is not set up".to_owned()));
        };
        if let Some(why) = self.away.get(&account) {
            return Ok(Err(why.clone()));
        }
        let session = self.sessions.entry(account.clone()).or_default();
        if session.as_ref().is_none_or(|s| s.is_dead()) {
            match kit.dial(Rank::OnDemand, None) {
                Ok(dialled) => *session = Some(dialled),
                Err(SyncError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    let why = Clean::line(&error.to_string()).to_string();
                    self.away.insert(account, why.clone());
                    return Ok(Err(why));
                }
            }
        }
        match ondemand::serve(kit, session, message) {
            Ok(Came::Settled) => {}
            Ok(Came::Slipped(_)) => {
                return Ok(Err("it is on its way to another mailbox".to_owned()));
            }
            // What is here of others is written all the same.
            Err(SyncError::Net(error)) => {
                return Ok(Err(Clean::line(&error.to_string()).to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        let why = || -> Result<String> {
            let row = self.reader.message(message)?;
            let why = row.and_then(|m| m.body_error);
            Ok(why.unwrap_or_else(|| "the server gave nothing".to_owned()))
        };
        match self.reader.body(message)? {
            Some(bytes) => Ok(Ok(bytes)),
            None => Ok(Err(why()?)),
        }
    }

    /// What is written somewhere is used: what is attached to it stays here.
    fn keep(&mut self, message: MsgId) -> Result<()> {
        if !self.reader.will_be_hollow(message)? {
            return Ok(());
        }
        let place = self.reader.locate(message)?.into_iter().next();
        // One that is on its way elsewhere has none just now.
        let own = place.map(|p| p.account);
        let Some(account) = own.or_else(|| self.kits.keys().next().cloned()) else {
            return Ok(());
        };
        let used = self.used.entry(account).or_default();
        used.push(message);
        match used.len() >= AT_ONCE {
            true => self.told(),
            false => Ok(()),
        }
    }

    /// What is used is told to stay.
    fn told(&mut self) -> Result<()> {
        for (account, messages) in std::mem::take(&mut self.used) {
            if let Some(kit) = self.kits.get(&account) {
                ondemand::all_stay(kit, messages)?;
            }
        }
        Ok(())
    }

    /// What the server has in a mailbox; `None` if its account is not set up.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub fn there(&mut self, mailbox: &Mailbox) -> std::result::Result<Option<There>, SyncError> {
        let Some(kit) = self.kits.get(&mailbox.account) else {
            return Ok(None);
        };
        let mut session = kit.dial(Rank::OnDemand, None)?;
        let selected = session.select(&mailbox.name, Mode::ReadOnly)?;
        let there = match selected.uid_not_sticky {
            true => There::Counted(selected.exists),
            false => There::Numbered(selected.uidvalidity, session.uids_from(1)?),
        };
        self.sessions.insert(mailbox.account.clone(), Some(session));
        Ok(Some(there))
    }

    /// Says how far it is.
    pub fn progress(&self, done: u64, total: u64) {
        let Some(kit) = self.kits.values().next() else {
            return;
        };
        let progress = Progress {
            doing: "exporting".to_owned(),
            what: "messages".to_owned(),
            done,
            total,
            rate: 0,
            left: None,
        };
        kit.report.progress(Task::Sending, Some(progress));
    }

    /// Ends the connections.
    ///
    /// # Errors
    /// When a database fails.
    pub fn hang_up(mut self) -> Result<()> {
        let told = self.told();
        self.sessions
            .into_values()
            .flatten()
            .for_each(Connection::hang_up);
        told
    }
}
