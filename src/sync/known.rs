//! What a message is known by in lists, without its octets: Message-ID and size, or its subject,
//! sender and date where it has no Message-ID. And what a mailbox has, so known: each message of it
//! stands for one message at most.

use crate::mime;
use crate::model::{Envelope, Uid, UidSet};
use crate::net::NetError;
use crate::net::imap::{FetchBy, HeaderItem, Session, is_refusal};
use crate::sync::error::SyncError;
use crate::sync::held::Held;
use crate::sync::poison::suspects;
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;

/// Headers that are listed in one command.
const WINDOW: u32 = 2_000;
/// Octets from the beginning of a message that tell what it is known by.
const BEGINNING: u64 = 256 << 10;

/// What a message is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// A hash of its Message-ID; or of its subject, sender and date.
    pub alike: u64,
    /// Octets, as a server tells them: some only estimate.
    pub size: u64,
    /// Whether it has a Message-ID.
    pub named: bool,
}

impl Key {
    /// The key of a message of so many octets.
    pub fn of(envelope: &Envelope, size: u64) -> Key {
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
        Key {
            alike: short(hash),
            size,
            named: envelope.message_id.is_some(),
        }
    }
}

/// The first octets of a hash.
pub fn short(hash: Sha256) -> u64 {
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |sum, b| (sum << 8) | u64::from(*b))
}

/// Lists the mailbox that was selected just now and had so many messages then: what each is known by.
/// Answers the messages of which the server told nothing, whatever was tried.
///
/// # Errors
/// When the server refuses to list anything, or connections end again and again.
pub fn list(
    held: &mut Held<'_>,
    exists: u32,
    each: &mut dyn FnMut(Key, HeaderItem),
) -> Result<UidSet, SyncError> {
    if exists == 0 {
        return Ok(UidSet::new());
    }
    let mut listing = Listing {
        seen: UidSet::new(),
        each,
    };
    let mut first = 1;
    while first <= exists {
        let last = exists.min(first.saturating_add(WINDOW - 1));
        match listing.ask(held.session, FetchBy::Seq(first, last)) {
            Ok(()) => held.came(),
            // By its number nothing can be asked for on another connection.
            Err(error) => {
                held.again(error)?;
                break;
            }
        }
        first = last.saturating_add(1);
    }
    let all = match held.session.uids() {
        Err(error) if is_refusal(&error) && listing.seen.len() >= u64::from(exists) => {
            return Ok(UidSet::new());
        }
        other => other?,
    };
    listing.rest(held, all.minus(&listing.seen))?;
    Ok(all.minus(&listing.seen))
}

/// What was listed so far.
struct Listing<'e> {
    seen: UidSet,
    each: &'e mut dyn FnMut(Key, HeaderItem),
}

impl Listing<'_> {
    fn ask(&mut self, session: &mut Session, by: FetchBy<'_>) -> Result<(), NetError> {
        let report = session.fetch_headers(by, &mut |item| {
            if !self.seen.contains(item.uid) {
                self.seen.insert(item.uid);
                let key = Key::of(&mime::parse::envelope(&item.header), item.size);
                (self.each)(key, item);
            }
            Ok(())
        });
        report.map(drop)
    }

    /// Asks once more for what did not come, and where connections end at it for ever less of it.
    fn rest(&mut self, held: &mut Held<'_>, missing: UidSet) -> Result<(), SyncError> {
        let mut open = VecDeque::from([missing]);
        while let Some(set) = open.pop_front().filter(|set| !set.is_empty()) {
            let outcome = self.ask(held.session, FetchBy::Uids(&set));
            let left = set.minus(&self.seen);
            if left.len() < set.len() {
                held.came();
            }
            if let Err(error) = outcome {
                held.again(error)?;
                if set.len() > 1 {
                    open.extend(suspects(&set, &left));
                }
            }
        }
        Ok(())
    }
}

/// One message of a mailbox.
#[derive(Clone, Copy, Debug)]
struct Row {
    key: Key,
    /// Whether it stands for a message already. In a row of equal keys those come first.
    taken: bool,
    uid: Uid,
}

/// What a mailbox has.
#[derive(Debug, Default)]
pub struct There(Vec<Row>);

