//! The way back from the browser: a port on this machine that takes one answer (RFC 8252 §7.3).
//!
//! It listens on 127.0.0.1 only, on a port that the system chooses, while a sign-in lasts. Only a
//! GET of our path with our state counts (RFC 6749 §10.12); whatever else knocks is told off and the
//! wait goes on, within bounds of octets, connections and time. Browsers open connections in advance
//! and say nothing on them, so several are read side by side.

use crate::model::{Secret, SignInWord};
use crate::net::oauth::error::OAuthError;
use crate::net::oauth::fields;
use crossbeam_channel::{Receiver, TryRecvError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Octets of a request. Codes of the largest provider have some 2 KB.
const LONGEST: usize = 16 << 10;
/// Connections at once.
const AT_ONCE: usize = 8;
/// How long one may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often we look whether somebody called us away.
const BEAT: Duration = Duration::from_millis(200);
/// The only path.
const PATH: &str = "/";

/// A port that is listened on.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    port: u16,
}

/// What must stand in the answer.
#[derive(Debug)]
pub(super) struct Expected {
    pub state: Zeroizing<String>,
}

/// What a request is to us.
enum Came {
    /// The provider's answer.
    Answer(Result<Secret, OAuthError>),
    /// Not for us: the status that it is answered with.
    Stranger(&'static str),
}

struct Visitor {
    socket: TcpStream,
    heard: Zeroizing<Vec<u8>>,
    until: Instant,
}

impl Door {
    /// Listens.
    ///
    /// # Errors
    /// When no port is to be had.
    pub fn open() -> Result<Door, OAuthError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(OAuthError::System)?;
        listener.set_nonblocking(true).map_err(OAuthError::System)?;
        let port = listener.local_addr().map_err(OAuthError::System)?.port();
        Ok(Door { listener, port })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the provider's page is to lead.
    pub fn way_back(&self, host: &str) -> String {
        format!("http://{host}:{}{PATH}", self.port)
    }

    /// Waits for the provider's answer: the code in it, or why there is none.
    ///
    /// # Errors
    /// A refusal, the end of the time, or a word of the user's.
    pub fn wait(
        &self,
        expected: &Expected,
        until: Instant,
        words: &Receiver<SignInWord>,
    ) -> Result<Secret, OAuthError> {
        let mut visitors: Vec<Visitor> = Vec::new();
        loop {
            match words.try_recv() {
                Ok(SignInWord::Pasted(text)) => return pasted(&text, expected),
                Ok(SignInWord::Cancel) | Err(TryRecvError::Disconnected) => {
                    return Err(OAuthError::Cancelled);
                }
                Err(TryRecvError::Empty) => {}
            }
            let now = Instant::now();
            if now >= until {
                return Err(OAuthError::Expired);
            }
            self.sleep(&visitors)?;
            while let Ok((socket, _)) = self.listener.accept() {
                if visitors.len() == AT_ONCE {
                    // Who has waited longest without a word.
                    visitors.remove(0);
                }
                if socket.set_nonblocking(true).is_ok() {
                    visitors.push(Visitor {
                        socket,
                        heard: Zeroizing::new(Vec::with_capacity(LONGEST)),
                        until: now + PATIENCE,
                    });
                }
            }
            let mut rest = Vec::new();
            for mut visitor in visitors {
                match visitor.hear(now) {
                    Heard::More => rest.push(visitor),
                    Heard::Gone => {}
                    Heard::All => {
                        let text = String::from_utf8_lossy(&visitor.heard);
                        match judge(&text, self.port, expected) {
                            Came::Answer(answer) => {
                                visitor.say("200 OK", page(answer.is_ok()));
                                return answer;
                            }
                            Came::Stranger(status) => visitor.say(status, "Nothing is here."),
                        }
                    }
                }
            }
            visitors = rest;
        }
    }

    /// Sleeps until somebody knocks or speaks, or for a beat.
    fn sleep(&self, visitors: &[Visitor]) -> Result<(), OAuthError> {
        let mut fds = vec![PollFd::new(&self.listener, PollFlags::IN)];
        let speakers = visitors.iter();
        fds.extend(speakers.map(|v| PollFd::new(&v.socket, PollFlags::IN)));
        let beat = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(BEAT.subsec_nanos()),
        };
        match poll(&mut fds, Some(&beat)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(OAuthError::System(error.into())),
        }
    }
}

enum Heard {
    More,
    All,
    Gone,
}

impl Visitor {
    fn hear(&mut self, now: Instant) -> Heard {
        let mut piece = Zeroizing::new([0_u8; 2048]);
        loop {
            match self.socket.read(piece.as_mut()) {
                Ok(0) => return Heard::Gone,
                Ok(n) if self.heard.len() + n <= LONGEST => {
                    self.heard
                        .extend_from_slice(piece.get(..n).unwrap_or_default());
                    if memchr::memmem::find(&self.heard, b"\r\n\r\n").is_some() {
                        return Heard::All;
                    }
                }
                Ok(_) => return Heard::Gone,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && now < self.until => {
                    return Heard::More;
                }
                Err(_) => return Heard::Gone,
            }
        }
    }

    /// Answers and hangs up. Whether it arrives matters to nobody but the user's eyes.
    fn say(&mut self, status: &str, text: &str) {
        let page = format!(
            "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>postrider</title><p>{text}</p></html>\n"
        );
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n\
             Connection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = self.socket.write_all(answer.as_bytes());
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }
}

fn page(good: bool) -> &'static str {
    match good {
        true => "postrider has the answer. You can close this page and go back to the terminal.",
        false => "The sign-in was not granted. Go back to the terminal: it says why.",
    }
}

