//! Messages from one account to another: copied, proved to be there, and only then removed where
//! they were.
//!
//! The worker of the account that they come to does the first two. It takes the octets out of the
//! cache; where they are missing, the worker of the other account fetches them first and rings. What
//! is about to go over the wire is written down before ([`crate::store::Sent`]), with the UID that
//! the mailbox would give next: after a crash or a cut the copy is looked for from there on, and only
//! if it is not there the message is sent again. The proof is what the server says lies there: the
//! UID that it told (RFC 4315), or else the Message-ID, and the size in either case. Then the removal
//! that waits on the other side is let go, an ordinary operation.

use crate::lang::mark;
use crate::model::{
    AccountName, Flags, MailboxName, MessageKey, Op, OpKind, OpState, System, UidSet, UidValidity,
};
use crate::net::error::NetError;
use crate::net::imap::{Mode, Selected, Session};
use crate::store::{ByKey, Keyed, Local, Reader, Sent};
use crate::sync::by_id;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::news::Due;
use crate::text::when;
use std::collections::BTreeMap;

mod landed;
mod settled;
mod whole;
mod fetching;

pub use fetching::fetch;
use landed::{Sought, equal, landed, stands};

/// A mailbox that could not be opened so often is not waited for any more.
const PATIENCE: u32 = 100;
/// A message that the server put off so often stays where it is: that takes half a day.
const TRIES: u32 = 20;
/// So many connections may end while one message is sent.
const HANGS: u32 = 30;
/// A message that was put off is not tried again before this many times [`Rhythm::look`].
///
/// [`Rhythm::look`]: crate::sync::rhythm::Rhythm::look
const LONGEST: u32 = 120;
/// What is said of a message that is not sent because it was taken back; nobody is told.
const RECALLED: &str = "taken back";

/// What is said of a message at which connections end.
const HANGS_UP: &str = mark!("the server hangs up whenever it is sent");
/// What is said of a message whose copy is not what was sent.
const DIFFERS: &str = mark!("what lies there afterwards differs, so both stay");

/// Brings what is to come to this account from others, as far as it is here. Answers how many
/// operations were settled; the mailboxes that got something are added to `touched`.
///
/// # Errors
/// When the session ends or a database fails: what is under way stays so. What the server puts off
/// is an error, too. [`SyncError::Unlisted`] if a mailbox is gone, unless they were just `listed`.
pub fn bring(
    session: &mut Session,
    kit: &Kit,
    local: &mut Local,
    touched: &mut Due,
    listed: bool,
) -> Result<u64, SyncError> {
    let mut settled = 0;
    let mut put_off = None;
    for op in local.read().carries(&kit.account.name)? {
        if kit.stopping() {
            return Err(SyncError::Stopping);
        }
        let OpKind::Carry { from, to } = &op.kind else {
            continue;
        };
        let mut carry = Carry {
            kit,
            reader: &kit.reader()?,
            op: &op,
            from,
            to,
            listed,
            failed: BTreeMap::new(),
            put_off: None,
        };
        let done = carry.run(session, local);
        put_off = carry.put_off.take().or(put_off);
        match done {
            Ok(true) => {
                carry.finish(local)?;
                touched.mailboxes.insert(to.clone());
                settled += 1;
            }
            Ok(false) => {}
            Err(error) => return Err(error),
        }
    }
    match put_off {
        // Everything that could be done is; whoever waits for the rest is told.
        Some(error) => Err(error.into()),
        None => Ok(settled),
    }
}

struct Carry<'a> {
    kit: &'a Kit,
    reader: &'a Reader,
    op: &'a Op,
    from: &'a AccountName,
    to: &'a MailboxName,
    /// Whether the mailboxes were just listed: one that is gone is gone.
    listed: bool,
    /// Messages that stay where they are, by their place in the operation, and why.
    failed: BTreeMap<usize, String>,
    /// What the server said of a message that it put off just now.
    put_off: Option<NetError>,
}

/// What one message is ready for.
enum Ready {
    /// Its octets are here.
    Send(Box<Keyed>, Vec<u8>),
    /// The other account has to fetch it first.
    Later,
    /// It can't be had.
    Never(String),
}

/// A message whose turn it is.
struct Message<'a> {
    /// Its place in the operation.
    seq: usize,
    key: &'a MessageKey,
    /// What is known of an earlier try, after which something of it may be there.
    before: Option<&'a Sent>,
    /// Whether it was taken back since.
    recalled: bool,
    ready: Ready,
}

/// How far a message came.
enum Step {
    /// It lies there, or stays where it is.
    Settled,
    /// It waits, for its octets or for the server.
    Waits,
    /// The operation is no more: it was taken back at this very moment.
    Over,
}

