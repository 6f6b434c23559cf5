//! A connection whose every wait has a deadline and can be ended from outside.
//!
//! The socket does not block; waiting is `poll` on the socket and, where asked for, on a bell. TLS
//! runs over the same socket and is put in place once ([`Stream::secure`]), when nothing that came
//! in the clear is left to be read. Compression lies above it and is put in place as late, once
//! ([`Stream::compress`]).

use crate::model::step;
use crate::net::ahead::Ahead;
use crate::net::deflate::Squeeze;
use crate::net::error::{NetError, TlsFault};
use crate::net::tls::{self, Trust};
use crate::net::web;
use native_tls::{HandshakeError, TlsStream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So much is packed at once.
const PACKED: usize = 256 << 10;

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// There is something to read, or the connection ended.
    Data,
    /// The bell rings.
    Woken,
    /// Neither, until the time was over.
    Timeout,
}

#[derive(Debug)]
enum Layer {
    Plain(TcpStream),
    Tls(Box<TlsStream<Ahead<Below>>>),
    /// A handshake failed half-way.
    Gone,
}

impl Read for Layer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Layer::Plain(socket) => socket.read(buffer),
            Layer::Tls(tls) => tls.read(buffer),
            Layer::Gone => Ok(0),
        }
    }
}

/// The socket below TLS. Its first read finds nothing, however fast the peer was: there the handshake
/// stops, and what the peer said first can be looked at before OpenSSL takes it.
#[derive(Debug)]
struct Below {
    socket: TcpStream,
    begun: bool,
}

impl Read for Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.begun, true) {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.socket.read(buffer)
    }
}

impl Write for Below {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Stream {
    layer: Layer,
    squeeze: Option<Box<Squeeze>>,
    /// When the last octets came.
    heard: Instant,
    peer: SocketAddr,
    bell: Option<Arc<OwnedFd>>,
    received: u64,
    sent: u64,
}

impl Stream {
    /// Takes a connected socket over.
    ///
    /// # Errors
    /// When the socket has ended already.
    pub fn new(socket: TcpStream, bell: Option<Arc<OwnedFd>>) -> Result<Stream, NetError> {
        let peer = socket.peer_addr().map_err(|e| NetError::io(&e))?;
        socket.set_nonblocking(true).map_err(|e| NetError::io(&e))?;
        Ok(Stream {
            layer: Layer::Plain(socket),
            squeeze: None,
            heard: Instant::now(),
            peer,
            bell,
            received: 0,
            sent: 0,
        })
    }

    /// Whether the peer's address is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.peer.ip().to_canonical().is_loopback()
    }

    /// Whether TLS is in place.
    pub fn is_secure(&self) -> bool {
        matches!(self.layer, Layer::Tls(_))
    }

