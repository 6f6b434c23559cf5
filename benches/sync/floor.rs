//! The floor: a client that asks for what the program asks for and throws the answers away. No
//! program that fetches these items over this TLS from this server can be faster.

use crate::tls::certificates;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::X509;
use postrider::net::imap::HEADER_ITEMS;
use rustix::time::{ClockId, clock_gettime};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What a drain took.
#[derive(Clone, Copy)]
pub struct Drained {
    /// From before the connection to the end of the last answer.
    pub wall: Duration,
    /// On a processor, in this client alone.
    pub cpu: Duration,
    /// Octets of answers, without TLS.
    pub octets: u64,
}

/// A session of few words, signed in and in INBOX.
pub struct Bare {
    stream: SslStream<TcpStream>,
    count: u32,
    octets: u64,
    buffer: Vec<u8>,
}

impl Bare {
    /// Signs in and selects INBOX, with modification sequences, as the program does.
    pub fn open(port: u16, user: &str) -> Bare {
        let mut bare = Bare {
            stream: connect(port),
            count: 0,
            octets: 0,
            buffer: vec![0; 64 << 10],
        };
        let _ = bare.stream.read(&mut bare.buffer).unwrap();
        bare.ask(&format!("LOGIN {user} secret"));
        bare.ask("ENABLE QRESYNC");
        bare.ask("SELECT INBOX");
        bare
    }

    /// Says a command and drains its answer, which must be OK.
    pub fn ask(&mut self, command: &str) {
        self.count += 1;
        let tag = format!("floor{} ", self.count);
        self.stream
            .write_all(format!("{tag}{command}\r\n").as_bytes())
            .unwrap();
        let mut tail: Vec<u8> = Vec::new();
        loop {
            let n = self.stream.read(&mut self.buffer).unwrap();
            assert!(n > 0, "the server hung up");
            self.octets += n as u64;
            let new = &self.buffer[n.saturating_sub(1_000)..n];
            tail.extend_from_slice(new);
            tail.drain(..tail.len().saturating_sub(1_000));
            let Some(line) = tail.strip_suffix(b"\r\n") else {
                continue;
            };
            let start = line.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
            if let Some(said) = line[start..].strip_prefix(tag.as_bytes()) {
                let said = String::from_utf8_lossy(said);
                assert!(said.starts_with("OK"), "{command}: {said}");
                return;
            }
        }
    }
}

/// Checked against the CA of this run and no other: to read those of the system takes a while.
fn connect(port: u16) -> SslStream<TcpStream> {
    let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    let ca = X509::from_pem(&certificates().ca).unwrap();
    context.cert_store_mut().add_cert(ca).unwrap();
    context.set_verify(SslVerifyMode::PEER);
    let mut tls = Ssl::new(&context.build()).unwrap();
    tls.param_mut().set_host("localhost").unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(600)))
        .unwrap();
    tls.connect(socket).unwrap()
}

/// What the program fetches for a list from a server with modification sequences.
fn headers() -> String {
    format!("UID FETCH 1:* ({HEADER_ITEMS} MODSEQ)")
}

/// Drains the headers of an INBOX.
pub fn drain_headers(port: u16, user: &str) -> Drained {
    drain(port, user, &[&headers()])
}

/// Drains the headers of an INBOX, then every message whole.
pub fn drain_all(port: u16, user: &str) -> Drained {
    drain(port, user, &[&headers(), "UID FETCH 1:* (UID BODY.PEEK[])"])
}

fn drain(port: u16, user: &str, commands: &[&str]) -> Drained {
    let (from, before) = (Instant::now(), spent());
    let mut bare = Bare::open(port, user);
    for command in commands {
        bare.ask(command);
    }
    Drained {
        wall: from.elapsed(),
        cpu: spent() - before,
        octets: bare.octets,
    }
}

/// Of this thread.
fn spent() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap(),
        u32::try_from(now.tv_nsec).unwrap(),
    )
}
