//! One mailbox: its messages, and the memory of what changed that CONDSTORE and QRESYNC ask for
//! (RFC 7162).
//!
//! UIDs ascend and are never used twice in a mailbox (RFC 3501 §2.3.1.1). Every change, an
//! expunge too, raises the mailbox's mod-sequence.

use crate::model::{Flags, Role};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most that one mailbox may hold; a message more is refused like an exceeded quota.
pub const MAX_MESSAGES: usize = 200_000;
/// How many expunges a mailbox remembers.
const MAX_GONE: usize = 100_000;

/// One message as it lies in a mailbox.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its UID, never 0.
    pub uid: u32,
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE, in seconds of Unix time.
    pub date: i64,
    /// The message, CRLF line ends.
    pub raw: Arc<[u8]>,
    /// When it last changed, in the mailbox's mod-sequences.
    pub modseq: u64,
    /// Which message it is, the same for all its copies (EMAILID, X-GM-MSGID).
    pub email: u64,
    /// Which conversation it belongs to (THREADID, X-GM-THRID).
    pub thread: u64,
}

/// One mailbox.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Stays when it is renamed (MAILBOXID), and is never used again.
    pub id: u64,
    /// What it is for, told by LIST (RFC 6154).
    pub role: Option<Role>,
    /// Whether LSUB names it.
    pub subscribed: bool,
    /// UIDVALIDITY, never 0.
    pub validity: u32,
    /// UIDNEXT, never 0.
    pub next: u32,
    /// The messages, UIDs ascending.
    pub messages: Vec<Stored>,
    /// HIGHESTMODSEQ, never 0.
    pub highest: u64,
    gone: Vec<(u64, u32)>,
    /// Expunges up to this mod-sequence are forgotten.
    forgotten: u64,
}

impl Folder {
    /// An empty mailbox.
    pub fn new(id: u64, role: Option<Role>, validity: u32) -> Folder {
        Folder {
            id,
            role,
            subscribed: true,
            validity,
            next: 1,
            messages: Vec::new(),
            highest: 1,
            gone: Vec::new(),
            forgotten: 0,
        }
    }

    /// The message of that UID.
    pub fn get(&self, uid: u32) -> Option<&Stored> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        self.messages.get(at)
    }

    /// The UID of that message here.
    pub fn uid_of(&self, email: u64) -> Option<u32> {
        let mut newest = self.messages.iter().rev();
        newest.find(|m| m.email == email).map(|m| m.uid)
    }

    /// Adds a message, `like` another but for its UID; its UID, or `None` when the mailbox is full.
    pub fn add(&mut self, like: Stored) -> Option<u32> {
        if self.messages.len() >= MAX_MESSAGES {
            return None;
        }
        let uid = self.next;
        self.next = uid.checked_add(1)?;
        self.highest += 1;
        self.messages.push(Stored {
            uid,
            modseq: self.highest,
            ..like
        });
        Some(uid)
    }

    /// Gives one message these flags; those it has now, or `None` if it is gone. What does not
    /// change anything is no change.
    pub fn set_flags(&mut self, uid: u32, flags: Flags) -> Option<Flags> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        let message = self.messages.get_mut(at)?;
        if message.flags != flags {
            self.highest += 1;
            message.modseq = self.highest;
            message.flags = flags;
        }
        Some(message.flags.clone())
    }

    /// Something else about a message changed (its labels).
    pub fn touch(&mut self, uid: u32) {
        if let Ok(at) = self.messages.binary_search_by_key(&uid, |m| m.uid) {
            self.highest += 1;
            if let Some(message) = self.messages.get_mut(at) {
                message.modseq = self.highest;
            }
        }
    }

    /// Removes messages; those that were there.
    pub fn remove(&mut self, uids: &BTreeSet<u32>) -> Vec<Stored> {
        let (out, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|m| uids.contains(&m.uid));
        self.messages = stay;
        if !out.is_empty() {
            self.highest += 1;
        }
        self.gone.extend(out.iter().map(|m| (self.highest, m.uid)));
        let over = self.gone.len().saturating_sub(MAX_GONE);
        if let Some((when, _)) = self.gone.drain(..over).next_back() {
            self.forgotten = when;
        }
        out
    }

    /// Forgets every expunge up to now, as a server may (RFC 7162 §3.2.5.1).
    pub fn forget(&mut self) {
        self.gone.clear();
        self.forgotten = self.highest;
    }

    /// The UIDs expunged after that mod-sequence, ascending; `None` if that is forgotten.
    pub fn gone_since(&self, modseq: u64) -> Option<BTreeSet<u32>> {
        if modseq < self.forgotten {
            return None;
        }
        let since = self.gone.iter().filter(|(when, _)| *when > modseq);
        Some(since.map(|(_, uid)| *uid).collect())
    }

    /// Gives the mailbox another UIDVALIDITY: every message gets a new UID, and nothing that was
    /// known of it holds any more.
    pub fn renumber(&mut self, validity: u32) {
        self.validity = validity;
        self.gone.clear();
        self.forgotten = self.highest;
        self.highest += 1;
        self.next = 1;
        for message in &mut self.messages {
            message.uid = self.next;
            message.modseq = self.highest;
            self.next += 1;
        }
    }
}
