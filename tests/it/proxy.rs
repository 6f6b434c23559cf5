//! A man in the middle who does no harm until told: counts and remembers the bytes that pass, and
//! at a given byte holds everything still (so that the test can kill), cuts the connection, resets
//! it, or lets it through in drops. He can also take every connection away without a packet, as a
//! router does that has forgotten them.

#![allow(
    dead_code,
    reason = "a rig has what the next test will want: none is to cut connections its own way"
)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the program to the server.
    Up,
    /// From the server to the program.
    Down,
}

/// What happens at the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Nothing passes any more until [`Proxy::disarm`].
    Hold,
    /// The connection ends in good order; later ones pass.
    Cut,
    /// The connection is reset (RST); later ones pass.
    Reset,
    /// From here on that way has every octet in a packet of its own, slowly.
    Drip,
}

#[derive(Default)]
struct Inside {
    up: u64,
    down: u64,
    said: Vec<u8>,
    heard: Vec<u8>,
    trap: Option<(Way, u64, Deed)>,
    sprung: bool,
    /// Of each connection the client's socket and the server's.
    sockets: Vec<[TcpStream; 2]>,
    opened: usize,
    /// So many connections, from the first, lead nowhere.
    vanished: usize,
}

impl Inside {
    fn forget(&mut self) {
        (self.up, self.down, self.sprung) = (0, 0, false);
        self.said.clear();
        self.heard.clear();
    }
}

/// A running proxy; it lives as long as the process.
pub struct Proxy {
    /// Its port.
    pub port: u16,
    inside: Arc<(Mutex<Inside>, Condvar)>,
}

impl Proxy {
    /// Listens at `address` and connects to a port on 127.0.0.1.
    pub fn start(address: &str, to: u16) -> Proxy {
        let door = TcpListener::bind((address, 0)).unwrap();
        let port = door.local_addr().unwrap().port();
        let inside = Arc::new((Mutex::new(Inside::default()), Condvar::new()));
        let shared = Arc::clone(&inside);
        std::thread::spawn(move || {
            for client in door.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                let pair = || (client.try_clone().unwrap(), server.try_clone().unwrap());
                let mut now = shared.0.lock().unwrap();
                now.sockets.push([pair().0, pair().1]);
                now.opened += 1;
                let number = now.opened;
                drop(now);
                for (way, (client, server)) in [(Way::Up, pair()), (Way::Down, pair())] {
                    let shared = Arc::clone(&shared);
                    std::thread::spawn(move || match way {
                        Way::Up => pass(way, number, client, server, &shared),
                        Way::Down => pass(way, number, server, client, &shared),
                    });
                }
            }
        });
        Proxy { port, inside }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.0.lock().unwrap()
    }

    /// Counts from nought, and does the deed once `at` bytes have passed that way.
    pub fn arm(&self, way: Way, at: u64, deed: Deed) {
        let mut now = self.lock();
        now.forget();
        now.trap = Some((way, at, deed));
    }

    /// Counts from nought without any trap, and ends every connection that there was.
    pub fn disarm(&self) {
        let mut now = self.lock();
        now.forget();
        now.trap = None;
        for socket in now.sockets.drain(..).flatten() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.inside.1.notify_all();
    }

    /// From here on the connections that there are lead nowhere: no octet, no acknowledgement, no
    /// end. Later ones pass. How many there were.
    pub fn vanish(&self) -> usize {
        let mut now = self.lock();
        // Of every packet the filter keeps nothing, so that nothing is acknowledged either.
        let nothing = [socket2::SockFilter::new(6, 0, 0, 0)];
        for [client, _] in &now.sockets {
            let _ = socket2::SockRef::from(client).attach_filter(&nothing);
        }
        let before = now.vanished;
        now.vanished = now.opened;
        now.vanished - before
    }

    /// How many connections there were so far.
    pub fn opened(&self) -> usize {
        self.lock().opened
    }

    /// How many bytes passed: up, down.
    pub fn passed(&self) -> (u64, u64) {
        let now = self.lock();
        (now.up, now.down)
    }

    /// What the program said since the last word to this proxy, all its connections in a row.
    pub fn said(&self) -> Vec<u8> {
        self.lock().said.clone()
    }

    /// What the server said.
    pub fn heard(&self) -> Vec<u8> {
        self.lock().heard.clone()
    }

    /// Waits until the trap was sprung, or `over` says that it never will be.
    pub fn wait_sprung(&self, mut over: impl FnMut() -> bool) -> bool {
        let mut now = self.lock();
        while !now.sprung && !over() {
            let tick = Duration::from_millis(20);
            now = self.inside.1.wait_timeout(now, tick).unwrap().0;
        }
        now.sprung
    }
}

fn pass(
    way: Way,
    number: usize,
    mut from: TcpStream,
    mut to: TcpStream,
    shared: &(Mutex<Inside>, Condvar),
) {
    let mut buffer = [0; 4096];
    loop {
        let n = from.read(&mut buffer).unwrap_or(0);
        let mut now = shared.0.lock().unwrap();
        if number <= now.vanished {
            return;
        }
        if n == 0 {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        let gone = if way == Way::Up { now.up } else { now.down };
        let left = match now.trap {
            Some((trapped, at, _)) if trapped == way && !now.sprung => at.saturating_sub(gone),
            _ => u64::MAX,
        };
        let taken = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        match way {
            Way::Up => {
                now.up += taken as u64;
                now.said.extend_from_slice(&buffer[..taken]);
            }
            Way::Down => {
                now.down += taken as u64;
                now.heard.extend_from_slice(&buffer[..taken]);
            }
        }
        let deed = now.trap.filter(|_| taken < n || now.sprung).map(|t| t.2);
        if taken < n {
            // What goes before the byte still arrives.
            let _ = to.write_all(&buffer[..taken]);
            now.sprung = true;
            shared.1.notify_all();
        }
        match deed {
            Some(Deed::Hold) => {
                drop(shared.1.wait_while(now, |i| i.trap.is_some()).unwrap());
                return;
            }
            Some(Deed::Cut) if taken < n => {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                return;
            }
            Some(Deed::Reset) if taken < n => {
                // To connect to nothing is how a socket that others hold too is torn.
                for socket in [&from, &to] {
                    let _ = rustix::net::connect_unspec(socket);
                }
                return;
            }
            Some(Deed::Drip) if taken < n => {
                drop(now);
                drip(&buffer[taken..n], from, &mut to);
                return;
            }
            _ => drop(now),
        }
        if to.write_all(&buffer[..taken]).is_err() {
            return;
        }
    }
}

/// Passes the rest of a connection an octet at a time; the pauses are the fault, nobody waits for
/// them.
fn drip(first: &[u8], mut from: TcpStream, to: &mut TcpStream) {
    let _ = to.set_nodelay(true);
    let mut buffer = [0; 64];
    let mut now = first.to_vec();
    loop {
        for octet in &now {
            if to.write_all(&[*octet]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        let n = from.read(&mut buffer).unwrap_or(0);
        if n == 0 {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        now = buffer[..n].to_vec();
    }
}
