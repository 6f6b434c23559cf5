//! A server that says what a test tells it to, over a real socket, for tests of this folder.

use crate::model::{MailboxName, Secret, Security, SyncPolicy, Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::shim::Pace;
use crate::net::imap::{Options, Session};
pub use crate::net::testing::account;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// The mailbox that the tests open.
pub fn inbox() -> MailboxName {
    MailboxName::new("INBOX")
}

/// A UID.
pub fn uid(n: u32) -> Uid {
    Uid::new(n).unwrap()
}

/// A set of UIDs.
pub fn set(uids: &[u32]) -> UidSet {
    uids.iter().map(|&n| uid(n)).collect()
}

/// The server's end of one connection.
pub struct Script(pub BufReader<TcpStream>);

impl Script {
    /// Sends text; `\n` goes out as CRLF.
    pub fn send(&mut self, text: &str) {
        self.raw(text.replace('\n', "\r\n").as_bytes());
    }

    /// Sends bytes. That the client has gone is for the client's side of the test to judge.
    pub fn raw(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// The next line of the client without its line break; empty when it has gone.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        let _ = self.0.read_until(b'\n', &mut line);
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// The next line must be this.
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// Exactly so many bytes.
    pub fn take(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// What the client still sends until it closes.
    pub fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Greets and signs the client in, with these capabilities afterwards.
    pub fn sign_in(&mut self, caps: &str) {
        self.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\n");
        self.expect("a1 AUTHENTICATE PLAIN AG1lAHBhc3M=");
        self.send(&format!("a1 OK [CAPABILITY IMAP4rev1 {caps}] in\n"));
    }

    /// A SELECT with nothing special.
    pub fn select(&mut self, tag: &str, exists: u32) {
        let line = self.line();
        assert!(
            line.starts_with(&format!("{tag} SELECT \"INBOX\"")),
            "{line}"
        );
        self.send(&format!(
            "* {exists} EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 100] x\n{tag} OK [READ-WRITE] x\n"
        ));
    }
}

/// Starts a server for one connection.
pub fn serve(script: impl FnOnce(&mut Script) + Send + 'static) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        tcp.set_nodelay(true).unwrap();
        script(&mut Script(BufReader::new(tcp)));
    });
    (port, thread)
}

/// Patience for tests: short where the server is to be found dead, long where it must not.
pub fn pace(millis: u64) -> Pace {
    Pace {
        stall: Duration::from_millis(millis),
        ..Pace::default()
    }
}

/// Connects to a script.
pub fn connect(
    security: Security,
    millis: u64,
    script: impl FnOnce(&mut Script) + Send + 'static,
) -> (Result<Session, NetError>, JoinHandle<()>) {
    let (port, thread) = serve(script);
    let options = Options {
        pace: pace(millis),
        ..Options::default()
    };
    let secret = Secret::new("pass".into());
    let session = Session::connect(&account(port, security), &secret, &options);
    (session, thread)
}

/// A session under a policy.
pub fn under(
    policy: SyncPolicy,
    caps: &'static str,
    script: impl FnOnce(&mut Script) + Send + 'static,
) -> (Result<Session, NetError>, JoinHandle<()>) {
    let (port, thread) = serve(move |s| {
        s.sign_in(caps);
        script(s);
    });
    let mut account = account(port, Security::None);
    account.sync = policy;
    let secret = Secret::new("pass".into());
    let session = Session::connect(&account, &secret, &Options::default());
    (session, thread)
}

/// A session with a doorbell.
pub fn with_bell(
    bell: std::os::fd::OwnedFd,
    caps: &'static str,
    script: impl FnOnce(&mut Script) + Send + 'static,
) -> (Session, JoinHandle<()>) {
    let (port, thread) = serve(move |s| {
        s.sign_in(caps);
        script(s);
    });
    let options = Options {
        bell: Some(std::sync::Arc::new(bell)),
        ..Options::default()
    };
    let secret = Secret::new("pass".into());
    let session = Session::connect(&account(port, Security::None), &secret, &options);
    (session.unwrap(), thread)
}

/// A session signed in with these capabilities, and what the server does then.
pub fn session(
    caps: &'static str,
    script: impl FnOnce(&mut Script) + Send + 'static,
) -> (Session, JoinHandle<()>) {
    patient(20_000, caps, script)
}

/// The same with another patience, in milliseconds.
pub fn patient(
    millis: u64,
    caps: &'static str,
    script: impl FnOnce(&mut Script) + Send + 'static,
) -> (Session, JoinHandle<()>) {
    let (session, thread) = connect(Security::None, millis, move |s| {
        s.sign_in(caps);
        script(s);
    });
    (session.unwrap(), thread)
}
