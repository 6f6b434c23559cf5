//! A hand on an account from outside: a test acts as another client, without a connection, and
//! sees what is there.
//!
//! Whatever is done here wakes every session at once, so that one in IDLE or under NOTIFY tells
//! its client. Mailboxes are named as on the wire, in modified UTF-7.

use super::person::Person;
use super::world::Shared;
use crate::model::{FlagChange, Flags};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A hand on one account.
#[derive(Clone)]
pub struct Hand {
    shared: Arc<Shared>,
    email: String,
}

/// A message as it lies in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE, in seconds of Unix time.
    pub date: i64,
    /// Its bytes.
    pub raw: Arc<[u8]>,
    /// EMAILID and X-GM-MSGID as a number: the same for every copy.
    pub email: u64,
    /// THREADID and X-GM-THRID as a number.
    pub thread: u64,
    /// Its mod-sequence.
    pub modseq: u64,
}

/// A mailbox as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxShot {
    /// UIDVALIDITY.
    pub validity: u32,
    /// UIDNEXT.
    pub next: u32,
    /// HIGHESTMODSEQ.
    pub highest: u64,
    /// Whether it is subscribed to.
    pub subscribed: bool,
    /// The messages by UID.
    pub letters: BTreeMap<u32, Letter>,
}

impl Hand {
    pub(super) fn new(shared: &Arc<Shared>, email: &str) -> Hand {
        Hand {
            shared: Arc::clone(shared),
            email: email.to_owned(),
        }
    }

    /// Does something to the account under the lock, and wakes everybody.
    fn act<T>(&self, act: impl FnOnce(&mut Person) -> T) -> Option<T> {
        let mut world = self.shared.world();
        let done = world.person(&self.email).map(act);
        world.ring();
        done
    }

    /// Does several things as one: no session sees anything in between.
    pub fn at_once<T>(&self, act: impl FnOnce(&mut Person) -> T) -> Option<T> {
        self.act(act)
    }

    /// Puts a message into a mailbox, unread and dated now; its UID, or `None` if there is no such
    /// mailbox or no room.
    pub fn deliver(&self, mailbox: &str, raw: &[u8]) -> Option<u32> {
        let now = jiff::Timestamp::now().as_second();
        self.put(mailbox, raw, Flags::default(), now)
    }

    /// Puts a message into a mailbox with these flags and this INTERNALDATE (seconds of Unix
    /// time); its UID, or `None` if there is no such mailbox or no room.
    pub fn put(&self, mailbox: &str, raw: &[u8], flags: Flags, date: i64) -> Option<u32> {
        self.act(|p| p.add(mailbox, raw.into(), flags, date))?
    }

    /// Changes the flags of a message; those it has now, or `None` if it is not there.
    pub fn set_flags(&self, mailbox: &str, uid: u32, change: &FlagChange) -> Option<Flags> {
        self.act(|p| {
            let old = &p.folders.get(mailbox)?.get(uid)?.flags;
            let new = old.after(change);
            p.set_flags(mailbox, uid, new)
        })?
    }

    /// Removes messages from a mailbox; how many there were. At Gmail that is a label less.
    pub fn expunge(&self, mailbox: &str, uids: &[u32]) -> usize {
        self.act(|p| p.remove(mailbox, uids)).unwrap_or_default()
    }

    /// Copies messages; pairs of old and new UID, or `None` if a mailbox is missing or full.
    pub fn copy(&self, from: &str, uids: &[u32], to: &str) -> Option<Vec<(u32, u32)>> {
        self.act(|p| p.copy(from, uids, to))?
    }

    /// Moves messages; pairs of old and new UID, or `None` if a mailbox is missing or full.
    pub fn shift(&self, from: &str, uids: &[u32], to: &str) -> Option<Vec<(u32, u32)>> {
        self.act(|p| p.shift(from, uids, to))?
    }

    /// Makes a mailbox; whether that could be.
    pub fn create(&self, mailbox: &str) -> bool {
        self.act(|p| p.create(mailbox, None)) == Some(true)
    }

    /// Deletes a mailbox with what is in it; whether that could be.
    pub fn delete(&self, mailbox: &str) -> bool {
        self.act(|p| p.delete(mailbox)) == Some(true)
    }

    /// Renames a mailbox and those below it; whether that could be.
    pub fn rename(&self, from: &str, to: &str) -> bool {
        self.act(|p| p.rename(from, to)) == Some(true)
    }

    /// Subscribes to a mailbox or ends that; whether it is there.
    pub fn subscribe(&self, mailbox: &str, wanted: bool) -> bool {
        let done = self.act(|p| {
            let folder = p.folders.get_mut(mailbox)?;
            folder.subscribed = wanted;
            Some(())
        });
        done.flatten().is_some()
    }

    /// Gives a mailbox another UIDVALIDITY and its messages other UIDs; whether it is there. Who
    /// has it open is sent away.
    pub fn bump_uidvalidity(&self, mailbox: &str) -> bool {
        self.act(|p| p.renumber(mailbox)) == Some(true)
    }

    /// Forgets which messages were expunged so far, as a server may (RFC 7162 §3.2.5.1); whether
    /// the mailbox is there. Who asks what vanished gets every UID that is not there.
    pub fn forget_expunges(&self, mailbox: &str) -> bool {
        let done = self.act(|p| {
            p.folders
                .get_mut(mailbox)
                .map(super::folder::Folder::forget)
        });
        done.flatten().is_some()
    }

    /// The labels of a message as X-GM-LABELS has them, complete; `None` if it is not there.
    pub fn labels(&self, mailbox: &str, uid: u32) -> Option<Vec<String>> {
        let mut world = self.shared.world();
        let person = world.person(&self.email)?;
        let email = person.folders.get(mailbox)?.get(uid)?.email;
        Some(person.labels(email, ""))
    }

    /// Every mailbox by name, with everything that is in it.
    pub fn snapshot(&self) -> BTreeMap<String, MailboxShot> {
        let mut world = self.shared.world();
        let Some(person) = world.person(&self.email) else {
            return BTreeMap::new();
        };
        let shots = person.folders.iter().map(|(name, folder)| {
            let letters = folder.messages.iter().map(|m| {
                let letter = Letter {
                    flags: m.flags.clone(),
                    date: m.date,
                    raw: Arc::clone(&m.raw),
                    email: m.email,
                    thread: m.thread,
                    modseq: m.modseq,
                };
                (m.uid, letter)
            });
            let shot = MailboxShot {
                validity: folder.validity,
                next: folder.next,
                highest: folder.highest,
                subscribed: folder.subscribed,
                letters: letters.collect(),
            };
            (name.clone(), shot)
        });
        shots.collect()
    }
}
