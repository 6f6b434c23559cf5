//! What the server knows: people, and who is to be told.
//!
//! Everything is behind one lock, held for the length of one change and never across a socket.
//! A session learns of changes by comparing what it last told its client with what is here, so
//! there is no queue that could overflow; the bell it is woken by carries nothing.

use super::offer::Offer;
use super::person::Person;
use crate::model::Flags;
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many different verbs are counted.
const MAX_VERBS: usize = 200;

/// Everything that changes.
#[derive(Default)]
pub struct World {
    /// The accounts.
    pub people: Vec<Person>,
    bells: BTreeMap<u64, UnixStream>,
    next_bell: u64,
    /// How many times every connection has been cut.
    pub cuts: u64,
    /// Which commands came, and how often.
    verbs: BTreeMap<String, u64>,
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
    /// What the IMAP server can do.
    pub offer: Offer,
    stop: AtomicBool,
    wishes: Mutex<Option<Sender<Wish>>>,
}

impl Shared {
    /// A world of these people.
    pub fn new(people: Vec<Person>, password: String, offer: Offer) -> Shared {
        Shared {
            world: Mutex::new(World {
                people,
                ..World::default()
            }),
            password,
            offer,
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

    /// Notes that a command came; `verb` in capitals, with `UID` before it if that was said.
    pub fn count(&self, verb: &str) {
        let mut world = self.world();
        if world.verbs.contains_key(verb) || world.verbs.len() < MAX_VERBS {
            *world.verbs.entry(verb.to_owned()).or_default() += 1;
        }
    }

    /// How often which command came since the start, or since it was last forgotten.
    pub fn commands(&self) -> BTreeMap<String, u64> {
        self.world().verbs.clone()
    }

    /// Counts commands from zero again.
    pub fn forget_commands(&self) {
        self.world().verbs.clear();
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
        let added = person.add("INBOX", raw.into(), Flags::default(), date);
        world.ring();
        added.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::offer::Shape;

    #[test]
    fn passwords_and_domains() {
        let s = Shared::new(
            vec![Person::new("a", "a@example.org", "A", 1, &Shape::default())],
            "pw".to_owned(),
            Offer::default(),
        );
        assert!(s.knows("A@example.ORG", b"pw"));
        assert!(!s.knows("a@example.org", b"p") && !s.knows("a@example.org", b"pwx"));
        assert!(!s.knows("b@example.org", b"pw"));
        assert!(s.world().is_local("EXAMPLE.org") && !s.world().is_local("example.com"));
    }

    #[test]
    fn verbs_are_counted_and_not_too_many() {
        let s = Shared::new(vec![], String::new(), Offer::default());
        s.count("NOOP");
        s.count("NOOP");
        assert_eq!(s.commands(), [("NOOP".to_owned(), 2)].into());
        for n in 0..1000 {
            s.count(&format!("X{n}"));
        }
        assert_eq!(s.commands().len(), MAX_VERBS);
    }
}
