//! The demo as one value: started, asked for its accounts, stopped by dropping it.

use super::drip;
use super::hand::Hand;
use super::imap;
use super::offer::{self, Offer, Shape};
use super::person::{Person, QUOTA};
use super::seed;
use super::smtp;
use super::wire::Peer;
use super::world::Shared;
use crate::model::{
    Account, AccountName, Endpoint, Reach, Secret, SecretSource, Security, SyncPolicy,
    account::SecretText,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The most connections at a time, both servers together.
const MAX_CONNECTIONS: usize = 100;

/// What a demo is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides names, ages and order of the letters; the same seed gives the same mailboxes.
    pub seed: u64,
    /// Whether there are letters at all; without them every mailbox is empty.
    pub letters: bool,
    /// How often a new message drops in, and five times how long the people written to take to
    /// answer; `None`: nothing happens by itself.
    pub drip: Option<Duration>,
    /// Capabilities of the IMAP server that are not offered, as [`offer::ALL`]
    /// spells them, without regard to case. What needs one of them is not offered either.
    pub without: BTreeSet<String>,
    /// Whether the IMAP server is like Gmail: mailboxes are labels, X-GM-EXT-1 is offered, and
    /// what Gmail lacks is not. `delimiter` and `prefix` mean nothing then.
    pub gmail: bool,
    /// Between the levels of a mailbox's name.
    pub delimiter: char,
    /// What every mailbox's name but INBOX begins with, its delimiter included.
    pub prefix: String,
    /// The most bytes that an account may hold (RFC 9208).
    pub quota: u64,
}

impl Default for Options {
    /// The seed of `postrider demo`, a new message about every 20 seconds, and every capability.
    fn default() -> Options {
        Options {
            seed: 7,
            letters: true,
            drip: Some(Duration::from_secs(20)),
            without: BTreeSet::new(),
            gmail: false,
            delimiter: '/',
            prefix: String::new(),
            quota: QUOTA,
        }
    }
}

impl Options {
    /// The same letters, and nothing that happens by itself: for tests.
    pub fn still() -> Options {
        Options {
            drip: None,
            ..Options::default()
        }
    }

    /// No letters, and nothing that happens by itself: for tests that bring their own.
    pub fn empty() -> Options {
        Options {
            letters: false,
            ..Options::still()
        }
    }

    /// The same without these capabilities.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Options {
        self.without.extend(names.iter().map(|n| (*n).to_owned()));
        self
    }

    /// The same as bare IMAP4rev1: no extension at all.
    #[must_use]
    pub fn bare(self) -> Options {
        self.without(&offer::ALL)
    }

    fn shape(&self) -> Shape {
        match self.gmail {
            true => Shape {
                gmail: true,
                ..Shape::default()
            },
            false => Shape {
                delimiter: self.delimiter,
                prefix: self.prefix.clone(),
                gmail: false,
            },
        }
    }
}

/// A running server; dropping it stops it and its threads.
pub struct Demo {
    shared: Arc<Shared>,
    accounts: Vec<Account>,
    doors: Vec<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
}

impl Demo {
    /// Binds both servers to random ports of 127.0.0.1 and fills the mailboxes.
    ///
    /// # Errors
    /// When loopback can't be bound, threads can't be made, or there is no randomness.
    pub fn start(options: Options) -> io::Result<Demo> {
        let now = jiff::Timestamp::now().as_second();
        let validity = u32::try_from(now).unwrap_or(1);
        let shape = options.shape();
        let mut people = match options.letters {
            true => seed::people(options.seed, now, validity, &shape),
            false => seed::bare(validity, &shape),
        };
        for person in &mut people {
            person.quota = options.quota;
        }
        let offer = Offer::new(&options.without, options.gmail);
        let mut demo = Demo::serve(people, offer)?;
        if let Some(every) = options.drip {
            demo.drip(options.seed, every)?;
        }
        Ok(demo)
    }

    fn drip(&mut self, seed: u64, every: Duration) -> io::Result<()> {
        let (ear, wishes) = crossbeam_channel::bounded(16);
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name("demo-drip".to_owned())
            .spawn(move || drip::run(&shared, seed, every, &wishes))?;
        // Taken away by `stop`, which ends the thread.
        self.shared.hear_wishes(Some(ear));
        self.threads.push(thread);
        Ok(())
    }

