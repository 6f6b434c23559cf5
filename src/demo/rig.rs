//! Clients for the tests of the demo's servers: they write lines and read answers.

use super::{Demo, Options};
use crate::model::{Account, SecretSource};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A client that writes lines and reads answers.
pub struct Script {
    pub reader: BufReader<TcpStream>,
}

impl Script {
    pub fn connect(port: u16) -> Script {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        // Only so that a broken server fails the test instead of hanging it.
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut s = Script {
            reader: BufReader::new(socket),
        };
        assert!(!s.line().is_empty());
        s
    }

    pub fn imap(account: &Account) -> Script {
        let mut s = Script::connect(account.imap.port);
        let (user, password) = (&account.user, secret(account));
        s.ok(&format!("LOGIN {user} {password}"));
        s
    }

    pub fn smtp(account: &Account) -> Script {
        let mut s = Script::connect(account.smtp.port);
        assert!(
            s.reply("EHLO client.example")
                .contains("250-AUTH PLAIN LOGIN")
        );
        s
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// One line with its CRLF; empty at the end.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    /// Reads until a line that starts so; everything read.
    pub fn until(&mut self, start: &str) -> String {
        let mut all = String::new();
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the server left after {all}");
            all.push_str(&line);
            if line.starts_with(start) {
                return all;
            }
        }
    }

    /// An IMAP command and everything up to its tagged line.
    pub fn run(&mut self, command: &str) -> String {
        self.send(format!("t {command}\r\n").as_bytes());
        self.until("t ")
    }

    pub fn ok(&mut self, command: &str) -> String {
        let answer = self.run(command);
        assert!(
            answer.contains("\r\nt OK") || answer.starts_with("t OK"),
            "{command}: {answer}"
        );
        answer
    }

    /// An SMTP command and its whole reply.
    pub fn reply(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        let mut all = String::new();
        loop {
            let line = self.line();
            all.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return all;
            }
        }
    }
}

pub fn secret(account: &Account) -> String {
    match &account.secret {
        SecretSource::Memory(text) => text.0.reveal().to_owned(),
        other => panic!("{other:?}"),
    }
}

pub fn demo() -> (Demo, Account, Account) {
    let demo = Demo::start(Options::still()).unwrap();
    let [ada, home] = &demo.accounts()[..] else {
        panic!("two accounts")
    };
    let (ada, home) = (ada.clone(), home.clone());
    (demo, ada, home)
}

pub const NOTE: &str =
    "From: x@example.com\r\nSubject: a note\r\nMessage-ID: <note@example.com>\r\n\r\nHello.\r\n";

/// A server with these options, and the first account.
pub fn demo_of(options: Options) -> (Demo, Account) {
    let demo = Demo::start(options).unwrap();
    let ada = demo.accounts()[0].clone();
    (demo, ada)
}

/// A letter that is like no other.
pub fn letter(n: usize) -> Vec<u8> {
    let text = "From: x@example.com\r\nSubject: letter";
    format!("{text} {n}\r\nMessage-ID: <{n}@example.com>\r\n\r\nletter {n}\r\n").into_bytes()
}