impl There {
    /// Reads the list of the mailbox that was selected just now. Of what is not listed the beginning is
    /// read: else it would be added once more each time. What even that can't be had of is not known.
    ///
    /// # Errors
    /// As [`list`].
    pub fn read(held: &mut Held<'_>, exists: u32) -> Result<There, SyncError> {
        let mut all = Vec::new();
        let unlisted = list(held, exists, &mut |key, item| all.push((key, item.uid)))?;
        for uid in unlisted.iter() {
            all.extend(by_beginning(held, uid)?.map(|key| (key, uid)));
        }
        Ok(There::new(all))
    }

    fn new(all: Vec<(Key, Uid)>) -> There {
        let row = |(key, uid)| Row {
            key,
            taken: false,
            uid,
        };
        let mut rows: Vec<Row> = all.into_iter().map(row).collect();
        rows.sort_unstable_by_key(|r| (r.key, r.uid));
        There(rows)
    }

    /// Where the first is of these that is not taken, if it is there.
    fn free(&self, key: Key) -> Option<usize> {
        let at = self.0.partition_point(|r| (r.key, !r.taken) < (key, true));
        self.0.get(at).filter(|r| r.key == key).map(|_| at)
    }

    /// Takes a message that has this key; whether there was one.
    pub fn take(&mut self, key: Key) -> bool {
        let row = self.free(key).and_then(|at| self.0.get_mut(at));
        row.map(|row| row.taken = true).is_some()
    }

    /// The messages that are not taken and have this key, but for their size.
    pub fn alike(&self, key: Key) -> impl Iterator<Item = (Key, Uid)> + '_ {
        let from = self.0.partition_point(|r| r.key.alike < key.alike);
        let rest = self.0.get(from..).unwrap_or_default().iter();
        rest.take_while(move |r| r.key.alike == key.alike)
            .filter(move |r| r.key.named == key.named && r.key.size != key.size && !r.taken)
            .map(|r| (r.key, r.uid))
    }

    /// Takes a message that has this key, but for its size; whether there was one.
    pub fn take_alike(&mut self, key: Key) -> bool {
        let found = self.alike(key).next();
        found.is_some_and(|(other, _)| self.take(other))
    }

    /// Takes this very message, which is not taken yet.
    pub fn take_this(&mut self, key: Key, uid: Uid) {
        let Some(free) = self.free(key) else { return };
        let rest = self.0.get(free..).unwrap_or_default();
        let own = rest.iter().take_while(|r| r.key == key);
        if let Some(at) = own.map(|r| r.uid).position(|u| u == uid) {
            // Those that are taken stand first.
            self.0.swap(free, free + at);
            self.take(key);
        }
    }
}

/// What a message is known by of which there is no row, if that can be had.
fn by_beginning(held: &mut Held<'_>, uid: Uid) -> Result<Option<Key>, SyncError> {
    let outcome = held.session.fetch_body_up_to(uid, BEGINNING);
    held.session.tally();
    match outcome {
        Ok(Some(body)) => {
            held.came();
            let here = body.bytes.len() as u64;
            let size = body.size.filter(|_| !body.complete).unwrap_or(here);
            Ok(Some(Key::of(&mime::parse::envelope(&body.bytes), size)))
        }
        Ok(None) => Ok(None),
        Err(error) if is_refusal(&error) => Ok(None),
        Err(error) => held.again(error).map(|()| None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(alike: u64, size: u64) -> Key {
        Key {
            alike,
            size,
            named: true,
        }
    }

    #[test]
    fn each_message_stands_for_one() {
        let uid = |n| Uid::new(n).unwrap();
        let all = [(1, 10), (2, 10), (1, 10), (1, 30), (1, 20)];
        let rows = (1..).zip(all);
        let rows = rows.map(|(n, (alike, size))| (key(alike, size), uid(n)));
        let mut there = There::new(rows.collect());
        let left = |there: &There| -> Vec<u32> {
            there.alike(key(1, 0)).map(|(_, uid)| uid.get()).collect()
        };
        assert_eq!(left(&there), [1, 3, 5, 4]);
        there.take_this(key(1, 10), uid(3));
        assert_eq!(left(&there), [1, 5, 4]);
        there.take_this(key(1, 10), uid(3));
        assert!(there.take(key(1, 10)) && !there.take(key(1, 10)));
        assert_eq!(left(&there), [5, 4]);
        assert!(there.take_alike(key(1, 20)), "30");
        assert!(!there.take_alike(key(1, 20)) && there.take(key(1, 20)));
        assert!(!there.take(key(1, 20)) && !there.take(key(3, 1)) && there.take(key(2, 10)));
    }
}