/// What a request is to us.
fn judge(request: &str, port: u16, expected: &Expected) -> Came {
    let mut lines = request.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ');
    let (Some("GET"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Came::Stranger("400 Bad Request");
    };
    let host = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    });
    // A name that somebody else made lead here (DNS rebinding) is none of ours.
    let ours = ["127.0.0.1", "localhost"].map(|h| format!("{h}:{port}"));
    if !host.is_some_and(|h| ours.iter().any(|o| o.eq_ignore_ascii_case(h))) {
        return Came::Stranger("421 Misdirected Request");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != PATH {
        return Came::Stranger("404 Not Found");
    }
    match answer(query, expected) {
        Some(answer) => Came::Answer(answer),
        None => Came::Stranger("400 Bad Request"),
    }
}

/// The provider's answer in an address (RFC 6749 §4.1.2); `None` if it is not one to our question.
fn answer(query: &str, expected: &Expected) -> Option<Result<Secret, OAuthError>> {
    let fields = fields::read(query);
    let state = fields::value(&fields, "state")?;
    if !fields::same(state, &expected.state) {
        return None;
    }
    if let Some(code) = fields::value(&fields, "error") {
        let why = fields::value(&fields, "error_description");
        let why = why.map_or("", |w| w.as_str());
        return Some(Err(OAuthError::refusal(code, why, &[])));
    }
    let code = fields::value(&fields, "code").filter(|c| !c.is_empty())?;
    Some(Ok(Secret::new(code.to_string())))
}

/// The same in what the user pasted.
fn pasted(text: &Secret, expected: &Expected) -> Result<Secret, OAuthError> {
    let text = text.reveal().trim();
    let query = text.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    answer(query, expected).unwrap_or(Err(OAuthError::Pasted))
}

#[cfg(test)]
mod unit {
    use super::*;
    use crossbeam_channel::{Sender, unbounded};
    use proptest::prelude::*;

    fn expected() -> Expected {
        Expected {
            state: Zeroizing::new("right".to_owned()),
        }
    }

    fn ask(port: u16, request: &str) -> String {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = socket.read_to_string(&mut answer);
        answer
    }

    fn get(port: u16, target: &str) -> String {
        ask(
            port,
            &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
        )
    }

    type Waiting = std::thread::JoinHandle<Result<Secret, OAuthError>>;

    fn waiting(patience: Duration) -> (u16, Sender<SignInWord>, Waiting) {
        let door = Door::open().unwrap();
        let (sender, words) = unbounded();
        let port = door.port();
        let waits =
            std::thread::spawn(move || door.wait(&expected(), Instant::now() + patience, &words));
        (port, sender, waits)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn only_our_answer_is_taken() {
        let (port, _words, waits) = waiting(LONG);
        // Somebody who says nothing holds nobody up.
        let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        for (target, status) in [
            ("/favicon.ico", "404"),
            ("/other?code=x&state=right", "404"),
            ("/?code=x&state=wrong", "400"),
            ("/?code=x", "400"),
            ("/?state=right", "400"),
            ("/?code=&state=right", "400"),
            ("/?code=a&code=b&state=right", "400"),
            ("/?code=a&state=right&state=right", "400"),
        ] {
            let answer = get(port, target);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{target}: {answer}"
            );
        }
        let rebound =
            format!("GET /?code=x&state=right HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n");
        assert!(ask(port, &rebound).starts_with("HTTP/1.1 421 "));
        let posted =
            format!("POST /?code=x&state=right HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        assert!(ask(port, &posted).starts_with("HTTP/1.1 400 "));
        assert!(!ask(port, &"x".repeat(LONGEST + 1)).starts_with("HTTP/1.1 2"));
        let answer = get(port, "/?state=right&code=a%2Fb+c");
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.contains("go back"),
            "{answer}"
        );
        assert!(!answer.contains("a/b"), "{answer}");
        assert_eq!(waits.join().unwrap().unwrap().reveal(), "a/b c");
        assert!(
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(),
            "still open"
        );
    }

    #[test]
    fn a_refusal_ends_the_wait_if_it_is_to_our_question() {
        let (port, _words, waits) = waiting(LONG);
        assert!(get(port, "/?error=access_denied&state=wrong").starts_with("HTTP/1.1 400 "));
        let answer = get(
            port,
            "/?error=access_denied&state=right&error_description=no+way",
        );
        assert!(answer.contains("not granted"), "{answer}");
        let error = waits.join().unwrap().unwrap_err().to_string();
        assert!(
            error.contains("refused in the browser (access_denied: no way)"),
            "{error}"
        );
    }

    #[test]
    fn the_wait_ends_by_a_word_or_by_the_clock() {
        let (_, words, waits) = waiting(LONG);
        words.send(SignInWord::Cancel).unwrap();
        assert!(matches!(waits.join().unwrap(), Err(OAuthError::Cancelled)));
        let (_, words, waits) = waiting(LONG);
        drop(words);
        assert!(matches!(waits.join().unwrap(), Err(OAuthError::Cancelled)));
        let (_, _words, waits) = waiting(Duration::ZERO);
        assert!(matches!(waits.join().unwrap(), Err(OAuthError::Expired)));
        for (text, good) in [
            (" http://127.0.0.1:9/?code=c0de&state=right#x \n", true),
            ("http://127.0.0.1:9/?code=c0de&state=wrong", false),
            ("what", false),
        ] {
            let (_, words, waits) = waiting(LONG);
            words
                .send(SignInWord::Pasted(Secret::new(text.to_owned())))
                .unwrap();
            let code = waits.join().unwrap();
            assert_eq!(code.is_ok_and(|c| c.reveal() == "c0de"), good, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_request_is_an_answer_by_chance(request in "\\PC{0,200}") {
            prop_assert!(matches!(judge(&request, 1, &expected()), Came::Stranger(_)));
        }
    }
}