    /// The certificate that the peer showed, in DER.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        match &self.layer {
            Layer::Tls(tls) => tls.peer_certificate().ok()??.to_der().ok(),
            Layer::Plain(_) | Layer::Gone => None,
        }
    }

    /// Whether compression is in place.
    pub fn is_compressed(&self) -> bool {
        self.squeeze.is_some()
    }

    /// How long nothing has come from the peer that we read.
    pub fn quiet_for(&self) -> Duration {
        self.heard.elapsed()
    }

    /// Octets received so far, after decryption and before they are unpacked.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Octets sent so far, after they were packed and before encryption.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends everything. `patience` is the longest time without any progress.
    ///
    /// # Errors
    /// [`NetError::Timeout`] or the end of the connection.
    pub fn send(&mut self, bytes: &[u8], patience: Duration) -> Result<(), NetError> {
        if self.squeeze.is_none() {
            return self.send_raw(bytes, patience);
        }
        for piece in bytes.chunks(PACKED) {
            let packed = self.squeeze.as_mut().map(|s| s.pack(piece));
            let packed = packed.transpose().map_err(|e| NetError::io(&e))?;
            self.send_raw(&packed.unwrap_or_default(), patience)?;
        }
        Ok(())
    }

    fn send_raw(&mut self, bytes: &[u8], patience: Duration) -> Result<(), NetError> {
        step("send", || self.send_all(bytes, patience))
    }

    fn send_all(&mut self, bytes: &[u8], patience: Duration) -> Result<(), NetError> {
        let mut rest = bytes;
        let mut until = Instant::now() + patience;
        let mut wanted = PollFlags::OUT;
        while !rest.is_empty() {
            match self.write_some(rest) {
                Ok(0) => return Err(NetError::Cut("the server hung up".to_owned())),
                Ok(n) => {
                    self.sent += n as u64;
                    rest = rest.get(n..).unwrap_or_default();
                    until = Instant::now() + patience;
                    wanted = PollFlags::OUT;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    if self.poll(wanted, until, false)? == Ready::Timeout {
                        return Err(NetError::Timeout);
                    }
                    // A socket that takes bytes while TLS takes none: TLS waits for the peer
                    // (it negotiates anew). Waiting for room again would spin.
                    wanted = PollFlags::IN;
                }
                Err(e) => return Err(NetError::io(&e)),
            }
        }
        Ok(())
    }

    /// Reads what is there into `buffer`, waiting for it until `until`. Never zero octets: the end
    /// of the connection is an error.
    ///
    /// # Errors
    /// [`NetError::Timeout`] or the end of the connection.
    pub fn receive(&mut self, buffer: &mut [u8], until: Instant) -> Result<usize, NetError> {
        step("receive", || self.receive_some(buffer, until))
    }

    fn receive_some(&mut self, buffer: &mut [u8], until: Instant) -> Result<usize, NetError> {
        loop {
            let before = self.squeeze.as_ref().map(|s| s.taken());
            let read = self.read_some(buffer);
            let taken = self.squeeze.as_ref().map(|s| s.taken());
            if let (Some(before), Some(taken)) = (before, taken)
                && taken > before
            {
                self.received += taken - before;
                self.heard = Instant::now();
            }
            match read {
                Ok(0) => return Err(NetError::Cut("the server hung up".to_owned())),
                Ok(n) => {
                    if before.is_none() {
                        self.received += n as u64;
                        self.heard = Instant::now();
                    }
                    return Ok(n);
                }
                Err(e) if e.kind() == ErrorKind::InvalidData && before.is_some() => {
                    return Err(NetError::Protocol(e.to_string()));
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    if self.poll(PollFlags::IN, until, false)? == Ready::Timeout {
                        return Err(NetError::Timeout);
                    }
                }
                Err(e) => return Err(NetError::io(&e)),
            }
        }
    }

    /// Waits until there is something to read, the bell rings, or `until`. To be asked only where
    /// being called away is harmless: between two responses.
    ///
    /// # Errors
    /// When waiting itself fails.
    pub fn wait(&mut self, until: Instant) -> Result<Ready, NetError> {
        if self.squeeze.as_ref().is_some_and(|s| s.has_more()) {
            return Ok(Ready::Data);
        }
        if let Layer::Tls(tls) = &self.layer {
            let decrypted = tls.buffered_read_size();
            let decrypted = decrypted.map_err(|e| NetError::Cut(e.to_string()))?;
            if decrypted > 0 || tls.get_ref().has_more() {
                return Ok(Ready::Data);
            }
        }
        self.poll(PollFlags::IN, until, true)
    }

    /// Whether bytes have arrived that nobody read yet. For STARTTLS: between the server's answer
    /// and the handshake there must be none.
    ///
    /// # Errors
    /// When looking fails.
    pub fn has_arrived(&mut self) -> Result<bool, NetError> {
        if self.poll(PollFlags::IN, Instant::now(), false)? != Ready::Data {
            return Ok(false);
        }
        match &self.layer {
            // An end can be read, too, and is nobody's word.
            Layer::Plain(socket) => match socket.peek(&mut [0; 1]) {
                Ok(0) => Err(NetError::Cut("the server hung up".to_owned())),
                Ok(_) => Ok(true),
                Err(error) => Err(NetError::io(&error)),
            },
            _ => Ok(true),
        }
    }

    /// Puts TLS in place, checking the certificate for `host`, within `patience`.
    ///
    /// # Errors
    /// Any [`TlsFault`]; bytes that arrived in the clear are [`TlsFault::Injected`]. The stream is
    /// useless afterwards.
    pub fn secure(
        &mut self,
        host: &str,
        trust: &Trust,
        patience: Duration,
    ) -> Result<(), NetError> {
        if !matches!(self.layer, Layer::Plain(_)) {
            return Err(NetError::tls_said(
                TlsFault::Handshake,
                "TLS is in place already",
            ));
        }
        let until = Instant::now() + patience;
        let Layer::Plain(socket) = std::mem::replace(&mut self.layer, Layer::Gone) else {
            return Err(NetError::Cut("the connection is gone".to_owned()));
        };
        let name = tls::server_name(host);
        let below = Below {
            socket,
            begun: false,
        };
        let mut step = trust.connector()?.connect(&name, Ahead::new(below));
        let mut first = true;
        let mut tls = loop {
            match step {
                Ok(tls) => break tls,
                Err(HandshakeError::Failure(error)) => return Err(tls::fault(&error, host)),
                Err(HandshakeError::WouldBlock(middle)) => {
                    let socket = &middle.get_ref().below().socket;
                    wait_for(socket, until)?;
                    if std::mem::take(&mut first) && web::is_page(&peek(socket)) {
                        return Err(NetError::Web);
                    }
                    step = middle.handshake();
                }
            }
        };
        trust.check(&name, &tls)?;
        tls.get_mut().begin();
        self.layer = Layer::Tls(Box::new(tls));
        Ok(())
    }

    /// Puts compression in place. `first` was read already and belongs to the compressed stream.
    pub fn compress(&mut self, first: Vec<u8>) {
        self.squeeze = Some(Box::new(Squeeze::new(first)));
    }

    /// Ends the connection in both directions at once.
    pub fn shut(&self) {
        let socket = match &self.layer {
            Layer::Plain(socket) => socket,
            Layer::Tls(tls) => &tls.get_ref().below().socket,
            Layer::Gone => return,
        };
        // It may be gone already.
        let _ = socket.shutdown(Shutdown::Both);
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.squeeze {
            Some(squeeze) => squeeze.read(&mut self.layer, buffer),
            None => self.layer.read(buffer),
        }
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Plain(socket) => socket.write(bytes),
            Layer::Tls(tls) => tls.write(bytes),
            Layer::Gone => Ok(0),
        }
    }

    fn socket(&self) -> Result<BorrowedFd<'_>, NetError> {
        match &self.layer {
            Layer::Plain(socket) => Ok(socket.as_fd()),
            Layer::Tls(tls) => Ok(tls.get_ref().below().socket.as_fd()),
            Layer::Gone => Err(NetError::Cut("the connection is gone".to_owned())),
        }
    }

    fn poll(&self, flags: PollFlags, until: Instant, bell: bool) -> Result<Ready, NetError> {
        let socket = self.socket()?;
        loop {
            let mut fds = vec![PollFd::from_borrowed_fd(socket, flags)];
            if let Some(bell) = self.bell.as_ref().filter(|_| bell) {
                fds.push(PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN));
            }
            match poll(&mut fds, Some(&left(until))) {
                Ok(0) => return Ok(Ready::Timeout),
                Ok(_) if fds.first().is_some_and(|f| !f.revents().is_empty()) => {
                    return Ok(Ready::Data);
                }
                Ok(_) => return Ok(Ready::Woken),
                Err(Errno::INTR) => {}
                Err(e) => return Err(NetError::Cut(e.to_string())),
            }
        }
    }
}

fn left(until: Instant) -> Timespec {
    let left = until.saturating_duration_since(Instant::now());
    Timespec {
        tv_sec: left.as_secs().cast_signed(),
        tv_nsec: i64::from(left.subsec_nanos()),
    }
}

/// The first octets that wait to be read, which they still do afterwards.
fn peek(socket: &TcpStream) -> Vec<u8> {
    let mut first = [0; 16];
    let n = socket.peek(&mut first).unwrap_or(0);
    first.get(..n).unwrap_or_default().to_vec()
}

/// Waits until a handshake may go on: the peer spoke, or may be spoken to again.
fn wait_for(socket: &TcpStream, until: Instant) -> Result<(), NetError> {
    loop {
        let mut fds = [PollFd::new(socket, PollFlags::IN)];
        match poll(&mut fds, Some(&left(until))) {
            Ok(0) => return Err(NetError::Timeout),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(e) => return Err(NetError::Cut(e.to_string())),
        }
    }
}