    fn serve(people: Vec<Person>, offer: Offer) -> io::Result<Demo> {
        let password = password()?;
        let imap_door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let smtp_door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let doors = vec![imap_door.local_addr()?, smtp_door.local_addr()?];
        let ports: Vec<u16> = doors.iter().map(SocketAddr::port).collect();
        let (imap_port, smtp_port) = (
            ports.first().copied().unwrap_or(0),
            ports.last().copied().unwrap_or(0),
        );
        let accounts = people
            .iter()
            .map(|p| account(p, &password, imap_port, smtp_port))
            .collect();
        let mut demo = Demo {
            shared: Arc::new(Shared::new(people, password, offer)),
            accounts,
            doors,
            threads: Vec::new(),
        };
        // From here on an error drops `demo`, and with it what runs already.
        let open = Arc::new(AtomicUsize::new(0));
        demo.doorkeeper("demo-imap", imap_door, imap::serve, &open)?;
        demo.doorkeeper("demo-smtp", smtp_door, smtp::serve, &open)?;
        Ok(demo)
    }

    fn doorkeeper(
        &mut self,
        name: &'static str,
        door: TcpListener,
        serve: fn(Peer),
        open: &Arc<AtomicUsize>,
    ) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let open = Arc::clone(open);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || keep(name, &door, serve, &shared, &open))?;
        self.threads.push(thread);
        Ok(())
    }

    /// The two accounts, ready to be given to a client: real ports, password in memory.
    pub fn accounts(&self) -> Vec<Account> {
        self.accounts.clone()
    }

    /// Puts a message into an account's INBOX, as a delivery would, and tells every connection.
    /// `false` if there is no such account or its INBOX is full.
    pub fn deliver(&self, account: &str, raw: &[u8]) -> bool {
        let found = self.accounts.iter().find(|a| a.name.as_str() == account);
        let now = jiff::Timestamp::now().as_second();
        found.is_some_and(|a| self.shared.deliver(&a.email, raw, now))
    }
}

impl Demo {
    /// A hand on an account, by its short name: for tests that act as another client, and that
    /// look at what is there. `None` if there is no such account.
    pub fn hand(&self, account: &str) -> Option<Hand> {
        let found = self.accounts.iter().find(|a| a.name.as_str() == account);
        found.map(|a| Hand::new(&self.shared, &a.email))
    }

    /// Which IMAP commands came from all clients, and how often: by verb in capitals, with `UID `
    /// before it if that was said (`UID FETCH`). `DONE` and what follows AUTHENTICATE are none.
    pub fn commands(&self) -> BTreeMap<String, u64> {
        self.shared.commands()
    }

    /// Counts commands from zero again.
    pub fn forget_commands(&self) {
        self.shared.forget_commands();
    }

    /// Cuts every connection that is open now, without a word, as a network does.
    pub fn cut(&self) {
        let mut world = self.shared.world();
        world.cuts += 1;
        world.ring();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.shared.stop();
        for door in &self.doors {
            // Accepting ends with this one; it needs no answer.
            let _ = TcpStream::connect_timeout(door, Duration::from_secs(1));
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Accepts clients, a thread each, until the world stops; then waits for them.
fn keep(
    name: &'static str,
    door: &TcpListener,
    serve: fn(Peer),
    shared: &Arc<Shared>,
    open: &Arc<AtomicUsize>,
) {
    let mut guests: Vec<JoinHandle<()>> = Vec::new();
    loop {
        let accepted = door.accept();
        if shared.stopped() {
            break;
        }
        let Ok((socket, _)) = accepted else {
            // Out of descriptors, most likely; some will be given back.
            std::thread::park_timeout(Duration::from_millis(50));
            continue;
        };
        guests.retain(|g| !g.is_finished());
        if open.load(Ordering::SeqCst) >= MAX_CONNECTIONS {
            continue;
        }
        let Ok(peer) = Peer::new(socket, shared) else {
            continue;
        };
        let seat = Seat(Arc::clone(open));
        open.fetch_add(1, Ordering::SeqCst);
        let guest = std::thread::Builder::new()
            .name(format!("{name}-client"))
            .spawn(move || {
                let _seat = seat;
                serve(peer);
            });
        guests.extend(guest);
    }
    for guest in guests {
        let _ = guest.join();
    }
}

/// A place taken by a connection, given back however its thread ends.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn password() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

fn account(person: &Person, password: &str, imap: u16, smtp: u16) -> Account {
    let endpoint = |port| Endpoint {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        pin_sha256: None,
    };
    Account {
        name: AccountName(person.name.clone()),
        email: person.email.clone(),
        full_name: person.full_name.clone(),
        user: person.email.clone(),
        secret: SecretSource::Memory(SecretText(Secret::new(password.to_owned()))),
        imap: endpoint(imap),
        smtp: endpoint(smtp),
        ca_file: None,
        sync: SyncPolicy {
            bodies: Reach::All,
            ..SyncPolicy::default()
        },
        save_sent: Some(true),
        mirror_drafts: false,
        archive: crate::model::ArchiveBy::default(),
        auth: crate::model::Auth::Password,
        identities: Vec::new(),
        sendmail: None,
        authserv_id: Vec::new(),
        future_release: false,
        signature: None,
    }
}
