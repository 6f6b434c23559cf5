//! What the server knows: people, their mailboxes, their messages, and who is to be told.
//!
//! Everything is behind one lock, held for the length of one change and never across a socket.
//! A session learns of changes by comparing what it last told its client with what is here, so
//! there is no queue that could overflow; the bell it is woken by carries nothing.
//!
//! UIDs ascend and are never used twice in a mailbox (RFC 3501 §2.3.1.1); a mailbox made again
//! under an old name gets a UIDVALIDITY of its own.

use crate::model::{FlagChange, Flags, Role};
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most that one mailbox may hold; a message more is refused like an exceeded quota.
pub const MAX_MESSAGES: usize = 20_000;
/// The most mailboxes that an account may have.
pub const MAX_MAILBOXES: usize = 200;

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
}

/// One mailbox.
#[derive(Clone, Debug)]
pub struct Folder {
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
}

impl Folder {
    /// The message of that UID.
    pub fn get(&self, uid: u32) -> Option<&Stored> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        self.messages.get(at)
    }

    fn get_mut(&mut self, uid: u32) -> Option<&mut Stored> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        self.messages.get_mut(at)
    }

    /// Adds a message; its UID, or `None` when the mailbox is full.
    pub fn add(&mut self, raw: Arc<[u8]>, flags: Flags, date: i64) -> Option<u32> {
        if self.messages.len() >= MAX_MESSAGES {
            return None;
        }
        let uid = self.next;
        self.next = uid.checked_add(1)?;
        self.messages.push(Stored {
            uid,
            flags,
            date,
            raw,
        });
        Some(uid)
    }

    /// Changes flags of one message and gives those it has now; `None` if it is gone.
    pub fn change(&mut self, uid: u32, change: &FlagChange) -> Option<Flags> {
        let message = self.get_mut(uid)?;
        message.flags = message.flags.after(change);
        Some(message.flags.clone())
    }

    /// Replaces the flags of one message; `None` if it is gone.
    pub fn replace(&mut self, uid: u32, flags: &Flags) -> Option<Flags> {
        let message = self.get_mut(uid)?;
        message.flags = flags.clone();
        Some(flags.clone())
    }
}

/// One account.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account's short name.
    pub name: String,
    /// Its address, also its login name.
    pub email: String,
    /// The display name.
    pub full_name: String,
    /// Its mailboxes by name as on the wire (modified UTF-7), `/` between levels.
    pub folders: BTreeMap<String, Folder>,
    last_validity: u32,
}

impl Person {
    /// An account with an empty INBOX; the UIDVALIDITYs begin at `validity`.
    pub fn new(name: &str, email: &str, full_name: &str, validity: u32) -> Person {
        let mut person = Person {
            name: name.to_owned(),
            email: email.to_owned(),
            full_name: full_name.to_owned(),
            folders: BTreeMap::new(),
            last_validity: validity,
        };
        person.create("INBOX", Some(Role::Inbox));
        person
    }

    /// Makes a mailbox; `false` if it is there already or there are too many.
    pub fn create(&mut self, name: &str, role: Option<Role>) -> bool {
        if self.folders.contains_key(name) || self.folders.len() >= MAX_MAILBOXES {
            return false;
        }
        self.last_validity = self.last_validity.saturating_add(1).max(1);
        let folder = Folder {
            role,
            subscribed: true,
            validity: self.last_validity,
            next: 1,
            messages: Vec::new(),
        };
        self.folders.insert(name.to_owned(), folder);
        true
    }

    /// Copies messages by UID to another mailbox: pairs of old and new UID; `None` if one of the
    /// mailboxes is missing or the second one is full.
    pub fn copy(&mut self, from: &str, uids: &[u32], to: &str) -> Option<Vec<(u32, u32)>> {
        let source = self.folders.get(from)?;
        let copies: Vec<Stored> = uids
            .iter()
            .filter_map(|u| source.get(*u).cloned())
            .collect();
        let target = self.folders.get_mut(to)?;
        if target.messages.len() + copies.len() > MAX_MESSAGES {
            return None;
        }
        let pairs = copies.into_iter().filter_map(|m| {
            let new = target.add(m.raw, m.flags, m.date)?;
            Some((m.uid, new))
        });
        Some(pairs.collect())
    }

    /// Removes messages by UID.
    pub fn remove(&mut self, from: &str, uids: &[u32]) {
        if let Some(folder) = self.folders.get_mut(from) {
            folder.messages.retain(|m| !uids.contains(&m.uid));
        }
    }
}

/// Everything that changes.
#[derive(Default)]
pub struct World {
    /// The accounts.
    pub people: Vec<Person>,
    bells: BTreeMap<u64, UnixStream>,
    next_bell: u64,
}

impl World {
    /// The account whose login name or address this is, without regard to case.
    pub fn person(&mut self, email: &str) -> Option<&mut Person> {
        self.people
            .iter_mut()
            .find(|p| p.email.eq_ignore_ascii_case(email))
    }

    /// Whether mail for this domain is ours to deliver or refuse.
    pub fn is_local(&self, domain: &str) -> bool {
        let of = |p: &Person| {
            p.email
                .rsplit_once('@')
                .is_some_and(|(_, d)| d.eq_ignore_ascii_case(domain))
        };
        self.people.iter().any(of)
    }