impl Carry<'_> {
    /// Sends what can be sent. Whether every message is settled.
    fn run(&mut self, session: &mut Session, local: &mut Local) -> Result<bool, SyncError> {
        let op = self.op;
        let sent = local.read().sent_of(op.id)?;
        let recalled = local.read().is_recalled(op.id)?;
        let mut selected: Option<Selected> = None;
        let mut claimed = false;
        let mut whole = true;
        for (seq, key) in op.keys.iter().enumerate() {
            if self.kit.stopping() {
                return Err(SyncError::Stopping);
            }
            let known = sent.get(&seq);
            let message = match self.turn((seq, key), known, recalled)? {
                Ok(message) => message,
                Err(step) => {
                    whole &= matches!(step, Step::Settled);
                    continue;
                }
            };
            if !claimed && !self.claim(local)? {
                return Ok(false);
            }
            claimed = true;
            match self.one(session, local, &message, &mut selected) {
                Ok(Step::Settled) => {}
                Ok(Step::Waits) => whole = false,
                Ok(Step::Over) => return Ok(false),
                Err(SyncError::Net(error)) if !error.ends_session() => {
                    let tried = known.map_or(0, |s| s.attempts) + 1;
                    let opened = selected.is_some();
                    whole &= self.refused(local, seq, (error, tried), opened)?;
                }
                Err(other) => return Err(other),
            }
        }
        Ok(whole)
    }

    /// A message if it is its turn; else how far it came.
    fn turn<'m>(
        &mut self,
        (seq, key): (usize, &'m MessageKey),
        known: Option<&'m Sent>,
        recalled: bool,
    ) -> Result<Result<Message<'m>, Step>, SyncError> {
        if known.is_some_and(|s| s.uid.is_some()) {
            return Ok(Err(Step::Settled));
        }
        if let Some(why) = known.and_then(|s| s.stays.clone()) {
            self.failed.insert(seq, why);
            return Ok(Err(Step::Settled));
        }
        let longest = self.pause(u32::MAX);
        if known.is_some_and(|s| when::still_waits(s.next, when::now(), longest)) && !recalled {
            return Ok(Err(Step::Waits));
        }
        let before = known.filter(|s| s.was_begun());
        if before.is_none() && recalled {
            self.failed.insert(seq, RECALLED.to_owned());
            return Ok(Err(Step::Settled));
        }
        Ok(match self.ready(key)? {
            Ready::Later if before.is_none() => Err(Step::Waits),
            Ready::Never(why) if before.is_none() => {
                self.failed.insert(seq, why);
                Err(Step::Settled)
            }
            ready => Ok(Message {
                seq,
                key,
                before,
                recalled,
                ready,
            }),
        })
    }

    /// Marks the operation as in flight; `false` if somebody has taken it back since it was read.
    fn claim(&self, local: &mut Local) -> Result<bool, SyncError> {
        if self.op.state == OpState::InFlight {
            local.claim_again(self.op.id)?;
            return Ok(true);
        }
        Ok(local.claim(self.op.id)?)
    }

    /// The server refused the mailbox, or if that was `opened` one message, which was tried so often.
    /// Whether that settles the message.
    fn refused(
        &mut self,
        local: &mut Local,
        seq: usize,
        (error, tried): (NetError, u32),
        opened: bool,
    ) -> Result<bool, SyncError> {
        if error.no_such_mailbox() && !self.listed {
            return Err(SyncError::Unlisted);
        }
        if !opened && error.is_transient() && self.op.attempts < PATIENCE {
            local.release(self.op.id)?;
            return Err(error.into());
        }
        let why = error.to_string();
        if opened && error.is_transient() && tried < TRIES {
            let next = when::now() + self.pause(tried);
            local.carried_later(self.op.id, seq, &why, (tried, next))?;
            self.put_off = Some(error);
            return Ok(false);
        }
        self.stays(local, seq, why)?;
        Ok(true)
    }

    /// A message stays where it is, from now on and whatever comes between.
    fn stays(
        &mut self,
        local: &mut Local,
        seq: usize,
        why: impl Into<String>,
    ) -> Result<(), SyncError> {
        let why = why.into();
        local.carried_not(self.op.id, seq, &why)?;
        self.failed.insert(seq, why);
        Ok(())
    }

    /// Seconds until a message is tried again that was put off for this many times.
    fn pause(&self, tried: u32) -> i64 {
        let times = 2_u32.saturating_pow(tried.saturating_sub(1)).min(LONGEST);
        let pause = self.kit.rhythm.look.saturating_mul(times);
        i64::try_from(pause.as_secs()).unwrap_or(i64::MAX / 4)
    }

    fn one(
        &mut self,
        session: &mut Session,
        local: &mut Local,
        message: &Message<'_>,
        selected: &mut Option<Selected>,
    ) -> Result<Step, SyncError> {
        let there = match selected {
            Some(there) => there,
            None => selected.insert(session.select(self.to, Mode::ReadWrite)?),
        };
        let mut sought = self.sought(local, there.uidvalidity, message)?;
        if let Some(before) = message.before {
            sought.first = match before.uidvalidity == there.uidvalidity {
                true => before.uidnext,
                false => 1,
            };
            if let Some(step) = self.came_of(session, local, (message, before), &sought)? {
                return Ok(step);
            }
        }
        let why = match &message.ready {
            Ready::Send(known, bytes) if !there.read_only => {
                return self.send(session, local, message.seq, (known, bytes), (there, sought));
            }
            Ready::Send(..) => mark!("the mailbox can only be read").to_owned(),
            Ready::Later => return Ok(Step::Waits),
            Ready::Never(why) => why.clone(),
        };
        self.failed.insert(message.seq, why);
        Ok(Step::Settled)
    }

    /// Something may have been sent before the connection, or the program, ended: what came of it.
    /// `None` if it is to be sent.
    fn came_of(
        &mut self,
        session: &mut Session,
        local: &mut Local,
        (message, before): (&Message<'_>, &Sent),
        sought: &Sought<'_>,
    ) -> Result<Option<Step>, SyncError> {
        let seq = message.seq;
        if let Some(uid) = landed(session, sought)? {
            local.carried(self.op.id, seq, sought.generation, uid)?;
            return Ok(Some(Step::Settled));
        }
        if message.recalled {
            self.failed.insert(seq, RECALLED.to_owned());
            return Ok(Some(Step::Settled));
        }
        // It was altered on the way: sent again, it would lie there once more.
        if let Ready::Send(known, _) = &message.ready
            && stands(session, sought, came(known))?
        {
            self.stays(local, seq, DIFFERS)?;
            return Ok(Some(Step::Settled));
        }
        if before.attempts >= HANGS {
            self.stays(local, seq, HANGS_UP)?;
            return Ok(Some(Step::Settled));
        }
        Ok(None)
    }

    /// Sends a message, and has the copy proved.
    fn send(
        &mut self,
        session: &mut Session,
        local: &mut Local,
        seq: usize,
        (known, bytes): (&Keyed, &[u8]),
        (there, mut sought): (&mut Selected, Sought<'_>),
    ) -> Result<Step, SyncError> {
        sought.first = there.uidnext.unwrap_or(1);
        if !local.carrying(self.op.id, seq, there.uidvalidity, sought.first)? {
            return Ok(Step::Over);
        }
        let flags = kept(&known.flags, there);
        let told = session.append(self.to, &flags, Some(came(known)), bytes)?;
        let uid = match told {
            Some((validity, uid))
                if validity == there.uidvalidity && !sought.claimed.contains(&uid) =>
            {
                let named: UidSet = [uid].into_iter().collect();
                match by_id::sizes(session, &named)?.get(&uid) {
                    Some(size) if *size == bytes.len() as u64 => Some(uid),
                    _ => {
                        // Some give what came just now only to a session that was told of it.
                        session.noop()?;
                        equal(session, &named, bytes)?
                    }
                }
            }
            _ => landed(session, &sought)?,
        };
        match uid {
            Some(uid) => {
                local.carried(self.op.id, seq, there.uidvalidity, uid)?;
                // What is sent next comes behind it.
                let next = uid.get().saturating_add(1);
                there.uidnext = there.uidnext.map(|first| first.max(next));
            }
            None => self.stays(local, seq, DIFFERS)?,
        }
        Ok(Step::Settled)
    }

    /// What the copy of a message is known by.
    fn sought<'k>(
        &self,
        local: &Local,
        generation: UidValidity,
        message: &'k Message<'_>,
    ) -> Result<Sought<'k>, SyncError> {
        let key = message.key;
        let sent = local.read().sent_of(self.op.id)?;
        let claimed = sent.values().filter(|s| s.uidvalidity == generation);
        let like = |k: &&MessageKey| k.message_id == key.message_id && k.size == key.size;
        Ok(Sought {
            generation,
            first: 1,
            claimed: claimed.filter_map(|s| s.uid).collect(),
            key,
            bytes: match &message.ready {
                Ready::Send(_, bytes) => Some(bytes),
                _ => None,
            },
            twins: self.op.keys.iter().filter(like).count() > 1,
        })
    }

    fn ready(&self, key: &MessageKey) -> Result<Ready, SyncError> {
        Ok(match self.reader.by_key(self.from, key)? {
            ByKey::Unread => Ready::Later,
            ByKey::Gone => Ready::Never(mark!("it is no longer there").to_owned()),
            ByKey::Here(known) => match (self.reader.body(known.message)?, &known.body_error) {
                // Whether that is all of it the other account asks.
                (Some(bytes), _) if whole::falls_short(&known, bytes.len() as u64) => Ready::Later,
                (Some(bytes), _) => Ready::Send(known, bytes),
                (None, Some(why)) => Ready::Never(why.clone()),
                (None, None) => Ready::Later,
            },
        })
    }
}

/// The INTERNALDATE that a copy gets.
fn came(known: &Keyed) -> i64 {
    known.came.unwrap_or(known.date)
}

/// The flags that a copy gets: what the mailbox can keep.
fn kept(flags: &Flags, there: &Selected) -> Flags {
    let mut flags = flags.clone();
    flags.system = flags.system & !System::DELETED;
    if !there.keywords && !there.permanent_flags.is_empty() {
        let keeps = |keyword: &String| {
            let mut known = there.permanent_flags.iter();
            known.any(|f| f.eq_ignore_ascii_case(keyword))
        };
        flags.keywords.retain(keeps);
    }
    flags
}
