//! Messages that are brought into a mailbox of a server from files or from another account: each
//! once, however often that is begun again.
//!
//! What is there already is known by what lists tell of it: Message-ID and size, or its subject,
//! sender and date where it has no Message-ID. As nothing but the server's own list is relied on, a
//! run that was killed or cut anywhere is simply done again. Two different messages that look alike
//! are told apart by their octets: so many of them are added as the mailbox lacks.

use crate::mime;
use crate::model::{Envelope, Flags, MailboxName, System, Uid, UidSet};
use crate::net::NetError;
use crate::net::imap::{Addition, FetchBy, Mode};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Messages, and octets of them, that are sent together.
const TOGETHER: usize = 32;
const OCTETS: usize = 2 << 20;
/// The longest message that is copied, in octets.
const LARGEST: u64 = 256 << 20;
/// Headers that are listed in one command.
const WINDOW: u32 = 2_000;

/// What came of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Messages that were offered.
    pub offered: u64,
    /// Messages that were added.
    pub added: u64,
    /// Messages that were there already.
    pub known: u64,
    /// Messages that came more than once.
    pub twice: u64,
    /// Messages that the server refused, or that can't be sent: why, and how many.
    pub refused: BTreeMap<String, u64>,
    /// Messages that the mailbox has in the end, of those that were offered.
    pub found: u64,
}

impl Count {
    /// Whether everything that was offered is there.
    pub fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.found == self.added + self.known
    }
}

/// One mailbox that messages are brought into.
pub struct Intake {
    session: Connection,
    mailbox: MailboxName,
    there: HashMap<u64, u32>,
    seen: HashMap<u64, u32>,
    octets: HashSet<u128>,
    waiting: Vec<(u64, Addition)>,
    size: usize,
    dry: bool,
    /// What came of it so far.
    pub count: Count,
}

impl Intake {
    /// Signs in, makes the mailbox if it isn't there, and reads what it has. `dry`: nothing is
    /// changed, only counted.
    ///
    /// # Errors
    /// When the session can't be had or ends, or the server makes no such mailbox.
    pub fn open(kit: &Kit, mailbox: &MailboxName, dry: bool) -> Result<Intake, SyncError> {
        let mut session = kit.dial(Rank::OnDemand, None)?;
        let mut there = HashMap::new();
        match session.select(mailbox, Mode::ReadOnly) {
            Ok(_) => {
                let exists = session.exists();
                list(&mut session, exists, &mut |key, _| {
                    *there.entry(key).or_insert(0) += 1
                })?;
            }
            Err(error) if error.ends_session() || error.is_transient() => return Err(error.into()),
            Err(_) if dry => {}
            Err(_) => {
                session.create(mailbox)?;
                // Some programs show only those.
                match session.subscribe(mailbox, true) {
                    Err(error) if error.ends_session() => return Err(error.into()),
                    _ => {}
                }
            }
        }
        Ok(Intake {
            session,
            mailbox: mailbox.clone(),
            there,
            seen: HashMap::new(),
            octets: HashSet::new(),
            waiting: Vec::new(),
            size: 0,
            dry,
            count: Count::default(),
        })
    }

    /// Takes a message; it goes out with others.
    ///
    /// # Errors
    /// When the session ends.
    pub fn take(&mut self, addition: Addition) -> Result<(), SyncError> {
        self.count.offered += 1;
        let hash = Sha256::digest(&addition.bytes);
        let short = hash
            .iter()
            .take(16)
            .fold(0u128, |sum, b| (sum << 8) | u128::from(*b));
        if !self.octets.insert(short) {
            self.count.twice += 1;
            return Ok(());
        }
        let key = key(
            &mime::parse::envelope(&addition.bytes),
            addition.bytes.len() as u64,
        );
        let seen = self.seen.entry(key).or_insert(0);
        *seen += 1;
        if *seen <= self.there.get(&key).copied().unwrap_or(0) {
            self.count.known += 1;
            return Ok(());
        }
        if addition.bytes.contains(&0) {
            self.refuse("it holds a NUL character, which no server takes");
            return Ok(());
        }
        if self.dry {
            self.count.added += 1;
            return Ok(());
        }
        self.size += addition.bytes.len();
        self.waiting.push((key, addition));
        if self.waiting.len() >= TOGETHER || self.size >= OCTETS {
            self.send()?;
        }
        Ok(())
    }

    /// Whether a message that has this key is there already: then it is counted so. Only for a key
    /// that one message alone has: of several, only their octets tell which are the same.
    fn has(&mut self, key: u64) -> bool {
        let seen = self.seen.get(&key).copied().unwrap_or(0);
        let has = seen < self.there.get(&key).copied().unwrap_or(0);
        if has {
            self.seen.insert(key, seen + 1);
            self.count.offered += 1;
            self.count.known += 1;
        }
        has
    }

    /// A message can't be taken, and why.
    pub fn pass_over(&mut self, why: &str) {
        self.count.offered += 1;
        self.refuse(why);
    }

    fn refuse(&mut self, why: &str) {
        *self.count.refused.entry(why.to_owned()).or_insert(0) += 1;
    }

