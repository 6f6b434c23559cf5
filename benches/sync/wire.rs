//! Between the program and the server, in the clear on loopback: what passes is counted, and when
//! the server said something is known to the instant.

use crate::pty::PATIENCE;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often is looked whether it has.
const TICK: Duration = Duration::from_millis(10);

/// What passed since it was last forgotten.
#[derive(Clone, Default)]
pub struct Passed {
    /// Octets from the program.
    pub up: u64,
    /// Octets from the server.
    pub down: u64,
    /// How often the program spoke after the server had: each is a round trip that it waited for.
    pub turns: u64,
    /// What the program said, a line a command.
    pub said: Vec<String>,
    /// When the server first said what is listened for.
    pub told: Option<Instant>,
}

#[derive(Default)]
struct Inside {
    passed: Passed,
    wanted: Vec<&'static [u8]>,
}

/// A running proxy; it lives as long as the process.
pub struct Wire {
    /// Its port.
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
}

impl Wire {
    /// Listens on loopback and connects to a port there.
    pub fn to(server: u16) -> Wire {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Inside::default()));
        let shared = Arc::clone(&inside);
        std::thread::spawn(move || {
            for client in door.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let waits = Arc::new(Mutex::new(true));
                for up in [true, false] {
                    let (a, b) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                    let (from, to) = if up { (a, b) } else { (b, a) };
                    let (waits, shared) = (Arc::clone(&waits), Arc::clone(&shared));
                    std::thread::spawn(move || pass(up, from, to, &waits, &shared));
                }
            }
        });
        Wire { port, inside }
    }

    /// An account that goes through here, without bodies.
    pub fn account(&self, user: &str) -> String {
        format!(
            "[[account]]\nname = \"bench\"\nemail = \"{user}@example.test\"\nuser = \"{user}\"\n\
             password-command = [\"echo\", \"secret\"]\nbodies = \"none\"\n\
             imap = {{ host = \"127.0.0.1\", port = {}, security = \"none\" }}\n\
             smtp = {{ host = \"127.0.0.1\", port = 9, security = \"none\" }}\n",
            self.port
        )
    }

    /// Counts from nought and listens for the first of these.
    pub fn forget(&self, wanted: &[&'static [u8]]) {
        *self.inside.lock().unwrap() = Inside {
            passed: Passed::default(),
            wanted: wanted.to_vec(),
        };
    }

    /// Waits until the program has said a command with this word in it.
    pub fn wait_said(&self, word: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.passed().said.iter().any(|l| l.contains(word)) {
            assert!(Instant::now() < until, "the program never said {word}");
            std::thread::sleep(TICK);
        }
    }

    /// Waits until nothing has passed for a while: both sides are done with what was before.
    pub fn settle(&self) {
        let sum = || {
            let passed = self.inside.lock().unwrap();
            passed.passed.up + passed.passed.down
        };
        let (mut last, mut since) = (sum(), Instant::now());
        while since.elapsed() < 30 * TICK {
            std::thread::sleep(TICK);
            let now = sum();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }

    /// What passed.
    pub fn passed(&self) -> Passed {
        self.inside.lock().unwrap().passed.clone()
    }
}

fn pass(
    up: bool,
    mut from: TcpStream,
    mut to: TcpStream,
    waits: &Mutex<bool>,
    shared: &Mutex<Inside>,
) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = from.read(&mut buffer).unwrap_or(0);
        let at = Instant::now();
        if n == 0 || to.write_all(&buffer[..n]).is_err() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        let turned = std::mem::replace(&mut *waits.lock().unwrap(), !up);
        let mut inside = shared.lock().unwrap();
        if !up {
            inside.passed.down += n as u64;
            let heard = |w: &&[u8]| buffer[..n].windows(w.len()).any(|x| x == *w);
            if inside.passed.told.is_none() && inside.wanted.iter().any(heard) {
                inside.passed.told = Some(at);
            }
            continue;
        }
        inside.passed.up += n as u64;
        inside.passed.turns += u64::from(turned);
        // A literal's octets would count as lines too; the cases that count send none.
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        inside.passed.said.extend(text.lines().map(str::to_owned));
    }
}
