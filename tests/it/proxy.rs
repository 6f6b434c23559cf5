//! A man in the middle who does no harm until told: counts the bytes that pass, and at a given
//! byte holds everything still (so that the test can kill) or cuts the connection.

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
    /// The connection ends; later ones pass.
    Cut,
}

#[derive(Default)]
struct Inside {
    up: u64,
    down: u64,
    trap: Option<(Way, u64, Deed)>,
    sprung: bool,
    sockets: Vec<TcpStream>,
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
                now.sockets.extend([pair().0, pair().1]);
                drop(now);
                for (way, (client, server)) in [(Way::Up, pair()), (Way::Down, pair())] {
                    let shared = Arc::clone(&shared);
                    std::thread::spawn(move || match way {
                        Way::Up => pass(way, client, server, &shared),
                        Way::Down => pass(way, server, client, &shared),
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
        (now.up, now.down, now.sprung) = (0, 0, false);
        now.trap = Some((way, at, deed));
    }

    /// Counts from nought without any trap, and ends every connection that there was.
    pub fn disarm(&self) {
        let mut now = self.lock();
        (now.up, now.down, now.sprung, now.trap) = (0, 0, false, None);
        for socket in now.sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.inside.1.notify_all();
    }

    /// How many bytes passed: up, down.
    pub fn passed(&self) -> (u64, u64) {
        let now = self.lock();
        (now.up, now.down)
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

fn pass(way: Way, mut from: TcpStream, mut to: TcpStream, shared: &(Mutex<Inside>, Condvar)) {
    let mut buffer = [0; 4096];
    loop {
        let n = from.read(&mut buffer).unwrap_or(0);
        if n == 0 {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        let mut now = shared.0.lock().unwrap();
        let gone = if way == Way::Up { now.up } else { now.down };
        let left = match now.trap {
            Some((trapped, at, _)) if trapped == way && !now.sprung => at.saturating_sub(gone),
            _ => u64::MAX,
        };
        let taken = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        match way {
            Way::Up => now.up += taken as u64,
            Way::Down => now.down += taken as u64,
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
            _ => drop(now),
        }
        if to.write_all(&buffer[..taken]).is_err() {
            return;
        }
    }
}