    fn send(&mut self) -> Result<(), SyncError> {
        self.size = 0;
        let (keys, additions): (Vec<u64>, Vec<Addition>) = self.waiting.drain(..).unzip();
        if additions.is_empty() {
            return Ok(());
        }
        let all = crate::model::step("append", || {
            self.session.append_all(&self.mailbox, &additions)
        })?;
        for (key, outcome) in keys.into_iter().zip(all) {
            match outcome {
                Ok(_) => self.count.added += 1,
                Err(error) => {
                    if let Some(seen) = self.seen.get_mut(&key) {
                        *seen -= 1;
                    }
                    self.refuse(&error.to_string());
                }
            }
        }
        self.session.tally();
        Ok(())
    }

    /// Sends what waits, counts what the mailbox has now of what was offered, and hangs up.
    ///
    /// # Errors
    /// When the session ends.
    pub fn finish(mut self) -> Result<Count, SyncError> {
        self.send()?;
        if self.dry {
            self.count.found = self.count.added + self.count.known;
            self.session.hang_up();
            return Ok(self.count);
        }
        let selected = self.session.select(&self.mailbox, Mode::ReadOnly)?;
        let mut there: HashMap<u64, u32> = HashMap::new();
        list(&mut self.session, selected.exists, &mut |key, _| {
            *there.entry(key).or_insert(0) += 1;
        })?;
        for (key, wanted) in &self.seen {
            let has = there.get(key).copied().unwrap_or(0);
            self.count.found += u64::from(has.min(*wanted));
        }
        self.session.hang_up();
        Ok(self.count)
    }
}

/// Lists the mailbox that is selected: what each message is known by.
fn list(
    session: &mut Connection,
    exists: u32,
    each: &mut dyn FnMut(u64, Uid),
) -> Result<(), NetError> {
    let mut first = 1;
    while first <= exists {
        let last = exists.min(first.saturating_add(WINDOW - 1));
        session.fetch_headers(FetchBy::Seq(first, last), &mut |item| {
            each(
                key(&mime::parse::envelope(&item.header), item.size),
                item.uid,
            );
            Ok(())
        })?;
        first = last + 1;
    }
    Ok(())
}

/// What a message is known by: its Message-ID and size; or subject, sender, date and size.
fn key(envelope: &Envelope, size: u64) -> u64 {
    let mut hash = Sha256::new();
    match &envelope.message_id {
        Some(id) => hash.update(id.as_str()),
        None => {
            hash.update(&envelope.subject);
            for address in &envelope.from {
                hash.update(&address.addr);
            }
            hash.update(envelope.date.unwrap_or(0).to_le_bytes());
        }
    }
    hash.update(size.to_le_bytes());
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |sum, b| (sum << 8) | u64::from(*b))
}

/// Copies a mailbox of another account into one that is open: lists what there is, and fetches what
/// is not there yet. `told` hears how many messages are done, of how many.
///
/// # Errors
/// When a session can't be had or ends.
pub fn pour(
    source: &Kit,
    mailbox: &MailboxName,
    intake: &mut Intake,
    told: &mut dyn FnMut(u64, u64),
) -> Result<(), SyncError> {
    let mut session = source.dial(Rank::OnDemand, None)?;
    let exists = session.select(mailbox, Mode::ReadOnly)?.exists;
    // All are listed first: a message that stands there twice, or that looks like another, is told
    // from the other by its octets alone, wherever the second stands.
    let mut listed = Vec::new();
    let mut alike: HashMap<u64, u32> = HashMap::new();
    let mut first = 1;
    while first <= exists {
        let last = exists.min(first.saturating_add(WINDOW - 1));
        session.fetch_headers(FetchBy::Seq(first, last), &mut |item| {
            let key = key(&mime::parse::envelope(&item.header), item.size);
            *alike.entry(key).or_insert(0) += 1;
            let flags = Flags {
                system: item.flags.system & !System::DELETED,
                ..item.flags
            };
            listed.push((item.uid, key, flags, item.internal_date, item.size));
            Ok(())
        })?;
        first = last + 1;
    }
    let total = listed.len() as u64;
    let mut wanted: BTreeMap<Uid, (Flags, Option<i64>, u64)> = BTreeMap::new();
    for (uid, key, flags, date, size) in listed {
        let alone = alike.get(&key).is_none_or(|n| *n == 1);
        if !(alone && intake.has(key)) {
            wanted.insert(uid, (flags, date, size));
        }
    }
    drop(alike);
    while !wanted.is_empty() {
        let mut octets = 0;
        let piece: UidSet = wanted
            .iter()
            .take(TOGETHER)
            .take_while(|(_, (_, _, size))| {
                let before = octets;
                octets += size;
                before == 0 || octets <= OCTETS as u64
            })
            .map(|(uid, _)| *uid)
            .collect();
        let mut came = Vec::new();
        session.fetch_bodies(&piece, LARGEST, &mut |uid, body| {
            came.push((uid, body));
            Ok(())
        })?;
        session.tally();
        let mut asked: Vec<Uid> = piece.iter().collect();
        for (uid, body) in came {
            asked.retain(|u| *u != uid);
            let Some((flags, date, _)) = wanted.remove(&uid) else {
                continue;
            };
            if body.complete {
                let bytes = body.bytes;
                intake.take(Addition { flags, date, bytes })?;
            } else {
                intake.pass_over("it is longer than 256 MB");
            }
        }
        // What is gone meanwhile needs no copy; what can't be given is told.
        let left: UidSet = asked.iter().copied().collect();
        let still = session.present(&left)?;
        for uid in asked {
            wanted.remove(&uid);
            if still.contains(uid) {
                intake.pass_over("the server does not give it");
            }
        }
        told(total.saturating_sub(wanted.len() as u64), total);
    }
    session.hang_up();
    Ok(())
}
