//! A connection as a session sees it: bytes that come, a bell that rings, an end.
//!
//! One wait covers all three, so an idling session costs nothing and is told of a new message at
//! once. Every wait ends by itself, every write too: a client that hangs can't keep a thread.
//!
//! From COMPRESS on both directions are one deflate stream each (RFC 4978), flushed with every
//! answer.

use super::world::Shared;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
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
    /// The connection is to end without a word.
    Cut,
}

/// One client.
pub struct Peer {
    socket: TcpStream,
    bell: UnixStream,
    bell_id: u64,
    shared: Arc<Shared>,
    cuts: u64,
    squeeze: Option<Squeeze>,
}

/// Both directions compressed.
struct Squeeze {
    out: Compress,
    inn: Decompress,
    /// Compressed bytes that came and are not inflated yet.
    pending: Vec<u8>,
    /// What was inflated may not have been all that is in there.
    full: bool,
}

impl Squeeze {
    /// Inflates what came into the buffer; how much that gave, `None` if it is no deflate stream.
    fn inflate(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let (taken, given) = (self.inn.total_in(), self.inn.total_out());
        let status = self
            .inn
            .decompress(&self.pending, buffer, FlushDecompress::Sync);
        let taken = usize::try_from(self.inn.total_in() - taken).ok()?;
        let given = usize::try_from(self.inn.total_out() - given).ok()?;
        self.pending.drain(..taken.min(self.pending.len()));
        self.full = given == buffer.len();
        match status {
            Ok(Status::Ok | Status::BufError) => Some(given),
            Ok(Status::StreamEnd) | Err(_) => None,
        }
    }

    fn deflate(&mut self, mut bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let before = self.out.total_in();
            all.reserve(bytes.len() / 2 + 1024);
            self.out
                .compress_vec(bytes, &mut all, FlushCompress::Sync)
                .map_err(io::Error::other)?;
            let taken = usize::try_from(self.out.total_in() - before).unwrap_or(usize::MAX);
            bytes = bytes.get(taken..).unwrap_or_default();
            // Room that is left is a flush that is done.
            if bytes.is_empty() && all.len() < all.capacity() {
                return Ok(all);
            }
        }
    }
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
        let cuts = shared.world().cuts;
        Ok(Peer {
            socket,
            bell,
            bell_id,
            shared: Arc::clone(shared),
            cuts,
            squeeze: None,
        })
    }

    /// The world that this client is served from.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// From now on everything is compressed.
    pub fn compress(&mut self) {
        self.squeeze = Some(Squeeze {
            out: Compress::new(Compression::default(), false),
            inn: Decompress::new(false),
            full: false,
            pending: Vec::new(),
        });
    }

    /// Whether everything is compressed.
    pub fn is_compressed(&self) -> bool {
        self.squeeze.is_some()
    }

    /// Waits for bytes or for the bell.
    pub fn wait(&mut self, buffer: &mut [u8]) -> Event {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(squeeze) = self.squeeze.as_mut().filter(|s| s.full) {
                match squeeze.inflate(buffer) {
                    None => return Event::End,
                    Some(0) => {}
                    Some(n) => return Event::Bytes(n),
                }
            }
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
                let cut = self.shared.world().cuts != self.cuts;
                return if cut {
                    Event::Cut
                } else if self.shared.stopped() {
                    Event::End
                } else {
                    Event::Rung
                };
            }
            if readable {
                return match self.socket.read(buffer) {
                    Ok(0) => Event::End,
                    Ok(n) => {
                        let Some(squeeze) = self.squeeze.as_mut() else {
                            return Event::Bytes(n);
                        };
                        let came = buffer.get(..n).unwrap_or_default();
                        squeeze.pending.extend_from_slice(came);
                        squeeze.full = true;
                        continue;
                    }
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
        match self.squeeze.as_mut() {
            Some(_) if bytes.is_empty() => Ok(()),
            Some(squeeze) => {
                let bytes = squeeze.deflate(bytes)?;
                self.socket.write_all(&bytes)
            }
            None => self.socket.write_all(bytes),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.unhang(self.bell_id);
    }
}