    /// Wakes every session, so that each looks for what its client has not been told.
    pub fn ring(&mut self) {
        for bell in self.bells.values_mut() {
            // A full pipe is a session that has been woken already.
            let _ = bell.write(b"!");
        }
    }
}

/// A message that one of the cast may answer.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The address that it was written to.
    pub by: String,
    /// The account that wrote it.
    pub to: String,
    /// The message.
    pub raw: Vec<u8>,
}

/// The world with its lock, the password of this run and the word to stop.
pub struct Shared {
    world: Mutex<World>,
    /// The password of every account.
    pub password: String,
    stop: AtomicBool,
    wishes: Mutex<Option<Sender<Wish>>>,
}

impl Shared {
    /// A world of these people.
    pub fn new(people: Vec<Person>, password: String) -> Shared {
        Shared {
            world: Mutex::new(World {
                people,
                ..World::default()
            }),
            password,
            stop: AtomicBool::new(false),
            wishes: Mutex::new(None),
        }
    }

    /// The world, locked. A panic elsewhere leaves it usable.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the password of that login name is right, compared in constant time.
    pub fn knows(&self, user: &str, password: &[u8]) -> bool {
        let ours = self.password.as_bytes();
        let differs = ours.len() ^ password.len();
        let differs = ours
            .iter()
            .zip(password)
            .fold(differs, |acc, (a, b)| acc | usize::from(a ^ b));
        differs == 0 && self.world().person(user).is_some()
    }

    /// A bell for a session: its number, and the end to wait at.
    ///
    /// # Errors
    /// When no descriptor is to be had.
    pub fn bell(&self) -> std::io::Result<(u64, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let mut world = self.world();
        let id = world.next_bell;
        world.next_bell += 1;
        world.bells.insert(id, ours);
        Ok((id, theirs))
    }

    /// Takes a session's bell away.
    pub fn unhang(&self, id: u64) {
        self.world().bells.remove(&id);
    }

    /// Tells every thread to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.hear_wishes(None);
        self.world().ring();
    }

    /// Where wishes for an answer go from now on; `None`: nowhere.
    pub fn hear_wishes(&self, ear: Option<Sender<Wish>>) {
        *self.wishes.lock().unwrap_or_else(PoisonError::into_inner) = ear;
    }

    /// Wishes for an answer; nobody waits for it.
    pub fn wish(&self, wish: Wish) {
        let wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ear) = &*wishes {
            // A full channel is somebody who has enough to answer.
            let _ = ear.try_send(wish);
        }
    }

    /// Whether the end has been called.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Puts a message into somebody's INBOX and wakes everybody; `false` if there is no such
    /// person or no room.
    pub fn deliver(&self, email: &str, raw: &[u8], date: i64) -> bool {
        let mut world = self.world();
        let Some(person) = world.person(email) else {
            return false;
        };
        let added = person
            .folders
            .get_mut("INBOX")
            .and_then(|f| f.add(raw.into(), Flags::default(), date));
        world.ring();
        added.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::System;

    #[test]
    fn uids_ascend_and_a_mailbox_made_again_is_another_one() {
        let mut p = Person::new("a", "a@example.org", "A", 41);
        let inbox = p.folders.get_mut("INBOX").unwrap();
        assert_eq!(inbox.add(b"x"[..].into(), Flags::default(), 0), Some(1));
        assert_eq!(inbox.add(b"y"[..].into(), Flags::default(), 0), Some(2));
        p.remove("INBOX", &[2]);
        let inbox = p.folders.get_mut("INBOX").unwrap();
        assert_eq!(inbox.add(b"z"[..].into(), Flags::default(), 0), Some(3));
        assert!(p.create("X", None) && !p.create("X", None));
        let first = p.folders.remove("X").unwrap().validity;
        assert!(p.create("X", None));
        assert_ne!(p.folders["X"].validity, first);
    }

    #[test]
    fn a_copy_keeps_flags_and_date_and_skips_what_is_gone() {
        let mut p = Person::new("a", "a@example.org", "A", 1);
        p.create("B", None);
        let inbox = p.folders.get_mut("INBOX").unwrap();
        inbox.add(b"x"[..].into(), Flags::of(System::FLAGGED), 77);
        assert_eq!(p.copy("INBOX", &[1, 9], "B").unwrap(), [(1, 1)]);
        assert_eq!(p.copy("INBOX", &[1], "C"), None);
        let copy = p.folders["B"].get(1).unwrap();
        assert!(copy.flags.system.has(System::FLAGGED) && copy.date == 77);
    }

    #[test]
    fn passwords_and_domains() {
        let s = Shared::new(
            vec![Person::new("a", "a@example.org", "A", 1)],
            "pw".to_owned(),
        );
        assert!(s.knows("A@example.ORG", b"pw"));
        assert!(!s.knows("a@example.org", b"p") && !s.knows("a@example.org", b"pwx"));
        assert!(!s.knows("b@example.org", b"pw"));
        assert!(s.world().is_local("EXAMPLE.org") && !s.world().is_local("example.com"));
    }
}
