//! A connection as a session sees it: bytes that come, a bell that rings, an end.
//!
//! One wait covers all three, so an idling session costs nothing and is told of a new message at
//! once. Every wait ends by itself, every write too: a client that hangs can't keep a thread.

use super::world::Shared;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a client may say nothing (RFC 3501 §5.4 asks for 30 minutes at least).
const PATIENCE: Duration = Duration::from_secs(31 * 60);
/// How long a client may refuse to take what was written.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// What a wait ended with.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// So many bytes came into the buffer.
    Bytes(usize),
    /// Something changed in the world.
    Rung,
    /// The client left, the server stops, or patience ran out.
    End,
}

/// One client.
pub struct Peer {
    socket: TcpStream,
    bell: UnixStream,
    bell_id: u64,
    shared: Arc<Shared>,
}

impl Peer {
    /// Takes an accepted connection over.
    ///
    /// # Errors
    /// When the socket can't be set up.
    pub fn new(socket: TcpStream, shared: &Arc<Shared>) -> io::Result<Peer> {
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(WRITE_PATIENCE))?;
        let (bell_id, bell) = shared.bell()?;
        Ok(Peer {
            socket,
            bell,
            bell_id,
            shared: Arc::clone(shared),
        })
    }

    /// The world that this client is served from.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits for bytes or for the bell.
    pub fn wait(&mut self, buffer: &mut [u8]) -> Event {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.shared.stopped() {
                return Event::End;
            }
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(1),
                tv_nsec: 0,
            };
            let mut fds = [
                PollFd::new(&self.bell, PollFlags::IN),
                PollFd::new(&self.socket, PollFlags::IN),
            ];
            match poll(&mut fds, Some(&timeout)) {
                Err(e) if e == rustix::io::Errno::INTR => continue,
                Err(_) => return Event::End,
                Ok(0) => return Event::End,
                Ok(_) => {}
            }
            let [bell, socket] = &fds;
            let (rung, readable) = (!bell.revents().is_empty(), !socket.revents().is_empty());
            if rung {
                let mut sink = [0; 256];
                while matches!(self.bell.read(&mut sink), Ok(n) if n > 0) {}
                return if self.shared.stopped() {
                    Event::End
                } else {
                    Event::Rung
                };
            }
            if readable {
                return match self.socket.read(buffer) {
                    Ok(0) => Event::End,
                    Ok(n) => Event::Bytes(n),
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => Event::End,
                };
            }
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the client is gone or takes nothing for too long.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.unhang(self.bell_id);
    }
}
